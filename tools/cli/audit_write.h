/* SPDX-License-Identifier: Apache-2.0 */
/* audit_write.h: the intervals of protected cells, for people and for programs. */
#ifndef STATGATE_TOOLS_CLI_AUDIT_WRITE_H
#define STATGATE_TOOLS_CLI_AUDIT_WRITE_H

#include "gateway/disclosure/audit.h"
#include "tools/cli/protect_table.h"

enum audit_format { AUDIT_AS_TABLE = 0, AUDIT_AS_CSV, AUDIT_AS_JSON };

/* What each attacker found; all speak of the same cells in the same order. */
struct audited {
        const struct shape *shape;
        const char *const *names;
        uint32_t dimensions_len, decimals;
        uint64_t width; /* below which a cell was counted as narrow */
        bool attacked[AUDIT_ATTACKERS];
        struct audit_verdict verdict[AUDIT_ATTACKERS];
};

/* Whether anything was learnt of any protected cell; so too where none is protected. */
bool audit_reached(const struct audited *a);

/* csv: codes, for each attacker `real.low` and `real.high`, empty where there is no bound or
 * the cell is not in the sample, and `status`: exact, open or not_audited. */
MUST_CHECK enum err audit_write(
        const struct cli *cli, FILE *to, const struct audited *a, enum audit_format format);

/* `, "sampled": {…}` of a verdict: what was drawn in components too large to be solved; the share
 * is the 95 % bound of the narrow ones in per cent. null: nothing was. */
void audit_sampled_json(FILE *to, const struct audit_verdict *v);

#endif
