"""The bot as a process: starts, stops, crashes, faults, and the admin's side."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from bot.state import Asked, Place, State
from retrieval.store import Store
from tests.telegram.bot_process import SAMPLES, BotProcess
from tests.telegram.chats import Chat
from tests.telegram.messages import Message
from tests.telegram.server import FakeTelegram
from tests.telegram.talk import DENIED, MAGNITUDE
from tests.telegram.users import User

# The fake Telegram's own side of connections that a killed or faulted bot leaves behind is closed by the collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")


def started(telegram: FakeTelegram) -> tuple[User, Chat]:
    user = telegram.user("Ada")
    chat = telegram.private(user)
    chat.member = True
    return user, chat


def last(chat: Chat, words: str, seconds: float = 30) -> Message:
    chat.wait(lambda messages: any(words in one.text for one in messages), seconds)
    return next(one for one in reversed(chat.messages) if words in one.text)


def test_without_an_index_it_builds_one_and_then_answers_who_asked(telegram: FakeTelegram, tmp_path: Path) -> None:
    user, chat = started(telegram)
    question = user.says(chat, DENIED)
    with BotProcess(telegram, tmp_path, indexed=False):
        last(chat, "not read the articles yet")
        answer = last(chat, "Peskov", 60)
    assert answer.reply_to == question.id
    assert telegram.violations == []


@pytest.mark.parametrize("how", ["a shell", "a document"])
def test_a_first_index_is_picked_up_however_it_was_made_and_whoever_asked_before_is_answered(
    telegram: FakeTelegram, tmp_path: Path, how: str
) -> None:
    admin, chat = started(telegram)
    (tmp_path / "empty").mkdir()
    bot = BotProcess(telegram, tmp_path, articles=tmp_path / "empty", indexed=False, ADMIN_IDS=str(admin.id))
    with bot:
        last(chat, "There is no index yet, and it could not be built: No article could be read")
        question = admin.says(chat, DENIED)
        last(chat, "not read the articles yet")
        if how == "a shell":
            command = [sys.executable, "-m", "bot.cli", "--data", str(bot.data), "index", str(SAMPLES.absolute())]
            subprocess.run(command, check=True, capture_output=True)
        else:
            (source,) = [path for path in SAMPLES.rglob("*") if path.is_file() and "denied the account" in _text(path)]
            admin.sends_document(chat, source.name, source.read_bytes())
        answer = last(chat, "Peskov", 60)
        assert answer.reply_to == question.id
        assert "Peskov" in chat.wait_for_reply(admin.says(chat, DENIED), 15).text
    assert sum(one.reply_to == question.id and "Peskov" in one.text for one in chat.from_bot) == 1
    assert "Traceback" not in bot.log


def test_who_asks_elsewhere_before_there_is_an_index_is_told_that_it_is_built(
    telegram: FakeTelegram, tmp_path: Path
) -> None:
    user, _ = started(telegram)
    group = telegram.group("Elsewhere", bot=False)
    with BotProcess(telegram, tmp_path, indexed=False):
        answer = user.inline(DENIED)
        assert answer.results == ()
        assert answer.button is not None
        assert "not read the articles yet" in answer.button["text"]
        assert "not read the articles yet" in user.guest(group, f"@{telegram.me.username} {DENIED}").text
    assert telegram.violations == []


def test_buttons_work_after_a_restart_and_when_the_article_has_changed_or_gone(
    telegram: FakeTelegram, tmp_path: Path
) -> None:
    user, chat = started(telegram)
    bot = BotProcess(telegram, tmp_path, ADMIN_IDS=str(user.id))
    with bot:
        answer = chat.wait_for_reply(user.says(chat, DENIED), 15)
    source = next(path for path in bot.articles.rglob("*") if path.is_file() and "denied the account" in _text(path))
    source.write_text(_text(source).replace("denied the account", "rejected the account"))
    with bot:
        user.says(chat, "/rebuild")
        last(chat, "The new index answers from now on.")
        user.presses(answer, "1")
        chat.wait(lambda _: "The article has changed since then" in chat.now(answer).text, 10)
        assert "denied the account on Tuesday" in chat.now(answer).text
        source.unlink()
        user.says(chat, "/rebuild")
        chat.wait(lambda messages: "removed 1" in messages[-1].text and "from now on" in messages[-1].text, 30)
        user.presses(chat.now(answer), "‹ Back")
        chat.wait(lambda _: "1" in chat.now(answer).buttons, 10)
        user.presses(chat.now(answer), "1")
        chat.wait(lambda _: "not in the collection any more" in chat.now(answer).text, 10)


def test_sigterm_ends_it_cleanly(telegram: FakeTelegram, tmp_path: Path) -> None:
    user, chat = started(telegram)
    bot = BotProcess(telegram, tmp_path)
    bot.start()
    questions = [user.says(chat, f"{DENIED} {number}") for number in range(5)]
    chat.wait(lambda _: len(chat.from_bot) > 1, 15)
    assert bot.stop() == 0
    bot.start()  # whatever was not answered before is answered now
    for question in questions:
        chat.wait_for_reply(question, 15)
    bot.stop()
    assert all(sum(one.reply_to == question.id for one in chat.from_bot) == 1 for question in questions)
    assert "Traceback" not in bot.log


def test_a_question_that_a_crash_left_open_is_answered_after_it(telegram: FakeTelegram, tmp_path: Path) -> None:
    user, chat = started(telegram)
    bot = BotProcess(telegram, tmp_path)
    bot.start()
    telegram.faults(every=1, kinds=("502",), methods=("sendMessage",))
    question = user.says(chat, DENIED)
    deadline = time.monotonic() + 15
    while not telegram.calls("sendMessage")[-1:] or telegram.calls("sendMessage")[-1].status != 502:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    bot.kill()
    telegram.no_faults()
    bot.start()
    chat.wait_for_reply(question, 20)
    bot.stop()
    assert sum(one.reply_to == question.id for one in chat.from_bot) == 1


def test_sigterm_while_questions_left_over_are_answered_gives_none_of_them_a_second_answer(
    telegram: FakeTelegram, tmp_path: Path
) -> None:
    bot = BotProcess(telegram, tmp_path)
    state, asked = State(f"sqlite:///{bot.data.absolute()}/byline.db"), []
    for user, chat in [started(telegram) for _ in range(8)]:
        question = user.says(chat, DENIED)
        state.ask(Asked(DENIED, "message", user.id, "en", Place(chat.id), question.id))
        asked.append((chat, question))
    state.close()
    telegram.updates.clear()
    telegram.faults(every=1, kinds=("slow",), methods=("sendMessage",), delay=1.5)
    bot.start()
    chat, question = asked[0]
    chat.wait_for_reply(question, 20)
    time.sleep(0.7)  # the next answer is on its way
    assert bot.stop() == 0
    assert 0 < sum(len(chat.from_bot) for chat, _ in asked) < 8
    telegram.no_faults()
    with bot:
        for chat, question in asked:
            chat.wait_for_reply(question, 20)
        time.sleep(0.5)
    assert [len(chat.from_bot) for chat, _ in asked] == [1] * 8
    assert "Traceback" not in bot.log


@pytest.mark.parametrize("kind", ["private", "group"])
def test_a_reply_to_an_answer_that_is_edited_before_it_is_read_is_answered_as_it_was_edited(
    telegram: FakeTelegram, tmp_path: Path, kind: str
) -> None:
    user, chat = started(telegram)
    if kind == "group":
        chat = telegram.group("Newsroom")
    bot = BotProcess(telegram, tmp_path)
    with bot:
        answer = chat.wait_for_reply(user.says(chat, f"/ask {DENIED}"), 15)
    question = user.says(chat, "when?", reply_to=answer)
    user.edits(question, MAGNITUDE)
    with bot:
        last(chat, "6.4 [1]")
    assert [one.reply_to for one in chat.from_bot[1:]] == [question.id]
    assert "6.4 [1]" in chat.from_bot[-1].text


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"token": "4200001:wrong-token"}, "does not know this TELEGRAM_BOT_TOKEN"),
        ({"METRICS_LISTEN": "nonsense"}, "METRICS_LISTEN"),
        ({"DATABASE_URL": "sqlite:////proc/none/x.db"}, "database"),
    ],
)
def test_what_it_cannot_start_with_is_one_line(
    telegram: FakeTelegram, tmp_path: Path, settings: dict[str, Any], words: str
) -> None:
    bot = BotProcess(telegram, tmp_path, **settings)
    bot.start(wait=False)
    assert bot.ended() == 1
    (line,) = [line for line in bot.log.splitlines() if line.startswith("byline: ")]
    assert words in line
    assert "Traceback" not in bot.log
    assert "wrong-token" not in bot.log


def test_without_a_network_it_says_so_and_goes_on_trying(telegram: FakeTelegram, tmp_path: Path) -> None:
    bot = BotProcess(telegram, tmp_path, TELEGRAM_API_URL="http://127.0.0.1:9", LOG_LEVEL="WARNING")
    bot.start(wait=False)
    deadline = time.monotonic() + 20
    while bot.log.count("Telegram cannot be reached") < 2:
        assert time.monotonic() < deadline, bot.log
        time.sleep(0.1)
    assert bot.stop() == 0
    assert "Traceback" not in bot.log


def test_metrics_and_health_are_there(telegram: FakeTelegram, tmp_path: Path) -> None:
    user, chat = started(telegram)
    with BotProcess(telegram, tmp_path, METRICS_LISTEN="127.0.0.1:19191", LOG_FORMAT="json") as bot:
        chat.wait_for_reply(user.says(chat, DENIED), 15)
        assert json.load(urllib.request.urlopen("http://127.0.0.1:19191/healthz"))["status"] == "ok"
        metrics = urllib.request.urlopen("http://127.0.0.1:19191/metrics").read().decode()
        assert 'byline_questions_total{outcome="answered"} 1.0' in metrics
        assert "byline_index_articles 30.0" in metrics
    assert all(json.loads(line)["message"] for line in bot.log.splitlines())
    assert telegram.token not in bot.log


def test_fifty_users_are_answered_during_a_rebuild(telegram: FakeTelegram, tmp_path: Path) -> None:
    users = [started(telegram) for _ in range(50)]
    admin, office = users[0]
    bot = BotProcess(telegram, tmp_path, ADMIN_IDS=str(admin.id))
    _many(bot.articles / "many.jsonl", 2000)
    with bot:
        admin.says(office, "/rebuild")
        last(office, "Reading")
        asked = [(chat, user.says(chat, DENIED)) for user, chat in users[1:]]
        answers = [chat.wait_for_reply(question, 60) for chat, question in asked]
        report = last(office, "The new index answers from now on.", 200)
    assert all("Peskov" in answer.text for answer in answers)
    assert max(answer.sent_at for answer in answers) < report.now.at
    assert "Added 2,000" in report.text
    assert "Roll back" in report.buttons
    assert telegram.violations == []


def test_a_second_rebuild_is_told_of_the_first_which_can_be_stopped(telegram: FakeTelegram, tmp_path: Path) -> None:
    admin, chat = started(telegram)
    bot = BotProcess(telegram, tmp_path, ADMIN_IDS=str(admin.id))
    _many(bot.articles / "many.jsonl", 2000)
    with bot:
        admin.says(chat, "/rebuild")
        last(chat, "Embedding")
        admin.says(chat, "/rebuild")
        second = last(chat, "started by Ada")
        admin.presses(second, "Stop")
        last(chat, "Stopped. The index is as it was.")
        admin.says(chat, "/rebuild")
        last(chat, "Embedding")
        pid = bot.process.pid if bot.process else 0
        (child,) = [one for one in psutil.Process(pid).children() if "index" in one.cmdline()]
        os.kill(child.pid, signal.SIGKILL)
        assert "signal 9" in last(chat, "The build has failed").text
        assert "Peskov" in chat.wait_for_reply(admin.says(chat, DENIED), 15).text


def test_sigterm_ends_it_while_a_document_waits_for_a_build(telegram: FakeTelegram, tmp_path: Path) -> None:
    admin, chat = started(telegram)
    bot = BotProcess(telegram, tmp_path, ADMIN_IDS=str(admin.id))
    _many(bot.articles / "many.jsonl", 2000)
    bot.start()
    admin.says(chat, "/rebuild")
    last(chat, "Embedding")
    admin.sends_document(chat, "lighthouse.txt", b"Lighthouse painted\n\nOrla Finch painted the lighthouse pink.\n")
    _until(lambda: any((bot.articles / "added").glob("*.txt")), bot)
    time.sleep(0.5)
    began = time.monotonic()
    assert bot.stop() == 0
    assert time.monotonic() - began < 8
    last(chat, "Stopped. The index is as it was.")
    last(chat, "The folder has changed, but not the index yet: Stopped.")
    assert "Traceback" not in bot.log


def test_a_document_waits_for_the_build_of_another_process_without_trying_all_the_time(
    telegram: FakeTelegram, tmp_path: Path
) -> None:
    admin, chat = started(telegram)
    with BotProcess(telegram, tmp_path, ADMIN_IDS=str(admin.id)) as bot:
        assert bot.process
        process, tries = psutil.Process(bot.process.pid), set()
        with Store(bot.data / "index").building():
            admin.sends_document(chat, "lighthouse.txt", b"Lighthouse\n\nOrla Finch painted the lighthouse pink.\n")
            _until(lambda: any((bot.articles / "added").glob("*.txt")), bot)
            deadline = time.monotonic() + 8
            while time.monotonic() < deadline:
                tries |= {child.pid for child in process.children() if "--events" in _command(child)}
                time.sleep(0.05)
        assert 1 <= len(tries) <= 2
        last(chat, "The index is up to date.")


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:  # it has just ended
        return []


def _until(condition: Callable[[], object], bot: BotProcess, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, bot.log
        time.sleep(0.05)


def test_most_articles_gone_stops_it_and_asks(telegram: FakeTelegram, tmp_path: Path) -> None:
    admin, chat = started(telegram)
    bot = BotProcess(telegram, tmp_path, ADMIN_IDS=str(admin.id))
    files = sorted(path for path in bot.articles.rglob("*") if path.is_file())
    for path in files[3:]:
        path.unlink()
    with bot:
        admin.says(chat, "/rebuild check")
        last(chat, "nothing was built")
        admin.says(chat, "/rebuild")
        asked = last(chat, "most articles would be gone")
        admin.presses(asked, "Publish all the same")
        last(chat, "The new index answers from now on.")
        admin.says(chat, "/rollback")
        last(chat, "Generation 000001 answers")
        admin.says(chat, "/status")
        assert "30 articles" in last(chat, "Generation 000001, built").text


def test_a_document_is_added_found_taken_out_and_brought_back(telegram: FakeTelegram, tmp_path: Path) -> None:
    admin, chat = started(telegram)
    bot = BotProcess(telegram, tmp_path, ADMIN_IDS=str(admin.id))
    text = b"Lighthouse painted pink\n\nThe keeper, Orla Finch, painted the Brackwater lighthouse pink on Monday.\n"
    question = "who painted the Brackwater lighthouse pink?"
    with bot:
        admin.sends_document(chat, "../../lighthouse.txt", text)
        last(chat, "The index is up to date.")
        assert [path.name for path in (bot.articles / "added").iterdir() if not path.name.startswith(".")]
        assert not (tmp_path.parent / "lighthouse.txt").exists()
        assert "Orla Finch" in chat.wait_for_reply(admin.says(chat, question), 15).text
        admin.sends_document(chat, "evil.txt", b"PK\x03\x04" + bytes(200))
        last(chat, "Not added:")
        admin.says(chat, "/articles")
        page = last(chat, "Page 1 of")  # undated articles stand on the last one
        while "Lighthouse" not in chat.now(page).text:
            shown = len(chat.now(page).versions)
            admin.presses(chat.now(page), "›")
            deadline = time.monotonic() + 10
            while len(chat.now(page).versions) == shown:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        number = next(line for line in chat.now(page).text.splitlines() if "Lighthouse" in line).partition(".")[0]
        admin.presses(chat.now(page), number)
        chat.wait(lambda _: "Remove" in chat.now(page).buttons, 10)
        admin.presses(chat.now(page), "Remove")
        chat.wait(lambda _: "Yes, remove it" in chat.now(page).buttons, 10)
        admin.presses(chat.now(page), "Yes, remove it")
        chat.wait(lambda _: "Undo" in chat.now(page).buttons, 30)
        assert "Orla Finch" not in chat.wait_for_reply(admin.says(chat, question), 15).text
        admin.presses(chat.now(page), "Undo")
        chat.wait(lambda _: "Restored:" in chat.now(page).text, 30)
        assert "Orla Finch" in chat.wait_for_reply(admin.says(chat, question), 15).text
        admin.says(chat, "/gaps")
        gaps = last(chat, "Not answered")
        admin.presses(gaps, "As a file")
        chat.wait(lambda messages: bool(messages[-1].content.get("document")), 10)
    assert telegram.violations == []


def _many(path: Path, count: int) -> None:
    body = "The council of the town met again and spoke about the harbour, the bridge and the price of bread. " * 6
    path.write_text(
        "".join(
            json.dumps({"id": f"m{n}", "title": f"Meeting {n}", "text": f"Meeting {n}. {body}"}) + "\n"
            for n in range(count)
        )
    )


def _text(path: Path) -> str:
    return path.read_text(errors="replace")
