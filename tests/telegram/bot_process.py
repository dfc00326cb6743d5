"""The real bot, in a process of its own, pointed at the fake Telegram."""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.real_model import models_dir
from tests.telegram.server import FakeTelegram

SAMPLES = Path("articles")
_PATIENCE = 30.0


@cache
def sample_index() -> Path:
    """A data folder with an index of the sample articles; to be copied, not written to."""
    root = Path(tempfile.mkdtemp(prefix="byline-sample-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    (root / "models").symlink_to(models_dir(), target_is_directory=True)
    command = [sys.executable, "-m", "bot.cli", "--data", str(root), "index", str(SAMPLES.absolute())]
    subprocess.run(command, check=True, capture_output=True, cwd=Path.cwd())
    return root


class BotProcess:
    """`byline run` with a data folder, and optionally articles, of its own below `root`. A context manager.

    `main` is the module that is run, and `settings` are environment variables. `indexed` is whether there is an index
    from the start. What the process writes is in `log`.
    """

    def __init__(
        self,
        telegram: FakeTelegram,
        root: Path,
        *,
        articles: Path | None = None,
        indexed: bool = True,
        token: str | None = None,
        main: str = "bot.cli",
        **settings: str,
    ) -> None:
        self.telegram, self.root, self.main = telegram, root, main
        self.data, self.log_path = root / "data", root / "bot.log"
        self.articles = articles or _copied(SAMPLES, root / "articles")
        if not self.data.exists():
            self.data.mkdir(parents=True)
            (self.data / "models").symlink_to(models_dir(), target_is_directory=True)
            if indexed:
                shutil.copytree(sample_index() / "index", self.data / "index")
                shutil.copy(sample_index() / "vectors.sqlite", self.data / "vectors.sqlite")
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        self.environment = {
            **kept,
            "TELEGRAM_BOT_TOKEN": token or telegram.token,
            "TELEGRAM_API_URL": telegram.url,
            "LOG_LEVEL": "INFO",
            **settings,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def log(self) -> str:
        """What the process has written."""
        return self.log_path.read_text() if self.log_path.exists() else ""

    def start(self, wait: bool = True) -> None:
        """Start it and, with `wait`, wait until it answers."""
        command = [sys.executable, "-m", self.main, "--data", str(self.data), "--articles", str(self.articles), "run"]
        with self.log_path.open("ab") as log:
            begin = log.tell()
            self.process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log, cwd=Path.cwd())
        deadline = time.monotonic() + _PATIENCE
        while wait:
            assert self.process.poll() is None, f"the bot has ended:\n{self.log}"
            assert time.monotonic() < deadline, f"the bot does not say that it answers:\n{self.log}"
            if " answers" in self.log_path.read_bytes()[begin:].decode():
                return
            time.sleep(0.05)

    def stop(self) -> int:
        """SIGTERM, and the exit status."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.terminate()
        return self.ended()

    def kill(self) -> None:
        """SIGKILL."""
        assert self.process
        self.process.kill()
        self.process.wait(_PATIENCE)

    def ended(self) -> int:
        """Wait for the end; the exit status."""
        assert self.process
        return self.process.wait(_PATIENCE)


def _copied(source: Path, target: Path) -> Path:
    if not target.exists():
        shutil.copytree(source, target)
    return target
