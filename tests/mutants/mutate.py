"""The program of scripts/mutate.sh; see tests/mutants/README.md."""
import argparse
import csv
import ctypes
import dataclasses
import fcntl
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

import mutants as forms
import table

ROOT = forms.FOLDER.parent.parent
WORK = ROOT / "build" / "mutants"
RESULTS = WORK / "results.csv"


@dataclasses.dataclass
class Catcher:
    preset: str
    targets: list  # what a mutant makes it necessary to build
    kind: str  # of its tests; "": each test is named KIND.NAME
    program: str  # which contains the mutated code, in the build folder


CATCHERS = {
    "sim": Catcher("linux", ["test-sim"], "sim", "tests/test-sim"),
    "contract": Catcher("linux", ["test-contract"], "contract", "tests/test-contract"),
    "unit": Catcher("linux", ["test-unit"], "unit", "tests/test-unit"),
    "integration": Catcher("linux", ["portico"], "integration", "bin/portico"),
    "tsan": Catcher("tsan", ["portico", "test-unit"], "", "bin/portico"),
}
# Optimised like RelWithDebInfo, but a build of type Debug has no link-time optimisation,
# which takes longer than most tests (host/CMakeLists.txt).
BUILD_TYPE = ["-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_C_FLAGS_DEBUG=-O2 -g -DNDEBUG"]
SEEDS = 16  # that one process of the simulation runs; the last one has one fault only
SETUP_TARGETS = ["portico_serve", "portico_test_modules", "test-unit", "test-contract",
                 "test-integration"]


# ---- processes ----------------------------------------------------------------------------------

