# SPDX-License-Identifier: Apache-2.0
"""asker.py: questions over gRPC, as somebody asks who has a certificate and the .proto files."""

import os
import shutil
import subprocess
import sys

PURPOSE = "officiell_statistik"
NOTHING = -(1 << 63)  # a value that stands for: there was nothing to make one of


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
    """What an answer shows. `cells`: coordinates (a code, or Total) → for each measure
    (status, value). `beside`: everything in the answer but its values."""

    TOTAL = "Total"

    def __init__(self, release, size, took):
        table = release.table
        self.axes = [[c.code for c in d.categories] + [self.TOTAL] for d in table.dimensions]
        self.size, self.took = size, took
        self.zeros = release.zeros_published
        self.noisy = release.protection.rules.perturbation != 0
        places = list(self.places())
        self.cells = {place: [] for place in places}
        for measure in table.measures:
            values = iter(measure.values)
            own = measure.statuses or table.statuses
            for place, everybody, mine in zip(places, table.statuses, own):
                status = everybody if everybody != 1 else mine
                value = next(values) if status == 1 else None
                said = {1: "shown", 2: "protected", 3: "missing"}.get(status, "other")
                self.cells[place].append((said, None if value == NOTHING else value))
        self.decimals = [m.decimals for m in table.measures]
        self.beside = self.bare(release)

    def places(self, at=0):
        if at == len(self.axes):
            yield ()
            return
        for code in self.axes[at]:
            for rest in self.places(at + 1):
                yield (code, *rest)

    @staticmethod
    def bare(release):
        """What is not the question and not the values, and the marks that stand in the table."""
        marks = (release.table.statuses, *(m.statuses for m in release.table.measures))
        for measure in release.table.measures:
            measure.ClearField("values")
            measure.ClearField("low")
            measure.ClearField("high")
            measure.ClearField("statuses")
        release.table.ClearField("statuses")
        release.ClearField("query_digest")
        return marks, release.SerializeToString(deterministic=True)

    def look(self, *place, measure=0):
        """Status and value; a category that the table does not have has nobody."""
        cell = self.cells.get(place)
        return ("absent", 0) if cell is None else cell[measure]

    def value(self, *place, measure=0):
        """None: not shown."""
        return self.look(*place, measure=measure)[1]

    def row(self, *front):
        """Persons by category of the last dimension, None where they are not shown."""
        return {code: self.value(*front, code) for code in self.axes[-1] if code != self.TOTAL}


class Asker:
    """One principal. Answers are kept by question: asking again is free for the bench, and
    `fresh` asks again."""

    rest = ()  # what else one like it is made with

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
    KINDS = {"persons": 1, "records": 2, "sum": 3, "mean": 4, "share": 6, "rate": 12}

    def ask(self, by, where=(), fresh=False, **options):
        """`by`: variables, with :level where wanted. `where`: (variable, op, values…). Options:
        vintage, period, period_date, age_at, rule, linkage, indicator; `measures`: (kind, variable,
        filters…); `forecast`: what a dry run says."""
        key = (tuple(by), tuple(where), tuple(sorted(options.items())))
        if fresh or key not in self.kept:
            self.kept[key] = self.question(by, where, **options)
        answer = self.kept[key]
        if isinstance(answer, Refused):
            raise answer
        return answer

    @staticmethod
    def split(name):
        variable, _, level = name.partition(":")
        return {"variable": variable, "level": level}

    def filters(self, where):
        return [self.stats.Filter(**self.split(name), op=self.OPS[op], values=[str(v) for v in values])
                for name, op, *values in where]

    def request(self, by, where, vintage=0, period="", period_date="", age_at="", rule=0, linkage="",
                indicator="", measures=(("persons", ""),), forecast=False):
        s = self.stats
        request = s.QueryRequest(
            dataset="placering", purpose=PURPOSE, period=period, period_date=period_date, age_at=age_at,
            municipality_rule=rule, linkage=linkage, dry_run=forecast,
            dimensions=[s.DimensionRef(**self.split(name)) for name in by], filters=self.filters(where),
            measures=[s.MeasureRef(kind=self.KINDS[kind], variable=variable, name=f"m{i}",
                                   filters=self.filters(own))
                      for i, (kind, variable, *own) in enumerate(measures)])
        if indicator:
            request.indicator.id = indicator
            for field in ("dataset", "period_date", "measures"):
                request.ClearField(field)
        if vintage:
            request.vintage.number = vintage
        return request

    def question(self, by, where, **options):
        self.asked += 1
        try:
            answer = self.stub.Query(self.request(by, where, **options), timeout=60)
        except self.grpc.RpcError as error:
            if error.code() == self.grpc.StatusCode.UNAVAILABLE:
                raise RuntimeError(f"no gateway to attack: {error.details()}") from error
            self.refused += 1
            more = [v for k, v in error.trailing_metadata() or () if k == "grpc-status-details-bin"]
            refusal = Refused(f"{error.code().name}: {error.details()} {more}")
            refusal.size = len(error.details()) + sum(map(len, more))
            return refusal
        if options.get("forecast"):
            return answer.forecast.SerializeToString(deterministic=True)
        return Table(self.stats.Release.FromString(answer.release), len(answer.release), answer.took_us)

    def close(self):
        self.channel.close()


def shown(asker, *arguments, **options):
    """The table, or None where the question is refused."""
    try:
        return asker.ask(*arguments, **options)
    except Refused:
        return None
