/* SPDX-License-Identifier: Apache-2.0 */
/* test_rules.c: the canonical bundle has one spelling, and what it does not allow
 * is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "policies/rules/rules.h"

enum { MS_PER_DAY = 86400000 };

#define TEXT(t)                                                                                    \
        {                                                                                          \
                (const uint8_t *)(t), sizeof(t) - 1                                                \
        }

static municipality_t all[] = {114, 180, 1480, 2584};
static municipality_t some[] = {180, 1480};
static struct bytes purposes[] = {TEXT("statistik"), TEXT("uppfoljning")};
static struct bytes both[] = {TEXT("anmalan"), TEXT("placering")};
static struct bytes one[] = {TEXT("placering")};

/* A bundle with something in every list; the caller may spoil it. */
struct sample {
        struct rules rules;
        struct rules_source sources[2];
        struct rules_dataset datasets[2];
        struct rules_linkage linkages[2];
        struct rules_officer officers[3];
        struct rules_submission_key keys[3];
};

static uint32_t quotas[] = {100, 0, 70000, UINT32_MAX};

static void sample_init(struct sample *s)
{
        *s = (struct sample){
                .sources = {{.name = TEXT("bundle.yaml"), .digest = {{1}}},
                        {.name = TEXT("datasets/a.yaml"), .digest = {{2}}}},
                .datasets = {{.id = TEXT("anmalan"),
                                     .person = PERSON_USE_REQUIRED,
                                     .guardians = true,
                                     .local_ids = true},
                        {.id = TEXT("placering"),
                                .person = PERSON_USE_OPTIONAL,
                                .clear_persons = true,
                                .test_numbers = PNR_TEST_REQUIRED}},
                .linkages = {{.id = TEXT("alla"),
                                     .datasets = both,
                                     .datasets_len = 2,
                                     .reach = REACH_ALL,
                                     .purposes = purposes,
                                     .purposes_len = 2,
                                     .from_days = -5,
                                     .until_days = 20000,
                                     .family = true},
                        {.id = TEXT("nagra"),
                                .datasets = one,
                                .datasets_len = 1,
                                .reach = REACH_LISTED,
                                .municipalities = some,
                                .municipalities_len = 2,
                                .purposes = purposes,
                                .purposes_len = 1,
                                .from_days = 19000,
                                .until_days = 19000}},
        };
        for (unsigned i = 0; i < 3; i++) {
                static const char *const names[] = {"mitt", "nord", "syd"};

                s->officers[i].name = bytes_of_text(names[i]);
                memset(s->officers[i].key, (int)i + 1, OFFICER_KEY_LEN);
        }
        for (unsigned i = 0; i < 3; i++) {
                s->keys[i] = (struct rules_submission_key){.municipality = i == 0 ? 114 : 1480,
                        .from_days = 100 + (int32_t)i,
                        .until_days = 200 + (int32_t)i};
                memset(s->keys[i].key, 3 + (int)i, OFFICER_KEY_LEN);
        }
        s->rules = (struct rules){
                .bundle = TEXT("prov"),
                .version = 2,
                .predecessor = {{9}},
                .signers_required = 2,
                .officers = s->officers,
                .officers_len = 3,
                .sources = s->sources,
                .sources_len = 2,
                .municipalities = all,
                .municipalities_len = 4,
                .person_quotas = quotas,
                .erasures_per_day = 77,
                .submission_keys = s->keys,
                .submission_keys_len = 3,
                .datasets = s->datasets,
                .datasets_len = 2,
                .linkages = s->linkages,
                .linkages_len = 2,
        };
}

static enum err encode(const struct rules *r, struct buf *out, struct bytes *bytes)
{
        buf_init(out, RULES_CANONICAL_MAX);
        TRY(rules_encode(r, out));
        return buf_end(out, bytes);
}

