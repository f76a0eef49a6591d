/* SPDX-License-Identifier: Apache-2.0 */
/* quality.c: what is measured about those who have support: ulcers, wounds and symptoms
 * of dementia, what users answer, and what went wrong.
 *
 * Persons are taken from the records of care that are there, so that a person who fell
 * is one who has care. Many answers and incidents have none. */
#include <stdlib.h>

#include "base/clock.h"
#include "tools/generate/facts.h"
#include "tools/generate/facts_care.h"
#include "tools/generate/sheets.h"

enum { PURPOSE_REGISTERS = 141, PURPOSE_SURVEYS = 142, PURPOSE_INCIDENTS = 143 };
enum { REGISTER_ULCER, REGISTER_WOUND, REGISTER_DEMENTIA };
enum { SUPPORT_HOME_CARE = 1, SUPPORT_SHORT, SUPPORT_RESIDENTIAL, HOUSING_IN_DEMENTIA = 3 };
enum { A_VERY_GOOD, A_GOOD, A_NEITHER, A_BAD, A_VERY_BAD, A_DO_NOT_KNOW };
enum {
        SURVEY_HOME_CARE,
        SURVEY_RESIDENTIAL,
        SURVEY_GROUP_HOUSING,
        SURVEY_SERVICE_HOUSING,
        SURVEY_DAILY,
        SURVEY_YOUNG,
        SURVEY_PLACED,
        SURVEY_ASSISTANCE,
        SURVEY_ABUSE
};

/* Records of a municipality; sheets are in its order when the topics were. */
struct slice {
        const struct record *records;
        uint32_t len;
};

static struct slice slice_of(const struct sheet *s, uint32_t m)
{
        struct slice found = {s->records, 0};
        uint32_t low = 0, high = s->len;

        while (low < high) {
                uint32_t middle = low + (high - low) / 2;

                if (s->records[middle].municipality < m)
                        low = middle + 1;
                else
                        high = middle;
        }
        found.records = s->len > 0 ? s->records + low : NULL;
        while (low + found.len < s->len && found.records[found.len].municipality == m)
                found.len++;
        return found;
}

static uint32_t anybody(struct draw *d, struct slice s)
{
        return s.len > 0 ? s.records[draw_below(d, s.len)].person : NO_ONE;
}

/* Registers -------------------------------------------------------------------- */

static enum err assess_ulcer(struct world *w, struct draw *d, struct record *r, bool wound)
{
        uint32_t ulcer = choose(d, ulcers, 5);
        int32_t days = 30 + (int32_t)draw_below(d, 150);

        r->values[Q_REGISTER] = wound ? REGISTER_WOUND : REGISTER_ULCER;
        if (wound && ulcer == 0)
                ulcer = 2;
        r->values[Q_RISK] = wound ? EMPTY : ulcer > 0 || draw_permille(d, 330);
        if (r->values[Q_RISK] == 1)
                r->values[Q_ACTION] = draw_permille(d, 860);
        r->values[Q_ULCER] = (int32_t)ulcer;
        if (ulcer > 0) {
                r->values[Q_APPEARED] = r->date - (int32_t)draw_below(d, 40);
                if (r->date + days <= w->last)
                        r->values[Q_HEALED] = r->date + days;
        }
        return sheet_add(w, GENERATE_KVALITETSREGISTER, r);
}

static enum err assess_dementia(struct world *w, struct draw *d, struct record *r)
{
        r->values[Q_REGISTER] = REGISTER_DEMENTIA;
        r->values[Q_SCORE] = draw_permille(d, 250) ? 0 : 1 + (int32_t)draw_below(d, 70);
        r->values[Q_PLAN] = draw_permille(d, 780);
        r->values[Q_MEDICINES] = draw_permille(d, 700);
        return sheet_add(w, GENERATE_KVALITETSREGISTER, r);
}

/* Of those in residential care most are assessed, of those at home a few. */
static enum err assess(struct world *w, struct draw *d, const struct record *care)
{
        bool residential = care->values[O_SUPPORT] == SUPPORT_RESIDENTIAL;
        int32_t from = care->values[O_START] > w->first ? care->values[O_START] : w->first;
        int32_t until = care->values[O_END] != EMPTY ? care->values[O_END] : w->last;
        int32_t day = day_between(d, from, until), later = day_between(d, from, until);
        struct record r = record_of(care->municipality, care->person, day);

