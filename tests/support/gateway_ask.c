/* SPDX-License-Identifier: Apache-2.0 */
/* gateway_ask.c: see gateway_ask.h. */
#include "tests/support/gateway_ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "crypto/digest.h"
#include "policies/policy.h"
#include "policies/query_yaml.h"
#include "tests/support/gateway_rehearsal.h"

enum { MESSAGE_MAX = 8 << 20, BATCH = 8192, COLUMNS = 5 };

/* Reports ------------------------------------------------------------------------ */

static void *room(struct arena *a, size_t count, size_t size)
{
        void *p = arena_alloc(a, count, size);

        assert_non_null(p);
        return p;
}

static void put_day(uint8_t *to, int32_t day)
{
        for (unsigned i = 0; i < 4; i++)
                to[i] = (uint8_t)((uint32_t)day >> 8 * i);
}

static int32_t birth_month(uint32_t child)
{
        int32_t born = days_from_civil((struct civil){2008, 1, 1}) + (int32_t)(child % 4000);
        struct civil c = civil_from_days(born);

        c.day = 1;
        return days_from_civil(c);
}

struct parts {
        uint8_t *ids, *kinds, *keys, *sex, *born, *day, *notifier, *reason;
        uint8_t *guardians, *guardian_kinds;
        uint32_t *offsets;
};

static void put_report(struct parts *p, uint32_t i, const struct report *r)
{
        char key[24];
        uint32_t named = p->offsets[i];

        child_id(r->child, p->ids + (size_t)i * PERSON_ID_LEN);
        p->kinds[i] = PERSON_NATIONAL;
        (void)snprintf(key, sizeof key, "ANM-%06u", r->key % 1000000);
        memcpy(p->keys + (size_t)i * RECORD_KEY_LEN, key, RECORD_KEY_LEN);
        p->sex[i] = r->child % 2 == 0 ? 0 : 1;
        p->notifier[i] = (uint8_t)((r->child >= SCHOOL_FROM) + (r->child >= RELATIVE_FROM));
        p->reason[i] = 0;
        put_day(p->born + 4 * (size_t)i, birth_month(r->child));
        put_day(p->day + 4 * (size_t)i, days_from_civil((struct civil){2025, 1, 1}) + r->day);
        if (r->guardian != NOBODY) {
                child_id(r->guardian, p->guardians + (size_t)named * PERSON_ID_LEN);
                p->guardian_kinds[named] = PERSON_NATIONAL;
                named++;
        }
        p->offsets[i + 1] = named;
}

static struct bytes say_concerns(
        struct arena *a, uint32_t sequence, const struct report *rows, uint32_t len)
{
        OWNED(buf_done) struct buf b = {.ceiling = MESSAGE_MAX};
        static const struct bytes sexes[] = {
                {(const uint8_t *)"kvinna", 6}, {(const uint8_t *)"man", 3}};
        static const struct bytes notifiers[] = {{(const uint8_t *)"polis", 5},
                {(const uint8_t *)"skola", 5}, {(const uint8_t *)"anhorig", 7}};
        static const struct bytes neglect[] = {{(const uint8_t *)"forsummelse", 11}};
        struct parts p = {room(a, len, PERSON_ID_LEN), room(a, len, 1),
                room(a, len, RECORD_KEY_LEN), room(a, len, 1), room(a, len, 4), room(a, len, 4),
                room(a, len, 1), room(a, len, 1), room(a, len, PERSON_ID_LEN), room(a, len, 1),
                room(a, (size_t)len + 1, sizeof(uint32_t))};
        const struct column columns[COLUMNS] = {
                {bytes_of_text("kon"), COLUMN_CODES, sexes, 2, 1, p.sex, NULL},
                {bytes_of_text("fodelsemanad"), COLUMN_I32, NULL, 0, 4, p.born, NULL},
                {bytes_of_text("datum"), COLUMN_I32, NULL, 0, 4, p.day, NULL},
                {bytes_of_text("anmalare"), COLUMN_CODES, notifiers, 3, 1, p.notifier, NULL},
                {bytes_of_text("orsak"), COLUMN_CODES, neglect, 1, 1, p.reason, NULL},
        };
        struct bytes bytes, copy;

