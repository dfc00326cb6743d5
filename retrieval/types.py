"""The values that flow through Byline. All are frozen; None means "not known" or "no answer" and nothing else."""

import math
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

from retrieval.errors import ArticleError
from retrieval.gates.objection import Objection


@dataclass(frozen=True, slots=True)
class Article:
    """A cleaned article. Passages and citations are offsets into its `text`."""

    id: str
    title: str
    text: str
    source: str | None = None
    author: str | None = None
    published: date | None = None
    url: str | None = None
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A few whole sentences of an article: article.text[start:end] == text."""

    article_id: str
    start: int
    end: int
    text: str

    @property
    def id(self) -> str:
        """The same across rebuilds for as long as the article is not changed before `end`."""
        return f"{self.article_id}:{self.start}-{self.end}"


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found for a query. `row` is its row in the index; `rank` counts from 1.

    `score` orders the hits of one query and is not comparable between queries; `likeness` is the cosine of the passage
    and what was searched for, in a conversation the mean of the query and of what was said. `days` is how far the
    article is from the period that the query names or from the as-of date, whichever is nearer: what was reported then,
    or looks back on it now. It is infinite if nobody knows.
    """

    rank: int
    row: int
    article: Article
    passage: Passage
    score: float
    likeness: float
    days: float = math.inf


@dataclass(frozen=True, slots=True)
class Candidate:
    """A span that may answer the question: article.text[start:end], within the sentence [sentence_start, sentence_end).

    `score` orders the candidates of one question.
    """

    hit: Hit
    start: int
    end: int
    sentence_start: int
    sentence_end: int
    score: float

    @property
    def text(self) -> str:
        """The span's words."""
        return self.hit.article.text[self.start : self.end]

    @property
    def sentence(self) -> str:
        """The words of its sentence."""
        return self.hit.article.text[self.sentence_start : self.sentence_end]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader made of a question and its hits: candidates, best first, and the probability of the best.

    A candidate that scores `near` or more is worth citing beside the best. `differing` are the candidates that
    contradict the best one and are as strong, one an article; the best is then the newest of them all. `objected` are
    those that the gates stopped, and `objection` is why, if the strongest of all is among them.
    """

    candidates: tuple[Candidate, ...]
    confidence: float
    near: float = 0.0
    differing: tuple[Candidate, ...] = ()
    objected: tuple[Candidate, ...] = ()
    objection: Objection | None = None


@dataclass(frozen=True, slots=True)
class Citation:
    """A verbatim sentence: article.text[start:end] == quote. `n` counts from 1 in the order of use.

    An exact citation holds the answer at [answer_start, answer_end) of the article's text, one that differs holds
    another answer there, and a related one holds none.
    """

    n: int
    article: Article
    quote: str
    start: int
    end: int
    answer_start: int | None
    answer_end: int | None
    kind: Literal["exact", "differs", "related"]
    score: float


Refusal = Literal["only_later", "nothing_then", "off_topic", "contrary", "not_stated"]
"""Every article is later than the question; none is of that time; none is on the topic; some are, but say something
else than what was asked; some are, but do not say it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a question, or the refusal of one: then `text` is None, `refusal` is the kind, `reason` says why.

    `citations` of a refusal are the nearest sentences. `confidence` is the probability, 0 to 1, that the answer is
    right; `outlets` is how many report it, copies of one text counted once. `timings_ms` are wall-clock milliseconds by
    phase.
    """

    question: str
    understood_as: str
    text: str | None
    refusal: Refusal | None
    reason: str | None
    confidence: float
    citations: tuple[Citation, ...]
    outlets: int = 0
    timings_ms: dict[str, float] = field(default_factory=dict)

    @property
    def refused(self) -> bool:
        """True if nothing in the collection was found to answer the question."""
        return self.text is None


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did. `generation` is None if nothing was published because nothing had changed.

    added, changed, removed and unchanged count articles against the generation before; `embedded` counts the
    passages whose vectors were not in the cache; `rate` is passages a second over all phases.
    """

    generation: str | None
    articles: int
    passages: int
    added: int
    changed: int
    removed: int
    unchanged: int
    rejected: tuple[ArticleError, ...]
    embedded: int
    seconds: float

    @property
    def rate(self) -> float:
        """Passages a second."""
        return self.passages / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a build is: `done` of `total` in `phase`; total is None while it is not known."""

    phase: Literal["reading", "embedding", "indexing", "verifying"]
    done: int
    total: int | None
