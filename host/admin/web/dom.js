/* dom.js: makes elements. Texts become text nodes and nothing else: labels, peers, lines of the log
 * and fields of a state may come from players. */
const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
        if (typeof value === "function") {
            node.addEventListener(name.replace(/^on/, ""), value);
        } else {
            set_attribute(node, name, value);
        }
    }
    node.append(...children.filter((child) => child !== undefined && child !== null));
    return node;
}

/** An element; an attribute that is a function is a listener: {onclick: f}. */
export const el = (tag, attributes = {}, ...children) =>
    fill(document.createElement(tag), attributes, children);

export const svg = (tag, attributes = {}, ...children) =>
    fill(document.createElementNS(SVG, tag), attributes, children);

export const by_id = (id) => document.getElementById(id);

/** Changes a text only if it differs, so that a selection or a reader's place in it stays, and in
 * the same text node, which costs less than a new one. */
export function set_text(node, text) {
    if (node.textContent === text) {
        return;
    }
    const only = node.childNodes.length === 1 ? node.firstChild : null;
    if (only instanceof Text && text !== "") {
        only.data = text;
    } else {
        node.textContent = text;
    }
}

/** Sets or removes an attribute, if it differs; `true` sets it to an empty value. Unlike
 * `node.hidden = true`, it does not write an unchanged value again. */
export function set_attribute(node, name, value) {
    const text = value === true ? "" : String(value);
    if (value === null || value === undefined || value === false) {
        node.removeAttribute(name);
    } else if (node.getAttribute(name) !== text) {
        node.setAttribute(name, text);
    }
}

/** Gives the focus to a control, or to the heading of the view if that is gone or disabled, so that
 * keyboard users are not sent back to the top of the page. */
export function focus(control) {
    const may = control?.isConnected && !control.disabled;
    (may ? control : by_id("main").querySelector("h1"))?.focus({preventScroll: true});
}

/* Changes an element. If it `goes` and had the focus, that moves to `next`, or to the heading. */
function let_go(node, goes, change, next = null) {
    const had = goes && node.contains(document.activeElement);
    change();
    if (had) {
        focus(next);
    }
}

/** Disables a control, or enables it. If it had the focus, that moves to `next`, or to the heading.
 */
export const set_disabled = (control, disabled, next = null) =>
    let_go(control, disabled, () => set_attribute(control, "disabled", disabled), next);

/** Hides an element, or shows it. If it had the focus, that moves to the heading. */
export const set_hidden = (node, hidden) =>
    let_go(node, hidden, () => set_attribute(node, "hidden", hidden));

/** Removes an element. If it had the focus, that moves to the heading. */
export const remove = (node) => let_go(node, true, () => node.remove());

/** A part of a view, with a heading. */
export function section(title, ...children) {
    const id = `part-${title.toLowerCase().replace(/[^a-z]+/g, "-")}`;
    return el("section", {class: "part", "aria-labelledby": id}, el("h2", {id}, title), ...children);
}

let fields = 0;

/** A labelled control. */
export function field(label, control, attributes = {}) {
    control.id ||= `field-${++fields}`;
    return el("div", {class: "field", ...attributes}, el("label", {for: control.id}, label), control);
}

/** A <select> of values, or of [value, text]. */
export const select = (values) => el("select", {},
    ...values.map((value) => Array.isArray(value)
        ? el("option", {value: value[0]}, value[1]) : el("option", {value}, value)));
