"""The bot in Telegram: `app` runs it, `wiring` names the handlers, the other modules hold them by what they are for."""

import os

# Without it PTB warns at every flood limit that it will give durations in another type one day.
os.environ.setdefault("PTB_TIMEDELTA", "true")
