/* SPDX-License-Identifier: Apache-2.0 */
/* config.c: settings, once, from a table.
 *
 * SETTING(field, key, kind, help): the same row reads the YAML key, the flag
 * --key and prints the help, so they cannot disagree. A LIST is one in the file, and a flag
 * that may come more than once; between the two it is lines of text. */
#include "gateway/config.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "gateway/audit/witness.h"
#include "gateway/gateway.h"
#include "policies/yaml.h"

enum setting_kind { SETTING_TEXT, SETTING_PATH, SETTING_NUMBER, SETTING_LIST };

#define SETTINGS(S)                                                                                \
        S(address, TEXT, "host:port to listen on; port 0 picks one and writes run/address")        \
        S(policy, PATH, "folder of the policy bundle and its signature")                           \
        S(pki, PATH, "folder with server.pem, server.key, ca.pem and revoked.txt")                 \
        S(store, PATH, "database file")                                                            \
        S(keyring, PATH, "sealed keyring file")                                                    \
        S(passphrase_file, PATH, "file with the keyring's passphrase (else a prompt)")             \
        S(unseal, TEXT, "passphrase (else); officers: wait for them at run/keys.sock; or hsm")     \
        S(hsm_module, PATH, "PKCS#11 library of a security module")                                \
        S(hsm_token, TEXT, "label of its token")                                                   \
        S(hsm_key, TEXT, "label of the AES key in it that unwraps the keyring")                    \
        S(hsm_pin_file, PATH, "file with the token's PIN")                                         \
        S(hsm_environment, TEXT, "NAME=value that the library asks its environment for")           \
        S(keeper, PATH, "the statgate-keeper program, or the bridge (else beside statgated)")      \
        S(custodian, TEXT,                                                                         \
                "unix:/PATH or tls:HOST:PORT: the keeper is another user's or machine's")          \
        S(custodian_is, TEXT, "who is there: user:NAME, uid:N; with tls sha256:HEX, if not any")   \
        S(custodian_pki, PATH, "folder with gateway.pem, gateway.key and ca.pem for tls")          \
        S(memory_lock, TEXT, "required, or development: run although memory cannot be locked")     \
        S(workers, NUMBER, "threads that run calls; 0: the engine's choice")                       \
        S(threads, NUMBER, "threads of one query or view build; 0: one per core")                  \
        S(view_memory_mib, NUMBER, "memory of all linked views, in MiB")                           \
        S(drain_seconds, NUMBER, "grace for calls in flight at shutdown")                          \
        S(witnesses, LIST,                                                                         \
                "shown the audit log's heads: file:PATH, dir:PATH or https://HOST/PATH")           \
        S(witness_ca, PATH, "PEM of who may vouch for them (else whom the system trusts)")         \
        S(log, PATH, "log file, or - for standard error")                                          \
        S(log_level, TEXT, "debug, info, warning or error")

enum setting_id {
#define SETTING_ENUM(key, kind, help) SET_##key,
        SETTINGS(SETTING_ENUM)
#undef SETTING_ENUM
                SETTING_COUNT
};

static const struct {
        const char *key, *help;
        enum setting_kind kind;
} settings[SETTING_COUNT] = {
#define SETTING_ROW(key, kind, help) {#key, help, SETTING_##kind},
        SETTINGS(SETTING_ROW)
#undef SETTING_ROW
};

static const char *const defaults[SETTING_COUNT] = {
        [SET_address] = "127.0.0.1:7443",
        [SET_policy] = "policy",
        [SET_pki] = "pki",
        [SET_store] = "store/statgate.db",
        [SET_keyring] = "keys/keyring.sgk",
        [SET_custodian_pki] = "pki/custodian",
        [SET_memory_lock] = "required",
        [SET_workers] = "0",
        [SET_threads] = "0",
        [SET_view_memory_mib] = "4096",
        [SET_drain_seconds] = "10",
        [SET_log] = "log/statgated.log",
        [SET_log_level] = "info",
};

