"""The conversation in a terminal: what is shown with colours, and input that is no text."""

import io
import sys
from collections.abc import Sequence
from datetime import date
from typing import Literal, cast

import pytest
from rich.console import Console

from bot.output import answer_lines
from bot.service import Service
from bot.terminal import converse, show
from retrieval.followups import Turn
from retrieval.types import Answer, Article, Citation

_FIRST = "Police  said that\n23 people were hurt."
_LATER = "The hospital said that 18 people were hurt."


def _citation(n: int, quote: str, held: str | None, kind: Literal["exact", "differs", "related"]) -> Citation:
    article = Article(f"article {n}", f"Crash {n}", f"It rained. {quote}", f"Herald {n}", published=date(2024, 5, n))
    start = len("It rained. ")
    first = start + quote.index(held) if held else None
    last = first + len(held) if held and first is not None else None
    return Citation(n, article, quote, start, start + len(quote), first, last, kind, 1.0)


def _answer(text: str | None, *citations: Citation, outlets: int = 1, reason: str | None = None) -> Answer:
    refusal: Literal["not_stated"] | None = None if text else "not_stated"
    return Answer("how many?", "How many were hurt?", text, refusal, reason, 0.9, citations, outlets)


_DIFFERING = _answer("18", _citation(1, _LATER, "18", "exact"), _citation(2, _FIRST, "23", "differs"))
_AGREED = _answer("18", _citation(1, _LATER, "18", "exact"), _citation(2, "In all 18.", "18", "exact"), outlets=2)
_REFUSED = _answer(None, _citation(1, _LATER, None, "related"), reason="None was found to say this.")


def _shown(answer: Answer, colours: bool = False) -> str:
    console = Console(
        file=io.StringIO(), width=200, force_terminal=colours, color_system="standard" if colours else None
    )
    show(answer, console)
    return cast("io.StringIO", console.file).getvalue()


@pytest.mark.parametrize("answer", [_DIFFERING, _AGREED, _REFUSED], ids=["differing", "agreed", "refused"])
def test_with_colours_the_same_is_said_as_without(answer: Answer) -> None:
    shown = [line.rstrip() for line in _shown(answer).splitlines()]
    said = [line for line in answer_lines(answer) if line]
    assert [line for line in shown if line][:-1] == said  # the last is the time that it took


def test_reports_that_differ_are_said_to_with_colours() -> None:
    assert "Reports differ, newest first: 18 [1]; 23 [2]\n" in _shown(_DIFFERING)
    assert "18 [1] [2] (2 outlets)\n" in _shown(_AGREED)


def test_the_words_of_the_answer_are_bold_in_the_quotation() -> None:
    shown = _shown(_DIFFERING, colours=True)
    assert "“The hospital said that \x1b[1m18\x1b[0m people were hurt.”" in shown
    assert "“Police said that \x1b[1m23\x1b[0m people were hurt.”" in shown


def test_a_quotation_without_the_answer_has_nothing_in_bold() -> None:
    assert "“The hospital said that 18 people were hurt.”" in _shown(_REFUSED, colours=True)


class _Asked:
    """A service that keeps what it is asked."""

    def __init__(self) -> None:
        self.questions: list[str] = []

    def watch(self) -> None: ...

    def close(self) -> None: ...

    def answer(self, question: str, as_of: date | None, turns: Sequence[Turn]) -> Answer:
        self.questions.append(question.strip())
        return _AGREED


def test_a_byte_of_the_input_that_is_no_text_does_not_end_the_conversation(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = "Qui a nié?\n".encode("latin-1") + "Wer hat geläutet?\n".encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given), encoding="utf-8"))
    service = _Asked()
    converse(cast("Service", service))
    assert service.questions == ["Qui a ni\N{REPLACEMENT CHARACTER}?", "Wer hat geläutet?"]
    assert capsys.readouterr().out.count("(2 outlets)") == 2
