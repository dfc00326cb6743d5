"""The admin's side: builds, what is sent in, the lists; and that nobody else has it."""

import csv
import io
import json
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest

from bot.telegram.commands import FOR_ADMINS, FOR_ALL
from tests.telegram.bot_process import BotProcess
from tests.telegram.chats import Chat
from tests.telegram.messages import Message
from tests.telegram.server import FakeTelegram
from tests.telegram.users import User

NOT_FOR_YOU = "Only an admin of this bot can do that."
NOT_PUBLIC = "The link leads to an address that is not on the public internet."
PAGE = b"""<html><head><title>Lighthouse painted</title></head><body><article><h1>Lighthouse painted</h1>
<p>On Tuesday Orla Finch painted the lighthouse of Wexcombe pink, and nobody on the council had asked her to do so.</p>
<p>The harbour master found the tower at dawn, when the paint was already dry on all four sides of the gallery.</p>
<p>A vote on the colour is due next month, and until then the lighthouse keeps its new coat, the council said.</p>
</article></body></html>"""
# The fake Telegram's own side of connections that a stopped bot leaves behind is closed by the collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")


@dataclass(frozen=True, slots=True)
class Office:
    """A bot with one admin, in whose chat all happens."""

    telegram: FakeTelegram
    bot: BotProcess
    admin: User
    chat: Chat

    def says(self, text: str) -> Message:
        """The first answer to what the admin writes."""
        return self.chat.wait_for_reply(self.admin.says(self.chat, text), 20)

    def sends(self, name: str, data: bytes, size: int | None = None) -> str:
        """What comes of a document in the end."""
        answer = self.chat.wait_for_reply(self.admin.sends_document(self.chat, name, data, size=size), 20)
        return self.becomes(answer, lambda now: now.text != "Reading it …").text

    def presses(self, message: Message, button: str) -> Message:
        """The message after a button on it has changed it."""
        before = self.chat.now(message).versions
        self.admin.presses(message, button)
        return self.becomes(message, lambda now: len(now.versions) > len(before))

    def becomes(self, message: Message, condition: Callable[[Message], bool]) -> Message:
        """The message as soon as it is so."""
        self.chat.wait(lambda _: condition(self.chat.now(message)), 60)
        return self.chat.now(message)

    def generations(self) -> list[str]:
        """The generations on disk."""
        return sorted(path.name for path in (self.bot.data / "index").iterdir() if path.name.isdigit())


class Site(ThreadingHTTPServer):
    """A web site on this machine that keeps who has connected."""

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), SimpleHTTPRequestHandler)
        self.callers: list[Any] = []

    def get_request(self) -> Any:
        connection, caller = super().get_request()
        self.callers.append(caller)
        return connection, caller


def opened(telegram: FakeTelegram, root: Path, main: str = "bot.cli", allow_links: bool = False) -> Office:
    admin = telegram.user("Ada")
    chat = telegram.private(admin)
    chat.member = True
    bot = BotProcess(telegram, root, main=main, ADMIN_IDS=str(admin.id), ALLOW_LINKS=str(allow_links))
    return Office(telegram, bot, admin, chat)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One bot for the tests that do not mind each other."""
    with FakeTelegram() as telegram:
        office = opened(telegram, tmp_path_factory.mktemp("office"))
        with office.bot:
            yield office
        assert telegram.violations == []
        assert "Traceback" not in office.bot.log


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One bot that takes links."""
    with FakeTelegram() as telegram:
        office = opened(telegram, tmp_path_factory.mktemp("linked"), allow_links=True)
        with office.bot:
            yield office
        assert telegram.violations == []
        assert "Traceback" not in office.bot.log


@pytest.fixture
def site() -> Iterator[Site]:
    """A site at the port that links name by naming none or, where that cannot be had, at any."""
    try:
        server = Site(80)
    except OSError:
        server = Site(0)
    with server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def office(telegram: FakeTelegram, tmp_path: Path) -> Iterator[Office]:
    """A bot of the test's own."""
    office = opened(telegram, tmp_path)
    with office.bot:
        yield office
    assert telegram.violations == []
    assert "Traceback" not in office.bot.log


