"""A build killed at any moment leaves the old generation or the new one, whole, and the next build succeeds.

BYLINE_KILLS sets the number of kills at random moments (25).
"""

import os
import random
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.children import build_slowly, die_at_step, die_in_phase, die_in_store, start
from tests.fakes import Place, about, edition_of, record, records

KILLS = int(os.environ.get("BYLINE_KILLS", "25"))
_ARTICLES = 100
_DELAY = 0.03


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place with three generations of the old edition, and articles of the new one that wait to be indexed."""
    place = Place(tmp_path_factory.mktemp("template"))
    for count in range(_ARTICLES - 2, _ARTICLES + 1):
        place.build(records(count, "old"))
    place.write(records(_ARTICLES, "new"))
    return place.root


@pytest.fixture
def place(template: Path, tmp_path: Path) -> Place:
    return Place(shutil.copytree(template, tmp_path / "place"))


def check_whole(place: Place, old: str, new: str) -> str:
    """The edition that answers; it is one of the two, complete, and search works."""
    index = place.open()
    edition = edition_of(index)
    assert edition in (old, new)
    assert len(index.documents) == _ARTICLES
    assert place.search(about(7), 1)[0].article.title == record(7, edition)["title"]
    return edition


def check_mended(place: Place, edition: str) -> set[str]:
    """The next build makes the edition answer; what it leaves lying that is no generation."""
    place.build()
    assert check_whole(place, edition, edition) == edition
    assert len(place.store.generations()) <= 4
    return place.names() - {*place.store.generations(), "CURRENT"}


def moments(count: int, duration: float) -> Iterator[float]:
    """Moments spread evenly over the duration, each by chance within its own share of it, in no order."""
    chance = random.Random()
    yield from chance.sample([(share + chance.random()) / count * duration for share in range(count)], count)


def test_a_build_killed_at_random_moments_leaves_the_old_generation_or_the_new_one(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.build(records(_ARTICLES, "0"))
    place.write(records(_ARTICLES, "1"))
    child = start(build_slowly, place.root, _DELAY)
    child.hear()
    began = time.monotonic()
    child.hear()
    duration = time.monotonic() - began
    child.ended()

    interrupted = outlived = 0
    left: set[str] = set()
    for number, moment in enumerate(moments(KILLS, duration), start=1):
        old, new = str(number), str(number + 1)
        place.write(records(_ARTICLES, new))
        child = start(build_slowly, place.root, _DELAY)
        child.hear()
        time.sleep(moment)
        ended = child.kill()
        assert ended in (0, -signal.SIGKILL)
        interrupted += ended != 0
        outlived += check_whole(place, old, new) == old
        left |= check_mended(place, new)
    # Unless many kills came while the build was at work, nothing was tested.
    assert interrupted > KILLS // 4
    assert outlived > 0
    assert left == set()


def test_builds_killed_one_after_the_other_leave_the_old_generation_or_the_new_one(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.build(records(_ARTICLES, "old"))
    place.write(records(_ARTICLES, "new"))
    for number in range(6):
        child = start(build_slowly, place.root, _DELAY)
        child.hear()
        time.sleep(0.05 * number)
        assert child.kill() in (0, -signal.SIGKILL)
        check_whole(place, "old", "new")
    assert check_mended(place, "new") == set()


@pytest.mark.parametrize("phase", ["reading", "embedding", "indexing", "verifying"])
def test_a_build_that_dies_in_a_phase_leaves_the_old_generation(place: Place, phase: str) -> None:
    assert start(die_in_phase, place.root, phase).ended() == 9
    assert check_whole(place, "old", "new") == "old"
    assert check_mended(place, "new") == set()


@pytest.mark.parametrize(
    ("moment", "edition"),
    [
        ("before publish", "old"),
        ("before switch", "old"),
        ("after switch", "new"),
        ("after publish", "new"),
        ("before prune", "new"),
        ("after prune", "new"),
    ],
)
def test_a_build_that_dies_while_publishing_leaves_what_current_names(place: Place, moment: str, edition: str) -> None:
    assert start(die_in_store, place.root, moment).ended() == 9
    assert check_whole(place, "old", "new") == edition
    assert check_mended(place, "new") == set()


def test_a_first_build_that_dies_while_publishing_leaves_no_index_or_a_whole_one(tmp_path: Path) -> None:
    for moment in ("before publish", "before switch", "after switch"):
        place = Place(tmp_path / moment)
        place.write(records(_ARTICLES, "new"))
        assert start(die_in_store, place.root, moment).ended() == 9
        if place.store.generations():
            assert edition_of(place.store.open().index) == "new"
        assert check_mended(place, "new") == set()


def test_a_build_that_dies_between_any_two_steps_leaves_the_old_generation_or_the_new_one(
    template: Path, tmp_path: Path
) -> None:
    """Steps are the changes of names: folders and files made, renamed and removed."""
    switched = []
    left: list[tuple[int, set[str]]] = []
    for step in range(1, 200):
        place = Place(shutil.copytree(template, tmp_path / str(step)))
        child = start(die_at_step, place.root, step)
        if child.ended() == 0:
            break
        switched.append(check_whole(place, "old", "new") == "new")
        if remains := check_mended(place, "new"):
            left.append((step, remains))
        shutil.rmtree(place.root)
    assert len(switched) > 8
    # Once the new generation answers it goes on answering.
    assert switched == sorted(switched)
    assert set(switched) == {False, True}
    assert left == []
