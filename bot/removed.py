"""The articles that an admin has taken out: a list in one JSON file, which every build leaves out of the index."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock

from retrieval.errors import RetrievalError
from retrieval.files import write_atomically


class RemovedDamaged(RetrievalError):
    """The list cannot be read. It is never taken for an empty one, which would bring every article back."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(
            f"{path}, the list of removed articles, {reason}. "
            "Mend it or bring back a copy; without the file no article counts as removed."
        )


@dataclass(frozen=True, slots=True)
class Removal:
    """An article that was taken out: its id and title then, the number of the user who did it, and when, in UTC."""

    id: str
    title: str
    by: int
    at: datetime


class Removed:
    """The list in the file `path`, which need not exist yet. Safe to use from several threads and processes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def ids(self) -> frozenset[str]:
        """The ids of all articles that are out.

        Raises:
            RemovedDamaged: the file is there but cannot be read, or is not such a list.
        """
        return frozenset(removal.id for removal in self._read())

    def entries(self) -> tuple[Removal, ...]:
        """The articles that are out, the last one taken out first.

        Raises:
            RemovedDamaged: as `ids`.
        """
        return self._read()[::-1]

    def remove(self, article_id: str, title: str, by: int) -> bool:
        """Take an article out; False if it is out already, and then the list stays as it is.

        Raises:
            RemovedDamaged: as `ids`.
            OSError: the list cannot be written; it is as it was.
        """
        removal = Removal(article_id, title, by, datetime.now(UTC))
        return self._change(
            lambda removals: removals if any(known.id == article_id for known in removals) else (*removals, removal)
        )

    def restore(self, article_id: str) -> bool:
        """Let an article in again; False if it was not out.

        Raises:
            RemovedDamaged, OSError: as `remove`.
        """
        return self._change(lambda removals: tuple(known for known in removals if known.id != article_id))

    def _change(self, change: Callable[[tuple[Removal, ...]], tuple[Removal, ...]]) -> bool:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{self._path}.lock"):
            before = self._read()
            after = change(before)
            if after == before:
                return False
            write_atomically(self._path, _to_json(after))
            return True

    def _read(self) -> tuple[Removal, ...]:
        try:
            return _from_json(self._path.read_bytes())
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise RemovedDamaged(self._path, f"cannot be read ({error.strerror or 'input error'})") from error
        except (ValueError, RecursionError) as error:
            raise RemovedDamaged(self._path, "is damaged") from error


def _to_json(removals: tuple[Removal, ...]) -> bytes:
    items = [
        {"id": removal.id, "title": removal.title, "by": removal.by, "at": removal.at.isoformat()}
        for removal in removals
    ]
    return f"{json.dumps({'removed': items}, ensure_ascii=False, indent=1)}\n".encode()


def _from_json(data: bytes) -> tuple[Removal, ...]:
    """Raises: ValueError, if the data is not such a list."""
    document = json.loads(data)
    match document:
        case {"removed": [*items]}:
            return tuple(_removal(item) for item in items)
        case _:
            raise ValueError("no list of removed articles")


def _removal(item: object) -> Removal:
    match item:
        case {"id": str(identity), "title": str(title), "by": int(by), "at": str(at)}:
            return Removal(identity, title, by, datetime.fromisoformat(at))
        case _:
            raise ValueError("no removed article")
