/* SPDX-License-Identifier: Apache-2.0 */
/* audit_write.c: for people the narrowest cells first, and no more than fit in the mind. */
#include "tools/cli/audit_write.h"

#include <stdlib.h>
#include <string.h>

#include "tools/cli/csv_field.h"
#include "tools/cli/json.h"
#include "tools/cli/listing.h"
#include "tools/cli/render_parts.h"

enum { PEOPLE_ROWS = 40, TITLES_MAX = DIMENSIONS_MAX + AUDIT_ATTACKERS, CODE_TEXT = 64 };

/* Any attacker's verdict: which cells there are. */
static const struct audit_verdict *cells_of(const struct audited *a)
{
        for (enum audit_attacker i = 0; i < AUDIT_ATTACKERS; i++)
                if (a->attacked[i])
                        return &a->verdict[i];
        return &a->verdict[0];
}

bool audit_reached(const struct audited *a)
{
        bool reached = cells_of(a)->len == 0;

        for (enum audit_attacker i = 0; i < AUDIT_ATTACKERS; i++)
                reached |= a->attacked[i] && a->verdict[i].audited > 0;
        return reached;
}

static void place_of(const struct audited *a, size_t cell, uint32_t *out)
{
        for (uint32_t d = a->dimensions_len; d-- > 0; cell /= a->shape[d].nodes)
                out[d] = (uint32_t)(cell % a->shape[d].nodes);
}

static bool is_exact(const struct audited *a, size_t at)
{
        for (enum audit_attacker i = 0; i < AUDIT_ATTACKERS; i++) {
                const struct audit_interval *v = a->verdict[i].intervals;

                if (a->attacked[i] && v[at].audited && v[at].low == v[at].high)
                        return true;
        }
        return false;
}

static const char *state_of(const struct audited *a, size_t at)
{
        bool any = false;

        for (enum audit_attacker i = 0; i < AUDIT_ATTACKERS; i++)
                any |= a->attacked[i] && a->verdict[i].intervals[at].audited;
        return !any ? "not_audited" : is_exact(a, at) ? "exact" : "open";
}

static bool is_bounded(int64_t v)
{
        return v < INT64_MAX && v > -INT64_MAX;
}

/* CSV ---------------------------------------------------------------------------------------- */

static void put_bound(FILE *to, const struct audited *a, bool there, int64_t v)
{
        char text[VALUE_TEXT];

        if (there && is_bounded(v))
                put_bytes_to(to, bytes_of(text, value_plain(v, a->decimals, '.', text)));
        (void)putc_unlocked(',', to);
}

static enum err write_csv(FILE *to, const struct audited *a)
{
        const struct audit_verdict *cells = cells_of(a);
        uint32_t at[DIMENSIONS_MAX];

        for (uint32_t d = 0; d < a->dimensions_len; d++) {
                csv_field_put(to, ',', bytes_of_text(a->names[d]));
                (void)putc_unlocked(',', to);
        }
        for (enum audit_attacker i = 0; i < AUDIT_ATTACKERS; i++)
                if (a->attacked[i])
                        (void)fprintf(to, "%1$s.low,%1$s.high,", audit_attacker_name(i));
        (void)fputs("status\r\n", to);
        for (size_t k = 0; k < cells->len; k++) {
                place_of(a, cells->intervals[k].cell, at);
                for (uint32_t d = 0; d < a->dimensions_len; d++) {
                        csv_field_put(to, ',', a->shape[d].code[at[d]]);
                        (void)putc_unlocked(',', to);
                }
                for (enum audit_attacker i = 0; i < AUDIT_ATTACKERS; i++) {
                        const struct audit_interval *v = a->verdict[i].intervals;

                        if (!a->attacked[i])
                                continue;
                        put_bound(to, a, v[k].audited, v[k].low);
                        put_bound(to, a, v[k].audited, v[k].high);
                }
                (void)fprintf(to, "%s\r\n", state_of(a, k));
        }
        return stream_end(to);
}

