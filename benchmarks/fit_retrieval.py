"""Fits the retriever's Weights: python -m benchmarks.fit_retrieval --data DIR --index DIR.

The scores of a generous pool are computed once a question; a grid over the weights then costs only a sort each. The
aim is the mean of the shares at 1, 5 and 10, gold and weak questions alike. To see how much of it is luck, the fit is
repeated on halves and judged on the other half.
"""

import argparse
import itertools
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.data import Question, data_folder, questions
from bot.service import open_encoder
from bot.settings import Settings
from retrieval.periods import find_period
from retrieval.retriever import Pooled, Retriever, Weights
from retrieval.store import Store


@dataclass(frozen=True, slots=True)
class Pool:
    """A question's pool, the article of each row, and which rows are gold."""

    gold: bool
    rows: Pooled
    articles: npt.NDArray[np.int64]
    relevant: npt.NDArray[np.bool_]


def pool(retriever: Retriever, question: Question, numbers: dict[str, int]) -> Pool:
    """Every row that any engine finds, with its figures."""
    as_of = question.as_of or date.today()
    period = find_period(question.text, as_of)
    rows = retriever.pool(question.text, retriever.allowed(period, as_of), period, as_of)
    articles = retriever.index.articles[rows.rows].astype(np.int64)
    relevant = np.isin(articles, [numbers[name] for name in question.gold if name in numbers])
    return Pool(question.kind == "gold_article", rows, articles, relevant)


def rank(pool: Pool, weights: Weights) -> int:
    """The rank, among articles, of the first gold article; a large number if there is none."""
    order = np.argsort(-weights.scores(pool.rows), kind="stable")
    hits = np.flatnonzero(pool.relevant[order])
    return len(np.unique(pool.articles[order[: hits[0] + 1]])) if len(hits) else 10**6


def shares(pools: list[Pool], weights: Weights) -> tuple[float, ...]:
    """The shares at 1, 5 and 10, in percent, of the gold questions and then of the weak ones."""
    result: list[float] = []
    for gold in (True, False):
        ranks = np.array([rank(pool, weights) for pool in pools if pool.gold == gold])
        result += [round(float(np.mean(ranks <= cut)) * 100, 1) for cut in (1, 5, 10)]
    return tuple(result)


def fit(pools: list[Pool], start: Weights) -> Weights:
    """The best of a grid."""
    grid = [
        replace(start, dense=dense, passage=passage, article=1.0, time=time)
        for dense, passage, time in itertools.product(
            (0.0, 0.6, 0.8, 1.0, 1.3), (0.0, 0.3, 0.5, 0.7, 0.9), (0.5, 0.65, 0.8, 1.0)
        )
    ]
    return max(grid, key=lambda weights: float(np.mean(shares(pools, weights))))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--index", type=Path, required=True, help="the data folder of a full realtimeqa index")
    arguments = parser.parse_args()
    settings = Settings(data_dir=arguments.index)
    index = Store(settings.index_dir).open().index
    retriever = Retriever(index, open_encoder(settings))
    numbers = {name: number for number, name in enumerate(index.documents.digests())}
    asked = [question for question in questions(data_folder(arguments.data) / "realtimeqa") if question.gold]
    pools = [pool(retriever, question, numbers) for question in asked]
    print(f"a gold article is in the pool of {np.mean([p.relevant.any() for p in pools]) * 100:.1f} % of the questions")
    print("gold 1/5/10, weak 1/5/10")
    print("as set ", shares(pools, Weights()))
    best = fit(pools, Weights())
    print("fitted ", shares(pools, best), best)
    halves = [pools[0::2], pools[1::2]]
    for own, other in (halves, halves[::-1]):
        chosen = fit(own, Weights())
        print("half   ", shares(own, chosen), "other half", shares(other, chosen), chosen)


if __name__ == "__main__":
    main()
