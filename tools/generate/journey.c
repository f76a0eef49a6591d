/* SPDX-License-Identifier: Apache-2.0 */
/* journey.c: what a report leads to: investigation, open intervention or placement,
 * and how it went afterwards.
 *
 * Every step draws on the one before: an investigation opens the day the report was
 * decided, ends in the placement that the child really has, and a follow-up belongs
 * to something that ended. Reports decided after New Year stand for those of the
 * December before: the year neither gains nor loses investigations. */
#include <stdlib.h>

#include "base/clock.h"
#include "tools/generate/facts.h"
#include "tools/generate/facts_journey.h"
#include "tools/generate/sheets.h"

enum {
        PURPOSE_INVESTIGATIONS = 101,
        PURPOSE_STOCK = 102,
        PURPOSE_FOLLOW_UPS = 103,
        QUARTER_DAYS = 91,
        TRIES = 24,
        REASONS_OF_VIOLENCE = 4, /* the first in the list */
        CHILD_SPEAKS_AGE = 4,
        SCHOOL_AGE = 6,
        LEAVES_SCHOOL_AGE = 17
};
enum { R_OPEN, R_CONSENT, R_LVU, R_MET, R_NONE, R_DECLINED, R_MOVED };
enum { K_AFTER_VIOLENCE = 6, K_ADVICE = 8 };
enum { T_DURING, T_ENDING, T_3, T_6, T_12 };

struct journey {
        struct world *w;
        struct draw draw; /* one stream a stage */
        uint32_t *placed; /* a child's first placement that begins in the year, or NO_ONE */
        uint8_t *ongoing; /* whether a child has an intervention on 1 November */
        uint32_t cap;     /* of both */
        int32_t november;
        uint64_t *in_november; /* persons by municipality */
};

static void journey_done(struct journey *j)
{
        free(j->placed);
        free(j->ongoing);
        free(j->in_november);
}

/* Children come to be while the stock is made. */
static enum err make_room(struct journey *j)
{
        uint32_t cap = j->w->children_len + j->w->children_len / 2 + 1024;

        if (j->cap > j->w->children_len)
                return ERR_OK;

        uint8_t *ongoing = realloc(j->ongoing, cap);

        if (ongoing == NULL)
                return ERR_NO_MEMORY;
        j->ongoing = ongoing;
        for (uint32_t i = j->cap; i < cap; i++)
                ongoing[i] = 0;
        j->cap = cap;
        return ERR_OK;
}

static enum err find_placements(struct journey *j)
{
        const struct world *w = j->w;

        j->placed = malloc((w->children_len + (size_t)1) * sizeof *j->placed);
        if (j->placed == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < w->children_len; i++)
                j->placed[i] = NO_ONE;
        for (uint32_t i = 0; i < w->placements_len; i++) {
                uint32_t child = w->placements[i].child, *at = &j->placed[child];

                if (w->placements[i].start >= w->first &&
                        (*at == NO_ONE || w->placements[*at].start > w->placements[i].start))
                        *at = i;
        }
        return ERR_OK;
}

/* Open interventions -------------------------------------------------------- */

static uint32_t kind_of(struct draw *d, uint32_t reason)
{
        uint32_t kind = choose(d, interventions, 9);

        if (kind == K_AFTER_VIOLENCE && reason >= REASONS_OF_VIOLENCE)
                return 4;
        if (reason < REASONS_OF_VIOLENCE && draw_permille(d, 200))
                return K_AFTER_VIOLENCE;
        return kind;
}

static uint32_t regi_of(struct draw *d)
{
        static const uint32_t weights[] = {850, 0, 120, 30};

        return draw_weighted(d, weights, 4);
}

static enum err add_intervention(struct journey *j, uint32_t child, uint32_t municipality,
        int32_t start, int32_t end, uint32_t kind)
{
        struct record r = record_of(municipality, child, start);
        struct draw *d = &j->draw;
        bool ends = end <= j->w->last;

        r.values[I_END] = ends ? end : EMPTY;
        r.values[I_KIND] = (int32_t)kind;
        r.values[I_ASSESSED] = kind != K_ADVICE;
        r.values[I_EVALUATED] = draw_permille(d, 350);
        r.values[I_REGI] = (int32_t)regi_of(d);
        r.values[I_HOURS] = 10 + 5 * (int32_t)draw_below(d, 15);
        r.values[I_COST] = r.values[I_HOURS] * (20000 + 1000 * (int32_t)draw_below(d, 15));
        if (ends)
                r.values[I_ENDING] = (int32_t)choose(d, intervention_ends, 7);
        TRY(make_room(j));
        if (start <= j->november && end > j->november && !j->ongoing[child]) {
                j->ongoing[child] = 1;
                j->in_november[municipality]++;
        }
        return sheet_add(j->w, GENERATE_INSATS, &r);
}

