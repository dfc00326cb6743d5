"""What kind of answer a question asks for."""

import re
from typing import Literal

from retrieval.gates.objection import Objection, Place

_LEAD = r"^\W*(?:and |but |so |since |until |by |on |in |at |from |to )?"
_WHEN = re.compile(rf"{_LEAD}(?:when|(?:what|which) (?:year|month|day|date|decade|century|time))\b", re.IGNORECASE)
# "When" begins many a question for something else: "When X failed, who …?"
_OTHER = re.compile(r"\b(?:who|whom|whose|what|which|where|why|how)\b", re.IGNORECASE)
_COUNT = re.compile(
    r"\bhow (?:many|much(?! of)|old|tall|far|long|big|large|high|heavy|wide|deep|fast)\b|"
    r"\bwhat (?:percentage|percent)\b",
    re.IGNORECASE,
)
_WHO = re.compile(rf"{_LEAD}(?:who|whom|whose|where)\b", re.IGNORECASE)
_TIME = re.compile(
    r"\d|\b(?:jan|feb|mar|apr|may|june?|july?|aug|sep|oct|nov|dec|mon|tues|wednes|thurs|fri|satur|sun)\w*|yesterday|today|"
    r"tomorrow|\b(?:to)?night|morning|evening|noon|dawn|dusk|hour|minute|second|day|week|month|year|decade|centur|age|"
    r"era\b|period|spring|summer|autumn|winter|fall\b|season|ago\b|after|before|during|since|until|when|while|once|upon|"
    r"following|war|later|soon|now\b|recent|christmas|easter|ramadan|new year|quarter|early|late|mid|end\b|start|begin|"
    r"birth|death|time|moment|reign|election|first|last|next|one|two|three|four|five|six|seven|eight|nine|ten|never",
    re.IGNORECASE,
)
_AMOUNT = re.compile(
    r"\d|[$£€%½¼¾]|\b(?:zero|no|none|nothing|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|"
    r"thirty|forty|fifty|sixty|seventy|eighty|ninety|\w+ty-\w+|dozens?|scores?|hundreds?|thousands?|millions?|"
    r"billions?|trillions?|couple|pair|both|several|few|many|most|all|half|third|quarter|majority|twice|double|triple|"
    r"a|an|single|once|minority|little|lot|much|more|less|years?|months?|weeks?|days?|hours?|minutes?|decades?|"
    r"centur(?:y|ies)|ever|every|free|until|since)\b",
    re.IGNORECASE,
)
_ONLY_NUMBERS = re.compile(
    r"(?:[\d.,:/$£€%\s–-]|\b(?:percent|per|cent|million|billion|trillion|thousand|hundred|years?|months?|days?|hours?|"
    r"minutes?|points?|a\.?m\.?|p\.?m\.?|january|february|march|april|may|june|july|august|september|october|november|"
    r"december|monday|tuesday|wednesday|thursday|friday|saturday|sunday|yesterday|today|last|next|week)\b)+",
    re.IGNORECASE,
)


def asks_for(question: str) -> Literal["number", "time", "other"]:
    """What a question asks for, by its question words."""
    if _COUNT.search(question):
        return "number"
    if (asked := _WHEN.match(question)) and not _OTHER.search(question, asked.end()):
        return "time"
    return "other"


def kind(question: str, place: Place) -> Objection | None:
    """When asks for a time, how many for a number; who and where never for one."""
    text = place.span
    asked = asks_for(question)
    timely = bool(_TIME.search(text))
    if asked == "number" and not _AMOUNT.search(text) and not (timely and "how long" in question.lower()):
        return Objection("kind", "a number", text)
    if asked == "time" and not timely:
        return Objection("kind", "a time", text)
    if (who := _WHO.match(question)) and _ONLY_NUMBERS.fullmatch(text):
        return Objection("kind", who[0].strip(), text)
    return None


# Questions for yes or no.
_YES_NO = re.compile(
    r"(?:and |but |so )?"
    r"(?:is|are|was|were|am|do|does|did|has|have|had|can|could|will|would|shall|should|may|might|must)"
    r"(?:n['’]t)?\s+(?!who\b|what\b|when\b|where\b|why\b|how\b)",
    re.IGNORECASE,
)
_OR = re.compile(r"\bor\b", re.IGNORECASE)


def settles(question: str) -> bool:
    """Whether a question asks for yes or no, so that the sentence that settles it is the answer."""
    return bool(_YES_NO.match(question)) and not _OR.search(question)
