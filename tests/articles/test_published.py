"""Dates as pages and feeds write them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.articles.published import parse_published


@pytest.mark.parametrize(
    "text",
    [
        "2018-03-20",
        "2018-03-20T16:21:00Z",
        "2018-03-20T16:21:00.123+02:00",
        "2018-03-20 16:21:00 UTC",
        "20180320",
        "2018/03/20",
        "20.03.2018",
        "20/03/2018",
        "03/20/2018",
        "20 March 2018",
        "20th of March 2018",
        "March 20, 2018",
        "March 20th, 2018",
        "Mar. 20, 2018",
        "MARCH 20, 2018",
        "Tuesday, 20 March 2018",
        "Tue, 20 Mar 2018 16:21:00 -0400",
        "Tue, 20 Mar 18 16:21:00 GMT",
        "20-Mar-2018",
        " Posted March 20, 2018 4:21 p.m. EDT ",
    ],
)
def test_one_day_in_many_forms(text: str) -> None:
    assert parse_published(text) == date(2018, 3, 20)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "03/04/2018",
        "30 February 2018",
        "2018-13-45",
        "March 2018",
        "1521576000",
        "0000-00-00",
        "20 Mars",
    ],
)
def test_no_certain_day_is_none(text: str) -> None:
    assert parse_published(text) is None


def test_short_september() -> None:
    assert parse_published("Sept. 5, 2021") == date(2021, 9, 5)


@given(
    st.dates(min_value=date(1000, 1, 1)),
    st.sampled_from(["%Y-%m-%d", "%d %B %Y", "%B %d, %Y", "%a, %d %b %Y", "%d.%m.%Y"]),
)
def test_what_is_written_is_read(day: date, form: str) -> None:
    assert parse_published(day.strftime(form)) == day


@given(st.text(max_size=60) | st.text("0123456789/-:.TZ +,MarchJunetue", max_size=30))
def test_any_text_is_a_date_or_none(text: str) -> None:
    found = parse_published(text)
    assert found is None or type(found) is date
