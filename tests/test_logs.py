"""The log: what every line carries, and what none may hold."""

import asyncio
import io
import json
import logging
import re
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Bot, Update
from telegram.error import InvalidToken
from telegram.request import BaseRequest

from bot import logs

_TOKEN = "123456789:AAF-x_3kd9sLm20dkQpZ8vRt1yWcBn5uEoH"
_LOOKALIKE = "987654321:BBG_y-4le0tMn31elRqA9wSu2zXdCo6vFpI"
_UPDATE = {
    "update_id": 7,
    "message": {"message_id": 1, "date": 0, "chat": {"id": 1, "type": "private"}, "text": "hush"},
}
_LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [A-Z]+ \S+: ")

Configured = Callable[..., io.StringIO]


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[Configured]:
    """Configures the log and returns what takes the place of standard error; puts everything back afterwards."""
    root = logging.getLogger()
    names = ("httpx", "httpcore", "telegram")
    before = root.handlers[:], root.level, {name: logging.getLogger(name).level for name in names}
    for owner, hook in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
        monkeypatch.setattr(owner, hook, getattr(owner, hook))

    def configure(
        level: str = "INFO", form: Literal["text", "json"] = "text", secrets: tuple[str, ...] = (_TOKEN,)
    ) -> io.StringIO:
        stderr = io.StringIO()
        monkeypatch.setattr(sys, "stderr", stderr)
        # pytest's own handlers raise what the log is to survive
        root.handlers[:] = [handler for handler in root.handlers if type(handler).__module__ != "_pytest.logging"]
        logs.configure(level, form, secrets)
        return stderr

    yield configure
    logging.captureWarnings(False)
    root.handlers[:], levels = before[0], before[2]
    root.setLevel(before[1])
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def _objects(stderr: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stderr.getvalue().splitlines()]


def _raised(message: str) -> ValueError:
    try:
        raise ValueError(message)
    except ValueError as error:
        return error


# The form of a line


def test_a_text_line_has_time_level_and_logger(configured: Configured) -> None:
    stderr = configured()
    logging.getLogger("bot.asking").warning("slow: %d ms", 812)
    assert _LINE.match(stderr.getvalue())
    assert stderr.getvalue().endswith("Z WARNING bot.asking: slow: 812 ms\n")


def test_a_json_line_has_its_time_in_utc_and_no_empty_fields(configured: Configured) -> None:
    stderr = configured(form="json")
    logging.getLogger("bot.asking").info("well")
    (record,) = _objects(stderr)
    assert datetime.fromisoformat(record.pop("time")).utcoffset() == timedelta(0)
    assert record == {"level": "INFO", "logger": "bot.asking", "message": "well"}


def test_a_json_line_has_the_traceback_and_the_error(configured: Configured) -> None:
    stderr = configured(form="json")
    number = logs.report(logging.getLogger("bot.asking"), _raised("no such thing"))
    (record,) = _objects(stderr)
    assert re.fullmatch("[0-9a-f]{8}", number)
    assert record["error"] == number
    assert "in _raised" in record["traceback"]
    assert "ValueError: no such thing" in record["traceback"]


def test_the_level_is_kept(configured: Configured) -> None:
    stderr = configured(level="WARNING")
    logging.getLogger("bot").info("not this")
    assert stderr.getvalue() == ""


def test_configuring_again_does_not_double_the_lines(configured: Configured) -> None:
    configured()
    stderr = configured()
    logging.getLogger("bot").info("once")
    assert stderr.getvalue().count("once") == 1


