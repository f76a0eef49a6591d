/* SPDX-License-Identifier: Apache-2.0 */
/* comparison_table.c: a comparison as a person reads it.
 *
 * What is compared is named in the headings; verdicts are words, since colours do not
 * survive a printer. The definition's digest stands in the head, so that two papers can
 * be told to speak of the same thing. */
#include <string.h>

#include "tools/cli/ask.h"
#include "tools/cli/comparison.h"
#include "tools/cli/listing.h"
#include "tools/cli/question_text.h"
#include "tools/cli/render_frame.h"
#include "tools/cli/render_parts.h"

enum { LANES_MAX = DIMENSIONS_MAX + 7 };

#define TELL(w, ...) cli_print(cli, to, false, (w), CLI_ARGS(__VA_ARGS__))

static bool compares(const struct comparison *c, enum compared what)
{
        return (c->request->compared & 1U << what) != 0;
}

static const char *label_of(const struct cli *cli, struct wire_label l, struct bytes id)
{
        return text_from(cli, label_in(cli->lang, l.sv, l.en, id));
}

static const char *figure_text(
        const struct cli *cli, const struct comparison *c, const struct figure *f, bool signs)
{
        char text[CELL_TEXT];
        size_t len;

        if (f->status != CELL_VALUE)
                return cell_status_mark(f->status);
        if (f->has_interval)
                len = interval_for_people(
                        cli->lang, f->value, f->low, f->high, c->measure->decimals, text);
        else
                len = value_for_people(cli->lang, f->value, c->measure->decimals, text);
        text[len] = '\0';

        const char *kept = arena_printf(cli->arena, "%s%s", signs && f->value > 0 ? "+" : "", text);

        return kept != NULL ? kept : "";
}

static const char *verdict_text(
        const struct cli *cli, const struct wire_indicator *i, enum verdict v)
{
        switch (v) {
        case VERDICT_NONE:
                return "";
        case VERDICT_UNCLEAR:
                return cli_word(cli, WORD_VERDICT_UNCLEAR);
        case VERDICT_BETTER:
                return cli_word(cli, i->is_contract ? WORD_VERDICT_MET : WORD_VERDICT_BETTER);
        case VERDICT_WORSE:
                return cli_word(cli, i->is_contract ? WORD_VERDICT_NOT_MET : WORD_VERDICT_WORSE);
        }
        return "";
}

static const char *target_text(const struct cli *cli, const struct wire_indicator *i)
{
        char number[VALUE_TEXT];
        const char *text;

        (void)value_for_people(cli->lang, i->target, i->decimals, number);
        text = arena_printf(cli->arena, "%s", number);
        return text != NULL ? text : "";
}

/* Head -------------------------------------------------------------------- */

void comparison_head(
        const struct cli *cli, const struct comparison *c, const struct render_how *how)
{
        const struct wire_indicator *i = c->request->indicator;
        const struct answer *last = &c->request->years[c->request->years_len - 1].rows;
        const struct wire_release *r = last->release;
        FILE *to = how->out;
        char version[NUMBER_TEXT], digest[DIGEST_SHORT_TEXT], vintage[32], at[INSTANT_TEXT];

        (void)fputs(how->colour ? "\033[1m" : "", to);
        TELL(WORD_FRAME_INDICATOR, label_of(cli, i->label, i->id), text_from(cli, i->id),
                cli_number(cli, i->version, version), digest_short(&i->digest, digest));
        (void)fputs(how->colour ? "\033[0m" : "", to);
        if (i->definition.sv.len > 0 || i->definition.en.len > 0)
                (void)fprintf(to, "%s\n", label_of(cli, i->definition, i->id));
        if (last->asked != NULL)
                frame_conditions(cli, to, last->asked);
        vintage_text(r->vintage, vintage);
        TELL(WORD_TITLE_SOURCE, text_from(cli, r->dataset), text_from(cli, r->purpose), vintage,
                instant_text(r->vintage_at_ms, at));
        if (r->linkage.len > 0)
                TELL(WORD_FRAME_LINKAGE, text_from(cli, r->linkage));
        (void)fputc('\n', to);
}

/* Lanes ------------------------------------------------------------------- */

struct lanes {
        struct lane_title heads[LANES_MAX];
        uint32_t len;
};

static void add_lane(struct lanes *l, const char *title, enum lane_side side)
{
        l->heads[l->len++] = (struct lane_title){title, side};
}

static enum err head_lanes(const struct cli *cli, const struct comparison *c, struct lanes *l)
{
        const char *value = measure_title(cli, c->measure), *target;

        if (value == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t d = 0; d < c->shape->dimensions_len; d++)
                add_lane(l, text_from(cli, dimension_title(cli, &c->shape->dimensions[d])),
                        SIDE_LEFT);
        if (c->request->years[0].has_period)
                add_lane(l, cli_word(cli, WORD_HEAD_PERIOD), SIDE_LEFT);
        add_lane(l, value, SIDE_RIGHT);
        if (compares(c, COMPARED_COUNTY))
                add_lane(l, cli_word(cli, WORD_HEAD_COUNTY), SIDE_RIGHT);
        if (compares(c, COMPARED_COUNTRY))
                add_lane(l, cli_word(cli, WORD_HEAD_COUNTRY), SIDE_RIGHT);
        if (compares(c, COMPARED_HISTORY))
                add_lane(l, cli_word(cli, WORD_HEAD_CHANGE), SIDE_RIGHT);
        if (compares(c, COMPARED_TARGET)) {
                target = arena_printf(cli->arena, "%s %s", cli_word(cli, WORD_HEAD_TARGET),
                        target_text(cli, c->request->indicator));
                if (target == NULL)
                        return ERR_NO_MEMORY;
                add_lane(l, target, SIDE_LEFT);
        }
        return ERR_OK;
}

