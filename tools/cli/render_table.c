/* SPDX-License-Identifier: Apache-2.0 */
/* render_table.c: a release as a person reads it.
 *
 * The categories of the last dimension stand side by side, the others to the left;
 * several measures share a category's place. With one dimension, or more columns
 * than an eye can follow, every dimension stands to the left and only the measures
 * side by side. The table is read twice, once for the widths and once to print, so
 * two million cells need no memory beyond those of the release: libsmartcols, which
 * keeps every cell as a string, does the short lists (listing.c) and not this. */
#include <string.h>

#include "tools/cli/render_parts.h"

enum { COLUMNS_MAX = 30, GAP = 2, LABEL_LEAST = 8, STUB_LEAST = 16 };

struct lane {
        unsigned heading; /* what its label would like */
        unsigned values;  /* what its widest value needs: never cut */
        unsigned width;
};

/* What the foot has to explain. */
struct seen {
        bool marks[CELL_STATUS_COUNT];
        bool no_value, zero;
};

struct layout {
        const struct cli *cli;
        const struct answer *a;
        const struct table *t;
        const struct render_how *how;
        uint32_t stubs;  /* dimensions to the left */
        uint32_t groups; /* categories side by side, total included; 1: none */
        bool wide;       /* the last dimension is side by side */
        struct lane stub[DIMENSIONS_MAX];
        struct lane *columns; /* groups * measures */
        uint32_t columns_len;
        const char *titles[MEASURES_MAX];
        struct bytes names[DIMENSIONS_MAX];
        struct seen seen;
};

static unsigned max_of(unsigned a, unsigned b)
{
        return a > b ? a : b;
}

/* Cells ------------------------------------------------------------------- */

/* A value in the reader's numbers, or its mark. */
static size_t cell_text(const struct layout *l, uint32_t measure, size_t cell, char out[VALUE_TEXT])
{
        enum cell_status s = cell_status(l->t, cell);
        int64_t v;

        if (cell_value(l->t, measure, cell, &v))
                return value_for_people(l->cli->lang, v, l->t->measures[measure].decimals, out);
        if (s == CELL_VALUE) /* no observation: an average of nothing */
                s = CELL_NOT_APPLICABLE;
        return (size_t)snprintf(out, VALUE_TEXT, "%s", cell_status_mark(s));
}

static void survey(struct layout *l)
{
        char text[VALUE_TEXT];

        for (size_t cell = 0; cell < l->t->cells_len; cell++) {
                struct lane *first = &l->columns[cell % l->groups * l->t->measures_len];
                enum cell_status s = cell_status(l->t, cell);

                l->seen.marks[s] = true;
                for (uint32_t m = 0; m < l->t->measures_len; m++) {
                        size_t len = cell_text(l, m, cell, text);
                        unsigned columns = text_columns(bytes_of(text, len));
                        int64_t v = -1;

                        first[m].values = max_of(first[m].values, columns);
                        if (s == CELL_VALUE && !cell_value(l->t, m, cell, &v))
                                l->seen.no_value = true;
                        l->seen.zero |= v == 0;
                }
        }
}

/* Layout ------------------------------------------------------------------ */

static const struct dimension *side_by_side(const struct layout *l)
{
        return &l->t->dimensions[l->t->dimensions_len - 1];
}

static void stub_widths(struct layout *l)
{
        for (uint32_t d = 0; d < l->stubs; d++) {
                const struct dimension *dim = &l->t->dimensions[d];
                struct lane *c = &l->stub[d];

                c->heading = text_columns(l->names[d]);
                for (uint32_t i = 0; i <= dim->len; i++)
                        c->heading =
                                max_of(c->heading, text_columns(category_label(l->cli, dim, i)));
        }
}

/* A group's label stands over all its measures; what it lacks goes to the last. */
static void heading_widths(struct layout *l)
{
        uint32_t measures = l->t->measures_len;

        for (uint32_t g = 0; g < l->groups; g++) {
                struct lane *first = &l->columns[(size_t)g * measures];
                unsigned span = GAP * (measures - 1), label = 0;

                for (uint32_t m = 0; m < measures; m++) {
                        if (!l->wide || measures > 1)
                                first[m].heading = text_columns(bytes_of_text(l->titles[m]));
                        span += max_of(first[m].heading, first[m].values);
                }
                if (l->wide)
                        label = text_columns(category_label(l->cli, side_by_side(l), g));
                if (label > span)
                        first[measures - 1].heading =
                                max_of(first[measures - 1].heading, first[measures - 1].values) +
                                label - span;
        }
}

/* Total width when labels may take `most` columns. */
static unsigned set_widths(struct layout *l, unsigned most)
{
        unsigned total = 0, stub_most = max_of(most, STUB_LEAST);

        for (uint32_t d = 0; d < l->stubs; d++) {
                l->stub[d].width = l->stub[d].heading < stub_most ? l->stub[d].heading : stub_most;
                total += l->stub[d].width + GAP;
        }
        for (uint32_t i = 0; i < l->columns_len; i++) {
                struct lane *c = &l->columns[i];

                c->width = max_of(c->values, c->heading < most ? c->heading : most);
                total += c->width + GAP;
        }
        return total > GAP ? total - GAP : total;
}

