/* SPDX-License-Identifier: Apache-2.0 */
/* sealing.h: what a municipality seals persons with: the keeper's public key, believed only when
 * the signing key that was handed over vouches for it, and a submission key of its own.
 *
 *      client/keeper.pub            the keeper's signing key: 64 hexadecimal digits a line
 *      client/NAME.submission.key   what NAME signs boxes with; its public half is in the bundle */
#ifndef STATGATE_TOOLS_CLI_SEALING_H
#define STATGATE_TOOLS_CLI_SEALING_H

#include "crypto/box.h"
#include "proto/wire.h"
#include "tools/cli/cli.h"

struct client;
struct secret;

struct sealing {
        struct secret *submission_key;
        municipality_t municipality;
        uint8_t pinned[8][SIGN_PUBLIC_LEN];
        unsigned pinned_len;
        const char *pinned_path;
        /* The keeper's, once fetched. */
        bool has_key;
        char key_id[BOX_KEY_ID_LEN + 1];
        uint8_t public_key[BOX_PUBLIC_LEN];
        /* Of the batch that was sealed last. */
        uint8_t *box;
        size_t box_cap;
        uint8_t signature[SIGNATURE_LEN], statement[SIGNATURE_LEN];
};

/* Reads what lies in the folder; complains itself. For sealing_done. */
enum exit_code sealing_begin(struct cli *cli, const struct settings *settings,
        const struct identity *who, struct sealing *out);
void sealing_done(struct sealing *s);

/* Asks for the keeper's keys over a connection and chooses; complains itself. */
enum exit_code sealing_fetch(struct cli *cli, struct sealing *s, struct client *client);

/* `out` is `in` with its persons in a box; borrowed until the next one. */
MUST_CHECK enum err sealing_batch(struct sealing *s, struct bytes dataset,
        const struct submission_id *submission, const struct batch *in, struct batch *out);
/* One person, to be erased: fills in box, signature and a request of this very time. */
MUST_CHECK enum err sealing_person(struct sealing *s, struct wire_person *person);

/* The key of one record, to be erased out of `dataset`: likewise, and forgets the key. */
MUST_CHECK enum err sealing_record(struct sealing *s, struct wire_record *record);

/* Ids that became others, `rows` and as many guardians: fills in all but the days, which it
 * signs. */
MUST_CHECK enum err sealing_aliases(
        struct sealing *s, const struct box_persons *who, struct wire_aliases *out);

/* Taking back what was said under an id: its signature. Needs no key of the keeper's. */
MUST_CHECK enum err sealing_undo(struct sealing *s, struct wire_alias_undo *undo);

/* The signing keys of keeper.pub. ERR_NOT_FOUND: there is none; ERR_MALFORMED. */
enum { PINNED_MAX = 8 };
MUST_CHECK enum err pinned_read(struct arena *arena, const char *path,
        uint8_t out[PINNED_MAX][SIGN_PUBLIC_LEN], unsigned *out_len);
MUST_CHECK enum err pinned_write(struct arena *arena, const char *path,
        const uint8_t (*keys)[SIGN_PUBLIC_LEN], unsigned len);
/* Whether one of these signing keys vouches for `key`. */
bool vouched_for(const struct wire_keeper_key *key, bool signs,
        const uint8_t (*signers)[SIGN_PUBLIC_LEN], unsigned len);

#endif
