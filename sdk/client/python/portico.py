"""portico.py: a client of a Portico host. One file, asyncio, Python 3.9 or later, no packages.

    link = await portico.connect("127.0.0.1", 7780)
    await link.send(1, b"meadow")

    async for opcode, payload in link:      # or: link.on(101, handler), then await link.run()
        ...

A client reads only while a task iterates over it or is in `run`: a game that is slow is sent less,
and nothing piles up. One task at a time may do that; any number may send. All methods belong to
the event loop in which `connect` was called.

No bytes from a server make these functions raise: a server that breaks the rules of the framing
ends the connection, and `link.reason` says why.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import inspect
import os
import random
import ssl
import struct
from collections import deque
from typing import Any, AsyncIterator, Callable, Deque, Dict, NamedTuple, Optional, Tuple, Union

__all__ = ["connect", "Client", "Closed", "Packet", "Reason"]

READ_BYTES = 65536  # from the system at once
HEAD_BYTES = 8192  # of a server's answer to the upgrade to WebSocket
CLOSE_S = 2.0  # how long `close` waits for the server to hang up
Data = Union[bytes, bytearray, memoryview, str]


class Packet(NamedTuple):
    """What the server sent. The framings `line` and `raw` have no opcodes: 0."""

    opcode: int
    payload: bytes


class Reason(NamedTuple):
    """Why a connection is over. `text` is for people, `code` is one of

    closed   by `close` on this side
    ended    the server closed it, a WebSocket with a close frame
    lost     the network broke it, or nothing was heard for `silence` seconds
    failed   it could not be made
    broken   the server sent what the framing does not allow, or more than `limit` bytes
    """

    code: str
    text: str


class Closed(ConnectionError):
    """Raised by `connect` only: there is no connection. `reason` says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.text)
        self.reason = reason


class _Broken(Exception):
    """The server's bytes break the rules. `status` is what a WebSocket's close frame says."""

    def __init__(self, text: str, status: int = 1002) -> None:
        super().__init__(text)
        self.status = status


class _Ended(Exception):
    """The server has closed the WebSocket in order."""


class _Rules:
    """What framings have in common."""

    def end(self) -> Reason:
        """The meaning of the end of the server's bytes."""
        return Reason("ended", "the server closed the connection")


def _bytes(payload: Data) -> bytes:
    return payload.encode() if isinstance(payload, str) else bytes(payload)


# ---- framings ----------------------------------------------------------------------------------
# Each turns packets into bytes (frame) and bytes into packets (feed). `feed` adds to `packets`
# whatever is complete, and raises _Broken or _Ended after it.


class _Sized(_Rules):
    """u16 and u32: a header with the size of the whole frame and the opcode, little endian."""

    def __init__(self, name: str, limit: int) -> None:
        self.header = struct.Struct("<HH" if name == "u16" else "<IHH")
        self.most = min(limit + self.header.size, 0xFFFF if name == "u16" else 0xFFFFFFFF)
        self.fields = 2 if name == "u16" else 3
        self.rest = bytearray()

    def frame(self, opcode: int, payload: Data) -> bytes:
        data = _bytes(payload)
        size = len(data) + self.header.size
        if not 0 <= opcode <= 0xFFFF:
            raise ValueError(f"opcode {opcode}: allowed are 0 to 65535")
        if size > self.most:
            raise ValueError(f"{len(data)} bytes: allowed are {self.most - self.header.size}")
        return self.header.pack(*(size, opcode, 0)[: self.fields]) + data

    def feed(self, data: bytes, packets: Deque[Packet]) -> None:
        self.rest += data
        at, header = 0, self.header.size
        try:
            while len(self.rest) - at >= header:
                size, opcode, *zero = self.header.unpack_from(self.rest, at)
                if size < header or size > self.most or any(zero):
                    raise _Broken(f"a frame's header says {size} bytes, allowed are {header} to "
                                  f"{self.most}" + (", and a zero" if zero else ""))
                if len(self.rest) - at < size:
                    break
                packets.append(Packet(opcode, bytes(self.rest[at + header : at + size])))
                at += size
        finally:
            del self.rest[:at]


