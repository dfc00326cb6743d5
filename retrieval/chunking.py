"""Article -> Passages: whole sentences, never across a heading, with offsets into the article's text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from retrieval.sentences import Span, paragraphs, sentences
from retrieval.types import Article, Passage

_WORD = re.compile(r"\S+")
_HEADING_WORDS = 10
_PROSE_WORDS = 12
# A related-links line ("More:How it began", "2024:Play it safe?") is not a heading.
_RELATED_LINK = re.compile(r"^[\w ]{1,30}:\S")
_ENDS_PROSE = tuple(".!?…:;,\"'”’»)。！？")


@dataclass(frozen=True, slots=True)
class Chunker:
    """Cuts articles into passages.

    A section (the text from one heading to the next) of W words becomes about W / target passages of about equal
    length, so that no passage is a leftover of a few words unless the section is. Lengths are in words; text written
    without spaces counts one word for ten characters.
    """

    target_words: int = 150
    max_words: int = 200
    overlap_words: int = 0

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same article would be cut differently."""
        return f"sections-2/{self.target_words}/{self.max_words}/{self.overlap_words}"

    def passages(self, article: Article) -> list[Passage]:
        """The passages of `article` in reading order. Every non-blank character lies in at least one of them."""
        return [
            Passage(article_id=article.id, start=span.start, end=span.end, text=article.text[span.start : span.end])
            for section in _sections(article.text)
            for span in self._pack(article.text, section)
        ]

    def _pack(self, text: str, section: list[Span]) -> Iterator[Span]:
        pieces = [piece for sentence in section for piece in self._fit(text, sentence)]
        sizes = [words(text, piece) for piece in pieces]
        left = sum(sizes)
        first = 0
        while first < len(pieces):
            goal = left / max(round(left / self.target_words), -(-left // self.max_words))
            last, size = first, sizes[first]
            while last + 1 < len(pieces) and size + sizes[last + 1] <= self.max_words:
                # Stop where the length comes closest to the goal.
                if size + sizes[last + 1] / 2 > goal:
                    break
                last += 1
                size += sizes[last]
            yield Span(pieces[first].start, pieces[last].end)
            left -= size
            following = last + 1
            if following < len(pieces) and self.overlap_words:
                back = 0
                while following - 1 > first and back + sizes[following - 1] <= self.overlap_words:
                    following -= 1
                    back += sizes[following]
                left += back
            first = following

    def _fit(self, text: str, sentence: Span) -> Iterator[Span]:
        """A sentence of more than max_words (a list, a table, a line of noise) is cut between words."""
        if words(text, sentence) <= self.max_words:
            yield sentence
            return
        limit = self.max_words * 10
        begin, end, count = sentence.start, sentence.start, 0
        for word in _WORD.finditer(text, sentence.start, sentence.end):
            if count and (count == self.max_words or word.end() - begin > limit):
                yield Span(begin, end)
                begin, count = word.start(), 0
            while word.end() - begin > limit:
                yield Span(begin, begin + limit)
                begin += limit
            end, count = word.end(), count + 1
        if end > begin:
            yield Span(begin, end)


def words(text: str, span: Span) -> int:
    """The length of a span in words, at least one for ten characters."""
    return max(len(text[span.start : span.end].split()), (span.end - span.start) // 10)


def _sections(text: str) -> Iterator[list[Span]]:
    """The sentences of each section; a heading begins one."""
    spans = paragraphs(text)
    section: list[Span] = []
    after_heading = False
    for index, span in enumerate(spans):
        heading = not after_heading and index + 1 < len(spans) and _is_heading(text, span, spans[index + 1])
        if heading and section:
            yield section
            section = []
        section += sentences(text, span)
        after_heading = heading
    if section:
        yield section


def _is_heading(text: str, span: Span, following: Span) -> bool:
    if span.end - span.start > 120:
        return False
    line = text[span.start : span.end]
    if line.startswith("#"):
        return True
    if "\n" in line or len(line.split()) > _HEADING_WORDS or line.endswith(_ENDS_PROSE) or line[0].islower():
        return False
    if _RELATED_LINK.match(line):
        return False
    follower = text[following.start : min(following.end, following.start + 600)]
    return len(follower.split()) >= _PROSE_WORDS
