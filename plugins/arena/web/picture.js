/* picture.js: draws the field. */
import {name_of} from "./world.js";

const RADIUS = 17, RADIUS_PIXELS = 8; // of a player, in the field's units, and at least
const GRID = 100;
const LABEL_PIXELS = 15; // the height of one
const SMALL_PIXELS = 450; // a field of that size
const TURN = Math.PI * 2;

/** A player's colour, as far from its neighbours' as can be. */
export function colour_of(number, lightness, alpha = 1) {
    return `hsl(${(28 + number * 137.5) % 360} 82% ${lightness} / ${alpha})`;
}

/* The colours of arena.css that apply now. */
class Theme {
    constructor() {
        const style = getComputedStyle(document.documentElement);
        for (const name of ["ground", "grid", "edge", "text", "glow", "shade", "lightness"]) {
            this[name] = style.getPropertyValue(`--${name}`).trim();
        }
    }
}

export class Picture {
    #canvas;
    #pen;
    #theme = new Theme();
    #pixels = 0; // the side of the canvas
    #units = 1000; // the side of the field, as shown: follows a new size smoothly
    #effects = []; // {kind, x, y, number, at, ms}
    #gaze = new Map(); // number to {x, y, dx, dy}: where a player looks
    #calm = matchMedia("(prefers-reduced-motion: reduce)");

