/* obey.mjs: what driver.mjs in Node and page.html in a browser share: sdk/client/js/portico.js as
 * fixtures.py asks for it. */

const from_hex = (hex) => hex === "-" ? new Uint8Array(0)
    : Uint8Array.from({length: hex.length / 2}, (_, i) => parseInt(hex.slice(2 * i, 2 * i + 2), 16));
const to_hex = (bytes) =>
    Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("") || "-";

const in_a_line = (words) => words.replace(/[\r\n]/g, " ");

/** Returns a function that takes what fixtures.py sends, in pieces. `report` sends it a line, and
 * `trust` makes the client's option `tls` of the name of a file. */
export function make_driver({prepare, text}, report, trust) {
    let link = null;
    let work = Promise.resolve(); // sends wait for those before them
    let received = "";

    function connect(port, framing, limit, reconnect, timeout, silence, ca) {
        link = prepare("127.0.0.1", port, {framing, limit: Number(limit), backlog: 4 << 20,
            reconnect: reconnect === "1", tls: ca === "-" ? false : trust(ca),
            timeout: Number(timeout), silence: Number(silence), pause: [100, 2000]});
        link.on("open", () => report("open"));
        link.on("lost", ({code, text: words}, pause) =>
            report("lost", code, Math.round(pause), in_a_line(words)));
        link.on("close", ({code, text: words}) => report("close", code, in_a_line(words)));
        link.on("packet", (opcode, payload) => report("packet", opcode, to_hex(payload)));
        link._dial();
    }

    function send(opcode, payload) {
        const to = link;
        work = work.then(() => to.send(opcode, payload) ? undefined : to.drained())
            .then(() => undefined);
    }

    function obey(line) {
        const [word, ...rest] = line.split(" ");
        if (word === "connect") {
            connect(...rest);
        } else if (word === "send") {
            send(Number(rest[0]), from_hex(rest[1]));
        } else if (word === "text") {
            send(0, text(from_hex(rest[0])));
        } else {
            const to = link;
            void Promise.race([work, new Promise((resolve) => setTimeout(resolve, 1000))])
                .then(() => to.close());
            work = Promise.resolve();
        }
    }

    return (piece) => {
        received += piece;
        const lines = received.split("\n");
        received = lines.pop();
        lines.forEach(obey);
    };
}
