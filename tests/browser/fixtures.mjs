/* fixtures.mjs: what the scenarios share: a host that serves a shipped configuration, a Chromium,
 * and pages that note whatever they should not do. */
import {spawn} from "node:child_process";
import {once} from "node:events";
import * as fs from "node:fs";
import {createRequire} from "node:module";
import * as path from "node:path";
import {parseArgs} from "node:util";

const PATIENCE_MS = 60000; // for whatever must happen
const POLL_MS = 25;

export class Failure extends Error {}

export function check(condition, ...words) {
    if (!condition) {
        throw new Failure(words.join(" "));
    }
}

export function equal(found, expected, what) {
    const [a, b] = [found, expected].map((each) => JSON.stringify(each));
    check(a === b, `${what}: expected ${b}, found ${a}`);
}

/** Waits until `condition`, which may be async, returns something true, and returns that. */
export async function wait_until(what, condition) {
    const end = performance.now() + PATIENCE_MS;
    for (;;) {
        const found = await condition();
        if (found) {
            return found;
        }
        check(performance.now() < end, "never happened:", what);
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
}

export function options_of_test() {
    const names = ["exe", "build", "next", "crash", "suffix", "emulator", "drive", "folder", "picture"];
    return parseArgs({options: Object.fromEntries(names.map((name) => [name, {type: "string"}]))})
        .values;
}

/** A host that serves conf/NAME of the build, with other ports, from a folder that is laid out like
 * the build's: `modules` and `web` are copies that a test may change. */
export class Host {
    constructor(options, name, modules) {
        this.o = options;
        this.ini = path.join(options.folder, "conf", name);
        this.ready = path.join(options.folder, "ready");
        this.ports = new Map();
        this.process = null;
        fs.rmSync(options.folder, {recursive: true, force: true});
        fs.mkdirSync(path.dirname(this.ini), {recursive: true});
        fs.cpSync(path.join(options.build, "web"), path.join(options.folder, "web"),
            {recursive: true});
        for (const module of modules) {
            this.put_module(path.join(options.build, "modules", module + options.suffix), module);
        }
        const text = fs.readFileSync(path.join(options.build, "conf", name), "utf8");
        check(/^[; ]*ready_file =/m.test(text), `${name} has no ready_file`);
        this.text = text.replace(/^[; ]*ready_file =.*$/m, "ready_file = ../ready")
            .replace(/^\[admin\]$/m, "$&\nenabled = no");
    }

    /** Where the host finds a module. */
    module_file(name) {
        return path.join(this.o.folder, "modules", name + this.o.suffix);
    }

    /** Puts a build of a module there, at once and whole. */
    put_module(from, name) {
        const to = this.module_file(name);
        fs.mkdirSync(path.dirname(to), {recursive: true});
        fs.copyFileSync(from, to + ".new");
        fs.renameSync(to + ".new", to);
    }

    /* A host that starts again has the same ports. */
    async start() {
        let listener = "";
        const lines = this.text.split("\n").map((line) => {
            listener = /^\[(?:listener )?(.*)\]/.exec(line)?.[1] ?? listener;
            return line.replace(/^port = .*/, `port = ${this.ports.get(listener) ?? 0}`)
                .replace(/^http_port = .*/, `http_port = ${this.ports.get("http") ?? 0}`);
        });
        fs.writeFileSync(this.ini, lines.join("\n"));
        fs.rmSync(this.ready, {force: true});
        const emulator = this.o.emulator ? [...this.o.emulator.split("|"), "--serve"] : [];
        const [command, ...words] = [...emulator, this.o.exe, "run", (this.o.drive ?? "") + this.ini];
        const log = fs.openSync(this.log, "a");
        this.process = spawn(command, words, {stdio: ["ignore", log, log]});
        this.ended = once(this.process, "exit");
        fs.closeSync(log);
        await wait_until("the host serves", () => {
            check(this.process.exitCode === null, "the host has ended:\n", this.output());
            return fs.existsSync(this.ready);
        });
        const ready = fs.readFileSync(this.ready, "utf8");
        for (const [, name, port] of ready.matchAll(/^(?:listener )?(\S+) \S+:(\d+)\r?$/gm)) {
            this.ports.set(name, Number(port));
        }
    }

    get log() {
        return path.join(this.o.folder, "output");
    }

    output() {
        return fs.readFileSync(this.log, "utf8");
    }

    url(listener) {
        return `http://127.0.0.1:${this.ports.get(listener)}/`;
    }

    async stop() {
        this.process.kill("SIGINT");
        const timer = setTimeout(() => this.process.kill("SIGKILL"), PATIENCE_MS);
        const [code] = await this.ended;
        clearTimeout(timer);
        equal(code, 0, "the host's exit code");
    }

    drop() {
        if (this.process !== null && this.process.exitCode === null) {
            this.process.kill("SIGTERM");
        }
    }
}

export async function start_browser(more_args = []) {
    const load = createRequire(process.env.PORTICO_PLAYWRIGHT + "/");
    const args = ["--disable-dev-shm-usage", ...more_args];
    if (process.getuid() === 0) {
        args.push("--no-sandbox"); // as root Chromium does not start otherwise
    }
    return load("playwright-core").chromium.launch({
        executablePath: process.env.PORTICO_CHROMIUM, headless: true, args});
}

/** Opens a page in a context of its own. `page.notes` has what it did that it should not do,
 * `page.sent` the messages of its WebSockets. */
export async function open_page(browser, url, options = {}) {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    const notes = {errors: [], elsewhere: [], sockets: 0, closed: 0};
    page.notes = notes;
    page.sent = [];
    page.on("console", (message) => {
        if (["error", "warning"].includes(message.type())) {
            notes.errors.push(message.text());
        }
    });
    page.on("pageerror", (error) => notes.errors.push(error.message));
    page.on("request", (request) => {
        if (!request.url().startsWith(url)) {
            notes.elsewhere.push(request.url());
        }
    });
    page.on("response", (response) => {
        if (response.status() >= 400) {
            notes.errors.push(`${response.status()} ${response.url()}`);
        }
    });
    page.on("websocket", (socket) => {
        notes.sockets++;
        if (!socket.url().startsWith(url.replace("http:", "ws:"))) {
            notes.elsewhere.push(socket.url());
        }
        socket.on("close", () => notes.closed++);
        socket.on("framesent", ({payload}) => page.sent.push(String(payload)));
    });
    await page.goto(url);
    return page;
}

/** The page has had one connection all the time, asked nobody else, and reported no error. */
export function expect_clean(page, name) {
    equal(page.notes, {errors: [], elsewhere: [], sockets: 1, closed: 0}, name);
}

/** Waits until an element has exactly that text. */
export async function expect_text(page, selector, text) {
    await wait_until(`${selector} says ${text}`, async () =>
        (await page.textContent(selector)).trim() === text);
}

/** Runs a scenario; `scenario(options, tools)` gets a place for what has to be closed at the end. */
export async function run(scenario) {
    const options = options_of_test();
    const tools = {browser: null, host: null};
    let code = 0;
    try {
        tools.browser = await start_browser();
        await scenario(options, tools);
        await tools.host.stop();
    } catch (error) {
        code = 1;
        console.log("FAILED:", error instanceof Failure ? error.message : error);
        let number = 0;
        for (const context of tools.browser?.contexts() ?? []) {
            for (const page of context.pages()) {
                const file = path.join(options.folder, `page-${++number}.png`);
                await page.screenshot({path: file}).catch(() => {});
                console.log("page", number, "noted", JSON.stringify(page.notes), file);
            }
        }
        if (tools.host !== null && fs.existsSync(tools.host.log)) {
            console.log("the host said:\n" + tools.host.output().slice(-3000));
        }
    } finally {
        tools.host?.drop();
        await tools.browser?.close();
    }
    process.exit(code);
}
