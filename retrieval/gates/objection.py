"""What a gate looks at and what it may say."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

Gate = Literal["name", "number", "negation", "verb", "plan", "kind", "speaker"]


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a span does not count: what the question asks for, and what its sentence has instead (None: nothing)."""

    gate: Gate
    asked: str
    found: str | None

    def __str__(self) -> str:
        if self.found is None:
            return f"the nearest passage does not speak of “{self.asked}”"
        return f"the nearest passage has “{self.found}”, the question asks for “{self.asked}”"


@dataclass(frozen=True, slots=True)
class Place:
    """A span, [start, end) in its `sentence`, and what stands around it: the passage and the whole article."""

    sentence: str
    start: int
    end: int
    passage: str
    title: str
    article: str
    published: date | None = None

    @property
    def span(self) -> str:
        """The span's words."""
        return self.sentence[self.start : self.end]