def test_a_plain_handler_that_would_print_secrets_is_taken_away(configured: Configured) -> None:
    plain = io.StringIO()
    logging.getLogger().addHandler(logging.StreamHandler(plain))
    configured()
    logging.getLogger("bot").error("call of %s", _TOKEN)
    assert plain.getvalue() == ""


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\x0b", "\x85", "\u2028", "\x1b[2K", "\u202e"])
def test_a_message_cannot_forge_a_line(configured: Configured, form: str, end: str) -> None:
    stderr = configured(form=form)
    forged = "2026-01-01T00:00:00.000Z ERROR bot: forged"
    logging.getLogger("bot").info("asked: %s", f"who?{end}{forged}")
    assert len(stderr.getvalue().splitlines()) == 1
    assert "forged" in stderr.getvalue()
    assert end not in stderr.getvalue().removesuffix("\n")


@pytest.mark.parametrize("end", ["\n", "\r", "\u2028", "\x1b[1A"])
def test_the_message_of_an_exception_cannot_forge_a_line(configured: Configured, end: str) -> None:
    stderr = configured()
    logs.report(logging.getLogger("bot"), _raised(f"x{end}2026-01-01T00:00:00.000Z ERROR bot: forged"))
    first, *others = stderr.getvalue().splitlines()
    assert _LINE.match(first)
    assert any("forged" in line for line in others)
    assert all(line.startswith("  | ") for line in others)


# The update


def test_a_record_carries_the_update_being_handled(configured: Configured) -> None:
    stderr = configured(form="json")
    with logs.update_id(41):
        logging.getLogger("bot").info("within")
    logging.getLogger("bot").info("after")
    assert [record.get("update") for record in _objects(stderr)] == [41, None]


def test_the_text_names_the_update_and_the_error(configured: Configured) -> None:
    stderr = configured()
    with logs.update_id(41):
        number = logs.report(logging.getLogger("bot"), _raised("x"))
    assert f"ERROR bot: [update 41] [error {number}] unexpected ValueError" in stderr.getvalue()


def test_the_update_goes_along_into_tasks_and_threads_and_is_not_mixed_up(configured: Configured) -> None:
    stderr = configured(form="json")
    logger = logging.getLogger("bot")

    async def handle(number: int) -> None:
        with logs.update_id(number):
            await asyncio.sleep(0)
            await asyncio.create_task(asyncio.to_thread(logger.info, "for %d", number))

    async def both() -> None:
        await asyncio.gather(*map(handle, range(1, 9)))

    asyncio.run(both())
    records = _objects(stderr)
    assert len(records) == 8
    assert all(record["message"] == f"for {record['update']}" for record in records)


# Secrets


def _written(token: str) -> list[str]:
    return [token, quote(token, safe=""), quote(token, safe="").lower(), quote(quote(token, safe=""), safe="")]


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("written", [*_written(_TOKEN), *_written(_LOOKALIKE)])
def test_a_token_is_hidden_in_messages_arguments_and_tracebacks(
    configured: Configured, form: str, written: str
) -> None:
    stderr = configured(form=form)
    logger = logging.getLogger("bot")
    address = f"https://api.telegram.org/bot{written}/getMe"
    logger.info(f"call {address}")
    logger.info("call %s", {"url": address.encode()})
    logger.error("failed", exc_info=_raised(address), stack_info=True)
    logger.info("call", extra={"url": address} if form == "json" else None)
    logger.info("token\n%s\n", written)
    text = stderr.getvalue()
    assert written not in text
    assert re.split(":|3A", written, flags=re.IGNORECASE)[1] not in text
    assert text.count("[hidden]") >= 4
    assert "getMe" in text
    if form == "json":
        assert len(_objects(stderr)) == 5


def test_a_short_token_in_an_address_is_hidden_too(configured: Configured) -> None:
    stderr = configured(secrets=())
    logging.getLogger("bot").info("POST https://api.telegram.org/bot123:ABC/getMe")
    assert "POST https://api.telegram.org/bot[hidden]/getMe" in stderr.getvalue()


def test_a_time_and_an_address_are_not_taken_for_a_token(configured: Configured) -> None:
    stderr = configured()
    harmless = "20240101:12:30 at http://127.0.0.1:9090/robots:all sha256:0123456789012345678901234567890123456789"
    logging.getLogger("bot").info(harmless)
    assert harmless in stderr.getvalue()


@given(secret=st.text(st.characters(codec="utf-8"), min_size=6, max_size=40))
def test_any_secret_is_hidden_in_every_common_writing(secret: str) -> None:
    redact = logs.Redactor([secret])
    for form in (secret, quote(secret, safe=""), json.dumps(secret)[1:-1], repr(secret)[1:-1]):
        assert form not in redact(f"<{form}>")


def test_an_empty_secret_hides_nothing() -> None:
    assert logs.Redactor([""])("as it is") == "as it is"


@pytest.mark.parametrize("form", ["text", "json"])
def test_httpx_at_debug_prints_its_calls_without_the_token(configured: Configured, form: str) -> None:
    stderr = configured(level="DEBUG", form=form)
    with httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(200))) as client:
        client.post(f"https://api.telegram.org/bot{_TOKEN}/getMe")
    assert "https://api.telegram.org/bot[hidden]/getMe" in stderr.getvalue()
    assert _TOKEN not in stderr.getvalue()