    constructor(canvas) {
        this.#canvas = canvas;
        this.#pen = canvas.getContext("2d");
        matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
            this.#theme = new Theme();
        });
        new ResizeObserver(() => this.#resize()).observe(canvas);
        this.#resize();
    }

    get lightness() {
        return this.#theme.lightness;
    }

    #resize() {
        const scale = devicePixelRatio || 1;
        this.#pixels = this.#canvas.clientWidth;
        this.#canvas.width = this.#canvas.height = Math.max(1, Math.round(this.#pixels * scale));
        this.#pen.setTransform(scale, 0, 0, scale, 0, 0);
    }

    /** A place of the field in pixels of the canvas. */
    pixel(at) {
        const margin = this.#pixels * 0.035;
        const scale = (this.#pixels - 2 * margin) / this.#units;
        return {x: margin + at.x * scale, y: margin + at.y * scale, scale};
    }

    /** `kind`: "hit" (somebody tries), "point" (and has one), "tagged", "swap". */
    effect(kind, at, number, now) {
        const ms = {hit: 380, point: 1300, tagged: 700, swap: 1500}[kind];
        this.#effects.push({kind, x: at.x, y: at.y, number, at: now, ms});
    }

    draw(world, players, now, passed_s) {
        const pen = this.#pen;
        this.#units += (world.size - this.#units) *
            (this.#calm.matches ? 1 : 1 - Math.exp(-5 * passed_s));
        this.#effects = this.#effects.filter((each) => now - each.at < each.ms);
        pen.fillStyle = this.#theme.ground;
        pen.fillRect(0, 0, this.#pixels, this.#pixels);
        this.#ground(world);
        const own = players.find((each) => each.is_me);
        if (own !== undefined) {
            this.#ring(own, world);
        }
        for (const each of this.#effects) {
            this.#draw_effect(each, (now - each.at) / each.ms, world);
        }
        for (const each of players) {
            this.#player(each, world, passed_s);
        }
        const labels = []; // the space that they take
        for (const each of players.slice().reverse()) { // the own one is the last, and is drawn always
            this.#label(each, world, labels);
        }
        for (const number of this.#gaze.keys()) {
            if (!players.some((each) => each.number === number)) {
                this.#gaze.delete(number);
            }
        }
    }

    #ground(world) {
        const pen = this.#pen, begin = this.pixel({x: 0, y: 0});
        const end = this.pixel({x: world.size, y: world.size});
        pen.lineWidth = 1;
        pen.strokeStyle = this.#theme.grid;
        pen.beginPath();
        for (let at = GRID; at < world.size; at += GRID) {
            const {x, y} = this.pixel({x: at, y: at});
            pen.moveTo(x, begin.y);
            pen.lineTo(x, end.y);
            pen.moveTo(begin.x, y);
            pen.lineTo(end.x, y);
        }
        pen.stroke();
        pen.lineWidth = 2;
        pen.strokeStyle = this.#theme.edge;
        pen.beginPath();
        pen.roundRect(begin.x - 6, begin.y - 6, end.x - begin.x + 12, end.y - begin.y + 12, 10);
        pen.stroke();
    }

    /* How far the own player can tag. */
    #ring(own, world) {
        const pen = this.#pen, {x, y, scale} = this.pixel(own);
        pen.fillStyle = colour_of(own.number, this.#theme.lightness, world.near ? 0.24 : 0.1);
        pen.strokeStyle = colour_of(own.number, this.#theme.lightness, world.near ? 0.95 : 0.45);
        pen.lineWidth = world.near ? 2.5 : 1.5;
        pen.setLineDash(world.near ? [] : [5, 5]);
        pen.beginPath();
        pen.arc(x, y, world.reach * scale, 0, TURN);
        pen.fill();
        pen.stroke();
        pen.setLineDash([]);
    }

    /* `part` grows from 0 to 1. */
    #draw_effect({kind, x, y, number}, part, world) {
        const pen = this.#pen, at = this.pixel({x, y}), left = 1 - part;
        const colour = (alpha) => colour_of(number, this.#theme.lightness, alpha);
        if (kind === "swap") {
            const side = this.#pixels;
            pen.globalAlpha = left * 0.8;
            pen.strokeStyle = this.#theme.glow;
            pen.lineWidth = 10 * left + 2;
            pen.strokeRect(0, 0, side, side);
            if (!this.#calm.matches) {
                const sweep = pen.createLinearGradient(0, side * (part * 1.6 - 0.4), 0,
                    side * (part * 1.6));
                sweep.addColorStop(0, "transparent");
                sweep.addColorStop(1, this.#theme.glow);
                pen.globalAlpha = left * 0.28;
                pen.fillStyle = sweep;
                pen.fillRect(0, side * (part * 1.6 - 0.4), side, side * 0.4);
            }
            pen.globalAlpha = 1;
        } else if (kind === "point") {
            this.#text("+1", at.x, at.y - 26 - 34 * part, colour(left), "700 22px");
        } else if (kind === "tagged") {
            pen.strokeStyle = colour(left);
            pen.lineWidth = 3;
            pen.beginPath();
            for (let i = 0; i < 10; i++) {
                const [cos, sin] = [Math.cos(i * TURN / 10), Math.sin(i * TURN / 10)];
                const near = 16 + 26 * part, far = near + 12 * left;
                pen.moveTo(at.x + cos * near, at.y + sin * near);
                pen.lineTo(at.x + cos * far, at.y + sin * far);
            }
            pen.stroke();
        } else {
            pen.strokeStyle = colour(left);
            pen.lineWidth = 1 + 5 * left;
            pen.beginPath();
            pen.arc(at.x, at.y, world.reach * at.scale * (0.3 + 0.7 * Math.sqrt(part)), 0, TURN);
            pen.stroke();
        }
    }

    /* Where the player looks: where it walks, and where it walked when it has stopped. */
    #gaze_of({number, x, y}, passed_s) {
        const gaze = this.#gaze.get(number) ?? {x, y, dx: 0.6, dy: 0.3};
        const dx = x - gaze.x, dy = y - gaze.y, length = Math.hypot(dx, dy);
        if (length > 0.4) {
            const part = 1 - Math.exp(-10 * passed_s);
            gaze.dx += (dx / length - gaze.dx) * part;
            gaze.dy += (dy / length - gaze.dy) * part;
        }
        gaze.x = x;
        gaze.y = y;
        this.#gaze.set(number, gaze);
        return gaze;
    }

    #player(player, world, passed_s) {
        const pen = this.#pen, {x, y, scale} = this.pixel(player);
        const radius = Math.max(RADIUS * scale, RADIUS_PIXELS);
        const gaze = this.#gaze_of(player, passed_s);
        pen.fillStyle = this.#theme.shade;
        pen.beginPath();
        pen.ellipse(x, y + radius * 0.9, radius * 0.95, radius * 0.4, 0, 0, TURN);
        pen.fill();

        const light = parseFloat(this.#theme.lightness);
        const ball = pen.createRadialGradient(x - radius * 0.35, y - radius * 0.4, radius * 0.1,
            x, y, radius);
        ball.addColorStop(0, colour_of(player.number, `${light + 18}%`));
        ball.addColorStop(1, colour_of(player.number, `${light}%`));
        pen.fillStyle = ball;
        pen.beginPath();
        pen.arc(x, y, radius, 0, TURN);
        pen.fill();
        if (player.is_me) {
            pen.strokeStyle = this.#theme.text;
            pen.lineWidth = 2.5;
            pen.stroke();
        }
        for (const side of [-1, 1]) {
            const eye_x = x + gaze.dx * radius * 0.32 + side * radius * 0.33;
            const eye_y = y - radius * 0.12 + gaze.dy * radius * 0.3;
            pen.fillStyle = "#fff";
            pen.beginPath();
            pen.arc(eye_x, eye_y, radius * 0.27, 0, TURN);
            pen.fill();
            pen.fillStyle = "#101736";
            pen.beginPath();
            pen.arc(eye_x + gaze.dx * radius * 0.11, eye_y + gaze.dy * radius * 0.11,
                radius * 0.14, 0, TURN);
            pen.fill();
        }
    }

    /* Above the player or below, where no other label is. A small field has no room for points. */
    #label(player, world, labels) {
        const {x, y, scale} = this.pixel(player);
        const radius = Math.max(RADIUS * scale, RADIUS_PIXELS);
        const score = this.#pixels < SMALL_PIXELS ? 0 : world.scores.get(player.number) ?? 0;
        const words = (player.is_me ? "You" : name_of(player.number)) +
            (score > 0 ? ` · ${score}` : "");
        const font = player.is_me ? "700 14px" : "500 13px";
        const half = this.#half_width(words, font);
        const above = y - radius - 9, below = y + radius + 15;
        const places = (y > this.#pixels * 0.1 ? [above, below] : [below, above])
            .map((at) => ({x, y: at, half}));
        const free = places.find((place) => !labels.some((other) =>
            Math.abs(other.x - place.x) < other.half + half &&
            Math.abs(other.y - place.y) < LABEL_PIXELS));
        const place = free ?? (player.is_me ? places[0] : null);
        if (place !== null) {
            labels.push(place);
            this.#text(words, x, place.y, this.#theme.text, font);
        }
    }

    #half_width(words, font) {
        this.#pen.font = `${font} system-ui, "Segoe UI", Roboto, sans-serif`;
        return this.#pen.measureText(words).width / 2 + 3;
    }

    #text(words, x, y, colour, font) {
        const pen = this.#pen, half = this.#half_width(words, font);
        pen.textAlign = "center";
        pen.textBaseline = "middle";
        pen.lineJoin = "round";
        pen.lineWidth = 4;
        pen.strokeStyle = this.#theme.ground;
        const at = Math.max(half, Math.min(this.#pixels - half, x));
        pen.strokeText(words, at, y);
        pen.fillStyle = colour;
        pen.fillText(words, at, y);
    }
}
