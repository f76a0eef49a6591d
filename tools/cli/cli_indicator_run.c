/* SPDX-License-Identifier: Apache-2.0 */
/* cli_indicator_run.c: `statgate indicator run`: one question a year, and what it is
 * compared with.
 *
 *      registry → definition as expected? → places → one question a year (and, where the
 *      rows do not hold them, one for the counties and one for the country) → comparison
 *
 * The gateway knows indicators; comparing is ours, from answers that it gave one by one
 * and protected one by one. Every answer repeats the digest of the definition it was made
 * by, so a registry that changes in between is noticed. */
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "tools/cli/ask.h"
#include "tools/cli/comparison.h"
#include "tools/cli/output.h"
#include "tools/cli/question.h"
#include "tools/cli/question_text.h"
#include "tools/cli/registry.h"
#include "tools/cli/render_parts.h"
#include "tools/cli/years.h"

enum { YEARS_MAX = 30, YEAR_LAST = 9999, ANSWER_ARENA = 1 << 30 };

struct run {
        struct cli *cli;
        struct arena *arena;
        const struct arguments *args;
        const struct wire_indicator *indicator;
        struct question base; /* purpose, vintage, dimensions and conditions */
        struct wire_dataset dataset;
        const struct wire_variable *place; /* NULL: the indicator has none */
        int32_t place_at;                  /* its dimension, or -1 */
        uint32_t place_level;              /* where place_at >= 0 */
        bool place_filtered;
        unsigned compared;
        struct comparison_year years[YEARS_MAX];
        uint32_t years_len;
        bool year_guessed;
};

typedef enum err render_fn(
        const struct cli *, const struct comparison *, const struct render_how *);

static const struct {
        const char *name;
        render_fn *render;
        bool binary;
} formats[] = {{"table", comparison_table, false}, {"csv", comparison_csv, false},
        {"json", comparison_json, false}, {"json-stat", comparison_jsonstat, false},
        {"px", comparison_px, false}, {"xlsx", comparison_xlsx, true}};
#define FORMATS "table|csv|json|json-stat|px|xlsx"

static render_fn *format_find(const struct cli *cli, const struct arguments *args)
{
        const char *name = option_text(args, "format");

        for (size_t i = 0; i < ARRAY_LEN(formats); i++)
                if (strcmp(name != NULL ? name : "table", formats[i].name) == 0) {
                        if (!formats[i].binary || option_given(args, "out") ||
                                isatty(fileno(cli->out)) == 0)
                                return formats[i].render;
                        complain(cli, WORD_FORMAT_TO_FILE, name);
                        return NULL;
                }
        complain(cli, WORD_OPTION_VALUE, "format");
        return NULL;
}

/* What is run ------------------------------------------------------------- */

static enum exit_code check_digest(const struct run *r)
{
        const char *hex = option_text(r->args, "expect-digest");
        char now[2 * sizeof(struct digest) + 1], version[NUMBER_TEXT];
        struct digest expected;

        if (hex == NULL)
                return EXIT_CODE_OK;
        if (strlen(hex) != 2 * sizeof expected.bytes ||
                hex_decode(hex, expected.bytes, sizeof expected.bytes) != ERR_OK) {
                complain(r->cli, WORD_DIGEST_WRONG);
                return EXIT_CODE_USAGE;
        }
        if (memcmp(&expected, &r->indicator->digest, sizeof expected) == 0)
                return EXIT_CODE_OK;
        hex_encode(bytes_of(r->indicator->digest.bytes, sizeof expected.bytes), now);
        complain(r->cli, WORD_INDICATOR_CHANGED, text_from(r->cli, r->indicator->id),
                cli_number(r->cli, r->indicator->version, version), now);
        return EXIT_CODE_REFUSED;
}

/* The one that is asked for, or the indicator's first. */
static enum exit_code choose_purpose(struct run *r)
{
        const char *given = option_text(r->args, "purpose");

        if (given != NULL)
                r->base.q.purpose = bytes_of_text(given);
        else if (r->indicator->purposes_len > 0)
                r->base.q.purpose = r->indicator->purposes[0];
        return EXIT_CODE_OK;
}

