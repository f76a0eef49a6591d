/* SPDX-License-Identifier: Apache-2.0 */
/* dense_span.h: what can be computed from what, by the schoolbook.
 *
 * An oracle for secondary suppression: dense vectors of whole numbers, elimination
 * without fractions, every product checked for overflow (a test that overflows fails).
 * It shares nothing with the engine but the matrix. */
#ifndef STATGATE_TESTS_SUPPORT_DENSE_SPAN_H
#define STATGATE_TESTS_SUPPORT_DENSE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/disclosure/model.h"

struct dense_span;

/* Nothing is published yet. */
struct dense_span *dense_span_new(uint32_t rows);
void dense_span_free(struct dense_span **s);

void dense_column(const struct model *m, uint32_t column, int64_t *out); /* m->rows numbers */
bool dense_span_holds(const struct dense_span *s, const int64_t *vector);
void dense_span_add(struct dense_span *s, const int64_t *vector); /* what it holds adds nothing */
uint32_t dense_span_rank(const struct dense_span *s);

/* The elimination method as its paper tells it, one candidate after the other: `published`
 * (of columns) is what may leave. `order` holds the candidates. */
void dense_elimination(const struct model *m, const uint32_t *order, size_t len, bool *published);

#endif
