#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""thief.py: what somebody gets out of a stolen data folder.

    thief.py FOLDER NUMBERS

The thief has the whole folder (database, log of the database, sealed keyring,
policy, certificates), knows the format of everything, and has NUMBERS, a file
with the personal numbers of people he is looking for, one a line. He has no
passphrase. He tries to

  join     two batches (of two municipalities, of two data sets, of two
           deliveries) on any 8 bytes that they have in common
  match    rows of any table of different domains on any stored value
  guess    a stored value from a number: as it stands, by any plain digest, or by
           a digest keyed with any 32 bytes of the keyring file

Prints what worked, and ends with 1 if anything did, with 0 if nothing, and with
2 if there was nothing to steal, which proves nothing.
"""

import hashlib
import hmac
import os
import shutil
import sqlite3
import sys
import tempfile

WINDOW = 8
DIGESTS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256", "blake2b", "blake2s")


def steal(folder, into):
    """A copy of the database with its log, opened by SQLite."""
    for name in os.listdir(os.path.join(folder, "store")):
        shutil.copy(os.path.join(folder, "store", name), into)
    return sqlite3.connect(os.path.join(into, "statgate.db"))


def batches(db):
    """(domain, name, sealed bytes) of every batch."""
    rows = db.execute(
        "SELECT s.municipality, s.dataset, s.number, b.sequence, b.sealed"
        " FROM batch b JOIN submission s ON s.number = b.submission"
    )
    return [((m, d), f"{d} {m:04} {n}/{q}", bytes(sealed)) for m, d, n, q, sealed in rows]


def join(found):
    """Pairs of batches with 8 bytes in common, wherever they stand."""
    owner = {}
    for _, name, sealed in found:
        for at in range(len(sealed) - WINDOW + 1):
            window = sealed[at : at + WINDOW]
            if window.count(window[0]) == WINDOW:
                continue  # a run of one byte says nothing
            first = owner.setdefault(window, name)
            if first != name:
                yield f"join: {first} and {name} share {window.hex()}"
                break


def domain_columns(db):
    """Every column of every table that hangs on a submission."""
    for table, key in (("submission", "number"), ("batch", "submission")):
        for column in db.execute(f"PRAGMA table_info({table})").fetchall():
            yield table, key, column[1]


def match(db):
    """Values of at least 8 bytes that stand in two domains."""
    public = {("submission", "dataset"), ("batch", "spacer")}
    for table, key, column in domain_columns(db):
        if (table, column) in public:
            continue
        seen = {}
        rows = db.execute(
            f"SELECT s.number, t.{column} FROM {table} t JOIN submission s ON s.number = t.{key}"
        )
        for number, value in rows:
            if not isinstance(value, (bytes, str)) or len(value) < WINDOW:
                continue
            if seen.setdefault(value, number) != number:
                yield f"match: {table}.{column} is the same in submissions {seen[value]} and {number}"


def forms(number):
    """How a number may be written before it is hashed."""
    short, dashed = number[2:], number[2:8] + "-" + number[8:]
    texts = (number, short, dashed, number[:8] + "-" + number[8:], number.ljust(16, "\0"))
    for text in texts:
        yield text.encode()
        yield text.encode("utf-16-le")
    yield int(number).to_bytes(8, "little")
    yield int(number).to_bytes(8, "big")
    yield int(short).to_bytes(8, "little")


def guesses(folder, numbers):
    """8 bytes that would betray a number, and what they would be."""
    with open(os.path.join(folder, "keys", "keyring.sgk"), "rb") as file:
        keyring = file.read()
    keys = [keyring[at : at + 32] for at in range(len(keyring) - 31)]
    for i, number in enumerate(numbers):
        for form in forms(number):
            if len(form) >= WINDOW:
                yield form[:WINDOW], "a number"
            for digest in DIGESTS:
                hashed = hashlib.new(digest, form).digest()
                yield hashed[:WINDOW], f"{digest} of a number"
                yield hashed.hex()[: 2 * WINDOW].encode(), f"{digest} of a number, in hex"
        if i < 3:  # keyed ones are many
            for key in keys:
                yield hmac.digest(key, number.encode(), "sha256")[:WINDOW], "a keyed digest"


def guess(folder, found, numbers):
    windows = {
        sealed[at : at + WINDOW] for _, _, sealed in found for at in range(len(sealed) - WINDOW + 1)
    }
    for window, what in guesses(folder, numbers):
        if window[:WINDOW] in windows:
            yield f"guess: {what} stands in a batch"
            return


def main():
    folder, numbers_file = sys.argv[1:3]
    with open(numbers_file, encoding="ascii") as file:
        numbers = file.read().split()
    with tempfile.TemporaryDirectory() as into:
        db = steal(folder, into)
        found = batches(db)
        domains = {domain for domain, _, _ in found}
        if len(domains) < 3 or len(found) <= len(domains) or not numbers:
            print(f"{len(found)} batches of {len(domains)} domains: nothing to join")
            return 2
        loot = [*join(found), *match(db), *guess(folder, found, numbers)]
        db.close()
    for line in loot[:20]:
        print(line)
    print(f"{len(found)} batches of {len(domains)} domains, {len(numbers)} numbers: "
          f"{len(loot)} things found")
    return 1 if loot else 0


if __name__ == "__main__":
    sys.exit(main())
