# SPDX-License-Identifier: Apache-2.0
"""leaky.py: what a gateway would look like that gives facts away beside its answers. Only for
the preset `broken`, to show that the attacks of beside.py find what there is to be found.

A question about one form and a group that a target of that form is in takes longer, is larger,
says more, and costs one question more."""

from asker import Asker, Refused, Table
from knowing import WORDINGS, hers


class Leaky(Asker):
    def __init__(self, gateway, name="statistician", targets=()):
        super().__init__(gateway, name)
        self.rest = (targets,)
        self.facts = {fact for t in targets for fact in self.facts_of(t)}
        self.hits = 0

    @staticmethod
    def facts_of(t):
        for wording in WORDINGS:
            for names in (("kommun", "kon", "alder", "start"), ("kommun", "kon", "alder")):
                where, _ = wording(hers(t, *names))
                yield frozenset([*where, ("form", "=", t.form)])

    def question(self, by, where, **options):
        answer = super().question(by, where, **options)
        if frozenset(where) in self.facts:
            self.hits += 1
            if isinstance(answer, bytes):
                return answer + b"!"
            answer.size += 1
            if isinstance(answer, Table):
                answer.took = answer.took * 3 + 1000
                answer.beside = (answer.beside[0], answer.beside[1] + b"!")
            else:
                answer.args = (answer.args[0] + "!",)
        elif self.hits and options.get("linkage") and self.asked > 4 - self.hits:
            return Refused("too many")
        return answer
