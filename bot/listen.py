"""Where a server listens, as it is written in the settings."""

import re
from ipaddress import AddressValueError, IPv6Address

_HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")


def parse_listen(text: str) -> tuple[str, int]:
    """The host and the port of "127.0.0.1:9090", "localhost:9090" or "[::1]:9090"; port 0 is any that is free.

    Raises:
        ValueError: says what is wrong with the text.
    """
    host, colon, port = text.strip().rpartition(":")
    if not colon or not host:
        raise ValueError(f"{text!r} is not HOST:PORT, such as 127.0.0.1:9090 (0.0.0.0:9090 for every address)")
    if not re.fullmatch("[0-9]{1,5}", port) or int(port) >= 1 << 16:
        raise ValueError(f"{port!r} is not a port, which is a number up to 65535")
    return _host(host), int(port)


def _host(text: str) -> str:
    if not text.startswith("["):
        if ":" in text:
            raise ValueError(f"an IPv6 address is written in brackets before its port: [{text}]:9090")
        if not _HOST_NAME.fullmatch(text):
            raise ValueError(f"{text!r} is neither an address nor the name of a host")
        return text
    try:
        if text.endswith("]"):
            return str(IPv6Address(text[1:-1]))
    except AddressValueError:
        pass
    raise ValueError(f"{text!r} is not an IPv6 address in brackets")
