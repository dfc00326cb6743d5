"""What the turns of a conversation spoke of: names, subjects, times and places, and what a pronoun may stand for."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from retrieval.gates.names import bare, names

Kind = Literal["person", "thing", "place", "time"]

AUXILIARY = "is|are|was|were|did|does|do|has|have|had|can|could|will|would|should|may|might|must"
PREPOSITION = (
    "about|after|against|around|at|before|between|by|during|for|from|in|into|near|of|on|over|since|to|until|with"
)
# Words that say nothing of a subject.
_EMPTY = frozenset(
    "a again ago all also an and any anything as be been being but different difference doing done else ever exactly "
    "example far first get give happen happened he her here hers him his hmm how i i'd i'm i've if interesting it its "
    "just know last like long make many me mean mentioned more most much my next nice no not now often oh ok okay old "
    "one ones only or other another our past please really reason role s said same say shall she similar so some still "
    "such talk tell than thanks that that's the their theirs them then there these they thing things this those time "
    "too up us very way we well what what's when where which while who whom whose why work world wow years yes you "
    "your don't".split()
).union(AUXILIARY.split("|"), PREPOSITION.split("|"))
WORD = re.compile(r"[\w’'-]+")
PHRASE = re.compile(rf"\b({PREPOSITION})\s+(.+)", re.IGNORECASE)
PRONOUNS: dict[Kind, re.Pattern[str]] = {
    "person": re.compile(
        r"\b(?:(?P<own>his|her(?=\s+(?!(?:to|in|at|for|on|by|as)\b)\w))|he|she|him|her)\b", re.IGNORECASE
    ),
    "thing": re.compile(
        r"\b(?:(?P<own>its|their)|they|them|it|(?<=\w )(?:that|this|these|those)(?=\W*$|\s+(?:is|are|was|were|happen|"
        r"mean|affect|work|help|do|does|did|has|have)\b))\b(?!['’])",
        re.IGNORECASE,
    ),
    "place": re.compile(r"(?<!is )(?<!are )(?<!was )(?<!were )(?<!be )(?<!out )\bthere\b(?=\W*$)", re.IGNORECASE),
    "time": re.compile(r"(?<=\w )\bthen\b(?=\W*$)", re.IGNORECASE),
}
# What is asked about by "what is …" and "tell me about …".
ABOUT = re.compile(
    r"(?:^\W*(?:what|who)(?:\s+(?:is|are|was|were)|['’]s)|(?<!what )(?<!how )\babout|\bmean by)\s+"
    r"(?P<of>(?!.*\babout\b)[^?,;:.]+?)(?:\s+please)?\W*$",
    re.IGNORECASE,
)
_NOUN = rf"(?!(?:{'|'.join(sorted(_EMPTY))})\b)[\w-]+"
_NOUNS = re.compile(
    rf"(?:\b(?P<auxiliary>{AUXILIARY})\s+)?\b(?P<nouns>the(?:\s+{_NOUN}){{1,3}})(?=\W*$|\s+(?:{PREPOSITION}|and|or)\b)",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"(?:the|an?)\s", re.IGNORECASE)
_BRACKETS = re.compile(r"\(([^()]+)\)\W*$")
_SHORT_ANSWER, _SHORT_TOPIC = 6, 8  # words
_LONG_WORDS, _LONG_QUOTE = 100, 400  # characters
# Of a longer answer: how many of its words are searched with, and the characters in which its first name is looked for.
# Chosen on the sets of benchmarks/followups.py, where two, four and six words find less.
_TOLD_OFTEN, _BEGINNING = 3, 200
_STEM = 5
_SMALL = r"(?:(?:da|de|del|den|der|di|dos|du|ibn|bin|la|le|van|von)\s)+"
_WITHIN_NAME = re.compile(rf"(?<=\w)\s{_SMALL}(?=[A-Z])")
# A letter to regular expressions that no text has: it holds the parts of a name together.
_JOINT = "\ua717"
_SEVERAL_NAMED = re.compile(r",|&|\band\b|\bor\b")
# What stands before a surname with a capital, and is none of its names.
_NO_FIRST_NAME = frozenset(
    "after although and as at because before but dr during earlier for friday from however if in judge last later "
    "lady lord meanwhile minister monday mr mrs ms now on president saturday secretary senator since sir sunday that "
    "the then this though thursday today tuesday wednesday when where while with yesterday yet".split()
)
# More telling words than this, and a question is about more than one name.
SEVERAL = 3


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question of the conversation, as it was understood, and its answer; None if it was refused.

    `quote` is the sentence that the answer stands in, `article_ids` are the articles that it cited.
    """

    question: str
    answer: str | None
    quote: str | None = None
    article_ids: tuple[str, ...] = ()