enum { OPT_CONFIG = 1000, OPT_DATA, OPT_PASSPHRASE_FD, OPT_HELP, OPT_VERSION };

struct reading {
        struct arena *arena;
        struct refusal *why;
        const char *values[SETTING_COUNT];
        const char *config_file, *data;
        int passphrase_fd;
};

static void print_help(void)
{
        printf("Usage: statgated [OPTION]...\n"
               "The statgate gateway: deliveries in, safe tables out.\n\n"
               "  --data FOLDER          data folder (settings in FOLDER/statgate.yaml)\n"
               "  --config FILE          settings file; its folder is the data folder\n"
               "  --passphrase-fd N      read the keyring's passphrase from descriptor N\n");
        for (unsigned i = 0; i < SETTING_COUNT; i++)
                printf("  --%-20s %s%s%s%s\n", settings[i].key, settings[i].help,
                        defaults[i] ? " [" : "", defaults[i] ? defaults[i] : "",
                        defaults[i] ? "]" : "");
        printf("  --help, --version\n\n"
               "Settings: flag, then --config or --data, then ./statgate.yaml. Paths are\n"
               "relative to the data folder.\n"
               "Signals: SIGTERM drains and stops, SIGHUP reads policy and certificates again.\n"
               "Exit: 0 stopped as asked, 1 the keeper died or a failure at run time,\n"
               "      2 wrong settings, 3 could not start.\n");
}

/* One line more of a list. */
static enum err add_line(struct reading *r, unsigned id, const char *line)
{
        const char *before = r->values[id];

        if (strchr(line, '\n') != NULL)
                return refuse(r->why, ERR_CONFIG, settings[id].key, "has a line break in it");
        r->values[id] = before == NULL ? arena_strndup(r->arena, line, strlen(line))
                                       : arena_printf(r->arena, "%s\n%s", before, line);
        return r->values[id] != NULL ? ERR_OK : ERR_NO_MEMORY;
}

static enum err read_flags(struct reading *r, int argc, char **argv)
{
        struct option options[SETTING_COUNT + 6] = {0};
        unsigned n = 0;
        int got;

        for (; n < SETTING_COUNT; n++)
                options[n] = (struct option){settings[n].key, required_argument, NULL, (int)n};
        options[n++] = (struct option){"config", required_argument, NULL, OPT_CONFIG};
        options[n++] = (struct option){"data", required_argument, NULL, OPT_DATA};
        options[n++] = (struct option){"passphrase-fd", required_argument, NULL, OPT_PASSPHRASE_FD};
        options[n++] = (struct option){"help", no_argument, NULL, OPT_HELP};
        options[n] = (struct option){"version", no_argument, NULL, OPT_VERSION};
        optind = 1;
        while ((got = getopt_long(argc, argv, "", options, NULL)) != -1) {
                switch (got) {
                case OPT_CONFIG:
                        r->config_file = optarg;
                        break;
                case OPT_DATA:
                        r->data = optarg;
                        break;
                case OPT_PASSPHRASE_FD: {
                        int64_t fd;

                        if (!bytes_decimal(bytes_of_text(optarg), 0, &fd) || fd < 0 || fd > INT_MAX)
                                return refuse(r->why, ERR_CONFIG, "--passphrase-fd",
                                        "needs a descriptor number");
                        r->passphrase_fd = (int)fd;
                        break;
                }
                case OPT_HELP:
                        print_help();
                        return ERR_CANCELLED;
                case OPT_VERSION:
                        printf("statgated %s\n", STATGATE_VERSION);
                        return ERR_CANCELLED;
                case '?':
                        return refuse(r->why, ERR_CONFIG, "flags", "see statgated --help");
                default:
                        if (settings[got].kind == SETTING_LIST)
                                TRY(add_line(r, (unsigned)got, optarg));
                        else
                                r->values[got] = optarg;
                }
        }
        if (optind < argc)
                return refuse(r->why, ERR_CONFIG, "flags", "statgated takes flags only");
        return ERR_OK;
}

