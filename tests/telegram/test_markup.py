"""The reading of parse mode HTML, against what Telegram's own parser makes of the same texts."""

import pytest

from tests.telegram.entities import MAX_ENTITIES, Entity, detect, utf16_length, utf16_slice
from tests.telegram.markup import MarkupError, checked_link, parse_html


def entities(source: str) -> list[tuple[str, int, int]]:
    return [(entity.type, entity.offset, entity.length) for entity in parse_html(source).entities]


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ("b strong", "bold"),
        ("i em", "italic"),
        ("u ins", "underline"),
        ("s strike del", "strikethrough"),
        ("tg-spoiler", "spoiler"),
        ("code", "code"),
        ("pre", "pre"),
        ("blockquote", "blockquote"),
    ],
)
def test_each_tag_makes_its_entity(tags: str, kind: str) -> None:
    for tag in tags.split():
        parsed = parse_html(f"one <{tag}>two</{tag}>")
        assert (parsed.text, parsed.entities, parsed.mangled) == ("one two", (Entity(kind, 4, 3),), ())


@pytest.mark.parametrize(
    ("source", "entity"),
    [
        ('<span class="tg-spoiler">x</span>', Entity("spoiler", 0, 1)),
        ('<a href="https://example.org/a?b=1&amp;c=2">x</a>', Entity("text_link", 0, 1, "https://example.org/a?b=1&c=2")),
        ("<a href='http://example.org'>x</a>", Entity("text_link", 0, 1, "http://example.org/")),
        ("<a>example.org</a>", Entity("text_link", 0, 11, "http://example.org/")),
        ('<tg-emoji emoji-id="536">👍</tg-emoji>', Entity("custom_emoji", 0, 2, None, None, "536")),
        ("<blockquote expandable>x</blockquote>", Entity("expandable_blockquote", 0, 1)),
        ('<pre><code class="language-python">x</code></pre>', Entity("pre", 0, 1, None, "python")),
        ("<B>x</b >", Entity("bold", 0, 1)),
        ("<b>x</>", Entity("bold", 0, 1)),
    ],
)  # fmt: skip
def test_tags_with_attributes_and_odd_spellings_are_read(source: str, entity: Entity) -> None:
    parsed = parse_html(source)
    assert (parsed.entities, parsed.mangled) == ((entity,), ())


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("&#57311;", "Text contains invalid Unicode characters after decoding HTML entities"),
        ("🏟 🏟&lt;<abacaba", "Unclosed start tag at byte offset 13"),
        ("🏟 🏟&lt;<abac aba>", 'Unsupported start tag "abac" at byte offset 13'),
        ("🏟 🏟&lt;<i   =aba>", 'Empty attribute name in the tag "i" at byte offset 13'),
        ("🏟 🏟&lt;<i    aba>", 'Can\'t find end tag corresponding to start tag "i"'),
        ("🏟 🏟&lt;<i    aba  =  ", 'Unclosed start tag "i" at byte offset 13'),
        ("🏟 🏟&lt;<i    aba  =  190azAz-.,", "Unexpected end of name token at byte offset 27"),
        ('🏟 🏟&lt;<i    aba  =  "&lt;&gt;&quot;>', "Unclosed start tag at byte offset 13"),
        ("🏟 🏟&lt;</", "Unexpected end tag at byte offset 13"),
        ("🏟 🏟&lt;<i>a</i   ", "Unclosed end tag at byte offset 17"),
        ("🏟 🏟&lt;<i>a</em   >", 'Unmatched end tag at byte offset 17, expected "</i>", found "</em>"'),
        ("a<br/>b", 'Unsupported start tag "br/" at byte offset 1'),
        ("1 <", "Unclosed start tag at byte offset 2"),
        ("1 < 2", 'Unsupported start tag "" at byte offset 2'),
        ("<p>a</p>", 'Unsupported start tag "p" at byte offset 0'),
        ("<span>a</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<tg-emoji>a</tg-emoji>", "Invalid custom emoji identifier specified"),
    ],
)
def test_what_telegram_cannot_parse_is_refused_in_its_words(source: str, message: str) -> None:
    with pytest.raises(MarkupError) as caught:
        parse_html(source)
    assert str(caught.value).startswith(message)


