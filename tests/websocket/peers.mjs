/* peers.mjs: RFC 6455 between Portico and npm's ws, in both directions: the client of ws speaks to
 * a listener, and a connector to the server of ws. The same cases in both, by the classes of the
 * Autobahn test suite, whose numbers they have. See README.md. */
import {spawn} from "node:child_process";
import {randomBytes} from "node:crypto";
import {once} from "node:events";
import * as fs from "node:fs";
import {createRequire} from "node:module";
import * as path from "node:path";
import {parseArgs} from "node:util";

import {check, equal, Failure, wait_until} from "../browser/fixtures.mjs";

const {WebSocket, WebSocketServer} = createRequire(process.env.PORTICO_WS + "/")("ws");
const PATIENCE_MS = 60000;
const LIMIT = 4 << 20;

function within(promise, what) {
    let timer;
    const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Failure(`never happened: ${what}`)), PATIENCE_MS);
    });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** One end of a connection whose other end is an echo. What comes is kept until it is asked for. */
class Peer {
    constructor(socket) {
        this.socket = socket;
        this.came = [];
        this.pongs = [];
        this.closed = null;
        this.wake = () => {};
        socket.on("message", (data, binary) => this.note(this.came, binary ? data : data.toString()));
        socket.on("pong", (data) => this.note(this.pongs, data.toString("latin1")));
        socket.on("error", () => {}); /* the other end may reset what is broken */
        socket.on("close", (code) => {
            this.closed = code;
            this.wake();
        });
    }

    note(list, value) {
        list.push(value);
        this.wake();
    }

    async until(what, condition) {
        while (!condition()) {
            check(this.closed === null, `${what}: closed with ${this.closed}`);
            await within(new Promise((resolve) => { this.wake = resolve; }), what);
        }
    }

    async message(what) {
        await this.until(what, () => this.came.length > 0);
        return this.came.shift();
    }

    async expect_echo(data, what) {
        const found = await this.message(what);
        check(typeof found === typeof data && found.length === data.length &&
            Buffer.compare(Buffer.from(found), Buffer.from(data)) === 0, what, "differs");
    }

    async echo(data, what) {
        this.socket.send(data);
        await this.expect_echo(data, what);
    }

    async close_code(what) {
        if (this.closed === null) {
            await within(new Promise((resolve) => { this.wake = resolve; }), what);
            return this.close_code(what);
        }
        return this.closed;
    }

    /** Writes bytes that ws would not write. */
    raw(...parts) {
        this.socket._socket.write(Buffer.concat(parts.map((part) => Buffer.from(part))));
    }
}

/** A frame as this end must write it: a client's is masked. */
function frame(side, first, payload, {masked = side === "client"} = {}) {
    const data = Buffer.from(payload);
    const mask = randomBytes(4);
    const head = data.length < 126 ? [data.length] : [126, data.length >> 8, data.length & 255];
    head[0] |= masked ? 0x80 : 0;
    const body = masked ? data.map((byte, i) => byte ^ mask[i % 4]) : data;
    return Buffer.concat([Buffer.from([first, ...head]), masked ? mask : Buffer.alloc(0), body]);
}

const packet = (size) => Buffer.concat([Buffer.from([1, 0]), randomBytes(size - 2)]);

/* ---- the cases: each gets a new connection for each of its parts ----------------------------- */

const SIZES = [125, 126, 127, 128, 65535, 65536, 1000000];
const GOOD_TEXTS = ["", "\u0000", "κόσμε", "\u0080", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\uffff",
    "\u{10000}", "\u{10ffff}", "\u{1f3ae} Hello-µ@ßöäüàá-UTF-8!!"];
const BAD_TEXTS = ["80", "bf", "c080", "c1bf", "c2", "e09fbf", "eda080", "edbfbf", "f08fbfbf",
    "f4908080", "f5808080", "fe", "ff", "cebae1bdb9cf83cebcceb5eda080656469746564", "e0a0", "f09080"];
const GOOD_CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999];
const BAD_CODES = [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535];
const code_bytes = (code) => [code >> 8, code & 255];

