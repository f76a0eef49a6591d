#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""make_vectors.py: writes the vectors beside it from their description alone.

Shares no code with crypto/: hashes and HMAC from Python's hashlib, AES, key wrap,
GCM and Ed25519 from python3-cryptography, SipHash spelled out below. Run it only
to add vectors; what is there already is published and must not change.
"""

import hashlib
import hmac
import os

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
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