static const char *category_text(
        const struct cli *cli, const struct comparison_row *row, uint32_t d)
{
        const struct category *k = row->categories[d];

        if (!row->is_first)
                return "";
        return k == NULL ? cli_word(cli, WORD_TOTAL)
                         : text_from(cli, label_in(cli->lang, k->label_sv, k->label_en, k->code));
}

static enum err add_row(const struct cli *cli, const struct comparison *c,
        const struct comparison_row *row, struct listing *l)
{
        const struct comparison_year *y = &c->request->years[row->year];
        const char *texts[LANES_MAX];
        char period[PERIOD_TEXT];
        uint32_t n = 0;

        for (uint32_t d = 0; d < c->shape->dimensions_len; d++)
                texts[n++] = category_text(cli, row, d);
        if (c->request->years[0].has_period)
                texts[n++] = text_of_period(y->period, period);
        texts[n++] = figure_text(cli, c, &row->value, false);
        if (compares(c, COMPARED_COUNTY))
                texts[n++] = figure_text(cli, c, &row->county, false);
        if (compares(c, COMPARED_COUNTRY))
                texts[n++] = figure_text(cli, c, &row->country, false);
        if (compares(c, COMPARED_HISTORY))
                texts[n++] = figure_text(cli, c, &row->change, true);
        if (compares(c, COMPARED_TARGET))
                texts[n++] = verdict_text(cli, c->request->indicator, row->verdict);
        return listing_add(l, texts);
}

/* Foot -------------------------------------------------------------------- */

static bool same_coverage(const struct wire_release *a, const struct wire_release *b)
{
        bool same = a->coverage_len == b->coverage_len && a->delivered == b->delivered &&
                    a->expected == b->expected && a->unlinked == b->unlinked &&
                    a->has_counted == b->has_counted && a->counted == b->counted;

        for (uint32_t i = 0; same && i < a->coverage_len; i++)
                same = a->coverage[i].delivered == b->coverage[i].delivered &&
                       a->coverage[i].expected == b->coverage[i].expected &&
                       a->coverage[i].rejected_permille == b->coverage[i].rejected_permille &&
                       a->coverage[i].missing_permille == b->coverage[i].missing_permille &&
                       a->coverage[i].families_missing_permille ==
                               b->coverage[i].families_missing_permille;
        return same;
}

/* Once, if all years had the same. */
static void put_coverage(const struct cli *cli, FILE *to, const struct comparison_request *r)
{
        const struct wire_release *first = r->years[0].rows.release;
        bool same = true;
        char period[PERIOD_TEXT];

        for (uint32_t y = 1; y < r->years_len; y++)
                same &= same_coverage(first, r->years[y].rows.release);
        for (uint32_t y = 0; y < (same ? 1 : r->years_len); y++) {
                if (!same)
                        (void)fprintf(to, "%s\n", text_of_period(r->years[y].period, period));
                frame_coverage(cli, to, &r->years[y].rows);
        }
}

/* What both parties to a contract signed, and how it ended. */
static void put_contract(const struct cli *cli, FILE *to, const struct comparison *c)
{
        const struct wire_indicator *i = c->request->indicator;
        const struct comparison_row *total = comparison_total(c);
        char cohort[PERIOD_TEXT] = "", hex[2 * sizeof(struct digest) + 1];

        if (!i->is_contract)
                return;
        if (i->has_period)
                (void)text_of_period(i->period, cohort);
        hex_encode(bytes_of(i->digest.bytes, sizeof i->digest.bytes), hex);
        (void)fputc('\n', to);
        TELL(WORD_CONTRACT, label_of(cli, i->contract, i->id));
        if (i->has_period)
                TELL(WORD_CONTRACT_COHORT, cohort);
        TELL(WORD_CONTRACT_DEFINITION, hex);
        if (total == NULL || !i->has_target)
                return;
        TELL(WORD_CONTRACT_RESULT, figure_text(cli, c, &total->value, false), target_text(cli, i),
                total->verdict == VERDICT_NONE ? cli_word(cli, WORD_VERDICT_UNCLEAR)
                                               : verdict_text(cli, i, total->verdict));
}

void comparison_foot(
        const struct cli *cli, const struct comparison *c, const struct render_how *how)
{
        FILE *to = how->out;

        frame_legend(cli, to, c->intervals);
        if (compares(c, COMPARED_TARGET) && c->intervals)
                TELL(WORD_MARK_VERDICT);
        frame_threshold(cli, to, c->request->years[0].rows.release);
        put_coverage(cli, to, c->request);
        put_contract(cli, to, c);
}

enum err comparison_table(
        const struct cli *cli, const struct comparison *c, const struct render_how *how)
{
        OWNED(listing_free) struct listing *l = NULL;
        struct lanes lanes = {.len = 0};
        FILE *to = how->out;

        TRY(head_lanes(cli, c, &lanes));
        comparison_head(cli, c, how);
        TRY(listing_new_titled(lanes.heads, lanes.len, &l));
        for (uint32_t i = 0; i < c->rows_len; i++)
                TRY(add_row(cli, c, &c->rows[i], l));
        TRY(listing_print(l, to));
        (void)fputc('\n', to);
        comparison_foot(cli, c, how);
        return stream_end(to);
}
