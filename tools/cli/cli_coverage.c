/* SPDX-License-Identifier: Apache-2.0 */
/* cli_coverage.c: `statgate coverage`: who has delivered what, and how much of it was
 * usable.
 *
 * A front for the data set of deliveries (`leveransstatus`), asked like any other: counts
 * of expected and of delivered, and sums whose quotients are the rates. Whoever has
 * delivered nothing has no records, no rejected rows and no rates: they are missing, and
 * not zero.
 *
 * Where one of many measures is too small to be told, others go with it. So what does not tell of
 * one another is asked apart: one municipality's three rejected rows hide no count of
 * deliveries. Records and values that could be delivered are one question, since the one is
 * so many columns times the other. */
#include <string.h>

#include "tools/cli/ask.h"
#include "tools/cli/csv_field.h"
#include "tools/cli/listing.h"
#include "tools/cli/output.h"
#include "tools/cli/question.h"
#include "tools/cli/registry.h"
#include "tools/cli/render_frame.h"
#include "tools/cli/render_parts.h"

#define DELIVERIES "leveransstatus"

enum { ANSWER_ARENA = 256 << 20, LANES_MAX = 8 };
enum { EXPECTED, DELIVERED, RECORDS, REJECTED, VALUES, MISSING, MEASURES };
enum { GROUPS = 4, GROUP_MAX = 2 };

/* What is asked together. */
static const struct {
        uint32_t measures[GROUP_MAX], len;
} groups[GROUPS] = {
        {{EXPECTED, DELIVERED}, 2}, {{RECORDS, VALUES}, 2}, {{REJECTED}, 1}, {{MISSING}, 1}};

struct coverage {
        const struct cli *cli;
        const struct answer *answers; /* by group; the first is the one that is told of */
        bool only_missing;
};

/* The question ------------------------------------------------------------ */

static enum err put_measure(struct question *q, uint32_t measure, struct measure_ref *out)
{
        static const char *const sums[MEASURES] = {
                [RECORDS] = "poster",
                [REJECTED] = "avvisade",
                [VALUES] = "varden",
                [MISSING] = "saknade",
        };

        if (sums[measure] != NULL) {
                *out = (struct measure_ref){
                        .kind = MEASURE_SUM, .variable = bytes_of_text(sums[measure])};
                return ERR_OK;
        }
        *out = (struct measure_ref){.kind = MEASURE_RECORDS,
                .name = bytes_of_text(measure == EXPECTED ? "vantade" : "levererade")};
        if (measure == EXPECTED)
                return ERR_OK;
        out->filters = q->having;
        out->filters_len = 1;
        return filter_parse(q->arena, bytes_of_text("levererad = true"), &q->having[0], NULL);
}

/* In room of its own: the answer borrows the question. */
static enum err put_group(struct question *q, uint32_t group, struct query *out)
{
        struct measure_ref *measures = arena_alloc(q->arena, GROUP_MAX, sizeof *measures);

        if (measures == NULL)
                return ERR_NO_MEMORY;
        *out = q->q;
        out->measures = measures;
        out->measures_len = groups[group].len;
        for (uint32_t i = 0; i < groups[group].len; i++)
                TRY(put_measure(q, groups[group].measures[i], &measures[i]));
        return ERR_OK;
}

/* One data set alone needs no column of its own. */
static enum err put_dimensions(
        struct question *q, const char *by, bool one_dataset, struct refusal *why)
{
        if (by != NULL && strcmp(by, "kommun") != 0 && strcmp(by, "lan") != 0)
                return refuse(why, ERR_INVALID, "by", "expected kommun or lan");
        if (by != NULL)
                q->dimensions[q->q.dimensions_len++] =
                        (struct dimension_ref){bytes_of_text("kommun"), bytes_of_text(by)};
        if (!one_dataset)
                q->dimensions[q->q.dimensions_len++] =
                        (struct dimension_ref){.variable = bytes_of_text("datamangd")};
        return ERR_OK;
}

