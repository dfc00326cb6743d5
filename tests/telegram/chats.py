"""Chats and their topics: what is in them, who is told of it, and a place for tests to wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tests.telegram.entities import detect
from tests.telegram.messages import Json, Message, Version

if TYPE_CHECKING:
    from tests.telegram.users import User
    from tests.telegram.world import World


@dataclass(frozen=True, slots=True)
class Action:
    """The bot was seen to type or the like, at that time, in that thread."""

    action: str
    thread: int | None
    at: float


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic of a forum; its id is that of the message that opened it."""

    chat: Chat = field(repr=False)
    id: int
    name: str


class Chat:
    """A chat of one of the types private, supergroup and channel. Safe to use from several threads.

    `member` says whether the bot is in it (in a private chat: whether it was started), `blocked` whether it was
    stopped or thrown out, `privacy` whether it sees only what "Privacy mode" lets it see,
    `mentions` whether that includes messages that mention it.
    """

    def __init__(self, world: World, chat_id: int, kind: str, name: str) -> None:
        self._world = world
        self.id, self.type, self.name = chat_id, kind, name
        self.forum = self.privacy = self.mentions = self.blocked = False
        self.member = True
        self.admins: set[int] = set()
        self.last_bot: User | None = None
        self._messages: dict[int, Message] = {}
        self._topics: dict[int, Topic] = {}
        self._actions: list[Action] = []
        self._members: dict[int, User] = {}
        self._changed = threading.Condition(world.lock)

    def __repr__(self) -> str:
        return f"<{self.type} {self.name!r}>"

    @property
    def messages(self) -> tuple[Message, ...]:
        """What a member sees now, oldest first; deleted messages are gone."""
        with self._world.lock:
            return tuple(self._messages.values())

    @property
    def from_bot(self) -> tuple[Message, ...]:
        """Those of the messages that the bot wrote."""
        return tuple(message for message in self.messages if message.sender is self._world.me)

    @property
    def actions(self) -> tuple[Action, ...]:
        """What the bot was seen to do (typing, …)."""
        with self._world.lock:
            return tuple(self._actions)

    @property
    def members(self) -> tuple[User, ...]:
        with self._world.lock:
            return tuple(self._members.values())

    def find(self, message_id: int) -> Message | None:
        """The message as it is now, or None."""
        return self._messages.get(message_id)

    def now(self, message: Message) -> Message:
        """The message as it is now.

        Raises:
            AssertionError: it was deleted.
        """
        with self._world.lock:
            found = self._messages.get(message.id)
        assert found is not None, f"message {message.id} is gone from {self}"
        return found

    def wait(self, condition: Callable[[tuple[Message, ...]], Any], timeout: float = 5.0) -> tuple[Message, ...]:
        """Wait until the condition holds for the messages of this chat; the messages.

        Raises:
            AssertionError: it does not hold after so many seconds; the message tells what the chat says.
        """
        with self._changed:
            held = self._changed.wait_for(lambda: condition(self.messages), timeout)
        assert held, f"after {timeout} s the chat says:\n{self.transcript()}\n{self._world.recently()}"
        return self.messages

    def wait_for_reply(self, message: Message, timeout: float = 5.0) -> Message:
        """Wait for the bot's answer to a message: its first reply or, in a private chat, what it said next.

        Raises:
            AssertionError: there is none after so many seconds.
        """
        self.wait(lambda _: self._reply_to(message) is not None, timeout)
        reply = self._reply_to(message)
        assert reply is not None
        return reply

    def _reply_to(self, message: Message) -> Message | None:
        for later in self.from_bot:
            if later.reply_to == message.id or (self.type == "private" and later.id > message.id):
                return later
        return None

    def transcript(self) -> str:
        """The chat in lines, to be read by a person."""
        return "\n".join(
            f"{message.id} {message.sender.name if message.sender else self.name}: {message.text or message.content}"
            for message in self.messages
        )

    def topic(self, name: str) -> Topic:
        """Open a topic.

        Raises:
            AssertionError: the chat is no forum.
        """
        assert self.forum, f"{self} has no topics"
        with self._world.lock:
            content = {"forum_topic_created": _topic_json(name)}
            opened = self.add(self._world.founder, Version(time.time()), content=content)
            opened = replace(opened, thread=opened.id)
            self.put(opened)
            self._topics[opened.id] = Topic(self, opened.id, name)
            self._world.tell(opened)
            return self._topics[opened.id]

    def has_topic(self, thread: int) -> bool:
        return thread in self._topics

    def promotes(self, user: User) -> None:
        """Make someone, perhaps the bot, an administrator."""
        with self._world.lock:
            self.admins.add(user.id)
            self._members[user.id] = user
            if user is self._world.me:
                self._world.tell_membership(self, user, "member", "administrator")

    def removes_bot(self) -> None:
        """Throw the bot out."""
        with self._world.lock:
            self.member, self.blocked = False, True
            self._members.pop(self._world.me.id, None)
            self._world.tell_membership(self, self._world.me, "member", "kicked")

    def posts(self, text: str) -> Message:
        """Publish something in a channel."""
        assert self.type == "channel", f"{self} is no channel"
        with self._world.lock:
            message = self.add(None, Version(time.time(), text, detect(text)))
            self._world.tell(message)
            return message

    def forwards(self, post: Message) -> Message:
        """Have a post of the channel that this group is linked to, which Telegram forwards by itself."""
        assert post.chat.type == "channel", f"{post.chat} is no channel"
        with self._world.lock:
            message = self.add(None, Version(time.time(), post.text, post.entities), origin=post)
            self._world.tell(message)
            return message

    def thread_of(self, topic: int | None, replied: Message | None) -> int | None:
        """The message_thread_id of a new message.

        Message, message_thread_id: a topic of a forum; in other supergroups replies to replies make threads as well,
        named after their first message.
        """
        if topic is not None or replied is None or self.type != "supergroup":
            return topic
        if replied.thread is not None or self.forum:
            return replied.thread
        return replied.id

    def add(
        self,
        sender: User | None,
        version: Version,
        *,
        thread: int | None = None,
        reply_to: int | None = None,
        via: User | None = None,
        content: Mapping[str, Any] | None = None,
        behalf: Chat | None = None,
        origin: Message | None = None,
    ) -> Message:
        """Put a new message into the chat. To be called with the lock held, like everything below."""
        message_id = self._world.next_message_id(self)
        inline_id = None
        if via is not None and version.keyboard:
            inline_id = self._world.name_inline_message(self, message_id)
        said = dict(content or {})
        message = Message(
            self, message_id, sender, (version,), thread, reply_to, via, inline_id, said, (), behalf, origin
        )
        if sender is not None:
            self._members.setdefault(sender.id, sender)
            if sender.is_bot:
                self.last_bot = sender
        self.put(message)
        return message

    def put(self, message: Message) -> None:
        """Let the message be as given from now on."""
        self._messages[message.id] = message
        self._changed.notify_all()

    def remove(self, message: Message) -> None:
        del self._messages[message.id]
        self._changed.notify_all()

    def act(self, action: str, thread: int | None) -> None:
        self._actions.append(Action(action, thread, time.time()))
        self._changed.notify_all()

    def join(self, user: User) -> None:
        self._members[user.id] = user

    def leave(self, user: User) -> None:
        self._members.pop(user.id, None)

    def status(self, user_id: int) -> str:
        """ChatMember, status."""
        if user_id in self.admins:
            return "administrator"
        return "member" if user_id in self._members else "left"

    def json(self) -> Json:
        """A Chat of the Bot API."""
        if self.type == "private":
            return {"id": self.id, "type": "private", "first_name": self.name}
        return {"id": self.id, "type": self.type, "title": self.name} | ({"is_forum": True} if self.forum else {})


