"""Styled text -> Telegram's HTML, within Telegram's limits. Pure.

Limits and tags: Bot API, "Formatting options" and "sendMessage" (1-4096 characters after entities parsing, and at most
100 entities, counted here as UTF-16 code units, in which Telegram counts).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import escape
from urllib.parse import urlsplit

from retrieval.sentences import sentences

MAX_UNITS = 4096
MAX_ENTITIES = 100
_MAX_URL = 2048
_LONGEST_SHOWN = 300
# Control characters and halves of surrogate pairs, which no message can hold.
_UNSENDABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_URL = re.compile(r"https?://[^\s/?#]+\S*", re.IGNORECASE)
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")


@dataclass(frozen=True, slots=True)
class Run:
    """Text of one style. `link` is an address that Telegram accepts (see `web_address`)."""

    text: str
    bold: bool = False
    italic: bool = False
    link: str | None = None

    def html(self) -> str:
        """The run as HTML."""
        html = escape(self.text, quote=False)
        if self.bold:
            html = f"<b>{html}</b>"
        if self.italic:
            html = f"<i>{html}</i>"
        return f'<a href="{escape(self.link)}">{html}</a>' if self.link else html

    @property
    def entities(self) -> int:
        """How many entities the run is to Telegram."""
        return self.bold + self.italic + (self.link is not None)


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph; `quote` makes it a block quotation that opens when it is touched."""

    runs: tuple[Run, ...]
    quote: bool = False
    gap: bool = True
    """An empty line goes before it."""

    def html(self) -> str:
        """The block as HTML."""
        html = "".join(run.html() for run in self.runs if run.text)
        return f"<blockquote expandable>{html}</blockquote>" if self.quote else html

    @property
    def text(self) -> str:
        """The text alone."""
        return "".join(run.text for run in self.runs)

    @property
    def entities(self) -> int:
        """How many entities the block is to Telegram."""
        return self.quote + sum(run.entities for run in self.runs)


Blocks = tuple[Block, ...]


def block(*runs: Run | str, quote: bool = False, gap: bool = True) -> Block:
    """A block of runs; what is no run yet is plain text."""
    made = (run if isinstance(run, Run) else Run(run) for run in runs)
    return Block(tuple(replace(run, text=sendable(run.text)) for run in made), quote, gap)


def sendable(text: str) -> str:
    """The text without what Telegram refuses or would take for something else."""
    return _UNSENDABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str, most: int) -> str:
    """The text on one line, cut between words with an ellipsis if it has more than `most` UTF-16 code units.

    What is written from right to left is isolated, so that it does not turn round what stands beside it.
    """
    line = " ".join(sendable(text).split())
    if units(line) > most:
        line = line[: _fit(line, most - 1)].rstrip()
        if " " in line[-30:]:
            line = line.rpartition(" ")[0]
        line += "…"
    return f"\u2068{line}\u2069" if _RIGHT_TO_LEFT.search(line) else line


def units(text: str) -> int:
    """The length of a text in UTF-16 code units."""
    return len(text) + sum(char > "\uffff" for char in text)


def web_address(url: str | None) -> str | None:
    """The address if Telegram takes it for a link: http or https, a host with a dot in it, 2048 characters."""
    if not url or len(url) > _MAX_URL or not _URL.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return None
    return url if "." in host.strip(".") else None


def unlinked_address(url: str | None) -> str | None:
    """An address of the web, not too long to be shown, that Telegram takes for no link: one of a company's network."""
    return url if url and len(url) <= _LONGEST_SHOWN and _URL.fullmatch(url) and not web_address(url) else None


def to_html(blocks: Iterable[Block]) -> str:
    """A message as HTML."""
    return _join((block, block.html()) for block in blocks)


def to_plain(blocks: Iterable[Block]) -> str:
    """A message as plain text: what is sent when the HTML is refused."""
    return _join((block, f"“{block.text}”" if block.quote else block.text) for block in blocks)


def messages(blocks: Sequence[Block], limit: int = MAX_UNITS) -> list[Blocks]:
    """The blocks as messages within the limits; a long block is parted between sentences if it can be.

    One of too many entities is parted between runs.
    """
    pages: list[Blocks] = []
    page: list[Block] = []
    room, entities = limit, MAX_ENTITIES
    for part in (part for whole in blocks for part in _parts(whole, limit)):
        size = units(part.text) + 2
        if page and (size > room or part.entities > entities):
            pages.append(tuple(page))
            page, room, entities = [], limit, MAX_ENTITIES
        page.append(part)
        room, entities = room - size, entities - part.entities
    if page:
        pages.append(tuple(page))
    return pages


def _join(written: Iterable[tuple[Block, str]]) -> str:
    text = ""
    for whole, piece in written:
        text += ("\n\n" if whole.gap else "\n") * bool(text) + piece
    return text


def _parts(whole: Block, limit: int) -> list[Block]:
    """A block as blocks that each keep to the limits of a message."""
    most = limit - 2
    if units(whole.text) <= most and whole.entities <= MAX_ENTITIES:
        return [whole]
    parts = []
    start = 0
    for end in sorted({*_cuts(whole.text, most), *_entity_cuts(whole)}):
        part = replace(whole, runs=_slice(whole.runs, start, end), gap=whole.gap or start > 0)
        if part.text.strip():
            parts.append(part)
        start = end
    return parts


def _entity_cuts(whole: Block) -> list[int]:
    """Where to cut a block, between runs, so that no piece has more than MAX_ENTITIES."""
    cuts = []
    end, entities = 0, int(whole.quote)
    for run in whole.runs:
        if entities + run.entities > MAX_ENTITIES:
            cuts.append(end)
            entities = int(whole.quote)
        entities += run.entities
        end += len(run.text)
    return cuts


def _cuts(text: str, most: int) -> list[int]:
    """Where to cut a text so that no piece has more than `most` units: after sentences, else words, else anywhere."""
    ends = [span.end for span in sentences(text)]
    cuts: list[int] = []
    start = 0
    while start < len(text):
        reach = start + _fit(text[start:], most)
        if reach < len(text):
            fitting = [end for end in ends if start < end <= reach]
            space = text.rfind(" ", start + 1, reach)
            reach = fitting[-1] if fitting else space if space > start else reach
        cuts.append(reach)
        start = reach
    return cuts


def _fit(text: str, most: int) -> int:
    """How many characters from the beginning have at most `most` units."""
    if units(text) <= most:
        return len(text)
    used = 0
    for place, char in enumerate(text):
        used += 1 + (char > "\uffff")
        if used > most:
            return place
    return len(text)


def _slice(runs: Iterable[Run], start: int, end: int) -> tuple[Run, ...]:
    """The runs between two offsets of their joint text."""
    taken = []
    begin = 0
    for run in runs:
        piece = run.text[max(start - begin, 0) : max(end - begin, 0)]
        if piece:
            taken.append(replace(run, text=piece))
        begin += len(run.text)
    return tuple(taken)
