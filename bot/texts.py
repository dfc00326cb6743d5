"""The words of the bot in the languages of its users, from one catalogue: `texts.toml`."""

import re
import tomllib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_decimal, format_percent

DEFAULT_LANGUAGE = "en"


@dataclass(frozen=True, slots=True)
class Texts:
    """One language. `texts("key", name=value)` gives the words; numbers and dates are written as the language does."""

    language: str
    words: dict[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """The words under a key.

        Raises:
            KeyError: the catalogue has no such key, or the words name a value that is not given.
        """
        return self.words[key].format(**{name: self._write(value) for name, value in values.items()})

    def has(self, key: str) -> bool:
        """Whether the catalogue has the key."""
        return key in self.words

    def reason(self, english: str) -> str:
        """Why an article is rejected, as `ArticleError.reason` has it, in this language if the catalogue knows it."""
        for pattern, words in _reasons(self.language):
            if found := pattern.fullmatch(english):
                return words.format(
                    **{
                        name: self.reason(value) if name == "reason" else value
                        for name, value in found.groupdict().items()
                    }
                )
        return english

    def day(self, day: date) -> str:
        """A day in full: 10 April 2018."""
        return format_date(day, "d MMMM y" if self.language == "en" else "long", locale=self.language)

    def share(self, value: float) -> str:
        """A share of one as per cent."""
        return format_percent(value, locale=self.language)

    def duration(self, seconds: float) -> str:
        """A stretch of time in its largest unit but one: 95 sec, 28 min, 3 hr."""
        spent = timedelta(seconds=round(seconds))
        return format_timedelta(spent, format="short", threshold=2, locale=self.language)

    def _write(self, value: object) -> str:
        if isinstance(value, timedelta):
            return self.duration(value.total_seconds())
        if isinstance(value, datetime):
            return f"{format_datetime(value, 'd MMM y HH:mm', locale=self.language)} UTC"
        if isinstance(value, date):
            return self.day(value)
        if isinstance(value, int | float):
            return format_decimal(value, locale=self.language)
        return str(value)


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Language -> key -> words."""
    return {language: words for language, words in _file().items() if language != "reasons"}


@cache
def _file() -> dict[str, Any]:
    with files("bot").joinpath("texts.toml").open("rb") as file:
        return tomllib.load(file)


@cache
def _reasons(language: str) -> list[tuple[re.Pattern[str], str]]:
    """The English words, with a group for each value in braces, and those of the language."""
    known = _file()["reasons"].get(language, {})
    return [
        (re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(english))), words)
        for english, words in known.items()
    ]


@cache
def texts_for(language_code: str | None) -> Texts:
    """The words for the language that Telegram names (an IETF tag such as de-AT); English if it is not there."""
    language = (language_code or "").lower().partition("-")[0]
    if language not in catalogue():
        language = DEFAULT_LANGUAGE
    return Texts(language, catalogue()[language])


class Refusal(Exception):
    """Something is not done, for a reason in the catalogue that a person is told; `str(error)` is the English words."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(texts_for(DEFAULT_LANGUAGE)(key, **values))
        self._key, self._values = key, values

    def reason(self, texts: Texts) -> str:
        """The reason in a language."""
        return texts(self._key, **self._values)
