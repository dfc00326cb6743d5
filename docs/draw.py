"""Draws the pictures of the README from what the bot really says: python -m docs.draw.

The bot runs against the fake Telegram of the tests; its messages are drawn as a chat shows them.
"""

import io
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from rich.console import Console

from bot.service import Service, open_encoder
from bot.settings import Settings
from bot.terminal import Conversation, show
from tests.telegram.bot_process import BotProcess
from tests.telegram.messages import Message
from tests.telegram.server import FakeTelegram

WIDTH, INNER, SIZE, LINE = 560, 470, 15, 21
_NARROW, _WIDE = set("iljtfrI.,:;'’|!()[] "), set("mwMW—%@")


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters of one style on one line."""

    text: str
    bold: bool
    italic: bool
    link: bool
    quote: bool


def main() -> None:
    """Ask, press and rebuild, and draw each."""
    with tempfile.TemporaryDirectory() as root, FakeTelegram() as telegram:
        ada = telegram.user("Ada")
        chat = telegram.private(ada)
        chat.member = True  # so that the bot may write to its admin
        with BotProcess(telegram, Path(root), ADMIN_IDS=str(ada.id)):
            asked = ada.says(chat, "where did the saint orla run aground?")
            answer = chat.wait_for_reply(asked, 20)
            draw("question", [asked, answer])
            ada.presses(answer, "1")
            time.sleep(1)
            draw("citation", [asked, chat.now(answer)])
            asked = ada.says(chat, "what is the capital of Atlantis?")
            draw("refusal", [asked, chat.wait_for_reply(asked, 20)])
            (Path(root) / "articles" / "new.txt").write_text("Bridge opens\n\nThe new bridge opened on Monday.\n")
            (Path(root) / "articles" / "broken.pdf").write_bytes(b"no pdf at all")
            asked = ada.says(chat, "/rebuild")
            chat.wait(lambda messages: "answers from now on" in messages[-1].text, 60)
            draw("rebuild", [asked, chat.messages[-1]])
        draw_terminal(Path(root) / "data", ["who denied the account?", "when?", "what is the capital of Atlantis?"])


def draw_terminal(data: Path, questions: Sequence[str]) -> None:
    """Write docs/answer.svg: the questions as `byline chat` answers them in a terminal."""
    settings = Settings(data_dir=data)
    talk = Conversation(Service(settings, open_encoder(settings)), None)
    console = Console(record=True, width=104, file=io.StringIO())
    for question in questions:
        console.print(f"[bold cyan]?[/bold cyan] {question}", highlight=False)
        if answer := talk.answer(question):
            show(answer, console)
    console.save_svg("docs/answer.svg", title="byline chat")


def draw(name: str, messages: Sequence[Message]) -> None:
    """Write docs/NAME.svg."""
    y, parts = 16, []
    for message in messages:
        drawn, y = bubble(message, y)
        parts.append(drawn)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y}" viewBox="0 0 {WIDTH} {y}"'
    style = f'font-family="Helvetica, Arial, sans-serif" font-size="{SIZE}"'
    body = "\n".join(parts)
    svg = f'{head} {style}>\n<rect width="{WIDTH}" height="{y}" fill="#dfe8d6"/>\n{body}\n</svg>\n'
    Path("docs", f"{name}.svg").write_text(svg, encoding="utf-8")


def bubble(message: Message, y: int) -> tuple[str, int]:
    """A message and its buttons from `y` down; the svg, and where the next one begins."""
    mine = message.sender is None or not message.sender.is_bot
    lines = wrapped(message)
    longest = max((sum(width(p) for p in line) for line in lines), default=0)
    box = min(INNER + 28, int(longest) + 32) if mine else INNER + 28
    left = WIDTH - box - 14 if mine else 14
    height = len(lines) * LINE + 20
    parts = [
        f'<rect x="{left}" y="{y}" width="{box}" height="{height}" rx="12" fill="{"#eefdde" if mine else "#fff"}"/>'
    ]
    base = y + 12
    for line in lines:
        if line and line[0].quote:
            parts.append(f'<rect x="{left + 10}" y="{base}" width="{INNER + 8}" height="{LINE}" fill="#eaf3fb"/>')
            parts.append(f'<rect x="{left + 10}" y="{base}" width="3" height="{LINE}" fill="#3390d6"/>')
        spans = "".join(span(piece) for piece in line)
        indent = 20 if line and line[0].quote else 14
        parts.append(f'<text x="{left + indent}" y="{base + 15}" xml:space="preserve">{spans}</text>')
        base += LINE
    y += height + 4
    for row in message.keyboard or ():
        each = (INNER + 28 - 4 * (len(row) - 1)) / len(row)
        for at, button in enumerate(row):
            x = left + at * (each + 4)
            parts.append(f'<rect x="{x:.1f}" y="{y}" width="{each:.1f}" height="32" rx="8" fill="#a9c19a"/>')
            label = escape(button.text)
            middle = x + each / 2
            parts.append(f'<text x="{middle:.1f}" y="{y + 21}" text-anchor="middle" fill="#fff">{label}</text>')
        y += 36
    return "\n".join(parts), y + 12


def wrapped(message: Message) -> list[list[Piece]]:
    """The text as lines that fit, each a list of pieces."""
    styles = [(set[str]()) for _ in message.text]
    offsets = utf16_offsets(message.text)
    for entity in message.entities:
        for place, at in enumerate(offsets):
            if entity.offset <= at < entity.offset + entity.length:
                styles[place].add(entity.type)
    lines: list[list[Piece]] = []
    start = 0
    for paragraph in message.text.split("\n"):
        line: list[Piece] = []
        used = 0.0
        place = start
        for word in paragraph.replace(" ", " \0").split("\0"):
            pieces = [piece(char, styles[place + i]) for i, char in enumerate(word)]
            size = sum(width(one) for one in pieces)
            if line and used + size > INNER - 12:
                lines.append(joined(line))
                line, used = [], 0.0
            line += pieces
            used += size
            place += len(word)
        lines.append(joined(line))
        start += len(paragraph) + 1
    return lines


def piece(char: str, style: set[str]) -> Piece:
    """One character with its style."""
    quote = bool(style & {"blockquote", "expandable_blockquote"})
    return Piece(char, "bold" in style, "italic" in style, "text_link" in style, quote)


def joined(pieces: list[Piece]) -> list[Piece]:
    """Neighbours of one style as one piece."""
    line: list[Piece] = []
    for one in pieces:
        last = line[-1] if line else None
        if last and (last.bold, last.italic, last.link, last.quote) == (one.bold, one.italic, one.link, one.quote):
            line[-1] = Piece(last.text + one.text, one.bold, one.italic, one.link, one.quote)
        else:
            line.append(one)
    return line


def width(one: Piece) -> float:
    """About how wide a piece is, in pixels."""
    ems = sum(0.3 if char in _NARROW else 0.85 if char in _WIDE else 0.56 for char in one.text)
    return ems * SIZE * (1.06 if one.bold else 1)


def span(one: Piece) -> str:
    """A piece as svg."""
    style = ' font-weight="bold"' * one.bold + ' font-style="italic"' * one.italic + ' fill="#2678b6"' * one.link
    return f"<tspan{style}>{escape(one.text)}</tspan>"


def utf16_offsets(text: str) -> list[int]:
    """Where each character begins in UTF-16."""
    offsets, at = [], 0
    for char in text:
        offsets.append(at)
        at += 2 if char > "\uffff" else 1
    return offsets


if __name__ == "__main__":
    main()
