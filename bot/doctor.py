"""What is well, what is not, and how to mend it."""

import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from bot.service import open_encoder, open_reader_model
from bot.settings import Settings
from retrieval.encoder import Encoder
from retrieval.errors import IndexCorrupt, IndexIncompatible, RetrievalError
from retrieval.index import open_index
from retrieval.models import find_model
from retrieval.reader import read_tuning
from retrieval.retriever import Retriever
from retrieval.store import Store

_DISK_BYTES = 2 << 30
_MEMORY_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `remedy` says what to do if it is not well."""

    subject: str
    well: bool
    detail: str
    remedy: str | None = None

    def line(self) -> str:
        """The finding for a terminal."""
        mended = f" -> {self.remedy}" if self.remedy else ""
        return f"{'ok  ' if self.well else 'BAD '} {self.subject}: {self.detail}{mended}"

    def to_json(self) -> dict[str, Any]:
        """The finding as JSON."""
        return asdict(self)


def examine(settings: Settings, articles: Sequence[Path]) -> list[Finding]:
    """Look at the articles, the model, the index, the disk and the memory. The settings have been read already."""
    findings = [Finding("settings", True, f"data in {settings.data_dir}, encoder {settings.encoder_backend}")]
    findings += [_articles(path) for path in articles]
    encoder, opened = _encoder(settings)
    return [
        *findings,
        _model(settings),
        opened,
        _reader(settings),
        *_generations(settings, encoder),
        _disk(settings),
        _memory(),
    ]


def _articles(path: Path) -> Finding:
    if path.exists():
        return Finding("articles", True, str(path))
    return Finding("articles", False, f"{path} is not there", "create it, or set ARTICLES_DIR or --articles")


def _model(settings: Settings) -> Finding:
    try:
        model = find_model(settings.embedding_model)
    except (RetrievalError, OSError) as error:
        remedy = "reinstall with `make install`, or check EMBEDDING_MODEL"
        return Finding("model files", False, str(error), remedy)
    return Finding("model files", True, f"{model.name}, sha256 {model.sha256[:16]}…")


def _encoder(settings: Settings) -> tuple[Encoder | None, Finding]:
    try:
        encoder = open_encoder(settings)
        vector = encoder.encode(["Is anybody there?"])[0]
    except (RetrievalError, OSError) as error:
        return None, Finding("encoder", False, str(error), f"delete {settings.models_dir} and try again")
    detail = f"{encoder.fingerprint}, {encoder.dimension} dimensions, length {float(vector @ vector):.3f}"
    return encoder, Finding("encoder", True, detail)


def _reader(settings: Settings) -> Finding:
    try:
        reader = open_reader_model(settings)
        tuning = read_tuning(reader.folder)
        reader.read("Who is there?", ["Nobody is there."])
    except (RetrievalError, OSError) as error:
        remedy = "reinstall with `make install`, or check READER_MODEL"
        return Finding("reader", False, str(error), remedy)
    chosen = settings.answer_threshold
    below = f"refuses below {tuning.threshold(chosen):.2f} ({chosen})"
    detail = f"{settings.reader_model}, sha256 {reader.fingerprint[:16]}…, {below}"
    return Finding("reader", True, detail)


def _generations(settings: Settings, encoder: Encoder | None) -> list[Finding]:
    store = Store(settings.index_dir)
    names = store.generations()
    if not names:
        return [Finding("index", False, f"none in {settings.index_dir}", "build one with `byline index`")]
    current = store.current()
    findings = []
    if current not in names:
        findings.append(
            Finding(
                "index", False, "CURRENT does not name a generation", "`byline index` or `byline rollback` mends it"
            )
        )
    for name in names:
        label = f"generation {name}{' (current)' if name == current else ''}"
        findings.append(_generation(store.root / name, label, encoder if name == current else None))
    return findings


def _generation(folder: Path, label: str, encoder: Encoder | None) -> Finding:
    try:
        index = open_index(folder)
        if encoder:
            Retriever(index, encoder)
    except IndexCorrupt as error:
        return Finding(label, False, f"{error.path} {error.reason}", "`byline index` builds a sound one")
    except IndexIncompatible as error:
        return Finding(label, False, str(error), "`byline index --force` builds it anew")
    manifest = index.manifest
    return Finding(label, True, f"{manifest.articles:,} articles, {manifest.passages:,} passages, all checksums match")


def _disk(settings: Settings) -> Finding:
    folder = settings.data_dir.absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    detail = f"{free / 2**30:.1f} GiB free at {folder}"
    remedy = None if free >= _DISK_BYTES else "free some space: a rebuild writes a whole new index beside the old one"
    return Finding("disk", remedy is None, detail, remedy)


def _memory() -> Finding:
    free = psutil.virtual_memory().available
    detail = f"{free / 2**30:.1f} GiB available"
    remedy = None if free >= _MEMORY_BYTES else "a large collection needs 1 GiB to serve and up to 4 GiB to build"
    return Finding("memory", remedy is None, detail, remedy)


def index_status(settings: Settings) -> dict[str, Any]:
    """What the index holds, by name.

    Raises:
        IndexMissing, IndexCorrupt, IndexIncompatible: as `Store.open`.
    """
    store = Store(settings.index_dir)
    opened = store.open()
    manifest = opened.index.manifest
    size = sum(path.stat().st_size for path in opened.index.folder.rglob("*") if path.is_file())
    return {
        "generation": opened.index.generation,
        "created": manifest.created,
        "articles": manifest.articles,
        "passages": manifest.passages,
        "rejected": manifest.rejected,
        "oldest": manifest.oldest,
        "newest": manifest.newest,
        "encoder": manifest.encoder,
        "dense": manifest.dense,
        "megabytes": round(size / 1e6, 1),
        "generations": store.generations(),
        "damaged": [str(error) for error in opened.damaged],
    }
