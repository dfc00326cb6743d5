"""An article is cut into passages of whole sentences; no text is lost and no passage crosses a heading."""

import dataclasses
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.chunking import Chunker
from retrieval.sentences import paragraphs, sentences
from retrieval.types import Article, Passage

_SMALL = Chunker(target_words=12, max_words=20)

_WORDS = st.sampled_from(
    "council bridge vote ferry rain said Karsova 1,150 “quoted” naïve mr. U.S. 3.5 日本語の長い文".split()
)
_SENTENCE = st.builds(
    lambda words, end: " ".join(words).capitalize() + end,
    st.lists(_WORDS, min_size=1, max_size=30),
    st.sampled_from(".?!。"),
)
_PROSE = st.lists(_SENTENCE, min_size=1, max_size=8).map(" ".join)
_HEADING = st.builds(
    lambda mark, words: mark + " ".join(words).title(),
    st.sampled_from(["", "# ", "## "]),
    st.lists(_WORDS, min_size=1, max_size=6),
)
_LIST = st.lists(st.lists(_WORDS, min_size=1, max_size=5).map(" ".join), min_size=1, max_size=20).map("\n".join)
_NOISE = st.text(max_size=80)
_RUN = st.builds(lambda char, count: char * count, st.sampled_from("aあ.-"), st.integers(1, 600))
_TEXTS = st.lists(_PROSE | _HEADING | _LIST | _NOISE | _RUN, max_size=8).map("\n\n".join)


def _article(text: str) -> Article:
    return Article(id="a1", title="A title", text=text)


def _texts(text: str, chunker: Chunker | None = None) -> list[str]:
    return [passage.text for passage in (chunker or Chunker()).passages(_article(text))]


