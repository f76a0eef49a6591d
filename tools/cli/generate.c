/* SPDX-License-Identifier: Apache-2.0 */
/* generate.c: `statgate generate`: files to try everything out with. */
#include <stdlib.h>
#include <string.h>

#include "policies/policy.h"
#include "tools/cli/bundle.h"
#include "tools/cli/files.h"
#include "tools/generate/generate.h"

enum { FILE_MAX = 1 << 30, NATIONAL_SCALE = 0, MONTHS = 12, MONTHS_OF_QUARTER = 3 };

struct generating {
        struct cli *cli;
        const struct arguments *args;
        struct policy *policy;
        struct world *world;
        struct generate_wish wish;
        const char *folder, *period;
        bool datasets[GENERATE_DATASETS];
        bool *wanted; /* per municipality of the wish */
        uint64_t files, rows;
};

static enum exit_code wrong(const struct generating *g, const char *option)
{
        complain(g->cli, WORD_OPTION_VALUE, option);
        return EXIT_CODE_USAGE;
}

static bool read_number(const char *text, uint64_t *out)
{
        char *end = NULL;

        if (text[0] < '0' || text[0] > '9')
                return false;
        *out = strtoull(text, &end, 10);
        return *end == '\0';
}

/* "0.02" → 20,000 of a million. */
static bool read_rate(const char *text, uint32_t *out)
{
        char *end = NULL;
        double rate = strtod(text, &end);

        if (text[0] < '0' || text[0] > '9' || *end != '\0' || rate > 1)
                return false;
        *out = (uint32_t)(rate * 1e6 + 0.5);
        return true;
}

/* "all" stayed what it was when there were two: they are what most things are tried out
 * with, and a small part of the time. */
static bool choose_datasets(struct generating *g, const char *name)
{
        bool all = strcmp(name, "all") == 0, every = strcmp(name, "every") == 0, any = false;

        for (unsigned d = 0; d < GENERATE_DATASETS; d++) {
                bool first = d < GENERATE_FIRST;

                g->datasets[d] = every || (all && first) ||
                                 strcmp(name, generate_dataset_name((enum generate_dataset)d)) == 0;
                g->wish.every |= g->datasets[d] && !first;
                any |= g->datasets[d];
        }
        return any;
}

static enum exit_code read_options(struct generating *g)
{
        const char *persons = option_text(g->args, "persons"), *seed = option_text(g->args, "seed");
        const char *errors = option_text(g->args, "errors"),
                   *dataset = option_text(g->args, "dataset");
        uint64_t year = 0;

        g->folder = option_text(g->args, "out");
        g->period = option_text(g->args, "period");
        if (strcmp(persons, "national") != 0 && !read_number(persons, &g->wish.persons))
                return wrong(g, "persons");
        if (seed != NULL && !read_number(seed, &g->wish.seed))
                return wrong(g, "seed");
        if (strlen(g->period) != 4 || !read_number(g->period, &year))
                return wrong(g, "period");
        g->wish.year = (int)year;
        if (errors != NULL && !read_rate(errors, &g->wish.errors_per_million))
                return wrong(g, "errors");
        if (option_given(g->args, "format") && strcmp(option_text(g->args, "format"), "csv") != 0)
                return wrong(g, "format");
        g->wish.local_style =
                g->wish.errors_per_million > 0 || option_given(g->args, "local-style");
        return choose_datasets(g, dataset != NULL ? dataset : "all") ? EXIT_CODE_OK
                                                                     : wrong(g, "dataset");
}

static enum exit_code read_municipalities(struct generating *g)
{
        const struct code_list *list = policy_municipalities(g->policy);
        const struct code_level *level = &list->levels[0];
        struct generate_municipality *m = arena_alloc(g->cli->arena, level->len, sizeof *m);
        uint64_t population = 0;

        g->wanted = arena_alloc(g->cli->arena, level->len, sizeof *g->wanted);
        if (m == NULL || g->wanted == NULL)
                return EXIT_CODE_INTERNAL;
        uint32_t len = 0;

        for (uint32_t i = 0; i < level->len; i++) {
                const struct code *c = &level->codes[i];

                /* Nobody lives in what is history, and nobody delivers for it. */
                if (c->history)
                        continue;
                m[len] = (struct generate_municipality){0, c->parent, c->population, c->label.sv};
                population += c->population;
                if (!municipality_parse(
                            (const char *)c->code.data, (uint32_t)c->code.len, &m[len++].code)) {
                        complain(g->cli, WORD_BUNDLE_NO_PEOPLE);
                        return EXIT_CODE_INPUT;
                }
        }
        if (g->wish.persons == NATIONAL_SCALE)
                g->wish.persons = population;
        g->wish.municipalities = m;
        g->wish.municipalities_len = len;
        return EXIT_CODE_OK;
}

