/* trace.js: what happens to one session, in one room, or to all of a type: start, follow, stop,
 * save. The page keeps a bounded number of events. */
import {el, field, select, set_disabled, set_text} from "./dom.js";
import {follow} from "./live.js";
import {make_table} from "./table.js";

const KEPT = 20000;
const SHOWN = 200;
const SHOW_MS = 500;
const ENDS = {count: "it has all its events", seconds: "its time is over",
    gone: "what it follows has ended"};

/* ---- an event in words ----------------------------------------------------------------------- */

const time_of = ({us}) => `+${Math.floor(us / 1e6)}.${String(us % 1e6).padStart(6, "0")}`;

function what_of(e) {
    const number = e.opcode !== undefined ? `opcode ${e.opcode}`
        : e.message !== undefined ? `message ${e.message}`
            : e.handler !== undefined ? `${e.handler} ${e.number}` : "";
    return [number, e.name, e.receivers !== undefined ? `to ${e.receivers}` : "",
        e.why, e.status].filter((word) => word).join(" ");
}

const payload_of = (e) => e.text ?? e.bytes ??
    (e.fields === undefined ? "" : JSON.stringify(e.fields).replace(/^\{|\}$/g, "")
        .replace(/"(\w+)":/g, "$1: ").replace(/,(?=\w+: )/g, ", "));

const columns = [
    {label: "Time", head: true, value: time_of, style: "code whole"},
    {label: "Turn", number: true, value: (row) => row.turn},
    {label: "Event", value: (row) => row.event, style: "code whole",
        mark: (row) => ["fault", "rejected", "refused"].includes(row.event) ? "bad" : null},
    {label: "What", value: what_of, style: "whole"},
    {label: "Bytes", number: true, value: (row) => row.size},
    {label: "Session", value: (row) => row.session, style: "whole"},
    {label: "Room", value: (row) => row.room, style: "whole"},
    {label: "By", value: (row) => row.by ?? row.from, style: "whole"},
    {label: "Module", value: (row) => row.module === undefined ? ""
        : `${row.module} ${row.generation}`, style: "whole"},
    {label: "Payload", value: payload_of, style: "code value"},
];

/* ---- the trace ------------------------------------------------------------------------------- */

/* It continues while other views are open. */
const trace = {command: "", events: [], number: 0, left_out: 0, dropped: 0, end: "", stop: null,
    on_change: () => {}};

function take(answer, ok) {
    for (const event of answer.events ?? []) {
        trace.events.push({...event, key: ++trace.number});
    }
    if (trace.events.length > KEPT) {
        trace.left_out += trace.events.splice(0, trace.events.length - KEPT).length;
    }
    trace.dropped = answer.dropped ?? trace.dropped;
    if (!ok) {
        end(answer.error);
    } else if ((answer.ended ?? null) !== null) {
        end(`ended: ${ENDS[answer.ended] ?? answer.ended}`);
    }
    trace.on_change();
}

function end(why) {
    trace.end = why;
    trace.stop = null;
}

function start(command) {
    Object.assign(trace, {command, events: [], number: 0, left_out: 0, dropped: 0, end: ""});
    trace.stop = () => {};
    const stop = follow(command, take);
    if (trace.end === "") {
        trace.stop = stop;
    }
    trace.on_change();
}

function stop() {
    trace.stop?.();
    end("stopped");
    trace.on_change(true);
}

function save() {
    const lines = trace.events.map(({key, ...event}) => JSON.stringify(event) + "\n");
    const link = el("a", {download: `${trace.command.split(" ").slice(0, 3).join("-")}.jsonl`,
        href: URL.createObjectURL(new Blob(lines, {type: "application/jsonl"}))});
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function words() {
    if (trace.command === "") {
        return "";
    }
    const lost = [
        trace.dropped > 0 ? `; ${trace.dropped} more were dropped, since they could not be sent fast ` +
            "enough" : "",
        trace.left_out > 0 ? `; the first ${trace.left_out} are no longer kept` : ""].join("");
    return `${trace.command}: ${trace.number} events${lost}; ${trace.end || "running"}.`;
}

/* ---- the view -------------------------------------------------------------------------------- */

const number = (max, value) =>
    el("input", {class: "short", type: "number", min: 1, max, value, required: true});

function make_form(argument) {
    const [kind, which] = argument.split(" ");
    const at = {
        kind: select(["session", "room", "type"]),
        which: el("input", {required: true, spellcheck: "false", pattern: "[A-Za-z0-9_.\\-]+",
            title: "an id, or the name of a type", value: which ?? ""}),
        count: number(1000000, 1000),
        seconds: number(3600, 60),
        payload: el("input", {type: "checkbox"}),
    };
    at.kind.value = ["room", "type"].includes(kind) ? kind : "session";
    const begin = el("button", {type: "submit"}, "Start");
    const halt = el("button", {type: "button", class: "plain", onclick: stop}, "Stop");
    const keep = el("button", {type: "button", class: "plain", onclick: save}, "Save as JSON lines");
    const node = el("form", {class: "row", onsubmit: (event) => {
        event.preventDefault();
        start(`trace ${at.kind.value} ${at.which.value.trim()} count ${at.count.value} seconds ` +
            `${at.seconds.value}${at.payload.checked ? " payload" : ""}`);
    }}, field("Trace", at.kind), field("Id or type", at.which),
    field("Max. events", at.count), field("Max. seconds", at.seconds),
    field("Packet contents", at.payload, {class: "field check"}), begin, halt, keep);
    return {node, show: () => {
        const [off, on] = trace.stop === null ? [halt, begin] : [begin, halt];
        set_disabled(on, false);
        set_disabled(off, true, on);
        set_disabled(keep, trace.events.length === 0);
    }};
}

export function open({main, argument, at_end}) {
    const form = make_form(argument), note = el("p", {class: "quiet", role: "status"});
    const table = make_table({caption: "Events, the newest first", key: (row) => row.key, columns,
        empty: "No events yet."});
    let timer = 0;

    function show() {
        clearTimeout(timer);
        timer = 0;
        set_text(note, words());
        form.show();
        table.show(trace.events.slice(-SHOWN).reverse());
    }

    trace.on_change = (at_once = false) => {
        if (at_once) {
            show();
        } else {
            timer ||= setTimeout(show, SHOW_MS);
        }
    };
    at_end(() => {
        clearTimeout(timer);
        trace.on_change = () => {};
    });
    main.append(form.node, note, table.node);
    show();
}
