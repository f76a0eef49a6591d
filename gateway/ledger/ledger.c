/* SPDX-License-Identifier: Apache-2.0 */
/* ledger.c: judging rows, and the transaction around it.
 *
 * A row of which a heavy class is left after reduction opens nothing: whatever it is combined
 * with, that class's persons stay in it or the row does not count. Only a row of which light
 * classes alone are left needs looking at (light.c).
 *
 * What a transaction changes is undone from copies of the rows it changed; classes that split
 * remember what they were split from. Undoing takes no memory. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "gateway/ledger/inside.h"

#define WORK_DEFAULT ((uint64_t)4000000000)

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
        free(l->changed);
        free(l->factors);
        free(l->class_of);
        free(l);
        *ledger = NULL;
}

enum err ledger_grow(struct ledger *l, uint32_t persons)
{
        uint32_t before = l->options.persons;

        if (persons <= before)
                return ERR_OK;
        TRY(ledger_reserve(l, &l->class_of, &l->persons_cap, persons, sizeof *l->class_of));
        memset(l->class_of + before, 0, (size_t)(persons - before) * sizeof *l->class_of);
        l->classes[0].size += persons - before;
        l->options.persons = persons;
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

/* What it would give away is made of itself or of a row that it changed. */
static enum err try_light(struct ledger *l, bool *out_safe)
{
        uint32_t number = l->rows_len;

        TRY(rows_insert(l));
        TRY(light_is_safe(l, &number, 1, out_safe));
        if (*out_safe)
                TRY(light_is_safe(l, l->changed, l->changed_len, out_safe));
        return *out_safe ? ERR_OK : rows_take_back(l);
}

/* `forced`: it has left already. */
static enum err row_judge(
        struct ledger *l, const struct ledger_set *set, bool forced, uint8_t *verdict)
{
        bool safe = true;

        *verdict = set->len == 0 ? LEDGER_EMPTY : LEDGER_SMALL;
        if (set->len == 0 || (set->len < l->options.threshold && !forced))
                return ERR_OK;
        *verdict = LEDGER_KNOWN;
        TRY(classes_refine(l, set));
        TRY(rows_reduce(l));
        if (l->left.len == 0)
                return ERR_OK;
        if (forced || !is_light(l, &l->left))
                TRY(rows_insert(l));
        else
                TRY(try_light(l, &safe));
        *verdict = safe ? LEDGER_ADMITTED : LEDGER_REFUSED;
        l->admitted += safe ? 1 : 0;
        l->refused |= !safe;
        return ERR_OK;
}

static enum err judge(struct ledger *l, const struct ledger_set *rows, uint32_t len, bool forced,
        uint8_t *verdicts)
{
        enum err e = l->broken ? ERR_LIMIT : ERR_OK;
        uint8_t one = LEDGER_REFUSED;

        l->work = 0;
        for (uint32_t i = 0; e == ERR_OK && i < len; i++) {
                e = row_judge(l, &rows[i], forced, &one);
                classes_untouch(l);
                if (verdicts != NULL)
                        verdicts[i] = one;
        }
        if (e != ERR_OK)
                ledger_forget(l);
        return e;
}

enum err ledger_judge(
        struct ledger *l, const struct ledger_set *rows, uint32_t len, uint8_t *verdicts)
{
        enum err e = judge(l, rows, len, false, verdicts);

        if (e != ERR_OK)
                memset(verdicts, LEDGER_REFUSED, len);
        return e;
}

enum err ledger_remember(struct ledger *l, const struct ledger_set *rows, uint32_t len)
{
        ledger_forget(l);
        TRY(judge(l, rows, len, true, NULL));
        ledger_commit(l);
        return l->broken ? ERR_LIMIT : ERR_OK;
}

/* The transaction ---------------------------------------------------------------------------- */

static void transaction_ends(struct ledger *l)
{
        for (uint32_t i = 0; i < l->rows_len; i++)
                l->rows[i].saved = false;
        l->saved_len = 0;
        l->admitted = 0;
        l->refused = false;
        l->rows_kept = l->rows_len;
        l->classes_kept = l->classes_len;
}

void ledger_commit(struct ledger *l)
{
        for (uint32_t i = 0; i < l->saved_len; i++)
                row_free(l, &l->saved[i].as_it_was);
        l->saved_len = 0;
        for (uint32_t i = 0; i < l->rows_len; i++)
                l->rows[i].saved = true; /* there is nothing to go back to */
        l->tables += l->admitted > 0 ? 1 : 0;
        l->answered += l->admitted;
        /* What was answered is in the rows; if they cannot be brought into shape again, the
         * search could miss something from here on. */
        if (l->refused && classes_merge(l) != ERR_OK)
                l->broken = true;
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
        if (changed && classes_restore(l) != ERR_OK)
                l->broken = true;
        transaction_ends(l);
}

struct ledger_stats ledger_stats(const struct ledger *l)
{
        return (struct ledger_stats){
                .tables = l->tables,
                .rows = l->answered,
                .classes = l->classes_len - 1,
                .rank = l->rows_len,
                .bytes = l->bytes,
                .work = l->work,
        };
}
