"""Paragraphs and sentences of a text, as [start, end) offsets into it.

A citation quotes whole sentences, so a split in the wrong place is something a reader sees. The rules are those of
Grefenstette and Tapanainen, "What is a word, what is a sentence?" (1994): a terminator ends a sentence unless the
token before it is a known abbreviation or an initial, or what follows cannot begin a sentence.
"""

import re
from dataclasses import dataclass

_BLANK_LINE = re.compile(r"\n[^\S\n]*\n\s*")

# Terminator, closing quotes and brackets, then white space; those of other scripts need no space after them.
_BOUNDARY = re.compile(
    r"(?P<western>(?<![.!?…])[.!?…]+)(?P<closing>[\"'”’»)\]]*)(?P<space>\s+)|[。！？｡؟۔।॥]+[」』”’）»]*(?P<cjk>\s*)"
)

# Never the end of a sentence: something must follow them.
_TITLES = frozenset(
    "adm assoc asst atty brig capt cmdr col cpl det dir dr gen gov hon insp lt maj messrs mr mrs ms mx pfc pres prof "
    "pvt rep reps rev sen sens sgt st supt vs fig vol pp cf approx e.g i.e".split()
)
# May end a sentence; they do when a word follows that commonly begins one.
_SHORTENED = frozenset(
    "a.m p.m u.s u.k u.n e.u d.c l.a n.y u.s.a u.a.e b.c a.d ph.d m.d b.a m.a j.d inc ltd co corp bros llc jr sr etc "
    "dept est ave blvd rd mt ft al".split()
)
# Not the end before a number: "Jan. 6", "No. 10".
_BEFORE_NUMBER = frozenset("jan feb mar apr jun jul aug sep sept oct nov dec no nos art sec ch p".split())

_STARTERS = frozenset(
    "a about above according after again all also although among an and another any are as asked at back be because "
    "before both but by can could despite did do does during each earlier even every few first for from had has have "
    "he her here his how however i i'd i'll i'm i've if in instead is it it's its just last later many may meanwhile "
    "more most much my nearly neither never new no nobody none nor not nothing now of on once one only or other our "
    "over people perhaps she since so some still such that that's the their then there there's these they they're "
    "this those though through thus to today two under unlike until was we we're were what when where whether which "
    "while who why will with within without would yes yet you you're your".split()
)

_LAST_TOKEN = re.compile(r"[^\s\"'“‘«(\[—–]+\Z")
_NEXT_WORD = re.compile(r"[\"'“‘«(\[—–¿¡]*(?P<word>[\w'’]+|\S)?")


@dataclass(frozen=True, slots=True)
class Span:
    """The half-open range [start, end) of a text, in characters."""

    start: int
    end: int


def paragraphs(text: str, within: Span | None = None) -> list[Span]:
    """The paragraphs of `text` (or of the part `within` it): runs of lines between blank lines, without outer space."""
    begin, stop = (within.start, within.end) if within else (0, len(text))
    begins, ends = [begin], []
    for gap in _BLANK_LINE.finditer(text, begin, stop):
        ends.append(gap.start())
        begins.append(gap.end())
    ends.append(stop)
    spans = (_strip(text, Span(begin, end)) for begin, end in zip(begins, ends, strict=True))
    return [span for span in spans if span is not None]


def sentences(text: str, within: Span | None = None) -> list[Span]:
    """The sentences of `text` (or of the part `within` it), without the white space around them.

    Every non-blank character belongs to exactly one sentence.
    """
    begin, stop = (within.start, within.end) if within else (0, len(text))
    spans: list[Span] = []
    for match in _BOUNDARY.finditer(text, begin, stop):
        if match["cjk"] is None and not _ends_sentence(text, begin, stop, match):
            continue
        end = match.start("space") if match["cjk"] is None else match.start("cjk")
        spans.append(Span(begin, end))
        begin = match.end()
    spans.append(Span(begin, stop))
    return [stripped for span in spans if (stripped := _strip(text, span)) is not None]


def _strip(text: str, span: Span) -> Span | None:
    piece = text[span.start : span.end]
    bare = piece.strip()
    if not bare:
        return None
    start = span.start + len(piece) - len(piece.lstrip())
    return Span(start, start + len(bare))


def _ends_sentence(text: str, begin: int, stop: int, match: re.Match[str]) -> bool:
    following = _NEXT_WORD.match(text, match.end(), stop)
    word = following["word"] if following else None
    if not word:
        return True
    if word[0].islower():
        return False
    if match["western"] != "." or match["closing"]:
        return True
    # No token that matters is longer than this; a line of megabytes must not be searched to its beginning.
    last = _LAST_TOKEN.search(text[max(begin, match.start() - 40) : match.start()])
    if last is None:
        return True
    token = last[0]
    starts = word.lower().replace("’", "'") in _STARTERS
    if token.lower() in _TITLES:
        return False
    if (len(token) == 1 and token.isupper()) or token.lower() in _SHORTENED:
        return starts
    if word[0].isdigit() and token.lower() in _BEFORE_NUMBER:
        return False
    enumerates = token.isdigit() and len(token) <= 2 and not text[begin : match.start() - len(token)].strip()
    return not enumerates
