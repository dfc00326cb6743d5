"""Question + Hits -> the shortest spans that may answer it, and how probable it is that the articles do.

Every passage is read with the question by the extractive model. A span's margin is how much more its two ends score
than "this passage does not say", so that margins compare across the passages of a question. Spans of the same words in
several articles support each other; the place of the passage among the hits counts as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from retrieval.lexical import LexicalIndex
from retrieval.reader_model import Logits, ReaderModel
from retrieval.sentences import Span, paragraphs, sentences
from retrieval.types import Candidate, Hit, Reading

# Tokens of the longest span that is proposed.
_LONGEST = 30
# Best starts and ends of a passage that are paired.
_ENDS = 24
_PER_PASSAGE = 4
_QUESTION = 400


@dataclass(frozen=True, slots=True)
class Scored:
    """A span of a text, [start, end) in characters, and its margin over "nothing", in logits."""

    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class SpanWeights:
    """How much counts beside a span's margin (in logits).

    `retrieval` multiplies the hit's share of the best hit's score; `support` the logarithm of how many times over the
    articles with the same words carry the weight of the best of them. `near` is how far below the best candidate
    another is still worth citing.
    """

    retrieval: float = 8.0
    support: float = 1.0
    near: float = 4.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for an answer.

    The margin of its span, in logits; its lead over the next other answer; the share of the question's words, by
    rarity, in its passage with the headline; the likeness (cosine) of the best passage.
    """

    margin: float
    lead: float
    coverage: float
    passage: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """The logistic regression behind `Reading.confidence`, over Evidence; fitted by training/calibrate.py."""

    intercept: float = 0.0
    margin: float = 0.5
    lead: float = 0.0
    coverage: float = 0.0
    passage: float = 0.0

    def probability(self, evidence: Evidence) -> float:
        """The probability, 0 to 1, that the articles answer the question."""
        logit = self.intercept + sum(getattr(self, name) * getattr(evidence, name) for name in Evidence.__slots__)
        return float(1 / (1 + np.exp(-logit)))


class SpanReader:
    """Proposes short verbatim spans as answers."""

    def __init__(
        self,
        model: ReaderModel,
        lexical: LexicalIndex,
        weights: SpanWeights | None = None,
        calibration: Calibration | None = None,
    ) -> None:
        self._model, self._lexical = model, lexical
        self._weights, self._calibration = weights or SpanWeights(), calibration or Calibration()

    def read(self, question: str, hits: Sequence[Hit]) -> Reading:
        """The candidates in the passages, best first."""
        reading, _ = self.examine(question, hits)
        return reading

    def examine(self, question: str, hits: Sequence[Hit]) -> tuple[Reading, Evidence | None]:
        """Like `read`, with the evidence that the confidence was computed from."""
        spans = self.spans(question, hits)
        if not spans:
            return Reading((), 0.0), None
        ranked = rank(spans, self._weights)
        best = ranked[0]
        margin = next(span.score for span in spans if (span.hit, span.start) == (best.hit, best.start))
        rivals = [other.score for other in ranked if same_words(other.text) != same_words(best.text)]
        evidence = Evidence(
            margin=margin,
            lead=best.score - max(rivals, default=best.score - self._weights.retrieval),
            coverage=self._lexical.share(
                self._lexical.terms(question), f"{best.hit.article.title}\n{best.hit.passage.text}"
            ),
            passage=max(hit.likeness for hit in hits),
        )
        near = best.score - self._weights.near
        return Reading(ranked, self._calibration.probability(evidence), near), evidence

    def spans(self, question: str, hits: Sequence[Hit]) -> list[Candidate]:
        """The best spans of every passage, passage by passage; their scores are their margins, in logits."""
        found: list[Candidate] = []
        heads = [f"{hit.article.title}. " if hit.article.title else "" for hit in hits]
        texts = [head + hit.passage.text for head, hit in zip(heads, hits, strict=True)]
        for hit, head, logits in zip(hits, heads, self._model.read(question[:_QUESTION], texts), strict=True):
            shift = hit.passage.start - len(head)
            bounds = _sentences(hit)
            within = [Span(span.start - shift, span.end - shift) for span in bounds]
            for scored in best_spans(logits, within, _PER_PASSAGE):
                start, end = scored.start + shift, scored.end + shift
                sentence = next(span for span in bounds if span.start <= start < span.end)
                found.append(Candidate(hit, start, end, sentence.start, sentence.end, scored.score))
        return found


def rank(spans: Sequence[Candidate], weights: SpanWeights) -> tuple[Candidate, ...]:
    """The spans by score, best first: margin, place of the passage, and the support of other articles."""
    best_hit = max(span.hit.score for span in spans)
    own = [span.score + weights.retrieval * (span.hit.score / best_hit if best_hit > 0 else 0.0) for span in spans]
    by_words: dict[str, dict[str, float]] = {}
    for span, score in zip(spans, own, strict=True):
        articles = by_words.setdefault(same_words(span.text), {})
        articles[span.hit.article.id] = max(score, articles.get(span.hit.article.id, score))
    support = {}
    for key, scores in by_words.items():
        values = np.array(list(scores.values()))
        support[key] = float(np.log(np.exp(values - values.max()).sum()))
    ranked = [
        replace(span, score=score + weights.support * support[same_words(span.text)])
        for span, score in zip(spans, own, strict=True)
    ]
    return tuple(sorted(ranked, key=lambda candidate: -candidate.score))


def same_words(text: str) -> str:
    """A text in the form by which two are the same answer: no case, no punctuation, no articles."""
    bare = "".join(character if character.isalnum() or character in "%$€£" else " " for character in text.casefold())
    return " ".join(word for word in bare.split() if word not in ("the", "a", "an"))


def best_spans(logits: Logits, within: Sequence[Span], count: int) -> list[Scored]:
    """The up to `count` best spans, best first, none overlapping a better one, each inside one of `within`.

    `within` are disjoint stretches of the text in characters, in order.
    """
    offsets = logits.offsets
    if not len(offsets) or not within:
        return []
    begins = np.array([span.start for span in within])
    ends = np.array([span.end for span in within])
    stretch = np.searchsorted(begins, offsets[:, 0], side="right") - 1
    inside = (stretch >= 0) & (offsets[:, 1] <= ends[stretch])
    places = np.flatnonzero(inside)
    starts = places[np.argsort(-logits.start[places], kind="stable")[:_ENDS]]
    lasts = places[np.argsort(-logits.end[places], kind="stable")[:_ENDS]]
    length = lasts[None, :] - starts[:, None]
    fits = (length >= 0) & (length < _LONGEST) & (stretch[starts][:, None] == stretch[lasts][None, :])
    sums = np.where(fits, logits.start[starts][:, None] + logits.end[lasts][None, :], -np.inf)
    chosen: list[Scored] = []
    for place in np.argsort(-sums, axis=None, kind="stable"):
        row, column = divmod(int(place), len(lasts))
        if len(chosen) == count or not fits[row, column]:
            break
        start, end = int(offsets[starts[row], 0]), int(offsets[lasts[column], 1])
        if all(end <= other.start or start >= other.end for other in chosen):
            chosen.append(Scored(start, end, float(sums[row, column]) - logits.nothing))
    return chosen


def _sentences(hit: Hit) -> list[Span]:
    text = hit.article.text
    within = Span(hit.passage.start, hit.passage.end)
    return [span for paragraph in paragraphs(text, within) for span in sentences(text, paragraph)]
