/* declared.js: what a module has declared: the fields of its states, and its settings. */
import {el} from "./dom.js";
import {make_table} from "./table.js";

/* Structs within a state as rows of their own: "slots[64].x". */
const rows_of = (fields, before = "") => fields.flatMap((field) => {
    const name = before + field.name + (field.fields && field.count > 1 ? `[${field.count}]` : "");
    return field.fields ? rows_of(field.fields, `${name}.`) : [{...field, name}];
});

const make_fields = (title) => make_table({caption: `Fields of ${title}`, key: (row) => row.name,
    empty: "It declares no fields.", columns: [
        {label: "Field", head: true, value: (row) => row.name, style: "code"},
        {label: "Type", value: (row) => row.type},
        {label: "Bytes", number: true, value: (row) => row.size},
    ]});

function states_of(answer) {
    return [["the module", answer.state], ...answer.session_types.map(({name, state}) =>
        [name, state]), ...answer.room_types.map(({name, state}) => [name, state])]
        .filter(([, state]) => state !== undefined && state.size > 0);
}

/** The states of `ctl module`, each with its fields. */
export const show_states = (answer) => states_of(answer).map(([name, state]) => {
    const fields = make_fields(name);
    fields.show(rows_of(state.fields));
    return el("section", {class: "state"}, el("h3", {}, name),
        el("p", {class: "quiet"}, `${state.size} bytes, version ${state.version}`), fields.node);
});

export const make_settings = () => make_table({caption: "Settings", sort: "Key",
    empty: "It declares no settings.", key: (row) => row.key, columns: [
        {label: "Key", head: true, value: (row) => row.key, style: "code"},
        {label: "Value", value: (row) => row.value, style: "code",
            mark: (row) => row.value === row.default ? null : "warn"},
        {label: "Default", value: (row) => row.default, style: "code"},
        {label: "Allowed", value: (row) => row.allowed},
        {label: "About", value: (row) => row.help},
    ]});

export const make_generations = (date_time) => make_table({caption: "Generations",
    empty: "No figures yet.", key: (row) => row.generation, columns: [
        {label: "Generation", head: true, value: (row) => row.generation},
        {label: "Version", value: (row) => row.version},
        {label: "State", style: "whole", value: (row) => row.faulted ? "has faulted" : row.serves ? "serves" : "kept",
            mark: (row) => row.faulted ? "bad" : null},
        {label: "States", number: true, value: (row) => row.states},
        {label: "Built", value: (row) => date_time(row.built), style: "whole"},
        {label: "Served since", value: (row) => date_time(row.since), style: "whole"},
        {label: "File", value: (row) => row.file, style: "code"},
    ]});
