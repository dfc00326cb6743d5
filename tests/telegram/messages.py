"""A message as its readers see it, with all its versions, and as the Bot API writes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.telegram.entities import Entity

if TYPE_CHECKING:
    from tests.telegram.chats import Chat
    from tests.telegram.users import User

Json = dict[str, Any]

_ANONYMOUS = {"id": 1_087_968_824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
_AS_CHANNEL = {"id": 136_817_688, "is_bot": True, "first_name": "Channel", "username": "Channel_Bot"}
_TELEGRAM = {"id": 777_000, "is_bot": False, "first_name": "Telegram"}


@dataclass(frozen=True, slots=True)
class Button:
    """A button of an inline keyboard; `json` is what the bot gave."""

    text: str
    data: str | None
    url: str | None
    json: Json = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Version:
    """What a message said from a time on (seconds since the epoch)."""

    at: float
    text: str = ""
    entities: tuple[Entity, ...] = ()
    markup: Json | None = None
    link_preview: Json | None = None

    @property
    def keyboard(self) -> tuple[tuple[Button, ...], ...]:
        """The rows of the inline keyboard; empty if there is none."""
        rows = (self.markup or {}).get("inline_keyboard", [])
        return tuple(tuple(_button(button) for button in row) for row in rows)

    def says_the_same(self, other: Version) -> bool:
        """Whether nobody could tell the two apart."""
        return (self.text, self.entities, self.markup or None, self.link_preview) == (
            other.text,
            other.entities,
            other.markup or None,
            other.link_preview,
        )


@dataclass(frozen=True, slots=True)
class Message:
    """A message at one moment: an edit makes a new one of the same id.

    `thread` is Telegram's message_thread_id, `reply_to` the id of the message replied to, `inline_id` the
    inline_message_id of a message sent through the bot, `content` what there is besides text (document, sticker, …).
    `behalf` is the chat in whose name it was sent, if not in its sender's own, and `origin` the channel's post that it
    is, if Telegram forwarded it by itself.
    """

    chat: Chat = field(repr=False)
    id: int
    sender: User | None
    versions: tuple[Version, ...]
    thread: int | None = None
    reply_to: int | None = None
    via: User | None = None
    inline_id: str | None = None
    content: Mapping[str, Any] = field(default_factory=dict)
    reactions: tuple[str, ...] = ()
    behalf: Chat | None = None
    origin: Message | None = None

    @property
    def now(self) -> Version:
        """What the message says now."""
        return self.versions[-1]

    @property
    def text(self) -> str:
        """The text, or the caption, after parsing."""
        return self.now.text

    @property
    def entities(self) -> tuple[Entity, ...]:
        return self.now.entities

    @property
    def keyboard(self) -> tuple[tuple[Button, ...], ...]:
        return self.now.keyboard

    @property
    def buttons(self) -> tuple[str, ...]:
        """The labels of the buttons, row by row."""
        return tuple(button.text for row in self.keyboard for button in row)

    @property
    def sent_at(self) -> float:
        return self.versions[0].at

    @property
    def is_service(self) -> bool:
        """Whether it tells of an event rather than being written by someone."""
        return bool({"new_chat_members", "left_chat_member", "forum_topic_created"} & self.content.keys())

    def button(self, name: str) -> Button:
        """The button of that label or callback data.

        Raises:
            AssertionError: there is none.
        """
        for row in self.keyboard:
            for button in row:
                if name in (button.text, button.data):
                    return button
        raise AssertionError(f"there is no button {name!r} but {list(self.buttons)} on: {self.text!r}")

    def json(self, with_reply: bool = True) -> Json:
        """A Message of the Bot API; "even if the message itself is a reply", the one replied to has no reply in it."""
        message: Json = {"message_id": self.id, "date": int(self.sent_at), "chat": self.chat.json()}
        message |= self._author()
        if self.thread is not None:
            message["message_thread_id"] = self.thread
        if self.thread is not None and self.chat.forum:
            message["is_topic_message"] = True
        if with_reply and (replied := self._replied()) is not None:
            message["reply_to_message"] = replied.json(with_reply=False)
        if self.via is not None:
            message["via_bot"] = self.via.json()
        if len(self.versions) > 1:
            message["edit_date"] = int(self.now.at)
        return message | self._said()

    def _author(self) -> Json:
        """Message, sender_chat: "if the message was sent on behalf of a chat, the field from contains a fake sender".

        Which one: "Recent changes", Bot API 5.0, and for channels PollAnswer, voter_chat. is_automatic_forward: "a
        channel post that was automatically forwarded to the connected discussion group".
        """
        if self.origin is not None:
            post, channel = self.origin, self.origin.chat.json()
            origin = {"type": "channel", "date": int(post.sent_at), "chat": channel, "message_id": post.id}
            forwarded = {"is_automatic_forward": True, "forward_origin": origin}
            return {"from": _TELEGRAM, "sender_chat": channel} | forwarded
        if self.behalf is not None:
            fake = _ANONYMOUS if self.behalf is self.chat else _AS_CHANNEL
            return {"from": fake, "sender_chat": self.behalf.json()}
        return {"from": self.sender.json()} if self.sender else {"sender_chat": self.chat.json()}

    def _said(self) -> Json:
        said: Json = dict(self.content)
        words = ("caption", "caption_entities") if self.content else ("text", "entities")
        if self.text:
            said[words[0]] = self.text
        if self.entities:
            said[words[1]] = [entity.json() for entity in self.entities]
        if self.keyboard:
            said["reply_markup"] = self.now.markup
        if self.now.link_preview:
            said["link_preview_options"] = self.now.link_preview
        return said

    def _replied(self) -> Message | None:
        """A message in a topic that replies to none is given as a reply to the one that opened the topic."""
        target = self.reply_to
        if target is None and self.chat.forum and self.thread != self.id:
            target = self.thread
        return None if target is None else self.chat.find(target)


def _button(json: Json) -> Button:
    return Button(json["text"], json.get("callback_data"), json.get("url"), json)
