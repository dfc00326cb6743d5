"""A strict fake of Telegram's Bot API, to which a real bot is pointed. See `server`."""
