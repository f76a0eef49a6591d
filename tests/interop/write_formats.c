/* SPDX-License-Identifier: Apache-2.0 */
/* write_formats.c: one answer in every format, for readers that others wrote.
 *
 *      write_formats FOLDER
 *
 * Writes sample.csv, .json, .jsonstat, .px and .xlsx, all of one release with the four
 * marks, a measure that is withheld alone, a value that stands still, and labels that want
 * quoting. What is hidden has 77777777 planted beneath it, which no gateway would send. */
#include <stdio.h>
#include <string.h>

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
        return 0;
}
