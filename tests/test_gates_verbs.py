"""The gates on verbs: what is denied, planned, asked for or turned round, and what only looks like it."""

import pytest

from retrieval.gates import Gate, Objection, Place, objection


def _judge(question: str, sentence: str) -> Objection | None:
    """The verdict on the span that stands between asterisks."""
    before, span, after = sentence.split("*")
    plain = before + span + after
    return objection(question, Place(plain, len(before), len(before) + len(span), plain, "", plain))


def _stopped(gate: Gate, question: str, sentence: str) -> bool:
    verdict = _judge(question, sentence)
    return verdict is not None and verdict.gate == gate


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("How many people were killed?", "A fire claimed *12* lives and injured 30."),
        ("How many people were killed?", "*12* people lost their lives and 30 were hurt."),
        ("How many people died in the fire?", "The fire, in which *12* perished, left 30 injured."),
        ("How many people were killed?", "Divers pulled *12* bodies from the lake and took 30 injured to hospital."),
        ("Who was killed in the crash?", "*Bo Lind* was injured and later died."),
        ("Who was killed in the crash?", "*Bo Lind* was injured and died in hospital on Sunday."),
        ("How many people were injured?", "Ten people died and *dozens* more were taken to hospital."),
        ("How many people were injured?", "12 people died and *30* people were injured."),
        ("How many people were killed?", "*12* people died and 30 people were injured."),
    ],
)
def test_the_dead_and_the_injured_of_one_sentence_are_kept_apart(question: str, sentence: str) -> None:
    assert _judge(question, sentence) is None


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("How many people were killed?", "A fire claimed 12 lives and injured *30*."),
        ("How many people were injured?", "A fire claimed the lives of 12 people and killed *9* horses."),
        ("How many people were injured?", "*12* people died and 30 people were injured."),
        ("How many people were killed?", "12 people died and *30* people were injured."),
        ("How many people were injured?", "A blast that left *12* dead and injured 30 was an accident."),
        ("Who was killed in the crash?", "Al Dahl died and *Bo Lind* was injured."),
        ("How many people were killed?", "30 survivors were there, *12* of them injured."),
    ],
)
def test_the_injured_are_not_the_dead(question: str, sentence: str) -> None:
    assert _stopped("verb", question, sentence)


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("When did the bridge reopen?", "The bridge did not reopen until *Monday*."),
        ("When was the tower finished?", "The tower was not finished until *1998*."),
        ("When did Ms Orr admit it?", "Ms Orr denied it for years and did not admit it until *May*."),
        ("What did the firm announce?", "The firm unveiled *a phone* but did not immediately announce a price."),
        ("Who was hurt?", "*Bo Lind* broke a leg; the driver was not hurt."),
        ("Who was hurt?", "*Bo Lind* broke a leg, but the driver was not hurt."),
        ("Who is mayor?", "Bo Lind is no longer mayor; *Al Dahl* is."),
        ("Who is mayor?", "Bo Lind is no longer mayor, but *Al Dahl* is."),
        ("Who did not attend the coronation?", "*Bo Lind* skipped the coronation, which Jo Lind attended."),
        ("Who signed the letter?", "*Bo Lind* not only signed the letter, he wrote it."),
        ("Who signed the letter?", "Nobody but *Bo Lind* signed the letter."),
        ("How many were hurt in the fire?", "*No one* was hurt in the fire."),
        ("Who started the fire?", "No one was hurt in the fire that *Bo Lind* started."),
        ("Who denied resigning?", "*Ms Orr* denied resigning."),
        ("Who is accused of stealing the ring?", "*Bo Lind*, who is on trial, denied stealing the ring."),
        ("Who published the account?", "Mr Vale denied the account published by *Ms Orr*."),
        ("When would the bridge have opened?", "The bridge would have opened in *May*."),
        ("Who would have won without the storm?", "*Bo Lind* would have won without the storm."),
    ],
)
def test_what_is_denied_of_another_time_or_clause_is_not_denied(question: str, sentence: str) -> None:
    assert _judge(question, sentence) is None


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Who signed the letter?", "Neither *Ms Orr* nor Mr Vale signed the letter."),
        ("Who signed the letter?", "Neither the mayor nor *Mr Vale* has signed the letter."),
        ("Who signed the letter?", "None of the ministers, among them *Bo Lind*, signed the letter."),
        ("Who denied the account?", "*Ms Orr* neither confirmed nor denied the account."),
        ("Who will attend the hearing?", "*Ms Orr* cannot attend the hearing."),
        ("Who would attend the hearing?", "*Ms Orr* would not attend the hearing."),
        ("Who attended the hearing?", "*Ms Orr* was unable to attend the hearing."),
        ("Who signed the letter?", "*Ms Orr* did not personally sign the letter."),
        ("Who replied to the letter?", "*Ms Orr* did not reply to the letter."),
        ("Who attended the hearing?", "*Ms Orr* has not so far attended the hearing."),
        ("Who attended the hearing?", "*Ms Orr* sent a note but did not attend the hearing."),
        ("Who attended the hearing?", "*Ms Orr* sent a note but never attended the hearing."),
        ("Who attended the hearing?", "*Ms Orr* did not attend the hearing, though she had until Monday."),
        ("Who stole the ring?", "There is no evidence that *Bo Lind* stole the ring."),
        ("Who killed Al Dahl?", "A jury acquitted *Bo Lind* of killing Al Dahl."),
        ("Who resigned?", "Reports that *Bo Lind* resigned are false."),
        ("Who resigned?", "*Ms Orr* denied that she had resigned."),
        ("Who resigned?", "Ms Orr denied reports that *Bo Lind* has resigned."),
        ("Who won the race?", "*Bo Lind* would have won the race."),
    ],
)
def test_what_is_denied_in_other_words_is_denied(question: str, sentence: str) -> None:
    assert _stopped("negation", question, sentence)


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Who died in September?", "*Queen Ada II* passed away on 8 September."),
        ("Who killed Al Dahl?", "*Bo Lind* assassinated Al Dahl."),
        ("Who murdered Jo Cole?", "*Bo Lind* shot and stabbed Jo Cole."),
        ("How many people died?", "*19* children were slain."),
        ("Who survived the crash?", "*Bo Lind* was found alive."),
        ("Who lives at 10 Mill Lane?", "*Ms Orr* resides at 10 Mill Lane."),
        ("Who admitted the fraud?", "*Mr Vale* pleaded guilty to the fraud."),
        ("Who confirmed the sale?", "*Ms Orr* announced the sale."),
        ("Who denied the reports?", "*Ms Orr* called the reports baseless."),
        ("Who denied the account?", "“I have never met him,” *Mr Vale* said."),
    ],
)
def test_what_speaks_of_it_in_other_words_is_let_through(question: str, sentence: str) -> None:
    assert _judge(question, sentence) is None


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Who died in September?", "*Queen Ada II* opened the bridge on 8 September."),
        ("Who killed Al Dahl?", "*Bo Lind* met Al Dahl."),
        ("Who admitted the fraud?", "*Mr Vale* pleaded not guilty to the fraud."),
        ("Who denied the account?", "No comment, *Ms Orr* said."),
        ("Who denied the account?", "*Ms Orr* did not answer calls."),
        ("Who denied the account?", "*Ms Orr* could not immediately be reached on Monday."),
        ("Who denied the account?", "“I am not going to lie: it is true,” *Mr Vale* said."),
    ],
)
def test_a_sentence_that_does_not_speak_of_it_is_objected_to(question: str, sentence: str) -> None:
    assert _stopped("verb", question, sentence)


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Why did sales decline?", "Sales fell after *a strike*, the firm admitted."),
        ("How far did output decline?", "Output shrank by *2 percent*, data confirmed."),
        ("When will Bo Lind be back?", "Bo Lind returns on *Monday*, which many oppose."),
        ("How many drop boxes are there?", "There are *40* boxes after an increase."),
        ("What did Rose Orr win?", "Orr won *the Mill Prize* after a fall."),
    ],
)
def test_a_word_that_is_no_verb_has_no_opposite(question: str, sentence: str) -> None:
    assert _judge(question, sentence) is None


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Who backed the bill?", "*Mr Vale* opposes the bill."),
        ("How far did sales fall?", "Sales rose by *2 percent*."),
        ("Who resigned after the fire?", "*Al Dahl* was dismissed after the fire."),
    ],
)
def test_a_verb_has_its_opposite(question: str, sentence: str) -> None:
    assert _stopped("verb", question, sentence)


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("What sentence was he given?", "Prosecutors had sought 20 years; a judge jailed him for *19 years*."),
        ("What sentence was he given?", "Prosecutors had sought 20 years, but a judge said *19 years*."),
        ("What award did Bo Lind receive?", "Bo Lind, who is in great demand, won *the Mill Prize*."),
        ("Who was announced as the new host of the show?", "*Bo Lind* will host the show."),
        ("Why was the start of the trial delayed?", "The trial will start later because *a juror was ill*."),
    ],
)
def test_what_is_asked_for_or_planned_besides_is_no_plan(question: str, sentence: str) -> None:
    assert _judge(question, sentence) is None


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("What sentence was he given?", "A judge heard him; prosecutors had sought *20 years*."),
        ("What award did Bo Lind receive?", "Bo Lind had demanded *the Mill Prize*."),
        ("When did the show start?", "The show will start on *Monday*."),
        ("When did the bridge open?", "The bridge will not open until *2027*."),
    ],
)
def test_what_is_only_asked_for_or_planned_is_a_plan(question: str, sentence: str) -> None:
    assert _stopped("plan", question, sentence)
