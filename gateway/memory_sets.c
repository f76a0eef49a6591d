/* SPDX-License-Identifier: Apache-2.0 */
/* memory_sets.c: which persons a question is about, cell by cell.
 *
 * A count of records is a count of persons who weigh as much as they have records: two counts
 * over the same persons that differ by one record differ by somebody's weight. Likewise where
 * several persons of a linkage are one by the data set's own: she weighs as many as they are. */
#include "gateway/memory_sets.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "crypto/digest.h"
#include "gateway/query/engine.h"
#include "gateway/store/store.h"
#include "proto/wire.h"

enum { KIND_CELLS = 1, KIND_RECORDS = 2, KIND_JOINED = 4 };
enum { AT_LEAST = 8 }; /* records that an erasure counts for */

static uint8_t kind_of(const struct memory_question *q)
{
        return (uint8_t)((q->cells ? KIND_CELLS : 0) | (q->records ? KIND_RECORDS : 0));
}

/* Questions as bytes ------------------------------------------------------------------------- */

static void put_counts(struct buf *b, const struct memory_question *q)
{
        put_u32(b, q->counts != NULL ? q->counts_len : 0);
        for (uint32_t i = 0; q->counts != NULL && i < q->counts_len; i++)
                put_u8(b, q->counts[i] != 0);
}

enum err memory_key(const struct policy *p, struct bytes linkage, const struct memory_question *q,
        struct digest *out)
{
        OWNED(buf_done) struct buf b;
        struct digest shown;
        struct bytes bytes;

        buf_init(&b, MEMORY_QUESTION_MAX);
        put_raw(&b, policy_digest(p)->bytes, sizeof policy_digest(p)->bytes);
        put_counts(&b, q);
        put_u8(&b, kind_of(q));
        digest_of(bytes_of(q->shown, q->shown != NULL ? q->shown_len : 0), &shown);
        put_raw(&b, shown.bytes, sizeof shown.bytes);
        TRY(query_encode(&q->query, &b));
        put_raw(&b, linkage.data, linkage.len);
        TRY(buf_end(&b, &bytes));
        digest_of(bytes, out);
        return ERR_OK;
}

enum err memory_question_write(const struct memory_question *q, struct buf *b)
{
        OWNED(buf_done) struct buf wire;
        struct bytes bytes;

        buf_init(&wire, MEMORY_QUESTION_MAX);
        put_u8(b, (uint8_t)(kind_of(q) | (q->has_joined ? KIND_JOINED : 0)));
        put_counts(b, q);
        if (q->has_joined)
                put_raw(b, q->joined.bytes, sizeof q->joined.bytes);
        TRY(query_request_encode(&q->query, &wire));
        TRY(buf_end(&wire, &bytes));
        put_bytes(b, bytes);
        return b->failed;
}

enum err memory_question_read(struct arena *arena, struct bytes from, struct memory_question *out)
{
        struct reader r = reader_of(from);
        struct refusal why = {0};
        struct bytes counts, wire, joined = {0};
        uint8_t kind;

        TRY(read_u8(&r, &kind));
        TRY(read_u32(&r, &out->counts_len));
        TRY(read_fixed(&r, out->counts_len, &counts));
        if ((kind & KIND_JOINED) != 0)
                TRY(read_fixed(&r, sizeof out->joined.bytes, &joined));
        TRY(read_bytes(&r, MEMORY_QUESTION_MAX, &wire));
        TRY(read_end(&r));
        TRY(bytes_copy(arena, counts, &counts));
        TRY(bytes_copy(arena, wire, &wire));
        out->cells = (kind & KIND_CELLS) != 0;
        out->records = (kind & KIND_RECORDS) != 0;
        out->has_joined = joined.len > 0;
        if (out->has_joined)
                memcpy(out->joined.bytes, joined.data, joined.len);
        out->counts = counts.len > 0 ? counts.data : NULL;
        return query_request_decode(arena, wire, &out->query, &why);
}

/* Who is in which row ------------------------------------------------------------------------ */

static uint32_t totals_of(const struct table *t, size_t cell)
{
        uint32_t at[DIMENSIONS_MAX], n = 0;

        table_coordinates(t, cell, at);
        for (uint32_t d = 0; d < t->dimensions_len; d++)
                n += at[d] == t->dimensions[d].len ? 1 : 0;
        return n;
}

struct weighed {
        uint32_t weight, person;
};

static size_t most_of(const struct plan_members *m)
{
        size_t most = 0;

        for (size_t i = 0; i < m->shape->cells_len; i++)
                if (m->starts[i + 1] - m->starts[i] > most)
                        most = m->starts[i + 1] - m->starts[i];
        return most;
}