def antecedent(kind: Kind, plural: bool, question: str, turns: Sequence[Turn]) -> str | None:
    """What a pronoun stands for: what was spoken of last of its kind and is not in the question itself."""
    for turn in reversed(turns):
        for one in _mentions(kind, plural, turn):
            if one.lower() not in question.lower():
                return one
        if kind == "thing" and len(telling_words(turn.question)) > SEVERAL:
            return None  # that question was about something which has no name
    return None


def _mentions(kind: Kind, plural: bool, turn: Turn) -> Iterator[str]:
    """What a turn spoke of that a pronoun of this kind may stand for, the likeliest first."""
    asks, answer = turn.question.lower().partition(" ")[0], short_answer(turn) or ""
    if kind == "person":
        return _people(asks, answer, turn)
    return _things(asks, answer, turn.question, plural) if kind == "thing" else _circumstances(kind, asks, answer, turn)


def _people(asks: str, answer: str, turn: Turn) -> Iterator[str]:
    named = names_in_answer(answer)
    if named and (asks.startswith("who") or (len(named) == 1 and " " in named[0])):
        # Of "former UK chancellor Ada Lind" it is the last; of "Ada Lind, chancellor of the UK", the first.
        last = answer.endswith(named[-1]) and not _SEVERAL_NAMED.search(answer)
        yield _in_full(named[-1 if last else 0], turn)
    elif asks == "who" and _ARTICLE.match(answer):
        yield answer
    asked_of = (name for name in _things_named(turn.question) if not name.isupper())
    yield from (_with_article(name, turn.question) for name in asked_of)


def _things(asks: str, answer: str, question: str, plural: bool) -> Iterator[str]:
    about = ABOUT.search(question)
    defines = about and names_in(about["of"]) == [about["of"]]
    answers = plural or asks in ("what", "which", "where", "why", "how")
    thing = (_ARTICLE.match(answer) or names_in_answer(answer)) and not PHRASE.match(answer)
    if answers and not defines and thing:
        yield answer
    if subject := _subject(question):
        yield subject
    for found in reversed(list(_NOUNS.finditer(question))):
        # After an auxiliary the verb may be the last of the words.
        nouns, verbless = found["nouns"], not found["auxiliary"] or found["nouns"].count(" ") == 1
        if verbless and (plural or not nouns.endswith("s")):
            yield nouns
    yield from (_with_article(name, question) for name in _things_named(question))


def _circumstances(kind: Kind, asks: str, answer: str, turn: Turn) -> Iterator[str]:
    """Where or when something was, with a preposition."""
    if answer and asks == ("where" if kind == "place" else "when"):
        if PHRASE.match(answer):
            yield answer
        elif kind == "place" or re.fullmatch(r"\d{4}", answer):
            yield f"in {answer}"
    if kind == "place":
        for name in names_in(turn.question):
            if asks in ("where", "what") or name not in _things_named(turn.question):
                yield f"in {_with_article(name, turn.question)}"


def topic_of(question: str) -> str | None:
    """What a question is about: what it has in brackets, asks a definition of, or names."""
    return _subject(question) or ", ".join(dict.fromkeys(names_in(question)[:3])) or None


def _subject(question: str) -> str | None:
    """The X of "what is X" and "tell me about X"; of "the history of X" and of "X's history" it is X too."""
    if brackets := _BRACKETS.search(question):
        return brackets[1]
    about = ABOUT.search(question)
    if not about:
        return None
    owner = re.match(r"(.+?)(?:['’]s|(?<=s)['’])\s", about["of"])
    of = owner[1] if owner else about["of"]
    if not owner and re.match(r"the\b", of, re.IGNORECASE) and (" of " in of or not names_in(of)):
        of = of.partition(" of ")[2]
    words = of.lower().split()
    if not words or len(words) > _SHORT_ANSWER or any(pronoun.search(of) for pronoun in PRONOUNS.values()):
        return None
    begins = words[0] in ("a", "an", "the") or not (words[0] in _EMPTY or words[0].endswith(("ed", "ing")))
    return of if begins and words[-1] not in _EMPTY else None


