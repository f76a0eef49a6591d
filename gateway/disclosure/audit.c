/* SPDX-License-Identifier: Apache-2.0 */
/* audit.c: which cells are asked, by which attacker, and the verdict.
 *
 * Above `cells_max` a sample is asked; that of the rest some become known by the way, and
 * count as audited too. A limit leaves the others unaudited, never "safe", whichever limit it
 * was: of work, of branches, of a component's size. Of components that are too large some cells
 * are drawn and asked by themselves. The draw hangs on the table: nobody can try seeds until
 * one draws what suits him without changing what he publishes.
 *
 * Who knows the rules knows more. Zeros are shown, so what is hidden is not zero. And
 * something among cells that hang together is the reason why any of them is hidden: where
 * all but one of them are proved to reach the threshold, that one is below it. Said so, it
 * may prove more; so again, a few times. The second holds only where the threshold is the
 * only rule by which cells are protected: `threshold` 0 says that it is not.
 *
 * A table on which the rules' words do not fit is asked again without the threshold. */
#include "gateway/disclosure/audit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/disclosure/audit_system.h"
#include "gateway/disclosure/bounds.h"
#include "gateway/disclosure/residue.h"

/* How often what follows from the threshold is asked what follows from it. */
enum { DEDUCTIONS = 4 };
/* By so much floating point may be wrong about a width. */
#define SEEN_OFF 1e-5

static const char *const attackers[AUDIT_ATTACKERS] = {"real", "whole", "rules"};

const char *audit_attacker_name(enum audit_attacker a)
{
        return attackers[a];
}

struct auditing {
        struct arena *arena;
        const struct audit_release *release;
        const struct audit_options *options;
        struct audit_system sys;
        bool *wanted; /* of protected cells */
        struct audit_verdict verdict;
};

/* Sampling --------------------------------------------------------------------------------- */

struct ticket {
        uint64_t drawn;
        uint32_t cell;
};

static int by_ticket(const void *x, const void *y)
{
        const struct ticket *a = x, *b = y;

        if (a->drawn != b->drawn)
                return a->drawn < b->drawn ? -1 : 1;
        return (a->cell > b->cell) - (a->cell < b->cell);
}

static enum err sample(struct auditing *a)
{
        uint32_t len = a->sys.system.asked.len;
        size_t most = a->options->cells_max == 0 ? len : a->options->cells_max;
        struct ticket *ticket = arena_alloc_raw(a->arena, len, sizeof *ticket);

        a->wanted = arena_alloc(a->arena, len, sizeof *a->wanted);
        if (a->wanted == NULL || ticket == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < len; i++)
                ticket[i] = (struct ticket){residue_mix(a->options->seed, i), i};
        if (most < len)
                qsort(ticket, len, sizeof *ticket, by_ticket);
        for (uint32_t i = 0; i < len && i < most; i++)
                a->wanted[ticket[i].cell] = true;
        return ERR_OK;
}

/* Answers ---------------------------------------------------------------------------------- */

/* How wide is wide enough; 0: ends are looked for. */
static int64_t enough_of(const struct auditing *a)
{
        if (a->options->ends || (a->options->width < 2 && a->sys.told_value == NULL))
                return 0;
        return a->options->width > 1 ? a->options->width : 1;
}

/* Ends where they were found; else what was seen, if that is wide enough to end the question. */
static void interval_write(const struct auditing *a, const struct bounds *b, uint32_t cell,
        struct bounds_answer answer, struct audit_interval *x)
{
        int64_t low, high, enough = enough_of(a);

        x->low = answer.low;
        x->high = answer.high;
        x->audited = answer.exact;
        if (answer.exact || enough == 0)
                return;
        bounds_seen(b, cell, &low, &high);
        if (low > high || (high < BOUNDS_NONE && low > -BOUNDS_NONE && high - low < enough))
                return;
        x->low = low;
        x->high = high;
        x->audited = true;
}

static void intervals_write(struct auditing *a, const struct bounds *b)
{
        struct audit_verdict *v = &a->verdict;
        uint32_t width = a->options->width > 1 ? a->options->width : 1;

        v->audited = v->exact = v->narrow = 0;
        v->feasible = bounds_feasible(b);
        for (uint32_t i = 0; i < v->len; i++) {
                struct audit_interval *x = &v->intervals[i];

                x->audited = false;
                if (!v->feasible)
                        continue;
                struct bounds_answer answer = bounds_answer(b, i);
                interval_write(a, b, i, answer, x);
                v->audited += x->audited;
                v->limited |= a->wanted[i] && !x->audited;
                if (!x->audited || x->low == -BOUNDS_NONE || x->high == BOUNDS_NONE)
                        continue;
                v->exact += x->high <= x->low;
                v->narrow += x->high - x->low < width;
        }
}

