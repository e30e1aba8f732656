"""compare_report.py: makes tables, goals and plots from the samples of compare.py. It measures
nothing, and no figure is typed in.

    python3 compare_report.py SAMPLES REPORT

reads samples.csv, parts.csv and swap_pause.md in SAMPLES and writes report.md and *.svg to REPORT.
"""
import csv
import pathlib
import shutil
import statistics
import sys

import grow
from compare_tables import NAMES, middle_half, picture, table, text


class Samples:
    """Medians of the rounds of each point."""

    def __init__(self, rows):
        self.points = {}
        for row in rows:
            key = (row["part"], row["server"], int(row["workers"]), int(row["connections"]),
                   int(row["in_flight"]))
            self.points.setdefault(key, []).append(row)

    def of(self, part):
        """The points of a part, as (server, workers, connections, in flight), ordered by work, then
        as run."""
        points = [key[1:] for key in self.points if key[0] == part]
        return sorted(points, key=lambda p: (p[3], p[2]))

    def all(self, part, point, figure):
        rows = self.points.get((part, *point), [])
        return [float(row[figure]) for row in rows if row.get(figure)]

    def get(self, part, point, figure):
        values = self.all(part, point, figure)
        return statistics.median(values) if values else None

    def ratios(self, part, point, other, figure="server_us"):
        """Ratios of a point's figure to another server's at the same work, one per round, in which
        they took turns."""
        pairs = zip(self.all(part, point, figure), self.all(part, other, figure))
        return [mine / its for mine, its in pairs if its]

    def ratio(self, part, point, other, figure="server_us"):
        """Their median, or None if either is missing."""
        ratios = self.ratios(part, point, other, figure)
        return statistics.median(ratios) if ratios else None


def loads(s, part, with_in_flight=True):
    rows = []
    for point in s.of(part):
        server, workers, connections, in_flight = point
        floor = ("iocp" if part == "wine" else "raw", workers, connections, in_flight)
        work = f"{connections:,}" + (f" x {in_flight}" if with_in_flight else "")
        rows.append([work, NAMES[server] + (f", {workers} workers" if workers > 1 else ""),
                     text(s.get(part, point, "per_second"), 0),
                     text(s.get(part, point, "p50_us"), 0), text(s.get(part, point, "p99_us"), 0),
                     text(s.get(part, point, "server_us"), 3),
                     middle_half(s.all(part, point, "server_us"), 3),
                     text(s.ratio(part, point, floor)),
                     text(s.ratio(part, point, ("uv", workers, connections, in_flight))),
                     text(s.get(part, point, "server_share")),
                     text(s.get(part, point, "client_share"))])
    first = "connections x in flight" if with_in_flight else "connections"
    return table([first, "server", "messages/s", "half us", "99 % us", "server us", "middle half",
                  "x raw", "x libuv", "server busy", "client busy"], rows)


def web_loads(s, part):
    rows = []
    for point in s.of(part):
        server, _, n, k = point
        rows.append([f"{n:,} x {k}", NAMES[server], text(s.get(part, point, "per_second"), 0),
                     text(s.get(part, point, "p50_us"), 0),
                     text(s.get(part, point, "server_us"), 3),
                     middle_half(s.all(part, point, "server_us"), 3),
                     text(s.ratio(part, point, ("portico", 1, n, k))),
                     text(s.ratio(part, ("portico_web", 1, n, k), point))])
    return table(["connections x in flight", "server", "messages/s", "half us", "server us",
                  "middle half", "x Portico's u16", "Portico's WebSocket x this"], rows)


# ---- goals ---------------------------------------------------------------------------------------


def judged(goal, where, value, limit, most=True, digits=2, none="not measured"):
    """One row: met if the value is at most (or at least) the limit. A list counts by its median,
    and its middle half is shown as well."""
    if value is None or value == []:
        return [goal, where, none, "", ""]
    middle = statistics.median(value) if isinstance(value, list) else value
    met = middle <= limit if most else middle >= limit
    spread = middle_half(value, digits) if isinstance(value, list) else ""
    return [goal, where, text(middle, digits), spread, "yes" if met else "**no**"]


def beside(what, where, values):
    """One row without a goal."""
    return [f"({what})", where, text(statistics.median(values), 2), middle_half(values, 2), ""]


