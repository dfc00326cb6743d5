"""Candidates -> an Answer with citations, or a refusal with its reason."""

import time
from collections.abc import Sequence
from datetime import date
from typing import Protocol

from retrieval.citations import cite, nearest, reported_by
from retrieval.followups import Turn, context, stand_alone
from retrieval.retriever import Retriever, check_query
from retrieval.types import Answer, Hit, Reading, Refusal

PASSAGES = 5
PER_ARTICLE = 2
# Below this cosine not even the topic was found.
_ON_TOPIC = 0.35
# Save that a sentence has this share of the question's words, by rarity.
_ABOUT = 0.4
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

        `turns` are the earlier ones of the conversation, oldest first; see `stand_alone` and `context`.

        Raises:
            BadQuestion: the question is empty or too long.
        """
        question = check_query(question)
        as_of = as_of or date.today()
        began = time.perf_counter()
        understood = check_query(stand_alone(question, turns))
        hits = self._retriever.search(understood, PASSAGES, as_of, PER_ARTICLE, context(question, turns))
        found = time.perf_counter()
        reading = self._reader.read(understood, hits)
        read = time.perf_counter()
        refusal = self._refusal(understood, hits, reading, as_of)
        return Answer(
            question=question,
            understood_as=understood,
            text=None if refusal else reading.candidates[0].text,
            refusal=refusal,
            reason=_REASONS[refusal].format(day=f"{as_of:%d %B %Y}", objection=reading.objection) if refusal else None,
            confidence=reading.confidence,
            citations=nearest(reading) if refusal else cite(reading),
            outlets=0 if refusal else reported_by(reading),
            timings_ms={
                "retrieve": _ms(began, found),
                "read": _ms(found, read),
                "total": _ms(began, time.perf_counter()),
            },
        )

    def _refusal(self, question: str, hits: Sequence[Hit], reading: Reading, as_of: date) -> Refusal | None:
        """Why there is no answer, or None if there is one."""
        if reading.candidates and reading.confidence >= self._threshold:
            return None
        if not hits:
            oldest = self._retriever.index.manifest.oldest
            if oldest and date.fromisoformat(oldest) > as_of:
                return "only_later"
            return "nothing_then"
        if max(hit.likeness for hit in hits) < _ON_TOPIC and not self._turned_round(question, reading):
            return "off_topic"
        return "contrary" if reading.objection else "not_stated"

    def _turned_round(self, question: str, reading: Reading) -> bool:
        """Whether the best passage says the opposite of what is asked, in the question's other words."""
        if reading.objection is None or reading.objection.gate not in ("verb", "negation", "plan"):
            return False
        lexical, nearest = self._retriever.index.lexical, reading.objected[0]
        return lexical.share(lexical.terms(question), nearest.sentence) >= _ABOUT


def _ms(began: float, ended: float) -> float:
    return round((ended - began) * 1000, 2)
