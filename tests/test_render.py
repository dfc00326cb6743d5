"""What is shown of an answer: its text, its links, its buttons, within Telegram's limits."""

from dataclasses import replace
from datetime import UTC, date, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import render
from bot.markup import MAX_UNITS, Blocks, to_html, to_plain
from bot.render import Button, Shown
from bot.state import Answered, Asked, Cited, Place, Record
from bot.texts import texts_for
from retrieval.reports import outlets
from retrieval.sentences import paragraphs
from retrieval.types import Article, Candidate, Hit, Passage
from tests.telegram.entities import Entity, Parsed, utf16_length, utf16_slice
from tests.telegram.markup import parse_html

EN = texts_for("en")
BOT = "byline_bot"
URL = "https://courier.example/ada-wins"
QUOTE = "Ada Mayer won the election on Tuesday."
NEARBY = f"The vote was long.\n\nIt was a close race. {QUOTE} Nobody had expected it.\n\nShe takes office in May."
TEXT = f"{NEARBY}\n\nThe end."
ARTICLE = Article("world/ada.txt", "Ada wins", TEXT)
ID = "AbCdEfGhIjK"


def cited(n: int = 1, quote: str = QUOTE, **changes: object) -> Cited:
    start = max(TEXT.find(quote), 0)
    whole = Cited(
        n,
        ARTICLE.id,
        "Ada wins",
        "The Courier",
        date(2018, 4, 10),
        URL,
        quote,
        start,
        start + len(quote),
        start,
        start + 9,
        "exact",
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


def record(
    *citations: Cited, refusal: str | None = None, understood_as: str = "Who won?", message_id: int | None = 5
) -> Record:
    asked = Asked("Who won?", "message", 7, "en", Place(7), message_id)
    text = None if refusal else "Ada Mayer"
    return Record(ID, datetime.now(UTC), asked, Answered(understood_as, text, refusal, 0.9, citations, "g1", 9.0), (6,))


def read(page: Blocks) -> Parsed:
    """The page as Telegram shows it, which must be as it was meant."""
    parsed = parse_html(to_html(page))
    assert parsed.mangled == ()
    assert 0 < utf16_length(parsed.text) <= MAX_UNITS
    return parsed


def only(shown: Shown) -> Parsed:
    (page,) = shown.pages
    return read(page)


def parts(parsed: Parsed, kind: str) -> list[str]:
    return [utf16_slice(parsed.text, one) for one in parsed.entities if one.type == kind]


def links(parsed: Parsed) -> list[Entity]:
    return [one for one in parsed.entities if one.type == "text_link"]


def buttons(shown: Shown) -> list[Button]:
    return [button for row in shown.keyboard for button in row]


def labels(shown: Shown) -> list[str]:
    return [button.label for button in buttons(shown)]


def test_an_answer_is_its_text_in_bold_and_each_citation_with_outlet_date_headline_and_sentence() -> None:
    shown = render.answer(record(cited(1), cited(2, "It was a close race.", url=None)), EN, BOT)
    parsed = only(shown)
    assert parsed.text == (
        "Ada Mayer [1] [2]\n\n"
        f"1. The Courier, 10 April 2018: Ada wins\n{QUOTE}\n\n"
        "2. The Courier, 10 April 2018: Ada wins\nIt was a close race."
    )
    assert parts(parsed, "bold") == ["Ada Mayer", "1. ", "Ada Mayer", "2. ", "It was a "]
    assert parts(parsed, "expandable_blockquote") == [QUOTE, "It was a close race."]
    assert labels(shown) == ["1", "2", "Open the article", "More", "👍", "👎", "Share"]


def told(*reports: tuple[str | None, str], kind: str = "exact", language: str = "en") -> str:
    """The first line of an answer whose citations are of these outlets and sentences."""
    citations = [
        cited(n, quote, source=source, article_id=f"a{n}", kind=kind) for n, (source, quote) in enumerate(reports, 1)
    ]
    return only(render.answer(record(*citations), texts_for(language), BOT)).text.partition("\n")[0]


OWN, COPY, OTHER = QUOTE, QUOTE.upper().replace(" THE ", "\nTHE  "), "It was a close race."


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "(2 outlets)"), ("ru", "(изданий: 2)"), ("es", "(2 medios)"), ("de", "(2 Medien)")],
)
def test_an_answer_says_how_many_outlets_give_it(language: str, words: str) -> None:
    line = told(("The Courier", OWN), ("The Herald", OTHER), language=language)
    assert line == f"Ada Mayer [1] [2] {words}"


