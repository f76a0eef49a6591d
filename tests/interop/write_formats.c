/* SPDX-License-Identifier: Apache-2.0 */
/* write_formats.c: one answer in every format, for readers that others wrote.
 *
 *      write_formats FOLDER
 *
 * Writes sample.csv, .json, .jsonstat, .px and .xlsx, all of one release with the four
 * marks, a measure that is withheld alone, a value that stands still, and labels that want
 * quoting. What is hidden has 77777777 planted beneath it, which no gateway would send. And
 * indicator.csv, .jsonstat, .px and .xlsx: two years beside county, country, target and the
 * first year, with the same planted. */
#include <stdio.h>
#include <string.h>

#include "tools/cli/comparison.h"
#include "tools/cli/render.h"

enum { PLANTED = 77777777, PLACES = 3, SEXES = 2, CELLS = (PLACES + 1) * (SEXES + 1) };

static struct category places[PLACES], sexes[SEXES];
static struct dimension dimensions[2];
static struct measure measures[2];
static int64_t persons[CELLS], means[CELLS];
static uint8_t status[CELLS], mean_status[CELLS], held[CELLS];
static struct wire_release release;

static struct category category(const char *code, const char *sv, const char *en)
{
        return (struct category){.code = bytes_of_text(code),
                .label_sv = bytes_of_text(sv),
                .label_en = bytes_of_text(en)};
}

static void make_dimensions(void)
{
        places[0] = category("0114", "Upplands Väsby", "Upplands Väsby");
        places[1] = category("0180", "\"Stockholm\", stad", "\"Stockholm\", city");
        places[2] = category("1480", "=1+1; Göteborg", "=1+1; Göteborg");
        sexes[0] = category("k", "Kvinnor", "Women");
        sexes[1] = category("m", "Män", "Men");
        dimensions[0] = (struct dimension){.variable = bytes_of_text("kommun"),
                .level = bytes_of_text("kommun"),
                .label_sv = bytes_of_text("Kommun"),
                .label_en = bytes_of_text("Municipality"),
                .categories = places,
                .len = PLACES};
        dimensions[1] = (struct dimension){.variable = bytes_of_text("kon"),
                .level = bytes_of_text("kon"),
                .label_sv = bytes_of_text("Kön"),
                .label_en = bytes_of_text("Sex"),
                .categories = sexes,
                .len = SEXES};
}

static void make_cells(void)
{
        for (size_t cell = 0; cell < CELLS; cell++) {
                persons[cell] = (int64_t)(1000003 * cell);
                means[cell] = (int64_t)(12345 * cell) - 5000;
                status[cell] = mean_status[cell] = CELL_VALUE;
        }
        static const struct {
                size_t cell;
                enum cell_status status;
        } hidden[] = {{1, CELL_PROTECTED}, {3, CELL_PROTECTED}, {4, CELL_PROTECTED},
                {6, CELL_MISSING}, {7, CELL_NOT_APPLICABLE}};
        for (size_t i = 0; i < ARRAY_LEN(hidden); i++) {
                status[hidden[i].cell] = mean_status[hidden[i].cell] = (uint8_t)hidden[i].status;
                persons[hidden[i].cell] = means[hidden[i].cell] = PLANTED;
        }
        mean_status[9] = CELL_PROTECTED;
        means[9] = PLANTED;
        held[2] = 1;
}

static void make_release(void)
{
        make_dimensions();
        make_cells();
        measures[0] = (struct measure){
                .kind = MEASURE_PERSONS, .values = persons, .unit = bytes_of_text("personer")};
        measures[1] = (struct measure){.kind = MEASURE_MEAN,
                .variable = bytes_of_text("dygnskostnad"),
                .label_sv = bytes_of_text("Dygnskostnad"),
                .label_en = bytes_of_text("Cost per day"),
                .unit = bytes_of_text("kr"),
                .decimals = 3,
                .values = means,
                .status = mean_status};
        release = (struct wire_release){.vintage = {7, 1},
                .vintage_at_ms = 1795298935000,
                .dataset = bytes_of_text("placering"),
                .purpose = bytes_of_text("uppfoljning"),
                .threshold = 5,
                .delivered = 289,
                .expected = 290,
                .table = {.dimensions = dimensions,
                        .dimensions_len = 2,
                        .measures = measures,
                        .measures_len = 2,
                        .cells_len = CELLS,
                        .status = status,
                        .held = held},
                .has_protection = true,
                .protection = {.rules = {.preset = bytes_of_text("standard"), .secondary = true},
                        .source = ANSWER_SOURCE_LATTICE,
                        .additive = true,
                        .audited = 4,
                        .audit_of = 4}};
        memset(&release.policy, 0xab, sizeof release.policy);
}

static enum err write_one(const struct cli *cli, const char *folder, const char *suffix,
        enum err (*render)(const struct cli *, const struct answer *, const struct render_how *))
{
        const struct answer answer = {.release = &release};
        const char *path = arena_printf(cli->arena, "%s/sample.%s", folder, suffix);
        FILE *out = path != NULL ? fopen(path, "wb") : NULL;

        if (out == NULL)
                return ERR_IO;
        enum err rc = render(cli, &answer, &(struct render_how){.out = out});
        return fclose(out) == 0 ? rc : ERR_IO;
}

/* An indicator ------------------------------------------------------------------------------- */

static struct wire_release *share_of(
        struct arena *a, const char *const *codes, uint32_t len, const int64_t *values)
{
        struct wire_release *r = arena_alloc(a, 1, sizeof *r);
        struct dimension *d = arena_alloc(a, 1, sizeof *d);
        struct measure *m = arena_alloc(a, 1, sizeof *m);