def goals(s, processors):
    rows = []
    for _, _, n, k in [p for p in s.of("echo") if p[0] == "portico"]:
        mine, where = ("portico", 1, n, k), f"{n:,} x {k}"
        limit = 1.10 if k == 1 else 1.25
        rows.append(judged(f"processor time a message, {k} in flight: at most {limit:.2f} x raw",
                           where, s.ratios("echo", mine, ("raw", 1, n, k)), limit))
        for peer in ("uv", "asio") if k == 1 else ():
            goal = f"processor time a message, 1 in flight: at most 0.85 x {NAMES[peer]}"
            rows.append(judged(goal, where, s.ratios("echo", mine, (peer, 1, n, k)), 0.85))
    for _, _, n, k in [p for p in s.of("websocket") if p[0] == "portico_web"]:
        for peer, limit in (("portico", 1.25), ("uws", 1.0), ("lws", 1.0), ("ws", 1.0)):
            whose = "its u16 path" if peer == "portico" else NAMES[peer]
            goal = f"WebSocket, processor time a message: at most {limit:.2f} x {whose}"
            rows.append(judged(goal, f"{n:,} x {k}",
                               s.ratios("websocket", ("portico_web", 1, n, k), (peer, 1, n, k)),
                               limit))
    for point in [p for p in s.of("allocations") if p[0] == "portico"]:
        # A timer may allocate now and then: ignore one per 10,000 messages.
        rows.append(judged("no allocation per message: below 0.0001", f"{point[2]:,} x {point[3]}",
                           s.get("allocations", point, "allocations"), 0.0001, digits=5))
    for point in [p for p in s.of("calls") if p[0] == "portico"]:
        where = f"{point[2]:,} x {point[3]}"
        recv, failed = (s.get("calls", point, "calls_" + kind) for kind in ("recv", "recv_failed"))
        send = s.get("calls", point, "calls_send")
        if point[3] == 1:
            rows.append(judged("one recv a batch: calls a message, at most 1.01", where, recv, 1.01,
                               digits=3))
        rows.append(judged("no recv without data: at most 0.01 of the recvs", where, failed / recv,
                           0.01, digits=3))
        rows.append(judged("one send a batch: sends for each recv with data, at most 1.01", where,
                           send / (recv - failed), 1.01, digits=3))
    for _, _, n, k in [p for p in s.of("workers") if p[:2] == ("portico", 2)]:
        ratios = s.ratios("workers", ("portico", 2, n, k), ("portico", 1, n, k), "per_second")
        where = f"{n:,} x {k}"
        rows.append(judged("two workers: no slower than one (messages/s)", where, ratios, 1.0,
                           most=False))
        raws = s.ratios("workers", ("raw", 2, n, k), ("raw", 1, n, k), "per_second")
        rows.append(beside("for comparison: the raw loop's two threads to its one", where, raws))
        client = s.get("workers", ("portico", 2, n, k), "client_share")
        if n == 1:
            continue  # one session runs one thing at a time
        goal = "two workers: 1.6 x one"
        if processors < 3:
            why = f"not measurable on {processors} processors: the client needs one"
            rows.append(judged(goal, where, None, 0, none=why))
        elif client > 0.95 and statistics.median(ratios) < 1.6:
            rows.append(judged(goal, where, None, 0, none="not measurable: the client is busy"))
        else:
            rows.append(judged(goal, where, ratios, 1.6, most=False))
    for _, _, n, k in [p for p in s.of("toil") if p[:2] == ("portico", 2)]:
        ratios = s.ratios("toil", ("portico", 2, n, k), ("portico", 1, n, k), "per_second")
        goal, least = ("no slower than one", 1.0) if n == 1 else ("1.6 x one", 1.6)
        rows.append(judged(f"two workers: {goal}, handlers of 50 us (messages/s)", f"{n:,} x {k}",
                           ratios, least, most=False))
    for _, _, n, k in [p for p in s.of("broadcast") if p[0] == "portico"]:
        rows.append(judged("broadcast: at most 1.15 x raw", f"{n:,} members",
                           s.ratios("broadcast", ("portico", 1, n, k), ("raw", 1, n, k)), 1.15))
    for _, _, n, k in [p for p in s.of("wine") if p[0] == "wine"]:
        limit = 1.10 if k == 1 else 1.00
        goal = f"Wine: processor time a message, {k} in flight: at most {limit:.2f} x raw IOCP"
        rows.append(judged(goal, f"{n:,} x {k}",
                           s.ratios("wine", ("wine", 1, n, k), ("iocp", 1, n, k)), limit))
    for point in [p for p in s.of("idle") if p[0] == "portico"]:
        rows.append(judged("idle: less than 1,024 bytes a session", f"{point[2]:,} sessions",
                           s.get("idle", point, "bytes_per_connection"), 1023, digits=0))
    parts = ("echo", "websocket", "broadcast", "workers", "toil", "calls", "allocations", "idle",
             "wine")
    rows += [[f"the goals of the part `{part}`", "", "not measured", "", ""]
             for part in parts if not s.of(part)]
    return table(["goal", "where", "measured", "middle half", "met"], rows)


