"""A new generation is swapped in while questions are asked: none fails, none waits, none mixes two generations."""

import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path

import pytest

from bot.service import Service
from retrieval.encoder import Vectors
from retrieval.store import Store
from retrieval.types import Answer
from tests.children import wait_for
from tests.fakes import FakeEncoder, Place, about, content, edition_of, records

_THREADS = 3
_PUBLISHED = 25
_PATIENCE = 20.0
_QUESTION = f"What does the edition say came to the harbour with {about(3)}?"


class Turnstile(FakeEncoder):
    """An encoder that stops at its next call of `encode`, or at the next look at its fingerprint, until let go on."""

    def __init__(self) -> None:
        super().__init__()
        self.stop_encoding = self.stop_opening = False
        self.stopped, self.go_on = threading.Event(), threading.Event()

    @property
    def fingerprint(self) -> str:
        if self.stop_opening:
            self.stop_opening = False
            self._wait()
        return super().fingerprint

    def encode(self, texts: Sequence[str]) -> Vectors:
        if self.stop_encoding:
            self.stop_encoding = False
            self._wait()
        return super().encode(texts)

    def _wait(self) -> None:
        self.stopped.set()
        assert self.go_on.wait(_PATIENCE)


@pytest.fixture
def turnstile() -> Turnstile:
    return Turnstile()


@pytest.fixture
def place(tmp_path: Path, turnstile: Turnstile) -> Place:
    """A place with an index of the edition odd and, set aside, generations of the editions odd and even."""
    place = Place(tmp_path / "place", turnstile)
    for edition in ("even", "odd"):
        place.build(records(20, edition))
        shutil.copytree(place.open().folder, tmp_path / edition)
    return place


@pytest.fixture
def service(place: Place) -> Iterator[Service]:
    service = Service(place.settings(), place.encoder)
    yield service
    service.close()


def publish(place: Place, edition: str) -> str:
    """Publish a generation of that edition, as a build would, and prune."""
    scratch = shutil.copytree(place.root.parent / edition, place.store.root / f".build-{edition}")
    name = place.store.publish(scratch)
    place.store.prune()
    return name


def editions(answer: Answer) -> set[str]:
    """The editions of which an answer speaks."""
    texts = [answer.text or "", *(citation.quote for citation in answer.citations)]
    texts += [citation.article.title for citation in answer.citations]
    return {edition for edition in ("odd", "even") if any(f" {edition} edition" in text for text in texts)}


def test_a_service_notices_a_new_generation_once(place: Place, service: Service) -> None:
    assert not service.refresh()
    publish(place, "even")
    assert edition_of(service.index) == "odd"
    assert service.refresh()
    assert edition_of(service.index) == "even"
    assert not service.refresh()


def test_a_service_notices_a_rollback(place: Place, service: Service) -> None:
    place.store.rollback()
    assert service.refresh()
    assert editions(service.answer(_QUESTION)) == {"even"}


def test_a_watching_service_swaps_by_itself_until_it_is_closed(place: Place, service: Service) -> None:
    service.watch(0.02)
    name = publish(place, "even")
    assert wait_for(lambda: service.index.generation == name)
    service.close()
    time.sleep(0.1)
    publish(place, "odd")
    time.sleep(0.2)
    assert service.index.generation == name


def test_a_watching_service_outlives_a_broken_index_folder(place: Place, service: Service) -> None:
    service.watch(0.02)
    root = place.store.root
    root.rename(root.with_name("gone"))
    time.sleep(0.1)
    assert editions(service.answer(_QUESTION)) == {"odd"}
    root.with_name("gone").rename(root)
    name = publish(place, "even")
    assert wait_for(lambda: service.index.generation == name)


def test_a_watching_service_outlives_a_current_that_cannot_be_read(place: Place, service: Service) -> None:
    current = place.store.root / "CURRENT"
    current.unlink()
    current.mkdir()
    service.watch(0.02)
    time.sleep(0.1)
    current.rmdir()
    name = publish(place, "even")
    assert wait_for(lambda: service.index.generation == name, 3)


