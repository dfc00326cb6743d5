"""The people and places of a question."""

import re
import unicodedata
from functools import lru_cache
from itertools import dropwhile

from retrieval.gates.objection import Objection, Place
from retrieval.sentences import sentences

WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)?")
_TITLES = frozenset(
    "dr sir president minister senator sen king queen prince princess pope judge justice professor captain general "
    "governor gov mayor secretary chancellor lord lady coach chief congressman congresswoman rep representative".split()
)
# What may stand before a surname, or before the name of a storm, without being a first name.
_HONORIFICS = _TITLES | frozenset(
    "mr mrs ms prime former ex hurricane storm cyclone typhoon the a an and but for in on at of by with as when while "
    "if after before said says also who".split()
)
# First names and their short forms that do not begin alike.
_SHORT_FORMS = tuple(
    frozenset(names.split())
    for names in (
        "robert bob bobby",
        "william bill billy",
        "richard dick rick",
        "edward ted ned",
        "john jack",
        "james jim jimmy",
        "henry harry",
        "charles chuck",
        "anthony tony",
        "alexander sasha",
        "catherine katherine kate katie kathy",
        "elizabeth liz beth betty",
        "margaret peggy meg",
    )
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
        person = _person(one)
        if len(person) == 2 and len(person[0]) > 1 and (other := _namesake(person[0], person[1], place)):
            return Objection("name", one, other)
    return None


def _person(one: str) -> list[str]:
    """A person's name without a title, and without whose he or she is ("Tesla's Musk")."""
    words = re.sub(r"^.*['’]s?\s", "", one).split()
    return [bare(word) for word in dropwhile(lambda word: word.lower() in _HONORIFICS, words)]


def _namesake(first: str, last: str, place: Place) -> str | None:
    """Somebody else of that surname, if the sentence is about them.

    It is if the one asked about is nowhere in the article, or if "he", "she" or the bare surname in the sentence comes
    after somebody else's full name.
    """
    named = re.compile(rf"(?<![\w-])([A-Z][a-z]+(?:-[A-Z][a-z]+)*) {re.escape(folded(last))}\b")
    article, sentence = folded(place.article), folded(place.sentence)
    if not occurs(first, f"{place.title}\n{place.article}"):
        if _titled(last, article):
            return None
        people = named.findall(article)
    elif _POINTS_BACK.search(sentence) and not named.search(sentence):
        people = _spoken_of(named, first, folded(place.passage).partition(sentence)[0])
    else:
        return None
    others = [one for one in people if one.lower() not in _HONORIFICS]
    if not others or any(_alike(one, folded(first)) for one in others):
        return None
    return f"{others[0]} {last}"


def _titled(last: str, article: str) -> bool:
    """Whether the surname stands with a title that nobody of a full name has: "President Hale" may be anyone's."""
    titled = re.compile(rf"\b((?i:{'|'.join(_TITLES)}))\.? ((?:[A-Z]\S+ ){{0,3}}){re.escape(folded(last))}\b")
    found = titled.findall(article)
    return bool({title.lower() for title, name in found if not name} - {title.lower() for title, name in found if name})


def _spoken_of(named: re.Pattern[str], first: str, before: str) -> list[str]:
    """Who of the surname "he" or "she" goes on from: the last named, unless the one asked about stands beside them."""
    for span in reversed(sentences(before)):
        one = before[span.start : span.end]
        if people := named.search(one):
            return [] if occurs(first, one) or _POINTS_BACK.search(one, 0, people.start()) else [people[1]]
    return []


def bare(word: str) -> str:
    """A word without the 's of possession."""
    return re.sub(r"['’]s?$", "", word)


@lru_cache(maxsize=64)
def folded(text: str) -> str:
    """A text without its accents: "Jürgen" is "Jurgen"."""
    return text if text.isascii() else re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFD", text))


def occurs(word: str, text: str) -> bool:
    """Whether a name's word stands in a text, perhaps as "Russian" for Russia or "U.S." for US."""
    if word.isupper() and len(word) <= 5:
        return True  # an abbreviation may be written out
    return bool(re.search(rf"\b{re.escape(stem(word))}", folded(text), re.IGNORECASE))


def stem(word: str) -> str:
    """What a name has in common with its adjective: Russia with Russian."""
    word = folded(word)
    return word if len(word) < 5 else word[: max(4, len(word) - 2)]


def _alike(one: str, other: str) -> bool:
    """Mike and Michael, Joe and Joseph: two forms of a first name begin alike, but for a few."""
    one, other = one.lower(), other.lower()
    return one[:2] == other[:2] or any({one, other} <= forms for forms in _SHORT_FORMS)
