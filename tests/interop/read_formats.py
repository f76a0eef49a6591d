#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""read_formats.py: PC-Axis and a workbook, read back by readers of others.

    read_formats.py WRITE_FORMATS FOLDER [NODE SCRIPT]

Has the samples written, and holds what the readers find against the CSV: the same values,
the same marks, and nowhere a byte of what was planted beneath the marks."""

import csv
import os
import shutil
import subprocess
import sys
import zipfile

import openpyxl

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import read_px  # noqa: E402

MEASURES = ("persons", "mean:dygnskostnad")
MARKS = {"Q": "..", "O": ":", "M": "."}
PX_SYMBOLS = {"Q": "..", "O": "...", "M": "."}


def expect(true, what):
    if not true:
        raise SystemExit(f"read_formats.py: not so: {what}")


def reference(path):
    """{(kommun, kon): {measure: (status, value)}} from the CSV."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    expect(len(rows) == 12, "a row for every cell")
    for row in rows:
        conf = "C" if row["obs_status"] == "Q" else "F"
        expect(row["conf_status"] == conf, "confidential is what is suppressed")
    expect([r["held"] for r in rows].count("1") == 1, "one value is not revised")
    return {
        (r["kommun"], r["kon"]): {
            m: (r[f"{m}.status"], float(r[m]) if r[m] else None) for m in MEASURES
        }
        for r in rows
    }


def check_px(path, cells):
    with open(path, "rb") as file:
        px = read_px.Px(file.read())
    expect(px.plain["AGGREGALLOWED"] == ["NO"], "nobody is invited to add up")
    expect("CONFIDENTIAL" not in px.plain, "no value lies below a flag")
    expect(px.plain["LAST-UPDATED"] == ["20261121 22:08"], "the vintage's time")
    expect(px.plain["CODEPAGE"] == ["utf-8"], "the code page")
    expect("protected" in px.plain["NOTE"][0], "the legend is a note")
    expect("Protection: standard." in px.plain["NOTE"][0], "and so is the protection")
    expect("abab" in px.plain["NOTE"][0], "and the policy's digest")
    expect(px.of["VALUES"][("Municipality",)][2] == "=1+1; Göteborg", "labels survive")
    expect(px.plain["DATASYMBOL2"] == [".."], "the mark of protected cells")
    expect(len(px.of["CELLNOTE"]) == 1, "one cell has a note")
    found = px.cells()
    for (kommun, kon), measures in cells.items():
        for m, (status, value) in measures.items():
            got = found[(kommun, kon, m)]
            want = value if status == "A" else PX_SYMBOLS[status]
            expect(got == want, f"px: {kommun} {kon} {m}")
    expect(len(found) == 2 * len(cells), "no cell more")


def check_xlsx(path, cells):
    book = openpyxl.load_workbook(path)
    expect(book.sheetnames == ["Table", "About"], "two sheets")
    rows = list(book["Table"].iter_rows(values_only=True))
    expect(len(rows) == len(cells) + 1, "a row for every cell")
    head = rows[0]
    expect(head[0] == "kommun" and head[-2:] == ("obs_status", "conf_status"), "headings")
    for row in rows[1:]:
        measures = cells[(row[0], row[2])]
        for m, got in zip(MEASURES, row[4:6]):
            status, value = measures[m]
            want = value if status == "A" else MARKS[status]
            same = abs(got - want) < 1e-9 if status == "A" else got == want
            expect(same, f"xlsx: {row[0]} {row[2]} {m}")
    expect(rows[7][1] == "=1+1; Göteborg", "a label is no formula")
    about = [row[0] for row in book["About"].iter_rows(values_only=True)]
    expect(any("protected" in line for line in about), "the legend")
    expect(any("abab" in line for line in about), "the policy's digest")
    expect(book.properties.created.isoformat().startswith("2026-11-21T22:08"), "the vintage's time")


LANES = ("value", "value.low", "value.high", "lan", "riket", "target", "against_target", "change")
VERDICTS = {"better": 1, "unclear": 0, "worse": -1}


