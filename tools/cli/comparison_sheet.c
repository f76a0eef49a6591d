/* SPDX-License-Identifier: Apache-2.0 */
/* comparison_sheet.c: a comparison in the formats that hold one table.
 *
 * The rows become a table as a release has one, and the renderers of releases write it:
 * dimensions as asked for, then the period, which has no total; and a measure for each
 * thing that is compared. A figure that is not shown leaves its mark, and a zero where its
 * value would be. Verdicts are numbers here, since these formats know no words. */
#include <stdlib.h>
#include <string.h>

#include "tools/cli/ask.h"
#include "tools/cli/comparison.h"
#include "tools/cli/question_text.h"
#include "tools/cli/render_about.h"
#include "tools/cli/render_parts.h"

enum lane {
        LANE_VALUE,
        LANE_LOW,
        LANE_HIGH,
        LANE_COUNTY,
        LANE_COUNTRY,
        LANE_TARGET,
        LANE_AGAINST,
        LANE_CHANGE,
        LANES
};
_Static_assert((int)LANES <= (int)MEASURES_MAX, "each is a measure");

struct sheet {
        const struct cli *cli;
        const struct comparison *c;
        struct wire_release release;
        struct table *t;
        uint32_t lane[LANES]; /* which measure, + 1; 0: none */
        bool periods;
};

static bool compares(const struct comparison *c, enum compared what)
{
        return (c->request->compared & 1U << what) != 0;
}

/* Shape -------------------------------------------------------------------------------------- */

static int32_t find(const struct dimension *d, struct bytes code)
{
        for (uint32_t i = 0; i < d->len; i++)
                if (bytes_equal(d->categories[i].code, code))
                        return (int32_t)i;
        return -1;
}

/* Of all years, each once. */
static enum err make_dimension(struct sheet *s, uint32_t d)
{
        const struct comparison *c = s->c;
        struct dimension *to = &s->t->dimensions[d];

        *to = c->shape->dimensions[d];
        to->len = 0;
        to->parent = NULL;
        to->categories =
                arena_alloc(s->cli->arena, (size_t)c->rows_len + 1, sizeof *to->categories);
        if (to->categories == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < c->rows_len; i++) {
                const struct category *k = c->rows[i].categories[d];

                if (c->rows[i].is_first && k != NULL && find(to, k->code) < 0)
                        to->categories[to->len++] = *k;
        }
        return ERR_OK;
}

static enum err make_periods(struct sheet *s)
{
        const struct comparison_request *r = s->c->request;
        struct dimension *to = &s->t->dimensions[s->t->dimensions_len++];
        char text[PERIOD_TEXT];

        *to = (struct dimension){.variable = bytes_of_text("period"),
                .level = bytes_of_text("period"),
                .label_sv = bytes_of_text(cli_word(s->cli, WORD_HEAD_PERIOD)),
                .label_en = bytes_of_text(cli_word(s->cli, WORD_HEAD_PERIOD)),
                .len = r->years_len};
        to->categories = arena_alloc(s->cli->arena, r->years_len, sizeof *to->categories);
        if (to->categories == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t y = 0; y < r->years_len; y++) {
                struct category *k = &to->categories[y];

                TRY(bytes_copy(s->cli->arena,
                        bytes_of_text(text_of_period(r->years[y].period, text)), &k->code));
                k->label_sv = k->label_en = k->code;
        }
        return ERR_OK;
}

/* `label`: NULL for the figure's own. `own`: of its kind. */
static enum err add_measure(
        struct sheet *s, enum lane lane, const char *name, const char *label, bool own)
{
        struct measure *m = &s->t->measures[s->t->measures_len++];
        size_t cells = s->t->cells_len;

        *m = (struct measure){.kind = s->c->measure->kind,
                .name = bytes_of_text(name),
                .label_sv = bytes_of_text(label != NULL ? label : ""),
                .label_en = bytes_of_text(label != NULL ? label : "")};
        if (label == NULL) {
                m->variable = s->c->measure->variable;
                m->label_sv = s->c->measure->label_sv;
                m->label_en = s->c->measure->label_en;
        }
        if (own) {
                m->unit = s->c->measure->unit;
                m->decimals = s->c->measure->decimals;
                m->scale = s->c->measure->scale;
        }
        m->values = arena_alloc(s->cli->arena, cells, sizeof *m->values);
        m->status = arena_alloc(s->cli->arena, cells, 1);
        if (m->values == NULL || m->status == NULL)
                return ERR_NO_MEMORY;
        memset(m->status, CELL_NOT_APPLICABLE, cells);
        s->lane[lane] = s->t->measures_len;
        return ERR_OK;
}

