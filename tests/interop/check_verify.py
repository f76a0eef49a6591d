#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""check_verify.py: two verifiers, one of them with nothing of ours, say the same of every answer.

    check_verify.py WRITE_ANSWER STATGATE VERIFY.PY FOLDER

An answer as it came, reformatted, and tampered with in many ways: both must say that it holds, or
both name what does not, and name the same.
"""

import base64
import copy
import json
import os
import shutil
import subprocess
import sys

write_answer, statgate, verify, folder = sys.argv[1:5]
KEY = os.path.join(folder, "keeper.pub")
NAMES = ("KEY SIGNATURE HEAD_OLDER INCLUSION KIND RELEASE QUESTION RELEASE_QUESTION POLICY VINTAGE SCOPE "
         "TABLE").split()
failed = []


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    words = set(done.stdout.replace(":", " ").split())
    return done.returncode, [n for n in NAMES if n in words]


def both(what, path, code, names=None):
    ours = run(statgate, "--lang", "en", "verify", path, "--key", KEY)
    other = run("/usr/bin/python3", verify, path, KEY)
    if ours != other or ours[0] != code or (names is not None and ours[1] != names):
        failed.append(f"{what}: statgate {ours}, verify.py {other}, expected {code} {names}")


def read(name):
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        return file.read()


def tampered(what, names, change, of=None):
    answer = copy.deepcopy(of or genuine)
    change(answer)
    path = os.path.join(folder, "tampered.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(answer, file, ensure_ascii=False, indent=1)
    both(what, path, 1 if names else 0, names)


def put(where, *path):
    value = path[-1]

    def change(answer):
        at = answer
        for step in path[:-2]:
            at = at[step]
        at[path[-2]] = value(at[path[-2]]) if callable(value) else value
    tampered("/".join(map(str, path[:-1])), where, change)


def flip_hex(text):
    return ("1" if text[0] == "0" else "0") + text[1:]


def flip_base64(at):
    def flip(text):
        raw = bytearray(base64.b64decode(text))
        raw[at] ^= 1
        return base64.b64encode(raw).decode()
    return flip


shutil.rmtree(folder, ignore_errors=True)
os.makedirs(folder)
subprocess.run([write_answer, folder], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
genuine, other = json.loads(read("answer.json")), json.loads(read("other.json"))

# What holds.
both("as it came", os.path.join(folder, "answer.json"), 0, [])
both("another one", os.path.join(folder, "other.json"), 0, [])
tampered("formatted anew", [], lambda a: None)

# Other keys, older heads.
both("another key", os.path.join(folder, "foreign.json"), 1, ["KEY"])
both("an older head", os.path.join(folder, "older.json"), 1, ["HEAD_OLDER"])

# The table.
put(["TABLE"], "cells", 0, "values", 0, lambda v: v + 1)
put(["TABLE"], "cells", 1, "values", 0, 3)
put(["TABLE"], "cells", 1, "obs_status", "A")
put(["TABLE"], "cells", 0, "at", 0, "25")
put(["TABLE"], "cells", 2, "statuses", 1, "A")
put(["TABLE"], "cells", 0, "conf_status", "C")
put(["TABLE"], "cells", lambda cells: cells[:-1])
put(["TABLE"], "cells", lambda cells: cells[1:2] + cells[:1] + cells[2:])
put(["TABLE"], "dimensions", 0, "categories", 0, "label", "sv", "Norrbottens län")
put(["TABLE"], "measures", 0, "label", "en", "families")
put(["TABLE"], "filters", 0, "values", 0, "sis")
put(["TABLE"], "filters", lambda filters: filters[:1])
put(["TABLE"], "filters", [])
put(["TABLE"], "release", "dataset", "anmalan")
put(["TABLE"], "release", "vintage", "8.1")
put(["TABLE"], "release", "delivered", 290)
put(["TABLE"], "release", "release_digest", flip_hex)

# The proof.
CERTIFICATE = ("proof", "certificate")
put(["SIGNATURE"], *CERTIFICATE, "head", "signature", flip_hex)
put(["SIGNATURE"], *CERTIFICATE, "head", "at_ms", lambda n: n + 1)
put(["SIGNATURE", "INCLUSION"], *CERTIFICATE, "head", "root", flip_hex)
put(["KEY"], *CERTIFICATE, "head", "key_id", flip_hex)
put(["INCLUSION"], *CERTIFICATE, "number", 5)
put(["INCLUSION"], *CERTIFICATE, "at_ms", lambda n: n - 60000)
put(["INCLUSION", "KIND"], *CERTIFICATE, "kind", 19)
put(["INCLUSION"], *CERTIFICATE, "salt", flip_hex)
put(["INCLUSION"], *CERTIFICATE, "closed_digest", flip_hex)
put(["INCLUSION"], *CERTIFICATE, "inclusion", 0, flip_hex)
put(["INCLUSION"], *CERTIFICATE, "inclusion", lambda path: path[:-1])
put(["INCLUSION"], *CERTIFICATE, "inclusion", lambda path: path + path[-1:])
put(["RELEASE", "RELEASE_QUESTION", "VINTAGE", "POLICY", "SCOPE"][:1] + ["TABLE"],
    "proof", "release", flip_base64(-3))
put(["QUESTION"], "proof", "question", flip_base64(6))

# A certificate for another answer, or for another question.
for part, names in (("certificate", ["RELEASE", "QUESTION", "RELEASE_QUESTION", "VINTAGE", "SCOPE"]),
                    ("release", ["RELEASE", "RELEASE_QUESTION", "VINTAGE", "SCOPE", "TABLE"])):
    tampered(part + " of another answer", names, lambda a, p=part: a["proof"].update({p: other["proof"][p]}))
tampered("question of another answer", ["QUESTION"],
         lambda a: a["proof"].update({k: other["proof"][k] for k in ("question", "request")}))

# What cannot be read.
with open(os.path.join(folder, "cut.json"), "w", encoding="utf-8") as cut:
    cut.write(read("answer.json")[:-40])
both("cut short", os.path.join(folder, "cut.json"), 2, [])

print("\n".join(failed) or "both verifiers agree")
sys.exit(1 if failed else 0)
