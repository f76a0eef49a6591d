/* SPDX-License-Identifier: Apache-2.0 */
/* bounds.c: what needs no program, and what hangs together.
 *
 * Bounds of unknowns follow from known sums and from one another: nothing is larger than
 * the smallest sum it stands in, less what the others are at least. Passing that round a
 * few times fixes much and says for most of the rest what the program will say. What is
 * fixed goes; what remains falls apart into components, and every sum asked for into
 * pieces, one per component, which do not know each other: its bounds are sums of theirs.
 *
 * A program computes in floating point. What it says of width is believed only with a
 * solution checked by addition of whole numbers; what it says of narrowness is believed as
 * it is, since a mistake there is a false alarm. */
#include "gateway/disclosure/bounds.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/disclosure/bounds_inside.h"
#include "gateway/disclosure/residue.h"

/* Rounds of passing bounds on: what is left then is for the programs. */
enum { ROUNDS = 64 };

static int sign_of(const struct bounds_sums *s, size_t k)
{
        return s->sign == NULL ? 1 : s->sign[k];
}

/* Passing bounds on ------------------------------------------------------------------------ */

/* The smallest a row can be: of its unknowns that have a bound, and how many have none. */
struct least {
        int64_t sum;
        size_t unbounded;
};

static int64_t smallest(const struct bounds *b, uint32_t unknown, int sign)
{
        return sign > 0 ? b->low[unknown] : -b->high[unknown];
}

static struct least least_of(const struct bounds *b, uint32_t row, int side)
{
        const struct bounds_sums *s = &b->system.known;
        struct least least = {0};

        for (size_t k = s->start[row]; k < s->start[row + 1]; k++) {
                int64_t value = smallest(b, s->unknown[k], side * sign_of(s, k));

                if (value == -BOUNDS_NONE)
                        least.unbounded++;
                else
                        least.sum += value;
        }
        return least;
}

/* The sum, turned by `side`, is at most `most`: so is each of its unknowns, less what the
 * others are at least. */
static bool tighten(struct bounds *b, uint32_t row, int side, int64_t most)
{
        const struct bounds_sums *s = &b->system.known;
        struct least least = least_of(b, row, side);
        bool changed = false;

        if (least.unbounded == 0 && least.sum > most)
                b->feasible = false;
        if (least.unbounded > 1 || !b->feasible)
                return false;
        for (size_t k = s->start[row]; k < s->start[row + 1]; k++) {
                uint32_t u = s->unknown[k];
                int sign = side * sign_of(s, k);
                int64_t own = smallest(b, u, sign), rest = least.sum;

                if (least.unbounded == 1 && own != -BOUNDS_NONE)
                        continue;
                rest -= own == -BOUNDS_NONE ? 0 : own;
                if (most - rest >= -smallest(b, u, -sign))
                        continue;
                *(sign > 0 ? &b->high[u] : &b->low[u]) = sign * (most - rest);
                b->reason[sign > 0][u] = row * 2 + (side > 0) + 1;
                changed = true;
        }
        return changed;
}

static bool tighten_row(struct bounds *b, uint32_t row)
{
        bool changed = false;

        if (b->system.known_high[row] != BOUNDS_NONE)
                changed |= tighten(b, row, 1, b->system.known_high[row]);
        if (b->system.known_low[row] != -BOUNDS_NONE)
                changed |= tighten(b, row, -1, -b->system.known_low[row]);
        return changed;
}

/* Without any bound that could be passed on for ever: rounds are few, and reals know no
 * smallest step, but whole bounds of sums of whole numbers are whole. */
static void pass_on(struct bounds *b)
{
        bool changed = true;

        for (uint32_t round = 0; round < ROUNDS && changed && b->feasible; round++) {
                changed = false;
                for (uint32_t r = 0; r < b->system.known.len && b->feasible; r++)
                        changed |= tighten_row(b, r);
        }
        for (uint32_t u = 0; u < b->system.unknowns; u++)
                if (b->low[u] > b->high[u])
                        b->feasible = false;
}

static bool is_fixed(const struct bounds *b, uint32_t unknown)
{
        return b->low[unknown] == b->high[unknown];
}

/* What is left of the known sums ----------------------------------------------------------- */

