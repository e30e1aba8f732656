/* figures.js: the figures of `ctl metrics` and `ctl top`, with their rates, and ten minutes of some
 * of them. The page keeps these, so they begin when it is opened. They are asked for slowly, and
 * faster while the overview is open. */
import {watch} from "./live.js";

const SLOW_MS = 5000;
const STEP_MS = 5000, STEPS = 120; // ten minutes
const SHORTEST_MS = 200; // a rate over less is noise

const samples = {now: new Map(), before: new Map(), now_ms: 0, before_ms: 0};
const tops = {now: null, before: null, between: null};
const kept = new Map(); // by name: [{at_ms, sum, count}]

/* ---- metrics --------------------------------------------------------------------------------- */

function take_metrics(answer) {
    const now_ms = performance.now();
    if (now_ms - samples.now_ms < SHORTEST_MS) {
        return;
    }
    samples.before = samples.now;
    samples.before_ms = samples.now_ms;
    samples.now = new Map();
    samples.now_ms = now_ms;
    for (const metric of answer.metrics) {
        for (const {name, labels, value} of metric.samples) {
            if (!samples.now.has(name)) {
                samples.now.set(name, []);
            }
            samples.now.get(name).push({labels, value});
        }
    }
}

const fits = (labels, wanted) =>
    Object.entries(wanted).every(([name, value]) => labels[name] === value);

function sum_of(all, name, wanted) {
    return all.get(name)?.filter(({labels}) => fits(labels, wanted))
        .reduce((sum, {value}) => sum + value, 0);
}

/** The sum of a figure over all its labels, or those that are like `wanted`; undefined: none. */
export const value = (name, wanted = {}) => sum_of(samples.now, name, wanted);

/** How much of a total comes in a second; undefined: not known yet. */
export function rate(name, wanted = {}) {
    const now = sum_of(samples.now, name, wanted), before = sum_of(samples.before, name, wanted);
    return now === undefined || before === undefined || now < before ? undefined
        : (now - before) / (samples.now_ms - samples.before_ms) * 1000;
}

/** The values of a label, in order. */
export const labels_of = (name, label) =>
    [...new Set((samples.now.get(name) ?? []).map(({labels}) => labels[label]))];

export const label_of = (name, label) => labels_of(name, label)[0];

/* ---- top ------------------------------------------------------------------------------------- */

const series_name = ({kind, number, type}) => `${kind} ${number} ${type}`;

function difference(now, before) {
    const counts = {};
    let calls = 0;
    for (const [bound, count] of Object.entries(now.counts)) {
        const more = count - (before?.counts[bound] ?? 0);
        if (more > 0) {
            counts[bound] = more;
            calls += more;
        }
    }
    return {counts, calls, sum_ns: now.sum_ns - (before?.sum_ns ?? 0), worst_ns: now.worst_ns};
}

/* The upper bound of a bucket: see host/run/histogram.h. */
function bucket_end(from_ns) {
    return from_ns < 256 ? from_ns + 64 : from_ns + 2 ** (Math.floor(Math.log2(from_ns)) - 2);
}

/** The duration that a share of the calls did not exceed, as histogram_percentile_ns has it. */
export function quantile({counts, calls, worst_ns}, share) {
    const rank = share * calls;
    let before = 0;
    for (const [from, count] of Object.entries(counts).map(([k, n]) => [Number(k), n])
        .sort(([a], [b]) => a - b)) {
        if (before + count >= rank) {
            const to = Math.min(bucket_end(from), worst_ns);
            return to <= from ? to : from + (to - from) * Math.min((rank - before) / count, 1);
        }
        before += count;
    }
    return 0;
}

/** The longest: no longer than the end of the last bucket that has any. */
const worst = (part) => part.calls === 0 ? 0
    : Math.min(part.worst_ns, bucket_end(Math.max(...Object.keys(part.counts).map(Number))));

function all_of(list, part) {
    const all = {counts: {}, calls: 0, sum_ns: 0, worst_ns: 0};
    for (const each of list.map((series) => series[part])) {
        for (const [bound, count] of Object.entries(each.counts)) {
            all.counts[bound] = (all.counts[bound] ?? 0) + count;
        }
        all.calls += each.calls;
        all.sum_ns += each.sum_ns;
        all.worst_ns = Math.max(all.worst_ns, each.calls > 0 ? each.worst_ns : 0);
    }
    return all;
}

/** What happened between the last two answers to `top`: {seconds, handlers, workers, queues, handler,
 * latency}; the last two are histograms of all handlers. null: not known yet. */
export const top = () => tops.between;

function between({now, before}) {
    if (before === null || now.now_ns <= before.now_ns) {
        return null;
    }
    const seconds = (now.now_ns - before.now_ns) / 1e9;
    const old = new Map(before.series.map((each) => [series_name(each), each]));
    const handlers = now.series.map((each) => {
        const last = old.get(series_name(each));
        const handler = difference(each.handler, last?.handler);
        const latency = difference(each.latency, last?.latency);
        handler.worst_ns = worst(handler);
        latency.worst_ns = worst(latency);
        return {...each, name: series_name(each), handler, latency};
    }).filter(({handler}) => handler.calls > 0);
    const share = (i, name) => // clocks are read one by one, so it may come out above 1
        Math.min(1, (now.workers[i][name] - before.workers[i][name]) / seconds);
    const workers = now.workers.map((_, i) => ({busy: share(i, "worker_busy_seconds"),
        batch: share(i, "worker_batch_seconds")}));
    return {seconds, handlers, workers, queues: now.queues,
        handler: all_of(handlers, "handler"), latency: all_of(handlers, "latency")};
}

function take_top(answer) {
    if (tops.now !== null && answer.now_ns - tops.now.now_ns < SHORTEST_MS * 1e6) {
        return;
    }
    const same_host = tops.now !== null && answer.uptime_s >= tops.now.uptime_s &&
        answer.workers.length === tops.now.workers.length;
    tops.before = same_host ? tops.now : null;
    tops.now = answer;
    tops.between = between(tops);
}

/* ---- ten minutes ----------------------------------------------------------------------------- */

/** Keeps a figure; figures of the same five seconds become their mean. */
export function keep(name, figure) {
    if (figure === undefined || !Number.isFinite(figure)) {
        return;
    }
    const at_ms = Math.floor(Date.now() / STEP_MS) * STEP_MS;
    const list = kept.get(name) ?? [];
    kept.set(name, list);
    if (list.at(-1)?.at_ms === at_ms) {
        list.at(-1).sum += figure;
        list.at(-1).count++;
    } else {
        list.push({at_ms, sum: figure, count: 1});
    }
    while (list[0].at_ms < at_ms - STEP_MS * STEPS) {
        list.shift();
    }
}

/** What is kept of a figure: [{at_ms, value}]. */
export const history = (name) =>
    (kept.get(name) ?? []).map(({at_ms, sum, count}) => ({at_ms, value: sum / count}));

export const SPAN_MS = STEP_MS * STEPS;

const keepers = new Set();

/** Has `keeper()` called after each answer, to keep what it wants. */
export const on_figures = (keeper) => keepers.add(keeper);

export function start(show) {
    on_figures(show);
    watch("metrics", SLOW_MS, (answer, ok) => {
        if (ok) {
            take_metrics(answer);
            keepers.forEach((keeper) => keeper("metrics"));
        }
    });
    watch(TOP, SLOW_MS, (answer, ok) => {
        if (ok) {
            take_top(answer);
            keepers.forEach((keeper) => keeper("top"));
        }
    });
}

/** The command whose answers this file takes; it has the host measure for a little longer. */
export const TOP = "top --interval 5";
