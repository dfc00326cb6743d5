"""A question-answering model -> the int8 ONNX files that ReaderModel runs without torch, made once and checked."""

import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.errors import ModelError
from retrieval.export import made_aside, write_onnx
from retrieval.models import DEFAULT_READER, ModelFiles, find_model, sha256_of
from retrieval.reader_model import BUNDLED, CARD, FORMAT, MODEL, TOKENIZER, ReaderModel

# What the int8 form's logits must at least correlate with the original's.
MIN_CORRELATION = 0.9
_MOST_TOKENS = 384
# Layers with a matrix that stays float32. Of the bundled reader's F1 on SQuAD int8 costs 1.4 points without, 0.2 with
# two of them, which take 3.5 MB and a seventh of the time more (benchmarks/reading.py).
_LEFT_WHOLE = 2
_SAMPLE = (
    ("Who denied the account?", "The mayor's office published a letter. Asked about it, Ms Orr denied the account."),
    ("When did the bridge open?", "The bridge, built for 449 million crowns, opened on 3 May after two years of work."),
    ("How many were hurt?", "A ferry ran aground off the quay with 112 people on board; nine of them were hurt."),
)


def open_reader(name: str, models_dir: Path, threads: int = 2) -> ReaderModel:
    """The reader `name`: the bundled one, or a question-answering model of transformers, by folder or hub name.

    The latter is exported first and kept in `models_dir`, unless it is there already.

    Raises:
        ModelError: the model is not there, is damaged, cannot be exported, or its int8 form strays from the original.
    """
    if name == DEFAULT_READER:
        return ReaderModel(BUNDLED, threads)
    model = find_model(name, "config.json", "READER_MODEL")
    folder = models_dir / f"reader-{model.sha256[:16]}"
    try:
        return ReaderModel(folder, threads)
    except ModelError:  # not exported yet, or damaged since
        _export(model, folder)
    return ReaderModel(folder, threads)


def _export(model: ModelFiles, folder: Path) -> None:
    with made_aside(folder) as scratch:
        try:
            original, tokenizer = _load(model)
            most = min(_MOST_TOKENS, int(original.config.max_position_embeddings))
            write_reader(original, scratch, tokenizer, most)
        except Exception as error:  # torch, transformers and onnx raise what they like here
            raise ModelError(
                f"{model.name} cannot be used as a reader ({error}); READER_MODEL names a model with the heads of "
                "extractive question answering, or is left out."
            ) from error
        likeness = _correlation(original, tokenizer, ReaderModel(scratch, 1))
        if not likeness >= MIN_CORRELATION:
            raise ModelError(
                f"the int8 form of {model.name} strays from the original (correlation {likeness:.3f}, at least "
                f"{MIN_CORRELATION} is asked); choose another READER_MODEL."
            )


def _load(model: ModelFiles) -> tuple[Any, Any]:
    from transformers import AutoModelForQuestionAnswering, AutoTokenizer

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loaded, info = AutoModelForQuestionAnswering.from_pretrained(
            model.folder, local_files_only=True, attn_implementation="eager", output_loading_info=True
        )
        tokenizer = AutoTokenizer.from_pretrained(model.folder, local_files_only=True)
    missing = sorted(name for name in info["missing_keys"] if name.startswith("qa_outputs"))
    if missing:
        raise ValueError(f"its weights lack {', '.join(missing)}")
    return loaded.eval(), tokenizer.backend_tokenizer


def write_reader(model: Any, folder: Path, tokenizer: Any, max_tokens: int, quantise: bool = True) -> None:
    """Write the files of a ReaderModel: `model` is one of transformers, `tokenizer` one of tokenizers.

    Raises:
        Exception: of any kind; torch and onnx raise what they like.
    """
    import torch

    typed = int(getattr(model.config, "type_vocab_size", 0)) > 1

    class Reader(torch.nn.Module):  # type: ignore[misc]
        """One text's tokens in, two logits a token out; one text at a time needs no mask."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model.eval()

        def forward(
            self, input_ids: torch.Tensor, token_type_ids: torch.Tensor | None = None
        ) -> tuple[torch.Tensor, torch.Tensor]:
            types = {} if token_type_ids is None else {"token_type_ids": token_type_ids}
            output = self.model(input_ids=input_ids, **types)
            return output.start_logits, output.end_logits

    inputs = {"input_ids": torch.ones(1, 16, dtype=torch.long)}
    if typed:
        inputs["token_type_ids"] = torch.zeros(1, 16, dtype=torch.long)
    write_onnx(Reader(), folder / MODEL, inputs, ["start_logits", "end_logits"], max_tokens, quantise, _LEFT_WHOLE)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.save(str(folder / TOKENIZER))
    files = {name: sha256_of(folder / name) for name in (MODEL, TOKENIZER)}
    card = {"format": FORMAT, "max_tokens": max_tokens, "sha256": files}
    (folder / CARD).write_text(json.dumps(card, indent=2) + "\n")


def _correlation(original: Any, tokenizer: Any, exported: ReaderModel) -> float:
    """How the logits of both over the sample's texts correlate, -1 to 1."""
    import torch

    theirs: list[Sequence[float]] = []
    ours: list[Sequence[float]] = []
    for question, text in _SAMPLE:
        encoded = tokenizer.encode(question, text)
        tensors = {"input_ids": torch.tensor([encoded.ids])}
        if int(getattr(original.config, "type_vocab_size", 0)) > 1:
            tensors["token_type_ids"] = torch.tensor([encoded.type_ids])
        with torch.no_grad():
            output = original(**tensors)
        inside = [place for place, part in enumerate(encoded.sequence_ids) if part == 1]
        (logits,) = exported.read(question, [text])
        theirs += [output.start_logits[0, inside].tolist(), output.end_logits[0, inside].tolist()]
        ours += [logits.start.tolist(), logits.end.tolist()]
    return float(np.corrcoef(np.concatenate(theirs), np.concatenate(ours))[0, 1])
