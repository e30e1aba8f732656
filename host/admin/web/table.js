/* table.js: tables whose rows are changed in place, so that what has the focus keeps it, and that
 * are sorted by the buttons in their heads. On a phone each row becomes a small list; the cells
 * then show the labels of their columns. */
import {el, focus, set_attribute, set_hidden} from "./dom.js";

const collator = new Intl.Collator("en", {numeric: true});

function compare(a, b) {
    if (typeof a === "number" && typeof b === "number") {
        return a - b;
    }
    return collator.compare(String(a ?? ""), String(b ?? ""));
}

function make_head(columns, may_sort, on_sort) {
    return columns.map((column) => {
        const cell = el("th", {scope: "col", role: "columnheader",
            class: column.number ? "number" : null, title: column.title});
        if (may_sort(column)) {
            cell.append(el("button", {type: "button", class: "sort",
                onclick: () => on_sort(column)}, column.label));
        } else {
            cell.append(el("span", {class: column.hide_label ? "hidden" : null}, column.label));
        }
        return cell;
    });
}

function make_row(columns, row) {
    const entry = {row, cells: []};
    entry.tr = el("tr", {role: "row"}, ...columns.map((column) => {
        const cell = el(column.head ? "th" : "td", {role: column.head ? "rowheader" : "cell",
            scope: column.head ? "row" : null, "data-label": column.hide_label ? null : column.label,
            class: [column.number ? "number" : "", column.style ?? ""].join(" ").trim() || null});
        const made = column.make?.(entry) ?? document.createTextNode("");
        cell.append(made);
        entry.cells.push({cell, made, mark: null});
        return cell;
    }));
    return entry;
}

/* Changes what differs from what was written last: reading that from the page would take longer. */
function fill_row(columns, {row, cells}) {
    columns.forEach((column, i) => {
        const shown = cells[i];
        if (column.make !== undefined) {
            column.update?.(shown.made, row);
        } else {
            const value = (column.text ?? column.value)(row);
            const text = value === null || value === undefined || value === "" ? "–" : String(value);
            if (text !== shown.text) {
                shown.made.data = shown.text = text;
            }
        }
        const mark = column.mark?.(row) ?? null;
        if (mark !== shown.mark) {
            set_attribute(shown.cell, "data-mark", shown.mark = mark);
        }
    });
}

/* Whether a row has not changed. A row that holds objects counts as changed unless it is the same
 * object. */
function same(a, b) {
    const names = Object.keys(a);
    return a === b || (names.length === Object.keys(b).length &&
        names.every((name) => a[name] === b[name]));
}

/* Moves only the rows that are at a wrong place. Moving takes the focus away. */
function place_rows(body, entries) {
    const focused = document.activeElement;
    let at = body.firstElementChild;
    for (const {tr} of entries) {
        if (tr === at) {
            at = at.nextElementSibling;
        } else {
            body.insertBefore(tr, at);
        }
    }
    if (focused !== document.activeElement && body.contains(focused)) {
        focused.focus({preventScroll: true});
    }
}

/**
 * Makes {node, show(rows)}. A column has a `label`, and
 * - `value(row)`: what it sorts by, and shows unless there is `text(row)`;
 * - or `make(entry)`, an element made once a row, and `update(element, row)`: entry.row is the
 *   row as it is now;
 * - `number`: to the right; `head`: it names the row; `mark(row)`: a data-mark for the colour.
 * `key(row)` tells rows apart. `sort` is the label of the first column to sort by, "-Label"
 * downwards; null: the rows stay in their order. `on_sort(column, down)`: somebody else sorts, by
 * the columns that have a `sort`.
 */
export function make_table({caption, columns, key, empty, sort = null, on_sort = null}) {
    const rows = new Map();
    const order = {column: null, down: false};
    const body = el("tbody", {role: "rowgroup"});
    const table = el("table", {role: "table"}, el("caption", {class: "hidden"}, caption));
    const nothing = el("p", {class: "quiet nothing", hidden: true}, empty);
    let shown = [];
    let placed = []; // the entries, in the order in which the page has them

    const may_sort = (column) => sort !== null &&
        (on_sort === null ? column.value : column.sort) !== undefined;
    const heads = make_head(columns, may_sort, sort_by);
    table.append(el("thead", {role: "rowgroup"}, el("tr", {role: "row"}, ...heads)), body);

    function sort_by(column) {
        order.down = order.column === column ? !order.down : column.number === true;
        order.column = column;
        say_order();
        on_sort?.(column, order.down);
        show(shown);
    }

    function say_order() {
        heads.forEach((head, i) => set_attribute(head, "aria-sort",
            columns[i] !== order.column ? null : order.down ? "descending" : "ascending"));
    }

    function in_order(list) {
        if (order.column === null || on_sort !== null) {
            return list;
        }
        const {value} = order.column, sign = order.down ? -1 : 1;
        return [...list].sort((a, b) => sign * compare(value(a), value(b)) ||
            compare(key(a), key(b)));
    }

    /* The row that had the focus is gone: focus moves to the same column of the row in its place. */
    function hand_on(row, control, before) {
        const at = before.findIndex(({tr}) => tr === row);
        const column = [...row.children].findIndex((cell) => cell.contains(control));
        const next = placed[Math.min(at, placed.length - 1)]?.tr;
        focus(next?.children[column].querySelector("a[href], button"));
    }

    function show(list) {
        const focused = document.activeElement, before = placed;
        const held = body.contains(focused) ? focused.closest("tbody > tr") : null;
        shown = list;
        const seen = new Set();
        const entries = in_order(list).map((row) => {
            const name = key(row), known = rows.get(name);
            const entry = known ?? make_row(columns, row);
            const changed = known === undefined || !same(known.row, row);
            seen.add(name);
            rows.set(name, entry);
            entry.row = row;
            if (changed) {
                fill_row(columns, entry);
            }
            return entry;
        });
        for (const [name, {tr}] of rows) {
            if (!seen.has(name)) {
                tr.remove();
                rows.delete(name);
            }
        }
        if (entries.length !== placed.length || entries.some((entry, i) => entry !== placed[i])) {
            place_rows(body, entries);
            placed = entries;
        }
        if (held?.isConnected === false) {
            hand_on(held, focused, before);
        }
        set_hidden(nothing, list.length > 0);
        set_hidden(table, list.length === 0);
    }

    if (sort !== null) {
        order.column = columns.find((column) => column.label === sort.replace(/^-/, ""));
        order.down = sort.startsWith("-");
        say_order();
    }
    return {node: el("div", {class: "table"}, table, nothing), show};
}
