"""The unit, the Dockerfile and what belongs to it agree with the project; no daemon is needed to see that."""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from configparser import ConfigParser
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.cli import app
from bot.listen import parse_listen
from bot.metrics import Health, Metrics, serve_metrics
from bot.settings import Settings

_ROOT = Path(__file__).parent.parent
_DEPLOY = _ROOT / "deploy"
_FILES = [*sorted(_DEPLOY.iterdir()), _ROOT / ".dockerignore"]
_HARDENED = """NoNewPrivileges ProtectHome PrivateTmp PrivateDevices ProtectKernelTunables ProtectKernelModules
    ProtectControlGroups RestrictNamespaces RestrictSUIDSGID LockPersonality""".split()


def _pyproject() -> dict[str, Any]:
    return tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _project() -> dict[str, Any]:
    project: dict[str, Any] = _pyproject()["project"]
    return project


def _makefile(pattern: str) -> list[str]:
    return re.findall(pattern, (_ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def _example() -> dict[str, str]:
    """The settings of .env.example."""
    lines = (_ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


def _commands() -> set[str]:
    return {str(command.name or getattr(command.callback, "__name__", "")) for command in app.registered_commands}


def _default(name: str) -> Path:
    path = Settings.model_fields[name].default
    assert isinstance(path, Path)
    return path


def test_an_installation_holds_every_package_there_is() -> None:
    inits = [path for room in ("bot", "retrieval") for path in (_ROOT / room).rglob("__init__.py")]
    packages = sorted(".".join(path.parent.relative_to(_ROOT).parts) for path in inits)
    assert sorted(_pyproject()["tool"]["setuptools"]["packages"]) == packages


@pytest.mark.parametrize("path", [path for path in _FILES if path.is_file()], ids=lambda path: path.name)
def test_no_secret_is_written_down(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\d{6,}:[\w-]{30,}", text)
    assert not re.search(r"(TOKEN|SECRET|PASSWORD|DATABASE_URL)\s*[=:]", text)


# systemd


@pytest.fixture
def unit() -> ConfigParser:
    parser = ConfigParser(interpolation=None, comment_prefixes=("#",), delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(_DEPLOY / "byline.service", encoding="utf-8")
    return parser


def test_the_unit_starts_the_script_that_make_installs(unit: ConfigParser) -> None:
    program, command = unit["Service"]["ExecStart"].split()
    (venv,) = _makefile(r"^VENV := (\S+)$")
    root, found, script = program.partition(f"/{venv}/bin/")
    assert found
    assert root == "/opt/byline"
    assert script in _project()["scripts"]
    assert command in _commands()


def test_the_commands_at_the_top_of_the_unit_prepare_what_it_uses(unit: ConfigParser) -> None:
    service = unit["Service"]
    lines = (_DEPLOY / "byline.service").read_text(encoding="utf-8").splitlines()
    clone, user, start = (line for line in lines if line.startswith("#   sudo "))
    assert "/opt/byline && sudo make -C /opt/byline install" in clone
    assert "install" in _makefile(r"^(\w+):")
    assert f"--home-dir {service['WorkingDirectory']} " in user
    assert user.split(" && ")[0].endswith(f" {service['User']}")
    assert f"/opt/byline/.env.example {service['EnvironmentFile']} " in start
    assert start.endswith(" /opt/byline/deploy/byline.service")


def test_the_unit_writes_only_where_its_state_is(unit: ConfigParser) -> None:
    service = unit["Service"]
    assert service["ProtectSystem"] == "strict"
    assert service["WorkingDirectory"] == f"/var/lib/{service['StateDirectory']}"
    assert not _default("articles_dir").is_absolute()  # relative paths begin at the working directory
    assert not _default("data_dir").is_absolute()


def test_the_unit_is_hardened_and_runs_as_nobody_in_particular(unit: ConfigParser) -> None:
    service = unit["Service"]
    assert service["User"] not in ("root", "0")
    assert {name: service.get(name) for name in _HARDENED} == dict.fromkeys(_HARDENED, "yes")
    assert service["CapabilityBoundingSet"] == ""


def test_the_unit_lets_the_bot_finish_and_starts_it_again_only_after_a_failure(unit: ConfigParser) -> None:
    service = unit["Service"]
    assert service["KillSignal"] == "SIGTERM"
    assert service["Restart"] == "on-failure"
    assert int(service["TimeoutStopSec"]) >= 30


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_systemd_understands_every_line_of_the_unit(tmp_path: Path) -> None:
    text = (_DEPLOY / "byline.service").read_text(encoding="utf-8")
    copy = tmp_path / "byline.service"
    copy.write_text(re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", text), encoding="utf-8")
    done = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, timeout=60)
    complaints = [line for line in done.stderr.splitlines() if "byline.service" in line]
    assert complaints == []


# Docker


def _instructions() -> list[tuple[str, str]]:
    text = (_DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    joined = "\n".join(lines).replace("\\\n", " ")
    return [(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in joined.splitlines() if line)]


def _all(name: str) -> list[str]:
    return [rest for found, rest in _instructions() if found == name]


def _environment() -> dict[str, str]:
    pairs = (pair.partition("=") for line in _all("ENV") for pair in line.split())
    return {name: value for name, _, value in pairs}


def _copied() -> list[str]:
    """What the Dockerfile takes from the checkout."""
    return [source for line in _all("COPY") for source in line.split()[:-1] if not source.startswith("--")]


def _ignored(path: str) -> bool:
    """What .dockerignore says of a path: the last pattern that fits it, or a folder above it, decides."""
    ignored = False
    above = [path, *(str(parent) for parent in Path(path).parents)]
    for line in (_ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        pattern = line.removeprefix("!")
        anywhere = pattern.removeprefix("**/")
        if line and not line.startswith("#"):
            fits = any(
                fnmatch(name, pattern) or (anywhere != pattern and fnmatch(name, f"*/{anywhere}")) for name in above
            )
            ignored = not line.startswith("!") if fits else ignored
    return ignored


@pytest.fixture
def compose() -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load((_DEPLOY / "docker-compose.yml").read_text(encoding="utf-8"))
    return parsed


def test_what_the_image_copies_is_there_and_not_ignored() -> None:
    assert len(_copied()) >= 6
    for source in _copied():
        assert (_ROOT / source).exists(), source
        assert not _ignored(source), source
    for package in ("bot/cli.py", "bot/telegram/app.py", "retrieval/periods/__init__.py", "articles"):
        assert not _ignored(package)


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        ".git/config",
        ".venv/bin/python",
        "data/index",
        "tests/fakes.py",
        "bot/__pycache__/cli.pyc",
        "deploy/.env",
    ],
)
def test_what_is_private_or_built_never_reaches_the_image(path: str) -> None:
    assert _ignored(path)


def test_the_image_installs_as_make_does() -> None:
    steps = [line.removeprefix("pip ") for line in _all("RUN") if line.startswith("pip ")]
    (recipe,) = _makefile(r"^\$\(VENV\)/\.installed:.*\n((?:\t.*\n)+)")
    assert steps == re.findall(r"\$\(PIP\) (.*) >&2", recipe)
    assert steps[0].endswith(" torch")


def test_the_image_has_the_python_that_make_uses() -> None:
    (python,) = _makefile(r"^PYTHON \?= (\S+)$")
    assert _all("FROM") == [f"{python.replace('python', 'python:')}-slim"]
    assert _project()["requires-python"] == f">={python.removeprefix('python')}"


def test_the_image_runs_the_bot_and_not_as_root() -> None:
    (entry,), (command,) = json.loads(_all("ENTRYPOINT")[0]), json.loads(_all("CMD")[0])
    assert entry in _project()["scripts"]
    assert command in _commands()
    assert _all("USER") == ["byline"]
    assert [name for name, _ in _instructions()].index("USER") > max(
        number for number, (name, _) in enumerate(_instructions()) if name in ("RUN", "COPY")
    )
    assert _all("STOPSIGNAL") == ["SIGTERM"]


def test_the_volumes_are_where_the_settings_look(compose: dict[str, Any]) -> None:
    home = Path(_all("WORKDIR")[-1])
    volumes = {str(home / _default("articles_dir")), str(home / _default("data_dir"))}
    assert set(json.loads(_all("VOLUME")[0])) == volumes
    assert {volume.partition(":")[2] for volume in compose["services"]["byline"]["volumes"]} == volumes
    assert {volume.partition(":")[0] for volume in compose["services"]["byline"]["volumes"]} == set(compose["volumes"])
    for name in ("ARTICLES_DIR", "DATA_DIR"):  # which compose reads, too, when it was copied to .env
        assert str(home / _example()[name]) in volumes


def test_only_known_settings_are_set(compose: dict[str, Any]) -> None:
    ours = {name for name in _environment() if not name.startswith(("PIP_", "PYTHON")) and name != "HOME"}
    names = ours | set(compose["services"]["byline"]["environment"])
    assert ours
    assert {name.lower() for name in names} <= set(Settings.model_fields)
    assert names <= set(_example())


def test_the_ports_agree_and_are_published_to_this_machine_only(compose: dict[str, Any]) -> None:
    service = compose["services"]["byline"]
    _, metrics = parse_listen(_environment()["METRICS_LISTEN"])
    _, webhook = parse_listen(_example()["WEBHOOK_LISTEN"])
    assert _all("EXPOSE") == [str(metrics)]
    assert parse_listen(service["environment"]["METRICS_LISTEN"]) == ("0.0.0.0", metrics)
    assert parse_listen(service["environment"]["WEBHOOK_LISTEN"]) == ("0.0.0.0", webhook)
    assert service["ports"] == [f"127.0.0.1:{metrics}:{metrics}"]
    assert f'# - "127.0.0.1:{webhook}:{webhook}"' in (_DEPLOY / "docker-compose.yml").read_text(encoding="utf-8")


def test_compose_builds_this_file_from_the_root_and_leaves_time_to_stop(
    compose: dict[str, Any], unit: ConfigParser
) -> None:
    service = compose["services"]["byline"]
    root = (_DEPLOY / service["build"]["context"]).resolve()
    assert root == _ROOT.resolve()
    assert (root / service["build"]["dockerfile"]).samefile(_DEPLOY / "Dockerfile")
    assert (_DEPLOY / service["env_file"]).resolve() == root / ".env"
    assert service["stop_grace_period"] == f"{unit['Service']['TimeoutStopSec']}s"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]


def _checked(listen: str | None) -> "subprocess.CompletedProcess[str]":
    """A run of what HEALTHCHECK names."""
    (line,) = _all("HEALTHCHECK")
    program, script = json.loads(line.partition("CMD ")[2])
    assert program == "python"
    path = _ROOT / Path(script).relative_to(_all("WORKDIR")[0])
    settings = {} if listen is None else {"METRICS_LISTEN": listen}
    return subprocess.run(
        [sys.executable, str(path)],
        env={"PATH": os.environ["PATH"]} | settings,
        capture_output=True,
        text=True,
        timeout=30,
    )


@pytest.mark.parametrize(
    ("health", "status", "said"), [(Health(True), 0, '"ok"'), (Health(False, "no index"), 1, '"no index"')]
)
def test_the_health_check_says_what_the_bot_says(health: Health, status: int, said: str) -> None:
    async def check() -> "subprocess.CompletedProcess[str]":
        server = await serve_metrics("0.0.0.0:0", Metrics(), lambda: health)
        try:
            return await asyncio.to_thread(_checked, f"0.0.0.0:{server.port}")
        finally:
            await server.close()

    done = asyncio.run(check())
    assert done.returncode == status
    assert said in done.stdout
    assert done.stderr == ""


def test_the_health_check_fails_if_nothing_answers() -> None:
    done = _checked("127.0.0.1:1")
    assert done.returncode == 1
    assert "127.0.0.1:1 does not answer" in done.stdout


@pytest.mark.parametrize("listen", [None, ""])
def test_the_health_check_asks_nobody_without_metrics(listen: str | None) -> None:
    done = _checked(listen)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
