/* world.js: the field as the page knows it. The host sends where everybody is once a tick; in
 * between, others are shown a little in the past, between two ticks, and the own player a little
 * ahead, where the moves that are on their way will take it. */

const DELAY_TICKS = 2; // others are shown this long ago, so that a late tick does not stop them
const KEPT = 12; // snapshots
const CATCH_UP = 16; // per second: how fast the own picture follows the own place

const NAMES = ["Otter", "Lynx", "Heron", "Badger", "Fox", "Wren", "Hare", "Newt", "Owl", "Stoat",
    "Crane", "Bison", "Robin", "Seal", "Moose", "Finch", "Ibex", "Raven", "Vole", "Swift", "Marten",
    "Toad", "Gannet", "Elk"];

/** A player's name: the game knows numbers only. */
export function name_of(number) {
    const round = Math.floor((number - 1) / NAMES.length);
    return NAMES[(number - 1) % NAMES.length] + (round === 0 ? "" : ` ${round + 1}`);
}

export class World {
    constructor() {
        this.size = 1000;
        this.reach = 50;
        this.tick_ms = 50;
        this.latency_ms = 0;
        this.forget();
    }

    /** Another field, or another connection. */
    forget() {
        this.me = 0;
        this.snapshots = []; // the oldest first: {tick, places: Map of number to {x, y}}
        this.scores = new Map();
        this.offset_ms = null; // of the host's clock: arrival minus tick * tick_ms, the earliest
        this.heard_at = 0;
        this.moves = []; // those sent of which no snapshot may know yet
        this.own = null; // the own player's picture
    }

    welcome({number, tick_ms, size, reach}) {
        this.forget();
        this.me = number;
        this.rules({tick_ms, size, reach});
    }

    rules({tick_ms, size, reach}) {
        if (tick_ms !== this.tick_ms) {
            this.offset_ms = null;
        }
        this.tick_ms = tick_ms;
        this.size = size;
        this.reach = reach;
    }

    snapshot(tick, places, now) {
        const offset_ms = now - tick * this.tick_ms;
        const late_ms = offset_ms - (this.offset_ms ?? offset_ms);
        // Follows an earlier one at once, and a later one slowly; a clock that stood still jumps.
        this.offset_ms = this.offset_ms === null || late_ms < 0 || late_ms > 500
            ? offset_ms : this.offset_ms + late_ms * 0.02;
        this.heard_at = now;
        this.snapshots.push({tick, places});
        this.snapshots.splice(0, this.snapshots.length - KEPT);
    }

    /** A move has been sent. */
    moved(dx, dy, now) {
        this.moves.push({dx, dy, at: now});
    }

    /** Where the host last saw the own player. */
    get place() {
        return this.snapshots.at(-1)?.places.get(this.me) ?? null;
    }

    /** Whether somebody is near enough to be tagged. */
    get near() {
        const {place, me, reach} = this;
        return place !== null && [...this.snapshots.at(-1).places].some(([number, {x, y}]) =>
            number !== me && (x - place.x) ** 2 + (y - place.y) ** 2 <= reach ** 2);
    }

    /** How long there has been no tick. */
    still_ms(now) {
        return this.heard_at === 0 ? 0 : now - this.heard_at;
    }

    /** Everybody as to be drawn now: a list of {number, x, y, is_me}. `passed_s` is the time since
     * the last call. */
    players(now, passed_s) {
        const last = this.snapshots.at(-1);
        if (last === undefined) {
            return [];
        }
        const tick = (now - this.offset_ms) / this.tick_ms - DELAY_TICKS;
        let next = this.snapshots.findIndex((each) => each.tick >= tick);
        next = next < 0 ? this.snapshots.length - 1 : next;
        const to = this.snapshots[next], from = this.snapshots[next - 1] ?? to;
        const part = to === from ? 1
            : Math.max(0, Math.min(1, (tick - from.tick) / (to.tick - from.tick)));
        const all = [];
        for (const [number, end] of to.places) {
            const begin = from.places.get(number) ?? end;
            if (number !== this.me && last.places.has(number)) {
                all.push({number, is_me: false, x: begin.x + (end.x - begin.x) * part,
                    y: begin.y + (end.y - begin.y) * part});
            }
        }
        const own = this.#own(now, passed_s);
        if (own !== null) {
            all.push({number: this.me, is_me: true, ...own});
        }
        return all;
    }

    #own(now, passed_s) {
        if (this.place === null) {
            return null;
        }
        const on_the_way_ms = this.latency_ms + this.tick_ms;
        this.moves = this.moves.filter(({at}) => now - at < on_the_way_ms);
        const ahead = {...this.place};
        for (const {dx, dy} of this.moves) {
            ahead.x = Math.max(0, Math.min(this.size - 1, ahead.x + dx));
            ahead.y = Math.max(0, Math.min(this.size - 1, ahead.y + dy));
        }
        const part = 1 - Math.exp(-CATCH_UP * passed_s);
        const own = this.own ?? ahead;
        this.own = {x: own.x + (ahead.x - own.x) * part, y: own.y + (ahead.y - own.y) * part};
        return this.own;
    }
}
