"""Documents from outside: their names, what they hold, how they are read, and how they come into the collection."""

import gzip
import os
import threading
import time
import unicodedata
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import psutil
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.intake import ACCEPTED, ADDED, MAX_BYTES, Added, Inspected, IntakeRefused, add, inspect, safe_name
from retrieval.articles import read_articles
from tests.articles.test_html import PAGE
from tests.articles.test_pdf import pdf

_TEXT = b"Harbour fire\n\nA fire began on Monday in the port of Sela, and it burned until the evening."
# A web page that takes the reader minutes and gigabytes.
_WIDE = b"<html><body><article>" + b"<p>hello there my friend</p>" * 600_000


# Names


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("fire.txt", "fire.txt"),
        ("Пожар в порту (2).PDF", "Пожар в порту _2_.PDF"),
        ("火事.md", "火事.md"),
        ("हिन्दी.txt", "हिन्दी.txt"),
        ("cafe\u0301.txt", "caf\u00e9.txt"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.txt", "boot.txt"),
        ("C:\\x", "x"),
        ("C:x.txt", "C_x.txt"),
        ("/etc/passwd\0.txt", "passwd.txt"),
        ("a\r\nb\t.txt", "ab.txt"),
        ("invoice\u202etxt.exe", "invoicetxt.exe"),
        ("a\u200b\u2066\ufeffb.txt", "ab.txt"),
        ("CON.txt", "_CON.txt"),
        ("con", "_con"),
        ("Aux.tar.txt", "_Aux.tar.txt"),
        ("com1 .md", "_com1.md"),
        ("console.txt", "console.txt"),
        (".jsonl", "article.jsonl"),
        (".bashrc", "article.bashrc"),
        ("...", "article"),
        ("..", "article"),
        ("", "article"),
        ("a/", "article"),
        ("-rf.txt", "rf.txt"),
        ("fire. .txt", "fire.txt"),
        ("fire.txt. ", "fire.txt"),
        ("🔥🔥 fire.txt", "_ fire.txt"),
        ("🔥", "_"),
        ("\ud83d.txt", "article.txt"),
        ("a;rm -rf $HOME`x`|y.txt", "a_rm -rf _HOME_x_y.txt"),
    ],
)
def test_a_name_is_made_safe(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@pytest.mark.parametrize(
    "name", ["a" * 300 + ".txt", "я" * 300 + ".txt", "🔥я" * 300 + ".txt", "e\u0301\u0323" * 300 + ".txt"]
)
def test_a_long_name_is_cut_and_keeps_its_ending(name: str) -> None:
    safe = safe_name(name)
    assert 110 < len(safe.encode()) <= 120
    assert safe.endswith(".txt")


_NASTY = st.text(st.sampled_from("ab./\\ _-\0\n:~🔥é\u0301\u202e\u0130я\ud800COMcon1.txt"), max_size=200)


@given(st.text(max_size=200) | _NASTY)
@example("a" * 119 + " .x")
@example("\u0344" * 100)
@example(".-. -a.txt")
def test_any_name_becomes_one_plain_file_in_its_folder(name: str) -> None:
    safe = safe_name(name)
    folder = Path("/collection/added")
    assert Path(os.path.normpath(folder / safe)).parent == folder
    assert safe.encode().decode() == safe == unicodedata.normalize("NFC", safe)
    assert 0 < len(safe.encode()) <= 120
    assert safe[0] not in ". -"
    assert safe[-1] not in ". "
    assert all(char in ".-_ " or unicodedata.category(char)[0] in "LMN" for char in safe)
    assert safe.partition(".")[0].strip().lower() not in {"con", "prn", "aux", "nul", "com1", "lpt9"}
    assert safe_name(safe) == safe


# What is taken


def refusal(name: str, data: bytes, tmp_path: Path) -> str:
    """Why a document is refused, which both ways in must agree on; nothing is written."""
    with pytest.raises(IntakeRefused) as inspected:
        inspect(name, data)
    with pytest.raises(IntakeRefused) as added:
        add(tmp_path / ADDED, name, data, tmp_path / "kept")
    assert str(inspected.value) == str(added.value)
    assert not list(tmp_path.iterdir())
    return str(added.value)


@pytest.mark.parametrize(
    "name", ["a.exe", "a.docx", "a.jsonl.gz", "a", "a.txt.zip", "txt", "a.tx\u202et.sh", "a.txt/b"]
)
def test_another_type_is_refused_by_its_ending(name: str, tmp_path: Path) -> None:
    message = refusal(name, _TEXT, tmp_path)
    assert "cannot be read" in message
    assert all(ending in message for ending in ACCEPTED)


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html", "a.jsonl"])
@pytest.mark.parametrize(
    "data",
    [gzip.compress(_TEXT), b"PK\x03\x04" + _TEXT, b"MZ\x90\0\x03\0", b"\x7fELF" + _TEXT, b"%PDF-1.4", bytes(50)],
    ids=["gzip", "zip", "exe", "elf", "pdf", "zeros"],
)
def test_content_that_is_no_text_is_refused(name: str, data: bytes, tmp_path: Path) -> None:
    assert "is not text" in refusal(name, data, tmp_path)


@pytest.mark.parametrize("data", [_TEXT, b"\n%PDF-1.4", PAGE.encode(), b"PK\x03\x04"])
def test_a_pdf_that_is_none_is_refused(data: bytes, tmp_path: Path) -> None:
    assert refusal("a.PDF", data, tmp_path) == "“a.PDF” is not a PDF, although its name says so."


def test_an_empty_document_and_one_that_is_too_large_are_refused(tmp_path: Path) -> None:
    assert "empty" in refusal("a.txt", b"", tmp_path)
    assert "larger than 20 MB" in refusal("a.txt", b"a" * (MAX_BYTES + 1), tmp_path)


# What the readers make of it


def test_articles_are_seen_with_the_ids_that_they_will_have(tmp_path: Path) -> None:
    (seen,) = inspect("../fire:1.html", PAGE.encode()).articles
    assert (seen.id, seen.title, seen.source) == (
        "added/fire_1.html",
        "Harbour Fire Forces Thousands From Homes",
        "Sela Herald",
    )
    assert (seen.published, seen.url) == (date(2018, 3, 20), "https://herald.example/fire")
    add(tmp_path / ADDED, "../fire:1.html", PAGE.encode(), tmp_path.parent / "kept")
    (article,) = read_articles([tmp_path])
    assert (article.id, len(article.text)) == (seen.id, seen.characters)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "data"), [("a.txt", _TEXT), ("a.md", _TEXT), ("a.pdf", pdf()), ("a.txt", _TEXT.decode().encode("utf-16"))]
)
def test_every_kind_is_read(name: str, data: bytes) -> None:
    (seen,) = inspect(name, data).articles
    assert seen.id == f"added/{name}"
    assert seen.characters > 50