def _topic_json(name: str) -> Json:
    return {"name": name, "icon_color": 7322096}


def is_heard(message: Message, bot: User) -> bool:
    """Whether the bot is told of a message: "Privacy mode" of Bot Features, "What messages will my bot get?" (FAQ).

    By both, a mention alone is not enough; BotFather says that it is, so `Chat.mentions` may allow it.
    """
    chat = message.chat
    if not chat.member or (message.sender is not None and message.sender.is_bot):
        return False
    if chat.type != "supergroup" or message.is_service or not chat.privacy or bot.id in chat.admins:
        return True
    if message.via is not None:
        return message.via is bot
    replied = chat.find(message.reply_to) if message.reply_to is not None else None
    if replied is not None and replied.sender is not None and replied.sender.is_bot:
        return replied.sender is bot  # "Replies have the highest priority."
    return _is_meant_for(message, bot)


def _is_meant_for(message: Message, bot: User) -> bool:
    """A command for this bot, one for no bot in particular where no other bot spoke last, or an allowed mention."""
    first = message.text.split(maxsplit=1)[:1]
    if first and first[0].startswith("/"):
        _, at, name = first[0].partition("@")
        if at:
            return name.lower() == bot.username.lower()
        return message.chat.last_bot in (None, bot)
    return message.chat.mentions and f"@{bot.username}".lower() in message.text.lower()
