"""Every question with its answer and citations, so that buttons last: over a restart, a rebuild, a power cut.

Safe to use from several threads; each method is one transaction, and durable when it returns.
"""

import logging
import math
import re
import secrets
import string
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, and_, delete, exists, func, insert, or_, select, update

from bot.tables import (
    Conflict,
    StateError,
    answers,
    clean,
    messages,
    open_database,
    questions,
    ratings,
    scrub,
    transaction,
)

__all__ = ["Answered", "Asked", "Cited", "Gap", "Place", "Record", "State", "StateError", "Usage"]

_log = logging.getLogger(__name__)

Via = Literal["message", "inline", "guest"]
_ALPHABET = string.ascii_letters + string.digits
_ID_LENGTH = 11
_TRIES = 5
_ENDS = re.compile(r"[\s?!.…]+$")


@dataclass(frozen=True, slots=True)
class Cited:
    """A stored citation: a sentence of an article as it was; the offsets are into the article's text then.

    `later` marks the passages that were added after the answer, by "More".
    """

    n: int
    article_id: str
    title: str
    source: str | None
    published: date | None
    url: str | None
    quote: str
    start: int
    end: int
    answer_start: int | None
    answer_end: int | None
    kind: Literal["exact", "differs", "related"]
    later: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a conversation takes place: a chat and, in a forum, a topic."""

    chat_id: int
    thread_id: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it came. Inline and guest questions have no place, those by a button no message."""

    text: str
    via: Via
    user_id: int | None
    language: str | None
    place: Place | None = None
    message_id: int | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a question: `text` is None if it was refused, and then `refusal` is the kind."""

    understood_as: str
    text: str | None
    refusal: str | None
    confidence: float
    citations: tuple[Cited, ...]
    generation: str
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Record:
    """A stored question. `sent` are the ids of our messages that hold the answer, in order."""

    id: str
    asked_at: datetime
    asked: Asked
    answered: Answered | None
    sent: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """Questions that were refused, or whose answer was disliked, as one: the newest wording."""

    question: str
    count: int
    refused: int
    disliked: int
    last: datetime


@dataclass(frozen=True, slots=True)
class Usage:
    """How much was asked, and how long answers took; the times are None if nothing was answered."""

    questions: int
    refused: int
    median_ms: float | None
    p95_ms: float | None


class State:
    """The questions and answers in one database. Each method raises StateError if the database fails."""

    def __init__(self, url: str) -> None:
        """Raises StateError if the database cannot be opened."""
        self._engine = open_database(url)
        self._reader = self._engine.execution_options(reading=True)

    def ask(self, asked: Asked) -> Record | None:
        """Store a question before it is answered; None if that message was stored before."""
        place = asked.place
        row = {
            "asked_at": datetime.now(UTC),
            "text": asked.text,
            "via": asked.via,
            "user_id": asked.user_id,
            "language": asked.language,
            "chat_id": place.chat_id if place else None,
            "thread_id": place.thread_id if place else None,
            "message_id": asked.message_id,
            "waiting": True,
            "past": False,
        }
        for _ in range(_TRIES):
            identity = "".join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH))
            try:
                with transaction(self._engine) as connection:
                    connection.execute(insert(questions).values(id=identity, **row))
                    return _one(connection, questions.c.id == identity)
            except Conflict:
                if place and asked.message_id is not None and self.by_question(place.chat_id, asked.message_id):
                    return None
        raise StateError("no free id was found for a question; the random numbers of this machine are not random")

    def ask_again(self, identity: str, text: str) -> Record:
        """Replace the words of a question; its answer is forgotten, the messages that hold it are kept.

        Raises:
            KeyError: there is no such question.
        """
        with transaction(self._engine) as connection:
            number = _number(connection, identity)
            connection.execute(delete(answers).where(answers.c.question == number))
            connection.execute(update(questions).where(questions.c.number == number).values(text=text, waiting=True))
            return _one(connection, questions.c.number == number)

    def answer(self, identity: str, answered: Answered) -> Record:
        """Store the answer of a question, in place of an earlier one.

        Raises:
            KeyError: there is no such question; it may have been forgotten meanwhile.
        """
        row = {name: value for name, value in asdict(answered).items() if name not in ("text", "citations")}
        with transaction(self._engine) as connection:
            number = _number(connection, identity)
            connection.execute(delete(answers).where(answers.c.question == number))
            connection.execute(
                insert(answers).values(
                    question=number, answer=answered.text, citations=_to_json(answered.citations), **row
                )
            )
            return _one(connection, questions.c.number == number)

    def sent(self, identity: str, message_ids: Sequence[int]) -> None:
        """The answer stands in these messages. A question that was forgotten meanwhile stays so."""
        with transaction(self._engine) as connection:
            number = _find_number(connection, identity)
            if number is None:
                return
            connection.execute(delete(messages).where(messages.c.question == number))
            rows = [{"question": number, "position": at, "message_id": one} for at, one in enumerate(message_ids)]
            if rows:
                connection.execute(insert(messages), rows)
            connection.execute(update(questions).where(questions.c.number == number).values(waiting=False))

    def find(self, identity: str) -> Record | None:
        """The question of that id."""
        with transaction(self._reader) as connection:
            return _first(connection, questions.c.id == identity)

    def by_question(self, chat_id: int, message_id: int) -> Record | None:
        """The question that was asked by that message."""
        with transaction(self._reader) as connection:
            return _first(connection, and_(questions.c.chat_id == chat_id, questions.c.message_id == message_id))

    def by_reply(self, chat_id: int, message_id: int) -> Record | None:
        """The question whose answer stands in that message of ours."""
        ours = select(messages.c.question).where(messages.c.message_id == message_id)
        with transaction(self._reader) as connection:
            return _first(connection, and_(questions.c.chat_id == chat_id, questions.c.number.in_(ours)))

    def unanswered(self, since: datetime) -> list[Record]:
        """The questions from chats to which nothing was sent, oldest first."""
        wanted = and_(questions.c.waiting, questions.c.chat_id.is_not(None), questions.c.asked_at >= since)
        with transaction(self._reader) as connection:
            return _records(connection, wanted)

    def cite_more(self, identity: str, citations: Sequence[Cited]) -> Record:
        """Add passages to an answer, numbered on; one that is there already is left out.

        Raises:
            KeyError: there is no such answer.
        """
        with transaction(self._engine) as connection:
            number = _number(connection, identity)
            stored = connection.scalar(select(answers.c.citations).where(answers.c.question == number))
            if stored is None:
                raise KeyError(identity)
            cited = list(_from_json(stored))
            for one in citations:
                if all((one.article_id, one.start) != (other.article_id, other.start) for other in cited):
                    cited.append(replace(one, n=len(cited) + 1))
            connection.execute(update(answers).where(answers.c.question == number).values(citations=_to_json(cited)))
            return _one(connection, questions.c.number == number)

    def rate(self, identity: str, user_id: int, value: Literal[1, -1] | None) -> None:
        """One user's opinion of an answer; None takes it back. An answer that is gone has none."""
        with transaction(self._engine) as connection:
            number = _find_number(connection, identity)
            if not connection.scalar(select(exists().where(answers.c.question == number))):
                return
            own = and_(ratings.c.question == number, ratings.c.user_id == user_id)
            connection.execute(delete(ratings).where(own))
            if value is not None:
                connection.execute(insert(ratings).values(question=number, user_id=user_id, value=value))

    def rating(self, identity: str, user_id: int) -> int | None:
        """One user's opinion of an answer."""
        with transaction(self._reader) as connection:
            return connection.scalar(
                select(ratings.c.value)
                .join(questions, questions.c.number == ratings.c.question)
                .where(questions.c.id == identity, ratings.c.user_id == user_id)
            )

    def language_of(self, user_id: int) -> str | None:
        """The language of a user's last question, if any is stored and Telegram named one."""
        own = select(questions.c.language).where(questions.c.user_id == user_id)
        with transaction(self._reader) as connection:
            return connection.scalar(own.order_by(questions.c.number.desc()).limit(1))

    def turns(self, place: Place, limit: int = 6, before: str | None = None) -> list[Record]:
        """The last answered questions of a conversation, oldest first; only those asked before the one of that id."""
        wanted = and_(_at(place), ~questions.c.past)
        if before is not None:
            asked = select(questions.c.number).where(questions.c.id == before).scalar_subquery()
            wanted = and_(wanted, questions.c.number < asked)
        with transaction(self._reader) as connection:
            return _records(connection, wanted, answered=True, newest=limit)[::-1]

    def begin_anew(self, place: Place) -> None:
        """What was asked there so far belongs to the conversation no more."""
        with transaction(self._engine) as connection:
            here = and_(_at(place), ~questions.c.past)
            _lock(connection, here)
            connection.execute(update(questions).where(here).values(past=True))

    def forget(self, user_id: int) -> int:
        """Delete a user's questions, with their answers, and opinions; returns the number of questions.

        The log says so if the words could not be overwritten in the file as well.
        """
        rated = select(ratings.c.question).where(ratings.c.user_id == user_id)
        with transaction(self._engine) as connection:
            _lock(connection, or_(questions.c.user_id == user_id, questions.c.number.in_(rated)))
            connection.execute(delete(ratings).where(ratings.c.user_id == user_id))
            count = connection.execute(delete(questions).where(questions.c.user_id == user_id)).rowcount
        if count and not scrub(self._engine):
            _log.warning("deleted words may still be in the database's file; stop the bot and run VACUUM on it")
        return count

    def gaps(self, since: datetime, limit: int = 50) -> list[Gap]:
        """What was asked in chats and refused or disliked, newest first; the same words count as one question."""
        disliked = (
            select(func.count())
            .where(ratings.c.question == questions.c.number, ratings.c.value < 0)
            .correlate(questions)
            .scalar_subquery()
        )
        query = (
            select(
                questions.c.text, questions.c.asked_at, questions.c.via, answers.c.refusal, disliked.label("disliked")
            )
            .join(answers)
            .where(questions.c.asked_at >= since)
            .order_by(questions.c.number.desc())
        )
        found: dict[str, Gap] = {}
        with transaction(self._reader) as connection:
            for text, at, via, refusal, against in connection.execute(query):
                # An inline question that was refused is only a half-typed one.
                if not against and (refusal is None or via == "inline"):
                    continue
                key = _ENDS.sub("", " ".join(text.casefold().split()))
                gap = found.get(key) or Gap(text, 0, 0, 0, at)
                found[key] = replace(
                    gap,
                    count=gap.count + 1,
                    refused=gap.refused + (refusal is not None),
                    disliked=gap.disliked + against,
                )
        return list(found.values())[:limit]

    def usage(self, since: datetime) -> Usage:
        """How much was asked since then, and how fast it was answered."""
        query = select(answers.c.milliseconds, answers.c.refusal).join(questions).where(questions.c.asked_at >= since)
        with transaction(self._reader) as connection:
            rows = connection.execute(query).all()
        times = sorted(row.milliseconds for row in rows)
        refused = sum(row.refusal is not None for row in rows)
        if not times:
            return Usage(0, 0, None, None)
        return Usage(len(times), refused, times[len(times) // 2], times[math.ceil(len(times) * 0.95) - 1])

    def close(self) -> None:
        """Close the database."""
        self._engine.dispose()


def _at(place: Place) -> Any:
    thread = questions.c.thread_id
    here = thread.is_(None) if place.thread_id is None else thread == place.thread_id
    return and_(questions.c.chat_id == place.chat_id, here)


def _number(connection: Connection, identity: str) -> int:
    number = _find_number(connection, identity)
    if number is None:
        raise KeyError(identity)
    return number


def _find_number(connection: Connection, identity: str) -> int | None:
    """The number of a question, which no one else can change or forget until the transaction ends."""
    return next(iter(_lock(connection, questions.c.id == identity)), None)


def _lock(connection: Connection, wanted: Any) -> Sequence[int]:
    # Whoever writes locks the questions first and in this order, so that no two wait for each other.
    query = select(questions.c.number).where(wanted).order_by(questions.c.number)
    return connection.scalars(query.with_for_update()).all()


def _first(connection: Connection, wanted: Any) -> Record | None:
    found = _records(connection, wanted)
    return found[0] if found else None


def _one(connection: Connection, wanted: Any) -> Record:
    return _records(connection, wanted)[0]


def _records(connection: Connection, wanted: Any, answered: bool = False, newest: int | None = None) -> list[Record]:
    query = select(questions, answers).join(answers, isouter=not answered).where(wanted)
    order = questions.c.number.desc() if newest else questions.c.number
    rows = connection.execute(query.order_by(order).limit(newest)).all()
    return [_record(row, _sent(connection, row.number)) for row in rows]


def _sent(connection: Connection, number: int) -> Iterable[int]:
    query = select(messages.c.message_id).where(messages.c.question == number).order_by(messages.c.position)
    return connection.scalars(query).all()


def _record(row: Row[Any], sent: Iterable[int]) -> Record:
    place = None if row.chat_id is None else Place(row.chat_id, row.thread_id)
    asked = Asked(row.text, row.via, row.user_id, row.language, place, row.message_id)
    answered = None
    if row.understood_as is not None:
        answered = Answered(
            row.understood_as,
            row.answer,
            row.refusal,
            row.confidence,
            _from_json(row.citations),
            row.generation,
            row.milliseconds,
        )
    return Record(row.id, row.asked_at, asked, answered, tuple(sent))


def _to_json(citations: Iterable[Cited]) -> list[dict[str, Any]]:
    return [{name: _plain(value) for name, value in asdict(one).items()} for one in citations]


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return clean(value) if isinstance(value, str) else value


def _from_json(stored: list[dict[str, Any]]) -> tuple[Cited, ...]:
    return tuple(
        Cited(**{**one, "published": date.fromisoformat(one["published"]) if one["published"] else None})
        for one in stored
    )
