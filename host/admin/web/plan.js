/* plan.js: the plan of a swap, as a table. */
import {el, set_text} from "./dom.js";

/** Makes {node, show({ok, answer}), hide}: the answer to `swap --plan`. */
export function make_plan() {
    const list = el("ul", {class: "faults"}), error = el("p", {class: "bad", "data-mark": "bad"});
    const node = el("div", {class: "stack", role: "status", hidden: true}, error, list);
    return {node,
        show: ({ok, answer}) => {
            node.hidden = false;
            set_text(error, ok ? "" : answer.error);
            list.replaceChildren(...(answer.lines ?? []).map((line) => el("li", {}, line)));
        },
        hide: () => {
            node.hidden = true;
        }};
}
