"""Generations: one answers, the ones before it wait, and whatever is wrong has a name."""

import json
import shutil
from pathlib import Path

import pytest

from bot.service import Service
from retrieval.errors import (
    BuildRunning,
    IndexCorrupt,
    IndexIncompatible,
    IndexMissing,
    NoPrevious,
)
from retrieval.index import MANIFEST, Manifest, read_manifest
from retrieval.retriever import Retriever
from retrieval.store import Store
from tests.children import hold_the_lock, start
from tests.fakes import FakeEncoder, Place, content, edition_of, records


def publish_editions(place: Place, *editions: str) -> None:
    for edition in editions:
        place.build(records(4, edition))


def make_foreign(generation: Path) -> None:
    """Give a generation the manifest of another version, sound in itself."""
    manifest = read_manifest(generation)
    values = {name: getattr(manifest, name) for name in Manifest.__slots__} | {"format": manifest.format + 1}
    (generation / MANIFEST).write_bytes(Manifest(**values).to_json())


def test_without_an_index_the_error_says_how_to_build_one(place: Place) -> None:
    with pytest.raises(IndexMissing, match="byline index"):
        place.store.open()
    with pytest.raises(IndexMissing, match="byline index"):
        Service(place.settings(), place.encoder)


def test_an_opened_store_answers_from_the_newest_build(place: Place) -> None:
    publish_editions(place, "first", "second")
    assert edition_of(place.open()) == "second"
    assert place.open().generation == place.store.current()


def test_building_again_does_not_touch_the_generations_before(place: Place) -> None:
    publish_editions(place, "first")
    folder = place.open().folder
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    publish_editions(place, "second")
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_second_build_is_refused_and_told_which_process_has_the_lock(place: Place) -> None:
    place.write(records(4))
    child = start(hold_the_lock, place.root)
    assert child.hear() == "begun"
    with pytest.raises(BuildRunning, match=rf"\b{child.process.pid}\b"):
        place.build()
    child.talk.send("go on")
    assert child.hear() == "000001"
    child.ended()
    assert place.build(records(5)).generation == "000002"


def test_a_second_build_in_the_same_process_is_refused(place: Place) -> None:
    with place.store.building(), pytest.raises(BuildRunning):
        place.build(records(4))


def test_the_lock_of_a_killed_build_is_free_and_its_remains_go(place: Place) -> None:
    publish_editions(place, "first")
    place.write(records(4, "second"))
    child = start(hold_the_lock, place.root)
    child.hear()
    child.kill()
    assert len(place.names()) > len({"000001", "CURRENT"})
    place.build()
    assert place.names() == {"000001", "000002", "CURRENT"}


def test_the_index_can_be_read_while_a_build_holds_the_lock(place: Place) -> None:
    publish_editions(place, "first")
    with place.store.building():
        assert edition_of(place.open()) == "first"


def test_rollback_lets_the_generation_before_answer(place: Place) -> None:
    publish_editions(place, "first", "second")
    assert place.store.rollback() == "000001"
    assert edition_of(place.open()) == "first"


def test_rollback_can_be_taken_again_until_there_is_nothing_older(place: Place) -> None:
    publish_editions(place, "first", "second", "third")
    assert [place.store.rollback(), place.store.rollback()] == ["000002", "000001"]
    with pytest.raises(NoPrevious, match="byline index"):
        place.store.rollback()
    assert edition_of(place.open()) == "first"


def test_rollback_with_no_index_at_all_is_refused(place: Place) -> None:
    with pytest.raises(NoPrevious):
        place.store.rollback()


def test_rollback_passes_over_a_damaged_generation(place: Place) -> None:
    publish_editions(place, "first", "second", "third")
    (place.store.root / "000002" / MANIFEST).unlink()
    assert place.store.rollback() == "000001"


def test_rollback_passes_over_a_generation_of_another_format(place: Place) -> None:
    publish_editions(place, "first", "second", "third")
    make_foreign(place.store.root / "000002")
    assert place.store.rollback() == "000001"


