/* SPDX-License-Identifier: Apache-2.0 */
/* people.c: children of concern, their siblings and guardians, and who moved.
 *
 * Families are made municipality by municipality until each has its share of the
 * reported children, in proportion to its inhabitants. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tools/generate/facts.h"

enum { PURPOSE_FAMILIES = 1, FAMILY_MAX = 4, PARENT_YOUNGEST = 19, PARENT_SPAN = 22 };

/* Reported children of one family (assumption). */
static const uint32_t family_sizes[FAMILY_MAX] = {620, 260, 90, 30};

uint32_t people_home(const struct child *c, int32_t day)
{
        return c->moved_to != NO_ONE && day >= c->moved_on ? c->moved_to : c->home;
}

uint32_t people_age(const struct world *w, const struct child *c)
{
        return (uint32_t)(w->wish.year - civil_from_days(c->person.born).year);
}

static int32_t day_of_year(struct draw *d, int year)
{
        int32_t first = days_from_civil((struct civil){year, 1, 1});
        int32_t last = days_from_civil((struct civil){year, 12, 31});

        return first + (int32_t)draw_below(d, (uint32_t)(last - first + 1));
}

enum err people_make_child(
        struct world *w, struct draw *d, uint32_t home, uint32_t age, bool man, uint32_t *out)
{
        struct child c = {.home = home,
                .moved_to = NO_ONE,
                .parents = {NO_ONE, NO_ONE},
                .older_sibling = NO_ONE};

        if (!list_grow(
                    (void **)&w->children, &w->children_cap, w->children_len, sizeof *w->children))
                return ERR_NO_MEMORY;
        TRY(numbers_take(w->numbers, day_of_year(d, w->wish.year - (int)age), man, &c.person));
        c.person.samordning = draw_permille(d, SAMORDNING_PERMILLE);
        c.unaccompanied = age >= 13 && draw_permille(d, UNACCOMPANIED_PERMILLE * 3);
        if (draw_permille(d, LOCAL_ID_PERMILLE)) {
                c.person.local = true;
                c.person.local_in = w->wish.municipalities[home].code;
                c.person.local_number = ++w->local_numbers[home];
        }
        *out = w->children_len;
        w->children[w->children_len++] = c;
        return ERR_OK;
}

static enum err make_adult(
        struct world *w, struct draw *d, uint32_t child_age, bool man, uint32_t *out)
{
        struct person p = {.born = 0};
        int year =
                w->wish.year - (int)child_age - PARENT_YOUNGEST - (int)draw_below(d, PARENT_SPAN);

        /* The test series begins in 1987; parents are young there. */
        if (w->wish.persons <= GENERATE_TEST_NUMBERS_MAX)
                year = 1987 + (int)draw_below(d, 18);
        if (!list_grow((void **)&w->adults, &w->adults_cap, w->adults_len, sizeof *w->adults))
                return ERR_NO_MEMORY;
        TRY(numbers_take(w->numbers, day_of_year(d, year), man, &p));
        p.samordning = draw_permille(d, SAMORDNING_PERMILLE);
        *out = w->adults_len;
        w->adults[w->adults_len++] = p;
        return ERR_OK;
}

/* Within the county mostly, by inhabitants; never to where one is. */
uint32_t people_where_to(const struct world *w, struct draw *d, uint32_t from)
{
        const struct generate_municipality *m = w->wish.municipalities;
        bool near = draw_permille(d, MOVES_WITHIN_COUNTY_PERMILLE);
        uint64_t sum = 0;

        for (uint32_t i = 0; i < w->wish.municipalities_len; i++)
                if (i != from && (!near || m[i].county == m[from].county))
                        sum += m[i].population;
        if (sum == 0)
                return NO_ONE;

        uint64_t at = draw_next(d) % sum;

        for (uint32_t i = 0; i < w->wish.municipalities_len; i++) {
                if (i == from || (near && m[i].county != m[from].county))
                        continue;
                if (at < m[i].population)
                        return i;
                at -= m[i].population;
        }
        return NO_ONE;
}

