"""People, and what they can do: write, press buttons, ask inline, summon the bot as a guest."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tests.telegram.chats import Chat, Topic
from tests.telegram.entities import Parsed, detect
from tests.telegram.messages import Json, Message, Version

if TYPE_CHECKING:
    from tests.telegram.world import Query, World

_PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class Pressed:
    """What a press of a button came to: the bot's notification or alert, or an address that was opened."""

    text: str | None = None
    alert: bool = False
    url: str | None = None


@dataclass(frozen=True, slots=True)
class InlineResult:
    """A result of an inline query as it would be chosen; `json` is what the bot gave."""

    id: str
    title: str
    description: str | None
    content: Parsed
    markup: Json | None
    query: str
    json: Json = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class InlineAnswer:
    """The answer to an inline query; `cached` if Telegram gave it without asking the bot."""

    results: tuple[InlineResult, ...]
    button: Json | None
    cache_time: int
    is_personal: bool
    next_offset: str
    cached: bool = False


@dataclass(frozen=True, eq=False)
class User:
    """Someone on Telegram, or a bot."""

    world: World = field(repr=False)
    id: int
    name: str
    username: str
    language: str | None = "en"
    is_bot: bool = False

    def json(self) -> Json:
        """A User of the Bot API."""
        user: Json = {"id": self.id, "is_bot": self.is_bot, "first_name": self.name, "username": self.username}
        return user | ({"language_code": self.language} if self.language else {})

    def says(
        self,
        chat: Chat,
        text: str,
        reply_to: Message | None = None,
        topic: Topic | None = None,
        behalf: Chat | None = None,
    ) -> Message:
        """Write a message; commands, mentions and addresses become entities.

        `behalf` is the chat in whose name: the supergroup itself by an anonymous administrator, or one's own channel.
        """
        return self._sends(chat, Version(time.time(), text, detect(text)), {}, reply_to, topic, behalf=behalf)

    def edits(self, message: Message, text: str) -> Message:
        """Write something else in a message of one's own."""
        with self.world.lock:
            edited = message.chat.now(message)
            assert edited.sender is self, f"{self.name} did not write {edited.text!r}"
            edited = replace(edited, versions=(*edited.versions, Version(time.time(), text, detect(text))))
            message.chat.put(edited)
            self.world.tell(edited, edited=True)
            return edited

    def deletes(self, message: Message) -> None:
        """Take a message away; bots are not told."""
        with self.world.lock:
            message.chat.remove(message.chat.now(message))

    def sends_document(
        self,
        chat: Chat,
        name: str,
        data: bytes,
        caption: str = "",
        mime_type: str = "application/octet-stream",
        size: int | None = None,
        reply_to: Message | None = None,
    ) -> Message:
        """Send a file. `size` is for telling of a larger one than there is."""
        document = self.world.keep_file(name, data, size) | {"file_name": name, "mime_type": mime_type}
        return self._sends(chat, self._caption(caption), {"document": document}, reply_to)

    def sends_photo(self, chat: Chat, data: bytes = b"photo", caption: str = "") -> Message:
        """Send a picture."""
        photo = self.world.keep_file("photo.jpg", data) | {"width": 90, "height": 51}
        return self._sends(chat, self._caption(caption), {"photo": [photo]})

    def sends_sticker(self, chat: Chat, emoji: str = "🙂") -> Message:
        """Send a sticker."""
        sticker = self.world.keep_file("sticker.webp", b"sticker") | {"type": "regular", "width": 512, "height": 512}
        sticker |= {"is_animated": False, "is_video": False, "emoji": emoji}
        return self._sends(chat, Version(time.time()), {"sticker": sticker})

    def sends_voice(self, chat: Chat, seconds: int = 3) -> Message:
        """Send a voice message."""
        voice = self.world.keep_file("voice.oga", b"voice") | {"duration": seconds, "mime_type": "audio/ogg"}
        return self._sends(chat, Version(time.time()), {"voice": voice})

    def sends_location(self, chat: Chat, latitude: float = 54.3, longitude: float = 10.1) -> Message:
        """Send a place."""
        return self._sends(chat, Version(time.time()), {"location": {"latitude": latitude, "longitude": longitude}})

    def taps(self, message: Message, button: str) -> Query:
        """Press a button with callback data, and do not wait: the answer will be in the query.

        Raises:
            AssertionError: the message has no such button now, or it is of another kind.
        """
        with self.world.lock:
            message = message.chat.now(message)
            data = message.button(button).data
            assert data is not None, f"the button {button!r} has no callback data"
            return self.world.ask_callback(self, message, data)

    def presses(self, message: Message, button: str, timeout: float = _PATIENCE) -> Pressed:
        """Press a button, named by its label or its callback data, and wait for what the bot answers.

        Raises:
            AssertionError: the message has no such button now, or the bot does not answer in so many seconds.
        """
        with self.world.lock:
            url = message.chat.now(message).button(button).url
        if url is not None:
            return Pressed(url=url)
        answer = self.taps(message, button).wait(timeout)
        return Pressed(answer.get("text"), answer.get("show_alert", False), answer.get("url"))

    def inline(
        self, query: str, offset: str = "", chat_type: str = "sender", timeout: float = _PATIENCE
    ) -> InlineAnswer:
        """Type a query after the bot's name, and wait for its answer, which Telegram may have kept from before.

        Raises:
            AssertionError: the bot does not answer in so many seconds.
        """
        cached = self.world.cached_inline(self, query, offset)
        if cached is not None:
            return replace(cached, cached=True)
        answer: InlineAnswer = self.world.ask_inline(self, query, offset, chat_type).wait(timeout)
        return answer

    def chooses(self, result: InlineResult, chat: Chat, topic: Topic | None = None) -> Message:
        """Send a result of an inline query to a chat."""
        version = Version(time.time(), result.content.text, result.content.entities, result.markup)
        with self.world.lock:
            message = self._sends(chat, version, {}, topic=topic, via=self.world.me)
            self.world.tell_chosen(self, result, message)
            return message

    def guest(
        self,
        chat: Chat,
        text: str,
        reply_to: Message | None = None,
        behalf: Chat | None = None,
        timeout: float = _PATIENCE,
    ) -> Message:
        """Summon the bot, by its @username, in a chat that it is not in; wait for the message that it sends there.

        Raises:
            AssertionError: the bot is not mentioned, or does not answer in so many seconds.
        """
        mentioned = f"@{self.world.me.username}".lower() in text.lower()
        assert mentioned, "guest bots are invoked by a mention of their username"
        with self.world.lock:
            asked = self._sends(chat, Version(time.time(), text, detect(text)), {}, reply_to, behalf=behalf)
            query = self.world.ask_guest(asked)
        answer: Message = query.wait(timeout)
        return answer

    def blocks_bot(self) -> None:
        """Stop the bot."""
        self._stops_bot(True)

    def unblocks_bot(self) -> None:
        """Start the bot again."""
        self._stops_bot(False)

    def _stops_bot(self, stop: bool) -> None:
        old, new = ("member", "kicked") if stop else ("kicked", "member")
        with self.world.lock:
            chat = self.world.private(self)
            chat.blocked, chat.member = stop, not stop
            self.world.tell_membership(chat, self.world.me, old, new, by=self)

    def _caption(self, caption: str) -> Version:
        return Version(time.time(), caption, detect(caption))

    def _sends(
        self,
        chat: Chat,
        version: Version,
        content: Mapping[str, Any],
        reply_to: Message | None = None,
        topic: Topic | None = None,
        via: User | None = None,
        behalf: Chat | None = None,
    ) -> Message:
        assert chat.type != "private" or self.is_bot or chat.id == self.id, f"{chat} is not {self.name}'s"
        assert behalf is None or self._speaks_for(behalf, chat), f"{self.name} cannot write in {chat} as {behalf}"
        assert chat.type != "private" or not chat.blocked, f"{self.name} has stopped the bot"
        with self.world.lock:
            if chat.type == "private":
                chat.member = True
            message = chat.add(
                self,
                version,
                thread=chat.thread_of(topic.id if topic else None, reply_to),
                reply_to=reply_to.id if reply_to else None,
                via=via,
                content=content,
                behalf=behalf,
            )
            self.world.tell(message)
            return message

    def _speaks_for(self, behalf: Chat, chat: Chat) -> bool:
        """Message, sender_chat: "the supergroup itself for messages sent by its anonymous administrators"."""
        own = behalf is chat or behalf.type == "channel"
        return chat.type == "supergroup" and own and self.id in behalf.admins
