/* modules.js: the modules, and their faults. */
import {el, section} from "./dom.js";
import * as format from "./format.js";
import {make_faults} from "./faults.js";
import {make_table} from "./table.js";

const WATCH_MS = 1000;
const FAULTS = 20;

const sum = (list, what) => list.reduce((all, each) => all + each[what], 0);

export const state_of = (row) => row.frozen ? "frozen" : "serves";

const columns = [
    {label: "Module", head: true, value: (row) => row.name,
        make: (entry) => el("a", {href: `#module/${entry.row.name}`}, entry.row.name)},
    {label: "Version", value: (row) => row.version},
    {label: "State", value: state_of, mark: (row) => row.frozen ? "bad" : null},
    {label: "Generation", number: true, value: (row) => row.generation},
    {label: "Since", value: (row) => row.since, text: (row) => format.date_time(row.since)},
    {label: "Sessions", number: true, value: (row) => row.sessions},
    {label: "Rooms", number: true, value: (row) => sum(row.room_types, "rooms")},
    {label: "Swaps", number: true, value: (row) => row.swaps},
    {label: "Pause", number: true, value: (row) => row.pause_us,
        title: "portico_swap_pause_seconds: the longest of the last swap",
        text: (row) => row.pause_us > 0 ? format.time(row.pause_us * 1000) : "–"},
    {label: "Faults", number: true, value: (row) => row.faults,
        mark: (row) => row.faults > 0 ? "bad" : null},
    {label: "Last", value: (row) => row.last},
];

export function open({main, watch}) {
    const table = make_table({caption: "Modules", empty: "No module is loaded.", sort: "Module",
        key: (row) => row.name, columns});
    const faults = make_faults();
    main.append(table.node, section("Faults", faults.node));
    watch("modules", WATCH_MS, (answer, ok) => ok && table.show(answer.modules));
    watch(`faults ${FAULTS}`, WATCH_MS, (answer, ok) => ok && faults.show(answer.faults));
}
