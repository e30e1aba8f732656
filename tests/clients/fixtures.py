"""fixtures.py: what the scenarios in suite.py work with: a real host, servers that misbehave on
purpose, and a client in any language.

A client is a driver, a program that connects to the port in its first argument, obeys the lines
that it receives there, and reports what the client under test reports:

    connect PORT FRAMING LIMIT RECONNECT TIMEOUT_MS SILENCE_MS CA
                                                                 open; or what follows a failure
    send OPCODE HEX       (HEX may be "-": no bytes)             nothing
    text HEX              opcode 0, as text                      nothing
    close                                                        close closed

and, whenever it happens: `packet OPCODE HEX`, `lost CODE PAUSE_MS WORDS`, `open`, `close CODE
WORDS`. CA is a file with the certificate to trust in TLS, or "-": no TLS. The driver ends when its
connection to here does. A connect follows only on a close. Pauses grow from 100 to 2000 ms.
"""

import base64
import hashlib
import os
import re
import signal
import socket
import ssl
import subprocess
import threading
import time

PATIENCE = 120.0  # seconds for whatever must happen


class Failure(Exception):
    pass


def check(condition, *words):
    if not condition:
        raise Failure(" ".join(str(word)[:300] for word in words))


def equal(found, expected, what=""):
    check(found == expected, f"{what}: expected {expected!r:.300}, found {found!r:.300}")


def wait_until(condition, what):
    end = time.monotonic() + PATIENCE
    while not condition():
        check(time.monotonic() < end, "never happened:", what)
        time.sleep(0.02)


# ---- the client under test ----------------------------------------------------------------------


class Driver:
    """`framings` are those that the client has. `browser`: a browser is part of it, which says less
    than the client could. `tls`: a Trust, and everything is over TLS."""

    def __init__(self, command, framings, browser=False, tls=None, words=()):
        self.framings, self.browser, self.tls = framings, browser, tls
        self.words = ""  # of the last close or lost
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(PATIENCE)
            port = str(server.getsockname()[1])
            self.process = subprocess.Popen([*command, port, *words])
            try:
                self.socket = server.accept()[0]
            except OSError:
                self.process.kill()
                raise Failure("the driver did not connect")
        self.socket.settimeout(PATIENCE)
        self.lines = self.socket.makefile("r", encoding="utf-8", errors="replace")

    def say(self, line):
        self.socket.sendall((line + "\n").encode())

    def hear(self):
        try:
            line = self.lines.readline().split()
        except OSError:
            raise Failure("the driver says nothing")
        check(line, "the driver has ended, with exit code", self.process.poll())
        fields = {"close": 2, "lost": 3}.get(line[0], len(line))
        self.words = " ".join(line[fields:])
        return line[:fields]

    def expect(self, *words):
        line = self.hear()
        equal(line[: len(words)], [str(word) for word in words], "the driver says")
        return line[len(words) :]

    def connect(self, port, framing, limit=1 << 20, reconnect=0, timeout_ms=60000, silence_ms=0,
                ca=None):
        ca = ca or (self.tls.ca if self.tls else "-")
        self.say(f"connect {port} {framing} {limit} {reconnect} {timeout_ms} {silence_ms} {ca}")

    def open(self, port, framing, **options):
        self.connect(port, framing, **options)
        self.expect("open")

    def send(self, opcode, data=b""):
        self.say(f"send {opcode} {data.hex() or '-'}")

    def packet(self, opcode, data=b""):
        self.expect("packet", opcode, data.hex() or "-")

    def close(self):
        self.say("close")
        while (line := self.hear())[0] in ("packet", "lost"):
            pass  # it came before the driver obeyed
        equal(line, ["close", "closed"], "close")

    def server(self, serve, times=1):
        return Server(serve, times, self.tls and self.tls.context())

    def end(self):
        self.socket.shutdown(socket.SHUT_WR)
        try:
            equal(self.process.wait(PATIENCE), 0, "the driver's exit code")
        except subprocess.TimeoutExpired:
            raise Failure("the driver does not end")

    def drop(self):
        self.lines.close()
        self.socket.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


# ---- a real host ---------------------------------------------------------------------------------


