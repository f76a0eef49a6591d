# SPDX-License-Identifier: Apache-2.0
"""written.py: the figures of the bench, where the bundle has them: presets.yaml, and the table
in its README."""

import re


def permille(share):
    return round(1000 * share)


def attack_id(name):
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def block(result):
    """`measured` and `loss` of one preset, as lines."""
    lines = ["    measured:"]
    for name, r in result["attacks"].items():
        lines.append(
            f"      - {{attack: {attack_id(name)}, recovered_permille: {permille(r['recovered'])}, "
            f"baseline_permille: {permille(r['baseline'])}, "
            f"excess_max_permille: {permille(r['excess_at_most'])}, trials: {r['trials']}"
            f"{', leaks: yes' if r['leaks'] else ''}}}")
    if result.get("rules"):
        lines.insert(0, f"    measured_under: {result['rules']}")
    cost, moved = result["loss"], result["loss"]["mean_deviation"] or 0
    more = f", moved_permille: {permille(moved)}" if moved >= 0.05 else ""
    return lines + [f"    loss: {{cells_permille: {permille(cost['cells_hidden'])}, "
                    f"persons_permille: {permille(cost['persons_hidden'])}{more}}}"]


def without(lines):
    """A preset's lines but for what was measured before; what stands behind them is blank."""
    kept, inside = [], False
    for line in lines:
        if re.match(r"    \S", line):
            inside = line.startswith(("    measured:", "    measured_under:", "    loss:"))
        if not inside:
            kept.append(line)
    while kept and not kept[-1].strip():
        kept.pop()
    return kept


def presets(path, results):
    with open(path) as file:
        parts = re.split(r"(?m)^(?=  - id: )", file.read())
    for i, part in enumerate(parts[1:], 1):
        name = re.match(r"  - id: (\S+)", part).group(1)
        if name in results:
            end = "\n" if i + 1 == len(parts) else "\n\n"
            parts[i] = "\n".join(without(part.split("\n")) + block(results[name])) + end
    with open(path, "w") as file:
        file.write("".join(parts))


BEGIN, END = "<!-- measured: written by tools/attack --write -->\n", "<!-- end of what is measured -->\n"


def cell(r):
    """Right and baseline, in per cent; what leaks stands out."""
    said = f"{100 * r['recovered']:.0f} / {100 * r['baseline']:.0f}"
    return f"**{said}**" if r["leaks"] else said


def table(results):
    names = list(next(iter(results.values()))["attacks"])
    yield "| angrepp / attack | " + " | ".join(f"`{preset}`" for preset in results) + " |"
    yield "|---" * (len(results) + 1) + "|"
    for name in names:
        yield f"| {name} | " + " | ".join(cell(r["attacks"][name]) for r in results.values()) + " |"
    for word, key in (("dolda celler / cells hidden, %", "cells_hidden"),
                      ("dolda personer / persons hidden, %", "persons_hidden")):
        yield f"| {word} | " + " | ".join(f"{100 * r['loss'][key]:.0f}" for r in results.values()) + " |"


def readme(path, results):
    with open(path) as file:
        text = file.read()
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    with open(path, "w") as file:
        file.write(before + BEGIN + "\n" + "\n".join(table(results)) + "\n\n" + END + after)
