/* SPDX-License-Identifier: Apache-2.0 */
/* settle.c: the older key of persons ends, and with it what it alone could tell.
 *
 * Vintages that hold what only the older key names are closed: nobody could link them any more.
 * What they have told of whom cannot be counted again either, so no later answer can be held
 * against it. That is said by whoever settles, and written in the log; else such vintages stand in
 * the way. What a retired vintage has told without anybody giving it up is held against
 * every unplanned question of its data sets: they are refused (remembering.c). */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "gateway/gateway.h"
#include "gateway/keeper/aliases.h"
#include "gateway/keeper/care.h"
#include "gateway/note.h"

enum { VINTAGES_MAX = 256, LISTED_MAX = 5, LIST_LEN = 12 * (LISTED_MAX + 1) };

/* Who settles, and whether what was told is given up. */
struct settling {
        struct gateway *gateway;
        const struct principal *who;
        bool forget;
        struct arena *arena;
        uint32_t numbers[2 * VINTAGES_MAX]; /* of vintages that retire, each once */
        uint32_t len;
};

/* Who owes ----------------------------------------------------------------------- */

static enum err refuse_owing(const struct stored_owing *owing, uint32_t len, struct refusal *why)
{
        char first[NAME_MAX_LEN + 8];

        (void)snprintf(first, sizeof(first), "%s/%04u", owing[0].dataset, owing[0].municipality);
        return refuse(why, ERR_ROTATING, "kind",
                "%u domains owe a delivery that replaces their older ones, the first of them %s: "
                "statgate keys status --domains",
                len, first);
}

static enum err refuse_owing_aliases(
        const struct alias_told *told, uint32_t len, struct refusal *why)
{
        municipality_t first = 0;
        uint64_t events = 0;

        for (uint32_t i = 0; i < len; i++) {
                first = first == 0 && told[i].owing > 0 ? told[i].municipality : first;
                events += told[i].owing;
        }
        if (events == 0)
                return ERR_OK;
        return refuse(why, ERR_ROTATING, "kind",
                "%llu numbers that became others are known to the older key alone; municipality "
                "%04u, the first of those that said so, has to tell them again or to undo them: "
                "statgate aliases list",
                (unsigned long long)events, first);
}

/* Which vintages retire ----------------------------------------------------------- */

static void gather(struct settling *s, uint32_t number)
{
        for (uint32_t i = 0; i < s->len; i++)
                if (s->numbers[i] == number)
                        return;
        s->numbers[s->len++] = number;
}

static uint32_t newest_of(const struct stored_vintage *all, uint32_t len)
{
        uint32_t newest = 0;

        for (uint32_t i = 0; i < len; i++)
                newest = all[i].open && all[i].vintage.number > newest ? all[i].vintage.number
                                                                       : newest;
        return newest;
}

/* Vintages that link by what was said before it was told again, or undone since, would link
 * otherwise under the newer key alone. */
static enum err gather_unsettled(struct settling *s, uint32_t settled, struct refusal *why)
{
        struct stored_vintage *all = NULL;
        uint32_t len = 0;

        TRY(store_vintages(s->gateway->store, s->arena, &all, &len));
        for (uint32_t i = 0; i < len; i++) {
                if (!all[i].open || all[i].aliases >= settled)
                        continue;
                if (all[i].vintage.number == newest_of(all, len))
                        return refuse(why, ERR_ROTATING, "kind",
                                "the newest vintage links by numbers that were told again since: "
                                "publish one more");
                if (s->len == VINTAGES_MAX)
                        return ERR_LIMIT;
                gather(s, all[i].vintage.number);
        }
        return ERR_OK;
}

/* Vintages that hold what was replaced meanwhile. The newest must not be among them. */
static enum err gather_older(struct settling *s, uint32_t epoch, struct refusal *why)
{
        uint32_t numbers[VINTAGES_MAX], len = 0;
        struct stored_vintage latest;
        enum err e = store_vintage_find(s->gateway->store, (struct vintage){0}, &latest);

        if (e != ERR_OK && e != ERR_NO_VINTAGE)
                return e;
        TRY(store_vintages_owing(s->gateway->store, epoch, numbers, VINTAGES_MAX, &len));
        if (len > 0 && numbers[len - 1] == latest.vintage.number)
                return refuse(why, ERR_ROTATING, "kind",
                        "the newest vintage holds deliveries that were replaced: publish one more");
        for (uint32_t i = 0; i < len; i++)
                gather(s, numbers[i]);
        return ERR_OK;
}

/* What they have told --------------------------------------------------------------- */

/* "1, 2, 5"; of many the first. */
static void list_number(char *list, uint32_t *listed, uint32_t number)
{
        size_t at = strlen(list);

        if (*listed < LISTED_MAX)
                (void)snprintf(list + at, LIST_LEN - at, "%s%u", *listed > 0 ? ", " : "", number);
        else if (*listed == LISTED_MAX)
                (void)snprintf(list + at, LIST_LEN - at, " ...");
        ++*listed;
}

static bool is_nothing(const struct stored_told *told)
{
        return told->questions == 0 && told->tables == 0;
}

static enum err refuse_told(struct settling *s, struct refusal *why)
{
        struct stored_told sum = {0};
        char list[LIST_LEN] = "";
        uint32_t listed = 0;

