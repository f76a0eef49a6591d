/* SPDX-License-Identifier: Apache-2.0 */
/* cli_officer.c: `statgate keys unseal`, `import-share`, `export-share`, `passphrase`,
 * `hsm-lock`, `locks` and `drop-lock`: what officers do at the machine where the keeper is.
 *
 * Everything goes over run/keys.sock straight to the keeper (gateway/keeper/officer.h), said
 * at once and then listened to. Secrets come from files or the terminal, never from the
 * command line, and what holds them here is wiped. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "crypto/keyring.h"
#include "crypto/secret.h"
#include "gateway/keeper/officer.h"
#include "tools/cli/ask.h"
#include "tools/cli/files.h"
#include "tools/cli/keys.h"

enum { PATH_ROOM = 4096, SHARES_GIVEN_MAX = 16, SHARE_FILE_MAX = 4096 };

static const struct {
        enum keyring_lock kind;
        const char *word;
} lock_words[] = {{LOCK_PASSPHRASE, "passphrase"}, {LOCK_SHARES, "shares"}, {LOCK_HSM, "hsm"}};

/* What is said, what is heard; both hold secrets. */
struct talk {
        struct cli *cli;
        struct buf said, heard;
        struct reader answers;
};

static void talk_done(struct talk *t)
{
        if (t->said.data != NULL)
                wipe(t->said.data, t->said.len);
        if (t->heard.data != NULL)
                wipe(t->heard.data, t->heard.len);
        buf_done(&t->said);
        buf_done(&t->heard);
}

static enum exit_code talk_begin(struct cli *cli, struct talk *t)
{
        *t = (struct talk){.cli = cli,
                .said = {.ceiling = OFFICER_TALK_MAX},
                .heard = {.ceiling = (size_t)2 * OFFICER_ANSWER_MAX}};
        return keys_init(cli, false);
}

/* The socket ------------------------------------------------------------------- */

static int connect_door(const char *folder)
{
        OWNED(fd_close) int run = -1;
        struct sockaddr_un at = {.sun_family = AF_UNIX};
        char path[PATH_ROOM];
        int fd;

        (void)snprintf(path, sizeof path, "%s/run", folder);
        run = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (run < 0)
                return -1;
        /* By way of the descriptor: a socket's name has room for a hundred bytes. */
        (void)snprintf(at.sun_path, sizeof at.sun_path, "/proc/self/fd/%d/keys.sock", run);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof at) != 0)
                fd_close(&fd);
        return fd;
}

static bool send_all(int fd, struct bytes b)
{
        while (b.len > 0) {
                ssize_t n = send(fd, b.data, b.len, MSG_NOSIGNAL);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return false;
                b.data += n;
                b.len -= (size_t)n;
        }
        return shutdown(fd, SHUT_WR) == 0;
}

static bool receive_all(int fd, struct buf *out)
{
        uint8_t some[1024];
        ssize_t n;

        while ((n = recv(fd, some, sizeof some, 0)) != 0) {
                if (n < 0 && errno != EINTR)
                        break;
                if (n > 0)
                        put_raw(out, some, (size_t)n);
        }
        wipe(some, sizeof some);
        return n == 0;
}

static enum exit_code exchange(struct talk *t)
{
        OWNED(fd_close) int fd = -1;
        struct settings settings;
        struct bytes said, heard;
        enum exit_code code = settings_read(t->cli, &settings);

        if (code != EXIT_CODE_OK)
                return code;
        fd = connect_door(settings.folder);
        if (fd < 0) {
                complain(t->cli, WORD_DOOR_CLOSED, settings.folder);
                return EXIT_CODE_CONNECT;
        }
        /* Who is sent away at once hears why, though she could not say all. */
        bool whole = buf_end(&t->said, &said) == ERR_OK && send_all(fd, said);

