"""Which passages are found for a question, and as of when."""

import math
import random
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval.errors import BadQuestion, IndexIncompatible
from retrieval.retriever import MAX_QUERY, Context, Retriever, Weights, boosts
from retrieval.types import Hit
from tests.fakes import FakeEncoder, Place, Record

_TODAY = date(2018, 12, 31)
_TIDE = "The tide gauge at Vessmark showed a surge of two metres."


def _record(name: str, text: str, published: str | None = None, title: str = "News in brief") -> Record:
    return {"id": name, "title": title, "text": text, "published": published, "source": "The Herald", "url": None}


def _filler(count: int) -> list[Record]:
    """Recent articles about other things."""
    return [
        _record(f"filler-{n}", f"Team {n} beat Rovers by {n + 2} goals. The crowd of {n * 97} went home.", "2018-12-20")
        for n in range(count)
    ]


def _retriever(root: Path, records: list[Record], encoder: FakeEncoder | None = None) -> Retriever:
    place = Place(root, encoder or FakeEncoder(256))
    place.build(records)
    return Retriever(place.open(), place.encoder)


def _cited(*names: str) -> Context:
    return Context(articles=names)


def _names(hits: list[Hit]) -> list[str]:
    return [hit.article.id for hit in hits]


_DATED = [_record(f"day-{n}", _TIDE, str(date(2018, 1, 10) + timedelta(days=9 * n))) for n in range(40)]


@pytest.fixture(scope="module")
def dated(tmp_path_factory: pytest.TempPathFactory) -> Retriever:
    """Forty articles of the same words, nine days apart, one that is undated and one of the future."""
    return _retriever(
        tmp_path_factory.mktemp("dated"),
        [*_DATED, _record("undated", _TIDE), _record("future", _TIDE, str(date.today() + timedelta(days=30)))],
    )


