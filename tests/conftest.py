"""What every test has: no network, and a place of its own to build in."""

import socket
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import FakeEncoder, Place, records


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection to anything but this machine fails the test."""
    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, _only_loopback(getattr(socket.socket, name)))


def _only_loopback(connect: Any) -> Any:
    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to reach {address[0]}")
        return connect(self, address)

    return guarded


@pytest.fixture
def encoder() -> FakeEncoder:
    return FakeEncoder()


@pytest.fixture
def place(tmp_path: Path, encoder: FakeEncoder) -> Place:
    """An empty place; its builds use the fixture `encoder`."""
    return Place(tmp_path, encoder)


@pytest.fixture
def built(place: Place) -> Place:
    """A place with an index of twelve articles."""
    place.build(records(12))
    return place