@pytest.mark.parametrize(
    ("reports", "number"),
    [
        ([("The Courier", OWN), ("The Herald", OTHER), ("The Post", "Ada Mayer is the mayor.")], 3),
        ([("The Courier", OWN), ("The Herald", OTHER), ("The Courier", "Ada Mayer is the mayor.")], 2),
        ([("The Courier", OWN), ("The Herald", OTHER), ("The Post", COPY)], 2),
        ([(None, OWN), (None, OTHER)], 2),
        ([("The Courier", OWN), ("The Herald", COPY)], 1),
        ([("The Courier", OWN), ("The Courier", OTHER)], 1),
        ([(None, OWN), (None, COPY)], 1),
        ([("The Courier", OWN)], 1),
    ],
)
def test_copies_of_one_text_and_articles_of_one_outlet_count_once(
    reports: list[tuple[str | None, str]], number: int
) -> None:
    marks = " ".join(f"[{n}]" for n in range(1, len(reports) + 1))
    assert told(*reports) == f"Ada Mayer {marks}" + (f" ({number} outlets)" if number > 1 else "")


_REPORTS = st.tuples(st.sampled_from(["The Courier", "The Herald", None]), st.sampled_from([OWN, COPY, OTHER]))


@settings(deadline=None)
@given(st.lists(_REPORTS, min_size=1, max_size=6))
def test_outlets_are_counted_as_retrieval_counts_them(reports: list[tuple[str | None, str]]) -> None:
    candidates = []
    for n, (source, quote) in enumerate(reports, 1):
        article = Article(f"a{n}", "Ada wins", quote, source=source)
        hit = Hit(n, n, article, Passage(article.id, 0, len(quote), quote), 1.0, 1.0)
        candidates.append(Candidate(hit, 0, 3, 0, len(quote), 1.0))
    number = outlets(candidates)
    assert (f"({number} outlets)" in told(*reports)) == (number > 1)


def test_passages_that_do_not_give_the_answer_stand_apart_below_those_that_do() -> None:
    answered = record(cited(1), cited(2, OTHER, kind="related"), cited(3, OTHER, kind="related"))
    text = only(render.answer(answered, EN, BOT)).text
    assert text.startswith("Ada Mayer [1]\n")
    assert text.index("1. ") < text.index("Other passages:") < text.index("2. ") < text.index("3. ")
    assert text.count("Other passages:") == 1


def test_passages_that_do_not_give_the_answer_count_for_no_outlet() -> None:
    assert told(("The Courier", OWN), ("The Herald", OTHER), kind="related") == "Ada Mayer"
    refused = render.answer(record(cited(1), cited(2, OTHER, source="The Herald"), refusal="not_stated"), EN, BOT)
    assert "outlets" not in only(refused).text


def test_where_reports_differ_the_outlets_stand_with_the_answer_that_they_give() -> None:
    against = cited(3, "Bo Lind won the election.", source="The Post", kind="differs", answer_start=0, answer_end=7)
    citations = (cited(1), cited(2, OTHER, source="The Herald"), replace(against, start=0, end=25))
    line = only(render.answer(record(*citations), EN, BOT)).text.partition("\n")[0]
    assert line == "Reports differ, newest first: Ada Mayer [1] [2] (2 outlets); Bo Lind [3]"


def test_a_mark_leads_to_the_sentence_in_the_article_or_to_the_chat_with_the_bot() -> None:
    parsed = only(render.answer(record(cited(1), cited(2, url=None), cited(3, url="javascript:x()")), EN, BOT))
    targets = {utf16_slice(parsed.text, one): one.url for one in links(parsed)}
    assert targets["[1]"] == render.sentence_link(cited(1))
    assert targets["[2]"] == f"https://t.me/{BOT}?start={ID}_2"
    assert targets["[3]"] == f"https://t.me/{BOT}?start={ID}_3"


@pytest.mark.parametrize("kind", ["only_later", "nothing_then", "off_topic", "not_stated"])
@pytest.mark.parametrize("language", ["en", "ru", "es", "de"])
def test_a_refusal_says_why_and_shows_the_nearest_passages(kind: str, language: str) -> None:
    texts = texts_for(language)
    shown = render.answer(record(cited(1), refusal=kind), texts, BOT)
    parsed = only(shown)
    assert parsed.text.startswith(f"{texts('refused')} {texts(f'refused_{kind}')}\n\n{texts('nearest')}\n\n1. ")
    assert QUOTE in parsed.text
    assert shown.preview is None


