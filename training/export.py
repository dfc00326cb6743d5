"""The trained reader -> int8 ONNX, in the project: python -m training.export CHECKPOINT ... [--out FOLDER].

Of several checkpoints, one of which went on from another, the mean of their weights is exported, each by its share
(Wortsman et al., "Model soups", 2022). A folder that was exported before may stand for the checkpoint that it was of.
Weights are quantised to int8 (matrices per channel, the embedding table too), activations while it runs. The folder
gets the model, the tokenizer and card.json with their checksums; the scores in its README.md are written by hand from
benchmarks/reading.py.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from transformers import AutoModelForQuestionAnswering

from retrieval.models import find_model
from retrieval.reader_export import write_reader
from retrieval.reader_model import BUNDLED, MODEL
from training.weights import exported_weights

_MAX_TOKENS = 384


def mixed(states: Sequence[dict[str, torch.Tensor]], shares: Sequence[float]) -> dict[str, torch.Tensor]:
    """The mean of weights, each by its share."""
    if len(shares) != len(states) or abs(sum(shares) - 1) > 1e-6:
        raise SystemExit(f"--shares {shares}: give one for each of the {len(states)} checkpoints, 1 in all")
    return {
        name: sum(share * state[name] for share, state in zip(shares, states, strict=True))
        if weights.is_floating_point()
        else weights
        for name, weights in states[0].items()
    }


def weights_of(path: Path, model: Any) -> dict[str, torch.Tensor]:
    """The weights of a checkpoint, or of a reader that was exported; `model` has those that are never trained."""
    if path.is_dir():
        return {**model.state_dict(), **exported_weights(path / MODEL)}
    weights: dict[str, torch.Tensor] = torch.load(path)["model"]
    return weights


def main() -> None:
    """Export one checkpoint, or the mean of several."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path, nargs="+")
    parser.add_argument("--shares", type=float, nargs="*", help="of the checkpoints, in their order; else equal ones")
    parser.add_argument("--out", type=Path, default=BUNDLED)
    parser.add_argument("--float", action="store_true", help="leave the weights float32, to compare")
    arguments = parser.parse_args()
    base = find_model()
    model = AutoModelForQuestionAnswering.from_pretrained(base.folder, attn_implementation="eager")
    shares = arguments.shares or [1 / len(arguments.checkpoint)] * len(arguments.checkpoint)
    model.load_state_dict(mixed([weights_of(path, model) for path in arguments.checkpoint], shares))
    arguments.out.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer.from_file(str(base.folder / "tokenizer.json"))
    write_reader(model, arguments.out, tokenizer, _MAX_TOKENS, quantise=not arguments.float)


if __name__ == "__main__":
    main()
