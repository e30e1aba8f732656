"""bot.py [PORT [TICKS]]: a player of plugins/arena.c (`portico conf/arena.ini`) that runs after the
nearest other one and tags it. Start two of them, and swap the arena while they play."""

import asyncio
import struct
import sys

import portico

JOIN, MOVE, HIT, WELCOME, SNAPSHOT = 1, 2, 3, 100, 101


async def play(port: int = 7780, ticks: int = 0) -> None:
    link = await portico.connect("127.0.0.1", port, reconnect=True)
    await link.send(JOIN, "meadow")
    number = tick = 0

    @link.on("open")  # again, after the host was away
    async def join() -> None:
        await link.send(JOIN, "meadow")

    async for opcode, payload in link:
        if opcode == WELCOME:
            number = struct.unpack_from("<H", payload)[0]
            print("I am number", number, flush=True)
        if opcode != SNAPSHOT:
            continue
        places = {n: (x, y) for n, x, y in struct.iter_unpack("<HHH", payload[6:])}
        x, y = places.pop(number, (0, 0))
        steps = sorted((abs(u - x) + abs(v - y), u - x, v - y) for u, v in places.values())
        for _, dx, dy in steps[:1]:
            await link.send(MOVE, struct.pack("<hh", max(-9, min(9, dx)), max(-9, min(9, dy))))
            await link.send(HIT)
        tick += 1
        if tick == ticks:
            await link.close()


asyncio.run(play(*map(int, sys.argv[1:])))
