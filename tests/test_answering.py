"""Answers with citations, and refusals with their reasons."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest

from benchmarks.sentence_reader import SentenceReader
from retrieval.answering import Answerer
from retrieval.errors import BadQuestion
from retrieval.followups import Turn
from retrieval.retriever import MAX_QUERY, Retriever
from retrieval.types import Answer, Candidate, Citation, Hit, Reading
from tests.fakes import FakeEncoder, Place, Record

_AS_OF = date(2018, 12, 31)
_DENIAL = "The spokesman denied the account on Tuesday."


def _record(name: str, text: str, published: str | None = "2018-04-10") -> Record:
    return {"id": name, "title": "News in brief", "text": text, "published": published, "source": "Wire", "url": None}


_RECORDS = [
    _record("one", f"The call came late. {_DENIAL} He left soon after."),
    _record("two", f"It was raining. {_DENIAL}"),
    _record("three", "Reporters heard that the spokesman denied the account on Tuesday, and went home."),
    _record(
        "four", "An aide gave an account. The spokesman denied the account twice. The spokesman denied the account."
    ),
    _record("five", "The ferry ran aground at the quay. Nobody was hurt."),
    _record("undated", "The lamp on the quay wall is red.", None),
]


class _Desk:
    """Answerers over one small collection."""

    def __init__(self, root: Path, records: Sequence[Record]) -> None:
        place = Place(root, FakeEncoder(256))
        place.build(records)
        self.retriever = Retriever(place.open(), place.encoder)
        self.reader = SentenceReader(place.encoder, self.retriever.index.lexical)

    def answer(self, question: str, as_of: date | None = _AS_OF, threshold: float = 0.0) -> Answer:
        return Answerer(self.retriever, self.reader, threshold).answer(question, as_of)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> _Desk:
    return _Desk(tmp_path_factory.mktemp("answering"), _RECORDS)


class _WordReader:
    """Proposes the first occurrence of a word in each hit as the answer, the sentence being the whole passage."""

    def __init__(self, word: str, confidence: float) -> None:
        self._word, self._confidence = word, confidence

    def read(self, question: str, hits: Sequence[Hit]) -> Reading:
        candidates = []
        for hit in hits:
            at = hit.article.text.find(self._word, hit.passage.start, hit.passage.end)
            if at >= 0:
                end = at + len(self._word)
                candidates.append(Candidate(hit, at, end, hit.passage.start, hit.passage.end, 1 / hit.rank**0.1))
        return Reading(tuple(candidates), self._confidence, near=0.75)


def _is_verbatim(citation: Citation) -> bool:
    return citation.article.text[citation.start : citation.end] == citation.quote


_QUESTIONS = ["Who denied the account?", "What ran aground at the quay?", "Which lamp is red?", "How old is the moon?"]


@pytest.mark.parametrize("threshold", [0.0, 1.0])
@pytest.mark.parametrize("question", _QUESTIONS)
def test_citations_are_verbatim_and_numbered_and_no_sentence_twice(
    desk: _Desk, question: str, threshold: float
) -> None:
    citations = desk.answer(question, threshold=threshold).citations
    assert 1 <= len(citations) <= 4
    assert all(map(_is_verbatim, citations))
    assert [citation.n for citation in citations] == list(range(1, len(citations) + 1))
    assert len({(citation.article.id, citation.start) for citation in citations}) == len(citations)


@pytest.mark.parametrize("question", _QUESTIONS)
def test_the_nearest_sentences_of_a_refusal_are_one_an_article(desk: _Desk, question: str) -> None:
    citations = desk.answer(question, threshold=1.0).citations
    assert 1 <= len({citation.article.id for citation in citations}) == len(citations) <= 3


@pytest.mark.parametrize("question", _QUESTIONS)
def test_the_first_citation_of_an_answer_holds_it(desk: _Desk, question: str) -> None:
    answer = desk.answer(question)
    assert answer.text
    assert not answer.refused
    assert answer.reason is None
    assert answer.citations[0].kind == "exact"
    assert _marked(answer.citations[0]) == answer.text


def _marked(citation: Citation) -> str | None:
    if citation.answer_start is None or citation.answer_end is None:
        return None
    assert citation.start <= citation.answer_start < citation.answer_end <= citation.end
    return citation.article.text[citation.answer_start : citation.answer_end]


def test_exact_citations_hold_the_answer_and_related_ones_do_not(desk: _Desk) -> None:
    answer = desk.answer("Who denied the account on Tuesday?")
    assert answer.text == _DENIAL
    kinds = {citation.kind for citation in answer.citations}
    assert kinds == {"exact", "related"}
    for citation in answer.citations:
        assert _marked(citation) == (answer.text if citation.kind == "exact" else None)
        assert (_DENIAL in citation.quote) == (citation.kind == "exact")


def test_the_same_answer_from_two_articles_has_both_as_exact_citations(desk: _Desk) -> None:
    citations = desk.answer("Who denied the account on Tuesday?").citations
    assert {c.article.id for c in citations if c.kind == "exact"} == {"one", "two"}


def test_an_answer_within_a_sentence_is_marked_where_it_stands(desk: _Desk) -> None:
    answer = Answerer(desk.retriever, _WordReader("spokesman", 0.9), 0.5).answer("Who denied the account?", _AS_OF)
    assert answer.text == "spokesman"
    assert len(answer.citations) == 3
    assert [_marked(citation) for citation in answer.citations] == ["spokesman"] * 3


def test_the_answer_is_marked_where_the_reader_found_it_and_not_where_its_words_come_first(tmp_path: Path) -> None:
    text = "In 2018 the mayor spoke of 18 ships."
    desk = _Desk(tmp_path, [_record("ships", text)])

    class Eighteen:
        def read(self, question: str, hits: Sequence[Hit]) -> Reading:
            start = text.index("18 ships")
            return Reading((Candidate(hits[0], start, start + 2, 0, len(text), 1.0),), 0.9)

    (citation,) = Answerer(desk.retriever, Eighteen(), 0.5).answer("How many ships?", _AS_OF).citations
    assert citation.answer_start == text.index("18 ships")


@pytest.mark.parametrize(("confidence", "refused"), [(0.49, True), (0.5, False), (0.51, False)])
def test_below_the_threshold_the_answer_is_refused(desk: _Desk, confidence: float, refused: bool) -> None:
    answer = Answerer(desk.retriever, _WordReader("spokesman", confidence), 0.5).answer("Who denied it?", _AS_OF)
    assert answer.refused is refused
    assert answer.confidence == confidence


def test_a_refusal_has_a_reason_and_the_nearest_sentences(desk: _Desk) -> None:
    answer = desk.answer("Who denied the account?", threshold=1.0)
    assert answer.refused
    assert answer.text is None
    assert answer.reason
    assert answer.citations
    assert {citation.kind for citation in answer.citations} == {"related"}
    assert [_marked(citation) for citation in answer.citations] == [None] * len(answer.citations)


def test_the_reason_tells_near_the_topic_from_far_from_it(desk: _Desk) -> None:
    near = desk.answer("Who denied the account on Tuesday?", threshold=1.0).reason
    far = desk.answer("zyzzyva quokka xylem", threshold=1.0).reason
    assert near is not None
    assert far is not None
    assert "near this topic" in near
    assert "No article on this topic" in far


def test_a_date_before_every_article_is_the_reason(tmp_path: Path) -> None:
    desk = _Desk(tmp_path, [record for record in _RECORDS if record["published"]])
    answer = desk.answer("Who denied the account?", date(2017, 5, 6))
    assert answer.refused
    assert answer.citations == ()
    assert answer.confidence == 0
    assert answer.reason is not None
    assert "published after" in answer.reason
    assert "6 May 2017" in answer.reason.replace("06 May", "6 May")


def test_a_time_of_which_there_is_no_article_is_the_reason(desk: _Desk) -> None:
    answer = desk.answer("Who denied the account in articles published in March 2016?")
    assert answer.refused
    assert answer.reason is not None
    assert "of that time" in answer.reason


def test_no_citation_is_of_an_article_after_the_as_of_date(tmp_path: Path) -> None:
    days = [date(2018, 1, 1) + timedelta(days=30 * n) for n in range(12)]
    desk = _Desk(tmp_path, [_record(f"day-{day}", _DENIAL, str(day)) for day in days])
    for as_of in days:
        answer = desk.answer("Who denied the account?", as_of)
        assert answer.citations
        assert all(c.article.published is not None and c.article.published <= as_of for c in answer.citations)


def test_without_an_as_of_date_an_article_of_tomorrow_is_not_cited(tmp_path: Path) -> None:
    tomorrow = date.today() + timedelta(days=2)
    desk = _Desk(tmp_path, [_record("then", _DENIAL, str(tomorrow)), _record("now", "The spokesman denied it.")])
    assert {c.article.id for c in desk.answer("Who denied the account?", None).citations} == {"now"}


@pytest.mark.parametrize("cited", ["east", "north", "west"])
def test_a_question_that_leans_on_an_answer_is_answered_from_the_article_that_it_cited(
    tmp_path: Path, cited: str
) -> None:
    desk = _Desk(tmp_path, [_record(name, "Anna Orr opened the bridge at noon.") for name in ("east", "north", "west")])
    answerer = Answerer(desk.retriever, _WordReader("noon", 0.9), 0.5)
    turn = Turn("What did Anna Orr open?", "the bridge", None, (cited,))
    leaning = answerer.answer("When did she open it?", _AS_OF, [turn])
    assert leaning.understood_as == "When did Anna Orr open the bridge?"
    assert leaning.citations[0].article.id == cited
    fresh = answerer.answer("When did Anna Orr open the bridge?", _AS_OF, [turn])
    assert fresh.citations[0].article.id == "east"


@pytest.mark.parametrize(
    "question", ["", "  \n", "???", "x" * (MAX_QUERY + 1)], ids=["empty", "blank", "marks", "long"]
)
def test_a_question_that_cannot_be_asked_is_bad(desk: _Desk, question: str) -> None:
    with pytest.raises(BadQuestion):
        desk.answer(question)


def test_the_same_question_has_the_same_answer_again(desk: _Desk) -> None:
    for question in _QUESTIONS:
        one, two = desk.answer(question), desk.answer(question)
        assert (one.text, one.reason, one.confidence, one.citations) == (
            two.text,
            two.reason,
            two.confidence,
            two.citations,
        )


def test_an_answer_says_what_was_asked_and_how_long_it_took(desk: _Desk) -> None:
    answer = desk.answer("Who denied the account?")
    assert answer.question == answer.understood_as == "Who denied the account?"
    assert set(answer.timings_ms) >= {"total"}
    assert all(taken >= 0 for taken in answer.timings_ms.values())
    assert 0 <= answer.confidence <= 1
