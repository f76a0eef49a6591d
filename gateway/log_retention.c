/* SPDX-License-Identifier: Apache-2.0 */
/* log_retention.c: what the audit log says goes when its time is over; that it was said, stays.
 *
 * The bundle's `log_retention` says after how many years. Once a day, what entries of an earlier
 * day say is overwritten (gateway/store/log_prune.c): who, what, which question. Number, moment,
 * kind and commitment stay, and the tree with them, so every head that was ever signed still holds.
 *
 * An entry tells of it first. The other way round a crash between the two would leave entries
 * without words and nobody who says why, which is what somebody does who wipes them out; the
 * check of a whole log calls that a fault (gateway/audit/verify.h). Told twice is harmless. */
#include "base/clock.h"
#include "base/log.h"
#include "gateway/gateway.h"
#include "gateway/note.h"
#include "gateway/store/log.h"

enum { DAY_MS = 86400000 };

/* What explains the rest is kept: under which bundle, from which backup, why words are gone. */
static const enum entry_kind kept[] = {
        ENTRY_BUNDLE_LOADED, ENTRY_BUNDLE_REFUSED, ENTRY_RESTORED, ENTRY_PRUNED};

static uint64_t prunable(void)
{
        uint64_t kinds = (UINT64_C(1) << ENTRY_KIND_END) - 2; /* bit 0 is no kind */

        for (unsigned i = 0; i < ARRAY_LEN(kept); i++)
                kinds &= ~(UINT64_C(1) << kept[i]);
        return kinds;
}

static enum err tell_pruning(struct gateway *g, const struct policy *policy, int32_t before_day,
        uint64_t before, uint64_t many)
{
        OWNED(note_done) struct note n;
        char day[11];
        uint64_t number;

        days_format(before_day, day);
        note_begin(&n, ENTRY_PRUNED);
        note_policy(&n, policy);
        entry_put_number(&n.w, FIELD_SEQUENCE, (int64_t)before);
        for (unsigned kind = 1; kind < ENTRY_KIND_END; kind++)
                if ((prunable() >> kind & 1) == 1)
                        entry_put_words(&n.w, FIELD_WORD, entry_kind_word((enum entry_kind)kind));
        entry_put_number(&n.w, FIELD_NUMBER, (int64_t)many);
        entry_put_printed(&n.w, FIELD_DETAIL, "what was said before %s", day);
        return note_write(g->audit, &n, &number);
}

static enum err prune_log(struct gateway *g, const struct policy *policy, uint64_t *out_pruned)
{
        int32_t today = (int32_t)(clock_now_ms() / DAY_MS);
        int32_t day = gateway_years_before(today, policy_log_years(policy));
        uint64_t before, many;

        TRY(store_entry_since(g->store, (int64_t)day * DAY_MS, &before));
        TRY(store_entries_to_prune(g->store, before, prunable(), &many));
        if (many == 0)
                return ERR_OK;
        TRY(tell_pruning(g, policy, day, before, many));
        return store_entries_prune(g->store, before, prunable(), out_pruned);
}

void gateway_retain_log(struct gateway *g)
{
        OWNED(policy_unref) struct policy *policy = reign_policy(g->reign);
        uint64_t pruned = 0;

        if (policy_log_years(policy) == 0)
                return;
        enum err e = prune_log(g, policy, &pruned);

        if (e != ERR_OK)
                log_event(LOG_ERROR, "log_retention_failed", LOG_TEXT("code", err_name(e)));
        else if (pruned > 0)
                log_event(LOG_INFO, "log_pruned", LOG_NUM("entries", (int64_t)pruned));
}