def soon(condition: Callable[[], object]) -> None:
    """Wait until it is so."""
    deadline = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def articles(count: int, name: str) -> str:
    """Lines of articles that take some time to embed."""
    lines = []
    for number in range(count):
        body = " ".join(f"The {name} of ward {number} weighed point {point} of its long agenda." for point in range(30))
        lines.append(json.dumps({"id": f"{name}-{number}", "title": f"The {name} meets, part {number}", "text": body}))
    return "\n".join(lines) + "\n"


def test_a_rebuild_is_followed_in_one_message_from_what_changes_to_the_report(office: Office) -> None:
    (office.bot.articles / "council.jsonl").write_text(articles(600, "council") + "{broken\n")
    report = office.says("/rebuild")
    assert report.buttons == ("Stop",)
    report = office.becomes(report, lambda now: "answers from now on" in now.text)
    seen = [version.text for version in report.versions]
    assert any("Added 600, changed 0, removed 0, unchanged 30, rejected 1." in text for text in seen[:-1])
    assert any(re.search(r"Embedding: [0-9]+%", text) for text in seen[:-1])
    assert "630 articles" in seen[-1]
    assert office.chat.from_bot[-1].id == report.id
    office.admin.presses(report, "What was rejected")
    office.chat.wait(lambda messages: "council.jsonl:601: " in messages[-1].text)
    office.admin.presses(office.chat.now(report), "Roll back")
    office.chat.wait(lambda messages: messages[-1].text == "Generation 000001 answers from now on.")
    assert "no older sound generation" in office.says("/rollback").text
    assert "Generation 000001" in office.says("/status").text


def test_a_second_admin_is_told_who_builds_and_can_stop_it(telegram: FakeTelegram, tmp_path: Path) -> None:
    ada, bob = telegram.user("Ada"), telegram.user("Bob", "de")
    chats = {user: telegram.private(user) for user in (ada, bob)}
    bot = BotProcess(telegram, tmp_path, ADMIN_IDS=f"{ada.id},{bob.id}")
    (bot.articles / "council.jsonl").write_text(articles(2000, "council"))
    before = (bot.data / "index" / "CURRENT").read_bytes()
    with bot:
        first = chats[ada].wait_for_reply(ada.says(chats[ada], "/rebuild"), 15)
        chats[ada].wait(lambda _: "Embedding" in chats[ada].now(first).text, 30)
        told = chats[bob].wait_for_reply(bob.says(chats[bob], "/rebuild"), 15)
        assert "begonnen von Ada" in told.text
        assert "begonnen von Ada" in chats[bob].wait_for_reply(bob.says(chats[bob], "/status"), 15).text
        assert bob.presses(told, "Anhalten").text == "Wird angehalten."
        chats[ada].wait(lambda _: "Stopped. The index is as it was." in chats[ada].now(first).text, 30)
        assert chats[ada].now(first).buttons == ()
        assert bob.presses(told, "Anhalten").text == "Hier wird gerade nichts gebaut."
    assert (bot.data / "index" / "CURRENT").read_bytes() == before


