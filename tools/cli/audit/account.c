/* SPDX-License-Identifier: Apache-2.0 */
/* account.c: adds entries up as they come. What is kept is sums and the few things that are told
 * one by one, so a year of questions takes no more room than a day of them. */
#include "tools/cli/audit/account.h"

#include <string.h>

#include "base/clock.h"
#include "tools/cli/audit/entry_text.h"

enum { DAY_MS = 86400000, DAY_TEXT = 11, PERMILLE = 1000 };

enum err account_new(
        const struct cli *cli, struct arena *arena, struct arena *scratch, struct account **out)
{
        struct account *a = arena_alloc(arena, 1, sizeof *a);

        if (a == NULL)
                return ERR_NO_MEMORY;
        a->arena = arena;
        a->words = *cli;
        a->words.arena = scratch;
        struct tally **all[] = {&a->kinds, &a->questions, &a->refusals, &a->statuses, &a->fired,
                &a->sources, &a->linkages, &a->deliveries, &a->removals, &a->readings, &a->budgets,
                &a->probing};

        for (size_t i = 0; i < ARRAY_LEN(all); i++)
                TRY(tally_new(arena, all[i]));
        *out = a;
        return ERR_OK;
}

static enum err add(struct tally *t, const char *one, const char *two, const char *three,
        unsigned count, uint64_t n)
{
        const char *parts[TALLY_PARTS] = {one, two, three, ""};

        return tally_add(t, parts, count, n);
}

static void note_event(const struct account *a, struct account_events *to,
        const struct wire_log_entry *e, const char *what)
{
        if (to->len == ACCOUNT_EVENTS_MAX) {
                to->more++;
                return;
        }
        const char *kept = arena_strndup(a->arena, what, strlen(what));

        to->list[to->len++] = (struct account_event){e->number, e->at_ms,
                entry_kind_word((enum entry_kind)e->kind), kept != NULL ? kept : ""};
}

/* Questions ---------------------------------------------------------------------- */

static struct page_day *day_of(struct account *a, int64_t at_ms)
{
        int32_t day = (int32_t)(at_ms / DAY_MS);

        if (a->days_len > 0 && a->days[a->days_len - 1].day == day)
                return &a->days[a->days_len - 1];
        if (a->days_len == ACCOUNT_DAYS_MAX)
                return NULL;
        a->days[a->days_len] = (struct page_day){.day = day};
        return &a->days[a->days_len++];
}

struct cells {
        struct account *account;
        uint64_t shown, hidden;
};

/* "free" left and "protected" stayed; what is missing or cannot exist is neither. */
static enum err take_count(void *ctx, const struct entry_value *v)
{
        struct cells *c = ctx;
        char name[NAME_MAX_LEN + 1] = {0};
        uint64_t n = v->number > 0 ? (uint64_t)v->number : 0;

        if (v->rule->type != ENTRY_COUNT)
                return ERR_OK;
        memcpy(name, v->text.data, v->text.len < NAME_MAX_LEN ? v->text.len : NAME_MAX_LEN);
        if (v->rule->field == FIELD_STATUS) {
                if (strcmp(name, "free") == 0)
                        c->shown += n;
                else if (strcmp(name, "protected") == 0)
                        c->hidden += n;
                return add(c->account->statuses, name, "", "", 0, n);
        }
        if (v->rule->field != FIELD_FIRED)
                return ERR_OK;
        TRY(add(c->account->fired, name, "", "", 0, n));
        return add(c->account->fired, name, "", "", 1, 1);
}

static enum err take_budget(struct account *a, const char *who, const struct wire_log_entry *e)
{
        int64_t used, most;

        if (!entry_number(e, FIELD_BUDGET_USED, &used) ||
                !entry_number(e, FIELD_BUDGET_MOST, &most) || most <= 0 || used < 0)
                return ERR_OK;
        const char *parts[TALLY_PARTS] = {who};

        return tally_raise(a->budgets, parts, 0, (uint64_t)used * PERMILLE / (uint64_t)most);
}

static enum err take_probing(struct account *a, const char *who, const char *dataset,
        const struct wire_log_entry *e, const char *outcome, const struct cells *c)
{
        char day[DAY_TEXT];

        days_format((int32_t)(e->at_ms / DAY_MS), day);
        if (strcmp(outcome, "TOO_FEW_PEOPLE") == 0)
                return add(a->probing, day, who, dataset, 0, 1);
        if (c->hidden > c->shown)
                return add(a->probing, day, who, dataset, 1, 1);
        return ERR_OK;
}

