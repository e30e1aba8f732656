#!/usr/bin/env python3
"""websocket_python.py EXECUTABLE MODULES FOLDER: the client of python3-websockets plays.

Messages of all sizes, fragments, pings, refusals and the ways a connection ends, as another
implementation of RFC 6455 sees them. Exit code 0: all is well.
"""

import asyncio
import os
import signal
import subprocess
import sys

import websockets

INI = """\
[host]
ready_file = ready
run_dir = run
[modules]
dir = {modules}
autoload = no
[module echo]
[module chat]
[listener web]
address = 127.0.0.1
port = 0
type = echo.session
transport = websocket
origins = https://good.example
frame_limit_bytes = 2M
send_limit_bytes = 16M
[listener talk]
address = 127.0.0.1
port = 0
type = chat.user
transport = websocket
path = /talk
"""


def start(executable, modules, folder):
    os.makedirs(folder, exist_ok=True)
    ready = os.path.join(folder, "ready")
    if os.path.exists(ready):
        os.remove(ready)
    with open(os.path.join(folder, "host.ini"), "w", encoding="utf-8") as ini:
        ini.write(INI.format(modules=modules))
    return subprocess.Popen([executable, "run", os.path.join(folder, "host.ini")])


async def ports(folder):
    """The port of each listener, from the ready file."""
    for _ in range(600):
        try:
            with open(os.path.join(folder, "ready"), encoding="utf-8") as ready:
                words = [line.split() for line in ready]
            found = {w[-2]: int(w[-1].rpartition(":")[2]) for w in words if ":" in w[-1]}
            if len(found) >= 2:
                return found
        except OSError:
            pass
        await asyncio.sleep(0.05)
    raise AssertionError("the host does not serve")


async def messages(url):
    async with websockets.connect(url, max_size=None, origin="https://good.example") as ws:
        assert ws.subprotocol is None
        for size in (2, 125, 126, 127, 128, 65535, 65536, 1000000):
            message = b"\x01\x00" + os.urandom(size - 2)
            await ws.send(message)
            assert await ws.recv() == message, size
        for text in ("", "ascii", "gr\u00fc\u00df dich \U0001f3ae", "x" * 70000):
            await ws.send(text)
            assert await ws.recv() == text
        await ws.send([b"\x07\x00", b"", b"a" * 300, b"b" * 70000])
        assert await ws.recv() == b"\x07\x00" + b"a" * 300 + b"b" * 70000
        await ws.send(["h\u00e9", "", "llo"])
        assert await ws.recv() == "h\u00e9llo"
        await (await ws.ping(b"still there?"))
        for number in range(1, 2001):
            await ws.send(number.to_bytes(2, "little") + b"!")
        for number in range(1, 2001):
            assert await ws.recv() == number.to_bytes(2, "little") + b"!"
        await ws.close(4321, "enough")
        assert ws.close_code == 4321, ws.close_code


async def ended_with(url, message, code):
    async with websockets.connect(url, max_size=None) as ws:
        await ws.send(message)
        try:
            await ws.recv()
        except websockets.ConnectionClosed as closed:
            assert closed.rcvd is not None and closed.rcvd.code == code, closed
            return
    raise AssertionError("not closed")


async def refused(url, status, **options):
    try:
        async with websockets.connect(url, **options):
            raise AssertionError("not refused")
    except websockets.InvalidHandshake as answer: # its newer versions have another class
        found = getattr(answer, "status_code", None)
        assert (found or answer.response.status_code) == status, answer


async def talk(url):
    async with websockets.connect(url) as anna, websockets.connect(url) as bob:
        await bob.send("/name bob")
        await bob.send("hello")
        while "bob: hello" not in str(await anna.recv()):
            pass


async def play(folder):
    port = await ports(folder)
    url = f"ws://127.0.0.1:{port['web']}/"
    await messages(url)
    await ended_with(url, b"\x01\x00" + bytes(3 << 20), 1009)
    await ended_with(url, b"\x01", 1008)
    await refused(url, 403, origin="https://evil.example")
    await refused(url + "nowhere", 404)
    await talk(f"ws://127.0.0.1:{port['talk']}/talk")
    return await websockets.connect(url)


async def main():
    executable, modules, folder = sys.argv[1:4]
    host = start(executable, modules, folder)
    try:
        ws = await asyncio.wait_for(play(folder), 60)
        host.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(ws.recv(), 20)
        except websockets.ConnectionClosed as closed:
            assert closed.rcvd is not None and closed.rcvd.code == 1001, closed
        assert host.wait(20) == 0
    finally:
        if host.poll() is None:
            host.kill()
            host.wait()


asyncio.run(main())