def test_of_two_admins_at_the_same_moment_one_builds_and_the_other_is_told_who(
    telegram: FakeTelegram, tmp_path: Path
) -> None:
    people = [telegram.user("Ada"), telegram.user("Bob")]
    chats = [telegram.private(user) for user in people]
    bot = BotProcess(telegram, tmp_path, ADMIN_IDS=",".join(str(user.id) for user in people))
    (bot.articles / "council.jsonl").write_text(articles(2000, "council"))
    with bot:
        telegram.faults(every=1, kinds=("slow",), methods=("sendMessage",), delay=1.0)
        asked = [user.says(chat, "/rebuild") for user, chat in zip(people, chats, strict=True)]
        said = [chat.wait_for_reply(message, 15) for chat, message in zip(chats, asked, strict=True)]
        soon(lambda: all(len(message.chat.now(message).versions) > 1 for message in said))
        now = [chat.now(message) for chat, message in zip(chats, said, strict=True)]
        late = int("A build is running" in now[1].text)
        early = 1 - late
        assert f"A build is running: started by {people[early].name}" in now[late].text
        assert people[late].presses(now[late], "Stop").text == "It is being stopped."
        chats[early].wait(lambda _: "Stopped. The index is as it was." in chats[early].now(said[early]).text, 30)
    assert "Traceback" not in bot.log


def test_a_build_whose_process_is_killed_is_reported_and_the_next_one_works(office: Office) -> None:
    (office.bot.articles / "council.jsonl").write_text(articles(100, "council"))
    report = office.says("/rebuild")
    _builder(office.bot).kill()
    report = office.becomes(report, lambda now: "The build has failed" in now.text)
    assert "the build's process ended with signal 9" in report.text
    assert "Peskov" in office.says("who denied the account?").text
    report = office.says("/rebuild")
    assert "130 articles" in office.becomes(report, lambda now: "answers from now on" in now.text).text


def _builder(bot: BotProcess) -> psutil.Process:
    """The process that builds, as soon as there is one."""
    assert bot.process
    for _ in range(200):
        for child in psutil.Process(bot.process.pid).children():
            if "--events" in child.cmdline():
                return child
        time.sleep(0.02)
    raise AssertionError("nothing is built")


def test_a_build_on_a_full_disk_is_reported_and_the_old_index_answers(office: Office) -> None:
    (office.bot.articles / "council.jsonl").write_text(articles(600, "council"))
    assert office.bot.process
    process = psutil.Process(office.bot.process.pid)  # whose limits the one that builds has too
    before = process.rlimit(psutil.RLIMIT_FSIZE)
    process.rlimit(psutil.RLIMIT_FSIZE, (500_000, before[1]))
    report = office.becomes(office.says("/rebuild"), lambda now: "The build has failed" in now.text)
    process.rlimit(psutil.RLIMIT_FSIZE, before)
    assert "The disk is full or does not take what is written." in report.text
    assert office.generations() == ["000001"]
    assert "Peskov" in office.says("who denied the account?").text


def test_a_check_builds_nothing_and_offers_to(shared: Office) -> None:
    (shared.bot.articles / "market.txt").write_text("Market day moved\n\nThe mayor moved the market day to Friday.\n")
    before = shared.generations()
    checked = shared.becomes(shared.says("/rebuild check"), lambda now: "nothing was built" in now.text)
    assert "Added 1, changed 0, removed 0" in checked.text
    assert checked.buttons == ("Build",)
    assert shared.generations() == before
    shared.admin.presses(checked, "Build")
    shared.chat.wait(lambda messages: "The new index answers from now on." in messages[-1].text, 30)
    assert "Friday" in shared.says("when is the market day that the mayor moved?").text
    checked = shared.becomes(shared.says("/rebuild check"), lambda now: "nothing was built" in now.text)
    assert checked.buttons == ()
    again = shared.becomes(shared.says("/rebuild"), lambda now: "Stop" not in now.buttons)
    assert "Nothing has changed" in again.text


