"""Trains the reader: python -m training.train --data DIR --full-index DIR --out FOLDER [--passes 2] [--minutes 60].

Start and end heads on the six layers of all-MiniLM-L6-v2, cross entropy over the tokens of each passage, with [CLS] as
the place of "not here" (Devlin et al. 2019, section 4.3). Besides, over the tokens of all passages of a question, so
that their scores compare (Clark and Gardner, "Simple and Effective Multi-Paragraph Reading Comprehension", 2018,
section 3.3; here of how much more each token scores than its passage's [CLS], with 0 for "nowhere").

The word embeddings stay as they are. AdamW, a rate that falls linearly to 0, bfloat16 on processors that multiply it
(half the time of float32 there, twice the time elsewhere). A checkpoint is written every few minutes, and the same
command goes on from it. `--start-from` begins with the weights of a reader that `training.export` wrote. With
`--teachers` half of what is learned of a passage that answers is what other such readers say in the mean, in place of
the one marked answer (Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network", 2015): several readers
are better than each, and one learns to be so. Of a passage that does not answer only the mark is learned.
"""

import argparse
import json
import math
import pickle
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from transformers import AutoModelForQuestionAnswering

from benchmarks.data import data_folder
from bot.service import open_encoder
from bot.settings import Settings
from retrieval.models import find_model
from retrieval.reader_model import MODEL
from retrieval.retriever import Retriever
from retrieval.store import Store
from training.examples import Example, all_examples
from training.headlines import headline_examples
from training.tokens import IGNORED, Batch, batches, encode
from training.weights import exported_weights

_RATE = 1.5e-4
_WARM_UP = 150
_TOKENS = 4096
_SAVE_SECONDS = 240
_TELL = 25
_NEVER = -1e4
# How much of what is learned is what the teachers say.
_TAUGHT = 0.5
# What is learned of all passages of a question together, beside what is of each.
_SHARED = 1.0
_BFLOAT16 = torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
# oneDNN's bfloat16 kernels are made anew for each shape: few shapes there, little padding elsewhere.
_ROUND_TO = 32 if _BFLOAT16 else 8


@dataclass(slots=True)
class Place:
    """How far training is: steps done, seconds spent, the pass and the batch within it."""

    done: int = 0
    spent: float = 0.0
    pass_number: int = 0
    within: int = 0


class Training:
    """A model, its optimizer and where it is in the data; all of it in one checkpoint."""

    def __init__(self, checkpoint: Path, start_from: Path | None, rate: float, teachers: Sequence[Path] = ()) -> None:
        self._checkpoint, self._rate = checkpoint, rate
        self.place = Place()
        self._teachers = [_reader(folder).eval() for folder in teachers]
        self._model = _reader(start_from)
        self._model.bert.embeddings.word_embeddings.weight.requires_grad_(False)
        self._model.train()
        self._learned = [weights for weights in self._model.parameters() if weights.requires_grad]
        self._optimizer = torch.optim.AdamW(
            [
                {"params": [weights for weights in self._learned if weights.ndim > 1], "weight_decay": 0.01},
                {"params": [weights for weights in self._learned if weights.ndim == 1], "weight_decay": 0.0},
            ],
            betas=(0.9, 0.98),
            fused=True,
        )
        if checkpoint.exists():
            state = torch.load(checkpoint)
            self._model.load_state_dict(state["model"])
            self._optimizer.load_state_dict(state["optimizer"])
            self.place = Place(**state["place"])

    def step(self, batch: Batch, progress: float) -> float:
        """Learn from one batch, `progress` of the way through; returns its loss."""
        for group in self._optimizer.param_groups:
            group["lr"] = self._rate * min((self.place.done + 1) / _WARM_UP, 1 - progress)
        ids, mask, types, starts, ends, asked = map(torch.from_numpy, batch)
        with torch.autocast("cpu", torch.bfloat16, enabled=_BFLOAT16):
            output = self._model(input_ids=ids, attention_mask=mask, token_type_ids=types)
        allowed = (mask * types).bool()
        allowed[:, 0] = True
        loss = torch.tensor(0.0)
        said = self._said(batch, allowed)
        for logits, truth, soft in zip((output.start_logits, output.end_logits), (starts, ends), said, strict=True):
            scores = logits.float().masked_fill(~allowed, _NEVER)
            wrong = torch.nn.functional.cross_entropy(scores, truth, reduction="none", ignore_index=IGNORED)
            if soft is not None:
                taught = torch.nn.functional.cross_entropy(scores, soft, reduction="none")
                wrong = torch.where(truth > 0, (1 - _TAUGHT) * wrong + _TAUGHT * taught, wrong)
            marked = wrong.sum() / (truth >= 0).sum() + _SHARED * shared_loss(scores, truth, asked)
            loss = loss + marked / 2
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._learned, 1.0)
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        self.place.done += 1
        value: float = loss.item()
        return value

    def _said(self, batch: Batch, allowed: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        """The mean of what the teachers say: how probable each token is as the start, and as the end."""
        if not self._teachers:
            return None, None
        ids, mask, types = map(torch.from_numpy, batch[:3])
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=_BFLOAT16):
            heard = [teacher(input_ids=ids, attention_mask=mask, token_type_ids=types) for teacher in self._teachers]
        starts, ends = (
            torch.stack([getattr(output, name).float().masked_fill(~allowed, _NEVER) for output in heard]).mean(0)
            for name in ("start_logits", "end_logits")
        )
        return starts.softmax(-1), ends.softmax(-1)

    def save(self) -> None:
        """Write the checkpoint."""
        aside = self._checkpoint.with_suffix(".new")
        place = {name: getattr(self.place, name) for name in Place.__slots__}
        state = {"model": self._model.state_dict(), "optimizer": self._optimizer.state_dict(), "place": place}
        torch.save(state, aside)
        aside.replace(self._checkpoint)


