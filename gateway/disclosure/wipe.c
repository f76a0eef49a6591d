/* SPDX-License-Identifier: Apache-2.0 */
/* wipe.c: a withheld value is overwritten in every array that holds it, or what it was made
 * of, so that no later mistake can send it. */
#include "gateway/disclosure/wipe.h"

#include <string.h>

static void wipe(int64_t *values, size_t cell)
{
        if (values != NULL)
                values[cell] = 0;
}

static void wipe_contributions(struct contributions *c, uint32_t len, size_t cell)
{
        for (uint32_t i = 0; i < len; i++) {
                if (c[i].number != NULL)
                        c[i].number[cell] = 0;
                if (c[i].largest != NULL)
                        memset(&c[i].largest[cell * CONTRIBUTIONS_LARGEST], 0,
                                CONTRIBUTIONS_LARGEST * sizeof *c[i].largest);
        }
}

static void wipe_measure(struct measure *m, size_t cell)
{
        wipe(m->values, cell);
        wipe(m->contributors, cell);
        wipe(m->low, cell);
        wipe(m->high, cell);
        wipe(m->numerator, cell);
        wipe(m->denominator, cell);
        wipe(m->numerator_persons, cell);
        wipe(m->denominator_persons, cell);
        wipe(m->sums, cell);
        wipe_contributions(m->contributions, m->contributions_len, cell);
}

static void wipe_cell(struct table *t, size_t cell)
{
        wipe(t->persons, cell);
        wipe(t->records, cell);
        wipe(t->margin_persons, cell);
        wipe(t->families, cell);
        wipe_contributions(t->contributions, t->contributions_len, cell);
        if (t->cell_key != NULL)
                t->cell_key[cell] = 0;
        if (t->held != NULL)
                t->held[cell] = 0;
}

void wipe_table(struct table *t)
{
        for (size_t i = 0; i < t->cells_len; i++) {
                bool shown = t->status[i] == CELL_VALUE;

                if (!shown)
                        wipe_cell(t, i);
                for (uint32_t k = 0; k < t->measures_len; k++) {
                        struct measure *m = &t->measures[k];

                        if (!shown && m->status != NULL)
                                m->status[i] = t->status[i];
                        if (!shown || (m->status != NULL && m->status[i] != CELL_VALUE))
                                wipe_measure(m, i);
                }
        }
}
