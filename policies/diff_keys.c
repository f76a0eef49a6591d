/* SPDX-License-Identifier: Apache-2.0 */
/* diff_keys.c: what another bundle would change in what municipalities sign with, and in how
 * many persons they may deliver.
 *
 * A new key can put records into the register in a municipality's name, so it counts as
 * weaker, as a longer time does; a key that goes or ends sooner, as stronger. */
#include <string.h>

#include "policies/diff.h"

static const struct rules_submission_key *key_find(
        const struct rules *r, const struct rules_submission_key *like)
{
        for (uint32_t i = 0; i < r->submission_keys_len; i++)
                if (r->submission_keys[i].municipality == like->municipality &&
                        memcmp(r->submission_keys[i].key, like->key, sizeof like->key) == 0)
                        return &r->submission_keys[i];
        return NULL;
}

static void diff_days(const struct comparison *c, const struct rules_submission_key *a,
        const struct rules_submission_key *b, struct rule_place at)
{
        bool longer = b->from_days < a->from_days || b->until_days > a->until_days;

        if (a->from_days != b->from_days || a->until_days != b->until_days)
                report_add(c->out, diff_weigh(longer), at,
                        "%04u: nyckel %s gäller nu från %s till och med %s",
                        "%04u: the key %s is now good from %s until %s", b->municipality,
                        report_key(c->out, b->key), report_date(c->out, b->from_days),
                        report_date(c->out, b->until_days));
}

void diff_submission_keys(const struct comparison *c)
{
        const struct rules *a = &c->before->rules, *b = &c->next->rules;

        for (uint32_t i = 0; i < b->submission_keys_len; i++) {
                const struct rules_submission_key *is = &b->submission_keys[i];
                const struct rules_submission_key *was = key_find(a, is);

                if (was != NULL)
                        diff_days(c, was, is, c->next->submission_keys_at[i]);
                else
                        report_add(c->out, REPORT_WEAKER, c->next->submission_keys_at[i],
                                "%04u: leveranser får signeras med en ny nyckel, %s, från %s till "
                                "och med %s",
                                "%04u: deliveries may be signed with a new key, %s, from %s until "
                                "%s",
                                is->municipality, report_key(c->out, is->key),
                                report_date(c->out, is->from_days),
                                report_date(c->out, is->until_days));
        }
        for (uint32_t i = 0; i < a->submission_keys_len; i++)
                if (key_find(b, &a->submission_keys[i]) == NULL)
                        report_add(c->out, REPORT_STRONGER, c->next->head_at,
                                "%04u: nyckel %s gäller inte längre",
                                "%04u: the key %s is no longer good",
                                a->submission_keys[i].municipality,
                                report_key(c->out, a->submission_keys[i].key));
}

static bool quota_of(const struct rules *r, municipality_t m, uint32_t *out)
{
        for (uint32_t i = 0; i < r->municipalities_len; i++) {
                if (r->municipalities[i] != m)
                        continue;
                *out = r->person_quotas[i];
                return true;
        }
        return false;
}

/* Together: one number in the bundle moves them all. */
void diff_person_quotas(const struct comparison *c)
{
        const struct rules *a = &c->before->rules, *b = &c->next->rules;
        uint32_t more = 0, fewer = 0;

        for (uint32_t i = 0; i < b->municipalities_len; i++) {
                uint32_t was = 0, is = b->person_quotas[i];

                if (!quota_of(a, b->municipalities[i], &was) || was == is)
                        continue;
                if (is == 0 || (was != 0 && is > was))
                        more++;
                else
                        fewer++;
        }
        if (more > 0)
                report_add(c->out, REPORT_WEAKER, c->next->person_quota_at,
                        "%u kommuner får leverera fler personer",
                        "%u municipalities may deliver "
                        "more persons",
                        more);
        if (fewer > 0)
                report_add(c->out, REPORT_STRONGER, c->next->person_quota_at,
                        "%u kommuner får leverera färre personer",
                        "%u municipalities may deliver fewer persons", fewer);
}

void diff_erasure_quota(const struct comparison *c)
{
        uint32_t was = c->before->rules.erasures_per_day, is = c->next->rules.erasures_per_day;
        bool more = was != 0 && (is == 0 || is > was);

        if (was != is)
                report_add(c->out, more ? REPORT_WEAKER : REPORT_STRONGER,
                        c->next->erasure_quota_at,
                        "en kommun får radera %u personer och poster om dygnet; förut %u",
                        "a municipality may have %u persons and records erased in a day; before: "
                        "%u",
                        is, was);
}