def shared_loss(scores: torch.Tensor, truth: torch.Tensor, asked: torch.Tensor) -> torch.Tensor:
    """How improbable the marked tokens are among those of all passages of their question, in the mean of the texts.

    scores is (texts, tokens) with [CLS] first, truth and asked are (texts,). Of several marked tokens of a question any
    will do. Questions of one passage, or without an answer, have nothing to compare and count as 0.
    """
    margins = scores - scores[:, :1]
    here = truth > 0
    member = asked[:, None] == asked[None, :]
    # Row by row, what all tokens of the question say, and the marked ones; "nowhere" is worth exp(0).
    everything = margins[:, 1:].logsumexp(-1)
    everything = everything.expand_as(member).masked_fill(~member, _NEVER)
    everything = torch.nn.functional.pad(everything, (0, 1)).logsumexp(-1)
    right = margins.gather(1, truth.clamp(min=0)[:, None])[:, 0]
    right = right.expand_as(member).masked_fill(~(member & here), _NEVER).logsumexp(-1)
    compared = (truth >= 0) & (member.sum(-1) > 1) & (member & here).any(-1)
    return torch.where(compared, everything - right, 0.0).sum() / (truth >= 0).sum()


def _reader(exported: Path | None) -> Any:
    """The six layers with the weights of an exported reader, else of all-MiniLM-L6-v2."""
    # Without dropout a step takes half as long, and few passes do not overfit.
    model = AutoModelForQuestionAnswering.from_pretrained(
        find_model().folder, attn_implementation="sdpa", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
    )
    if exported:
        model.load_state_dict(exported_weights(exported / MODEL), strict=False)
    return model


def main() -> None:
    """Train, or go on training."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--full-index", type=Path, required=True, help="the data folder of a full realtimeqa index")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--passes", type=float, default=2)
    parser.add_argument("--minutes", type=float, default=math.inf, help="end, with the rate at 0, after so many")
    parser.add_argument("--rate", type=float, default=_RATE)
    parser.add_argument("--start-from", type=Path, help="the folder of an exported reader to begin with")
    parser.add_argument("--headlines", type=int, default=0, help="so many questions made of headlines besides")
    parser.add_argument("--teachers", type=Path, nargs="*", default=[], help="folders of exported readers")
    arguments = parser.parse_args()
    torch.manual_seed(1)
    out: Path = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    examples = _examples(
        data_folder(arguments.data), arguments.full_index, out / "examples.pickle", arguments.headlines
    )
    training = Training(out / "checkpoint.pt", arguments.start_from, arguments.rate, arguments.teachers)
    run(training, examples, arguments.passes, arguments.minutes * 60)
    training.save()


def run(training: Training, examples: list[Example], passes: float, seconds: float) -> None:
    """Train for so many passes or seconds, whichever is over first."""
    tokenizer = Tokenizer.from_file(str(find_model().folder / "tokenizer.json"))
    place, losses = training.place, []
    before = saved = time.monotonic()
    while place.pass_number < passes:
        chance = random.Random(place.pass_number)
        ready: list[Any] = list(batches(list(encode(examples, tokenizer, chance)), _TOKENS, chance, _ROUND_TO))
        for batch in ready[place.within :]:
            progress = max((place.pass_number + place.within / len(ready)) / passes, place.spent / seconds)
            if progress >= 1:
                return
            losses.append(training.step(batch, progress))
            place.within += 1
            now = time.monotonic()
            place.spent, before = place.spent + now - before, now
            if place.done % _TELL == 0:
                loss = round(sum(losses) / len(losses), 4)
                line = {"step": place.done, "loss": loss, "s": round(place.spent), "progress": round(progress, 3)}
                print(json.dumps(line), flush=True)
                losses.clear()
            if now - saved > _SAVE_SECONDS:
                training.save()
                saved = now
        place.pass_number, place.within = place.pass_number + 1, 0


def _examples(data: Path, full_index: Path, kept: Path, headlines: int) -> list[Example]:
    """The examples, kept between runs: gathering them takes some minutes."""
    if not kept.exists():
        settings = Settings(data_dir=full_index)
        news = Retriever(Store(settings.index_dir).open().index, open_encoder(settings))
        chance = random.Random(1)
        gathered = all_examples(data, news, chance)
        if headlines:
            gathered += headline_examples(list(news.index.documents), news, headlines, chance)
        kept.write_bytes(pickle.dumps(gathered))
    examples: list[Example] = pickle.loads(kept.read_bytes())
    return examples


if __name__ == "__main__":
    main()
