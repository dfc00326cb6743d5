"""The period a question speaks of: "in March 2018", "last week", "on 20 March".

A date in a question mostly says when something happened. Articles about it appear then or soon after, but a later one
may tell of it too, so such a date only favours. Words about publication ("articles published in March 2018") restrict,
unless the question speaks of a second publication, which a restriction to the date of the first would shut out.

A wrong period costs more than a missed one: what may be a name, a verb or a count gives none. Every pattern is bounded,
so the time grows only with the length of the text.
"""

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Literal

Kind = Literal["restrict", "favour"]
_Days = tuple[date, date]
_Point = tuple[int | None, int | None, int | None]  # year, month, day
_Match = re.Match[str]


@dataclass(frozen=True, slots=True)
class Period:
    """The days first..last (inclusive) that a question speaks of, never after the day it is asked.

    "restrict": the words name the day of publication, so articles of other days are not meant. "favour": they name the
    day of the event, so articles of these days are likelier to tell of it than others.
    """

    first: date
    last: date
    kind: Kind
    text: str  # the words that said so: question[start:end]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question, the same in plain letters, and what it says of its tense as a whole."""

    question: str
    plain: str
    on: date
    coming: bool
    yearly: bool


@dataclass(frozen=True, slots=True)
class _Mention:
    """What one expression says, before any slack. Of several, the lowest rank counts, then the fewest days."""

    days: _Days
    rank: int
    start: int
    body: int  # where the expression starts behind its preposition
    end: int
    slack: int


_DATE, _RELATIVE_TIME, _EDITION, _VAGUE = range(4)  # ranks; an edition is "the 2019 election"

