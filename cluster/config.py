"""The installation's settings: from a YAML file, from GIGATWIN_… variables, from options.

gigatwin.yaml  ─▶  GIGATWIN_REDIS_URL=…  ─▶  gigatwin up --redis …     (the last one wins)
"""

import os
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from twin.errors import InvalidConfiguration


class Config(BaseSettings):
    """What is not given is embedded: a live store, SQLite and Parquet below ``data_dir``."""

    model_config = SettingsConfigDict(
        env_prefix="GIGATWIN_", env_ignore_empty=True, extra="forbid", frozen=True
    )

    plant: str = Field("plant", pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    data_dir: Path = Path("var")
    redis_url: str | None = None
    records_url: str | None = None
    archive_dir: Path | None = None
    gateway_host: str = "127.0.0.1"
    gateway_port: int = Field(50051, ge=0, le=65535)
    per_actor: dict[str, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    checkpoint_s: float = Field(0.5, gt=0, le=60)
    idle_tick_s: float = Field(2.0, ge=0, le=60)
    archive_flush_s: float = Field(5.0, gt=0, le=600)
    ray_address: str = "local"
    ray_auth: bool = True

    @property
    def records(self) -> str:
        return self.records_url or f"sqlite:///{(self.data_dir / 'records.sqlite').absolute()}"

    @property
    def archive(self) -> Path:
        return (self.archive_dir or self.data_dir / "archive").absolute()

    @property
    def logs(self) -> Path:
        return self.data_dir / "logs"


def load(path: Path | None = None, **options: object) -> Config:
    """The settings; options that are None are taken as not given.

    Raises InvalidConfiguration, naming each setting that can't be.
    """
    given: dict[str, object] = {}
    if path is not None:
        set_outside = {name.upper() for name, value in os.environ.items() if value}
        given.update(
            {k: v for k, v in _read(path).items() if f"GIGATWIN_{k}".upper() not in set_outside}
        )
    given.update({name: value for name, value in options.items() if value is not None})
    try:
        return Config(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors()
        )
        raise InvalidConfiguration(f"settings can't work: {faults}") from error
    except SettingsError as error:
        raise InvalidConfiguration(f"a GIGATWIN_… variable can't be read: {error}") from error


def _read(path: Path) -> dict[str, object]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InvalidConfiguration(f"settings can't be read from {path}: {error}") from error
    if not isinstance(content, dict) or not all(isinstance(name, str) for name in content):
        raise InvalidConfiguration(f"{path}: settings are a mapping of names to values")
    return content
