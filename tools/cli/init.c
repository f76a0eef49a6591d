/* SPDX-License-Identifier: Apache-2.0 */
/* init.c: a whole data folder in one go, for trying out and as a model.
 *
 * Everything is made in a folder beside the wanted one and moved there in one step,
 * so that a half-made folder never looks like a whole one. The keeper is started
 * first, while this process has no threads and no secrets. */
#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "crypto/secret.h"
#include "gateway/keeper/keeper.h"
#include "policies/policy.h"
#include "tools/cli/bundle.h"
#include "tools/cli/files.h"
#include "tools/cli/init_pki.h"
#include "tools/cli/keys.h"
#include "tools/cli/sealing.h"

enum { FOLDERS_DEPTH = 16 };

static const struct keyring_cost cost_production = {262144, 3}, cost_development = {65536, 1};

static const char *const folders[] = {"client", "pki", "keys", "policy", "store", "run", "log"};

struct init {
        struct cli *cli;
        const char *wanted, *folder; /* where it shall be; where it is made */
        const char *bundle, *passphrase_file, *keeper_program, *host;
        bool development;
        struct policy *policy;
        struct keeper *keeper;
        struct secret *key;
        uint8_t public_key[SIGN_PUBLIC_LEN];
        municipality_t *municipalities;
        uint32_t municipalities_len;
};

static const char *in_folder(struct init *in, const char *name)
{
        return path_join(in->cli->arena, in->folder, name);
}

static enum exit_code failed(const struct init *in, const char *what, enum err rc)
{
        complain(in->cli, WORD_INIT_FAILED, what, err_sentence(rc));
        return EXIT_CODE_INTERNAL;
}

static enum exit_code take_all(struct init *in, const struct rules *rules)
{
        in->municipalities_len = rules->municipalities_len;
        memcpy(in->municipalities, rules->municipalities,
                rules->municipalities_len * sizeof *in->municipalities);
        return EXIT_CODE_OK;
}

static enum exit_code choose_municipalities(struct init *in, const char *list)
{
        const struct rules *rules = policy_rules(in->policy);

        in->municipalities =
                arena_alloc(in->cli->arena, MUNICIPALITIES_MAX, sizeof *in->municipalities);
        if (in->municipalities == NULL)
                return EXIT_CODE_INTERNAL;
        if (strcmp(list, "all") == 0)
                return take_all(in, rules);
        while (*list != '\0') {
                size_t len = strcspn(list, ",");
                municipality_t code = 0;

                if (!municipality_parse(list, (uint32_t)len, &code) ||
                        !rules_has_municipality(rules, code) ||
                        in->municipalities_len == MUNICIPALITIES_MAX) {
                        complain(in->cli, WORD_MUNICIPALITIES_WRONG);
                        return EXIT_CODE_USAGE;
                }
                in->municipalities[in->municipalities_len++] = code;
                list += len + (list[len] == ',');
        }
        return EXIT_CODE_OK;
}

static enum exit_code make_folders(struct init *in)
{
        enum err rc = folder_create(in->folder);

        for (size_t i = 0; i < ARRAY_LEN(folders) && rc == ERR_OK; i++) {
                const char *path = in_folder(in, folders[i]);

                rc = path != NULL ? folder_create(path) : ERR_NO_MEMORY;
        }
        return rc == ERR_OK ? EXIT_CODE_OK : failed(in, in->wanted, rc);
}

static enum exit_code start_keeper(struct init *in)
{
        struct keeper_options options = {
                .program = keeper_find(in->cli->arena, in->cli->program_dir, in->keeper_program),
                .state_path = in_folder(in, "keys/keyring.sgk"),
                .lock_required = !in->development,
        };
        enum err rc;

        if (options.program == NULL) {
                complain(in->cli, WORD_KEEPER_MISSING);
                return EXIT_CODE_USAGE;
        }
        rc = keeper_start(&options, &in->keeper);
        return rc == ERR_OK ? EXIT_CODE_OK : failed(in, "statgate-keeper", rc);
}

static enum exit_code make_signing_key(struct init *in)
{
        char line[2 * SIGN_PUBLIC_LEN + 2];
        const char *path = in_folder(in, "keys/dpo.key"), *public = in_folder(in, "keys/dpo.pub");
        enum err rc = sign_keygen(&in->key, in->public_key);

        if (rc == ERR_OK)
                rc = path != NULL && public != NULL ? signing_key_create(path, in->key)
                                                    : ERR_NO_MEMORY;
        if (rc == ERR_OK) {
                hex_encode(bytes_of(in->public_key, sizeof in->public_key), line);
                line[sizeof line - 2] = '\n';
                rc = file_create(public, bytes_of(line, sizeof line - 1), 0600);
        }
        return rc == ERR_OK ? EXIT_CODE_OK : failed(in, "keys/dpo.key", rc);
}

