"""suite.py: the scenarios that every client in sdk/client/ passes. See README.md.

    suite.py --exe PORTICO --modules DIR --test-modules DIR --suffix .so --folder DIR
             [--emulator "sh|wine.sh"] [--drive Z:] [--example "python3|bot.py"]
             [--framings u16,u32] [--browser] [--tls] [--only SCENARIO,...] -- DRIVER...
"""

import argparse
import os
import random
import shutil
import struct
import subprocess
import sys
import time

from fixtures import (PATIENCE, Driver, Failure, Host, Trust, accept_key, answer_upgrade, check,
                      encode, end_in_order, equal, greet, nothing_follows, read_exactly,
                      read_to_end, read_upgrade, read_web_frame, reset, wait_for_close, web_frame)

SCENARIOS = []
EXAMPLE = []  # a command
PACKETS = ("u16", "u32", "websocket")  # framings with opcodes


def scenario(function):
    SCENARIOS.append(function)
    return function


def packets_of(size):
    """Bytes that a line may contain as well."""
    return bytes(33 + i % 90 for i in range(size))


def framed(driver):
    return [framing for framing in driver.framings if framing != "raw"]


def both(driver):
    """One framing of each kind."""
    return [framing for framing in ("u16", "websocket") if framing in driver.framings]


def opcode_for(framing, opcode):
    return opcode if framing in PACKETS else 0


# ---- with a real host ----------------------------------------------------------------------------


@scenario
def echo_sizes(driver, host):
    """A packet of each size up to the framing's limit comes back."""
    small = [0, 1, 2, 3, 4, 100, 125, 126, 127, 1000, 4096, 16384, 65530, 65531]
    for framing in driver.framings:
        if framing == "raw":
            continue
        sizes = small + ([65532, 65535, 65536, 65537, 1 << 20] if framing != "u16" else [])
        driver.open(host.ports[framing], framing)
        for size in sizes:
            driver.send(opcode_for(framing, size & 0xFFFF), packets_of(size))
            driver.packet(opcode_for(framing, size & 0xFFFF), packets_of(size))
        driver.close()


@scenario
def echo_raw(driver, host):
    """Bytes without frames come back, in whatever pieces."""
    if "raw" not in driver.framings:
        return
    sent = random.Random(1).randbytes(300000)
    driver.open(host.ports["raw"], "raw")
    received = b""
    for at in range(0, len(sent), 50000):
        driver.send(0, sent[at : at + 50000])
        while len(received) < at + 50000:
            received += bytes.fromhex(driver.expect("packet", 0)[0])
    equal(received, sent, "the bytes")
    driver.close()


@scenario
def in_order(driver, host):
    """10,000 packets come back in their order."""
    for framing in driver.framings:
        if framing == "raw":
            continue
        driver.open(host.ports[framing], framing)
        for i in range(10000):
            driver.send(opcode_for(framing, i), b"%d" % i)
        for i in range(10000):
            driver.packet(opcode_for(framing, i), b"%d" % i)
        driver.close()


@scenario
def opcodes(driver, host):
    for framing in driver.framings:
        if framing in PACKETS:
            driver.open(host.ports[framing], framing)
            for opcode in (0, 1, 255, 256, 0x1234, 65535):
                driver.send(opcode, b"x")
                driver.packet(opcode, b"x")
            driver.close()


@scenario
def web_host(driver, host):
    """Text messages; another path; a host that pings a silent client each second."""
    if "websocket" not in driver.framings:
        return
    driver.open(host.ports["websocket"], "websocket")
    for words in ("", "caf\u00e9", "x" * 70000):
        driver.say("text " + (words.encode().hex() or "-"))
        driver.packet(0, words.encode())
    driver.close()
    driver.connect(host.ports["elsewhere"], "websocket")
    driver.expect("close", "failed")
    driver.open(host.ports["pings"], "websocket")
    time.sleep(4)  # the host would close after two pings without an answer
    driver.send(9, b"still there")
    driver.packet(9, b"still there")
    driver.close()


@scenario
def host_restarts(driver, host):
    """A client that reconnects plays on with the next process of the host."""
    framings = driver.framings
    for framing in framings:
        driver.open(host.ports[framing], framing, reconnect=1)
        driver.send(0, b"before")
        driver.packet(0, b"before")
        host.stop()
        driver.expect("lost")
        host.start()
        while (line := driver.hear())[0] == "lost":
            equal(line[1], "failed", "before the host serves")
        equal(line, ["open"], "after the host serves")
        driver.send(0, b"after")
        driver.packet(0, b"after")
        driver.close()


