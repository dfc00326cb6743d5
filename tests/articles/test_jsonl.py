"""JSON lines: texts kept exactly, bad lines named, damage survived."""

import gzip
import json
import tracemalloc
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval.articles import read_articles
from retrieval.errors import ArticleError
from retrieval.types import Article
from tests.articles.conftest import Read, ReadBytes

GOOD = {"id": "a", "title": "Fire", "url": None, "published": None, "source": None, "text": "It burned."}


def line(**changes: object) -> bytes:
    return json.dumps({**GOOD, **changes}).encode() + b"\n"


def test_every_field_is_read(read_bytes: ReadBytes) -> None:
    article = read_bytes(
        "a.jsonl",
        line(
            url="https://x.example/a", published="2018-03-20T10:00:00Z", source="Herald", author="Jane Doe", extra=[1]
        ),
    ).only
    assert (article.id, article.title, article.url) == ("a", "Fire", "https://x.example/a")
    assert (article.published, article.source, article.author) == (date(2018, 3, 20), "Herald", "Jane Doe")


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_text_is_kept_character_for_character(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({**GOOD, "text": text}, ensure_ascii=False), encoding="utf-8", newline="\n")
    (article,) = read_articles([path])
    assert isinstance(article, Article)
    assert article.text == text


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"{not json}\n", "is not valid JSON"),
        (b"[" * 100_000 + b"\n", "is not valid JSON"),
        (b"[1]\n", "is not a JSON object"),
        (b'{"title": "x"}\n', 'has no "text"'),
        (line(text="  \n "), 'has a blank "text"'),
        (line(text=5), 'has a "text" that is not a string'),
        (line(title=["x"]), 'has a "title" that is not a string'),
        (line(id=1.5), 'has an "id" that is neither a string nor a whole number'),
        (b'{"text": "caf\xe9"}\n', "is not valid UTF-8"),
        (b'{"text": "half \\ud800"}\n', "holds half of a character (a lone surrogate)"),
        (line(id="first"), 'has the same id "first" as an article in '),
    ],
)
def test_a_bad_line_is_named_and_the_rest_goes_on(read_bytes: ReadBytes, bad: bytes, reason: str) -> None:
    reading = read_bytes("a.jsonl", line(id="first") + bad + b"\n" + line(id="last"))
    assert [article.id for article in reading.articles] == ["first", "last"]
    (error,) = reading.errors
    assert error.line == 2
    assert error.reason.startswith(reason)


def test_missing_title_and_id_are_derived(read_bytes: ReadBytes) -> None:
    text = "The harbour burned all night and " * 5
    data = json.dumps({"text": text}).encode() + b"\n" + json.dumps({"text": "Other", "id": 7}).encode()
    first, second = read_bytes("a.jsonl", data).articles
    assert text.startswith(first.title)
    assert 60 < len(first.title) <= 80
    assert (second.id, second.title) == ("7", "Other")
    assert first.id == read_bytes("b.jsonl", data).articles[0].id


def test_an_unreadable_date_costs_only_the_date(read_bytes: ReadBytes) -> None:
    assert read_bytes("a.jsonl", line(published="last week")).only.published is None


def test_a_mark_at_the_start_is_allowed(read_bytes: ReadBytes) -> None:
    assert read_bytes("a.jsonl", b"\xef\xbb\xbf" + line()).only.id == "a"


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.jsonl", b"", "is empty"),
        ("a.jsonl.gz", b"", "is empty"),
        ("a.jsonl.gz", gzip.compress(b""), "is empty"),
        ("a.jsonl.gz", line(), "is not gzip data"),
        ("a.jsonl", gzip.compress(line()), "is not text (it looks like gzip data)"),
        ("a.jsonl", line().decode().encode("utf-16"), "is UTF-16; JSON lines must be UTF-8"),
    ],
)
def test_a_file_that_is_no_json_lines_gives_one_reason(
    read_bytes: ReadBytes, name: str, data: bytes, reason: str
) -> None:
    assert read_bytes(name, data).reason == reason


def test_articles_before_a_break_in_gzip_data_are_read(read_bytes: ReadBytes) -> None:
    data = gzip.compress(b"".join(line(id=str(number), text=f"Fire {number * 7919}.") for number in range(2000)))
    reading = read_bytes("cut.jsonl.gz", data[: len(data) // 2])
    assert len(reading.articles) > 500
    (error,) = reading.errors
    assert error.reason == f"the gzip data is broken after {len(reading.articles):,} articles"


def test_damage_in_the_middle_of_gzip_data_is_one_error(read_bytes: ReadBytes) -> None:
    data = bytearray(gzip.compress(b"".join(line(id=str(number)) for number in range(2000))))
    data[-5] ^= 0xFF
    reading = read_bytes("bad.jsonl.gz", bytes(data))
    assert len(reading.articles) == 2000
    assert [error.reason for error in reading.errors] == ["the gzip data is broken after 2,000 articles"]


def test_a_line_of_200_megabytes_is_skipped_in_little_memory(tmp_path: Path, read: Read) -> None:
    path = tmp_path / "long.jsonl"
    with path.open("wb") as file:
        file.write(line(id="first"))
        file.seek(200_000_000, 1)
        file.write(b"\n" + line(id="last"))
    tracemalloc.start()
    try:
        reading = read(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [article.id for article in reading.articles] == ["first", "last"]
    assert [(error.line, error.reason) for error in reading.errors] == [(2, "is longer than 16 MiB")]
    assert peak < 40_000_000


@given(st.binary(max_size=200), st.sampled_from(["jsonl", "jsonl.gz"]), st.booleans())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_never_raise(tmp_path: Path, data: bytes, ending: str, pack: bool) -> None:
    path = tmp_path / f"any.{ending}"
    path.write_bytes(gzip.compress(data)[: len(data) + 12] if pack else line() + data)
    assert all(isinstance(item, Article | ArticleError) for item in read_articles([path]))
