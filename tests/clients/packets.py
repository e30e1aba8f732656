"""packets.py: `portico inspect --client` makes the same bytes twice, the code compiles without
warnings, whatever a module calls its packets, and all languages agree with the host.

    packets.py --exe PORTICO --modules DIR --test-modules DIR --suffix .so --folder DIR
               [--emulator "sh|wine.sh"] [--drive Z:] [--node NODE] --compiler CC [FLAG...]
"""

import argparse
import asyncio
import os
import py_compile
import re
import shutil
import subprocess
import sys

from fixtures import PATIENCE, Failure, Host, check, equal

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../sdk/client/python"))
import portico  # noqa: E402

ENDINGS = {"c": "h", "js": "mjs", "python": "py", "ts": "ts"}


def run(command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          stdin=subprocess.DEVNULL, timeout=PATIENCE, check=False, **options)
    check(done.returncode == 0, "exit code", done.returncode, "of", *command[-3:], done.stdout)
    return done.stdout


def generate(o, folder, module, name):
    """Writes the module's packets in every language. Returns the Python and TypeScript text."""
    texts = {}
    for language, ending in ENDINGS.items():
        command = o.emulator_words + [o.exe, "inspect", "--client", language, o.drive + module]
        texts[language] = run(command)
        equal(run(command), texts[language], f"the second {language} of {name}")
        with open(f"{folder}/{name}_packets.{ending}", "w", encoding="utf-8") as file:
            file.write(texts[language])
    return texts


def check_names(texts):
    """Nothing that a module wrote is left but letters, digits and underscores."""
    for language, text in texts.items():
        for bad in ("main(void)", "import('os')", "process.exit", "\u20ac", "\u00e9", "\"9lives",
                    "\"__proto__", "\\\\"):
            check(bad not in text, language, "has", bad)
    names = re.findall(r"^(?:export )?(?:const|interface) (\w+)", texts["ts"], re.M)
    consts = [n for n in re.findall(r"^export const (\w+)", texts["ts"], re.M)]
    check(len(consts) == len(set(consts)) == 15, "10 opcodes and 5 packets:", consts)
    check("class" not in consts and "Uint8Array" not in consts and "int" not in consts, names)


def check_syntax(o, folder):
    for name in ("arena", "typed", "hostile_names"):
        py_compile.compile(f"{folder}/{name}_packets.py", doraise=True)
        run([sys.executable, "-B", "-c", f"import {name}_packets"], cwd=folder)
        if o.node:
            run([o.node, f"{folder}/{name}_packets.mjs"])
        run(o.compiler + ["-x", "c", "-fsyntax-only", f"{folder}/{name}_packets.h"])
    tsc = shutil.which("tsc")
    if tsc:
        run([tsc, "--noEmit", "--strict", "--target", "es2022", "--module", "es2022"]
            + [f"{folder}/{name}_packets.ts" for name in ("arena", "typed", "hostile_names")])


def outputs(o, folder):
    """What the programs in packets/ make of the packets: the same."""
    for name in ("check.py", "check.mjs", "check.c"):
        shutil.copy(os.path.join(HERE, "packets", name), folder)
    found = {"python": run([sys.executable, "-B", "check.py"], cwd=folder)}
    program = os.path.join(folder, "check.exe")
    run(o.compiler + [f"-I{folder}", f"{folder}/check.c", "-o", program])
    found["c"] = run(o.emulator_words + [program])
    if o.node:
        found["js"] = run([o.node, f"{folder}/check.mjs"])
    for language, text in found.items():
        equal(text.split(), found["python"].split(), f"{language} and Python")
    return [line.split() for line in found["python"].splitlines()]


async def ask_host(port, packets):
    """The module takes each packet, and sends it back; a scene's rows in another order."""
    link = await portico.connect("127.0.0.1", port)
    for opcode, text in packets:
        await link.send(6 if opcode == "5" else int(opcode), b"" if opcode == "5"
                        else bytes.fromhex(text))
        answer = await link.__anext__()
        if opcode == "5":  # ENTER first, for its room
            equal(answer, (6, b""), "the answer to ENTER")
            await link.send(5, bytes.fromhex(text))
            answer = await link.__anext__()
            equal((answer.opcode, len(answer.payload)), (5, len(text) // 2), "the scene")
        else:
            equal(answer, (int(opcode), bytes.fromhex(text)), "the answer")
    await link.close()


def main():
    parser = argparse.ArgumentParser()
    for option in ("exe", "modules", "test-modules", "suffix", "folder"):
        parser.add_argument("--" + option, required=True)
    for option in ("emulator", "drive", "node"):
        parser.add_argument("--" + option, default="")
    parser.add_argument("--compiler", nargs=argparse.REMAINDER, required=True)
    o = parser.parse_args()
    o.emulator_words = o.emulator.split("|") if o.emulator else []
    shutil.rmtree(o.folder, ignore_errors=True)
    os.makedirs(o.folder)
    host = None
    try:
        generate(o, o.folder, f"{o.modules}/arena{o.suffix}", "arena")
        generate(o, o.folder, f"{o.test_modules}/typed{o.suffix}", "typed")
        hostile = f"{o.test_modules}/hostile_names{o.suffix}"
        check_names(generate(o, o.folder, hostile, "hostile_names"))
        check_syntax(o, o.folder)
        packets = outputs(o, o.folder)
        equal([opcode for opcode, _ in packets], list("12345"), "opcodes")
        serve = o.emulator_words + ["--serve"] if o.emulator else []
        host = Host(serve + [o.exe], o.folder + "/host", o.modules, o.test_modules, o.suffix,
                    o.drive)
        asyncio.run(asyncio.wait_for(ask_host(host.ports["typed"], packets), PATIENCE))
        host.stop()
    except Failure as failure:
        print(f"FAILED: {failure}")
        return 1
    finally:
        if host is not None:
            host.drop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
