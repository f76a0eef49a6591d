/* SPDX-License-Identifier: Apache-2.0 */
/* validate.c: every row of a batch against the schema, a column at a time.
 *
 * A million records a second leave no room for a function call a value. Codes
 * are judged once per dictionary entry and period; numbers and dates by scans
 * that ask 64 rows at once whether anything is wrong (scan.h). Only a block where
 * something is gets looked at by row.
 *
 * A fault of the whole batch means that the sender's program is wrong, and refuses
 * it; a fault of a row means that the row is wrong, and rejects it alone. Neither
 * says which value it was. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "policies/load.h"
#include "policies/scan.h"
#include "policies/suggest.h"

static const struct {
        const char *name, *sentence;
} rules[VALIDATE_RULE_COUNT] = {[VALIDATE_OK] = {"OK", "the row is as it should be"},
#define RULE_TEXT(name, sentence) [VALIDATE_##name] = {#name, sentence},
        VALIDATE_RULES(RULE_TEXT)
#undef RULE_TEXT
};

const char *validate_rule_name(enum validate_rule rule)
{
        return rules[(unsigned)rule < VALIDATE_RULE_COUNT ? rule : VALIDATE_OK].name;
}

const char *validate_rule_sentence(enum validate_rule rule)
{
        return rules[(unsigned)rule < VALIDATE_RULE_COUNT ? rule : VALIDATE_OK].sentence;
}

/* Rejections --------------------------------------------------------------- */

/* Always leaves room for one reason for every row that still stands. */
void validation_reject(struct validation *v, uint32_t row, enum rejection_place place,
        const struct column *column, enum validate_rule rule)
{
        struct verdicts *out = v->verdicts;
        bool second = out->accepted[row] == 0;

        if (second && out->rejections_len + out->accepted_len >= out->rejections_cap)
                return;
        verdicts_reject(
                out, (struct rejection){
                             .row = row,
                             .place = place,
                             .column = column != NULL ? (uint32_t)(column - v->batch->columns) : 0,
                             .rule = rules[rule].name,
                             .sentence = rules[rule].sentence,
                     });
}

/* Room for more than one reason a row, as far as an acknowledgement tells them. */
static enum err make_room(struct arena *arena, uint32_t rows, struct verdicts *out)
{
        TRY(verdicts_new(arena, rows, out));
        out->rejections_cap = rows + REJECTIONS_MAX;
        out->rejections = arena_alloc_raw(arena, out->rejections_cap, sizeof *out->rejections);
        return out->rejections == NULL ? ERR_NO_MEMORY : ERR_OK;
}

/* Found column by column, told row by row: a counting sort keeps the order of
 * columns within a row. */
static enum err sort_rejections(struct arena *arena, struct verdicts *v)
{
        uint32_t *start;
        struct rejection *sorted;

        if (v->rejections_len < 2)
                return ERR_OK;
        start = arena_alloc(arena, (size_t)v->rows + 1, sizeof *start);
        sorted = arena_alloc_raw(arena, v->rejections_cap, sizeof *sorted);
        if (start == NULL || sorted == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < v->rejections_len; i++)
                start[v->rejections[i].row + 1]++;
        for (uint32_t row = 0; row < v->rows; row++)
                start[row + 1] += start[row];
        for (uint32_t i = 0; i < v->rejections_len; i++)
                sorted[start[v->rejections[i].row]++] = v->rejections[i];
        v->rejections = sorted;
        return ERR_OK;
}

/* One rule at one column: what most scans end in. */
struct at_column {
        struct validation *v;
        const struct column *column;
        const struct variable *variable;
        const uint8_t *code_rules; /* by dictionary index */
        const struct column *other;
        enum rejection_place place;
        enum validate_rule rule;
};

static void hit_rule(void *ctx, uint32_t row)
{
        const struct at_column *at = ctx;

        validation_reject(at->v, row, at->place, at->column, at->rule);
}

/* Codes -------------------------------------------------------------------- */

