"""Follow-up questions: python -m benchmarks.followups --data DIR [--retriever bm25|hybrid].

Recall at 5 of the gold passages and the mean reciprocal rank of the first of them, with what is searched for being: the
last question alone, the one before it in front (always), the question as understood, and the text that is searched for.
With the hybrid retriever also in the conversation as the bot has it, its own answers in the place of the set's: without
and with the articles favoured that the last answer cited.

These sets have no human rewrites. `rewrites` has some but no passages: there, how often the passage that the human
rewrite finds first is among the five found, in the passages of all sets together, and the agreement in words with the
rewrite (F1). Where the conversation goes on, most of its answers are known: recall of those, among all answers and
passages, is measured for the human rewrite too, and so it is for the few questions that stand in mtrag_part as well.

And what a conversation does to a question that has nothing to do with it: how often it is changed, or searched for
otherwise, and what is then found.
"""

import argparse
import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from benchmarks.answers_match import f1, normalised
from benchmarks.build import build
from benchmarks.data import data_folder, questions, read_jsonl
from bot.service import open_encoder
from bot.settings import Settings
from retrieval.answering import Answerer
from retrieval.followups import Turn, context, conversation, search_text, stand_alone, turn_of
from retrieval.lexical import ABOUT, BODY, BY_PASSAGE, TITLE, LexicalIndex, LexicalWriter
from retrieval.reader import SpanReader
from retrieval.reader_model import ReaderModel
from retrieval.retriever import ALONE, MAX_QUERY, Context, Retriever, Weights, boosts
from retrieval.store import Store

_SETS = ("coqa_head", "inscit_dev", "mtrag_part")
_FRESH = ("realtimeqa", "squad_v1", "clapnq_dev")
_TOP = 5
_MOST_FRESH = 1_000  # of a set, by the hybrid retriever


class Search(Protocol):
    """What is found for a text."""

    def __call__(self, text: str, context: Context = ALONE, as_of: date | None = None) -> list[str]:
        """The ids of the five best articles."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question within its conversation.

    `earlier` are the questions before it in their own words, `turns` are the same as we understand them, with the
    answers of the set; `gold` are the passages that answer it.
    """

    question: str
    earlier: tuple[str, ...]
    turns: tuple[Turn, ...]
    gold: frozenset[str] = frozenset()
    rewrite: str = ""
    as_of: date | None = None


_FORMS: dict[str, Callable[[Asked], tuple[str, Context]]] = {
    "last turn alone": lambda asked: (asked.question, ALONE),
    "the one before in front": lambda asked: (f"{asked.earlier[-1]} {asked.question}", ALONE),
    "as understood": lambda asked: (stand_alone(asked.question, asked.turns), ALONE),
    "with what it goes on from": lambda asked: (search_text(asked.question, asked.turns), ALONE),
    "as searched for": lambda asked: searched_for(asked.question, asked.turns),
}


def searched_for(question: str, turns: Sequence[Turn]) -> tuple[str, Context]:
    """What the bot searches for."""
    return stand_alone(question, turns), context(question, turns)


def conversations(path: Path) -> list[Asked]:
    """The questions that have gold passages and a conversation before them."""
    return [
        _asked(entry["question"], history, frozenset(item["article_id"] for item in entry["gold"]))
        for entry in read_jsonl(path)
        if entry["gold"] and (history := entry["history"])
    ]


def rewritten(path: Path, known: Mapping[tuple[str, ...], frozenset[str]]) -> list[Asked]:
    """The questions that have a human rewrite and a conversation before them, with their gold passages if known."""
    return [
        _asked(entry["utterance"], history, known.get(_key(entry["utterance"], history), frozenset()), entry["rewrite"])
        for entry in read_jsonl(path)
        if (history := entry["history"])
    ]


def later_answers(path: Path) -> dict[tuple[str, ...], str]:
    """The answer to each question of a conversation that went on: it stands in the history of the next one."""
    found = {}
    for entry in read_jsonl(path):
        for place, turn in enumerate(history := entry["history"]):
            if turn["answer"]:
                found[_key(turn["question"], history[:place])] = turn["answer"]
    return found


def _asked(question: str, history: Sequence[dict[str, Any]], gold: frozenset[str], rewrite: str = "") -> Asked:
    return Asked(question, tuple(turn["question"] for turn in history), turns(history), gold, rewrite)


