"""Files, folders, links, permissions, duplicates."""

import os
from pathlib import Path

import pytest

from tests.articles.conftest import Read


def write(path: Path, text: str = "It burned.") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_folders_are_read_in_the_order_of_names(tmp_path: Path, read: Read) -> None:
    for name in ("b.txt", "a/z.md", "a/b.TXT", "c.htm.bak", ".hidden.txt", ".git/x.txt", "picture.png"):
        write(tmp_path / name)
    reading = read(tmp_path)
    assert [article.id for article in reading.articles] == ["a/b.TXT", "a/z.md", "b.txt"]
    assert reading.articles[0].path == tmp_path / "a" / "b.TXT"
    assert not reading.errors


def test_a_named_file_is_known_by_its_name(tmp_path: Path, read: Read) -> None:
    assert read(write(tmp_path / "deep" / "a.txt")).only.id == "a.txt"


def test_front_matter_gives_the_id(tmp_path: Path, read: Read) -> None:
    assert read(write(tmp_path / "a.md", "---\nid: fire-1\n---\nIt burned.")).only.id == "fire-1"


def test_a_source_that_is_missing_or_of_unknown_type_is_named(tmp_path: Path, read: Read) -> None:
    reading = read(tmp_path / "nothing", write(tmp_path / "a.docx"), write(tmp_path / "b.txt"))
    assert [error.path.name for error in reading.errors] == ["nothing", "a.docx"]
    assert reading.errors[0].reason == "does not exist"
    assert read(Path("a\0b.txt")).reason == "has a name that no file can have"
    assert reading.errors[1].reason.startswith("is of a type that cannot be read")
    assert len(reading.articles) == 1


def test_a_file_reachable_twice_is_read_once(tmp_path: Path, read: Read) -> None:
    file = write(tmp_path / "real" / "a.txt")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "b.txt").symlink_to(file)
    assert read(tmp_path, tmp_path / "real", file).only.id == "b.txt"


def test_a_loop_of_links_is_one_error(tmp_path: Path, read: Read) -> None:
    write(tmp_path / "a" / "x.txt")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "self.txt").symlink_to(tmp_path / "self.txt")
    reading = read(tmp_path)
    assert len(reading.articles) == 1
    assert {error.path.name: error.reason for error in reading.errors} == {
        "up": "is a link to a folder that it lies in",
        "self.txt": "is a broken link",
    }


def test_a_broken_link_is_one_error(tmp_path: Path, read: Read) -> None:
    (tmp_path / "a.txt").symlink_to(tmp_path / "gone.txt")
    assert read(tmp_path).reason == "is a broken link"
    assert read(tmp_path / "a.txt").reason == "is a broken link"


def test_a_pipe_is_never_opened(tmp_path: Path, read: Read) -> None:
    os.mkfifo(tmp_path / "a.txt")
    os.mkfifo(tmp_path / "other")
    assert read(tmp_path).reason == "is not a regular file"
    assert read(tmp_path / "a.txt").reason == "is not a regular file"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_named(tmp_path: Path, read: Read) -> None:
    write(tmp_path / "a.txt").chmod(0)
    write(tmp_path / "locked" / "b.txt")
    (tmp_path / "locked").chmod(0)
    try:
        reading = read(tmp_path)
    finally:
        (tmp_path / "locked").chmod(0o700)
    assert [(error.path.name, error.reason) for error in reading.errors] == [
        ("a.txt", "no permission to read it"),
        ("locked", "no permission to read it"),
    ]


def test_the_same_path_in_two_folders_gets_two_ids(tmp_path: Path, read: Read) -> None:
    for folder in ("x/news", "y/news", "z"):
        write(tmp_path / folder / "a.txt")
    reading = read(tmp_path / "x/news", tmp_path / "y/news", tmp_path / "z")
    assert [article.id for article in reading.articles] == ["a.txt", "news/a.txt", "z/a.txt"]


def test_of_equal_ids_the_first_wins(tmp_path: Path, read: Read) -> None:
    first = write(tmp_path / "a.jsonl", '{"id": "x", "text": "One."}\n')
    second = write(tmp_path / "b.jsonl", '{"id": "y", "text": "Two."}\n{"id": "x", "text": "Three."}\n')
    reading = read(tmp_path)
    assert [article.text for article in reading.articles] == ["One.", "Two."]
    (error,) = reading.errors
    assert (error.path, error.line) == (second, 2)
    assert error.reason == f'has the same id "x" as an article in {first}'


def test_a_name_that_is_not_unicode_is_refused(tmp_path: Path, read: Read) -> None:
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt")).write_text("It burned.")
    except OSError:
        pytest.skip("the file system takes only Unicode names")
    assert read(tmp_path).reason == "has a name that is not valid UTF-8; rename it"


def test_empty_folders_give_nothing(tmp_path: Path, read: Read) -> None:
    for reading in (read(tmp_path), read()):
        assert not reading.articles
        assert not reading.errors
