"""A question that leans on the conversation -> a question that stands alone.

No language model: a pronoun takes what was spoken of last of its kind, an ellipsis the question before it with the new
part in the place of the old, and what says too little of its subject takes the subject along in brackets. A question
that says itself what it is about is left as it is.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from retrieval.gates.names import bare, names
from retrieval.retriever import MAX_QUERY

_Kind = Literal["person", "thing", "place", "time"]

_AUXILIARY = "is|are|was|were|did|does|do|has|have|had|can|could|will|would|should|may|might|must"
_PREPOSITION = (
    "about|after|against|around|at|before|between|by|during|for|from|in|into|near|of|on|over|since|to|until|with"
)
# Words that say nothing of a subject.
_EMPTY = frozenset(
    "a again ago all also an and any anything as be been being but different difference doing done else ever exactly "
    "example far first get give happen happened he her here hers him his hmm how i i'd i'm i've if interesting it its "
    "just know last like long make many me mean mentioned more most much my next nice no not now often oh ok okay old "
    "one ones only or other another our past please really reason role s said same say shall she similar so some still "
    "such talk tell than thanks that that's the their theirs them then there these they thing things this those time "
    "too up us very way we well what what's when where which while who whom whose why work world wow years yes you "
    "your don't".split()
).union(_AUXILIARY.split("|"), _PREPOSITION.split("|"))
_WORD = re.compile(r"[\w’'-]+")
_ASKS = re.compile(rf"\b(?:what|who|whom|whose|which|when|where|why|how|am|{_AUXILIARY})\b", re.IGNORECASE)
_LEAD = re.compile(r"^\W*(?:(?:and|but|or)\b\W*)?(?:(?:what|how)\s+about\b\s*)?", re.IGNORECASE)
_PHRASE = re.compile(rf"\b({_PREPOSITION})\s+(.+)", re.IGNORECASE)
# A question of these words alone asks something more about what was asked before.
_BARE = frozenset(
    "who whom what when where which why how many much long often since and but so exactly else not in at on year "
    "day".split()
)
_ADVERB = re.compile(
    r"((?:since )?when|where|why|how|(?:in |on |at )?(?:which|what) (?:year|month|day|date|time))"
    r"(?: exactly| else| (?:is|was) (?:that|this)| did (?:that|this|it) happen)?",
    re.IGNORECASE,
)
_ASKED = re.compile(rf"(?:(?P<asks>\w+)\s+)??(?P<aux>{_AUXILIARY})\s+(?P<rest>[^?]+?)\W*$", re.IGNORECASE)
_WHO_DID = re.compile(r"who\s+(?P<rest>(?P<verb>\w+)\s+[^?]+?)\W*$", re.IGNORECASE)

_PRONOUNS: dict[_Kind, re.Pattern[str]] = {
    "person": re.compile(
        r"\b(?:(?P<own>his|her(?=\s+(?!(?:to|in|at|for|on|by|as)\b)\w))|he|she|him|her)\b", re.IGNORECASE
    ),
    "thing": re.compile(
        r"\b(?:(?P<own>its|their)|they|them|it|(?<=\w )(?:that|this|these|those)(?=\W*$|\s+(?:is|are|was|were|happen|"
        r"mean|affect|work|help|do|does|did|has|have)\b))\b(?!['’])",
        re.IGNORECASE,
    ),
    "place": re.compile(r"(?<!is )(?<!are )(?<!was )(?<!were )(?<!be )(?<!out )\bthere\b(?=\W*$)", re.IGNORECASE),
    "time": re.compile(r"(?<=\w )\bthen\b(?=\W*$)", re.IGNORECASE),
}
# "It" that stands for nothing that was spoken of.
_EXPLETIVE = re.compile(
    r"\b(?:is|was|be) it \w+ (?:to|that|for|if)\b|\bwas it when\b|\bit be \w+ (?:to|for)\b|\b(?:time|day|date) is it\b|"
    r"\bwho (?:is|was) it\b|\bit (?:rain|snow|sound|seem|look|appear)|\bit (?:take|cost|mean|make)\w* .*\bto\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"\w\s.*\b(?:because|after|before|when|while|if|that|who|which|and|but|since|as)\b|\w[.?!]\s", re.I
)
# What is asked about by "what is …" and "tell me about …".
_ABOUT = re.compile(
    r"(?:^\W*(?:what|who)(?:\s+(?:is|are|was|were)|['’]s)|(?<!what )(?<!how )\babout|\bmean by)\s+"
    r"(?P<of>(?!.*\babout\b)[^?,;:.]+?)(?:\s+please)?\W*$",
    re.IGNORECASE,
)
_NOUN = rf"(?!(?:{'|'.join(sorted(_EMPTY))})\b)[\w-]+"
_NOUNS = re.compile(
    rf"(?:\b(?P<auxiliary>{_AUXILIARY})\s+)?\b(?P<nouns>the(?:\s+{_NOUN}){{1,3}})(?=\W*$|\s+(?:{_PREPOSITION}|and|or)\b)",
    re.IGNORECASE,
)
_DEFINES = re.compile(r"(?:what|who) (?:is|are) (?!(?:the|other|this|that)\b)", re.IGNORECASE)
_ARTICLE = re.compile(r"(?:the|an?)\s", re.IGNORECASE)
_BRACKETS = re.compile(r"\(([^()]+)\)\W*$")
_SHORT_QUESTION, _SHORT_ANSWER, _SHORT_TOPIC = 7, 6, 8  # words
_LONG, _LONG_WORDS = 400, 100  # characters
_FEW, _SEVERAL = 1, 3
# Of a question that may be searched for alone: how many stems it has at least, with a name and without, less one;
# and the share of them that was spoken of before at most. Chosen on the sets of benchmarks/followups.py.
_FEW_STEMS, _FEW_NAMELESS, _SHARED, _STEM = 2, 4, 0.25, 5


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question of the conversation, as it was understood, and its answer; None if it was refused.

    `quote` is the sentence that the answer stands in.
    """

    question: str
    answer: str | None
    quote: str | None = None


