"""The gates in whole passages: what stands around a span, and what several questions together ask for."""

from datetime import date

import pytest

from retrieval.gates import Objection, Place, objection, quotation, settles
from retrieval.gates.kinds import asks_for


def _judge(question: str, passage: str, sentence: str, span: str, published: date | None = None) -> Objection | None:
    start = sentence.index(span)
    assert sentence in passage
    return objection(question, Place(sentence, start, start + len(span), passage, "", passage, published))


def _gate(verdict: Objection | None) -> str | None:
    return verdict.gate if verdict else None


# Who says what.


@pytest.mark.parametrize(
    "sentence",
    [
        "“It is a mess,” she told Kestrel.",
        "“It is a mess,” the mayor told Kestrel News.",
        "It is a mess, he told Vale.",
        "It is a mess, the minister warned Vale.",
        "The minister called it a mess and Mr Vale, of the Courier, a liar.",
        "Orr urged him to call it a mess.",
        "Orr labelled it a mess.",
        "Orr admitted that it is a mess.",
        "Orr has apologised for a mess.",
        "Orr compared it to a mess.",
        "Orr noted a mess.",
        "The Harrow CEO said it is a mess.",
    ],
)
def test_who_is_spoken_to_or_not_named_is_no_other_speaker(sentence: str) -> None:
    assert _judge("What did Anna Orr say?", f"Anna Orr was there. {sentence}", sentence, "a mess") is None


@pytest.mark.parametrize(
    "sentence",
    [
        "“It is a mess,” Vale told Kestrel.",
        "“It is a mess,” said Jan Vale.",
        "It is a mess, said Mr Vale.",
        "Vale labelled it a mess.",
        "A mess was found on the quay.",
    ],
)
def test_another_speaker_is_objected_to_and_so_is_a_sentence_in_which_nobody_speaks(sentence: str) -> None:
    passage = f"Anna Orr was there. {sentence}"
    assert _gate(_judge("What did Anna Orr say?", passage, sentence, "mess")) == "speaker"


@pytest.mark.parametrize("described", ["The company said", "The Norvan group has denied that", "The pontiff called"])
def test_who_is_only_described_may_be_whom_the_article_names_elsewhere(described: str) -> None:
    sentence = f"{described} it is a mess."
    article = f"Orr came late. {sentence}"
    start = sentence.index("a mess")
    for whole, stopped in ((article, False), (sentence, True)):
        verdict = objection("What did Orr say?", Place(sentence, start, start + 6, sentence, "", whole, None))
        assert _gate(verdict) == ("speaker" if stopped else None)


def test_that_nobody_speaks_is_the_reason_given_not_that_the_person_is_missing() -> None:
    sentence = "Orr fell into a mess."
    verdict = _judge("What did Orr say?", sentence, sentence, "a mess")
    assert str(verdict) == "the nearest passage does not speak of “what Orr said”"


@pytest.mark.parametrize(
    ("who", "introduced"),
    [
        ("the Kestrel House", "Kestrel House press secretary Dana Holt was there."),
        ("Norva Air", "Dana Holt, a Norva Air spokeswoman, was there."),
        ("Norva Air", "Dana Holt, chief executive of Norva Air, was there."),
        ("Orsania", "The Orsanian foreign minister, Dana Holt, was there."),
        ("Lind", "Lind's spokesman, Dana Holt, was there."),
        ("Lind's spokesman", "Lind's chief spokesman Dana Holt was there."),
        ("Russia", "Kremlin spokeswoman Dana Holt was there."),
    ],
)
def test_a_body_speaks_by_those_whom_the_article_names_with_their_office(who: str, introduced: str) -> None:
    sentence = "“It is a mess,” Holt said."
    question = f"What did {who} say?"
    assert _judge(question, f"{introduced} {sentence}", sentence, "a mess") is None
    stranger = introduced.replace("Dana Holt", "Jan Vale")
    assert _gate(_judge(question, f"{stranger} {sentence}", sentence, "a mess")) == "speaker"


@pytest.mark.parametrize("introduced", ["Lind told President Dana Holt so.", "Lind's lawyer, Dana Holt, was there."])
def test_two_people_in_one_sentence_do_not_speak_for_each_other(introduced: str) -> None:
    sentence = "“It is a mess,” Holt said."
    assert _gate(_judge("What did Lind say?", f"{introduced} {sentence}", sentence, "a mess")) == "speaker"


def test_a_government_speaks_by_the_name_of_its_seat() -> None:
    sentence = "The Kremlin said it is a mess."
    assert _judge("What did Russia say?", sentence, sentence, "a mess") is None
    assert _gate(_judge("What did China say?", f"China knew. {sentence}", sentence, "a mess")) == "speaker"


