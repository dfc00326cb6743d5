"""What is stored of questions and answers, in both kinds of database."""

import stat
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from bot.state import Answered, Asked, Cited, Gap, Place, Record, State, StateError, Usage
from bot.tables import SCHEMA, open_database, schema
from tests.state.conftest import PASSWORD, Server

HERE = Place(-1_001_234_567_890_123, 42)
ADA, EVE = 2**52 - 1, 8
_NUMBERS = count(1)
ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)


def asked(text: str = "Who won?", message_id: int | None = None, user_id: int | None = ADA) -> Asked:
    return Asked(text, "message", user_id, "de-AT", HERE, message_id or next(_NUMBERS))


def put(state: State, question: Asked) -> Record:
    record = state.ask(question)
    assert record is not None
    return record


def cited(n: int = 1, start: int = 10) -> Cited:
    return Cited(
        n,
        "world/a.txt",
        "Ada wins",
        "The Courier",
        date(2018, 4, 10),
        None,
        "Ada 😀 won.",
        start,
        start + 10,
        0,
        3,
        "exact",
    )


def answered(text: str | None = "Ada won.", milliseconds: float = 12.5) -> Answered:
    refusal = None if text else "not_stated"
    return Answered("Who won?", text, refusal, 0.75, (cited(1, 10), cited(2, 30)), "g1", milliseconds)


def put_answered(state: State, text: str | None = "Ada won.", question: str = "Who won?", user: int = ADA) -> Record:
    return state.answer(put(state, asked(question, user_id=user)).id, answered(text))


def test_a_question_is_found_as_it_was_asked_and_after_a_restart(url: str) -> None:
    state = State(url)
    question = asked("Кто 😀 won?", 2**40)
    record = put(state, question)
    state.close()
    again = State(url)
    assert again.find(record.id) == again.by_question(HERE.chat_id, 2**40) == record
    assert (record.asked, record.answered, record.sent) == (question, None, ())
    assert abs(datetime.now(UTC) - record.asked_at) < timedelta(minutes=1)
    assert len(record.id) == 11
    assert again.find("no-such-id") is None
    again.close()


def test_a_message_that_comes_twice_is_one_question(state: State) -> None:
    first = asked("Who won?", 77)
    assert state.ask(first) is not None
    assert state.ask(first) is None
    assert state.ask(replace(first, place=Place(5))) is not None


def test_of_a_message_that_comes_many_times_at_once_one_question_is_made(state: State) -> None:
    question = asked()
    with ThreadPoolExecutor(8) as threads:
        records = list(threads.map(lambda _: state.ask(question), range(16)))
    assert sum(record is not None for record in records) == 1


def test_questions_without_a_message_are_never_duplicates(state: State) -> None:
    question = Asked("Who won?", "inline", ADA, None)
    assert put(state, question).id != put(state, question).id


def test_characters_that_a_database_cannot_hold_are_replaced_one_by_one(state: State) -> None:
    assert put(state, asked("a\x00b\ud83dc")).asked.text == "a\ufffdb\ufffdc"


def test_an_answer_is_found_with_its_citations(state: State) -> None:
    record = put_answered(state)
    assert record.answered == answered()
    assert state.find(record.id) == record
    later = state.answer(record.id, answered(None, 3.0))
    assert later.answered == answered(None, 3.0)


def test_a_question_that_was_forgotten_cannot_be_answered(state: State) -> None:
    record = put(state, asked())
    state.forget(ADA)
    state.sent(record.id, [1])
    state.rate(record.id, ADA, 1)
    with pytest.raises(KeyError):
        state.answer(record.id, answered())
    with pytest.raises(KeyError):
        state.ask_again(record.id, "Who lost?")
    with pytest.raises(KeyError):
        state.cite_more(record.id, [])
    assert state.find(record.id) is None


