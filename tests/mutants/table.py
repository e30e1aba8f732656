"""The results of scripts/mutate.sh, one row for each mutant and catcher, and their table."""
import csv

COLUMNS = ["mutant", "catcher", "key", "verdict", "seconds", "test", "how"]
CATCHERS = ["sim", "contract", "unit", "integration", "tsan"]


def rows(path):
    if not path.exists():
        return []
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def done(path):
    return {(row["mutant"], row["catcher"], row["key"]) for row in rows(path)}


def caught(path, keys):
    return {row["mutant"] for row in rows(path)
            if row["verdict"] == "caught" and row["key"] == keys.get(row["mutant"])}


def forget(path, mutants, catchers):
    kept = [row for row in rows(path)
            if row["mutant"] not in mutants or row["catcher"] not in catchers]
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(kept)


def cell(row):
    if row is None:
        return ""
    if row["verdict"] == "caught":
        how = [word for word in ("hang", "data race", "not again") if word in row["how"]]
        return ", ".join([f"{float(row['seconds']):.1f} s {row['test'].split('.')[1]}"] + how)
    return {"survived": "no"}.get(row["verdict"], row["verdict"])


def show(path, mutants, keys):
    """Prints the table in Markdown: what caught each mutant, after how long."""
    found = {(row["mutant"], row["catcher"]): row for row in rows(path)
             if keys.get(row["mutant"]) == row["key"]}
    print("| mutant | " + " | ".join(CATCHERS) + " |\n|---|" + "---|" * len(CATCHERS))
    survivors = []
    for mutant in sorted(mutants, key=lambda m: m.area):
        cells = [found.get((mutant.name, catcher)) for catcher in CATCHERS]
        print(f"| `{mutant.name}` | " + " | ".join(map(cell, cells)) + " |")
        verdicts = {row["verdict"] for row in cells if row is not None}
        if "caught" not in verdicts and "survived" in verdicts:
            survivors.append(mutant)
    print()
    for catcher in CATCHERS:
        tried = [found[m.name, catcher] for m in mutants if (m.name, catcher) in found]
        caught = sum(row["verdict"] == "caught" for row in tried)
        print(f"{catcher}: caught {caught} of {len(tried)} tried")
    print(f"survived everything that was tried: {len(survivors)} of {len(mutants)}")
    for mutant in survivors:
        print(f"  {mutant.name}: {mutant.why}")
