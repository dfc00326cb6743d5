"""Exact match and F1 of an answer, as the SQuAD evaluation counts them (Rajpurkar et al. 2016, section 6.1)."""

import re
import string
from collections import Counter
from collections.abc import Sequence

_ARTICLES = re.compile(r"\b(a|an|the)\b")


def normalised(text: str) -> str:
    """In lower case, without punctuation, articles and spare white space."""
    bare = "".join(character for character in text.lower() if character not in string.punctuation)
    return " ".join(_ARTICLES.sub(" ", bare).split())


def exact_match(answer: str, known: Sequence[str]) -> float:
    """1 if the answer is one of the known ones, else 0."""
    return float(any(normalised(answer) == normalised(other) for other in known))


def f1(answer: str, known: Sequence[str]) -> float:
    """The highest harmonic mean of precision and recall of words, 0 to 1, over the known answers."""
    return max((_overlap(normalised(answer).split(), normalised(other).split()) for other in known), default=0.0)


def _overlap(words: list[str], known: list[str]) -> float:
    if not words or not known:
        return float(words == known)
    common = sum((Counter(words) & Counter(known)).values())
    return 2 * common / (len(words) + len(known))
