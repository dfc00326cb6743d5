"""Question -> Hits: dense and lexical search together, as of a date.

Two pools are searched by both engines: everything published until the as-of date, and the weeks around the period that
the question speaks of (by default: the weeks before the as-of date). Every row of the pools gets both scores, exactly,
and a bonus that fades with its distance from that period; the weighted sum orders them (a convex combination of
normalised scores, as in Bruch, Gai and Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", 2022).
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from retrieval.dense import Rows
from retrieval.encoder import Encoder, Vectors
from retrieval.errors import BadQuestion, IndexIncompatible
from retrieval.index import Index
from retrieval.periods import Period, find_period
from retrieval.types import Hit

MAX_QUERY = 4_096


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each score counts. Fitted on the dev questions of realtimeqa by benchmarks/fit_retrieval.py.

    `dense` multiplies the cosine, `lexical` the BM25 score divided by the best of the pool, `time` a bonus that falls
    from 1 within the period to 1/e at `fade_days` from it. `pool` is how many rows each engine gives for each pool;
    `near_days` is how far from the period the second pool reaches.
    """

    dense: float = 1.0
    lexical: float = 0.5
    time: float = 0.3
    fade_days: float = 14.0
    pool: int = 100
    near_days: int = 30


class Retriever:
    """Searches one index."""

    def __init__(self, index: Index, encoder: Encoder, weights: Weights | None = None) -> None:
        """Raises IndexIncompatible if the index was built with another encoder."""
        if (index.manifest.encoder, index.manifest.dimension) != (encoder.fingerprint, encoder.dimension):
            raise IndexIncompatible(
                f"the index is of the encoder {index.manifest.encoder} ({index.manifest.dimension} dimensions), "
                f"the settings name {encoder.fingerprint} ({encoder.dimension} dimensions). Build it again with "
                "`byline index`, or set EMBEDDING_MODEL and ENCODER_BACKEND back."
            )
        self.index, self.encoder = index, encoder
        self.weights = weights or Weights()

    def search(self, query: str, k: int = 10, as_of: date | None = None, per_article: int = 1) -> list[Hit]:
        """The k best passages for a query, best first, at most `per_article` of one article.

        Articles published after `as_of` (default: today) are left out.

        Raises:
            BadQuestion: the query is empty or longer than MAX_QUERY characters.
        """
        query = check_query(query)
        as_of = as_of or date.today()
        # Without a bonus for time, the words of the question that speak of time are words like any other.
        period = find_period(query, as_of) if self.weights.time else None
        allowed = self.allowed(period, as_of)
        if not allowed:
            return []
        terms = self.index.lexical.terms(query)
        vector = self.encoder.encode([query])[0]
        rows = self.pool(vector, terms, allowed, period, as_of)
        if not len(rows):
            return []
        likeness, bm25, distance = self.figures(rows, vector, terms, period, as_of)
        scores = (
            self.weights.dense * likeness
            + self.weights.lexical * bm25 / max(float(bm25.max()), 1e-9)
            + self.weights.time * np.exp(-distance / self.weights.fade_days)
        )
        return self._hits(rows, scores, likeness, k, per_article)

    def allowed(self, period: Period | None, as_of: date) -> range:
        """The rows that may answer: nothing later than `as_of`, nothing outside a period that restricts."""
        if period and period.kind == "restrict":
            return self.index.rows_between(period.first, min(period.last, as_of))
        return self.index.rows_between(None, as_of)

    def pool(self, vector: Vectors, terms: list[str], allowed: range, period: Period | None, as_of: date) -> Rows:
        """The rows that either engine finds, all over the allowed rows and near the period."""
        pools = [allowed, self._weeks(allowed, period, as_of)] if self.weights.time else [allowed]
        found: list[Rows] = []
        for rows in pools:
            if self.weights.dense:
                found.append(self.index.dense.search(vector, self.weights.pool, rows)[0])
            if self.weights.lexical:
                found.append(self.index.lexical.search(terms, self.weights.pool, rows)[0])
        return np.unique(np.concatenate(found))

    def _weeks(self, allowed: range, period: Period | None, as_of: date) -> range:
        """Of the allowed rows, those from some weeks before the period until some weeks after it."""
        first, last = (period.first, period.last) if period else (as_of, as_of)
        start = date.fromordinal(max(1, first.toordinal() - self.weights.near_days))
        stop = date.fromordinal(min(last.toordinal() + self.weights.near_days, as_of.toordinal()))
        rows = self.index.rows_between(start, stop)
        return range(max(rows.start, allowed.start), min(rows.stop, allowed.stop))

    def figures(
        self, rows: Rows, vector: Vectors, terms: list[str], period: Period | None, as_of: date
    ) -> tuple[Vectors, Vectors, Vectors]:
        """Of each row the cosine, the BM25 score, and the days between it and the period (infinite if undated)."""
        days = self.index.days[rows]
        first, last = (period.first, period.last) if period else (as_of, as_of)
        distance = np.maximum(np.maximum(first.toordinal() - days, days - last.toordinal()), 0)
        likeness: Vectors = self.index.dense.vectors(rows) @ vector
        bm25 = self.index.lexical.scores(terms, rows)
        return likeness, bm25, np.where(days > 0, distance, np.inf).astype(np.float32)

    def _hits(self, rows: Rows, scores: Vectors, likeness: Vectors, k: int, per_article: int) -> list[Hit]:
        hits: list[Hit] = []
        taken: dict[int, int] = {}
        for place in np.lexsort((rows, -scores)):
            number = int(self.index.articles[rows[place]])
            if taken.get(number, 0) == per_article:
                continue
            taken[number] = taken.get(number, 0) + 1
            article, passage = self.index.passage(int(rows[place]))
            hits.append(
                Hit(len(hits) + 1, int(rows[place]), article, passage, float(scores[place]), float(likeness[place]))
            )
            if len(hits) == k:
                break
        return hits


def check_query(query: str) -> str:
    """The query without the white space around it, and without what is no character (halves of surrogate pairs).

    Raises:
        BadQuestion: it is empty or longer than MAX_QUERY characters.
    """
    query = query.encode("utf-8", "replace").decode().strip()
    if not any(character.isalnum() for character in query):
        raise BadQuestion("the question has no words; ask it in a sentence.")
    if len(query) > MAX_QUERY:
        raise BadQuestion(f"the question is {len(query):,} characters long; at most {MAX_QUERY:,} are read.")
    return query
