"""Builds in processes of their own, to be killed, starved or kept waiting."""

import errno
import multiprocessing
import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from retrieval.store import Store
from retrieval.types import Progress
from tests.fakes import FakeEncoder, Place

_PATIENCE = 30.0
# A fork server that has the modules already starts a child in milliseconds.
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.children"])


@dataclass(frozen=True, slots=True)
class Child:
    """A running child; it says "begun" and then how it ended."""

    process: BaseProcess
    talk: Connection

    def hear(self) -> Any:
        """What the child says next."""
        assert self.talk.poll(_PATIENCE), "the child says nothing"
        return self.talk.recv()

    def ended(self) -> int:
        """Wait for the end; the exit status, negative for a signal."""
        self.process.join(_PATIENCE)
        assert self.process.exitcode is not None, "the child does not end"
        self.talk.close()
        return self.process.exitcode

    def kill(self) -> int:
        """kill -9; the exit status, which is that of a child that had ended already if it had."""
        self.process.kill()
        return self.ended()


def start(task: Callable[..., None], *arguments: object) -> Child:
    """Run `task(connection, *arguments)` in a child."""
    here, there = _processes.Pipe()
    process = _processes.Process(target=task, args=(there, *arguments), daemon=True)
    process.start()
    there.close()
    return Child(process, here)


def build_slowly(talk: Connection, root: Path, delay: float) -> None:
    """Build with an encoder that takes `delay` seconds a call."""
    talk.send("begun")
    report = Place(root, FakeEncoder(delay=delay)).build()
    talk.send(report.generation)


def hold_the_lock(talk: Connection, root: Path) -> None:
    """Build, and stop in the midst of it until told to go on."""

    def wait(progress: Progress) -> None:
        if progress.phase == "indexing":
            talk.send("begun")
            talk.recv()

    talk.send(Place(root).build(progress=wait).generation)


def die_in_phase(talk: Connection, root: Path, phase: str) -> None:
    """End at once, without any tidying, at the first sign of a phase."""

    def die(progress: Progress) -> None:
        if progress.phase == phase:
            os._exit(9)

    Place(root).build(progress=die)


class DyingStore(Store):
    """Ends the process before or after one of its steps."""

    def __init__(self, root: Path, moment: str) -> None:
        super().__init__(root)
        self._moment = moment

    def publish(self, folder: Path) -> str:
        self._die("before publish")
        name = super().publish(folder)
        self._die("after publish")
        return name

    def switch(self, name: str) -> None:
        self._die("before switch")
        super().switch(name)
        self._die("after switch")

    def prune(self, keep: int = 3) -> list[str]:
        self._die("before prune")
        removed = super().prune(keep)
        self._die("after prune")
        return removed

    def _die(self, moment: str) -> None:
        if moment == self._moment:
            os._exit(9)


def die_in_store(talk: Connection, root: Path, moment: str) -> None:
    """End at once before or after a step of publishing."""
    place = Place(root)
    place.build(store=DyingStore(place.store.root, moment))


_STEPS = ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "shutil.rmtree", "tempfile.mkstemp", "sqlite3.connect")


def die_at_step(talk: Connection, root: Path, step: int) -> None:
    """End at once before the given step, from 1, of all those that change names in the data folder.

    Says the number of steps if there are fewer.
    """
    place = Place(root)
    steps = 0

    def count(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal steps
        if event not in _STEPS or not str(arguments[0]).startswith((str(place.data), f"file:{place.data}")):
            return
        steps += 1
        if steps == step:
            os._exit(9)

    sys.addaudithook(count)
    place.build()
    talk.send(steps)


def starve(talk: Connection, root: Path, moment: str, limit: int) -> None:
    """Build where, from a moment on, no file may grow beyond `limit` bytes.

    The moment is a phase of the build, "embedded" for the end of the embedding, or a part of the name of a file: then
    it is when the first such file is opened to be written. Says the class of the error and its message, or
    "published" and the generation.
    """

    def tighten(now: bool) -> None:
        if now:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

    def on(progress: Progress) -> None:
        tighten(moment in (progress.phase, "embedded" if progress.done == progress.total else ""))

    def opened(event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("tempfile.mkstemp", "sqlite3.connect"):
            tighten(moment in str(arguments[0]))
        elif event == "open":
            path, _, flags = arguments
            tighten(moment in str(path) and bool(flags & (os.O_WRONLY | os.O_RDWR)))

    sys.addaudithook(opened)
    try:
        report = Place(root).build(progress=on)
    except BaseException as error:
        talk.send((type(error), str(error)))
    else:
        talk.send(("published", report.generation))


class FullStore(Store):
    """A store whose disk is full at one step: "switch" or "prune"."""

    def __init__(self, root: Path, step: str) -> None:
        super().__init__(root)
        self._step = step

    def switch(self, name: str) -> None:
        self._fail("switch")
        super().switch(name)

    def prune(self, keep: int = 3) -> list[str]:
        self._fail("prune")
        return super().prune(keep)

    def _fail(self, step: str) -> None:
        if step == self._step:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def wait_for(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    """True as soon as the condition holds; False if it does not in that time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True
