"""A build's progress and outcome as lines of JSON on standard output, for the process that started it."""

import time
from dataclasses import asdict
from typing import Any

from bot.output import report_json, to_json
from retrieval.errors import RetrievalError
from retrieval.types import BuildReport, Progress

_EVERY = 0.25


class EventLines:
    """{"event": "progress", "phase", "done", "total"}, {"event": "planned" or "done", "report"}, or at the end
    {"event": "failed", "kind", "message"}.
    """

    def __init__(self) -> None:
        self._phase = ""
        self._last = 0.0

    def progress(self, progress: Progress) -> None:
        """How far the build is: at most a few lines a second, and one at the beginning of each phase."""
        now = time.monotonic()
        if progress.phase != self._phase or now - self._last >= _EVERY:
            self._phase, self._last = progress.phase, now
            _print({"event": "progress", **asdict(progress)})

    def planned(self, report: BuildReport) -> None:
        """What will change."""
        _print({"event": "planned", "report": report_json(report)})

    def done(self, report: BuildReport) -> None:
        """What was done."""
        _print({"event": "done", "report": report_json(report)})

    def failed(self, error: RetrievalError) -> None:
        """Why nothing was published."""
        _print({"event": "failed", "kind": type(error).__name__, "message": str(error)})


def _print(event: dict[str, Any]) -> None:
    print(to_json(event), flush=True)
