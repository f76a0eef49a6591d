/* SPDX-License-Identifier: Apache-2.0 */
/* bounds_inside.h: what bounds.c (presolving) and bounds_solve.c (programs) share. */
#ifndef STATGATE_GATEWAY_DISCLOSURE_BOUNDS_INSIDE_H
#define STATGATE_GATEWAY_DISCLOSURE_BOUNDS_INSIDE_H

#include "gateway/disclosure/bounds.h"
#include "gateway/disclosure/lp.h"

/* Unknowns and known sums that hang together, and what is asked within. */
struct component {
        uint32_t first, unknowns; /* in bounds.member */
        uint32_t row_first, rows; /* in bounds.row_member */
        uint32_t piece_first, pieces;
};

/* Known sums that hold a piece: known only where its program was solved. */
struct held {
        uint32_t *known;
        size_t len;
};

/* The part of an asked sum that lies in one component. Parts of several sums with the
 * same unknowns are one piece. */
struct piece {
        size_t start;
        uint32_t len; /* of its unknowns in bounds.piece_unknown */
        uint32_t component;
        int64_t low, high;           /* proved from without */
        int64_t seen_low, seen_high; /* solutions seen */
        bool low_done, high_done;    /* nothing better can be said */
        struct held held[2];         /* what keeps it from being smaller, and larger */
        /* Of components that are too large: asked by itself, and what solutions in floating
         * point were seen. */
        bool asked, nearly_seen;
        double near_low, near_high;
};

struct bounds {
        struct arena *arena;
        struct bounds_system system;
        struct bounds_options options;
        int64_t *low, *high; /* of unknowns, after presolving */
        /* Of each: twice the row that said so, plus its side, plus 1; 0: given. Of the lows,
         * then of the highs. */
        uint32_t *reason[2];
        bool feasible, limited;
        enum err failed; /* to keep a solution */
        bool told;       /* a solution of everything, that fits */
        int64_t *base;   /* it, then */
        uint64_t iterations;
        /* Known sums without what is fixed. */
        size_t *row_start;
        uint32_t *row_unknown;
        int8_t *row_sign;
        int64_t *row_low, *row_high;
        struct component *component;
        uint32_t components;
        uint32_t *member, *row_member, *piece_member; /* by component */
        uint32_t *place; /* of unknowns: number within their component */
        struct piece *piece;
        uint32_t pieces;
        uint32_t *piece_unknown;
        size_t *sum_start; /* of asked sums: their pieces */
        uint32_t *sum_piece;
        int64_t *sum_fixed;
        uint32_t *row_stamp, stamp; /* of known sums: the last question they were said to bind */
        int64_t *solution;          /* of unknowns, at hand */
        struct lp *lp;              /* of the component at hand */
        uint32_t lp_component;      /* components: none */
        bool lp_prices;             /* it tells prices */
};

/* Unknowns of a component beyond which it is not worked on. */
enum { BOUNDS_LARGE = 5000 };

MUST_CHECK enum err bounds_cancelled(const struct bounds *b);
/* Works on all wanted pieces of one component. */
MUST_CHECK enum err bounds_component_work(
        struct bounds *b, uint32_t component, const bool *piece_wanted, int64_t enough);
/* Known sums with a price in the program of one side of a piece. */
void bounds_piece_binding(
        struct bounds *b, uint32_t piece, bool larger, uint32_t *known, size_t cap, size_t *len);
/* Those that fixed an unknown: `all`, or without what is far back. */
void bounds_fixed_binding(
        struct bounds *b, uint32_t unknown, bool all, uint32_t *known, size_t cap, size_t *len);
/* Looks at the solution at hand, of one component: does it fit? */
bool bounds_component_see(struct bounds *b, uint32_t component);

#endif
