/* SPDX-License-Identifier: Apache-2.0 */
/* cli_restore.c: `statgate audit restore-begin`, `restore-sign` and `restore-apply`: officers let
 * the audit log go on from a backup.
 *
 * When the gateway finds another log than the keeper signed last, it does not start, and leaves
 * beside the keyring what there would be to agree to. The operator gives that a reason (begin),
 * officers sign it wherever their keys are (sign), and it comes back to where the gateway looks
 * when it starts (apply). None of this needs a gateway, a network or a key of the keeper's;
 * whether the signatures are enough is for the keeper to say, and nothing here says it. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/secret.h"
#include "policies/rules/restore.h"
#include "tools/cli/files.h"
#include "tools/cli/keys.h"

enum { LINE_MAX_LEN = 64 };

static const char *number_of(const struct cli *cli, uint64_t n)
{
        char text[NUMBER_TEXT];
        const char *kept = arena_printf(cli->arena, "%s", cli_number(cli, n, text));

        return kept != NULL ? kept : "";
}

/* Beside the keyring, where the gateway looks. */
static enum exit_code place(struct cli *cli, const char *name, const char **out)
{
        struct settings s;
        enum exit_code code = settings_read(cli, &s);
        const char *slash;

        if (code != EXIT_CODE_OK)
                return code;
        slash = strrchr(s.keyring, '/');
        *out = slash == NULL ? name
                             : arena_printf(cli->arena, "%.*s/%s", (int)(slash - s.keyring),
                                       s.keyring, name);
        return *out != NULL ? EXIT_CODE_OK : EXIT_CODE_INTERNAL;
}

static enum exit_code not_written(const struct cli *cli, const char *path, enum err rc)
{
        complain(cli, WORD_NOT_WRITTEN, path, err_sentence(rc));
        return EXIT_CODE_INTERNAL;
}

static enum exit_code read_file(
        const struct cli *cli, const char *path, struct bytes *out_file, struct signed_restore *out)
{
        if (file_read(cli->arena, path, out_file) == ERR_OK &&
                restore_file_decode(*out_file, out) == ERR_OK)
                return EXIT_CODE_OK;
        complain(cli, WORD_RESTORE_FILE_WRONG, path);
        return EXIT_CODE_INPUT;
}

/* In words ------------------------------------------------------------------------ */

static void print_extent(
        const struct cli *cli, enum word w, uint64_t size, const struct digest *root)
{
        char hex[2 * sizeof root->bytes + 1];

        hex_encode(bytes_of(root->bytes, sizeof root->bytes), hex);
        say(cli, w, number_of(cli, size), hex);
}

static void print_statement(const struct cli *cli, const struct restore_statement *s)
{
        print_extent(cli, WORD_RESTORE_KNOWN, s->known_size, &s->known_root);
        print_extent(cli, WORD_RESTORE_PRESENT, s->size, &s->root);
        if (s->size < s->known_size)
                say(cli, WORD_RESTORE_SHORTER, number_of(cli, s->known_size - s->size));
        else
                say(cli, WORD_RESTORE_OTHER);
        if (s->why.len > 0) {
                const char *why = arena_strndup(cli->arena, (const char *)s->why.data, s->why.len);

                say(cli, WORD_RESTORE_WHY, why != NULL ? why : "");
        }
}

/* begin --------------------------------------------------------------------------- */

static enum exit_code write_begun(
        const struct cli *cli, const struct restore_statement *s, const char *path)
{
        OWNED(buf_done) struct buf out = {.ceiling = RESTORE_FILE_MAX};
        struct bytes bytes;
        enum err rc = restore_file_begin(s, &out);

        if (rc == ERR_OK)
                rc = buf_end(&out, &bytes);
        if (rc == ERR_OK)
                rc = file_create(path, bytes, 0600);
        if (rc != ERR_OK)
                return not_written(cli, path, rc);
        print_statement(cli, s);
        say(cli, WORD_RESTORE_BEGUN, path);
        return EXIT_CODE_OK;
}

