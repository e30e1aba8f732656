/* swaps.js: the swaps, the latest first, each with its steps to the microsecond, drawn to scale. */
import {el, set_hidden} from "./dom.js";
import * as format from "./format.js";
import {make_table} from "./table.js";

const SWAPS = 50;
const MARKS = 5; // at most so many times under a bar

const us_text = (us) => `${Math.round(us).toLocaleString("en").replaceAll(",", " ")} us`;

/* ---- a bar of steps -------------------------------------------------------------------------- */

/* A round distance of marks: 1, 2 or 5 times a power of ten. */
function distance_of(total) {
    const rough = total / MARKS, power = 10 ** Math.floor(Math.log10(rough));
    return [1, 2, 5, 10].map((times) => times * power).find((each) => each >= rough);
}

function place(node, from, size, total) {
    node.style.left = `${from / total * 100}%`;
    if (size !== null) {
        node.style.width = `${size / total * 100}%`;
    }
    return node;
}

/* The steps drawn to scale, from one time to another. The last mark leaves room for its text, also
 * on a phone. */
function make_bar(steps, from_us, to_us) {
    const total = Math.max(to_us - from_us, 1), marks = [];
    for (let at = 0; at < total * 0.8; at += distance_of(total)) {
        marks.push(place(el("span", {}, us_text(from_us + at)), at, null, total));
    }
    return el("div", {class: "steps", "aria-hidden": "true"},
        el("div", {class: "line"}, ...steps.map((step, i) => place(
            el("span", {class: step.closed ? "closed" : "open", "data-odd": i % 2 === 1,
                title: `${step.name}: ${us_text(step.us)}`}),
            step.at_us - from_us, step.us, total))),
        el("div", {class: "marks"}, ...marks));
}

/* All steps, and below them those with the gate closed, enlarged, if they are short. */
function make_bars({steps, total_us}) {
    const closed = steps.filter((step) => step.closed);
    const from_us = closed[0]?.at_us ?? 0, last = closed.at(-1);
    const to_us = last === undefined ? 0 : last.at_us + last.us;
    return [make_bar(steps, 0, total_us), closed.length > 0 && to_us - from_us < total_us / 4
        ? make_bar(closed, from_us, to_us) : null];
}

const make_steps = (title) => make_table({caption: `Steps of ${title}`, key: (row) => row.number,
    empty: "No steps are recorded.", columns: [
        {label: "Step", head: true, value: (row) => row.name, style: "code"},
        {label: "Begins", number: true, value: (row) => row.at_us, text: (row) => us_text(row.at_us)},
        {label: "Takes", number: true, value: (row) => row.us, text: (row) => us_text(row.us)},
        {label: "Gate", value: (row) => row.closed ? "closed" : "open",
            mark: (row) => row.closed ? "warn" : null},
        {label: "What", value: (row) => row.text},
    ]});

/* ---- swaps ----------------------------------------------------------------------------------- */

/* Between the first and the last of these the module's gate is closed. */
const CLOSED = new Set(["drain", "stop", "state", "start", "open"]);

const read = (swap) => ({...swap, steps: swap.steps.map((step, number) =>
    ({...step, number, closed: CLOSED.has(step.name)}))});

function make_swap(swap, open) {
    const title = `${swap.module} ${swap.from} to ${swap.to}`;
    const steps = make_steps(title);
    steps.show(swap.steps);
    return el("li", {class: "swap"},
        el("h2", {}, el("a", {href: `#module/${swap.module}`}, swap.module),
            ` generation ${swap.from} → ${swap.to}, ${swap.version} `,
            el("span", {class: "result", "data-mark": swap.result === "swapped" ? "good" : "bad"},
                swap.result.replace("_", " "))),
        el("p", {}, `${format.date_time(swap.time)}: ${us_text(swap.total_us)} in all; the gate was ` +
            `closed for at most ${us_text(swap.pause_us)} at a time`),
        el("p", {class: "quiet"}, swap.text),
        ...make_bars(swap),
        el("details", {open}, el("summary", {}, `${swap.steps.length} steps`), steps.node));
}

export function open({main, watch}) {
    const list = el("ol", {class: "swaps"});
    const none = el("p", {class: "quiet"}, "No module has been swapped since the start.");
    let known = "";
    main.append(el("p", {class: "quiet"}, "Dark steps: the module's gate is closed, so its " +
        "sessions and rooms wait. A second bar enlarges these steps."), list, none);
    watch(`swaps ${SWAPS}`, (answer, ok) => {
        const now = JSON.stringify(answer.swaps);
        if (!ok || now === known) {
            return;
        }
        known = now;
        set_hidden(none, answer.swaps.length > 0);
        list.replaceChildren(...answer.swaps.map((swap, i) => make_swap(read(swap), i === 0)));
    });
}
