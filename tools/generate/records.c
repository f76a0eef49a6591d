/* SPDX-License-Identifier: Apache-2.0 */
/* records.c: what happened to the children in the year. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tools/generate/facts.h"

enum {
        PURPOSE_REPORTS = 2,
        PURPOSE_PLACEMENTS = 3,
        PURPOSE_RETURNS = 6,
        REPORTS_OF_CHILD_MAX = 40,
        DECISION_DAYS = 14,
        TRIES = 24,
        LONGEST_YEARS = 8,
        YEAR_DAYS = 365
};

/* Costs a day in SEK, lowest and span, by entry of `forms` (assumptions; SiS costs
 * more than 13,000 a day: Riksrevisionen 2024). */
static const uint32_t costs[FORMS][2] = {
        {900, 900}, {1400, 1600}, {700, 600}, {4200, 4800}, {1700, 1900}, {13000, 2600}};

enum { F_FAMILJEHEM = 0, F_JOURHEM, F_NATVERKSHEM, F_HVB, F_STODBOENDE, F_SIS };

/* Reports ---------------------------------------------------------------- */

/* 1 + geometric: the mean is the published one, 422,000 / 216,000. */
static uint32_t reports_of_child(struct draw *d)
{
        uint32_t n = 1;

        while (n < REPORTS_OF_CHILD_MAX &&
                draw_below(d, NATIONAL_REPORTS) < NATIONAL_REPORTS - NATIONAL_REPORTED_CHILDREN)
                n++;
        return n;
}

static enum err add_report(struct world *w, struct draw *d, uint32_t child, int32_t date)
{
        const struct child *c = &w->children[child];
        struct report r = {.child = child, .date = date, .municipality = people_home(c, date)};

        if (!list_grow((void **)&w->reports, &w->reports_cap, w->reports_len, sizeof *w->reports))
                return ERR_NO_MEMORY;
        r.notifier = (uint8_t)choose(d, notifiers, NOTIFIERS);
        r.reason = (uint8_t)choose(d, reasons, REASONS);
        r.protection = (uint8_t)choose(d, protections, PROTECTIONS);
        r.decision = (uint8_t)choose(d, decisions, DECISIONS);
        r.decided = date + (int32_t)draw_below(d,
                                   draw_permille(d, 900) ? DECISION_DAYS + 1 : 3 * DECISION_DAYS);
        r.known_before = draw_permille(d, 350);
        w->reports[w->reports_len++] = r;
        return ERR_OK;
}

/* Siblings are often in the same report; `from` is the eldest's first. */
static enum err report_child(struct world *w, struct draw *d, uint32_t child, const uint32_t *from)
{
        const struct child *c = &w->children[child];
        int32_t first = c->person.born > w->first ? c->person.born : w->first;
        uint32_t n = reports_of_child(d), start = w->reports_len;
        bool several = false;

        for (uint32_t i = 0; i < n; i++) {
                int32_t date = day_between(d, first, w->last);

                if (i == 0 && from != NULL && w->reports[*from].date >= first &&
                        draw_permille(d, SIBLINGS_SAME_DAY_PERMILLE))
                        date = w->reports[*from].date;
                TRY(add_report(w, d, child, date));
        }
        for (uint32_t i = start + 1; i < w->reports_len; i++)
                several |= w->reports[i].municipality != w->reports[start].municipality;
        w->facts.reported_in_several += several;
        return ERR_OK;
}

static int by_place_and_date(const void *a, const void *b)
{
        const struct report *x = a, *y = b;

        if (x->municipality != y->municipality)
                return x->municipality < y->municipality ? -1 : 1;
        if (x->date != y->date)
                return x->date < y->date ? -1 : 1;
        return x->child < y->child ? -1 : x->child > y->child;
}

enum err records_make_reports(struct world *w)
{
        uint32_t *firsts = calloc(w->reported_len + (size_t)1, sizeof *firsts);
        struct draw d = draw_of(w->wish.seed, PURPOSE_REPORTS, 0);
        enum err rc = firsts != NULL ? ERR_OK : ERR_NO_MEMORY;

        for (uint32_t i = 0; rc == ERR_OK && i < w->reported_len; i++) {
                uint32_t older = w->children[i].older_sibling;

                firsts[i] = w->reports_len;
                rc = report_child(w, &d, i, older != NO_ONE ? &firsts[older] : NULL);
        }
        free(firsts);
        if (w->reports_len > 1)
                qsort(w->reports, w->reports_len, sizeof *w->reports, by_place_and_date);
        w->facts.reports = w->reports_len;
        return rc;
}

