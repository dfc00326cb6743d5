"""Days of the calendar, from one to another, both included."""

import calendar
from datetime import date

Days = tuple[date, date]


def shift(day: date, by: int) -> date:
    """The day `by` days later, or the first or last that there is."""
    return date.fromordinal(max(1, min(date.max.toordinal(), day.toordinal() + by)))


def days_of(year: int | None, month: int | None = None, day: int | None = None) -> Days | None:
    """The days of a year, a month or a day; None if the calendar has no such."""
    if year is None or not 1 <= year <= 9999 or (month is not None and not 1 <= month <= 12):
        return None
    if month is None:
        return date(year, 1, 1), date(year, 12, 31)
    length = calendar.monthrange(year, month)[1]
    if day is not None and not 1 <= day <= length:
        return None
    return date(year, month, day or 1), date(year, month, day or length)


def join(first: Days | None, last: Days | None) -> Days | None:
    """From the beginning of the one to the end of the other."""
    return (first[0], last[1]) if first and last and first[0] <= last[1] else None
