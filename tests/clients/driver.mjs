/* driver.mjs PORT: sdk/client/js/portico.js as fixtures.py asks for it. */
import {readFileSync} from "node:fs";
import net from "node:net";
import readline from "node:readline";

import {prepare, text} from "../../sdk/client/js/portico.js";

const control = net.connect(Number(process.argv[2]), "127.0.0.1");
const report = (...words) => control.write(words.join(" ") + "\n");
const hex = (payload) => Buffer.from(payload).toString("hex") || "-";
let link = null;
let work = Promise.resolve(); // sends wait for those before them

function connect(port, framing, limit, reconnect, timeout, silence, ca) {
    link = prepare("127.0.0.1", port, {framing, limit: Number(limit), reconnect: reconnect === "1",
        tls: ca === "-" ? false : {ca: readFileSync(ca)}, timeout: Number(timeout), silence: Number(silence), pause: [100, 2000], backlog: 4 << 20});
    link.on("open", () => report("open"));
    link.on("lost", (reason, pause) => report("lost", reason.code, Math.round(pause)));
    link.on("close", (reason) => report("close", reason.code));
    link.on("packet", (opcode, payload) => report("packet", opcode, hex(payload)));
    link._dial();
}

function send(opcode, payload) {
    const to = link;
    work = work.then(() => to.send(opcode, payload) ? undefined : to.drained())
        .then(() => undefined);
}

readline.createInterface({input: control}).on("line", (line) => {
    const [word, ...rest] = line.split(" ");
    if (word === "connect") {
        connect(...rest);
    } else if (word === "send") {
        send(Number(rest[0]), rest[1] === "-" ? new Uint8Array(0) : Buffer.from(rest[1], "hex"));
    } else if (word === "text") {
        send(0, text(Buffer.from(rest[0] === "-" ? "" : rest[0], "hex")));
    } else {
        const to = link;
        void Promise.race([work, new Promise((resolve) => setTimeout(resolve, 1000))])
            .then(() => to.close());
        work = Promise.resolve();
    }
});
