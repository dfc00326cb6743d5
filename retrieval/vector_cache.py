"""Vectors already computed, by encoder and text, so that a rebuild embeds only what is new."""

import hashlib
import logging
import sqlite3
import zlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import numpy as np
import numpy.typing as npt

from retrieval.encoder import Encoder

_Result = TypeVar("_Result")
HalfVectors = npt.NDArray[np.float16]

_log = logging.getLogger(__name__)
_BATCH = 256
_SCHEMA = "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, crc INTEGER, vector BLOB) WITHOUT ROWID"


class VectorCache:
    """A SQLite file of float16 vectors. What was committed survives a kill; a damaged row counts as absent.

    A damaged file is set aside and begun anew: the cache saves time and holds nothing that cannot be had again.
    """

    def __init__(self, path: Path, encoder: Encoder) -> None:
        self._path, self._encoder = path, encoder
        self._used: list[bytes] = []
        self.computed = 0
        """How many vectors had to be computed since the cache was opened."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = self._mended(self._open)

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, timeout=30)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute(_SCHEMA)
        return db

    def _mended(self, work: Callable[[], _Result]) -> _Result:
        """What `work` gives; if the file turns out to be damaged it is set aside, and the work done with a new one."""
        try:
            return work()
        except sqlite3.OperationalError:  # locked, full or unreadable is not damaged
            raise
        except sqlite3.DatabaseError as error:
            _log.warning("the vector cache %s is damaged (%s); beginning a new one", self._path, error)
        if hasattr(self, "_db"):
            self._db.close()
        self._path.replace(self._path.with_suffix(".damaged"))
        for rest in ("-wal", "-shm"):
            self._path.with_name(self._path.name + rest).unlink(missing_ok=True)
        self._db = self._open()
        return work()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    def __len__(self) -> int:
        return self._mended(lambda: int(self._db.execute("SELECT count(*) FROM vectors").fetchone()[0]))

    def _key(self, text: str) -> bytes:
        """What the vector of `text` is filed under: 16 bytes of the encoder's fingerprint and the text."""
        return hashlib.sha256(f"{self._encoder.fingerprint}\0{text}".encode()).digest()[:16]

    def vectors(self, texts: Sequence[str], computed: Callable[[int], None] = lambda count: None) -> HalfVectors:
        """The vectors of the texts, float16, shape (len(texts), dimension); those not held are computed and kept.

        `computed` is told, batch by batch, how many of these texts have been computed.
        """
        keys = [self._key(text) for text in texts]
        self._used += keys
        found = self._mended(lambda: self._look_up(keys))
        absent = [row for row, vector in enumerate(found) if vector is None]
        for first in range(0, len(absent), _BATCH):
            rows = absent[first : first + _BATCH]
            vectors = self._encoder.encode([texts[row] for row in rows]).astype(np.float16)
            entries = []
            for row, vector in zip(rows, vectors, strict=True):
                found[row] = vector
                entries.append((keys[row], zlib.crc32(data := vector.tobytes()), data))
            self._mended(partial(self._keep, entries))
            self.computed += len(rows)
            computed(first + len(rows))
        return np.array(found, dtype=np.float16).reshape(len(texts), self._encoder.dimension)

    def drop_unused(self) -> int:
        """Drop every vector that was not asked for since the cache was opened; returns how many were dropped."""
        return self._mended(self._drop_unused)

    def _drop_unused(self) -> int:
        with self._db:
            self._db.execute("CREATE TEMP TABLE kept (key BLOB PRIMARY KEY) WITHOUT ROWID")
            self._db.executemany("INSERT OR IGNORE INTO kept VALUES (?)", ((key,) for key in self._used))
            dropped = self._db.execute("DELETE FROM vectors WHERE key NOT IN (SELECT key FROM kept)").rowcount
            self._db.execute("DROP TABLE kept")
        return dropped

    def _keep(self, entries: Sequence[tuple[bytes, int, bytes]]) -> None:
        with self._db:
            self._db.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", entries)

    def _look_up(self, keys: Sequence[bytes]) -> list[HalfVectors | None]:
        size = self._encoder.dimension * 2
        held: dict[bytes, HalfVectors] = {}
        for first in range(0, len(keys), _BATCH):
            batch = keys[first : first + _BATCH]
            marks = ",".join("?" * len(batch))
            rows = self._db.execute(f"SELECT key, crc, vector FROM vectors WHERE key IN ({marks})", batch)  # noqa: S608
            for key, crc, data in rows:
                if len(data) == size and zlib.crc32(data) == crc:
                    held[key] = np.frombuffer(data, dtype=np.float16)
        return [held.get(key) for key in keys]
