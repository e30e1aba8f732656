"""compare_tables.py: the form of figures in reports: tables in Markdown, plots by gnuplot."""
import statistics
import subprocess

NAMES = {"raw": "raw epoll", "uring": "raw io_uring", "uv": "libuv", "asio": "Boost.Asio",
         "portico": "Portico", "iocp": "raw IOCP", "iocp_plain": "raw IOCP, plain",
         "wine": "Portico", "portico_web": "Portico, WebSocket", "uws": "uWebSockets",
         "lws": "libwebsockets", "ws": "npm ws"}


def table(head, rows):
    rule = ["---"] + ["---:"] * (len(head) - 1)
    lines = ["| " + " | ".join(head) + " |", "|" + "|".join(rule) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def text(value, digits=2):
    return "" if value is None else f"{value:,.{digits}f}"


def middle_half(values, digits=2):
    """The range of the half of the values that is nearest to their median."""
    if len(values) < 4:
        return ""
    low, _, high = statistics.quantiles(values, n=4)
    return f"{low:,.{digits}f} to {high:,.{digits}f}"


def picture(file, title, y, series, x="connections"):
    """series: {name: [(x, y), ...]}; x by powers of ten. Names that are not servers are shown
    below."""
    key = "outside" if all(name in NAMES for name in series) else "below vertical maxrows 2"
    data = [f"$data{i} << EOD\n" + "\n".join(f"{at} {value}" for at, value in points) + "\nEOD"
            for i, points in enumerate(series.values())]
    plots = [f"$data{i} using 1:2 with linespoints linewidth 2 title '{NAMES.get(name, name)}'"
             for i, name in enumerate(series)]
    script = "\n".join(["set terminal svg size 640,400 background rgb 'white'",
                        f"set output '{file}'",
                        f"set title '{title}'\nset xlabel '{x}'\nset ylabel '{y}'",
                        "set logscale x\nset yrange [0:*]",
                        "set offsets graph 0.03, graph 0.03, graph 0.1, 0",
                        f"set key {key}\nset grid"] + data)
    subprocess.run(["gnuplot"], input=script + "\nplot " + ", ".join(plots) + "\n", text=True,
                   check=True)


def timeline(file, title, panels, x="minutes"):
    """panels: [(y, {name: [(x, y), ...]}, whether y goes by powers of ten), ...], below each other
    with the same x."""
    data, plots = [], []
    for i, (y, series, by_powers) in enumerate(panels):
        names = [f"$data{i}_{j}" for j in range(len(series))]
        for name, points in zip(names, series.values()):
            data.append(f"{name} << EOD\n" + "\n".join(f"{at} {value}" for at, value in points) +
                        "\nEOD")
        plots += ["set logscale y" if by_powers else "unset logscale y",
                  "set yrange [*:*]" if by_powers else "set yrange [0:*]",
                  f"set ylabel '{y}'",
                  f"set xlabel '{x}'" if i == len(panels) - 1 else "set xlabel ''",
                  "plot " + ", ".join(f"{name} using 1:2 with {'points pt 7 ps 0.3' if j else 'lines'}"
                                      f" title '{label}'"
                                      for j, (name, label) in enumerate(zip(names, series)))]
    script = "\n".join([f"set terminal svg size 800,{200 * len(panels) + 40} background rgb 'white'",
                        f"set output '{file}'"] + data +
                       [f"set multiplot layout {len(panels)},1 title '{title}'",
                        "set key outside\nset grid\nset lmargin 12\nset rmargin 20"] + plots +
                       ["unset multiplot"])
    subprocess.run(["gnuplot"], input=script + "\n", text=True, check=True)
