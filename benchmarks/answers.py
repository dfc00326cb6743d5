"""Answers to real questions: python -m benchmarks.answers --data DIR --full-index DIR [--most N] [--json FILE].

For each set, by the reader and by the baseline that picks the best sentence: exact match and F1 of what is answered
(a refusal counts as wrong) and of the best candidate whether refused or not, the share where a citation holds a known
answer, the share where the first citation is of a gold article, and the share refused; milliseconds a question. SQuAD
pages are those that training left out.
"""

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import numpy as np

from benchmarks.answers_match import exact_match, f1, normalised
from benchmarks.build import build
from benchmarks.data import Question, data_folder
from benchmarks.groups import NEWS, OWN, question_groups
from benchmarks.sentence_reader import THRESHOLD, SentenceReader
from bot.service import open_encoder
from bot.settings import Settings
from retrieval.answering import Answerer
from retrieval.reader import SpanReader
from retrieval.reader_model import ReaderModel
from retrieval.retriever import Retriever
from retrieval.store import Store
from retrieval.types import Answer


class Collection:
    """An open index with answerers by the name of their reader; `free` never refuse."""

    def __init__(self, folder: Path, model: ReaderModel) -> None:
        settings = Settings(data_dir=folder)
        index, encoder = Store(settings.index_dir).open().index, open_encoder(settings)
        retriever = Retriever(index, encoder)
        span, sentence = SpanReader(model, index.lexical), SentenceReader(encoder, index.lexical)
        self.answerers = {
            "reader": Answerer(retriever, span, span.tuning.thresholds["balanced"]),
            "sentence": Answerer(retriever, sentence, THRESHOLD),
        }
        self.free = {"reader": Answerer(retriever, span, 0.0), "sentence": Answerer(retriever, sentence, 0.0)}


def holds(text: str, answers: Sequence[str]) -> bool:
    """Whether a known answer stands in the text, by its normalised words."""
    return any(f" {normalised(answer)} " in f" {normalised(text)} " for answer in answers)


def measure(collection: Collection, reader: str, asked: Sequence[Question], answerable: bool) -> dict[str, float]:
    """Ask the questions; the figures, in percent and milliseconds."""
    answers, free, times = [], [], []
    for question in asked:
        as_of = question.as_of or date.today()
        began = time.perf_counter()
        answers.append(collection.answerers[reader].answer(question.text, as_of))
        times.append((time.perf_counter() - began) * 1000)
        if answerable:
            free.append(collection.free[reader].answer(question.text, as_of))
    figures = {"questions": len(asked), "refused": _percent(answer.refused for answer in answers)}
    if answerable:
        pairs, open_pairs = list(zip(answers, asked, strict=True)), list(zip(free, asked, strict=True))
        figures |= {
            "em": _percent(exact_match(a.text or "", q.answers) for a, q in pairs),
            "f1": _percent(f1(a.text or "", q.answers) for a, q in pairs),
            "em_unrefused": _percent(exact_match(a.text or "", q.answers) for a, q in open_pairs),
            "f1_unrefused": _percent(f1(a.text or "", q.answers) for a, q in open_pairs),
            "cited": _percent(not a.refused and _cited(a, q) for a, q in pairs),
            "cited_unrefused": _percent(_cited(a, q) for a, q in open_pairs),
            "gold_first": _percent(bool(a.citations) and a.citations[0].article.id in q.gold for a, q in open_pairs),
            "differ": _percent(any(one.kind == "differs" for one in a.citations) for a in answers),
        }
    return figures | {"ms": round(float(np.median(times)), 1), "p95_ms": round(float(np.percentile(times, 95)), 1)}


def _cited(answer: Answer, question: Question) -> bool:
    return any(holds(citation.quote, question.answers) for citation in answer.citations)


def _percent(values: Iterator[float]) -> float:
    found = list(values)
    return round(100 * float(np.mean(found)), 1) if found else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--full-index", type=Path, required=True, help="the data folder of a full realtimeqa index")
    parser.add_argument("--work", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--most", type=int, default=400, help="questions a set")
    parser.add_argument("--json", type=Path, help="write the figures there")
    arguments = parser.parse_args()
    data, model = data_folder(arguments.data), ReaderModel()
    collections = {NEWS: Collection(arguments.full_index, model)}
    for name in OWN:
        build(arguments.work / name, data / name / "articles.jsonl.gz")
        collections[name] = Collection(arguments.work / name, model)
    table = []
    for group in question_groups(data, arguments.most):
        for reader in ("sentence", "reader"):
            figures = measure(collections[group.collection], reader, group.asked, group.answerable)
            table.append({"set": group.name, "reader": reader, **figures})
            print(
                f"{group.name:26} {reader:8}", ", ".join(f"{key} {value}" for key, value in figures.items()), flush=True
            )
    if arguments.json:
        arguments.json.write_text(json.dumps(table, indent=2) + "\n")


if __name__ == "__main__":
    main()