static unsigned fit(struct layout *l)
{
        unsigned most = LABEL_LEAST;

        for (uint32_t d = 0; d < l->stubs; d++)
                most = max_of(most, l->stub[d].heading);
        for (uint32_t i = 0; i < l->columns_len; i++)
                most = max_of(most, l->columns[i].heading);

        unsigned total = set_widths(l, most);

        while (l->how->width > 0 && total > l->how->width && most > LABEL_LEAST)
                total = set_widths(l, --most);
        return total;
}

static enum err layout_make(struct layout *l)
{
        const struct table *t = l->t;
        size_t across =
                t->dimensions_len >= 2 ? ((size_t)side_by_side(l)->len + 1) * t->measures_len : 0;

        l->wide = across > 0 && across <= COLUMNS_MAX;
        l->stubs = l->wide ? t->dimensions_len - 1 : t->dimensions_len;
        l->groups = l->wide ? side_by_side(l)->len + 1 : 1;
        l->columns_len = l->groups * t->measures_len;
        l->columns = arena_alloc(l->cli->arena, l->columns_len, sizeof *l->columns);
        if (l->columns == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t m = 0; m < t->measures_len; m++) {
                l->titles[m] = measure_title(l->cli, &t->measures[m]);
                if (l->titles[m] == NULL)
                        return ERR_NO_MEMORY;
        }
        for (uint32_t d = 0; d < t->dimensions_len; d++)
                l->names[d] = dimension_title(l->cli, &t->dimensions[d]);
        survey(l);
        stub_widths(l);
        heading_widths(l);
        return ERR_OK;
}

/* Printing ---------------------------------------------------------------- */

static void put_spaces(FILE *to, unsigned n)
{
        while (n-- > 0)
                (void)putc_unlocked(' ', to);
}

/* Cut with "…" when it is wider; only labels ever are. */
static void put_padded(FILE *to, struct bytes text, unsigned width, bool right)
{
        unsigned columns = text_columns(text);
        bool cut = columns > width;

        if (cut)
                text.len = text_prefix(text, width - 1);
        if (right && !cut)
                put_spaces(to, width - columns);
        put_bytes_to(to, text);
        if (cut)
                (void)fputs("…", to);
        else if (!right)
                put_spaces(to, width - columns);
}

static void put_stub(const struct layout *l, uint32_t d, struct bytes text)
{
        put_padded(l->how->out, text, l->stub[d].width, false);
        put_spaces(l->how->out, GAP);
}

static void put_group_line(const struct layout *l)
{
        uint32_t measures = l->t->measures_len;
        FILE *to = l->how->out;

        for (uint32_t d = 0; d < l->stubs; d++)
                put_stub(l, d, bytes_of_text(""));
        for (uint32_t g = 0; g < l->groups; g++) {
                unsigned span = GAP * (measures - 1);

                for (uint32_t m = 0; m < measures; m++)
                        span += l->columns[g * measures + m].width;
                put_spaces(to, g > 0 ? GAP : 0);
                put_padded(to, category_label(l->cli, side_by_side(l), g), span, true);
        }
        (void)putc_unlocked('\n', to);
}

static void put_heading(const struct layout *l, unsigned total)
{
        uint32_t measures = l->t->measures_len;
        FILE *to = l->how->out;

        if (l->wide && measures > 1)
                put_group_line(l);
        for (uint32_t d = 0; d < l->stubs; d++)
                put_stub(l, d, l->names[d]);
        for (uint32_t i = 0; i < l->columns_len; i++) {
                struct bytes label = l->wide && measures == 1
                                             ? category_label(l->cli, side_by_side(l), i)
                                             : bytes_of_text(l->titles[i % measures]);

                put_spaces(to, i > 0 ? GAP : 0);
                put_padded(to, label, l->columns[i].width, true);
        }
        (void)putc_unlocked('\n', to);
        for (unsigned i = 0; i < total; i++)
                (void)fputs_unlocked("─", to);
        (void)putc_unlocked('\n', to);
}

/* `changed`: the slowest stub that differs from the row above. */
static void put_row(const struct layout *l, size_t row, const uint32_t *at, uint32_t changed)
{
        char text[VALUE_TEXT];
        uint32_t measures = l->t->measures_len;

        for (uint32_t d = 0; d < l->stubs; d++)
                put_stub(l, d,
                        d >= changed ? category_label(l->cli, &l->t->dimensions[d], at[d])
                                     : bytes_of_text(""));
        for (uint32_t i = 0; i < l->columns_len; i++) {
                size_t len = cell_text(l, i % measures, row * l->groups + i / measures, text);

                put_spaces(l->how->out, i > 0 ? GAP : 0);
                put_padded(l->how->out, bytes_of(text, len), l->columns[i].width, true);
        }
        (void)putc_unlocked('\n', l->how->out);
}

