"""The bot process under load, asked through a fake Telegram: python -m benchmarks.telegram [--rebuild] [--faults].

Asks so many questions a second from many private chats, and measures the share answered, how many were answered
exactly once, seconds from question to answer, and the memory of the bot before and after. --rebuild measures once
without, and once with rebuilds one after another, each with new articles to embed. --faults then asks a thousand
questions while every tenth reply is a failure. Works on copies; the figures are also in benchmarks/results.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import count, cycle, islice
from pathlib import Path

import numpy as np
import psutil

from bot.texts import texts_for
from tests.real_model import models_dir
from tests.telegram.bot_process import BotProcess
from tests.telegram.chats import Chat
from tests.telegram.messages import Message
from tests.telegram.server import FakeTelegram

QUESTIONS = Path("tests/sample_questions.jsonl")
RESULTS = Path("benchmarks/results/telegram.json")
PER_USER = 20  # a minute; who asks more is asked for patience
WITH_FAULTS = 1_000
FRESH = 300  # articles that are new in each rebuild: some seconds of embedding
PATIENCE_S = 300.0

Question = tuple[Chat, Message]


@dataclass(frozen=True, slots=True)
class Measured:
    """One round: times from question to answer in seconds, resident memory in MB, rebuilds that ended."""

    asked: int
    answered: float
    exactly_once: int
    median_s: float
    p95_s: float
    longest_s: float
    memory_before: float
    memory_after: float
    rebuilds: int


class Round:
    """Questions to one running bot, from many chats in turn."""

    def __init__(self, telegram: FakeTelegram, bot: BotProcess, chats: int) -> None:
        assert bot.process
        people = [telegram.user(f"User {number}") for number in range(chats)]
        self._telegram, self._memory = telegram, psutil.Process(bot.process.pid).memory_info
        self._turns = cycle([(user, telegram.private(user)) for user in people])
        self._texts = cycle([json.loads(line)["question"] for line in QUESTIONS.read_text().splitlines()])
        self._admin = (telegram.founder, telegram.private(telegram.founder))
        self._file = bot.articles / "benchmark.jsonl"
        self._seeds = count()

    def warm_up(self) -> None:
        """Wait for the first answer, which takes longer than the others."""
        admin, chat = self._admin
        chat.wait_for_reply(admin.says(chat, next(self._texts)), 60)

    def measure(self, number: int, rate: float) -> Measured:
        """Ask so many questions, `rate` a second."""
        before = self._memory().rss
        asked = list(self._ask(number, rate))
        settle(asked)
        return measured(asked, before, self._memory().rss, rebuilds=0)

    def measure_rebuilding(self, number: int, rate: float) -> Measured:
        """The same while the index is rebuilt all the time."""
        before = self._memory().rss
        with self._rebuilding() as done:
            asked = list(self._ask(number, rate))
            settle(asked)
        return measured(asked, before, self._memory().rss, len(done))

    def measure_faults(self, number: int, rate: float) -> Measured:
        """The same while every tenth reply of Telegram is a fault."""
        before = self._memory().rss
        self._telegram.faults(every=10, kinds=("429", "502", "timeout", "reset"))
        asked = list(self._ask(number, rate))
        settle(asked)
        self._telegram.no_faults()
        return measured(asked, before, self._memory().rss, rebuilds=0)

    def _ask(self, number: int, rate: float) -> Iterator[Question]:
        began = time.monotonic()
        for place, (user, chat) in enumerate(islice(self._turns, number)):
            time.sleep(max(0.0, began + place / rate - time.monotonic()))
            yield chat, user.says(chat, next(self._texts))

    @contextmanager
    def _rebuilding(self) -> Iterator[Sequence[float]]:
        """Rebuild again and again until the end of the block; the seconds of those that ended.

        Raises:
            AssertionError: a rebuild did not end well.
        """
        enough = threading.Event()
        done: list[float] = []
        failed: list[AssertionError] = []

        def go_on() -> None:
            try:
                while not enough.is_set():
                    done.append(self._rebuild())
            except AssertionError as error:
                failed.append(error)

        thread = threading.Thread(target=go_on)
        thread.start()
        try:
            yield done
        finally:
            enough.set()
            thread.join()
        if failed:
            raise failed[0]

    def _rebuild(self) -> float:
        write_articles(self._file, next(self._seeds))
        admin, chat = self._admin
        asked = admin.says(chat, "/rebuild")
        good = texts_for(None)("build_done")
        chat.wait(lambda messages: any(good in one.text for one in messages if one.id > asked.id), PATIENCE_S)
        return time.time() - asked.sent_at


def replies(question: Question) -> list[Message]:
    """The bot's answers to a question."""
    chat, message = question
    return [one for one in chat.from_bot if one.reply_to == message.id]


