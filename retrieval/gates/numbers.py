"""The years and quantities of a question."""

import re

from retrieval.gates.kinds import asks_for
from retrieval.gates.names import occurs
from retrieval.gates.objection import Objection, Place

_YEAR = re.compile(r"(?<![\d.,$£€])(1[5-9]\d\d|20\d\d)(?![\d,%s]|\.\d|-year)")
_QUANTITY = re.compile(
    r"(?<![\w.,])(\d+(?:,\d{3})*(?:\.\d+)?)[ -](?!to\b|and\b|or\b|in\b|on\b|at\b|of\b)([^\W\d_]{3,})"
)


# "The last one of similar strength, in 1987, killed 22": what the news is compared with, to the end of the sentence.
_COMPARED = re.compile(
    r"\b(?:(?:the|its|their|his|her) last|previous|earlier|similar|comparable)\b[^.;]*?"
    r"(?<![\d.,$£€])(1[5-9]\d\d|20\d\d)\b.*",
    re.IGNORECASE | re.DOTALL,
)
# "Compared with 202 in 1987, it won 412": only to the year.
_COMPARED_WITH = re.compile(
    r"\b(?:compare[ds]|comparison|up from|down from)\b[^.;]*?(?<![\d.,$£€])(1[5-9]\d\d|20\d\d)\b", re.IGNORECASE
)
_SINCE = re.compile(r"\b(?:since|than in) (?:\w+ ){0,2}\d{4}\b", re.IGNORECASE)
_COMMA = re.compile(r"(?<=\d),(?=\d{3}\b)")
_BEFORE = re.compile(r"\b(?:last year|(?:a|one) year (?:ago|earlier)|previous year)\b", re.IGNORECASE)
_AFTER = re.compile(r"\b(?:next year|coming year|in a year)\b", re.IGNORECASE)


def number(question: str, place: Place) -> Objection | None:
    """The year and the quantities asked about are those of the sentence, where it has any; and of what it reports."""
    told = _quantities(place.sentence)
    for count, thing in _quantities(question):
        found = [other for other, what in told if what.lower() == thing.lower()]
        if found and count not in found:
            return Objection("number", f"{count} {thing}", f"{found[0]} {thing}")
    for year in _YEAR.findall(question):
        if occurs(year, _COMMA.sub("", f"{place.passage}\n{place.title}")) or year in _years(place):
            continue
        others = _YEAR.findall(_SINCE.sub(" ", place.sentence.replace(place.span, " ")))
        if others or place.published:
            return Objection("number", year, others[0] if others else str(place.published and place.published.year))
    return _compared(question, place)


def _quantities(text: str) -> list[tuple[str, str]]:
    """How many of what: "1,800 jobs" is "1800", "jobs"."""
    return [(_COMMA.sub("", count), thing) for count, thing in _QUANTITY.findall(text)]


def _years(place: Place) -> list[str]:
    """The years that a passage speaks of without naming them: that of its publication, and the last or the next."""
    if place.published is None:
        return []
    beside = ((0, True), (-1, _BEFORE.search(place.passage)), (1, _AFTER.search(place.passage)))
    return [str(place.published.year + shift) for shift, said in beside if said]


def _compared(question: str, place: Place) -> Objection | None:
    """How many is asked of what the article reports, not of what it compares that with."""
    if asks_for(question) != "number" or _YEAR.search(question) or place.published is None or _asks_back(question):
        return None
    for part in filter(None, (_COMPARED.search(place.sentence), _COMPARED_WITH.search(place.sentence))):
        within = part.start() < place.end and place.start < part.end()
        if within and int(part[1]) < place.published.year:
            return Objection("number", str(place.published.year), part[1])
    return None


def _asks_back(question: str) -> bool:
    return bool(re.search(r"\b(?:last|previous|earlier|similar|before|former|ago)\b", question, re.IGNORECASE))
