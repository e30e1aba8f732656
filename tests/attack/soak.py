"""soak.py: judges and plots the samples of soak.c.

    python3 soak.py SAMPLES.csv PICTURE.svg [TITLE]

Memory and handles go up and down with the attacks, so only samples at rest are judged: after each
mixture, when all that the attackers had is gone. The first quarter is warm-up. The slope is the
median of the slopes between any two samples (Theil and Sen), which a few odd samples do not move.
Flat means that by this slope, over the time that is judged,

    memory grows by less than 5 % of its median, or 1 MB;
    handles grow by less than 2;
    sessions are those of the honest clients in every sample;
    p99 at rest grows by less than its median, or 1 ms, since a shared machine has slow minutes.

The exit code is 0 if all is flat and nothing was lost.
"""
import csv
import itertools
import pathlib
import statistics
import sys

sys.path.append(str(pathlib.Path(__file__).parent.parent / "bench"))
from compare_tables import table, timeline  # pylint: disable=wrong-import-position

MEGABYTE = 1e6
SAMPLES_MIN = 8


def slope(points):
    slopes = [(y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in itertools.combinations(points, 2)
              if x2 > x1]
    return statistics.median(slopes) if slopes else 0


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


def judge(rows):
    """Prints the table. Whether all is flat."""
    judged = judged_rows(rows)
    if len(judged) < SAMPLES_MIN:
        print(f"Too short to judge: {len(judged)} samples at rest after the first quarter")
        return False
    lines, flat = [], True
    for name, words, unit, least, share in (("memory", "memory, MB", MEGABYTE, 1, 0.05),
                                            ("handles", "handles", 1, 2, 0),
                                            ("p99_us", "p99 at rest, us", 1, 1000, 1)):
        points = points_of(judged, name, unit)
        values = [y for _, y in points]
        grown = slope(points) * (points[-1][0] - points[0][0])
        allowed = max(least, share * statistics.median(values))
        lines.append([words, f"{min(values):,.1f}", f"{statistics.median(values):,.1f}",
                      f"{max(values):,.1f}", f"{slope(points) * 60:,.2f}", f"{grown:,.2f}",
                      f"{allowed:,.2f}", "yes" if grown < allowed else "**no**"])
        flat = flat and grown < allowed
    sessions = {row["sessions"] for row in judged}
    flat = flat and len(sessions) == 1
    lines.append(["sessions", min(sessions), "", max(sessions), "", "", "0",
                  "yes" if len(sessions) == 1 else "**no**"])
    minutes = (float(judged[-1]["seconds"]) - float(judged[0]["seconds"])) / 60
    print(table(["at rest", "least", "median", "most", "slope an hour", f"in {minutes:.1f} minutes",
                 "allowed", "flat"], lines))
    return flat


def picture(rows, file, title):
    rest = [row for row in rows if row["rest"] == "1"]
    attacked = [row for row in rows if row["rest"] == "0"]
    timeline(file, title, [
        ("memory, MB", {"at rest": points_of(rest, "memory", MEGABYTE),
                        "under attack": points_of(attacked, "memory", MEGABYTE)}, False),
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