def settle(asked: Sequence[Question]) -> None:
    """Wait until all are answered or the patience ends, and a moment more, in which a second answer would come."""
    end = time.monotonic() + PATIENCE_S
    waiting = list(asked)
    while waiting and time.monotonic() < end:
        time.sleep(0.5)
        waiting = [question for question in waiting if not replies(question)]
    time.sleep(2)


def measured(asked: Sequence[Question], before: int, after: int, rebuilds: int) -> Measured:
    """The figures of a round."""
    found = [(message, replies((chat, message))) for chat, message in asked]
    times = [answers[0].sent_at - message.sent_at for message, answers in found if answers]
    return Measured(
        asked=len(asked),
        answered=len(times) / len(asked),
        exactly_once=sum(len(answers) == 1 for _, answers in found),
        median_s=float(np.median(times)),
        p95_s=float(np.percentile(times, 95)),
        longest_s=max(times),
        memory_before=before / 1e6,
        memory_after=after / 1e6,
        rebuilds=rebuilds,
    )


def line(name: str, round_: Measured) -> str:
    """A round as one line."""
    return (
        f"{name:16} {round_.asked:5} questions, answered {round_.answered:.1%}, exactly once {round_.exactly_once}; "
        f"median {round_.median_s:.2f} s, p95 {round_.p95_s:.2f} s, longest {round_.longest_s:.2f} s; "
        f"memory {round_.memory_before:.0f} -> {round_.memory_after:.0f} MB; {round_.rebuilds} rebuilds"
    )


def write_articles(target: Path, seed: int) -> None:
    """Articles of words that are new for each seed, so that each passage has to be embedded."""
    chance = random.Random(seed)
    words = [f"item{number}" for number in range(2_000)]
    with target.open("w") as file:
        for number in range(FRESH):
            sentences = (" ".join(chance.choices(words, k=15)).capitalize() + "." for _ in range(30))
            file.write(json.dumps({"id": f"benchmark-{number}", "text": " ".join(sentences)}) + "\n")


def prepare(root: Path, articles: Path, data: Path | None) -> Path:
    """A copy of the articles, and the data folder of a bot with an index below `root`; returns the former."""
    copied = Path(shutil.copytree(articles, root / "articles"))
    folder = root / "data"
    folder.mkdir()
    (folder / "models").symlink_to(models_dir(), target_is_directory=True)
    if data is None:
        command = [sys.executable, "-m", "bot.cli", "--data", str(folder), "index", str(copied)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    else:
        shutil.copytree(data / "index", folder / "index")
        if (data / "vectors.sqlite").exists():
            shutil.copy(data / "vectors.sqlite", folder / "vectors.sqlite")
    return copied


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=Path, default=Path("articles"))
    parser.add_argument("--data", type=Path, help="a data folder with an index of the articles; else one is built")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=float, default=30, help="questions a second; Telegram takes 30 messages")
    parser.add_argument("--chats", type=int, default=200)
    parser.add_argument("--rebuild", action="store_true")
    parser.add_argument("--faults", action="store_true")
    arguments = parser.parse_args()
    if arguments.rate * 60 / arguments.chats > PER_USER:
        parser.error(f"the bot answers each user {PER_USER} times a minute; let more chats ask, or ask less often")
    rounds: dict[str, Measured] = {}
    with tempfile.TemporaryDirectory() as folder, FakeTelegram() as telegram:
        root = Path(folder)
        articles = prepare(root, arguments.articles, arguments.data)
        admin = str(telegram.founder.id)
        telegram.private(telegram.founder).member = True
        with BotProcess(telegram, root, articles=articles, ADMIN_IDS=admin) as bot:
            asking = Round(telegram, bot, arguments.chats)
            asking.warm_up()
            number = round(arguments.seconds * arguments.rate)
            plan = {"plain": (asking.measure, number)}
            if arguments.rebuild:
                plan["during rebuilds"] = (asking.measure_rebuilding, number)
            if arguments.faults:
                plan["with faults"] = (asking.measure_faults, WITH_FAULTS)
            for name, (measure, asked) in plan.items():
                rounds[name] = measure(asked, arguments.rate)
                print(line(name, rounds[name]), flush=True)
        print(f"Telegram's rules broken: {len(telegram.violations)}", *telegram.violations[:5], sep="\n")
        results = {name: asdict(figures) for name, figures in rounds.items()}
        results["settings"] = {"rate": arguments.rate, "chats": arguments.chats, "seconds": arguments.seconds}
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