static enum err ask(struct auditing *a, const struct bounds_system *system)
{
        OWNED(arena_free) struct arena *arena = arena_new(SIZE_MAX);
        OWNED(bounds_free) struct bounds *b = NULL;
        struct audit_verdict *v = &a->verdict;
        uint64_t limit = a->options->work_limit;
        int64_t enough = enough_of(a);
        const struct bounds_options options = {.whole = a->options->attacker != AUDIT_REAL,
                .iterations_max = limit <= v->iterations ? limit > 0 : limit - v->iterations,
                .cancel = a->options->cancel};

        if (arena == NULL)
                return ERR_NO_MEMORY;
        TRY(bounds_new(arena, system, &options, &b));
        if (a->sys.told_value != NULL) {
                bounds_tell(b, a->sys.told_value);
                TRY(bounds_follow(
                        b, a->release->told->path, a->sys.told_unknown, a->release->told->len));
        }
        TRY(bounds_work(b, a->wanted, enough));
        v->limited |= bounds_limited(b);
        v->iterations += bounds_iterations(b);
        intervals_write(a, b);
        return ERR_OK;
}

/* What the threshold says ------------------------------------------------------------------ */

/* Unknowns that hang together by any cell, published or protected. */
static uint32_t root_of(uint32_t *parent, uint32_t u)
{
        while (parent[u] != u) {
                parent[u] = parent[parent[u]];
                u = parent[u];
        }
        return u;
}

static void tie_sums(uint32_t *parent, const struct bounds_sums *s)
{
        for (uint32_t i = 0; i < s->len; i++)
                for (size_t k = s->start[i] + 1; k < s->start[i + 1]; k++)
                        parent[root_of(parent, s->unknown[k])] = root_of(parent, s->unknown[k - 1]);
}

static bool same_sum(const struct bounds_sums *s, uint32_t i, uint32_t k)
{
        size_t len = s->start[i + 1] - s->start[i];

        return len == s->start[k + 1] - s->start[k] &&
               memcmp(s->unknown + s->start[i], s->unknown + s->start[k],
                       len * sizeof *s->unknown) == 0;
}

#define NONE UINT32_MAX
#define MANY (UINT32_MAX - 1)

/* Of each group of unknowns the only protected cell that can be below the threshold. */
static void only_reasons(const struct auditing *a, uint32_t *parent, uint32_t *only)
{
        const struct bounds_sums *s = &a->sys.system.asked;

        for (uint32_t u = 0; u < a->sys.system.unknowns; u++)
                only[u] = NONE;
        for (uint32_t i = 0; i < s->len; i++) {
                if (s->start[i] == s->start[i + 1] ||
                        a->verdict.intervals[i].low >= (int64_t)a->release->threshold)
                        continue;
                uint32_t *of = &only[root_of(parent, s->unknown[s->start[i]])];
                if (*of == NONE)
                        *of = i;
                else if (*of != MANY && !same_sum(s, *of, i))
                        *of = MANY;
        }
}

/* The known sums, and those of `only` below the threshold. */
static enum err system_extend(struct auditing *a, const uint32_t *only, struct bounds_system *out)
{
        const struct bounds_system *from = &a->sys.system;
        const struct bounds_sums *s = &from->asked, *known = &from->known;
        size_t old = known->start[known->len], ones = 0;
        uint32_t more = 0;

