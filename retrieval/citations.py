"""Candidates -> the sentences that an answer cites, or that a refusal shows as the nearest."""

from collections.abc import Iterable, Sequence
from typing import Literal

from retrieval.reports import outlets, place_of, same_report, same_words
from retrieval.sentences import Span
from retrieval.types import Candidate, Citation, Reading

# At most so many in all, save that all reports that differ are cited; and so many that hold the same answer. Of the
# realtimeqa questions (benchmarks/answers.py) a fourth citation lets three more in a hundred find the answer in one.
_MOST, _SAME = 4, 3
_NEAREST = 3

_Held = tuple[Literal["exact", "differs", "related"], Span | None]


def cite(reading: Reading) -> tuple[Citation, ...]:
    """The citations of the best candidate's answer, numbered in order, no sentence twice.

    The first ones hold the answer, each in another article, the one that was found best for the question first. Those
    that differ hold another answer, and all of them are cited; then the best one is first, since it is the newest. The
    rest are related: the sentences of other answers that were worth considering, which is where to look if this one is
    not right.
    """
    best = reading.candidates[0]
    near = [one for one in reading.candidates if one.score >= reading.near]
    apart = {_sentence(one) for one in reading.differing}
    held_by = {one: held for one in (best, *near) if _sentence(one) not in apart and (held := _place(one, best))}
    same = [(one, held_by[one]) for one in _one_an_article(held_by)]
    if not reading.differing:
        # The very words of the answer stand in the first.
        same.sort(key=lambda pair: (same_words(pair[0].text) != same_words(best.text), -pair[0].hit.score))
    cited: list[tuple[Candidate, _Held]] = same[:_SAME]
    cited += [(one, ("differs", Span(one.start, one.end))) for one in reading.differing]
    answers = {same_words(one.text) for one, _ in cited}
    for one in near:
        if len(cited) >= _MOST:
            break
        words = same_words(one.text)
        if one in held_by or words in answers or any(_sentence(one) == _sentence(other) for other, _ in cited):
            continue
        answers.add(words)
        cited.append((one, ("related", None)))
    return tuple(_citation(n, one, held) for n, (one, held) in enumerate(cited, 1))


def nearest(reading: Reading) -> tuple[Citation, ...]:
    """The sentences nearest to a question that is refused, one an article."""
    found = sorted((*reading.candidates, *reading.objected), key=lambda candidate: -candidate.score)
    return tuple(_citation(n, one, ("related", None)) for n, one in enumerate(_one_an_article(found)[:_NEAREST], 1))


def reported_by(reading: Reading) -> int:
    """How many outlets give the best candidate's answer."""
    best = reading.candidates[0]
    return outlets([one for one in reading.candidates if one.score >= reading.near and same_report(one, best)])


def _citation(n: int, candidate: Candidate, held: _Held) -> Citation:
    kind, span = held
    return Citation(
        n=n,
        article=candidate.hit.article,
        quote=candidate.sentence,
        start=candidate.sentence_start,
        end=candidate.sentence_end,
        answer_start=span.start if span else None,
        answer_end=span.end if span else None,
        kind=kind,
        score=candidate.score,
    )


def _place(candidate: Candidate, best: Candidate) -> _Held | None:
    """Where in its sentence, as offsets into the article, a candidate holds the best one's answer; None if nowhere."""
    if same_report(candidate, best):
        return "exact", Span(candidate.start, candidate.end)
    span = place_of(best, candidate)
    return ("exact", span) if span else None


def _one_an_article(candidates: Iterable[Candidate]) -> Sequence[Candidate]:
    first: dict[str, Candidate] = {}
    for candidate in candidates:
        first.setdefault(candidate.hit.article.id, candidate)
    return list(first.values())


def _sentence(candidate: Candidate) -> tuple[str, int]:
    return candidate.hit.article.id, candidate.sentence_start
