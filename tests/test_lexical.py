"""BM25 against a BM25 written out by hand, and questions of every kind."""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date
from math import log
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval.errors import IndexCorrupt
from retrieval.lexical import BY_ARTICLE, BY_PASSAGE, LexicalIndex, LexicalWriter, about
from retrieval.types import Article

Row = tuple[str, str]
"""Title and body."""

# Words that no stemmer changes, and fields of fewer than forty words, whose lengths tantivy keeps as they are.
_ROWS: list[Row] = [
    ("harbour", "the boat ran aground near the fish quay"),
    ("boat", "boat boat boat"),
    ("quay", "a red lamp hung from the quay wall and a red lamp hung from the boat"),
    ("dam", "the dam cost 449 million"),
    ("lamp", "no lamp was lit"),
    ("bread", "metal was found in the bread"),
]


def _write(folder: Path, articles: Sequence[Article]) -> LexicalIndex:
    with LexicalWriter(folder, BY_PASSAGE) as writer:
        for row, article in enumerate(articles):
            writer.add(row, body=article.text, title=article.title, about=about(article))
    return LexicalIndex(folder, BY_PASSAGE)


def _articles(rows: Sequence[Row]) -> list[Article]:
    return [Article(id=str(number), title=title, text=text) for number, (title, text) in enumerate(rows)]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> LexicalIndex:
    return _write(tmp_path_factory.mktemp("lexical") / "index", _articles(_ROWS))


def _bm25(terms: Sequence[str], texts: Sequence[str]) -> list[float]:
    """BM25 of each text, k1 1.2 and b 0.75, with the inverse document frequency of Lucene."""
    k1, b = 1.2, 0.75
    words = [Counter(re.findall(r"\w+", text)) for text in texts]
    average = sum(held.total() for held in words) / len(words)
    scores = [0.0] * len(texts)
    for term in terms:
        holders = sum(term in held for held in words)
        idf = log(1 + (len(texts) - holders + 0.5) / (holders + 0.5))
        for row, held in enumerate(words):
            tf = held[term]
            scores[row] += idf * tf * (k1 + 1) / (tf + k1 * (1 - b + b * held.total() / average))
    return scores


def _by_hand(terms: Sequence[str], rows: Sequence[Row] = tuple(_ROWS)) -> list[float]:
    titles, bodies = _bm25(terms, [row[0] for row in rows]), _bm25(terms, [row[1] for row in rows])
    boosts = dict(BY_PASSAGE.boosts)
    return [boosts["title"] * title + boosts["body"] * body for title, body in zip(titles, bodies, strict=True)]


def _found(index: LexicalIndex, question: str, k: int = 10, rows: range | None = None) -> list[int]:
    found, _ = index.search(index.terms(question), k, range(len(index)) if rows is None else rows)
    return [int(row) for row in found]


_QUERIES = [["boat"], ["red", "lamp"], ["dam", "449"], ["quay", "bread", "metal"], ["harbour"], ["the"]]


