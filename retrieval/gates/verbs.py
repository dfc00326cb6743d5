"""What a question takes for done, and its verb: not denied, not only planned, and not turned round."""

import re

import tantivy

from retrieval.gates.kinds import settles
from retrieval.gates.names import NO_NAMES, WORD
from retrieval.gates.objection import Objection, Place

_NOT = r"(?:\bnot|\bcannot|\bnever|n['’]t|\bno longer|\bneither|\bnor|\b(?:failed|refused|declined|unable) to)"
_ARTICLE = r"(?:the|an?|his|her|its|their)"
_SUBJECT = rf"(?:\s+(?:he|she|they|it|{_ARTICLE}\s+\w+|(?-i:[A-Z])[\w.’'-]*))"
# Who stands in these did not do what follows.
_NO_SUBJECT = rf"(?:\bneither\b[^;]*?\bnor{_SUBJECT}+|\bnone of\s+(?:{_ARTICLE}\s+)?\w+(?:,[^,;]*,)?|\bnobody|\bno one)"
# The last is an adverb, such as "personally"; "reply" and "comply" are none.
_BETWEEN = (
    r"(?:(?:yet|be|been|being|is|are|was|were|has|have|had|to|also|even|ever|so far|\w+(?:al|ic|ate|ct|it|nt)ly)\s+)*"
)
_NEGATED = re.compile(rf"(?:{_NO_SUBJECT}|{_NOT})\s+{_BETWEEN}(\w+)", re.IGNORECASE)
# What follows these is denied, or never came to be.
_DENIED = re.compile(
    rf"(?:\bden(?:y|ies|ied|ying)(?:(?:\s+\w+)?\s+that{_SUBJECT}+)?|\bno evidence(?:\s+that)?{_SUBJECT}*|"
    rf"\bacquit\w*(?:{_SUBJECT}*\s+of)?|\bwould have|"
    rf"\b(?:reports?|rumou?rs?|claims?)\s+that{_SUBJECT}+(?=[^;]*\b(?:false|untrue|not true|baseless|unfounded)\b))"
    rf"\s+{_BETWEEN}(\w+)",
    re.IGNORECASE,
)
# Of an accusation or of what would be, a question takes nothing for done.
_ASKED_OPEN = re.compile(
    r"\b(?:den[iy]|acquit|evidence|claim|accus|alleg|charge|arrest|tri(?:al|ed)\b|suspect|would\b)", re.IGNORECASE
)
_ENDS_NEGATED = re.compile(rf"{_NOT}\s+(?:\w+\s+)?$", re.IGNORECASE)
_ASKED_NOT = re.compile(rf"{_NOT}|\bwithout\b|\brefus|\bfail|\bdeclin|\bnobody\b|\bno one\b|\bnone\b", re.IGNORECASE)
_ABSENT = re.compile(r"\b(?:skip|boycott|absen|miss(?:ed|es|ing)\b|stay(?:ed|s)? away)", re.IGNORECASE)
# What was not done until May was done in May.
_UNTIL = re.compile(r"[^,;]{0,40}\buntil\b", re.IGNORECASE)
# Another clause follows: of the same subject if it is "but did not", of another if it is "but the driver did not".
_CLAUSE = re.compile(r";|\b(?:while|whereas|but)\b", re.IGNORECASE)
_NEW_SUBJECT = re.compile(
    r";|\b(?:while|whereas)\b|\bbut\b(?!\W+(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|cannot|never|"
    r"failed|refused|declined)\b)",
    re.IGNORECASE,
)
_ASKED_OBJECT = re.compile(r"\b(?:what|whom?) (?:do|does|did)\b", re.IGNORECASE)
# What is negated by a "not" before it is no verb if it is one of these.
_FUNCTION_WORDS = NO_NAMES | frozenset("have has be been that this these those they not only all any one more".split())


def negation(question: str, place: Place) -> Objection | None:
    """What the question takes for done, its sentence does not say was not done; nor the other way round."""
    if settles(question):
        return None
    told: dict[str, list[str]] = {}
    for word in WORD.findall(place.sentence):
        told.setdefault(_stem(word), []).append(word)
    patterns = [_NEGATED] if _ASKED_OPEN.search(question) else [_NEGATED, _DENIED]
    negated = {_stem(match[1]): match for pattern in patterns for match in pattern.finditer(place.sentence)}
    if _ASKED_NOT.search(question):
        if _ASKED_NOT.search(place.sentence) or _ABSENT.search(place.sentence):
            return None
        for match in _NEGATED.finditer(question):
            if match[1].lower() not in _FUNCTION_WORDS and match[1].islower() and (words := told.get(_stem(match[1]))):
                return Objection("negation", match[0], words[0])
        return None
    for word in WORD.findall(question):
        found = None if word.lower() in _FUNCTION_WORDS else negated.get(_stem(word))
        if found and len(told[_stem(word)]) == 1 and _of_span(found, question, place):
            return Objection("negation", word, found[0])
    return None


