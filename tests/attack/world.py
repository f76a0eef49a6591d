# SPDX-License-Identifier: Apache-2.0
"""world.py: a small synthetic country in a gateway of its own.

Everything is deterministic in the seed. Personal numbers use the official numbers
for tests (238 and 239): one girl and one boy can be born on a day, and nobody is."""

import dataclasses
import datetime
import os
import random
import re
import shutil
import subprocess
import tempfile
import time

COUNTIES = {
    "10": ["1060", "1080", "1081", "1082", "1083"],
    "21": ["2101", "2104", "2121", "2132", "2161", "2180", "2181", "2182", "2183", "2184"],
}
MUNICIPALITIES = [code for codes in COUNTIES.values() for code in codes]
COUNTY_OF = {code: county for county, codes in COUNTIES.items() for code in codes}
FORMS = ["familjehem", "jourhem", "natverkshem", "hvb", "stodboende", "sis"]
WEIGHTS = [46, 10, 14, 17, 8, 5]
GROUND = {"familjehem": "sol", "jourhem": "lvu6", "natverkshem": "sol", "hvb": "lvu3",
          "stodboende": "sol", "sis": "lvu3"}
YEAR = 2024
AGES = 21
BANDS = ["0-3", "4-6", "7-12", "13-15", "16-17", "18-20"]  # as the data set declares them
QUARTERS = [f"{YEAR}-Q{q}" for q in (1, 2, 3, 4)]
STEPS = 2  # vintages after the first, each with late targets
LARGE = {"1080": 3, "2180": 3}  # so many times the size: each could dominate its county
# What the form costs in a year, so that a sum that differs by one child tells her form.
COSTS = {"familjehem": 200_000, "jourhem": 310_000, "natverkshem": 130_000, "hvb": 900_000,
         "stodboende": 450_000, "sis": 2_100_000}
# Who gives the care says nothing of the form here, as a neighbour would know it.
PROVIDERS = ["familj", "privat_boende", "eget_boende"]
PROVIDED = [60, 25, 15]
ERRORS = ["konsulentstod", "statlig"]  # by step, of those who stood in the year by error alone


# Made here, to show that the attacks work: a threshold of two and nothing else.
BROKEN = "broken"
BROKEN_PRESET = """
  - id: broken
    label: {sv: Sönder, en: Broken}
    description: {sv: Bara för att visa att angreppen biter., en: Only to show that the attacks work.}
    disclosure: {threshold: 2, zeros: publish, secondary: no, answers: alone}
"""


@dataclasses.dataclass(frozen=True)
class Child:
    number: str
    kommun: str
    kon: str  # K or M, as files say it
    born: datetime.date
    start: datetime.date
    form: str
    provider: str
    cost: int

    @property
    def age(self):
        months = (self.start.year - self.born.year) * 12 + self.start.month - self.born.month
        return months // 12

    @property
    def band(self):
        return next(b for b in BANDS if self.age <= int(b.split("-")[1]))

    @property
    def like(self):
        return self.kommun, self.kon, self.band, self.quarter

    @property
    def quarter(self):
        return f"{self.start.year}-Q{(self.start.month + 2) // 3}"


def personnummer(born, sex):
    digits = f"{born:%Y%m%d}{238 if sex == 'K' else 239}"
    total = sum(sum(divmod(int(c) * (2 - i % 2), 10)) for i, c in enumerate(digits[2:]))
    return digits + str(-total % 10)


