/* SPDX-License-Identifier: Apache-2.0 */
/* render_frame.c: head and foot of a table.
 *
 * A figure alone says little: the head tells the question and its reference (unit,
 * linkage, period, whose municipality, which day's ages), the foot how much of what
 * was expected had been delivered. All marks are explained every time, since readers
 * come from sources where "-" or ".." mean something else. */
#include "tools/cli/render_frame.h"

#include <string.h>

#include "base/clock.h"
#include "tools/cli/ask.h"
#include "tools/cli/question_text.h"
#include "tools/cli/render_about.h"
#include "tools/cli/render_parts.h"

#define TELL(w, ...) cli_print(cli, to, false, (w), CLI_ARGS(__VA_ARGS__))

const char *unit_word(const struct cli *cli, enum unit unit)
{
        static const enum word words[UNIT_COUNT] = {
                WORD_UNIT_PERSON, WORD_UNIT_PERSON, WORD_UNIT_FAMILY, WORD_UNIT_RECORD};

        return cli_word(cli, words[(unsigned)unit < UNIT_COUNT ? unit : UNIT_NONE]);
}

const char *digest_short(const struct digest *d, char out[DIGEST_SHORT_TEXT])
{
        hex_encode(bytes_of(d->bytes, (DIGEST_SHORT_TEXT - 1) / 2), out);
        return out;
}

/* Head -------------------------------------------------------------------- */

/* A sentence begins with a capital, also where its first word is a unit. */
static void put_item(FILE *to, uint32_t i, const char *title)
{
        bool lower = i == 0 && title[0] >= 'a' && title[0] <= 'z';

        (void)fputs(i > 0 ? ", " : "", to);
        (void)fputc(lower ? title[0] - 'a' + 'A' : title[0], to);
        (void)fputs(title[0] != '\0' ? title + 1 : "", to);
}

static void put_indicator(const struct cli *cli, FILE *to, const struct wire_indicator *i)
{
        char version[NUMBER_TEXT], digest[DIGEST_SHORT_TEXT];

        cli_put(cli, to, WORD_FRAME_INDICATOR,
                CLI_ARGS(text_from(cli, label_in(cli->lang, i->label.sv, i->label.en, i->id)),
                        text_from(cli, i->id), cli_number(cli, i->version, version),
                        digest_short(&i->digest, digest)));
}

/* "Personer efter Placerande kommun (lan) × Kön" */
static void put_title(const struct cli *cli, const struct answer *a, const struct render_how *how)
{
        const struct table *t = &a->release->table;
        FILE *to = how->out;

        (void)fputs(how->colour ? "\033[1m" : "", to);
        if (a->release->has_indicator)
                put_indicator(cli, to, &a->release->indicator);
        for (uint32_t m = 0; m < t->measures_len && !a->release->has_indicator; m++) {
                const char *title = measure_title(cli, &t->measures[m]);

                put_item(to, m, title != NULL ? title : "");
        }
        for (uint32_t d = 0; d < t->dimensions_len; d++) {
                (void)fputs(d > 0 ? " × " : cli_word(cli, WORD_TITLE_BY), to);
                put_bytes_to(to, dimension_title(cli, &t->dimensions[d]));
        }
        (void)fputs(how->colour ? "\033[0m\n" : "\n", to);
}

void frame_conditions(const struct cli *cli, FILE *to, const struct query *q)
{
        for (uint32_t i = 0; i < q->filters_len; i++) {
                (void)fputs(i > 0 ? "; " : cli_word(cli, WORD_TITLE_WHERE), to);
                filter_print(to, &q->filters[i]);
        }
        if (q->filters_len > 0)
                (void)fputc('\n', to);
}

