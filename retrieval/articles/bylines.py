"""Who wrote it and for whom: names, outlets and the lines that give them."""

import re
from dataclasses import dataclass
from datetime import date

from retrieval.articles.published import dates_in

_BY = re.compile(r"(?:(?:story|words|written|reported|reporting|report|posted|published)\s+)?by\b:?\s*", re.IGNORECASE)
_LONGEST = 160
_PARTS = re.compile(r"\s*(?:,|\||•|·|/|\s[-–—]\s|\bfor\b|\bof\b(?=\s+the\b)|\n)\s*")
_AND = re.compile(r"\s*(?:,\s*and\b|\band\b|&|\bwith\b)\s*", re.IGNORECASE)
_PARTICLES = frozenset("de del della da di do dos du la le van von der den ter ten bin ibn al el y e".split())
_SUFFIXES = frozenset(("jr", "sr", "ii", "iii", "iv", "m.d", "ph.d", "md", "phd"))

_OUTLETS = frozenset(
    "reuters;associated press;ap;agence france-presse;afp;bloomberg;bloomberg news;upi;united press international;"
    "new york times;nytimes.com;washington post;wall street journal;los angeles times;usa today;cnn;cnn wire;bbc;"
    "bbc news;bbc sport;npr;abc news;nbc news;cbs news;fox news;msnbc;cnbc;guardian;independent;telegraph;"
    "daily telegraph;financial times;economist;times;sky news;al jazeera;deutsche welle;dw;france 24;politico;axios;"
    "vox;time;newsweek;the hill;hill;propublica;buzzfeed news;huffpost;tass;interfax;xinhua;kyodo news;pa media;"
    "press association;canadian press;globe and mail;chicago tribune;boston globe;miami herald;wired;the verge;verge;"
    "techcrunch;fortune;forbes;business insider;mirror;daily mail;sun;globalpost;mcclatchy;tribune news service;"
    "new york times news service;cbc news;abc;nbc;cbs;pbs;pbs newshour;voice of america;radio free europe".split(";")
)
_OUTLET_WORDS = frozenset(
    "times post press news journal herald tribune guardian telegraph independent chronicle gazette observer magazine "
    "network agency radio tv television today wire broadcasting media standard globe inquirer review courier "
    "dispatch sentinel examiner register enquirer republic star reporter bulletin mail weekly daily".split()
)
_JOB_WORDS = frozenset(
    "writer writers editor editors correspondent correspondents reporter reporters columnist contributor staff "
    "bureau chief producer journalist analyst photographer critic author professor desk".split()
)


@dataclass(frozen=True, slots=True)
class Byline:
    """What a byline gives."""

    author: str | None
    outlet: str | None = None
    published: date | None = None


def parse_byline(line: str) -> Byline | None:
    """Read "By JANE DOE, New York Times", "By Jane Doe | Reuters" and their kind; None if the line is anything else.

    The date of "By Jane Doe, 20 March 2018" is taken as well.
    """
    opening = _BY.match(line)
    if opening is None or len(line) > _LONGEST:
        return None
    rest = line[opening.end() :]
    return parse_names(rest) if rest.strip() else None


def is_by(line: str) -> bool:
    """True for a line that is only "By"; the name is on the next one."""
    opening = _BY.match(line)
    return opening is not None and opening.end() == len(line)


def parse_names(line: str) -> Byline | None:
    """Read what follows "By": names, then perhaps an outlet or a job, then perhaps a date."""
    published = None
    for span in reversed(dates_in(line)):
        published = span.value or published
        line = f"{line[: span.start]}|{line[span.end :]}"
    parts = [part for part in _PARTS.split(line.strip(" ,|•·/–—-")) if part]
    names: list[str] = []
    outlet = None
    several = bool(_AND.search(line)) or len(parts) > 2
    for index, part in enumerate(parts):
        if is_outlet(part):
            outlet = outlet or part
        elif is_job(part):
            continue
        elif part.casefold().strip(". ") in _SUFFIXES and names:
            names[-1] += f", {part}"
        elif names and outlet is None and _is_firm(part):
            outlet = part
        elif _are_names(part, single=index > 0) and (not names or several):
            names += [tidy_name(name) for name in _AND.split(part) if name]
        elif names and outlet is None and _is_title_case(part):
            outlet = part
        else:
            return None
    if not names and not outlet:
        return None
    return Byline(_listed(names), outlet, published)


