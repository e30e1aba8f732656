"""grow.py: the part `grow` of compare.py: what a message costs by number of connections, modules,
handlers and rooms.

The work is an echo. With 16 frames in flight on each connection the system's share is small, and
the host's is visible; with 1 each message is a recv, a turn and a send of its own. All points of a
curve take turns. `measure` keeps samples with `curve` and `count`; `sections` turns all samples
into the report.
"""
import statistics
import struct

from compare_tables import NAMES, middle_half, picture, table, text

SPEAKERS = 200  # connections, where something else grows
SPEAKERS_AMONG_SILENT = 100
OPCODE_TO_REPLACE = 0xC0DE  # in crowd.c
OPCODE_ROW_BYTES = 40  # of a portico_opcode


def connections(count):
    return "echo", "", {"connections": count, "in_flight": 1}


def silent(count):
    silent_count = count - SPEAKERS_AMONG_SILENT
    return "echo", "", {"connections": count, "in_flight": 1, "silent": silent_count}


def handlers(count):
    work = {"connections": SPEAKERS, "in_flight": 16, "opcodes": count}
    return "grow", "", work


def rooms(count):
    return "grow", f"rooms = {count}\n", {"connections": SPEAKERS, "in_flight": 16}


def ticking_rooms(count):
    settings = f"rooms = {count}\ntick_ms = 1000\n"
    return "grow", settings, {"connections": SPEAKERS, "in_flight": 16}


def rooms_in_turn(count):
    return "grow", f"rooms = {count}\n", {"connections": SPEAKERS, "in_flight": 1}


def modules(count):
    return "grow", crowd(count - 1, "crowd"), {"connections": SPEAKERS, "in_flight": 16}


def joined_modules(count):
    work = {"connections": SPEAKERS, "in_flight": 16, "opcodes": count}
    return "grow", crowd(count - 1, "crowd_joined"), work


def crowd(count, kind):
    """Sections for the ini; {copies} is where make_copies put the files."""
    return "".join(f"\n[module crowd_{i:03}]\nfile = {{copies}}/{kind}_{i:03}.so\n"
                   for i in range(1, count + 1))


RAW_TOO = ("raw", "portico")
HOST = ("portico",)

# Axis: its title, the frames in flight, and its curves: name, in words, the function that makes a
# point of it, servers. The plan has the counts of each curve.
AXES = {
    "connections": ("connections", 1, [
        ("connections", "all speak", connections, RAW_TOO),
        ("silent", f"{SPEAKERS_AMONG_SILENT} speak, the others are silent", silent, RAW_TOO)]),
    "modules": ("modules", 16, [
        ("modules", "loaded, not used", modules, HOST),
        ("joined_modules", "each has a handler of the same sessions", joined_modules, HOST)]),
    "handlers": ("handlers of the session type", 16, [
        ("handlers", "packets use all in turn", handlers, HOST)]),
    "rooms": ("rooms", 16, [
        ("rooms", f"{SPEAKERS} sessions in them", rooms, HOST),
        ("ticking_rooms", "the same, each room with a timer of 1 s", ticking_rooms, HOST)]),
    "rooms_in_turn": ("rooms", 1, [
        ("rooms_in_turn", f"{SPEAKERS} sessions in them", rooms_in_turn, HOST)]),
}

FULL = {
    "connections": [1, 10, 100, 1000, 10000], "silent": [100, 1000, 10000],
    "modules": [1, 3, 10, 32, 100],
    "joined_modules": [1, 3, 10, 32],  # at most LAYOUT_PARTS_MAX in host/session/session_type.h
    "handlers": [1, 10, 100, 1000, 10000],
    "rooms": [1, 10, 100, 1000, 10000], "ticking_rooms": [1, 10, 100, 1000, 10000],
    "rooms_in_turn": [1, 10, 100, 1000, 10000],
}
QUICK = {
    "connections": [1, 100], "silent": [100, 500], "modules": [1, 10], "joined_modules": [1, 10],
    "handlers": [1, 1000], "rooms": [1, 1000], "ticking_rooms": [1, 1000],
    "rooms_in_turn": [1, 1000],
}


def library(bench, name):
    return (bench.tests / "modules" / f"{name}.so").read_bytes()


def replace(image, old, new):
    """What a module is called and which rows its tables have is data in its library."""
    if image.count(old) != 1:
        raise SystemExit(f"compare.py: a module should have the bytes {old.hex()} once")
    return image.replace(old, new)


