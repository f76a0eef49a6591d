#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""bench.py: every attack under every preset, against the same attack without the targets.

    bench.py --programs FOLDER [--presets a,b] [--targets N] [--seed N] [--json FILE]
             [--attacks WORD,WORD] [--require PRESET] [--write] [--from FILE] [--quiet]

Prints a table for each preset; with --require the exit code is 1 when an attack on that preset
recovers more than the baseline and its statistical error. --write puts the figures where
policies/bundle/presets.yaml has them; --from takes those of an earlier run (--json) and attacks
nothing."""

import argparse
import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

here = os.path.dirname(os.path.abspath(__file__))
root = os.path.dirname(os.path.dirname(here))

import asker as asking  # noqa: E402
import written  # noqa: E402
from world import FORMS  # noqa: E402


ALL = "open,standard,strict,cellkey"
OURS = os.path.join(root, "policies", "bundle")


def options():
    parser = argparse.ArgumentParser(description="Attacks on the answers of a real gateway.")
    parser.add_argument("--programs", help="folder of statgate and statgated")
    parser.add_argument("--bundle", default=OURS)
    parser.add_argument("--presets", default=ALL)
    parser.add_argument("--targets", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--attacks", default="", help="only those whose name contains one of these words")
    parser.add_argument("--require", default="", help="a preset that must lose nothing")
    parser.add_argument("--json", default="")
    parser.add_argument("--from", dest="earlier", action="append", default=[])
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")
    parser.add_argument("--write", action="store_true", help="put the figures into presets.yaml")
    return parser.parse_args()


class Side(threading.Thread):
    """side.py, and what it says."""

    def __init__(self, args, preset, with_targets, stubs):
        super().__init__(daemon=True)
        self.told, self.loss, self.quiet = {}, None, args.quiet
        self.name = f"{preset}, {'with the targets' if with_targets else 'without them'}"
        self.process = subprocess.Popen(
            [sys.executable, "-B", os.path.join(here, "side.py")], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        json.dump({"programs": args.programs, "bundle": args.bundle, "preset": preset, "seed": args.seed,
                   "with_targets": with_targets, "targets": args.targets, "stubs": stubs,
                   "attacks": [w for w in args.attacks.split(",") if w]}, self.process.stdin)
        self.process.stdin.close()
        self.start()

    def run(self):
        for line in self.process.stdout:
            said = json.loads(line)
            if "loss" in said:
                self.loss = said["loss"]
            elif "attack" in said:
                self.told[said["attack"]] = said
                self.progress(f"{said['attack']}: {said['asked']} questions in {said['seconds']:.0f} s")
            else:
                self.progress(said["progress"])

    def progress(self, text):
        if not self.quiet:
            print(f"    {self.name}: {text}", file=sys.stderr, flush=True)

    def done(self):
        self.join()
        if self.process.wait() != 0:
            sys.exit(f"{self.name}: did not come to an end")

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()


def at_most(successes, n):
    """Upper end of a one-sided 95 % interval of a share (Clopper and Pearson)."""
    if successes >= n:
        return 1.0
    low, high = successes / n, 1.0
    for _ in range(60):
        p = (low + high) / 2
        terms = (math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
                 + k * math.log(p) + (n - k) * math.log1p(-p) for k in range(successes + 1))
        low, high = (p, high) if sum(map(math.exp, terms)) > 0.05 else (low, p)
    return high


# Where forms differ in these at all, something is told that is no answer, whoever guesses by it.
SILENT = ("texts and what stands beside", "forecasts and nearest questions", "budgets")


def sums(real, empty):
    """Of one attack: what it got right with the targets there; and what is right of the guesses
    on the same targets without them, or, where the attack says nothing then, of the most common
    form. Who learns no more of her than of anybody like her is at this baseline."""
    truth, n = real["truth"], len(real["truth"])
    tried = [(g == t, (e or FORMS[0]) == t)
             for g, e, t in zip(real["guesses"], empty["guesses"], truth) if g is not None]
    # Paired: only targets on whom the two sides differ say anything (McNemar).
    gained = sum(a and not b for a, b in tried)
    lost = sum(b and not a for a, b in tried)
    excess, error = gained - lost, 1.645 * math.sqrt(gained + lost)
    right = sum(a for a, _ in tried)
    return {"trials": n, "guessed": len(tried), "recovered": right / n,
            "baseline": sum(b for _, b in tried) / n,
            "precision": right / len(tried) if tried else None, "excess": excess / n, "error": error / n,
            "excess_at_most": min(1.0, max((excess + error) / n, at_most(max(0, excess), n))),
            "leaks": excess > error or (tried != [] and real["attack"] in SILENT),
            "asked": real["asked"]}


def percent(share):
    return "–" if share is None else f"{100 * share:.1f}%"


def show(preset, rows, cost, seconds):
    print(f"\n{preset}: {percent(cost['cells_hidden'])} of cells and "
          f"{percent(cost['persons_hidden'])} of persons hidden", end="")
    if cost["mean_deviation"]:
        print(f", shown cells {cost['mean_deviation']:.1f} persons from the truth", end="")
    print(f" ({seconds:.0f} s)")
    print(f"  {'attack':36} {'trials':>6} {'guessed':>8} {'right':>7} {'baseline':>8} {'excess':>7} "
          f"{'at most':>7}")
    for name, r in rows.items():
        mark = "  LEAKS" if r["leaks"] else ""
        print(f"  {name:36} {r['trials']:6} {percent(r['guessed'] / r['trials']):>8} "
              f"{percent(r['recovered']):>7} {percent(r['baseline']):>8} {percent(r['excess']):>7} {percent(r['excess_at_most']):>7}{mark}")
    sys.stdout.flush()


def rules_digest(args, preset):
    """Which rules these are: where they are others by now, the figures hold no longer."""
    told = subprocess.run(
        [os.path.join(args.programs, "statgate"), "--lang", "en", "policy", "show", args.bundle],
        capture_output=True, text=True, check=True).stdout
    found = re.search(rf"preset {re.escape(preset)}: .*?its rules: ([0-9a-f]{{64}})", told, re.DOTALL)
    return found.group(1) if found else None  # `broken` is in no bundle


def run(args, preset, stubs):
    began = time.monotonic()
    sides = []
    try:
        for with_targets in (True, False):
            sides.append(Side(args, preset, with_targets, stubs))
        for side in sides:
            side.done()
    finally:
        for side in sides:
            side.stop()
    real, empty = sides
    rows = {name: sums(told, empty.told[name]) for name, told in real.told.items()}
    seconds = time.monotonic() - began
    show(preset, rows, real.loss, seconds)
    return {"attacks": rows, "loss": real.loss, "seconds": seconds,
            "rules": rules_digest(args, preset)}


def again(args):
    """The figures of earlier runs."""
    results = {}
    for name in args.earlier:
        with open(name) as file:
            for preset, told in json.load(file)["presets"].items():
                results[preset] = told
                show(preset, told["attacks"], told["loss"], told.get("seconds", 0))
    return results


def attacked(args):
    stubs = tempfile.mkdtemp(prefix="statgate-stubs.")
    try:
        asking.stubs(os.path.join(root, "proto"), stubs)
        return {preset: run(args, preset, stubs) for preset in args.presets.split(",")}
    finally:
        shutil.rmtree(stubs, ignore_errors=True)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    args = options()
    results = again(args) if args.earlier else attacked(args)
    told = {"targets": args.targets, "seed": args.seed, "presets": results}
    if args.json:
        with open(args.json, "w") as file:
            json.dump(told, file, indent=1)
    if args.write:
        written.presets(os.path.join(args.bundle, "presets.yaml"), results)
        if len(results) == len(ALL.split(",")) and args.bundle == OURS:
            written.readme(os.path.join(args.bundle, "README.md"), results)
    leaks = [name for name, r in results.get(args.require, {}).get("attacks", {}).items() if r["leaks"]]
    if leaks:
        sys.exit(f"{args.require}: more than the baseline by {', '.join(leaks)}")


main()