@pytest.mark.parametrize(
    ("source", "stopped"),
    [
        ("the article", False),
        ("news reports", False),
        ("the Orsanian president", False),
        ("the court", True),
        ("the Norrick mayor", True),
    ],
)
def test_a_claim_is_not_according_to_another_than_who_makes_it(source: str, stopped: bool) -> None:
    sentence = "Lind accused Vellin of the attack."
    passage = f"Orsanian President Ada Lind met the mayor of Norrick in court. {sentence}"
    verdict = _judge(f"According to {source}, who attacked the dam?", passage, sentence, "Vellin")
    assert _gate(verdict) == ("speaker" if stopped else None)


@pytest.mark.parametrize(
    ("sentence", "whole"),
    [
        ("It will get worse,” Orr said.", "It will get worse,”"),
        ("Orr said: “It is bad, and worse than before.", "“It is bad, and worse than before."),
        ("“It is worse,” Orr said, “than before.”", "“It is worse,”"),
    ],
)
def test_a_quotation_of_several_sentences_is_whole_within_each(sentence: str, whole: str) -> None:
    at = sentence.index("worse")
    span = quotation("What did Orr say?", sentence, at, at + 5)
    assert sentence[span.start : span.end] == whole


# Years and quantities.


@pytest.mark.parametrize(
    ("sentence", "span", "stopped"),
    [
        ("The party won 412 seats, compared with 202 in 2019.", "412", False),
        ("The party won 412 seats, compared with 202 in 2019.", "202", True),
        ("Compared with 202 in 2019, the party won 412 seats.", "412", False),
        ("Compared with 202 in 2019, the party won 412 seats.", "202", True),
        ("More than 5,000 died, the most since a similar quake in 1999.", "5,000", False),
        ("A similar quake in 1999 killed 5,000.", "5,000", True),
        ("She is 96, and was last seen in 2021.", "96", False),
        ("Last seen in 2021, she is 96 years old.", "96", False),
    ],
)
def test_only_what_lies_in_a_comparison_is_not_the_news(sentence: str, span: str, stopped: bool) -> None:
    verdict = _judge("How many are there?", sentence, sentence, span, date(2024, 7, 5))
    assert _gate(verdict) == ("number" if stopped else None)


@pytest.mark.parametrize(
    ("question", "sentence", "stopped"),
    [
        ("Which firm cut 1800 jobs?", "Norva cut 1,800 jobs.", False),
        ("Which firm cut 1800 jobs?", "Norva cut 2,300 jobs.", True),
        ("Which firm paid 2000 crowns?", "Norva paid 2,000 crowns.", False),
        ("Who found the 2000-year-old scroll?", "Norva found the ancient scroll.", False),
        ("Who won the 2022 Orr Cup?", "Norva won last year's Orr Cup.", False),
        ("Who won the 2021 Orr Cup?", "Norva won last year's Orr Cup.", True),
        ("Who won the 2022 Orr Cup?", "Norva won the Orr Cup.", True),
        ("Who will host the 2024 games?", "Norva will host the games next year.", False),
        ("Who will host the 2026 games?", "Norva will host the games next year.", True),
    ],
)
def test_a_year_is_told_from_an_amount_and_by_last_or_next(question: str, sentence: str, stopped: bool) -> None:
    verdict = _judge(question, sentence, sentence, "Norva", date(2023, 5, 3))
    assert _gate(verdict) == ("number" if stopped else None)


def test_the_year_since_which_is_not_the_year_in_which() -> None:
    for sentence, gate in (("Orr won the cup, her first since 1986.", None), ("Orr won the cup in 1986.", "number")):
        assert _gate(_judge("Who won the 2022 cup?", sentence, sentence, "Orr")) == gate


# Names.


@pytest.mark.parametrize(
    ("asked", "told", "stopped"),
    [
        ("Mr Hale", "John Hale", False),
        ("Mayor Hale", "John Hale", False),
        ("Norva's Hale", "John Hale", False),
        ("Hurricane Hale", "Storm Hale", False),
        ("Bob Hale", "Robert Hale", False),
        ("Bill Hale", "William Hale", False),
        ("Kate Hale", "Catherine Hale", False),
        ("Jürgen Hale", "Jurgen Hale", False),
        ("Jurgen Hale", "Jürgen Hale", False),
        ("São Hale", "Sao Hale", False),
        ("Mayor Jane Hale", "John Hale", True),
        ("Bob Hale", "William Hale", True),
        ("Norva's Jane Hale", "John Hale", True),
        ("Jean-Luc Hale", "Marie-Luc Hale", True),
    ],
)
def test_a_title_is_no_first_name_and_a_first_name_has_forms(asked: str, told: str, stopped: bool) -> None:
    sentence = f"{told} left in May, as Norva said."
    assert _gate(_judge(f"When did {asked} leave?", sentence, sentence, "in May")) == ("name" if stopped else None)


