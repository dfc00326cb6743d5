"""Exact against approximate dense search: python -m benchmarks.dense --data DIR --index DIR.

For growing parts of an index: milliseconds a query of the exact scan, and of inverted lists at several numbers of
lists probed, with recall at 10 against exact. Queries are the dev questions of realtimeqa.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.data import data_folder, questions
from bot.service import open_encoder
from bot.settings import Settings
from retrieval.dense import DenseIndex, build_dense, open_dense
from retrieval.encoder import Vectors
from retrieval.store import Store

SIZES = (20_000, 50_000, 100_000, 200_000, 10**9)
PROBES = (32, 64, 96, 128)


def ask(index: DenseIndex, queries: Vectors, rows: range) -> tuple[list[set[int]], float, float]:
    """The top ten of each query, and the median and 95th percentile in milliseconds."""
    tops, times = [], []
    for query in queries:
        began = time.perf_counter()
        found, _ = index.search(query, 10, rows)
        times.append((time.perf_counter() - began) * 1000)
        tops.append({int(row) for row in found})
    return tops, float(np.median(times)), float(np.percentile(times, 95))


def recall(tops: list[set[int]], truth: list[set[int]]) -> float:
    """The mean share of the true top ten that was found."""
    return float(np.mean([len(top & true) / len(true) for top, true in zip(tops, truth, strict=True)]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--index", type=Path, required=True, help="the data folder of a built index")
    arguments = parser.parse_args()
    settings = Settings(data_dir=arguments.index)
    index = Store(settings.index_dir).open().index
    asked = questions(data_folder(arguments.data) / "realtimeqa")[:300]
    queries = open_encoder(settings).encode([question.text for question in asked])
    rows = np.random.default_rng(0).permutation(len(index))
    print("  vectors  search           build s   median ms   p95 ms   recall at 10")
    for size in sorted({min(size, len(index)) for size in SIZES}):
        vectors = index.dense.vectors(np.sort(rows[:size]).astype(np.int64)).astype(np.float16)
        truth: list[set[int]] = []
        with tempfile.TemporaryDirectory() as folder:
            for kind, limit in (("exact", 10**9), ("lists", 0)):
                path = Path(folder, kind)
                began = time.perf_counter()
                build_dense(vectors, path, exact_limit=limit)
                built = time.perf_counter() - began
                for probes in PROBES if kind == "lists" else (0,):
                    tops, median, p95 = ask(open_dense(path, probes), queries, range(size))
                    truth = truth or tops
                    name = f"{probes} lists" if probes else "exact"
                    figures = f"{built:8.1f} {median:10.2f} {p95:9.2f} {recall(tops, truth):12.4f}"
                    print(f"{size:9,}  {name:16} {figures}", flush=True)


if __name__ == "__main__":
    main()
