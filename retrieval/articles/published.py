"""Dates as news pages, feeds and metadata write them. What could be read in two ways is no date."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import parsedate

_MONTH_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_MONTH = (
    r"(?P<m>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY = r"(?P<d>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<y>\d{4})(?!\d)"
_FORMS = tuple(
    re.compile(form, re.ASCII | re.IGNORECASE)
    for form in (
        r"(?<![\d-])(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})(?![\d-])",
        r"(?<![\d/.])(?P<y>\d{4})[/.](?P<m>\d{1,2})[/.](?P<d>\d{1,2})(?![\d/])",
        rf"(?<![a-z]){_MONTH}\s*{_DAY}(?:,\s*|\s+){_YEAR}",
        rf"(?<!\d){_DAY}(?:\s+of)?[\s-]*{_MONTH}[\s,-]*{_YEAR}",
        rf"(?<![\d./-])(?P<a>\d{{1,2}})(?P<mark>[./-])(?P<b>\d{{1,2}})(?P=mark){_YEAR}",
    )
)
_LONGEST = 300
# RFC 822 mail and feeds: the year may have two digits.
_MAIL_DATE = re.compile(r"(?:[A-Za-z]{3},\s*)?\d{1,2}\s+[A-Za-z]{3}\s+\d{2}\s+\d{2}:\d{2}.*", re.ASCII)


@dataclass(frozen=True, slots=True)
class DateSpan:
    """A date written at [start, end) of a text; the value is None if it can be read in two ways or does not exist."""

    start: int
    end: int
    value: date | None


def parse_published(text: str) -> date | None:
    """The date that `text` gives, in its own time zone; None if there is none, or no certain one.

    Reads ISO 8601 dates and times, RFC 2822, English month names in either order, 2018/03/20, 20.03.2018, and
    numbers between strokes where only one of the two can be a month (03/20/2018, but not 03/04/2018).
    """
    text = text.strip()[:_LONGEST]
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        pass
    for span in dates_in(text):
        return span.value
    return _mail_date(text)


def dates_in(text: str) -> list[DateSpan]:
    """The dates written in `text`, from left to right."""
    found: list[DateSpan] = []
    for span in sorted(_all_dates(text), key=lambda span: (span.start, -span.end)):
        if not found or span.start >= found[-1].end:
            found.append(span)
    return found


def _all_dates(text: str) -> Iterator[DateSpan]:
    for form in _FORMS:
        for match in form.finditer(text):
            yield DateSpan(match.start(), match.end(), _value(match.groupdict()))


def _value(parts: dict[str, str | None]) -> date | None:
    year = int(parts["y"] or 0)
    if (month := parts.get("m")) is not None:
        number = int(month) if month.isdigit() else _MONTH_NAMES.index(month[:3].lower()) + 1
        return _date(year, number, int(parts["d"] or 0))
    first, second = int(parts["a"] or 0), int(parts["b"] or 0)
    # Points are written day first everywhere; strokes and hyphens are not.
    if parts["mark"] == "." or first == second or first > 12:
        return _date(year, second, first)
    return _date(year, first, second) if second > 12 else None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _mail_date(text: str) -> date | None:
    if not _MAIL_DATE.fullmatch(text):
        return None
    parts = parsedate(text)
    return _date(*parts[:3]) if parts else None
