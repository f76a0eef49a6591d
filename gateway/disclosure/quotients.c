/* SPDX-License-Identifier: Apache-2.0 */
/* quotients.c: a ratio to a sum with decimals has these in it too, and nowhere in the table:
 * the values tell how many. */
#include "gateway/disclosure/quotients.h"

#include "base/fraction.h"

static bool is_shown(const struct table *t, const struct measure *m, size_t cell)
{
        return t->status[cell] == CELL_VALUE &&
               (m->status == NULL || m->status[cell] == CELL_VALUE);
}

static bool is_quotient(const struct table *t, const struct measure *m, __int128 times)
{
        for (size_t i = 0; i < t->cells_len; i++) {
                int64_t value = 0;

                if (!is_shown(t, m, i) || m->denominator[i] == 0)
                        continue;
                if (!fraction_round(m->numerator[i] * times, m->denominator[i], &value) ||
                        value != m->values[i])
                        return false;
        }
        return true;
}

enum err quotients_times(const struct table *t, const struct measure *m, __int128 *out)
{
        enum { DECIMALS_MAX = 12 };
        __int128 times = 10 * (__int128)(m->scale > 0 ? m->scale : 1);

        *out = 0;
        if (m->kind != MEASURE_RATIO && m->kind != MEASURE_RATE)
                return ERR_OK;
        for (unsigned k = 0; k <= DECIMALS_MAX; k++, times *= 10) {
                if (!is_quotient(t, m, times))
                        continue;
                *out = times;
                return ERR_OK;
        }
        return ERR_INVALID;
}
