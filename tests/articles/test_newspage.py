"""Saved news pages: what is recognised, what goes, and that the article's own words stay."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.articles.bylines import Byline, parse_byline, tidy_name
from retrieval.articles.fields import Unreadable
from retrieval.articles.furniture import is_furniture, is_rights, rights_holder
from retrieval.articles.newspage import parse_page

FIRST = (
    "PORT SELA — A fire that began in a warehouse on Monday night had driven more than 4,000 people from their homes "
    "by dawn, the mayor said."
)
QUOTE = "“We have never seen flames like these,” said Mayor Ana Torvik, who has run the city since 2009."
LAST = "Firefighters said it would take two days."
PAGE = f"""World News

Harbour Fire Forces Thousands From Homes in Port Sela

A fire that began in a warehouse on Monday night had driven more than 4,000 people from their homes by…

Posted March 20, 2018 4:21 p.m. EDT — Updated March 21, 2018 1:02 a.m. EDT

Harbour Fire Forces Thousands From Homes in Port Sela

By

NEIL MacFARQUHAR

, New York Times

{FIRST}

Advertisement

{QUOTE}

Share this article

Read more: How the harbour was built

{LAST}

Photo: Jane Roe/Reuters

Copyright 2018 New York Times News Service. All rights reserved.
"""


@pytest.mark.parametrize("page", [PAGE, PAGE.replace("\n\n", "\n"), PAGE.replace("…", "...")])
def test_a_saved_page_gives_its_fields_and_only_the_article(page: str) -> None:
    fields = parse_page(page)
    assert fields.title == "Harbour Fire Forces Thousands From Homes in Port Sela"
    assert fields.author == "Neil MacFarquhar"
    assert fields.source == "New York Times"
    assert fields.published == date(2018, 3, 20)
    assert fields.text == f"{FIRST}\n\n{QUOTE}\n\n{LAST}"


def test_a_standfirst_that_is_not_repeated_stays() -> None:
    fields = parse_page(f"Harbour Fire\n\nThe mayor calls it the worst night in memory\n\nBy Jane Doe\n\n{QUOTE}")
    assert fields.text == f"The mayor calls it the worst night in memory\n\n{QUOTE}"
    assert fields.author == "Jane Doe"


def test_headline_blank_line_body() -> None:
    fields = parse_page(f"Harbour Fire\n\n{FIRST}\n\n{QUOTE}\n")
    assert (fields.title, fields.text) == ("Harbour Fire", f"{FIRST}\n\n{QUOTE}")
    assert (fields.author, fields.source, fields.published) == (None, None, None)


def test_a_body_without_headline_keeps_every_word() -> None:
    fields = parse_page(f"{FIRST}\n\n{QUOTE}")
    assert fields.text == f"{FIRST}\n\n{QUOTE}"
    assert FIRST.startswith(fields.title or "?")
    assert len(fields.title or "") <= 80


def test_key_lines_at_the_top() -> None:
    fields = parse_page(
        f"Title: Harbour Fire\nSource: The Sela Herald\nDate: 20 March 2018\nAuthor: JANE O’NEILL\n"
        f"URL: https://herald.example/fire\n\n{FIRST}"
    )
    assert (fields.title, fields.source, fields.author) == ("Harbour Fire", "The Sela Herald", "Jane O’Neill")
    assert (fields.published, fields.url, fields.text) == (date(2018, 3, 20), "https://herald.example/fire", FIRST)


def test_a_headline_that_begins_like_a_key_line_is_a_headline() -> None:
    assert parse_page(f"Source: Rovers to sign a new goalkeeper\n\n{QUOTE}").title == (
        "Source: Rovers to sign a new goalkeeper"
    )


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Published 20 March 2018", date(2018, 3, 20)),
        ("Last updated: 20 March 2018, 10:00 GMT", date(2018, 3, 20)),
        ("Updated 9:30 PM ET, Tue March 20, 2018", date(2018, 3, 20)),
        ("Updated: March 21, 2018 | Published: March 20, 2018", date(2018, 3, 20)),
        ("Posted March 20, 2018 4:21 p.m. EDT - Updated March 21, 2018 1:02 a.m. EDT", date(2018, 3, 20)),
        ("Posted:\nMarch 20, 2018", date(2018, 3, 20)),
        ("2018-03-20T16:21:00Z", date(2018, 3, 20)),
        ("Updated 3 hours ago", None),
    ],
)
def test_date_lines_are_read_and_taken_out(line: str, expected: date | None) -> None:
    fields = parse_page(f"Harbour Fire\n\n{line}\n\n{FIRST}")
    assert (fields.published, fields.text) == (expected, FIRST)


def test_a_sentence_with_a_date_stays() -> None:
    body = "March 20, 2018 was the day on which the harbour burned."
    fields = parse_page(f"Harbour Fire\n\n{body}\n\n{LAST}")
    assert (fields.text, fields.published) == (f"{body}\n\n{LAST}", None)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("By Jane Doe", Byline("Jane Doe")),
        ("By NEIL MacFARQUHAR, New York Times", Byline("Neil MacFarquhar", "New York Times")),
        ("By Jane Doe | Reuters", Byline("Jane Doe", "Reuters")),
        ("By Jane Doe, Associated Press", Byline("Jane Doe", "Associated Press")),
        ("BY JANE DOE AND JOHN ROE", Byline("Jane Doe and John Roe")),
        (
            "By Jane Doe, Max Lund and Ludwig van der Berg, Reuters",
            Byline("Jane Doe, Max Lund and Ludwig van der Berg", "Reuters"),
        ),
        ("By Jane Doe, Staff Writer", Byline("Jane Doe")),
        ("By The Associated Press", Byline(None, "The Associated Press")),
        ("By Jane Doe, 20 March 2018", Byline("Jane Doe", None, date(2018, 3, 20))),
        ("By the time help came, the house was gone.", None),
        ("By Tuesday the water had risen to the second floor", None),
        ("By Jane Doe, Quill & Ledger", Byline("Jane Doe", "Quill & Ledger")),
        ("By Jane Doe, John Roe & Max Moe", Byline("Jane Doe, John Roe and Max Moe")),
    ],
)
def test_bylines(line: str, expected: Byline | None) -> None:
    assert parse_byline(line) == expected


@pytest.mark.parametrize(
    ("given_name", "tidy"),
    [
        ("NEIL MacFARQUHAR", "Neil MacFarquhar"),
        ("JANE O’NEILL", "Jane O’Neill"),
        ("J.K. SMITH-JONES", "J.K. Smith-Jones"),
        ("SHANE McDONALD", "Shane McDonald"),
        ("SHANE MCDONALD", "Shane McDonald"),
        ("JOSÉ ÁLVAREZ", "José Álvarez"),
        ("Jane Doe", "Jane Doe"),
        ("JD Salter", "JD Salter"),
    ],
)
def test_names_in_capitals_become_names(given_name: str, tidy: str) -> None:
    assert tidy_name(given_name) == tidy


@pytest.mark.parametrize(
    "line",
    [
        "Share this article",
        "Tweet",
        "ADVERTISEMENT",
        "Advertisement",
        "Subscribe to our newsletter",
        "Sign up for our morning briefing newsletter",
        "Read more: How the harbour was built",
        "Related: Five fires that changed the city",
        "Comments",
        "12 Comments",
        "Photo: Jane Roe/Reuters",
        "Image credit: Jane Roe",
        "5 min read",
        "Facebook Twitter Email",
    ],
)
def test_furniture(line: str) -> None:
    assert is_furniture(line)


@pytest.mark.parametrize(
    "line",
    [
        "Sign up for the draft began on Monday.",
        "Photo: Rescue workers carry a man from the rubble on Tuesday.",
        "Share prices fell.",
        "Comments by the minister caused anger.",
        "Related costs rose by a third.",
        "Advertisement spending fell in March.",
        "Tweet after tweet followed.",
        "Save the harbour, the children wrote.",
        "Image is everything.",
        "Print is not dead.",
    ],
)
def test_prose_is_no_furniture(line: str) -> None:
    assert not is_furniture(line)
    assert line in parse_page(f"Harbour Fire\n\n{FIRST}\n\n{line}\n\n{LAST}").text


@pytest.mark.parametrize(
    ("line", "holder"),
    [
        ("Copyright 2018 New York Times News Service. All rights reserved.", "New York Times News Service"),
        ("© 2018 The Associated Press. All rights reserved. This may not be published.", "The Associated Press"),
        ("Copyright © 2018 Sela Herald", "Sela Herald"),
        ("All rights reserved.", None),
    ],
)
def test_rights(line: str, holder: str | None) -> None:
    assert is_rights(line)
    assert rights_holder(line) == holder


def test_prose_about_copyright_stays() -> None:
    assert not is_rights("Copyright law has not kept up with the machines that the city now uses to read.")


def test_hard_wrapped_lines_are_joined() -> None:
    wrapped = (
        "The storm came at night and the harbour wall did not hold against the\n"
        "waves, said Mr. Lund, who has lived on the quay for forty years and has a well-\n"
        "known dislike of the sea."
    )
    text = parse_page(f"Storm Hits Coast\n\n{wrapped}\n\nNobody was hurt.").text
    assert text == wrapped.replace("well-\n", "well-").replace("\n", " ") + "\n\nNobody was hurt."


def test_without_blank_lines_each_long_line_is_a_paragraph() -> None:
    assert parse_page(f"Harbour Fire\n{FIRST}\n{QUOTE}\n{LAST}").text == f"{FIRST}\n\n{QUOTE}\n\n{LAST}"


def test_verse_keeps_its_lines() -> None:
    verse = "the sea, the sea\nthat took my boat\nand left the rope"
    assert parse_page(f"A Poem for the Harbour\n\nHe read it aloud to us.\n\n{verse}").text.endswith(verse)


def test_a_headline_alone_is_kept_as_text() -> None:
    fields = parse_page("Harbour Fire")
    assert (fields.title, fields.text) == ("Harbour Fire", "Harbour Fire")


def test_a_page_of_furniture_is_refused() -> None:
    with pytest.raises(Unreadable, match="no article text"):
        parse_page("Advertisement\n\nShare this article\n")


_LINE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r"), max_size=100)


@given(st.lists(_LINE | st.sampled_from(PAGE.split("\n")), max_size=20).map("\n".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        fields = parse_page(text)
    except Unreadable:
        return
    assert fields.text.strip()
    assert fields.title


_SENTENCE = st.lists(
    st.sampled_from("harbour fire mayor city waves night rope boat 1999 said".split()), min_size=9, max_size=30
)


@given(st.lists(_SENTENCE.map(lambda words: f"The {' '.join(words)}."), min_size=1, max_size=6, unique=True))
def test_prose_is_kept_verbatim(sentences: list[str]) -> None:
    text = parse_page("Harbour Fire\n\n" + "\n\n".join(sentences)).text
    kept = text.split("\n\n")
    assert all(sentence in kept or any(other.startswith(sentence) for other in kept) for sentence in sentences)


def test_names_on_lines_of_their_own_are_one_byline() -> None:
    page = PAGE.replace("NEIL MacFARQUHAR\n", "NEIL MacFARQUHAR\n\nand\n\nANA ROE\n")
    fields = parse_page(page)
    assert fields.author == "Neil MacFarquhar and Ana Roe"
    assert fields.text.startswith(FIRST)
