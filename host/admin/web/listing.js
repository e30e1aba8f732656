/* listing.js: the views of sessions and of rooms: `ctl sessions` and `ctl rooms` with how many to
 * list, by what, and which. */
import {el, field, select, set_attribute, set_text} from "./dom.js";
import * as format from "./format.js";
import {make_table} from "./table.js";

const TYPING_MS = 250;
const MOST = ["100", "500", "2000"];

/** Shows a link to the view of one thing, or "–" if there is none. */
export function show_link(link, view, id) {
    set_text(link, id ?? "–");
    set_attribute(link, "href", id === null || id === undefined ? null : `#${view}/${id}`);
}

/** Columns that sessions and rooms both have: a link to the view of one, and how old it is. */
export const id_column = (view) => ({label: "Id", head: true, value: (row) => Number(row.id),
    sort: "id", make: ({row}) => el("a", {href: `#${view}/${row.id}`}, row.id)});

export const age_column = {label: "Age", number: true, value: (row) => row.age_s, sort: "age",
    text: (row) => format.age(row.age_s)};

/** Fills a view. `kept` is {filter, most, order} and lasts; a column has the host's name of it as
 * `sort`. */
export function make_listing({main, watch, at_end}, kept, {what, columns, caption, search}) {
    const words = el("input", {type: "search", value: kept.filter, spellcheck: "false",
        placeholder: search, maxlength: "100"});
    const most = select(MOST);
    const found = el("p", {class: "quiet", role: "status"});
    const first = columns.find(({sort}) => sort === kept.order.replace("-", ""));
    const table = make_table({caption, empty: `No ${what} match.`, key: (row) => row.id, columns,
        sort: (kept.order.startsWith("-") ? "-" : "") + first.label,
        on_sort: (column, down) => ask_host({order: (down ? "-" : "") + column.sort})});
    let stop = () => {};
    let timer = 0;
    most.value = kept.most;

    function show(answer, ok) {
        if (ok) {
            table.show(answer[what]);
            set_text(found, `${answer[what].length} of ${answer.matching} shown`);
        } else {
            set_text(found, answer.error);
        }
    }

    function ask_host(change) {
        Object.assign(kept, change);
        stop();
        stop = watch(`${what} ${kept.most} ${kept.order} ${kept.filter}`.trim(), show);
    }

    const search_now = () => ask_host({filter: words.value.replace(/\s+/g, " ").trim()});
    words.addEventListener("input", () => {
        clearTimeout(timer);
        timer = setTimeout(search_now, TYPING_MS);
    });
    most.addEventListener("change", () => ask_host({most: most.value}));
    at_end(() => clearTimeout(timer));
    main.append(el("form", {class: "row", role: "search", onsubmit: (event) => {
        event.preventDefault();
        search_now();
    }}, field("Search", words), field("Show at most", most), found), table.node);
    ask_host({});
}
