"""Which days a question speaks of, asked on Monday 2 April 2018 unless a test says otherwise."""

import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.periods import find_period

ASKED = date(2018, 4, 2)


def _found(question: str, as_of: date = ASKED) -> tuple[str, str, str] | None:
    period = find_period(question, as_of)
    return (period.kind, str(period.first), str(period.last)) if period else None


@pytest.mark.parametrize(
    ("question", "first", "last"),
    [
        # A day: seven days in which papers still write of it.
        ("Which bridge collapsed on March 15, 2017?", "2017-03-15", "2017-03-22"),
        ("Which bridge collapsed on 15 March 2017?", "2017-03-15", "2017-03-22"),
        ("which bridge collapsed on march 15 2017", "2017-03-15", "2017-03-22"),
        ("Which bridge collapsed on Wednesday, March 15th, 2017?", "2017-03-15", "2017-03-22"),
        ("Which bridge collapsed on the 15th of March, 2017?", "2017-03-15", "2017-03-22"),
        ("Which bridge collapsed on the 15th March 2017?", "2017-03-15", "2017-03-22"),
        ("Which bridge collapsed on Mar. 15, 2017?", "2017-03-15", "2017-03-22"),
        ("Which bridge collapsed on 2017-03-15?", "2017-03-15", "2017-03-22"),
        ("Which bridge collapsed on 2017/3/15?", "2017-03-15", "2017-03-22"),
        ("Welche Brücke ist am 15.03.2017 eingestürzt?", "2017-03-15", "2017-03-22"),
        ("Which bridge collapsed on 3/15/2017?", "2017-03-15", "2017-03-22"),
        ("Which bridge collapsed on 15/3/2017?", "2017-03-15", "2017-03-22"),
        ("Who won the vote of Sept 24, 2017?", "2017-09-24", "2017-10-01"),
        ("Who won the vote on March\u00a015,\u00a02017?", "2017-03-15", "2017-03-22"),
        ("Who resigned on 29 February 2016?", "2016-02-29", "2016-03-07"),
        # A month: ten days.
        ("Which bridge collapsed in March 2017?", "2017-03-01", "2017-04-10"),
        ("which bridge collapsed in march 2017", "2017-03-01", "2017-04-10"),
        ("WHICH BRIDGE COLLAPSED IN MARCH 2017?", "2017-03-01", "2017-04-10"),
        ("Which bridge collapsed in March of 2017?", "2017-03-01", "2017-04-10"),
        ("Which bridge collapsed in March, 2017?", "2017-03-01", "2017-04-10"),
        ("Which bridge collapsed in 2017-03?", "2017-03-01", "2017-04-10"),
        ("The March 2017 collapse: which bridge was it?", "2017-03-01", "2017-04-10"),
        ("What burned in May 2017?", "2017-05-01", "2017-06-10"),
        ("what burned in may 2017", "2017-05-01", "2017-06-10"),
        ("What burned in August last year?", "2017-08-01", "2017-09-10"),
        # Longer: thirty days.
        ("Which film won in 2016?", "2016-01-01", "2017-01-30"),
        ("Which film won in the year 2016?", "2016-01-01", "2017-01-30"),
        ("How many people fled during 2016?", "2016-01-01", "2017-01-30"),
        ("How many homes were there by 2016?", "2016-01-01", "2017-01-30"),
        ("What did the firm earn in Q3 2016?", "2016-07-01", "2016-10-30"),
        ("What did the firm earn in the third quarter of 2016?", "2016-07-01", "2016-10-30"),
        ("What burned during summer 2016?", "2016-06-01", "2016-09-30"),
        ("What burned in the summer of 2016?", "2016-06-01", "2016-09-30"),
        ("Who struck in the fall of 2016?", "2016-09-01", "2016-12-30"),
        ("Who was president in the 1990s?", "1990-01-01", "2000-01-30"),
        ("Who led the league in the 2015-16 season?", "2015-01-01", "2017-01-30"),
        # A part of a month or a year.
        ("Who resigned in early 2016?", "2016-01-01", "2016-06-01"),
        ("Who resigned in late March 2017?", "2017-03-21", "2017-04-10"),
        ("Who resigned in mid-2016?", "2016-05-01", "2016-09-30"),
        ("Who resigned at the end of 2016?", "2016-08-31", "2017-01-30"),
        ("What did it earn in the  first  half of  2016?", "2016-01-01", "2016-08-01"),
        ("What did it earn in the first half of 2016?", "2016-01-01", "2016-08-01"),
        # Ranges; each end borrows from the other.
        ("What happened between March and May 2016?", "2016-03-01", "2016-06-30"),
        ("What happened from 2017-03-03 to 2017-03-05?", "2017-03-03", "2017-03-15"),
        ("What happened from 3 to 5 May 2017?", "2017-05-03", "2017-05-15"),
        ("What happened from 3 to 5 May?", "2017-05-03", "2017-05-15"),
        ("What happened on March 3-5, 2017?", "2017-03-03", "2017-03-15"),
        ("What happened on 3\u20135 March 2017?", "2017-03-03", "2017-03-15"),
        ("What happened from November to February?", "2017-11-01", "2018-03-30"),
        ("What happened between November 2016 and February 2017?", "2016-11-01", "2017-03-30"),
        ("How many died between 2014 and 2016?", "2014-01-01", "2017-01-30"),
        ("How many died from 2014 to 2016?", "2014-01-01", "2017-01-30"),
        ("What happened from 30 March to 5 April?", "2018-03-30", "2018-04-02"),
        # An open end.
        ("What has changed since January?", "2018-01-01", "2018-04-02"),
        ("What has changed since 2016?", "2016-01-01", "2018-04-02"),
        ("What has changed since 20 March?", "2018-03-20", "2018-04-02"),
        ("What changed after March 2017?", "2017-04-01", "2018-04-02"),
        ("Who was in charge before 2015?", "0001-01-01", "2014-12-31"),
        ("Who was in charge prior to March 2017?", "0001-01-01", "2017-02-28"),
        # A year straight before a noun.
        ("Who won the 2016 election?", "2016-01-01", "2017-01-30"),
        ("Who ran his 2016 campaign?", "2016-01-01", "2017-01-30"),
        ("Who won Austria's 2016 election?", "2016-01-01", "2017-01-30"),
        ("What changed after the 2016 election?", "2016-01-01", "2017-01-30"),
        # Clipped to the day of asking.
        ("Who resigned in 2018?", "2018-01-01", "2018-04-02"),
        ("Who resigned in April 2018?", "2018-04-01", "2018-04-02"),
        ("Who resigned on 30 March 2018?", "2018-03-30", "2018-04-02"),
    ],
)
def test_an_explicit_date_favours_its_days_and_some_after(question: str, first: str, last: str) -> None:
    assert _found(question) == ("favour", first, last)


