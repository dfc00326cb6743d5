"""The forms in which explicit dates are written: "20 March 2018", "2018-03-20", "early 2018", "from 3 to 5 May"."""

import calendar
import re
from datetime import date
from typing import NamedTuple

from retrieval.periods.asked import spaced

SEASONS = {"spring": (3, 5), "summer": (6, 8), "autumn": (9, 11), "fall": (9, 11), "winter": (12, 14)}
_MONTHS = {name.casefold(): number for number, name in enumerate(calendar.month_name) if name}
_MONTHS |= {name[:3]: number for name, number in _MONTHS.items()} | {"sept": 9}

_MONTH = rf"(?:(?:{'|'.join(sorted(_MONTHS, key=len, reverse=True))})(?![\w']|-a-)\.?)"
_YEAR = r"(?:(?:1[6-9]|20)[0-9]{2}(?![0-9]))"
_OR_THAT = rf"(?:{_YEAR}|(?:last|this|next) year)"
_DAY = r"(?:[0-9]{1,2}(?![0-9]))"
_TH = r"(?:st|nd|rd|th)?"
_POINTS = (
    rf"(?P<y>{_YEAR})[-/.](?P<m>{_DAY})[-/.](?P<d>{_DAY})",
    rf"(?P<d>{_DAY})\.(?P<m>{_DAY})\.(?P<y>{_YEAR})",
    rf"(?P<m>0?[1-9]|1[0-2])/(?P<d>1[3-9]|2[0-9]|3[01])/(?P<y>{_YEAR})",
    rf"(?P<d>1[3-9]|2[0-9]|3[01])/(?P<m>0?[1-9]|1[0-2])/(?P<y>{_YEAR})",
    rf"(?P<d>[0-9]{{1,2}}){_TH}(?: of)? (?P<m>{_MONTH})(?:,? (?P<y>{_OR_THAT}))?",
    rf"(?P<m>{_MONTH}) (?:the )?(?P<d>[0-9]{{1,2}}){_TH}(?![0-9])(?:,? (?P<y>{_OR_THAT}))?",
    rf"(?P<m>{_MONTH}),?(?: of)? (?P<y>{_OR_THAT})",
    rf"(?P<y>{_YEAR})-(?P<m>0[1-9]|1[0-2])(?![0-9])",
    rf"(?P<m>{_MONTH})",
    rf"(?P<y>{_YEAR})",
)
_DAY_OR_YEAR = rf"(?P<d>{_DAY}){_TH}(?:,? (?P<y>{_YEAR}))?"  # the other end of "3 to 5 May", "March 3-5, 2020"
_POINT_FORMS = [spaced(form) for form in (*_POINTS, _DAY_OR_YEAR)]
_PREPOSITIONS = "in|on|of|since|by|during|from|before|after|until|till|through|throughout|between|around|prior to"
_PARTED = r"early|mid|late|(?:start|beginning|end|first half|second half)(?= of)"


def _unnamed(pattern: str) -> str:
    return re.sub(r"\?P<\w+>", "?:", pattern)


_SIDE = _unnamed("|".join(_POINTS))
DATED = spaced(
    rf"(?<![\w$£€¥#@.,/'-])(?:(?P<prep>{_PREPOSITIONS}) )?"
    r"(?:(?P<det>the year|year|the|an?|his|her|its|their|our|these|those|this|last|next|which|what) )?"
    rf"(?:(?P<part>{_PARTED})(?:-| )(?:(?:of|in) )?(?:the )?)?(?:"
    rf"(?!{_YEAR}[/.-]{_DAY}(?:[/.-]{_DAY})?+(?! (?:and|to|until|till|through) ))"
    rf"(?P<left>{_SIDE}|{_DAY})(?:(?P<join> (?:and|to|until|till|through) )|(?: )?-(?: )?)"
    rf"(?P<right>{_SIDE}|{_unnamed(_DAY_OR_YEAR)})"
    rf"|(?!{_YEAR}-(?:0[1-9]|1[0-2])(?! (?:season|school|academic)))(?P<s1>{_YEAR})[/-]"
    rf"(?P<s2>{_YEAR}|[0-9]{{2}}(?![0-9]))"
    rf"|(?P<decade>(?:1[6-9]|20)[0-9]0)'?s\b"
    rf"|(?P<season>{'|'.join(SEASONS)})(?:,?(?: of)? (?P<sy>{_OR_THAT}))?"
    rf"|(?:q(?P<q>[1-4])|(?P<qn>first|second|third|fourth) quarter)(?:,?(?: of)? (?P<qy>{_OR_THAT}))"
    rf"|(?P<point>{_SIDE}))(?![\w%]|[.,:/-][0-9]|'[a-rt-z]|-(?:years?|days?)\b)"
)


class Point(NamedTuple):
    """A year, a month or a day, as far as it is said."""

    year: int | None
    month: int | None
    day: int | None


def point(text: str, as_of: date) -> Point:
    """The point that a `left`, `right` or `point` of DATED writes."""
    found = next(match for form in _POINT_FORMS if (match := form.fullmatch(text)))
    fields = found.groupdict()
    month, day = fields.get("m"), fields.get("d")
    number = None if month is None else int(month) if month.isdigit() else _MONTHS[month.rstrip(".")]
    return Point(year(fields.get("y"), as_of), number, int(day) if day else None)


def year(text: str | None, as_of: date) -> int | None:
    """The year of "2018" or "last year"; None of None."""
    if text is None or text.isdigit():
        return int(text) if text else None
    return as_of.year + {"last": -1, "this": 0, "next": 1}[text[:4]]