/* In ascending order already; if not, how heavy the heaviest is. */
static bool is_ordered(const uint32_t *weights, size_t len, uint32_t *heaviest)
{
        bool ordered = true;

        *heaviest = 0;
        for (size_t k = 0; k < len; k++) {
                ordered &= *heaviest <= weights[k];
                *heaviest = weights[k] > *heaviest ? weights[k] : *heaviest;
        }
        return ordered;
}

/* By one byte of the weight; who weigh alike in it stay as they were. */
static void order_by_byte(
        uint32_t *weights, uint32_t *persons, size_t len, unsigned shift, struct weighed *list)
{
        size_t begin[256] = {0}, at = 0;

        for (size_t k = 0; k < len; k++)
                begin[weights[k] >> shift & 255]++;
        for (unsigned i = 0; i < 256; i++) {
                size_t many = begin[i];

                begin[i] = at;
                at += many;
        }
        for (size_t k = 0; k < len; k++)
                list[begin[weights[k] >> shift & 255]++] = (struct weighed){weights[k], persons[k]};
        for (size_t k = 0; k < len; k++) {
                weights[k] = list[k].weight;
                persons[k] = list[k].person;
        }
}

/* Persons of a cell by how much they weigh in it, as the ledger wants them. Millions may be in
 * one, with few records each: no comparing, and mostly one byte to look at. */
static enum err order_by_weight(struct plan_members *m, struct arena *arena)
{
        size_t cells = m->shape->cells_len;
        struct weighed *list = arena_alloc_raw(arena, most_of(m), sizeof *list);
        uint32_t heaviest;

        if (list == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < cells; i++) {
                size_t from = m->starts[i], len = m->starts[i + 1] - from;

                if (is_ordered(m->records + from, len, &heaviest))
                        continue;
                for (unsigned shift = 0; shift < 32 && heaviest >> shift != 0; shift += 8)
                        order_by_byte(m->records + from, m->persons + from, len, shift, list);
        }
        return ERR_OK;
}

/* Where everybody has one record, records are persons. */
static struct ledger_set set_of(const struct plan_members *m, uint32_t cell)
{
        size_t from = m->starts[cell], len = m->starts[cell + 1] - from;
        struct ledger_set set = {.persons = m->persons + from, .len = (uint32_t)len};

        if (m->records != NULL && len > 0 && m->records[from + len - 1] > 1)
                set.weights = m->records + from;
        return set;
}

static enum err order_rows(struct arena *arena, const struct plan_members *m,
        const struct memory_question *q, struct rows *out)
{
        const struct table *t = m->shape;
        uint32_t len = (uint32_t)t->cells_len, n = 0;

        out->sets = arena_alloc(arena, len, sizeof *out->sets);
        out->cells = arena_alloc(arena, len, sizeof *out->cells);
        if (out->sets == NULL || out->cells == NULL)
                return ERR_NO_MEMORY;
        if (q->shown != NULL && q->shown_len != len)
                return ERR_INTERNAL; /* another table than the engine's */
        for (uint32_t totals = t->dimensions_len + 1; totals-- > 0;) {
                for (uint32_t cell = 0; cell < len; cell++) {
                        if (totals_of(t, cell) != totals || (q->shown != NULL && !q->shown[cell]))
                                continue;
                        out->cells[n] = cell;
                        out->sets[n++] = set_of(m, cell);
                }
        }
        out->len = n;
        out->of = len;
        return ERR_OK;
}

/* As the question was planned; who counts is said by the question. */
static enum err scope_of(const struct memory_ask *ask, const struct view *view,
        const struct memory_question *q, struct arena *arena, struct plan_scope *out)
{
        const struct rules_linkage *rules = ask->linkage->rules;
        const struct policy_dataset **linked =
                arena_alloc(arena, rules->datasets_len, sizeof *linked);
        struct period *spans = arena_alloc(arena, rules->datasets_len, sizeof *spans);

        if (linked == NULL || spans == NULL)
                return ERR_NO_MEMORY;
        *out = (struct plan_scope){
                .dataset = ask->dataset,
                .span = view_span(view),
                .linked = linked,
                .spans = spans,
                .family = rules->family,
                .delivered = q->counts,
                .delivered_len = q->counts_len,
                .provider = UINT32_MAX,
        };
        for (uint32_t i = 0; i < rules->datasets_len; i++) {
                const struct view *v = view_beside(view, rules->datasets[i]);

                if (v == NULL)
                        continue;
                linked[out->linked_len] = view_dataset(v);
                spans[out->linked_len++] = view_span(v);
        }
        return ERR_OK;
}

static enum err look_again(const struct memory_ask *ask, const struct view *view,
        const struct memory_question *q, struct arena *arena, struct plan_members *out)
{
        struct plan_scope scope;
        struct refusal why = {0};
        struct plan *plan;

        TRY(scope_of(ask, view, q, arena, &scope));
        TRY(plan_make(&scope, &q->query, arena, &plan, &why));
        if (!q->records)
                return plan_members(plan, view, !q->cells, arena, ask->cancel, out);
        return plan_members_counted(plan, view, arena, ask->cancel, out);
}