class Host:
    """Serves echo.session over every framing, `arena` and `typed`, and the files in `page`. `ports`
    is by listener. One that starts again has the same ports. `tls` is a Trust."""

    def __init__(self, command, folder, modules, test_modules, suffix, drive="", tls=None):
        self.command, self.folder, self.drive, self.tls = command, folder, drive, tls
        self.ports = {}
        self.ini = os.path.join(folder, "portico.ini")
        self.ready = os.path.join(folder, "ready")
        self.sections = [
            ("u16", "echo.session", "framing = u16\n"),
            ("u32", "echo.session", "framing = u32\nframe_limit_bytes = 2M\n"),
            ("line", "echo.session", "framing = line\nframe_limit_bytes = 2M\n"),
            ("raw", "echo.session", "framing = raw\n"),
            ("websocket", "echo.session", "transport = websocket\nframe_limit_bytes = 2M\n"),
            ("elsewhere", "echo.session", "transport = websocket\npath = /game\n"),
            ("pings", "echo.session", "transport = websocket\nping_s = 1\n"),
            ("arena", "arena.player", "framing = u16\n"),
            ("arena_web", "arena.player", "transport = websocket\n"),
            ("typed", "typed.session", "framing = u16\n"),
        ]
        self.head = (f"[modules]\ndir = {drive}{modules}\nautoload = no\n[module echo]\n"
                     "[module arena]\n[module typed]\n"
                     f"file = {drive}{test_modules}/typed{suffix}\n")
        if tls is not None:
            own = f"tls = yes\ncertificate = {drive}{tls.files[0]}\nkey = {drive}{tls.files[1]}\n"
            self.sections = [(name, kind, keys + own) for name, kind, keys in self.sections]
            own = own.replace(tls.files[0], tls.misnamed[0]).replace(tls.files[1], tls.misnamed[1])
            self.sections.append(("misnamed", "echo.session", "framing = u16\n" + own))
        self.sections.append(("page", "echo.session", "transport = websocket\nfiles = page\n"))
        self.process = None
        self.start()

    def start(self):
        os.makedirs(self.folder, exist_ok=True)
        if os.path.exists(self.ready):
            os.remove(self.ready)
        with open(self.ini, "w", encoding="utf-8") as ini:
            ini.write("[host]\nrun_dir = run\nready_file = ready\nstop_timeout_ms = 5000\n")
            ini.write(self.head)
            for name, kind, keys in self.sections:
                port = self.ports.get(name, 0)
                ini.write(f"[listener {name}]\naddress = 127.0.0.1\nport = {port}\ntype = {kind}"
                          f"\nbacklog = close\nsend_limit_bytes = 64M\n{keys}")
        with open(os.path.join(self.folder, "output"), "ab") as output:
            self.process = subprocess.Popen(self.command + ["run", self.drive + self.ini],
                                            stdout=output, stderr=output)
        end = time.monotonic() + PATIENCE
        while not os.path.exists(self.ready):
            if self.process.poll() is not None or time.monotonic() > end:
                with open(os.path.join(self.folder, "output"), errors="replace") as output:
                    raise Failure("the host does not serve:\n" + output.read()[-3000:])
            time.sleep(0.02)
        with open(self.ready, encoding="utf-8") as ready:
            for name, port in re.findall(r"^listener (\S+) \S+:(\d+)$", ready.read(), re.M):
                self.ports[name] = int(port)

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        try:
            equal(self.process.wait(PATIENCE), 0, "the host's exit code")
        except subprocess.TimeoutExpired:
            raise Failure("the host does not stop")

    def drop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()


# ---- servers made for the test ------------------------------------------------------------------


class Server:
    """A listening socket. `serve(connection)` runs in a thread for each connection, one after
    another, which is then ended in order; what it raises is raised at the end. `context`: over
    TLS."""

    def __init__(self, serve, times=1, context=None):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(PATIENCE)
        self.port = self.socket.getsockname()[1]
        self.error = None
        self.serve, self.times, self.context = serve, times, context
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        try:
            for _ in range(self.times):
                connection = self.socket.accept()[0]
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.settimeout(PATIENCE)
                if self.context is not None:
                    connection = self.context.wrap_socket(connection, server_side=True)
                with connection:
                    self.serve(connection)
                    hang_up(connection)
        except Exception as error:  # pylint: disable=broad-except
            self.error = error

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.thread.join(PATIENCE)
        self.socket.close()
        if kind is None and self.error is not None:
            raise Failure(f"the server: {type(self.error).__name__}: {self.error}")


def read_exactly(connection, size):
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        check(more, "the client hung up after", len(data), "bytes of", size)
        data += more
    return data


def read_to_end(connection):
    data = b""
    try:
        while more := connection.recv(65536):
            data += more
    except (ConnectionError, ssl.SSLError):
        pass
    return data


def hang_up(connection):
    """Says in order that no more is sent. Over TLS it waits for the same from the client."""
    try:
        if isinstance(connection, ssl.SSLSocket):
            connection.settimeout(5)
            connection.unwrap()
        else:
            connection.shutdown(socket.SHUT_WR)
    except (OSError, ValueError) as error:  # it is closed; or something has arrived
        return error
    return None


def nothing_follows(connection):
    """Hangs up, and expects nothing from the client but the same."""
    error = hang_up(connection)
    if isinstance(connection, ssl.SSLSocket):
        check("APPLICATION_DATA" not in str(error), "more has arrived after the end")
    else:
        equal(read_to_end(connection), b"", "after the end")


