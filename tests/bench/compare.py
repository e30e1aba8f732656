"""compare.py: runs Portico, raw loops on epoll and io_uring, libuv and Boost.Asio on the same work,
and under Wine Portico and a raw loop on a completion port. It keeps every sample.

    python3 compare.py BUILD SAMPLES REPORT [--quick] [--only PART[,PART...]]

BUILD is a built preset `linux` (scripts/bench.sh builds it). Samples go to the folder SAMPLES, the
report and its plots to the folder REPORT. PARTs: echo, websocket, broadcast, churn, workers, toil,
calls, allocations, idle, swap, grow, wine; by default all, wine only if the preset `windows-clang` is
built beside BUILD. A part replaces its samples in SAMPLES, so parts can be measured at different
times; compare_report.py then writes tables and plots from all samples.

Servers take turns. All of them, each with its client, run at the same time, and each in turn has a
round of a fraction of a second while the others sleep: A B C D, B C D A, ... So changes of the
machine affect all alike, and a ratio within a round says more than its figures. After some rounds
all start anew, with other addresses. Servers run on processor 0, clients on 1.
"""
import argparse
import contextlib
import csv
import datetime
import functools
import os
import pathlib
import platform
import resource
import select
import shutil
import signal
import subprocess
import sys
import time

import compare_report
import grow

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
START_S = 20

INI = """[host]
workers = {workers}
run_dir = run
ready_file = ready

[log]
level = warn

[admin]
enabled = no

[modules]
autoload = no

[module {module}]
file = {drive}{file}
{settings}
[listener game]
address = 127.0.0.1
port = 0
type = {module}.session
max_sessions = 1000000
listen_backlog = 4096
{listener}"""

FULL = {
    "starts": 3, "rounds": 9,
    "echo": [(n, k) for n in (1, 100, 1000, 10000) for k in (1, 16)],
    "websocket": [(1, 1), (1, 16), (100, 1), (100, 16), (1000, 16)],
    "broadcast": [10, 100, 1000], "churn": [16],
    "workers": [(1, 1), (100, 1), (100, 16), (1000, 1), (1000, 16)],
    "toil": [(1, 1), (2, 1), (4, 1), (100, 1)],
    "calls": [(1, 1), (1, 16), (100, 1), (100, 16)],
    "allocations": [(1, 1), (100, 1), (100, 16), (1000, 1)],
    "idle": [10000, 50000], "swap": ["100", "0", "100", "1000", "10000"], "grow": grow.FULL,
    "wine": [(1, 1), (1, 16), (100, 1), (100, 16), (1000, 16)],
}
QUICK = {
    "starts": 1, "rounds": 5,
    "echo": [(1, 1), (1, 16), (100, 1), (100, 16)],
    "websocket": [(1, 1), (100, 1), (100, 16)],
    "broadcast": [100], "churn": [16], "workers": [(100, 1)], "toil": [(100, 1)],
    "calls": [(1, 1), (100, 16)], "allocations": [(100, 16)],
    "idle": [1000], "swap": ["20", "0", "100"], "grow": grow.QUICK, "wine": [(1, 1), (100, 16)],
}


