"""The sample collection with the bundled model: what somebody who tries Byline for the first time sees."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from retrieval.answering import Answerer
from retrieval.build import build
from retrieval.followups import Turn, turn_of
from retrieval.index import Index
from retrieval.reader import SpanReader
from retrieval.reader_model import ReaderModel
from retrieval.retriever import Retriever
from retrieval.types import Answer, BuildReport
from tests.real_model import real_place

_ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class _Question:
    """`gold` is the file or the id of the article that answers it, or None."""

    text: str
    as_of: date | None
    gold: str | None


def _questions() -> Iterator[_Question]:
    for line in (_ROOT / "tests" / "sample_questions.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        as_of = date.fromisoformat(entry["as_of"]) if entry["as_of"] else None
        yield _Question(entry["question"], as_of, entry["gold"])


@dataclass(frozen=True, slots=True)
class _Sample:
    report: BuildReport
    index: Index
    answerer: Answerer
    answers: dict[_Question, Answer]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> _Sample:
    place = real_place(tmp_path_factory.mktemp("sample"))
    report = build([_ROOT / "articles"], place.store, place.encoder, place.cache)
    index = place.open()
    reader = SpanReader(ReaderModel(), index.lexical)
    answerer = Answerer(Retriever(index, place.encoder), reader, reader.tuning.thresholds["balanced"])
    return _Sample(report, index, answerer, {q: answerer.answer(q.text, q.as_of) for q in _questions()})


def _cites_gold_first(question: _Question, answer: Answer) -> bool:
    if question.gold is None or answer.refused or not answer.citations:
        return False
    return question.gold == answer.citations[0].article.id or question.gold.endswith(
        f"/{answer.citations[0].article.id}"
    )


def test_every_sample_article_is_read(sample: _Sample) -> None:
    assert sample.report.rejected == ()
    assert sample.report.articles >= 26


def test_four_of_five_answerable_questions_cite_the_right_article_first(sample: _Sample) -> None:
    answerable = {question: answer for question, answer in sample.answers.items() if question.gold}
    wrong = [question.text for question, answer in answerable.items() if not _cites_gold_first(question, answer)]
    assert len(answerable) >= 30
    assert len(wrong) <= 0.2 * len(answerable), wrong


def test_who_denied_the_account_is_answered(sample: _Sample) -> None:
    answer = sample.answerer.answer("who denied the account?")
    assert answer.text is not None
    assert not answer.refused
    assert "Peskov" in answer.citations[0].quote
    assert "denied" in answer.citations[0].quote


@pytest.mark.parametrize("before", [(), ("who denied the account?",)])
def test_who_confirmed_the_account_is_told_that_it_was_denied(sample: _Sample, before: tuple[str, ...]) -> None:
    turns = tuple(turn_of(sample.answerer.answer(question)) for question in before)
    answer = sample.answerer.answer("who confirmed the account?", turns=turns)
    assert answer.refusal == "contrary"
    assert "“denied”" in (answer.reason or "")
    assert "Peskov" in answer.citations[0].quote


def test_what_no_article_speaks_of_is_off_topic_even_in_the_words_of_a_denial(sample: _Sample) -> None:
    assert sample.answerer.answer("who confirmed the price of bananas?").refusal == "off_topic"


def test_a_conversation_stays_with_its_article_until_another_name_begins_afresh(sample: _Sample) -> None:
    turns = (turn_of(sample.answerer.answer("who denied the account?")),)
    followed = sample.answerer.answer("when did he deny it?", turns=turns)
    assert "Tuesday" in (followed.text or "")
    fresh = sample.answerer.answer("who founded Orrin Marine?", turns=(*turns, turn_of(followed)))
    assert fresh.understood_as == "who founded Orrin Marine?"
    assert all("Peskov" not in citation.quote for citation in fresh.citations)


@pytest.mark.parametrize("odd", ["\ud800 who denied the account?", "🔥", "\x00", "?!", "who " * 900])
def test_a_conversation_of_odd_characters_is_gone_on_from(sample: _Sample, odd: str) -> None:
    answer = sample.answerer.answer("who denied the account?", turns=(Turn(odd, odd, odd),))
    assert "Peskov" in (answer.text or "") and answer.citations


def test_every_citation_is_verbatim(sample: _Sample) -> None:
    citations = [citation for answer in sample.answers.values() for citation in answer.citations]
    assert len(citations) >= len(sample.answers)
    for citation in citations:
        stored = sample.index.documents.find(citation.article.id)
        assert stored is not None
        assert stored.text[citation.start : citation.end] == citation.quote


def test_no_citation_holds_a_blank_line(sample: _Sample) -> None:
    quotes = [citation.quote for answer in sample.answers.values() for citation in answer.citations]
    assert [quote for quote in quotes if "\n\n" in quote] == []


def test_no_citation_is_of_an_article_after_the_as_of_date(sample: _Sample) -> None:
    for question, answer in sample.answers.items():
        for citation in answer.citations:
            published = citation.article.published
            assert published is None or question.as_of is None or published <= question.as_of


def test_the_same_questions_have_the_same_answers_again(sample: _Sample) -> None:
    for question, answer in list(sample.answers.items())[:8]:
        again = sample.answerer.answer(question.text, question.as_of)
        assert (again.text, again.confidence, again.citations) == (answer.text, answer.confidence, answer.citations)
