"""Which module may import what: the syntax trees are walked, and two processes are looked into."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.fakes import records
from tests.real_model import real_place

_ROOT = Path(__file__).parent.parent
_ROOMS = ("bot", "retrieval")
_FILES = sorted(path for room in _ROOMS for path in (_ROOT / room).rglob("*.py"))
# What only `retrieval` may know of.
_ENGINES = {"faiss", "tantivy", "torch", "sentence_transformers", "transformers", "onnxruntime", "onnx", "tokenizers"}


def _name(path: Path) -> str:
    parts = path.relative_to(_ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


_MODULES = {_name(path): path for path in _FILES}


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def _imports(path: Path) -> Iterator[str]:
    """The full names of what a file imports, wherever in it."""
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _modules_imported(path: Path) -> set[str]:
    """The modules of the two rooms that a file imports."""
    found = set()
    for name in _imports(path):
        while name and name not in _MODULES:
            name = name.rpartition(".")[0]
        found.add(name)
    return found - {"", _name(path)}


def _rooms_imported(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in _imports(path)}


def _of(room: str) -> list[Path]:
    return [path for path in _FILES if path.is_relative_to(_ROOT / room)]


def test_the_walk_sees_the_imports_that_there_are() -> None:
    assert "retrieval.encoder" in _modules_imported(_MODULES["retrieval.retriever"])
    assert "retrieval.articles" in _modules_imported(_MODULES["retrieval.build"])
    assert "bot.service" in _modules_imported(_MODULES["bot.cli"])


@pytest.mark.parametrize("path", _of("retrieval"), ids=_name)
def test_retrieval_never_imports_bot(path: Path) -> None:
    assert "bot" not in _rooms_imported(path)


@pytest.mark.parametrize("path", _of("bot"), ids=_name)
def test_bot_knows_nothing_of_engines_and_models(path: Path) -> None:
    assert _rooms_imported(path) & _ENGINES == set()


@pytest.mark.parametrize("path", _FILES, ids=_name)
def test_nothing_imports_benchmarks_or_tests(path: Path) -> None:
    assert _rooms_imported(path) & {"benchmarks", "tests", "pytest", "hypothesis"} == set()


@pytest.mark.parametrize("room", _ROOMS)
def test_a_room_has_no_import_cycle(room: str) -> None:
    graph = {_name(path): {name for name in _modules_imported(path) if name.startswith(room)} for path in _of(room)}
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"import cycle: {' -> '.join(error.args[1])}")
    assert set(order) >= set(graph)


def test_errors_are_at_the_bottom_of_the_import_order() -> None:
    assert _modules_imported(_MODULES["retrieval.errors"]) == set()


@pytest.mark.parametrize("path", _of("retrieval"), ids=_name)
def test_retrieval_reads_no_environment_variable(path: Path) -> None:
    names = {node.attr for node in ast.walk(_tree(path)) if isinstance(node, ast.Attribute)}
    assert (names | set(_imports(path))) & {"environ", "environb", "getenv", "os.environ", "os.getenv"} == set()


@pytest.mark.parametrize("path", _of("retrieval"), ids=_name)
def test_retrieval_never_prints(path: Path) -> None:
    for node in ast.walk(_tree(path)):
        assert not (isinstance(node, ast.Name) and node.id in ("print", "input")), f"{path}:{node.lineno}"
        assert not (isinstance(node, ast.Attribute) and node.attr in ("stdout", "stderr")), f"{path}:{node.lineno}"


def _loaded_after(code: str, folder: Path) -> set[str]:
    """The packages in sys.modules of a fresh interpreter after `code`, run in an empty folder with no settings."""
    script = f"{code}\nimport sys\nprint('\\n'.join({{name.partition('.')[0] for name in sys.modules}}))"
    environment = {"PYTHONPATH": str(_ROOT), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_the_command_line_starts_without_models_and_engines(tmp_path: Path) -> None:
    assert _loaded_after("import bot.cli", tmp_path) & _ENGINES == set()


def test_answering_a_question_imports_no_torch(tmp_path: Path) -> None:
    place = real_place(tmp_path / "place")
    place.build(records(3))
    code = f"from bot.cli import _run; assert _run(['--data', {str(place.data)!r}, 'ask', 'ship1x?']) == 0"
    loaded = _loaded_after(code, tmp_path)
    assert "onnxruntime" in loaded
    assert loaded & {"torch", "sentence_transformers", "transformers"} == set()