/* A row that its unknowns' bounds imply says nothing. */
static bool says_nothing(const struct bounds *b, uint32_t row)
{
        struct least least = least_of(b, row, 1), most = least_of(b, row, -1);
        bool high = b->system.known_high[row] == BOUNDS_NONE ||
                    (most.unbounded == 0 && -most.sum <= b->system.known_high[row]);
        bool low = b->system.known_low[row] == -BOUNDS_NONE ||
                   (least.unbounded == 0 && least.sum >= b->system.known_low[row]);

        return low && high;
}

static void row_reduce(struct bounds *b, uint32_t row)
{
        const struct bounds_sums *s = &b->system.known;
        size_t to = b->row_start[row];

        b->row_low[row] = b->system.known_low[row];
        b->row_high[row] = b->system.known_high[row];
        for (size_t k = s->start[row]; k < s->start[row + 1]; k++) {
                uint32_t u = s->unknown[k];

                if (is_fixed(b, u)) {
                        int64_t value = sign_of(s, k) * b->low[u];

                        b->row_low[row] -= b->row_low[row] == -BOUNDS_NONE ? 0 : value;
                        b->row_high[row] -= b->row_high[row] == BOUNDS_NONE ? 0 : value;
                        continue;
                }
                b->row_unknown[to] = u;
                b->row_sign[to++] = (int8_t)sign_of(s, k);
        }
        b->row_start[row + 1] = to;
}

static enum err rows_reduce(struct bounds *b)
{
        const struct bounds_sums *s = &b->system.known;
        size_t ones = s->len > 0 ? s->start[s->len] : 0;

        b->row_start = arena_alloc(b->arena, (size_t)s->len + 1, sizeof *b->row_start);
        b->row_unknown = arena_alloc_raw(b->arena, ones, sizeof *b->row_unknown);
        b->row_sign = arena_alloc_raw(b->arena, ones, sizeof *b->row_sign);
        b->row_low = arena_alloc_raw(b->arena, s->len, sizeof *b->row_low);
        b->row_high = arena_alloc_raw(b->arena, s->len, sizeof *b->row_high);
        if (b->row_start == NULL || b->row_unknown == NULL || b->row_sign == NULL ||
                b->row_low == NULL || b->row_high == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t r = 0; r < s->len; r++) {
                if (says_nothing(b, r))
                        b->row_start[r + 1] = b->row_start[r];
                else
                        row_reduce(b, r);
        }
        return ERR_OK;
}

/* Components ------------------------------------------------------------------------------- */

static uint32_t root_of(uint32_t *parent, uint32_t u)
{
        while (parent[u] != u) {
                parent[u] = parent[parent[u]];
                u = parent[u];
        }
        return u;
}

/* Numbers the components; `of`: of unknowns. Those that are fixed have none. */
static enum err components_number(struct bounds *b, uint32_t *of)
{
        uint32_t unknowns = b->system.unknowns;
        uint32_t *parent = arena_alloc_raw(b->arena, unknowns, sizeof *parent);

        if (parent == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t u = 0; u < unknowns; u++)
                parent[u] = u;
        for (uint32_t r = 0; r < b->system.known.len; r++)
                for (size_t k = b->row_start[r] + 1; k < b->row_start[r + 1]; k++)
                        parent[root_of(parent, b->row_unknown[k])] =
                                root_of(parent, b->row_unknown[k - 1]);
        for (uint32_t u = 0; u < unknowns; u++)
                of[u] = UINT32_MAX;
        for (uint32_t u = 0; u < unknowns; u++) {
                uint32_t root = root_of(parent, u);

                if (is_fixed(b, u))
                        continue;
                if (of[root] == UINT32_MAX)
                        of[root] = b->components++;
                of[u] = of[root];
        }
        return ERR_OK;
}

