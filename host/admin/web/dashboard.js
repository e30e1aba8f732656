/* dashboard.js: the frame around the views: which one is open, the state of the connection, and
 * what is wrong with the host right now. */
import {close_all} from "./dialog.js";
import {by_id, el, set_attribute, set_hidden, set_text} from "./dom.js";
import * as figures from "./figures.js";
import * as format from "./format.js";
import {connect, look, retry, watch} from "./live.js";
import * as limits from "./limits.js";
import * as log from "./log.js";
import * as module from "./module.js";
import * as modules from "./modules.js";
import * as overview from "./overview.js";
import * as room from "./room.js";
import * as rooms from "./rooms.js";
import * as session from "./session.js";
import * as sessions from "./sessions.js";
import * as swaps from "./swaps.js";
import * as trace from "./trace.js";

/* In the order of the list. `part_of`: a view of one thing, which the list does not show. */
const VIEWS = {
    overview: {title: "Overview", view: overview},
    sessions: {title: "Sessions", view: sessions},
    session: {title: "Session", view: session, part_of: "sessions"},
    rooms: {title: "Rooms", view: rooms},
    room: {title: "Room", view: room, part_of: "rooms"},
    modules: {title: "Modules", view: modules},
    module: {title: "Module", view: module, part_of: "modules"},
    swaps: {title: "Swaps", view: swaps},
    limits: {title: "Limits", view: limits},
    log: {title: "Log", view: log},
    trace: {title: "Trace", view: trace},
};
const LOOK_MS = 500;
const LATE_MS = 12000; // the slowest figures come every 5 seconds
const AT_REST_MS = 5000;
const VIEW_MS = 1000; // between the answers that a view watches

let stops = []; // what ends the open view's watches

/* ---- views ----------------------------------------------------------------------------------- */

/* "#session/16777221": the view and its argument. */
function place() {
    const [name, ...rest] = location.hash.slice(1).split("/");
    try {
        return {name: Object.hasOwn(VIEWS, name) ? name : "overview",
            argument: decodeURIComponent(rest.join("/"))};
    } catch {
        return {name: "overview", argument: ""}; // a "%" that begins no character
    }
}

function open_view(event) {
    const {name, argument} = place();
    const {title, view, part_of} = VIEWS[name];
    close_all();
    stops.forEach((stop) => stop());
    stops = [];
    const main = by_id("main");
    const heading = el("h1", {tabindex: "-1"}, argument === "" ? title : `${title} ${argument}`);
    main.replaceChildren(heading);
    main.dataset.view = name;
    document.title = `${heading.textContent} – Portico`;
    for (const link of by_id("views").querySelectorAll("a")) {
        set_attribute(link, "aria-current",
            link.hash === `#${part_of ?? name}` ? part_of ? "true" : "page" : null);
    }
    view.open({
        main, argument, heading,
        watch: (command, on_answer) => {
            const stop = watch(command, VIEW_MS, on_answer);
            stops.push(stop);
            return stop;
        },
        at_end: (stop) => stops.push(stop),
    });
    if (event !== undefined) { // not when the page has just been opened
        scrollTo(0, 0);
        heading.focus({preventScroll: true});
    }
}

function list_views() {
    by_id("views").append(...Object.entries(VIEWS).filter(([, {part_of}]) => part_of === undefined)
        .map(([name, {title}]) => el("li", {}, el("a", {href: `#${name}`}, title))));
}

/* ---- the connection -------------------------------------------------------------------------- */

/* What follows from the state of the connection: [what the pill says, what the banner says]. */
function words_of({state, silent_ms, next_ms}) {
    const old = silent_ms > 0 ? ` The figures are ${format.age(silent_ms / 1000)} old.` : "";
    if (state === "open") {
        return silent_ms < LATE_MS ? ["live", ""] : ["late", `The host does not answer.${old}`];
    }
    const wait = Math.ceil((next_ms - Date.now()) / 1000);
    const next = state === "broken" && wait > 0 ? ` Next try in ${wait} s.` : "";
    return state === "broken" || silent_ms > 0
        ? ["not connected", `Not connected to the host.${old}${next}`] : ["connecting", ""];
}

function show_link() {
    const [pill, banner] = words_of(look());
    set_text(by_id("link"), pill);
    set_attribute(by_id("link"), "data-state", pill === "live" ? "open" : "waiting");
    set_text(by_id("broken-text"), banner);
    set_hidden(by_id("broken"), banner === "");
    document.body.classList.toggle("stale", banner !== "");
}

/* ---- what is wrong --------------------------------------------------------------------------- */

function show_host() {
    const version = figures.label_of("portico_build_info", "version");
    const started = figures.value("process_start_time_seconds");
    set_text(by_id("version"), version ?? "");
    set_text(by_id("up"), started === undefined ? ""
        : `up ${format.age(Date.now() / 1000 - started)}`);
}

let alarm = "";

/* Changed only if it differs, since a screen reader reads what changes. */
function show_alarm(answer, ok) {
    const frozen = ok ? answer.modules.filter((each) => each.frozen).map(({name}) => name) : [];
    if (frozen.join() !== alarm) {
        alarm = frozen.join();
        by_id("alarm").replaceChildren(...frozen.map((name) =>
            el("a", {href: `#module/${name}`}, `${name} is frozen`)));
    }
}

list_views();
by_id("skip").addEventListener("click", (event) => {
    event.preventDefault();
    by_id("main").querySelector("h1").focus();
});
by_id("retry").addEventListener("click", retry);
addEventListener("hashchange", open_view);
connect();
figures.start(show_host);
watch("modules", AT_REST_MS, show_alarm);
setInterval(show_link, LOOK_MS);
open_view();
