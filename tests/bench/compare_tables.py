"""compare_tables.py: the form of figures in reports: tables in Markdown, plots by gnuplot."""
import statistics
import subprocess

NAMES = {"raw": "raw epoll", "uring": "raw io_uring", "uv": "libuv", "asio": "Boost.Asio",
         "portico": "Portico", "iocp": "raw IOCP", "iocp_plain": "raw IOCP, plain",
         "wine": "Portico"}


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
