"""A news page saved as plain text -> headline, author, outlet, date, and the article's own words.

The top of such a page holds, in some order: a section, the headline (often twice), a standfirst that the first
paragraph repeats, dates, a byline and buttons. What is surely one of these is taken out; the rest stays verbatim.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from retrieval.articles.bylines import Byline, is_by, is_name, outlet_line, parse_byline, parse_names, tidy_name
from retrieval.articles.datelines import is_date_label, is_date_line, is_labelled, labelled_date
from retrieval.articles.fields import Fields, Unreadable, alike, first_sentence, one_line
from retrieval.articles.furniture import is_furniture, is_rights, rights_holder
from retrieval.articles.keylines import read_keys
from retrieval.articles.layout import Item, join, lay_out

_HEAD_ITEMS = 60
_HEADLINE_LENGTH = 200
_HEADLINE_WORDS = 30
_PROSE_ENDS_HEAD = 3
_STANDFIRST_WITHIN = 6
_STANDFIRST_LENGTH = 20
_SECTIONS = frozenset(
    "world;world news;us;u.s.;us news;u.s. news;uk;uk news;nation;national;politics;business;economy;money;markets;"
    "technology;tech;science;health;sport;sports;opinion;editorial;entertainment;arts;culture;lifestyle;life;travel;"
    "food;style;local;local news;news;top stories;breaking news;latest news;international;international news;europe;"
    "africa;asia;asia pacific;asia-pacific;americas;middle east;latin america;russia;china;climate;environment;"
    "education;weather;crime;media;video;home;national news;business news;features;analysis;religion;education news;"
    "health news;science news;technology news;sports news;political news;entertainment news;obituaries;magazine;latest;"
    "more news".split(";")
)
_BREADCRUMB = re.compile(r"\s*(?:>|»|/|›|\|)\s*")
_SEPARATOR = re.compile(r"[\W_]+")
_URL = re.compile(r"https?://\S+", re.IGNORECASE)
_SITE = re.compile(r"\s+[|–—-]\s+(?P<site>[^|–—]{2,40})\Z")
_CUT = re.compile(r"\s*(?:…|\.\.\.)\s*\Z")
_PLACE = re.compile(r"\A[A-Z][\w .,'’/-]{1,50}?(?:\s*\([A-Za-z. ]{2,30}\))?\s*(?:—|–|--|-)\s+")
_ENDS_SENTENCE = re.compile(r"(?<!\b[A-Z]\.[A-Z])[.;:,][\"'”’)]*\Z")


@dataclass(slots=True)
class _Head:
    """What has been learned of the page so far; `kept` are the items that may be the article's words."""

    title: str | None
    author: str | None
    outlet: str | None
    published: date | None
    url: str | None
    kept: list[Item] = field(default_factory=list)

    def learn(self, byline: Byline) -> None:
        self.author = self.author or byline.author
        self.outlet = self.outlet or byline.outlet
        self.published = self.published or byline.published


def parse_page(text: str) -> Fields:
    """The article of a plain text file. A page without a headline is named by its first sentence and keeps it.

    Raises: Unreadable, if no text is left.
    """
    items = lay_out(text)
    if not items:
        raise Unreadable("holds no text")
    keys, items = read_keys(items)
    head = _Head(keys.title, keys.author, keys.source, keys.published, keys.url)
    rest = _read_head(head, items)
    body = _without_standfirst(_read_body(head, [*head.kept, *rest]))
    if not body and head.title:
        body = [Item(head.title)]
    if not body:
        raise Unreadable("holds no article text")
    title, site = _split_site(head.title) if head.title else (first_sentence(body[0].text), None)
    return Fields(
        text=join(body),
        title=title,
        source=one_line(head.outlet or site),
        author=one_line(head.author),
        published=head.published,
        url=head.url,
    )


def _read_head(head: _Head, items: Sequence[Item]) -> list[Item]:
    """Fill `head` from the top of the page; returns the items below it."""
    repeated = _repeated_headline(items)
    prose = index = 0
    while index < min(len(items), _HEAD_ITEMS) and prose < _PROSE_ENDS_HEAD:
        taken = _take_metadata(head, items, index, prose)
        if taken:
            index += taken
            continue
        line = items[index].text
        if head.title is None and not head.kept and not _is_sentence(line):
            if repeated is None or alike(line) == alike(repeated):
                head.title = one_line(line)
            elif len(line.split()) > 4:  # before the headline a few words are a section, more are not
                head.kept.append(items[index])
        elif head.title is None or alike(line) != alike(head.title):
            head.kept.append(items[index])
            prose += 1
        index += 1
    return list(items[index:])


def _take_metadata(head: _Head, items: Sequence[Item], index: int, prose: int) -> int:
    """How many items from `index` on are metadata or furniture; what they tell goes into `head`."""
    line = items[index].text
    if is_furniture(line) or _SEPARATOR.fullmatch(line):
        return 1
    if _URL.fullmatch(line):
        head.url = head.url or line
        return 1
    if dates := _date_lines(items, index):
        # Within a text a bare date can be a heading: of a diary, of a timeline.
        if is_labelled(line) or (prose <= 1 and head.published is None):
            head.published = head.published or labelled_date(" ".join(item.text for item in dates))
            return len(dates)
        return 0
    if head.title is None and not head.kept:
        if (outlet := outlet_line(line)) and index + 1 < len(items):
            head.outlet = head.outlet or outlet
            return 1
        if _is_section(line):
            return 1
    return _take_byline(head, items, index)


