"""When two answers are the same report, and when they contradict each other."""

from dataclasses import replace

import pytest

from retrieval.reports import contradict, place_of, same_answer, same_report
from retrieval.types import Article, Candidate, Hit, Passage

_NUMBERS = [
    ("more than 50,000", "At least 50,000 people died", True),
    ("12", "Twelve people", True),
    ("twenty-one", "21", True),
    ("two dozen", "24 people", True),
    ("$44bn", "$44,000m", True),
    ("$44 billion", "about $44bn", True),
    ("19 percent", "19%", True),
    ("three years ago", "3 years ago", True),
    ("2019", "in 2019", True),
    ("12", "120 people", False),
    ("12 men", "12 women", False),
    ("12", "12 more", False),
    ("12", "another 12", False),
    ("12", "up to 12", False),
    ("12", "12 to 15", False),
    ("12", "12 of the 50", False),
    ("12", "12 days", False),
    ("12", "$12", False),
    ("12", "12 million", False),
    ("Two", "Two hundred people", False),
]
_NAMES = [
    ("Marlow", "in Marlow", True),
    ("Marlow", "the old town of Marlow", True),
    ("Marlow", "Marlow, Norland", True),
    ("Anna Orr", "President Anna Orr", True),
    ("Anna Orr", "Norland spokeswoman Anna Orr", True),
    ("Orr", "the Norland spokeswoman, Anna Orr", True),
    ("Anna Orr", "Ministry of Mines spokeswoman Anna Orr", True),
    ("Anna Orr", "his wife Anna Orr", True),
    ("Ingmar Pohl", "Ingmar Pohl, the lawyer of Mr. Tesk", True),
    ("Monday", "on Monday", True),
    ("3 May", "3 May 2021", True),
    ("Mr. Tesk", "Ingmar Pohl, the lawyer of Mr. Tesk", False),
    ("Anna Orr", "the lawyer of Mayor Anna Orr", False),
    ("May", "May 3", False),
    ("Norland", "South Norland", False),
    ("Norland", "Great New Norland", False),
    ("Norland", "Bank of Norland", False),
    ("Norland", "the mayor of Norland", False),
    ("Norland", "Norland Airways", False),
    ("Norland", "Norland-Sudmark", False),
    ("Norland", "Sudmark, not Norland", False),
    ("Norland", "Sudmark and Norland", False),
    ("Norland", "near the border with Norland", False),
    ("Anna Orr", "Anna Orr's lawyer", False),
    ("Anna Orr", "Jan Holt, Anna Orr", False),
    ("May 2021", "3 May 2021", False),
]


@pytest.mark.parametrize(("one", "other", "same"), _NUMBERS + _NAMES)
def test_an_answer_is_the_same_as_another_number_or_name_only_if_nothing_is_added(
    one: str, other: str, same: bool
) -> None:
    assert same_answer(one, other) is same
    assert same_answer(other, one) is same


def _candidate(text: str, words: str) -> Candidate:
    article = Article(text, "News", text)
    at = text.index(words)
    first = text.rfind(". ", 0, at) + 2 if ". " in text[:at] else 0
    hit = Hit(1, 0, article, Passage(text, 0, len(text), text), 1.0, 0.5)
    return Candidate(hit, at, at + len(words), first, text.find(". ", at) + 1 or len(text), 1.0)


_FULL = _candidate("It rained. Ada Orr denied it.", "Ada Orr")


@pytest.mark.parametrize(
    ("short", "same"),
    [
        ("Orr denied it.", True),
        ("President Orr denied it.", True),
        ("Ada M. Orr came late. Orr denied it.", True),
        ("Eva Orr came late. Orr denied it.", False),
        ("Eva Orr came with Ada Orr. Orr denied it.", False),
        ("It rained in Orr. Orr denied it.", False),
    ],
)
def test_a_surname_is_the_fuller_name_unless_its_article_says_otherwise(short: str, same: bool) -> None:
    denied = _candidate(short, "Orr denied")
    bare = replace(denied, end=denied.start + len("Orr"))
    assert same_report(bare, _FULL) is same
    assert same_report(_FULL, bare) is same


