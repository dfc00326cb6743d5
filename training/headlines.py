"""Headlines -> questions on the news: "Pelosi announces a bill" asks "Who announces a bill?" of the articles then.

A name that a headline begins with, or a number of things in it, is asked for; passages that the retriever finds for the
question and that hold it are the positives (distant supervision), the likest without it the negatives. A rough relative
of making questions from clozes (Lewis, Denoyer and Riedel, "Unsupervised Question Answering by Cloze Translation",
2019), without a translation model: only headlines whose words need no turning round are asked.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from babel import Locale

from retrieval.retriever import Retriever
from retrieval.types import Article
from training.examples import Example, found_in_news, spans_of

_OUTLET = re.compile(r"\s+[|–—-]\s+(?:CNN|USA TODAY|Opinion|Fox News|BBC|NPR|Reuters)\b.*$|\s*(?:…|\.\.\.).*$")
# One to four capitalised words, then a verb: names of people, bodies and places that do something.
_SUBJECT = re.compile(
    r"((?:[A-Z][\w.&-]*[\w.]\s+){1,4})(?=(?:to|will|has|have|is|are|was|were|may|could|won|[a-z]{2,}(?:[^s\W]s|ed))\s)"
)
_COUNTED = re.compile(
    r"\b(\d[\d,.]*|two|three|four|five|six|seven|eight|nine|ten|dozens|hundreds)\s+([a-z]{3,}s|people)\b"
)
_TIMES = frozenset(
    "years days weeks months hours minutes times years' points ways things reasons facts takeaways".split()
)
_COUNTRIES = frozenset(Locale("en").territories.values()) | {"UK", "US", "Russia", "Turkey"}
# Words that begin a sentence before a name, and are no first names.
_NO_FIRST = frozenset(
    "the if and but so when while for as in on at with after since even our an a new that this".split()
)
# A noun in the plural and its verb: the name before it is no subject.
_PLURAL = re.compile(r"[a-z]+s (?:[a-z]+(?:ed|s)|begin|hit|hope|are|were|have|will|to|of|in|for|at|on|coming)\b")
_YEAR = re.compile(r"(?:19|20)\d\d")
_NO_NAMES = frozenset(("The", "New", "A", "Best"))


@dataclass(frozen=True, slots=True)
class Asked:
    """A question made of a headline, and the words that answer it, the fullest first."""

    text: str
    answers: tuple[str, ...]


def headline_examples(
    articles: Sequence[Article], news: Retriever, most: int, chance: random.Random
) -> Iterator[Example]:
    """Examples of up to `most` headlines, chosen at random."""
    order = list(articles)
    chance.shuffle(order)
    made = 0
    for article in order:
        asked = ask(article, chance)
        if not asked or not article.published:
            continue
        made += 1
        day = article.published + timedelta(days=chance.randrange(7))
        for example in found_in_news("headline", asked.text, asked.answers, day, news, 2, 1):
            # A headline with the answer would give it away.
            yield replace(example, title="") if spans_of(asked.answers, example.title) else example
        if made == most:
            return


def ask(article: Article, chance: random.Random) -> Asked | None:
    """The question that a headline answers, or None where none can be made of it."""
    headline = _OUTLET.sub("", article.title).strip()
    words = headline.split()
    if "?" in headline or len(words) < 6 or sum(word[:1].isupper() for word in words) > 0.6 * len(words):
        return None
    counted = _COUNTED.search(headline)
    if (
        counted
        and counted[2] not in _TIMES
        and headline[counted.start() - 1 : counted.start()] != "-"
        and "50 states" not in headline
        and spans_of([counted[1]], article.text)
    ):
        before, after = headline[: counted.start()].strip(), headline[counted.end() :].strip()
        return Asked(_sentence(f"{before} how many {counted[2]} {after}"), (counted[1],))
    subject = _SUBJECT.match(headline)
    if not subject or _PLURAL.match(headline, subject.end()) or subject[1].strip() in _NO_NAMES:
        return None
    name = subject[1].strip()
    # Capitalised in the middle of a sentence too: a name, and no first word like any other.
    if not re.search(rf"[a-z,] (?:[A-Z][\w.]+ )?{re.escape(name)}\b", article.text):
        return None
    return Asked(
        _sentence(f"{_asks_for(name, article.text, chance)} {headline[subject.end() :]}"), _forms(name, article.text)
    )


def _asks_for(name: str, text: str, chance: random.Random) -> str:
    """Who for people, a country for countries, and for the rest a question word that leaves it open."""
    if name in _COUNTRIES:
        return chance.choice(("Which country", "What country"))
    person = len(_forms(name, text)) > 1 or re.search(rf"\b{re.escape(name.split()[-1])} (?:said|told)\b", text)
    if person and re.search(r"\b(?:he|she|his|her)\b", text):
        return "Who"
    return chance.choice(("What", "Who or what"))


def _forms(name: str, text: str) -> tuple[str, ...]:
    """The name with a first name in front of it if the text has one, and as it is."""
    first = re.search(rf"\b([A-Z][a-z]+) {re.escape(name)}\b", text) if " " not in name else None
    return (f"{first[1]} {name}", name) if first and first[1].lower() not in _NO_FIRST else (name,)


def _sentence(words: str) -> str:
    text = " ".join(words.split()).rstrip(".:;,")
    return f"{text[0].upper()}{text[1:]}?"
