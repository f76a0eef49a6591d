/* SPDX-License-Identifier: Apache-2.0 */
/* joint_world.h: persons who do not exist, tables of them, and an oracle that knows each.
 *
 * It knows what the library does not: every person's cell and her ground, which no table
 * shows, and every filter. Its unknowns are the numbers of persons by inner cell and
 * ground; each thing shown is a sum of them; what is shown as zero is known to the last
 * person. Then all hidden cells, their measures, and measures that a rule protects must lie
 * outside of what sums of the shown ones span, by elimination in whole numbers. (A measure
 * that went with others may be computable, where it follows from the filters what it is.) */
#ifndef STATGATE_TESTS_SUPPORT_JOINT_WORLD_H
#define STATGATE_TESTS_SUPPORT_JOINT_WORLD_H

#include "base/arena.h"
#include "gateway/disclosure/disclosure.h"
#include "tests/support/dense_span.h"

enum { DIMENSIONS = 3, LEAVES = 4, GROUNDS = 3, INNER = 27, ROWS = INNER * GROUNDS, TABLES = 3 };
enum { MEASURES = 3, ALL = (1 << GROUNDS) - 1 };

/* Whom a measure counts: grounds, and categories of one dimension. */
struct whom {
        unsigned grounds, leaves; /* bits */
        uint32_t dimension;
};

struct asked {
        enum measure_kind kind;
        struct whom above, below;
};

struct world {
        struct arena *arena;
        uint64_t seed, drawn;
        uint32_t leaves[DIMENSIONS], len, inner;
        int64_t persons[ROWS], amount[ROWS]; /* by inner cell and ground */
        bool known_zero[ROWS];
        struct asked asked[MEASURES];
        uint32_t asked_len;
        struct table table[TABLES];
        struct table *tables[TABLES];
        struct dimension dimension[TABLES][DIMENSIONS];
        struct disclosure_axis axis[TABLES][DIMENSIONS];
        const struct disclosure_axis *axes[TABLES];
        uint32_t of_leaf[TABLES][DIMENSIONS][LEAVES];
        uint32_t tables_len;
        struct disclosure_release release;
        struct disclosure_settings settings;
        struct disclosure_report report;
        uint8_t *by_rule[TABLES][MEASURES]; /* cells in which a rule protects a measure */
        bool ended_early; /* then cells are hidden for want of time, which may be computable */
};

/* The same persons otherwise coded: safe again. */
enum change { AS_DRAWN = 0, PERMUTED, EMPTIED, SPLIT };

struct spans {
        struct dense_span *persons, *amounts;
        struct dense_span *cells; /* of persons, without the measures */
};

extern const struct whom everybody;

void world_make(struct world *w, uint64_t seed, bool linked, bool measures, enum change change);
void world_new(struct world *w, uint64_t seed, bool linked, bool measures);
void world_protect(struct world *w);
bool is_shown(const struct world *w, uint32_t table, size_t cell, uint32_t measure);
uint32_t column(
        const struct world *w, uint32_t table, size_t cell, const struct whom *f, int64_t *out);
uint32_t computable(struct world *w);
struct spans spans_of(const struct world *w);
void spans_free(struct spans *s);
void assert_safe_from_the_lonely(struct world *w);
void assert_wiped(const struct world *w);
void check(struct world *w);

#endif