class Bench:
    def __init__(self, build, samples, plan):
        self.build, self.samples, self.plan = build, samples, plan
        self.tests = build / "tests"
        # gcc's thread-local variables cost calls: see README.md.
        self.windows = build.parent / "windows-clang"
        self.work = build / "tests" / "run" / "bench"
        shutil.rmtree(self.work, ignore_errors=True)
        self.servers = 0  # how many were started
        self.rows = []
        self.cpus = sorted(os.sched_getaffinity(0))
        if len(self.cpus) < 2:
            sys.exit("compare.py: needs two processors, one for the server and one for the client")

    # ---- processes -------------------------------------------------------------------------------

    @staticmethod
    def prepare(cpus):
        """Runs in a child before it becomes its program."""
        def in_child():
            os.sched_setaffinity(0, cpus)
            hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        return in_child

    @contextlib.contextmanager
    def server(self, name, cpus=None, workers=1, module="echo", counted=None, settings="",
               file=None):
        """Starts a server; yields (its process, port). `counted`: the file for its allocations;
        `settings`: further lines of the module's section, and further sections; `file`: the
        module's library, if it is not the one that was built."""
        self.servers += 1
        folder = self.work / f"{self.servers}-{name}-{module}"
        folder.mkdir(parents=True)
        environment = dict(os.environ)
        if counted:
            environment |= {"LD_PRELOAD": str(self.tests / "bench.count_allocations.so"),
                            "COUNT_ALLOCATIONS": str(counted)}
        if name in WINE:
            environment |= self.wine_environment()
        with (folder / "output").open("w") as output:
            process = subprocess.Popen(self.command(name, folder, workers, module, settings, file),
                                       cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                                       stdout=output, stderr=output,
                                       preexec_fn=self.prepare(cpus or {self.cpus[0]}))
        try:
            yield process, self.port(process, folder)
        finally:
            process.send_signal(signal.SIGINT if name in WINE else signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def command(self, name, folder, workers, module, settings, file):
        broadcast = module == "shout"
        if name in ("portico", "portico_web", "wine"):
            windows = name == "wine"
            listener = "transport = websocket\n" if name == "portico_web" else ""
            build = self.windows if windows else self.build
            modules = build / ("modules" if module == "echo" else "tests/modules")
            file = file or modules / (module + (".dll" if windows else ".so"))
            ini = INI.format(workers=workers, module=module, drive="Z:" if windows else "",
                             file=file, settings=settings, listener=listener)
            (folder / "host.ini").write_text(ini)
            program = build / "bin" / ("portico.exe" if windows else "portico")
            return (["wine"] if windows else []) + [program, "run", "host.ini"]
        raw = [self.tests / "bench.raw_epoll", "--threads", str(workers)]
        return {
            "raw": raw + (["--broadcast"] if broadcast else []),
            "uring": [self.tests / "bench.raw_uring"],
            "uv": [self.tests / "bench.uv_echo"],
            "asio": [self.tests / "bench.asio_echo", str(workers)],
            "uws": [self.tests / "bench.uws_echo"],
            "lws": [self.tests / "bench.lws_echo"],
            "ws": ["node", HERE / "ws_echo.mjs", ROOT / "build" / "websocket"],
            "iocp": ["wine", self.windows / "tests" / "bench.raw_iocp.exe", "skip"],
            "iocp_plain": ["wine", self.windows / "tests" / "bench.raw_iocp.exe"],
        }[name]

    @staticmethod
    def port(process, folder):
        """Portico writes its ready_file, the others print `port=N`."""
        until = time.monotonic() + START_S
        while time.monotonic() < until and process.poll() is None:
            ready = folder / "ready"
            for line in (ready.read_text() if ready.exists() else "").splitlines():
                if line.startswith("listener game "):
                    return int(line.rsplit(":", 1)[1])
            for line in (folder / "output").read_text().splitlines():
                if line.startswith("port="):
                    return int(line[5:])
            time.sleep(0.01)
        output = (folder / "output").read_text()
        sys.exit(f"compare.py: {process.args} does not serve: {output}")

    @contextlib.contextmanager
    def client(self, process, port, **arguments):
        """Connects a client; yields a function that runs a round and returns its figures as a dict
        of texts."""
        pids = [process.pid] + ([self.wine_server] if self.wine_server else [])
        command = [self.tests / "bench.load", "--steps", "--port", str(port),
                   "--pid", ",".join(map(str, pids))]
        if arguments.pop("websocket", False):
            command.append("--websocket")
        for key, value in (self.times(arguments) | arguments).items():
            command += ["--" + key.replace("_", "-"), str(value)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True,
                              preexec_fn=self.prepare(self.client_cpus())) as client:
            def line():
                text = client.stdout.readline()
                if not text:
                    sys.exit(f"compare.py: {' '.join(map(str, command))}: {client.stderr.read()}")
                return text

            def one_round():
                before = processor_ticks()
                client.stdin.write("\n")
                client.stdin.flush()
                found = figures(line())
                stolen, ticks = (now - then for now, then in zip(processor_ticks(), before))
                return found | {"stolen": f"{stolen / max(ticks, 1):.3f}"}
            line()  # ready
            yield one_round

    @staticmethod
    def times(arguments):
        """The length of a round: each connection should speak a few times in it."""
        many = arguments["connections"] * arguments.get("in_flight", 1) > 5000
        return {"warm_up_ms": 150, "seconds": 0.4} if many else {"warm_up_ms": 30, "seconds": 0.15}

    def client_cpus(self):
        return {self.cpus[2] if len(self.cpus) > 2 and self.sharing else self.cpus[1]}

    sharing = False  # the server has two processors
    wine_server = None  # its process id; it does a share of the work

    def in_turn(self, contestants):
        """Lets contestants take turns. Each is (columns of its samples, the server's arguments, the
        client's)."""
        rounds = self.plan["rounds"]
        for start in range(self.plan["starts"]):
            with contextlib.ExitStack() as stack:
                clients = []
                for which, server, work in contestants:
                    process, port = stack.enter_context(self.server(which["server"], **server))
                    clients.append((which, stack.enter_context(self.client(process, port, **work))))
                for turn in range(rounds):
                    first = turn % len(clients)
                    for which, one_round in clients[first:] + clients[:first]:
                        self.keep(which | {"round": start * rounds + turn}, one_round())

    def once(self, part, name, work, **server):
        with (self.server(name, **server) as (process, port),
              self.client(process, port, **work) as one_round):
            self.keep({"part": part, "server": name, "workers": 1, "round": 0}, one_round())

    def keep(self, which, found):
        row = which | found
        self.rows.append(row)
        wanted = ("curve", "count", "per_second", "server_us", "p50_us", "p99_us")
        shown = " ".join(f"{figure}={row[figure]}" for figure in wanted if figure in row)
        print("{part} {server}/{workers} {connections} x {in_flight}:".format(**row), shown,
              file=sys.stderr)

    # ---- parts -----------------------------------------------------------------------------------

    def peers(self):
        """All that were built and that the system permits, in the order of their turns."""
        built = {"raw": "raw_epoll", "uring": "raw_uring", "uv": "uv_echo", "asio": "asio_echo"}
        found = [name for name, file in built.items() if (self.tests / f"bench.{file}").exists()]
        if "uring" in found and not self.has_uring():
            found.remove("uring")
        return found + ["portico"]

    @functools.cache
    def has_uring(self):
        try:
            with self.server("uring"):
                return True
        except SystemExit as why:
            print(why, file=sys.stderr)
            return False

    def compare(self, part, points, servers, module="echo", **work):
        cpus = set(self.cpus[:2]) if self.sharing else None
        for connections, in_flight in points:
            self.in_turn([({"part": part, "server": name, "workers": workers},
                           {"cpus": cpus, "workers": workers, "module": module},
                           {"connections": connections, "in_flight": in_flight} | work)
                          for name, workers in servers])

    def echo(self):
        self.compare("echo", self.plan["echo"], [(name, 1) for name in self.peers()])

    def web_peers(self):
        """Servers of WebSocket, as far as they can be had."""
        found = [name for name in ("uws", "lws") if (self.tests / f"bench.{name}_echo").exists()]
        npm = ROOT / "build" / "websocket" / "node_modules" / "ws"
        return found + ["ws"] * npm.exists() + ["portico_web"]

    def websocket(self):
        """Beside Portico's own u16 path, over which the same messages have the same size."""
        for connections, in_flight in self.plan["websocket"]:
            work = {"connections": connections, "in_flight": in_flight}
            self.in_turn([({"part": "websocket", "server": name, "workers": 1}, {},
                           work | {"websocket": name != "portico"})
                          for name in ["portico"] + self.web_peers()])

    def broadcast(self):
        points = [(members, 1) for members in self.plan["broadcast"]]
        self.compare("broadcast", points, [("raw", 1), ("portico", 1)], "shout", work="broadcast")

    def churn(self):
        points = [(connections, 1) for connections in self.plan["churn"]]
        self.compare("churn", points, [(name, 1) for name in self.peers()], work="churn")

    def workers(self):
        self.sharing = True
        others = [("raw", 1), ("raw", 2)] + [("asio", 2)] * ("asio" in self.peers())
        self.compare("workers", self.plan["workers"], [("portico", 1), ("portico", 2)] + others)
        self.sharing = False

    def toil(self):
        self.sharing = True
        self.compare("toil", self.plan["toil"], [("portico", 1), ("portico", 2)], "toil")
        self.sharing = False

    def allocations(self):
        file = self.work / "allocations"
        self.work.mkdir(parents=True, exist_ok=True)
        for connections, in_flight in self.plan["allocations"]:
            for name in self.peers():
                file.unlink(missing_ok=True)
                work = {"connections": connections, "in_flight": in_flight, "allocations": file}
                self.once("allocations", name, work, counted=file)

    def idle(self):
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 500
        for connections in sorted({min(wanted, most) for wanted in self.plan["idle"]}):
            for name in self.peers() + self.web_peers():
                self.once("idle", name, {"connections": connections, "work": "idle",
                                         "websocket": name in WEB})

    def calls(self):
        if not shutil.which("strace"):
            print("no strace: no system calls are counted", file=sys.stderr)
            return
        for connections, in_flight in self.plan["calls"]:
            for name in self.peers():
                work = {"connections": connections, "in_flight": in_flight, "warm_up_ms": 0}
                with (self.server(name) as (process, port),
                      self.client(process, port, **work) as one_round):
                    found = self.traced(process, one_round)
                if found:
                    self.keep({"part": "calls", "server": name, "workers": 1, "round": 0}, found)

    def traced(self, process, one_round):
        """A round, with system calls per message: strace runs from before the first to after the
        last."""
        output = self.work / "strace"
        command = ["strace", "-c", "-f", "-o", output, "-p", str(process.pid)]
        with subprocess.Popen(command, stderr=subprocess.PIPE,
                              preexec_fn=self.prepare(self.client_cpus())) as strace:
            attached = (select.select([strace.stderr], [], [], 10)[0] and
                        b"attached" in os.read(strace.stderr.fileno(), 4096))
            time.sleep(0.05)  # also to its other threads
            found = one_round() if attached else None
            strace.send_signal(signal.SIGINT)
            strace.communicate(timeout=20)
        if not found:
            print("strace did not work: no system calls are counted", file=sys.stderr)
            return None
        return found | calls_of(output.read_text(), int(found["total"]))

    def swap(self):
        folder = self.work / "swap"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        environment = dict(os.environ) | {
            "PORTICO_EXE": str(self.build / "bin" / "portico"),
            "PORTICO_MODULES_DIR": str(self.build / "modules"),
            "PORTICO_TEST_MODULES_DIR": str(self.tests / "modules"),
            "PORTICO_TEST_DIR": str(folder), "PORTICO_SOURCE_DIR": str(ROOT)}
        done = subprocess.run([self.tests / "bench.swap_pause"] + self.plan["swap"], cwd=folder,
                              env=environment, capture_output=True, text=True, timeout=300)
        if done.returncode != 0:
            sys.exit(f"compare.py: bench.swap_pause: {done.stdout}{done.stderr}")
        (self.samples / "swap_pause.md").write_text(done.stdout)

    def grow(self):
        grow.measure(self)

    # ---- Wine ------------------------------------------------------------------------------------

    def wine_environment(self):
        prefix = os.environ.get("WINEPREFIX", str(ROOT / "build" / "wineprefix"))
        return {"WINEPREFIX": prefix, "WINEDLLPATH": str(self.windows / "wine"),
                "WINEDEBUG": "-all"}

    def wine(self):
        """Measures Wine's one server process along with the server, on the same processor, because
        it takes part in each call."""
        if not (self.windows / "tests" / "bench.raw_iocp.exe").exists() or not shutil.which("wine"):
            print("preset windows-clang is not built, or there is no Wine: nothing is measured",
                  "under Wine", file=sys.stderr)
            return
        environment = dict(os.environ) | self.wine_environment()
        there_before = wine_server_of(environment["WINEPREFIX"])
        subprocess.run(["sh", ROOT / "scripts" / "wine.sh", "--prepare"], env=environment,
                       check=True)
        subprocess.run(["wineserver", "-p"], env=environment, check=False,
                       preexec_fn=self.prepare({self.cpus[0]}))
        self.wine_server = wine_server_of(environment["WINEPREFIX"])
        try:
            os.sched_setaffinity(self.wine_server, {self.cpus[0]})
            self.compare("wine", self.plan["wine"], [("iocp", 1), ("iocp_plain", 1), ("wine", 1)])
        finally:
            self.wine_server = None
            if not there_before:
                subprocess.run(["wineserver", "-k"], env=environment, check=False)


PARTS = ["echo", "websocket", "broadcast", "churn", "workers", "toil", "calls", "allocations",
         "idle", "swap", "grow", "wine"]
WINE = ("iocp", "iocp_plain", "wine")
WEB = ("uws", "lws", "ws", "portico_web")


def figures(line):
    """Returns NAME=VALUE NAME=VALUE ... as a dict."""
    return dict(word.split("=", 1) for word in line.split())


def calls_of(table, messages):
    """Returns what `strace -c` counted, per message."""
    kinds = {"recv": ("recvfrom", "recvmsg", "read", "readv"),
             "send": ("sendto", "sendmsg", "write", "writev"),
             "wait": ("epoll_wait", "epoll_pwait", "epoll_pwait2")}
    count = dict.fromkeys(("recv", "send", "wait", "other", "recv_failed"), 0)
    for line in table.splitlines():
        words = line.split()
        if len(words) not in (5, 6) or not words[3].isdigit() or words[-1] == "total":
            continue
        kind = next((kind for kind, names in kinds.items() if words[-1] in names), "other")
        count[kind] += int(words[3])
        if kind == "recv" and len(words) == 6:
            count["recv_failed"] += int(words[4])
    return {f"calls_{kind}": f"{calls / messages:.4f}" for kind, calls in count.items()}


def processor_ticks():
    """Ticks of all processors since the start: those that the hypervisor stole, and all."""
    line = pathlib.Path("/proc/stat").read_text().split("\n", 1)[0]
    ticks = [int(word) for word in line.split()[1:9]]
    return ticks[7], sum(ticks)


def wine_server_of(prefix):
    """The id of the wineserver that serves this prefix, or None."""
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (folder / "comm").read_text().startswith("wineserver"):
                variables = (folder / "environ").read_bytes().split(b"\0")
                if f"WINEPREFIX={prefix}".encode() in variables:
                    return int(folder.name)
    return None


def machine(mode):
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo")
                  if line.startswith("model name")), "?")
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"],
                            capture_output=True, text=True)
    # The results are written here, so they do not count as changes.
    changes = ["git", "-C", ROOT, "diff", "--quiet", "HEAD", "--", ".",
               ":(exclude)tests/bench/results"]
    dirty = "-dirty" if subprocess.run(changes, capture_output=True).returncode else ""
    return {"date": datetime.date.today().isoformat(),
            "commit": (commit.stdout.strip() or "?") + dirty, "mode": mode, "cpu": model,
            "processors": len(os.sched_getaffinity(0)), "kernel": platform.release()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("samples", type=pathlib.Path)
    parser.add_argument("report", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default=",".join(PARTS))
    arguments = parser.parse_args()
    chosen = arguments.only.split(",")
    if not set(chosen) <= set(PARTS):
        parser.error(f"parts are {', '.join(PARTS)}")
    arguments.samples.mkdir(parents=True, exist_ok=True)
    arguments.report.mkdir(parents=True, exist_ok=True)
    bench = Bench(arguments.build.resolve(), arguments.samples.resolve(),
                  QUICK if arguments.quick else FULL)
    rounds = bench.plan["starts"] * bench.plan["rounds"]
    where = {"rounds": rounds} | machine("quick" if arguments.quick else "full")
    for part in chosen:
        began = time.monotonic()
        bench.rows = []
        getattr(bench, part)()
        took = {"part": part, "seconds": round(time.monotonic() - began)}
        replace(arguments.samples / "samples.csv", part, bench.rows)
        replace(arguments.samples / "parts.csv", part, [took | where])
    compare_report.write(arguments.samples, arguments.report)


def replace(file, part, rows):
    """Replaces this part's rows in the file."""
    old = list(csv.DictReader(file.open())) if file.exists() else []
    rows = [row for row in old if row["part"] != part] + rows
    rows.sort(key=lambda row: PARTS.index(row["part"]))
    fields = list(dict.fromkeys(key for row in rows for key, value in row.items() if value != ""))
    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, fields, restval="", extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
