"""Links: which addresses are fetched, over which connection, and what becomes of the page. The internet is loopback."""

import asyncio
import gzip
import ipaddress
import socket
import ssl
import tempfile
import tracemalloc
from collections.abc import Awaitable, Callable, Sequence

import anyio
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.intake import MAX_BYTES, inspect
from bot.links import Fetched, LinkRefused, Resolver, fetch, is_public
from tests.articles.test_html import PAGE

# Of the certificate of herald.example, which these tests alone trust.
_KEY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgqPAdTma0I4GKn5If
yhxdcUkmfdrEL+NbC1kFF/qh4sChRANCAATCfHj1enBIjTwxfa6TKFxKJp7/mQUO
Pl4D0+UC91XxDF8e9cZ6S+FkdPIf7Lp1fQ+NK5C2u0H82sMPKfasZbBt
-----END PRIVATE KEY-----
"""
_CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBcDCCARagAwIBAgIBATAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5oZXJhbGQu
ZXhhbXBsZTAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowGTEXMBUG
A1UEAwwOaGVyYWxkLmV4YW1wbGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATC
fHj1enBIjTwxfa6TKFxKJp7/mQUOPl4D0+UC91XxDF8e9cZ6S+FkdPIf7Lp1fQ+N
K5C2u0H82sMPKfasZbBto00wSzAPBgNVHRMBAf8EBTADAQH/MB0GA1UdDgQWBBSz
DAV0t7Wi8qZ14vUDkZeyJvy5VTAZBgNVHREEEjAQgg5oZXJhbGQuZXhhbXBsZTAK
BggqhkjOPQQDAgNIADBFAiEA6TuX7K+Do39JrJ4WRaImHeuQFFCXtfgQw2f3mT/x
mVsCICtXcYHivZCXx4ZqN3mVGrSOnrl5xq2II5sFjiot2fuQ
-----END CERTIFICATE-----
"""

_PUBLIC, _OTHER = "93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"
_URL = "http://herald.example/fire"
_SENSELESS = ("That is not a link that can be read.", "The link does not name a site in the usual way.")
_BARE = PAGE.replace('<link rel="canonical" href="https://herald.example/fire">', "").encode()

Page = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]


