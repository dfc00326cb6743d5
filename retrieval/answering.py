"""Candidates -> an Answer with citations, or a refusal with its reason."""

import time
from collections.abc import Sequence
from datetime import date
from typing import Protocol

from retrieval.retriever import Retriever, check_query
from retrieval.types import Answer, Candidate, Citation, Hit, Reading

# Fitted on the dev questions by benchmarks/fit_refusal.py: refuses at most one in ten that the articles answer.
DEFAULT_THRESHOLD = 0.47
PASSAGES = 6
PER_ARTICLE = 2
_CITATIONS = 3
# A further sentence is worth citing if it scores at least this share of the best.
_NEAR = 0.75
# Below this cosine not even the topic was found.
_ON_TOPIC = 0.35


class Reader(Protocol):
    """Finds the spans of the hits that may answer a question."""

    def read(self, question: str, hits: Sequence[Hit]) -> Reading:
        """The candidates, best first, and the probability that the articles answer the question."""


class Answerer:
    """Answers questions from one index."""

    def __init__(self, retriever: Retriever, reader: Reader, threshold: float = DEFAULT_THRESHOLD) -> None:
        self._retriever, self._reader, self._threshold = retriever, reader, threshold

    def answer(self, question: str, as_of: date | None = None) -> Answer:
        """Answer a question from what was published until `as_of` (default: today).

        Raises:
            BadQuestion: the question is empty or too long.
        """
        question = check_query(question)
        as_of = as_of or date.today()
        began = time.perf_counter()
        hits = self._retriever.search(question, PASSAGES, as_of, PER_ARTICLE)
        found = time.perf_counter()
        reading = self._reader.read(question, hits)
        read = time.perf_counter()
        reason = self._refusal(hits, reading, as_of)
        return Answer(
            question=question,
            understood_as=question,
            text=None if reason else _text(reading.candidates[0]),
            reason=reason,
            confidence=reading.confidence,
            citations=cite(reading.candidates, nearest=reason is not None),
            timings_ms={
                "retrieve": _ms(began, found),
                "read": _ms(found, read),
                "total": _ms(began, time.perf_counter()),
            },
        )

    def _refusal(self, hits: Sequence[Hit], reading: Reading, as_of: date) -> str | None:
        """Why there is no answer, or None if there is one."""
        if reading.candidates and reading.confidence >= self._threshold:
            return None
        if not hits:
            oldest = self._retriever.index.manifest.oldest
            if oldest and date.fromisoformat(oldest) > as_of:
                return f"Every article here was published after {as_of:%d %B %Y}."
            return "No article of that time was found."
        if max(hit.likeness for hit in hits) < _ON_TOPIC:
            return "No article on this topic was found."
        return "There are articles near this topic, but none was found to say this."


def cite(candidates: Sequence[Candidate], nearest: bool) -> tuple[Citation, ...]:
    """Up to three citations, one an article, numbered in order.

    The first holds the answer, and so does any other with the same words; the rest are related. With `nearest` (for a
    refusal) all are related.
    """
    citations: list[Citation] = []
    for candidate in candidates:
        if len(citations) == _CITATIONS or candidate.score < _NEAR * candidates[0].score:
            break
        article = candidate.hit.article
        if any(article.id == citation.article.id for citation in citations):
            continue
        quote = article.text[candidate.sentence_start : candidate.sentence_end]
        at = -1 if nearest else _place(candidate, candidates[0], quote)
        citations.append(
            Citation(
                n=len(citations) + 1,
                article=article,
                quote=quote,
                start=candidate.sentence_start,
                end=candidate.sentence_end,
                answer_start=candidate.sentence_start + at if at >= 0 else None,
                answer_end=candidate.sentence_start + at + len(_text(candidates[0])) if at >= 0 else None,
                kind="exact" if at >= 0 else "related",
                score=candidate.score,
            )
        )
    return tuple(citations)


def _place(candidate: Candidate, best: Candidate, quote: str) -> int:
    """Where in its sentence a candidate holds the best one's words; -1 if it does not."""
    if _text(candidate) == _text(best):
        return candidate.start - candidate.sentence_start
    return quote.find(_text(best))


def _text(candidate: Candidate) -> str:
    return candidate.hit.article.text[candidate.start : candidate.end]


def _ms(began: float, ended: float) -> float:
    return round((ended - began) * 1000, 2)
