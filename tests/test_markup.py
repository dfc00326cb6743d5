"""Pages keep to Telegram's limits, lose nothing, and are read by Telegram's parser as they were meant."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.markup import (
    MAX_ENTITIES,
    MAX_UNITS,
    Block,
    Run,
    block,
    messages,
    one_line,
    sendable,
    to_html,
    to_plain,
    units,
    unlinked_address,
    web_address,
)
from tests.telegram.entities import utf16_length, utf16_slice
from tests.telegram.markup import checked_link, parse_html

LINK = 'https://example.org/a?b=1&c="2"'
# What is special in HTML, what takes two units, what is written from right to left, and where sentences end.
_CHARS = st.sampled_from("abc ABC .!?<>&\"'/=;#\n—é😀𝒳שلا中")
_TEXTS = st.text(_CHARS, max_size=60).map(lambda text: text + "x")
_LONG = st.builds(lambda text, times: (text + ". ") * times, _TEXTS, st.integers(1, 300))
_RUNS = st.builds(Run, _TEXTS | _LONG, st.booleans(), st.booleans(), st.sampled_from([None, LINK]))
_BLOCKS = st.builds(
    lambda runs, quote, gap: block(*runs, quote=quote, gap=gap),
    st.lists(_RUNS, min_size=1, max_size=50),
    st.booleans(),
    st.booleans(),
)


def shown(page: tuple[Block, ...]) -> str:
    """The text that a page is meant to show."""
    text = ""
    for one in page:
        text += ("\n\n" if one.gap else "\n") * bool(text) + one.text
    return text.strip(" \n")


def solid(text: str) -> str:
    """The text without white space, which may change where a text is parted."""
    return "".join(text.split())


@settings(max_examples=100, deadline=None)
@given(st.lists(_BLOCKS, min_size=1, max_size=8))
def test_any_blocks_become_pages_that_telegram_takes_and_nothing_is_lost(blocks: list[Block]) -> None:
    pages = messages(blocks)
    for page in pages:
        parsed = parse_html(to_html(page))
        assert parsed.text == shown(page)
        assert parsed.mangled == ()
        assert utf16_length(parsed.text) <= MAX_UNITS
        assert len(parsed.entities) <= MAX_ENTITIES
    assert solid("".join(one.text for page in pages for one in page)) == solid("".join(one.text for one in blocks))


@settings(max_examples=50, deadline=None)
@given(st.lists(_RUNS, min_size=1, max_size=5))
def test_what_was_bold_is_bold_on_the_pages_too(runs: list[Run]) -> None:
    bold = ""
    for page in messages([block(*runs)]):
        parsed = parse_html(to_html(page))
        bold += "".join(utf16_slice(parsed.text, one) for one in parsed.entities if one.type == "bold")
    assert solid(bold) == solid("".join(run.text for run in runs if run.bold))


@given(_LONG, st.integers(40, 500))
def test_pages_of_any_limit_keep_to_it(text: str, limit: int) -> None:
    assert all(units(shown(page)) <= limit for page in messages([block(text)], limit))


def test_what_fits_stays_on_one_page() -> None:
    assert len(messages([block("word " * 800), block("end")])) == 1


def test_a_long_block_is_parted_between_sentences() -> None:
    sentence = "The committee met on Tuesday and voted for the second time. "
    pages = messages([block(sentence * 200)])
    assert len(pages) > 1
    for page in pages:
        assert shown(page).startswith("The committee")
        assert shown(page).endswith("second time.")


def test_a_sentence_too_long_is_parted_between_words() -> None:
    pages = messages([block("word " * 3_000)])
    assert len(pages) > 1
    assert all(set(shown(page).split()) == {"word"} for page in pages)


def test_a_word_too_long_is_parted_but_no_character_is() -> None:
    pages = messages([block("😀" * 5_000)])
    assert "".join(shown(page) for page in pages) == "😀" * 5_000
    assert all(units(shown(page)) <= MAX_UNITS for page in pages)


def test_a_tag_and_a_link_are_whole_on_both_sides_of_a_cut() -> None:
    pages = messages([block(Run("Some words here. " * 500, bold=True, link=LINK), quote=True)])
    assert len(pages) > 2
    for page in pages:
        kinds = {entity.type: entity for entity in parse_html(to_html(page)).entities}
        assert kinds.keys() == {"bold", "text_link", "expandable_blockquote"}
        assert kinds["text_link"].url == LINK


@pytest.mark.parametrize("quote", [False, True])
def test_a_block_of_too_many_entities_is_parted_between_runs(quote: bool) -> None:
    runs = [Run(f"{number} ", bold=True, link=LINK) for number in range(120)]
    pages = messages([block("Before."), block(*runs, quote=quote)])
    parsed = [parse_html(to_html(page)) for page in pages]
    assert len(pages) == 3
    assert all(len(one.entities) <= MAX_ENTITIES for one in parsed)
    assert [run for page in pages for one in page for run in one.runs] == [Run("Before."), *runs]


def test_what_looks_like_markup_is_shown_as_it_is() -> None:
    text = "<b>not bold</b> & &amp; <script>alert('x')</script> </blockquote>"
    parsed = parse_html(to_html([block(text, quote=True)]))
    assert parsed.text == text
    assert [entity.type for entity in parsed.entities] == ["expandable_blockquote"]


def test_plain_text_has_quotes_in_quotation_marks() -> None:
    assert to_plain([block(Run("Who?", bold=True)), block("He did.", quote=True, gap=False)]) == "Who?\n“He did.”"


def test_what_no_message_can_hold_is_left_out() -> None:
    assert sendable("a\x00b\r\nc\ud800d\x9fe\rf") == "ab\ncde\nf"
    assert block("a\x00b").text == "ab"


@given(st.text(_CHARS, max_size=400), st.integers(10, 100))
def test_one_line_is_one_line_of_that_length(text: str, most: int) -> None:
    line = one_line(text, most)
    assert "\n" not in line
    assert units(line.strip("\u2068\u2069")) <= most


def test_one_line_is_cut_between_words_and_says_so() -> None:
    assert one_line("a headline\nof several  words", 100) == "a headline of several words"
    assert one_line("a headline of several words", 16) == "a headline of…"


def test_right_to_left_text_is_isolated_from_what_stands_beside_it() -> None:
    assert one_line("مرحبا", 20) == "\u2068مرحبا\u2069"
    assert one_line("hello", 20) == "hello"


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("https://example.org/a", True),
        ("HTTP://example.org", True),
        ("https://example.org/" + "x" * 2_028, True),
        ("https://example.org/" + "x" * 2_029, False),
        ("javascript:alert(1)", False),
        ("https://", False),
        ("https:///path", False),
        ("https://example.org/a b", False),
        ("http://127.0.0.1:8080/a", True),
        ("http://localhost:8080/a", False),
        ("https://intranet/news/1", False),
        ("https://intranet./news.html", False),
        ("https://reader.name@intranet/", False),
        ("https://example.org:99999/", False),
        ("https://example.org:port/", False),
        ("http://[::1]/", False),
        ("http://[::1/", False),
        ("file:///etc/passwd", False),
        ("tg://user?id=1", False),
        ("", False),
        (None, False),
    ],
)
def test_only_addresses_of_the_web_become_links(url: str | None, taken: bool) -> None:
    assert web_address(url) == (url if taken else None)


_HOSTS = st.text(st.sampled_from("ab.-:@[]%/?#1\\é\u2100"), max_size=12)


@settings(deadline=None)
@given(st.builds("{}{}".format, st.sampled_from(["http://", "HTTPS://", "tg://", "//"]), _HOSTS))
def test_telegram_takes_every_address_that_becomes_a_link(url: str) -> None:
    assert web_address(url) is None or checked_link(url)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://localhost:8080/a", True),
        ("https://intranet/news/1", True),
        ("https://intranet/" + "x" * 300, False),
        ("https://example.org/a", False),
        ("javascript:alert(1)", False),
        (None, False),
    ],
)
def test_an_address_of_the_web_that_becomes_no_link_is_shown_as_text(url: str | None, shown: bool) -> None:
    assert unlinked_address(url) == (url if shown else None)
