"""Relative expressions: "yesterday", "last week", "two days ago", "on Friday", "recently"."""

import calendar
import re
from collections.abc import Callable, Iterator
from datetime import date

from retrieval.periods.asked import FUNCTION_WORD, Asked, spaced
from retrieval.periods.days import Days, days_of, join, shift
from retrieval.periods.mentions import Mention, Rank

_Match = re.Match[str]

_WEEKDAYS = {name.casefold(): number for number, name in enumerate(calendar.day_name)}
_DAY_NAMES = "|".join(_WEEKDAYS)
_WEEKDAYS |= {short: number for name, number in _WEEKDAYS.items() for short in (name[:3], name[:4], name[:5])}
_NUMBER_WORDS = ("a", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_NUMBERS = {word: number for number, word in enumerate(_NUMBER_WORDS, 1)}
_NUMBERS |= {"an": 1, "one": 1, "couple of": 2, "couple": 2, "few": 4, "several": 7}
_UNITS = {"hour": 1 / 24, "day": 1.0, "week": 7.0, "month": 30.5, "quarter": 91.5, "year": 365.25, "decade": 3652.5}


def _before(first: int, last: int = 0) -> Callable[[_Match, date], Days]:
    return lambda _, as_of: (shift(as_of, -first), shift(as_of, -last))


def _span(match: _Match) -> float:
    """The days of "three weeks"."""
    number = match["n"]
    return (int(number) if number.isdigit() else _NUMBERS[re.sub(" +", " ", number)]) * _UNITS[match["unit"]]


def _past(match: _Match, as_of: date) -> Days:
    return shift(as_of, -round(_span(match)) - 1), as_of


def _ago(match: _Match, as_of: date) -> Days:
    """The longer ago, the rounder the number: "a year ago" is a year give or take two months."""
    days = _span(match)
    unsure = round(_UNITS[match["unit"]] / (3 if days > 20 else 2))
    return shift(as_of, -round(days) - unsure), min(as_of, shift(as_of, -round(days) + unsure))


def _weekday(match: _Match, as_of: date) -> Days:
    day = shift(as_of, -((as_of.weekday() - _WEEKDAYS[match["day"]]) % 7 or 7))
    return day, day


def _weekend(match: _Match, as_of: date) -> Days:
    saturday = shift(as_of, -((as_of.weekday() - 5) % 7))
    if match["which"] == "last" and as_of.weekday() >= 5:
        saturday = shift(saturday, -7)
    return saturday, min(as_of, shift(saturday, 1))


def _calendar(match: _Match, as_of: date) -> Days | None:
    """The month, quarter or year of asking, or the one before it."""
    length = {"month": 1, "quarter": 3, "year": 12}[match["unit"]]
    index = (as_of.year * 12 + as_of.month - 1) // length * length - (length if match["which"] == "last" else 0)
    first, last = (days_of(at // 12, at % 12 + 1) for at in (index, index + length - 1))
    return join(first, last)


_SPAN = rf"(?P<n>[0-9]{{1,3}}|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))}) (?P<unit>{'|'.join(_UNITS)})s?"
_TIMES = {
    "(?:the )?day before yesterday": _before(2, 2),
    "today|tonight|this (?:morning|afternoon|evening)": _before(1),
    "(?<!day before )yesterday|last night": _before(1, 1),
    "this week": _before(9),
    "(?:last|this past|past|previous) week": _before(13),
    "(?P<which>this past|this|last|past|over the|at the|on the) weekend": _weekend,
    "(?P<which>this|last) (?P<unit>month|quarter|year)": _calendar,
    "past month": _before(31),
    "past year": _before(366),
    f"(?:last|past|previous) {_SPAN}": _past,
    f"{_SPAN} ago": _ago,
    "recent days": _before(10),
    "recent months": _before(150),
    f"(?P<prep>(?:on|since|last|this|this past|by|until|from) )?(?P<day>{_DAY_NAMES})": _weekday,
    "(?:on|since|last) (?P<day>mon|tues?|wed|thu(?:rs?)?|fri|sat|sun)": _weekday,
}
_VAGUE = (
    "recently|lately|(?<!at the )latest|recent(?! (?:year|decade|memory|histor))",
    "(?<!until )(?<!by )now(?! (?:that|and then))|nowadays|currently|these days",
    "(?<!ocean )(?<!electric )(?<!electrical )(?<!direct )(?<!alternating )(?<!water )current"
    rf"(?= (?!{FUNCTION_WORD}|affairs|account)[a-z])",
)
_FORMS = [
    (spaced(rf"(?<![\w'.,-])(?:{pattern})(?![\w-]|'[a-rt-z]| of\b)"), rank, resolve)
    for rank, forms in ((Rank.RELATIVE, _TIMES), (Rank.VAGUE, dict.fromkeys(_VAGUE, _before(29))))
    for pattern, resolve in forms.items()
]
_OWNED = spaced(r"(?:\b(?:his|her|their|its|my|our|your)|'s|s') \Z")
_NO_WEEKDAY = spaced(
    r"\b(?:black|good|ash|super|cyber|giving|palm|easter|bloody|fat|shrove|maundy|holy|ruby|throwback|manic|blue|"
    r"every|each|any|an?|next|coming|following|the|most|some|casual|freaky|whit) \Z"
)
_NO_DAY = spaced(
    r" (?:night (?:football|live|lights|raw|fever)|times|post|mail|mirror|telegraph|express|herald|"
    r"addams|papers?|school|the 13th|sermon|service)\b"
)


def relative_dates(asked: Asked) -> Iterator[Mention]:
    """The expressions of a question that count from the day it is asked."""
    for pattern, rank, resolve in _FORMS:
        is_weekday = "day" in pattern.groupindex
        is_named = _is_named_weekday if is_weekday else _is_title
        for match in pattern.finditer(asked.plain):
            if _OWNED.search(asked.before(match.start(), 14)) or is_named(asked, match):
                continue
            if days := resolve(match, asked.on):
                body = match.start("day" if is_weekday else 0)
                yield Mention(days, rank, match.start(), body, match.end())


def _is_title(asked: Asked, match: _Match) -> bool:
    """Whether a capital within a sentence makes it a name: "USA Today"."""
    before = asked.question[max(0, match.start() - 6) : match.start()].strip()
    begins_sentence = not before or before[-1] in '.?!:;"\u201c(-\u2013\u2014'
    return not asked.titled and asked.question[match.start()].isupper() and not begins_sentence


def _is_named_weekday(asked: Asked, match: _Match) -> bool:
    """Whether a weekday is part of a name ("Black Friday"), is any such day ("every Monday") or is no day at all."""
    if _NO_WEEKDAY.search(asked.before(match.start(), 14)) or _NO_DAY.match(asked.plain, match.end()):
        return True
    capital_follows = asked.capital_follows(match.end())
    if len(match["day"]) < 6:  # "sat", "sun"
        return capital_follows or not asked.question[match.start("day")].isupper()
    if match["prep"]:
        return False
    before = asked.question[max(0, match.start() - 14) : match.start()].split()
    return capital_follows or not before or not (before[-1].isalpha() and before[-1].islower())
