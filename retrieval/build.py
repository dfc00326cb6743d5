"""The rebuild: sources -> a new generation, published only when it is complete, verified and not a great loss."""

import hashlib
import json
import logging
import sqlite3
import time
from array import array
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import groupby
from pathlib import Path

import numpy as np

from retrieval.articles import read_articles
from retrieval.chunking import Chunker
from retrieval.dense import EXACT_LIMIT, build_dense
from retrieval.documents import Documents, DocumentsWriter
from retrieval.encoder import Encoder
from retrieval.errors import (
    ArticleError,
    BuildRefused,
    EmptyCorpus,
    IndexCorrupt,
    IndexIncompatible,
    IndexMissing,
    StorageError,
)
from retrieval.files import write_atomically
from retrieval.index import (
    ARTICLES,
    BM25_ARTICLES,
    BM25_PASSAGES,
    DENSE,
    FORMAT,
    MANIFEST,
    PASSAGE_ROW,
    PASSAGES,
    REJECTED,
    Index,
    Manifest,
    PassageRows,
    file_checksums,
    open_index,
)
from retrieval.lexical import BY_ARTICLE, BY_PASSAGE, LexicalWriter, about
from retrieval.store import Opened, Store
from retrieval.types import Article, BuildReport, Progress
from retrieval.vector_cache import VectorCache

_log = logging.getLogger(__name__)
_BLOCK = 2_048
_VECTORS = "vectors.f16"
_REJECTED_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class _Read:
    """What the reading phase leaves behind: passages in row order, and what became of each article."""

    rows: PassageRows
    corpus: str
    digests: dict[str, bytes]
    rejected: tuple[ArticleError, ...]


def build(
    sources: Sequence[Path],
    store: Store,
    encoder: Encoder,
    cache_path: Path,
    *,
    chunker: Chunker | None = None,
    force: bool = False,
    check: bool = False,
    leave_out: Collection[str] = frozenset(),
    exact_limit: int = EXACT_LIMIT,
    progress: Callable[[Progress], None] = lambda progress: None,
    planned: Callable[[BuildReport], None] = lambda report: None,
) -> BuildReport:
    """Read the sources and publish a new generation, unless nothing has changed since the current one.

    Only passages whose vectors are not in the cache are embedded. `force` publishes also what lost more than half of
    the articles, and rebuilds where nothing has changed. `leave_out` are ids of articles that stay out of the index.
    `planned` is told what will change as soon as the sources are read; with `check` the build ends there.

    Raises:
        BuildRunning: another process is building.
        EmptyCorpus: no article could be read.
        BuildRefused: more than half of the articles would be lost.
        StorageError: the disk is full or failed; nothing was published.
    """
    chunker = chunker or Chunker()
    began = time.monotonic()
    try:
        with store.building(), store.scratch() as folder:
            read = _read(sources, leave_out, folder, chunker, progress)
            before = _before(store)
            report = _compare(read, before.index if before else None, began)
            planned(report)
            if check:
                return report
            if before and not force:
                manifest = before.index.manifest
                if not before.damaged and _unchanged(manifest, read, encoder, chunker):
                    return report
                if len(read.digests) < manifest.articles / 2:
                    raise BuildRefused(manifest.articles, len(read.digests))
            embedded = _write_rows(folder, read, encoder, cache_path, progress)
            progress(Progress("indexing", 0, None))
            dense = _write_dense(folder, encoder, len(read.rows), exact_limit)
            _write_manifest(folder, read, encoder, chunker, dense)
            progress(Progress("verifying", 0, None))
            _try_out(open_index(folder), encoder)
            name = store.publish(folder)
            _prune(store)
    except (OSError, sqlite3.Error, MemoryError) as error:
        raise StorageError(
            f"the build could not write to {store.root} ({error}); nothing was published and the index that was there "
            "still answers. Free some space, or check the disk, and build again."
        ) from error
    return replace(report, generation=name, embedded=embedded, seconds=time.monotonic() - began)


def embedded_text(article: Article, text: str) -> str:
    """What of a passage is embedded: the headline goes along as context and is no part of the quote."""
    return f"{article.title}\n{text}"


def _read(
    sources: Sequence[Path],
    leave_out: Collection[str],
    folder: Path,
    chunker: Chunker,
    progress: Callable[[Progress], None],
) -> _Read:
    columns = array("i")
    digests: dict[str, bytes] = {}
    rejected: list[ArticleError] = []
    writer = DocumentsWriter(folder / ARTICLES)
    for item in read_articles(sources):
        if isinstance(item, ArticleError):
            rejected.append(item)
            continue
        if item.id in leave_out:
            continue
        day = item.published.toordinal() if item.published else 0
        for passage in chunker.passages(item):
            columns.extend((len(digests), passage.start, passage.end, day))
        digests[item.id] = writer.add(item)
        if len(digests) % 100 == 0:
            progress(Progress("reading", len(digests), None))
    writer.close()
    if not digests:
        first = f" The first of {len(rejected)} rejected: {rejected[0]}" if rejected else ""
        raise EmptyCorpus(f"no article could be read from {', '.join(map(str, sources)) or 'no sources'}.{first}")
    table = np.frombuffer(columns, dtype=np.int32).reshape(-1, 4)
    # Within a day in order of id, so that the order of the sources makes no difference.
    names = list(digests)
    ranks = np.empty(len(names), dtype=np.int32)
    ranks[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names))
    order = np.lexsort((table[:, 1], ranks[table[:, 0]], table[:, 3]))
    rows = np.empty(len(table), dtype=PASSAGE_ROW)
    for column, name in enumerate(PASSAGE_ROW.names or ()):
        rows[name] = table[order, column]
    corpus = hashlib.sha256(b"".join(name.encode() + b"\0" + digests[name] for name in sorted(digests))).hexdigest()
    return _Read(rows, corpus, digests, tuple(rejected))


