"""Fetches a page that an admin names, without becoming a way into the network that the bot runs in.

Only http and https, only public addresses, and the connection goes to the very address that was checked: a name that
answers differently when it is asked again leads nowhere.
"""

import asyncio
import hashlib
import ipaddress
import re
import socket
import zlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import unquote

import httpx

from bot.intake import MAX_BYTES, safe_name
from bot.texts import Refusal

Resolver = Callable[[str], Awaitable[Sequence[str]]]
"""The name of a host -> its IP addresses. An OSError says that there is no such host."""

_SECONDS = 20.0
_CONNECT_SECONDS = 5.0
_REDIRECTS = 5
_ADDRESSES_TRIED = 4
_PORTS = (None, 80, 443)
_ENDINGS = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/plain": ".txt",
    "application/pdf": ".pdf",
}
_HEADERS = {"User-Agent": "Byline", "Accept": ", ".join(_ENDINGS), "Accept-Encoding": "gzip", "Connection": "close"}
_HOST_NAME = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?", re.IGNORECASE)
# "127.1", "2130706433" and "0x7f.1" are numbers to some programs and names to others.
_NUMBER_LABEL = re.compile(r"(?:\d+|0x[0-9a-f]*)\.?\Z", re.IGNORECASE)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_ATTRIBUTES = rb"""(?:\s(?:[^<>"']|"[^"]*+"|'[^']*+')*+)?"""
_OPENING = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:\s+|<\?[^>]*>|<!--.*?-->|<!doctype[^>]*>)*"
    rb"(?:<html" + _ATTRIBUTES + rb">(?:\s+|<!--.*?-->)*)?(?:<head" + _ATTRIBUTES + rb">)?",
    re.IGNORECASE | re.DOTALL,
)
_OWN_ADDRESS = re.compile(rb"<(?:link\s[^<>]{0,2000}\bcanonical\b|meta\s[^<>]{0,2000}\bog:url\b)[^<>]*>", re.IGNORECASE)
_TOP = 2**18
_ABSOLUTE = re.compile(rb"https?://", re.IGNORECASE)


class LinkRefused(Refusal):
    """The page is not fetched; the reason is a sentence for the person who sent the link."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A page as a document: a safe file name that ends in .html, .txt or .pdf, and the bytes.

    `url` is the address after redirects. A web page that does not give its own address has it in its head.
    """

    url: str
    name: str
    data: bytes


async def resolve_host(host: str) -> Sequence[str]:
    """The IP addresses of a host, as the system finds them.

    Raises:
        OSError: there is no such host.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError("not the name of a host") from error
    return [str(address[0]) for *_, address in found]


async def fetch(
    url: str,
    *,
    resolve: Resolver = resolve_host,
    transport: httpx.AsyncBaseTransport | None = None,
    seconds: float = _SECONDS,
) -> Fetched:
    """Fetch a web page, a text or a PDF of at most MAX_BYTES, within so many seconds, redirects included.

    `transport` is given requests to IP addresses, with the name of the host in the header Host and, for the
    certificate, in the extension `sni_hostname`; it is closed in the end.

    Raises:
        LinkRefused: the address is not public, the page is too large, of another type, or cannot be had in time.
    """
    try:
        async with asyncio.timeout(seconds), transport or _new_transport() as line:
            target = httpx.URL(url.strip())
            for _ in range(_REDIRECTS + 1):
                answer = await _get(line, target, resolve)
                if isinstance(answer, Fetched):
                    return answer
                target = answer
            raise LinkRefused("link_redirects", most=_REDIRECTS)
    except TimeoutError:
        raise LinkRefused("link_slow", seconds=seconds) from None
    except httpx.InvalidURL:
        raise LinkRefused("link_unreadable") from None
    except (httpx.ConnectError, httpx.ConnectTimeout):
        raise LinkRefused("link_unreachable") from None
    except (httpx.HTTPError, zlib.error, OSError):
        raise LinkRefused("link_broken") from None


def is_public(address: str) -> bool:
    """True for an IP address of the public internet. IPv4 addresses within IPv6 ones are looked through."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or (ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None)
        if inner is not None:
            return is_public(str(inner))
        if ip not in _GLOBAL_UNICAST or (ip.sixtofour is not None and not is_public(str(ip.sixtofour))):
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved)


def _new_transport() -> httpx.AsyncHTTPTransport:
    # A connection is never used again: it was made for one name, and two names may share an address.
    return httpx.AsyncHTTPTransport(trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))


