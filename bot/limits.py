"""How often one user, and one chat, may ask."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Literal

Verdict = Literal["yes", "warn", "silent"]
"""Answer; or do not, and say "one moment, please"; or do not, and say nothing, since that has just been said."""

_WARN_EVERY = 60.0
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Rate:
    """So many questions in so many seconds. They may come all at once; after that, evenly spread."""

    count: int
    seconds: float

    def __post_init__(self) -> None:
        if self.count < 1 or not self.seconds > 0:
            raise ValueError(f"{self.count} in {self.seconds} seconds is not a rate")


@dataclass(slots=True)
class _Bucket:
    """What is left of a rate at a time, and when a warning was last given."""

    left: float
    at: float
    warned: float


class Limits:
    """Counts questions. For one thread, the one of the event loop."""

    def __init__(
        self, per_user: Rate, per_chat: Rate, clock: Callable[[], float] = time.monotonic, most: int = _MOST
    ) -> None:
        """`most` is how many users, and how many chats, are remembered; those longest silent are forgotten first."""
        self._users = _Buckets(per_user, most)
        self._chats = _Buckets(per_chat, most)
        self._clock = clock

    def allow(self, user_id: int, chat_id: int | None) -> Verdict:
        """Whether this question is to be answered.

        A question beyond its user's own rate takes nothing from the chat, so that the others there can go on asking.
        In a private chat, whose id is its user's, and without a chat (an inline query) only the user's rate counts. A
        group, whose id is negative, may be its own user: anonymous admins write in its name; both its rates count then.
        A user is warned at most once a minute, and a chat that is over its rate too.
        """
        now = self._clock()
        user = self._users.get(user_id, now)
        private = chat_id == user_id > 0
        asked = [user] if chat_id is None or private else [user, self._chats.get(chat_id, now)]
        spent = [bucket for bucket in asked if bucket.left < 1]
        if not spent:
            for bucket in asked:
                bucket.left -= 1
            return "yes"
        to_warn = [user] if user in spent else [user, *spent]
        if any(now - bucket.warned < _WARN_EVERY for bucket in to_warn):
            return "silent"
        for bucket in to_warn:
            bucket.warned = now
        return "warn"

    def __len__(self) -> int:
        """How many users and chats are remembered."""
        return len(self._users) + len(self._chats)


class _Buckets:
    """Token buckets in the order of their last use, so that the first is the nearest to full."""

    def __init__(self, rate: Rate, most: int) -> None:
        self._rate, self._most = rate, most
        self._buckets: OrderedDict[int, _Bucket] = OrderedDict()

    def get(self, key: int, now: float) -> _Bucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            self._forget(now)
            bucket = self._buckets[key] = _Bucket(self._rate.count, now, -inf)
        self._buckets.move_to_end(key)
        earned = (now - bucket.at) * self._rate.count / self._rate.seconds
        bucket.left, bucket.at = min(self._rate.count, bucket.left + earned), now
        return bucket

    def _forget(self, now: float) -> None:
        """Drop what says no more than a new bucket would, and in any case enough for one more."""
        kept = max(self._rate.seconds, _WARN_EVERY)
        while self._buckets and (
            len(self._buckets) >= self._most or now - next(iter(self._buckets.values())).at >= kept
        ):
            self._buckets.popitem(last=False)

    def __len__(self) -> int:
        return len(self._buckets)
