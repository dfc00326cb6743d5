"""Trains the reader: python -m training.train --data DIR --full-index DIR --out FOLDER [--passes 2] [--minutes 60].

Start and end heads on the six layers of all-MiniLM-L6-v2, cross entropy over the tokens of each passage, with [CLS] as
the place of "not here" (Devlin et al. 2019, section 4.3). Besides, over the tokens of all passages of a question, so
that their scores compare (Clark and Gardner, "Simple and Effective Multi-Paragraph Reading Comprehension", 2018,
section 3.3; here of how much more each token scores than its passage's [CLS], with 0 for "nowhere").

The word embeddings stay as they are; with `--frozen` so do the lowest layers, which makes the steps of a large model
shorter. AdamW, a rate that falls linearly to 0, bfloat16 on processors that multiply it (half the time of float32
there, twice the time elsewhere). A checkpoint is written every few minutes, and the same command goes on from it.
`--start-from` begins with the weights of a reader that `training.export` wrote, or with a model of transformers, such
as a larger one that is to teach; OUT/reader gets the same form in the end. With `--teachers` half of what is learned
is what other such readers say in the mean, in place of the marks (Hinton, Vinyals and Dean, "Distilling the Knowledge
in a Neural Network", 2015).
"""

import argparse
import hashlib
import json
import math
import pickle
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import AutoModelForQuestionAnswering, AutoTokenizer

from benchmarks.data import data_folder
from bot.service import open_encoder
from bot.settings import Settings
from retrieval.models import find_model
from retrieval.reader_model import MODEL
from retrieval.retriever import Retriever
from retrieval.store import Store
from training.attention import use_products
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
# By how much the scores within a passage are divided when teachers are learned from.
_SOFTENED = 2.0
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

    def __init__(
        self,
        checkpoint: Path,
        start_from: Path | None,
        rate: float,
        teachers: Sequence[Path] = (),
        frozen: int = 0,
    ) -> None:
        self._checkpoint, self._rate = checkpoint, rate
        self._heard = checkpoint.parent / "heard"
        self._taught_by = "\n".join(str(folder.resolve()) for folder in teachers)
        self.place = Place()
        self._teachers = [Reads(folder) for folder in teachers]
        self._reads = Reads(start_from)
        self._model = self._reads.model
        freeze(self._model, frozen)
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
        starts, ends, asked = map(torch.from_numpy, batch[3:])
        loss = torch.tensor(0.0)
        for scores, truth, said in zip(self._reads(batch), (starts, ends), self._said(batch), strict=True):
            wrong = marked_loss(scores, truth) + _SHARED * shared_loss(scores, truth, asked)
            if said is not None:
                wrong = (1 - _TAUGHT) * wrong + _TAUGHT * taught_loss(scores, said, asked, truth >= 0)
            loss = loss + wrong / 2
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._learned, 1.0)
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        self.place.done += 1
        value: float = loss.item()
        return value

    @property
    def taught(self) -> bool:
        """Whether there are teachers."""
        return bool(self._teachers)

    def _said(self, batch: Batch) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        """The mean of the teachers' scores of each token as the start, and as the end; kept for when it is seen again.

        A larger teacher takes longer than the step that learns from it.
        """
        if not self._teachers:
            return None, None
        key = hashlib.sha256(self._taught_by.encode() + b"".join(part.tobytes() for part in batch[:3])).hexdigest()
        kept = self._heard / f"{key[:24]}.npy"
        if not kept.exists():
            with torch.no_grad():
                heard = [torch.stack(teacher(batch)) for teacher in self._teachers]
            self._heard.mkdir(exist_ok=True)
            aside = kept.with_suffix(".new")
            with aside.open("wb") as file:
                np.save(file, torch.stack(heard).mean(0).numpy().astype(np.float16))
            aside.replace(kept)
        starts, ends = torch.from_numpy(np.load(kept).astype(np.float32))
        return starts, ends

    def write(self, folder: Path) -> None:
        """Write the model alone, for `--start-from` and `--teachers`."""
        self._reads.write(folder)

    def save(self) -> None:
        """Write the checkpoint."""
        aside = self._checkpoint.with_suffix(".new")
        place = {name: getattr(self.place, name) for name in Place.__slots__}
        state = {"model": self._model.state_dict(), "optimizer": self._optimizer.state_dict(), "place": place}
        torch.save(state, aside)
        aside.replace(self._checkpoint)


