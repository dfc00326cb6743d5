"""The sentences that may answer a question, and how sure the reader is."""

from datetime import date
from pathlib import Path

import pytest

from benchmarks.sentence_reader import SentenceReader
from retrieval.retriever import Retriever
from retrieval.types import Candidate, Hit, Reading
from tests.fakes import FakeEncoder, Place, Record

_AS_OF = date(2018, 12, 31)

_CALL = """Kremlin aide speaks of a meeting

By MARIT OLDENKAMP

An aide says that a meeting was suggested in a call in March. The venue came up only on April 2.

The Kremlin spokesman, Dmitry S. Peskov, denied the account on Tuesday. Moscow was waiting, he said.

* * *

“We will see,” he said. Nothing more was known."""

_BRIDGE = "The Kestrel Bridge cost 449 million crowns. It opened in April. Agnes Thorley cut the ribbon."


def _record(name: str, text: str, title: str) -> Record:
    return {"id": name, "title": title, "text": text, "published": "2018-04-10", "source": "Wire", "url": None}


class _Desk:
    """A reader with the index that it reads from."""

    def __init__(self, root: Path) -> None:
        place = Place(root, FakeEncoder(256))
        place.build([_record("call", _CALL, "The call"), _record("bridge", _BRIDGE, "The bridge")])
        index = place.open()
        self.retriever = Retriever(index, place.encoder)
        self.reader = SentenceReader(place.encoder, index.lexical)

    def hits(self, question: str) -> list[Hit]:
        return self.retriever.search(question, 6, _AS_OF, 2)

    def read(self, question: str) -> Reading:
        return self.reader.read(question, self.hits(question))


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> _Desk:
    return _Desk(tmp_path_factory.mktemp("reader"))


def _sentence(candidate: Candidate) -> str:
    return candidate.hit.article.text[candidate.sentence_start : candidate.sentence_end]


_QUESTIONS = [
    "Who denied the account?",
    "What did the Kestrel Bridge cost?",
    "Who cut the ribbon?",
    "When is the moon full?",
]


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Who denied the account?", "The Kremlin spokesman, Dmitry S. Peskov, denied the account on Tuesday."),
        ("What did the Kestrel Bridge cost?", "The Kestrel Bridge cost 449 million crowns."),
        ("Who cut the ribbon?", "Agnes Thorley cut the ribbon."),
        ("When did the venue come up?", "The venue came up only on April 2."),
    ],
)
def test_the_sentence_with_the_words_of_the_question_is_first(desk: _Desk, question: str, sentence: str) -> None:
    assert _sentence(desk.read(question).candidates[0]) == sentence


@pytest.mark.parametrize("question", _QUESTIONS)
def test_candidates_lie_within_their_sentence_and_their_passage(desk: _Desk, question: str) -> None:
    for candidate in desk.read(question).candidates:
        passage = candidate.hit.passage
        assert passage.start <= candidate.sentence_start <= candidate.start
        assert candidate.start < candidate.end <= candidate.sentence_end <= passage.end


@pytest.mark.parametrize("question", _QUESTIONS)
def test_candidates_come_best_first(desk: _Desk, question: str) -> None:
    scores = [candidate.score for candidate in desk.read(question).candidates]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("question", _QUESTIONS)
def test_a_sentence_is_proposed_once(desk: _Desk, question: str) -> None:
    spans = [(c.hit.article.id, c.sentence_start, c.sentence_end) for c in desk.read(question).candidates]
    assert len(spans) == len(set(spans))


def test_a_headline_is_no_part_of_the_sentence_below_it(desk: _Desk) -> None:
    sentences = [
        _sentence(c) for c in desk.read("Who says that a meeting was suggested in a call in March?").candidates
    ]
    assert sentences[0] == "An aide says that a meeting was suggested in a call in March."


@pytest.mark.parametrize("question", _QUESTIONS)
def test_no_candidate_runs_across_a_blank_line(desk: _Desk, question: str) -> None:
    assert [_sentence(c) for c in desk.read(question).candidates if "\n\n" in _sentence(c)] == []


@pytest.mark.parametrize("question", _QUESTIONS)
def test_a_line_without_letters_is_no_candidate(desk: _Desk, question: str) -> None:
    assert all(any(map(str.isalnum, _sentence(c))) for c in desk.read(question).candidates)


@pytest.mark.parametrize("question", [*_QUESTIONS, "the", "zzz qqq", "2"])
def test_confidence_and_evidence_are_shares(desk: _Desk, question: str) -> None:
    reading, evidence = desk.reader.examine(question, desk.hits(question))
    assert 0 <= reading.confidence <= 1
    assert evidence is not None
    assert 0 <= evidence.sentence <= evidence.coverage + 1e-6 <= 1 + 1e-5
    assert -1 <= evidence.likeness <= 1.001
    assert -1 <= evidence.passage <= 1.001


def test_a_question_that_the_articles_answer_makes_more_confident_than_one_that_they_do_not(desk: _Desk) -> None:
    answered = desk.read("What did the Kestrel Bridge cost?").confidence
    unanswered = desk.read("How many moons does Jupiter possess?").confidence
    assert answered > unanswered + 0.2


def test_without_hits_there_is_no_candidate_and_no_confidence(desk: _Desk) -> None:
    assert desk.reader.read("Who denied it?", []) == Reading((), 0.0)


def test_reading_and_examining_come_to_the_same(desk: _Desk) -> None:
    hits = desk.hits(_QUESTIONS[0])
    assert desk.reader.examine(_QUESTIONS[0], hits)[0] == desk.reader.read(_QUESTIONS[0], hits)


def test_the_same_question_is_read_the_same_way_again(desk: _Desk) -> None:
    assert [desk.read(question) for question in _QUESTIONS] == [desk.read(question) for question in _QUESTIONS]
