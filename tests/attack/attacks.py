# SPDX-License-Identifier: Apache-2.0
"""attacks.py: what somebody tries who knows a child as a neighbour does.

Each attack is given a target's municipality, sex, age and the quarter of its placement, as
finely as the policy lets anybody ask for them, and answers of the gateway; it returns a form of placement, or None where it learnt nothing.
A guess that only says what is most common is no guess: attacks abstain unless some answer
points at one form."""

import numpy
from scipy.optimize import linprog
from scipy.sparse import csr_matrix, hstack

from asker import Refused, Table, shown
from world import BANDS, COUNTY_OF, FORMS, MUNICIPALITIES, QUARTERS

TOTAL = Table.TOTAL
SEX = {"K": "kvinna", "M": "man"}


def ages(bands):
    return ("alder", "in", *(b.replace("-", "..") for b in bands))


def quarters(names):
    return ("start:kvartal", "in", *names)


def rows_of(t):
    """Groups that she is in, the smallest first."""
    known = hers(t)
    for left_out in ((), ("start",), ("alder",), ("kon",)):
        yield [f for name, f in known.items() if name not in left_out]


def without(everything, one):
    return [x for x in everything if x != one]


def hers(t):
    """What is known of her, as filters."""
    return {"kommun": ("kommun", "=", t.kommun), "kon": ("kon", "=", SEX[t.kon]),
            "alder": ages([t.band]), "start": quarters([t.quarter])}


def one_of(differences):
    """The form to which one person belongs, where the others are known to have nobody, or
    where one form alone has room for her. Values may carry noise: half a person decides."""
    known = {f: d for f, d in differences.items() if d is not None}
    likely = [f for f, d in known.items() if d >= 0.5]
    if len(likely) == 1 and known[likely[0]] < 1.5:
        return likely[0]
    unknown = [f for f in FORMS if f not in known]
    if not likely and len(unknown) == 1 and len(known) == len(FORMS) - 1:
        return unknown[0]
    return None


def minus(one, other):
    """Row by row; None where either is not shown."""
    return {f: None if one.get(f, 0) is None or other.get(f, 0) is None
            else one.get(f, 0) - other.get(f, 0) for f in FORMS}


class Attack:
    """`asker` and `friend` are two statisticians; `country` is read only for what the attack's
    own part in it knows (its municipality's records, what it sent itself)."""

    def __init__(self, asker, friend, country):
        self.asker, self.friend, self.country = asker, friend, country

    def targets(self, country):
        return country.targets

    def table(self, by, where=(), **options):
        return shown(self.asker, by, where, **options)

    def by_form(self, where, **options):
        table = self.table(["form"], where, **options)
        return None if table is None else table.row()


class Difference(Attack):
    """A group with the target, and the same group without those who are like her in one thing."""
    name = "difference by one"

    def pairs(self, t):
        known = hers(t)
        for varied, everybody, others in (
                ("alder", None, ages(without(BANDS, t.band))),
                ("start", None, quarters(without(QUARTERS, t.quarter))),
                ("kon", None, ("kon", "!=", SEX[t.kon])),
                ("alder", ages(BANDS), ages(without(BANDS, t.band)))):
            fixed = [f for name, f in known.items() if name != varied]
            yield [*fixed, *([everybody] if everybody else [])], [*fixed, others]

    def guess(self, t):
        for large, small in self.pairs(t):
            with_her, rest = self.by_form(large), self.by_form(small)
            found = one_of(minus(with_her, rest)) if with_her and rest else None
            if found:
                return found
        return None


class Complement(Difference):
    """The country, or her county, without her municipality, taken from all of it."""
    name = "complement"

    def pairs(self, t):
        like = [f for name, f in hers(t).items() if name != "kommun"]
        county = ("kommun:lan", "=", COUNTY_OF[t.kommun])
        others = [k for k in MUNICIPALITIES if COUNTY_OF[k] == COUNTY_OF[t.kommun] and k != t.kommun]
        yield like, [*like, ("kommun", "!=", t.kommun)]
        yield like, [*like, ("kommun", "in", *without(MUNICIPALITIES, t.kommun))]
        yield [*like, county], [*like, ("kommun", "in", *others)]


