"""Keyboards as the Bot API takes them: InlineKeyboardMarkup and its kin."""

from tests.telegram.markup import checked_link
from tests.telegram.messages import Json
from tests.telegram.rules import Shape, array, bad_request, boolean, from_json, one_of, string, thing


def _button(value: object, name: str) -> Json:
    """InlineKeyboardButton: "exactly one of the fields other than text, … must be used to specify the type"."""
    button: Json = thing(_BUTTON)(value, name)
    if not button["text"].strip():
        raise bad_request("can't parse inline keyboard button: the text is empty")
    kinds = button.keys() & _BUTTON_KINDS
    if not kinds:
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if len(kinds) > 1:
        raise bad_request(f"can't parse inline keyboard button: it is of several types: {sorted(kinds)}")
    if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= 64:
        raise bad_request("BUTTON_DATA_INVALID")
    if "url" in button and (len(button["url"]) > 2048 or not _is_url(button["url"])):
        raise bad_request("BUTTON_URL_INVALID")
    if "copy_text" in button and not 1 <= len(button["copy_text"]["text"]) <= 256:
        raise bad_request("BUTTON_COPY_TEXT_INVALID")
    return button


def _is_url(url: str) -> bool:
    return "://" in url and checked_link(url) is not None and url.strip() == url


def keyboard(value: object, name: str) -> Json:
    """InlineKeyboardMarkup: at most 8 buttons a row and 100 in all; no button at all is no keyboard."""
    markup: Json = thing(Shape({"inline_keyboard": array(array(_button))}))(value, name)
    rows = [row for row in markup["inline_keyboard"] if row]
    if sum(map(len, rows)) > 100 or any(len(row) > 8 for row in rows):
        raise bad_request("reply markup is too long")
    return {"inline_keyboard": rows} if rows else {}


def reply_markup(value: object, name: str) -> Json:
    """ "InlineKeyboardMarkup or ReplyKeyboardMarkup or ReplyKeyboardRemove or ForceReply"."""
    parsed = from_json(value, name)
    if not isinstance(parsed, dict):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" in parsed:
        return keyboard(parsed, name)
    for key, shape in _MARKUPS.items():
        if key in parsed:
            return shape.read(parsed, name)
    raise bad_request("can't parse reply keyboard markup JSON object")


_BUTTON_KINDS = frozenset(
    "url callback_data switch_inline_query switch_inline_query_current_chat switch_inline_query_chosen_chat "
    "copy_text".split()
)
_BUTTON = Shape(
    {"text": string},
    {
        "url": string,
        "callback_data": string,
        "switch_inline_query": string,
        "switch_inline_query_current_chat": string,
        "switch_inline_query_chosen_chat": thing(
            Shape(
                {},
                {"query": string}
                | dict.fromkeys(
                    ("allow_user_chats", "allow_bot_chats", "allow_group_chats", "allow_channel_chats"), boolean
                ),
            )
        ),
        "copy_text": thing(Shape({"text": string})),
        "style": one_of("danger", "success", "primary"),
        "icon_custom_emoji_id": string,
    },
)
_MARKUPS = {
    "keyboard": Shape(
        {"keyboard": array(array(thing(Shape({"text": string}))))},
        {
            "is_persistent": boolean,
            "resize_keyboard": boolean,
            "one_time_keyboard": boolean,
            "input_field_placeholder": string,
            "selective": boolean,
        },
    ),
    "remove_keyboard": Shape({"remove_keyboard": boolean}, {"selective": boolean}),
    "force_reply": Shape({"force_reply": boolean}, {"input_field_placeholder": string, "selective": boolean}),
}
