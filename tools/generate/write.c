/* SPDX-License-Identifier: Apache-2.0 */
/* write.c: the files that municipalities would send about the world.
 *
 * Semicolons, CRLF, decimal comma. With local style, some municipalities write codes
 * and some labels, some with hyphens in personal numbers, some dates without, some
 * in Windows-1252, and some lose the zero of their own code: all of that is to be
 * accepted. Faults are planted on top, one to a row, and counted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tools/generate/sheets.h"

enum {
        PURPOSE_STYLE = 4,
        PURPOSE_FAULTS = 5,
        PURPOSE_CUT_FAULTS = 64,
        MILLION = 1000000,
        FIELD_MAX = 128,
        FIELDS_MAX = 20
};
enum { MONTHS = 12, LEADING_FIELDS = 4 }; /* municipality, case number, person, sex */

/* Codes as in policies/bundle, labels as a spreadsheet shows them. Weights are
 * assumptions, but for decisions: 38 % lead to an investigation (2018). */
const struct choice notifiers[] = {{"polis", "Polis", 200}, {"skola", "Förskola och skola", 220},
        {"halso_sjukvard", "Hälso- och sjukvård", 160}, {"tandvard", "Tandvård", 20},
        {"socialtjanst", "Socialtjänst", 150}, {"annan_myndighet", "Annan myndighet", 60},
        {"anhorig", "Anhörig eller närstående", 80}, {"barnet", "Barnet självt", 20},
        {"privatperson", "Annan privatperson", 40}, {"anonym", "Anonym", 50}};
const struct choice reasons[] = {{"vald_barn", "Våld mot barnet", 130},
        {"bevittnat_vald", "Barnet har upplevt våld", 120},
        {"sexuella_overgrepp", "Sexuella övergrepp", 30},
        {"hedersvald", "Hedersrelaterat våld och förtryck", 20},
        {"forsummelse", "Försummelse", 190},
        {"foralder_missbruk", "Förälders skadliga bruk eller beroende", 90},
        {"foralder_ohalsa", "Förälders psykiska ohälsa", 80},
        {"konflikt", "Konflikt mellan vuxna", 70},
        {"eget_missbruk", "Barnets skadliga bruk eller beroende", 60},
        {"eget_brott", "Barnets brottslighet", 90}, {"eget_beteende", "Annat eget beteende", 80},
        {"annan_orsak", "Annan orsak", 40}};
const struct choice protections[] = {{"samma_dag", "Gjord samma dag eller nästa", 930},
        {"senare", "Gjord senare", 40}, {"ej_gjord", "Inte gjord", 30}};
const struct choice decisions[] = {{"inleds", "Utredning inleds", 380},
        {"inleds_ej", "Utredning inleds inte", 450}, {"pagaende", "Redan pågående utredning", 170}};
const struct choice grounds[] = {{"sol", "Frivilligt enligt SoL", 1},
        {"lvu2", "LVU 2 §, hemmiljön", 1}, {"lvu3", "LVU 3 §, eget beteende", 1},
        {"lvu2_3", "LVU 2 och 3 §§", 1}, {"lvu6", "LVU 6 §, omedelbart omhändertagande", 1}};
const struct choice regis[] = {{"kommunal", "Kommunens egen regi", 1},
        {"annan_offentlig", "Annan offentlig regi", 1}, {"privat", "Enskild regi, företag", 1},
        {"ideell", "Enskild regi, ideell", 1}};
const struct choice providers[] = {{"familj", "Familj med uppdrag direkt av kommunen", 1},
        {"konsulentstod", "Familj genom konsulentstödd verksamhet", 1},
        {"eget_boende", "Kommunens eget boende", 1},
        {"privat_boende", "Boende hos enskild utförare", 1}, {"statlig", "Statlig institution", 1}};
const struct choice endings[] = {{"planerat", "Planerat avslut", 400},
        {"flytt_hem", "Hemflytt enligt plan", 250}, {"byte", "Byte av placering", 0},
        {"sammanbrott", "Sammanbrott", 150}, {"avvikit", "Avvikit", 40},
        {"myndig", "Uppnådd ålder", 100}, {"annat_skal", "Annat skäl", 60}};
