"""The fake's HTTP: tokens, parameters, polling, webhooks, faults and limits."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
import telegram as ptb

from tests.telegram.chats import Chat
from tests.telegram.conftest import Api
from tests.telegram.server import FakeTelegram
from tests.telegram.users import User


def test_a_wrong_token_is_unauthorized_and_a_malformed_one_not_found(telegram: FakeTelegram) -> None:
    answer = httpx.post(f"{telegram.url}/bot1:wrong/getMe")
    assert answer.status_code == 401
    assert answer.json() == {"ok": False, "error_code": 401, "description": "Unauthorized"}
    assert httpx.post(f"{telegram.url}/botwrong/getMe").json()["description"] == "Not Found"


def test_an_unknown_method_is_not_found(api: Api) -> None:
    assert api.refusal("sendMassage") == "404 Not Found: method not found"
    assert [violation.method for violation in api.telegram.violations] == ["sendMassage"]


def test_methods_are_named_in_any_case_and_called_by_get_or_post(api: Api) -> None:
    assert api.result("GETME")["is_bot"]
    assert httpx.get(f"{api.telegram.url}/bot{api.telegram.token}/getMe").json()["result"]["username"] == "byline_bot"


@pytest.mark.parametrize("how", ["json", "data", "params", "files"])
def test_parameters_come_as_json_form_query_or_multipart(api: Api, chat: Chat, how: str) -> None:
    markup = {"inline_keyboard": [[{"text": "More", "callback_data": "more"}]]}
    values: Any = {"chat_id": chat.id, "text": "é", "disable_notification": True, "reply_markup": markup}
    if how != "json":
        values = {name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}
    if how == "files":
        values = {name: (None, value) for name, value in values.items()}
    given = {how: values}
    answer = httpx.post(f"{api.telegram.url}/bot{api.telegram.token}/sendMessage", **given)
    assert answer.json()["ok"], answer.json()
    assert (chat.messages[-1].text, chat.messages[-1].buttons) == ("é", ("More",))


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"txt": "a"}, '"txt" is unknown in sendMessage'),
        ({"text": 1}, '"text" must be a string'),
        ({"text": "a", "message_thread_id": "one"}, '"message_thread_id" must be an integer'),
        ({"text": "a", "disable_notification": 1}, '"disable_notification" must be a boolean'),
        ({"text": "a", "link_preview_options": {"disabled": True}}, '"disabled" is unknown in link_preview_options'),
        ({"text": "a", "link_preview_options": "{"}, 'can\'t parse "link_preview_options" as JSON'),
        ({"text": "a", "entities": {}}, '"entities" must be an array'),
        ({"text": "a\ud800"}, "strings must be encoded in UTF-8"),
        ({}, "message text is empty"),
    ],
)
def test_unknown_missing_and_ill_typed_parameters_are_refused(
    api: Api, chat: Chat, given: dict[str, Any], refusal: str
) -> None:
    body = json.dumps({"chat_id": chat.id, **given})
    answer = api.client.post(
        f"{api.telegram.url}/bot{api.telegram.token}/sendMessage",
        content=body,
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 400
    assert answer.json()["description"] == f"Bad Request: {refusal}"
    assert [violation.rule for violation in api.telegram.violations] == [f"Bad Request: {refusal}"]


# Polling


def test_updates_come_again_until_a_higher_offset_confirms_them(api: Api, ada: User, chat: Chat) -> None:
    ada.says(chat, "two")
    first = api.updates()
    assert [update["message"]["text"] for update in first] == ["/start", "two"]
    assert first[1]["update_id"] == first[0]["update_id"] + 1
    assert api.updates() == first
    assert api.updates(offset=first[1]["update_id"]) == first[1:]
    assert api.updates(offset=0) == first[1:]
    assert api.updates(offset=first[1]["update_id"] + 1) == []


def test_limit_and_negative_offset_are_kept_to(api: Api, ada: User, chat: Chat) -> None:
    for number in range(4):
        ada.says(chat, str(number))
    assert len(api.updates(limit=2)) == 2
    assert [update["message"]["text"] for update in api.updates(offset=-2)] == ["2", "3"]
    assert len(api.updates()) == 2
    assert api.refusal("getUpdates", limit=101).startswith("400")


def test_allowed_updates_hold_from_the_call_on(api: Api, ada: User, chat: Chat) -> None:
    api.updates(allowed_updates=["edited_message"])
    message = ada.says(chat, "one")
    ada.edits(message, "two")
    assert [set(update) - {"update_id"} for update in api.updates()] == [{"message"}, {"edited_message"}]
    api.updates(allowed_updates=[])
    ada.says(chat, "three")
    assert "message" in api.updates()[-1]


def test_a_long_poll_ends_as_soon_as_there_is_something(api: Api, ada: User, chat: Chat) -> None:
    assert len(api.told("message")) == 1
    threading.Timer(0.1, lambda: ada.says(chat, "at last")).start()
    begun = time.monotonic()
    assert len(api.updates(timeout=10)) == 1
    assert 0.05 < time.monotonic() - begun < 5


def test_a_long_poll_ends_empty_after_its_time(api: Api) -> None:
    begun = time.monotonic()
    assert api.updates(timeout=1) == []
    assert 0.9 < time.monotonic() - begun < 5


@contextmanager
def polling(telegram: FakeTelegram) -> Iterator[list[httpx.Response]]:
    """A poll that waits, by another client; its answer is in the list at the end."""
    answers: list[httpx.Response] = []
    url = f"{telegram.url}/bot{telegram.token}/getUpdates"
    thread = threading.Thread(target=lambda: answers.append(httpx.post(url, json={"timeout": 20}, timeout=30)))
    thread.start()
    end = time.monotonic() + 5
    while not telegram.is_polled:
        assert time.monotonic() < end, "nobody waits for updates"
        time.sleep(0.01)
    yield answers
    thread.join(10)


def test_a_second_poller_ends_the_first_with_409(api: Api) -> None:
    with polling(api.telegram) as answers:
        assert api.updates() == []
    assert answers[0].status_code == 409
    assert answers[0].json()["description"] == (
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    )


def test_a_poller_that_goes_away_is_forgotten(api: Api, ada: User, chat: Chat) -> None:
    api.told("message")
    with pytest.raises(httpx.ReadTimeout):
        api.client.post(f"{api.telegram.url}/bot{api.telegram.token}/getUpdates", json={"timeout": 20}, timeout=0.2)
    ada.says(chat, "still there?")
    assert [message["text"] for message in api.told("message")] == ["still there?"]


def test_updates_can_come_twice_and_out_of_order(api: Api, ada: User, chat: Chat) -> None:
    ada.says(chat, "two")
    ada.says(chat, "three")
    api.telegram.duplicate_updates()
    api.telegram.disorder_updates()
    texts = [update["message"]["text"] for update in api.updates()]
    assert texts == ["two", "two", "/start", "/start", "three", "three"]


# Webhooks


class Site:
    """A web server that keeps what is posted to it, and answers with the next of `statuses`, then 200."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, dict[str, str], Any]] = []
        self.statuses: list[int] = []
        self.url = ""

    def wait(self, number: int) -> list[str]:
        """The texts of the messages posted, when there are so many."""
        end = time.monotonic() + 5
        while len(self.posts) < number:
            assert time.monotonic() < end, self.posts
            time.sleep(0.01)
        return [body["message"]["text"] for _, _, body in self.posts]


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            site.posts.append((self.path, dict(self.headers), body))
            self.send_response(site.statuses.pop(0) if site.statuses else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the library's name)
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        site.url = f"http://127.0.0.1:{server.server_port}"
        yield site
        server.shutdown()


def test_a_webhook_is_posted_each_update_with_its_secret(api: Api, ada: User, chat: Chat, site: Site) -> None:
    api.telegram.proxy("https://bot.example", site.url)
    assert api.result("setWebhook", url="https://bot.example/hook", secret_token="s3cret_-")
    ada.says(chat, "two")
    assert site.wait(2) == ["/start", "two"]
    path, headers, body = site.posts[0]
    assert (path, headers["X-Telegram-Bot-Api-Secret-Token"]) == ("/hook", "s3cret_-")
    assert body["update_id"] < site.posts[1][2]["update_id"]


def test_a_webhook_is_tried_until_it_answers_2xx_and_in_order(api: Api, ada: User, chat: Chat, site: Site) -> None:
    site.statuses = [500, 302]
    api.telegram.proxy("https://bot.example", site.url)
    api.result("setWebhook", url="https://bot.example/hook")
    ada.says(chat, "two")
    assert site.wait(4) == ["/start", "/start", "/start", "two"]
    info = api.result("getWebhookInfo")
    assert info["last_error_message"].startswith("Wrong response from the webhook: 302")


def test_polling_and_webhook_exclude_each_other(api: Api, chat: Chat, site: Site) -> None:
    api.telegram.proxy("https://bot.example", site.url)
    api.told("message")
    with polling(api.telegram) as answers:
        api.result("setWebhook", url="https://bot.example/hook")
    assert answers[0].json()["description"] == "Conflict: terminated by setWebhook request"
    assert api.refusal("getUpdates").startswith("409 Conflict: can't use getUpdates method while webhook is active")
    assert api.result("getWebhookInfo")["url"] == "https://bot.example/hook"
    api.result("deleteWebhook")
    assert api.updates() == []


def test_an_update_of_before_waits_for_whichever_way_is_chosen(api: Api, chat: Chat, site: Site) -> None:
    api.telegram.proxy("https://bot.example", site.url)
    api.result("setWebhook", url="https://bot.example/hook")
    assert site.wait(1) == ["/start"]
    api.result("deleteWebhook", drop_pending_updates=True)
    assert api.result("getWebhookInfo")["pending_update_count"] == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "http://bot.example/hook"},
        {"url": "https://bot.example:8080/hook"},
        {"url": "https://bot.example/hook", "secret_token": "no spaces"},
        {"url": "https://bot.example/hook", "secret_token": "a" * 257},
        {"url": "https://bot.example/hook", "max_connections": 101},
    ],
)
def test_a_webhook_that_telegram_would_not_take_is_refused(api: Api, wrong: dict[str, Any]) -> None:
    assert api.refusal("setWebhook", **wrong).startswith("400")


