"""Kills `byline index` at random moments and asks the index each time: the old answer or the new one, never an error.

    python -m benchmarks.crash --kills 200 --articles PATH

Each build is of PATH and of some articles made up here, which say something else each time, so that there is always
something to embed and to publish. Ends with status 1 if any answer was an error or neither the old nor the new one.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

_QUESTION = "Who was elected keeper of the Grimsholm lantern?"
_MADE_UP = 30


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--articles", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="byline-crash-") as folder:
        counts = crash(Path(folder), chosen.articles, chosen.kills, random.Random(chosen.seed))
    print(json.dumps(counts))
    sys.exit(1 if counts["error"] else 0)


def crash(folder: Path, articles: Path, kills: int, chance: random.Random) -> dict[str, int]:
    """How often the old and the new index answered, and how often there was an error; `ended` builds were not hit."""
    data, extra = folder / "data", folder / "extra.jsonl"
    build = [*byline(data), "index", str(articles), str(extra)]
    for version in (0, 1):  # the first build embeds everything; the second is like those that follow
        write(extra, version)
        began = time.monotonic()
        subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
        duration = time.monotonic() - began
    print(f"an undisturbed build takes {duration:.1f} s", file=sys.stderr)

    counts = Counter(old=0, new=0, error=0, ended=0)
    serving = 1
    for version in range(2, kills + 2):
        write(extra, version)
        moment = chance.uniform(0, duration)
        counts["ended"] += killed_after(moment, build)
        answer = ask(data)
        outcome = {name(serving): "old", name(version): "new"}.get(answer, "error")
        counts[outcome] += 1
        if outcome == "new":
            serving = version
        if outcome == "error":
            print(f"killed after {moment:.2f} s: {answer}", file=sys.stderr)
    counts["error"] += mended(data, build, extra, kills + 2)
    return dict(counts)


def killed_after(seconds: float, command: list[str]) -> bool:
    """Start a command and kill it after some seconds; True if it had ended well before."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(seconds)
    process.kill()
    return process.wait() == 0


def ask(data: Path) -> str:
    """The name that the index gives, or what went wrong."""
    done = subprocess.run(
        [*byline(data), "ask", _QUESTION, "--json"], check=False, capture_output=True, text=True, timeout=120
    )
    if done.returncode or done.stderr:
        return f"status {done.returncode}: {done.stderr.strip()}"
    quotes = " ".join(citation["quote"] for citation in json.loads(done.stdout)["citations"])
    names = {word.strip(".,") for word in quotes.split() if word.startswith("Keeper")}
    return names.pop() if len(names) == 1 else f"the answer names {sorted(names)}"


def mended(data: Path, build: list[str], extra: Path, version: int) -> bool:
    """True if the build after all the kills does not succeed, or is not what answers then."""
    write(extra, version)
    failed = subprocess.run(build, check=False, stdout=subprocess.DEVNULL).returncode != 0
    return failed or ask(data) != name(version)


def write(path: Path, version: int) -> None:
    """The made-up articles of a version."""
    articles = [
        {
            "id": f"crash-{number}",
            "title": f"Grimsholm notes {number}" if number else "The keeper of the Grimsholm lantern",
            "published": "2024-01-01",
            "text": f"Note {number} of edition {version} is about the weather in Grimsholm and nothing else."
            if number
            else f"{name(version)} was elected keeper of the Grimsholm lantern on Monday.",
        }
        for number in range(_MADE_UP)
    ]
    path.write_text("".join(f"{json.dumps(article)}\n" for article in articles), encoding="utf-8")


def name(version: int) -> str:
    """Who was elected, according to a version."""
    return f"Keeper{version}"


def byline(data: Path) -> list[str]:
    return [sys.executable, "-m", "bot.cli", "--data", str(data)]


if __name__ == "__main__":
    main()
