/* SPDX-License-Identifier: Apache-2.0 */
/* withdraw.c: what was delivered goes away again, for good.
 *
 * Withdrawal removes a submission, erasure one person from everything the caller's
 * municipality has delivered, or one record of it. Both rewrite the store so that no old byte
 * stays, revise the vintages concerned, and drop views that still hold the rows. An erasure answers
 * the same whether or not there was anybody to erase. */
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "crypto/secret.h"
#include "gateway/gateway.h"
#include "gateway/note.h"
#include "gateway/store/body.h"

enum { ERASE_ARENA_MAX = 1 << 16, BATCH_ARENA_MAX = 64 << 20 };

static void tell_revised(struct gateway *g, struct vintage revised)
{
        OWNED(note_done) struct note n;

        note_begin(&n, ENTRY_VINTAGE_REVISED);
        entry_put_vintage(&n.w, revised);
        note_tell(g->audit, &n);
}

/* A published vintage changed: views of the older revision hold what is gone. */
void gateway_vintage_revised(struct gateway *g, struct vintage revised)
{
        if (revised.number == 0)
                return;
        views_retire(g->views, revised);
        tell_revised(g, revised);
        log_event(LOG_INFO, "vintage_revised", LOG_NUM("vintage", revised.number),
                LOG_NUM("revision", revised.revision));
}

enum err submission_withdraw(struct rpc_call *c, struct bytes request, struct buf *response)
{
        struct gateway *g = c->handlers;
        struct submission_id id;
        struct stored_submission s;
        struct vintage revised = {0};
        OWNED(note_done) struct note n = {.arena = NULL};

        TRY(submission_ref_decode(c->arena, request, &id, &c->why));
        TRY(store_submission_find(g->store, &id, &s));
        if (s.municipality != c->peer->municipality)
                return ERR_NOT_FOUND;
        note_begin(&n, ENTRY_DELIVERY_WITHDRAWN);
        entry_put_principal(&n.w, c->peer);
        note_delivery(&n, &s);
        TRY(note_end(&n));
        TRY(store_withdraw(g->store, &id, clock_now_ms(), &n.draft, &revised));
        gateway_vintage_revised(g, revised);
        log_event(LOG_INFO, "delivery_withdrawn", LOG_NUM("municipality", s.municipality),
                LOG_TEXT("dataset", s.dataset));
        return withdrawn_encode(revised, response);
}

struct erasure {
        struct keeper *keeper;
        const struct keeper_person *person;
        struct bytes dataset; /* empty: all of them */
        struct arena *arena;  /* of one batch; its seal lives here until the next */
};

/* One batch: find the person or record, take the rows out, seal what is left. */
static enum err erase_from_batch(void *ctx, const struct stored_submission *of,
        const struct stored_batch *b, struct bytes *out_sealed, uint32_t *out_rows)
{
        struct erasure *e = ctx;
        struct batch_name name = {.submission = of->id, .sequence = b->sequence};
        struct keeper_found found = {0};
        struct bytes body = {0};

        arena_wipe(e->arena);
        *out_sealed = (struct bytes){0};
        if (b->rows == 0 || (e->dataset.len > 0 && !bytes_is_text(e->dataset, of->dataset)))
                return ERR_OK;
        name.domain.municipality = of->municipality;
        memcpy(name.domain.dataset, of->dataset, sizeof(name.domain.dataset));
        TRY(keeper_erase_find(e->keeper, &name, b->epoch, b->sealed, e->person, e->arena, &found));
        if (found.hits == 0 && found.guardian_hits == 0)
                return ERR_OK;
        *out_rows = found.rows - found.hits;
        if (found.hits > 0 && *out_rows > 0)
                TRY(body_filter(e->arena, found.body, found.keep, found.rows, &body));
        return keeper_erase_seal(e->keeper, &name, b->epoch, b->sealed, e->person, found.keep,
                found.rows, body, e->arena, out_sealed);
}

/* The same whether or not there was anybody to erase, and nothing of who it was. */
static enum err erasure_note(
        const struct rpc_call *c, enum removal_reason reason, struct bytes dataset, struct note *n)
{
        note_begin(n, ENTRY_ERASURE);
        entry_put_words(&n->w, FIELD_WORD, reason == REMOVAL_RECORD ? "record" : "person");
        entry_put_text(&n->w, FIELD_DATASET, dataset);
        note_municipality(n, c->peer->municipality);
        entry_put_principal(&n->w, c->peer);
        return note_end(n);
}

static enum err erase(struct rpc_call *c, enum removal_reason reason,
        const struct keeper_person *person, struct bytes dataset)
{
        struct gateway *g = c->handlers;
        OWNED(arena_free) struct arena *arena = arena_new(BATCH_ARENA_MAX);
        struct erasure e = {g->keeper, person, dataset, arena};
        struct vintage revised = {0};
        OWNED(note_done) struct note n = {.arena = NULL};

        if (arena == NULL)
                return ERR_NO_MEMORY;
        TRY(erasure_note(c, reason, dataset, &n));
        enum err result = store_rewrite(g->store, reason, c->peer->municipality, erase_from_batch,
                &e, clock_now_ms(), &n.draft, &revised);
        arena_wipe(arena);
        TRY(result);
        gateway_vintage_revised(g, revised);
        log_event(LOG_INFO, reason == REMOVAL_RECORD ? "record_erased" : "person_erased",
                LOG_NUM("municipality", c->peer->municipality));
        return ERR_OK;
}

