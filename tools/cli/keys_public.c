/* SPDX-License-Identifier: Apache-2.0 */
/* keys_public.c: `statgate keys public`: the keeper's public keys, and whether the one that was
 * handed over vouches for them.
 *
 * `--save` writes the signing keys down where `statgate submit` looks. The first time it is
 * trust at first sight, and says so; afterwards only what a saved key vouches for is saved. */
#include <string.h>

#include "base/clock.h"
#include "crypto/secret.h"
#include "tools/cli/ask.h"
#include "tools/cli/files.h"
#include "tools/cli/keys.h"
#include "tools/cli/sealing.h"

enum { MS_PER_DAY = 86400000, DATE_TEXT = 16 };

struct shown {
        struct cli *cli;
        const char *path; /* of keeper.pub */
        uint8_t pinned[PINNED_MAX][SIGN_PUBLIC_LEN];
        unsigned pinned_len; /* 0: there is none */
        struct wire_keeper_keys keys;
};

static const uint8_t (*pinned_of(const struct shown *s))[SIGN_PUBLIC_LEN]
{
        return (const uint8_t(*)[SIGN_PUBLIC_LEN])s->pinned;
}

static enum exit_code get_keys(struct shown *s)
{
        struct ask ask = {.path = "/statgate.v1.Submission/GetKeeperKeys"};
        struct settings settings;
        struct bytes answer;
        enum exit_code code = settings_read(s->cli, &settings);
        enum err rc;

        if (code == EXIT_CODE_OK)
                code = keys_init(s->cli, false);
        if (code != EXIT_CODE_OK)
                return code;
        s->path = path_join(s->cli->arena, settings.folder, "client/keeper.pub");
        if (s->path == NULL)
                return EXIT_CODE_INTERNAL;
        rc = pinned_read(s->cli->arena, s->path, s->pinned, &s->pinned_len);
        if (rc != ERR_OK && rc != ERR_NOT_FOUND) {
                complain(s->cli, WORD_KEEPER_PIN_WRONG, s->path);
                return EXIT_CODE_USAGE;
        }
        code = cli_ask(s->cli, s->cli->arena, &ask, &answer);
        if (code != EXIT_CODE_OK)
                return code;
        rc = keeper_keys_decode(s->cli->arena, answer, &s->keys);
        return rc == ERR_OK ? EXIT_CODE_OK : answer_wrong(s->cli, rc);
}

static bool is_pinned(const struct shown *s, const struct wire_keeper_key *key)
{
        for (unsigned i = 0; i < s->pinned_len; i++)
                if (memcmp(s->pinned[i], key->public_key, SIGN_PUBLIC_LEN) == 0)
                        return true;
        return false;
}

static enum word verdict_of(const struct shown *s, const struct wire_keeper_key *key, bool signs)
{
        if (s->pinned_len == 0)
                return WORD_PUBLIC_UNPINNED;
        if (signs && is_pinned(s, key))
                return WORD_PUBLIC_PINNED;
        return vouched_for(key, signs, pinned_of(s), s->pinned_len) ? WORD_PUBLIC_VOUCHED
                                                                    : WORD_PUBLIC_FOREIGN;
}

static const char *day_of(struct cli *cli, int64_t ms)
{
        struct civil c = civil_from_days((int32_t)(ms / MS_PER_DAY));
        const char *text = arena_printf(cli->arena, "%04d-%02d-%02d", c.year, c.month, c.day);

        return text != NULL ? text : "";
}

static void show(struct shown *s, const struct wire_keeper_key *keys, uint32_t len, bool signs)
{
        for (uint32_t i = 0; i < len; i++) {
                char hex[2 * SIGN_PUBLIC_LEN + 1];

                hex_encode(bytes_of(keys[i].public_key, sizeof keys[i].public_key), hex);
                say(s->cli, signs ? WORD_PUBLIC_SIGNING : WORD_PUBLIC_SEALING,
                        text_from(s->cli, keys[i].key_id), hex);
                say(s->cli, WORD_PUBLIC_DAYS, day_of(s->cli, keys[i].from_ms),
                        day_of(s->cli, keys[i].until_ms),
                        cli_word(s->cli, verdict_of(s, &keys[i], signs)));
        }
}

static bool may_save(const struct shown *s)
{
        for (uint32_t i = 0; i < s->keys.signing_len; i++)
                if (s->pinned_len > 0 && !is_pinned(s, &s->keys.signing[i]) &&
                        !vouched_for(&s->keys.signing[i], true, pinned_of(s), s->pinned_len))
                        return false;
        return s->keys.signing_len > 0 && s->keys.signing_len <= PINNED_MAX;
}

static enum exit_code save(struct shown *s)
{
        uint8_t keys[PINNED_MAX][SIGN_PUBLIC_LEN];
        enum err rc;

        if (!may_save(s)) {
                complain(s->cli, WORD_PUBLIC_NOT_SAVED, s->path);
                return EXIT_CODE_REFUSED;
        }
        for (uint32_t i = 0; i < s->keys.signing_len; i++)
                memcpy(keys[i], s->keys.signing[i].public_key, SIGN_PUBLIC_LEN);
        rc = pinned_write(s->cli->arena, s->path, (const uint8_t(*)[SIGN_PUBLIC_LEN])keys,
                s->keys.signing_len);
        if (rc != ERR_OK) {
                complain(s->cli, WORD_NOT_WRITTEN, s->path, err_sentence(rc));
                return EXIT_CODE_INTERNAL;
        }
        say(s->cli, WORD_PUBLIC_SAVED, s->path);
        if (s->pinned_len == 0)
                say(s->cli, WORD_PUBLIC_COMPARE);
        return EXIT_CODE_OK;
}

static enum exit_code run(struct cli *cli, const struct arguments *args)
{
        struct shown s = {.cli = cli};
        enum exit_code code = get_keys(&s);

        if (code != EXIT_CODE_OK)
                return code;
        show(&s, s.keys.signing, s.keys.signing_len, true);
        show(&s, s.keys.sealing, s.keys.sealing_len, false);
        return option_given(args, "save") ? save(&s) : EXIT_CODE_OK;
}

static const struct option_spec options[] = {
        {"save", NULL, NULL, false, false,
                {"skriv signeringsnycklarna till client/keeper.pub",
                        "write the signing keys to client/keeper.pub"}},
};

const struct command command_keys_public = {
        .name = "keys public",
        .arguments = "",
        .summary = {"visa nyckelväktarens öppna nycklar, som personnummer förseglas till",
                "show the key keeper's public keys, which personal numbers are sealed to"},
        .details = {"Nycklarna kommer genom slussen och är bara att lita på när en "
                    "signeringsnyckel "
                    "i client/keeper.pub intygar dem. Den nyckeln ska ha kommit en annan väg.",
                "The keys come through the gateway, and are to be believed only when a signing key "
                "in client/keeper.pub vouches for them. That key shall have come another way."},
        .options = options,
        .options_len = ARRAY_LEN(options),
        .run = run,
};