def test_a_build_after_a_rollback_is_compared_with_what_answers_and_gets_a_name_of_its_own(place: Place) -> None:
    publish_editions(place, "first", "second")
    place.store.rollback()
    assert place.build(records(4, "first")).generation is None
    report = place.build(records(5, "first"))
    assert (report.generation, report.added, report.unchanged) == ("000003", 1, 4)
    assert edition_of(place.open()) == "first"


def test_only_the_newest_three_generations_are_kept(place: Place) -> None:
    publish_editions(place, "first", "second", "third", "fourth", "fifth")
    assert place.store.generations() == ["000003", "000004", "000005"]
    assert edition_of(place.open()) == "fifth"


def test_pruning_keeps_the_generation_that_answers_however_old(place: Place) -> None:
    publish_editions(place, "first", "second", "third")
    place.store.rollback()
    place.store.rollback()
    for number in range(4, 6):
        shutil.copytree(place.store.root / "000003", place.store.root / f"{number:06d}")
    assert place.store.prune() == ["000002"]
    assert place.store.generations() == ["000001", "000003", "000004", "000005"]
    assert edition_of(place.open()) == "first"


def test_generations_are_ordered_by_number_beyond_six_digits(place: Place) -> None:
    publish_editions(place, "first")
    (place.store.root / "000001").rename(place.store.root / "999999")
    place.store.switch("999999")
    publish_editions(place, "second", "third")
    assert place.store.generations() == ["999999", "1000000", "1000001"]
    assert edition_of(place.open()) == "third"


def test_other_things_in_the_index_folder_are_no_generations(place: Place) -> None:
    publish_editions(place, "first")
    (place.store.root / "lost+found").mkdir()
    (place.store.root / "000009").write_text("a file")
    assert place.store.generations() == ["000001"]


def test_an_index_copied_elsewhere_answers_there(place: Place, tmp_path: Path) -> None:
    publish_editions(place, "first")
    copied = Store(shutil.copytree(place.store.root, tmp_path / "elsewhere"))
    assert content(copied.open().index) == content(place.open())


def test_an_index_of_another_format_is_refused_with_the_remedy(place: Place) -> None:
    publish_editions(place, "first")
    make_foreign(place.store.root / "000001")
    with pytest.raises(IndexIncompatible, match=r"format .*byline index"):
        place.store.open()


def test_a_build_replaces_an_index_of_another_format(place: Place) -> None:
    publish_editions(place, "first")
    make_foreign(place.store.root / "000001")
    report = place.build()
    assert (report.generation, report.added, report.embedded) == ("000002", 4, 0)
    assert edition_of(place.open()) == "first"


@pytest.mark.parametrize("other", [FakeEncoder(name="other"), FakeEncoder(dimension=16)], ids=["model", "dimension"])
def test_an_index_of_another_encoder_is_refused_with_the_remedy(place: Place, other: FakeEncoder) -> None:
    publish_editions(place, "first")
    with pytest.raises(IndexIncompatible, match="byline index"):
        Service(place.settings(), other)


def test_an_encoder_of_another_dimension_is_refused_even_under_the_same_name(place: Place) -> None:
    class Shrunk(FakeEncoder):
        @property
        def fingerprint(self) -> str:
            return FakeEncoder().fingerprint

    publish_editions(place, "first")
    with pytest.raises(IndexIncompatible, match="byline index"):
        Retriever(place.open(), Shrunk(dimension=16))


def test_the_manifest_counts_what_the_index_holds(place: Place) -> None:
    publish_editions(place, "first")
    index = place.open()
    manifest = json.loads((index.folder / MANIFEST).read_bytes())
    assert (manifest["articles"], manifest["passages"]) == (len(index.documents), len(index))
    assert manifest["dimension"] == index.dense.dimension == place.encoder.dimension
    assert (manifest["oldest"], manifest["newest"]) == ("2024-01-01", "2024-04-04")


def test_a_missing_folder_of_articles_is_an_error_of_the_tree(place: Place) -> None:
    publish_editions(place, "first")
    shutil.rmtree(place.store.root / "000001")
    with pytest.raises((IndexMissing, IndexCorrupt)):
        place.store.open()