        whole = receive_all(fd, &t->heard) && whole;
        if (buf_end(&t->heard, &heard) != ERR_OK || (!whole && heard.len == 0)) {
                complain(t->cli, WORD_DOOR_CLOSED, settings.folder);
                return EXIT_CODE_CONNECT;
        }
        t->answers = reader_of(heard);
        return EXIT_CODE_OK;
}

static enum err error_named(struct bytes name)
{
        for (unsigned e = 0; e < ERR_COUNT; e++)
                if (bytes_is_text(name, err_name((enum err)e)))
                        return (enum err)e;
        return ERR_INTERNAL;
}

/* The next answer; complains of anything but ERR_OK. */
static enum exit_code listen_next(struct talk *t, struct bytes *out_payload)
{
        struct bytes name, payload;
        enum err e = officer_read_answer(&t->answers, &name, &payload);

        if (e == ERR_OK)
                e = error_named(name);
        if (e == ERR_NOT_FOUND)
                complain(t->cli, WORD_LOCK_MISSING);
        else if (e != ERR_OK)
                complain(t->cli, WORD_OFFICER_REFUSED, err_sentence(e));
        if (e != ERR_OK)
                return EXIT_CODE_REFUSED;
        if (out_payload != NULL)
                *out_payload = payload;
        return EXIT_CODE_OK;
}

/* The gateway's own: what was changed is on disk. */
static enum exit_code listen_last(struct talk *t)
{
        return listen_next(t, NULL);
}

/* Proof ------------------------------------------------------------------------ */

static enum exit_code say_secret(struct talk *t, enum officer_verb verb, const struct secret *s)
{
        officer_put(&t->said, verb, bytes_of(secret_view(s), secret_len(s)));
        return EXIT_CODE_OK;
}

/* The file's first line, or the whole of a share's file. */
static enum exit_code say_file(struct talk *t, enum officer_verb verb, const char *path)
{
        struct bytes text;
        enum err rc = file_read(t->cli->arena, path, &text);

        if (rc != ERR_OK || text.len > SHARE_FILE_MAX) {
                complain(t->cli, WORD_FILE_UNREADABLE, path,
                        err_sentence(rc != ERR_OK ? rc : ERR_TOO_LARGE));
                return EXIT_CODE_INPUT;
        }
        uint8_t *bytes = (uint8_t *)(uintptr_t)text.data;
        size_t len = text.len;

        if (verb == OFFICER_PASSPHRASE && len > 0 && bytes[len - 1] == '\n')
                len--;
        officer_put(&t->said, verb, bytes_of(bytes, len));
        wipe(bytes, text.len);
        return EXIT_CODE_OK;
}

static enum exit_code say_prompted(struct talk *t, enum officer_verb verb, enum word question)
{
        OWNED(secret_free) struct secret *line = NULL;
        enum exit_code code = prompt_secret(t->cli, question, &line);

        return code == EXIT_CODE_OK ? say_secret(t, verb, line) : code;
}

/* A passphrase or shares: whoever changes a lock shows that she opens one. The module opens too,
 * and shows nothing. How many answers that will get. */
static enum exit_code say_proof(struct talk *t, const struct arguments *args, unsigned *out_len)
{
        unsigned shares = option_count(args, "share");
        const char *file = option_text(args, "passphrase-file");

        *out_len = shares > 0 ? shares : 1;
        if (option_given(args, "hsm")) {
                officer_put(&t->said, OFFICER_HSM, bytes_of(NULL, 0));
                return EXIT_CODE_OK;
        }
        for (unsigned i = 0; i < shares; i++) {
                enum exit_code code = say_file(t, OFFICER_SHARE, option_nth(args, "share", i));

                if (code != EXIT_CODE_OK)
                        return code;
        }
        if (shares > 0)
                return EXIT_CODE_OK;
        return file != NULL ? say_file(t, OFFICER_PASSPHRASE, file)
                            : say_prompted(t, OFFICER_PASSPHRASE, WORD_PASSPHRASE_NOW);
}

/* Says it all, and hears `len` answers; the payload of the last one. */
static enum exit_code hear(struct talk *t, unsigned len, struct bytes *out_last)
{
        enum exit_code code = exchange(t);

