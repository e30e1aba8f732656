/* dashboard.mjs: an operator at the dashboard: logs in, watches a rate change, kicks a session, and
 * swaps in a build that crashes and is rolled back. The page is loaded once and shows all of it by
 * itself. Each view can be used by keyboard, on a phone, in light and in dark.
 *
 * --picture FOLDER takes the pictures for the docs instead. */
import * as fs from "node:fs";
import * as net from "node:net";
import {start_bot} from "./bot.mjs";
import {check_access, check_keyboard, check_motion, focus_start} from "./access.mjs";
import {hear_alarm} from "./dashboard_changed.mjs";
import {TOKEN, confirm, expect_row, focused_text, go, rows} from "./dashboard_tools.mjs";
import {take_pictures} from "./dashboard_pictures.mjs";
import {Host, check, equal, expect_clean, expect_text, open_page, run, wait_until}
    from "./fixtures.mjs";

const BOTS = 12;

const figure = async (page, name) =>
    parseFloat(await page.textContent(`.tile[data-name="${name}"] .figure`));

/* Runs in the page. Lists what is written to the page though it is there already: that costs a
 * layout, takes a selection away, and has a screen reader read it again. */
function watch_rewriting_in_page() {
    const text = (nodes) => [...nodes].map((node) => node.textContent).join("");
    const again = ({type, target, attributeName, oldValue, addedNodes, removedNodes}) =>
        type === "attributes" ? oldValue !== null && target.getAttribute(attributeName) === oldValue
            : type === "characterData" ? target.data === oldValue
                : addedNodes.length > 0 && text(addedNodes) === text(removedNodes);
    globalThis.rewritten = [];
    new MutationObserver((records) => {
        for (const each of records.filter(again)) {
            globalThis.rewritten.push(`${each.attributeName ?? "text"} of ${each.target.nodeName} ` +
                `${each.target.className} "${each.target.textContent.slice(0, 30)}"`);
        }
    }).observe(document, {subtree: true, childList: true, attributes: true, attributeOldValue: true,
        characterData: true, characterDataOldValue: true});
}

/* ---- the steps ------------------------------------------------------------------------------- */

async function log_in(page) {
    await check_access(page, "the login page");
    await check_keyboard(page, "the login page");
    equal(await page.locator("#wrong").isVisible(), false, "a reproach before the first try");
    await page.fill("#token", "a wrong token, as somebody may guess it");
    await page.press("#token", "Enter");
    await page.waitForSelector("#wrong:visible");
    equal(await page.locator("#views").count(), 0, "the dashboard for a wrong token");
    await page.fill("#token", TOKEN);
    await page.press("#token", "Enter");
    await expect_text(page, "#link", "live");
    equal(await page.evaluate(() => document.cookie), "", "what a script sees of the cookie");
    await page.evaluate(() => {
        globalThis.never_reloaded = true;
    });
    await page.evaluate(watch_rewriting_in_page);
}

async function watch_a_rate(host, page) {
    const rate = "portico_received_packets_total";
    await wait_until("the rates are known", async () => (await figure(page, rate)) === 0);
    for (let i = 0; i < BOTS; i++) {
        await start_bot(host.ports.get("arena_web"), i);
    }
    await wait_until("the page shows the packets", async () => (await figure(page, rate)) > 50);
    await wait_until("and the sessions", async () =>
        (await figure(page, "portico_sessions")) === BOTS);
    await wait_until("and a line of them", () => page.evaluate((name) =>
        document.querySelector(`.tile[data-name="${name}"] .line`).getAttribute("d") !== null, rate));
    await expect_row(page, "Handlers, by the time they took in the last interval",
        "arena.player op 2");
}

async function kick_one(page) {
    await go(page, "sessions");
    await wait_until("all sessions are listed", async () =>
        (await rows(page, "Sessions").count()) === BOTS);
    const id = await rows(page, "Sessions").first().locator("th").textContent();
    const row = rows(page, "Sessions").filter({hasText: id});
    await row.locator("button").click();
    await page.keyboard.press("Escape");
    await page.waitForSelector("dialog", {state: "detached"});
    equal(await focused_text(page), "Kick", "what has the focus after a question");
    await confirm(page, row.locator("button"), "Kick");
    await wait_until("it is gone", async () => (await row.count()) === 0);
    equal(await rows(page, "Sessions").count(), BOTS - 1, "sessions that are left");
    equal(await focused_text(page), "Kick", "what has the focus when its row has gone");
    return id;
}

