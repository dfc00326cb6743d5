"""Trains the reader: python -m training.train --data DIR --full-index DIR --out FOLDER [--passes 2] [--minutes 60].

Start and end heads on the six layers of all-MiniLM-L6-v2, cross entropy over the tokens of each passage, with [CLS] as
the place of "not here", so that the scores of a question's passages compare (Devlin et al. 2019, section 4.3). The word
embeddings stay as they are. AdamW, a rate that falls linearly to 0, bfloat16 on processors that multiply it (half the
time of float32 there, twice the time elsewhere). A checkpoint is written every few minutes, and the same command goes
on from it. `--start-from` begins with the weights of a reader that `training.export` wrote.
"""

import argparse
import json
import math
import pickle
import random
import time
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
from training.tokens import Batch, batches, encode
from training.weights import exported_weights

_RATE = 1.5e-4
_WARM_UP = 150
_TOKENS = 4096
_SAVE_SECONDS = 240
_TELL = 25
_HEADLINES = 6000
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

    def __init__(self, checkpoint: Path, start_from: Path | None, rate: float) -> None:
        self._checkpoint, self._rate = checkpoint, rate
        self.place = Place()
        # Without dropout a step takes half as long, and one or two passes do not overfit.
        self._model = AutoModelForQuestionAnswering.from_pretrained(
            find_model().folder, attn_implementation="sdpa", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
        )
        if start_from:
            self._model.load_state_dict(exported_weights(start_from / MODEL), strict=False)
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
        ids, mask, types, starts, ends = map(torch.from_numpy, batch)
        with torch.autocast("cpu", torch.bfloat16, enabled=_BFLOAT16):
            output = self._model(input_ids=ids, attention_mask=mask, token_type_ids=types)
        allowed = (mask * types).bool()
        allowed[:, 0] = True
        first, last = (
            torch.nn.functional.cross_entropy(logits.float().masked_fill(~allowed, -1e4), truth)
            for logits, truth in ((output.start_logits, starts), (output.end_logits, ends))
        )
        loss = (first + last) / 2
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._learned, 1.0)
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        self.place.done += 1
        value: float = loss.item()
        return value

    def save(self) -> None:
        """Write the checkpoint."""
        aside = self._checkpoint.with_suffix(".new")
        place = {name: getattr(self.place, name) for name in Place.__slots__}
        state = {"model": self._model.state_dict(), "optimizer": self._optimizer.state_dict(), "place": place}
        torch.save(state, aside)
        aside.replace(self._checkpoint)


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
    arguments = parser.parse_args()
    torch.manual_seed(1)
    out: Path = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    examples = _examples(data_folder(arguments.data), arguments.full_index, out / "examples.pickle")
    training = Training(out / "checkpoint.pt", arguments.start_from, arguments.rate)
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


def _examples(data: Path, full_index: Path, kept: Path) -> list[Example]:
    """The examples, kept between runs: gathering them takes some minutes."""
    if not kept.exists():
        settings = Settings(data_dir=full_index)
        news = Retriever(Store(settings.index_dir).open().index, open_encoder(settings))
        chance = random.Random(1)
        articles = list(news.index.documents)
        gathered = [*all_examples(data, news, chance), *headline_examples(articles, news, _HEADLINES, chance)]
        kept.write_bytes(pickle.dumps(gathered))
    examples: list[Example] = pickle.loads(kept.read_bytes())
    return examples


if __name__ == "__main__":
    main()
