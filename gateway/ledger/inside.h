/* SPDX-License-Identifier: Apache-2.0 */
/* inside.h: what the files of this folder share behind ledger.h.
 *
 * A class is a set of persons whom nothing that was answered tells apart; class 0 holds
 * those who are in no answered set. A row is what is left of an answered set after the
 * others were taken out of it: residues other than 0, by class, ascending. The rows stand in
 * reduced echelon form: each has a pivot, a class that no other row holds, where it is 1. A
 * class of fewer than k persons is light, others are heavy.
 *
 * Whose pivot is light holds light classes only. So what can be combined from answered sets
 * and holds light classes only, the one place where something that tells of fewer than k
 * persons can be, is spanned by the rows with a light pivot: usually very few. */
#ifndef STATGATE_GATEWAY_LEDGER_INSIDE_H
#define STATGATE_GATEWAY_LEDGER_INSIDE_H

#include "gateway/ledger/ledger.h"

#define NO_ROW UINT32_MAX

struct entry {
        uint64_t value;
        uint32_t at; /* class */
};

struct row {
        struct entry *entries;
        uint32_t len, cap;
        uint32_t pivot;
        bool saved; /* the undo list has it as it was, or it is new */
        bool seen;  /* scratch of light.c; false between uses */
};

struct class
{
        uint32_t size;      /* persons */
        uint32_t pivot_row; /* NO_ROW: no row's pivot */
        uint32_t parent;    /* that it was split from, in the transaction that made it */
        uint32_t *rows;     /* that hold it, in any order */
        uint32_t rows_len, rows_cap;
        uint32_t count, target; /* scratch of a refinement; zero between uses */
        bool marked;            /* scratch; false between uses */
        uint64_t sum;           /* scratch of a reduction; zero between uses */
};

struct saved_row {
        uint32_t number;
        struct row as_it_was;
};

/* Who is in the same answered sets, those that stand in no row among them (pieces.c). */
struct piece {
        uint32_t size;              /* persons */
        uint32_t parent;            /* that it was cut from, in the transaction that made it */
        uint32_t count, held, most; /* scratch; zero between uses */
        uint32_t target;            /* scratch */
        bool marked;                /* scratch */
};

/* A set, by two sums over its persons. */
struct set_print {
        uint64_t sum[2];
        uint32_t len;
        uint32_t inserted; /* of one that was refused: rows made, when no rows made it */
        uint8_t state;     /* of the place: free, held, gone */
};
struct prints {
        struct set_print *table;
        uint32_t len, used; /* places; those not free */
        uint32_t held;
        struct set_print *added; /* in the transaction */
        uint32_t added_len, added_cap;
        size_t bytes;
};

struct pieces {
        bool on;         /* some set stands in no row: pieces are kept from then on */
        uint32_t *of;    /* by person */
        uint32_t unsure; /* persons who may have been in other sets than they are cut by */
        uint32_t of_cap, persons;
        struct piece *list;
        uint32_t len, cap;
        uint32_t kept; /* that stood before the transaction */
        uint32_t *touched;
        uint32_t touched_len, touched_cap;
        struct prints apart; /* sets in no row */
        size_t bytes;
};

struct ledger {
        struct ledger_options options;
        uint32_t *class_of; /* by person */
        uint32_t persons_cap;
        struct class *classes;
        uint32_t classes_len, classes_cap;
        struct row *rows;
        uint32_t rows_len, rows_cap;

        /* Of the transaction: */
        uint32_t rows_kept, classes_kept; /* that stood before it */
        struct saved_row *saved;
        uint32_t saved_len, saved_cap;
        uint32_t admitted;
        uint32_t inserted; /* rows made in all, those taken back too */
        bool broken;       /* admits nothing any more */
        uint64_t work;

        uint32_t *touched; /* scratch: classes of the set that is being judged */
        uint32_t touched_len, touched_cap;
        struct row left; /* scratch: what is left of it */
        uint32_t tables, answered;
        uint32_t judged;   /* tables, those refused too, since it was made */
        uint64_t too_much; /* persons of the sets of a table for which there was no room in rows */
        size_t bytes;
        struct pieces pieces;
        struct prints refused; /* sets, of those judged while all stand in rows */
        struct prints known;   /* sets that rows make, of those judged */
};

/* Makes room for `need` elements; ERR_LIMIT at the ledger's ceiling. `array` is a pointer to
 * the pointer. */
