"""Fits the reader's Calibration and the threshold: python -m benchmarks.fit_refusal --data DIR --full-index DIR.

Answerable: the questions of realtimeqa, squad_v1 and clapnq, each asked of its own articles. Unanswerable: squad and
clapnq questions asked of the news, null queries of multihoprag, and the questions of clapnq that its passages do not
answer; and each again in few words, as people type. A logistic regression without negative weights separates them; the
threshold is where one answerable news question in ten is refused.
"""

import argparse
from collections.abc import Iterable
from dataclasses import astuple, fields, replace
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from benchmarks.build import build
from benchmarks.data import Question, data_folder, questions
from bot.service import open_encoder
from bot.settings import Settings
from retrieval.answering import PASSAGES, PER_ARTICLE
from retrieval.retriever import Retriever
from retrieval.sentence_reader import Calibration, Evidence, SentenceReader
from retrieval.store import Store

Floats = npt.NDArray[np.float64]
ABSENT = Evidence(*(0.0 for _ in fields(Evidence)))


class Collection:
    """An open index that questions are asked of."""

    def __init__(self, folder: Path) -> None:
        settings = Settings(data_dir=folder)
        index, encoder = Store(settings.index_dir).open().index, open_encoder(settings)
        self._retriever, self._reader = Retriever(index, encoder), SentenceReader(encoder, index.lexical)

    def evidence(self, asked: Iterable[Question]) -> Floats:
        """The evidence for each question, a row each."""
        return np.array([self._examine(question) for question in asked])

    def shortened(self, asked: Iterable[Question]) -> list[Question]:
        """The questions in few words: the one they begin with and their three rarest, in order."""
        return [replace(question, text=self._short(question.text)) for question in asked]

    def _short(self, text: str) -> str:
        lexical = self._retriever.index.lexical
        words = text.split()
        terms = [lexical.terms(word) for word in words]
        weights = [float(lexical.weights(found[:1])[0]) if found else 0.0 for found in terms]
        kept = sorted(sorted(range(1, len(words)), key=lambda place: -weights[place])[:3])
        return " ".join([words[0], *(words[place] for place in kept)])

    def _examine(self, question: Question) -> tuple[float, ...]:
        hits = self._retriever.search(question.text, PASSAGES, question.as_of or date.today(), PER_ARTICLE)
        _, evidence = self._reader.examine(question.text, hits)
        return astuple(evidence or ABSENT)


def fit(sets: list[tuple[int, Floats]]) -> Calibration:
    """Logistic regression; every set weighs the same within its class, and both classes the same."""
    features = np.concatenate([rows for _, rows in sets])
    signs = np.concatenate([np.full(len(rows), 2 * label - 1) for label, rows in sets])
    shares = [np.full(len(rows), 1 / len(rows) / sum(label == other for other, _ in sets)) for label, rows in sets]
    weights = np.concatenate(shares)

    def loss(parameters: Floats) -> float:
        margins = signs * (parameters[0] + features @ parameters[1:])
        return float(weights @ np.logaddexp(0, -margins) + 1e-3 * np.sum(parameters[1:] ** 2))

    bounds = [(None, None)] + [(0, None)] * features.shape[1]
    found = minimize(loss, np.zeros(len(bounds)), method="L-BFGS-B", bounds=bounds)
    return Calibration(*(round(float(value), 2) for value in found.x))


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
    rtqa, squad, clapnq = asked["realtimeqa"], asked["squad_v1"][::12], asked["clapnq_dev"]
    nulls = [q for q in asked["multihoprag_partial"] if not q.answerable]
    groups = [
        ("realtimeqa gold", 1, news, [q for q in rtqa if q.kind == "gold_article"]),
        ("realtimeqa weak", 1, news, [q for q in rtqa if q.kind != "gold_article"][::3]),
        ("squad, own pages", 1, own["squad_v1"], squad),
        ("clapnq, own passages", 1, own["clapnq_dev"], [q for q in clapnq if q.answerable]),
        ("squad asked of the news", 0, news, squad),
        ("clapnq asked of the news", 0, news, clapnq),
        ("multihoprag null", 0, own["multihoprag_partial"], nulls),
        ("clapnq unanswerable", 0, own["clapnq_dev"], [q for q in clapnq if not q.answerable]),
    ]
    sets = {name: (label, collection.evidence(those)) for name, label, collection, those in groups}
    sets |= {
        f"{name}, few words": (label, collection.evidence(collection.shortened(those)))
        for name, label, collection, those in groups
    }
    fitted = fit(list(sets.values()))
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
