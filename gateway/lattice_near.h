/* SPDX-License-Identifier: Apache-2.0 */
/* lattice_near.h: answers beside the cells of a planned table. For lattice_asked.c. */
#ifndef STATGATE_GATEWAY_LATTICE_NEAR_H
#define STATGATE_GATEWAY_LATTICE_NEAR_H

#include "gateway/lattice_asked.h"

/* A row or cell that was answered. */
struct answer {
        struct ledger_set set; /* by number */
        bool cells, records, closed;
        uint32_t limit;      /* a union from which so many differ is far */
        uint32_t first, end; /* years of the cube that it asked about; end = first: none, or all */
};

struct near {
        const struct lattice_source *source;
        const struct lattice_cube *cube;
        const uint32_t *number; /* of every person of the view */
        const uint32_t *person; /* of every number; NEAR_NOBODY */
        uint32_t numbers_len;
        /* By person: in which answer she was last, and in which sum's rest. */
        uint32_t *is_in, *differs, asked, tried;
        uint32_t closed; /* answers of closed vintages */
        struct lattice_asked *out;
        struct arena *arena; /* of what is found */
};
#define NEAR_NOBODY UINT32_MAX

struct part {
        size_t cell; /* of the cube's table */
        const uint32_t *persons, *records;
        uint32_t len;
        bool chosen;
        uint32_t in; /* of them, in the answer */
};

struct margin {
        uint32_t table;
        bool is_row; /* identifying ones alone */
        struct part *parts;
        uint32_t parts_len;
        size_t *start; /* by person: where the parts that she is in begin */
        uint32_t *part, *records;
        uint32_t *touched, touched_len; /* parts that hold some of the answer */
        bool apart;                     /* nobody is in two */
};

uint64_t near_mix(uint64_t x);
/* The person of the view who has a number; NEAR_NOBODY. */
uint32_t near_person(const struct near *n, uint32_t number);

/* What an answer and a union have that the other has not. */
struct rest {
        uint32_t persons; /* the limit: as many, or more */
        uint64_t print;
};
void near_differ(struct rest *r, uint32_t number, int64_t by);
/* How often the chosen cells count a person, or her records. */
int64_t near_counted(const struct margin *m, bool records, uint32_t person);
/* The chosen cells are known, but for the rest. */
MUST_CHECK enum err near_found(struct near *n, const struct margin *m, bool exact, uint64_t rest);

/* lattice_together.c: answers that come near together and not each by itself: by their persons, of
 * up to NEAR_TOGETHER of them. */
enum { NEAR_TOGETHER = 512 };
struct together;
MUST_CHECK enum err together_new(const struct near *n, const struct answer *answers, uint32_t len,
        struct arena *arena, struct together **out);
/* `equal`: of all answers, which are a union of the margin's cells, so that they say nothing more.
 * *out_none: no combination of the others is near, in this margin or in one whose cells are unions
 * of its. */
MUST_CHECK enum err together_find(
        struct near *n, struct margin *m, struct together *t, const bool *equal, bool *out_none);

/* Which unions of cells of each margin of a table, in the blocks first .. end-1, are near an
 * answer. `range`: those answers alone that asked about these years. */
MUST_CHECK enum err near_find(struct near *n, uint32_t table, uint32_t first, uint32_t end,
        bool range, const struct answer *answers, uint32_t len, struct together *together);

#endif
