"""Lines at the top of a file that name what they give: "Title: …", "Source: …", "Date: …"."""

import re
from collections.abc import Sequence

from retrieval.articles.bylines import tidy_name
from retrieval.articles.fields import Fields, one_line
from retrieval.articles.layout import Item
from retrieval.articles.published import dates_in, parse_published

_NAMES = {
    "title": "title",
    "headline": "title",
    "source": "source",
    "outlet": "source",
    "publisher": "source",
    "publication": "source",
    "newspaper": "source",
    "author": "author",
    "authors": "author",
    "byline": "author",
    "writer": "author",
    "date": "published",
    "published": "published",
    "publication date": "published",
    "published on": "published",
    "url": "url",
    "link": "url",
    "section": "ignored",
    "category": "ignored",
    "language": "ignored",
    "keywords": "ignored",
}
_KEY_LINE = re.compile(rf"(?P<key>{'|'.join(_NAMES)})\s*:\s*(?P<value>.*)", re.IGNORECASE)
_LONGEST = 300
_ENOUGH_ALONE = frozenset(("title", "headline"))


def read_keys(items: Sequence[Item]) -> tuple[Fields, list[Item]]:
    """The values of the key lines that `items` begin with, and the items after them.

    One line alone must be a title, a date or an address: "Source: Jets to sign a new goalkeeper" is a headline.
    """
    pairs: list[tuple[str, str]] = []
    for item in items:
        match = _KEY_LINE.fullmatch(item.text) if len(item.text) <= _LONGEST else None
        if match is None:
            break
        pairs.append((match["key"].lower(), match["value"].strip()))
    if len(pairs) == 1 and not _is_certain(*pairs[0]):
        pairs = []
    values: dict[str, str] = {}
    for key, value in pairs:
        if value:
            values.setdefault(_NAMES[key], value)
    fields = Fields(
        text="",
        title=one_line(values.get("title")),
        source=one_line(values.get("source")),
        author=tidy_name(values["author"]) if "author" in values else None,
        published=parse_published(values["published"]) if "published" in values else None,
        url=values.get("url"),
    )
    return fields, list(items[len(pairs) :])


def _is_certain(key: str, value: str) -> bool:
    if _NAMES[key] == "published":
        return bool(dates_in(value))
    return key in _ENOUGH_ALONE or (_NAMES[key] == "url" and "://" in value)
