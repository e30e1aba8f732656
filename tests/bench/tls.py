"""tls.py: runs Portico and a raw epoll loop with OpenSSL on the same work, and prints a table.

    python3 tls.py BUILD [ROUNDS [STARTS [SECONDS [PART...]]]]

BUILD is a built preset `linux`. As compare.py does it, both servers and their clients run at the
same time and take turns in rounds of a fraction of a second, on processors 0 and 1, and each ratio
is the median of the ratios within a round. STARTS times with new processes. SECONDS are those of a
round: more of them help on a machine that has other things to do. By default 15, 3 and 0.15.
PARTs are the first words of rows, such as `echo` or `echo 100`; by default all.
"""
import pathlib
import statistics
import subprocess
import sys

import compare

TLS = """max_per_address = 0
handshake_timeout_ms = 120000
tls = yes
certificate = {folder}/certificate.pem
key = {folder}/key.pem
"""

ECHO = [(1, 1, 64), (100, 1, 64), (100, 16, 64), (1000, 1, 64), (100, 1, 4096)]


class TlsBench(compare.Bench):
    def __init__(self, build, plan):
        super().__init__(build, None, plan)
        self.work.mkdir(parents=True, exist_ok=True)
        self.keys = self.work / "keys"
        subprocess.run(["sh", compare.ROOT / "scripts" / "certificate.sh", self.keys],
                       check=True, stdout=subprocess.DEVNULL)

    def command(self, name, folder, workers, module, settings, file):
        if name.startswith("raw"):
            release = ["--release"] if name == "raw release" else []
            return [self.tests / "bench.raw_tls", self.keys / "certificate.pem",
                    self.keys / "key.pem"] + release
        found = super().command(name, folder, workers, module, settings, file)
        with (folder / "host.ini").open("a") as ini:
            ini.write(TLS.format(folder=self.keys))
        return found

    def times(self, arguments):
        return {"warm_up_ms": 30, "seconds": self.plan["seconds"]}

    def keep(self, which, found):
        self.rows.append(which | found)

    def measure(self, what, names, **work):
        """Prints the medians of a point, and each server's ratio to the first."""
        if sys.argv[5:] and not any(what.startswith(part) for part in sys.argv[5:]):
            return
        self.rows = []
        self.in_turn([({"server": name}, {"cpus": None}, {"in_flight": 1} | work)
                      for name in names])
        by_round = {}
        for row in self.rows:
            if int(row["messages"]) > 0:
                by_round.setdefault(row["round"], {})[row["server"]] = row
        by_round = {at: found for at, found in by_round.items() if len(found) == len(names)}
        for name in names:
            us = [float(found[name]["server_us"]) for found in by_round.values()]
            ratios = [float(found[name]["server_us"]) / float(found[names[0]]["server_us"])
                      for found in by_round.values()]
            quarter = statistics.quantiles(ratios, n=4)
            last = by_round[max(by_round)][name]
            resumed = int(last["resumed"]) / max(int(last["handshakes"]), 1)
            print(f"| {what} | {name} | {statistics.median(us):.2f} "
                  f"| {1e6 / statistics.median(us):,.0f} | {statistics.median(ratios):.3f} "
                  f"| {quarter[0]:.3f} to {quarter[2]:.3f} | {resumed:.0%} |", flush=True)


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 15
    starts = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    seconds = float(sys.argv[4]) if len(sys.argv) > 4 else 0.15
    bench = TlsBench(build, {"rounds": rounds, "starts": starts, "seconds": seconds})
    names = ["raw", "raw release", "portico"]
    print("| work | server | server us | per second of processor time | x raw | middle half "
          "| resumed |\n|---|---|---:|---:|---:|---|---:|")
    for connections, in_flight, size in ECHO:
        bench.measure(f"echo {connections} x {in_flight}, {size} bytes", names, tls="whole",
                      connections=connections, in_flight=in_flight, size=size)
    for how in ("whole", "resume"):
        bench.measure(f"handshakes, {how}", names, tls=how, work="churn", connections=16)


if __name__ == "__main__":
    main()
