#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""read_log.py: the audit log, read and checked by somebody who has only the .proto files.

    read_log.py PROTOS OUT

Reads all entries over mutual TLS, hashes them as crypto/leaf.h says, makes the tree of RFC 9162
by its definition (section 2.1.1) and checks the gateway's proofs by its algorithms (2.1.3.2 and
2.1.4.2). Run by with_gateway, which says where.
"""

import hashlib
import os
import shutil
import struct
import subprocess
import sys

protos, out = sys.argv[1:3]


def generate():
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    files = [f"statgate/v1/{name}.proto" for name in ("common", "audit")]
    subprocess.run(
        ["protoc", f"-I{protos}", f"--python_out={out}", f"--grpc_python_out={out}",
         "--plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin", *files], check=True)
    sys.path.insert(0, out)


generate()

import grpc  # noqa: E402
from statgate.v1 import audit_pb2 as audit  # noqa: E402
from statgate.v1 import audit_pb2_grpc as audit_rpc  # noqa: E402


def expect(condition, what):
    if not condition:
        sys.exit(f"read_log.py: {what}")
    print(f"  {what}")


def read(name):
    with open(os.environ[name], "rb") as file:
        return file.read()


def channel(who):
    return grpc.secure_channel(os.environ["STATGATE_ADDRESS"], grpc.ssl_channel_credentials(
        read("STATGATE_CA"), read(f"STATGATE_KEY_{who}"), read(f"STATGATE_CERT_{who}")))


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def commitment(entry):
    def part(salt, content):
        return sha(b"statgate/part/1\0", salt, content)

    return sha(b"statgate/entry/1\0", part(entry.open_salt, entry.open),
               part(entry.closed_salt, entry.closed))


def leaf(entry):
    return sha(b"\0", struct.pack("<QqH", entry.number, entry.at_ms, entry.kind), entry.commitment)


def root(leaves):
    """Section 2.1.1."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha()
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return sha(b"\1", root(leaves[:k]), root(leaves[k:]))


def included(h, index, size, path, top):
    """Section 2.1.3.2."""
    fn, sn = index, size - 1
    for p in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            h = sha(b"\1", p, h)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            h = sha(b"\1", h, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and h == top


def extends(first, first_root, second, second_root, path):
    """Section 2.1.4.2, for 0 < first < second."""
    path = ([first_root] if first & (first - 1) == 0 else []) + list(path)
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = sha(b"\1", c, fr), sha(b"\1", c, sr)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = sha(b"\1", sr, c)
        fn, sn = fn >> 1, sn >> 1
    return fr == first_root and sr == second_root and sn == 0


log = audit_rpc.AuditStub(channel("DPO"))
for _ in range(40):  # each reading is an entry too
    for _ in log.ReadLog(audit.ReadLogRequest(limit=1)):
        pass
entries = [e for page in log.ReadLog(audit.ReadLogRequest()) for e in page.entries]
expect(len(entries) > 40 and [e.number for e in entries] == list(range(len(entries))),
       f"{len(entries)} entries without a gap")
expect(all(e.commitment == commitment(e) for e in entries), "each says what it is committed to")
leaves = [leaf(e) for e in entries]
size, proofs = len(leaves), 0
for n in (1, 2, 3, 7, 8, 33, size):
    top = root(leaves[:n])
    for index in {0, n // 2, n - 1}:
        proof = log.GetProof(audit.GetProofRequest(size=n, entry=index))
        proofs += 1
        if proof.root != top or not included(leaves[index], index, n, proof.hashes, top):
            sys.exit(f"read_log.py: entry {index} is not proved to be among {n}")
        if included(leaves[index - 1] if n > 1 else sha(), index, n, proof.hashes, top):
            sys.exit("read_log.py: another entry is proved by the same hashes")
    if n < size:
        proof = log.GetProof(audit.GetProofRequest(size=size, before=n))
        proofs += 1
        if not extends(n, top, size, root(leaves), proof.hashes):
            sys.exit(f"read_log.py: {size} entries are not proved to begin with {n}")
expect(proofs > 20, f"{proofs} proofs hold, by the formulas of RFC 9162")
# One is signed where somebody waits for it, and once a minute: here there may be none yet.
for head in log.GetHeads(audit.GetHeadsRequest()).heads:
    expect(head.size > size or head.root == root(leaves[:head.size]),
           f"the head over {head.size} entries is of this tree")
try:
    list(audit_rpc.AuditStub(channel("STATISTICIAN")).ReadLog(audit.ReadLogRequest()))
    sys.exit("read_log.py: a statistician reads the log")
except grpc.RpcError as error:
    expect(error.code() == grpc.StatusCode.PERMISSION_DENIED, "a statistician may not")
