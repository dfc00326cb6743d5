"""What a question takes for done, and its verb: not denied, not only planned, and not turned round."""

import re

import tantivy

from retrieval.gates.kinds import settles
from retrieval.gates.names import NO_NAMES, WORD
from retrieval.gates.objection import Objection, Place

_NOT = r"(?:\bnot|\bnever|n['’]t|\bno longer|\bfailed to|\bneither|\brefused to|\bdeclined to)"
_NEGATED = re.compile(rf"{_NOT}\s+(?:(?:yet|be|been|being|have|to|also|even|immediately)\s+)*(\w+)", re.IGNORECASE)
_ENDS_NEGATED = re.compile(rf"{_NOT}\s+(?:\w+\s+)?$", re.IGNORECASE)
_ASKED_NOT = re.compile(rf"{_NOT}|\bwithout\b|\brefus|\bfail|\bdeclin|\bnobody\b|\bno one\b", re.IGNORECASE)
# What is negated by a "not" before it is no verb if it is one of these.
_FUNCTION_WORDS = NO_NAMES | frozenset("have has be been that this these those they not only all any one more".split())


def negation(question: str, place: Place) -> Objection | None:
    """What the question takes for done, its sentence does not say was not done; nor the other way round."""
    if settles(question):
        return None
    told: dict[str, list[str]] = {}
    for word in WORD.findall(place.sentence):
        told.setdefault(_stem(word), []).append(word)
    negated = {_stem(match[1]): match for match in _NEGATED.finditer(place.sentence)}
    if _ASKED_NOT.search(question):
        if _ASKED_NOT.search(place.sentence):
            return None
        for match in _NEGATED.finditer(question):
            if match[1].lower() not in _FUNCTION_WORDS and match[1].islower() and (words := told.get(_stem(match[1]))):
                return Objection("negation", match[0], words[0])
        return None
    for word in WORD.findall(question):
        found = None if word.lower() in _FUNCTION_WORDS else negated.get(_stem(word))
        if found and len(told[_stem(word)]) == 1 and not place.start <= found.start() < place.end:
            return Objection("negation", word, found[0])
    return None


_PLANNED = re.compile(
    r"\b(?:will|would|(?:is|are|was|were) (?:due |expected |set |scheduled )?to|"
    r"plan(?:s|ned)? to|hope(?:s|d)? to|intends? to)"
    r"\s+(?:(?:be|have|also|now)\s+)*(\w+)",
    re.IGNORECASE,
)
_PAST = re.compile(r"\bdid\b|\bwas\b|\bwere\b", re.IGNORECASE)
_AHEAD = re.compile(r"\b(?:will|would|to|going|plan\w*|due|expect\w*|schedul\w*)\b", re.IGNORECASE)


_RECEIVED = re.compile(r"\b(?:(?:receiv|obtain|award|grant)\w*|got|given)\b", re.IGNORECASE)
_REQUESTED = re.compile(
    r"\b(?:ask(?:s|ed|ing)?|appl(?:y|ies|ied|ying)|request(?:s|ed|ing)?|seeks?|seeking|sought|demand(?:s|ed|ing)?)\b",
    re.IGNORECASE,
)


def request(question: str, place: Place) -> Objection | None:
    """What the question takes for received is not only asked for."""
    asked = _RECEIVED.search(question)
    if not asked or settles(question) or _REQUESTED.search(question) or _RECEIVED.search(place.sentence):
        return None
    wanted = _REQUESTED.search(place.sentence, 0, place.start)
    return Objection("plan", asked[0], wanted[0]) if wanted else None


def plan(question: str, place: Place) -> Objection | None:
    """What the question takes for done is not only announced."""
    if not _PAST.search(question) or _AHEAD.search(question) or settles(question):
        return None
    asked = {_stem(word): word for word in WORD.findall(question) if word.lower() not in _FUNCTION_WORDS}
    stems = [_stem(word) for word in WORD.findall(place.sentence)]
    for match in _PLANNED.finditer(place.sentence):
        stem = _stem(match[1])
        if stem in asked and stems.count(stem) == 1:
            return Objection("plan", asked[stem], match[0])
    return None