const struct choice forms[] = {{"familjehem", "Familjehem", 1}, {"jourhem", "Jourhem", 1},
        {"natverkshem", "Nätverkshem", 1}, {"hvb", "HVB, hem för vård eller boende", 1},
        {"stodboende", "Stödboende", 1}, {"sis", "SiS särskilda ungdomshem", 1}};

static const char *const headers[GENERATE_FIRST] = {
        [GENERATE_PLACERING] = "Kommun;Ärendenummer;Personnummer;Kön;Placeringsdatum;Avslutsdatum;"
                               "Placeringsform;Lagrum;Regi;Slag av utförare;Kostnad per dygn;Hur "
                               "placeringen avslutades;Kostnad under perioden",
        [GENERATE_ANMALAN] =
                "Kommun;Ärendenummer;Personnummer;Kön;Anmälningsdatum;Anmälare;Orsak till oro;"
                "Skyddsbedömning;Beslut om utredning;Beslutsdatum;Ensamkommande barn;"
                "Tidigare känd i kommunen;Vårdnadshavare 1;Vårdnadshavare 2",
};

/* How a municipality writes ------------------------------------------------- */

struct style {
        bool labels, hyphen, compact_dates, windows_1252, lost_zero;
};

static struct style style_of(const struct world *w, uint32_t municipality)
{
        struct draw d = draw_of(w->wish.seed, PURPOSE_STYLE, municipality);

        struct style s = {.labels = false};

        if (!w->wish.local_style)
                return s;
        s.labels = draw_permille(&d, 600);
        s.hyphen = draw_permille(&d, 500);
        s.compact_dates = draw_permille(&d, 400);
        s.windows_1252 = draw_permille(&d, 333);
        s.lost_zero = draw_permille(&d, 300);
        return s;
}

struct row {
        char fields[FIELDS_MAX][FIELD_MAX];
        uint32_t len;
};

static char *next_field(struct row *r)
{
        char *field = r->fields[r->len++];

        field[0] = '\0';
        return field;
}

static void put_date(struct row *r, const struct style *s, int32_t days)
{
        char *field = next_field(r), text[11];

        if (days == INT32_MIN)
                return;
        days_format(days, text);
        if (s->compact_dates)
                (void)snprintf(field, FIELD_MAX, "%.4s%.2s%.2s", text, text + 5, text + 8);
        else
                (void)snprintf(field, FIELD_MAX, "%s", text);
}

static void put_choice(struct row *r, const struct style *s, const struct choice *c)
{
        (void)snprintf(next_field(r), FIELD_MAX, "%s", s->labels ? c->label : c->code);
}

static void put_person(struct row *r, const struct style *s, const struct person *p)
{
        char *field = next_field(r), id[PERSON_ID_LEN];

        if (p == NULL)
                return;
        person_write(p, id);
        if (p->local || !s->hyphen)
                (void)snprintf(field, FIELD_MAX, "%.*s", PERSON_ID_LEN, id);
        else
                (void)snprintf(field, FIELD_MAX, "%.8s-%.4s", id, id + 8);
}

static void put_municipality(struct row *r, const struct style *s, municipality_t code)
{
        (void)snprintf(next_field(r), FIELD_MAX, s->lost_zero ? "%u" : "%04u", code);
}

/* "1 234,50", the thousands behind a no-break space. */
static void put_cost(struct row *r, uint32_t ore)
{
        uint32_t kronor = ore / 100;
        char *field = next_field(r);

        if (kronor >= 1000000)
                (void)snprintf(field, FIELD_MAX, "%u\xC2\xA0%03u\xC2\xA0%03u,%02u",
                        kronor / 1000000, kronor / 1000 % 1000, kronor % 1000, ore % 100);
        else if (kronor >= 1000)
                (void)snprintf(field, FIELD_MAX, "%u\xC2\xA0%03u,%02u", kronor / 1000,
                        kronor % 1000, ore % 100);
        else
                (void)snprintf(field, FIELD_MAX, "%u,%02u", kronor, ore % 100);
}

