/* portico.js: a client of a Portico host. One ES module for browsers and Node 18 or later, without
 * packages. portico.d.ts has its types.
 *
 *     const link = await connect("127.0.0.1", 7780);
 *     link.send(1, "meadow");
 *
 *     link.on(101, (payload) => ...);
 *
 * Browsers have WebSocket only, Node has all framings. Set handlers right after `connect`, before
 * you wait for anything else: a packet without a handler is dropped.
 *
 * No bytes from a server make anything here throw: a server that breaks the rules of the framing
 * ends the connection, and `link.reason` says why.
 */

const CLOSE_MS = 2000; // how long `close` waits for the server to hang up
const HEAD_BYTES = 8192; // of a server's answer to the upgrade to WebSocket
const PONG_BYTES = 65536; // control frames are dropped while more than that waits to be sent
const EVENTS = ["packet", "open", "lost", "close"];
const FRAMINGS = ["u16", "u32", "line", "raw", "websocket"];
const in_node = typeof process === "object" && Boolean(process.versions?.node);
const utf8 = new TextEncoder();

/** `connect` rejects with it: there is no connection. `reason` says why. */
export class Closed extends Error {
    constructor(reason) {
        super(reason.text);
        this.name = "Closed";
        this.reason = reason;
    }
}

/** A payload as text. Bytes that are not UTF-8 become U+FFFD. */
export function text(payload) {
    return new TextDecoder().decode(payload);
}

/* The server's bytes break the rules. `status` is what a WebSocket's close frame says. */
class Broken extends Error {
    constructor(words, status = 1002) {
        super(words);
        this.status = status;
    }
}

/* The server has closed the WebSocket in order. */
class Ended extends Error {}

function bytes_of(payload) {
    if (typeof payload === "string") {
        return utf8.encode(payload);
    }
    if (payload instanceof ArrayBuffer) {
        return new Uint8Array(payload);
    }
    if (ArrayBuffer.isView(payload)) {
        return new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength);
    }
    throw new TypeError("a payload is a Uint8Array, an ArrayBuffer or a string");
}

function check_opcode(opcode, most) {
    if (!Number.isInteger(opcode) || opcode < 0 || opcode > most) {
        throw new RangeError(`opcode ${opcode}: allowed are 0 to ${most}`);
    }
}

function check_size(size, most) {
    if (size > most) {
        throw new RangeError(`${size} bytes: allowed are ${most}`);
    }
}

