/* SPDX-License-Identifier: Apache-2.0 */
/* assistance.c: households with financial assistance month by month, some of them paid
 * by two municipalities in a year, and people with substance abuse, some of whom are
 * the same.
 *
 * A household that moves goes on being paid elsewhere: counted where it lives it is
 * two short spells, counted as a person one long one. */
#include <stdlib.h>

#include "base/clock.h"
#include "tools/generate/facts.h"
#include "tools/generate/facts_adults.h"
#include "tools/generate/sheets.h"

enum { PURPOSE_HOUSEHOLDS = 111, PURPOSE_ABUSE = 112, PURPOSE_YOUNG_ABUSE = 113, MONTHS = 12 };
enum { TRIES = 12, MONTHS_LONG = 10, REASON_OWN_ABUSE = 8, HINDRANCE_UNEMPLOYED = 18 };
enum { H_CHILD, H_MAN, H_MAN_CHILDREN, H_WOMAN, H_WOMAN_CHILDREN, H_COUPLE, H_COUPLE_CHILDREN };
enum { ABROAD = 2, ONE_ABROAD = 1, ENDED_MOVED = 4 };
enum { S_OPEN, S_ADVICE, S_HOUSING, S_FAMILY, S_INSTITUTION, S_LVM };

/* Kronor a month by kind of household; with months_of they make the published sum. */
static const uint32_t amounts[] = {4000, 8550, 11300, 8550, 11800, 11900, 16100};
static const uint32_t age_weights[] = {130, 370, 280, 150, 70};
static const uint32_t age_from[] = {18, 25, 40, 55, 65, 80};

struct household {
        uint32_t municipality, moved_to, people[2], len;
        uint32_t kind, birth, children, first, months, moves_in;
        int32_t hindrance[2];
};

static uint32_t grown_age(struct draw *d)
{
        uint32_t group = draw_weighted(d, age_weights, 5);

        return age_from[group] + draw_below(d, age_from[group + 1] - age_from[group]);
}

/* A guardian of a reported child of the municipality, once. */
static uint32_t find_guardian(struct world *w, struct draw *d, const uint32_t *starts, uint32_t m,
        bool man, uint8_t *taken)
{
        uint32_t len = starts[m + 1] - starts[m];

        for (unsigned i = 0; len > 0 && i < TRIES; i++) {
                uint32_t child = starts[m] + draw_below(d, len);
                uint32_t adult = w->children[child].parents[man];

                if (adult == NO_ONE || taken[adult] || w->adults[adult].man != man)
                        continue;
                taken[adult] = 1;
                return ADULT + adult;
        }
        return NO_ONE;
}

static enum err find_people(struct world *w, struct draw *d, const uint32_t *starts, uint8_t *taken,
        struct household *h)
{
        bool with_children = h->kind == H_MAN_CHILDREN || h->kind == H_WOMAN_CHILDREN ||
                             h->kind == H_COUPLE_CHILDREN;
        bool man = h->kind == H_MAN || h->kind == H_MAN_CHILDREN || draw_permille(d, 500);
        uint32_t age = h->kind == H_CHILD ? 16 + draw_below(d, 2) : grown_age(d);

        if (h->kind == H_WOMAN || h->kind == H_WOMAN_CHILDREN)
                man = false;
        if (with_children && age > 54)
                age = 25 + age % 30;
        h->people[0] = NO_ONE;
        h->len = h->kind >= H_COUPLE ? 2 : 1;
        if (with_children && draw_permille(d, ASSISTED_GUARDIANS_PERMILLE))
                h->people[0] = find_guardian(w, d, starts, h->municipality, man, taken);
        if (h->people[0] == NO_ONE)
                TRY(people_make_anybody(w, d, age, man, &h->people[0]));
        if (h->len == 2)
                TRY(people_make_anybody(
                        w, d, age > 20 ? age - draw_below(d, 3) : age, !man, &h->people[1]));
        return ERR_OK;
}

/* About seven on average; more than a third are paid ten months or more. */
static uint32_t months_of(struct draw *d)
{
        static const uint32_t weights[MONTHS] = {130, 100, 90, 60, 55, 50, 50, 48, 47, 55, 65, 250};

        return 1 + draw_weighted(d, weights, MONTHS);
}

