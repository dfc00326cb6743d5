"""The evaluation sets -> examples to train the reader on: a question, a passage, and where the answer is, if anywhere.

Positives are what people marked (SQuAD kind, QAMR) or, for the weak questions of realtimeqa, passages that the
project's own retriever finds as of the day of the question and that hold the answer's words (distant supervision; of
several places the one whose sentence shares most with the question). Negatives are passages that are found for a
question and hold none of its answers: of the same page, of the news, of other questions.

Pages of SQuAD and weak questions whose id hashes to one in four are held out, for measuring; so are all gold questions
of realtimeqa.
"""

import gzip
import hashlib
import json
import random
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from benchmarks.data import Question, questions, read_jsonl
from retrieval.lexical import BY_PASSAGE, LexicalIndex, LexicalWriter
from retrieval.retriever import Retriever
from retrieval.sentences import sentences

_FOUND = 8
# Passages of the news that are looked at for a question, at most two an article.
_NEWS = 12
# The least share of a question's words, by rarity, in a passage that is taken to answer it.
_ABOUT = 0.35
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


def all_examples(data: Path, news: Retriever, chance: random.Random) -> list[Example]:
    """Every example for training, in no particular order. `news` searches all the articles of realtimeqa."""
    found = [*qamr(data / "reader_train" / "qamr", chance)]
    for path in sorted((data / "reader_train").glob("*.json.gz")):
        found += _squad_file(path, news, chance)
    found += _pages(data / "squad_v1", news, chance)
    found += _unanswerable(data / "squad_v2")  # its answerable questions are those of squad_v1
    found += _rewritten(data / "rewrites" / "rewrites.dev.jsonl.gz", news)
    # Twice, since they are few and what the reader is for; each is typed and cut otherwise the second time.
    found += 2 * list(_news(data / "realtimeqa", news))
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


def _news(folder: Path, news: Retriever) -> Iterator[Example]:
    """The weak questions of realtimeqa, as they are found."""
    for question in questions(folder):
        if question.kind == "weak_answer_string" and not held_out(question.id) and question.as_of:
            answers = [*question.answers, *(answer.strip("\"'“”").removeprefix("The ") for answer in question.answers)]
            yield from found_in_news("realtimeqa", question.text, answers, question.as_of, news, 4, 4)


def found_in_news(
    kind: str, question: str, answers: Sequence[str], as_of: date, news: Retriever, most: int, most_not: int
) -> Iterator[Example]:
    """Up to `most` passages of the news that answer the question, and up to `most_not` that hold no answer."""
    lexical = news.index.lexical
    terms = lexical.terms(question)
    held = not_held = 0
    for hit in news.search(question, _NEWS, as_of, per_article=2):
        title, text = hit.article.title, hit.passage.text
        spans = spans_of(answers, text)
        if not spans and not_held < most_not:
            not_held += 1
            yield Example(f"{kind}-not", question, title, text)
        elif spans and held < most and lexical.share(terms, f"{title}\n{text}") >= _ABOUT:
            held += 1
            yield Example(kind, question, title, text, *_most_about(lexical, terms, text, spans))


def _most_about(
    lexical: LexicalIndex, terms: Sequence[str], text: str, spans: Sequence[tuple[int, int]]
) -> tuple[int, int]:
    """Of several places, the first whose sentence has the largest share of the terms."""
    within = sentences(text)

    def share(span: tuple[int, int]) -> float:
        around = next((one for one in within if one.start <= span[0] < one.end), None)
        return lexical.share(terms, text[around.start : around.end]) if around else 0.0

    return max(spans, key=share)


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