def test_httpx_says_nothing_at_info(configured: Configured) -> None:
    stderr = configured(level="INFO")
    with httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(200))) as client:
        client.post(f"https://api.telegram.org/bot{_TOKEN}/getMe")
    assert stderr.getvalue() == ""


@pytest.mark.parametrize("name", ["telegram.ext.Updater", "tornado.access", "asyncio", "apscheduler"])
def test_no_library_prints_the_token(configured: Configured, name: str) -> None:
    stderr = configured()
    error = InvalidToken(f"The token `{_TOKEN}` was rejected by the server.")
    logging.getLogger(name).error("failed: %s %r", error, error, exc_info=error)
    assert stderr.getvalue().count("[hidden]") == 3
    assert _TOKEN not in stderr.getvalue()


def test_a_warning_goes_to_the_log_without_the_token(configured: Configured) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        stderr = configured()
        warnings.warn(f"unclosed https://api.telegram.org/bot{_TOKEN}/getMe", ResourceWarning, stacklevel=1)
    assert "WARNING py.warnings: " in stderr.getvalue()
    assert "bot[hidden]/getMe" in stderr.getvalue()
    assert _TOKEN not in stderr.getvalue()


def test_a_record_that_cannot_be_written_is_not_printed_with_its_arguments(configured: Configured) -> None:
    stderr = configured()
    logging.getLogger("bot").info("%d articles", f"bot{_TOKEN}")
    assert stderr.getvalue().startswith("bot (test_logs.py:")
    assert "could not be written: TypeError" in stderr.getvalue()
    assert _TOKEN not in stderr.getvalue()


def test_an_error_that_nothing_caught_goes_to_the_log_without_the_token(configured: Configured) -> None:
    stderr = configured()
    error = _raised(_TOKEN)
    sys.excepthook(type(error), error, error.__traceback__)
    assert "CRITICAL bot.logs: uncaught" in stderr.getvalue()
    assert "ValueError: [hidden]" in stderr.getvalue()


def test_an_error_in_a_thread_goes_to_the_log_without_the_token(configured: Configured) -> None:
    stderr = configured()
    thread = threading.Thread(target=lambda: int(_TOKEN), name="index-watch")
    thread.start()
    thread.join()
    assert "uncaught in thread index-watch" in stderr.getvalue()
    assert _TOKEN not in stderr.getvalue()


def test_an_error_that_python_ignores_goes_to_the_log_without_the_token(configured: Configured) -> None:
    class Broken:
        def __del__(self) -> None:
            raise ValueError(_TOKEN)

    stderr = configured()
    Broken()
    assert "ValueError: [hidden]" in stderr.getvalue()


def test_ctrl_c_is_not_logged(configured: Configured) -> None:
    stderr = configured()
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert stderr.getvalue() == ""


# What people wrote


def test_telegram_at_debug_prints_no_update(configured: Configured) -> None:
    stderr = configured(level="DEBUG")
    Bot(_TOKEN)  # logs its address at DEBUG
    for name in ("telegram.Bot", "telegram.ext.ExtBot", "telegram.ext.Application", "telegram.ext.Updater"):
        logging.getLogger(name).debug("Processing update %s", _UPDATE)
    assert stderr.getvalue() == ""


def test_a_lower_level_for_telegram_is_not_raised_above_the_one_asked_for(configured: Configured) -> None:
    stderr = configured(level="ERROR")
    logging.getLogger("telegram.ext.Application").info("Application started")
    assert stderr.getvalue() == ""


