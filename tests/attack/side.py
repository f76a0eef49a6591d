# SPDX-License-Identifier: Apache-2.0
"""side.py: one of the two countries that an attack is tried on, in a process of its own: a
gateway with the targets in it, or without.

    {programs, bundle, preset, with_targets, targets, seed, attacks, stubs} as JSON on standard
    input; lines of JSON on standard output: {progress}, {attack, guesses, seconds}, {loss}, …

Guesses are lists in the order of the attack's targets, null where it abstains."""

import json
import signal
import sys
import time

import asker as asking
import leaky
import world


def say(**said):
    print(json.dumps(said), flush=True)


TABLES = [["kommun", "kon", "alder:grupp"], ["kommun", "form"], ["kommun:lan", "form", "kon"],
          ["kommun:lan", "alder:grupp", "form"]]
OTHERWISE = {"kommun": lambda c: c.kommun, "kommun:lan": lambda c: world.COUNTY_OF[c.kommun],
             "kon": lambda c: {"K": "kvinna", "M": "man"}[c.kon], "form": lambda c: c.form,
             "alder:grupp": lambda c: c.band}


def loss(asker, country):
    """Of who asks first: shares of inner cells with anybody in them, and of persons, that are hidden
    in the first vintage; the mean distance of shown cells from the truth."""
    people = [(c, c.form) for c in country.children + country.sham_records + country.targets]
    people += [(c, country.wrong[c.number]) for step in country.late for c in step if c.number in country.wrong]
    cells = hidden = persons = lost = moved = seen = 0
    for by in TABLES:
        truth = {}
        for child, form in people:
            place = tuple(form if name == "form" else OTHERWISE[name](child) for name in by)
            truth[place] = truth.get(place, 0) + 1
        table = asking.shown(asker, by, vintage=1)
        for place, count in truth.items():
            value = None if table is None else table.value(*place)
            cells, persons = cells + 1, persons + count
            if value is None:
                hidden, lost = hidden + 1, lost + count
            else:
                moved, seen = moved + abs(value - count), seen + 1
    return {"cells_hidden": hidden / cells, "persons_hidden": lost / persons,
            "mean_deviation": moved / seen if seen else None}


def askers(gateway, country, job):
    """Two who ask. Under `broken` the answers that they get give facts away."""
    if job["preset"] != world.BROKEN:
        return asking.Asker(gateway), asking.Asker(gateway, "bertil")
    facts = country.targets if job["with_targets"] else ()
    return leaky.Leaky(gateway, targets=facts), leaky.Leaky(gateway, "bertil", facts)


def attack_all(job, gateway, country, kinds):
    askers_of = None
    for kind in kinds:
        # Who asks what was asked just before is told it again; others find an empty memory.
        if askers_of is None or not kind.goes_on:
            for asker in askers_of or ():
                asker.close()
            gateway.forget()
            askers_of = askers(gateway, country, job)
        began, asked = time.monotonic(), sum(a.asked for a in askers_of)
        say_attack(kind(gateway, *askers_of, country), askers_of, began, asked)
    for asker in askers_of or ():
        asker.close()


def attack_between(job, kind):
    """A gateway of its own, and a country in which much is corrected: others find theirs as it was."""
    country = world.Country(job["seed"], job["targets"])
    country.correct_many()
    gateway = world.Gateway(job["programs"], job["bundle"], job["preset"])
    try:
        askers_of = askers(gateway, country, job)
        attack = kind(gateway, *askers_of, country)
        began = time.monotonic()
        world.populate(gateway, country, job["with_targets"], between=attack.ask_between)
        say_attack(attack, askers_of, began)
        for asker in askers_of:
            asker.close()
    finally:
        gateway.close()


def say_attack(attack, askers_of, began, asked=0):
    targets = attack.targets(attack.country)
    guesses = [attack.guess(target) for target in targets]
    say(attack=attack.name, guesses=guesses, asked=sum(a.asked for a in askers_of) - asked,
        seconds=time.monotonic() - began, truth=[t.form for t in targets])


def run(job):
    from attacks import COMPUTED
    from beside import BESIDE
    from manifold import MANIFOLD

    country = world.Country(job["seed"], job["targets"])
    began = time.monotonic()
    gateway = world.Gateway(job["programs"], job["bundle"], job["preset"])
    try:
        world.populate(gateway, country, job["with_targets"])
        gateway.keep()
        say(progress=f"three vintages published in {time.monotonic() - began:.0f} s")
        if job["with_targets"]:
            first = asking.Asker(gateway)
            say(loss=loss(first, country))
            first.close()
        kinds = [kind for kind in COMPUTED + MANIFOLD + BESIDE
                 if not job["attacks"] or any(word in kind.name for word in job["attacks"])]
        attack_all(job, gateway, country, [kind for kind in kinds if not kind.between])
    finally:
        gateway.close()
    for kind in kinds:
        if kind.between:
            attack_between(job, kind)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    wanted = json.load(sys.stdin)
    sys.path.insert(0, wanted["stubs"])
    run(wanted)