def _of_span(negated: re.Match[str], question: str, place: Place) -> bool:
    """Whether a negation is about the span: outside it, for good, and in its clause."""
    if place.start <= negated.start() < place.end or _UNTIL.match(place.sentence, negated.end()):
        return False
    after = negated.start() >= place.end
    between = place.sentence[place.end : negated.end()] if after else place.sentence[negated.end() : place.start]
    return not (_CLAUSE if _ASKED_OBJECT.search(question) else _NEW_SUBJECT).search(between)


_PLANNED = re.compile(
    r"\b(?:will|would|won['’]t|(?:is|are|was|were) (?:due |expected |set |scheduled )?to|"
    r"plan(?:s|ned)? to|hope(?:s|d)? to|intends? to)"
    r"\s+(?:(?:not|be|have|also|now)\s+)*(\w+)",
    re.IGNORECASE,
)
_PAST = re.compile(r"\bdid\b|\bwas\b|\bwere\b", re.IGNORECASE)
_AHEAD = re.compile(r"\b(?:will|would|to|going|plan\w*|due|expect\w*|schedul\w*)\b", re.IGNORECASE)
# "The start" and "new host of" are no verbs.
_NOUN = re.compile(rf"\b{_ARTICLE}\s+(\w+)|(\w+)\s+of\b", re.IGNORECASE)


_RECEIVED = re.compile(r"\b(?:(?:receiv|obtain|award|grant)\w*|got|given)\b", re.IGNORECASE)
_REQUESTED = re.compile(
    r"\b(?:ask(?:s|ed|ing)?|appl(?:y|ies|ied|ying)|request(?:ed|ing)|seeks?|seeking|sought|demand(?:ed|ing))\b",
    re.IGNORECASE,
)


def request(question: str, place: Place) -> Objection | None:
    """What the question takes for received is not only asked for, in the clause of the span."""
    asked = _RECEIVED.search(question)
    if not asked or settles(question) or _REQUESTED.search(question) or _RECEIVED.search(place.sentence):
        return None
    wanted = _REQUESTED.search(_CLAUSE.split(place.sentence[: place.start])[-1])
    return Objection("plan", asked[0], wanted[0]) if wanted else None


def plan(question: str, place: Place) -> Objection | None:
    """What the question takes for done is not only announced."""
    if not _PAST.search(question) or _AHEAD.search(question) or settles(question):
        return None
    nouns = {_stem(match[1] or match[2]) for match in _NOUN.finditer(question)}
    asked = {
        stem: word
        for word in WORD.findall(question)
        if word.lower() not in _FUNCTION_WORDS and (stem := _stem(word)) not in nouns
    }
    stems = [_stem(word) for word in WORD.findall(place.sentence)]
    for match in _PLANNED.finditer(place.sentence):
        stem = _stem(match[1])
        if stem in asked and stems.count(stem) == 1:
            return Objection("plan", asked[stem], match[0])
    return None


_OPPOSITES = (
    ("confirm admit acknowledge concede verify confess", "deny refute dispute rebut disavow"),
    ("accept approve", "reject refuse veto rebuff"),
    ("support back endorse praise", "oppose condemn"),
    ("rise rose risen increase grow grew climb jump surge", "fall fell fallen drop decrease plunge shrink shrank"),
    ("allow permit legalise legalize", "ban forbid forbade forbidden outlaw prohibit"),
    ("resign quit", "dismiss sack fire"),
    ("kill die dead death deaths", "injure hurt wound injury"),
)
# Forms of these that are more often no verb.
_HOMOGRAPHS = frozenset("back drop fire fires Rose".split())
_DEATH = (
    r"\b(?:kill|die[ds]?\b|dying\b|dead(?:ly)?\b|death|fatal|lives\b|bodies\b|murder|massacr|assassin|drown|perish|slain\b|"
    r"slew\b|execut(?:ed|ion)|succumb|pass(?:ed|es|ing)? away)"
)
# What else speaks of one of the verbs, besides its like.
_ALSO = {"kill": re.compile(_DEATH, re.IGNORECASE), "injure": re.compile(r"\bhospital", re.IGNORECASE)}
# Each puts another clause or item between a word and the span.
_BREAK = re.compile(r"[,;]\s|\b(?:and|but|while|with)\b", re.IGNORECASE)
_AND_THEN = re.compile(
    r"\s+(?:and|but)\s+(?:(?:has\s+|had\s+)?(?:later|then|since|subsequently|eventually)\s+\w+|died)", re.IGNORECASE
)