def become_subreaper():
    """What a killed test leaves behind becomes a child of this process, which ends it."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def end_children():
    """Ends all children of this process and theirs."""
    while True:
        try:
            children = pathlib.Path("/proc/self/task").joinpath(str(os.getpid()), "children")
            pids = [int(pid) for pid in children.read_text().split()]
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
            if not pids:
                return
            os.waitpid(-1, 0)
        except (ChildProcessError, ProcessLookupError):
            pass


def run(command, limit_s, **options):
    """(exit code or None after `limit_s`, output)"""
    with open(WORK / f"output.{os.getpid()}", "w+", errors="replace") as output:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                 **options)
        try:
            code = child.wait(limit_s)
        except subprocess.TimeoutExpired:
            code = None
            child.kill()
            child.wait()
        end_children()
        output.seek(max(0, output.seek(0, os.SEEK_END) - 100000))
        return code, output.read()


# ---- a copy of the tree -------------------------------------------------------------------------

class Tree:
    """A scratch copy of the tree with its build folders, which one process uses."""

    def __init__(self, number):
        self.root = WORK / str(number) / "tree"
        self.tests = {}  # preset: {name: ctest's description}

    def refresh(self):
        """Makes the copy equal to the user's tree; touches only what differs."""
        names = subprocess.run(
            ["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            check=True, stdout=subprocess.PIPE).stdout.decode().split("\0")
        names = {name for name in names if name and (ROOT / name).is_file()}
        for name in names:
            source, copy = ROOT / name, self.root / name
            if not copy.is_file() or copy.read_bytes() != source.read_bytes():
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, copy)
                shutil.copymode(source, copy)
        for copy in self.root.rglob("*"):
            name = copy.relative_to(self.root).as_posix()
            if not name.startswith("build/") and copy.is_file() and name not in names:
                copy.unlink()

    def build(self, preset, targets):
        """None, or why it cannot be built."""
        folder = self.root / "build" / preset
        if not (folder / "build.ninja").exists():
            code, output = run(["cmake", "--preset", preset, *BUILD_TYPE], 600, cwd=self.root)
            if code != 0:
                return output
        code, output = run(["cmake", "--build", folder, "-j", "2", "--target", *targets], 1800)
        return None if code == 0 else output

    def list_tests(self, preset):
        shown = subprocess.run(["ctest", "--show-only=json-v1"], check=True,
                               cwd=self.root / "build" / preset, stdout=subprocess.PIPE).stdout
        self.tests[preset] = {test["name"].partition("/")[2]: test
                              for test in json.loads(shown)["tests"]}

    def run_test(self, preset, name, limit_s):
        """(None or how it failed, seconds)"""
        environment = dict(os.environ)
        if name.startswith("sim."):  # sim.SCENARIO.FIRST_SEED
            folder = self.root.parent / "sim"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            environment["PORTICO_TEST_DIR"] = str(folder)
            program = self.root / "build" / preset / CATCHERS["sim"].program
            _, scenario, seed = name.split(".")
            command = [program, "explore", scenario, "0", seed, f"seeds={SEEDS}", "jobs=1",
                       "limit=10", "shrink=0", f"keep={folder}"]
        else:
            test = self.tests[preset][name]
            properties = {entry["name"]: entry["value"] for entry in test["properties"]}
            environment.update(entry.split("=", 1) for entry in properties.get("ENVIRONMENT", []))
            folder = properties["WORKING_DIRECTORY"]
            limit_s = min(limit_s, properties["TIMEOUT"])
            command = test["command"]
        begun = time.monotonic()
        code, output = run(command, limit_s, env=environment, cwd=folder)
        seconds = time.monotonic() - begun
        return (None if code == 0 else how_it_failed(code, output)), seconds

    def fingerprint(self, catcher):
        """Of the machine code that the catcher runs."""
        program = self.root / "build" / catcher.preset / catcher.program
        copy = self.root.parent / "code"
        subprocess.run(["objcopy", "-O", "binary", "-j", ".text", "-j", ".rodata", program, copy],
                       check=True)
        return hashlib.sha256(copy.read_bytes()).hexdigest()


def how_it_failed(code, output):
    if code is None:
        return "hang"
    simulated = re.search(r"^FAILED \S+ (.*)", output, re.MULTILINE)
    if simulated:
        return simulated.group(1)[:80]
    for sign, text in (("data race", "data race"), ("heap-use-after-free", "use after free"),
                       ("lock-order-inversion", "lock order"), ("ThreadSanitizer", "sanitizer"),
                       ("invariant", "invariant"), ("SIGSEGV", "crash"), ("signal 11", "crash")):
        if sign in output:
            return text
    return f"signal {-code}" if code < 0 else "check"


# ---- mutants ------------------------------------------------------------------------------------

def selection(tests, area, name, limits):
    """The full names of the area's tests for the catcher `name`."""
    if name == "sim":
        return list(limits)
    kind = CATCHERS[name].kind
    return [f"{kind}.{test}" if kind else test for test in tests[area].get(name, [])]


def run_selection(tree, preset, names, limits, seconds):
    """Runs tests until one fails or `seconds` are over: (verdict, seconds, test, how)."""
    spent = 0.0
    for name in names:
        if spent >= seconds or name not in limits:
            break
        how, took = tree.run_test(preset, name, limits[name])
        spent += took
        if how is not None:
            again, _ = (how, 0) if how == "hang" else tree.run_test(preset, name, limits[name])
            return "caught", spent, name, how + ("" if again else " (not again)")
    return "survived", spent, "", ""


def limit_of(base_s):
    """The seconds after which a test hangs that takes `base_s` unmutated; the machine is shared."""
    return 3 * base_s + 10


class Measured:
    """The seconds that tests take in the unmutated tree, kept until the tree is built in another way."""

    def __init__(self, tree, catcher):
        program = pathlib.Path(catcher.program).name
        self.path = tree.root.parent / f"measured.{catcher.preset}.{program}"
        self.tree = tree
        self.preset = catcher.preset
        built = tree.fingerprint(catcher)
        self.seconds = {}
        if self.path.exists():
            kept = json.loads(self.path.read_text())
            self.seconds = kept["seconds"] if kept["built"] == built else {}
        self.built = built

    def of(self, test):
        """None: the test fails, twice since the machine may be busy."""
        if test not in self.seconds:
            how, took = self.tree.run_test(self.preset, test, 600)
            if how is not None:
                how, took = self.tree.run_test(self.preset, test, 600)
            if how is not None or took > 1:
                print(f"{self.preset}/{test} unmutated: {took:.1f} s {how or ''}", flush=True)
            self.seconds[test] = took if how is None else None
        return self.seconds[test]

    def keep(self):
        self.path.write_text(json.dumps({"built": self.built, "seconds": self.seconds}))


def simulations(tree, known, seconds):
    """{sim.SCENARIO.FIRST_SEED: limit} for as many seeds as `seconds` suffice for, some of all
    scenarios before the next. Seeds that fail unmutated are of no use here and left out."""
    program = tree.root / "build" / "linux" / CATCHERS["sim"].program
    listed = subprocess.run([program], check=True, stdout=subprocess.PIPE).stdout.decode()
    limits = {}
    spent = 0
    seed = 1
    while spent < seconds:
        for scenario in listed.split():
            took = known.of(f"sim.{scenario}.{seed}")
            if took is not None:
                limits[f"sim.{scenario}.{seed}"] = limit_of(took)
            spent += took or 1
        seed += SEEDS
    return limits


def check_unmutated(tree, catchers, tests, areas, seconds):
    """Builds the tree, runs all selections and measures them. {catcher: {test: limit}}"""
    limits = {}
    for name in catchers:
        catcher = CATCHERS[name]
        why = tree.build(catcher.preset, SETUP_TARGETS + catcher.targets)
        if why is not None:
            sys.exit(f"The unmutated tree does not build:\n{why}")
        tree.list_tests(catcher.preset)
        known = Measured(tree, catcher)
        limits[name] = simulations(tree, known, seconds) if name == "sim" else {}
        for area in areas if name != "sim" else []:
            spent = 0
            for test in selection(tests, area, name, {}):
                if spent >= seconds:
                    break  # a mutant would not come so far either
                if test not in tree.tests[catcher.preset]:
                    sys.exit(f"{area}.txt names the test {test}, which {catcher.preset} has not")
                took = known.of(test)
                if took is None:
                    sys.exit(f"The unmutated tree fails {catcher.preset}/{test}")
                limits[name][test] = limit_of(took)
                spent += took
        known.keep()
    return limits


def try_catcher(tree, mutant, name, tests, limits, unmutated, seconds):
    """One row of the results: (verdict, seconds, test, how)."""
    catcher = CATCHERS[name]
    why = tree.build(catcher.preset, catcher.targets)
    if why is not None:
        print(why, flush=True)
        return "does not build", 0, "", ""
    if tree.fingerprint(catcher) == unmutated[name]:
        return "same code", 0, "", ""
    names = selection(tests, mutant.area, name, limits[name])
    return run_selection(tree, catcher.preset, names, limits[name], seconds)


def try_mutant(tree, mutant, catchers, until_caught, *how):
    """Applies the mutant and lets the catchers try; the tree is then as before."""
    path = tree.root / mutant.file
    original = path.read_text()
    path.write_text(forms.apply(mutant, original))
    try:
        for name in catchers:
            verdict, seconds, test, reason = try_catcher(tree, mutant, name, *how)
            row = [mutant.name, name, key_of(mutant), verdict, f"{seconds:.1f}", test, reason]
            print(time.strftime("%H:%M:%S"), *row, flush=True)
            append_row(RESULTS, row)
            if verdict == "caught" and until_caught:
                break
    finally:
        path.write_text(original)


def key_of(mutant):
    """Changes when the mutant does: then its results are measured anew."""
    text = "\n".join([mutant.file, mutant.function, *mutant.old, "=", *mutant.new])
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def append_row(path, row):
    with open(path, "a", newline="") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if file.tell() == 0:
            csv.writer(file).writerow(table.COLUMNS)
        csv.writer(file).writerow(row)


def work(number, chosen, catchers, tests, options):
    """Tries every `options.jobs`-th mutant that has no result yet."""
    become_subreaper()
    tree = Tree(number)
    tree.refresh()
    mine = chosen[number - 1::options.jobs]
    limits = check_unmutated(tree, catchers, tests, sorted({m.area for m in mine}),
                             options.seconds)
    unmutated = {name: tree.fingerprint(CATCHERS[name]) for name in catchers}
    for mutant in mine:
        done = table.done(RESULTS)
        left = [name for name in catchers if (mutant.name, name, key_of(mutant)) not in done]
        if left:
            try_mutant(tree, mutant, left, options.left, tests, limits, unmutated,
                       options.seconds)


def main():
    parser = argparse.ArgumentParser(prog="mutate.sh")
    parser.add_argument("names", nargs="*", metavar="NAME|AREA")
    parser.add_argument("--with", dest="catchers", default="sim,contract,unit,integration,tsan")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=45)
    parser.add_argument("--left", action="store_true",
                        help="only mutants that nothing has caught, each until something does")
    parser.add_argument("--again", action="store_true", help="forget earlier results")
    parser.add_argument("--table", action="store_true", help="only print the results")
    options = parser.parse_args()
    mutants, tests = forms.read_all()
    chosen = [m for m in mutants
              if not options.names or m.name in options.names or m.area in options.names]
    catchers = options.catchers.split(",")
    if not chosen or not set(catchers) <= set(CATCHERS):
        parser.error("no such mutant, area or catcher")
    if options.left:
        caught = table.caught(RESULTS, {m.name: key_of(m) for m in chosen})
        chosen = [m for m in chosen if m.name not in caught]
    if not options.table:
        WORK.mkdir(parents=True, exist_ok=True)
        if options.again:
            table.forget(RESULTS, {m.name for m in chosen}, catchers)
        workers = []
        for number in range(1, options.jobs + 1):
            pid = os.fork()
            if pid == 0:
                work(number, chosen, catchers, tests, options)
                os._exit(0)
            workers.append(pid)
        if any(os.waitpid(pid, 0)[1] for pid in workers):
            sys.exit("a worker has failed; what it has measured is kept")
    table.show(RESULTS, chosen, {m.name: key_of(m) for m in chosen})


if __name__ == "__main__":
    main()