@given(
    as_of=st.dates(date(2017, 12, 1), date(2019, 6, 1)),
    question=st.sampled_from(
        [
            "What did the tide gauge show?",
            "What did the tide gauge show in December 2018?",
            "What did the tide gauge show next week?",
            "Articles published in July 2018 about the tide gauge",
            "tide gauge 2018",
        ]
    ),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_articles_after_the_as_of_date_never_appear(dated: Retriever, as_of: date, question: str) -> None:
    for hit in dated.search(question, 50, as_of):
        assert hit.article.published is None or hit.article.published <= as_of


def test_an_article_of_the_as_of_date_itself_appears(dated: Retriever) -> None:
    assert "day-3" in _names(dated.search("tide gauge", 50, date(2018, 1, 10) + timedelta(days=27)))


def test_without_an_as_of_date_articles_of_the_future_do_not_appear(dated: Retriever) -> None:
    names = _names(dated.search("tide gauge", 50))
    assert "future" not in names
    assert {"day-0", "day-39", "undated"} <= set(names)


def test_before_every_article_only_the_undated_one_is_found(dated: Retriever) -> None:
    assert _names(dated.search("tide gauge", 50, date(2000, 1, 1))) == ["undated"]


def test_of_equally_good_articles_the_newest_comes_first(dated: Retriever) -> None:
    for as_of in (date(2018, 3, 1), date(2018, 8, 15), _TODAY):
        first = dated.search("What did the tide gauge show?", 1, as_of)[0].article.published
        assert first == max(d for d in map(_day, _DATED) if d <= as_of)


def _day(record: Record) -> date:
    return date.fromisoformat(record["published"] or "")


def test_an_undated_article_that_alone_holds_the_answer_is_first(tmp_path: Path) -> None:
    retriever = _retriever(tmp_path, [*_filler(30), _record("undated", _TIDE)])
    assert _names(retriever.search("What did the tide gauge at Vessmark show?", 5, _TODAY))[0] == "undated"


@pytest.mark.parametrize("published", ["2018-09-01", "2012-01-05", "1995-06-30", "1821-05-05"])
def test_an_old_article_that_alone_holds_the_answer_is_still_first(tmp_path: Path, published: str) -> None:
    retriever = _retriever(tmp_path, [*_filler(30), _record("old", _TIDE, published)])
    assert _names(retriever.search("What did the tide gauge at Vessmark show?", 5, _TODAY))[0] == "old"


@pytest.mark.parametrize(
    "question", ["What did the tide gauge show in March 2018?", "What did the tide gauge show on 20 March 2018?"]
)
def test_a_question_about_a_month_prefers_the_articles_of_that_month(dated: Retriever, question: str) -> None:
    published = dated.search(question, 1, _TODAY)[0].article.published
    assert published is not None
    assert date(2018, 3, 1) <= published <= date(2018, 4, 7)


def test_a_question_about_a_month_still_finds_a_later_article_that_alone_tells_of_it(tmp_path: Path) -> None:
    matches = [_record(f"match-{n}", f"Team {n} beat Rovers by {n} goals.", "2018-03-14") for n in range(10)]
    retriever = _retriever(tmp_path, [*matches, _record("later", _TIDE, "2018-11-02")])
    hits = retriever.search("What did the tide gauge at Vessmark show in March 2018?", 3, _TODAY)
    assert _names(hits)[0] == "later"


def test_articles_published_in_a_month_are_those_of_that_month_alone(dated: Retriever) -> None:
    hits = dated.search("articles published in March 2018 about the tide gauge", 50, _TODAY)
    # It is a day earlier or later elsewhere on Earth.
    first, last = date(2018, 2, 28), date(2018, 4, 1)
    assert set(_names(hits)) == {record["id"] for record in _DATED if first <= _day(record) <= last}


def test_a_question_with_a_time_of_its_own_is_not_asked_of_the_time_spoken_of_before(dated: Retriever) -> None:
    before = "articles published in March 2018 about the tide gauge"

    def months(question: str) -> set[str]:
        hits = dated.search(question, 50, _TODAY, context=Context(f"{before} {question}"))
        return {str(hit.article.published)[:7] for hit in hits}

    assert "2018-05" in months("and articles published in May 2018?") <= {"2018-04", "2018-05", "2018-06"}
    assert "2018-03" in months("and about the clock?") <= {"2018-02", "2018-03", "2018-04"}


def test_a_hit_says_how_far_it_is_from_the_time_in_question(dated: Retriever) -> None:
    days = {hit.article.id: hit.days for hit in dated.search("tide gauge", 50, date(2018, 2, 10))}
    assert (days["day-0"], days["day-3"]) == (31, 4)
    assert days["undated"] == math.inf
    of_march = {hit.article.id: hit.days for hit in dated.search("tide gauge in March 2018", 50, _TODAY)}
    assert of_march["day-7"] == 0  # 14 March
    assert of_march["day-5"] == 5  # 24 February
    assert of_march["day-39"] == 4  # 27 December, which looks back on it


def test_a_month_without_articles_has_none(dated: Retriever) -> None:
    assert dated.search("articles published in March 2015 about the tide gauge", 50, _TODAY) == []


@pytest.mark.parametrize("name", [*(record["id"] for record in _DATED), "undated"])
def test_a_favoured_article_is_found_though_no_engine_finds_it(dated: Retriever, name: str) -> None:
    retriever = Retriever(dated.index, dated.encoder, Weights(pool=1, articles=1))
    unlike = "Who saw the ferry at Vessmark?"
    assert len(retriever.search(unlike, 50, _TODAY)) < 10
    assert name in _names(retriever.search(unlike, 50, _TODAY, context=_cited(name)))


def test_of_equally_good_articles_the_favoured_one_comes_first(tmp_path: Path) -> None:
    retriever = _retriever(tmp_path, [_record(name, _TIDE, "2018-12-01") for name in "abc"])
    assert _names(retriever.search("tide gauge", 5, _TODAY)) == ["a", "b", "c"]
    assert _names(retriever.search("tide gauge", 5, _TODAY, context=_cited("c"))) == ["c", "a", "b"]
    assert _names(retriever.search("tide gauge", 5, _TODAY, context=_cited("c", "b"))) == ["b", "c", "a"]


def test_what_was_spoken_of_before_counts_less_than_the_question(tmp_path: Path) -> None:
    records = [
        _record("tide", "The tide gauge stood still. A clock beside it ran on."),
        _record("ferry", "The ferry was late. A clock beside it ran on."),
        _record("crew", "The crew of seven went home. A clock beside it ran on."),
    ]
    retriever = _retriever(tmp_path, records)
    assert _names(retriever.search("tide gauge", 2, _TODAY, context=Context("ferry tide gauge", "ferry")))[0] == "tide"
    # Of two that the question finds equally, the conversation decides: by what was asked, or by what was answered.
    assert _names(retriever.search("clock", 1, _TODAY, context=Context("the ferry clock")))[0] == "ferry"
    assert _names(retriever.search("clock", 1, _TODAY, context=Context("clock", "a crew of seven")))[0] == "crew"
    text_first = _names(retriever.search("clock", 3, _TODAY, context=Context("the ferry clock", "a crew")))
    assert text_first[0] == "ferry"
    # Of two that each have one rare word, that of the question comes first, whatever was said of the other.
    assert _names(retriever.search("gauge", 1, _TODAY, context=Context("ferry")))[0] == "tide"
    assert _names(retriever.search("gauge", 1, _TODAY, context=Context("gauge", "ferry")))[0] == "tide"
    heavy = Retriever(retriever.index, retriever.encoder, Weights(context=2.0))
    assert _names(heavy.search("gauge", 1, _TODAY, context=Context("ferry")))[0] == "ferry"


def test_stop_words_are_looked_for_only_if_nothing_else_was_said(tmp_path: Path) -> None:
    lexical = _retriever(tmp_path, _filler(2)).index.lexical
    assert boosts(lexical, {"Tell me more": 1.0, "the ferry": 0.5}) == {"ferri": 0.5}
    assert boosts(lexical, {"Tell me": 1.0, "more": 0.5}) == {"tell": 1.0, "me": 1.0, "more": 0.5}
    assert boosts(lexical, {"the ferry": 1.0, "A ferry?": 0.5}) == {"ferri": 1.5}


def test_a_better_article_comes_before_a_favoured_one(tmp_path: Path) -> None:
    retriever = _retriever(tmp_path, [*_filler(5), _record("tide", _TIDE, "2018-12-20")])
    question = "What did the tide gauge at Vessmark show?"
    assert _names(retriever.search(question, 5, _TODAY, context=_cited("filler-3")))[:2] == ["tide", "filler-3"]


def test_a_favoured_article_of_another_time_does_not_appear(dated: Retriever) -> None:
    assert "future" not in _names(dated.search("tide gauge", 50, context=_cited("future")))
    assert "day-3" not in _names(dated.search("tide gauge", 50, date(2018, 2, 1), context=_cited("day-3")))
    restricted = "articles published in March 2018 about the tide gauge"
    alone = dated.search(restricted, 50, _TODAY)
    assert dated.search(restricted, 50, _TODAY, context=_cited("day-30", "undated")) == alone


@pytest.mark.parametrize("name", ["", "day-", "day-999", "zzz", "undated "])
def test_a_favoured_article_that_is_not_there_is_passed_over(dated: Retriever, name: str) -> None:
    assert dated.search("tide gauge", 50, _TODAY, context=_cited(name)) == dated.search("tide gauge", 50, _TODAY)


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Retriever:
    """Three articles of many passages each, all about the same."""
    texts = [" ".join(f"{_TIDE} It was reading {n} of series {series}." for n in range(120)) for series in range(3)]
    records = [_record(f"long-{n}", text, "2018-12-01") for n, text in enumerate(texts)]
    return _retriever(tmp_path_factory.mktemp("long"), records)


@pytest.mark.parametrize("per_article", [1, 2, 3])
def test_at_most_so_many_hits_are_of_one_article(long: Retriever, per_article: int) -> None:
    names = _names(long.search("tide gauge reading", 50, _TODAY, per_article))
    assert [names.count(f"long-{n}") for n in range(3)] == [per_article] * 3


@pytest.mark.parametrize("k", [1, 2, 5, 100])
def test_at_most_k_hits_are_found_and_ranks_count_from_one(dated: Retriever, k: int) -> None:
    hits = dated.search("tide gauge", k, _TODAY)
    assert [hit.rank for hit in hits] == list(range(1, min(k, 41) + 1))


def test_scores_fall_from_first_to_last(dated: Retriever) -> None:
    scores = [hit.score for hit in dated.search("Who saw the surge at Vessmark?", 50, _TODAY)]
    assert scores == sorted(scores, reverse=True)


def test_a_hit_holds_its_passage_and_its_row(long: Retriever) -> None:
    for hit in long.search("tide gauge reading 7", 20, _TODAY, 5):
        assert hit.article.text[hit.passage.start : hit.passage.end] == hit.passage.text
        assert long.index.passage(hit.row) == (hit.article, hit.passage)


def test_likeness_is_the_cosine_of_question_and_passage(dated: Retriever) -> None:
    question = "Who saw the surge at Vessmark?"
    vector = dated.encoder.encode([question])[0]
    for hit in dated.search(question, 10, _TODAY):
        expected = float(dated.index.dense.vectors(np.array([hit.row]))[0] @ vector)
        assert hit.likeness == pytest.approx(expected, abs=1e-5)


def test_the_same_question_finds_the_same_hits_again(dated: Retriever) -> None:
    question = "What did the tide gauge show?"
    assert dated.search(question, 20, _TODAY) == dated.search(question, 20, _TODAY)


def test_the_order_of_the_sources_makes_no_difference(tmp_path: Path) -> None:
    records = [*_DATED, *_filler(20), _record("undated", _TIDE)]
    shuffled = random.Random(0).sample(records, len(records))
    one, two = _retriever(tmp_path / "one", records), _retriever(tmp_path / "two", shuffled)
    for question in ("What did the tide gauge show?", "Who beat Rovers?"):
        found, again = one.search(question, 30, _TODAY), two.search(question, 30, _TODAY)
        assert [(h.passage, h.score) for h in found] == [(h.passage, h.score) for h in again]


def test_an_index_of_another_encoder_is_incompatible(tmp_path: Path) -> None:
    place = Place(tmp_path, FakeEncoder(256))
    place.build([_record("a", _TIDE)])
    with pytest.raises(IndexIncompatible, match=r"byline index.*EMBEDDING_MODEL"):
        Retriever(place.open(), FakeEncoder(256, name="another"))


@pytest.mark.parametrize("question", ["", " ", "\n\t", "?", "…!", "⛴️", "\u200b"])
def test_a_question_without_words_is_bad(dated: Retriever, question: str) -> None:
    with pytest.raises(BadQuestion, match="no words"):
        dated.search(question)


def test_a_question_that_is_too_long_is_bad(dated: Retriever) -> None:
    dated.search("tide " + "x" * (MAX_QUERY - 5))
    with pytest.raises(BadQuestion, match="4,097"):
        dated.search("tide " + "x" * (MAX_QUERY - 4))


@given(st.text(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_any_text_is_searched_or_is_a_bad_question(dated: Retriever, text: str) -> None:
    try:
        hits = dated.search(text, 3, _TODAY)
    except BadQuestion:
        assert not any(map(str.isalnum, text))
    else:
        assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))


@pytest.mark.parametrize("as_of", [date.min, date.max])
def test_the_first_and_the_last_day_of_the_calendar_are_dates_like_any_other(dated: Retriever, as_of: date) -> None:
    names = _names(dated.search("tide gauge last week", 50, as_of))
    assert ("day-39" in names) == (as_of == date.max)
