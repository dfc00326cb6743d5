"""Questions that lean on the conversation, and those that do not."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.followups import Turn, context, favoured, search_text, stand_alone
from retrieval.retriever import ALONE, MAX_QUERY

DENIED = Turn("Who denied the account?", "Dmitry Peskov")
SPAIN = Turn("How many people voted in Spain?", "22 million")
ORR = Turn("When did Anna Orr open the bridge?", "on 3 May")
OPENED = Turn("What did Anna Orr open?", "the Kestrel Bridge")
BRIDGE = Turn("What is the Kestrel Bridge?", None)
FRESH = [
    "Who won the presidential election in Karsova?",
    "How many passengers did the ferry Saint Orla carry?",
    "what is the capital of australia",
    "What is inflation?",
    "Is it true that the Kestrel Bridge was closed?",
    "How long does it take to cross the Kestrel Bridge?",
    "Why is it difficult to bake bread at home?",
    "Who said that the bridge was unsafe?",
    "Are there any trams in Vessmark?",
    "Which minister resigned over the stadium bill?",
    "Did Bo Lind sell his house?",
    "Tell me about the strike at the port of Vessmark",
    "A diver found a rare coin off Saint Orla. What was it?",
    "What happened in Vessmark this week?",
]


@pytest.mark.parametrize(
    ("before", "question", "understood"),
    [
        (DENIED, "Where was he born?", "Where was Dmitry Peskov born?"),
        (DENIED, "What is his job?", "What is Dmitry Peskov’s job?"),
        (DENIED, "What about his wife?", "What about Dmitry Peskov’s wife?"),
        (DENIED, "Why did he deny it?", "Why did Dmitry Peskov deny the account?"),
        (ORR, "What did she say?", "What did Anna Orr say?"),
        (ORR, "Who voted for her?", "Who voted for Anna Orr?"),
        (ORR, "Why did Bo Lind dismiss her?", "Why did Bo Lind dismiss Anna Orr?"),
        (ORR, "Who paid her deputy?", "Who paid Anna Orr’s deputy?"),
        (ORR, "what happened then?", "what happened on 3 May?"),
        (BRIDGE, "How long is it?", "How long is the Kestrel Bridge?"),
        (BRIDGE, "who built it?", "who built the Kestrel Bridge?"),
        (OPENED, "What is its length?", "What is the Kestrel Bridge’s length?"),
        (Turn("What is the capital of Karsova?", "Vessmark"), "How old is it?", "How old is Vessmark?"),
        (Turn("What are the causes of anaemia?", None), "How is it treated?", "How is anaemia treated?"),
        (Turn("What are the trams’ timetables?", None), "Who runs them?", "Who runs the trams?"),
        (Turn("Who owns the North Line?", "the council"), "Where do they meet?", "Where do the council meet?"),
        (Turn("Where is Vessmark?", None), "What can you do there?", "What can you do in Vessmark?"),
        (
            Turn("Where was Ada Lind born?", "Vessmark"),
            "How many people live there?",
            "How many people live in Vessmark?",
        ),
        (SPAIN, "Who is the mayor there?", "Who is the mayor in Spain?"),
        (Turn("what is a bush fire?", None), "how does it spread?", "how does a bush fire spread?"),
    ],
)
def test_a_pronoun_takes_what_it_stands_for(before: Turn, question: str, understood: str) -> None:
    assert stand_alone(question, [before]) == understood


@pytest.mark.parametrize(
    ("before", "question", "understood"),
    [
        (DENIED, "when?", "When was it that Dmitry Peskov denied the account?"),
        (DENIED, "And when was that?", "When was it that Dmitry Peskov denied the account?"),
        (Turn("Who leads the party?", "Bo Lind"), "since when?", "Since when is it that Bo Lind leads the party?"),
        (
            Turn("Who was arrested in Paris?", "Bo Lind"),
            "in which year?",
            "In which year was Bo Lind arrested in Paris?",
        ),
        (Turn("Did the mayor open the bridge?", None), "And why?", "Why did the mayor open the bridge?"),
        (ORR, "where?", "Where did Anna Orr open the bridge?"),
        (OPENED, "when exactly?", "When did Anna Orr open the Kestrel Bridge?"),
        (Turn("Who denied the account?", None), "when?", "Who denied the account? When?"),
        (SPAIN, "how much?", "How many people voted in Spain? How much?"),
    ],
)
def test_a_bare_question_word_asks_the_question_before_anew(before: Turn, question: str, understood: str) -> None:
    assert stand_alone(question, [before]) == understood


@pytest.mark.parametrize(
    ("before", "question", "understood"),
    [
        (SPAIN, "and in France?", "How many people voted in France?"),
        (SPAIN, "What about in the Netherlands?", "How many people voted in the Netherlands?"),
        (SPAIN, "what about Portugal?", "How many people voted in Portugal?"),
        (SPAIN, "and the weather?", "How many people voted in Spain? And the weather?"),
        (Turn("How many voted in Spain in 2016?", None), "and in 2019?", "How many voted in Spain in 2019?"),
        (Turn("how many people voted in spain", None), "and in france?", "how many people voted in france"),
        (Turn("tell me about inflation", None), "what about unemployment?", "tell me about unemployment"),
    ],
)
def test_an_ellipsis_takes_the_place_of_its_counterpart(before: Turn, question: str, understood: str) -> None:
    assert stand_alone(question, [before]) == understood


@pytest.mark.parametrize(
    ("before", "question", "understood"),
    [
        (Turn("why was the bread recalled", "metal"), "who ate it", "who ate it (bread recalled)"),
        (ORR, "the cost?", "the cost? (Anna Orr)"),
        (BRIDGE, "Was that expected?", "Was that expected? (the Kestrel Bridge)"),
        (Turn("Who is the mayor of Vessmark?", None), "What is her name?", "What is her name? (Vessmark)"),
    ],
)
def test_what_leans_on_no_single_name_takes_the_subject_in_brackets(
    before: Turn, question: str, understood: str
) -> None:
    assert stand_alone(question, [before]) == understood


@pytest.mark.parametrize("question", FRESH)
def test_a_fresh_question_is_left_as_it_is(question: str) -> None:
    assert stand_alone(question, [DENIED, SPAIN]) == question


@pytest.mark.parametrize("question", FRESH[:2])
def test_a_question_of_another_topic_is_searched_for_alone(question: str) -> None:
    assert search_text(question, [SPAIN, DENIED]) == question


@pytest.mark.parametrize(
    ("question", "alone"),
    [
        ("How much was Acme fined?", True),
        ("What is Acme?", False),
        ("Was Acme fined for it?", False),
        ("Was Acme fined in Spain?", False),
        ("How much was paid?", False),
    ],
)
def test_few_words_of_a_name_that_is_new_are_searched_for_alone(question: str, alone: bool) -> None:
    assert (search_text(question, [SPAIN, DENIED]) == question) == alone


@pytest.mark.parametrize("question", ["Thank you!", "thanks", "Tell me more"])
def test_a_remark_takes_nothing_that_has_no_name(question: str) -> None:
    assert stand_alone(question, [Turn("who ate the bread", None)]) == question


def test_what_was_spoken_of_last_comes_first() -> None:
    assert stand_alone("What did he say?", [ORR, DENIED]) == "What did Dmitry Peskov say?"
    assert stand_alone("What did she say?", [DENIED, ORR]) == "What did Anna Orr say?"


def test_an_earlier_name_is_taken_if_the_last_question_has_none() -> None:
    turns = [ORR, Turn("how much was the toll?", "two crowns")]
    assert stand_alone("Why did she resign?", turns) == "Why did Anna Orr resign?"


def test_a_conversation_goes_on_about_its_subject() -> None:
    said: list[Turn] = []
    for question in ("What is the Kestrel Bridge?", "Who built it?", "What are its dimensions?", "Why was it closed?"):
        said.append(Turn(stand_alone(question, said), None))
    assert [turn.question for turn in said[2:]] == [
        "What are the Kestrel Bridge’s dimensions?",
        "Why was the Kestrel Bridge closed?",
    ]


def test_a_surname_is_taken_in_full_from_the_sentence_that_was_quoted() -> None:
    turn = Turn("Who denied the account?", "Peskov", "“No,” said the spokesman, Dmitry Peskov, on Monday.")
    assert stand_alone("Where was he born?", [turn]) == "Where was Dmitry Peskov born?"


def test_a_long_answer_names_nobody() -> None:
    long = Turn("Who won?", "It was said that Ada Mayer, Bo Lind and Cy Dahl had all won something or other")
    assert stand_alone("Where does she live?", [long]) == "Where does she live?"


@pytest.mark.parametrize(
    "question",
    ["How many trams cross the bridge in a day?", "Any word on compensation?", "What did Bo Lind say on Monday?"],
)
def test_a_question_that_goes_on_is_searched_for_after_the_one_before_it(question: str) -> None:
    turns = [SPAIN, Turn("Why did Bo Lind close the Kestrel Bridge?", None)]
    assert stand_alone(question, turns) in (question, f"{question} (Bo Lind, Kestrel Bridge)")
    assert search_text(question, turns) == f"{turns[-1].question} {stand_alone(question, turns)}"


@pytest.mark.parametrize("words", ["it cost ", "that ", "the a ", "what is it that the "])
def test_a_pasted_text_is_no_follow_up_and_takes_no_time(words: str) -> None:
    pasted = words * (MAX_QUERY // len(words))
    began = time.perf_counter()
    assert stand_alone(pasted, [DENIED]) == pasted
    assert stand_alone("Why did he do it?", [Turn(pasted, pasted, pasted)]) == "Why did he do it?"
    search_text(pasted[:300], [DENIED])
    assert time.perf_counter() - began < 0.5


def test_a_short_question_in_small_letters_may_be_a_fresh_one() -> None:
    assert search_text("average price of bread", [DENIED]) == "average price of bread"
    searched = search_text("What is the average price?", [DENIED])
    assert searched == "Who denied the account? What is the average price? Dmitry Peskov"


LONG = (
    "At the Geyserville cannery a strike began in May. The strike was led by Ana Ruiz; the cannery gave in on Friday, "
    "and wages rose by a tenth once the strike was over."
)


def test_of_a_long_answer_its_first_name_and_what_it_says_again_are_searched_with() -> None:
    searched = search_text("How did it end?", [Turn("What happened in the valley?", LONG)])
    assert searched == "What happened in the valley? How did the valley end? strike cannery Geyserville"


def test_what_an_answer_says_is_not_searched_with_twice_nor_by_a_fresh_question() -> None:
    assert search_text("Why did Ana Ruiz do it?", [Turn("Who led the strike?", "Ana Ruiz")]).count("Ruiz") == 1
    fresh = "Which team won the hockey final in Oslo?"
    assert search_text(fresh, [Turn("What happened in the valley?", LONG)]) == fresh


CITED = Turn("When did Anna Orr open the bridge?", "on 3 May", None, ("herald-7", "echo-2"))
REFUSED = Turn("How long is the bridge?", None, None, ("echo-9",))


@pytest.mark.parametrize("question", ["Why did she open it?", "where?", "what happened then?", "the cost?"])
def test_what_leans_on_the_conversation_favours_what_the_last_answer_cited(question: str) -> None:
    earlier = Turn("Who denied the account?", "Dmitry Peskov", None, ("wire-1",))
    assert favoured(question, [earlier, CITED]) == ("herald-7", "echo-2")


def test_what_a_refusal_showed_is_not_favoured() -> None:
    assert favoured("Why did she open it?", [CITED, REFUSED]) == ("herald-7", "echo-2")
    assert favoured("Who built it?", [REFUSED]) == ()


@pytest.mark.parametrize("question", [*FRESH, "How many trams cross the bridge in a day?"])
def test_what_stands_alone_favours_nothing(question: str) -> None:
    assert favoured(question, [CITED]) == favoured(question, []) == ()


_TEXTS = st.text(max_size=200)
_QUESTIONS = st.sampled_from([*FRESH, "when?", "And in France?", "Why did he deny it?", "What about her?", "the cost?"])
_TURNS = st.lists(st.builds(Turn, _QUESTIONS | _TEXTS, st.none() | _TEXTS, st.none() | _TEXTS), max_size=4)


@given(_TEXTS)
def test_without_a_conversation_nothing_changes(question: str) -> None:
    assert stand_alone(question, []) == search_text(question, []) == question


@given(_QUESTIONS | _TEXTS, _TURNS)
def test_any_conversation_is_understood_without_an_error(question: str, turns: list[Turn]) -> None:
    understood = stand_alone(question, turns)
    assert understood.strip() or not question.strip()
    assert understood in search_text(question, turns)


@given(_QUESTIONS, st.integers(1, MAX_QUERY))
def test_what_is_understood_is_never_too_long_to_be_searched_for(question: str, length: int) -> None:
    turns = [Turn(("What is " + "Kestrel " * length)[:length] + "?", "Kestrel " * length)] * 2
    assert len(stand_alone(question, turns)) <= MAX_QUERY
    assert len(search_text(question, turns)) <= MAX_QUERY


@given(st.sampled_from(FRESH), st.sampled_from([DENIED, SPAIN, ORR, OPENED]), st.sampled_from([DENIED, SPAIN, ORR]))
def test_a_fresh_question_stays_fresh_however_often_it_is_understood(question: str, first: Turn, last: Turn) -> None:
    once = stand_alone(question, [first, last])
    assert stand_alone(once, [first, last]) == once == question


@pytest.mark.parametrize("question", ["", "  ", "?!", "—"])
def test_what_has_no_words_is_left_as_it_is(question: str) -> None:
    assert stand_alone(question, [DENIED]) == question


@pytest.mark.parametrize(
    ("question", "answer", "quote", "follow_up", "understood"),
    [
        ("Who leads North Wexcombe?", "Kim Orr Un", None, "How old is he?", "How old is Kim Orr Un?"),
        ("Which bank fell?", "Silicon Bay Bank", None, "Where is it based?", "Where is Silicon Bay Bank based?"),
        ("Who won?", "Lula da Silva", "Luiz Lula da Silva won.", "When was he born?", "When was Lula da Silva born?"),
        ("Who won?", "Ursula von der Orr", None, "How old is she?", "How old is Ursula von der Orr?"),
        ("Who denied it?", "Vale", "Yesterday Vale denied it.", "How old is he?", "How old is Vale?"),
        ("Who denied it?", "Vale", "Tomas Vale denied it.", "How old is he?", "How old is Tomas Vale?"),
        ("Who spoke?", "former UK chancellor Ada Lind", None, "How old is she?", "How old is Ada Lind?"),
        ("Who spoke?", "Ada Lind, chancellor of the UK", None, "How old is she?", "How old is Ada Lind?"),
        ("When did the Queen die?", "Thursday", None, "How old was she?", "How old was the Queen?"),
        ("Who bought Chirper?", "Ada Lind", None, "When did she do it?", "When was it that Ada Lind bought Chirper?"),
        ("Why did Ada Lind resign?", "the budget", None, "What was in it?", "What was in the budget?"),
        ("Where did Ada Lind die?", "Balmoral", None, "Who owns it?", "Who owns Balmoral?"),
        ("Where did the Queen die?", "in Balmoral", None, "Who buried her?", "Who buried the Queen?"),
    ],
)
def test_what_was_answered_is_named_in_full_and_as_it_stands(
    question: str, answer: str, quote: str | None, follow_up: str, understood: str
) -> None:
    assert stand_alone(follow_up, [Turn(question, answer, quote)]) == understood


@pytest.mark.parametrize(
    "fresh", ["train strikes", "gas prices today", "and what is brexit?", "Who said they would leave the union?"]
)
def test_a_fresh_question_takes_nothing_along(fresh: str) -> None:
    assert stand_alone(fresh, [Turn("Who bought Chirper?", "Ada Lind")]) == fresh


def test_the_context_of_a_question_is_what_it_goes_on_from_and_what_was_answered() -> None:
    said = Turn("When did Anna Orr open the bridge?", "on 3 May", "Anna Orr opened it on 3 May.", ("herald-7",))
    found = context("Why did she open it?", [DENIED, said])
    assert found.text == search_text("Why did she open it?", [DENIED, said])
    assert found.answer == "Anna Orr opened it on 3 May."
    assert found.articles == ("herald-7",)


def test_of_an_answer_without_a_sentence_its_beginning_is_the_context() -> None:
    assert context("How did it end?", [Turn("What happened in the valley?", LONG)]).answer == LONG
    cut = context("How did it end?", [Turn("What happened in the valley?", "strike " * 99)]).answer
    assert cut == ("strike " * 99)[:300]
    assert context("How did it end?", [Turn("What happened in the valley?", None)]).answer == ""


@pytest.mark.parametrize("question", FRESH[:2])
def test_a_question_of_another_topic_has_no_context(question: str) -> None:
    assert context(question, [SPAIN, DENIED]) == context(question, []) == ALONE


@pytest.mark.parametrize("question", ["Did Orsania respond?", "How did Norva Air react?", "Was Jan Vale involved?"])
def test_how_somebody_new_took_it_is_asked_of_what_was_spoken_of(question: str) -> None:
    assert context(question, [DENIED]).text == f"{DENIED.question} {question} {DENIED.answer}"