def outlet_line(line: str, *, after_name: bool = False) -> str | None:
    """The outlet, if the whole line names one. After the name of the author ", New York Times" will do."""
    bare = line.strip().lstrip(",|•·/–—- ").strip()
    if bare.casefold().removeprefix("the ").strip(". ") in _OUTLETS:
        return bare
    led = line.strip()[:1] in (",", "|", "•", "·", "/", "–", "—", "-")
    return bare if after_name and bare and (led or is_outlet(bare)) and _is_title_case(bare) else None


def is_outlet(text: str) -> bool:
    """True for a known outlet and for names like "Ruritania Herald"."""
    name = text.casefold().removeprefix("the ").strip(". ")
    words = name.split()
    return name in _OUTLETS or (2 <= len(words) <= 6 and words[-1] in _OUTLET_WORDS and _is_title_case(text))


def is_job(text: str) -> bool:
    """True for "Staff Writer", "in Moscow", "Political correspondent" and the like."""
    words = text.casefold().split()
    return len(words) <= 6 and bool(words) and (words[-1].strip(".") in _JOB_WORDS or words[0] in ("in", "special"))


def is_name(text: str) -> bool:
    """True if `text` could be the full name of one person: two to five capitalised words, particles aside."""
    words = text.split()
    if not 2 <= len(words) <= 5 or words[0] in ("The", "A", "An"):
        return False
    return all(_is_name_word(word) or word.lower() in _PARTICLES for word in words) and _is_name_word(words[-1])


def tidy_name(name: str) -> str:
    """`name` in normal case if it is given in capitals: NEIL MacFARQUHAR -> Neil MacFarquhar."""
    words = name.split()
    if any(word[1:].islower() and word.lower() not in _PARTICLES for word in words):
        return " ".join(words)  # not in capitals, so as the author writes it
    return " ".join(_tidy_word(word) for word in words)


def _are_names(text: str, *, single: bool) -> bool:
    names = [name for name in _AND.split(text) if name]
    return bool(names) and all(is_name(name) or (single and _is_name_word(name)) for name in names)


def _is_firm(text: str) -> bool:
    """True for "Quill & Ledger": single words, where two people would have two names each."""
    return "&" in text and _is_title_case(text) and all(" " not in part.strip() for part in text.split("&"))


def _is_name_word(word: str) -> bool:
    letters = re.sub(r"['’.\-]", "", word)
    return word[:1].isupper() and letters.isalpha() and (not word.endswith(".") or len(word) <= 4)


def _is_title_case(text: str) -> bool:
    words = text.split()
    small = ("of", "the", "and", "for", "in", "de", "la")
    return 1 <= len(words) <= 6 and all(word[:1].isupper() or word in small or word == "&" for word in words)


def _tidy_word(word: str) -> str:
    """Each part of Smith-Jones, O'Neill and J.K. for itself."""
    return re.sub(r"[^-'’.]+", lambda part: _tidy_part(part[0]), word)


def _tidy_part(part: str) -> str:
    mixed = re.fullmatch(r"(Mac|Mc|De|Di|Du|La|Le|Van|Von|Fitz)([A-Z]{2,})", part)
    if mixed:
        return mixed[1] + mixed[2].capitalize()
    initials = len(part) == 2 and part.isupper() and not re.search("[AEIOUY]", part) and part != "JR"
    if initials or part.islower() or part in ("II", "III", "IV"):
        return part
    if re.fullmatch(r"MC[A-Z]{3,}", part):
        return f"Mc{part[2:].capitalize()}"
    return part.capitalize()


def _listed(names: list[str]) -> str | None:
    if len(names) < 2:
        return names[0] if names else None
    return f"{', '.join(names[:-1])} and {names[-1]}"
