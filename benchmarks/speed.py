"""How fast answers are, and what more passages give: python -m benchmarks.speed --data DIR --full-index DIR.

On the realtimeqa questions that training left out, asked of the full collection as of their dates: exact match and F1
of the best candidate, and the milliseconds of reading, by how many passages are read; then whole answers one by one;
then answers a second from several threads at once, for so many seconds. `--plot` draws the quality over the time.
"""

import argparse
import itertools
import json
import statistics
import threading
import time
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import numpy as np
import psutil

from benchmarks import plots
from benchmarks.answers_match import exact_match, f1
from benchmarks.data import Question, data_folder, questions
from bot.service import Service, open_encoder
from bot.settings import Settings
from retrieval.answering import PASSAGES, PER_ARTICLE
from retrieval.reader import SpanReader
from retrieval.reader_model import ReaderModel
from retrieval.retriever import Retriever
from training.examples import held_out

_COUNTS = (1, 2, 4, 5, 6, 8, 12)


@dataclass(frozen=True, slots=True)
class Curve:
    """What reading so many passages gives, in percent, and takes, in milliseconds."""

    passages: int
    em: float
    f1: float
    ms: float
    p95_ms: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--full-index", type=Path, required=True, help="the data folder of a full realtimeqa index")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--plot", type=Path, help="draw the curve there (.png)")
    parser.add_argument("--json", type=Path, help="write the figures there")
    arguments = parser.parse_args()
    settings = Settings(data_dir=arguments.full_index)
    encoder = open_encoder(settings)
    service = Service(settings, encoder)
    asked = [
        question
        for question in questions(data_folder(arguments.data) / "realtimeqa")
        if question.kind == "gold_article" or held_out(question.id)
    ]
    whole = [_timed(service, question) for question in asked]
    median, p95 = float(np.median(whole)), float(np.percentile(whole, 95))
    print(f"{len(asked)} whole answers: median {median:.1f} ms, p95 {p95:.1f} ms", flush=True)
    rate = _sustained(service, asked, arguments.seconds, arguments.threads)
    memory = psutil.Process().memory_info().rss / 1e6
    print(f"{arguments.threads} threads for {arguments.seconds:.0f} s: {rate:.1f} answers a second, {memory:.0f} MB")
    retriever = Retriever(service.index, encoder)
    reader = SpanReader(ReaderModel(), service.index.lexical)
    curve = []
    for count in _COUNTS:
        curve.append(_curve(retriever, reader, asked, count))
        print(json.dumps(asdict(curve[-1])), "(chosen)" if count == PASSAGES else "", flush=True)
    if arguments.plot:
        plots.quality_over_time(arguments.plot, [(one.passages, one.ms, one.f1) for one in curve], PASSAGES)
    if arguments.json:
        whole_answers = {"questions": len(asked), "ms": median, "p95_ms": p95}
        figures = {"whole": whole_answers, "a_second": rate, "mb": memory, "curve": [asdict(one) for one in curve]}
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


def _timed(service: Service, question: Question) -> float:
    began = time.perf_counter()
    service.answer(question.text, question.as_of)
    return (time.perf_counter() - began) * 1000


def _sustained(service: Service, asked: list[Question], seconds: float, threads: int) -> float:
    """Answers a second while so many threads ask without a pause."""
    waiting, lock, done = itertools.cycle(asked), threading.Lock(), []
    end = time.monotonic() + seconds

    def ask() -> None:
        while time.monotonic() < end:
            with lock:
                question = next(waiting)
            service.answer(question.text, question.as_of)
            done.append(1)

    workers = [threading.Thread(target=ask) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return len(done) / seconds


def _curve(retriever: Retriever, reader: SpanReader, asked: list[Question], count: int) -> Curve:
    exact, overlap, took = [], [], []
    for question in asked:
        hits = retriever.search(question.text, count, question.as_of or date.today(), PER_ARTICLE)
        began = time.perf_counter()
        reading = reader.read(question.text, hits)
        took.append((time.perf_counter() - began) * 1000)
        text = reading.candidates[0].text if reading.candidates else ""
        exact.append(exact_match(text, question.answers))
        overlap.append(f1(text, question.answers))
    em, overlapping = 100 * statistics.mean(exact), 100 * statistics.mean(overlap)
    median, p95 = statistics.median(took), float(np.percentile(took, 95))
    return Curve(count, round(em, 1), round(overlapping, 1), round(median, 1), round(p95, 1))


if __name__ == "__main__":
    main()
