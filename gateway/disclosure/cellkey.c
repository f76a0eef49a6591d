/* SPDX-License-Identifier: Apache-2.0 */
/* cellkey.c: the table of probabilities, and the noise of one count.
 *
 * For a count i the noise v may be what keeps i + v out of the negative numbers and out of
 * 1 .. smallest-1, within ± deviation. Of all distributions on these values with mean 0
 * and the variance asked for, the one of the largest entropy is p(v) = exp(a + b v + c v²):
 * a normal distribution on a grid, leaning over where one side is cut off (Jaynes, Phys.
 * Rev. 106, 1957; for this use Marley & Leaver, ISI 2011, and Giessing & Tent, UNECE
 * 2019). b and c are found by Newton's method on the dual, which is convex in two unknowns.
 *
 * Whether there is one at all is geometry: (0, variance) must lie in the hull of the points
 * (v, v²). Below, that hull is the chord between the two allowed values around 0 (none: 0
 * itself is allowed); above, the chord between the smallest and the largest. On a chord
 * there is one distribution and no exponential: it is written down as it is.
 *
 * Counts from `deviation` + `smallest` on are bound by nothing and share the last row.
 *
 * The table becomes whole numbers that add up to 2^32 and whose mean is zero *exactly*,
 * wherever two neighbours are allowed; so noise of many cells has nothing to drift to. The
 * same settings must give the same table on every machine, or the same question would get two
 * answers: only + - * / and rounding are used (no libm, whose exp differs in the last
 * bit from one to the next; no fused multiply-add, see CMakeLists.txt), which IEEE 754 defines
 * to the bit. That much is guaranteed for doubles that are IEEE's; the check value
 * in tests/unit/test_cellkey.c tells of one that are not.
 *
 * A cell key is stirred before it is looked up. Keys add up: the key of a whole is the sum
 * of those of its parts, and without stirring noise of parts and whole would lie along
 * one line. Stirring is a permutation of 2^32 keys, so the table's probabilities
 * stay exactly what they are. */
#include "gateway/disclosure/cellkey.h"

#include <math.h>
#include <string.h>

#include "gateway/disclosure/stir.h"

enum {
        WIDTH_MAX = 2 * CELLKEY_DEVIATION_MAX + 1,
        GUIDE_BITS = 8,
        GUIDE_LEN = 1 << GUIDE_BITS,
        STEPS_MAX = 400,
        HALVINGS_MAX = 60,
        POLISH_MAX = 20
};
#define WHOLE ((uint64_t)1 << CELLKEY_BITS)

/* For each row its noise values that have a probability, ascending; ends[k]: how many stirred
 * keys get one of the first k + 1 (of the last value: nobody asks, it would be 2^32); and
 * guide[h]: the first k that a key with the high bits h can have. */
struct cellkey {
        int32_t deviation;
        int64_t smallest;
        uint32_t rows, width; /* width: room of a row */
        uint32_t *len;        /* rows */
        uint32_t *ends;       /* rows × width */
        int8_t *noise;        /* rows × width */
        uint8_t *guide;       /* rows × GUIDE_LEN */
};

/* One row in the making. */
struct row {
        int32_t v[WIDTH_MAX]; /* allowed noise, ascending */
        uint32_t len;
        double p[WIDTH_MAX];
        uint64_t n[WIDTH_MAX]; /* of 2^32 */
};

/* exp ---------------------------------------------------------------------------------------- */

/* exp(x) for x ≤ 0, by halving the argument into a Taylor series and squaring: slow, good to
 * twelve digits, and the same everywhere. */
static double exp_same(double x)
{
        unsigned squarings = 0;
        double sum = 1, term = 1;

        if (x < -700)
                return 0;
        for (; x < -0.0625; squarings++)
                x /= 2;
        for (unsigned k = 1; k <= 10; k++) {
                term = term * x / k;
                sum += term;
        }
        while (squarings-- > 0)
                sum *= sum;
        return sum;
}

/* Maximum entropy ---------------------------------------------------------------------------- */

