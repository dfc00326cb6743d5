"""The tables of the state, and how a database of them is opened: SQLite in a file, or PostgreSQL."""

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    URL,
    BigInteger,
    Boolean,
    Column,
    Connection,
    DateTime,
    Double,
    Engine,
    ForeignKey,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    create_engine,
    event,
    func,
    insert,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError

from bot.settings import SettingsError

SCHEMA = 1
_PATIENCE_S = 10
_LOCK = 0x62796C696E65  # "byline": held while the tables are made
_UNSAFE = re.compile("[\x00\ud800-\udfff]")
_ADVICE = "Mend that, or let DATABASE_URL name another database."
_FORMS = "sqlite:///PATH or postgresql://USER:PASSWORD@HOST/DATABASE"


class StateError(SettingsError):
    """The database cannot be opened or used; the message is one line without passwords and without anyone's words.

    A `SettingsError`, since what mends it is nearly always another DATABASE_URL or what that names.
    """


class Conflict(StateError):
    """A constraint of the database refused a row."""


def clean(words: str) -> str:
    """The text with U+FFFD for each NUL and each half of a surrogate pair, which not every database can hold.

    One character stands for one, so that offsets into the text still hold.
    """
    return _UNSAFE.sub("\ufffd", words)


class Words(TypeDecorator[str]):
    """Text, cleaned on its way in."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Clean it."""
        return None if value is None else clean(value)


class Moment(TypeDecorator[datetime]):
    """An aware moment, in UTC. SQLite knows no time zones, and PostgreSQL answers in that of the session."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """To UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """To UTC, and aware."""
        if value is None or value.tzinfo is not None:
            return value and value.astimezone(UTC)
        return value.replace(tzinfo=UTC)


_tables = MetaData()
# SQLite counts up only a column that is called INTEGER; its integers have 64 bits all the same.
_Number = BigInteger().with_variant(Integer, "sqlite")

schema = Table("byline_schema", _tables, Column("version", Integer, primary_key=True, autoincrement=False))

questions = Table(
    "byline_questions",
    _tables,
    Column("number", _Number, primary_key=True),  # in the order of asking, whatever the clock does
    Column("id", Words, nullable=False, unique=True),
    Column("asked_at", Moment, nullable=False, index=True),
    Column("text", Words, nullable=False),
    Column("via", Words, nullable=False),
    Column("user_id", BigInteger, index=True),
    Column("language", Words),
    Column("chat_id", BigInteger),
    Column("thread_id", BigInteger),
    Column("message_id", BigInteger),
    Column("waiting", Boolean, nullable=False),  # nothing was sent since it was asked, or asked again
    Column("past", Boolean, nullable=False),  # from before the last /new
    UniqueConstraint("chat_id", "message_id"),
    sqlite_autoincrement=True,  # or the number of a forgotten question would be given again
)

