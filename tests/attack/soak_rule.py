"""soak_rule.py: does the rule of soak.py find a leak, and only a leak?

Recorded runs, their samples at rest:

    leak.csv    half an hour in which 360 bytes were lost every 0.8 s, about as often as a swap
    flat.csv    the run whose figures tests/README.md shows, where nothing was lost
"""
import pathlib
import sys

from soak import judged_rows, read, verdicts

FOLDER = pathlib.Path(__file__).parent / "recorded"


def is_flat(rows, column):
    for name, _, _, grown, most, allowed in verdicts(judged_rows(rows)):
        if name == column:
            print(f"{column}: grown by {grown:.3f}, at most {most:.3f}, allowed {allowed:.3f}")
            return most < allowed
    sys.exit(f"{column} is not judged")


def losing(rows, bytes_each):
    """The same run, if each swap had lost so much."""
    return [dict(row, allocated=str(int(row["allocated"]) + bytes_each * int(row["swaps"])))
            for row in rows]


def expect(what, found):
    print(f"{'as expected' if found else 'WRONG'}: {what}\n")
    return found


def main():
    flat, leak = read(FOLDER / "flat.csv"), read(FOLDER / "leak.csv")
    well = [expect("a leak is found", not is_flat(leak, "allocated")),
            expect("no leak is found where there is none", is_flat(flat, "allocated")),
            expect("360 bytes a swap are found", not is_flat(losing(flat, 360), "allocated")),
            expect("150 bytes a swap are found", not is_flat(losing(flat, 150), "allocated")),
            expect("handles are flat", is_flat(flat, "handles"))]
    sys.exit(0 if all(well) else 1)


if __name__ == "__main__":
    main()
