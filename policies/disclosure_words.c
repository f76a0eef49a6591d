/* SPDX-License-Identifier: Apache-2.0 */
/* disclosure_words.c: one sentence for each rule, for whoever has to answer for it. */
#include "policies/disclosure_words.h"

#include <stdio.h>

#include "base/arena.h"

#define TELL(t, key, ...)                                                                          \
        report_add((t)->out, (t)->mark, (t)->at[DISCLOSURE_KEY_##key], __VA_ARGS__)

static bool swedish(const struct report *r)
{
        return r->lang == REPORT_SV;
}

const char *disclosure_contributors(struct report *r, const struct disclosure_rules *x)
{
        static const char *const words[CONTRIBUTOR_COUNT][2] = {
                [CONTRIBUTOR_PERSON] = {"personen själv", "the person"},
                [CONTRIBUTOR_FAMILY] = {"familjen", "the family"},
                [CONTRIBUTOR_PROVIDER] = {"utföraren", "the provider"},
                [CONTRIBUTOR_MUNICIPALITY] = {"kommunen", "the municipality"},
        };
        const char *all = "";

        for (unsigned c = CONTRIBUTOR_NONE + 1; c < CONTRIBUTOR_COUNT && all != NULL; c++) {
                const char *between = all[0] != '\0' ? "; " : "", *word = words[c][r->lang];

                if ((x->contributors >> c & 1) == 0)
                        continue;
                if (x->number[c] > 1)
                        all = arena_printf(r->arena,
                                swedish(r) ? "%s%s%s, minst %u" : "%s%s%s, at least %u", all,
                                between, word, x->number[c]);
                else
                        all = arena_printf(r->arena, "%s%s%s", all, between, word);
        }
        if (all == NULL)
                r->failed = r->failed == ERR_OK ? ERR_NO_MEMORY : r->failed;
        if (all == NULL || all[0] == '\0')
                return swedish(r) ? "ingen" : "nobody";
        return all;
}

const char *disclosure_answers(const struct report *r, enum answers a)
{
        static const char *const words[ANSWERS_COUNT][2] = {
                [ANSWERS_LATTICE] = {"svar ur planerade tabeller; andra frågor bara där varje rad "
                                     "har nog många invånare",
                        "answers from planned tables; other questions only where every row has "
                        "inhabitants enough"},
                [ANSWERS_LEDGER] = {"svar ur planerade tabeller där de räcker, annars med minne av "
                                    "allt som besvarats",
                        "answers from planned tables where they suffice, else with a memory of "
                        "all that was answered"},
                [ANSWERS_ALONE] = {"varje svar för sig, utan minne av andra",
                        "each answer by itself, without a memory of others"},
        };

        return words[(unsigned)a < ANSWERS_COUNT ? a : ANSWERS_LATTICE][r->lang];
}

static void tell_contributors(const struct disclosure_telling *t)
{
        const struct disclosure_rules *x = t->rules;

        if (x->contributors != 0)
                TELL(t, CONTRIBUTORS, "den som vet vad som är dess eget räknas med: %s",
                        "who knows what is its own is heeded: %s",
                        disclosure_contributors(t->out, x));
        if (x->remainder > 0)
                TELL(t, REMAINDER,
                        "minst %u personer ska vara kvar när en kommun eller utförare räknar bort "
                        "sina egna",
                        "at least %u persons must be left when one municipality or provider takes "
                        "its own away",
                        x->remainder);
        if (x->part_max > 0)
                TELL(t, PART_MAX, "ingen kommun eller utförare får stå för mer än %u %% av en cell",
                        "no municipality or provider may be more than %u %% of a cell",
                        x->part_max);
        if (x->dominance_n > 0)
                TELL(t, DOMINANCE, "de %u största får stå för högst %u %% av en summa",
                        "the %u largest may make up at most %u %% of a sum", x->dominance_n,
                        x->dominance_k);
        if (x->p_percent > 0)
                TELL(t, P, "ingen ska kunna räkna ut den störstas del av en summa på %u %% när",
                        "nobody may work out the largest part of a sum to within %u %%",
                        x->p_percent);
        if (x->pq_p > 0)
                TELL(t, PQ,
                        "ingen ska kunna räkna ut den störstas del av en summa på %u %% när, om "
                        "alla delar är kända på %u %% när",
                        "nobody may work out the largest part of a sum to within %u %%, where all "
                        "parts are known to within %u %%",
                        x->pq_p, x->pq_q);
}

static void tell_pattern(const struct disclosure_telling *t)
{
        const struct disclosure_rules *x = t->rules;

        if (x->secondary)
                TELL(t, SECONDARY, "fler celler skyddas, så att ingen skyddad går att räkna ut",
                        "further cells are protected, so that no protected one can be worked out");
        else
                TELL(t, SECONDARY, "ingen cell skyddas för en annans skull",
                        "no cell is protected for the sake of another");
        if (x->interval > 0)
                TELL(t, INTERVAL,
                        "inget skyddat antal ska gå att ringa in på mindre än %u personer när",
                        "no protected count may be narrowed to within fewer than %u persons",
                        x->interval);
        if (x->reasons_public)
                TELL(t, REASONS, "skyddade celler säger om det är för sin egen skull",
                        "protected cells tell whether it is for their own sake");
        if (x->membership_sensitive)
                TELL(t, MEMBERSHIP,
                        "att finnas i datamängden är känsligt: rader bedöms efter invånare",
                        "being in the data set is sensitive: rows are judged by inhabitants");
}

static void tell_noise(const struct disclosure_telling *t)
{
        const struct disclosure_rules *x = t->rules;

        if (x->perturbation == PERTURB_CELLKEY)
                TELL(t, CELLKEY,
                        "brus på varje antal: varians %u,%03u, högst %u, och inget antal från 1 "
                        "till %u; delar summerar inte",
                        "noise on every count: variance %u.%03u, at most %u, and no count from 1 "
                        "to %u; parts do not add up",
                        x->variance_permille / 1000, x->variance_permille % 1000, x->deviation,
                        x->smallest > 0 ? x->smallest - 1 : 0);
        if (x->perturbation == PERTURB_ROUNDING)
                TELL(t, ROUNDING, "alla antal är jämnt delbara med %u",
                        "every count is a multiple of %u", x->base);
}

void disclosure_tell(const struct disclosure_telling *t)
{
        const struct disclosure_rules *x = t->rules;

        if (x->preset.len > 0)
                TELL(t, PRESET, "förval: %s", "preset: %s", report_text(t->out, x->preset));
        if (x->homogeneous > 0)
                TELL(t, HOMOGENEOUS,
                        "minst %u personer i en rad ska vara utanför cellen: annars vet man något "
                        "om alla",
                        "at least %u persons of a row must be outside the cell: else something is "
                        "known of all",
                        x->homogeneous);
        tell_contributors(t);
        tell_pattern(t);
        TELL(t, ANSWERS, "%s", "%s", disclosure_answers(t->out, x->answers));
        tell_noise(t);
        if (x->questions_per_day > 0)
                TELL(t, QUESTIONS_PER_DAY,
                        "högst %u frågor per dygn utanför de planerade tabellerna",
                        "at most %u questions a day outside the planned tables",
                        x->questions_per_day);
}

/* Planned tables -------------------------------------------------------------- */

const char *lattice_table_text(
        struct report *r, const struct policy_dataset *d, const struct lattice_table *t)
{
        const char *all = "";

        for (uint32_t i = 0; i < t->axes_len && all != NULL; i++) {
                const struct variable *v = &d->variables[t->axes[i].variable];
                const char *level = t->axes[i].level != variable_finest(v)
                                            ? report_level(r, v, t->axes[i].level)
                                            : "";

                all = arena_printf(r->arena, "%s%s%.*s%s%s", all, i > 0 ? ", " : "", (int)v->id.len,
                        (const char *)v->id.data, level[0] != '\0' ? ":" : "", level);
        }
        if (all == NULL)
                r->failed = r->failed == ERR_OK ? ERR_NO_MEMORY : r->failed;
        return all == NULL ? "" : all;
}

void lattice_tell(struct report *r, enum report_mark mark, const struct policy_dataset *d)
{
        const struct lattice *x = &d->lattice;

        for (uint32_t i = 0; i < x->tables_len; i++)
                report_add(r, mark, x->at, "planerad tabell: %s", "planned table: %s",
                        lattice_table_text(r, d, &x->tables[i]));
        for (uint32_t i = 0; i < x->measures_len; i++)
                report_add(r, mark, x->at, "med %s av %s", "with the %s of %s",
                        measure_kind_name(x->measures[i].kind),
                        report_text(r, x->measures[i].variable));
        if (x->tables_len > 0)
                report_add(r, mark, x->at,
                        x->by_year ? "för varje år och för alla år; högst %u celler på tio år"
                                   : "för alla år tillsammans; högst %u celler",
                        x->by_year ? "for every year and for all years; at most %u cells in ten "
                                     "years"
                                   : "for all years together; at most %u cells",
                        x->cells);
}
