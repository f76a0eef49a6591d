/* SPDX-License-Identifier: Apache-2.0 */
/* report_page.h: a period of the audit log as a page. */
#ifndef STATGATE_TOOLS_CLI_AUDIT_REPORT_PAGE_H
#define STATGATE_TOOLS_CLI_AUDIT_REPORT_PAGE_H

#include "tools/cli/audit/account.h"

/* What stands beside the log itself. */
struct report_beside {
        int64_t from_ms, until_ms, made_ms;
        struct wire_keys keys;
        struct wire_removals removals; /* of the period */
        struct wire_heads heads;
};

MUST_CHECK enum err report_page(
        const struct cli *cli, FILE *to, struct account *a, const struct report_beside *beside);

#endif