static enum err put_question(struct question *q, const struct arguments *args, struct refusal *why)
{
        const char *dataset = option_text(args, "dataset"), *period = option_text(args, "period");
        const char *vintage = option_text(args, "vintage");

        q->q.dataset = bytes_of_text(DELIVERIES);
        q->q.unit = UNIT_RECORD;
        TRY(put_dimensions(q, option_text(args, "by"), dataset != NULL, why));
        if (period != NULL) {
                TRY(question_period(q, bytes_of_text(period), why));
                q->q.period_date = bytes_of_text("period");
        }
        if (vintage != NULL)
                TRY(question_vintage(q, bytes_of_text(vintage), why));
        for (unsigned n = 0; n < option_count(args, "where"); n++)
                TRY(question_where(q, bytes_of_text(option_nth(args, "where", n)), why));
        if (dataset != NULL) {
                struct bytes *value = arena_alloc(q->arena, 1, sizeof *value);

                if (value == NULL)
                        return ERR_NO_MEMORY;
                if (q->q.filters_len == FILTERS_MAX)
                        return refuse(why, ERR_INVALID, "where", "at most %d conditions",
                                FILTERS_MAX - 1);
                *value = bytes_of_text(dataset);
                q->filters[q->q.filters_len++] =
                        (struct filter){.variable = bytes_of_text("datamangd"),
                                .op = FILTER_EQ,
                                .values = value,
                                .values_len = 1};
        }
        return ERR_OK;
}

static enum exit_code choose_purpose(
        struct cli *cli, const struct arguments *args, struct question *q)
{
        const char *given = option_text(args, "purpose");
        struct wire_dataset d;
        enum exit_code code;

        if (given != NULL) {
                q->q.purpose = bytes_of_text(given);
                return EXIT_CODE_OK;
        }
        code = dataset_read(cli, q->q.dataset, &d);
        if (code == EXIT_CODE_OK && d.purposes_len > 0)
                q->q.purpose = d.purposes[0];
        return code;
}

/* Rows -------------------------------------------------------------------- */

struct count {
        enum cell_status status;
        int64_t n;
};

struct row {
        struct count counts[MEASURES];
        struct count rejected, missing; /* per mille */
};

/* n of `whole`, in per mille to the nearest; what is withheld withholds it. */
static struct count rate(struct count n, struct count whole)
{
        enum cell_status s = n.status != CELL_VALUE ? n.status : whole.status;

        if (s != CELL_VALUE)
                return (struct count){s, 0};
        if (whole.n <= 0 || n.n < 0 || n.n > INT64_MAX / 2000)
                return (struct count){CELL_NOT_APPLICABLE, 0};
        return (struct count){CELL_VALUE, (1000 * n.n + whole.n / 2) / whole.n};
}

static struct row row_of(const struct coverage *c, size_t cell)
{
        struct row r;
        struct count submitted;

        for (uint32_t g = 0; g < GROUPS; g++) {
                const struct table *t = &c->answers[g].release->table;

                for (uint32_t i = 0; i < groups[g].len; i++) {
                        struct count *to = &r.counts[groups[g].measures[i]];

                        *to = (struct count){.status = measure_status(t, i, cell)};
                        (void)cell_value(t, i, cell, &to->n);
                }
        }
        if (r.counts[DELIVERED].status == CELL_VALUE && r.counts[DELIVERED].n == 0)
                for (uint32_t m = DELIVERED; m < MEASURES; m++)
                        r.counts[m].status = CELL_MISSING;
        submitted = r.counts[RECORDS];
        if (r.counts[REJECTED].status != CELL_VALUE)
                submitted.status = r.counts[REJECTED].status;
        else if (__builtin_add_overflow(submitted.n, r.counts[REJECTED].n, &submitted.n))
                submitted.status = CELL_NOT_APPLICABLE;
        r.rejected = rate(r.counts[REJECTED], submitted);
        r.missing = rate(r.counts[MISSING], r.counts[VALUES]);
        return r;
}

/* Nothing is expected where a data set has not begun; and whoever looks for what is missing
 * does not want what is complete. */