/* A list of the file, where no flag named one. */
static enum err read_list(struct reading *r, const struct yaml *root, unsigned id)
{
        const struct yaml *list = NULL;

        if (r->values[id] != NULL)
                return ERR_OK;
        TRY(yaml_list(root, settings[id].key, false, &list, r->why));
        for (uint32_t i = 0; list != NULL && i < list->len; i++) {
                struct bytes text;

                TRY(yaml_text_of(&list->items[i], settings[id].key, &text, r->why));
                TRY(add_line(r, id, (const char *)text.data));
        }
        return ERR_OK;
}

static enum err read_file(struct reading *r, const char *path)
{
        const char *known[SETTING_COUNT + 2];
        struct yaml *root = NULL;

        for (unsigned i = 0; i < SETTING_COUNT; i++)
                known[i] = settings[i].key;
        known[SETTING_COUNT] = "client"; /* the command's own settings stand in the same file */
        known[SETTING_COUNT + 1] = NULL;
        TRY(yaml_read_file(r->arena, path, &root, r->why));
        TRY(yaml_known_keys(root, known, r->why));
        for (unsigned i = 0; i < SETTING_COUNT; i++) {
                struct bytes text = {0};

                if (settings[i].kind == SETTING_LIST) {
                        TRY(read_list(r, root, i));
                        continue;
                }
                TRY(yaml_text(root, settings[i].key, false, &text, r->why));
                if (r->values[i] == NULL && text.len > 0)
                        r->values[i] = arena_strndup(r->arena, (const char *)text.data, text.len);
        }
        return ERR_OK;
}

/* The settings file and the data folder it stands in. */
static enum err find_folder(struct reading *r, const char **out)
{
        const char *file = r->config_file;

        if (file == NULL && r->data != NULL)
                file = arena_printf(r->arena, "%s/statgate.yaml", r->data);
        if (file == NULL)
                file = "statgate.yaml";
        if (access(file, R_OK) != 0)
                return refuse(r->why, ERR_CONFIG, file,
                        "cannot be read; `statgate init FOLDER` makes a data folder");
        TRY(read_file(r, file));
        char *real = realpath(file, NULL);
        if (real == NULL)
                return ERR_UNREADABLE;
        *strrchr(real, '/') = '\0';
        *out = arena_strndup(r->arena, real, strlen(real));
        free(real);
        return *out == NULL ? ERR_NO_MEMORY : ERR_OK;
}

static const char *text_of(const struct reading *r, enum setting_id id)
{
        return r->values[id] != NULL ? r->values[id] : defaults[id];
}

static const char *path_of(const struct reading *r, const char *folder, enum setting_id id)
{
        const char *text = text_of(r, id);

        if (text == NULL || text[0] == '/' || strcmp(text, "-") == 0)
                return text;
        return arena_printf(r->arena, "%s/%s", folder, text);
}

static enum err number_of(const struct reading *r, enum setting_id id, unsigned max, unsigned *out)
{
        int64_t n;

        if (!bytes_decimal(bytes_of_text(text_of(r, id)), 0, &n) || n < 0 || n > max)
                return refuse(r->why, ERR_CONFIG, settings[id].key,
                        "needs a whole number of at most %u", max);
        *out = (unsigned)n;
        return ERR_OK;
}

static enum err word_of(const struct reading *r, enum setting_id id, const char *const *words,
        unsigned len, unsigned *out)
{
        for (unsigned i = 0; i < len; i++) {
                if (strcmp(text_of(r, id), words[i]) != 0)
                        continue;
                *out = i;
                return ERR_OK;
        }
        return refuse(r->why, ERR_CONFIG, settings[id].key, "%s", settings[id].help);
}

