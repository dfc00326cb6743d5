"""What goes wrong between a bot and Telegram: faults on demand, and the flood limits."""

import math
import time
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import cycle

KINDS = ("429", "502", "timeout", "reset", "lost", "slow")


@dataclass(frozen=True, slots=True)
class Faults:
    """Each `every`th request has a fault, of the `kinds` in turn.

    429 and 502 are answers; "reset" breaks the connection and "timeout" never answers, all of them before the request
    has had an effect. "lost" breaks the connection when it has had its effect, and "slow" answers after `delay`
    seconds. `methods` are the only methods that have faults, or None for all; `spared` those that have none.
    `retry_after` is in seconds.
    """

    every: int
    kinds: Sequence[str] = ("429", "502", "timeout", "reset")
    methods: Collection[str] | None = None
    spared: Collection[str] = ()
    delay: float = 0.5
    retry_after: int = 1

    def concern(self, method: str) -> bool:
        """Whether a request for that method counts."""
        return method not in self.spared and (self.methods is None or method in self.methods)


class FaultCounter:
    """Counts requests, and says which of them fail and how."""

    def __init__(self, faults: Faults) -> None:
        unknown = set(faults.kinds) - set(KINDS)
        assert faults.every >= 1, "the first request is the first that can fail"
        assert faults.kinds, "name a kind of fault"
        assert not unknown, f"no kinds of fault: {unknown}"
        self.faults = faults
        self._kinds = cycle(faults.kinds)
        self._seen = 0

    def next(self, method: str) -> str | None:
        """The kind of fault that this request has, or None."""
        if not self.faults.concern(method):
            return None
        self._seen += 1
        return next(self._kinds) if self._seen % self.faults.every == 0 else None


class Flood:
    """Limits on messages sent and edited: so many in so many seconds, in a chat and overall; None is no limit.

    "My bot is hitting limits" of the FAQ: one a second in a chat, twenty a minute in a group, about thirty a second
    overall. Telegram lets short bursts over the first of them pass.
    """

    def __init__(self, per_chat: tuple[int, float] | None, overall: tuple[int, float] | None) -> None:
        self._per_chat, self._overall = per_chat, overall
        self._sent: dict[object, deque[float]] = {}

    def wait_for(self, chat: object) -> int:
        """Count a message; 0, or the seconds after which it may be tried again, in which case it does not count."""
        now = time.monotonic()
        counts = []
        for key, limit in ((("chat", chat), self._per_chat), ("overall", self._overall)):
            if limit is not None:
                sent = self._sent.setdefault(key, deque())
                wait = _wait(sent, limit, now)
                if wait:
                    return wait
                counts.append(sent)
        for sent in counts:
            sent.append(now)
        return 0


def _wait(sent: deque[float], limit: tuple[int, float], now: float) -> int:
    number, seconds = limit
    while sent and sent[0] <= now - seconds:
        sent.popleft()
    return math.ceil(sent[0] + seconds - now) if len(sent) >= number else 0
