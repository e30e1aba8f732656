/* access.mjs: whether a page can be used by all: contrast, names, the keyboard, small screens. */
import {check, equal} from "./fixtures.mjs";

/* ---- contrast -------------------------------------------------------------------------------- */

/* Runs in the page. Lists texts whose contrast with what is behind them is below 4.5 (3 if they are
 * large), and controls whose edge is below 3: WCAG 2.2 AA, 1.4.3 and 1.4.11. */
function faint_in_page() {
    const read = (colour) => {
        const [r, g, b, a = 1] = colour.match(/[\d.]+/g).map(Number);
        return {r, g, b, a};
    };
    const over = (top, below) => Object.fromEntries(["r", "g", "b"].map((part) =>
        [part, top[part] * top.a + below[part] * (1 - top.a)]).concat([["a", 1]]));
    const light = ({r, g, b}) => [r, g, b].map((part) => part / 255)
        .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
        .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
    const ratio = (a, b) => {
        const [low, high] = [light(a), light(b)].sort((x, y) => x - y);
        return (high + 0.05) / (low + 0.05);
    };
    const parents = (element) => element === null ? [] : [...parents(element.parentElement), element];
    const behind = (element) => parents(element).map((each) =>
        read(getComputedStyle(each).backgroundColor))
        .reduce((below, top) => over(top, below), {r: 255, g: 255, b: 255, a: 1});
    const opacity = (element) => parents(element)
        .reduce((all, each) => all * Number(getComputedStyle(each).opacity), 1);
    const name = (element) => `${element.tagName.toLowerCase()}${element.id ? "#" + element.id : ""} ` +
        `"${element.textContent.trim().slice(0, 30)}"`;
    const found = [];

    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text = walker.nextNode(); text !== null; text = walker.nextNode()) {
        const element = text.parentElement;
        if (text.data.trim() === "" || !element.checkVisibility() || element.matches(":disabled") ||
            element.closest(".hidden, svg, option") !== null) {
            continue;
        }
        const style = getComputedStyle(element), background = behind(element);
        const colour = read(style.color);
        colour.a *= opacity(element);
        const size = parseFloat(style.fontSize);
        const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
        const contrast = ratio(over(colour, background), background);
        if (contrast < (large ? 3 : 4.5)) {
            found.push(`${name(element)}: ${contrast.toFixed(2)}`);
        }
    }
    for (const element of document.querySelectorAll("input:not([type=checkbox]), select, button")) {
        const style = getComputedStyle(element);
        if (!element.checkVisibility() || element.disabled || parseFloat(style.borderTopWidth) === 0) {
            continue;
        }
        const outside = behind(element.parentElement);
        const contrast = ratio(over(read(style.borderTopColor), outside), outside);
        if (contrast < 3) {
            found.push(`the edge of ${name(element)}: ${contrast.toFixed(2)}`);
        }
    }
    return found;
}

/* ---- names ----------------------------------------------------------------------------------- */

const NAMED = new Set(["button", "link", "textbox", "searchbox", "combobox", "checkbox", "spinbutton",
    "meter", "image", "img", "table", "dialog", "navigation"]);

/* What the browser says to a screen reader. */
async function nameless(page) {
    const session = await page.context().newCDPSession(page);
    const {nodes} = await session.send("Accessibility.getFullAXTree");
    await session.detach();
    return nodes.filter((node) => !node.ignored && NAMED.has(node.role?.value) &&
        (node.name?.value ?? "").trim() === "").map((node) => node.role.value);
}

/* ---- the keyboard ---------------------------------------------------------------------------- */

/* What has the focus, and whether one sees that. */
const focused_in_page = () => {
    const element = document.activeElement;
    if (element === document.body) {
        return null;
    }
    const style = getComputedStyle(element), box = element.getBoundingClientRect();
    const all = [...document.querySelectorAll("*")];
    return {place: all.indexOf(element), name: `${element.tagName} ${element.textContent.slice(0, 30)}`,
        seen: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 &&
            box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight,
        small: element.matches("button, select, input") && Math.min(box.width, box.height) < 17.5};
};

