#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""verify.py: a second opinion on an answer, with Python's standard library and nothing of ours.

    verify.py ANSWER.json KEEPER.pub

ANSWER.json is what `statgate query --format json` wrote, KEEPER.pub the keeper's keys (64 hex digits
a line). Says "holds", or names what does not; ends with 0, 1, or 2 where it cannot be read. Formats:
gateway/audit/README.md, proto/statgate/v1, RFC 9162 (tree), RFC 8032 (Ed25519). Of the table, all is
compared but intervals and what is told of coverage, indicator and protection."""

import base64, hashlib, json, struct, sys
from operator import itemgetter as of

P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P

def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()

# Ed25519, section 5.1 ---------------------------------------------------------------------
def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    return (b - a) * (d - c) % P, (d + c) * (b + a) % P, (d - c) * (d + c) % P, (b - a) * (b + a) % P

def times(n, p):
    q = (0, 1, 1, 0)
    while n:
        q, p, n = add(q, p) if n & 1 else q, add(p, p), n >> 1
    return q

def point(raw):
    y, sign = int.from_bytes(raw, "little") & (1 << 255) - 1, raw[31] >> 7
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    x = x * pow(2, (P - 1) // 4, P) % P if (x * x - x2) % P else x
    if y >= P or (x * x - x2) % P or (x == 0 and sign):
        raise ValueError("no point of the curve")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P

def signed(key, text, signature):
    s = int.from_bytes(signature[32:], "little")
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + text).digest(), "little") % L
    try:
        p, q = times(s, point(bytes.fromhex("58" + "66" * 31))), add(point(signature[:32]), times(h, point(key)))
    except ValueError:
        return False
    return s < L and not ((p[0] * q[2] - q[0] * p[2]) % P or (p[1] * q[2] - q[1] * p[2]) % P)

# The log: RFC 9162, section 2.1.3.2, and crypto/leaf.h ------------------------------------------
def root_of(leaf, index, size, path):
    fn, sn, r = index, size - 1, leaf
    for p in path:
        if sn == 0:
            return None
        r = sha256(b"\1", p, r) if fn & 1 or fn == sn else sha256(b"\1", r, p)
        while fn == sn and not fn & 1 and fn:
            fn, sn = fn >> 1, sn >> 1
        fn, sn = fn >> 1, sn >> 1
    return r if sn == 0 else None

def leaf_of(c):
    part = sha256(b"statgate/part/1\0", bytes.fromhex(c["salt"]), base64.b64decode(c["statement"]))
    commitment = sha256(b"statgate/entry/1\0", part, bytes.fromhex(c["closed_digest"]))
    return sha256(b"\0", struct.pack("<QqH", *(int(c[k]) for k in ("number", "at_ms", "kind"))), commitment)

# Bytes: fields of the statement (gateway/audit/entry.h), and of protobuf messages ---------------
def statement_of(raw):
    fields = {}
    while raw:  # what is cut short is no field
        n, length = struct.unpack_from("<BI", raw)
        fields, raw = {n: raw[5:5 + length], **fields}, raw[5 + length:] if length <= len(raw) - 5 else b"?"
    return fields

def varint(raw, at):
    n = shift = 0
    while raw[at] >= 128:
        n, at, shift = n | (raw[at] & 127) << shift, at + 1, shift + 7
    return n | raw[at] << shift, at + 1

def message(raw):
    at, fields = 0, {}
    while at < len(raw):
        tag, at = varint(raw, at)
        n, at = varint(raw, at) if tag & 7 in (0, 2) else (8, at)
        if tag & 7 and at + n > len(raw):
            raise ValueError("cut short")
        fields.setdefault(tag >> 3, []).append(raw[at:at + n] if tag & 7 else n)
        at += n if tag & 7 else 0
    return lambda n, none=b"": fields.get(n, [none])[-1], lambda n: fields.get(n, [])

# The question: its filters as base/query_encode.c writes them, before the first dimension -------
def framed(text):
    return struct.pack("<I", len(text)) + text if isinstance(text, bytes) else framed(text.encode())

def canonical_filters(table):
    def one(f):
        values, op = sorted(set(f["values"]), key=str.encode), " = != < <= > >= in".split(" ").index(f["op"])
        op = 1 if op == 7 and len(values) == 1 and ".." not in values[0] else op
        head = framed(f["variable"]) + framed(f["level"]) + struct.pack("<BI", op, len(values))
        return head + b"".join(map(framed, values))
    parts, dimensions = sorted({one(f) for f in table["filters"]}), table["dimensions"]
    return struct.pack("<I", len(parts)) + b"".join(map(framed, parts)) + struct.pack(
        "<I", len(dimensions)) + b"".join(framed(d["variable"]) for d in dimensions[:1])

# The table: proto/statgate/v1/statistics.proto, Release -----------------------------------------
def number(v, decimals):
    digits = str(abs(v)).rjust(decimals + 1, "0")
    return ("-" if v < 0 else "") + (digits[:-decimals] + "." + digits[-decimals:] if decimals else digits)

def label(raw):
    return {k: message(raw)[0](n).decode() for n, k in ((1, "sv"), (2, "en"))}

def table_of(release):
    table, every = message(release(9))
    statuses, dimensions, measures, columns, cells = table(3), [], [], [], []
    for one, many in map(message, every(1)):
        codes = [(c(1).decode(), label(c(2))) for c, _ in map(message, many(4))]
        dimensions.append(((one(1).decode(), one(2).decode(), label(one(3))), codes))
    for one, _ in map(message, every(2)):
        values, column = (v for v, in struct.iter_unpack("<q", one(6))), []
        for status in (own if whole == 1 else whole for whole, own in zip(statuses, one(8) or statuses)):
            v = next(values) if status == 1 else None
            status = 4 if v == -(2**63) else status
            column.append((None if status != 1 else number(v, one(5, 0)), " AQOM"[status]))
        measures.append((one(2).decode(), one(7).decode(), label(one(3)), one(5, 0), one(11, 0)))
        columns.append(column)
    for cell, status in enumerate(statuses):
        at, rest = [], cell
        for _, codes in reversed(dimensions):
            rest, i = divmod(rest, len(codes) + 1)
            at.insert(0, codes[i][0] if i < len(codes) else None)
        values, marks = ([c[cell][n] for c in columns] for n in (0, 1))
        free = "F" if status != 2 and (len(columns) > 1 or marks != ["Q"]) else "C"
        cells.append((at, " AQOM"[status], chr(table(5)[cell]) if table(5) and status == 2 else free,
                      values, marks, bool(table(4)[cell:cell + 1].strip(b"\0")) and status == 1))
    return dimensions, measures, cells

def shown_table(table):
    cell = of("at", "obs_status", "conf_status", "values", "statuses")
    return ([(of("variable", "level", "label")(d), list(map(of("code", "label"), d["categories"])))
             for d in table["dimensions"]],
            [of("variable", "name", "label")(m) + tuple(map(int, of("decimals", "scale")(m)))
             for m in table["measures"]], [cell(c) + (c.get("held", False),) for c in table["cells"]])

def once(pairs):
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)

def check(answer, keys, wrong):
    proof, table = answer["proof"], answer if answer["format"] == "statgate.table.1" else None
    c, head = proof["certificate"], proof["certificate"]["head"]
    number, size = int(c["number"]), int(head["size"])
    body = struct.pack("<16sQ32sq", b"statgate/head/1", size, bytes.fromhex(head["root"]), int(head["at_ms"]))
    key = [k for k in keys if sha256(k).hex()[:16] == head["key_id"]]
    wrong("KEY", not key)
    wrong("SIGNATURE", key and not signed(key[0], body, bytes.fromhex(head["signature"])))
    wrong("HEAD_OLDER", size <= number)
    wrong("INCLUSION", size > number and root_of(
        leaf_of(c), number, size, map(bytes.fromhex, c["inclusion"])) != bytes.fromhex(head["root"]))
    wrong("KIND", int(c["kind"]) != 18)
    said, raw = statement_of(base64.b64decode(c["statement"])), base64.b64decode(proof["release"])
    question, (release, _) = base64.b64decode(proof["question"]), message(raw)
    vintage = "%d.%d" % tuple(message(release(1))[0](n, 0) for n in (1, 2))
    for name, n, is_so in (("RELEASE", 11, sha256(raw)), ("QUESTION", 7, sha256(question)),
                           ("RELEASE_QUESTION", 7, release(3)), ("POLICY", 8, release(4)),
                           ("VINTAGE", 6, vintage.encode()), ("SCOPE", 2, release(5)),
                           ("SCOPE", 3, release(6)), ("SCOPE", 4, release(12))):
        wrong(name, said.get(n, b"") != is_so)
    if table is not None:
        shown = table["release"]
        told = [("dataset", release(5).decode()), ("purpose", release(6).decode()),
                ("vintage", vintage.removesuffix(".0")), ("linkage", release(12).decode() or None),
                ("threshold", str(release(7, 0))), ("zeros_published", bool(release(8, 0))),
                ("delivered", str(release(10, 0))), ("expected", str(release(11, 0))),
                ("period", release(14).decode() or None), ("release_digest", sha256(raw).hex()),
                ("query_digest", release(3).hex()), ("policy_digest", release(4).hex())]
        wrong("TABLE", shown_table(table) != table_of(release) or canonical_filters(table) not in question
              or any(shown[k] != v for k, v in told))

def main(path, key_path):
    found = []
    try:
        with open(path, encoding="utf-8") as file:
            answer = json.load(file, parse_int=str, parse_float=str, object_pairs_hook=once)
        with open(key_path, encoding="ascii") as file:
            keys = [bytes.fromhex(k) for k in file.read().split("\n") if k and k[0] != "#"]
        check(answer, keys, lambda name, is_wrong: found.append(name) if is_wrong else None)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OSError, struct.error) as why:
        print(f"{path}: cannot be read as an answer: {why}")
        return 1 if found else 2
    print(f"{path}: {'does not hold: ' + ' '.join(found) if found else 'holds'}")
    return 1 if found else 0

if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