def _key(question: str, history: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    return *(normalised(turn["question"]) for turn in history), normalised(question)


def turns(history: Sequence[dict[str, Any]]) -> tuple[Turn, ...]:
    """The turns of a stored conversation."""
    return conversation((turn["question"], turn["answer"]) for turn in history)


def lexical_search(folder: Path, articles: Sequence[dict[str, Any]]) -> Search:
    """BM25 over whole articles; none is favoured."""
    with LexicalWriter(folder, BY_PASSAGE) as writer:
        for row, article in enumerate(articles):
            writer.add(row, **{BODY: article["text"], TITLE: article["title"], ABOUT: ""})
    index = LexicalIndex(folder, BY_PASSAGE)

    def search(text: str, context: Context = ALONE, as_of: date | None = None) -> list[str]:  # noqa: ARG001
        terms = boosts(index, Weights().said(text[:MAX_QUERY], context))
        rows, _ = index.search(terms, _TOP, range(len(articles)))
        return [articles[row]["id"] for row in rows]

    return search


class Bot:
    """The project's own search and answers, over an index that is built if there is none."""

    def __init__(self, folder: Path, articles: Path) -> None:
        build(folder, articles)
        settings = Settings(data_dir=folder)
        self._retriever = Retriever(Store(settings.index_dir).open().index, open_encoder(settings))
        reader = SpanReader(ReaderModel(), self._retriever.index.lexical)
        self._answerer = Answerer(self._retriever, reader, reader.tuning.thresholds["balanced"])
        self._said: dict[tuple[str, ...], tuple[Turn, ...]] = {(): ()}

    def search(self, text: str, context: Context = ALONE, as_of: date | None = None) -> list[str]:
        """See `Search`."""
        return [hit.article.id for hit in self._retriever.search(text[:MAX_QUERY], _TOP, as_of, context=context)]

    def turns(self, questions: tuple[str, ...], as_of: date | None = None) -> tuple[Turn, ...]:
        """The turns of a conversation in which these were asked one after another, with what each answer cited."""
        if questions not in self._said:
            before = self.turns(questions[:-1], as_of)
            answer = self._answerer.answer(questions[-1], as_of, before)
            self._said[questions] = (*before, turn_of(answer))
        return self._said[questions]


class Report:
    """The recall of each form on each set, printed and kept."""

    def __init__(self) -> None:
        self.rows: list[dict[str, str | float]] = []
        self._title = ""

    def begin(self, title: str, note: str) -> None:
        """The figures that follow are of this set."""
        self._title = title
        print(f"{title}: {note}")

    def figures(self, form: str, found: Sequence[tuple[list[str], frozenset[str]]]) -> float:
        """Tell the figures of what was found where the gold passages are these; the recall in percent."""
        recall = 100 * sum(len(gold.intersection(hits)) / len(gold) for hits, gold in found) / len(found)
        ranks = [next((rank for rank, hit in enumerate(hits, 1) if hit in gold), None) for hits, gold in found]
        reciprocal = sum(1 / rank for rank in ranks if rank) / len(found)
        print(f"   {form:26} recall at {_TOP} {recall:5.1f}  MRR {reciprocal:.3f}", flush=True)
        row = {"questions": len(found), f"recall_at_{_TOP}": round(recall, 1), "mrr": round(reciprocal, 3)}
        self.rows.append({"set": self._title, "form": form, **row})
        return recall


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the evaluation sets")
    parser.add_argument("--retriever", choices=("bm25", "hybrid"), default="hybrid")
    parser.add_argument("--work", type=Path, default=Path("benchmarks/results"), help="where indexes are kept")
    parser.add_argument("--show", type=int, default=0, help="print so many of the questions as understood")
    parser.add_argument("--json", type=Path, help="write the figures there")
    arguments = parser.parse_args()
    data, hybrid = data_folder(arguments.data), arguments.retriever == "hybrid"
    report = Report()
    with TemporaryDirectory() as folder:
        for name in _SETS:
            asked = conversations(data / name / "questions.dev.jsonl.gz")
            if hybrid:
                bot = Bot(arguments.work / name, data / name / "articles.jsonl.gz")
                _report(report, f"{name}, hybrid", asked, bot.search, arguments.show)
                _favoured(report, asked, bot)
            else:
                search = lexical_search(Path(folder) / name, read_jsonl(data / name / "articles.jsonl.gz"))
                _report(report, f"{name}, bm25", asked, search, arguments.show)
        _all_rewrites(report, data, Path(folder), arguments.work if hybrid else None, arguments.show)
        for name in _FRESH:
            _fresh(report, name, data / name, Path(folder) / name, arguments.work if hybrid else None)
    if arguments.json:
        arguments.json.write_text(json.dumps(report.rows, indent=2) + "\n")


def _report(report: Report, title: str, asked: Sequence[Asked], search: Search, show: int) -> None:
    changed = sum(stand_alone(one.question, one.turns) != one.question for one in asked)
    report.begin(title, f"{len(asked)} questions, {changed} understood otherwise than asked")
    _recall(report, asked, search)
    _show(asked, show)


def _recall(report: Report, asked: Sequence[Asked], search: Search) -> dict[str, float]:
    """Tell the figures of each form; the recall by form."""
    return {
        form: report.figures(form, [(search(*write(one), one.as_of), one.gold) for one in asked])
        for form, write in _FORMS.items()
    }


def _favoured(report: Report, asked: Sequence[Asked], bot: Bot) -> None:
    """What the conversation with the bot itself finds, without and with favour for the article cited last."""
    said = [(one, bot.turns(one.earlier, one.as_of)) for one in asked]
    full = [searched_for(one.question, turns) for one, turns in said]
    in_one = [(search_text(one.question, turns), ALONE) for one, turns in said]
    cited = sum(bool(one.articles) for _, one in full)
    print(f"   of {len(asked)} questions to the bot {cited} favour what it cited last")
    plain = [(text, replace(one, articles=())) for text, one in full]
    for form, texts in (
        ("…, what it goes on from", in_one),
        ("answered by the bot", plain),
        ("…, cited last favoured", full),
    ):
        found = [bot.search(*text, one.as_of) for one, text in zip(asked, texts, strict=True)]
        report.figures(form, [(hits, one.gold) for hits, one in zip(found, asked, strict=True)])


def _all_rewrites(report: Report, data: Path, folder: Path, work: Path | None, show: int) -> None:
    """All that is measured on `rewrites`: by the hybrid retriever too if there is a folder to work in."""
    path = data / "rewrites" / "rewrites.dev.jsonl.gz"
    articles = [article for name in _SETS for article in read_jsonl(data / name / "articles.jsonl.gz")]
    _rewrites(rewritten(path, {}), lexical_search(folder / "all", articles), show)
    answers = later_answers(path)
    ids = {text: f"answer-{number}" for number, text in enumerate(dict.fromkeys(answers.values()))}
    articles += [{"id": name, "title": "", "text": text} for text, name in ids.items()]
    if work is None:
        search = lexical_search(folder / "answers", articles)
    else:
        with gzip.open(file := folder / "answers.jsonl.gz", "wt", encoding="utf-8") as lines:
            lines.writelines(json.dumps(article) + "\n" for article in articles)
        search = Bot(work / "rewrites", file).search
    entries = read_jsonl(data / "mtrag_part" / "questions.dev.jsonl.gz")
    gold = {_key(one["question"], one["history"]): frozenset(g["article_id"] for g in one["gold"]) for one in entries}
    known = {key: frozenset([ids[one]]) for key, one in answers.items()}
    _against_rewrite(report, "known answers", rewritten(path, known), search)
    _against_rewrite(report, "also in mtrag_part", rewritten(path, gold), search)


def _against_rewrite(report: Report, title: str, asked: Sequence[Asked], search: Search) -> None:
    """Recall of the gold passages, and its share of what the human rewrite finds of them."""
    asked = [one for one in asked if one.gold]
    report.begin(f"rewrites, {title}", f"{len(asked)} questions with gold passages")
    best = report.figures("human rewrite", [(search(one.rewrite), one.gold) for one in asked])
    shares = [f"{form} {100 * recall / best:.0f} %" for form, recall in _recall(report, asked, search).items()]
    print(f"   of the human rewrite: {', '.join(shares)}")


def _rewrites(asked: Sequence[Asked], search: Search, show: int) -> None:
    changed = sum(stand_alone(one.question, one.turns) != one.question for one in asked)
    print(f"rewrites, bm25: {len(asked)} questions, {changed} understood otherwise than asked")
    firsts = [frozenset(search(one.rewrite)[:1]) for one in asked]
    for form, write in _FORMS.items():
        found = sum(bool(first.intersection(search(*write(one)))) for one, first in zip(asked, firsts, strict=True))
        agreement = sum(f1(write(one)[0], [one.rewrite]) for one in asked)
        print(
            f"   {form:26} first passage of the human rewrite among {_TOP} {100 * found / len(asked):5.1f}  "
            f"F1 of words {100 * agreement / len(asked):5.1f}"
        )
    _show(asked, show)


def _fresh(report: Report, name: str, folder: Path, scratch: Path, work: Path | None) -> None:
    """Ask each question after two others of the set, taken from a third and a half of the set away."""
    small = folder / "articles.small.jsonl.gz"
    path = small if small.exists() else folder / "articles.jsonl.gz"
    articles, known, asked = read_jsonl(path), questions(folder), []
    search, present = lexical_search(scratch, articles), {article["id"] for article in articles}
    for place, one in enumerate(known):
        others = [known[(place + len(known) // part) % len(known)] for part in (3, 2)]
        said = tuple(Turn(other.text, other.answers[0] if other.answers else None) for other in others)
        asked.append(Asked(one.text, tuple(other.text for other in others), said, one.gold & present, as_of=one.as_of))
    understood, searched = (
        sum(_FORMS[form](one) != (one.question, ALONE) for one in asked)
        for form in ("as understood", "as searched for")
    )
    report.begin(
        f"{name}, after unrelated questions",
        f"{len(asked)} questions, {100 * understood / len(asked):.1f} % understood otherwise, "
        f"{100 * searched / len(asked):.1f} % searched for otherwise",
    )
    asked = [one for one in asked if one.gold]
    _recall(report, asked, search)
    if work is not None:
        _favoured(report, asked[:: len(asked) // _MOST_FRESH + 1], Bot(work / f"fresh-{name}", path))


def _show(asked: Sequence[Asked], most: int) -> None:
    for one in asked[:: max(1, len(asked) // most)] if most else []:
        print(f"   {one.question} -> {stand_alone(one.question, one.turns)}")


if __name__ == "__main__":
    main()
