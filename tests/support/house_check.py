#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""house_check.py: the rules of the house, asked of every file.

    house_check.py includes | headers | length | spdx | words | locks | format
                   [--root FOLDER] [--cc COMPILER] [--include FOLDER …]

includes  every #include is allowed where it stands: our own run downhill
          (FLOORS), third-party headers stay in their folder (THIRD_PARTY)
headers   every header compiles alone
length    no file is beyond 800 lines; beyond 900 fails
spdx      every source file names its licence first
words     nothing is left to do later
locks     npm lock files name no host and pin everything by its digest
format    clang-format has nothing to say

Debian keeps all headers in one place, so a wrong include compiles and links as
soon as somebody below links that library. Only a table can tell.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys

# Who may include whose headers. A folder sees itself without saying so, and
# nothing it does not name: neighbours on one floor do not know each other.
BASE = {"base"}
CRYPTO = BASE | {"crypto"}
RULES = CRYPTO | {"policies/rules"}
POLICIES = RULES | {"policies"}
WIRE = CRYPTO | {"proto"}
HALL = POLICIES | WIRE
BRIDGE = POLICIES | {"gateway/keeper"}
LINKAGE = HALL | {"gateway/keeper", "gateway/store"}
QUERY = LINKAGE | {"gateway/linkage"}
SERVICE = QUERY | {"gateway/audit", "gateway/query", "gateway/disclosure", "gateway/ledger", "gateway/rpc"}
ALL = SERVICE | {"gateway", "gateway/bridge", "tools/client", "tools/generate", "tools/cli", "tools/cli/audit", "tests/support"}
FLOORS = {
    "base": BASE,
    "crypto": CRYPTO,
    "proto": WIRE,
    "policies/rules": RULES,
    "policies": POLICIES,
    # The keeper's program knows the canonical rules of a policy and nothing else.
    "gateway/keeper": RULES,
    # The keeper's line to another user or machine: it knows what is said, not what is meant.
    "gateway/bridge": BRIDGE,
    "gateway/store": HALL,
    "gateway/audit": HALL | {"gateway/keeper", "gateway/store"},
    "gateway/linkage": LINKAGE,
    "gateway/query": QUERY,
    # A table in, a safe table out: no store, no keeper, no wire.
    "gateway/disclosure": POLICIES,
    # Sets of persons in, verdicts out; residue.h is disclosure's.
    "gateway/ledger": BASE | {"gateway/disclosure"},
    # Carries calls; what they mean is decided by the flows above it.
    "gateway/rpc": HALL,
    "gateway": SERVICE,
    # The other end of the same calls: it shares the completion queue's tags.
    "tools/client": HALL | {"gateway/rpc"},
    "tools/generate": HALL,
    "tools/cli": ALL - {"tests/support"},
    # What data-protection officers look with.
    "tools/cli/audit": ALL - {"tests/support"},
    "tools/benchmarks": ALL,
    "tests": ALL,
}

# Third-party headers (a prefix of the path) and the folders that may use them.
# The bench measures bare parts beside ours, so it may call them by name; tests
# may use any of them as a second opinion.
THIRD_PARTY = {
    "openssl/": {"crypto", "tools/benchmarks"},
    "gcrypt.h": {"crypto"},
    "gpg-error.h": {"crypto"},
    "libgfshare.h": set(),
    "sodium.h": {"crypto"},
    "protobuf-c/": {"proto"},
    "grpc/": {"gateway/rpc", "tools/client"},
    "grpcpp/": {"tools/benchmarks"},
    "health.grpc.pb.h": {"tools/benchmarks"},
    "curl/": {"gateway/audit"},
    "sqlite3.h": {"gateway/store", "tools/benchmarks"},
    "zstd.h": {"gateway/store", "tools/benchmarks"},
    "libfyaml.h": {"policies"},
    "seccomp.h": {"gateway/keeper"},
    "p11-kit/": {"gateway/keeper"},
    "sys/capability.h": {"gateway/keeper"},
    "libsmartcols.h": {"tools/cli"},
    "libsmartcols/": {"tools/cli"},
    "xlsxwriter.h": {"tools/cli"},
    "coin/": {"gateway/disclosure"},
    "duckdb.h": {"tools/benchmarks"},
    "cmocka.h": set(),
}

