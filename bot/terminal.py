"""The conversation in a terminal, and the progress bar of a build."""

import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from io import TextIOWrapper
from typing import TYPE_CHECKING

from bot.output import answer_line, answer_lines, credit, heading_above, plain
from bot.service import Service
from retrieval.errors import RetrievalError
from retrieval.followups import Turn, turn_of
from retrieval.types import Answer, Citation, Progress

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

# Earlier questions that one may lean on, as many as in Telegram.
_TURNS = 6
_PHASES = {
    "reading": "Reading the articles",
    "embedding": "Embedding the passages",
    "indexing": "Building the index",
    "verifying": "Verifying it",
}


@contextmanager
def progress_bar() -> Iterator[Callable[[Progress], None]]:
    """A callback that draws a bar with rate and time left on standard error, if that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda progress: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks = {}

        def draw(progress: Progress) -> None:
            if progress.phase not in tasks:
                tasks[progress.phase] = bar.add_task(_PHASES[progress.phase], total=progress.total, rate="")
            task = tasks[progress.phase]
            speed = bar.tasks[task].speed
            rate = f"{speed:,.0f}/s" if speed else ""
            bar.update(task, completed=progress.done, total=progress.total, rate=rate)

        yield draw


class Conversation:
    """Questions one after another, each of which may lean on those before it."""

    def __init__(self, service: Service, as_of: date | None) -> None:
        self._service, self._as_of = service, as_of
        self._turns: deque[Turn] = deque(maxlen=_TURNS)

    def answer(self, question: str) -> Answer | None:
        """The answer; None for /new, which begins a fresh conversation.

        Raises:
            RetrievalError: as `Service.answer`.
        """
        if question.strip() == "/new":
            self._turns.clear()
            return None
        answer = self._service.answer(question, self._as_of, tuple(self._turns))
        self._turns.append(turn_of(answer))
        return answer


def converse(service: Service, as_of: date | None = None) -> None:
    """Answer line by line until the end of the input: with colours in a terminal, else in plain text."""
    service.watch()
    talk = Conversation(service, as_of)
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")  # a byte that is no text is no reason to end
    try:
        if sys.stdin.isatty() and sys.stdout.isatty():
            _converse_with_colours(service, talk)
        else:
            _converse_plainly(talk)
    finally:
        service.close()


def _converse_plainly(talk: Conversation) -> None:
    for line in sys.stdin:
        if not line.strip():
            continue
        try:
            if answer := talk.answer(line):
                print("\n".join(answer_lines(answer)), end="\n\n", flush=True)
        except RetrievalError as error:
            print(f"byline: {error}", file=sys.stderr, flush=True)


def _converse_with_colours(service: Service, talk: Conversation) -> None:
    from rich.console import Console

    console = Console()
    manifest = service.index.manifest
    console.print(
        f"[bold]Byline[/bold]: {manifest.articles:,} articles, {manifest.oldest or '?'} to {manifest.newest or '?'}. "
        "Ask a question; /new begins a fresh conversation, an empty line or Ctrl-D ends.",
        highlight=False,
    )
    while True:
        try:
            question = console.input("[bold cyan]?[/bold cyan] ")
        except (EOFError, KeyboardInterrupt):
            return
        if not question.strip():
            return
        try:
            if answer := talk.answer(question):
                show(answer, console)
        except RetrievalError as error:
            console.print(str(error), style="yellow", markup=False)


def show(answer: Answer, console: "Console") -> None:
    """Print an answer with its citations in colours."""
    from rich.padding import Padding
    from rich.text import Text

    if answer.understood_as != answer.question:
        console.print(Text(f"Understood as: {plain(answer.understood_as)}", style="italic"))
    console.print(Text(plain(answer_line(answer)), style="yellow" if answer.refused else "bold"))
    for citation in answer.citations:
        if heading := heading_above(answer, citation):
            console.print(heading)
        console.print(Text(f"[{citation.n}] {credit(citation)}", style="cyan"))
        if citation.quote != answer.text:
            console.print(Padding(_quoted(citation), (0, 0, 0, 4)))
        if citation.article.url:
            console.print(Padding(Text(plain(citation.article.url), style="blue underline"), (0, 0, 0, 4)))
    console.print(Text(f"{answer.timings_ms.get('total', 0):.0f} ms", style="dim"), end="\n\n")


def _quoted(citation: Citation) -> "Text":
    """The quotation with the answer that it holds in bold."""
    from rich.text import Text

    quoted = Text(f"“{plain(citation.quote)}”")
    if citation.answer_start is not None and citation.answer_end is not None:
        before, through = (citation.quote[: at - citation.start] for at in (citation.answer_start, citation.answer_end))
        # The mark holds the place of the space before the answer, and is as wide as the opening quotation mark.
        quoted.stylize("bold", len(plain(f"{before}|")), len(plain(through)) + 1)
    return quoted
