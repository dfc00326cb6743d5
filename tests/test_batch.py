"""How the lines of a batch file are read."""

import codecs
import json
from pathlib import Path
from typing import Any

import pytest

from bot.batch import Ask, BatchError, run_batch


def _asked(tmp_path: Path, content: bytes) -> list[Ask]:
    source, asked = tmp_path / "in.jsonl", []

    def answer(ask: Ask) -> dict[str, Any]:
        asked.append(ask)
        return {}

    source.write_bytes(content)
    run_batch(source, tmp_path / "out.jsonl", answer)
    return asked


def test_a_byte_order_mark_at_the_beginning_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    lines = b'{"question": "Who opened it?"}\n{"question": "When?"}\n'
    assert [ask.text for ask in _asked(tmp_path, codecs.BOM_UTF8 + lines)] == ["Who opened it?", "When?"]


def test_a_byte_order_mark_on_a_later_line_is_named(tmp_path: Path) -> None:
    line = b'{"question": "Who opened it?"}\n'
    with pytest.raises(BatchError, match=r"in\.jsonl:2:"):
        _asked(tmp_path, line + codecs.BOM_UTF8 + line)


@pytest.mark.parametrize("name", ["question", "query"])
def test_a_turn_of_the_history_has_a_question_or_a_query_as_a_line_has(tmp_path: Path, name: str) -> None:
    line = {name: "When?", "history": [{name: "Who opened the bridge?", "answer": "Anna Orr"}]}
    (ask,) = _asked(tmp_path, json.dumps(line).encode())
    assert [(turn.question, turn.answer) for turn in ask.turns] == [("Who opened the bridge?", "Anna Orr")]


@pytest.mark.parametrize("turn", [{}, {"query": 7}, {"asked": "Who?"}, {"query": "Who?", "answer": 7}])
def test_a_turn_of_the_history_that_is_none_is_named(tmp_path: Path, turn: object) -> None:
    with pytest.raises(BatchError, match=r"in\.jsonl:1:"):
        _asked(tmp_path, json.dumps({"query": "When?", "history": [turn]}).encode())
