"""Dense retrieval: FAISS over unit vectors, inner product, with float16 storage."""

from pathlib import Path
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from retrieval.encoder import Vectors
from retrieval.errors import IndexCorrupt

Rows = npt.NDArray[np.int64]

# Its stubs do not know the keyword arguments.
_faiss: Any = faiss

# Up to here an exact scan takes under 5 ms on two cores; the lists keep a recall at 10 of 0.99 at any size measured
# (benchmarks/dense.py).
EXACT_LIMIT = 100_000
PROBES = 128
_TRAIN_PER_LIST = 40
_BLOCK = 16_384


class DenseIndex:
    """Finds the vectors nearest to a query among a range of rows."""

    def __init__(self, index: Any, probes: int = PROBES) -> None:
        self._index, self._probes = index, probes
        self._approximate = isinstance(index, faiss.IndexIVF)
        if self._approximate:
            index.make_direct_map()

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return int(self._index.d)

    @property
    def kind(self) -> str:
        """How it searches, for people."""
        return f"IVF {self._index.nlist} lists, {self._probes} probed" if self._approximate else "exact"

    def search(self, query: Vectors, k: int, rows: range) -> tuple[Rows, Vectors]:
        """The up to k rows within `rows` nearest to `query`, and their inner products, nearest first.

        `query` has shape (dimension,). FAISS's padding (id -1) is left out.
        """
        if not rows or k < 1:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        selector = faiss.IDSelectorRange(rows.start, rows.stop, True)  # the lists hold their rows in order
        parameters: Any
        if self._approximate:
            # The lists hold all dates; of a narrow range the nearest may lie in any list, and the scan is short.
            share = len(rows) / len(self)
            nprobe = min(self._index.nlist, int(self._probes / max(share, 1e-9)) if share < 0.5 else self._probes)
            parameters = _faiss.SearchParametersIVF(sel=selector, nprobe=nprobe)
        else:
            parameters = _faiss.SearchParameters(sel=selector)
        scores, found = self._index.search(query.reshape(1, -1), min(k, len(rows)), params=parameters)
        real = found[0] >= 0
        return found[0][real], scores[0][real]

    def vectors(self, rows: Rows) -> Vectors:
        """The stored vectors of `rows`: float32, shape (len(rows), dimension)."""
        if not len(rows):
            return np.empty((0, self.dimension), np.float32)
        vectors: Vectors = self._index.reconstruct_batch(rows)
        return vectors


def build_dense(vectors: npt.NDArray[np.float16], path: Path, exact_limit: int = EXACT_LIMIT) -> str:
    """Write the index of `vectors` (shape (n, dimension), unit length; may be memory-mapped) to `path`.

    Returns what kind of index it is, for people.
    """
    count, dimension = vectors.shape
    index: Any
    if count <= exact_limit:
        index = faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    else:
        lists = int(2 * np.sqrt(count))
        index = faiss.IndexIVFScalarQuantizer(
            faiss.IndexFlatIP(dimension),
            dimension,
            lists,
            faiss.ScalarQuantizer.QT_fp16,
            faiss.METRIC_INNER_PRODUCT,
            False,  # no residuals: float16 holds the vectors as they are
        )
        index.cp.niter = 10
        sample = np.random.default_rng(0).choice(count, min(count, lists * _TRAIN_PER_LIST), replace=False)
        index.train(vectors[np.sort(sample)].astype(np.float32))
    if not index.is_trained:
        index.train(np.zeros((1, dimension), np.float32))
    for first in range(0, count, _BLOCK):
        index.add(vectors[first : first + _BLOCK].astype(np.float32))
    try:
        faiss.write_index(index, str(path))
    except RuntimeError as error:  # a full disk, by FAISS's name for it
        raise OSError(f"FAISS could not write {path.name}") from error
    return DenseIndex(index).kind


def open_dense(path: Path, probes: int = PROBES) -> DenseIndex:
    """Open a written index; `probes` is how many of its lists are searched, if it has any.

    Raises:
        IndexCorrupt: FAISS cannot read the file.
    """
    try:
        return DenseIndex(faiss.read_index(str(path)), probes)
    except RuntimeError as error:
        raise IndexCorrupt(path, "cannot be read by FAISS") from error
