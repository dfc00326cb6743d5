"""The list of articles that an admin has taken out."""

import json
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.removed import Removed, RemovedDamaged
from retrieval.errors import RetrievalError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "removed.json"


def test_before_the_first_removal_nothing_is_out_and_nothing_is_written(path: Path) -> None:
    removed = Removed(path)
    assert removed.ids() == frozenset()
    assert removed.entries() == ()
    assert not removed.restore("a")
    assert not path.exists()


def test_what_is_removed_is_out_for_everyone_who_looks(path: Path) -> None:
    began = datetime.now(UTC)
    assert Removed(path).remove("added/пожар.html", "Пожар “в порту”", 7)
    (entry,) = Removed(path).entries()
    assert (entry.id, entry.title, entry.by) == ("added/пожар.html", "Пожар “в порту”", 7)
    assert began <= entry.at <= datetime.now(UTC)
    assert Removed(path).ids() == {"added/пожар.html"}


def test_the_last_one_taken_out_comes_first(path: Path) -> None:
    removed = Removed(path)
    for name in ("b", "a", "c"):
        removed.remove(name, name, 7)
    assert [entry.id for entry in removed.entries()] == ["c", "a", "b"]


def test_removing_twice_changes_nothing(path: Path) -> None:
    removed = Removed(path)
    removed.remove("a", "first", 7)
    before = path.read_bytes()
    assert not removed.remove("a", "second", 8)
    assert path.read_bytes() == before


def test_what_is_restored_is_in_again_and_can_be_removed_again(path: Path) -> None:
    removed = Removed(path)
    removed.remove("a", "first", 7)
    removed.remove("b", "second", 7)
    assert removed.restore("a")
    assert removed.ids() == {"b"}
    assert not removed.restore("a")
    assert removed.remove("a", "first", 7)
    assert [entry.id for entry in removed.entries()] == ["a", "b"]


_ENTRY = {"id": "a", "title": "t", "by": 7, "at": "2026-01-01T00:00:00+00:00"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0\0\0\0",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"{}",
        b'{"removed": {}}',
        b'{"removed": ["a"]}',
        b'{"removed": [',
        b"[" * 100_000,
        *(
            json.dumps({"removed": [_ENTRY | change]}).encode()
            for change in ({"id": 1}, {"title": None}, {"by": "x"}, {"at": "yesterday"}, {"at": 0})
        ),
        json.dumps({"removed": [{"id": "a"}]}).encode(),
    ],
    ids=lambda data: repr(data[:40]),
)
def test_a_damaged_list_is_an_error_that_names_the_file_and_stays_as_it_is(path: Path, data: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(data)
    removed = Removed(path)
    for use in (removed.ids, removed.entries, lambda: removed.remove("a", "t", 7), lambda: removed.restore("a")):
        with pytest.raises(RemovedDamaged) as caught:
            use()
        assert str(path) in str(caught.value)
        assert isinstance(caught.value, RetrievalError)
    assert path.read_bytes() == data


def test_a_list_that_cannot_be_opened_is_no_empty_list(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(RemovedDamaged, match=r"removed\.json"):
        Removed(path).ids()


_REMOVE_MANY = """
import sys
from pathlib import Path
from bot.removed import Removed
for number in range(20):
    Removed(Path(sys.argv[1])).remove(f"{sys.argv[2]} {number}", "t", 7)
"""


def _remove_many(path: Path, name: str, count: int) -> None:
    for number in range(count):
        Removed(path).remove(f"{name} {number}", "t", 7)


def test_removals_from_several_threads_and_processes_are_all_kept(path: Path) -> None:
    children = [subprocess.Popen([sys.executable, "-c", _REMOVE_MANY, path, f"child {n}"]) for n in range(2)]
    threads = [threading.Thread(target=_remove_many, args=(path, f"thread {n}", 20)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [child.wait(60) for child in children] == [0, 0]
    assert len(Removed(path).ids()) == 80


def test_a_reader_never_sees_half_a_list(path: Path) -> None:
    writer = threading.Thread(target=_remove_many, args=(path, "a", 40))
    writer.start()
    seen = 0
    while writer.is_alive():
        now = len(Removed(path).ids())  # would raise
        assert now >= seen
        seen = now
    writer.join()
    assert len(Removed(path).ids()) == 40