static enum err take_question(struct account *a, const struct wire_log_entry *e)
{
        bool answered = e->kind == ENTRY_ANSWERED;
        unsigned count = answered ? ASKED_ANSWERED : ASKED_REFUSED;
        const char *who = entry_words(&a->words, e, FIELD_PRINCIPAL);
        const char *purpose = entry_words(&a->words, e, FIELD_PURPOSE);
        const char *dataset = entry_words(&a->words, e, FIELD_DATASET);
        const char *linkage = entry_words(&a->words, e, FIELD_LINKAGE);
        const char *outcome = entry_words(&a->words, e, FIELD_OUTCOME);
        struct page_day *day = day_of(a, e->at_ms);
        struct cells cells = {.account = a};

        if (day != NULL) {
                day->lower += answered;
                day->upper += !answered;
        }
        TRY(entry_read(ENTRY_CLOSED, e->closed, take_count, &cells));
        TRY(add(a->questions, who, purpose, dataset, count, 1));
        if (linkage[0] != '\0')
                TRY(add(a->linkages, linkage, purpose, "", count, 1));
        if (answered)
                TRY(add(a->sources, entry_words(&a->words, e, FIELD_SOURCE), "", "", 0, 1));
        else
                TRY(add(a->refusals, outcome, entry_words(&a->words, e, FIELD_WHERE), "", 0, 1));
        TRY(take_budget(a, who, e));
        return take_probing(a, who, dataset, e, outcome, &cells);
}

/* Everything else --------------------------------------------------------------------- */

static enum err take_kind(struct account *a, const struct wire_log_entry *e)
{
        const char *kind = entry_kind_word((enum entry_kind)e->kind);
        const char *word = entry_words(&a->words, e, FIELD_WORD);

        switch ((enum entry_kind)e->kind) {
        case ENTRY_ANSWERED:
        case ENTRY_REFUSED:
                if (strcmp(word, "dry-run") == 0)
                        return ERR_OK; /* nothing was counted for it */
                if (strcmp(word, "withheld") == 0) {
                        note_event(a, &a->alarms, e, entry_about(&a->words, e));
                        return ERR_OK; /* of an answer that is counted already */
                }
                return take_question(a, e);
        case ENTRY_DELIVERY_COMMITTED:
        case ENTRY_DELIVERY_WITHDRAWN:
        case ENTRY_DELIVERY_EXPIRED:
                return add(a->deliveries, entry_words(&a->words, e, FIELD_DATASET), kind, "", 0, 1);
        case ENTRY_ERASURE:
        case ENTRY_RETENTION:
        case ENTRY_PRUNED:
                return add(a->removals, kind, word, "", 0, 1);
        case ENTRY_READING:
                return add(a->readings, entry_words(&a->words, e, FIELD_PRINCIPAL), word, "", 0, 1);
        case ENTRY_BUNDLE_LOADED:
        case ENTRY_BUNDLE_REFUSED:
        case ENTRY_LINKAGE_OPENED:
        case ENTRY_LINKAGE_CLOSED:
        case ENTRY_REHEARSED:
                note_event(a, &a->policies, e, entry_about(&a->words, e));
                return ERR_OK;
        case ENTRY_KEYS:
        case ENTRY_ALIASES:
                note_event(a, &a->keys, e, entry_about(&a->words, e));
                return ERR_OK;
        case ENTRY_ALARM:
        case ENTRY_RESTORED:
                note_event(a, &a->alarms, e, entry_about(&a->words, e));
                return ERR_OK;
        case ENTRY_START:
        case ENTRY_STOP:
        case ENTRY_CONFIGURATION:
        case ENTRY_DELIVERY_OPENED:
        case ENTRY_BATCH:
        case ENTRY_VINTAGE_PUBLISHED:
        case ENTRY_VINTAGE_REVISED:
        case ENTRY_VIEW_BUILT:
        case ENTRY_NONE:
        case ENTRY_KIND_END:
                return ERR_OK;
        }
        return ERR_OK; /* of a gateway that is newer than this program */
}

enum err account_take(struct account *a, const struct wire_log_entry *e)
{
        enum err rc;

        a->entries++;
        a->pruned += e->pruned;
        TRY(add(a->kinds, entry_kind_word((enum entry_kind)e->kind), "", "", 0, 1));
        if (e->pruned)
                return ERR_OK;
        arena_reset(a->words.arena);
        rc = take_kind(a, e);
        if (rc != ERR_MALFORMED)
                return rc;
        a->unreadable++;
        return ERR_OK;
}
