/* SPDX-License-Identifier: Apache-2.0 */
/* ledger.c: judging rows, and the transaction around it.
 *
 * A row of which a heavy class is left after reduction opens nothing: whatever it is combined
 * with, that class's persons stay in it or the row does not count. Only a row of which light
 * classes alone are left needs looking at (light.c).
 *
 * Where a row cannot be made, or was not made of an earlier set, pieces.c says what may be
 * answered besides: rows are made as long as they can be, since they tell what is known already.
 * Finding out that they cannot takes seconds where sets are of millions, so it is found out once:
 * a table that is as large as one that was too much is not tried.
 *
 * What a transaction changes is undone from copies of the rows it changed; classes that split
 * remember what they were split from, and are taken out of rows that hold them without a copy.
 * Undoing takes no memory. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "gateway/ledger/inside.h"

#define WORK_DEFAULT ((uint64_t)4000000000)
enum { REFUSED_MAX = 1 << 20, KNOWN_MAX = 1 << 18 }; /* forgetting costs work, nothing else */

/* Memory and work ---------------------------------------------------------------------------- */

enum err ledger_reserve(struct ledger *l, void *array, uint32_t *cap, uint32_t need, size_t size)
{
        void *old, *grown;
        uint32_t wanted = *cap + *cap / 2;

        if (need <= *cap)
                return ERR_OK;
        wanted = wanted < need ? need : wanted;
        size_t more = (size_t)(wanted - *cap) * size;

        if (more > l->options.memory_ceiling - l->bytes)
                return ERR_LIMIT;
        memcpy(&old, array, sizeof old);
        grown = fault_hit("alloc") ? NULL : realloc(old, (size_t)wanted * size);
        if (grown == NULL)
                return ERR_NO_MEMORY;
        memcpy(array, &grown, sizeof grown);
        l->bytes += more;
        *cap = wanted;
        return ERR_OK;
}

void ledger_release(struct ledger *l, void *array, uint32_t cap, size_t size)
{
        free(array);
        l->bytes -= (size_t)cap * size;
}

enum err ledger_work(struct ledger *l, uint64_t steps)
{
        l->work += steps;
        return l->work <= l->options.work_limit ? ERR_OK : ERR_LIMIT;
}

/* Making ------------------------------------------------------------------------------------- */

static enum err start(struct ledger *l, const struct ledger_options *options)
{
        uint32_t outside;

        l->options = *options;
        l->options.persons = 0;
        if (options->work_limit == 0)
                l->options.work_limit = WORK_DEFAULT;
        l->too_much = UINT64_MAX;
        TRY(class_add(l, 0, &outside));
        l->classes_kept = 1;
        return ledger_grow(l, options->persons);
}

enum err ledger_new(const struct ledger_options *options, struct ledger **out)
{
        struct ledger *l;

        if (options->threshold < 1)
                return ERR_INVALID;
        l = fault_hit("alloc") ? NULL : calloc(1, sizeof *l);
        if (l == NULL)
                return ERR_NO_MEMORY;
        enum err e = start(l, options);
        if (e != ERR_OK) {
                ledger_free(&l);
                return e;
        }
        *out = l;
        return ERR_OK;
}

void ledger_free(struct ledger **ledger)
{
        struct ledger *l = ledger != NULL ? *ledger : NULL;

        if (l == NULL)
                return;
        for (uint32_t i = 0; i < l->rows_len; i++)
                free(l->rows[i].entries);
        for (uint32_t i = 0; i < l->saved_len; i++)
                free(l->saved[i].as_it_was.entries);
        for (uint32_t i = 0; i < l->classes_cap; i++)
                free(l->classes[i].rows);
        free(l->left.entries);
        free(l->rows);
        free(l->saved);
        free(l->classes);
        free(l->touched);
        free(l->class_of);
        pieces_free(&l->pieces);
        prints_free(&l->refused);
        prints_free(&l->known);
        free(l);
        *ledger = NULL;
}

enum err ledger_grow(struct ledger *l, uint32_t persons)
{
        uint32_t before = l->options.persons;

        if (persons <= before)
                return ERR_OK;
        TRY(pieces_grow(&l->pieces, persons));
        TRY(ledger_reserve(l, &l->class_of, &l->persons_cap, persons, sizeof *l->class_of));
        memset(l->class_of + before, 0, (size_t)(persons - before) * sizeof *l->class_of);
        l->classes[0].size += persons - before;
        l->options.persons = persons;
        return ERR_OK;
}

