/* SPDX-License-Identifier: Apache-2.0 */
/* rules_wire.c: the canonical bundle as bytes, and back.
 *
 * What is signed is bytes, so a bundle must have one spelling only: lists are
 * sorted and free of repetition, switches are 0 or 1, nothing may be left over.
 * One function, `check`, says what a bundle must fulfil, and both directions ask it;
 * else somebody could be brought to sign what the keeper then reads otherwise.
 *
 *   "SGPB" u16 format | bundle, u64 version, predecessor 32
 *   officers        u8 required, u32 n × (name, key 32)
 *   sources         u32 n × (name, digest 32)
 *   municipalities  u32 n × (u16, u32 quota of persons), u32 erasures per day
 *   submission keys u32 n × (u16 municipality, key 32, u32 from, u32 until)
 *   data sets       u32 n × (id, u8 person, u8 switches, u8 test numbers)
 *   linkages        u32 n × (id, u32 n × data set, u8 reach, u32 n × u16
 *                            municipality, u32 n × purpose, u32 from, u32 until,
 *                            u8 family)
 *
 * Format 1 had neither officers nor reach, format 2 neither quotas nor submission keys, format 3
 * no quota of erasures. All are refused: a digest names one spelling, so a bundle of format 2
 * cannot be read as one of a later format that is silent about keys. Its successor has to be
 * signed anew.
 * Names are u32-framed. Counts are held against ceilings before memory is asked. */
#include "policies/rules/rules.h"

#include <string.h>

#include "base/arena.h"

enum { FORMAT = 4, MUNICIPALITY_LAST = 9999 };
static const uint8_t magic[4] = {'S', 'G', 'P', 'B'};

enum { SWITCH_GUARDIANS = 1, SWITCH_LOCAL_IDS = 2, SWITCH_CLEAR_PERSONS = 4, SWITCH_ALL = 7 };

/* What must hold --------------------------------------------------------- */

static bool names_ascend(const struct bytes *names, uint32_t len, uint32_t max)
{
        if (len > max)
                return false;
        for (uint32_t i = 0; i < len; i++)
                if (!rules_is_name(names[i]) ||
                        (i > 0 && bytes_compare(names[i - 1], names[i]) >= 0))
                        return false;
        return true;
}

static bool municipalities_ascend(const municipality_t *m, uint32_t len)
{
        if (len > MUNICIPALITIES_MAX)
                return false;
        for (uint32_t i = 0; i < len; i++)
                if (m[i] == 0 || m[i] > MUNICIPALITY_LAST || (i > 0 && m[i - 1] >= m[i]))
                        return false;
        return true;
}

static bool sources_ascend(const struct rules *r)
{
        if (r->sources_len > RULES_SOURCES_MAX)
                return false;
        for (uint32_t i = 0; i < r->sources_len; i++) {
                struct bytes name = r->sources[i].name;

                if (name.len == 0 || name.len > RULES_SOURCE_NAME_MAX || !bytes_is_printable(name))
                        return false;
                if (i > 0 && bytes_compare(r->sources[i - 1].name, name) >= 0)
                        return false;
        }
        return true;
}

static bool datasets_ascend(const struct rules *r)
{
        if (r->datasets_len > RULES_DATASETS_MAX)
                return false;
        for (uint32_t i = 0; i < r->datasets_len; i++) {
                const struct rules_dataset *d = &r->datasets[i];

                if (!rules_is_name(d->id) ||
                        (i > 0 && bytes_compare(r->datasets[i - 1].id, d->id) >= 0))
                        return false;
                if ((unsigned)d->person > PERSON_USE_REQUIRED ||
                        (unsigned)d->test_numbers > PNR_TEST_REQUIRED)
                        return false;
        }
        return true;
}

/* A key that stood twice would make one officer two. */
static bool keys_differ(const struct rules_officer *officers, uint32_t len)
{
        for (uint32_t i = 0; i < len; i++)
                for (uint32_t j = 0; j < i; j++)
                        if (memcmp(officers[i].key, officers[j].key, OFFICER_KEY_LEN) == 0)
                                return false;
        return true;
}

