"""The period a question speaks of: "in March 2018", "last week", "on 20 March".

A date in a question mostly says when something happened. Articles about it appear then or soon after, but a later one
may tell of it too, so such a date only favours. Words about publication ("articles published in March 2018") restrict,
unless the question speaks of a second publication, which a restriction to the date of the first would shut out.

A wrong period costs more than a missed one: what may be a name, a verb or a count gives none. Every pattern is bounded,
so the time grows only with the length of the text.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from retrieval.periods.asked import Asked
from retrieval.periods.calendar_dates import calendar_dates
from retrieval.periods.days import shift
from retrieval.periods.mentions import Mention, Rank
from retrieval.periods.publication import published
from retrieval.periods.relative_dates import relative_dates

_COMPARED = re.compile(r"\b(?:than|compared (?:with|to)|versus) [\w ']{0,25}\Z")
_TO = re.compile(r" +(?:to|until|till|through) +\Z")
_ON = re.compile(r"(?: {1,3}(?:morning|afternoon|evening|night))?[ ,(]{1,3}")


@dataclass(frozen=True, slots=True)
class Period:
    """The days first..last (inclusive) that a question speaks of, never after the day it is asked.

    "restrict": the words name the day of publication, so articles of other days are not meant. "favour": they name the
    day of the event, so articles of these days are likelier to tell of it than others.
    """

    first: date
    last: date
    kind: Literal["restrict", "favour"]
    text: str  # the words that said so: question[start:end]
    start: int
    end: int


def find_period(question: str, as_of: date) -> Period | None:
    """The period that `question`, asked on `as_of`, speaks of; None if it speaks of none that has begun.

    Words about publication count before all others, then relative expressions, then explicit dates, then vague words;
    of equals, the fewest days. "Announced this week, after it closed in March 2020" tells of this week.
    """
    asked = Asked.of(question, as_of)
    dates = list(calendar_dates(asked))
    found = [*dates, *_apart(asked, relative_dates(asked), dates)]
    mentions = [m for m in found if not _COMPARED.search(asked.before(m.start, 40))]
    restricting = published(asked, mentions)
    begun = (m for m in mentions if m.days[0] <= as_of)
    best = min(begun, key=lambda m: (m not in restricting, m.rank, m.length, m.start), default=None)
    return _period(asked, best, restrict=best in restricting) if best else None


def _apart(asked: Asked, mentions: Iterable[Mention], dates: Iterable[Mention]) -> Iterator[Mention]:
    """Those of `mentions` that are no part of a date: "March last year", "Sunday, 7 January", "from March to today"."""
    dated = {at for m in dates if m.rank == Rank.DATE for at in range(m.body, m.end)}
    for mention in mentions:
        before, after = _TO.search(asked.before(mention.body, 14)), _ON.match(asked.plain, mention.end)
        ends_range = before is not None and mention.body - len(before[0]) - 1 in dated
        leads_to_date = after is not None and after.end() in dated
        if not (mention.start in dated or ends_range or leads_to_date):
            yield mention


def _period(asked: Asked, mention: Mention, *, restrict: bool) -> Period:
    """An article may be dated a day off, and one about an event may appear some days after it."""
    first = shift(mention.days[0], -1 if restrict else 0)
    last = shift(mention.days[1], 1 if restrict else mention.slack)
    words = asked.question[mention.start : mention.end]
    return Period(first, min(last, asked.on), "restrict" if restrict else "favour", words, mention.start, mention.end)
