"""The stand-ins are what the other tests take them for."""

import socket

import numpy as np
import pytest

from tests.fakes import FakeEncoder


def test_the_same_text_always_gets_the_same_unit_vector() -> None:
    first = FakeEncoder().encode(["The tide turned.", ""])
    again = FakeEncoder().encode(["", "The tide turned."])
    np.testing.assert_array_equal(first, again[::-1])
    np.testing.assert_allclose(np.linalg.norm(first, axis=1), 1, rtol=1e-6)
    assert first.dtype == np.float32


def test_texts_that_share_words_are_nearer_than_texts_that_do_not() -> None:
    one, near, far = FakeEncoder().encode(["the ferry ran aground", "a ferry ran late", "stocks rose sharply"])
    assert one @ near > 0.3 > abs(one @ far)


def test_the_encoder_counts_its_calls_and_texts() -> None:
    encoder = FakeEncoder()
    encoder.encode(["a", "b"])
    encoder.encode(["c"])
    assert (encoder.calls, encoder.texts) == (2, ["a", "b", "c"])


def test_no_texts_make_an_empty_matrix() -> None:
    assert FakeEncoder(16).encode([]).shape == (0, 16)


@pytest.mark.parametrize("method", ["connect", "connect_ex"])
def test_tests_cannot_reach_the_network(method: str) -> None:
    with socket.socket() as connection, pytest.raises(AssertionError, match=r"192\.0\.2\.1"):
        getattr(connection, method)(("192.0.2.1", 80))