/* Sets --------------------------------------------------------------------------------------- */

bool set_level(
        const struct ledger_set *set, uint32_t *from, struct ledger_set *part, uint32_t *weight)
{
        uint32_t first = *from, end = first;

        if (first == set->len)
                return false;
        while (end < set->len && (set->weights == NULL || set->weights[end] == set->weights[first]))
                end++;
        if (weight != NULL)
                *weight = set->weights == NULL ? 1 : set->weights[first];
        *part = (struct ledger_set){.persons = set->persons + first, .len = end - first};
        *from = end;
        return true;
}

/* Classes are split until all of a class have the same weight, which becomes their `sum`. */
static enum err refine(struct ledger *l, const struct ledger_set *set)
{
        struct ledger_set part;
        uint32_t weight;

        for (uint32_t from = 0; set_level(set, &from, &part, NULL);) {
                classes_untouch(l);
                TRY(classes_refine(l, &part));
        }
        for (uint32_t from = 0; set_level(set, &from, &part, &weight);)
                for (uint32_t i = 0; i < (set->weights == NULL ? l->touched_len : part.len); i++) {
                        uint32_t class =
                                set->weights == NULL ? l->touched[i] : l->class_of[part.persons[i]];

                        TRY(class_touch(l, class));
                        l->classes[class].sum = weight;
                }
        return ERR_OK;
}

/* Judging ------------------------------------------------------------------------------------ */

static bool is_light(const struct ledger *l, const struct row *r)
{
        for (uint32_t i = 0; i < r->len; i++)
                if (!class_is_light(l, r->entries[i].at))
                        return false;
        return true;
}

/* Whether rows make it; nothing is split for that: what they make is made of whole classes. */
static enum err is_implied(struct ledger *l, const struct ledger_set *set, bool *out)
{
        struct ledger_set part;
        bool whole = true;

        for (uint32_t from = 0; set_level(set, &from, &part, NULL);) {
                classes_untouch(l);
                TRY(classes_whole(l, &part, &whole));
                if (!whole)
                        break;
        }
        classes_untouch(l);
        *out = false;
        if (!whole)
                return ERR_OK;
        TRY(refine(l, set));
        TRY(rows_reduce(l));
        *out = l->left.len == 0;
        return ERR_OK;
}

static enum err row_insert(
        struct ledger *l, const struct ledger_set *set, bool forced, uint8_t *verdict)
{
        uint32_t classes = l->classes_len;
        bool safe = true;

        *verdict = LEDGER_KNOWN;
        TRY(refine(l, set));
        TRY(rows_reduce(l));
        if (l->left.len == 0)
                return ERR_OK;
        if (!forced && is_light(l, &l->left))
                TRY(light_is_safe(l, &safe));
        *verdict = safe ? LEDGER_ADMITTED : LEDGER_REFUSED;
        return safe ? rows_insert(l) : classes_unsplit(l, classes, set);
}

/* What was refused is refused again, but where it has become a sum of answers since, which only
 * something undecided can. It is asked for again and again: what is answered of a town need not
 * be worked out, and what is refused should cost no more. As long as no row is made, it is no
 * sum of other rows than it was. */
static enum err row_judge_again(struct ledger *l, const struct ledger_set *set,
        struct set_print *refused, const struct set_print *print, uint8_t *verdict)
{
        bool known = false;

        if (refused->inserted != l->inserted)
                TRY(is_implied(l, set, &known));
        refused->inserted = l->inserted;
        *verdict = known ? LEDGER_KNOWN : LEDGER_REFUSED;
        return known ? prints_add(&l->known, print) : ERR_OK;
}

static enum err row_judge_among(struct ledger *l, const struct ledger_set *set, bool forced,
        struct set_print *print, uint8_t *verdict)
{
        struct set_print *refused = forced ? NULL : prints_find(&l->refused, print);

        if (refused != NULL)
                return row_judge_again(l, set, refused, print, verdict);
        TRY(row_insert(l, set, forced, verdict));
        print->inserted = l->inserted;
        if (*verdict == LEDGER_REFUSED)
                return prints_add(&l->refused, print);
        return forced ? ERR_OK : prints_add(&l->known, print);
}

/* Where some sets stand in no row, whether it may be answered is asked of pieces. What stands
 * there itself becomes a row now that somebody asks for it: its parts may then be known, too. */
