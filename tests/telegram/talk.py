"""What the tests of conversations say, and how they look at what comes back."""

from tests.telegram.chats import Chat
from tests.telegram.messages import Message
from tests.telegram.users import User

DENIED = "who denied the account?"
ATLANTIS = "what is the capital of Atlantis?"
MAGNITUDE = "What was the magnitude of the Mirelle earthquake?"
CREW = "how many crew on saint orla"


def press(user: User, chat: Chat, message: Message, button: str) -> Message:
    """The message as the button has left it."""
    before = len(chat.now(message).versions)
    pressed = user.presses(message, button)
    assert not pressed.alert, pressed
    chat.wait(lambda _: len(chat.now(message).versions) > before, 10)
    return chat.now(message)


def becomes(chat: Chat, message: Message, words: str) -> Message:
    """The message as soon as these words are in it."""
    chat.wait(lambda _: words in chat.now(message).text, 10)
    return chat.now(message)


def marked(message: Message, *kinds: str) -> list[str]:
    """The pieces of the text with an entity of those kinds."""
    text = message.text.encode("utf-16-le")
    return [text[2 * one.offset : 2 * one.end].decode("utf-16-le") for one in message.entities if one.type in kinds]


def identity(answer: Message) -> str:
    """The id under which an answer is stored."""
    return (answer.button("👎").data or "").partition(":")[2]
