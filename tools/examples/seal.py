#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""seal.py: how a case system seals personal numbers to the key keeper, in Python.

Needs libsodium (Debian: libsodium23) and nothing else; PyNaCl offers the same two
functions as nacl.public.SealedBox and nacl.signing.SigningKey.

    keys = seal.read_pinned("client/keeper.pub")            # handed over, not fetched
    key = seal.choose(stub.GetKeeperKeys(...), keys)        # refuses what nobody vouches for
    sealed = seal.batch(key, seal.read_key("client/0180.submission.key"),
                        "0180", "placering", submission_id, sequence, ids, kinds)
    batch.sealed.CopyFrom(SealedPersons(**sealed))          # instead of batch.clear

Run alone it seals one box and prints it: seal.py PUBLIC_KEY_HEX SUBMISSION_KEY_FILE
"""

import ctypes
import ctypes.util
import hashlib
import os
import struct
import sys
import time
import uuid

sodium = ctypes.CDLL(ctypes.util.find_library("sodium") or "libsodium.so.23")
if sodium.sodium_init() < 0:
    raise RuntimeError("libsodium does not start")

EARLY_MS = 24 * 3600 * 1000


def key_id(public_key):
    return hashlib.sha256(public_key).hexdigest()[:16]


# Keys ------------------------------------------------------------------------------


def read_pinned(path):
    """The signing keys of the keeper that somebody handed over: 64 hex digits a line."""
    with open(path, encoding="ascii") as file:
        return [bytes.fromhex(line) for line in file.read().split("\n") if line and line[0] != "#"]


def read_key(path):
    """What `statgate keys submission-key` made: a seed of 32 bytes, in hex."""
    with open(path, encoding="ascii") as file:
        return bytes.fromhex(file.read().strip())


def verify(signature, message, public_key):
    return sodium.crypto_sign_verify_detached(
        signature, message, ctypes.c_ulonglong(len(message)), public_key) == 0


def choose(answer, pinned, now_ms=None):
    """The first sealing key of GetKeeperKeysResponse that a pinned key vouches for and that
    is good now. Nothing may be sealed to any other."""
    now = int(time.time() * 1000) if now_ms is None else now_ms
    for key in answer.sealing:
        statement = key.public_key + struct.pack("<qq", key.from_ms, key.until_ms)
        vouched = any(verify(s.signature, b"statgate/sealing-key/1\0" + statement, signer)
                      for s in key.signatures for signer in pinned)
        if vouched and key.from_ms <= now + EARLY_MS and now <= key.until_ms:
            return key.public_key
    raise ValueError("no sealing key that a pinned signing key vouches for today")


# Boxes -----------------------------------------------------------------------------


def head(use, public_key, municipality, dataset, submission, sequence, rows):
    """What a box is bound to. Both sides compute it; it is never sent."""
    pieces = [use.encode(), key_id(public_key).encode(), municipality.encode(), dataset.encode(),
              submission, struct.pack("<I", sequence), struct.pack("<I", rows)]
    return hashlib.sha256(b"".join(struct.pack("<I", len(p)) + p for p in pieces)).digest()


def seal(public_key, plain):
    """crypto_box_seal: anybody can make one, only the keeper opens it."""
    out = ctypes.create_string_buffer(len(plain) + sodium.crypto_box_sealbytes())
    if sodium.crypto_box_seal(out, plain, ctypes.c_ulonglong(len(plain)), public_key) != 0:
        raise ValueError("not a key that can be sealed to")
    return out.raw


def sign(seed, message):
    public, secret = ctypes.create_string_buffer(32), ctypes.create_string_buffer(64)
    out = ctypes.create_string_buffer(64)
    sodium.crypto_sign_seed_keypair(public, secret, seed)
    sodium.crypto_sign_detached(out, None, message, ctypes.c_ulonglong(len(message)), secret)
    return out.raw


def box(the_head, public_key, submission_key, ids, kinds, guardian_ids, guardian_kinds):
    plain = (the_head + struct.pack("<II", len(kinds), len(guardian_kinds)) + ids + kinds
             + guardian_ids + guardian_kinds)
    sealed = seal(public_key, plain)
    statement = b"statgate/box/1\0" + the_head + hashlib.sha256(sealed).digest()
    return {"key_id": key_id(public_key), "box": sealed,
            "signature": sign(submission_key, statement)}


def batch(public_key, submission_key, municipality, dataset, submission, sequence, ids, kinds,
          guardian_ids=b"", guardian_kinds=b""):
    """SealedPersons of a batch: ids of 12 bytes and kinds of 1 byte a row, as in PersonColumn.
    How many guardians each row has still goes into GuardianColumn.counts."""
    the_head = head("batch", public_key, municipality, dataset, submission, sequence, len(kinds))
    return box(the_head, public_key, submission_key, ids, kinds, guardian_ids, guardian_kinds)


def erasure(public_key, submission_key, municipality, person, kind=1):
    """(SealedPersons, request_id) of ErasePersonRequest. The id begins with the time."""
    random = bytearray(int(time.time() * 1000).to_bytes(6, "big") + os.urandom(10))
    random[6] = random[6] & 0x0F | 0x70
    random[8] = random[8] & 0x3F | 0x80
    request = uuid.UUID(bytes=bytes(random)).bytes
    the_head = head("erase", public_key, municipality, "", request, 0, 1)
    return box(the_head, public_key, submission_key, person, bytes([kind]), b"", b""), request


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    made = batch(bytes.fromhex(sys.argv[1]), read_key(sys.argv[2]), "0180", "placering", bytes(16),
                 0, b"201001019802", b"\1")
    for name, value in made.items():
        print(name, value if isinstance(value, str) else value.hex())