def test_a_refusal_without_passages_promises_none() -> None:
    assert only(render.answer(record(refusal="off_topic"), EN, BOT)).text.endswith(EN("refused_off_topic"))


def test_what_is_not_answered_yet_cannot_be_shown() -> None:
    with pytest.raises(ValueError, match=ID):
        render.answer(replace(record(), answered=None), EN, BOT)


def test_a_question_that_was_completed_says_how_and_can_be_asked_literally() -> None:
    shown = render.answer(record(cited(), understood_as="Who won? When?"), EN, BOT)
    assert parts(only(shown), "italic") == ["Understood as: Who won? When?"]
    assert Button("Ask it literally", f"lit:{ID}") in buttons(shown)
    assert "Ask it literally" not in labels(render.answer(record(cited()), EN, BOT))
    copied = render.answer(record(cited(), understood_as="Who won? When?"), EN, BOT, with_question=True)
    assert "Ask it literally" not in labels(copied)


def test_the_question_goes_before_an_answer_that_replies_to_none() -> None:
    assert only(render.answer(record(cited(), message_id=None), EN, BOT)).text.startswith("Who won?\n\n")
    assert only(render.answer(record(cited()), EN, BOT, with_question=True)).text.startswith("Who won?\n\n")


def test_passages_that_came_later_are_not_part_of_the_answer() -> None:
    shown = render.answer(record(cited(1), cited(2, later=True)), EN, BOT)
    assert "2. " not in only(shown).text
    assert Button("More", f"more:{ID}:1") in buttons(shown)


ELSEWHERE = "https://herald.example/ada"


@pytest.mark.parametrize(
    ("citations", "opened"),
    [
        ([cited(1), cited(2, OTHER, kind="related", url=ELSEWHERE)], URL),
        ([cited(1, OTHER, kind="differs", url=ELSEWHERE), cited(2)], URL),
        ([cited(1, url=None), cited(2, OTHER, url=ELSEWHERE)], ELSEWHERE),
        ([cited(1, url=None), cited(2, OTHER, kind="related", url=ELSEWHERE)], None),
        ([cited(1, url=None), cited(2, OTHER, kind="differs", url=ELSEWHERE)], None),
    ],
    ids=["the first", "not one that differs", "the next one with an address", "not a related one", "nor that"],
)
def test_the_article_to_be_opened_is_one_that_gives_the_answer(citations: list[Cited], opened: str | None) -> None:
    shown = buttons(render.answer(record(*citations), EN, BOT))
    assert [button.url for button in shown if button.label == "Open the article"] == ([opened] if opened else [])


def test_below_a_refusal_the_nearest_article_is_opened_and_no_other() -> None:
    near, far = cited(1, kind="related"), cited(2, OTHER, kind="related", url=ELSEWHERE)
    shown = render.answer(record(near, far, refusal="not_stated"), EN, BOT)
    assert Button("Open the article", url=URL) in buttons(shown)
    shown = render.answer(record(replace(near, url=None), far, refusal="not_stated"), EN, BOT)
    assert "Open the article" not in labels(shown)


def test_only_a_single_source_has_a_preview() -> None:
    assert render.answer(record(cited(1), cited(2)), EN, BOT).preview == URL
    assert render.answer(record(cited(1), cited(2, url="https://other.example/")), EN, BOT).preview is None


@pytest.mark.parametrize(("rating", "marked"), [(1, ["👍 ✓", "👎"]), (-1, ["👍", "👎 ✓"]), (None, ["👍", "👎"])])
def test_ones_own_opinion_is_marked(rating: int | None, marked: list[str]) -> None:
    assert labels(render.answer(record(cited()), EN, BOT, rating))[-3:-1] == marked


def test_share_opens_telegram_with_the_question_and_a_link_to_the_answer() -> None:
    share = buttons(render.answer(record(cited()), EN, BOT))[-1]
    assert share.url is not None
    query = parse_qs(urlsplit(share.url).query)
    assert query == {"url": [f"https://t.me/{BOT}?start={ID}"], "text": ["Who won?"]}


def test_more_shows_the_next_passages_and_where_there_are_none_says_so() -> None:
    shown = render.more(record(), [cited(4), cited(5)], EN, BOT)
    assert only(shown).text.startswith("Further passages\n\n4. The Courier")
    assert labels(shown) == ["4", "5", "‹ Back", "More"]
    assert buttons(shown)[-1].data == f"more:{ID}:5"
    none = render.more(record(), [], EN, BOT)
    assert (only(none).text, labels(none)) == ("There are no further passages.", ["‹ Back"])


