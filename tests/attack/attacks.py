# SPDX-License-Identifier: Apache-2.0
"""attacks.py: what somebody computes from answers who knows a child as a neighbour does.

Each attack is given a target's municipality, sex, age and the quarter of its placement, as
finely as the policy lets anybody ask for them, and answers of the gateway; it returns a form of
placement, or None where it learnt nothing. A guess that only says what is most common is no
guess: attacks abstain unless some answer points at one form."""

import datetime

from knowing import SEX, TOTAL, WORDINGS, Attack, groups_of, hers, minus, one_of, rest
from world import (BANDS, COSTS, COUNTIES, COUNTY_OF, ERRORS, FORMS, MUNICIPALITIES, PROVIDERS, QUARTERS,
                   YEAR)


class Difference(Attack):
    """A group with the target, and the same group without those who are like her in one thing."""
    name = "difference by one"

    def pairs(self, t):
        for name in ("alder", "start", "kon"):
            others = {n: v for n, v in hers(t).items() if n != name}
            yield others, {**others, name: rest(name, hers(t)[name][0])}
        for name, every in (("alder", BANDS), ("start", QUARTERS)):
            others = {n: v for n, v in hers(t).items() if n != name}
            at = every.index(hers(t)[name][0])
            if 0 < at < len(every) - 1:
                yield {**others, name: every[:at + 1]}, {**others, name: every[:at]}
                yield {**others, name: every[at:]}, {**others, name: every[at + 1:]}

    def guess(self, t):
        for wording in WORDINGS:
            for large, small in self.pairs(t):
                found = one_of(minus(self.by_form(large, wording), self.by_form(small, wording)))
                if found:
                    return found
        return None


class Pattern(Difference):
    """The form that has nobody in a group, and somebody where she is added, whatever its mark;
    or a row in which one form alone is protected, and the others are zeros."""
    name = "zeros and marks"
    goes_on = True

    def guess(self, t):
        for wording in WORDINGS:
            for large, small in self.pairs(t):
                one, other = self.by_form(large, wording), self.by_form(small, wording)
                if one is None or other is None:
                    continue
                came = [f for f in FORMS if other.get(f, 0) == 0 and one.get(f, 0) != 0]
                if len(came) == 1:
                    return came[0]
                hidden = [f for f in FORMS if one.get(f, 0) is None]
                if len(hidden) == 1 and not any(one.get(f, 0) for f in FORMS):
                    return hidden[0]
        return None


class Complement(Difference):
    """The country, or her county, without her municipality, taken from all of it."""
    name = "complement"

    def pairs(self, t):
        like = hers(t, "kon", "alder", "start")
        county = COUNTIES[COUNTY_OF[t.kommun]]
        yield like, {**like, "kommun": rest("kommun", t.kommun)}
        yield {**like, "kommun": county}, {**like, "kommun": [k for k in county if k != t.kommun]}
        for other in county:
            if other != t.kommun:
                yield {**like, "kommun": [t.kommun, other]}, {**like, "kommun": [other]}


class Tracker(Attack):
    """Denning's tracker: what is known of her is split in two conditions that are each common;
    counts are asked form by form, with the form as a filter, or as a filter of the measure."""
    name = "tracker"

    def count(self, group, form, wording, filtered):
        condition = ("form", "=", form)
        if filtered:
            table = self.table([], group, wording, measures=(("persons", ""), ("persons", "", condition)))
            return None if table is None else table.value(measure=1)
        table = self.table([], group, wording, also=[condition])
        return None if table is None else table.value()

    def guess(self, t):
        for wording in WORDINGS:
            for filtered in (False, True):
                for name in ("alder", "start"):
                    wide = {n: v for n, v in hers(t).items() if n != name}
                    narrow = {**wide, name: rest(name, hers(t)[name][0])}
                    found = one_of(minus(*({f: self.count(group, f, wording, filtered) for f in FORMS}
                                           for group in (wide, narrow))))
                    if found:
                        return found
        return None