        for (uint32_t u = 0; u < from->unknowns; u++)
                if (only[u] < MANY) {
                        ones += s->start[only[u] + 1] - s->start[only[u]];
                        more++;
                }
        size_t *start = arena_alloc_raw(a->arena, (size_t)known->len + more + 1, sizeof *start);
        uint32_t *unknown = arena_alloc_raw(a->arena, old + ones, sizeof *unknown);
        int8_t *sign = arena_alloc_raw(a->arena, old + ones, sizeof *sign);
        int64_t *low = arena_alloc_raw(a->arena, (size_t)known->len + more, sizeof *low);
        int64_t *high = arena_alloc_raw(a->arena, (size_t)known->len + more, sizeof *high);
        if (start == NULL || unknown == NULL || sign == NULL || low == NULL || high == NULL)
                return ERR_NO_MEMORY;
        memcpy(start, known->start, ((size_t)known->len + 1) * sizeof *start);
        memcpy(unknown, known->unknown, old * sizeof *unknown);
        memset(sign, 1, old + ones);
        memcpy(sign, known->sign, old * sizeof *sign);
        memcpy(low, from->known_low, known->len * sizeof *low);
        memcpy(high, from->known_high, known->len * sizeof *high);
        *out = *from;
        out->known = (struct bounds_sums){known->len, start, unknown, sign};
        out->known_low = low;
        out->known_high = high;
        for (uint32_t u = 0; u < from->unknowns; u++) {
                if (only[u] >= MANY)
                        continue;
                size_t first = s->start[only[u]], len = s->start[only[u] + 1] - first;
                memcpy(unknown + start[out->known.len], s->unknown + first, len * sizeof *unknown);
                low[out->known.len] = -BOUNDS_NONE;
                high[out->known.len++] = (int64_t)a->release->threshold - 1;
                start[out->known.len] = start[out->known.len - 1] + len;
        }
        return ERR_OK;
}

static enum err deduce(struct auditing *a)
{
        const struct bounds_system *s = &a->sys.system;
        uint32_t *parent = arena_alloc_raw(a->arena, s->unknowns, sizeof *parent);
        uint32_t *only = arena_alloc_raw(a->arena, s->unknowns, sizeof *only);
        struct audit_interval *before = arena_alloc_raw(a->arena, a->verdict.len, sizeof *before);
        struct bounds_system extended;

        if (parent == NULL || only == NULL || before == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t u = 0; u < s->unknowns; u++)
                parent[u] = u;
        tie_sums(parent, &s->known);
        tie_sums(parent, &s->asked);
        uint32_t known = s->known.len;
        for (int round = 0; round < DEDUCTIONS && a->verdict.feasible; round++) {
                struct audit_verdict verdict = a->verdict;

                only_reasons(a, parent, only);
                TRY(system_extend(a, only, &extended));
                if (extended.known.len == known)
                        return ERR_OK;
                known = extended.known.len;
                memcpy(before, a->verdict.intervals, a->verdict.len * sizeof *before);
                TRY(ask(a, &extended));
                if (a->verdict.feasible)
                        continue;
                uint64_t iterations = a->verdict.iterations;
                a->verdict = verdict;
                a->verdict.iterations = iterations;
                memcpy(a->verdict.intervals, before, a->verdict.len * sizeof *before);
                return ERR_OK;
        }
        return ERR_OK;
}

/* Components that are too large ------------------------------------------------------------ */

enum { MILLION = 1000000, CONFIDENCE_STEPS = 60 };

/* That so few or fewer of `of` are found where the share is `p`. */
static double chance_of(size_t found, size_t of, double p)
{
        double sum = 0;

        for (size_t k = 0; k <= found; k++)
                sum += exp(lgamma((double)of + 1) - lgamma((double)k + 1) -
                           lgamma((double)(of - k) + 1) + (double)k * log(p) +
                           (double)(of - k) * log1p(-p));
        return sum;
}

uint32_t audit_share_most(size_t found, size_t of, size_t all)
{
        double low = 0, high = 1;

        if (of == 0 || found >= of)
                return all == 0 ? 0 : MILLION;
        if (of >= all)
                return (uint32_t)ceil((double)found / (double)of * MILLION);
        for (int i = 0; i < CONFIDENCE_STEPS; i++) {
                double middle = (low + high) / 2;

                *(chance_of(found, of, middle) > 0.05 ? &low : &high) = middle;
        }
        return (uint32_t)ceil(high * MILLION);
}

/* What everybody sees, and nothing else. */
static uint64_t content_of(const struct auditing *a)
{
        const struct bounds_system *s = &a->sys.system;
        uint64_t hash = residue_mix(a->options->seed, s->unknowns);

        for (uint32_t i = 0; i < s->known.len; i++)
                hash = residue_mix(hash, (uint64_t)s->known_low[i]);
        for (uint32_t i = 0; i < s->asked.len; i++)
                hash = residue_mix(hash, a->sys.cell[i]);
        return hash;
}

/* Those that addition tells narrowly are known; of the others some are drawn. */
static enum err draw(struct auditing *a, const struct bounds *b, bool *drawn)
{
        struct audit_verdict *v = &a->verdict;
        struct ticket *ticket = arena_alloc_raw(a->arena, v->len, sizeof *ticket);
        int64_t width = a->options->width > 1 ? a->options->width : 1;
        uint64_t seed = content_of(a);

