/* bot.mjs: players for the picture of the arena. */
import {HIT, JOIN, MOVE, SNAPSHOT, WELCOME, move, read_snapshot, read_welcome}
    from "../../plugins/arena/web/packets.js";
import {connect} from "../../sdk/client/js/portico.js";

const STEP = 9, SIZE = 1000, REACH = 50;

/** A player who walks across the field and tags who comes near. They all walk differently. */
export async function start_bot(port, index) {
    const link = await connect("127.0.0.1", port, {framing: "websocket", path: "/play"});
    let me = 0, turns = index;
    let to = {x: 0, y: 0}, left = 0;
    link.on(WELCOME, (bytes) => {
        me = read_welcome(bytes).number;
    });
    link.on(SNAPSHOT, (bytes) => {
        const {places, tick} = read_snapshot(bytes);
        const own = places.get(me);
        if (own === undefined) {
            return;
        }
        if (left-- <= 0) {
            turns += 3;
            to = {x: (turns * 377 + 90) % SIZE, y: (turns * turns * 211 + 150) % SIZE};
            left = 50 + index * 4;
        }
        const far = Math.hypot(to.x - own.x, to.y - own.y) || 1;
        const step = Math.min(STEP, far) / far;
        link.send(MOVE, move(Math.round((to.x - own.x) * step), Math.round((to.y - own.y) * step)));
        const near = [...places].some(([number, {x, y}]) =>
            number !== me && Math.hypot(x - own.x, y - own.y) <= REACH);
        if (near && tick % 6 === index % 6) {
            link.send(HIT);
        }
    });
    link.send(JOIN, "meadow");
}