static bool year_parse(const char *text, size_t len, int *out)
{
        int64_t year;

        if (len != 4 || !bytes_decimal(bytes_of(text, len), 0, &year) || year < 1 ||
                year > YEAR_LAST)
                return false;
        *out = (int)year;
        return true;
}

static void add_year(struct run *r, int year)
{
        struct comparison_year *y = &r->years[r->years_len++];
        char text[NUMBER_TEXT];

        (void)snprintf(text, sizeof text, "%04d", year);
        y->has_period = period_parse(text, 4, &y->period);
}

/* Nobody named a year: the last whole one that has been delivered. */
static void guess_year(struct run *r)
{
        int whole = civil_from_days((int32_t)(clock_now_ms() / 86400000)).year - 1;
        int year =
                years_delivered(r->cli, r->arena, r->indicator->dataset, r->base.q.vintage, whole);

        add_year(r, year > 0 ? year : whole);
        r->year_guessed = true;
}

/* "2022:2024", "2024", or a guess. A contract has its cohort. */
static enum exit_code choose_years(struct run *r)
{
        const char *text = option_text(r->args, "years");
        const char *colon = text != NULL ? strchr(text, ':') : NULL;
        char most[NUMBER_TEXT];
        int first, last;

        if (r->indicator->has_period) {
                if (text != NULL)
                        complain(r->cli, WORD_COHORT_FIXED);
                r->years[r->years_len++] = (struct comparison_year){
                        .has_period = true, .period = r->indicator->period};
                return text == NULL ? EXIT_CODE_OK : EXIT_CODE_USAGE;
        }
        if (text == NULL) {
                guess_year(r);
                return EXIT_CODE_OK;
        }
        if (!year_parse(text, colon != NULL ? (size_t)(colon - text) : strlen(text), &first) ||
                (colon != NULL && !year_parse(colon + 1, strlen(colon + 1), &last))) {
                complain(r->cli, WORD_YEARS_WRONG, cli_number(r->cli, YEARS_MAX, most));
                return EXIT_CODE_USAGE;
        }
        if (colon == NULL)
                last = first;
        if (last < first || last - first >= YEARS_MAX) {
                complain(r->cli, WORD_YEARS_WRONG, cli_number(r->cli, YEARS_MAX, most));
                return EXIT_CODE_USAGE;
        }
        for (int year = first; year <= last; year++)
                add_year(r, year);
        return EXIT_CODE_OK;
}

/* Places ------------------------------------------------------------------ */

/* Index of a level, or -1. */
static int32_t level_find(const struct wire_variable *place, struct bytes id)
{
        for (uint32_t i = 0; i < place->levels_len; i++)
                if (bytes_equal(place->levels[i].id, id))
                        return (int32_t)i;
        return -1;
}

/* A whole level of one code divides nothing: "riket". */
static bool is_whole(const struct wire_variable *place, uint32_t level)
{
        return level > 0 && level + 1 == place->levels_len && place->levels[level].codes_len == 1;
}

/* Which level of places a dimension names: "lan", or the place's own variable; or -1. */
static int32_t place_level(const struct wire_variable *place, const struct dimension_ref *d)
{
        bool own = bytes_equal(d->variable, place->id);

        if (own)
                return d->level.len > 0        ? level_find(place, d->level)
                       : place->levels_len > 0 ? 0
                                               : -1;
        return d->level.len == 0 ? level_find(place, d->variable) : -1;
}

static void choose_places(struct run *r, const struct wire_variable *place)
{
        struct question *q = &r->base;
        uint32_t kept = 0;

        for (uint32_t i = 0; i < q->q.dimensions_len; i++) {
                struct dimension_ref d = q->dimensions[i];
                int32_t level = place_level(place, &d);

                if (level >= 0 && is_whole(place, (uint32_t)level))
                        continue;
                if (level >= 0 && r->place_at < 0) {
                        d = (struct dimension_ref){place->id, place->levels[level].id};
                        r->place_at = (int32_t)kept;
                        r->place_level = (uint32_t)level;
                }
                q->dimensions[kept++] = d;
        }
        q->q.dimensions_len = kept;
        for (uint32_t i = 0; i < q->q.filters_len; i++)
                r->place_filtered |= bytes_equal(q->filters[i].variable, place->id);
}