def gist_of(question: str) -> str | None:
    """The last sentence of a question from the first to the last word that tells something."""
    words = re.split(r"[.?!]\s", question.rstrip())[-1].rstrip(" .?!").split()
    told = [place for place, word in enumerate(words) if telling_words(word)]
    said = words[told[0] : told[-1] + 1] if told else []
    return " ".join(said) if 1 < len(said) <= _SHORT_TOPIC else None


def short_answer(turn: Turn) -> str | None:
    """The answer of a turn without the marks around it, or None if it is more than a few words."""
    answer = (turn.answer or "").strip(' .!?;:,\n"“”')
    return answer if 0 < len(answer.split()) <= _SHORT_ANSWER and len(answer) <= _LONG_WORDS else None


def words_told(answer: str) -> list[str]:
    """The words that an answer is about, to search with.

    All that tell something in a short answer; of a longer one its first name, and the words that it says more than
    once, which are mostly its subject: at most three, those first that it says most often.
    """
    told = telling_words(answer)
    if len(answer.split()) <= _SHORT_ANSWER:
        return told
    stems = Counter(word[:_STEM].lower() for word in told)
    by_stem = {word[:_STEM].lower(): word for word in reversed(told)}
    often = [by_stem[stem] for stem, count in stems.most_common(_TOLD_OFTEN) if count > 1]
    return list(dict.fromkeys([*often, *names_in(answer[:_BEGINNING])[:1]]))


def _in_full(name: str, turn: Turn) -> str:
    """A surname as the full name in the sentence that was quoted."""
    full = re.search(rf"\b([A-Z][\w’'-]+) {re.escape(name)}\b", (turn.quote or "")[:_LONG_QUOTE])
    if full is None or " " in name or full[1].lower() in _NO_FIRST_NAME:
        return name
    return full[0] if names_in_answer(full[0]) == [full[0]] else name


def _with_article(name: str, text: str) -> str:
    return f"the {name}" if re.search(rf"\bthe {re.escape(name)}", text, re.IGNORECASE) else name


def _things_named(question: str) -> list[str]:
    """The names in a question that are not where something is."""
    within = r"\b(?:in|at|near|to|from|into|around|across{}) (?:the )?{}"
    return [
        name
        for name in names_in(question)
        if not re.search(within.format("" if " " in name else "|of", re.escape(name)), question)
    ]


def names_in(text: str) -> list[str]:
    """The names in a text; a first word with a capital that says nothing of a subject is none."""
    first = text.split(maxsplit=1)[0] if text.strip() else ""
    if first.lower() in _EMPTY:  # so that its capital does not count
        text = text.replace(first, first.lower(), 1)
    # "da" in "Lula da Silva" and "von der" in "von der Leyen" belong to the name, though they are small.
    found = names(_WITHIN_NAME.sub(lambda small: re.sub(r"\s", _JOINT, small[0]), text))
    told = [bare(name).replace(_JOINT, " ") for name in found if name.replace("’", "'").lower() not in _EMPTY]
    return [f"{small[1]}{name}" if (small := _before(name, text)) else name for name in told]


def names_in_answer(answer: str) -> list[str]:
    """The names in a short answer, which may be capitals throughout."""
    return names_in(f"it is said that this is {answer}")


def _before(name: str, text: str) -> re.Match[str] | None:
    return re.search(rf"(?<![\w{_JOINT}])({_SMALL}){re.escape(name)}", text)


def telling_words(text: str) -> list[str]:
    """The words of a text that say something of its subject."""
    return [word for word in WORD.findall(text) if word.replace("’", "'").lower() not in _EMPTY]


def stems_in(text: str) -> set[str]:
    """The beginnings of the telling words, so that those of one stem are one."""
    return {word[:_STEM].lower() for word in telling_words(text)}
