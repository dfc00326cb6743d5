"""The extractive model as files: exported from a tiny random one, opened, read with, and refused when damaged."""

import json
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from retrieval.errors import ModelError
from retrieval.reader_export import open_reader
from retrieval.reader_model import CARD, MODEL, TOKENIZER, ReaderModel

_WORDS = "the mayor denied account who when it was read in council on monday bridge opened by ms orr vale a of".split()
_TEXTS = ["the mayor denied the account", "on monday the bridge opened", "ms orr read it in council"]


@pytest.fixture(scope="module", params=["bert", "distilbert"])
def source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A question-answering model as transformers keeps it, with and without token types."""
    folder = tmp_path_factory.mktemp(str(request.param))
    _write_model(str(request.param), folder)
    return folder


@pytest.fixture(scope="module")
def exported(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The models folder after its export."""
    folder = tmp_path_factory.mktemp("models")
    open_reader(str(source), folder)
    return folder


@pytest.fixture
def reader(source: Path, exported: Path) -> ReaderModel:
    return open_reader(str(source), exported)


def test_an_exported_model_gives_the_logits_of_the_original(source: Path, reader: ReaderModel) -> None:
    import torch
    from transformers import AutoModelForQuestionAnswering, AutoTokenizer

    model = AutoModelForQuestionAnswering.from_pretrained(source).eval()
    tokenizer = AutoTokenizer.from_pretrained(source)
    inputs = tokenizer("who denied it", _TEXTS[0], return_tensors="pt")
    with torch.no_grad():
        output = model(**inputs)
    (logits,) = reader.read("who denied it", _TEXTS[:1])
    theirs = np.concatenate([output.start_logits[0, 5:-1], output.end_logits[0, 5:-1]])
    ours = np.concatenate([logits.start, logits.end])
    assert np.corrcoef(ours, theirs)[0, 1] > 0.95
    nothing = float(output.start_logits[0, 0] + output.end_logits[0, 0])
    assert logits.nothing == pytest.approx(nothing, abs=0.2 * float(np.ptp(theirs)))


def test_the_offsets_are_those_of_the_text_alone(reader: ReaderModel) -> None:
    (logits,) = reader.read("who denied it", ["the  mayor denied"])
    assert logits.offsets.tolist() == [[0, 3], [5, 10], [11, 17]]
    assert len(logits.start) == len(logits.end) == 3


def test_a_text_reads_the_same_alone_and_among_others(reader: ReaderModel) -> None:
    together = reader.read("who read it", _TEXTS)
    alone = [reader.read("who read it", [text])[0] for text in _TEXTS]
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_array_equal(one.start, other.start)
        assert one.nothing == other.nothing


def test_several_threads_may_read_at_once(reader: ReaderModel) -> None:
    expected = reader.read("who read it", _TEXTS)
    with ThreadPoolExecutor(6) as pool:
        for found in pool.map(lambda _: reader.read("who read it", _TEXTS), range(12)):
            np.testing.assert_array_equal(found[1].end, expected[1].end)


def test_of_a_text_too_long_the_end_is_not_read(reader: ReaderModel) -> None:
    (logits,) = reader.read("who", ["the mayor " * 400])
    assert 20 < len(logits.start) < 64


@pytest.mark.parametrize("text", ["", "  ", "?!", "\x00"])
def test_an_empty_text_reads_without_an_error(reader: ReaderModel, text: str) -> None:
    (logits,) = reader.read("who", [text])
    assert len(logits.start) == len(logits.offsets) <= 2


@pytest.mark.parametrize("question", ["!" * 4096, "who denied the account? " * 170])
def test_of_a_question_too_long_the_end_is_not_read(reader: ReaderModel, question: str) -> None:
    text = "Ms Orr denied the account."
    (logits,) = reader.read(question, [text])
    assert logits.offsets[-1][1] == len(text)
    np.testing.assert_array_equal(logits.start, reader.read(f"{question} Well?", [text])[0].start)
    assert len(reader.read("Who denied the account?", [text * 200])[0].offsets) < len(text) * 200 / 4