#define SAY(word) cli_word(s->cli, WORD_##word)

static enum err make_measures(struct sheet *s)
{
        const struct comparison *c = s->c;

        TRY(add_measure(s, LANE_VALUE, "value", NULL, true));
        if (c->intervals) {
                TRY(add_measure(s, LANE_LOW, "value.low", SAY(ABOUT_LOW), true));
                TRY(add_measure(s, LANE_HIGH, "value.high", SAY(ABOUT_HIGH), true));
        }
        if (compares(c, COMPARED_COUNTY))
                TRY(add_measure(s, LANE_COUNTY, "lan", SAY(HEAD_COUNTY), true));
        if (compares(c, COMPARED_COUNTRY))
                TRY(add_measure(s, LANE_COUNTRY, "riket", SAY(HEAD_COUNTRY), true));
        if (compares(c, COMPARED_TARGET)) {
                TRY(add_measure(s, LANE_TARGET, "target", SAY(HEAD_TARGET), false));
                s->t->measures[s->lane[LANE_TARGET] - 1].decimals = c->request->indicator->decimals;
                s->t->measures[s->lane[LANE_TARGET] - 1].unit = c->measure->unit;
                TRY(add_measure(s, LANE_AGAINST, "against_target", SAY(ABOUT_AGAINST), false));
        }
        if (compares(c, COMPARED_HISTORY))
                TRY(add_measure(s, LANE_CHANGE, "change", SAY(HEAD_CHANGE), true));
        return ERR_OK;
}

static enum err make_shape(struct sheet *s)
{
        const struct comparison *c = s->c;

        s->t->dimensions = arena_alloc(s->cli->arena, DIMENSIONS_MAX + 1, sizeof *s->t->dimensions);
        s->t->measures = arena_alloc(s->cli->arena, LANES, sizeof *s->t->measures);
        if (s->t->dimensions == NULL || s->t->measures == NULL)
                return ERR_NO_MEMORY;
        s->t->dimensions_len = c->shape->dimensions_len;
        for (uint32_t d = 0; d < s->t->dimensions_len; d++)
                TRY(make_dimension(s, d));
        s->periods = c->request->years[0].has_period && s->t->dimensions_len < DIMENSIONS_MAX;
        if (!s->periods && c->request->years_len > 1)
                return ERR_TOO_LARGE; /* as many dimensions as there may be, and years besides */
        if (s->periods)
                TRY(make_periods(s));
        TRY(table_cells(s->t->dimensions, s->t->dimensions_len, &s->t->cells_len));
        s->t->status = arena_alloc(s->cli->arena, s->t->cells_len, 1);
        if (s->t->status == NULL)
                return ERR_NO_MEMORY;
        memset(s->t->status, CELL_NOT_APPLICABLE, s->t->cells_len);
        return make_measures(s);
}

/* Figures ------------------------------------------------------------------------------------ */

static void put(struct sheet *s, enum lane lane, size_t cell, enum cell_status status, int64_t v)
{
        if (s->lane[lane] == 0)
                return;
        struct measure *m = &s->t->measures[s->lane[lane] - 1];

        m->status[cell] = (uint8_t)status;
        m->values[cell] = status == CELL_VALUE ? v : 0;
}

static void put_ends(struct sheet *s, size_t cell, const struct figure *f)
{
        enum cell_status status = f->status != CELL_VALUE ? f->status
                                  : f->has_interval       ? CELL_VALUE
                                                          : CELL_NOT_APPLICABLE;

        put(s, LANE_LOW, cell, status, f->low);
        put(s, LANE_HIGH, cell, status, f->high);
}

static void put_verdict(struct sheet *s, size_t cell, const struct comparison_row *row)
{
        static const int64_t numbers[] = {
                [VERDICT_UNCLEAR] = 0, [VERDICT_BETTER] = 1, [VERDICT_WORSE] = -1};
        bool judged = row->verdict != VERDICT_NONE;
        /* Nothing to judge, because the figure is not shown. */
        enum cell_status status = judged                            ? CELL_VALUE
                                  : row->value.status != CELL_VALUE ? row->value.status
                                                                    : CELL_NOT_APPLICABLE;
        const struct wire_indicator *i = s->c->request->indicator;

        put(s, LANE_AGAINST, cell, status, judged ? numbers[row->verdict] : 0);
        put(s, LANE_TARGET, cell, i->has_target ? CELL_VALUE : CELL_NOT_APPLICABLE, i->target);
}