/* JSON --------------------------------------------------------------------------------------- */

static void json_bound(FILE *to, const struct audited *a, int64_t v)
{
        char text[VALUE_TEXT];

        if (is_bounded(v))
                put_bytes_to(to, bytes_of(text, value_plain(v, a->decimals, '.', text)));
        else
                (void)fputs("null", to);
}

void audit_sampled_json(FILE *to, const struct audit_verdict *v)
{
        const struct audit_sampled *x = &v->sampled;
        unsigned share = audit_share_most(x->narrow, x->drawn, x->of);

        if (x->drawn == 0) {
                (void)fputs(", \"sampled\": null", to);
                return;
        }
        (void)fprintf(to,
                ", \"sampled\": {\"of\": %zu, \"drawn\": %zu, \"narrow\": %zu, \"unproved\": "
                "%zu, \"narrowest\": ",
                x->of, x->drawn, x->narrow, x->unproved);
        if (x->narrowest < INT64_MAX)
                (void)fprintf(to, "%lld", (long long)x->narrowest);
        else
                (void)fputs("null", to);
        (void)fprintf(to, ", \"narrow_at_most\": %u.%04u}", share / 10000, share % 10000);
}

static void json_verdicts(FILE *to, const struct audited *a)
{
        const char *comma = "";

        (void)fputs("  \"verdicts\": {", to);
        for (enum audit_attacker i = 0; i < AUDIT_ATTACKERS; i++) {
                const struct audit_verdict *v = &a->verdict[i];

                if (!a->attacked[i])
                        continue;
                (void)fprintf(to,
                        "%s\n    \"%s\": {\"protected\": %zu, \"audited\": %zu, \"exact\": %zu, "
                        "\"narrow\": %zu, \"limited\": %s",
                        comma, audit_attacker_name(i), v->len, v->audited, v->exact, v->narrow,
                        v->limited ? "true" : "false");
                audit_sampled_json(to, v);
                (void)fputs("}", to);
                comma = ",";
        }
        (void)fputs("\n  },\n", to);
}

static void json_cell(FILE *to, const struct audited *a, size_t k)
{
        uint32_t at[DIMENSIONS_MAX];

        place_of(a, cells_of(a)->intervals[k].cell, at);
        (void)fputs("{\"at\": [", to);
        for (uint32_t d = 0; d < a->dimensions_len; d++) {
                (void)fputs(d > 0 ? ", " : "", to);
                json_text(to, a->shape[d].code[at[d]]);
        }
        (void)fprintf(to, "], \"status\": \"%s\"", state_of(a, k));
        for (enum audit_attacker i = 0; i < AUDIT_ATTACKERS; i++) {
                const struct audit_interval *v = a->verdict[i].intervals;

                if (!a->attacked[i] || !v[k].audited)
                        continue;
                (void)fprintf(to, ", \"%s\": [", audit_attacker_name(i));
                json_bound(to, a, v[k].low);
                (void)fputs(", ", to);
                json_bound(to, a, v[k].high);
                (void)fputs("]", to);
        }
        (void)fputs("}", to);
}

static enum err write_json(FILE *to, const struct audited *a)
{
        const struct audit_verdict *cells = cells_of(a);

        (void)fputs("{\n  \"format\": \"statgate.audit.1\",\n  \"dimensions\": [", to);
        for (uint32_t d = 0; d < a->dimensions_len; d++) {
                (void)fputs(d > 0 ? ", " : "", to);
                json_text(to, bytes_of_text(a->names[d]));
        }
        (void)fputs("],\n", to);
        json_verdicts(to, a);
        (void)fputs("  \"cells\": [", to);
        for (size_t k = 0; k < cells->len; k++) {
                (void)fputs(k > 0 ? ",\n    " : "\n    ", to);
                json_cell(to, a, k);
        }
        (void)fputs("\n  ]\n}\n", to);
        return stream_end(to);
}