@scenario
def host_stops(driver, host):
    """Without `reconnect`, the end of the host is the end of the client."""
    for framing in driver.framings:
        driver.open(host.ports[framing], framing)
        driver.send(0, b"before")  # accepted, and not only by the system
        driver.packet(0, b"before")
        host.stop()
        driver.expect("close", "ended")
        driver.connect(host.ports[framing], framing)
        driver.expect("close", "failed")
        host.start()


@scenario
def plays_arena(driver, host):
    """Joins a field, and sees itself move in the snapshots."""
    for framing in both(driver):
        driver.open(host.ports["arena" if framing == "u16" else "arena_web"], framing)
        play(driver)
        driver.close()


def play(driver):
    driver.send(1, b"meadow")
    welcome = None
    places = set()
    while len(places) < 3:
        opcode, data = driver.expect("packet")
        payload = b"" if data == "-" else bytes.fromhex(data)
        if opcode == "100":
            welcome = struct.unpack("<HHHH", payload)
        elif opcode == "101":
            check(welcome, "a snapshot before the welcome")
            tick, count = struct.unpack_from("<IH", payload)
            equal((count, len(payload)), (1, 12), f"snapshot {tick}")
            number, x, y = struct.unpack_from("<HHH", payload, 6)
            equal(number, welcome[0], "the player's number")
            places.add((x, y))
            driver.send(2, struct.pack("<hh", 1 if x < 500 else -1, 0))


@scenario
def example(driver, host):
    """The example that comes with the client joins a field and is in it for 20 ticks."""
    if EXAMPLE and not driver.tls:
        run = subprocess.run(EXAMPLE + [str(host.ports["arena"]), "20"], stdout=subprocess.PIPE,
                             stdin=subprocess.DEVNULL, timeout=PATIENCE, text=True, check=False)
        equal(run.returncode, 0, "the example's exit code")
        equal(run.stdout.split()[:4], "I am number 1".split(), "the example's first words")


# ---- with servers made for the test -------------------------------------------------------------


@scenario
def dribbled(driver, host):
    """Packets arrive a byte at a time, and cut at every place."""
    for framing in framed(driver):
        packets = [(opcode_for(framing, 7 * i), packets_of(size))
                   for i, size in enumerate((0, 1, 130, 3))]
        data = b"".join(encode(framing, opcode, payload) for opcode, payload in packets)

        def serve(connection):
            greet(framing, connection)
            for byte in data:
                connection.sendall(bytes([byte]))
            for at in range(1, len(data)):
                connection.sendall(data[:at])
                time.sleep(0.001)  # so that it does arrive in two pieces, most of the time
                connection.sendall(data[at:])
            wait_for_close(framing, connection)

        with driver.server(serve) as server:
            driver.open(server.port, framing)
            for _ in range(len(data)):
                for opcode, payload in packets:
                    driver.packet(opcode, payload)
            driver.close()


@scenario
def line_ends(driver, host):
    if "line" not in driver.framings:
        return

    def serve(connection):
        connection.sendall(b"a\r\n\r\nb\n\nc\rd\r\n\r")
        connection.sendall(b"\nrest")

    with driver.server(serve) as server:
        driver.open(server.port, "line")
        for line in (b"a", b"", b"b", b"", b"c\rd", b""):
            driver.packet(0, line)
        driver.expect("close", "ended")


