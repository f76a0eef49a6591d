/* SPDX-License-Identifier: Apache-2.0 */
/* run_person.c: which k_person names whom; and its exchange.
 *
 *      one ──PERSON_BEGIN──> two: who is delivered gets both names ──PERSON_SETTLE──> the newer
 *
 * A person code is a one-way function of the number, so this exchange needs the numbers once
 * more: the municipalities deliver anew. Until all have, everything is linked by the older
 * name, which every batch has; then the older key ends. The gateway counts who owes a
 * delivery. What is settled without one stands alone for ever. */
#include <string.h>

#include "base/log.h"
#include "gateway/keeper/run_inner.h"

void run_forget_persons(struct run *r)
{
        for (unsigned i = 0; i < r->persons_len; i++)
                person_key_free(&r->persons[i].key);
        r->persons_len = 0;
}

static bool are_current(const struct run *r, const struct person_epoch *epochs, unsigned len)
{
        if (len != r->persons_len)
                return false;
        for (unsigned i = 0; i < len; i++)
                if (epochs[i].epoch != r->persons[i].epoch)
                        return false;
        return true;
}

enum err run_persons(struct run *r)
{
        struct person_epoch epochs[2];
        unsigned len = keyring_person_epochs(r->keyring, epochs);

        /* The first is the keyring's own from its making; a second counts once it is on disk. */
        while (len > 1 && !epochs[len - 1].ready)
                len--;
        if (are_current(r, epochs, len))
                return ERR_OK;
        run_forget_persons(r);
        for (unsigned i = 0; i < len; i++) {
                TRY(person_key_new(epochs[i].key, &r->persons[i].key));
                r->persons[i].epoch = epochs[i].epoch;
                r->persons_len = i + 1;
        }
        return ERR_OK;
}

const struct person_key *run_person_find(const struct run *r, uint32_t epoch)
{
        for (unsigned i = 0; i < r->persons_len; i++)
                if (r->persons[i].epoch == epoch)
                        return r->persons[i].key;
        return NULL;
}

bool run_persons_now(const struct run *r, struct sealed_batch *b)
{
        if (run_person_find(r, b->person_epoch) != NULL) {
                if (b->second_epoch != 0 && run_person_find(r, b->second_epoch) == NULL)
                        b->second_epoch = 0;
                return true;
        }
        if (b->second_epoch == 0 || run_person_find(r, b->second_epoch) == NULL)
                return false;
        memcpy(b->pseudonyms, b->second, (size_t)b->rows * PSEUDONYM_LEN);
        if (b->guardians > 0)
                memcpy(b->guardian_pseudonyms, b->second_guardians,
                        (size_t)b->guardians * PSEUDONYM_LEN);
        b->person_epoch = b->second_epoch;
        b->second_epoch = 0;
        return true;
}

enum err run_PERSON_BEGIN(struct run *r, struct request *rq)
{
        TRY(read_end(&rq->payload));
        TRY(keyring_person_begin(r->keyring, run_now(r)));
        log_event(LOG_WARNING, "keeper_person_key_begins",
                LOG_TEXT("why", "every municipality has to deliver anew before it can settle"));
        return run_hand_out_state(r, rq);
}

enum err run_PERSON_SETTLE(struct run *r, struct request *rq)
{
        TRY(read_end(&rq->payload));
        TRY(run_aliases_settle(r));
        TRY(keyring_person_settle(r->keyring));
        TRY(run_persons(r));
        log_event(LOG_WARNING, "keeper_person_key_ended");
        return run_hand_out_state(r, rq);
}
