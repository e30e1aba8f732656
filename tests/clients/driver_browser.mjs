/* driver_browser.mjs PORT PAGE [KEY]: sdk/client/js/portico.js in Chromium, on a page that the host
 * serves. KEY is the hash of the public key that the browser trusts. See obey.mjs. */
import net from "node:net";

import {start_browser} from "../browser/fixtures.mjs";

const [port, url, key] = process.argv.slice(2);
const browser = await start_browser(
    key === undefined ? [] : [`--ignore-certificate-errors-spki-list=${key}`]);
const page = await browser.newPage();
let code = 0;
page.on("pageerror", (error) => { // no client throws because of what a server does
    console.log("the page:", error);
    code = 1;
});
const control = net.connect(Number(port), "127.0.0.1");
await page.exposeFunction("report_all", (reports) => control.write(reports));
await page.goto(url);
await page.waitForFunction(() => window.obey);
control.setEncoding("utf8");
control.on("data", (piece) => void page.evaluate((text) => window.obey(text), piece));
control.on("end", async () => {
    await browser.close();
    process.exit(code);
});