class Union(Difference):
    """The same, where counts that are hidden are first computed from unions: the county without
    its other municipalities, all ages without the others, a main group of forms without the rest
    of it."""
    name = "union over hierarchies"
    MOST = 36
    MAIN = {"familjehemsvard": FORMS[:3], "institution": FORMS[3:]}

    def by_form(self, group, wording):
        row = super().by_form(group, wording)
        if row is None or all(row.get(f, 0) is not None for f in FORMS):
            return row
        for whole, parts in self.wider(group):
            counts = [super(Union, self).by_form(g, wording) for g in (whole, *parts)]
            for form in FORMS:
                values = [None if c is None else c.get(form, 0) for c in counts]
                if row.get(form) is None and None not in values:
                    row[form] = values[0] - sum(values[1:])
        return self.within(group, wording, row)

    def wider(self, group):
        """Unions that the group is a part of, and the other parts."""
        for name in ("alder", "start", "kon"):
            if name in group:
                whole = {n: v for n, v in group.items() if n != name}
                others = [x for x in {"kon": "KM", "alder": BANDS, "start": QUARTERS}[name]
                          if x not in group[name]]
                yield whole, [{**group, name: [x]} for x in others]
                yield whole, [{**group, name: others}] if others else []
        if len(group["kommun"]) == 1:
            county = COUNTIES[COUNTY_OF[group["kommun"][0]]]
            others = [k for k in county if k not in group["kommun"]]
            yield {**group, "kommun": county}, [{**group, "kommun": [k]} for k in others]
            yield {**group, "kommun": county}, [{**group, "kommun": others}]

    def within(self, group, wording, row):
        table = self.table(["form:grupp"], group, wording)
        for main, forms in self.MAIN.items() if table else ():
            hidden = [f for f in forms if row.get(f, 0) is None]
            if len(hidden) == 1 and table.value(main) is not None:
                row[hidden[0]] = table.value(main) - sum(row.get(f, 0) for f in forms if f not in hidden)
        return row


class Homogeneous(Attack):
    """A group in which all have the same, or all but one in ten."""
    name = "homogeneous groups"

    def guess(self, t):
        for wording in WORDINGS:
            for group in groups_of(t):
                table = self.table(["form"], group, wording)
                if table is None:
                    continue
                total = table.value(TOTAL)
                for form, value in table.row().items():
                    if value and total and value >= 0.9 * total and form in FORMS:
                        return form
        return None


class Contributor(Attack):
    """A municipality takes its own children away, from a region of itself and hers, and from
    the county and the country."""
    name = "a municipality subtracts its own"

    def own(self, sender):
        return [c for c in self.country.children if c.kommun == sender]

    def senders(self, t):
        county = [k for k in COUNTIES[COUNTY_OF[t.kommun]] if k != t.kommun]
        return sorted(county, key=lambda k: -len(self.own(k)))[:3]

    def regions(self, t, sender):
        yield [sender, t.kommun]
        yield COUNTIES[COUNTY_OF[t.kommun]]

    def left(self, counts, own, group):
        known = [c for c in own if c.kon in group.get("kon", "KM") and c.band in group.get("alder", BANDS)
                 and c.quarter in group.get("start", QUARTERS)]
        return minus(counts, {f: sum(c.form == f for c in known) for f in FORMS})

    def guess(self, t):
        for wording in WORDINGS:
            for sender in self.senders(t):
                own = self.own(sender)
                for region in self.regions(t, sender):
                    for names in (("kon", "alder", "start"), ("alder", "start"), ("kon", "alder")):
                        group = {**hers(t, *names), "kommun": region}
                        found = one_of(self.left(self.by_form(group, wording), own, group))
                        if found:
                            return found
        return None


class Sham(Contributor):
    """A municipality has delivered thirty invented children who are like her, some of every form,
    so that no cell is small and no row has few; and takes them and its own away: from a region of
    itself and her municipality, from that of more neighbours, from the county, form by form."""
    name = "sham records"

    @classmethod
    def targets(cls, country):
        return country.victims

    def senders(self, t):
        return [self.country.sham_records[0].kommun]

    def own(self, sender):
        return super().own(sender) + self.country.sham_records

    def regions(self, t, sender):
        """Without her municipality, too: what is told of both regions leaves hers alone."""
        county = COUNTIES[COUNTY_OF[t.kommun]]
        yield [sender, t.kommun]
        yield county
        for other in county:
            if other not in (sender, t.kommun):
                yield [sender, t.kommun, other]

    def guess(self, t):
        found = super().guess(t)
        return found or self.by_two_regions(t)

    def by_two_regions(self, t):
        sender = self.senders(t)[0]
        county = COUNTIES[COUNTY_OF[t.kommun]]
        for wording in WORDINGS:
            for names in (("kon", "alder", "start"), ("alder", "start"), ("kon", "alder")):
                group = hers(t, *names)
                whole = self.by_form({**group, "kommun": county}, wording)
                less = self.by_form({**group, "kommun": [k for k in county if k != t.kommun]}, wording)
                found = one_of(minus(whole, less))
                if found:
                    return found
        return None


