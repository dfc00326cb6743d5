"""The trained reader -> int8 ONNX, in the project: python -m training.export CHECKPOINT [--out FOLDER].

Weights are quantised to int8 (matrices per channel, the embedding table too), activations while it runs. The folder
gets the model, the tokenizer and card.json with their checksums; the scores in its README.md are written by hand from
benchmarks/reading.py.
"""

import argparse
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import AutoModelForQuestionAnswering

from retrieval.models import find_model
from retrieval.reader_export import write_reader
from retrieval.reader_model import BUNDLED

_MAX_TOKENS = 384


def main() -> None:
    """Export one checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--out", type=Path, default=BUNDLED)
    parser.add_argument("--float", action="store_true", help="leave the weights float32, to compare")
    arguments = parser.parse_args()
    base = find_model()
    model = AutoModelForQuestionAnswering.from_pretrained(base.folder, attn_implementation="eager")
    model.load_state_dict(torch.load(arguments.checkpoint)["model"])
    arguments.out.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer.from_file(str(base.folder / "tokenizer.json"))
    write_reader(model, arguments.out, tokenizer, _MAX_TOKENS, quantise=not arguments.float)


if __name__ == "__main__":
    main()
