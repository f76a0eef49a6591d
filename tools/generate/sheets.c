/* SPDX-License-Identifier: Apache-2.0 */
/* sheets.c: what the columns of each data set are called and how they are written, and
 * the lists that records are kept in. Headers are the bundle's Swedish labels. */
#include "tools/generate/sheets.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const struct sheet_column investigation[] = {
        [U_OPENED] = {"Utredning inledd", CELL_DATE, NULL},
        [U_CLOSED] = {"Utredning avslutad", CELL_DATE, NULL},
        [U_ORIGIN] = {"Upphov", CELL_CODE, origins},
        [U_REASON] = {"Orsak till utredning", CELL_CODE, reasons},
        [U_RESULT] = {"Utredningens resultat", CELL_CODE, results},
        [U_EXTENDED] = {"Förlängd över fyra månader", CELL_YES, NULL},
        [U_HEARD] = {"Barnet har kommit till tals", CELL_YES, NULL},
        [U_BEFORE] = {"Tidigare utredd i kommunen", CELL_YES, NULL},
};
static const struct sheet_column intervention[] = {
        [I_START] = {"Insatsens början", CELL_DATE, NULL},
        [I_END] = {"Insatsens slut", CELL_DATE, NULL},
        [I_KIND] = {"Insats", CELL_CODE, interventions},
        [I_ASSESSED] = {"Given efter behovsprövning", CELL_YES, NULL},
        [I_EVALUATED] = {"Arbetssättet är utvärderat", CELL_YES, NULL},
        [I_REGI] = {"Regi", CELL_CODE, regis},
        [I_HOURS] = {"Timmar i veckan", CELL_TENTHS, NULL},
        [I_COST] = {"Kostnad per månad", CELL_ORE, NULL},
        [I_ENDING] = {"Hur insatsen avslutades", CELL_CODE, intervention_ends},
};
static const struct sheet_column follow_up[] = {
        [F_DATE] = {"Uppföljd", CELL_DATE, NULL},
        [F_OCCASION] = {"Tillfälle", CELL_CODE, occasions},
        [F_FORM] = {"Vad som följs upp", CELL_CODE, care_forms},
        [F_REGI] = {"Regi", CELL_CODE, regis},
        [F_ENDED] = {"När insatsen slutade", CELL_DATE, NULL},
        [F_GOAL] = {"Måluppfyllelse", CELL_CODE, goals},
        [F_SCHOOL] = {"Skola och sysselsättning", CELL_CODE, schooling},
        [F_HEALTH] = {"Hälsa", CELL_CODE, developments},
        [F_SAFE] = {"Trygghet", CELL_CODE, developments},
        [F_NEW] = {"Behöver ny insats", CELL_YES, NULL},
};
static const struct sheet_column incident[] = {
        [V_DATE] = {"Händelsens dag", CELL_DATE, NULL},
        [V_ACTIVITY] = {"Verksamhet", CELL_CODE, activities},
        [V_REGI] = {"Regi", CELL_CODE, regis},
        [V_KIND] = {"Slag av avvikelse", CELL_CODE, incident_kinds},
        [V_SEVERITY] = {"Allvarlighet", CELL_CODE, severities},
        [V_STEP] = {"Steg i processen", CELL_CODE, steps},
        [V_CAUSE] = {"Bakomliggande orsak", CELL_CODE, causes},
        [V_RISK] = {"Risk som inte blev skada", CELL_YES, NULL},
        [V_TO_IVO] = {"Anmäld till IVO", CELL_YES, NULL},
        [V_REPORTED] = {"Dag för anmälan till IVO", CELL_DATE, NULL},
        [V_ACTED] = {"Åtgärdad", CELL_YES, NULL},
};
static const struct sheet_column assessment[] = {
        [Q_DATE] = {"Bedömningens dag", CELL_DATE, NULL},
        [Q_REGISTER] = {"Område", CELL_CODE, registers},
        [Q_HOUSING] = {"Boendeform", CELL_CODE, housings},
        [Q_REGI] = {"Regi", CELL_CODE, regis},
        [Q_RISK] = {"Risk för trycksår", CELL_YES, NULL},
        [Q_ACTION] = {"Förebyggande åtgärd insatt", CELL_YES, NULL},
        [Q_ULCER] = {"Sår", CELL_CODE, ulcers},
        [Q_APPEARED] = {"Såret uppkom", CELL_DATE, NULL},
        [Q_HEALED] = {"Såret läkt", CELL_DATE, NULL},
        [Q_SCORE] = {"Symtompoäng vid demens", CELL_NUMBER, NULL},
        [Q_PLAN] = {"Bemötandeplan finns", CELL_YES, NULL},
        [Q_MEDICINES] = {"Läkemedel genomgångna", CELL_YES, NULL},
};
static const struct sheet_column survey[] = {
        [E_DATE] = {"Svarsdag", CELL_DATE, NULL},
        [E_SURVEY] = {"Undersökning", CELL_CODE, surveys},
        [E_REGI] = {"Regi", CELL_CODE, regis},
        [E_ANSWERER] = {"Vem som svarade", CELL_CODE, answerers},
        [E_WHOLE] = {"Nöjd som helhet", CELL_CODE, answers},
        [E_SAFE] = {"Känner sig trygg", CELL_CODE, answers},
        [E_RESPECT] = {"Bemötande", CELL_CODE, answers},
        [E_INFLUENCE] = {"Inflytande", CELL_CODE, answers},
        [E_HELP] = {"Får den hjälp som behövs", CELL_CODE, answers},
};
static const struct sheet_column assistance[] = {
        [B_MONTH] = {"Månad", CELL_DATE, NULL},
        [B_ROLE] = {"Roll i hushållet", CELL_CODE, household_roles},
        [B_KIND] = {"Hushållstyp", CELL_CODE, household_kinds},
        [B_BIRTH] = {"Hushållets födelseland", CELL_CODE, births},
        [B_CHILDREN] = {"Antal barn i hushållet", CELL_NUMBER, NULL},
        [B_HINDRANCE] = {"Försörjningshinder", CELL_CODE, hindrances},
        [B_ORE] = {"Belopp i månaden", CELL_ORE, NULL},
        [B_PROGRAMME] = {"I kommunal arbetsmarknadsinsats", CELL_YES, NULL},
        [B_ENDING] = {"Varför biståndet slutade", CELL_CODE, assistance_ends},
};
static const struct sheet_column lss[] = {
        [L_DAY] = {"Mätdag", CELL_DATE, NULL},
        [L_SUPPORT] = {"Insats", CELL_CODE, lss_supports},
        [L_ENTITLED] = {"Personkrets", CELL_CODE, entitled},
        [L_DECIDED] = {"Beslutsdatum", CELL_DATE, NULL},
        [L_EXECUTED] = {"Verkställighetsdatum", CELL_DATE, NULL},
        [L_HOURS] = {"Timmar i veckan", CELL_TENTHS, NULL},
        [L_HOUSING] = {"Boende", CELL_CODE, lss_housings},
        [L_PLACE] = {"Boendekommun om en annan", CELL_PLACE, NULL},
        [L_REGI] = {"Regi", CELL_CODE, regis},
};
static const struct sheet_column elder[] = {
        [O_DAY] = {"Månadens sista dag", CELL_DATE, NULL},
        [O_SUPPORT] = {"Insats", CELL_CODE, elder_supports},
        [O_START] = {"Insatsens början", CELL_DATE, NULL},
        [O_END] = {"Insatsens slut", CELL_DATE, NULL},
        [O_HOURS] = {"Beviljade timmar i månaden", CELL_TENTHS, NULL},
        [O_COHABITATION] = {"Hushåll", CELL_CODE, cohabitations},
        [O_HOUSING] = {"Boendeform", CELL_CODE, housings},
        [O_REGI] = {"Regi", CELL_CODE, regis},
};
static const struct sheet_column violence[] = {
        [W_DATE] = {"Ärendet aktualiserat", CELL_DATE, NULL},
        [W_ROLE] = {"Den enskildas roll", CELL_CODE, violence_roles},
        [W_KIND] = {"Våldets slag", CELL_CODE, violence_kinds},
        [W_TIE] = {"Relation till den andra", CELL_CODE, ties},
        [W_RISK] = {"Bedömd risk", CELL_CODE, risks},
        [W_SUPPORT] = {"Insats", CELL_CODE, violence_supports},
        [W_START] = {"Insatsens början", CELL_DATE, NULL},
        [W_END] = {"Insatsens slut", CELL_DATE, NULL},
        [W_CHILDREN] = {"Antal barn i hushållet", CELL_NUMBER, NULL},
        [W_POLICE] = {"Polisanmält", CELL_YES, NULL},
};
static const struct sheet_column abuse[] = {
        [M_START] = {"Insatsens början", CELL_DATE, NULL},
        [M_END] = {"Insatsens slut", CELL_DATE, NULL},
        [M_SUPPORT] = {"Insats", CELL_CODE, abuse_supports},
        [M_SUBSTANCE] = {"Huvudsakligt preparat", CELL_CODE, substances},
        [M_REGI] = {"Regi", CELL_CODE, regis},
        [M_COST] = {"Kostnad per dygn", CELL_ORE, NULL},
        [M_ILL] = {"Samtidig psykisk sjukdom", CELL_YES, NULL},
        [M_PARENT] = {"Har barn under 18 år", CELL_YES, NULL},
        [M_ENDING] = {"Hur insatsen avslutades", CELL_CODE, intervention_ends},
};

