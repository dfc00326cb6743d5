"""PDF -> paragraphs, put together again from the lines of the pages."""

import re
from collections.abc import Sequence
from datetime import date
from io import BytesIO
from typing import TYPE_CHECKING

from retrieval.articles.decoding import tidy
from retrieval.articles.fields import Fields, Unreadable, alike, one_line
from retrieval.articles.quiet import quiet

if TYPE_CHECKING:
    from pypdf import PdfReader

_PAGE_NUMBER = re.compile(r"(?:page\s+)?[-–—]?\s*\d{1,4}\s*[-–—]?(?:\s*(?:of|/)\s*\d{1,4})?", re.IGNORECASE)
_REPEATED_ON = 3
_ENDS_SENTENCE = re.compile(r"[.!?…:][\"'”’)\]]*\Z")
_HYPHENATED = re.compile(r"([^\W\d_]+)-\Z")
_FIRST_LETTERS = re.compile(r"[^\W\d_]+")
_SHORT_LINE = 0.75
_ROOM = 0.98
_PARAGRAPH_INDENT = re.compile(r"[ \t]{2,}")
# Titles that a program wrote, not an editor.
_NO_TITLE = re.compile(r"untitled.*|microsoft word - .*|.*\.(?:docx?|pdf|indd|qxd|tex|odt|pages)", re.IGNORECASE)


def parse_pdf(data: bytes) -> Fields:
    """The article of a PDF: lines joined to paragraphs, words divided at line ends made whole.

    Raises: Unreadable, if it is damaged, needs a password, or holds pictures of text only.
    """
    with quiet("pypdf"):
        from pypdf import PdfReader

        try:
            reader = PdfReader(BytesIO(data))
            if reader.is_encrypted and not _opens_without_password(reader):
                raise Unreadable("is encrypted and needs a password")
            pages = [tidy(page.extract_text()) for page in reader.pages]
            title, author, published = _metadata(reader)
        except Unreadable:
            raise
        # Any broken file may reach any corner of the library; the file is at fault, whatever it raises.
        except Exception as error:
            raise Unreadable("is not a PDF that can be read; it may be damaged") from error
    blocks = paragraphs_of(pages)
    if not blocks:
        raise Unreadable("holds no text, perhaps only pictures of it; it needs text recognition (OCR)")
    if len(blocks) > 1 and title and alike(blocks[0]) == alike(title):
        del blocks[0]
    elif len(blocks) > 1 and not title and _is_headline(blocks[0]):
        title = blocks.pop(0)
    return Fields(text="\n\n".join(blocks), title=title, author=author, published=published)


def paragraphs_of(pages: Sequence[str]) -> list[str]:
    """The paragraphs of pages of lines, without page numbers and what stands at the edge of every page."""
    lines = [line for page in _without_edges(pages) for line in page]
    widths = [len(line) for line in lines if line.strip()]
    if not widths:
        return []
    full = max(sorted(widths)[len(widths) * 9 // 10], 40)
    known = _words(lines)
    blocks: list[list[str]] = []
    before, gap = "", True
    for line in lines:
        if not line.strip():
            gap = True
            continue
        if not blocks or _parts(before, line, full, gap=gap):
            blocks.append([])
        blocks[-1].append(line.strip())
        before, gap = line, False
    return [_join(block, known) for block in blocks]


def _opens_without_password(reader: "PdfReader") -> bool:
    """Many files only forbid changes: anyone may open them."""
    from pypdf.errors import DependencyError

    try:
        return bool(reader.decrypt(""))
    except DependencyError:
        return False


def _metadata(reader: "PdfReader") -> tuple[str | None, str | None, date | None]:
    metadata = reader.metadata
    if metadata is None:
        return None, None, None
    try:
        created = metadata.creation_date
    except ValueError:
        created = None
    title, author = _plain(metadata.title), _plain(metadata.author)
    return (None if title and _NO_TITLE.fullmatch(title) else title), author, created.date() if created else None


def _plain(value: object) -> str | None:
    return one_line(tidy(value)) if isinstance(value, str) else None


def _without_edges(pages: Sequence[str]) -> list[list[str]]:
    split = [page.strip("\n").split("\n") for page in pages]
    edges: dict[str, int] = {}
    for page in split:
        for edge in {page[0].strip(), page[-1].strip()}:
            edges[edge] = edges.get(edge, 0) + 1

    def stays(line: str) -> bool:
        return not _PAGE_NUMBER.fullmatch(line.strip()) and not (edges.get(line.strip(), 0) >= _REPEATED_ON)

    return [
        [line for index, line in enumerate(page) if stays(line) or index not in (0, len(page) - 1)] for page in split
    ]


def _words(lines: Sequence[str]) -> frozenset[str]:
    return frozenset(word.strip(".,;:!?\"'“”‘’()").lower() for line in lines for word in line.split())


def _parts(line: str, following: str, full: int, *, gap: bool) -> bool:
    """True if a paragraph ends with `line` and another begins with `following`; `gap`: blank lines part them."""
    if _PARAGRAPH_INDENT.match(following) and not _PARAGRAPH_INDENT.match(line):
        return True
    bare, begin = line.strip(), following.strip()
    ends = _ENDS_SENTENCE.search(bare) is not None
    if gap or begin[0].islower():
        # Blank lines in the middle of a sentence come from a picture or the turn of a page.
        return gap and (ends or not begin[0].islower())
    if ends:
        # The next word would have had room on this line, had the paragraph gone on.
        return len(bare) + 1 + len(begin.split()[0]) <= full * _ROOM
    return len(bare) < full * _SHORT_LINE and not bare.endswith((",", "-"))


def _join(lines: Sequence[str], known: frozenset[str]) -> str:
    text = lines[0]
    for line in lines[1:]:
        tail, head = _HYPHENATED.search(text), _FIRST_LETTERS.match(line)
        if tail is None or head is None or not head[0][0].islower():
            text = f"{text} {line}"
        # "well-known" keeps its hyphen if the article writes it so elsewhere.
        elif f"{tail[0]}{head[0]}".lower() in known and f"{tail[1]}{head[0]}".lower() not in known:
            text += line
        else:
            text = text[:-1] + line
    return text


def _is_headline(block: str) -> bool:
    return len(block) <= 150 and not block.endswith((".", ",", ";", ":"))
