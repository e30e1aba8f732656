/* node bot.mjs [PORT [TICKS]]: a player of plugins/arena.c (`portico conf/arena.ini`) that runs
 * after the nearest other one and tags it. Start two of them, and swap the arena while they play. */
import {connect} from "./portico.js";

const JOIN = 1, MOVE = 2, HIT = 3, WELCOME = 100, SNAPSHOT = 101;
const [port = 7780, ticks = 0] = process.argv.slice(2).map(Number);

const link = await connect("127.0.0.1", port, {reconnect: true});
link.send(JOIN, "meadow");
link.on("open", () => link.send(JOIN, "meadow")); // again, after the host was away

let me = 0, tick = 0;
link.on(WELCOME, (payload) => {
    me = payload[0] | payload[1] << 8;
    console.log("I am number", me);
});

const step = (from, to) => Math.max(-9, Math.min(9, to - from));

link.on(SNAPSHOT, (payload) => {
    const view = new DataView(payload.buffer);
    const places = [];
    for (let at = 6; at < payload.length; at += 6) {
        const [number, x, y] = [0, 2, 4].map((offset) => view.getUint16(at + offset, true));
        places.push({number, x, y});
    }
    const {x = 0, y = 0} = places.find((place) => place.number === me) ?? {};
    const far = (place) => Math.abs(place.x - x) + Math.abs(place.y - y);
    const [next] = places.filter((place) => place.number !== me).sort((a, b) => far(a) - far(b));
    if (next !== undefined) {
        link.send(MOVE, Int16Array.of(step(x, next.x), step(y, next.y)));
        link.send(HIT);
    }
    if (++tick === ticks) {
        void link.close();
    }
});
