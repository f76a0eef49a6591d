/* SPDX-License-Identifier: Apache-2.0 */
/* keys_custodian.c: `statgate keys init --custodian FOLDER`.
 *
 * Like any data folder it is told apart by its statgate.yaml, so that officers' commands work in
 * it as they do at a gateway; what a gateway has besides (store, policy, clients) it has not.
 * Certificates are made where a host is named: an authority of the custodian's own, its
 * certificate, and one for the gateway to fetch. They are for trying out, as those of `statgate
 * init` are. */
#include "tools/cli/keys_custodian.h"

#include <string.h>

#include "crypto/cert.h"
#include "gateway/bridge/address.h"
#include "gateway/bridge/party.h"
#include "gateway/bridge/vault.h"
#include "tools/cli/files.h"

enum { CA_DAYS = 3650, LEAF_DAYS = 730, PKI_ARENA_MAX = 1 << 20 };

static const char *const folders[] = {"keys", "run", "log"};

static enum exit_code failed(const struct cli *cli, const char *what, enum err e)
{
        complain(cli, WORD_INIT_FAILED, what, err_sentence(e));
        return EXIT_CODE_INTERNAL;
}

/* What the bridge would refuse is refused before there is a key. */
static enum exit_code check(const struct cli *cli, const struct custodian_wish *w)
{
        struct address at;
        struct party who = {.kind = PARTY_NOBODY};

        if (w->listen == NULL || address_parse(w->listen, &at) != ERR_OK) {
                complain(cli, WORD_OPTION_VALUE, "listen");
                return EXIT_CODE_USAGE;
        }
        if (w->gateway == NULL || party_parse(w->gateway, &who) != ERR_OK ||
                (who.kind == PARTY_USER) == at.tls || (w->host != NULL && who.kind != PARTY_URI)) {
                complain(cli, WORD_OPTION_VALUE, "gateway");
                return EXIT_CODE_USAGE;
        }
        if (!folder_is_empty(w->folder)) {
                complain(cli, WORD_FOLDER_NOT_EMPTY, w->folder);
                return EXIT_CODE_USAGE;
        }
        return EXIT_CODE_OK;
}

static enum err write_settings(struct cli *cli, const struct custodian_wish *w)
{
        const char *path = path_join(cli->arena, w->folder, "statgate.yaml");
        const char *text = arena_printf(cli->arena,
                "%s\n"
                "listen: \"%s\"\n"
                "gateway: \"%s\"\n"
                "unseal: officers\n"
                "keyring: keys/keyring.sgk\n"
                "memory_lock: %s\n"
                "log: log/keeper.log\n"
                "log_level: info\n",
                cli_word(cli, WORD_CUSTODIAN_HEAD), w->listen, w->gateway,
                w->development ? "development" : "required");

        return path != NULL && text != NULL ? file_create(path, bytes_of_text(text), 0600)
                                            : ERR_NO_MEMORY;
}

static enum err write_in(
        struct arena *a, const struct custodian_wish *w, const char *name, struct bytes text)
{
        const char *path = path_join(a, w->folder, name);

        return path != NULL ? file_create(path, text, 0600) : ERR_NO_MEMORY;
}

static enum err make_pki(struct arena *a, const struct custodian_wish *w)
{
        struct cert_pair ca, ours, theirs;
        const char *pki = path_join(a, w->folder, "pki");
        const char *out = path_join(a, w->folder, "for-gateway");

        if (pki == NULL || out == NULL)
                return ERR_NO_MEMORY;
        TRY(folder_create(pki));
        TRY(folder_create(out));
        TRY(cert_make_ca(a, "statgate custodian CA", CA_DAYS, &ca));
        TRY(cert_make_leaf(a, &ca, "statgate-keeper", w->host, NULL, LEAF_DAYS, &ours));
        TRY(cert_make_leaf(a, &ca, "statgated", NULL, w->gateway, LEAF_DAYS, &theirs));
        TRY(write_in(a, w, "pki/ca.pem", ca.cert_pem));
        TRY(write_in(a, w, "pki/ca.key", ca.key_pem));
        TRY(write_in(a, w, "pki/keeper.pem", ours.cert_pem));
        TRY(write_in(a, w, "pki/keeper.key", ours.key_pem));
        TRY(write_in(a, w, "for-gateway/ca.pem", ca.cert_pem));
        TRY(write_in(a, w, "for-gateway/gateway.pem", theirs.cert_pem));
        return write_in(a, w, "for-gateway/gateway.key", theirs.key_pem);
}

/* Private keys stood in its arena. */
static enum err make_wiped_pki(const struct custodian_wish *w)
{
        OWNED(arena_free) struct arena *arena = arena_new(PKI_ARENA_MAX);
        enum err e = arena != NULL ? make_pki(arena, w) : ERR_NO_MEMORY;

        if (arena != NULL)
                arena_wipe(arena);
        return e;
}

enum exit_code custodian_folder(struct cli *cli, const struct custodian_wish *w)
{
        enum exit_code code = check(cli, w);
        enum err e = ERR_OK;

        if (code != EXIT_CODE_OK)
                return code;
        e = folder_create(w->folder);
        for (size_t i = 0; i < ARRAY_LEN(folders) && e == ERR_OK; i++) {
                const char *path = path_join(cli->arena, w->folder, folders[i]);

                e = path != NULL ? folder_create(path) : ERR_NO_MEMORY;
        }
        if (e == ERR_OK)
                e = write_settings(cli, w);
        if (e == ERR_OK && w->host != NULL)
                e = make_wiped_pki(w);
        return e == ERR_OK ? EXIT_CODE_OK : failed(cli, w->folder, e);
}

enum exit_code custodian_adopt(struct cli *cli, const char *keyring)
{
        OWNED(vault_done) struct vault vault = {.state_path = NULL};
        uint64_t before, now;
        enum err e = vault_open(keyring, &vault);

        if (e == ERR_OK)
                e = vault_adopt(&vault, &before, &now);
        return e == ERR_OK ? EXIT_CODE_OK : failed(cli, keyring, e);
}
