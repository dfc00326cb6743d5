"""A question that leans on the conversation -> a question that stands alone.

No language model: a pronoun takes what was spoken of last of its kind, an ellipsis the question before it with the new
part in the place of the old, and what says too little of its subject takes the subject along in brackets. A question
that says itself what it is about is left as it is.
"""

import re
from collections.abc import Iterable, Sequence

from retrieval.mentions import (
    ABOUT,
    AUXILIARY,
    PHRASE,
    PREPOSITION,
    PRONOUNS,
    SEVERAL,
    WORD,
    Kind,
    Turn,
    antecedent,
    gist_of,
    names_in,
    short_answer,
    stems_in,
    telling_words,
    topic_of,
    words_told,
)
from retrieval.retriever import ALONE, MAX_QUERY, Context
from retrieval.types import Answer

__all__ = ["Turn", "context", "conversation", "favoured", "search_text", "stand_alone", "turn_of"]

_ASKS = re.compile(rf"\b(?:what|who|whom|whose|which|when|where|why|how|am|{AUXILIARY})\b", re.IGNORECASE)
_LEAD = re.compile(r"^\W*(?:(?:and|but|or)\b\W*)?(?:(?:what|how)\s+about\b\s*)?", re.IGNORECASE)
# A question of these words alone asks something more about what was asked before.
_BARE = frozenset(
    "who whom what when where which why how many much long often since and but so exactly else not in at on year "
    "day".split()
)
_ADVERB = re.compile(
    r"((?:since )?when|where|why|how|(?:in |on |at )?(?:which|what) (?:year|month|day|date|time))"
    r"(?: exactly| else| (?:is|was) (?:that|this)| did (?:that|this|it) happen|"
    r" did (?:he|she|they|it) do (?:it|that|this))?",
    re.IGNORECASE,
)
_ASKED = re.compile(rf"(?:(?P<asks>\w+)\s+)??(?P<aux>{AUXILIARY})\s+(?P<rest>[^?]+?)\W*$", re.IGNORECASE)
_WHO_DID = re.compile(r"who\s+(?P<rest>(?P<verb>\w+)\s+[^?]+?)\W*$", re.IGNORECASE)
# "It" that stands for nothing that was spoken of.
_EXPLETIVE = re.compile(
    r"\b(?:is|was|be) it \w+ (?:to|that|for|if)\b|\bwas it when\b|\bit be \w+ (?:to|for)\b|\b(?:time|day|date) is it\b|"
    r"\bwho (?:is|was) it\b|\bit (?:rain|snow|sound|seem|look|appear)|\bit (?:take|cost|mean|make)\w* .*\bto\b",
    re.IGNORECASE,
)
# "Who said they would leave?" is about nobody else.
_WHO_THEY = re.compile(
    r"who\b(?!\s+(?:are|were|did|do|does|have|had|will|would|can|could)\b).*\bthe(?:y|ir)\b", re.IGNORECASE
)
_CLAUSE = re.compile(
    r"\w\s.*\b(?:because|after|before|when|while|if|that|who|which|and|but|since|as)\b|\w[.?!]\s", re.I
)
_DEFINES = re.compile(r"(?:what|who) (?:is|are) (?!(?:the|other|this|that)\b)", re.IGNORECASE)
_SHORT_QUESTION = 7  # words
_LONG = 400  # characters
_POINTS = re.compile(
    r"\b(?:this|that|th[eo]se|it|they|them|their|its|he|she|him|her|his|there|then|not)\b", re.IGNORECASE
)
# What ends so does not say to what.
_REACTS = re.compile(
    r"\b(?:respond|react|reply|comment|agree|object|retaliate|intervene|involved|reaction|response)\W*$", re.IGNORECASE
)
_SAID = 300  # characters of an answer
_FEW = 1
# Of a question that may be searched for alone: how many stems it has at least, with a name and without, less one;
# and the share of them that was spoken of before at most. Chosen on the sets of benchmarks/followups.py.
_FEW_STEMS, _FEW_NAMELESS, _SHARED = 2, 4, 0.25


def conversation(history: Iterable[tuple[str, str | None]]) -> tuple[Turn, ...]:
    """The turns of questions and their answers, oldest first, each question understood by those before it."""
    turns: list[Turn] = []
    for question, answer in history:
        turns.append(Turn(stand_alone(question, turns), answer))
    return tuple(turns)


