/* format.js: figures as `ctl top` writes them, so that browser and terminal agree. */

/** "850 ns", "1.2 us", "12 ms", "3.4 s". */
export function time(ns) {
    const units = ["ns", "us", "ms", "s"];
    let unit = 0;
    while (ns >= 999.5 && unit < 3) {
        ns /= 1000;
        unit++;
    }
    return `${ns.toFixed(unit > 0 && ns < 9.95 ? 1 : 0)} ${units[unit]}`;
}

/** "0.0", "12.5", "1234", "567.8k", "1.2M". */
export function number(value) {
    const units = ["", "k", "M", "G", "T", "P", "E"];
    let unit = 0;
    if (value < 99999.5) {
        return value.toFixed(value < 999.95 ? 1 : 0);
    }
    while (value >= 999.95 && unit < 6) {
        value /= 1000;
        unit++;
    }
    return value.toFixed(1) + units[unit];
}

/** The same for whole numbers. */
export const count = (value) => value < 1000 ? String(Math.round(value)) : number(value);

export const percent = (share) => `${(share * 100).toFixed(1)} %`;

/** "42 s", "3 min 5 s", "2 h 10 min", "3 d 4 h". */
export function age(seconds) {
    const s = Math.max(0, Math.floor(seconds));
    if (s < 60) {
        return `${s} s`;
    }
    if (s < 3600) {
        return `${Math.floor(s / 60)} min ${s % 60} s`;
    }
    if (s < 86400) {
        return `${Math.floor(s / 3600)} h ${Math.floor(s / 60) % 60} min`;
    }
    return `${Math.floor(s / 86400)} d ${Math.floor(s / 3600) % 24} h`;
}

/** "14:03:27" of an ISO time or milliseconds since 1970, in the browser's zone. */
export function clock(when) {
    const date = new Date(when);
    return Number.isNaN(date.getTime()) ? String(when)
        : date.toLocaleTimeString("en-GB", {hour12: false});
}

/** "2026-11-29 14:03:27". */
export function date_time(when) {
    const date = new Date(when);
    return Number.isNaN(date.getTime()) ? String(when)
        : `${date.toLocaleDateString("sv-SE")} ${clock(when)}`;
}

export const plural = (n, one, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;
