/* state.js: states, field by field, as their modules have declared them. */
import {el, set_hidden, set_text} from "./dom.js";
import {make_table} from "./table.js";

const make_fields = (title) => make_table({caption: `Fields of ${title}`, empty: "No fields.",
    key: (row) => row.name, columns: [
        {label: "Field", value: (row) => row.name, text: (row) => row.name || "(all bytes)",
            head: true, style: "code"},
        {label: "Value", value: (row) => row.value, style: "code value"},
        {label: "Type", value: (row) => row.type, style: "quiet"},
    ]});

function make_part(type) {
    const about = el("p", {class: "quiet"}), fields = make_fields(type);
    const node = el("section", {class: "state"}, el("h3", {}, type), about, fields.node);
    return {node, show: (state) => {
        const left_out = state.left_out > 0 ? `; ${state.left_out} more are not shown` : "";
        set_text(about, state.not_read ?? `${state.struct ?? "not declared"}, ${state.bytes} bytes, ` +
            `generation ${state.generation} of ${state.module}${left_out}`);
        set_hidden(fields.node, state.not_read !== null);
        fields.show(state.fields);
    }};
}

/** Makes {node, show({states, not_read})}: the states that `ctl session`, `ctl room` and `ctl module`
 * show; `none` says that there are none. */
export function make_states(none = "No module keeps a state here.") {
    const note = el("p", {class: "quiet"}), list = el("div", {class: "columns"});
    const parts = new Map();

    function show({states, not_read}) {
        const types = states.map(({module, type}) => `${module} ${type}`);
        set_text(note, not_read !== null ? `The state is not shown: ${not_read}.`
            : states.length === 0 ? none : "");
        states.forEach((state, i) => {
            const part = parts.get(types[i]) ?? make_part(state.type ?? state.module);
            parts.set(types[i], part);
            part.show(state);
            if (part.node.parentNode !== list) {
                list.append(part.node);
            }
        });
        for (const [type, {node}] of parts) {
            if (!types.includes(type)) {
                node.remove();
                parts.delete(type);
            }
        }
    }

    return {node: el("div", {class: "states"}, note, list), show};
}