def test_only_four_names_and_numbers_are_character_references() -> None:
    assert parse_html("&lt;&gt;&amp;&quot;&#39;&#x1F600;").text == "<>&\"'😀"
    parsed = parse_html("a&nbsp;b &ge; &laquo;")
    assert parsed.text == "a&nbsp;b &ge; &laquo;"
    assert len(parsed.mangled) == 3
    assert parse_html("Marks & Spencer").mangled == ()


def test_offsets_and_lengths_are_in_utf16_units() -> None:
    parsed = parse_html("😀é<b>😀x</b>")
    (entity,) = parsed.entities
    assert (entity.offset, entity.length) == (3, 3)
    assert utf16_slice(parsed.text, entity) == "😀x"
    assert (utf16_length("aé😀"), utf16_length("")) == (4, 0)


def test_entities_are_in_order_outermost_first() -> None:
    assert entities("<i>a<b>b</b></i><blockquote><b>c</b></blockquote>") == [
        ("italic", 0, 2),
        ("bold", 1, 1),
        ("blockquote", 2, 1),
        ("bold", 2, 1),
    ]


@pytest.mark.parametrize(
    ("source", "left"),
    [
        ("<blockquote>a<blockquote>b</blockquote></blockquote>", [("blockquote", 0, 2)]),
        ("<blockquote>a<blockquote expandable>b</blockquote></blockquote>", [("blockquote", 0, 2)]),
        ("<b>a<code>b</code></b>", [("code", 1, 1)]),
        ("<b><i>a<code>b</code></i></b>", [("code", 1, 1)]),
        ("<pre>a<b>b</b></pre>", [("pre", 0, 2)]),
        ('<a href="https://example.org">a<code>b</code></a>', [("text_link", 0, 2)]),
    ],
)
def test_what_cannot_be_nested_is_thinned_and_told(source: str, left: list[tuple[str, int, int]]) -> None:
    assert entities(source) == left
    assert parse_html(source).mangled


@pytest.mark.parametrize(
    "source", ["<blockquote><code>a</code>b</blockquote>", "<u><s>a</s></u>", "<b>a</b><code>b</code>"]
)
def test_what_may_be_nested_stays(source: str) -> None:
    parsed = parse_html(source)
    assert (len(parsed.entities), parsed.mangled) == (2, ())


def test_the_hundredth_entity_is_the_last() -> None:
    parsed = parse_html("<b>a</b> " * (MAX_ENTITIES + 1))
    assert len(parsed.entities) == MAX_ENTITIES
    assert len(parsed.mangled) == 1
    assert parse_html("<b>a</b> " * MAX_ENTITIES).mangled == ()


def test_space_around_a_message_goes_and_entities_move_along() -> None:
    parsed = parse_html(" \n <b> a</b> b <i> </i> ")
    assert parsed.text == "a b"
    assert entities(" \n <b> a</b> b <i> </i> ") == [("bold", 0, 1)]


def test_control_characters_become_spaces_and_are_told() -> None:
    parsed = parse_html("a\tb\x00c\r\nd")
    assert parsed.text == "a b c\nd"
    assert len(parsed.mangled) == 1


def test_an_attribute_that_means_nothing_is_told() -> None:
    assert parse_html('<b class="loud">a</b>').mangled == ('the attribute "class" of the tag "b" is ignored',)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "http://localhost/a", "https://", "http://a b.org", "ftp://example.org/"]
)
def test_a_link_that_cannot_be_opened_is_plain_text(url: str) -> None:
    assert checked_link(url) is None
    parsed = parse_html(f'<a href="{url}">a</a>')
    assert parsed.entities == ()
    assert len(parsed.mangled) == 1


def test_telegram_links_and_addresses_are_kept() -> None:
    assert checked_link("tg://user?id=1") == "tg://user?id=1"
    assert checked_link("http://127.0.0.1:8080/x") == "http://127.0.0.1:8080/x"


def test_commands_mentions_and_addresses_are_detected_in_what_people_write() -> None:
    found = detect("/ask@byline_bot 😀 @ada_501 https://example.org/x a/b 1@2")
    assert [(entity.type, entity.offset, entity.length) for entity in found] == [
        ("bot_command", 0, 15),
        ("mention", 19, 8),
        ("url", 28, 21),
    ]