        for (unsigned i = 0; i < len && code == EXIT_CODE_OK; i++)
                code = listen_next(t, i + 1 == len ? out_last : NULL);
        return code;
}

/* unseal, import-share ------------------------------------------------------------ */

static enum exit_code run_keys_unseal(struct cli *cli, const struct arguments *args)
{
        OWNED(talk_done) struct talk t;
        unsigned answers = 0;
        enum exit_code code = talk_begin(cli, &t);

        if (code == EXIT_CODE_OK)
                code = say_proof(&t, args, &answers);
        if (code == EXIT_CODE_OK)
                code = hear(&t, answers, NULL);
        if (code == EXIT_CODE_OK)
                code = listen_last(&t);
        if (code == EXIT_CODE_OK)
                say(cli, WORD_UNSEALED);
        return code;
}

static const char *count_text(const struct cli *cli, unsigned n)
{
        const char *text = arena_printf(cli->arena, "%u", n);

        return text != NULL ? text : "";
}

static enum exit_code run_keys_import(struct cli *cli, const struct arguments *args)
{
        OWNED(talk_done) struct talk t;
        struct bytes count = {0};
        enum exit_code code = talk_begin(cli, &t);

        if (code == EXIT_CODE_OK)
                code = argument_count(args) > 0 ? say_file(&t, OFFICER_SHARE, argument_nth(args, 0))
                                                : say_prompted(&t, OFFICER_SHARE, WORD_SHARE_ASK);
        if (code == EXIT_CODE_OK)
                code = hear(&t, 1, &count);
        if (code == EXIT_CODE_OK)
                code = listen_last(&t);
        if (code != EXIT_CODE_OK)
                return code;
        if (count.len == 2 && count.data[0] < count.data[1])
                say(cli, WORD_SHARE_TAKEN, count_text(cli, count.data[0]),
                        count_text(cli, count.data[1]));
        else
                say(cli, WORD_UNSEALED);
        return EXIT_CODE_OK;
}

/* export-share ---------------------------------------------------------------------- */

static bool number_option(
        const struct cli *cli, const struct arguments *args, const char *name, uint8_t *out)
{
        int64_t n = 0;
        const char *text = option_text(args, name);

        if (text == NULL || !bytes_decimal(bytes_of_text(text), 0, &n) || n < 2 ||
                n > SHARES_GIVEN_MAX) {
                complain(cli, WORD_OPTION_VALUE, name);
                return false;
        }
        *out = (uint8_t)n;
        return true;
}

/* One file for each officer, which she takes away. */
static enum exit_code write_shares(
        const struct cli *cli, struct bytes texts, const char *folder, unsigned total)
{
        struct reader in = reader_of(texts);
        enum err rc = folder_create(folder);

        if (rc == ERR_CONFLICT)
                rc = ERR_OK;
        for (unsigned i = 1; i <= total && rc == ERR_OK; i++) {
                const char *path = arena_printf(cli->arena, "%s/share-%u.txt", folder, i);
                struct bytes text;

                rc = path != NULL ? read_bytes(&in, OFFICER_FRAME_MAX, &text) : ERR_NO_MEMORY;
                if (rc == ERR_OK)
                        rc = file_create(path, text, 0600);
        }
        if (rc == ERR_OK)
                return EXIT_CODE_OK;
        complain(cli, WORD_SHARES_NOT_WRITTEN, folder, err_sentence(rc));
        return EXIT_CODE_INPUT;
}

static enum exit_code run_keys_export(struct cli *cli, const struct arguments *args)
{
        OWNED(talk_done) struct talk t;
        struct bytes texts = {0};
        const char *folder = option_text(args, "to");
        uint8_t quorum[2] = {0, 0};
        unsigned answers = 0;
        enum exit_code code = talk_begin(cli, &t);

