"""driver.py PORT: sdk/client/python/portico.py as fixtures.py asks for it."""

import asyncio
import os
import ssl
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../../sdk/client/python"))
import portico  # noqa: E402


class Driver:
    def __init__(self, writer):
        self.writer = writer
        self.link = None
        self.sends = asyncio.Queue()
        self.tasks = []

    def report(self, *words):
        self.writer.write((" ".join(str(word) for word in words) + "\n").encode())

    async def connect(self, port, framing, limit, reconnect, timeout_ms, silence_ms, ca):
        """With `reconnect`, the pauses before the first connection are reported as well."""
        tls = None if ca == "-" else ssl.create_default_context(cafile=ca)
        client = portico.Client("127.0.0.1", int(port), framing, tls, "/", None, int(limit),
                                int(timeout_ms) / 1000, int(silence_ms) / 1000, reconnect == "1",
                                (0.1, 2.0))
        self.link = client
        client.on("lost", lambda why, pause: self.report("lost", why.code, round(pause * 1000),
                                                         why.text))
        client.on("close", lambda why: self.report("close", why.code, why.text))
        client.on("packet", lambda p: self.report("packet", p.opcode, p.payload.hex() or "-"))
        client.on("open", lambda: self.report("open"))
        self.sends = asyncio.Queue()
        try:
            await client._start()
        except portico.Closed:
            return
        if client.reason is None:
            self.report("open")
        sender = asyncio.create_task(self.send())
        await client.run()
        sender.cancel()

    async def send(self):
        while True:
            await self.link.send(*await self.sends.get())

    async def obey(self, line):
        word, *rest = line.split()
        if word == "connect":
            self.tasks.append(asyncio.create_task(self.connect(*rest)))
        elif word == "send":
            data = b"" if rest[1] == "-" else bytes.fromhex(rest[1])
            self.sends.put_nowait((int(rest[0]), data))
        elif word == "text":
            data = b"" if rest[0] == "-" else bytes.fromhex(rest[0])
            self.sends.put_nowait((0, data.decode()))
        elif word == "close":
            for _ in range(100):  # what has been queued before; a server may read nothing
                if self.sends.empty():
                    break
                await asyncio.sleep(0.01)
            await self.link.close()


async def main():
    reader, writer = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]), limit=1 << 23)
    driver = Driver(writer)
    while line := await reader.readline():
        await driver.obey(line.decode())
        await writer.drain()
    for task in driver.tasks:
        if task.done():
            task.result()  # raises what the client has raised


asyncio.run(main())
