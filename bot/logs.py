"""The log on standard error, which never holds a token or what people wrote.

Secrets are taken out of the finished line, whatever put them there: a message, its arguments, a traceback, a warning or
a library that prints the address it calls.
"""

import json
import logging
import re
import secrets as random
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal
from urllib.parse import quote, quote_plus

from pythonjsonlogger.json import JsonFormatter

_HIDDEN = "[hidden]"
_ERROR = "error"  # the attribute of a record that holds the id of an error
_NOISY = ("httpx", "httpcore")
_OURS = ("bot", "retrieval")
_HARMLESS = (int, float, BaseException, type(None))
# Anything shaped like a bot's token, and what an address has in its place; %253A is a colon encoded twice.
_TOKENS = (r"(?<=/bot)\d+(?::|%(?:25)*3A)[^/\s\"'<>]+", r"(?<!\d)\d{5,}(?::|%(?:25)*3A)[\w-]{30,}")
# What could end or repaint a line of a terminal or a log: control characters, line separators, changes of direction.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_CONTROL_BUT_NEWLINE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

_update: ContextVar[int | None] = ContextVar("update", default=None)


@contextmanager
def update_id(number: int) -> Iterator[None]:
    """What is logged within carries this update's id, in the asyncio tasks and `asyncio.to_thread`s begun there too."""
    token = _update.set(number)
    try:
        yield
    finally:
        _update.reset(token)


class Redactor:
    """Takes secrets out of a text: those given, in every way they are commonly written, and what looks like a token."""

    def __init__(self, secrets: Sequence[str] = ()) -> None:
        written = {form for secret in secrets if secret for form in _forms(secret)}
        longest_first = sorted(written, key=len, reverse=True)
        self._pattern = re.compile("|".join([*map(re.escape, longest_first), *_TOKENS]), re.IGNORECASE)

    def __call__(self, text: str) -> str:
        """The text with [hidden] in the place of each secret."""
        return self._pattern.sub(_HIDDEN, text)


def _forms(secret: str) -> Iterator[str]:
    for form in (secret, quote(secret), quote(secret, safe=""), quote_plus(secret), quote(quote(secret, safe=""))):
        yield form
        yield json.dumps(form)[1:-1]
        yield json.dumps(form, ensure_ascii=False)[1:-1]
        yield repr(form)[1:-1]


def configure(level: str, format: Literal["text", "json"], secrets: Sequence[str]) -> None:  # noqa: A002
    """Log to standard error from `level` on, in lines of text or JSON, and never print one of the secrets.

    Warnings and errors that nothing caught, in threads too, go the same way. May be called again.
    """
    redact = Redactor(secrets)
    handler = _Handler(sys.stderr)
    handler.setFormatter(_JsonFormatter(redact) if format == "json" else _TextFormatter(redact))
    root = logging.getLogger()
    for old in root.handlers[:]:
        if isinstance(old, _Handler) or type(old) is logging.StreamHandler:
            root.removeHandler(old)  # a plain handler would print what this one hides
    root.addHandler(handler)
    root.setLevel(level)
    for name in _NOISY:  # at INFO they print every call
        logging.getLogger(name).setLevel(logging.NOTSET if level == "DEBUG" else max(logging.WARNING, root.level))
    logging.getLogger("telegram").setLevel(max(logging.INFO, root.level))  # at DEBUG it prints every update
    logging.captureWarnings(True)
    sys.excepthook, threading.excepthook = _uncaught, _uncaught_in_thread
    sys.unraisablehook = _unraisable


class _Handler(logging.StreamHandler[Any]):
    """Says that a record cannot be written without printing the record, as logging itself would."""

    def format(self, record: logging.LogRecord) -> str:
        return super().format(_presentable(record))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        error = sys.exc_info()[0]
        reason = error.__name__ if error else "unknown"
        try:
            place = f"{record.name} ({Path(record.pathname).name}:{record.lineno})"
            self.stream.write(f"{_CONTROL.sub(_escaped, place)}: a log record could not be written: {reason}\n")
        except (OSError, ValueError):
            pass  # standard error is closed; there is nobody left to tell


def _presentable(record: logging.LogRecord) -> logging.LogRecord:
    """A copy, since other handlers may need the record as it is, with the update's id and without its contents.

    What python-telegram-bot could not make sense of, it logs whole at any level: updates, replies of the server.
    """
    shown = logging.makeLogRecord({**record.__dict__, "update": _update.get()})
    if record.name.startswith("telegram") and record.args:
        args = record.args if isinstance(record.args, tuple) else (record.args,)  # a lone dict comes unpacked
        kept = _HARMLESS if record.name == "telegram.request.BaseRequest" else (*_HARMLESS, str)
        shown.args = tuple(arg if isinstance(arg, kept) else f"[{type(arg).__name__} not logged]" for arg in args)
    return shown


