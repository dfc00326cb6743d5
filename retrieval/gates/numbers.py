"""The years and quantities of a question."""

import re

from retrieval.gates.kinds import asks_for
from retrieval.gates.names import occurs
from retrieval.gates.objection import Objection, Place

_YEAR = re.compile(r"(?<![\d.,$£€])(1[5-9]\d\d|20\d\d)(?![\d,%s]|\.\d)")
_QUANTITY = re.compile(
    r"(?<![\w.,])(\d+(?:,\d{3})*(?:\.\d+)?)[ -](?!to\b|and\b|or\b|in\b|on\b|at\b|of\b)([^\W\d_]{3,})"
)


# "The last one of similar strength, in 1987, killed 22": what the news is compared with.
_COMPARED = re.compile(
    r"\b(?:last|previous|earlier|similar|comparable|compared|comparison)\b[^.;]*?(?<![\d.,$£€])(1[5-9]\d\d|20\d\d)\b",
    re.IGNORECASE,
)


def number(question: str, place: Place) -> Objection | None:
    """The year and the quantities asked about are those of the sentence, where it has any; and of what it reports."""
    for year in _YEAR.findall(question):
        if occurs(year, f"{place.passage}\n{place.title}") or (place.published and year == str(place.published.year)):
            continue
        others = _YEAR.findall(place.sentence.replace(place.span, " "))
        if others or place.published:
            return Objection("number", year, others[0] if others else str(place.published and place.published.year))
    for count, thing in _QUANTITY.findall(question):
        found = [(other, what) for other, what in _QUANTITY.findall(place.sentence) if what.lower() == thing.lower()]
        if found and count not in {other for other, _ in found}:
            return Objection("number", f"{count} {thing}", f"{found[0][0]} {found[0][1]}")
    return _compared(question, place)


def _compared(question: str, place: Place) -> Objection | None:
    """How many is asked of what the article reports, not of what it compares that with."""
    if asks_for(question) != "number" or _YEAR.search(question) or place.published is None:
        return None
    earlier = _COMPARED.search(place.sentence)
    if earlier and int(earlier[1]) < place.published.year and not _asks_back(question):
        return Objection("number", str(place.published.year), earlier[1])
    return None


def _asks_back(question: str) -> bool:
    return bool(re.search(r"\b(?:last|previous|earlier|similar|before|former|ago)\b", question, re.IGNORECASE))