static enum validate_rule judge_code(
        const struct code_list *list, struct bytes text, struct period period)
{
        int32_t at = code_find(list, text);

        if (at < 0)
                return VALIDATE_UNKNOWN_CODE;

        const struct code *code = &list->levels[0].codes[at];

        if (code->valid_until < period.first || code->valid_from > period.last)
                return VALIDATE_CODE_NOT_VALID;
        return VALIDATE_OK;
}

static void hit_code(void *ctx, uint32_t row)
{
        const struct at_column *at = ctx;
        const struct column *c = at->column;
        uint32_t index = c->values[(size_t)row * c->width];

        if (c->width == 2)
                index |= (uint32_t)c->values[(size_t)row * 2 + 1] << 8;
        validation_reject(at->v, row, REJECTION_VALUE, c,
                index < c->dictionary_len ? (enum validate_rule)at->code_rules[index]
                                          : VALIDATE_UNKNOWN_CODE);
}

static enum err check_codes(
        struct validation *v, const struct column *c, const struct variable *var)
{
        uint8_t *verdicts = arena_alloc(v->arena, c->dictionary_len, sizeof *verdicts);
        struct at_column at = {.v = v, .column = c, .code_rules = verdicts};
        bool any_bad = false;

        if (verdicts == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < c->dictionary_len; i++) {
                verdicts[i] = (uint8_t)judge_code(var->codes, c->dictionary[i], v->period);
                any_bad |= verdicts[i] != VALIDATE_OK;
        }

        struct scan s = {.values = c->values,
                .missing = c->missing,
                .codes_len = c->dictionary_len,
                .bad_codes = any_bad ? verdicts : NULL};

        scan_run(&s, v->batch->rows, c->width == 1 ? scan_codes8 : scan_codes16, hit_code, &at);
        return ERR_OK;
}

/* Numbers and dates -------------------------------------------------------- */

/* Out of the schema's range, or only out of the period? */
static void hit_range(void *ctx, uint32_t row)
{
        const struct at_column *at = ctx;
        const struct column *c = at->column;
        int64_t value =
                c->kind == COLUMN_I32 ? scan_i32_at(c->values, row) : scan_i64_at(c->values, row);
        bool outside = value < at->variable->min || value > at->variable->max;

        validation_reject(at->v, row, REJECTION_VALUE, c,
                outside ? VALIDATE_OUT_OF_RANGE : VALIDATE_OUTSIDE_PERIOD);
}

static void check_range(struct validation *v, const struct column *c, const struct variable *var)
{
        struct scan s = {
                .values = c->values, .missing = c->missing, .low = var->min, .high = var->max};
        struct at_column at = {.v = v, .column = c, .variable = var, .place = REJECTION_VALUE};

        if (var->within_period && v->period.first > s.low)
                s.low = v->period.first;
        if (var->within_period && v->period.last < s.high)
                s.high = v->period.last;
        scan_run(&s, v->batch->rows, c->kind == COLUMN_I32 ? scan_i32 : scan_i64, hit_range, &at);
        if (var->month_starts == NULL)
                return;
        s.low = var->min;
        s.high = var->max;
        s.bits = var->month_starts;
        at.rule = VALIDATE_NOT_MONTH_START;
        scan_run(&s, v->batch->rows, scan_bits, hit_rule, &at);
}

static void check_booleans(struct validation *v, const struct column *c)
{
        struct scan s = {.values = c->values, .missing = c->missing, .low = 0, .high = 1};
        struct at_column at = {
                .v = v, .column = c, .place = REJECTION_VALUE, .rule = VALIDATE_OUT_OF_RANGE};

        scan_run(&s, v->batch->rows, scan_bytes, hit_rule, &at);
}

/* Between columns ---------------------------------------------------------- */

static void check_date_orders(struct validation *v)
{
        for (uint32_t i = 0; i < v->dataset->date_orders_len; i++) {
                const struct date_order *o = &v->dataset->date_orders[i];
                const struct column *first = v->columns[o->first], *then = v->columns[o->second];

                if (first == NULL || then == NULL)
                        continue;

                struct scan s = {.values = then->values,
                        .before = first->values,
                        .missing = then->missing,
                        .before_missing = first->missing};
                struct at_column at = {.v = v,
                        .column = then,
                        .place = REJECTION_VALUE,
                        .rule = VALIDATE_DATE_ORDER};

                scan_run(&s, v->batch->rows, scan_after, hit_rule, &at);
        }
}

