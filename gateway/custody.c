/* SPDX-License-Identifier: Apache-2.0 */
/* custody.c: what people do with keys from afar: look at their ages, exchange them, end a
 * domain; and see what was taken away.
 *
 * Ending a domain is crypto-shredding: its submissions leave the store and every vintage, with
 * proof in the same transaction, then the keeper destroys the keys, so that copies of the
 * store which lie elsewhere are noise too. In that order, since proof of something that did not
 * happen yet can be mended by asking again, and keys cannot. Nobody brings sealed bytes into
 * the store meanwhile. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "gateway/gateway.h"
#include "gateway/keeper/aliases.h"
#include "gateway/keeper/care.h"
#include "gateway/note.h"
#include "gateway/rotation.h"

/* How long a key of each kind is to be in use, in days; 0: as long as what it belongs to.
 * (After NIST SP 800-57 part 1, 5.3.6: a key that protects what is stored, two years of use;
 * pairs one to three. k_person waits for a planned re-delivery.) */
static const struct {
        enum key_kind kind;
        uint32_t days;
} periods[] = {
        {KEY_PERSON, 10 * 365},
        {KEY_DOMAIN, 2 * 365},
        {KEY_SEALING, 365},
        {KEY_SIGNING, 2 * 365},
        {KEY_LOCK, 365},
};

enum { DAY_MS = 86400000, KEYS_ARENA_MAX = 64 << 20 };

static int64_t due_of(const struct key_state *k)
{
        if (k->created_ms == 0 || k->until_ms != 0 || (k->kind == KEY_DOMAIN && k->epoch == 0))
                return 0;
        for (unsigned i = 0; i < ARRAY_LEN(periods); i++)
                if (periods[i].kind == k->kind)
                        return k->created_ms + (int64_t)periods[i].days * DAY_MS;
        return 0;
}

static bool is_of(const struct stored_epoch *e, const struct key_state *k)
{
        return k->kind == KEY_DOMAIN && e->municipality == k->municipality &&
               strcmp(e->dataset, k->name) == 0;
}

/* What lies under older keys of a domain; of one whose keys were destroyed, all there is. */
static void count_left(const struct stored_epoch *epochs, uint32_t len, const struct key_state *k,
        struct wire_key *out)
{
        for (uint32_t i = 0; i < len; i++) {
                if (!is_of(&epochs[i], k) || (k->epoch != 0 && epochs[i].epoch >= k->epoch))
                        continue;
                out->batches_left += epochs[i].batches;
                out->records_left += epochs[i].rows;
        }
}

/* The newest k_person, where there are two; 0: there is one. */
static uint32_t second_person_epoch(const struct key_state *keys, uint32_t len)
{
        uint32_t persons = 0, newest = 0;

        for (uint32_t i = 0; i < len; i++) {
                if (keys[i].kind != KEY_PERSON)
                        continue;
                persons++;
                newest = keys[i].epoch > newest ? keys[i].epoch : newest;
        }
        return persons > 1 ? newest : 0;
}

static enum err count_owing(
        struct gateway *g, struct arena *a, uint32_t person_epoch, struct wire_keys *out)
{
        struct stored_owing *owing = NULL;
        uint32_t len = 0;

        if (person_epoch == 0)
                return ERR_OK;
        TRY(store_owing(g->store, person_epoch, a, &owing, &len));
        for (uint32_t i = 0; i < len; i++)
                for (uint32_t k = 0; k < out->len; k++)
                        if (out->keys[k].municipality == owing[i].municipality &&
                                bytes_is_text(out->keys[k].name, owing[i].dataset))
                                out->keys[k].records_owing = owing[i].rows;
        return ERR_OK;
}

/* A line for each municipality that has events to tell again; there is room for all of them. */
static enum err list_owing_aliases(struct gateway *g, struct arena *a, struct wire_keys *out)
{
        struct alias_told *told = NULL;
        uint32_t len = 0, settled, first = out->len;

        TRY(keeper_aliases(g->keeper, 0, a, &told, &len, &settled));
        for (uint32_t i = 0; i < len; i++) {
                uint32_t at = first;

                if (told[i].owing == 0)
                        continue;
                while (at < out->len && out->keys[at].municipality != told[i].municipality)
                        at++;
                if (at == first + MUNICIPALITIES_MAX)
                        return ERR_LIMIT;
                if (at == out->len)
                        out->keys[out->len++] = (struct wire_key){.kind = bytes_of_text("alias"),
                                .municipality = told[i].municipality};
                out->keys[at].records_owing += told[i].owing;
        }
        return ERR_OK;
}

static bool lives(const struct key_state *k, uint32_t epoch)
{
        return k->epoch != 0 && epoch >= k->oldest;
}

