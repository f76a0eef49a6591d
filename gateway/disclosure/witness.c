/* SPDX-License-Identifier: Apache-2.0 */
/* witness.c: directions of the elimination, lifted to whole numbers and checked.
 *
 * A direction is known modulo the prime. Its numbers are nearly always 1 and -1; a few
 * are fractions. Each is lifted to the fraction with the smallest parts (Wang 1981), all
 * are multiplied by what their denominators have in common, and then the sums are made
 * anew in whole numbers. One witness usually moves many protected cells, so one is made
 * only for those that none has moved yet. */
#include "gateway/disclosure/witness.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/disclosure/residue.h"

/* Rows of a direction: longer ones have large numbers, and take long. */
enum { LONGEST = 1024 };
/* Sums made in whole numbers, and what is looked at to find directions, too long ones among them:
 * so much, and an eighth of what the elimination looked at. */
#define WORK_LEAST (UINT64_C(1) << 28)
/* Parts of a fraction; and numbers of a witness, of which MODEL_ROWS_MAX fit a sum. */
enum { PART_MAX = 1 << 29 };
#define NUMBER_MAX ((int64_t)1 << 38)

enum proved { PROVED_NOT = 0, PROVED_MODULAR, PROVED_WHOLE };

struct proof {
        const struct model *model;
        size_t *start; /* of each row: its columns in `column` */
        uint32_t *column;
        int64_t *sum;      /* of columns, under the witness at hand */
        uint32_t *touched; /* columns whose sum was made */
        uint32_t touched_len;
        bool *is_touched;
        uint8_t *proved;  /* of columns: enum proved */
        uint32_t missing; /* protected columns not proved in whole numbers */
        uint64_t sums;    /* made so far */
        int64_t *number;  /* the witness, beside the direction's rows */
};

static enum err allocate(struct arena *arena, const struct model *m, struct proof *p)
{
        size_t ones = m->start[m->columns];

        p->model = m;
        p->start = arena_alloc(arena, (size_t)m->rows + 2, sizeof *p->start);
        p->column = arena_alloc_raw(arena, ones, sizeof *p->column);
        p->sum = arena_alloc(arena, m->columns, sizeof *p->sum);
        p->touched = arena_alloc_raw(arena, m->columns, sizeof *p->touched);
        p->is_touched = arena_alloc(arena, m->columns, sizeof *p->is_touched);
        p->proved = arena_alloc(arena, m->columns, sizeof *p->proved);
        p->number = arena_alloc_raw(arena, m->rows, sizeof *p->number);
        return p->start == NULL || p->column == NULL || p->sum == NULL || p->touched == NULL ||
                               p->is_touched == NULL || p->proved == NULL || p->number == NULL
                       ? ERR_NO_MEMORY
                       : ERR_OK;
}

/* The matrix by rows. */
static void transpose(struct proof *p)
{
        const struct model *m = p->model;

        for (size_t k = 0; k < m->start[m->columns]; k++)
                p->start[m->row[k] + 2]++;
        for (uint32_t r = 2; r < m->rows + 2; r++)
                p->start[r] += p->start[r - 1];
        for (uint32_t c = 0; c < m->columns; c++)
                for (size_t k = m->start[c]; k < m->start[c + 1]; k++)
                        p->column[p->start[m->row[k] + 1]++] = c;
}

/* The denominator of the fraction with small parts that is `residue`; 0: there is none.
 * Half a Euclid: remainders of the prime and the residue, until one is small. */
static int64_t denominator_of(uint64_t residue)
{
        int64_t old = (int64_t)RESIDUE_PRIME, now = (int64_t)residue, old_by = 0, by = 1;

        while (now > PART_MAX) {
                int64_t quotient = old / now, rest = old % now, next = old_by - quotient * by;

                old = now;
                now = rest;
                old_by = by;
                by = next;
        }
        by = by < 0 ? -by : by;
        return by <= PART_MAX ? by : 0;
}

/* Whole numbers in the direction's proportions; false where they would be too large. */
static bool lift(struct proof *p, const struct vector *direction)
{
        uint64_t scale = 1;

        for (uint32_t i = 0; i < direction->len; i++) {
                uint64_t value = residue_times(direction->value[i], scale);
                int64_t is = residue_signed(value);

                if (is >= -PART_MAX && is <= PART_MAX)
                        continue;
                uint64_t by = (uint64_t)denominator_of(value);
                if (by == 0 || scale > (uint64_t)NUMBER_MAX / by)
                        return false;
                scale *= by;
        }
        for (uint32_t i = 0; i < direction->len; i++) {
                p->number[i] = residue_signed(residue_times(direction->value[i], scale));
                if (p->number[i] < -NUMBER_MAX || p->number[i] > NUMBER_MAX)
                        return false;
        }
        return true;
}

