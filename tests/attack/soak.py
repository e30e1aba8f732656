"""soak.py: judges and plots the samples of soak.c.

    python3 soak.py SAMPLES.csv PICTURE.svg [TITLE]

Memory and handles go up and down with the attacks, so only samples at rest are judged: after each
mixture, when all that the attackers had is gone. The first quarter is warm-up.

Memory is judged in three parts. ALLOCATED is what the C library has given out, without the buffers
of the next row: every byte that is lost shows there. It goes up and down by some 0.2 MB, because
glibc counts the freed blocks that each thread keeps as given out. BUFFERS are what bytes are
received into and wait in to be sent; workers keep up to 1 MB each of them for their next packets.
RESIDENT is what the process has of the machine's memory after `ctl memory --trim`: also stacks,
libraries, and pages that are free only in part. The memory before that is shown, but not judged: it
depends on the last rush. Of it the C library may keep 28 MB beside 2 MB that are allocated.

The slope is the median of the slopes between any two samples (Theil and Sen), which a few odd
samples do not move. MOST is the end of its one-sided interval of 95 % (Kendall; made wider where
samples resemble those before them): a run that is too short or too noisy does not pass. Flat means
that over the time that is judged,

    allocated grows by at most 0.25 MB, or 100 bytes a swap;
    buffers grow by at most 0.5 MB;
    resident grows by at most 1 MB, or 5 %;
    handles grow by less than 2;
    sessions are those of the honest clients in every sample;
    p99 at rest grows by less than its median, or 1 ms, since a shared machine has slow minutes.

The exit code is 0 if all is flat and nothing was lost.
"""
import csv
import itertools
import math
import pathlib
import statistics
import sys

sys.path.append(str(pathlib.Path(__file__).parent.parent / "bench"))
from compare_tables import table, timeline  # pylint: disable=wrong-import-position

MEGABYTE = 1e6
SAMPLES_MIN = 8


def resemblance(values):
    """How much a value resembles the one before it: the correlation, from 0 to 0.9."""
    mean = statistics.mean(values)
    all_of = sum((y - mean) ** 2 for y in values)
    next_to = sum((a - mean) * (b - mean) for a, b in itertools.pairwise(values))
    return min(max(next_to / all_of, 0), 0.9) if all_of > 0 else 0


def slope(points):
    """The slope and the end of its one-sided interval of 95 %."""
    slopes = sorted((y2 - y1) / (x2 - x1)
                    for (x1, y1), (x2, y2) in itertools.combinations(points, 2) if x2 > x1)
    middle = statistics.median(slopes)
    same = resemblance([y - middle * x for x, y in points])
    n = len(points)
    spread = math.sqrt(n * (n - 1) * (2 * n + 5) / 18 * (1 + same) / (1 - same))
    return middle, slopes[min(int((len(slopes) + 1.645 * spread) / 2), len(slopes) - 1)]


def read(file):
    with open(file, newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def points_of(rows, name, unit=1.0):
    """Without samples of 0: a host without handles cannot read its own memory and handles."""
    return [(float(row["seconds"]) / 60, float(row[name]) / unit) for row in rows
            if row[name] != "0" or name in ("swaps", "faults")]


def judged_rows(rows):
    at_rest = [row for row in rows if row["rest"] == "1"]
    begin = float(rows[-1]["seconds"]) / 4
    return [row for row in at_rest if float(row["seconds"]) >= begin]


def verdicts(judged):
    """For each figure (column, words, values, how much it has grown, the most, allowed). Allowed is
    None where it is not judged."""
    swaps = int(judged[-1]["swaps"]) - int(judged[0]["swaps"])
    minutes = (float(judged[-1]["seconds"]) - float(judged[0]["seconds"])) / 60
    found = []
    for name, words, unit, least, share in (
            ("allocated", "memory allocated, MB", MEGABYTE, max(0.25, swaps * 100 / MEGABYTE), 0),
            ("buffers", "memory of buffers, MB", MEGABYTE, 0.5, 0),
            ("trimmed", "memory resident, MB", MEGABYTE, 1, 0.05),
            ("memory", "before giving back, MB", MEGABYTE, None, 0),
            ("handles", "handles", 1, 2, 0),
            ("p99_us", "p99 at rest, us", 1, 1000, 1)):
        points = points_of(judged, name, unit)
        if len(points) >= SAMPLES_MIN:
            values = [y for _, y in points]
            grown, most = (each * minutes for each in slope(points))
            allowed = None if least is None else max(least, share * statistics.median(values))
            found.append((name, words, values, grown, most, allowed))
    return found


def judge(rows):
    """Prints the table. Whether all is flat."""
    judged = judged_rows(rows)
    if len(judged) < SAMPLES_MIN:
        print(f"Too short to judge: {len(judged)} samples at rest after the first quarter")
        return False
    lines, flat = [], True
    for _, words, values, grown, most, allowed in verdicts(judged):
        holds = allowed is None or most < allowed
        flat = flat and holds
        lines.append([words, f"{min(values):,.2f}", f"{statistics.median(values):,.2f}",
                      f"{max(values):,.2f}", f"{grown:,.2f}", f"{most:,.2f}",
                      "" if allowed is None else f"{allowed:,.2f}",
                      "" if allowed is None else "yes" if holds else "**no**"])
    sessions = {row["sessions"] for row in judged}
    flat = flat and len(sessions) == 1
    lines.append(["sessions", min(sessions), "", max(sessions), "", "", "",
                  "yes" if len(sessions) == 1 else "**no**"])
    minutes = (float(judged[-1]["seconds"]) - float(judged[0]["seconds"])) / 60
    print(table(["at rest", "least", "median", "most", f"grown in {minutes:.1f} minutes",
                 "grown at most", "allowed", "flat"], lines))
    return flat


def picture(rows, file, title):
    rest = [row for row in rows if row["rest"] == "1"]
    attacked = [row for row in rows if row["rest"] == "0"]
    timeline(file, title, [
        ("memory, MB", {"resident": points_of(rest, "trimmed", MEGABYTE),
                        "before": points_of(rest, "memory", MEGABYTE),
                        "under attack": points_of(attacked, "memory", MEGABYTE)}, False),
        ("allocated, MB", {"without buffers": points_of(rest, "allocated", MEGABYTE),
                           "buffers": points_of(rest, "buffers", MEGABYTE)}, False),
        ("handles", {"at rest": points_of(rest, "handles"),
                     "under attack": points_of(attacked, "handles")}, False),
        ("sessions", {"at rest": points_of(rest, "sessions"),
                      "under attack": points_of(attacked, "sessions")}, False),
        ("p99, us", {"at rest": points_of(rest, "p99_us"),
                     "under attack": points_of(attacked, "p99_us")}, True),
        ("so far", {"swaps": points_of(rows, "swaps"),
                    "contained faults": points_of(rows, "faults")}, True)])


def main():
    samples, file = sys.argv[1:3]
    title = sys.argv[3] if len(sys.argv) > 3 else "soak"
    rows = read(samples)
    last = rows[-1]
    print(f"{float(last['seconds']) / 60:.1f} minutes: {int(last['answers']):,} answers to honest "
          f"clients, {last['lost']} lost; {int(last['swaps']):,} swaps, "
          f"{int(last['faults']):,} contained faults\n")
    flat = judge(rows)
    if all(any(row["rest"] == rest for row in rows) for rest in "01"):
        picture(rows, file, title)
    sys.exit(0 if flat and last["lost"] == "0" else 1)


if __name__ == "__main__":
    main()