/* The bundle that came along names no officers: whoever begins with it is the one
 * who signs what follows, until a successor names others. */
static enum err name_officer(struct init *in)
{
        const char *path = in_folder(in, "policy/bundle.yaml"), *text;
        char hex[2 * SIGN_PUBLIC_LEN + 1];
        struct bytes before;

        if (policy_rules(in->policy)->officers_len > 0)
                return ERR_OK;
        if (path == NULL)
                return ERR_NO_MEMORY;
        TRY(file_read(in->cli->arena, path, &before));
        hex_encode(bytes_of(in->public_key, sizeof in->public_key), hex);
        text = arena_printf(in->cli->arena,
                "%.*s\n%s\nsigners:\n  required: 1\n  officers:\n    - {name: dpo, key: \"%s\"}\n",
                (int)before.len, (const char *)before.data, cli_word(in->cli, WORD_SIGNERS_HEAD),
                hex);
        return text == NULL ? ERR_NO_MEMORY : file_replace(path, bytes_of_text(text), 0600);
}

static bool has_source(const struct rules *rules, const char *name)
{
        for (uint32_t i = 0; i < rules->sources_len; i++)
                if (bytes_is_text(rules->sources[i].name, name))
                        return true;
        return false;
}

/* A key for every municipality that gets a certificate, and their public halves as text. */
static enum err make_submission_keys(struct init *in, const char **out_text)
{
        OWNED(buf_done) struct buf text = {.ceiling = FILE_TEXT_MAX};
        const char *head = cli_word(in->cli, WORD_SUBMISSION_KEYS_HEAD);
        struct bytes whole;

        put_raw(&text, head, strlen(head));
        put_raw(&text, "\nsubmission_keys:\n", 18);
        for (uint32_t i = 0; i < in->municipalities_len; i++) {
                uint8_t public_key[SIGN_PUBLIC_LEN];
                char code[5];
                const char *path, *line;

                municipality_format(in->municipalities[i], code);
                path = arena_printf(
                        in->cli->arena, "%s/client/%s.submission.key", in->folder, code);
                if (path == NULL)
                        return ERR_NO_MEMORY;
                TRY(submission_key_create(path, public_key));
                line = submission_key_line(in->cli->arena, in->municipalities[i], public_key);
                if (line == NULL)
                        return ERR_NO_MEMORY;
                put_raw(&text, line, strlen(line));
                put_u8(&text, '\n');
        }
        TRY(buf_end(&text, &whole));
        *out_text = arena_strndup(in->cli->arena, (const char *)whole.data, whole.len);
        return *out_text == NULL ? ERR_NO_MEMORY : ERR_OK;
}

/* A bundle that names keys already knows its municipalities; one that names none learns those
 * made here. */
static enum err pin_submission_keys(struct init *in)
{
        static const char name[] = "submission_keys.yaml";
        const struct rules *rules = policy_rules(in->policy);
        const char *keys = in_folder(in, "policy/submission_keys.yaml");
        const char *top = in_folder(in, "policy/bundle.yaml"), *text = NULL;
        struct bytes before;

        if (rules->submission_keys_len > 0 || in->municipalities_len == 0)
                return ERR_OK;
        if (keys == NULL || top == NULL)
                return ERR_NO_MEMORY;
        TRY(make_submission_keys(in, &text));
        TRY(file_replace(keys, bytes_of_text(text), 0600));
        if (has_source(rules, name))
                return ERR_OK;
        TRY(file_read(in->cli->arena, top, &before));
        text = arena_printf(in->cli->arena, "%.*s\nsubmission_keys: %s\n", (int)before.len,
                (const char *)before.data, name);
        return text == NULL ? ERR_NO_MEMORY : file_replace(top, bytes_of_text(text), 0600);
}

/* What clients compare with: the keeper's signing key, handed over with the folder. */
static enum exit_code pin_keeper(struct init *in)
{
        struct keeper_public_keys keys;
        uint8_t signing[1][SIGN_PUBLIC_LEN];
        const char *path = in_folder(in, "client/keeper.pub");
        enum err rc = path != NULL ? keeper_public_keys(in->keeper, &keys) : ERR_NO_MEMORY;

        if (rc == ERR_OK) {
                memcpy(signing[0], keys.signing[0].public_key, sizeof signing[0]);
                rc = pinned_write(
                        in->cli->arena, path, (const uint8_t(*)[SIGN_PUBLIC_LEN])signing, 1);
        }
        return rc == ERR_OK ? EXIT_CODE_OK : failed(in, "client/keeper.pub", rc);
}

