/* SPDX-License-Identifier: Apache-2.0 */
/* render_csv.c: one line per cell, for spreadsheets, R and Python. Numbers are ours and
 * stay as they are; texts go through csv_field. */
#include "tools/cli/csv_field.h"
#include "tools/cli/render_parts.h"

struct sheet {
        const struct cli *cli;
        const struct wire_release *r;
        const struct table *t;
        FILE *out;
        char separator, point;
        bool held; /* some values stand still */
};

static void put_field(const struct sheet *s, struct bytes text)
{
        csv_field_put(s->out, s->separator, text);
}

static void put_name(const struct sheet *s, const char *name, const char *suffix)
{
        char whole[NAME_TEXT + 8];

        (void)snprintf(whole, sizeof whole, "%s%s", name, suffix);
        put_field(s, bytes_of_text(whole));
        (void)putc_unlocked(s->separator, s->out);
}

static void put_heading(const struct sheet *s)
{
        char name[NAME_TEXT];

        for (uint32_t d = 0; d < s->t->dimensions_len; d++) {
                dimension_name(&s->t->dimensions[d], name);
                put_name(s, name, "");
                put_name(s, name, ".label");
        }
        for (uint32_t m = 0; m < s->t->measures_len; m++) {
                measure_name(&s->t->measures[m], name);
                put_name(s, name, "");
                if (measure_has_interval(&s->t->measures[m])) {
                        put_name(s, name, ".low");
                        put_name(s, name, ".high");
                }
                if (s->t->measures_len > 1)
                        put_name(s, name, ".status");
        }
        (void)fprintf(s->out, "obs_status%cconf_status", s->separator);
        if (s->held)
                (void)fprintf(s->out, "%cheld", s->separator);
        (void)fputs("\r\n", s->out);
}

static void put_category(const struct sheet *s, const struct dimension *d, uint32_t i)
{
        put_field(s, i < d->len ? d->categories[i].code : bytes_of_text("_T"));
        (void)putc_unlocked(s->separator, s->out);
        put_field(s, category_label(s->cli, d, i));
        (void)putc_unlocked(s->separator, s->out);
}

static void put_number(const struct sheet *s, bool there, int64_t v, uint32_t decimals)
{
        char text[VALUE_TEXT];

        if (there)
                put_bytes_to(s->out, bytes_of(text, value_plain(v, decimals, s->point, text)));
        (void)putc_unlocked(s->separator, s->out);
}

static void put_measure(const struct sheet *s, uint32_t m, size_t cell)
{
        const struct measure *measure = &s->t->measures[m];
        int64_t v = 0, low = 0, high = 0;

        bool there = cell_value(s->t, m, cell, &v);

        put_number(s, there, v, measure->decimals);
        if (measure_has_interval(measure)) {
                there = cell_interval(s->t, m, cell, &low, &high);
                put_number(s, there, low, measure->decimals);
                put_number(s, there, high, measure->decimals);
        }
        if (s->t->measures_len > 1) {
                (void)putc_unlocked(cell_status_code(measure_status(s->t, m, cell)), s->out);
                (void)putc_unlocked(s->separator, s->out);
        }
}

static void put_cell(const struct sheet *s, const uint32_t *at, size_t cell)
{
        for (uint32_t d = 0; d < s->t->dimensions_len; d++)
                put_category(s, &s->t->dimensions[d], at[d]);
        for (uint32_t m = 0; m < s->t->measures_len; m++)
                put_measure(s, m, cell);
        (void)putc_unlocked(cell_obs_code(s->t, cell), s->out);
        (void)putc_unlocked(s->separator, s->out);
        (void)putc_unlocked(cell_conf_code(s->r, cell), s->out);
        if (s->held) {
                (void)putc_unlocked(s->separator, s->out);
                (void)fputs_unlocked(cell_held(s->t, cell) ? "1" : "", s->out);
        }
        (void)fputs_unlocked("\r\n", s->out);
}

enum err render_csv(const struct cli *cli, const struct answer *a, const struct render_how *how)
{
        bool swedish = cli->lang == LANG_SV;
        const struct sheet s = {
                .cli = cli,
                .r = a->release,
                .t = &a->release->table,
                .out = how->out,
                .separator = swedish ? ';' : ',',
                .point = swedish ? ',' : '.',
                .held = table_held(&a->release->table),
        };
        uint32_t at[DIMENSIONS_MAX] = {0};

        TRY(answer_check(a));
        if (how->bom)
                (void)fputs("\xef\xbb\xbf", s.out);
        put_heading(&s);
        for (size_t cell = 0; cell < s.t->cells_len; cell++) {
                put_cell(&s, at, cell);
                (void)step(s.t, s.t->dimensions_len, at);
        }
        return stream_end(s.out);
}
