/* session.js: one session, with the state that each module keeps for it. The host reads the state
 * in the session's own turn, while this view is open. */
import {el, section, set_disabled, set_hidden, set_text} from "./dom.js";
import {make_facts} from "./facts.js";
import * as format from "./format.js";
import {show_link} from "./listing.js";
import {kick} from "./sessions.js";
import {make_states} from "./state.js";

export function open({main, argument, watch}) {
    const facts = make_facts(), states = make_states(), room = el("a");
    const gone = el("p", {class: "note", role: "status", hidden: true});
    let last = null;
    const button = el("button", {type: "button", class: "plain danger", disabled: true,
        onclick: (event) => kick(event.target, last)}, "Kick");

    watch(`session ${argument}`, (answer, ok) => {
        set_hidden(gone, ok);
        set_disabled(button, !ok);
        if (!ok) {
            set_text(gone, last === null ? answer.error : `It has ended. ${answer.error}`);
            return;
        }
        const s = answer.session;
        last = s;
        show_link(room, "room", s.room);
        facts.show({Type: s.type, Label: s.label, State: s.state, Room: room, Peer: s.peer,
            Listener: s.listener, "Queued bytes": format.count(s.queued_bytes),
            "Waiting messages": format.count(s.messages), Age: format.age(s.age_s)});
        states.show(answer);
    });
    main.append(gone, facts.node,
        el("div", {class: "row"}, button,
            el("a", {href: `#trace/session ${argument}`}, "Trace this session")),
        section("State", states.node));
}