        if (code == EXIT_CODE_OK && (!number_option(cli, args, "required", &quorum[0]) ||
                                            !number_option(cli, args, "total", &quorum[1])))
                return EXIT_CODE_USAGE;
        if (code == EXIT_CODE_OK && quorum[0] > quorum[1]) {
                complain(cli, WORD_OPTION_VALUE, "required");
                return EXIT_CODE_USAGE;
        }
        if (code == EXIT_CODE_OK)
                code = say_proof(&t, args, &answers);
        officer_put(&t.said, OFFICER_MAKE_SHARES, bytes_of(quorum, sizeof quorum));
        if (code == EXIT_CODE_OK)
                code = hear(&t, answers + 1, &texts);
        if (code == EXIT_CODE_OK)
                code = write_shares(cli, texts, folder, quorum[1]);
        if (code == EXIT_CODE_OK)
                code = listen_last(&t);
        if (code == EXIT_CODE_OK)
                say(cli, WORD_SHARES_WRITTEN, count_text(cli, quorum[1]), folder,
                        count_text(cli, quorum[0]));
        return code;
}

/* passphrase -------------------------------------------------------------------------- */

/* Asked for twice, or the first line of a file. */
static enum exit_code new_passphrase(
        struct talk *t, const struct arguments *args, struct secret **out)
{
        const char *file = option_text(args, "new-passphrase-file");
        OWNED(fd_close) int fd = -1;
        uint8_t line[OFFICER_FRAME_MAX];
        ssize_t n;
        enum exit_code code = passphrase_open(t->cli, file, &fd);

        if (code != EXIT_CODE_OK)
                return code;
        n = read(fd, line, sizeof line);
        if (n > 0 && line[n - 1] == '\n')
                n--;
        code = n > 0 && secret_copy(line, (size_t)n, out) == ERR_OK ? EXIT_CODE_OK
                                                                    : EXIT_CODE_INPUT;
        wipe(line, sizeof line);
        if (code != EXIT_CODE_OK)
                complain(t->cli, WORD_NOT_READ);
        return code;
}

static enum exit_code run_keys_passphrase(struct cli *cli, const struct arguments *args)
{
        static const struct keyring_cost cost = {262144, 3};
        OWNED(talk_done) struct talk t;
        OWNED(secret_free) struct secret *fresh = NULL;
        OWNED(buf_done) struct buf frame = {.ceiling = OFFICER_FRAME_MAX};
        struct bytes payload;
        unsigned answers = 0;
        enum exit_code code = talk_begin(cli, &t);

        if (code == EXIT_CODE_OK)
                code = say_proof(&t, args, &answers);
        if (code == EXIT_CODE_OK)
                code = new_passphrase(&t, args, &fresh);
        if (code != EXIT_CODE_OK)
                return code;
        put_u32(&frame, cost.memory_kib);
        put_u32(&frame, cost.passes);
        put_raw(&frame, secret_view(fresh), secret_len(fresh));
        if (buf_end(&frame, &payload) != ERR_OK)
                return EXIT_CODE_INTERNAL;
        officer_put(&t.said, OFFICER_SET_PASSPHRASE, payload);
        wipe(frame.data, frame.len);
        code = hear(&t, answers + 1, NULL);
        if (code == EXIT_CODE_OK)
                code = listen_last(&t);
        if (code == EXIT_CODE_OK)
                say(cli, WORD_PASSPHRASE_CHANGED);
        return code;
}

/* hsm-lock ---------------------------------------------------------------------------------- */

static enum exit_code run_keys_hsm(struct cli *cli, const struct arguments *args)
{
        OWNED(talk_done) struct talk t;
        unsigned answers = 0;
        enum exit_code code = talk_begin(cli, &t);

        if (code == EXIT_CODE_OK)
                code = say_proof(&t, args, &answers);
        officer_put(&t.said, OFFICER_SET_HSM, bytes_of(NULL, 0));
        if (code == EXIT_CODE_OK)
                code = hear(&t, answers + 1, NULL);
        if (code == EXIT_CODE_OK)
                code = listen_last(&t);
        if (code == EXIT_CODE_OK)
                say(cli, WORD_HSM_LOCKED);
        return code;
}