/* The way back leaves a question, too. */
async function go_back_from_question(page) {
    await go(page, "rooms");
    await go(page, "sessions");
    await rows(page, "Sessions").first().locator("button").click();
    await page.waitForSelector("dialog[open]");
    await page.goBack();
    await page.waitForSelector('main[data-view="rooms"] h1');
    await page.waitForSelector("dialog", {state: "detached"});
    equal(await focused_text(page), "Rooms", "what has the focus after the way back");
    await go(page, "sessions");
    await page.waitForSelector("tbody tr");
}

/* Searching and sorting, by keyboard. */
async function search_and_sort(page) {
    const ids = () => rows(page, "Sessions").locator("th").allTextContents();
    const up = await ids();
    await page.focus('th button:text-is("Id")');
    await page.keyboard.press("Enter");
    await wait_until("they are sorted the other way", async () =>
        (await ids()).join() === [...up].reverse().join());
    equal(await page.getAttribute('th:has(button:text-is("Id"))', "aria-sort"), "descending",
        "what a screen reader hears of the order");
    equal(await focused_text(page), "Id", "what has the focus after sorting");
    await page.fill('input[type="search"]', up[0]);
    await wait_until("one is found", async () => (await ids()).join() === up[0]);
    await page.fill('input[type="search"]', "");
    await wait_until("all are back", async () => (await ids()).length === up.length);
}

/* Connections to a port, until `stop()`: {sockets, stop}. The host may close them. */
function connect_raw(port, count) {
    const sockets = Array.from({length: count}, () =>
        net.connect(port, "127.0.0.1").on("error", () => {}));
    return {sockets, stop: () => sockets.forEach((socket) => socket.destroy())};
}

/* Too many connections, and too many packets: the page shows which limits that has hit. */
async function hit_limits(host, page) {
    await go(page, "limits");
    await page.waitForSelector("text=No limit has been hit");
    const [games, talks] = ["game", "talk"].map((name) => connect_raw(host.ports.get(name), 4));
    for (const socket of games.sockets) {
        socket.write(Buffer.concat(Array(40).fill(Buffer.from([4, 0, 1, 0]))));
    }
    for (const [name, where, limit] of [["max_per_address", "game", 2], ["packets_per_second", "game", 5],
        ["max_sessions", "talk", 1]]) {
        const row = rows(page, "Limits that were hit").filter({hasText: name}).filter({hasText: where});
        await row.waitFor();
        equal(await row.locator("td").nth(1).textContent(), `${limit}`, `${name}: what is allowed`);
        check(Number(await row.locator("td").nth(2).textContent()) >= 1, `${name} was not hit`);
    }
    await check_access(page, "limits that were hit");
    games.stop();
    talks.stop();
}

/* A search that is typed just before the view closes asks the host for nothing. */
async function leave_while_typing(page) {
    await go(page, "sessions");
    await page.evaluate(() => {
        const input = document.querySelector('input[type="search"]');
        input.value = "typed-too-late";
        input.dispatchEvent(new Event("input", {bubbles: true}));
        location.hash = "#log";
    });
    await page.waitForSelector('main[data-view="log"] tbody tr');
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 1000))); // after its timer
    await go(page, "rooms");
    await page.waitForSelector("tbody tr");
    const left = page.sent.findLastIndex((text) => /^watch \d+ log /.test(text));
    equal(page.sent.slice(left).filter((text) => text.includes("typed-too-late")), [],
        "what is asked for after the view has closed");
}

