"""What training makes of data, and that an exported reader can be trained on."""

import random
import warnings
from datetime import date

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from transformers import AutoModelForQuestionAnswering

from retrieval.models import find_model
from retrieval.reader_model import BUNDLED, MODEL, TOKENIZER, ReaderModel
from retrieval.types import Article
from training.headlines import Asked, ask
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
