"""Invented articles that set traps: every question about them must be answered rightly, or refused."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from retrieval.answering import Answerer
from retrieval.articles import read_articles
from retrieval.build import build
from retrieval.errors import ArticleError
from retrieval.reader import SpanReader
from retrieval.reader_model import ReaderModel
from retrieval.retriever import Retriever
from retrieval.types import Answer, Article
from tests.real_model import real_place

_TRAPS = Path(__file__).parent / "traps"
_ENOUGH = 0.6
_WORD = re.compile(r"\d+(?:[.,:]\d+)*|\w+")


@dataclass(frozen=True, slots=True)
class _Question:
    """`answers` are the acceptable ones, none if it must be refused; no text may hold one of `never`.

    `differs` are the other answers that must be shown as well, newest first; `outlets` is how many count as sources.
    """

    trap: str
    question: str
    as_of: date | None
    answers: tuple[str, ...]
    never: tuple[str, ...]
    differs: tuple[str, ...] = ()
    outlets: int | None = None

    def __str__(self) -> str:
        return f"{self.trap}: {self.question}" + (f" ({self.as_of})" if self.as_of else "")


def _load() -> Iterator[_Question]:
    for line in (_TRAPS / "questions.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        yield _Question(
            trap=entry["trap"],
            question=entry["question"],
            as_of=date.fromisoformat(entry["as_of"]) if entry["as_of"] else None,
            answers=tuple(entry["answers"]),
            never=tuple(entry["never"]),
            differs=tuple(entry.get("differs", ())),
            outlets=entry.get("outlets"),
        )


_QUESTIONS = tuple(_load())
_ANSWERED = [question for question in _QUESTIONS if question.answers]
_REFUSED = [question for question in _QUESTIONS if not question.answers]


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text.casefold()) if word not in ("a", "an", "the")]


def _holds(text: str, part: str) -> bool:
    """True if the words of `part` follow each other in `text`."""
    return f" {' '.join(_words(part))} " in f" {' '.join(_words(text))} "


def _likeness(text: str, answer: str) -> float:
    """The harmonic mean of precision and recall of words; 1 if they are the same."""
    said, expected = _words(text), _words(answer)
    common = sum((Counter(said) & Counter(expected)).values())
    return 2 * common / (len(said) + len(expected))


@pytest.fixture(scope="module")
def articles() -> list[Article]:
    read = list(read_articles([_TRAPS / "articles"]))
    assert [item for item in read if isinstance(item, ArticleError)] == []
    return [item for item in read if isinstance(item, Article)]


@pytest.fixture(scope="module")
def answerer(tmp_path_factory: pytest.TempPathFactory) -> Answerer:
    place = real_place(tmp_path_factory.mktemp("traps"))
    build([_TRAPS / "articles"], place.store, place.encoder, place.cache)
    index = place.open()
    reader = SpanReader(ReaderModel(), index.lexical)
    return Answerer(Retriever(index, place.encoder), reader, reader.tuning.thresholds["balanced"])


def _assert_cited(answer: Answer) -> None:
    """The first citation is verbatim and holds the answer."""
    assert answer.text is not None
    first = answer.citations[0]
    assert first.article.text[first.start : first.end] == first.quote
    assert answer.text in first.quote


@pytest.mark.parametrize("question", _QUESTIONS, ids=str)
def test_a_trap_question_is_answered_rightly_or_refused(question: _Question, answerer: Answerer) -> None:
    answer = answerer.answer(question.question, question.as_of)
    if not question.answers:
        assert answer.refused, f"answered {answer.text!r}"
        return
    assert answer.text is not None, answer.reason
    assert [never for never in question.never if _holds(answer.text, never)] == [], answer.text
    assert max(_likeness(answer.text, expected) for expected in question.answers) >= _ENOUGH, answer.text
    _assert_cited(answer)
    others = [one.article.text[one.answer_start : one.answer_end] for one in answer.citations if one.kind == "differs"]
    assert [_holds(other, expected) for other, expected in zip(others, question.differs, strict=True)] == [
        True for _ in question.differs
    ], others
    if question.outlets is not None:
        assert answer.outlets == question.outlets


def test_every_trap_article_is_a_short_dated_one_of_an_outlet(articles: list[Article]) -> None:
    assert len(articles) >= 12
    for article in articles:
        assert article.source, article.id
        assert article.published, article.id
        assert 120 <= len(article.text.split()) <= 250, article.id


def test_every_acceptable_answer_stands_in_an_article_of_its_time(articles: list[Article]) -> None:
    for question in _ANSWERED:
        texts = [
            article.text
            for article in articles
            if article.published and (question.as_of is None or article.published <= question.as_of)
        ]
        for answer in (*question.answers, *question.differs):
            assert any(_holds(text, answer) for text in texts), (str(question), answer)


def test_no_acceptable_answer_holds_what_must_never_be_said() -> None:
    for question in _ANSWERED:
        for never in question.never:
            assert not any(_holds(answer, never) for answer in question.answers), (str(question), never)


def test_a_third_of_the_trap_questions_must_be_refused() -> None:
    assert len(_QUESTIONS) >= 36
    assert 0.3 <= len(_REFUSED) / len(_QUESTIONS) <= 0.4


def test_the_copies_of_the_agency_text_are_alike_word_for_word(articles: list[Article]) -> None:
    copies = [article for article in articles if article.author == "Union Press Agency"]
    assert len({article.source for article in copies}) == 3
    assert len({article.text for article in copies}) == 1
