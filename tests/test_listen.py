"""Where a server listens, as written in a setting."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.listen import parse_listen


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("127.0.0.1:9090", ("127.0.0.1", 9090)),
        ("0.0.0.0:0", ("0.0.0.0", 0)),
        (" localhost:65535 ", ("localhost", 65535)),
        ("my-host.example:80", ("my-host.example", 80)),
        ("[::1]:9090", ("::1", 9090)),
        ("[::]:9090", ("::", 9090)),
        ("[0:0::1]:9090", ("::1", 9090)),
    ],
)
def test_host_and_port_are_told_apart(text: str, place: tuple[str, int]) -> None:
    assert parse_listen(text) == place


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "not HOST:PORT"),
        ("9090", "not HOST:PORT"),
        (":9090", "0.0.0.0:9090 for every address"),
        ("localhost", "not HOST:PORT"),
        ("localhost:", "'' is not a port"),
        ("localhost:http", "'http' is not a port"),
        ("localhost:65536", "up to 65535"),
        ("localhost:-1", "'-1' is not a port"),
        ("localhost:٩", "is not a port"),
        ("localhost:" + "9" * 5000, "is not a port"),
        ("::1:9090", r"in brackets before its port: \[::1\]:9090"),
        ("[::1:9090", "not an IPv6 address"),
        ("[::1]", "not a port"),
        ("[127.0.0.1]:9090", "not an IPv6 address"),
        ("http://localhost:9090", "in brackets"),
        ("a b:9090", "neither an address nor"),
        ("-a:9090", "neither an address nor"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_listen(text)


@given(st.text(st.sampled_from("[]:.0129ab%/ \n-é"), max_size=20))
def test_any_text_is_either_a_place_or_refused(text: str) -> None:
    try:
        host, port = parse_listen(text)
    except ValueError:
        return
    assert host
    assert 0 <= port < 65536
