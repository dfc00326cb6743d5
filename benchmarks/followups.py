"""Follow-up questions: python -m benchmarks.followups --data DIR [--retriever bm25|hybrid].

Recall at 5 of the gold passages and the mean reciprocal rank of the first of them, with what is searched for being: the
last question alone, the one before it in front (always), the question as understood, and the text that is searched for.
These sets have no human rewrites. `rewrites` has some but no passages: there, how often the passage that the human
rewrite finds first is among the five found, in the passages of all sets together, and the agreement in words with the
rewrite (F1). And what a conversation does to a question that has nothing to do with it: how often it is changed, or
searched for otherwise, and what BM25 then finds.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.answers_match import f1
from benchmarks.build import build
from benchmarks.data import data_folder, questions, read_jsonl
from bot.service import open_encoder
from bot.settings import Settings
from retrieval.followups import Turn, search_text, stand_alone
from retrieval.lexical import ABOUT, BODY, BY_PASSAGE, TITLE, LexicalIndex, LexicalWriter
from retrieval.retriever import MAX_QUERY, Retriever
from retrieval.store import Store

_SETS = ("coqa_head", "inscit_dev", "mtrag_part")
_FRESH = ("realtimeqa", "squad_v1", "clapnq_dev")
_TOP = 5

Search = Callable[[str], list[str]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question within its conversation.

    `before` is the question before it in its own words, `turns` are all of them as we understand them, `gold` are the
    passages that answer it.
    """

    question: str
    before: str
    turns: tuple[Turn, ...]
    gold: frozenset[str] = frozenset()
    rewrite: str = ""


_FORMS: dict[str, Callable[[Asked], str]] = {
    "last turn alone": lambda asked: asked.question,
    "the one before in front": lambda asked: f"{asked.before} {asked.question}",
    "as understood": lambda asked: stand_alone(asked.question, asked.turns),
    "as searched for": lambda asked: search_text(asked.question, asked.turns),
}


def conversations(path: Path) -> list[Asked]:
    """The questions that have gold passages and a conversation before them."""
    found = []
    for entry in read_jsonl(path):
        gold, history = frozenset(item["article_id"] for item in entry["gold"]), entry["history"]
        if gold and history:
            found.append(Asked(entry["question"], history[-1]["question"], turns(history), gold))
    return found


def rewritten(path: Path) -> list[Asked]:
    """The questions that have a human rewrite and a conversation before them."""
    return [
        Asked(entry["utterance"], history[-1]["question"], turns(history), rewrite=entry["rewrite"])
        for entry in read_jsonl(path)
        if (history := entry["history"])
    ]


def turns(history: Sequence[dict[str, Any]]) -> tuple[Turn, ...]:
    """The turns of a stored conversation, each understood by those before it."""
    said: list[Turn] = []
    for turn in history:
        said.append(Turn(stand_alone(turn["question"], said), turn["answer"]))
    return tuple(said)


def lexical_search(folder: Path, articles: Sequence[dict[str, Any]]) -> Search:
    """BM25 over whole articles."""
    with LexicalWriter(folder, BY_PASSAGE) as writer:
        for row, article in enumerate(articles):
            writer.add(row, **{BODY: article["text"], TITLE: article["title"], ABOUT: ""})
    index = LexicalIndex(folder, BY_PASSAGE)

    def search(text: str) -> list[str]:
        rows, _ = index.search(index.terms(text[:MAX_QUERY]), _TOP, range(len(articles)))
        return [articles[row]["id"] for row in rows]

    return search