/* For people --------------------------------------------------------------------------------- */

struct width {
        uint64_t width;
        size_t at;
};

static int by_width(const void *a, const void *b)
{
        const struct width *x = a, *y = b;

        if (x->width != y->width)
                return x->width < y->width ? -1 : 1;
        return (x->at > y->at) - (x->at < y->at);
}

static uint64_t width_of(const struct audited *a, size_t at)
{
        uint64_t least = UINT64_MAX;

        for (enum audit_attacker i = 0; i < AUDIT_ATTACKERS; i++) {
                const struct audit_interval *v = a->verdict[i].intervals;

                if (!a->attacked[i] || !v[at].audited || !is_bounded(v[at].low) ||
                        !is_bounded(v[at].high))
                        continue;
                if ((uint64_t)v[at].high - (uint64_t)v[at].low < least)
                        least = (uint64_t)v[at].high - (uint64_t)v[at].low;
        }
        return least;
}

/* "3", "1–4", "≥ 2" */
static void interval_text(const struct cli *cli, const struct audited *a,
        const struct audit_interval *v, char out[CELL_TEXT])
{
        char low[VALUE_TEXT] = "", high[VALUE_TEXT] = "";

        if (is_bounded(v->low))
                (void)value_for_people(cli->lang, v->low, a->decimals, low);
        if (is_bounded(v->high))
                (void)value_for_people(cli->lang, v->high, a->decimals, high);
        if (!v->audited)
                (void)snprintf(out, CELL_TEXT, " ");
        else if (v->low == v->high)
                (void)snprintf(out, CELL_TEXT, "%s %s", cli_word(cli, WORD_AUDIT_EXACT), low);
        else if (high[0] == '\0')
                (void)snprintf(out, CELL_TEXT, "%s%s", low[0] != '\0' ? "≥ " : "…", low);
        else
                (void)snprintf(out, CELL_TEXT, "%s–%s", low, high);
}

static enum err add_row(const struct cli *cli, struct listing *l, const struct audited *a, size_t k)
{
        char codes[DIMENSIONS_MAX][CODE_TEXT], text[AUDIT_ATTACKERS][CELL_TEXT];
        const char *cells[TITLES_MAX];
        uint32_t at[DIMENSIONS_MAX], len = 0;

        place_of(a, cells_of(a)->intervals[k].cell, at);
        for (uint32_t d = 0; d < a->dimensions_len; d++) {
                struct bytes code = a->shape[d].code[at[d]];

                (void)snprintf(codes[d], CODE_TEXT, "%.*s", (int)text_prefix(code, CODE_TEXT / 4),
                        (const char *)code.data);
                cells[len++] = codes[d];
        }
        for (enum audit_attacker i = 0; i < AUDIT_ATTACKERS; i++)
                if (a->attacked[i]) {
                        interval_text(cli, a, &a->verdict[i].intervals[k], text[i]);
                        cells[len++] = text[i];
                }
        return listing_add(l, cells);
}

static enum err list_cells(const struct cli *cli, FILE *to, const struct audited *a)
{
        const struct audit_verdict *cells = cells_of(a);
        OWNED(listing_free) struct listing *l = NULL;
        struct lane_title titles[TITLES_MAX];
        struct width *order = arena_alloc_raw(cli->arena, cells->len, sizeof *order);
        uint32_t len = 0;

        if (order == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t d = 0; d < a->dimensions_len; d++)
                titles[len++] = (struct lane_title){a->names[d], SIDE_LEFT};
        for (enum audit_attacker i = 0; i < AUDIT_ATTACKERS; i++)
                if (a->attacked[i])
                        titles[len++] = (struct lane_title){audit_attacker_name(i), SIDE_RIGHT};
        TRY(listing_new_titled(titles, len, &l));
        for (size_t k = 0; k < cells->len; k++)
                order[k] = (struct width){width_of(a, k), k};
        qsort(order, cells->len, sizeof *order, by_width);
        for (size_t k = 0; k < cells->len && k < PEOPLE_ROWS; k++)
                TRY(add_row(cli, l, a, order[k].at));
        return listing_print(l, to);
}

