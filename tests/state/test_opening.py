"""Opening a database, and what is said when it fails."""

import stat
import traceback
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from bot.settings import SettingsError
from bot.state import State, StateError
from bot.tables import open_database
from tests.state.builders import LONG_AGO, SECRET, answered, ask, ask_and_answer, asked, at_once
from tests.state.conftest import Server

# Opening


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_the_usual_addresses_of_postgresql_are_understood(server: Server, scheme: str) -> None:
    state = State(server.create().replace("postgresql", scheme, 1))
    record = ask(state, asked())
    assert state.find(record.id) == record
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
    assert states[0].unanswered(LONG_AGO) == records
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
    record = ask_and_answer(state, asked(SECRET))
    engine = open_database(url)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE byline_ratings"))
        connection.execute(text("DROP TABLE byline_answers"))
    engine.dispose()
    for failing in (
        lambda: state.answer(record.id, answered(SECRET)),
        lambda: state.ask_again(record.id, SECRET),
        lambda: state.forget(5),
        lambda: state.find(record.id),
    ):
        with pytest.raises(StateError) as caught:
            failing()
        assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert SECRET not in caplog.text


def test_a_row_that_a_constraint_refuses_is_not_shown(state: State) -> None:
    """PostgreSQL shows the row that it refuses in its message."""
    record = ask(state, asked())
    broken = replace(answered(SECRET), understood_as=None)  # type: ignore[arg-type]
    with pytest.raises(StateError) as caught:
        state.answer(record.id, broken)
    assert SECRET not in "".join(traceback.format_exception(caught.value))
