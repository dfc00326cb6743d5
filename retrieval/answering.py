"""Candidates -> an Answer with citations, or a refusal with its reason."""

import time
from collections.abc import Sequence
from datetime import date
from typing import Literal, Protocol

from retrieval.followups import Turn, favoured, search_text, stand_alone
from retrieval.reports import outlets, same_answer
from retrieval.retriever import Retriever, check_query
from retrieval.sentences import Span
from retrieval.types import Answer, Candidate, Citation, Hit, Reading, Refusal

PASSAGES = 6
PER_ARTICLE = 2
_CITATIONS = 3
# Below this cosine not even the topic was found.
_ON_TOPIC = 0.35
_REASONS: dict[Refusal, str] = {
    "only_later": "Every article here was published after {day}.",
    "nothing_then": "No article of that time was found.",
    "off_topic": "No article on this topic was found.",
    "contrary": "The articles found say something else: {objection}.",
    "not_stated": "There are articles near this topic, but none was found to say this.",
}


class Reader(Protocol):
    """Finds the spans of the hits that may answer a question."""

    def read(self, question: str, hits: Sequence[Hit]) -> Reading:
        """The candidates, best first, and the probability that the best is right."""


class Answerer:
    """Answers questions from one index."""

    def __init__(self, retriever: Retriever, reader: Reader, threshold: float) -> None:
        """`threshold` is the confidence, 0 to 1, below which a question is refused."""
        self._retriever, self._reader, self._threshold = retriever, reader, threshold

    def answer(self, question: str, as_of: date | None = None, turns: Sequence[Turn] = ()) -> Answer:
        """Answer a question from what was published until `as_of` (default: today).

        `turns` are the earlier ones of the conversation, oldest first; see `stand_alone`, `search_text` and `favoured`.

        Raises:
            BadQuestion: the question is empty or too long.
        """
        question = check_query(question)
        as_of = as_of or date.today()
        began = time.perf_counter()
        understood = check_query(stand_alone(question, turns))
        hits = self._retriever.search(
            search_text(question, turns), PASSAGES, as_of, PER_ARTICLE, favoured(question, turns)
        )
        found = time.perf_counter()
        reading = self._reader.read(understood, hits)
        read = time.perf_counter()
        refusal = self._refusal(hits, reading, as_of)
        return Answer(
            question=question,
            understood_as=understood,
            text=None if refusal else reading.candidates[0].text,
            refusal=refusal,
            reason=_REASONS[refusal].format(day=f"{as_of:%d %B %Y}", objection=reading.objection) if refusal else None,
            confidence=reading.confidence,
            citations=cite(reading, nearest=refusal is not None),
            outlets=0 if refusal else _reported_by(reading),
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
        return "contrary" if reading.objection else "not_stated"


def cite(reading: Reading, nearest: bool) -> tuple[Citation, ...]:
    """Up to three citations, one an article, numbered in order.

    The first holds the answer, and so does any other with the same words; those that differ hold another answer, and
    all of them are cited; the rest are related. With `nearest` (for a refusal) all are related.
    """
    if nearest:
        found = sorted((*reading.candidates, *reading.objected), key=lambda candidate: -candidate.score)
        wanted: list[tuple[Candidate, _Held | None]] = [(candidate, None) for candidate in found]
    else:
        best = reading.candidates[0]
        found = [best, *reading.differing, *(one for one in reading.candidates if one.score >= reading.near)]
        wanted = [(one, _place(one, best) or _other(one, reading)) for one in found]
    citations: list[Citation] = []
    for candidate, answer in wanted:
        article = candidate.hit.article
        if any(article.id == citation.article.id for citation in citations):
            continue
        if len(citations) >= _CITATIONS and candidate not in reading.differing:
            break
        kind, span = answer or ("related", None)
        citations.append(
            Citation(
                n=len(citations) + 1,
                article=article,
                quote=candidate.sentence,
                start=candidate.sentence_start,
                end=candidate.sentence_end,
                answer_start=span.start if span else None,
                answer_end=span.end if span else None,
                kind=kind,
                score=candidate.score,
            )
        )
    return tuple(citations)


_Held = tuple[Literal["exact", "differs", "related"], Span | None]


def _place(candidate: Candidate, best: Candidate) -> _Held | None:
    """Where in its sentence, as offsets into the article, a candidate holds the best one's answer; None if nowhere."""
    if same_answer(candidate.text, best.text):
        return "exact", Span(candidate.start, candidate.end)
    at = candidate.sentence.find(best.text)
    start = candidate.sentence_start + at
    return ("exact", Span(start, start + len(best.text))) if at >= 0 else None


def _other(candidate: Candidate, reading: Reading) -> _Held | None:
    return ("differs", Span(candidate.start, candidate.end)) if candidate in reading.differing else None


def _reported_by(reading: Reading) -> int:
    """How many outlets give the best candidate's answer."""
    best = reading.candidates[0].text
    same = [one for one in reading.candidates if one.score >= reading.near and same_answer(one.text, best)]
    return outlets(same)


def _ms(began: float, ended: float) -> float:
    return round((ended - began) * 1000, 2)