/* locks, drop-lock --------------------------------------------------------------------- */

static void tell_lock(const struct cli *cli, const uint8_t lock[3])
{
        for (unsigned i = 0; i < ARRAY_LEN(lock_words); i++) {
                if (lock_words[i].kind != lock[0])
                        continue;
                if (lock[1] > 0)
                        say(cli, WORD_LOCK_SHARES, count_text(cli, lock[1]),
                                count_text(cli, lock[2]));
                else
                        say(cli, WORD_LOCK, lock_words[i].word);
        }
}

static enum exit_code run_keys_locks(struct cli *cli, const struct arguments *args)
{
        OWNED(talk_done) struct talk t;
        struct bytes locks = {0};
        enum exit_code code = talk_begin(cli, &t);

        (void)args;
        officer_put(&t.said, OFFICER_LOCKS, bytes_of(NULL, 0));
        if (code == EXIT_CODE_OK)
                code = hear(&t, 1, &locks);
        if (code != EXIT_CODE_OK)
                return code;
        if (locks.len == 0 || locks.len % 3 != 1)
                return answer_wrong(cli, ERR_MALFORMED);
        say(cli, locks.data[0] == 1 ? WORD_KEYRING_SEALED : WORD_KEYRING_OPEN);
        for (size_t at = 1; at < locks.len; at += 3)
                tell_lock(cli, locks.data + at);
        return EXIT_CODE_OK;
}

static enum exit_code run_keys_drop(struct cli *cli, const struct arguments *args)
{
        OWNED(talk_done) struct talk t;
        const char *word = argument_nth(args, 0);
        unsigned answers = 0;
        uint8_t kind = LOCK_NONE;
        enum exit_code code = talk_begin(cli, &t);

        for (unsigned i = 0; i < ARRAY_LEN(lock_words); i++)
                if (strcmp(word, lock_words[i].word) == 0)
                        kind = (uint8_t)lock_words[i].kind;
        if (kind == LOCK_NONE) {
                complain(cli, WORD_LOCK_UNKNOWN);
                return EXIT_CODE_USAGE;
        }
        if (code == EXIT_CODE_OK)
                code = say_proof(&t, args, &answers);
        officer_put(&t.said, OFFICER_DROP_LOCK, bytes_of(&kind, 1));
        if (code == EXIT_CODE_OK)
                code = hear(&t, answers + 1, NULL);
        if (code == EXIT_CODE_OK)
                code = listen_last(&t);
        if (code == EXIT_CODE_OK)
                say(cli, WORD_LOCK_DROPPED, word);
        return code;
}

/* Commands ------------------------------------------------------------------------------ */

#define PROOF_OPTIONS                                                                              \
        {"passphrase-file", "FILE", NULL, false, false,                                            \
                {"fil med nyckelringens lösenfras (annars frågas vid terminalen)",                 \
                        "file with the keyring's passphrase (else asked for at the terminal)"}},   \
        {                                                                                          \
                "share", "FILE", NULL, false, true,                                                \
                {                                                                                  \
                        "en andel; så många som krävs", "a share; as many as are required"         \
                }                                                                                  \
        }

static const struct option_spec proof_options[] = {PROOF_OPTIONS};
static const struct option_spec unseal_options[] = {
        {"hsm", NULL, NULL, false, false, {"med säkerhetsmodulen", "by the security module"}},
        PROOF_OPTIONS,
};

const struct command command_keys_unseal = {
        .name = "keys unseal",
        .arguments = "",
        .summary = {"öppna nyckelringen hos en sluss som väntar på nyckelansvariga",
                "open the keyring of a gateway that waits for its officers"},
        .details = {"Körs på maskinen där slussen står, av dess användare. Lösenfrasen går raka "
                    "vägen till nyckelhållaren. En sluss väntar när statgate.yaml säger "
                    "`unseal: officers`.",
                "Run on the machine of the gateway, as its user. The passphrase goes straight to "
                "the keeper. A gateway waits where statgate.yaml says `unseal: officers`."},
        .options = unseal_options,
        .options_len = ARRAY_LEN(unseal_options),
        .run = run_keys_unseal,
};