def stand_alone(question: str, turns: Sequence[Turn]) -> str:
    """The question in words that need no conversation; unchanged if it already is.

    `turns` are the earlier questions of the conversation, oldest first. A text of more than a few sentences is no
    follow-up, and none follows on it. The result is at most MAX_QUERY characters long
    if the question is.
    """
    turns = [turn for turn in turns if len(turn.question) <= _LONG]
    if not turns or not _WORD.search(question) or len(question) > _LONG:
        return question
    understood = _understood(question.strip(), turns)
    return question if understood is None or len(understood) > MAX_QUERY else understood


def search_text(question: str, turns: Sequence[Turn]) -> str:
    """What to search for: the question as understood, after the question before it if it goes on from it.

    It does if it leans on it, says little, or shares words with the conversation. The result is at most MAX_QUERY
    characters long if the question is.
    """
    understood = stand_alone(question, turns)
    if not turns or turns[-1].question in understood:
        return understood
    stems, last = _stems(question), turns[-1]
    spoken = _stems(" ".join([*(turn.question for turn in turns), last.answer or "", last.quote or ""]))
    little = len(stems) <= (_FEW_STEMS if _names(question) or question == question.lower() else _FEW_NAMELESS)
    if understood == question and not little and len(stems & spoken) < _SHARED * len(stems):
        return understood
    text = f"{last.question} {understood}"
    return text if len(text) <= MAX_QUERY else understood


def _understood(question: str, turns: Sequence[Turn]) -> str | None:
    """The question rewritten, or None if it leans on nothing."""
    words, rest = _WORD.findall(question.lower()), _LEAD.sub("", question, count=1)
    last, new = turns[-1].question.strip(), rest.strip(" ?.!")
    short = len(words) <= _SHORT_QUESTION
    if short and (_BARE.issuperset(words) or _ADVERB.fullmatch(new)):
        return _asked_anew(new, turns[-1]) or f"{last} {_capital(question)}"
    filled, leans = _filled(question, turns)
    if filled != question:
        return _capital(filled) if question[0].isupper() else filled
    if short and not _ASKS.search(new) and (rest != question or _PHRASE.match(new)):
        return _in_its_place(new, last) or f"{last} {_capital(question)}"
    if not leans and not _says_little(question):
        return None
    topics = (_topic(turn.question) or (_said(turn.question) if leans else None) for turn in reversed(turns))
    topic = next((one for one in topics if one and one.lower() not in question.lower()), None)
    return f"{question} ({topic})" if topic else None


def _asked_anew(new: str, turn: Turn) -> str | None:
    """After "Where was Ada Lind born?", "when?" asks "When was Ada Lind born?"; None if it cannot be said so."""
    adverb, answer = _ADVERB.fullmatch(new), _short_answer(turn)
    if adverb is None:
        return None
    asks = _capital(adverb[1])
    if asked := _ASKED.match(turn.question.strip()):
        asked_before, auxiliary, rest = (asked["asks"] or "").lower(), asked["aux"].lower(), asked["rest"]
        if asked_before in ("", "when", "where", "why", "how"):
            return f"{asks} {auxiliary} {rest}?" if " " in rest else None
        if asked_before == "who" and auxiliary in ("is", "are", "was", "were", "has", "have", "had"):
            return f"{asks} {auxiliary} {answer} {rest}?" if answer and _names(f"is {rest}") != [rest] else None
        plain = auxiliary in ("did", "do", "does") and not re.search(rf"\b(?:do|say|{_PREPOSITION})\b", rest)
        named = asked_before in ("what", "who", "whom") and plain
        return f"{asks} {auxiliary} {rest} {answer}?" if answer and named else None
    if answer and (asked := _WHO_DID.match(turn.question.strip())):
        return f"{asks} {'is' if asked['verb'].endswith('s') else 'was'} it that {answer} {asked['rest']}?"
    return None


