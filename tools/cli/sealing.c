/* SPDX-License-Identifier: Apache-2.0 */
/* sealing.c: persons into boxes, before they leave the municipality.
 *
 * The keeper's key comes through the gateway. If the gateway is in other hands it will hand
 * out a key of its own, and open what is sealed to it: therefore nothing is sealed unless a
 * signing key that came another way says that the key is the keeper's, and that it still is.
 * There is no way past that: a delivery that cannot be sealed is not sent. */
#include "tools/cli/sealing.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "crypto/key_statement.h"
#include "crypto/secret.h"
#include "crypto/statement.h"
#include "tools/cli/files.h"
#include "tools/cli/keys.h"
#include "tools/client/client.h"

enum { KEYS_ARENA = 1 << 20, EARLY_MS = 24 * 3600 * 1000, UUID_TIME_LEN = 6 };

static const char keys_path[] = "/statgate.v1.Submission/GetKeeperKeys";

/* What is pinned ------------------------------------------------------------ */

enum err pinned_read(struct arena *arena, const char *path,
        uint8_t out[PINNED_MAX][SIGN_PUBLIC_LEN], unsigned *out_len)
{
        struct bytes text;
        unsigned len = 0;

        if (!file_exists(path))
                return ERR_NOT_FOUND;
        TRY(file_read(arena, path, &text));
        for (const char *at = (const char *)text.data; *at != '\0';) {
                char hex[2 * SIGN_PUBLIC_LEN + 1] = "";
                size_t line = strcspn(at, "\r\n");

                if (line > 0 && *at != '#') {
                        if (line != sizeof hex - 1 || len == PINNED_MAX)
                                return ERR_MALFORMED;
                        memcpy(hex, at, line);
                        TRY(hex_decode(hex, out[len++], SIGN_PUBLIC_LEN));
                }
                at += line + strspn(at + line, "\r\n");
        }
        if (len == 0)
                return ERR_MALFORMED;
        *out_len = len;
        return ERR_OK;
}

enum err pinned_write(
        struct arena *arena, const char *path, const uint8_t (*keys)[SIGN_PUBLIC_LEN], unsigned len)
{
        const char *text = "";

        for (unsigned i = 0; i < len && text != NULL; i++) {
                char hex[2 * SIGN_PUBLIC_LEN + 1];

                hex_encode(bytes_of(keys[i], SIGN_PUBLIC_LEN), hex);
                text = arena_printf(arena, "%s%s\n", text, hex);
        }
        return text == NULL ? ERR_NO_MEMORY : file_replace(path, bytes_of_text(text), 0600);
}

static enum exit_code read_submission_key(
        struct cli *cli, const char *path, const char *name, struct secret **out)
{
        enum err rc = file_exists(path) ? signing_key_read(cli->arena, path, out) : ERR_NOT_FOUND;

        if (rc == ERR_OK)
                return EXIT_CODE_OK;
        if (rc == ERR_NOT_FOUND)
                complain(cli, WORD_SUBMISSION_KEY_MISSING, path, name);
        else
                complain(cli, WORD_FILE_UNREADABLE, path, err_sentence(rc));
        return EXIT_CODE_USAGE;
}

enum exit_code sealing_begin(struct cli *cli, const struct settings *settings,
        const struct identity *who, struct sealing *out)
{
        struct sealing s = {.municipality = who->principal.municipality};
        const char *key = arena_printf(
                cli->arena, "%s/client/%s.submission.key", settings->folder, who->name);
        enum exit_code code = keys_init(cli, false);
        enum err rc;

        s.pinned_path = path_join(cli->arena, settings->folder, "client/keeper.pub");
        if (key == NULL || s.pinned_path == NULL)
                return EXIT_CODE_INTERNAL;
        if (code != EXIT_CODE_OK)
                return code;
        rc = pinned_read(cli->arena, s.pinned_path, s.pinned, &s.pinned_len);
        if (rc != ERR_OK) {
                complain(cli, rc == ERR_NOT_FOUND ? WORD_KEEPER_NOT_PINNED : WORD_KEEPER_PIN_WRONG,
                        s.pinned_path);
                return EXIT_CODE_USAGE;
        }
        code = read_submission_key(cli, key, who->name, &s.submission_key);
        if (code == EXIT_CODE_OK)
                *out = s;
        return code;
}