#define TELL(w, ...) cli_print(cli, to, false, (w), CLI_ARGS(__VA_ARGS__))

static void tell_sampled(
        const struct cli *cli, FILE *to, const struct audited *a, const struct audit_sampled *x)
{
        char drawn[NUMBER_TEXT], all[NUMBER_TEXT], narrow[NUMBER_TEXT], width[NUMBER_TEXT];
        char narrowest[NUMBER_TEXT] = "∞", unproved[NUMBER_TEXT], share[NUMBER_TEXT];
        unsigned most = (audit_share_most(x->narrow, x->drawn, x->of) + 99) / 100;

        if (x->drawn == 0)
                return;
        if (x->narrowest < INT64_MAX)
                (void)cli_number(cli, (uint64_t)x->narrowest, narrowest);
        (void)snprintf(share, sizeof share, "%u%s%02u", most / 100,
                cli->lang == LANG_SV ? "," : ".", most % 100);
        TELL(WORD_PROTECT_SAMPLED, cli_number(cli, x->drawn, drawn), cli_number(cli, x->of, all),
                cli_number(cli, x->narrow, narrow),
                cli_number(cli, a->width > 1 ? a->width : 1, width), narrowest);
        TELL(WORD_PROTECT_SAMPLED_MOST, share, cli_number(cli, x->unproved, unproved));
}

static void tell_verdicts(const struct cli *cli, FILE *to, const struct audited *a)
{
        char audited[NUMBER_TEXT], all[NUMBER_TEXT], exact[NUMBER_TEXT];
        bool exposed = false, sampled = false, limited = false;

        for (enum audit_attacker i = 0; i < AUDIT_ATTACKERS; i++) {
                const struct audit_verdict *v = &a->verdict[i];

                if (!a->attacked[i])
                        continue;
                TELL(WORD_AUDIT_VERDICT, audit_attacker_name(i),
                        cli_number(cli, v->audited, audited), cli_number(cli, v->len, all),
                        cli_number(cli, v->exact, exact));
                exposed |= v->exact > 0;
                limited |= v->limited;
                sampled |= v->audited < v->len;
        }
        for (enum audit_attacker i = 0; i < AUDIT_ATTACKERS; i++)
                if (a->attacked[i])
                        tell_sampled(cli, to, a, &a->verdict[i].sampled);
        if (limited)
                TELL(WORD_AUDIT_LIMITED);
        else if (sampled)
                TELL(WORD_AUDIT_SAMPLED);
        TELL(exposed                 ? WORD_AUDIT_EXPOSED
                : !audit_reached(a)  ? WORD_AUDIT_NONE
                : limited || sampled ? WORD_AUDIT_CLEAN_SOME
                                     : WORD_AUDIT_CLEAN);
}

static enum err write_table(const struct cli *cli, FILE *to, const struct audited *a)
{
        size_t len = cells_of(a)->len;
        char more[NUMBER_TEXT];

        if (len == 0) {
                TELL(WORD_AUDIT_NOTHING);
                return stream_end(to);
        }
        TRY(list_cells(cli, to, a));
        if (len > PEOPLE_ROWS)
                TELL(WORD_AUDIT_MORE, cli_number(cli, len - PEOPLE_ROWS, more));
        (void)fputc('\n', to);
        tell_verdicts(cli, to, a);
        return stream_end(to);
}

enum err audit_write(
        const struct cli *cli, FILE *to, const struct audited *a, enum audit_format format)
{
        switch (format) {
        case AUDIT_AS_CSV:
                return write_csv(to, a);
        case AUDIT_AS_JSON:
                return write_json(to, a);
        case AUDIT_AS_TABLE:
                break;
        }
        return write_table(cli, to, a);
}
