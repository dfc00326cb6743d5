"""Each gate with what it must stop and what it must let through."""

from datetime import date

import pytest

from retrieval.gates import Gate, Objection, Place, names, objection, quotation, settles


def _judge(question: str, sentence: str, span: str, **around: object) -> Objection | None:
    start = sentence.index(span)
    text = str(around.get("article", sentence))
    published = around.get("published")
    assert published is None or isinstance(published, date)
    return objection(
        question,
        Place(sentence, start, start + len(span), sentence, str(around.get("title", "")), text, published),
    )


@pytest.mark.parametrize(
    ("gate", "question", "sentence", "span"),
    [
        ("verb", "Who confirmed the account?", "Mr Vale denied the account on Monday.", "Mr Vale"),
        ("verb", "who denied the report", "The report was confirmed by Ms Orr.", "Ms Orr"),
        ("verb", "Who rejected the plan?", "The council accepted the plan.", "The council"),
        ("verb", "Who opposes the bill?", "Ms Orr supports the bill, Mr Vale opposes it.", "Ms Orr"),
        ("verb", "How far did profits rise?", "Profits fell by 12 percent.", "12 percent"),
        ("verb", "Who resigned?", "The mayor fired her deputy, Jan Holt.", "Jan Holt"),
        ("verb", "Who admitted the fraud?", "The paper had reported the fraud, Mr Vale knew.", "Mr Vale"),
        ("verb", "How many people were killed?", "Five passengers had been counted twice.", "Five"),
        ("plan", "When did the bridge open?", "The bridge will open in 2027.", "2027"),
        ("plan", "Who was sold?", "Ms Orr is to be sold by the club.", "Ms Orr"),
        ("plan", "How much has the port received?", "The port has asked for 90 million crowns.", "90 million crowns"),
        ("plan", "What was the club granted?", "The club had applied for a licence.", "a licence"),
        ("speaker", "Who hid it, according to the court?", "Her lawyer claimed that Jan Holt hid it.", "Jan Holt"),
        ("negation", "Who attended the hearing?", "Mr Vale did not attend the hearing.", "Mr Vale"),
        ("negation", "Who confirmed the account?", "Ms Orr has not confirmed the account.", "Ms Orr"),
        ("negation", "Which bridge reopened?", "The Mill Bridge never reopened.", "The Mill Bridge"),
        ("negation", "Who did not sign the letter?", "Mr Vale signed the letter.", "Mr Vale"),
        ("name", "When did Jane Hale resign?", "John Hale resigned in May.", "in May"),
        ("name", "When did Priya Raman resign?", "John Hale resigned in May.", "in May"),
        ("number", "Who won the race in 2019?", "Ms Orr won the race in 2021.", "Ms Orr"),
        ("number", "Who owns the 40 boats?", "The 25 boats belong to Ms Orr.", "Ms Orr"),
        ("kind", "When did it open?", "It opened in Harrow.", "Harrow"),
        ("kind", "How many were hurt?", "Passengers were hurt near the quay.", "Passengers"),
        ("kind", "Who was hurt?", "It happened on 3 May 2021.", "3 May 2021"),
        ("kind", "Where was it?", "It cost 449 million.", "449 million"),
        ("speaker", "What did Anna Orr say of Mr Vale?", "Mr Vale made a statement in the hall.", "a statement"),
        ("speaker", "What did Anna Orr say about the plan?", "“It is a mess,” Mr Vale said.", "It is a mess"),
    ],
)
def test_a_sentence_that_contradicts_the_question_is_objected_to(
    gate: Gate, question: str, sentence: str, span: str
) -> None:
    article = f"{sentence} Anna Orr was there." if gate == "speaker" else sentence
    verdict = _judge(question, sentence, span, article=article)
    assert verdict is not None
    assert verdict.gate == gate