def broken(framing):
    """What a server must not send: a name and the bytes. The limit is 1000."""
    if framing == "u16":
        return [("size 3", b"\3\0\1\0"), ("size 0", bytes(4)),
                ("too large", encode("u16", 1, bytes(1001))[:4])]
    if framing == "u32":
        return [("size 7", b"\7\0\0\0\1\0\0\0"), ("too large", encode("u32", 1, bytes(1001))[:8]),
                ("huge", b"\xff" * 6 + b"\0\0"), ("not zero", b"\x08\0\0\0\1\0\1\0")]
    if framing == "line":
        return [("too long", b"x" * 1001 + b"\n"), ("endless", b"x" * 1002),
                ("with CR", b"x" * 1001 + b"\r\n")]
    opcode = b"\1\0"
    return [("reserved bit 1", b"\xc2\2" + opcode), ("reserved bit 2", b"\xa2\2" + opcode),
            ("reserved bit 3", b"\x92\2" + opcode), ("kind 3", web_frame(3, opcode)),
            ("kind 11", web_frame(11, b"")), ("masked", b"\x82\x82\0\0\0\0" + opcode),
            ("long in 2 bytes", web_frame(2, opcode, size_bytes=2)),
            ("long in 8 bytes", web_frame(2, opcode + bytes(200), size_bytes=8)),
            ("no opcode", web_frame(2, b"\1")), ("empty binary", web_frame(2, b"")),
            ("too large", b"\x82\x7e" + (1003).to_bytes(2, "big")),
            ("huge", b"\x82\x7f" + b"\xff" * 8),
            ("too large in parts", web_frame(2, opcode + bytes(600), False)
             + web_frame(0, bytes(401))),
            ("continued nothing", web_frame(0, opcode)),
            ("begun twice", web_frame(2, opcode, False) + web_frame(2, opcode)),
            ("long ping", b"\x89\x7e\0\x7e" + bytes(126)), ("cut ping", web_frame(9, b"", False)),
            ("bad UTF-8", web_frame(1, b"\xc3(")), ("cut UTF-8", web_frame(1, b"\xe2\x82")),
            ("surrogate", web_frame(1, b"\xed\xa0\x80")), ("overlong", web_frame(1, b"\xc0\x80")),
            ("above U+10FFFF", web_frame(1, b"\xf4\x90\x80\x80")),
            ("UTF-8 bad in parts", web_frame(1, b"\xe2", False) + web_frame(0, b"(\x82")),
            ("close with 1 byte", web_frame(8, b"\3")), ("close 999", web_frame(8, b"\3\xe7")),
            ("close 1005", web_frame(8, b"\3\xed")), ("close 5000", web_frame(8, b"\x13\x88")),
            ("close not UTF-8", web_frame(8, b"\3\xe8\xff"))]


@scenario
def broken_frames(driver, host):
    """What is right before is delivered; then the client closes. It also does with `reconnect`."""
    for framing in framed(driver):
        for i, (name, data) in enumerate(broken(framing)):
            status = []

            def serve(connection):
                greet(framing, connection)
                connection.sendall(encode(framing, 0, b"right") + (b"" if driver.browser else data))
                if driver.browser:
                    read_web_frame(connection)  # it drops packets that come with what is broken
                    connection.sendall(data + bytes(1003))  # and looks at whole messages
                    connection.recv(1000)  # a close frame, for whose answer it waits a minute
                    return
                if framing == "websocket":
                    kind, payload = read_web_frame(connection)
                    equal(kind, 8, "a close frame")
                    status.append(int.from_bytes(payload[:2], "big"))
                read_to_end(connection)

            with driver.server(serve) as server:
                if driver.browser:
                    driver.open(server.port, framing, limit=1000)
                    driver.packet(0, b"right")
                    driver.send(0, b"received")
                    known = name in ("no opcode", "empty binary") or "too large" in name
                    equal(driver.hear(), ["close", "broken" if known else "lost"], name)
                    continue
                driver.open(server.port, framing, limit=1000, reconnect=i % 2)
                driver.packet(0, b"right")
                equal(driver.hear(), ["close", "broken"], f"{framing}: {name}")
            expected = 1007 if "UTF" in name or name in ("surrogate", "overlong",
                                                         "above U+10FFFF") else 1002
            if "too large" in name or name == "huge":
                expected = 1009
            if framing == "websocket":
                equal(status, [expected], name)


@scenario
def largest_frames(driver, host):
    """The limit itself is allowed."""
    for framing in framed(driver):
        def serve(connection):
            greet(framing, connection)
            connection.sendall(encode(framing, opcode_for(framing, 9), packets_of(1000)))
            if framing == "line":
                connection.sendall(packets_of(1000) + b"\r\n")
            wait_for_close(framing, connection)

        with driver.server(serve) as server:
            driver.open(server.port, framing, limit=1000)
            driver.packet(opcode_for(framing, 9), packets_of(1000))
            if framing == "line":
                driver.packet(0, packets_of(1000))
            driver.close()