@pytest.mark.parametrize(("words", "shown_each_time"), [(1, [5]), (40, [4, 1]), (60, [2, 2, 1]), (150, [1] * 5)])
def test_more_shows_as_many_whole_passages_as_fit_and_goes_on_after_the_last_of_them(
    words: int, shown_each_time: list[int]
) -> None:
    left = [cited(n, f"Passage {n}:" + " the votes were counted" * words) for n in range(4, 9)]
    for number in shown_each_time:
        shown = render.more(record(), left, EN, BOT)
        here, left = left[:number], left[number:]
        assert parts(only(shown), "expandable_blockquote") == [one.quote for one in here]
        assert labels(shown) == [*(str(one.n) for one in here), "‹ Back", "More"]
        assert buttons(shown)[-1].data == f"more:{ID}:{here[-1].n}"
    assert left == []


def test_a_single_citation_has_its_sentence_and_the_way_to_its_context() -> None:
    shown = render.single(record(), cited(2), EN, BOT)
    assert only(shown).text == f"2. The Courier, 10 April 2018: Ada wins\n{QUOTE}"
    assert [button.data for button in buttons(shown)] == [f"see:{ID}:2"]
    assert shown.preview == URL


def test_a_passage_shows_the_sentence_in_bold_between_its_neighbours() -> None:
    shown = render.passage(record(), cited(), ARTICLE, None, EN, BOT)
    parsed = only(shown)
    assert parsed.text == f"1. The Courier, 10 April 2018: Ada wins\n\n{NEARBY}"
    assert parts(parsed, "bold") == ["1. ", QUOTE]
    assert labels(shown) == ["2/4", "›", "‹ Back", "Open the article"]


@pytest.mark.parametrize(
    ("at", "middle", "turn"), [(3, "4/4", "‹"), (99, "4/4", "‹"), (0, "1/4", "›"), (-5, "1/4", "›")]
)
def test_one_can_turn_pages_to_both_ends_of_an_article_and_no_further(at: int, middle: str, turn: str) -> None:
    shown = render.passage(record(), cited(), ARTICLE, at, EN, BOT)
    assert set(labels(shown)[:-2]) == {middle, turn}
    only(shown)


def test_a_sentence_that_has_moved_is_found_where_it_is_now() -> None:
    moved = replace(ARTICLE, text=f"A correction was made.\n\n{TEXT}")
    assert parts(only(render.passage(record(), cited(), moved, None, EN, BOT)), "bold") == ["1. ", QUOTE]


@pytest.mark.parametrize(
    ("article", "note"),
    [(None, "article_gone"), (replace(ARTICLE, text="All new."), "article_changed")],
)
def test_the_stored_sentence_is_shown_where_the_article_is_gone_or_has_changed(
    article: Article | None, note: str
) -> None:
    parsed = only(render.passage(record(), cited(), article, 2, EN, BOT))
    assert parsed.text.endswith(f"\n\n{QUOTE}\n\n{EN(note)}")


def test_a_passage_of_a_huge_paragraph_is_the_part_with_the_sentence() -> None:
    filler = "Nothing of note was said that day. " * 300
    article = replace(ARTICLE, text=f"{filler}{QUOTE} {filler}")
    assert len(paragraphs(article.text)) == 1
    assert QUOTE in only(render.passage(record(), cited(), article, None, EN, BOT)).text


@pytest.mark.parametrize("article", [None, ARTICLE])
def test_a_sentence_as_long_as_a_message_is_shown_as_far_as_it_fits(article: Article | None) -> None:
    quote = "word " * 1_000
    whole = cited(1, quote, answer_start=None, answer_end=None)
    if article:
        article = replace(article, text=quote)
    for shown in (
        render.passage(record(), whole, article, None, EN, BOT),
        render.single(record(), whole, EN, BOT),
        render.more(record(), [whole], EN, BOT),
    ):
        assert only(shown).text.count("word") > 500


def test_callback_data_keeps_to_telegrams_64_bytes_with_the_largest_numbers() -> None:
    far = replace(ARTICLE, text="\n\n".join(f"Paragraph {n}." for n in range(100_000)) + f"\n\n{QUOTE}")
    many = [cited(n) for n in range(100_000, 100_005)]
    shows = [
        render.answer(record(*many, understood_as="Else?"), EN, BOT),
        render.more(record(), many, EN, BOT),
        render.single(record(), many[-1], EN, BOT),
        render.passage(record(), many[-1], far, 99_999, EN, BOT),
    ]
    for button in (button for shown in shows for button in buttons(shown)):
        assert (button.data is None) != (button.url is None)
        assert 1 <= len((button.data or "x").encode()) <= 64