void sealing_done(struct sealing *s)
{
        secret_free(&s->submission_key);
        free(s->box);
        *s = (struct sealing){.has_key = false};
}

/* The keeper's key ---------------------------------------------------------- */

bool vouched_for(const struct wire_keeper_key *key, bool signs,
        const uint8_t (*signers)[SIGN_PUBLIC_LEN], unsigned len)
{
        struct key_statement statement = {.kind = signs ? KEYRING_SIGNING : KEYRING_SEALING,
                .from_ms = key->from_ms,
                .until_ms = key->until_ms};
        char id[BOX_KEY_ID_LEN + 1];

        box_key_id(key->public_key, id);
        if (!bytes_is_text(key->key_id, id))
                return false;
        memcpy(statement.public_key, key->public_key, sizeof statement.public_key);
        for (uint32_t i = 0; i < key->signatures_len; i++)
                for (unsigned k = 0; k < len; k++)
                        if (key_statement_check(
                                    signers[k], &statement, key->signatures[i].signature) == ERR_OK)
                                return true;
        return false;
}

/* The newest that is vouched for and good now. */
static enum exit_code choose_key(
        struct cli *cli, struct sealing *s, const struct wire_keeper_keys *keys)
{
        int64_t now = clock_now_ms();
        bool expired = false;

        for (uint32_t i = 0; i < keys->sealing_len; i++) {
                const struct wire_keeper_key *key = &keys->sealing[i];

                if (!vouched_for(key, false, (const uint8_t(*)[SIGN_PUBLIC_LEN])s->pinned,
                            s->pinned_len))
                        continue;
                if (key->until_ms < now || key->from_ms > now + EARLY_MS) {
                        expired = true;
                        continue;
                }
                box_key_id(key->public_key, s->key_id);
                memcpy(s->public_key, key->public_key, sizeof s->public_key);
                s->has_key = true;
                return EXIT_CODE_OK;
        }
        complain(cli, expired ? WORD_KEEPER_KEY_EXPIRED : WORD_KEEPER_KEY_FOREIGN, s->pinned_path);
        return EXIT_CODE_REFUSED;
}

enum exit_code sealing_fetch(struct cli *cli, struct sealing *s, struct client *client)
{
        OWNED(arena_free) struct arena *arena = arena_new(KEYS_ARENA);
        struct call_status status = {.code = STATUS_OK};
        struct wire_keeper_keys keys;
        struct bytes answer;
        enum err rc;

        s->has_key = false;
        if (arena == NULL)
                return EXIT_CODE_INTERNAL;
        rc = client_unary(client, arena, keys_path, (struct bytes){0}, 0, &answer, &status);
        if (rc != ERR_OK)
                return cli_call_failed(cli, rc, &status);
        if (keeper_keys_decode(arena, answer, &keys) != ERR_OK) {
                complain(cli, WORD_PROTOCOL);
                return EXIT_CODE_INTERNAL;
        }
        return choose_key(cli, s, &keys);
}

/* Boxes --------------------------------------------------------------------- */

static enum err make_room(struct sealing *s, size_t len)
{
        uint8_t *room;

        if (len <= s->box_cap)
                return ERR_OK;
        room = realloc(s->box, len);
        if (room == NULL)
                return ERR_NO_MEMORY;
        s->box = room;
        s->box_cap = len;
        return ERR_OK;
}

static enum err make_box(
        struct sealing *s, struct box_head *head, const struct box_persons *who, struct bytes *out)
{
        size_t len = box_plain_len(who->rows, who->guardians) + BOX_OVERHEAD;

        TRY(make_room(s, len));
        memcpy(head->key_id, s->key_id, sizeof head->key_id);
        head->municipality = s->municipality;
        TRY(box_seal(s->public_key, head, who, s->box));
        *out = bytes_of(s->box, len);
        return box_sign(s->submission_key, head, *out, s->signature);
}

enum err sealing_batch(struct sealing *s, struct bytes dataset,
        const struct submission_id *submission, const struct batch *in, struct batch *out)
{
        const struct box_persons who = {.rows = in->rows,
                .guardians = in->guardians.len,
                .persons = in->persons,
                .guardian_persons = in->guardians.persons};
        struct box_head head = {.use = BOX_BATCH,
                .submission = *submission,
                .sequence = in->sequence,
                .rows = in->rows};
        struct batch sealed = *in;

        if (dataset.len > NAME_MAX_LEN || in->persons.ids == NULL)
                return ERR_INVALID;
        memcpy(head.dataset, dataset.data, dataset.len);
        TRY(make_box(s, &head, &who, &sealed.box));
        sealed.sealed = true;
        sealed.key_id = bytes_of_text(s->key_id);
        sealed.signature = bytes_of(s->signature, sizeof s->signature);
        sealed.persons = (struct person_column){NULL, NULL};
        sealed.guardians.persons = (struct person_column){NULL, NULL};
        *out = sealed;
        return ERR_OK;
}