static void put_rows(const struct layout *l)
{
        size_t rows = l->t->cells_len / l->groups;
        uint32_t at[DIMENSIONS_MAX] = {0}, changed = 0;

        for (size_t row = 0; row < rows; row++) {
                put_row(l, row, at, changed);
                changed = step(l->t, l->stubs, at);
        }
}

/* Head and foot ----------------------------------------------------------- */

#define TELL(l, w, ...) cli_print((l)->cli, (l)->how->out, false, (w), CLI_ARGS(__VA_ARGS__))

/* A sentence begins with a capital, also where its first word is a unit. */
static void put_item(FILE *to, uint32_t i, const char *title)
{
        bool lower = i == 0 && title[0] >= 'a' && title[0] <= 'z';

        (void)fputs(i > 0 ? ", " : "", to);
        (void)fputc(lower ? title[0] - 'a' + 'A' : title[0], to);
        (void)fputs(title[0] != '\0' ? title + 1 : "", to);
}

/* "Personer efter Placerande kommun (lan) × Kön" */
static void put_title(const struct layout *l)
{
        FILE *to = l->how->out;

        (void)fputs(l->how->colour ? "\033[1m" : "", to);
        for (uint32_t m = 0; m < l->t->measures_len; m++)
                put_item(to, m, l->titles[m]);
        for (uint32_t d = 0; d < l->t->dimensions_len; d++) {
                (void)fputs(d > 0 ? " × " : cli_word(l->cli, WORD_TITLE_BY), to);
                put_bytes_to(to, l->names[d]);
        }
        (void)fputs(l->how->colour ? "\033[0m\n" : "\n", to);
}

static void put_filters(const struct layout *l)
{
        const struct query *q = l->a->asked;
        FILE *to = l->how->out;

        for (uint32_t i = 0; q != NULL && i < q->filters_len; i++) {
                const struct filter *f = &q->filters[i];

                (void)fputs(i > 0 ? "; " : cli_word(l->cli, WORD_TITLE_WHERE), to);
                put_bytes_to(to, f->variable);
                (void)fputs(f->level.len > 0 ? ":" : "", to);
                put_bytes_to(to, f->level);
                (void)fprintf(to, " %s ", filter_op_text(f->op));
                for (uint32_t v = 0; v < f->values_len; v++) {
                        (void)fputs(v > 0 ? "," : "", to);
                        put_bytes_to(to, f->values[v]);
                }
        }
        if (q != NULL && q->filters_len > 0)
                (void)fputc('\n', to);
}

static const char *text_of(const struct layout *l, struct bytes b)
{
        const char *text =
                b.len > 0 ? arena_strndup(l->cli->arena, (const char *)b.data, b.len) : NULL;

        return text != NULL ? text : "";
}

static void put_head(const struct layout *l)
{
        const struct wire_release *r = l->a->release;
        char vintage[32], at[INSTANT_TEXT];

        vintage_text(r->vintage, vintage);
        put_title(l);
        put_filters(l);
        TELL(l, WORD_TITLE_SOURCE, text_of(l, r->dataset), text_of(l, r->purpose), vintage,
                instant_text(r->vintage_at_ms, at));
        (void)fputc('\n', l->how->out);
}

static void put_legend(const struct layout *l)
{
        if (l->seen.zero)
                TELL(l, WORD_MARK_ZERO);
        if (l->seen.marks[CELL_PROTECTED])
                TELL(l, WORD_MARK_PROTECTED);
        if (l->seen.marks[CELL_MISSING])
                TELL(l, WORD_MARK_MISSING);
        if (l->seen.marks[CELL_NOT_APPLICABLE] || l->seen.no_value)
                TELL(l, WORD_MARK_NOT_APPLICABLE);
}

static void put_foot(const struct layout *l)
{
        const struct wire_release *r = l->a->release;
        char threshold[NUMBER_TEXT], delivered[NUMBER_TEXT], expected[NUMBER_TEXT];

        (void)fputc('\n', l->how->out);
        put_legend(l);
        TELL(l, r->zeros_published ? WORD_THRESHOLD : WORD_THRESHOLD_AND_ZERO,
                cli_number(l->cli, r->threshold, threshold));
        TELL(l, WORD_COVERAGE, cli_number(l->cli, r->delivered, delivered),
                cli_number(l->cli, r->expected, expected));
        for (uint32_t d = 0; d < l->t->dimensions_len; d++)
                if (l->t->dimensions[d].overlapping)
                        TELL(l, WORD_OVERLAPPING, text_of(l, l->names[d]));
}

enum err render_table(const struct cli *cli, const struct answer *a, const struct render_how *how)
{
        struct layout l = {.cli = cli, .a = a, .t = &a->release->table, .how = how};

        TRY(answer_check(a));
        TRY(layout_make(&l));

        unsigned total = fit(&l);

        put_head(&l);
        put_heading(&l, total);
        put_rows(&l);
        put_foot(&l);
        return stream_end(how->out);
}
