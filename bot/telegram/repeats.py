"""Telegram may deliver an update twice; it is handled once."""

from telegram import Update
from telegram.ext import ApplicationHandlerStop, ContextTypes


class Repeats:
    """The handler that comes before all others, and ends an update that was here before."""

    def __init__(self, most: int = 10_000) -> None:
        """`most` is how many updates are remembered."""
        self._most = most
        self._seen: dict[int, None] = {}

    async def stop(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:  # noqa: ARG002
        """Remember the update.

        Raises:
            ApplicationHandlerStop: it was handled before.
        """
        if update.update_id in self._seen:
            raise ApplicationHandlerStop
        self._seen[update.update_id] = None
        if len(self._seen) > self._most:
            del self._seen[next(iter(self._seen))]