def answer(body: bytes = _BARE, kind: str = "text/html", status: str = "200 OK", **headers: str) -> bytes:
    """A whole HTTP answer; an underscore in the name of a header is a dash."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def redirect(to: str) -> bytes:
    return answer(b"", status="302 Found", location=to)


class Internet(httpx.AsyncBaseTransport):
    """Every address that can be reached leads to one server on this machine. Keeps what was asked of whom."""

    def __init__(self, pages: dict[str, Page], *, tls: bool = False, down: Sequence[str] = ()) -> None:
        self._pages, self._tls, self._down = pages, tls, down
        self.asked: list[httpx.Request] = []

    async def __aenter__(self) -> "Internet":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", ssl=_identity() if self._tls else None)
        self._line = httpx.AsyncHTTPTransport(verify=ssl.create_default_context(cadata=_CERTIFICATE), trust_env=False)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._line.aclose()
        self._server.close()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        assert is_public(request.url.host), f"{request.url} was connected to"
        if request.url.host in self._down:
            raise httpx.ConnectError("nobody there")
        here = request.url.copy_with(host="127.0.0.1", port=self._server.sockets[0].getsockname()[1])
        return await self._line.handle_async_request(
            httpx.Request("GET", here, headers=request.headers, extensions=request.extensions)
        )

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            page = self._pages[(await reader.readuntil(b"\r\n\r\n")).decode().split()[1]]
            if isinstance(page, bytes):
                writer.write(page)
            else:
                await page(writer)
            await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass  # the other side has heard enough
        finally:
            writer.close()


def _identity() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(_KEY + _CERTIFICATE)
        file.flush()
        context.load_cert_chain(file.name)
    return context


def names(*answers: Sequence[str], **hosts: Sequence[str]) -> Resolver:
    """A resolver that knows `hosts` (an underscore is a dot), or gives one answer after the other to any name."""
    following = iter(answers)

    async def resolve(host: str) -> Sequence[str]:
        if answers:
            return next(following)
        try:
            return hosts[host.replace(".", "_")]
        except KeyError:
            raise socket.gaierror(socket.EAI_NONAME, "unknown") from None

    return resolve


_HERALD = names(herald_example=[_PUBLIC], www_herald_example=[_OTHER])


def get(internet: Internet, url: str = _URL, resolve: Resolver = _HERALD, seconds: float = 10.0) -> Fetched:
    return asyncio.run(fetch(url, resolve=resolve, transport=internet, seconds=seconds))


def refusal(
    url: str = _URL, resolve: Resolver = _HERALD, internet: Internet | None = None, seconds: float = 10.0
) -> str:
    """Why the link is refused; without `internet`, before anything is connected to."""
    internet, nothing_asked = internet or Internet({}), internet is None
    with pytest.raises(LinkRefused) as caught:
        get(internet, url, resolve, seconds)
    assert not (nothing_asked and internet.asked)
    return str(caught.value)


# Where a link may lead


@pytest.mark.parametrize(
    "address",
    """0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.127.255.254 127.0.0.1 127.255.0.1 169.254.169.254 172.16.0.1
    172.31.255.255 192.0.0.1 192.0.2.1 192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.1.1.1 240.0.0.1
    255.255.255.255 :: ::1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 64:ff9b::7f00:1
    64:ff9b::169.254.169.254 64:ff9b:1::1 100::1 2002:7f00:1::1 2002:a9fe:a9fe:: 2002:c0a8:101::1 2001:0:7f00:1::1
    2001:0:4136:e378:8000:63bf:80ff:fffe 2001:db8::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%2 fec0::1 ff02::1 ff0e::1
    5f00::1 4000::1""".split(),
)
def test_an_address_that_is_not_public_is_refused_in_a_link_and_behind_a_name(address: str) -> None:
    assert not is_public(address)
    assert "not on the public internet" in refusal(resolve=names(herald_example=[address]))
    assert "not on the public internet" in refusal(resolve=names(herald_example=[_PUBLIC, address, _OTHER]))
    host = f"[{address.replace('%', '%25')}]" if ":" in address else address
    assert "not on the public internet" in refusal(f"http://{host}/fire")


@pytest.mark.parametrize("address", [_PUBLIC, _OTHER, "8.8.8.8", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_a_public_address_is_fetched_from(address: str) -> None:
    assert get(Internet({"/fire": answer()}), resolve=names(herald_example=[address])).url == _URL


@given(st.ip_addresses(v=4))
def test_an_address_dressed_as_ipv6_is_public_only_if_it_is_without(address: ipaddress.IPv4Address) -> None:
    number, public = int(address), is_public(str(address))
    for prefix in (0xFFFF << 32, 0x64FF9B << 96):
        assert is_public(str(ipaddress.IPv6Address(prefix | number))) == public
    assert public or not is_public(str(ipaddress.IPv6Address(0x2002 << 112 | number << 80)))


@pytest.mark.parametrize(
    "host",
    "2130706433 0x7f000001 0x7f.1 127.1 017700000001 0177.0.0.1 127.0.0.1. 0x7F.0.0.1 1.2.3 0x 010.8.8.8".split(),
)
def test_a_host_written_as_a_number_of_another_form_is_refused(host: str) -> None:
    assert refusal(f"http://{host}/", names([_PUBLIC])) in _SENSELESS


def test_wide_digits_are_read_as_the_address_that_they_are() -> None:
    assert "not on the public internet" in refusal("http://127。0。0。1/")


def test_localhost_is_refused() -> None:
    with pytest.raises(LinkRefused, match="not on the public internet"):
        asyncio.run(fetch("http://localhost/"))


@pytest.mark.parametrize("port", [0, 22, 8080, 6379, 65535])
def test_other_ports_are_refused(port: int) -> None:
    assert "80 and 443" in refusal(f"http://herald.example:{port}/")


@pytest.mark.parametrize("user", ["a:secret", "a", ":secret"])
def test_a_link_with_a_password_is_refused_and_not_repeated(user: str) -> None:
    message = refusal(f"https://{user}@herald.example/")
    assert "password" in message
    assert "secret" not in message


@pytest.mark.parametrize(
    "url",
    " x ftp://herald.example/ file:///etc/passwd javascript:alert(1) //herald.example/ http:// http:///fire "
    "gopher://herald.example/ data:text/html,hi".split(" "),
)
def test_anything_but_http_is_refused(url: str) -> None:
    assert "must begin with http://" in refusal(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://[::1",
        "http://herald.example:x/",
        "http://herald.example\n.evil/",
        "http://\0/",
        "http://a%2eb/",
        "http://①②⑦.0.0.1/",
        "http://a..b/",
        "http://a b/",
        f"http://{'a' * 70_000}",
    ],
)
def test_a_link_that_makes_no_sense_is_refused(url: str) -> None:
    assert refusal(url, names([_PUBLIC])) in _SENSELESS


def test_a_host_that_does_not_exist_is_refused() -> None:
    assert refusal("http://other.example/") == "There is no site of that name."
    assert refusal(resolve=names([])) == "There is no site of that name."
    with pytest.raises(LinkRefused, match="no site of that name"):
        asyncio.run(fetch(f"http://{'a' * 70}.example/"))  # longer than any name; the system refuses to look it up


# The connection


def test_the_connection_goes_to_the_checked_address_under_the_name_of_the_link() -> None:
    internet = Internet({"/fire?id=1": answer()})
    assert get(internet, "HTTP://Herald.Example/fire?id=1#top").url == "http://herald.example/fire?id=1"
    (request,) = internet.asked
    assert str(request.url) == f"http://{_PUBLIC}/fire?id=1"
    assert request.headers["host"] == request.extensions["sni_hostname"] == "herald.example"


def test_a_name_is_looked_up_once_so_that_its_next_answer_does_not_matter() -> None:
    internet = Internet({"/fire": answer()})
    get(internet, resolve=names([_PUBLIC], ["127.0.0.1"]))
    assert [request.url.host for request in internet.asked] == [_PUBLIC]


def test_a_redirect_to_the_same_name_is_checked_again() -> None:
    internet = Internet({"/fire": redirect("/again"), "/again": answer()})
    assert "not on the public internet" in refusal(resolve=names([_PUBLIC], ["127.0.0.1"]), internet=internet)
    assert len(internet.asked) == 1


def test_the_next_address_is_tried_if_one_cannot_be_reached() -> None:
    resolve = names(herald_example=[_OTHER, _PUBLIC])
    internet = Internet({"/fire": answer()}, down=[_OTHER])
    get(internet, resolve=resolve)
    assert [request.url.host for request in internet.asked] == [_OTHER, _PUBLIC]
    assert "cannot be reached" in refusal(resolve=resolve, internet=Internet({}, down=[_OTHER, _PUBLIC]))


def test_a_page_comes_over_tls_if_the_certificate_is_that_of_the_name() -> None:
    assert get(Internet({"/fire": answer()}, tls=True), "https://herald.example/fire").data


@pytest.mark.parametrize("host", ["www.herald.example", _PUBLIC])
def test_a_certificate_of_another_name_is_refused(host: str) -> None:
    internet = Internet({"/fire": answer()}, tls=True)
    assert "cannot prove" in refusal(f"https://{host}/fire", internet=internet)


def test_without_a_transport_the_checked_address_is_connected_to_whatever_proxies_are_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    reached: list[tuple[str, int]] = []

    async def connect(remote_host: str, remote_port: int, **_: object) -> None:
        reached.append((remote_host, remote_port))
        raise OSError("no network in tests")

    monkeypatch.setattr(anyio, "connect_tcp", connect)
    for scheme in ("http", "https"):
        with pytest.raises(LinkRefused, match="cannot be reached"):
            asyncio.run(fetch(f"{scheme}://herald.example/", resolve=_HERALD))
    assert reached == [(_PUBLIC, 80), (_PUBLIC, 443)]


# Redirects


def test_redirects_are_followed_each_to_its_own_site() -> None:
    internet = Internet(
        {"/fire": redirect("http://www.herald.example/new/"), "/new/": redirect("p#x"), "/new/p": answer()}
    )
    found = get(internet)
    assert found.url == "http://www.herald.example/new/p"
    assert b'href="http://www.herald.example/new/p"' in found.data
    assert [(request.url.host, request.headers["host"]) for request in internet.asked] == [
        (_PUBLIC, "herald.example"),
        (_OTHER, "www.herald.example"),
        (_OTHER, "www.herald.example"),
    ]


@pytest.mark.parametrize(
    ("target", "rule"),
    [
        ("http://127.0.0.1/", "not on the public internet"),
        ("http://169.254.169.254/latest/meta-data/", "not on the public internet"),
        ("http://[::ffff:10.0.0.1]/", "not on the public internet"),
        ("http://inside.example/", "not on the public internet"),
        ("http://2130706433/", "in the usual way"),
        ("http://herald.example:22/", "80 and 443"),
        ("//a:b@herald.example/", "password"),
        ("file:///etc/passwd", "must begin with http://"),
        ("http://a:x/", "not a link that can be read"),
    ],
)
def test_a_redirect_is_held_to_the_same_rules(target: str, rule: str) -> None:
    internet = Internet({"/fire": redirect(target)})
    resolve = names(herald_example=[_PUBLIC], inside_example=["192.168.1.1"])
    assert rule in refusal(resolve=resolve, internet=internet)
    assert len(internet.asked) == 1


def test_five_redirects_are_followed_and_no_more() -> None:
    pages: dict[str, Page] = {f"/{n}": redirect(f"/{n + 1}") for n in range(6)}
    assert get(Internet(pages | {"/5": answer()}), "http://herald.example/0").url == "http://herald.example/5"
    assert "more than 5 times" in refusal("http://herald.example/0", internet=Internet(pages))


# The page


@pytest.mark.parametrize(
    ("kind", "ending"),
    [
        ("text/html", ".html"),
        ("Text/HTML; charset=utf-8", ".html"),
        ("application/xhtml+xml", ".html"),
        ("text/plain", ".txt"),
        ("application/pdf", ".pdf"),
    ],
)
def test_the_type_that_the_site_names_gives_the_ending(kind: str, ending: str) -> None:
    found = get(Internet({"/fire": answer(kind=kind)}))
    assert found.name.endswith(ending)
    if ending != ".html":
        assert found.data == _BARE


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        ("image/png", "“image/png”"),
        ("application/zip", "“application/zip”"),
        ("text/html<b>", "does not say what it sends"),
        ("", "does not say what it sends"),
    ],
)
def test_another_type_is_refused_by_name(kind: str, named: str) -> None:
    message = refusal(internet=Internet({"/fire": answer(kind=kind)}))
    assert named in message
    assert "<b>" not in message


@pytest.mark.parametrize("status", ["404 Not Found", "500 Oh", "204 Nothing", "304 Not Modified"])
def test_what_is_no_page_is_refused_with_its_status(status: str) -> None:
    assert status[:3] in refusal(internet=Internet({"/fire": answer(b"", status=status)}))


@pytest.mark.parametrize(
    "raw", [b"", b"hello\r\n\r\n", answer()[:-9], b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 50_000, b"\0" * 1000]
)
def test_a_broken_answer_is_refused(raw: bytes) -> None:
    assert refusal(internet=Internet({"/fire": raw})) == "The page broke off or came damaged."


def test_a_packed_page_is_unpacked() -> None:
    packed = answer(gzip.compress(_BARE), content_encoding="gzip")
    assert get(Internet({"/fire": packed})).data == get(Internet({"/fire": answer()})).data


@pytest.mark.parametrize("data", [gzip.compress(_BARE)[:-20], b"no gzip at all"])
def test_a_page_that_cannot_be_unpacked_is_refused(data: bytes) -> None:
    assert "damaged" in refusal(internet=Internet({"/fire": answer(data, content_encoding="gzip")}))


@pytest.mark.parametrize("packing", ["gzip, gzip", "deflate", "br", "zstd", "x"])
def test_another_packing_is_refused(packing: str) -> None:
    assert "packed" in refusal(internet=Internet({"/fire": answer(content_encoding=packing)}))


def test_a_gzip_bomb_is_left_at_the_limit() -> None:
    bomb = gzip.compress(bytes(2**28), 9)
    tracemalloc.start()
    assert "larger than 20 MB" in refusal(internet=Internet({"/fire": answer(bomb, content_encoding="gzip")}))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * MAX_BYTES


async def _endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
    while True:
        writer.write(b"It burned. " * 50_000)
        await writer.drain()


def test_an_endless_page_is_left_at_the_limit() -> None:
    assert "larger than 20 MB" in refusal(internet=Internet({"/fire": _endless}), seconds=60)


def test_a_page_of_just_the_limit_is_taken() -> None:
    assert len(get(Internet({"/fire": answer(b"a" * MAX_BYTES, "text/plain")})).data) == MAX_BYTES
    assert "larger" in refusal(internet=Internet({"/fire": answer(b"a" * (MAX_BYTES + 1), "text/plain")}))


async def _silent(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def _dripping(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
    while True:
        writer.write(b"a")
        await writer.drain()
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("page", [_silent, _dripping])
def test_a_slow_page_is_left_when_the_time_is_over(page: Page) -> None:
    assert refusal(internet=Internet({"/fire": page}), seconds=0.3) == "The page did not come within 0.3 seconds."


def test_a_slow_resolver_counts_as_well() -> None:
    async def resolve(host: str) -> Sequence[str]:
        await asyncio.sleep(60)
        return [_PUBLIC]

    assert "within 0.1 seconds" in refusal(resolve=resolve, seconds=0.1)


# What is kept of it


@pytest.mark.parametrize(
    "page",
    [
        _BARE,
        _BARE.replace(b"<head>", b"").replace(b"</head>", b""),
        _BARE.replace(b"<html", b"<html data-a='>'").replace(b"<head>", b'<head prefix="a>b">'),
        b"<!-- <head> -->\n" + _BARE,
        _BARE.replace(b"<nav>", b"<header>Sela</header><nav>"),
        _BARE.replace(b"</head>", b'<link rel="canonical" href="fire"></head>'),
        _BARE.decode().encode("utf-16"),
        _BARE.decode().encode("utf-8-sig"),
    ],
)
def test_a_page_without_an_address_is_given_its_own(page: bytes) -> None:
    found = get(Internet({"/fire?a=1&b=2": answer(page)}), f"{_URL}?a=1&b=2")
    (article,) = inspect(found.name, found.data).articles
    assert article.url == f"{_URL}?a=1&b=2"
    assert article.title == "Harbour Fire Forces Thousands From Homes"


def test_a_page_in_utf_16_keeps_its_letters_whatever_it_declares() -> None:
    page = _BARE.decode().replace("<head>", '<head><meta charset="koi8-r">').replace("Harbour Fire", "Пожар")
    found = get(Internet({"/fire": answer(page.encode("utf-16"))}))
    (article,) = inspect(found.name, found.data).articles
    assert (article.title, article.url) == ("Пожар Forces Thousands From Homes", _URL)


@pytest.mark.parametrize(
    "page",
    [
        PAGE,
        _BARE.decode().replace("</head>", '<meta property="og:url" content="https://herald.example/fire"></head>'),
        _BARE.decode().replace("</head>", "<link href=https://herald.example/fire rel=canonical></head>"),
    ],
)
def test_a_page_that_gives_its_address_stays_as_it_is(page: str) -> None:
    found = get(Internet({"/fire": answer(page.encode())}))
    assert found.data == page.encode()
    assert inspect(found.name, found.data).articles[0].url == "https://herald.example/fire"


@pytest.mark.parametrize(
    "path", ["/", "/fire.html", "/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "/a%00b", "/x?id=1", "/x?id=2", f"/{'%D1%8F' * 300}"]
)
def test_a_name_is_safe_and_no_two_addresses_share_one(path: str) -> None:
    first = get(Internet({path: answer()}), f"http://herald.example{path}").name
    other = get(Internet({f"{path}&y": answer()}), f"http://herald.example{path}&y").name
    assert first != other
    assert first == get(Internet({path: answer()}), f"http://herald.example{path}#z").name
    for name in (first, other):
        assert name.startswith("herald.example")
        assert name.endswith(".html")
        assert len(name.encode()) <= 120
        assert not set(name) & set("/\\\0%")
