/* SPDX-License-Identifier: Apache-2.0 */
/* succession.c: which bundle may follow which, and on whose word.
 *
 * A bundle names the officers who sign its successor. The bundle that is to rule
 * is therefore never asked who may sign it: the running one is. Else whoever can
 * write a bundle could name himself in it. The first bundle has nobody before it
 * and stands on the signers that were pinned when the keys were made.
 *
 * The keeper and the gateway ask these functions separately, each with what it
 * remembers itself: the keeper with its sealed state, the gateway with the bundle
 * that is in force. */
#include <string.h>

#include "crypto/digest.h"
#include "policies/rules/rules.h"
#include "policies/rules/signatures.h"

struct authority rules_authority(
        const struct rules *r, uint8_t keys[RULES_OFFICERS_MAX * OFFICER_KEY_LEN])
{
        for (uint32_t i = 0; i < r->officers_len; i++)
                memcpy(keys + (size_t)i * OFFICER_KEY_LEN, r->officers[i].key, OFFICER_KEY_LEN);
        return (struct authority){keys, r->officers_len, r->signers_required};
}

enum err signed_bundle_check(
        const struct signed_bundle *b, const struct authority *who, struct refusal *why)
{
        uint32_t valid = 0;

        if (signatures_count(b->signatures, b->signatures_len, BUNDLE_LABEL, b->canonical, who,
                    &valid) != ERR_OK)
                return refuse(why, ERR_POLICY_SIGNATURE, "bundle.sgb",
                        "the signature of an officer does not belong to this bundle");
        if (who->required == 0 || valid < who->required)
                return refuse(why, ERR_POLICY_SIGNATURE, "bundle.sgb",
                        "signed by %u of the officers who may, and %u must", valid, who->required);
        return ERR_OK;
}

enum err rules_succeed(const struct rules *next, const struct digest *digest,
        const struct predecessor *before, bool *out_is_new, struct refusal *why)
{
        if (next->version == before->version && digest_equal(digest, &before->digest)) {
                *out_is_new = false;
                return ERR_OK;
        }
        if (before->version > 0 && next->version <= before->version)
                return refuse(why, ERR_POLICY_SUCCESSION, "bundle.yaml",
                        next->version == before->version
                                ? "another bundle of this version is running"
                                : "a newer version is running");
        if (before->version > 0 && next->version != before->version + 1)
                return refuse(why, ERR_POLICY_SUCCESSION, "bundle.yaml",
                        "the version does not follow the running one");
        if (before->version > 0 && !digest_equal(&next->predecessor, &before->digest))
                return refuse(why, ERR_POLICY_SUCCESSION, "bundle.yaml",
                        "`predecessor` is not the digest of the running bundle");
        if (before->names_officers && next->officers_len == 0)
                return refuse(why, ERR_POLICY_SUCCESSION, "bundle.yaml",
                        "the running bundle names officers, and its successor must");
        *out_is_new = true;
        return ERR_OK;
}
