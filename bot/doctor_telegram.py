"""What Telegram says of the bot, and how to mend it. Asked of the Bot API; the token is in no finding."""

import asyncio
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from telegram import Bot, User, WebhookInfo
from telegram.error import InvalidToken, TelegramError
from telegram.request import HTTPXRequest

from bot.doctor import Finding
from bot.logs import Redactor

_SECONDS = 5.0  # for each step of a call
_RECENT = timedelta(hours=1)
_LONGEST = 200


def examine_telegram(token: str, api_url: str, webhook_url: str | None) -> list[Finding]:
    """Look at the token, what the bot may do, and the webhook. Takes seconds; not for a running event loop.

    `api_url` is the root of the Bot API server, such as https://api.telegram.org; `webhook_url` is None if the bot
    is to ask for its updates. What is merely switched off is well, with a hint.
    """
    redact = Redactor([token])
    server = urlsplit(api_url).netloc.rpartition("@")[2]
    try:
        user, webhook = asyncio.run(_ask(token, api_url))
    except InvalidToken:
        remedy = "get the token from @BotFather with /token and set TELEGRAM_BOT_TOKEN, or mend TELEGRAM_API_URL"
        return [Finding("telegram token", False, f"{server} does not know it", remedy)]
    except (TelegramError, TimeoutError) as error:
        reason = " ".join(redact(str(error)).split())[:_LONGEST] or "no answer in time"
        remedy = "check the network, a proxy or firewall, and TELEGRAM_API_URL"
        return [Finding("telegram", False, f"{server} cannot be asked: {reason}", remedy)]
    except (LookupError, TypeError, AttributeError, ValueError):
        return [Finding("telegram", False, f"{server} does not answer as the Bot API does", "check TELEGRAM_API_URL")]
    name = Finding("telegram token", True, f"of @{user.username} ({user.first_name})")
    return [name, *_abilities(user), _webhook(webhook, webhook_url, redact, datetime.now(UTC))]


async def _ask(token: str, api_url: str) -> tuple[User, WebhookInfo]:
    request = HTTPXRequest(
        connect_timeout=_SECONDS, read_timeout=_SECONDS, write_timeout=_SECONDS, pool_timeout=_SECONDS
    )
    # The outer limit is for a server that sends its answer byte by byte. Entering the bot calls getMe.
    async with asyncio.timeout(4 * _SECONDS), Bot(token, f"{api_url.rstrip('/')}/bot", request=request) as bot:
        return bot.bot, await bot.get_webhook_info()


def _abilities(user: User) -> list[Finding]:
    seen, all_seen = "on: in groups it sees what is for it", "off: it sees everything"
    elsewhere = "off: it answers only where it is a member"
    return [
        _ability(
            "groups", user.can_join_groups, "it can be added to them", "it cannot be added to any", "/setjoingroups"
        ),
        # Either is fine: the bot leaves alone what is not for it.
        _ability("privacy", not user.can_read_all_group_messages, seen, all_seen, "/setprivacy"),
        _ability(
            "inline mode", user.supports_inline_queries, "on", "off: @name in any chat asks nothing", "/setinline"
        ),
        _ability("guest mode", user.supports_guest_queries, "on", elsewhere, "its settings there"),
    ]


def _ability(subject: str, there: bool | None, as_is: str, otherwise: str, command: str) -> Finding:
    detail = as_is if there else f"{otherwise}; to change that, talk to @BotFather: {command}"
    return Finding(f"telegram {subject}", True, detail)


def _webhook(info: WebhookInfo, wanted: str | None, redact: Redactor, now: datetime) -> Finding:
    """Only hosts are named: the path of a webhook may be a secret."""
    subject = "telegram webhook"
    waiting = f"; {info.pending_update_count:,} updates wait" if info.pending_update_count else ""
    if not info.url:
        detail = "none; `byline run` sets it" if wanted else "none; `byline run` asks for updates"
        return Finding(subject, True, detail + waiting)
    host = urlsplit(info.url).hostname
    if not wanted:
        remedy = "stop the other program that uses this token; `byline run` removes the webhook. Or set WEBHOOK_URL"
        return Finding(subject, False, f"updates go to {host}, though WEBHOOK_URL is not set{waiting}", remedy)
    if info.url != wanted:
        remedy = "`byline run` sets it anew, unless another program uses this token"
        return Finding(subject, False, f"updates go to another address, at {host}, than WEBHOOK_URL{waiting}", remedy)
    if info.last_error_date and (waiting or now - info.last_error_date < _RECENT):
        reason = " ".join(redact(info.last_error_message or "unknown").split())[:_LONGEST]
        remedy = (
            "WEBHOOK_URL must lead to WEBHOOK_LISTEN, over https with a good certificate, at port 443, 80, 88 or 8443"
        )
        detail = f"Telegram could not deliver at {info.last_error_date:%Y-%m-%d %H:%M} UTC: {reason}{waiting}"
        return Finding(subject, False, detail, remedy)
    return Finding(subject, True, f"updates go to {host}{waiting}")
