/* SPDX-License-Identifier: Apache-2.0 */
/* test_entry.c: an entry is written in one way, and read in no other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/fault.h"
#include "gateway/audit/entry.h"

static struct arena *arena;

static int fresh(void **state)
{
        (void)state;
        arena = arena_new(8 << 20);
        return arena == NULL;
}

static int gone(void **state)
{
        (void)state;
        arena_free(&arena);
        return 0;
}

static const struct digest some_digest = {{1, 2, 3}};

static void put_sample(struct entry_writer *w)
{
        static const struct principal anna = {.role = ROLE_STATISTICIAN,
                .uri = "statgate://dalkoping/statistician/anna",
                .certificate = {{7}}};

        entry_begin(w, arena, ENTRY_ANSWERED);
        entry_put_number(w, FIELD_COST_US, 1250);
        entry_put_principal(w, &anna);
        entry_put_words(w, FIELD_RULE, "threshold 5");
        entry_put_words(w, FIELD_DATASET, "placeringar");
        entry_put_words(w, FIELD_RULE, "at least 2 families");
        entry_put_vintage(w, (struct vintage){7, 1});
        entry_put_count(w, FIELD_FIRED, "small", 3);
        entry_put_count(w, FIELD_FIRED, "secondary", 12);
        entry_put_digest(w, FIELD_QUERY_DIGEST, &some_digest);
        entry_put_bytes(w, FIELD_QUERY, bytes_of("\x0a\x00\x01", 3));
        entry_put_words(w, FIELD_OUTCOME, "OK");
}

static struct entry_draft sample(void)
{
        struct entry_writer w;
        struct entry_draft draft;

        put_sample(&w);
        assert_int_equal(entry_end(&w, &draft), ERR_OK);
        return draft;
}

static enum err told(void *ctx, const struct entry_value *v)
{
        char **at = ctx;

        *at += sprintf(*at, "%s=", v->rule->word);
        if (v->rule->type == ENTRY_TEXT || v->rule->type == ENTRY_COUNT)
                *at += sprintf(*at, "%.*s", (int)v->text.len, (const char *)v->text.data);
        else if (v->rule->type != ENTRY_NUMBER)
                *at += sprintf(*at, "[%zu]", v->text.len);
        if (v->rule->type == ENTRY_NUMBER || v->rule->type == ENTRY_COUNT)
                *at += sprintf(*at, ":%lld", (long long)v->number);
        *at += sprintf(*at, ";");
        return ERR_OK;
}

static void reads_as(enum entry_side side, struct bytes part, const char *expected)
{
        static char text[1 << 18];
        char *at = text;

        text[0] = '\0';
        assert_int_equal(entry_read(side, part, told, &at), ERR_OK);
        assert_string_equal(text, expected);
}

static enum err nobody(void *ctx, const struct entry_value *v)
{
        (void)ctx;
        (void)v;
        fail_msg("a part that cannot be read was shown to somebody");
        return ERR_OK;
}

static void is_refused(enum entry_side side, struct bytes part)
{
        assert_int_equal(entry_read(side, part, nobody, NULL), ERR_MALFORMED);
}

static void fields_stand_on_their_side_in_their_order(void **state)
{
        struct entry_draft draft = sample();

        (void)state;
        assert_int_equal(draft.kind, ENTRY_ANSWERED);
        reads_as(ENTRY_OPEN, draft.open,
                "outcome=OK;dataset=placeringar;vintage=7.1;query_digest=[32];"
                "rule=threshold 5;rule=at least 2 families;");
        reads_as(ENTRY_CLOSED, draft.closed,
                "principal=statgate://dalkoping/statistician/anna;certificate=[32];query=[3];"
                "fired=small:3;fired=secondary:12;cost_us=:1250;");
}

static void the_same_fields_in_another_order_are_the_same_bytes(void **state)
{
        struct entry_writer w;
        struct entry_draft one, two;

        (void)state;
        entry_begin(&w, arena, ENTRY_REFUSED);
        entry_put_words(&w, FIELD_OUTCOME, "LIMIT");
        entry_put_words(&w, FIELD_PURPOSE, "uppfoljning");
        entry_put_number(&w, FIELD_POLICY_VERSION, 3);
        assert_int_equal(entry_end(&w, &one), ERR_OK);
        entry_begin(&w, arena, ENTRY_REFUSED);
        entry_put_number(&w, FIELD_POLICY_VERSION, 3);
        entry_put_words(&w, FIELD_PURPOSE, "uppfoljning");
        entry_put_words(&w, FIELD_OUTCOME, "LIMIT");
        assert_int_equal(entry_end(&w, &two), ERR_OK);
        assert_true(bytes_equal(one.open, two.open));
        assert_int_equal(one.closed.len, 0);
}

static void the_bytes_are_those_of_the_format(void **state)
{
        static const char expected[] = "\x01\x02\x00\x00\x00OK"
                                       "\x09\x08\x00\x00\x00\xfe\xff\xff\xff\xff\xff\xff\xff";
        static const char closed[] = "\x25\x0c\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00"
                                     "free";
        struct entry_writer w;
        struct entry_draft draft;

        (void)state;
        entry_begin(&w, arena, ENTRY_ANSWERED);
        entry_put_number(&w, FIELD_POLICY_VERSION, -2);
        entry_put_count(&w, FIELD_STATUS, "free", 5);
        entry_put_words(&w, FIELD_OUTCOME, "OK");
        assert_int_equal(entry_end(&w, &draft), ERR_OK);
        assert_true(bytes_equal(draft.open, bytes_of(expected, sizeof expected - 1)));
        assert_true(bytes_equal(draft.closed, bytes_of(closed, sizeof closed - 1)));
}

static void text_text(const char *in, size_t len, const char *expected)
{
        struct entry_writer w;
        struct entry_draft draft;
        struct entry_value v;

        entry_begin(&w, arena, ENTRY_ALARM);
        entry_put_text(&w, FIELD_DETAIL, bytes_of(in, len));
        assert_int_equal(entry_end(&w, &draft), ERR_OK);
        assert_true(entry_find(draft.closed, FIELD_DETAIL, &v));
        assert_int_equal(v.text.len, strlen(expected));
        assert_memory_equal(v.text.data, expected, v.text.len);
}

static void what_could_write_lines_or_move_a_cursor_becomes_question_marks(void **state)
{
        (void)state;
        text_text("Borl\xc3\xa4nge", 9, "Borl\xc3\xa4nge");
        text_text("a\nb", 3, "a?b");
        text_text("\x1b[2J", 4, "?[2J");
        text_text("a\0b", 3, "a?b");
        text_text("\xff\xfe", 2, "??");
        text_text("\xc3", 1, "?");
        text_text("\xed\xa0\x80x", 4, "???x");
        text_text("\xc2\x85x", 3, "??x");
}

static void long_text_is_cut_between_two_characters(void **state)
{
        char in[300], expected[ENTRY_TEXT_MAX + 1];

        (void)state;
        memset(in, 'x', sizeof in);
        memset(expected, 'x', sizeof expected);
        expected[ENTRY_TEXT_MAX] = '\0';
        text_text(in, sizeof in, expected);
        in[ENTRY_TEXT_MAX - 1] = '\xc3';
        in[ENTRY_TEXT_MAX] = '\xa4';
        expected[ENTRY_TEXT_MAX - 1] = '\0';
        text_text(in, sizeof in, expected);
}

static void a_field_without_a_value_is_not_there(void **state)
{
        struct entry_writer w;
        struct entry_draft draft;
        struct entry_value v;

        (void)state;
        entry_begin(&w, arena, ENTRY_REFUSED);
        entry_put_words(&w, FIELD_PURPOSE, "");
        entry_put_bytes(&w, FIELD_QUERY, bytes_of(NULL, 0));
        assert_int_equal(entry_end(&w, &draft), ERR_OK);
        assert_int_equal(draft.open.len + draft.closed.len, 0);
        assert_false(entry_find(draft.open, FIELD_PURPOSE, &v));
        reads_as(ENTRY_OPEN, draft.open, "");
}

static void what_is_too_large_is_not_written_at_all(void **state)
{
        static const uint8_t large[ENTRY_BYTES_MAX + 1];
        struct entry_writer w;
        struct entry_draft draft = {.kind = 99};

        (void)state;
        entry_begin(&w, arena, ENTRY_ANSWERED);
        entry_put_bytes(&w, FIELD_QUERY, bytes_of(large, sizeof large));
        assert_int_equal(entry_end(&w, &draft), ERR_TOO_LARGE);
        entry_begin(&w, arena, ENTRY_ANSWERED);
        entry_put_bytes(&w, FIELD_QUERY, bytes_of(large, ENTRY_BYTES_MAX));
        assert_int_equal(entry_end(&w, &draft), ERR_OK);
        entry_begin(&w, arena, ENTRY_ANSWERED);
        entry_put_bytes(&w, FIELD_QUERY, bytes_of(large, ENTRY_BYTES_MAX));
        entry_put_bytes(&w, FIELD_QUERY, bytes_of(large, ENTRY_BYTES_MAX));
        draft.kind = 99;
        assert_int_equal(entry_end(&w, &draft), ERR_TOO_LARGE);
        assert_int_equal(draft.kind, 99);
}

static void hundreds_of_fields_are_no_trouble(void **state)
{
        struct entry_writer w;
        struct entry_draft draft;
        struct entry_value v;

        (void)state;
        entry_begin(&w, arena, ENTRY_ANSWERED);
        for (int64_t i = 0; i < 500; i++)
                entry_put_number(&w, i % 2 == 0 ? FIELD_NUMBER : FIELD_COST_US, i);
        assert_int_equal(entry_end(&w, &draft), ERR_OK);
        assert_int_equal(draft.closed.len, 500 * 13);
        assert_true(entry_find(draft.closed, FIELD_NUMBER, &v));
        assert_int_equal(v.number, 0);
        assert_true(entry_find(draft.closed, FIELD_COST_US, &v));
        assert_int_equal(v.number, 1);
}

static void words_and_numbers_name_each_other(void **state)
{
        unsigned fields = 0, names = 0;

        (void)state;
        for (unsigned i = 0; i < 256; i++) {
                const struct entry_field_rule *rule = entry_field_find((uint8_t)i);

                if (rule == NULL)
                        continue;
                fields++;
                assert_ptr_equal(entry_field_named(bytes_of_text(rule->word)), rule);
                assert_int_equal(rule->field, i);
                assert_int_equal(rule->side, i < 32 ? ENTRY_OPEN : ENTRY_CLOSED);
        }
        assert_int_equal(fields, 32);
        for (int kind = 1; kind < ENTRY_KIND_END; kind++) {
                names++;
                assert_int_equal(
                        entry_kind_find(bytes_of_text(entry_kind_word((enum entry_kind)kind))),
                        kind);
        }
        assert_int_equal(names, 26);
        assert_string_equal(entry_kind_word(ENTRY_NONE), "unknown");
        assert_int_equal(entry_kind_find(bytes_of_text("unknown")), ENTRY_NONE);
        assert_null(entry_field_named(bytes_of_text("")));
        assert_null(entry_field_find(0));
}

static void refused_as_written(const char *wire, size_t len)
{
        is_refused(ENTRY_OPEN, bytes_of(wire, len));
}

static void a_part_that_breaks_the_format_is_refused_before_it_is_shown(void **state)
{
        static const uint8_t much[ENTRY_PART_MAX + 1];

        (void)state;
#define REFUSED(text) refused_as_written(text, sizeof(text) - 1)
        REFUSED("\x01");
        REFUSED("\x01\x02\x00\x00\x00O");
        REFUSED("\x01\x00\x00\x00\x00");
        REFUSED("\x00\x01\x00\x00\x00x");
        REFUSED("\x13\x01\x00\x00\x00x");
        REFUSED("\x20\x01\x00\x00\x00x");
        REFUSED("\x01\x01\x00\x00\x00\n");
        REFUSED("\x01\x01\x00\x00\x00\xff");
        REFUSED("\x02\x01\x00\x00\x00x\x01\x01\x00\x00\x00x");
        REFUSED("\x07\x01\x00\x00\x00x");
        REFUSED("\x09\x04\x00\x00\x00wxyz");
        REFUSED("\x09\x09\x00\x00\x00wxyzwxyz9");
        REFUSED("\x0f\x00\x00\x00\x00");
        REFUSED("\x01\xff\xff\xff\xff"
                "x");
#undef REFUSED
        is_refused(ENTRY_CLOSED, bytes_of("\x25\x08\x00\x00\x00\x05\0\0\0\0\0\0\0", 13));
        is_refused(ENTRY_CLOSED, bytes_of("\x25\x09\x00\x00\x00\x05\0\0\0\0\0\0\x80x", 14));
        is_refused(ENTRY_CLOSED, bytes_of("\x25\x04\x00\x00\x00wxyz", 9));
        is_refused(ENTRY_OPEN, bytes_of(much, sizeof much));
}

static void text_is_as_long_as_it_may_be_and_not_longer(void **state)
{
        uint8_t wire[5 + ENTRY_TEXT_MAX + 1] = {FIELD_OUTCOME, ENTRY_TEXT_MAX};
        struct entry_value v;

        (void)state;
        memset(wire + 5, 'x', sizeof wire - 5);
        assert_int_equal(entry_read(ENTRY_OPEN, bytes_of(wire, sizeof wire - 1), told,
                                 &(char *){(char[400]){0}}),
                ERR_OK);
        assert_true(entry_find(bytes_of(wire, sizeof wire - 1), FIELD_OUTCOME, &v));
        wire[1] = ENTRY_TEXT_MAX + 1;
        refused_as_written((const char *)wire, sizeof wire);
}

struct copier {
        struct entry_writer *w;
};

static enum err copy(void *ctx, const struct entry_value *v)
{
        struct entry_writer *w = ((struct copier *)ctx)->w;
        char name[ENTRY_TEXT_MAX + 1] = {0};

        switch (v->rule->type) {
        case ENTRY_TEXT:
                entry_put_text(w, v->rule->field, v->text);
                break;
        case ENTRY_NUMBER:
                entry_put_number(w, v->rule->field, v->number);
                break;
        case ENTRY_DIGEST:
                entry_put_digest(w, v->rule->field, (const struct digest *)v->text.data);
                break;
        case ENTRY_BYTES:
                entry_put_bytes(w, v->rule->field, v->text);
                break;
        case ENTRY_COUNT:
                memcpy(name, v->text.data, v->text.len);
                entry_put_count(w, v->rule->field, arena_strndup(arena, name, v->text.len),
                        (uint64_t)v->number);
                break;
        }
        return ERR_OK;
}

/* Whatever is read can be written again, and is the same bytes then. */
static void means_itself(enum entry_side side, struct bytes part)
{
        struct entry_writer w;
        struct entry_draft draft;
        struct copier c = {&w};
        enum err e;

        entry_begin(&w, arena, ENTRY_ANSWERED);
        e = entry_read(side, part, copy, &c);
        assert_true(e == ERR_OK || e == ERR_MALFORMED);
        if (e != ERR_OK)
                return;
        assert_int_equal(entry_end(&w, &draft), ERR_OK);
        assert_true(bytes_equal(side == ENTRY_OPEN ? draft.open : draft.closed, part));
}

