"""What the doctor makes of Telegram's replies, over a real socket."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler

from bot.doctor import Finding
from bot.doctor_telegram import examine_telegram

_TOKEN = "123456789:AAF-x_3kd9sLm20dkQpZ8vRt1yWcBn5uEoH"
_WEBHOOK = "https://bot.example/very-secret-path"
_ME: dict[str, Any] = {
    "id": 123456789,
    "is_bot": True,
    "first_name": "Byline",
    "username": "byline_bot",
    "can_join_groups": True,
    "can_read_all_group_messages": False,
    "supports_inline_queries": True,
    "supports_guest_queries": True,
}
_NO_WEBHOOK = {"url": "", "has_custom_certificate": False, "pending_update_count": 0}

Examine = Callable[..., dict[str, Finding]]


class FakeTelegram:
    """Answers each method with a status and a body, in a thread of its own."""

    def __init__(self) -> None:
        self.replies: dict[str, tuple[int, Any]] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.url = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()

    async def _listen(self) -> str:
        replies = self.replies

        class Method(RequestHandler):
            def post(self, token: str, method: str) -> None:
                known = token == _TOKEN
                status, body = replies[method] if known else (401, {"ok": False, "description": "Unauthorized"})
                self.set_status(status)
                self.finish(body if isinstance(body, bytes) else json.dumps(body))

        self._server = HTTPServer(Application([(r"/bot([^/]*)/(\w+)", Method)], log_function=lambda handler: None))
        listener = socket.create_server(("127.0.0.1", 0))
        listener.setblocking(False)
        self._server.add_socket(listener)
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    async def _close(self) -> None:
        self._server.stop()
        await self._server.close_all_connections()

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture
def telegram(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeTelegram]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("PTB_TIMEDELTA", "1")  # without it RetryAfter warns of its own future as it is made
    server = FakeTelegram()
    yield server
    server.close()


@pytest.fixture
def examine(telegram: FakeTelegram) -> Examine:
    """The findings by subject; what differs from a bot in good order is given."""

    def examined(
        me: dict[str, Any] | None = None,
        webhook: dict[str, Any] | None = None,
        wanted: str | None = None,
        token: str = _TOKEN,
    ) -> dict[str, Finding]:
        telegram.replies.setdefault("getMe", (200, {"ok": True, "result": _ME | (me or {})}))
        telegram.replies.setdefault("getWebhookInfo", (200, {"ok": True, "result": _NO_WEBHOOK | (webhook or {})}))
        findings = examine_telegram(token, telegram.url, wanted)
        assert token not in str([finding.to_json() for finding in findings])
        assert len({finding.subject for finding in findings}) == len(findings)
        return {finding.subject: finding for finding in findings}

    return examined


def test_a_bot_in_good_order_is_well_in_everything(examine: Examine) -> None:
    findings = examine()
    assert all(finding.well and finding.remedy is None for finding in findings.values())
    assert findings["telegram token"].detail == "of @byline_bot (Byline)"
    assert set(findings) == {
        f"telegram {what}" for what in ("token", "groups", "privacy", "inline mode", "guest mode", "webhook")
    }
    assert not any("BotFather" in finding.detail for finding in findings.values())


@pytest.mark.parametrize(
    ("me", "subject", "hint"),
    [
        ({"can_join_groups": False}, "telegram groups", "@BotFather: /setjoingroups"),
        ({"can_read_all_group_messages": True}, "telegram privacy", "@BotFather: /setprivacy"),
        ({"supports_inline_queries": False}, "telegram inline mode", "@BotFather: /setinline"),
        ({"supports_guest_queries": False}, "telegram guest mode", "@BotFather: its settings"),
        ({"supports_guest_queries": None}, "telegram guest mode", "@BotFather: its settings"),
    ],
)
def test_what_is_switched_off_is_well_with_a_hint(
    examine: Examine, me: dict[str, Any], subject: str, hint: str
) -> None:
    findings = examine(me)
    assert findings[subject].well
    assert hint in findings[subject].detail
    assert sum("BotFather" in finding.detail for finding in findings.values()) == 1


@pytest.mark.parametrize("token", ["123456789:BBB-x_3kd9sLm20dkQpZ8vRt1yWcBn5uEoH", "no-token", "123:ABC"])
def test_a_token_that_telegram_does_not_know_is_bad(examine: Examine, token: str) -> None:
    (finding,) = examine(token=token).values()
    assert not finding.well
    assert finding.subject == "telegram token"
    assert "does not know it" in finding.detail
    assert "/token" in (finding.remedy or "")


def test_a_token_of_characters_that_no_address_can_have_is_one_finding(examine: Examine) -> None:
    (finding,) = examine(token="123\n456:ABC").values()
    assert not finding.well


def test_no_network_is_one_finding_that_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    (finding,) = examine_telegram(_TOKEN, f"http://user:pass@127.0.0.1:{port}", None)
    assert not finding.well
    assert finding.detail.startswith(f"127.0.0.1:{port} cannot be asked: httpx.ConnectError")
    assert "check the network" in (finding.remedy or "")
    assert "pass" not in finding.line()
    assert _TOKEN not in finding.line()


def test_a_server_that_never_answers_is_one_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.doctor_telegram._SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as server:
        (finding,) = examine_telegram(_TOKEN, f"http://127.0.0.1:{server.getsockname()[1]}", None)
    assert not finding.well
    assert "Timed out" in finding.detail


@pytest.mark.parametrize(
    "reply",
    [
        (200, b"<html>welcome</html>"),
        (200, b"[]"),
        (200, b"{}"),
        (200, {"ok": True, "result": {"name": "x"}}),
        (200, {"ok": True, "result": []}),
        (500, b"oops " * 1000),
        (502, b"[]"),
        (403, {"ok": False, "description": f"not you, {_TOKEN}"}),
        (429, {"ok": False, "description": "slower", "parameters": {"retry_after": 7}}),
    ],
)
def test_a_server_that_is_not_telegram_is_one_finding(
    telegram: FakeTelegram, examine: Examine, reply: tuple[int, Any]
) -> None:
    telegram.replies["getMe"] = reply
    (finding,) = examine().values()
    assert not finding.well
    assert finding.remedy
    assert len(finding.line()) < 500


def test_a_path_in_the_address_of_the_server_is_kept(telegram: FakeTelegram) -> None:
    (finding,) = examine_telegram(_TOKEN, f"{telegram.url}/other/", None)
    assert not finding.well  # there is nothing there: the path was not dropped


@pytest.mark.parametrize(
    ("webhook", "wanted", "detail"),
    [
        ({}, None, "none; `byline run` asks for updates"),
        ({"pending_update_count": 1200}, None, "none; `byline run` asks for updates; 1,200 updates wait"),
        ({}, _WEBHOOK, "none; `byline run` sets it"),
        ({"url": _WEBHOOK}, _WEBHOOK, "updates go to bot.example"),
        (
            {"url": _WEBHOOK, "last_error_date": 1700000000, "last_error_message": "Connection timed out"},
            _WEBHOOK,
            "updates go to bot.example",  # long ago
        ),
    ],
)
def test_a_webhook_as_it_should_be_is_well(
    examine: Examine, webhook: dict[str, Any], wanted: str | None, detail: str
) -> None:
    finding = examine(webhook=webhook, wanted=wanted)["telegram webhook"]
    assert finding == Finding("telegram webhook", True, detail)


_FAILED = {"url": _WEBHOOK, "last_error_message": "Wrong response from the webhook: 403 Forbidden"}


@pytest.mark.parametrize(
    ("webhook", "wanted", "detail", "remedy"),
    [
        ({"url": _WEBHOOK}, None, "updates go to bot.example, though WEBHOOK_URL is not set", "other program"),
        ({"url": "https://old.example/x"}, _WEBHOOK, "another address, at old.example", "sets it anew"),
        (_FAILED | {"last_error_date": int(time.time()) - 60}, _WEBHOOK, "403 Forbidden", "WEBHOOK_LISTEN"),
        (
            _FAILED | {"last_error_date": 1700000000, "pending_update_count": 3},
            _WEBHOOK,
            "at 2023-11-14 22:13 UTC: Wrong response from the webhook: 403 Forbidden; 3 updates wait",
            "WEBHOOK_LISTEN",
        ),
    ],
)
def test_a_webhook_that_is_wrong_is_bad_with_a_remedy(
    examine: Examine, webhook: dict[str, Any], wanted: str | None, detail: str, remedy: str
) -> None:
    finding = examine(webhook=webhook, wanted=wanted)["telegram webhook"]
    assert not finding.well
    assert detail in finding.detail
    assert remedy in (finding.remedy or "")
    assert "very-secret-path" not in finding.line()