static bool person_id_is_sound(const struct wire_person *p)
{
        int32_t today = (int32_t)(clock_now_ms() / 86400000);

        return p->kind != PERSON_NONE &&
               pnr_check(p->id, p->kind, today, PNR_TEST_ALLOWED) == PNR_OK;
}

/* One number takes part in all data sets of the municipality: in clear only where every one
 * of them takes it so. */
static bool clear_will_do(const struct policy *policy)
{
        const struct rules *r = policy_rules(policy);

        for (uint32_t i = 0; i < r->datasets_len; i++)
                if (r->datasets[i].person != PERSON_USE_NONE && !r->datasets[i].clear_persons)
                        return false;
        return true;
}

static enum err check_clear(
        struct rpc_call *c, const struct policy *policy, const struct wire_person *p)
{
        if (p->sealed)
                return ERR_OK;
        if (!clear_will_do(policy))
                return refuse(&c->why, ERR_BOX_NEEDED, "person.clear",
                        "fetch the keeper's keys (GetKeeperKeys), seal the person to the first and "
                        "send `sealed`; `statgate erase` does");
        if (!person_id_is_sound(p))
                return refuse(&c->why, ERR_PERSON_ID, "person", "the person id is not valid");
        return ERR_OK;
}

/* The keeper says whether the request is good, and one of as many as there may be, before
 * anything is looked for: a municipality that has delivered nothing hears no more and no less than
 * others. */
static enum err begin(struct rpc_call *c, const struct keeper_person *what, struct bytes dataset)
{
        struct gateway *g = c->handlers;
        bool sealed = what->box.box.len > 0, record = dataset.len > 0;
        char name[NAME_MAX_LEN + 1] = {0};
        enum err e;

        if (record)
                memcpy(name, dataset.data, dataset.len);
        e = keeper_erase_begin(g->keeper, c->peer->municipality, name, what);
        if (e == ERR_ERASURES)
                turned_count(g->turned, c->peer,
                        record ? "/statgate.v1.Submission/EraseRecord"
                               : "/statgate.v1.Submission/ErasePerson",
                        e);
        if (e == ERR_BOX_NEEDED)
                return refuse(&c->why, e, record ? "record_key" : "person.clear",
                        "fetch the keeper's keys (GetKeeperKeys), seal to the first and send "
                        "`sealed`; `statgate erase` does");
        if (e != ERR_OK && err_kind(e) != ERR_KIND_FAILED)
                return refuse(&c->why, e,
                        sealed   ? "sealed"
                        : record ? "record_key"
                                 : "person",
                        "%s", err_sentence(e));
        return e;
}

enum err person_erase(struct rpc_call *c, struct bytes request, struct buf *response)
{
        struct gateway *g = c->handlers;
        OWNED(policy_unref) struct policy *policy = reign_policy(g->reign);
        OWNED(arena_free) struct arena *arena = arena_new(ERASE_ARENA_MAX);
        struct wire_person said;
        struct keeper_person person = {.kind = PERSON_NONE};
        enum err e;

        (void)response; /* ErasePersonResponse is empty: nothing to tell apart */
        if (arena == NULL)
                return ERR_NO_MEMORY;
        TRY(erase_decode(arena, request, &said, &c->why));
        TRY(decide_erase(policy, c->peer, clock_now_ms(), &c->why));
        TRY(check_clear(c, policy, &said));
        memcpy(person.id, said.id, sizeof person.id);
        person.kind = said.kind;
        person.request = said.request;
        if (said.sealed)
                person.box = (struct keeper_box){said.key_id, said.box, said.signature};
        e = begin(c, &person, (struct bytes){0});
        if (e == ERR_OK)
                e = erase(c, REMOVAL_PERSON, &person, (struct bytes){0});
        arena_wipe(arena);
        wipe(&said, sizeof said);
        wipe(&person, sizeof person);
        return e;
}

enum err record_erase(struct rpc_call *c, struct bytes request, struct buf *response)
{
        struct gateway *g = c->handlers;
        OWNED(policy_unref) struct policy *policy = reign_policy(g->reign);
        OWNED(arena_free) struct arena *arena = arena_new(ERASE_ARENA_MAX);
        struct keeper_person what = {.kind = PERSON_NONE};
        struct wire_record said;
        enum err e;

        (void)response; /* EraseRecordResponse is empty: nothing to tell apart */
        if (arena == NULL)
                return ERR_NO_MEMORY;
        TRY(erase_record_decode(arena, request, &said, &c->why));
        TRY(decide_erase(policy, c->peer, clock_now_ms(), &c->why));
        if (rules_dataset_find(policy_rules(policy), said.dataset) == NULL)
                return refuse(&c->why, ERR_UNKNOWN_NAME, "dataset", "there is no such data set");
        what.record = said.sealed;
        what.record_key = said.key;
        what.request = said.request;
        if (said.sealed)
                what.box = (struct keeper_box){said.key_id, said.box, said.signature};
        e = begin(c, &what, said.dataset);
        if (e == ERR_OK)
                e = erase(c, REMOVAL_RECORD, &what, said.dataset);
        arena_wipe(arena);
        return e;
}
