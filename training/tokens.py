"""Examples -> token sequences of the reader's input: [CLS] question [SEP] headline. passage [SEP]."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from training.examples import Example, as_typed

_QUESTION = 48
_IGNORED = -100


Integers = npt.NDArray[np.int64]
Batch = tuple[Integers, Integers, Integers, Integers, Integers]
"""ids, mask and types, each (texts, tokens); starts and ends, each (texts,)."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """One input. `second` is where the passage begins; start and end are positions of tokens, both 0 for no answer."""

    ids: list[int]
    second: int
    start: int
    end: int


def encode(
    examples: Sequence[Example], tokenizer: Tokenizer, chance: random.Random, longest: int = 288, short: int = 128
) -> Iterator[Encoded]:
    """Every example as tokens, cut to a window with the answer: half of them to `short`, the rest to `longest`."""
    tokenizer.no_truncation()
    tokenizer.no_padding()
    cls, sep = (tokenizer.encode(name, add_special_tokens=False).ids[0] for name in ("[CLS]", "[SEP]"))
    for first in range(0, len(examples), 2000):
        block = examples[first : first + 2000]
        asked = tokenizer.encode_batch(
            [as_typed(example.question, chance) for example in block], add_special_tokens=False
        )
        heads = tokenizer.encode_batch(
            [f"{example.title}." if example.title else "" for example in block], add_special_tokens=False
        )
        bodies = tokenizer.encode_batch([example.context for example in block], add_special_tokens=False)
        for example, question, head, body in zip(block, asked, heads, bodies, strict=True):
            span = _tokens_of(body.offsets, example.start, example.end)
            question_ids = question.ids[:_QUESTION]
            head_ids = head.ids[:40] if chance.random() < 0.8 else []
            room = (short if chance.random() < 0.5 else longest) - len(question_ids) - len(head_ids) - 3
            begin = _window(len(body.ids), room, span, chance)
            prefix = [cls, *question_ids, sep, *head_ids]
            start, end = (len(prefix) + span[0] - begin, len(prefix) + span[1] - begin) if span else (0, 0)
            ids = [*prefix, *body.ids[begin : begin + room], sep]
            if max(start, end) < len(ids) - 1:
                yield Encoded(ids, len(question_ids) + 2, start, end)


def _tokens_of(offsets: Sequence[tuple[int, int]], start: int | None, end: int | None) -> tuple[int, int] | None:
    """The first and the last token that overlap the characters [start, end)."""
    if start is None or end is None:
        return None
    inside = [place for place, (left, right) in enumerate(offsets) if left < end and right > start]
    return (inside[0], inside[-1]) if inside else None


def _window(count: int, room: int, span: tuple[int, int] | None, chance: random.Random) -> int:
    """Where a window of `room` tokens begins that holds the span, at random."""
    last = max(count - room, 0)
    if span is None:
        return chance.randint(0, last)
    low = max(0, min(span[1] - room + 1 + 4, last))
    high = min(span[0], last)
    return chance.randint(min(low, high), high)


def batches(sequences: Sequence[Encoded], tokens: int, chance: random.Random, step: int) -> Iterator[Batch]:
    """Batches of like lengths in random order.

    Lengths are rounded up to multiples of `step` and batches filled to `tokens`, so that few shapes occur.
    """
    order = sorted(range(len(sequences)), key=lambda place: (-(-len(sequences[place].ids) // step), chance.random()))
    groups: list[list[int]] = []
    for place in order:
        length = _round(len(sequences[place].ids), step)
        if groups and _round(len(sequences[groups[-1][0]].ids), step) == length and len(groups[-1]) < tokens // length:
            groups[-1].append(place)
        else:
            groups.append([place])
    chance.shuffle(groups)
    for group in groups:
        length = _round(max(len(sequences[place].ids) for place in group), step)
        ids = np.zeros((tokens // length, length), np.int64)
        mask, types = np.zeros_like(ids), np.zeros_like(ids)
        starts = np.full(len(ids), _IGNORED, np.int64)
        ends = starts.copy()
        mask[:, 0] = 1
        for row, place in enumerate(group):
            sequence = sequences[place]
            count = len(sequence.ids)
            ids[row, :count], mask[row, :count], types[row, sequence.second : count] = sequence.ids, 1, 1
            starts[row], ends[row] = sequence.start, sequence.end
        yield ids, mask, types, starts, ends


def _round(length: int, step: int) -> int:
    return -(-length // step) * step
