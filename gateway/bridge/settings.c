/* SPDX-License-Identifier: Apache-2.0 */
/* settings.c: the custodian's half of statgate.yaml.
 *
 * The keys that both halves have (keyring, unseal, hsm_…) mean the same here as in the gateway's
 * file. What is only the gateway's is refused, so that nobody believes it to be in force. */
#include "gateway/bridge/settings.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policies/yaml.h"

enum { PROGRAM_PATH_MAX = 4096, LABELS_MAX = 63 };

static const char *const known[] = {"keyring", "passphrase_file", "unseal", "hsm_module",
        "hsm_token", "hsm_key", "hsm_pin_file", "hsm_environment", "memory_lock", "keeper",
        "listen", "listen_pki", "gateway", "log", "log_level", NULL};

struct reading {
        struct arena *arena;
        const struct yaml *root;
        const char *folder;
        struct refusal *why;
};

static enum err text_of(
        const struct reading *r, const char *key, const char *fallback, const char **out)
{
        struct bytes text = {0};

        *out = fallback;
        TRY(yaml_text(r->root, key, false, &text, r->why));
        if (text.len == 0)
                return ERR_OK;
        *out = arena_strndup(r->arena, (const char *)text.data, text.len);
        return *out != NULL ? ERR_OK : ERR_NO_MEMORY;
}

static enum err path_of(
        const struct reading *r, const char *key, const char *fallback, const char **out)
{
        TRY(text_of(r, key, fallback, out));
        if (*out == NULL || (*out)[0] == '/' || strcmp(*out, "-") == 0)
                return ERR_OK;
        *out = arena_printf(r->arena, "%s/%s", r->folder, *out);
        return *out != NULL ? ERR_OK : ERR_NO_MEMORY;
}

static enum err word_of(
        const struct reading *r, const char *key, const char *const *words, uint32_t *out)
{
        return yaml_word(r->root, key, false, words, out, r->why);
}

/* All of a module or none of it. */
static enum err module_of(const struct reading *r, struct custody_settings *out)
{
        struct keeper_module m = {.library = NULL};

        TRY(path_of(r, "hsm_module", NULL, &m.library));
        TRY(text_of(r, "hsm_token", NULL, &m.token));
        TRY(text_of(r, "hsm_key", NULL, &m.key));
        TRY(path_of(r, "hsm_pin_file", NULL, &m.pin_file));
        TRY(text_of(r, "hsm_environment", NULL, &m.environment));
        if (m.library == NULL)
                return out->opener != OPEN_MODULE ? ERR_OK
                                                  : refuse(r->why, ERR_CONFIG, "hsm_module",
                                                            "is needed by `unseal: hsm`");
        if (m.token == NULL || m.key == NULL || m.pin_file == NULL ||
                strlen(m.token) + strlen(m.key) > LABELS_MAX)
                return refuse(r->why, ERR_CONFIG, "hsm_module",
                        "needs hsm_token, hsm_key and hsm_pin_file");
        out->module = m;
        return ERR_OK;
}

/* Where to listen, and for whom: nobody, unless they are named. */
static enum err line_of(const struct reading *r, struct custody_settings *out)
{
        const char *text;

        TRY(text_of(r, "listen", "", &text));
        if (address_parse(text, &out->listen) != ERR_OK)
                return refuse(r->why, ERR_CONFIG, "listen",
                        "is unix:/PATH (of 107 bytes at most) or tls:HOST:PORT");
        TRY(text_of(r, "gateway", "", &text));
        if (party_parse(text, &out->gateway) != ERR_OK ||
                (out->gateway.kind == PARTY_USER) == out->listen.tls)
                return refuse(r->why, ERR_CONFIG, "gateway",
                        "is user:NAME or uid:N for unix; statgate://TRUST/gateway/NAME or "
                        "sha256:HEX for tls");
        return path_of(r, "listen_pki", "pki", &out->listen_pki);
}

static enum err opener_of(const struct reading *r, struct custody_settings *out)
{
        static const char *const openers[] = {"officers", "passphrase", "hsm", NULL};
        uint32_t opener = OPEN_OFFICERS;

        TRY(word_of(r, "unseal", openers, &opener));
        out->opener = (enum custody_opener)opener;
        TRY(path_of(r, "passphrase_file", NULL, &out->passphrase_file));
        if (out->opener == OPEN_PASSPHRASE && out->passphrase_file == NULL)
                return refuse(
                        r->why, ERR_CONFIG, "passphrase_file", "is needed by `unseal: passphrase`");
        return module_of(r, out);
}

static enum err program_of(const struct reading *r, const char **out)
{
        char self[PROGRAM_PATH_MAX];
        ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

        TRY(path_of(r, "keeper", NULL, out));
        if (*out != NULL)
                return ERR_OK;
        if (n <= 0)
                return ERR_UNREADABLE;
        self[n] = '\0';
        *strrchr(self, '/') = '\0';
        *out = arena_printf(r->arena, "%s/statgate-keeper", self);
        return *out != NULL ? ERR_OK : ERR_NO_MEMORY;
}

static enum err fill(const struct reading *r, struct custody_settings *out)
{
        static const char *const locks[] = {"required", "development", NULL};
        static const char *const levels[] = {"debug", "info", "warning", "error", NULL};
        uint32_t lock = 0, level = LOG_INFO;

        TRY(yaml_known_keys(r->root, known, r->why));
        TRY(path_of(r, "keyring", "keys/keyring.sgk", &out->keyring));
        TRY(path_of(r, "log", "log/keeper.log", &out->log));
        TRY(word_of(r, "memory_lock", locks, &lock));
        TRY(word_of(r, "log_level", levels, &level));
        out->memory_lock_required = lock == 0;
        out->log_level = (enum log_level)level;
        TRY(program_of(r, &out->keeper));
        TRY(opener_of(r, out));
        return line_of(r, out);
}

enum err custody_settings_read(
        struct arena *arena, const char *folder, struct custody_settings *out, struct refusal *why)
{
        struct custody_settings s = {.folder = NULL};
        struct reading r = {.arena = arena, .why = why};
        struct yaml *root = NULL;
        char *real = realpath(folder, NULL);
        const char *file;

        if (real == NULL)
                return refuse(why, ERR_CONFIG, folder,
                        "is no folder; `statgate keys init --custodian FOLDER` makes one");
        r.folder = s.folder = arena_strndup(arena, real, strlen(real));
        free(real);
        file = r.folder != NULL ? arena_printf(arena, "%s/statgate.yaml", r.folder) : NULL;
        if (file == NULL)
                return ERR_NO_MEMORY;
        TRY(yaml_read_file(arena, file, &root, why));
        r.root = root;
        TRY(fill(&r, &s));
        *out = s;
        return ERR_OK;
}
