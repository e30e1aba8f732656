/* spark.js: small pictures of up to ten minutes. */
import {SPAN_MS} from "./figures.js";
import {set_attribute, svg} from "./dom.js";

const WIDTH = 120, HEIGHT = 28;
const LEAST_MS = 60000; // a page that has just been opened stretches what it has
const GAP_MS = 16000; // longer without a figure: the line has a gap

/* The parts of the line, each without a gap: lists of [x, y]. It fills the width with what there
 * is. */
function parts_of(points, most) {
    const end = points.at(-1)?.at_ms, parts = [];
    const span_ms = Math.min(SPAN_MS, Math.max(LEAST_MS, end - points[0]?.at_ms));
    let last_ms = -Infinity;
    for (const {at_ms, value} of points) {
        if (at_ms - last_ms > GAP_MS) {
            parts.push([]);
        }
        last_ms = at_ms;
        const x = WIDTH * (1 - (end - at_ms) / span_ms);
        const y = HEIGHT - 1.5 - (most > 0 ? value / most : 0) * (HEIGHT - 4);
        parts.at(-1).push([Math.max(0, x).toFixed(1), y.toFixed(1)]);
    }
    return parts;
}

/** Makes {node, show(points, text)}: `text(value)` writes a figure. The line begins at 0. */
export function make_spark(label) {
    const area = svg("path", {class: "area"}), line = svg("path", {class: "line"});
    const node = svg("svg", {class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img",
        preserveAspectRatio: "none", "aria-label": label}, area, line);

    let shown = "";

    /* It ends at the last figure, so a line that stays as it is moves once a step. */
    function show(points, text) {
        const now = JSON.stringify([points.length, points.at(-1)]);
        if (now === shown) {
            return;
        }
        shown = now;
        const most = Math.max(...points.map(({value}) => value), 0);
        const parts = parts_of(points, most);
        set_attribute(line, "d", parts.map((part) =>
            `M${part.map((point) => point.join(" ")).join("L")}${part.length === 1 ? "h1" : ""}`)
            .join(""));
        set_attribute(area, "d", parts.map((part) => `M${part[0][0]} ${HEIGHT}L` +
            `${part.map((point) => point.join(" ")).join("L")}L${part.at(-1)[0]} ${HEIGHT}Z`).join(""));
        const least = Math.min(...points.map(({value}) => value));
        set_attribute(node, "aria-label", points.length === 0 ? `${label}: no figures yet`
            : `${label}, last ten minutes: ${text(least)} to ${text(most)}`);
    }

    return {node, show};
}
