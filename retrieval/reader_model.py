"""The extractive reader in onnxruntime: question and text in, the logits of where an answer starts and ends out."""

import json
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from retrieval.encoder import Vectors
from retrieval.errors import ModelError
from retrieval.models import sha256_of

# Tokens of a question that are read; more would leave too few for the text.
_QUESTION = 96
Offsets = npt.NDArray[np.int64]
"""Starts and ends in a text, in characters: (tokens, 2)."""
BUNDLED = Path(__file__).parent / "models" / "reader"
FORMAT = "reader-int8-1"
MODEL, TOKENIZER, CARD, TUNING = "reader.onnx", "tokenizer.json", "card.json", "tuning.json"


@dataclass(frozen=True, slots=True)
class Logits:
    """What the model says of one text.

    Token i covers text[offsets[i, 0]:offsets[i, 1]] and has the logits start[i] and end[i]; `nothing` is the sum of
    both logits for "the text does not say".
    """

    offsets: Offsets
    start: Vectors
    end: Vectors
    nothing: float


class ReaderModel:
    """Runs each text by itself, `threads` side by side: nothing is padded, and a text's logits do not depend on others.

    Raises:
        ModelError: the folder does not hold a reader, or its files do not have the checksums of its card.
    """

    def __init__(self, folder: Path = BUNDLED, threads: int = 2) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        card = _read_card(folder)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(folder / MODEL),
            options,
            providers=["CPUExecutionProvider"],
            disabled_optimizers=["SkipLayerNormFusion"],  # see OnnxEncoder
        )
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        self._max_tokens = card.max_tokens
        self._tokenizer.enable_truncation(self._max_tokens, strategy="only_second")
        self._tokenizer.no_padding()
        self._types = any(item.name == "token_type_ids" for item in self._session.get_inputs())
        self._tokenizer_lock = threading.Lock()
        self._workers = ThreadPoolExecutor(threads, thread_name_prefix="reader")
        self.folder = folder
        self.fingerprint = card.sha256[MODEL]

    def read(self, question: str, texts: Sequence[str]) -> list[Logits]:
        """The logits of each text, in order.

        Of a text or a question that is too long, the end is not read.
        """
        with self._tokenizer_lock:
            question = self._beginning_of(question)
            encoded = self._tokenizer.encode_batch([(question, text) for text in texts])
            inputs = [(item.ids, item.type_ids, item.sequence_ids, item.offsets) for item in encoded]
        run = map if len(inputs) == 1 else self._workers.map
        return list(run(self._run, inputs))

    def _beginning_of(self, question: str) -> str:
        most = min(_QUESTION, self._max_tokens // 2)
        if len(question) <= most:  # short enough, whatever its tokens are
            return question
        self._tokenizer.no_truncation()
        offsets = self._tokenizer.encode(question, add_special_tokens=False).offsets
        self._tokenizer.enable_truncation(self._max_tokens, strategy="only_second")
        return question[: offsets[most - 1][1]] if len(offsets) > most else question

    def _run(self, encoded: tuple[list[int], list[int], list[int | None], list[tuple[int, int]]]) -> Logits:
        ids, types, sequences, offsets = encoded
        feed = {"input_ids": np.array([ids], np.int64)}
        if self._types:
            feed["token_type_ids"] = np.array([types], np.int64)
        start, end = (logits[0] for logits in self._session.run(["start_logits", "end_logits"], feed))
        text = np.array([place for place, sequence in enumerate(sequences) if sequence == 1], np.int64)
        return Logits(
            np.array(offsets, np.int64).reshape(-1, 2)[text], start[text], end[text], float(start[0] + end[0])
        )


@dataclass(frozen=True, slots=True)
class _Card:
    """What card.json says of the model beside it. `sha256` is by file name."""

    format: str
    max_tokens: int
    sha256: dict[str, str]


def _read_card(folder: Path) -> _Card:
    try:
        card = _Card(**json.loads((folder / CARD).read_text(encoding="utf-8")))
        damaged = [name for name in (MODEL, TOKENIZER) if sha256_of(folder / name) != card.sha256[name]]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ModelError(f"{folder} holds no reader that can be opened ({error}); check READER_MODEL.") from error
    if damaged or card.format != FORMAT:
        raise ModelError(f"the reader in {folder} is damaged ({', '.join(damaged) or 'format'}); get it anew.")
    return card
