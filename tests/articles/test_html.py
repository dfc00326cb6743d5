"""Web pages: main text, metadata, declared encodings."""

import logging
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval.articles import read_articles
from tests.articles.conftest import ReadBytes

FIRST = (
    "A fire that began in a warehouse on Monday night had driven more than 4,000 people from their homes by dawn, "
    "the mayor of Port Sela said in a short speech."
)
SECOND = "Fire crews from three towns worked through the night, and the last of the flames was out by the evening."
PAGE = f"""<!DOCTYPE html><html lang="en"><head><title>Harbour Fire | Sela Herald</title>
<meta property="og:title" content="Harbour Fire Forces Thousands From Homes">
<meta property="og:site_name" content="Sela Herald"><meta name="author" content="Jane Doe">
<meta property="article:published_time" content="2018-03-20T10:00:00Z">
<link rel="canonical" href="https://herald.example/fire"></head>
<body><nav><a href="/">Home</a> <a href="/world">World</a></nav>
<article><h1>Harbour Fire Forces Thousands From Homes</h1><p>{FIRST}</p><p>Advertisement</p>
<ul><li>Four streets were cleared of people.</li><li>Two boats sank.</li></ul><p>{SECOND}</p></article>
<footer>About us</footer><script>var x = 1;</script></body></html>"""


def test_main_text_and_metadata(read_bytes: ReadBytes) -> None:
    article = read_bytes("page.html", PAGE.encode()).only
    assert article.title == "Harbour Fire Forces Thousands From Homes"
    assert (article.source, article.author, article.published) == ("Sela Herald", "Jane Doe", date(2018, 3, 20))
    assert article.url == "https://herald.example/fire"
    assert article.text.split("\n\n") == [FIRST, "Four streets were cleared of people.\nTwo boats sank.", SECOND]


@pytest.mark.parametrize("encoding", ["windows-1251", "koi8-r", "utf-8"])
def test_a_declared_encoding_is_honoured(read_bytes: ReadBytes, encoding: str) -> None:
    text = "Ночью в порту загорелся склад, и жители соседних улиц покинули свои дома, сообщил мэр города утром."
    page = f'<html><head><meta charset="{encoding}"><title>Пожар</title></head><body><article><p>{text}</p></article>'
    article = read_bytes("page.htm", page.encode(encoding)).only
    assert (article.title, article.text) == ("Пожар", text)


def test_a_wrong_declaration_does_not_cost_the_page(read_bytes: ReadBytes) -> None:
    page = PAGE.replace("<head>", '<head><meta charset="utf-8">').replace("Jane Doe", "Zoë Doe")
    assert read_bytes("page.html", page.encode("cp1252")).only.author == "Zoë Doe"


@pytest.mark.parametrize("data", [b"<html><body></body></html>", b"<", b"<!-- -->"])
def test_a_page_without_text_is_refused(read_bytes: ReadBytes, data: bytes, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        assert read_bytes("page.html", data).reason in ("holds no article text", "is not a web page that can be read")
    assert not caplog.records


@given(data=st.binary(max_size=200), before=st.sampled_from([b"", b"<html><body><p>", b'<meta charset="utf-16">']))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_read_or_refused(tmp_path: Path, data: bytes, before: bytes) -> None:
    path = tmp_path / "any.html"
    path.write_bytes(before + data)
    (item,) = read_articles([path])
    assert item is not None
