"""PDF: paragraphs put together again, metadata, and files without text."""

from datetime import UTC, date, datetime
from io import BytesIO

import pytest
from fpdf import FPDF
from pypdf import PdfReader, PdfWriter

from retrieval.articles.pdf import paragraphs_of
from tests.articles.conftest import ReadBytes

FIRST = (
    "A fire that began in a warehouse on Monday night had driven more than 4,000 people from their homes by dawn, "
    "the mayor of Port Sela said in a short speech."
)
SECOND = (
    "Firefighters from three towns worked through the night, and the last of the flames was out by Tuesday evening."
)


def pdf(*, title: str | None = None, text: bool = True) -> bytes:
    document = FPDF()
    document.set_creation_date(datetime(2018, 3, 20, tzinfo=UTC))
    if title:
        document.set_title(title)
        document.set_author("Jane Doe")
    document.add_page()
    document.set_font("Helvetica", size=12)
    if text:
        for paragraph in (title or "Harbour Fire", FIRST, SECOND):
            document.multi_cell(0, 6, paragraph, align="L", new_x="LMARGIN", new_y="NEXT")
            document.ln(4)
    else:
        document.line(10, 10, 50, 50)
    return bytes(document.output())


def test_paragraphs_and_metadata(read_bytes: ReadBytes) -> None:
    article = read_bytes("a.pdf", pdf(title="Harbour Fire Forces Thousands Out")).only
    assert (article.title, article.author) == ("Harbour Fire Forces Thousands Out", "Jane Doe")
    assert article.published == date(2018, 3, 20)
    assert article.text == f"{FIRST}\n\n{SECOND}"


def test_without_metadata_the_first_line_is_the_title(read_bytes: ReadBytes) -> None:
    article = read_bytes("a.pdf", pdf()).only
    assert (article.title, article.text) == ("Harbour Fire", f"{FIRST}\n\n{SECOND}")


def test_divided_words_are_mended_and_hyphens_kept() -> None:
    page = (
        "The govern-\nment of the well-known city said that it had not seen a fire of this size\n"
        "in forty years, and that the well-\nknown quay was lost."
    )
    (text,) = paragraphs_of([page])
    assert "The government of" in text
    assert text.endswith("the well-known quay was lost.")


def test_blank_lines_part_paragraphs_unless_the_sentence_goes_on() -> None:
    page = f"{FIRST}\n\n{SECOND}\n\nThe mayor will\n\nspeak again on Friday."
    assert paragraphs_of([page]) == [FIRST, SECOND, "The mayor will speak again on Friday."]


def test_page_numbers_and_running_heads_go() -> None:
    pages = [f"Sela Herald\n{SECOND}\nIt was over by ten.\n{number}" for number in range(1, 5)]
    assert " ".join(paragraphs_of(pages)) == " ".join([f"{SECOND} It was over by ten."] * 4)


def test_an_encrypted_pdf_is_refused(read_bytes: ReadBytes) -> None:
    writer = PdfWriter(clone_from=PdfReader(BytesIO(pdf())))
    writer.encrypt("secret", algorithm="RC4-128")
    locked = BytesIO()
    writer.write(locked)
    assert read_bytes("a.pdf", locked.getvalue()).reason == "is encrypted and needs a password"


def test_a_pdf_without_text_is_refused(read_bytes: ReadBytes) -> None:
    assert "holds no text" in read_bytes("a.pdf", pdf(text=False)).reason


@pytest.mark.parametrize("data", [b"%PDF-1.4 nonsense", b"hello", pdf()[:600]])
def test_a_damaged_pdf_is_refused(read_bytes: ReadBytes, data: bytes, caplog: pytest.LogCaptureFixture) -> None:
    assert "may be damaged" in read_bytes("a.pdf", data).reason
    assert not caplog.records
