"""A question that leans on the one before it -> a question that stands alone."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_WORD = re.compile(r"[\w']+")
# A question of these words alone asks something more about what was asked before.
_BARE = frozenset(
    "who whom whose what when where why how many much long often far old and but so then there exactly else".split()
)
_CONTINUES = re.compile(r"(?:and|but|what about|how about|or)\b", re.IGNORECASE)
_SHORT = 6


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question of the conversation, as it was understood, and its answer; None if it was refused."""

    question: str
    answer: str | None


def stand_alone(question: str, turns: Sequence[Turn]) -> str:
    """The question with the one before it in front if it cannot stand alone ("when?", "and in France?").

    `turns` are the earlier questions of the conversation, oldest first.
    """
    words = _WORD.findall(question.lower())
    if not turns or not words:
        return question
    bare = all(word in _BARE for word in words)
    continues = _CONTINUES.match(question.strip()) and len(words) <= _SHORT
    return f"{turns[-1].question.strip()} {question.strip()}" if bare or continues else question