answers = Table(
    "byline_answers",
    _tables,
    Column("question", ForeignKey(questions.c.number, ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("understood_as", Words, nullable=False),
    Column("answer", Words),
    Column("refusal", Words),
    Column("confidence", Double, nullable=False),
    Column("citations", JSON, nullable=False),
    Column("generation", Words, nullable=False),
    Column("milliseconds", Double, nullable=False),
)

# Our messages that hold an answer. They stay when a question is edited and its answer forgotten.
messages = Table(
    "byline_messages",
    _tables,
    Column("question", ForeignKey(questions.c.number, ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("message_id", BigInteger, nullable=False, index=True),
)

# An opinion is one of an answer, and goes with it.
ratings = Table(
    "byline_ratings",
    _tables,
    Column("question", ForeignKey(answers.c.question, ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False, index=True),
    Column("value", Integer, nullable=False),
)


def open_database(url: str) -> Engine:
    """The database of that address, its folder and tables made if they are not there.

    Raises:
        StateError: the address cannot be read, the database cannot be opened, or a newer Byline wrote it.
    """
    address = _read(url)
    try:
        engine = _sqlite(address) if address.get_backend_name() == "sqlite" else _postgresql(address)
    except OSError as error:
        raise StateError(f"{describe(address)} cannot be opened: {error.strerror}. {_ADVICE}") from None
    except ModuleNotFoundError:
        raise StateError(f"{describe(address)} needs psycopg; run `pip install 'psycopg[binary]'`") from None
    try:
        with engine.begin() as connection:
            _make_tables(connection)
    except (SQLAlchemyError, StateError) as error:
        engine.dispose()
        if isinstance(error, StateError):
            raise
        raise StateError(f"{describe(address)} cannot be opened: {_reason(error, address)}. {_ADVICE}") from None
    return engine


def describe(url: URL) -> str:
    """The database in words, without the password and without options, among which one may be."""
    return f"the database {URL.create(url.drivername, url.username, None, url.host, url.port, url.database)}"


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """A transaction, durable when it is left. A failure names only its kind: PostgreSQL would show the row it refuses.

    Raises:
        Conflict: a constraint refused a row.
        StateError: the database failed in another way.
    """
    try:
        with engine.begin() as connection:
            yield connection
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        kind = getattr(cause, "sqlite_errorname", type(cause).__name__)
        failure = Conflict if isinstance(error, IntegrityError) else StateError
        raise failure(f"{describe(engine.url)} failed ({kind}); see to its disk, or to its server") from None


def scrub(engine: Engine) -> bool:
    """Overwrite what was deleted; False if that could not be done now, because the database was busy or the disk full.

    SQLite's secure_delete does not reach the copies that are left when pages are rearranged, nor the log, so the file
    is written anew and the log emptied. PostgreSQL does that by its own vacuum, in its own time.
    """
    if engine.dialect.name != "sqlite":
        return True
    with closing(engine.raw_connection()) as connection, closing(connection.cursor()) as cursor:
        try:
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            (busy, *_) = cursor.fetchone() or (1,)
        except sqlite3.Error:
            return False
    return not busy


def _read(url: str) -> URL:
    # With a second @ it could be part of the password that is taken for the host, and shown.
    if not url.startswith("sqlite") and url.partition("?")[0].count("@") > 1:
        raise StateError("DATABASE_URL holds more than one @; write %40 for one in a password or a name")
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        raise StateError(f"DATABASE_URL is no address of a database; write {_FORMS}") from None
    if address.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        return address.set(drivername="postgresql+psycopg")
    if address.drivername not in ("sqlite", "sqlite+pysqlite"):
        raise StateError(f"DATABASE_URL names {address.drivername}, which Byline cannot use; write {_FORMS}")
    if not address.database or address.database.startswith((":memory:", "file:")):
        raise StateError("DATABASE_URL names no file, so that nothing would be kept; write sqlite:///PATH")
    return address


def _sqlite(url: URL) -> Engine:
    path = Path(url.database or "")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)  # people's questions are nobody else's business
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": _PATIENCE_S})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # `_begin_sqlite` begins, not the driver, which would begin too late
    _log_ahead(connection)
    connection.execute("PRAGMA synchronous = FULL")  # in WAL mode this syncs every commit
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")


def _log_ahead(connection: sqlite3.Connection) -> None:
    # Of several who open a new file together all but one are refused here at once, whatever the timeout.
    end = time.monotonic() + _PATIENCE_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.01)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads before it writes must hold the lock from the start: a later one is refused, not queued.
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _postgresql(url: URL) -> Engine:
    query: dict[str, Any] = {"connect_timeout": str(_PATIENCE_S), **url.query}
    return create_engine(url.set(query=query), hide_parameters=True, pool_pre_ping=True)


def _make_tables(connection: Connection) -> None:
    where = describe(connection.engine.url)
    if connection.dialect.name == "postgresql":
        encoding = connection.scalar(text("SHOW server_encoding"))
        if encoding != "UTF8":
            raise StateError(f"{where} has the encoding {encoding}, which cannot hold every text; create it with UTF8")
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    if not inspect(connection).has_table(schema.name):
        _tables.create_all(connection)
        connection.execute(insert(schema).values(version=SCHEMA))
    version = connection.execute(select(schema.c.version)).scalar_one()
    if version > SCHEMA:
        raise StateError(
            f"{where} was written by a newer Byline (schema {version}; this one knows {SCHEMA}). "
            "Update Byline, or let DATABASE_URL name another database."
        )


def _reason(error: SQLAlchemyError, url: URL) -> str:
    """What the driver says, in one line; it was told no one's words yet."""
    said = " ".join(str(getattr(error, "orig", None) or error).split()).rstrip(".")
    return said.replace(str(url.password), "***") if url.password else said