def make_copies(bench):
    """Copies the modules crowd and crowd_joined under other names, the latter with other opcodes,
    and grow with more handlers. Returns the folder."""
    folder = bench.work / "copies"
    folder.mkdir(parents=True, exist_ok=True)
    for kind in "crowd", "crowd_joined":
        original = library(bench, kind)
        curve = "modules" if kind == "crowd" else "joined_modules"
        for i in range(1, max(bench.plan["grow"][curve])):
            image = replace(original, b"crowd_000\0", b"crowd_%03d\0" % i)
            if kind == "crowd_joined":  # opcode 1 belongs to grow
                image = replace(image, opcode_bytes(OPCODE_TO_REPLACE), opcode_bytes(i + 1))
            (folder / f"{kind}_{i:03}.so").write_bytes(image)
    for count in bench.plan["grow"]["handlers"]:
        image = library(bench, "grow")
        if count != 1:
            image = replace(image, table_bytes(1), table_bytes(count))
        (folder / f"grow_{count}.so").write_bytes(image)
    return folder


def opcode_bytes(opcode):
    """The end of a portico_opcode, from size_min on."""
    return struct.pack("<IIHHHH", 0, 0xffffffff, opcode, 0, 0, 0)


def table_bytes(count):
    """The end of a portico_table of portico_opcode."""
    return struct.pack("<II", count, OPCODE_ROW_BYTES)


def measure(bench):
    folder = make_copies(bench)
    for _, _, curves in AXES.values():
        for name, _, point, servers in curves:
            contestants = []
            for count in bench.plan["grow"][name]:
                module, settings, work = point(count)
                arguments = {"module": module,
                             "settings": settings.replace("{copies}", str(folder))}
                if name == "handlers":
                    arguments["file"] = folder / f"grow_{count}.so"
                for server in servers:
                    which = {"part": "grow", "server": server, "workers": 1, "curve": name,
                             "count": count}
                    contestants.append((which, arguments, work))
            bench.in_turn(contestants)


# ---- the report ----------------------------------------------------------------------------------


def samples_of(rows, curve, server):
    """{count: {round: row}} in the order of counts."""
    found = {}
    for row in rows:
        if row["part"] == "grow" and row["curve"] == curve and row["server"] == server:
            found.setdefault(int(row["count"]), {})[row["round"]] = row
    return dict(sorted(found.items()))


def figure(samples, name="server_us"):
    return [float(row[name]) for row in samples.values()]


def ratio(samples, others):
    """The median of the ratios within each round."""
    pairs = [(float(samples[r]["server_us"]), float(others[r]["server_us"]))
             for r in samples if r in others]
    return statistics.median(mine / its for mine, its in pairs) if pairs else None


def table_of(rows, curves):
    lines = []
    for name, words, _, servers in curves:
        for server in servers:
            points = samples_of(rows, name, server)
            raw = samples_of(rows, name, "raw") if server != "raw" else {}
            for count, samples in points.items():
                lines.append([words, NAMES[server], f"{count:,}",
                              text(statistics.median(figure(samples, "per_second")), 0),
                              text(statistics.median(figure(samples)), 3),
                              middle_half(figure(samples), 3),
                              text(ratio(samples, next(iter(points.values())))),
                              text(ratio(samples, raw[count])) if count in raw else "",
                              text(statistics.median(figure(samples, "server_share")))])
    return table(["what", "server", "how many", "messages/s", "server us", "middle half",
                  "x the first", "x raw", "server busy"], lines)


def series_of(rows, curves):
    found = {}
    for name, words, _, servers in curves:
        for server in servers:
            points = samples_of(rows, name, server)
            label = f"{NAMES[server]}: {words}"
            found[label] = [(count, statistics.median(figure(samples)))
                            for count, samples in points.items()]
    return {label: points for label, points in found.items() if points}


def sections(rows, report, draws):
    """Lines of the report; draws the plots that they name if possible."""
    out = []
    for axis, (title, in_flight, curves) in AXES.items():
        series = series_of(rows, curves)
        if not series:
            continue
        out += [f"### Against the number of {title}, {in_flight} in flight\n",
                table_of(rows, curves)]
        if draws:
            file = f"grow_{axis}.svg"
            picture(report / file, f"echo of 64 bytes, {in_flight} in flight, against {title}",
                    "us of the server a message", series, title)
            out.append(f"![{file}]({file})\n")
    return ["## Cost as work grows\n"] + out if out else []
