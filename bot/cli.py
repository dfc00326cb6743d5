"""The command line: `byline index | ask | search | chat | run | status | doctor | rollback`.

Exit status: 0 done, 1 could not, 2 wrong use. Results go to standard output; errors are one line on standard error.
"""

import logging
import os
import sys
from collections.abc import Sequence
from datetime import date
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot import logs
from bot.settings import Settings, SettingsError, load_settings
from retrieval.errors import RetrievalError

if TYPE_CHECKING:
    from bot.service import Service

# `bot.service` and what it needs (FAISS, onnxruntime) are imported where they are used: `--help` should not wait.

app = typer.Typer(name="byline", add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
_GLOBAL = ("--data", "--articles")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a date like 2018-03-20") from error


AsOf = Annotated[
    date | None, typer.Option("--as-of", parser=_day, metavar="DATE", help="Ask as of this day (YYYY-MM-DD).")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Batch = Annotated[Path | None, typer.Option("--batch", metavar="IN.jsonl", help="Read questions from a file.")]
Out = Annotated[Path | None, typer.Option("--out", metavar="OUT.jsonl", help="Where the results of --batch go.")]


@app.callback()
def _main(
    context: typer.Context,
    data: Annotated[Path | None, typer.Option(metavar="DIR", help="Holds the index. Default: DATA_DIR.")] = None,
    articles: Annotated[
        list[Path] | None, typer.Option(metavar="PATH", help="Articles; repeatable. Default: ARTICLES_DIR.")
    ] = None,
) -> None:
    """Answers questions from a collection of articles, with the very sentence and its source."""
    settings = load_settings()
    if data is not None:
        settings = settings.model_copy(update={"data_dir": data})
    logs.configure(settings.log_level, settings.log_format, settings.secrets)
    context.obj = (settings, articles or [settings.articles_dir])


@app.command()
def index(
    context: typer.Context,
    paths: Annotated[list[Path] | None, typer.Argument(metavar="PATH", help="Files and folders of articles.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Publish even if most articles are gone.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Only say what would change.")] = False,
    events: Annotated[bool, typer.Option("--events", help="Print progress and report as lines of JSON.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read the articles, build a new generation of the index, and report."""
    from bot import output, service
    from bot.terminal import progress_bar

    settings, articles = _context(context)
    if hasattr(os, "nice"):
        os.nice(10)  # whoever is asking questions meanwhile comes first
    if events:
        _index_with_events(settings, paths or articles, force, check)
        return
    with progress_bar() as progress:
        report = service.rebuild(settings, paths or articles, force, check, progress)
    if as_json:
        print(output.to_json(output.report_json(report)))
    else:
        print("\n".join(output.report_lines(report, check)))


def _index_with_events(settings: Settings, paths: list[Path], force: bool, check: bool) -> None:
    from bot.events import EventLines
    from bot.service import rebuild

    lines = EventLines()
    try:
        lines.done(rebuild(settings, paths, force, check, lines.progress, lines.planned))
    except RetrievalError as error:
        lines.failed(error)
        raise


@app.command()
def ask(
    context: typer.Context,
    question: Annotated[str | None, typer.Argument(metavar="QUESTION")] = None,
    as_of: AsOf = None,
    batch: Batch = None,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Answer a question, or a file of them."""
    from bot import output
    from bot.batch import run_batch

    _one_of(question, batch, out, "QUESTION")
    service = _service(context)
    if batch is not None and out is not None:
        run_batch(batch, out, lambda ask: output.answer_json(service.answer(ask.text, ask.as_of or as_of, ask.turns)))
        return
    answer = service.answer(question or "", as_of)
    print(output.to_json(output.answer_json(answer)) if as_json else "\n".join(output.answer_lines(answer)))


@app.command()
def search(
    context: typer.Context,
    query: Annotated[str | None, typer.Argument(metavar="QUERY")] = None,
    k: Annotated[int, typer.Option("--k", min=1, max=1000, help="How many passages.")] = 10,
    as_of: AsOf = None,
    batch: Batch = None,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Show the best passages for a query, one an article."""
    from bot import output
    from bot.batch import Ask, run_batch

    _one_of(query, batch, out, "QUERY")
    service = _service(context)
    if batch is not None and out is not None:

        def search(ask: Ask) -> dict[str, Any]:
            hits = service.search(ask.text, k, ask.as_of or as_of, ask.turns)
            return output.search_json(ask.text, hits)

        run_batch(batch, out, search)
        return
    hits = service.search(query or "", k, as_of)
    if as_json:
        print(output.to_json(output.search_json(query or "", hits)))
    else:
        print("\n\n".join(output.hit_lines(hits)) or "Nothing was found.")


@app.command()
def chat(context: typer.Context, as_of: AsOf = None) -> None:
    """Ask questions in the terminal; reads lines when standard input is no terminal."""
    from bot.terminal import converse

    _build_if_missing(context)
    converse(_service(context), as_of)


@app.command()
def run(context: typer.Context) -> None:
    """Run the Telegram bot; without TELEGRAM_BOT_TOKEN, the same conversation in the terminal."""
    settings, articles = _context(context)
    if settings.telegram_bot_token is not None:
        from bot.telegram.app import run as run_bot

        run_bot(settings, articles)
        return
    print("TELEGRAM_BOT_TOKEN is not set; answering here.", file=sys.stderr)
    chat(context)


@app.command()
def status(context: typer.Context, as_json: AsJson = False) -> None:
    """Say what the index holds."""
    from bot import output
    from bot.doctor import index_status

    settings, _ = _context(context)
    facts = index_status(settings)
    print(output.to_json(facts) if as_json else "\n".join(f"{k}: {v}" for k, v in facts.items()))


@app.command()
def doctor(context: typer.Context, as_json: AsJson = False) -> None:
    """Check the settings, the model, the index, disk and memory, and say how to mend what is wrong."""
    from bot import output
    from bot.doctor import examine

    settings, articles = _context(context)
    findings = examine(settings, articles)
    token = settings.telegram_bot_token
    if token is not None:
        from bot.doctor_telegram import examine_telegram

        findings += examine_telegram(token.get_secret_value(), settings.telegram_api_url, settings.webhook_url)
    if as_json:
        print(output.to_json([finding.to_json() for finding in findings]))
    else:
        print("\n".join(finding.line() for finding in findings))
    if not all(finding.well for finding in findings):
        raise typer.Exit(1)


@app.command()
def rollback(context: typer.Context) -> None:
    """Let the generation before the current one answer."""
    from bot.service import roll_back

    settings, _ = _context(context)
    name = roll_back(settings)
    print(f"Generation {name} answers from now on.")


def _context(context: typer.Context) -> tuple[Settings, list[Path]]:
    settings, articles = context.obj
    return settings, articles


def _service(context: typer.Context) -> "Service":
    from bot.service import Service

    return Service(_context(context)[0])


def _build_if_missing(context: typer.Context) -> None:
    from retrieval.store import Store

    settings, _ = _context(context)
    if not Store(settings.index_dir).generations():
        print("There is no index yet; building one from the articles.", file=sys.stderr)
        _build_elsewhere(context)


def _build_elsewhere(context: typer.Context) -> None:
    """Build in a process of its own, which takes the low priority and the memory with it when it ends."""
    import subprocess

    settings, articles = _context(context)
    command = [sys.executable, "-m", "bot.cli", "--data", str(settings.data_dir), "index", *map(str, articles)]
    if subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False).returncode:
        raise typer.Exit(1)


def _one_of(text: str | None, batch: Path | None, out: Path | None, name: str) -> None:
    if (text is None) == (batch is None) or (batch is None) != (out is None):
        raise typer.BadParameter(f"give either {name} or --batch IN.jsonl --out OUT.jsonl")


def _globals_first(arguments: Sequence[str]) -> list[str]:
    """--data and --articles mean the same before and after the command."""
    first: list[str] = []
    rest: list[str] = []
    waiting = iter(arguments)
    for argument in waiting:
        if argument == "--":
            rest += [argument, *waiting]
        elif argument in _GLOBAL:
            first += [argument, *islice(waiting, 1)]
        elif argument.startswith(tuple(f"{name}=" for name in _GLOBAL)):
            first.append(argument)
        else:
            rest.append(argument)
    return first + rest


def main() -> None:
    """The entry point."""
    sys.exit(_run(sys.argv[1:]))


def _run(arguments: Sequence[str]) -> int:
    try:
        result = app(_globals_first(arguments) or ["--help"], prog_name="byline", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except typer.TyperException as error:
        _complain(f"{error.format_message().rstrip('.')}; see `byline --help`")
        return error.exit_code
    except (typer.Abort, KeyboardInterrupt):
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (RetrievalError, SettingsError) as error:
        _complain(str(error))
    except Exception as error:
        logging.getLogger(__name__).debug("unexpected", exc_info=error)
        _complain(f"unexpected error ({type(error).__name__}: {error}); LOG_LEVEL=DEBUG shows where")
    return 1


def _complain(message: str) -> None:
    message = logs.Redactor()(" ".join(message.split()))  # PTB, for one, quotes a token that is refused
    print(f"byline: {message}", file=sys.stderr)


if __name__ == "__main__":
    main()
