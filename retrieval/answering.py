"""Candidates -> an Answer with citations, or a refusal with its reason."""

import time
from collections.abc import Sequence
from datetime import date
from typing import Protocol

from retrieval.followups import Turn, stand_alone
from retrieval.reader import same_words
from retrieval.retriever import Retriever, check_query
from retrieval.sentences import Span
from retrieval.types import Answer, Candidate, Citation, Hit, Reading, Refusal

# Fitted on the dev questions by benchmarks/fit_refusal.py: refuses at most one in ten that the articles answer.
DEFAULT_THRESHOLD = 0.47
PASSAGES = 6
PER_ARTICLE = 2
_CITATIONS = 3
# Below this cosine not even the topic was found.
_ON_TOPIC = 0.35
_REASONS: dict[Refusal, str] = {
    "only_later": "Every article here was published after {day}.",
    "nothing_then": "No article of that time was found.",
    "off_topic": "No article on this topic was found.",
    "not_stated": "There are articles near this topic, but none was found to say this.",
}


class Reader(Protocol):
    """Finds the spans of the hits that may answer a question."""

    def read(self, question: str, hits: Sequence[Hit]) -> Reading:
        """The candidates, best first, and the probability that the articles answer the question."""


class Answerer:
    """Answers questions from one index."""

    def __init__(self, retriever: Retriever, reader: Reader, threshold: float = DEFAULT_THRESHOLD) -> None:
        self._retriever, self._reader, self._threshold = retriever, reader, threshold

    def answer(self, question: str, as_of: date | None = None, turns: Sequence[Turn] = ()) -> Answer:
        """Answer a question from what was published until `as_of` (default: today).

        `turns` are the earlier ones of the conversation, oldest first; see `stand_alone`.

        Raises:
            BadQuestion: the question is empty or too long.
        """
        question = check_query(question)
        as_of = as_of or date.today()
        began = time.perf_counter()
        understood = check_query(stand_alone(question, turns))
        hits = self._retriever.search(understood, PASSAGES, as_of, PER_ARTICLE)
        found = time.perf_counter()
        reading = self._reader.read(understood, hits)
        read = time.perf_counter()
        refusal = self._refusal(hits, reading, as_of)
        return Answer(
            question=question,
            understood_as=understood,
            text=None if refusal else reading.candidates[0].text,
            refusal=refusal,
            reason=_REASONS[refusal].format(day=f"{as_of:%d %B %Y}") if refusal else None,
            confidence=reading.confidence,
            citations=cite(reading, nearest=refusal is not None),
            timings_ms={
                "retrieve": _ms(began, found),
                "read": _ms(found, read),
                "total": _ms(began, time.perf_counter()),
            },
        )

    def _refusal(self, hits: Sequence[Hit], reading: Reading, as_of: date) -> Refusal | None:
        """Why there is no answer, or None if there is one."""
        if reading.candidates and reading.confidence >= self._threshold:
            return None
        if not hits:
            oldest = self._retriever.index.manifest.oldest
            if oldest and date.fromisoformat(oldest) > as_of:
                return "only_later"
            return "nothing_then"
        if max(hit.likeness for hit in hits) < _ON_TOPIC:
            return "off_topic"
        return "not_stated"


def cite(reading: Reading, nearest: bool) -> tuple[Citation, ...]:
    """Up to three citations, one an article, numbered in order.

    The first holds the answer, and so does any other with the same words; the rest are related. With `nearest` (for a
    refusal) all are related.
    """
    citations: list[Citation] = []
    for candidate in reading.candidates:
        if len(citations) == _CITATIONS:
            break
        article = candidate.hit.article
        if candidate.score < reading.near or any(article.id == citation.article.id for citation in citations):
            continue
        quote = article.text[candidate.sentence_start : candidate.sentence_end]
        best = reading.candidates[0]
        span = None if nearest else _place(candidate, best, quote)
        citations.append(
            Citation(
                n=len(citations) + 1,
                article=article,
                quote=quote,
                start=candidate.sentence_start,
                end=candidate.sentence_end,
                answer_start=span.start if span else None,
                answer_end=span.end if span else None,
                kind="exact" if span else "related",
                score=candidate.score,
            )
        )
    return tuple(citations)


def _place(candidate: Candidate, best: Candidate, quote: str) -> Span | None:
    """Where in its sentence, as offsets into the article, a candidate holds the best one's words; None if nowhere."""
    if same_words(candidate.text) == same_words(best.text):
        return Span(candidate.start, candidate.end)
    at = quote.find(best.text)
    start = candidate.sentence_start + at
    return Span(start, start + len(best.text)) if at >= 0 else None


def _ms(began: float, ended: float) -> float:
    return round((ended - began) * 1000, 2)
