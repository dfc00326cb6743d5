"""A question that leans on the conversation -> a question that stands alone.

No language model: pronouns take the name that was spoken of last, an ellipsis the question before it with the new part
in the place of the old, and what is too short to be about anything takes the topic along. A question that says itself
what it is about is left as it is. The result is what the user is shown as understood, and what is searched for.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.gates.names import bare, names

_WORD = re.compile(r"[\w’'-]+")
# Words that say nothing of a subject.
_EMPTY = frozenset(
    "a about again all also an and any anything are as at be been being but by can could did do does doing done else "
    "ever exactly far for from get give had has have he her here hers him his how i if in into is it its just know "
    "like long make many may me mean might more most much must my not now of often ok okay old on one ones only or "
    "other our please really s say said shall she should so some still such talk tell than thanks that the their "
    "theirs them then there these they thing things this those to too up us very was we well were what when where "
    "which while who whom whose why will with work would yes you your happen happened mentioned first last next years "
    "ago no".split()
)
# A question of these words alone asks something more about what was asked before.
_BARE = frozenset(
    "who whom whose what when where why how many much long often far old and but so then there exactly else come "
    "really is are was were did does in which year the a day month".split()
)
_INSTEAD = re.compile(r"^\W*(?:(?:and|but|or)\s+)?(?:(?:what|how)\s+about\s+)?", re.IGNORECASE)
_CONTINUES = re.compile(r"^\W*(?:and|but|or|what about|how about)\b", re.IGNORECASE)
_PREPOSITION = re.compile(r"^(in|at|on|for|from|of|with|by|to|during|since|before|after)\s+(.+)$", re.IGNORECASE)
_SHORT = 7
_FEW = 1
_LONGEST_TOPIC = 8

_PERSON = re.compile(
    r"\b(?:(?P<whose>his|her(?=\s+(?!to\b|in\b|at\b|for\b|on\b|by\b)\w))|he|she|him|her)\b", re.IGNORECASE
)
_THING = re.compile(
    r"\b(?:(?P<whose>its|their)|they|them|it|"
    r"(?:that|this|these|those)(?=\s*[?.!]?$|\s+(?:is|are|was|were|happen|mean|work|affect|do|does|did|has|have)\b)|"
    r"(?<!is )(?<!are )(?<!was )(?<!were )there(?!\s+(?:is|are|was|were|any|be)\b))\b",
    re.IGNORECASE,
)
# "It" that stands for nothing that was spoken of.
_EXPLETIVE = re.compile(
    r"\b(?:is|was) it (?:true|possible|ok|okay|safe|better|necessary|legal)\b|\bit (?:rain|snow)", re.I
)


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question of the conversation, as it was understood, and its answer; None if it was refused."""

    question: str
    answer: str | None


def stand_alone(question: str, turns: Sequence[Turn]) -> str:
    """The question in words that need no conversation; unchanged if it already is.

    `turns` are the earlier questions of the conversation, oldest first.
    """
    words = [word.lower() for word in _WORD.findall(question)]
    if not turns or not words:
        return question
    question, before = question.strip(), turns[-1].question.strip()
    if all(word in _BARE for word in words) and len(words) <= _SHORT:
        return f"{before} {question}"
    if _CONTINUES.match(question) and len(words) <= _SHORT:
        return _in_its_place(question, before) or f"{before} {question}"
    for pronoun, person in ((_PERSON, True), (_THING, False)):
        found = pronoun.search(question)
        if found and _leans(question[: found.start()]) and not _EXPLETIVE.search(question):
            return _with_antecedent(question, found, turns, person)
    if len(_telling(question)) <= _FEW and not names(question):
        return _with_topic(question, turns)
    return question


def _leans(before: str) -> bool:
    """Whether what stands before a pronoun names nothing that it could stand for."""
    return not names(f"is {before}") and len(_telling(before)) <= _FEW


def _in_its_place(question: str, before: str) -> str | None:
    """After "How many voted in Spain?", "and in France?" puts the new part in the place of the old one of its kind."""
    new = _INSTEAD.sub("", question, count=1).rstrip(" ?.!")
    known = names(before)
    if match := _PREPOSITION.match(new):
        for name in reversed(known):
            if re.search(rf"\b{match[1]} (?:the )?{re.escape(name)}", before, re.IGNORECASE):
                return re.sub(rf"\b{match[1]} (?:the )?{re.escape(name)}", new, before, count=1, flags=re.IGNORECASE)
        return None
    if len(known) == 1 and names(f"about {new}") == [new]:
        return before.replace(known[0], new, 1)
    return None


def _with_antecedent(question: str, found: re.Match[str], turns: Sequence[Turn], person: bool) -> str:
    """The question with the name that a pronoun stands for; with the topic beside it if there is no name."""
    name = _spoken_of(turns, person)
    if name is None:
        return _with_topic(question, turns)
    own = f"{name}’s" if found["whose"] else name
    return question[: found.start()] + own + question[found.end() :]


def _spoken_of(turns: Sequence[Turn], person: bool) -> str | None:
    """The name spoken of last: for a person first in the answer, for anything else first in the question."""
    for turn in reversed(turns):
        answered = _names(f"is {turn.answer}") if turn.answer and len(turn.answer.split()) <= _LONGEST_TOPIC else []
        asked = _names(turn.question)
        several = [name for name in answered if " " in name] if person else []
        for group in (several, asked, answered):
            if group:
                return group[0] if group is not asked else group[-1]
    return None


def _with_topic(question: str, turns: Sequence[Turn]) -> str:
    """The question with what the latest question with a subject was about, in brackets."""
    for turn in reversed(turns):
        named = _names(turn.question)
        new = [one for one in named or _telling(turn.question) if one.lower() not in question.lower()]
        if new:
            return f"{question} ({(', ' if named else ' ').join(new[:_LONGEST_TOPIC])})"
    return question


def _names(text: str) -> list[str]:
    return [bare(name) for name in names(text)]


def _telling(question: str) -> list[str]:
    return [word for word in _WORD.findall(question) if word.lower() not in _EMPTY]