/* A UUID of version 7 (RFC 9562): the time, and chance. */
static enum err request_now(struct submission_id *out)
{
        uint64_t now = (uint64_t)clock_now_ms();

        TRY(random_bytes(out->bytes, sizeof out->bytes));
        for (unsigned i = 0; i < UUID_TIME_LEN; i++)
                out->bytes[i] = (uint8_t)(now >> (8 * (UUID_TIME_LEN - 1 - i)));
        out->bytes[6] = (uint8_t)((out->bytes[6] & 0x0f) | 0x70);
        out->bytes[8] = (uint8_t)((out->bytes[8] & 0x3f) | 0x80);
        return ERR_OK;
}

enum err sealing_person(struct sealing *s, struct wire_person *person)
{
        const struct box_persons who = {.rows = 1, .persons = {person->id, &person->kind}};
        struct box_head head = {.use = BOX_ERASE, .rows = 1};

        TRY(request_now(&person->request));
        head.submission = person->request;
        TRY(make_box(s, &head, &who, &person->box));
        person->sealed = true;
        person->key_id = bytes_of_text(s->key_id);
        person->signature = bytes_of(s->signature, sizeof s->signature);
        wipe(person->id, sizeof person->id);
        person->kind = PERSON_NONE;
        return ERR_OK;
}

enum err sealing_record(struct sealing *s, struct wire_record *record)
{
        struct box_head head = {.use = BOX_RECORD, .municipality = s->municipality, .rows = 1};

        if (record->dataset.len > NAME_MAX_LEN)
                return ERR_INVALID;
        TRY(request_now(&record->request));
        head.submission = record->request;
        memcpy(head.dataset, record->dataset.data, record->dataset.len);
        memcpy(head.key_id, s->key_id, sizeof head.key_id);
        TRY(make_room(s, BOX_RECORD_LEN));
        TRY(box_seal_record(s->public_key, &head, record->key, s->box));
        record->box = bytes_of(s->box, BOX_RECORD_LEN);
        TRY(box_sign(s->submission_key, &head, record->box, s->signature));
        record->sealed = true;
        record->key_id = bytes_of_text(s->key_id);
        record->signature = bytes_of(s->signature, sizeof s->signature);
        record->key = (struct bytes){0};
        return ERR_OK;
}

/* The days as they are signed: little-endian, one behind the other. */
static enum err sign_days(struct sealing *s, struct wire_aliases *out)
{
        struct statement said = {.kind = STATEMENT_ALIAS_DAYS,
                .municipality = s->municipality,
                .request = out->id,
                .box = out->box};
        OWNED(buf_done) struct buf days = {.ceiling = (size_t)WIRE_ALIASES_MAX * 4};

        for (uint32_t i = 0; i < out->len; i++)
                put_u32(&days, (uint32_t)out->days[i]);
        TRY(buf_end(&days, &said.days));
        TRY(statement_sign(s->submission_key, &said, s->statement));
        out->days_signature = bytes_of(s->statement, sizeof s->statement);
        return ERR_OK;
}

enum err sealing_aliases(struct sealing *s, const struct box_persons *who, struct wire_aliases *out)
{
        struct box_head head = {.use = BOX_ALIAS, .rows = who->rows};

        TRY(request_now(&out->id));
        head.submission = out->id;
        TRY(make_box(s, &head, who, &out->box));
        out->key_id = bytes_of_text(s->key_id);
        out->signature = bytes_of(s->signature, sizeof s->signature);
        return sign_days(s, out);
}

enum err sealing_undo(struct sealing *s, struct wire_alias_undo *undo)
{
        const struct statement said = {
                .kind = STATEMENT_ALIAS_UNDO, .municipality = s->municipality, .request = undo->id};

        TRY(statement_sign(s->submission_key, &said, s->statement));
        undo->signature = bytes_of(s->statement, sizeof s->statement);
        return ERR_OK;
}