static enum exit_code choose_municipalities(struct generating *g)
{
        const char *list = option_text(g->args, "municipalities");

        if (list == NULL || strcmp(list, "all") == 0) {
                for (uint32_t i = 0; i < g->wish.municipalities_len; i++)
                        g->wanted[i] = true;
                return EXIT_CODE_OK;
        }
        while (*list != '\0') {
                size_t len = strcspn(list, ",");
                municipality_t code = 0;
                bool found = false;

                if (municipality_parse(list, (uint32_t)len, &code))
                        for (uint32_t i = 0; i < g->wish.municipalities_len; i++)
                                if (g->wish.municipalities[i].code == code)
                                        found = g->wanted[i] = true;
                if (!found) {
                        complain(g->cli, WORD_MUNICIPALITIES_WRONG);
                        return EXIT_CODE_USAGE;
                }
                list += len + (list[len] == ',');
        }
        return EXIT_CODE_OK;
}

/* How many months a delivery of the data set covers, as the bundle says. */
static unsigned months_of(const struct generating *g, enum generate_dataset d)
{
        const struct policy_dataset *set =
                policy_dataset_find(g->policy, bytes_of_text(generate_dataset_name(d)));

        if (set == NULL || d < (enum generate_dataset)GENERATE_FIRST)
                return MONTHS;
        switch (set->periodicity) {
        case PERIODICITY_MONTH:
                return 1;
        case PERIODICITY_QUARTER:
                return MONTHS_OF_QUARTER;
        case PERIODICITY_YEAR:
        case PERIODICITY_NONE:
                break;
        }
        return MONTHS;
}

/* "2024", "2024-Q2", "2024-05". */
static const char *period_of(struct generating *g, unsigned first, unsigned months)
{
        if (months == MONTHS)
                return g->period;
        if (months == 1)
                return arena_printf(g->cli->arena, "%s-%02u", g->period, first);
        return arena_printf(g->cli->arena, "%s-Q%u", g->period, first / months + 1);
}

static enum err write_one(
        struct generating *g, enum generate_dataset d, uint32_t m, unsigned first, unsigned months)
{
        OWNED(buf_done) struct buf out;
        struct bytes text;
        uint64_t rows = 0;
        const char *period = period_of(g, first, months);
        const char *path = period == NULL ? NULL
                                          : arena_printf(g->cli->arena, "%s/%04u-%s-%s.csv",
                                                    g->folder, g->wish.municipalities[m].code,
                                                    generate_dataset_name(d), period);

        buf_init(&out, FILE_MAX);
        if (path == NULL)
                return ERR_NO_MEMORY;
        TRY(world_write_months(g->world, d, m, first, first + months - 1, &out, &rows));
        if (rows == 0)
                return ERR_OK; /* nobody to report is not an empty file */
        TRY(buf_end(&out, &text));
        g->files++;
        g->rows += rows;
        return file_replace(path, text, 0600);
}

static enum err write_year(struct generating *g, enum generate_dataset d, uint32_t m)
{
        unsigned months = months_of(g, d);

        for (unsigned first = 1; first <= MONTHS; first += months)
                TRY(write_one(g, d, m, first, months));
        return ERR_OK;
}

static enum exit_code write_all(struct generating *g)
{
        enum err rc = folder_create(g->folder);

        for (uint32_t m = 0; m < g->wish.municipalities_len && rc == ERR_OK; m++)
                for (unsigned d = 0; d < GENERATE_DATASETS && rc == ERR_OK; d++)
                        if (g->wanted[m] && g->datasets[d])
                                rc = write_year(g, (enum generate_dataset)d, m);
        if (rc == ERR_OK)
                return EXIT_CODE_OK;
        complain(g->cli, WORD_NOT_WRITTEN, g->folder, err_sentence(rc));
        return EXIT_CODE_INTERNAL;
}

static void tell(const struct generating *g)
{
        const struct generate_facts *f = world_facts(g->world);
        char a[NUMBER_TEXT], b[NUMBER_TEXT], c[NUMBER_TEXT], d[NUMBER_TEXT];

        say(g->cli, WORD_GENERATED, cli_number(g->cli, g->files, a), cli_number(g->cli, g->rows, b),
                g->folder);
        say(g->cli, WORD_GENERATED_REPORTS, cli_number(g->cli, f->reported_children, a),
                cli_number(g->cli, f->reports, b), cli_number(g->cli, f->reported_in_several, c));
        say(g->cli, WORD_GENERATED_PLACED, cli_number(g->cli, f->placed, a),
                cli_number(g->cli, f->placements, b));
        if (g->wish.errors_per_million > 0)
                say(g->cli, WORD_GENERATED_FAULTS, cli_number(g->cli, f->faulty_rows, d));
        if (g->wish.persons > GENERATE_TEST_NUMBERS_MAX)
                note(g->cli, WORD_GENERATED_ORDINARY);
}

