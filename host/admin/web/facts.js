/* facts.js: lists of names and values. */
import {el, set_text} from "./dom.js";

/** Makes {node, show(rows)}: names and values, the values changed in place. An element stays the one
 * that was there first. */
export function make_facts() {
    const node = el("dl", {class: "facts"});
    const values = new Map();
    return {node, show: (rows) => {
        for (const [name, value] of Object.entries(rows)) {
            if (!values.has(name)) {
                const dd = el("dd", {}, value instanceof Node ? value : "");
                values.set(name, dd);
                node.append(el("div", {}, el("dt", {}, name), dd));
            }
            if (!(value instanceof Node)) {
                set_text(values.get(name), value === null || value === "" ? "–" : String(value));
            }
        }
    }};
}
