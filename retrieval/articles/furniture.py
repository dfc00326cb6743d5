"""Lines of a saved page that are not the article's: buttons, advertisements, teasers, credits, rights.

Every test is for a whole line. A line in doubt is prose: keeping a button costs less than losing a sentence.
"""

import re

_LONGEST = 150
_LONGEST_RIGHTS = 400

_SERVICES = r"facebook|twitter|x|linkedin|whatsapp|pinterest|reddit|telegram|e-?mail|print|messenger|instagram|youtube"
_BUTTON = re.compile(
    rf"""(?:
      share(?:\s+(?:this(?:\s+(?:article|story|page|post))?|article|story|with\s+friends))?
    | (?:share|tweet|post|follow|send|join)(?:\s+(?:this|it|us|via|by|on|to))*\s+(?:{_SERVICES})
    | (?:{_SERVICES})(?:\s*[|,•·/]?\s+(?:{_SERVICES}))*
    | tweet(?:\s+this)? | copy\s+link | link\s+copied!?
      | save(?:\s+(?:article|story|for\s+later))? | print\s+article
    | (?:leave\s+a\s+|view\s+|show\s+|read\s+|post\s+a\s+|add\s+a\s+|\d+\s+)?comments?(?:\s*\(\d+\))?
    | (?:-+\s*)?advert(?:isement)?s?(?:\s*-+)? | sponsored(?:\s+content)? | paid\s+post | promoted
    | (?:story|article|content)\s+continues\s+(?:below|after)(?:\s+(?:the\s+|this\s+)?advertisement)?
    | continue\s+reading(?:\s+(?:below|the\s+main\s+story|this\s+article))? | skip\s+advertisement
    | skip\s+to(?:\s+main)?\s+content | back\s+to\s+top | read\s+(?:more|next|also|the\s+full\s+story|full\s+article)
    | related(?:\s+(?:stories|articles?|coverage|content|topics|links|news|story))? | more\s+on\s+this(?:\s+story)?
    | most\s+(?:read|popular|viewed|shared) | recommended(?:\s+(?:for\s+you|stories))? | trending(?:\s+now)?
    | you\s+(?:may|might)\s+(?:also\s+)?(?:like|be\s+interested\s+in) | editors?['’]?s?\s+picks?
    | what\s+to\s+read\s+next
    | subscribe(?:\s+(?:now|today|here|to\s+(?:our|my)\b.{{0,80}}
      |to\s+(?:the|this)\b.{{0,60}}\b(?:newsletter|podcast|feed)))?
    | (?:log|sign)\s+in | sign\s+up(?:\s+(?:now|here|today|free))?
    | (?:sign\s+up|register)\s+(?:here\s+)?(?:for|to|and)\b.{{0,80}}\b(?:newsletters?|alerts?|briefings?
      |updates?|inbox|app|e-?mails?|free)\b.{{0,60}}
    | get\s+(?:our|the)\b.{{0,60}}\bnewsletters?\b.{{0,60}}
    | (?:follow|like)\s+us(?:\s+on\b.{{0,60}})? | follow\s+@?\w+(?:\s+\w+){{0,3}}\s+on\s+(?:{_SERVICES})
    | (?:download|get)\s+(?:our|the)\s+(?:\w+\s+){{0,3}}app | click\s+here(?:\s+(?:to|for)\b.{{0,60}})?
    | (?:enlarge|expand)(?:\s+this)?\s+image | (?:toggle|hide|show)\s+caption | image(?:\s+caption)?
    | listen\s+to\s+(?:this\s+)?article
    | (?:this\s+is\s+an?\s+)?\d+[-\s]min(?:ute)?s?(?:\s+read)? | reading\s+time:?\s+\d+\s+min(?:ute)?s?
    | (?:getty\s+images|ap\s+photo|file\s+photo)(?:\s*/\s*[\w\s.]{{0,40}})? | \((?:ap|afp|reuters)\s+photo\b.{{0,60}}\)
    | loading\s*(?:…|\.{{3}})? | play\s+video | watch\s+live | report\s+(?:an?\s+)?(?:error|typo|correction)
    )\s*[.:!→»>]*""",
    re.IGNORECASE | re.VERBOSE,
)
_TEASER = re.compile(
    r"(?:read\s+(?:more|next|also)|also\s+read|see\s+also|related(?:\s+(?:stories|articles?|coverage))?|more\s+on\s+this"
    r"|recommended|tags?|topics|filed\s+under)\s*:\s*\S.*",
    re.IGNORECASE,
)
_CREDIT = re.compile(
    r"(?:(?:photo(?:s|graphs?)?|image|picture|video|illustration)(?:\s+(?:credit|by|source|courtesy(?:\s+of)?))?"
    r"(?:\s*:|(?<=credit)|(?<=by)|(?<=source)|(?<=courtesy)|(?<=of))|credit\s*:)\s*\S.*"
    r"|(?:photo|image|picture)\s+(?:credit|source)",
    re.IGNORECASE,
)
_RIGHTS = re.compile(
    r"(?:(?:©|\(c\)|copyright)\W*(?:©|\(c\))?\W*(?:by\s+)?(?P<years>\d{4}(?:\s*[-–,]\s*\d{4})?)?\W*"
    r"(?P<holder>(?:[^.,]|\.(?=\w))*)(?P<rest>.*)|all\s+rights\s+reserved\W*"
    r"|this\s+material\s+may\s+not\s+be\s+published\b.*)",
    re.IGNORECASE | re.DOTALL,
)
_RIGHTS_RESERVED = re.compile(r"all\s+rights\s+reserved", re.IGNORECASE)
_PROSE = re.compile(r"[.!?][\"”’)]*\Z")
_PROSE_WORDS = 8


def is_furniture(line: str) -> bool:
    """True if the whole line is a button, an advertisement's mark, a teaser or a credit."""
    line = line.strip()
    if len(line) > _LONGEST:
        return False
    if _BUTTON.fullmatch(line):
        return True
    if not (_TEASER.fullmatch(line) or _CREDIT.fullmatch(line)):
        return False
    # "Photo: Rescuers carry a man from the rubble on Tuesday." is a sentence.
    return not (_PROSE.search(line) and len(line.split()) >= _PROSE_WORDS)


def is_rights(line: str) -> bool:
    """True if the whole line states a copyright."""
    return _rights(line) is not None


def rights_holder(line: str) -> str | None:
    """Whom a copyright line names: "© 2018 The Associated Press. All rights reserved." -> The Associated Press."""
    match = _rights(line)
    if match is None or not match["holder"]:
        return None
    holder = _RIGHTS_RESERVED.split(match["holder"])[0].strip(" -–—|\n")
    return holder if holder and len(holder.split()) <= 6 else None


def _rights(line: str) -> re.Match[str] | None:
    line = line.strip()
    if len(line) > _LONGEST_RIGHTS:
        return None
    match = _RIGHTS.fullmatch(line)
    if match is None:
        return None
    # "Copyright law has not kept up." is prose; a year or the sign makes it a statement.
    states = match["holder"] is None or match["years"] or line[0] in "©(" or "©" in line[:14]
    return match if states or (_RIGHTS_RESERVED.search(line) and len(line.split()) <= 14) else None