static void plan_household(struct world *w, struct draw *d, struct household *h)
{
        static const uint32_t children[] = {540, 300, 110, 50};
        bool with_children = h->kind == H_MAN_CHILDREN || h->kind == H_WOMAN_CHILDREN ||
                             h->kind == H_COUPLE_CHILDREN;

        h->birth = choose(d, births, 4);
        if (h->birth == ONE_ABROAD && h->kind < H_COUPLE)
                h->birth = ABROAD;
        h->children = 1 + draw_weighted(d, children, 4);
        if (!with_children)
                h->children = 0;
        h->months = months_of(d);
        h->first = 1 + draw_below(d, MONTHS + 1 - h->months);
        for (uint32_t i = 0; i < 2; i++)
                h->hindrance[i] = (int32_t)choose(d, hindrances, 24);
        h->moved_to = NO_ONE;
        if (h->months > 1 && draw_permille(d, ASSISTED_MOVERS_PERMILLE)) {
                h->moved_to = people_where_to(w, d, h->municipality);
                h->moves_in = h->first + 1 + draw_below(d, h->months - 1);
        }
}

static enum err add_month(
        struct world *w, const struct household *h, uint32_t month, int32_t ore, int32_t ending)
{
        bool moved = h->moved_to != NO_ONE && month >= h->moves_in;
        int32_t date = days_from_civil((struct civil){w->wish.year, (int)month, 1});

        for (uint32_t i = 0; i < h->len; i++) {
                struct record r =
                        record_of(moved ? h->moved_to : h->municipality, h->people[i], date);

                r.values[B_ROLE] = (int32_t)i;
                r.values[B_KIND] = (int32_t)h->kind;
                r.values[B_BIRTH] = (int32_t)h->birth;
                r.values[B_CHILDREN] = (int32_t)h->children;
                r.values[B_HINDRANCE] = h->hindrance[i];
                r.values[B_ORE] = i == 0 ? ore : EMPTY;
                r.values[B_PROGRAMME] =
                        h->hindrance[i] >= HINDRANCE_UNEMPLOYED && h->people[i] % 3 == 0;
                r.values[B_ENDING] = ending;
                TRY(sheet_add(w, GENERATE_EKONOMISKT_BISTAND, &r));
        }
        return ERR_OK;
}

static enum err add_household(struct world *w, struct draw *d, const struct household *h)
{
        struct generate_facts *f = &w->facts;
        uint32_t last = h->first + h->months - 1;

        for (uint32_t month = h->first; month <= last; month++) {
                uint32_t kronor = amounts[h->kind] * (700 + draw_below(d, 601)) / 1000;
                int32_t ending = EMPTY;

                kronor += h->children > 1 ? 1700 * (h->children - 1) : 0;
                if (h->moved_to != NO_ONE && month + 1 == h->moves_in)
                        ending = ENDED_MOVED;
                else if (month == last && last < MONTHS)
                        ending = (int32_t)choose(d, assistance_ends, 6);
                f->assistance_kronor += kronor;
                TRY(add_month(w, h, month, (int32_t)kronor * 100, ending));
        }
        f->assisted_households++;
        f->assisted_adults += h->len;
        f->assisted_children += h->children;
        f->assisted_10_months += h->months >= MONTHS_LONG;
        f->assisted_movers += h->moved_to != NO_ONE;
        return ERR_OK;
}

/* Substance abuse ------------------------------------------------------------ */

static enum err add_abuse(
        struct world *w, struct draw *d, uint32_t municipality, uint32_t person, bool young)
{
        static const uint32_t costs[] = {600, 150, 900, 2400, 3600, 5200};
        bool before = !young && draw_permille(d, 350);
        int32_t start = before ? w->first - 1 - (int32_t)draw_below(d, 400)
                               : day_between(d, w->first, w->last);
        int32_t end = start + 30 + (int32_t)draw_below(d, 330);
        struct record r = record_of(municipality, person, start);
        uint32_t support = young ? draw_below(d, 2) : choose(d, abuse_supports, 6);