/* What is about to be told was counted a moment ago: its rows are at hand. */
static enum err members_of(const struct memory_ask *ask, const struct view *view,
        const struct memory_question *q, struct arena *arena, struct plan_members *out)
{
        if (q->counted && ask->rows != NULL && view == ask->view)
                return plan_rows_members(ask->rows, !q->cells, q->records, arena, ask->cancel, out);
        return look_again(ask, view, q, arena, out);
}

static enum err give_numbers(struct plan_members *m, const uint32_t *numbers)
{
        for (size_t i = 0; i < m->starts[m->shape->cells_len]; i++) {
                m->persons[i] = numbers[m->persons[i]];
                if (m->persons[i] == PERSON_UNNUMBERED)
                        return ERR_INTERNAL; /* who is counted has records */
        }
        return ERR_OK;
}

static int by_person(const void *a, const void *b)
{
        const struct weighed *x = a, *y = b;

        return x->person < y->person ? -1 : x->person > y->person;
}

/* Of a cell: the same person once, with all that she weighs. */
static size_t merge_cell(
        const struct plan_members *m, size_t from, size_t len, struct weighed *list)
{
        size_t n = 0;

        for (size_t k = 0; k < len; k++) {
                uint32_t weight = m->records != NULL ? m->records[from + k] : 1;

                list[k] = (struct weighed){weight, m->persons[from + k]};
        }
        qsort(list, len, sizeof *list, by_person);
        for (size_t k = 0; k < len; k++) {
                if (n > 0 && list[n - 1].person == list[k].person)
                        list[n - 1].weight += list[k].weight;
                else
                        list[n++] = list[k];
        }
        return n;
}

/* Several that have become one. */
static enum err merge_persons(struct plan_members *m, struct arena *arena)
{
        size_t cells = m->shape->cells_len, most = most_of(m), to = 0;
        struct weighed *list = arena_alloc(arena, most, sizeof *list);
        uint32_t *weights = arena_alloc_raw(arena, m->starts[cells], sizeof *weights);

        if (list == NULL || weights == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < cells; i++) {
                size_t from = m->starts[i];
                size_t n = merge_cell(m, from, m->starts[i + 1] - from, list);

                m->starts[i] = to;
                for (size_t k = 0; k < n; k++, to++) {
                        weights[to] = list[k].weight;
                        m->persons[to] = list[k].person;
                }
        }
        m->starts[cells] = to;
        m->records = weights;
        return ERR_OK;
}

enum err memory_rows(struct persons *persons, const struct memory_ask *ask, const struct view *view,
        const struct view *home, const struct memory_question *q, struct arena *arena,
        struct rows *out)
{
        struct plan_members members;
        struct numbered numbered;

        TRY(persons_number(persons, view, home, &numbered));
        TRY(members_of(ask, view, q, arena, &members));
        TRY(give_numbers(&members, numbered.numbers));
        if (numbered.repeated)
                TRY(merge_persons(&members, arena));
        if (members.records != NULL)
                TRY(order_by_weight(&members, arena));
        return order_rows(arena, &members, q, out);
}

/* Closed vintages ------------------------------------------------------------------------------ */

/* Of all data sets: what is asked may look at several. That an erasure found nobody is not to be
 * seen from what is answered afterwards. */
static enum err count_removed(
        struct store *store, int64_t since_ms, struct arena *arena, uint32_t *out)
{
        struct stored_removal *removals;
        uint64_t sum = 0;
        uint32_t len;

        TRY(store_removals(store, 1, 0, arena, &removals, &len));
        for (uint32_t i = 0; i < len; i++)
                if (removals[i].at_ms >= since_ms)
                        sum += removals[i].records > AT_LEAST ? removals[i].records : AT_LEAST;
        *out = sum < UINT32_MAX ? (uint32_t)sum : UINT32_MAX;
        return ERR_OK;
}

enum err memory_successor(
        struct store *store, struct vintage closed, struct arena *arena, struct successor *out)
{
        struct stored_vintage *list;
        int64_t since_ms = INT64_MAX;
        bool found = false, given_up = false;
        uint32_t len;

        TRY(store_vintages(store, arena, &list, &len));
        for (uint32_t i = 0; i < len; i++) {
                if (list[i].vintage.number != closed.number)
                        continue;
                if (list[i].published_at_ms < since_ms)
                        since_ms = list[i].published_at_ms;
                if (list[i].open)
                        out->vintage = list[i].vintage;
                found |= list[i].open;
                given_up |= list[i].given_up;
        }
        if (!found)
                return given_up ? ERR_NOT_FOUND : ERR_VINTAGE_CLOSED;
        return count_removed(store, since_ms, arena, &out->removed);
}
