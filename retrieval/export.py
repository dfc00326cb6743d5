"""A sentence-transformers model -> an int8 ONNX file that answers without torch, made once and checked.

The weights are quantised per channel and the activations while it runs (onnxruntime's dynamic quantisation).
"""

import json
import logging
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.encoder import OnnxEncoder, load_sentence_transformer
from retrieval.errors import ModelError
from retrieval.files import fsync_tree, write_atomically
from retrieval.models import ModelFiles, sha256_of

MIN_COSINE = 0.98
_FORMAT = "onnx-int8-1"
_FILES = ("encoder.onnx", "tokenizer.json")
_SAMPLE = (
    "Who denied the account?",
    "When did the council vote on the bridge, and how many members were against it?",
    "Rain closes two mountain passes\nThe road authority said on Tuesday that both passes would stay shut until the "
    "slopes above them had been inspected. “We will not take that risk,” its director told reporters.",
    "Quarterly profit at the shipping company fell 12 % to $340 million, short of what analysts had expected, as fuel "
    "prices rose and a strike at two ports kept a third of its vessels waiting for most of September.",
    "The midfielder scored twice in the second half; the visitors, ahead since the ninth minute, did not recover.",
    "A vaccine against the fever was 81 percent effective in a trial of 4,500 children, researchers report.",
    "Президент отклонил предложение о встрече.",
    "2018",
)


@dataclass(frozen=True, slots=True)
class _Card:
    format: str
    model_sha256: str
    dimension: int
    max_tokens: int
    mean_cosine: float
    sha256: dict[str, str]


def open_onnx_encoder(model: ModelFiles, models_dir: Path, threads: int = 2) -> OnnxEncoder:
    """The int8 encoder of `model`, kept in `models_dir`; exported first if it is not there or is damaged.

    Raises:
        ModelError: the model cannot be exported, or its int8 form strays from the original (mean cosine below
            MIN_COSINE on a sample).
    """
    folder = models_dir / model.sha256[:16]
    card = _sound_card(folder, model)
    if card is None:
        _export(model, folder)
        card = _sound_card(folder, model)
        if card is None:
            raise ModelError(f"{folder} was written but does not read back; check the disk, then delete it and retry.")
    return _open(folder, card, threads)


def _open(folder: Path, card: _Card, threads: int) -> OnnxEncoder:
    fingerprint = f"{card.format}/{card.model_sha256[:32]}"
    return OnnxEncoder(folder, fingerprint, card.dimension, card.max_tokens, threads)


def _sound_card(folder: Path, model: ModelFiles) -> _Card | None:
    try:
        card = _Card(**json.loads((folder / "card.json").read_text()))
        sound = all(sha256_of(folder / name) == card.sha256[name] for name in _FILES)
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return card if sound and card.format == _FORMAT and card.model_sha256 == model.sha256 else None


def _export(model: ModelFiles, folder: Path) -> None:
    with made_aside(folder) as scratch:
        original = load_sentence_transformer(model)
        try:
            _write_onnx(original, scratch)
        except Exception as error:  # torch and onnx raise what they like here
            raise ModelError(
                f"{model.name} cannot be exported to ONNX ({error}); set ENCODER_BACKEND=torch."
            ) from error
        card = _Card(
            format=_FORMAT,
            model_sha256=model.sha256,
            dimension=int(original.get_embedding_dimension()),
            max_tokens=int(original.max_seq_length or 512),
            mean_cosine=0.0,
            sha256={name: sha256_of(scratch / name) for name in _FILES},
        )
        exported = _open(scratch, card, 1).encode(_SAMPLE)
        reference = original.encode(list(_SAMPLE), normalize_embeddings=True, show_progress_bar=False)
        cosine = float(np.mean(np.sum(exported * reference, axis=1)))
        if cosine < MIN_COSINE:
            raise ModelError(
                f"the int8 form of {model.name} strays from the original (mean cosine {cosine:.3f}, at least "
                f"{MIN_COSINE} is asked); set ENCODER_BACKEND=torch."
            )
        write_atomically(scratch / "card.json", json.dumps({**asdict(card), "mean_cosine": round(cosine, 5)}).encode())


@contextmanager
def made_aside(folder: Path) -> Iterator[Path]:
    """A scratch folder that takes the place of `folder`, whole and durable, if the block ends without an error."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".export-", dir=folder.parent))
    try:
        yield scratch
        fsync_tree(scratch)
        if folder.exists():
            shutil.rmtree(folder)
        scratch.rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def write_onnx(
    module: Any,
    path: Path,
    inputs: dict[str, Any],
    outputs: Sequence[str],
    most_tokens: int,
    quantise: bool = True,
    left_whole: int = 0,
) -> None:
    """Write a torch module as ONNX, its weights quantised to int8. `inputs` are examples, (1, tokens) each.

    In the first `left_whole` layers the second matrix of the feed-forward part stays float32: of all matrices these
    lose most by int8, since a few of their inputs are much larger than the rest.

    Raises:
        Exception: of any kind; torch and onnx raise what they like.
    """
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic

    whole = path.with_suffix(".float.onnx")
    tokens = torch.export.Dim("tokens", min=2, max=most_tokens)
    with warnings.catch_warnings(), _without_advice():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            tuple(inputs.values()),
            str(whole),
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_shapes={name: {1: tokens} for name in inputs},
            dynamo=True,
            external_data=False,
            verbose=False,
        )
        if quantise:
            kept = _narrowing(whole)[:left_whole]
            quantize_dynamic(whole, path, weight_type=QuantType.QInt8, per_channel=True, nodes_to_exclude=kept)
            whole.unlink()
        else:
            whole.rename(path)


def _narrowing(path: Path) -> list[str]:
    """The names of the multiplications by a matrix that has more rows than columns, in order."""
    import onnx

    graph = onnx.load(path).graph
    shapes = {matrix.name: tuple(matrix.dims) for matrix in graph.initializer}
    products = [node for node in graph.node if node.op_type == "MatMul" and len(shapes.get(node.input[1], ())) == 2]
    return [node.name for node in products if shapes[node.input[1]][0] > shapes[node.input[1]][1]]


@contextmanager
def _without_advice() -> Iterator[None]:
    """The exporter and the quantiser log advice to whoever wrote the model, some of it by the root logger."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def _write_onnx(original: Any, folder: Path) -> None:
    import torch

    class Sentence(torch.nn.Module):  # type: ignore[misc]
        """One tokenised text in, one unit vector out."""

        def __init__(self) -> None:
            super().__init__()
            transformer, *others = original.eval()
            self.transformer = transformer.auto_model
            self.others = torch.nn.ModuleList(others)

        def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
            # One text at a time has no padding, so the transformer needs no mask; only the pooling asks for one.
            tokens = self.transformer(input_ids=input_ids).last_hidden_state
            features = {"token_embeddings": tokens, "attention_mask": torch.ones_like(input_ids)}
            for module in self.others:
                features = module(features)
            return torch.nn.functional.normalize(features["sentence_embedding"], dim=-1)

    write_onnx(
        Sentence(),
        folder / "encoder.onnx",
        {"input_ids": torch.ones(1, 16, dtype=torch.long)},
        ["sentence_vector"],
        most_tokens=4096,
    )
    original.tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"))