def test_status_says_how_the_bot_does_and_names_its_last_errors_by_id(telegram: FakeTelegram, tmp_path: Path) -> None:
    office = opened(telegram, tmp_path)
    with office.bot:
        assert "Peskov" in office.says("who denied the account?").text
        assert "could not find" in office.says("what is the capital of Atlantis?").text
        _damage(office.bot)
        number = _id(office.says("/forget"))
        office.chat.wait(lambda messages: messages[-1].text.startswith(f"Error {number}: "))
        status = office.says("/status").text
    for line in (
        r"Generation 000001, built \S.+",
        r"30 articles, [\d,]+ passages, 0 rejected",
        r"Model: \S+.*",
        r"Questions in 24 hours: 2, of them refused: 1",
        r"Time to answer: median [\d,]+ ms, 95 % within [\d,]+ ms",
        r"Memory: [\d,]+ MB",
        rf"Last errors:\n• {number} \d\d\.\d\d\. \d\d:\d\d UTC StateError in bot\.\w+",
    ):
        assert re.search(f"^{line}$", status, re.MULTILINE), status


def test_an_admin_is_told_of_an_error_by_id_in_one_line_a_few_times_an_hour(
    telegram: FakeTelegram, tmp_path: Path
) -> None:
    office, eve = opened(telegram, tmp_path), telegram.user("Eve")
    chat = telegram.private(eve)
    with office.bot:
        _damage(office.bot)
        numbers = [_id(chat.wait_for_reply(eve.says(chat, "/forget"), 15)) for _ in range(6)]
        office.says("/help")
        told = [message.text for message in office.chat.from_bot if message.text.startswith("Error ")]
    assert told == [
        f"Error {number}: StateError. The log has the details. (Held back since the last message: 0)"
        for number in numbers[:4]
    ]
    assert all(f"[error {number}]" in office.bot.log for number in numbers)


def _damage(bot: BotProcess) -> None:
    """Let whatever has to do with opinions fail."""
    with closing(sqlite3.connect(bot.data / "byline.db")) as database:
        database.execute("ALTER TABLE byline_ratings RENAME TO elsewhere")


def _id(message: Message) -> str:
    """The id of an error in what its victim is told."""
    found = re.fullmatch(r"Something went wrong here\. Please ask once more\. \(([0-9a-f]{8})\)", message.text)
    assert found, message.text
    return found[1]


def test_rebuild_with_a_word_it_does_not_know_says_how_it_is_used(shared: Office) -> None:
    assert "/rebuild check only says" in shared.says("/rebuild quickly").text


def test_documents_of_several_articles_are_found_by_the_next_question_and_bad_lines_named(shared: Office) -> None:
    lines = [
        {"id": "1", "title": "Ferry renamed", "text": "The ferry Marigold was renamed Aurora by Ilse Brandt."},
        {"id": "2", "title": "Bell cast", "text": "The bell of Tarnmouth was cast by Jonas Okoro in spring."},
    ]
    said = shared.sends("news.jsonl", "\n".join([*map(json.dumps, lines), "no json"]).encode())
    assert "Added news.jsonl; articles in it: 2." in said
    assert "line 3: " in said
    assert "The index is up to date." in said
    assert "Ilse Brandt" in shared.says("who renamed the ferry Marigold?").text
    assert "Jonas Okoro" in shared.says("who cast the bell of Tarnmouth?").text


def test_a_document_sent_again_takes_the_place_of_the_old_one_which_is_kept(shared: Office) -> None:
    shared.sends("windmill.txt", b"Windmill sold\n\nThe windmill of Greyford was sold to Petra Lund.\n")
    shared.sends("windmill.txt", b"Windmill sold\n\nThe windmill of Greyford was sold to Hugo Marsh.\n")
    answer = shared.says("to whom was the windmill of Greyford sold?").text
    assert "Hugo Marsh" in answer
    assert "Petra Lund" not in answer
    (kept,) = [path for path in (shared.bot.data / "kept").iterdir() if path.name.endswith("windmill.txt")]
    assert b"Petra Lund" in kept.read_bytes()


def line(identity: str, title: str, text: str) -> str:
    """An article of a JSONL file."""
    return json.dumps({"id": identity, "title": title, "text": text})


