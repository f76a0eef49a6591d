/* SPDX-License-Identifier: Apache-2.0 */
/* settings.c: statgate.yaml as the command reads it.
 *
 * The gateway reads the same file, and more of it. Keys that only the gateway
 * uses are known here by name alone, so that a misspelt key is caught by whoever
 * reads the file first. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policies/yaml.h"
#include "tools/cli/cli.h"
#include "tools/cli/files.h"

#define SETTINGS_FILE "statgate.yaml"

static const char *const known[] = {"address", "policy", "pki", "store", "keyring",
        "passphrase_file", "unseal", "hsm_module", "hsm_token", "hsm_key", "hsm_pin_file",
        "hsm_environment", "memory_lock", "keeper", "custodian", "custodian_is", "custodian_pki",
        "listen", "listen_pki", "gateway", "workers", "view_memory_mib", "threads", "drain_seconds",
        "witnesses", "witness_ca", "log", "log_level", "client", NULL};
static const char *const known_client[] = {"as", NULL};

static const char *config_path(const struct cli *cli)
{
        return cli->config_path != NULL ? cli->config_path : SETTINGS_FILE;
}

bool settings_present(const struct cli *cli)
{
        return file_exists(config_path(cli));
}

static const char *folder_of(struct arena *arena, const char *path)
{
        const char *slash = strrchr(path, '/');

        if (slash == NULL)
                return ".";
        return slash == path ? "/" : arena_strndup(arena, path, (size_t)(slash - path));
}

/* The text of `key`, or `fallback`; NULL when memory is short. */
static enum err text_of(struct arena *arena, const struct yaml *m, const char *key,
        const char *fallback, const char **out, struct refusal *why)
{
        struct bytes text = {NULL, 0};

        *out = fallback;
        TRY(yaml_text(m, key, false, &text, why));
        if (text.data == NULL)
                return ERR_OK;
        *out = arena_strndup(arena, (const char *)text.data, text.len);
        return *out != NULL ? ERR_OK : ERR_NO_MEMORY;
}

static enum err path_of(struct arena *arena, const struct yaml *m, const char *key,
        const char *folder, const char *fallback, const char **out, struct refusal *why)
{
        const char *text;

        TRY(text_of(arena, m, key, fallback, &text, why));
        *out = text != NULL ? path_join(arena, folder, text) : NULL;
        return text == NULL || *out != NULL ? ERR_OK : ERR_NO_MEMORY;
}

static enum err read_lock(struct arena *arena, const struct yaml *m, bool *out, struct refusal *why)
{
        const char *text;

        TRY(text_of(arena, m, "memory_lock", "required", &text, why));
        *out = strcmp(text, "required") == 0;
        if (!*out && strcmp(text, "development") != 0)
                return yaml_complain(yaml_find(m, "memory_lock"), ERR_CONFIG, why,
                        "memory_lock is required or development");
        return ERR_OK;
}

static enum err read_yaml(
        struct arena *a, const char *path, struct settings *s, struct refusal *why)
{
        struct yaml *m = NULL;

        TRY(yaml_read_file(a, path, &m, why));
        if (m->kind != YAML_MAPPING)
                return yaml_complain(m, ERR_CONFIG, why, "settings are a mapping");
        TRY(yaml_known_keys(m, known, why));
        s->folder = folder_of(a, path);
        if (s->folder == NULL)
                return ERR_NO_MEMORY;
        TRY(text_of(a, m, "address", "127.0.0.1:7443", &s->address, why));
        TRY(path_of(a, m, "policy", s->folder, "policy", &s->policy, why));
        TRY(path_of(a, m, "pki", s->folder, "pki", &s->pki, why));
        TRY(path_of(a, m, "keyring", s->folder, "keys/keyring.sgk", &s->keyring, why));
        TRY(path_of(a, m, "passphrase_file", s->folder, NULL, &s->passphrase_file, why));
        TRY(path_of(a, m, "keeper", s->folder, NULL, &s->keeper, why));
        TRY(read_lock(a, m, &s->memory_lock_required, why));

        const struct yaml *client = yaml_find(m, "client");

        if (client == NULL)
                return ERR_OK;
        if (client->kind != YAML_MAPPING)
                return yaml_complain(client, ERR_CONFIG, why, "client is a mapping");
        TRY(yaml_known_keys(client, known_client, why));
        return text_of(a, client, "as", NULL, &s->as, why);
}

enum exit_code settings_read(struct cli *cli, struct settings *out)
{
        const char *path = config_path(cli);
        struct settings s = {.folder = NULL};
        struct refusal why = {0};

        if (!file_exists(path)) {
                complain(cli, WORD_SETTINGS_MISSING, path);
                return EXIT_CODE_USAGE;
        }

        enum err rc = read_yaml(cli->arena, path, &s, &why);

        if (rc != ERR_OK) {
                complain(cli, WORD_SETTINGS_WRONG, path, err_sentence(rc));
                cli_print_refusal(cli, &why);
                return rc == ERR_NO_MEMORY ? EXIT_CODE_INTERNAL : EXIT_CODE_USAGE;
        }
        if (cli->address != NULL)
                s.address = cli->address;
        *out = s;
        return EXIT_CODE_OK;
}
