#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""check_vectors.py: do the vectors beside it say what their files say they say?

A second reader: standard library, python3-nacl for boxes and signatures, AES and
GF(2^8) spelled out below. It shares no code with crypto/, which is tested against the
same files, nor with make_vectors.py, which wrote them. For whoever writes a client it is
the shortest place to see how a box is opened or a code is made.
"""

import hashlib
import hmac
import itertools
import os
import sys

from nacl.public import PrivateKey, SealedBox
from nacl.signing import SigningKey, VerifyKey
from nacl.hash import siphashx24
from nacl.encoding import RawEncoder

HERE = os.path.dirname(os.path.abspath(__file__))


def records(name):
    """The records of a file, each a dict of texts."""
    with open(os.path.join(HERE, name), encoding="utf-8") as lines:
        record = {}
        for line in itertools.chain(lines, [""]):
            line = line.rstrip("\n")
            if line.startswith("#"):
                continue
            if line:
                field, _, value = line.partition(" ")
                record[field] = value
            elif record:
                yield record
                record = {}


def raw(record, *fields):
    return [bytes.fromhex(record[f]) for f in fields]


# AES-256, FIPS 197.

def xtime(a):
    return a << 1 ^ (0x11B if a & 0x80 else 0)


def times(a, b, modulus=0x11B):
    product = 0
    while b:
        product ^= a if b & 1 else 0
        a, b = a << 1 ^ (modulus if a & 0x80 else 0), b >> 1
    return product


def sbox_make():
    box = []
    for a in range(256):
        inverse = next((b for b in range(256) if times(a, b) == 1), 0)
        box.append(0x63 ^ inverse ^ (inverse << 1 | inverse >> 7) & 255 ^
                   (inverse << 2 | inverse >> 6) & 255 ^ (inverse << 3 | inverse >> 5) & 255 ^
                   (inverse << 4 | inverse >> 4) & 255)
    return box


SBOX = sbox_make()
BACK = [SBOX.index(i) for i in range(256)]


def round_keys(key):
    words = [list(key[i:i + 4]) for i in range(0, 32, 4)]
    constant = 1
    for i in range(8, 60):
        w = list(words[-1])
        if i % 8 == 0:
            w = [SBOX[b] for b in w[1:] + w[:1]]
            w[0] ^= constant
            constant = xtime(constant)
        elif i % 8 == 4:
            w = [SBOX[b] for b in w]
        words.append([a ^ b for a, b in zip(words[-8], w)])
    return [sum(words[i:i + 4], []) for i in range(0, 60, 4)]


def mixed(state, factors):
    out = []
    for c in range(0, 16, 4):
        for r in range(4):
            v = 0
            for i in range(4):
                v ^= times(state[c + i], factors[(i - r) % 4])
            out.append(v)
    return out


def aes(key, block):
    keys = round_keys(key)
    s = [a ^ b for a, b in zip(block, keys[0])]
    for i in range(1, 15):
        s = [SBOX[s[(j + 4 * (j % 4)) % 16]] for j in range(16)]
        if i < 14:
            s = mixed(s, (2, 3, 1, 1))
        s = [a ^ b for a, b in zip(s, keys[i])]
    return bytes(s)


def aes_back(key, block):
    keys = round_keys(key)
    s = list(block)
    for i in range(14, 0, -1):
        s = [a ^ b for a, b in zip(s, keys[i])]
        if i < 14:
            s = mixed(s, (14, 11, 13, 9))
        s = [BACK[s[(j - 4 * (j % 4)) % 16]] for j in range(16)]
    return bytes(a ^ b for a, b in zip(s, keys[0]))


def unwrap(key, wrapped):
    """RFC 3394."""
    a, r = wrapped[:8], [wrapped[i:i + 8] for i in range(8, len(wrapped), 8)]
    for t in range(6 * len(r), 0, -1):
        i = (t - 1) % len(r)
        b = aes_back(key, (int.from_bytes(a, "big") ^ t).to_bytes(8, "big") + r[i])
        a, r[i] = b[:8], b[8:]
    assert a == b"\xA6" * 8
    return b"".join(r)


def gcm_open(key, aad, sealed):
    """SP 800-38D, with a nonce of twelve zero bytes."""
    h = int.from_bytes(aes(key, bytes(16)), "big")

    def ghash(y, data):
        for i in range(0, len(data), 16):
            x = y ^ int.from_bytes(data[i:i + 16].ljust(16, b"\0"), "big")
            y, v = 0, h
            for bit in range(127, -1, -1):
                y ^= v if x >> bit & 1 else 0
                v = v >> 1 ^ (0xE1 << 120 if v & 1 else 0)
        return y

    cipher, tag = sealed[:-16], sealed[-16:]
    lengths = (len(aad) * 8).to_bytes(8, "big") + (len(cipher) * 8).to_bytes(8, "big")
    s = ghash(ghash(ghash(0, aad), cipher), lengths)
    first = aes(key, bytes(15) + b"\1")
    assert (s ^ int.from_bytes(first, "big")).to_bytes(16, "big") == tag
    stream = b"".join(aes(key, bytes(12) + (n + 2).to_bytes(4, "big"))
                      for n in range(-(-len(cipher) // 16)))
    return bytes(a ^ b for a, b in zip(cipher, stream))


def person_codes(v):
    k, code = raw(v, "k_person", "code")
    scope = int(v["issuer"]) if v["kind"] == "2" else 0
    message = (b"statgate/person1" + bytes([int(v["kind"])]) + scope.to_bytes(2, "little")
               + v["id"].encode().ljust(12, b"\0"))
    assert hmac.digest(k, message, "sha256")[:12] + bytes(4) == code


def pseudonyms(v):
    k, code, pseudonym = raw(v, "k_domain", "code", "pseudonym")
    assert aes(k, code) == pseudonym and aes_back(k, pseudonym) == code


def record_keys(v):
    k, code, expected = raw(v, "k_noise", "code", "record_key")
    dataset = v["dataset"].encode()
    alone = (len(dataset).to_bytes(4, "little") + dataset
             + int(v["municipality"]).to_bytes(2, "little")) if dataset else b""
    label = b"statgate/noise/alone/1" if dataset else b"statgate/noise/1"
    parts = (label, alone, v["linkage"].encode())
    under = hmac.digest(k, b"".join(len(p).to_bytes(8, "little") + p for p in parts), "sha256")
    assert aes(under, code)[:8] == expected


def record_tags(v):
    k, tag = raw(v, "key", "tag")
    assert siphashx24(v["record_key"].encode(), key=k[:16], encoder=RawEncoder)[:12] == tag


def sealed(v):
    under, aad, plain, thing = raw(v, "under", "aad", "plain", "sealed")
    assert thing[0] == 1
    assert gcm_open(unwrap(under, thing[1:41]), aad, thing[41:]) == plain


def signatures(v):
    seed, public, signature = raw(v, "seed", "public", "signature")
    message = v["label"].encode() + b"\0" + v["message"].encode()
    assert bytes(SigningKey(seed).verify_key) == public
    VerifyKey(public).verify(message, signature)
    assert SigningKey(seed).sign(message).signature == signature


def boxes(v):
    secret, public, box, plain = raw(v, "secret", "public", "box", "plain")
    keeper = PrivateKey(secret)
    assert bytes(keeper.public_key) == public
    assert SealedBox(keeper).decrypt(box) == plain
    assert hashlib.sha256(public).hexdigest()[:16] == v["key_id"]
    rows, guardians = int(v["rows"]), int(v["guardians"])
    numbers = [int(v["sequence"]).to_bytes(4, "little"), rows.to_bytes(4, "little")]
    pieces = [v["use"].encode(), v["key_id"].encode(), v["municipality"].zfill(4).encode(),
              v["dataset"].encode(), bytes.fromhex(v["submission"]), *numbers]
    head = hashlib.sha256(b"".join(len(p).to_bytes(4, "little") + p for p in pieces)).digest()
    assert head.hex() == v["head"] and plain[:32] == head
    assert plain[32:36] == numbers[1] and plain[36:40] == guardians.to_bytes(4, "little")
    assert len(plain) == 40 + 13 * (rows + guardians)
    kinds = plain[40 + 12 * rows:40 + 13 * rows] + plain[len(plain) - guardians:]
    assert set(kinds) <= {0, 1, 2}
    signer, signature = raw(v, "signer", "signature")
    statement = b"statgate/box/1\0" + head + hashlib.sha256(box).digest()
    VerifyKey(signer).verify(statement, signature)


def record_boxes(v):
    secret, public, box, plain = raw(v, "secret", "public", "box", "plain")
    assert bytes(PrivateKey(secret).public_key) == public
    assert SealedBox(PrivateKey(secret)).decrypt(box) == plain
    pieces = [b"record", v["key_id"].encode(), v["municipality"].zfill(4).encode(),
              v["dataset"].encode(), bytes.fromhex(v["submission"]), bytes(4), b"\1\0\0\0"]
    head = hashlib.sha256(b"".join(len(p).to_bytes(4, "little") + p for p in pieces)).digest()
    record = bytes.fromhex(v["record"])
    assert head.hex() == v["head"] and len(plain) == 60
    assert plain == head + len(record).to_bytes(4, "little") + record.ljust(24, b"\0")
    signer, signature = raw(v, "signer", "signature")
    VerifyKey(signer).verify(b"statgate/box/1\0" + head + hashlib.sha256(box).digest(), signature)


def statements(v):
    request, box, days, digest, seed, public, signature = raw(
        v, "request", "box", "days", "digest", "seed", "public", "signature")
    pieces = [v["municipality"].zfill(4).encode(), request,
              hashlib.sha256(box).digest() if box else b"", days]
    framed = b"".join(len(p).to_bytes(4, "little") + p for p in pieces)
    assert hashlib.sha256(framed).digest() == digest
    assert bytes(SigningKey(seed).verify_key) == public
    assert SigningKey(seed).sign(v["label"].encode() + b"\0" + digest).signature == signature


def share_read(text):
    digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    words = text.split()
    number, total, required = int(words[1]), int(words[3].strip(",")), int(words[4])
    group = bytes.fromhex("".join(words[9:13]))
    bits = 0
    for c in "".join(words[13:]):
        bits = bits << 5 | digits.index(c)
    body = bits.to_bytes(40, "big")
    check = hashlib.sha256(b"statgate-share/1\0" + group + bytes([required, total, number])
                           + body[:32]).digest()
    assert words[0] == "statgate-share/1:" and words[5:9] == ["give", "the", "key;", "set"]
    assert len(words) == 29 and body[32:] == check[:8]
    return group, required, total, number, body[:32]


def joined(parts):
    """Lagrange at 0 over GF(2^8); minus is plus."""
    out = bytearray(32)
    for x, part in parts:
        weight = 1
        for other, _ in parts:
            if other != x:
                inverse = next(i for i in range(256) if times(x ^ other, i, 0x11D) == 1)
                weight = times(weight, times(other, inverse, 0x11D), 0x11D)
        for i in range(32):
            out[i] ^= times(part[i], weight, 0x11D)
    return bytes(out)


def shares(v):
    required, total = int(v["required"]), int(v["total"])
    read = [share_read(v[f"share{n}"]) for n in range(1, total + 1)]
    assert all(s[:3] == (read[0][0], required, total) for s in read)
    assert [s[3] for s in read] == list(range(1, total + 1))
    for chosen in itertools.combinations(read, required):
        assert joined([s[3:] for s in chosen]).hex() == v["key"]


# The audit log. Proofs are checked here by counting leaves, the way a tree is drawn, and not by
# the two indices of RFC 9162: another way to the same roots.

def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def node(left, right):
    return sha(b"\1", left, right)


def half(n):
    return 1 << (n - 1).bit_length() - 1


def hashes(path):
    return [path[i:i + 32] for i in range(0, len(path), 32)]


def rise(leaf, index, size, path):
    """The root of the tree that has this leaf there."""
    if size == 1:
        assert not path
        return leaf
    k = half(size)
    if index < k:
        return node(rise(leaf, index, k, path[:-1]), path[-1])
    return node(path[-1], rise(leaf, index - k, size - k, path[:-1]))


def both(before, size, path, known):
    """The roots of the tree before and of this one."""
    if before == size:
        assert len(path) == (0 if known else 1)
        return (known or path[0],) * 2
    k = half(size)
    if before <= k:
        old, new = both(before, k, path[:-1], known)
        return old, node(new, path[-1])
    old, new = both(before - k, size - k, path[:-1], None)
    return node(path[-1], old), node(path[-1], new)


TREES = []


def trees(v):
    """Peaks of complete subtrees, as whoever appends keeps them."""
    peaks = list(TREES[-1][0]) if TREES else []
    peaks.append((1, sha(b"\0", bytes.fromhex(v["data"]))))
    while len(peaks) > 1 and peaks[-1][0] == peaks[-2][0]:
        (n, right), (_, left) = peaks.pop(), peaks.pop()
        peaks.append((2 * n, node(left, right)))
    root = peaks[-1][1]
    for _, left in reversed(peaks[:-1]):
        root = node(left, root)
    TREES.append((peaks, root, sha(b"\0", bytes.fromhex(v["data"]))))
    assert len(TREES) == int(v["size"]) and root.hex() == v["root"]


def proofs(v):
    first, size, path = int(v["first"]), int(v["size"]), hashes(bytes.fromhex(v["path"]))
    if v["kind"] == "inclusion":
        assert rise(TREES[first][2], first, size, path) == TREES[size - 1][1]
    else:
        assert both(first, size, path, TREES[first - 1][1]) == (TREES[first - 1][1], TREES[size - 1][1])


def i64(text):
    return int(text).to_bytes(8, "little", signed=True)


def leaf_of(v, open_part, closed_part):
    commitment = sha(b"statgate/entry/1\0", open_part, closed_part)
    return commitment, sha(b"\0", int(v["number"]).to_bytes(8, "little"), i64(v["at_ms"]),
                           int(v["kind"]).to_bytes(2, "little"), commitment)


def leaves(v):
    parts = []
    for part in ("open", "closed"):
        salt, content = raw(v, part + "_salt", part)
        parts.append(sha(b"statgate/part/1\0", salt, content))
        assert parts[-1].hex() == v[part + "_part"]
    commitment, leaf = leaf_of(v, *parts)
    assert (commitment.hex(), leaf.hex()) == (v["commitment"], v["leaf"])


def head_holds(v, size, at_ms, root):
    public, signature = raw(v, "public", "signature")
    assert sha(public).hex()[:16] == v["key_id"]
    statement = int(size).to_bytes(8, "little") + root + i64(at_ms)
    VerifyKey(public).verify(b"statgate/head/1\0" + statement, signature)


def heads(v):
    head_holds(v, v["size"], v["at_ms"], bytes.fromhex(v["root"]))
    assert v["line"].split(" ") == ["statgate-head", "1", v["size"], v["root"], v["at_ms"], v["key_id"],
                                    v["signature"]]


def certificates(v):
    salt, statement, closed, path, root = raw(v, "salt", "statement", "closed", "path", "head_root")
    _, leaf = leaf_of(v, sha(b"statgate/part/1\0", salt, statement), closed)
    assert rise(leaf, int(v["number"]), int(v["head_size"]), hashes(path)) == root
    head_holds(v, v["head_size"], v["head_at_ms"], root)


def main():
    checks = (person_codes, pseudonyms, record_keys, record_tags, sealed, signatures, boxes,
              record_boxes, statements, shares,
              trees, proofs, leaves, heads, certificates)
    for check in checks:
        name = check.__name__ + ".txt"
        number = 0
        for number, record in enumerate(records(name), 1):
            try:
                check(record)
            except Exception as why:
                sys.exit(f"{name}, record {number}: {type(why).__name__} {why}")
        if number == 0:
            sys.exit(f"{name}: no records")
        print(f"{name}: {number} records hold")


if __name__ == "__main__":
    main()
