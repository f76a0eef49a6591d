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

#include "tools/cli/render_frame.h"
#include "tools/cli/render_parts.h"

enum { COLUMNS_MAX = 30, GAP = 2, LABEL_LEAST = 8, STUB_LEAST = 16 };

struct lane {
        unsigned heading; /* what its label would like */
        unsigned values;  /* what its widest value needs: never cut */
        unsigned width;
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
};

static unsigned max_of(unsigned a, unsigned b)
{
        return a > b ? a : b;
}

static void survey(struct layout *l)
{
        char text[CELL_TEXT];

        for (size_t cell = 0; cell < l->t->cells_len; cell++) {
                struct lane *first = &l->columns[cell % l->groups * l->t->measures_len];

                for (uint32_t m = 0; m < l->t->measures_len; m++) {
                        size_t len = cell_for_people(l->cli, l->t, m, cell, text);
                        unsigned columns = text_columns(bytes_of(text, len));

                        first[m].values = max_of(first[m].values, columns);
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
        char text[CELL_TEXT];
        uint32_t measures = l->t->measures_len;

        for (uint32_t d = 0; d < l->stubs; d++)
                put_stub(l, d,
                        d >= changed ? category_label(l->cli, &l->t->dimensions[d], at[d])
                                     : bytes_of_text(""));
        for (uint32_t i = 0; i < l->columns_len; i++) {
                size_t cell = row * l->groups + i / measures;
                size_t len = cell_for_people(l->cli, l->t, i % measures, cell, text);

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

enum err render_table(const struct cli *cli, const struct answer *a, const struct render_how *how)
{
        struct layout l = {.cli = cli, .a = a, .t = &a->release->table, .how = how};

        TRY(answer_check(a));
        TRY(layout_make(&l));

        unsigned total = fit(&l);

        frame_head(cli, a, how);
        put_heading(&l, total);
        put_rows(&l);
        frame_foot(cli, a, how);
        return stream_end(how->out);
}
