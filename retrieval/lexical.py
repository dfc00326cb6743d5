"""Lexical retrieval: BM25 by tantivy (k1 1.2, b 0.75).

Passages are indexed by their stems, with headline, outlet and date in fields of their own; whole articles by their
words as they stand. The one finds the place, the other the article; together they find more than either (see
benchmarks/fit_retrieval.py).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import tantivy

from retrieval.dense import Rows
from retrieval.encoder import Vectors
from retrieval.errors import IndexCorrupt
from retrieval.types import Article

Terms = Sequence[str] | Mapping[str, float]
"""What to search for: terms that count alike, or each with how much it counts."""
_ANALYZER = "byline"
_HEAP_BYTES = 128 << 20
_LONGEST_TERM = 60
# A question of more words is a pasted text; its first words say what it is about.
_MOST_TERMS = 64
BODY, TITLE, ABOUT = "body", "title", "about"


@dataclass(frozen=True, slots=True)
class Scheme:
    """What is indexed and how: the fields with their boosts, and whether words are reduced to English stems."""

    boosts: tuple[tuple[str, float], ...]
    stem: bool


BY_PASSAGE = Scheme(((BODY, 1.0), (TITLE, 0.5), (ABOUT, 0.25)), stem=True)
BY_ARTICLE = Scheme(((BODY, 1.0),), stem=False)

# Words of a question that say nothing of its subject. Without them a query takes 1 ms instead of 20.
_STOP_WORDS = frozenset(
    "a about after again against all also am an and any are as at be because been before being below between both but "
    "by can could did do does doing don down during each few for from further had has have having he her here hers "
    "him his how i if in into is it its itself just ll me more most my no nor not now of off on once only or other our "
    "ours out over own re s said same say says she should so some such t than that the their theirs them then there "
    "these they this those through to too under until up ve very was we were what when where which while who whom "
    "whose why will with would you your yours tell please according".split()
)
_WORD = re.compile(r"\w+")


def analyzer(scheme: Scheme) -> Any:
    """Text -> terms: lower case, accents folded, perhaps English stems."""
    chain = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    chain = chain.filter(tantivy.Filter.remove_long(_LONGEST_TERM)).filter(tantivy.Filter.lowercase())
    chain = chain.filter(tantivy.Filter.ascii_fold())
    return (chain.filter(tantivy.Filter.stemmer("english")) if scheme.stem else chain).build()


def telling_terms(analyze: Any, question: str) -> list[str]:
    """The distinct terms of a question, without stop words."""
    telling = [word for word in _WORD.findall(question) if word.lower() not in _STOP_WORDS]
    return list(dict.fromkeys(analyze.analyze(" ".join(telling))))[:_MOST_TERMS]


def about(article: Article) -> str:
    """Outlet and date as words, so that "the Herald of 4 May" can be found."""
    when = f"{article.published:%d %B %Y}" if article.published else ""
    return f"{article.source or ''} {when}"


def _schema(scheme: Scheme) -> Any:
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("row", fast=True, indexed=True)
    for name, _ in scheme.boosts:
        builder.add_text_field(name, tokenizer_name=_ANALYZER, index_option="freq")
    return builder.build()


@contextmanager
def _disk_errors() -> Iterator[None]:
    """Tantivy's ValueError for a full or failing disk as an OSError."""
    try:
        yield
    except ValueError as error:
        raise OSError(f"tantivy could not write its files: {error}") from error


class LexicalWriter:
    """Writes passages or articles in the order of their rows."""

    def __init__(self, folder: Path, scheme: Scheme) -> None:
        folder.mkdir()
        index = tantivy.Index(_schema(scheme), path=str(folder))
        index.register_tokenizer(_ANALYZER, analyzer(scheme))
        # One thread keeps the rows in order, so that equal input makes an equal index.
        self._writer = index.writer(heap_size=_HEAP_BYTES, num_threads=1)

    def add(self, row: int, **fields: str) -> None:
        """Add a text as `row`; the fields are those of the scheme."""
        with _disk_errors():
            self._writer.add_document(tantivy.Document(row=row, **fields))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Commit, unless there was an error; then wait for tantivy's threads, so that they write no more."""
        try:
            with _disk_errors():
                if error is None:
                    self._writer.commit()
        finally:
            with suppress(ValueError):
                self._writer.wait_merging_threads()


