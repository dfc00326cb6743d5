"""Where one sentence ends and the next begins: a citation quotes whole sentences, so readers see every wrong split."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.sentences import Span, paragraphs, sentences

_PIECES = st.sampled_from(
    [
        *"aZé5 .!?…\n\t\u3000\u2028\u00a0()[]«»“”‘’\"'—-,;:。！？」",
        "Mr. ",
        "U.S. ",
        "J. K. ",
        "No. 10",
        "the ",
        "The ",
        "3.5",
        "1. ",
        "\n\n",
        "...",
        "日本。",
        "Привет. ",
        "مرحبا. ",
    ]
)
_TEXTS = st.lists(_PIECES | st.characters(), max_size=60).map("".join)


def _split(text: str) -> list[str]:
    return [text[span.start : span.end] for span in sentences(text)]


@pytest.mark.parametrize(
    "sentence",
    [
        # titles
        "Mr. Peskov denied the account.",
        "On Monday Dr. Smith met Prof. Jones and Gen. Lee in Vessmark.",
        "Sen. Maria Cole and Gov. Ray Hill agreed.",
        # initials
        "J. K. Rowling wrote the book.",
        "George W. Bush spoke first.",
        "Yuri V. Ushakov told reporters so.",
        "А. С. Пушкин родился в Москве.",
        # abbreviations
        "The firm, Acme Inc., closed two plants.",
        "Acme Corp. Ltd. lost a third of its value.",
        "He left at 9 a.m. on Friday.",
        "It opens at 10 a.m. Friday.",
        "Some animals, e.g. Horses, sleep upright.",
        "Fig. 3 shows the bridge.",
        "The case is Smith vs. Jones.",
        # "U.S." and its like inside a sentence
        "The U.S. Senate voted on Monday.",
        "He lives in the U.S. and works in the U.K. all year.",
        "The U.N. Security Council met.",
        # numbers
        "The rate rose by 3.5 percent to 12.75.",
        "It cost $1.2 million, or 449.000 crowns.",
        "No. 10 Downing Street is shut.",
        "The riot of Jan. 6 is remembered.",
        "It was published on Sept. 14, 2018.",
        "Version 2.0.1 is out.",
        # addresses
        "The page www.example.org is down.",
        # ellipses inside a sentence
        "He paused ... and went on.",
        "Well… maybe.",
        # a terminator in a quotation that goes on
        "“Stop!” she cried.",
        "“Where is it?” asked the guard.",
        "Yahoo! has been sold.",
        # none at all
        "no terminator here",
        "A headline without an end",
        "«Без конца",
    ],
)
def test_does_not_split_within_a_sentence(sentence: str) -> None:
    assert _split(sentence) == [sentence]


@pytest.mark.parametrize(
    "expected",
    [
        ["It rained.", "It stopped."],
        ["Who came?", "Nobody did!", "Then they left."],
        ["Mr. Peskov denied it.", "He left."],
        ["The rate was 3.5.", "It rose."],
        ["It was Plan B.", "The mayor left."],
        ["He moved to the U.S.", "The Senate voted."],
        ["He moved to the U.S.", "She stayed."],
        ["It opens at 9 a.m.", "The bank was shut."],
        ["He works for Acme Inc.", "The firm makes bolts."],
        ["Did he deny it?", "No.", "He left."],
        ["Did she live at No. 10?", "No.", "It was No. 11."],
        ["Were there others?", "No.", "The rest had gone."],
        ["It happened in 2018.", "Nobody saw it."],
        ["They counted 60.", "Sixty left."],
        ["He waited…", "Nobody came."],
        ["He waited...", "Nobody came."],
        ["What?!", "He laughed."],
        # closing quotes and brackets belong to the sentence before
        ["He said “No.”", "Then he left."],
        ['He said "No."', "Then he left."],
        ["He left (it was late.)", "She stayed."],
        ["«Нет.»", "Он ушёл."],
        ["(It was late.)", "She stayed."],
        # and opening ones to the sentence after
        ["He left.", "“I am tired,” he said."],
        ["He left.", "(She stayed.)"],
        ["He left.", "[Applause.]"],
        # other scripts
        ["Президент отклонил предложение.", "Встречи не будет."],
        ["ذهب الولد إلى المدرسة.", "عاد في المساء."],
        ["هل وصل الوفد؟", "لم يصل بعد."],
        ["¿Quién lo negó?", "Nadie."],
        ["Él llegó.", "Élodie partit."],
    ],
    ids=" | ".join,
)
def test_splits_between_sentences(expected: list[str]) -> None:
    assert _split(" ".join(expected)) == expected


@pytest.mark.parametrize(
    "expected",
    [
        ["今日は雨です。", "明日は晴れます。"],
        ["他来了吗？", "没有！", "我走了。"],
        ["彼は「行かない。」", "と言った。"],
        ["東京です｡", "大阪です。"],
    ],
    ids="".join,
)
def test_splits_text_written_without_spaces(expected: list[str]) -> None:
    assert _split("".join(expected)) == expected


def test_keeps_the_number_of_a_list_item_with_its_item() -> None:
    assert _split("1. Wash the rice.\n2. Boil it.\n10. Eat it.") == ["1. Wash the rice.", "2. Boil it.", "10. Eat it."]


@pytest.mark.parametrize("blank", ["", " ", "\n", "\t \n\r\n", "\u3000\u2028"])
def test_finds_no_sentence_in_blank_text(blank: str) -> None:
    assert sentences(blank) == []


def test_splits_only_the_part_that_it_is_given() -> None:
    text = "One is here. Two is here. Three is here."
    within = Span(13, 25)
    assert [text[span.start : span.end] for span in sentences(text, within)] == ["Two is here."]


@given(_TEXTS)
def test_puts_every_non_blank_character_into_exactly_one_sentence(text: str) -> None:
    inside = [position for span in sentences(text) for position in range(span.start, span.end)]
    assert len(inside) == len(set(inside))
    assert {p for p, char in enumerate(text) if not char.isspace()} <= set(inside)


@given(_TEXTS)
def test_returns_spans_in_order_without_outer_white_space(text: str) -> None:
    spans = sentences(text)
    for span in spans:
        assert 0 <= span.start < span.end <= len(text)
        assert text[span.start : span.end] == text[span.start : span.end].strip()
    assert all(before.end <= after.start for before, after in pairwise(spans))


@given(_TEXTS, st.data())
def test_stays_within_the_part_that_it_is_given(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    spans = sentences(text, Span(start, end))
    inside = {position for span in spans for position in range(span.start, span.end)}
    assert inside <= set(range(start, end))
    assert {p for p in range(start, end) if not text[p].isspace()} <= inside


@given(_TEXTS)
def test_paragraphs_lose_no_text_and_hold_no_blank_line(text: str) -> None:
    spans = paragraphs(text)
    inside = {position for span in spans for position in range(span.start, span.end)}
    assert {p for p, char in enumerate(text) if not char.isspace()} <= inside
    assert all(before.end < after.start for before, after in pairwise(spans))
    for span in spans:
        assert text[span.start : span.end] == text[span.start : span.end].strip()
        assert "\n\n" not in text[span.start : span.end]


def test_paragraphs_end_at_blank_lines_and_not_at_line_ends() -> None:
    text = "\n\none\ntwo\n \t\nthree\r\n\r\nfour\n"
    assert [text[span.start : span.end] for span in paragraphs(text)] == ["one\ntwo", "three", "four"]


_MEGABYTE = 1_000_000


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", [".", "\n", "\n ", "1.", ". ", '."', "!?", "…", "Mr. ", ". (", "。"], ids=repr)
def test_splits_a_hostile_megabyte_in_time(unit: str) -> None:
    text = unit * (_MEGABYTE // len(unit))
    began = time.process_time()
    sentences(text)
    paragraphs(text)
    assert time.process_time() - began < 10  # linear: about 2 on one idle core


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text",
    ["." + '"' * _MEGABYTE, ". " + "(" * _MEGABYTE, "\n" + " " * _MEGABYTE + "x"],
    ids=["quotes", "brackets", "spaces"],
)
def test_splits_one_long_run_in_time(text: str) -> None:
    began = time.process_time()
    sentences(text)
    paragraphs(text)
    assert time.process_time() - began < 10  # linear: about 2 on one idle core