class Tracker(Attack):
    """Denning's tracker: what is known of her is split in two conditions that are each common;
    counts are asked form by form, with the form as a filter."""
    name = "tracker"

    def count(self, where):
        table = self.table([], where)
        return None if table is None else table.value()

    def guess(self, t):
        known = hers(t)
        common = [known["kommun"], known["kon"]]
        for tracker in (("alder", "start"), ("start", "alder")):
            rare = known[tracker[0]]
            not_hers = {"alder": ages(without(BANDS, t.band)),
                        "start": quarters(without(QUARTERS, t.quarter))}[tracker[1]]
            differences = {}
            for form in FORMS:
                is_form = ("form", "=", form)
                wide = self.count([*common, rare, is_form])
                rest = self.count([*common, rare, is_form, not_hers])
                differences[form] = None if wide is None or rest is None else wide - rest
            found = one_of(differences)
            if found:
                return found
        return None


class Union(Attack):
    """The county's row minus the rows of its other municipalities."""
    name = "union over the county"

    def guess(self, t):
        county = COUNTY_OF[t.kommun]
        others = [k for k in MUNICIPALITIES if COUNTY_OF[k] == county and k != t.kommun]
        known = hers(t)
        like = [known["kon"], known["alder"]]
        for where in ([*like, known["start"]], like, [known["alder"], known["start"]]):
            whole = self.table(["kommun:lan", "form"], where)
            parts = self.table(["kommun", "form"], where)
            if whole is None or parts is None:
                continue
            left = {}
            for form in FORMS:
                values = [parts.value(k, form) for k in others] + [whole.value(county, form)]
                left[form] = None if None in values else values[-1] - sum(values[:-1])
            found = one_of(left)
            if found:
                return found
        return None


class Nested(Attack):
    """Fifty nested questions and six tables about her municipality, and one program that finds the table
    by age, sex, quarter and form that fits them best."""
    name = "nested questions, linear program"

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.found = {}

    def questions(self, kommun):
        """Counts by form, and the (band, sex, quarter) that they are of."""
        here = ("kommun", "=", kommun)
        spans = [BANDS[:i] for i in range(1, len(BANDS) + 1)]
        times = [QUARTERS[:i] for i in range(1, 5)]
        for bands in spans:
            for names in times:
                for sexes in ("KM", "K"):
                    where = [here, ages(bands), quarters(names)]
                    where += [("kon", "=", SEX[sexes])] if len(sexes) == 1 else []
                    yield self.by_form(where), bands, sexes, names
        for by in (["kon"], ["alder:grupp"], ["start:kvartal"], ["alder:grupp", "kon"],
                   ["start:kvartal", "kon"], ["alder:grupp", "start:kvartal", "kon"]):
            yield from self.tables(by, here)

    def tables(self, by, here):
        table = self.table([*by, "form"], [here])
        for place in ({p[:-1] for p in table.cells} if table else ()):
            named = dict(zip(by, place))
            if any(code not in (TOTAL, *BANDS, *QUARTERS, *SEX.values()) for code in place):
                continue
            sex = {v: k for k, v in SEX.items()}.get(named.get("kon"))
            band, quarter = named.get("alder:grupp", TOTAL), named.get("start:kvartal", TOTAL)
            yield (table.row(*place), BANDS if band == TOTAL else [band], sex or "KM",
                   QUARTERS if quarter == TOTAL else [quarter])

    def solve(self, kommun):
        every = [(b, s, q, f) for b in BANDS for s in "KM" for q in QUARTERS for f in FORMS]
        index = {at: i for i, at in enumerate(every)}
        rows, columns, known, seen = [], [], [], set()
        for counts, bands, sexes, names in self.questions(kommun):
            for form, value in (counts or {}).items():
                told = (form, value, *bands, *sexes, *names)
                if value is None or form not in FORMS or told in seen:
                    continue
                seen.add(told)
                inside = [index[b, s, q, form] for b in bands for s in sexes for q in names]
                rows += [len(known)] * len(inside)
                columns += inside
                known.append(value)
        if not known:
            return None
        # The smallest misfit: counts carry noise where the policy adds it.
        n, m = len(index), len(known)
        sums = csr_matrix((numpy.ones(len(rows)), (rows, columns)), (m, n))
        slack = csr_matrix((numpy.ones(m), (range(m), range(m))), (m, m))
        cost = numpy.concatenate([numpy.zeros(n), numpy.ones(2 * m)])
        best = linprog(cost, A_eq=hstack([sums, slack, -slack], format="csr"), b_eq=known, method="highs")
        return (index, best.x[:n]) if best.success else None

    def guess(self, t):
        if t.kommun not in self.found:
            self.found[t.kommun] = self.solve(t.kommun)
        if self.found[t.kommun] is None:
            return None
        index, x = self.found[t.kommun]
        counts = sorted(((x[index[t.band, t.kon, t.quarter, f]], f) for f in FORMS), reverse=True)
        return counts[0][1] if counts[0][0] > 0.75 and counts[1][0] < 0.25 else None


