/* SPDX-License-Identifier: Apache-2.0 */
/* gateway_sealing.h: what a municipality does before it delivers, for tests of the gateway: every
 * municipality of the bundle has a submission key, and batches in clear are put into boxes on
 * their way into a talk. What cannot be made ends the program. */
#ifndef STATGATE_TESTS_SUPPORT_GATEWAY_SEALING_H
#define STATGATE_TESTS_SUPPORT_GATEWAY_SEALING_H

#include "crypto/box.h"
#include "proto/wire.h"
#include "tests/support/gateway_world.h"

/* The bundle in policy/ with a key for each of its municipalities; before it is signed. */
void world_pin_submission_keys(struct world *w);
/* Every data set takes persons in clear too; signs. Before anything runs. */
void world_take_clear(struct world *w);
/* Made of the municipality's code; for secret_free. */
struct secret *submission_key_of(municipality_t m);
/* Asked of the gateway, over any client, the first time and after world_forget_key. */
void world_keeper_key(struct world *w, struct client *c);
void world_forget_key(struct world *w);

/* The batch with its persons in a box for the world's key, as an encoded message in `a`. */
struct bytes seal_batch(struct world *w, struct arena *a, municipality_t m,
        const struct wire_open *open, const struct batch *batch);
/* What municipality `m` sends to have a person erased: in a box, where data sets need that. */
enum status world_erase(struct world *w, municipality_t m, const struct wire_person *person);
/* The same for one record, by its key. */
enum status world_erase_record(
        struct world *w, municipality_t m, const char *dataset, const char *key);
/* `who` sends what `m` has signed, to take back what was said under an id. */
enum status world_undo_aliases(
        struct world *w, const char *who, municipality_t m, const struct submission_id *id);
/* What it sends when ids became others; `len` of each, one behind the other. Fills in what goes
 * along but `days`. */
enum status world_alias(struct world *w, municipality_t m, const struct box_persons *who,
        const int32_t *days, struct submission_id *out_id);

#endif