enum err gateway_refuse_unreadable(struct gateway *g, struct refusal *why)
{
        OWNED(arena_free) struct arena *a = arena_new(KEYS_ARENA_MAX);
        struct key_state *keys = NULL;
        struct stored_epoch *epochs = NULL;
        uint32_t keys_len = 0, epochs_len = 0;

        if (a == NULL)
                return ERR_NO_MEMORY;
        TRY(keeper_keys(g->keeper, a, &keys, &keys_len));
        TRY(store_epochs(g->store, a, &epochs, &epochs_len));
        for (uint32_t i = 0; i < keys_len; i++)
                for (uint32_t e = 0; e < epochs_len; e++) {
                        if (!is_of(&epochs[e], &keys[i]) || lives(&keys[i], epochs[e].epoch))
                                continue;
                        log_event(LOG_ERROR, "domain_unreadable", LOG_TEXT("dataset", keys[i].name),
                                LOG_NUM("municipality", keys[i].municipality),
                                LOG_NUM("batches", epochs[e].batches));
                        return refuse(why, ERR_DESTROYED, "dataset",
                                "the keys of %s/%04u were destroyed, and the store has %llu "
                                "batches of it, as after a restore: repeat statgate keys destroy "
                                "--dataset %s --municipality %04u",
                                keys[i].name, keys[i].municipality,
                                (unsigned long long)epochs[e].batches, keys[i].name,
                                keys[i].municipality);
                }
        return ERR_OK;
}

enum err keys_list(struct rpc_call *c, struct bytes request, struct buf *response)
{
        struct gateway *g = c->handlers;
        OWNED(arena_free) struct arena *a = arena_new(KEYS_ARENA_MAX);
        struct key_state *keys = NULL;
        struct stored_epoch *epochs = NULL;
        struct wire_keys out = {0};
        uint32_t epochs_len = 0;

        (void)request;
        if (a == NULL)
                return ERR_NO_MEMORY;
        TRY(note_reading(g->audit, c->peer, "keys"));
        TRY(keeper_keys(g->keeper, a, &keys, &out.len));
        TRY(store_epochs(g->store, a, &epochs, &epochs_len));
        out.keys = arena_alloc(a, (size_t)out.len + MUNICIPALITIES_MAX, sizeof(*out.keys));
        if (out.keys == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < out.len; i++) {
                const struct key_state *k = &keys[i];

                out.keys[i] = (struct wire_key){
                        .kind = bytes_of_text(key_kind_word(k->kind)),
                        .name = bytes_of_text(k->name),
                        .municipality = k->municipality,
                        .epoch = k->epoch,
                        .oldest = k->oldest,
                        .highest = k->highest,
                        .created_at_ms = k->created_ms,
                        .until_ms = k->until_ms,
                        .due_at_ms = due_of(k),
                        .required = k->required,
                        .total = k->total,
                };
                count_left(epochs, epochs_len, k, &out.keys[i]);
        }
        TRY(count_owing(g, a, second_person_epoch(keys, out.len), &out));
        TRY(list_owing_aliases(g, a, &out));
        return key_list_encode(&out, response);
}

static enum err sum_left(struct gateway *g, struct arena *a, const struct key_state *keys,
        uint32_t len, struct rotation_progress *out)
{
        struct stored_epoch *epochs = NULL;
        struct wire_key left = {.epoch = 0};
        uint32_t epochs_len = 0;

        TRY(store_epochs(g->store, a, &epochs, &epochs_len));
        for (uint32_t i = 0; i < len; i++)
                if (keys[i].kind == KEY_DOMAIN && keys[i].oldest < keys[i].epoch)
                        count_left(epochs, epochs_len, &keys[i], &left);
        out->records_left = left.records_left;
        return ERR_OK;
}

enum err gateway_rotation_progress(struct gateway *g, struct rotation_progress *out)
{
        OWNED(arena_free) struct arena *a = arena_new(KEYS_ARENA_MAX);
        struct rotation_progress p = {.rotating = 0};
        struct key_state *keys = NULL;
        struct stored_owing *owing = NULL;
        uint32_t len = 0, epoch;

        if (a == NULL)
                return ERR_NO_MEMORY;
        TRY(keeper_keys(g->keeper, a, &keys, &len));
        for (uint32_t i = 0; i < len; i++)
                p.rotating += keys[i].kind == KEY_DOMAIN && keys[i].oldest < keys[i].epoch;
        if (p.rotating > 0)
                TRY(sum_left(g, a, keys, len, &p));
        epoch = second_person_epoch(keys, len);
        if (epoch != 0)
                TRY(store_owing(g->store, epoch, a, &owing, &p.owing));
        for (uint32_t i = 0; i < p.owing; i++)
                p.records_owing += owing[i].rows;
        *out = p;
        return ERR_OK;
}

