"""Examples -> token sequences of the reader's input: [CLS] question [SEP] headline. passage [SEP]."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from training.examples import Example, as_typed

_QUESTION = 48
IGNORED = -100
"""The truth of a row that holds no text."""
# Of one question are at most so many passages read together: they have to fit into one batch.
_TOGETHER = 8


Integers = npt.NDArray[np.int64]


class Batch(NamedTuple):
    """ids, mask and types, each (texts, tokens); starts, ends and the number of the question, each (texts,)."""

    ids: Integers
    mask: Integers
    types: Integers
    starts: Integers
    ends: Integers
    asked: Integers


@dataclass(frozen=True, slots=True)
class Encoded:
    """One input. `second` is where the passage begins; start and end are positions of tokens, both 0 for no answer.

    Inputs that share `asked` are passages of one question.
    """

    ids: list[int]
    second: int
    start: int
    end: int
    asked: int


def encode(
    examples: Sequence[Example], tokenizer: Tokenizer, chance: random.Random, longest: int = 288, short: int = 128
) -> Iterator[Encoded]:
    """Every example as tokens, cut to a window with the answer: half of them to `short`, the rest to `longest`.

    What stands together of one question is typed alike and cut to the same length.
    """
    tokenizer.no_truncation()
    tokenizer.no_padding()
    cls, sep = (tokenizer.encode(name, add_special_tokens=False).ids[0] for name in ("[CLS]", "[SEP]"))
    for asked, block in enumerate(_together(examples)):
        question, *bodies = tokenizer.encode_batch(
            [as_typed(block[0].question, chance), *(example.context for example in block)], add_special_tokens=False
        )
        question_ids = question.ids[:_QUESTION]
        most = short if chance.random() < 0.5 else longest
        for example, body in zip(block, bodies, strict=True):
            span = _tokens_of(body.offsets, example.start, example.end)
            head = f"{example.title}." if example.title and chance.random() < 0.8 else ""
            head_ids = tokenizer.encode(head, add_special_tokens=False).ids[:40]
            room = most - len(question_ids) - len(head_ids) - 3
            begin = _window(len(body.ids), room, span, chance)
            prefix = [cls, *question_ids, sep, *head_ids]
            start, end = (len(prefix) + span[0] - begin, len(prefix) + span[1] - begin) if span else (0, 0)
            ids = [*prefix, *body.ids[begin : begin + room], sep]
            if max(start, end) < len(ids) - 1:
                yield Encoded(ids, len(question_ids) + 2, start, end, asked)


def _together(examples: Sequence[Example]) -> Iterator[list[Example]]:
    """The examples in runs of one question, no passage twice in a run."""
    block: list[Example] = []
    for example in examples:
        if block and (
            example.question != block[0].question
            or len(block) == _TOGETHER
            or any(example.context == other.context for other in block)
        ):
            yield block
            block = []
        block.append(example)
    if block:
        yield block


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
    """Batches of like lengths in random order, the passages of a question in the same one.

    Lengths are rounded up to multiples of `step` and batches filled to `tokens`, so that few shapes occur.
    """
    questions = [list(members) for _, members in groupby(sequences, key=lambda sequence: sequence.asked)]
    lengths = [_round(max(len(sequence.ids) for sequence in members), step) for members in questions]
    order = sorted(range(len(questions)), key=lambda place: (lengths[place], chance.random()))
    filled: list[tuple[int, list[Encoded]]] = []
    for place in order:
        length, members = lengths[place], questions[place]
        if filled and filled[-1][0] == length and len(filled[-1][1]) + len(members) <= tokens // length:
            filled[-1][1].extend(members)
        else:
            filled.append((length, list(members)))
    chance.shuffle(filled)
    for length, members in filled:
        ids = np.zeros((max(tokens // length, len(members)), length), np.int64)
        mask, types = np.zeros_like(ids), np.zeros_like(ids)
        starts = np.full(len(ids), IGNORED, np.int64)
        ends, asked = starts.copy(), starts.copy()
        mask[:, 0] = 1
        for row, sequence in enumerate(members):
            count = len(sequence.ids)
            ids[row, :count], mask[row, :count], types[row, sequence.second : count] = sequence.ids, 1, 1
            starts[row], ends[row], asked[row] = sequence.start, sequence.end, sequence.asked
        yield Batch(ids, mask, types, starts, ends, asked)


def _round(length: int, step: int) -> int:
    return -(-length // step) * step
