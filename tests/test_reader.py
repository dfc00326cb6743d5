"""From the logits of an extractive model to the spans that are proposed as answers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.reader import best_spans, in_words
from retrieval.reader_model import Logits
from retrieval.reports import same_answer, same_words
from retrieval.sentences import Span

_TEXT = "Mr Vale denied it. Ms Orr confirmed it."
_SENTENCES = [Span(0, 18), Span(19, 39)]
_TOKENS = [(0, 2), (3, 7), (8, 14), (15, 17), (17, 18), (19, 21), (22, 25), (26, 35), (36, 38), (38, 39)]


def _logits(start: dict[int, float], end: dict[int, float], nothing: float = 0.0) -> Logits:
    count = len(_TOKENS)
    starts, ends = np.full(count, -9.0, np.float32), np.full(count, -9.0, np.float32)
    for place, value in start.items():
        starts[place] = value
    for place, value in end.items():
        ends[place] = value
    return Logits(np.array(_TOKENS, np.int64), starts, ends, nothing)


def _texts(logits: Logits, count: int = 3) -> list[str]:
    return [_TEXT[span.start : span.end] for span in best_spans(logits, _SENTENCES, count)]


def test_the_best_span_runs_from_the_best_start_to_the_best_end() -> None:
    assert _texts(_logits({0: 5.0}, {1: 4.0}), 1) == ["Mr Vale"]


def test_its_score_is_what_both_ends_score_above_nothing() -> None:
    (span,) = best_spans(_logits({0: 5.0}, {1: 4.0}, nothing=2.5), _SENTENCES, 1)
    assert span.score == pytest.approx(6.5)


def test_a_span_never_ends_before_it_starts_nor_crosses_a_sentence() -> None:
    assert set(_texts(_logits({5: 5.0, 0: 1.0}, {1: 5.0, 6: 1.0}), 2)) == {"Mr Vale", "Ms Orr"}
    texts = _texts(_logits({1: 9.0}, {6: 9.0}), 9)
    assert texts
    assert all(text in _TEXT[:18] or text in _TEXT[19:] for text in texts)


def test_a_further_span_does_not_overlap_a_better_one() -> None:
    assert _texts(_logits({0: 5.0, 1: 4.0, 5: 1.0}, {1: 5.0, 6: 1.0}), 2) == ["Mr Vale", "Ms Orr"]


def test_what_lies_outside_the_stretches_is_never_proposed() -> None:
    logits = _logits({0: 9.0}, {1: 9.0})
    assert all(span.start >= 19 for span in best_spans(logits, _SENTENCES[1:], 5))
    assert best_spans(logits, [], 5) == []


def test_no_tokens_give_no_spans() -> None:
    empty = np.empty(0, np.float32)
    assert best_spans(Logits(np.empty((0, 2), np.int64), empty, empty, 0.0), _SENTENCES, 3) == []


@pytest.mark.parametrize(
    ("text", "piece", "whole"),
    [
        ("It fetched $12,600,000 early on Sunday.", "12", "12,600,000"),
        ("It fetched $12,600,000 early on Sunday.", "000", "12,600,000"),
        ("It grew by 6.5 per cent.", "5", "6.5"),
        ("Californians vote.", "California", "Californians"),
        ("In 2024, 12 of them voted.", "2024", "2024"),
        ("It happened in 2022.5 people saw it.", "people", "people"),
        ("They sold 3,500m tons.", "500", "3,500m"),
        ("It was (he said) cold.", "(", "("),
        ("The file night_owl was sent.", "owl", "owl"),
        ("他否认了这个账户。", "否", "否"),
    ],
)
def test_a_piece_of_a_word_or_number_stands_for_the_whole(text: str, piece: str, whole: str) -> None:
    at = text.index(piece)
    ((start, end),) = in_words(text, np.array([(at, at + len(piece))], np.int64))
    assert text[start:end] == whole


def test_a_text_without_words_or_tokens_has_no_pieces() -> None:
    assert in_words("“…”", np.array([(0, 1)], np.int64)).tolist() == [[0, 1]]
    assert in_words("Some words.", np.empty((0, 2), np.int64)).tolist() == []


_VALUES = st.lists(st.floats(-9, 9, width=32), min_size=len(_TOKENS), max_size=len(_TOKENS))


@given(_VALUES, _VALUES, st.integers(1, 6))
def test_the_first_span_is_the_best_of_all_that_are_allowed(start: list[float], end: list[float], count: int) -> None:
    logits = Logits(np.array(_TOKENS, np.int64), np.array(start, np.float32), np.array(end, np.float32), 1.0)
    spans = best_spans(logits, _SENTENCES, count)
    allowed = [
        start[first] + end[last]
        for sentence in (range(5), range(5, 10))
        for first in sentence
        for last in sentence
        if first <= last
    ]
    assert spans[0].score == pytest.approx(max(allowed) - 1.0, abs=1e-4)
    assert [span.score for span in spans] == sorted((span.score for span in spans), reverse=True)
    assert len(spans) <= count


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("the White House", "White House", True),
        ("Dmitry Peskov,", "dmitry peskov", True),
        ("$19 million", "19 million", False),
        ("19 percent", "20 percent", False),
    ],
)
def test_answers_are_the_same_by_their_words(one: str, other: str, same: bool) -> None:
    assert (same_words(one) == same_words(other)) is same


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        ("the Herald", "Herald", True),
        ("Marlow Springs", "the spa town of Marlow Springs", True),
        ("Peskov", "Dmitry S. Peskov", True),
        ("2.4", "2.4 billion", False),
        ("18", "18 May", False),
        ("Orr", "Torrent", False),
        ("", "", False),
    ],
)
def test_an_answer_is_the_same_with_more_around_its_name(one: str, other: str, verdict: bool) -> None:
    assert same_answer(one, other) is verdict
    assert same_answer(other, one) is verdict
