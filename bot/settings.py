"""Settings from the environment and `.env`."""

import re
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.listen import parse_listen
from retrieval.models import DEFAULT_MODEL, DEFAULT_READER


class SettingsError(Exception):
    """A setting is unknown or has a value that makes no sense; the message names it."""


# A shorter one would be blotted out of ordinary words.
_SHORTEST_SECRET = 6

# The users that Telegram shows in the place of whoever writes in the name of a channel or a group, and of itself.
_NOBODY = frozenset((136_817_688, 1_087_968_824, 777_000))

Level = Literal["bold", "balanced", "cautious"]
Numbers = Annotated[frozenset[int], NoDecode]


class Settings(BaseSettings):
    """What an operator can set. Names are those of the environment, in lower case."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="forbid", env_ignore_empty=True)

    telegram_bot_token: SecretStr | None = None
    telegram_api_url: str = Field(default="https://api.telegram.org", pattern=r"^https?://[^/\s]+(/\S*)?$")
    admin_ids: Numbers = frozenset()
    allowed_chats: Numbers = frozenset()
    allow_links: bool = False
    webhook_url: str | None = Field(default=None, pattern=r"^https://[^/\s]+(/\S*)?$")
    webhook_secret: SecretStr | None = None
    webhook_listen: str = "127.0.0.1:8443"
    metrics_listen: str | None = None
    database_url: SecretStr | None = None
    articles_dir: Path = Path("articles")
    data_dir: Path = Path("data")
    embedding_model: str = DEFAULT_MODEL
    encoder_backend: Literal["onnx", "torch"] = "onnx"
    encoder_threads: int = Field(default=2, ge=1, le=64)
    answer_threshold: Level | float = "balanced"
    reader_model: str = DEFAULT_READER
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "WARNING"
    log_format: Literal["text", "json"] = "text"

    @field_validator("admin_ids", "allowed_chats", mode="before")
    @classmethod
    def _numbers(cls, value: object) -> object:
        """Numbers apart by commas."""
        if not isinstance(value, str):
            return value
        try:
            return frozenset(int(part) for part in value.replace(",", " ").split())
        except ValueError as error:
            raise ValueError("expected numbers, apart by commas") from error

    @field_validator("admin_ids")
    @classmethod
    def _people(cls, value: frozenset[int]) -> frozenset[int]:
        """Numbers of people, each of one person: a negative one is a chat's."""
        for number in value:
            if number <= 0 or number in _NOBODY:
                raise ValueError(f"{number} is no single person's number; /whoami in a private chat tells yours")
        return value

    @field_validator("answer_threshold", mode="before")
    @classmethod
    def _threshold(cls, value: object) -> object:
        """A level by its name, or a probability."""
        if value in get_args(Level):
            return value
        try:
            number = float(str(value))
        except ValueError:
            number = -1
        if not 0 <= number <= 1:
            raise ValueError(f"expected {', '.join(get_args(Level))} or a probability from 0 to 1")
        return number

    @field_validator("webhook_listen", "metrics_listen")
    @classmethod
    def _listen(cls, value: str | None) -> str | None:
        if value is not None:
            parse_listen(value)
        return value

    @field_validator("webhook_secret")
    @classmethod
    def _secret(cls, value: SecretStr | None) -> SecretStr | None:
        """As Telegram allows it (Bot API, setWebhook)."""
        if value is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", value.get_secret_value()):
            raise ValueError("expected 1 to 256 letters, digits, _ and -")
        return value

    @property
    def index_dir(self) -> Path:
        """The generations of the index."""
        return self.data_dir / "index"

    @property
    def vector_cache(self) -> Path:
        """The vectors already computed."""
        return self.data_dir / "vectors.sqlite"

    @property
    def database(self) -> str:
        """The address of the database that holds questions and answers."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data_dir.absolute() / 'byline.db'}"

    @property
    def secrets(self) -> list[str]:
        """What must not be printed anywhere."""
        hidden = [self.telegram_bot_token, self.webhook_secret, self.database_url]
        return [one.get_secret_value() for one in hidden if one is not None and len(one) >= _SHORTEST_SECRET]

    @property
    def removed(self) -> Path:
        """The list of articles that an admin has taken out."""
        return self.data_dir / "removed.json"

    @property
    def models_dir(self) -> Path:
        """Models exported to ONNX."""
        return self.data_dir / "models"


def load_settings() -> Settings:
    """The settings of this process.

    Raises:
        SettingsError: names each unknown key of `.env` and each value that makes no sense.
    """
    try:
        return Settings()
    except ValidationError as error:
        problems = []
        for problem in error.errors():
            name = ".".join(str(part) for part in problem["loc"]).upper()
            if problem["type"] == "extra_forbidden":
                problems.append(f"{name} in .env is not a setting; see .env.example")
            else:
                problems.append(f"{name}: {problem['msg']}")
        raise SettingsError("; ".join(problems)) from None
    except UnicodeDecodeError as error:
        raise SettingsError(".env is not UTF-8 text; save it as UTF-8") from error