/* p of b and c (in units of the deviation), and what Newton needs: the dual is
 * most + log(sum) - c × variance, up to what does not depend on b and c. */
struct dual {
        double b, c, most, sum;
        double gradient[2], hessian[3]; /* of b; of c; bb, bc, cc */
};

static void dual_at(const struct row *r, double scale, double variance, struct dual *d, double *p)
{
        double mean = 0, square = 0, third = 0, fourth = 0;

        d->most = -INFINITY;
        for (uint32_t i = 0; i < r->len; i++) {
                double u = r->v[i] / scale, x = d->b * u + d->c * (u * u - variance);

                d->most = x > d->most ? x : d->most;
        }
        d->sum = 0;
        d->hessian[0] = 0;
        for (uint32_t i = 0; i < r->len; i++) {
                double u = r->v[i] / scale, x = d->b * u + d->c * (u * u - variance);

                p[i] = exp_same(x - d->most);
                d->sum += p[i];
        }
        for (uint32_t i = 0; i < r->len; i++) {
                double u = r->v[i] / scale, w = u * u - variance;

                p[i] /= d->sum;
                mean += p[i] * u;
                square += p[i] * w;
                third += p[i] * u * w;
                fourth += p[i] * w * w;
                d->hessian[0] += p[i] * u * u;
        }
        d->gradient[0] = mean;
        d->gradient[1] = square;
        d->hessian[0] -= mean * mean;
        d->hessian[1] = third - mean * square;
        d->hessian[2] = fourth - square * square;
}

/* Newton's step; along the gradient where the Hessian is as good as singular. */
static void step_of(const struct dual *d, double *out_b, double *out_c)
{
        const double *h = d->hessian, *g = d->gradient;
        double determinant = h[0] * h[2] - h[1] * h[1];

        if (determinant > 1e-14 * h[0] * h[2]) {
                *out_b = -(h[2] * g[0] - h[1] * g[1]) / determinant;
                *out_c = -(h[0] * g[1] - h[1] * g[0]) / determinant;
        } else {
                *out_b = -g[0];
                *out_c = -g[1];
        }
}

/* Whether the dual at `next` is lower than at `now`: compared without a logarithm. */
static bool is_lower(const struct dual *next, const struct dual *now)
{
        if (next->most <= now->most)
                return next->sum * exp_same(next->most - now->most) < now->sum;
        return next->sum < now->sum * exp_same(now->most - next->most);
}

static bool entropy_step(
        const struct row *r, double scale, double variance, struct dual *d, double *p)
{
        double b, c, part = 1;

        step_of(d, &b, &c);
        for (unsigned k = 0; k < HALVINGS_MAX; k++) {
                struct dual next = {.b = d->b + part * b, .c = d->c + part * c};

                dual_at(r, scale, variance, &next, p);
                if (is_lower(&next, d)) {
                        *d = next;
                        return true;
                }
                part /= 2;
        }
        return false;
}

static double gradient_size(const struct dual *d)
{
        return fabs(d->gradient[0]) + fabs(d->gradient[1]);
}

/* Where the dual is too flat to tell up from down its gradient still can. */
static void entropy_polish(
        const struct row *r, double scale, double variance, struct dual *d, double *p)
{
        double b, c;

        for (unsigned k = 0; k < POLISH_MAX; k++) {
                step_of(d, &b, &c);
                struct dual next = {.b = d->b + b, .c = d->c + c};

                dual_at(r, scale, variance, &next, p);
                if (!(gradient_size(&next) < gradient_size(d)))
                        break;
                *d = next;
        }
        dual_at(r, scale, variance, d, p);
}

/* Falls until no step leads further down, then counts on Newton alone. */
static bool entropy_solve(struct row *r, double deviation, double variance)
{
        double scaled = variance / (deviation * deviation);
        struct dual d = {.b = 0, .c = 0};

        dual_at(r, deviation, scaled, &d, r->p);
        for (unsigned k = 0; k < STEPS_MAX; k++)
                if (!entropy_step(r, deviation, scaled, &d, r->p))
                        break;
        entropy_polish(r, deviation, scaled, &d, r->p);
        return gradient_size(&d) < 1e-10;
}

