/* chat.mjs: somebody in a browser talks to somebody in a terminal, who is a socket here, as `nc`
 * is. Then the chat is swapped, and both talk on. */
import {createConnection} from "node:net";
import {once} from "node:events";
import {Host, check, equal, expect_clean, expect_text, open_page, run, wait_until}
    from "./fixtures.mjs";

/* A terminal: sends lines, and keeps those that it receives. */
class Terminal {
    constructor(port) {
        this.received = "";
        this.closed = false;
        this.socket = createConnection(port, "127.0.0.1");
        this.socket.setEncoding("utf8");
        this.socket.on("data", (text) => {
            this.received += text;
        });
        this.socket.on("close", () => {
            this.closed = true;
        });
    }

    type(line) {
        this.socket.write(line + "\n");
    }

    expect(line) {
        return wait_until(`the terminal shows ${line}`, () =>
            this.received.split(/\r?\n/).includes(line));
    }
}

/* The page shows such a line: of a kind, as text. */
const expect_line = (page, kind, words) => wait_until(`the page shows ${words}`, () =>
    page.evaluate(([selector, text]) => [...document.querySelectorAll(selector)]
        .some((line) => line.textContent === text), [`#log .${kind}`, words]));

async function say(page, words) {
    await page.fill("#text", words);
    await page.press("#text", "Enter");
}

async function take_names(page, nc) {
    await expect_text(page, "#link", "connected");
    await page.waitForSelector("#members li.me");
    await page.fill("#name", "ann");
    await page.click("#rename button");
    await expect_line(page, "notice", "* you are now ann");
    nc.type("/name bob");
    await nc.expect("* you are now bob");
    await expect_text(page, "#here", "In lobby (2)");
    await wait_until("both are listed", async () =>
        (await page.locator("#members li").allTextContents()).sort().join() === "ann,bob");
}

async function talk(page, nc, about) {
    await say(page, `hello from the page, ${about}`);
    await nc.expect(`ann: hello from the page, ${about}`);
    await expect_line(page, "own", `annhello from the page, ${about}`);
    nc.type(`hello from the terminal, ${about}`);
    await expect_line(page, "said", `bobhello from the terminal, ${about}`);
}

/* Text stays text, whatever is in it. */
async function be_nasty(page, nc) {
    nc.type("<img src=x onerror=alert(1)> <b>bold</b> & zażółć 🎲");
    await expect_line(page, "said", "bob<img src=x onerror=alert(1)> <b>bold</b> & zażółć 🎲");
    equal(await page.locator("#log img").count(), 0, "pictures in the log");
    await say(page, "zażółć 🎲");
    await nc.expect("ann: zażółć 🎲");
}

async function use_commands(page, nc) {
    nc.type("/tell ann psst");
    await expect_line(page, "told", "bob to you: psst");
    await say(page, "/tell nobody psst");
    await expect_line(page, "wrong", "! nobody here is called nobody");
    await say(page, "/who");
    await wait_until("the page shows who is here", async () =>
        /^= lobby \(2\): (ann, bob|bob, ann)$/.test(await page.textContent("#log .list")));
    await say(page, "/join den");
    await nc.expect("* ann has left room lobby");
    await expect_text(page, "#here", "In den (1)");
    nc.type("/join den");
    await expect_text(page, "#here", "In den (2)");
    await nc.expect("* bob has come to room den");
}

/* The host stops and starts again: the page comes back, and takes its name again. */
async function come_back(host, page) {
    await host.stop();
    await wait_until("the page notices it", async () =>
        (await page.textContent("#link")).startsWith("reconnecting"));
    await host.start();
    await expect_text(page, "#link", "connected");
    await expect_text(page, "#here", "In lobby (1)");
    await expect_text(page, "#members li.me", "ann");
}

async function scenario(options, tools) {
    tools.host = new Host(options, "portico.ini", ["echo", "arena", "chat"]);
    tools.host.text = tools.host.text.replace("; watch = no", "watch = yes");
    await tools.host.start();
    const page = await open_page(tools.browser, tools.host.url("chat_web"),
        {viewport: {width: 900, height: 700}, colorScheme: "dark"});
    const nc = new Terminal(tools.host.ports.get("talk"));
    await once(nc.socket, "connect");
    await take_names(page, nc);
    await talk(page, nc, "first");
    await be_nasty(page, nc);
    await use_commands(page, nc);
    tools.host.put_module(options.next, "chat");
    await wait_until("the chat is swapped", () =>
        /chat 0\.2\.0 .* replaces 0\.1\.0 /.test(tools.host.output()));
    await talk(page, nc, "after the swap");
    check(!nc.closed, "the terminal is disconnected");
    expect_clean(page, "the page");
    if (options.picture !== undefined) {
        await page.screenshot({path: options.picture});
    }
    nc.type("/quit");
    await expect_line(page, "notice", "* bob has gone");
    await expect_text(page, "#here", "In den (1)");
    await come_back(tools.host, page);
}

await run(scenario);
