/* SPDX-License-Identifier: Apache-2.0 */
/* violence.c: cases of violence in close relations: children whose report was about it
 * and their parents, and adults whom no report is about. */
#include <stdlib.h>

#include "tools/generate/facts.h"
#include "tools/generate/facts_adults.h"
#include "tools/generate/sheets.h"

enum { PURPOSE_CASES = 121, PURPOSE_ADULT_CASES = 122, REASONS_OF_VIOLENCE = 4 };
enum { V_ADULT, V_CHILD, V_WITNESS, V_USES }; /* roles */
enum { REASON_WITNESS = 1, REASON_SEXUAL = 2, REASON_HONOUR = 3 };
enum { KIND_SEXUAL = 2, KIND_HONOUR = 5, TIE_PARENT = 2, TIE_CHILD = 3 };
enum { S_TALKS, S_SHELTER, S_OTHER_HOUSING, S_TREATMENT, S_TREATMENT_USES, S_NONE };

struct violence_case {
        uint32_t municipality, role, kind, tie, children;
        int32_t date;
};

static enum err add_case(
        struct world *w, struct draw *d, const struct violence_case *c, uint32_t person)
{
        struct record r = record_of(c->municipality, person, c->date);
        uint32_t support = choose(d, violence_supports, 6);
        int32_t start = c->date + (int32_t)draw_below(d, 30);
        int32_t end = start + 7 + (int32_t)draw_below(d, 240);

        if (c->role == V_USES)
                support = draw_permille(d, 350) ? S_TREATMENT_USES : S_NONE;
        else if (support == S_TREATMENT_USES)
                support = S_TALKS;
        r.values[W_ROLE] = (int32_t)c->role;
        r.values[W_KIND] = (int32_t)c->kind;
        r.values[W_TIE] = (int32_t)c->tie;
        r.values[W_RISK] = (int32_t)choose(d, risks, 4);
        r.values[W_SUPPORT] = (int32_t)support;
        r.values[W_CHILDREN] = (int32_t)c->children;
        r.values[W_POLICE] = draw_permille(d, 440);
        if (support != S_NONE && start <= w->last) {
                r.values[W_START] = start;
                r.values[W_END] = end <= w->last ? end : EMPTY;
        }
        return sheet_add(w, GENERATE_VALD, &r);
}

/* The child, and often the parents: one is exposed, the other uses violence. */
static enum err add_family(struct world *w, struct draw *d, const struct report *p)
{
        const struct child *child = &w->children[p->child];
        uint32_t parents[PARENTS_MAX] = {child->parents[0], child->parents[1]};
        struct violence_case c = {.municipality = p->municipality,
                .role = V_CHILD,
                .tie = TIE_PARENT,
                .date = p->date};

        c.kind = choose(d, violence_kinds, 5);
        c.children = 1 + draw_below(d, 3);
        if (p->reason == REASON_WITNESS)
                c.role = V_WITNESS;
        if (p->reason == REASON_SEXUAL)
                c.kind = KIND_SEXUAL;
        if (p->reason == REASON_HONOUR)
                c.kind = KIND_HONOUR;
        TRY(add_case(w, d, &c, p->child));
        if (parents[0] != NO_ONE && p->reason == REASON_WITNESS) {
                c.role = V_ADULT;
                c.tie = draw_below(d, 2);
                TRY(add_case(w, d, &c, ADULT + parents[0]));
        }
        if (parents[1] != NO_ONE && draw_permille(d, VIOLENCE_OTHER_PARENT_PERMILLE)) {
                c.role = V_USES;
                c.tie = p->reason == REASON_WITNESS ? draw_below(d, 2) : TIE_CHILD;
                TRY(add_case(w, d, &c, ADULT + parents[1]));
        }
        return ERR_OK;
}

static enum err add_adults(struct world *w, uint32_t m, uint64_t persons)
{
        struct draw d = draw_of(w->wish.seed, PURPOSE_ADULT_CASES, m);

        for (uint64_t i = 0; i < persons; i++) {
                struct violence_case c = {.municipality = m, .role = V_ADULT};
                bool woman = draw_permille(&d, VIOLENCE_WOMEN_PERMILLE);
                uint32_t person = NO_ONE, age = 19 + draw_middle(&d, 0, 52);

                c.kind = choose(&d, violence_kinds, 6);
                c.tie = choose(&d, ties, 6);
                c.date = day_between(&d, w->first, w->last);
                if (draw_permille(&d, 400))
                        c.children = 1 + draw_below(&d, 3);
                if (draw_permille(&d, 120)) {
                        c.role = V_USES;
                        woman = !woman;
                }
                TRY(people_make_anybody(w, &d, age, !woman, &person));
                TRY(add_case(w, &d, &c, person));
        }
        return ERR_OK;
}

enum err violence_make(struct world *w)
{
        struct draw d = draw_of(w->wish.seed, PURPOSE_CASES, 0);
        uint64_t *adults = calloc(w->wish.municipalities_len, sizeof *adults);
        enum err rc = adults != NULL ? ERR_OK : ERR_NO_MEMORY;

        for (uint32_t i = 0; rc == ERR_OK && i < w->reports_len; i++) {
                const struct report *p = &w->reports[i];

                if (p->reason < REASONS_OF_VIOLENCE && p->decision == 0 &&
                        draw_permille(&d, VIOLENCE_OF_REPORTS_PERMILLE))
                        rc = add_family(w, &d, p);
        }
        if (rc == ERR_OK)
                share_out(world_scaled(w, NATIONAL_VIOLENCE_ADULTS), w->populations,
                        w->wish.municipalities_len, adults);
        for (uint32_t m = 0; rc == ERR_OK && m < w->wish.municipalities_len; m++)
                rc = add_adults(w, m, adults[m]);
        free(adults);
        return rc;
}