def test_a_question_asked_again_loses_its_answer_and_opinions_but_not_its_messages(state: State) -> None:
    record = put_answered(state)
    state.sent(record.id, [501])
    state.rate(record.id, EVE, 1)
    again = state.ask_again(record.id, "Who lost?")
    assert (again.id, again.asked.text, again.answered, again.sent) == (record.id, "Who lost?", None, (501,))
    assert [one.id for one in state.unanswered(ALWAYS)] == [record.id]
    assert state.rating(record.id, EVE) is None


def test_an_answer_is_found_by_each_of_its_messages(state: State) -> None:
    record = put_answered(state)
    state.sent(record.id, [502, 501])
    found = state.by_reply(HERE.chat_id, 501)
    assert found == state.by_reply(HERE.chat_id, 502)
    assert found is not None
    assert found.sent == (502, 501)
    assert state.by_reply(5, 501) is None
    state.sent(record.id, [600])
    assert state.by_reply(HERE.chat_id, 501) is None


def test_what_nothing_was_sent_for_is_unanswered_oldest_first(state: State) -> None:
    first, second, third = (put(state, asked()) for _ in range(3))
    put(state, Asked("half-typed", "inline", ADA, None))
    state.answer(second.id, answered())  # stored, but never sent
    state.sent(first.id, [1])
    assert [one.id for one in state.unanswered(ALWAYS)] == [second.id, third.id]
    assert state.unanswered(datetime.now(UTC) + timedelta(hours=1)) == []


def test_more_citations_are_numbered_on_and_none_comes_twice(state: State) -> None:
    record = put_answered(state)
    more = [replace(cited(9, start), later=True) for start in (30, 50, 50, 70)]
    extended = state.cite_more(record.id, more).answered
    assert extended is not None
    assert [(one.n, one.start, one.later) for one in extended.citations] == [
        (1, 10, False),
        (2, 30, False),
        (3, 50, True),
        (4, 70, True),
    ]
    with pytest.raises(KeyError):
        state.cite_more(put(state, asked()).id, more)


def test_an_opinion_is_one_users_and_can_be_changed_and_taken_back(state: State) -> None:
    identity = put_answered(state).id
    state.rate(identity, ADA, 1)
    state.rate(identity, EVE, 1)
    state.rate(identity, ADA, -1)
    assert (state.rating(identity, ADA), state.rating(identity, EVE)) == (-1, 1)
    state.rate(identity, ADA, None)
    assert (state.rating(identity, ADA), state.rating(identity, EVE)) == (None, 1)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: state.rate(identity, ADA, 1), range(16)))
    assert state.rating(identity, ADA) == 1


def test_the_turns_of_a_conversation_are_its_last_answered_questions(state: State) -> None:
    records = [put_answered(state, question=f"Question {number}?") for number in range(4)]
    put(state, asked("not answered yet"))
    put(state, replace(asked(), place=Place(HERE.chat_id)))
    assert [one.id for one in state.turns(HERE, 3)] == [one.id for one in records[1:]]
    assert state.turns(Place(HERE.chat_id)) == state.turns(Place(HERE.chat_id, 43)) == []
    state.begin_anew(Place(HERE.chat_id, 43))
    assert len(state.turns(HERE)) == 4
    state.begin_anew(HERE)
    assert state.turns(HERE) == []
    new = put_answered(state)
    assert state.turns(HERE) == [new]
    assert state.find(records[0].id) == records[0]


def test_forgetting_deletes_a_users_questions_and_opinions_and_nobody_elses(state: State) -> None:
    mine, theirs = put_answered(state), put_answered(state, user=EVE)
    state.sent(mine.id, [900])
    state.rate(mine.id, EVE, 1)
    state.rate(theirs.id, ADA, -1)
    state.rate(theirs.id, EVE, 1)
    assert state.forget(ADA) == 1
    assert state.find(mine.id) is state.by_reply(HERE.chat_id, 900) is None
    assert state.rating(theirs.id, ADA) is None
    assert state.rating(theirs.id, EVE) == 1
    assert state.find(theirs.id) == theirs
    assert state.forget(ADA) == 0


