"""Who says what."""

import re

from retrieval.gates.names import bare, names, occurs
from retrieval.gates.objection import Objection, Place
from retrieval.sentences import Span

_SAYING = (
    r"(?:said|says|told|tells|claim(?:ed|s)|add(?:ed|s)|wrote|tweeted|announced|argued|insisted|warned|stated|called|calls|"
    r"described|describes|praised)"
)
_ANY_SAYING = re.compile(
    r"[“\"]|\b(?:sa(?:y|id)|tell|told|claim|call|descri|announc|warn|argu|insist|add|writ|wrote|tweet|statement|accord|quot|"
    r"believ|think|thought|want|hope|accus|promis|pledg|vow|suggest|ask|prais|critici|deni|deny|confirm)",
    re.IGNORECASE,
)
_WHAT_SAID = re.compile(
    r"\bwhat (?:did|does|has|had) (?P<who>.+?) (?:say|said|claim|claimed|tell|told|think|write|wrote|argue|warn)\b",
    re.IGNORECASE,
)
_ACCORDING = re.compile(r"\baccording to (?:the |an? )?([^,?.]+)", re.IGNORECASE)
_CLAIM = re.compile(r"\b(?:claim|alleg|accus|suggest|argu)\w*\b", re.IGNORECASE)
_SPEAKER = re.compile(rf"([A-Z][\w’'-]+) {_SAYING}\b|\b{_SAYING} (?:[A-Z][\w.’'-]+ )*?([A-Z][\w’'-]+)(?=[,.;]|$)")


def speaker(question: str, place: Place) -> Objection | None:
    """What one person said is not what another said of them; nor what is so according to one, according to another."""
    if source := _ACCORDING.search(question):
        words = [word for word in source[1].split() if len(word) > 3]
        claim = _CLAIM.search(place.sentence[: place.start])
        if claim and words and not any(occurs(word, place.sentence) for word in words):
            return Objection("speaker", source[1], claim[0])
    asked = _WHAT_SAID.search(question)
    named = names(f"what {asked['who']}") if asked else []
    if not named:
        return None
    if not _ANY_SAYING.search(place.sentence):
        return Objection("speaker", named[0], None)
    surname = bare(named[0].split()[-1])
    speakers = [match[1] or match[2] for match in _SPEAKER.finditer(place.sentence)]
    if speakers and not occurs(surname, " ".join(speakers)) and all(one.lower() not in _PRONOUNS for one in speakers):
        return Objection("speaker", named[0], speakers[0])
    return None


_PRONOUNS = frozenset("he she they it i we who".split())


def quotation(question: str, sentence: str, start: int, end: int) -> Span:
    """The span grown to the whole of the quotation that it lies in, if the question asks what somebody said."""
    if _WHAT_SAID.search(question):
        for match in re.finditer(r"“[^”]*[”]|\"[^\"]*\"", sentence):
            if match.start() < end and start < match.end():
                return Span(min(start, match.start()), max(end, match.end()))
    return Span(start, end)