def indicator_reference(path):
    """{(kommun, period): {measure: value or mark}} from the CSV."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    expect(len(rows) == 10, "five rows of two years")
    expect(sum(r["status"] == "Q" for r in rows) == 2, "protected figures")
    cells = {}
    for r in rows:
        def figure(name, status):
            return float(r[name]) if r[name] else status

        own = r["status"]
        cells[(r["kommun"], r["period"])] = {
            "value": figure("value", own),
            "value.low": figure("value.low", own),
            "value.high": figure("value.high", own),
            "lan": figure("lan", r["lan.status"]),
            "riket": figure("riket", r["riket.status"]),
            "target": float(r["target"]),
            "against_target": VERDICTS.get(r["against_target"], own),
            "change": figure("change", r["change.status"]),
        }
    return cells


def check_indicator(folder):
    cells = indicator_reference(os.path.join(folder, "indicator.csv"))
    with open(os.path.join(folder, "indicator.px"), "rb") as file:
        px = read_px.Px(file.read())
    expect(px.plain["AGGREGALLOWED"] == ["NO"], "nobody is invited to add up")
    expect("protected" in px.plain["NOTE"][0], "the legend is a note")
    found = px.cells()
    expect(len(found) == len(LANES) * len(cells), "no cell more, and no total of years")
    for (kommun, period), lanes in cells.items():
        for m in LANES:
            want = lanes[m]
            want = PX_SYMBOLS[want] if isinstance(want, str) else want
            expect(found[(kommun, period, m)] == want, f"px: {kommun} {period} {m}")
    book = openpyxl.load_workbook(os.path.join(folder, "indicator.xlsx"))
    rows = list(book["Table"].iter_rows(values_only=True))
    expect(len(rows) == len(cells) + 1, "a row for every figure")
    for row in rows[1:]:
        lanes = cells[(row[0], row[2])]
        for m, got in zip(LANES, row[4:12]):
            want = lanes[m]
            want = MARKS[want] if isinstance(want, str) else want
            same = got == want if isinstance(want, str) else abs(got - want) < 1e-9
            expect(same, f"xlsx: {row[0]} {row[2]} {m}")
    about = [row[0] for row in book["About"].iter_rows(values_only=True)]
    expect(any("protected" in line for line in about), "the legend")
    expect(any("1 better" in line for line in about), "what a verdict is as a number")
    with open(os.path.join(folder, "indicator.xlsx"), "rb") as one:
        with open(os.path.join(folder, "indicator.again.xlsx"), "rb") as other:
            expect(one.read() == other.read(), "the same comparison makes the same workbook")


def every_byte(path):
    with open(path, "rb") as file:
        yield file.read()
    if path.endswith(".xlsx"):
        with zipfile.ZipFile(path) as parts:
            for name in parts.namelist():
                yield parts.read(name)


def main():
    program, folder = sys.argv[1:3]
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    subprocess.run([program, folder], check=True)
    cells = reference(os.path.join(folder, "sample.csv"))
    check_px(os.path.join(folder, "sample.px"), cells)
    check_xlsx(os.path.join(folder, "sample.xlsx"), cells)
    with open(os.path.join(folder, "sample.xlsx"), "rb") as one:
        with open(os.path.join(folder, "sample.again.xlsx"), "rb") as other:
            expect(one.read() == other.read(), "the same answer makes the same workbook")
    check_indicator(folder)
    for name in sorted(os.listdir(folder)):
        for part in every_byte(os.path.join(folder, name)):
            # With and without a decimal point, or grouped as for people.
            for planted in (b"77777777", b"77777.777", b"77,777,777", b"77,777.777", b"7777777.7",
                            b"7,777,777.7"):
                expect(planted not in part, f"nothing hidden is in {name}")
    if len(sys.argv) > 3:
        subprocess.run([*sys.argv[3:], folder], check=True)
    print("read_formats.py: every reader found the same table")


main()
