/* SPDX-License-Identifier: Apache-2.0 */
/* filler.c: reads one row by the plan. This is the hot path of a delivery: no
 * allocation, one look at each field.
 *
 * A row is written where the next row of the parcel would stand; only when nothing
 * was wrong with it does it count. All faults of a row are told, not the first:
 * whoever mends a file wants to mend it once. What the schema says about values
 * (ranges, order of dates, codes no longer in use) is the gateway's to judge. */
#include <endian.h>
#include <string.h>

#include "base/clock.h"
#include "tools/cli/parcel_inside.h"

struct filling {
        struct filler *filler;
        struct parcel *parcel;
        const struct csv_row *row;
        uint32_t at;       /* row of the parcel */
        struct pnr person; /* zero when the row has none, or a local id */
        bool has_number;
        bool rejected;
};

static void reject(struct filling *f, uint32_t column, const char *rule)
{
        f->rejected = true;
        rejected_add(&f->filler->rejected, (struct rejected){f->row->number, column, rule, NULL});
}

/* Trimmed; empty where the file says in its own way that there is nothing. */
static struct bytes field(const struct filling *f, uint32_t i)
{
        const struct mapping *m = f->filler->plan->mapping;
        struct bytes text = value_trim(f->row->fields[i]);

        for (uint32_t n = 0; n < m->missing_len; n++)
                if (bytes_equal(m->missing[n], text))
                        return (struct bytes){NULL, 0};
        return text;
}

/* Ids that a municipality made up begin with a letter; anything else was meant to
 * be a number, and a mistyped number must not become a local id. */
static bool is_local_id(const struct intake_plan *plan, struct bytes text)
{
        if (!plan->dataset->rules->local_ids || text.len == 0 || text.len > PERSON_ID_LEN)
                return false;
        for (size_t i = 0; i < text.len; i++)
                if (text.data[i] <= ' ' || text.data[i] >= 0x7F)
                        return false;
        return (text.data[0] | 0x20) >= 'a' && (text.data[0] | 0x20) <= 'z';
}

static enum pnr_rule read_id(const struct intake_plan *plan, struct bytes text, uint8_t *id,
        uint8_t *kind, struct pnr *number)
{
        memset(id, 0, PERSON_ID_LEN);
        if (is_local_id(plan, text)) {
                memcpy(id, text.data, text.len);
                *kind = PERSON_LOCAL;
                return PNR_OK;
        }

        enum pnr_rule rule = pnr_parse(text, &plan->reading, number);

        if (rule == PNR_OK) {
                memcpy(id, number->digits, PERSON_ID_LEN);
                *kind = (uint8_t)number->person;
        }
        return rule;
}

static void fill_person(struct filling *f)
{
        const struct intake_plan *plan = f->filler->plan;
        struct parcel *p = f->parcel;
        uint8_t *id = p->ids + (size_t)f->at * PERSON_ID_LEN;

        p->kinds[f->at] = PERSON_NONE;
        if (plan->person == PLAN_NONE) {
                memset(id, 0, PERSON_ID_LEN);
                return;
        }

        struct bytes text = field(f, plan->person);

        if (text.len == 0) {
                memset(id, 0, PERSON_ID_LEN);
                if (plan->dataset->rules->person == PERSON_USE_REQUIRED)
                        reject(f, plan->person, "MISSING_PERSON");
                return;
        }

        enum pnr_rule rule = read_id(plan, text, id, &p->kinds[f->at], &f->person);

        if (rule != PNR_OK)
                reject(f, plan->person, pnr_rule_name(rule));
        f->has_number = rule == PNR_OK && p->kinds[f->at] == PERSON_NATIONAL;
}

static enum err fill_guardian(struct filling *f, uint32_t column, struct bytes text)
{
        struct parcel *p = f->parcel;
        struct pnr number;

        if (p->guardians - p->offsets[f->at] == GUARDIANS_MAX) {
                reject(f, column, "TOO_MANY_GUARDIANS");
                return ERR_OK;
        }
        TRY(parcel_guardian_room(p));

        uint8_t *id = p->guardian_ids + (size_t)p->guardians * PERSON_ID_LEN;
        enum pnr_rule rule =
                read_id(f->filler->plan, text, id, &p->guardian_kinds[p->guardians], &number);

        if (rule != PNR_OK)
                reject(f, column, pnr_rule_name(rule));
        else
                p->guardians++;
        return ERR_OK;
}

/* One column may hold several, with commas or bars between them. */
static enum err fill_guardians(struct filling *f)
{
        const struct intake_plan *plan = f->filler->plan;

