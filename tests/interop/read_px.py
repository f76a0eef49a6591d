# SPDX-License-Identifier: Apache-2.0
"""read_px.py: PC-Axis as its format description has it (Statistics Sweden, 2013), written
without a look at what writes it: KEYWORD[lang]("sub","sub")=value,value; with texts in
quotation marks that may go on in the next pair, and DATA of numbers and quoted symbols."""

import itertools


def statements(text):
    """(head, body) of every statement; a semicolon within a text does not end one."""
    start, quoted, equals = 0, False, None
    for at, c in enumerate(text):
        if c == '"':
            quoted = not quoted
        elif c == "=" and not quoted and equals is None:
            equals = at
        elif c == ";" and not quoted:
            if equals is None:
                raise ValueError(f"a statement without a value: {text[start:at]!r}")
            yield text[start:equals].strip(), text[equals + 1 : at].strip()
            start, equals = at + 1, None
    if text[start:].strip() or quoted:
        raise ValueError("something is left after the last statement")


def texts(body):
    """The texts of a list: neighbours without a comma between them are one."""
    out, at, joined = [], 0, False
    while at < len(body):
        if body[at] == '"':
            end = body.index('"', at + 1)
            if joined:
                out[-1] += body[at + 1 : end]
            else:
                out.append(body[at + 1 : end])
            at, joined = end + 1, True
        elif body[at] == ",":
            at, joined = at + 1, False
        elif body[at].isspace():
            at += 1
        else:
            end = at
            while end < len(body) and body[end] != ",":
                end += 1
            out.append(body[at:end].strip())
            at = end
    return out


class Px:
    def __init__(self, raw):
        text = raw.decode("utf-8")
        for line in text.splitlines():
            if len(line) > 256:
                raise ValueError("a line is longer than 256 characters")
        self.plain, self.of = {}, {}
        for head, body in statements(text):
            name, _, sub = head.partition("(")
            if name == "DATA":
                self.data = self.read_data(body)
            elif sub:
                self.of.setdefault(name, {})[tuple(texts(sub.rstrip(")")))] = texts(body)
            else:
                self.plain[name] = texts(body)
        for key in ("CHARSET", "AXIS-VERSION", "CODEPAGE", "MATRIX", "SUBJECT-AREA",
                    "SUBJECT-CODE", "CONTENTS", "UNITS", "DECIMALS", "TITLE", "LAST-UPDATED", "NOTE"):
            if not self.plain.get(key):
                raise ValueError(f"{key} is missing")
        self.variables = self.plain.get("STUB", []) + self.plain.get("HEADING", [])
        self.sizes = [len(self.of["VALUES"][(v,)]) for v in self.variables]
        product = 1
        for size in self.sizes:
            product *= size
        if product != len(self.data):
            raise ValueError(f"{len(self.data)} values in {product} cells")

    @staticmethod
    def read_data(body):
        out = []
        for token in body.split():
            out.append(token[1:-1] if token[0] == '"' else float(token))
        return out

    def cells(self):
        """{codes: value}, a symbol as text."""
        codes = [self.of["CODES"][(v,)] for v in self.variables]
        return dict(zip(itertools.product(*codes), self.data))