def verb(question: str, place: Place) -> Objection | None:
    """A denial is not a confirmation: of two opposite verbs, the one nearest the span is the one asked for."""
    if settles(question):
        return None
    asked = {_stem(match[0]): match for match in WORD.finditer(question) if match[0] not in _HOMOGRAPHS}
    for wanted, contrary, also in _SIDES:
        said = next((match for stem, match in asked.items() if stem in wanted), None)
        if said is None or contrary & asked.keys() or _is_negated(said, question):
            continue
        against, towards = _nearest(contrary, None, place), _nearest(wanted, also, place)
        if against and (towards is None or _distance(against, place) < _distance(towards, place)):
            if towards and _AND_THEN.fullmatch(place.sentence, against.end(), towards.end()):
                continue  # who was injured and later died, died
            return Objection("verb", said[0], against[0])
    return None


def _nearest(verbs: frozenset[str], also: re.Pattern[str] | None, place: Place) -> re.Match[str] | None:
    """The nearest of the verbs, or of what else speaks of them, that is neither within the span nor negated."""
    verbal = [one for one in WORD.finditer(place.sentence) if one[0] not in _HOMOGRAPHS and _stem(one[0]) in verbs]
    found = [
        match
        for match in (*verbal, *(also.finditer(place.sentence) if also else ()))
        if (match.end() <= place.start or match.start() >= place.end) and not _is_negated(match, place.sentence)
    ]
    return min(found, key=lambda match: _distance(match, place), default=None)


def _distance(match: re.Match[str], place: Place) -> tuple[int, int]:
    """How far a word is from the span: how many clauses or items away, then how many characters."""
    between = place.sentence[match.end() : place.start] or place.sentence[place.end : match.start()]
    return len(_BREAK.findall(between)), len(between)


def _is_negated(match: re.Match[str], text: str) -> bool:
    return bool(_ENDS_NEGATED.search(text[: match.start()])) and not _UNTIL.match(text, match.end())


_WHO = re.compile(r"^\W*(?:and |but |so )?who (?:\w+ly )?(?:has |have |had )?(\w+)", re.IGNORECASE)
_KILLED = re.compile(r"\bhow many\b.*\b(killed|died|dead|deaths)\b", re.IGNORECASE)
# Not to answer is not to deny.
_NO_DENIAL = (
    r"(?:\s+\w+ly|\s+immediate)?(?:\s+(?:going|want|wish)\s+to)?\s+(?:comment|answer|respon[ds]|reply|return|lie\b|speak|say|"
    r"available|be\s+(?:drawn|reached))"
)
# What a question asks for by its verb, and what its sentence then must speak of.
_SPEAKING = (
    (
        "confirm admit acknowledge concede verify confess corroborate",
        r"\b(?:confirm|admi[ts]|acknowledg|conced|verif|confess|corroborat|announc|indeed|yes\b)|"
        r"(?<!not )\b(?:true\b|guilty)",
    ),
    (
        "deny refute dispute rebut disavow contradict",
        r"\b(?:den[iy]|refut|disput|rebut|disavow|reject|dismiss|contradict|fals|untru|baseless|unfounded|nonsense)|"
        rf"(?:\b(?:not|never|no|none)|n['’]t)\b(?!{_NO_DENIAL})",
    ),
    (
        "kill die dead deaths murder massacre assassinate drown perish",
        rf"{_DEATH}|\b(?:toll|victim|casualt|life|body|shot|stabb|surviv)",
    ),
)


def said(question: str, place: Place) -> Objection | None:
    """Who confirmed, admitted or denied something is named in a sentence that speaks of confirming or denying.

    And who or how many died, in one that speaks of death.
    """
    asked = _WHO.match(question) or _KILLED.search(question)
    told = next((words for verbs, words in _SAYS if asked and _stem(asked[1]) in verbs), None)
    return None if asked is None or told is None or told.search(place.sentence) else Objection("verb", asked[1], None)


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


def _stems(words: str) -> frozenset[str]:
    return frozenset(map(_stem, words.split()))


_SIDES = tuple(
    (_stems(wanted), _stems(contrary), _ALSO.get(wanted.split()[0]))
    for one, other in _OPPOSITES
    for wanted, contrary in ((one, other), (other, one))
)
_SAYS = tuple((_stems(verbs), re.compile(told, re.IGNORECASE)) for verbs, told in _SPEAKING)