        for (uint32_t i = 0; i < plan->guardians_len; i++) {
                struct bytes left = field(f, plan->guardians[i]);

                while (left.len > 0) {
                        size_t len = 0;

                        while (len < left.len && left.data[len] != ',' && left.data[len] != '|')
                                len++;

                        struct bytes one = value_trim(bytes_of(left.data, len));

                        if (one.len > 0)
                                TRY(fill_guardian(f, plan->guardians[i], one));
                        len += len < left.len;
                        left = bytes_of(left.data + len, left.len - len);
                }
        }
        f->parcel->offsets[f->at + 1] = f->parcel->guardians;
        return ERR_OK;
}

static void fill_key(struct filling *f)
{
        uint32_t column = f->filler->plan->record_key;
        struct bytes text = field(f, column);
        uint8_t *key = f->parcel->keys + (size_t)f->at * RECORD_KEY_MAX_LEN;

        if (text.len == 0) {
                reject(f, column, "EMPTY_RECORD_KEY");
                return;
        }
        if (text.len > RECORD_KEY_MAX_LEN) {
                reject(f, column, "RECORD_KEY_TOO_LONG");
                return;
        }
        if (!bytes_is_printable(text)) {
                reject(f, column, "RECORD_KEY_NOT_TEXT");
                return;
        }
        memset(key, 0, RECORD_KEY_MAX_LEN);
        memcpy(key, text.data, text.len);
        if (text.len > f->parcel->key_width)
                f->parcel->key_width = (uint32_t)text.len;
}

/* "0114", "114" and "Upplands Väsby" are all the delivering municipality. */
static void check_municipality(struct filling *f)
{
        const struct intake_plan *plan = f->filler->plan;
        struct bytes text;
        char code[5];

        if (plan->own_municipality == PLAN_NONE || plan->municipality == 0 ||
                plan->municipalities == NULL)
                return;
        text = field(f, plan->own_municipality);
        if (text.len == 0)
                return;

        int32_t found = code_map_find(plan->municipalities, text);

        municipality_format(plan->municipality, code);
        if (found < 0 ||
                !bytes_is_text(
                        code_map_list(plan->municipalities)->levels[0].codes[found].code, code))
                reject(f, plan->own_municipality, "FOREIGN_MUNICIPALITY");
}

static void set_missing(struct filling *f, struct parcel_column *c, uint32_t width)
{
        c->missing[f->at / 8] |= (uint8_t)(1u << f->at % 8);
        c->any_missing = true;
        memset(c->values + (size_t)f->at * width, 0, width);
}

static void put_code_index(
        struct filling *f, const struct plan_output *o, struct parcel_column *c, uint32_t code)
{
        uint16_t place = c->places[code];

        if (place == UINT16_MAX) {
                struct bytes text = o->variable->codes->levels[0].codes[code].code;

                place = (uint16_t)c->dictionary_len++;
                c->places[code] = place;
                c->dictionary[place] = text;
                f->parcel->dictionary_bytes += (uint32_t)text.len + 4;
        }
        place = htole16(place);
        memcpy(c->values + (size_t)f->at * 2, &place, 2);
}

static void put_number(
        struct filling *f, const struct plan_output *o, struct parcel_column *c, int64_t value)
{
        if (o->kind == COLUMN_I64) {
                uint64_t wide = htole64((uint64_t)value);

                memcpy(c->values + (size_t)f->at * 8, &wide, 8);
        } else if (value < INT32_MIN || value > INT32_MAX) {
                reject(f, o->field, "OUT_OF_RANGE");
        } else {
                uint32_t narrow = htole32((uint32_t)(int32_t)value);

                memcpy(c->values + (size_t)f->at * 4, &narrow, 4);
        }
}

static void fill_code(
        struct filling *f, const struct plan_output *o, struct parcel_column *c, struct bytes text)
{
        int32_t code = code_map_find(o->codes, text);

        if (code >= 0)
                put_code_index(f, o, c, (uint32_t)code);
        else
                reject(f, o->field, code == LOOKUP_AMBIGUOUS ? "AMBIGUOUS_CODE" : "UNKNOWN_CODE");
}

static void fill_date(
        struct filling *f, const struct plan_output *o, struct parcel_column *c, struct bytes text)
{
        enum date_format format = f->filler->plan->mapping->date_format;
        int32_t days;
        bool good = o->variable->source == SOURCE_BIRTH_MONTH ? value_month(text, format, &days)
                                                              : value_date(text, format, &days);