def test_gaps_are_what_was_refused_or_disliked_counted_by_their_words(state: State) -> None:
    liked, disliked = put_answered(state, question="Liked?"), put_answered(state, question="Disliked?")
    state.rate(liked.id, EVE, 1)
    state.rate(disliked.id, EVE, -1)
    state.rate(disliked.id, ADA, -1)
    put_answered(state, None, "who  LOST")
    newest = put_answered(state, None, "Who lost ?")
    state.answer(put(state, Asked("who l", "inline", ADA, None)).id, answered(None))
    assert state.gaps(ALWAYS) == [
        Gap("Who lost ?", 2, 2, 0, newest.asked_at),
        Gap("Disliked?", 1, 0, 2, disliked.asked_at),
    ]
    assert [gap.question for gap in state.gaps(ALWAYS, limit=1)] == ["Who lost ?"]
    assert state.gaps(datetime.now(UTC) + timedelta(hours=1)) == []


def test_usage_counts_answers_and_refusals_and_their_times(state: State) -> None:
    assert state.usage(ALWAYS) == Usage(0, 0, None, None)
    for number in range(100):
        text = None if number < 10 else "Ada won."
        state.answer(put(state, asked()).id, answered(text, float(number)))
    assert state.usage(ALWAYS) == Usage(100, 10, 50.0, 94.0)
    assert state.usage(datetime.now(UTC) + timedelta(hours=1)) == Usage(0, 0, None, None)


def test_a_database_of_a_newer_byline_is_refused_and_left_as_it_is(url: str) -> None:
    engine = open_database(url)
    with engine.begin() as connection:
        connection.execute(schema.update().values(version=SCHEMA + 1))
    engine.dispose()
    for _ in range(2):
        with pytest.raises(
            StateError, match=rf"newer Byline \(schema {SCHEMA + 1}; this one knows {SCHEMA}\)"
        ) as error:
            State(url)
        assert PASSWORD not in "".join(traceback.format_exception(error.value))


def test_forgotten_words_are_in_no_file_any_more(tmp_path: Path) -> None:
    state = State(f"sqlite:///{tmp_path / 'byline.db'}")
    put_answered(state, question="unmistakable")
    assert any(b"unmistakable" in path.read_bytes() for path in tmp_path.iterdir())
    state.forget(ADA)
    assert not any(b"unmistakable" in path.read_bytes() for path in tmp_path.iterdir())
    state.close()


def test_the_file_is_for_nobody_else_to_read(tmp_path: Path) -> None:
    State(f"sqlite:///{tmp_path / 'byline.db'}").close()
    assert stat.S_IMODE((tmp_path / "byline.db").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://ada:{PASSWORD}@127.0.0.1:1/byline",
        f"postgres://127.0.0.1:1/byline?user=ada&password={PASSWORD}",
        f"postgresql://ada:{PASSWORD}@x@127.0.0.1:1/byline",
        f"postgresql://ada:{PASSWORD}@127.0.0.1:port/byline",
        f"mysql://ada:{PASSWORD}@127.0.0.1/byline",
        f"ada:{PASSWORD}@127.0.0.1",
        f"sqlite://ada:{PASSWORD}@",
    ],
)
def test_no_error_shows_the_password(address: str) -> None:
    with pytest.raises(StateError) as error:
        State(address)
    assert PASSWORD not in "".join(traceback.format_exception(error.value))
    assert "\n" not in str(error.value)


def test_a_wrong_password_is_told_without_it(server: Server) -> None:
    wrong = PASSWORD[::-1]
    with pytest.raises(StateError, match="password authentication failed") as error:
        State(server.url("postgres").replace(PASSWORD, wrong))
    assert wrong not in "".join(traceback.format_exception(error.value))


@pytest.mark.parametrize("address", ["sqlite://", "sqlite:///:memory:", "nonsense", ""])
def test_an_address_that_keeps_nothing_is_refused(address: str) -> None:
    with pytest.raises(StateError, match="DATABASE_URL"):
        State(address)


def test_a_file_that_is_no_database_is_told_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("my notes, which are no database at all\n" * 50)
    with pytest.raises(StateError, match="not a database"):
        State(f"sqlite:///{path}")
    assert path.read_text().startswith("my notes")
