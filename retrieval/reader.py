"""Question + Hits -> the shortest spans that may answer it, and how probable it is that the best is right.

Every passage is read with the question by the extractive model. A span's margin is how much more its two ends score
than "this passage does not say", so that margins compare across the passages of a question. Spans of the same words in
several articles support each other; the place of the passage among the hits counts as well, and its time. Spans that a
gate objects to (see retrieval/gates) do not count.
"""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

from retrieval.errors import ModelError
from retrieval.gates import Place, objection, quotation, settles
from retrieval.lexical import LexicalIndex
from retrieval.reader_model import BUNDLED, TUNING, Logits, Offsets, ReaderModel
from retrieval.reports import contradict, one_a_text, same_answer, same_words
from retrieval.sentences import Span, paragraphs, sentences
from retrieval.types import Candidate, Hit, Reading

# Tokens of the longest span that is proposed.
_LONGEST = 30
# Best starts and ends of a passage that are paired.
_ENDS = 24
_PER_PASSAGE = 4
_FADE = 30  # days
_PAIRS = (("(", ")"), ("[", "]"), ("“", "”"), ('"', '"'))
# Who asks to choose names the answer.
_CHOICE = re.compile(r"\b(?:or|vs?|versus|between|against|which of)\b|\w / \w|: \w[^,]*, \w", re.IGNORECASE)
# A word, or a number with its points and commas. Where words are not set apart, one sign is a token of its own.
_LETTER = r"[^\W_\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
_WORD = re.compile(rf"{_LETTER}+(?:(?<=\d)[.,]\d+)*{_LETTER}*")
# Characters of a question that are read.
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

    `retrieval` multiplies the hit's share of the best hit's score; `recent` what is left of 1 after the hit's distance
    from the time in question, which falls to 1/e in 30 days; `support` the logarithm of how many times over the
    articles with the same words carry the weight of the best of them. `near` is how far below the best candidate
    another is still worth citing, `like` how far below it another answer is still as strong. `sentence` multiplies the
    share of the question's words in a sentence that is to settle a yes or no. `repeated` is how much less a span counts
    that only says again what the question says.
    """

    retrieval: float = 8.0
    recent: float = 0.0
    support: float = 1.0
    near: float = 8.0
    like: float = 6.0
    sentence: float = 10.0
    repeated: float = 8.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for an answer.

    The margin of its span, in logits; its lead over the next other answer; the share of the question's words, by
    rarity, in its passage with the headline (in its sentence, if that is to settle a yes or no); the likeness (cosine)
    of the best passage; the natural logarithm of how many articles give it in the same words, copies counted once.
    """

    margin: float
    lead: float
    coverage: float
    passage: float
    reports: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """The logistic regression behind `Reading.confidence`, over Evidence."""

    intercept: float = 0.0
    margin: float = 0.5
    lead: float = 0.0
    coverage: float = 0.0
    passage: float = 0.0
    reports: float = 0.0

    def probability(self, evidence: Evidence) -> float:
        """The probability, 0 to 1, that the answer is right."""
        logit = self.intercept + sum(getattr(self, name) * getattr(evidence, name) for name in Evidence.__slots__)
        return float(1 / (1 + np.exp(-logit)))


@dataclass(frozen=True, slots=True)
class Tuning:
    """What training/calibrate.py fits to a model: weights, calibration, and thresholds of confidence by their name."""

    weights: SpanWeights
    calibration: Calibration
    thresholds: dict[str, float]

    def threshold(self, level: str | float) -> float:
        """The confidence below which is refused: of a level by its name, or the number itself."""
        return level if isinstance(level, float) else self.thresholds[level]


def read_tuning(folder: Path) -> Tuning:
    """The tuning beside a model; the bundled model's for one that has none.

    Raises:
        ModelError: the file cannot be read.
    """
    path = folder / TUNING
    if not path.exists():
        path = BUNDLED / TUNING
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        thresholds = {name: float(value) for name, value in stored["thresholds"].items()}
        return Tuning(SpanWeights(**stored["weights"]), Calibration(**stored["calibration"]), thresholds)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ModelError(f"{path} cannot be read ({error}); get it anew, or check READER_MODEL.") from error


