"""Markdown: front matter, and the body as plain paragraphs."""

from datetime import date

import pytest

from retrieval.articles.fields import Unreadable
from retrieval.articles.markdown import parse_markdown

PAGE = """---
id: 007
title: "Harbour Fire"
outlet: Sela Herald
byline: [Jane Doe, John Roe]
date: 2018-03-20
link: https://herald.example/fire
---
# Harbour Fire

The *mayor* [spoke](https://x.example) on
Monday & left.

## What burned

- a warehouse
- two boats
  1. a red one

> It was “awful”.

```
code stays
```

| Place | Hurt |
|---|---|
| Quay | 0 |

![a picture](x.png)
"""


def test_front_matter_and_body() -> None:
    fields = parse_markdown(PAGE)
    assert (fields.id, fields.title, fields.source) == ("007", "Harbour Fire", "Sela Herald")
    assert (fields.author, fields.published) == ("Jane Doe, John Roe", date(2018, 3, 20))
    assert fields.url == "https://herald.example/fire"
    assert fields.text.split("\n\n") == [
        "The mayor spoke on Monday & left.",
        "What burned",
        "a warehouse\ntwo boats\na red one",
        "It was “awful”.",
        "code stays",
        "Place | Hurt\nQuay | 0",
    ]


def test_the_first_heading_is_the_title() -> None:
    fields = parse_markdown("# Harbour Fire\n\nIt burned.\n")
    assert (fields.title, fields.text) == ("Harbour Fire", "It burned.")


def test_another_first_heading_stays() -> None:
    assert parse_markdown("---\ntitle: Fire\n---\n# Monday\n\nIt burned.").text == "Monday\n\nIt burned."


def test_rules_with_prose_between_are_no_front_matter() -> None:
    assert parse_markdown("---\nIt burned.\n\n---\nIt rained.").text == "It burned.\n\nIt rained."


def test_a_date_that_does_not_exist_costs_only_the_date() -> None:
    assert parse_markdown("---\ndate: 2018-13-45\n---\nIt burned.").published is None


def test_html_in_markdown_leaves_its_text() -> None:
    assert parse_markdown("<div>It <b>burned</b>.</div>\n\n<!-- not this -->\n\nIt <i>rained</i>.").text == (
        "It burned.\n\nIt rained."
    )


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ("---\ntitle: [unclosed\n---\nIt burned.", "front matter that is not valid YAML"),
        ("---\ntitle: {a: b}\n---\nIt burned.", 'front matter whose "title" is not a plain value'),
        ("---\ntitle: Fire\n---\n", "holds no text"),
    ],
)
def test_what_cannot_be_read_is_refused(page: str, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        parse_markdown(page)
