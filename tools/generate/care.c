/* SPDX-License-Identifier: Apache-2.0 */
/* care.c: who has support in elder care and under LSS.
 *
 * The published figures are persons by kind of support and persons in all. So the
 * supports are dealt: each municipality gets its share of every kind, shuffled; the
 * first ones make persons until there are as many as there should be, and the rest go
 * to persons who are there already, of a fitting age. Both sums come out. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tools/generate/facts.h"
#include "tools/generate/facts_care.h"
#include "tools/generate/sheets.h"

enum { PURPOSE_ELDERS = 131, PURPOSE_LSS = 132, SUPPORTS_MAX = 9, TRIES = 40 };
enum { WOMEN = 0, MEN, SEXES };
enum { D_HOME_CARE = 1, D_SHORT, D_RESIDENTIAL, D_ALARM };
enum { HOUSING_ORDINARY, HOUSING_SHORT, HOUSING_RESIDENTIAL, HOUSING_DEMENTIA };
enum { L_ASSISTANT, L_COMPANION, L_CONTACT, L_RELIEF, L_STAY, L_SUPERVISION, L_CHILDREN, L_ADULTS };

/* One person and what he or she was dealt, as bits. */
struct dealt {
        uint32_t ref, kinds;
};

struct dealing {
        struct world *w;
        struct draw draw;
        const struct support *table;
        uint32_t len, municipality;
        uint64_t *shares[SUPPORTS_MAX][SEXES], *persons[SEXES]; /* by municipality */
        uint8_t *hand; /* kinds yet to be dealt, of one municipality and sex */
        uint32_t hand_len, hand_cap;
        struct dealt *people;
        uint32_t people_len, people_cap;
        enum err (*write)(struct dealing *g, const struct dealt *person);
};

static void dealing_done(struct dealing *g)
{
        for (uint32_t k = 0; k < g->len; k++)
                for (unsigned sex = 0; sex < SEXES; sex++)
                        free(g->shares[k][sex]);
        free(g->persons[WOMEN]);
        free(g->persons[MEN]);
        free(g->hand);
        free(g->people);
}

static enum err share(const struct world *w, uint64_t national, uint64_t **out)
{
        *out = calloc(w->wish.municipalities_len, sizeof **out);
        if (*out == NULL)
                return ERR_NO_MEMORY;
        share_out(world_scaled(w, national), w->populations, w->wish.municipalities_len, *out);
        return ERR_OK;
}

static enum err fill_hand(struct dealing *g, unsigned sex)
{
        g->hand_len = 0;
        for (uint32_t k = 0; k < g->len; k++)
                for (uint64_t i = 0; i < g->shares[k][sex][g->municipality]; i++) {
                        if (!list_grow(
                                    (void **)&g->hand, &g->hand_cap, g->hand_len, sizeof *g->hand))
                                return ERR_NO_MEMORY;
                        g->hand[g->hand_len++] = (uint8_t)k;
                }
        /* Fisher and Yates; who has one support alone comes first whatever the order. */
        for (uint32_t i = g->hand_len; i > 1; i--) {
                uint32_t j = draw_below(&g->draw, i);
                uint8_t swap = g->hand[i - 1];

                g->hand[i - 1] = g->hand[j];
                g->hand[j] = swap;
        }
        for (uint32_t i = 0, to = 0; i < g->hand_len; i++)
                if (g->table[g->hand[i]].alone) {
                        uint8_t swap = g->hand[to];

                        g->hand[to++] = g->hand[i];
                        g->hand[i] = swap;
                }
        return ERR_OK;
}

static enum err add_person(struct dealing *g, unsigned sex, uint32_t kind)
{
        const struct support *s = &g->table[kind];
        struct dealt p = {.kinds = 1u << kind};

        if (!list_grow((void **)&g->people, &g->people_cap, g->people_len, sizeof *g->people))
                return ERR_NO_MEMORY;
        TRY(people_make_anybody(
                g->w, &g->draw, draw_middle(&g->draw, s->youngest, s->oldest), sex == MEN, &p.ref));
        g->people[g->people_len++] = p;
        return ERR_OK;
}

