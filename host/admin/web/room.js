/* room.js: one room, its members and its state, which the host reads in the room's own turn. */
import {el, section, set_hidden, set_text} from "./dom.js";
import {make_facts} from "./facts.js";
import * as format from "./format.js";
import {id_column} from "./listing.js";
import {state_of} from "./rooms.js";
import {make_states} from "./state.js";
import {make_table} from "./table.js";

const columns = [
    id_column("session"),
    {label: "Label", value: (row) => row.label},
    {label: "Type", value: (row) => row.type},
];

export function open({main, argument, watch}) {
    const facts = make_facts(), states = make_states(), more = el("p", {class: "quiet"});
    const gone = el("p", {class: "note", role: "status", hidden: true});
    const members = make_table({caption: "Members", empty: "The room is empty.", sort: "Id",
        key: (row) => row.id, columns});

    watch(`room ${argument}`, (answer, ok) => {
        set_hidden(gone, ok);
        if (!ok) {
            set_text(gone, answer.error);
            return;
        }
        const r = answer.room;
        const most = r.max_members > 0 ? ` of at most ${r.max_members}` : "";
        facts.show({Type: r.type, Name: r.name, State: state_of(r), Module: r.module,
            Members: `${r.members}${most}`, Ticks: r.ticks_total, Messages: r.messages_total,
            Waiting: r.waiting, Age: format.age(r.age_s)});
        members.show(answer.members);
        set_text(more, answer.members_left_out > 0
            ? `${answer.members_left_out} more members are not shown.` : "");
        states.show(answer);
    });
    main.append(gone, facts.node,
        el("div", {class: "row"}, el("a", {href: `#trace/room ${argument}`}, "Trace this room")),
        section("State", states.node), section("Members", members.node, more));
}
