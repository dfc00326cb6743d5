"""What kind of answer a question asks for."""

import re
from typing import Literal

from retrieval.gates.objection import Objection, Place

_ASKS = r"(?:who|whom|whose|what|which|when|where|why|how)\b"
_JOINED = r"(?:(?:and|but|so) )?(?:(?:since|until|by|on|in|at|from|to) )?"
_LEAD = rf"^\W*{_JOINED}"
# "Who denied it? When?" asks for a time, and so does "Can you tell me when it opens?".
_BEFORE_LAST = re.compile(rf"\A.*[?!]\s+(?={_JOINED}{_ASKS})", re.IGNORECASE | re.DOTALL)
_TELL_ME = re.compile(
    r"\A\W*(?:(?:can|could|will|would|does|do|may|might|should) (?:you|i|we|anyone|anybody|someone) )?"
    r"(?:please )?(?:tell|know|ask|say|explain|remember|recall)(?:,? (?:me|us|you|please|exactly|about))*,? "
    rf"(?={_JOINED}{_ASKS})",
    re.IGNORECASE,
)
_WHEN = re.compile(rf"{_LEAD}(?:when|(?:what|which) (?:year|month|day|date|decade|century|time))\b", re.IGNORECASE)
# "When" begins many a question for something else: "When X failed, who …?"
_OTHER = re.compile(rf"\b(?!when){_ASKS}", re.IGNORECASE)
_COUNT = re.compile(
    r"\bhow (?:many|much(?! of)|old|tall|far|long|big|large|high|heavy|wide|deep|fast)\b|"
    r"\bwhat (?:percentage|percent)\b",
    re.IGNORECASE,
)
_WHO = re.compile(rf"{_LEAD}(?:who|whom|whose|where)\b", re.IGNORECASE)
_NUMBERS = (
    r"one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w*teens?|"
    r"(?:twen|thir|for|fif|six|seven|eigh|nine)t(?:y|ies)(?:-\w+)?"
)
_TIME = re.compile(
    # a figure, but no sum
    r"(?<![$£€\d.,])\d+(?![\d.,]*\s?(?:%|per ?cent|m\b|bn\b|million|billion|trillion))|"
    rf"\b(?:{_NUMBERS}|jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?|tues|thurs|\w*(?:day|time|week|year|season)s?|tomorrow|weekends?|"
    r"(?:to|mid|over|fort)?nights?|noon|dawn|dusk|sunrise|sunset|centur(?:y|ies)|after(?:noons?|wards?)?|"
    r"before(?:hand)?|earl(?:y|ier|iest)|lat(?:e|er|est|ely)|mid(?:dle|summer|winter)?|aged|beginnings?|during|since|"
    r"until|when|while|once|upon|following|now|never|christmas|easter|ramadan|thanksgiving|halloween|immediately|"
    r"instantly|shortly|eventually|"
    r"(?:hour|minute|second|week|month|year|decade|age|era|period|morning|evening|spring|summer|autumn|winter|fall|"
    r"season|ago|\w*war|soon|recent|quarter|end|start|begin|birth|death|moment|reign|election|first|last|next)"
    r"(?:s|ed|er|ly|ing)?)\b",
    re.IGNORECASE,
)
_AMOUNT = re.compile(
    rf"\d|[$£€%½¼¾]|\b(?:zero|no|none|nothing|nobody|{_NUMBERS}|dozens?|scores?|hundreds?|thousands?|millions?|"
    r"billions?|trillions?|couple|pair|both|several|few|many|most|all|every(?:one|body)?|half|third|quarter|majority|"
    r"minority|twice|double|triple|single|once|little|lot|much|more|less|years?|months?|weeks?|days?|hours?|minutes?|"
    r"decades?|centur(?:y|ies)|ever|never|free|until|since|life|forever|indefinitely|permanently)\b",
    re.IGNORECASE,
)
# "A mile" is how far, but "a spokesman" is not how many.
_ONE = re.compile(r"\ban?\b", re.IGNORECASE)
_ONLY_NUMBERS = re.compile(
    r"(?:[\d.,:/$£€%\s–-]|\b(?:percent|per|cent|million|billion|trillion|thousand|hundred|years?|months?|days?|hours?|"
    r"minutes?|points?|a\.?m\.?|p\.?m\.?|january|february|march|april|may|june|july|august|september|october|november|"
    r"december|monday|tuesday|wednesday|thursday|friday|saturday|sunday|yesterday|today|last|next|week)\b)+",
    re.IGNORECASE,
)


def asks_for(question: str) -> Literal["number", "time", "other"]:
    """What a question asks for, by its question words."""
    question = _asked(question)
    if _COUNT.search(question):
        return "number"
    if (when := _WHEN.match(question)) and not _OTHER.search(question, when.end()):
        return "time"
    return "other"


def _asked(question: str) -> str:
    """The last of several questions, if it begins like one, without the "tell me" before it."""
    return _TELL_ME.sub("", _BEFORE_LAST.sub("", question))


def kind(question: str, place: Place) -> Objection | None:
    """When asks for a time, how many for a number; who and where never for one."""
    text, asked = place.span, _asked(question).lower()
    wanted, timely = asks_for(question), bool(_TIME.search(text))
    counted = _AMOUNT.search(text) or (_ONE.search(text) and "how many" not in asked)
    if wanted == "number" and not counted and not (timely and "how long" in asked):
        return Objection("kind", "a number", text)
    if wanted == "time" and not timely:
        return Objection("kind", "a time", text)
    if (who := _WHO.match(_asked(question))) and _ONLY_NUMBERS.fullmatch(text):
        return Objection("kind", who[0].strip(), text)
    return None


# Questions for yes or no.
_YES_NO = re.compile(
    r"(?:and |but |so )?"
    r"(?:(?:is|are|was|were|am|do|does|did|has|have|had|can|could|will|would|shall|should|may|might|must)"
    rf"(?:n['’]t)?|(?:ca|wo|sha)n['’]t|cannot)\s+(?!{_ASKS})",
    re.IGNORECASE,
)
# Between two things, or for the one that a question word stands for at its end ("Will Orr met whom?").
_CHOICE = re.compile(rf"\bor\b(?! not\b)|\b{_ASKS}\W*$", re.IGNORECASE)
_TRUE = re.compile(r"(?:and |but |so )?(?:is|was)(?:n['’]t)? it (?:true|correct|the case) that\b", re.IGNORECASE)


def settles(question: str) -> bool:
    """Whether a question asks for yes or no, so that the sentence that settles it is the answer."""
    question = _asked(question)
    return bool(_TRUE.match(question) or (_YES_NO.match(question) and not _CHOICE.search(question)))