class LexicalIndex:
    """BM25 over rows: of passages, or of articles by the row of their first passage."""

    def __init__(self, folder: Path, scheme: Scheme) -> None:
        try:
            index = tantivy.Index.open(str(folder))
        except ValueError as error:
            raise IndexCorrupt(folder, "cannot be read by tantivy") from error
        self._scheme, self._analyzer = scheme, analyzer(scheme)
        index.register_tokenizer(_ANALYZER, self._analyzer)
        self._schema = index.schema
        self._searcher = index.searcher()

    def __len__(self) -> int:
        return int(self._searcher.num_docs)

    def terms(self, text: str) -> list[str]:
        """The distinct terms that a search for `text` looks for: stop words only if it has no others."""
        return self.telling_terms(text) or list(dict.fromkeys(self.all_terms(text)))[:_MOST_TERMS]

    def telling_terms(self, text: str) -> list[str]:
        """The distinct terms of `text` without stop words."""
        return telling_terms(self._analyzer, text)

    def all_terms(self, text: str) -> list[str]:
        """The terms of a text, in order."""
        terms: list[str] = self._analyzer.analyze(text)
        return terms

    def weights(self, terms: Sequence[str]) -> Vectors:
        """The inverse document frequency of each term over the passages: ln(1 + (N - n + 0.5) / (n + 0.5))."""
        count = len(self)
        found = np.array([self._searcher.doc_freq(BODY, term) for term in terms], dtype=np.float32)
        return np.log1p((count - found + 0.5) / (found + 0.5))

    def share(self, terms: Sequence[str], text: str) -> float:
        """The share of the terms, weighted by rarity, that the text holds: 0 to 1; 0 without terms."""
        if not terms:
            return 0.0
        weights = self.weights(terms)
        held = set(self.all_terms(text))
        return float(sum(weight for term, weight in zip(terms, weights, strict=True) if term in held) / weights.sum())

    def search(self, terms: Terms, k: int, rows: range) -> tuple[Rows, Vectors]:
        """The up to k rows within `rows` with the highest BM25 scores, and the scores, highest first."""
        if not terms or not rows or k < 1:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        bounds = (rows.start, rows.stop, True, False)
        within = tantivy.Query.range_query(self._schema, "row", tantivy.FieldType.Integer, *bounds)
        return self._run(self._both(self._query(terms), within), k)

    def scores(self, terms: Terms, rows: Rows) -> Vectors:
        """The BM25 score of each of `rows`, which are distinct; 0 for a row that has none of the terms."""
        scores = np.zeros(len(rows), np.float32)
        if not terms or not len(rows):
            return scores
        among = tantivy.Query.term_set_query(self._schema, "row", [int(row) for row in rows])
        found, values = self._run(self._both(self._query(terms), among), len(rows))
        order = np.argsort(rows)
        scores[order[np.searchsorted(rows, found, sorter=order)]] = values
        return scores

    def _query(self, terms: Terms) -> Any:
        counts = terms if isinstance(terms, Mapping) else dict.fromkeys(terms, 1.0)
        return tantivy.Query.boolean_query(
            [
                (
                    tantivy.Occur.Should,
                    tantivy.Query.boost_query(
                        tantivy.Query.term_query(self._schema, name, term, "freq"), boost * count
                    ),
                )
                for term, count in counts.items()
                for name, boost in self._scheme.boosts
            ]
        )

    def _both(self, query: Any, restriction: Any) -> Any:
        unscored = tantivy.Query.const_score_query(restriction, 0.0)
        return tantivy.Query.boolean_query([(tantivy.Occur.Must, query), (tantivy.Occur.Must, unscored)])

    def _run(self, query: Any, k: int) -> tuple[Rows, Vectors]:
        hits = self._searcher.search(query, k, count=False).hits
        rows = self._searcher.fast_field_values("row", [address for _, address in hits])
        return np.array(rows, np.int64), np.array([score for score, _ in hits], np.float32)
