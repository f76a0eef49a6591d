/* SPDX-License-Identifier: Apache-2.0 */
/* init_pki.c: certificates for trying out. The private key of the authority is
 * written too, since more certificates may be wanted later; SECURITY.md says why
 * production does it otherwise. */
#include "tools/cli/init_pki.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "crypto/cert.h"
#include "crypto/secret.h"
#include "tools/cli/files.h"

enum { ARENA_CEILING = 16 << 20, CA_DAYS = 3650, LEAF_DAYS = 730, PATH_LEN = 4096, URI_LEN = 192 };

struct making {
        const struct pki_wish *wish;
        struct arena *arena; /* wiped: private keys stood here */
        struct cert_pair ca;
        const char **at;
};

static enum err write_file(struct making *m, const char *folder, const char *name,
        const char *ending, struct bytes text)
{
        char path[PATH_LEN];
        int len = snprintf(path, sizeof path, "%s/%s/%s%s", m->wish->folder, folder, name, ending);

        if (len < 0 || (size_t)len >= sizeof path)
                return ERR_TOO_LARGE;
        *m->at = ending;
        return file_create(path, text, 0600);
}

static enum err write_pair(
        struct making *m, const char *folder, const char *name, const struct cert_pair *pair)
{
        TRY(write_file(m, folder, name, ".pem", pair->cert_pem));
        return write_file(m, folder, name, ".key", pair->key_pem);
}

static enum err make_client(struct making *m, const char *role, const char *name)
{
        struct cert_pair pair;
        char uri[URI_LEN];
        int len = snprintf(uri, sizeof uri, "statgate://%s/%s/%s", m->wish->trust, role, name);

        if (len < 0 || (size_t)len >= sizeof uri)
                return ERR_TOO_LARGE;
        TRY(cert_make_leaf(m->arena, &m->ca, name, NULL, uri, LEAF_DAYS, &pair));
        return write_pair(m, "client", name, &pair);
}

static enum err make_clients(struct making *m)
{
        static const enum role roles[] = {ROLE_STATISTICIAN, ROLE_DPO, ROLE_OPERATOR};

        for (size_t i = 0; i < ARRAY_LEN(roles); i++)
                TRY(make_client(m, role_name(roles[i]), role_name(roles[i])));
        for (uint32_t i = 0; i < m->wish->municipalities_len; i++) {
                char code[5];

                municipality_format(m->wish->municipalities[i], code);
                TRY(make_client(m, role_name(ROLE_MUNICIPALITY), code));
        }
        return ERR_OK;
}

static enum err make_pki(struct making *m)
{
        static const char revoked[] = "# One certificate a line: SHA-256 of its DER form, in hex. "
                                      "Read again on SIGHUP.\n";
        struct cert_pair server;

        TRY(cert_make_ca(m->arena, "statgate development CA", CA_DAYS, &m->ca));
        TRY(write_pair(m, "pki", "ca", &m->ca));
        TRY(cert_make_leaf(m->arena, &m->ca, "statgated", m->wish->host, NULL, LEAF_DAYS, &server));
        TRY(write_pair(m, "pki", "server", &server));
        TRY(write_file(m, "pki", "revoked", ".txt", bytes_of_text(revoked)));
        return make_clients(m);
}

enum err pki_create(const struct pki_wish *wish, const char **at)
{
        OWNED(arena_free) struct arena *arena = arena_new(ARENA_CEILING);
        struct making m = {.wish = wish, .arena = arena, .at = at};
        enum err rc;

        if (arena == NULL)
                return ERR_NO_MEMORY;
        rc = make_pki(&m);
        arena_wipe(arena);
        return rc;
}
