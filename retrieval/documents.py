"""The articles of a generation, with their texts, in one SQLite file: read one at a time, never all in memory."""

import hashlib
import sqlite3
import threading
import zlib
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path

from retrieval.errors import IndexCorrupt
from retrieval.types import Article

_COLUMNS = "id, title, source, author, published, url, path, text"
_SCHEMA = """
CREATE TABLE articles (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, digest BLOB NOT NULL, title TEXT NOT NULL, source TEXT,
    author TEXT, published TEXT, url TEXT, path TEXT, text BLOB NOT NULL
)
"""
_CACHED = 256


def article_digest(article: Article) -> bytes:
    """16 bytes that change whenever anything of the article but its path does."""
    parts = (article.title, article.source, article.author, article.published, article.url, article.text)
    return hashlib.sha256("\0".join("" if part is None else str(part) for part in parts).encode()).digest()[:16]


class DocumentsWriter:
    """Writes articles in the order in which they come; the first has the number 0."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("PRAGMA synchronous = OFF")  # the whole generation is fsynced before it is published
        self._db.execute(_SCHEMA)
        self._count = 0

    def add(self, article: Article) -> bytes:
        """Append an article; returns its digest."""
        digest = article_digest(article)
        self._db.execute(
            "INSERT INTO articles VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self._count,
                article.id,
                digest,
                article.title,
                article.source,
                article.author,
                article.published.isoformat() if article.published else None,
                article.url,
                str(article.path) if article.path else None,
                zlib.compress(article.text.encode(), 1),
            ),
        )
        self._count += 1
        return digest

    def close(self) -> None:
        """Commit and close the file."""
        self._db.commit()
        self._db.close()


class Documents:
    """A finished file of articles, read only. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        address = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        try:
            self._db = sqlite3.connect(address, uri=True, check_same_thread=False)
        except sqlite3.OperationalError as error:
            raise IndexCorrupt(path, f"cannot be opened ({error})") from error
        self._lock = threading.Lock()
        self.article = lru_cache(_CACHED)(self._read)

    def __len__(self) -> int:
        count: int = self._rows("SELECT count(*) FROM articles")[0][0]
        return count

    def _read(self, number: int) -> Article:
        """The article of that number."""
        rows = self._rows(f"SELECT {_COLUMNS} FROM articles WHERE number = ?", number)  # noqa: S608
        if not rows:
            raise IndexCorrupt(self._path, f"has no article number {number}")
        return self._article(rows[0])

    def find(self, article_id: str) -> Article | None:
        """The article of that id, or None."""
        rows = self._rows(f"SELECT {_COLUMNS} FROM articles WHERE id = ?", article_id)  # noqa: S608
        return self._article(rows[0]) if rows else None

    def digests(self) -> dict[str, bytes]:
        """Article id -> digest, for all articles."""
        return dict(self._rows("SELECT id, digest FROM articles"))

    def newest(self, count: int, skip: int = 0) -> list[Article]:
        """So many articles, newest first, undated last, without the first `skip` of them."""
        query = f"SELECT {_COLUMNS} FROM articles ORDER BY published IS NULL, published DESC, id LIMIT ? OFFSET ?"  # noqa: S608
        return [self._article(row) for row in self._rows(query, count, skip)]

    def outlets(self) -> list[tuple[str | None, int]]:
        """Each outlet with the number of its articles, the largest first; None are those of an unknown one."""
        return self._rows("SELECT source, count(*) FROM articles GROUP BY source ORDER BY count(*) DESC, source")

    def __iter__(self) -> Iterator[Article]:
        for number in range(len(self)):
            yield self._read(number)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _rows(self, query: str, *values: object) -> list[tuple]:  # type: ignore[type-arg]
        try:
            with self._lock:
                return self._db.execute(query, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise IndexCorrupt(self._path, f"cannot be read ({error})") from error

    def _article(self, row: tuple) -> Article:  # type: ignore[type-arg]
        identity, title, source, author, published, url, path, text = row
        return Article(
            id=identity,
            title=title,
            text=zlib.decompress(text).decode(),
            source=source,
            author=author,
            published=date.fromisoformat(published) if published else None,
            url=url,
            path=Path(path) if path else None,
        )