const cases = {
    "1 framing (5.1, 5.2, 5.6)": async (fresh) => {
        const peer = await fresh();
        for (const size of [2, ...SIZES]) {
            await peer.echo(packet(size), `a binary message of ${size} bytes`);
        }
        for (const size of [0, ...SIZES]) {
            await peer.echo("*".repeat(size), `a text of ${size} bytes`);
        }
        const bytes = frame(peer.side, 0x82, packet(300));
        for (const byte of bytes) {
            peer.raw([byte]);
            await new Promise((resolve) => setImmediate(resolve));
        }
        equal((await peer.message("a dribbled message")).length, 300, "its size");
        const wrong = await fresh();
        wrong.raw(frame(wrong.side, 0x81, "a", {masked: wrong.side !== "client"}));
        equal(await wrong.close_code("the wrong mask"), 1002, "masked by a server, or not by a client");
    },

    "2 pings and pongs (5.5.2, 5.5.3)": async (fresh) => {
        const peer = await fresh();
        const payloads = ["", "Hello, world!", "\0\xff\xfe\xfd", "p".repeat(125),
            ...Array.from({length: 10}, (_, i) => `payload-${i}`)];
        peer.socket.pong("not asked for");
        for (const payload of payloads) {
            peer.socket.ping(Buffer.from(payload, "latin1"));
        }
        await peer.until("all pongs", () => peer.pongs.length >= payloads.length);
        equal(peer.pongs, payloads, "the pongs");
        await peer.echo("after pings", "a text after pings");
        const large = await fresh();
        large.raw(frame(large.side, 0x89, "p".repeat(126)));
        equal(await large.close_code("a ping of 126 bytes"), 1002, "its code");
    },

    "3 reserved bits, 12 and 13 compression that was not agreed on (5.2, 9)": async (fresh) => {
        for (const first of [0xc1, 0xa1, 0x91, 0xf2, 0xc2, 0xc9, 0x98]) {
            const peer = await fresh();
            peer.raw(frame(peer.side, 0x81, "before"), frame(peer.side, first, "\x03\xe8"));
            await peer.expect_echo("before", "what came before");
            equal(await peer.close_code("a reserved bit"), 1002, `0x${first.toString(16)}`);
        }
    },

    "4 reserved opcodes (5.2)": async (fresh) => {
        for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) {
            const peer = await fresh();
            peer.raw(frame(peer.side, 0x80 | opcode, ""));
            equal(await peer.close_code("a reserved opcode"), 1002, `opcode ${opcode}`);
        }
    },

    "5 fragmentation (5.4)": async (fresh) => {
        const peer = await fresh();
        peer.socket.send("frag", {fin: false});
        peer.socket.ping("between");
        peer.socket.send("", {fin: false});
        peer.socket.send("ment", {fin: true});
        await peer.expect_echo("fragment", "a text in three frames");
        await peer.until("the pong between", () => peer.pongs.length > 0);
        const broken = {
            "a ping in fragments": [[0x09, "a"], [0x80, "b"]],
            "a pong in fragments": [[0x0a, "a"], [0x80, "b"]],
            "a continuation of nothing": [[0x80, "a"]],
            "an unfinished continuation of nothing": [[0x00, "a"], [0x80, "b"]],
            "a message inside a message": [[0x01, "a"], [0x81, "b"]],
            "a continuation after the end": [[0x01, "a"], [0x80, "b"], [0x80, "c"]],
        };
        for (const [what, frames] of Object.entries(broken)) {
            const other = await fresh();
            other.raw(...frames.map(([first, payload]) => frame(other.side, first, payload)));
            equal(await other.close_code(what), 1002, what);
        }
    },

    "6 UTF-8, whole and split (8.1)": async (fresh) => {
        const peer = await fresh();
        for (const text of GOOD_TEXTS) {
            await peer.echo(text, `the text ${JSON.stringify(text)}`);
            const bytes = Buffer.from(text);
            bytes.forEach((byte, i) => peer.raw(frame(peer.side, i === 0 ? 0x01 : 0x00, [byte])));
            peer.raw(frame(peer.side, bytes.length === 0 ? 0x81 : 0x80, []));
            await peer.expect_echo(text, "the same a byte a frame");
        }
        for (const hex of BAD_TEXTS) {
            const whole = await fresh();
            whole.raw(frame(whole.side, 0x81, Buffer.from(hex, "hex")));
            equal(await whole.close_code(hex), 1007, hex);
        }
        const early = await fresh(); /* refused although its message has not ended */
        early.raw(frame(early.side, 0x01, Buffer.from("cebae1bdb9eda080", "hex")));
        equal(await early.close_code("bad UTF-8 in an open message"), 1007, "its code");
    },

    "7 closing (5.5.1, 7)": async (fresh) => {
        for (const code of GOOD_CODES) {
            const peer = await fresh();
            peer.socket.close(code, "r".repeat(123));
            equal(await peer.close_code(`close ${code}`), code, "the answer");
        }
        const silent = await fresh();
        silent.socket.close();
        equal(await silent.close_code("a close frame without a code"), 1005, "the answer");
        const bad = BAD_CODES.map((code) => [`code ${code}`, code_bytes(code), 1002]).concat([
            ["one byte", [3], 1002],
            ["126 bytes", [...code_bytes(1000), ...Array(124).fill(0x72)], 1002],
            ["a reason that is not UTF-8", [...code_bytes(1000), 0xce, 0xba, 0xed, 0xa0, 0x80], 1007],
        ]);
        for (const [what, payload, code] of bad) {
            const peer = await fresh();
            peer.raw(frame(peer.side, 0x88, payload));
            equal(await peer.close_code(what), code, what);
        }
        const late = await fresh();
        late.raw(frame(late.side, 0x81, "before"), frame(late.side, 0x88, code_bytes(1000)),
            frame(late.side, 0x89, "after"), frame(late.side, 0x81, "after"));
        equal(await late.close_code("frames after the close frame"), 1000, "its code");
        equal([late.came, late.pongs], [["before"], []], "what was answered");
    },

    "9 limits (10.4), thousands of messages": async (fresh) => {
        const peer = await fresh();
        for (const size of [64 << 10, 1 << 20, LIMIT - 64]) {
            await peer.echo(packet(size), `a message of ${size} bytes`);
        }
        const whole = packet(1 << 20);
        for (let at = 0; at < whole.length; at += 4096) {
            const end = at + 4096 >= whole.length;
            peer.socket.send(whole.subarray(at, at + 4096), {binary: true, fin: end});
        }
        await peer.expect_echo(whole, "a message in 256 frames");
        for (const size of [2, 16, 64, 256, 1024]) {
            const sent = Array.from({length: 1000}, () => packet(size));
            sent.forEach((each) => peer.socket.send(each));
            for (const each of sent) {
                await peer.expect_echo(each, `one of 1,000 messages of ${size} bytes`);
            }
        }
        const large = await fresh();
        large.socket.send(packet(LIMIT + 1));
        equal(await large.close_code("a message above the limit"), 1009, "its code");
        const many = await fresh();
        many.socket.send(packet(LIMIT - 64), {binary: true, fin: false});
        many.socket.send(packet(1000), {binary: true, fin: true});
        equal(await many.close_code("fragments above the limit"), 1009, "their code");
    },

    "10 fragments of 1,300 bytes": async (fresh) => {
        const peer = await fresh();
        const text = "*".repeat(65536);
        for (let at = 0; at < text.length; at += 1300) {
            peer.socket.send(text.slice(at, at + 1300), {fin: at + 1300 >= text.length});
        }
        await peer.expect_echo(text, "a text of 65,536 bytes");
    },
};

