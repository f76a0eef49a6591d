/* SPDX-License-Identifier: Apache-2.0 */
/* question.c: options to a query. Messages never repeat what was typed: a case
 * number or a personal number may have landed in the wrong place. */
#include "tools/cli/question.h"

#include <string.h>

#include "policies/query_yaml.h"

void question_init(struct question *out, struct arena *arena)
{
        *out = (struct question){.arena = arena};
        out->q.filters = out->filters;
        out->q.dimensions = out->dimensions;
        out->q.measures = out->measures;
}

static enum err said_already(struct refusal *why, const char *field)
{
        return refuse(why, ERR_INVALID, field, "stands in the question's file already");
}

static enum err name_once(
        struct bytes *into, struct bytes text, const char *field, struct refusal *why)
{
        if (into->len > 0)
                return said_already(why, field);
        *into = text;
        return ERR_OK;
}

/* The question's reference ------------------------------------------------ */

enum err question_dataset(struct question *q, struct bytes text, struct refusal *why)
{
        return name_once(&q->q.dataset, text, "dataset", why);
}

enum err question_purpose(struct question *q, struct bytes text, struct refusal *why)
{
        return name_once(&q->q.purpose, text, "purpose", why);
}

enum err question_linkage(struct question *q, struct bytes text, struct refusal *why)
{
        return name_once(&q->q.linkage, text, "linkage", why);
}

enum err question_period_date(struct question *q, struct bytes text, struct refusal *why)
{
        return name_once(&q->q.period_date, text, "period-date", why);
}

enum err question_vintage(struct question *q, struct bytes text, struct refusal *why)
{
        if (q->q.vintage.number != 0)
                return said_already(why, "vintage");
        return query_vintage_parse(text, &q->q.vintage, why);
}

enum err question_unit(struct question *q, struct bytes text, struct refusal *why)
{
        enum unit unit = unit_find(text);

        if (q->q.unit != UNIT_NONE)
                return said_already(why, "unit");
        if (unit == UNIT_NONE)
                return refuse(why, ERR_INVALID, "unit", "expected person, family or record");
        q->q.unit = unit;
        return ERR_OK;
}

enum err question_period(struct question *q, struct bytes text, struct refusal *why)
{
        if (q->q.has_period)
                return said_already(why, "period");
        TRY(query_period_parse(text, &q->q.period, why));
        q->q.has_period = true;
        return ERR_OK;
}

enum err question_municipality_rule(struct question *q, struct bytes text, struct refusal *why)
{
        if (q->q.municipality_rule != MUNICIPALITY_DELIVERING)
                return said_already(why, "municipality-rule");
        if (!municipality_rule_find(text, &q->q.municipality_rule))
                return refuse(why, ERR_INVALID, "municipality-rule",
                        "expected delivering, first or last");
        return ERR_OK;
}

enum err question_age_at(struct question *q, struct bytes text, struct refusal *why)
{
        if (q->q.has_age_at)
                return said_already(why, "age-at");
        TRY(query_day_parse(text, "age-at", &q->q.age_at, why));
        q->q.has_age_at = true;
        return ERR_OK;
}

enum err question_division_at(struct question *q, struct bytes text, struct refusal *why)
{
        if (q->q.has_division_at)
                return said_already(why, "division-at");
        TRY(query_day_parse(text, "division-at", &q->q.division_at, why));
        q->q.has_division_at = true;
        return ERR_OK;
}

/* Conditions -------------------------------------------------------------- */

static enum err add_filter(struct question *q, struct bytes text, struct filter *into,
        uint32_t *len, uint32_t most, const char *field, struct refusal *why)
{
        struct refusal slip = {0};
        enum err rc;

        if (*len == most)
                return refuse(why, ERR_INVALID, field, "at most %u conditions", most);
        rc = filter_parse(q->arena, text, &into[*len], &slip);
        if (rc != ERR_OK)
                return rc == ERR_NO_MEMORY
                               ? rc
                               : refuse(why, rc, field, "%s",
                                         slip.len > 0 ? slip.violations[0].text : err_sentence(rc));
        (*len)++;
        return ERR_OK;
}

enum err question_where(struct question *q, struct bytes text, struct refusal *why)
{
        return add_filter(q, text, q->filters, &q->q.filters_len, FILTERS_MAX, "where", why);
}

/* Whether a measure counts some of something; a ratio and a share also among what. */
static bool counts_some(enum measure_kind kind, bool has_base)
{
        return kind == MEASURE_SHARE || kind == MEASURE_RATIO ||
               (kind == MEASURE_RATE && !has_base);
}