/* What is derived and what measures count. */
static void put_question(FILE *to, const struct query *q)
{
        for (uint32_t i = 0; i < q->derived_len; i++) {
                derived_print(to, &q->derived[i]);
                (void)fputc('\n', to);
        }
        for (uint32_t i = 0; i < q->measures_len; i++)
                if (q->measures[i].filters_len > 0 || q->measures[i].base_len > 0) {
                        measure_print(to, &q->measures[i]);
                        (void)fputc('\n', to);
                }
}

struct line {
        const struct cli *cli;
        FILE *to;
        unsigned len;
};

#define PIECE(line, w, ...) put_piece((line), (w), CLI_ARGS(__VA_ARGS__))

static void put_piece(struct line *l, enum word w, const char *const *args)
{
        (void)fputs(l->len++ > 0 ? " " : "", l->to);
        cli_put(l->cli, l->to, w, args);
}

static void put_asked(struct line *l, const struct query *q)
{
        char day[DAY_TEXT];

        if (q->municipality_rule == MUNICIPALITY_FIRST || q->municipality_rule == MUNICIPALITY_LAST)
                PIECE(l, WORD_FRAME_RULE,
                        cli_word(l->cli, q->municipality_rule == MUNICIPALITY_FIRST
                                                 ? WORD_RULE_FIRST
                                                 : WORD_RULE_LAST));
        if (q->has_age_at)
                PIECE(l, WORD_FRAME_AGE, text_of_day(q->age_at, day));
        if (q->has_division_at)
                PIECE(l, WORD_FRAME_DIVISION, text_of_day(q->division_at, day));
}

void frame_scope(const struct cli *cli, FILE *to, const struct answer *a)
{
        const struct wire_release *r = a->release;
        struct line l = {.cli = cli, .to = to};
        struct bytes date = a->asked != NULL ? a->asked->period_date : (struct bytes){NULL, 0};
        char period[PERIOD_TEXT];

        if (r->linkage.len > 0)
                PIECE(&l, WORD_FRAME_LINKAGE, text_from(cli, r->linkage));
        if (r->unit != UNIT_NONE)
                PIECE(&l, WORD_FRAME_UNIT, unit_word(cli, r->unit));
        if (r->has_period && date.len > 0)
                PIECE(&l, WORD_FRAME_PERIOD_DATE, text_of_period(r->period, period),
                        text_from(cli, date));
        else if (r->has_period)
                PIECE(&l, WORD_FRAME_PERIOD, text_of_period(r->period, period));
        if (a->asked != NULL)
                put_asked(&l, a->asked);
        if (l.len > 0)
                (void)fputc('\n', to);
}

void frame_head(const struct cli *cli, const struct answer *a, const struct render_how *how)
{
        const struct wire_release *r = a->release;
        FILE *to = how->out;
        char vintage[32], at[INSTANT_TEXT];

        vintage_text(r->vintage, vintage);
        put_title(cli, a, how);
        if (a->asked != NULL) {
                frame_conditions(cli, to, a->asked);
                put_question(to, a->asked);
        }
        TELL(WORD_TITLE_SOURCE, text_from(cli, r->dataset), text_from(cli, r->purpose), vintage,
                instant_text(r->vintage_at_ms, at));
        frame_scope(cli, to, a);
        (void)fputc('\n', to);
}

/* Foot -------------------------------------------------------------------- */

void frame_legend(const struct cli *cli, FILE *to, bool intervals)
{
        TELL(WORD_MARK_ZERO);
        TELL(WORD_MARK_PROTECTED);
        TELL(WORD_MARK_MISSING);
        TELL(WORD_MARK_NOT_APPLICABLE);
        if (intervals)
                TELL(WORD_MARK_INTERVAL);
}

static void put_coverage(const struct cli *cli, FILE *to, const struct wire_coverage *c)
{
        char delivered[NUMBER_TEXT], expected[NUMBER_TEXT];
        char rejected[VALUE_TEXT], missing[VALUE_TEXT];

        TELL(WORD_COVERAGE_DATASET, text_from(cli, c->dataset),
                cli_number(cli, c->delivered, delivered), cli_number(cli, c->expected, expected),
                permille_text(cli, c->rejected_permille, rejected),
                permille_text(cli, c->missing_permille, missing));
}

