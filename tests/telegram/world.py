"""Everything that there is on this Telegram, seen from outside: people, chats, files, queries, and what the bot did."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.telegram.chats import Chat, is_heard
from tests.telegram.messages import Json, Message, Version
from tests.telegram.rules import bad_request
from tests.telegram.trouble import FaultCounter, Faults, Flood
from tests.telegram.updates import Updates
from tests.telegram.users import InlineAnswer, InlineResult, User


@dataclass(frozen=True, slots=True)
class Request:
    """A request of the bot's and how it was answered; `status` 0 stands for a connection that was broken."""

    method: str
    params: Json
    at: float
    status: int
    description: str = ""
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Violation:
    """What a bot should never do, whatever happens around it."""

    method: str
    rule: str
    params: Json = field(repr=False)


@dataclass(frozen=True, slots=True)
class File:
    """A file that Telegram keeps; it may say that it has another `size` than its data has."""

    name: str
    data: bytes
    size: int
    json: Json


class Query:
    """A question that the bot must answer, once and in time."""

    def __init__(self, query_id: str, kind: str, asked: Json, subject: Any) -> None:
        self.id, self.kind, self.asked, self.subject = query_id, kind, asked, subject
        self.at = time.monotonic()
        self.answered = threading.Event()
        self.answer: Any = None

    def give(self, answer: Any) -> None:
        """Answer it."""
        self.answer = answer
        self.answered.set()

    def wait(self, timeout: float = 5.0) -> Any:
        """Wait for the answer.

        Raises:
            AssertionError: there is none after so many seconds.
        """
        assert self.answered.wait(timeout), f"the bot has not answered this in {timeout} s: {self.asked}"
        return self.answer


