"""FAISS against numpy: the nearest of X are the rows that argsort(X @ q) puts first."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from retrieval.dense import DenseIndex, build_dense, open_dense
from retrieval.errors import IndexCorrupt

Half = npt.NDArray[np.float16]
Single = npt.NDArray[np.float32]

_DIMENSION = 32
_COUNT = 4_000


def _unit(vectors: npt.NDArray[np.float64]) -> Single:
    unit: Single = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return unit


def _clustered(count: int, seed: int) -> Single:
    """Unit vectors around 60 centres that are the same for every seed."""
    centres = np.random.default_rng(0).normal(size=(60, _DIMENSION))
    random = np.random.default_rng(seed)
    return _unit(centres[random.integers(60, size=count)] + 0.4 * random.normal(size=(count, _DIMENSION)))


_VECTORS: Half = _clustered(_COUNT, seed=1).astype(np.float16)
_QUERIES = _clustered(50, seed=2)


@pytest.fixture(scope="module")
def exact(tmp_path_factory: pytest.TempPathFactory) -> DenseIndex:
    path = tmp_path_factory.mktemp("dense") / "exact.faiss"
    build_dense(_VECTORS, path)
    return open_dense(path)


@pytest.fixture(scope="module")
def approximate(tmp_path_factory: pytest.TempPathFactory) -> DenseIndex:
    path = tmp_path_factory.mktemp("dense") / "approximate.faiss"
    build_dense(_VECTORS, path, exact_limit=0)
    return open_dense(path)


@pytest.fixture(params=["exact", "approximate"])
def either(request: pytest.FixtureRequest, exact: DenseIndex, approximate: DenseIndex) -> DenseIndex:
    return exact if request.param == "exact" else approximate


def _nearest(query: Single, k: int, rows: range) -> list[int]:
    scores = _VECTORS[rows.start : rows.stop].astype(np.float32) @ query
    return [rows.start + int(row) for row in np.argsort(-scores, kind="stable")[:k]]


@pytest.mark.parametrize("rows", [range(_COUNT), range(1_000, 1_700), range(17), range(_COUNT - 5, _COUNT)], ids=str)
def test_exact_search_finds_the_rows_that_numpy_finds(exact: DenseIndex, rows: range) -> None:
    for query in _QUERIES:
        found, scores = exact.search(query, 10, rows)
        assert found.tolist() == _nearest(query, 10, rows)
        np.testing.assert_allclose(scores, _VECTORS[found].astype(np.float32) @ query, atol=1e-5)


@pytest.mark.parametrize("rows", [range(_COUNT), range(500, 3_900), range(1_000, 1_700), range(2_000, 2_040)], ids=str)
def test_approximate_search_finds_99_of_100_of_the_ten_nearest(approximate: DenseIndex, rows: range) -> None:
    found = sum(
        len(set(approximate.search(query, 10, rows)[0].tolist()) & set(_nearest(query, 10, rows))) for query in _QUERIES
    )
    assert found >= 0.99 * 10 * len(_QUERIES)


def test_the_kinds_can_be_told_apart(exact: DenseIndex, approximate: DenseIndex) -> None:
    assert exact.kind == "exact"
    assert approximate.kind != "exact"


def test_building_returns_the_kind_that_opening_finds(tmp_path: Path) -> None:
    kind = build_dense(_VECTORS[:100], tmp_path / "dense.faiss", exact_limit=0)
    assert open_dense(tmp_path / "dense.faiss").kind == kind


def test_scores_fall_from_first_to_last(either: DenseIndex) -> None:
    for query in _QUERIES:
        _, scores = either.search(query, 50, range(_COUNT))
        assert np.all(np.diff(scores) <= 0)


@pytest.mark.parametrize("rows", [range(1), range(100, 130), range(_COUNT - 3, _COUNT)], ids=str)
def test_only_rows_of_the_range_are_found(either: DenseIndex, rows: range) -> None:
    for query in _QUERIES:
        assert set(either.search(query, 10, rows)[0].tolist()) <= set(rows)


@pytest.mark.parametrize("rows", [range(7), range(1_000, 1_007), range(_COUNT - 7, _COUNT)], ids=str)
def test_more_than_the_range_holds_gives_each_row_once_and_never_minus_one(either: DenseIndex, rows: range) -> None:
    found, scores = either.search(_QUERIES[0], 100, rows)
    assert sorted(found.tolist()) == list(rows)
    assert len(scores) == len(rows)


def test_more_than_the_index_holds_gives_every_row_once(exact: DenseIndex) -> None:
    found, _ = exact.search(_QUERIES[0], 2 * _COUNT, range(_COUNT))
    assert sorted(found.tolist()) == list(range(_COUNT))


@pytest.mark.parametrize("rows", [range(_COUNT), range(500, 3_900)], ids=str)
def test_more_than_the_searched_lists_hold_gives_no_minus_one(approximate: DenseIndex, rows: range) -> None:
    for query in _QUERIES:
        found = approximate.search(query, 2 * _COUNT, rows)[0].tolist()
        assert len(found) == len(set(found)) > 10
        assert set(found) <= set(rows)


@pytest.mark.parametrize(("k", "rows"), [(10, range(0)), (10, range(5, 5)), (0, range(_COUNT))], ids=str)
def test_nothing_is_found_in_an_empty_range(either: DenseIndex, k: int, rows: range) -> None:
    found, scores = either.search(_QUERIES[0], k, rows)
    assert (found.tolist(), scores.tolist()) == ([], [])


def test_a_stored_vector_finds_itself(either: DenseIndex) -> None:
    for row in range(0, _COUNT, 400):
        assert either.search(_VECTORS[row].astype(np.float32), 1, range(_COUNT))[0].tolist() == [row]


@pytest.mark.parametrize("rows", [[0], [_COUNT - 1, 5, 5, 2_000], list(range(_COUNT)), []], ids=len)
def test_vectors_come_back_as_they_were_stored(either: DenseIndex, rows: list[int]) -> None:
    vectors = either.vectors(np.array(rows, np.int64))
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(rows), _DIMENSION)
    np.testing.assert_array_equal(vectors, _VECTORS[rows].astype(np.float32).reshape(-1, _DIMENSION))


def test_the_index_knows_its_size(either: DenseIndex) -> None:
    assert (len(either), either.dimension) == (_COUNT, _DIMENSION)


def test_a_memory_mapped_array_is_indexed_like_any_other(tmp_path: Path) -> None:
    _VECTORS.tofile(tmp_path / "vectors")
    mapped = np.memmap(tmp_path / "vectors", np.float16, "r", shape=_VECTORS.shape)
    build_dense(mapped, tmp_path / "dense.faiss")
    np.testing.assert_array_equal(open_dense(tmp_path / "dense.faiss").vectors(np.array([9])), _VECTORS[[9]])


@pytest.mark.parametrize("exact_limit", [0, 50_000])
def test_the_same_vectors_make_the_same_file(tmp_path: Path, exact_limit: int) -> None:
    build_dense(_VECTORS, tmp_path / "one", exact_limit)
    build_dense(_VECTORS, tmp_path / "two", exact_limit)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize("kept", [0, 1, 4, 40, 1_000, -1])
def test_a_file_that_was_cut_short_is_corrupt(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "dense.faiss"
    build_dense(_VECTORS[:500], path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(IndexCorrupt, match=r"dense\.faiss"):
        open_dense(path)


def test_a_file_of_something_else_is_corrupt(tmp_path: Path) -> None:
    path = tmp_path / "dense.faiss"
    path.write_bytes(b"This is no index at all. " * 100)
    with pytest.raises(IndexCorrupt) as raised:
        open_dense(path)
    assert raised.value.path == path


def test_a_file_that_is_not_there_is_corrupt(tmp_path: Path) -> None:
    with pytest.raises(IndexCorrupt):
        open_dense(tmp_path / "dense.faiss")


def test_a_folder_that_cannot_be_written_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"dense\.faiss"):
        build_dense(_VECTORS[:10], tmp_path / "absent" / "dense.faiss")