@scenario
def server_closes(driver, host):
    """In order, without the close frame that a WebSocket ends with, inside a frame, by a reset."""
    for framing in driver.framings:
        for ending in ("whole", "silent", "cut", "reset"):
            def serve(connection):
                greet(framing, connection)
                connection.sendall(encode(framing, 0, b"last"))
                if ending == "whole":
                    end_in_order(framing, connection)
                if ending == "cut" and framing in PACKETS:
                    connection.sendall(encode(framing, 0, b"more")[:5])
                if ending == "reset":
                    equal(read_exactly(connection, 1) != b"", True, "the client has received it")
                    reset(connection)

            with driver.server(serve) as server:
                driver.open(server.port, framing)
                driver.packet(0, b"last")
                if ending == "reset":
                    driver.send(0, b"x")
                    line = driver.hear()
                    check(line in (["close", "lost"], ["close", "ended"]), "a reset:", line)
                elif ending != "whole" and framing == "websocket":
                    driver.expect("close", "lost")
                else:
                    driver.expect("close", "ended")


@scenario
def refused(driver, host):
    """Nobody listens."""
    with driver.server(None, times=0) as server:
        port = server.port
    for framing in driver.framings:
        driver.connect(port, framing)
        driver.expect("close", "failed")


@scenario
def pauses_grow(driver, host):
    """Each pause is up to twice as long as the one before, and at least half of that."""
    with driver.server(None, times=0) as server:
        port = server.port
    driver.connect(port, driver.framings[0], reconnect=1)
    for longest in (100, 200, 400, 800):
        pause = int(driver.expect("lost", "failed")[0])
        check(longest / 2 - 1 <= pause <= longest + 1, "a pause of", pause, "instead of", longest)
    driver.close()


@scenario
def reconnects(driver, host):
    """Pauses begin anew after a connection that has delivered something."""
    for framing in driver.framings:
        def serve(connection):
            greet(framing, connection)
            connection.sendall(encode(framing, 0, b"hello"))
            end_in_order(framing, connection)

        with driver.server(serve, times=4) as server:
            driver.open(server.port, framing, reconnect=1)
            for i in range(4):
                if i > 0:
                    driver.expect("open")
                driver.packet(0, b"hello")
                pause = int(driver.expect("lost", "ended")[0])
                check(49 <= pause <= 101, "a pause of", pause)
        driver.close()


@scenario
def no_answer(driver, host):
    """A server that accepts and does not answer the upgrade; one that falls silent later."""
    def serve(connection):
        read_to_end(connection)

    with driver.server(serve) as server:
        driver.connect(server.port, "websocket", timeout_ms=300)
        driver.expect("close", "failed")
    for framing in both(driver):
        def silent(connection):
            greet(framing, connection)
            connection.sendall(encode(framing, 0, b"hello"))
            connection.recv(1000)  # its end, or a close frame

        with driver.server(silent) as server:
            driver.open(server.port, framing, silence_ms=1000)
            driver.packet(0, b"hello")
            driver.expect("close", "lost")


@scenario
def close_sends_all(driver, host):
    """What was sent before `close` arrives, although the server sends as well."""
    for framing in driver.framings:
        expected = b"".join(encode(framing, 0, b"%d" % i) for i in range(1000))

        def serve(connection):
            greet(framing, connection)
            connection.sendall(encode(framing, 0, b"go"))
            if framing == "websocket":
                for i in range(1000):
                    equal(read_web_frame(connection), (2, b"\0\0%d" % i), "a message")
                equal(read_web_frame(connection), (8, b"\3\xe8"), "the close frame")
                connection.sendall(web_frame(8, b"\3\xe8"))
                nothing_follows(connection)
            else:
                equal(read_to_end(connection), expected, framing)

        with driver.server(serve) as server:
            driver.open(server.port, framing)
            driver.packet(0, b"go")
            for i in range(1000):
                driver.send(0, b"%d" % i)
            driver.close()


@scenario
def server_reads_nothing(driver, host):
    """A client stays alive, bounded and able to close."""
    for framing in both(driver):
        closed = []

        def serve(connection):
            greet(framing, connection)
            connection.sendall(encode(framing, 0, b"go"))
            deadline = time.monotonic() + PATIENCE
            while not closed and time.monotonic() < deadline:
                time.sleep(0.01)

        with driver.server(serve) as server:
            driver.open(server.port, framing)
            driver.packet(0, b"go")
            payload = packets_of(60000)
            for _ in range(300):
                driver.send(0, payload)
            driver.close()
            closed.append(True)


