"""Reads the evaluation sets: a folder a set, with articles*.jsonl.gz and questions.dev.jsonl.gz."""

import gzip
import json
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Question:
    """A dev question. `gold` are the ids of the articles that answer it; empty if none does."""

    id: str
    text: str
    as_of: date | None
    answers: tuple[str, ...]
    answerable: bool
    gold: frozenset[str]
    evidence: tuple[str, ...]
    kind: str


def data_folder(path: Path | None) -> Path:
    """The folder of the sets, or the end of the program with a clear word."""
    if path is None or not path.is_dir():
        sys.exit(f"The evaluation data is not at {path}; say where it is with --data DIR.")
    return path


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    """The objects of a gzipped JSON lines file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def questions(folder: Path) -> list[Question]:
    """The dev questions of a set; weak gold articles stand in where there are no others."""
    return [_question(entry) for entry in read_jsonl(folder / "questions.dev.jsonl.gz")]


def _question(entry: dict[str, Any]) -> Question:
    gold = entry["gold"] or entry.get("weak_gold") or []
    asked = entry.get("question_date")
    return Question(
        id=entry["id"],
        text=entry["question"],
        as_of=date.fromisoformat(asked[:10]) if asked else None,
        answers=tuple(entry["answers"]),
        answerable=entry["answerable"],
        gold=frozenset(item["article_id"] for item in gold),
        evidence=tuple(item["evidence"] for item in gold),
        kind=entry.get("type") or "",
    )
