"""What the reader makes of the spans that the model proposes: support, contradictions, gates, the words shown."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from retrieval.answering import Answerer
from retrieval.citations import nearest
from retrieval.errors import ModelError
from retrieval.reader import Calibration, SpanReader, SpanWeights, Tuning, closed, read_tuning
from retrieval.reader_model import TUNING, ReaderModel
from retrieval.reports import contradict
from retrieval.retriever import Retriever
from retrieval.sentences import Span, sentences
from retrieval.types import Answer, Candidate, Hit, Reading
from tests.fakes import FakeEncoder, Place, Record

_AS_OF = date(2024, 12, 31)
_TUNING = Tuning(SpanWeights(retrieval=0.0, support=1.0, near=4.0, like=4.0), Calibration(), {"balanced": 0.5})


class _Spans(SpanReader):
    """Proposes given words, with a margin each, wherever they stand."""

    def __init__(self, retriever: Retriever, margins: dict[str, float], tuning: Tuning = _TUNING) -> None:
        super().__init__(cast("ReaderModel", SimpleNamespace()), retriever.index.lexical, tuning)
        self._margins = margins

    def spans(self, question: str, hits: Sequence[Hit]) -> list[Candidate]:
        found = []
        for hit in hits:
            text = hit.article.text
            for sentence in sentences(text):
                for words, margin in self._margins.items():
                    at = text.find(words, sentence.start, sentence.end)
                    if at >= 0:
                        found.append(Candidate(hit, at, at + len(words), sentence.start, sentence.end, margin))
        return found


def _record(name: str, published: str, text: str, source: str | None = None) -> Record:
    return {"id": name, "title": "News", "text": text, "published": published, "source": source or name, "url": None}


def _answer(
    root: Path, question: str, margins: dict[str, float], *records: Record, tuning: Tuning = _TUNING
) -> tuple[Answer, Reading]:
    place = Place(root, FakeEncoder(256))
    place.build(records)
    retriever = Retriever(place.open(), place.encoder)
    reader = _Spans(retriever, margins, tuning)
    answer = Answerer(retriever, reader, 0.5).answer(question, _AS_OF)
    return answer, reader.read(question, retriever.search(question, 6, _AS_OF, 2))


_FIRST = _record("Herald", "2024-05-01", "Police said that 23 people were hurt in the crash.")
_LATER = _record("Courier", "2024-05-02", "The hospital said that 18 people were hurt in the crash.")


def test_numbers_that_differ_are_all_cited_the_newest_first(tmp_path: Path) -> None:
    answer, _ = _answer(tmp_path, "How many people were hurt in the crash?", {"23": 9.0, "18": 7.0}, _FIRST, _LATER)
    assert answer.text == "18"
    shown = [(one.article.id, one.kind) for one in answer.citations]
    assert shown == [("Courier", "exact"), ("Herald", "differs")]
    older = answer.citations[1]
    assert older.article.text[older.answer_start : older.answer_end] == "23"


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("The number of people hurt in the crash rose to 23 on Tuesday from 18 on Monday.", "18"),
        ("In all 23 people were hurt in the crash. Of the hurt people, 4 were children.", "4"),
    ],
)
def test_an_article_does_not_differ_from_itself_nor_from_one_that_gives_the_same_first(
    tmp_path: Path, text: str, other: str
) -> None:
    again = _record("Courier", "2024-05-02", f"The police confirmed it. {text}")
    copy = _record("Echo", "2024-05-03", text)
    margins = {"23": 9.0, other: 7.0}
    answer, _ = _answer(tmp_path, "How many people were hurt in the crash?", margins, _FIRST, again, copy)
    assert answer.text == "23"
    assert "differs" not in {one.kind for one in answer.citations}


def test_an_article_that_gives_another_number_first_differs(tmp_path: Path) -> None:
    later = _record("Courier", "2024-05-02", "In all 18 people were hurt in the crash. Police had said 23 people.")
    margins = {"In all 18": 8.0, "23": 7.0, "that 23": 9.0}
    answer, _ = _answer(tmp_path, "How many people were hurt in the crash?", margins, _FIRST, later)
    assert [(one.article.id, one.kind) for one in answer.citations[:2]] == [("Courier", "exact"), ("Herald", "differs")]


@pytest.mark.parametrize(("recent", "winner"), [(0.0, "Ford"), (6.0, "Tesla")])
def test_of_two_answers_that_of_the_time_in_question_may_count_more(tmp_path: Path, recent: float, winner: str) -> None:
    old = _record("Herald", "2018-09-14", "Ford recalled two million pickup trucks.")
    new = _record("Courier", "2024-12-20", "Tesla recalled two million sedans.")
    tuning = replace(_TUNING, weights=replace(_TUNING.weights, recent=recent))
    answer, _ = _answer(tmp_path, "Who recalled two million?", {"Ford": 9.0, "Tesla": 5.0}, old, new, tuning=tuning)
    assert answer.text == winner


def test_a_number_that_is_far_weaker_does_not_contradict(tmp_path: Path) -> None:
    answer, reading = _answer(
        tmp_path, "How many people were hurt in the crash?", {"23": 9.0, "18": 2.0}, _FIRST, _LATER
    )
    assert answer.text == "23"
    assert reading.differing == ()


def test_the_same_number_from_two_outlets_is_one_answer_of_two_outlets(tmp_path: Path) -> None:
    other = _record("Courier", "2024-05-02", "In all 23 were hurt, the hospital said after the crash.")
    answer, _ = _answer(tmp_path, "How many were hurt in the crash?", {"23": 9.0}, _FIRST, other)
    assert (answer.text, answer.outlets) == ("23", 2)
    assert [one.kind for one in answer.citations] == ["exact", "exact"]


def test_copies_of_one_text_are_one_source_and_support_each_other_no_more(tmp_path: Path) -> None:
    text = "Police said that 23 people were hurt in the crash."
    copies = [_record(name, "2024-05-01", text) for name in ("Herald", "Courier", "Echo")]
    alone, first = _answer(tmp_path / "one", "How many were hurt in the crash?", {"23": 9.0}, copies[0])
    answer, reading = _answer(tmp_path / "three", "How many were hurt in the crash?", {"23": 9.0}, *copies)
    assert answer.outlets == alone.outlets == 1
    assert reading.candidates[0].score == pytest.approx(first.candidates[0].score)


def test_a_span_that_a_gate_objects_to_never_is_the_answer(tmp_path: Path) -> None:
    record = _record("Herald", "2024-05-01", "Ms Orr denied the account. Mr Vale confirmed the account.")
    answer, _ = _answer(tmp_path, "Who confirmed the account?", {"Ms Orr": 9.0, "Mr Vale": 5.0}, record)
    assert answer.text == "Mr Vale"


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("The council debated the Lowe shelter. What is it called?", "Haven House"),
        ("Which did the council debate, the Lowe shelter or Haven House?", "the Lowe shelter"),
    ],
)
def test_words_of_the_question_are_its_answer_only_if_it_asks_to_choose(
    tmp_path: Path, question: str, answer: str
) -> None:
    record = _record("Herald", "2024-05-01", "The council debated the Lowe shelter, known as Haven House.")
    found, _ = _answer(tmp_path, question, {"the Lowe shelter": 9.0, "Haven House": 3.0}, record)
    assert found.text == answer


@pytest.mark.parametrize(
    ("sentence", "part", "whole"),
    [
        ("A fine of 405 million euros ($402 million) followed.", "405 million euros ($402 million", None),
        ("A fine of 405 million euros ($402 million) followed.", "$402 million", "$402 million"),
        ("They saw “Uncharted” twice.", "Uncharted”", "“Uncharted”"),
        ('They saw "Uncharted" twice.', '"Uncharted', '"Uncharted"'),
        ('They saw "Uncharted" twice.', 'Uncharted"', '"Uncharted"'),
        ("They saw (as we said) a film.", "as we said) a film", "(as we said) a film"),
        ("They saw (“Uncharted”) twice.", "(“Uncharted", "(“Uncharted”)"),
        ("Nothing (is closed here.", "(is closed here", "(is closed here"),
    ],
)
def test_half_a_pair_of_brackets_or_quotation_marks_is_shown_with_the_other(
    sentence: str, part: str, whole: str | None
) -> None:
    at = sentence.index(part)
    span = closed(sentence, Span(at, at + len(part)))
    assert sentence[span.start : span.end] == (whole or f"{part})")


def test_if_only_the_contrary_is_said_the_refusal_says_so_and_shows_it(tmp_path: Path) -> None:
    record = _record("Herald", "2024-05-01", "Ms Orr denied the account.")
    answer, reading = _answer(tmp_path, "Who confirmed the account?", {"Ms Orr": 9.0}, record)
    assert answer.refusal == "contrary"
    assert answer.reason is not None
    assert "“denied”" in answer.reason
    assert [one.quote for one in answer.citations] == ["Ms Orr denied the account."]
    assert nearest(reading)[0].kind == "related"


def test_yes_or_no_is_answered_with_the_sentence_that_settles_it(tmp_path: Path) -> None:
    record = _record(
        "Herald", "2024-05-01", "It rained. The council has banned fireworks near the shelter. It is small."
    )
    answer, _ = _answer(tmp_path, "Did the council ban fireworks?", {"rained": 9.0, "council": 3.0}, record)
    assert answer.text == "The council has banned fireworks near the shelter."


@pytest.mark.parametrize(
    ("question", "one", "other", "verdict"),
    [
        ("How many were hurt?", "23", "18 people", True),
        ("How many were hurt?", "three", "4", True),
        ("How many were hurt?", "3 people", "three", False),
        ("How many were hurt?", "23", "dozens", False),
        ("How much did it cost?", "$3 million", "3.5 billion", False),
        ("How much did it cost?", "3 million", "3.5 million", True),
        ("When does it open?", "1 September 2023", "20 April 2024", True),
        ("When does it open?", "in 2023", "2024", True),
        ("When does it open?", "11:50 a.m.", "20 April", False),
        ("How many were hurt on Monday?", "23", "18", False),
        ("Who won?", "23", "18", False),
    ],
)
def test_only_like_figures_contradict_each_other(question: str, one: str, other: str, verdict: bool) -> None:
    assert contradict(question, one, other) is verdict
    assert contradict(question, other, one) is verdict


def test_a_model_without_a_tuning_of_its_own_has_the_bundled_ones(tmp_path: Path) -> None:
    assert set(read_tuning(tmp_path).thresholds) == {"bold", "balanced", "cautious"}


def test_the_thresholds_rise_with_caution() -> None:
    levels = read_tuning(Path("none")).thresholds
    assert 0 < levels["bold"] < levels["balanced"] < levels["cautious"] < 1


@pytest.mark.parametrize("content", ["", "[]", "{}", json.dumps({"weights": {"speed": 1}}), "\x00"])
def test_a_tuning_that_cannot_be_read_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / TUNING).write_text(content)
    with pytest.raises(ModelError, match=TUNING):
        read_tuning(tmp_path)