static enum exit_code read_places(struct run *r)
{
        enum exit_code code = EXIT_CODE_OK;

        if (r->indicator->place.len > 0)
                code = dataset_read(r->cli, r->indicator->dataset, &r->dataset);
        if (code != EXIT_CODE_OK)
                return code;
        r->place_at = -1;
        r->place = dataset_variable(&r->dataset, r->indicator->place);
        if (r->place != NULL)
                choose_places(r, r->place);
        return EXIT_CODE_OK;
}

/* Comparisons ------------------------------------------------------------- */

static bool fits(const struct run *r, enum compared what)
{
        switch (what) {
        case COMPARED_TARGET:
                return r->indicator->has_target && r->indicator->decimals <= DECIMALS_MAX;
        case COMPARED_COUNTY:
                return r->place_at >= 0 && r->place_level == 0 && r->place->levels_len > 1 &&
                       !is_whole(r->place, 1);
        case COMPARED_COUNTRY:
                return r->place_at >= 0 || r->place_filtered;
        case COMPARED_HISTORY:
                return r->years_len > 1;
        case COMPARED_NONE:
        case COMPARED_COUNT:
                break;
        }
        return false;
}

static enum exit_code add_compared(struct run *r, struct bytes name)
{
        enum compared what = compared_find(name);

        if (what == COMPARED_NONE) {
                complain(r->cli, WORD_COMPARE_WRONG);
                return EXIT_CODE_USAGE;
        }
        if (!fits(r, what)) {
                complain(r->cli, WORD_COMPARE_NOT, compared_name(what));
                return EXIT_CODE_USAGE;
        }
        r->compared |= 1U << what;
        return EXIT_CODE_OK;
}

/* --compare, or of what the indicator names all that fits the question. */
static enum exit_code choose_compared(struct run *r)
{
        const char *text = option_text(r->args, "compare");
        enum exit_code code = EXIT_CODE_OK;

        if (text == NULL) {
                for (int c = COMPARED_NONE + 1; c < COMPARED_COUNT; c++)
                        if ((r->indicator->comparisons & 1U << c) != 0 && fits(r, (enum compared)c))
                                r->compared |= 1U << c;
                /* What a contract is about. */
                if (r->indicator->is_contract && fits(r, COMPARED_TARGET))
                        r->compared |= 1U << COMPARED_TARGET;
                return EXIT_CODE_OK;
        }
        if (strcmp(text, "none") == 0)
                return EXIT_CODE_OK;
        while (code == EXIT_CODE_OK && text != NULL) {
                size_t len = strcspn(text, ",");

                code = add_compared(r, bytes_of(text, len));
                text = text[len] == ',' ? text + len + 1 : NULL;
        }
        return code;
}

/* Asking ------------------------------------------------------------------ */

static enum exit_code ask_one(struct run *r, const struct comparison_year *y,
        const struct query *from, struct answer *out)
{
        struct query *q = arena_alloc(r->arena, 1, sizeof *q);
        struct refusal why = {0};
        enum exit_code code;
        enum err rc;

        if (q == NULL)
                return EXIT_CODE_INTERNAL;
        *q = *from;
        q->indicator = r->indicator->id;
        q->indicator_version = r->indicator->version;
        if (!r->indicator->has_period) {
                q->has_period = y->has_period;
                q->period = y->period;
        }
        rc = query_check(q, &why);
        if (rc != ERR_OK)
                return question_wrong(r->cli, rc, &why);
        code = ask_table(r->cli, r->arena, q, out);
        if (code != EXIT_CODE_OK)
                return code;
        if (memcmp(&out->release->indicator.digest, &r->indicator->digest, sizeof(struct digest)) ==
                0)
                return EXIT_CODE_OK;
        complain(r->cli, WORD_INDICATOR_ANSWERED_OTHER);
        return EXIT_CODE_INTERNAL;
}

/* The same question without conditions on the place, and with the place at `level`, or
 * nowhere (-1). */