# What comes with the compiler and the C library, and may be used anywhere.
C_LIBRARY = set(
    """assert.h complex.h ctype.h errno.h fenv.h float.h inttypes.h iso646.h limits.h locale.h
    math.h setjmp.h signal.h stdalign.h stdarg.h stdatomic.h stdbool.h stddef.h stdint.h stdio.h
    stdlib.h stdnoreturn.h string.h tgmath.h threads.h time.h uchar.h wchar.h wctype.h
    arpa/inet.h byteswap.h dirent.h dlfcn.h endian.h err.h fcntl.h fnmatch.h fts.h ftw.h getopt.h glob.h
    grp.h iconv.h langinfo.h libgen.h malloc.h net/if.h netdb.h netinet/in.h netinet/tcp.h poll.h
    pthread.h pwd.h regex.h sched.h search.h semaphore.h spawn.h strings.h sysexits.h syslog.h
    termios.h ucontext.h unistd.h utime.h wordexp.h
    linux/audit.h linux/capability.h linux/close_range.h linux/filter.h linux/futex.h linux/memfd.h
    linux/mman.h linux/openat2.h linux/seccomp.h
    sys/auxv.h sys/epoll.h sys/eventfd.h sys/file.h sys/inotify.h sys/ioctl.h sys/mman.h sys/mount.h sys/param.h
    sys/personality.h sys/prctl.h sys/ptrace.h sys/random.h sys/resource.h sys/select.h
    sys/sendfile.h sys/signalfd.h sys/socket.h sys/stat.h sys/statvfs.h sys/syscall.h sys/sysinfo.h
    sys/time.h sys/timerfd.h sys/times.h sys/types.h sys/uio.h sys/un.h sys/utsname.h sys/vfs.h
    sys/wait.h cpuid.h immintrin.h x86intrin.h emmintrin.h tmmintrin.h smmintrin.h nmmintrin.h
    wmmintrin.h arm_neon.h linux/perf_event.h valgrind/memcheck.h
    sanitizer/asan_interface.h sanitizer/lsan_interface.h sanitizer/tsan_interface.h""".split()
)
CPP_LIBRARY = re.compile(r"^[a-z_]+$")  # <string>, <vector>: the grpc++ twin in the bench

C_NAMES = (".c", ".h", ".cc")
CODE_NAMES = C_NAMES + (".py", ".js", ".mjs", ".cjs", ".sh", ".proto", ".cmake")
LICENSED_NAMES = CODE_NAMES + (".yaml", ".yml", ".supp", ".dict", ".clang-format", ".clang-tidy")
SKIPPED_FOLDERS = {".git", ".cache", "node_modules", "corpus"}

INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)')
LATER = re.compile(r"\b(TODO|FIXME|HACK|XXX)\b")


def walk(root):
    """All files of ours, as paths from the root."""
    for folder, folders, files in os.walk(root):
        at_root = os.path.relpath(folder, root) == "."
        folders[:] = sorted(
            f
            for f in folders
            if f not in SKIPPED_FOLDERS and not (at_root and f.startswith("build"))
        )
        for name in sorted(files):
            yield os.path.relpath(os.path.join(folder, name), root)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
        return file.read()


def is_script(root, path):
    if "." in os.path.basename(path):
        return False
    with open(os.path.join(root, path), "rb") as file:
        return file.read(2) == b"#!"


def floor_of(path):
    """The most exact entry of FLOORS that the file lies in, or None."""
    folder = os.path.dirname(path)
    if folder in FLOORS:
        return folder
    top = folder.split("/")[0]
    return "tests" if top == "tests" else None


def wrong_own(root, path, floor, include):
    home = os.path.dirname(include)
    generated = include.endswith(".pb-c.h")
    if include.endswith(".pb.h"):
        return None if floor == "tools/benchmarks" else "is for the grpc++ twin in tools/benchmarks"
    if "/" not in include or "/../" in f"/{include}":
        return "is not written from the root of the tree"
    if generated:
        return None if floor in ("proto", "tests") else "is for proto/ alone"
    if not os.path.exists(os.path.join(root, include)):
        return "does not exist"
    if home == floor or home in FLOORS[floor] or floor == "tests" and home.startswith("tests"):
        return None
    return f"is not below {floor}/"


def wrong_foreign(path, floor, include):
    for prefix, allowed in THIRD_PARTY.items():
        if include == prefix or prefix.endswith("/") and include.startswith(prefix):
            if floor in allowed or floor == "tests":
                return None
            return "is for " + (" and ".join(sorted(allowed)) or "tests") + " alone"
    if include in C_LIBRARY or path.endswith(".cc") and CPP_LIBRARY.match(include):
        return None
    return "is not in the table of house_check.py"