static void what_is_written_is_read_and_written_the_same(void **state)
{
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        OWNED(buf_done) struct buf first, second;
        struct bytes one_way, again;
        struct sample s;
        struct rules r;

        (void)state;
        buf_init(&second, 0);
        sample_init(&s);
        assert_int_equal(encode(&s.rules, &first, &one_way), ERR_OK);
        assert_int_equal(rules_decode(a, one_way, &r), ERR_OK);
        assert_int_equal(encode(&r, &second, &again), ERR_OK);
        assert_true(bytes_equal(one_way, again));
        assert_int_equal(r.version, 2);
        assert_int_equal(r.datasets[0].person, PERSON_USE_REQUIRED);
        assert_true(r.datasets[0].guardians && r.datasets[0].local_ids);
        assert_false(r.datasets[0].clear_persons);
        assert_int_equal(r.datasets[1].test_numbers, PNR_TEST_REQUIRED);
        assert_int_equal(r.linkages[0].from_days, -5);
        assert_true(r.linkages[0].family);
        assert_int_equal(r.linkages[1].municipalities_len, 2);
        assert_int_equal(r.linkages[1].reach, REACH_LISTED);
        assert_int_equal(r.signers_required, 2);
        assert_int_equal(r.officers_len, 3);
        assert_true(bytes_is_text(r.officers[2].name, "syd"));
        assert_int_equal(r.officers[2].key[31], 3);
        assert_int_equal(r.person_quotas[2], 70000);
        assert_int_equal(r.erasures_per_day, 77);
        assert_int_equal(r.submission_keys_len, 3);
        assert_int_equal(r.submission_keys[2].municipality, 1480);
        assert_int_equal(r.submission_keys[2].key[31], 5);
        assert_int_equal(r.submission_keys[2].until_days, 202);
}

/* Every cut and every changed byte: refused, or something that encodes to
 * exactly the bytes it was read from. */
static void no_two_spellings_mean_the_same(void **state)
{
        OWNED(buf_done) struct buf first;
        struct bytes canonical;
        struct sample s;

        (void)state;
        sample_init(&s);
        assert_int_equal(encode(&s.rules, &first, &canonical), ERR_OK);
        uint8_t *copy = malloc(canonical.len + 1);
        for (size_t cut = 0; cut < canonical.len; cut++) {
                OWNED(arena_free) struct arena *a = arena_new(1 << 20);
                struct rules r;

                memcpy(copy, canonical.data, cut);
                assert_int_equal(rules_decode(a, bytes_of(copy, cut), &r), ERR_MALFORMED);
        }
        memcpy(copy, canonical.data, canonical.len);
        copy[canonical.len] = 0;
        for (size_t at = 0; at < canonical.len * 8; at++) {
                OWNED(arena_free) struct arena *a = arena_new(1 << 22);
                OWNED(buf_done) struct buf again;
                struct bytes back;
                struct rules r;

                buf_init(&again, 0);
                copy[at / 8] ^= (uint8_t)(1 << at % 8);
                if (rules_decode(a, bytes_of(copy, canonical.len), &r) == ERR_OK) {
                        assert_int_equal(encode(&r, &again, &back), ERR_OK);
                        assert_true(bytes_equal(back, bytes_of(copy, canonical.len)));
                }
                copy[at / 8] ^= (uint8_t)(1 << at % 8);
        }
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        struct rules r;
        assert_int_equal(rules_decode(a, bytes_of(copy, canonical.len + 1), &r), ERR_MALFORMED);
        free(copy);
}

