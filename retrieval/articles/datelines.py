"""Lines that only say when: "Posted March 20, 2018 4:21 p.m. EDT — Updated March 21, 2018 1:02 a.m. EDT"."""

import re
from datetime import date

from retrieval.articles.published import dates_in

_LONGEST = 200
_LABELS = frozenset("posted published publication updated update modified created date originally issued".split())
_LATER = frozenset(("updated", "update", "modified"))
_WORDS = _LABELS | frozenset(
    "first last on at and time local a.m p.m am pm a p m z gmt utc et edt est ct cdt cst mt mdt mst pt pdt pst bst ist "
    "cet cest eet eest msk jst aest aedt hkt sgt eastern central pacific monday tuesday wednesday thursday friday "
    "saturday sunday mon tue tues wed thu thur thurs fri sat sun".split()
)
_AGO = re.compile(r"\b(?:\d+|an?)\s+(?:min(?:ute)?|hour|hr|day|week|month)s?\s+ago\b|\bjust now\b", re.IGNORECASE)
_TIME = re.compile(
    r"\d{1,2}(?:[:.h]\d{2}){1,2}(?:\.\d+)?(?:[ap]\.?m|z|[+-]\d{2}:?\d{2})?|\d{1,2}(?:[ap]\.?m)?|[+-]\d{2}:?\d{2}",
    re.IGNORECASE,
)
_MARKS = re.compile(r"[\s,;|•·/()—–\[\]]+|(?<=\s)-(?=\s)|:(?=\s|\Z)|\A-")


def is_date_line(line: str) -> bool:
    """True if `line` is a date or a time ago, with labels and times of day, and nothing else."""
    if len(line) > _LONGEST or not (any(char.isdigit() for char in line) or _AGO.search(line)):
        return False
    left, dates = _without_dates(line)
    return (dates > 0 or _AGO.search(line) is not None) and _only_known(_AGO.sub(" ", left))


def is_date_label(line: str) -> bool:
    """True if `line` is "Posted", "Last updated:" or the like; the date is on the next one."""
    words = [word.strip(".:").lower() for word in line.split()]
    return 1 <= len(words) <= 3 and words[-1] in _LABELS and all(word in _WORDS for word in words)


def is_labelled(line: str) -> bool:
    """True if `line` begins with a label, so that a date line cannot be part of a text."""
    words = _MARKS.sub(" ", line).split()
    return bool(words) and words[0].strip(".:").lower() in _LABELS | {"first", "last", "originally"}


def labelled_date(line: str) -> date | None:
    """The date of publication on a date line: the first that is not labelled as an update, else the first."""
    dates: list[tuple[bool, date]] = []
    begin = 0
    for span in dates_in(line):
        words = {word.strip(".:").lower() for word in _MARKS.sub(" ", line[begin : span.start]).split()}
        begin = span.end
        if span.value:
            dates.append((bool(words & _LATER), span.value))
    return min(dates, key=lambda found: found[0])[1] if dates else None


def _without_dates(line: str) -> tuple[str, int]:
    spans = dates_in(line)
    for span in reversed(spans):
        line = f"{line[: span.start]} {line[span.end :].removeprefix('T')}"
    return line, len(spans)


def _only_known(left: str) -> bool:
    words = [word.strip(".:") for word in _MARKS.sub(" ", left).split()]
    return all(not word or word.lower() in _WORDS or _TIME.fullmatch(word) for word in words)
