"""What /start opens and what /help offers, for answers and collections that the samples do not have."""

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from telegram import Chat, Message, Update, User

from bot.state import Answered, Asked, Cited, Place, Record
from bot.telegram.commands import Commands
from bot.texts import texts_for
from retrieval.types import Article

ADA = User(7, "Ada", False)


class _Bot:
    """Keeps what it is asked to send."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Any]] = []

    async def send_message(self, chat_id: int, text: str, **given: Any) -> Any:
        self.sent.append((text, given.get("reply_markup")))
        return SimpleNamespace(message_id=len(self.sent))


def test_a_link_to_a_citation_of_a_long_answer_leads_back_to_the_end_of_that_answer() -> None:
    quote = "Many words were said. " * 150
    cited = [Cited(n, "a", "Title", None, None, None, quote, 0, len(quote), None, None, "exact") for n in (1, 2)]
    answered = Answered("Who?", "Ada Mayer", None, 0.9, tuple(cited), "g1", 9.0)
    asked = Asked("Who?", "message", 7, "en", Place(7))
    record = Record("AbCdEfGhIjK", datetime.now(UTC), asked, answered, ())
    desk: Any = SimpleNamespace(
        state=SimpleNamespace(find=lambda _: record),
        service=SimpleNamespace(article=lambda _: None),
        username="byline_bot",
        may_ask=lambda *_: True,
    )
    bot = _Bot()
    message = Message(1, datetime.now(UTC), Chat(7, "private"), from_user=ADA, text=f"/start {record.id}_2")
    context: Any = SimpleNamespace(args=[f"{record.id}_2"], bot=bot)
    asyncio.run(Commands(desk, SimpleNamespace()).start(Update(1, message=message), context))  # type: ignore[arg-type]
    (begin, no_buttons), (end, buttons) = bot.sent
    assert begin.startswith("<i>Who?</i>\n\n<b>Ada Mayer</b>")
    assert no_buttons is None
    assert "Title" in end
    assert "back:" in str(buttons)


@pytest.mark.parametrize(
    ("outlets", "offered"),
    [
        (["A", "A", "A", "A"], ["a0", "a1", "a2"]),
        (["A", "A", "B", "A", "C"], ["a0", "a2", "a4"]),
        (["A", "A", None], ["a0", "a2", "a1"]),
    ],
    ids=["one", "three", "one and none"],
)
def test_help_offers_three_questions_of_as_many_outlets_as_there_are(
    outlets: list[str | None], offered: list[str]
) -> None:
    newest = [Article(f"a{n}", f"a{n}", "x", outlet) for n, outlet in enumerate(outlets)]
    service = SimpleNamespace(
        index=SimpleNamespace(generation="g1", documents=SimpleNamespace(newest=lambda count: newest[:count])),
        answer=lambda question: SimpleNamespace(refused=False),
    )
    commands = Commands(SimpleNamespace(service=service), SimpleNamespace())  # type: ignore[arg-type]
    found = commands._find_examples(texts_for("en"))
    assert found == [f"What is known about “{title}”?" for title in offered]
