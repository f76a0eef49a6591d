# SPDX-License-Identifier: Apache-2.0
"""manifold.py: attacks that put many answers together: a linear program over all of them, and
means that take noise away."""

import random

import numpy
from scipy.optimize import linprog
from scipy.sparse import csr_matrix, hstack

from asker import shown
from knowing import SEX, TOTAL, WORDINGS, Attack, hers, in_codes, in_filters, minus, one_of, rest
from world import BANDS, FORMS, QUARTERS


class Nested(Attack):
    """Some fifty nested questions and seven tables about her municipality, in two wordings, beside
    planned tables; and one program that finds the table by age, sex, quarter and form that fits
    them best."""
    name = "nested questions, linear program"

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.found = {}

    def questions(self, kommun):
        """Answers, and for each the (bands, sexes, quarters) of a place in it."""
        for wording in WORDINGS:
            for bands in [BANDS[:i] for i in range(1, len(BANDS) + 1)]:
                for times in [QUARTERS[:i] for i in range(1, 5)]:
                    for sexes in ("KM", "K"):
                        group = {"kommun": [kommun], "alder": bands, "start": times, "kon": sexes}
                        yield self.table(["form"], group, wording), {(): (bands, sexes, times)}
            for times in (QUARTERS, *([q] for q in QUARTERS)):
                group = {"kommun": [kommun], "start": times}
                for by in (["kon", "form"], ["alder:grupp", "form"], ["alder:grupp", "kon", "form"],
                           ["kon"], ["alder:grupp"], ["alder:grupp", "kon"]):
                    yield self.table(by, group, wording), self.places(by, times)

    @staticmethod
    def places(by, times):
        bands = {TOTAL: BANDS, **{b: [b] for b in BANDS}} if "alder:grupp" in by else {None: BANDS}
        sexes = {TOTAL: "KM", **{SEX[k]: k for k in "KM"}} if "kon" in by else {None: "KM"}
        return {tuple(c for c in (b, s) if c is not None): (bands[b], sexes[s], times)
                for b in bands for s in sexes}

    @staticmethod
    def told(table, places):
        """Each look at a count of a block, and the forms that it counts."""
        for front, block in places.items() if table else ():
            if (*front, FORMS[0]) in table.cells:
                for form in (*FORMS, TOTAL):
                    yield table.look(*front, form), block, FORMS if form == TOTAL else [form]
            else:
                yield table.look(*front), block, FORMS

    def solve(self, kommun):
        index = {at: i for i, at in enumerate(
            (b, s, q, f) for b in BANDS for s in "KM" for q in QUARTERS for f in FORMS)}
        rows, columns, known, at_least, seen = [], [], [], [], set()
        for table, places in self.questions(kommun):
            for (status, value), (bands, sexes, times), forms in self.told(table, places):
                told = (status, value, *bands, *sexes, *times, *forms)
                # Where zeros are published, what is protected is not one.
                somebody = status == "protected" and table.zeros and not table.noisy
                if told in seen or (value is None and not somebody):
                    continue
                seen.add(told)
                inside = [index[b, s, q, f] for b in bands for s in sexes for q in times for f in forms]
                rows += [len(known)] * len(inside)
                columns += inside
                at_least.append(value is None)
                known.append(1 if value is None else value)
        return (index, self.fit(rows, columns, known, at_least, len(index))) if known else None

    @staticmethod
    def fit(rows, columns, known, at_least, n):
        """The smallest misfit: counts carry noise where the policy adds it."""
        m = len(known)
        sums = csr_matrix((numpy.ones(len(rows)), (rows, columns)), (m, n))
        slack = csr_matrix((numpy.ones(m), (range(m), range(m))), (m, m))
        over = [0.0 if free else 1.0 for free in at_least]
        cost = numpy.concatenate([numpy.zeros(n), numpy.ones(m), over])
        best = linprog(cost, A_eq=hstack([sums, slack, -slack], format="csr"), b_eq=known, method="highs")
        return best.x[:n] if best.success else None

    def guess(self, t):
        if t.kommun not in self.found:
            self.found[t.kommun] = self.solve(t.kommun)
        if self.found[t.kommun] is None or self.found[t.kommun][1] is None:
            return None
        index, x = self.found[t.kommun]
        counts = sorted(((x[index[t.band, t.kon, t.quarter, f]], f) for f in FORMS), reverse=True)
        return counts[0][1] if counts[0][0] > 0.75 and counts[1][0] < 0.25 else None


class Averaging(Attack):
    """Her municipality beside others, and the others alone: the same difference sixty times, each
    time with other municipalities, in other words and by another of two principals; then the
    mean (after Asghar & Kaafar, PoPETs 2020). Where three differences agree there is no noise to be
    taken away."""
    name = "averaging, rephrasing, collusion"
    MOST = 36
    TIMES = 60
    WORDS = (in_filters, in_codes, lambda group: (in_filters(group)[0][::-1], {"rule": 2}),
             lambda group: (in_filters(group)[0], {"linkage": "placering_riket"}))

    def count(self, group, number):
        where, options = self.WORDS[number % len(self.WORDS)](group)
        asker = self.asker if number % 3 else self.friend
        table = None if where is None else shown(asker, ["form"], where, **options)
        return None if table is None else table.row()

    def mean(self, t, like):
        draw = random.Random(t.number)
        others, seen = rest("kommun", t.kommun), {f: [] for f in FORMS}
        for number in range(self.TIMES):
            some = draw.sample(others, draw.randrange(len(others) // 2, len(others)))
            with_her = self.count({**like, "kommun": [t.kommun, *some]}, number)
            for form, value in minus(with_her, self.count({**like, "kommun": some}, number)).items():
                seen[form] += [] if value is None else [value]
            if number == 8 and not any(len(set(values)) > 1 for values in seen.values()):
                break
        return {f: sum(v) / len(v) if v else None for f, v in seen.items()}

    def guess(self, t):
        for names in (("kon", "alder", "start"), ("alder", "start")):
            found = one_of(self.mean(t, hers(t, *names)))
            if found:
                return found
        return None


MANIFOLD = [Nested, Averaging]
