"""The one way in: sources -> articles, each bad file or line as an ArticleError among them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from retrieval.articles.decoding import decode, decode_html
from retrieval.articles.fields import Fields, Unreadable, first_sentence
from retrieval.articles.jsonl import Record, read_jsonl
from retrieval.articles.sources import Format, SourceFile, find_files, why
from retrieval.errors import ArticleError
from retrieval.types import Article

MAX_FILE = 32 * 2**20
"""Bytes of a text, Markdown or HTML file."""

MAX_PDF = 64 * 2**20
"""Bytes of a PDF file."""


def read_articles(sources: Sequence[Path]) -> Iterator[Article | ArticleError]:
    """The articles of files and folders, one file or one JSON line in memory at a time, in a fixed order.

    Whatever cannot be read is yielded, not raised, as one ArticleError a file or line, and the rest goes on. Of
    articles with the same id the first is kept.
    """
    first_with: dict[str, Path] = {}
    for found in find_files(sources):
        if isinstance(found, ArticleError):
            yield found
            continue
        for record in _records(found):
            if isinstance(record, ArticleError):
                yield record
            else:
                yield _admit(found, record, first_with)


def _records(file: SourceFile) -> Iterator[Record | ArticleError]:
    if file.format in ("jsonl", "jsonl.gz"):
        yield from read_jsonl(file.path, compressed=file.format == "jsonl.gz")
        return
    try:
        yield Record(0, _parse(file.format, _load(file)))
    except Unreadable as error:
        yield ArticleError(file.path, str(error))
    except OSError as error:
        yield ArticleError(file.path, why(error))


def _load(file: SourceFile) -> bytes:
    limit = MAX_PDF if file.format == "pdf" else MAX_FILE
    with file.path.open("rb") as opened:
        data = opened.read(limit + 1)
    if len(data) > limit:
        raise Unreadable(f"is larger than {limit // 2**20} MiB")
    if not data:
        raise Unreadable("is empty")
    return data


def _parse(form: Format, data: bytes) -> Fields:
    # Each parser is loaded when the first file of its kind comes: the command line must start quickly.
    match form:
        case "text":
            from retrieval.articles.newspage import parse_page

            return parse_page(decode(data))
        case "markdown":
            from retrieval.articles.markdown import parse_markdown

            return parse_markdown(decode(data))
        case "html":
            from retrieval.articles.webpage import parse_html

            return parse_html(decode_html(data))
        case "pdf":
            from retrieval.articles.pdf import parse_pdf

            return parse_pdf(data)
        case _:
            raise AssertionError(form)


def _admit(file: SourceFile, record: Record, first_with: dict[str, Path]) -> Article | ArticleError:
    """The article, unless its id is taken or its characters cannot be stored."""
    fields, line = record.fields, record.line or None
    identity = fields.id or file.id
    values = (identity, fields.title, fields.text, fields.source, fields.author, fields.url)
    if any(_holds_surrogate(value) for value in values if value):
        return ArticleError(file.path, "holds half of a character (a lone surrogate)", line)
    if identity in first_with:
        return ArticleError(file.path, f'has the same id "{identity}" as an article in {first_with[identity]}', line)
    first_with[identity] = file.path
    return Article(
        id=identity,
        title=fields.title or first_sentence(fields.text),
        text=fields.text,
        source=fields.source,
        author=fields.author,
        published=fields.published,
        url=fields.url,
        path=file.path,
    )


def _holds_surrogate(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
