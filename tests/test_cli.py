"""The command line: what scripts rely on, and what a person sees when something is wrong."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.cli import _run
from tests.fakes import Place, Record, write_jsonl
from tests.real_model import models_dir, real_encoder, real_place

_ROOT = Path(__file__).parent.parent
_ANSWER = {
    "question",
    "understood_as",
    "answer",
    "refused",
    "reason",
    "confidence",
    "outlets",
    "citations",
    "timings_ms",
}
_CITATION = {"n", "article_id", "title", "source", "published", "url", "quote", "start", "end", "answer_start"}
_CITATION |= {"answer_end", "kind", "score"}
_HIT = {"rank", "article_id", "passage_id", "title", "published", "text", "start", "end", "score"}
_SETTINGS = (
    "TELEGRAM_BOT_TOKEN ARTICLES_DIR DATA_DIR EMBEDDING_MODEL ENCODER_BACKEND ENCODER_THREADS READER_MODEL "
    "ANSWER_THRESHOLD "
    "LOG_LEVEL"
).split()
_ESCAPES = "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x9b31m \x08\x7f"

_RECORDS: list[Record] = [
    {
        "id": "call",
        "title": "Kremlin aide speaks of a meeting",
        "text": "The Kremlin spokesman, Dmitry Peskov, denied the account on Tuesday. Moscow was waiting, he said.",
        "published": "2018-04-10",
        "source": "The Wire",
        "url": "https://wire.example.org/call",
    },
    {
        "id": "bridge",
        "title": "Kestrel Bridge opens",
        "text": "The Kestrel Bridge cost 449 million crowns. Agnes Thorley cut the ribbon at the Kestrel Bridge.",
        "published": "2024-04-20",
        "source": "Harbour Herald",
        "url": None,
    },
    {"id": "lamp", "title": "A lamp", "text": "The lamp on the quay wall is red.", "published": None, "source": None},
]
_QUESTION = "Who denied the account?"
_RIBBON = "Who cut the ribbon at the Kestrel Bridge?"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A place with an index of the three articles; not to be written to."""
    place = real_place(tmp_path_factory.mktemp("cli"))
    place.build(_RECORDS)
    return place


@pytest.fixture
def own(shared: Place, tmp_path: Path) -> Place:
    """A copy of the shared place."""
    shutil.copytree(shared.root, tmp_path / "own", symlinks=True)
    return Place(tmp_path / "own", real_encoder())