/* A cell is open where any of its measures is; each has a status of its own. */
static void put_row(struct sheet *s, const struct comparison_row *row)
{
        uint32_t at[DIMENSIONS_MAX] = {0};

        for (uint32_t d = 0; d < s->c->shape->dimensions_len; d++) {
                const struct dimension *dim = &s->t->dimensions[d];
                const struct category *k = row->categories[d];

                at[d] = k == NULL ? dim->len : (uint32_t)find(dim, k->code);
        }
        if (s->periods)
                at[s->c->shape->dimensions_len] = row->year;
        size_t cell = table_cell(s->t, at);

        s->t->status[cell] = CELL_VALUE;
        put(s, LANE_VALUE, cell, row->value.status, row->value.value);
        put_ends(s, cell, &row->value);
        put(s, LANE_COUNTY, cell, row->county.status, row->county.value);
        put(s, LANE_COUNTRY, cell, row->country.status, row->country.value);
        put(s, LANE_CHANGE, cell, row->change.status, row->change.value);
        put_verdict(s, cell, row);
}

/* Around ------------------------------------------------------------------------------------- */

static void put_sources(const struct sheet *s, FILE *to)
{
        const struct comparison_request *r = s->c->request;
        char hex[2 * sizeof(struct digest) + 1];

        if (compares(s->c, COMPARED_TARGET))
                cli_print(s->cli, to, false, WORD_ABOUT_VERDICT, CLI_ARGS());
        hex_encode(bytes_of(s->release.policy.bytes, sizeof s->release.policy.bytes), hex);
        cli_print(s->cli, to, false, WORD_ABOUT_POLICY, CLI_ARGS(hex));
        for (uint32_t y = 0; y < r->years_len; y++) {
                const struct digest *d = &r->years[y].rows.digest;

                hex_encode(bytes_of(d->bytes, sizeof d->bytes), hex);
                cli_print(s->cli, to, false, WORD_ABOUT_RELEASE, CLI_ARGS(hex));
        }
}

static enum err make_about(const struct sheet *s, struct about *out)
{
        char *text = NULL;
        size_t len = 0;
        struct bytes kept;
        const struct render_how how = {.out = open_memstream(&text, &len)};

        if (how.out == NULL)
                return ERR_NO_MEMORY;
        comparison_head(s->cli, s->c, &how);
        comparison_foot(s->cli, s->c, &how);
        put_sources(s, how.out);
        enum err rc = fclose(how.out) == 0 ? bytes_copy(s->cli->arena, bytes_of(text, len), &kept)
                                           : ERR_NO_MEMORY;
        free(text);
        TRY(rc);
        return about_split(s->cli->arena, kept, out);
}

typedef enum err render_fn(const struct cli *, const struct answer *, const struct render_how *);

static enum err render(const struct cli *cli, const struct comparison *c,
        const struct render_how *how, render_fn *by)
{
        const struct answer *last = &c->request->years[c->request->years_len - 1].rows;
        struct sheet s = {.cli = cli, .c = c, .release = *last->release};
        struct about about;

        s.t = &s.release.table;
        *s.t = (struct table){0};
        s.release.has_nearest = false;
        TRY(make_shape(&s));
        for (uint32_t i = 0; i < c->rows_len; i++)
                put_row(&s, &c->rows[i]);
        TRY(make_about(&s, &about));

        const struct answer answer = {.release = &s.release,
                .digest = last->digest,
                .about = &about,
                .last_bare = s.periods};

        return by(cli, &answer, how);
}

enum err comparison_jsonstat(
        const struct cli *cli, const struct comparison *c, const struct render_how *how)
{
        return render(cli, c, how, render_jsonstat);
}

enum err comparison_px(
        const struct cli *cli, const struct comparison *c, const struct render_how *how)
{
        return render(cli, c, how, render_px);
}

enum err comparison_xlsx(
        const struct cli *cli, const struct comparison *c, const struct render_how *how)
{
        return render(cli, c, how, render_xlsx);
}
