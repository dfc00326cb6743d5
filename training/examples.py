"""The evaluation sets -> examples to train the reader on: a question, a passage, and where the answer is, if anywhere.

Positives are what people marked (SQuAD kind, QAMR) or, for the weak questions of realtimeqa, passages that the
project's own retriever finds as of the day of the question and that hold the answer's words (distant supervision; of
several places the one that the reader made before finds likeliest). Negatives are passages that are found for a
question and hold none of its answers: of the same page, of the news, of other questions.

Pages of SQuAD and weak questions whose id hashes to one in four are held out, for measuring; so are all gold questions
of realtimeqa.
"""

import gzip
import hashlib
import json
import math
import random
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

from benchmarks.data import Question, questions, read_jsonl
from retrieval.lexical import BY_PASSAGE, LexicalIndex, LexicalWriter
from retrieval.reader_model import Logits, ReaderModel
from retrieval.retriever import Retriever

_FOUND = 8
# Passages of the news that are looked at for a question, at most two an article.
_NEWS = 16
# The least share of a question's words, by rarity, in a passage that is taken to answer it.
_ABOUT = 0.35
# By how many logits a reader may find the answer less likely in a passage than in the best one.
_UNLIKELY = 10.0
# How much less of them a sentence has that surely does not answer it.
_LESS = 0.25
_PENN = {"-LRB-": "(", "-RRB-": ")", "-LSB-": "[", "-RSB-": "]", "-LCB-": "{", "-RCB-": "}", "``": '"', "''": '"'}


@dataclass(frozen=True, slots=True)
class Example:
    """context[start:end] answers the question; start is None if the context does not answer it."""

    kind: str
    question: str
    title: str
    context: str
    start: int | None = None
    end: int | None = None


def held_out(key: str) -> bool:
    """Whether what has this key (a page's id, a question's id) is kept for measuring."""
    return int(hashlib.sha256(key.encode()).hexdigest(), 16) % 4 == 0


def all_examples(data: Path, news: Retriever, reader: ReaderModel, chance: random.Random) -> list[Example]:
    """Every example for training, in no particular order.

    `news` searches all the articles of realtimeqa; `reader` is the best there is so far (see `found_in_news`).
    """
    found = [*qamr(data / "reader_train" / "qamr", chance)]
    for path in sorted((data / "reader_train").glob("*.json.gz")):
        found += _squad_file(path, news, chance)
    found += _pages(data / "squad_v1", news, chance)
    found += _unanswerable(data / "squad_v2")  # its answerable questions are those of squad_v1
    found += _rewritten(data / "rewrites" / "rewrites.dev.jsonl.gz", news)
    # Thrice, since they are few and what the reader is for; each is typed and cut otherwise every time.
    found += 3 * list(_news(data / "realtimeqa", news, reader))
    return found


def _squad_file(path: Path, news: Retriever, chance: random.Random) -> Iterator[Example]:
    """A file in SQuAD's own format, with negatives of the likest other paragraphs and, of an encyclopedia, of the news.

    Of reviews and posts only half are taken: they are least like articles.
    """
    kind = path.name.split(".")[0].removeprefix("squadshifts_")
    wiki = kind == "new_wiki"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        pages = json.load(file)["data"]
    paragraphs = [(page["title"], paragraph) for page in pages for paragraph in page["paragraphs"]]
    with Found([paragraph["context"] for _, paragraph in paragraphs]) as others:
        for title, paragraph in paragraphs:
            for entry in paragraph["qas"]:
                if not wiki and chance.random() < 0.5:
                    continue
                spans = [(item["answer_start"], item["text"]) for item in entry["answers"]]
                start, text = _agreed(spans)
                title_shown = title.replace("_", " ") if wiki else ""
                positive = Example(kind, entry["question"], title_shown, paragraph["context"], start, start + len(text))
                yield positive
                texts = [text for _, text in spans]
                if chance.random() < (0.6 if wiki else 0.25):
                    for other in others.without(entry["question"], texts, paragraph["context"])[:1]:
                        yield replace(positive, kind=f"{kind}-not", context=other, start=None, end=None)
                if wiki and chance.random() < 0.5:
                    yield from _not_in_news(entry["question"], texts, news)


def _agreed(spans: Sequence[tuple[int, str]]) -> tuple[int, str]:
    """The span that most people marked; of several, the shortest."""
    return min(spans, key=lambda span: (-sum(other == span for other in spans), len(span[1]), span[0]))