static void every_cut_and_every_flipped_byte_is_refused_or_means_itself(void **state)
{
        struct entry_draft draft = sample();
        const struct bytes parts[2] = {draft.open, draft.closed};

        (void)state;
        for (unsigned side = 0; side < 2; side++) {
                struct bytes part = parts[side];
                uint8_t *bent;

                for (size_t len = 0; len <= part.len; len++)
                        means_itself((enum entry_side)side, bytes_of(part.data, len));
                for (size_t at = 0; at < part.len; at++)
                        for (unsigned bit = 0; bit < 8; bit++) {
                                OWNED(buf_done) struct buf copied;

                                buf_init(&copied, part.len);
                                put_raw(&copied, part.data, part.len);
                                bent = copied.data;
                                bent[at] ^= (uint8_t)(1u << bit);
                                means_itself((enum entry_side)side, bytes_of(bent, part.len));
                        }
        }
}

static void without_memory_nothing_is_written(void **state)
{
        (void)state;
        for (unsigned nth = 0; fault_arm("alloc", nth); nth++) {
                struct entry_writer w;
                struct entry_draft draft = {.kind = 99};

                put_sample(&w);
                entry_put_text(&w, FIELD_WHERE, bytes_of("\n", 1));
                if (entry_end(&w, &draft) != ERR_OK)
                        assert_int_equal(draft.kind, 99);
                else
                        assert_int_equal(draft.kind, ENTRY_ANSWERED);
        }
        fault_disarm();
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define SENTENCE(name) cmocka_unit_test_setup_teardown(name, fresh, gone)
                SENTENCE(fields_stand_on_their_side_in_their_order),
                SENTENCE(the_same_fields_in_another_order_are_the_same_bytes),
                SENTENCE(the_bytes_are_those_of_the_format),
                SENTENCE(what_could_write_lines_or_move_a_cursor_becomes_question_marks),
                SENTENCE(long_text_is_cut_between_two_characters),
                SENTENCE(a_field_without_a_value_is_not_there),
                SENTENCE(what_is_too_large_is_not_written_at_all),
                SENTENCE(hundreds_of_fields_are_no_trouble),
                SENTENCE(words_and_numbers_name_each_other),
                SENTENCE(a_part_that_breaks_the_format_is_refused_before_it_is_shown),
                SENTENCE(text_is_as_long_as_it_may_be_and_not_longer),
                SENTENCE(every_cut_and_every_flipped_byte_is_refused_or_means_itself),
                SENTENCE(without_memory_nothing_is_written),
#undef SENTENCE
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