# Faults and limits


def test_each_third_request_has_a_fault_of_the_kinds_in_turn(api: Api, chat: Chat) -> None:
    api.telegram.faults(every=3, kinds=("429", "502", "reset"), methods=["sendMessage"], retry_after=7)
    outcomes: list[Any] = []
    for number in range(9):
        api.result("getMe")
        try:
            answer = api.post("sendMessage", chat_id=chat.id, text=str(number))
        except httpx.TransportError:
            outcomes.append("reset")
        else:
            outcomes.append(answer.status_code)
            if answer.status_code == 429:
                assert answer.json()["parameters"] == {"retry_after": 7}
            if answer.status_code == 502:
                assert answer.text.startswith("<html>")
    assert outcomes == [200, 200, 429, 200, 200, 502, 200, 200, "reset"]
    assert [message.text for message in chat.from_bot] == ["0", "1", "3", "4", "6", "7"]
    assert [request.fault for request in api.telegram.calls("sendMessage")][2::3] == ["429", "502", "reset"]
    assert api.telegram.violations == []


def test_a_lost_answer_comes_after_the_effect(api: Api, chat: Chat) -> None:
    api.telegram.faults(every=1, kinds=("lost",))
    with pytest.raises(httpx.TransportError):
        api.send(chat, "there")
    assert [message.text for message in chat.from_bot] == ["there"]


