#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""check_protect.py: what `statgate protect` writes, read and attacked by others' programs.

    check_protect.py STATGATE FOLDER

Tables by chance are protected and read back by Python's csv: what is shown is what this
script counts itself, what is hidden is empty. Then HiGHS (scipy) looks for the smallest and
largest value of each hidden cell, over the reals and over whole numbers, with nothing of ours:
none may be certain, and `statgate audit-table` must say the same. Of magnitudes, no byte of a
hidden sum is in any file or stream."""

import csv
import itertools
import json
import math
import os
import random
import shutil
import subprocess
import sys

import numpy
from scipy.optimize import Bounds, LinearConstraint, milp

PLACES = ["p0", "p1", "p2", "p3", "p4"]
GROUPS = {"p0": "north", "p1": "north", "p2": "north", "p3": "south", "p4": "south"}
KINDS = ["a", "b", "c"]
TABLES = 120 if "STATGATE_LONG" in os.environ else 10
NEAR = 1e-6


def expect(true, what):
    if not true:
        raise SystemExit(f"check_protect.py: not so: {what}")


def run(program, *words, code=(0,)):
    done = subprocess.run([program, "--lang", "en", *words], capture_output=True, check=False)
    expect(done.returncode in code, f"{words[0]} ends well: {done.stderr.decode()}")
    return done.stdout + done.stderr


def holds(node, leaf):
    return node in ("Total", leaf, GROUPS.get(leaf))


def cells_of(place, kind):
    """Inner cells of a cell, by number."""
    return [
        i
        for i, (p, k) in enumerate(itertools.product(PLACES, KINDS))
        if holds(place, p) and holds(kind, k)
    ]


def write_counts(path, counts):
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write("mun,kind,freq\n")
        for (p, k), n in zip(itertools.product(PLACES, KINDS), counts):
            file.write(f"{p},{k},{n}\n")


def read_table(path, counts):
    """{(mun, kind): value or None}, held against the truth where it is shown."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    expect(len(rows) == 8 * 4, "a row for every cell, group and total")
    cells = {}
    for row in rows:
        truth = sum(counts[i] for i in cells_of(row["mun"], row["kind"]))
        shown = row["conf_status"] == "F"
        expect(shown or row["conf_status"] == "C", "one mark for all that is hidden")
        expect(row["value"] == (str(truth) if shown else ""), "the truth, or nothing")
        cells[(row["mun"], row["kind"])] = truth if shown else None
    return cells


def attack(cells, floors, whole):
    """{cell: (low, high)} of hidden cells; None: no end."""
    inner = len(PLACES) * len(KINDS)
    low = numpy.zeros(inner)
    known = [(c, v) for c, v in cells.items() if v is not None]
    matrix = numpy.zeros((max(len(known), 1), inner))
    values = numpy.zeros(max(len(known), 1))
    for row, (cell, value) in enumerate(known):
        matrix[row, cells_of(*cell)] = 1
        values[row] = value
    if floors:
        for cell, value in cells.items():
            if value is None and len(cells_of(*cell)) == 1:
                low[cells_of(*cell)[0]] = 1
    found = {}
    for cell, value in cells.items():
        if value is not None:
            continue
        cost = numpy.zeros(inner)
        cost[cells_of(*cell)] = 1
        ends = []
        for sign in (1, -1):
            done = milp(
                sign * cost,
                constraints=LinearConstraint(matrix, values, values),
                integrality=numpy.full(inner, 1 if whole else 0),
                bounds=Bounds(low, numpy.inf),
            )
            expect(done.status in (0, 3, 4), "a table that fits is found")
            ends.append(None if done.status in (3, 4) else sign * done.fun)
        found[cell] = (math.ceil(ends[0] - NEAR), ends[1] and math.floor(ends[1] + NEAR))
    return found


def told(text):
    return None if text == "" else int(text)


def hold_against(audit, ours, theirs, whole):
    for row in audit:
        cell = (row["mun"], row["kind"])
        low, high = told(row[f"{ours}.low"]), told(row[f"{ours}.high"])
        least, most = theirs[cell]
        # Of reals the whole numbers in each part of a sum count: fewer than there are.
        expect(low == least if whole else low >= least, f"{ours} {cell}: {low} {least}")
        same = high == most if whole or most is None else high is not None and high <= most
        expect(same, f"{ours} {cell}: {high} {most}")


