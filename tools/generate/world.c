/* SPDX-License-Identifier: Apache-2.0 */
/* world.c: the country for a year, from the first child to the last answer.
 *
 * Whoever asks for the first two data sets only gets the same children, numbers and
 * dates as who asks for all: what is made later never draws from what was made before. */
#include <stdlib.h>

#include "base/clock.h"
#include "tools/generate/facts.h"

enum { MILLION = 1000000, YEAR_FIRST = 2008, YEAR_LAST = 2040, BORN_FROM = 1900 };

static const char *const names[GENERATE_DATASETS] = {
#define DATASET_NAME(NAME, name) [GENERATE_##NAME] = (name),
        GENERATE_DATASET_LIST(DATASET_NAME)
#undef DATASET_NAME
};

const char *generate_dataset_name(enum generate_dataset d)
{
        return names[d];
}

static bool wish_is_good(const struct generate_wish *wish)
{
        return wish->persons >= GENERATE_PERSONS_MIN && wish->persons <= GENERATE_PERSONS_MAX &&
               wish->year >= YEAR_FIRST && wish->year <= YEAR_LAST &&
               wish->municipalities_len > 0 && wish->errors_per_million <= MILLION;
}

static enum err make_every(struct world *w, bool test_series)
{
        if (test_series)
                TRY(numbers_new(true, BORN_FROM, GENERATE_TEST_BORN_FROM - 1, &w->older));
        TRY(journey_make(w));
        TRY(assistance_make(w));
        TRY(violence_make(w));
        TRY(care_make(w));
        TRY(quality_make(w));
        for (unsigned d = GENERATE_FIRST; d < GENERATE_DATASETS; d++)
                sheet_sort(&w->sheets[d]);
        return ERR_OK;
}

static enum err fill_world(struct world *w)
{
        bool test_series = w->wish.persons <= GENERATE_TEST_NUMBERS_MAX;
        uint64_t people = 0;

        w->first = days_from_civil((struct civil){w->wish.year, 1, 1});
        w->last = days_from_civil((struct civil){w->wish.year, 12, 31});
        w->populations = calloc(w->wish.municipalities_len, sizeof *w->populations);
        w->local_numbers = calloc(w->wish.municipalities_len, sizeof *w->local_numbers);
        if (w->populations == NULL || w->local_numbers == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < w->wish.municipalities_len; i++)
                people += w->populations[i] = w->wish.municipalities[i].population;
        if (people == 0)
                return ERR_INVALID;
        TRY(numbers_new(test_series, test_series ? GENERATE_TEST_BORN_FROM : BORN_FROM,
                w->wish.year, &w->numbers));
        TRY(people_make_reported(w));
        TRY(records_make_reports(w));
        TRY(records_make_placements(w));
        return w->wish.every ? make_every(w, test_series) : ERR_OK;
}

enum err world_new(const struct generate_wish *wish, struct world **out)
{
        OWNED(world_free) struct world *w = NULL;

        if (!wish_is_good(wish))
                return ERR_INVALID;
        w = calloc(1, sizeof *w);
        if (w == NULL)
                return ERR_NO_MEMORY;
        w->wish = *wish;
        TRY(fill_world(w));
        *out = w;
        w = NULL;
        return ERR_OK;
}

void world_free(struct world **w)
{
        if (w == NULL || *w == NULL)
                return;
        numbers_free(&(*w)->numbers);
        numbers_free(&(*w)->older);
        free((*w)->populations);
        free((*w)->local_numbers);
        free((*w)->children);
        free((*w)->adults);
        free((*w)->reports);
        free((*w)->placements);
        for (unsigned d = 0; d < GENERATE_DATASETS; d++)
                free((*w)->sheets[d].records);
        free(*w);
        *w = NULL;
}

const struct generate_facts *world_facts(const struct world *w)
{
        return &w->facts;
}

uint64_t world_scaled(const struct world *w, uint64_t national)
{
        return national * w->wish.persons / NATIONAL_POPULATION;
}

uint32_t *world_reported_starts(const struct world *w)
{
        uint32_t len = w->wish.municipalities_len, child = 0;
        uint32_t *starts = calloc(len + (size_t)1, sizeof *starts);

        if (starts == NULL)
                return NULL;
        /* Reported children stand in the order of their homes. */
        for (uint32_t m = 0; m < len; m++) {
                starts[m] = child;
                while (child < w->reported_len && w->children[child].home == m)
                        child++;
        }
        starts[len] = child;
        return starts;
}