def check_includes(args):
    for path in walk(args.root):
        if not path.endswith(C_NAMES):
            continue
        floor = floor_of(path)
        if floor is None:
            yield f"{path}: this folder has no place in FLOORS of house_check.py"
            continue
        for number, line in enumerate(read(args.root, path).splitlines(), 1):
            found = INCLUDE.match(line)
            if not found:
                continue
            own, foreign = found.groups()
            if own:
                wrong = wrong_own(args.root, path, floor, own)
            else:
                wrong = wrong_foreign(path, floor, foreign)
            if wrong:
                yield f"{path}:{number}: {own or foreign} {wrong}"


def check_headers(args):
    """X-macro tables (NAME_table.h) declare nothing and are meant to be included in place."""
    flags = "-std=gnu17 -D_GNU_SOURCE -fsyntax-only -Wall -Wextra -Wconversion -Wshadow -Werror"
    for path in walk(args.root):
        if not path.endswith(".h") or path.endswith("_table.h"):
            continue
        command = [args.cc, *flags.split(), "-I", args.root]
        for folder in args.include:
            command += ["-isystem", folder]
        # Included rather than compiled: static functions nobody calls are fine there.
        done = subprocess.run(
            command + ["-x", "c", "-"], input=f"#include <{path}>\n",
            cwd=args.root, capture_output=True, text=True, check=False,
        )
        if done.returncode != 0:
            yield f"{path}: does not compile alone\n{done.stderr.strip()}"


def check_length(args):
    for path in walk(args.root):
        if not (path.endswith(CODE_NAMES) or is_script(args.root, path)):
            continue
        lines = len(read(args.root, path).splitlines())
        if lines > 900:
            yield f"{path}: {lines} lines"
        elif lines > 800:
            print(f"note: {path}: {lines} lines, 800 are enough")


def check_spdx(args):
    for path in walk(args.root):
        name = os.path.basename(path)
        if not (path.endswith(LICENSED_NAMES) or name == "CMakeLists.txt" or is_script(args.root, path)):
            continue
        lines = read(args.root, path).splitlines()[:2]
        if lines and lines[0].startswith("#!"):
            lines = lines[1:]
        if not lines or "SPDX-License-Identifier: Apache-2.0" not in lines[0]:
            yield f"{path}: the first line does not name the licence"


def check_words(args):
    for path in walk(args.root):
        if os.path.basename(path) == os.path.basename(__file__):
            continue
        if not (path.endswith(CODE_NAMES) or is_script(args.root, path)):
            continue
        for number, line in enumerate(read(args.root, path).splitlines(), 1):
            found = LATER.search(line)
            if found:
                yield f"{path}:{number}: {found.group()}"


def check_locks(args):
    for path in walk(args.root):
        if os.path.basename(path) != "package-lock.json":
            continue
        for name, package in json.loads(read(args.root, path))["packages"].items():
            if "resolved" in package:
                yield f"{path}: {name} names the host it came from"
            if name and "integrity" not in package and not package.get("inBundle"):
                yield f"{path}: {name} is not pinned by its digest"


def check_format(args):
    if shutil.which("clang-format") is None:
        print("clang-format is not installed: nothing was checked")
        return
    paths = [path for path in walk(args.root) if path.endswith(C_NAMES)]
    done = subprocess.run(
        ["clang-format", "--dry-run", "--Werror", *paths],
        cwd=args.root, capture_output=True, text=True, check=False,
    )
    wrong = {line.split(":")[0] for line in done.stderr.splitlines()} & set(paths)
    for path in sorted(wrong):
        yield f"{path}: run clang-format -i on it"
    if done.returncode != 0 and not wrong:
        yield f"clang-format ended with {done.returncode}"


CHECKS = {
    name[len("check_"):]: check for name, check in list(globals().items()) if name.startswith("check_")
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("check", choices=sorted(CHECKS))
    here = os.path.dirname(os.path.abspath(__file__))
    parser.add_argument("--root", default=os.path.dirname(os.path.dirname(here)))
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--include", action="append", default=[])
    args = parser.parse_args()
    wrong = list(CHECKS[args.check](args))
    for line in wrong:
        print(line)
    print(f"{args.check}: {len(wrong)} wrong" if wrong else f"{args.check}: fine")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