@pytest.mark.parametrize(
    ("question", "as_of", "first", "last"),
    [
        ("Who was arrested on 20 March?", date(2018, 4, 2), "2018-03-20", "2018-03-27"),
        ("Who was arrested on 20 March?", date(2018, 3, 10), "2017-03-20", "2017-03-27"),
        ("Who was arrested on 20 March?", date(2018, 3, 20), "2018-03-20", "2018-03-20"),
        ("who was arrested on march 20", date(2018, 4, 2), "2018-03-20", "2018-03-27"),
        ("who was arrested on may 3", date(2018, 6, 1), "2018-05-03", "2018-05-10"),
        ("Who was arrested on 29 February?", date(2018, 4, 2), "2016-02-29", "2016-03-07"),
        ("who was arrested in march", date(2018, 4, 2), "2018-03-01", "2018-04-02"),
        ("Who was arrested in March?", date(2018, 3, 10), "2018-03-01", "2018-03-10"),
        ("Who was arrested in May?", date(2018, 4, 2), "2017-05-01", "2017-06-10"),
        ("who was arrested in may", date(2018, 4, 2), "2017-05-01", "2017-06-10"),
        ("Who was arrested in Jan.?", date(2018, 4, 2), "2018-01-01", "2018-02-10"),
        ("Who was arrested last March?", date(2018, 3, 10), "2017-03-01", "2017-04-10"),
        ("Who was arrested in the summer?", date(2018, 4, 2), "2017-06-01", "2017-09-30"),
        ("Who was arrested last summer?", date(2018, 7, 2), "2017-06-01", "2017-09-30"),
        ("Who was arrested this winter?", date(2018, 2, 2), "2017-12-01", "2018-02-02"),
    ],
)
def test_a_date_without_a_year_is_the_latest_that_has_begun(question: str, as_of: date, first: str, last: str) -> None:
    assert _found(question, as_of) == ("favour", first, last)