static enum exit_code make_policy(struct init *in)
{
        OWNED(policy_unref) struct policy *copied = NULL;
        const char *to = in_folder(in, "policy"), *file = in_folder(in, "policy/bundle.sgb");
        enum err rc = to != NULL && file != NULL ? folder_copy(in->bundle, to) : ERR_NO_MEMORY;
        enum exit_code code;

        if (rc != ERR_OK)
                return failed(in, "policy", rc);
        if (file_exists(file) && unlink(file) != 0)
                return failed(in, file, ERR_IO);
        rc = name_officer(in);
        if (rc != ERR_OK)
                return failed(in, "policy/bundle.yaml", rc);
        rc = pin_submission_keys(in);
        if (rc != ERR_OK)
                return failed(in, "policy/submission_keys.yaml", rc);
        code = bundle_load(in->cli, to, &copied);
        if (code != EXIT_CODE_OK)
                return code;
        rc = bundle_sign_file(copied, in->key, file);
        return rc == ERR_OK ? EXIT_CODE_OK : failed(in, file, rc);
}

static enum exit_code make_keyring(struct init *in)
{
        OWNED(fd_close) int fd = -1;
        const char *file = in->passphrase_file;
        enum exit_code code;
        enum err rc;

        if (file == NULL && in->development) {
                file = in_folder(in, "keys/passphrase");
                rc = file != NULL ? passphrase_create(file) : ERR_NO_MEMORY;
                if (rc != ERR_OK)
                        return failed(in, "keys/passphrase", rc);
        }
        code = passphrase_open(in->cli, file, &fd);
        if (code != EXIT_CODE_OK)
                return code;
        rc = keeper_create(in->keeper, fd, in->development ? cost_development : cost_production,
                in->public_key);
        return rc == ERR_OK ? EXIT_CODE_OK : failed(in, "keys/keyring.sgk", rc);
}

/* Where the gateway will find the passphrase: only a development folder says it. */
static const char *passphrase_line(struct init *in)
{
        char *real;
        const char *line;

        if (!in->development)
                return "# passphrase_file: keys/passphrase\n";
        if (in->passphrase_file == NULL)
                return "passphrase_file: keys/passphrase\n";
        real = realpath(in->passphrase_file, NULL);
        line = real != NULL ? arena_printf(in->cli->arena, "passphrase_file: \"%s\"\n", real)
                            : NULL;
        free(real);
        return line;
}

static enum exit_code make_settings(struct init *in)
{
        const char *passphrase = passphrase_line(in), *path = in_folder(in, "statgate.yaml");
        const char *address = in->cli->address != NULL ? in->cli->address : "127.0.0.1:7443";
        const char *lock = in->development ? "development" : "required";
        const char *text = NULL;
        enum err rc = ERR_NO_MEMORY;

        if (passphrase != NULL)
                text = arena_printf(in->cli->arena,
                        "%s\n"
                        "address: %s\n"
                        "policy: policy\n"
                        "pki: pki\n"
                        "store: store/statgate.db\n"
                        "keyring: keys/keyring.sgk\n"
                        "%s"
                        "memory_lock: %s\n"
                        "view_memory_mib: 4096\n"
                        "drain_seconds: 10\n"
                        "log: log/statgated.log\n"
                        "log_level: info\n",
                        cli_word(in->cli, WORD_SETTINGS_HEAD), address, passphrase, lock);
        if (text != NULL && path != NULL)
                rc = file_create(path, bytes_of_text(text), 0600);
        return rc == ERR_OK ? EXIT_CODE_OK : failed(in, "statgate.yaml", rc);
}

static enum exit_code make_pki(struct init *in)
{
        struct pki_wish wish = {
                .folder = in->folder,
                .trust = policy_trust(in->policy),
                .host = in->host,
                .municipalities = in->municipalities,
                .municipalities_len = in->municipalities_len,
        };
        const char *at = "pki";
        enum err rc = pki_create(&wish, &at);

        return rc == ERR_OK ? EXIT_CODE_OK : failed(in, at, rc);
}

static enum exit_code make_all(struct init *in)
{
        enum exit_code code = make_folders(in);

        if (code == EXIT_CODE_OK)
                code = start_keeper(in);
        if (code == EXIT_CODE_OK)
                code = keys_init(in->cli, !in->development);
        if (code == EXIT_CODE_OK)
                code = make_signing_key(in);
        if (code == EXIT_CODE_OK)
                code = make_policy(in);
        if (code == EXIT_CODE_OK)
                code = make_keyring(in);
        if (code == EXIT_CODE_OK)
                code = pin_keeper(in);
        if (code == EXIT_CODE_OK)
                code = make_pki(in);
        return code == EXIT_CODE_OK ? make_settings(in) : code;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
        (void)st;
        (void)type;
        (void)where;
        return remove(path);
}

