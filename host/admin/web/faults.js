/* faults.js: faults of modules. */
import {el} from "./dom.js";

/** Makes {node, show(faults)}: {text, report}. */
export function make_faults() {
    const list = el("ol", {class: "faults"});
    return {node: list, show: (faults) => {
        list.replaceChildren(...faults.map(({text, report}) => el("li", {}, el("span", {}, text),
            report === null ? null : el("code", {}, report))));
        if (faults.length === 0) {
            list.append(el("li", {class: "quiet"}, "No module has faulted since the start."));
        }
    }};
}
