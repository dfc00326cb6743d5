"""Question -> Hits: dense and lexical search together, as of a date.

Two pools are searched by all engines (vectors, BM25 by passage, BM25 by article): everything published until the as-of
date, and the weeks around the period that the question speaks of (by default: the weeks before the as-of date). Every
row found gets all scores, exactly, and a bonus that fades with its distance from that period; the weighted sum orders
them (a convex combination of normalised scores, as in Bruch, Gai and Ingber, "An Analysis of Fusion Functions for
Hybrid Retrieval", 2022).
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from retrieval.dense import Rows
from retrieval.encoder import Encoder, Vectors
from retrieval.errors import BadQuestion, IndexIncompatible
from retrieval.index import Index
from retrieval.lexical import LexicalIndex
from retrieval.periods import Period, find_period
from retrieval.types import Hit

MAX_QUERY = 4_096


@dataclass(frozen=True, slots=True)
class Context:
    """The conversation that a query goes on from; all of it may be empty.

    `text` is the query with what was asked before it, `answer` how the last answer, or its sentence, begins.
    `articles` are the ids of articles that are looked into in any case, and favoured; those that are not in the index
    are passed over.
    """

    text: str = ""
    answer: str = ""
    articles: tuple[str, ...] = ()


ALONE = Context()
"""No conversation."""


@dataclass(frozen=True, slots=True)
class Pooled:
    """The rows that may answer a question, each with its figures (arrays of one length).

    `likeness` is the cosine with what is searched for (in a conversation with the mean of the query and of what was
    said), `passage` and `article` are BM25 scores divided by the best of the pool, `nearness` falls from 1 within the
    period towards 0 and is 0 for undated articles, `days` is the distance from the period or from the as-of date,
    whichever is less (infinite for those), `favoured` is 1 for the rows of favoured articles and 0 for the others.
    """

    rows: Rows
    likeness: Vectors
    passage: Vectors
    article: Vectors
    nearness: Vectors
    days: Vectors
    favoured: Vectors


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each score counts. Fitted on the dev questions of realtimeqa by benchmarks/fit_retrieval.py.

    `dense` multiplies the cosine, `passage` and `article` the BM25 scores of the passage and of its whole article, each
    divided by the best of the pool, `time` a bonus that falls from 1 within the period to 1/e at `fade_days` from it.
    `favoured` is a bonus for passages of favoured articles, chosen on the sets of benchmarks/followups.py: 0.3 finds
    more on coqa and as much on inscit and mtrag, from 0.35 on inscit is ranked worse. `context` and `answer` are how
    much the words of a conversation count, chosen there too; those of the query count 1, and what stands in several
    counts for each. `pool` is how many passages each engine gives for each pool, `articles` how many articles are added
    with all their passages; `near_days` is how far from the period the second pool reaches.
    """

    dense: float = 1.3
    passage: float = 0.9
    article: float = 1.0
    time: float = 1.0
    favoured: float = 0.3
    context: float = 0.67
    answer: float = 0.4
    fade_days: float = 6.0
    pool: int = 100
    articles: int = 40
    near_days: int = 30

    def said(self, query: str, context: Context) -> dict[str, float]:
        """The texts to search for, and how much the words of each count."""
        texts = {query: 1.0}
        for said, weight in ((context.text, self.context), (context.answer, self.answer)):
            if (text := _characters(said)) and text not in texts:
                texts[text] = weight
        return texts

    def scores(self, pooled: Pooled) -> Vectors:
        """The weighted sum of the figures of each row."""
        scores: Vectors = (
            self.dense * pooled.likeness
            + self.passage * pooled.passage
            + self.article * pooled.article
            + self.time * pooled.nearness
            + self.favoured * pooled.favoured
        )
        return scores


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

    def search(
        self,
        query: str,
        k: int = 10,
        as_of: date | None = None,
        per_article: int = 1,
        context: Context = ALONE,
    ) -> list[Hit]:
        """The k best passages for a query, best first, at most `per_article` of one article.

        Articles published after `as_of` (default: today) are left out.

        Raises:
            BadQuestion: the query is empty or longer than MAX_QUERY characters.
        """
        query = check_query(query)
        as_of = as_of or date.today()
        # Without a bonus for time, the words of the question that speak of time are words like any other. A time of its
        # own goes before the one that was spoken of.
        period = (find_period(query, as_of) or find_period(context.text, as_of)) if self.weights.time else None
        allowed = self.allowed(period, as_of)
        if not allowed:
            return []
        pooled = self.pool(query, allowed, period, as_of, context)
        scores = self.weights.scores(pooled)
        return self._hits(pooled, scores, k, per_article)

    def allowed(self, period: Period | None, as_of: date) -> range:
        """The rows that may answer: nothing later than `as_of`, nothing outside a period that restricts."""
        if period and period.kind == "restrict":
            return self.index.rows_between(period.first, min(period.last, as_of))
        return self.index.rows_between(None, as_of)

    def pool(self, query: str, allowed: range, period: Period | None, as_of: date, context: Context = ALONE) -> Pooled:
        """What any engine finds, all over the allowed rows and near the period, with all its figures.

        The allowed rows of the articles of the context are added.
        """
        chosen, index = self.weights, self.index
        said = chosen.said(query, context)
        vector = _mean(self.encoder.encode(list(said)), list(said.values()))
        terms, words = (boosts(one, said) for one in (index.lexical, index.by_article))
        found = [known := self._rows_named(context.articles, allowed)]
        for span in [allowed, self._weeks(allowed, period, as_of)] if chosen.time else [allowed]:
            if chosen.dense:
                found.append(index.dense.search(vector, chosen.pool, span)[0])
            if chosen.passage:
                found.append(index.lexical.search(terms, chosen.pool, span)[0])
            if chosen.article:
                found.append(index.rows_of(index.by_article.search(words, chosen.articles, span)[0]))
        rows = np.unique(np.concatenate(found))
        first, places = np.unique(index.first_rows(rows), return_inverse=True)
        age = self._days(rows, as_of, as_of)
        distance = self._days(rows, period.first, period.last) if period else age
        return Pooled(
            rows,
            index.dense.vectors(rows) @ vector,
            _share_of_best(index.lexical.scores(terms, rows)),
            _share_of_best(index.by_article.scores(words, first)[places]),
            self._nearness(distance, age, period, as_of),
            np.minimum(distance, age),
            np.isin(rows, known).astype(np.float32),
        )

    def _rows_named(self, article_ids: Sequence[str], allowed: range) -> Rows:
        """The allowed rows of the articles of these ids."""
        first = [row for one in article_ids if (row := self._row_named(one)) is not None and row in allowed]
        return self.index.rows_of(np.array(first, np.int64))

    def _row_named(self, article_id: str) -> int | None:
        """A row of the article of that id, or None; the rows of a day are in order of id."""
        index, article = self.index, self.index.documents.find(article_id)
        if article is None:
            return None
        day = article.published.toordinal() if article.published else 0
        start, stop = np.searchsorted(index.days, (day, day + 1))
        rows = range(int(start), int(stop))
        place = bisect_left(rows, article_id, key=lambda row: index.passage(row)[0].id)
        return rows[place] if place < len(rows) and index.passage(rows[place])[0].id == article_id else None

    def _days(self, rows: Rows, first: date, last: date) -> Vectors:
        """How many days before or after a period each row is; infinite for undated articles."""
        days = self.index.days[rows]
        distance = np.maximum(np.maximum(first.toordinal() - days, days - last.toordinal()), 0)
        return np.where(days > 0, distance, np.inf).astype(np.float32)

    def _nearness(self, distance: Vectors, age: Vectors, period: Period | None, as_of: date) -> Vectors:
        # Of "this week" the last days are meant before the first.
        recent = age if period and period.last >= as_of else distance
        fade = self.weights.fade_days
        nearness: Vectors = (np.exp(-distance / fade) + np.exp(-recent / fade)) / 2
        return nearness

    def _weeks(self, allowed: range, period: Period | None, as_of: date) -> range:
        """Of the allowed rows, those from some weeks before the period until some weeks after it."""
        first, last = (period.first, period.last) if period else (as_of, as_of)
        start = date.fromordinal(max(1, first.toordinal() - self.weights.near_days))
        stop = date.fromordinal(min(last.toordinal() + self.weights.near_days, as_of.toordinal()))
        rows = self.index.rows_between(start, stop)
        return range(max(rows.start, allowed.start), min(rows.stop, allowed.stop))

    def _hits(self, pooled: Pooled, scores: Vectors, k: int, per_article: int) -> list[Hit]:
        hits: list[Hit] = []
        taken: dict[int, int] = {}
        for place in np.lexsort((pooled.rows, -scores)):
            row = int(pooled.rows[place])
            number = int(self.index.articles[row])
            if taken.get(number, 0) == per_article:
                continue
            taken[number] = taken.get(number, 0) + 1
            figures = (float(values[place]) for values in (scores, pooled.likeness, pooled.days))
            hits.append(Hit(len(hits) + 1, row, *self.index.passage(row), *figures))
            if len(hits) == k:
                break
        return hits


