"""JSON lines, plain or gzip: one article a line, its text kept character for character."""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from retrieval.articles.decoding import refuse_binary, wide_mark
from retrieval.articles.fields import Fields, Unreadable, first_words, one_line
from retrieval.articles.published import parse_published
from retrieval.articles.sources import why
from retrieval.errors import ArticleError

MAX_LINE = 16 * 2**20
"""Bytes; a longer line is skipped."""

_PIECE = 2**16
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Record:
    """The article of one line; lines count from 1."""

    line: int
    fields: Fields


@dataclass(frozen=True, slots=True)
class _Line:
    """`data` is None if the line is too long."""

    number: int
    data: bytes | None


def read_jsonl(path: Path, *, compressed: bool = False) -> Iterator[Record | ArticleError]:
    """The records of a file, one line in memory at a time; an ArticleError for each line that is no article.

    Damage to gzip data ends the file with an ArticleError, after the records before it.
    """
    count = lines = 0
    try:
        with cast(IO[bytes], gzip.open(path, "rb") if compressed else path.open("rb")) as file:
            for line in _lines(file):
                lines += 1
                if line.number == 1 and line.data is not None:
                    _refuse_whole_file(line.data)
                record = _record(path, line)
                count += isinstance(record, Record)
                if record is not None:
                    yield record
    except Unreadable as error:
        yield ArticleError(path, str(error))
        return
    except (gzip.BadGzipFile, EOFError, zlib.error):
        yield ArticleError(path, f"the gzip data is broken after {count:,} articles" if lines else "is not gzip data")
        return
    except OSError as error:
        yield ArticleError(path, why(error))
        return
    if not lines:
        yield ArticleError(path, "is empty")


def parse_record(data: bytes) -> Fields:
    """The article of one line of JSON. Extra keys are ignored; a date that cannot be read is None.

    Raises: Unreadable, if the line is not a JSON object in UTF-8 with a text, or a value is of the wrong type.
    """
    try:
        record = json.loads(data.decode())
    except UnicodeDecodeError as error:
        raise Unreadable("is not valid UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise Unreadable("is not valid JSON") from error
    if not isinstance(record, dict):
        raise Unreadable("is not a JSON object")
    text = record.get("text")
    if text is None:
        raise Unreadable('has no "text"')
    if not isinstance(text, str):
        raise Unreadable('has a "text" that is not a string')
    if not text.strip():
        raise Unreadable('has a blank "text"')
    title = one_line(_string(record, "title")) or first_words(text)
    url = _string(record, "url")
    published = record.get("published")
    return Fields(
        id=_identity(record, url, title, text),
        title=title,
        text=text,
        source=one_line(_string(record, "source")),
        author=one_line(_string(record, "author")),
        published=parse_published(published) if isinstance(published, str) else None,
        url=url,
    )


def _lines(file: IO[bytes]) -> Iterator[_Line]:
    number = 0
    while True:
        pieces: list[bytes] = []
        size = 0
        while piece := file.readline(_PIECE):
            size += len(piece)
            if size <= MAX_LINE:
                pieces.append(piece)
            else:
                pieces.clear()
            if piece.endswith(b"\n"):
                break
        if not size:
            return
        number += 1
        yield _Line(number, b"".join(pieces) if size <= MAX_LINE else None)


def _refuse_whole_file(first_line: bytes) -> None:
    if name := wide_mark(first_line):
        raise Unreadable(f"is {name}; JSON lines must be UTF-8")
    # One report for a picture or an archive, not one for each byte 10 in it.
    refuse_binary(first_line)


def _record(path: Path, line: _Line) -> Record | ArticleError | None:
    if line.data is None:
        return ArticleError(path, f"is longer than {MAX_LINE // 2**20} MiB", line.number)
    data = line.data.removeprefix(_BOM) if line.number == 1 else line.data
    if not data.strip():
        return None
    try:
        return Record(line.number, parse_record(data))
    except Unreadable as error:
        return ArticleError(path, str(error), line.number)


def _string(record: dict[str, object], key: str) -> str | None:
    value = record.get(key)
    if value is not None and not isinstance(value, str):
        raise Unreadable(f'has a "{key}" that is not a string')
    return value.strip() or None if value else None


def _identity(record: dict[str, object], url: str | None, title: str, text: str) -> str:
    value = record.get("id")
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if value is not None and not isinstance(value, str):
        raise Unreadable('has an "id" that is neither a string nor a whole number')
    if value and value.strip():
        return value
    # A lone surrogate is refused later, with its own reason.
    return hashlib.sha256((url or f"{title}\n{text}").encode(errors="replace")).hexdigest()[:16]
