/* portico.d.ts: the types of portico.js. */

/** Why a connection is over. `text` is for people. Codes:
 *
 *     closed   by `close` on this side
 *     ended    the server closed it, a WebSocket with a close frame
 *     lost     the network broke it, or nothing was heard for `silence`
 *     failed   it could not be made
 *     broken   the server sent what the framing does not allow, or more than `limit` bytes */
export interface Reason {
    code: "closed" | "ended" | "lost" | "failed" | "broken";
    text: string;
}

export type Framing = "u16" | "u32" | "line" | "raw" | "websocket";
export type State = "connecting" | "open" | "waiting" | "closed";
export type Payload = Uint8Array | ArrayBufferView | ArrayBuffer | string;

export interface Options {
    /** Of the listener. Default: "u16" in Node; "websocket" in browsers, which have no other. */
    framing?: Framing;
    /** For a listener with `tls = yes`. In Node also an object with options of tls.connect, such as
     * `{ca}`. Default: false. */
    tls?: boolean | Record<string, unknown>;
    /** Of a WebSocket. Default: "/". */
    path?: string;
    /** Of a WebSocket, in Node: the header that browsers send. Default: none. */
    origin?: string;
    /** Bytes of the largest payload, in both directions. Default: 1 MiB. */
    limit?: number;
    /** Bytes that may wait to be sent; above that `send` returns false. Default: 16 MiB. */
    backlog?: number;
    /** How long connecting may take, in ms. Default: 10000. */
    timeout?: number;
    /** The connection is lost after this time without a byte from the server, in ms. In browsers
     * without a message: they answer pings themselves. Default: 0, never. */
    silence?: number;
    /** Connect again when the connection is over, but not after `closed` and `broken`. Default:
     * false. */
    reconnect?: boolean;
    /** The pauses before that grow from the first to the second, in ms; each is a random time
     * between the half and the whole. Default: [250, 15000]. */
    pause?: [number, number];
}

/** `connect` rejects with it. */
export class Closed extends Error {
    readonly reason: Reason;
}

export class Client {
    private constructor();
    readonly state: State;
    /** Why the last connection is over. */
    readonly reason: Reason | null;
    /** Bytes that wait to be sent. */
    readonly queued: number;

    /** Sends a packet, after all packets before it. False: there is no connection now, or `backlog`
     * bytes wait; the packet is dropped. True does not mean that it has arrived. A string is sent
     * as UTF-8, over WebSocket with opcode 0 as a text message. Throws RangeError or TypeError for a
     * packet that the framing cannot carry. */
    send(opcode: number, payload?: Payload): boolean;
    /** Resolves when at most `bytes` (64 KiB) wait to be sent, or the connection is over. */
    drained(bytes?: number): Promise<void>;

    /** A packet with that opcode. Each opcode and event has one handler, the last one set. */
    on(opcode: number, handler: (payload: Uint8Array) => void): this;
    /** A packet whose opcode has no handler. */
    on(what: "packet", handler: (opcode: number, payload: Uint8Array) => void): this;
    /** The client has connected again: this is a new session for the host. */
    on(what: "open", handler: () => void): this;
    /** The connection is over; the next attempt is in `pause_ms`. */
    on(what: "lost", handler: (reason: Reason, pause_ms: number) => void): this;
    /** It is over for good. */
    on(what: "close", handler: (reason: Reason) => void): this;

    /** Sends what is queued, closes, and resolves when the server has done the same, within two
     * seconds. Packets that arrive after that are dropped. */
    close(): Promise<void>;
}

/** Connects to a listener of a host. Rejects with Closed if there is no connection. */
export function connect(host: string, port: number | string, options?: Options): Promise<Client>;

/** A payload as text. Bytes that are not UTF-8 become U+FFFD. */
export function text(payload: Uint8Array): string;