/* To somebody from `first` on who is of an age for it; a card nobody fits is lost. */
static void give(struct dealing *g, uint32_t first, uint32_t kind)
{
        const struct support *s = &g->table[kind];

        for (unsigned i = 0; first < g->people_len && i < TRIES; i++) {
                struct dealt *p = &g->people[first + draw_below(&g->draw, g->people_len - first)];
                uint32_t age = person_age(g->w, p->ref);

                if ((p->kinds >> kind & 1) == 0 && age >= s->youngest && age <= s->oldest) {
                        p->kinds |= 1u << kind;
                        return;
                }
        }
}

static enum err deal_sex(struct dealing *g, unsigned sex)
{
        uint64_t persons = g->persons[sex][g->municipality];
        uint32_t i = 0, alone = 0;

        g->people_len = 0;
        TRY(fill_hand(g, sex));
        for (; i < g->hand_len && i < persons; i++) {
                alone += g->table[g->hand[i]].alone;
                TRY(add_person(g, sex, g->hand[i]));
        }
        for (; i < g->hand_len; i++)
                give(g, alone, g->hand[i]);
        for (uint32_t p = 0; p < g->people_len; p++)
                TRY(g->write(g, &g->people[p]));
        return ERR_OK;
}

/* `scaled` by: figures of the table are for `of` persons, and stand for `to`. */
static enum err deal(struct dealing *g, uint64_t women, uint64_t men, uint64_t of, uint64_t to)
{
        TRY(share(g->w, women, &g->persons[WOMEN]));
        TRY(share(g->w, men, &g->persons[MEN]));
        for (uint32_t k = 0; k < g->len; k++) {
                TRY(share(g->w, g->table[k].women * to / of, &g->shares[k][WOMEN]));
                TRY(share(g->w, g->table[k].men * to / of, &g->shares[k][MEN]));
        }
        for (uint32_t m = 0; m < g->w->wish.municipalities_len; m++) {
                g->municipality = m;
                for (unsigned sex = 0; sex < SEXES; sex++)
                        TRY(deal_sex(g, sex));
        }
        return ERR_OK;
}

static uint32_t regi_of(struct draw *d)
{
        static const uint32_t weights[] = {790, 0, 170, 40};

        return draw_weighted(d, weights, 4);
}

/* Elder care ------------------------------------------------------------------ */

static int32_t month_end(int32_t day)
{
        struct civil c = civil_from_days(day);

        c.year += c.month == 12;
        c.month = c.month == 12 ? 1 : c.month + 1;
        c.day = 1;
        return days_from_civil(c) - 1;
}

static uint32_t elder_housing(struct draw *d, uint32_t kind)
{
        if (kind == D_RESIDENTIAL)
                return draw_permille(d, 300) ? HOUSING_DEMENTIA : HOUSING_RESIDENTIAL;
        return kind == D_SHORT ? HOUSING_SHORT : HOUSING_ORDINARY;
}

/* A decision is delivered in the month when it last changed: January for one that
 * stood the whole year. */
static enum err add_elder_support(struct dealing *g, uint32_t ref, uint32_t kind, int32_t ended,
        uint32_t cohabitation, uint32_t regi)
{
        struct world *w = g->w;
        struct draw *d = &g->draw;
        bool before = draw_permille(d, ELDERS_BEFORE_PERMILLE);
        int32_t until = ended != EMPTY ? ended : w->last;
        int32_t start = before ? w->first - 1 - (int32_t)draw_below(d, 1500)
                               : day_between(d, w->first, until);
        int32_t changed = ended != EMPTY ? ended : before ? w->first : start;
        struct record r = record_of(g->municipality, ref, month_end(changed));

        r.values[O_SUPPORT] = (int32_t)kind;
        r.values[O_START] = start;
        r.values[O_END] = ended;
        if (kind == D_HOME_CARE)
                r.values[O_HOURS] = 20 + (int32_t)draw_middle(d, 0, 800);
        r.values[O_COHABITATION] = (int32_t)cohabitation;
        r.values[O_HOUSING] = (int32_t)elder_housing(d, kind);
        r.values[O_REGI] = (int32_t)regi;
        w->facts.elder_alarms += kind == D_ALARM;
        w->facts.elder_residential += kind == D_RESIDENTIAL;
        return sheet_add(w, GENERATE_ALDREOMSORG, &r);
}

