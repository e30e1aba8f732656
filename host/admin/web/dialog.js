/* dialog.js: questions, texts, and what came of an action. */
import {by_id, el, focus, remove, set_attribute} from "./dom.js";
import {run} from "./live.js";

const SAID_MS = 10000;

function open(dialog) {
    const before = document.activeElement;
    document.body.append(dialog);
    dialog.addEventListener("close", () => {
        dialog.remove();
        focus(before);
    });
    dialog.showModal();
}

/** Closes what is open, as "Cancel" does: its view has gone. */
export const close_all = () =>
    document.querySelectorAll("dialog").forEach((each) => each.close("no"));

/** Asks whether to do something: true if the answer is yes. */
export function ask(title, text, yes) {
    return new Promise((resolve) => {
        const dialog = el("dialog", {"aria-labelledby": "dialog-title"},
            el("h2", {id: "dialog-title"}, title),
            el("p", {}, text),
            el("form", {method: "dialog", class: "row"},
                el("button", {value: "yes", class: "danger"}, yes),
                el("button", {value: "no", class: "plain", autofocus: true}, "Cancel")));
        dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"));
        open(dialog);
    });
}

/** Shows content, such as a report, until it is closed. */
export function show(title, ...content) {
    open(el("dialog", {"aria-labelledby": "dialog-title", class: "wide"},
        el("form", {method: "dialog", class: "row spread"},
            el("h2", {id: "dialog-title"}, title),
            el("button", {class: "plain", autofocus: true}, "Close")),
        ...content));
}

/** Says what came of an action. An error stays until it is dismissed. */
export function say(text, bad = false) {
    const line = el("div", {class: bad ? "bad" : "good"}, el("p", {}, text),
        el("button", {class: "plain", type: "button", onclick: () => remove(line)}, "Dismiss"));
    by_id("said").append(line);
    if (!bad) {
        setTimeout(() => remove(line), SAID_MS);
    }
}

/** Runs a command for a button, which ignores clicks until the answer arrives. It keeps the focus,
 * which a disabled button would lose. */
export async function run_for(button, command) {
    set_attribute(button, "aria-disabled", "true");
    const result = await run(command);
    set_attribute(button, "aria-disabled", null);
    return result;
}

addEventListener("click", (event) => {
    if (event.target.closest?.('[aria-disabled="true"]')) {
        event.preventDefault();
        event.stopImmediatePropagation();
    }
}, true);

/** Runs a command for a button, and says what came of it. */
export async function act(button, command, done) {
    const {ok, answer} = await run_for(button, command);
    say(ok ? answer.lines?.join(" ") || done : `${command}: ${answer.error}`, !ok);
    return ok;
}
