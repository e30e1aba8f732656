/* plan.js: the plan of a swap, as a table. */
import {el, set_attribute, set_text} from "./dom.js";
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
        set_attribute(node, "hidden", false);
        set_attribute(error, "hidden", ok);
        set_text(error, ok ? "" : answer.error);
        set_attribute(notes, "hidden", said.length === 0);
        notes.replaceChildren(...said.map(({line}) => el("li", {}, line)));
        set_attribute(rows.node, "hidden", plan.length === said.length);
        rows.show(plan.filter((row) => !said.includes(row)));
    }

    return {node, show, hide: () => {
        set_attribute(node, "hidden", true);
    }};
}