def hybrid_search(folder: Path, articles: Path) -> Search:
    """The bot's own retriever, over an index that is built if there is none."""
    build(folder, articles)
    settings = Settings(data_dir=folder)
    retriever = Retriever(Store(settings.index_dir).open().index, open_encoder(settings))
    return lambda text: [hit.article.id for hit in retriever.search(text[:MAX_QUERY], _TOP, date.today())]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the evaluation sets")
    parser.add_argument("--retriever", choices=("bm25", "hybrid"), default="hybrid")
    parser.add_argument("--work", type=Path, default=Path("benchmarks/results"), help="where indexes are kept")
    parser.add_argument("--show", type=int, default=0, help="print so many of the questions as understood")
    arguments = parser.parse_args()
    data = data_folder(arguments.data)
    articles = {name: read_jsonl(data / name / "articles.jsonl.gz") for name in _SETS}
    with TemporaryDirectory() as folder:
        for name in _SETS:
            asked = conversations(data / name / "questions.dev.jsonl.gz")
            if arguments.retriever == "bm25":
                search = lexical_search(Path(folder) / name, articles[name])
            else:
                search = hybrid_search(arguments.work / name, data / name / "articles.jsonl.gz")
            _report(f"{name}, {arguments.retriever}", asked, search, arguments.show)
        _rewrites(
            rewritten(data / "rewrites" / "rewrites.dev.jsonl.gz"),
            lexical_search(Path(folder) / "all", [article for name in _SETS for article in articles[name]]),
            arguments.show,
        )
        for name in _FRESH:
            _fresh(name, data / name, Path(folder) / name)


def _report(title: str, asked: Sequence[Asked], search: Search, show: int) -> None:
    changed = sum(stand_alone(one.question, one.turns) != one.question for one in asked)
    print(f"{title}: {len(asked)} questions, {changed} understood otherwise than asked")
    _recall(asked, search)
    _show(asked, show)


def _recall(asked: Sequence[Asked], search: Search) -> None:
    for form, write in _FORMS.items():
        found = [(search(write(one)), one.gold) for one in asked]
        recall = sum(len(gold.intersection(hits)) / len(gold) for hits, gold in found)
        ranks = [next((rank for rank, hit in enumerate(hits, 1) if hit in gold), None) for hits, gold in found]
        reciprocal = sum(1 / rank for rank in ranks if rank)
        print(f"   {form:24} recall at {_TOP} {100 * recall / len(asked):5.1f}  MRR {reciprocal / len(asked):.3f}")


def _rewrites(asked: Sequence[Asked], search: Search, show: int) -> None:
    changed = sum(stand_alone(one.question, one.turns) != one.question for one in asked)
    print(f"rewrites, bm25: {len(asked)} questions, {changed} understood otherwise than asked")
    firsts = [frozenset(search(one.rewrite)[:1]) for one in asked]
    for form, write in _FORMS.items():
        found = sum(bool(first.intersection(search(write(one)))) for one, first in zip(asked, firsts, strict=True))
        agreement = sum(f1(write(one), [one.rewrite]) for one in asked)
        print(
            f"   {form:24} first passage of the human rewrite among {_TOP} {100 * found / len(asked):5.1f}  "
            f"F1 of words {100 * agreement / len(asked):5.1f}"
        )
    _show(asked, show)


def _fresh(name: str, folder: Path, work: Path) -> None:
    """Ask each question after two others of the set, taken from a third and a half of the set away."""
    small = folder / "articles.small.jsonl.gz"
    articles = read_jsonl(small if small.exists() else folder / "articles.jsonl.gz")
    search, present = lexical_search(work, articles), {article["id"] for article in articles}
    known = questions(folder)
    asked = []
    for place, one in enumerate(known):
        earlier = [known[(place + len(known) // part) % len(known)] for part in (3, 2)]
        said = tuple(Turn(other.text, other.answers[0] if other.answers else None) for other in earlier)
        asked.append(Asked(one.text, earlier[-1].text, said, one.gold & present))
    understood, searched = (
        sum(_FORMS[form](one) != one.question for one in asked) for form in ("as understood", "as searched for")
    )
    print(
        f"{name}, after unrelated questions: {len(asked)} questions, {100 * understood / len(asked):.1f} % understood "
        f"otherwise, {100 * searched / len(asked):.1f} % searched for otherwise"
    )
    _recall([one for one in asked if one.gold], search)


def _show(asked: Sequence[Asked], most: int) -> None:
    for one in asked[:: max(1, len(asked) // most)] if most else []:
        print(f"   {one.question} -> {stand_alone(one.question, one.turns)}")


if __name__ == "__main__":
    main()