static bool is_shown(const struct coverage *c, const struct row *r)
{
        struct count expected = r->counts[EXPECTED], delivered = r->counts[DELIVERED];

        if ((expected.status == CELL_VALUE && expected.n == 0) ||
                expected.status == CELL_NOT_APPLICABLE)
                return false;
        return !c->only_missing || expected.status != CELL_VALUE ||
               delivered.status != CELL_VALUE || delivered.n != expected.n;
}

/* For people -------------------------------------------------------------- */

static const char *count_text(const struct cli *cli, struct count c, uint32_t decimals, bool share)
{
        char text[VALUE_TEXT];
        const char *kept;

        if (c.status != CELL_VALUE)
                return cell_status_mark(c.status);
        (void)value_for_people(cli->lang, c.n, decimals, text);
        kept = arena_printf(cli->arena, "%s%s", text, share ? " %" : "");
        return kept != NULL ? kept : "";
}

static enum err add_row(
        const struct coverage *c, const uint32_t *at, const struct row *r, struct listing *l)
{
        const struct table *t = &c->answers[0].release->table;
        const char *texts[LANES_MAX];
        uint32_t n = 0;

        for (uint32_t d = 0; d < t->dimensions_len; d++)
                texts[n++] = text_from(c->cli, category_label(c->cli, &t->dimensions[d], at[d]));
        texts[n++] = count_text(c->cli, r->counts[EXPECTED], 0, false);
        texts[n++] = count_text(c->cli, r->counts[DELIVERED], 0, false);
        texts[n++] = count_text(c->cli, r->counts[RECORDS], 0, false);
        texts[n++] = count_text(c->cli, r->rejected, 1, true);
        texts[n++] = count_text(c->cli, r->missing, 1, true);
        return listing_add(l, texts);
}

static enum err list_rows(const struct coverage *c, struct listing *l)
{
        const struct table *t = &c->answers[0].release->table;
        uint32_t at[DIMENSIONS_MAX] = {0};

        for (size_t cell = 0; cell < t->cells_len; cell++) {
                struct row r = row_of(c, cell);

                if (is_shown(c, &r))
                        TRY(add_row(c, at, &r, l));
                (void)step(t, t->dimensions_len, at);
        }
        return ERR_OK;
}

static enum err write_table(const struct cli *cli, const void *what, const struct render_how *how)
{
        static const enum word words[] = {WORD_HEAD_EXPECTED, WORD_HEAD_DELIVERED,
                WORD_HEAD_RECORDS, WORD_HEAD_REJECTED, WORD_HEAD_MISSING_VALUES};
        const struct coverage *c = what;
        const struct wire_release *r = c->answers[0].release;
        OWNED(listing_free) struct listing *l = NULL;
        struct lane_title titles[LANES_MAX];
        char vintage[32], at[INSTANT_TEXT];
        uint32_t n = 0;

        for (uint32_t d = 0; d < r->table.dimensions_len; d++)
                titles[n++] = (struct lane_title){
                        text_from(cli, dimension_title(cli, &r->table.dimensions[d])), SIDE_LEFT};
        for (size_t i = 0; i < ARRAY_LEN(words); i++)
                titles[n++] = (struct lane_title){cli_word(cli, words[i]), SIDE_RIGHT};
        vintage_text(r->vintage, vintage);
        cli_print(cli, how->out, false, WORD_TITLE_SOURCE,
                CLI_ARGS(text_from(cli, r->dataset), text_from(cli, r->purpose), vintage,
                        instant_text(r->vintage_at_ms, at)));
        frame_conditions(cli, how->out, c->answers[0].asked);
        frame_scope(cli, how->out, &c->answers[0]);
        (void)fputc('\n', how->out);
        TRY(listing_new_titled(titles, n, &l));
        TRY(list_rows(c, l));
        TRY(listing_print(l, how->out));
        (void)fputc('\n', how->out);
        frame_legend(cli, how->out, false);
        return stream_end(how->out);
}

/* For programs ------------------------------------------------------------ */

struct sheet {
        FILE *out;
        char separator, point;
};

static void put_word(const struct sheet *s, struct bytes text)
{
        csv_field_put(s->out, s->separator, text);
        (void)fputc(s->separator, s->out);
}