static bool officers_hold(const struct rules *r)
{
        if (r->officers_len > RULES_OFFICERS_MAX || r->signers_required > r->officers_len ||
                (r->signers_required == 0) != (r->officers_len == 0))
                return false;
        for (uint32_t i = 0; i < r->officers_len; i++)
                if (!rules_is_name(r->officers[i].name) ||
                        (i > 0 && bytes_compare(r->officers[i - 1].name, r->officers[i].name) >= 0))
                        return false;
        return keys_differ(r->officers, r->officers_len);
}

/* By municipality and then by key, so that a list has one order. A key that two
 * municipalities had would let the one deliver as the other. */
static bool submission_keys_hold(const struct rules *r)
{
        const struct rules_submission_key *keys = r->submission_keys;

        if (r->submission_keys_len > RULES_SUBMISSION_KEYS_MAX)
                return false;
        for (uint32_t i = 0; i < r->submission_keys_len; i++) {
                if (keys[i].from_days > keys[i].until_days ||
                        !rules_has_municipality(r, keys[i].municipality) ||
                        (i > 0 && keys[i - 1].municipality > keys[i].municipality))
                        return false;
                for (uint32_t j = 0; j < i; j++)
                        if (memcmp(keys[j].key, keys[i].key, OFFICER_KEY_LEN) == 0)
                                return false;
                if (i > 0 && keys[i - 1].municipality == keys[i].municipality &&
                        memcmp(keys[i - 1].key, keys[i].key, OFFICER_KEY_LEN) > 0)
                        return false;
        }
        return true;
}

/* One spelling: "all" is never a list, and a list that names nobody is one that
 * nobody has joined yet. */
static bool reach_holds(const struct rules_linkage *l)
{
        switch (l->reach) {
        case REACH_NONE:
                return false;
        case REACH_ALL:
                return l->municipalities_len == 0;
        case REACH_LISTED:
                return l->municipalities_len > 0;
        case REACH_OPTED_IN:
                return true;
        }
        return false;
}

static bool linkage_holds(const struct rules *r, const struct rules_linkage *l)
{
        if (l->datasets_len == 0 || l->purposes_len == 0 || l->from_days > l->until_days ||
                !reach_holds(l))
                return false;
        if (!names_ascend(l->datasets, l->datasets_len, RULES_DATASETS_MAX) ||
                !names_ascend(l->purposes, l->purposes_len, RULES_PURPOSES_MAX) ||
                !municipalities_ascend(l->municipalities, l->municipalities_len))
                return false;
        for (uint32_t i = 0; i < l->datasets_len; i++)
                if (rules_dataset_find(r, l->datasets[i]) == NULL)
                        return false;
        for (uint32_t i = 0; i < l->municipalities_len; i++)
                if (!rules_has_municipality(r, l->municipalities[i]))
                        return false;
        return true;
}

static bool linkages_hold(const struct rules *r)
{
        if (r->linkages_len > RULES_LINKAGES_MAX)
                return false;
        for (uint32_t i = 0; i < r->linkages_len; i++)
                if (!rules_is_name(r->linkages[i].id) || !linkage_holds(r, &r->linkages[i]) ||
                        (i > 0 && bytes_compare(r->linkages[i - 1].id, r->linkages[i].id) >= 0))
                        return false;
        return true;
}

static bool succession_holds(const struct rules *r)
{
        static const struct digest none;
        bool first = memcmp(&r->predecessor, &none, sizeof none) == 0;

        return r->version > 0 && first == (r->version == 1);
}

static bool check(const struct rules *r)
{
        return rules_is_name(r->bundle) && succession_holds(r) && officers_hold(r) &&
               sources_ascend(r) && r->erasures_per_day <= RULES_ERASURES_MAX &&
               municipalities_ascend(r->municipalities, r->municipalities_len) &&
               submission_keys_hold(r) && datasets_ascend(r) && linkages_hold(r);
}

/* Out --------------------------------------------------------------------- */

static void put_names(struct buf *b, const struct bytes *names, uint32_t len)
{
        put_u32(b, len);
        for (uint32_t i = 0; i < len; i++)
                put_bytes(b, names[i]);
}