        for (uint32_t i = 0; i < len; i++)
                put_report(&p, i, &rows[i]);
        struct submit_request r = {.kind = SUBMIT_BATCH,
                .batch = {
                        .sequence = sequence,
                        .rows = len,
                        .persons = {p.ids, p.kinds},
                        .record_keys = p.keys,
                        .record_key_width = RECORD_KEY_LEN,
                        .columns = columns,
                        .columns_len = COLUMNS,
                }};
        if (p.offsets[len] > 0)
                r.batch.guardians = (struct guardian_column){
                        p.offsets[len], p.offsets, {p.guardians, p.guardian_kinds}};
        assert_int_equal(submit_request_encode(&r, &b), ERR_OK);
        assert_int_equal(buf_end(&b, &bytes), ERR_OK);
        assert_int_equal(bytes_copy(a, bytes, &copy), ERR_OK);
        return copy;
}

static void say_batch_of(struct talk *t, const struct report *rows, uint32_t len)
{
        assert_int_equal(talk_say(t, say_concerns(t->arena, t->sequence, rows, len)), STATUS_OK);
        assert_int_equal(t->heard.acknowledged.accepted, len);
        t->receipts[t->sequence++] = t->heard.acknowledged.receipt;
        t->rows += len;
}

static struct submission_id deliver_opened(struct world *w, municipality_t m, struct wire_open open,
        const struct report *rows, uint32_t len)
{
        struct talk t;

        open.dataset = bytes_of_text("anmalan");
        talk_begin(&t, w, town(w, m));
        assert_int_equal(talk_open(&t, &open), STATUS_OK);
        for (uint32_t at = 0; at < len; at += BATCH)
                say_batch_of(&t, rows + at, len - at < BATCH ? len - at : BATCH);
        assert_int_equal(talk_commit(&t), STATUS_OK);
        assert_int_equal(talk_end(&t), STATUS_OK);
        return open.id;
}

struct submission_id deliver_concerns(
        struct world *w, municipality_t m, const struct report *rows, uint32_t len)
{
        return deliver_opened(w, m, placering_append(), rows, len);
}

struct submission_id redeliver_concerns(
        struct world *w, municipality_t m, const struct report *rows, uint32_t len)
{
        return deliver_opened(w, m, placering_replace(), rows, len);
}

/* Questions ------------------------------------------------------------------------ */

struct bytes say_yaml(struct world *w, const char *yaml)
{
        struct buf b = {.ceiling = 1 << 20};
        struct refusal why = {0};
        struct query q = {0};

        if (query_yaml_read_text(w->arena, "question", bytes_of_text(yaml), &q, &why) != ERR_OK)
                fail_msg("%s: %s", why.violations[0].field, why.violations[0].text);
        if (q.purpose.len == 0)
                q.purpose = bytes_of_text("uppfoljning");
        assert_int_equal(query_request_encode(&q, &b), ERR_OK);
        return say_kept(w, &b);
}

void read_release(struct world *w, struct bytes bytes, struct wire_release *out)
{
        struct wire_answer answer;

        assert_int_equal(answer_decode(w->arena, bytes, &answer), ERR_OK);
        assert_int_equal(release_decode(w->arena, answer.release, out), ERR_OK);
}

enum status ask_yaml(struct world *w, const char *yaml, struct wire_release *out)
{
        enum status s = world_call(
                w, world_client(w, WORLD_STATISTICIAN), "Statistics/Query", say_yaml(w, yaml));

        if (s == STATUS_OK)
                read_release(w, world_answer, out);
        else
                for (uint32_t i = 0; i < world_status.details.len; i++)
                        print_message("%s: %s\n", world_status.details.violations[i].field,
                                world_status.details.violations[i].text);
        return s;
}