async function swap_a_crash(options, host, page) {
    await go(page, "modules");
    await page.click('main a:text-is("arena")');
    await expect_text(page, "h1", "Module arena");
    host.put_module(options.crash, "arena");
    await page.click('button:text-is("Show plan")');
    await page.waitForSelector(':text("would replace generation 1")');
    await expect_row(page, "Plan of the swap", "arena.player");
    await confirm(page, page.locator('button:text-is("Swap")'), "Swap");
    await wait_until("the page shows the fault", async () =>
        /(field_on_tick|field_find|arena_crash\.c).*rolled back/.test(await page.textContent("ol.faults")));
    await wait_until("and which build serves again", async () =>
        /0\.1\.0/.test(await page.textContent('dl div:has(dt:text-is("Version"))')));
    await page.click('.faults button:text-is("Report")');
    await page.waitForSelector('dialog pre:has-text("backtrace")');
    check(/field_on_tick|field_find/.test(await page.textContent("dialog pre")), "it does not say where");
    await page.keyboard.press("Escape");
    await expect_row(page, "Generations", "has faulted");
    await expect_row(page, "Settings", "tick_ms");
    await expect_row(page, "Fields of arena.field", "slots[256].x");
    await expect_row(page, "Fields of arena", "starts"); /* its own, with a value: */
    check(/^starts[1-9]/.test(await rows(page, "Fields of arena").first().textContent()),
        "the module's own state has no value");
    equal(await page.textContent('dl div:has(dt:text-is("Sessions")) dd'), `${BOTS - 1}`,
        "sessions after the crash");
}

/* ---- all views ------------------------------------------------------------------------------- */

/* What must be there before a view is judged. */
const VIEWS = {
    overview: ".tile .figure", sessions: "tbody tr", rooms: "tbody tr", modules: "tbody tr",
    swaps: ".swap", limits: "tbody tr", log: "tbody tr", trace: "tbody tr",
};

async function judge_views(page) {
    for (const [view, sign] of Object.entries(VIEWS)) {
        await go(page, view);
        await page.waitForSelector(sign);
        equal(await page.evaluate(() => document.activeElement.tagName), "H1",
            `${view}: what has the focus after a link`);
        await check_access(page, view);
        await check_keyboard(page, view);
    }
}

/* Runs in the page. How much of each swap's time its steps take, in percent: as drawn, and by the
 * microseconds in its table, which are rounded. The rest is between the steps. */
function scales_in_page() {
    const us = (text) => Number(text.replace(/ us.*/, "").replace(/\D/g, ""));
    return [...document.querySelectorAll(".swap")].map((swap) => {
        const total = us(swap.querySelector("p").textContent.split(": ")[1]);
        const takes = [...swap.querySelectorAll("td:nth-child(3)")].map((cell) => us(cell.textContent));
        const sum = (list) => list.reduce((all, each) => all + each, 0);
        return {drawn: sum([...swap.querySelector(".line").children]
            .map((step) => parseFloat(step.style.width))),
        said: sum(takes) / total * 100, error: (takes.length + 1) / 2 / total * 100 + 0.1};
    });
}

/* Both swaps with their steps, drawn to scale, and what the log says of them. */
async function see_swaps(page) {
    await go(page, "swaps");
    await wait_until("both swaps are there", async () => (await page.locator(".swap").count()) === 2);
    equal(await page.locator(".swap .result").allTextContents(), ["rolled back", "swapped"],
        "their results");
    equal(await rows(page, "Steps of arena 2 to 1").filter({hasText: /\d us/}).count() > 5, true,
        "steps to the microsecond");
    for (const {drawn, said, error} of await page.evaluate(scales_in_page)) {
        check(said > 0 && Math.abs(drawn - said) <= error,
            `the steps fill ${drawn} percent of a bar instead of ${said} (+- ${error})`);
    }
    await go(page, "log");
    await expect_row(page, "Lines of the log, the newest first", "arena 0.3.0 generation 2 replaces");
    await page.selectOption("label:text-is('Level') + select", "error");
    await wait_until("only errors are listed", async () => (await rows(page,
        "Lines of the log, the newest first").locator("td:nth-child(2)").allTextContents())
        .every((level) => level === "error"));
    await page.selectOption("label:text-is('Level') + select", "info");
}