static void spoil_version(struct sample *s)
{
        s->rules.version = 0;
}
static void spoil_first(struct sample *s)
{
        s->rules.version = 1;
}
static void spoil_predecessor(struct sample *s)
{
        memset(&s->rules.predecessor, 0, 32);
}
static void spoil_name(struct sample *s)
{
        s->rules.bundle = bytes_of_text("Prov");
}
static void spoil_order(struct sample *s)
{
        s->datasets[0].id = bytes_of_text("z");
}
static void spoil_twin(struct sample *s)
{
        s->datasets[1].id = s->datasets[0].id;
}
static void spoil_source(struct sample *s)
{
        s->sources[1].name = s->sources[0].name;
}
static void spoil_dangling(struct sample *s)
{
        s->datasets[1].id = bytes_of_text("plac");
}
static void spoil_purpose(struct sample *s)
{
        s->linkages[0].purposes_len = 0;
}
static void spoil_reach(struct sample *s)
{
        s->linkages[0].datasets_len = 0;
}
static void spoil_end(struct sample *s)
{
        s->linkages[1].until_days = 18999;
}
static void spoil_person(struct sample *s)
{
        s->datasets[0].person = (enum person_use)3;
}
static void spoil_foreign(struct sample *s)
{
        s->rules.municipalities_len = 2;
}
static void spoil_sorting(struct sample *s)
{
        s->linkages[1].id = bytes_of_text("aaa");
}

static void spoil_too_many(struct sample *s)
{
        s->rules.signers_required = 4;
}
static void spoil_nobody_signs(struct sample *s)
{
        s->rules.signers_required = 0;
}
static void spoil_no_officers(struct sample *s)
{
        s->rules.officers_len = 0;
}
static void spoil_officer_twice(struct sample *s)
{
        s->officers[1].name = s->officers[0].name;
}
static void spoil_key_twice(struct sample *s)
{
        memcpy(s->officers[2].key, s->officers[0].key, OFFICER_KEY_LEN);
}
static void spoil_all_by_name(struct sample *s)
{
        s->linkages[1].reach = REACH_ALL;
}
static void spoil_list_of_none(struct sample *s)
{
        s->linkages[1].municipalities_len = 0;
}
static void spoil_no_reach(struct sample *s)
{
        s->linkages[0].reach = REACH_NONE;
}

static void spoil_key_of_nobody(struct sample *s)
{
        s->keys[0].municipality = 115;
}
static void spoil_key_order(struct sample *s)
{
        s->keys[0].municipality = 2584;
}
static void spoil_key_bytes(struct sample *s)
{
        s->keys[2].key[0] = 1;
}
static void spoil_key_owners(struct sample *s)
{
        memcpy(s->keys[2].key, s->keys[0].key, OFFICER_KEY_LEN);
}
static void spoil_key_days(struct sample *s)
{
        s->keys[1].from_days = 202;
}
static void spoil_key_count(struct sample *s)
{
        s->rules.submission_keys_len = RULES_SUBMISSION_KEYS_MAX + 1;
}

static void what_could_be_read_two_ways_cannot_be_written(void **state)
{
        static void (*const spoilers[])(struct sample *) = {spoil_version, spoil_first,
                spoil_predecessor, spoil_name, spoil_order, spoil_twin, spoil_source,
                spoil_dangling, spoil_purpose, spoil_reach, spoil_end, spoil_person, spoil_foreign,
                spoil_sorting, spoil_too_many, spoil_nobody_signs, spoil_no_officers,
                spoil_officer_twice, spoil_key_twice, spoil_all_by_name, spoil_list_of_none,
                spoil_no_reach, spoil_key_of_nobody, spoil_key_order, spoil_key_bytes,
                spoil_key_owners, spoil_key_days, spoil_key_count};

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(spoilers); i++) {
                OWNED(buf_done) struct buf out;
                struct bytes bytes;
                struct sample s;

                sample_init(&s);
                spoilers[i](&s);
                assert_int_equal(encode(&s.rules, &out, &bytes), ERR_INVALID);
        }
}