static enum exit_code make_world(struct generating *g)
{
        enum err rc = world_new(&g->wish, &g->world);

        if (rc == ERR_OK)
                return EXIT_CODE_OK;
        if (rc == ERR_INVALID) {
                complain(g->cli, WORD_GENERATE_LIMITS);
                return EXIT_CODE_USAGE;
        }
        complain(g->cli, WORD_FAILED, err_sentence(rc));
        return EXIT_CODE_INTERNAL;
}

static enum exit_code run(struct cli *cli, const struct arguments *args)
{
        struct generating g = {.cli = cli, .args = args};
        const char *bundle = option_text(args, "bundle");
        enum exit_code code = read_options(&g);

        if (code == EXIT_CODE_OK && bundle == NULL)
                code = bundle_folder(cli, args, 0, &bundle); /* takes no arguments: the default */
        if (code == EXIT_CODE_OK)
                code = bundle_load(cli, bundle, &g.policy);
        if (code == EXIT_CODE_OK)
                code = read_municipalities(&g);
        if (code == EXIT_CODE_OK)
                code = choose_municipalities(&g);
        if (code == EXIT_CODE_OK)
                code = make_world(&g);
        if (code == EXIT_CODE_OK)
                code = write_all(&g);
        if (code == EXIT_CODE_OK)
                tell(&g);
        world_free(&g.world);
        policy_unref(&g.policy);
        return code;
}

static const struct option_spec options[] = {
        {"persons", "N|national", NULL, true, false,
                {"invånare i landet, 1 000–200 000 000; national är hela Sverige",
                        "inhabitants of the country, 1,000–200,000,000; national is all of "
                        "Sweden"}},
        {"out", "FOLDER", NULL, true, false,
                {"mapp för filerna KOMMUN-DATASET-PERIOD.csv",
                        "folder for the files KOMMUN-DATASET-PERIOD.csv"}},
        {"period", "YEAR", NULL, true, false, {"år, till exempel 2024", "year, for example 2024"}},
        {"seed", "S", "0", false, false,
                {"samma frö ger samma filer överallt",
                        "the same seed gives the same files everywhere"}},
        {"dataset", "NAME", "all", false, false,
                {"en datamängd; all: placering och anmalan; every: alla i regelverket",
                        "one data set; all: placering and anmalan; every: all of the bundle"}},
        {"municipalities", "CODES", "all", false, false,
                {"vilka kommuners filer som skrivs", "whose files are written"}},
        {"errors", "RATE", "0", false, false,
                {"andel rader med fel, till exempel 0.01; slår på --local-style",
                        "share of rows with faults, for example 0.01; turns on --local-style"}},
        {"local-style", NULL, NULL, false, false,
                {"kommunerna skriver olika: koder eller ord, Windows-1252, tappade nollor",
                        "municipalities write differently: codes or words, Windows-1252, lost "
                        "zeros"}},
        {"format", "csv", "csv", false, false, {"filformat", "file format"}},
        {"bundle", "FOLDER", NULL, false, false,
                {"regelverket med kommuner och invånare (annars statgate.yaml)",
                        "the bundle with municipalities and inhabitants (else statgate.yaml)"}},
};

const struct command command_generate = {
        .name = "generate",
        .arguments = "",
        .summary = {"gör påhittade leveranser i verkliga proportioner",
                "make synthetic deliveries in real proportions"},
        .details = {"Barn, syskon, vårdnadshavare, flyttar, placeringar och orosanmälningar enligt "
                    "den nationella statistiken 2021–2022, i skala med landets storlek. Upp till "
                    "250 000 invånare används bara Skatteverkets testnummer (födelsenummer 238 och "
                    "239); de räcker inte längre, så större länder får vanliga, giltiga nummer som "
                    "kan råka vara någons. Med --dataset every följer resten av barnets resa, "
                    "ekonomiskt bistånd, äldreomsorg, LSS, våld, missbruk, kvalitetsregister, "
                    "enkäter och avvikelser; det som levereras månadsvis blir en fil i månaden.",
                "Children, siblings, guardians, moves, placements and reports of concern as in the "
                "national statistics of 2021–2022, in scale with the size of the country. Up to "
                "250,000 inhabitants only Skatteverket's test numbers are used (birth numbers 238 "
                "and 239); there are no more of them, so larger countries get ordinary valid "
                "numbers, which may happen to be somebody's. With --dataset every come the rest "
                "of the child's journey, financial assistance, elder care, LSS, violence, "
                "substance abuse, quality registers, surveys and incidents; what is delivered by "
                "the month is one file a month."},
        .options = options,
        .options_len = ARRAY_LEN(options),
        .run = run,
};