static void put_municipalities(struct buf *b, const municipality_t *m, uint32_t len)
{
        put_u32(b, len);
        for (uint32_t i = 0; i < len; i++)
                put_u16(b, m[i]);
}

/* Who delivers, and how many persons within twelve months. */
static void put_deliverers(struct buf *b, const struct rules *r)
{
        put_u32(b, r->municipalities_len);
        for (uint32_t i = 0; i < r->municipalities_len; i++) {
                put_u16(b, r->municipalities[i]);
                put_u32(b, r->person_quotas != NULL ? r->person_quotas[i] : 0);
        }
        put_u32(b, r->erasures_per_day);
}

static void put_submission_keys(struct buf *b, const struct rules *r)
{
        put_u32(b, r->submission_keys_len);
        for (uint32_t i = 0; i < r->submission_keys_len; i++) {
                const struct rules_submission_key *k = &r->submission_keys[i];

                put_u16(b, k->municipality);
                put_raw(b, k->key, sizeof k->key);
                put_u32(b, (uint32_t)k->from_days);
                put_u32(b, (uint32_t)k->until_days);
        }
}

static void put_dataset(struct buf *b, const struct rules_dataset *d)
{
        unsigned switches = (d->guardians ? SWITCH_GUARDIANS : 0u) |
                            (d->local_ids ? SWITCH_LOCAL_IDS : 0u) |
                            (d->clear_persons ? SWITCH_CLEAR_PERSONS : 0u);

        put_bytes(b, d->id);
        put_u8(b, (uint8_t)d->person);
        put_u8(b, (uint8_t)switches);
        put_u8(b, (uint8_t)d->test_numbers);
}

static void put_officers(struct buf *b, const struct rules *r)
{
        put_u8(b, (uint8_t)r->signers_required);
        put_u32(b, r->officers_len);
        for (uint32_t i = 0; i < r->officers_len; i++) {
                put_bytes(b, r->officers[i].name);
                put_raw(b, r->officers[i].key, OFFICER_KEY_LEN);
        }
}

static void put_linkage(struct buf *b, const struct rules_linkage *l)
{
        put_bytes(b, l->id);
        put_names(b, l->datasets, l->datasets_len);
        put_u8(b, (uint8_t)l->reach);
        put_municipalities(b, l->municipalities, l->municipalities_len);
        put_names(b, l->purposes, l->purposes_len);
        put_u32(b, (uint32_t)l->from_days);
        put_u32(b, (uint32_t)l->until_days);
        put_u8(b, l->family ? 1 : 0);
}

enum err rules_encode(const struct rules *r, struct buf *out)
{
        size_t before = out->len;
        struct bytes whole;

        if (!check(r))
                return ERR_INVALID;
        put_raw(out, magic, sizeof magic);
        put_u16(out, FORMAT);
        put_bytes(out, r->bundle);
        put_u64(out, r->version);
        put_raw(out, r->predecessor.bytes, sizeof r->predecessor.bytes);
        put_officers(out, r);
        put_u32(out, r->sources_len);
        for (uint32_t i = 0; i < r->sources_len; i++) {
                put_bytes(out, r->sources[i].name);
                put_raw(out, r->sources[i].digest.bytes, sizeof r->sources[i].digest.bytes);
        }
        put_deliverers(out, r);
        put_submission_keys(out, r);
        put_u32(out, r->datasets_len);
        for (uint32_t i = 0; i < r->datasets_len; i++)
                put_dataset(out, &r->datasets[i]);
        put_u32(out, r->linkages_len);
        for (uint32_t i = 0; i < r->linkages_len; i++)
                put_linkage(out, &r->linkages[i]);
        TRY(buf_end(out, &whole));
        return whole.len - before > RULES_CANONICAL_MAX ? ERR_TOO_LARGE : ERR_OK;
}

/* In ---------------------------------------------------------------------- */

/* `max` is a count that fits any arena; the arena's ceiling is the second guard. */
static enum err read_count(struct reader *in, uint32_t max, uint32_t *out)
{
        TRY(read_u32(in, out));
        return *out > max ? ERR_MALFORMED : ERR_OK;
}