@pytest.mark.parametrize(
    ("question", "sentence", "span"),
    [
        ("Who denied the account?", "Mr Vale denied the account on Monday.", "Mr Vale"),
        ("Who denied the account?", "“That is not true,” Mr Vale said.", "Mr Vale"),
        ("How many people died?", "The storm claimed 12 lives.", "12"),
        ("When will the bridge open?", "The bridge will open in 2027.", "2027"),
        ("When did the bridge open?", "The bridge opened in 2021 and will open again in May.", "2021"),
        ("Who hid it, according to the court?", "The court found that Jan Holt hid it.", "Jan Holt"),
        ("Who denied the account?", "Ms Orr confirmed the account, which Mr Vale denied.", "Mr Vale"),
        ("Who confirmed the account?", "Ms Orr confirmed the account, which Mr Vale denied.", "Ms Orr"),
        ("Who has not denied the account?", "Mr Vale has not denied the account.", "Mr Vale"),
        ("Who did not attend?", "Mr Vale did not attend.", "Mr Vale"),
        ("Who failed to attend?", "Mr Vale did not attend.", "Mr Vale"),
        ("Who attended the hearing?", "Ms Orr attended the hearing, though not for long.", "Ms Orr"),
        ("Who attended?", "Ms Orr attended; Mr Vale did not attend.", "Ms Orr"),
        ("Did Ms Orr confirm the account?", "Ms Orr denied the account.", "Ms Orr denied the account."),
        ("When did Jane Hale resign?", "Hale resigned in May.", "in May"),
        ("When did Mike Hale resign?", "Michael Hale resigned in May.", "in May"),
        ("when did jane hale resign", "John Hale resigned in May.", "in May"),
        ("What did Russia say?", "The Russian embassy said that it knew nothing.", "it knew nothing"),
        ("Who won the race in 2021?", "Ms Orr won the race in 2021.", "Ms Orr"),
        ("How many boats sank in the 1990s?", "Nine boats sank.", "Nine"),
        ("Who owns the 40 boats?", "The boats belong to Ms Orr, who is 61 years old.", "Ms Orr"),
        ("When did it open?", "It opened after the war.", "after the war"),
        ("How long was it shut?", "It was shut since May.", "since May"),
        ("How many were hurt?", "Dozens were hurt.", "Dozens"),
        ("How many were hurt?", "No one was hurt.", "No one"),
        ("How much did it cost?", "It cost $3m.", "$3m"),
        ("When the bridge shut, who was mayor?", "Ms Orr was mayor then.", "Ms Orr"),
        ("Who said so?", "An official of the 1922 Committee said so.", "An official of the 1922 Committee"),
        ("What did Anna Orr say?", "“It is a mess,” Ms Orr said.", "It is a mess"),
        ("What did Anna Orr say?", "“It is a mess,” she said.", "It is a mess"),
        ("What did Anna Orr say?", "The statement of Anna Orr was that it is a mess.", "it is a mess"),
        ("What did Anna Orr say?", "In her statement a mess was promised.", "a mess"),
        ("How much has the port received?", "The port got the 90 million it had asked for.", "90 million"),
        ("How much has the port asked for?", "The port has asked for 90 million crowns.", "90 million crowns"),
        ("What prize did she receive?", "The Orr Prize went to Ms Holt, who was asked to speak.", "The Orr Prize"),
    ],
)
def test_a_sentence_that_agrees_or_leaves_it_open_is_let_through(question: str, sentence: str, span: str) -> None:
    assert _judge(question, sentence, span, article=f"{sentence} Anna Orr and Jane Hale were there.") is None


def test_the_year_of_publication_is_a_year_that_the_sentence_speaks_of() -> None:
    sentence = "Ms Orr won the race on Sunday."
    assert _judge("Who won the race in 2021?", sentence, "Ms Orr", published=date(2021, 5, 3)) is None
    verdict = _judge("Who won the race in 2020?", sentence, "Ms Orr", published=date(2021, 5, 3))
    assert verdict == Objection("number", "2020", "2021")


@pytest.mark.parametrize(
    ("question", "stopped"),
    [
        ("How many people were killed in the earthquake?", True),
        ("how many died in the quake", True),
        ("How many people did the previous earthquake kill?", False),
        ("How many people were killed in the earthquake of 1987?", False),
    ],
)
def test_what_the_news_is_compared_with_is_not_the_news(question: str, stopped: bool) -> None:
    sentence = "The last earthquake of similar strength, in 1987, killed 22 people."
    verdict = _judge(question, sentence, "22 people", published=date(2021, 3, 4))
    assert verdict == (Objection("number", "2021", "1987") if stopped else None)


def test_an_earlier_year_without_a_comparison_is_let_through() -> None:
    sentence = "Between 1941 and 1945, six million people were killed."
    assert _judge("How many people were killed?", sentence, "six million people", published=date(2021, 3, 4)) is None


def test_an_objection_says_what_was_asked_and_what_was_found() -> None:
    verdict = _judge("Who confirmed the account?", "Mr Vale denied the account.", "Mr Vale")
    assert str(verdict) == "the nearest passage has “denied”, the question asks for “confirmed”"
    verdict = _judge("When did Priya Raman resign?", "John Hale resigned in May.", "in May")
    assert str(verdict) == "the nearest passage does not speak of “Priya Raman”"


def test_names_are_what_is_capitalised_within_a_question() -> None:
    assert names("When did Jane Hale meet the mayor of New Harrow?") == ["Jane Hale", "New Harrow"]
    assert names("Who won on Monday in May?") == []
    assert names("who is jane hale") == []
    assert names("WHO IS JANE HALE") == []


@pytest.mark.parametrize(
    "question", ["Did he resign?", "Is the bridge open?", "and was it built in 1990", "Hasn't it sunk?"]
)
def test_a_question_for_yes_or_no_is_known(question: str) -> None:
    assert settles(question)


@pytest.mark.parametrize(
    "question", ["Who is he?", "Did he resign or die?", "What is open?", "Canada's mayor?", "will"]
)
def test_any_other_question_is_not(question: str) -> None:
    assert not settles(question)


def test_what_somebody_said_is_the_whole_quotation() -> None:
    sentence = "“It is a mess, and it will stay one,” Ms Orr said."
    at = sentence.index("a mess")
    span = quotation("What did Orr say about the plan?", sentence, at, at + 6)
    assert sentence[span.start : span.end] == "“It is a mess, and it will stay one,”"
    other = quotation("Who said so?", sentence, at, at + 6)
    assert sentence[other.start : other.end] == "a mess"
