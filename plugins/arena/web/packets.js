/* packets.js: the packets of arena.c, whose head describes them. Numbers are little endian. */
export const JOIN = 1, MOVE = 2, HIT = 3, ASK = 4;
export const WELCOME = 100, SNAPSHOT = 101, SCORES = 102, REFUSED = 103, ABOUT = 104;
export const REFUSALS = ["", "A field's name has 1 to 63 bytes, without control characters.",
    "That field is full.", "You are there.", "Not now. Try again."];

const view_of = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export function read_welcome(bytes) {
    const view = view_of(bytes);
    const [number, tick_ms, size, reach] = [0, 2, 4, 6].map((at) => view.getUint16(at, true));
    return {number, tick_ms, size, reach};
}

export function read_snapshot(bytes) {
    const view = view_of(bytes);
    const places = new Map();
    for (let at = 6; at + 6 <= bytes.length; at += 6) {
        places.set(view.getUint16(at, true),
            {x: view.getUint16(at + 2, true), y: view.getUint16(at + 4, true)});
    }
    return {tick: view.getUint32(0, true), places};
}

export function read_scores(bytes) {
    const view = view_of(bytes);
    const scores = new Map();
    for (let at = 2; at + 6 <= bytes.length; at += 6) {
        scores.set(view.getUint16(at, true), view.getUint32(at + 2, true));
    }
    return scores;
}

export function read_about(bytes) {
    const view = view_of(bytes);
    const [tick_ms, size, reach] = [4, 6, 8].map((at) => view.getUint16(at, true));
    const version = new TextDecoder().decode(bytes.subarray(10));
    return {starts: view.getUint32(0, true), tick_ms, size, reach, version};
}

export function read_refused(bytes) {
    return REFUSALS[view_of(bytes).getUint16(0, true)] ?? REFUSALS[4];
}

export function move(dx, dy) {
    const bytes = new Uint8Array(4);
    view_of(bytes).setInt16(0, dx, true);
    view_of(bytes).setInt16(2, dy, true);
    return bytes;
}
