"""Which files the given files and folders hold, in an order that does not depend on the file system."""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from retrieval.errors import ArticleError

Format = Literal["text", "markdown", "html", "pdf", "jsonl", "jsonl.gz"]

FORMATS: dict[str, Format] = {
    ".txt": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".pdf": "pdf",
    ".jsonl": "jsonl",
    ".jsonl.gz": "jsonl.gz",
}


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A regular file of a known format. `id` is its path below the source folder, unique among all files found."""

    path: Path
    id: str
    format: Format


@dataclass(frozen=True, slots=True)
class _Entry:
    """A path still to be looked at; `above` is the folder it lies in, None for a source itself."""

    path: Path
    root: Path
    above: "_Folder | None"


@dataclass(frozen=True, slots=True)
class _Folder:
    key: tuple[int, int]
    above: "_Folder | None"

    def lies_in(self, key: tuple[int, int]) -> bool:
        """True if the folder `key` is this one or one above it."""
        folder: _Folder | None = self
        while folder is not None:
            if folder.key == key:
                return True
            folder = folder.above
        return False


def find_files(sources: Sequence[Path]) -> Iterator[SourceFile | ArticleError]:
    """The files of known formats, each once, in the order of `sources` and of names within a folder.

    Hidden files and files of unknown types in a folder are passed over. Links are followed. Yields an ArticleError
    for each source that does not exist or is of no known type, and for each broken link, loop of links, folder
    without permission, and thing that has the name of an article but is not a regular file.
    """
    seen: set[tuple[int, int]] = set()
    ids: set[str] = set()
    for source in sources:
        root = source if _is_folder(source) else source.parent
        stack = [_Entry(source, root, None)]
        while stack:
            try:
                found = _look(stack, seen, ids)
            except OSError as error:
                yield ArticleError(Path(error.filename or source), why(error))
            except ArticleError as error:
                yield error
            else:
                if found is not None:
                    yield found


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # it lies in a folder that may not be entered; the reason is found again when it is looked at
        return False


def why(error: OSError) -> str:
    """The reason of a failed read in plain words."""
    if isinstance(error, PermissionError):
        return "no permission to read it"
    if isinstance(error, FileNotFoundError):
        return "does not exist"
    return f"cannot be read ({(error.strerror or 'input error').lower()})"


def _look(stack: list[_Entry], seen: set[tuple[int, int]], ids: set[str]) -> SourceFile | None:
    """Take one entry off the stack: a folder puts its content there, a file is returned if it is new."""
    entry = stack.pop()
    status = _status(entry)
    key = (status.st_dev, status.st_ino)
    if stat.S_ISDIR(status.st_mode):
        _open_folder(entry, key, stack, seen)
        return None
    form = format_of(entry.path)
    if form is None:
        if entry.above is None:
            raise ArticleError(entry.path, f"is of a type that cannot be read; known are {', '.join(FORMATS)}")
        return None
    if not stat.S_ISREG(status.st_mode):
        raise ArticleError(entry.path, "is not a regular file")
    if key in seen:
        return None
    seen.add(key)
    _refuse_unspeakable(entry.path)
    return SourceFile(entry.path, _claim_id(entry, ids), form)


def format_of(path: Path) -> Format | None:
    """The format that the name of a file promises."""
    name = path.name.lower()
    return next((form for ending, form in FORMATS.items() if name.endswith(ending)), None)


def _status(entry: _Entry) -> os.stat_result:
    try:
        return entry.path.stat()
    except ValueError as error:
        raise ArticleError(entry.path, "has a name that no file can have") from error
    except OSError as error:
        if entry.path.is_symlink() and not isinstance(error, PermissionError):
            raise ArticleError(entry.path, "is a broken link") from error
        raise


def _open_folder(entry: _Entry, key: tuple[int, int], stack: list[_Entry], seen: set[tuple[int, int]]) -> None:
    if entry.above is not None and entry.above.lies_in(key):
        raise ArticleError(entry.path, "is a link to a folder that it lies in")
    if key in seen:
        return
    seen.add(key)
    _refuse_unspeakable(entry.path)
    folder = _Folder(key, entry.above)
    paths = sorted((path for path in entry.path.iterdir() if not path.name.startswith(".")), reverse=True)
    stack.extend(_Entry(path, entry.root, folder) for path in paths)


def _refuse_unspeakable(path: Path) -> None:
    """Names that are not Unicode can neither be stored nor shown."""
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        raise ArticleError(path, "has a name that is not valid UTF-8; rename it") from error


def _claim_id(entry: _Entry, ids: set[str]) -> str:
    """The path below the source folder; if another folder has given that, with names of folders above before it."""
    identity = entry.path.relative_to(entry.root).as_posix()
    for folder in (root := entry.root.absolute(), *root.parents):
        if identity not in ids:
            break
        identity = f"{folder.name}/{identity}"
    ids.add(identity)
    return identity