def test_bad_lines_are_given_with_their_reasons() -> None:
    found = inspect("a.jsonl", b'{"id": "x", "text": "It burned."}\nno json\n{"id": "x", "text": "Again."}')
    assert [seen.id for seen in found.articles] == ["x"]
    assert found.rejected[0] == "line 2: is not valid JSON"
    assert found.rejected[1].startswith('line 3: has the same id "x"')


@pytest.mark.parametrize(
    ("name", "data"), [("a.html", b"<html></html>"), ("a.pdf", b"%PDF-1.4 nonsense"), ("a.jsonl", b"{}")]
)
def test_a_document_without_an_article_says_why(name: str, data: bytes) -> None:
    found = inspect(name, data)
    assert found.articles == ()
    assert len(found.rejected) == 1
    assert "byline" not in found.rejected[0]


def test_a_flood_of_bad_lines_gives_a_few_reasons() -> None:
    assert len(inspect("a.jsonl", b"x\n" * 20_000).rejected) == 50


def test_a_document_of_very_many_articles_is_refused() -> None:
    lines = b"".join(b'{"text": "It burned %d."}\n' % number for number in range(5001))
    with pytest.raises(IntakeRefused, match="more than 5,000 articles"):
        inspect("a.jsonl", lines)


# Hostile documents


def test_a_document_that_takes_too_long_is_left() -> None:
    began = time.monotonic()
    with pytest.raises(IntakeRefused, match="more than 2 seconds"):
        inspect("a.html", _WIDE, seconds=2.0)
    assert time.monotonic() - began < 15
    assert not list(_children())


def test_a_document_that_asks_for_too_much_memory_is_refused() -> None:
    line = b'{"text": "' + b"a" * (15 * 2**20) + b'"}'
    assert inspect("a.jsonl", line).articles
    with pytest.raises(IntakeRefused, match="too much memory"):
        inspect("a.jsonl", line, memory=100 * 2**20)