@pytest.mark.parametrize(
    ("question", "first", "last"),
    [
        ("Who resigned today?", "2018-04-01", "2018-04-02"),
        ("Who spoke this morning?", "2018-04-01", "2018-04-02"),
        ("Who resigned yesterday?", "2018-04-01", "2018-04-02"),
        ("Who won last night?", "2018-04-01", "2018-04-02"),
        ("Who resigned the day before yesterday?", "2018-03-31", "2018-04-02"),
        ("Which minister resigned this week?", "2018-03-24", "2018-04-02"),
        ("This week, a minister resigned. Which one?", "2018-03-24", "2018-04-02"),
        ("Which minister resigned last week?", "2018-03-20", "2018-04-02"),
        ("Who played over the weekend?", "2018-03-31", "2018-04-02"),
        ("Who played last weekend?", "2018-03-31", "2018-04-02"),
        ("Who resigned this month?", "2018-04-01", "2018-04-02"),
        ("Who resigned last month?", "2018-03-01", "2018-04-02"),
        ("Who won the cup this year?", "2018-01-01", "2018-04-02"),
        ("Who won the cup last year?", "2017-01-01", "2018-01-30"),
        ("What did the firm earn last quarter?", "2018-01-01", "2018-04-02"),
        ("How did prices change over the past year?", "2017-04-01", "2018-04-02"),
        ("Who resigned in the past two weeks?", "2018-03-18", "2018-04-02"),
        ("Who resigned in the last 3 days?", "2018-03-29", "2018-04-02"),
        ("Who resigned in the past few days?", "2018-03-28", "2018-04-02"),
        ("Who resigned in the last 48 hours?", "2018-03-30", "2018-04-02"),
        ("Who resigned in recent days?", "2018-03-23", "2018-04-02"),
        ("Who resigned two days ago?", "2018-03-31", "2018-04-02"),
        ("Who resigned a month ago?", "2018-02-21", "2018-03-23"),
        ("Who resigned on Friday?", "2018-03-30", "2018-04-02"),
        ("who resigned on friday", "2018-03-30", "2018-04-02"),
        ("Who resigned last Friday?", "2018-03-30", "2018-04-02"),
        ("A minister resigned Friday after what?", "2018-03-30", "2018-04-02"),
        ("Who won at Friday's gala?", "2018-03-30", "2018-04-02"),
        ("Who resigned on Monday?", "2018-03-26", "2018-04-02"),
        ("Who resigned on Fri?", "2018-03-30", "2018-04-02"),
        ("Which minister recently resigned?", "2018-03-04", "2018-04-02"),
        ("Which minister has lately resigned?", "2018-03-04", "2018-04-02"),
        ("What is the latest on the strike?", "2018-03-04", "2018-04-02"),
        ("What does bread now cost?", "2018-03-04", "2018-04-02"),
        ("Who is the current mayor of Rome?", "2018-03-04", "2018-04-02"),
        ("Who is currently mayor of Rome?", "2018-03-04", "2018-04-02"),
    ],
)
def test_a_relative_expression_counts_back_from_the_day_of_asking(question: str, first: str, last: str) -> None:
    kind, found_first, found_last = _found(question) or ("", "", "")
    assert (kind, found_first, found_last) == ("favour", first, last)


