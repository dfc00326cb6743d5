"""Helpers to write collections and read them back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from retrieval.articles import read_articles
from retrieval.errors import ArticleError
from retrieval.types import Article


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything that came out of some sources."""

    articles: list[Article]
    errors: list[ArticleError]

    @property
    def only(self) -> Article:
        """The one article there is, without an error."""
        assert not self.errors, self.errors
        (article,) = self.articles
        return article

    @property
    def reason(self) -> str:
        """The one error there is, without an article."""
        assert not self.articles
        (error,) = self.errors
        return error.reason


Read = Callable[..., Reading]
ReadBytes = Callable[[str, bytes], Reading]


def read_all(sources: Sequence[Path]) -> Reading:
    """Read to the end and sort articles from errors."""
    found = list(read_articles(sources))
    return Reading(
        [item for item in found if isinstance(item, Article)],
        [item for item in found if isinstance(item, ArticleError)],
    )


@pytest.fixture
def read() -> Read:
    """Reads the sources that are its arguments."""
    return lambda *sources: read_all(sources)


@pytest.fixture
def read_bytes(tmp_path: Path) -> ReadBytes:
    """Writes one file of that name and content, and reads it."""

    def write_and_read(name: str, data: bytes) -> Reading:
        path = tmp_path / name
        path.write_bytes(data)
        return read_all([path])

    return write_and_read
