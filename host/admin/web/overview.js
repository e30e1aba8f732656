/* overview.js: rates, durations, queues, workers and listeners. A figure has the name and the unit
 * of the table of metrics, as in `ctl metrics` and OpenMetrics. */
import {el, section, set_attribute, set_text} from "./dom.js";
import * as figures from "./figures.js";
import * as format from "./format.js";
import {make_spark} from "./spark.js";
import {make_table} from "./table.js";

const {history, keep, rate, top, value} = figures;

/* The large figures: `read` returns one, or undefined; `from` is the answer that has it. */
const TILES = [
    {name: "portico_sessions", label: "Sessions", from: "metrics", text: format.count,
        read: () => value("portico_sessions")},
    {name: "portico_rooms", label: "Rooms", from: "metrics", text: format.count,
        read: () => value("portico_rooms") ?? 0},
    ...[["portico_received_packets_total", "Packets in", "/s"],
        ["portico_sent_packets_total", "Packets out", "/s"],
        ["portico_received_bytes_total", "Bytes in", "bytes/s"],
        ["portico_sent_bytes_total", "Bytes out", "bytes/s"]].map(([name, label, unit]) =>
        ({name, label, unit, from: "metrics", text: format.number, read: () => rate(name)})),
    {name: "latency 99%", label: "Latency, 99 %", from: "top", text: format.time,
        read: () => quantile_of("latency"), more: () => others_of("latency")},
    {name: "handler 99%", label: "Handlers, 99 %", from: "top", text: format.time,
        read: () => quantile_of("handler"), more: () => others_of("handler")},
    {name: "portico_send_queue_bytes", label: "Send queue", unit: "bytes", from: "metrics",
        text: format.count, read: () => value("portico_send_queue_bytes")},
    {name: "process_cpu_seconds_total", label: "Processor", from: "metrics", text: format.percent,
        read: () => rate("process_cpu_seconds_total"), more: () => "of one processor"},
    {name: "process_resident_memory_bytes", label: "Memory", unit: "bytes", from: "metrics",
        text: format.number, read: () => value("process_resident_memory_bytes")},
    {name: "portico_module_faults_total", label: "Faults", from: "metrics", text: format.count,
        read: () => value("portico_module_faults_total") ?? 0, more: () => "since the start"},
];

const quantile_of = (part) => {
    const all = top()?.[part];
    return all === undefined || all.calls === 0 ? undefined : figures.quantile(all, 0.99);
};

const others_of = (part) => {
    const all = top()?.[part];
    return all === undefined || all.calls === 0 ? ""
        : `50 % ${format.time(figures.quantile(all, 0.5))}, worst ${format.time(all.worst_ns)}`;
};

figures.on_figures((from) => {
    for (const tile of TILES.filter((each) => each.from === from)) {
        keep(tile.name, tile.read());
    }
});

function make_tile({name, label, unit, from, text, read, more}) {
    const figure = el("span", {class: "figure"}), note = el("span", {class: "quiet"});
    const spark = make_spark(label);
    const node = el("li", {class: "tile", "data-name": name},
        el("span", {class: "label"}, label), figure,
        el("span", {class: "unit"}, unit ?? ""), note, spark.node,
        el("code", {}, ...name.split(/(?<=_)/).flatMap((part) => [part, el("wbr")])));
    return {node, from, show: () => {
        const now = read();
        set_text(figure, now === undefined ? "–" : text(now));
        const kept = history(name);
        set_text(note, more?.() ?? (kept.length === 0 ? ""
            : `peak ${text(Math.max(...kept.map((each) => each.value)))}`));
        spark.show(kept, text);
    }};
}

/* ---- handlers -------------------------------------------------------------------------------- */

const WORDS = {opcode: "op", any_opcode: "op", message: "msg", room_message: "room msg",
    module_message: "mod msg"};

const name_of = ({kind, number, type}) => kind === "others" ? "(all others)"
    : `${type} ${WORDS[kind] ?? kind} ${kind === "any_opcode" ? "*" : number}`;

const time_column = (label, part, read, title) => ({label, number: true, title,
    value: (row) => row[part].calls === 0 ? -1 : read(row[part]),
    text: (row) => row[part].calls === 0 ? "–" : format.time(read(row[part]))});

const share = (part) => (h) => figures.quantile(h, part);

