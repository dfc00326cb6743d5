"""Markdown with front matter -> plain paragraphs."""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retrieval.articles.fields import Fields, Unreadable, alike, one_line
from retrieval.articles.published import parse_published

if TYPE_CHECKING:
    from markdown_it.token import Token

_FRONT_MATTER = re.compile(r"---[^\S\n]*\n(?P<yaml>.*?)^(?:---|\.\.\.)[^\S\n]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_FRONT_MATTER_WITHIN = 2**16
_KEYS = {
    "id": ("id",),
    "title": ("title", "headline"),
    "source": ("source", "outlet", "publisher"),
    "author": ("author", "byline"),
    "published": ("published", "date"),
    "url": ("url", "link"),
}
_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
_GROUPS = ("bullet_list_open", "ordered_list_open", "table_open")
_TAG = re.compile(r"<[^<>]*>")


def parse_markdown(text: str) -> Fields:
    """The article of a Markdown file: paragraphs and headings apart by a blank line, list items and rows as lines.

    A first heading that gives or repeats the title is left out of the text.

    Raises: Unreadable, if the front matter is not valid YAML, a value in it is of the wrong type, or no text is left.
    """
    front, body = _split(text)
    values = {name: _value(front, keys) for name, keys in _KEYS.items()}
    blocks = _blocks(body)
    title = one_line(values["title"])
    if len(blocks) > 1 and blocks[0].heading and (title is None or alike(title) == alike(blocks[0].text)):
        title = title or one_line(blocks[0].text)
        blocks = blocks[1:]
    if not blocks:
        raise Unreadable("holds no text")
    return Fields(
        text="\n\n".join(block.text for block in blocks),
        title=title,
        id=values["id"],
        source=one_line(values["source"]),
        author=one_line(values["author"]),
        published=parse_published(values["published"]) if values["published"] else None,
        url=values["url"],
    )


def _split(text: str) -> tuple[dict[object, object], str]:
    """The front matter and what follows it."""
    match = _FRONT_MATTER.match(text[:_FRONT_MATTER_WITHIN])
    if match is None:
        return {}, text
    import yaml

    try:
        # The base loader leaves every scalar a string: 007 stays 007, and a date that does not exist is no error.
        front = yaml.load(match["yaml"], Loader=yaml.BaseLoader)  # noqa: S506
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Unreadable("has front matter that is not valid YAML") from error
    # Two rules with prose between them are no front matter.
    return (front, text[match.end() :]) if isinstance(front, dict) else ({}, text)


def _value(front: dict[object, object], keys: Sequence[str]) -> str | None:
    for key in keys:
        value = front.get(key)
        if isinstance(value, list) and key in _KEYS["author"] and all(isinstance(name, str) for name in value):
            value = ", ".join(value)
        if value is not None and not isinstance(value, str):
            raise Unreadable(f'has front matter whose "{key}" is not a plain value')
        if value is not None and value.strip() not in _NULLS:
            return value.strip()
    return None


@dataclass(frozen=True, slots=True)
class _Block:
    text: str
    heading: bool = False


def _blocks(body: str) -> list[_Block]:
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark").enable("table").parse(body)
    blocks: list[_Block] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if token.type in _GROUPS:
            closing = (token.type.replace("_open", "_close"), token.level)
            end = next(at for at in range(index, len(tokens)) if (tokens[at].type, tokens[at].level) == closing)
            blocks.append(_Block("\n".join(_lines(tokens[index:end]))))
            index = end
        elif text := _text(token):
            blocks.append(_Block(text, heading=tokens[index - 1].type == "heading_open"))
        index += 1
    return [block for block in blocks if block.text.strip()]


def _lines(tokens: Sequence["Token"]) -> Iterator[str]:
    """The items of a list with those of the lists in it, or the rows of a table."""
    row: list[str] | None = None
    for token in tokens:
        if token.type == "tr_open":
            row = []
        elif token.type == "tr_close" and row is not None:
            yield " | ".join(row)
            row = None
        elif (text := _text(token)) is None:
            continue
        elif row is not None:
            row.append(text)
        elif text:
            yield text


def _text(token: "Token") -> str | None:
    match token.type:
        case "inline":
            return "".join(_inline(token.children or ())).strip()
        case "fence" | "code_block":
            return token.content.strip("\n")
        case "html_block":
            return html.unescape(_TAG.sub("", _COMMENT.sub("", token.content))).strip()
        case _:
            return None


def _inline(children: Sequence["Token"]) -> Iterator[str]:
    for child in children:
        match child.type:
            case "text" | "code_inline" | "text_special":
                yield child.content
            case "softbreak":
                yield " "
            case "hardbreak":
                yield "\n"
            case _:  # emphasis, links and images leave only what lies between their marks
                continue