@scenario
def web_messages(driver, host):
    """Fragments, with control frames in between; pings are answered; text is opcode 0."""
    text = "caf\u00e9 \U0001f30d".encode()

    def serve(connection):
        answer_upgrade(connection)
        connection.sendall(web_frame(9, b"a") + web_frame(2, b"\5", False)
                           + web_frame(9, b"b" * 125) + web_frame(0, b"\0hel", False)
                           + web_frame(10, b"unasked")
                           + web_frame(0, b"", False) + web_frame(0, b"lo"))
        for i in range(len(text)):
            connection.sendall(web_frame(1, text[:i], False) + web_frame(0, text[i:]))
        equal(read_web_frame(connection), (10, b"a"), "the first pong")
        equal(read_web_frame(connection), (10, b"b" * 125), "the second pong")
        equal(read_web_frame(connection), (1, text), "a text")
        equal(read_web_frame(connection), (2, b"\0\0" + text), "opcode 0 as bytes")
        connection.sendall(web_frame(8, (4000).to_bytes(2, "big") + text))
        kind, payload = read_web_frame(connection)
        equal((kind, payload[:2]), (8, (4000).to_bytes(2, "big")), "the close frame")
        nothing_follows(connection)

    with driver.server(serve) as server:
        driver.open(server.port, "websocket")
        driver.packet(5, b"hello")
        for _ in range(len(text)):
            driver.packet(0, text)
        driver.say("text " + text.hex())
        driver.send(0, text)
        driver.expect("close", "ended")


@scenario
def web_upgrades(driver, host):
    """Answers to the upgrade that are no WebSocket, and one with the first packet behind it."""
    upgrade = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: {0}\r\nConnection: {1}\r\n{2}\r\n"
    key = "Sec-WebSocket-Accept: KEY\r\n"
    answers = ["HTTP/1.1 404 Not Found\r\n\r\n", "HTTP/1.0 101 Old\r\n\r\n", "\r\n\r\n", "x" * 9000,
               upgrade.format("websocket", "Upgrade", ""), "HTTP/1.1 200 OK\r\n\r\n",
               upgrade.format("websocket", "close", key), upgrade.format("h2c", "Upgrade", key),
               upgrade.format("websocket", "Upgrade", key.replace("KEY", "AAAA")),
               upgrade.format("websocket", "Upgrade", key + "Sec-WebSocket-Extensions: x\r\n"),
               upgrade.format("websocket", "Upgrade", key + "Sec-WebSocket-Protocol: x\r\n"),
               "HTTP/1.1 101 Cut\r\nUpgrade: web"]
    for answer in answers:
        def serve(connection):
            accept = accept_key(read_upgrade(connection))
            connection.sendall(answer.replace("KEY", accept).encode())

        with driver.server(serve) as server:
            driver.connect(server.port, "websocket")
            equal(driver.hear(), ["close", "failed"], f"answer {answer!r:.80}")

    def with_packet(connection):
        accept = accept_key(read_upgrade(connection))
        answer = upgrade.format("WebSocket", "keep-alive, upgrade", key.replace("KEY", accept))
        connection.sendall(answer.replace("Sec-WebSocket-A", "sec-websocket-a").encode()
                           + encode("websocket", 3, b"first"))

    with driver.server(with_packet) as server:
        driver.open(server.port, "websocket")
        driver.packet(3, b"first")
        driver.expect("close", "lost")


@scenario
def certificates(driver, host):
    """A client says why it does not believe a host: an authority that it does not know, or a name
    that is not the host's. A browser keeps that to itself."""
    if not driver.tls:
        return
    for framing in both(driver):
        if not driver.browser:
            driver.connect(host.ports[framing], framing, ca=driver.tls.other_ca)
            driver.expect("close", "failed")
            says(driver, "local issuer certificate", "unable to verify the first certificate")
        driver.connect(host.ports["misnamed"], framing)
        driver.expect("close", "failed")
        if not driver.browser:
            says(driver, "mismatch", "is not in the cert's list")
        driver.open(host.ports[framing], framing)
        driver.close()


def says(driver, *words):
    check(any(word in driver.words for word in words), f"the reason is {driver.words!r}")