/* Rows --------------------------------------------------------------------------------------- */

static void row_allow(const struct cellkey_settings *s, int32_t count, struct row *r)
{
        int32_t deviation = (int32_t)s->deviation;

        r->len = 0;
        for (int32_t v = -deviation; v <= deviation; v++) {
                int32_t to = count + v;

                if (to == 0 || (to > 0 && to >= (int32_t)s->smallest))
                        r->v[r->len++] = v;
        }
}

/* The one distribution on two values with mean zero. */
static void row_of_two(struct row *r, uint32_t low, uint32_t high)
{
        double reach = (double)r->v[high] - r->v[low];

        memset(r->p, 0, sizeof r->p);
        r->p[low] = r->v[high] / reach;
        r->p[high] = -r->v[low] / reach;
}

/* p of a row; false: nothing fits. */
static bool row_fill(const struct cellkey_settings *s, struct row *r)
{
        uint32_t above = 0, last = r->len - 1;
        double least, most;

        if (r->len == 0 || r->v[0] >= 0 || r->v[last] <= 0)
                return false;
        while (r->v[above] <= 0)
                above++;
        least = -(double)r->v[above - 1] * r->v[above];
        most = -(double)r->v[0] * r->v[last];
        if (s->variance < least || s->variance > most)
                return false;
        /* On the hull itself, or as near as a double can tell. */
        if (s->variance <= least * (1 + 1e-9) && least > 0)
                row_of_two(r, above - 1, above);
        else if (s->variance >= most * (1 - 1e-9))
                row_of_two(r, 0, last);
        else
                return entropy_solve(r, s->deviation, s->variance);
        return true;
}

/* Whole numbers ------------------------------------------------------------------------------ */

static uint32_t largest_of(const struct row *r)
{
        uint32_t best = 0;

        for (uint32_t i = 1; i < r->len; i++)
                if (r->n[i] > r->n[best])
                        best = i;
        return best;
}

/* Moves what lies wrong from one value to its neighbour, beginning with the pair that has most
 * on both sides: each unit moved changes the sum of all noise by one. */
static void mend_mean(struct row *r)
{
        int64_t off = 0;

        for (uint32_t i = 0; i < r->len; i++)
                off += (int64_t)r->n[i] * r->v[i];
        for (uint32_t round = 0; off != 0 && round < r->len; round++) {
                uint32_t best = r->len;
                uint64_t room = 0;

                for (uint32_t i = 0; i + 1 < r->len; i++) {
                        uint64_t less = r->n[i] < r->n[i + 1] ? r->n[i] : r->n[i + 1];

                        if (r->v[i + 1] == r->v[i] + 1 && less > room) {
                                best = i;
                                room = less;
                        }
                }
                if (best == r->len)
                        return;
                uint64_t units = (uint64_t)(off < 0 ? -off : off);

                units = units < room ? units : room;
                r->n[best + (off < 0)] += units;
                r->n[best + (off > 0)] -= units;
                off += off > 0 ? -(int64_t)units : (int64_t)units;
        }
}

static void row_quantise(struct row *r)
{
        uint64_t sum = 0;

        for (uint32_t i = 0; i < r->len; i++) {
                r->n[i] = (uint64_t)(r->p[i] * (double)WHOLE + 0.5);
                sum += r->n[i];
        }
        r->n[largest_of(r)] += WHOLE - sum; /* either way, modulo 2^64 */
        mend_mean(r);
}

static void row_store(struct cellkey *c, uint32_t number, const struct row *r)
{
        uint32_t *ends = c->ends + (size_t)number * c->width, *len = &c->len[number];
        int8_t *noise = c->noise + (size_t)number * c->width;
        uint8_t *guide = c->guide + (size_t)number * GUIDE_LEN;
        uint64_t sum = 0;
        uint32_t k = 0;

        for (uint32_t i = 0; i < r->len; i++) {
                if (r->n[i] == 0)
                        continue;
                sum += r->n[i];
                ends[*len] = (uint32_t)sum;
                noise[(*len)++] = (int8_t)r->v[i];
        }
        for (uint32_t h = 0; h < GUIDE_LEN; h++) {
                while (k + 1 < *len && ends[k] <= h << (CELLKEY_BITS - GUIDE_BITS))
                        k++;
                guide[h] = (uint8_t)k;
        }
}