def qamr(folder: Path, chance: random.Random) -> Iterator[Example]:
    """Questions on single sentences (QAMR, Michael et al. 2018); only answers of one stretch of words.

    For half of them the sentence stands among the likest others, and for some those others alone, as a negative: what
    is learned is to find the sentence too.
    """
    with gzip.open(folder / "wiki-sentences.tsv.gz", "rt", encoding="utf-8") as file:
        tokens = {key: text.split() for key, text in (line.rstrip("\n").split("\t", 1) for line in file)}
    words_of = {key: [_PENN.get(word, word) for word in words] for key, words in tokens.items()}
    with Found(sorted({" ".join(words) for words in words_of.values()})) as others:
        for name in ("dev.tsv.gz", "test.tsv.gz"):
            with gzip.open(folder / name, "rt", encoding="utf-8") as file:
                for line in file:
                    fields = line.rstrip("\n").split("\t")
                    chosen, words = _most_chosen(fields[6:]), words_of[fields[0]]
                    if chosen is None or chosen[-1] >= len(words) or not fields[5].strip():
                        continue
                    start = len(" ".join(words[: chosen[0]])) + (1 if chosen[0] else 0)
                    end = len(" ".join(words[: chosen[-1] + 1]))
                    alone = Example("qamr", fields[5], "", " ".join(words), start, end)
                    around = others.less_like(alone)[: chance.randint(1, 4)] if chance.random() < 0.5 else []
                    if around and chance.random() < 0.2:
                        yield replace(alone, kind="qamr-not", context=" ".join(around), start=None, end=None)
                    yield _among(alone, around, chance)


def _among(alone: Example, around: Sequence[str], chance: random.Random) -> Example:
    """The example with its sentence somewhere among others."""
    if not around or alone.start is None or alone.end is None:
        return alone
    before = chance.randint(0, len(around))
    shift = sum(len(text) + 1 for text in around[:before])
    context = " ".join([*around[:before], alone.context, *around[before:]])
    return replace(alone, kind="qamr-among", context=context, start=alone.start + shift, end=alone.end + shift)


def _most_chosen(columns: Sequence[str]) -> list[int] | None:
    """The word indexes that most of writer and validators gave, if in one stretch."""
    given: list[tuple[int, ...]] = []
    for column in columns:
        indexes = column.split(":")[-1].split()
        if indexes and all(index.isdigit() for index in indexes):
            numbers = sorted(int(index) for index in indexes)
            if numbers == list(range(numbers[0], numbers[-1] + 1)):
                given.append(tuple(numbers))
    if not given:
        return None
    best = min(given, key=lambda numbers: (-given.count(numbers), len(numbers), numbers))
    return list(best)


def _pages(folder: Path, news: Retriever, chance: random.Random) -> Iterator[Example]:
    """SQuAD's dev questions on pages that are not held out, with negatives of the same pages and of the news."""
    titles, asked, pages = _paragraphs(folder)
    with Found(sorted(pages)) as others:
        for question in asked:
            context = question.evidence[0]
            span = _first_of(question.answers, context)
            if span is None or held_out(pages[context]):
                continue
            yield Example(folder.name, question.text, titles[pages[context]], context, *span)
            if chance.random() < 0.8:
                for other in others.without(question.text, question.answers, context)[:2]:
                    if not held_out(pages[other]):
                        yield Example(f"{folder.name}-not", question.text, titles[pages[other]], other)
            if chance.random() < 0.7:
                yield from _not_in_news(question.text, question.answers, news)


def _rewritten(path: Path, news: Retriever) -> Iterator[Example]:
    """Questions of conversations about an encyclopedia, as people made them stand alone, asked of the news."""
    for row in read_jsonl(path):
        yield from _not_in_news(row["rewrite"], (), news)


def _not_in_news(question: str, answers: Sequence[str], news: Retriever) -> Iterator[Example]:
    """What is found in the news for a question that was not asked of them."""
    for hit in news.search(question, 2, date.max):
        if not _first_of(answers, hit.passage.text):
            yield Example("news-not", question, hit.article.title, hit.passage.text)


def _unanswerable(folder: Path) -> Iterator[Example]:
    """Questions written for a paragraph that does not answer them; it is not said which, so the one most like each."""
    titles, asked, pages = _paragraphs(folder)
    with Found(sorted(pages)) as contexts:
        for question in asked:
            context = next(iter(contexts.without(question.text, (), "")), None)
            if not question.answerable and context and not held_out(pages[context]):
                yield Example(folder.name, question.text, titles[pages[context]], context)


def _paragraphs(folder: Path) -> tuple[dict[str, str], list[Question], dict[str, str]]:
    """The titles of the pages by id, the questions, and the paragraphs asked of, with the ids of their pages."""
    titles = {entry["id"]: entry["title"] for entry in read_jsonl(folder / "articles.jsonl.gz")}
    asked = questions(folder)
    return titles, asked, {text: page for question in asked for text in question.evidence[:1] for page in question.gold}


def _news(folder: Path, news: Retriever, reader: ReaderModel) -> Iterator[Example]:
    """The weak questions of realtimeqa, as they are found."""
    for question in questions(folder):
        if question.kind == "weak_answer_string" and not held_out(question.id) and question.as_of:
            answers = [*question.answers, *(answer.strip("\"'“”").removeprefix("The ") for answer in question.answers)]
            yield from found_in_news("realtimeqa", question.text, answers, question.as_of, news, reader, 4, 6)