static enum err row_judge_beside(struct ledger *l, const struct ledger_set *set, bool forced,
        const struct set_print *print, uint8_t *verdict)
{
        bool known = prints_find(&l->pieces.apart, print) != NULL, mixed = forced || known;

        if (!mixed)
                TRY(pieces_mixed(l, set, &mixed));
        if (!mixed) {
                TRY(is_implied(l, set, &known));
                *verdict = known ? LEDGER_KNOWN : LEDGER_REFUSED;
                return known ? prints_add(&l->known, print) : ERR_OK;
        }
        TRY(row_insert(l, set, true, verdict));
        if (!forced)
                TRY(prints_add(&l->known, print));
        if (known)
                *verdict = LEDGER_KNOWN;
        return *verdict == LEDGER_ADMITTED ? pieces_cut(l, set) : ERR_OK;
}

/* Without a row of its own. */
static enum err row_judge_apart(struct ledger *l, const struct ledger_set *set, bool forced,
        const struct set_print *print, uint8_t *verdict)
{
        bool known = prints_find(&l->pieces.apart, print) != NULL, mixed = forced;

        if (!known && !forced) {
                enum err e = is_implied(l, set, &known);

                if (e != ERR_OK && e != ERR_LIMIT)
                        return e;
                known = known && e == ERR_OK;
                if (!known)
                        TRY(pieces_mixed(l, set, &mixed));
        }
        *verdict = known ? LEDGER_KNOWN : mixed ? LEDGER_ADMITTED : LEDGER_REFUSED;
        if (*verdict != LEDGER_ADMITTED)
                return ERR_OK;
        TRY(pieces_cut(l, set));
        return prints_add(&l->pieces.apart, print);
}

enum how { WITH_ROWS = 0, APART };

/* `forced`: it has left already. */
static enum err row_judge(
        struct ledger *l, const struct ledger_set *set, enum how how, bool forced, uint8_t *verdict)
{
        *verdict = set->len == 0 ? LEDGER_EMPTY : LEDGER_SMALL;
        if (set->len == 0 || (set->len < l->options.threshold && !forced))
                return ERR_OK;
        struct set_print print = set_print_of(set);

        *verdict = LEDGER_KNOWN; /* what rows make they will always make */
        if (!forced && prints_find(&l->known, &print) != NULL)
                return ERR_OK;
        if (how == APART)
                TRY(row_judge_apart(l, set, forced, &print, verdict));
        else if (l->pieces.on)
                TRY(row_judge_beside(l, set, forced, &print, verdict));
        else
                TRY(row_judge_among(l, set, forced, &print, verdict));
        l->admitted += *verdict == LEDGER_ADMITTED ? 1 : 0;
        return ERR_OK;
}

/* `verdicts`: NULL, they are told of none; `all`: NULL, or there is no need to go on after the
 * first that is not allowed. */
static enum err judge(struct ledger *l, const struct ledger_set *rows, uint32_t len, enum how how,
        bool forced, uint8_t *verdicts, bool *all)
{
        enum err e = l->broken ? ERR_LIMIT : how == APART ? pieces_start(l) : ERR_OK;
        uint8_t one = LEDGER_REFUSED;

        l->work = 0;
        for (uint32_t i = 0; e == ERR_OK && i < len && (all == NULL || *all); i++) {
                e = row_judge(l, &rows[i], how, forced, &one);
                classes_untouch(l);
                if (verdicts != NULL)
                        verdicts[i] = one;
                if (all != NULL)
                        *all = ledger_allows(one);
        }
        if (e != ERR_OK)
                ledger_forget(l);
        return e;
}

static bool is_untouched(const struct ledger *l)
{
        return l->admitted == 0 && l->rows_len == l->rows_kept && l->saved_len == 0 &&
               l->classes_len == l->classes_kept && l->pieces.len == l->pieces.kept;
}

static uint64_t persons_of(const struct ledger_set *rows, uint32_t len)
{
        uint64_t sum = 0;

        for (uint32_t i = 0; i < len; i++)
                sum += rows[i].len;
        return sum;
}

/* In rows, or by pieces where there is no room for that; not beside what is not committed. */
static enum err judge_anyhow(struct ledger *l, const struct ledger_set *rows, uint32_t len,
        bool forced, uint8_t *verdicts, bool *all)
{
        uint64_t size = persons_of(rows, len);
        bool alone = is_untouched(l);

        l->judged += forced ? 0 : 1;
        if (!alone || size < l->too_much) {
                enum err e = judge(l, rows, len, WITH_ROWS, forced, verdicts, all);

                if (e != ERR_LIMIT || !alone)
                        return e;
                l->too_much = size;
                if (all != NULL)
                        *all = true; /* up to where it ended */
        }
        return judge(l, rows, len, APART, forced, verdicts, all);
}

