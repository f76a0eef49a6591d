/* SPDX-License-Identifier: Apache-2.0 */
/* retention.c: records go when their time is over (gallring).
 *
 * Each data set says how many years its records are kept after the end of the period they
 * are about. Once a day the gateway looks for submissions that are older, whether or not
 * they were replaced since, and takes them away: from the store, from every vintage that
 * held them (as a revision without them) and from views in memory. That it happened is on
 * record with the digest of what went (store_removals); there is nobody to ask for it, and nobody
 * who could forget. A failure is logged and tried again. */
#include "base/clock.h"
#include "base/log.h"
#include "gateway/gateway.h"
#include "gateway/note.h"

enum { DAY_MS = 86400000 };

/* The same day some years earlier: a period is over its time when it ended before that. */
int32_t gateway_years_before(int32_t day, uint32_t years)
{
        struct civil date = civil_from_days(day);

        date.year -= (int32_t)years;
        if (!civil_exists(date))
                date.day = 28; /* the 29th of February */
        return days_from_civil(date);
}

static void retention_note(
        const struct policy *p, const char *dataset, int32_t ended_before, struct note *n)
{
        char day[11];

        days_format(ended_before, day);
        note_begin(n, ENTRY_RETENTION);
        note_policy(n, p);
        entry_put_words(&n->w, FIELD_WORD, "retention");
        entry_put_printed(&n->w, FIELD_DATASET, "%s", dataset);
        entry_put_printed(&n->w, FIELD_DETAIL, "of periods that ended before %s", day);
}

static void retain(struct gateway *g, const struct policy *policy,
        const struct policy_dataset *dataset, int64_t now_ms)
{
        char name[NAME_MAX_LEN + 1] = {0};
        struct removal_wish wish = {.reason = REMOVAL_RETENTION, .dataset = name};
        struct removal_sum gone = {0};
        struct vintage revised = {0};

        if (dataset->retention_years == 0)
                return;
        for (uint32_t i = 0; i < dataset->id.len; i++)
                name[i] = (char)dataset->id.data[i];
        wish.ended_before =
                gateway_years_before((int32_t)(now_ms / DAY_MS), dataset->retention_years);
        OWNED(note_done) struct note n;

        retention_note(policy, name, wish.ended_before, &n);
        enum err e = note_end(&n);

        if (e == ERR_OK)
                e = store_remove(g->store, &wish, now_ms, &n.draft, &gone, &revised);

        if (e != ERR_OK) {
                log_event(LOG_ERROR, "retention_failed", LOG_TEXT("dataset", name),
                        LOG_TEXT("code", err_name(e)));
                return;
        }
        if (gone.submissions == 0)
                return;
        log_event(LOG_INFO, "retention", LOG_TEXT("dataset", name),
                LOG_NUM("submissions", gone.submissions), LOG_NUM("records", gone.records));
        gateway_vintage_revised(g, revised);
}

void gateway_retain(struct gateway *g)
{
        OWNED(policy_unref) struct policy *policy = reign_policy(g->reign);
        uint32_t n = 0;
        const struct policy_dataset *datasets = policy_datasets(policy, &n);

        for (uint32_t i = 0; i < n; i++)
                retain(g, policy, &datasets[i], clock_now_ms());
}
