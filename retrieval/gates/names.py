"""The people and places of a question."""

import re

from retrieval.gates.objection import Objection, Place

WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)?")
_HONORIFICS = frozenset(
    "mr mrs ms dr sir president prime minister senator sen king queen prince princess pope judge justice professor "
    "captain general governor gov mayor secretary chancellor lord lady coach chief congressman congresswoman rep "
    "representative former ex the a an and but for in on at of by with as when while if after before said says also "
    "who".split()
)
_POINTS_BACK = re.compile(r"\b(?:he|she|his|her|him|mr|mrs|ms)\b", re.IGNORECASE)
# Capitalised without being a name of anything.
NO_NAMES = frozenset(
    "i i'm i'd january february march april may june july august september october november december monday tuesday "
    "wednesday thursday friday saturday sunday jan feb mar apr jun jul aug sep sept oct nov dec english christmas "
    "who whom whose what when where which why how is are was were did does do has have had can could will would the "
    "yes no okay a an in on at of for and or but to by from with according after before during since until as if name "
    "list".split()
)


def names(question: str) -> list[str]:
    """The proper names of a question, as they stand there; none of one that is typed without capitals."""
    found = []
    words = question.split()
    if sum(word[:1].isupper() for word in words) > 0.7 * len(words) > 2:
        return []  # a question in capitals throughout says nothing by them
    for match in re.finditer(r"[A-Z][\w’'-]*(?:\s+[A-Z][\w’'-]*)*", question):
        kept = [word for word in match[0].split() if bare(word).lower() not in NO_NAMES]
        first = not question[: match.start()].strip(" \"'“‘¿(")
        if kept and not (first and len(kept) == 1 and kept[0] == match[0].split()[0]):
            found.append(" ".join(kept))
    return found


def name(question: str, place: Place) -> Objection | None:
    """The person asked about is in the article, and not only somebody of the same surname."""
    text = f"{place.title}\n{place.article}"
    for one in names(question):
        parts = [bare(word) for word in one.split()]
        if not any(occurs(part, text) for part in parts):
            if len(parts) > 1:
                return Objection("name", one, None)
            continue
        if len(parts) == 2 and len(parts[0]) > 1 and (other := _namesake(parts[0], parts[1], place)):
            return Objection("name", one, other)
    return None


def _namesake(first: str, last: str, place: Place) -> str | None:
    """Somebody else of that surname, if the sentence is about them.

    It is if the one asked about is nowhere in the article, or if "he", "she" or the bare surname in the sentence comes
    after somebody else's full name.
    """
    named = re.compile(rf"\b([A-Z][a-z]+) {re.escape(last)}\b")
    if not occurs(first, f"{place.title}\n{place.article}"):
        people = named.findall(place.article)
    elif _POINTS_BACK.search(place.sentence) and not named.search(place.sentence):
        at = place.passage.find(place.sentence)
        people = named.findall(place.passage[: max(at, 0)])[-1:]
    else:
        return None
    others = [one for one in people if one.lower() not in _HONORIFICS]
    if not others or any(_alike(one, first) for one in others):
        return None
    return f"{others[0]} {last}"


def bare(word: str) -> str:
    """A word without the 's of possession."""
    return re.sub(r"['’]s?$", "", word)


def occurs(word: str, text: str) -> bool:
    """Whether a name's word stands in a text, perhaps as "Russian" for Russia or "U.S." for US."""
    if word.isupper() and len(word) <= 5:
        return True  # an abbreviation may be written out
    stem = word if len(word) < 5 else word[: max(4, len(word) - 2)]
    return bool(re.search(rf"\b{re.escape(stem)}", text, re.IGNORECASE))


def _alike(one: str, other: str) -> bool:
    """Mike and Michael, Joe and Joseph: two forms of a first name begin alike."""
    return one[:2].lower() == other[:2].lower()
