"""Where settings come from, and what is said of those that can't be."""

import os
from pathlib import Path

import pytest

from cluster.config import Config, load
from twin.errors import InvalidConfiguration


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("GIGATWIN_")]:
        monkeypatch.delenv(name)


def file(folder: Path, text: str) -> Path:
    path = folder / "gigatwin.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_any_settings_everything_is_embedded_below_the_data_folder() -> None:
    config = load()
    assert (config.plant, config.redis_url, config.gateway_host) == ("plant", None, "127.0.0.1")
    assert config.records == f"sqlite:///{Path('var/records.sqlite').absolute()}"
    assert config.archive == Path("var/archive").absolute()
    assert config.logs == Path("var/logs")


def test_stores_that_are_named_are_used() -> None:
    config = load(records_url="postgresql://db/gigatwin", archive_dir=Path("/data/archive"))
    assert config.records == "postgresql://db/gigatwin"
    assert config.archive == Path("/data/archive")


def test_a_variable_goes_before_the_file_and_an_option_before_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = file(tmp_path, "plant: from-file\ngateway_port: 1\ncheckpoint_s: 2\n")
    monkeypatch.setenv("GIGATWIN_PLANT", "from-variable")
    monkeypatch.setenv("gigatwin_gateway_port", "2")

    config = load(path, plant="from-option", redis_url=None)

    assert (config.plant, config.gateway_port, config.checkpoint_s) == ("from-option", 2, 2.0)
    assert load(path).plant == "from-variable"


def test_an_empty_variable_is_as_good_as_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIGATWIN_PLANT", "")
    monkeypatch.setenv("GIGATWIN_REDIS_URL", "")
    config = load(file(tmp_path, "plant: from-file\n"))
    assert (config.plant, config.redis_url) == ("from-file", None)


def test_an_empty_file_says_nothing(tmp_path: Path) -> None:
    assert load(file(tmp_path, "")) == Config()


def test_how_many_assets_an_actor_hosts_comes_from_a_file_or_as_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load(file(tmp_path, "per_actor: {cycler_channel: 64}")).per_actor == {
        "cycler_channel": 64
    }
    monkeypatch.setenv("GIGATWIN_PER_ACTOR", '{"cycler_channel": 32}')
    assert load().per_actor == {"cycler_channel": 32}


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"plant": "Plant 1"}, "plant: "),
        ({"plant": ""}, "plant: "),
        ({"gateway_port": 70_000}, "gateway_port: "),
        ({"checkpoint_s": 0}, "checkpoint_s: "),
        ({"per_actor": {"cycler_channel": 0}}, r"per_actor\.cycler_channel: "),
        ({"redis": "redis://host"}, "redis: "),
        ({"plant": "A", "gateway_port": "x"}, "plant: .*; gateway_port: "),
    ],
)
def test_each_setting_that_can_t_be_is_named(options: dict[str, object], named: str) -> None:
    with pytest.raises(InvalidConfiguration, match=named):
        load(**options)


@pytest.mark.parametrize("text", ["- plant\n", "plant: [\n", "1: 2\n", "just words\n"])
def test_a_file_that_holds_no_settings_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidConfiguration, match=r"gigatwin\.yaml"):
        load(file(tmp_path, text))


def test_a_file_that_can_t_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match=r"nowhere\.yaml"):
        load(tmp_path / "nowhere.yaml")
    latin1 = tmp_path / "latin1.yaml"
    latin1.write_bytes("plant: fabrik-süd\n".encode("latin-1"))
    with pytest.raises(InvalidConfiguration, match=r"latin1\.yaml"):
        load(latin1)


def test_a_variable_that_is_no_json_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIGATWIN_PER_ACTOR", "cycler_channel=64")
    with pytest.raises(InvalidConfiguration, match="per_actor"):
        load()