static size_t find_cell(const struct wire_release *r, const char *const *codes)
{
        uint32_t at[DIMENSIONS_MAX];

        for (uint32_t d = 0; d < r->table.dimensions_len; d++) {
                const struct dimension *dim = &r->table.dimensions[d];

                at[d] = dim->len;
                if (codes[d] == NULL)
                        continue;
                for (at[d] = 0; at[d] < dim->len; at[d]++)
                        if (bytes_is_text(dim->categories[at[d]].code, codes[d]))
                                break;
                if (at[d] == dim->len)
                        fail_msg("the table has no category %s", codes[d]);
        }
        return table_cell(&r->table, at);
}

enum cell_status cell_at(const struct wire_release *r, const char *const *codes)
{
        return (enum cell_status)r->table.status[find_cell(r, codes)];
}

int64_t cell_value(const struct wire_release *r, uint32_t measure, const char *const *codes)
{
        size_t cell = find_cell(r, codes);
        const struct measure *m = &r->table.measures[measure];

        assert_int_equal(r->table.status[cell], CELL_VALUE);
        if (m->status != NULL)
                assert_int_equal(m->status[cell], CELL_VALUE);
        return m->values[cell];
}

/* Bundles -------------------------------------------------------------------------- */

static struct {
        unsigned version;
        char predecessor[80];
        struct digest digest;
} running;

static void remember(struct world *w)
{
        OWNED(policy_unref) struct policy *p = NULL;
        struct refusal why = {0};

        if (policy_load(world_path(w, "policy"), &p, &why) != ERR_OK)
                fail_msg("%s: %s", why.violations[0].field, why.violations[0].text);
        running.digest = *policy_digest(p);
}

void policy_begin(struct world *w)
{
        running.version = 1;
        (void)snprintf(running.predecessor, sizeof running.predecessor, "predecessor: none");
        remember(w);
        world_sign(w, w->officer);
}

static enum status sign_and_reload(struct world *w)
{
        world_sign(w, w->officer);
        return world_call(
                w, world_client(w, WORLD_OPERATOR), "Operations/Reload", bytes_of(NULL, 0));
}

enum status policy_follow(struct world *w)
{
        char from[32], to[32], hex[65], next[80];

        (void)snprintf(from, sizeof from, "version: %u", running.version);
        (void)snprintf(to, sizeof to, "version: %u", running.version + 1);
        hex_encode(bytes_of(running.digest.bytes, sizeof running.digest.bytes), hex);
        (void)snprintf(next, sizeof next, "predecessor: %s", hex);
        world_edit(w, "policy/bundle.yaml", from, to);
        world_edit(w, "policy/bundle.yaml", running.predecessor, next);
        memcpy(running.predecessor, next, sizeof next);
        running.version++;
        enum status s = sign_and_reload(w);

        /* What weakens protection comes with the report of its rehearsal. */
        if (s == STATUS_FAILED_PRECONDITION && world_blames("rehearsal.txt") &&
                world_rehearse(w, NULL) == STATUS_OK)
                s = sign_and_reload(w);
        if (s == STATUS_OK)
                remember(w);
        return s;
}

void linkage_until(struct world *w, const char *id, const char *day)
{
        struct bytes text = world_read(w, world_path(w, "policy/linkages.yaml"));
        char *copy = arena_strndup(w->arena, (const char *)text.data, text.len);
        const char *entry = arena_printf(w->arena, "- id: %s\n", id);

        assert_non_null(copy);
        char *at = strstr(copy, entry);

        assert_non_null(at);
        at = strstr(at, "until: ");
        assert_non_null(at);
        memcpy(at + strlen("until: "), day, strlen("YYYY-MM-DD"));
        world_write(w, "policy/linkages.yaml", bytes_of_text(copy));
}