enum err ledger_judge(
        struct ledger *l, const struct ledger_set *rows, uint32_t len, uint8_t *verdicts)
{
        enum err e = judge_anyhow(l, rows, len, false, verdicts, NULL);

        if (e != ERR_OK)
                memset(verdicts, LEDGER_REFUSED, len);
        return e;
}

enum err ledger_judge_all(struct ledger *l, const struct ledger_set *rows, uint32_t len, bool *out)
{
        bool all = true;

        for (uint32_t i = 0; i < len; i++)
                all &= rows[i].len == 0 || rows[i].len >= l->options.threshold;
        enum err e = judge_anyhow(l, rows, len, false, NULL, &all);

        if (e == ERR_OK && !all)
                ledger_forget(l);
        *out = e == ERR_OK && all;
        return e;
}

enum err ledger_remember(struct ledger *l, const struct ledger_set *rows, uint32_t len)
{
        ledger_forget(l);
        TRY(judge_anyhow(l, rows, len, true, NULL, NULL));
        ledger_commit(l);
        return l->broken ? ERR_LIMIT : ERR_OK;
}

enum err ledger_leave_out(struct ledger *l, const struct ledger_set *rows, uint32_t len)
{
        ledger_forget(l);
        TRY(judge(l, rows, len, APART, true, NULL, NULL));
        ledger_commit(l);
        return ERR_OK;
}

enum err ledger_suspect(
        struct ledger *l, const struct ledger_set *rows, uint32_t len, uint32_t unsure)
{
        enum err e = l->broken ? ERR_LIMIT : ERR_OK;

        ledger_forget(l);
        if (e == ERR_OK)
                e = pieces_start(l);
        for (uint32_t i = 0; e == ERR_OK && i < len; i++)
                e = pieces_cut(l, &rows[i]);
        if (e != ERR_OK) {
                ledger_forget(l);
                return e;
        }
        if (unsure > l->pieces.unsure)
                l->pieces.unsure = unsure;
        ledger_commit(l);
        return ERR_OK;
}

/* The transaction ---------------------------------------------------------------------------- */

static void transaction_ends(struct ledger *l)
{
        for (uint32_t i = l->rows_kept; i < l->rows_len; i++)
                l->rows[i].saved = false;
        l->saved_len = 0;
        l->admitted = 0;
        l->rows_kept = l->rows_len;
        l->classes_kept = l->classes_len;
}

void ledger_commit(struct ledger *l)
{
        for (uint32_t i = 0; i < l->saved_len; i++) {
                l->rows[l->saved[i].number].saved = false;
                row_free(l, &l->saved[i].as_it_was);
        }
        l->saved_len = 0;
        l->tables += l->admitted > 0 ? 1 : 0;
        l->answered += l->admitted;
        pieces_commit(&l->pieces);
        prints_commit(&l->refused);
        if (l->refused.held > REFUSED_MAX)
                prints_free(&l->refused);
        prints_commit(&l->known);
        if (l->known.held > KNOWN_MAX)
                prints_free(&l->known);
        transaction_ends(l);
}

void ledger_forget(struct ledger *l)
{
        bool changed =
                l->saved_len > 0 || l->rows_len > l->rows_kept || l->classes_len > l->classes_kept;

        while (l->rows_len > l->rows_kept)
                row_free(l, &l->rows[--l->rows_len]);
        for (uint32_t i = 0; i < l->saved_len; i++) {
                struct saved_row *s = &l->saved[i];

                row_free(l, &l->rows[s->number]);
                l->rows[s->number] = s->as_it_was;
        }
        for (uint32_t i = 0; changed && i < l->rows_len; i++)
                row_unsplit(l, &l->rows[i]);
        if (changed && classes_restore(l) != ERR_OK)
                l->broken = true;
        pieces_forget(&l->pieces);
        prints_forget(&l->refused);
        prints_forget(&l->known);
        transaction_ends(l);
}

struct ledger_stats ledger_stats(const struct ledger *l)
{
        return (struct ledger_stats){
                .tables = l->tables,
                .rows = l->answered,
                .classes = l->classes_len - 1,
                .rank = l->rows_len,
                .left_out = l->pieces.apart.held,
                .pieces = l->pieces.len,
                .bytes = l->bytes + l->pieces.bytes + l->pieces.apart.bytes + l->refused.bytes +
                         l->known.bytes,
                .work = l->work,
        };
}