def test_no_question_waits_for_a_swap(place: Place, service: Service, turnstile: Turnstile) -> None:
    publish(place, "even")
    with ThreadPoolExecutor(1) as pool:
        turnstile.stop_opening = True
        swap = pool.submit(service.refresh)
        assert turnstile.stopped.wait(_PATIENCE)
        # The new generation is half open, and stays so until the question has its answer.
        assert editions(service.answer(_QUESTION)) == {"odd"}
        assert not swap.done()
        turnstile.go_on.set()
        assert swap.result(_PATIENCE)
    assert editions(service.answer(_QUESTION)) == {"even"}


@pytest.mark.parametrize("ask", ["answer", "search"])
def test_a_question_under_way_ends_with_the_generation_it_began_with_even_if_that_is_pruned(
    place: Place, service: Service, turnstile: Turnstile, ask: str
) -> None:
    began_with = service.index.folder
    with ThreadPoolExecutor(1) as pool:
        turnstile.stop_encoding = True
        asked = pool.submit(getattr(service, ask), _QUESTION)
        assert turnstile.stopped.wait(_PATIENCE)
        for edition in ("even", "even", "even"):
            publish(place, edition)
        assert not began_with.exists()
        assert service.refresh()
        turnstile.go_on.set()
        found = asked.result(_PATIENCE)
    if isinstance(found, Answer):
        assert editions(found) == {"odd"}
    else:
        assert found
        assert all("odd" in hit.article.title and "odd" in hit.passage.text for hit in found)


def test_an_open_index_can_be_read_to_the_end_after_it_is_pruned(place: Place) -> None:
    index, kept = place.open(), content(place.open())
    for edition in ("even", "even", "even"):
        publish(place, edition)
    assert not index.folder.exists()
    assert edition_of(index) == "odd"
    assert content(index) == kept


def test_questions_from_many_threads_while_generations_are_published_again_and_again(
    place: Place, service: Service
) -> None:
    over = threading.Event()

    def ask() -> list[tuple[set[str], float]]:
        seen = []
        while not over.is_set():
            began = time.monotonic()
            found = editions(service.answer(_QUESTION))
            seen.append((found, time.monotonic() - began))
            hits = service.search(_QUESTION)
            seen.append(({hit.article.title.split()[-2] for hit in hits}, 0.0))
        return seen

    service.watch(0.005)
    with ThreadPoolExecutor(_THREADS) as pool:
        askers = [pool.submit(ask) for _ in range(_THREADS)]
        try:
            for edition in islice(cycle(("even", "odd")), _PUBLISHED):
                name = publish(place, edition)
                assert wait_for(lambda name=name: service.index.generation == name)  # type: ignore[misc]
                time.sleep(0.03)
        finally:
            over.set()
        answers = [answer for asker in askers for answer in asker.result(_PATIENCE)]
    assert {frozenset(found) for found, _ in answers} == {frozenset({"odd"}), frozenset({"even"})}
    assert max(seconds for _, seconds in answers) < 3


def test_a_store_opened_while_generations_are_published_never_takes_one_for_damaged(place: Place) -> None:
    over = threading.Event()

    def publish_on() -> None:
        for edition in islice(cycle(("even", "odd")), 20):
            publish(place, edition)
        over.set()

    opened = []
    with ThreadPoolExecutor(1) as pool:
        publisher = pool.submit(publish_on)
        while not over.is_set() and not publisher.done():
            opened.append(Store(place.store.root).open())
        publisher.result(_PATIENCE)
    assert len(opened) > 3
    assert [str(error) for result in opened for error in result.damaged] == []


def test_a_generation_published_between_two_looks_at_the_folder_is_not_taken_for_damage(place: Place) -> None:
    class Late(Store):
        """A store in which a generation is published as soon as the others have been listed."""

        published = False

        def generations(self) -> list[str]:
            names = super().generations()
            if not self.published:
                self.published = True
                publish(place, "even")
            return names

    opened = Late(place.store.root).open()
    assert [str(error) for error in opened.damaged] == []
    assert edition_of(opened.index) in ("odd", "even")


def test_a_generation_published_while_a_service_starts_is_noticed(place: Place) -> None:
    class PublishesOnce(FakeEncoder):
        """Publishes another generation while the service is opening the one before."""

        published: str | None = None

        @property
        def fingerprint(self) -> str:
            if self.published is None:
                self.published = ""
                self.published = publish(place, "even")
            return super().fingerprint

    encoder = PublishesOnce()
    service = Service(place.settings(), encoder)
    service.refresh()
    assert service.index.generation == encoder.published
    assert editions(service.answer(_QUESTION)) == {"even"}
