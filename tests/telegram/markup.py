"""Telegram's "HTML style", read by the rules of "Formatting options" in the Bot API.

The messages of errors are those of Telegram's own parser, which counts in bytes of UTF-8.
"""

import re
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from tests.telegram.entities import Entity, Parsed, finish, utf16_length

_TYPES = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "span": "spoiler",
    "tg-spoiler": "spoiler",
    "a": "text_link",
    "tg-emoji": "custom_emoji",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
_ATTRIBUTES = {"a": "href", "span": "class", "tg-emoji": "emoji-id", "code": "class", "blockquote": "expandable"}

_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]+)|#([0-9]+)|([A-Za-z]+));?")
_TEXT = re.compile(r"[^<&]+")
_TAG_NAME = re.compile(r"[^\s>]*", re.ASCII)
_ATTRIBUTE_NAME = re.compile(r"[^\s=>/\"']*", re.ASCII)
_TOKEN = re.compile(r"[A-Za-z0-9.-]*")
_SPACE = re.compile(r"\s*", re.ASCII)
_REMOVED = re.compile("[\r\u2028-\u202e]")


class MarkupError(Exception):
    """The text cannot be parsed; the message is what Telegram says after "can't parse entities: "."""


def parse_html(source: str) -> Parsed:
    """Read a text of parse mode HTML.

    Raises:
        MarkupError: as Telegram's parser would have it.
    """
    reader = _Reader(_REMOVED.sub("", source))
    reader.read()
    text = "".join(reader.output)
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise MarkupError(
            "Text contains invalid Unicode characters after decoding HTML entities, "
            "check for unmatched surrogate code units"
        )
    parsed = finish(text, reader.entities)
    return replace(parsed, mangled=(*reader.mangled, *parsed.mangled))


def checked_link(url: str) -> str | None:
    """The address as Telegram keeps it, or None if it is not one that can be opened: http, https or tg, with a host.

    A host of the web has a dot in it: Telegram calls http://localhost a "Wrong HTTP URL".
    """
    if "://" not in url and not url.lower().startswith("tg:"):
        url = f"http://{url}"
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return None
    if parts.scheme == "tg":
        return url
    if parts.scheme not in ("http", "https") or re.search(r"\s", url) or "." not in host.strip("."):
        return None
    return url if parts.path or parts.query or parts.fragment else f"{url}/"


@dataclass(frozen=True, slots=True)
class _Open:
    """A tag that waits for its end; `offset` in UTF-16 units, `begin` in characters written so far."""

    name: str
    argument: str
    offset: int
    begin: int


