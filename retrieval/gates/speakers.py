"""Who says what."""

import re
from itertools import pairwise

from retrieval.gates.names import bare, names, occurs, stem
from retrieval.gates.objection import Objection, Place
from retrieval.sentences import Span

# What comes after these is who speaks ("…,” said Orr"); after the others, who is spoken to or of ("…, he told Orr").
_SAYING_FIRST = (
    r"said|says|claim(?:ed|s)|add(?:ed|s)|wrote|tweeted|announced|argued|insisted|stated|admitted|replied|revealed|"
    r"explained|declared|noted|joked|stressed"
)
_SAYING = (
    rf"(?:{_SAYING_FIRST}|told|tells|warned|called|calls|described|describes|praised|urged|labell?ed|apologi[sz]ed|"
    r"compared|blamed|condemned|expressed)"
)
_ANY_SAYING = re.compile(
    r"[“”\"]|\b(?:sa(?:y|id)|tell|told|claim|call|descri|announc|warn|argu|insist|add|writ|wrote|tweet|statement|accord|quot|"
    r"believ|think|thought|want|hope|accus|promis|pledg|vow|suggest|ask|prais|critici|deni|deny|confirm|urg(?:e|ing)|"
    r"label|admi(?:t|ssion)|apolog|compar|repl(?:y|ie)|reveal|blam|explain|condemn|declar|not(?:e[ds]?\b|ing)|jok|stress|"
    r"express|respon|reject|defend|acknowledg|mention|remark|demand|repeat|insult|hail|welcom|thank)",
    re.IGNORECASE,
)
_WHAT_SAID = re.compile(
    r"\bwhat (?:did|does|has|had) (?P<who>.+?) (?:say|said|claim|claimed|tell|told|think|write|wrote|argue|warn)\b",
    re.IGNORECASE,
)
_ACCORDING = re.compile(r"\baccording to (?:the |an? )?([^,?.]+)", re.IGNORECASE)
_CLAIM = re.compile(r"\b(?:claim|alleg|accus|suggest|argu)\w*\b", re.IGNORECASE)
_SPEAKER = re.compile(
    rf"\b([A-Z][\w’'-]+|he|she|they|it|I|we|who) {_SAYING}\b|"
    rf"[,”\"’'] (?:{_SAYING_FIRST}) (?:[A-Z][\w.’'-]+ )*?([A-Z][\w’'-]+)(?=[,.;]|$)"
)
_SOMEBODY = re.compile(r"[“”\"‘]|\b(?:he|she|they|I|we|his|her|their|spokes\w+|officials?|aides?)\b", re.IGNORECASE)
# "The company said", "the French president has confirmed": whoever the article speaks of.
_DESCRIBED = re.compile(
    rf"\bthe (?:[\w-]+ ){{1,3}}?(?:(?:has|have|had) )?(?:{_SAYING}|denie[ds]|confirm(?:ed|s)|responded)\b",
    re.IGNORECASE,
)
# Who speaks without being named.
_UNNAMED = frozenset("he she they it i we who".split())
_OFFICE = (
    r"(?:spokes\w+|president|minist(?:er|ry)|secretary|ambassador|envoy|chancellor|governor|mayor|ceo|executive|officer|"
    r"(?:co-?)?founder|owner|boss|head|leader|director|chair\w*|advis[eo]r|official|government|prime|vice|deputy|chief|"
    r"senior|press|foreign|defen[cs]e|interior|finance|health|national|security|general)"
)
# What follows a body before its officer, or a person before who speaks for them.
_POST = (
    rf"(?:(?:,? (?:(?:the|an?) )*(?:{_OFFICE}))+(?: (?:of|for|at))?(?: the)?|"
    r"['’]s? (?:\w+ )?(?:spokes\w+|press secretary))"
)
_POSTED = re.compile(_POST, re.IGNORECASE)
_BETWEEN = re.compile(rf"(?i:{_POST}),? (?:[A-Z][\w.’'-]* )*")
_OF = re.compile(r", (?:an?|the) (?:[A-Z][\w.’'-]* )*")
# A government goes by its country, its capital or the house it sits in.
_GOVERNMENTS = tuple(
    frozenset(line.split())
    for line in (
        "Russia Moscow Kremlin",
        "America Washington House",
        "Britain London Street",
        "China Beijing",
        "Ukraine Kyiv",
        "Iran Tehran",
    )
)
# The articles themselves.
_THE_NEWS = re.compile(r"(?:this |news )*(?:articles?|reports|news|text|passage|story|media|sources)", re.IGNORECASE)


