"""HTTP: methods and downloads as "Making requests" has them, and the faults that a test has ordered."""

import asyncio
import json
import re
import socket
import struct
import time
from typing import TYPE_CHECKING, Any

from tornado.iostream import StreamClosedError
from tornado.web import RequestHandler

from tests.telegram.messages import Json
from tests.telegram.rules import Refused, Upload, bad_request
from tests.telegram.tables import METHODS
from tests.telegram.world import Request

if TYPE_CHECKING:
    from tests.telegram.server import FakeTelegram

_BAD_GATEWAY = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n"
    "<hr><center>nginx/1.18.0</center>\r\n</body>\r\n</html>\r\n"
)


class _Handler(RequestHandler):
    """What methods and downloads have in common."""

    def initialize(self, telegram: "FakeTelegram") -> None:
        self.telegram = telegram

    def check_token(self, token: str) -> None:
        """A malformed token is not found, a well-formed but wrong one unauthorized.

        Raises:
            Refused: it is not ours.
        """
        if token != self.telegram.token:
            well_formed = re.fullmatch(r"[0-9]+:[A-Za-z0-9_-]+", token)
            raise Refused(401, "Unauthorized") if well_formed else Refused(404, "Not Found")

    def refuse(self, refused: Refused) -> None:
        self.set_status(refused.code)
        answer: Json = {"ok": False, "error_code": refused.code, "description": refused.description}
        if refused.parameters:
            answer["parameters"] = refused.parameters
        self.finish(answer)


class FileHandler(_Handler):
    """Downloads: https://api.telegram.org/file/bot<token>/<file_path>."""

    def get(self, token: str, file_id: str) -> None:
        try:
            self.check_token(token)
            file = self.telegram.files.get(file_id)
            if file is None:
                raise Refused(404, "Not Found")
        except Refused as refused:
            self.refuse(refused)
        else:
            self.set_header("Content-Type", "application/octet-stream")
            self.finish(file.data)


class MethodHandler(_Handler):
    """ "We support GET and POST HTTP methods": "Making requests"."""

    def initialize(self, telegram: "FakeTelegram") -> None:
        super().initialize(telegram)
        self._gone = asyncio.Event()
        self._waiting: asyncio.Future[None] | None = None
        self._at = time.time()
        self._params: Json = {}

    def on_connection_close(self) -> None:
        self._gone.set()
        if self._waiting is not None:
            self._waiting.cancel()

    async def get(self, token: str, method: str) -> None:
        await self.post(token, method)

    async def post(self, token: str, method: str) -> None:
        method = next((name for name in METHODS if name.lower() == method.lower()), method)
        fault = self.telegram.next_fault(method)
        try:
            self.check_token(token)
            self._params = _parameters(self)
            if fault is not None and await self._fails(method, fault):
                return
            if (refusal := self.telegram.next_refusal(method)) is not None:
                fault = "refused"
                raise bad_request(refusal)
            result = await self.telegram.call(method, self._params, self._wait_on)
        except Refused as refused:
            self._answer(method, fault, refused)
        except asyncio.CancelledError:
            self._record(method, 0, "the caller went away", fault)
        except StreamClosedError:
            self._record(method, 0, "the connection was closed", fault)
        else:
            self._answer(method, fault, result)

    def _wait_on(self, waiting: "asyncio.Future[None]") -> None:
        self._waiting = waiting

    async def _fails(self, method: str, fault: str) -> bool:
        """Let the request have its fault; whether that is all that happens to it."""
        delay, retry_after = self.telegram.fault_settings()
        if fault == "429":
            self._record(method, 429, "Too Many Requests", fault)
            self.refuse(Refused(429, f"Too Many Requests: retry after {retry_after}", {"retry_after": retry_after}))
        elif fault == "502":
            self._record(method, 502, "Bad Gateway", fault)
            self.set_status(502)
            self.set_header("Content-Type", "text/html")
            self.finish(_BAD_GATEWAY)
        elif fault == "reset":
            self._record(method, 0, "", fault)
            self._reset()
        elif fault == "timeout":
            self._record(method, 0, "", fault)
            await self._gone.wait()
        elif fault == "slow":
            await asyncio.sleep(delay)
            return False
        return fault != "lost"

    def _answer(self, method: str, fault: str | None, answer: Any) -> None:
        if isinstance(answer, Refused):
            self._record(method, answer.code, answer.description, fault)
        else:
            self._record(method, 200, "", fault)
        if fault == "lost":
            self._reset()
        elif self._gone.is_set():
            return
        elif isinstance(answer, Refused):
            self.refuse(answer)
        else:
            self.finish({"ok": True, "result": answer})

    def _record(self, method: str, status: int, description: str, fault: str | None) -> None:
        self.telegram.record(Request(method, self._params, self._at, status, description, fault))

    def _reset(self) -> None:
        """Break the connection at once, without a word."""
        stream = self.detach()
        linger_for_no_time = struct.pack("ii", 1, 0)
        stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_for_no_time)
        stream.close()


def _parameters(handler: RequestHandler) -> Json:
    """The parameters of a request: "URL query string, application/x-www-form-urlencoded, application/json …,
    multipart/form-data".
    """
    request = handler.request
    params: Json = {}
    try:
        for name, values in request.arguments.items():
            if len(values) > 1:
                raise bad_request(f'"{name}" is given {len(values)} times')
            params[name] = values[0].decode("utf-8")
    except UnicodeDecodeError:
        raise bad_request("strings must be encoded in UTF-8") from None
    if request.headers.get("Content-Type", "").startswith("application/json"):
        params |= _json_body(request.body)
    for name, files in request.files.items():
        params[name] = Upload(files[0]["filename"], files[0]["body"])
    for name, value in params.items():
        if isinstance(value, str) and value.startswith("attach://") and value.removeprefix("attach://") in params:
            params[name] = params.pop(value.removeprefix("attach://"))
            break
    return params


def _json_body(body: bytes) -> Json:
    try:
        parsed = json.loads(body)
    except ValueError:
        raise bad_request("can't parse request body as JSON") from None
    if not isinstance(parsed, dict):
        raise bad_request("the body must be an object")
    return parsed