#define COLUMNS(list) (list), sizeof(list) / sizeof(list)[0]
static const struct sheet_form forms_of[GENERATE_DATASETS] = {
        [GENERATE_UTREDNING] = {COLUMNS(investigation), 'U', true},
        [GENERATE_INSATS] = {COLUMNS(intervention), 'I', false},
        [GENERATE_UPPFOLJNING] = {COLUMNS(follow_up), 'F', false},
        [GENERATE_AVVIKELSE] = {COLUMNS(incident), 'V', false},
        [GENERATE_KVALITETSREGISTER] = {COLUMNS(assessment), 'Q', false},
        [GENERATE_ENKAT] = {COLUMNS(survey), 'E', false},
        [GENERATE_EKONOMISKT_BISTAND] = {COLUMNS(assistance), 'B', false},
        [GENERATE_LSS] = {COLUMNS(lss), 'L', false},
        [GENERATE_ALDREOMSORG] = {COLUMNS(elder), 'O', false},
        [GENERATE_VALD] = {COLUMNS(violence), 'W', false},
        [GENERATE_MISSBRUK] = {COLUMNS(abuse), 'M', false},
};

const struct sheet_form *sheet_form(enum generate_dataset d)
{
        assert(d >= (enum generate_dataset)GENERATE_FIRST && d < GENERATE_DATASETS);
        return &forms_of[d];
}