def test_an_article_whose_id_is_taken_by_another_file_is_named(shared: Office) -> None:
    other = shared.bot.articles / "0-before.jsonl"
    other.write_text(line("twin", "Pier closed", "The pier of Ashby was closed by Ines Roth.") + "\n")
    lines = [
        line("twin", "Pier opened", "The pier of Ashby was opened by Karl Dunn."),
        line("single", "Mill burnt", "The mill of Ashby was burnt down by Tove Lang."),
    ]
    said = shared.sends("after.jsonl", "\n".join(lines).encode())
    assert f'\n• after.jsonl: has the same id "twin" as an article in {other}\n' in said
    assert said.count("same id") == 1
    assert "Tove Lang" in shared.says("who burnt down the mill of Ashby?").text
    assert "Karl Dunn" not in shared.says("who opened the pier of Ashby?").text


def test_an_article_of_another_file_that_a_document_takes_the_id_of_is_named(shared: Office) -> None:
    other = shared.bot.articles / "zz-later.jsonl"
    other.write_text(line("pair", "Lock closed", "The lock of Denby was closed by Ines Roth.") + "\n")
    said = shared.sends(
        "sooner.jsonl", line("pair", "Lock opened", "The lock of Denby was opened by Karl Dunn.").encode()
    )
    added = shared.bot.articles / "added" / "sooner.jsonl"
    assert f'\n• zz-later.jsonl: has the same id "pair" as an article in {added}\n' in said
    assert "Karl Dunn" in shared.says("who opened the lock of Denby?").text


def test_a_document_has_no_place_where_the_articles_are_one_file(telegram: FakeTelegram, tmp_path: Path) -> None:
    admin = telegram.user("Ada")
    news, chat = tmp_path / "news.jsonl", telegram.private(admin)
    news.write_text(line("1", "Pier closed", "The pier of Ashby was closed by Ines Roth.") + "\n")
    bot = BotProcess(telegram, tmp_path / "bot", articles=news, ADMIN_IDS=str(admin.id))
    with bot:
        said = Office(telegram, bot, admin, chat).sends(
            "mill.txt", b"Mill burnt\n\nThe mill of Ashby was burnt down.\n"
        )
    assert said == "Not added: ARTICLES_DIR names a file, “news.jsonl”; documents are added only if it is a folder."
    assert {path.name for path in tmp_path.iterdir()} == {"news.jsonl", "bot"}
    assert not (bot.data / "kept").exists()
    assert "Traceback" not in bot.log


def test_a_hostile_name_stays_in_the_folder(shared: Office) -> None:
    root, folder = shared.bot.root, shared.bot.articles / "added"

    def elsewhere() -> set[Path]:
        return {
            path
            for path in root.parent.rglob("*")
            if folder not in path.parents and shared.bot.data not in path.parents
        }

    shared.sends("harmless.txt", b"Harmless\n\nA harmless note.\n")
    before = elsewhere()
    names = (
        "../../up.txt",
        "..\\..\\back.txt",
        f"{root}/absolute.txt",
        ".hidden.txt",
        "-rf.txt",
        "nul.txt",
        "a\u202egpj.txt",
    )
    for name in names:
        assert "Added " in shared.sends(name, f"A note\n\nA note named {len(name)}.\n".encode())
    assert elsewhere() == before
    taken = {path.name for path in folder.iterdir() if path.is_file()}
    assert {"up.txt", "back.txt", "absolute.txt", "hidden.txt", "_nul.txt"} <= taken