static void hit_age(void *ctx, uint32_t row)
{
        const struct at_column *at = ctx;
        int32_t age =
                age_at(scan_i32_at(at->other->values, row), scan_i32_at(at->column->values, row));

        if (age < at->variable->min || age > at->variable->max)
                hit_rule(ctx, row);
}

/* A span of days surely gives an age in range when it is at least `min` years of
 * 366 days and less than `max` + 1 years of 365. Others are computed. */
static void check_ages(struct validation *v)
{
        const struct policy_dataset *d = v->dataset;

        for (uint32_t i = 0; i < d->variables_len; i++) {
                const struct variable *var = &d->variables[i];

                if (var->type != VARIABLE_AGE || v->columns[var->age_birth] == NULL ||
                        v->columns[var->age_at] == NULL)
                        continue;

                const struct column *birth = v->columns[var->age_birth];
                const struct column *then = v->columns[var->age_at];
                struct scan s = {.values = then->values,
                        .before = birth->values,
                        .missing = then->missing,
                        .before_missing = birth->missing,
                        .low = var->min * 366,
                        .high = (var->max + 1) * 365 - 1};
                struct at_column at = {.v = v,
                        .column = then,
                        .other = birth,
                        .variable = var,
                        .place = REJECTION_VALUE,
                        .rule = VALIDATE_AGE_OUT_OF_RANGE};

                /* A narrow range has no sure ages: look at every row. */
                if (s.low > s.high)
                        s.high = s.low;
                scan_run(&s, v->batch->rows, scan_span, hit_age, &at);
        }
}

/* Columns ------------------------------------------------------------------ */

static bool kind_fits(const struct variable *var, const struct column *c)
{
        switch (var->type) {
        case VARIABLE_CODE:
                return c->kind == COLUMN_CODES && (c->width == 1 || c->width == 2);
        case VARIABLE_DATE:
                return c->kind == COLUMN_I32;
        case VARIABLE_INTEGER:
        case VARIABLE_DECIMAL:
                return c->kind == COLUMN_I32 || c->kind == COLUMN_I64;
        case VARIABLE_BOOLEAN:
                return c->kind == COLUMN_BOOLEANS;
        case VARIABLE_AGE:
        case VARIABLE_NONE:
        case VARIABLE_TYPE_COUNT:
                return false;
        }
        return false;
}

static enum err unknown_column(
        const struct policy_dataset *d, const char *field, struct bytes name, struct refusal *why)
{
        struct bytes known[VARIABLES_MAX];
        char near[SUGGEST_MAX];

        for (uint32_t i = 0; i < d->variables_len; i++)
                known[i] = d->variables[i].id;
        suggest_text(name, known, d->variables_len, near);
        return refuse(why, ERR_UNKNOWN_NAME, field, "the data set has no such variable%s", near);
}

/* Which variable each column is; every fault is told. */
static enum err match_columns(struct validation *v, struct refusal *why)
{
        const struct policy_dataset *d = v->dataset;
        enum err rc = ERR_OK, e;

        v->columns = arena_alloc(v->arena, d->variables_len, sizeof *v->columns);
        if (v->columns == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < v->batch->columns_len; i++) {
                const struct column *c = &v->batch->columns[i];
                int32_t at = variable_find(d, c->name);
                char field[VIOLATION_FIELD_MAX];

                (void)snprintf(field, sizeof field, "batch.columns[%u]", i);
                e = ERR_OK;
                if (at < 0)
                        e = unknown_column(d, field, c->name, why);
                else if (!variable_is_column(&d->variables[at]))
                        e = refuse(why, ERR_INVALID, field, "this variable is not delivered");
                else if (v->columns[at] != NULL)
                        e = refuse(why, ERR_INVALID, field, "the variable stands twice");
                else if (!kind_fits(&d->variables[at], c))
                        e = refuse(why, ERR_INVALID, field,
                                "this kind of column does not carry a variable of type %s",
                                variable_type_name(d->variables[at].type));
                else
                        v->columns[at] = c;
                rc = rc == ERR_OK ? e : rc;
        }
        for (uint32_t i = 0; i < d->variables_len && rc == ERR_OK; i++) {
                const struct variable *var = &d->variables[i];

                if (var->required && variable_is_column(var) && v->columns[i] == NULL)
                        rc = refuse(why, ERR_INVALID, "batch.columns",
                                "the required variable `%.*s` has no column", (int)var->id.len,
                                (const char *)var->id.data);
        }
        return rc;
}

