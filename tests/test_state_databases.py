"""What was asked and answered is kept, on SQLite and on PostgreSQL."""

import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from bot.settings import SettingsError
from bot.state import Answered, Asked, Cited, Place, Record, State, StateError
from bot.tables import clean, open_database
from tests.children import start

_HERE = Place(-1_002_233_445_566, 7)
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_THREADS = 8
# Put together here, so that it is in a traceback only if a message holds it, not for being in a line of source.
_SECRET = "-".join(["hush", "hush"])


@dataclass(frozen=True, slots=True)
class Server:
    """A PostgreSQL of its own, reached by a socket in a folder."""

    folder: Path
    user: str

    def url(self, database: str) -> str:
        return f"postgresql://{self.user}@/{database}?host={self.folder}"

    def create(self, options: str = "") -> str:
        """The address of a new, empty database."""
        name = f"d{uuid4().hex}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} {options}".encode())
        return self.url(name)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """PostgreSQL refuses to run as root, so that it then runs as nobody, who must own its folder."""
    initdb, pg_ctl = shutil.which("initdb"), shutil.which("pg_ctl")
    if initdb is None or pg_ctl is None:
        pytest.skip("there is no PostgreSQL (initdb, pg_ctl) on this machine")
    anybody: dict[str, Any] = {}
    if os.geteuid() == 0:
        anybody = {"user": "nobody", "group": "nogroup" if _is_group("nogroup") else "nobody", "extra_groups": []}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        data = folder / "data"
        if anybody:
            shutil.chown(folder, anybody["user"])

        def run(*command: str) -> None:
            quiet = subprocess.DEVNULL
            subprocess.run(command, check=True, cwd=folder, stdin=quiet, stdout=quiet, stderr=quiet, **anybody)

        run(initdb, "-D", str(data), "-U", "byline", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        options = f"-F -c listen_addresses= -k {folder}"
        run(pg_ctl, "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield Server(folder, "byline")
        finally:
            run(pg_ctl, "-D", str(data), "-w", "-m", "immediate", "stop")


def _is_group(name: str) -> bool:
    import grp

    return any(group.gr_name == name for group in grp.getgrall())


@pytest.fixture
def lite(tmp_path: Path) -> str:
    """The address of a SQLite database that is not there yet."""
    return f"sqlite:///{tmp_path}/deep/byline.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    if request.param == "sqlite":
        return str(request.getfixturevalue("lite"))
    return str(request.getfixturevalue("server").create())


@pytest.fixture
def state(url: str) -> Iterator[State]:
    state = State(url)
    yield state
    state.close()


def asked(text: str = "Who denied it?", message_id: int | None = None, user_id: int | None = 5) -> Asked:
    return Asked(text, "message", user_id, "en", _HERE, message_id)


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


def _ask_of(state: State, message: int, thread: int) -> Record | None:
    return state.ask(asked(str(thread), message))


def at_once(work: Callable[[int], object]) -> list[Any]:
    """What `work(number)` gives in several threads that begin together."""
    together = threading.Barrier(_THREADS)

    def run(number: int) -> object:
        together.wait()
        return work(number)

    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(run, range(_THREADS)))


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
    assert state.by_question(_HERE.chat_id, 1) == record
    # The number of a message says nothing without its chat.
    assert state.ask(replace(asked(message_id=1), place=Place(99))) is not None


def test_a_message_that_comes_in_several_threads_asks_only_once(state: State) -> None:
    for message in range(5):
        records = at_once(partial(_ask_of, state, message))
        assert sum(record is not None for record in records) == 1
    assert len(state.unanswered(_LONG_AGO)) == 5


def test_questions_of_several_threads_are_all_kept(state: State) -> None:
    records = at_once(lambda number: [state.ask(asked(str(number), number * 10 + turn)) for turn in range(5)])
    kept = {record.id for some in records for record in some}
    assert len(kept) == _THREADS * 5
    assert {record.id for record in state.unanswered(_LONG_AGO)} == kept


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
        state.ask(asked(_SECRET, 2))
    assert _SECRET not in "".join(traceback.format_exception(caught.value))


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
    assert state.by_reply(_HERE.chat_id, 1) is None


# Messages of ours


def test_a_reply_to_any_message_of_an_answer_finds_it(state: State) -> None:
    record = ask_and_answer(state, asked(message_id=1))
    state.sent(record.id, [30, 20, 2**52 - 1])
    found = state.find(record.id)
    assert found is not None
    assert found.sent == (30, 20, 2**52 - 1)
    for message in found.sent:
        assert state.by_reply(_HERE.chat_id, message) == found
        assert state.by_reply(99, message) is None
    assert state.by_reply(_HERE.chat_id, 1) is None


def test_messages_take_the_place_of_those_before(state: State) -> None:
    record = ask_and_answer(state, asked())
    state.sent(record.id, [1, 2])
    state.sent(record.id, [2, 3, 4])
    found = state.by_reply(_HERE.chat_id, 3)
    assert found is not None
    assert found.sent == (2, 3, 4)
    assert state.by_reply(_HERE.chat_id, 1) is None


def test_answers_and_messages_recorded_in_several_threads_are_those_of_one(state: State) -> None:
    record = ask(state, asked())

    def work(number: int) -> None:
        state.answer(record.id, answered(str(number)))
        state.sent(record.id, [number * 10, number * 10 + 1])

    at_once(work)
    found = state.find(record.id)
    assert found is not None
    assert found.answered in [answered(str(number)) for number in range(_THREADS)]
    assert found.sent in [(number * 10, number * 10 + 1) for number in range(_THREADS)]


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
    assert state.by_question(_HERE.chat_id, 1) == again


# After a crash


def test_what_nothing_was_sent_to_is_unanswered_oldest_first(state: State) -> None:
    first = ask(state, asked("1"))
    done = ask_and_answer(state, asked("2"))
    state.sent(done.id, [7])
    half = ask_and_answer(state, asked("3"))  # answered, but killed before it was sent
    ask(state, Asked("4", "inline", 5, "en"))
    assert state.unanswered(_LONG_AGO) == [first, half]
    assert state.unanswered(datetime.now(UTC) + timedelta(seconds=1)) == []
    between = half.asked_at - (half.asked_at - first.asked_at) / 2
    assert state.unanswered(between) == [half]


def test_an_edited_question_is_unanswered_until_it_is_sent_again(state: State) -> None:
    record = ask_and_answer(state, asked())
    state.sent(record.id, [7])
    again = state.ask_again(record.id, "Who confirmed it?")
    assert state.unanswered(_LONG_AGO) == [again]
    state.answer(record.id, answered())
    state.sent(record.id, [7])
    assert state.unanswered(_LONG_AGO) == []


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
        assert recorded <= {record.id for record in state.unanswered(_LONG_AGO)}
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


# More


def test_more_citations_are_numbered_on_and_come_only_once(state: State) -> None:
    record = ask_and_answer(state, asked())
    more = [cited("a1", 10), cited("a2", 10), cited("a1", 90), cited("a2", 10)]
    expected = (cited("a1", 10, 1), cited("a2", 10, 2), cited("a1", 90, 3))
    for _ in range(2):
        done = state.cite_more(record.id, more)
        assert done.answered is not None
        assert done.answered.citations == expected
        assert state.find(record.id) == done


def test_more_citations_of_several_threads_are_all_there_once(state: State) -> None:
    record = ask_and_answer(state, asked())
    at_once(lambda number: [state.cite_more(record.id, [cited(f"b{number // 2 + turn}", 0)]) for turn in range(4)])
    found = state.find(record.id)
    assert found is not None
    assert found.answered is not None
    citations = found.answered.citations
    assert [one.n for one in citations] == list(range(1, len(citations) + 1))
    expected = ["a1"] + [f"b{number}" for number in range(_THREADS // 2 + 3)]
    assert sorted(one.article_id for one in citations) == sorted(expected)


def test_what_is_not_answered_cannot_cite_more(state: State) -> None:
    with pytest.raises(KeyError):
        state.cite_more(ask(state, asked()).id, [cited()])


# Opinions


def test_a_user_has_one_opinion_of_an_answer(state: State) -> None:
    record = ask_and_answer(state, asked())
    other = ask_and_answer(state, asked())
    state.rate(record.id, 1, 1)
    state.rate(record.id, 1, -1)
    state.rate(record.id, 2, 1)
    assert (state.rating(record.id, 1), state.rating(record.id, 2), state.rating(other.id, 1)) == (-1, 1, None)
    state.rate(record.id, 1, None)
    state.rate(record.id, 1, None)
    assert (state.rating(record.id, 1), state.rating(record.id, 2)) == (None, 1)


def test_a_user_who_presses_in_several_threads_has_one_opinion(state: State) -> None:
    record = ask_and_answer(state, asked())

    def work(number: int) -> None:
        for _ in range(5):
            state.rate(record.id, 1, -1)

    at_once(work)
    assert state.rating(record.id, 1) == -1
    assert [gap.disliked for gap in state.gaps(_LONG_AGO)] == [1]


# Conversations


def test_turns_are_the_last_answered_questions_oldest_first(state: State) -> None:
    done = [ask_and_answer(state, asked(str(number))) for number in range(8)]
    ask(state, asked("not answered"))
    assert state.turns(_HERE) == done[-6:]
    assert state.turns(_HERE, 2) == done[-2:]
    assert state.turns(_HERE, 100) == done


def test_a_conversation_is_that_of_one_thread_of_one_chat(state: State) -> None:
    places = [Place(1), Place(1, 1), Place(1, 2), Place(2)]
    done = [ask_and_answer(state, replace(asked(), place=place)) for place in places]
    state.begin_anew(Place(2))
    state.begin_anew(Place(1, 2))
    assert [state.turns(place) for place in places] == [[done[0]], [done[1]], [], []]
    state.begin_anew(Place(1))
    assert [state.turns(place) for place in places] == [[], [done[1]], [], []]


def test_a_conversation_begun_anew_knows_only_what_was_asked_since(state: State) -> None:
    ask_and_answer(state, asked("before"))
    under_way = ask(state, asked("under way"))
    state.begin_anew(_HERE)
    state.answer(under_way.id, answered())
    after = ask_and_answer(state, asked("after"))
    assert state.turns(_HERE) == [after]
    assert state.find(under_way.id) is not None


# Forgetting


def test_a_user_is_forgotten_with_everything(state: State) -> None:
    mine = [ask_and_answer(state, asked("mine", number, user_id=1)) for number in range(3)]
    theirs = ask_and_answer(state, asked("theirs", 10, user_id=2))
    state.sent(mine[0].id, [77])
    state.rate(mine[0].id, 2, 1)
    state.rate(theirs.id, 1, -1)
    state.rate(theirs.id, 2, 1)
    assert state.forget(1) == 3
    assert [state.find(record.id) for record in mine] == [None] * 3
    assert state.by_reply(_HERE.chat_id, 77) is None
    assert state.rating(mine[0].id, 2) is None
    assert state.rating(theirs.id, 1) is None
    assert state.rating(theirs.id, 2) == 1
    assert state.turns(_HERE) == [theirs]
    assert state.forget(1) == 0


def test_users_who_are_forgotten_at_once_do_not_wait_for_each_other(url: str, state: State) -> None:
    """Each thinks something of the other's answers, which is where they could meet."""
    for _ in range(10):
        records = [ask_and_answer(state, asked(user_id=number)) for number in range(_THREADS)]
        for record in records:
            for number in range(_THREADS):
                state.rate(record.id, number, -1)
        assert at_once(state.forget) == [1] * _THREADS


def test_forgotten_words_are_in_no_file(lite: str, tmp_path: Path) -> None:
    state = State(lite)
    for number in range(150):
        user = number % 5
        mark = f"mark-of-{user}-{number} "
        record = ask(state, asked(mark * (number % 7 + 1), number, user_id=user))
        quote = mark * (40 * (number % 13) + 1)
        state.answer(record.id, replace(answered(mark), citations=(cited(quote=quote),)))
        if number % 3 == 0:
            state.answer(state.ask_again(record.id, mark * 30).id, answered(mark * 10))
    assert _bytes_of(tmp_path).count(b"mark-of-3-") > 0
    assert state.forget(3) == 30
    assert _bytes_of(tmp_path).count(b"mark-of-3-") == 0
    assert _bytes_of(tmp_path).count(b"mark-of-2-") > 0
    state.close()


def _bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_words_that_could_not_be_overwritten_yet_are_named_in_the_log(
    lite: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.tables._PATIENCE_S", 0.1)
    state = State(lite)
    ask(state, asked(_SECRET))
    reader = sqlite3.connect(make_url(lite).database or "", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM byline_questions")  # an old view of the file, which keeps the log from going
    assert state.forget(5) == 1
    assert "VACUUM" in caplog.text
    assert _SECRET not in caplog.text
    reader.close()
    state.close()


# What the operator sees


def test_gaps_are_what_was_refused_or_disliked_newest_first(state: State) -> None:
    ask_and_answer(state, asked("Who  won?"), answered(None))
    ask_and_answer(state, asked("Who lost?"), answered(None))
    ask_and_answer(state, asked("Who stayed?"))
    ask(state, asked("Who is not answered yet?"))
    liked = ask_and_answer(state, asked("Who smiled?"))
    state.rate(liked.id, 1, 1)
    newest = ask_and_answer(state, asked("who WON ?!"))
    state.rate(newest.id, 1, -1)
    gaps = state.gaps(_LONG_AGO)
    assert [(gap.question, gap.count, gap.refused, gap.disliked) for gap in gaps] == [
        ("who WON ?!", 2, 1, 1),
        ("Who lost?", 1, 1, 0),
    ]
    assert gaps[0].last == newest.asked_at
    assert state.gaps(_LONG_AGO, limit=1) == gaps[:1]
    assert state.gaps(newest.asked_at)[0].count == 1
    assert state.gaps(newest.asked_at + timedelta(seconds=1)) == []


def test_half_typed_inline_questions_are_no_gaps(state: State) -> None:
    ask_and_answer(state, Asked("Who w", "inline", 5, "en"), answered(None))
    assert state.gaps(_LONG_AGO) == []


# Texts

_any_text = st.text(st.characters() | st.sampled_from("\x00\ud800\udfff\U0001f6a2'\"%\\{}:;"), max_size=40)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(words=["a\x00\ud800b"] * 6, confidence=0.0, took=0.0)
@given(words=st.lists(_any_text, min_size=6, max_size=6), confidence=st.floats(0, 1), took=st.floats(0, 1e7))
def test_any_text_comes_back_but_for_what_is_no_character(
    state: State, words: list[str], confidence: float, took: float
) -> None:
    question = Asked(words[0], "message", 1, words[1], _HERE)
    citation = replace(cited(quote=words[2]), title=words[3], source=words[4], url=words[5])
    answer = Answered(words[2], words[3], words[4], confidence, (citation,), words[5], took)
    record = ask_and_answer(state, question, answer)
    assert record == state.find(record.id)
    assert record.asked == replace(question, text=clean(words[0]), language=clean(words[1]))
    assert record.answered is not None
    (kept,) = record.answered.citations
    assert (kept.quote, kept.title, kept.source, kept.url) == tuple(clean(words[at]) for at in (2, 3, 4, 5))
    assert record.answered.text == clean(words[3])
    assert (record.answered.confidence, record.answered.milliseconds) == (confidence, took)


@given(_any_text)
def test_what_is_no_character_becomes_one_that_is_so_that_offsets_hold(words: str) -> None:
    cleaned = clean(words)
    assert len(cleaned) == len(words)
    assert "\x00" not in cleaned
    cleaned.encode()
    assert all(
        new == old or old == "\x00" or "\ud800" <= old <= "\udfff" for old, new in zip(words, cleaned, strict=True)
    )


# Opening


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_the_usual_addresses_of_postgresql_are_understood(server: Server, scheme: str) -> None:
    state = State(server.create().replace("postgresql", scheme, 1))
    ask(state, asked())
    state.close()


def test_a_file_of_questions_is_only_for_its_owner(lite: str) -> None:
    state = State(lite)
    ask(state, asked())
    path = Path(make_url(lite).database or "")
    modes = {found.name: stat.S_IMODE(found.stat().st_mode) for found in path.parent.iterdir()}
    assert modes["byline.db"] == 0o600
    assert set(modes.values()) == {0o600}
    state.close()


def test_a_path_may_hold_any_character(tmp_path: Path) -> None:
    path = tmp_path / "a@b" / "c@d #" / "byline.db"
    State(f"sqlite:///{path}").close()
    assert path.is_file()


def test_a_database_is_made_once_by_several_who_open_it(url: str) -> None:
    states = at_once(lambda _: State(url))
    records = [ask(state, asked()) for state in states]
    assert states[0].unanswered(_LONG_AGO) == records
    for state in states:
        state.close()


def test_a_database_of_a_newer_byline_is_refused_and_left_alone(url: str) -> None:
    State(url).close()
    engine = open_database(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE byline_schema SET version = 2"))
        connection.execute(text("DROP TABLE byline_ratings"))
    engine.dispose()
    with pytest.raises(StateError, match=r"newer Byline \(schema 2; this one knows 1\)"):
        State(url)
    engine = create_engine(make_url(url).set(drivername=make_url(url).get_dialect().name + _driver(url)))
    with engine.connect() as connection, pytest.raises(SQLAlchemyError):
        connection.execute(text("SELECT * FROM byline_ratings"))
    engine.dispose()


def _driver(url: str) -> str:
    return "" if url.startswith("sqlite") else "+psycopg"


def refusal(url: str) -> str:
    with pytest.raises(StateError) as caught:
        State(url)
    message = str(caught.value)
    assert "\n" not in message
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))
    return message


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "no address"),
        ("byline.db", "no address"),
        ("postgresql://me:hunter2@host:x/db", "no address"),
        ("mysql://me:hunter2@host/db", "mysql"),
        ("sqlite://", "no file"),
        ("sqlite:///:memory:", "no file"),
        ("postgresql://me:a@hunter2@host/db", "%40"),
    ],
)
def test_an_address_that_cannot_be_used_is_named_without_its_password(url: str, says: str) -> None:
    assert says in refusal(url)
    assert "DATABASE_URL" in refusal(url)


@pytest.mark.parametrize("password", ["me:hunter2@", "me:p%40hunter2@"])
def test_a_server_that_does_not_answer_is_named_without_its_password(password: str) -> None:
    message = refusal(f"postgresql://{password}127.0.0.1:1/byline?password=hunter2")
    assert "postgresql+psycopg://me@127.0.0.1:1/byline" in message
    assert "refused" in message


def test_a_database_that_is_not_there_is_named(server: Server) -> None:
    assert "nowhere" in refusal(server.url("nowhere"))


def test_a_database_that_cannot_hold_every_text_is_refused(server: Server) -> None:
    assert "LATIN1" in refusal(server.create("ENCODING 'LATIN1' TEMPLATE template0"))


def test_a_file_that_is_no_database_is_named_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "byline.db"
    path.write_bytes(b"These are no tables." * 100)
    message = refusal(f"sqlite:///{path}")
    assert str(path) in message
    assert "not a database" in message
    assert path.read_bytes() == b"These are no tables." * 100


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "byline.db"
    assert str(path) in refusal(f"sqlite:///{path}")
    assert "unable to open" in refusal(f"sqlite:///{tmp_path}")


def test_a_database_that_cannot_be_opened_stops_the_start_with_one_line() -> None:
    """The command line prints each SettingsError as one line."""
    assert issubclass(StateError, SettingsError)


# No one's words in what is logged


def test_no_words_are_in_what_a_failure_says(url: str, state: State, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    record = ask_and_answer(state, asked(_SECRET))
    engine = open_database(url)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE byline_ratings"))
        connection.execute(text("DROP TABLE byline_answers"))
    engine.dispose()
    for failing in (
        lambda: state.answer(record.id, answered(_SECRET)),
        lambda: state.ask_again(record.id, _SECRET),
        lambda: state.forget(5),
        lambda: state.find(record.id),
    ):
        with pytest.raises(StateError) as caught:
            failing()
        assert _SECRET not in "".join(traceback.format_exception(caught.value))
    assert _SECRET not in caplog.text


def test_a_row_that_a_constraint_refuses_is_not_shown(state: State) -> None:
    """PostgreSQL shows the row that it refuses in its message."""
    record = ask(state, asked())
    broken = replace(answered(_SECRET), understood_as=None)  # type: ignore[arg-type]
    with pytest.raises(StateError) as caught:
        state.answer(record.id, broken)
    assert _SECRET not in "".join(traceback.format_exception(caught.value))
