/* SPDX-License-Identifier: Apache-2.0 */
/* init_pki.h: a development certificate authority and everybody's certificates. */
#ifndef STATGATE_TOOLS_CLI_INIT_PKI_H
#define STATGATE_TOOLS_CLI_INIT_PKI_H

#include "base/err.h"
#include "base/terms.h"

struct pki_wish {
        const char *folder; /* with pki/ and client/ in it */
        const char *trust;  /* of statgate://TRUST/ROLE/NAME */
        const char *host;   /* or NULL */
        const municipality_t *municipalities;
        uint32_t municipalities_len;
};
/* *at says which file was being made when it fails. */
MUST_CHECK enum err pki_create(const struct pki_wish *wish, const char **at);

#endif
