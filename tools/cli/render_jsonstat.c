/* SPDX-License-Identifier: Apache-2.0 */
/* render_jsonstat.c: JSON-stat 2.0, for whoever has a reader of it (pxweb, rjstat,
 * jsonstat-toolkit, Excel by add-in).
 *
 * https://json-stat.org/full/: the last dimension varies fastest, and that is the measures,
 * which JSON-stat calls a metric. A cell without a value is null and has its mark as status;
 * what SDMX calls it stands under extension, by the same numbers. */
#include "base/clock.h"
#include "tools/cli/json.h"
#include "tools/cli/render_about.h"
#include "tools/cli/render_parts.h"

static void put_name(FILE *to, const char *name)
{
        json_text(to, bytes_of_text(name));
}

static void put_sizes(const struct answer *a, FILE *to)
{
        const struct table *t = &a->release->table;
        char name[NAME_TEXT];

        (void)fputs(",\n  \"id\": [", to);
        for (uint32_t d = 0; d < t->dimensions_len; d++) {
                dimension_name(&t->dimensions[d], name);
                put_name(to, name);
                (void)fputs(", ", to);
        }
        (void)fputs("\"measure\"],\n  \"size\": [", to);
        for (uint32_t d = 0; d < t->dimensions_len; d++)
                (void)fprintf(to, "%u, ", answer_places(a, d));
        (void)fprintf(to, "%u],\n  \"role\": {\"metric\": [\"measure\"]", t->measures_len);
        for (uint32_t d = 0; d < t->dimensions_len; d++)
                if (bytes_is_text(t->dimensions[d].variable, "kommun")) {
                        dimension_name(&t->dimensions[d], name);
                        (void)fputs(", \"geo\": [", to);
                        put_name(to, name);
                        (void)fputs("]", to);
                        break;
                }
        (void)fputs("}", to);
}

static struct bytes code_of(const struct dimension *d, uint32_t i)
{
        return i < d->len ? d->categories[i].code : bytes_of_text("_T");
}

static void put_dimension(
        const struct cli *cli, const struct dimension *d, uint32_t places, FILE *to)
{
        char name[NAME_TEXT];

        dimension_name(d, name);
        (void)fputs("    ", to);
        put_name(to, name);
        (void)fputs(": {\"label\": ", to);
        json_text(to, dimension_title(cli, d));
        (void)fputs(", \"category\": {\"index\": [", to);
        for (uint32_t i = 0; i < places; i++) {
                (void)fputs(i > 0 ? ", " : "", to);
                json_text(to, code_of(d, i));
        }
        (void)fputs("], \"label\": {", to);
        for (uint32_t i = 0; i < places; i++) {
                (void)fputs(i > 0 ? ", " : "", to);
                json_text(to, code_of(d, i));
                (void)fputs(": ", to);
                json_text(to, category_label(cli, d, i));
        }
        (void)fputs("}}},\n", to);
}

static enum err put_measures(const struct cli *cli, const struct table *t, FILE *to)
{
        char name[NAME_TEXT];

        (void)fputs("    \"measure\": {\"label\": ", to);
        put_name(to, cli_word(cli, WORD_ABOUT_MEASURE));
        (void)fputs(", \"category\": {\"index\": [", to);
        for (uint32_t m = 0; m < t->measures_len; m++) {
                measure_name(&t->measures[m], name);
                (void)fputs(m > 0 ? ", " : "", to);
                put_name(to, name);
        }
        (void)fputs("], \"label\": {", to);
        for (uint32_t m = 0; m < t->measures_len; m++) {
                const char *title = measure_title(cli, &t->measures[m]);

                if (title == NULL)
                        return ERR_NO_MEMORY;
                measure_name(&t->measures[m], name);
                (void)fputs(m > 0 ? ", " : "", to);
                put_name(to, name);
                (void)fputs(": ", to);
                put_name(to, title);
        }
        (void)fputs("}, \"unit\": {", to);
        for (uint32_t m = 0; m < t->measures_len; m++) {
                measure_name(&t->measures[m], name);
                (void)fputs(m > 0 ? ", " : "", to);
                put_name(to, name);
                (void)fprintf(to, ": {\"decimals\": %u, \"label\": ", t->measures[m].decimals);
                json_text(to, t->measures[m].unit);
                (void)fputs("}", to);
        }
        (void)fputs("}}}", to);
        return ERR_OK;
}

/* Cells -------------------------------------------------------------------------------------- */

