"""The bundled model, exported once for all tests of a run."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from retrieval.encoder import OnnxEncoder
from retrieval.export import open_onnx_encoder
from retrieval.models import find_model
from tests.fakes import Place


@cache
def models_dir() -> Path:
    """Holds the exported encoder; not to be written to."""
    folder = Path(tempfile.mkdtemp(prefix="byline-models-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    open_onnx_encoder(find_model(), folder)
    return folder


@cache
def real_encoder() -> OnnxEncoder:
    return open_onnx_encoder(find_model(), models_dir())


def real_place(root: Path) -> Place:
    """A place whose builds, and whose command line, use the bundled model without exporting it again."""
    place = Place(root, real_encoder())
    place.data.mkdir(parents=True, exist_ok=True)
    (place.data / "models").symlink_to(models_dir(), target_is_directory=True)
    return place