static void a_link_needs_every_condition(void **state)
{
        static const struct {
                const char *linkage, *dataset, *purpose;
                municipality_t municipality;
                int32_t day;
                enum err wanted;
        } cases[] = {
                {"alla", "placering", "statistik", 114, 100, ERR_OK},
                {"alla", "anmalan", "uppfoljning", 2584, 20000, ERR_OK},
                {"alla", "anmalan", "statistik", 114, -5, ERR_OK},
                {"alla", "anmalan", "statistik", 114, -6, ERR_LINKAGE_REFUSED},
                {"alla", "anmalan", "statistik", 114, 20001, ERR_LINKAGE_REFUSED},
                {"alla", "anmalan", "statistik", 115, 100, ERR_LINKAGE_REFUSED},
                {"alla", "anmalan", "forskning", 114, 100, ERR_LINKAGE_REFUSED},
                {"alla", "enkat", "statistik", 114, 100, ERR_LINKAGE_REFUSED},
                {"ingen", "anmalan", "statistik", 114, 100, ERR_LINKAGE_REFUSED},
                {"", "anmalan", "statistik", 114, 100, ERR_LINKAGE_REFUSED},
                {"nagra", "placering", "statistik", 180, 19000, ERR_OK},
                {"nagra", "placering", "statistik", 1480, 19000, ERR_OK},
                {"nagra", "placering", "statistik", 114, 19000, ERR_OK},
                {"nagra", "placering", "statistik", 115, 19000, ERR_LINKAGE_REFUSED},
                {"nagra", "placering", "uppfoljning", 180, 19000, ERR_LINKAGE_REFUSED},
                {"nagra", "anmalan", "statistik", 180, 19000, ERR_LINKAGE_REFUSED},
                {"nagra", "placering", "statistik", 180, 18999, ERR_LINKAGE_REFUSED},
                {"nagra", "placering", "statistik", 180, 19001, ERR_LINKAGE_REFUSED},
        };
        struct sample s;

        (void)state;
        sample_init(&s);
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                int64_t noon = (int64_t)cases[i].day * MS_PER_DAY + MS_PER_DAY / 2;
                bool joined = false;

                assert_int_equal(rules_may_link(&s.rules, bytes_of_text(cases[i].linkage),
                                         bytes_of_text(cases[i].dataset), cases[i].municipality,
                                         bytes_of_text(cases[i].purpose), noon, &joined),
                        cases[i].wanted);
                /* Only the two listed ones are joined in `nagra`. */
                assert_int_equal(joined,
                        cases[i].wanted == ERR_OK &&
                                !(cases[i].linkage[0] == 'n' && cases[i].municipality == 114));
        }
}

static void a_submission_key_is_good_on_its_days_and_for_its_municipality(void **state)
{
        const struct rules_submission_key *found[1] = {NULL};
        struct sample s;

        (void)state;
        sample_init(&s);
        assert_int_equal(rules_submission_keys(&s.rules, 114, 99, found, 1), 0);
        assert_int_equal(rules_submission_keys(&s.rules, 114, 100, found, 1), 1);
        assert_ptr_equal(found[0], &s.keys[0]);
        assert_int_equal(rules_submission_keys(&s.rules, 114, 200, found, 1), 1);
        assert_int_equal(rules_submission_keys(&s.rules, 114, 201, found, 1), 0);
        assert_int_equal(rules_submission_keys(&s.rules, 180, 150, found, 1), 0);
        /* Two are good; there is room for one, and both are counted. */
        assert_int_equal(rules_submission_keys(&s.rules, 1480, 150, found, 1), 2);
        assert_ptr_equal(found[0], &s.keys[1]);
        assert_int_equal(rules_submission_keys(&s.rules, 1480, 202, NULL, 0), 1);
}

static void who_has_not_opted_in_is_not_joined(void **state)
{
        struct sample s;
        struct rules_linkage *l = &s.linkages[1];
        bool joined = true;

        (void)state;
        sample_init(&s);
        l->reach = REACH_OPTED_IN;
        assert_true(rules_linkage_joins(l, 180));
        assert_false(rules_linkage_joins(l, 114));
        l->municipalities_len = 0; /* nobody yet */
        assert_int_equal(rules_may_link(&s.rules, l->id, one[0], 180, purposes[0],
                                 (int64_t)19000 * MS_PER_DAY, &joined),
                ERR_OK);
        assert_false(joined);
        l->reach = REACH_NONE; /* forgotten: nobody is joined */
        assert_false(rules_linkage_joins(l, 180));
}