static enum err check_column(struct validation *v, uint32_t index)
{
        const struct variable *var = &v->dataset->variables[index];
        const struct column *c = v->columns[index];
        struct at_column at = {
                .v = v, .column = c, .place = REJECTION_VALUE, .rule = VALIDATE_MISSING_VALUE};

        if (c == NULL)
                return ERR_OK;
        if (var->required)
                scan_missing(c->missing, v->batch->rows, hit_rule, &at);
        switch (c->kind) {
        case COLUMN_CODES:
                return check_codes(v, c, var);
        case COLUMN_I32:
        case COLUMN_I64:
                check_range(v, c, var);
                return ERR_OK;
        case COLUMN_BOOLEANS:
                check_booleans(v, c);
                return ERR_OK;
        case COLUMN_NONE:
        case COLUMN_KIND_COUNT:
                break;
        }
        return ERR_INTERNAL;
}

/* Persons ------------------------------------------------------------------ */

static enum err check_batch_persons(
        const struct policy_dataset *d, const struct batch *b, struct refusal *why)
{
        const struct rules_dataset *r = d->rules;
        bool clear = b->persons.ids != NULL;

        if (!clear && !b->sealed && r->person == PERSON_USE_REQUIRED)
                return refuse(why, ERR_INVALID, "batch.persons",
                        "every record of this data set has a person");
        if (clear && b->persons.kinds == NULL)
                return refuse(why, ERR_MALFORMED, "batch.clear.kinds", "every id has a kind");
        if (b->sealed && r->person == PERSON_USE_NONE)
                return refuse(why, ERR_INVALID, "batch.sealed",
                        "records of this data set have no person");
        return ERR_OK;
}

enum err validate_form(const struct policy_dataset *d, const struct batch *b, struct refusal *why)
{
        const struct rules_dataset *r = d->rules;
        bool clear = b->persons.ids != NULL || b->guardians.persons.ids != NULL;

        if (clear && !b->sealed && r->person != PERSON_USE_NONE && !r->clear_persons)
                return refuse(why, ERR_BOX_NEEDED, "batch.clear",
                        "fetch the keeper's keys (GetKeeperKeys), seal persons to the first and "
                        "send `sealed`; `statgate submit` does");
        return ERR_OK;
}

static void hit_person(void *ctx, uint32_t row)
{
        const struct at_column *at = ctx;
        const struct rules_dataset *r = at->v->dataset->rules;
        uint8_t kind = at->v->batch->persons.kinds[row];
        enum validate_rule rule = VALIDATE_KIND_NOT_ACCEPTED;

        if (r->person == PERSON_USE_NONE)
                rule = VALIDATE_PERSON_NOT_EXPECTED;
        else if (kind == PERSON_NONE)
                rule = VALIDATE_MISSING_PERSON;
        validation_reject(at->v, row, REJECTION_PERSON, NULL, rule);
}

/* Kinds are small numbers in a row: none, national, local. */
static void check_persons(struct validation *v)
{
        const struct rules_dataset *r = v->dataset->rules;
        struct scan s = {.values = v->batch->persons.kinds};
        struct at_column at = {.v = v};

        if (v->batch->persons.kinds == NULL || v->batch->sealed)
                return;
        s.low = r->person == PERSON_USE_REQUIRED ? PERSON_NATIONAL : PERSON_NONE;
        s.high = r->person == PERSON_USE_NONE ? PERSON_NONE
                 : r->local_ids               ? PERSON_LOCAL
                                              : PERSON_NATIONAL;
        scan_run(&s, v->batch->rows, scan_bytes, hit_person, &at);
}