class Trust:
    """Certificates: `files` has one for 127.0.0.1 and its key, which `ca` has signed; `misnamed` one
    for another name, and `other_ca` is an authority that has signed neither. `key_hash` names the
    key of the first to a browser."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.ca = self.make("ca")[0]
        self.other_ca = self.make("other")[0]
        self.files = self.make("host", "IP:127.0.0.1")
        self.misnamed = self.make("misnamed", "DNS:elsewhere.example")
        with open(self.files[0], encoding="ascii") as file:
            certificate = ssl.PEM_cert_to_DER_cert(file.read())
        public = subprocess.run(["openssl", "x509", "-inform", "der", "-pubkey", "-noout"],
                                input=certificate, check=True, stdout=subprocess.PIPE).stdout
        der = base64.b64decode(b"".join(public.splitlines()[1:-1]))
        self.key_hash = base64.b64encode(hashlib.sha256(der).digest()).decode()

    def path(self, name):
        return os.path.join(self.folder, name)

    def make(self, name, owner=None):
        """A certificate for `owner`, signed by `ca`; without an owner, an authority."""
        files = self.path(name + ".pem"), self.path(name + ".key")
        signed = ["-CA", self.path("ca.pem"), "-CAkey", self.path("ca.key")] if owner else []
        use = "subjectAltName=" + owner if owner else "basicConstraints=critical,CA:TRUE"
        request = self.path(name + ".csr")
        with open(self.path(name + ".cnf"), "w", encoding="ascii") as config:
            config.write(f"[req]\ndistinguished_name = d\n[d]\n[x]\n{use}\n")
        openssl(["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                 "-nodes", "-subj", f"/CN={name} of a test", "-config", self.path(name + ".cnf"),
                 "-keyout", files[1], "-out", request])
        openssl(["x509", "-req", "-in", request, "-days", "2", "-out", files[0], "-extfile",
                 self.path(name + ".cnf"), "-extensions", "x"]
                + (signed + ["-CAcreateserial"] if signed else ["-signkey", files[1]]))
        os.chmod(files[1], 0o600)
        return files

    def context(self):
        """That of a server."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.files)
        return context


def openssl(words):
    subprocess.run(["openssl"] + words, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def wait_for_close(framing, connection):
    """Until the client closes, in order."""
    if framing != "websocket":
        read_to_end(connection)
        return
    kind = status = None
    while kind != 8:
        kind, status = read_web_frame(connection)
    connection.sendall(web_frame(8, status))


def end_in_order(framing, connection):
    """The server closes, as the host does."""
    if framing == "websocket":
        connection.sendall(web_frame(8, b"\3\xe8"))
        equal(read_web_frame(connection), (8, b"\3\xe8"), "the close frame")


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.close()


def accept_key(key):
    return base64.b64encode(
        hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()


def read_upgrade(connection):
    """Reads a client's request. Returns its key."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += read_exactly(connection, 1)
    lines = head.decode().split("\r\n")
    equal(lines[0], "GET / HTTP/1.1", "the request")
    pairs = [line.split(": ", 1) for line in lines[1:] if line]
    fields = {name.lower(): value for name, value in pairs}
    equal(fields["upgrade"], "websocket", "upgrade")
    equal(fields["connection"].lower(), "upgrade", "connection")
    equal(fields["sec-websocket-version"], "13", "version")
    key = fields["sec-websocket-key"]
    equal(len(base64.b64decode(key)), 16, "the key")
    return key


def answer_upgrade(connection):
    """Opens a WebSocket, the server's side."""
    key = read_upgrade(connection)
    connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                       b"Connection: Upgrade\r\nSec-WebSocket-Accept: "
                       + accept_key(key).encode() + b"\r\n\r\n")


def web_frame(kind, payload, final=True, size_bytes=None):
    first = bytes([(0x80 if final else 0) | kind])
    size = len(payload)
    if size_bytes is None:
        size_bytes = 0 if size < 126 else 2 if size < 65536 else 8
    if size_bytes == 0:
        return first + bytes([size]) + payload
    return (first + bytes([126 if size_bytes == 2 else 127]) + size.to_bytes(size_bytes, "big")
            + payload)


def read_web_frame(connection):
    """Reads a frame of the client. Returns kind and payload."""
    first, size = read_exactly(connection, 2)
    check(first & 0x80 and size & 0x80, "a client's frame is final and masked")
    size &= 0x7F
    if size > 125:
        size = int.from_bytes(read_exactly(connection, 2 if size == 126 else 8), "big")
    mask = read_exactly(connection, 4)
    payload = read_exactly(connection, size)
    return first & 15, bytes(byte ^ mask[i & 3] for i, byte in enumerate(payload))


def encode(framing, opcode, payload):
    """A packet as a server sends it."""
    if framing == "u16":
        return (len(payload) + 4).to_bytes(2, "little") + opcode.to_bytes(2, "little") + payload
    if framing == "u32":
        return ((len(payload) + 8).to_bytes(4, "little") + opcode.to_bytes(2, "little") + b"\0\0"
                + payload)
    if framing == "line":
        return payload + b"\n"
    if framing == "websocket":
        return web_frame(2, opcode.to_bytes(2, "little") + payload)
    return payload


def greet(framing, connection):
    """The server's part of opening a connection."""
    if framing == "websocket":
        answer_upgrade(connection)
