"""A file of questions in, a file of results out, one JSON object a line."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from bot.output import to_json
from bot.settings import SettingsError
from retrieval.errors import BadQuestion
from retrieval.followups import Turn, conversation


class BatchError(SettingsError):
    """A line of a batch file cannot be used; the message names the file and the line."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One line of a batch; `turns` are the conversation before it, oldest first."""

    id: Any
    text: str
    as_of: date | None
    turns: tuple[Turn, ...] = ()


def run_batch(source: Path, target: Path, answer: Callable[[Ask], dict[str, Any]]) -> None:
    """Answer every line of `source` into `target`, which appears whole.

    A line is {"id"?, "question" or "query", "as_of"?, "history"?: [{"question" or "query", "answer"?}]}, the oldest
    turn first.
    A question that cannot be asked (no words, too long) gives {"id", "error"} in its place.

    Raises:
        BatchError: `source` cannot be read or a line of it is no such object; `target` is left as it was.
    """
    scratch = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with source.open(encoding="utf-8-sig") as lines, scratch.open("w", encoding="utf-8") as out:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    out.write(to_json(_result(_parse(source, number, line), answer)) + "\n")
        scratch.replace(target)
    except UnicodeDecodeError as error:
        raise BatchError(f"{source} is not UTF-8 text") from error
    except OSError as error:
        raise BatchError(f"{error.filename}: {error.strerror}") from error
    finally:
        scratch.unlink(missing_ok=True)


def _result(ask: Ask, answer: Callable[[Ask], dict[str, Any]]) -> dict[str, Any]:
    named = {} if ask.id is None else {"id": ask.id}
    try:
        return {**named, **answer(ask)}
    except BadQuestion as error:
        return {**named, "error": str(error)}


def _parse(source: Path, number: int, line: str) -> Ask:
    try:
        entry = json.loads(line)
        text = _question(entry)
        as_of = entry.get("as_of")
        day = date.fromisoformat(as_of[:10]) if as_of else None
        return Ask(entry.get("id"), text, day, conversation(map(_turn, entry.get("history") or ())))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BatchError(
            f'{source}:{number}: expected an object like {{"id": 1, "question": "…", "as_of": "2018-03-20", '
            f'"history": [{{"question": "…", "answer": "…"}}]}} ({error})'
        ) from error


def _turn(entry: dict[str, Any]) -> tuple[str, str | None]:
    answer = entry.get("answer")
    if not isinstance(answer, str | None):
        raise TypeError("an answer of the history is not a text")
    return _question(entry), answer


def _question(entry: dict[str, Any]) -> str:
    question = entry["question"] if "question" in entry else entry["query"]
    if not isinstance(question, str):
        raise TypeError("a question is not a text")
    return question
