"""Runs the commands of a page, and compares what they print with the page.

    python transcript.py PAGE.md

Commands are the lines that begin with `$ ` in blocks marked `console`; the lines below one are what it prints, both streams, in order. A
line `...` stands for any number of lines, and `[..]` for any text in a line. `$ cd` changes the folder for all that follow. A block marked
`diff` is applied as a patch. Everything runs in the current folder.
"""

import os
import re
import subprocess
import sys
from pathlib import Path


def blocks(page: str):
    """The marked blocks of a page: mark, number of the first line, lines."""
    mark, start, lines = None, 0, []
    for number, line in enumerate(page.splitlines(), 1):
        if mark is None and line.startswith("```"):
            mark, start, lines = line[3:].strip(), number + 1, []
        elif mark is not None and line.startswith("```"):
            if mark in ("console", "diff"):
                yield mark, start, lines
            mark = None
        elif mark is not None:
            lines.append(line)


def matches(expected: list[str], observed: list[str]) -> bool:
    """Whether the lines are those that the page has, with its wildcards."""
    # How many of the observed lines the expected ones so far can stand for.
    reached = {0}
    for line in expected:
        if line == "...":
            reached = set(range(min(reached), len(observed) + 1))
        else:
            pattern = re.compile(".*".join(re.escape(part) for part in line.rstrip().split("[..]")))
            reached = {at + 1 for at in reached if at < len(observed) and pattern.fullmatch(observed[at].rstrip())}
        if not reached:
            return False
    return len(observed) in reached


def run(command: str, folder: Path) -> list[str]:
    done = subprocess.run(["bash", "-c", command], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout.rstrip().splitlines()


def main() -> None:
    path = Path(sys.argv[1])
    folder = Path.cwd()
    count = 0
    for mark, start, lines in blocks(path.read_text(encoding="utf-8")):
        if mark == "diff":
            text = "\n".join(lines) + "\n"
            subprocess.run(["git", "apply", "--unidiff-zero", "-"], cwd=folder, input=text, text=True, check=True)
            count += 1
            continue
        commands: list[tuple[int, str, list[str]]] = []
        for number, line in enumerate(lines, start):
            if line.startswith("$ "):
                commands.append((number, line[2:], []))
            elif commands:
                commands[-1][2].append(line)
        for number, command, expected in commands:
            count += 1
            if command.startswith("cd "):
                folder = (folder / command[3:].strip()).resolve()
                lock = os.environ.get("FIRST_HOUR_LOCK")
                if lock and not (folder / "Cargo.lock").exists():
                    (folder / "Cargo.lock").write_bytes(Path(lock).read_bytes())
                continue
            while expected and not expected[-1].strip():
                expected.pop()
            observed = run(command, folder)
            if not matches(expected, observed):
                print(f"{path}:{number}: `{command}` prints\n\n" + "\n".join(observed) + "\n\nand the page has\n\n" + "\n".join(expected))
                sys.exit(1)
    if count < 10:
        sys.exit(f"{path}: only {count} commands were found")
    print(f"{path.name}: {count} commands print what it has")


main()