@pytest.mark.parametrize("terms", _QUERIES, ids=" ".join)
def test_scores_are_those_of_bm25(index: LexicalIndex, terms: list[str]) -> None:
    scores = index.scores(terms, np.arange(len(_ROWS)))
    np.testing.assert_allclose(scores, _by_hand(terms), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("terms", _QUERIES, ids=" ".join)
def test_search_orders_the_rows_by_their_scores(index: LexicalIndex, terms: list[str]) -> None:
    by_hand = np.array(_by_hand(terms))
    found, scores = index.search(terms, 10, range(len(_ROWS)))
    assert sorted(found.tolist()) == np.flatnonzero(by_hand).tolist()
    np.testing.assert_allclose(scores, by_hand[found], rtol=1e-5)
    assert np.all(np.diff(scores) <= 0)


def test_long_texts_score_within_the_rounding_of_their_lengths(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    rows = [("a", " ".join(f"w{n}x" for n in random.integers(200, size=random.integers(40, 400)))) for _ in range(60)]
    index = _write(tmp_path / "index", _articles(rows))
    terms = ["w1x", "w2x", "w3x"]
    np.testing.assert_allclose(index.scores(terms, np.arange(60)), _by_hand(terms, rows), rtol=0.05)


@pytest.mark.parametrize("rows", [range(3), range(1, 4), range(5, 6), range(6)], ids=str)
@pytest.mark.parametrize("terms", _QUERIES, ids=" ".join)
def test_a_range_of_rows_changes_no_score_and_lets_no_other_row_in(
    index: LexicalIndex, terms: list[str], rows: range
) -> None:
    found, scores = index.search(terms, 10, rows)
    by_hand = np.array(_by_hand(terms))
    assert sorted(found.tolist()) == [row for row in rows if by_hand[row]]
    np.testing.assert_allclose(scores, by_hand[found], rtol=1e-5)


@pytest.mark.parametrize("rows", [range(6), range(1, 5)], ids=str)
def test_scores_of_rows_are_those_that_search_gives(index: LexicalIndex, rows: range) -> None:
    terms = index.terms("Which boat ran aground at the quay under a red lamp?")
    found, searched = index.search(terms, 10, rows)
    np.testing.assert_allclose(index.scores(terms, found), searched, rtol=1e-6)


def test_scores_come_in_the_order_of_the_rows_that_were_asked_for(index: LexicalIndex) -> None:
    straight = index.scores(["boat", "lamp"], np.arange(6))
    mixed = np.array([4, 0, 5, 2])
    np.testing.assert_array_equal(index.scores(["boat", "lamp"], mixed), straight[mixed])


def test_a_row_without_the_terms_scores_nothing(index: LexicalIndex) -> None:
    assert index.scores(["boat"], np.array([3, 4, 5])).tolist() == [0, 0, 0]


def test_no_terms_or_no_rows_score_nothing(index: LexicalIndex) -> None:
    assert index.scores([], np.array([0, 1])).tolist() == [0, 0]
    assert index.scores(["boat"], np.array([], np.int64)).tolist() == []


@pytest.mark.parametrize(("k", "rows"), [(0, range(6)), (10, range(0)), (10, range(4, 4))], ids=str)
def test_an_empty_search_finds_nothing(index: LexicalIndex, k: int, rows: range) -> None:
    assert _found(index, "boat", k, rows) == []


def test_search_finds_no_more_than_asked(index: LexicalIndex) -> None:
    assert _found(index, "boat", k=1) == [1]


def test_the_index_knows_its_size(index: LexicalIndex) -> None:
    assert len(index) == len(_ROWS)


def test_weights_are_the_inverse_document_frequencies(index: LexicalIndex) -> None:
    expected = [log(1 + (6 - n + 0.5) / (n + 0.5)) for n in (3, 1, 0)]
    np.testing.assert_allclose(index.weights(["boat", "dam", "absent"]), expected, rtol=1e-5)


def test_a_passage_is_found_by_its_headline(tmp_path: Path) -> None:
    index = _write(
        tmp_path / "index", _articles([("Meteorite falls", "It weighed 9 kilograms."), ("Rain", "It rained.")])
    )
    assert _found(index, "meteorite") == [0]


def test_a_word_in_the_text_counts_more_than_in_the_headline(tmp_path: Path) -> None:
    rows = [("a meteorite fell", "it was the size of a fist"), ("it was the size", "a meteorite fell of a fist yes")]
    assert _found(_write(tmp_path / "index", _articles(rows)), "meteorite") == [1, 0]


def test_a_passage_is_found_by_its_outlet_and_date(tmp_path: Path) -> None:
    text = "Nothing happened."
    herald = Article("1", "One", text, source="Harbour Herald", published=date(2018, 3, 20))
    courier = Article("2", "Two", text, source="The Courier", published=date(2019, 5, 2))
    index = _write(tmp_path / "index", [herald, courier])
    assert _found(index, "herald") == [0]
    assert _found(index, "2019") == [1]
    assert _found(index, "March") == [0]


@pytest.mark.parametrize(
    ("question", "held"),
    [
        ("são paulo", "Sao Paulo"),
        ("Sao Paulo", "São Paulo"),
        ("CAFÉ", "cafe"),
        ("Łódź", "Lodz"),
        ("denied", "He denies it."),
        ("denying", "They denied it."),
        ("elections", "the election"),
        ("PESKOV", "Peskov"),
        ("peskov's", "Peskov"),
        ("2.3", "It cost 2.3 million."),
        ("nerve agent", "the nerve-agent attack"),
        ("президент", "Президент отклонил"),
    ],
)
def test_a_word_is_found_in_its_other_forms(tmp_path: Path, question: str, held: str) -> None:
    index = _write(tmp_path / "index", _articles([("x", "Something else entirely."), ("y", held)]))
    assert _found(index, question) == [1]


@pytest.mark.parametrize("question", ["Who was it?", "the", "what is it about", "THE WHO"])
def test_a_question_of_stop_words_alone_still_searches(index: LexicalIndex, question: str) -> None:
    assert index.terms(question) != []


def test_stop_words_are_left_out_of_other_questions(index: LexicalIndex) -> None:
    assert index.terms("Who was on the boat?") == ["boat"]


def test_each_term_counts_once(index: LexicalIndex) -> None:
    assert index.terms("lamp lamp LAMP lamps") == index.terms("lamp")


@pytest.mark.parametrize(
    "question",
    [
        'body:"boat',
        '"boat quay"~',
        "title:boat AND (NOT",
        "+boat -quay ^3",
        "boat*",
        "[a TO z] boat",
        "{a TO *} boat",
        "boat AND",
        "row:>=0 boat",
        "/bo.*t/ boat",
        "boat\\",
        "boat\x00quay",
        "boat\n\nquay",
        "boat ⛴️",
        "boat " * 10_000,
        " ".join(f"w{n}" for n in range(10_000)) + " boat",
        "boat " + "x" * 100_000,
        "'; DROP TABLE articles; -- boat",
        "ｂｏａｔ boat",
    ],
    ids=lambda question: question[:20],
)
def test_hostile_questions_search_for_their_words(index: LexicalIndex, question: str) -> None:
    found = _found(index, question)
    assert set(found) <= set(range(len(_ROWS)))
    if not question.startswith("w0"):  # a question of ten thousand words need not be read to its end
        assert 1 in found


@pytest.mark.parametrize("question", ["", " ", "?!", "⛴️🚢", "\x00", "()", '"', "\u202e"])
def test_questions_without_words_find_nothing(index: LexicalIndex, question: str) -> None:
    assert _found(index, question) == []


@given(st.text(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_breaks_the_search(index: LexicalIndex, question: str) -> None:
    assert set(_found(index, question)) <= set(range(len(_ROWS)))


def test_the_same_passages_are_found_in_the_same_order_by_two_indexes(tmp_path: Path) -> None:
    articles = _articles(_ROWS * 20)
    one, two = _write(tmp_path / "one", articles), _write(tmp_path / "two", articles)
    assert _found(one, "red boat lamp", 50) == _found(two, "red boat lamp", 50)


def test_a_folder_of_something_else_is_corrupt(tmp_path: Path) -> None:
    (tmp_path / "meta.json").write_text("{}")
    with pytest.raises(IndexCorrupt):
        LexicalIndex(tmp_path, BY_PASSAGE)


def test_a_folder_with_a_file_cut_short_is_corrupt(tmp_path: Path) -> None:
    _write(tmp_path / "index", _articles(_ROWS))
    meta = tmp_path / "index" / "meta.json"
    meta.write_bytes(meta.read_bytes()[:-10])
    with pytest.raises(IndexCorrupt):
        LexicalIndex(tmp_path / "index", BY_PASSAGE)


def test_articles_are_found_by_their_words_as_they_stand(tmp_path: Path) -> None:
    with LexicalWriter(tmp_path / "articles", BY_ARTICLE) as writer:
        writer.add(0, body="The runners were running")
        writer.add(3, body="He runs a shop")
    index = LexicalIndex(tmp_path / "articles", BY_ARTICLE)
    assert index.search(index.terms("running"), 5, range(4))[0].tolist() == [0]
    assert index.search(index.terms("runs"), 5, range(4))[0].tolist() == [3]
    assert index.search(index.terms("runs"), 5, range(3))[0].tolist() == []