const struct command command_keys_import_share = {
        .name = "keys import-share",
        .arguments = "[FILE]",
        .arguments_max = 1,
        .summary = {"ge nyckelhållaren sin andel", "give the keeper one's share"},
        .details = {"Var och en för sig, inom tio minuter. Den sista som krävs öppnar.",
                "Each officer by herself, within ten minutes. The last one required opens."},
        .run = run_keys_import,
};

static const struct option_spec export_options[] = {
        {"required", "M", NULL, true, false, {"så många krävs", "so many are required"}},
        {"total", "N", NULL, true, false, {"av så många", "of so many"}},
        {"to", "FOLDER", NULL, true, false,
                {"mapp för andelarna, en fil var", "folder for the shares, a file each"}},
        PROOF_OPTIONS,
};

const struct command command_keys_export_share = {
        .name = "keys export-share",
        .arguments = "",
        .summary = {"dela nyckeln på flera händer: m av n öppnar",
                "share the key among several: m of n open"},
        .details = {"Tidigare andelar gäller inte längre. Lämna en fil till var och en och förstör "
                    "den; pröva sedan med keys import-share innan lösenfrasen tas bort.",
                "Earlier shares are void. Hand each officer her file and destroy it here; then try "
                "keys import-share before the passphrase is dropped."},
        .options = export_options,
        .options_len = ARRAY_LEN(export_options),
        .run = run_keys_export,
};

static const struct option_spec passphrase_options[] = {
        {"new-passphrase-file", "FILE", NULL, false, false,
                {"fil med den nya lösenfrasen (annars frågas två gånger)",
                        "file with the new passphrase (else asked for twice)"}},
        PROOF_OPTIONS,
};

const struct command command_keys_passphrase = {
        .name = "keys passphrase",
        .arguments = "",
        .summary = {"byt nyckelringens lösenfras", "change the keyring's passphrase"},
        .options = passphrase_options,
        .options_len = ARRAY_LEN(passphrase_options),
        .run = run_keys_passphrase,
};

const struct command command_keys_locks = {
        .name = "keys locks",
        .arguments = "",
        .summary = {"vad som öppnar nyckelringen, och om den är öppen",
                "what opens the keyring, and whether it is open"},
        .run = run_keys_locks,
};

const struct command command_keys_hsm_lock = {
        .name = "keys hsm-lock",
        .arguments = "",
        .summary = {"låt säkerhetsmodulen öppna nyckelringen",
                "let the security module open the keyring"},
        .details = {"Slussen ska vara startad med hsm_module, hsm_token, hsm_key och hsm_pin_file "
                    "i "
                    "statgate.yaml. Ett tidigare lås av en modul ersätts. Modulen öppnar för den "
                    "som startar slussen, men ändrar inga lås: behåll lösenfras eller andelar.",
                "The gateway must have been started with hsm_module, hsm_token, hsm_key and "
                "hsm_pin_file in statgate.yaml. An earlier lock of a module is replaced. The "
                "module "
                "opens for whoever starts the gateway, and changes no lock: keep a passphrase or "
                "shares."},
        .options = proof_options,
        .options_len = ARRAY_LEN(proof_options),
        .run = run_keys_hsm,
};

const struct command command_keys_drop_lock = {
        .name = "keys drop-lock",
        .arguments = "passphrase|shares|hsm",
        .arguments_min = 1,
        .arguments_max = 1,
        .summary = {"ta bort ett av låsen; aldrig det sista som någon människa öppnar",
                "remove a lock; never the last one that a person opens"},
        .options = proof_options,
        .options_len = ARRAY_LEN(proof_options),
        .run = run_keys_drop,
};
