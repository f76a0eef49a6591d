/* SPDX-License-Identifier: Apache-2.0 */
/* dense_span.c: elimination without fractions, divided by common factors at every step. */
#include "tests/support/dense_span.h"

#include <stdlib.h>
#include <string.h>

struct dense_span {
        uint32_t rows, rank;
        int64_t **basis; /* each has zeros at the pivots of those before it */
        uint32_t *pivot;
};

static void *must(void *memory)
{
        if (memory == NULL)
                abort();
        return memory;
}

struct dense_span *dense_span_new(uint32_t rows)
{
        struct dense_span *s = must(calloc(1, sizeof *s));

        s->rows = rows;
        s->basis = must(calloc((size_t)rows + 1, sizeof *s->basis));
        s->pivot = must(calloc((size_t)rows + 1, sizeof *s->pivot));
        return s;
}

void dense_span_free(struct dense_span **s)
{
        if (*s == NULL)
                return;
        for (uint32_t i = 0; i < (*s)->rank; i++)
                free((*s)->basis[i]);
        free((*s)->basis);
        free((*s)->pivot);
        free(*s);
        *s = NULL;
}

void dense_column(const struct model *m, uint32_t column, int64_t *out)
{
        memset(out, 0, m->rows * sizeof *out);
        for (size_t k = m->start[column]; k < m->start[column + 1]; k++)
                out[m->row[k]] = 1;
}

static int64_t product(int64_t a, int64_t b)
{
        int64_t p;

        if (__builtin_mul_overflow(a, b, &p))
                abort();
        return p;
}

static int64_t common(int64_t a, int64_t b)
{
        while (b != 0) {
                int64_t rest = a % b;

                a = b;
                b = rest;
        }
        return a < 0 ? -a : a;
}

/* Divides by the common factor; the first number that is not zero becomes positive. */
static void make_primitive(int64_t *v, uint32_t rows)
{
        int64_t factor = 0;

        for (uint32_t r = 0; r < rows; r++)
                factor = common(v[r], factor);
        for (uint32_t r = 0; r < rows; r++)
                if (v[r] != 0) {
                        factor = v[r] < 0 ? -factor : factor;
                        break;
                }
        for (uint32_t r = 0; r < rows && factor != 0; r++)
                v[r] /= factor;
}

/* v minus a multiple of b, so that v has zero at the pivot. */
static void clear(int64_t *v, const int64_t *b, uint32_t pivot, uint32_t rows)
{
        int64_t mine = v[pivot], other = b[pivot];

        if (mine == 0)
                return;
        for (uint32_t r = 0; r < rows; r++) {
                int64_t keep = product(v[r], other), take = product(b[r], mine);

                if (__builtin_sub_overflow(keep, take, &v[r]))
                        abort();
        }
        make_primitive(v, rows);
}

static bool is_zero(const int64_t *v, uint32_t rows)
{
        for (uint32_t r = 0; r < rows; r++)
                if (v[r] != 0)
                        return false;
        return true;
}

static int64_t *remainder_of(const struct dense_span *s, const int64_t *vector)
{
        int64_t *v = must(malloc((s->rows + 1) * sizeof *v));

        memcpy(v, vector, s->rows * sizeof *v);
        for (uint32_t i = 0; i < s->rank; i++)
                clear(v, s->basis[i], s->pivot[i], s->rows);
        make_primitive(v, s->rows);
        return v;
}

bool dense_span_holds(const struct dense_span *s, const int64_t *vector)
{
        int64_t *v = remainder_of(s, vector);
        bool zero = is_zero(v, s->rows);

        free(v);
        return zero;
}

void dense_span_add(struct dense_span *s, const int64_t *vector)
{
        int64_t *v = remainder_of(s, vector);

        if (is_zero(v, s->rows)) {
                free(v);
                return;
        }
        s->basis[s->rank] = v;
        while (v[s->pivot[s->rank]] == 0)
                s->pivot[s->rank]++;
        s->rank++;
}

uint32_t dense_span_rank(const struct dense_span *s)
{
        return s->rank;
}

/* The naive method ------------------------------------------------------------------------- */

struct naive {
        const struct model *m;
        struct dense_span *published;
        int64_t **secret; /* protected columns, reduced */
        uint32_t secrets;
};

static void publish(struct naive *n, const int64_t *vector)
{
        uint32_t before = n->published->rank;

        dense_span_add(n->published, vector);
        if (n->published->rank == before)
                return;
        for (uint32_t i = 0; i < n->secrets; i++) {
                clear(n->secret[i], n->published->basis[before], n->published->pivot[before],
                        n->m->rows);
                make_primitive(n->secret[i], n->m->rows);
        }
}

static bool reveals(const struct naive *n, const int64_t *vector)
{
        int64_t *v = remainder_of(n->published, vector);
        bool same = false;

        for (uint32_t i = 0; i < n->secrets && !same; i++)
                same = memcmp(n->secret[i], v, n->m->rows * sizeof *v) == 0;
        same = same && !is_zero(v, n->m->rows);
        free(v);
        return same;
}

void dense_elimination(const struct model *m, const uint32_t *order, size_t len, bool *published)
{
        struct naive n = {.m = m, .published = dense_span_new(m->rows)};
        int64_t *v = must(malloc((m->rows + 1) * sizeof *v));

        n.secret = must(calloc((size_t)m->columns + 1, sizeof *n.secret));
        for (uint32_t c = 0; c < m->columns; c++) {
                published[c] = false;
                if (!m->column[c].protect)
                        continue;
                n.secret[n.secrets] = must(malloc((m->rows + 1) * sizeof *v));
                dense_column(m, c, n.secret[n.secrets++]);
        }
        for (uint32_t c = 0; c < m->columns; c++) {
                if (!m->column[c].known)
                        continue;
                dense_column(m, c, v);
                publish(&n, v);
                published[c] = true;
        }
        for (size_t i = 0; i < len; i++) {
                dense_column(m, order[i], v);
                published[order[i]] = !reveals(&n, v);
                if (published[order[i]])
                        publish(&n, v);
        }
        for (uint32_t i = 0; i < n.secrets; i++)
                free(n.secret[i]);
        free(n.secret);
        free(v);
        dense_span_free(&n.published);
}