# Lower case, one white-space character, one apostrophe, one hyphen; offsets stay those of the question.
_PLAIN = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ\u2019\u2010\u2011\u2013\t\n\r\u00a0\u2009\u202f",
    "abcdefghijklmnopqrstuvwxyz'---" + " " * 6,
)
_MONTHS = {name.casefold(): number for number, name in enumerate(calendar.month_name) if name}
_MONTHS |= {name[:3]: number for name, number in _MONTHS.items()} | {"sept": 9}
_SEASONS = {"spring": (3, 5), "summer": (6, 8), "autumn": (9, 11), "fall": (9, 11), "winter": (12, 14)}
_WEEKDAYS = {name.casefold(): number for number, name in enumerate(calendar.day_name)}
_WEEKDAYS |= {short: number for name, number in _WEEKDAYS.items() for short in (name[:3], name[:4], name[:5])}
_NUMBER_WORDS = ("a", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_NUMBERS = {word: number for number, word in enumerate(_NUMBER_WORDS, 1)}
_NUMBERS |= {"an": 1, "one": 1, "couple of": 2, "couple": 2, "few": 4, "several": 7}
_UNITS = {"hour": 1 / 24, "day": 1.0, "week": 7.0, "month": 30.5, "quarter": 91.5, "year": 365.25, "decade": 3652.5}
_PARTS = {"first half": (0, 1 / 2), "second half": (1 / 2, 1), "mid": (1 / 3, 2 / 3)}
_PARTS |= dict.fromkeys(["early", "start", "beginning"], (0, 1 / 3)) | dict.fromkeys(["late", "end"], (2 / 3, 1))

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
_PREPOSITIONS = "in|on|of|since|by|during|from|before|after|until|till|through|throughout|between|around|prior to"
_PARTED = r"early|mid|late|(?:start|beginning|end|first half|second half)(?= of)"


def _compile(pattern: str) -> re.Pattern[str]:
    """A space stands for up to three, except in a look-behind, which has a fixed width."""
    return re.compile(re.sub(r"(\(\?<!.*?\))| ", lambda found: found[1] or " {1,3}", pattern))


def _unnamed(pattern: str) -> str:
    return re.sub(r"\?P<\w+>", "?:", pattern)


_SIDE = _unnamed("|".join(_POINTS))
_DATED = _compile(
    rf"(?<![\w$£€¥#@.,/'-])(?:(?P<prep>{_PREPOSITIONS}) )?"
    r"(?:(?P<det>the year|year|the|an?|his|her|its|their|our|these|those|this|last|next|which|what) )?"
    rf"(?:(?P<part>{_PARTED})(?:-| )(?:(?:of|in) )?(?:the )?)?(?:"
    rf"(?!{_YEAR}[/.-]{_DAY}(?:[/.-]{_DAY})?+(?! (?:and|to|until|till|through) ))"
    rf"(?P<left>{_SIDE}|{_DAY})(?:(?P<join> (?:and|to|until|till|through) )|(?: )?-(?: )?)"
    rf"(?P<right>{_SIDE}|{_unnamed(_DAY_OR_YEAR)})"
    rf"|(?!{_YEAR}-(?:0[1-9]|1[0-2])(?! (?:season|school|academic)))(?P<s1>{_YEAR})[/-]"
    rf"(?P<s2>{_YEAR}|[0-9]{{2}}(?![0-9]))"
    rf"|(?P<decade>(?:1[6-9]|20)[0-9]0)'?s\b"
    rf"|(?P<season>{'|'.join(_SEASONS)})(?:,?(?: of)? (?P<sy>{_OR_THAT}))?"
    rf"|(?:q(?P<q>[1-4])|(?P<qn>first|second|third|fourth) quarter)(?:,?(?: of)? (?P<qy>{_OR_THAT}))"
    rf"|(?P<point>{_SIDE}))(?![\w%]|[.,:/-][0-9]|'[a-rt-z]|-(?:years?|days?)\b)"
)
_POINT_FORMS = [_compile(form) for form in (*_POINTS, _DAY_OR_YEAR)]

_COUNTED = _compile(
    r"(?: (?:more|additional|extra|other|new|people's|american|us|russian|or so|years?-old))?(?: |-)(?:people|votes?|"
    r"dollars|pounds|euros|years?|months|weeks|days|hours|minutes|seconds|men|women|children|kids|students|troops|"
    r"soldiers|workers|employees|jobs|migrants|refugees|miles?|kilomet(?:er|re)s?|km|met(?:er|re)s?|m|feet|ft|tons|"
    r"tonnes|kg|pages|times|points|goals|runs|seats|homes|houses|cars|cases|deaths|prisoners|protesters|members|"
    r"others|percent|per|calories|steps|copies|species|animals|birds|countries|cities|schools|fans|guests)\b"
)
_FUNCTION_WORD = (
    r"(?:and|or|to|of|at|in|on|by|for|with|from|when|where|who|what|which|how|that|the|an?|his|her|their|this|last|"
    r"after|before|while|as|about|was|were|did|does|do|is|are|has|have|had|be|it|than|but|if|so|will|would|we|he|she|"
    r"according|they|not)\b"
)
_MAY_FOLLOW_MONTH = _compile(
    rf"[^\s\w]{{0,3}}(?:\Z| [0-9(]| (?!(?:have|be|not|has|had|as|if|so)\b){_FUNCTION_WORD}|[,.;:?!)])"
)
_PERSON_ACTS = _compile(r" (?:became|becomes|took|resigned|said|says|left|lost|won|called|quit|is|has|had|announced)\b")
_NAMED_AFTER = _compile(r" (?:madness|day|hare|for our)\b")
_DAY_OF = _compile(r"(?:fourth|day) \Z")  # "the Fourth of July", "the third Monday of February"
_NOUN = _compile(rf" (?!{_FUNCTION_WORD})[a-z]")
_COMING = re.compile(
    r"\b(?:will|would|could|going to|about to|set to|due|scheduled|expect(?:ed|s)|expires?|upcoming|begins|beginning|"
    r"planned|ahead of|(?:is|are) [a-z]+ing)\b"
)
_YEARLY = re.compile(r"\b(?:every|each) year\b|\bannual")
_COMPARED = re.compile(r"\b(?:than|compared (?:with|to)|versus) [\w ']{0,25}\Z")


def find_period(question: str, as_of: date) -> Period | None:
    """The period that `question`, asked on `as_of`, speaks of; None if it speaks of none that has begun.

    Words about publication count before all others, then explicit dates, the shortest first, then relative ones.
    """
    plain = question.translate(_PLAIN)
    asked = _Asked(question, plain, as_of, _COMING.search(plain) is not None, _YEARLY.search(plain) is not None)
    found = chain(_dated(asked), _relative(asked))
    mentions = [m for m in found if not _COMPARED.search(plain[max(0, m.start - 40) : m.start])]
    published = {m for m in mentions if _names_publication(plain, m)} if mentions else set()
    if _several_publications(plain, published, mentions):
        published = set()
    for m in sorted(mentions, key=lambda m: (m not in published, m.rank, m.days[1] - m.days[0], m.start)):
        before, after = (1, 1) if m in published else (0, m.slack)
        first, last = _shift(m.days[0], -before), min(_shift(m.days[1], after), as_of)
        if m.days[0] <= as_of:
            kind: Kind = "restrict" if m in published else "favour"
            return Period(first, last, kind, question[m.start : m.end], m.start, m.end)
    return None


# Explicit dates


def _dated(asked: _Asked) -> Iterator[_Mention]:
    for match in _DATED.finditer(asked.plain):
        rank = _rank(asked, match)
        days = None if rank is None else _explicit(asked, match)
        if rank is None or days is None:
            continue
        # "Since the 2019 election" does not say since when in 2019.
        days = _open(days, match["prep"], asked.on) if rank == _DATE else days
        if days is not None:
            body = match.end("prep") + 1 if match["prep"] else match.start()
            slack = 0 if (match["prep"] or "").startswith(("before", "prior")) else _slack(days)
            yield _Mention(days, rank, match.start(), body, match.end(), slack)


def _rank(asked: _Asked, match: _Match) -> int | None:
    """How far the expression is a date at all."""
    prep, det, part, point = match["prep"], match["det"], match["part"], match["point"]
    if det == "next":
        return None
    if match["left"]:
        if match["join"] and " and " in match["join"]:
            return _DATE if prep == "between" else None
        years_only = match["left"].isdigit() and match["right"].isdigit()
        return None if years_only and (not prep or _COUNTED.match(asked.plain, match.end())) else _DATE
    if match["season"]:
        return _DATE if match["sy"] or _is_season(asked, match) else None
    if match["s1"]:
        return _DATE if prep else _EDITION if _NOUN.match(asked.plain, match.end()) else None
    if match["decade"]:
        return _DATE if prep or part or det == "the" else None
    if point is None or not point.isdigit():
        return _DATE if point is None or _is_month(asked, match) else None
    if _COUNTED.match(asked.plain, match.end()) or (prep in ("on", "between") and not det):
        return None
    if part or (det or "").endswith("year") or (prep and not det):
        return _DATE
    possessive = asked.plain[max(0, match.start() - 3) : match.start()].strip().endswith(("'s", "s'"))
    return _EDITION if (det or possessive) and _NOUN.match(asked.plain, match.end()) else None


def _is_month(asked: _Asked, match: _Match) -> bool:
    """Whether a date with a month in it, or a month alone, is meant as one: not "may be", "Theresa May", "a march"."""
    prep, det, start, end = match["prep"], match["det"], match.start("point"), match.end()
    point = match["point"]
    name = re.search(r"[a-z]+", point)
    if name is None or re.search(r"[0-9]{4}| year", point):
        return True
    at = start + name.start()
    doubtful = name[0] in ("may", "march", "mar") and asked.question[at].islower()
    if any(c.isdigit() for c in point):
        if point[0].isdigit():
            return not doubtful or prep is not None or det == "the" or not point.split()[0].isdigit()
        sure = prep is not None or det == "the" or not (doubtful or (name[0] == "may" and at == 0))
        return sure and not _COUNTED.match(asked.plain, end)
    if prep == "of" and _DAY_OF.search(asked.plain[max(0, match.start() - 10) : match.start()]):
        return False
    if _NAMED_AFTER.match(asked.plain, end) or (det and det not in ("last", "this") and not match["part"]):
        return False
    if not ((prep and prep != "on") or det or match["part"]):
        return False
    if doubtful or (det == "this" and name[0] == "may"):
        return _MAY_FOLLOW_MONTH.match(asked.plain, end) is not None
    called = asked.question[end : end + 2].strip()[:1].isupper() or asked.plain.startswith("'s", end)
    named = name[0] == "may" and prep != "in" and _PERSON_ACTS.match(asked.plain, end)
    return not named and not (called and prep in ("of", "by", "from", "before", "after", "around"))


def _is_season(asked: _Asked, match: _Match) -> bool:
    """Not "during the Summer Games", "fell in the spring", "prices fall"."""
    named = match["det"] == "the" or asked.question[match.start("season")].isupper()
    if named and _NOUN.match(asked.plain, match.end()):
        return False
    return match["det"] in ("last", "this") or match["prep"] in ("in", "since", "during", "before", "after", "until")


def _explicit(asked: _Asked, match: _Match) -> _Days | None:
    days = _whole(asked, match)
    return _part(days, match["part"]) if days and match["part"] else days


def _whole(asked: _Asked, match: _Match) -> _Days | None:
    if match["left"]:
        return _range(_parse(match["left"], asked.on), _parse(match["right"], asked.on), asked.on)
    if match["s1"]:
        first, last = match["s1"], match["s2"]
        return _years(int(first), int(first[: 4 - len(last)] + last))
    if match["decade"]:
        return _years(int(match["decade"]), int(match["decade"]) + 9)
    if match["season"]:
        return _season(asked, match)
    if match["qy"]:
        quarter = int(match["q"] or (["first", "second", "third", "fourth"].index(match["qn"]) + 1))
        year = _year(match["qy"], asked.on)
        return _join(_days((year, quarter * 3 - 2, None)), _days((year, quarter * 3, None)))
    point = _parse(match["point"], asked.on)
    days = _latest(point, asked.on, whole=match["det"] == "last")
    return days if days is None or point[0] is not None else _unless_coming(asked, days, match)


def _unless_coming(asked: _Asked, days: _Days, match: _Match) -> _Days | None:
    """None if a date without a year is rather the coming one ("will open on 20 March") or that of any year."""
    ago = (asked.on - days[1]).days
    coming = (ago > 200 and asked.coming) or (ago > 150 and match["det"] == "this")
    return None if coming or asked.yearly else days


def _parse(text: str, as_of: date) -> _Point:
    found = next(m for form in _POINT_FORMS if (m := form.fullmatch(text)))
    fields = found.groupdict()
    month, day = fields.get("m"), fields.get("d")
    number = None if month is None else int(month) if month.isdigit() else _MONTHS[month.rstrip(".")]
    return _year(fields.get("y"), as_of), number, int(day) if day else None


def _year(text: str | None, as_of: date) -> int | None:
    if text is None or text.isdigit():
        return int(text) if text else None
    return as_of.year + {"last": -1, "this": 0, "next": 1}[text[:4]]


def _days(point: _Point) -> _Days | None:
    """The days of a year, a month or a day; None if the calendar has no such."""
    year, month, day = point
    if year is None or not 1 <= year <= 9999 or (month is not None and not 1 <= month <= 12):
        return None
    if month is None:
        return date(year, 1, 1), date(year, 12, 31)
    length = calendar.monthrange(year, month)[1]
    if day is not None and not 1 <= day <= length:
        return None
    return date(year, month, day or 1), date(year, month, day or length)


def _years(first: int, last: int) -> _Days | None:
    return _join(_days((first, None, None)), _days((last, None, None)))


def _join(first: _Days | None, last: _Days | None) -> _Days | None:
    return (first[0], last[1]) if first and last and first[0] <= last[1] else None


def _latest(point: _Point, as_of: date, *, whole: bool = False) -> _Days | None:
    """A point without a year is the latest that has begun (`whole`: has ended); 29 February may be eight years ago."""
    year, month, day = point
    for known in [year] if year is not None else range(as_of.year, as_of.year - 9, -1):
        days = _days((known, month, day))
        if days and (year is not None or days[whole] <= as_of):
            return days
    return None


def _range(left: _Point, right: _Point, as_of: date) -> _Days | None:
    """Each end borrows from the other what it does not say: "3 to 5 May", "between March and May 2020"."""
    month, last_month = left[1] or (right[1] if left[2] else None), right[1] or (left[1] if right[2] else None)
    turn = bool(month and last_month and month > last_month)  # "from November to February"
    known = right[0] if right[0] is not None else left[0] + turn if left[0] is not None else None
    for year in [known] if known is not None else range(as_of.year, as_of.year - 9, -1):
        begin = left[0] if left[0] is not None else year - turn
        days = _join(_days((begin, month, left[2])), _days((year, last_month, right[2])))
        if days and (known is not None or (month and days[0] <= as_of)):
            return days
    return None


def _season(asked: _Asked, match: _Match) -> _Days | None:
    """The months of the north. "Winter 2021" may be either winter that touches the year."""
    first, last = _SEASONS[match["season"]]
    year = _year(match["sy"], asked.on)
    for known in [year] if year is not None else [asked.on.year, asked.on.year - 1, asked.on.year - 2]:
        begin = known - (last > 12 and year is not None)
        days = _join(_days((begin, first, None)), _days((known + last // 13, (last - 1) % 12 + 1, None)))
        if days and (year is not None or days[match["det"] == "last"] <= asked.on):
            return days if year is not None else _unless_coming(asked, days, match)
    return None


def _part(days: _Days, part: str) -> _Days:
    begin, end = _PARTS[" ".join(part.split())]
    length = (days[1] - days[0]).days
    return _shift(days[0], int(length * begin)), _shift(days[0], int(length * end + 0.5))


def _open(days: _Days, prep: str | None, as_of: date) -> _Days | None:
    if prep is not None and prep.startswith(("before", "prior")):
        return (date.min, _shift(days[0], -1)) if days[0] <= as_of else None
    if prep == "since" or prep == "after":
        first = days[0] if prep == "since" else _shift(days[1], 1)
        return (first, as_of) if first <= as_of else None
    return days


def _slack(days: _Days) -> int:
    """For how many days after an event articles about it still appear."""
    length = (days[1] - days[0]).days + 1
    return 7 if length == 1 else 10 if length <= 31 else 30


def _shift(day: date, by: int) -> date:
    return date.fromordinal(max(1, min(date.max.toordinal(), day.toordinal() + by)))


# Relative expressions


def _before(first: float, last: float = 0) -> Callable[[_Match, date], _Days]:
    return lambda _, as_of: (_shift(as_of, -round(first)), _shift(as_of, -round(last)))


def _past(match: _Match, as_of: date) -> _Days:
    return _shift(as_of, -round(_number(match["n"]) * _UNITS[match["unit"]]) - 1), as_of


def _ago(match: _Match, as_of: date) -> _Days:
    """The longer ago, the rounder the number: "a year ago" is a year give or take two months."""
    days = _number(match["n"]) * _UNITS[match["unit"]]
    unsure = round(_UNITS[match["unit"]] / (3 if days > 20 else 2))
    return _shift(as_of, -round(days) - unsure), min(as_of, _shift(as_of, -round(days) + unsure))


def _number(text: str) -> int:
    return int(text) if text.isdigit() else _NUMBERS[re.sub(" +", " ", text)]


def _weekday(match: _Match, as_of: date) -> _Days:
    day = _shift(as_of, -((as_of.weekday() - _WEEKDAYS[match["day"]]) % 7 or 7))
    return day, day


def _weekend(match: _Match, as_of: date) -> _Days:
    saturday = _shift(as_of, -((as_of.weekday() - 5) % 7))
    if match["which"] == "last" and as_of.weekday() >= 5:
        saturday = _shift(saturday, -7)
    return saturday, min(as_of, _shift(saturday, 1))


def _calendar(match: _Match, as_of: date) -> _Days | None:
    """The month, quarter or year of asking, or the one before it."""
    back = 1 if match["which"] == "last" else 0
    if match["unit"] == "year":
        return _days((as_of.year - back, None, None))
    length = 1 if match["unit"] == "month" else 3
    index = (as_of.year * 12 + as_of.month - 1) // length * length - back * length
    ends = [_days((at // 12, at % 12 + 1, None)) for at in (index, index + length - 1)]
    return _join(ends[0], ends[1])


_N = rf"(?P<n>[0-9]{{1,3}}|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})"
_UNIT = f"(?P<unit>{'|'.join(_UNITS)})s?"
_DAYNAMES = "|".join(calendar.day_name).casefold()
_RELATIVE = [
    (_compile(rf"(?<![\w'.,-])(?:{pattern})(?![\w-]|'[a-rt-z]| of\b)"), rank, resolve)
    for pattern, rank, resolve in (
        ("(?:the )?day before yesterday", _RELATIVE_TIME, _before(2, 2)),
        ("today|tonight|this (?:morning|afternoon|evening)", _RELATIVE_TIME, _before(1)),
        ("(?<!day before )yesterday|last night", _RELATIVE_TIME, _before(1, 1)),
        ("this week", _RELATIVE_TIME, _before(9)),
        ("(?:last|this past|past|previous) week", _RELATIVE_TIME, _before(13)),
        ("(?P<which>this past|this|last|past|over the|at the|on the) weekend", _RELATIVE_TIME, _weekend),
        ("(?P<which>this|last) (?P<unit>month|quarter|year)", _RELATIVE_TIME, _calendar),
        ("past month", _RELATIVE_TIME, _before(31)),
        ("past year", _RELATIVE_TIME, _before(366)),
        (f"(?:last|past|previous) {_N} {_UNIT}", _RELATIVE_TIME, _past),
        (f"{_N} {_UNIT} ago", _RELATIVE_TIME, _ago),
        ("recent days", _RELATIVE_TIME, _before(10)),
        ("recent months", _RELATIVE_TIME, _before(150)),
        (f"(?P<wprep>(?:on|since|last|this|this past|by|until|from) )?(?P<day>{_DAYNAMES})", _RELATIVE_TIME, _weekday),
        ("(?:on|since|last) (?P<day>mon|tues?|wed|thu(?:rs?)?|fri|sat|sun)", _RELATIVE_TIME, _weekday),
        ("recently|lately|(?<!at the )latest|recent(?! (?:year|decade|memory|histor))", _VAGUE, _before(29)),
        ("(?<!until )(?<!by )now(?! (?:that|and then))|nowadays|currently|these days", _VAGUE, _before(29)),
        (
            rf"(?<!ocean )(?<!electric )(?<!electrical )(?<!direct )(?<!alternating )(?<!water )current"
            rf"(?= (?!{_FUNCTION_WORD}|affairs|account)[a-z])",
            _VAGUE,
            _before(29),
        ),
    )
]
_OWNED = _compile(r"(?:\b(?:his|her|their|its|my|our|your)|'s|s') \Z")
_NO_WEEKDAY = _compile(
    r"\b(?:black|good|ash|super|cyber|giving|palm|easter|bloody|fat|shrove|maundy|holy|ruby|throwback|manic|blue|"
    r"every|each|any|an?|next|coming|following|the|most|some|casual|freaky|whit) \Z"
)
_NO_DAY = _compile(
    r" (?:night (?:football|live|lights|raw|fever)|times|post|mail|mirror|telegraph|express|herald|"
    r"addams|papers?|school|the 13th|sermon|service)\b"
)


def _relative(asked: _Asked) -> Iterator[_Mention]:
    titled = asked.question.isupper() or asked.question.istitle()
    for pattern, rank, resolve in _RELATIVE:
        for match in pattern.finditer(asked.plain):
            lead = asked.plain[max(0, match.start() - 14) : match.start()]
            named = (
                _is_named(asked, match, lead)
                if "day" in match.re.groupindex
                else (
                    not titled
                    and asked.question[match.start()].isupper()
                    and not _begins_sentence(asked.question, match.start())
                )
            )
            days = None if named or _OWNED.search(lead) else resolve(match, asked.on)
            if days is not None:
                body = match.start("day") if "day" in match.re.groupindex else match.start()
                yield _Mention(days, rank, match.start(), body, match.end(), _slack(days))


def _is_named(asked: _Asked, match: _Match, lead: str) -> bool:
    """Whether a weekday is part of a name ("Black Friday"), is any such day ("every Monday") or is no day at all."""
    if _NO_WEEKDAY.search(lead) or _NO_DAY.match(asked.plain, match.end()):
        return True
    capital_follows = asked.question[match.end() : match.end() + 2].strip()[:1].isupper()
    if len(match["day"]) < 6:
        return capital_follows or not asked.question[match.start("day")].isupper()
    if match["wprep"]:
        return False
    before = asked.question[max(0, match.start() - 14) : match.start()].split()
    return capital_follows or not before or not (before[-1].isalpha() and before[-1].islower())


def _begins_sentence(question: str, start: int) -> bool:
    before = question[max(0, start - 6) : start].strip()
    return not before or before[-1] in '.?!:;"\u201c(-\u2013\u2014'


# Publication

_NEWS = r"(?:articles?|stories|(?:news|media|press) (?:reports?|stor(?:y|ies)|coverage)|news)"
_LEADS_TO_DATE = _compile(
    rf"\b{_NEWS}(?: [\w'-]{{1,30}}){{0,6}} (?:published|posted|printed|written|dated|appear(?:ing|ed)|from)"
    rf"(?: (?:in|on|during|between|from|since|before|after|by))? \Z|\b{_NEWS} (?:of|from|for|dated) \Z|"
    r"\b(?:articles?|stories) (?:in|on|since|between|during|before|after) \Z"
)
_REPORTED = _compile(r"\b(?:reported|published)(?: (?:in|on|during|between|from|since|before|after|by))? \Z")
_NOT_REPORTED = re.compile(
    r"\b(?:how many|how much|number|cases?|deaths?|infections|crimes?|books?|novels?|study|studies|memoir|survey|"
    r"profits?|loss(?:es)?|earnings|revenues?|figures|results|data|biography|report)\b"
)
_FOLLOWS_DATE = _compile(
    rf"(?:'s)?(?: (?!{_FUNCTION_WORD})[\w'.-]{{1,30}}){{0,2}} (?:articles?(?! [0-9])|stor(?:y|ies)|headlines?|coverage|"
    r"(?:news|media|press) reports?|news(?! (?:conference|briefing|agency|anchor|corp|network|channel)))\b"
)
_PUBLICATION = _compile(
    r"\b(?:articles?|(?:the|an?|that|another|subsequent|later|earlier) (?:[\w'.-]{1,30} ){0,2}"
    r"(?:reports?|story|piece|coverage))\b"
)
_DETERMINED = re.compile(r"\b(?:the|an?|this|that|its|their|his|her) |'s |s' ")
_ALSO = re.compile(r"[ ,]*(?:and|or|to|through|&)? *\Z")


def _names_publication(plain: str, mention: _Mention) -> bool:
    if mention.rank == _VAGUE:
        return False
    lead = plain[max(0, mention.body - 90) : mention.body]
    if _LEADS_TO_DATE.search(lead):
        # "The article on the 7 October attacks" is about that day.
        return not (
            lead.rstrip().endswith(("article on", "articles on", "stories on")) and _NOUN.match(plain, mention.end)
        )
    if _REPORTED.search(lead):
        return not _NOT_REPORTED.search(lead)
    near = plain[max(0, mention.body - 6) : mention.body + 6]
    owned = plain.startswith("'s", mention.end) or _DETERMINED.search(near)
    return bool(owned and _FOLLOWS_DATE.match(plain, mention.end))


def _several_publications(plain: str, published: set[_Mention], mentions: list[_Mention]) -> bool:
    """Whether the question speaks of publications of more than one date."""
    if (published and len(_PUBLICATION.findall(plain)) > 1) or len({m.days for m in published if m.rank == _DATE}) > 1:
        return True
    starts = {m.start for m in mentions if m.rank == _DATE}
    gaps = ((m.end, m.end + gap) for m in published for gap in range(1, 10) if m.end + gap in starts)
    return any(_ALSO.match(plain[end:start]) for end, start in gaps)
