"""Holds the open index and answers from it; a rebuild by another process is noticed and swapped in."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.removed import Removed
from bot.settings import Settings
from bot.texts import Refusal
from retrieval.answering import Answerer
from retrieval.build import build
from retrieval.encoder import Encoder, TorchEncoder
from retrieval.errors import IndexCorrupt, RetrievalError
from retrieval.export import open_onnx_encoder
from retrieval.followups import Turn, context, stand_alone
from retrieval.index import Index
from retrieval.models import find_model
from retrieval.reader import SpanReader
from retrieval.reader_export import open_reader
from retrieval.reader_model import ReaderModel
from retrieval.retriever import Retriever
from retrieval.store import Store
from retrieval.types import Answer, Article, BuildReport, Hit, Progress

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Serving:
    """Everything that answers belongs to one generation; it is swapped by one assignment."""

    retriever: Retriever
    answerer: Answerer
    damaged: tuple[IndexCorrupt, ...]


class Service:
    """Answers questions from the current generation. Safe to use from several threads."""

    def __init__(self, settings: Settings, encoder: Encoder | None = None) -> None:
        """Opens the index.

        Raises:
            IndexMissing, IndexCorrupt, IndexIncompatible, ModelError: as `Store.open`, `open_encoder` and
            `open_reader_model`.
        """
        self._settings = settings
        self._store = Store(settings.index_dir)
        self._store.require()  # before the encoder, whose first use takes a while
        self._encoder = encoder or open_encoder(settings)
        self._reader = open_reader_model(settings)
        self._seen = self._store.current()  # before opening, so that what is published meanwhile is noticed
        self._serving = self._open()
        self._stop = threading.Event()

    @property
    def index(self) -> Index:
        """The index that answers now."""
        return self._serving.retriever.index

    @property
    def damaged(self) -> tuple[IndexCorrupt, ...]:
        """What was found damaged when the index was opened; empty if all is well."""
        return self._serving.damaged

    def answer(self, question: str, as_of: date | None = None, turns: Sequence[Turn] = ()) -> Answer:
        """See `Answerer.answer`."""
        return self._serving.answerer.answer(question, as_of, turns)

    def search(self, query: str, k: int = 10, as_of: date | None = None, turns: Sequence[Turn] = ()) -> list[Hit]:
        """The k best passages for a query in its conversation, one an article. See `Retriever.search`."""
        return self._serving.retriever.search(stand_alone(query, turns), k, as_of, context=context(query, turns))

    def article(self, article_id: str) -> Article | None:
        """The article as the index has it now, or None."""
        return self.index.documents.find(article_id)

    def refresh(self) -> bool:
        """Swap in the current generation if it is not the one that answers; True if it was swapped.

        Questions under way go on with the index that they began with. If the new generation cannot be opened the
        old one goes on answering, and the log says why.
        """
        current = self._store.current()
        if current == self._seen:
            return False
        try:
            serving = self._open()
        except RetrievalError as error:
            _log.error(
                "generation %s cannot be opened, %s goes on answering: %s", current, self.index.generation, error
            )
            self._seen = current
            return False
        self._serving, self._seen = serving, current
        return True

    def watch(self, seconds: float = 1.0) -> None:
        """Look for a new generation every so many seconds, in a thread of its own, until `close`."""

        def look() -> None:
            while not self._stop.wait(seconds):
                self.refresh()

        threading.Thread(target=look, name="index-watch", daemon=True).start()

    def close(self) -> None:
        """Stop watching."""
        self._stop.set()

    def _open(self) -> _Serving:
        opened = self._store.open()
        for error in opened.damaged:
            _log.error("%s Generation %s answers instead.", error, opened.index.generation)
        retriever = Retriever(opened.index, self._encoder)
        reader = SpanReader(self._reader, opened.index.lexical)
        threshold = reader.tuning.threshold(self._settings.answer_threshold)
        return _Serving(retriever, Answerer(retriever, reader, threshold), opened.damaged)


def open_encoder(settings: Settings) -> Encoder:
    """The encoder that the settings name. Its first use exports it, which takes about ten seconds.

    Raises:
        ModelError: the model is missing, damaged or cannot be exported.
    """
    model = find_model(settings.embedding_model)
    if settings.encoder_backend == "torch":
        return TorchEncoder(model)
    return open_onnx_encoder(model, settings.models_dir, settings.encoder_threads)


def open_reader_model(settings: Settings) -> ReaderModel:
    """The reader that the settings name; the first use of one that is not the bundled one exports it.

    Raises:
        ModelError: the model is missing, damaged or cannot be exported.
    """
    return open_reader(settings.reader_model, settings.models_dir, settings.encoder_threads)


def roll_back(settings: Settings, current: str | None = None) -> str:
    """Let the generation before the current one answer, if that is the `current` one of a name given; returns its name.

    Raises:
        Refusal: another generation than the one named is current.
        IndexMissing, BuildRunning, NoPrevious: as `Store.require`, `Store.building` and `Store.rollback`.
    """
    store = Store(settings.index_dir)
    store.require()  # before the lock, which would make the folder
    with store.building():
        if current is not None and (now := store.current()) != current:
            raise Refusal("rollback_outdated", generation=now or "?")
        return store.rollback()


def rebuild(
    settings: Settings,
    sources: Sequence[Path],
    force: bool = False,
    check: bool = False,
    progress: Callable[[Progress], None] = lambda progress: None,
    planned: Callable[[BuildReport], None] = lambda report: None,
) -> BuildReport:
    """Build the index of the settings from the sources. See `retrieval.build.build`."""
    return build(
        sources,
        Store(settings.index_dir),
        open_encoder(settings),
        settings.vector_cache,
        force=force,
        check=check,
        leave_out=Removed(settings.removed).ids(),
        progress=progress,
        planned=planned,
    )