static enum err write_elder(struct dealing *g, const struct dealt *p)
{
        struct generate_facts *f = &g->w->facts;
        struct draw *d = &g->draw;
        bool ends = draw_permille(d, ELDERS_ENDED_PERMILLE);
        int32_t ended = day_between(d, g->w->first, g->w->last);
        uint32_t cohabitation = choose(d, cohabitations, 2), regi = regi_of(d);

        if (!ends)
                ended = EMPTY;
        f->elder_persons++;
        f->elder_women += !person_of(g->w, p->ref)->man;
        f->elder_december += !ends;
        for (uint32_t k = 0; k < g->len; k++)
                if ((p->kinds >> k & 1) != 0)
                        TRY(add_elder_support(g, p->ref, k, ended, cohabitation, regi));
        return ERR_OK;
}

/* LSS ------------------------------------------------------------------------- */

static enum err add_lss_support(
        struct dealing *g, uint32_t ref, uint32_t kind, uint32_t group, int32_t day)
{
        struct world *w = g->w;
        struct draw *d = &g->draw;
        int32_t born = person_of(w, ref)->born;
        int32_t decided = day - 30 - (int32_t)draw_below(d, 3000);
        int32_t executed, hours = 20 + 5 * (int32_t)draw_below(d, 60);
        struct record r = record_of(g->municipality, ref, day);

        if (decided < born + 60)
                decided = day_between(d, born + 60, day);
        executed = decided + (int32_t)draw_below(d, 120);
        r.values[L_SUPPORT] = (int32_t)kind;
        r.values[L_ENTITLED] = (int32_t)group;
        r.values[L_DECIDED] = decided;
        r.values[L_EXECUTED] = executed <= day && draw_permille(d, 970) ? executed : EMPTY;
        if (kind == L_ASSISTANT)
                r.values[L_HOURS] = hours * 3;
        else if (kind == L_COMPANION || kind == L_RELIEF)
                r.values[L_HOURS] = hours / 2;
        if (kind == L_CHILDREN)
                r.values[L_HOUSING] = draw_permille(d, 250) ? 0 : 1;
        else if (kind == L_ADULTS)
                r.values[L_HOUSING] = 1 + (int32_t)choose(d, &lss_housings[1], 3);
        if ((kind == L_CHILDREN || kind == L_ADULTS) && draw_permille(d, 30)) {
                uint32_t place = people_where_to(w, d, g->municipality);

                r.values[L_PLACE] = place != NO_ONE ? (int32_t)place : EMPTY;
        }
        r.values[L_REGI] = (int32_t)regi_of(d);
        w->facts.lss_supports++;
        return sheet_add(w, GENERATE_LSS, &r);
}

static enum err write_lss(struct dealing *g, const struct dealt *p)
{
        struct generate_facts *f = &g->w->facts;
        int32_t day = days_from_civil((struct civil){g->w->wish.year, 10, 1});
        uint32_t group = choose(&g->draw, entitled, 3);

        f->lss_persons++;
        f->lss_women += !person_of(g->w, p->ref)->man;
        for (uint32_t k = 0; k < g->len; k++)
                if ((p->kinds >> k & 1) != 0)
                        TRY(add_lss_support(g, p->ref, k, group, day));
        return ERR_OK;
}

enum err care_make(struct world *w)
{
        struct dealing elders = {.w = w,
                .draw = draw_of(w->wish.seed, PURPOSE_ELDERS, 0),
                .table = elder_table,
                .len = sizeof elder_table / sizeof elder_table[0],
                .write = write_elder};
        struct dealing lss = {.w = w,
                .draw = draw_of(w->wish.seed, PURPOSE_LSS, 0),
                .table = lss_table,
                .len = sizeof lss_table / sizeof lss_table[0],
                .write = write_lss};
        enum err rc =
                deal(&elders, NATIONAL_ELDER_WOMEN, NATIONAL_ELDERS - NATIONAL_ELDER_WOMEN, 1, 1);

        if (rc == ERR_OK)
                rc = deal(&lss, NATIONAL_LSS_WOMEN, NATIONAL_LSS - NATIONAL_LSS_WOMEN, LSS_2021,
                        NATIONAL_LSS);
        dealing_done(&elders);
        dealing_done(&lss);
        return rc;
}