/* rename() takes the place of an empty folder, and of nothing else. */
static enum exit_code finish(struct init *in, enum exit_code code)
{
        keeper_stop(&in->keeper);
        secret_free(&in->key);
        policy_unref(&in->policy);
        if (code == EXIT_CODE_OK && rename(in->folder, in->wanted) != 0) {
                complain(in->cli, WORD_NOT_WRITTEN, in->wanted, strerror(errno));
                code = EXIT_CODE_USAGE;
        }
        if (code != EXIT_CODE_OK)
                (void)nftw(in->folder, remove_one, FOLDERS_DEPTH, FTW_DEPTH | FTW_PHYS);
        return code;
}

static void tell(const struct init *in)
{
        char count[NUMBER_TEXT];

        say(in->cli, WORD_INIT_DONE, in->wanted,
                cli_number(in->cli, in->municipalities_len, count));
        if (in->development)
                say(in->cli, WORD_INIT_DEVELOPMENT);
        say(in->cli, WORD_INIT_NEXT, in->wanted);
}

static enum exit_code run(struct cli *cli, const struct arguments *args)
{
        struct init in = {
                .cli = cli,
                .wanted = argument_nth(args, 0),
                .bundle = bundle_find(cli, option_text(args, "bundle")),
                .passphrase_file = option_text(args, "passphrase-file"),
                .keeper_program = option_text(args, "keeper"),
                .host = option_text(args, "host"),
                .development = option_given(args, "development"),
        };
        const char *list = option_text(args, "municipalities");
        enum exit_code code;

        in.folder = arena_printf(cli->arena, "%s.%ld.new", in.wanted, (long)getpid());
        if (in.folder == NULL)
                return EXIT_CODE_INTERNAL;
        if (in.bundle == NULL) {
                complain(cli, WORD_BUNDLE_NOT_GIVEN);
                return EXIT_CODE_USAGE;
        }
        if (!folder_is_empty(in.wanted)) {
                complain(cli, WORD_FOLDER_NOT_EMPTY, in.wanted);
                return EXIT_CODE_USAGE;
        }
        code = bundle_load(cli, in.bundle, &in.policy);
        if (code != EXIT_CODE_OK)
                return code;
        code = choose_municipalities(&in, list != NULL ? list : "all");
        if (code == EXIT_CODE_OK)
                code = make_all(&in);
        code = finish(&in, code);
        if (code == EXIT_CODE_OK)
                tell(&in);
        return code;
}

static const struct option_spec options[] = {
        {"bundle", "FOLDER", NULL, false, false,
                {"regelverket som kopieras till policy/ (annars det som följde med programmet)",
                        "the bundle that is copied to policy/ (else the one that came with the "
                        "program)"}},
        {"municipalities", "CODES", "all", false, false,
                {"kommuner som får certifikat: all eller 0114,0180",
                        "municipalities that get certificates: all or 0114,0180"}},
        {"passphrase-file", "FILE", NULL, false, false,
                {"fil med nyckelringens lösenfras (annars frågas vid terminalen)",
                        "file with the keyring's passphrase (else asked for at the terminal)"}},
        {"host", "NAME", NULL, false, false,
                {"ett värdnamn till i slussens certifikat",
                        "one more host name in the gateway's certificate"}},
        {"keeper", "PROGRAM", NULL, false, false,
                {"programmet statgate-keeper (annars bredvid statgate)",
                        "the program statgate-keeper (else beside statgate)"}},
        {"development", NULL, NULL, false, false,
                {"för att prova: svagare lösenfraskostnad, minneslås valfritt, lösenfras i en fil",
                        "for trying out: cheaper passphrase, memory lock optional, passphrase in a "
                        "file"}},
};

const struct command command_init = {
        .name = "init",
        .arguments = "FOLDER",
        .arguments_min = 1,
        .arguments_max = 1,
        .summary = {"gör en datamapp: certifikat, nycklar, regelverk och inställningar",
                "make a data folder: certificates, keys, bundle and settings"},
        .details = {"Mappen måste vara tom eller saknas. Certifikatutfärdaren i pki/ är till för "
                    "att prova; i drift används en riktig, och ca.key och keys/dpo.key hör inte "
                    "hemma på slussens dator.",
                "The folder must be empty or absent. The certificate authority in pki/ is for "
                "trying out; in production a real one is used, and ca.key and keys/dpo.key have no "
                "place on the gateway's machine."},
        .options = options,
        .options_len = ARRAY_LEN(options),
        .run = run,
};