static void members_place(struct bounds *b, const uint32_t *of)
{
        uint32_t rows = 0, first = 0;

        for (uint32_t u = 0; u < b->system.unknowns; u++)
                if (of[u] != UINT32_MAX)
                        b->component[of[u]].unknowns++;
        for (uint32_t r = 0; r < b->system.known.len; r++)
                if (b->row_start[r] < b->row_start[r + 1])
                        b->component[of[b->row_unknown[b->row_start[r]]]].rows++;
        for (uint32_t c = 0; c < b->components; c++) {
                struct component *x = &b->component[c];

                x->first = first;
                x->row_first = rows;
                first += x->unknowns;
                rows += x->rows;
                x->unknowns = x->rows = 0;
        }
        for (uint32_t u = 0; u < b->system.unknowns; u++) {
                if (of[u] == UINT32_MAX)
                        continue;
                struct component *x = &b->component[of[u]];
                b->place[u] = x->unknowns;
                b->member[x->first + x->unknowns++] = u;
        }
        for (uint32_t r = 0; r < b->system.known.len; r++) {
                if (b->row_start[r] == b->row_start[r + 1])
                        continue;
                struct component *x = &b->component[of[b->row_unknown[b->row_start[r]]]];
                b->row_member[x->row_first + x->rows++] = r;
        }
}

static enum err components_make(struct bounds *b, uint32_t *of)
{
        struct arena *a = b->arena;
        uint32_t unknowns = b->system.unknowns;

        TRY(components_number(b, of));
        b->component = arena_alloc(a, b->components, sizeof *b->component);
        b->member = arena_alloc_raw(a, unknowns, sizeof *b->member);
        b->place = arena_alloc(a, unknowns, sizeof *b->place);
        b->row_member = arena_alloc_raw(a, b->system.known.len, sizeof *b->row_member);
        b->solution = arena_alloc(a, unknowns, sizeof *b->solution);
        b->row_stamp = arena_alloc(a, b->system.known.len, sizeof *b->row_stamp);
        b->base = arena_alloc_raw(a, unknowns, sizeof *b->base);
        if (b->base == NULL || b->component == NULL || b->member == NULL || b->place == NULL ||
                b->row_member == NULL || b->solution == NULL || b->row_stamp == NULL)
                return ERR_NO_MEMORY;
        b->lp_component = b->components;
        members_place(b, of);
        return ERR_OK;
}

/* Pieces ----------------------------------------------------------------------------------- */

struct piecing {
        const uint32_t *component_of;
        uint32_t *slot; /* hash table of piece + 1 */
        size_t mask, used;
        uint32_t *list; /* unknowns of one sum, by component */
};

static int64_t plus(int64_t a, int64_t b)
{
        if (a == BOUNDS_NONE || b == BOUNDS_NONE)
                return BOUNDS_NONE;
        return a == -BOUNDS_NONE || b == -BOUNDS_NONE ? -BOUNDS_NONE : a + b;
}

static void piece_new(struct bounds *b, struct piecing *p, const uint32_t *unknown, uint32_t len)
{
        struct piece *piece = &b->piece[b->pieces++];

        *piece = (struct piece){.start = p->used,
                .len = len,
                .component = p->component_of[unknown[0]],
                .seen_low = BOUNDS_NONE,
                .seen_high = -BOUNDS_NONE};
        memcpy(b->piece_unknown + p->used, unknown, len * sizeof *unknown);
        p->used += len;
        for (uint32_t i = 0; i < len; i++) {
                piece->low = plus(piece->low, b->low[unknown[i]]);
                piece->high = plus(piece->high, b->high[unknown[i]]);
        }
        b->component[piece->component].pieces++;
}

static uint32_t piece_of(struct bounds *b, struct piecing *p, const uint32_t *unknown, uint32_t len)
{
        uint64_t hash = len;

        for (uint32_t i = 0; i < len; i++)
                hash = residue_mix(hash, unknown[i]);
        for (size_t at = hash & p->mask;; at = (at + 1) & p->mask) {
                if (p->slot[at] == 0) {
                        piece_new(b, p, unknown, len);
                        return (p->slot[at] = b->pieces) - 1;
                }
                const struct piece *piece = &b->piece[p->slot[at] - 1];
                if (piece->len == len && memcmp(b->piece_unknown + piece->start, unknown,
                                                 len * sizeof *unknown) == 0)
                        return p->slot[at] - 1;
        }
}

/* Numbers stay below 2^32: a sort by component keeps the order within. */
static int by_number(const void *x, const void *y)
{
        uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;

        return (a > b) - (a < b);
}

