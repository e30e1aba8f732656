/* sessions.js: who is connected: search, sort, kick. The host searches and sorts, and lists only as
 * many as fit on a page. */
import {act, ask} from "./dialog.js";
import {el, set_attribute} from "./dom.js";
import * as format from "./format.js";
import {age_column, id_column, make_listing, show_link} from "./listing.js";

const kept = {filter: "", most: 100, order: "id"}; // while other views are open

/** Asks, and closes a session. Returns whether it was closed. */
export async function kick(button, {id, label, peer}) {
    const name = label === null ? `session ${id}` : `${label} (session ${id})`;
    return await ask(`Kick ${name}?`, `The host closes the connection of ${peer}.`, "Kick") &&
        act(button, `kick ${id}`, `${name} is kicked`);
}

const columns = [
    id_column("session"),
    {label: "Label", value: (row) => row.label, sort: "label"},
    {label: "Type", value: (row) => row.type, sort: "type"},
    {label: "Room", value: (row) => row.room, sort: "room", make: () => el("a"),
        update: (link, row) => show_link(link, "room", row.room)},
    {label: "Peer", value: (row) => row.peer, style: "code", sort: "peer"},
    {label: "Listener", value: (row) => row.listener, sort: "listener"},
    {label: "State", value: (row) => row.state, sort: "state",
        mark: (row) => row.state === "open" ? null : "warn"},
    {label: "Queued bytes", number: true, value: (row) => row.queued_bytes, sort: "queue",
        text: (row) => format.count(row.queued_bytes),
        mark: (row) => row.queued_bytes > 0 ? "warn" : null},
    age_column,
    {label: "Kick", hide_label: true,
        make: (entry) => el("button", {type: "button", class: "plain danger",
            onclick: (event) => kick(event.target, entry.row)}, "Kick"),
        update: (button, row) => set_attribute(button, "aria-label", `Kick ${row.label ?? row.id}`)},
];

export function open(view) {
    make_listing(view, kept, {what: "sessions", columns, caption: "Sessions",
        search: "label, type, peer, id"});
}
