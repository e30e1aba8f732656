/* controls.js: keys, touch and mouse, as a direction and tags. */

const KEYS = {ArrowLeft: [-1, 0], KeyA: [-1, 0], ArrowRight: [1, 0], KeyD: [1, 0],
    ArrowUp: [0, -1], KeyW: [0, -1], ArrowDown: [0, 1], KeyS: [0, 1]};
const DEAD_PIXELS = 10; // a pointer this near to the own player holds it still

const is_typing = (e) => ["INPUT", "BUTTON"].includes(e.target.tagName) ||
    e.ctrlKey || e.metaKey || e.altKey;

export class Controls {
    #held = new Set();
    #pointer = null; // {id, x, y} in pixels of the canvas

    /* `tag` is called for each press. */
    constructor(canvas, button, tag) {
        addEventListener("keydown", (e) => {
            if (is_typing(e)) {
                return;
            }
            if (e.code in KEYS) {
                this.#held.add(e.code);
                e.preventDefault();
            } else if (e.code === "Space" || e.code === "Enter") {
                e.preventDefault();
                if (!e.repeat) {
                    tag();
                }
            }
        });
        addEventListener("keyup", (e) => this.#held.delete(e.code));
        addEventListener("blur", () => this.rest());
        canvas.addEventListener("pointerdown", (e) => {
            if (e.button === 0 && this.#pointer === null) {
                canvas.setPointerCapture(e.pointerId);
                this.#point(e);
            }
        });
        canvas.addEventListener("pointermove", (e) => {
            if (this.#pointer?.id === e.pointerId) {
                this.#point(e);
            }
        });
        for (const end of ["pointerup", "pointercancel"]) {
            canvas.addEventListener(end, (e) => {
                this.#pointer = this.#pointer?.id === e.pointerId ? null : this.#pointer;
            });
        }
        canvas.addEventListener("contextmenu", (e) => e.preventDefault());
        // On the press, not on its end: a second finger tags while the first one walks. A click
        // without a pointer is a key or a screen reader.
        button.addEventListener("pointerdown", (e) => {
            e.preventDefault();
            tag();
        });
        button.addEventListener("click", (e) => {
            if (e.detail === 0) {
                tag();
            }
        });
    }

    #point(e) {
        this.#pointer = {id: e.pointerId, x: e.offsetX, y: e.offsetY};
    }

    rest() {
        this.#held.clear();
        this.#pointer = null;
    }

    /** Where to: a vector of at most length 1. `own` is where the own player is drawn, in pixels of
     * the canvas, or null. */
    direction(own) {
        let x = 0, y = 0;
        for (const code of this.#held) {
            x += KEYS[code][0];
            y += KEYS[code][1];
        }
        if (x === 0 && y === 0 && this.#pointer !== null && own !== null) {
            x = this.#pointer.x - own.x;
            y = this.#pointer.y - own.y;
            if (Math.hypot(x, y) < DEAD_PIXELS) {
                return {x: 0, y: 0};
            }
        }
        const length = Math.hypot(x, y) || 1;
        return {x: x / length, y: y / length};
    }
}