class SpanReader:
    """Proposes short verbatim spans as answers."""

    def __init__(self, model: ReaderModel, lexical: LexicalIndex, tuning: Tuning | None = None) -> None:
        """Without `tuning`, that beside the model counts.

        Raises:
            ModelError: as `read_tuning`.
        """
        self._model, self._lexical = model, lexical
        self.tuning = tuning or read_tuning(model.folder)

    def read(self, question: str, hits: Sequence[Hit]) -> Reading:
        """The candidates in the passages, best first."""
        return self.weigh(question, hits, self.spans(question, hits))[0]

    def weigh(self, question: str, hits: Sequence[Hit], spans: Sequence[Candidate]) -> tuple[Reading, Evidence | None]:
        """What is to be made of the spans of the hits, and the evidence that the confidence was computed from."""
        if not spans:
            return Reading((), 0.0), None
        weights = self.tuning.weights
        terms = self._lexical.terms(question)
        if not settles(question) and not _CHOICE.search(question):
            spans = [
                replace(span, score=span.score - weights.repeated) if _repeats(span.text, question) else span
                for span in spans
            ]
        ranked = rank(spans, weights)
        if settles(question):
            ranked = tuple(
                sorted(
                    (
                        replace(one, score=one.score + weights.sentence * self._lexical.share(terms, one.sentence))
                        for one in ranked
                    ),
                    key=lambda candidate: -candidate.score,
                )
            )
        judged = [(one, objection(question, _place(one))) for one in ranked]
        sound = tuple(one for one, verdict in judged if verdict is None)
        objected = tuple(one for one, verdict in judged if verdict)
        if not sound:
            return Reading((), 0.0, objected=objected, objection=judged[0][1]), None
        best = sound[0]
        margins = {(span.hit.passage.id, span.start): span.score for span in spans}

        def margin(one: Candidate) -> float:
            return margins[one.hit.passage.id, one.start]

        # How well each reads, wherever it was found: what another article reports stands there often.
        like = [one for one in sound if margin(one) >= margin(best) - weights.like]
        contrasted = [one for one in like if contradict(question, best.text, one.text)]
        apart = {same_words(one.text) for one in (best, *one_a_text(contrasted))}
        # An article differs if the number that it gives first does: "rose to 15 from 12" reports 15.
        told = one_a_text(one for one in like if one in contrasted or same_answer(one.text, best.text))
        differing = [one for one in told if one in contrasted]
        # That it is only planned, or that the opposite is reported, speaks against any other answer too.
        contrary = [one for one, verdict in judged if verdict and verdict.gate in ("plan", "verb")]
        rivals = [one.score for one in (*sound, *contrary) if same_words(one.text) not in apart]
        alike = [one for one in sound if same_words(one.text) == same_words(best.text)]
        evidence = Evidence(
            margin=margin(best),
            lead=best.score - max(rivals, default=best.score - weights.retrieval),
            coverage=self._lexical.share(
                terms,
                best.sentence if settles(question) else f"{best.hit.article.title}\n{best.hit.passage.text}",
            ),
            passage=max(hit.likeness for hit in hits),
            reports=float(np.log(len(one_a_text(alike)))),
        )
        newest, *others = sorted((best, *differing), key=_published, reverse=True)
        reading = Reading(
            candidates=tuple(_grown(question, one) for one in (newest, *(one for one in sound if one is not newest))),
            # A passage with no word of the question is about something else, however well a span fits its form.
            confidence=self.tuning.calibration.probability(evidence) if evidence.coverage > 0 else 0.0,
            near=best.score - weights.near,
            differing=tuple(others),
            objected=objected,
            objection=judged[0][1],
        )
        return reading, evidence

    def spans(self, question: str, hits: Sequence[Hit]) -> list[Candidate]:
        """The best spans of every passage, passage by passage; their scores are their margins, in logits."""
        found: list[Candidate] = []
        heads = [f"{hit.article.title}. " if hit.article.title else "" for hit in hits]
        texts = [head + hit.passage.text for head, hit in zip(heads, hits, strict=True)]
        for hit, head, logits in zip(hits, heads, self._model.read(question[:_QUESTION], texts), strict=True):
            shift = hit.passage.start - len(head)
            bounds = _sentences(hit)
            within = [Span(span.start - shift, span.end - shift) for span in bounds]
            whole = replace(logits, offsets=in_words(head + hit.passage.text, logits.offsets))
            for scored in best_spans(whole, within, _PER_PASSAGE):
                start, end = scored.start + shift, scored.end + shift
                sentence = next(span for span in bounds if span.start <= start < span.end)
                found.append(Candidate(hit, start, end, sentence.start, sentence.end, scored.score))
        return found


