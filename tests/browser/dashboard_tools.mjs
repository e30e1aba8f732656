/* dashboard_tools.mjs: what the parts of the dashboard's test share. */
import {equal, wait_until} from "./fixtures.mjs";

export const TOKEN = "a token of the dashboard's test";

export const go = async (page, view) => {
    await page.click(`#views a[href="#${view}"]`);
    await page.waitForSelector(`main[data-view="${view}"] h1`);
};

export const rows = (page, caption) => page.locator(`table:has(caption:text-is("${caption}")) tbody tr`);

/** What has the focus. */
export const focused_text = (page) => page.evaluate(() => document.activeElement.textContent);

export const expect_row = (page, caption, words) => wait_until(`${caption} has a row with ${words}`,
    async () => (await rows(page, caption).allTextContents()).some((text) => text.includes(words)));

/** Does something that asks first, and says yes. */
export async function confirm(page, button, yes) {
    await button.click();
    await page.waitForSelector("dialog[open]");
    equal(await focused_text(page), "Cancel", "what has the focus in a question");
    await page.click(`dialog button:text-is("${yes}")`);
    await page.waitForSelector("dialog", {state: "detached"});
}
