/* plan.js: the plan of a swap, as a table. */
import {el, set_hidden, set_text} from "./dom.js";
import {make_table} from "./table.js";

const make_rows = () => make_table({caption: "Plan of the swap",
    key: (row) => row.line, columns: [
        {label: "What", head: true, value: (row) => row.entity},
        {label: "Type", value: (row) => row.name, style: "code"},
        {label: "Count", number: true, value: (row) => row.count},
        {label: "State", value: (row) => row.effect,
            mark: (row) => ["kept", ""].includes(row.effect) ? null : "warn"},
        {label: "Change", value: (row) => row.change},
    ]});

/** Makes {node, show({ok, answer}), hide}: the answer to `swap --plan`. */
export function make_plan() {
    const notes = el("ul", {class: "faults"}), rows = make_rows();
    const error = el("p", {"data-mark": "bad"});
    const node = el("div", {class: "stack", role: "status", hidden: true}, error, notes, rows.node);

    function show({ok, answer}) {
        const plan = answer.plan ?? [];
        const said = plan.filter(({entity}) => entity === "note");
        set_hidden(node, false);
        set_hidden(error, ok);
        set_text(error, ok ? "" : answer.error);
        set_hidden(notes, said.length === 0);
        notes.replaceChildren(...said.map(({line}) => el("li", {}, line)));
        set_hidden(rows.node, plan.length === said.length);
        rows.show(plan.filter((row) => !said.includes(row)));
    }

    return {node, show, hide: () => {
        set_hidden(node, true);
    }};
}