class Country:
    """Children, and which of them are targets. `late` of step i come with vintage i + 2; every
    other of those is a correction: it stood there before under another form."""

    def __init__(self, seed, targets, per_municipality=50):
        self.random = random.Random(seed)
        self.days = [(day, sex) for day in range((AGES - 1) * 365 - 10) for sex in "KM"]
        self.random.shuffle(self.days)
        self.children, self.targets, self.late, self.wrong = [], [], [], {}
        self.sham_records, self.victims, self.errors = [], [], []
        for code in MUNICIPALITIES:
            size = int(per_municipality * self.random.lognormvariate(0, 0.6)) + 25
            size *= LARGE.get(code, 1)
            self.children += [self.child(code) for _ in range(size)]
        self.taken = {child.like for child in self.children}
        for i in range(targets):
            self.targets.append(self.alone(MUNICIPALITIES[i % len(MUNICIPALITIES)]))
        for step in range(STEPS):
            self.late.append([self.child(code) for code in MUNICIPALITIES])
            for child in self.late[-1][::2]:
                others = [f for f in FORMS if f != child.form]
                self.wrong[child.number] = self.random.choice(others)
        self.shams()

    def correct_many(self, per_cell=7):
        """For attacks that ask between vintages, a country of its own: of every age and one sex, one
        child comes late with each step, and in every cell of form, sex and age some stood there by
        error. Who they are shows in who gave them care; all is delivered anew without them when the
        step's late ones come. A planned cell has then lost many and won one."""
        self.wrong, self.late = {}, []
        for step, provider in enumerate(ERRORS):
            kinds = [(sex, band) for band in BANDS for sex in "KM"]
            self.late.append([self.of_kind(*kind) for kind in kinds[step::2]])
            made = [self.of_kind(*kind, form) for kind in kinds for form in FORMS for _ in range(per_cell)]
            self.errors.append([dataclasses.replace(c, provider=provider) for c in made])

    def of_kind(self, sex, band, form=None):
        """One of that sex and age, somewhere."""
        start = datetime.date(YEAR, 1, 1) + datetime.timedelta(days=self.random.randrange(366))
        form = form or self.random.choices(FORMS, WEIGHTS)[0]
        for at, (back, its) in enumerate(self.days):
            born = datetime.date(YEAR, 1, 1) - datetime.timedelta(days=back)
            one = self.made(self.random.choice(MUNICIPALITIES), sex, born, start, form)
            if its == sex and one.band == band:
                del self.days[at]
                return one
        raise RuntimeError("no days of birth are left")

    def alone(self, code, tries=100):
        """A child with whom nobody shares all that a neighbour knows, where there is room for one."""
        for _ in range(tries):
            one = self.child(code)
            if one.like not in self.taken:
                break
        self.taken.add(one.like)
        return one

    def child(self, code):
        back, sex = self.days.pop()
        start = datetime.date(YEAR, 1, 1) + datetime.timedelta(days=self.random.randrange(366))
        born = datetime.date(YEAR, 1, 1) - datetime.timedelta(days=back)
        if born > start:
            born = start - datetime.timedelta(days=30)
        form = self.random.choices(FORMS, WEIGHTS)[0]
        return self.made(code, sex, born, start, form)

    def made(self, code, sex, born, start, form):
        provider = self.random.choices(PROVIDERS, PROVIDED)[0]
        cost = COSTS[form] + self.random.randrange(20_000)
        return Child(personnummer(born, sex), code, sex, born, start, form, provider, cost)

    def shams(self, per_target=30, most=16):
        """Invented children, delivered by the first municipality of a county: as many as pass
        unnoticed in a year's delivery, alike with a target of another there, and so many of
        each form that no cell of theirs is small. For each of some targets; what is asked
        about one is beside the others."""
        made = []
        sender = COUNTIES["10"][0]
        victims = [t for t in self.targets if COUNTY_OF[t.kommun] == "10" and t.kommun != sender]
        for target in victims[:most]:
            for i in range(per_target):
                made.append(self.alike(target, sender, FORMS[i % len(FORMS)]))
        self.sham_records, self.victims = [m for m in made if m is not None], victims[:most]

    def alike(self, target, sender, form):
        for at, (back, sex) in enumerate(self.days):
            born = datetime.date(YEAR, 1, 1) - datetime.timedelta(days=back)
            if sex != target.kon or born > target.start:
                continue
            sham = self.made(sender, sex, born, target.start, form)
            if sham.band == target.band:
                del self.days[at]
                return sham
        return None


HEADER = ("Kommun;Ärendenummer;Personnummer;Kön;Placeringsdatum;Avslutsdatum;Placeringsform;Lagrum;"
          "Slag av utförare;Kostnad under perioden")


def row(child, form=None):
    form = form or child.form
    return ";".join([child.kommun, "A" + child.number, child.number, child.kon,
                     child.start.isoformat(), "", form, GROUND[form], child.provider,
                     str(child.cost if form == child.form else COSTS[form])])


