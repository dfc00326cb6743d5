"""Question + Hits -> the shortest spans that may answer it, and how probable it is that the articles do.

Every passage is read with the question by the extractive model. A span's margin is how much more its two ends score
than "this passage does not say", so that margins compare across the passages of a question. Spans of the same words in
several articles support each other; the place of the passage among the hits counts as well.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

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
    same words carry the weight of the best of them.
    """

    retrieval: float = 6.0
    support: float = 1.0


class SpanReader:
    """Proposes short verbatim spans as answers. `keep` says of a candidate whether its sentence carries it."""

    def __init__(
        self,
        model: ReaderModel,
        weights: SpanWeights | None = None,
        keep: Callable[[str, Candidate], bool] | None = None,
    ) -> None:
        self._model, self._weights, self._keep = model, weights or SpanWeights(), keep

    def read(self, question: str, hits: Sequence[Hit]) -> Reading:
        """The candidates in the passages, best first."""
        candidates = self.candidates(question, hits)
        return Reading(candidates, confidence(candidates))

    def candidates(self, question: str, hits: Sequence[Hit]) -> tuple[Candidate, ...]:
        """The spans of all passages with their scores, best first; `margin` is of the span alone."""
        found: list[Candidate] = []
        heads = [f"{hit.article.title}. " if hit.article.title else "" for hit in hits]
        texts = [head + hit.passage.text for head, hit in zip(heads, hits, strict=True)]
        for hit, head, logits in zip(hits, heads, self._model.read(question[:_QUESTION], texts), strict=True):
            bounds = list(_sentences(hit))
            inside = [
                Span(span.start - hit.passage.start + len(head), span.end - hit.passage.start + len(head))
                for span in bounds
            ]
            for scored in best_spans(logits, inside, _PER_PASSAGE):
                shift = hit.passage.start - len(head)
                sentence = next(span for span in bounds if span.start <= scored.start + shift < span.end)
                found.append(
                    Candidate(hit, scored.start + shift, scored.end + shift, sentence.start, sentence.end, scored.score)
                )
        if self._keep:
            found = [candidate for candidate in found if self._keep(question, candidate)]
        return self._ranked(found)

    def _ranked(self, found: Sequence[Candidate]) -> tuple[Candidate, ...]:
        if not found:
            return ()
        best_hit = max(candidate.hit.score for candidate in found)
        own = [
            candidate.score + self._weights.retrieval * (candidate.hit.score / best_hit if best_hit > 0 else 0.0)
            for candidate in found
        ]
        by_words: dict[str, dict[str, float]] = {}
        for candidate, score in zip(found, own, strict=True):
            articles = by_words.setdefault(words(candidate), {})
            articles[candidate.hit.article.id] = max(score, articles.get(candidate.hit.article.id, -np.inf))
        support = {
            key: float(np.log(np.sum(np.exp(np.array(list(scores.values())) - max(scores.values())))))
            for key, scores in by_words.items()
        }
        ranked = [
            replace(candidate, score=score + self._weights.support * support[words(candidate)])
            for candidate, score in zip(found, own, strict=True)
        ]
        return tuple(sorted(ranked, key=lambda candidate: -candidate.score))


def words(candidate: Candidate) -> str:
    """The candidate's words in the form by which two candidates are the same answer."""
    text = candidate.hit.article.text[candidate.start : candidate.end].casefold()
    bare = "".join(character if character.isalnum() or character in "%$€£" else " " for character in text).split()
    return " ".join(word for word in bare if word not in ("the", "a", "an"))


def confidence(candidates: Sequence[Candidate]) -> float:
    """The probability that the articles answer the question."""
    return float(1 / (1 + np.exp(-candidates[0].score))) if candidates else 0.0


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