def turn_of(answer: Answer) -> Turn:
    """An answer as a turn of the conversation that goes on from it."""
    quote = next((one.quote for one in answer.citations if one.kind == "exact"), None)
    return Turn(answer.understood_as, answer.text, quote, tuple(one.article.id for one in answer.citations))


def stand_alone(question: str, turns: Sequence[Turn]) -> str:
    """The question in words that need no conversation; unchanged if it already is.

    `turns` are the earlier questions of the conversation, oldest first. A text of more than a few sentences is no
    follow-up, and none follows on it. The result is at most MAX_QUERY characters long
    if the question is.
    """
    turns = [turn for turn in turns if len(turn.question) <= _LONG]
    if not turns or not WORD.search(question) or len(question) > _LONG:
        return question
    understood = _understood(question.strip(), turns)
    return question if understood is None or len(understood) > MAX_QUERY else understood


def search_text(question: str, turns: Sequence[Turn]) -> str:
    """What to search for: the question as understood, with the one before it and its answer if it goes on from it.

    It does if it leans on it, says little, or shares words with the conversation. Of the answer the words are taken
    that it is about. The result is at most MAX_QUERY characters long if the question is.
    """
    understood = stand_alone(question, turns)
    if not turns:
        return understood
    stems, last = stems_in(question), turns[-1]
    spoken = stems_in(" ".join([*(turn.question for turn in turns), last.answer or "", last.quote or ""]))
    named = names_in(question)
    # "How much was Acme fined?" says little, but of a name that is new.
    leans = _POINTS.search(question) or _REACTS.search(question)
    if understood == question and named and len(stems) > 1 and not stems & spoken and not leans:
        return understood
    few = _FEW_STEMS if named or question == question.lower() else _FEW_NAMELESS
    little = len(stems) <= few or _REACTS.search(question)
    if understood == question and not little and len(stems & spoken) < _SHARED * len(stems):
        return understood
    text = understood if last.question in understood else f"{last.question} {understood}"
    if len(text) > MAX_QUERY:
        return understood
    new = [word for word in words_told(last.answer or "") if word.lower() not in text.lower()]
    return " ".join([text, *new]) if sum(len(word) + 1 for word in new) + len(text) <= MAX_QUERY else text


def context(question: str, turns: Sequence[Turn]) -> Context:
    """What to search for the question as understood beside; empty if it goes on from nothing."""
    text = search_text(question, turns)
    if text == question:
        return ALONE
    said = turns[-1].quote or turns[-1].answer or ""
    return Context(text, said[:_SAID], favoured(question, turns))


def favoured(question: str, turns: Sequence[Turn]) -> tuple[str, ...]:
    """The articles that the last answer cited, if the question leans on the conversation; otherwise none.

    One that only goes on from it, by saying little or by sharing words, may well be about another article.
    """
    if stand_alone(question, turns) == question:
        return ()
    return next((turn.article_ids for turn in reversed(turns) if turn.answer is not None), ())


def _understood(question: str, turns: Sequence[Turn]) -> str | None:
    """The question rewritten, or None if it leans on nothing."""
    words, rest = WORD.findall(question.lower()), _LEAD.sub("", question, count=1)
    last, new = turns[-1].question.strip(), rest.strip(" ?.!")
    short = len(words) <= _SHORT_QUESTION
    if short and (_BARE.issuperset(words) or _ADVERB.fullmatch(new)):
        return _asked_anew(new, turns[-1]) or f"{last} {_capital(question)}"
    filled, leans = _filled(question, turns)
    if filled != question:
        return _capital(filled) if question[0].isupper() else filled
    if short and not _ASKS.search(new) and (rest != question or PHRASE.match(new)):
        return _in_its_place(new, last) or f"{last} {_capital(question)}"
    if not leans and not _says_little(question):
        return None
    topics = (topic_of(turn.question) or (gist_of(turn.question) if leans else None) for turn in reversed(turns))
    topic = next((one for one in topics if one and one.lower() not in question.lower()), None)
    return f"{question} ({topic})" if topic else None