static enum err add_condition(
        struct question *q, struct bytes text, bool is_base, struct refusal *why)
{
        const char *field = is_base ? "base" : "having";
        struct filter *into = is_base ? q->base : q->having;
        uint32_t len = 0;
        bool any = false;

        for (uint32_t i = 0; i < q->q.measures_len && q->measures_by_option; i++)
                if (counts_some(q->measures[i].kind, is_base)) {
                        len = is_base ? q->measures[i].base_len : q->measures[i].filters_len;
                        any = true;
                }
        if (!any)
                return refuse(why, ERR_INVALID, field, "belongs to --measure %s",
                        is_base ? "share or ratio" : "share, ratio or rate");
        TRY(add_filter(q, text, into, &len, DERIVED_FILTERS_MAX, field, why));
        for (uint32_t i = 0; i < q->q.measures_len; i++) {
                struct measure_ref *m = &q->measures[i];

                if (!counts_some(m->kind, is_base))
                        continue;
                *(is_base ? &m->base : &m->filters) = into;
                *(is_base ? &m->base_len : &m->filters_len) = len;
        }
        return ERR_OK;
}

enum err question_having(struct question *q, struct bytes text, struct refusal *why)
{
        return add_condition(q, text, false, why);
}

enum err question_base(struct question *q, struct bytes text, struct refusal *why)
{
        return add_condition(q, text, true, why);
}

/* Lists ------------------------------------------------------------------- */

/* The next piece of a list with commas; false at the end. */
static bool next_piece(struct bytes *left, struct bytes *out)
{
        if (left->data == NULL)
                return false;

        const uint8_t *comma = left->len > 0 ? memchr(left->data, ',', left->len) : NULL;
        size_t len = comma != NULL ? (size_t)(comma - left->data) : left->len;

        *out = bytes_of(left->data, len);
        *left = comma != NULL ? bytes_of(comma + 1, left->len - len - 1) : (struct bytes){NULL, 0};
        while (out->len > 0 && out->data[0] == ' ')
                *out = bytes_of(out->data + 1, out->len - 1);
        while (out->len > 0 && out->data[out->len - 1] == ' ')
                out->len--;
        return true;
}

enum err question_by(struct question *q, struct bytes text, struct refusal *why)
{
        struct bytes piece;

        if (q->q.dimensions_len > 0)
                return said_already(why, "by");
        while (next_piece(&text, &piece)) {
                if (q->q.dimensions_len == DIMENSIONS_MAX)
                        return refuse(
                                why, ERR_INVALID, "by", "at most %d dimensions", DIMENSIONS_MAX);
                TRY(query_dimension_parse(piece, &q->dimensions[q->q.dimensions_len], why));
                q->q.dimensions_len++;
        }
        return ERR_OK;
}

enum err question_measure(struct question *q, struct bytes text, struct refusal *why)
{
        struct bytes piece;

        if (q->q.measures_len > 0)
                return said_already(why, "measure");
        while (next_piece(&text, &piece)) {
                if (q->q.measures_len == MEASURES_MAX)
                        return refuse(
                                why, ERR_INVALID, "measure", "at most %d measures", MEASURES_MAX);
                TRY(query_measure_parse(piece, &q->measures[q->q.measures_len], why));
                q->q.measures_len++;
        }
        q->measures_by_option = true;
        return ERR_OK;
}

/* Files ------------------------------------------------------------------- */

/* Room to add conditions; the reader has held the lists to their limits. */
static void take_file(struct question *q, const struct query *file)
{
        q->q = *file;
        q->q.filters = q->filters;
        q->q.dimensions = q->dimensions;
        q->q.measures = q->measures;
        for (uint32_t i = 0; i < file->filters_len; i++)
                q->filters[i] = file->filters[i];
        for (uint32_t i = 0; i < file->dimensions_len; i++)
                q->dimensions[i] = file->dimensions[i];
        for (uint32_t i = 0; i < file->measures_len; i++)
                q->measures[i] = file->measures[i];
}

enum err question_read_file(struct question *q, const char *path, struct refusal *why)
{
        struct query file;

        TRY(query_yaml_read_file(q->arena, path, &file, why));
        take_file(q, &file);
        return ERR_OK;
}

enum err question_read_text(
        struct question *q, const char *name, struct bytes text, struct refusal *why)
{
        struct query file;

        TRY(query_yaml_read_text(q->arena, name, text, &file, why));
        take_file(q, &file);
        return ERR_OK;
}
