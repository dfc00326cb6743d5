"""A mention: one expression of time in a question, before any choice between several."""

from dataclasses import dataclass
from enum import IntEnum

from retrieval.periods.days import Days


class Rank(IntEnum):
    """Of several mentions the lowest rank counts."""

    RELATIVE = 0  # "last week"
    DATE = 1
    EDITION = 2  # "the 2019 election"
    VAGUE = 3  # "recently"


@dataclass(frozen=True, slots=True)
class Mention:
    """What one expression says: the words question[start:end] mean `days`."""

    days: Days
    rank: Rank
    start: int
    body: int  # where it starts behind its preposition
    end: int
    ended: bool = False  # no article of a later day is meant: "before 2015"

    @property
    def slack(self) -> int:
        """For how many days after an event of these days articles about it still appear."""
        if self.ended:
            return 0
        return 7 if self.length == 1 else 10 if self.length <= 31 else 30

    @property
    def length(self) -> int:
        """How many days."""
        return (self.days[1] - self.days[0]).days + 1