class _Line(_Rules):
    """line: text that ends in LF or CR LF."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.rest = bytearray()

    def frame(self, opcode: int, payload: Data) -> bytes:
        data = _bytes(payload)
        if opcode != 0 or b"\n" in data:
            raise ValueError("the framing line has opcode 0 only, and no line end in a payload")
        if len(data) > self.limit:
            raise ValueError(f"{len(data)} bytes: allowed are {self.limit}")
        return data + b"\n"

    def feed(self, data: bytes, packets: Deque[Packet]) -> None:
        first, *others = data.split(b"\n")
        self.rest += first
        for after in others:
            line = bytes(self.rest[:-1] if self.rest.endswith(b"\r") else self.rest)
            self.check(len(line))
            packets.append(Packet(0, line))
            self.rest = bytearray(after)
        self.check(len(self.rest) - 1)  # the last byte may be a CR

    def check(self, size: int) -> None:
        if size > self.limit:
            raise _Broken(f"a line has more than {self.limit} bytes")


class _Raw(_Rules):
    """raw: bytes as they come."""

    def __init__(self, limit: int) -> None:
        self.limit = limit

    def frame(self, opcode: int, payload: Data) -> bytes:
        if opcode != 0:
            raise ValueError("the framing raw has opcode 0 only")
        return _bytes(payload)

    def feed(self, data: bytes, packets: Deque[Packet]) -> None:
        for at in range(0, len(data), self.limit):
            packets.append(Packet(0, data[at : at + self.limit]))


class _WebSocket(_Rules):
    """RFC 6455, the client's side. A binary message is a u16 opcode and the payload, a text message
    is a packet with opcode 0. Answers go out through `write`."""

    CONTINUED, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.rest = bytearray()
        self.message = bytearray()
        self.kind = 0  # of the message whose fragments are arriving; 0: none
        self.said_close = False
        self.write: Callable[[bytes], None] = lambda data: None

    def end(self) -> Reason:
        return Reason("lost", "the server hung up without a close frame")

    # -- what is sent

    def frame(self, opcode: int, payload: Data) -> bytes:
        data = _bytes(payload)
        if not 0 <= opcode <= 0xFFFF:
            raise ValueError(f"opcode {opcode}: allowed are 0 to 65535")
        if len(data) > self.limit:
            raise ValueError(f"{len(data)} bytes: allowed are {self.limit}")
        if opcode == 0 and isinstance(payload, str):
            return self.masked(self.TEXT, data)
        return self.masked(self.BINARY, struct.pack("<H", opcode) + data)

    @staticmethod
    def masked(kind: int, data: bytes) -> bytes:
        size, mask = len(data), os.urandom(4)
        if size < 126:
            head = struct.pack("!BB", 0x80 | kind, 0x80 | size)
        elif size <= 0xFFFF:
            head = struct.pack("!BBH", 0x80 | kind, 0x80 | 126, size)
        else:
            head = struct.pack("!BBQ", 0x80 | kind, 0x80 | 127, size)
        long_mask = int.from_bytes((mask * (size // 4 + 1))[:size], "little")
        body = (int.from_bytes(data, "little") ^ long_mask).to_bytes(size, "little")
        return head + mask + body

    def say_close(self, status: int) -> None:
        if not self.said_close:
            self.said_close = True
            self.write(self.masked(self.CLOSE, struct.pack("!H", status)))

    # -- what arrives

    def feed(self, data: bytes, packets: Deque[Packet]) -> None:
        self.rest += data
        at = 0
        try:
            while True:
                end = self.take(at, packets)
                if end is None:
                    return
                at = end
        finally:
            del self.rest[:at]

    def take(self, at: int, packets: Deque[Packet]) -> Optional[int]:
        """Takes one frame. Returns where the next one begins; None: it is not complete."""
        have = len(self.rest) - at
        if have < 2:
            return None
        first, size = self.rest[at], self.rest[at + 1]
        kind, final = first & 15, first >= 0x80
        if first & 0x70 or kind not in (0, 1, 2, 8, 9, 10):
            raise _Broken(f"a WebSocket frame begins with {first:#04x}")
        if size >= 0x80:
            raise _Broken("a server's WebSocket frame is masked")
        if kind >= self.CLOSE and (size > 125 or not final):
            raise _Broken("a control frame is fragmented or has more than 125 bytes")
        extra = {126: 2, 127: 8}.get(size, 0)
        if have < 2 + extra:
            return None
        if extra:
            size = int.from_bytes(self.rest[at + 2 : at + 2 + extra], "big")
            if size < 126 or (extra == 8 and size <= 0xFFFF):
                raise _Broken("a WebSocket frame's size is not written as short as it can be")
        if kind < self.CLOSE and size + len(self.message) > self.limit + 2:
            raise _Broken(f"a message has more than {self.limit} bytes", 1009)
        begin = at + 2 + extra
        if have < 2 + extra + size:
            return None
        payload = bytes(self.rest[begin : begin + size])
        if kind >= self.CLOSE:
            self.control(kind, payload)
        else:
            self.fragment(kind, final, payload, packets)
        return begin + size

    def fragment(self, kind: int, final: bool, payload: bytes, packets: Deque[Packet]) -> None:
        if (kind == self.CONTINUED) != (self.kind != 0):
            raise _Broken("the fragments of WebSocket messages are mixed up")
        self.kind = self.kind or kind
        self.message += payload
        if not final:
            return
        kind, message = self.kind, bytes(self.message)
        self.kind = 0
        self.message.clear()
        if kind == self.TEXT:
            try:
                message.decode()
            except UnicodeDecodeError:
                raise _Broken("a text message is not UTF-8", 1007) from None
            packets.append(Packet(0, message))
        elif len(message) < 2:
            raise _Broken("a binary message has no opcode")
        else:
            packets.append(Packet(message[0] | message[1] << 8, message[2:]))

    def control(self, kind: int, payload: bytes) -> None:
        if kind == self.PING:
            self.write(self.masked(self.PONG, payload))
        elif kind == self.CLOSE:
            status = int.from_bytes(payload[:2], "big") if payload else 1000
            known = 1000 <= status <= 1014 and status not in (1004, 1005, 1006)
            if len(payload) == 1 or not (known or 3000 <= status <= 4999):
                raise _Broken("a close frame has no valid status")
            try:
                words = payload[2:].decode()
            except UnicodeDecodeError:
                raise _Broken("a close frame's reason is not UTF-8", 1007) from None
            self.say_close(status)
            raise _Ended(f"the server closed the WebSocket: {status} {words}".rstrip())

    # -- the upgrade

    async def open(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter,
                   host: str, path: str, origin: Optional[str]) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Upgrade: websocket",
                 "Connection: Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13"]
        if origin:
            lines.append(f"Origin: {origin}")
        writer.write("\r\n".join(lines + ["", ""]).encode())
        head = bytearray()
        while b"\r\n\r\n" not in head:
            data = await reader.read(HEAD_BYTES)
            if not data:
                raise OSError("the server hung up instead of opening a WebSocket")
            head += data
            if len(head) > HEAD_BYTES and b"\r\n\r\n" not in head[:HEAD_BYTES]:
                raise OSError("the server's answer to the upgrade is too long")
        answer, _, self.rest = head.partition(b"\r\n\r\n")
        self.check_answer(answer.decode("latin-1"), key)

    @staticmethod
    def check_answer(answer: str, key: str) -> None:
        status, *lines = answer.split("\r\n")
        fields: Dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(":")
            fields[name.strip().lower()] = value.strip()
        digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        tokens = [t.strip().lower() for t in fields.get("connection", "").split(",")]
        if status.split(" ")[:2] != ["HTTP/1.1", "101"]:
            raise OSError(f"the server opens no WebSocket here: {status[:80]!r}")
        if (fields.get("upgrade", "").lower() != "websocket" or "upgrade" not in tokens
                or fields.get("sec-websocket-accept") != base64.b64encode(digest).decode()
                or "sec-websocket-extensions" in fields or "sec-websocket-protocol" in fields):
            raise OSError("the server's answer to the upgrade breaks RFC 6455")


_Framing = Union[_Sized, _Line, _Raw, _WebSocket]


def _framing(name: str, limit: int) -> _Framing:
    if name in ("u16", "u32"):
        return _Sized(name, limit)
    if name in ("line", "raw", "websocket"):
        return {"line": _Line, "raw": _Raw, "websocket": _WebSocket}[name](limit)
    raise ValueError(f"framing {name!r}: allowed are u16, u32, line, raw, websocket")


# ---- the client --------------------------------------------------------------------------------


class Client:
    """A connection, or a row of them with `reconnect`. Made by `connect`."""

    def __init__(self, host: str, port: int, framing: str, tls: Optional[ssl.SSLContext],
                 path: str, origin: Optional[str], limit: int, timeout: float, silence: float,
                 reconnect: bool, pause: Tuple[float, float]) -> None:
        if limit < 1 or not 0 < pause[0] <= pause[1]:
            raise ValueError("limit is below 1, or pause is not (shortest, longest)")
        if any(c <= " " or c > "~" for c in path + (origin or "")) or not path.startswith("/"):
            raise ValueError("path and origin are ASCII without blanks, and path begins with /")
        self.state = "connecting"  #: connecting, open, waiting (to connect again), closed
        self.reason: Optional[Reason] = None  #: why the last connection is over
        self._where = (host, port, tls)
        self._web = ("[%s]:%d" % (host, port) if ":" in host else "%s:%d" % (host, port),
                     path, origin)
        self._made = (framing, limit)
        self._rules = _framing(framing, limit)  # of the connection that there is
        self._timeout, self._silence = timeout, silence
        self._reconnect, self._pause = reconnect, pause
        self._failures = 0
        self._packets: Deque[Packet] = deque()
        self._over: Optional[Reason] = None  # noticed, but packets before it are not delivered yet
        self._reader: Optional[asyncio.StreamReader] = None
        self._writer: Optional[asyncio.StreamWriter] = None
        self._handlers: Dict[Union[int, str], Callable[..., Any]] = {}
        self._closing = asyncio.Event()
        self._hung_up = asyncio.Event()
        self._reading = False
        self._draining = asyncio.Lock()

    # -- sending

    async def send(self, opcode: int, payload: Data = b"") -> bool:
        """Sends a packet, after all packets before it. Returns once the system has taken most of
        what is queued, so a sender is never far ahead of the network.

        False: there is no connection now, and the packet is dropped. True does not mean that it
        has arrived. A str is sent as UTF-8, over WebSocket with opcode 0 as a text message. Raises
        ValueError for a packet that the framing cannot carry."""
        frame = self._rules.frame(opcode, payload)
        writer = self._writer
        if self.state != "open" or writer is None or self._closing.is_set():
            return False
        writer.write(frame)
        try:
            async with self._draining:
                await writer.drain()
        except OSError:
            return False  # the task that reads notices it as well
        return writer is self._writer

    # -- receiving

    def on(self, what: Union[int, str], handler: Optional[Callable[..., Any]] = None) -> Any:
        """Sets what `run` calls, a function or a coroutine function; also a decorator.

        on(OPCODE, handler(payload))     a packet with that opcode
        on("packet", handler(packet))    a packet whose opcode has no handler
        on("open", handler())            the client has connected again
        on("lost", handler(reason, s))   the connection is over; the next attempt is in s seconds
        on("close", handler(reason))     it is over for good

        The events are also called while a task iterates."""
        if handler is None:
            return lambda function: self.on(what, function)
        if isinstance(what, str) and what not in ("packet", "open", "lost", "close"):
            raise ValueError(f"event {what!r}: allowed are packet, open, lost, close")
        self._handlers[what] = handler
        return handler

    async def run(self) -> Reason:
        """Hands every packet to its handler until the client is closed. Returns why it is."""
        async for packet in self:
            if packet.opcode in self._handlers:
                await self._call(packet.opcode, packet.payload)
            else:
                await self._call("packet", packet)
        return self.reason or Reason("closed", "closed by the client")

    def __aiter__(self) -> AsyncIterator[Packet]:
        return self

    async def __anext__(self) -> Packet:
        if self._reading:
            raise RuntimeError("two tasks read from one client")
        self._reading = True
        try:
            while not self._closing.is_set():
                if self._packets:
                    self._failures = 0
                    return self._packets.popleft()
                if self.state == "closed":
                    break
                if self._over is not None or self.state != "open":  # or that was cancelled
                    await self._end_connection(self._over or self.reason)
                else:
                    await self._read()
            while self._over is None and self._reader is not None:  # `close` waits for the end
                await self._read()
                self._packets.clear()
            self._hung_up.set()
            raise StopAsyncIteration
        finally:
            self._reading = False

    # -- closing

    async def close(self) -> None:
        """Sends what is queued, closes, and waits up to two seconds for the server to do the same.
        Packets that arrive after that are dropped. May be called at any time, also twice."""
        if self._closing.is_set() or self.state == "closed":
            return
        self._closing.set()
        writer, self.reason = self._writer, Reason("closed", "closed by the client")
        was_open, self.state = self.state == "open", "closed"
        if writer is not None and was_open:
            try:
                await asyncio.wait_for(self._say_goodbye(writer), CLOSE_S)
            except (OSError, asyncio.TimeoutError, RuntimeError):
                pass  # it is closed the hard way below
        self._hang_up()
        await self._call("close", self.reason)

    async def _say_goodbye(self, writer: asyncio.StreamWriter) -> None:
        if isinstance(self._rules, _WebSocket):
            self._rules.say_close(1000)
        elif writer.can_write_eof():
            writer.write_eof()
        else:  # TLS has no half-close: wait until the system has everything
            writer.transport.set_write_buffer_limits(1)
            await writer.drain()
            return
        if self._reading:
            await self._hung_up.wait()
        else:
            while self._reader is not None and await self._reader.read(READ_BYTES):
                pass

    async def __aenter__(self) -> "Client":
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    # -- connections

    async def _start(self) -> None:
        while self.state != "open":
            reason = await self._dial()
            if reason is not None:
                await self._end_connection(reason)
                if self.state == "closed":
                    raise Closed(reason)

    async def _dial(self) -> Optional[Reason]:
        """Makes one connection. None: the client is open."""
        try:
            await asyncio.wait_for(self._open(), self._timeout)
        except asyncio.TimeoutError:
            return self._failed(f"no answer within {self._timeout:g} s")
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            return self._failed(str(error) or type(error).__name__)
        except asyncio.CancelledError:
            self._hang_up()
            raise
        self.state = "open"
        try:
            self._rules.feed(b"", self._packets)  # what came with the answer to an upgrade
        except (_Broken, _Ended) as error:
            self._note(error)
        return None

    def _failed(self, text: str) -> Reason:
        self._hang_up()
        return Reason("failed", text)

    async def _open(self) -> None:
        host, port, tls = self._where
        self._rules = rules = _framing(*self._made)
        reader, writer = await asyncio.open_connection(host, port, ssl=tls)
        self._reader, self._writer = reader, writer
        if isinstance(rules, _WebSocket):
            rules.write = lambda data: self._answer(writer, data)
            await rules.open(reader, writer, *self._web)

    @staticmethod
    def _answer(writer: asyncio.StreamWriter, data: bytes) -> None:
        """Control frames to a server that reads nothing are dropped, so they cannot pile up."""
        if not writer.is_closing() and writer.transport.get_write_buffer_size() < READ_BYTES:
            writer.write(data)

    async def _read(self) -> None:
        assert self._reader is not None
        try:
            data = await (asyncio.wait_for(self._reader.read(READ_BYTES), self._silence)
                          if self._silence else self._reader.read(READ_BYTES))
            if data:
                self._rules.feed(data, self._packets)
            else:
                self._over = self._rules.end()
        except asyncio.TimeoutError:
            self._over = Reason("lost", f"nothing was heard for {self._silence:g} s")
        except OSError as error:
            self._over = Reason("lost", str(error) or type(error).__name__)
        except (_Broken, _Ended) as error:
            self._note(error)

    def _note(self, error: Union[_Broken, _Ended]) -> None:
        if isinstance(error, _Broken) and isinstance(self._rules, _WebSocket):
            self._rules.say_close(error.status)
        self._over = Reason("broken" if isinstance(error, _Broken) else "ended", str(error))

    async def _end_connection(self, why: Optional[Reason]) -> None:
        """Waits and connects again, or closes the client."""
        self.reason = reason = why or Reason("lost", "the connection was given up")
        self._over = None
        self._hang_up()
        while self._reconnect and reason.code != "broken" and not self._closing.is_set():
            self.state = "waiting"
            longest = min(self._pause[0] * 2 ** min(self._failures, 30), self._pause[1])
            pause = random.uniform(longest / 2, longest)
            self._failures += 1
            await self._call("lost", reason, pause)
            try:
                await asyncio.wait_for(self._closing.wait(), pause)
                return  # close was called
            except asyncio.TimeoutError:
                pass
            self.state = "connecting"
            failure = await self._dial()
            if self._closing.is_set():
                self._hang_up()
                self.state = "closed"
                return
            if failure is None:
                await self._call("open")
                return
            reason = self.reason = failure
        if not self._closing.is_set():
            self.state = "closed"
            await self._call("close", reason)

    def _hang_up(self) -> None:
        writer, self._writer, self._reader = self._writer, None, None
        if writer is not None and writer.transport.get_write_buffer_size() > 0:
            writer.transport.abort()  # the server has had its time to read that
        elif writer is not None:
            writer.close()
        self._hung_up.set()

    async def _call(self, what: Union[int, str], *arguments: Any) -> None:
        handler = self._handlers.get(what)
        result = handler(*arguments) if handler else None
        if inspect.isawaitable(result):
            await result


async def connect(host: str, port: int, framing: str = "u16",
                  tls: Optional[ssl.SSLContext] = None, *, path: str = "/",
                  origin: Optional[str] = None, limit: int = 1 << 20, timeout: float = 10.0,
                  silence: float = 0.0, reconnect: bool = False,
                  pause: Tuple[float, float] = (0.25, 15.0)) -> Client:
    """Connects to a listener of a host. Raises Closed if there is no connection.

    framing    of the listener: u16, u32, line, raw; websocket for `transport = websocket`
    tls        ssl.create_default_context() for a listener with `tls = yes`
    path       of a WebSocket; `origin` is the header that browsers send
    limit      bytes of the largest payload, in both directions
    timeout    seconds that connecting may take
    silence    seconds without a byte from the server after which the connection is lost; 0: never
    reconnect  connects again when the connection is over, after pauses that grow from pause[0] to
               pause[1] seconds, each between a half and the whole. The first connection is tried
               again as well. A server that breaks the rules is left alone.
    """
    client = Client(host, port, framing, tls, path, origin, limit, timeout, silence, reconnect,
                    pause)
    await client._start()
    return client
