/* SPDX-License-Identifier: Apache-2.0 */
/* aliases.c: "this number became that number", on its way to the keeper.
 *
 * The gateway carries a box that it cannot open, and tells which rows the keeper refused. What
 * was recorded counts from the next vintage on; those that are out keep their persons, and
 * the undoing of it likewise. */
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "gateway/gateway.h"
#include "gateway/keeper/aliases.h"
#include "gateway/note.h"

enum { ID_HEX = 2 * 16 + 1 };

static const char *id_text(const struct submission_id *id, char out[ID_HEX])
{
        hex_encode(bytes_of(id->bytes, sizeof id->bytes), out);
        return out;
}

/* The rows that the keeper refused, as rejections. */
static enum err tell_rules(struct rpc_call *c, const struct keeper_aliased *in, uint32_t rows,
        struct wire_aliased *out)
{
        struct wire_rejection *list = arena_alloc(c->arena, rows, sizeof *list);

        if (list == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < rows; i++)
                if (in->rules[i] != 0)
                        list[out->rejections_len++] = (struct wire_rejection){.row = i,
                                .rule = bytes_of_text(alias_rule_name(in->rules[i])),
                                .text = bytes_of_text(alias_rule_sentence(in->rules[i]))};
        out->rejections = list;
        return ERR_OK;
}

/* How many events is not said: they are of persons. Asking again is harmless, so who does not get
 * it into the log hears that it failed. */
static enum err write_note(struct rpc_call *c, const char *word, const struct submission_id *id)
{
        struct gateway *g = c->handlers;
        OWNED(note_done) struct note n;
        uint64_t number;

        note_begin(&n, ENTRY_ALIASES);
        entry_put_words(&n.w, FIELD_WORD, word);
        note_municipality(&n, c->peer->municipality);
        entry_put_bytes(&n.w, FIELD_SUBMISSION, bytes_of(id->bytes, sizeof id->bytes));
        entry_put_principal(&n.w, c->peer);
        return note_write(g->audit, &n, &number);
}

enum err aliases_record(struct rpc_call *c, struct bytes request, struct buf *response)
{
        struct gateway *g = c->handlers;
        OWNED(policy_unref) struct policy *policy = reign_policy(g->reign);
        struct keeper_aliased aliased = {.refused = false};
        struct wire_aliased out = {0};
        struct wire_aliases said;
        char id[ID_HEX];

        TRY(aliases_decode(c->arena, request, &said, &c->why));
        TRY(decide_erase(policy, c->peer, clock_now_ms(), &c->why));
        const struct keeper_alias in = {.municipality = c->peer->municipality,
                .id = said.id,
                .events = said.len,
                .days = said.days,
                .box = {said.key_id, said.box, said.signature},
                .days_signature = said.days_signature};
        enum err e = keeper_alias_record(g->keeper, &in, c->arena, &aliased);

        if (e == ERR_LIMIT)
                return refuse(&c->why, e, "days",
                        "this municipality may keep %d events in all, and there is room for %d",
                        ALIASES_OF_ONE_MAX, ALIASES_MAX);
        if (e != ERR_OK && err_kind(e) != ERR_KIND_FAILED)
                return refuse(&c->why, e, "sealed", "%s", err_sentence(e));
        TRY(e);
        out.recorded = aliased.recorded;
        out.known = aliased.known;
        if (aliased.refused)
                TRY(tell_rules(c, &aliased, said.len, &out));
        else
                TRY(write_note(c, "recorded", &in.id));
        if (!aliased.refused)
                log_event(LOG_INFO, "aliases_recorded", LOG_NUM("municipality", in.municipality),
                        LOG_TEXT("id", id_text(&in.id, id)), LOG_NUM("events", out.recorded));
        return aliased_encode(&out, response);
}

enum err aliases_list(struct rpc_call *c, struct bytes request, struct buf *response)
{
        struct gateway *g = c->handlers;
        municipality_t of = c->peer->role == ROLE_MUNICIPALITY ? c->peer->municipality : 0;
        struct wire_alias_entry *entries;
        struct alias_told *told = NULL;
        uint32_t len = 0, settled;

        (void)request; /* ListAliasesRequest is empty */
        if (of == 0)
                TRY(note_reading(g->audit, c->peer, "aliases"));
        TRY(keeper_aliases(g->keeper, of, c->arena, &told, &len, &settled));
        entries = arena_alloc(c->arena, len, sizeof *entries);
        if (entries == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < len; i++)
                entries[i] = (struct wire_alias_entry){told[i].id, told[i].municipality,
                        told[i].at_ms, told[i].first_day, told[i].last_day, told[i].events,
                        told[i].owing, told[i].undone};
        return alias_list_encode(&(struct wire_alias_list){entries, len}, response);
}

enum err aliases_undo(struct rpc_call *c, struct bytes request, struct buf *response)
{
        struct gateway *g = c->handlers;
        struct wire_alias_undo said;
        uint32_t events = 0;
        char text[ID_HEX];

        TRY(alias_undo_decode(c->arena, request, &said, &c->why));
        enum err e = keeper_alias_undo(
                g->keeper, c->peer->municipality, &said.id, said.signature, &events);

        if (e == ERR_BOX_SIGNATURE)
                return refuse(&c->why, e, "signature", "%s", err_sentence(e));
        TRY(e);
        TRY(write_note(c, "undone", &said.id));
        log_event(LOG_INFO, "aliases_undone", LOG_NUM("municipality", c->peer->municipality),
                LOG_TEXT("id", id_text(&said.id, text)), LOG_NUM("events", events));
        return alias_undone_encode(events, response);
}
