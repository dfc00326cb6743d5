"""Bytes -> text: marks, declarations, UTF-8, and then an informed guess."""

import codecs
import re

from retrieval.articles.fields import Unreadable

_MARKS = (
    (codecs.BOM_UTF8, "UTF-8"),
    (codecs.BOM_UTF32_LE, "UTF-32"),  # before UTF-16, whose mark is its beginning
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_MAGIC = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a zip archive or an office document"),
    (b"\xd0\xcf\x11\xe0", "an office document"),
    (b"\x1f\x8b", "gzip data"),
    (b"BZh", "bzip2 data"),
    (b"\xfd7zXZ\x00", "xz data"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a rar archive"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3\x00", "a database"),
    (b"{\\rtf", "an RTF document"),
)
_BINARY_SHARE = 0.05
_CONTROLS = bytes(byte for byte in (*range(32), 127) if byte not in b"\t\n\r\f\x1b")

_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{1,40})", re.IGNORECASE)
_META_WITHIN = 8192
# What browsers understand by a declared name, where that differs from what Python does.
_AS_BROWSERS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "utf-16": "utf-8",
    "utf-16-le": "utf-8",
    "utf-16-be": "utf-8",
}
_WEB_CODECS = frozenset(
    "utf-8 cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 cp866 cp874 cp932 cp949 gb18030 big5 "
    "big5hkscs euc_jp iso2022_jp koi8-r koi8-u mac-roman mac-cyrillic iso8859-2 iso8859-3 iso8859-4 iso8859-5 "
    "iso8859-6 iso8859-7 iso8859-8 iso8859-10 iso8859-13 iso8859-14 iso8859-15 iso8859-16".split()
)
# Bytes above ASCII that Western news text holds as Windows writes it: quotes, dashes, dots, accented letters.
_WESTERN = frozenset(
    b"\x80\x82\x84\x85\x91\x92\x93\x94\x95\x96\x97\x99\xa0\xa3\xa7\xa9\xab\xae\xb0\xb7\xbb\xbd\xbf"
) | {*range(0xC0, 0x100)}
_UNWANTED = dict.fromkeys(code for code in (*range(32), 127) if chr(code) not in "\t\n")


def decode(data: bytes) -> str:
    """The text of a file, with line feeds for line ends and without control characters.

    A byte order mark decides; without one, UTF-8 and then the most likely other encoding are tried.

    Raises: Unreadable, if the data is binary or is not in the encoding that its mark names.
    """
    text = _marked(data)
    if text is None:
        refuse_binary(data)
        text = _utf8(data)
    return tidy(text if text is not None else _guessed(data))


def decode_html(data: bytes) -> str:
    """Like `decode`, but an encoding that the page declares in a `<meta>` comes before a guess.

    Raises: Unreadable, as `decode` does.
    """
    if _mark(data) is None and (declared := _declared(data)) is not None:
        refuse_binary(data)
        try:
            return tidy(data.decode(declared))
        except UnicodeDecodeError:
            pass  # the declaration is wrong, as it often is: the general rules decide
    return decode(data)


def tidy(text: str) -> str:
    """`text` with line feeds for line ends and without control characters."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n").removeprefix("\ufeff")
    return text.translate(_UNWANTED)


def refuse_binary(data: bytes) -> None:
    """Raises: Unreadable, if `data`, which bears no mark of an encoding, is not text."""
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            raise Unreadable(f"is not text (it looks like {kind})")
    controls = len(data) - len(data.translate(None, _CONTROLS))
    if b"\0" in data or controls > len(data) * _BINARY_SHARE:
        raise Unreadable("is not text (binary data)")


def wide_mark(data: bytes) -> str | None:
    """The name of the encoding, if `data` begins with the mark of UTF-16 or UTF-32."""
    name = _mark(data)
    return name if name != "UTF-8" else None


def _mark(data: bytes) -> str | None:
    return next((name for mark, name in _MARKS if data.startswith(mark)), None)


def _marked(data: bytes) -> str | None:
    name = _mark(data)
    if name is None:
        return None
    try:
        return data.decode("utf-8-sig" if name == "UTF-8" else name)
    except UnicodeDecodeError as error:
        raise Unreadable(f"is marked as {name} but is not") from error


def _utf8(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _declared(data: bytes) -> str | None:
    match = _META_CHARSET.search(data, 0, _META_WITHIN)
    if match is None:
        return None
    try:
        name = codecs.lookup(match[1].decode()).name
    except LookupError:
        return None
    name = _AS_BROWSERS.get(name, name)
    return name if name in _WEB_CODECS else None


def _guessed(data: bytes) -> str:
    if _looks_western(data):
        return data.decode("cp1252")
    from charset_normalizer import from_bytes

    best = from_bytes(data).best()
    if best is None:
        raise Unreadable("is not text in any encoding that could be recognised")
    return str(best)


def _looks_western(data: bytes) -> bool:
    """True for mostly ASCII text whose few other bytes are all common in Windows-1252.

    Statistics of letters cannot tell apart encodings on a handful of bytes; frequency of use can.
    """
    others = data.translate(None, bytes(range(128)))
    if not others or len(others) * 12 > len(data) or not _WESTERN.issuperset(others):
        return False
    # Two or more such letters in a row are another alphabet.
    return re.search(rb"[\xc0-\xff]{3}", data) is None