def found_in_news(
    kind: str,
    question: str,
    answers: Sequence[str],
    as_of: date,
    news: Retriever,
    reader: ReaderModel,
    most: int,
    most_not: int,
) -> Iterator[Example]:
    """Up to `most` passages of the news that answer the question, and up to `most_not` that hold no answer.

    The answer may stand in several places of a passage, and in passages about something else. So the place is the one
    that `reader` finds likeliest, and a passage where it finds it much less likely than in the best one is left out
    ("hard EM": Min et al., "A Discrete Hard EM Approach for Weakly Supervised Question Answering", 2019).
    """
    terms = news.index.lexical.terms(question)
    hits = news.search(question, _NEWS, as_of, per_article=2)
    held = [(hit, found) for hit in hits if (found := spans_of(answers, hit.passage.text))]
    about = [
        (hit, found)
        for hit, found in held
        if news.index.lexical.share(terms, f"{hit.article.title}\n{hit.passage.text}") >= _ABOUT
    ]
    read = reader.read(question, [f"{hit.article.title}. {hit.passage.text}" for hit, _ in about])
    likeliest = [
        max((_margin(logits, len(hit.article.title) + 2, span), span) for span in found)
        for (hit, found), logits in zip(about, read, strict=True)
    ]
    least = max((margin for margin, _ in likeliest), default=0.0) - _UNLIKELY
    kept = [(hit, span) for (hit, _), (margin, span) in zip(about, likeliest, strict=True) if margin >= least]
    places = {hit.row: span for hit, span in kept[:most]}
    silent = {hit.row for hit in hits} - {hit.row for hit, _ in held}
    not_held = [hit.row for hit in hits if hit.row in silent][:most_not]
    for hit in hits:
        if hit.row in places:
            yield Example(kind, question, hit.article.title, hit.passage.text, *places[hit.row])
        elif hit.row in not_held:
            yield Example(f"{kind}-not", question, hit.article.title, hit.passage.text)


def _margin(logits: Logits, shift: int, span: tuple[int, int]) -> float:
    """How much likelier than "not here" the reader finds a span of a text that it read from `shift` on, in logits."""
    start, end = span[0] + shift, span[1] + shift
    inside = np.flatnonzero((logits.offsets[:, 0] < end) & (logits.offsets[:, 1] > start))
    if not len(inside):  # behind what is read of a long text
        return -math.inf
    return float(logits.start[inside[0]] + logits.end[inside[-1]]) - logits.nothing


def spans_of(answers: Sequence[str], text: str) -> list[tuple[int, int]]:
    """Where the first of the answers that the text holds, as whole words, stands."""
    for answer in answers:
        if answer.strip():
            found = [match.span() for match in re.finditer(rf"(?<!\w){re.escape(answer)}(?!\w)", text, re.IGNORECASE)]
            if found:
                return found
    return []


def _first_of(answers: Sequence[str], text: str) -> tuple[int, int] | None:
    """The first place of an answer."""
    return next(iter(spans_of(answers, text)), None)


class Found:
    """BM25 over a list of paragraphs."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = list(texts)
        self._folder = tempfile.TemporaryDirectory()
        path = Path(self._folder.name) / "lexical"
        with LexicalWriter(path, BY_PASSAGE) as writer:
            for row, text in enumerate(self._texts):
                writer.add(row, body=text, title="", about="")
        self._index = LexicalIndex(path, BY_PASSAGE)

    def without(self, question: str, answers: Sequence[str], own: str) -> list[str]:
        """The paragraphs most like the question, best first, that hold none of its answers."""
        rows, _ = self._index.search(self._index.terms(question), _FOUND, range(len(self._texts)))
        found = [self._texts[row] for row in rows]
        return [text for text in found if text != own and not _first_of(answers, text)]

    def less_like(self, example: Example) -> list[str]:
        """The texts most like the question that hold less of its words, by rarity, than its own and not its answer."""
        terms = self._index.terms(example.question)
        most = self._index.share(terms, example.context) - _LESS
        answer = example.context[example.start : example.end]
        found = self.without(example.question, [answer], example.context)
        return [text for text in found if self._index.share(terms, text) <= most]

    def __enter__(self) -> "Found":
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()


def as_typed(text: str, chance: random.Random) -> str:
    """A question as people type it: now and then without its mark, its small words, or with a slip of the keys."""
    kind = chance.random()
    if kind < 0.12:
        return text.rstrip("?")
    if kind < 0.22:
        return re.sub(r"\b(the|a|an|is|are|was|were|did|does|do|of)\b ?", "", text.rstrip("?"), flags=re.IGNORECASE)
    if kind < 0.28 and len(text) > 12:
        at = chance.randrange(3, len(text) - 2)
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text
