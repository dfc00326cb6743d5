"""The reading of what a method is given: values of the right types, or a refusal.

Telegram ignores parameters that it does not know; here they are refused, so that a slip of the pen is found.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.telegram.messages import Json


class Refused(Exception):
    """An answer that is not ok: "Making requests", error_code, description and parameters."""

    def __init__(self, code: int, description: str, parameters: Json | None = None) -> None:
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, parameters


def bad_request(what: str) -> Refused:
    """The answer to a request that breaks a rule."""
    return Refused(400, f"Bad Request: {what}")


Reader = Callable[[object, str], Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """What must and may be given to a method, or stand in an object."""

    required: Mapping[str, Reader] = field(default_factory=dict)
    optional: Mapping[str, Reader] = field(default_factory=dict)

    def read(self, given: Mapping[str, object], where: str) -> Json:
        """The values, of the right types.

        Raises:
            Refused: one is missing, unknown or of another type.
        """
        values = {}
        for name, value in given.items():
            reader = self.required.get(name) or self.optional.get(name)
            if reader is None:
                raise bad_request(f'"{name}" is unknown in {where}')
            values[name] = reader(value, name)
        for name in self.required:
            if name not in values:
                raise bad_request(_MISSING.get(name, f'"{name}" is missing in {where}'))
        return values


_MISSING = {"text": "message text is empty", "chat_id": "chat_id is empty"}


def integer(value: object, name: str) -> int:
    """An Integer, which a form gives in digits."""
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,19}", value):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise bad_request(f'"{name}" must be an integer')
    return value


def boolean(value: object, name: str) -> bool:
    """A Boolean, which a form gives as true or false."""
    if value in ("true", "false"):
        return value == "true"
    if not isinstance(value, bool):
        raise bad_request(f'"{name}" must be a boolean')
    return value


def string(value: object, name: str) -> str:
    """A String that UTF-8 can hold."""
    if not isinstance(value, str):
        raise bad_request(f'"{name}" must be a string')
    try:
        value.encode()
    except UnicodeEncodeError:
        raise bad_request("strings must be encoded in UTF-8") from None
    return value


def one_of(*values: str) -> Reader:
    """A String out of a list."""

    def read(value: object, name: str) -> str:
        if value not in values:
            raise bad_request(f'"{name}" must be one of {", ".join(values)}')
        return str(value)

    return read


def bounded(low: int, high: int) -> Reader:
    """An Integer from low to high."""

    def read(value: object, name: str) -> int:
        number = integer(value, name)
        if not low <= number <= high:
            raise bad_request(f'"{name}" must be between {low} and {high}')
        return number

    return read


def from_json(value: object, name: str) -> object:
    """Objects and arrays are JSON-serialized in a form."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise bad_request(f'can\'t parse "{name}" as JSON') from None


def thing(shape: Shape) -> Reader:
    """An object of that shape."""

    def read(value: object, name: str) -> Json:
        parsed = from_json(value, name)
        if not isinstance(parsed, dict):
            raise bad_request(f'"{name}" must be an object')
        return shape.read(parsed, name)

    return read


def array(of: Reader) -> Reader:
    """An array whose elements are read alike."""

    def read(value: object, name: str) -> list[Any]:
        parsed = from_json(value, name)
        if not isinstance(parsed, list):
            raise bad_request(f'"{name}" must be an array')
        return [of(element, name) for element in parsed]

    return read


def chat_id(value: object, name: str) -> int | str:
    """ "Integer or String": an id, or the @username of a public chat."""
    if isinstance(value, str) and value.startswith("@"):
        return string(value, name)
    if value == "":
        raise bad_request("chat_id is empty")
    return integer(value, name)


def upload(value: object, name: str) -> object:
    """An InputFile: bytes of a form with their file's name, or the file_id of a file that Telegram has."""
    if isinstance(value, Upload):
        return value
    return string(value, name)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a multipart form."""

    name: str
    data: bytes


def language_code(value: object, name: str) -> str:
    """ "A two-letter ISO 639-1 language code", or empty."""
    code = string(value, name)
    if code and not re.fullmatch("[a-z]{2}", code):
        raise bad_request("invalid language code specified")
    return code
