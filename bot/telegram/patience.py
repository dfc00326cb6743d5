"""Keeps to Telegram's limits, and tries again what failed on the way."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from telegram.error import BadRequest, NetworkError
from telegram.ext import AIORateLimiter

_log = logging.getLogger(__name__)
_PAUSES = (0.3, 1.0, 3.0, 8.0, 15.0, 30.0)
# Worth nothing later, and not counted against the limits for messages.
_FLEETING = frozenset(("sendChatAction",))
# Telegram drops answers to queries after some seconds, so that a late one is only refused; and whoever starts the bot
# tries again, and says so.
_BRIEF = frozenset(("answerInlineQuery", "answerCallbackQuery", "getMe", "setWebhook", "deleteWebhook"))
# Told to wait, the limiter holds up all messages; for these that would be too much.
_APART = frozenset(("setMyCommands",))


class Patience(AIORateLimiter):
    """PTB's limiter, with every call repeated that Telegram or the network failed to take.

    A request whose reply was lost may have been carried out, and Telegram has no way to ask; it is repeated all the
    same, since two answers are better than none. An edit to what is there already has done all that was asked of it.
    """

    def __init__(self) -> None:
        super().__init__(max_retries=5)

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, Any]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: int | None,
    ) -> Any:
        """See `BaseRateLimiter.process_request`."""
        if endpoint in _FLEETING:
            return await callback(*args, **kwargs)
        pauses = iter(_PAUSES[:2] if endpoint in _BRIEF else _PAUSES)
        while True:
            try:
                if endpoint in _APART:
                    return await callback(*args, **kwargs)
                return await super().process_request(callback, args, kwargs, endpoint, data, rate_limit_args)
            except BadRequest as error:
                if "message is not modified" in str(error).lower():
                    return True
                raise
            except NetworkError as error:  # timeouts and 5xx too
                pause = next(pauses, None)
                if pause is None:
                    raise
                _log.info("%s failed (%s), trying again in %s s", endpoint, type(error).__name__, pause)
                await asyncio.sleep(pause)