static void sum_cut(struct bounds *b, struct piecing *p, uint32_t sum, uint64_t *key)
{
        const struct bounds_sums *s = &b->system.asked;
        size_t len = 0, to = b->sum_start[sum];

        for (size_t k = s->start[sum]; k < s->start[sum + 1]; k++) {
                uint32_t u = s->unknown[k];

                if (is_fixed(b, u))
                        b->sum_fixed[sum] += b->low[u];
                else
                        key[len++] = (uint64_t)p->component_of[u] << 32 | u;
        }
        qsort(key, len, sizeof *key, by_number);
        for (size_t i = 0; i < len; i++)
                p->list[i] = (uint32_t)key[i];
        for (size_t i = 0, end; i < len; i = end) {
                for (end = i + 1; end < len && key[end] >> 32 == key[i] >> 32;)
                        end++;
                b->sum_piece[to++] = piece_of(b, p, p->list + i, (uint32_t)(end - i));
        }
        b->sum_start[sum + 1] = to;
}

static void pieces_place(struct bounds *b)
{
        uint32_t first = 0;

        for (uint32_t c = 0; c < b->components; c++) {
                b->component[c].piece_first = first;
                first += b->component[c].pieces;
                b->component[c].pieces = 0;
        }
        for (uint32_t p = 0; p < b->pieces; p++) {
                struct component *x = &b->component[b->piece[p].component];

                b->piece_member[x->piece_first + x->pieces++] = p;
        }
}

static enum err pieces_make(struct bounds *b, const uint32_t *component_of)
{
        const struct bounds_sums *s = &b->system.asked;
        struct piecing p = {.component_of = component_of, .mask = 1};
        struct arena *a = b->arena;
        size_t ones = s->len > 0 ? s->start[s->len] : 0;

        while (p.mask < 2 * ones + 2)
                p.mask *= 2;
        p.slot = arena_alloc(a, p.mask--, sizeof *p.slot);
        p.list = arena_alloc_raw(a, b->system.unknowns, sizeof *p.list);
        uint64_t *key = arena_alloc_raw(a, b->system.unknowns, sizeof *key);
        b->piece = arena_alloc_raw(a, ones, sizeof *b->piece);
        b->piece_unknown = arena_alloc_raw(a, ones, sizeof *b->piece_unknown);
        b->piece_member = arena_alloc_raw(a, ones, sizeof *b->piece_member);
        b->sum_start = arena_alloc(a, (size_t)s->len + 1, sizeof *b->sum_start);
        b->sum_piece = arena_alloc_raw(a, ones, sizeof *b->sum_piece);
        b->sum_fixed = arena_alloc(a, s->len, sizeof *b->sum_fixed);
        if (p.slot == NULL || p.list == NULL || key == NULL || b->piece == NULL ||
                b->piece_unknown == NULL || b->piece_member == NULL || b->sum_start == NULL ||
                b->sum_piece == NULL || b->sum_fixed == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < s->len; i++)
                sum_cut(b, &p, i, key);
        pieces_place(b);
        return ERR_OK;
}

enum err bounds_new(struct arena *arena, const struct bounds_system *system,
        const struct bounds_options *options, struct bounds **out)
{
        struct bounds *b = arena_alloc(arena, 1, sizeof *b);

        if (b == NULL)
                return ERR_NO_MEMORY;
        b->arena = arena;
        b->system = *system;
        b->options = *options;
        b->feasible = true;
        b->low = arena_alloc_raw(arena, system->unknowns, sizeof *b->low);
        b->high = arena_alloc_raw(arena, system->unknowns, sizeof *b->high);
        b->reason[0] = arena_alloc(arena, system->unknowns, sizeof *b->reason[0]);
        b->reason[1] = arena_alloc(arena, system->unknowns, sizeof *b->reason[1]);
        uint32_t *of = arena_alloc_raw(arena, system->unknowns, sizeof *of);
        if (b->low == NULL || b->high == NULL || of == NULL || b->reason[0] == NULL ||
                b->reason[1] == NULL)
                return ERR_NO_MEMORY;
        memcpy(b->low, system->low, system->unknowns * sizeof *b->low);
        memcpy(b->high, system->high, system->unknowns * sizeof *b->high);
        pass_on(b);
        if (b->feasible) {
                TRY(rows_reduce(b));
                TRY(components_make(b, of));
                TRY(pieces_make(b, of));
        }
        *out = b;
        return ERR_OK;
}

