"""Follow-up questions: python -m benchmarks.followups --data DIR.

Recall at 5 of the gold passages, with what is searched for being: the last question alone, the one before it in front
(always), the question as we understand it, and all questions of the conversation. On `rewrites`, which has no
passages: how many of the words that tell something in the human rewrite are in the last question, and in ours. And how
often a question of its own is changed after an unrelated one, which should be never.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.answers_match import normalised
from benchmarks.build import build
from benchmarks.data import data_folder, questions, read_jsonl
from bot.service import open_encoder
from bot.settings import Settings
from retrieval.followups import Turn, stand_alone
from retrieval.retriever import Retriever
from retrieval.store import Store

_SETS = ("coqa_head", "inscit_dev", "mtrag_part")
_LONGEST = 3900


@dataclass(frozen=True, slots=True)
class Asked:
    """A question within its conversation."""

    question: str
    turns: tuple[Turn, ...]
    gold: frozenset[str]


_FORMS: dict[str, Callable[[Asked], str]] = {
    "last turn alone": lambda asked: asked.question,
    "the one before in front": lambda asked: f"{asked.turns[-1].question} {asked.question}",
    "as understood": lambda asked: stand_alone(asked.question, asked.turns),
    "all turns": lambda asked: " ".join([*(turn.question for turn in asked.turns), asked.question]),
}


def conversations(path: Path) -> list[Asked]:
    """The questions that have gold passages and a conversation before them; earlier ones as we understand them."""
    found = []
    for entry in read_jsonl(path):
        gold = frozenset(item["article_id"] for item in entry["gold"])
        if gold and entry["history"]:
            found.append(Asked(entry["question"], turns(entry["history"]), gold))
    return found


def turns(history: Sequence[dict[str, Any]]) -> tuple[Turn, ...]:
    """The turns of a stored conversation, each understood by those before it."""
    said: list[Turn] = []
    for turn in history:
        said.append(Turn(stand_alone(turn["question"], said)[:_LONGEST], turn["answer"]))
    return tuple(said)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--show", type=int, default=0, help="print so many of the questions as understood")
    arguments = parser.parse_args()
    data = data_folder(arguments.data)
    for name in _SETS:
        build(arguments.work / name, data / name / "articles.jsonl.gz")
        settings = Settings(data_dir=arguments.work / name)
        retriever = Retriever(Store(settings.index_dir).open().index, open_encoder(settings))
        asked = conversations(data / name / "questions.dev.jsonl.gz")
        figures = {form: _recall(retriever, asked, write) for form, write in _FORMS.items()}
        changed = sum(stand_alone(one.question, one.turns) != one.question for one in asked)
        print(f"{name}: {len(asked)} questions, {changed} understood otherwise than asked")
        print("   recall at 5:", ", ".join(f"{form} {value:.1f}" for form, value in figures.items()), flush=True)
        for one in asked[:: max(1, len(asked) // arguments.show)] if arguments.show else []:
            print(f"   {one.question} -> {stand_alone(one.question, one.turns)}")
    _rewrites(data / "rewrites" / "rewrites.dev.jsonl.gz")
    fresh = questions(data / "realtimeqa")
    changed = sum(
        stand_alone(one.text, [Turn(other.text, other.answers[0] if other.answers else None)]) != one.text
        for one, other in zip(fresh, fresh[7:], strict=False)
    )
    print(f"realtimeqa, after an unrelated question: {100 * changed / len(fresh):.1f} % changed")


def _recall(retriever: Retriever, asked: Sequence[Asked], write: Callable[[Asked], str]) -> float:
    found = 0
    for one in asked:
        hits = retriever.search(write(one)[:_LONGEST], 5, date.today())
        found += any(hit.article.id in one.gold for hit in hits)
    return 100 * found / len(asked)


def _rewrites(path: Path) -> None:
    entries = [entry for entry in read_jsonl(path) if entry["history"]]
    for form in ("last turn alone", "as understood"):
        held, added = [], []
        for entry in entries:
            human = set(normalised(entry["rewrite"]).split())
            asked = Asked(entry["utterance"], turns(entry["history"]), frozenset())
            ours = set(normalised(_FORMS[form](asked)).split())
            held.append(len(human & ours) / max(1, len(human)))
            added.append(len(human & ours) / max(1, len(ours)))
        share, precise = (100 * sum(values) / len(entries) for values in (held, added))
        print(f"rewrites, {form}: {share:.1f} % of the rewrite's words, {precise:.1f} % of its own are in the rewrite")


if __name__ == "__main__":
    main()