async function run_cases(side, fresh) {
    for (const [name, scenario] of Object.entries(cases)) {
        const opened = [];
        await scenario(async () => {
            const peer = await fresh();
            peer.side = side;
            opened.push(peer);
            return peer;
        });
        for (const peer of opened) {
            peer.socket.terminate();
        }
        console.log(`${side}: ${name}`);
    }
}

/* ---- a client of ws and a listener ----------------------------------------------------------- */

function connect(url, options = {}) {
    const peer = new Peer(new WebSocket(url, {perMessageDeflate: false, ...options}));
    return within(new Promise((resolve, reject) => {
        peer.socket.on("open", () => resolve(peer));
        peer.socket.on("unexpected-response", (_, response) => resolve(response.statusCode));
        peer.socket.on("error", reject);
    }), "a connection");
}

/** Section 4: what is refused, and what a client may ask for and does not get. */
async function handshakes(url) {
    equal(await connect(url, {origin: "https://evil.example"}), 403, "a foreign origin");
    equal(await connect(url + "elsewhere"), 404, "another path");
    equal(await connect(url, {protocolVersion: 8}), 426, "version 8");
    const good = await connect(url, {origin: "https://good.example", perMessageDeflate: true});
    equal(good.socket.extensions, "", "compression that was offered");
    await good.echo("*".repeat(5000), "a text that would be compressed");
    good.socket.terminate();
}

/* ---- a connector and a server of ws ---------------------------------------------------------- */

