"""Questions that lean on the conversation, and those that do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.followups import Turn, stand_alone

DENIED = Turn("Who denied the account?", "Dmitry Peskov")
SPAIN = Turn("How many people voted in Spain?", "22 million")
ORR = Turn("When did Anna Orr open the bridge?", "on 3 May")


@pytest.mark.parametrize(
    ("before", "question", "understood"),
    [
        (DENIED, "when?", "Who denied the account? when?"),
        (DENIED, "And why?", "Who denied the account? And why?"),
        (DENIED, "Where was he born?", "Where was Dmitry Peskov born?"),
        (DENIED, "What is his job?", "What is Dmitry Peskov’s job?"),
        (SPAIN, "and in France?", "How many people voted in France?"),
        (SPAIN, "What about in the Netherlands?", "How many people voted in the Netherlands?"),
        (SPAIN, "what about Portugal?", "How many people voted in Portugal?"),
        (SPAIN, "and the weather?", "How many people voted in Spain? and the weather?"),
        (ORR, "What did she say?", "What did Anna Orr say?"),
        (ORR, "Who voted for her?", "Who voted for Anna Orr?"),
        (ORR, "Who paid her deputy?", "Who paid Anna Orr’s deputy?"),
        (Turn("What is the Kestrel Bridge?", None), "How long is it?", "How long is Kestrel Bridge?"),
        (Turn("Who owns the North Line?", "the council"), "Where do they meet?", "Where do North Line meet?"),
        (Turn("why was the bread recalled", "metal"), "who ate it", "who ate it (bread recalled)"),
        (Turn("Where is Vessmark?", None), "What can you do there?", "What can you do Vessmark?"),
        (ORR, "the cost?", "the cost? (Anna Orr)"),
    ],
)
def test_a_question_that_leans_takes_what_it_leans_on(before: Turn, question: str, understood: str) -> None:
    assert stand_alone(question, [before]) == understood


@pytest.mark.parametrize(
    "question",
    [
        "Who won the presidential election in Karsova?",
        "How many passengers did the ferry Saint Orla carry?",
        "what is the capital of australia",
        "Is it true that the Kestrel Bridge was closed?",
        "Who said that the bridge was unsafe?",
        "Are there any trams in Vessmark?",
        "Which minister resigned over the stadium bill?",
    ],
)
def test_a_fresh_question_is_left_as_it_is(question: str) -> None:
    assert stand_alone(question, [DENIED, ORR]) == question


def test_what_was_spoken_of_last_comes_first() -> None:
    assert stand_alone("What did he say?", [ORR, DENIED]) == "What did Dmitry Peskov say?"
    assert stand_alone("What did she say?", [DENIED, ORR]) == "What did Anna Orr say?"


def test_an_earlier_name_is_taken_if_the_last_question_has_none() -> None:
    turns = [ORR, Turn("how much was the toll?", "two crowns")]
    assert stand_alone("Why did she resign?", turns) == "Why did Anna Orr resign?"


def test_a_long_answer_names_nobody() -> None:
    long = Turn("Who won?", "It was said that Ada Mayer, Bo Lind and Cy Dahl had all won something or other")
    assert stand_alone("Where does she live?", [long]) == "Where does she live? (won)"


def test_what_a_pronoun_in_a_name_free_conversation_stands_for_is_put_in_brackets() -> None:
    assert stand_alone("how does it spread?", [Turn("what is a bush fire?", None)]) == "how does it spread? (bush fire)"


_TEXTS = st.text(max_size=200)


@given(_TEXTS)
def test_without_a_conversation_nothing_changes(question: str) -> None:
    assert stand_alone(question, []) == question


@given(_TEXTS, st.lists(st.builds(Turn, _TEXTS, st.none() | _TEXTS), min_size=1, max_size=4))
def test_any_conversation_is_understood_without_an_error_and_within_bounds(question: str, turns: list[Turn]) -> None:
    understood = stand_alone(question, turns)
    assert len(understood) <= len(question) + max(len(turn.question) + len(turn.answer or "") for turn in turns) + 20


@pytest.mark.parametrize("question", ["", "  ", "?!", "—"])
def test_what_has_no_words_is_left_as_it_is(question: str) -> None:
    assert stand_alone(question, [DENIED]) == question