def test_a_reader_that_is_killed_is_a_refusal_and_it_knew_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "12345:secret")
    outcome: list[Inspected | IntakeRefused] = []

    def work() -> None:
        try:
            outcome.append(inspect("a.html", _WIDE))
        except IntakeRefused as error:
            outcome.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    end = time.monotonic() + 30
    while not (gentle := [child for child in _children() if child.nice() > os.nice(0)]) and time.monotonic() < end:
        time.sleep(0.02)
    (child,) = gentle
    assert "secret" not in str(child.environ())
    child.kill()
    thread.join(30)
    (refused,) = outcome
    assert isinstance(refused, IntakeRefused)
    assert "could not be read" in str(refused)


def _children() -> Iterator[psutil.Process]:
    """The readers that this process has started."""
    for child in psutil.Process().children():
        if "bot.intake" in child.cmdline():
            yield child


# Into the collection


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "articles" / ADDED


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "data" / "kept"


def versions(kept: Path) -> list[bytes]:
    """What was kept, oldest first."""
    return [path.read_bytes() for path in sorted(kept.glob("*.txt"))]


def test_a_new_document_is_written_under_its_safe_name(folder: Path, kept: Path) -> None:
    assert add(folder, "../../fire.txt", _TEXT, kept) == Added(folder / "fire.txt", replaced=False, already_there=False)
    assert (folder / "fire.txt").read_bytes() == _TEXT
    assert [path.name for path in folder.iterdir()] == ["fire.txt"]
    assert versions(kept) == []


def test_a_document_that_is_there_already_is_left_alone(folder: Path, kept: Path) -> None:
    add(folder, "fire.txt", _TEXT, kept)
    before = (folder / "fire.txt").stat()
    assert add(folder, "fire.txt", _TEXT, kept).already_there
    assert (folder / "fire.txt").stat() == before
    assert versions(kept) == []


def test_another_version_replaces_the_first_which_is_kept(folder: Path, kept: Path) -> None:
    for edition in (b"one", b"two", b"three"):
        added = add(folder, "fire.txt", edition, kept)
    assert added == Added(folder / "fire.txt", replaced=True, already_there=False)
    assert (folder / "fire.txt").read_bytes() == b"three"
    assert versions(kept) == [b"one", b"two"]
    assert all(path.name.endswith(" fire.txt") for path in kept.glob("*.txt"))


def test_versions_from_several_threads_are_all_there_in_the_end(folder: Path, kept: Path) -> None:
    editions = [f"edition {number}".encode() for number in range(12)]
    threads = [threading.Thread(target=add, args=(folder, "fire.txt", edition, kept)) for edition in editions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted([(folder / "fire.txt").read_bytes(), *versions(kept)]) == sorted(editions)


def test_if_the_old_version_cannot_be_kept_it_stays(folder: Path, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add(folder, "fire.txt", b"one", kept)

    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("bot.intake.write_atomically", full)
    with pytest.raises(OSError, match="No space"):
        add(folder, "fire.txt", b"two", kept)
    assert (folder / "fire.txt").read_bytes() == b"one"


def test_a_link_in_the_place_of_a_document_is_not_followed(folder: Path, kept: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_bytes(b"mine")
    folder.mkdir(parents=True)
    (folder / "fire.txt").symlink_to(outside)
    with pytest.raises(IntakeRefused, match=r"something else of the name “fire\.txt”"):
        add(folder, "fire.txt", _TEXT, kept)
    assert outside.read_bytes() == b"mine"
    assert versions(kept) == []


@pytest.mark.parametrize("which", ["folder", "kept"])
def test_a_link_in_the_place_of_a_folder_is_not_followed(folder: Path, kept: Path, tmp_path: Path, which: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    link = folder if which == "folder" else kept
    link.parent.mkdir()
    link.symlink_to(outside)
    with pytest.raises(IntakeRefused, match="link or a file"):
        add(folder, "fire.txt", _TEXT, kept)
    assert not list(outside.iterdir())


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: os.mkfifo(path)], ids=["folder", "pipe"])
def test_what_is_no_file_is_not_replaced(folder: Path, kept: Path, make: object) -> None:
    folder.mkdir(parents=True)
    make(folder / "fire.txt")  # type: ignore[operator]
    with pytest.raises(IntakeRefused, match="something else"):
        add(folder, "fire.txt", _TEXT, kept)
