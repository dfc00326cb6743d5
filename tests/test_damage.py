"""Damage to any file is noticed and named, and never keeps a sound generation from answering."""

import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.service import Service
from retrieval.errors import IndexCorrupt
from retrieval.index import ARTICLES, BM25_PASSAGES, DENSE, MANIFEST, PASSAGES, REJECTED
from retrieval.store import Store
from tests.fakes import FakeEncoder, Place, about, content, edition_of, record, records

Damage = Callable[[Path], None]

_FLIPS = 4


def remove(path: Path) -> None:
    path.unlink()


def cut_to_half(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def cut_to_nothing(path: Path) -> None:
    path.write_bytes(b"")


def make_unreadable(path: Path) -> None:
    """A folder in its place: what reads it gets an OSError, as from a failing disk."""
    path.unlink()
    path.mkdir()


def flip(number: int) -> Damage:
    """Turn one byte into another; the first and the last byte, and others by chance."""

    def damage(path: Path) -> None:
        data = bytearray(path.read_bytes())
        chance = random.Random(f"{path.name} {number}")
        place = {0: 0, 1: len(data) - 1}.get(number, chance.randrange(len(data)))
        data[place] ^= chance.randrange(1, 256)
        path.write_bytes(data)

    return damage


DAMAGES: dict[str, Damage] = {
    "removed": remove,
    "cut to half": cut_to_half,
    "cut to nothing": cut_to_nothing,
    "unreadable": make_unreadable,
    **{f"flip {number}": flip(number) for number in range(_FLIPS)},
}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place with three generations, each of an edition of its own."""
    place = Place(tmp_path_factory.mktemp("template"))
    for edition in ("first", "second", "third"):
        place.build(records(6, edition))
    return place.root


@pytest.fixture
def sound(template: Path, tmp_path: Path) -> Place:
    """A copy of the template, to be damaged."""
    return Place(shutil.copytree(template, tmp_path / "place"))


@pytest.fixture(params=list(DAMAGES.values()), ids=list(DAMAGES))
def damage(request: pytest.FixtureRequest) -> Damage:
    harm: Damage = request.param
    return harm


def damageable(folder: Path) -> Iterator[Path]:
    """The files of a generation. Locks are empty and hold nothing."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".lock":
            yield path


def harmed(folder: Path, damage: Damage) -> Iterator[Path]:
    """Each file of a generation damaged in turn, and whole again afterwards."""
    for path in list(damageable(folder)):
        whole = path.read_bytes()
        damage(path)
        if not (path.is_file() and path.read_bytes() == whole):
            yield path
        if path.is_dir():
            path.rmdir()
        path.write_bytes(whole)


def test_a_generation_has_the_files_that_are_damaged_here(sound: Place) -> None:
    folder = sound.open().folder
    names = {str(path.relative_to(folder)) for path in damageable(folder)}
    assert {ARTICLES, PASSAGES, DENSE, REJECTED, MANIFEST, f"{BM25_PASSAGES}/meta.json"} < names
    assert len(names) > 10


def test_damage_to_any_file_is_named_and_the_generation_before_answers(sound: Place, damage: Damage) -> None:
    count = 0
    for path in harmed(sound.store.root / "000003", damage):
        opened = sound.store.open()
        assert [error.path for error in opened.damaged] == [path]
        assert str(path) in str(opened.damaged[0])
        assert (opened.index.generation, edition_of(opened.index)) == ("000002", "second")
        count += 1
    assert count > 8


def test_the_service_answers_from_the_generation_before_and_says_what_is_damaged(sound: Place, damage: Damage) -> None:
    for path in harmed(sound.store.root / "000003", damage):
        service = Service(sound.settings(), sound.encoder)
        assert [error.path for error in service.damaged] == [path]
        assert service.search(about(2))[0].article.title == record(2, "second")["title"]
        assert "second" in service.answer(f"Where did {about(2)} come to?").citations[0].quote


def test_damage_with_no_other_generation_is_an_error_that_says_what_to_do(sound: Place, damage: Damage) -> None:
    shutil.rmtree(sound.store.root / "000001")
    shutil.rmtree(sound.store.root / "000002")
    for path in harmed(sound.store.root / "000003", damage):
        with pytest.raises(IndexCorrupt, match="byline index") as caught:
            sound.store.open()
        assert caught.value.path == path


def test_with_every_generation_damaged_the_error_is_that_of_the_current_one(sound: Place) -> None:
    for name in ("000001", "000002", "000003"):
        (sound.store.root / name / PASSAGES).unlink()
    with pytest.raises(IndexCorrupt) as caught:
        sound.store.open()
    assert caught.value.path == sound.store.root / "000003" / PASSAGES


def test_two_damaged_generations_are_both_named_and_the_oldest_answers(sound: Place) -> None:
    for name in ("000002", "000003"):
        (sound.store.root / name / DENSE).unlink()
    opened = sound.store.open()
    assert [error.path.parent.name for error in opened.damaged] == ["000003", "000002"]
    assert edition_of(opened.index) == "first"


def test_after_a_rollback_a_damaged_oldest_generation_gives_way_to_a_newer_one(sound: Place) -> None:
    sound.store.switch("000001")
    (sound.store.root / "000001" / DENSE).unlink()
    opened = sound.store.open()
    assert opened.index.generation in ("000002", "000003")
    assert [error.path.name for error in opened.damaged] == [DENSE]


def test_locks_left_in_a_generation_may_go_or_change(sound: Place) -> None:
    locks = list((sound.store.root / "000003").rglob("*.lock"))
    for path in locks:
        path.unlink()
    assert edition_of(sound.open()) == "third"
    for path in locks:
        path.write_bytes(b"?")
    assert edition_of(sound.open()) == "third"


@pytest.mark.parametrize("harm", [remove, cut_to_half, cut_to_nothing, make_unreadable])
def test_a_damaged_current_is_named_and_the_newest_generation_answers(sound: Place, harm: Damage) -> None:
    path = sound.store.root / "CURRENT"
    harm(path)
    opened = sound.store.open()
    assert [error.path for error in opened.damaged] == [path]
    assert edition_of(opened.index) == "third"


def test_one_changed_byte_in_current_never_goes_unnoticed(sound: Place) -> None:
    """Neither may it let another generation answer in silence."""
    path = sound.store.root / "CURRENT"
    whole = path.read_bytes()
    others = set(sound.store.generations()) - {"000003"}
    silent = []
    for place, byte in enumerate(whole):
        for value in {byte ^ 1 << bit for bit in range(8)} | set(b"0123456789 \n"):
            path.write_bytes(whole[:place] + bytes([value]) + whole[place + 1 :])
            if sound.store.current() in others:
                silent.append((place, chr(value)))
    assert silent == []


def test_the_next_build_mends_a_damaged_current(sound: Place) -> None:
    (sound.store.root / "CURRENT").write_bytes(b"\0\0\0")
    assert sound.build().generation == "000004"
    assert edition_of(sound.open()) == "third"


def test_the_next_build_replaces_a_damaged_generation_and_embeds_nothing(sound: Place) -> None:
    cut_to_half(sound.store.root / "000003" / DENSE)
    report = sound.build()
    assert (report.generation, report.embedded) == ("000004", 0)
    assert edition_of(sound.open()) == "third"


def test_a_damaged_generation_taken_up_by_a_running_service_changes_nothing_for_questions(sound: Place) -> None:
    service = Service(sound.settings(), sound.encoder)
    sound.build(records(6, "fourth"))
    cut_to_half(sound.store.root / "000004" / ARTICLES)
    service.refresh()
    assert edition_of(service.index) == "third"
    sound.build(records(6, "fifth"))
    assert service.refresh()
    assert edition_of(service.index) == "fifth"


def garbage(path: Path) -> None:
    path.write_bytes(random.Random(1).randbytes(20_000))


def wreck_a_page(path: Path) -> None:
    """Overwrite a page behind the first, as a failing disk would."""
    data = bytearray(path.read_bytes())
    data[4096 * 2 : 4096 * 3] = bytes(4096)
    path.write_bytes(data)


def change_vectors(path: Path) -> None:
    """Half of the vectors become others of the right length."""
    db = sqlite3.connect(path)
    with db:
        db.execute("UPDATE vectors SET vector = zeroblob(length(vector)) WHERE hex(key) < '8'")
    db.close()


CACHE_DAMAGES: dict[str, Damage] = {
    "garbage": garbage,
    "a wrecked page": wreck_a_page,
    "vectors changed": change_vectors,
    **{name: harm for name, harm in DAMAGES.items() if name != "unreadable"},
    **{f"flip {number}": flip(number) for number in range(_FLIPS, 24)},
}


@pytest.fixture(scope="module")
def cached(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place with some pages of cached vectors."""
    place = Place(tmp_path_factory.mktemp("cached"), FakeEncoder(dimension=64))
    place.build(records(150))
    return place.root


@pytest.mark.parametrize("harm", CACHE_DAMAGES.values(), ids=CACHE_DAMAGES)
def test_a_damaged_vector_cache_never_spoils_a_build(cached: Path, tmp_path: Path, harm: Damage) -> None:
    place = Place(shutil.copytree(cached, tmp_path / "place"), FakeEncoder(dimension=64))
    right = content(place.open())
    harm(place.cache)
    assert place.build(force=True).generation == "000002"
    assert content(place.open()) == right
    # And the cache is of use again.
    assert place.build(force=True).embedded == 0


def test_the_store_of_a_folder_that_is_a_file_has_no_generations(tmp_path: Path) -> None:
    (tmp_path / "index").write_text("no folder")
    assert Store(tmp_path / "index").generations() == []
    assert Store(tmp_path / "index").current() is None