static void put_values(const struct answer *a, FILE *to)
{
        const struct table *t = &a->release->table;
        const char *comma = "";
        char text[VALUE_TEXT];

        (void)fputs(",\n  \"value\": [", to);
        for (size_t cell = 0; cell < t->cells_len; cell++)
                for (uint32_t m = 0; answer_has(a, cell) && m < t->measures_len; m++) {
                        int64_t v = 0;

                        (void)fputs_unlocked(comma, to);
                        comma = ",";
                        if (!cell_value(t, m, cell, &v)) {
                                (void)fputs_unlocked("null", to);
                                continue;
                        }
                        size_t len = value_plain(v, t->measures[m].decimals, '.', text);
                        put_bytes_to(to, bytes_of(text, len));
                }
        (void)fputs("]", to);
}

struct places {
        FILE *to;
        const char *comma;
};

static void put_place(struct places *p, size_t at, const char *what)
{
        (void)fprintf(p->to, "%s\"%zu\": \"%s\"", p->comma, at, what);
        p->comma = ", ";
}

enum what { WHAT_MARK, WHAT_OBS, WHAT_CONF, WHAT_HELD };

/* What is told of cells that are not simply shown, by their place among the values. */
static void put_places(const struct answer *a, FILE *to, const char *key, enum what what)
{
        const struct wire_release *r = a->release;
        const struct table *t = &r->table;
        struct places p = {to, ""};
        size_t at = 0;

        (void)fprintf(to, "\"%s\": {", key);
        for (size_t i = 0; i < t->cells_len * t->measures_len; i++) {
                size_t cell = i / t->measures_len;
                uint32_t m = (uint32_t)(i % t->measures_len);
                enum cell_status s = measure_status(t, m, cell);
                const char conf[2] = {measure_conf_code(r, m, cell)};
                const char obs[2] = {cell_status_code(s)};

                if (!answer_has(a, cell))
                        continue;
                if (what == WHAT_MARK && s != CELL_VALUE)
                        put_place(&p, at, cell_status_mark(s));
                if (what == WHAT_OBS && s != CELL_VALUE)
                        put_place(&p, at, obs);
                if (what == WHAT_CONF && conf[0] != 'F')
                        put_place(&p, at, conf);
                if (what == WHAT_HELD && cell_held(t, cell))
                        put_place(&p, at, "not revised");
                at++;
        }
        (void)fputs("}", to);
}

static void put_extension(const struct answer *a, FILE *to)
{
        const struct wire_release *r = a->release;
        char vintage[32];

        vintage_text(r->vintage, vintage);
        (void)fprintf(to, ",\n  \"extension\": {\"vintage\": \"%s\", \"dataset\": ", vintage);
        json_text(to, r->dataset);
        (void)fputs(", \"purpose\": ", to);
        json_text(to, r->purpose);
        (void)fputs(", \"policy_digest\": ", to);
        json_digest(to, &r->policy);
        (void)fputs(", \"release_digest\": ", to);
        json_digest(to, &a->digest);
        (void)fputs(",\n    ", to);
        put_places(a, to, "obs_status", WHAT_OBS);
        (void)fputs(",\n    ", to);
        put_places(a, to, "conf_status", WHAT_CONF);
        (void)fputs(",\n    ", to);
        put_places(a, to, "held", WHAT_HELD);
        (void)fputs("}", to);
}

static enum err put_head(const struct cli *cli, const struct answer *a, FILE *to)
{
        struct about about;
        char at[25];

        TRY(about_lines(cli, a, &about));
        clock_format(a->release->vintage_at_ms, at);
        (void)fputs("{\n  \"version\": \"2.0\",\n  \"class\": \"dataset\",\n  \"label\": ", to);
        json_text(to, about.title);
        (void)fprintf(
                to, ",\n  \"source\": \"statgate\",\n  \"updated\": \"%s\",\n  \"note\": [", at);
        for (uint32_t i = 1; i < about.len; i++) {
                (void)fputs(i > 1 ? ",\n    " : "\n    ", to);
                json_text(to, about.lines[i]);
        }
        (void)fputs("]", to);
        return ERR_OK;
}

enum err render_jsonstat(
        const struct cli *cli, const struct answer *a, const struct render_how *how)
{
        const struct table *t = &a->release->table;
        FILE *to = how->out;

        TRY(answer_check(a));
        TRY(put_head(cli, a, to));
        put_sizes(a, to);
        (void)fputs(",\n  \"dimension\": {\n", to);
        for (uint32_t d = 0; d < t->dimensions_len; d++)
                put_dimension(cli, &t->dimensions[d], answer_places(a, d), to);
        TRY(put_measures(cli, t, to));
        (void)fputs("\n  }", to);
        put_values(a, to);
        (void)fputs(",\n  ", to);
        put_places(a, to, "status", WHAT_MARK);
        put_extension(a, to);
        (void)fputs("\n}\n", to);
        return stream_end(to);
}