class Gateway:
    """A gateway with its own data folder, ended by `close`."""

    def __init__(self, programs, bundle, preset):
        self.programs = programs
        self.folder = tempfile.mkdtemp(prefix="statgate-attack.")
        self.data = os.path.join(self.folder, "gate")
        self.process = None
        self.bundle(bundle, preset)
        secret = os.path.join(self.folder, "passphrase")
        with open(os.open(secret, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
            file.write(os.urandom(18).hex() + "\n")
        self.run("init", self.data, "--development", "--bundle", os.path.join(self.folder, "bundle"),
                 "--passphrase-file", secret, "--municipalities", ",".join(MUNICIPALITIES), cwd=self.folder)
        self.edit(os.path.join(self.data, "statgate.yaml"), r"(?m)^address: .*", "address: 127.0.0.1:0")
        self.principal("bertil", "statgate://demo/statistician/bertil")
        self.start()

    def start(self):
        address = os.path.join(self.data, "run", "address")
        if os.path.exists(address):
            os.remove(address)
        with open(os.path.join(self.folder, "gateway.log"), "w") as log:
            self.process = subprocess.Popen(
                [os.path.join(self.programs, "statgated"), "--data", self.data], stdout=log, stderr=log)
        for _ in range(1200):
            if os.path.exists(address) and os.path.getsize(address) > 0:
                break
            if self.process.poll() is not None:
                raise RuntimeError(self.log())
            time.sleep(0.05)
        with open(address) as file:
            self.address = file.read().strip()

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def keep(self):
        """What `forget` goes back to."""
        self.stop()
        shutil.copytree(self.data, self.data + ".kept")
        self.start()

    def forget(self):
        """A gateway that has been asked nothing: attacks do not stand in each other's way."""
        self.stop()
        shutil.rmtree(self.data)
        shutil.copytree(self.data + ".kept", self.data)
        self.start()

    def bundle(self, source, preset):
        copy = os.path.join(self.folder, "bundle")
        shutil.copytree(source, copy)
        placering = os.path.join(copy, "datasets", "placering.yaml")
        self.edit(placering, r"(?m)^disclosure:.*(\n +.*)*", f"disclosure: {{preset: {preset}}}")
        if preset == BROKEN:
            with open(os.path.join(copy, "presets.yaml"), "a") as file:
                file.write(BROKEN_PRESET)
        # Budgets only slow an attacker down; here he has all the time that he wants, but for those
        # of one pattern who are there to see whether a budget tells anything.
        rules = os.path.join(copy, "bundle.yaml")
        self.edit(rules, r"(?m)^ +questions_per_day: .*\n", "")
        self.edit(rules, r"(?m)^( +)(- match: statgate://demo/statistician/\*/\*\n)",
                  r"\1\2\1  questions_per_day: 4\n")

    @staticmethod
    def edit(path, pattern, to):
        with open(path) as file:
            text = file.read()
        with open(path, "w") as file:
            file.write(re.sub(pattern, to, text))

    def principal(self, name, uri):
        """Another who may ask: the authority of the data folder signs her key."""
        client, pki = os.path.join(self.data, "client"), os.path.join(self.data, "pki")
        key, request, extension = (os.path.join(self.folder, n) for n in ("b.key", "b.csr", "b.ext"))
        with open(extension, "w") as file:
            file.write(f"subjectAltName=URI:{uri}\n"
                       "keyUsage=digitalSignature\nextendedKeyUsage=clientAuth\n")
        for command in (
                ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                 "-keyout", key, "-out", request, "-subj", "/CN=" + name],
                ["openssl", "x509", "-req", "-in", request, "-CA", os.path.join(pki, "ca.pem"), "-CAkey",
                 os.path.join(pki, "ca.key"), "-CAcreateserial", "-days", "2", "-extfile", extension,
                 "-out", os.path.join(client, name + ".pem")]):
            subprocess.run(command, check=True, capture_output=True)
        shutil.copy(key, os.path.join(client, name + ".key"))

    def run(self, *arguments, cwd=None, allowed=(0,)):
        done = subprocess.run([os.path.join(self.programs, "statgate"), *arguments], capture_output=True,
                              text=True, cwd=cwd or self.data, env={**os.environ, "LC_ALL": "C.UTF-8"})
        if done.returncode not in allowed:
            raise RuntimeError(f"statgate {arguments[0]}: {done.stdout}{done.stderr}{self.log()}")
        return done.stdout

    def log(self):
        path = os.path.join(self.folder, "gateway.log")
        if not os.path.exists(path):
            return ""
        with open(path) as file:
            return file.read()[-2000:]

    def deliver(self, rows, name, *options):
        """Rows by municipality, each its own file, added to what is there (or, `--replace`, instead of it)."""
        for code in MUNICIPALITIES:
            own = [r for r in rows if r.startswith(code)]
            if not own:
                continue
            path = os.path.join(self.folder, f"{name}-{code}.csv")
            with open(path, "w") as file:
                file.write("\n".join([HEADER, *own]) + "\n")
            self.run("--as", code, "submit", path, "--dataset", "placering", "--period", str(YEAR),
                     "--quiet", "--as-of", f"{YEAR + 1}-01-15", *options)

    def publish(self):
        self.run("--as", "operator", "vintage", "publish", "--note", "attack")

    def close(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def populate(gateway, country, with_targets, vintages=STEPS + 1, between=None):
    """All vintages. Without targets nothing that they know of is in any of them. `between` is
    called with the number of every vintage, before anything of the next one is delivered."""
    rows = [row(c) for c in country.children + country.sham_records]
    rows += [row(c) for step in country.errors for c in step]
    if with_targets:
        rows += [row(c) for c in country.targets]
        rows += [row(c, country.wrong[c.number]) for step in country.late for c in step
                 if c.number in country.wrong]
    gateway.deliver(rows, "first")
    gateway.publish()
    for i, step in enumerate(country.late[:vintages - 1]):
        if between:
            between(i + 1)
        more = [row(c) for c in step] if with_targets else []
        if country.errors:
            gone = {row(c) for c in country.errors[i]}
            rows = [r for r in rows if r not in gone] + more
            gateway.deliver(rows, f"anew{i}", "--replace")
        elif more:
            gateway.deliver(more, f"late{i}")
        gateway.publish()
