"""The lines of a plain text file -> its paragraphs, whether they are hard-wrapped, long lines, or verse."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_WRAPPED = range(50, 91)
_LONG = 90
_SHORT_LINE = 0.75
_TERMINATED = re.compile(r"[.!?…:;][\"'”’»)\]]*\Z")


@dataclass(frozen=True, slots=True)
class Item:
    """A paragraph, or a line that stands for itself. A `glued` one follows the item before it without a blank line."""

    text: str
    glued: bool = False


def lay_out(text: str) -> list[Item]:
    """The items of `text`, in order. Lines of one hard-wrapped paragraph are joined by a space."""
    blocks = _blocks(text)
    if len(blocks) == 1:
        blocks = _split_single(blocks[0])
    return [item for block in blocks for item in _items(block)]


def join(items: Sequence[Item]) -> str:
    """Items as text: paragraphs apart by a blank line, glued lines by a line end."""
    pieces: list[str] = []
    for item in items:
        pieces += ["\n" if item.glued else "\n\n", item.text]
    return "".join(pieces[1:])


def _blocks(text: str) -> list[list[str]]:
    blocks: list[list[str]] = [[]]
    for line in text.split("\n"):
        if line.strip():
            blocks[-1].append(line.rstrip())
        elif blocks[-1]:
            blocks.append([])
    return [block for block in blocks if block]


def _split_single(block: list[str]) -> list[list[str]]:
    """Paragraphs of a hard-wrapped text without blank lines: a short line ends one, an indented line begins one."""
    full = max(len(line) for line in block)
    if len(block) < 3 or full not in _WRAPPED:
        return [block]
    blocks: list[list[str]] = [[]]
    for line in block:
        if line[0].isspace() and not (blocks[-1] and blocks[-1][-1][0].isspace()) and blocks[-1]:
            blocks.append([])
        blocks[-1].append(line)
        if len(line) < full * _SHORT_LINE:
            blocks.append([])
    return [block for block in blocks if block]


def _items(block: list[str]) -> list[Item]:
    lines = [line.strip() for line in block]
    if len(lines) == 1:
        return [Item(lines[0])]
    if _is_wrapped(lines):
        return [Item(_unwrap(lines))]
    # Lines that are paragraphs are long or end as sentences do; what is neither is verse, a list or a page's head.
    apart = any(len(line) > _LONG for line in lines) or 2 * sum(map(_terminated, lines)) > len(lines)
    return [Item(line, glued=index > 0 and not apart) for index, line in enumerate(lines)]


def _is_wrapped(lines: list[str]) -> bool:
    if any(len(line) not in _WRAPPED for line in lines[:-1]) or len(lines[-1]) > _LONG:
        return False
    breaks = list(pairwise(lines))
    within = sum(
        not _terminated(line) and (following[0].islower() or line.endswith((",", "-"))) for line, following in breaks
    )
    # A line end between sentences, or before a name, is no sign either way.
    return 2 * within >= len(breaks)


def _terminated(line: str) -> bool:
    return _TERMINATED.search(line) is not None


def _unwrap(lines: list[str]) -> str:
    text = lines[0]
    for line in lines[1:]:
        divided = re.search(r"\w-\Z", text) and line[0].islower()
        text += line if divided else f" {line}"
    return text