def _uncaught(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        logging.getLogger(__name__).critical("uncaught", exc_info=(kind, error, traceback))


def _uncaught_in_thread(hook: threading.ExceptHookArgs) -> None:
    if hook.exc_value is not None and not issubclass(hook.exc_type, SystemExit):
        logger = logging.getLogger(__name__)
        name = hook.thread.name if hook.thread else "?"
        logger.critical("uncaught in thread %s", name, exc_info=(hook.exc_type, hook.exc_value, hook.exc_traceback))


def _unraisable(hook: "sys.UnraisableHookArgs") -> None:
    if hook.exc_value is not None:
        error = (hook.exc_type, hook.exc_value, hook.exc_traceback)
        logging.getLogger(__name__).error("%s", hook.err_msg or "ignored", exc_info=error)


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")


class _TextFormatter(logging.Formatter):
    """A line a record; the lines of a traceback are set off by a bar, so that no text can pass for a record."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        facts = [_time(record), record.levelname, f"{record.name}:"]
        facts += [f"[{name} {value}]" for name in ("update", _ERROR) if (value := getattr(record, name, None))]
        lines = [_CONTROL.sub(_escaped, " ".join([*facts, record.getMessage()]))]
        more = [self.formatException(record.exc_info)] if record.exc_info else []
        more += [self.formatStack(record.stack_info)] if record.stack_info else []
        lines += [f"  | {line}" for text in more for line in _CONTROL_BUT_NEWLINE.sub(_escaped, text).split("\n")]
        return self._redact("\n".join(lines))


class _JsonFormatter(JsonFormatter):
    """An object a line: time, level, logger, message and, where there is one, update, error and traceback."""

    def __init__(self, redact: Redactor) -> None:
        renamed = {"asctime": "time", "levelname": "level", "name": "logger", "exc_info": "traceback"}
        super().__init__(["asctime", "levelname", "name", "message", "update", _ERROR], rename_fields=renamed)
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        return self._redact(super().format(record))

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802
        return _time(record)

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in log_data.items() if value is not None}


def error_id() -> str:
    """A new id for an error: eight hexadecimal digits, to be told to a user and found in the log."""
    return random.token_hex(4)


def report(logger: logging.Logger, error: BaseException) -> str:
    """Log the error with its traceback under a new id, and return the id."""
    number = error_id()
    logger.error("unexpected %s", type(error).__name__, exc_info=error, extra={_ERROR: number})
    return number


@dataclass(frozen=True, slots=True)
class ErrorNote:
    """An error that was logged: its id, when, and one line that names its kind but quotes nothing."""

    id: str
    time: datetime
    kind: str


class RecentErrors(logging.Handler):
    """Remembers the last errors that were logged, for /status. To be added to the root logger."""

    def __init__(self, most: int = 20) -> None:
        super().__init__(logging.ERROR)
        self._notes: deque[ErrorNote] = deque(maxlen=most)

    def emit(self, record: logging.LogRecord) -> None:
        """Note the record; an error that was not given an id gets one."""
        number = getattr(record, _ERROR, None) or error_id()
        self._notes.append(ErrorNote(number, datetime.fromtimestamp(record.created, UTC), _kind(record)))

    def notes(self) -> list[ErrorNote]:
        """What is remembered, the newest first."""
        with self.lock or threading.RLock():
            return list(reversed(self._notes))


def _kind(record: logging.LogRecord) -> str:
    """Such as "ValueError in bot.asking": the innermost place of Byline's own, or else the logger."""
    error = record.exc_info[1] if record.exc_info else None
    if error is None:
        return f"{record.levelname} in {record.name}"
    place, traceback = record.name, error.__traceback__
    while traceback:
        module = str(traceback.tb_frame.f_globals.get("__name__", ""))
        place = module if module.partition(".")[0] in _OURS else place
        traceback = traceback.tb_next
    return f"{type(error).__name__} in {place}"


class AtMost:
    """Lets so many through in any so many seconds, and counts those held back."""

    def __init__(self, count: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._passed: deque[float | None] = deque([None] * count, maxlen=count)
        self._held = 0

    def admit(self) -> int | None:
        """None if this one is held back; otherwise how many have been since the last that was let through."""
        now, oldest = self._clock(), self._passed[0]
        if oldest is not None and now - oldest < self._seconds:
            self._held += 1
            return None
        held, self._held = self._held, 0
        self._passed.append(now)
        return held
