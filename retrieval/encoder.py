"""Text -> unit vectors: the Encoder protocol and its two implementations.

`OnnxEncoder` runs an int8 form of a sentence-transformers model and is the default: on two cores it indexes about
twice as fast as torch, and a question needs no torch at all. It is made from the model once (`retrieval.export`).
`TorchEncoder` runs the model as it is.
"""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from retrieval.errors import ModelError
from retrieval.models import ModelFiles

Vectors = npt.NDArray[np.float32]


class Encoder(Protocol):
    """Turns texts into vectors whose inner product is their likeness."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same text would get another vector."""

    @property
    def dimension(self) -> int:
        """The length of a vector."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of the texts: float32, shape (len(texts), dimension)."""


class OnnxEncoder:
    """An exported model in onnxruntime.

    Each text is run by itself, `threads` of them side by side: nothing is padded, and, since dynamic quantisation
    scales by the whole batch, only so does a text always get the same vector.
    """

    def __init__(self, folder: Path, fingerprint: str, dimension: int, max_tokens: int, threads: int = 2) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(folder / "encoder.onnx"),
            options,
            providers=["CPUExecutionProvider"],
            # Fused, the residual sum and the layer norm take longer than apart (onnxruntime 1.32, x86-64: 82 against
            # 96 passages a second).
            disabled_optimizers=["SkipLayerNormFusion"],
        )
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(max_tokens)
        self._tokenizer.no_padding()
        self._tokenizer_lock = threading.Lock()
        self._workers = ThreadPoolExecutor(threads, thread_name_prefix="encoder")
        self._fingerprint, self._dimension = fingerprint, dimension

    @property
    def fingerprint(self) -> str:
        """See Encoder."""
        return self._fingerprint

    @property
    def dimension(self) -> int:
        """See Encoder."""
        return self._dimension

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See Encoder."""
        with self._tokenizer_lock:
            tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        run = map if len(tokens) == 1 else self._workers.map
        return np.array(list(run(self._run, tokens)), dtype=np.float32).reshape(len(tokens), self._dimension)

    def _run(self, tokens: list[int]) -> Vectors:
        output: Vectors = self._session.run(None, {"input_ids": np.array([tokens], dtype=np.int64)})[0][0]
        return output


class TorchEncoder:
    """A sentence-transformers model in torch, float32."""

    def __init__(self, model: ModelFiles, batch_size: int = 16) -> None:
        self._model: Any = load_sentence_transformer(model)
        self._lock = threading.Lock()
        self._batch_size = batch_size
        self._fingerprint = f"torch-1/{model.sha256[:32]}"

    @property
    def fingerprint(self) -> str:
        """See Encoder."""
        return self._fingerprint

    @property
    def dimension(self) -> int:
        """See Encoder."""
        return int(self._model.get_embedding_dimension())

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See Encoder."""
        with self._lock:
            vectors: Vectors = self._model.encode(
                list(texts), batch_size=self._batch_size, normalize_embeddings=True, show_progress_bar=False
            )
        return np.asarray(vectors, np.float32).reshape(len(texts), self.dimension)


def load_sentence_transformer(model: ModelFiles) -> Any:
    """The model in torch on the CPU, for export or for TorchEncoder.

    Raises:
        ModelError: its files are damaged.
    """
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()
    try:
        return SentenceTransformer(
            str(model.folder), device="cpu", local_files_only=True, model_kwargs={"attn_implementation": "eager"}
        )
    except Exception as error:  # safetensors, tokenizers and transformers have no kind of error in common
        raise ModelError(
            f"the model in {model.folder} cannot be loaded ({type(error).__name__}: {error}); get it anew, or check "
            "EMBEDDING_MODEL."
        ) from error
