"""The baseline of the reader: question + Hits -> the sentences that may answer it, and how probable it is that they do.

A sentence is scored by its likeness to the question (cosine of the encoder's vectors), by the share of the question's
words that it holds, and by the rank of its passage. The probability is a logistic regression over a few such figures,
fitted on answerable and unanswerable dev questions; THRESHOLD refuses at most one in ten that the articles answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from retrieval.encoder import Encoder
from retrieval.lexical import LexicalIndex
from retrieval.sentences import Span, paragraphs, sentences
from retrieval.types import Candidate, Hit, Reading

# Sentences read for one question; most of its time goes here.
_MOST_SENTENCES = 40
_LONGEST = 600
# A further sentence is worth citing if it scores at least this share of the best.
_NEAR = 0.75
THRESHOLD = 0.47


@dataclass(frozen=True, slots=True)
class SentenceWeights:
    """How much each figure of a sentence counts in its score."""

    likeness: float = 1.0
    coverage: float = 0.6
    rank: float = 0.15


@dataclass(frozen=True, slots=True)
class Calibration:
    """The logistic regression behind `Reading.confidence`, over Evidence in the order of its fields."""

    intercept: float = -5.42
    likeness: float = 3.41
    sentence: float = 0.75
    coverage: float = 2.6
    passage: float = 3.09

    def probability(self, evidence: "Evidence") -> float:
        """The probability, 0 to 1, that the articles answer the question."""
        logit = (
            self.intercept
            + self.likeness * evidence.likeness
            + self.sentence * evidence.sentence
            + self.coverage * evidence.coverage
            + self.passage * evidence.passage
        )
        return float(1 / (1 + np.exp(-logit)))


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for an answer, each 0 to 1.

    The likeness of the best sentence; the share of the question's words, by rarity, in it; the share in its passage
    with the headline; the likeness of the best passage.
    """

    likeness: float
    sentence: float
    coverage: float
    passage: float


class SentenceReader:
    """Proposes whole sentences as answers."""

    def __init__(
        self,
        encoder: Encoder,
        lexical: LexicalIndex,
        weights: SentenceWeights | None = None,
        calibration: Calibration | None = None,
    ) -> None:
        self._encoder, self._lexical = encoder, lexical
        self._weights = weights or SentenceWeights()
        self._calibration = calibration or Calibration()

    def read(self, question: str, hits: Sequence[Hit]) -> Reading:
        """The candidates in the passages, best first, each a whole sentence."""
        reading, _ = self.examine(question, hits)
        return reading

    def examine(self, question: str, hits: Sequence[Hit]) -> tuple[Reading, Evidence | None]:
        """Like `read`, with the evidence that the confidence was computed from."""
        terms = self._lexical.terms(question)
        found = _distinct(hits)[:_MOST_SENTENCES]
        if not found:
            return Reading((), 0.0), None
        texts = [hit.article.text[span.start : span.end] for hit, span in found]
        vectors = self._encoder.encode([question, *(text[:_LONGEST] for text in texts)])
        likeness = vectors[1:] @ vectors[0]
        coverage = np.array([self._lexical.share(terms, text) for text in texts], np.float32)
        ranks = np.array([1 / hit.rank for hit, _ in found], np.float32)
        chosen = self._weights
        scores = chosen.likeness * likeness + chosen.coverage * coverage + chosen.rank * ranks
        order = np.argsort(-scores, kind="stable")
        candidates = tuple(
            Candidate(
                found[i][0], found[i][1].start, found[i][1].end, found[i][1].start, found[i][1].end, float(scores[i])
            )
            for i in order
        )
        best = int(order[0])
        hit = found[best][0]
        evidence = Evidence(
            likeness=float(likeness[best]),
            sentence=float(coverage[best]),
            coverage=self._lexical.share(terms, f"{hit.article.title}\n{hit.passage.text}"),
            passage=max(hit.likeness for hit in hits),
        )
        probability = self._calibration.probability(evidence)
        return Reading(candidates, probability, _NEAR * candidates[0].score), evidence


def _distinct(hits: Sequence[Hit]) -> list[tuple[Hit, Span]]:
    """The sentences of the hits, best passage first; the same sentence of the same article once."""
    seen: set[tuple[str, int]] = set()
    found: list[tuple[Hit, Span]] = []
    for hit in hits:
        text = hit.article.text
        passage = Span(hit.passage.start, hit.passage.end)
        for span in (span for paragraph in paragraphs(text, passage) for span in sentences(text, paragraph)):
            key = (hit.article.id, span.start)
            if key in seen or not any(map(str.isalnum, text[span.start : span.end])):
                continue
            seen.add(key)
            found.append((hit, span))
    return found