class _Reader:
    """One pass over a text of parse mode HTML."""

    def __init__(self, source: str) -> None:
        self._source, self._at = source, 0
        self._length = 0
        self._open: list[_Open] = []
        self.output: list[str] = []
        self.entities: list[Entity] = []
        self.mangled: list[str] = []

    def read(self) -> None:
        while self._at < len(self._source):
            if text := self._take(_TEXT):
                self._write(text)
            elif self._source[self._at] == "&":
                self._write(self._reference())
            elif self._source.startswith("</", self._at):
                self._end_tag()
            else:
                self._start_tag()
        if self._open:
            raise MarkupError(f'Can\'t find end tag corresponding to start tag "{self._open[-1].name}"')

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._source, self._at)
        if match is None:
            return ""
        self._at = match.end()
        return match[0]

    def _next(self) -> str:
        return self._source[self._at : self._at + 1]

    def _bytes(self, index: int) -> int:
        return len(self._source[:index].encode("utf-8", "surrogatepass"))

    def _write(self, text: str) -> None:
        self.output.append(text)
        self._length += utf16_length(text)

    def _reference(self) -> str:
        """A character reference; "only &lt; &gt; &amp; &quot; and numeric ones", all others stay as they are."""
        match = _REFERENCE.match(self._source, self._at)
        if match is None:
            self._at += 1
            return "&"
        hexadecimal, decimal, name = match.groups()
        char = _NAMED.get(name) if name else _character(int(hexadecimal, 16) if hexadecimal else int(decimal))
        if char is None:
            self.mangled.append(f"{match[0]} is no reference that Telegram knows and stays in the text")
            self._at += 1
            return "&"
        self._at = match.end()
        return char

    def _start_tag(self) -> None:
        begin = self._at
        self._at += 1
        name = self._take(_TAG_NAME).lower()
        if not self._next():
            raise MarkupError(f"Unclosed start tag at byte offset {self._bytes(begin)}")
        if name not in _TYPES:
            raise MarkupError(f'Unsupported start tag "{name}" at byte offset {self._bytes(begin)}')
        argument = ""
        while self._take(_SPACE) is not None and self._next() != ">":
            argument = self._attribute(name, begin) or argument
        self._at += 1
        if name == "span" and argument != "tg-spoiler":
            raise MarkupError(f'Tag "span" must have class "tg-spoiler" at byte offset {self._bytes(begin)}')
        self._open.append(_Open(name, argument, self._length, len(self.output)))

    def _attribute(self, tag: str, begin: int) -> str | None:
        """Read an attribute; its value if it is the one that the tag is known for."""
        name = self._take(_ATTRIBUTE_NAME)
        if not name:
            raise MarkupError(f'Empty attribute name in the tag "{tag}" at byte offset {self._bytes(begin)}')
        self._take(_SPACE)
        if self._next() == "=":
            self._at += 1
            self._take(_SPACE)
            value = self._value(tag, begin)
        elif self._next():
            value = name
        else:
            raise self._unclosed(tag, begin)
        if _ATTRIBUTES.get(tag) == name:
            return value
        self.mangled.append(f'the attribute "{name}" of the tag "{tag}" is ignored')
        return None

    def _value(self, tag: str, begin: int) -> str:
        quote = self._next()
        if not quote:
            raise self._unclosed(tag, begin)
        if quote not in "\"'":
            start = self._at
            token = self._take(_TOKEN).lower()
            if self._next() and self._next() != ">" and not self._next().isspace():
                raise MarkupError(f"Unexpected end of name token at byte offset {self._bytes(start)}")
            return token
        self._at += 1
        value = ""
        while self._next() not in ("", quote):
            if self._next() == "&":
                value += self._reference()
            else:
                value += self._next()
                self._at += 1
        if not self._next():
            raise MarkupError(f"Unclosed start tag at byte offset {self._bytes(begin)}")
        self._at += 1
        return value

    def _unclosed(self, tag: str, begin: int) -> MarkupError:
        return MarkupError(f'Unclosed start tag "{tag}" at byte offset {self._bytes(begin)}')

    def _end_tag(self) -> None:
        begin = self._bytes(self._at)
        if not self._open:
            raise MarkupError(f"Unexpected end tag at byte offset {begin}")
        self._at += 2
        name = self._take(_TAG_NAME).lower()
        self._take(_SPACE)
        if self._next() != ">":
            raise MarkupError(f"Unclosed end tag at byte offset {begin}")
        self._at += 1
        tag = self._open.pop()
        if name and name != tag.name:
            raise MarkupError(f'Unmatched end tag at byte offset {begin}, expected "</{tag.name}>", found "</{name}>"')
        if self._length > tag.offset:
            self._close(tag)

    def _close(self, tag: _Open) -> None:
        entity = Entity(_TYPES[tag.name], tag.offset, self._length - tag.offset)
        if tag.name == "a":
            self._close_link(entity, tag)
        elif tag.name == "tg-emoji":
            if not tag.argument.isdigit():
                raise MarkupError("Invalid custom emoji identifier specified")
            self.entities.append(replace(entity, custom_emoji_id=tag.argument))
        elif tag.name == "code":
            self.entities.append(replace(entity, language=tag.argument.removeprefix("language-") or None))
        elif tag.name == "pre":
            self._close_pre(entity)
        elif tag.name == "blockquote" and tag.argument:
            self.entities.append(replace(entity, type="expandable_blockquote"))
        else:
            self.entities.append(entity)

    def _close_link(self, entity: Entity, tag: _Open) -> None:
        url = checked_link(tag.argument or "".join(self.output[tag.begin :]))
        if url is None:
            self.mangled.append(f"a link to {tag.argument!r} is shown as plain text")
        else:
            self.entities.append(replace(entity, url=url))

    def _close_pre(self, entity: Entity) -> None:
        """A pre around nothing but a code with a language is one entity that knows the language."""
        last = self.entities[-1] if self.entities else None
        if last and last.type == "code" and (last.offset, last.length) == (entity.offset, entity.length):
            self.entities.pop()
            entity = replace(entity, language=last.language)
        self.entities.append(entity)


def _character(code: int) -> str | None:
    return chr(code) if 0 < code < 0x10FFFF else None
