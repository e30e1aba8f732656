/* dialog.js: questions, texts, and what came of an action. */
import {by_id, el} from "./dom.js";
import {run} from "./live.js";

const SAID_MS = 10000;

function open(dialog) {
    const before = document.activeElement;
    document.body.append(dialog);
    dialog.addEventListener("close", () => {
        dialog.remove();
        before?.focus?.();
    });
    dialog.showModal();
}

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
        el("button", {class: "plain", type: "button", onclick: () => line.remove()}, "Dismiss"));
    by_id("said").append(line);
    if (!bad) {
        setTimeout(() => line.remove(), SAID_MS);
    }
}

/** Runs a command for a button, which rests until the answer has come, and says what it was. */
export async function act(button, command, done) {
    button.disabled = true;
    const {ok, answer} = await run(command);
    button.disabled = false;
    say(ok ? answer.lines?.join(" ") || done : `${command}: ${answer.error}`, !ok);
    return ok;
}
