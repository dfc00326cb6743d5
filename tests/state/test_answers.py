"""What becomes of answers: more passages, opinions, conversations, forgetting, what the operator sees."""

import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import make_url

from bot.state import Answered, Asked, Place, State
from bot.tables import clean
from tests.state.builders import HERE, LONG_AGO, SECRET, THREADS, answered, ask, ask_and_answer, asked, at_once, cited

# More


def test_more_citations_are_numbered_on_and_come_only_once(state: State) -> None:
    record = ask_and_answer(state, asked())
    more = [cited("a1", 10), cited("a2", 10), cited("a1", 90), cited("a2", 10)]
    expected = (cited("a1", 10, 1), cited("a2", 10, 2), cited("a1", 90, 3))
    for _ in range(2):
        done = state.cite_more(record.id, more)
        assert done.answered is not None
        assert done.answered.citations == expected
        assert state.find(record.id) == done


def test_more_citations_of_several_threads_are_all_there_once(state: State) -> None:
    record = ask_and_answer(state, asked())
    at_once(lambda number: [state.cite_more(record.id, [cited(f"b{number // 2 + turn}", 0)]) for turn in range(4)])
    found = state.find(record.id)
    assert found is not None
    assert found.answered is not None
    citations = found.answered.citations
    assert [one.n for one in citations] == list(range(1, len(citations) + 1))
    expected = ["a1"] + [f"b{number}" for number in range(THREADS // 2 + 3)]
    assert sorted(one.article_id for one in citations) == sorted(expected)


def test_what_is_not_answered_cannot_cite_more(state: State) -> None:
    with pytest.raises(KeyError):
        state.cite_more(ask(state, asked()).id, [cited()])


# Opinions


def test_a_user_has_one_opinion_of_an_answer(state: State) -> None:
    record = ask_and_answer(state, asked())
    other = ask_and_answer(state, asked())
    state.rate(record.id, 1, 1)
    state.rate(record.id, 1, -1)
    state.rate(record.id, 2, 1)
    assert (state.rating(record.id, 1), state.rating(record.id, 2), state.rating(other.id, 1)) == (-1, 1, None)
    state.rate(record.id, 1, None)
    state.rate(record.id, 1, None)
    assert (state.rating(record.id, 1), state.rating(record.id, 2)) == (None, 1)


def test_a_user_who_presses_in_several_threads_has_one_opinion(state: State) -> None:
    record = ask_and_answer(state, asked())

    def work(number: int) -> None:
        for _ in range(5):
            state.rate(record.id, 1, -1)

    at_once(work)
    assert state.rating(record.id, 1) == -1
    assert [gap.disliked for gap in state.gaps(LONG_AGO)] == [1]


# Conversations


def test_turns_are_the_last_answered_questions_oldest_first(state: State) -> None:
    done = [ask_and_answer(state, asked(str(number))) for number in range(8)]
    ask(state, asked("not answered"))
    assert state.turns(HERE) == done[-6:]
    assert state.turns(HERE, 2) == done[-2:]
    assert state.turns(HERE, 100) == done
    assert state.turns(HERE, 3, before=done[5].id) == done[2:5]
    assert state.turns(HERE, before=done[0].id) == []


def test_a_conversation_is_that_of_one_thread_of_one_chat(state: State) -> None:
    places = [Place(1), Place(1, 1), Place(1, 2), Place(2)]
    done = [ask_and_answer(state, replace(asked(), place=place)) for place in places]
    state.begin_anew(Place(2))
    state.begin_anew(Place(1, 2))
    assert [state.turns(place) for place in places] == [[done[0]], [done[1]], [], []]
    state.begin_anew(Place(1))
    assert [state.turns(place) for place in places] == [[], [done[1]], [], []]


def test_a_conversation_begun_anew_knows_only_what_was_asked_since(state: State) -> None:
    ask_and_answer(state, asked("before"))
    under_way = ask(state, asked("under way"))
    state.begin_anew(HERE)
    state.answer(under_way.id, answered())
    after = ask_and_answer(state, asked("after"))
    assert state.turns(HERE) == [after]
    assert state.find(under_way.id) is not None


# Forgetting


def test_a_user_is_forgotten_with_everything(state: State) -> None:
    mine = [ask_and_answer(state, asked("mine", number, user_id=1)) for number in range(3)]
    theirs = ask_and_answer(state, asked("theirs", 10, user_id=2))
    state.sent(mine[0].id, [77])
    state.rate(mine[0].id, 2, 1)
    state.rate(theirs.id, 1, -1)
    state.rate(theirs.id, 2, 1)
    assert state.forget(1) == 3
    assert [state.find(record.id) for record in mine] == [None] * 3
    assert state.by_reply(HERE.chat_id, 77) is None
    assert state.rating(mine[0].id, 2) is None
    assert state.rating(theirs.id, 1) is None
    assert state.rating(theirs.id, 2) == 1
    assert state.turns(HERE) == [theirs]
    assert state.forget(1) == 0


def test_users_who_are_forgotten_at_once_do_not_wait_for_each_other(url: str, state: State) -> None:
    """Each thinks something of the other's answers, which is where they could meet."""
    for _ in range(10):
        records = [ask_and_answer(state, asked(user_id=number)) for number in range(THREADS)]
        for record in records:
            for number in range(THREADS):
                state.rate(record.id, number, -1)
        assert at_once(state.forget) == [1] * THREADS


def test_forgotten_words_are_in_no_file(lite: str, tmp_path: Path) -> None:
    state = State(lite)
    for number in range(150):
        user = number % 5
        mark = f"mark-of-{user}-{number} "
        record = ask(state, asked(mark * (number % 7 + 1), number, user_id=user))
        quote = mark * (40 * (number % 13) + 1)
        state.answer(record.id, replace(answered(mark), citations=(cited(quote=quote),)))
        if number % 3 == 0:
            state.answer(state.ask_again(record.id, mark * 30).id, answered(mark * 10))
    assert _bytes_of(tmp_path).count(b"mark-of-3-") > 0
    assert state.forget(3) == 30
    assert _bytes_of(tmp_path).count(b"mark-of-3-") == 0
    assert _bytes_of(tmp_path).count(b"mark-of-2-") > 0
    state.close()


def _bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_words_that_could_not_be_overwritten_yet_are_named_in_the_log(
    lite: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.tables._PATIENCE_S", 0.1)
    state = State(lite)
    ask(state, asked(SECRET))
    reader = sqlite3.connect(make_url(lite).database or "", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM byline_questions")  # an old view of the file, which keeps the log from going
    assert state.forget(5) == 1
    assert "VACUUM" in caplog.text
    assert SECRET not in caplog.text
    reader.close()
    state.close()


# What the operator sees


def test_gaps_are_what_was_refused_or_disliked_newest_first(state: State) -> None:
    ask_and_answer(state, asked("Who  won?"), answered(None))
    ask_and_answer(state, asked("Who lost?"), answered(None))
    ask_and_answer(state, asked("Who stayed?"))
    ask(state, asked("Who is not answered yet?"))
    liked = ask_and_answer(state, asked("Who smiled?"))
    state.rate(liked.id, 1, 1)
    newest = ask_and_answer(state, asked("who WON ?!"))
    state.rate(newest.id, 1, -1)
    gaps = state.gaps(LONG_AGO)
    assert [(gap.question, gap.count, gap.refused, gap.disliked) for gap in gaps] == [
        ("who WON ?!", 2, 1, 1),
        ("Who lost?", 1, 1, 0),
    ]
    assert gaps[0].last == newest.asked_at
    assert state.gaps(LONG_AGO, limit=1) == gaps[:1]
    assert state.gaps(newest.asked_at)[0].count == 1
    assert state.gaps(newest.asked_at + timedelta(seconds=1)) == []


def test_half_typed_inline_questions_are_no_gaps(state: State) -> None:
    ask_and_answer(state, Asked("Who w", "inline", 5, "en"), answered(None))
    assert state.gaps(LONG_AGO) == []


def test_an_inline_answer_that_is_disliked_is_a_gap(state: State) -> None:
    liked, disliked = (ask_and_answer(state, Asked(text, "inline", 5, "en")) for text in ("Who lost?", "Who won?"))
    refused = ask_and_answer(state, Asked("who won", "inline", 5, "en"), answered(None))
    state.rate(liked.id, 9, 1)
    state.rate(disliked.id, 9, -1)
    (gap,) = state.gaps(LONG_AGO)
    assert (gap.question, gap.count, gap.refused, gap.disliked) == ("Who won?", 1, 0, 1)
    state.rate(refused.id, 9, -1)
    (gap,) = state.gaps(LONG_AGO)
    assert (gap.question, gap.count, gap.refused, gap.disliked) == ("who won", 2, 1, 2)


# Texts

_any_text = st.text(st.characters() | st.sampled_from("\x00\ud800\udfff\U0001f6a2'\"%\\{}:;"), max_size=40)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(words=["a\x00\ud800b"] * 6, confidence=0.0, took=0.0)
@given(words=st.lists(_any_text, min_size=6, max_size=6), confidence=st.floats(0, 1), took=st.floats(0, 1e7))
def test_any_text_comes_back_but_for_what_is_no_character(
    state: State, words: list[str], confidence: float, took: float
) -> None:
    question = Asked(words[0], "message", 1, words[1], HERE)
    citation = replace(cited(quote=words[2]), title=words[3], source=words[4], url=words[5])
    answer = Answered(words[2], words[3], words[4], confidence, (citation,), words[5], took)
    record = ask_and_answer(state, question, answer)
    assert record == state.find(record.id)
    assert record.asked == replace(question, text=clean(words[0]), language=clean(words[1]))
    assert record.answered is not None
    (kept,) = record.answered.citations
    assert (kept.quote, kept.title, kept.source, kept.url) == tuple(clean(words[at]) for at in (2, 3, 4, 5))
    assert record.answered.text == clean(words[3])
    assert (record.answered.confidence, record.answered.milliseconds) == (confidence, took)


@given(_any_text)
def test_what_is_no_character_becomes_one_that_is_so_that_offsets_hold(words: str) -> None:
    cleaned = clean(words)
    assert len(cleaned) == len(words)
    assert "\x00" not in cleaned
    cleaned.encode()
    assert all(
        new == old or old == "\x00" or "\ud800" <= old <= "\udfff" for old, new in zip(words, cleaned, strict=True)
    )
