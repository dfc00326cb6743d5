"""What leans on the question before it, and what stands alone."""

import pytest

from retrieval.followups import Turn, stand_alone

BEFORE = Turn("Who won the election?", "Ada Mayer won.")


@pytest.mark.parametrize(
    "question",
    ["when?", "Why?", "How many?", "and where exactly?", "And in France?", "What about the mayor?", "but why then?"],
)
def test_a_question_that_leans_gets_the_one_before_it_in_front(question: str) -> None:
    assert stand_alone(question, [BEFORE]) == f"Who won the election? {question}"


@pytest.mark.parametrize(
    "question",
    [
        "When did Ada Mayer resign?",
        "Andorra's prime minister?",
        "Who told reporters that Trump had proposed a meeting?",
        "And who told the reporters of the paper that he had resigned?",
        "!?",
        "",
    ],
)
def test_a_question_that_stands_alone_is_left_as_it_is(question: str) -> None:
    assert stand_alone(question, [BEFORE]) == question


def test_the_first_question_of_a_conversation_leans_on_nothing() -> None:
    assert stand_alone("when?", []) == "when?"


def test_only_the_last_question_counts() -> None:
    turns = [Turn("Who lost?", "Nobody."), Turn("  Who won? ", None)]
    assert stand_alone(" when? ", turns) == "Who won? when?"