        if (ticket == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < v->len; i++) {
                struct audit_interval *x = &v->intervals[i];
                struct bounds_answer answer = bounds_answer(b, i);

                if (x->audited || !bounds_is_large(b, i))
                        continue;
                if (answer.low != -BOUNDS_NONE && answer.high != BOUNDS_NONE &&
                        answer.high - answer.low < width) {
                        *x = (struct audit_interval){
                                x->table, x->cell, answer.low, answer.high, true};
                        v->audited++;
                        v->narrow++;
                        v->exact += x->high <= x->low;
                        continue;
                }
                ticket[v->sampled.of++] = (struct ticket){residue_mix(seed, i), i};
        }
        qsort(ticket, v->sampled.of, sizeof *ticket, by_ticket);
        for (size_t i = 0; i < v->sampled.of && i < a->options->large_sample; i++)
                drawn[ticket[i].cell] = true;
        return ERR_OK;
}

static void drawn_write(struct auditing *a, const struct bounds *b, uint32_t cell)
{
        struct audit_verdict *v = &a->verdict;
        struct audit_interval *x = &v->intervals[cell];
        struct bounds_answer answer = bounds_answer(b, cell);
        struct bounds_near near = bounds_near(b, cell);
        int64_t width = a->options->width > 1 ? a->options->width : 1;
        bool ends = answer.low != -BOUNDS_NONE && answer.high != BOUNDS_NONE;

        if (!near.asked)
                return;
        *x = (struct audit_interval){x->table, x->cell, answer.low, answer.high, true};
        v->audited++;
        v->sampled.drawn++;
        if (ends && x->high - x->low < v->sampled.narrowest)
                v->sampled.narrowest = x->high - x->low;
        if (ends && x->high - x->low < width) {
                v->sampled.narrow++;
                v->narrow++;
                v->exact += x->high <= x->low;
        } else if (near.seen < (double)width - SEEN_OFF) {
                v->sampled.unproved++;
        }
}

static enum err ask_large(struct auditing *a)
{
        OWNED(arena_free) struct arena *arena = arena_new(SIZE_MAX);
        OWNED(bounds_free) struct bounds *b = NULL;
        const struct bounds_options options = {.cancel = a->options->cancel};
        struct audit_verdict *v = &a->verdict;
        bool *drawn = arena_alloc(a->arena, v->len, sizeof *drawn);

        if (arena == NULL || drawn == NULL)
                return ERR_NO_MEMORY;
        TRY(bounds_new(arena, &a->sys.system, &options, &b));
        TRY(draw(a, b, drawn));
        if (v->sampled.of == 0)
                return ERR_OK;
        v->limited = true;
        TRY(bounds_ask_large(b, drawn));
        v->iterations += bounds_iterations(b);
        v->feasible = bounds_feasible(b);
        for (uint32_t i = 0; i < v->len && v->feasible; i++)
                if (drawn[i])
                        drawn_write(a, b, i);
        return ERR_OK;
}

enum err audit_run(struct arena *arena, const struct audit_release *release,
        const struct audit_options *options, struct audit_verdict *out)
{
        OWNED(arena_free) struct arena *inside = NULL;
        struct auditing a = {.release = release, .options = options};
        bool rules = options->attacker == AUDIT_RULES && !release->negative;

        if (options->attacker >= AUDIT_ATTACKERS)
                return ERR_INVALID;
        a.arena = inside = arena_new(SIZE_MAX);
        if (inside == NULL)
                return ERR_NO_MEMORY;
        TRY(audit_system_new(inside, release, rules && release->zeros_published, &a.sys));
        a.verdict.sampled.narrowest = INT64_MAX;
        a.verdict.len = a.sys.system.asked.len;
        a.verdict.intervals = arena_alloc(arena, a.verdict.len, sizeof *a.verdict.intervals);
        if (a.verdict.intervals == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < a.verdict.len; i++)
                a.verdict.intervals[i] = (struct audit_interval){.table = a.sys.table[i],
                        .cell = a.sys.cell[i],
                        .low = release->negative ? -BOUNDS_NONE : 0,
                        .high = BOUNDS_NONE};
        TRY(sample(&a));
        TRY(ask(&a, &a.sys.system));
        if (rules && release->threshold > 0)
                TRY(deduce(&a));
        if (options->large_sample > 0 && a.verdict.feasible)
                TRY(ask_large(&a));
        *out = a.verdict;
        return ERR_OK;
}
