"""The values that flow through Byline. All are frozen; None means "not known" or "no answer" and nothing else."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Article:
    """A cleaned article. Passages and citations are offsets into its `text`."""

    id: str
    title: str
    text: str
    source: str | None = None
    author: str | None = None
    published: date | None = None
    url: str | None = None
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A few whole sentences of an article: article.text[start:end] == text."""

    article_id: str
    start: int
    end: int
    text: str

    @property
    def id(self) -> str:
        """The same across rebuilds for as long as the article is not changed before `end`."""
        return f"{self.article_id}:{self.start}-{self.end}"
