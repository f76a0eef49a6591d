/* SPDX-License-Identifier: Apache-2.0 */
/* note.c: the parts that entries of several flows have in common. */
#include "gateway/note.h"

#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "gateway/audit/audit.h"

enum { NOTE_ARENA_MAX = 8 << 20 };

void note_begin(struct note *n, enum entry_kind kind)
{
        *n = (struct note){.arena = arena_new(NOTE_ARENA_MAX)};
        entry_begin(&n->w, n->arena, kind);
        if (n->arena == NULL)
                n->w.err = ERR_NO_MEMORY;
}

void note_done(struct note *n)
{
        arena_free(&n->arena);
        *n = (struct note){.arena = NULL};
}

/* The bundle's own list of its files is sorted by name. */
static void digest_code_lists(const struct rules *r, struct digest *out)
{
        static const char folder[] = "codelists/";
        OWNED(buf_done) struct buf files;

        buf_init(&files, 1 << 20);
        for (uint32_t i = 0; i < r->sources_len; i++) {
                const struct rules_source *s = &r->sources[i];

                if (s->name.len <= sizeof folder - 1 ||
                        memcmp(s->name.data, folder, sizeof folder - 1) != 0)
                        continue;
                put_bytes(&files, s->name);
                put_raw(&files, s->digest.bytes, sizeof s->digest.bytes);
        }
        digest_of(bytes_of(files.data, files.len), out);
}

static void put_digest(struct note *n, enum entry_field f, const struct digest *d)
{
        struct digest *kept = n->w.err == ERR_OK ? arena_alloc(n->arena, 1, sizeof *kept) : NULL;

        if (n->w.err != ERR_OK)
                return;
        if (kept == NULL) {
                n->w.err = ERR_NO_MEMORY;
                return;
        }
        *kept = *d;
        entry_put_digest(&n->w, f, kept);
}

void note_policy(struct note *n, const struct policy *p)
{
        struct digest code_lists;

        digest_code_lists(policy_rules(p), &code_lists);
        put_digest(n, FIELD_POLICY_DIGEST, policy_digest(p));
        entry_put_number(&n->w, FIELD_POLICY_VERSION, (int64_t)policy_rules(p)->version);
        put_digest(n, FIELD_CODELISTS_DIGEST, &code_lists);
}

void note_outcome(struct note *n, enum err outcome)
{
        entry_put_words(&n->w, FIELD_OUTCOME, err_name(outcome));
}

void note_municipality(struct note *n, municipality_t m)
{
        char code[5];

        if (m == 0)
                return;
        municipality_format(m, code);
        entry_put_printed(&n->w, FIELD_MUNICIPALITY, "%s", code);
}

void note_delivery(struct note *n, const struct stored_submission *s)
{
        char period[24];

        period_format(s->period, period);
        entry_put_words(&n->w, FIELD_DATASET, s->dataset);
        note_municipality(n, s->municipality);
        entry_put_printed(&n->w, FIELD_PERIOD, "%s", period);
        entry_put_bytes(&n->w, FIELD_SUBMISSION, bytes_of(s->id.bytes, sizeof s->id.bytes));
        if (s->mode != DELIVERY_NONE)
                entry_put_words(
                        &n->w, FIELD_WORD, s->mode == DELIVERY_REPLACE ? "replace" : "append");
}

void note_rows(struct note *n, const struct policy *p, const char *dataset, const char *what,
        uint64_t rows)
{
        const struct policy_dataset *d = policy_dataset_find(p, bytes_of_text(dataset));
        uint32_t threshold = d != NULL ? d->disclosure.threshold : 0;

        if (threshold > 0 && rows >= threshold)
                entry_put_count(&n->w, FIELD_ROWS, what, rows - rows % threshold);
}

void note_decided(struct note *n, const char *what, struct bytes name, struct rule_place at)
{
        if (at.line == 0)
                entry_put_printed(&n->w, FIELD_DECIDED, "%s %.*s", what, (int)name.len,
                        (const char *)name.data);
        else
                entry_put_printed(&n->w, FIELD_DECIDED, "%s %.*s, %.*s:%u", what, (int)name.len,
                        (const char *)name.data, (int)at.file.len, (const char *)at.file.data,
                        at.line);
}

enum err note_end(struct note *n)
{
        return entry_end(&n->w, &n->draft);
}

enum err note_write(struct audit *a, struct note *n, uint64_t *out_number)
{
        TRY(note_end(n));
        return audit_write(a, &n->draft, out_number);
}

void note_tell(struct audit *a, struct note *n)
{
        uint64_t number;
        enum err e = note_write(a, n, &number);

        if (e != ERR_OK)
                log_event(LOG_ERROR, "entry_not_written",
                        LOG_TEXT("kind", entry_kind_word(n->w.kind)),
                        LOG_TEXT("code", err_name(e)));
}

enum err note_reading(struct audit *a, const struct principal *who, const char *what)
{
        OWNED(note_done) struct note n;
        uint64_t number;

        note_begin(&n, ENTRY_READING);
        entry_put_words(&n.w, FIELD_WORD, what);
        entry_put_principal(&n.w, who);
        return note_write(a, &n, &number);
}

void note_alarm(struct audit *a, const char *word, const char *detail)
{
        OWNED(note_done) struct note n;

        note_begin(&n, ENTRY_ALARM);
        entry_put_words(&n.w, FIELD_WORD, word);
        entry_put_words(&n.w, FIELD_DETAIL, detail);
        note_tell(a, &n);
}