/* Rotation ---------------------------------------------------------------------- */

static enum err rotate_domains(
        struct gateway *g, const struct wire_rotate *r, uint32_t *out, struct refusal *why)
{
        char dataset[NAME_MAX_LEN + 1] = {0};
        const struct key_reach reach = {dataset, r->municipality};
        enum err e;

        if (r->overlap_days != 0)
                return refuse(why, ERR_INVALID, "overlap_days",
                        "old keys of a domain live until nothing lies under them");
        if (r->dataset.len > 0)
                memcpy(dataset, r->dataset.data, r->dataset.len);
        e = keeper_rotate_domains(g->keeper, &reach, out);
        if (e == ERR_NOT_FOUND)
                return refuse(why, e, "dataset", "no such domain has keys");
        TRY(e);
        rotation_wake(g->rotation);
        return ERR_OK;
}

static enum err rotate_pair(struct gateway *g, enum keyring_pair kind, const struct wire_rotate *r,
        uint32_t *out, struct refusal *why)
{
        if (r->dataset.len > 0 || r->municipality != 0)
                return refuse(why, ERR_INVALID, "kind", "a key pair belongs to no domain");
        TRY(keeper_rotate_pair(g->keeper, kind, (int64_t)r->overlap_days * DAY_MS));
        *out = 1;
        return ERR_OK;
}

/* Persons ------------------------------------------------------------------------ */

static enum err settle_persons(struct gateway *g, const struct principal *who, bool forget,
        struct arena *a, uint32_t *out, struct refusal *why)
{
        struct key_state *keys = NULL;
        uint32_t len = 0;

        TRY(keeper_keys(g->keeper, a, &keys, &len));
        return gateway_settle_persons(g, who, second_person_epoch(keys, len), forget, a, out, why);
}

static enum err rotate_persons(struct gateway *g, const struct principal *who,
        const struct wire_rotate *r, uint32_t *out, struct refusal *why)
{
        OWNED(arena_free) struct arena *a = arena_new(KEYS_ARENA_MAX);
        uint32_t ended = 1;
        enum err e;

        if (a == NULL)
                return ERR_NO_MEMORY;
        if (r->dataset.len > 0 || r->municipality != 0 || r->overlap_days != 0)
                return refuse(why, ERR_INVALID, "kind", "the key of persons is one for all");
        /* A batch on its way in has the names that were good when it was sealed. */
        rotation_exclude(g->rotation);
        e = bytes_is_text(r->kind, "settle")
                    ? settle_persons(g, who, r->forget_answers, a, &ended, why)
                    : keeper_begin_persons(g->keeper);
        rotation_admit(g->rotation);
        *out = ended;
        return e;
}

/* `kind` is one of our words by now. */
static void tell_rotated(
        struct gateway *g, const struct principal *who, const struct wire_rotate *r)
{
        OWNED(note_done) struct note n;
        char kind[NAME_MAX_LEN + 1] = {0};

        memcpy(kind, r->kind.data, r->kind.len < NAME_MAX_LEN ? r->kind.len : NAME_MAX_LEN);
        note_begin(&n, ENTRY_KEYS);
        entry_put_printed(&n.w, FIELD_WORD, "rotated %s", kind);
        entry_put_text(&n.w, FIELD_DATASET, r->dataset);
        note_municipality(&n, r->municipality);
        entry_put_principal(&n.w, who);
        note_tell(g->audit, &n);
}

enum err keys_rotate(struct rpc_call *c, struct bytes request, struct buf *response)
{
        struct gateway *g = c->handlers;
        struct wire_rotate r;
        uint32_t rotated = 0;

        TRY(rotate_decode(c->arena, request, &r, &c->why));
        if (r.forget_answers && !bytes_is_text(r.kind, "settle"))
                return refuse(&c->why, ERR_INVALID, "forget_answers",
                        "answers are given up when the older key of persons ends: settle");
        if (bytes_is_text(r.kind, key_kind_word(KEY_DOMAIN)))
                TRY(rotate_domains(g, &r, &rotated, &c->why));
        else if (bytes_is_text(r.kind, key_kind_word(KEY_SEALING)))
                TRY(rotate_pair(g, KEYRING_SEALING, &r, &rotated, &c->why));
        else if (bytes_is_text(r.kind, key_kind_word(KEY_SIGNING)))
                TRY(rotate_pair(g, KEYRING_SIGNING, &r, &rotated, &c->why));
        else if (bytes_is_text(r.kind, key_kind_word(KEY_PERSON)) ||
                 bytes_is_text(r.kind, "settle"))
                TRY(rotate_persons(g, c->peer, &r, &rotated, &c->why));
        else
                return refuse(&c->why, ERR_INVALID, "kind",
                        "what rotates is a domain, sealing, signing or person; settle ends the "
                        "older key of persons");
        tell_rotated(g, c->peer, &r);
        log_event(LOG_INFO, "keys_rotated", LOG_NUM("keys", rotated));
        return rotated_encode(rotated, response);
}