static enum err start_interventions(
        struct journey *j, uint32_t child, uint32_t municipality, int32_t decided, uint32_t reason)
{
        struct draw *d = &j->draw;
        int32_t start = decided + (int32_t)draw_below(d, 31);
        int32_t end = start + 60 + (int32_t)draw_below(d, 400);
        uint32_t kind = kind_of(d, reason), other = kind_of(d, reason);
        bool two = draw_permille(d, SECOND_INTERVENTION_PERMILLE);

        if (start > j->w->last)
                return ERR_OK;
        TRY(add_intervention(j, child, municipality, start, end, kind));
        if (two && other != kind)
                return add_intervention(j, child, municipality, start, end, other);
        return ERR_OK;
}

/* Investigations ------------------------------------------------------------ */

static int32_t length_of(struct draw *d)
{
        bool in_time = draw_permille(d, CLOSED_IN_TIME_PERMILLE);

        return in_time ? 25 + (int32_t)draw_below(d, FOUR_MONTHS_DAYS - 24)
                       : FOUR_MONTHS_DAYS + 1 + (int32_t)draw_below(d, FOUR_MONTHS_DAYS);
}

/* The result, and the day that it decides; the placement that there is comes first. */
static uint32_t result_of(struct journey *j, uint32_t child, int32_t opened, int32_t *closed)
{
        const struct child *c = &j->w->children[child];
        uint32_t placement = j->placed[child];
        uint32_t result = choose(&j->draw, results, 7);

        if (placement != NO_ONE && j->w->placements[placement].start >= opened) {
                const struct placement *p = &j->w->placements[placement];

                if (p->start < *closed)
                        *closed = p->start;
                return p->ground == 0 ? R_CONSENT : R_LVU;
        }
        if (c->moved_to != NO_ONE && c->moved_on > opened && c->moved_on < *closed) {
                *closed = c->moved_on;
                return R_MOVED;
        }
        return result == R_MOVED ? R_NONE : result;
}

static enum err investigate(struct journey *j, uint32_t child, uint32_t municipality,
        int32_t opened, uint32_t origin, uint32_t reason, bool before)
{
        struct record r = record_of(municipality, child, opened);
        struct world *w = j->w;
        int32_t closed = opened + length_of(&j->draw);
        uint32_t result = result_of(j, child, opened, &closed);
        uint32_t age = people_age(w, &w->children[child]);
        bool ends = closed <= w->last;

        r.values[U_ORIGIN] = (int32_t)origin;
        r.values[U_REASON] = (int32_t)reason;
        r.values[U_EXTENDED] =
                closed - opened > FOUR_MONTHS_DAYS && draw_permille(&j->draw, EXTENDED_PERMILLE);
        r.values[U_HEARD] = draw_permille(&j->draw, age < CHILD_SPEAKS_AGE ? 250 : 860);
        r.values[U_BEFORE] = before;
        if (ends) {
                r.values[U_CLOSED] = closed;
                r.values[U_RESULT] = (int32_t)result;
        }
        w->facts.investigations++;
        TRY(sheet_add(w, GENERATE_UTREDNING, &r));
        return ends && result == R_OPEN
                       ? start_interventions(j, child, municipality, closed, reason)
                       : ERR_OK;
}

static enum err investigate_reports(struct journey *j)
{
        struct world *w = j->w;
        int32_t year = w->last - w->first + 1;

        for (uint32_t i = 0; i < w->reports_len; i++) {
                const struct report p = w->reports[i];
                int32_t opened = p.decided > w->last ? p.decided - year : p.decided;

                if (p.decision != 0)
                        continue;
                if (opened < w->children[p.child].person.born)
                        opened = p.date;
                w->facts.investigations_by_report++;
                TRY(investigate(j, p.child, p.municipality, opened, 0, p.reason, p.known_before));
        }
        return ERR_OK;
}

