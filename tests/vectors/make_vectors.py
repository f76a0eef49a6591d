#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""make_vectors.py: writes the vectors beside it from their description alone.

Shares no code with crypto/, nor a library that crypto/ computes these with where it
can be helped: hashes and HMAC from Python's hashlib, AES, key wrap, GCM, X25519 and
Ed25519 from python3-cryptography, SipHash, XSalsa20-Poly1305 and GF(2^8) spelled out
below. Run it only to add vectors; what is there already is published and must not
change.
"""

import hashlib
import hmac
import os

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_wrap

HERE = os.path.dirname(os.path.abspath(__file__))
NATIONAL, LOCAL = 1, 2


def key(name):
    return hashlib.sha256(b"statgate test vector: " + name.encode()).digest()


def person_code(k_person, kind, issuer, ident):
    scope = issuer if kind == LOCAL else 0
    message = b"statgate/person1" + bytes([kind]) + scope.to_bytes(2, "little") + ident.ljust(12, b"\0")
    return hmac.new(k_person, message, hashlib.sha256).digest()[:12] + bytes(4)


def aes(k, block):
    e = Cipher(algorithms.AES(k), modes.ECB()).encryptor()
    return e.update(block) + e.finalize()


def siphash128(k, data):
    mask = (1 << 64) - 1

    def rotl(x, b):
        return ((x << b) | (x >> (64 - b))) & mask

    k0, k1 = int.from_bytes(k[:8], "little"), int.from_bytes(k[8:16], "little")
    v = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D ^ 0xEE,
         k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573]

    def rounds(n):
        for _ in range(n):
            v[0] = (v[0] + v[1]) & mask; v[1] = rotl(v[1], 13) ^ v[0]; v[0] = rotl(v[0], 32)
            v[2] = (v[2] + v[3]) & mask; v[3] = rotl(v[3], 16) ^ v[2]
            v[0] = (v[0] + v[3]) & mask; v[3] = rotl(v[3], 21) ^ v[0]
            v[2] = (v[2] + v[1]) & mask; v[1] = rotl(v[1], 17) ^ v[2]; v[2] = rotl(v[2], 32)

    padded = data + bytes(7 - len(data) % 8) + bytes([len(data) & 0xFF])
    for i in range(0, len(padded), 8):
        m = int.from_bytes(padded[i:i + 8], "little")
        v[3] ^= m
        rounds(2)
        v[0] ^= m
    v[2] ^= 0xEE
    rounds(4)
    first = v[0] ^ v[1] ^ v[2] ^ v[3]
    v[1] ^= 0xDD
    rounds(4)
    second = v[0] ^ v[1] ^ v[2] ^ v[3]
    return first.to_bytes(8, "little") + second.to_bytes(8, "little")


def seal(under, aad, plain, data_key):
    # cryptography gives back cipher text ‖ tag, which is the order in our layout.
    return (b"\x01" + aes_key_wrap(under, data_key) +
            AESGCM(data_key).encrypt(bytes(12), plain, aad))


def write(name, story, records):
    with open(os.path.join(HERE, name), "w", encoding="ascii") as out:
        out.write("# SPDX-License-Identifier: Apache-2.0\n")
        for line in story.strip().splitlines():
            out.write(("# " + line).rstrip() + "\n")
        for record in records:
            out.write("\n")
            for field, value in record:
                out.write(f"{field} {value.hex() if isinstance(value, bytes) else value}".rstrip() + "\n")


# Official test numbers of Skatteverket; no person has them.
PERSONS = [
    (NATIONAL, 114, b"189001019802"),
    (NATIONAL, 2584, b"189001019802"),
    (NATIONAL, 114, b"199908072391"),
    (NATIONAL, 1980, b"191401682396"),
    (LOCAL, 114, b"A-17"),
    (LOCAL, 2584, b"A-17"),
    (LOCAL, 114, b"tf20250042xz"),
    (LOCAL, 114, b"189001019802"),
]

k_person = key("k_person")
write("person_codes.txt", """
Person codes: the first 12 bytes of HMAC-SHA-256(k_person, "statgate/person1" ‖ kind u8
‖ issuer u16 little-endian ‖ id, 12 bytes NUL-padded), then four zero bytes. kind 1 is
national, 2 local; the issuer counts for local ids only and is 0 for national ones.
""".replace("‖", "|"), [[("k_person", k_person), ("kind", str(k)), ("issuer", str(i)), ("id", d.decode()),
                         ("code", person_code(k_person, k, i, d))] for k, i, d in PERSONS])

write("pseudonyms.txt", """
Pseudonyms: AES-256(k_domain, person code), one block.
""", [[("k_domain", key(dom)), ("code", person_code(k_person, k, i, d)),
       ("pseudonym", aes(key(dom), person_code(k_person, k, i, d)))]
      for dom in ("domain placering 0114", "domain anmalan 2584") for k, i, d in PERSONS[:4]])

write("record_tags.txt", """
Record tags: the first 12 bytes of SipHash-2-4 with 128 bits of output under the first
16 bytes of the tag key, over the local record key without its NUL padding.
""", [[("key", key("tag")), ("record_key", r), ("tag", siphash128(key("tag"), r.encode())[:12])]
      for r in ("1", "12", "2025-000123", "Dnr.2025/1234", "abcdefghijklmnopqrstuvwx")])



def mac(k, *parts):
    framed = b"".join(len(p).to_bytes(8, "little") + p for p in parts)
    return hmac.new(k, framed, hashlib.sha256).digest()


def record_key(k_noise, linkage, dataset, municipality, code):
    if dataset:
        alone = len(dataset).to_bytes(4, "little") + dataset.encode() + municipality.to_bytes(2, "little")
        under = mac(k_noise, b"statgate/noise/alone/1", alone, linkage.encode())
    else:
        under = mac(k_noise, b"statgate/noise/1", b"", linkage.encode())
    return aes(under, code)[:8]


write("record_keys.txt", """
Record keys of persons, which noise is drawn with: the first 8 bytes, read little-endian,
of AES-256(k, person code). k is HMAC-SHA-256(k_noise, "statgate/noise/1" | nothing | linkage),
and of a municipality outside the linkage HMAC-SHA-256(k_noise, "statgate/noise/alone/1" |
domain | linkage), each field framed by its length as u64 little-endian; domain is the length of
the data set's name as u32 little-endian | name | municipality u16 little-endian.
""", [[("k_noise", key("noise")), ("linkage", linkage), ("dataset", dataset),
       ("municipality", str(m)), ("code", person_code(k_person, k, i, d)),
       ("record_key", record_key(key("noise"), linkage, dataset, m, person_code(k_person, k, i, d)))]
      for linkage, dataset, m in (("barn", "", 0), ("alla", "", 0), ("barn", "anmalan", 1480))
      for k, i, d in PERSONS[:5]])

write("sealed.txt", """
Sealed things, a batch's columns among them: version u8 = 1 | data key wrapped under the
long-lived key (RFC 3394), 40 bytes | AES-256-GCM cipher text, nonce zero | tag 16.
""", [[("under", key("under " + str(n))), ("aad", aad), ("plain", plain),
       ("sealed", seal(key("under " + str(n)), aad, plain, key("data " + str(n))))]
      for n, (aad, plain) in enumerate([
          (b"", b""), (b"placering 0114 epoch 1 batch 7", b"columns"),
          (b"aad", bytes(range(256)) * 2)])])

SIGNED = [("statgate/policy/1", ""), ("statgate/policy/1", "a bundle"),
          ("statgate/head/1", "a bundle")]
records = []
for label, message in SIGNED:
    private = Ed25519PrivateKey.from_private_bytes(key("signer"))
    public = private.public_key().public_bytes(
        serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    records.append([("seed", key("signer")), ("public", public), ("label", label), ("message", message),
                    ("signature", private.sign(label.encode() + b"\0" + message.encode()))])
write("signatures.txt", """
Signatures: Ed25519 (RFC 8032) over label | one zero byte | message, which are texts.
""", records)


# Sealed boxes: Bernstein, "Cryptography in NaCl" and "Extending the Salsa20 nonce".

def salsa20_rounds(words):
    mask = 0xFFFFFFFF
    x = list(words)

    def quarter(a, b, c, d):
        for to, one, other, by in ((b, a, d, 7), (c, b, a, 9), (d, c, b, 13), (a, d, c, 18)):
            t = (x[one] + x[other]) & mask
            x[to] ^= ((t << by) | (t >> (32 - by))) & mask

    for _ in range(10):
        for q in ((0, 4, 8, 12), (5, 9, 13, 1), (10, 14, 2, 6), (15, 3, 7, 11)):
            quarter(*q)
        for q in ((0, 1, 2, 3), (5, 6, 7, 4), (10, 11, 8, 9), (15, 12, 13, 14)):
            quarter(*q)
    return x


def words_of(data):
    return [int.from_bytes(data[i:i + 4], "little") for i in range(0, len(data), 4)]


def salsa20_input(k, tail):
    c, kw, t = words_of(b"expand 32-byte k"), words_of(k), words_of(tail)
    return [c[0], *kw[:4], c[1], *t, c[2], *kw[4:], c[3]]


def hsalsa20(k, nonce16):
    x = salsa20_rounds(salsa20_input(k, nonce16))
    return b"".join(x[i].to_bytes(4, "little") for i in (0, 5, 10, 15, 6, 7, 8, 9))


def xsalsa20(k, nonce24, length):
    sub, out, block = hsalsa20(k, nonce24[:16]), b"", 0
    while len(out) < length:
        before = salsa20_input(sub, nonce24[16:] + block.to_bytes(8, "little"))
        after = salsa20_rounds(before)
        out += b"".join(((a + b) & 0xFFFFFFFF).to_bytes(4, "little") for a, b in zip(before, after))
        block += 1
    return out[:length]


def poly1305(k, data):
    r = int.from_bytes(k[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    h = 0
    for i in range(0, len(data), 16):
        h = (h + int.from_bytes(data[i:i + 16] + b"\x01", "little")) * r % ((1 << 130) - 5)
    return ((h + int.from_bytes(k[16:], "little")) & ((1 << 128) - 1)).to_bytes(16, "little")


def x25519_public(secret):
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes(
        serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def sealed_box(public, ephemeral, plain):
    own = x25519_public(ephemeral)
    shared = X25519PrivateKey.from_private_bytes(ephemeral).exchange(
        X25519PublicKey.from_public_bytes(public))
    k = hsalsa20(shared, bytes(16))
    nonce = hashlib.blake2b(own + public, digest_size=24).digest()
    stream = xsalsa20(k, nonce, 32 + len(plain))
    cipher = bytes(a ^ b for a, b in zip(plain, stream[32:]))
    return own + poly1305(stream[:32], cipher) + cipher


def framed32(*pieces):
    return b"".join(len(p).to_bytes(4, "little") + p for p in pieces)


def u32(n):
    return n.to_bytes(4, "little")


def ed25519(seed):
    private = Ed25519PrivateKey.from_private_bytes(seed)
    return private, private.public_key().public_bytes(
        serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def box_record(name, use, municipality, dataset, sequence, persons, guardians):
    secret, ephemeral, submission = key("keeper"), key("ephemeral " + name), key("submission " + name)[:16]
    public = x25519_public(secret)
    key_id = hashlib.sha256(public).hexdigest()[:16]
    head = hashlib.sha256(framed32(use.encode(), key_id.encode(), b"%04d" % municipality,
                                   dataset.encode(), submission, u32(sequence),
                                   u32(len(persons)))).digest()
    plain = head + u32(len(persons)) + u32(len(guardians))
    for column in (persons, guardians):
        plain += b"".join(i.ljust(12, b"\0") for _, i in column) + bytes(k for k, _ in column)
    box = sealed_box(public, ephemeral, plain)
    private, signer = ed25519(key("submission key " + str(municipality)))
    signature = private.sign(b"statgate/box/1\0" + head + hashlib.sha256(box).digest())
    return [("secret", secret), ("public", public), ("key_id", key_id), ("use", use),
            ("municipality", str(municipality)), ("dataset", dataset), ("submission", submission),
            ("sequence", str(sequence)), ("rows", str(len(persons))),
            ("guardians", str(len(guardians))), ("head", head), ("plain", plain),
            ("ephemeral", ephemeral), ("box", box), ("signer", signer), ("signature", signature)]


write("boxes.txt", """
Sealed boxes of persons. head is SHA-256 over seven pieces, each framed by its length as u32
little-endian: use | key id, 16 hexadecimal digits | municipality, four digits | data set |
submission, 16 bytes | sequence u32 | rows u32; key id is the first 8 bytes of SHA-256(public).
plain is head | rows u32 | guardians u32 | ids, 12 bytes each, NUL-padded | kinds, one byte each
| ids of guardians | kinds of guardians; integers are little-endian, kind 1 is national, 2 local.
box is libsodium's crypto_box_seal of plain to public: X25519 public of ephemeral | Poly1305 tag |
XSalsa20 of plain, under crypto_box's key of both, nonce = BLAKE2b-192(public of ephemeral |
public). ephemeral is drawn for each box and forgotten; it is here for those who compute.
signature is Ed25519 by the municipality's submission key over "statgate/box/1" | one zero byte
| head | SHA-256(box).
""", [
    box_record("one", "batch", 180, "placering", 0,
               [(NATIONAL, b"189001019802"), (NATIONAL, b"199908072391"), (LOCAL, b"A-17")],
               [(NATIONAL, b"191401682396"), (LOCAL, b"tf20250042xz")]),
    box_record("two", "batch", 2584, "a", 65535, [(NATIONAL, b"191401682396"), (0, b"")], []),
    box_record("three", "erase", 114, "", 0, [(NATIONAL, b"189001019802")], []),
    box_record("four", "alias", 114, "", 7, [(LOCAL, b"A-17")], [(NATIONAL, b"189001019802")]),
])


def record_box(name, municipality, dataset, record):
    fields = dict(box_record(name, "record", municipality, dataset, 0, [(NATIONAL, b"")], []))
    plain = fields["head"] + u32(len(record)) + record.ljust(24, b"\0")
    box = sealed_box(fields["public"], fields["ephemeral"], plain)
    private, signer = ed25519(key("submission key " + str(municipality)))
    fields.update(plain=plain, box=box, signature=private.sign(
        b"statgate/box/1\0" + fields["head"] + hashlib.sha256(box).digest()))
    return [(f, fields[f]) for f in ("secret", "public", "key_id", "municipality", "dataset",
                                     "submission", "head")] + [("record", record)] + [
        (f, fields[f]) for f in ("plain", "ephemeral", "box", "signer", "signature")]


write("record_boxes.txt", """
Sealed boxes of the key of one record, to be erased. head is that of boxes.txt with the use "record",
sequence 0 and rows 1, and the request's id in the place of the submission. plain is head | u32
length of the key | the key, NUL-padded to 24 bytes. box and signature as in boxes.txt.
""", [record_box("record one", 180, "placering", b"P2024-0000001"),
      record_box("record two", 2584, "a", b"x" * 24)])


def alias_statement(name, kind, municipality, box, days):
    request = key("request " + name)[:16]
    packed = b"".join((d & 0xffffffff).to_bytes(4, "little") for d in days)
    seed = key("submission key " + str(municipality))
    private, public = ed25519(seed)
    digest = hashlib.sha256(framed32(b"%04d" % municipality, request,
                                     hashlib.sha256(box).digest() if box else b"",
                                     packed)).digest()
    label = "statgate/alias-%s/1" % kind
    return [("label", label), ("municipality", str(municipality)), ("request", request),
            ("box", box), ("days", packed), ("digest", digest), ("seed", seed),
            ("public", public), ("signature", private.sign(label.encode() + b"\0" + digest))]


write("statements.txt", """
What a municipality says of numbers that became others. digest is SHA-256 over four pieces, each framed
by its length as u32 little-endian: municipality, four digits | request, 16 bytes | SHA-256(box) |
days, i32 each, little-endian. Taking back has neither box nor days: two empty pieces. signature is
Ed25519 by the municipality's submission key over label | one zero byte | digest.
""", [alias_statement("one", "days", 180, b"a box, whatever is in it", [20000, -1]),
      alias_statement("two", "days", 2584, b"another", [0]),
      alias_statement("three", "undo", 114, b"", [])])

# Shares: Shamir over GF(2^8) with x^8 + x^4 + x^3 + x^2 + 1.

BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def gf_mul(a, b):
    product = 0
    while b:
        product ^= a if b & 1 else 0
        a, b = a << 1 ^ (0x11D if a & 0x80 else 0), b >> 1
    return product


def share_at(k, coefficients, x):
    out = bytearray()
    for i in range(32):
        y = 0
        for c in coefficients:
            y = gf_mul(y ^ c[i], x)
        out.append(y ^ k[i])
    return bytes(out)


def share_text(group, required, total, number, part):
    check = hashlib.sha256(b"statgate-share/1\0" + group + bytes([required, total, number]) + part)
    bits = int.from_bytes(part + check.digest()[:8], "big")
    digits = "".join(BASE32[bits >> (5 * (63 - i)) & 31] for i in range(64))
    name = group.hex().upper()
    return (f"statgate-share/1: {number} of {total}, {required} give the key; set "
            + " ".join(name[i:i + 4] for i in range(0, 16, 4)) + " "
            + " ".join(digits[i:i + 4] for i in range(0, 64, 4)))


def share_record(name, required, total):
    k, group = key("shared " + name), key("set " + name)[:8]
    coefficients = [key(f"coefficient {name} {i}") for i in range(required - 1)]
    return [("key", k), ("required", str(required)), ("total", str(total))] + [
        (f"share{n}", share_text(group, required, total, n, share_at(k, coefficients, n)))
        for n in range(1, total + 1)]


write("shares.txt", """
Shares of a key of 32 bytes. Byte i of share x is the value at x of a polynomial of degree
required - 1 over GF(2^8) modulo x^8 + x^4 + x^3 + x^2 + 1 (0x11D), whose value at 0 is byte i
of the key. As text: a label; then 64 characters of base32 (Crockford's digits, most significant
bit first) for the 32 bytes and the first 8 of SHA-256 over "statgate-share/1" | one zero byte |
set, 8 bytes | required u8 | total u8 | number u8 | share. Line ends are written as blanks here.
""", [share_record("two of three", 2, 3), share_record("three of five", 3, 5),
      share_record("sixteen of sixteen", 16, 16)])

# The audit log: trees of RFC 9162, leaves and heads.

def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def half(n):
    """The largest power of two less than n."""
    return 1 << (n - 1).bit_length() - 1


def tree(leaves):
    if not leaves:
        return sha()
    if len(leaves) == 1:
        return leaves[0]
    k = half(len(leaves))
    return sha(b"\1", tree(leaves[:k]), tree(leaves[k:]))


def inclusion(index, leaves):
    if len(leaves) == 1:
        return []
    k = half(len(leaves))
    if index < k:
        return inclusion(index, leaves[:k]) + [tree(leaves[k:])]
    return inclusion(index - k, leaves[k:]) + [tree(leaves[:k])]


def consistency(before, leaves, known=True):
    if before == len(leaves):
        return [] if known else [tree(leaves)]
    k = half(len(leaves))
    if before <= k:
        return consistency(before, leaves[:k], known) + [tree(leaves[k:])]
    return consistency(before - k, leaves[k:], False) + [tree(leaves[:k])]


# The eight leaves that implementations of Certificate Transparency are tested with.
DATA = [bytes.fromhex(h) for h in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                                   "606162636465666768696a6b6c6d6e6f")]
LEAVES = [sha(b"\0", d) for d in DATA]

write("trees.txt", """
Hash trees (RFC 9162, section 2.1.1) over the first `size` of eight leaves; `data` is that of the last.
A leaf is SHA-256 over one zero byte | data; a node over one byte 1 | left | right.
""", [[("size", str(n)), ("data", DATA[n - 1]), ("root", tree(LEAVES[:n]))] for n in range(1, 9)])

write("proofs.txt", """
Proofs over the trees of trees.txt (RFC 9162, sections 2.1.3 and 2.1.4), hashes side by side. An
inclusion is of leaf `first` in the tree of `size`; a consistency of the tree of `first` with that of
`size`.
""", [[("kind", "inclusion"), ("first", str(i)), ("size", str(n)),
       ("path", b"".join(inclusion(i, LEAVES[:n])))] for n in range(1, 9) for i in range(n)] +
      [[("kind", "consistency"), ("first", str(m)), ("size", str(n)),
        ("path", b"".join(consistency(m, LEAVES[:n])))] for n in range(1, 9) for m in range(1, n + 1)])


def i64(n):
    return n.to_bytes(8, "little", signed=True)


def entry(number, at_ms, kind, statement, closed):
    open_salt, closed_salt = key(f"open salt {number}")[:16], key(f"closed salt {number}")[:16]
    open_part = sha(b"statgate/part/1\0", open_salt, statement)
    closed_part = sha(b"statgate/part/1\0", closed_salt, closed)
    commitment = sha(b"statgate/entry/1\0", open_part, closed_part)
    leaf = sha(b"\0", number.to_bytes(8, "little"), i64(at_ms), kind.to_bytes(2, "little"), commitment)
    return [("number", str(number)), ("at_ms", str(at_ms)), ("kind", str(kind)),
            ("open_salt", open_salt), ("open", statement), ("closed_salt", closed_salt),
            ("closed", closed), ("open_part", open_part), ("closed_part", closed_part),
            ("commitment", commitment), ("leaf", leaf)]


ENTRIES = [entry(0, 1767225600000, 1, b"", b"\x2c\x05\0\0\0start"),
           entry(1, 1767225600001, 18, b"\x01\x02\0\0\0OK", b""),
           entry(2, 1767225600001, 18, b"\x01\x02\0\0\0OK\x06\x03\0\0\x007.1", b"\x20\x01\0\0\0a"),
           entry(3, 1767225661000, 65535, b"", b""),
           entry(1 << 40, -1, 2, b"x" * 200, b"y")]

write("leaves.txt", """
Leaves of the audit log. A part is SHA-256 over "statgate/part/1" | one zero byte | salt, 16 bytes | bytes;
the commitment SHA-256 over "statgate/entry/1" | one zero byte | open_part | closed_part; the leaf
SHA-256 over one zero byte | number u64 | at_ms i64 | kind u16, little-endian | commitment. What the
parts say is no matter here.
""", ENTRIES)


def head(size, root, at_ms):
    private, public = ed25519(key("signing key"))
    key_id = hashlib.sha256(public).hexdigest()[:16]
    signature = private.sign(b"statgate/head/1\0" + size.to_bytes(8, "little") + root + i64(at_ms))
    line = f"statgate-head 1 {size} {root.hex()} {at_ms} {key_id} {signature.hex()}"
    return [("public", public), ("size", str(size)), ("root", root), ("at_ms", str(at_ms)),
            ("key_id", key_id), ("signature", signature), ("line", line)]


write("heads.txt", """
Heads of a log. signature is Ed25519 over "statgate/head/1" | one zero byte | size u64 | root | at_ms i64,
little-endian; key_id the first 8 bytes of SHA-256(public); line is how a witness is shown it.
""", [head(0, tree([]), 0), head(8, tree(LEAVES), 1767225600000),
      head((1 << 64) - 1, key("root"), -(1 << 63))])


def certificate(number, entries):
    leaves = [dict(e)["leaf"] for e in entries]
    e, signed = dict(entries[number]), dict(head(len(leaves), tree(leaves), 1767225662000))
    return [(f, e[f]) for f in ("number", "at_ms", "kind")] + [
        ("salt", e["open_salt"]), ("statement", e["open"]), ("closed", e["closed_part"]),
        ("path", b"".join(inclusion(number, leaves)))] + [
        ("head_" + f if f in ("at_ms", "size", "root") else f, signed[f])
        for f in ("public", "size", "root", "at_ms", "key_id", "signature")]


write("certificates.txt", """
What comes with an answer: its entry, of which the closed part stands as its digest, the inclusion of
that entry in the tree of head_size, and the head, by the formulas of leaves.txt, proofs.txt and heads.txt.
""", [certificate(n, ENTRIES[:4]) for n in (0, 2, 3)] + [certificate(0, ENTRIES[:1])])