@pytest.mark.parametrize(
    ("name", "data", "size", "words"),
    [
        ("notes.txt", b"PK\x03\x04" + bytes(400), None, "Not added: "),
        ("setup.exe", b"MZ" + bytes(400), None, "is of a type that cannot be read"),
        ("paper.pdf", b"A plain text.", None, "is not a PDF"),
        ("blank.md", b"  \n\n", None, "Not added: "),
        ("huge.txt", b"x", 20 * 2**20 + 1, "The file is larger than 20 MB"),
    ],
)
def test_a_document_that_cannot_be_an_article_is_refused(
    shared: Office, name: str, data: bytes, size: int | None, words: str
) -> None:
    fetched = len(shared.telegram.calls("getFile"))
    assert words in shared.sends(name, data, size)
    assert not (shared.bot.articles / "added" / name).exists()
    assert len(shared.telegram.calls("getFile")) - fetched == (size is None)


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("127.0.0.1", NOT_PUBLIC),
        ("localhost", NOT_PUBLIC),
        ("[::ffff:127.0.0.1]", NOT_PUBLIC),
        ("2130706433", "The link does not name a site in the usual way."),
        ("169.254.169.254", NOT_PUBLIC),
    ],
)
def test_a_link_into_the_bots_own_network_is_refused_calmly_and_nobody_there_is_asked(
    linked: Office, site: Site, host: str, reason: str
) -> None:
    # A harmless path: if this ever fails, the address of a cloud's metadata may be a real one here.
    assert linked.says(f"http://{host}/news").text == reason
    there = linked.says(f" http://{host}:{site.server_port}/news ").text
    assert there in (reason, "Only the usual ports, 80 and 443, are fetched from.")
    assert site.callers == []
    assert not (linked.bot.articles / "added").exists()


class _Pages(SimpleHTTPRequestHandler):
    """A page, an address that leads on to it, and one that leads round and round."""

    def do_GET(self) -> None:
        paths = {"/moved": "/news", "/round": "/round"}
        self.send_response(302 if self.path in paths else 200)
        if self.path in paths:
            self.send_header("Location", paths[self.path])
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_: object) -> None:
        pass


def test_a_page_of_a_public_site_is_added_and_answers_with_its_address(telegram: FakeTelegram, tmp_path: Path) -> None:
    office = opened(telegram, tmp_path, main="tests.telegram.trusting_bot", allow_links=True)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Pages) as site, office.bot:
        threading.Thread(target=site.serve_forever, args=(0.02,), daemon=True).start()
        address = f"http://localhost:{site.server_port}"
        assert "more than 5 times" in office.says(f"{address}/round").text
        answer = office.becomes(office.says(f"{address}/moved"), lambda now: now.text != "Reading it …")
        assert "Lighthouse painted" in answer.text
        assert "The index is up to date." in answer.text
        site.shutdown()
    with office.bot:
        answer = office.says("who painted the lighthouse?")
        assert answer.text.startswith("Orla Finch")
        assert f"{address}/news" in office.presses(answer, "1").text
    assert "Traceback" not in office.bot.log


def test_why_a_link_or_a_document_is_refused_is_said_in_the_language_of_the_admin(linked: Office) -> None:
    german = replace(linked, admin=replace(linked.admin, language="de"))
    assert german.says("http://127.0.0.1/news").text == (
        "Der Link führt zu einer Adresse, die nicht im öffentlichen Internet liegt."
    )
    answer = german.chat.wait_for_reply(german.admin.sends_document(german.chat, "paper.pdf", b"A plain text."), 20)
    refused = german.becomes(answer, lambda now: now.text != "Wird gelesen …").text
    assert refused == "Nicht aufgenommen: „paper.pdf“ ist kein PDF, obwohl der Name es sagt."


@pytest.mark.parametrize("allowed", [True, False])
def test_a_link_of_whoever_may_not_add_it_is_a_question_and_is_not_fetched(
    request: pytest.FixtureRequest, site: Site, allowed: bool
) -> None:
    office: Office = request.getfixturevalue("linked" if allowed else "shared")
    asker = office.telegram.user("Eve") if allowed else office.admin
    chat = office.telegram.private(asker)
    for port in ("", f":{site.server_port}"):
        answer = chat.wait_for_reply(asker.says(chat, f"http://127.0.0.1{port}/who-denied-the-account"), 20)
        assert "👍" in answer.buttons
    assert site.callers == []


