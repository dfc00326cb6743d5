"""What counts as a question that failed, and as a sign of life from Telegram."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from telegram import CallbackQuery, Chat, InlineQuery, Message, Sticker, Update, User
from telegram.request import HTTPXRequest

from bot.telegram.app import _Polls
from bot.telegram.failures import _asks

ADA = User(7, "Ada", False)


def written(**content: Any) -> Update:
    return Update(1, message=Message(1, datetime.now(UTC), Chat(7, "private"), from_user=ADA, **content))


@pytest.mark.parametrize(
    ("update", "asks"),
    [
        (written(text="who denied it?"), True),
        (written(text="/ask who denied it?"), True),
        (Update(1, inline_query=InlineQuery("1", ADA, "who denied it?", "")), True),
        (written(text="/status"), False),
        (written(sticker=Sticker("a", "b", 1, 1, False, False, "regular")), False),
        (Update(1, callback_query=CallbackQuery("1", ADA, "c", data="up:x")), False),
    ],
    ids=["text", "ask", "inline", "command", "sticker", "press"],
)
def test_only_a_question_counts_as_a_failed_question(update: Update, asks: bool) -> None:
    assert _asks(update) is asks


@pytest.mark.parametrize(("status", "heard"), [(200, True), (409, True), (502, False), (500, False)])
def test_a_gateways_page_is_no_sign_of_life(monkeypatch: pytest.MonkeyPatch, status: int, heard: bool) -> None:
    async def reply(*_: Any, **__: Any) -> tuple[int, bytes]:
        return status, b""

    monkeypatch.setattr(HTTPXRequest, "do_request", reply)
    polls = _Polls()
    polls.heard = 0.0
    asyncio.run(polls.do_request("https://telegram.example", "POST"))
    assert (polls.heard > 0) is heard