def _date_lines(items: Sequence[Item], index: int) -> Sequence[Item]:
    """The run of date lines and labels from `index` on, if there is a date in it."""
    end = index
    while end < len(items) and (is_date_line(items[end].text) or is_date_label(items[end].text)):
        end += 1
    run = items[index:end]
    return run if any(is_date_line(item.text) for item in run) else ()


def _take_byline(head: _Head, items: Sequence[Item], index: int) -> int:
    line = items[index].text
    following = items[index + 1].text if index + 1 < len(items) else ""
    if head.title is None and (head.kept or _is_sentence(following)):
        return 0  # "By popular demand" above a text is its headline
    names, lines = _names_below(items, index + 1)
    if is_by(line) and (byline := parse_names(names) or _single_name(names)):
        taken = 1 + lines
    elif byline := parse_byline(line):
        taken = 1
    elif head.title and is_name(line) and (_date_lines(items, index + 1) or following[:1] in (",", "|")):
        byline, taken = parse_names(line) or Byline(line), 1
    elif head.title and (found := _unled_byline(line)):
        byline, taken = found, 1
    else:
        return 0
    head.learn(byline)
    if index + taken < len(items) and (outlet := outlet_line(items[index + taken].text, after_name=True)):
        head.outlet = head.outlet or outlet
        taken += 1
    return taken


def _names_below(items: Sequence[Item], index: int) -> tuple[str, int]:
    """The name at `index`, with those that follow it by lines of "and", as one line; and how many lines these are."""
    if index == len(items):
        return "", 0
    names, end = items[index].text, index + 1
    while end + 1 < len(items) and items[end].text.lower() in ("and", "&") and is_name(items[end + 1].text):
        names += f" and {items[end + 1].text}"
        end += 2
    return names, end - index


def _unled_byline(line: str) -> Byline | None:
    """Without "By" a line like "Jane Doe, Reuters" is a byline only if the outlet is a known one."""
    found = parse_names(line) if len(line) <= 80 else None
    return found if found and found.author and found.outlet and outlet_line(found.outlet) else None


def _single_name(line: str) -> Byline | None:
    """Below "By" one word is a name too."""
    return Byline(tidy_name(line)) if line.isalpha() and line[0].isupper() else None


def _repeated_headline(items: Sequence[Item]) -> str | None:
    """The first line that stands twice at the top: whatever is above it, this is the headline."""
    lines = [item.text for item in items[:15]]
    for index, line in enumerate(lines):
        known = is_furniture(line) or _is_section(line) or outlet_line(line) or is_by(line) or parse_byline(line)
        if known or is_date_line(line) or is_name(line) or len(line.split()) < 2 or _is_sentence(line):
            continue
        if alike(line) in map(alike, lines[index + 1 :]):
            return line
    return None


def _read_body(head: _Head, items: Sequence[Item]) -> list[Item]:
    """`items` without furniture and rights; a labelled date at the end counts if there was none at the top."""
    body: list[Item] = []
    fresh = True  # nothing of the present block is kept yet
    for item in items:
        fresh = fresh or not item.glued
        if is_rights(item.text):
            head.outlet = head.outlet or rights_holder(item.text)
        elif is_labelled(item.text) and is_date_line(item.text):
            head.published = head.published or labelled_date(item.text)
        elif not is_furniture(item.text):
            body.append(replace(item, glued=item.glued and not fresh))
            fresh = False
    return body


def _without_standfirst(body: list[Item]) -> list[Item]:
    """`body` without a paragraph at its top that one soon after it repeats, in full or as its beginning."""
    top = [_comparable(item.text) for item in body[: 2 * _STANDFIRST_WITHIN]]
    return [
        item
        for index, item in enumerate(body)
        if index >= _STANDFIRST_WITHIN or not any(_repeats(item.text, later) for later in top[index + 1 :])
    ]


def _repeats(standfirst: str, paragraph: str) -> bool:
    begin = _comparable(_CUT.sub("", standfirst))
    return len(begin) >= _STANDFIRST_LENGTH and paragraph.startswith(begin)


def _comparable(text: str) -> str:
    return alike(_PLACE.sub("", text, count=1))


def _is_section(line: str) -> bool:
    parts = [part.casefold() for part in _BREADCRUMB.split(line) if part]
    return len(line) <= 80 and bool(parts) and all(part in _SECTIONS for part in parts)


def _is_sentence(line: str) -> bool:
    """True for prose, as opposed to a headline."""
    too_long = len(line) > _HEADLINE_LENGTH or len(line.split()) > _HEADLINE_WORDS
    return too_long or line[:1].islower() or _ENDS_SENTENCE.search(line) is not None


def _split_site(title: str) -> tuple[str, str | None]:
    """The title of a browser window, "Ferry sinks - BBC News", as headline and outlet."""
    match = _SITE.search(title)
    if match and match.start() and outlet_line(match["site"]):
        return title[: match.start()], match["site"]
    return title, None
