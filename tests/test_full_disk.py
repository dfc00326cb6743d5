"""A disk that is full at any point of a build: an error of the tree, nothing published, the old index answers."""

from pathlib import Path

import pytest

from retrieval.errors import StorageError
from tests.children import start, starve
from tests.fakes import Place, edition_of, records

_ARTICLES = 300


# From when on files may not grow beyond how many bytes. Each file of a build is in turn the first that is too large.
LIMITS = [
    (".building.json.", 0),
    ("articles.sqlite", 0),
    ("articles.sqlite", 20_000),
    ("passages.npy", 0),
    ("passages.npy", 3_000),
    ("rejected.json", 1),
    ("vectors.f16", 0),
    ("vectors.f16", 10_000),
    *[("embedded", limit) for limit in (0, 100, 200, 1_000, 1_200, 3_000, 6_000)],  # the files of tantivy
    *[("indexing", limit) for limit in (0, 500, 8_000)],  # the file of FAISS
    (".manifest.json.", 0),
    (".manifest.json.", 1_000),
    (".CURRENT.", 0),
    (".CURRENT.", 3),
]


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A place with an index, and other articles to build from, whose vectors are known. No build here succeeds."""
    place = Place(tmp_path_factory.mktemp("full"))
    place.build(records(_ARTICLES, "new"))
    place.build(records(_ARTICLES, "old"))
    place.write(records(_ARTICLES, "new"))
    return place


def check_failed(place: Place, moment: str, limit: int) -> str:
    """Build on a full disk; the message of the error."""
    before = place.store.generations()
    child = start(starve, place.root, moment, limit)
    kind, message = child.hear()
    assert child.ended() == 0
    assert kind is StorageError, f"{kind}: {message}"
    assert place.store.generations() == before
    assert place.names() - {"building.json"} == {*before, "CURRENT"}
    assert edition_of(place.open()) == "old"
    return str(message)


@pytest.mark.parametrize(("moment", "limit"), LIMITS)
def test_a_full_disk_is_a_storage_error_that_says_so_and_publishes_nothing(old: Place, moment: str, limit: int) -> None:
    message = check_failed(old, moment, limit)
    assert str(old.store.root) in message
    assert "nothing was published" in message
    assert "build again" in message


@pytest.mark.parametrize("limit", [0, 1_000, 30_000])
def test_a_full_disk_under_the_vector_cache_is_a_storage_error_too(tmp_path: Path, limit: int) -> None:
    place = Place(tmp_path)
    place.build(records(_ARTICLES, "old"))
    place.write(records(_ARTICLES, "new"))
    check_failed(place, "vectors.sqlite", limit)
    place.build()
    assert edition_of(place.open()) == "new"


def test_a_limit_that_nothing_reaches_stops_nothing(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.write(records(20))
    child = start(starve, place.root, "articles.sqlite", 10**9)
    assert child.hear() == ("published", "000001")
    assert child.ended() == 0