static enum err elsewhere(struct run *r, int32_t level, struct query *out)
{
        const struct query *q = &r->base.q;
        struct dimension_ref *dimensions =
                arena_alloc(r->arena, DIMENSIONS_MAX, sizeof *dimensions);
        struct filter *filters = arena_alloc(r->arena, FILTERS_MAX, sizeof *filters);

        if (dimensions == NULL || filters == NULL)
                return ERR_NO_MEMORY;
        *out = *q;
        out->dimensions = dimensions;
        out->filters = filters;
        out->dimensions_len = out->filters_len = 0;
        for (uint32_t i = 0; i < q->dimensions_len; i++) {
                if ((int32_t)i == r->place_at && level < 0)
                        continue;
                dimensions[out->dimensions_len] = q->dimensions[i];
                if ((int32_t)i == r->place_at)
                        dimensions[out->dimensions_len].level = r->place->levels[level].id;
                out->dimensions_len++;
        }
        for (uint32_t i = 0; i < q->filters_len; i++)
                if (!bytes_equal(q->filters[i].variable, r->place->id))
                        filters[out->filters_len++] = q->filters[i];
        return ERR_OK;
}

static enum exit_code ask_year(struct run *r, struct comparison_year *y)
{
        struct query county, country;
        enum exit_code code = ask_one(r, y, &r->base.q, &y->rows);

        if (code == EXIT_CODE_OK && (r->compared & 1U << COMPARED_COUNTY) != 0)
                code = elsewhere(r, 1, &county) == ERR_OK ? ask_one(r, y, &county, &y->county)
                                                          : EXIT_CODE_INTERNAL;
        /* Without conditions on places the rows' own total is the country. */
        if (code == EXIT_CODE_OK && (r->compared & 1U << COMPARED_COUNTRY) != 0 &&
                r->place_filtered)
                code = elsewhere(r, -1, &country) == ERR_OK ? ask_one(r, y, &country, &y->country)
                                                            : EXIT_CODE_INTERNAL;
        return code;
}

/* The whole --------------------------------------------------------------- */

static enum exit_code read_question(struct run *r)
{
        static const struct {
                const char *name;
                enum err (*add)(struct question *, struct bytes, struct refusal *);
        } steps[] = {{"vintage", question_vintage}, {"by", question_by}, {"where", question_where}};
        struct refusal why = {0};

        question_init(&r->base, r->arena);
        for (size_t i = 0; i < ARRAY_LEN(steps); i++)
                for (unsigned n = 0; n < option_count(r->args, steps[i].name); n++) {
                        const char *text = option_nth(r->args, steps[i].name, n);
                        enum err rc = steps[i].add(&r->base, bytes_of_text(text), &why);

                        if (rc != ERR_OK)
                                return question_wrong(r->cli, rc, &why);
                }
        return EXIT_CODE_OK;
}

/* A year that nobody has delivered says nothing, and whoever did not choose it should know
 * how to. */
static void tell_if_empty(const struct run *r)
{
        const struct wire_release *a = r->years[0].rows.release;
        char period[PERIOD_TEXT];

        for (uint32_t i = 0; r->year_guessed && i < a->coverage_len; i++)
                if (bytes_equal(a->coverage[i].dataset, a->dataset) &&
                        a->coverage[i].delivered == 0)
                        note(r->cli, WORD_YEAR_EMPTY, text_from(r->cli, a->dataset),
                                text_of_period(r->years[0].period, period));
}

struct shown {
        const struct comparison *comparison;
        render_fn *render;
};

static enum err write_comparison(
        const struct cli *cli, const void *what, const struct render_how *how)
{
        const struct shown *s = what;

        return s->render(cli, s->comparison, how);
}

static enum exit_code show(struct run *r, render_fn *render)
{
        const struct comparison_request request = {
                .indicator = r->indicator,
                .years = r->years,
                .years_len = r->years_len,
                .compared = r->compared,
                .place = r->place_at,
                .municipalities =
                        r->place != NULL && r->place->levels_len > 0 ? r->place->levels : NULL,
        };
        struct comparison comparison;
        const struct shown shown = {&comparison, render};
        const struct output output = {write_comparison, &shown};
        const char *path = NULL;
        enum err rc = comparison_make(r->arena, &request, &comparison);