/* All of a module or none of it. */
static enum err module_of(const struct reading *r, const char *folder, struct config *out)
{
        enum { LABELS_MAX = 63 };
        static const enum setting_id needed[] = {SET_hsm_token, SET_hsm_key, SET_hsm_pin_file};
        const char *library = path_of(r, folder, SET_hsm_module);

        if (library == NULL && out->unsealer == UNSEAL_MODULE)
                return refuse(r->why, ERR_CONFIG, "hsm_module", "is needed by `unseal: hsm`");
        if (library == NULL)
                return ERR_OK;
        for (unsigned i = 0; i < ARRAY_LEN(needed); i++)
                if (text_of(r, needed[i]) == NULL)
                        return refuse(r->why, ERR_CONFIG, settings[needed[i]].key,
                                "is needed with hsm_module");
        if (strlen(text_of(r, SET_hsm_token)) + strlen(text_of(r, SET_hsm_key)) > LABELS_MAX)
                return refuse(r->why, ERR_CONFIG, "hsm_key", "has too long a label");
        out->module = (struct keeper_module){
                .library = library,
                .token = text_of(r, SET_hsm_token),
                .key = text_of(r, SET_hsm_key),
                .pin_file = path_of(r, folder, SET_hsm_pin_file),
                .environment = text_of(r, SET_hsm_environment),
        };
        return ERR_OK;
}

/* What opens the keyring is the custodian's, and his file says it. */
static enum err custodian_of(const struct reading *r, const char *folder, struct config *out)
{
        static const enum setting_id not_ours[] = {
                SET_passphrase_file, SET_unseal, SET_hsm_module, SET_hsm_token, SET_hsm_key};

        out->custodian = (struct keeper_custodian){.address = text_of(r, SET_custodian),
                .is = text_of(r, SET_custodian_is),
                .pki = path_of(r, folder, SET_custodian_pki)};
        if (out->custodian.address == NULL)
                return ERR_OK;
        for (unsigned i = 0; i < ARRAY_LEN(not_ours); i++)
                if (text_of(r, not_ours[i]) != NULL)
                        return refuse(r->why, ERR_CONFIG, settings[not_ours[i]].key,
                                "is the custodian's to say, where there is a custodian");
        if (strncmp(out->custodian.address, "tls:", 4) != 0 && out->custodian.is == NULL)
                return refuse(r->why, ERR_CONFIG, "custodian_is", "is needed: user:NAME or uid:N");
        return ERR_OK;
}

/* A line of a list; paths are made absolute. */
static enum err witness_of(
        const struct reading *r, const char *folder, const char *line, size_t len, const char **out)
{
        const char *name = arena_strndup(r->arena, line, len), *wrong;
        static const char *const placed[] = {"file:", "dir:"};

        for (unsigned i = 0; name != NULL && i < ARRAY_LEN(placed); i++) {
                size_t skip = strlen(placed[i]);

                if (strncmp(name, placed[i], skip) == 0 && name[skip] != '/' && name[skip] != '\0')
                        name = arena_printf(r->arena, "%s%s/%s", placed[i], folder, name + skip);
        }
        if (name == NULL)
                return ERR_NO_MEMORY;
        wrong = witness_wrong(name);
        if (wrong != NULL)
                return refuse(r->why, ERR_CONFIG, settings[SET_witnesses].key, "%s", wrong);
        *out = name;
        return ERR_OK;
}

static enum err witnesses_of(const struct reading *r, const char *folder, struct config *out)
{
        const char *at = text_of(r, SET_witnesses), **list;
        unsigned len = 0;

        out->witness_ca = path_of(r, folder, SET_witness_ca);
        if (out->witness_ca != NULL && access(out->witness_ca, R_OK) != 0)
                return refuse(r->why, ERR_CONFIG, settings[SET_witness_ca].key, "cannot be read");
        list = arena_alloc(r->arena, WITNESSES_MAX, sizeof *list);
        if (list == NULL)
                return ERR_NO_MEMORY;
        while (at != NULL && *at != '\0') {
                size_t line = strcspn(at, "\n");

                if (len == WITNESSES_MAX)
                        return refuse(r->why, ERR_CONFIG, settings[SET_witnesses].key,
                                "are at most %u", (unsigned)WITNESSES_MAX);
                TRY(witness_of(r, folder, at, line, &list[len++]));
                at += line + (at[line] == '\n');
        }
        out->witnesses = list;
        out->witnesses_len = len;
        return ERR_OK;
}

