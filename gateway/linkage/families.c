/* SPDX-License-Identifier: Apache-2.0 */
/* families.c: edges become stars (a guardian and her children), stars connect persons
 * to chains, and in each chain families are chosen and kin are listed. Persons come to
 * stand chain by chain and family by family, so that a question about a family looks at
 * its neighbourhood.
 *
 * What is over a limit is missing, for good and for everybody it touches: children of a
 * guardian with too many of them, and whole chains that are too long. To leave such a
 * guardian out and count the rest would be a guess that looks like an answer. */
#include "gateway/linkage/families.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/linkage/kin.h"

struct search {
        const struct work *work;
        const struct family_limits *limits;
        uint32_t persons;
        uint8_t *missing; /* by person as numbered first */
        uint8_t *begins;  /* by person as numbered at last: first of a family */
        uint32_t *family, *starts;
        struct kin *kin;
        struct stars stars;
        struct chains chains;
};

static enum err reserve(struct search *s)
{
        const struct work *w = s->work;
        void *at = NULL;

        TRY(work_alloc(w, s->persons, 1, &at));
        s->missing = at;
        memset(at, 0, s->persons);
        TRY(work_alloc(w, s->persons, 1, &at));
        s->begins = at;
        memset(at, 1, s->persons);
        TRY(work_alloc(w, s->persons, sizeof(*s->family), &at));
        s->family = at;
        TRY(work_alloc(w, (size_t)s->persons + 1, sizeof(*s->starts), &at));
        s->starts = at;
        return ERR_OK;
}

static void number_families(struct search *s, struct families *out)
{
        uint32_t families = 0, missing = 0;

        for (uint32_t p = 0; p < s->persons; p++) {
                if (s->missing[s->chains.order[p]]) {
                        s->family[p] = FAMILY_MISSING;
                        missing++;
                        continue;
                }
                families += s->begins[p];
                s->family[p] = families - 1;
        }
        *out = (struct families){
                .persons = s->persons,
                .family = s->family,
                .families = families,
                .starts = s->starts,
                .kin = s->kin,
                .missing = missing,
                .guardians_over_limit = s->stars.guardians_over_limit,
                .chains_over_limit = s->chains.over_limit,
                .own_guardians = s->stars.own_guardians,
        };
}

static enum err search_all(struct search *s, struct edges *edges, struct token_list *all)
{
        const struct work *w = s->work;

        TRY(reserve(s));
        TRY(stars_find(w, edges, all, s->limits->children_max, s->missing, &s->stars));
        token_list_wipe(w, all);
        TRY(chains_find(w, &s->stars, s->persons, s->limits->persons_max, s->missing, &s->chains));
        return kin_find(w, &s->stars, &s->chains, s->missing, s->limits->holds_days, s->begins,
                s->starts, &s->kin);
}

enum err families_find(const struct work *w, struct edges *edges, struct token_list *all,
        const struct family_limits *limits, struct families *out, uint32_t **out_order)
{
        struct search s = {.work = w, .limits = limits, .persons = all->len};

        enum err e = search_all(&s, edges, all);
        if (e == ERR_OK) {
                number_families(&s, out);
                *out_order = s.chains.order;
                s.chains.order = NULL;
        } else {
                work_free(w, s.family, sizeof(*s.family) * s.persons);
                work_free(w, s.starts, sizeof(*s.starts) * ((size_t)s.persons + 1));
        }
        work_free(w, s.missing, s.persons);
        work_free(w, s.begins, s.persons);
        stars_done(&s.stars, w);
        chains_done(&s.chains, w);
        return e;
}

size_t families_bytes(const struct families *f)
{
        if (f->starts == NULL)
                return 0;
        return sizeof(*f->family) * f->persons + sizeof(*f->starts) * ((size_t)f->persons + 1) +
               sizeof(*f->kin) * f->starts[f->persons];
}

void families_done(struct families *f)
{
        free((void *)f->family);
        free((void *)f->starts);
        free((void *)f->kin);
        *f = (struct families){0};
}
