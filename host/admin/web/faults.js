/* faults.js: faults of modules, with their reports. */
import {show} from "./dialog.js";
import {el, remove, set_attribute, set_hidden, set_text} from "./dom.js";
import {run} from "./live.js";

async function open_report(file) {
    const {ok, answer} = await run(`fault ${file}`);
    show("Report of a fault", el("p", {class: "quiet code"}, file),
        el("pre", {tabindex: "0", "aria-label": "Report"},
            ok ? answer.lines.join("\n") : answer.error));
}

/** Makes {node, show(faults)}: {text, file}. */
export function make_faults() {
    const rows = []; // [{li, text, button}], reused: the button may have the focus
    const list = el("ol", {class: "faults"});
    const none = el("li", {class: "quiet"}, "No fault since the start.");

    function make_row() {
        const row = {text: el("span"), file: ""};
        row.button = el("button", {type: "button", class: "plain",
            onclick: () => open_report(row.file)}, "Report");
        row.li = el("li", {}, row.text, row.button);
        return row;
    }

    return {node: list, show: (faults) => {
        faults.forEach(({text, file}, i) => {
            rows[i] ??= make_row();
            set_text(rows[i].text, text);
            rows[i].file = file ?? "";
            set_hidden(rows[i].button, !file);
            set_attribute(rows[i].button, "aria-label", `Report of fault ${i + 1}`);
            if (rows[i].li.parentNode !== list) {
                list.append(rows[i].li);
            }
        });
        rows.splice(faults.length).forEach(({li}) => remove(li));
        if (faults.length > 0) {
            none.remove();
        } else if (none.parentNode === null) {
            list.append(none);
        }
    }};
}
