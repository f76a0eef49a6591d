# SPDX-License-Identifier: Apache-2.0
"""knowing.py: groups of children by what a neighbour knows, in every wording that a policy
takes, and what all attacks do with counts.

A group is a dict: `kommun`, `kon`, `alder` (bands) or `start` (quarters) → the values that are
in it; what is left out is everybody."""

from asker import Table, shown
from world import BANDS, COUNTY_OF, FORMS, MUNICIPALITIES, QUARTERS

TOTAL = Table.TOTAL
SEX = {"K": "kvinna", "M": "man"}
EVERY = {"kommun": MUNICIPALITIES, "kon": "KM", "alder": BANDS, "start": QUARTERS}


def hers(t, *names):
    """The group of those who are like her in everything, or in `names`."""
    known = {"kommun": [t.kommun], "kon": [t.kon], "alder": [t.band], "start": [t.quarter]}
    return {name: known[name] for name in names or known}


def rest(name, value):
    return [x for x in EVERY[name] if x != value]


def groups_of(t):
    """Groups that she is in, the smallest first."""
    yield hers(t)
    for names in (("kommun", "kon", "alder"), ("kommun", "alder", "start"), ("kommun", "kon", "start"),
                  ("kommun", "alder"), ("kommun", "kon")):
        yield hers(t, *names)


def place(codes):
    """Municipalities, as a county where they are one."""
    county = {COUNTY_OF[c] for c in codes}
    if len(county) == 1 and len(codes) == sum(COUNTY_OF[c] in county for c in MUNICIPALITIES):
        return ("kommun:lan", "=", *county)
    return ("kommun", "in", *codes) if len(codes) > 1 else ("kommun", "=", *codes)


def in_filters(group):
    """Ages in years and quarters as filters: every subset can be said so."""
    where = [place(group["kommun"])] if "kommun" in group else []
    where += [("kon", "in", *(SEX[k] for k in group["kon"]))] if "kon" in group else []
    where += [("alder", "in", *(b.replace("-", "..") for b in group["alder"]))] if "alder" in group else []
    where += [("start:kvartal", "in", *group["start"])] if "start" in group else []
    return where, {}


def in_codes(group):
    """Declared ages, and times as a period: what can be held against inhabitants."""
    where, _ = in_filters({n: v for n, v in group.items() if n in ("kommun", "kon")})
    where += [("alder:grupp", "in", *group["alder"])] if "alder" in group else []
    if "start" not in group:
        return where, {}
    first, last = QUARTERS.index(group["start"][0]), QUARTERS.index(group["start"][-1])
    if len(group["start"]) != last - first + 1:
        return None, None
    period = QUARTERS[first] if first == last else f"{QUARTERS[first]}..{QUARTERS[last]}"
    return where, {"period": period, "period_date": "start"}


WORDINGS = (in_filters, in_codes)


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
    if one is None or other is None:
        return {}
    return {f: None if one.get(f, 0) is None or other.get(f, 0) is None
            else one.get(f, 0) - other.get(f, 0) for f in FORMS}


def odd_one(looks):
    """The form that is treated otherwise than all others."""
    for form, look in looks.items():
        others = [o for f, o in looks.items() if f != form]
        if look not in others and len(set(others)) == 1:
            return form
    return None


class Attack:
    """`asker` and `friend` are two statisticians of `gateway`; `country` is read only for what
    the attack's own part in it knows (its municipality's records, what it sent itself)."""

    goes_on = False  # asks what the attack before it asked, and with its askers
    between = False  # asks between vintages, too: ask_between(vintage) is called after each but the last
    MOST = None  # targets that it is tried on, where it asks very much

    def __init__(self, gateway, asker, friend, country):
        self.gateway, self.asker, self.friend, self.country = gateway, asker, friend, country

    @classmethod
    def targets(cls, country):
        return country.targets[:cls.MOST]

    def table(self, by, group, wording=in_filters, also=(), **options):
        where, more = wording(group)
        return None if where is None else shown(self.asker, by, [*where, *also], **more, **options)

    def by_form(self, group, wording=in_filters, **options):
        """Persons by form; None where nothing is answered."""
        table = self.table(["form"], group, wording, **options)
        return None if table is None else table.row()
