/* limits.js: the limits that were hit: what was refused, slowed or closed because of which one. */
import * as format from "./format.js";
import {make_table} from "./table.js";

const columns = [
    {label: "Limit", head: true, value: (row) => row.name, style: "code"},
    {label: "Where", value: (row) => `${row.kind} ${row.where}`},
    {label: "Allowed", number: true, value: (row) => row.limit,
        text: (row) => row.limit === null ? "–" : format.count(row.limit)},
    {label: "Hits", number: true, value: (row) => row.hits_total, text: (row) => format.count(row.hits_total),
        mark: (row) => row.hits_total > 0 ? "warn" : null},
    {label: "Last hit", number: true, value: (row) => row.last_s ?? Infinity,
        text: (row) => row.last_s === null ? "–" : `${format.age(row.last_s)} ago`},
];

export function open({main, watch}) {
    const table = make_table({caption: "Limits that were hit", sort: "-Hits",
        empty: "No limit has been hit since the start.", key: (row) => `${row.name} ${row.kind} ${row.where}`,
        columns});
    main.append(table.node);
    watch("limits", (answer, ok) => ok && table.show(answer.limits));
}