        if (before && end < w->first)
                end = day_between(d, w->first, w->last);
        r.values[M_END] = end <= w->last ? end : EMPTY;
        r.values[M_SUPPORT] = (int32_t)support;
        r.values[M_SUBSTANCE] =
                (int32_t)(young && draw_permille(d, 600) ? 2 : choose(d, substances, 7));
        r.values[M_REGI] = support == S_LVM ? 1 : draw_permille(d, 700) ? 0 : 2;
        r.values[M_COST] = (int32_t)(costs[support] * (80 + draw_below(d, 41)));
        r.values[M_ILL] = draw_permille(d, 480);
        r.values[M_PARENT] = !young && draw_permille(d, 210);
        if (end <= w->last)
                r.values[M_ENDING] = (int32_t)choose(d, intervention_ends, 7);
        return sheet_add(w, GENERATE_MISSBRUK, &r);
}

/* Records of assistance from `from` on are this municipality's, or who moved away. */
static enum err make_abuse(
        struct world *w, struct draw *d, uint32_t m, uint32_t from, uint64_t persons)
{
        const struct sheet *assisted = &w->sheets[GENERATE_EKONOMISKT_BISTAND];

        for (uint64_t i = 0; i < persons; i++) {
                uint32_t person = NO_ONE, len = assisted->len - from;

                if (len > 0 && draw_permille(d, ABUSE_AMONG_ASSISTED_PERMILLE))
                        person = assisted->records[from + draw_below(d, len)].person;
                if (person == NO_ONE || person_age(w, person) < 20) {
                        bool man = draw_permille(d, ABUSE_MEN_PERMILLE);

                        TRY(people_make_anybody(w, d, 20 + draw_middle(d, 0, 58), man, &person));
                }
                TRY(add_abuse(w, d, m, person, false));
                if (draw_permille(d, 300))
                        TRY(add_abuse(w, d, m, person, false));
        }
        return ERR_OK;
}

/* Young people reported for it, and investigated. */
static enum err make_young_abuse(struct world *w)
{
        struct draw d = draw_of(w->wish.seed, PURPOSE_YOUNG_ABUSE, 0);

        for (uint32_t i = 0; i < w->reports_len; i++) {
                const struct report *p = &w->reports[i];

                if (p->reason == REASON_OWN_ABUSE && p->decision == 0 &&
                        people_age(w, &w->children[p->child]) >= 14 &&
                        draw_permille(&d, YOUNG_ABUSE_PERMILLE))
                        TRY(add_abuse(w, &d, p->municipality, p->child, true));
        }
        return ERR_OK;
}

/* All ------------------------------------------------------------------------ */

struct shares {
        uint32_t *starts;
        uint64_t *households, *abuse;
        uint8_t *taken;
};

static enum err make_municipality(struct world *w, const struct shares *s, uint32_t m)
{
        struct draw d = draw_of(w->wish.seed, PURPOSE_HOUSEHOLDS, m);
        struct draw abuse = draw_of(w->wish.seed, PURPOSE_ABUSE, m);
        uint32_t from = w->sheets[GENERATE_EKONOMISKT_BISTAND].len;

        for (uint64_t i = 0; i < s->households[m]; i++) {
                struct household h = {.municipality = m, .kind = choose(&d, household_kinds, 7)};

                TRY(find_people(w, &d, s->starts, s->taken, &h));
                plan_household(w, &d, &h);
                TRY(add_household(w, &d, &h));
        }
        return make_abuse(w, &abuse, m, from, s->abuse[m]);
}

enum err assistance_make(struct world *w)
{
        uint32_t len = w->wish.municipalities_len;
        struct shares s = {world_reported_starts(w), calloc(len, sizeof *s.households),
                calloc(len, sizeof *s.abuse), calloc(w->adults_len + (size_t)1, 1)};
        enum err rc = ERR_NO_MEMORY;

        if (s.starts != NULL && s.households != NULL && s.abuse != NULL && s.taken != NULL) {
                share_out(world_scaled(w, NATIONAL_HOUSEHOLDS), w->populations, len, s.households);
                share_out(world_scaled(w, NATIONAL_ABUSE_PERSONS), w->populations, len, s.abuse);
                rc = ERR_OK;
        }
        for (uint32_t m = 0; rc == ERR_OK && m < len; m++)
                rc = make_municipality(w, &s, m);
        free(s.starts);
        free(s.households);
        free(s.abuse);
        free(s.taken);
        return rc == ERR_OK ? make_young_abuse(w) : rc;
}
