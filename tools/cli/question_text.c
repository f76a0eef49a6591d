/* SPDX-License-Identifier: Apache-2.0 */
/* question_text.c: a query written down.
 *
 * Two languages in one: a condition quotes its values as filter_parse reads them, and
 * stands in YAML's double quotes, whose escapes are those of a C string. Names need no
 * quotes in either. Reading back what is written gives the same query (test_question). */
#include "tools/cli/question_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

static void put(FILE *to, struct bytes text)
{
        if (text.len > 0)
                (void)fwrite(text.data, 1, text.len, to);
}

const char *text_of_day(int32_t day, char out[DAY_TEXT])
{
        days_format(day, out);
        return out;
}

const char *text_of_period(struct period p, char out[PERIOD_TEXT])
{
        period_format(p, out);
        return out;
}

/* Conditions -------------------------------------------------------------- */

static bool is_plain(struct bytes value)
{
        for (size_t i = 0; i < value.len; i++)
                if (strchr(" ,\"", value.data[i]) != NULL)
                        return false;
        return value.len > 0 && strchr("=<>!", value.data[0]) == NULL;
}

static void put_value(FILE *to, struct bytes value)
{
        if (is_plain(value)) {
                put(to, value);
                return;
        }
        (void)fputc('"', to);
        for (size_t i = 0; i < value.len; i++)
                (void)fprintf(to, value.data[i] == '"' ? "\"\"" : "%c", value.data[i]);
        (void)fputc('"', to);
}

void filter_print(FILE *to, const struct filter *f)
{
        put(to, f->variable);
        (void)fputs(f->level.len > 0 ? ":" : "", to);
        put(to, f->level);
        (void)fprintf(to, " %s ", filter_op_text(f->op));
        for (uint32_t v = 0; v < f->values_len; v++) {
                (void)fputs(v > 0 ? "," : "", to);
                put_value(to, f->values[v]);
        }
}

/* YAML -------------------------------------------------------------------- */

static void put_quoted(FILE *to, struct bytes text)
{
        (void)fputc('"', to);
        for (size_t i = 0; i < text.len; i++)
                (void)fprintf(to, text.data[i] == '"' || text.data[i] == '\\' ? "\\%c" : "%c",
                        text.data[i]);
        (void)fputc('"', to);
}

static void put_filter(FILE *to, const struct filter *f)
{
        char *text = NULL;
        size_t len = 0;
        FILE *inner = open_memstream(&text, &len);

        if (inner == NULL)
                return;
        filter_print(inner, f);
        if (fclose(inner) == 0)
                put_quoted(to, bytes_of(text, len));
        free(text);
}

static void put_filters(FILE *to, const char *key, const struct filter *filters, uint32_t len)
{
        if (len == 0)
                return;
        (void)fprintf(to, ", %s: [", key);
        for (uint32_t i = 0; i < len; i++) {
                (void)fputs(i > 0 ? ", " : "", to);
                put_filter(to, &filters[i]);
        }
        (void)fputc(']', to);
}

static void put_name(FILE *to, const char *key, struct bytes name)
{
        if (name.len == 0)
                return;
        (void)fprintf(to, ", %s: ", key);
        put(to, name);
}

static void put_window(FILE *to, const struct window *w)
{
        char from[DAY_TEXT], until[DAY_TEXT];

        switch (w->kind) {
        case WINDOW_NONE:
                return;
        case WINDOW_PERIOD:
                (void)fputs(", window: period", to);
                return;
        case WINDOW_FIXED:
                (void)fprintf(to, ", window: {from: %s, until: %s}", text_of_day(w->from, from),
                        text_of_day(w->until, until));
                return;
        case WINDOW_RELATIVE:
                (void)fputs(", window: {", to);
                if (w->anchor.len > 0) {
                        (void)fputs("anchor: ", to);
                        put(to, w->anchor);
                        (void)fputs(", ", to);
                }
                (void)fprintf(to, "from: %d, until: %d}", w->from, w->until);
                return;
        }
}

static void put_bands(FILE *to, const struct derived *d)
{
        if (d->bands_len == 0)
                return;
        (void)fputs(", bands: [", to);
        for (uint32_t i = 0; i < d->bands_len; i++) {
                const struct derived_band *b = &d->bands[i];

                (void)fputs(i > 0 ? ", {code: " : "{code: ", to);
                put_quoted(to, b->code);
                put_name(to, "from", b->low);
                put_name(to, "to", b->high);
                (void)fputc('}', to);
        }
        (void)fputc(']', to);
}

