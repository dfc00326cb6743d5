"""Explicit dates: which of the forms in a question are meant as dates, and the days that they mean."""

import re
from collections.abc import Iterable, Iterator
from datetime import date

from retrieval.periods.asked import FUNCTION_WORD, Asked, spaced
from retrieval.periods.date_forms import DATED, SEASONS, Point, point, year
from retrieval.periods.days import Days, days_of, join, shift
from retrieval.periods.mentions import Mention, Rank

_Match = re.Match[str]

_PARTS = {"first half": (0, 1 / 2), "second half": (1 / 2, 1), "mid": (1 / 3, 2 / 3)}
_PARTS |= dict.fromkeys(["early", "start", "beginning"], (0, 1 / 3)) | dict.fromkeys(["late", "end"], (2 / 3, 1))
_QUARTERS = {"1": 1, "2": 2, "3": 3, "4": 4, "first": 1, "second": 2, "third": 3, "fourth": 4}

_COUNTED = spaced(
    r"(?: (?:more|additional|extra|other|new|people's|american|us|russian|or so|years?-old))?(?: |-)(?:people|votes?|"
    r"dollars|pounds|euros|years?|months|weeks|days|hours|minutes|seconds|men|women|children|kids|students|troops|"
    r"soldiers|workers|employees|jobs|migrants|refugees|miles?|kilomet(?:er|re)s?|km|met(?:er|re)s?|m|feet|ft|tons|"
    r"tonnes|kg|pages|times|points|goals|runs|seats|homes|houses|cars|cases|deaths|prisoners|protesters|members|"
    r"others|percent|per|calories|steps|copies|species|animals|birds|countries|cities|schools|fans|guests)\b"
)
_MAY_FOLLOW_MONTH = spaced(
    rf"[^\s\w]{{0,3}}(?:\Z| [0-9(]| (?!(?:have|be|not|has|had|as|if|so)\b){FUNCTION_WORD}|[,.;:?!)])"
)
_PERSON_ACTS = spaced(r" (?:became|becomes|took|resigned|said|says|left|lost|won|called|quit|is|has|had|announced)\b")
_NAMED_AFTER = spaced(r" (?:madness|day|hare|for our)\b")
_DAY_OF = spaced(r"(?:fourth|day) \Z")  # "the Fourth of July", "the third Monday of February"


def calendar_dates(asked: Asked) -> Iterator[Mention]:
    """The explicit dates of a question, some of which may be to come."""
    for match in DATED.finditer(asked.plain):
        rank = _rank(asked, match)
        days = None if rank is None else _days(asked, match)
        if days and match["part"]:
            days = _part(days, match["part"])
        prep = match["prep"] or ""
        if days and rank == Rank.DATE:  # "since the 2019 election" does not say since when in 2019
            days = _open(days, prep, asked.on)
        if days and rank is not None:
            body = match.end("prep") + 1 if prep else match.start()
            yield Mention(days, rank, match.start(), body, match.end(), ended=prep.startswith(("before", "prior")))


# Whether it is a date


def _rank(asked: Asked, match: _Match) -> Rank | None:
    """How far the expression is a date at all."""
    prep, det, end = match["prep"], match["det"], match.end()
    sure = False
    if det == "next":
        return None
    if match["left"]:
        sure = _is_range(asked, match)
    elif match["season"]:
        sure = match["sy"] is not None or _is_season(asked, match)
    elif match["s1"]:
        return Rank.DATE if prep else Rank.EDITION if asked.noun_follows(end) else None
    elif match["decade"]:
        sure = bool(prep or match["part"] or det == "the")
    elif match["qy"]:
        sure = True
    elif match["point"].isdigit():
        return _rank_of_year(asked, match)
    else:
        sure = _is_month(asked, match)
    return Rank.DATE if sure else None


def _rank_of_year(asked: Asked, match: _Match) -> Rank | None:
    """A lone number may be a year, name an edition ("the 2019 election") or count ("2019 people")."""
    prep, det = match["prep"], match["det"]
    if _COUNTED.match(asked.plain, match.end()) or (prep in ("on", "between") and not det):
        return None
    if match["part"] or (det or "").endswith("year") or (prep and not det):
        return Rank.DATE
    determined = det or asked.before(match.start(), 3).strip().endswith(("'s", "s'"))
    return Rank.EDITION if determined and asked.noun_follows(match.end()) else None


def _is_range(asked: Asked, match: _Match) -> bool:
    if match["join"] and " and " in match["join"]:
        return match["prep"] == "between"
    years_only = match["left"].isdigit() and match["right"].isdigit()
    return not years_only or bool(match["prep"] and not _COUNTED.match(asked.plain, match.end()))


def _is_month(asked: Asked, match: _Match) -> bool:
    """Whether a date with a month in it, or a month alone, is meant as one: not "may be", "Theresa May", "a march"."""
    text, at = match["point"], match.start("point")
    name = re.search(r"[a-z]+", text)
    if name is None or re.search(r"[0-9]{4}| year", text):
        return True
    doubtful = name[0] in ("may", "march", "mar") and asked.question[at + name.start()].islower()
    if not re.search("[0-9]", text):
        return _is_lone_month(asked, match, doubtful=doubtful)
    if text[0].isdigit():
        sure = not doubtful or not text.split()[0].isdigit()
    else:
        sure = not doubtful and not (name[0] == "may" and at == 0)
        if _COUNTED.match(asked.plain, match.end()):
            return False
    return sure or match["prep"] is not None or match["det"] == "the"


