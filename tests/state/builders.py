"""Questions and answers to store."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any

from bot.state import Answered, Asked, Cited, Place, Record, State

HERE = Place(-1_002_233_445_566, 7)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
THREADS = 8
# Put together here, so that it is in a traceback only if a message holds it, not for being in a line of source.
SECRET = "-".join(["hush", "hush"])


def asked(text: str = "Who denied it?", message_id: int | None = None, user_id: int | None = 5) -> Asked:
    return Asked(text, "message", user_id, "en", HERE, message_id)


def cited(article: str = "a1", start: int = 10, n: int = 1, quote: str = "The minister denied it.") -> Cited:
    day = date(2024, 3, 20)
    return Cited(n, article, "Title", "Outlet", day, "https://a.example/1", quote, start, start + 23, 14, 20, "exact")


def answered(text: str | None = "The minister denied it.", milliseconds: float = 12.5) -> Answered:
    refusal = None if text else "nothing"
    return Answered("who denied it", text, refusal, 0.1 + 0.2, (cited(),) if text else (), "g1", milliseconds)


def ask(state: State, asked: Asked) -> Record:
    record = state.ask(asked)
    assert record is not None
    return record


def ask_and_answer(state: State, asked: Asked, answer: Answered | None = None) -> Record:
    return state.answer(ask(state, asked).id, answer or answered())


def at_once(work: Callable[[int], object]) -> list[Any]:
    """What `work(number)` gives in several threads that begin together."""
    together = threading.Barrier(THREADS)

    def run(number: int) -> object:
        together.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))
