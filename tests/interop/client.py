#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""client.py: a client in Python that knows the gateway by its .proto files alone.

    client.py PROTOS GRPC_PROTOS OUT

Generates stubs from PROTOS into OUT, delivers through mutual TLS as a
municipality, publishes as an operator, asks as a statistician, and counts for
itself what the answer must be. Run by with_gateway, which says where.
"""

import datetime
import hashlib
import os
import queue
import shutil
import struct
import subprocess
import sys
import uuid

protos, grpc_protos, out = sys.argv[1:4]
here = os.path.dirname(os.path.abspath(__file__))


def generate():
    """Stubs of our services, and of health and reflection under names of their own:
    a module grpc/health would hide the package grpc."""
    shutil.rmtree(out, ignore_errors=True)
    flat = os.path.join(out, "flat")
    os.makedirs(flat)
    shutil.copy(os.path.join(grpc_protos, "grpc/health/v1/health.proto"), flat)
    shutil.copy(os.path.join(grpc_protos, "grpc/reflection/v1alpha/reflection.proto"), flat)
    shutil.copy(os.path.join(here, "google_rpc.proto"), flat)
    files = ["common", "submission", "statistics", "operations"]
    subprocess.run(
        ["protoc", f"-I{protos}", f"-I{flat}", f"--python_out={out}", f"--grpc_python_out={out}",
         "--plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin",
         *(f"statgate/v1/{name}.proto" for name in files),
         "health.proto", "reflection.proto", "google_rpc.proto"],
        check=True,
    )
    sys.path.insert(0, out)


generate()
sys.path.insert(0, os.path.join(here, "../../tools/examples"))

import grpc  # noqa: E402
import seal  # noqa: E402
import google_rpc_pb2  # noqa: E402
import health_pb2  # noqa: E402
import health_pb2_grpc  # noqa: E402
import reflection_pb2  # noqa: E402
import reflection_pb2_grpc  # noqa: E402
from statgate.v1 import operations_pb2 as ops  # noqa: E402
from statgate.v1 import operations_pb2_grpc as ops_rpc  # noqa: E402
from statgate.v1 import statistics_pb2 as stats  # noqa: E402
from statgate.v1 import statistics_pb2_grpc as stats_rpc  # noqa: E402
from statgate.v1 import submission_pb2 as sub  # noqa: E402
from statgate.v1 import submission_pb2_grpc as sub_rpc  # noqa: E402

FORMS = ["familjehem", "jourhem", "hvb"]
ROWS = 40


def expect(condition, what):
    if not condition:
        sys.exit(f"client.py: {what}")
    print(f"  {what}")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def channel(who):
    env = os.environ
    credentials = grpc.ssl_channel_credentials(
        read(env["STATGATE_CA"]), read(env["STATGATE_KEY_" + who]), read(env["STATGATE_CERT_" + who])
    )
    return grpc.secure_channel(env["STATGATE_ADDRESS"], credentials)


def days(year, month, day):
    return (datetime.date(year, month, day) - datetime.date(1970, 1, 1)).days


def personnummer(born, number):
    """Twelve digits with the check digit (Luhn over YYMMDDNNN)."""
    digits = f"{born:%Y%m%d}{number:03}"
    total = sum(sum(divmod(int(c) * (2 - i % 2), 10)) for i, c in enumerate(digits[2:]))
    return digits + str(-total % 10)


def child(i):
    """Number, sex and form of child i: 30 in foster homes, 4 in emergency homes, the
    rest in residential care."""
    born = datetime.date(2012, 1, 1) + datetime.timedelta(days=17 * i)
    form = "familjehem" if i < 30 else "jourhem" if i < 34 else "hvb"
    return personnummer(born, 410 + i), "kvinna" if i % 2 else "man", form, born


def codes(name, values):
    dictionary = sorted(set(values))
    index = bytes(dictionary.index(v) for v in values)
    return sub.Column(variable=name, codes=sub.CodeColumn(dictionary=dictionary, index=index))


def sealing_key():
    """The keeper's key, chosen with the example that municipalities' vendors are given."""
    env = os.environ
    answer = sub_rpc.SubmissionStub(channel("STOCKHOLM")).GetKeeperKeys(sub.GetKeeperKeysRequest())
    pinned = seal.read_pinned(env["STATGATE_KEEPER_PUB"])
    for strangers in ([], [bytes(32)]):
        try:
            seal.choose(answer, strangers)
            sys.exit("client.py: a key that nobody vouches for was chosen")
        except ValueError:
            pass
    tomorrow_year = answer.sealing[0].until_ms + 1
    try:
        seal.choose(answer, pinned, tomorrow_year)
        sys.exit("client.py: a key that has ended was chosen")
    except ValueError:
        pass
    return seal.choose(answer, pinned), seal.read_key(env["STATGATE_SUBMISSION_KEY_STOCKHOLM"])


def in_boxes(submission, made):
    """The batch with its persons sealed; what was in clear is gone from it."""
    key, own = sealing_key()
    persons = made.clear
    sealed = seal.batch(key, own, "0180", "placering", submission, made.sequence, persons.ids,
                        persons.kinds)
    made.sealed.CopyFrom(sub.SealedPersons(**sealed))
    expect(made.WhichOneof("persons") == "sealed", "persons are sealed")
    return made


def batch(sequence, children, spoil=None):
    rows = [child(i) for i in children]
    ids = [row[0] for row in rows]
    if spoil is not None:
        ids[spoil] = ids[spoil][:11] + str((int(ids[spoil][11]) + 1) % 10)
    starts = [days(2025, 1 + i % 12, 15) for i in range(len(rows))]
    return sub.Batch(
        sequence=sequence,
        rows=len(rows),
        clear=sub.PersonColumn(ids="".join(ids).encode(), kinds=b"\1" * len(rows)),
        record_keys="".join(f"PY{i:05}" for i in children).encode(),
        columns=[
            codes("kon", [row[1] for row in rows]),
            codes("form", [row[2] for row in rows]),
            codes("lagrum", ["sol"] * len(rows)),
            sub.Column(variable="fodelsemanad", integers32=sub.Integer32Column(
                values=[days(row[3].year, row[3].month, 1) for row in rows])),
            sub.Column(variable="start", integers32=sub.Integer32Column(values=starts)),
            sub.Column(variable="kostnad_dygn", integers64=sub.Integer64Column(
                values=[123456] * len(rows)), missing=bytes((len(rows) + 7) // 8)),
        ],
    )


def check_health():
    stub = health_pb2_grpc.HealthStub(channel("STATISTICIAN"))
    answer = stub.Check(health_pb2.HealthCheckRequest())
    expect(answer.status == health_pb2.HealthCheckResponse.SERVING, "the gateway says it serves")
    answer = stub.Check(health_pb2.HealthCheckRequest(service="statgate.v1.Statistics"))
    expect(answer.status == health_pb2.HealthCheckResponse.SERVING, "and so does each service")


def check_reflection():
    stub = reflection_pb2_grpc.ServerReflectionStub(channel("STATISTICIAN"))
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    answer = next(iter(stub.ServerReflectionInfo(iter([request]))))
    names = {s.name for s in answer.list_services_response.service}
    wanted = {"statgate.v1.Submission", "statgate.v1.Statistics", "statgate.v1.Operations"}
    expect(wanted <= names, "reflection lists the services")


def talk(requests, who="STOCKHOLM"):
    """A Submit stream that says everything at once; the answers."""
    return list(sub_rpc.SubmissionStub(channel(who)).Submit(iter(requests)))


def deliver():
    submission = uuid.uuid4().bytes
    hello = sub.SubmitRequest(open=sub.Open(
        submission_id=submission, dataset="placering", period="2025", mode=sub.DELIVERY_MODE_APPEND))
    half = ROWS // 2
    receipts = []
    stub = sub_rpc.SubmissionStub(channel("STOCKHOLM"))

    # One message at a time, in step with the answers.
    to_send = queue.Queue()
    call = stub.Submit(iter(to_send.get, None))
    to_send.put(hello)
    answer = next(call)
    expect(answer.WhichOneof("response") == "opened" and answer.opened.next_sequence == 0, "opened")
    expect(answer.opened.max_rows == 65536, "the limit of rows is told")
    to_send.put(sub.SubmitRequest(batch=in_boxes(submission, batch(0, range(half)))))
    answer = next(call).acknowledged
    expect((answer.sequence, answer.accepted, answer.rejected) == (0, half, 0), "first batch taken")
    receipts.append(answer.receipt)
    second = in_boxes(submission, batch(1, range(half, ROWS), spoil=ROWS - half - 1))
    to_send.put(sub.SubmitRequest(batch=second))
    answer = next(call).acknowledged
    expect((answer.accepted, answer.rejected) == (ROWS - half - 1, 1), "one row of the second is not")
    why = answer.rejections[0]
    expect((why.row, why.variable, why.rule) == (ROWS - half - 1, "person", "CHECK_DIGIT"),
           "the reason names row, variable and rule")
    expect(child(ROWS - 1)[0][2:8] not in why.text, "and not the number")
    receipts.append(answer.receipt)
    digest = hashlib.sha256(b"".join(receipts)).digest()
    to_send.put(sub.SubmitRequest(commit=sub.Commit(batches=2, rows=ROWS, digest=digest)))
    committed = next(call).committed
    expect((committed.batches, committed.accepted, committed.rejected) == (2, ROWS - 1, 1), "committed")
    to_send.put(None)
    expect(list(call) == [] and call.code() == grpc.StatusCode.OK, "the stream ends well")

    state = stub.GetSubmission(sub.GetSubmissionRequest(submission_id=submission))
    expect(state.state == sub.SUBMISSION_STATE_COMMITTED and state.accepted == ROWS - 1
           and state.next_sequence == 2 and state.period == "2025", "GetSubmission agrees")
    again = talk([hello])
    expect(again[0].opened.committed == committed, "the same Open repeats the receipt")
    return submission


def publish():
    stub = ops_rpc.OperationsStub(channel("OPERATOR"))
    progress = list(stub.PublishVintage(ops.PublishVintageRequest(note="from Python")))
    expect(progress[-1].done and progress[-1].vintage.number == 1, "vintage 1 is published")
    status = stub.GetStatus(ops.GetStatusRequest())
    expect(status.keeper_alive and status.records_committed == ROWS - 1, "the status counts records")


def check_release():
    stub = stats_rpc.StatisticsStub(channel("STATISTICIAN"))
    described = stub.DescribeDataset(stats.DescribeDatasetRequest(dataset="placering"))
    form = next(v for v in described.variables if v.id == "form")
    expect(described.threshold == 5 and [c.code for c in form.levels[0].codes][:2] == FORMS[:2],
           "the data set is described with its code lists")
    answer = stub.Query(stats.QueryRequest(
        dataset="placering", purpose="officiell_statistik",
        dimensions=[stats.DimensionRef(variable="form"), stats.DimensionRef(variable="kon")]))
    expect(hashlib.sha256(answer.release).digest() == answer.release_digest, "the digest is the release's")
    release = stats.Release.FromString(answer.release)
    expect((release.delivered, release.expected) == (1, 290), "one of 290 has delivered")

    wanted = {}
    for i in range(ROWS - 1):
        _, sex, form, _ = child(i)
        for key in ((form, sex), (form, None), (None, sex), (None, None)):
            wanted[key] = wanted.get(key, 0) + 1
    table = release.table
    forms = [c.code for c in table.dimensions[0].categories] + [None]
    sexes = [c.code for c in table.dimensions[1].categories] + [None]
    expect(len(table.statuses) == len(forms) * len(sexes), "every cell has a status")
    values = list(table.measures[0].values)
    shown = 0
    for cell, status in enumerate(table.statuses):
        key = forms[cell // len(sexes)], sexes[cell % len(sexes)]
        count = wanted.get(key, 0)
        if 0 < count < 5:
            if status != stats.CELL_STATUS_PROTECTED:
                sys.exit(f"client.py: {key} with {count} persons has status {status}")
            continue
        if status != stats.CELL_STATUS_VALUE or values[shown] != count:
            sys.exit(f"client.py: {key}: status {status}, not {count} persons")
        shown += 1
    expect(shown == len(values), "values stand for the shown cells alone")
    expect(stats.CELL_STATUS_PROTECTED in table.statuses, "a small cell is protected")


def refused(what, code, call, field=None):
    try:
        call()
    except grpc.RpcError as error:
        expect(error.code() == code, f"{what}: {code.name}")
        if field is None:
            return
        details = dict(error.trailing_metadata()).get("grpc-status-details-bin")
        status = google_rpc_pb2.Status.FromString(details)
        expect(status.code == code.value[0] and status.message == error.details(), "google.rpc.Status agrees")
        bad = google_rpc_pb2.BadRequest()
        expect(status.details[0].Unpack(bad), "its detail is a BadRequest")
        expect(field in [v.field for v in bad.field_violations], f"which blames {field}")
        return
    sys.exit(f"client.py: {what}: not refused")


def check_refusals(submission):
    code = grpc.StatusCode
    statistician = stats_rpc.StatisticsStub(channel("STATISTICIAN"))
    elsewhere = sub_rpc.SubmissionStub(channel("UPPLANDS_VASBY"))
    refused("a variable nobody knows", code.INVALID_ARGUMENT, lambda: statistician.Query(stats.QueryRequest(
        dataset="placering", purpose="officiell_statistik",
        dimensions=[stats.DimensionRef(variable="form"), stats.DimensionRef(variable="skostorlek")])),
        "dimensions[1].variable")
    refused("a distance without an end", code.INVALID_ARGUMENT, lambda: statistician.Query(stats.QueryRequest(
        dataset="placering", purpose="officiell_statistik", age_at="2025-12-31",
        derived=[stats.Derived(name="dagar", kind=stats.DERIVED_KIND_DAYS_BETWEEN, **{"from": "start"})])),
        "derived[0].to")
    refused("an id of fifteen bytes", code.INVALID_ARGUMENT, lambda: talk([sub.SubmitRequest(open=sub.Open(
        submission_id=bytes(15), dataset="placering", period="2025", mode=1))]), "open.submission_id")
    hello = sub.SubmitRequest(open=sub.Open(
        submission_id=uuid.uuid4().bytes, dataset="placering", period="2025", mode=1))
    refused("numbers in clear", code.FAILED_PRECONDITION, lambda: talk(
        [hello, sub.SubmitRequest(batch=batch(0, range(5)))]), "batch.clear")
    other = in_boxes(hello.open.submission_id, batch(0, range(5)))
    other.sealed.signature = bytes(64)
    refused("a box that nobody signed", code.PERMISSION_DENIED, lambda: talk(
        [hello, sub.SubmitRequest(batch=other)]), "batch.sealed.signature")
    moved = in_boxes(bytes(16), batch(0, range(5)))
    refused("a box from another delivery", code.PERMISSION_DENIED, lambda: talk(
        [hello, sub.SubmitRequest(batch=moved)]), "batch.sealed.signature")
    refused("somebody else's delivery", code.NOT_FOUND, lambda: elsewhere.GetSubmission(
        sub.GetSubmissionRequest(submission_id=submission)))
    refused("a municipality's question", code.PERMISSION_DENIED, lambda: stats_rpc.StatisticsStub(
        channel("STOCKHOLM")).Query(stats.QueryRequest(dataset="placering")))
    refused("a method nobody has", code.UNIMPLEMENTED, lambda: channel("OPERATOR").unary_unary(
        "/statgate.v1.Operations/Explode")(b""))


def erase():
    key, own = sealing_key()
    stub = sub_rpc.SubmissionStub(channel("STOCKHOLM"))
    for person in (child(0)[0], personnummer(datetime.date(1990, 1, 1), 999)):
        sealed, request = seal.erasure(key, own, "0180", person.encode())
        stub.ErasePerson(sub.ErasePersonRequest(
            sealed=sub.SealedPersons(**sealed), request_id=request))
    expect(True, "a person is erased, and one who was never there: the same answer")
    answer = stats.Release.FromString(stats_rpc.StatisticsStub(channel("STATISTICIAN")).Query(
        stats.QueryRequest(dataset="placering", purpose="officiell_statistik",
                           dimensions=[stats.DimensionRef(variable="kon")])).release)
    expect(answer.table.measures[0].values[-1] == ROWS - 2, "one is gone")


check_health()
check_reflection()
delivered = deliver()
publish()
check_release()
check_refusals(delivered)
erase()
print("client.py: all is as the .proto files say")