        return rc == ERR_OK ? output_put(r->cli, r->args, &output, &path)
                            : answer_wrong(r->cli, rc);
}

static enum exit_code run_in(struct run *r, render_fn *render)
{
        static enum exit_code (*const steps[])(struct run *) = {
                choose_purpose, choose_years, read_places, choose_compared};
        enum exit_code code = read_question(r);

        if (code == EXIT_CODE_OK)
                code = registry_argument(r->cli, r->args, 0, &r->indicator);
        if (code == EXIT_CODE_OK)
                code = check_digest(r);
        for (size_t i = 0; i < ARRAY_LEN(steps) && code == EXIT_CODE_OK; i++)
                code = steps[i](r);
        for (uint32_t y = 0; y < r->years_len && code == EXIT_CODE_OK; y++)
                code = ask_year(r, &r->years[y]);
        if (code != EXIT_CODE_OK)
                return code;
        tell_if_empty(r);
        return show(r, render);
}

static enum exit_code run(struct cli *cli, const struct arguments *args)
{
        OWNED(arena_free) struct arena *arena = arena_new(ANSWER_ARENA);
        render_fn *render = format_find(cli, args);
        struct run *r = arena != NULL ? arena_alloc(arena, 1, sizeof *r) : NULL;

        if (r == NULL)
                return EXIT_CODE_INTERNAL;
        if (render == NULL)
                return EXIT_CODE_USAGE;
        r->cli = cli;
        r->arena = arena;
        r->args = args;
        return run_in(r, render);
}

static const struct option_spec options[] = {
        {"by", "kommun|lan|riket|VAR[:LEVEL],…", "riket", false, false,
                {"en rad för varje kommun, län eller annan kategori",
                        "a row for each municipality, county or other category"}},
        {"years", "FIRST[:LAST]", NULL, false, false,
                {"år, ett eller flera (annars det senaste hela som har levererats)",
                        "years, one or several (else the last whole one that was delivered)"}},
        {"where", "'VAR[:LEVEL] OP VALUE'", NULL, false, true,
                {"villkor, som i statgate query", "condition, as in statgate query"}},
        {"compare", "target,lan,riket,history", NULL, false, false,
                {"målet, kommunens län, riket, första året; none: inget (annars det som "
                 "indikatorn anger)",
                        "the target, the municipality's county, the country, the first year; none: "
                        "nothing (else what the indicator names)"}},
        {"purpose", "NAME", NULL, false, false,
                {"ändamål (annars indikatorns första)", "purpose (else the indicator's first)"}},
        {"expect-digest", "HEX", NULL, false, false,
                {"fråga bara om definitionen har det sigillet",
                        "ask only if the definition has that digest"}},
        {"vintage", "N[.R]", NULL, false, false,
                {"årgång (annars den senaste)", "vintage (else the latest)"}},
        OUTPUT_OPTION_SPECS(FORMATS),
};

const struct command command_indicator_run = {
        .name = "indicator run",
        .arguments = "ID[@VERSION]",
        .arguments_min = 1,
        .arguments_max = 1,
        .summary = {"räkna en indikator, år för år, och jämför",
                "count an indicator, year by year, and compare"},
        .details = {"En fråga ställs per år, och för länen och riket där raderna inte har dem; det "
                    "som är skyddat i ett svar är skyddat i jämförelsen. Mot målet döms bara när "
                    "hela intervallet ligger på ena sidan. För ett utfallskontrakt är kohorten "
                    "fast, och svaret säger om målet nås.\nExempel: statgate indicator run "
                    "aterplacerad_12_manader --by kommun --years 2022:2024 --compare target,riket",
                "One question is asked per year, and for the counties and the country where the "
                "rows do not hold them; what is protected in an answer is protected in the "
                "comparison. Against the target is judged only when the whole interval lies on "
                "one side. An outcome contract has a fixed cohort, and the answer says whether "
                "the target is met.\nExample: statgate indicator run aterplacerad_12_manader "
                "--by kommun --years 2022:2024 --compare target,riket"},
        .options = options,
        .options_len = ARRAY_LEN(options),
        .run = run,
};