static void put_yes(struct row *r, bool yes)
{
        (void)snprintf(next_field(r), FIELD_MAX, "%s", yes ? "Ja" : "Nej");
}

static void start_row(struct row *r, const struct world *w, const struct style *s, uint32_t m,
        char letter, uint64_t number, const struct person *p)
{
        r->len = 0;
        put_municipality(r, s, w->wish.municipalities[m].code);
        (void)snprintf(next_field(r), FIELD_MAX, "%c%d-%07llu", letter, w->wish.year,
                (unsigned long long)number);
        put_person(r, s, p);
        (void)snprintf(next_field(r), FIELD_MAX, "%s", p == NULL ? "" : p->man ? "M" : "K");
}

/* Of the days within the year. */
static uint32_t cost_of_year(const struct world *w, const struct placement *p)
{
        int32_t first = p->start > w->first ? p->start : w->first;
        int32_t last = p->end != INT32_MIN && p->end < w->last ? p->end : w->last;

        return last < first ? 0 : p->cost_ore * (uint32_t)(last - first + 1);
}

static void write_placement(struct row *r, const struct world *w, const struct style *s,
        uint64_t number, const struct placement *p)
{
        start_row(r, w, s, p->municipality, 'P', number, &w->children[p->child].person);
        put_date(r, s, p->start);
        put_date(r, s, p->end);
        put_choice(r, s, &forms[p->form]);
        put_choice(r, s, &grounds[p->ground]);
        put_choice(r, s, &regis[p->regi]);
        put_choice(r, s, &providers[p->provider]);
        put_cost(r, p->cost_ore);
        if (p->end == INT32_MIN)
                (void)next_field(r);
        else
                put_choice(r, s, &endings[p->ending]);
        put_cost(r, cost_of_year(w, p));
}

static void write_report(struct row *r, const struct world *w, const struct style *s,
        uint64_t number, const struct report *p)
{
        const struct child *c = &w->children[p->child];

        start_row(r, w, s, p->municipality, 'A', number, &c->person);
        put_date(r, s, p->date);
        put_choice(r, s, &notifiers[p->notifier]);
        put_choice(r, s, &reasons[p->reason]);
        put_choice(r, s, &protections[p->protection]);
        put_choice(r, s, &decisions[p->decision]);
        put_date(r, s, p->decided);
        put_yes(r, c->unaccompanied);
        put_yes(r, p->known_before);
        for (unsigned i = 0; i < PARENTS_MAX; i++)
                put_person(r, s, c->parents[i] != NO_ONE ? &w->adults[c->parents[i]] : NULL);
}

static void put_cell(struct row *r, const struct world *w, const struct style *s,
        const struct sheet_column *column, int32_t value)
{
        if (value == EMPTY) {
                (void)next_field(r);
                return;
        }
        switch (column->cell) {
        case CELL_DATE:
                put_date(r, s, value);
                return;
        case CELL_CODE:
                put_choice(r, s, &column->choices[value]);
                return;
        case CELL_YES:
                put_yes(r, value != 0);
                return;
        case CELL_NUMBER:
                (void)snprintf(next_field(r), FIELD_MAX, "%d", value);
                return;
        case CELL_TENTHS:
                (void)snprintf(next_field(r), FIELD_MAX, "%d,%d", value / 10, value % 10);
                return;
        case CELL_ORE:
                put_cost(r, (uint32_t)value);
                return;
        case CELL_PLACE:
                (void)snprintf(
                        next_field(r), FIELD_MAX, "%04u", w->wish.municipalities[value].code);
                return;
        }
}

static void write_record(struct row *r, const struct world *w, const struct style *s,
        enum generate_dataset d, uint64_t number, const struct record *p)
{
        const struct sheet_form *form = sheet_form(d);
        const struct child *c = p->person < ADULT ? &w->children[p->person] : NULL;