void bounds_free(struct bounds **b)
{
        if (b == NULL || *b == NULL)
                return;
        lp_free(&(*b)->lp);
        *b = NULL;
}

/* Asking ----------------------------------------------------------------------------------- */

bool bounds_feasible(const struct bounds *b)
{
        return b->feasible;
}

bool bounds_limited(const struct bounds *b)
{
        return b->limited;
}

uint64_t bounds_iterations(const struct bounds *b)
{
        return b->iterations + (b->lp == NULL ? 0 : lp_iterations(b->lp));
}

void bounds_tell(struct bounds *b, const int64_t *value)
{
        bool fits = b->feasible;

        if (!fits)
                return;
        memcpy(b->solution, value, b->system.unknowns * sizeof *value);
        b->told = false;
        for (uint32_t c = 0; c < b->components; c++)
                fits = bounds_component_see(b, c) && fits;
        for (uint32_t u = 0; u < b->system.unknowns; u++)
                fits = fits && (!is_fixed(b, u) || value[u] == b->low[u]);
        memcpy(b->base, value, b->system.unknowns * sizeof *value);
        b->told = fits;
}

void bounds_seen(const struct bounds *b, uint32_t sum, int64_t *low, int64_t *high)
{
        *low = BOUNDS_NONE;
        *high = -BOUNDS_NONE;
        if (!b->feasible)
                return;
        *low = *high = b->sum_fixed[sum];
        for (size_t k = b->sum_start[sum]; k < b->sum_start[sum + 1]; k++) {
                *low = plus(*low, b->piece[b->sum_piece[k]].seen_low);
                *high = plus(*high, b->piece[b->sum_piece[k]].seen_high);
        }
}

enum err bounds_work(struct bounds *b, const bool *wanted, int64_t enough)
{
        bool *piece_wanted = arena_alloc(b->arena, b->pieces, sizeof *piece_wanted);

        if (piece_wanted == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t s = 0; s < b->system.asked.len && b->feasible; s++)
                for (size_t k = b->sum_start[s]; k < b->sum_start[s + 1] && wanted[s]; k++)
                        piece_wanted[b->sum_piece[k]] = true;
        for (uint32_t c = 0; c < b->components && b->feasible; c++)
                TRY(bounds_component_work(b, c, piece_wanted, enough));
        return b->failed;
}

struct bounds_answer bounds_answer(const struct bounds *b, uint32_t sum)
{
        struct bounds_answer answer = {b->sum_fixed[sum], b->sum_fixed[sum], true};

        for (size_t k = b->sum_start[sum]; k < b->sum_start[sum + 1]; k++) {
                const struct piece *p = &b->piece[b->sum_piece[k]];

                answer.low = plus(answer.low, p->low);
                answer.high = plus(answer.high, p->high);
                answer.exact = answer.exact && p->low_done && p->high_done;
        }
        return answer;
}

void bounds_passed(
        struct bounds *b, uint32_t sum, int64_t enough, uint32_t *known, size_t cap, size_t *len)
{
        const struct bounds_sums *s = &b->system.asked;
        int64_t low = 0, high = 0;

        *len = 0;
        for (size_t k = s->start[sum]; k < s->start[sum + 1]; k++) {
                low = plus(low, b->low[s->unknown[k]]);
                high = plus(high, b->high[s->unknown[k]]);
        }
        if (low == -BOUNDS_NONE || high == BOUNDS_NONE || high - low >= enough)
                return;
        b->stamp++;
        for (size_t k = s->start[sum]; k < s->start[sum + 1]; k++)
                bounds_fixed_binding(b, s->unknown[k], true, known, cap, len);
}

void bounds_binding(
        struct bounds *b, uint32_t sum, bool larger, uint32_t *known, size_t cap, size_t *len)
{
        const struct bounds_sums *s = &b->system.asked;

        *len = 0;
        b->stamp++;
        for (size_t k = s->start[sum]; k < s->start[sum + 1]; k++)
                if (is_fixed(b, s->unknown[k]))
                        bounds_fixed_binding(b, s->unknown[k], false, known, cap, len);
        for (size_t k = b->sum_start[sum]; k < b->sum_start[sum + 1]; k++)
                bounds_piece_binding(b, b->sum_piece[k], larger, known, cap, len);
}
