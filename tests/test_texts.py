"""The catalogue is whole: every language says everything, and nothing is there that nobody says."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from string import Formatter

import pytest

import bot
import retrieval
from bot.markup import units
from bot.texts import DEFAULT_LANGUAGE, Refusal, catalogue, texts_for

LANGUAGES = sorted(catalogue())
ENGLISH = catalogue()[DEFAULT_LANGUAGE]
_SOURCES = "\n".join(path.read_text() for path in Path(bot.__path__[0]).rglob("*.py") if path.name != "texts.py")
_QUOTED = set(re.findall(r"\"([a-z0-9_]+)\"|'([a-z0-9_]+)'", _SOURCES))
NAMED = {name for pair in _QUOTED for name in pair if name}
# Keys that are put together: "refused_" and the kind of a refusal, and the like.
PREFIXES = tuple(re.findall(r"texts\(f\"([a-z_]+)_\{", _SOURCES))


def values_in(words: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(words) if name is not None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_key_and_names_the_same_values(language: str) -> None:
    words = catalogue()[language]
    assert words.keys() == ENGLISH.keys()
    assert {key: values_in(text) for key, text in words.items()} == {k: values_in(t) for k, t in ENGLISH.items()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_words_are_empty_and_none_are_too_long_for_a_message(language: str) -> None:
    for key, words in catalogue()[language].items():
        assert words.strip() == words != "", key
        assert units(words) < 2_000, key


@pytest.mark.parametrize("language", LANGUAGES)
def test_commands_have_descriptions_that_telegram_takes(language: str) -> None:
    """BotCommand: 1 to 256 characters."""
    words = catalogue()[language]
    assert all(1 <= len(text) <= 256 for key, text in words.items() if key.startswith("command_"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_buttons_have_short_labels(language: str) -> None:
    assert all(len(text) <= 30 for key, text in catalogue()[language].items() if key.startswith("button_"))


def test_there_are_the_four_languages_that_the_readme_names() -> None:
    assert LANGUAGES == ["de", "en", "es", "ru"]


def test_every_key_that_the_bot_says_is_in_the_catalogue() -> None:
    said = set(re.findall(r"texts\(\s*\"([a-z_]+)\"", _SOURCES))
    said |= set(re.findall(r"\.say\([^)\"]*\"([a-z_]+)\"", _SOURCES))
    assert len(said) > 50
    assert said <= ENGLISH.keys()


def test_every_key_in_the_catalogue_is_said_by_the_bot() -> None:
    unused = {key for key in ENGLISH if key not in NAMED and not key.startswith(PREFIXES)}
    assert unused == set()


def test_every_reason_to_refuse_is_in_the_catalogue_with_the_values_that_it_is_given() -> None:
    given = re.findall(r"(?:Intake|Link)Refused\(\s*\"([a-z_]+)\"((?:, \w+=)?)", _SOURCES)
    assert len(given) > 20
    for key, values in given:
        assert bool(values_in(ENGLISH[key])) == bool(values), key


def test_a_refusal_gives_its_reason_in_the_language_of_who_is_told() -> None:
    refusal = Refusal("document_large", name="a.txt", megabytes=20)
    assert str(refusal) == "“a.txt” is larger than 20 MB."
    assert refusal.reason(texts_for("de")) == "„a.txt“ ist größer als 20 MB."


def test_an_unknown_key_and_a_missing_value_are_errors() -> None:
    with pytest.raises(KeyError):
        texts_for("en")("no_such_key")
    with pytest.raises(KeyError):
        texts_for("en")("forgotten")


@pytest.mark.parametrize(
    ("code", "language"),
    [("de", "de"), ("de-AT", "de"), ("RU", "ru"), ("es-419", "es"), ("fr", "en"), ("", "en"), (None, "en")],
)
def test_the_language_is_that_of_the_users_telegram_or_else_english(code: str | None, language: str) -> None:
    assert texts_for(code).language == language


@pytest.mark.parametrize(
    ("language", "number", "day", "share"),
    [
        ("en", "1,234,567", "10 April 2018", "25%"),
        ("de", "1.234.567", "10. April 2018", "25 %"),
        ("es", "1.234.567", "10 de abril de 2018", "25 %"),
        ("ru", "1 234 567", "10 апреля 2018 г.", "25 %"),
    ],
)
def test_numbers_and_dates_are_written_as_the_language_does(language: str, number: str, day: str, share: str) -> None:
    texts = texts_for(language)

    def spaced(text: str) -> str:
        return re.sub("[\u00a0\u202f]", " ", text)

    assert spaced(texts("number", number=1_234_567)) == number
    assert spaced(texts.day(date(2018, 4, 10))) == day
    assert spaced(texts.share(0.25)) == share
    assert day in spaced(texts("sources_dates", newest=date(2018, 4, 10), oldest=date(2018, 4, 10)))


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "0 Sek."), (95, "95 Sek."), (130, "2 Min."), (1750, "29 Min."), (3 * 3600, "3 Std.")]
)
def test_a_stretch_of_time_is_said_in_its_largest_unit(seconds: float, words: str) -> None:
    assert texts_for("de").duration(seconds) == words


def _reasons_given() -> Iterator[str]:
    """What the readers of articles say is wrong with one, with "7" for each value in it."""
    for path in (Path(retrieval.__path__[0]) / "articles").glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and ast.unparse(call.func) in ("Unreadable", "ArticleError"):
                for argument in call.args:
                    yield from _words_in(argument)


def _words_in(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from _words_in(node.body)
        yield from _words_in(node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != DEFAULT_LANGUAGE])
def test_every_reason_to_reject_an_article_is_there_in_every_language(language: str) -> None:
    texts, given = texts_for(language), set(_reasons_given())
    assert len(given) > 25
    for reason in given:
        assert texts.reason(reason) != reason, reason
        assert texts.reason(reason).count("7") == reason.count("7"), reason


def test_what_a_document_says_of_itself_is_not_taken_for_a_reason() -> None:
    texts = texts_for("de")
    assert texts.reason("line 3: is empty") == "Zeile 3: ist leer"
    assert texts.reason('has the same id "is empty" as an article in {x}') == (
        'hat dieselbe id "is empty" wie ein Artikel in {x}'
    )
    assert texts.reason("Permission denied") == "Permission denied"
    assert texts_for("en").reason("is empty") == "is empty"


def test_a_moment_says_that_it_is_in_utc() -> None:
    words = texts_for("en")("status_index", generation="g7", created=datetime(2018, 4, 10, 9, 5, tzinfo=UTC))
    assert words == "Generation g7, built 10 Apr 2018 09:05 UTC"