def _in_its_place(new: str, last: str) -> str | None:
    """After "How many voted in Spain?", "and in France?" puts the new part in the place of the old one of its kind."""
    if phrase := _PHRASE.match(new):
        shape = _shape(phrase[2])
        old = rf"\d[\w.,]*\b|{'|'.join(map(re.escape, _names(last)))}" if shape != "words" else r"[^?]+?(?=\W*$)"
        places = [one for one in re.finditer(rf"\b{phrase[1]} (?:the )?({old})", last, re.I) if _shape(one[1]) == shape]
        return last[: places[-1].start()] + new + last[places[-1].end() :] if places else None
    known, about = _names(last), _ABOUT.search(last)
    if len(known) == 1 and _names(f"is {new}") == [re.sub("^the ", "", new)]:
        return re.sub(rf"(?:\bthe )?{re.escape(known[0])}", lambda _: new, last, count=1)
    if about and not known and not re.search(rf"\b(?:the|{_PREPOSITION})\b", about["of"]):
        return last[: about.start("of")] + new + last[about.end("of") :]
    return None


def _filled(question: str, turns: Sequence[Turn]) -> tuple[str, bool]:
    """The question with what its pronouns stand for, as far as that is known, and whether it has any that lean."""
    filled, leans = question, False
    for kind, pronouns in _PRONOUNS.items():
        found = next((one for one in pronouns.finditer(filled) if _leans(filled, one, kind)), None)
        if found is None:
            continue
        leans = True
        # "That" is what was said, which has no name.
        pointing = found[0].lower() in ("that", "this", "these", "those")
        if not pointing and (name := _antecedent(kind, found[0].lower().startswith("the"), filled, turns)):
            own = ("’" if name.endswith("s") else "’s") if found.groupdict().get("own") else ""
            filled = filled[: found.start()] + name + own + filled[found.end() :]
    return filled, leans


def _leans(question: str, pronoun: re.Match[str], kind: _Kind) -> bool:
    """Whether nothing in the question is what a pronoun of it could stand for."""
    before, after = question[: pronoun.start()], re.split(r"[.?!]", question[pronoun.end() :])[0]
    if _CLAUSE.search(before):
        return not _telling(before)
    if kind in ("place", "time"):
        return True
    if kind == "thing" and _EXPLETIVE.search(question):
        return False
    if not _WORD.search(after) and len(_telling(before)) <= _SEVERAL:
        return True  # what ends the question as an object is not its subject
    if pronoun["own"] and _telling(before) and not before.lower().startswith("who"):
        return False
    return not _names(before) and len(_telling(before)) <= _FEW and len(_telling(after)) <= _SEVERAL


def _antecedent(kind: _Kind, plural: bool, question: str, turns: Sequence[Turn]) -> str | None:
    """What a pronoun stands for: what was spoken of last of its kind and is not in the question itself."""
    for turn in reversed(turns):
        for one in _mentions(kind, plural, turn):
            if one.lower() not in question.lower():
                return one
        if kind == "thing" and len(_telling(turn.question)) > _SEVERAL:
            return None  # that question was about something which has no name
    return None


def _mentions(kind: _Kind, plural: bool, turn: Turn) -> Iterator[str]:
    """What a turn spoke of that a pronoun of this kind may stand for, the likeliest first."""
    asks, answer = turn.question.lower().partition(" ")[0], _short_answer(turn) or ""
    if kind == "person":
        return _people(asks, answer, turn)
    return _things(asks, answer, turn.question, plural) if kind == "thing" else _circumstances(kind, asks, answer, turn)


def _people(asks: str, answer: str, turn: Turn) -> Iterator[str]:
    named = _names(f"is {answer}")
    if named and (asks.startswith("who") or (len(named) == 1 and " " in named[0])):
        yield _in_full(named[0], turn)
    elif asks == "who" and _ARTICLE.match(answer):
        yield answer
    yield from (name for name in _things_named(turn.question) if not name.isupper())


