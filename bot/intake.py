"""A document from outside -> a file of the collection. Reading it happens in a child that may hang, swell or crash.

`python -m bot.intake ROOT SECONDS BYTES` is that child: it reads the articles below ROOT within these limits and
writes what it found to standard output as JSON.
"""

import json
import logging
import os
import re
import resource
import stat
import subprocess
import sys
import tempfile
import unicodedata
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from filelock import FileLock

from bot.texts import Refusal
from retrieval.articles import read_articles
from retrieval.articles.decoding import refuse_binary, wide_mark
from retrieval.articles.fields import Unreadable
from retrieval.errors import ArticleError
from retrieval.files import fsync_folder, write_atomically
from retrieval.types import Article

_log = logging.getLogger(__name__)

ACCEPTED = frozenset((".txt", ".md", ".html", ".htm", ".pdf", ".jsonl"))
"""The endings that a document may have, in lower case."""

MAX_BYTES = 20 * 2**20
"""Bytes of one document."""

ADDED = "added"
"""The folder below ARTICLES_DIR that takes the documents; ids of articles begin with it."""

_NAME_BYTES = 120
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,10}\Z")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:[ .]|\Z)", re.IGNORECASE)
_KEPT = "LMN"  # letters of any script, the marks that belong to them, digits
_TITLE = 300
_MAX_ARTICLES = 5_000
_MAX_REASONS = 50
_MAX_OUTPUT = 64 * 2**20
# A reader needs no token and no password.
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TMPDIR")


class IntakeRefused(Refusal):
    """The document is not taken; the reason is a sentence for the person who sent it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An article that the readers found, as it would be in the index. `characters` is the length of its text."""

    id: str
    title: str
    source: str | None
    published: date | None
    url: str | None
    characters: int


@dataclass(frozen=True, slots=True)
class Inspected:
    """What the readers make of a document. `rejected` are reasons, each of a line of it or of the whole."""

    articles: tuple[Seen, ...]
    rejected: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Added:
    """Where a document lies now. If it was there already, with these very bytes, nothing was written."""

    path: Path
    replaced: bool
    already_there: bool


def safe_name(name: str) -> str:
    """A name for a file that means no harm on any system and stays as near to `name` as it can; never empty.

    It holds letters of any script, digits, dots, dashes, underscores and spaces, in NFC and in at most 120 bytes of
    UTF-8, the ending among them. Whatever else `name` holds becomes an underscore, or goes if it cannot be seen.
    """
    last = re.split(r"[/\\]", name)[-1]
    shown = (char for char in unicodedata.normalize("NFC", last) if unicodedata.category(char)[0] != "C")
    plain = "".join(char if char in ".-_ " or unicodedata.category(char)[0] in _KEPT else "_" for char in shown)
    plain = re.sub(r"_{2,}", "_", unicodedata.normalize("NFC", plain)).strip()
    ending = found[0] if (found := _ENDING.search(plain)) else ""
    stem = plain.removesuffix(ending).lstrip(" .-").rstrip(" .") or "article"
    if _RESERVED.match(stem):
        stem = f"_{stem}"
    room = _NAME_BYTES - len(ending)
    return stem.encode()[:room].decode(errors="ignore").rstrip(" .") + ending


def inspect(name: str, data: bytes, *, seconds: float = 60.0, memory: int = 2 * 2**30) -> Inspected:
    """What the readers make of a document, with the ids that it would have in the collection; nothing is added.

    Blocks while a child process reads, for at most `seconds`; the child may take `memory` bytes of address space.

    Raises:
        IntakeRefused: the document is of another type than its name says, is too large or empty, holds too many
            articles, or the child came to no end within its limits.
    """
    name = _fitting_name(name, data)
    with tempfile.TemporaryDirectory(prefix="byline-") as scratch:
        root = Path(scratch, "document")
        path = root / ADDED / name
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
        output = Path(scratch, "found.json")
        _read_in_child(root, output, seconds, memory)
        return _from_json(output.read_bytes())


