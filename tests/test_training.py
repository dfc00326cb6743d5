"""What training makes of data, and that an exported reader can be trained on."""

import gzip
import json
import random
import warnings
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from transformers import (
    AutoModelForQuestionAnswering,
    AutoTokenizer,
    BertConfig,
    BertForQuestionAnswering,
    MPNetConfig,
    MPNetForQuestionAnswering,
)

from retrieval.models import find_model
from retrieval.reader_model import BUNDLED, MODEL, TOKENIZER, ReaderModel
from retrieval.types import Article
from training.attention import attend
from training.examples import Example, Found, qamr
from training.export import mixed, weights_of
from training.headlines import Asked, ask
from training.tokens import IGNORED, batches, encode
from training.train import Reads, Training, freeze, shared_loss, taught_loss
from training.weights import exported_weights


def _asked(headline: str, text: str) -> Asked | None:
    return ask(Article("a", headline, text, published=date(2024, 5, 1)), random.Random(1))


def test_a_headline_that_begins_with_a_person_asks_who_and_knows_the_full_name() -> None:
    text = "On Monday Anna Orr said that she opposes the bill. The mayor, Anna Orr, will vote against it."
    assert _asked("Orr opposes bill on harbour fees in Wexcombe | CNN", text) == Asked(
        "Who opposes bill on harbour fees in Wexcombe?", ("Anna Orr", "Orr")
    )


def test_a_headline_with_a_number_of_things_asks_how_many() -> None:
    asked = _asked("Ferry with 112 passengers runs aground off Wexcombe quay", "It had 112 passengers on board.")
    assert asked == Asked("Ferry with how many passengers runs aground off Wexcombe quay?", ("112",))


@pytest.mark.parametrize(
    "headline",
    [
        "Will Orr oppose the bill on harbour fees in Wexcombe?",
        "Orr Opposes Bill on Harbour Fees in Wexcombe Again",
        "How the harbour fees of Wexcombe came about",
        "Harbour workers opposed the new fees in Wexcombe on Monday",
        "Orr opposes bill",
    ],
    ids=["a question", "capitals throughout", "no name", "a plural before its verb", "too short"],
)
def test_nothing_is_asked_of_a_headline_whose_words_would_have_to_be_turned_round(headline: str) -> None:
    assert _asked(headline, "On Monday Anna Orr said that she opposes the bill of the Harbour workers.") is None


def test_an_exported_reader_has_its_weights_back() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = AutoModelForQuestionAnswering.from_pretrained(find_model().folder)
    left_out, unknown = model.load_state_dict(exported_weights(BUNDLED / MODEL), strict=False)
    assert left_out == ["bert.embeddings.word_embeddings.weight"]
    assert unknown == []
    question, text = "Who denied the account?", "The mayor’s office published a letter. Ms Orr denied the account."
    encoded = Tokenizer.from_file(str(BUNDLED / TOKENIZER)).encode(question, text)
    with torch.no_grad():
        output = model.eval()(input_ids=torch.tensor([encoded.ids]), token_type_ids=torch.tensor([encoded.type_ids]))
    inside = [place for place, part in enumerate(encoded.sequence_ids) if part == 1]
    (logits,) = ReaderModel().read(question, [text])
    # The exported one rounds activations to int8 too.
    np.testing.assert_allclose(output.start_logits[0, inside].numpy(), logits.start, atol=1.5)
    assert np.corrcoef(output.end_logits[0, inside].numpy(), logits.end)[0, 1] > 0.99


def test_an_exported_folder_stands_for_its_checkpoint() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = AutoModelForQuestionAnswering.from_pretrained(find_model().folder)
    weights = weights_of(BUNDLED, model)
    assert weights.keys() == model.state_dict().keys()
    assert torch.equal(weights["qa_outputs.weight"], exported_weights(BUNDLED / MODEL)["qa_outputs.weight"])


SENTENCES = (
    "Ada Lind wrote the novel The Red Harbour in 1950 .",
    "The harbour of Wexcombe was dredged in 1950 by the port authority .",
    "Tomas Orr wrote a letter to the port authority .",
)