_OPPOSITES = (
    ("confirm admit acknowledge concede verify confess", "deny refute dispute rebut disavow decline"),
    ("accept approve", "reject refuse veto rebuff"),
    ("support back endorse praise", "oppose condemn"),
    ("rise rose risen increase grow grew climb jump surge", "fall fell fallen drop decrease plunge shrink shrank"),
    ("allow permit legalise legalize", "ban forbid forbade forbidden outlaw prohibit"),
    ("resign quit", "dismiss sack fire"),
    ("kill die dead death deaths", "injure hurt wound injury"),
)


def verb(question: str, place: Place) -> Objection | None:
    """A denial is not a confirmation: of two opposite verbs, the one nearest the span is the one asked for."""
    if settles(question):
        return None
    asked = {_stem(match[0]): match for match in WORD.finditer(question)}
    for wanted, contrary in _SIDES:
        said = next((match for stem, match in asked.items() if stem in wanted), None)
        if said is None or contrary & asked.keys() or _ENDS_NEGATED.search(question[: said.start()]):
            continue
        against, towards = _nearest(contrary, place), _nearest(wanted, place)
        if against and (towards is None or against[0] < towards[0]):
            return Objection("verb", said[0], against[1])
    return None


_SAYS = {
    "confirm": frozenset("confirm admit acknowledg conced verifi confess corrobor true inde yes".split()),
    "deni": frozenset("deni refut disput rebut disavow reject dismiss contradict fals untru not never no such".split()),
}
_WHO = re.compile(r"^\W*(?:and |but |so )?who (?:\w+ly )?(?:has |have |had )?(\w+)", re.IGNORECASE)


_DEATHS = frozenset(
    "kill die dead death deadli fatal live life toll victim casualti surviv bodi murder drown massacr lost "
    "perish".split()
)
_KILLED = re.compile(r"\bhow many\b.*\b(killed|died|dead|deaths)\b", re.IGNORECASE)


def said(question: str, place: Place) -> Objection | None:
    """Who confirmed, admitted or denied something is named in a sentence that speaks of confirming or denying.

    And how many died, in one that speaks of death.
    """
    asked = _WHO.match(question) or _KILLED.search(question)
    side = next((words for words in (*_SAYS.values(), _DEATHS) if asked and _stem(asked[1]) in words), None)
    if asked is None or side is None or asked[1].lower() in ("not", "never", "no", "dismissed", "rejected"):
        return None
    told = {_stem(word) for word in WORD.findall(place.sentence.replace("n’t", " not").replace("n't", " not"))}
    return None if told & side else Objection("verb", asked[1], None)


def _nearest(verbs: frozenset[str], place: Place) -> tuple[int, str] | None:
    """The nearest of the verbs that is neither within the span nor negated: how many characters away, and its form."""
    found = [
        (max(place.start - match.end(), match.start() - place.end), match[0])
        for match in WORD.finditer(place.sentence)
        if _stem(match[0]) in verbs
        and (match.end() <= place.start or match.start() >= place.end)
        and not _ENDS_NEGATED.search(place.sentence[: match.start()])
    ]
    return min(found, default=None)


_IRREGULAR = {
    "won": "win", "lost": "lose", "went": "go", "gone": "go", "said": "say", "took": "take", "taken": "take",
    "gave": "give", "given": "give", "made": "make", "met": "meet", "paid": "pay", "found": "find", "told": "tell",
    "came": "come", "began": "begin", "begun": "begin", "left": "leave", "held": "hold", "knew": "know",
    "known": "know", "spoke": "speak", "spoken": "speak", "wrote": "write", "written": "write", "broke": "break",
    "broken": "break", "chose": "choose", "chosen": "choose", "sold": "sell", "bought": "buy", "sent": "send",
}  # fmt: skip


_STEMMER = (
    tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    .filter(tantivy.Filter.lowercase())
    .filter(tantivy.Filter.stemmer("english"))
    .build()
)


def _stem(word: str) -> str:
    """What "deny", "denied", "denies" and "denying" have in common; "win" and "won" likewise."""
    stems: list[str] = _STEMMER.analyze(_IRREGULAR.get(word.lower(), word))
    return stems[0] if stems else ""


_SIDES = tuple(
    (frozenset(map(_stem, wanted.split())), frozenset(map(_stem, contrary.split())))
    for one, other in _OPPOSITES
    for wanted, contrary in ((one, other), (other, one))
)