static bool asks_families(const struct query *q)
{
        bool asks = q->unit == UNIT_FAMILY;

        for (uint32_t i = 0; i < q->measures_len; i++)
                asks |= q->measures[i].kind == MEASURE_FAMILIES;
        for (uint32_t i = 0; i < q->derived_len; i++)
                asks |= q->derived[i].same == SAME_FAMILY;
        return asks;
}

/* A linkage with families knows the share whatever is asked, and the same beside every data
 * set. It is told once, where families matter; of an indicator only the registry knows
 * whether they do, so there a share of nothing is left out. */
static void put_families(const struct cli *cli, FILE *to, const struct answer *a)
{
        const struct wire_release *r = a->release;
        bool asked = r->unit == UNIT_FAMILY || (a->asked != NULL && asks_families(a->asked));
        bool known = a->asked != NULL && a->asked->indicator.len == 0 && !r->has_indicator;
        uint32_t missing = NO_SHARE;
        char share[VALUE_TEXT];

        for (uint32_t i = 0; i < r->coverage_len && missing == NO_SHARE; i++)
                missing = r->coverage[i].families_missing_permille;
        if (missing != NO_SHARE && (asked || (!known && missing > 0)))
                TELL(WORD_COVERAGE_FAMILIES, permille_text(cli, missing, share));
}

void frame_coverage(const struct cli *cli, FILE *to, const struct answer *a)
{
        const struct wire_release *r = a->release;
        char delivered[NUMBER_TEXT], expected[NUMBER_TEXT], unlinked[NUMBER_TEXT];
        char counted[NUMBER_TEXT];

        for (uint32_t i = 0; i < r->coverage_len; i++)
                put_coverage(cli, to, &r->coverage[i]);
        put_families(cli, to, a);
        if (r->coverage_len == 0 && r->expected > 0)
                TELL(WORD_COVERAGE, cli_number(cli, r->delivered, delivered),
                        cli_number(cli, r->expected, expected));
        if (r->has_counted && r->counted < r->expected)
                TELL(WORD_COUNTED, cli_number(cli, r->counted, counted),
                        cli_number(cli, r->expected, expected));
        if (r->unlinked > 0)
                TELL(r->has_counted ? WORD_UNLINKED_BESIDE : WORD_UNLINKED,
                        cli_number(cli, r->unlinked, unlinked));
}

void frame_threshold(const struct cli *cli, FILE *to, const struct wire_release *r)
{
        char threshold[NUMBER_TEXT];

        if (r->threshold <= 1 && r->zeros_published) /* deliveries: nothing is held back */
                return;
        TELL(r->zeros_published ? WORD_THRESHOLD : WORD_THRESHOLD_AND_ZERO,
                cli_number(cli, r->threshold, threshold));
}

void frame_foot(const struct cli *cli, const struct answer *a, const struct render_how *how)
{
        const struct table *t = &a->release->table;
        bool intervals = false;
        FILE *to = how->out;

        for (uint32_t m = 0; m < t->measures_len; m++)
                intervals |= measure_has_interval(&t->measures[m]);
        (void)fputc('\n', to);
        frame_legend(cli, to, intervals);
        if (table_held(t))
                TELL(WORD_MARK_HELD);
        frame_threshold(cli, to, a->release);
        frame_protection(cli, to, a->release);
        frame_coverage(cli, to, a);
        for (uint32_t d = 0; d < t->dimensions_len; d++)
                if (t->dimensions[d].overlapping)
                        TELL(WORD_OVERLAPPING,
                                text_from(cli, dimension_title(cli, &t->dimensions[d])));
        if (a->release->has_nearest)
                frame_nearest(cli, to, &a->release->nearest);
}