        if (good)
                put_number(f, o, c, days);
        else
                reject(f, o->field, "NOT_A_DATE");
}

static void fill_number(
        struct filling *f, const struct plan_output *o, struct parcel_column *c, struct bytes text)
{
        int64_t value = 0;

        switch (value_number(
                text, o->variable->decimals, f->filler->plan->mapping->decimal, &value)) {
        case NUMBER_OK:
                put_number(f, o, c, value);
                break;
        case NUMBER_SHAPE:
                reject(f, o->field, "NOT_A_NUMBER");
                break;
        case NUMBER_DECIMALS:
                reject(f, o->field, "TOO_MANY_DECIMALS");
                break;
        case NUMBER_SIZE:
                reject(f, o->field, "OUT_OF_RANGE");
                break;
        }
}

/* From the personal number; what it does not tell stays missing. */
static void fill_derived(struct filling *f, const struct plan_output *o, struct parcel_column *c)
{
        const struct intake_plan *plan = f->filler->plan;

        if (o->variable->source == SOURCE_SEX) {
                int32_t code = f->person.sex == PNR_SEX_WOMAN ? plan->woman
                               : f->person.sex == PNR_SEX_MAN ? plan->man
                                                              : LOOKUP_NONE;

                if (f->has_number && code >= 0)
                        put_code_index(f, o, c, (uint32_t)code);
                else
                        set_missing(f, c, o->width);
        } else if (f->has_number && f->person.birth_month > 0) {
                put_number(f, o, c,
                        days_from_civil(
                                (struct civil){f->person.birth_year, f->person.birth_month, 1}));
        } else {
                set_missing(f, c, o->width);
        }
}

static void fill_value(struct filling *f, const struct plan_output *o, struct parcel_column *c)
{
        if (o->field == PLAN_DERIVED) {
                fill_derived(f, o, c);
                return;
        }

        struct bytes text = field(f, o->field);
        bool yes = false;

        if (text.len == 0) {
                /* An empty sex column is filled in like an absent one. */
                if (o->variable->source == SOURCE_SEX || o->variable->source == SOURCE_BIRTH_MONTH)
                        fill_derived(f, o, c);
                else
                        set_missing(f, c, o->width);
                return;
        }
        switch (o->kind) {
        case COLUMN_CODES:
                fill_code(f, o, c, text);
                break;
        case COLUMN_I32:
        case COLUMN_I64:
                if (o->variable->type == VARIABLE_DATE)
                        fill_date(f, o, c, text);
                else
                        fill_number(f, o, c, text);
                break;
        case COLUMN_BOOLEANS:
                if (value_boolean(text, &yes))
                        c->values[f->at] = yes;
                else
                        reject(f, o->field, "NOT_YES_OR_NO");
                break;
        case COLUMN_NONE:
        case COLUMN_KIND_COUNT:
                break;
        }
}

/* A line may end with a delimiter too many; anything else does not fit. */
static bool fits(const struct intake_plan *plan, const struct csv_row *row)
{
        if (row->fields_len == plan->columns_len)
                return true;
        return row->fields_len == plan->columns_len + 1 && row->fields[plan->columns_len].len == 0;
}

static void take_back(struct filling *f)
{
        struct parcel *p = f->parcel;

        p->guardians = p->offsets[f->at];
        for (uint32_t i = 0; i < p->plan->outputs_len; i++)
                p->columns[i].missing[f->at / 8] &= (uint8_t) ~(1u << f->at % 8);
        f->filler->rows_rejected++;
}

static enum err fill_row(struct filling *f)
{
        const struct intake_plan *plan = f->filler->plan;

        fill_person(f);
        TRY(fill_guardians(f));
        fill_key(f);
        check_municipality(f);
        for (uint32_t i = 0; i < plan->outputs_len; i++)
                fill_value(f, &plan->outputs[i], &f->parcel->columns[i]);
        return ERR_OK;
}

enum err filler_row(struct filler *filler, struct parcel *p, const struct csv_row *row)
{
        struct filling f = {.filler = filler, .parcel = p, .row = row, .at = p->rows};

        if (row->fault != CSV_WHOLE)
                reject(&f, PLAN_NONE, csv_fault_name(row->fault));
        else if (!fits(filler->plan, row))
                reject(&f, PLAN_NONE, "FIELDS");
        else
                TRY(fill_row(&f));
        if (f.rejected) {
                take_back(&f);
        } else {
                p->file_rows[f.at] = row->number;
                p->rows++;
                filler->rows_taken++;
        }
        return filler->rejected.failed ? ERR_NO_MEMORY : ERR_OK;
}
