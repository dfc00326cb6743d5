"""Whether two answers to one question contradict each other, and how many outlets report the same."""

import re
from collections.abc import Iterable, Sequence

from retrieval.gates.kinds import asks_for
from retrieval.types import Candidate

_COUNTED = {
    word: str(number)
    for number, word in enumerate(
        "no one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen twenty".split()
    )
}
_FIGURE = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?|[^\W\d_]+")
# Words of the longest answer that may be a name with more around it.
_LONGEST_NAME = 8
_CLOCK = re.compile(r"\d[:.]\d\d\b|\b\d{1,2} ?[ap]\.?m\b", re.IGNORECASE)
_MONTH = re.compile(r"\b(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\b", re.IGNORECASE)
_DATED = re.compile(rf"{_MONTH.pattern}|\b(?:1[5-9]|20)\d\d\b|\b\w+day\b", re.IGNORECASE)
_SCALE = re.compile(r"\b(?:hundred|thousand|million|billion|trillion)|[%$€£]|\bper ?cent\b", re.IGNORECASE)


def same_words(text: str) -> str:
    """A text in the form by which two are the same answer: no case, no punctuation, no articles."""
    bare = "".join(character if character.isalnum() or character in "%$€£" else " " for character in text.casefold())
    return " ".join(word for word in bare.split() if word not in ("the", "a", "an"))


def same_answer(one: str, other: str) -> bool:
    """Whether two answers are the same: in the same words, or one with more around a name ("the town of Marlow")."""
    mine, theirs = same_words(one), same_words(other)
    if mine == theirs:
        return bool(mine)
    short, long = sorted((one, other), key=len)
    named = any(word[0].isupper() for word in short.split()) and len(long.split()) <= _LONGEST_NAME
    return named and f" {same_words(short)} " in f" {same_words(long)} "


def contradict(question: str, one: str, other: str) -> bool:
    """Whether two answers cannot both be right: numbers of the same kind that differ, or two dates.

    Other answers are never taken to contradict each other: a list may have several members, a person several names.
    """
    kind = asks_for(question)
    if kind == "other" or _DATED.search(question):  # of a day that is named there is one number
        return False
    mine, theirs = _figures(one), _figures(other)
    if not mine or not theirs or mine & theirs:
        return False
    return _form(one) == _form(other) and (kind == "number" or _form(one) != "bare")


def _figures(text: str) -> frozenset[str]:
    words = (_COUNTED.get(word.lower(), word) for word in _FIGURE.findall(text))
    return frozenset(word.replace(",", "") for word in words if word[0].isdigit())


def _form(text: str) -> str:
    """What kind of figure a text holds: only like ones can contradict each other."""
    if _CLOCK.search(text):
        return "clock"
    if _MONTH.search(text):
        return "date"
    if re.fullmatch(r"\D*(?:1[5-9]|20)\d\d\D*", text):
        return "year"
    scales = sorted({match[0].lower() for match in _SCALE.finditer(text)})
    return " ".join(scales) or "bare"


def one_a_text(candidates: Iterable[Candidate]) -> list[Candidate]:
    """One candidate an article, and of sentences that are word for word the same (an agency's text) only the first."""
    kept: list[Candidate] = []
    articles, texts = set(), set()
    for candidate in candidates:
        text = " ".join(candidate.sentence.split()).casefold()
        if candidate.hit.article.id not in articles and text not in texts:
            kept.append(candidate)
        articles.add(candidate.hit.article.id)
        texts.add(text)
    return kept


def outlets(candidates: Sequence[Candidate]) -> int:
    """How many outlets have the candidates; an article without one counts as its own."""
    return len({one.hit.article.source or one.hit.article.id for one in one_a_text(candidates)})
