/* log.js: the last lines of the log, which the host keeps in memory, with filters. */
import {el, field, select, set_text} from "./dom.js";
import * as format from "./format.js";
import {make_table} from "./table.js";

const LINES = 500;
const LEVELS = [["error", "error"], ["warn", "warn and above"], ["info", "info and above"],
    ["debug", "all"]];
const kept = {level: "info", words: "", source: "", follow: true};

const columns = [
    {label: "Time", value: (row) => format.milliseconds(row.time), style: "code quiet whole"},
    {label: "Level", value: (row) => row.level, mark: (row) => row.level, style: "code whole"},
    {label: "Source", value: (row) => row.source, style: "code whole"},
    {label: "Text", value: (row) => row.text, style: "code value"},
];

export function open({main, watch}) {
    const level = select(LEVELS);
    const source = select([["", "all"], ...(kept.source ? [[kept.source, kept.source]] : [])]);
    const words = el("input", {type: "search", value: kept.words, spellcheck: "false"});
    const follow = el("input", {type: "checkbox"});
    const count = el("p", {class: "quiet", role: "status"});
    const table = make_table({caption: "Lines of the log, the newest first",
        empty: "No line matches.", key: (row) => row.seq, columns});
    let stop = () => {};
    let lines = [];
    level.value = kept.level;
    source.value = kept.source;
    follow.checked = kept.follow;

    function show() {
        const text = kept.words.toLowerCase();
        const list = lines.filter((row) => (kept.source === "" ||
            row.source === kept.source) && row.text.toLowerCase().includes(text));
        table.show(list.reverse());
        set_text(count, `${list.length} of the last ${lines.length} lines`);
    }

    function list_sources() {
        for (const name of [...new Set(lines.map((row) => row.source))].sort()) {
            if (![...source.options].some(({value}) => value === name)) {
                source.append(el("option", {value: name}, name));
            }
        }
    }

    function take(answer, ok) {
        if (!ok) {
            set_text(count, answer.error);
        } else if (kept.follow || lines.length === 0) {
            lines = answer.log;
            list_sources();
            show();
        }
    }

    function ask_host() {
        stop();
        lines = [];
        stop = watch(`log ${LINES} ${kept.level}`, take);
    }

    function choose() {
        const asks = level.value !== kept.level || (follow.checked && !kept.follow);
        Object.assign(kept, {level: level.value, words: words.value.trim(),
            source: source.value, follow: follow.checked});
        if (asks) {
            ask_host();
        } else {
            show();
        }
    }

    const form = el("form", {class: "row", role: "search", onsubmit: (event) =>
        event.preventDefault()}, field("Level", level), field("Source", source),
    field("Text", words), field("Follow", follow, {class: "field check"}), count);
    form.addEventListener("input", choose);
    main.append(form, table.node);
    ask_host();
}