def _qamr_folder(folder: Path) -> Path:
    with gzip.open(folder / "wiki-sentences.tsv.gz", "wt", encoding="utf-8") as file:
        file.writelines(f"s{number}\t{text}\n" for number, text in enumerate(SENTENCES))
    question = "s0\t0\tw\t3\t1\tWho wrote the novel The Red Harbour?\t0 1\tv:0 1\tv:0 1\n"
    for name in ("dev.tsv.gz", "test.tsv.gz"):
        with gzip.open(folder / name, "wt", encoding="utf-8") as file:
            file.write(question * 40)
    return folder


def test_the_answer_is_where_it_is_said_to_be_wherever_its_sentence_stands(tmp_path: Path) -> None:
    found = list(qamr(_qamr_folder(tmp_path), random.Random(1)))
    answers = {one.context[one.start : one.end] for one in found if one.start is not None}
    assert answers == {"Ada Lind"}
    places = {one.start for one in found if one.kind == "qamr-among"}
    assert 0 in places and len(places) > 1
    without = [one for one in found if one.kind == "qamr-not"]
    assert without and all(one.start is None and "Ada Lind" not in one.context for one in without)


def test_a_sentence_that_says_as_much_of_the_question_is_no_negative() -> None:
    asked = Example("qamr", "Who wrote a letter to the port authority?", "", SENTENCES[2], 0, 9)
    with Found([*SENTENCES, "Eva Holm wrote a letter to the port authority as well ."]) as found:
        likest = found.less_like(asked)
    assert likest == [SENTENCES[1], SENTENCES[0]]


