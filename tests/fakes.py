"""Stand-ins for the slow and the far away: an encoder made of hashed words, and small collections of articles."""

import hashlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from bot.settings import Settings
from retrieval.build import build
from retrieval.encoder import Encoder, Vectors
from retrieval.index import Index
from retrieval.retriever import Retriever
from retrieval.store import Store
from retrieval.types import BuildReport, Hit, Progress

Record = dict[str, str | None]

_WORD = re.compile(r"\w+")


class FakeEncoder:
    """A text's vector is the sum of the vectors of its words, so texts that share words are near. Counts its work.

    `delay` is how many seconds each call takes longer.
    """

    def __init__(self, dimension: int = 32, name: str = "words", delay: float = 0.0) -> None:
        self._dimension, self._name, self._delay = dimension, name, delay
        self._lock = threading.Lock()
        self.calls = 0
        self.texts: list[str] = []

    @property
    def fingerprint(self) -> str:
        return f"fake-{self._name}/{self._dimension}"

    @property
    def dimension(self) -> int:
        return self._dimension

    def encode(self, texts: Sequence[str]) -> Vectors:
        with self._lock:
            self.calls += 1
            self.texts += texts
        time.sleep(self._delay)
        return np.array([self._vector(text) for text in texts], np.float32).reshape(len(texts), self._dimension)

    def _vector(self, text: str) -> Vectors:
        words = _WORD.findall(text.lower()) or [""]
        vector = np.sum([_word_vector(f"{self._name} {word}", self._dimension) for word in words], axis=0)
        unit: Vectors = (vector / np.linalg.norm(vector)).astype(np.float32)
        return unit


@lru_cache(100_000)
def _word_vector(word: str, dimension: int) -> Vectors:
    noise = hashlib.shake_256(word.encode()).digest(dimension)
    return np.frombuffer(noise, np.uint8).astype(np.float32) - 127.5


def record(number: int, edition: str = "first", sentences: int = 6) -> Record:
    """An article of which `about(number)` is the best description, and which names its edition in every sentence."""
    text = " ".join(
        f"The {edition} edition says that {about(number)} came to the harbour on day {day} and left again."
        for day in range(sentences)
    )
    return {
        "id": f"article-{number:04d}",
        "title": f"{about(number).capitalize()} in the {edition} edition",
        "url": f"https://news.example.org/{number}",
        "published": f"2024-{number % 12 + 1:02d}-{number % 28 + 1:02d}",
        "source": "The Herald",
        "text": text,
    }


def records(count: int, edition: str = "first") -> list[Record]:
    """The articles 0 … count - 1."""
    return [record(number, edition) for number in range(count)]


def about(number: int) -> str:
    """A query that only the article of that number answers well."""
    return f"ship{number}x"


def write_jsonl(path: Path, articles: Iterable[Record]) -> Path:
    """One article a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(article)}\n" for article in articles), encoding="utf-8")
    return path


class Place:
    """A folder with a collection and the index made of it."""

    def __init__(self, root: Path, encoder: Encoder | None = None) -> None:
        self.root = root
        self.encoder = encoder or FakeEncoder()
        self.articles, self.data = root / "articles", root / "data"
        self.cache = self.data / "vectors.sqlite"
        self.store = Store(self.data / "index")

    def write(self, articles: Iterable[Record], name: str = "articles.jsonl") -> Path:
        """Make the articles the content of a file of the collection."""
        return write_jsonl(self.articles / name, articles)

    def build(
        self,
        articles: Iterable[Record] | None = None,
        *,
        force: bool = False,
        encoder: Encoder | None = None,
        store: Store | None = None,
        progress: Callable[[Progress], None] = lambda progress: None,
    ) -> BuildReport:
        """Build from the collection, which `articles` replace if they are given."""
        if articles is not None:
            self.write(articles)
        return build(
            [self.articles],
            store or self.store,
            encoder or self.encoder,
            self.cache,
            force=force,
            progress=progress,
        )

    def open(self) -> Index:
        """The index that answers, which must be a sound one."""
        opened = self.store.open()
        assert opened.damaged == ()
        return opened.index

    def search(self, query: str, k: int = 10) -> list[Hit]:
        """Search the index that answers."""
        return Retriever(self.open(), self.encoder).search(query, k)

    def settings(self) -> Settings:
        """Settings that name this place, whatever the environment says."""
        return Settings.model_construct(data_dir=self.data, answer_threshold=0.0)

    def names(self) -> set[str]:
        """What lies in the index folder, without the lock."""
        return {path.name for path in self.store.root.iterdir()} - {"build.lock"}


Content = dict[str, tuple[str, bytes]]


def content(index: Index) -> Content:
    """Passage id -> its text and its vector: what must be equal for two indexes to be of the same articles."""
    rows = range(len(index))
    vectors = index.dense.vectors(np.array(rows, np.int64))
    passages = [index.passage(row)[1] for row in rows]
    return {passage.id: (passage.text, vector.tobytes()) for passage, vector in zip(passages, vectors, strict=True)}


def edition_of(index: Index) -> str:
    """The one edition that every article of an index is of; the index is read from end to end."""
    editions = {article.title.split()[-2] for article in index.documents}
    assert all(index.passage(row)[1].text for row in range(len(index)))
    assert len(editions) == 1, f"{index.folder} mixes {sorted(editions)}"
    return editions.pop()
