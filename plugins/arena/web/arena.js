/* arena.js: the page of the game. It connects to the listener that has served it, and plays.
 *
 * The page asks the module four times a second which build serves: `starts` in the answer counts
 * builds, so the page notices every swap, and the time until the answer is the latency. */
import {connect} from "./portico.js";
import {ABOUT, ASK, HIT, JOIN, MOVE, REFUSED, SCORES, SNAPSHOT, WELCOME, move, read_about,
    read_refused, read_scores, read_snapshot, read_welcome} from "./packets.js";
import {World, name_of} from "./world.js";
import {Picture, colour_of} from "./picture.js";
import {Controls} from "./controls.js";

const STEP = 13; // units per move
const MOVE_MS = 50; // the game accepts no more moves than that
const ASK_MS = 250;
const ANSWER_MS = 5000; // a question without an answer for that long is asked again
const STILL_MS = 1500; // without a tick: the field's clock stands still
const BANNER_MS = 4000;
const FIELD = "meadow";

const by_id = (id) => document.getElementById(id);
const world = new World();
const picture = new Picture(by_id("field"));
const seen = {starts: 0, version: "", swaps: 0, losses: 0};
let link = null;
let asked_at = 0;
let moved_at = 0;
let drawn_at = 0;
let banner_timer = 0;

function field_wanted() {
    try {
        return decodeURIComponent(location.hash.slice(1)) || FIELD;
    } catch {
        return FIELD;
    }
}

/* ---- what the page says ---------------------------------------------------------------------- */

function set_text(id, words) {
    const element = by_id(id);
    if (element.textContent !== words) {
        element.textContent = words;
    }
}

function say_link(state, words, veil) {
    const pill = by_id("link");
    pill.dataset.state = state;
    set_text("link", words);
    by_id("veil").classList.toggle("gone", veil === "");
    if (veil !== "") {
        set_text("veil-text", veil);
    }
}

function banner(words) {
    set_text("banner", words);
    by_id("banner").classList.add("shown");
    clearTimeout(banner_timer);
    banner_timer = setTimeout(() => by_id("banner").classList.remove("shown"), BANNER_MS);
}

function show_scores() {
    const rows = [...world.scores].sort(([a, x], [b, y]) => y - x || a - b);
    set_text("count", rows.length > 0 ? `(${rows.length})` : "");
    const list = by_id("scores");
    while (list.children.length > rows.length) {
        list.lastElementChild.remove();
    }
    rows.forEach(([number, points], i) => {
        let row = list.children[i];
        if (row === undefined) {
            row = list.appendChild(document.createElement("li"));
            for (const kind of ["dot", "name", "points"]) {
                row.appendChild(document.createElement("span")).className = kind;
            }
        }
        const [dot, name, score] = row.children;
        row.classList.toggle("me", number === world.me);
        row.dataset.number = number;
        dot.style.background = colour_of(number, picture.lightness);
        name.textContent = name_of(number) + (number === world.me ? " (you)" : "");
        score.textContent = points;
    });
}

/* ---- packets --------------------------------------------------------------------------------- */

function on_scores(bytes) {
    const scores = read_scores(bytes), now = performance.now();
    const places = world.snapshots.at(-1)?.places ?? new Map();
    for (const [number, points] of scores) {
        const place = places.get(number);
        if (points > (world.scores.get(number) ?? points) && place !== undefined) {
            picture.effect("point", place, number, now);
            for (const [other, {x, y}] of places) {
                if (other !== number && Math.hypot(x - place.x, y - place.y) <= world.reach * 1.5) {
                    picture.effect("tagged", {x, y}, other, now);
                }
            }
        }
    }
    world.scores = scores;
    show_scores();
}

