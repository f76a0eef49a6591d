/* SPDX-License-Identifier: Apache-2.0 */
/* joint_sides.c: which sides of measures are crossed with the cells.
 *
 * Two sides that are the same by definition are one. One that takes all is the cell itself,
 * and one that takes nobody says nothing. The others make kinds, 2^n of n that are free of
 * each other, and fewer where their filters exclude or include one another. There is room for
 * so many; where there are more, nothing can be said of the table's filters.
 *
 * Of doubtful sides (table.h) it is not known what follows from them. What is known is what
 * can be: a kind of which there is somebody is not excluded by definition. So doubtful sides
 * are crossed only while each holds the next, so that the numbers of all kinds can be read
 * from their counts, and there is somebody of each, in all categories that could depend on
 * them. One that takes all persons of every cell, and no category by name, is taken for the
 * cell: it tells nothing else, if no rule protects it where the cell is shown. Of a table with
 * others nothing can be said. */
#include <string.h>

#include "gateway/disclosure/joint_measures.h"

/* Rows of one model. */
#define CROSS_ROWS_MAX ((size_t)1 << 21)

static size_t rows_of(const struct space *s)
{
        size_t rows = 1;

        for (uint32_t d = 0; d < s->dimensions_len && rows < CROSS_ROWS_MAX; d++)
                rows *= s->dimension[d].leaves;
        return s->inner != NULL ? s->inner_len : rows;
}

static uint32_t kinds_of(
        const struct measuring *m, const uint8_t *sides, uint32_t len, uint32_t *out)
{
        const struct kinds_asked asked = {.sides = sides, .len = len};

        return kinds_list(m->t, &asked, out);
}

/* Always counted together. */
static bool are_same(const struct measuring *m, uint8_t a, uint8_t b)
{
        uint32_t kind[KINDS_MAX + 1], len = kinds_of(m, (const uint8_t[]){a, b}, 2, kind);

        for (uint32_t i = 0; i < len; i++)
                if (kind[i] == 1 || kind[i] == 2)
                        return false;
        return true;
}

/* Doubts ----------------------------------------------------------------------------------- */

static bool is_doubtful(const struct measuring *m, uint8_t side)
{
        return (m->t->meaning->doubtful >> side & 1) != 0;
}

/* The persons that a side takes, where some measure counts them. */
static const int64_t *persons_of(const struct measuring *m, uint8_t side)
{
        for (uint32_t i = 0; i < m->quantities.len; i++)
                if (m->quantities.of[i].takes == side && m->quantities.of[i].within)
                        return m->quantities.of[i].value;
        for (uint32_t i = 0; i < m->quantities.len; i++)
                if (m->quantities.of[i].takes == side)
                        return m->t->measures[m->quantities.of[i].measure].contributors;
        return NULL;
}

static bool has_number(const struct table *t, size_t cell)
{
        return t->status[cell] == CELL_VALUE || t->status[cell] == CELL_PROTECTED;
}

/* It takes whomever there is, leaves no category out, and no rule hides it by itself. */
static bool takes_all_there_are(const struct measuring *m, uint8_t side)
{
        const int64_t *persons = persons_of(m, side);

        for (uint32_t i = 0; i < m->t->meaning->variables_len; i++) {
                const struct meaning_variable *v = &m->t->meaning->variables[i];

                for (uint32_t s = 0; s < v->len; s++)
                        if (v->in != NULL && (v->meets[s] >> side & 1) == 0)
                                return false;
        }
        for (size_t c = 0; c < m->t->cells_len; c++) {
                if (persons == NULL || (has_number(m->t, c) && persons[c] != m->t->persons[c]))
                        return false;
                for (uint32_t i = 0; i < m->quantities.len; i++)
                        if (m->quantities.of[i].takes == side && m->t->status[c] == CELL_VALUE &&
                                m->told->rule[m->quantities.of[i].measure][c] != CELL_RULE_NONE)
                                return false;
        }
        return true;
}

/* How many of a kind there are in a cell; `kinds` each hold the next. */
static int64_t number_of(
        const struct measuring *m, const uint8_t *sides, uint32_t len, uint32_t kind, size_t cell)
{
        int64_t with = m->t->persons[cell], without = 0;

        for (uint32_t i = 0; i < len; i++) {
                const int64_t *persons = persons_of(m, sides[i]);

                if (persons == NULL)
                        return 0;
                if ((kind >> i & 1) != 0 && persons[cell] < with)
                        with = persons[cell];
                if ((kind >> i & 1) == 0 && persons[cell] > without)
                        without = persons[cell];
        }
        return with - without;
}