def _mean(vectors: Vectors, weights: Sequence[float]) -> Vectors:
    """The weighted mean of unit vectors, as a unit vector."""
    mean: Vectors = vectors[0]
    if len(vectors) > 1:
        mean = np.average(vectors, axis=0, weights=weights).astype(np.float32)
        mean /= max(float(np.linalg.norm(mean)), 1e-9)
    return mean


def boosts(index: LexicalIndex, said: Mapping[str, float]) -> dict[str, float]:
    """The terms of the texts with how much each counts; one that several have counts for each of them.

    Stop words are looked for only if no text has others.
    """
    counts: dict[str, float] = {}
    terms = index.telling_terms if any(map(index.telling_terms, said)) else index.terms
    for text, weight in said.items():
        for term in terms(text):
            counts[term] = counts.get(term, 0.0) + weight
    return counts


def _share_of_best(scores: Vectors) -> Vectors:
    return scores / max(float(scores.max(initial=0)), 1e-9)


def _characters(text: str) -> str:
    return text.encode("utf-8", "replace").decode().strip()


def check_query(query: str) -> str:
    """The query without the white space around it, and without what is no character (halves of surrogate pairs).

    Raises:
        BadQuestion: it is empty or longer than MAX_QUERY characters.
    """
    query = _characters(query)
    if not any(character.isalnum() for character in query):
        raise BadQuestion("the question has no words; ask it in a sentence.")
    if len(query) > MAX_QUERY:
        raise BadQuestion(f"the question is {len(query):,} characters long; at most {MAX_QUERY:,} are read.")
    return query
