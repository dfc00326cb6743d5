"""What is asked, which messages hold the answer, and what a crash leaves open."""

import signal
import sqlite3
import threading
import time
import traceback
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing.connection import Connection

import pytest
from sqlalchemy import make_url

from bot.state import Asked, Cited, Place, Record, State, StateError
from bot.tables import open_database
from tests.children import start
from tests.state.builders import HERE, LONG_AGO, SECRET, THREADS, answered, ask, ask_and_answer, asked, at_once, cited


def _ask_of(state: State, message: int, thread: int) -> Record | None:
    return state.ask(asked(str(thread), message))


# What is asked and answered


def test_a_question_is_found_as_it_was_asked(state: State) -> None:
    question = Asked("Who denied it?", "guest", 2**52 - 1, "de", Place(-(2**52 - 1), 2**52 - 1), 2**52 - 2)
    record = ask(state, question)
    assert record.asked == question
    assert record.answered is None
    assert record.sent == ()
    assert record.asked_at.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - record.asked_at) < timedelta(seconds=60)
    assert state.find(record.id) == record
    assert state.by_question(-(2**52 - 1), 2**52 - 2) == record


def test_a_question_without_a_place_is_kept(state: State) -> None:
    question = Asked("Who denied it?", "inline", None, None)
    record = ask(state, question)
    again = ask(state, question)
    assert record.asked == again.asked == question
    assert record.id != again.id


def test_an_answer_is_found_as_it_was_given(state: State) -> None:
    bare = Cited(2, "a2", "T", None, None, None, "Quote.", 0, 6, None, None, "related", later=True)
    answer = replace(answered(), citations=(cited(), bare))
    record = ask(state, asked())
    done = state.answer(record.id, answer)
    assert done == replace(record, answered=answer)
    assert state.find(record.id) == done


def test_a_later_answer_takes_the_place_of_an_earlier_one(state: State) -> None:
    record = ask_and_answer(state, asked())
    state.rate(record.id, 9, 1)
    assert state.answer(record.id, answered(None)).answered == answered(None)
    assert state.rating(record.id, 9) is None


def test_everything_is_there_after_opening_again(url: str) -> None:
    state = State(url)
    record = ask_and_answer(state, asked(message_id=1))
    state.sent(record.id, [2, 3])
    state.rate(record.id, 9, -1)
    state.close()
    state = State(url)
    assert state.find(record.id) == replace(record, sent=(2, 3))
    assert state.rating(record.id, 9) == -1
    state.close()


def test_a_message_asks_only_once(state: State) -> None:
    record = ask(state, asked(message_id=1))
    assert state.ask(asked("Something else", message_id=1)) is None
    assert state.by_question(HERE.chat_id, 1) == record
    # The number of a message says nothing without its chat.
    assert state.ask(replace(asked(message_id=1), place=Place(99))) is not None


def test_a_message_that_comes_in_several_threads_asks_only_once(state: State) -> None:
    for message in range(5):
        records = at_once(partial(_ask_of, state, message))
        assert sum(record is not None for record in records) == 1
    assert len(state.unanswered(LONG_AGO)) == 5


def test_questions_of_several_threads_are_all_kept(state: State) -> None:
    records = at_once(lambda number: [state.ask(asked(str(number), number * 10 + turn)) for turn in range(5)])
    kept = {record.id for some in records for record in some}
    assert len(kept) == THREADS * 5
    assert {record.id for record in state.unanswered(LONG_AGO)} == kept


def test_ids_are_short_and_fit_for_links_and_buttons(state: State) -> None:
    ids = {ask(state, asked()).id for _ in range(20)}
    assert len(ids) == 20
    for one in ids:
        assert 8 <= len(one) <= 12
        assert one.isascii()
        assert one.isalnum()


