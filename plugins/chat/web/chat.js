/* chat.js: the page of the chat. A line that somebody types is a text message, as a line in a
 * terminal is a packet: `nc` users and pages are in the same rooms. The answers have opcodes, by
 * which the page tells the kinds of lines apart; see the head of chat.c. */
import {connect, text as text_of} from "./portico.js";

const WHO = 4;
const SAID = 100, NOTICE = 101, WRONG = 102, LIST = 103, TOLD = 104;
const KINDS = {[SAID]: "said", [NOTICE]: "notice", [WRONG]: "wrong", [LIST]: "list",
    [TOLD]: "told"};
const LINES_MOST = 500;
const WHO_MS = 300; // after somebody has come or left
const ALIVE_MS = 60000; // the host closes a session that is silent for long
const AT_END_PIXELS = 40;

const by_id = (id) => document.getElementById(id);
const self = {name: "", wanted: "", room: "", asked_who: false};
let link = null;
let who_timer = 0;

/* ---- what the page shows --------------------------------------------------------------------- */

/* A name's colour is the same on every page. Similar names have different ones. */
function colour_of(name) {
    let hash = 7;
    for (const letter of name) {
        hash = Math.imul(hash ^ letter.codePointAt(0), 0x01000193);
    }
    return `hsl(${(hash >>> 8) % 360} 70% var(--lightness))`;
}

function add_line(kind, words, speaker = "") {
    const log = by_id("log");
    const at_end = log.scrollHeight - log.scrollTop - log.clientHeight < AT_END_PIXELS;
    const line = document.createElement("p");
    line.className = kind;
    if (speaker !== "") {
        const name = line.appendChild(document.createElement("b"));
        name.textContent = speaker;
        name.style.color = colour_of(speaker);
        line.classList.toggle("own", speaker === self.name);
    }
    line.append(words);
    log.append(line);
    while (log.children.length > LINES_MOST) {
        log.firstElementChild.remove();
    }
    if (at_end || speaker === self.name) {
        log.scrollTop = log.scrollHeight;
    }
}

function say_link(state, words) {
    by_id("link").dataset.state = state;
    by_id("link").textContent = words;
}

function show_members(room, names) {
    by_id("here").textContent = room === "" ? "In no room" : `In ${room} (${names.length})`;
    by_id("members").replaceChildren(...names.map((name) => {
        const row = document.createElement("li");
        row.textContent = name;
        row.style.color = colour_of(name);
        row.classList.toggle("me", name === self.name);
        return row;
    }));
}

/* ---- lines from the module ------------------------------------------------------------------- */

/* Asks who is here, once for all that come or leave at the same time. */
function ask_who() {
    clearTimeout(who_timer);
    who_timer = setTimeout(() => self.room !== "" && link?.send(WHO), WHO_MS);
}

/* Names contain no spaces, so nobody can speak in a way that looks like these. */
function on_notice(line) {
    const [, name, what, rest] =
        /^\* (\S+) (has come to room|has left room|has gone|is now|are now) ?(.*)$/.exec(line) ?? [];
    if (what === "has come to room" && (self.name === "" || self.name === name)) {
        self.name = name; // the first one to come is this page
        self.room = rest;
        by_id("name").placeholder = name;
        if (self.wanted !== "" && self.wanted !== name) {
            link.send(0, `/name ${self.wanted}`);
        }
    } else if (what === "has left room" && name === self.name) {
        self.room = "";
        show_members("", []);
    } else if (what === "are now" && name === "you") {
        self.name = self.wanted = rest;
        by_id("name").value = rest;
    }
    if (what !== undefined) {
        ask_who();
    }
}

function on_list(line) {
    const [, room, names] = /^= (\S+) \(\d+\): (.*)$/.exec(line) ?? [];
    if (room !== undefined) {
        show_members(room, names.split(", "));
    }
}

function on_packet(opcode, payload) {
    const line = text_of(payload), kind = KINDS[opcode] ?? "notice";
    const colon = line.indexOf(": ");
    if (opcode === NOTICE) {
        on_notice(line);
    } else if (opcode === LIST) {
        on_list(line);
        if (!self.asked_who) {
            return; // it was the page that asked
        }
        self.asked_who = false;
    }
    if (opcode === SAID && colon > 0) {
        add_line(kind, line.slice(colon + 2), line.slice(0, colon));
    } else {
        add_line(kind, line);
    }
}

/* ---- the connection -------------------------------------------------------------------------- */

function on_open() {
    Object.assign(self, {name: "", room: "", asked_who: false});
    say_link("open", "connected");
}

function on_lost(reason, pause_ms) {
    self.room = "";
    show_members("", []);
    say_link("waiting", `reconnecting in ${(pause_ms / 1000).toFixed(1)} s`);
}

function speak(e) {
    e.preventDefault();
    const input = by_id("text");
    if (input.value !== "" && link?.send(0, input.value)) {
        self.asked_who ||= input.value.startsWith("/who");
        input.value = "";
    }
}

function rename(e) {
    e.preventDefault();
    link?.send(0, `/name ${by_id("name").value}`);
    by_id("text").focus();
}

async function main() {
    by_id("speak").addEventListener("submit", speak);
    by_id("rename").addEventListener("submit", rename);
    const tls = location.protocol === "https:";
    link = await connect(location.hostname, location.port || (tls ? 443 : 80),
        {tls, path: "/talk", reconnect: true, pause: [250, 8000]});
    link.on("packet", on_packet).on("open", on_open).on("lost", on_lost);
    on_open();
    setInterval(() => link.send(0, ""), ALIVE_MS);
}

void main();