static void the_last_day_ends_at_midnight(void **state)
{
        struct sample s;
        int64_t after = (int64_t)19001 * MS_PER_DAY;
        bool joined;

        (void)state;
        sample_init(&s);
        assert_int_equal(rules_may_link(&s.rules, bytes_of_text("nagra"), one[0], 180, purposes[0],
                                 after - 1, &joined),
                ERR_OK);
        assert_int_equal(rules_may_link(&s.rules, bytes_of_text("nagra"), one[0], 180, purposes[0],
                                 after, &joined),
                ERR_LINKAGE_REFUSED);
}

static void a_signed_file_is_read_whole_or_not_at_all(void **state)
{
        OWNED(buf_done) struct buf file;
        struct signed_bundle b = {.canonical = bytes_of_text("regler"), .signatures_len = 2}, back;
        struct bytes bytes;

        (void)state;
        buf_init(&file, 1 << 16);
        memset(b.signatures[0].public_key, 1, 32);
        memset(b.signatures[1].public_key, 2, 32);
        memset(b.signatures[1].signature, 3, 64);
        assert_int_equal(signed_bundle_encode(&b, &file), ERR_OK);
        assert_int_equal(buf_end(&file, &bytes), ERR_OK);
        assert_int_equal(bytes.len, 4 + 6 + 1 + 2 * 96);
        assert_int_equal(signed_bundle_decode(bytes, &back), ERR_OK);
        assert_true(bytes_is_text(back.canonical, "regler"));
        assert_int_equal(back.signatures_len, 2);
        assert_memory_equal(back.signatures[1].signature, b.signatures[1].signature, 64);
        for (size_t cut = 0; cut < bytes.len; cut++)
                assert_int_equal(
                        signed_bundle_decode(bytes_of(bytes.data, cut), &back), ERR_MALFORMED);
        put_u8(&file, 0);
        assert_int_equal(buf_end(&file, &bytes), ERR_OK);
        assert_int_equal(signed_bundle_decode(bytes, &back), ERR_MALFORMED);
}

static void one_officer_cannot_sign_for_two(void **state)
{
        OWNED(buf_done) struct buf file;
        struct signed_bundle b = {.canonical = bytes_of_text("regler"), .signatures_len = 2};

        (void)state;
        buf_init(&file, 1 << 16);
        assert_int_equal(signed_bundle_encode(&b, &file), ERR_INVALID);
        b.signatures_len = 0;
        assert_int_equal(signed_bundle_encode(&b, &file), ERR_INVALID);
        b.signatures_len = SIGNATURES_MAX + 1;
        assert_int_equal(signed_bundle_encode(&b, &file), ERR_INVALID);
}

static void names_are_small_and_plain(void **state)
{
        static const char *const fine[] = {"a", "placering", "kon-2", "a_b"};
        static const char *const wrong[] = {"", "A", "1a", "_a", "å", "a b", "a.b", "a/b",
                "a23456789012345678901234567890123456789012345678x"};

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(fine); i++)
                assert_true(rules_is_name(bytes_of_text(fine[i])));
        for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
                assert_false(rules_is_name(bytes_of_text(wrong[i])));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_written_is_read_and_written_the_same),
                cmocka_unit_test(no_two_spellings_mean_the_same),
                cmocka_unit_test(what_could_be_read_two_ways_cannot_be_written),
                cmocka_unit_test(a_link_needs_every_condition),
                cmocka_unit_test(a_submission_key_is_good_on_its_days_and_for_its_municipality),
                cmocka_unit_test(who_has_not_opted_in_is_not_joined),
                cmocka_unit_test(the_last_day_ends_at_midnight),
                cmocka_unit_test(a_signed_file_is_read_whole_or_not_at_all),
                cmocka_unit_test(one_officer_cannot_sign_for_two),
                cmocka_unit_test(names_are_small_and_plain),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
