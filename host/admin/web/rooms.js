/* rooms.js: the rooms. */
import * as format from "./format.js";
import {age_column, id_column, make_listing} from "./listing.js";

const kept = {filter: "", most: 100, order: "id"};

export const state_of = (row) => row.closing ? "closing" : row.frozen ? "frozen" : "open";

const columns = [
    id_column("room"),
    {label: "Name", value: (row) => row.name, sort: "name"},
    {label: "Type", value: (row) => row.type, sort: "type"},
    {label: "Module", value: (row) => row.module, sort: "module"},
    {label: "State", value: state_of, mark: (row) => row.frozen ? "bad" : null},
    {label: "Members", number: true, value: (row) => row.members, sort: "members",
        text: (row) => row.max_members > 0 ? `${row.members} / ${row.max_members}` : row.members},
    {label: "Ticks", number: true, value: (row) => row.ticks_total, sort: "ticks"},
    {label: "Messages", number: true, value: (row) => row.messages_total, sort: "messages",
        text: (row) => format.count(row.messages_total)},
    {label: "Waiting", number: true, value: (row) => row.waiting, sort: "waiting",
        text: (row) => format.count(row.waiting), mark: (row) => row.waiting > 0 ? "warn" : null},
    age_column,
];

export function open(view) {
    make_listing(view, kept, {what: "rooms", columns, caption: "Rooms",
        search: "name, type, module, id"});
}
