"""Builds an index with the command line in a process of its own, and measures it."""

import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True)
class Built:
    """What one run of `byline index` took. `peak_mib` is its largest resident memory."""

    articles: int
    passages: int
    embedded: int
    seconds: float
    peak_mib: float
    index_mb: float


def build(data: Path, articles: Path, force: bool = False) -> Built:
    """Run `byline index` into the data folder `data`."""
    command = [sys.executable, "-m", "bot.cli", "--data", str(data), "index", str(articles), "--json"]
    began = time.monotonic()
    process = subprocess.Popen(command + ["--force"] * force, stdout=subprocess.PIPE, text=True, env=os.environ)
    peaks: list[int] = [0]
    threading.Thread(target=_watch, args=(process.pid, peaks), daemon=True).start()
    printed, _ = process.communicate()
    if process.returncode:
        sys.exit(f"byline index ended with {process.returncode}")
    report = json.loads(printed)
    index = data / "index" / (data / "index" / "CURRENT").read_text().split()[0]
    size = sum(path.stat().st_size for path in index.rglob("*") if path.is_file())
    return Built(
        report["articles"],
        report["passages"],
        report["embedded"],
        round(time.monotonic() - began, 1),
        round(peaks[0] / 2**20, 0),
        round(size / 1e6, 1),
    )


def _watch(pid: int, peaks: list[int]) -> None:
    """Anonymous and shared memory; the pages of mapped files belong to the system's cache."""
    try:
        process = psutil.Process(pid)
        while True:
            peaks[0] = max(peaks[0], process.memory_info().rss)
            time.sleep(0.2)
    except psutil.Error:
        return