def check_counts(program, folder, seed):
    dice = random.Random(seed)
    counts = [dice.choice([0, 0, 1, 2, 3, 5, 8, 13, 40]) for _ in range(15)]
    zeros = dice.choice(["publish", "protect"])
    # Of zeros that are shown a threshold of 4 leaves a small cell no more than 1 to 3.
    width = dice.choice([1, 2] if zeros == "publish" else [1, 2, 3])
    source, out = os.path.join(folder, "in.csv"), os.path.join(folder, "out.csv")
    report = os.path.join(folder, "report.json")
    regions = os.path.join(folder, "regions.csv")
    with open(regions, "w", encoding="utf-8") as file:
        file.write("child,parent\n" + "".join(f"{c},{p}\n" for c, p in GROUPS.items()))
    write_counts(source, counts)
    table = ["--dims", "mun,kind", "--hierarchy", f"mun={regions}", "--zeros", zeros]
    # 7: the tool itself found a cell that can be computed, and shows nothing.
    run(program, "protect", source, "--count", "freq", *table, "--threshold", "4", "--interval",
        str(width), "--out", out, "--report", report, "--audit-cells", "0", code=(0, 7))
    cells = read_table(out, counts)
    with open(report, encoding="utf-8") as file:
        expect(json.load(file)["format"] == "statgate.protect.1", "a report")
    hidden = [c for c, v in cells.items() if v is None]
    if not hidden:
        return 0
    whole = attack(cells, False, True)
    floors = attack(cells, zeros == "publish", True)
    for cell in hidden:
        for low, high in (whole[cell], floors[cell]):
            expect(high is None or high > low, f"seed {seed}: {cell} is certain: {low}")
    said = run(program, "audit-table", out, *table, "--sample", "0", "--format", "csv")
    audit = list(csv.DictReader(said.decode().splitlines()))
    expect(len(audit) == len(hidden), "every hidden cell is audited")
    hold_against(audit, "real", attack(cells, False, False), False)
    hold_against(audit, "whole", whole, True)
    hold_against(audit, "rules", floors, True)
    return len(hidden)


def check_sums(program, folder):
    """One who has nearly all of a cell, and whoever shares a line with it."""
    source, out = os.path.join(folder, "sums.csv"), os.path.join(folder, "sums.out.csv")
    rows = ["kind,mun,who,x"]
    for kind, mun, who in itertools.product(KINDS, PLACES, range(6)):
        rows.append(f"{kind},{mun},{kind}{mun}{who},{1000 + 7 * who}")
    rows.append("b,p2,giant,7654321")
    with open(source, "w", encoding="utf-8") as file:
        file.write("\n".join(rows) + "\n")
    said = run(program, "protect", source, "--sum", "x", "--contributor", "who", "--dims",
               "kind,mun", "--threshold", "3", "--dominance", "1,90", "--out", out, "--report",
               os.path.join(folder, "sums.json"))
    with open(out, encoding="utf-8", newline="") as file:
        hidden = [r for r in csv.DictReader(file) if r["conf_status"] == "C"]
    expect({("b", "p2")} < {(r["kind"], r["mun"]) for r in hidden}, "the giant, and neighbours")
    expect(all(r["value"] == "" for r in hidden), "nothing where something is hidden")
    for name in ("sums.out.csv", "sums.json"):
        with open(os.path.join(folder, name), "rb") as file:
            said += file.read()
    # Her amount, the cell's sum, and what is left of the cell without her.
    for planted in (b"7654321", b"7,654,321", b"7660426", b"7,660,426", b"giant"):
        expect(planted not in said, "no byte of what is hidden")


def main():
    program, folder = sys.argv[1:3]
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    hidden = sum(check_counts(program, folder, seed) for seed in range(TABLES))
    expect(hidden > TABLES, "something is hidden")
    check_sums(program, folder)
    print(f"check_protect.py: {hidden} hidden cells of {TABLES} tables, bounded alike")


main()