function on_about(bytes) {
    const about = read_about(bytes);
    world.latency_ms = performance.now() - asked_at;
    asked_at = 0;
    world.rules(about);
    if (seen.starts !== 0 && about.starts !== seen.starts) {
        seen.swaps++;
        banner(about.version === seen.version ? `Swapped: build ${about.starts} serves now`
            : `Swapped: ${seen.version} is now ${about.version}`);
        picture.effect("swap", {x: 0, y: 0}, 0, performance.now());
        const panel = by_id("build");
        panel.classList.remove("flash");
        void panel.offsetWidth; // begins the animation anew
        panel.classList.add("flash");
    }
    seen.starts = about.starts;
    seen.version = about.version;
    set_text("version", about.version);
    set_text("starts", `no. ${about.starts}`);
    set_text("size", `${about.size}`);
    set_text("tick", `${about.tick_ms} ms`);
    set_text("swaps", `${seen.swaps}`);
    const ms = world.latency_ms;
    set_text("latency-ms", ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`);
}

function on_welcome(bytes) {
    world.welcome(read_welcome(bytes));
    say_link("open", "playing", "");
}

function on_snapshot(bytes) {
    const {tick, places} = read_snapshot(bytes);
    if (world.me !== 0) {
        world.snapshot(tick, places, performance.now());
    }
}

/* ---- what the player does -------------------------------------------------------------------- */

function join() {
    link.send(JOIN, field_wanted());
    by_id("field-name").value = field_wanted();
}

function tag() {
    const {place} = world;
    if (place !== null && link?.send(HIT)) {
        picture.effect("hit", world.own ?? place, world.me, performance.now());
    }
}

function walk(controls, now) {
    const {x, y} = controls.direction(world.own === null ? null : picture.pixel(world.own));
    const dx = Math.round(x * STEP), dy = Math.round(y * STEP);
    if ((dx !== 0 || dy !== 0) && now - moved_at >= MOVE_MS && link.send(MOVE, move(dx, dy))) {
        moved_at = Math.max(moved_at + MOVE_MS, now - MOVE_MS);
        world.moved(dx, dy, now);
    }
}

/* The next question waits for the last answer. */
function ask() {
    const now = performance.now();
    if ((asked_at === 0 || now - asked_at > ANSWER_MS) && link.send(ASK)) {
        asked_at = now;
    }
}

function frame(controls, now) {
    const passed_s = Math.min(0.1, (now - drawn_at) / 1000);
    drawn_at = now;
    if (link !== null && world.me !== 0) {
        walk(controls, now);
        if (link.state === "open") {
            const still = world.still_ms(now) > STILL_MS;
            say_link(still ? "still" : "open", still ? "the clock stands still" : "playing", "");
        }
    }
    picture.draw(world, world.players(now, passed_s), now, passed_s);
    requestAnimationFrame((next) => frame(controls, next));
}

/* ---- the connection -------------------------------------------------------------------------- */

function on_open() {
    asked_at = 0;
    join();
    ask();
}

function on_lost(reason, pause_ms) {
    world.forget();
    seen.starts = 0; // another process may answer
    seen.losses++;
    set_text("losses", `${seen.losses}`);
    set_text("latency-ms", "–");
    say_link("waiting", "reconnecting",
        `The connection is lost. The next attempt is in ${(pause_ms / 1000).toFixed(1)} s.`);
}

async function main() {
    const controls = new Controls(by_id("field"), by_id("tag"), tag);
    requestAnimationFrame((now) => frame(controls, now));
    by_id("move-on").addEventListener("submit", (e) => {
        e.preventDefault();
        location.hash = encodeURIComponent(by_id("field-name").value);
        by_id("field").focus();
    });
    const tls = location.protocol === "https:";
    link = await connect(location.hostname, location.port || (tls ? 443 : 80),
        {tls, path: "/play", reconnect: true, pause: [250, 8000]});
    link.on(WELCOME, on_welcome).on(SNAPSHOT, on_snapshot).on(SCORES, on_scores)
        .on(ABOUT, on_about).on(REFUSED, (bytes) => banner(read_refused(bytes)))
        .on("open", on_open).on("lost", on_lost);
    addEventListener("hashchange", join);
    on_open();
    setInterval(ask, ASK_MS);
}

// For the console and for tests: try arena.world.place.
globalThis.arena = {world, seen};
void main();