@scenario
def noise(driver, host):
    """Random bytes, and packets with random damage: each connection ends, and no client crashes,
    hangs or stops obeying."""
    chance = random.Random(16)
    times = 40
    upgrades = ["upgrade"] if "websocket" in driver.framings else []
    for framing in driver.framings + upgrades:
        def serve(connection):
            if framing == "upgrade":
                key = accept_key(read_upgrade(connection)).encode()
                data = bytearray(b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                 b"Sec-WebSocket-Accept: " + key + b"\r\n\r\n\x82\2ab")
                for _ in range(chance.choice((1, 2, 20))):
                    data[chance.randrange(len(data))] = chance.randrange(256)
            else:
                greet(framing, connection)
                data = bytearray(b"".join(
                    encode(framing, opcode_for(framing, chance.randrange(65536)),
                           chance.randbytes(chance.choice((0, 1, 5, 124, 200, 3000))))
                    for _ in range(20)))
                for _ in range(chance.choice((0, 1, 3, 30))):
                    data[chance.randrange(len(data))] = chance.randrange(256)
                if chance.randrange(3) == 0:
                    data = chance.randbytes(2000)
            at = 0
            while at < len(data):
                piece = data[at : at + chance.choice((1, 7, 100, 5000))]
                at += len(piece)
                try:
                    connection.sendall(piece)
                except OSError:
                    return

        real = "websocket" if framing == "upgrade" else framing
        with driver.server(serve, times=times) as server:
            for _ in range(times):
                driver.connect(server.port, real, limit=5000)
                while (line := driver.hear())[0] != "close":
                    check(line[0] in ("open", "packet"), framing, line)
                check(line[1] in ("ended", "lost", "broken", "failed"), framing, line)
    framing = driver.framings[0]
    driver.open(host.ports[framing], framing)
    driver.send(1, b"still there")
    driver.packet(1, b"still there")
    driver.close()


# ---- running them -------------------------------------------------------------------------------


def make_page(folder):
    """The page on which a client is in a browser."""
    here = os.path.dirname(os.path.abspath(__file__))
    os.makedirs(folder, exist_ok=True)
    shutil.copy(os.path.join(here, "page.html"), os.path.join(folder, "index.html"))
    shutil.copy(os.path.join(here, "obey.mjs"), folder)
    shutil.copy(os.path.join(here, "../../sdk/client/js/portico.js"), folder)


def browser_words(host):
    page = f"http://127.0.0.1:{host.ports['page']}/"
    return [page, host.tls.key_hash] if host.tls else [page]


def main():
    parser = argparse.ArgumentParser()
    for option in ("exe", "modules", "test-modules", "suffix", "folder"):
        parser.add_argument("--" + option, required=True)
    parser.add_argument("--emulator", default="")
    parser.add_argument("--drive", default="")
    parser.add_argument("--only", default="")
    parser.add_argument("--example", default="")
    parser.add_argument("--framings", default="u16,u32,websocket,line,raw")
    parser.add_argument("--browser", action="store_true")
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("driver", nargs="+")
    options = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)
    shutil.rmtree(options.folder, ignore_errors=True)
    chosen = [s for s in SCENARIOS
              if options.only == "" or s.__name__ in options.only.split(",")]
    check(chosen, "no scenario is called", options.only)
    EXAMPLE.extend(options.example.split("|") if options.example else [])
    emulator = options.emulator.split("|") + ["--serve"] if options.emulator else []
    host = driver = None
    try:
        tls = Trust(os.path.join(options.folder, "tls")) if options.tls else None
        make_page(os.path.join(options.folder, "page"))
        host = Host(emulator + [options.exe], options.folder, options.modules,
                    options.test_modules, options.suffix, options.drive, tls)
        for one in chosen:
            print(one.__name__, end=" ")
            begin = time.monotonic()
            if driver is None or not options.browser:  # one browser does: it takes long to start
                driver = Driver(options.driver, options.framings.split(","), options.browser, tls,
                                browser_words(host) if options.browser else [])
            one(driver, host)
            if one is chosen[-1] or not options.browser:
                driver.end()
            print(f"{time.monotonic() - begin:.2f} s")
        host.stop()
    except Failure as failure:
        print(f"\nFAILED: {failure}")
        return 1
    finally:
        if driver is not None:
            driver.drop()
        if host is not None:
            host.drop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
