"""HTML -> the main text of the page and what its metadata says."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from retrieval.articles.fields import Fields, Unreadable, alike, one_line
from retrieval.articles.furniture import is_furniture
from retrieval.articles.published import parse_published
from retrieval.articles.quiet import quiet

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]

_LOGGERS = ("trafilatura", "htmldate", "courlan", "justext", "readability")


def parse_html(page: str) -> Fields:
    """The article of a web page, by trafilatura: paragraphs apart by a blank line, list items and rows as lines.

    Raises: Unreadable, if the page cannot be parsed or holds no text.
    """
    with quiet(*_LOGGERS):
        from trafilatura import bare_extraction

        try:
            document = bare_extraction(page, include_comments=False, with_metadata=True)
        # Any broken page may reach any corner of the libraries; the file is at fault, whatever they raise.
        except Exception as error:
            raise Unreadable("is not a web page that can be read") from error
    if document is None or isinstance(document, dict) or document.body is None:
        raise Unreadable("holds no article text")
    title = one_line(document.title)
    blocks = [block for block in _blocks(document.body) if not is_furniture(block)]
    if len(blocks) > 1 and title and alike(blocks[0]) == alike(title):
        del blocks[0]
    if not blocks:
        raise Unreadable("holds no article text")
    return Fields(
        text="\n\n".join(blocks),
        title=title,
        source=one_line(document.sitename),
        author=one_line(document.author),
        published=parse_published(document.date) if document.date else None,
        url=document.url,
    )


def _blocks(body: "_Element") -> Iterator[str]:
    for element in body:
        if element.tag in ("list", "table"):
            lines = [_line(part) for part in element.iter("item", "row")]
            text = "\n".join(line for line in lines if line)
        elif element.tag == "code":
            text = "".join(element.itertext()).strip("\n")
        else:
            text = _line(element)
        if text:
            yield text


def _line(element: "_Element") -> str:
    cells = list(element.iter("cell"))
    if cells:
        return " | ".join(" ".join("".join(cell.itertext()).split()) for cell in cells)
    for pause in element.iter("lb"):
        pause.tail = f" {pause.tail or ''}"
    return " ".join("".join(element.itertext()).split())