def _things(asks: str, answer: str, question: str, plural: bool) -> Iterator[str]:
    about = _ABOUT.search(question)
    defines = about and _names(about["of"]) == [about["of"]]
    if (plural or asks in ("what", "which")) and not defines and (_ARTICLE.match(answer) or _names(f"is {answer}")):
        yield answer
    if subject := _subject(question):
        yield subject
    for found in reversed(list(_NOUNS.finditer(question))):
        # After an auxiliary the verb may be the last of the words.
        nouns, verbless = found["nouns"], not found["auxiliary"] or found["nouns"].count(" ") == 1
        if verbless and (plural or not nouns.endswith("s")):
            yield nouns
    yield from (_with_article(name, question) for name in _things_named(question))


def _circumstances(kind: _Kind, asks: str, answer: str, turn: Turn) -> Iterator[str]:
    """Where or when something was, with a preposition."""
    if answer and asks == ("where" if kind == "place" else "when"):
        if _PHRASE.match(answer):
            yield answer
        elif kind == "place" or re.fullmatch(r"\d{4}", answer):
            yield f"in {answer}"
    if kind == "place":
        for name in _names(turn.question):
            if asks in ("where", "what") or name not in _things_named(turn.question):
                yield f"in {_with_article(name, turn.question)}"


def _says_little(question: str) -> bool:
    """Whether a question names too little of its subject to be asked on its own."""
    telling = _telling(question)
    if _names(question) or (telling and _DEFINES.match(question)):
        return False
    return len(telling) <= _FEW or (len(question.split()) <= _SEVERAL and not _ASKS.match(question))


def _topic(question: str) -> str | None:
    """What a question is about: what it has in brackets, asks a definition of, or names."""
    return _subject(question) or ", ".join(dict.fromkeys(_names(question)[:3])) or None


def _subject(question: str) -> str | None:
    """The X of "what is X" and "tell me about X"; of "the history of X" and of "X's history" it is X too."""
    if brackets := _BRACKETS.search(question):
        return brackets[1]
    about = _ABOUT.search(question)
    if not about:
        return None
    owner = re.match(r"(.+?)(?:['’]s|(?<=s)['’])\s", about["of"])
    of = owner[1] if owner else about["of"]
    if not owner and re.match(r"the\b", of, re.IGNORECASE) and (" of " in of or not _names(of)):
        of = of.partition(" of ")[2]
    words = of.lower().split()
    if not words or len(words) > _SHORT_ANSWER or any(pronoun.search(of) for pronoun in _PRONOUNS.values()):
        return None
    begins = words[0] in ("a", "an", "the") or not (words[0] in _EMPTY or words[0].endswith(("ed", "ing")))
    return of if begins and words[-1] not in _EMPTY else None


def _said(question: str) -> str | None:
    """The last sentence of a question from the first to the last word that tells something."""
    words = re.split(r"[.?!]\s", question.rstrip())[-1].rstrip(" .?!").split()
    told = [place for place, word in enumerate(words) if _telling(word)]
    said = words[told[0] : told[-1] + 1] if told else []
    return " ".join(said) if 1 < len(said) <= _SHORT_TOPIC else None


def _short_answer(turn: Turn) -> str | None:
    answer = (turn.answer or "").strip(' .!?;:,\n"“”')
    return answer if 0 < len(answer.split()) <= _SHORT_ANSWER and len(answer) <= _LONG_WORDS else None


def _in_full(name: str, turn: Turn) -> str:
    """A surname as the full name in the sentence that was quoted."""
    full = re.search(rf"\b[A-Z][\w’'-]+ {re.escape(name)}\b", (turn.quote or "")[:_LONG])
    return full[0] if full and " " not in name and _names(f"is {full[0]}") == [full[0]] else name


def _with_article(name: str, text: str) -> str:
    return f"the {name}" if re.search(rf"\bthe {re.escape(name)}", text, re.IGNORECASE) else name


def _things_named(question: str) -> list[str]:
    """The names in a question that are not where something is."""
    within = r"\b(?:in|at|near|to|from|into|around|across{}) (?:the )?{}"
    return [
        name
        for name in _names(question)
        if not re.search(within.format("" if " " in name else "|of", re.escape(name)), question)
    ]


def _shape(text: str) -> str:
    return "number" if re.search(r"\d", text) else "name" if _names(f"is {text}") else "words"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _names(text: str) -> list[str]:
    first = text.split(maxsplit=1)[0] if text.strip() else ""
    if first.lower() in _EMPTY:  # so that its capital does not count
        text = text.replace(first, first.lower(), 1)
    return [bare(name) for name in names(text) if name.replace("’", "'").lower() not in _EMPTY]


def _telling(text: str) -> list[str]:
    return [word for word in _WORD.findall(text) if word.replace("’", "'").lower() not in _EMPTY]


def _stems(text: str) -> set[str]:
    return {word[:_STEM].lower() for word in _telling(text)}