        start_row(r, w, s, p->municipality, form->letter, number, person_of(w, p->person));
        for (uint32_t i = 0; i < form->len; i++)
                put_cell(r, w, s, &form->columns[i], p->values[i]);
        for (unsigned i = 0; form->guardians && i < PARENTS_MAX; i++)
                put_person(r, s,
                        c != NULL && c->parents[i] != NO_ONE ? &w->adults[c->parents[i]] : NULL);
}

/* Faults ------------------------------------------------------------------ */

enum { PERSON_FIELD = 2, DATE_FIELD = 4 };

static uint32_t code_field(enum generate_dataset d)
{
        static const uint32_t first[GENERATE_FIRST] = {6, 5};

        return d < (enum generate_dataset)GENERATE_FIRST
                       ? first[d]
                       : LEADING_FIELDS + sheet_code_column(sheet_form(d));
}

static void break_number(char *field)
{
        size_t len = strlen(field);

        if (field[0] >= '0' && field[0] <= '9')
                field[len - 1] = (char)(field[len - 1] == '9' ? '0' : field[len - 1] + 1);
        else
                (void)snprintf(field, FIELD_MAX, "12345");
}

/* Ten digits: the century is lost, as in many exports. */
static void cut_century(char *field)
{
        char *hyphen = strchr(field, '-');

        if (field[0] < '0' || field[0] > '9') {
                break_number(field);
                return;
        }
        if (hyphen != NULL)
                memmove(hyphen, hyphen + 1, strlen(hyphen));
        memmove(field, field + 2, strlen(field) - 1);
}

static void plant_fault(struct row *r, struct draw *d, enum generate_dataset dataset)
{
        switch (draw_below(d, 5)) {
        case 0:
                break_number(r->fields[PERSON_FIELD]);
                break;
        case 1:
                cut_century(r->fields[PERSON_FIELD]);
                break;
        case 2:
                r->fields[DATE_FIELD][0] = '\0';
                break;
        case 3:
                (void)snprintf(
                        r->fields[code_field(dataset)], FIELD_MAX, "X%u", draw_below(d, 100));
                break;
        default:
                (void)snprintf(r->fields[DATE_FIELD], FIELD_MAX, "2024-02-31");
                break;
        }
}

/* Files ------------------------------------------------------------------- */

/* Our texts have no characters beyond U+00FF. */
static void put_characters(struct buf *out, const char *text, bool windows_1252)
{
        if (!windows_1252) {
                put_raw(out, text, strlen(text));
                return;
        }
        for (; *text != '\0'; text++) {
                uint8_t c = (uint8_t)*text;

                if (c >= 0xC2 && c <= 0xC3)
                        c = (uint8_t)((c & 3u) << 6 | ((uint8_t) * ++text & 0x3Fu));
                put_u8(out, c);
        }
}

static void put_row(struct buf *out, const struct row *r, const struct style *s)
{
        for (uint32_t i = 0; i < r->len; i++) {
                if (i > 0)
                        put_u8(out, ';');
                put_characters(out, r->fields[i], s->windows_1252);
        }
        put_raw(out, "\r\n", 2);
}

static void put_header(struct buf *out, enum generate_dataset d, const struct style *s)
{
        if (!s->windows_1252)
                put_raw(out, "\xEF\xBB\xBF", 3);
        if (d < (enum generate_dataset)GENERATE_FIRST) {
                put_characters(out, headers[d], s->windows_1252);
        } else {
                const struct sheet_form *form = sheet_form(d);

                put_characters(out, "Kommun;Ärendenummer;Personnummer;Kön", s->windows_1252);
                for (uint32_t i = 0; i < form->len; i++) {
                        put_u8(out, ';');
                        put_characters(out, form->columns[i].header, s->windows_1252);
                }
                if (form->guardians)
                        put_characters(out, ";Vårdnadshavare 1;Vårdnadshavare 2", s->windows_1252);
        }
        put_raw(out, "\r\n", 2);
}

static uint32_t place_of(const struct world *w, enum generate_dataset d, uint32_t i)
{
        return d == GENERATE_PLACERING ? w->placements[i].municipality
               : d == GENERATE_ANMALAN ? w->reports[i].municipality
                                       : w->sheets[d].records[i].municipality;
}

