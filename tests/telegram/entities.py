"""Message entities, which are counted in UTF-16 units, and what becomes of any text that is sent.

The rules are those of "Formatting options" in the Bot API. What Telegram alters without a word is told in `mangled`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

MAX_ENTITIES = 100  # "Limits": more are dropped without an error

_STYLES = frozenset({"bold", "italic", "underline", "strikethrough", "spoiler"})
_QUOTES = frozenset({"blockquote", "expandable_blockquote"})
_CODE = frozenset({"code", "pre"})
# The order of entities that span the same text, outermost first.
_ORDER = ("blockquote", "expandable_blockquote", "pre", "text_link", "bold", "italic", "underline", "strikethrough")

_CONTROL = re.compile("[\x00-\x08\x09\x0b\x0c\x0e-\x1f]")
_DETECTED = re.compile(
    r"(?P<url>https?://\S+)"
    r"|(?<![\w/@])(?P<bot_command>/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?)(?![\w/@])"
    r"|(?<![\w/@])(?P<mention>@[A-Za-z0-9_]{3,32})(?!\w)"
)


@dataclass(frozen=True, slots=True)
class Entity:
    """A MessageEntity; `offset` and `length` are in UTF-16 units."""

    type: str
    offset: int
    length: int
    url: str | None = None
    language: str | None = None
    custom_emoji_id: str | None = None

    @property
    def end(self) -> int:
        return self.offset + self.length

    def json(self) -> dict[str, object]:
        """As the Bot API writes it."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in fields.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Parsed:
    """A text as a user sees it, its entities in order, and what Telegram altered in silence."""

    text: str
    entities: tuple[Entity, ...] = ()
    mangled: tuple[str, ...] = ()


def utf16_length(text: str) -> int:
    """The length as Telegram counts it."""
    return len(text) + sum(char > "\uffff" for char in text)


def utf16_slice(text: str, entity: Entity) -> str:
    """The part of the text that an entity is about."""
    units = text.encode("utf-16-le", "surrogatepass")
    return units[2 * entity.offset : 2 * entity.end].decode("utf-16-le", "surrogatepass")


def finish(text: str, entities: Iterable[Entity] = ()) -> Parsed:
    """What becomes of any text: control characters and outer space go, entities are put in order and thinned."""
    mangled = []
    if _CONTROL.search(text):
        mangled.append("control characters are replaced by spaces")
        text = _CONTROL.sub(" ", text)
    text, kept = _trim(text, sorted(entities, key=_place))
    kept, dropped = _nest(kept)
    mangled += dropped
    if len(kept) > MAX_ENTITIES:
        mangled.append(f"{len(kept)} entities, of which those after the first {MAX_ENTITIES} are dropped")
        kept = kept[:MAX_ENTITIES]
    return Parsed(text, tuple(kept), tuple(mangled))


def detect(text: str) -> tuple[Entity, ...]:
    """The entities that Telegram finds by itself in what people write: commands, mentions and addresses."""
    found = []
    for match in _DETECTED.finditer(text):
        offset = utf16_length(text[: match.start()])
        found.append(Entity(str(match.lastgroup), offset, utf16_length(match[0])))
    return tuple(found)


def _place(entity: Entity) -> tuple[int, int, int]:
    order = _ORDER.index(entity.type) if entity.type in _ORDER else len(_ORDER)
    return entity.offset, -entity.length, order


def _trim(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Messages have no space around them."""
    trimmed = text.strip(" \n")
    cut = len(text) - len(text.lstrip(" \n"))
    end = utf16_length(trimmed)
    kept = []
    for entity in entities:
        offset, limit = max(0, entity.offset - cut), min(end, entity.end - cut)
        if limit > offset:
            kept.append(replace(entity, offset=offset, length=limit - offset))
    return trimmed, kept


def _nest(entities: list[Entity]) -> tuple[list[Entity], list[str]]:
    """Keep what may stand together, by the list of restrictions at the head of "Formatting options".

    Where Telegram splits an entity so that parts of it survive, this drops it; both are told.
    """
    kept: list[Entity] = []
    mangled = []
    for inner in entities:
        at_odds = [outer for outer in kept if outer.end > inner.offset and not _may_hold(outer, inner)]
        code_in_styles = inner.type in _CODE and all(outer.type in _STYLES for outer in at_odds)
        for outer in at_odds:
            lost, stays = (outer, inner) if code_in_styles else (inner, outer)
            mangled.append(f"{lost.type} cannot go with {stays.type} and is lost")
        if code_in_styles:
            kept = [outer for outer in kept if outer not in at_odds]
        if code_in_styles or not at_odds:
            kept.append(inner if inner.type == "pre" else replace(inner, language=None))
    return kept, mangled


def _may_hold(outer: Entity, inner: Entity) -> bool:
    if inner.end > outer.end or outer.type in _CODE:
        return False
    if outer.type in _QUOTES:
        return inner.type not in _QUOTES
    if outer.type in _STYLES:
        return inner.type not in _CODE
    return inner.type in _STYLES