        if (s->forget)
                return ERR_OK;
        for (uint32_t i = 0; i < s->len; i++) {
                struct stored_told told;

                TRY(store_told(s->gateway->store, s->numbers[i], &told));
                if (is_nothing(&told))
                        continue;
                sum.questions += told.questions;
                sum.tables += told.tables;
                list_number(list, &listed, s->numbers[i]);
        }
        if (listed == 0)
                return ERR_OK;
        (void)refuse(why, ERR_ROTATING, "forget_answers",
                "these vintages would retire: %s; with them %llu remembered questions and %llu "
                "planned tables, which no later answer could be held against",
                list, (unsigned long long)sum.questions, (unsigned long long)sum.tables);
        return refuse(why, ERR_ROTATING, "forget_answers",
                "to give them up: statgate keys rotate settle --forget-answers");
}

/* Retiring -------------------------------------------------------------------------- */

static enum err retire(struct settling *s, uint32_t number, enum retirement how, const char *words)
{
        OWNED(note_done) struct note n;

        note_begin(&n, ENTRY_VINTAGE_REVISED);
        entry_put_words(&n.w, FIELD_WORD, words);
        entry_put_vintage(&n.w, (struct vintage){.number = number});
        entry_put_principal(&n.w, s->who);
        TRY(note_end(&n));
        TRY(store_retire(s->gateway->store, number, how, &n.draft));
        log_event(LOG_WARNING, "vintage_retired", LOG_NUM("vintage", number),
                LOG_TEXT("answers", how == RETIRE_GIVEN_UP ? "given up" : "none"));
        return ERR_OK;
}

static enum err retire_one(struct settling *s, uint32_t number)
{
        struct stored_told told;

        TRY(store_told(s->gateway->store, number, &told));
        if (s->forget && !is_nothing(&told))
                return retire(s, number, RETIRE_GIVEN_UP, "retired, answers given up");
        return retire(s, number, RETIRE_UNTOLD, "retired");
}

/* One may have been asked about just now; that is seen when it retires. */
static enum err retire_all(struct settling *s, struct refusal *why)
{
        for (uint32_t i = 0; i < s->len; i++) {
                enum err e = retire_one(s, s->numbers[i]);

                if (e == ERR_CONFLICT) {
                        TRY(refuse_told(s, why));
                        e = retire_one(s, s->numbers[i]);
                }
                TRY(e);
        }
        return ERR_OK;
}

static bool has_open(const struct stored_vintage *all, uint32_t len, uint32_t number)
{
        for (uint32_t i = 0; i < len; i++)
                if (all[i].open && all[i].vintage.number == number)
                        return true;
        return false;
}

/* Vintages that retired without it. */
static enum err give_up_retired(struct settling *s, uint32_t *out)
{
        struct stored_vintage *all = NULL;
        uint32_t len = 0, n = 0;

        TRY(store_vintages(s->gateway->store, s->arena, &all, &len));
        for (uint32_t i = 0; i < len; i++) {
                uint32_t number = all[i].vintage.number;
                struct stored_told told;

                if (all[i].vintage.revision > 0 || all[i].given_up || has_open(all, len, number))
                        continue;
                TRY(store_told(s->gateway->store, number, &told));
                if (is_nothing(&told))
                        continue;
                TRY(retire(s, number, RETIRE_GIVEN_UP, "answers given up"));
                n++;
        }
        *out = n;
        return ERR_OK;
}

/* Settling -------------------------------------------------------------------------- */

static enum err settle(struct settling *s, uint32_t epoch, struct refusal *why)
{
        struct gateway *g = s->gateway;
        struct stored_owing *owing = NULL;
        struct alias_told *told = NULL;
        uint32_t len = 0, told_len = 0, settled;

        TRY(store_owing(g->store, epoch, s->arena, &owing, &len));
        if (len > 0)
                return refuse_owing(owing, len, why);
        TRY(keeper_aliases(g->keeper, 0, s->arena, &told, &told_len, &settled));
        TRY(refuse_owing_aliases(told, told_len, why));
        TRY(gather_unsettled(s, settled, why));
        TRY(gather_older(s, epoch, why));
        TRY(refuse_told(s, why));
        TRY(retire_all(s, why));
        TRY(keeper_settle_persons(g->keeper));
        views_name_anew(g->views);
        return ERR_OK;
}

enum err gateway_settle_persons(struct gateway *g, const struct principal *who, uint32_t epoch,
        bool forget, struct arena *a, uint32_t *out_ended, struct refusal *why)
{
        struct settling *s = arena_alloc(a, 1, sizeof(*s));
        uint32_t given_up = 0;

        if (s == NULL)
                return ERR_NO_MEMORY;
        *s = (struct settling){.gateway = g, .who = who, .forget = forget, .arena = a};
        if (epoch != 0)
                TRY(settle(s, epoch, why));
        if (forget)
                TRY(give_up_retired(s, &given_up));
        if (epoch == 0 && given_up == 0)
                return refuse(why, ERR_NOT_FOUND, "kind",
                        "there is one key of persons: nothing to settle");
        *out_ended = epoch != 0 ? 1 : 0;
        return ERR_OK;
}