void derived_print(FILE *to, const struct derived *d)
{
        static const char *const in[] = {NULL, "any", "same", "other"};

        (void)fputs("{name: ", to);
        put(to, d->name);
        (void)fprintf(to, ", kind: %s", derived_kind_name(d->kind));
        put_name(to, "dataset", d->dataset);
        put_name(to, "date", d->date);
        put_name(to, "variable", d->variable);
        put_name(to, "level", d->level);
        put_name(to, "from", d->from);
        put_name(to, "to", d->to);
        put_filters(to, "filters", d->filters, d->filters_len);
        put_window(to, &d->window);
        if (d->same != SAME_NONE)
                (void)fprintf(to, ", same: %s", d->same == SAME_FAMILY ? "family" : "person");
        if (d->in != IN_NONE && (unsigned)d->in < ARRAY_LEN(in))
                (void)fprintf(to, ", in: %s", in[d->in]);
        if (d->include_base)
                (void)fputs(", include_base: yes", to);
        put_bands(to, d);
        (void)fputc('}', to);
}

void measure_print(FILE *to, const struct measure_ref *m)
{
        (void)fprintf(to, "{kind: %s", measure_kind_name(m->kind));
        put_name(to, "name", m->name);
        put_name(to, "variable", m->variable);
        put_name(to, "banding", m->banding);
        put_name(to, "per", m->per);
        put_filters(to, "filters", m->filters, m->filters_len);
        put_filters(to, "base", m->base, m->base_len);
        if (m->scale > 0)
                (void)fprintf(to, ", scale: %u", m->scale);
        (void)fputc('}', to);
}

/* The whole --------------------------------------------------------------- */

static void line(FILE *to, int indent, const char *key, struct bytes name)
{
        if (name.len == 0)
                return;
        (void)fprintf(to, "%*s%s: ", indent, "", key);
        put(to, name);
        (void)fputc('\n', to);
}

static void text_line(FILE *to, int indent, const char *key, const char *text)
{
        line(to, indent, key, bytes_of_text(text));
}

static void scope_lines(FILE *to, const struct query *q, int indent)
{
        char text[PERIOD_TEXT];

        line(to, indent, "linkage", q->linkage);
        if (q->unit != UNIT_NONE)
                text_line(to, indent, "unit", unit_name(q->unit));
        if (q->has_period)
                (void)fprintf(
                        to, "%*speriod: \"%s\"\n", indent, "", text_of_period(q->period, text));
        line(to, indent, "period_date", q->period_date);
        if (q->municipality_rule != MUNICIPALITY_DELIVERING)
                text_line(to, indent, "municipality_rule",
                        municipality_rule_name(q->municipality_rule));
        if (q->has_age_at)
                text_line(to, indent, "age_at", text_of_day(q->age_at, text));
        if (q->has_division_at)
                text_line(to, indent, "division_at", text_of_day(q->division_at, text));
}

static void item(FILE *to, int indent, const char *key, uint32_t i)
{
        if (i == 0)
                (void)fprintf(to, "%*s%s:\n", indent, "", key);
        (void)fprintf(to, "%*s- ", indent + 2, "");
}

static void list_lines(FILE *to, const struct query *q, int indent)
{
        for (uint32_t i = 0; i < q->derived_len; i++) {
                item(to, indent, "derived", i);
                derived_print(to, &q->derived[i]);
                (void)fputc('\n', to);
        }
        for (uint32_t i = 0; i < q->filters_len; i++) {
                item(to, indent, "filters", i);
                put_filter(to, &q->filters[i]);
                (void)fputc('\n', to);
        }
        for (uint32_t i = 0; i < q->dimensions_len; i++) {
                item(to, indent, "dimensions", i);
                put(to, q->dimensions[i].variable);
                (void)fputs(q->dimensions[i].level.len > 0 ? ":" : "", to);
                put(to, q->dimensions[i].level);
                (void)fputc('\n', to);
        }
        for (uint32_t i = 0; i < q->measures_len; i++) {
                item(to, indent, "measures", i);
                measure_print(to, &q->measures[i]);
                (void)fputc('\n', to);
        }
}

void question_print(FILE *to, const struct query *q, int indent)
{
        line(to, indent, "dataset", q->dataset);
        line(to, indent, "purpose", q->purpose);
        if (q->vintage.number > 0)
                (void)fprintf(to, "%*svintage: %u.%u\n", indent, "", q->vintage.number,
                        q->vintage.revision);
        if (q->indicator.len > 0) {
                (void)fprintf(to, "%*sindicator: {id: ", indent, "");
                put(to, q->indicator);
                if (q->indicator_version > 0)
                        (void)fprintf(to, ", version: %u", q->indicator_version);
                (void)fputs("}\n", to);
        }
        scope_lines(to, q, indent);
        list_lines(to, q, indent);
}
