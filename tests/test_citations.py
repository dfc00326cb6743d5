"""Which sentences an answer cites, and in which order."""

from datetime import date

from retrieval.citations import cite, reported_by
from retrieval.types import Article, Candidate, Hit, Passage, Reading


def _candidate(article_id: str, text: str, words: str, *, score: float, hit: float = 1.0) -> Candidate:
    article = Article(article_id, "News", text, published=date(2024, 5, 1))
    found = Hit(1, 0, article, Passage(article_id, 0, len(text), text), hit, 0.5)
    at = text.index(words)
    first = text.rfind(". ", 0, at) + 2 if ". " in text[:at] else 0
    end = text.find(".", at)
    return Candidate(found, at, at + len(words), first, end + 1, score)


_HERALD = "Ms Orr denied the account. It was put about by Jan Holt."
_COURIER = "The account was denied by Ms Orr."


def test_of_articles_with_the_same_answer_the_one_that_was_found_best_is_first() -> None:
    strong = _candidate("courier", _COURIER, "Ms Orr", score=9.0, hit=1.0)
    best_found = _candidate("herald", _HERALD, "Ms Orr", score=7.0, hit=3.0)
    assert [one.article.id for one in cite(Reading((strong, best_found), 0.9))] == ["herald", "courier"]


def test_a_longer_form_of_the_answer_is_not_first() -> None:
    strong = _candidate("courier", _COURIER, "Ms Orr", score=9.0, hit=1.0)
    longer = _candidate("echo", "Ms Orr of Harrow denied it.", "Ms Orr of Harrow", score=7.0, hit=3.0)
    first, second = cite(Reading((strong, longer), 0.9))
    assert (first.article.id, second.kind) == ("courier", "exact")


def test_where_reports_differ_the_newest_stays_first_and_all_are_cited() -> None:
    newest = _candidate("courier", _COURIER, "Ms Orr", score=5.0, hit=1.0)
    same = _candidate("herald", _HERALD, "Ms Orr", score=7.0, hit=3.0)
    other = _candidate("echo", "Mr Vale denied it.", "Mr Vale", score=9.0, hit=5.0)
    cited = cite(Reading((newest, same, other), 0.9, differing=(other,)))
    assert [(one.article.id, one.kind) for one in cited] == [
        ("courier", "exact"),
        ("herald", "exact"),
        ("echo", "differs"),
    ]


def test_another_answer_of_the_same_article_is_a_related_citation() -> None:
    best = _candidate("herald", _HERALD, "Ms Orr", score=9.0)
    other = _candidate("herald", _HERALD, "Jan Holt", score=5.0)
    cited = cite(Reading((best, other), 0.9))
    assert [(one.quote, one.kind) for one in cited] == [
        ("Ms Orr denied the account.", "exact"),
        ("It was put about by Jan Holt.", "related"),
    ]
    assert cited[1].answer_start is None


def test_what_is_far_below_the_best_is_not_cited() -> None:
    best = _candidate("herald", _HERALD, "Ms Orr", score=9.0)
    far = _candidate("herald", _HERALD, "Jan Holt", score=-3.0)
    assert len(cite(Reading((best, far), 0.9, near=1.0))) == 1


def test_three_articles_with_the_answer_and_one_without_are_cited_at_most() -> None:
    same = [_candidate(f"copy {n}", _COURIER, "Ms Orr", score=9.0 - n / 10) for n in range(5)]
    others = [_candidate(f"other {n}", f"Mr Vale the {n}th denied it.", f"the {n}th", score=5.0) for n in range(5)]
    kinds = [one.kind for one in cite(Reading((*same, *others), 0.9))]
    assert kinds == ["exact", "exact", "exact", "related"]


def test_a_sentence_that_differs_is_not_cited_as_holding_the_answer_too() -> None:
    best = _candidate("herald", "The storm killed 12 people.", "12", score=9.0)
    other = _candidate("courier", "The storm killed 120 people in 12 towns.", "120", score=8.0)
    towns = _candidate("courier", "The storm killed 120 people in 12 towns.", "12 towns", score=7.0)
    cited = cite(Reading((best, other, towns), 0.9, differing=(other,)))
    assert [(one.article.id, one.kind) for one in cited] == [("herald", "exact"), ("courier", "differs")]


def test_a_number_within_another_is_not_the_answer() -> None:
    best = _candidate("herald", "The storm killed 12 people.", "12", score=9.0)
    other = _candidate("courier", "The storm hit 120 towns.", "towns", score=8.0)
    assert [one.kind for one in cite(Reading((best, other), 0.9))] == ["exact", "related"]


def test_a_place_whose_name_holds_another_is_another_answer_of_another_outlet() -> None:
    best = _candidate("herald", "Norland denied the account.", "Norland", score=9.0)
    other = _candidate("courier", "South Norland denied the account.", "South Norland", score=8.0)
    reading = Reading((best, other), 0.9)
    assert [one.kind for one in cite(reading)] == ["exact", "related"]
    assert reported_by(reading) == 1


def test_a_surname_and_the_fuller_name_are_one_answer_of_two_outlets() -> None:
    best = _candidate("herald", "Anna Orr denied the account.", "Anna Orr", score=9.0)
    other = _candidate("courier", "Mayor Orr denied the account.", "Orr", score=8.0)
    reading = Reading((best, other), 0.9)
    assert [one.kind for one in cite(reading)] == ["exact", "exact"]
    assert reported_by(reading) == 2


def test_a_number_in_other_words_is_one_answer_of_two_outlets() -> None:
    best = _candidate("herald", "More than 50,000 people marched.", "More than 50,000", score=9.0)
    other = _candidate("courier", "At least 50,000 people marched.", "At least 50,000 people", score=8.0)
    reading = Reading((best, other), 0.9)
    assert [one.kind for one in cite(reading)] == ["exact", "exact"]
    assert reported_by(reading) == 2
