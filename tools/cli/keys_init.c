/* SPDX-License-Identifier: Apache-2.0 */
/* keys_init.c: `statgate keys init`: the first keyring of a data folder, and nothing else.
 *
 * `statgate init` does this among much more, for trying out. In a real house the folder, its
 * certificates and the officers' keys come from elsewhere, and this is the one ceremony that
 * must be done by whoever keeps the keys. An existing keyring is never touched: it is the one
 * file without which every stored record is noise. */
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "crypto/sign.h"
#include "gateway/keeper/keeper.h"
#include "tools/cli/files.h"
#include "tools/cli/keys.h"
#include "tools/cli/sealing.h"

static const struct keyring_cost cost = {262144, 3};

static enum exit_code refuse_step(const struct cli *cli, const char *what, enum err rc)
{
        complain(cli, WORD_INIT_FAILED, what, err_sentence(rc));
        return EXIT_CODE_INTERNAL;
}

/* 64 hexadecimal digits: whose signature on the first bundle counts. */
static enum exit_code read_signer(struct cli *cli, const char *path, uint8_t out[SIGN_PUBLIC_LEN])
{
        char hex[2 * SIGN_PUBLIC_LEN + 1] = {0};
        struct bytes text;
        enum err rc = file_read(cli->arena, path, &text);

        while (rc == ERR_OK && text.len > 0 &&
                (text.data[text.len - 1] == '\n' || text.data[text.len - 1] == '\r'))
                text.len--;
        if (rc == ERR_OK && text.len != sizeof hex - 1)
                rc = ERR_MALFORMED;
        if (rc == ERR_OK) {
                memcpy(hex, text.data, text.len);
                rc = hex_decode(hex, out, SIGN_PUBLIC_LEN);
        }
        if (rc == ERR_OK)
                return EXIT_CODE_OK;
        complain(cli, WORD_FILE_UNREADABLE, path, err_sentence(rc));
        return EXIT_CODE_INPUT;
}

/* What municipalities compare the keeper's keys with. */
static enum exit_code save_public(
        struct cli *cli, struct keeper *k, const struct settings *settings)
{
        const char *path = path_join(cli->arena, settings->folder, "keys/keeper.pub");
        uint8_t signers[KEEPER_KEYS_MAX][SIGN_PUBLIC_LEN];
        struct keeper_public_keys keys;
        enum err rc = path != NULL ? keeper_public_keys(k, &keys) : ERR_NO_MEMORY;

        for (unsigned i = 0; rc == ERR_OK && i < keys.signing_len; i++)
                memcpy(signers[i], keys.signing[i].public_key, SIGN_PUBLIC_LEN);
        if (rc == ERR_OK)
                rc = pinned_write(cli->arena, path, (const uint8_t(*)[SIGN_PUBLIC_LEN])signers,
                        keys.signing_len);
        if (rc != ERR_OK)
                return refuse_step(cli, "keys/keeper.pub", rc);
        say(cli, WORD_KEYS_MADE, settings->keyring, path);
        return EXIT_CODE_OK;
}

static enum exit_code make(struct cli *cli, const struct arguments *args,
        const struct settings *settings, const uint8_t signer[SIGN_PUBLIC_LEN])
{
        OWNED(keeper_stop) struct keeper *k = NULL;
        OWNED(fd_close) int fd = -1;
        const char *file = option_text(args, "passphrase-file");
        const struct keeper_options options = {
                .program = keeper_find(cli->arena, cli->program_dir, settings->keeper),
                .state_path = settings->keyring,
                .lock_required = settings->memory_lock_required,
        };
        enum exit_code code;
        enum err rc;

        if (access(settings->keyring, F_OK) == 0) {
                complain(cli, WORD_KEYRING_EXISTS, settings->keyring);
                return EXIT_CODE_USAGE;
        }
        if (options.program == NULL) {
                complain(cli, WORD_KEEPER_MISSING);
                return EXIT_CODE_USAGE;
        }
        rc = keeper_start(&options, &k);
        if (rc != ERR_OK)
                return refuse_step(cli, "statgate-keeper", rc);
        code = passphrase_open(cli, file != NULL ? file : settings->passphrase_file, &fd);
        if (code != EXIT_CODE_OK)
                return code;
        rc = keeper_create(k, fd, cost, signer);
        if (rc != ERR_OK)
                return refuse_step(cli, settings->keyring, rc);
        return save_public(cli, k, settings);
}

static enum exit_code run(struct cli *cli, const struct arguments *args)
{
        const char *signer_file = option_text(args, "signer");
        uint8_t signer[SIGN_PUBLIC_LEN];
        struct settings settings;
        enum exit_code code = settings_read(cli, &settings);

        if (code != EXIT_CODE_OK)
                return code;
        if (signer_file == NULL)
                signer_file = path_join(cli->arena, settings.folder, "keys/dpo.pub");
        code = signer_file != NULL ? read_signer(cli, signer_file, signer) : EXIT_CODE_INTERNAL;
        return code == EXIT_CODE_OK ? make(cli, args, &settings, signer) : code;
}

static const struct option_spec options[] = {
        {"signer", "FILE", "keys/dpo.pub", false, false,
                {"vems signatur gäller för det första regelverket: 64 hexsiffror",
                        "whose signature counts for the first bundle: 64 hexadecimal digits"}},
        {"passphrase-file", "FILE", NULL, false, false,
                {"fil med lösenfrasen (annars statgate.yaml, annars frågas två gånger)",
                        "file with the passphrase (else statgate.yaml, else asked for twice)"}},
};

const struct command command_keys_init = {
        .name = "keys init",
        .arguments = "",
        .summary = {"gör en datamapps första nyckelring",
                "make the first keyring of a data folder"},
        .details =
                {"Rör aldrig en nyckelring som finns. keys/keeper.pub lämnas till kommunerna, på "
                 "en väg som de litar på. Dela sedan nyckeln: statgate keys export-share.",
                        "Never touches a keyring that exists. keys/keeper.pub is handed to the "
                        "municipalities, on a way they trust. Then share the key: statgate keys "
                        "export-share."},
        .options = options,
        .options_len = ARRAY_LEN(options),
        .run = run,
};