def speaker(question: str, place: Place) -> Objection | None:
    """What one person said is not what another said of them; nor what is so according to one, according to another."""
    source = _ACCORDING.search(question)
    if source and not _THE_NEWS.fullmatch(source[1].strip()):
        words = [word for word in source[1].split() if len(word) > 3]
        claim = _CLAIM.search(place.sentence[: place.start])
        if claim and words and not any(occurs(word, place.sentence) for word in words):
            claimant = re.search(r"([A-Z][\w’'-]+) (?:has |had )?$", place.sentence[: claim.start()])
            if not (claimant and any(_speaks_for(claimant[1], word, place.article) for word in words)):
                return Objection("speaker", source[1], claim[0])
    asked = _WHAT_SAID.search(question)
    named = names(f"what {asked['who']}") if asked else []
    if not named:
        return None
    if not _ANY_SAYING.search(place.sentence):
        return Objection("speaker", f"what {named[0]} said", None)
    surname = bare(named[0].split()[-1])
    speakers = [match[1] or match[2] for match in _SPEAKER.finditer(place.sentence)]
    if not speakers and not _may_speak(surname, place):
        return Objection("speaker", f"what {named[0]} said", None)
    if speakers and not any(_unnamed(one) or _speaks_for(one, surname, place.article) for one in speakers):
        return Objection("speaker", named[0], speakers[0])
    return None


def _may_speak(name: str, place: Place) -> bool:
    """Whether the passage names them, or the sentence has a quotation, pronoun or description that may be theirs."""
    if _SOMEBODY.search(place.sentence):
        return True
    around = place.article if _DESCRIBED.search(place.sentence) else place.passage
    return any(occurs(one, f"{place.title}\n{around}") for one in _known_as(name))


def _unnamed(one: str) -> bool:
    """Whether who speaks is only pointed to, by "she" or by an office ("the Harrow CEO")."""
    return one.lower() in _UNNAMED or bool(re.fullmatch(_OFFICE, one, re.IGNORECASE))


def _speaks_for(one: str, asked: str, article: str) -> bool:
    """Whether what one says is what is asked for: it is that name, or one of the two is in the other's office."""
    return any(occurs(name, one) or _in_office(one, name, article) for name in _known_as(asked))


def _known_as(name: str) -> frozenset[str]:
    return next((known for known in _GOVERNMENTS if name in known), frozenset({name}))


def _in_office(one: str, other: str, article: str) -> bool:
    """Whether two names stand side by side with an office: "Harrow press secretary Jan Holt"."""
    ends = re.finditer(rf"\b(?:({re.escape(one)})\b|(?i:{re.escape(stem(other))})\w*)", article)
    for first, second in pairwise(ends):
        apart = (article, first.end(), second.start())
        if bool(first[1]) != bool(second[1]) and (
            _BETWEEN.fullmatch(*apart) or (_OF.fullmatch(*apart) and _POSTED.match(article, second.end()))
        ):
            return True
    return False


def quotation(question: str, sentence: str, start: int, end: int) -> Span:
    """The span grown to the whole of the quotation that it lies in, if the question asks what somebody said."""
    if _WHAT_SAID.search(question):
        # A quotation may begin in the sentence before, or go on in the next.
        for match in re.finditer(r"^[^“”]*”|“[^”]*(?:”|$)|\"[^\"]*\"", sentence):
            if match.start() < end and start < match.end():
                return Span(min(start, match.start()), max(end, match.end()))
    return Span(start, end)