const make_handlers = () => make_table({
    caption: "Handlers, by the time they took in the last interval",
    empty: "No handler was called in the last interval.",
    sort: "-time %", key: (row) => row.name, columns: [
        {label: "Type, opcode or message", value: name_of, head: true},
        {label: "calls/s", number: true, value: (row) => row.rate,
            text: (row) => format.number(row.rate)},
        {label: "time %", number: true, title: "of one processor", value: (row) => row.share,
            text: (row) => (row.share * 100).toFixed(1)},
        time_column("mean", "handler", (h) => h.sum_ns / h.calls, "of the handler"),
        time_column("50%", "handler", share(0.5), "of the handler"),
        time_column("99%", "handler", share(0.99), "of the handler"),
        time_column("worst", "handler", (h) => h.worst_ns, "of the handler"),
        time_column("latency 50%", "latency", share(0.5)),
        time_column("latency 99%", "latency", share(0.99)),
        time_column("latency worst", "latency", (h) => h.worst_ns),
    ]});

/* ---- queues, workers, listeners -------------------------------------------------------------- */

const make_queues = () => make_table({
    caption: "Queues", empty: "No figures yet.", key: (row) => row.name, columns: [
        {label: "Queue", value: (row) => row.name, head: true, style: "code"},
        {label: "sum", number: true, value: (row) => row.sum, text: (row) => format.count(row.sum)},
        {label: "most", number: true, value: (row) => row.most, text: (row) => format.count(row.most)},
        {label: "where", value: (row) => row.where},
    ]});

function make_bar(label) {
    const meter = el("meter", {min: 0, max: 1, "aria-label": label});
    return el("span", {class: "bar"}, meter, el("span", {}));
}

function show_bar(node, part) {
    set_attribute(node.firstChild, "value", part.toFixed(3));
    set_text(node.lastChild, format.percent(part));
}

const make_workers = () => make_table({
    caption: "Workers", empty: "No figures yet.", key: (row) => row.number, columns: [
        {label: "Worker", value: (row) => row.number, head: true},
        {label: "busy", title: "worker_busy_seconds: processor time",
            make: (entry) => make_bar(`worker ${entry.row.number} busy`),
            update: (node, row) => show_bar(node, row.busy)},
        {label: "in batches", title: "worker_batch_seconds: running what has come",
            make: (entry) => make_bar(`worker ${entry.row.number} in batches`),
            update: (node, row) => show_bar(node, row.batch)},
    ]});

const rate_column = (label, name) => ({label, number: true, title: name, value: (row) => row[name] ?? 0,
    text: (row) => row[name] === undefined ? "–" : format.number(row[name])});

const RATES = ["portico_received_packets_total", "portico_sent_packets_total",
    "portico_received_bytes_total", "portico_sent_bytes_total"];

const make_listeners = () => make_table({
    caption: "Listeners", empty: "There is no listener.", sort: "Listener",
    key: (row) => row.listener, columns: [
        {label: "Listener", value: (row) => row.listener, head: true},
        {label: "sessions", number: true, title: "portico_sessions", value: (row) => row.sessions},
        {label: "accepted", number: true, title: "portico_connections_accepted_total",
            value: (row) => row.accepted, text: (row) => format.count(row.accepted)},
        {label: "refused", number: true, title: "portico_connections_refused_total",
            value: (row) => row.refused, text: (row) => format.count(row.refused),
            mark: (row) => row.refused > 0 ? "warn" : null},
        rate_column("packets in/s", RATES[0]), rate_column("packets out/s", RATES[1]),
        rate_column("bytes in/s", RATES[2]), rate_column("bytes out/s", RATES[3]),
    ]});

const listeners = () => figures.labels_of("portico_sessions", "listener").map((listener) => ({
    listener, sessions: value("portico_sessions", {listener}),
    accepted: value("portico_connections_accepted_total", {listener}) ?? 0,
    refused: value("portico_connections_refused_total", {listener}) ?? 0,
    ...Object.fromEntries(RATES.map((name) => [name, rate(name, {listener})]))}));

export function open({main, watch}) {
    const tiles = TILES.map(make_tile);
    const handlers = make_handlers(), queues = make_queues(), workers = make_workers();
    const list = make_listeners();
    main.append(el("ul", {class: "tiles"}, ...tiles.map(({node}) => node)),
        section("Handlers", handlers.node),
        el("div", {class: "columns"}, section("Queues", queues.node),
            section("Workers", workers.node)),
        section("Listeners", list.node));

    const show_tiles = (from) => tiles.forEach((tile) => tile.from === from && tile.show());
    const show_top = () => {
        const now = top();
        if (now !== null) {
            handlers.show(now.handlers.map((each) => ({...each,
                rate: each.handler.calls / now.seconds,
                share: each.handler.sum_ns / 1e9 / now.seconds})));
            queues.show(now.queues);
            workers.show(now.workers.map((each, i) => ({...each, number: i + 1})));
        }
    };
    watch("metrics", () => {
        show_tiles("metrics");
        list.show(listeners());
    });
    watch(figures.TOP, () => {
        show_tiles("top");
        show_top();
    });
}