class World:
    """The state of this Telegram. Safe to use from several threads: whoever changes it holds `lock`."""

    def __init__(self, username: str = "byline_bot", inline_feedback: bool = True, query_seconds: float = 15.0) -> None:
        self.lock = threading.RLock()
        self.updates = Updates()
        self.requests: list[Request] = []
        self.violations: list[Violation] = []
        self.counts: Counter[tuple[str, int]] = Counter()
        self.files: dict[str, File] = {}
        self.chats: dict[int, Chat] = {}
        self.texts: dict[tuple[str, str], str] = {}
        self.command_lists: dict[tuple[str, str], list[Json]] = {}
        self.inline_messages: dict[str, tuple[Chat, int]] = {}
        self.fault_counter: FaultCounter | None = None
        self.refusals: dict[str, list[str]] = {}
        self.flood = Flood(None, None)
        self.inline_feedback, self.query_seconds = inline_feedback, query_seconds
        self._numbers = itertools.count(1)
        self._user_ids = itertools.count(501)
        self._message_ids: dict[int, Iterator[int]] = {}
        self._queries: dict[str, Query] = {}
        self._inline_cache: dict[tuple[str, str, int | None], tuple[float, InlineAnswer]] = {}
        self.me = User(self, 4_200_001, "Byline", username, None, is_bot=True)
        self.founder = self.user("Founder")

    # People and chats

    def user(self, name: str, language: str | None = "en") -> User:
        """A new person."""
        with self.lock:
            number = next(self._user_ids)
            return User(self, number, name, f"{name.lower().replace(' ', '_')}_{number}", language)

    def bot(self, name: str) -> User:
        """A new bot that is not ours."""
        with self.lock:
            return User(self, next(self._user_ids), name, f"{name.lower()}_bot", None, is_bot=True)

    def private(self, user: User) -> Chat:
        """Someone's chat with the bot, which may write there as soon as they have."""
        with self.lock:
            if user.id not in self.chats:
                chat = self.chats[user.id] = Chat(self, user.id, "private", user.name)
                chat.member = False
            return self.chats[user.id]

    def group(
        self, title: str, topics: bool = False, privacy: bool = True, mentions: bool = False, bot: bool = True
    ) -> Chat:
        """A new supergroup, with topics or not, which the bot joins unless told otherwise. See `Chat`."""
        with self.lock:
            chat = self._new_chat("supergroup", title)
            chat.forum, chat.privacy, chat.mentions, chat.member = topics, privacy, mentions, bot
            chat.join(self.founder)
            chat.admins.add(self.founder.id)
            if bot:
                chat.join(self.me)
                self.tell_membership(chat, self.me, "left", "member")
                service = {"new_chat_members": [self.me.json()]}
                self.tell(chat.add(self.founder, Version(time.time()), content=service))
            return chat

    def channel(self, title: str) -> Chat:
        """A new channel, of which the bot is an administrator."""
        with self.lock:
            chat = self._new_chat("channel", title)
            chat.join(self.me)
            chat.admins.add(self.me.id)
            self.tell_membership(chat, self.me, "left", "administrator")
            return chat

    def _new_chat(self, kind: str, title: str) -> Chat:
        chat = Chat(self, -1_001_000_000_000 - next(self._numbers), kind, title)
        self.chats[chat.id] = chat
        return chat

    # What a test asks for

    def faults(self, every: int, **how: Any) -> None:
        """Let each nth request fail; the fields of `Faults` are `how`."""
        with self.lock:
            self.fault_counter = FaultCounter(Faults(every, **how))

    def no_faults(self) -> None:
        """Let every request through again."""
        with self.lock:
            self.fault_counter = None

    def refuse_next(self, method: str, *descriptions: str) -> None:
        """Refuse the next requests for a method, one for each description, for reasons that only Telegram knows."""
        with self.lock:
            self.refusals.setdefault(method, []).extend(descriptions)

    def limits(
        self, per_chat: tuple[int, float] | None = (1, 1.0), overall: tuple[int, float] | None = (30, 1.0)
    ) -> None:
        """Answer 429 to more messages than so many in so many seconds, in a chat and overall."""
        with self.lock:
            self.flood = Flood(per_chat, overall)

    def duplicate_updates(self, on: bool = True) -> None:
        """Deliver each update twice."""
        self.updates.duplicated = on

    def disorder_updates(self, on: bool = True) -> None:
        """Deliver updates out of order. See `Updates`."""
        self.updates.disordered = on

    def calls(self, *methods: str) -> list[Request]:
        """The requests for those methods so far."""
        with self.lock:
            return [request for request in self.requests if request.method in methods]

    def commands(self, scope: str = "default", language: str = "") -> dict[str, str]:
        """The commands and descriptions of a scope: its type, with its ids after colons if any ("chat:-100…")."""
        with self.lock:
            found = self.command_lists.get((scope, language), [])
            return {command["command"]: command["description"] for command in found}

    def recently(self) -> str:
        """The last requests, for messages of failed assertions."""
        with self.lock:
            lines = [f"{call.method} {call.status} {call.description} {call.params}" for call in self.requests[-10:]]
        return "the last requests were:\n" + "\n".join(lines)

    # Told to the bot; all below with the lock held

    def tell(self, message: Message, edited: bool = False) -> None:
        """Tell the bot of a message, if it is one for its ears."""
        if is_heard(message, self.me):
            kind = "channel_post" if message.chat.type == "channel" else "message"
            self.updates.add(f"edited_{kind}" if edited else kind, message.json())

    def tell_membership(self, chat: Chat, user: User, old: str, new: str, by: User | None = None) -> None:
        """Tell the bot that it has become something else in a chat."""
        by = by or self.founder
        update = {"chat": chat.json(), "from": by.json(), "date": int(time.time())}
        update |= {"old_chat_member": member_json(user, old), "new_chat_member": member_json(user, new)}
        self.updates.add("my_chat_member", update)

    def tell_chosen(self, user: User, result: InlineResult, message: Message) -> None:
        """Tell the bot which result was chosen, if BotFather's /setinlinefeedback is on."""
        if self.inline_feedback:
            chosen = {"result_id": result.id, "from": user.json(), "query": result.query}
            named = {"inline_message_id": message.inline_id} if message.inline_id else {}
            self.updates.add("chosen_inline_result", chosen | named)

    def ask_callback(self, user: User, message: Message, data: str) -> Query:
        """CallbackQuery: of a message sent through the bot it knows no more than the inline_message_id."""
        about = {"inline_message_id": message.inline_id} if message.inline_id else {"message": message.json()}
        body = {"from": user.json(), "chat_instance": str(abs(message.chat.id)), "data": data}
        return self._ask("callback_query", "callback_query", "id", body | about)

    def ask_inline(self, user: User, query: str, offset: str, chat_type: str) -> Query:
        """InlineQuery: "up to 256 characters"."""
        body = {"from": user.json(), "query": query[:256], "offset": offset, "chat_type": chat_type}
        with self.lock:
            return self._ask("inline_query", "inline_query", "id", body, user)

    def ask_guest(self, message: Message) -> Query:
        """Message, guest_query_id."""
        return self._ask("guest_query", "guest_message", "guest_query_id", message.json(), message)

    def _ask(self, kind: str, update: str, name: str, body: Json, subject: Any = None) -> Query:
        query = Query(str(10**17 + next(self._numbers)), kind, body, subject)
        self._queries[query.id] = query
        self.updates.add(update, {name: query.id} | body)
        return query

    def open_query(self, kind: str, query_id: str) -> Query:
        """The query of that id, which must be open.

        Raises:
            Refused: it is unknown, too old, or was answered.
        """
        query = self._queries.get(query_id)
        if query is None or query.kind != kind or query.answered.is_set() or self._is_old(query):
            raise bad_request("query is too old and response timeout expired or query ID is invalid")
        return query

    def _is_old(self, query: Query) -> bool:
        return time.monotonic() - query.at > self.query_seconds

    def cached_inline(self, user: User, query: str, offset: str) -> InlineAnswer | None:
        """The answer kept for anybody, or for this person, by answerInlineQuery's cache_time and is_personal."""
        with self.lock:
            for owner in (None, user.id):
                until, answer = self._inline_cache.get((query, offset, owner), (0.0, None))
                if answer is not None and until > time.monotonic():
                    return answer
        return None

    def keep_inline(self, query: Query, answer: InlineAnswer) -> None:
        """Keep an answer for as long as the bot allows."""
        owner = query.subject.id if answer.is_personal else None
        key = (query.asked["query"], query.asked["offset"], owner)
        self._inline_cache[key] = (time.monotonic() + answer.cache_time, answer)

    def next_message_id(self, chat: Chat) -> int:
        """Supergroups and channels count by themselves, all private chats of a bot together."""
        family = 0 if chat.type == "private" else chat.id
        return next(self._message_ids.setdefault(family, itertools.count(1)))

    def name_inline_message(self, chat: Chat, message_id: int) -> str:
        """A new inline_message_id."""
        name = f"BAAAA{next(self._numbers):08d}"
        self.inline_messages[name] = (chat, message_id)
        return name

    def keep_file(self, name: str, data: bytes, size: int | None = None) -> Json:
        """Keep a file; what the Bot API says of it."""
        with self.lock:
            number = next(self._numbers)
            file_id, size = f"FILE-{number:08d}", size or len(data)
            json: Json = {"file_id": file_id, "file_unique_id": f"U{number:08d}", "file_size": size}
            self.files[file_id] = File(name, data, size, json)
            return json


def member_json(user: User, status: str) -> Json:
    """A ChatMember, of any kind; administrators may do everything."""
    member: Json = {"user": user.json(), "status": status}
    if status == "kicked":
        member["until_date"] = 0
    if status == "administrator":
        member |= {"can_be_edited": False, "is_anonymous": False} | dict.fromkeys(_RIGHTS, True)
    return member


_RIGHTS = [
    f"can_{right}"
    for right in (
        "manage_chat delete_messages manage_video_chats restrict_members promote_members change_info invite_users "
        "post_stories edit_stories delete_stories"
    ).split()
]