class Server {
    constructor() {
        this.waiting = [];
        this.refuses = 0;
        this.requests = [];
        this.wake = () => {};
        /* It would compress, if the client asked. */
        this.server = new WebSocketServer({host: "127.0.0.1", port: 0, path: "/up",
            perMessageDeflate: true, verifyClient: ({req}) => this.judge(req)});
        this.server.on("connection", (socket) => {
            this.waiting.push(new Peer(socket));
            this.wake();
        });
    }

    judge(request) {
        this.requests.push(request.headers);
        return this.refuses-- <= 0;
    }

    async fresh() {
        while (this.waiting.length === 0) {
            await within(new Promise((resolve) => { this.wake = resolve; }), "the connector's turn");
        }
        return this.waiting.shift();
    }
}

async function requests(server) {
    const peer = await server.fresh();
    peer.socket.terminate();
    check(server.requests.length >= 3, "two refusals, then a connection");
    const keys = new Set();
    for (const headers of server.requests) {
        equal(headers["sec-websocket-extensions"], undefined, "the extensions asked for");
        equal(headers["sec-websocket-version"], "13", "the version");
        equal(Buffer.from(headers["sec-websocket-key"], "base64").length, 16, "the key's size");
        equal(headers.host, `127.0.0.1:${server.server.address().port}`, "the host");
        keys.add(headers["sec-websocket-key"]);
    }
    equal(keys.size, server.requests.length, "different keys (section 4.1)");
}

/* ---- the host -------------------------------------------------------------------------------- */

class Host {
    constructor(options, up) {
        const drive = options.drive ?? "";
        fs.rmSync(options.folder, {recursive: true, force: true});
        fs.mkdirSync(options.folder, {recursive: true});
        this.folder = options.folder;
        this.log = path.join(this.folder, "output");
        const limits = `frame_limit_bytes = ${LIMIT}\nsend_limit_bytes = 64M\n`;
        fs.writeFileSync(path.join(this.folder, "host.ini"), `[host]
ready_file = ready
run_dir = run
[admin]
enabled = no
[modules]
dir = ${drive}${options.modules}
autoload = no
[module echo]
[listener web]
address = 127.0.0.1
port = 0
type = echo.session
transport = websocket
origins = https://good.example
${limits}[connector up]
address = 127.0.0.1
port = ${up}
type = echo.session
transport = websocket
path = /up
max_sessions = 4
reconnect_min_ms = 10
reconnect_max_ms = 50
${limits}`);
        const emulator = options.emulator ? [...options.emulator.split("|"), "--serve"] : [];
        const ini = drive + path.join(this.folder, "host.ini");
        const [command, ...words] = [...emulator, options.exe, "run", ini];
        const log = fs.openSync(this.log, "a");
        this.process = spawn(command, words, {stdio: ["ignore", log, log]});
        this.ended = once(this.process, "exit");
        fs.closeSync(log);
    }

    async url() {
        const ready = path.join(this.folder, "ready");
        const found = await wait_until("the host serves", () => {
            check(this.process.exitCode === null, "the host has ended");
            return fs.existsSync(ready) && /^listener web \S+:(\d+)\r?$/m.exec(
                fs.readFileSync(ready, "utf8"));
        });
        return `ws://127.0.0.1:${found[1]}/`;
    }

    async stop() {
        this.process.kill("SIGINT");
        const [code] = await within(this.ended, "the end of the host");
        equal(code, 0, "the host's exit code");
    }
}

async function main() {
    const names = ["exe", "modules", "folder", "emulator", "drive"];
    const options = parseArgs(
        {options: Object.fromEntries(names.map((name) => [name, {type: "string"}]))}).values;
    const server = new Server();
    await once(server.server, "listening");
    server.refuses = 2;
    const host = new Host(options, server.server.address().port);
    let code = 0;
    try {
        const url = await host.url();
        await handshakes(url);
        await run_cases("client", () => connect(url));
        await requests(server);
        await run_cases("server", () => server.fresh());
        const last = await connect(url);
        await host.stop();
        equal(await last.close_code("the host's stop"), 1001, "its code (7.4.1)");
    } catch (error) {
        code = 1;
        console.log("FAILED:", error instanceof Failure ? error.message : error);
        console.log("the host said:\n" + fs.readFileSync(host.log, "utf8").slice(-3000));
    } finally {
        if (host.process.exitCode === null) {
            host.process.kill("SIGTERM");
        }
    }
    process.exit(code);
}

await main();