static enum err check_offsets(const struct batch *b, struct refusal *why)
{
        const uint32_t *at = b->guardians.offsets;
        uint32_t backwards;

        if (b->guardians.len == 0 || at == NULL)
                return ERR_OK;
        backwards = at[0] != 0 || at[b->rows] != b->guardians.len;
        for (uint32_t row = 0; row < b->rows; row++)
                backwards |= at[row + 1] < at[row];
        return backwards ? refuse(why, ERR_MALFORMED, "batch.guardians",
                                   "the counts do not add up to the number of guardians")
                         : ERR_OK;
}

static void check_guardian(struct validation *v, uint32_t row, uint8_t kind)
{
        if (kind == PERSON_NONE)
                validation_reject(v, row, REJECTION_GUARDIAN, NULL, VALIDATE_MISSING_PERSON);
        else if (kind != PERSON_NATIONAL && (kind != PERSON_LOCAL || !v->dataset->rules->local_ids))
                validation_reject(v, row, REJECTION_GUARDIAN, NULL, VALIDATE_KIND_NOT_ACCEPTED);
}

static void check_guardians(struct validation *v)
{
        const struct guardian_column *g = &v->batch->guardians;

        if (g->len == 0 || g->offsets == NULL)
                return;
        for (uint32_t row = 0; row < v->batch->rows; row++) {
                uint32_t from = g->offsets[row], until = g->offsets[row + 1];

                if (from == until)
                        continue;
                if (!v->dataset->rules->guardians) {
                        validation_reject(
                                v, row, REJECTION_GUARDIAN, NULL, VALIDATE_GUARDIANS_NOT_EXPECTED);
                        continue;
                }
                if (until - from > GUARDIANS_MAX)
                        validation_reject(
                                v, row, REJECTION_GUARDIAN, NULL, VALIDATE_TOO_MANY_GUARDIANS);
                for (uint32_t i = from; g->persons.kinds != NULL && i < until; i++)
                        check_guardian(v, row, g->persons.kinds[i]);
        }
}

/* All ----------------------------------------------------------------------- */

static enum err check_batch_shape(const struct batch *b, struct refusal *why)
{
        if (b->rows == 0 || b->rows > BATCH_ROWS_MAX)
                return refuse(
                        why, ERR_INVALID, "batch.rows", "a batch has 1 to %d rows", BATCH_ROWS_MAX);
        if (b->columns_len > BATCH_COLUMNS_MAX)
                return refuse(why, ERR_INVALID, "batch.columns", "more than %d columns",
                        BATCH_COLUMNS_MAX);
        if (b->record_keys == NULL || b->record_key_width == 0 ||
                b->record_key_width > RECORD_KEY_MAX_LEN)
                return refuse(why, ERR_INVALID, "batch.record_keys",
                        "every row has a record key of at most %d bytes", RECORD_KEY_MAX_LEN);
        return ERR_OK;
}

enum err validate_batch(const struct policy_dataset *d, struct period period, const struct batch *b,
        struct arena *arena, struct verdicts *out, struct refusal *why)
{
        struct verdicts verdicts;
        struct validation v = {
                .dataset = d, .period = period, .batch = b, .arena = arena, .verdicts = &verdicts};

        TRY(check_batch_shape(b, why));
        TRY(check_batch_persons(d, b, why));
        TRY(check_offsets(b, why));
        TRY(match_columns(&v, why));
        TRY(make_room(arena, b->rows, &verdicts));
        check_persons(&v);
        check_guardians(&v);
        TRY(validate_record_keys(&v));
        for (uint32_t i = 0; i < d->variables_len; i++)
                TRY(check_column(&v, i));
        check_date_orders(&v);
        check_ages(&v);
        TRY(sort_rejections(arena, &verdicts));
        *out = verdicts;
        return ERR_OK;
}
