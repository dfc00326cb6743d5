"""A PostgreSQL for all tests of this folder, and empty databases of both kinds."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from bot.state import State

PASSWORD = "s3cret-word"


@dataclass(frozen=True, slots=True)
class Server:
    """A PostgreSQL; `address` is up to the name of a database."""

    address: str

    def url(self, database: str) -> str:
        return f"{self.address}/{database}"

    def create(self, options: str = "") -> str:
        """The address of a new, empty database."""
        name = f"d{uuid4().hex}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} {options}".encode())
        return self.url(name)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A PostgreSQL of our own."""
    if not shutil.which("initdb") or not shutil.which("postgres"):
        pytest.skip("PostgreSQL is not installed")
    # PostgreSQL refuses to run as root.
    other: dict[str, Any] = {"user": 65534, "group": 65534, "extra_groups": []} if os.getuid() == 0 else {}
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"}
    with tempfile.TemporaryDirectory(prefix="byline-pg-") as folder, socket.socket() as probe:
        (Path(folder) / "password").write_text(PASSWORD)
        for path in (Path(folder), Path(folder) / "password"):
            os.chown(path, other.get("user", -1), other.get("group", -1))
        data = f"{folder}/data"
        options = ["-U", "byline", "-E", "UTF8", "--locale=C", "-A", "scram-sha-256", "--no-sync"]
        subprocess.run(["initdb", "-D", data, f"--pwfile={folder}/password", *options], check=True, **quiet, **other)
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        settings = ["-h", "127.0.0.1", "-p", str(port), "-k", "", "-c", "fsync=off", "-c", "shared_buffers=16MB"]
        process = subprocess.Popen(["postgres", "-D", data, *settings], **quiet, **other)
        ready = Server(f"postgresql://byline:{PASSWORD}@127.0.0.1:{port}")
        try:
            _wait_for(ready)
            yield ready
        finally:
            process.send_signal(2)  # SIGINT: without waiting for those connected
            process.wait(30)


def _wait_for(server: Server) -> None:
    for _ in range(300):
        try:
            psycopg.connect(server.url("postgres")).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("PostgreSQL does not start")


@pytest.fixture
def lite(tmp_path: Path) -> str:
    """The address of a SQLite database that is not there yet."""
    return f"sqlite:///{tmp_path}/deep/byline.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    if request.param == "sqlite":
        return str(request.getfixturevalue("lite"))
    return str(request.getfixturevalue("server").create())


@pytest.fixture
def state(url: str) -> Iterator[State]:
    state = State(url)
    yield state
    state.close()
