"""Generations of the index on disk: one is CURRENT, the ones before it wait for a roll back.

index/CURRENT        the name of the generation that answers
index/000007/        a generation; it gets this name only when it is complete, verified and on disk
index/.build-…/      a build under way, or the rest of one that was killed; the next build removes
                         whatever begins with a dot
index/build.lock     held by the one build; index/building.json says who holds it
"""

import hashlib
import json
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from retrieval.errors import BuildRunning, IndexCorrupt, IndexIncompatible, IndexMissing, NoPrevious
from retrieval.files import fsync_folder, fsync_tree, write_atomically
from retrieval.index import Index, open_index

_log = logging.getLogger(__name__)
_NAME = re.compile(r"\d{6,}")
_SCRATCH = ".build-"
KEEP = 3


@dataclass(frozen=True, slots=True)
class Opened:
    """The index that answers, and what was found damaged on the way to it."""

    index: Index
    damaged: tuple[IndexCorrupt, ...]


class Store:
    """The generations below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def generations(self) -> list[str]:
        """The names of all generations, oldest first."""
        if not self.root.is_dir():
            return []
        names = (path.name for path in self.root.iterdir() if path.is_dir())
        return sorted((name for name in names if _NAME.fullmatch(name)), key=int)

    def require(self) -> list[str]:
        """The names of all generations, oldest first.

        Raises:
            IndexMissing: there is none.
        """
        names = self.generations()
        if not names:
            raise IndexMissing(f"there is no index in {self.root}; build one with `byline index`.")
        return names

    def current(self) -> str | None:
        """The name in CURRENT, or None if there is none that makes sense."""
        try:
            content = (self.root / "CURRENT").read_bytes().decode("ascii")
        except (OSError, UnicodeDecodeError):
            return None
        name = content.partition(" ")[0]
        return name if _NAME.fullmatch(name) and content == _current(name) else None

    def open(self) -> Opened:
        """Verify and open the current generation or, if it is damaged, the nearest sound one.

        Raises:
            IndexMissing: there is no generation at all.
            IndexCorrupt: no generation is sound; the error is that of the current one.
            IndexIncompatible: the generation is of another format.
        """
        # CURRENT first: a build may publish between two looks, and what CURRENT names is there from then on.
        current = self.current()
        names = self.require()
        damaged: list[IndexCorrupt] = []
        if current not in names:
            damaged.append(IndexCorrupt(self.root / "CURRENT", "does not name a generation that is there"))
            current = names[-1]
        before = [name for name in reversed(names) if int(name) <= int(current)]
        after = [name for name in names if int(name) > int(current)]
        for name in before + after:
            try:
                return Opened(open_index(self.root / name), tuple(damaged))
            except IndexCorrupt as error:
                damaged.append(error)
        raise damaged[-len(names)]

    @contextmanager
    def building(self) -> Iterator[None]:
        """Hold the build lock; what an earlier, killed build left behind is removed.

        Raises:
            BuildRunning: another process holds it.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.root / "build.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise BuildRunning(f"a build is running already ({self._builder()}); wait for it to end.") from error
        try:
            for path in self.root.glob(".*"):
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()  # the scratch file of an atomic write
            started = datetime.now(UTC).isoformat(timespec="seconds")
            write_atomically(
                self.root / "building.json", json.dumps({"process": os.getpid(), "started": started}).encode()
            )
            yield
        finally:
            (self.root / "building.json").unlink(missing_ok=True)
            lock.release()

    def _builder(self) -> str:
        try:
            builder = json.loads((self.root / "building.json").read_bytes())
            return f"process {builder['process']}, since {builder['started']}"
        except (OSError, ValueError, KeyError, TypeError):
            return "just started"

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder to build in; removed at the end unless it was published."""
        folder = Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=self.root))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def publish(self, folder: Path) -> str:
        """Make a complete, verified folder the current generation; returns its name. Durable when it returns."""
        names = self.generations()
        name = f"{int(names[-1]) + 1 if names else 1:06d}"
        fsync_tree(folder)
        folder.rename(self.root / name)
        try:
            fsync_folder(self.root)
            self.switch(name)
        except BaseException:
            (self.root / name).rename(folder)
            raise
        return name

    def switch(self, name: str) -> None:
        """Let `name` answer from now on."""
        write_atomically(self.root / "CURRENT", _current(name).encode())

    def rollback(self) -> str:
        """Make the nearest older sound generation current; returns its name.

        Raises:
            NoPrevious: there is none.
        """
        current = self.current()
        for name in reversed(self.generations()):
            if current is not None and int(name) >= int(current):
                continue
            try:
                open_index(self.root / name)
            except (IndexCorrupt, IndexIncompatible) as error:
                _log.error("generation %s is passed over: %s", name, error)
                continue
            self.switch(name)
            return name
        raise NoPrevious("there is no older sound generation to go back to; build the index with `byline index`.")

    def prune(self, keep: int = KEEP) -> list[str]:
        """Remove all but the newest `keep` generations and the current one; returns the names removed."""
        old = [name for name in self.generations()[:-keep] if name != self.current()]
        for name in old:
            # Renamed first, so that a kill half-way leaves no generation with files missing.
            doomed = self.root / f"{_SCRATCH}pruned-{name}"
            (self.root / name).rename(doomed)
            shutil.rmtree(doomed)
        return old


def _current(name: str) -> str:
    """The content of CURRENT: the name, and a checksum by which one wrong digit in it is noticed."""
    return f"{name} {hashlib.sha256(name.encode()).hexdigest()[:16]}\n"