/* Placements -------------------------------------------------------------- */

static uint8_t form_code(struct draw *d, enum form form)
{
        static const uint32_t family_care[] = {780, 150, 70};

        switch (form) {
        case FORM_FAMILY_CARE:
                return (uint8_t)draw_weighted(d, family_care, 3);
        case FORM_HVB:
                return F_HVB;
        case FORM_STODBOENDE:
                return F_STODBOENDE;
        case FORM_SIS:
        case FORM_NONE:
                break;
        }
        return F_SIS;
}

static uint8_t ground_of(struct draw *d, uint8_t form)
{
        static const uint32_t usual[GROUNDS] = {690, 190, 50, 20, 50},
                              secure[GROUNDS] = {0, 30, 560, 160, 250};

        return (uint8_t)draw_weighted(d, form == F_SIS ? secure : usual, GROUNDS);
}

static void regi_and_provider(struct draw *d, struct placement *p)
{
        bool private = draw_permille(d, p->form == F_HVB          ? 680
                                        : p->form == F_STODBOENDE ? 450
                                                                  : 260);
        uint8_t company = draw_permille(d, 850) ? 2 : 3;

        if (p->form == F_SIS) {
                p->regi = 1;
                p->provider = 4;
        } else if (p->form <= F_NATVERKSHEM) {
                private = private && p->form != F_NATVERKSHEM;
                p->regi = private ? company : 0;
                p->provider = private ? 1 : 0;
        } else {
                p->regi = private ? company : 0;
                p->provider = private ? 3 : 2;
        }
}

static enum err add_placement(struct world *w, struct draw *d, uint32_t child, enum form form,
        int32_t start, int32_t end, uint8_t ending)
{
        struct placement p = {.child = child,
                .start = start,
                .end = end,
                .ending = ending,
                .municipality = w->children[child].home};

        if (!list_grow((void **)&w->placements, &w->placements_cap, w->placements_len,
                    sizeof *w->placements))
                return ERR_NO_MEMORY;
        p.form = form_code(d, form);
        p.ground = ground_of(d, p.form);
        regi_and_provider(d, &p);
        p.cost_ore = 100 * (costs[p.form][0] + draw_below(d, costs[p.form][1]));
        p.cost_ore += 50 * draw_below(d, 2);
        w->placements[w->placements_len++] = p;
        return ERR_OK;
}

/* Not before birth, and mostly some years back. */
static int32_t start_of(struct world *w, struct draw *d, const struct child *c)
{
        int32_t earliest = w->first - (int32_t)draw_below(d, LONGEST_YEARS * YEAR_DAYS) - 1;

        if (c->person.born > earliest)
                earliest = c->person.born;
        if (earliest < w->first && draw_permille(d, STARTED_BEFORE_PERMILLE))
                return earliest;
        return day_between(d, earliest > w->first ? earliest : w->first, w->last);
}

static enum err place(struct world *w, struct draw *d, uint32_t child, const struct trajectory *t)
{
        struct child *c = &w->children[child];
        int32_t start = start_of(w, d, c), end = INT32_MIN, middle;
        uint8_t ending = (uint8_t)choose(d, endings, ENDINGS);

        c->placed = true;
        if (draw_permille(d, ENDED_PERMILLE))
                end = day_between(d, start > w->first ? start : w->first, w->last);
        if (t->second == FORM_NONE)
                return add_placement(w, d, child, t->first, start, end, ending);
        middle = day_between(
                d, start > w->first ? start : w->first, end != INT32_MIN ? end : w->last);
        TRY(add_placement(w, d, child, t->first, start, middle, 2)); /* "byte" */
        return add_placement(w, d, child, t->second, middle, end, ending);
}

/* A reported child of this municipality whose age fits, not yet placed. */
static uint32_t find_reported(struct world *w, struct draw *d, const uint32_t *starts, uint32_t m,
        const struct trajectory *t)
{
        uint32_t len = starts[m + 1] - starts[m];

        for (unsigned i = 0; len > 0 && i < TRIES; i++) {
                uint32_t child = starts[m] + draw_below(d, len),
                         age = people_age(w, &w->children[child]);

                if (!w->children[child].placed && age < AGES && ages[t->ages][age] > 0 &&
                        draw_below(d, 200) < ages[t->ages][age])
                        return child;
        }
        return NO_ONE;
}

