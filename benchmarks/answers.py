"""Answers to real questions: python -m benchmarks.answers --data DIR --full-index DIR.

For each set: the share of questions answered, the share whose answer sentence holds a known answer, the share where
some citation does, and milliseconds a question. For questions without an answer: the share refused.
"""

import argparse
import re
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np

from benchmarks.build import build
from benchmarks.data import Question, data_folder, questions
from bot.service import Service
from bot.settings import Settings
from retrieval.types import Answer


def plain(text: str) -> str:
    """Lower case, without punctuation and articles, as SQuAD's evaluation compares."""
    words = re.sub(r"[^\w\s]", " ", text.lower()).split()
    return f" {' '.join(word for word in words if word not in ('a', 'an', 'the'))} "


def holds(text: str | None, answers: Sequence[str]) -> bool:
    """Whether a known answer stands in the text."""
    return text is not None and any(plain(answer) in plain(text) for answer in answers)


def measure(name: str, service: Service, asked: Sequence[Question], answerable: bool) -> str:
    """Ask the questions; one line of the table."""
    answers: list[Answer] = []
    times = []
    for question in asked:
        began = time.perf_counter()
        answers.append(service.answer(question.text, question.as_of or date.today()))
        times.append((time.perf_counter() - began) * 1000)
    answered = np.mean([not answer.refused for answer in answers]) * 100
    line = f"{name:26} {len(asked):5} questions, answered {answered:5.1f} %"
    if answerable:
        pairs = list(zip(answers, asked, strict=True))
        first = np.mean([holds(answer.text, question.answers) for answer, question in pairs]) * 100
        cited = np.mean(
            [any(holds(citation.quote, q.answers) for citation in a.citations) and not a.refused for a, q in pairs]
        )
        line += f", the sentence holds the answer {first:5.1f} %, some citation {cited * 100:5.1f} %"
    return f"{line}; {np.median(times):5.1f} ms, p95 {np.percentile(times, 95):5.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--full-index", type=Path, required=True, help="the data folder of a full realtimeqa index")
    parser.add_argument("--work", type=Path, default=Path("benchmarks/results"))
    arguments = parser.parse_args()
    data = data_folder(arguments.data)
    news = Service(Settings(data_dir=arguments.full_index))
    asked = {name: questions(data / name) for name in ("realtimeqa", "squad_v1", "clapnq_dev", "multihoprag_partial")}
    own = {}
    for name in ("squad_v1", "clapnq_dev", "multihoprag_partial"):
        build(arguments.work / name, data / name / "articles.jsonl.gz")
        own[name] = Service(Settings(data_dir=arguments.work / name))
    rtqa, squad, clapnq = asked["realtimeqa"], asked["squad_v1"][3::6], asked["clapnq_dev"]
    print(measure("realtimeqa gold", news, [q for q in rtqa if q.kind == "gold_article"], True), flush=True)
    print(measure("realtimeqa weak", news, [q for q in rtqa if q.kind != "gold_article"], True), flush=True)
    print(measure("squad, own pages", own["squad_v1"], squad, True), flush=True)
    print(measure("squad asked of the news", news, squad, False), flush=True)
    print(measure("clapnq asked of the news", news, clapnq, False), flush=True)
    nulls = [q for q in asked["multihoprag_partial"] if not q.answerable]
    print(measure("multihoprag null", own["multihoprag_partial"], nulls, False), flush=True)
    unanswerable = [q for q in clapnq if not q.answerable]
    print(measure("clapnq unanswerable", own["clapnq_dev"], unanswerable, False), flush=True)


if __name__ == "__main__":
    main()