def _asked_anew(new: str, turn: Turn) -> str | None:
    """After "Where was Ada Lind born?", "when?" asks "When was Ada Lind born?"; None if it cannot be said so."""
    adverb, answer = _ADVERB.fullmatch(new), short_answer(turn)
    if adverb is None:
        return None
    asks = _capital(adverb[1])
    if asked := _ASKED.match(turn.question.strip()):
        asked_before, auxiliary, rest = (asked["asks"] or "").lower(), asked["aux"].lower(), asked["rest"]
        if asked_before in ("", "when", "where", "why", "how"):
            return f"{asks} {auxiliary} {rest}?" if " " in rest else None
        if asked_before == "who" and auxiliary in ("is", "are", "was", "were", "has", "have", "had"):
            return f"{asks} {auxiliary} {answer} {rest}?" if answer and names_in(f"is {rest}") != [rest] else None
        plain = auxiliary in ("did", "do", "does") and not re.search(rf"\b(?:do|say|{PREPOSITION})\b", rest)
        named = asked_before in ("what", "who", "whom") and plain
        return f"{asks} {auxiliary} {rest} {answer}?" if answer and named else None
    if answer and (asked := _WHO_DID.match(turn.question.strip())):
        return f"{asks} {'is' if asked['verb'].endswith('s') else 'was'} it that {answer} {asked['rest']}?"
    return None


def _in_its_place(new: str, last: str) -> str | None:
    """After "How many voted in Spain?", "and in France?" puts the new part in the place of the old one of its kind."""
    if phrase := PHRASE.match(new):
        shape = _shape(phrase[2])
        old = rf"\d[\w.,]*\b|{'|'.join(map(re.escape, names_in(last)))}" if shape != "words" else r"[^?]+?(?=\W*$)"
        places = [one for one in re.finditer(rf"\b{phrase[1]} (?:the )?({old})", last, re.I) if _shape(one[1]) == shape]
        return last[: places[-1].start()] + new + last[places[-1].end() :] if places else None
    known, about = names_in(last), ABOUT.search(last)
    if len(known) == 1 and names_in(f"is {new}") == [re.sub("^the ", "", new)]:
        return re.sub(rf"(?:\bthe )?{re.escape(known[0])}", lambda _: new, last, count=1)
    if about and not known and not re.search(rf"\b(?:the|{PREPOSITION})\b", about["of"]):
        return last[: about.start("of")] + new + last[about.end("of") :]
    return None


def _filled(question: str, turns: Sequence[Turn]) -> tuple[str, bool]:
    """The question with what its pronouns stand for, as far as that is known, and whether it has any that lean."""
    filled, leans = question, False
    for kind, pronouns in PRONOUNS.items():
        found = next((one for one in pronouns.finditer(filled) if _leans(filled, one, kind)), None)
        if found is None:
            continue
        leans = True
        # "That" is what was said, which has no name.
        pointing = found[0].lower() in ("that", "this", "these", "those")
        if not pointing and (name := antecedent(kind, found[0].lower().startswith("the"), filled, turns)):
            own = ("’" if name.endswith("s") else "’s") if found.groupdict().get("own") else ""
            filled = filled[: found.start()] + name + own + filled[found.end() :]
    return filled, leans


def _leans(question: str, pronoun: re.Match[str], kind: Kind) -> bool:
    """Whether nothing in the question is what a pronoun of it could stand for."""
    before, after = question[: pronoun.start()], re.split(r"[.?!]", question[pronoun.end() :])[0]
    if _CLAUSE.search(before):
        return not telling_words(before)
    if kind in ("place", "time"):
        return True
    if kind == "thing" and (_EXPLETIVE.search(question) or _WHO_THEY.match(question)):
        return False
    if not WORD.search(after) and len(telling_words(before)) <= SEVERAL:
        return True  # what ends the question as an object is not its subject
    if pronoun["own"] and telling_words(before) and not before.lower().startswith("who"):
        return False
    return not names_in(before) and len(telling_words(before)) <= _FEW and len(telling_words(after)) <= SEVERAL


def _says_little(question: str) -> bool:
    """Whether a question names too little of its subject to be asked on its own."""
    telling = telling_words(question)
    if names_in(question) or (telling and _DEFINES.match(_LEAD.sub("", question, count=1))):
        return False
    if len(telling) > _FEW and question == question.lower() and "?" not in question:
        return False  # the words of a search
    return len(telling) <= _FEW or (len(question.split()) <= SEVERAL and not _ASKS.match(question))


def _shape(text: str) -> str:
    return "number" if re.search(r"\d", text) else "name" if names_in(f"is {text}") else "words"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
