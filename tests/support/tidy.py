#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tidy.py: clang-tidy over what we wrote and ship, remembering what was fine.

    tidy.py BUILD-FOLDER [--jobs N] [--thorough]

The analyzer follows paths through each function up to a number of steps; that is nearly
all of the time that it takes. The ordinary run gives it a sixth of the usual number, and
--thorough (tools/test --long) all of it.

A file is looked at again when it changed, or a header of ours that it includes by
however many steps, or its command, the checks, or clang-tidy itself. What was
fine is remembered in BUILD-FOLDER/tidy. Generated code is not ours to tidy; test
code is read by people enough.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
INCLUDE = re.compile(rb'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
SHORT = ["-Xclang", "-analyzer-config", "-Xclang", "max-nodes=40000"]  # of 225,000
NOISE = re.compile(r"^(\d+ warnings? generated\.|Suppressed .*|Use -header-filter.*)\n", re.MULTILINE)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def closure(path, seen):
    """The file and all headers of ours below it, as paths from the root."""
    if path in seen or not os.path.exists(os.path.join(ROOT, path)):
        return seen
    seen[path] = read(os.path.join(ROOT, path))
    for name in INCLUDE.findall(seen[path]):
        closure(name.decode(), seen)
    return seen


def key_of(path, command, about):
    digest = hashlib.sha256(about)
    for part in (command.encode(), *(t for p in sorted(closure(path, {}).items()) for t in p)):
        part = part.encode() if isinstance(part, str) else part
        digest.update(b"%d:" % len(part) + part)
    return digest.hexdigest()


def tidy(build, path, limits):
    done = subprocess.run(
        ["clang-tidy", "-p", build, "--quiet", *limits, os.path.join(ROOT, path)],
        capture_output=True, text=True, check=False,
    )
    return done.returncode == 0, done.stdout + NOISE.sub("", done.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("build")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--thorough", action="store_true")
    args = parser.parse_args()
    limits = [] if args.thorough else [f"--extra-arg={word}" for word in SHORT]
    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, check=True).stdout
    about = version + repr(limits).encode() + read(os.path.join(ROOT, ".clang-tidy"))
    fine = os.path.join(args.build, "tidy")
    os.makedirs(fine, exist_ok=True)
    wanted = {}
    for entry in json.loads(read(os.path.join(args.build, "compile_commands.json"))):
        path = os.path.relpath(os.path.join(entry["directory"], entry["file"]), ROOT)
        if path.endswith(".c") and not path.startswith(("build", "tests", "..")):
            wanted[path] = os.path.join(fine, key_of(path, entry["command"], about))
    todo = [path for path, stamp in wanted.items() if not os.path.exists(stamp)]
    wrong = 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for path, (good, text) in zip(todo, pool.map(lambda p: tidy(args.build, p, limits), todo)):
            if good:
                open(wanted[path], "w", encoding="ascii").close()
                continue
            wrong += 1
            print(f"== {path}\n{text}")
    print(f"{len(todo)} of {len(wanted)} files looked at, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