class Averaging(Attack):
    """The same difference in many words, by two principals, and each count besides as the sum of
    many partitions; then the mean (Asghar & Kaafar, PoPETs 2020)."""
    name = "averaging, rephrasing, collusion"

    def wordings(self, where):
        county = ("kommun:lan", "in", *sorted(set(COUNTY_OF.values())))
        yield ["form"], where
        yield ["form"], [*where, ("kon", "in", *SEX.values())]
        yield ["form"], [*where, county]
        yield ["form"], [*where, ages(BANDS)]
        yield ["form"], list(reversed(where))

    def mean(self, where):
        seen = {f: [] for f in FORMS}
        for asker in (self.asker, self.friend):
            for by, words in self.wordings(where):
                table = shown(asker, by, words)
                for form in FORMS if table else ():
                    seen[form].append(table.value(form))
            for axis in ("kon", "start:kvartal", "start:ar", "alder:grupp", "alder:barn", "regi", "utforare"):
                table = shown(asker, [axis, "form"], where)
                for form in FORMS if table else ():
                    parts = [table.value(c, form) for c in table.axes[0] if c != TOTAL]
                    seen[form].append(None if None in parts else sum(parts))
                    seen[form].append(table.value(TOTAL, form))
        known = {f: [v for v in values if v is not None] for f, values in seen.items()}
        return {f: sum(values) / len(values) if values else None for f, values in known.items()}

    def guess(self, t):
        known = hers(t)
        for varied, others in (("alder", ages(without(BANDS, t.band))),
                               ("start", quarters(without(QUARTERS, t.quarter)))):
            fixed = [f for name, f in known.items() if name != varied]
            found = one_of(minus(self.mean(fixed), self.mean([*fixed, others])))
            if found:
                return found
        return None


class Homogeneous(Attack):
    """A group in which all have the same."""
    name = "homogeneous groups"

    def guess(self, t):
        for where in rows_of(t):
            table = self.table(["form"], where)
            if table is None:
                continue
            total = table.value(TOTAL)
            for form, value in table.row().items():
                if value and total and value == total and form in FORMS:
                    return form
        return None


class Pattern(Attack):
    """A row in which one form alone is protected, and the others are zeros."""
    name = "zeros and marks"

    def guess(self, t):
        for where in rows_of(t):
            table = self.table(["form"], where)
            if table is None:
                continue
            row = table.row()
            hidden = [f for f in FORMS if f in row and row[f] is None]
            others = [row.get(f, 0) for f in FORMS if f not in hidden]
            if len(hidden) == 1 and not any(others):
                return hidden[0]
        return None


class Contributor(Attack):
    """The largest other municipality of her county takes its own children away."""
    name = "a municipality subtracts its own"

    def guess(self, t):
        county, own = COUNTY_OF[t.kommun], {}
        for child in self.country.children:
            if COUNTY_OF[child.kommun] == county and child.kommun != t.kommun:
                own.setdefault(child.kommun, []).append(child)
        knows = max(own.values(), key=len)
        known_of_her = hers(t)
        where = [known_of_her["kon"], known_of_her["alder"]]
        for quarter in (t.quarter, None):
            more = [known_of_her["start"]] if quarter else []
            table = self.table(["kommun:lan", "form"], [*where, *more])
            if table is None:
                continue
            known = [c for c in knows if c.kon == t.kon and c.band == t.band
                     and quarter in (None, c.quarter)]
            counts = {f: sum(c.form == f for c in known) for f in FORMS}
            found = one_of(minus({f: table.value(county, f) for f in FORMS}, counts))
            if found:
                return found
        return None