/* The end of a domain -------------------------------------------------------------- */

static void domain_note(const struct principal *who, const struct domain *d, enum entry_kind kind,
        const char *word, struct note *n)
{
        note_begin(n, kind);
        entry_put_words(&n->w, FIELD_WORD, word);
        entry_put_words(&n->w, FIELD_DATASET, d->dataset);
        note_municipality(n, d->municipality);
        entry_put_principal(&n->w, who);
}

static enum err shred(struct gateway *g, const struct principal *who, const struct domain *d,
        struct removal_sum *gone, struct vintage *revised)
{
        const struct removal_wish wish = {REMOVAL_DOMAIN, d->municipality, d->dataset, INT32_MAX};
        OWNED(note_done) struct note removal = {.arena = NULL};
        OWNED(note_done) struct note keys = {.arena = NULL};
        enum err e;

        domain_note(who, d, ENTRY_RETENTION, "domain", &removal);
        TRY(note_end(&removal));
        TRY(store_remove(g->store, &wish, clock_now_ms(), &removal.draft, gone, revised));
        e = keeper_destroy_domain(g->keeper, d);
        if (e == ERR_OK) {
                domain_note(who, d, ENTRY_KEYS, "destroyed", &keys);
                note_tell(g->audit, &keys);
        }
        /* No keys: it was never delivered to, or this is the second time. */
        return e == ERR_NOT_FOUND && gone->submissions > 0 ? ERR_OK : e;
}

enum err domain_destroy(struct rpc_call *c, struct bytes request, struct buf *response)
{
        struct gateway *g = c->handlers;
        struct wire_destroyed out = {0};
        struct removal_sum gone = {0};
        struct wire_domain wanted;
        struct domain d = {.municipality = 0};
        enum err e;

        TRY(destroy_decode(c->arena, request, &wanted, &c->why));
        memcpy(d.dataset, wanted.dataset.data, wanted.dataset.len);
        d.municipality = wanted.municipality;
        rotation_exclude(g->rotation);
        e = shred(g, c->peer, &d, &gone, &out.revised);
        rotation_admit(g->rotation);
        if (e == ERR_NOT_FOUND)
                return refuse(&c->why, e, "dataset", "this domain has no keys");
        gateway_vintage_revised(g, out.revised);
        TRY(e);
        log_event(LOG_WARNING, "domain_destroyed", LOG_TEXT("dataset", d.dataset),
                LOG_NUM("municipality", d.municipality), LOG_NUM("records", gone.records));
        out.submissions = gone.submissions;
        out.batches = gone.batches;
        out.records = gone.records;
        return destroyed_encode(&out, response);
}

/* Proof ------------------------------------------------------------------------------ */

static const char *reason_word(enum removal_reason reason)
{
        switch (reason) {
        case REMOVAL_WITHDRAWAL:
                return "withdrawal";
        case REMOVAL_RETENTION:
                return "retention";
        case REMOVAL_DOMAIN:
                return "domain";
        case REMOVAL_PERSON:
                return "person";
        case REMOVAL_RECORD:
                return "record";
        case REMOVAL_NONE:
        case REMOVAL_REASON_COUNT:
                break;
        }
        return "";
}

static bool digest_is_zero(const struct digest *d)
{
        static const struct digest zero;

        return memcmp(d, &zero, sizeof(zero)) == 0;
}

enum err removals_list(struct rpc_call *c, struct bytes request, struct buf *response)
{
        struct gateway *g = c->handlers;
        struct stored_removal *stored = NULL;
        struct wire_removals out = {0};
        uint64_t from;

        TRY(removals_request_decode(c->arena, request, &from, &c->why));
        TRY(note_reading(g->audit, c->peer, "removals"));
        TRY(store_removals(g->store, from, WIRE_REMOVALS_MAX, c->arena, &stored, &out.len));
        out.removals = arena_alloc(c->arena, out.len, sizeof(*out.removals));
        if (out.removals == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < out.len; i++) {
                const struct stored_removal *r = &stored[i];

                out.removals[i] = (struct wire_removal){
                        .number = r->number,
                        .at_ms = r->at_ms,
                        .reason = bytes_of_text(reason_word(r->reason)),
                        .dataset = bytes_of_text(r->dataset),
                        .municipality = r->municipality,
                        .of_submission = r->of_submission,
                        .submission = r->submission,
                        .period = r->period,
                        .batches = r->batches,
                        .records = r->records,
                        .has_digest = !digest_is_zero(&r->digest),
                        .digest = r->digest,
                };
        }
        return removals_encode(&out, response);
}