@pytest.mark.parametrize(
    "data", [_UPDATE, [_UPDATE], Update.de_json(_UPDATE, None)], ids=lambda data: type(data).__name__
)
def test_an_update_that_telegram_could_not_process_is_not_printed(configured: Configured, data: Any) -> None:
    stderr = configured()
    seen: list[Any] = []
    watching = logging.Handler()
    watching.emit = lambda record: seen.append(record.args)  # type: ignore[method-assign]
    logging.getLogger().addHandler(watching)
    logging.getLogger("telegram.ext.Updater").critical("Something went wrong! Received data was: %r", data)
    assert "hush" not in stderr.getvalue()
    assert f"[{type(data).__name__} not logged]" in stderr.getvalue()
    assert seen in ([data], [(data,)])  # other handlers have the record as it was


def test_a_reply_that_telegram_could_not_read_is_not_printed(configured: Configured) -> None:
    stderr = configured()
    with pytest.raises(Exception, match="Invalid server response"):
        BaseRequest.parse_json_payload(b'{"text": "hush"')
    assert "Can not load invalid JSON data" in stderr.getvalue()
    assert "hush" not in stderr.getvalue()


def test_what_telegram_says_of_itself_is_printed(configured: Configured) -> None:
    stderr = configured()
    logging.getLogger("telegram.ext").error("%s Failed run number %s of %s.", "Polling", 3, 5, exc_info=_raised("x"))
    assert "Polling Failed run number 3 of 5." in stderr.getvalue()


# Errors


def _raised_in(module: str) -> ValueError:
    names: dict[str, Any] = {"__name__": module}
    exec("def fail():\n    raise ValueError", names)
    try:
        names["fail"]()
    except ValueError as error:
        return error
    raise AssertionError


def test_recent_errors_keep_the_last_ones_with_the_ids_that_were_told(configured: Configured) -> None:
    configured()
    recent = logs.RecentErrors(most=2)
    logging.getLogger().addHandler(recent)
    told = [logs.report(logging.getLogger("bot.asking"), _raised("hush")) for _ in range(3)]
    assert [note.id for note in recent.notes()] == [told[2], told[1]]
    assert {note.kind for note in recent.notes()} == {"ValueError in bot.asking"}
    assert all(note.time.utcoffset() == timedelta(0) for note in recent.notes())


def test_a_recent_error_names_the_innermost_place_of_our_own(configured: Configured) -> None:
    configured()
    recent = logs.RecentErrors()
    logging.getLogger().addHandler(recent)
    logs.report(logging.getLogger("telegram.ext"), _raised_in("bot.asking"))
    logs.report(logging.getLogger("telegram.ext"), _raised_in("httpx"))
    assert [note.kind for note in recent.notes()] == ["ValueError in telegram.ext", "ValueError in bot.asking"]


def test_recent_errors_take_in_errors_without_an_exception_and_leave_out_warnings(configured: Configured) -> None:
    configured()
    recent = logs.RecentErrors()
    logging.getLogger().addHandler(recent)
    logging.getLogger("bot.service").error("generation %s cannot be opened", "a")
    logging.getLogger("bot.service").warning("slow")
    (note,) = recent.notes()
    assert note.kind == "ERROR in bot.service"
    assert re.fullmatch("[0-9a-f]{8}", note.id)


def test_at_most_lets_a_few_through_and_counts_the_rest() -> None:
    now = 0.0
    throttle = logs.AtMost(2, 3600, lambda: now)
    assert [throttle.admit() for _ in range(5)] == [0, 0, None, None, None]
    now = 3599
    assert throttle.admit() is None
    now = 3600
    assert [throttle.admit() for _ in range(3)] == [4, 0, None]


@given(gaps=st.lists(st.integers(0, 30), max_size=60))
def test_at_most_never_lets_more_through_in_any_stretch_and_loses_count_of_none(gaps: list[int]) -> None:
    now, passed, accounted = 0, list[int](), 0
    throttle = logs.AtMost(3, 60, lambda: now)
    for number, gap in enumerate(gaps):
        now += gap
        held = throttle.admit()
        if held is not None:
            passed.append(now)
            accounted += held + 1
            assert accounted == number + 1
    assert all(sum(start <= at < start + 60 for at in passed) <= 3 for start in passed)