@pytest.mark.parametrize(
    ("answer", "sentence", "found"),
    [
        ("12", "In all 12 were hurt, 3 of them badly.", True),
        ("spokesman", "The spokesman denied it.", True),
        ("Norland", "But Norland, on Tuesday, denied it.", True),
        ("Norland", "President Orr of Norland Tuesday denied it.", False),
        ("Anna Orr", "Mayor Anna Orr denied it.", True),
        ("Orr", "Anna Orr denied it.", True),
        ("Monday", "Last Monday Anna Orr denied it.", True),
        ("3 May", "On 3 May Anna Orr denied it.", True),
        ("12", "In all 120 were hurt.", False),
        ("12", "In all 12,000 were hurt.", False),
        ("12", "It cost 12.5 crowns.", False),
        ("12", "It cost 12 million crowns.", False),
        ("12", "It cost $12.", False),
        ("12", "It rose by 12 percent.", False),
        ("12", "It was on 12/13 May.", False),
        ("5", "In all 1,500 were hurt.", False),
        ("NO", "The NOrth denied it.", False),
        ("Norland", "Norlandish officials denied it.", False),
        ("Norland", "South Norland denied it.", False),
        ("Norland", "The Bank of Norland denied it.", False),
        ("Norland", "Norland's spokesman denied it.", False),
        ("Norland", "The Norland Times denied it.", False),
        ("Norland", "It was Sudmark, not Norland.", False),
    ],
)
def test_an_answer_is_found_in_a_sentence_as_whole_words_figures_and_names_only(
    answer: str, sentence: str, found: bool
) -> None:
    where = _candidate(sentence, sentence[:-1])
    span = place_of(_candidate(f"{answer}.", answer), where)
    assert (span is not None) is found
    assert span is None or sentence[span.start : span.end] == answer


_HOW_MANY, _WHEN, _HOW_LONG, _HOW_MUCH = "How many died?", "When did it open?", "How long was it?", "How much was it?"


@pytest.mark.parametrize(
    ("question", "one", "other", "verdict"),
    [
        (_WHEN, "3 May 2021", "9 June 2021", True),
        (_WHEN, "3 May 2021", "4 May 2021", True),
        (_WHEN, "May 2021", "June 2021", True),
        (_WHEN, "3 p.m.", "11:50 a.m.", True),
        (_HOW_MANY, "12 of the 50", "15 of the 50", True),
        (_HOW_MANY, "12 on 3 May", "15 on 3 May", True),
        (_HOW_MANY, "1,200", "1,500", True),
        (_HOW_MUCH, "$44bn", "$45bn", True),
        (_HOW_LONG, "two weeks", "three weeks", True),
        ("How many people in Mariupol were killed?", "12", "15", True),
        ("How many people marched?", "12", "15", True),
        ("How many people decided to go?", "12", "15", True),
        ("How many people may have died?", "12", "15", True),
        (_WHEN, "3 May 2021", "May 2021", False),
        (_WHEN, "in 2021", "3 May 2021", False),
        (_WHEN, "3 p.m.", "3:00 p.m.", False),
        (_HOW_MANY, "23", "23 of the 40", False),
        (_HOW_MANY, "between 12 and 15", "15", False),
        (_HOW_MANY, "18, five of them children", "18, including 3 women", False),
        (_HOW_MANY, "24", "two dozen", False),
        (_HOW_MANY, "21", "twenty-one", False),
        (_HOW_MUCH, "$44bn", "$44,000m", False),
        (_HOW_MUCH, "19%", "23", False),
        (_HOW_LONG, "two weeks", "14 days", False),
        (_HOW_LONG, "3 years", "36 months", False),
        ("How many people died in May?", "12", "15", False),
        ("how many people died in may?", "12", "15", False),
        ("How many people died on 3 March?", "12", "15", False),
    ],
)
def test_numbers_and_dates_contradict_each_other_only_if_both_cannot_be(
    question: str, one: str, other: str, verdict: bool
) -> None:
    assert contradict(question, one, other) is verdict
    assert contradict(question, other, one) is verdict
