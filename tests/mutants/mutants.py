"""Reads tests/mutants/*.txt and applies mutants to source text.

    python3 mutants.py [ROOT]    checks that every mutant applies exactly once

README.md describes the form. A mutant is found by its code alone: comments, indentation and blank
lines may change. The replacement takes as many lines as the original, so that line numbers in the rest
of the file stay, and with them the machine code that contains them.
"""
import dataclasses
import pathlib
import re
import sys

FOLDER = pathlib.Path(__file__).resolve().parent


@dataclasses.dataclass
class Mutant:
    area: str
    name: str  # AREA.NAME
    file: str
    function: str
    why: str
    old: list
    new: list


class Refused(Exception):
    """A mutant is not written as README.md says, or does not apply."""


def code_lines(lines):
    """[(index, text)] of the lines that have code: without comments, spaces collapsed."""
    result = []
    in_comment = False
    for index, line in enumerate(lines):
        code = ""
        while line:
            if in_comment:
                end = line.find("*/")
                line = "" if end < 0 else line[end + 2:]
                in_comment = end < 0
            else:
                begin = line.find("/*")
                code += line if begin < 0 else line[:begin]
                line = "" if begin < 0 else line[begin + 2:]
                in_comment = begin >= 0
        code = " ".join(code.split())
        if code:
            result.append((index, code))
    return result


def function_lines(lines, name):
    """Where the body of a function is, from its signature to its brace: (first, after)."""
    pattern = re.compile(r"[A-Za-z_].*\b" + re.escape(name) + r"\(")
    found = []
    for first, line in enumerate(lines):
        if not pattern.match(line):
            continue
        head = first
        while head < len(lines) and not re.search(r"[;{]\s*(/\*.*)?$", lines[head]):
            head += 1
        if head == len(lines) or ";" in lines[head]:
            continue  # a declaration
        after = head
        while lines[after] != "}":
            after += 1
        found.append((first, after + 1))
    if len(found) != 1:
        raise Refused(f"the function {name} occurs {len(found)} times")
    return found[0]


def find(mutant, lines):
    """The lines that the mutant replaces: (first, after)."""
    first, after = function_lines(lines, mutant.function)
    code = code_lines(lines[first:after])
    old = [text for _, text in code_lines(mutant.old)]
    texts = [text for _, text in code]
    places = [i for i in range(len(texts) - len(old) + 1) if texts[i:i + len(old)] == old]
    if len(places) != 1:
        raise Refused(f"its old lines occur {len(places)} times in {mutant.function}")
    at = places[0]
    return first + code[at][0], first + code[at + len(old) - 1][0] + 1


def apply(mutant, text):
    """The text of the mutant's file with the mutant in it."""
    lines = text.split("\n")
    try:
        first, after = find(mutant, lines)
    except Refused as refused:
        raise Refused(f"{mutant.name}: {mutant.file}: {refused}") from None
    padding = [""] * (after - first - len(mutant.new))
    return "\n".join(lines[:first] + mutant.new + padding + lines[after:])


def read_area(path):
    """([Mutant], {kind of test: [name]}) of one file."""
    mutants = []
    tests = {}
    current = None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        word, _, rest = line.partition(" ")
        if not line.strip() or line.startswith("#"):
            continue
        if word == "tests":
            kind, _, names = rest.partition(" ")
            tests.setdefault(kind, []).extend(names.split())
        elif word == "mutant":
            current = Mutant(path.stem, f"{path.stem}.{rest}", "", "", "", [], [])
            mutants.append(current)
        elif word == "in":
            current.file, current.function = rest.split()
        elif word == "why":
            current.why = rest
        elif line[0] in "-+|":
            for lines in [current.old] * (line[0] in "-|") + [current.new] * (line[0] in "+|"):
                lines.append(line[1:])
        elif line.startswith("    "):
            current.why += " " + line.strip()
        else:
            raise Refused(f"{path.name}:{number}: what is this: {line}")
    for mutant in mutants:
        if not (mutant.file and mutant.why and mutant.old and mutant.old != mutant.new):
            raise Refused(f"{mutant.name}: `in`, `why` or the changed lines are missing")
    return mutants, tests


def read_all(folder=FOLDER):
    """([Mutant], {area: {kind: [name]}}), the mutants in turn from each area."""
    areas = {}
    tests = {}
    for path in sorted(folder.glob("*.txt")):
        areas[path.stem], tests[path.stem] = read_area(path)
    mutants = []
    for round_ in range(max(map(len, areas.values()))):
        mutants += [area[round_] for area in areas.values() if round_ < len(area)]
    if len({mutant.name for mutant in mutants}) != len(mutants):
        raise Refused("two mutants have the same name")
    return mutants, tests


def main():
    root = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER.parent.parent
    failures = 0
    mutants = []
    try:
        mutants, _ = read_all()
    except Refused as refused:
        sys.exit(str(refused))
    for mutant in mutants:
        try:
            apply(mutant, (root / mutant.file).read_text())
        except (Refused, OSError) as failure:
            print(failure, file=sys.stderr)
            failures += 1
    print(f"{len(mutants) - failures} of {len(mutants)} mutants apply")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
