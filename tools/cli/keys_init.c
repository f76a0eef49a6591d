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
#include "tools/cli/keys_custodian.h"
#include "tools/cli/sealing.h"

static const struct keyring_cost cost = {262144, 3}, cost_development = {65536, 1};

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
        rc = keeper_create(
                k, fd, option_given(args, "development") ? cost_development : cost, signer);
        if (rc != ERR_OK)
                return refuse_step(cli, settings->keyring, rc);
        return save_public(cli, k, settings);
}

/* A folder of its own, which is then the one whose keyring is made. */
static enum exit_code begin_custodian(struct cli *cli, const struct arguments *args)
{
        const struct custodian_wish wish = {.folder = option_text(args, "custodian"),
                .listen = option_text(args, "listen"),
                .gateway = option_text(args, "gateway"),
                .host = option_text(args, "host"),
                .development = option_given(args, "development")};
        enum exit_code code;

        if (option_text(args, "signer") == NULL) {
                complain(cli, WORD_OPTION_VALUE, "signer");
                return EXIT_CODE_USAGE;
        }
        code = custodian_folder(cli, &wish);
        cli->config_path = path_join(cli->arena, wish.folder, "statgate.yaml");
        return code;
}

static enum exit_code run(struct cli *cli, const struct arguments *args)
{
        const char *signer_file = option_text(args, "signer");
        bool custodian = option_text(args, "custodian") != NULL;
        uint8_t signer[SIGN_PUBLIC_LEN];
        struct settings settings;
        enum exit_code code = custodian ? begin_custodian(cli, args) : EXIT_CODE_OK;

        if (code == EXIT_CODE_OK)
                code = settings_read(cli, &settings);
        if (code != EXIT_CODE_OK)
                return code;
        if (signer_file == NULL)
                signer_file = path_join(cli->arena, settings.folder, "keys/dpo.pub");
        code = signer_file != NULL ? read_signer(cli, signer_file, signer) : EXIT_CODE_INTERNAL;
        if (code == EXIT_CODE_OK)
                code = make(cli, args, &settings, signer);
        return code == EXIT_CODE_OK && custodian ? custodian_adopt(cli, settings.keyring) : code;
}

static const struct option_spec options[] = {
        {"signer", "FILE", "keys/dpo.pub", false, false,
                {"vems signatur gäller för det första regelverket: 64 hexsiffror",
                        "whose signature counts for the first bundle: 64 hexadecimal digits"}},
        {"passphrase-file", "FILE", NULL, false, false,
                {"fil med lösenfrasen (annars statgate.yaml, annars frågas två gånger)",
                        "file with the passphrase (else statgate.yaml, else asked for twice)"}},
        {"custodian", "FOLDER", NULL, false, false,
                {"gör en mapp för den som har nycklarna men inte slussen; kräver --signer, "
                 "--listen "
                 "och --gateway",
                        "make a folder for whoever has the keys and not the gateway; needs "
                        "--signer, --listen and --gateway"}},
        {"listen", "ADDRESS", NULL, false, false,
                {"där slussen når nyckelhållaren: unix:/SÖKVÄG eller tls:VÄRD:PORT",
                        "where the gateway reaches the keeper: unix:/PATH or tls:HOST:PORT"}},
        {"gateway", "WHO", NULL, false, false,
                {"vem slussen är: user:NAMN, uid:N; statgate://TRUST/gateway/NAMN eller sha256:HEX",
                        "who the gateway is: user:NAME, uid:N; statgate://TRUST/gateway/NAME or "
                        "sha256:HEX"}},
        {"host", "NAME", NULL, false, false,
                {"gör certifikat för att prova, för en nyckelhållare på denna värd; slussens i "
                 "for-gateway/",
                        "make certificates for trying out, of a keeper on this host; the gateway's "
                        "in for-gateway/"}},
        {"development", NULL, NULL, false, false,
                {"för att prova: svagare lösenfraskostnad, minneslås valfritt",
                        "for trying out: cheaper passphrase, memory lock optional"}},
};

const struct command command_keys_init = {
        .name = "keys init",
        .arguments = "",
        .summary = {"gör en datamapps första nyckelring",
                "make the first keyring of a data folder"},
        .details =
                {"Rör aldrig en nyckelring som finns. keys/keeper.pub lämnas till kommunerna, på "
                 "en väg som de litar på. Dela sedan nyckeln: statgate keys export-share. Med "
                 "--custodian får den som har nycklarna en egen mapp, på slussens maskin eller en "
                 "annan; statgate-keeper-bridge serve FOLDER håller dem, nyckelansvariga säger "
                 "sitt "
                 "med --config FOLDER/statgate.yaml, och slussens statgate.yaml säger custodian.",
                        "Never touches a keyring that exists. keys/keeper.pub is handed to the "
                        "municipalities, on a way they trust. Then share the key: statgate keys "
                        "export-share. With --custodian whoever has the keys gets a folder of "
                        "their own, on the gateway's machine or another; statgate-keeper-bridge "
                        "serve FOLDER keeps them, officers speak with --config "
                        "FOLDER/statgate.yaml, and the gateway's statgate.yaml says custodian."},
        .options = options,
        .options_len = ARRAY_LEN(options),
        .run = run,
};