/* A cell of all, but for categories that may depend on doubtful sides. */
static bool is_asked_there(const struct table *t, const uint32_t *at)
{
        for (uint32_t d = 0; d < t->dimensions_len; d++)
                if (at[d] < t->dimensions[d].len && (t->meaning->doubtful_dimensions >> d & 1) == 0)
                        return false;
        return true;
}

/* Each holds the next, and there is somebody of every kind. */
static bool all_are_there(const struct measuring *m, const uint8_t *sides, uint32_t len)
{
        uint32_t kind[KINDS_MAX + 1], kinds = kinds_of(m, sides, len, kind), at[DIMENSIONS_MAX];

        for (uint32_t i = 0; i < kinds; i++)
                for (uint32_t k = 0; k < i; k++)
                        if ((kind[i] & kind[k]) != kind[i] && (kind[i] & kind[k]) != kind[k])
                                return false;
        for (size_t c = 0; c < m->t->cells_len; c++) {
                table_coordinates(m->t, c, at);
                if (!is_asked_there(m->t, at) || !has_number(m->t, c) || m->t->persons[c] == 0)
                        continue;
                const struct kinds_asked asked = {.sides = sides, .len = len, .at = at};
                uint32_t here = kinds_list(m->t, &asked, kind);
                for (uint32_t i = 0; i < here; i++)
                        if (number_of(m, sides, len, kind[i], c) <= 0)
                                return false;
        }
        return true;
}

/* This one and the doubtful ones that are crossed already. */
static bool may_doubt(const struct measuring *m, uint8_t side)
{
        uint8_t sides[SIDES_MAX + 1];
        uint32_t len = 0;

        for (uint32_t i = 0; i < m->sides_len; i++)
                if (is_doubtful(m, m->sides[i]))
                        sides[len++] = m->sides[i];
        sides[len++] = side;
        return all_are_there(m, sides, len);
}

/* Sides ------------------------------------------------------------------------------------ */

/* One more side; false: there is no room. */
static bool cross(struct measuring *m, uint8_t side)
{
        uint32_t kind[KINDS_MAX + 1];

        m->sides[m->sides_len] = side;
        uint32_t kinds = kinds_of(m, m->sides, m->sides_len + 1, kind);
        if (kinds > KINDS_MAX || rows_of(&m->j->base.space) * kinds > CROSS_ROWS_MAX ||
                m->j->base.space.dimensions_len == MODEL_DIMENSIONS_MAX)
                return false;
        memcpy(m->kind, kind, sizeof kind);
        m->kinds = kinds;
        m->sides_len++;
        return true;
}

static uint32_t crossed_of(struct measuring *m, uint8_t side)
{
        uint32_t kind[KINDS_MAX + 1], kinds = kinds_of(m, &side, 1, kind);

        if (kinds == 0 || (kinds == 1 && kind[0] == 0))
                return CROSSED_NOBODY;
        if (kinds == 1)
                return CROSSED_ALL;
        for (uint32_t i = 0; i < m->sides_len; i++)
                if (are_same(m, m->sides[i], side))
                        return i;
        if (is_doubtful(m, side) && takes_all_there_are(m, side))
                return CROSSED_ALL;
        if (is_doubtful(m, side) && !may_doubt(m, side))
                return CROSSED_UNTOLD;
        return cross(m, side) ? m->sides_len - 1 : CROSSED_UNTOLD;
}

void measures_sides(struct measuring *m)
{
        m->kinds = 1;
        m->kind[0] = 0;
        for (uint32_t i = 0; i < m->quantities.len; i++) {
                const struct quantity *q = &m->quantities.of[i];

                m->crossed[i] = crossed_of(m, q->takes);
                m->same[i] = i;
                for (uint32_t k = i; k-- > 0;)
                        if (m->crossed[k] == m->crossed[i] &&
                                m->quantities.of[k].within == q->within &&
                                (q->within || m->quantities.of[k].adds == q->adds))
                                m->same[i] = m->same[k];
        }
}