static enum err place_one(struct world *w, struct draw *d, const uint32_t *starts, uint32_t m,
        const struct trajectory *t)
{
        uint32_t child = NO_ONE;

        if (draw_permille(d, PLACED_AMONG_REPORTED_PERMILLE))
                child = find_reported(w, d, starts, m, t);
        if (child == NO_ONE) {
                uint32_t age = draw_weighted(d, ages[t->ages], AGES);
                bool man = draw_permille(d, t->boys_permille);

                TRY(people_make_child(w, d, m, age, man, &child));
        }
        return place(w, d, child, t);
}

static void count_forms(struct world *w, enum form form, uint64_t persons)
{
        struct generate_facts *f = &w->facts;

        f->placed_family_care += form == FORM_FAMILY_CARE ? persons : 0;
        f->placed_hvb += form == FORM_HVB ? persons : 0;
        f->placed_stodboende += form == FORM_STODBOENDE ? persons : 0;
        f->placed_sis += form == FORM_SIS ? persons : 0;
}

static int by_place_and_start(const void *a, const void *b)
{
        const struct placement *x = a, *y = b;

        if (x->municipality != y->municipality)
                return x->municipality < y->municipality ? -1 : 1;
        if (x->start != y->start)
                return x->start < y->start ? -1 : 1;
        if (x->child != y->child)
                return x->child < y->child ? -1 : 1;
        return x->form < y->form ? -1 : x->form > y->form;
}

/* The trajectories get their share of the country, and each in turn is dealt to
 * municipalities by inhabitants. */
static enum err deal(struct world *w, const uint32_t *starts, uint64_t *in_municipality)
{
        uint64_t weights[TRAJECTORIES], persons[TRAJECTORIES];

        for (unsigned t = 0; t < TRAJECTORIES; t++)
                weights[t] = trajectories[t].persons;
        share_out(NATIONAL_PLACED * w->wish.persons / NATIONAL_POPULATION, weights, TRAJECTORIES,
                persons);
        for (unsigned t = 0; t < TRAJECTORIES; t++) {
                struct draw d = draw_of(w->wish.seed, PURPOSE_PLACEMENTS, t);

                count_forms(w, trajectories[t].first, persons[t]);
                count_forms(w, trajectories[t].second, persons[t]);
                w->facts.placed += persons[t];
                share_out(persons[t], w->populations, w->wish.municipalities_len, in_municipality);
                for (uint32_t m = 0; m < w->wish.municipalities_len; m++)
                        for (uint64_t i = 0; i < in_municipality[m]; i++)
                                TRY(place_one(w, &d, starts, m, &trajectories[t]));
        }
        return ERR_OK;
}

/* Some come back: more often after a breakdown than after a planned ending, within
 * months, and to the municipality where they live by then (assumptions). */
static enum err place_again(struct world *w, struct draw *d, const struct placement *before)
{
        static const uint32_t permille[ENDINGS] = {110, 150, 0, 480, 520, 30, 120};
        bool again = draw_permille(d, permille[before->ending]);
        int32_t start = before->end + 14 + (int32_t)draw_below(d, 180);
        struct placement p = *before;

        if (!again || start > w->last)
                return ERR_OK;
        p.start = start;
        p.end = INT32_MIN;
        p.municipality = people_home(&w->children[p.child], start);
        if (w->children[p.child].person.local)
                p.municipality = before->municipality;
        if (!list_grow((void **)&w->placements, &w->placements_cap, w->placements_len,
                    sizeof *w->placements))
                return ERR_NO_MEMORY;
        w->placements[w->placements_len++] = p;
        w->facts.placed_again++;
        return ERR_OK;
}

static enum err make_returns(struct world *w)
{
        struct draw d = draw_of(w->wish.seed, PURPOSE_RETURNS, 0);
        uint32_t len = w->placements_len;

        for (uint32_t i = 0; i < len; i++) {
                struct placement before = w->placements[i]; /* the list moves as it grows */

                if (before.end != INT32_MIN)
                        TRY(place_again(w, &d, &before));
        }
        return ERR_OK;
}

enum err records_make_placements(struct world *w)
{
        uint32_t len = w->wish.municipalities_len;
        uint32_t *starts = world_reported_starts(w);
        uint64_t *in_municipality = calloc(len, sizeof *in_municipality);
        enum err rc = ERR_NO_MEMORY;

        if (starts != NULL && in_municipality != NULL)
                rc = deal(w, starts, in_municipality);
        if (rc == ERR_OK)
                rc = make_returns(w);
        free(starts);
        free(in_municipality);
        if (w->placements_len > 1)
                qsort(w->placements, w->placements_len, sizeof *w->placements, by_place_and_start);
        w->facts.placements = w->placements_len;
        return rc;
}