function view_of(bytes) {
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/* Bytes that have arrived and are not used yet. */
class Buffered {
    #memory = new Uint8Array(4096);
    #begin = 0;
    #end = 0;

    add(chunk) {
        const size = this.#end - this.#begin;
        if (this.#end + chunk.length > this.#memory.length) {
            const old = this.#memory;
            if (size + chunk.length > old.length) {
                this.#memory = new Uint8Array(Math.max(2 * old.length, size + chunk.length));
            }
            this.#memory.set(old.subarray(this.#begin, this.#end));
            this.#begin = 0;
            this.#end = size;
        }
        this.#memory.set(chunk, this.#end);
        this.#end += chunk.length;
    }

    get bytes() {
        return this.#memory.subarray(this.#begin, this.#end);
    }

    drop(size) {
        this.#begin += size;
        if (this.#begin === this.#end) {
            this.#begin = this.#end = 0;
            this.#memory = this.#memory.length > 1 << 18 ? new Uint8Array(4096) : this.#memory;
        }
    }
}

/* ---- framings: packets into bytes (frame), and bytes into packets (feed) ----------------------
 * `feed(chunk, packet)` calls packet(opcode, payload) for whatever is complete, and throws Broken
 * or Ended after it. */

/* u16 and u32: a header with the size of the whole frame and the opcode, little endian. */
class Sized {
    constructor(name, limit) {
        this.wide = name === "u32";
        this.header = this.wide ? 8 : 4;
        this.most = Math.min(limit + this.header, this.wide ? 0xffffffff : 0xffff);
        this.buffered = new Buffered();
    }

    frame(opcode, payload) {
        const data = bytes_of(payload);
        check_opcode(opcode, 0xffff);
        check_size(data.length, this.most - this.header);
        const frame = new Uint8Array(this.header + data.length);
        const view = view_of(frame);
        if (this.wide) {
            view.setUint32(0, frame.length, true);
        } else {
            view.setUint16(0, frame.length, true);
        }
        view.setUint16(this.wide ? 4 : 2, opcode, true);
        frame.set(data, this.header);
        return frame;
    }

    feed(chunk, packet) {
        this.buffered.add(chunk);
        for (let bytes = this.buffered.bytes; bytes.length >= this.header;) {
            const view = view_of(bytes);
            const size = this.wide ? view.getUint32(0, true) : view.getUint16(0, true);
            if (size < this.header || size > this.most) {
                throw new Broken(`a frame's header says ${size} bytes, allowed are ` +
                    `${this.header} to ${this.most}`);
            }
            if (this.wide && view.getUint16(6, true) !== 0) {
                throw new Broken("the last two bytes of a frame's header are not zero");
            }
            if (bytes.length < size) {
                return;
            }
            const opcode = view.getUint16(this.wide ? 4 : 2, true);
            const payload = bytes.slice(this.header, size);
            this.buffered.drop(size);
            packet(opcode, payload);
            bytes = this.buffered.bytes;
        }
    }
}

/* line: text that ends in LF or CR LF. */
class Line {
    constructor(limit) {
        this.limit = limit;
        this.buffered = new Buffered();
        this.scanned = 0; // no LF before
    }

    frame(opcode, payload) {
        const data = bytes_of(payload);
        check_opcode(opcode, 0);
        check_size(data.length, this.limit);
        if (data.includes(10)) {
            throw new RangeError("a payload of the framing line has no line end");
        }
        const frame = new Uint8Array(data.length + 1);
        frame.set(data);
        frame[data.length] = 10;
        return frame;
    }

    feed(chunk, packet) {
        this.buffered.add(chunk);
        for (;;) {
            const bytes = this.buffered.bytes;
            const end = bytes.indexOf(10, this.scanned);
            const size = end < 0 ? bytes.length - 1 // the last byte may be a CR
                : end > 0 && bytes[end - 1] === 13 ? end - 1 : end;
            if (size > this.limit) {
                throw new Broken(`a line has more than ${this.limit} bytes`);
            }
            if (end < 0) {
                this.scanned = bytes.length;
                return;
            }
            const line = bytes.slice(0, size);
            this.scanned = 0;
            this.buffered.drop(end + 1);
            packet(0, line);
        }
    }
}

/* raw: bytes as they come. */
class Raw {
    constructor(limit) {
        this.limit = limit;
    }

    frame(opcode, payload) {
        check_opcode(opcode, 0);
        return bytes_of(payload).slice();
    }

    feed(chunk, packet) {
        for (let at = 0; at < chunk.length; at += this.limit) {
            packet(0, chunk.slice(at, at + this.limit));
        }
    }
}

/* ---- RFC 6455, the client's side, for Node --------------------------------------------------- */

const CONTINUED = 0, TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10;

/* A message as the payload of a WebSocket: text, or the opcode and bytes. */
function message_of(opcode, payload, limit) {
    const data = bytes_of(payload);
    check_opcode(opcode, 0xffff);
    check_size(data.length, limit);
    if (opcode === 0 && typeof payload === "string") {
        return {kind: TEXT, data};
    }
    const message = new Uint8Array(data.length + 2);
    message[0] = opcode & 0xff;
    message[1] = opcode >> 8;
    message.set(data, 2);
    return {kind: BINARY, data: message};
}

function deliver_message(bytes, packet) {
    if (bytes.length < 2) {
        throw new Broken("a binary message has no opcode");
    }
    packet(bytes[0] | bytes[1] << 8, bytes.slice(2));
}

class WebSocketFrames {
    /* `crypto` is node:crypto, `write` sends bytes. */
    constructor(limit, crypto, write) {
        this.limit = limit;
        this.crypto = crypto;
        this.write = write;
        this.buffered = new Buffered();
        this.kind = 0; // of the message whose fragments are arriving; 0: none
        this.parts = new Buffered();
        this.said_close = false;
        this.key = ""; // while the answer to the upgrade is awaited
    }

    frame(opcode, payload) {
        const message = message_of(opcode, payload, this.limit);
        return this.masked(message.kind, message.data);
    }

    masked(kind, data) {
        const extra = data.length < 126 ? 0 : data.length <= 0xffff ? 2 : 8;
        const frame = new Uint8Array(6 + extra + data.length);
        const view = view_of(frame);
        const mask = this.crypto.randomBytes(4);
        frame[0] = 0x80 | kind;
        frame[1] = 0x80 | (extra === 0 ? data.length : extra === 2 ? 126 : 127);
        if (extra === 2) {
            view.setUint16(2, data.length);
        } else if (extra === 8) {
            view.setBigUint64(2, BigInt(data.length));
        }
        frame.set(mask, 2 + extra);
        for (let i = 0, at = 6 + extra; i < data.length; i++, at++) {
            frame[at] = data[i] ^ mask[i & 3];
        }
        return frame;
    }

    say_close(status) {
        if (!this.said_close) {
            this.said_close = true;
            this.write(this.masked(CLOSE, Uint8Array.of(status >> 8, status & 0xff)));
        }
    }

    feed(chunk, packet) {
        this.buffered.add(chunk);
        while (this.take(packet)) {
            // One frame after another.
        }
    }

    /* Takes one frame. False: it is not complete. */
    take(packet) {
        const bytes = this.buffered.bytes;
        if (bytes.length < 2) {
            return false;
        }
        const kind = bytes[0] & 15, last = bytes[0] >= 0x80;
        let size = bytes[1];
        if ((bytes[0] & 0x70) !== 0 ||
            ![CONTINUED, TEXT, BINARY, CLOSE, PING, PONG].includes(kind)) {
            throw new Broken(`a WebSocket frame begins with ${bytes[0]}`);
        }
        if (size >= 0x80) {
            throw new Broken("a server's WebSocket frame is masked");
        }
        if (kind >= CLOSE && (size > 125 || !last)) {
            throw new Broken("a control frame is fragmented or has more than 125 bytes");
        }
        const extra = size === 126 ? 2 : size === 127 ? 8 : 0;
        if (bytes.length < 2 + extra) {
            return false;
        }
        if (extra !== 0) {
            const view = view_of(bytes);
            size = extra === 2 ? view.getUint16(2) : Number(view.getBigUint64(2));
            if (size < 126 || (extra === 8 && size <= 0xffff)) {
                throw new Broken("a WebSocket frame's size is not written as short as it can be");
            }
        }
        if (kind < CLOSE && size + this.parts.bytes.length > this.limit + 2) {
            throw new Broken(`a message has more than ${this.limit} bytes`, 1009);
        }
        if (bytes.length < 2 + extra + size) {
            return false;
        }
        const payload = bytes.slice(2 + extra, 2 + extra + size);
        this.buffered.drop(2 + extra + size);
        if (kind >= CLOSE) {
            this.control(kind, payload);
        } else {
            this.fragment(kind, last, payload, packet);
        }
        return true;
    }

    fragment(kind, last, payload, packet) {
        if ((kind === CONTINUED) !== (this.kind !== 0)) {
            throw new Broken("the fragments of WebSocket messages are mixed up");
        }
        this.kind = this.kind || kind;
        this.parts.add(payload);
        if (!last) {
            return;
        }
        const message = this.parts.bytes.slice(), whole = this.kind;
        this.parts.drop(message.length);
        this.kind = 0;
        if (whole === BINARY) {
            deliver_message(message, packet);
        } else if (is_utf8(message)) {
            packet(0, message);
        } else {
            throw new Broken("a text message is not UTF-8", 1007);
        }
    }

    control(kind, payload) {
        if (kind === PING) {
            this.write(this.masked(PONG, payload));
        } else if (kind === CLOSE) {
            const status = payload.length >= 2 ? payload[0] << 8 | payload[1] : 1000;
            const known = status >= 1000 && status <= 1014 && ![1004, 1005, 1006].includes(status);
            if (payload.length === 1 || !(known || (status >= 3000 && status <= 4999))) {
                throw new Broken("a close frame has no valid status");
            }
            if (!is_utf8(payload.subarray(2))) {
                throw new Broken("a close frame's reason is not UTF-8", 1007);
            }
            this.say_close(status);
            throw new Ended(`the server closed the WebSocket: ${status} ` +
                text(payload.subarray(2)));
        }
    }

    /* The request that opens a WebSocket. */
    request(host, path, origin) {
        this.key = this.crypto.randomBytes(16).toString("base64");
        return `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\n` +
            `Connection: Upgrade\r\nSec-WebSocket-Key: ${this.key}\r\n` +
            `Sec-WebSocket-Version: 13\r\n${origin ? `Origin: ${origin}\r\n` : ""}\r\n`;
    }

    /* Takes bytes of the answer. True: the WebSocket is open. Throws what is wrong with it. */
    take_answer(chunk) {
        this.buffered.add(chunk);
        const head = String.fromCharCode(...this.buffered.bytes.subarray(0, HEAD_BYTES));
        const end = head.indexOf("\r\n\r\n");
        if (end < 0) {
            if (head.length === HEAD_BYTES) {
                throw new Error("the server's answer to the upgrade is too long");
            }
            return false;
        }
        this.buffered.drop(end + 4);
        const [status, ...lines] = head.slice(0, end).split("\r\n");
        const fields = new Map(lines.map((line) => {
            const colon = line.indexOf(":");
            return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
        }));
        const accept = this.crypto.createHash("sha1")
            .update(this.key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest("base64");
        const tokens = (fields.get("connection") ?? "").toLowerCase().split(/\s*,\s*/);
        if (!/^HTTP\/1\.1 101( |$)/.test(status)) {
            throw new Error("the server opens no WebSocket here: " +
                JSON.stringify(status.slice(0, 80)));
        }
        if (fields.get("upgrade")?.toLowerCase() !== "websocket" || !tokens.includes("upgrade") ||
            fields.get("sec-websocket-accept") !== accept ||
            fields.has("sec-websocket-extensions") || fields.has("sec-websocket-protocol")) {
            throw new Error("the server's answer to the upgrade breaks RFC 6455");
        }
        this.key = "";
        return true;
    }
}

function is_utf8(bytes) {
    try {
        new TextDecoder("utf-8", {fatal: true}).decode(bytes);
        return true;
    } catch {
        return false;
    }
}

/* ---- carriers: one connection each -------------------------------------------------------------
 * A carrier calls events.open(), events.packet(opcode, payload), events.heard() for whatever
 * arrives, and at last, once, events.over(code, words), after which it calls nothing. It has
 * send(opcode, payload), queued, goodbye() to close in order, and hang_up(). */

class BrowserCarrier {
    constructor(o, events) {
        const host = o.host.includes(":") ? `[${o.host}]` : o.host;
        this.limit = o.limit;
        this.over = (code, words) => {
            const {over} = events;
            events.over = () => {};
            over(code, words);
        };
        this.socket = new WebSocket(`${o.tls ? "wss" : "ws"}://${host}:${o.port}${o.path}`);
        this.socket.binaryType = "arraybuffer";
        let opened = false;
        this.socket.onopen = () => {
            opened = true;
            events.open();
        };
        this.socket.onclose = (e) => this.over(!opened ? "failed" : e.wasClean ? "ended" : "lost",
            `the WebSocket is closed: ${e.code} ${e.reason}`.trim());
        this.socket.onerror = () => { // "close" follows, but not in every implementation
            if (!opened) {
                this.over("failed", "the WebSocket cannot be opened");
            }
        };
        this.socket.onmessage = (e) => {
            events.heard();
            try {
                this.take(e.data, events);
            } catch (error) {
                this.socket.close(4002, error.message);
                this.over("broken", error.message);
            }
        };
    }

    take(data, events) {
        const is_text = typeof data === "string";
        const bytes = bytes_of(data);
        if (bytes.length > this.limit + (is_text ? 0 : 2)) {
            throw new Broken(`a message has more than ${this.limit} bytes`);
        }
        if (is_text) {
            events.packet(0, bytes);
        } else {
            deliver_message(bytes, (opcode, payload) => events.packet(opcode, payload));
        }
    }

    get queued() {
        return this.socket.bufferedAmount;
    }

    frame(opcode, payload) {
        const message = message_of(opcode, payload, this.limit);
        return message.kind === TEXT ? payload : message.data;
    }

    write(frame) {
        this.socket.send(frame);
    }

    goodbye() {
        this.socket.close(1000);
    }

    hang_up() {
        const none = () => {};
        this.socket.onopen = this.socket.onmessage = none;
        this.socket.onclose = this.socket.onerror = none;
        this.socket.close();
    }
}

class NodeCarrier {
    constructor(o, events, {net, tls, crypto}) {
        this.events = events;
        this.done = false;
        this.opened = false;
        const where = {host: o.host, port: o.port};
        if (o.tls) {
            const name = net.isIP(o.host) ? undefined : o.host;
            this.socket = tls.connect({...where, servername: name,
                ...(o.tls === true ? {} : o.tls)});
        } else {
            this.socket = net.connect(where);
        }
        this.socket.setNoDelay(true);
        this.frames = o.framing === "websocket"
            ? new WebSocketFrames(o.limit, crypto, (bytes) => this.answer(bytes))
            : o.framing === "line" ? new Line(o.limit)
                : o.framing === "raw" ? new Raw(o.limit) : new Sized(o.framing, o.limit);
        this.socket.on(o.tls ? "secureConnect" : "connect", () => this.on_connect(o));
        this.socket.on("data", (chunk) => this.on_data(chunk));
        this.socket.on("end", () => {
            this.on_data(new Uint8Array(0)); // what came with the answer to the upgrade
            if (o.framing === "websocket") {
                this.over("lost", "the server hung up without a close frame");
            } else {
                this.over("ended", "the server closed the connection");
            }
        });
        this.socket.on("error", (error) => this.over("lost", error.message));
        this.socket.on("close", () => this.over("lost", "the connection is closed"));
    }

    on_connect(o) {
        if (o.framing === "websocket") {
            const host = o.host.includes(":") ? `[${o.host}]` : o.host;
            this.socket.write(this.frames.request(`${host}:${o.port}`, o.path, o.origin));
        } else {
            this.opened = true;
            this.events.open();
        }
    }

    on_data(chunk) {
        if (this.done) {
            return;
        }
        this.events.heard();
        try {
            if (this.opened) {
                this.feed(chunk);
            } else if (this.frames.take_answer(chunk)) {
                this.opened = true;
                this.events.open();
                setTimeout(() => this.on_data(new Uint8Array(0)), 0); // after handlers are set
            }
        } catch (error) {
            if (error instanceof Broken && this.opened) {
                this.frames.say_close?.(error.status);
            }
            const code = error instanceof Broken ? "broken" : "ended";
            this.over(code, error.message);
        }
    }

    feed(chunk) {
        this.frames.feed(chunk, (opcode, payload) => {
            if (!this.done) {
                this.events.packet(opcode, payload);
            }
        });
    }

    /* Control frames to a server that reads nothing are dropped, so they cannot pile up. */
    answer(bytes) {
        if (this.socket.writableLength < PONG_BYTES) {
            this.socket.write(bytes);
        }
    }

    over(code, words) {
        if (!this.done) {
            this.done = true;
            this.hang_up();
            this.events.over(this.opened ? code : "failed", words);
        }
    }

    get queued() {
        return this.socket.writableLength;
    }

    frame(opcode, payload) {
        return this.frames.frame(opcode, payload);
    }

    write(frame) {
        this.socket.write(frame);
    }

    goodbye() {
        if (this.frames.say_close) {
            this.frames.write = (bytes) => this.socket.write(bytes);
            this.frames.say_close(1000);
        } else {
            this.socket.end();
        }
    }

    /* What is queued has a moment to leave. */
    hang_up() {
        this.done = true;
        this.socket.removeAllListeners("data");
        this.socket.on("error", () => {});
        this.socket.resume();
        this.socket.end();
        setTimeout(() => this.socket.destroy(), this.socket.writableLength > 0 ? 500 : 0);
    }
}

let node_modules_loaded = null;

/* Loaded only where they are needed, so that browsers never see them. */
async function node_modules() {
    const load = (name) => import(/* webpackIgnore: true */ /* @vite-ignore */ `node:${name}`);
    node_modules_loaded ??= Promise.all(["net", "tls", "crypto"].map(load))
        .then(([net, tls, crypto]) => ({net, tls, crypto}));
    return node_modules_loaded;
}

/* ---- the client ------------------------------------------------------------------------------ */

/** A connection, or a row of them with `reconnect`. Made by `connect`. */
export class Client {
    #o;
    #node = null;
    #carrier = null;
    #handlers = new Map();
    #failures = 0;
    #timer = null; // of connecting, of a pause, of closing
    #silence = null;
    #closed = null; // resolves what `close` returns
    #closing = null;

    constructor(options) {
        this.state = "connecting"; // connecting, open, waiting (to connect again), closed
        this.reason = null; // why the last connection is over: {code, text}
        this.#o = options;
    }

    /** Sends a packet. False: there is no connection now, or `backlog` bytes wait to be sent; the
     * packet is dropped. A string is sent as UTF-8, over WebSocket with opcode 0 as a text message.
     * Throws RangeError or TypeError for a packet that the framing cannot carry. */
    send(opcode, payload = "") {
        if (this.state !== "open") {
            return false;
        }
        const frame = this.#carrier.frame(opcode, payload);
        if (this.queued + frame.length > this.#o.backlog) {
            return false;
        }
        this.#carrier.write(frame);
        return true;
    }

    /** Bytes that wait to be sent. */
    get queued() {
        return this.#carrier === null ? 0 : this.#carrier.queued;
    }

    /** Resolves when at most `bytes` wait to be sent, or the connection is over. */
    async drained(bytes = 65536) {
        while (this.state === "open" && this.queued > bytes) {
            await new Promise((resolve) => setTimeout(resolve, 5));
        }
    }

    /** Sets a handler, one for each opcode and event:
     *
     *     on(OPCODE, (payload) => ...)          a packet with that opcode
     *     on("packet", (opcode, payload) => ...) a packet whose opcode has no handler
     *     on("open", () => ...)                 the client has connected again
     *     on("lost", (reason, pause_ms) => ...) the connection is over; the next attempt follows
     *     on("close", (reason) => ...)          it is over for good */
    on(what, handler) {
        if (typeof what !== "number" && !EVENTS.includes(what)) {
            throw new RangeError(`event ${String(what)}: allowed are ${EVENTS.join(", ")}`);
        }
        this.#handlers.set(what, handler);
        return this;
    }

    /** Sends what is queued, closes, and resolves when the server has done the same, within two
     * seconds. Packets that arrive after that are dropped. */
    close() {
        if (this.#closing !== null || this.state === "closed") {
            return this.#closing ?? Promise.resolve();
        }
        this.#closing = new Promise((resolve) => {
            this.#closed = resolve;
        });
        clearTimeout(this.#timer);
        clearTimeout(this.#silence);
        const was_open = this.state === "open";
        this.state = "closed";
        this.reason = {code: "closed", text: "closed by the client"};
        if (was_open) {
            this.#timer = setTimeout(() => this.#finish(), CLOSE_MS);
            this.#carrier.goodbye();
        } else {
            this.#finish();
        }
        return this.#closing;
    }

    #finish() {
        clearTimeout(this.#timer);
        this.#carrier?.hang_up();
        this.#carrier = null;
        this._failed?.(new Closed(this.reason));
        this.#call("close", this.reason);
        this.#closed?.();
    }

    /* Makes one connection. */
    async _dial() {
        this.state = "connecting";
        const o = this.#o;
        this.#node = in_node ? await node_modules() : null;
        if (this.state !== "connecting") {
            return; // closed
        }
        const events = {
            open: () => this.#on_open(),
            heard: () => this.#listen(),
            packet: (opcode, payload) => this.#on_packet(opcode, payload),
            over: (code, words) => this.#on_over(code, words),
        };
        this.#timer = setTimeout(() => {
            this.#carrier?.hang_up();
            this.#on_over("failed", `no answer within ${o.timeout} ms`);
        }, o.timeout);
        try {
            this.#carrier = in_node ? new NodeCarrier(o, events, this.#node)
                : new BrowserCarrier(o, events);
        } catch (error) { // an address that cannot be one
            this.#on_over("failed", error.message);
        }
    }

    #on_open() {
        clearTimeout(this.#timer);
        this.state = "open";
        this.#listen();
        if (this._opened) {
            this._opened();
            this._opened = null;
        } else {
            this.#call("open");
        }
    }

    /* Waits for bytes from the server. */
    #listen() {
        if (this.#o.silence > 0 && this.state === "open") {
            clearTimeout(this.#silence);
            this.#silence = setTimeout(() => {
                this.#carrier.hang_up();
                this.#on_over("lost", `nothing was heard for ${this.#o.silence} ms`);
            }, this.#o.silence);
        }
    }

    #on_packet(opcode, payload) {
        if (this.state !== "open") {
            return;
        }
        this.#failures = 0;
        if (this.#handlers.has(opcode)) {
            this.#call(opcode, payload);
        } else {
            this.#call("packet", opcode, payload);
        }
    }

    #on_over(code, words) {
        clearTimeout(this.#timer);
        clearTimeout(this.#silence);
        if (this.state === "closed") {
            this.#finish();
            return;
        }
        this.#carrier = null;
        this.reason = {code, text: words};
        if (this.#o.reconnect && code !== "broken") {
            this.state = "waiting";
            const [shortest, longest] = this.#o.pause;
            const most = Math.min(shortest * 2 ** Math.min(this.#failures, 30), longest);
            const pause = most / 2 + Math.random() * most / 2;
            this.#failures++;
            this.#timer = setTimeout(() => this._dial(), pause);
            this.#call("lost", this.reason, pause);
            return;
        }
        this.state = "closed";
        this._failed?.(new Closed(this.reason));
        this.#call("close", this.reason);
    }

    /* What a handler throws is thrown outside of here, and the connection continues. */
    #call(what, ...rest) {
        try {
            this.#handlers.get(what)?.(...rest);
        } catch (error) {
            queueMicrotask(() => {
                throw error;
            });
        }
    }
}

/* A client that has not begun to connect, so that a test hears all of its events. */
export function prepare(host, port, options = {}) {
    const o = {framing: in_node ? "u16" : "websocket", tls: false, path: "/", origin: "",
        limit: 1 << 20, backlog: 16 << 20, timeout: 10000, silence: 0, reconnect: false,
        pause: [250, 15000], ...options, host: String(host), port: Number(port)};
    if (!FRAMINGS.includes(o.framing) || (!in_node && o.framing !== "websocket")) {
        throw new RangeError(`framing ${o.framing}: allowed are ${FRAMINGS.join(", ")}; in ` +
            "browsers websocket only");
    }
    if (!/^\/[!-~]*$/.test(o.path) || !/^[!-~]*$/.test(o.origin)) {
        throw new RangeError("path and origin are ASCII without blanks, and path begins with /");
    }
    if (!Number.isInteger(o.port) || o.port < 1 || o.port > 65535) {
        throw new RangeError(`port ${port}: allowed are 1 to 65535`);
    }
    if (!(o.limit >= 1) || !(o.pause[0] > 0 && o.pause[0] <= o.pause[1])) {
        throw new RangeError("limit is below 1, or pause is not [shortest, longest]");
    }
    return new Client(o);
}

/** Connects to a listener of a host; portico.d.ts explains the options. Rejects with Closed if
 * there is no connection. */
export async function connect(host, port, options = {}) {
    const client = prepare(host, port, options);
    await new Promise((resolve, reject) => {
        client._opened = resolve;
        client._failed = reject;
        client._dial();
    });
    return client;
}