def test_a_timeout_has_no_effect_and_no_answer(api: Api, chat: Chat) -> None:
    api.telegram.faults(every=1, kinds=("timeout",), spared=["getMe"])
    api.result("getMe")
    with pytest.raises(httpx.ReadTimeout):
        api.client.post(
            f"{api.telegram.url}/bot{api.telegram.token}/sendMessage",
            json={"chat_id": chat.id, "text": "nowhere"},
            timeout=0.2,
        )
    assert chat.from_bot == ()


def test_a_slow_answer_comes_late_and_faults_can_be_ended(api: Api, chat: Chat) -> None:
    api.telegram.faults(every=1, kinds=("slow",), delay=0.3)
    begun = time.monotonic()
    api.send(chat)
    assert time.monotonic() - begun >= 0.3
    api.telegram.no_faults()
    begun = time.monotonic()
    api.send(chat)
    assert time.monotonic() - begun < 0.3


def test_the_next_requests_for_a_method_are_refused_as_a_test_says_which_is_no_fault_of_the_bots(
    api: Api, chat: Chat
) -> None:
    api.telegram.refuse_next("sendMessage", "BUTTON_URL_INVALID", "can't parse entities")
    api.result("getMe")
    answers = [api.refusal("sendMessage", chat_id=chat.id, text="a") for _ in range(2)]
    assert answers == ["400 Bad Request: BUTTON_URL_INVALID", "400 Bad Request: can't parse entities"]
    api.send(chat, "there")
    assert [message.text for message in chat.from_bot] == ["there"]
    assert api.telegram.violations == []