class Provider(Contributor):
    """Somebody who gives care to children takes them away from rows of her municipality."""
    name = "a provider subtracts its own"

    def guess(self, t):
        others = [c for c in self.country.children if c.kommun == t.kommun]
        own = [c for c in others if c.provider == "familj"]
        for wording in WORDINGS:
            for group in groups_of(t):
                row = self.by_form(group, wording)
                found = one_of(self.left(row, own, group)) if row else None
                if found:
                    return found
        return None


class Sums(Difference):
    """The same differences of totals alone, with their costs: what one child cost tells her form."""
    name = "sums and means"

    def totals(self, group, wording):
        for kind in ("sum", "mean"):
            table = self.table([], group, wording, measures=(("persons", ""), (kind, "kostnad")))
            persons, value = (None, None) if table is None else (table.value(), table.value(measure=1))
            if persons is not None and value is not None:
                value /= 10 ** table.decimals[1]
                return persons, value * (persons if kind == "mean" else 1)
        return None

    def guess(self, t):
        for wording in WORDINGS:
            for large, small in self.pairs(t):
                one, other = self.totals(large, wording), self.totals(small, wording)
                if one is None or other is None or one[0] - other[0] != 1:
                    continue
                cost = one[1] - other[1]
                for form, low in COSTS.items():
                    if low - 10 <= cost <= low + 20_010:
                        return form
        return None


class Shares(Difference):
    """The same differences, of numerators that are computed from shares and denominators."""
    name = "shares of groups"

    def by_form(self, group, wording):
        row = {}
        for half in (FORMS[:3], FORMS[3:]):
            table = self.table([], group, wording, measures=(
                ("persons", ""), *(("share", "", ("form", "=", f)) for f in half)))
            for i, form in enumerate(half if table else (), 1):
                persons, share = table.value(), table.value(measure=i)
                row[form] = None if persons is None or share is None else \
                    round(persons * share / 10 ** (table.decimals[i] + 2))
        return {f: row.get(f) for f in FORMS}


class Indicators(Difference):
    """The same differences, of indicators that everybody may ask for: the share in institutions
    and the rate in residential care."""
    name = "indicators"

    def numerator(self, group, wording, indicator, form):
        where, options = wording(group)
        # An indicator has a period of its own, and no second one.
        if where is None or options:
            return None
        count = self.table([], group, wording)
        table = self.table([], group, wording, indicator=indicator, period="2024",
                           measures=())
        if table is None or count is None or None in (count.value(), table.value()):
            return None
        return round(count.value() * table.value() / 10 ** (table.decimals[0] + 2))

    def guess(self, t):
        for wording in WORDINGS:
            for large, small in self.pairs(t):
                some = [self.numerator(g, wording, "institution_andel", "hvb") for g in (large, small)]
                if None in some or some[0] - some[1] != 1:
                    continue
                return "hvb"  # the most common of the three
        return None


class Sliding(Attack):
    """Ages on one day and on another: between them one month's children come of age, and one of
    them is she."""
    name = "ages on another day"

    def guess(self, t):
        for wording in (("kommun", "kon"), ("kommun",)):
            for bands, years in self.edges(t):
                day = datetime.date(t.born.year + years, t.born.month, 1)
                ends = (day - datetime.timedelta(days=1), day + datetime.timedelta(days=32))
                where = [("kommun", "=", t.kommun), ("alder:grupp", "in", *bands)]
                where += [("kon", "=", SEX[t.kon])] if "kon" in wording else []
                rows = [self.asked(where, end.isoformat()) for end in ends]
                for one, other in (rows, rows[::-1]):
                    found = one_of(minus(one, other))
                    if found:
                        return found
        return None

    def edges(self, t):
        """Bands from hers on, which she entered; bands up to hers, which she left."""
        at = BANDS.index(t.band)
        for bands, years in ((BANDS[at:], int(t.band.split("-")[0])),
                             (BANDS[:at + 1], int(t.band.split("-")[1]) + 1)):
            if 0 < years < 21:
                yield bands, years

    def asked(self, where, day):
        from asker import shown
        table = shown(self.asker, ["form"], where, age_at=day)
        return None if table is None else table.row()