def test_passages_of_a_question_come_into_one_batch_typed_alike(tmp_path: Path) -> None:
    texts = [f"The mayor’s office published letter number {number}. Ms Orr denied the account." for number in range(40)]
    asked = [
        Example(
            "a", f"Who denied account number {place // 4} of the seven?", "", text, text.index("Ms"), len(text) - 20
        )
        for place, text in enumerate(texts)
    ]
    asked.append(asked[-1])  # the same passage once more is another group
    tokenizer = Tokenizer.from_file(str(BUNDLED / TOKENIZER))
    encoded = list(encode(asked, tokenizer, random.Random(1)))
    assert [one.asked for one in encoded] == [*(place // 4 for place in range(40)), 10]
    for number in range(10):
        group = encoded[4 * number : 4 * number + 4]
        assert len({tuple(one.ids[: one.second]) for one in group}) == 1
    rows = [
        (number, key) for number, batch in enumerate(batches(encoded, 512, random.Random(1), 32)) for key in batch.asked
    ]
    assert sorted(key for _, key in rows if key != IGNORED) == sorted(one.asked for one in encoded)
    assert all(len({number for number, other in rows if other == key}) == 1 for key in range(11))


def test_of_all_passages_of_a_question_the_marked_tokens_are_to_score_most() -> None:
    scores = torch.tensor([[1.0, 3.0, 1.0], [0.0, 1.0, 4.0], [0.0, 5.0, 0.0], [2.0, 2.0, 2.0], [0.0, 0.0, 0.0]])
    truth = torch.tensor([1, 0, 1, 0, IGNORED])
    asked = torch.tensor([7, 7, 8, 9, IGNORED])
    # Of question 7 one passage answers, with a margin of 2; the other tokens have 0, 1 and 4, and "nowhere" 0.
    total = float(np.log(np.exp(2) + np.exp(0) + np.exp(1) + np.exp(4) + 1))
    assert float(shared_loss(scores, truth, asked)) == pytest.approx(2 * (total - 2) / 4)
    # If both do, either will do.
    either = float(np.log(np.exp(2) + np.exp(4)))
    both = shared_loss(scores, torch.tensor([1, 2, 1, 0, IGNORED]), asked)
    assert float(both) == pytest.approx(2 * (total - either) / 4, rel=1e-4)


def _softmax(scores: list[float]) -> list[float]:
    total = sum(np.exp(score) for score in scores)
    return [float(np.exp(score) / total) for score in scores]


def test_what_teachers_say_is_learned_within_each_passage_and_of_all_of_a_question() -> None:
    scores = torch.tensor([[1.0, 3.0], [2.0, 1.0], [0.0, 5.0], [7.0, 7.0]])
    said = torch.tensor([[0.0, 4.0], [3.0, 1.0], [1.0, 1.0], [0.0, 0.0]])
    asked = torch.tensor([7, 7, 8, IGNORED])
    own = 0.0
    for learner, teacher in zip(scores[:3].tolist(), said[:3].tolist(), strict=True):
        taught = _softmax([score / 2 for score in teacher])
        learned = _softmax([score / 2 for score in learner])
        own -= 4 * sum(truth * np.log(guess) for truth, guess in zip(taught, learned, strict=True))
    # Of question 7 the margins over [CLS] are compared, and "nowhere" with 0; question 8 has one passage only.
    taught, learned = _softmax([4.0, -2.0, 0.0]), _softmax([2.0, -1.0, 0.0])
    shared = -sum(truth * np.log(guess) for truth, guess in zip(taught, learned, strict=True))
    texts = torch.tensor([True, True, True, False])
    assert float(taught_loss(scores, said, asked, texts)) == pytest.approx((own + shared) / 3, rel=1e-4)


def test_half_of_what_is_learned_is_what_the_teachers_say(tmp_path: Path) -> None:
    text = "The mayor’s office published a letter. Ms Orr denied the account."
    start = text.index("Ms Orr")
    example = Example("a", "Who denied the account?", "", text, start, start + len("Ms Orr"))
    tokenizer = Tokenizer.from_file(str(BUNDLED / TOKENIZER))
    chance = random.Random(1)
    (batch,) = batches(list(encode([example], tokenizer, chance)), 64, chance, 32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        alone = Training(tmp_path / "a.pt", BUNDLED, 0.0).step(batch, 0.5)
        taught = Training(tmp_path / "b.pt", BUNDLED, 0.0, [BUNDLED, BUNDLED]).step(batch, 0.5)
        with torch.no_grad():
            scores = Reads(BUNDLED)(batch)
        # What was heard once is heard again, and what was kept for other teachers is not.
        again = Training(tmp_path / "c.pt", BUNDLED, 0.0, [BUNDLED, BUNDLED])
        assert again.step(batch, 0.5) == taught
        (kept,) = (tmp_path / "heard").iterdir()
        np.save(kept, np.load(kept) * 0)
        assert again.step(batch, 0.5) > taught + 1
        assert Training(tmp_path / "d.pt", BUNDLED, 0.0, [BUNDLED]).step(batch, 0.5) == pytest.approx(taught, abs=0.02)
    # Of what a reader says itself it can only learn how unsure it is.
    unsure = sum(float(torch.distributions.Categorical(logits=part[0] / 2).entropy()) for part in scores) / 2
    assert taught == pytest.approx((alone + 4 * unsure) / 2, abs=0.02)
    assert unsure > alone + 0.05


def _renumbered(folder: Path, keep: int | None = None) -> Path:
    """A small random reader, as in `folder`/ours, whose word pieces are numbered from the other end; its folder."""
    described = json.loads((find_model().folder / "tokenizer.json").read_text(encoding="utf-8"))
    last = len(described["model"]["vocab"]) - 1
    described["model"]["vocab"] = {
        piece: last - number for piece, number in described["model"]["vocab"].items() if keep is None or number < keep
    }
    for added in described["added_tokens"]:
        added["id"] = last - added["id"]
    for special in described["post_processor"]["special_tokens"].values():
        special["ids"] = [last - number for number in special["ids"]]
    theirs = folder / "theirs"
    config = BertConfig(hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32)
    model = BertForQuestionAnswering(config)
    model.save_pretrained(folder / "ours")
    words = model.get_input_embeddings().weight
    with torch.no_grad():
        words[: last + 1] = words[: last + 1].flip(0)
    model.save_pretrained(theirs)
    AutoTokenizer.from_pretrained(find_model().folder).save_pretrained(folder / "ours")
    AutoTokenizer.from_pretrained(find_model().folder).save_pretrained(theirs)
    (theirs / "tokenizer.json").write_text(json.dumps(described), encoding="utf-8")
    return theirs


def test_a_teacher_may_number_the_word_pieces_as_it_likes(tmp_path: Path) -> None:
    theirs = _renumbered(tmp_path)
    text = "The mayor’s office published a letter. Ms Orr denied the account."
    tokenizer = Tokenizer.from_file(str(BUNDLED / TOKENIZER))
    chance = random.Random(1)
    examples = [Example("a", "Who denied the account?", "", text), Example("a", "What was published?", "", text)]
    (batch,) = batches(list(encode(examples, tokenizer, chance)), 128, chance, 64)
    with torch.no_grad():
        found, expected = Reads(theirs)(batch), Reads(tmp_path / "ours")(batch)
        Reads(theirs).write(tmp_path / "written")
        again = Reads(tmp_path / "written")(batch)
    assert all(torch.allclose(one, other, atol=1e-5) for one, other in zip(found, expected, strict=True))
    assert all(torch.equal(one, other) for one, other in zip(found, again, strict=True))


def test_attention_as_products_is_what_torch_computes() -> None:
    torch.manual_seed(1)
    query, key, value = parts = [torch.randn(2, 3, 5, 8, requires_grad=True) for _ in range(3)]
    mask = torch.zeros(2, 1, 5, 5)
    mask[0, :, :, 3:] = torch.finfo(torch.float32).min
    for given in (mask, None):
        found, _ = attend(torch.nn.Identity(), query, key, value, given)
        expected = torch.nn.functional.scaled_dot_product_attention(*parts, attn_mask=given).transpose(1, 2)
        torch.testing.assert_close(found, expected)
        torch.testing.assert_close(
            torch.autograd.grad(found.square().sum(), parts), torch.autograd.grad(expected.square().sum(), parts)
        )
    # Under autocast it stays in bfloat16, which is what makes it fast.
    with torch.autocast("cpu", torch.bfloat16):
        rough, _ = attend(torch.nn.Identity(), query.bfloat16(), key.bfloat16(), value.bfloat16(), mask)
        assert rough.dtype == torch.bfloat16


def test_frozen_layers_and_what_goes_into_them_do_not_learn() -> None:
    config = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 32}
    for model in (
        BertForQuestionAnswering(BertConfig(**config)),
        MPNetForQuestionAnswering(MPNetConfig(**config)),
    ):
        freeze(model, 0)
        names = {name for name, weights in model.named_parameters() if not weights.requires_grad}
        assert [name.split(".", 1)[1] for name in names] == ["embeddings.word_embeddings.weight"]
        freeze(model, 2)
        ids = torch.randint(5, 100, (2, 7))
        model(input_ids=ids, start_positions=torch.tensor([1, 2]), end_positions=torch.tensor([3, 4])).loss.backward()
        learned = {name.split(".", 1)[1] for name, weights in model.named_parameters() if weights.grad is not None}
        assert all(name.startswith("encoder.layer.2.") or name in {"weight", "bias"} for name in learned)
        assert "encoder.layer.2.output.dense.weight" in learned


def test_a_teacher_with_other_word_pieces_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="other word pieces"):
        Reads(_renumbered(tmp_path, keep=20_000))


def test_of_several_checkpoints_the_mean_of_their_weights_is_exported() -> None:
    states = [{"a": torch.tensor([1.0, 2.0]), "places": torch.tensor([0, 1])}, {"a": torch.tensor([3.0, 6.0])}]
    found = mixed(states, [0.75, 0.25])
    assert found["a"].tolist() == [1.5, 3.0]
    assert found["places"].tolist() == [0, 1]
    with pytest.raises(SystemExit, match="one for each of the 2"):
        mixed(states, [1.0])
    with pytest.raises(SystemExit, match="1 in all"):
        mixed(states, [0.5, 0.6])