@pytest.mark.parametrize(
    ("question", "first", "last"),
    [
        ("What do articles published in March 2017 say of the bridge?", "2017-02-28", "2017-04-01"),
        ("Which articles that were published on 15 March 2017 name the mayor?", "2017-03-14", "2017-03-16"),
        ("What was reported in March 2017 about the bridge?", "2017-02-28", "2017-04-01"),
        ("What does the March 2017 article say?", "2017-02-28", "2017-04-01"),
        ("According to the 4 October 2017 article, who fell?", "2017-10-03", "2017-10-05"),
        ("What does the October 4, 2017 Herald article say?", "2017-10-03", "2017-10-05"),
        ("Summarise the articles from March 2017.", "2017-02-28", "2017-04-01"),
        ("What does the article of 4 October 2017 say?", "2017-10-03", "2017-10-05"),
        ("Who fell, by the Herald article on October 4, 2017?", "2017-10-03", "2017-10-05"),
        ("Is there news from last week about the bridge?", "2018-03-19", "2018-04-02"),
        ("What do yesterday's headlines say?", "2018-03-31", "2018-04-02"),
        ("What do articles published since 2017 say?", "2016-12-31", "2018-04-02"),
        ("What do articles published in 2017 say of the fire of 20 March 2016?", "2016-12-31", "2018-01-01"),
    ],
)
def test_words_about_publication_restrict_to_the_period(question: str, first: str, last: str) -> None:
    assert _found(question) == ("restrict", first, last)


@pytest.mark.parametrize(
    "question",
    [
        "After the Herald article on October 4, 2017, does the Post article on the mayor agree?",
        "Did the view change between the reports published on 3 May 2017, and 9 June 2017?",
        "How many cases were reported in March 2017?",
        "What is the book about that was published in March 2017?",
        "What does the article on the 7 October 2017 attacks say?",
        "Who spoke at the March 2017 news conference?",
        "In March 2017 did the article appear?",
        "What do recent articles say?",
    ],
)
def test_a_date_that_may_not_be_the_only_day_of_publication_favours(question: str) -> None:
    period = find_period(question, ASKED)
    assert period is not None
    assert period.kind == "favour"