        r.values[Q_HOUSING] = care->values[O_HOUSING];
        r.values[Q_REGI] = care->values[O_REGI];

        struct record other = r;

        other.date = other.values[Q_DATE] = later;
        if (draw_permille(d, residential ? 700 : 60))
                TRY(assess_ulcer(w, d, &r, false));
        r = other;
        if (draw_permille(d, residential ? 40 : 15))
                TRY(assess_ulcer(w, d, &r, true));
        if (care->values[O_HOUSING] == HOUSING_IN_DEMENTIA && draw_permille(d, 650))
                TRY(assess_dementia(w, d, &other));
        return ERR_OK;
}

static enum err make_registers(struct world *w)
{
        struct draw d = draw_of(w->wish.seed, PURPOSE_REGISTERS, 0);

        for (uint32_t i = 0; i < w->sheets[GENERATE_ALDREOMSORG].len; i++) {
                const struct record care = w->sheets[GENERATE_ALDREOMSORG].records[i];
                int32_t support = care.values[O_SUPPORT];

                if (support == SUPPORT_RESIDENTIAL || support == SUPPORT_HOME_CARE ||
                        support == SUPPORT_SHORT)
                        TRY(assess(w, &d, &care));
        }
        return ERR_OK;
}

/* Surveys ---------------------------------------------------------------------- */

static int32_t answer_of(struct draw *d, uint32_t positive_permille)
{
        static const uint32_t good[] = {55, 45}, other[] = {0, 0, 50, 25, 12, 13};
        bool positive = draw_permille(d, positive_permille);

        return (int32_t)(positive ? draw_weighted(d, good, 2) : draw_weighted(d, other, 6));
}

/* Private homes are answered for a little better in some questions and worse in
 * others; what is published about group housing is the whole. */
static enum err add_answer(
        struct world *w, struct draw *d, uint32_t m, uint32_t survey, uint32_t person)
{
        struct generate_facts *f = &w->facts;
        int32_t first = w->first + 31, last = w->last - 61;
        struct record r = record_of(m, person, day_between(d, first, last));
        static const uint32_t regi_weights[] = {870, 0, 110, 20};

        r.values[E_SURVEY] = (int32_t)survey;
        r.values[E_REGI] = (int32_t)draw_weighted(d, regi_weights, 4);
        r.values[E_ANSWERER] = (int32_t)choose(d, answerers, 4);
        r.values[E_WHOLE] = answer_of(d, CONTENT_PERMILLE);
        r.values[E_SAFE] = answer_of(d, SAFE_PERMILLE);
        r.values[E_RESPECT] = answer_of(d, 840);
        r.values[E_INFLUENCE] = answer_of(d, 690);
        r.values[E_HELP] = answer_of(d, HELPED_PERMILLE);
        f->answers++;
        f->answers_without_person += person == NO_ONE;
        if (survey == SURVEY_GROUP_HOUSING) {
                f->group_housing_answers++;
                f->group_housing_safe += r.values[E_SAFE] <= A_GOOD;
        }
        return sheet_add(w, GENERATE_ENKAT, &r);
}

/* National answers (assumed but for group housing), and whose care they are about. */
static const struct {
        uint32_t national;
        enum generate_dataset of;
} questionnaires[] = {
        [SURVEY_HOME_CARE] = {60000, GENERATE_ALDREOMSORG},
        [SURVEY_RESIDENTIAL] = {24000, GENERATE_ALDREOMSORG},
        [SURVEY_GROUP_HOUSING] = {NATIONAL_GROUP_HOUSING_ANSWERS, GENERATE_LSS},
        [SURVEY_SERVICE_HOUSING] = {3000, GENERATE_LSS},
        [SURVEY_DAILY] = {9000, GENERATE_LSS},
        [SURVEY_YOUNG] = {4000, GENERATE_INSATS},
        [SURVEY_PLACED] = {2500, GENERATE_INSATS},
        [SURVEY_ASSISTANCE] = {9000, GENERATE_EKONOMISKT_BISTAND},
        [SURVEY_ABUSE] = {2500, GENERATE_MISSBRUK},
};

static enum err make_survey(struct world *w, uint32_t survey, uint64_t *shares)
{
        struct draw d = draw_of(w->wish.seed, PURPOSE_SURVEYS, survey);
        uint32_t len = w->wish.municipalities_len;