/* What the witness does to every column; none overflows by NUMBER_MAX. */
static void sums_make(struct proof *p, const struct vector *direction)
{
        for (uint32_t i = 0; i < direction->len; i++) {
                uint32_t row = direction->at[i];

                p->sums += p->start[row + 1] - p->start[row];
                for (size_t k = p->start[row]; k < p->start[row + 1]; k++) {
                        uint32_t c = p->column[k];

                        if (!p->is_touched[c])
                                p->touched[p->touched_len++] = c;
                        p->is_touched[c] = true;
                        p->sum[c] += p->number[i];
                }
        }
}

/* Where every published column stays, all protected ones that move are proved. */
static void sums_judge(struct proof *p, const uint8_t *fate)
{
        bool stays = true;

        for (uint32_t i = 0; i < p->touched_len; i++)
                stays = stays &&
                        (fate[p->touched[i]] != FATE_PUBLISHED || p->sum[p->touched[i]] == 0);
        for (uint32_t i = 0; i < p->touched_len; i++) {
                uint32_t c = p->touched[i];

                if (stays && p->sum[c] != 0 && p->proved[c] != PROVED_WHOLE) {
                        p->proved[c] = PROVED_WHOLE;
                        p->missing -= p->model->column[c].protect;
                }
                p->sum[c] = 0;
                p->is_touched[c] = false;
        }
        p->touched_len = 0;
}

/* Every protected column moves in the direction of some free row, and is proved if the
 * numbers of one are small. */
static enum err prove_whole(struct proof *p, struct elimination *e, struct witness_report *report)
{
        uint64_t before = elimination_stats(e).work, most = WORK_LEAST + before / 8;

        for (uint32_t r = 0; r < p->model->rows && p->missing > 0; r++) {
                if (p->sums + (elimination_stats(e).work - before) > most)
                        break;
                if (!elimination_is_free(e, r))
                        continue;
                if (model_cancelled(p->model))
                        return ERR_CANCELLED;
                const struct vector *direction = elimination_direction(e, r, LONGEST);
                report->witnesses++;
                if (direction == NULL || !lift(p, direction))
                        continue;
                sums_make(p, direction);
                sums_judge(p, elimination_fates(e));
        }
        return ERR_OK;
}

/* Two random witnesses modulo the prime, for all columns. */
static void prove_modular(struct proof *p, const struct elimination *e)
{
        const struct model *m = p->model;
        const struct print *row = elimination_prints(e);
        const uint8_t *fate = elimination_fates(e);
        bool stays = true;

        for (uint32_t c = 0; c < m->columns; c++) {
                struct print sum = {0};

                for (size_t k = m->start[c]; k < m->start[c + 1]; k++) {
                        sum.f = residue_add(sum.f, row[m->row[k]].f);
                        sum.g = residue_add(sum.g, row[m->row[k]].g);
                }
                bool moves = sum.f != 0 || sum.g != 0;
                stays = stays && (fate[c] != FATE_PUBLISHED || !moves);
                p->proved[c] = moves ? PROVED_MODULAR : PROVED_NOT;
        }
        if (!stays)
                memset(p->proved, PROVED_NOT, m->columns);
}

enum err witness_prove(struct elimination *e, const struct model *model, struct witness_report *out)
{
        OWNED(arena_free) struct arena *arena = arena_new(SIZE_MAX);
        struct witness_report report = {0};
        struct proof p = {0};

        if (arena == NULL)
                return ERR_NO_MEMORY;
        TRY(allocate(arena, model, &p));
        transpose(&p);
        prove_modular(&p, e);
        for (uint32_t c = 0; c < model->columns; c++)
                p.missing += model->column[c].protect;
        TRY(prove_whole(&p, e, &report));
        for (uint32_t c = 0; c < model->columns; c++) {
                if (!model->column[c].protect)
                        continue;
                report.whole += p.proved[c] == PROVED_WHOLE;
                report.modular += p.proved[c] == PROVED_MODULAR;
                report.unproved += p.proved[c] == PROVED_NOT;
        }
        *out = report;
        return ERR_OK;
}