/* Who was placed in the year without a report was investigated on other grounds. */
static enum err investigate_placed(struct journey *j)
{
        struct world *w = j->w;

        for (uint32_t child = w->reported_len; child < w->children_len; child++) {
                uint32_t at = j->placed[child], reason, origin;
                int32_t opened;

                if (at == NO_ONE)
                        continue;
                opened = w->placements[at].start - 20 - (int32_t)draw_below(&j->draw, 90);
                reason = choose(&j->draw, reasons, REASONS);
                origin = 1 + choose(&j->draw, &origins[1], 3);
                if (opened >= w->first && opened >= w->children[child].person.born)
                        TRY(investigate(j, child, w->placements[at].municipality, opened, origin,
                                reason, draw_permille(&j->draw, 400)));
        }
        return ERR_OK;
}

/* The stock in November ------------------------------------------------------ */

static uint32_t find_child(struct journey *j, const uint32_t *starts, uint32_t m)
{
        const struct world *w = j->w;
        uint32_t len = starts[m + 1] - starts[m];

        for (unsigned i = 0; len > 0 && i < TRIES; i++) {
                uint32_t child = starts[m] + draw_below(&j->draw, len);
                const struct child *c = &w->children[child];

                if (!j->ongoing[child] && !c->placed && c->person.born < w->first &&
                        people_home(c, j->november) == m)
                        return child;
        }
        return NO_ONE;
}

static enum err add_to_stock(struct journey *j, const uint32_t *starts, uint32_t m)
{
        struct world *w = j->w;
        struct draw *d = &j->draw;
        uint32_t child = NO_ONE;
        int32_t start, end;

        if (draw_permille(d, OPEN_CARE_OF_REPORTED_PERMILLE))
                child = find_child(j, starts, m);
        if (child == NO_ONE) {
                uint32_t age = 1 + draw_weighted(d, &ages[AGES_ALL][1], AGES - 1);
                bool man = draw_permille(d, 540);

                TRY(people_make_child(w, d, m, age, man, &child));
        }
        start = draw_permille(d, 700) ? w->first - 1 - (int32_t)draw_below(d, 500)
                                      : day_between(d, w->first, j->november);
        end = draw_permille(d, 250) ? day_between(d, j->november + 1, w->last) : INT32_MAX;
        if (start < w->children[child].person.born)
                start = w->first;
        TRY(make_room(j));
        return add_intervention(j, child, m, start, end, kind_of(d, REASONS));
}

static enum err fill_stock(struct journey *j)
{
        struct world *w = j->w;
        uint32_t *starts = world_reported_starts(w);
        uint64_t *wanted = calloc(w->wish.municipalities_len, sizeof *wanted);
        enum err rc = starts != NULL && wanted != NULL ? ERR_OK : ERR_NO_MEMORY;

        if (rc == ERR_OK)
                share_out(world_scaled(w, NATIONAL_OPEN_CARE_NOVEMBER), w->populations,
                        w->wish.municipalities_len, wanted);
        for (uint32_t m = 0; rc == ERR_OK && m < w->wish.municipalities_len; m++) {
                while (rc == ERR_OK && j->in_november[m] < wanted[m])
                        rc = add_to_stock(j, starts, m);
                w->facts.open_care_november += j->in_november[m];
        }
        free(starts);
        free(wanted);
        return rc;
}

/* Follow-ups ----------------------------------------------------------------- */

/* What is followed up: a placement or an intervention. */
struct followed {
        uint32_t municipality, child;
        int32_t start, end;
        uint32_t form, regi;
        bool as_planned;
};

static int32_t school_of(struct draw *d, uint32_t age)
{
        static const uint32_t pupil[] = {720, 280, 0, 0}, young[] = {430, 170, 240, 160};

        if (age < SCHOOL_AGE)
                return EMPTY;
        return (int32_t)draw_weighted(d, age < LEAVES_SCHOOL_AGE ? pupil : young, 4);
}

static enum err follow_up(
        struct journey *j, const struct followed *f, int32_t date, uint32_t occasion, int32_t ended)
{
        struct record r = record_of(f->municipality, f->child, date);
        struct world *w = j->w;
        struct draw *d = &j->draw;
        uint32_t goal = choose(d, goals, 4), other = choose(d, goals, 4);

