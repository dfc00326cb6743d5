"""Reading alone, given the paragraph: python -m benchmarks.reading --data DIR [--reader FOLDER ...].

The SQuAD dev questions on pages that training left out (`training.examples.held_out`), with exact match and F1 as the
sets' own scripts count them; of squad_v2's unanswerable ones, right is to say nothing. An unanswerable question names
no paragraph, so it is asked of the one that BM25 finds for it. Give several readers (int8 and float32, say) to compare.
"""

import argparse
import json
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.answers_match import exact_match, f1
from benchmarks.data import Question, data_folder, questions, read_jsonl
from retrieval.reader import best_spans
from retrieval.reader_model import BUNDLED, ReaderModel
from retrieval.sentences import Span
from training.examples import Found, held_out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--reader", type=Path, nargs="*", default=[BUNDLED])
    parser.add_argument("--json", type=Path, help="write the figures there")
    arguments = parser.parse_args()
    data, table = data_folder(arguments.data), []
    for folder in arguments.reader:
        model = ReaderModel(folder)
        for name in ("squad_v1", "squad_v2"):
            table.append({"reader": folder.name, "set": name, **measure(model, list(pairs(data / name)))})
            print(", ".join(f"{key} {value}" for key, value in table[-1].items()), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(table, indent=2) + "\n")


def pairs(folder: Path) -> Iterator[tuple[Question, str, str]]:
    """Every question on the pages left out, with its paragraph and the page's title."""
    titles = {entry["id"]: entry["title"] for entry in read_jsonl(folder / "articles.jsonl.gz")}
    asked = questions(folder)
    pages = {text: page for question in asked for text in question.evidence[:1] for page in question.gold}
    with Found(sorted(pages)) as contexts:
        for question in asked:
            own = (
                question.evidence[0] if question.answerable else next(iter(contexts.without(question.text, (), "")), "")
            )
            if own and held_out(pages[own]):
                yield question, own, titles[pages[own]]


def measure(model: ReaderModel, asked: list[tuple[Question, str, str]]) -> dict[str, float]:
    """Exact match and F1 in percent: of the answerable, and of all with the best place to draw the line."""
    scored, took = [], []
    for question, context, title in asked:
        began = time.perf_counter()
        logits = model.read(question.text, [f"{title}. {context}"])[0]
        took.append(time.perf_counter() - began)
        span = best_spans(logits, [Span(len(title) + 2, len(title) + 2 + len(context))], 1)[0]
        text = f"{title}. {context}"[span.start : span.end]
        right = (exact_match(text, question.answers), f1(text, question.answers)) if question.answerable else (0.0, 0.0)
        scored.append((span.score, question.answerable, *right))
    told = [entry for entry in scored if entry[1]]
    figures = {
        "questions": len(asked),
        "em": _percent(sum(entry[2] for entry in told) / len(told)),
        "f1": _percent(sum(entry[3] for entry in told) / len(told)),
        "ms": round(statistics.median(took) * 1000, 1),
    }
    if len(told) < len(scored):
        for name, place in (("em", 2), ("f1", 3)):
            figures[f"{name}_with_refusals"] = _percent(_best_line(scored, place) / len(scored))
    return figures


def _best_line(scored: list[tuple[float, bool, float, float]], place: int) -> float:
    """The sum of the scores if every question below the best margin for it is refused; refusing is right or wrong."""
    ordered = sorted(scored, key=lambda entry: -entry[0])
    best = total = float(sum(not entry[1] for entry in scored))
    for entry in ordered:
        total += entry[place] if entry[1] else -1.0
        best = max(best, total)
    return best


def _percent(share: float) -> float:
    return round(100 * share, 1)


if __name__ == "__main__":
    main()
