#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""house_check_test.py: plants one wrong thing at a time and sees it found."""

import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
SPDX = "/* SPDX-License-Identifier: Apache-2.0 */\n"

# Small, but with every floor that the tests below build on.
HOUSE = {
    "base/err.h": SPDX + "#include <stddef.h>\nstruct err_box {\n        size_t len;\n};\n",
    "crypto/seal.h": SPDX + '#include "base/err.h"\n',
    "proto/wire.h": SPDX + '#include "base/err.h"\n',
    "policies/policy.h": SPDX + '#include "base/err.h"\n',
    "policies/rules/rules.h": SPDX + '#include "crypto/seal.h"\n',
    "gateway/store/store.h": SPDX + '#include "base/err.h"\n',
    "gateway/linkage/view.h": SPDX + '#include "gateway/store/store.h"\n',
    "gateway/rpc/rpc.h": SPDX + '#include "base/err.h"\n',
    "tests/unit/test_err.c": SPDX + '#include <cmocka.h>\n#include "base/err.h"\n',
}


class HouseCheck(unittest.TestCase):
    def ask(self, check, planted=None):
        """Exit code and words of one check over the house with files planted in it."""
        with tempfile.TemporaryDirectory() as root:
            for path, text in {**HOUSE, **(planted or {})}.items():
                os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                    file.write(text)
            done = subprocess.run(
                [sys.executable, os.path.join(HERE, "house_check.py"), check, "--root", root],
                capture_output=True, text=True, check=False,
            )
            return done.returncode, done.stdout + done.stderr

    def refused(self, check, path, text, words):
        code, said = self.ask(check, {path: text})
        self.assertEqual(code, 1, said)
        self.assertIn(path, said)
        self.assertIn(words, said)

    def test_a_sound_house_passes(self):
        for check in ("includes", "headers", "length", "spdx", "words", "locks"):
            code, said = self.ask(check)
            self.assertEqual(code, 0, said)

    def test_an_include_that_runs_uphill_is_found(self):
        for path, header in (
            ("base/x.c", "crypto/seal.h"),
            ("crypto/x.c", "policies/policy.h"),
            ("policies/rules/x.c", "policies/policy.h"),
            ("gateway/store/x.c", "gateway/linkage/view.h"),
            ("gateway/keeper/x.c", "policies/policy.h"),
            ("gateway/disclosure/x.c", "gateway/store/store.h"),
            ("base/x.h", "gateway/rpc/rpc.h"),
        ):
            self.refused("includes", path, f'{SPDX}#include "{header}"\n', "is not below")

    def test_neighbours_do_not_know_each_other(self):
        self.refused("includes", "proto/x.c", '#include "policies/policy.h"\n', "is not below")
        self.refused("includes", "policies/x.c", '#include "proto/wire.h"\n', "is not below")
        self.refused("includes", "gateway/rpc/x.c", '#include "gateway/store/store.h"\n', "is not")

    def test_a_third_party_header_stays_in_its_folder(self):
        for path, header in (
            ("base/x.c", "openssl/evp.h"),
            ("gateway/x.c", "sodium.h"),
            ("gateway/x.c", "grpc/grpc.h"),
            ("gateway/linkage/x.c", "sqlite3.h"),
            ("tools/cli/x.c", "libfyaml.h"),
            ("policies/x.c", "cmocka.h"),
            ("proto/x.c", "gcrypt.h"),
        ):
            self.refused("includes", path, f"  #  include <{header}>\n", "alone")
        self.refused("includes", "gateway/x.c", '#include "statgate/v1/a.pb-c.h"\n', "proto/ alone")

    def test_an_unknown_header_or_folder_is_found(self):
        self.refused("includes", "base/x.c", "#include <uv.h>\n", "not in the table")
        self.refused("includes", "base/x.c", '#include "base/gone.h"\n', "does not exist")
        self.refused("includes", "base/x.c", '#include "err.h"\n', "from the root")
        self.refused("includes", "base/x.c", '#include "crypto/../base/err.h"\n', "from the root")
        self.refused("includes", "attic/x.c", "int x;\n", "no place")

    def test_a_header_that_leans_on_its_includer_is_found(self):
        self.refused("headers", "base/x.h", SPDX + "size_t f(void);\n", "alone")

    def test_a_long_file_is_found(self):
        self.refused("length", "base/x.c", "\n" * 901, "901 lines")
        code, said = self.ask("length", {"base/x.c": "\n" * 801})
        self.assertEqual(code, 0, said)
        self.assertIn("801 lines", said)

    def test_a_file_without_its_licence_is_found(self):
        self.refused("spdx", "base/x.c", "int x;\n", "licence")
        self.refused("spdx", "tools/x", "#!/bin/sh\necho\n", "licence")
        self.refused("spdx", "base/CMakeLists.txt", "", "licence")

    def test_something_left_for_later_is_found(self):
        self.refused("words", "base/x.c", "/* " + "TO" + "DO: this */\n", "base/x.c:1")

    def test_a_lock_that_names_a_host_or_pins_nothing_is_found(self):
        lock = '{"packages": {"": {}, "node_modules/a": {%s}}}'
        path = "tests/interop/package-lock.json"
        self.refused("locks", path, lock % '"resolved": "x", "integrity": "y"', "host")
        self.refused("locks", path, lock % "", "digest")


if __name__ == "__main__":
    unittest.main()
