# SPDX-License-Identifier: Apache-2.0
"""beside.py: attacks on what comes with an answer, or instead of one: marks, refusals, texts,
sizes, forecasts, time, and what a question costs.

All ask for each form in turn about a group that she is in, and guess the form that is treated
otherwise than all others."""

from asker import Refused, shown
from knowing import Attack, WORDINGS, groups_of, hers, odd_one
from world import BANDS, FORMS


class Refusals(Attack):
    """Shown, protected, zero or refused: the one form that is not zero, the one that is not shown,
    or the one that is otherwise than all others."""
    name = "pattern of refusals"

    def look(self, where, form, options):
        try:
            table = self.asker.ask([], where, **options)
        except Refused:
            return "refused"
        status, value = table.look()
        return "zero" if value == 0 else status

    def guess(self, t):
        for wording in WORDINGS:
            for group in groups_of(t):
                where, options = wording(group)
                looks = {f: self.look([*where, ("form", "=", f)], f, options) for f in FORMS}
                for usual in (("zero",), ("zero", "shown")):
                    rest = [f for f, look in looks.items() if look not in usual]
                    if len(rest) == 1:
                        return rest[0]
                if odd_one(looks):
                    return odd_one(looks)
        return None


class Texts(Refusals):
    """What a refusal says, and what is said about an answer beside its values: coverage, verdict of
    the audit, what could be asked instead. Marks are compared with their like only."""
    name = "texts and what stands beside"
    goes_on = True

    def look(self, where, form, options):
        try:
            marks, beside = self.asker.ask([], where, **options).beside
        except Refused as refusal:
            return "refused", str(refusal).replace(form, "")
        return marks, beside

    def guess(self, t):
        for wording in WORDINGS:
            for group in groups_of(t):
                where, options = wording(group)
                looks = {f: self.look([*where, ("form", "=", f)], f, options) for f in FORMS}
                for marks in {marks for marks, _ in looks.values()}:
                    alike = {f: said for f, (own, said) in looks.items() if own == marks}
                    found = odd_one(alike) if len(alike) > 2 else None
                    if found:
                        return found
        return None


class OddOne(Refusals):
    """What `look` says of each form."""

    def guess(self, t):
        for wording in WORDINGS:
            for group in groups_of(t):
                where, options = wording(group)
                found = odd_one({f: self.look([*where, ("form", "=", f)], f, options) for f in FORMS})
                if found:
                    return found
        return None


class Sizes(OddOne):
    """Bytes of an answer that shows nothing, or of a refusal."""
    name = "sizes of answers and errors"
    goes_on = True

    def look(self, where, form, options):
        try:
            table = self.asker.ask([], where, **options)
        except Refused as refusal:
            return refusal.size - str(refusal).count(form) * len(form)
        return "shown" if table.value() is not None else table.size


class Forecasts(OddOne):
    """What a dry run says, before and after the question is asked."""
    name = "forecasts and nearest questions"
    MOST = 15

    def look(self, where, form, options):
        said = shown(self.friend, ["alder:grupp"], where, forecast=True, **options)
        shown(self.asker, ["alder:grupp"], where, **options)
        again = shown(self.friend, ["alder:grupp"], where, forecast=True, fresh=True, **options)
        return said, again


class Times(Refusals):
    """The same question takes longest, by far, of nine askings each."""
    name = "time"
    MOST = 15

    def slowest(self, group, wording):
        where, options = wording(group)
        took = {f: [] for f in FORMS}
        for _ in range(9):
            for form in FORMS:
                answer = shown(self.asker, [], [*where, ("form", "=", form)], fresh=True, **options)
                if answer is not None and answer.value() is None:
                    took[form].append(answer.took)
        medians = sorted(((sorted(v)[len(v) // 2], f) for f, v in took.items() if v), reverse=True)
        slow = len(medians) > 2 and medians[0][0] >= 1.15 * medians[1][0]
        return medians[0][1] if slow else None

    def guess(self, t):
        for wording in WORDINGS:
            for group in (hers(t), hers(t, "kommun", "kon", "alder")):
                found = self.slowest(group, wording)
                if found:
                    return found
        return None


class Budgets(Refusals):
    """How many questions somebody has left who has asked about her. Each form has an asker of its
    own, whose certificate is allowed four a day of those that name a linkage."""
    name = "budgets"
    MOST = 8

    def look(self, where, form, options):
        name = f"limited-{len(self.spent)}"
        self.spent.append(name)
        self.gateway.principal(name, f"statgate://demo/statistician/limited/{name}")
        asker = type(self.asker)(self.gateway, name, *self.asker.rest)
        shown(asker, [], where, linkage="placering_riket", **options)
        left = 0
        for band in BANDS:
            planned = [("alder:grupp", "=", band)]
            left += shown(asker, ["form"], planned, linkage="placering_riket") is not None
        asker.close()
        return left

    def guess(self, t):
        self.spent = getattr(self, "spent", [])
        where, options = WORDINGS[1](hers(t, "kommun", "kon", "alder"))
        return odd_one({f: self.look([*where, ("form", "=", f)], f, options) for f in FORMS})


BESIDE = [Refusals, Texts, Sizes, Forecasts, Times, Budgets]