@pytest.mark.parametrize(
    "question",
    [
        "",
        "Who is mayor of Rome?",
        # Names and verbs that look like months
        "What did Theresa May say?",
        "Which country may be next?",
        "may 20 people enter?",
        "How may 20 people enter?",
        "What did the cabinet of Theresa May promise?",
        "Who quit since May became leader?",
        "Which house did she live in may be asked?",
        "Who spoke at the Women's March?",
        "How far did the troops march?",
        "Where did the march of the workers end?",
        "Which team won in March Madness?",
        "How many miles did they march 20 miles from?",
        "Who lives in Mar-a-Lago?",
        "What was seized at the Mar-a-Lago estate?",
        "Who wrote the biography of June Carter?",
        "Why do prices fall?",
        "Who won most medals during the Summer Games?",
        "Where is the spring?",
        "Who watched fireworks on the Fourth of July?",
        # Numbers that look like years or days
        "What is Agenda 2030?",
        "What is Agenda 2020?",
        "Where was Euro 2016 held?",
        "Where do the 2000 people live?",
        "Which town of 2000 people was flooded?",
        "Who won by 2016 votes?",
        "Who fell from 2000 feet?",
        "Who was found after 2000 years?",
        "Who paid $2018 for it?",
        "Who paid 2018 euros?",
        "How many of the 1,500 fled?",
        "What is new in 2016.4?",
        "What is 20.15.2017?",
        "How much is 3.5 of 9?",
        # Weekdays in names and in general
        "Who plays Monday Night Football?",
        "Which deals are best on Black Friday?",
        "Why is it called Good Friday?",
        "Who owns the Sunday Times?",
        "Which shop opens every Monday?",
        "Which shop opens on a Monday?",
        "How far is the sun from us?",
        "Who sat on Sat Nav?",
        "What is Friday the 13th?",
        "Who directed 'Wednesday'?",
        # Time words that are no period
        "How did the Second World War begin?",
        "Who surrendered in the last week of the war?",
        "What did she do in her last week?",
        "Who was the last man on the moon?",
        "Who did not last?",
        "Who struck for two weeks?",
        "What ended the two-week strike?",
        "Who is 19 years old?",
        "What was frozen 46,000 years ago?",
        "Who writes for USA Today?",
        "Who wrote the song Yesterday?",
        "Which film is Apocalypse Now?",
        "Which ocean current is warm?",
        "Who handles current affairs?",
        "What must be paid at the latest?",
        "What was the best sale in recent history?",
        # The other side of a comparison
        "How many more died than in 2016?",
        "How much dearer is bread than a year ago?",
        # After the day of asking
        "What is planned for 2030?",
        "What is planned in 2030?",
        "What must be done by 2050?",
        "Who will host the 2026 games?",
        "What happens on 3 May 2018?",
        "Who will be tried next week?",
        "Who will be tried next month?",
        "Who will be tried next year?",
        "Who will be tried next Friday?",
        "What opens in May next year?",
        "Who was in charge before 2030?",
        "What will change after 2018?",
        "What is forecast between May and July 2018?",
        # A day of every year, or one that comes soon
        "What is eaten every year on 4 July?",
        "Which museum will open on 20 April?",
        "Which airline is cutting flights in May?",
        "Who tours this summer?",
        # Days that are in no calendar
        "Who fell on 31 February 2017?",
        "Who fell on February 30?",
        "Who fell on 0 March 2017?",
        "Who fell on 45 March 2017?",
        "Who fell on 29 February 2017?",
        "Who fell on 2017-13-01?",
        "Who fell on 31.04.2017?",
    ],
)
def test_what_only_looks_like_a_date_gives_no_period(question: str) -> None:
    assert find_period(question, ASKED) is None


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("In 2017, who fell on 3 May 2017?", "on 3 May 2017"),
        ("Who resigned in March 2017 and who in 2016?", "in March 2017"),
        ("Who said this week that he fell in March 2017?", "this week"),
        ("Who was arrested on Friday in 2017 killings?", "on Friday"),
        ("Who fell on Friday, March 3, 2017?", "March 3, 2017"),
        ("Who fell on Friday night (3 March 2017)?", "3 March 2017"),
        ("Who fell in March last year?", "in March last year"),
        ("Who was mayor from 2014 until today?", "from 2014"),
        ("What do articles published in March 2017 say of last week?", "in March 2017"),
        ("Who conceded the 2016 election last week?", "last week"),
        ("Which minister now blames last month?", "last month"),
        ("Who said in 2030 and in 2016 so?", "in 2016"),
        ("Did it rain on 3 May 2017 or on 4 May 2017?", "on 3 May 2017"),
        ("Ünïcödé İstanbul — what fell in March 2017?", "in March 2017"),
    ],
)
def test_of_several_expressions_one_is_chosen_and_located(question: str, words: str) -> None:
    period = find_period(question, ASKED)
    assert period is not None
    assert period.text == words == question[period.start : period.end]


_WORDS = st.sampled_from(
    (
        "in on of since by from to and between the last this next early May may March march 3 20 31 2017 2018 2030 "
        "1,500 Friday week weekend days ago two past articles published 's , . - / 20.03.2018 q3 quarter summer 1990s "
        "before after until now today year months \u2013 \u017f \u0130 \u0131 \u0663 augu\u017ft apr\u0131l"
    ).split()
)


@given(st.text() | st.lists(_WORDS, max_size=14).map(" ".join), st.dates())
def test_any_text_gives_a_sound_period_or_none(question: str, as_of: date) -> None:
    period = find_period(question, as_of)
    assert period == find_period(question, as_of)
    if period is not None:
        assert period.first <= period.last <= as_of
        assert period.text == question[period.start : period.end] != ""


@pytest.mark.parametrize(
    "piece",
    [
        " ",
        "in ",
        "1-",
        "march ",
        "3 to ",
        "between 3 and ",
        "the last ",
        "article ",
        "2018 ",
        "a",
        "in     ",
        "on 3 may ",
        "2018-",
        "last week's ",
        "articles published in 2018 ",
    ],
)
def test_hostile_text_is_read_in_linear_time(piece: str) -> None:
    begun = time.process_time()
    find_period(piece * (100_000 // len(piece)), ASKED)
    assert time.process_time() - begun < 2