@pytest.fixture
def fresh(tmp_path: Path) -> Place:
    """A place with articles and no index."""
    place = real_place(tmp_path / "fresh")
    place.write(_RECORDS)
    return place


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of this machine counts, and the priority of the tests stays as it is."""
    monkeypatch.chdir(tmp_path)
    for name in _SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "nice", lambda increment: 0)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in this process: (exit status, standard output, standard error)."""

    def command(*arguments: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        status = _run([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return status, out, err

    return command


def _process(*arguments: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bot.cli", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, env=environment)


def _is_one_complaint(err: str) -> bool:
    return (
        err.startswith("byline: ") and err.count("\n") == 1 and err.endswith("\n") and "unexpected error (" not in err
    )


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


# --- ask


def test_ask_prints_one_answer_as_json(shared: Place, run: Run) -> None:
    status, out, err = run("--data", shared.data, "ask", _QUESTION, "--json")
    assert (status, err) == (0, "")
    answer = json.loads(out)
    assert set(answer) == _ANSWER
    assert answer["question"] == answer["understood_as"] == _QUESTION
    assert "Peskov" in answer["answer"]
    assert (answer["refused"], answer["reason"]) == (False, None)
    assert 0 <= answer["confidence"] <= 1
    assert all(isinstance(taken, int | float) for taken in answer["timings_ms"].values())


def test_ask_prints_citations_as_json(shared: Place, run: Run) -> None:
    answer = json.loads(run("--data", shared.data, "ask", _QUESTION, "--json")[1])
    first = answer["citations"][0]
    assert set(first) == _CITATION
    assert (first["n"], first["article_id"], first["kind"]) == (1, "call", "exact")
    assert (first["title"], first["source"]) == ("Kremlin aide speaks of a meeting", "The Wire")
    assert (first["published"], first["url"]) == ("2018-04-10", "https://wire.example.org/call")
    text = _RECORDS[0]["text"] or ""
    assert text[first["start"] : first["end"]] == first["quote"]
    assert text[first["answer_start"] : first["answer_end"]] == answer["answer"]
    assert isinstance(first["score"], float)


def test_ask_prints_a_refusal_as_json(shared: Place, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSWER_THRESHOLD", "1")
    status, out, _ = run("--data", shared.data, "ask", _QUESTION, "--json")
    answer = json.loads(out)
    assert status == 0
    assert set(answer) == _ANSWER
    assert (answer["answer"], answer["refused"]) == (None, True)
    assert answer["reason"]
    assert {citation["kind"] for citation in answer["citations"]} == {"related"}
    assert answer["citations"][0]["answer_start"] is None


def test_ask_prints_the_answer_and_its_source_for_people(shared: Place, run: Run) -> None:
    status, out, _ = run("--data", shared.data, "ask", _QUESTION)
    assert status == 0
    assert out.startswith("Dmitry Peskov [1]\n")
    assert "“The Kremlin spokesman, Dmitry Peskov, denied the account on Tuesday.”" in out
    assert "[1] The Wire, 10 April 2018: Kremlin aide speaks of a meeting" in out
    assert "https://wire.example.org/call" in out


def test_ask_prints_why_there_is_no_answer(shared: Place, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSWER_THRESHOLD", "1")
    status, out, _ = run("--data", shared.data, "ask", _QUESTION)
    assert status == 0
    assert out.startswith("I could not find that. ")


def test_ask_as_of_a_day_knows_nothing_later(shared: Place, run: Run) -> None:
    answer = json.loads(run("--data", shared.data, "ask", _RIBBON, "--as-of", "2020-01-01", "--json")[1])
    assert "bridge" not in {citation["article_id"] for citation in answer["citations"]}


# --- search


def test_search_prints_hits_as_json(shared: Place, run: Run) -> None:
    status, out, err = run("--data", shared.data, "search", "kestrel bridge", "--json")
    assert (status, err) == (0, "")
    result = json.loads(out)
    assert set(result) == {"query", "hits"}
    assert result["query"] == "kestrel bridge"
    assert [hit["rank"] for hit in result["hits"]] == [1, 2, 3]
    first = result["hits"][0]
    assert set(first) == _HIT
    assert (first["article_id"], first["title"]) == ("bridge", "Kestrel Bridge opens")
    assert first["published"] == "2024-04-20"
    assert (_RECORDS[1]["text"] or "")[first["start"] : first["end"]] == first["text"]
    assert isinstance(first["passage_id"], str)
    assert isinstance(first["score"], float)


def test_search_prints_no_more_than_k(shared: Place, run: Run) -> None:
    assert len(json.loads(run("--data", shared.data, "search", "bridge", "--k", "2", "--json")[1])["hits"]) == 2


def test_search_as_of_a_day_finds_nothing_later(shared: Place, run: Run) -> None:
    hits = json.loads(run("--data", shared.data, "search", "bridge", "--as-of", "2018-04-10", "--json")[1])["hits"]
    assert {hit["article_id"] for hit in hits} == {"call", "lamp"}


def test_search_prints_hits_for_people(shared: Place, run: Run) -> None:
    _, out, _ = run("--data", shared.data, "search", "kestrel bridge")
    assert out.startswith("1. Kestrel Bridge opens (Harbour Herald, 2024-04-20)\n")


# --- batches


def _batch(tmp_path: Path, *lines: object) -> Path:
    path = tmp_path / "in.jsonl"
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))
    return path


def test_a_batch_of_questions_keeps_order_and_ids(shared: Place, run: Run, tmp_path: Path) -> None:
    source = _batch(
        tmp_path,
        {"id": "b", "question": _QUESTION},
        {"id": 7, "question": _RIBBON, "as_of": "2020-01-01"},
        {"id": "a", "question": _RIBBON, "history": [{"question": _QUESTION, "answer": "Peskov"}]},
        {"question": "What colour is the lamp?", "gold": "red"},
    )
    status, out, err = run("--data", shared.data, "ask", "--batch", source, "--out", tmp_path / "out.jsonl")
    assert (status, out, err) == (0, "", "")
    results = _lines(tmp_path / "out.jsonl")
    assert [result.get("id") for result in results] == ["b", 7, "a", None]
    assert [set(result) for result in results] == [_ANSWER | {"id"}] * 3 + [_ANSWER]
    assert [result["question"] for result in results] == [_QUESTION, _RIBBON, _RIBBON, "What colour is the lamp?"]
    assert "bridge" not in {citation["article_id"] for citation in results[1]["citations"]}
    assert results[2]["citations"][0]["article_id"] == "bridge"


_LEANS: list[dict[str, object]] = [
    {"id": "history", "question": "when?", "history": [{"question": _QUESTION, "answer": "Peskov"}]},
    {"id": "refused", "question": "when?", "history": [{"question": _QUESTION, "answer": None}]},
    {"id": "alone", "question": "when?"},
]


def test_a_question_of_a_batch_leans_on_its_history(shared: Place, run: Run, tmp_path: Path) -> None:
    run("--data", shared.data, "ask", "--batch", _batch(tmp_path, *_LEANS), "--out", tmp_path / "out.jsonl")
    told, refused, alone = _lines(tmp_path / "out.jsonl")
    assert told["understood_as"] == "When was it that Peskov denied the account?"
    assert refused["understood_as"] == f"{_QUESTION} When?"
    assert alone["understood_as"] == alone["question"] == told["question"] == "when?"


def test_a_query_of_a_batch_leans_on_its_history(shared: Place, run: Run, tmp_path: Path) -> None:
    source = _batch(tmp_path, *({**line, "query": line["question"]} for line in _LEANS))
    run("--data", shared.data, "search", "--k", "1", "--batch", source, "--out", tmp_path / "out.jsonl")
    (asked,) = json.loads(run("--data", shared.data, "search", _QUESTION, "--k", "1", "--json")[1])["hits"]
    for result in _lines(tmp_path / "out.jsonl")[:2]:
        assert [hit["article_id"] for hit in result["hits"]] == [asked["article_id"]]


@pytest.mark.parametrize(
    "history", [[{"answer": "Peskov"}], [{"question": 1}], "when", [{"question": "a", "answer": 2}]]
)
def test_a_history_that_is_none_is_refused_by_its_line(
    shared: Place, run: Run, tmp_path: Path, history: object
) -> None:
    source = _batch(tmp_path, {"question": _QUESTION}, {"question": "when?", "history": history})
    status, out, err = run("--data", shared.data, "ask", "--batch", source, "--out", tmp_path / "out.jsonl")
    assert (status, out) == (1, "")
    assert f"{source}:2" in err
    assert not (tmp_path / "out.jsonl").exists()


def test_a_batch_of_queries_keeps_order_and_ids(shared: Place, run: Run, tmp_path: Path) -> None:
    source = _batch(tmp_path, {"id": 2, "question": "bridge"}, {"id": 1, "query": "lamp", "as_of": "2018-01-01"})
    assert run("--data", shared.data, "search", "--k", "2", "--batch", source, "--out", tmp_path / "out.jsonl")[0] == 0
    first, second = _lines(tmp_path / "out.jsonl")
    assert (set(first), first["id"], first["query"]) == ({"id", "query", "hits"}, 2, "bridge")
    assert [set(hit) for hit in first["hits"]] == [_HIT] * 2
    assert [hit["article_id"] for hit in second["hits"]] == ["lamp"]


def test_the_as_of_option_counts_for_lines_without_one(shared: Place, run: Run, tmp_path: Path) -> None:
    source = _batch(tmp_path, {"question": "bridge"}, {"question": "bridge", "as_of": "2024-12-31"})
    out = tmp_path / "out.jsonl"
    run("--data", shared.data, "search", "--as-of", "2020-01-01", "--batch", source, "--out", out)
    found = [{hit["article_id"] for hit in result["hits"]} for result in _lines(out)]
    assert ["bridge" in names for names in found] == [False, True]


@pytest.mark.parametrize("question", ["", "  ", "?!", "x" * 5_000], ids=["empty", "blank", "marks", "long"])
@pytest.mark.parametrize("command", ["ask", "search"])
def test_a_question_of_a_batch_that_cannot_be_asked_gives_an_error_entry(
    shared: Place, run: Run, tmp_path: Path, command: str, question: str
) -> None:
    source = _batch(tmp_path, {"id": 1, "question": question}, {"id": 2, "question": "bridge"})
    assert run("--data", shared.data, command, "--batch", source, "--out", tmp_path / "out.jsonl")[0] == 0
    first, second = _lines(tmp_path / "out.jsonl")
    assert set(first) == {"id", "error"}
    assert first["id"] == 1
    assert second["id"] == 2
    assert "error" not in second


@pytest.mark.parametrize(
    "line",
    [
        "not json",
        "[]",
        '"question"',
        "{}",
        '{"question": 7}',
        '{"question": null}',
        '{"question": "who?", "as_of": "yesterday"}',
        '{"question": "who?", "as_of": 2018}',
        "[" * 100_000,
    ],
    ids=lambda line: line[:40],
)
def test_a_bad_line_of_a_batch_is_named_and_nothing_is_written(
    shared: Place, run: Run, tmp_path: Path, line: str
) -> None:
    source = _batch(tmp_path, {"question": "bridge"}, "", line, {"question": "lamp"})
    (tmp_path / "results").mkdir()
    out = tmp_path / "results" / "out.jsonl"
    out.write_text("as it was\n")
    status, _, err = run("--data", shared.data, "search", "--batch", source, "--out", out)
    assert status == 1
    assert _is_one_complaint(err)
    assert f"{source}:3:" in err
    assert out.read_text() == "as it was\n"
    assert list(out.parent.iterdir()) == [out]


def test_a_batch_that_is_not_utf8_is_refused(shared: Place, run: Run, tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_bytes('{"question": "Qui a nié?"}'.encode("latin-1"))
    status, _, err = run("--data", shared.data, "ask", "--batch", source, "--out", tmp_path / "out.jsonl")
    assert status == 1
    assert _is_one_complaint(err)
    assert "UTF-8" in err
    assert not (tmp_path / "out.jsonl").exists()


def test_an_empty_batch_gives_an_empty_file(shared: Place, run: Run, tmp_path: Path) -> None:
    assert run("--data", shared.data, "ask", "--batch", _batch(tmp_path), "--out", tmp_path / "out.jsonl")[0] == 0
    assert (tmp_path / "out.jsonl").read_text() == ""


@pytest.mark.parametrize(("source", "target"), [("absent.jsonl", "out.jsonl"), ("in.jsonl", "absent/out.jsonl")])
def test_a_batch_file_that_is_not_there_is_named(
    shared: Place, run: Run, tmp_path: Path, source: str, target: str
) -> None:
    _batch(tmp_path, {"question": "bridge"})
    status, _, err = run("--data", shared.data, "ask", "--batch", source, "--out", target)
    assert status == 1
    assert _is_one_complaint(err)
    assert "absent" in err


# --- wrong use


@pytest.mark.parametrize(
    "arguments",
    [
        ["frobnicate"],
        ["ask"],
        ["ask", "who?", "why?"],
        ["ask", "who?", "--batch", "in.jsonl", "--out", "out.jsonl"],
        ["ask", "--batch", "in.jsonl"],
        ["ask", "who?", "--out", "out.jsonl"],
        ["ask", "who?", "--as-of", "yesterday"],
        ["ask", "who?", "--as-of", "2018-02-30"],
        ["ask", "who?", "--as-of"],
        ["ask", "who?", "--frobnicate"],
        ["search"],
        ["search", "who?", "--k", "0"],
        ["search", "who?", "--k", "many"],
        ["ask", "who?", "--data"],
        ["rollback", "000001"],
    ],
    ids=" ".join,
)
def test_wrong_use_has_status_two_and_one_line(run: Run, arguments: list[str]) -> None:
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert _is_one_complaint(err)


@pytest.mark.parametrize("command", ["index", "ask", "search", "chat", "run", "status", "doctor", "rollback"])
def test_help_says_what_a_command_does(run: Run, command: str) -> None:
    status, out, err = run(command, "--help")
    assert (status, err) == (0, "")
    assert out.startswith("Usage: byline")


def test_help_lists_every_command(run: Run) -> None:
    status, out, _ = run("--help")
    assert status == 0
    for command in ("index", "ask", "search", "chat", "run", "status", "doctor", "rollback"):
        assert f"\n  {command}" in out


@pytest.mark.parametrize(
    "question", ["", "   ", "?!", "⛴️", "x" * 5_000], ids=["empty", "blank", "marks", "emoji", "long"]
)
@pytest.mark.parametrize("command", ["ask", "search"])
def test_a_question_that_cannot_be_asked_is_one_line(shared: Place, run: Run, command: str, question: str) -> None:
    status, out, err = run("--data", shared.data, command, question)
    assert status in (1, 2)
    assert out == ""
    assert _is_one_complaint(err)


@pytest.mark.parametrize("command", ["ask", "search"])
def test_a_question_that_is_not_unicode_is_asked_without_what_is_no_character(
    shared: Place, run: Run, command: str
) -> None:
    status, out, err = run("--data", shared.data, command, "Who opened the \udce9bridge?")
    assert (status, err) == (0, "")
    out.encode()


def test_a_batch_with_half_a_surrogate_pair_is_answered(shared: Place, run: Run, tmp_path: Path) -> None:
    source = _batch(tmp_path, '{"id": "\\ud800", "question": "\\ud800 who opened the bridge?"}')
    out = tmp_path / "out.jsonl"
    status, _, _ = run("--data", shared.data, "search", "--batch", source, "--out", out)
    assert status == 0
    assert json.loads(out.read_text())["id"] == "\ud800"


# --- where things are


def test_data_and_articles_mean_the_same_before_and_after_the_command(shared: Place, run: Run) -> None:
    before = run("--data", shared.data, "search", "bridge", "--json")
    assert run("search", "--data", shared.data, "bridge", "--json") == before
    assert run("search", "bridge", f"--data={shared.data}", "--json") == before


@pytest.mark.parametrize("place_of_option", ["before", "after"])
def test_articles_may_be_given_more_than_once(fresh: Place, run: Run, place_of_option: str) -> None:
    one = write_jsonl(fresh.root / "one.jsonl", _RECORDS[:1])
    two = write_jsonl(fresh.root / "two.jsonl", _RECORDS[1:])
    options = ["--data", fresh.data, "--articles", one, "--articles", two]
    command = [*options, "index", "--json"] if place_of_option == "before" else ["index", *options, "--json"]
    assert json.loads(run(*command)[1])["articles"] == 3


def test_data_and_articles_beat_the_environment(
    fresh: Place, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "wrong"))
    monkeypatch.setenv("ARTICLES_DIR", str(tmp_path / "wrong"))
    assert run("index", "--data", fresh.data, "--articles", fresh.articles)[0] == 0
    assert fresh.store.generations() == ["000001"]
    assert not (tmp_path / "wrong").exists()


def test_the_environment_says_where_things_are(fresh: Place, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(fresh.data))
    monkeypatch.setenv("ARTICLES_DIR", str(fresh.articles))
    assert run("index")[0] == 0
    assert json.loads(run("status", "--json")[1])["articles"] == 3


def test_the_env_file_says_where_things_are(shared: Place, run: Run, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"DATA_DIR={shared.data}\nANSWER_THRESHOLD=\n")
    assert json.loads(run("status", "--json")[1])["articles"] == 3


def test_a_question_may_look_like_an_option(shared: Place, run: Run) -> None:
    status, out, _ = run("--data", shared.data, "search", "--json", "--", "--data of the bridge")
    assert status == 0
    assert json.loads(out)["query"] == "--data of the bridge"


def test_an_unknown_key_in_the_env_file_is_refused_by_name(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DATADIR=data\nTELEGRAM_TOKEN=12345:secret\n")
    status, out, err = run("status")
    assert (status, out) == (1, "")
    assert _is_one_complaint(err)
    assert "DATADIR" in err
    assert "TELEGRAM_TOKEN" in err
    assert "secret" not in err


@pytest.mark.parametrize(
    "setting",
    ["ANSWER_THRESHOLD=2", "ANSWER_THRESHOLD=brave", "ENCODER_BACKEND=cuda", "ENCODER_THREADS=0", "LOG_LEVEL=LOUD"],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(run: Run, tmp_path: Path, setting: str) -> None:
    (tmp_path / ".env").write_text(setting)
    status, _, err = run("status")
    assert status == 1
    assert _is_one_complaint(err)
    assert setting.partition("=")[0] in err


# --- index


def test_index_reports_as_json(fresh: Place, run: Run) -> None:
    (fresh.articles / "bad.jsonl").write_text("not json\n")
    status, out, _ = run("--data", fresh.data, "index", fresh.articles, "--json")
    assert status == 0
    report = json.loads(out)
    assert (report["generation"], report["articles"], report["added"], report["embedded"]) == ("000001", 3, 3, 3)
    (rejected,) = report["rejected"]
    assert (Path(rejected["path"]).name, rejected["line"]) == ("bad.jsonl", 1)
    assert rejected["reason"]


def test_index_reports_for_people(fresh: Place, run: Run) -> None:
    _, out, err = run("--data", fresh.data, "index", fresh.articles)
    assert out.startswith("3 articles (3 added, 0 changed, 0 removed, 0 unchanged, 0 rejected)\n")
    assert err == ""  # no progress bar where there is no terminal


def test_index_again_changes_nothing(own: Place, run: Run) -> None:
    report = json.loads(run("--data", own.data, "index", own.articles, "--json")[1])
    assert (report["generation"], report["unchanged"], report["embedded"]) == (None, 3, 0)
    assert own.store.generations() == ["000001"]


def test_index_without_articles_could_not(run: Run, tmp_path: Path) -> None:
    real = real_place(tmp_path / "real")
    status, _, err = run("--data", real.data, "index", tmp_path / "absent")
    assert status == 1
    assert _is_one_complaint(err)
    assert "absent" in err


def test_index_refuses_to_lose_most_articles_unless_forced(own: Place, run: Run) -> None:
    own.write(_RECORDS[:1])
    status, _, err = run("--data", own.data, "index", own.articles)
    assert status == 1
    assert _is_one_complaint(err)
    assert "--force" in err
    assert run("--data", own.data, "index", own.articles, "--force")[0] == 0
    assert json.loads(run("--data", own.data, "status", "--json")[1])["articles"] == 1


# --- without an index, and with a damaged one


@pytest.mark.parametrize("command", [["ask", "who?"], ["search", "who?"], ["status"]], ids=" ".join)
def test_without_an_index_the_remedy_is_said(run: Run, tmp_path: Path, command: list[str]) -> None:
    status, out, err = run("--data", tmp_path / "none", *command)
    assert (status, out) == (1, "")
    assert _is_one_complaint(err)
    assert "byline index" in err


def _damage(place: Place, generation: str, name: str = "dense.faiss") -> Path:
    path = place.store.root / generation / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", ["dense.faiss", "articles.sqlite", "passages.npy", "manifest.json"])
def test_a_damaged_file_is_named_with_the_remedy(own: Place, run: Run, name: str) -> None:
    path = _damage(own, "000001", name)
    status, out, err = run("--data", own.data, "ask", _QUESTION)
    assert (status, out) == (1, "")
    complaint = err.splitlines()[-1]
    assert complaint.startswith("byline: ")
    assert str(path) in complaint
    assert "byline index" in complaint


# --- status, doctor, rollback


def test_status_says_what_the_index_holds(shared: Place, run: Run) -> None:
    status, out, _ = run("--data", shared.data, "status", "--json")
    facts = json.loads(out)
    assert status == 0
    assert (facts["generation"], facts["articles"], facts["passages"]) == ("000001", 3, 3)
    assert (facts["oldest"], facts["newest"]) == ("2018-04-10", "2024-04-20")
    assert facts["damaged"] == []
    assert "articles: 3\n" in run("--data", shared.data, "status")[1]


def _findings(run: Run, place: Place) -> tuple[int, list[dict[str, Any]]]:
    status, out, _ = run("--data", place.data, "--articles", place.articles, "doctor", "--json")
    return status, json.loads(out)


def test_doctor_finds_nothing_wrong_with_a_sound_index(shared: Place, run: Run) -> None:
    status, findings = _findings(run, shared)
    machine = {"disk", "memory"}
    assert [finding for finding in findings if not finding["well"] and finding["subject"] not in machine] == []
    assert {"model files", "encoder", "reader", "generation 000001 (current)"} <= {
        finding["subject"] for finding in findings
    }
    assert status == (0 if all(finding["well"] for finding in findings) else 1)


def test_doctor_names_a_damaged_file_and_the_remedy(own: Place, run: Run) -> None:
    path = _damage(own, "000001")
    status, findings = _findings(run, own)
    (bad,) = [finding for finding in findings if "generation" in finding["subject"]]
    assert status == 1
    assert not bad["well"]
    assert str(path) in bad["detail"]
    assert "byline index" in bad["remedy"]
    _, out, _ = run("--data", own.data, "doctor")
    assert any(line.startswith("BAD ") and str(path) in line and "byline index" in line for line in out.splitlines())


def test_doctor_says_that_there_is_no_index(fresh: Place, run: Run) -> None:
    status, findings = _findings(run, fresh)
    (bad,) = [finding for finding in findings if finding["subject"] == "index"]
    assert (status, bad["well"]) == (1, False)
    assert "byline index" in bad["remedy"]


def test_rollback_lets_the_generation_before_answer(own: Place, run: Run) -> None:
    own.write([*_RECORDS, {**_RECORDS[2], "id": "new"}])
    run("--data", own.data, "index", own.articles)
    assert json.loads(run("--data", own.data, "status", "--json")[1])["generation"] == "000002"
    status, out, err = run("--data", own.data, "rollback")
    assert (status, err) == (0, "")
    assert "000001" in out
    assert json.loads(run("--data", own.data, "status", "--json")[1])["generation"] == "000001"


def test_rollback_without_an_older_generation_could_not(own: Place, run: Run) -> None:
    status, out, err = run("--data", own.data, "rollback")
    assert (status, out) == (1, "")
    assert _is_one_complaint(err)


def test_rollback_without_an_index_could_not(run: Run, tmp_path: Path) -> None:
    status, _, err = run("--data", tmp_path / "none", "rollback")
    assert status == 1
    assert _is_one_complaint(err)


# --- what an article may not do to a terminal


@pytest.fixture(scope="module")
def escaping(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """An index of one article with escape sequences wherever an article has text."""
    place = real_place(tmp_path_factory.mktemp("escapes"))
    place.build(
        [
            {
                "id": f"evil{_ESCAPES}",
                "title": f"Lamp {_ESCAPES}",
                "text": f"The lamp {_ESCAPES} on the quay wall is red.",
                "source": f"Wire {_ESCAPES}",
                "url": f"https://example.org/{_ESCAPES}",
                "published": "2018-04-10",
            }
        ]
    )
    return place


@pytest.mark.parametrize("threshold", ["0", "1"])
@pytest.mark.parametrize(
    "command",
    [
        ["ask", "Which lamp is red?"],
        ["ask", "Which lamp is red?", "--json"],
        ["search", "lamp"],
        ["search", "lamp", "--json"],
    ],
    ids=" ".join,
)
def test_escape_sequences_of_an_article_are_not_printed(
    escaping: Place, run: Run, monkeypatch: pytest.MonkeyPatch, command: list[str], threshold: str
) -> None:
    monkeypatch.setenv("ANSWER_THRESHOLD", threshold)
    status, out, _ = run("--data", escaping.data, *command)
    assert status == 0
    assert "lamp" in out
    assert [char for char in out if char != "\n" and not char.isprintable()] == []


def test_escape_sequences_of_a_rejected_file_are_not_printed(fresh: Place, run: Run) -> None:
    (fresh.articles / "bad\x1b[31m.jsonl").write_text("not json\n")
    status, out, err = run("--data", fresh.data, "index", fresh.articles)
    assert status == 0
    assert "bad" in out
    assert "\x1b" not in out + err


# --- real processes


def test_chat_answers_lines_from_standard_input(shared: Place) -> None:
    done = _process("--data", shared.data, "chat", stdin=f"{_QUESTION}\n\n???\n{_RIBBON}\n")
    assert done.returncode == 0
    assert "Peskov" in done.stdout
    assert "Thorley" in done.stdout
    assert done.stdout.index("Peskov") < done.stdout.index("Thorley")
    assert _is_one_complaint(done.stderr)


def test_chat_is_a_conversation_until_a_fresh_one_begins(shared: Place) -> None:
    done = _process("--data", shared.data, "chat", stdin=f"{_QUESTION}\nwhen?\n/new\nwhen?\n")
    assert done.stderr == ""
    assert done.stdout.count("Understood as: ") == 1
    assert "denied the account?" in done.stdout.partition("Understood as: ")[2]


def test_chat_without_an_index_builds_one_first(fresh: Place) -> None:
    done = _process("--data", fresh.data, "--articles", fresh.articles, "chat", stdin=f"{_QUESTION}\n")
    assert done.returncode == 0
    assert "Peskov" in done.stdout
    assert "articles" not in done.stdout  # the report of the build is no part of the conversation


def test_the_exit_status_is_that_of_the_process(shared: Place, tmp_path: Path) -> None:
    assert _process("--data", shared.data, "search", "bridge").returncode == 0
    assert _process("--data", tmp_path / "none", "search", "bridge").returncode == 1
    assert _process("search").returncode == 2


def test_a_reader_that_stops_reading_is_no_traceback(shared: Place) -> None:
    command = f"{sys.executable} -m bot.cli --data {shared.data} search bridge --json | true"
    environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True, env=environment)
    assert done.stderr == ""


def test_the_tests_use_the_exported_model_and_export_none(shared: Place) -> None:
    assert (shared.data / "models").resolve() == models_dir().resolve()
