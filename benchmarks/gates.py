"""How often the gates are wrong: python -m benchmarks.gates --data DIR.

False rejections: of known answers where they stand (the SQuAD dev questions in their paragraphs; the realtimeqa gold
questions in their articles, where at least one sentence with the answer must pass), how many a gate objects to. True
rejections: the same answers with a question that was altered so that they are none: another year, the opposite verb, a
name from another question.
"""

import argparse
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from benchmarks.data import Question, data_folder, questions, read_jsonl
from retrieval.gates import Objection, Place, names, objection
from retrieval.sentences import paragraphs, sentences

_OPPOSITE = {"confirmed": "denied", "denied": "confirmed", "accepted": "rejected", "rejected": "accepted"}
_OPPOSITE |= {"supported": "opposed", "opposed": "supported", "increased": "fell", "allowed": "banned"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--show", type=int, default=0, help="print so many of the false rejections")
    arguments = parser.parse_args()
    data = data_folder(arguments.data)
    for name, found in (("squad_v1", list(_squad(data))), ("realtimeqa gold", list(_news(data)))):
        wrong = [(question, verdict) for question, places in found if (verdict := _all_object(question.text, places))]
        by_gate = Counter(verdict.gate for _, verdict in wrong)
        print(f"{name:16} {len(found)} known answers, objected to {_percent(len(wrong), len(found))}: {dict(by_gate)}")
        for question, verdict in wrong[: arguments.show]:
            print(f"   {question.text} -> {question.answers[0]}: {verdict.gate}: {verdict}")
        for kind, altered in _altered(found):
            caught = sum(_all_object(question, places) is not None for question, places in altered)
            print(f"   {kind}: {len(altered)} altered questions, objected to {_percent(caught, len(altered))}")


def _all_object(question: str, places: Sequence[Place]) -> Objection | None:
    """The first objection if there is one to every place, else None."""
    verdicts = [objection(question, place) for place in places]
    return verdicts[0] if all(verdicts) else None


def _squad(data: Path) -> Iterator[tuple[Question, list[Place]]]:
    titles = {entry["id"]: entry["title"] for entry in read_jsonl(data / "squad_v1" / "articles.jsonl.gz")}
    for question in questions(data / "squad_v1"):
        if question.evidence and question.gold:
            places = _places(question, question.evidence[0], titles[next(iter(question.gold))], None)
            if places:
                yield question, places


def _news(data: Path) -> Iterator[tuple[Question, list[Place]]]:
    asked = [question for question in questions(data / "realtimeqa") if question.kind == "gold_article"]
    wanted = {page for question in asked for page in question.gold}
    articles = {
        entry["id"]: entry for entry in read_jsonl(data / "realtimeqa" / "articles.jsonl.gz") if entry["id"] in wanted
    }
    for question in asked:
        places = []
        for page in question.gold:
            if entry := articles.get(page):
                published = date.fromisoformat(entry["published"][:10]) if entry.get("published") else None
                places += _places(question, entry["text"], entry["title"], published)
        if places:
            yield question, places


def _places(question: Question, text: str, title: str, published: date | None) -> list[Place]:
    """Where a known answer stands in the text."""
    found = []
    spans = [span for paragraph in paragraphs(text) for span in sentences(text, paragraph)]
    for number, span in enumerate(spans):
        sentence = text[span.start : span.end]
        for answer in question.answers:
            if match := re.search(rf"(?<!\w){re.escape(answer)}(?!\w)", sentence):
                around = text[spans[max(number - 2, 0)].start : spans[min(number + 2, len(spans) - 1)].end]
                found.append(Place(sentence, match.start(), match.end(), around, title, text, published))
                break
    return found


_Found = list[tuple[Question, list[Place]]]


def _altered(found: _Found) -> Iterator[tuple[str, list[tuple[str, list[Place]]]]]:
    """The questions, altered so that the answer is none any more."""
    years, verbs, others = [], [], []
    everyone = [name for question, _ in found for name in names(question.text) if " " in name]
    for number, (question, places) in enumerate(found):
        if year := re.search(r"\b(?:19|20)\d\d\b", question.text):
            years.append((question.text.replace(year[0], str(int(year[0]) - 7)), places))
        for verb, opposite in _OPPOSITE.items():
            if re.search(rf"\b{verb}\b", question.text) and verb in places[0].sentence:
                verbs.append((question.text.replace(verb, opposite), places))
        other = everyone[number * 7919 % len(everyone)]
        others += [(question.text.replace(name, other), places) for name in names(question.text) if " " in name]
    yield "another year", years
    yield "the opposite verb", verbs
    yield "another name", others


def _percent(count: int, total: int) -> str:
    return f"{100 * count / total:.1f} %" if total else "none"


if __name__ == "__main__":
    main()
