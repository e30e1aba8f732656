/* dashboard_changed.mjs: a page whose answers are changed on their way from the host: a module is
 * frozen in them, and some are late. */
import {TOKEN, expect_row, focused_text} from "./dashboard_tools.mjs";
import {check, equal, expect_text, open_page, wait_until} from "./fixtures.mjs";

/* Opens a page for which the arena is frozen, and which waits for the plans of swaps: {page,
 * socket, modules, plan, sent}, the last answers and what the page has asked for. */
async function open_changed_page(host, browser) {
    const page = await open_page(browser, host.url("http"));
    const link = {page, socket: null, modules: "", plan: "", sent: []};
    await page.routeWebSocket(/\/live$/, (socket) => {
        const server = socket.connectToServer();
        link.socket = socket;
        socket.onMessage((text) => {
            link.sent.push(text);
            server.send(text);
        });
        server.onMessage((text) => {
            const message = JSON.parse(text);
            if (message.command.startsWith("swap --plan")) {
                link.plan = text;
                return;
            }
            if (message.command === "modules") {
                message.answer.modules.find(({name}) => name === "arena").frozen = true;
                link.modules = JSON.stringify(message);
            }
            socket.send(JSON.stringify(message));
        });
    });
    return link;
}

/* A button that waits for an answer keeps the focus, and does nothing. */
async function wait_for_plan(link) {
    const {page} = link;
    await page.focus('button:text-is("Show plan")');
    await page.keyboard.press("Enter");
    await wait_until("the plan has come", () => link.plan !== "");
    await page.evaluate(() => new Promise((resolve) =>
        requestAnimationFrame(() => requestAnimationFrame(resolve)))); // it may lose the focus then
    equal(await focused_text(page), "Show plan", "what has the focus while an answer is awaited");
    await page.keyboard.press("Enter");
    link.socket.send(link.plan);
    await expect_row(page, "Plan of the swap", "arena.player");
    equal(await focused_text(page), "Show plan", "what has the focus after the answer");
    equal(link.sent.filter((text) => text.startsWith("run swap --plan")).length, 1,
        "how often it has asked");
}

/** A frozen module is an alert, which is not written again with each answer. */
export async function hear_alarm(host, browser) {
    const link = await open_changed_page(host, browser), {page} = link;
    await page.fill("#token", TOKEN);
    await page.press("#token", "Enter");
    await page.getByRole("alert").filter({hasText: "arena is frozen"}).waitFor();
    const changes = await page.evaluateHandle(() => {
        const seen = [];
        new MutationObserver((records) => seen.push(...records)).observe(
            document.getElementById("alarm"), {subtree: true, childList: true, characterData: true});
        return seen;
    });
    for (let i = 0; i < 3; i++) {
        link.socket.send(link.modules.replace(/"sessions": ?\d+/, `"sessions":${500 + i}`));
    }
    await page.click('a:text-is("arena is frozen")');
    await expect_text(page, "h1", "Module arena");
    await wait_until("the answers have come", async () =>
        await page.textContent('dl div:has(dt:text-is("Rooms"))') !== null);
    equal(await changes.evaluate((list) => list.length), 0, "how often the alarm is written again");
    check(await page.locator('button:text-is("Thaw")').isVisible(), "a frozen module cannot be thawed");
    await wait_for_plan(link);
    await page.context().close();
}
