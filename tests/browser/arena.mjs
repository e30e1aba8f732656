/* arena.mjs: two people play the arena in their browsers. They tag each other, a new build of the
 * game is swapped in, both see it and play on, and nobody is disconnected.
 *
 * --picture FILE takes the picture for the README instead. */
import {Host, check, equal, expect_clean, expect_text, open_page, run, wait_until}
    from "./fixtures.mjs";

const KEYS = {left: "ArrowLeft", right: "ArrowRight", up: "ArrowUp", down: "ArrowDown"};
const OLD = {version: "0.1.0", size: 1000}, NEW = {version: "0.2.0", size: 1400};

/* What a page knows. */
const look = (page) => page.evaluate(() => {
    const {world, seen} = globalThis.arena;
    const places = world.snapshots.at(-1)?.places ?? new Map();
    return {me: world.me, place: world.place, near: world.near, seen,
        others: [...places].filter(([number]) => number !== world.me).map(([, at]) => at),
        tick: world.snapshots.at(-1)?.tick ?? 0};
});

/* Holds keys until `done` of what the page knows. `wanted` of it is where to walk to. */
async function walk(page, what, wanted, done) {
    const held = new Set();
    await wait_until(what, async () => {
        const now = await look(page);
        const over = done(now), to = over ? now.place : wanted(now);
        for (const [key, is_held] of Object.entries({
            [KEYS.left]: to.x < now.place.x - 10, [KEYS.right]: to.x > now.place.x + 10,
            [KEYS.up]: to.y < now.place.y - 10, [KEYS.down]: to.y > now.place.y + 10})) {
            if (is_held !== held.has(key)) {
                await (is_held ? page.keyboard.down(key) : page.keyboard.up(key));
                is_held ? held.add(key) : held.delete(key);
            }
        }
        return over;
    });
}

const points_of = (number) => `#scores li[data-number="${number}"] .points`;

async function expect_points(pages, number, points) {
    for (const page of pages) {
        await expect_text(page, points_of(number), `${points}`);
    }
}

async function begin(options, tools) {
    tools.host = new Host(options, "arena.ini", ["arena"]);
    await tools.host.start();
    const url = tools.host.url("arena_web");
    const ann = await open_page(tools.browser, url, {viewport: {width: 1280, height: 800}});
    const bob = await open_page(tools.browser, url, {viewport: {width: 390, height: 844},
        hasTouch: true, isMobile: true, colorScheme: "dark"});
    for (const page of [ann, bob]) {
        await expect_text(page, "#link", "playing");
        await expect_text(page, "#count", "(2)");
        await expect_text(page, "#version", OLD.version);
    }
    return {ann, bob, pages: [ann, bob]};
}

async function tag_each_other({ann, bob, pages}) {
    await walk(ann, "ann is near bob", (now) => now.others[0], (now) => now.near);
    await wait_until("bob sees that ann is near", async () => (await look(bob)).near);
    const numbers = [(await look(ann)).me, (await look(bob)).me];
    await ann.keyboard.press("Space");
    await expect_points(pages, numbers[0], 1);
    await bob.tap("#tag");
    await bob.tap("#tag");
    await expect_points(pages, numbers[1], 2);
    await expect_points(pages, numbers[0], 1);
    return numbers;
}

async function swap(options, host, {pages}, numbers) {
    const before = await Promise.all(pages.map(look));
    host.put_module(options.next, "arena");
    for (const page of pages) {
        await expect_text(page, "#version", NEW.version);
        await expect_text(page, "#starts", "no. 2");
        await expect_text(page, "#swaps", "1");
        await expect_text(page, "#losses", "0");
        await expect_text(page, "#size", `${NEW.size}`);
        await expect_text(page, "#banner", `Swapped: ${OLD.version} is now ${NEW.version}`);
    }
    const after = await Promise.all(pages.map(look));
    equal(after.map(({me}) => me), numbers, "the players' numbers");
    equal(after.map(({place}) => place), before.map(({place}) => place), "where they are");
    await expect_points(pages, numbers[0], 1);
    await expect_points(pages, numbers[1], 2);
}

/* Both walk where the old build had no field: with keys, and with a finger that is held down. */
async function play_on({ann, bob, pages}, numbers) {
    const far = ({place}) => place.x > OLD.size + 50 && place.y > OLD.size + 50;
    await walk(ann, "ann is beyond the old field", () => ({x: 1300, y: 1300}), far);
    const box = await bob.locator("#field").boundingBox();
    await bob.mouse.move(box.x + box.width * 0.97, box.y + box.height * 0.97);
    await bob.mouse.down();
    await wait_until("bob is beyond the old field", async () => far(await look(bob)));
    await bob.mouse.up();
    await walk(ann, "ann is near bob again", (now) => now.others[0], (now) => now.near);
    await ann.keyboard.press("Space");
    await expect_points(pages, numbers[0], 2);
}

async function go_elsewhere({ann, bob}) {
    await bob.fill("#field-name", "harbour");
    await bob.press("#field-name", "Enter");
    await expect_text(bob, "#count", "(1)");
    await expect_text(ann, "#count", "(1)");
    await bob.fill("#field-name", "meadow");
    await bob.click("#move-on button");
    await expect_text(ann, "#count", "(2)");
}

/* The host stops and starts again: the pages come back. */
async function come_back(host, {pages}) {
    await host.stop();
    for (const page of pages) {
        await expect_text(page, "#link", "reconnecting");
    }
    await host.start();
    for (const page of pages) {
        await expect_text(page, "#link", "playing");
        await expect_text(page, "#count", "(2)");
        await wait_until("a loss is shown", async () =>
            (await page.textContent("#losses")) !== "0");
        await expect_text(page, "#swaps", "1");
    }
}

/* ---- the picture ----------------------------------------------------------------------------- */

const BOTS = 9, PICTURE_POINTS = 8;

async function take_picture(options, tools) {
    tools.host = new Host(options, "arena.ini", ["arena"]);
    await tools.host.start();
    const {start_bot} = await import("./bot.mjs");
    for (let i = 0; i < BOTS; i++) {
        await start_bot(tools.host.ports.get("arena_web"), i);
    }
    const page = await open_page(tools.browser, tools.host.url("arena_web"),
        {viewport: {width: 1200, height: 800}, colorScheme: "dark"});
    await expect_text(page, "#count", `(${BOTS + 1})`);
    await walk(page, "we are near somebody", (now) => now.others[0], (now) => now.near);
    await wait_until("there are some points", () => page.evaluate((most) =>
        [...globalThis.arena.world.scores.values()].some((points) => points >= most),
    PICTURE_POINTS));
    tools.host.put_module(options.next, "arena");
    await expect_text(page, "#swaps", "1");
    await page.keyboard.press("Space");
    // The banner has come; the light of the swap fades for longer than that.
    await page.waitForFunction(() =>
        document.getElementById("banner").getAnimations().length === 0);
    await page.screenshot({path: options.picture});
}

async function scenario(options, tools) {
    if (options.picture !== undefined) {
        return take_picture(options, tools);
    }
    const game = await begin(options, tools);
    const numbers = await tag_each_other(game);
    await swap(options, tools.host, game, numbers);
    await play_on(game, numbers);
    await go_elsewhere(game);
    expect_clean(game.ann, "ann's page");
    expect_clean(game.bob, "bob's page");
    const complaints = tools.host.output().match(/^\S+ (warn|error) .*$/gm);
    check(complaints === null, "the host complains:", complaints);
    await come_back(tools.host, game);
}

await run(scenario);
