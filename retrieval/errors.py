"""Every failure of `retrieval`, as one tree. This module imports nothing of Byline.

    RetrievalError
      ArticleError        a source or one of its records cannot be read; becomes a line of the report
      EmptyCorpus         nothing readable was found, so there is nothing to publish
      ModelError          an embedding model is missing, damaged or unusable
      IndexMissing        no index has been built yet
      IndexCorrupt        a file of a generation is missing, cut short or altered
      IndexIncompatible   the index was built by another model or format
      BuildRunning        another process is building
      BuildRefused        the new index lost too much to be published without --force
      StorageError        the disk is full or failed during a build; nothing was published
      NoPrevious          there is no generation to roll back to
      BadQuestion         the question or its date cannot be used

Messages say what was wrong, with which file or value, and what to do. The data is on the exception as well.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any


class RetrievalError(Exception):
    """The root. `str(error)` is fit to be shown to an operator."""


class ArticleError(RetrievalError):
    """A file, or one line of it, is not an article that can be read."""

    def __init__(self, path: Path, reason: str, line: int | None = None) -> None:
        self.path, self.reason, self.line = path, reason, line
        super().__init__(f"{path}{f':{line}' if line else ''}: {reason}")

    def to_json(self) -> dict[str, str | int | None]:
        """The error as JSON: {"path", "line", "reason"}."""
        return {"path": str(self.path), "line": self.line, "reason": self.reason}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> "ArticleError":
        """The error that `to_json` gave."""
        return cls(Path(fields["path"]), fields["reason"], fields["line"])


class EmptyCorpus(RetrievalError):
    """No article could be read from the sources."""


class ModelError(RetrievalError):
    """The embedding model cannot be used."""


class IndexMissing(RetrievalError):
    """There is no index in the data folder."""


class IndexCorrupt(RetrievalError):
    """A file of a generation is not what its manifest says."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(
            f"{path}: {reason}. Build the index again with `byline index`, or go back with `byline rollback`."
        )


class IndexIncompatible(RetrievalError):
    """The index cannot be read by this configuration or version."""


class BuildRunning(RetrievalError):
    """Another build holds the lock."""


class BuildRefused(RetrievalError):
    """The new generation lost more than half of the articles; the old one goes on serving."""

    def __init__(self, before: int, after: int) -> None:
        self.before, self.after = before, after
        super().__init__(
            f"the new index would hold {after} articles where the present one holds {before}; it was not published. "
            "Check the sources, or publish it all the same with --force."
        )


class StorageError(RetrievalError):
    """The disk is full or failed during a build; nothing was published."""


class NoPrevious(RetrievalError):
    """There is no older sound generation."""


class BadQuestion(RetrievalError):
    """The question is empty or too long, or its date is no date."""