def test_an_id_that_is_taken_is_not_given_again(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    first = ask(state, asked())
    letters = iter(first.id + "a" * len(first.id))
    monkeypatch.setattr("secrets.choice", lambda _: next(letters))
    assert ask(state, asked()).id == "a" * len(first.id)


def test_a_random_source_that_repeats_itself_is_an_error_and_no_endless_loop(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secrets.choice", lambda _: "a")
    ask(state, asked("first", 1))
    with pytest.raises(StateError) as caught:
        state.ask(asked(SECRET, 2))
    assert SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("identity", ["", "nothere1234", "\x00", "\ud800", "a" * 10_000, "' OR 1=1 --"])
def test_what_is_no_id_finds_nothing(state: State, identity: str) -> None:
    ask_and_answer(state, asked())
    assert state.find(identity) is None
    assert state.rating(identity, 5) is None
    with pytest.raises(KeyError):
        state.answer(identity, answered())
    with pytest.raises(KeyError):
        state.ask_again(identity, "text")
    with pytest.raises(KeyError):
        state.cite_more(identity, [cited()])
    state.sent(identity, [1])
    state.rate(identity, 5, 1)
    assert state.by_reply(HERE.chat_id, 1) is None


# Messages of ours


def test_a_reply_to_any_message_of_an_answer_finds_it(state: State) -> None:
    record = ask_and_answer(state, asked(message_id=1))
    state.sent(record.id, [30, 20, 2**52 - 1])
    found = state.find(record.id)
    assert found is not None
    assert found.sent == (30, 20, 2**52 - 1)
    for message in found.sent:
        assert state.by_reply(HERE.chat_id, message) == found
        assert state.by_reply(99, message) is None
    assert state.by_reply(HERE.chat_id, 1) is None


def test_messages_take_the_place_of_those_before(state: State) -> None:
    record = ask_and_answer(state, asked())
    state.sent(record.id, [1, 2])
    state.sent(record.id, [2, 3, 4])
    found = state.by_reply(HERE.chat_id, 3)
    assert found is not None
    assert found.sent == (2, 3, 4)
    assert state.by_reply(HERE.chat_id, 1) is None


def test_answers_and_messages_recorded_in_several_threads_are_those_of_one(state: State) -> None:
    record = ask(state, asked())

    def work(number: int) -> None:
        state.answer(record.id, answered(str(number)))
        state.sent(record.id, [number * 10, number * 10 + 1])

    at_once(work)
    found = state.find(record.id)
    assert found is not None
    assert found.answered in [answered(str(number)) for number in range(THREADS)]
    assert found.sent in [(number * 10, number * 10 + 1) for number in range(THREADS)]


def test_an_edited_question_loses_its_answer_and_keeps_its_messages(state: State) -> None:
    record = ask_and_answer(state, asked(message_id=1))
    state.sent(record.id, [2])
    state.rate(record.id, 9, -1)
    again = state.ask_again(record.id, "Who confirmed it?")
    assert again.id == record.id
    assert again.asked == asked("Who confirmed it?", 1)
    assert again.answered is None
    assert again.sent == (2,)
    assert state.find(record.id) == again
    assert state.rating(record.id, 9) is None
    assert state.by_question(HERE.chat_id, 1) == again


# After a crash


def test_what_nothing_was_sent_to_is_unanswered_oldest_first(state: State) -> None:
    first = ask(state, asked("1"))
    done = ask_and_answer(state, asked("2"))
    state.sent(done.id, [7])
    half = ask_and_answer(state, asked("3"))  # answered, but killed before it was sent
    ask(state, Asked("4", "inline", 5, "en"))
    assert state.unanswered(LONG_AGO) == [first, half]
    assert state.unanswered(datetime.now(UTC) + timedelta(seconds=1)) == []
    between = half.asked_at - (half.asked_at - first.asked_at) / 2
    assert state.unanswered(between) == [half]


def test_an_edited_question_is_unanswered_until_it_is_sent_again(state: State) -> None:
    record = ask_and_answer(state, asked())
    state.sent(record.id, [7])
    again = state.ask_again(record.id, "Who confirmed it?")
    assert state.unanswered(LONG_AGO) == [again]
    state.answer(record.id, answered())
    state.sent(record.id, [7])
    assert state.unanswered(LONG_AGO) == []


def ask_until_killed(talk: Connection, url: str) -> None:
    """Say the id of each question as soon as it is recorded."""
    state = State(url)
    talk.send("begun")
    while True:
        talk.send(ask(state, asked()).id)


def test_a_question_outlives_the_process_that_recorded_it(url: str) -> None:
    for _ in range(3):
        child = start(ask_until_killed, url)
        assert child.hear() == "begun"
        recorded = {child.hear() for _ in range(10)}
        child.process.kill()
        try:
            while True:
                recorded.add(child.talk.recv())
        except EOFError:
            pass
        assert child.ended() == -signal.SIGKILL
        state = State(url)
        assert recorded <= {record.id for record in state.unanswered(LONG_AGO)}
        state.close()


def test_sqlite_syncs_every_commit_and_checks_references(lite: str) -> None:
    engine = open_database(lite)
    with engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout")
        }
    engine.dispose()
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "secure_delete": 1,
        "busy_timeout": 10_000,
    }


def test_a_write_waits_for_that_of_another_process(lite: str) -> None:
    state = State(lite)
    other = sqlite3.connect(make_url(lite).database or "", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    later = threading.Timer(0.3, other.rollback)
    later.start()
    began = time.monotonic()
    assert state.ask(asked()) is not None
    assert time.monotonic() - began > 0.2
    later.join()
    other.close()
    state.close()