/* A trace of all players: started, followed, stopped, and saved as JSON lines. */
async function trace_players(page) {
    await go(page, "trace");
    await page.selectOption("label:text-is('Trace') + select", "type");
    await page.fill("label:text-is('Id or type') + input", "arena.player");
    await page.check("label:text-is('Packet contents') + input");
    await page.focus('button:text-is("Start")');
    await page.keyboard.press("Enter");
    await expect_row(page, "Events, the newest first", "MOVE");
    equal(await focused_text(page), "Stop", "what has the focus while a trace runs");
    await page.keyboard.press("Enter");
    await wait_until("the page says so", async () =>
        /; stopped\./.test(await page.textContent('main p[role="status"]')));
    equal(await focused_text(page), "Start", "what has the focus after a trace");
    const [file] = await Promise.all([page.waitForEvent("download"),
        page.click('button:text-is("Save as JSON lines")')]);
    const lines = fs.readFileSync(await file.path(), "utf8").trim().split("\n");
    const events = lines.map((line) => JSON.parse(line));
    equal(file.suggestedFilename(), "trace-type-arena.player.jsonl", "the name of the file");
    check(events.some(({event, name, fields}) => event === "in" && name === "MOVE" && "dx" in fields),
        "no packet is decoded:", lines[0]);
}

/* The state of a session and that of its room, field by field, which change by themselves. */
async function see_states(page) {
    await go(page, "sessions");
    await rows(page, "Sessions").first().locator("th a").click();
    await expect_row(page, "Fields of arena.player", "field");
    await check_access(page, "a session");
    await page.click('dl div:has(dt:text-is("Room")) a');
    await page.waitForSelector('main[data-view="room"] h1');
    await expect_row(page, "Fields of arena.field", "slots[0].x");
    const tick = () => rows(page, "Fields of arena.field").filter({has: page.locator(
        'th:text-is("tick")')}).textContent();
    const before = await tick();
    await wait_until("the field's clock runs", async () => (await tick()) !== before);
    equal(await rows(page, "Members").count(), BOTS - 1, "members");
    await check_access(page, "a room");
    await check_keyboard(page, "a room");
}

async function skip_to_view(page) {
    await focus_start(page);
    await page.keyboard.press("Tab");
    equal(await page.evaluate(() => document.activeElement.id), "skip", "the first stop");
    await page.keyboard.press("Enter");
    equal(await page.evaluate(() => document.activeElement.tagName), "H1", "where it leads");
}

/* The host ends: the page says so. It starts again, and knows no login. */
async function come_back(host, page) {
    await host.stop();
    await wait_until("the page says that the figures are old", async () =>
        /^Not connected.* old\./.test(await page.textContent("#broken-text")));
    await host.start();
    await page.waitForSelector("#token");
}

async function scenario(options, tools) {
    const host = tools.host = new Host(options, "portico.ini", ["echo", "arena", "chat"]);
    host.text = host.text.replace("[admin]\nenabled = no",
        `[admin]\nhttp_port = 0\ntoken = ${TOKEN}`)
        .replace(/^\[listener game\]$/m, "$&\nmax_per_address = 2\npackets_per_second = 5")
        .replace(/^\[listener talk\]$/m, "$&\nmax_sessions = 1");
    await host.start();
    const page = await open_page(tools.browser, host.url("http"),
        {viewport: {width: 1280, height: 860}, colorScheme: "light"});
    await log_in(page);
    await watch_a_rate(host, page);
    await kick_one(page);
    await go_back_from_question(page);
    await search_and_sort(page);
    await leave_while_typing(page);
    await hit_limits(host, page);
    await swap_a_crash(options, host, page);
    if (options.picture !== undefined) {
        return take_pictures(host, page, options.picture, options.next);
    }
    await see_swaps(page);
    await see_states(page);
    await trace_players(page);
    await judge_views(page);
    await check_motion(page, "the trace");
    await skip_to_view(page);
    check(await page.evaluate(() => globalThis.never_reloaded), "the page was loaded again");
    equal(await page.evaluate(() => [...new Set(globalThis.rewritten)].slice(0, 5)), [],
        "what is written again without a change");
    expect_clean(page, "the page");
    await hear_alarm(host, tools.browser);
    await come_back(host, page);
}

await run(scenario);
