/* live.js: the connection to the host: one WebSocket, /live. A view watches commands of ctl, which
 * the host then answers again and again, and runs others. The connection comes back when it breaks,
 * with growing pauses; watches are asked for again, and what was being run counts as failed. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15000;

const watches = new Map(); // by command
const running = []; // in the order of asking
const streams = new Map(); // by command: what takes its answers
const link = {state: "connecting", heard_ms: 0, next_ms: 0, pause_ms: FIRST_PAUSE_MS};
let socket = null;
let timer = 0;

function send(text) {
    if (socket?.readyState === WebSocket.OPEN) {
        socket.send(text);
    }
}

function ask_again(command, watch) {
    const ms = Math.min(...[...watch.wishes].map((wish) => wish.ms));
    if (ms !== watch.ms) {
        watch.ms = ms;
        send(`watch ${ms} ${command}`);
    }
}

/** Has `on_answer(answer, ok)` called with each answer to a command, every `ms` at most. Returns what
 * ends this. The last answer, if there is one, comes at once. */
export function watch(command, ms, on_answer) {
    const wish = {ms, on_answer};
    if (!watches.has(command)) {
        watches.set(command, {wishes: new Set(), ms: Infinity, last: null});
    }
    const entry = watches.get(command);
    entry.wishes.add(wish);
    ask_again(command, entry);
    if (entry.last !== null) {
        on_answer(entry.last.answer, entry.last.ok);
    }
    return () => {
        if (!entry.wishes.delete(wish)) {
            return;
        }
        if (entry.wishes.size > 0) {
            ask_again(command, entry);
        } else if (watches.get(command) === entry) {
            watches.delete(command);
            send(`unwatch ${command}`);
        }
    };
}

/** Runs a command once: {ok, answer}. It does not throw. */
export function run(command) {
    if (socket?.readyState !== WebSocket.OPEN) {
        return Promise.resolve({ok: false, answer: {error: "there is no connection to the host"}});
    }
    return new Promise((resolve) => {
        running.push({command, resolve});
        send(`run ${command}`);
    });
}

/** Runs a command with more than one answer: `on_answer(answer, ok)` gets each, until one has `ended`
 * or is not ok. Returns what ends it sooner. */
export function follow(command, on_answer) {
    if (socket?.readyState !== WebSocket.OPEN) {
        on_answer({error: "there is no connection to the host"}, false);
        return () => {};
    }
    streams.set(command, on_answer);
    send(`run ${command}`);
    return () => {
        if (streams.delete(command)) {
            send(`unwatch ${command}`);
        }
    };
}

/** The state of the connection: `state` is open, connecting or broken. */
export const look = () => ({...link, silent_ms: link.heard_ms > 0 ? Date.now() - link.heard_ms : 0});

function on_message(event) {
    const {command, ok, answer} = JSON.parse(event.data);
    link.heard_ms = Date.now();
    const at = running.findIndex((each) => each.command === command);
    if (at >= 0) {
        running.splice(at, 1)[0].resolve({ok, answer});
    }
    const on_answer = streams.get(command);
    if (on_answer !== undefined && (!ok || (answer.ended ?? null) !== null)) {
        streams.delete(command);
    }
    on_answer?.(answer, ok);
    const entry = watches.get(command);
    if (entry !== undefined) {
        entry.last = {answer, ok};
        for (const {on_answer} of [...entry.wishes]) {
            on_answer(answer, ok);
        }
    }
}

function on_open() {
    link.state = "open";
    link.pause_ms = FIRST_PAUSE_MS;
    link.heard_ms = Date.now();
    for (const [command, entry] of watches) {
        entry.ms = Infinity;
        ask_again(command, entry);
    }
}

/* A host that has started again does not know the cookie: it then shows the login page. */
async function is_logged_out() {
    try {
        const answer = await fetch("/", {cache: "no-store"});
        return (await answer.text()).includes('action="/login"');
    } catch {
        return false; // it does not answer
    }
}

function on_close() {
    const answer = {error: "the connection broke before the answer came"};
    socket = null;
    link.state = "broken";
    for (const {resolve} of running.splice(0)) {
        resolve({ok: false, answer});
    }
    for (const on_answer of streams.values()) {
        on_answer(answer, false);
    }
    streams.clear();
    link.next_ms = Date.now() + link.pause_ms;
    timer = setTimeout(again, link.pause_ms);
    link.pause_ms = Math.min(link.pause_ms * 2, LONGEST_PAUSE_MS);
}

async function again() {
    clearTimeout(timer);
    if (socket !== null || link.state === "connecting") {
        return;
    }
    link.state = "connecting";
    if (await is_logged_out()) {
        location.reload();
    } else {
        connect();
    }
}

/** Connects now, if a pause is on. */
export const retry = again;

export function connect() {
    link.state = "connecting";
    socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/live`);
    socket.addEventListener("open", on_open);
    socket.addEventListener("message", on_message);
    socket.addEventListener("close", on_close);
}