static uint32_t records_len(const struct world *w, enum generate_dataset d)
{
        return d == GENERATE_PLACERING ? w->placements_len
               : d == GENERATE_ANMALAN ? w->reports_len
                                       : w->sheets[d].len;
}

/* Records stand in the order of municipalities. */
static uint32_t first_of(const struct world *w, enum generate_dataset dataset, uint32_t m)
{
        uint32_t low = 0, high = records_len(w, dataset);

        while (low < high) {
                uint32_t middle = low + (high - low) / 2;

                if (place_of(w, dataset, middle) < m)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

static void write_row(struct row *row, const struct world *w, const struct style *s,
        enum generate_dataset d, uint64_t number, uint32_t i)
{
        if (d == GENERATE_PLACERING)
                write_placement(row, w, s, number, &w->placements[i]);
        else if (d == GENERATE_ANMALAN)
                write_report(row, w, s, number, &w->reports[i]);
        else
                write_record(row, w, s, d, number, &w->sheets[d].records[i]);
}

/* Days, both inside. Case numbers and faults are the same whichever months are
 * written: numbers are counted from the year's first row, and every record of a
 * data set that may be cut in months has a stream of its own. */
struct span {
        int32_t first, last;
};

static bool is_within(
        const struct world *w, enum generate_dataset d, uint32_t i, const struct span *span)
{
        if (d < (enum generate_dataset)GENERATE_FIRST)
                return true;

        int32_t date = w->sheets[d].records[i].date;

        return date >= span->first && date <= span->last;
}

static uint64_t write_rows(struct world *w, enum generate_dataset dataset, uint32_t m,
        const struct span *span, const struct style *s, struct buf *out)
{
        struct draw faults = draw_of(w->wish.seed, PURPOSE_FAULTS + dataset, m);
        uint32_t len = records_len(w, dataset);
        uint64_t number = 0, rows = 0;
        struct row row;

        for (uint32_t i = first_of(w, dataset, m); i < len && place_of(w, dataset, i) == m; i++) {
                number++;
                if (!is_within(w, dataset, i, span))
                        continue;
                if (dataset >= (enum generate_dataset)GENERATE_FIRST)
                        faults = draw_of(w->wish.seed, PURPOSE_CUT_FAULTS + dataset,
                                (uint64_t)m << 32 | number);
                write_row(&row, w, s, dataset, number, i);
                if (w->wish.errors_per_million > draw_below(&faults, MILLION)) {
                        plant_fault(&row, &faults, dataset);
                        w->facts.faulty_rows++;
                }
                put_row(out, &row, s);
                rows++;
        }
        return rows;
}

enum err world_write_months(struct world *w, enum generate_dataset d, uint32_t municipality,
        unsigned first_month, unsigned last_month, struct buf *out, uint64_t *rows)
{
        struct style s = style_of(w, municipality);
        bool first = d < (enum generate_dataset)GENERATE_FIRST;
        struct span span;
        struct bytes ignored;

        if ((unsigned)d >= GENERATE_DATASETS || (!first && !w->wish.every) || first_month < 1 ||
                first_month > last_month || last_month > MONTHS ||
                (first && (first_month != 1 || last_month != MONTHS)))
                return ERR_INVALID;
        /* What is delivered by the year may have begun before it. */
        span = (struct span){INT32_MIN, INT32_MAX};
        if (first_month > 1)
                span.first = days_from_civil((struct civil){w->wish.year, (int)first_month, 1});
        if (last_month < MONTHS)
                span.last =
                        days_from_civil((struct civil){w->wish.year, (int)last_month + 1, 1}) - 1;
        put_header(out, d, &s);
        *rows = write_rows(w, d, municipality, &span, &s, out);
        return buf_end(out, &ignored);
}

enum err world_write(struct world *w, enum generate_dataset d, uint32_t municipality,
        struct buf *out, uint64_t *rows)
{
        return world_write_months(w, d, municipality, 1, MONTHS, out, rows);
}