def test_the_list_of_articles_is_turned_opened_and_left(shared: Office) -> None:
    page = shared.says("/articles")
    first = page.text.splitlines()[1:]
    assert page.text.startswith("Page 1 of ")
    assert "‹" not in page.buttons
    page = shared.presses(page, "›")
    second = page.text.splitlines()[1:]
    assert page.text.startswith("Page 2 of ")
    assert not {line.partition(". ")[2] for line in first} & {line.partition(". ")[2] for line in second}
    opened = shared.presses(page, "3")
    assert second[2].partition(". ")[2] in opened.text
    assert opened.buttons == ("Remove", "Back to the list")
    sure = shared.presses(opened, "Remove")
    assert "Remove this article from the index?" in sure.text
    back = shared.presses(sure, "Back to the list")
    assert back.text == page.text
    while "›" in back.buttons:
        back = shared.presses(back, "›")
    count, pages = back.text.split()[1], back.text.split()[3].rstrip(",")
    assert count == pages


def test_what_is_removed_stays_out_over_a_rebuild_until_it_is_brought_back(shared: Office) -> None:
    def listed() -> int:
        return int(shared.says("/articles").text.split()[4])

    before, page, other = listed(), shared.says("/articles"), shared.says("/articles")
    title = page.text.splitlines()[1].removeprefix("1. ").rpartition(" (")[0]
    removed = shared.presses(shared.presses(shared.presses(page, "1"), "Remove"), "Yes, remove it")
    assert removed.text.startswith(f"Removed: {title}")
    assert "The list has changed since then." in shared.presses(other, "1").text
    rebuilt = shared.becomes(shared.says("/rebuild"), lambda now: "Stop" not in now.buttons)
    assert "Nothing has changed" in rebuilt.text
    assert listed() == before - 1
    assert shared.presses(removed, "Undo").text.startswith(f"Restored: {title}")
    assert listed() == before


def take_out(office: Office, title: str) -> None:
    """Remove the article of that title by the list, in which those without a date come last."""
    page = office.says("/articles")
    while title not in page.text:
        page = office.presses(page, "›")
    number = next(row for row in page.text.splitlines() if title in row).partition(".")[0]
    sure = office.presses(office.presses(page, number), "Remove")
    assert "The index is up to date." in office.presses(sure, "Yes, remove it").text


def test_what_was_taken_out_comes_back_when_its_document_is_sent_again_whatever_its_id(shared: Office) -> None:
    document = line("quay-7", "Quay sold", "The quay of Ormby was sold to Lena Voss.").encode()
    shared.sends("quay.jsonl", document)
    take_out(shared, "Quay sold")
    assert "Lena Voss" not in shared.says("to whom was the quay of Ormby sold?").text
    assert "The index is up to date." in shared.sends("quay.jsonl", document)
    assert "Lena Voss" in shared.says("to whom was the quay of Ormby sold?").text


def test_what_was_taken_out_stays_out_when_a_document_of_a_similar_name_is_sent(shared: Office) -> None:
    shared.sends("tower.html", PAGE)
    take_out(shared, "Lighthouse painted")
    assert "The index is up to date." in shared.sends("tower.htm", PAGE.replace(b"lighthouse", b"windmill"))
    assert "windmill of Wexcombe" in shared.says("who painted the windmill of Wexcombe pink?").text
    assert "lighthouse of Wexcombe" not in shared.says("who painted the lighthouse of Wexcombe pink?").text


def test_the_gaps_are_counted_and_their_table_holds_no_formula(shared: Office) -> None:
    for question in ("Who invented the zorble?", "who invented the zorble", '=HYPERLINK("http://evil") zorbles?'):
        assert "could not find" in shared.says(question).text
    gaps = shared.says("/gaps")
    assert "2 × who invented the zorble" in gaps.text
    shared.admin.presses(gaps, "As a file")
    shared.chat.wait(lambda messages: "document" in messages[-1].content)
    file = shared.telegram.files[shared.chat.messages[-1].content["document"]["file_id"]]
    assert file.name == "gaps.csv"
    rows = list(csv.DictReader(io.StringIO(file.data.decode("utf-8-sig"))))
    assert {row["question"]: row["count"] for row in rows}["who invented the zorble"] == "2"
    assert any(row["question"].startswith("'=HYPERLINK") for row in rows)