def test_nothing_to_read_gives_nothing(reader: ReaderModel) -> None:
    assert reader.read("who", []) == []


def test_a_model_is_exported_once(source: Path, exported: Path) -> None:
    (folder,) = exported.iterdir()
    before = (folder / MODEL).stat().st_mtime_ns
    open_reader(str(source), exported)
    assert (folder / MODEL).stat().st_mtime_ns == before


@pytest.mark.parametrize("name", [MODEL, TOKENIZER])
def test_damaged_files_are_refused_and_named(exported: Path, tmp_path: Path, name: str) -> None:
    (folder,) = exported.iterdir()
    for file in folder.iterdir():
        content = file.read_bytes()
        (tmp_path / file.name).write_bytes(content[:-1] + b"?" if file.name == name else content)
    with pytest.raises(ModelError, match=name):
        ReaderModel(tmp_path)


def test_a_damaged_export_is_made_anew(source: Path, exported: Path) -> None:
    (folder,) = exported.iterdir()
    (folder / MODEL).write_bytes(b"half")
    assert open_reader(str(source), exported).read("who", _TEXTS[:1])
    assert (folder / MODEL).stat().st_size > 1000


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": "reader-int8-1"}', "\x00"])
def test_a_card_that_cannot_be_read_says_which_folder(tmp_path: Path, content: str) -> None:
    (tmp_path / CARD).write_text(content)
    with pytest.raises(ModelError, match=str(tmp_path)):
        ReaderModel(tmp_path)


def test_a_card_of_another_format_is_refused(exported: Path, tmp_path: Path) -> None:
    (folder,) = exported.iterdir()
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    card = json.loads((tmp_path / CARD).read_text())
    (tmp_path / CARD).write_text(json.dumps({**card, "format": "reader-int4-9"}))
    with pytest.raises(ModelError, match="format"):
        ReaderModel(tmp_path)


def test_a_folder_that_is_no_model_names_the_setting(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a model")
    with pytest.raises(ModelError, match="READER_MODEL"):
        open_reader(str(tmp_path), tmp_path / "models")


def test_a_model_without_answer_heads_is_refused_and_leaves_nothing_behind(tmp_path: Path) -> None:
    from transformers import BertModel

    _write_model("bert", tmp_path / "model", BertModel)
    with pytest.raises(ModelError, match="qa_outputs"):
        open_reader(str(tmp_path / "model"), tmp_path / "models")
    assert list((tmp_path / "models").iterdir()) == []


def _write_model(kind: str, folder: Path, head: Any = None) -> None:
    """A tiny random model over a few words, saved as transformers does."""
    import torch
    from transformers import (
        BertConfig,
        BertForQuestionAnswering,
        DistilBertConfig,
        DistilBertForQuestionAnswering,
        PreTrainedTokenizerFast,
    )

    vocabulary = {word: i for i, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *_WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    torch.manual_seed(3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if kind == "bert":
            config = BertConfig(
                vocab_size=len(vocabulary),
                hidden_size=32,
                num_hidden_layers=1,
                num_attention_heads=2,
                intermediate_size=64,
                max_position_embeddings=64,
            )
            model = (head or BertForQuestionAnswering)(config)
        else:
            model = DistilBertForQuestionAnswering(
                DistilBertConfig(
                    vocab_size=len(vocabulary), dim=32, n_layers=1, n_heads=2, hidden_dim=64, max_position_embeddings=64
                )
            )
        model.save_pretrained(folder)
        PreTrainedTokenizerFast(
            tokenizer_object=tokenizer,
            pad_token="[PAD]",
            unk_token="[UNK]",
            cls_token="[CLS]",
            sep_token="[SEP]",
            model_input_names=["input_ids", "token_type_ids", "attention_mask"]
            if kind == "bert"
            else ["input_ids", "attention_mask"],
        ).save_pretrained(folder)