def test_a_headline_of_300_characters_is_cut_between_words() -> None:
    parsed = only(render.answer(record(cited(title="Headline <b>& " * 20)), EN, BOT))
    headline = parsed.text.split("2018: ")[1].split("\n")[0]
    assert headline.endswith(("&…", "Headline…", "<b>…"))
    assert 130 < len(headline) <= 160


def test_an_address_of_2000_characters_is_a_link_without_the_sentence() -> None:
    url = "https://courier.example/" + "x" * 1_976
    shown = render.answer(record(cited(url=url)), EN, BOT)
    assert {one.url for one in links(only(shown))} == {url}
    assert Button("Open the article", url=url) in buttons(shown)


@pytest.mark.parametrize("url", ["http://localhost:8080/x", "https://intranet/news/1", "http://example.org:99999/"])
def test_an_address_that_telegram_makes_no_link_of_is_shown_as_text(url: str) -> None:
    shown = render.answer(record(cited(url=url)), EN, BOT)
    parsed = only(shown)
    assert f"Ada wins ({url})\n" in parsed.text
    assert {urlsplit(one.url or "").hostname for one in links(parsed)} == {"t.me"}
    assert shown.preview is None
    for one in (shown, render.passage(record(), cited(url=url), ARTICLE, None, EN, BOT)):
        assert "Open the article" not in labels(one)


def test_arabic_is_isolated_in_the_headline_and_untouched_in_the_sentence() -> None:
    quote = "فازت آدا ماير في الانتخابات."
    one = cited(quote=quote, title="آدا تفوز", source="الساعي", answer_start=0, answer_end=4)
    parsed = only(render.answer(record(replace(one, start=0, end=len(quote))), EN, BOT))
    assert "1. \u2068الساعي\u2069, 10 April 2018: \u2068آدا تفوز\u2069" in parsed.text
    assert parts(parsed, "expandable_blockquote") == [quote]
    assert (render.sentence_link(one) or "").startswith(f"{URL}#:~:text=%D9%81")


@pytest.mark.parametrize(
    ("quote", "url", "link"),
    [
        ("He won.", URL, f"{URL}#:~:text=He%20won."),
        ("a b c d e f g", URL, f"{URL}#:~:text=a%20b%20c%20d%20e%20f,b%20c%20d%20e%20f%20g"),
        ("a-b, c&d\n#e", URL, f"{URL}#:~:text=a%2Db%2C%20c%26d%20%23e"),
        ("He won.", f"{URL}#top", f"{URL}#top"),
        ("He won.", "ftp://x.example/", None),
        ("He won.", None, None),
    ],
)
def test_the_link_to_a_sentence_names_its_first_and_last_words(quote: str, url: str | None, link: str | None) -> None:
    assert render.sentence_link(cited(quote=quote, url=url)) == link


def test_long_quotations_become_several_messages_with_the_buttons_below_the_last() -> None:
    long = cited(1, "Many words were said. " * 150, answer_start=None, answer_end=None)
    shown = render.answer(record(long, replace(long, n=2)), EN, BOT)
    assert len(shown.pages) > 1
    assert all(read(page) for page in shown.pages)
    assert "".join(to_plain(page) for page in shown.pages).count("Many words were said.") == 300


def test_a_text_without_paragraphs_is_turned_piece_by_piece_to_its_end() -> None:
    told = [f"On day {number} the council spoke of the harbour and of its old cranes." for number in range(200)]
    text = " ".join([*told[:120], QUOTE, *told[120:]])
    start = text.index(QUOTE)
    one = cited(start=start, end=start + len(QUOTE), answer_start=start, answer_end=start + 9)
    article = replace(ARTICLE, text=text)
    opened = render.passage(record(), one, article, None, EN, BOT)
    assert QUOTE in only(opened).text
    seen = only(render.passage(record(), one, article, 0, EN, BOT)).text
    for at in range(20):
        shown = render.passage(record(), one, article, at, EN, BOT)
        seen += only(shown).text
        if "›" not in [button.label for button in buttons(shown)]:
            break
    assert at < 19
    assert all(sentence in seen for sentence in told)
