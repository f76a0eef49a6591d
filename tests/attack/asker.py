# SPDX-License-Identifier: Apache-2.0
"""asker.py: questions over gRPC, as somebody asks who has a certificate and the .proto files."""

import os
import shutil
import subprocess
import sys


def stubs(protos, out):
    """Python modules of the .proto files, made in `out`."""
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    subprocess.run(
        ["protoc", f"-I{protos}", f"--python_out={out}", f"--grpc_python_out={out}",
         "--plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin",
         *(f"statgate/v1/{name}.proto" for name in ("common", "statistics"))], check=True)
    sys.path.insert(0, out)


class Refused(Exception):
    """A question that is not answered; what it says is all that its asker learns."""


class Table:
    """What an answer shows. `cells`: coordinates (a code, or Total) → (status, persons)."""

    TOTAL = "Total"

    def __init__(self, release, size, took):
        table = release.table
        self.variables = [d.variable for d in table.dimensions]
        axes = [[c.code for c in d.categories] + [self.TOTAL] for d in table.dimensions]
        self.axes, self.size, self.took = axes, size, took
        values = iter(table.measures[0].values)
        own = table.measures[0].statuses or table.statuses
        self.cells = {}
        for at, status in enumerate(table.statuses):
            place, rest = [], at
            for axis in reversed(axes):
                rest, i = divmod(rest, len(axis))
                place.append(axis[i])
            shown = status == 1 and own[at] == 1
            self.cells[tuple(reversed(place))] = ("shown", next(values)) if shown else (
                {2: "protected", 3: "missing"}.get(status if status != 1 else own[at], "other"), None)

    def __getitem__(self, place):
        return self.cells.get(place, ("absent", None))

    def value(self, *place):
        """None: not shown. A category that the table does not have has nobody."""
        status, value = self[place]
        return 0 if status == "absent" else value

    def row(self, *front):
        """Persons by category of the last dimension, where they are shown."""
        return {code: self.value(*front, code) for code in self.axes[-1] if code != self.TOTAL}


class Asker:
    """One principal. Answers are kept by question: asking again is free for the bench, and
    `fresh` asks again."""

    def __init__(self, gateway, name="statistician"):
        import grpc
        from statgate.v1 import statistics_pb2 as stats
        from statgate.v1 import statistics_pb2_grpc as rpc

        def read(*path):
            with open(os.path.join(gateway.data, *path), "rb") as file:
                return file.read()

        self.stats, self.grpc = stats, grpc
        credentials = grpc.ssl_channel_credentials(
            read("pki", "ca.pem"), read("client", name + ".key"), read("client", name + ".pem"))
        self.channel = grpc.secure_channel(gateway.address, credentials,
                                           [("grpc.max_receive_message_length", 64 << 20)])
        self.stub = rpc.StatisticsStub(self.channel)
        self.kept, self.asked, self.refused = {}, 0, 0

    OPS = {"=": 1, "!=": 2, "<": 3, "<=": 4, ">": 5, ">=": 6, "in": 7}

    def ask(self, by, where=(), vintage=0, fresh=False, period=""):
        """`by`: variables, with :level where wanted. `where`: (variable, op, values…)."""
        key = (tuple(by), tuple(where), vintage, period)
        if fresh or key not in self.kept:
            self.kept[key] = self.question(by, where, vintage, period)
        answer = self.kept[key]
        if isinstance(answer, Refused):
            raise answer
        return answer

    def question(self, by, where, vintage, period):
        s = self.stats

        def split(name):
            variable, _, level = name.partition(":")
            return {"variable": variable, "level": level}

        request = s.QueryRequest(
            dataset="placering", purpose="officiell_statistik", period=period,
            dimensions=[s.DimensionRef(**split(name)) for name in by],
            filters=[s.Filter(**split(name), op=self.OPS[op], values=[str(v) for v in values])
                     for name, op, *values in where],
            measures=[s.MeasureRef(kind=s.MEASURE_KIND_PERSONS)])
        if vintage:
            request.vintage.number = vintage
        self.asked += 1
        try:
            answer = self.stub.Query(request, timeout=60)
        except self.grpc.RpcError as error:
            self.refused += 1
            refusal = Refused(error.code().name + ": " + error.details())
            refusal.size = len(error.details())
            return refusal
        return Table(s.Release.FromString(answer.release), len(answer.release), answer.took_us)

    def close(self):
        self.channel.close()


def shown(asker, *arguments, **options):
    """The table, or None where the question is refused."""
    try:
        return asker.ask(*arguments, **options)
    except Refused:
        return None