static enum exit_code run_begin(struct cli *cli, const struct arguments *args)
{
        const char *needed = NULL;
        struct signed_restore r;
        struct bytes file;
        enum exit_code code = place(cli, "restore.sgr.needed", &needed);

        if (code != EXIT_CODE_OK)
                return code;
        if (!file_exists(needed)) {
                complain(cli, WORD_RESTORE_NOT_NEEDED, needed);
                return EXIT_CODE_INPUT;
        }
        code = read_file(cli, needed, &file, &r);
        if (code != EXIT_CODE_OK)
                return code;
        r.statement.why = bytes_of_text(option_text(args, "why"));
        if (r.statement.why.len == 0 || r.statement.why.len > RESTORE_WHY_MAX ||
                !bytes_is_printable(r.statement.why)) {
                complain(cli, WORD_RESTORE_WHY_WRONG, number_of(cli, RESTORE_WHY_MAX));
                return EXIT_CODE_USAGE;
        }
        return write_begun(cli, &r.statement, argument_nth(args, 0));
}

/* sign ---------------------------------------------------------------------------- */

/* The size of the log that is to go on, typed; or --yes. */
static enum exit_code confirm(
        const struct cli *cli, const struct arguments *args, const struct restore_statement *s)
{
        const char *wanted = arena_printf(cli->arena, "%llu", (unsigned long long)s->size);
        char line[LINE_MAX_LEN];

        if (option_given(args, "yes"))
                return EXIT_CODE_OK;
        if (isatty(STDIN_FILENO) == 0 || !cli->terminal_err) {
                complain(cli, WORD_RESTORE_NEEDS_YES);
                return EXIT_CODE_USAGE;
        }
        if (wanted == NULL)
                return EXIT_CODE_INTERNAL;
        cli_put(cli, cli->err, WORD_RESTORE_ASK, CLI_ARGS(wanted));
        (void)fflush(cli->err);
        if (fgets(line, sizeof line, stdin) != NULL) {
                line[strcspn(line, "\r\n")] = '\0';
                if (strcmp(line, wanted) == 0)
                        return EXIT_CODE_OK;
        }
        note(cli, WORD_RESTORE_NOT_SIGNED);
        return EXIT_CODE_USAGE;
}

static enum exit_code sign_file(const struct cli *cli, const struct secret *key, struct bytes file,
        const struct signed_restore *r, const char *path)
{
        OWNED(buf_done) struct buf out = {.ceiling = RESTORE_FILE_MAX};
        struct bytes bytes;
        enum err rc = restore_sign(r->bytes, key, file, &out);

        if (rc == ERR_CONFLICT) {
                say(cli, WORD_SIGNED_BEFORE, path);
                return EXIT_CODE_OK;
        }
        if (rc == ERR_INVALID) {
                complain(cli, WORD_RESTORE_FILE_WRONG, path);
                return EXIT_CODE_INPUT;
        }
        if (rc == ERR_OK)
                rc = buf_end(&out, &bytes);
        if (rc == ERR_OK)
                rc = file_replace(path, bytes, 0600);
        if (rc != ERR_OK)
                return not_written(cli, path, rc);
        say(cli, WORD_SIGNED, path);
        say(cli, WORD_SIGNED_BY, number_of(cli, r->signatures_len + 1));
        return EXIT_CODE_OK;
}

static enum exit_code key_path(struct cli *cli, const struct arguments *args, const char **out)
{
        *out = option_text(args, "key");
        return *out != NULL ? EXIT_CODE_OK : place(cli, "dpo.key", out);
}

static enum exit_code run_sign(struct cli *cli, const struct arguments *args)
{
        OWNED(secret_free) struct secret *key = NULL;
        const char *path = argument_nth(args, 0), *from = NULL;
        struct signed_restore r;
        struct bytes file;
        enum exit_code code = read_file(cli, path, &file, &r);
        enum err rc;

