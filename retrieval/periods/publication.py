"""Words about publication: "articles published in March 2018", "yesterday's headlines"."""

import re
from collections.abc import Sequence

from retrieval.periods.asked import FUNCTION_WORD, Asked, spaced
from retrieval.periods.mentions import Mention, Rank

_NEWS = r"(?:articles?|stories|(?:news|media|press) (?:reports?|stor(?:y|ies)|coverage)|news)"
_LEADS_TO_DATE = spaced(
    rf"\b{_NEWS}(?: [\w'-]{{1,30}}){{0,6}} (?:published|posted|printed|written|dated|appear(?:ing|ed)|from)"
    rf"(?: (?:in|on|during|between|from|since|before|after|by))? \Z|\b{_NEWS} (?:of|from|for|dated) \Z|"
    r"\b(?:articles?|stories) (?:in|on|since|between|during|before|after) \Z"
)
_REPORTED = spaced(r"\b(?:reported|published)(?: (?:in|on|during|between|from|since|before|after|by))? \Z")
_NOT_REPORTED = re.compile(
    r"\b(?:how many|how much|number|cases?|deaths?|infections|crimes?|books?|novels?|study|studies|memoir|survey|"
    r"profits?|loss(?:es)?|earnings|revenues?|figures|results|data|biography|report)\b"
)
_FOLLOWS_DATE = spaced(
    rf"(?:'s)?(?: (?!{FUNCTION_WORD})[\w'.-]{{1,30}}){{0,2}} (?:articles?(?! [0-9])|stor(?:y|ies)|headlines?|coverage|"
    r"(?:news|media|press) reports?|news(?! (?:conference|briefing|agency|anchor|corp|network|channel)))\b"
)
_PUBLICATION = spaced(
    r"\b(?:articles?|(?:the|an?|that|another|subsequent|later|earlier) (?:[\w'.-]{1,30} ){0,2}"
    r"(?:reports?|story|piece|coverage))\b"
)
_DETERMINED = re.compile(r"\b(?:the|an?|this|that|its|their|his|her) |'s |s' ")
_ALSO = re.compile(r"[ ,]*(?:and|or|to|through|&)? *\Z")


def published(asked: Asked, mentions: Sequence[Mention]) -> set[Mention]:
    """Those of `mentions` that say when articles were published; none if the question speaks of several such dates."""
    found = {mention for mention in mentions if _names_publication(asked, mention)}
    return set() if _are_several(asked.plain, found, mentions) else found


def _names_publication(asked: Asked, mention: Mention) -> bool:
    if mention.rank == Rank.VAGUE:
        return False
    lead = asked.before(mention.body, 90)
    if _LEADS_TO_DATE.search(lead):
        # "The article on the 7 October attacks" is about that day.
        about = lead.rstrip().endswith(("article on", "articles on", "stories on"))
        return not (about and asked.noun_follows(mention.end))
    if _REPORTED.search(lead):
        return not _NOT_REPORTED.search(lead)
    near = asked.plain[max(0, mention.body - 6) : mention.body + 6]
    owned = asked.plain.startswith("'s", mention.end) or _DETERMINED.search(near)
    return bool(owned and _FOLLOWS_DATE.match(asked.plain, mention.end))


def _are_several(plain: str, found: set[Mention], mentions: Sequence[Mention]) -> bool:
    if (found and len(_PUBLICATION.findall(plain)) > 1) or len({m.days for m in found if m.rank == Rank.DATE}) > 1:
        return True
    starts = {m.start for m in mentions if m.rank == Rank.DATE}
    gaps = ((m.end, m.end + gap) for m in found for gap in range(1, 10) if m.end + gap in starts)
    return any(_ALSO.match(plain[end:start]) for end, start in gaps)