def test_more_messages_than_a_chat_may_get_are_answered_429(api: Api, chat: Chat) -> None:
    api.telegram.limits(per_chat=(2, 60.0), overall=None)
    sent = api.send(chat)
    api.result("editMessageText", chat_id=chat.id, message_id=sent["message_id"], text="other")
    answer = api.post("sendMessage", chat_id=chat.id, text="too much")
    assert answer.status_code == 429
    assert answer.json()["parameters"] == {"retry_after": 60}
    other = api.telegram.private(bob := api.telegram.user("Bob"))
    bob.says(other, "/start")
    api.send(other)
    assert api.telegram.violations == []


def test_more_messages_than_all_chats_may_get_are_answered_429(api: Api, chat: Chat) -> None:
    api.telegram.limits(per_chat=None, overall=(1, 0.2))
    api.send(chat)
    assert api.refusal("sendMessage", chat_id=chat.id, text="too much") == "429 Too Many Requests: retry after 1"
    time.sleep(0.25)
    api.send(chat)


def test_requests_are_recorded_with_parameters_time_and_status(api: Api, chat: Chat) -> None:
    begun = time.time()
    api.send(chat, "noted")
    api.refusal("sendMessage", chat_id=chat.id, text="")
    good, bad = api.telegram.calls("sendMessage")
    assert (good.params, good.status) == ({"chat_id": chat.id, "text": "noted"}, 200)
    assert begun <= good.at <= bad.at
    assert (bad.status, bad.description) == (400, "Bad Request: message text is empty")
    assert api.telegram.counts["sendMessage", 200] == 1


def test_python_telegram_bot_can_use_it(telegram: FakeTelegram, ada: User, chat: Chat) -> None:
    document = ada.sends_document(chat, "a.txt", b"content", caption="look")

    async def use() -> None:
        async with ptb.Bot(telegram.token, f"{telegram.url}/bot", f"{telegram.url}/file/bot") as bot:
            assert bot.username == "byline_bot"
            start, upload = await bot.get_updates()
            assert start.message is not None
            assert start.message.parse_entities() == {start.message.entities[0]: "/start"}
            assert upload.message is not None
            assert upload.message.document is not None
            file = await upload.message.document.get_file()
            assert bytes(await file.download_as_bytearray()) == b"content"
            button = ptb.InlineKeyboardButton("More", callback_data="more")
            reply = await upload.message.reply_html(
                "<b>thanks</b>", reply_markup=ptb.InlineKeyboardMarkup.from_button(button), do_quote=True
            )
            await reply.edit_text("thank you")
            await bot.send_document(chat.id, b"bytes", filename="b.bin", caption="<i>yours</i>", parse_mode="HTML")
            await bot.set_my_commands([("ask", "Ask")], ptb.BotCommandScopeChat(chat.id), "de")
            await bot.set_message_reaction(chat.id, document.id, "👍")
            assert (await bot.get_chat(chat.id)).first_name == "Ada"
            await bot.send_chat_action(chat.id, ptb.constants.ChatAction.TYPING)

    asyncio.run(use())
    reply, sent = chat.from_bot
    assert (reply.reply_to, [version.text for version in reply.versions]) == (document.id, ["thanks", "thank you"])
    assert (sent.text, sent.content["document"]["file_name"]) == ("yours", "b.bin")
    assert chat.now(document).reactions == ("👍",)
    assert [action.action for action in chat.actions] == ["typing"]
    assert telegram.commands(f"chat:{chat.id}", "de") == {"ask": "Ask"}
    assert telegram.violations == []


@pytest.mark.parametrize(
    ("status", "error"),
    [("429", ptb.error.RetryAfter), ("502", ptb.error.NetworkError), ("reset", ptb.error.NetworkError)],
)
def test_python_telegram_bot_sees_faults_as_its_errors(
    telegram: FakeTelegram, chat: Chat, status: str, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")  # without it, retry_after comes with a warning
    telegram.faults(every=1, kinds=(status,), methods=["sendMessage"])

    async def use() -> None:
        async with ptb.Bot(telegram.token, f"{telegram.url}/bot") as bot:
            with pytest.raises(error):
                await bot.send_message(chat.id, "a")

    asyncio.run(use())