MUST_CHECK enum err ledger_reserve(
        struct ledger *l, void *array, uint32_t *cap, uint32_t need, size_t size);
void ledger_release(struct ledger *l, void *array, uint32_t cap, size_t size);
MUST_CHECK enum err ledger_work(struct ledger *l, uint64_t steps);

static inline bool class_is_light(const struct ledger *l, uint32_t c)
{
        return l->classes[c].size < l->options.threshold;
}

/* The next persons of a set who have the same weight, from `*from` on; false: none are left. */
bool set_level(
        const struct ledger_set *set, uint32_t *from, struct ledger_set *part, uint32_t *weight);

/* classes.c */
MUST_CHECK enum err class_add(struct ledger *l, uint32_t parent, uint32_t *out);
/* Splits classes until the set is made of whole ones, which it leaves in `touched`. */
MUST_CHECK enum err classes_refine(struct ledger *l, const struct ledger_set *set);
/* Whether it is made of whole classes. */
MUST_CHECK enum err classes_whole(struct ledger *l, const struct ledger_set *set, bool *out);
MUST_CHECK enum err class_mark(struct ledger *l, uint32_t class);
static inline enum err class_touch(struct ledger *l, uint32_t class)
{
        return l->classes[class].marked ? ERR_OK : class_mark(l, class);
}
void classes_untouch(struct ledger *l);
/* As they were before the transaction; rows must be so already. */
MUST_CHECK enum err classes_restore(struct ledger *l);
/* Takes back what splitting for a set made beyond `len` classes, when no row tells it apart. */
MUST_CHECK enum err classes_unsplit(struct ledger *l, uint32_t len, const struct ledger_set *set);

/* rows.c */
void row_free(struct ledger *l, struct row *r);
uint64_t row_value(const struct row *r, uint32_t class); /* 0: not there */
MUST_CHECK enum err row_push(struct ledger *l, struct row *r, uint32_t at, uint64_t value);
MUST_CHECK enum err class_add_row(struct ledger *l, uint32_t class, uint32_t row);
/* Takes out of a row that was there before the transaction what splitting put into it, which is
 * all behind what it had. */
void row_unsplit(const struct ledger *l, struct row *r);
/* Before a row is changed for the first time in a transaction, but for splitting. */
MUST_CHECK enum err row_save(struct ledger *l, uint32_t number);
/* What is left of the touched classes, each `sum` times, in `left`; nothing: it is implied. */
MUST_CHECK enum err rows_reduce(struct ledger *l);
/* `left` becomes the last row. */
MUST_CHECK enum err rows_insert(struct ledger *l);
/* Makes it 1 at a class that it holds. */
void row_scale(struct row *r, uint32_t class);
/* Sees to it that a row whose pivot is light holds light classes only. */
MUST_CHECK enum err row_mend(struct ledger *l, uint32_t number);
/* Which rows hold a class, and are pivots there, anew. */
MUST_CHECK enum err rows_index(struct ledger *l);

/* pieces.c: sets that stand in no row. From pieces_start on every set that is answered is cut
 * out, and noted when it stands in no row. */
MUST_CHECK enum err pieces_start(struct ledger *l);
void pieces_free(struct pieces *p);
MUST_CHECK enum err pieces_grow(struct pieces *p, uint32_t persons);
/* Whether k persons of the set or more stay in whatever it is combined with. */
MUST_CHECK enum err pieces_mixed(struct ledger *l, const struct ledger_set *set, bool *out);
MUST_CHECK enum err pieces_cut(struct ledger *l, const struct ledger_set *set);
void pieces_commit(struct pieces *p);
void pieces_forget(struct pieces *p);

/* prints.c */
struct set_print set_print_of(const struct ledger_set *set);
MUST_CHECK enum err prints_add(struct prints *p, const struct set_print *print);
/* Its place, until something is added; NULL: it is not there. */
struct set_print *prints_find(const struct prints *p, const struct set_print *print);
void prints_commit(struct prints *p);
void prints_forget(struct prints *p);
void prints_free(struct prints *p);

/* light.c: whether nothing that tells of fewer than k persons is made of `left`, which holds
 * light classes alone, and rows. What cannot be decided is unsafe. */
MUST_CHECK enum err light_is_safe(struct ledger *l, bool *out);

#endif