def rank(spans: Sequence[Candidate], weights: SpanWeights) -> tuple[Candidate, ...]:
    """The spans by score, best first: margin, place and time of the passage, and the support of other articles.

    Sentences that are word for word the same, as in copies of an agency's text, support each other no more than one.
    """
    best_hit = max(span.hit.score for span in spans)
    scored = sorted(
        (
            replace(
                span,
                score=span.score
                + weights.retrieval * (span.hit.score / best_hit if best_hit > 0 else 0.0)
                + weights.recent * math.exp(-span.hit.days / _FADE),
            )
            for span in spans
        ),
        key=lambda candidate: -candidate.score,
    )
    by_words: dict[str, list[Candidate]] = {}
    for span in scored:
        by_words.setdefault(same_words(span.text), []).append(span)
    support = {}
    for words, same in by_words.items():
        scores = np.array([one.score for one in one_a_text(same)])
        support[words] = weights.support * float(np.log(np.exp(scores - scores.max()).sum()))
    ranked = [replace(span, score=span.score + support[same_words(span.text)]) for span in scored]
    return tuple(sorted(ranked, key=lambda candidate: -candidate.score))


def _repeats(text: str, question: str) -> bool:
    words = same_words(text)
    return bool(words) and f" {words} " in f" {same_words(question)} "


def _place(candidate: Candidate) -> Place:
    article, first = candidate.hit.article, candidate.sentence_start
    return Place(
        sentence=candidate.sentence,
        start=candidate.start - first,
        end=candidate.end - first,
        passage=candidate.hit.passage.text,
        title=article.title,
        article=article.text,
        published=article.published,
    )


def _grown(question: str, candidate: Candidate) -> Candidate:
    """The candidate as it is shown: the sentence that settles a yes or no, the whole quotation of what was said."""
    first = candidate.sentence_start
    if settles(question):
        return replace(candidate, start=first, end=candidate.sentence_end)
    span = quotation(question, candidate.sentence, candidate.start - first, candidate.end - first)
    span = closed(candidate.sentence, span)
    return replace(candidate, start=first + span.start, end=first + span.end)


def closed(sentence: str, span: Span) -> Span:
    """The span with the other half of a bracket or quotation that it has one half of, if that stands next to it."""
    start, end = span.start, span.end
    for left, right in (*_PAIRS, *_PAIRS):  # twice, since what closes one may stand before what closes another
        opened, shut = (sentence[start:end].count(mark) for mark in (left, right))
        alike = left == right and opened % 2 == 1
        if (opened > shut or alike) and sentence.startswith(right, end):
            end += 1
        elif (shut > opened or alike) and sentence[:start].endswith(left):
            start -= 1
    return Span(start, end)


def _published(candidate: Candidate) -> date:
    return candidate.hit.article.published or date.min


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


def in_words(text: str, offsets: Offsets) -> Offsets:
    """The offsets of tokens, grown to the words and numbers that they are pieces of: "$12" of "$12,600" is false."""
    words = np.array([word.span() for word in _WORD.finditer(text)], np.int64).reshape(-1, 2)
    place = np.searchsorted(words[:, 0], offsets[:, 0], side="right") - 1
    within = place >= 0
    within[within] = offsets[within, 0] < words[place[within], 1]
    grown = offsets.copy()
    grown[within, 0] = words[place[within], 0]
    grown[within, 1] = np.maximum(offsets[within, 1], words[place[within], 1])
    return grown


def _sentences(hit: Hit) -> list[Span]:
    text = hit.article.text
    within = Span(hit.passage.start, hit.passage.end)
    return [span for paragraph in paragraphs(text, within) for span in sentences(text, paragraph)]