class Vintages(Attack):
    """What has changed between two of three vintages, when one child came or was corrected: in
    any table that she is in, and in their marks."""
    name = "three vintages and a correction"

    @classmethod
    def targets(cls, country):
        return [child for step in country.late for child in step]

    def pairs(self, t):
        step = next(i for i, late in enumerate(self.country.late) if t in late)
        return [(old, new) for old in range(1, step + 2) for new in range(step + 2, 4)]

    def changes(self, t, wording):
        """Changes by form, table by table."""
        for old, new in self.pairs(t):
            for group in (*groups_of(t), hers(t, "kommun"), hers(t, "alder", "kon"),
                          {"kommun": COUNTIES[COUNTY_OF[t.kommun]]}):
                tables = [self.table(["form"], group, wording, vintage=v) for v in (old, new)]
                if None not in tables:
                    yield tables
            tables = [self.table(["kommun", "form"], {}, wording, vintage=v) for v in (old, new)]
            if None not in tables:
                yield [Front(table, t.kommun) for table in tables]

    def guess(self, t):
        for wording in WORDINGS:
            pooled = {f: [] for f in FORMS}
            for old, new in self.changes(t, wording):
                change = minus(new.row(), old.row())
                found = None if new.noisy else one_of(change)
                if found:
                    return found
                for form, value in change.items():
                    pooled[form] += [] if value is None else [value]
            found = one_of({f: sum(v) / len(v) if v else None for f, v in pooled.items()})
            if found:
                return found
        return self.marks(t)

    def marks(self, t):
        """The one form whose mark is another than it was."""
        for wording in WORDINGS:
            for old, new in self.changes(t, wording):
                changed = [f for f in FORMS if old.look(f)[0] != new.look(f)[0]]
                if len(changed) == 1:
                    return changed[0]
        return None


class Front:
    """The rows of one municipality in a table of all."""

    def __init__(self, table, kommun):
        self.whole, self.kommun, self.noisy = table, kommun, table.noisy

    def row(self):
        return self.whole.row(self.kommun)

    def look(self, form):
        return self.whole.look(self.kommun, form)


class Before(Attack):
    """Before a vintage is published, she asks without a plan, by form, about what a planned cell of it
    will tell of but for one child: a cell without those who stand in it by error. Then she takes her
    answer from the planned cell, from the sum of two planned cells, and takes two answers from one."""
    name = "asked before it was planned"
    between = True

    @classmethod
    def targets(cls, country):
        return [child for step in country.late for child in step]

    def step(self, t):
        return next(i for i, late in enumerate(self.country.late) if t in late)

    def ways(self, t):
        """Groups that are asked about before, and the sexes whose planned cells tell of them together."""
        like = hers(t, "kon", "alder")
        yield [like], t.kon
        yield [hers(t, "alder")], "KM"
        yield [{**like, "start": half} for half in (QUARTERS[:2], QUARTERS[2:])], t.kon

    def ask_between(self, vintage):
        for t in self.country.late[vintage - 1]:
            for groups, _ in self.ways(t):
                self.before(t, groups)

    def before(self, t, groups):
        """Of all the groups together, without those who are there by error: of this step or the next."""
        right = [("utforare", "in", *PROVIDERS, *ERRORS[self.step(t) + 1:])]
        return added(self.by_form(group, also=right, vintage=self.step(t) + 1) for group in groups)

    def planned(self, t, sexes):
        table = self.table(["form", "kon", "alder:grupp"], {}, vintage=self.step(t) + 2, period=str(YEAR))
        return added(None if table is None else {f: table.value(f, SEX[sex], t.band) for f in FORMS}
                     for sex in sexes)

    def guess(self, t):
        for groups, sexes in self.ways(t):
            change = minus(self.planned(t, sexes), self.before(t, groups))
            # Other by many: a cell that is told again as it was, with those who stood there by error.
            found = one_of({f: None if d is not None and d > len(FORMS) else d for f, d in change.items()})
            if found:
                return found
        return None


def added(rows):
    """Rows in sum; None where one of them is not shown."""
    rows = list(rows)
    if None in rows:
        return None
    values = {f: [row.get(f, 0) for row in rows] for f in FORMS}
    return {f: None if None in some else sum(some) for f, some in values.items()}


COMPUTED = [Difference, Pattern, Complement, Tracker, Union, Homogeneous, Contributor, Sham, Provider, Sums,
            Shares, Indicators, Sliding, Vintages, Before]
