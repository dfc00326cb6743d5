"""A question as it was asked: its words, the day, and the patterns that several readers of it share."""

import re
from dataclasses import dataclass
from datetime import date

# Lower case, one white-space character, one apostrophe, one hyphen; offsets stay those of the question.
_PLAIN = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ\u2019\u2010\u2011\u2013\t\n\r\u00a0\u2009\u202f",
    "abcdefghijklmnopqrstuvwxyz'---" + " " * 6,
)
_COMING = re.compile(
    r"\b(?:will|would|could|going to|about to|set to|due|scheduled|expect(?:ed|s)|expires?|upcoming|begins|beginning|"
    r"planned|ahead of|(?:is|are) [a-z]+ing)\b"
)
_YEARLY = re.compile(r"\b(?:every|each) year\b|\bannual")
FUNCTION_WORD = (
    r"(?:and|or|to|of|at|in|on|by|for|with|from|when|where|who|what|which|how|that|the|an?|his|her|their|this|last|"
    r"after|before|while|as|about|was|were|did|does|do|is|are|has|have|had|be|it|than|but|if|so|will|would|we|he|she|"
    r"according|they|not)\b"
)


def spaced(pattern: str) -> re.Pattern[str]:
    """Compiles `pattern`; a space stands for up to three, except in a look-behind, which has a fixed width."""
    return re.compile(re.sub(r"(\(\?<!.*?\))| ", lambda found: found[1] or " {1,3}", pattern))


_NOUN = spaced(rf" (?!{FUNCTION_WORD})[a-z]")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, the same in plain letters, and what can be said of it as a whole."""

    question: str
    on: date
    plain: str
    coming: bool  # it asks of what is to come
    yearly: bool
    titled: bool  # its capitals mean nothing

    @classmethod
    def of(cls, question: str, on: date) -> "Asked":
        """Reads `question` once, so that the readers need not."""
        plain = question.translate(_PLAIN)
        return cls(
            question,
            on,
            plain,
            coming=_COMING.search(plain) is not None,
            yearly=_YEARLY.search(plain) is not None,
            titled=question.isupper() or question.istitle(),
        )

    def before(self, at: int, width: int) -> str:
        """The last `width` plain characters before `at`."""
        return self.plain[max(0, at - width) : at]

    def noun_follows(self, at: int) -> bool:
        """Whether a space and a word that may be a noun follow."""
        return _NOUN.match(self.plain, at) is not None

    def capital_follows(self, at: int) -> bool:
        """Whether a word with a capital follows."""
        return self.question[at : at + 2].strip()[:1].isupper()