        if (r == NULL || d == NULL || m == NULL)
                return NULL;
        *d = (struct dimension){.variable = bytes_of_text("kommun"),
                .level = bytes_of_text(len == 3 ? "kommun" : "lan"),
                .label_en = bytes_of_text("Municipality"),
                .categories = arena_alloc(a, len, sizeof(struct category)),
                .len = len};
        *m = (struct measure){.kind = MEASURE_SHARE, .decimals = 1, .unit = bytes_of_text("%")};
        *r = release;
        r->table = (struct table){
                .dimensions = d, .dimensions_len = 1, .measures = m, .measures_len = 1};
        if (d->categories == NULL || table_alloc(a, &r->table) != ERR_OK)
                return NULL;
        for (uint32_t i = 0; i < len; i++)
                d->categories[i] = category(codes[i], codes[i], codes[i]);
        for (uint32_t i = 0; i <= len; i++) {
                bool hidden = values[i] < 0;

                r->table.status[i] = m->status[i] =
                        hidden ? (uint8_t)(-1 - values[i]) : (uint8_t)CELL_VALUE;
                m->values[i] = hidden ? PLANTED : values[i];
                m->low[i] = hidden ? PLANTED : values[i] - 30;
                m->high[i] = hidden ? PLANTED : values[i] + 30;
        }
        return r;
}

#define HIDDEN(status) (-1 - (int64_t)(status))

static enum err make_comparison(struct arena *a, struct comparison *out)
{
        static const char *const before[] = {"0114", "0180", "1480"};
        static const char *const after[] = {"0180", "1480", "2480"};
        static const char *const counties[] = {"01", "14"};
        static const int64_t values[2][4] = {{500, 621, HIDDEN(CELL_PROTECTED), 610},
                {HIDDEN(CELL_PROTECTED), 655, HIDDEN(CELL_MISSING), 655}};
        static const int64_t of_counties[3] = {HIDDEN(CELL_PROTECTED), 610, 600};
        static struct wire_code codes[] = {
                {.code = {(const uint8_t *)"0114", 4}, .parent = {(const uint8_t *)"01", 2}},
                {.code = {(const uint8_t *)"0180", 4}, .parent = {(const uint8_t *)"01", 2}},
                {.code = {(const uint8_t *)"1480", 4}, .parent = {(const uint8_t *)"14", 2}}};
        static const struct wire_level municipalities = {.codes = codes, .codes_len = 3};
        static struct wire_indicator indicator = {
                .version = 2, .direction = 1, .has_target = true, .target = 600, .decimals = 1};
        static struct comparison_year years[2];
        static struct comparison_request request = {.indicator = &indicator,
                .years = years,
                .years_len = 2,
                .compared = 1u << COMPARED_TARGET | 1u << COMPARED_COUNTY | 1u << COMPARED_COUNTRY |
                            1u << COMPARED_HISTORY,
                .municipalities = &municipalities};

        indicator.id = bytes_of_text("aterkomst");
        for (unsigned y = 0; y < 2; y++) {
                years[y].has_period = period_parse(y == 0 ? "2023" : "2024", 4, &years[y].period);
                years[y].rows.release = share_of(a, y == 0 ? before : after, 3, values[y]);
                years[y].county.release = share_of(a, counties, 2, of_counties);
                if (years[y].rows.release == NULL || years[y].county.release == NULL)
                        return ERR_NO_MEMORY;
        }
        return comparison_make(a, &request, out);
}

static enum err write_indicator(const struct cli *cli, const char *folder)
{
        static const struct {
                const char *suffix;
                enum err (*render)(
                        const struct cli *, const struct comparison *, const struct render_how *);
        } formats[] = {{"csv", comparison_csv}, {"json", comparison_json},
                {"jsonstat", comparison_jsonstat}, {"px", comparison_px}, {"xlsx", comparison_xlsx},
                {"again.xlsx", comparison_xlsx}, {"txt", comparison_table}};
        struct comparison c;

        TRY(make_comparison(cli->arena, &c));
        for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
                const char *path =
                        arena_printf(cli->arena, "%s/indicator.%s", folder, formats[i].suffix);
                FILE *out = path != NULL ? fopen(path, "wb") : NULL;

                if (out == NULL)
                        return ERR_IO;
                enum err rc = formats[i].render(cli, &c, &(struct render_how){.out = out});
                if (fclose(out) != 0 || rc != ERR_OK)
                        return rc != ERR_OK ? rc : ERR_IO;
        }
        return ERR_OK;
}

int main(int argc, char **argv)
{
        OWNED(arena_free) struct arena *arena = arena_new(64 << 20);
        struct cli cli = {.arena = arena, .lang = LANG_EN, .out = stdout, .err = stderr};
        static const struct {
                const char *suffix;
                enum err (*render)(
                        const struct cli *, const struct answer *, const struct render_how *);
        } formats[] = {{"csv", render_csv}, {"json", render_json}, {"jsonstat", render_jsonstat},
                {"px", render_px}, {"xlsx", render_xlsx}, {"again.xlsx", render_xlsx},
                {"txt", render_table}};

        if (arena == NULL || argc != 2)
                return 2;
        make_release();
        for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
                enum err rc = write_one(&cli, argv[1], formats[i].suffix, formats[i].render);

                if (rc != ERR_OK) {
                        (void)fprintf(stderr, "%s: %s\n", formats[i].suffix, err_sentence(rc));
                        return 1;
                }
        }
        enum err rc = write_indicator(&cli, argv[1]);

        if (rc != ERR_OK)
                (void)fprintf(stderr, "indicator: %s\n", err_sentence(rc));
        return rc == ERR_OK ? 0 : 1;
}
