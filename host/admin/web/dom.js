/* dom.js: makes elements. Texts become text nodes and nothing else: labels, peers, lines of the log
 * and fields of a state may come from players. */
const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
        if (typeof value === "function") {
            node.addEventListener(name.replace(/^on/, ""), value);
        } else if (value !== undefined && value !== null && value !== false) {
            node.setAttribute(name, value === true ? "" : value);
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

/** Changes a text only if it differs, so that a selection or a reader's place in it stays, and in the
 * same text node, which costs less than a new one. */
export function set_text(node, text) {
    const only = node.childNodes.length === 1 ? node.firstChild : null;
    if (node.textContent === text) {
        return;
    }
    if (only instanceof Text && text !== "") {
        only.data = text;
    } else {
        node.textContent = text;
    }
}

/** Sets or removes an attribute, if it differs; true: it is there, and empty. `node.hidden = true`
 * would write it again. */
export function set_attribute(node, name, value) {
    if (value === null || value === undefined || value === false) {
        node.removeAttribute(name);
    } else if (node.getAttribute(name) !== (value === true ? "" : String(value))) {
        node.setAttribute(name, value === true ? "" : value);
    }
}

/** Gives the focus to a control, or to the heading of the view if that is gone or disabled: nobody who
 * uses the keyboard begins at the top of the page again. */
export function focus(control) {
    const may = control?.isConnected && !control.disabled;
    (may ? control : by_id("main").querySelector("h1"))?.focus({preventScroll: true});
}

/** Disables a control, or enables it. If it has the focus, `next` gets that, or the heading. */
export function set_disabled(control, disabled, next = null) {
    const had = disabled && control === document.activeElement;
    set_attribute(control, "disabled", disabled);
    if (had) {
        focus(next);
    }
}

/** Hides an element, or shows it. If it has the focus, the heading gets that. */
export function set_hidden(node, hidden) {
    const had = hidden && node.contains(document.activeElement);
    set_attribute(node, "hidden", hidden);
    if (had) {
        focus(null);
    }
}

/** Removes an element. If it has the focus, the heading gets that. */
export function remove(node) {
    const had = node.contains(document.activeElement);
    node.remove();
    if (had) {
        focus(null);
    }
}

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
