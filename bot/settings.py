"""Settings from the environment and `.env`."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from retrieval.models import DEFAULT_MODEL


class SettingsError(Exception):
    """A setting is unknown or has a value that makes no sense; the message names it."""


class Settings(BaseSettings):
    """What an operator can set. Names are those of the environment, in lower case."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="forbid", env_ignore_empty=True)

    telegram_bot_token: SecretStr | None = None
    articles_dir: Path = Path("articles")
    data_dir: Path = Path("data")
    embedding_model: str = DEFAULT_MODEL
    encoder_backend: Literal["onnx", "torch"] = "onnx"
    encoder_threads: int = Field(default=2, ge=1, le=64)
    answer_threshold: float | None = Field(default=None, ge=0, le=1)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "WARNING"

    @property
    def index_dir(self) -> Path:
        """The generations of the index."""
        return self.data_dir / "index"

    @property
    def vector_cache(self) -> Path:
        """The vectors already computed."""
        return self.data_dir / "vectors.sqlite"

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
