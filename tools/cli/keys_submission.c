/* SPDX-License-Identifier: Apache-2.0 */
/* keys_submission.c: `statgate keys submission-key`: what a municipality signs its boxes with.
 *
 * The secret half never leaves the folder. The public half is printed as the line that goes
 * into the bundle, where the data-protection officers put their names to it. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "crypto/secret.h"
#include "tools/cli/files.h"
#include "tools/cli/keys.h"

enum { MS_PER_DAY = 86400000 };

const char *submission_key_line(
        struct arena *arena, municipality_t municipality, const uint8_t public_key[SIGN_PUBLIC_LEN])
{
        int32_t today = (int32_t)(clock_now_ms() / MS_PER_DAY);
        struct civil from = civil_from_days(today);
        struct civil until = civil_from_days(today + SUBMISSION_KEY_DAYS);
        char hex[2 * SIGN_PUBLIC_LEN + 1], code[5];

        municipality_format(municipality, code);
        hex_encode(bytes_of(public_key, SIGN_PUBLIC_LEN), hex);
        return arena_printf(arena,
                "  - {municipality: \"%s\", key: \"%s\", from: %04d-%02d-%02d, until: "
                "%04d-%02d-%02d}",
                code, hex, from.year, from.month, from.day, until.year, until.month, until.day);
}

enum err submission_key_create(const char *path, uint8_t out_public[SIGN_PUBLIC_LEN])
{
        OWNED(secret_free) struct secret *key = NULL;

        TRY(sign_keygen(&key, out_public));
        return signing_key_create(path, key);
}

static enum err public_of_file(
        struct arena *arena, const char *path, uint8_t out_public[SIGN_PUBLIC_LEN])
{
        OWNED(secret_free) struct secret *key = NULL;

        TRY(signing_key_read(arena, path, &key));
        return sign_public_of(key, out_public);
}

static enum exit_code make_or_read(
        struct cli *cli, const char *path, uint8_t out_public[SIGN_PUBLIC_LEN])
{
        bool there = file_exists(path);
        enum err rc = there ? public_of_file(cli->arena, path, out_public)
                            : submission_key_create(path, out_public);

        if (rc != ERR_OK) {
                complain(cli, there ? WORD_FILE_UNREADABLE : WORD_NOT_WRITTEN, path,
                        err_sentence(rc));
                return EXIT_CODE_USAGE;
        }
        say(cli, there ? WORD_SUBMISSION_KEY_THERE : WORD_SUBMISSION_KEY_MADE, path);
        return EXIT_CODE_OK;
}

static enum exit_code run(struct cli *cli, const struct arguments *args)
{
        uint8_t public_key[SIGN_PUBLIC_LEN];
        struct settings settings;
        struct identity who;
        const char *path, *line;
        enum exit_code code = settings_read(cli, &settings);

        (void)args;
        if (code == EXIT_CODE_OK)
                code = identity_read(cli, &settings, NULL, &who);
        if (code == EXIT_CODE_OK)
                code = keys_init(cli, false);
        if (code != EXIT_CODE_OK)
                return code;
        if (who.principal.municipality == 0) {
                complain(cli, WORD_NOT_A_MUNICIPALITY, who.certificate);
                return EXIT_CODE_USAGE;
        }
        path = arena_printf(cli->arena, "%s/client/%s.submission.key", settings.folder, who.name);
        if (path == NULL)
                return EXIT_CODE_INTERNAL;
        code = make_or_read(cli, path, public_key);
        if (code != EXIT_CODE_OK)
                return code;
        line = submission_key_line(cli->arena, who.principal.municipality, public_key);
        if (line == NULL)
                return EXIT_CODE_INTERNAL;
        say(cli, WORD_SUBMISSION_KEY_NEXT);
        (void)fprintf(cli->out, "%s\n", line);
        return EXIT_CODE_OK;
}

const struct command command_keys_submission_key = {
        .name = "keys submission-key",
        .arguments = "",
        .summary = {"gör den nyckel som en kommuns leveranser signeras med",
                "make the key that a municipality's deliveries are signed with"},
        .details = {"Nyckeln stannar i client/. Den öppna halvan skrivs ut som en rad till "
                    "regelverket; först när dataskyddsombuden har signerat den gäller den. Finns "
                    "nyckeln redan skrivs dess rad ut igen.",
                "The key stays in client/. Its public half is printed as a line for the bundle; it "
                "is good once the data-protection officers have signed that. Where there is a key "
                "already its line is printed again."},
        .run = run,
};
