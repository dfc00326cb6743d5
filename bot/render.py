"""A stored answer -> what is shown of it in Telegram. Pure.

Callback data (Bot API, InlineKeyboardButton: 1-64 bytes) is a verb and the id of the answer, so that a button works
for as long as the answer is stored.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from bot.markup import (
    MAX_UNITS,
    Block,
    Blocks,
    Run,
    block,
    messages,
    one_line,
    units,
    unlinked_address,
    web_address,
)
from bot.state import Cited, Record
from bot.texts import Texts
from retrieval.sentences import Span, paragraphs, sentences
from retrieval.types import Article

_TITLE = 160
_OUTLET = 80
_FRAGMENT_WORDS = 6
_PER_ROW = 5
_LEAST = 40  # units; fewer say nothing
_PIECE = 2000  # characters of a paragraph that are shown at once


@dataclass(frozen=True, slots=True)
class Button:
    """A button that opens `url`, or else sends `data` to the bot."""

    label: str
    data: str | None = None
    url: str | None = None


Keyboard = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """One or more messages, and the buttons below the last; `preview` is the address whose preview is shown."""

    pages: tuple[Blocks, ...]
    keyboard: Keyboard = ()
    preview: str | None = None


def deep_link(bot: str, answer_id: str, n: int | None = None) -> str:
    """The address that opens an answer, or its nth citation, in a chat with the bot."""
    return f"https://t.me/{bot}?start={answer_id}{f'_{n}' if n else ''}"


def answer(record: Record, texts: Texts, bot: str, rating: int | None = None, with_question: bool = False) -> Shown:
    """An answer, or a refusal, with its citations and buttons.

    `bot` is the bot's user name, for deep links. The question goes before it if no message with it stands above. A
    copy, shown `with_question`, cannot be asked literally: that would change the answer of whoever asked.
    """
    answered = record.answered
    if answered is None:
        raise ValueError(f"the question {record.id} is not answered yet")
    blocks: list[Block] = []
    literally: Keyboard = ()
    if with_question or record.asked.message_id is None:
        blocks.append(block(Run(one_line(record.asked.text, 500), italic=True)))
    if answered.understood_as != record.asked.text.strip() and record.asked.via == "message":
        blocks.append(block(Run(texts("understood_as", question=one_line(answered.understood_as, 300)), italic=True)))
        literally = () if with_question else ((Button(texts("button_literally"), f"lit:{record.id}"),),)
    first = [cited for cited in answered.citations if not cited.later]
    if answered.text is None:
        blocks.append(block(Run(texts("refused"), bold=True), " ", texts(f"refused_{answered.refusal}")))
    else:
        blocks.append(_reported(answered.text, first, texts, bot, record.id))
    related = [cited for cited in first if answered.text is None or cited.kind == "related"]
    for cited in first:
        if related and cited is related[0]:
            blocks.append(block(texts("nearest" if answered.text is None else "see_also")))
        blocks += citation(cited, texts, bot, record.id)
    sources = {web_address(cited.url) for cited in first}
    preview = sources.pop() if len(sources) == 1 and answered.text is not None else None
    keyboard = (*_numbers(first, record.id), *literally, *_below(record, first, texts, bot, rating))
    return Shown(tuple(messages(blocks)), keyboard, preview)


def _reported(text: str, cited: Sequence[Cited], texts: Texts, bot: str, answer_id: str) -> Block:
    """The answer with its markers and how many outlets give it; where reports differ, the others too, newest first."""

    def marks(chosen: Sequence[Cited]) -> list[Run]:
        return [run for one in chosen for run in (Run(" "), Run(f"[{one.n}]", link=_target(one, bot, answer_id)))]

    others = [one for one in cited if one.kind == "differs"]
    runs = [Run(texts("reports_differ") + " ")] if others else []
    runs += [Run(text, bold=True), *marks([one for one in cited if one.kind == "exact"])]
    if (number := _outlets(cited)) > 1:
        runs.append(Run(f" {texts('outlets', number=number)}"))
    for one in others:
        runs += [Run("; "), Run(_answer_in(one), bold=True), *marks([one])]
    return block(*runs)


def _outlets(cited: Iterable[Cited]) -> int:
    """How many outlets give the answer, counted as `retrieval.reports.outlets` counts those of candidates.

    Of sentences that are word for word the same (an agency's text) only the first counts; an article without an outlet
    counts as its own.
    """
    by_text: dict[str, str] = {}
    for one in cited:
        if one.kind == "exact":
            by_text.setdefault(" ".join(one.quote.split()).casefold(), one.source or one.article_id)
    return len(set(by_text.values()))


def _answer_in(cited: Cited) -> str:
    if cited.answer_start is None or cited.answer_end is None:
        return ""
    return cited.quote[cited.answer_start - cited.start : cited.answer_end - cited.start]


def more(record: Record, shown: Sequence[Cited], texts: Texts, bot: str) -> Shown:
    """The next passages of an answer: as many as fit into one message whole, and at least one."""
    blocks = [block(Run(texts("more_passages" if shown else "no_more_passages"), bold=True))]
    fitting: list[Cited] = []
    for cited in shown:
        longer = [*blocks, *citation(cited, texts, bot, record.id)]
        if fitting and len(messages(longer)) > 1:
            break
        blocks = longer
        fitting.append(cited)
    row = [Button(texts("button_back"), f"back:{record.id}")]
    if fitting:
        row.append(Button(texts("button_more"), f"more:{record.id}:{fitting[-1].n}"))
    return Shown((_beginning(blocks),), (*_numbers(fitting, record.id), tuple(row)))


def passage(record: Record, cited: Cited, article: Article | None, at: int | None, texts: Texts, bot: str) -> Shown:
    """A citation in its article: the paragraph that holds it between its neighbours, its sentence in bold.

    `at` is the paragraph in the middle, None for the one of the sentence. Where the article is gone or no longer has
    the sentence, the sentence is shown as it was stored.
    """
    place = _place(cited, article)
    head = _credit(cited, texts, bot, record.id)
    link = web_address(cited.url)
    last: tuple[Button, ...] = (Button(texts("button_back"), f"back:{record.id}"),)
    if link:
        last += (Button(texts("button_article"), url=link),)
    if article is None or place is None:
        note = block(Run(texts("article_gone" if article is None else "article_changed"), italic=True))
        quoted = block(*_emphasised(cited), quote=True)
        page = _beginning([head, quoted], MAX_UNITS - units(note.text) - 2)
        return Shown(((*page, note),), (last,))
    spans = _pieces(article.text)
    middle = at if at is not None else next((i for i, span in enumerate(spans) if span.end > place.start), 0)
    middle = min(max(middle, 0), len(spans) - 1)
    blocks, first, final = _window(article.text, spans, middle, place, MAX_UNITS - units(head.text) - 2)
    turn = []
    if first > 0:
        turn.append(Button("‹", f"see:{record.id}:{cited.n}:{middle - 1}"))
    turn.append(Button(f"{middle + 1}/{len(spans)}", f"see:{record.id}:{cited.n}"))
    if final < len(spans) - 1:
        turn.append(Button("›", f"see:{record.id}:{cited.n}:{middle + 1}"))
    return Shown(((head, *blocks),), (tuple(turn), last), None)


def single(record: Record, cited: Cited, texts: Texts, bot: str) -> Shown:
    """One citation by itself."""
    keyboard = ((Button(texts("button_context"), f"see:{record.id}:{cited.n}"),),)
    return Shown((_beginning(citation(cited, texts, bot, record.id)),), keyboard, web_address(cited.url))


def citation(cited: Cited, texts: Texts, bot: str, answer_id: str) -> list[Block]:
    """A citation as it stands below an answer: where it is from, and the sentence with the answer in bold."""
    return [_credit(cited, texts, bot, answer_id), block(*_emphasised(cited), quote=True, gap=False)]


def sentence_link(cited: Cited) -> str | None:
    """The article's address with a text fragment, by which a browser opens it at the sentence; None without one.

    https://wicg.github.io/scroll-to-text-fragment/
    """
    url = web_address(cited.url)
    if url is None or "#" in url:
        return url
    words = cited.quote.split()
    begin, end = " ".join(words[:_FRAGMENT_WORDS]), " ".join(words[-_FRAGMENT_WORDS:])
    pieces = [begin] if len(words) <= _FRAGMENT_WORDS else [begin, end]
    fragment = ",".join(quote(piece, safe="").replace("-", "%2D") for piece in pieces)
    return web_address(f"{url}#:~:text={fragment}") or url


def summary(record: Record) -> str:
    """The answer, or the beginning of it, on one line."""
    answered = record.answered
    return one_line(answered.text or "" if answered else "", 240)


def _beginning(blocks: Sequence[Block], room: int = MAX_UNITS) -> Blocks:
    """As much of the blocks as fits into one message, since a view replaces the one below which its button was."""
    page: list[Block] = []
    for whole in blocks:
        if room <= _LEAST:
            break
        part = messages([whole], room)[0]
        page += part
        room -= sum(units(one.text) + 2 for one in part)
    return tuple(page)


def _credit(cited: Cited, texts: Texts, bot: str, answer_id: str) -> Block:
    facts = [one_line(cited.source, _OUTLET)] if cited.source else []
    facts += [texts.day(cited.published)] if cited.published else []
    title = Run(one_line(cited.title, _TITLE), link=_target(cited, bot, answer_id))
    address = unlinked_address(cited.url)
    return block(
        Run(f"{cited.n}. ", bold=True),
        *([f"{', '.join(facts)}: "] if facts else []),
        title,
        *([f" ({address})"] if address else []),
    )


def _emphasised(cited: Cited) -> tuple[Run, ...]:
    if cited.answer_start is None or cited.answer_end is None:
        return (Run(cited.quote),)
    start, end = cited.answer_start - cited.start, cited.answer_end - cited.start
    parts = (Run(cited.quote[:start]), Run(cited.quote[start:end], bold=True), Run(cited.quote[end:]))
    return tuple(part for part in parts if part.text)


def _target(cited: Cited, bot: str, answer_id: str) -> str:
    """Where a marker leads: the very sentence in the article or, if it has no address, in the chat with the bot."""
    return sentence_link(cited) or deep_link(bot, answer_id, cited.n)


def _numbers(cited: Sequence[Cited], answer_id: str) -> Keyboard:
    buttons = [Button(str(one.n), f"see:{answer_id}:{one.n}") for one in cited]
    return tuple(tuple(buttons[i : i + _PER_ROW]) for i in range(0, len(buttons), _PER_ROW))


def _below(record: Record, cited: Sequence[Cited], texts: Texts, bot: str, rating: int | None) -> Keyboard:
    # That of the answer or, where there is none, of the nearest passage; another article is opened by its number.
    lead = [one for one in cited if one.kind == "exact"] or cited[:1]
    link = next((address for one in lead if (address := web_address(one.url))), None)
    upper = [Button(texts("button_article"), url=link)] if link else []
    upper.append(Button(texts("button_more"), f"more:{record.id}:{cited[-1].n if cited else 0}"))
    lower = [
        Button("👍 ✓" if rating == 1 else "👍", f"up:{record.id}"),
        Button("👎 ✓" if rating == -1 else "👎", f"down:{record.id}"),
        Button(texts("button_share"), url=_share(record, bot)),
    ]
    return (tuple(upper), tuple(lower))


def _share(record: Record, bot: str) -> str:
    text = one_line(record.asked.text, 200)
    return f"https://t.me/share/url?{urlencode({'url': deep_link(bot, record.id), 'text': text})}"


def _place(cited: Cited, article: Article | None) -> Span | None:
    """Where the sentence stands now, if the article still has it."""
    if article is None:
        return None
    if article.text[cited.start : cited.end] == cited.quote:
        return Span(cited.start, cited.end)
    at = article.text.find(cited.quote)
    return Span(at, at + len(cited.quote)) if at >= 0 else None


def _pieces(text: str) -> list[Span]:
    """The paragraphs, long ones in pieces of whole sentences: a text may have no paragraphs at all."""
    pieces: list[Span] = []
    for paragraph in paragraphs(text):
        if paragraph.end - paragraph.start <= _PIECE:
            pieces.append(paragraph)
            continue
        start = end = paragraph.start
        for sentence in sentences(text, paragraph):
            if sentence.end - start > _PIECE and end > start:
                pieces.append(Span(start, end))
                start = sentence.start
            end = sentence.end
        pieces.append(Span(start, end))
    return pieces


def _window(text: str, spans: Sequence[Span], middle: int, place: Span, room: int) -> tuple[list[Block], int, int]:
    """The paragraphs around the middle one that fit, and the numbers of the first and the last."""
    blocks = [_paragraph(text, spans[middle], place)]
    if units(blocks[0].text) > room:  # rare: one sentence larger than a message
        parts = [part for page in messages(blocks, room) for part in page]
        holding = [part for part in parts if any(run.bold for run in part.runs)]
        return (holding or parts)[:1], middle, middle
    room -= units(blocks[0].text) + 2
    first = final = middle
    for step in (-1, 1):
        beside = middle + step
        if 0 <= beside < len(spans):
            whole = _paragraph(text, spans[beside], place)
            if units(whole.text) + 2 <= room:
                room -= units(whole.text) + 2
                blocks = [whole, *blocks] if step < 0 else [*blocks, whole]
                first, final = min(first, beside), max(final, beside)
    return blocks, first, final


def _paragraph(text: str, span: Span, place: Span) -> Block:
    start, end = max(span.start, place.start), min(span.end, place.end)
    if start >= end:
        return block(text[span.start : span.end])
    return block(text[span.start : start], Run(text[start:end], bold=True), text[end : span.end])