static void put_count(const struct sheet *s, struct count c, uint32_t decimals)
{
        char text[VALUE_TEXT] = "";

        if (c.status == CELL_VALUE)
                (void)value_plain(c.n, decimals, s->point, text);
        (void)fprintf(s->out, "%s%c", text, s->separator);
}

static void csv_row(
        const struct sheet *s, const struct coverage *c, const uint32_t *at, const struct row *r)
{
        const struct table *t = &c->answers[0].release->table;

        for (uint32_t d = 0; d < t->dimensions_len; d++) {
                const struct dimension *dim = &t->dimensions[d];

                put_word(s, at[d] < dim->len ? dim->categories[at[d]].code : bytes_of_text("_T"));
                put_word(s, category_label(c->cli, dim, at[d]));
        }
        for (uint32_t m = 0; m < MEASURES; m++)
                put_count(s, r->counts[m], 0);
        put_count(s, r->rejected, 1);
        put_count(s, r->missing, 1);
        (void)fprintf(s->out, "%c\r\n", cell_status_code(r->counts[DELIVERED].status));
}

static enum err write_csv(const struct cli *cli, const void *what, const struct render_how *how)
{
        static const char *const names[] = {"expected", "delivered", "records", "rejected",
                "values", "missing", "rejected_percent", "missing_percent"};
        const struct coverage *c = what;
        const struct table *t = &c->answers[0].release->table;
        bool swedish = cli->lang == LANG_SV;
        const struct sheet s = {how->out, swedish ? ';' : ',', swedish ? ',' : '.'};
        uint32_t at[DIMENSIONS_MAX] = {0};
        char name[NAME_TEXT], label[NAME_TEXT + 8];

        (void)fputs(how->bom ? "\xef\xbb\xbf" : "", s.out);
        for (uint32_t d = 0; d < t->dimensions_len; d++) {
                dimension_name(&t->dimensions[d], name);
                (void)snprintf(label, sizeof label, "%s.label", name);
                put_word(&s, bytes_of_text(name));
                put_word(&s, bytes_of_text(label));
        }
        for (size_t i = 0; i < ARRAY_LEN(names); i++)
                put_word(&s, bytes_of_text(names[i]));
        (void)fputs("status\r\n", s.out);
        for (size_t cell = 0; cell < t->cells_len; cell++) {
                struct row r = row_of(c, cell);

                if (is_shown(c, &r))
                        csv_row(&s, c, at, &r);
                (void)step(t, t->dimensions_len, at);
        }
        return stream_end(s.out);
}

/* The whole --------------------------------------------------------------- */

/* Cells are put side by side, so all must be of one vintage and shape. */
static bool is_alike(const struct table *t, const struct table *first)
{
        bool alike = t->dimensions_len == first->dimensions_len && t->cells_len == first->cells_len;

        for (uint32_t d = 0; alike && d < t->dimensions_len; d++) {
                alike = t->dimensions[d].len == first->dimensions[d].len;
                for (uint32_t i = 0; alike && i < t->dimensions[d].len; i++)
                        alike = bytes_equal(t->dimensions[d].categories[i].code,
                                first->dimensions[d].categories[i].code);
        }
        return alike;
}

static enum exit_code ask_group(
        struct cli *cli, struct question *q, uint32_t group, struct answer *answers)
{
        struct query *asked = arena_alloc(q->arena, 1, sizeof *asked);
        struct refusal why = {0};
        enum exit_code code;

        if (asked == NULL || put_group(q, group, asked) != ERR_OK)
                return EXIT_CODE_INTERNAL;
        enum err rc = query_check(asked, &why);

        if (rc != ERR_OK)
                return question_wrong(cli, rc, &why);
        code = ask_table(cli, q->arena, asked, &answers[group]);
        if (code != EXIT_CODE_OK)
                return code;

        const struct table *t = &answers[group].release->table;