        if (code == EXIT_CODE_OK)
                code = key_path(cli, args, &from);
        if (code == EXIT_CODE_OK)
                code = keys_init(cli, false);
        if (code != EXIT_CODE_OK)
                return code;
        print_statement(cli, &r.statement);
        code = confirm(cli, args, &r.statement);
        if (code != EXIT_CODE_OK)
                return code;
        rc = signing_key_read(cli->arena, from, &key);
        if (rc != ERR_OK) {
                complain(cli, rc == ERR_NOT_ALLOWED ? WORD_KEY_OPEN : WORD_KEY_WRONG, from);
                return EXIT_CODE_INPUT;
        }
        return sign_file(cli, key, file, &r, path);
}

/* apply --------------------------------------------------------------------------- */

static enum exit_code run_apply(struct cli *cli, const struct arguments *args)
{
        const char *path = argument_nth(args, 0), *to = NULL;
        struct signed_restore r;
        struct bytes file;
        enum exit_code code = read_file(cli, path, &file, &r);
        enum err rc;

        if (code == EXIT_CODE_OK && r.signatures_len == 0) {
                complain(cli, WORD_RESTORE_UNSIGNED, path);
                code = EXIT_CODE_INPUT;
        }
        if (code == EXIT_CODE_OK)
                code = place(cli, "restore.sgr", &to);
        if (code != EXIT_CODE_OK)
                return code;
        print_statement(cli, &r.statement);
        say(cli, WORD_SIGNED_BY, number_of(cli, r.signatures_len));
        rc = file_replace(to, file, 0600);
        if (rc != ERR_OK)
                return not_written(cli, to, rc);
        say(cli, WORD_RESTORE_PLACED, to);
        return EXIT_CODE_OK;
}

static const struct option_spec begin_options[] = {
        {"why", "TEXT", NULL, true, false,
                {"varför loggen går vidare från en kopia; står i loggen för alltid",
                        "why the log goes on from a copy; stands in the log for ever"}},
};

static const struct option_spec sign_options[] = {
        {"key", "FILE", "keys/dpo.key", false, false,
                {"ombudets signeringsnyckel", "the officer's signing key"}},
        {"yes", NULL, NULL, false, false,
                {"fråga inte; det som visas är granskat",
                        "do not ask; what is shown was looked at"}},
};

const struct command command_audit_restore_begin = {
        .name = "audit restore-begin",
        .arguments = "FILE",
        .arguments_min = 1,
        .arguments_max = 1,
        .summary = {"skriv vad ombuden ska ta ställning till när loggen är en annan",
                "write what officers decide on when the log is another"},
        .details = {"När slussen inte startar eftersom loggen inte är den som nyckelväktaren "
                    "signerade lämnar den keys/restore.sgr.needed. FILE är för ombuden.",
                "When the gateway does not start because the log is not the one that the key "
                "keeper signed, it leaves keys/restore.sgr.needed. FILE is for the officers."},
        .options = begin_options,
        .options_len = ARRAY_LEN(begin_options),
        .run = run_begin,
};

const struct command command_audit_restore_sign = {
        .name = "audit restore-sign",
        .arguments = "FILE",
        .arguments_min = 1,
        .arguments_max = 1,
        .summary = {"skriv under att loggen går vidare från en kopia",
                "sign that the log goes on from a copy"},
        .details = {"Visar i ord vad underskriften betyder. Behöver ingen sluss. Så många som "
                    "det gällande regelverket kräver måste skriva under.",
                "Shows in words what the signature means. Needs no gateway. As many as the running "
                "bundle asks for have to sign."},
        .options = sign_options,
        .options_len = ARRAY_LEN(sign_options),
        .run = run_sign,
};

const struct command command_audit_restore_apply = {
        .name = "audit restore-apply",
        .arguments = "FILE",
        .arguments_min = 1,
        .arguments_max = 1,
        .summary = {"lägg ombudens underskrifter där slussen letar när den startar",
                "put officers' signatures where the gateway looks when it starts"},
        .details = {"Nyckelväktaren prövar dem; de gäller en gång.",
                "The key keeper judges them; they are good once."},
        .run = run_apply,
};