async def _get(line: httpx.AsyncBaseTransport, url: httpx.URL, resolve: Resolver) -> Fetched | httpx.URL:
    """The page, or the address that it redirects to."""
    _check(url)
    response = await _send(line, url, await _public_addresses(url.raw_host.decode(), resolve))
    try:
        if response.has_redirect_location:
            return url.join(response.headers["location"])
        if response.status_code != httpx.codes.OK:
            raise LinkRefused("link_status", status=str(response.status_code))
        return await _document(url, response)
    finally:
        await response.aclose()


def _check(url: httpx.URL) -> None:
    if url.scheme not in ("http", "https") or not url.host:
        raise LinkRefused("link_scheme")
    if url.userinfo:
        raise LinkRefused("link_password")
    if url.port not in _PORTS:
        raise LinkRefused("link_port")


async def _public_addresses(host: str, resolve: Resolver) -> Sequence[str]:
    """The addresses of a host, every one of them public."""
    addresses: Sequence[str] = [host]
    if not _is_address(host):
        if not _HOST_NAME.fullmatch(host) or _NUMBER_LABEL.fullmatch(host.rstrip(".").rpartition(".")[2]):
            raise LinkRefused("link_odd_site")
        try:
            addresses = await resolve(host)
        except OSError:
            addresses = []
        if not addresses:
            raise LinkRefused("link_no_site")
    if not all(is_public(address) for address in addresses):
        raise LinkRefused("link_not_public")
    return addresses


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


async def _send(line: httpx.AsyncBaseTransport, url: httpx.URL, addresses: Sequence[str]) -> httpx.Response:
    """The answer of the first address that can be reached."""
    name = url.raw_host.decode().rstrip(".")
    extensions = {"sni_hostname": name, "timeout": {"connect": _CONNECT_SECONDS}}
    headers = {"Host": url.netloc.decode(), **_HEADERS}
    for address in (tried := list(dict.fromkeys(addresses))[:_ADDRESSES_TRIED]):
        target = url.copy_with(host=address, fragment=None)
        try:
            return await line.handle_async_request(httpx.Request("GET", target, headers=headers, extensions=extensions))
        except (httpx.ConnectError, httpx.ConnectTimeout):
            if address == tried[-1]:
                raise
    raise AssertionError("there is no address")


async def _document(url: httpx.URL, response: httpx.Response) -> Fetched:
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _ENDINGS:
        # What a site sends is shown only if it looks like the name of a type.
        named = re.fullmatch(r"[\w.+-]{1,60}/[\w.+-]{1,60}", kind)
        raise LinkRefused("link_type", type=kind) if named else LinkRefused("link_no_type")
    ending, data = _ENDINGS[kind], await _body(response)
    address = str(url.copy_with(fragment=None))
    return Fetched(address, _file_name(url, ending), _with_address(data, address) if ending == ".html" else data)


async def _body(response: httpx.Response) -> bytes:
    """The body, unpacked step by step, so that a few bytes never become many before they are counted."""
    packing = response.headers.get("content-encoding", "").strip().lower()
    if packing not in ("", "identity", "gzip", "x-gzip"):
        raise LinkRefused("link_packed")
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16) if "gzip" in packing else None
    body, received = bytearray(), 0
    async for piece in response.aiter_raw():
        received += len(piece)
        body += unpacker.decompress(piece, MAX_BYTES + 1 - len(body)) if unpacker else piece
        if max(len(body), received) > MAX_BYTES:
            raise LinkRefused("link_large", megabytes=MAX_BYTES // 2**20)
        if unpacker and unpacker.eof:
            break
    if unpacker and not unpacker.eof:
        raise zlib.error("cut short")
    return bytes(body)


def _file_name(url: httpx.URL, ending: str) -> str:
    """The host, the last part of the path, and a mark of the whole address, which keeps ?id=1 and ?id=2 apart."""
    last = unquote(url.path.rstrip("/").rpartition("/")[2])
    stem = re.sub(r"\.[A-Za-z0-9]{1,5}\Z", "", last)
    mark = hashlib.sha256(str(url.copy_with(fragment=None)).encode()).hexdigest()[:8]
    # Both are cut so that the name stays whole.
    words = safe_name(f"{url.host[:40]} {stem}").encode()[:90].decode(errors="ignore")
    return safe_name(f"{words.strip(' .')} {mark}{ending}")


def _with_address(page: bytes, url: str) -> bytes:
    """The page, with its address as the canonical link if it does not give an address itself."""
    if page.startswith((b"\xff\xfe", b"\xfe\xff")):
        page = page.decode("utf-16", errors="replace").encode("utf-8-sig")
    if any(_ABSOLUTE.search(own[0]) for own in _OWN_ADDRESS.finditer(page, 0, _TOP)):
        return page
    opening = _OPENING.match(page, 0, _TOP)
    start = opening.end() if opening else 0
    return page[:start] + f'<link rel="canonical" href="{escape(url)}">'.encode() + page[start:]
