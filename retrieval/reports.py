"""Whether two answers to one question are the same or contradict each other, and how many outlets report the same."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from math import prod

from retrieval.gates.kinds import asks_for
from retrieval.gates.names import NO_NAMES
from retrieval.sentences import Span
from retrieval.types import Candidate

# --- what is counted

_ONES = "one two three four five six seven eight nine".split()
_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_WORTH = {"no": 0, **{word: n for n, word in enumerate(_ONES + _TEENS, 1)}}
_WORTH |= {word: 10 * n for n, word in enumerate(_TENS, 2)}
_SCALES = {"dozen": 12, "hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_SCALES |= {"m": 10**6, "mn": 10**6, "bn": 10**9, "tn": 10**12}
_SCALE = rf"(?:{'|'.join(_SCALES)})\b"
_AMOUNT = re.compile(
    r"(?P<sign>[$€£])?(?<![\w.,])"
    rf"(?P<figure>\d+(?:,\d{{3}})*(?:\.\d+)?|(?:{'|'.join(_TENS)})(?:[\s-](?:{'|'.join(_ONES)}))?|{'|'.join(_WORTH)})"
    rf"(?P<scales>(?:[\s-]?{_SCALE})*)"
    r"(?:\s?(?P<percent>%|per\s?cent\b)|[\s-]?(?P<unit>second|minute|hour|day|week|month|year|decade|mile|km|"
    r"kilomet(?:er|re)|met(?:er|re)|feet|foot|inch|kg|kilo|tonne|ton)(?:e?s)?\b)?(?!\w|[.,]\d)",
    re.IGNORECASE,
)
# Before a number that is given roughly, or as the least that it is: it is the same number still.
_ROUGHLY = re.compile(
    r"(?:(?:the|in|at least|more than|over|about|around|some|nearly|almost|approximately|roughly|an estimated|only|"
    r"just)\s+)*",
    re.IGNORECASE,
)
_FURTHER = frozenset(("more", "other", "others", "further"))
_YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d\b")
_ONLY_YEAR = re.compile(rf"\D*{_YEAR.pattern}\D*")
_CLOCK = re.compile(r"\b(\d{1,2})(?:[:.](\d\d))?\s?[AaPp]\.?[Mm]\b|\b(\d{1,2}):(\d\d)\b")
# "may" and "march" are months with a capital or after "in" only.
_MONTH = re.compile(
    r"\b(?:(?i:jan(?:uary)?|feb(?:ruary)?|apr(?:il)?|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?|(?<=\bin )(?:march|may))|Mar(?:ch)?|May)\b(?!-)"
)
_DATED = re.compile(rf"{_MONTH.pattern}|{_YEAR.pattern}|\b\w+(?i:day)\b")
_DAY = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)?\b")
_DATE = re.compile(
    rf"(?:{_DAY.pattern}\s+(?:of\s+)?)?{_MONTH.pattern}(?:\s+{_DAY.pattern})?(?:,?\s+{_YEAR.pattern})?|{_CLOCK.pattern}"
)

# --- what is named

# Words of the longest answer that may be a name with more around it.
_LONGEST_NAME = 8
# Characters beside a name that are looked at.
_BESIDE = 60
_MARKS = " .,;:!?“”‘’\"'()"
_TITLES = frozenset(
    "mr mrs ms miss dr sir lord lady president premier minister senator governor mayor judge justice secretary "
    "chancellor king queen prince princess pope general colonel captain professor chief chairman leader director "
    "spokesman spokeswoman spokesperson sen gov gen rep col capt prof".split()
)
# Before a name, these make it that of another place: no surname follows them.
_PLACED = re.compile(r"(?:north|south|east|west)(?:ern)?|new|old|great(?:er)?|upper|lower|central", re.IGNORECASE)
_APART = frozenset("not nor and or but who than".split())
_PREPOSITIONS = frozenset("of in at on from near by to for with".split())
_QUALIFIES = re.compile(rf"\s*(?:$|[,(;:])|\s+(?:\d{{4}}|(?:{'|'.join(sorted(_PREPOSITIONS))})\b)")
_PLACES = frozenset("town city village state province county region district island port republic kingdom".split())


@dataclass(frozen=True, slots=True)
class _Amount:
    """A number of a text: `value` has its scale ("million") in it, `sign` is that of a currency or "%"."""

    value: Decimal
    sign: str
    unit: str
    scale: int = field(compare=False)


_Count = tuple[Sequence[_Amount], frozenset[str]]


def same_words(text: str) -> str:
    """A text in the form by which two are the same answer: no case, no punctuation, no articles."""
    bare = "".join(character if character.isalnum() or character in "%$€£" else " " for character in text.casefold())
    return " ".join(word for word in bare.split() if word not in ("the", "a", "an"))


def same_answer(one: str, other: str) -> bool:
    """Whether two answers are the same: in the same words, the same number, or one with more around the same name.

    "At least 12 people" is "twelve", "the town of Marlow" is "Marlow" and "Anna Orr" is "Orr"; but "South Marlow" and
    "the mayor of Marlow" are not "Marlow".
    """
    if (words := same_words(one)) == same_words(other):
        return bool(words)
    mine, theirs = _count(one), _count(other)
    if mine and theirs:
        return _same_count(mine, theirs)
    return _more_around(one, other) is not None


def same_report(one: Candidate, other: Candidate) -> bool:
    """Whether two candidates are the same answer, and their articles do not tell a surname from the fuller name."""
    if not same_answer(one.text, other.text):
        return False
    named = _more_around(one.text, other.text)
    return named is None or not _told_apart(*named, (one, other))


def place_of(answer: Candidate, candidate: Candidate) -> Span | None:
    """Where the sentence of a candidate has the words of another's answer, as offsets into the article, or None.

    They are whole words and figures there, and no part of a longer name.
    """
    for match in _whole(answer.text).finditer(candidate.sentence):
        given = _given(answer.text, match)
        if given is not None and not _told_apart(answer.text, given, (answer, candidate)):
            return Span(candidate.sentence_start + match.start(), candidate.sentence_start + match.end())
    return None


def contradict(question: str, one: str, other: str) -> bool:
    """Whether two answers cannot both be right: numbers of the same kind that differ, or two dates.

    Other answers are never taken to contradict each other: a list may have several members, a person several names.
    """
    kind = asks_for(question)
    if kind == "other" or _DATED.search(question):  # of a day that is named there is one number
        return False
    if kind == "time":
        return any(mine and theirs and not mine & theirs for mine, theirs in zip(_when(one), _when(other), strict=True))
    mine, theirs = _amounts(one), _amounts(other)
    if not mine or not theirs or bool(_ONLY_YEAR.fullmatch(one)) != bool(_ONLY_YEAR.fullmatch(other)):
        return False
    # "12 of the 50": the first is the one that is told.
    first, second = mine[0], theirs[0]
    alike = (first.sign, first.scale) == (second.sign, second.scale)
    measured = first.unit == second.unit or not (first.unit and second.unit)
    apart = first.value not in {each.value for each in theirs} and second.value not in {each.value for each in mine}
    return alike and measured and apart


def _amounts(text: str) -> list[_Amount]:
    """The numbers of a text, without those of its dates and times of day."""
    return [_amount(match) for match in _AMOUNT.finditer(_DATE.sub(" ", text))]


def _amount(match: re.Match[str]) -> _Amount:
    figure = match["figure"].lower()
    if figure[0].isdigit():
        count = Decimal(figure.replace(",", ""))
    else:
        count = Decimal(sum(_WORTH[word] for word in re.split(r"[\s-]", figure)))
    scale = prod(_SCALES[word] for word in re.findall(_SCALE, match["scales"].lower()))
    sign = match["sign"] or ("%" if match["percent"] else "")
    return _Amount(count * scale, sign, (match["unit"] or "").lower(), scale)


def _count(text: str) -> _Count | None:
    """The numbers of an answer that begins with one, however roughly it is given, and the words after the first."""
    undated = _DATE.sub(" ", text).strip(_MARKS)
    rough = _ROUGHLY.match(undated)
    first = _AMOUNT.match(undated, rough.end() if rough else 0)
    return (_amounts(undated), frozenset(same_words(undated[first.end() :]).split())) if first else None


def _same_count(one: _Count, other: _Count) -> bool:
    """The same numbers, of the same if both say of what: "12 people" is "12", but neither "12 men" nor "12 more"."""
    (mine, of_mine), (theirs, of_theirs) = one, other
    same_things = of_mine <= of_theirs or of_theirs <= of_mine
    return mine == theirs and same_things and not (of_mine ^ of_theirs) & _FURTHER


def _when(text: str) -> tuple[frozenset[str], ...]:
    """The years, months, days, hours and minutes of a text."""
    clocks = [(match[1] or match[3], match[2] or match[4]) for match in _CLOCK.finditer(text)]
    dated = _CLOCK.sub(" ", text)
    months = frozenset(match[0][:3].lower() for match in _MONTH.finditer(dated))
    return (
        frozenset(_YEAR.findall(dated)),
        months,
        frozenset(day.lstrip("0") for day in _DAY.findall(dated)) if months else frozenset(),
        frozenset(str(int(hour) % 12) for hour, _ in clocks),
        frozenset(minute for _, minute in clocks if minute),
    )


def _whole(words: str) -> re.Pattern[str]:
    """Words where they are no part of a longer word or figure: "12" is not in 12,000, 12.5 or 12 million."""
    return re.compile(
        rf"(?<![\w$€£–-])(?<!\d[.,]){re.escape(words)}(?!\w|[.,:/–-]\d|-(?!year)\w|\s?(?:%|per\s?cent)|[\s-]?{_SCALE})"
    )


def _given(name: str, match: re.Match[str]) -> tuple[str, ...] | None:
    """The first names before a name where it is found, mostly none; None if it is part of another name or its owner."""
    before = match.string[max(match.start() - _BESIDE, 0) : match.start()].split()
    after = match.string[match.end() : match.end() + _BESIDE]
    given: list[str] = []
    first, last = name.partition(" ")[0], name.rpartition(" ")[2]
    if first[:1].isupper() and first.lower() not in NO_NAMES:
        while before and _named(before[-1]) and (before[-1][-1] not in _MARKS or len(before[-1]) == 2):
            given.insert(0, before.pop())
        if given and (" " in name or any(_PLACED.fullmatch(word) for word in given)):
            return None  # "South Sudan" is not "Sudan"
        if before[-1:] in (["not"], ["nor"]) or (before[-1:] == ["of"] and _named("".join(before[-2:-1]))):
            return None  # "Bank of England" is not "England"
    if _named(last):
        beside = re.match(r"(['’]s\b)|\s+(\S+)", after)
        if beside and (beside[1] or _named(beside[2])):
            return None  # "Sudan's" and "Sudan Airways" are not either
    return tuple(given)


def _named(word: str) -> bool:
    """Whether a word beside a name is one too: it has a capital, and is neither a title nor a common word."""
    bare = word.strip(_MARKS)
    return bare[:1].isupper() and bare.lower() not in NO_NAMES | _TITLES and not bare.endswith(("'s", "’s"))


def _more_around(one: str, other: str) -> tuple[str, tuple[str, ...]] | None:
    """If one of two answers is a name and the other has only more around it: the name, and its first names there."""
    short, long = sorted((one.strip(_MARKS), other.strip(_MARKS)), key=len)
    short = re.sub(r"^(?:the|an?)\s+", "", short, flags=re.IGNORECASE)
    if not any(word[0].isupper() for word in short.split()) or len(long.split()) > _LONGEST_NAME:
        return None
    match = _whole(short).search(long)
    given = _given(short, match) if match else None
    if match is None or given is None:
        return None
    front = long[: match.start()].split()
    return (short, given) if _describes(front[: len(front) - len(given)], long[match.end() :]) else None


def _describes(front: Sequence[str], back: str) -> bool:
    """Whether the words before and after a name say what it is the name of: "the town of", ", the mayor"."""
    bare = [word.strip(_MARKS).lower() for word in front]
    if _APART & {*bare, *(word.strip(_MARKS) for word in back.split())} or not _QUALIFIES.match(back):
        return False
    if bare and bare[-1] in _TITLES:  # "Norland spokeswoman", but not "the lawyer of Mayor"
        return len(bare) < 3 or bare[-2] not in _PREPOSITIONS
    relates = any(word in _PREPOSITIONS and not (word == "of" and before in _PLACES) for before, word in pairwise(bare))
    return not relates and not any(_named(word) or word[0].isdigit() for word in front)


def _told_apart(surname: str, given: tuple[str, ...], candidates: Iterable[Candidate]) -> bool:
    """Whether a surname is not that of the first names: an article has others before it, or has it as a place."""
    if not given:
        return False
    for text in {candidate.hit.article.text for candidate in candidates}:
        called = [_given(surname, match) for match in _whole(surname).finditer(text)]
        if any(names and not set(names) & set(given) for names in called):
            return True
        if re.search(rf"\b[Ii]n {re.escape(surname)}\b(?!['’])", text):
            return True
    return False


def one_a_text(candidates: Iterable[Candidate]) -> list[Candidate]:
    """One candidate an article, and of sentences that are word for word the same (an agency's text) only the first."""
    kept: list[Candidate] = []
    articles, texts = set(), set()
    for candidate in candidates:
        text = " ".join(candidate.sentence.split()).casefold()
        if candidate.hit.article.id not in articles and text not in texts:
            kept.append(candidate)
        articles.add(candidate.hit.article.id)
        texts.add(text)
    return kept


def outlets(candidates: Sequence[Candidate]) -> int:
    """How many outlets have the candidates; an article without one counts as its own."""
    return len({one.hit.article.source or one.hit.article.id for one in one_a_text(candidates)})