# ---- the rest of the tables ----------------------------------------------------------------------


def plain(s, part, figures):
    """A table of figures without a comparison to raw: figures is [(head, figure, digits)]."""
    rows = []
    for point in s.of(part):
        work = f"{point[2]:,} x {point[3]}"
        rows.append([work, NAMES[point[0]]] +
                    [text(s.get(part, point, figure), digits) for _, figure, digits in figures])
    return table(["connections x in flight", "server"] + [head for head, _, _ in figures], rows)


CALLS = [("recv", "calls_recv", 3), ("recv without data", "calls_recv_failed", 3),
         ("send", "calls_send", 3), ("epoll_wait", "calls_wait", 3), ("other", "calls_other", 3)]
SHARES = [("us", "server_us", 2), ("the program's", "server_us_1", 2),
          ("wineserver's", "server_us_2", 2)]
IDLE = [("bytes each", "bytes_per_connection", 0), ("KiB before", "resident_before_kib", 0),
        ("KiB with them", "resident_kib", 0)]
ALLOCATIONS = [("allocations", "allocations", 5)]

SECTIONS = [
    ("Echo of 64 bytes, one worker", "echo", loads),
    ("WebSocket: echo of 60 bytes and an opcode, one worker", "websocket", web_loads),
    ("Broadcast to a room", "broadcast", lambda s, part: loads(s, part, False)),
    ("Connect, one echo, close", "churn", lambda s, part: loads(s, part, False)),
    ("Two workers on two processors, shared with the client if there are no more", "workers",
     loads),
    ("The same with handlers that take 50 us", "toil", loads),
    ("System calls for each message", "calls", lambda s, part: plain(s, part, CALLS)),
    ("Allocations for each message", "allocations", lambda s, part: plain(s, part, ALLOCATIONS)),
    ("Memory of idle connections", "idle", lambda s, part: plain(s, part, IDLE)),
    ("Under Wine: echo of 64 bytes, one worker", "wine", loads),
    ("Under Wine: which process uses the processor time", "wine",
     lambda s, part: plain(s, part, SHARES)),
]


# ---- pictures ------------------------------------------------------------------------------------


def pictures(s, report):
    if not shutil.which("gnuplot"):
        return []
    wanted = [("echo", 1, "server_us", "us of the server a message"),
              ("echo", 16, "server_us", "us of the server a message"),
              ("echo", 1, "per_second", "messages/s"), ("echo", 16, "per_second", "messages/s"),
              ("echo", 1, "p99_us", "99 % latency, us"),
              ("broadcast", 1, "server_us", "us of the server a packet")]
    files = []
    for part, in_flight, figure, y in wanted:
        series = {}
        for point in s.of(part):
            if point[3] == in_flight:
                series.setdefault(point[0], []).append((point[2], s.get(part, point, figure)))
        if any(len(points) > 1 for points in series.values()):
            name = f"{part}_{in_flight}_{figure}.svg"
            title = ("broadcast to a room" if part == "broadcast" else
                     f"echo of 64 bytes, {in_flight} in flight")
            picture(report / name, title, y, series)
            files.append(name)
    return files


def machines(s, parts):
    """The machine of each part's measurement, and the share that other guests of it took."""
    rows = []
    for part in parts:
        name = part["part"]
        stolen = [100 * value for point in s.of(name) for value in s.all(name, point, "stolen")]
        shares = f"{statistics.median(stolen):.0f} %, {max(stolen):.0f} %" if stolen else ""
        rows.append(list(part.values()) + [shares])
    return table(list(parts[0]) + ["stolen: half, worst"], rows)


def write(samples, report):
    file = samples / "samples.csv"
    rows = list(csv.DictReader(file.open())) if file.exists() else []
    s = Samples(rows)
    parts = list(csv.DictReader((samples / "parts.csv").open()))
    processors = min(int(part["processors"]) for part in parts)
    out = ["# Portico beside a raw epoll loop, libuv and Boost.Asio\n",
           "Written by `sh scripts/bench.sh`; how to read it: [README](../README.md). The samples "
           "stay in the build folder.\n",
           machines(s, parts), "## Goals\n", goals(s, processors)]
    for title, part, make in SECTIONS:
        if s.of(part):
            out += [f"## {title}\n", make(s, part)]
    pauses = samples / "swap_pause.md"
    if pauses.exists():
        out += ["## The pause of a swap against the number of sessions\n", pauses.read_text()]
    out += grow.sections(rows, report, shutil.which("gnuplot"))
    files = pictures(s, report)
    if files:
        out += ["## Pictures\n"] + [f"![{file}]({file})" for file in files]
    (report / "report.md").write_text("\n".join(out).rstrip() + "\n")


if __name__ == "__main__":
    write(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
