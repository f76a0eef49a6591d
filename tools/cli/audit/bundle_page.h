/* SPDX-License-Identifier: Apache-2.0 */
/* bundle_page.h: what a bundle means, as the pages that the law asks for. */
#ifndef STATGATE_TOOLS_CLI_AUDIT_BUNDLE_PAGE_H
#define STATGATE_TOOLS_CLI_AUDIT_BUNDLE_PAGE_H

#include "policies/policy.h"
#include "tools/cli/cli.h"

/* Record of processing activities (GDPR article 30). */
MUST_CHECK enum err art30_page(const struct cli *cli, FILE *to, const struct policy *p);
/* Annex to a data protection impact assessment (article 35): flows, safeguards, adversaries,
 * and what attacks were measured to get. */
MUST_CHECK enum err dpia_page(const struct cli *cli, FILE *to, const struct policy *p);

#endif
