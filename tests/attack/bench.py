#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""bench.py: every attack under every preset, against the same attack without the targets.

    bench.py --programs FOLDER [--presets a,b] [--targets N] [--seed N] [--json FILE]
             [--attacks WORD,WORD] [--require PRESET]

Prints a table for each preset; with --require the exit code is 1 when an attack on
that preset recovers more than the baseline and its statistical error."""

import argparse
import json
import math
import os
import sys
import tempfile
import time

here = os.path.dirname(os.path.abspath(__file__))
root = os.path.dirname(os.path.dirname(here))

import asker as asking  # noqa: E402
import world  # noqa: E402


def options():
    parser = argparse.ArgumentParser(description="Attacks on the answers of a real gateway.")
    parser.add_argument("--programs", required=True, help="folder of statgate and statgated")
    parser.add_argument("--bundle", default=os.path.join(root, "policies", "bundle"))
    parser.add_argument("--presets", default="open,standard,strict,cellkey")
    parser.add_argument("--targets", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--attacks", default="", help="only those whose name contains one of these words")
    parser.add_argument("--require", default="", help="a preset that must lose nothing")
    parser.add_argument("--json", default="")
    return parser.parse_args()


class Side:
    """A gateway with the country, with or without its targets, and two who ask it."""

    def __init__(self, args, preset, country, with_targets):
        self.gateway = world.Gateway(args.programs, args.bundle, preset)
        try:
            world.populate(self.gateway, country, country.sham_records, with_targets)
            self.one = asking.Asker(self.gateway)
            self.other = asking.Asker(self.gateway, "bertil")
        except BaseException:
            self.gateway.close()
            raise

    def close(self):
        self.one.close()
        self.other.close()
        self.gateway.close()


def make_country(args):
    country = world.Country(args.seed, args.targets)
    country.sham_records, country.victims = country.shams()
    return country


def outcome(kind, country, real, empty):
    """Guesses of one attack on both sides: pairs (right with the targets, right without)."""
    with_targets = kind(real.one, real.other, country)
    without = kind(empty.one, empty.other, country)
    pairs, guessed = [], 0
    for target in with_targets.targets(country):
        guess = with_targets.guess(target)
        base = without.guess(target)
        guessed += guess is not None
        pairs.append((guess == target.form, base == target.form))
    return pairs, guessed


def sums(pairs, guessed):
    n = len(pairs)
    right = sum(a for a, _ in pairs)
    base = sum(b for _, b in pairs)
    gained, lost = sum(a and not b for a, b in pairs), sum(b and not a for a, b in pairs)
    # Paired: only targets on whom the two sides differ say anything (McNemar).
    error = 1.645 * math.sqrt(gained + lost) / n
    return {"trials": n, "guessed": guessed, "recovered": right / n, "baseline": base / n,
            "precision": right / guessed if guessed else None,
            "excess": (right - base) / n, "error": error, "leaks": gained - lost > 1.645 * math.sqrt(gained + lost)}


TABLES = [["kommun", "kon", "alder:grupp"], ["kommun", "form"], ["kommun:lan", "form", "kon"],
          ["kommun:lan", "alder:grupp", "form"]]
OTHERWISE = {"kommun": lambda c: c.kommun, "kommun:lan": lambda c: world.COUNTY_OF[c.kommun],
             "kon": lambda c: {"K": "kvinna", "M": "man"}[c.kon], "form": lambda c: c.form,
             "alder:grupp": lambda c: c.band}


def loss(asker, people):
    """Shares of inner cells with anybody in them, and of persons, that are hidden; the mean
    distance of shown cells from the truth."""
    cells = hidden = persons = lost = moved = seen = 0
    for by in TABLES:
        truth = {}
        for child in people:
            place = tuple(OTHERWISE[name](child) for name in by)
            truth[place] = truth.get(place, 0) + 1
        table = asking.shown(asker, by)
        for place, count in truth.items():
            value = None if table is None else table.value(*place)
            cells, persons = cells + 1, persons + count
            if value is None:
                hidden, lost = hidden + 1, lost + count
            else:
                moved, seen = moved + abs(value - count), seen + 1
    return {"cells_hidden": hidden / cells, "persons_hidden": lost / persons,
            "mean_deviation": moved / seen if seen else None}


def loss_at_first(args, preset, people):
    """Of somebody who asks before anybody else has."""
    gateway = world.Gateway(args.programs, args.bundle, preset)
    try:
        gateway.deliver([world.row(child) for child in people], "first")
        gateway.publish()
        asker = asking.Asker(gateway)
        cost = loss(asker, people)
        asker.close()
        return cost
    finally:
        gateway.close()


def percent(share):
    return "     –" if share is None else f"{100 * share:5.1f}%"


def show(preset, rows, cost, seconds):
    print(f"\n{preset}: {percent(cost['cells_hidden']).strip()} of cells and "
          f"{percent(cost['persons_hidden']).strip()} of persons hidden", end="")
    if cost["mean_deviation"]:
        print(f", shown cells {cost['mean_deviation']:.1f} persons from the truth", end="")
    print(f" ({seconds:.0f} s)")
    print(f"  {'attack':36} {'trials':>6} {'recovered':>9} {'precision':>9} {'baseline':>8} {'excess':>7}")
    for name, r in rows.items():
        mark = "  LEAKS" if r["leaks"] else ""
        print(f"  {name:36} {r['trials']:6} {percent(r['recovered']):>9} {percent(r['precision']):>9} "
              f"{percent(r['baseline']):>8} {percent(r['excess']):>6}±{100 * r['error']:.1f}{mark}")
    sys.stdout.flush()


def run(args, preset, kinds):
    country = make_country(args)
    began = time.monotonic()
    sides = []
    try:
        for with_targets in (True, False):
            sides.append(Side(args, preset, country, with_targets))
        rows = {kind.name: sums(*outcome(kind, country, *sides)) for kind in kinds}
    finally:
        for side in sides:
            side.close()
    people = country.children + country.sham_records + country.targets
    cost = loss_at_first(args, preset, people)
    show(preset, rows, cost, time.monotonic() - began)
    return {"attacks": rows, "loss": cost}


def main():
    args = options()
    asking.stubs(os.path.join(root, "proto"), tempfile.mkdtemp(prefix="statgate-stubs."))
    import attacks
    words = [w for w in args.attacks.split(",") if w]
    kinds = [a for a in attacks.ATTACKS if not words or any(w in a.name for w in words)]
    results = {preset: run(args, preset, kinds) for preset in args.presets.split(",")}
    if args.json:
        with open(args.json, "w") as file:
            json.dump({"targets": args.targets, "seed": args.seed, "presets": results}, file, indent=1)
    leaks = [name for name, r in results.get(args.require, {}).get("attacks", {}).items() if r["leaks"]]
    if leaks:
        sys.exit(f"{args.require}: more than the baseline by {', '.join(leaks)}")


main()
