"""What all handlers share: the service, the state, and who may do what."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeVar

from bot.limits import Limits, Rate
from bot.metrics import Metrics
from bot.rebuild import Event, Outcome, Rebuilder
from bot.service import Service
from bot.settings import Settings
from bot.state import Answered, Asked, Cited, Record, State, StateError
from bot.texts import Texts, texts_for
from retrieval.errors import RetrievalError
from retrieval.followups import Turn
from retrieval.sentences import Span
from retrieval.store import Store
from retrieval.types import Answer, Article, Citation, Hit

_log = logging.getLogger(__name__)
T = TypeVar("T")
_ANSWERING_THREADS = 2
# No more than the messages that Telegram takes for a group: answers beyond that would only pile up.
_PER_USER, _PER_CHAT = Rate(20, 60), Rate(20, 60)
# Inline queries come with every pause in typing, and buttons are pressed one after another.
_PER_TYPIST, _PER_PRESSER, _PRESSED_PER_CHAT = Rate(60, 60), Rate(60, 60), Rate(120, 60)
_LOOK_EVERY, _LOOK_AGAIN = 1.0, 30.0


class Desk:
    """One bot. `service` is None until there is an index."""

    def __init__(self, settings: Settings, sources: Sequence[Path], state: State, metrics: Metrics) -> None:
        self.settings, self.sources, self.state, self.metrics = settings, list(sources), state, metrics
        self.rebuilder = Rebuilder(settings, sources)
        self.limits = Limits(_PER_USER, _PER_CHAT)
        self.typing = Limits(_PER_TYPIST, _PER_TYPIST)
        self.presses = Limits(_PER_PRESSER, _PRESSED_PER_CHAT)
        self.service: Service | None = None
        self.username = ""
        self._opening = threading.Lock()
        self._threads = ThreadPoolExecutor(_ANSWERING_THREADS, thread_name_prefix="answer")

    def open(self) -> bool:
        """Open the index; False if there is none yet. It is swapped by itself from then on.

        Raises:
            RetrievalError: as `Service`.
        """
        with self._opening:  # a build that ends, and who waits for the first index, may come at once
            if self.service is None:
                if not Store(self.settings.index_dir).generations():
                    return False
                self.service = Service(self.settings)
                self.service.watch()
            else:
                self.service.refresh()
        self.measure()
        return True

    async def opened(self) -> None:
        """Wait until there is an index, whoever builds it, and open it."""
        complaint = ""
        while self.service is None:
            try:
                if Store(self.settings.index_dir).current() is not None and await asyncio.to_thread(self.open):
                    return
            except RetrievalError as error:
                if str(error) != complaint:
                    complaint = str(error)
                    _log.error("the first index cannot be opened: %s", complaint)
            await asyncio.sleep(_LOOK_AGAIN if complaint else _LOOK_EVERY)

    def measure(self) -> None:
        """Let the metrics show the index that answers now; another process may have built it."""
        if self.service:
            manifest = self.service.index.manifest
            self.metrics.index(manifest.articles, manifest.passages, manifest.created)

    async def work(self, function: Callable[..., T], *values: object) -> T:
        """Run what takes a processor for a while, at most two at a time, apart from the event loop."""
        context = copy_context()
        return await asyncio.get_running_loop().run_in_executor(self._threads, context.run, function, *values)

    async def texts_of_admin(self, admin: int) -> Texts:
        """The words for an admin who is told something unasked: in the language of their last question."""
        try:
            return texts_for(await asyncio.to_thread(self.state.language_of, admin))
        except StateError:
            return texts_for(None)

    def may_ask(self, user_id: int | None, chat_id: int | None) -> bool:
        """Whether ALLOWED_CHATS lets this user, or this chat, ask."""
        allowed = self.settings.allowed_chats
        return not allowed or chat_id in allowed or user_id in allowed or self.is_admin(user_id)

    def is_admin(self, user_id: int | None) -> bool:
        """Whether ADMIN_IDS names the user."""
        return user_id in self.settings.admin_ids

    def answer(self, record: Record, literally: bool = False, follows: Record | None = None) -> Record:
        """Answer a question and store the answer. Blocking; see `work`.

        It is understood by what was asked in its place before it, up to the question that it `follows` if it is said
        to follow one; taken `literally`, by nothing.
        """
        turns = () if literally else self._turns(record, follows)
        return self.state.answer(record.id, self._find_answer(record.asked.text, turns))

    def answer_unstored(self, asked: Asked) -> Record:
        """The answer to a question that cannot be stored, by itself. Blocking; see `work`."""
        return Record("", datetime.now(UTC), asked, self._find_answer(asked.text, ()), ())

    def more(self, record: Record, after: int, count: int = 5) -> tuple[Record, list[Cited]]:
        """The passages that come next for a question, after the citation of that number. Blocking; see `work`."""
        if self.service is None or record.answered is None:
            return record, []
        stored = list(record.answered.citations)
        if not any(cited.n > after for cited in stored):
            known = {cited.article_id for cited in stored}
            hits = self.service.search(record.answered.understood_as, len(known) + count, record.asked_at.date())
            fresh = [hit for hit in hits if hit.article.id not in known][:count]
            record = self.state.cite_more(
                record.id, [_cited_hit(len(stored) + 1 + i, hit) for i, hit in enumerate(fresh)]
            )
            stored = list(record.answered.citations) if record.answered else []
        return record, [cited for cited in stored if cited.n > after][:count]

    async def build(
        self, by: str, on_event: Callable[[Event], None], *, check: bool = False, force: bool = False
    ) -> Outcome:
        """Rebuild, and open what was built. See `Rebuilder.run`."""
        began = time.monotonic()
        outcome = await self.rebuilder.run(by, on_event, check=check, force=force)
        if not check and outcome.kind != "busy":
            self.metrics.rebuilt(time.monotonic() - began, outcome.kind)
        if outcome.kind == "done" and not check:
            try:
                await asyncio.to_thread(self.open)
            except RetrievalError as error:
                return Outcome("failed", outcome.report, type(error).__name__, str(error))
        return outcome

    async def close(self) -> None:
        """Wait for the answers under way, and close all; a build is stopped before, by whoever started it."""
        self._threads.shutdown(wait=True)
        if self.service:
            self.service.close()
        self.state.close()

    def _find_answer(self, question: str, turns: Sequence[Turn]) -> Answered:
        if self.service is None:
            raise RuntimeError("there is no index yet")
        began = time.perf_counter()
        service = self.service
        generation = service.index.generation
        answer = service.answer(question, None, turns)
        seconds = time.perf_counter() - began
        self.metrics.answered(seconds, refused=answer.refused)
        return _answered(answer, generation, seconds * 1000)

    def _turns(self, record: Record, follows: Record | None) -> tuple[Turn, ...]:
        place = record.asked.place
        if place is None:
            return ()
        earlier = self.state.turns(place, before=(follows or record).id)
        return tuple(_turn(one.answered) for one in (*earlier, *([follows] if follows else ())) if one.answered)


def _turn(answered: Answered) -> Turn:
    # What "More" added was asked for, and need not have to do with the answer.
    cited = tuple(cited.article_id for cited in answered.citations if not cited.later)
    return Turn(answered.understood_as, answered.text, _quoted(answered), cited)


def _quoted(answered: Answered) -> str | None:
    """The sentence that the answer stands in."""
    return next((cited.quote for cited in answered.citations if cited.kind == "exact"), None)


def _answered(answer: Answer, generation: str, milliseconds: float) -> Answered:
    citations = tuple(_cited(citation) for citation in answer.citations)
    return Answered(
        understood_as=answer.understood_as,
        text=answer.text,
        refusal=answer.refusal,
        confidence=answer.confidence,
        citations=citations,
        generation=generation,
        milliseconds=milliseconds,
    )


def _cited(citation: Citation) -> Cited:
    return _stored(
        citation.article,
        Span(citation.start, citation.end),
        n=citation.n,
        answer=(citation.answer_start, citation.answer_end),
        kind=citation.kind,
    )


def _cited_hit(n: int, hit: Hit) -> Cited:
    return _stored(hit.article, Span(hit.passage.start, hit.passage.end), n=n, later=True)


def _stored(
    article: Article,
    quote: Span,
    *,
    n: int,
    answer: tuple[int | None, int | None] = (None, None),
    kind: Literal["exact", "differs", "related"] = "related",
    later: bool = False,
) -> Cited:
    """A part of an article as it is stored, with all that is shown of where it is from."""
    return Cited(
        n=n,
        article_id=article.id,
        title=article.title,
        source=article.source,
        published=article.published,
        url=article.url,
        quote=article.text[quote.start : quote.end],
        start=quote.start,
        end=quote.end,
        answer_start=answer[0],
        answer_end=answer[1],
        kind=kind,
        later=later,
    )