uint32_t sheet_code_column(const struct sheet_form *f)
{
        uint32_t i = 0;

        while (f->columns[i].cell != CELL_CODE)
                i++;
        return i;
}

/* Lists -------------------------------------------------------------------- */

struct record record_of(uint32_t municipality, uint32_t person, int32_t date)
{
        struct record r = {.municipality = municipality, .person = person, .date = date};

        for (unsigned i = 0; i < VALUES_MAX; i++)
                r.values[i] = EMPTY;
        r.values[0] = date;
        return r;
}

enum err sheet_add(struct world *w, enum generate_dataset d, const struct record *r)
{
        struct sheet *s = &w->sheets[d];

        if (!list_grow((void **)&s->records, &s->cap, s->len, sizeof *s->records))
                return ERR_NO_MEMORY;
        s->records[s->len++] = *r;
        return ERR_OK;
}

/* Records are told apart by all they hold, so that sorting has one outcome. */
static int by_place_and_date(const void *a, const void *b)
{
        const struct record *x = a, *y = b;

        if (x->municipality != y->municipality)
                return x->municipality < y->municipality ? -1 : 1;
        if (x->date != y->date)
                return x->date < y->date ? -1 : 1;
        if (x->person != y->person)
                return x->person < y->person ? -1 : 1;
        for (unsigned i = 0; i < VALUES_MAX; i++)
                if (x->values[i] != y->values[i])
                        return x->values[i] < y->values[i] ? -1 : 1;
        return 0;
}

void sheet_sort(struct sheet *s)
{
        if (s->len > 1)
                qsort(s->records, s->len, sizeof *s->records, by_place_and_date);
}
