"""Retrieval on real questions: python -m benchmarks.retrieval --data DIR [--full] [--sets …].

For each set, BM25 alone, dense alone and both, each without and with time: the share of questions with a gold article
in the top 1, 3, 5, 10, the mean reciprocal rank, and milliseconds a question; then the cost of the build.
"""

import argparse
import json
import time
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

from benchmarks.build import Built, build
from benchmarks.data import Question, data_folder, questions
from bot.service import open_encoder
from bot.settings import Settings
from retrieval.retriever import Retriever, Weights
from retrieval.store import Store

SETS = {
    "realtimeqa": "realtimeqa",
    "multihoprag": "multihoprag_partial",
    "time1963": "time1963_ir",
    "squad": "squad_v1",
}
CUTS = (1, 3, 5, 10)


@dataclass(frozen=True, slots=True)
class Score:
    """One line of the table. `top` is in percent, times in milliseconds."""

    set: str
    questions: int
    system: str
    top: tuple[float, ...]
    mrr: float
    median_ms: float
    p95_ms: float


def systems() -> dict[str, Weights]:
    """The systems compared, by name."""
    best = Weights()
    return {
        "BM25": replace(best, dense=0.0, time=0.0),
        "dense": replace(best, passage=0.0, article=0.0, time=0.0),
        "hybrid": replace(best, time=0.0),
        "BM25 + time": replace(best, dense=0.0),
        "dense + time": replace(best, passage=0.0, article=0.0, time=best.time / 4),
        "hybrid + time": best,
    }


def measure(name: str, asked: list[Question], retriever: Retriever, system: str) -> Score:
    """Ask every question and see at which rank the first gold article stands."""
    ranks, times = [], []
    for question in asked:
        as_of = (question.as_of or date.today()) if retriever.weights.time else date.max
        began = time.perf_counter()
        hits = retriever.search(question.text, max(CUTS), as_of)
        times.append((time.perf_counter() - began) * 1000)
        ranks.append(next((hit.rank for hit in hits if hit.article.id in question.gold), 10**6))
    found = np.array(ranks)
    return Score(
        name,
        len(asked),
        system,
        tuple(round(float(np.mean(found <= cut)) * 100, 1) for cut in CUTS),
        round(float(np.mean(np.where(found <= max(CUTS), 1 / found, 0))), 3),
        round(float(np.median(times)), 1),
        round(float(np.percentile(times, 95)), 1),
    )


def groups(name: str, asked: list[Question], most: int) -> dict[str, list[Question]]:
    """The answerable questions of a set, in groups that are reported apart."""
    asked = [question for question in asked if question.gold]
    if name == "realtimeqa":
        gold = [question for question in asked if question.kind == "gold_article"]
        return {"realtimeqa gold": gold, "realtimeqa weak": [q for q in asked if q not in gold]}
    step = max(1, len(asked) // most)
    return {name: asked[::step]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the evaluation sets")
    parser.add_argument("--full", action="store_true", help="realtimeqa with all its articles")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--work", type=Path, default=Path("benchmarks/results"), help="where indexes are kept")
    parser.add_argument("--most", type=int, default=600, help="questions of a set other than realtimeqa")
    arguments = parser.parse_args()
    data = data_folder(arguments.data)
    scores: list[Score] = []
    builds: dict[str, Built] = {}
    for name in arguments.sets:
        small = name == "realtimeqa" and not arguments.full
        articles = data / SETS[name] / ("articles.small.jsonl.gz" if small else "articles.jsonl.gz")
        label = f"{name}{' small' if small else ''}"
        folder = arguments.work / label.replace(" ", "-")
        builds[label] = build(folder, articles, force=True)
        settings = Settings(data_dir=folder)
        index, encoder = Store(settings.index_dir).open().index, open_encoder(settings)
        for group, asked in groups(name, questions(data / SETS[name]), arguments.most).items():
            for system, weights in systems().items():
                scores.append(measure(group, asked, Retriever(index, encoder, weights), system))
                print(line(scores[-1]), flush=True)
    print(build_table(builds))
    target = arguments.work / "retrieval.json"
    target.write_text(
        json.dumps({"scores": [asdict(s) for s in scores], "builds": {k: asdict(b) for k, b in builds.items()}})
    )
    print(f"Written to {target}")


def line(score: Score) -> str:
    """A score as a line of the table."""
    top = " ".join(f"{share:5.1f}" for share in score.top)
    return (
        f"{score.set:16} {score.questions:5} {score.system:14} top 1/3/5/10 {top}  MRR {score.mrr:.3f}  "
        f"{score.median_ms:5.1f} ms, p95 {score.p95_ms:5.1f}"
    )


def build_table(builds: dict[str, Built]) -> str:
    """The builds as a table."""
    lines = [
        f"{'build':20} {'articles':>8} {'passages':>8} {'embedded':>8} {'seconds':>8} {'peak MiB':>8} {'index MB':>8}"
    ]
    lines += [
        f"{name:20} {b.articles:8} {b.passages:8} {b.embedded:8} {b.seconds:8.1f} {b.peak_mib:8.0f} {b.index_mb:8.1f}"
        for name, b in builds.items()
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
