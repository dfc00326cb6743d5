"""Fits the reader's Calibration and the threshold: python -m benchmarks.fit_refusal --data DIR --full-index DIR.

Answerable: the questions of realtimeqa, squad_v1 and clapnq, each asked of its own articles. Unanswerable: squad and
clapnq questions asked of the news, null queries of multihoprag, and the questions of clapnq that its passages do not
answer. A logistic regression separates them; the threshold is where one answerable news question in ten is refused.
"""

import argparse
from collections.abc import Iterable
from dataclasses import astuple, fields
from datetime import date
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from benchmarks.build import build
from benchmarks.data import Question, data_folder, questions
from bot.service import open_encoder
from bot.settings import Settings
from retrieval.answering import PASSAGES, PER_ARTICLE
from retrieval.reader import Calibration, Evidence, SentenceReader
from retrieval.retriever import Retriever
from retrieval.store import Store

ABSENT = Evidence(*(0.0 for _ in fields(Evidence)))


class Collection:
    """An open index that questions are asked of."""

    def __init__(self, folder: Path) -> None:
        settings = Settings(data_dir=folder)
        index, encoder = Store(settings.index_dir).open().index, open_encoder(settings)
        self._retriever, self._reader = Retriever(index, encoder), SentenceReader(encoder, index.lexical)

    def evidence(self, asked: Iterable[Question]) -> np.ndarray:
        """The evidence for each question, a row each."""
        return np.array([self._examine(question) for question in asked])

    def _examine(self, question: Question) -> tuple[float, ...]:
        hits = self._retriever.search(question.text, PASSAGES, question.as_of or date.today(), PER_ARTICLE)
        _, evidence = self._reader.examine(question.text, hits)
        return astuple(evidence or ABSENT)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--full-index", type=Path, required=True, help="the data folder of a full realtimeqa index")
    parser.add_argument("--work", type=Path, default=Path("benchmarks/results"))
    arguments = parser.parse_args()
    data = data_folder(arguments.data)
    news = Collection(arguments.full_index)
    own = {}
    for name in ("squad_v1", "clapnq_dev", "multihoprag_partial"):
        build(arguments.work / name, data / name / "articles.jsonl.gz")
        own[name] = Collection(arguments.work / name)
    asked = {name: questions(data / name) for name in ("realtimeqa", *own)}
    squad, clapnq = asked["squad_v1"][::6], asked["clapnq_dev"]
    sets = {
        "realtimeqa gold": (1, news.evidence(q for q in asked["realtimeqa"] if q.kind == "gold_article")),
        "realtimeqa weak": (1, news.evidence(q for q in asked["realtimeqa"] if q.kind != "gold_article")),
        "squad, own pages": (1, own["squad_v1"].evidence(squad)),
        "clapnq, own passages": (1, own["clapnq_dev"].evidence(q for q in clapnq if q.answerable)),
        "squad asked of the news": (0, news.evidence(squad)),
        "clapnq asked of the news": (0, news.evidence(clapnq)),
        "multihoprag null": (
            0,
            own["multihoprag_partial"].evidence(q for q in asked["multihoprag_partial"] if not q.answerable),
        ),
        "clapnq unanswerable": (0, own["clapnq_dev"].evidence(q for q in clapnq if not q.answerable)),
    }
    # Every set weighs the same within its class, and both classes the same.
    weights = [
        np.full(len(rows), 1 / len(rows) / sum(label == other for other, _ in sets.values()))
        for label, rows in sets.values()
    ]
    features = np.concatenate([rows for _, rows in sets.values()])
    labels = np.concatenate([np.full(len(rows), label) for label, rows in sets.values()])
    model = LogisticRegression(C=100).fit(features, labels, np.concatenate(weights) * len(labels) / 2)
    fitted = Calibration(*(round(float(value), 2) for value in (model.intercept_[0], *model.coef_[0])))
    print(fitted)
    probabilities = {name: [fitted.probability(Evidence(*row)) for row in rows] for name, (_, rows) in sets.items()}
    threshold = float(np.quantile(probabilities["realtimeqa gold"] + probabilities["realtimeqa weak"], 0.1))
    print(f"threshold {threshold:.3f}")
    for name, values in probabilities.items():
        refused = np.mean(np.array(values) < threshold) * 100
        print(
            f"{name:26} {len(values):5} questions, refused {refused:5.1f} %, median probability {np.median(values):.2f}"
        )


if __name__ == "__main__":
    main()