@pytest.mark.parametrize(
    ("before", "stopped"),
    [
        ("Jane Hale met John Hale.", False),
        ("Jane Hale, daughter of John Hale, came.", False),
        ("Jane Hale came. She met John Hale.", False),
        ("Jane Marie Hale came.", False),
        ("Jane Hale came. John Hale met the mayor.", True),
        ("Jane Orr came. John Hale met the mayor.", True),
    ],
)
def test_he_or_she_is_the_namesake_only_if_the_other_is_not_beside(before: str, stopped: bool) -> None:
    sentence = "He resigned in 2021."
    verdict = _judge("When did Jane Hale resign?", f"{before} {sentence}", sentence, "in 2021")
    assert _gate(verdict) == ("name" if stopped else None)


@pytest.mark.parametrize(
    ("around", "stopped"),
    [
        ("President Hale met Hunter Hale.", False),
        ("Sen. Hale met Hunter Hale.", False),
        ("President Hunter Hale was there, and President Hale spoke.", True),
        ("Hunter Hale was there.", True),
    ],
)
def test_a_title_alone_may_be_that_of_the_one_asked_about(around: str, stopped: bool) -> None:
    sentence = "Hale left in May."
    verdict = _judge("When did Joe Hale leave?", f"{around} {sentence}", sentence, "in May")
    assert _gate(verdict) == ("name" if stopped else None)


# Kinds.


@pytest.mark.parametrize(
    ("question", "span", "stopped"),
    [
        ("How long was she jailed for?", "life", False),
        ("How long was she jailed for?", "life imprisonment", False),
        ("How long was she jailed for?", "indefinitely", False),
        ("How long was she jailed for?", "overnight", False),
        ("How long was she jailed for?", "fraud", True),
        ("How old is he?", "in his thirties", False),
        ("How old is he?", "forty-two", False),
        ("How old is he?", "a teenager", False),
        ("How old is he?", "from Harrow", True),
        ("How many came?", "Everyone", False),
        ("How many came?", "a dozen", False),
        ("How many came?", "a spokesman", True),
        ("How far is it?", "a mile", False),
        ("When was it?", "immediately", False),
        ("When was it?", "shortly", False),
        ("When was it?", "Thanksgiving", False),
        ("When was it?", "in the Middle Ages", False),
        ("When was it?", "at 9am", False),
        ("When was it?", "in the 1990s", False),
        ("When was it?", "on Sept. 3", False),
        ("When was it?", "Wednesday afternoon", False),
        ("When was it?", "earlier", False),
        ("When was it?", "Marseille", True),
        ("When was it?", "Warsaw", True),
        ("When was it?", "the village", True),
        ("When was it?", "Monaco", True),
        ("When was it?", "$3m", True),
        ("When was it?", "40 percent", True),
    ],
)
def test_a_kind_is_told_by_whole_words(question: str, span: str, stopped: bool) -> None:
    assert _gate(_judge(question, f"It was {span}.", f"It was {span}.", span)) == ("kind" if stopped else None)


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Who denied the account? When?", "time"),
        ("Where was the queen buried? And in which year?", "time"),
        ("How many people were killed? When?", "time"),
        ("When was it? How many were killed?", "number"),
        ("When was it? Please be brief.", "time"),
        ("Who denied the account?", "other"),
        ("Can you tell me when it was?", "time"),
        ("Do you know exactly how many died?", "number"),
        ("Please tell me, when was it?", "time"),
        ("Who was mayor of the U.S. town when the wall fell?", "other"),
    ],
)
def test_what_is_asked_for_is_said_by_the_last_question(question: str, kind: str) -> None:
    assert asks_for(question) == kind


def test_a_follow_up_is_judged_by_what_it_asks_for() -> None:
    sentence = "Mr Vale denied the account on Monday."
    assert _judge("Who denied the account? When?", sentence, sentence, "on Monday") is None
    assert _gate(_judge("Who denied the account? When?", sentence, sentence, "Mr Vale")) == "kind"
    assert _gate(_judge("When was it? Who denied the account?", sentence, sentence, "Monday")) == "kind"


@pytest.mark.parametrize(
    "question",
    [
        "Can't he resign?",
        "Won’t he resign?",
        "Cannot he resign?",
        "Is it true that oil or gas was found?",
        "Did he resign or not?",
        "Will Orr resign?",
        "Do you know if he resigned?",
        "Does the man who lost know it?",
    ],
)
def test_a_question_for_yes_or_no_is_known(question: str) -> None:
    assert settles(question)


@pytest.mark.parametrize(
    "question",
    [
        "Can you tell me who won the cup?",
        "Do you know how many died?",
        "May I ask who won?",
        "Will Orr met whom?",
        "Did he resign? When?",
        "Is it oil or gas?",
    ],
)
def test_a_question_that_only_begins_like_one_is_not(question: str) -> None:
    assert not settles(question)


def test_the_gates_hold_for_a_question_that_is_put_politely() -> None:
    sentence = "Mr Vale did not win the cup."
    assert _gate(_judge("Can you tell me who won the cup?", sentence, sentence, "Mr Vale")) == "negation"
    assert _judge("Can you tell me who won the cup?", "Mr Vale won the cup.", "Mr Vale won the cup.", "Mr Vale") is None
