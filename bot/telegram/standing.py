"""What /status says."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import psutil

from bot.logs import ErrorNote
from bot.telegram.desk import Desk
from bot.texts import Texts

_ERRORS = 5


def standing(desk: Desk, errors: Sequence[ErrorNote], texts: Texts) -> str:
    """The index, the questions of the last 24 hours, memory, and the last errors. Reads the database."""
    lines = []
    if desk.service is None:
        lines.append(texts("first_build"))
    else:
        index = desk.service.index
        manifest = index.manifest
        lines += [
            texts("status_index", generation=index.generation, created=datetime.fromisoformat(manifest.created)),
            texts(
                "status_articles", articles=manifest.articles, passages=manifest.passages, rejected=manifest.rejected
            ),
            texts("status_model", model=manifest.encoder),
            *(f"⚠ {error}" for error in desk.service.damaged),
        ]
    if desk.rebuilder.running:
        lines.append(texts("build_running", by=desk.rebuilder.running.by, since=desk.rebuilder.running.since))
    usage = desk.state.usage(datetime.now(UTC) - timedelta(days=1))
    lines.append(texts("status_questions", questions=usage.questions, refused=usage.refused))
    if usage.median_ms is not None and usage.p95_ms is not None:
        lines.append(texts("status_times", median=round(usage.median_ms), p95=round(usage.p95_ms)))
    lines.append(texts("status_memory", number=round(psutil.Process().memory_info().rss / 1e6)))
    if errors:
        lines.append(texts("status_errors"))
        lines += [f"• {note.id} {note.time:%d.%m. %H:%M} UTC {note.kind}" for note in errors[:_ERRORS]]
    return "\n".join(lines)
