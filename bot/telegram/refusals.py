"""What Telegram refuses, told apart by its words, since it gives everything the same number."""

from telegram.error import BadRequest


def too_late(error: BadRequest) -> bool:
    """Whether nobody waits for this answer to a press or a query any more, or it was given before."""
    return "query is too old" in str(error).lower()


def of_styles(error: BadRequest) -> bool:
    """Whether it is the styles or links of the text."""
    said = str(error).lower()
    return "parse entities" in said or "entity" in said


def of_addresses(error: BadRequest) -> bool:
    """Whether it is the address that a button opens: BUTTON_URL_INVALID, "inline keyboard button URL … is invalid"."""
    return "button url" in str(error).lower().replace("_", " ")