static bool settings_hold(const struct cellkey_settings *s)
{
        return s->variance > 0 && s->variance <= (double)s->deviation * s->deviation &&
               s->deviation >= 1 && s->deviation <= CELLKEY_DEVIATION_MAX &&
               s->smallest <= s->deviation + 1;
}

static enum err new_rows(
        struct arena *arena, const struct cellkey_settings *s, struct cellkey **out)
{
        struct cellkey *c = arena_alloc(arena, 1, sizeof *c);

        if (c == NULL)
                return ERR_NO_MEMORY;
        c->deviation = (int32_t)s->deviation;
        c->smallest = s->smallest > 1 ? s->smallest : 1;
        c->width = 2 * s->deviation + 1;
        c->rows = 1 + s->deviation + (s->smallest > 1 ? s->smallest : 0);
        c->len = arena_alloc(arena, c->rows, sizeof *c->len);
        c->ends = arena_alloc(arena, (size_t)c->rows * c->width, sizeof *c->ends);
        c->noise = arena_alloc(arena, (size_t)c->rows * c->width, 1);
        c->guide = arena_alloc(arena, (size_t)c->rows * GUIDE_LEN, 1);
        if (c->len == NULL || c->ends == NULL || c->noise == NULL || c->guide == NULL)
                return ERR_NO_MEMORY;
        *out = c;
        return ERR_OK;
}

enum err cellkey_new(
        struct arena *arena, const struct cellkey_settings *settings, const struct cellkey **out)
{
        struct cellkey *c = NULL;
        struct row r = {.len = 1, .v = {0}, .n = {WHOLE}}; /* zero stays zero */

        if (!settings_hold(settings))
                return ERR_INVALID;
        TRY(new_rows(arena, settings, &c));
        row_store(c, 0, &r);
        for (uint32_t i = 1; i < c->rows; i++) {
                row_allow(settings, (int32_t)i, &r);
                if (!row_fill(settings, &r))
                        return ERR_INVALID;
                row_quantise(&r);
                row_store(c, i, &r);
        }
        *out = c;
        return ERR_OK;
}

/* Looking up --------------------------------------------------------------------------------- */

static inline int64_t noisy(const struct cellkey *c, uint32_t key, int64_t count)
{
        uint32_t stirred = stir(key), k;
        size_t row;

        if (count <= 0)
                return count;
        row = count < c->rows ? (size_t)count : c->rows - 1;
        k = c->guide[row * GUIDE_LEN + (stirred >> (CELLKEY_BITS - GUIDE_BITS))];
        while (k + 1 < c->len[row] && c->ends[row * c->width + k] <= stirred)
                k++;
        return count + c->noise[row * c->width + k];
}

int64_t cellkey_count(const struct cellkey *c, uint32_t key, int64_t count)
{
        return noisy(c, key, count);
}

void cellkey_counts(const struct cellkey *c, const uint32_t *keys, int64_t *counts, size_t len)
{
        for (size_t i = 0; i < len; i++)
                counts[i] = noisy(c, keys[i], counts[i]);
}

int64_t cellkey_smallest(const struct cellkey *c)
{
        return c->smallest;
}

uint32_t cellkey_rows(const struct cellkey *c)
{
        return c->rows;
}

double cellkey_probability(const struct cellkey *c, uint32_t row, int32_t noise)
{
        const uint32_t *ends = c->ends + (size_t)row * c->width;
        const int8_t *values = c->noise + (size_t)row * c->width;
        uint32_t k = 0;

        if (row >= c->rows)
                return 0;
        while (k < c->len[row] && values[k] != noise)
                k++;
        if (k == c->len[row])
                return 0;
        uint64_t end = k + 1 == c->len[row] ? WHOLE : ends[k];
        return (double)(end - (k == 0 ? 0 : ends[k - 1])) / (double)WHOLE;
}
