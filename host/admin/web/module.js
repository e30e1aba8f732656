/* module.js: one module: what it is, what it has declared, and swap, roll back and thaw. */
import {make_generations, make_settings, show_states} from "./declared.js";
import {act, ask, run_for} from "./dialog.js";
import {el, field, section, set_hidden, set_text} from "./dom.js";
import {make_facts} from "./facts.js";
import {make_faults} from "./faults.js";
import * as format from "./format.js";
import {pause_of, rooms_of, state_of} from "./modules.js";
import {make_plan} from "./plan.js";
import {make_states} from "./state.js";

/* The form that swaps: `module()` is what is known of it. */
function make_swap(name, module) {
    const file = el("input", {placeholder: "a file; empty: the one it was loaded from", spellcheck: "false",
        autocomplete: "off", size: "40"});
    const force = el("input", {type: "checkbox"});
    const plan = make_plan();
    const words = (option) => ["swap", option, name, file.value.trim()]
        .filter((word) => word !== "").join(" ");

    async function swap(event) {
        event.preventDefault();
        const from = file.value.trim() || module()?.file;
        if (await ask(`Swap ${name}?`, `The build in ${from} will serve from now on. Nobody is ` +
            "disconnected. If it does not start, the present one stays.", "Swap")) {
            plan.hide();
            await act(event.submitter, words(force.checked ? "--force" : ""), `${name} is swapped`);
        }
    }

    const back = el("button", {type: "button", class: "plain", onclick: async (event) =>
        await ask(`Roll ${name} back?`, "The generation before the present one serves again.",
            "Roll back") && act(event.target, `rollback ${name}`, `${name} is rolled back`)},
    "Roll back");
    const thaw = el("button", {type: "button", class: "plain", hidden: true, onclick: (event) =>
        act(event.target, `thaw ${name}`, `${name} is thawed`)}, "Thaw");
    const node = el("form", {onsubmit: swap, class: "stack"}, el("div", {class: "row"},
        field("New build", file), field("Even if unchanged", force, {class: "field check"}),
        el("button", {type: "submit"}, "Swap"),
        el("button", {type: "button", class: "plain", onclick: async (event) =>
            plan.show(await run_for(event.target, words("--plan")))}, "Show plan"), back,
        thaw), plan.node);
    return {node, show: ({frozen}) => {
        set_hidden(thaw, !frozen);
    }};
}

/* The parts that `ctl module` has. */
function make_details(name) {
    const generations = make_generations(format.date_time), settings = make_settings();
    const own = make_states("The module keeps no state of its own.");
    const states = el("div", {class: "columns"}), faults = make_faults();
    const node = el("div", {class: "stack"}, section("Generations", generations.node),
        section("Settings", settings.node), section("State", own.node),
        section("Declared states", states), section("Faults", faults.node));
    let declared = "";
    return {node, show: (answer) => {
        const now = JSON.stringify([answer.state, answer.session_types, answer.room_types]);
        generations.show(answer.generations);
        settings.show(answer.settings);
        own.show(answer);
        faults.show(answer.faults);
        if (now !== declared) {
            declared = now;
            states.replaceChildren(...show_states(answer));
        }
    }};
}

export function open({main, argument: name, watch}) {
    const facts = make_facts(), details = make_details(name);
    const gone = el("p", {class: "note", role: "status", hidden: true});
    let last = null;
    const swap = make_swap(name, () => last);

    watch("modules", (answer, ok) => {
        last = ok ? answer.modules.find((each) => each.name === name) ?? null : last;
        set_hidden(gone, last !== null);
        set_text(gone, last === null ? `No module ${name} is loaded.` : "");
        if (last === null) {
            return;
        }
        swap.show(last);
        facts.show({Version: last.version, State: state_of(last), Generation: last.generation,
            "Serves since": format.date_time(last.since), Sessions: last.sessions,
            Rooms: rooms_of(last), Swaps: last.swaps, Faults: last.module_faults,
            "Last pause": pause_of(last), "Last swap": last.last});
    });
    watch(`module ${name}`, (answer, ok) => ok && details.show(answer));
    main.append(gone, facts.node, section("Swap", swap.node), details.node);
}
