"""What a reader finds in a file, before it becomes an Article."""

from dataclasses import dataclass
from datetime import date

from retrieval.sentences import sentences

_TITLE_LENGTH = 80


class Unreadable(Exception):
    """The content is not an article. `str(error)` finishes a sentence that begins with the name of the file."""


@dataclass(frozen=True, slots=True)
class Fields:
    """The parts of one article; None means that the content does not tell."""

    text: str
    title: str | None = None
    id: str | None = None
    source: str | None = None
    author: str | None = None
    published: date | None = None
    url: str | None = None


def one_line(text: str | None) -> str | None:
    """`text` with every run of white space as one space, or None if nothing is left."""
    return " ".join(text.split()) or None if text else None


def first_words(text: str) -> str:
    """The first words of `text`, at most 80 characters; a longer first word is cut."""
    # Enough for 80 characters of words unless the text is mostly white space.
    words = text.lstrip()[: 20 * _TITLE_LENGTH].split()
    title = words[0][:_TITLE_LENGTH] if words else ""
    for word in words[1:]:
        if len(title) + 1 + len(word) > _TITLE_LENGTH:
            break
        title += f" {word}"
    return title


def first_sentence(text: str) -> str:
    """The first sentence of `text`, cut between words at 80 characters."""
    begin = text.lstrip()[: 20 * _TITLE_LENGTH]
    spans = sentences(begin)
    return first_words(begin[spans[0].start : spans[0].end]) if spans else ""


def alike(text: str) -> str:
    """A form of `text` for comparing: two texts that differ in case, spacing or shape of quotes have the same."""
    return " ".join(text.casefold().translate(_PLAIN_QUOTES).split())


_PLAIN_QUOTES = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-"})