@pytest.mark.parametrize("command", FOR_ADMINS)
def test_an_admins_command_is_refused_politely_to_others(shared: Office, command: str) -> None:
    eve = shared.telegram.user("Eve")
    chat = shared.telegram.private(eve)
    before = shared.generations()
    assert chat.wait_for_reply(eve.says(chat, f"/{command}"), 15).text == NOT_FOR_YOU
    assert f"user {eve.id} is no admin" in shared.bot.log
    assert shared.generations() == before


@pytest.mark.parametrize("kind", ["supergroup", "channel"])
def test_an_admin_who_writes_in_the_name_of_a_chat_is_nobody_in_particular(shared: Office, kind: str) -> None:
    group = shared.telegram.group("Newsroom")
    behalf = group if kind == "supergroup" else shared.telegram.channel("News")
    behalf.promotes(shared.admin)
    for command in FOR_ADMINS:
        asked = shared.admin.says(group, f"/{command}", behalf=behalf)
        assert group.wait_for_reply(asked, 15).text == NOT_FOR_YOU
    assert f"user {behalf.id} is no admin" in shared.bot.log
    shared.admin.says(group, "/help", behalf=behalf)
    group.wait(lambda messages: "Ask me a question" in messages[-1].text)
    assert "/rebuild" not in group.from_bot[-1].text


def test_an_admins_buttons_and_documents_do_nothing_for_others(shared: Office) -> None:
    eve = shared.telegram.user("Eve")
    group, chat = shared.telegram.group("Newsroom", privacy=False), shared.telegram.private(eve)
    listed = group.wait_for_reply(shared.admin.says(group, "/articles"), 15)
    pressed = eve.presses(listed, "1")
    assert (pressed.text, pressed.alert) == (NOT_FOR_YOU, True)
    assert len(group.now(listed).versions) == 1
    answer = chat.wait_for_reply(eve.sends_document(chat, "eve.txt", b"Eve\n\nEve was here.\n"), 15)
    assert answer.text == "I read text only. Write me a question."
    assert not (shared.bot.articles / "added" / "eve.txt").exists()


def test_only_the_admins_menu_has_the_admins_commands(shared: Office) -> None:
    soon(lambda: shared.telegram.commands(f"chat:{shared.admin.id}", "de"))  # the last of them
    own = shared.telegram.commands(f"chat:{shared.admin.id}")
    assert list(own) == [*FOR_ALL, *FOR_ADMINS]
    assert own["rebuild"] == "Read the articles again"
    for language in ("", "de", "es", "ru"):
        assert list(shared.telegram.commands(language=language)) == list(FOR_ALL)
    for language, words in (("de", "Die Artikel neu lesen"), ("ru", "Прочитать статьи заново")):
        assert shared.telegram.commands(f"chat:{shared.admin.id}", language)["rebuild"] == words


def test_an_admin_who_comes_after_the_start_gets_the_admins_menu(tmp_path: Path) -> None:
    with FakeTelegram() as telegram:
        late = telegram.user("Late")
        with BotProcess(telegram, tmp_path, ADMIN_IDS=str(late.id)):
            soon(lambda: telegram.violations)
            assert telegram.commands(f"chat:{late.id}") == {}
            chat = telegram.private(late)
            late.says(chat, "/start")
            soon(lambda: "rebuild" in telegram.commands(f"chat:{late.id}", "ru"))
            assert list(telegram.commands(f"chat:{late.id}")) == [*FOR_ALL, *FOR_ADMINS]
        # That there is no chat yet is Telegram's word on the first try.
        assert {violation.method for violation in telegram.violations} == {"setMyCommands"}
