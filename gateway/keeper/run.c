/* SPDX-License-Identifier: Apache-2.0 */
/* run.c: the dispatcher of the keeper.
 *
 * Every request passes the same gates in the same order: known, allowed in this
 * state, on the right kind of lane, payload and bulk of a possible length. Only
 * then is its bulk input copied out of shared memory, and only the copy is ever
 * looked at: the gateway could change the original between a check and its use.
 *
 * Two kinds of wrong are kept apart. A message that is malformed or out of place
 * gets an error for an answer: a gateway with a mistake in it should hear of it. A
 * packet that no gateway of ours can send (wrong magic, a lane that does not exist
 * or is busy, descriptors where none belong) ends the process: somebody is trying
 * things out. */
#include "gateway/keeper/run.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "crypto/selftest.h"
#include "gateway/keeper/run_inner.h"

/* Untouched pages cost nothing, so the buffers are mapped whole. */
static uint8_t *buffer_new(void)
{
        void *at = mmap(
                NULL, KEEPER_SLOT_LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        return at == MAP_FAILED ? NULL : at;
}

static void buffer_free(uint8_t **at)
{
        if (*at == NULL)
                return;
        (void)munmap(*at, KEEPER_SLOT_LEN);
        *at = NULL;
}

enum err run_new(uint8_t *memory, unsigned slots, int hangup_fd, enum err failed, struct run **out)
{
        OWNED(run_free) struct run *r = calloc(1, sizeof *r);

        if (r == NULL)
                return ERR_NO_MEMORY;
        r->memory = memory;
        r->slots = slots;
        r->hangup_fd = hangup_fd;
        r->failed = failed;
        r->state = failed == ERR_OK ? KEEPER_STARTED : KEEPER_FAILED;
        r->input = buffer_new();
        r->plain = buffer_new();
        r->sealed = buffer_new();
        if (r->input == NULL || r->plain == NULL || r->sealed == NULL)
                return ERR_NO_MEMORY;
        *out = r;
        r = NULL;
        return ERR_OK;
}

void ruling_done(struct ruling *ruling)
{
        arena_free(&ruling->arena);
        *ruling = (struct ruling){.arena = NULL};
}

void run_forget_ciphers(struct run *r)
{
        for (unsigned i = 0; i < DOMAIN_CACHE_LEN; i++)
                block_key_free(&r->domains[i].key);
        for (unsigned i = 0; i < TOKEN_CACHE_LEN; i++) {
                block_key_free(&r->tokens[i].key);
                block_key_free(&r->tokens[i].noise);
        }
        run_forget_aliases(r);
}

void run_take_module(struct run *r, struct hsm_keys *keys)
{
        hsm_keys_done(&r->hsm);
        r->hsm = *keys;
        *keys = (struct hsm_keys){.key = NULL};
}

static void forget_keys(struct run *r)
{
        run_forget_ciphers(r);
        run_forget_shares(r);
        hsm_keys_done(&r->hsm);
        run_forget_persons(r);
        quotas_free(&r->quotas);
        erasures_free(&r->erasures);
        signer_free(&r->signer);
        keyring_free(&r->keyring);
}

void run_free(struct run **r)
{
        if (r == NULL || *r == NULL)
                return;
        forget_keys(*r);
        ruling_done(&(*r)->ruling);
        ruling_done(&(*r)->pending);
        buffer_free(&(*r)->input);
        buffer_free(&(*r)->plain);
        buffer_free(&(*r)->sealed);
        free(*r);
        *r = NULL;
}

void run_fail(struct run *r, enum err why)
{
        forget_keys(r);
        r->failed = why;
        r->state = KEEPER_FAILED;
}

enum err run_self_test(struct run *r)
{
        enum err e = crypto_self_test_again();

        if (e != ERR_OK)
                run_fail(r, e);
        return e;
}

enum keeper_state run_state(const struct run *r)
{
        return r->state;
}

int64_t run_now(struct run *r)
{
        enum { TOLERANCE_MS = 5 * 60 * 1000 };
        int64_t now = clock_now_ms(), highest = keyring_time(r->keyring);

        if (now < highest - TOLERANCE_MS && !r->clock_went_back) {
                r->clock_went_back = true;
                log_event(
                        LOG_WARNING, "keeper_clock_went_back", LOG_NUM("behind_ms", highest - now));
        }
        if (now <= highest)
                return highest;
        keyring_time_set(r->keyring, now);
        r->clock_went_back = false;
        return now;
}

bool run_admit(
        const struct run *r, struct bytes packet, unsigned descriptors, struct keeper_head *out)
{
        struct reader in = reader_of(packet);
        struct keeper_head head;
        enum keeper_lane kind;
        const struct keeper_message_rule *rule;

        if (packet.len > KEEPER_PACKET_MAX || keeper_read_request(&in, &head) != ERR_OK ||
                !keeper_lane_kind(r->slots, head.lane, &kind))
                return false;
        rule = keeper_message_find((uint16_t)head.number);
        if (descriptors != (rule != NULL ? rule->descriptors : 0))
                return false;
        *out = head;
        return true;
}

/* The gates before a handler; on the way the bulk input becomes ours. */
static enum err check_request(struct run *r, const struct keeper_message_rule *rule,
        const struct keeper_head *head, struct request *rq)
{
        enum keeper_lane kind;

        if (rule == NULL)
                return ERR_UNSUPPORTED;
        if ((rule->states & 1u << r->state) == 0)
                return r->state == KEEPER_FAILED ? r->failed : ERR_KEEPER_REFUSED;
        if (!keeper_lane_kind(r->slots, head->lane, &kind) || kind != rule->lane)
                return ERR_KEEPER_REFUSED;
        if (rq->payload.left < rule->shortest || rq->payload.left > rule->longest)
                return ERR_MALFORMED;
        if (head->bulk > (rule->bulk ? KEEPER_SLOT_LEN : 0))
                return ERR_TOO_LARGE;
        if (kind != KEEPER_LANE_SMALL)
                rq->slot = r->memory + (size_t)head->lane * KEEPER_SLOT_LEN;
        if (head->bulk > 0)
                memcpy(r->input, rq->slot, head->bulk);
        rq->input = r->input;
        rq->input_len = head->bulk;
        return ERR_OK;
}

/* Switches over messages have no default: a new one must be given a handler. */
static enum err dispatch(struct run *r, enum keeper_message number, struct request *rq)
{
        switch (number) {
#define RUN_CASE(name, n, states, lane, fds, bulk, shortest, longest, answer)                      \
        case KEEPER_##name:                                                                        \
                return run_##name(r, rq);
                KEEPER_MESSAGES(RUN_CASE)
#undef RUN_CASE
        case KEEPER_NONE:
        case KEEPER_MESSAGE_END:
                break;
        }
        return ERR_UNSUPPORTED;
}

/* The payload was written behind the head, whose numbers are known only now. Nothing
 * is allocated here: that memory was short must still be told. */
static void finish_answer(struct keeper_head *head, const struct request *rq, struct buf *answer)
{
        if (head->err == ERR_OK)
                head->err = answer->failed;
        if (head->err != ERR_OK)
                answer->len = KEEPER_ANSWER_HEAD_LEN;
        head->bulk = head->err == ERR_OK ? (uint32_t)rq->output_len : 0;
        keeper_write_answer(head, answer->data);
        answer->failed = ERR_OK;
}

enum run_verdict run_handle(struct run *r, struct bytes packet, int descriptor, struct buf *answer)
{
        struct request rq = {.payload = reader_of(packet), .descriptor = descriptor};
        const struct keeper_message_rule *rule;
        struct keeper_head head;

        answer->len = 0;
        answer->failed = ERR_OK;
        if (keeper_read_request(&rq.payload, &head) != ERR_OK ||
                buf_room(answer, KEEPER_ANSWER_HEAD_LEN) == NULL) {
                if (descriptor >= 0)
                        (void)close(descriptor);
                return RUN_VIOLATION;
        }
        rq.answer = answer;
        rule = keeper_message_find((uint16_t)head.number);
        head.err = check_request(r, rule, &head, &rq);
        if (head.err == ERR_OK)
                head.err = dispatch(r, head.number, &rq);
        /* What came in may be a hundred thousand personal numbers. */
        if (rq.input_len > 0)
                wipe(r->input, rq.input_len);
        if (descriptor >= 0)
                (void)close(descriptor);
        finish_answer(&head, &rq, answer);
        return head.number == KEEPER_STOP && head.err == ERR_OK ? RUN_LEAVE : RUN_GO_ON;
}
