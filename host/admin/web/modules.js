/* modules.js: the modules, and their faults. */
import {el, section} from "./dom.js";
import * as format from "./format.js";
import {make_faults} from "./faults.js";
import {make_table} from "./table.js";

const FAULTS = 20;

export const rooms_of = (row) => row.room_types.reduce((sum, {rooms}) => sum + rooms, 0);

export const state_of = (row) => row.frozen ? "frozen" : "serves";

export const pause_of = (row) =>
    row.swap_pause_seconds > 0 ? format.time(row.swap_pause_seconds * 1e9) : "–";

const columns = [
    {label: "Module", head: true, value: (row) => row.name,
        make: (entry) => el("a", {href: `#module/${entry.row.name}`}, entry.row.name)},
    {label: "Version", value: (row) => row.version},
    {label: "State", value: state_of, mark: (row) => row.frozen ? "bad" : null},
    {label: "Generation", number: true, value: (row) => row.generation},
    {label: "Since", value: (row) => row.since, text: (row) => format.date_time(row.since)},
    {label: "Sessions", number: true, value: (row) => row.sessions},
    {label: "Rooms", number: true, value: rooms_of},
    {label: "Swaps", number: true, value: (row) => row.swaps},
    {label: "Pause", number: true, value: (row) => row.swap_pause_seconds,
        title: "swap_pause_seconds: the longest of the last swap", text: pause_of},
    {label: "Faults", number: true, value: (row) => row.module_faults, title: "module_faults",
        mark: (row) => row.module_faults > 0 ? "bad" : null},
    {label: "Last", value: (row) => row.last},
];

export function open({main, watch}) {
    const table = make_table({caption: "Modules", empty: "No module is loaded.", sort: "Module",
        key: (row) => row.name, columns});
    const faults = make_faults();
    main.append(table.node, section("Faults", faults.node));
    watch("modules", (answer, ok) => ok && table.show(answer.modules));
    watch(`faults ${FAULTS}`, (answer, ok) => ok && faults.show(answer.faults));
}
