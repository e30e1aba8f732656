"""A real Prometheus scrapes a real host, and promtool finds nothing to say about the metrics.

prometheus.py PORTICO MODULES FOLDER PROMETHEUS PROMTOOL CONF: starts the host and Prometheus on
ports of their own, and ends both by their process.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

portico, modules, folder, prometheus, promtool, conf = sys.argv[1:]
folder = pathlib.Path(folder)
WAIT_S = 60
OPENMETRICS = "application/openmetrics-text;version=1.0.0"
SESSIONS = 30


def wait(what, found):
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        value = found()
        if value:
            return value
        time.sleep(0.1)
    sys.exit(f"waited in vain for {what}")


def read(path):
    return path.read_text(encoding="utf-8") if path.exists() else ""


def get(url, headers):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=20) as answer:
        return answer.read().decode("utf-8")


def query(base, text):
    """The value of the first series; None: there is none yet."""
    url = f"{base}/api/v1/query?query={urllib.parse.quote(text)}"
    try:
        result = json.loads(get(url, {}))["data"]["result"]
    except (urllib.error.URLError, ConnectionError):
        return None
    return float(result[0]["value"][1]) if result else None


def check_forms(http, token):
    plain = get(f"http://{http}/metrics", {"Authorization": f"Bearer {token}"})
    lint = subprocess.run([promtool, "check", "metrics"], input=plain, text=True,
                          capture_output=True, check=False)
    if lint.returncode != 0 or lint.stdout or lint.stderr:
        sys.exit(f"promtool check metrics: {lint.stdout}{lint.stderr}")
    new = get(f"http://{http}/metrics",
              {"Authorization": f"Bearer {token}", "Accept": OPENMETRICS})
    assert new.endswith("# EOF\n")


def check_files():
    """The shipped configuration and rules are valid."""
    subprocess.run([promtool, "check", "config", "--syntax-only", f"{conf}/prometheus.yml"],
                   check=True)
    subprocess.run([promtool, "check", "rules", f"{conf}/portico.rules.yml"], check=True)
    alerts = read(pathlib.Path(__file__).parent / "alerts.yml")
    rules = read(pathlib.Path(conf, "portico.rules.yml"))
    for name in re.findall(r"alert: (\w+)", rules):
        if alerts.count(f"alertname: {name}") < 2:
            sys.exit(f"alerts.yml does not say when {name} fires and when it does not")
    known = set(re.findall(r"X\((\w+), \w+,",
                           read(pathlib.Path(conf).parent / "host/metrics/metric_table.h")))
    for name in re.findall(r"\b(?:portico|process)_\w+", rules):
        if re.sub(r"_(total|info|bucket|sum|count)$", "", name) not in known:
            sys.exit(f"portico.rules.yml names {name}, which the host does not have")


def start_host():
    (folder / "host.ini").write_text(f"""[host]
ready_file = ready
run_dir = run
[admin]
http_port = 0
[modules]
dir = {modules}
autoload = no
[module echo]
[listener game]
address = 127.0.0.1
port = 0
type = echo.session
""", encoding="utf-8")
    with open(folder / "host.log", "wb") as log:
        return subprocess.Popen([portico, "run", "host.ini"], cwd=folder, stderr=log, stdout=log)


def start_prometheus(http):
    (folder / "prometheus.yml").write_text(f"""global:
  scrape_interval: 1s
scrape_configs:
  - job_name: portico
    authorization:
      credentials_file: run/admin.token
    static_configs:
      - targets: ['{http}']
""", encoding="utf-8")
    with open(folder / "prometheus.log", "wb") as log:
        return subprocess.Popen(
            [prometheus, "--config.file=prometheus.yml", "--storage.tsdb.path=data",
             "--web.listen-address=127.0.0.1:0"], cwd=folder, stderr=log, stdout=log)


def scrape(http, game):
    p = start_prometheus(http)
    try:
        port = wait("Prometheus", lambda: re.search(
            r'msg="Listening on" address=127\.0\.0\.1:(\d+)', read(folder / "prometheus.log")))[1]
        base = f"http://127.0.0.1:{port}"
        wait("a scrape", lambda: query(base, 'up{job="portico"}') == 1)
        wait("the sessions", lambda: query(base, 'portico_sessions{listener="game"}') == len(game))
        assert query(base, 'portico_connections_accepted_total{listener="game"}') == len(game)
        assert query(base, "process_resident_memory_bytes") > 0
        wait("the samples", lambda: query(base, "scrape_samples_scraped") > 30)
    finally:
        p.terminate()
        p.wait(WAIT_S)


def main():
    import socket

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    check_files()
    host = start_host()
    try:
        ready = wait("the host", lambda: read(folder / "ready"))
        http = re.search(r"^http (\S+)$", ready, re.M)[1]
        address, port = re.search(r"^listener game (\S+):(\d+)$", ready, re.M).groups()
        game = [socket.create_connection((address, int(port)), 20) for _ in range(SESSIONS)]
        check_forms(http, (folder / "run/admin.token").read_text(encoding="ascii").strip())
        scrape(http, game)
    finally:
        host.terminate()
        code = host.wait(WAIT_S)
    if code != 0:
        sys.exit(f"the host ended with {code}:\n{read(folder / 'host.log')}")


os.environ.pop("http_proxy", None)
main()