enum err people_make_anybody(struct world *w, struct draw *d, uint32_t age, bool man, uint32_t *out)
{
        int year = w->wish.year - (int)age;
        bool old = w->older != NULL && year < GENERATE_TEST_BORN_FROM;
        struct person p = {.born = 0};

        if (!list_grow((void **)&w->adults, &w->adults_cap, w->adults_len, sizeof *w->adults))
                return ERR_NO_MEMORY;
        TRY(numbers_take(old ? w->older : w->numbers, day_of_year(d, year), man, &p));
        /* Before 1987 only samordningsnummer are test numbers by their series. */
        p.samordning = old || draw_permille(d, SAMORDNING_PERMILLE);
        *out = ADULT + w->adults_len;
        w->adults[w->adults_len++] = p;
        return ERR_OK;
}

const struct person *person_of(const struct world *w, uint32_t ref)
{
        if (ref == NO_ONE)
                return NULL;
        return ref >= ADULT ? &w->adults[ref - ADULT] : &w->children[ref].person;
}

uint32_t person_age(const struct world *w, uint32_t ref)
{
        return (uint32_t)(w->wish.year - civil_from_days(person_of(w, ref)->born).year);
}

struct family {
        uint32_t home, moved_to, eldest, eldest_age;
        uint32_t parents[PARENTS_MAX];
        int32_t moved_on;
};

static enum err add_sibling(struct world *w, struct draw *d, struct family *f, uint32_t nth)
{
        uint32_t age = draw_weighted(d, ages[AGES_REPORTED], AGES), index = 0;
        struct child *c;

        TRY(people_make_child(
                w, d, f->home, age, draw_permille(d, BOYS_REPORTED_PERMILLE), &index));
        c = &w->children[index];
        memcpy(c->parents, f->parents, sizeof c->parents);
        if (nth > 0)
                c->older_sibling = f->eldest;
        else
                f->eldest = index;
        if (nth > 0 && f->parents[1] != NO_ONE && draw_permille(d, OTHER_PARENT_PERMILLE)) {
                uint32_t other = NO_ONE;

                TRY(make_adult(w, d, age, true, &other));
                w->children[index].parents[1] = other;
        }
        /* A child with a local id has no other number: it does not follow a move. */
        c = &w->children[index];
        if (!c->person.local) {
                c->moved_to = f->moved_to;
                c->moved_on = f->moved_on;
        }
        return ERR_OK;
}

static enum err make_family(struct world *w, struct draw *d, uint32_t home, uint32_t size)
{
        struct family f = {.home = home, .moved_to = NO_ONE, .parents = {NO_ONE, NO_ONE}};

        TRY(make_adult(w, d, 8, false, &f.parents[0]));
        if (draw_permille(d, TWO_GUARDIANS_PERMILLE))
                TRY(make_adult(w, d, 8, true, &f.parents[1]));
        if (draw_permille(d, MOVERS_PERMILLE)) {
                f.moved_to = people_where_to(w, d, home);
                f.moved_on = day_of_year(d, w->wish.year);
        }
        for (uint32_t nth = 0; nth < size; nth++)
                TRY(add_sibling(w, d, &f, nth));
        return ERR_OK;
}

enum err people_make_reported(struct world *w)
{
        uint64_t total = NATIONAL_REPORTED_CHILDREN * w->wish.persons / NATIONAL_POPULATION;
        uint64_t *wanted = calloc(w->wish.municipalities_len, sizeof *wanted);
        enum err rc = wanted != NULL ? ERR_OK : ERR_NO_MEMORY;

        if (rc == ERR_OK)
                share_out(total, w->populations, w->wish.municipalities_len, wanted);
        for (uint32_t m = 0; rc == ERR_OK && m < w->wish.municipalities_len; m++) {
                struct draw d = draw_of(w->wish.seed, PURPOSE_FAMILIES, m);

                while (rc == ERR_OK && wanted[m] > 0) {
                        uint32_t size = draw_weighted(&d, family_sizes, FAMILY_MAX) + 1;

                        if (size > wanted[m])
                                size = (uint32_t)wanted[m];
                        rc = make_family(w, &d, m, size);
                        wanted[m] -= size;
                }
        }
        free(wanted);
        w->reported_len = w->children_len;
        w->facts.reported_children = w->reported_len;
        return rc;
}