def _prune(store: Store) -> None:
    """An old generation that cannot be removed now is left for a later build; the new one is published all the same."""
    try:
        store.prune()
    except OSError as error:
        _log.warning("an old generation could not be removed: %s", error)


def _before(store: Store) -> Opened | None:
    """What answers now, to compare with; None if there is nothing that can be read."""
    try:
        return store.open()
    except (IndexMissing, IndexCorrupt, IndexIncompatible):
        return None


def _compare(read: _Read, before: Index | None, began: float) -> BuildReport:
    old = before.documents.digests() if before else {}
    common = [name for name in read.digests if name in old]
    changed = sum(read.digests[name] != old[name] for name in common)
    return BuildReport(
        generation=None,
        articles=len(read.digests),
        passages=len(read.rows),
        added=len(read.digests) - len(common),
        changed=changed,
        removed=len(old) - len(common),
        unchanged=len(common) - changed,
        rejected=read.rejected,
        embedded=0,
        seconds=time.monotonic() - began,
    )


def _unchanged(manifest: Manifest, read: _Read, encoder: Encoder, chunker: Chunker) -> bool:
    return (manifest.corpus, manifest.encoder, manifest.chunker) == (
        read.corpus,
        encoder.fingerprint,
        chunker.fingerprint,
    )


def _write_rows(
    folder: Path, read: _Read, encoder: Encoder, cache_path: Path, progress: Callable[[Progress], None]
) -> int:
    """Passages, rejections, the lexical index, and the vectors as raw float16; returns how many were embedded."""
    np.save(folder / PASSAGES, read.rows)
    rejected = [error.to_json() for error in read.rejected[:_REJECTED_KEPT]]
    (folder / REJECTED).write_text(json.dumps(rejected))
    documents = Documents(folder / ARTICLES)
    done = 0

    def show(computed: int) -> None:
        # Of a block, those in the cache count when all of it is done.
        progress(Progress("embedding", done + computed, len(read.rows)))

    with (
        LexicalWriter(folder / BM25_PASSAGES, BY_PASSAGE) as by_passage,
        LexicalWriter(folder / BM25_ARTICLES, BY_ARTICLE) as by_article,
        VectorCache(cache_path, encoder) as cache,
        (folder / _VECTORS).open("wb") as vectors,
    ):
        for texts in _blocks(documents, read.rows, by_passage, by_article):
            vectors.write(cache.vectors(texts, show).tobytes())
            done += len(texts)
            show(0)
        if len(cache) > 2 * done + _BLOCK:
            cache.drop_unused()
        embedded = cache.computed
    documents.close()
    return embedded


def _blocks(
    documents: Documents, rows: PassageRows, by_passage: LexicalWriter, by_article: LexicalWriter
) -> Iterator[list[str]]:
    """The texts to embed, in row order and blocks; passages and articles go to the lexical indexes on the way."""
    block: list[str] = []
    row = 0
    for number, passages in groupby(rows, key=lambda entry: int(entry["article"])):
        article = documents.article(number)
        context = about(article)
        by_article.add(row, body=f"{article.title}\n{context}\n{article.text}")
        for entry in passages:
            text = article.text[int(entry["start"]) : int(entry["end"])]
            by_passage.add(row, body=text, title=article.title, about=context)
            block.append(embedded_text(article, text))
            row += 1
            if len(block) == _BLOCK:
                yield block
                block = []
    if block:
        yield block


def _write_dense(folder: Path, encoder: Encoder, count: int, exact_limit: int) -> str:
    vectors = np.memmap(folder / _VECTORS, dtype=np.float16, mode="r", shape=(count, encoder.dimension))
    kind = build_dense(vectors, folder / DENSE, exact_limit)
    del vectors
    (folder / _VECTORS).unlink()
    return kind


def _write_manifest(folder: Path, read: _Read, encoder: Encoder, chunker: Chunker, dense: str) -> None:
    days = read.rows["day"][read.rows["day"] > 0]
    manifest = Manifest(
        format=FORMAT,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        encoder=encoder.fingerprint,
        chunker=chunker.fingerprint,
        dimension=encoder.dimension,
        articles=len(read.digests),
        passages=len(read.rows),
        rejected=len(read.rejected),
        corpus=read.corpus,
        oldest=date.fromordinal(int(days.min())).isoformat() if len(days) else None,
        newest=date.fromordinal(int(days.max())).isoformat() if len(days) else None,
        dense=dense,
        files=file_checksums(folder),
    )
    write_atomically(folder / MANIFEST, manifest.to_json())


def _try_out(index: Index, encoder: Encoder) -> None:
    """Ask the new index for passages that it holds; it must find them, by vector and by words."""
    for row in sorted({0, len(index) // 2, len(index) - 1}):
        article, passage = index.passage(row)
        stored = index.dense.vectors(np.array([row]))[0]
        computed = encoder.encode([embedded_text(article, passage.text)])[0]
        if float(stored @ computed) < 0.99:
            raise IndexCorrupt(index.folder, f"holds a wrong vector for the passage {passage.id}")
        terms = index.lexical.terms(passage.text)
        if terms and index.lexical.scores(terms, np.array([row]))[0] <= 0:
            raise IndexCorrupt(index.folder, f"does not find the passage {passage.id} by its own words")