def _is_lone_month(asked: Asked, match: _Match, *, doubtful: bool) -> bool:
    prep, det, part, end = match["prep"], match["det"], match["part"], match.end()
    if prep == "of" and _DAY_OF.search(asked.before(match.start(), 10)):
        return False
    if _NAMED_AFTER.match(asked.plain, end) or (det and det not in ("last", "this") and not part):
        return False
    if not ((prep and prep != "on") or det or part):
        return False
    may = match["point"].startswith("may")
    if doubtful or (det == "this" and may):
        return _MAY_FOLLOW_MONTH.match(asked.plain, end) is not None
    if may and prep != "in" and _PERSON_ACTS.match(asked.plain, end):
        return False
    called = asked.capital_follows(end) or asked.plain.startswith("'s", end)
    return not (called and prep in ("of", "by", "from", "before", "after", "around"))


def _is_season(asked: Asked, match: _Match) -> bool:
    """Not "during the Summer Games", "fell in the spring", "prices fall"."""
    named = match["det"] == "the" or asked.question[match.start("season")].isupper()
    if named and asked.noun_follows(match.end()):
        return False
    return match["det"] in ("last", "this") or match["prep"] in ("in", "since", "during", "before", "after", "until")


# The days it means


def _days(asked: Asked, match: _Match) -> Days | None:
    if match["left"]:
        return _range(point(match["left"], asked.on), point(match["right"], asked.on), asked.on)
    if match["s1"]:
        first, last = match["s1"], match["s2"]
        return join(days_of(int(first)), days_of(int(first[: 4 - len(last)] + last)))
    if match["decade"]:
        return join(days_of(int(match["decade"])), days_of(int(match["decade"]) + 9))
    if match["qy"]:
        known, quarter = year(match["qy"], asked.on), _QUARTERS[match["q"] or match["qn"]]
        return join(days_of(known, quarter * 3 - 2), days_of(known, quarter * 3))
    said = year(match["sy"], asked.on) if match["season"] else point(match["point"], asked.on).year
    days = _season(match, said, asked.on) if match["season"] else _latest(match, asked.on)
    return _unless_coming(asked, match, days) if days and said is None else days


def _unless_coming(asked: Asked, match: _Match, days: Days) -> Days | None:
    """None if a date without a year is rather the coming one ("will open on 20 March") or that of any year."""
    ago = (asked.on - days[1]).days
    coming = (ago > 200 and asked.coming) or (ago > 150 and match["det"] == "this")
    return None if coming or asked.yearly else days


def _candidates(known: int | None, as_of: date) -> Iterable[int]:
    """The years that a date may be in, the latest first; 29 February may be eight years ago."""
    return [known] if known is not None else range(as_of.year, as_of.year - 9, -1)


def _latest(match: _Match, as_of: date) -> Days | None:
    """A point without a year is the latest that has begun; the last that has ended."""
    said = point(match["point"], as_of)
    for candidate in _candidates(said.year, as_of):
        days = days_of(candidate, said.month, said.day)
        if days and (said.year is not None or days[match["det"] == "last"] <= as_of):
            return days
    return None


def _range(left: Point, right: Point, as_of: date) -> Days | None:
    """Each end borrows from the other what it does not say: "3 to 5 May", "between March and May 2020"."""
    month, last_month = (
        left.month or (right.month if left.day else None),
        right.month or (left.month if right.day else None),
    )
    turn = bool(month and last_month and month > last_month)  # "from November to February"
    known = right.year if right.year is not None else left.year + turn if left.year is not None else None
    for candidate in _candidates(known, as_of):
        begin = left.year if left.year is not None else candidate - turn
        days = join(days_of(begin, month, left.day), days_of(candidate, last_month, right.day))
        if days and (known is not None or (month and days[0] <= as_of)):
            return days
    return None


def _season(match: _Match, said: int | None, as_of: date) -> Days | None:
    """The months of the north. "Winter 2021" may be either winter that touches the year."""
    first, last = SEASONS[match["season"]]
    for candidate in _candidates(said, as_of):
        begin = candidate - (last > 12 and said is not None)
        days = join(days_of(begin, first), days_of(candidate + last // 13, (last - 1) % 12 + 1))
        if days and (said is not None or days[match["det"] == "last"] <= as_of):
            return days
    return None


def _part(days: Days, part: str) -> Days:
    begin, end = _PARTS[" ".join(part.split())]
    length = (days[1] - days[0]).days
    return shift(days[0], int(length * begin)), shift(days[0], int(length * end + 0.5))


def _open(days: Days, prep: str, as_of: date) -> Days | None:
    """The days before or since those, if that is what is said."""
    if prep.startswith(("before", "prior")):
        return (date.min, shift(days[0], -1)) if days[0] <= as_of else None
    if prep in ("since", "after"):
        first = days[0] if prep == "since" else shift(days[1], 1)
        return (first, as_of) if first <= as_of else None
    return days