static enum err tell_in_force(const struct reading *r, struct config *out)
{
        const char **list = arena_alloc(r->arena, SETTING_COUNT, sizeof *list);
        unsigned len = 0;

        for (unsigned i = 0; list != NULL && i < SETTING_COUNT; i++) {
                const char *text = text_of(r, (enum setting_id)i);

                if (text == NULL || i == SET_hsm_environment)
                        continue;
                list[len] = arena_printf(r->arena, "%s: %s", settings[i].key, text);
                if (list[len++] == NULL)
                        return ERR_NO_MEMORY;
        }
        out->in_force = list;
        out->in_force_len = len;
        return list != NULL ? ERR_OK : ERR_NO_MEMORY;
}

static const char *beside(const struct reading *r, const char *file, const char *name)
{
        const char *slash = strrchr(file, '/');

        return slash == NULL ? name
                             : arena_printf(r->arena, "%.*s/%s", (int)(slash - file), file, name);
}

static enum err fill(const struct reading *r, const char *folder, struct config *out)
{
        static const char *const levels[] = {"debug", "info", "warning", "error"};
        static const char *const locks[] = {"required", "development"};
        static const char *const unsealers[] = {"passphrase", "officers", "hsm"};
        unsigned level = 0, lock = 0, unsealer = 0, mib = 0, drain = 0;

        *out = (struct config){
                .folder = folder,
                .address = text_of(r, SET_address),
                .policy = path_of(r, folder, SET_policy),
                .pki = path_of(r, folder, SET_pki),
                .store = path_of(r, folder, SET_store),
                .keyring = path_of(r, folder, SET_keyring),
                .passphrase_file = path_of(r, folder, SET_passphrase_file),
                .keeper = path_of(r, folder, SET_keeper),
                .log = path_of(r, folder, SET_log),
                .passphrase_fd = r->passphrase_fd,
        };
        TRY(word_of(r, SET_log_level, levels, ARRAY_LEN(levels), &level));
        TRY(word_of(r, SET_memory_lock, locks, ARRAY_LEN(locks), &lock));
        if (text_of(r, SET_unseal) != NULL)
                TRY(word_of(r, SET_unseal, unsealers, ARRAY_LEN(unsealers), &unsealer));
        TRY(number_of(r, SET_workers, 1024, &out->workers));
        TRY(number_of(r, SET_threads, 1024, &out->threads));
        TRY(number_of(r, SET_view_memory_mib, 1 << 24, &mib));
        TRY(number_of(r, SET_drain_seconds, 3600, &drain));
        out->log_level = (enum log_level)level;
        out->memory_lock_required = lock == 0;
        out->unsealer = (enum unsealer)unsealer;
        out->view_memory = (size_t)mib << 20;
        out->drain_ms = drain * 1000;
        TRY(custodian_of(r, folder, out));
        out->restore = beside(r, out->keyring, "restore.sgr");
        out->ruling = beside(r, out->store, "ruling.bundle");
        if (out->restore == NULL || out->ruling == NULL)
                return ERR_NO_MEMORY;
        TRY(witnesses_of(r, folder, out));
        TRY(tell_in_force(r, out));
        return module_of(r, folder, out);
}

enum err config_read(
        struct arena *arena, int argc, char **argv, struct config *out, struct refusal *why)
{
        struct reading r = {.arena = arena, .why = why, .passphrase_fd = -1};
        const char *folder = NULL;

        TRY(read_flags(&r, argc, argv));
        TRY(find_folder(&r, &folder));
        return fill(&r, folder, out);
}