        if (answer_check(&answers[group]) != ERR_OK || t->measures_len != groups[group].len ||
                !is_alike(t, &answers[0].release->table))
                return answer_wrong(cli, ERR_MALFORMED);
        q->q.vintage = answers[group].release->vintage; /* of the next too */
        return EXIT_CODE_OK;
}

static enum exit_code ask(
        struct cli *cli, const struct arguments *args, struct question *q, struct answer *answers)
{
        struct refusal why = {0};
        enum err rc = put_question(q, args, &why);
        enum exit_code code =
                rc == ERR_OK ? choose_purpose(cli, args, q) : question_wrong(cli, rc, &why);

        for (uint32_t g = 0; g < GROUPS && code == EXIT_CODE_OK; g++)
                code = ask_group(cli, q, g, answers);
        return code;
}

static enum exit_code run(struct cli *cli, const struct arguments *args)
{
        OWNED(arena_free) struct arena *arena = arena_new(ANSWER_ARENA);
        const char *format = option_text(args, "format"), *path = NULL;
        bool csv = format != NULL && strcmp(format, "csv") == 0;
        struct answer answers[GROUPS] = {0};
        struct question q;

        if (arena == NULL)
                return EXIT_CODE_INTERNAL;
        if (format != NULL && !csv && strcmp(format, "table") != 0) {
                complain(cli, WORD_OPTION_VALUE, "format");
                return EXIT_CODE_USAGE;
        }
        question_init(&q, arena);

        enum exit_code code = ask(cli, args, &q, answers);

        if (code != EXIT_CODE_OK)
                return code;

        const struct coverage coverage = {cli, answers, option_given(args, "missing")};
        const struct output output = {csv ? write_csv : write_table, &coverage};

        return output_put(cli, args, &output, &path);
}

static const struct option_spec options[] = {
        {"dataset", "NAME", NULL, false, false,
                {"bara leveranser till den datamängden", "deliveries to that data set only"}},
        {"period", "P[..P]", NULL, false, false,
                {"bara leveranser för perioder som börjar i den",
                        "deliveries for periods that begin in it only"}},
        {"by", "kommun|lan", NULL, false, false,
                {"en rad för varje kommun eller län", "a row for each municipality or county"}},
        {"missing", NULL, NULL, false, false,
                {"bara där något väntat saknas", "only where something expected is missing"}},
        {"where", "'VAR[:LEVEL] OP VALUE'", NULL, false, true,
                {"villkor, som i statgate query", "condition, as in statgate query"}},
        {"purpose", "NAME", NULL, false, false,
                {"ändamål (annars datamängdens första)", "purpose (else the data set's first)"}},
        {"vintage", "N[.R]", NULL, false, false,
                {"årgång (annars den senaste)", "vintage (else the latest)"}},
        {"format", "table|csv", "table", false, false, {"utformat", "output format"}},
        {"out", "FILE", NULL, false, false,
                {"skriv till en fil, hel eller inte alls", "write to a file, whole or not at all"}},
        {"bom", NULL, NULL, false, false,
                {"börja CSV med en byteordningsmarkering, för kalkylprogram",
                        "begin CSV with a byte order mark, for spreadsheets"}},
};

const struct command command_coverage = {
        .name = "coverage",
        .arguments = "",
        .summary = {"vilka som har levererat, och hur mycket som gick att använda",
                "who has delivered, and how much of it could be used"},
        .details = {"Räknas ur datamängden " DELIVERIES
                    ", som också går att fråga med statgate query. Avvisat är andelen av de rader "
                    "som skickades, saknade värden andelen av de värden som kunde ha levererats. "
                    "Den som inte har levererat har tecknet : och är aldrig noll.\nExempel: "
                    "statgate coverage --dataset anmalan --period 2024 --by kommun --missing",
                "Counted from the data set " DELIVERIES
                ", which statgate query can ask too. Rejected is the share of the rows that were "
                "sent, missing values the share of those that could have been delivered. Whoever "
                "has not delivered has the mark : and is never zero.\nExample: statgate coverage "
                "--dataset anmalan --period 2024 --by kommun --missing"},
        .options = options,
        .options_len = ARRAY_LEN(options),
        .run = run,
};