static enum err read_array(
        struct reader *in, struct arena *a, uint32_t max, size_t size, uint32_t *out_len, void *out)
{
        void *array;

        TRY(read_count(in, max, out_len));
        array = arena_alloc(a, *out_len, size);
        if (array == NULL)
                return ERR_NO_MEMORY;
        memcpy(out, &array, sizeof array);
        return ERR_OK;
}

static enum err read_name(struct reader *in, struct arena *a, size_t max, struct bytes *out)
{
        struct bytes name;

        TRY(read_bytes(in, max, &name));
        return bytes_copy(a, name, out);
}

static enum err read_names(
        struct reader *in, struct arena *a, uint32_t max, struct bytes **out, uint32_t *out_len)
{
        TRY(read_array(in, a, max, sizeof **out, out_len, out));
        for (uint32_t i = 0; i < *out_len; i++)
                TRY(read_name(in, a, NAME_MAX_LEN, &(*out)[i]));
        return ERR_OK;
}

static enum err read_municipalities(
        struct reader *in, struct arena *a, municipality_t **out, uint32_t *out_len)
{
        TRY(read_array(in, a, MUNICIPALITIES_MAX, sizeof **out, out_len, out));
        for (uint32_t i = 0; i < *out_len; i++)
                TRY(read_u16(in, &(*out)[i]));
        return ERR_OK;
}

static enum err read_deliverers(struct reader *in, struct arena *a, struct rules *r)
{
        TRY(read_array(in, a, MUNICIPALITIES_MAX, sizeof *r->municipalities, &r->municipalities_len,
                &r->municipalities));
        r->person_quotas = arena_alloc(a, r->municipalities_len, sizeof *r->person_quotas);
        if (r->person_quotas == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < r->municipalities_len; i++) {
                TRY(read_u16(in, &r->municipalities[i]));
                TRY(read_u32(in, &r->person_quotas[i]));
        }
        return read_u32(in, &r->erasures_per_day);
}

static enum err read_submission_key(struct reader *in, struct rules_submission_key *k)
{
        uint32_t from, until;
        struct bytes key;

        TRY(read_u16(in, &k->municipality));
        TRY(read_fixed(in, sizeof k->key, &key));
        TRY(read_u32(in, &from));
        TRY(read_u32(in, &until));
        memcpy(k->key, key.data, sizeof k->key);
        k->from_days = (int32_t)from;
        k->until_days = (int32_t)until;
        return ERR_OK;
}

static enum err read_submission_keys(struct reader *in, struct arena *a, struct rules *r)
{
        TRY(read_array(in, a, RULES_SUBMISSION_KEYS_MAX, sizeof *r->submission_keys,
                &r->submission_keys_len, &r->submission_keys));
        for (uint32_t i = 0; i < r->submission_keys_len; i++)
                TRY(read_submission_key(in, &r->submission_keys[i]));
        return ERR_OK;
}

static enum err read_digest(struct reader *in, struct digest *out)
{
        struct bytes raw;

        TRY(read_fixed(in, sizeof out->bytes, &raw));
        memcpy(out->bytes, raw.data, sizeof out->bytes);
        return ERR_OK;
}

static enum err read_switch(struct reader *in, uint8_t max, uint8_t *out)
{
        TRY(read_u8(in, out));
        return *out > max ? ERR_MALFORMED : ERR_OK;
}

static enum err read_sources(struct reader *in, struct arena *a, struct rules *r)
{
        TRY(read_array(in, a, RULES_SOURCES_MAX, sizeof *r->sources, &r->sources_len, &r->sources));
        for (uint32_t i = 0; i < r->sources_len; i++) {
                TRY(read_name(in, a, RULES_SOURCE_NAME_MAX, &r->sources[i].name));
                TRY(read_digest(in, &r->sources[i].digest));
        }
        return ERR_OK;
}

static enum err read_dataset(struct reader *in, struct arena *a, struct rules_dataset *d)
{
        uint8_t person, switches, test_numbers;