def add(folder: Path, name: str, data: bytes, kept: Path) -> Added:
    """Write a document below `folder`, under its safe name. A crash leaves the old file or the new one.

    What was there under that name with other bytes is first copied below `kept`, with the time in its name. Both
    folders are made if they are not there. Safe to use from several threads and processes.

    Raises:
        IntakeRefused: the document is of another type than its name says, is too large or empty, or what has its
            place is not a regular file or folder.
        OSError: it cannot be written.
    """
    path = folder / _fitting_name(name, data)
    for needed in (folder, kept):
        if needed.is_symlink() or (needed.exists() and not needed.is_dir()):
            raise IntakeRefused("document_folder", name=needed.name)
        if not needed.exists():
            needed.mkdir(parents=True, exist_ok=True)
            fsync_folder(needed.parent)
    with FileLock(kept / ".lock"):
        before = _present(path)
        if before == data:
            return Added(path, replaced=False, already_there=True)
        if before is not None:
            write_atomically(kept / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ} {path.name}", before)
        write_atomically(path, data)
        return Added(path, replaced=before is not None, already_there=False)


def _fitting_name(name: str, data: bytes) -> str:
    """The safe name of a document whose content is of the type that its ending says."""
    name = safe_name(name)
    ending = Path(name).suffix.lower()
    if ending not in ACCEPTED:
        raise IntakeRefused("document_type", name=name, types=", ".join(sorted(ACCEPTED)))
    if not data:
        raise IntakeRefused("document_empty", name=name)
    if len(data) > MAX_BYTES:
        raise IntakeRefused("document_large", name=name, megabytes=MAX_BYTES // 2**20)
    if ending == ".pdf":
        if not data.startswith(b"%PDF-"):
            raise IntakeRefused("document_no_pdf", name=name)
    elif wide_mark(data) is None:  # UTF-16 is full of zeros and text all the same
        try:
            refuse_binary(data)
        except Unreadable as error:
            raise IntakeRefused("document_no_text", name=name) from error
    return name


def _present(path: Path) -> bytes | None:
    """The content of the file that is there now, or None. A link is not followed."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        raise IntakeRefused("document_name_taken", name=path.name)
    return path.read_bytes()


def _read_in_child(root: Path, output: Path, seconds: float, memory: int) -> None:
    """Let the child write what it finds below `root` to `output`."""
    here = Path(__file__).parents[1]
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ} | {"PYTHONPATH": str(here)}
    command = [sys.executable, "-m", "bot.intake", str(root), str(max(1, round(seconds))), str(memory)]
    try:
        with output.open("wb") as file:
            # The answer goes to a file, whose size is limited too: a pipe could be flooded.
            done = subprocess.run(
                command,
                cwd=root,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.DEVNULL,
                timeout=seconds,
                check=False,
            )
    except subprocess.TimeoutExpired as error:
        raise IntakeRefused("document_slow", seconds=seconds) from error
    if done.returncode != 0:
        _log.warning("the reader of a document ended with status %d", done.returncode)
        raise IntakeRefused("document_hostile")


def _from_json(data: bytes) -> Inspected:
    found = json.loads(data)
    if found["articles"] is None:
        raise IntakeRefused("document_many", most=_MAX_ARTICLES)
    articles = tuple(
        Seen(**item | {"published": date.fromisoformat(item["published"]) if item["published"] else None})
        for item in found["articles"]
    )
    return Inspected(articles, tuple(found["rejected"]))


def _main(root: Path, seconds: int, memory: int) -> None:
    """The child: read, within limits that cannot be lifted again, and print."""
    os.nice(10)
    for kind, limit in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, _MAX_OUTPUT),
        (resource.RLIMIT_CORE, 0),
    ):
        given = resource.getrlimit(kind)[1]
        allowed = limit if given == resource.RLIM_INFINITY else min(limit, given)
        resource.setrlimit(kind, (allowed, allowed))
    json.dump(_found(read_articles([root])), sys.stdout, default=date.isoformat)


def _found(items: Iterable[Article | ArticleError]) -> dict[str, object]:
    articles: list[dict[str, object]] = []
    rejected: list[str] = []
    for item in items:
        if isinstance(item, ArticleError):
            if len(rejected) < _MAX_REASONS:
                rejected.append(f"line {item.line}: {item.reason}" if item.line else item.reason)
        elif len(articles) == _MAX_ARTICLES:
            return {"articles": None}
        else:
            articles.append(asdict(_seen(item)))
    return {"articles": articles, "rejected": rejected}


def _seen(article: Article) -> Seen:
    source = article.source[:_TITLE] if article.source else None
    title = article.title[:_TITLE]
    return Seen(article.id, title, source, article.published, article.url, len(article.text))


if __name__ == "__main__":
    _main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
