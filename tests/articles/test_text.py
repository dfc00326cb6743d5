"""Plain text files: encodings and what is not text."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval.articles import read_articles
from retrieval.articles.reading import MAX_FILE
from tests.articles.conftest import ReadBytes

WESTERN = "Café Fire\n\nThe owner, Zoë Müller, said “nothing is left” — not even the £20 in the till. It was dawn."
RUSSIAN = (
    "Пожар в порту\n\nНочью в порту загорелся склад, и жители соседних улиц покинули свои дома. "
    "Мэр города сообщил, что пожарные будут работать ещё два дня. Никто не пострадал, но убытки велики."
)
JAPANESE = (
    "港の火事\n\n昨夜、港の倉庫で火事があり、近くの住民が避難しました。市長は、消防隊があと二日間作業を続けると述べました。"
    "けが人はいませんでしたが、被害は大きいということです。"
)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (WESTERN, "utf-8"),
        (WESTERN, "utf-8-sig"),
        (WESTERN, "utf-16"),
        (WESTERN, "utf-32"),
        (WESTERN, "cp1252"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "utf-16"),
    ],
)
def test_encodings_are_recognised(read_bytes: ReadBytes, text: str, encoding: str) -> None:
    article = read_bytes("page.txt", text.encode(encoding)).only
    title, body = text.split("\n\n")
    assert (article.title, article.text) == (title, body)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b" \n\n\t\n", "holds no text"),
        (b"\xef\xbb\xbfcaf\xe9", "is marked as UTF-8 but is not"),
        (b"\xff\xfea\x00b", "is marked as UTF-16 but is not"),
        (b"some\x00thing", "is not text (binary data)"),
        (bytes(range(1, 32)) * 10, "is not text (binary data)"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 50, "is not text (it looks like a PNG image)"),
        (b"PK\x03\x04" + b"x" * 50, "is not text (it looks like a zip archive or an office document)"),
    ],
)
def test_what_is_no_text_is_refused_with_the_reason(read_bytes: ReadBytes, data: bytes, reason: str) -> None:
    assert read_bytes("page.txt", data).reason == reason


def test_windows_and_old_mac_line_ends(read_bytes: ReadBytes) -> None:
    assert (
        read_bytes("a.txt", b"Harbour Fire\r\n\r\nIt burned.\r\n\r\nIt rained.").only.text == "It burned.\n\nIt rained."
    )
    assert read_bytes("b.txt", b"Harbour Fire\r\rIt burned.").only.text == "It burned."


def test_a_huge_file_is_refused(tmp_path: Path, read_bytes: ReadBytes) -> None:
    path = tmp_path / "huge.txt"
    with path.open("wb") as file:
        file.truncate(MAX_FILE + 1)
    (error,) = read_articles([path])
    assert str(error).endswith("is larger than 32 MiB")


@given(
    data=st.binary(max_size=400), mark=st.sampled_from([b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"Title: x\n"])
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_read_or_refused(tmp_path: Path, data: bytes, mark: bytes) -> None:
    path = tmp_path / "any.txt"
    path.write_bytes(mark + data)
    (item,) = read_articles([path])
    assert item is not None