def freeze(model: Any, layers: int) -> None:
    """Let the word embeddings stay as they are; of more than no layers, the lowest and all that goes into them."""
    model.get_input_embeddings().weight.requires_grad_(False)
    if layers:
        model.base_model.requires_grad_(False)
        model.base_model.encoder.layer[layers:].requires_grad_(True)


def marked_loss(scores: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """How improbable the marked tokens are, each among those of its own passage, in the mean of the texts."""
    wrong = torch.nn.functional.cross_entropy(scores, truth, reduction="sum", ignore_index=IGNORED)
    return wrong / (truth >= 0).sum()


def shared_loss(scores: torch.Tensor, truth: torch.Tensor, asked: torch.Tensor) -> torch.Tensor:
    """How improbable the marked tokens are among those of all passages of their question, in the mean of the texts.

    scores is (texts, tokens) with [CLS] first, truth and asked are (texts,). Of several marked tokens of a question any
    will do. Questions of one passage, or without an answer, have nothing to compare and count as 0.
    """
    margins, everything, member = _together(scores, asked)
    here = truth > 0
    right = margins.gather(1, (truth - 1).clamp(min=0)[:, None])[:, 0]
    right = right.expand_as(member).masked_fill(~(member & here), _NEVER).logsumexp(-1)
    compared = (truth >= 0) & (member.sum(-1) > 1) & (member & here).any(-1)
    return torch.where(compared, everything - right, 0.0).sum() / (truth >= 0).sum()


def taught_loss(scores: torch.Tensor, said: torch.Tensor, asked: torch.Tensor, texts: torch.Tensor) -> torch.Tensor:
    """The cross entropy to what teachers say, in the mean of the texts: within each passage, and of all of a question.

    scores and said are (texts, tokens); `texts` is False for rows without a text. Within a passage both are softened,
    so that what is unlikely counts too; the square keeps the gradients as large (Hinton et al., section 2.1).
    """
    own = torch.nn.functional.cross_entropy(scores / _SOFTENED, (said / _SOFTENED).softmax(-1), reduction="none")
    margins, everything, member = _together(scores, asked)
    margins_said, everything_said, _ = _together(said, asked)
    likely = (margins_said - everything_said[:, None]).exp()
    shared = (likely * (everything[:, None] - margins)).sum(-1)
    # "Nowhere" is one thing that a question's passages say together.
    shared = shared + (-everything_said).exp() * everything / member.sum(-1)
    shared = torch.where(member.sum(-1) > 1, shared, 0.0)
    return torch.where(texts, own * _SOFTENED**2 + _SHARED * shared, 0.0).sum() / texts.sum()


def _together(scores: torch.Tensor, asked: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """How much more each token scores than [CLS]; the log of all of each text's question; which texts share one."""
    margins = scores[:, 1:] - scores[:, :1]
    member = asked[:, None] == asked[None, :]
    # Row by row, what all tokens of the question say; "nowhere" is worth exp(0).
    everything = margins.logsumexp(-1).expand_as(member).masked_fill(~member, _NEVER)
    return margins, torch.nn.functional.pad(everything, (0, 1)).logsumexp(-1), member


class Reads:
    """A model with start and end heads, and what it makes of a batch.

    `folder` holds an exported reader or a model of transformers with BERT's English word pieces, numbered as it likes;
    without one it is all-MiniLM-L6-v2.
    """

    def __init__(self, folder: Path | None) -> None:
        ours = find_model().folder
        exported = folder is not None and (folder / MODEL).exists()
        self.base = ours if folder is None or exported else folder
        # Without dropout a step takes half as long, and few passes do not overfit.
        self.model: Any = AutoModelForQuestionAnswering.from_pretrained(
            self.base, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
        )
        self.model.eval()
        use_products(self.model)
        if folder is not None and exported:
            self.model.load_state_dict(exported_weights(folder / MODEL), strict=False)
        self._numbers = None if self.base == ours else _numbers(ours, self.base)

    def __call__(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """The scores of each token as the start, and as the end, (texts, tokens) each; of none in the question."""
        ids, mask, types = map(torch.from_numpy, batch[:3])
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}
        if self._numbers is not None:
            inputs["input_ids"] = self._numbers[ids]
        if getattr(self.model.config, "type_vocab_size", 0) < 2:
            del inputs["token_type_ids"]
        with torch.autocast("cpu", torch.bfloat16, enabled=_BFLOAT16):
            output = self.model(**inputs)
        allowed = (mask * types).bool()
        allowed[:, 0] = True
        starts, ends = (
            logits.float().masked_fill(~allowed, _NEVER) for logits in (output.start_logits, output.end_logits)
        )
        return starts, ends

    def write(self, folder: Path) -> None:
        """Write it as a model of transformers."""
        self.model.save_pretrained(folder)
        AutoTokenizer.from_pretrained(self.base).save_pretrained(folder)


def _numbers(ours: Path, theirs: Path) -> torch.Tensor:
    """The number that another model gives each of our word pieces."""
    own, other = (AutoTokenizer.from_pretrained(folder) for folder in (ours, theirs))
    known = other.get_vocab()
    missing = [piece for piece in own.get_vocab() if piece not in known and piece not in own.all_special_tokens]
    if missing:
        raise SystemExit(f"{theirs}: has other word pieces than {ours}: {len(missing)} are missing, as {missing[0]!r}")
    numbers = torch.zeros(len(own), dtype=torch.long)
    for piece, number in own.get_vocab().items():
        numbers[number] = known.get(piece, other.unk_token_id)
    for name in ("cls_token_id", "sep_token_id", "pad_token_id"):
        numbers[getattr(own, name)] = getattr(other, name)
    return numbers


def main() -> None:
    """Train, or go on training."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--full-index", type=Path, required=True, help="the data folder of a full realtimeqa index")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--passes", type=float, default=2)
    parser.add_argument("--batches", type=int, help="at most so many a pass; with teachers they are the same in each")
    parser.add_argument("--minutes", type=float, default=math.inf, help="end, with the rate at 0, after so many")
    parser.add_argument("--frozen", type=int, default=0, help="so many of the lowest layers stay as they are")
    parser.add_argument("--rate", type=float, default=_RATE)
    parser.add_argument(
        "--start-from", type=Path, help="the folder of an exported reader, or of a model of transformers, to begin with"
    )
    parser.add_argument("--headlines", type=int, default=0, help="so many questions made of headlines besides")
    parser.add_argument("--teachers", type=Path, nargs="*", default=[], help="folders of such readers")
    arguments = parser.parse_args()
    torch.manual_seed(1)
    out: Path = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    examples = _examples(
        data_folder(arguments.data), arguments.full_index, out / "examples.pickle", arguments.headlines
    )
    training = Training(
        out / "checkpoint.pt", arguments.start_from, arguments.rate, arguments.teachers, arguments.frozen
    )
    run(training, examples, arguments.passes, arguments.minutes * 60, arguments.batches)
    training.save()
    training.write(out / "reader")


def run(training: Training, examples: list[Example], passes: float, seconds: float, most: int | None = None) -> None:
    """Train for so many passes or seconds, whichever is over first; a pass is at most `most` batches."""
    tokenizer = Tokenizer.from_file(str(find_model().folder / "tokenizer.json"))
    place, losses = training.place, []
    before = saved = time.monotonic()
    while place.pass_number < passes:
        # What teachers said of a batch holds if it comes again as it was.
        chance = random.Random(0 if training.taught else place.pass_number)
        ready: list[Any] = list(batches(list(encode(examples, tokenizer, chance)), _TOKENS, chance, _ROUND_TO))
        random.Random(0 if training.taught else place.pass_number).shuffle(ready)
        ready = ready[:most]
        random.Random(place.pass_number).shuffle(ready)
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