def _prose(words: int, start: int = 0) -> str:
    """Sentences of nine words, as many as make about so many words."""
    return " ".join(f"The council of town {n} voted for bridge repairs." for n in range(start, start + words // 9))


def _length(text: str) -> int:
    return len(text.split())


@given(_TEXTS)
def test_offsets_give_the_text_of_each_passage(text: str) -> None:
    for passage in _SMALL.passages(_article(text)):
        assert text[passage.start : passage.end] == passage.text
        assert passage.article_id == "a1"
        assert passage.text == passage.text.strip() != ""


@given(_TEXTS, st.integers(0, 10))
def test_every_non_blank_character_lies_in_a_passage(text: str, overlap: int) -> None:
    covered: set[int] = set()
    for passage in dataclasses.replace(_SMALL, overlap_words=overlap).passages(_article(text)):
        covered.update(range(passage.start, passage.end))
    assert {position for position, char in enumerate(text) if not char.isspace()} <= covered


@given(_TEXTS)
def test_passages_are_in_order_and_do_not_overlap_unless_asked_to(text: str) -> None:
    assert all(before.end <= after.start for before, after in pairwise(_SMALL.passages(_article(text))))


@given(_TEXTS)
def test_no_passage_has_more_than_the_most_words(text: str) -> None:
    assert all(_length(passage) <= _SMALL.max_words for passage in _texts(text, _SMALL))


@given(_TEXTS)
def test_a_passage_begins_and_ends_with_a_sentence_unless_the_sentence_is_over_long(text: str) -> None:
    spans = [span for paragraph in paragraphs(text) for span in sentences(text, paragraph)]
    # Text without spaces counts a word for ten characters.
    short = [s for s in spans if max(_length(text[s.start : s.end]), (s.end - s.start) // 10) <= _SMALL.max_words]
    for passage in _SMALL.passages(_article(text)):
        for span in short:
            assert not span.start < passage.start < span.end
            assert not span.start < passage.end < span.end


@given(_TEXTS)
def test_the_same_article_is_cut_the_same_way_again(text: str) -> None:
    assert _SMALL.passages(_article(text)) == Chunker(12, 20).passages(_article(text))


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\t\n \n"])
def test_a_blank_article_has_no_passages(text: str) -> None:
    assert _texts(text) == []


def test_a_short_article_is_one_passage() -> None:
    text = "The bridge is shut.\n\nIt opens in May."
    assert _texts(text) == [text]


@pytest.mark.parametrize(
    "other",
    [Chunker(target_words=149), Chunker(max_words=201), Chunker(overlap_words=1), Chunker(150, 200, 20)],
    ids=repr,
)
def test_the_fingerprint_changes_with_every_parameter(other: Chunker) -> None:
    assert other.fingerprint != Chunker().fingerprint


def test_chunkers_with_the_same_parameters_have_the_same_fingerprint() -> None:
    assert Chunker(100, 180, 10).fingerprint == Chunker(100, 180, 10).fingerprint


@pytest.mark.parametrize("total", [450, 1_000, 3_333, 10_000])
def test_prose_becomes_passages_of_100_to_200_words(total: int) -> None:
    lengths = [_length(text) for text in _texts(_prose(total))]
    assert min(lengths) >= 100
    assert max(lengths) <= 200


@pytest.mark.parametrize("total", range(205, 420, 9))
def test_a_little_more_than_one_passage_leaves_no_leftover(total: int) -> None:
    lengths = [_length(text) for text in _texts(_prose(total))]
    assert min(lengths) >= 60, lengths


def test_prose_in_paragraphs_of_one_sentence_is_packed_like_any_other() -> None:
    lengths = [_length(text) for text in _texts(_prose(990).replace(". ", ".\n\n"))]
    assert min(lengths) >= 100


@pytest.mark.parametrize(
    "heading", ["# What Comes Next", "## What comes next?", "What Comes Next", "THE ROAD AHEAD", "What comes next"]
)
def test_no_passage_crosses_a_heading(heading: str) -> None:
    text = f"{_prose(60)}\n\n{heading}\n\n{_prose(60, start=50)}"
    first, second = _texts(text)
    assert first == _prose(60)
    assert second.startswith(heading)


def test_a_heading_stays_with_the_text_below_it() -> None:
    text = "\n\n".join(f"## Part {n}\n\n{_prose(400, start=100 * n)}" for n in range(4))
    passages = _texts(text)
    for n in range(4):
        (holder,) = [passage for passage in passages if f"## Part {n}" in passage]
        assert holder.startswith(f"## Part {n}")
        assert _length(holder) >= 60


@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_verse_is_not_cut_into_a_passage_a_line(gap: str) -> None:
    verse = gap.join(f"The {n}th wave comes in\nand is gone again" for n in range(30))
    assert len(_texts(verse)) <= 3


@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_a_list_of_short_lines_is_not_cut_into_a_passage_a_line(gap: str) -> None:
    results = gap.join(f"Team {n} {n + 2}, Rovers {n}" for n in range(60))
    assert len(_texts(results)) <= 4


def test_related_links_are_not_headings() -> None:
    text = f"{_prose(60)}\n\nMore:How it began\n\n{_prose(60, start=50)}"
    assert len(_texts(text)) == 1


def test_lines_of_few_words_count_each_word() -> None:
    lengths = [_length(text) for text in _texts("\n".join(["so", "much", "depends", "upon"] * 300))]
    assert max(lengths) <= 200


def test_a_sentence_over_the_limit_is_cut_between_words() -> None:
    text = " ".join(f"word{n}" for n in range(1_000))
    passages = _texts(text)
    assert " ".join(passages) == text
    assert max(map(_length, passages)) <= 200


def test_text_without_spaces_is_cut_as_well() -> None:
    text = "日" * 10_000
    passages = _texts(text)
    assert "".join(passages) == text
    assert max(map(len, passages)) <= 2_000


def test_overlap_repeats_whole_sentences_from_the_passage_before() -> None:
    passages = Chunker(target_words=50, max_words=70, overlap_words=20).passages(_article(_prose(400)))
    assert len(passages) > 5
    for before, after in pairwise(passages):
        shared = before.text[after.start - before.start :]
        assert 1 <= _length(shared) <= 20
        assert shared.startswith("The council")


def test_the_id_of_a_passage_is_that_of_its_article_and_its_place() -> None:
    first, second = Chunker(20, 25).passages(_article(_prose(40)))
    assert first.id != second.id
    assert first.id == Passage("a1", first.start, first.end, first.text).id


def test_passages_before_a_change_keep_their_ids() -> None:
    head = f"{_prose(300)}\n\n## Later\n\n"
    before = Chunker().passages(_article(head + _prose(200, start=70)))
    after = Chunker().passages(_article(head + _prose(200, start=90)))
    assert [p.id for p in before if p.end <= len(head)] == [p.id for p in after if p.end <= len(head)] != []