        TRY(read_name(in, a, NAME_MAX_LEN, &d->id));
        TRY(read_switch(in, PERSON_USE_REQUIRED, &person));
        TRY(read_switch(in, SWITCH_ALL, &switches));
        TRY(read_switch(in, PNR_TEST_REQUIRED, &test_numbers));
        d->person = (enum person_use)person;
        d->guardians = (switches & SWITCH_GUARDIANS) != 0;
        d->local_ids = (switches & SWITCH_LOCAL_IDS) != 0;
        d->clear_persons = (switches & SWITCH_CLEAR_PERSONS) != 0;
        d->test_numbers = (enum pnr_test_numbers)test_numbers;
        return ERR_OK;
}

static enum err read_officers(struct reader *in, struct arena *a, struct rules *r)
{
        uint8_t required;
        struct bytes key;

        TRY(read_u8(in, &required));
        TRY(read_array(
                in, a, RULES_OFFICERS_MAX, sizeof *r->officers, &r->officers_len, &r->officers));
        for (uint32_t i = 0; i < r->officers_len; i++) {
                TRY(read_name(in, a, NAME_MAX_LEN, &r->officers[i].name));
                TRY(read_fixed(in, OFFICER_KEY_LEN, &key));
                memcpy(r->officers[i].key, key.data, OFFICER_KEY_LEN);
        }
        r->signers_required = required;
        return ERR_OK;
}

static enum err read_linkage(struct reader *in, struct arena *a, struct rules_linkage *l)
{
        uint32_t from, until;
        uint8_t family, reach;

        TRY(read_name(in, a, NAME_MAX_LEN, &l->id));
        TRY(read_names(in, a, RULES_DATASETS_MAX, &l->datasets, &l->datasets_len));
        TRY(read_switch(in, REACH_OPTED_IN, &reach));
        TRY(read_municipalities(in, a, &l->municipalities, &l->municipalities_len));
        TRY(read_names(in, a, RULES_PURPOSES_MAX, &l->purposes, &l->purposes_len));
        TRY(read_u32(in, &from));
        TRY(read_u32(in, &until));
        TRY(read_switch(in, 1, &family));
        l->reach = (enum linkage_reach)reach;
        l->from_days = (int32_t)from;
        l->until_days = (int32_t)until;
        l->family = family == 1;
        return ERR_OK;
}

static enum err read_head(struct reader *in, struct arena *a, struct rules *r)
{
        struct bytes tag;
        uint16_t format;

        TRY(read_fixed(in, sizeof magic, &tag));
        TRY(read_u16(in, &format));
        if (memcmp(tag.data, magic, sizeof magic) != 0 || format != FORMAT)
                return ERR_MALFORMED;
        TRY(read_name(in, a, NAME_MAX_LEN, &r->bundle));
        TRY(read_u64(in, &r->version));
        return read_digest(in, &r->predecessor);
}

enum err rules_decode(struct arena *a, struct bytes canonical, struct rules *out)
{
        struct reader in = reader_of(canonical);
        struct rules r = {0};

        if (canonical.len > RULES_CANONICAL_MAX)
                return ERR_MALFORMED;
        TRY(read_head(&in, a, &r));
        TRY(read_officers(&in, a, &r));
        TRY(read_sources(&in, a, &r));
        TRY(read_deliverers(&in, a, &r));
        TRY(read_submission_keys(&in, a, &r));
        TRY(read_array(
                &in, a, RULES_DATASETS_MAX, sizeof *r.datasets, &r.datasets_len, &r.datasets));
        for (uint32_t i = 0; i < r.datasets_len; i++)
                TRY(read_dataset(&in, a, &r.datasets[i]));
        TRY(read_array(
                &in, a, RULES_LINKAGES_MAX, sizeof *r.linkages, &r.linkages_len, &r.linkages));
        for (uint32_t i = 0; i < r.linkages_len; i++)
                TRY(read_linkage(&in, a, &r.linkages[i]));
        TRY(read_end(&in));
        if (!check(&r))
                return ERR_MALFORMED;
        *out = r;
        return ERR_OK;
}
