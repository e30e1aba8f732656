/* module.js: one module: what it is, what it keeps, and swap, roll back and thaw. */
import {act, ask} from "./dialog.js";
import {el, field, section, set_text} from "./dom.js";
import {make_facts} from "./facts.js";
import {make_faults} from "./faults.js";
import * as format from "./format.js";
import {run} from "./live.js";
import {state_of} from "./modules.js";
import {make_plan} from "./plan.js";
import {make_table} from "./table.js";

const WATCH_MS = 1000;

const make_types = () => make_table({caption: "Types", empty: "It has no types.", sort: "Type",
    key: (row) => row.name, columns: [
        {label: "Type", head: true, value: (row) => row.name, style: "code"},
        {label: "Of", value: (row) => row.of},
        {label: "Now", number: true, value: (row) => row.now},
    ]});

const types_of = (module) => [
    ...module.types.map(({name, joined, sessions}) => ({name, now: sessions,
        of: joined ? "sessions, joined" : "sessions"})),
    ...module.room_types.map(({name, rooms}) => ({name, of: "rooms", now: rooms}))];

/* The form that swaps: `module()` is what is known of it. */
function make_swap(name, module) {
    const file = el("input", {placeholder: "the file it is in", spellcheck: "false",
        autocomplete: "off", size: "30"});
    const force = el("input", {type: "checkbox"});
    const plan = make_plan();
    const words = (option) => ["swap", option, name, file.value.trim()]
        .filter((word) => word !== "").join(" ");

    async function show_plan(event) {
        const button = event.target;
        button.disabled = true;
        plan.show(await run(words("--plan")));
        button.disabled = false;
    }

    async function swap(event) {
        event.preventDefault();
        const from = file.value.trim() || module()?.file;
        if (await ask(`Swap ${name}?`, [`The build in ${from} is to serve from now on. Nobody is ` +
            "disconnected; if it does not start, the present one stays."], "Swap")) {
            plan.hide();
            await act(event.submitter, words(force.checked ? "--force" : ""), `${name} is swapped`);
        }
    }

    return el("form", {onsubmit: swap, class: "stack"}, el("div", {class: "row"},
        field("New build", file), field("Even if nothing has changed", force, {class: "field check"}),
        el("button", {type: "submit"}, "Swap"),
        el("button", {type: "button", class: "plain", onclick: show_plan}, "Show the plan")),
    plan.node);
}

export function open({main, argument: name, watch}) {
    const facts = make_facts(), types = make_types(), faults = make_faults();
    const gone = el("p", {class: "note", role: "status", hidden: true});
    let last = null;

    const back = el("button", {type: "button", class: "plain", onclick: async (event) =>
        await ask(`Roll ${name} back?`, ["The generation before the present one serves again."],
            "Roll back") && act(event.target, `rollback ${name}`, `${name} is rolled back`)},
    "Roll back");
    const thaw = el("button", {type: "button", class: "plain", hidden: true, onclick: (event) =>
        act(event.target, `thaw ${name}`, `${name} is thawed`)}, "Thaw");

    watch("modules", WATCH_MS, (answer, ok) => {
        last = ok ? answer.modules.find((each) => each.name === name) ?? null : last;
        gone.hidden = last !== null;
        set_text(gone, last === null ? `No module ${name} is loaded.` : "");
        if (last === null) {
            return;
        }
        thaw.hidden = !last.frozen;
        facts.show({Version: last.version, State: state_of(last), Generation: last.generation,
            "Serves since": format.date_time(last.since), Built: format.date_time(last.built),
            Sessions: last.sessions, Swaps: last.swaps, Faults: last.faults,
            "Longest pause of the last swap": last.pause_us > 0
                ? format.time(last.pause_us * 1000) : null,
            "Last swap": last.last, File: last.file});
        types.show(types_of(last));
    });
    watch("faults 100", WATCH_MS, (answer, ok) => ok && faults.show(
        answer.faults.filter(({text}) => text.includes(name))));
    main.append(gone, facts.node, section("Swap", make_swap(name, () => last),
        el("div", {class: "row"}, back, thaw)), section("Types", types.node),
    section("Faults", faults.node));
}