        share_out(world_scaled(w, questionnaires[survey].national), w->populations, len, shares);
        for (uint32_t m = 0; m < len; m++) {
                struct slice users = slice_of(&w->sheets[questionnaires[survey].of], m);

                for (uint64_t i = 0; i < shares[m]; i++) {
                        uint32_t person = NO_ONE;

                        if (draw_permille(&d, ANSWER_PERSON_PERMILLE))
                                person = anybody(&d, users);
                        if (person != NO_ONE && person_age(w, person) < 8)
                                person = NO_ONE;
                        TRY(add_answer(w, &d, m, survey, person));
                }
        }
        return ERR_OK;
}

/* Incidents ---------------------------------------------------------------------- */

/* Whose records an activity has; municipal casework on adults is about assistance. */
static const enum generate_dataset care_of[] = {GENERATE_ALDREOMSORG, GENERATE_ALDREOMSORG,
        GENERATE_ALDREOMSORG, GENERATE_LSS, GENERATE_LSS, GENERATE_LSS, GENERATE_LSS,
        GENERATE_UTREDNING, GENERATE_INSATS, GENERATE_MISSBRUK, GENERATE_EKONOMISKT_BISTAND};

static enum err add_incident(struct world *w, struct draw *d, uint32_t m, bool to_ivo)
{
        uint32_t activity = choose(d, activities, 11), person = NO_ONE;
        int32_t day = day_between(d, w->first, w->last);
        struct slice users = slice_of(&w->sheets[care_of[activity]], m);
        struct record r;

        if (draw_permille(d, INCIDENT_PERSON_PERMILLE))
                person = anybody(d, users);
        if (person != NO_ONE && person_of(w, person)->born > day)
                person = NO_ONE;
        r = record_of(m, person, day);
        r.values[V_ACTIVITY] = (int32_t)activity;
        r.values[V_REGI] = draw_permille(d, 780) ? 0 : 2;
        r.values[V_KIND] = (int32_t)choose(d, incident_kinds, 11);
        r.values[V_SEVERITY] = (int32_t)(to_ivo ? 2 + draw_below(d, 2) : choose(d, severities, 3));
        r.values[V_STEP] = (int32_t)choose(d, steps, 7);
        r.values[V_CAUSE] = (int32_t)choose(d, causes, 6);
        r.values[V_RISK] = draw_permille(d, 420);
        r.values[V_TO_IVO] = to_ivo;
        if (to_ivo)
                r.values[V_REPORTED] = day + 5 + (int32_t)draw_below(d, 60);
        r.values[V_ACTED] = draw_permille(d, 880);
        w->facts.incidents++;
        w->facts.incidents_to_ivo += to_ivo;
        return sheet_add(w, GENERATE_AVVIKELSE, &r);
}

static enum err make_incidents(struct world *w, uint64_t *shares, bool to_ivo)
{
        uint64_t national =
                to_ivo ? NATIONAL_INCIDENTS_TO_IVO : NATIONAL_INCIDENTS - NATIONAL_INCIDENTS_TO_IVO;
        struct draw d = draw_of(w->wish.seed, PURPOSE_INCIDENTS, to_ivo);
        uint32_t len = w->wish.municipalities_len;

        share_out(world_scaled(w, national), w->populations, len, shares);
        for (uint32_t m = 0; m < len; m++)
                for (uint64_t i = 0; i < shares[m]; i++)
                        TRY(add_incident(w, &d, m, to_ivo));
        return ERR_OK;
}

enum err quality_make(struct world *w)
{
        uint64_t *shares = calloc(w->wish.municipalities_len, sizeof *shares);
        enum err rc = shares != NULL ? ERR_OK : ERR_NO_MEMORY;

        /* From here on nothing is added to what persons are taken from. */
        for (unsigned d = GENERATE_FIRST; d < GENERATE_DATASETS; d++)
                sheet_sort(&w->sheets[d]);
        rc = rc == ERR_OK ? make_registers(w) : rc;
        for (uint32_t s = 0; rc == ERR_OK && s < sizeof questionnaires / sizeof *questionnaires;
                s++)
                rc = make_survey(w, s, shares);
        rc = rc == ERR_OK ? make_incidents(w, shares, false) : rc;
        rc = rc == ERR_OK ? make_incidents(w, shares, true) : rc;
        free(shares);
        return rc;
}