class Sham(Attack):
    """A municipality has delivered invented children who are like her, and takes them and its own
    away from the county's row."""
    name = "sham records"

    def targets(self, country):
        return country.victims

    def guess(self, t):
        sender = self.country.sham_records[0].kommun
        mine = [c for c in self.country.children + self.country.sham_records if c.kommun == sender]
        known_of_her = hers(t)
        where = [known_of_her["kon"], known_of_her["alder"]]
        for quarter in (t.quarter, None):
            more = [known_of_her["start"]] if quarter else []
            table = self.table(["kommun:lan", "form"], [*where, *more])
            if table is None:
                continue
            known = [c for c in mine if c.kon == t.kon and c.band == t.band
                     and quarter in (None, c.quarter)]
            counts = {f: sum(c.form == f for c in known) for f in FORMS}
            found = one_of(minus({f: table.value(COUNTY_OF[sender], f) for f in FORMS}, counts))
            if found:
                return found
        return None


class Vintages(Attack):
    """What has changed between two vintages, when one child came or was corrected."""
    name = "two vintages and a correction"

    def targets(self, country):
        return [child for step in country.late for child in step]

    def guess(self, t):
        step = next(i for i, late in enumerate(self.country.late) if t in late)
        before, after = step + 1, step + 2
        for by, where, row in (
                (["form"], [("kommun", "=", t.kommun)], ()),
                (["kommun", "form"], [], (t.kommun,)),
                (["kommun", "kon", "form"], [], (t.kommun, SEX[t.kon]))):
            old = self.table(by, where, vintage=before)
            new = self.table(by, where, vintage=after)
            if old is None or new is None:
                continue
            found = one_of(minus(new.row(*row), old.row(*row)))
            if found:
                return found
        return None


class Refusals(Attack):
    """For which form her row is treated otherwise: shown, protected or refused."""
    name = "pattern of refusals"

    def look(self, where):
        try:
            table = self.asker.ask([], where)
        except Refused as refusal:
            return str(refusal)
        return table[()][0] + ("0" if table.value() == 0 else "")

    def odd_one(self, looks):
        for form, look in looks.items():
            others = [o for f, o in looks.items() if f != form]
            if look not in others and len(set(others)) == 1:
                return form
        return None

    def guess(self, t):
        for where in rows_of(t):
            found = self.odd_one({f: self.look([*where, ("form", "=", f)]) for f in FORMS})
            if found:
                return found
        return None


class Sizes(Refusals):
    """For which form an answer that shows nothing, or a refusal, is of another size."""
    name = "sizes of answers and errors"

    def look(self, where):
        form = dict((w[0], w[2]) for w in where)["form"]
        try:
            table = self.asker.ask([], where)
        except Refused as refusal:
            return refusal.size - len(form)
        return "shown" if table.value() is not None else table.size


class Times(Refusals):
    """For which form the same question takes longest, by far, of nine askings each."""
    name = "time"

    def guess(self, t):
        where = next(rows_of(t))
        took = {f: [] for f in FORMS}
        for _ in range(9):
            for form in FORMS:
                try:
                    answer = self.asker.ask([], [*where, ("form", "=", form)], fresh=True)
                except Refused:
                    continue
                if answer.value() is None:
                    took[form].append(answer.took)
        medians = sorted(((sorted(v)[len(v) // 2], f) for f, v in took.items() if len(v) == 9), reverse=True)
        if len(medians) < len(FORMS) or medians[0][0] < 1.15 * medians[1][0]:
            return None
        return medians[0][1]


ATTACKS = [Difference, Complement, Tracker, Union, Nested, Averaging, Homogeneous, Pattern, Contributor,
           Sham, Vintages, Refusals, Sizes, Times]
