"""Runs `byline index` in a process of its own and follows its events.

The process has its own memory and low priority, so that questions are answered meanwhile, and whatever happens to it
leaves the index that answers untouched.
"""

import asyncio
import json
import logging
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from bot.settings import Settings
from retrieval.errors import ArticleError
from retrieval.types import BuildReport, Progress

_log = logging.getLogger(__name__)
# A report may name ten thousand rejected files on its one line.
_LONGEST_LINE = 1 << 26
_PATIENCE = 10
_SOON, _LATER = 1.0, 5.0


@dataclass(frozen=True, slots=True)
class Planned:
    """The sources are read; this is what will change."""

    report: BuildReport


Event = Progress | Planned


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a build ended. `report` is there if it was done, or as far as it was planned.

    refused: the new index would have lost most articles. busy: another process is building. If it failed, `error` is
    the name of what was raised, or "Killed", and `message` says more, in English.
    """

    kind: Literal["done", "refused", "busy", "stopped", "failed"]
    report: BuildReport | None = None
    error: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Running:
    """A build under way."""

    by: str
    since: datetime


class Rebuilder:
    """At most one build at a time, and none any more after `close`."""

    def __init__(self, settings: Settings, sources: Sequence[Path]) -> None:
        self._command = [sys.executable, "-m", "bot.cli", "--data", str(settings.data_dir), "index", "--events"]
        self._sources = [str(source) for source in sources]
        self._process: asyncio.subprocess.Process | None = None
        self._stopped = False
        self._closing = asyncio.Event()
        self.running: Running | None = None

    async def run(
        self,
        by: str,
        on_event: Callable[[Event], None],
        *,
        check: bool = False,
        force: bool = False,
    ) -> Outcome:
        """Build, or with `check` only say what would change; `by` names who asked for it.

        `on_event` is called in the event loop's thread, several times a second.
        """
        if self._closing.is_set():
            return Outcome("stopped")
        if self.running:
            return Outcome("busy")
        self.running, self._stopped = Running(by, datetime.now(UTC)), False
        try:
            return await self._follow(["--check"] * check + ["--force"] * force, on_event)
        finally:
            self.running = self._process = None

    def stop(self) -> bool:
        """Stop the build; False if none is running here."""
        if self.running is None:
            return False
        self._stopped = True
        if self._process:
            _terminate(self._process)
        return True

    async def while_busy(self) -> None:
        """Wait a while before another try: longer if another process builds, which only one more process can tell."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), _SOON if self.running else _LATER)

    async def close(self) -> None:
        """Stop the build and wait for its process to end. None is begun any more."""
        self._closing.set()
        process = self._process
        if self.stop() and process:
            try:
                await asyncio.wait_for(process.wait(), _PATIENCE)
            except TimeoutError:
                process.kill()

    async def _follow(self, options: list[str], on_event: Callable[[Event], None]) -> Outcome:
        self._process = process = await asyncio.create_subprocess_exec(
            *self._command,
            *options,
            *self._sources,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            limit=_LONGEST_LINE,
        )
        if self._stopped:  # before there was a process
            _terminate(process)
        outcome, report = None, None
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        async for line in process.stdout:
            event = json.loads(line)
            if event["event"] == "progress":
                on_event(Progress(event["phase"], event["done"], event["total"]))
            elif event["event"] == "planned":
                report = _report(event["report"])
                on_event(Planned(report))
            elif event["event"] == "done":
                outcome = Outcome("done", _report(event["report"]))
            else:
                outcome = Outcome(_KINDS.get(event["kind"], "failed"), report, event["kind"], event["message"])
        code = await process.wait()
        if self._stopped:
            return Outcome("stopped", report)
        if outcome is None:
            _log.error("the build ended with status %s and said nothing", code)
            how = f"signal {-code}" if code < 0 else f"status {code}"
            return Outcome("failed", report, "Killed", f"the build's process ended with {how}.")
        return outcome


def _terminate(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):  # it has just ended by itself
        process.terminate()


_KINDS: dict[str, Literal["refused", "busy"]] = {"BuildRefused": "refused", "BuildRunning": "busy"}


def _report(fields: dict[str, Any]) -> BuildReport:
    fields = {name: value for name, value in fields.items() if name != "rate"}
    rejected = tuple(map(ArticleError.from_json, fields["rejected"]))
    return BuildReport(**{**fields, "rejected": rejected})
