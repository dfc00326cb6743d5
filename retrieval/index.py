"""An index on disk: articles, passages, dense and lexical rows, and the manifest that says what they must be.

Files of a generation: `articles.sqlite`, `passages.npy`, `dense.faiss`, `bm25-passages/`, `bm25-articles/`,
`rejected.json`, `manifest.json`.
Row r of the passages is row r of FAISS and of tantivy. Rows are ordered by date, undated articles first, so that "until
this day" and "these weeks" are ranges of rows.
"""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from retrieval.dense import DenseIndex, Rows, open_dense
from retrieval.documents import Documents
from retrieval.errors import IndexCorrupt, IndexIncompatible
from retrieval.lexical import BY_ARTICLE, BY_PASSAGE, LexicalIndex
from retrieval.models import sha256_of
from retrieval.types import Article, Passage

FORMAT = 2
ARTICLES, PASSAGES, DENSE = "articles.sqlite", "passages.npy", "dense.faiss"
BM25_PASSAGES, BM25_ARTICLES = "bm25-passages", "bm25-articles"
REJECTED, MANIFEST = "rejected.json", "manifest.json"

# `article` is the number in Documents, start and end are offsets into its text, `day` is date.toordinal() or 0.
PASSAGE_ROW = np.dtype([("article", "<i4"), ("start", "<i4"), ("end", "<i4"), ("day", "<i4")])
PassageRows = npt.NDArray[np.void]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation holds, of which model and chunker, and the sha256 of each of its files."""

    format: int
    created: str
    encoder: str
    chunker: str
    dimension: int
    articles: int
    passages: int
    rejected: int
    corpus: str
    oldest: str | None
    newest: str | None
    dense: str
    files: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> bytes:
        """The manifest as a file, with a checksum of itself."""
        body = asdict(self)
        return json.dumps({**body, "checksum": _checksum(body)}, indent=1).encode()


def _checksum(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a generation.

    Raises:
        IndexCorrupt: it is missing, cut short or altered.
        IndexIncompatible: it is of another format.
    """
    path = folder / MANIFEST
    try:
        body = json.loads(path.read_bytes())
        checksum = body.pop("checksum")
        sound = checksum == _checksum(body)
    except FileNotFoundError as error:
        raise IndexCorrupt(path, "is missing") from error
    except OSError as error:
        raise IndexCorrupt(path, f"cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise IndexCorrupt(path, "is damaged") from error
    if not sound:
        raise IndexCorrupt(path, "is damaged (its checksum does not match)")
    if body.get("format") != FORMAT:
        raise IndexIncompatible(
            f"{folder} has index format {body.get('format')}, this version reads format {FORMAT}; "
            "build the index again with `byline index`."
        )
    return Manifest(**body)


def file_checksums(folder: Path) -> dict[str, str]:
    """Relative name -> sha256 of every file of a generation but its manifest and lock files."""
    names = sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and path.name != MANIFEST and path.suffix != ".lock"
    )
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(names, pool.map(lambda name: sha256_of(folder / name), names), strict=True))


def verify(folder: Path, manifest: Manifest) -> None:
    """Check every file of a generation against its manifest.

    Raises:
        IndexCorrupt: names the first file that is missing or altered.
    """

    def check(name: str) -> None:
        path = folder / name
        try:
            digest = sha256_of(path)
        except FileNotFoundError as error:
            raise IndexCorrupt(path, "is missing") from error
        except OSError as error:
            raise IndexCorrupt(path, f"cannot be read ({error.strerror})") from error
        if digest != manifest.files[name]:
            raise IndexCorrupt(path, "is damaged (its checksum does not match the manifest)")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(check, sorted(manifest.files)))


class Index:
    """One generation, open. Immutable, and safe to use from several threads."""

    def __init__(
        self,
        folder: Path,
        manifest: Manifest,
        documents: Documents,
        passages: PassageRows,
        dense: DenseIndex,
        lexical: LexicalIndex,
        by_article: LexicalIndex,
    ) -> None:
        self.folder, self.manifest = folder, manifest
        self.documents, self.dense, self.lexical, self.by_article = documents, dense, lexical, by_article
        self._passages = passages
        self.days: npt.NDArray[np.int32] = np.ascontiguousarray(passages["day"])
        self.articles: npt.NDArray[np.int32] = np.ascontiguousarray(passages["article"])
        # The passages of an article are rows in a run, since rows are in order of date and then of article.
        begins = np.flatnonzero(np.diff(self.articles, prepend=-1))
        self._runs = np.append(begins, len(passages))

    def __len__(self) -> int:
        return len(self._passages)

    @property
    def generation(self) -> str:
        """The name of the generation."""
        return self.folder.name

    def rows_between(self, first: date | None, last: date | None) -> range:
        """The rows of the articles published from `first` to `last`, both included; None is no bound.

        Undated articles are among them only if there is no lower bound.
        """
        start = int(np.searchsorted(self.days, first.toordinal())) if first else 0
        stop = int(np.searchsorted(self.days, last.toordinal(), side="right")) if last else len(self)
        return range(start, max(start, stop))

    def passage(self, row: int) -> tuple[Article, Passage]:
        """The passage of a row and its article."""
        entry = self._passages[row]
        article = self.documents.article(int(entry["article"]))
        start, end = int(entry["start"]), int(entry["end"])
        return article, Passage(article.id, start, end, article.text[start:end])

    def first_rows(self, rows: Rows) -> Rows:
        """For each row, the first row of its article."""
        first: Rows = self._runs[np.searchsorted(self._runs, rows, side="right") - 1]
        return first

    def rows_of(self, rows: Rows) -> Rows:
        """All rows of the articles that the given rows belong to."""
        runs = np.unique(np.searchsorted(self._runs, rows, side="right") - 1)
        spans = [np.arange(self._runs[run], self._runs[run + 1]) for run in runs]
        return np.concatenate(spans) if spans else np.empty(0, np.int64)

    def rejected(self) -> list[dict[str, Any]]:
        """What the build could not read: {"path", "line", "reason"}."""
        rejected: list[dict[str, Any]] = json.loads((self.folder / REJECTED).read_text())
        return rejected


def open_index(folder: Path) -> Index:
    """Verify a generation and open it.

    Raises:
        IndexCorrupt: a file is missing, cut short or altered; the error names it.
        IndexIncompatible: the generation is of another format.
    """
    manifest = read_manifest(folder)
    verify(folder, manifest)
    try:
        passages = np.load(folder / PASSAGES, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise IndexCorrupt(folder / PASSAGES, "cannot be read") from error
    index = Index(
        folder,
        manifest,
        Documents(folder / ARTICLES),
        passages,
        open_dense(folder / DENSE),
        LexicalIndex(folder / BM25_PASSAGES, BY_PASSAGE),
        LexicalIndex(folder / BM25_ARTICLES, BY_ARTICLE),
    )
    counts = {len(index), len(index.dense), len(index.lexical), manifest.passages}
    if len(counts) != 1 or len(index.by_article) != manifest.articles:
        raise IndexCorrupt(folder, f"holds unequal numbers of passages ({sorted(counts)})")
    return index