/** Tab then begins at the start of the page. Otherwise it begins where the focus was last. */
export const focus_start = (page) => page.evaluate(() => {
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute("tabindex");
});

const count_controls = (page) => page.evaluate(() =>
    [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']")]
        .filter((each) => each.checkVisibility() && !each.disabled).length);

/** What is wrong with the way through the whole page with Tab; null: nothing. */
async function walk(page, most) {
    await focus_start(page);
    const places = [];
    for (let i = 0; i < most + 5; i++) {
        await page.keyboard.press("Tab");
        const at = await page.evaluate(focused_in_page);
        if (at === null || places.includes(at.place)) {
            break;
        }
        if (!at.seen) {
            return `one does not see the focus on ${at.name}`;
        }
        if (at.small) {
            return `${at.name} is too small to be hit`;
        }
        if (places.length > 0 && at.place < places.at(-1)) {
            return `${at.name} is out of order`;
        }
        places.push(at.place);
    }
    return places.length >= most ? null : `Tab reaches ${places.length} of ${most} controls`;
}

/** Goes through the whole page with Tab, which has to show each stop, in the order of the document,
 * and reach all that can be used. A page that gets a control meanwhile is gone through again. */
export async function check_keyboard(page, name) {
    let wrong = null;
    for (let tries = 0; tries < 5; tries++) {
        const most = await count_controls(page);
        wrong = await walk(page, most);
        if (wrong === null || await count_controls(page) === most) {
            break;
        }
    }
    check(wrong === null, `${name}: ${wrong}`);
}

/* ---- all of it ------------------------------------------------------------------------------- */

export async function check_width(page, name) {
    const wide = await page.evaluate(() => [...document.querySelectorAll("body *")]
        .filter((each) => each.checkVisibility() && each.closest(".hidden, #skip") === null &&
            each.getBoundingClientRect().right > innerWidth + 0.5)
        .map((each) => `${each.tagName} ${each.className}`).slice(0, 3));
    equal(wide, [], `${name}: what is wider than the screen`);
    const [all, screen] = await page.evaluate(() =>
        [document.documentElement.scrollWidth, innerWidth]);
    check(all <= screen, `${name}: ${all} pixels wide on a screen of ${screen}`);
}

const count_moving = (page) => page.evaluate(() => [...document.querySelectorAll("*")]
    .map((each) => getComputedStyle(each))
    .filter((style) => style.animationName !== "none" ||
        style.transitionDuration.split(",").some((each) => parseFloat(each) > 0)).length);

/** Nothing on the page moves for those who have asked for that; for others something does. */
export async function check_motion(page, name) {
    await page.emulateMedia({reducedMotion: "no-preference"});
    check(await count_moving(page) > 0, `${name}: nothing ever moves`);
    await page.emulateMedia({reducedMotion: "reduce"});
    equal(await count_moving(page), 0, `${name}: what moves though that is not wanted`);
}

/** Checks contrast in both schemes, names, and width on a phone and a screen. */
export async function check_access(page, name) {
    const before = page.viewportSize();
    equal(await nameless(page), [], `${name}: what has no name`);
    for (const colorScheme of ["dark", "light"]) {
        await page.emulateMedia({colorScheme, reducedMotion: "reduce"});
        equal(await page.evaluate(faint_in_page), [], `${name}, ${colorScheme}: what is faint`);
    }
    for (const width of [360, 768, 1920]) {
        await page.setViewportSize({width, height: 800});
        await check_width(page, `${name} at ${width}`);
    }
    await page.setViewportSize({width: 360, height: 800});
    equal(await page.evaluate(faint_in_page), [], `${name} on a phone: what is faint`);
    await page.setViewportSize(before);
}