        if (date < w->first || date > w->last || date < w->children[f->child].person.born)
                return ERR_OK;
        /* Who ended as planned reached the goals more often. */
        if (f->as_planned && other < goal)
                goal = other;
        r.values[F_OCCASION] = (int32_t)occasion;
        r.values[F_FORM] = (int32_t)f->form;
        r.values[F_REGI] = (int32_t)f->regi;
        r.values[F_ENDED] = ended;
        r.values[F_GOAL] = (int32_t)goal;
        r.values[F_SCHOOL] = school_of(d, people_age(w, &w->children[f->child]));
        r.values[F_HEALTH] = (int32_t)choose(d, developments, 3);
        r.values[F_SAFE] = (int32_t)choose(d, developments, 3);
        r.values[F_NEW] =
                occasion != T_DURING && draw_permille(d, NEW_INTERVENTION_PERMILLE + 60 * goal);
        return sheet_add(w, GENERATE_UPPFOLJNING, &r);
}

static enum err follow_ended(struct journey *j, const struct followed *f)
{
        struct draw *d = &j->draw;
        int32_t late = (int32_t)draw_below(d, 15);

        TRY(follow_up(j, f, f->end + late, T_ENDING, f->end));
        if (draw_permille(d, FOLLOWED_AFTER_PERMILLE))
                TRY(follow_up(j, f, f->end + QUARTER_DAYS + late, T_3, f->end));
        if (draw_permille(d, FOLLOWED_AFTER_PERMILLE))
                TRY(follow_up(j, f, f->end + 2 * QUARTER_DAYS + late, T_6, f->end));
        return ERR_OK;
}

static enum err follow(struct journey *j, const struct followed *f)
{
        struct draw *d = &j->draw;
        const struct world *w = j->w;
        int32_t from = f->start > w->first ? f->start : w->first, earlier;

        if (f->end != EMPTY && f->end >= w->first)
                TRY(follow_ended(j, f));
        else if (f->end == EMPTY && draw_permille(d, FOLLOWED_WITHIN_PERMILLE))
                TRY(follow_up(j, f, day_between(d, from + 30, w->last), T_DURING, EMPTY));
        /* Twelve months after something that ended the year before. */
        earlier = w->first - 365 + (int32_t)draw_below(d, 330);
        if (w->children[f->child].person.born < earlier && draw_permille(d, EARLIER_YEAR_PERMILLE))
                return follow_up(j, f, earlier + 366 + (int32_t)draw_below(d, 15), T_12, earlier);
        return ERR_OK;
}

static enum err follow_all(struct journey *j)
{
        static const uint32_t forms_followed[FORMS] = {0, 0, 0, 1, 2, 3};
        const struct world *w = j->w;

        for (uint32_t i = 0; i < w->placements_len; i++) {
                const struct placement *p = &w->placements[i];
                struct followed f = {p->municipality, p->child, p->start, p->end,
                        forms_followed[p->form], p->regi, p->ending < 2};

                if (p->end == INT32_MIN || p->ending != 2) /* changed placement: goes on */
                        TRY(follow(j, &f));
        }
        for (uint32_t i = 0; i < w->sheets[GENERATE_INSATS].len; i++) {
                const struct record *r = &w->sheets[GENERATE_INSATS].records[i];
                int32_t ending = r->values[I_ENDING];
                struct followed f = {r->municipality, r->person, r->date, r->values[I_END], 4,
                        (uint32_t)r->values[I_REGI], ending == 0 || ending == 1};

                TRY(follow(j, &f));
        }
        return ERR_OK;
}

static enum err travel(struct journey *j)
{
        uint64_t seed = j->w->wish.seed;

        TRY(make_room(j));
        TRY(find_placements(j));
        j->draw = draw_of(seed, PURPOSE_INVESTIGATIONS, 0);
        TRY(investigate_reports(j));
        TRY(investigate_placed(j));
        j->draw = draw_of(seed, PURPOSE_STOCK, 0);
        TRY(fill_stock(j));
        j->draw = draw_of(seed, PURPOSE_FOLLOW_UPS, 0);
        return follow_all(j);
}

enum err journey_make(struct world *w)
{
        struct journey j = {.w = w};
        enum err rc = ERR_NO_MEMORY;

        j.november = days_from_civil((struct civil){w->wish.year, 11, 1});
        j.in_november = calloc(w->wish.municipalities_len, sizeof *j.in_november);
        if (j.in_november != NULL)
                rc = travel(&j);
        journey_done(&j);
        return rc;
}
