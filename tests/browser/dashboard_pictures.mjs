/* dashboard_pictures.mjs: the pictures of the dashboard for host/admin/README.md. */
import * as fs from "node:fs";
import * as path from "node:path";
import {setTimeout as pause} from "node:timers/promises";
import {wait_until} from "./fixtures.mjs";

const HISTORY_MS = 90000; // for lines in the overview

const shot = async (page, folder, name) => {
    await page.mouse.move(0, 0);
    await page.evaluate(() => scrollTo(0, 0));
    const end = await page.evaluate(() => Math.ceil(Math.max(
        ...[...document.querySelectorAll("nav ul, main > *")].map((each) =>
            each.getBoundingClientRect().bottom))));
    const {width, height} = page.viewportSize();
    await page.screenshot({path: path.join(folder, `${name}.png`),
        clip: {x: 0, y: 0, width, height: Math.min(height, end + 24)}});
};

const go = async (page, view, sign) => {
    await page.click(`#views a[href="#${view}"]`);
    await page.waitForSelector(`main[data-view="${view}"] ${sign}`);
};

async function show_module(page, file) {
    await go(page, "modules", "tbody tr");
    await page.click('main a:text-is("arena")');
    await page.fill('label:text-is("New build") + input', file);
    await page.click('button:text-is("Show plan")');
    await page.waitForSelector('table:has(caption:text-is("Plan of the swap")) tbody tr');
}

async function show_trace(page) {
    await go(page, "trace", "form");
    await page.selectOption('label:text-is("Trace") + select', "type");
    await page.fill('label:text-is("Id or type") + input', "arena.player");
    await page.check('label:text-is("Packet contents") + input');
    await page.click('button:text-is("Start")');
    await wait_until("there are events", async () => (await page.locator("tbody tr").count()) > 40);
    await page.click('button:text-is("Stop")');
    await page.waitForSelector('main p:has-text("; stopped.")');
}

/** Takes a picture of each view. `next`: a later build of the arena. */
export async function take_pictures(host, page, folder, next) {
    fs.mkdirSync(folder, {recursive: true});
    while (await page.locator("#said button").count() > 0) {
        await page.locator("#said button").first().click();
    }
    await page.setViewportSize({width: 1200, height: 800});
    for (const view of ["modules", "swaps"]) {
        await go(page, view, "tbody tr");
        await shot(page, folder, view);
    }
    await go(page, "rooms", "tbody tr");
    await shot(page, folder, "rooms");
    await page.click("tbody th a");
    await page.waitForSelector(".state tbody tr");
    await shot(page, folder, "room");
    await go(page, "sessions", "tbody tr");
    await shot(page, folder, "sessions");
    await page.setViewportSize({width: 360, height: 740});
    await shot(page, folder, "sessions-phone");
    await page.setViewportSize({width: 1200, height: 800});
    await page.click("tbody th a");
    await page.waitForSelector(".state tbody tr");
    await shot(page, folder, "session");
    host.put_module(next, "arena_next");
    await show_module(page, host.module_file("arena_next"));
    await shot(page, folder, "module");
    await show_trace(page);
    await shot(page, folder, "trace");
    await go(page, "overview", ".tile");
    await pause(HISTORY_MS);
    await shot(page, folder, "overview");
    await page.emulateMedia({colorScheme: "dark"});
    await shot(page, folder, "overview-dark");
    await page.emulateMedia({colorScheme: "light"});
    await go(page, "limits", "tbody tr");
    await shot(page, folder, "limits");
    await go(page, "log", "tbody tr");
    await page.fill('label:text-is("Text") + input', "0.1.0");
    await shot(page, folder, "log");
}
