/* SPDX-License-Identifier: Apache-2.0 */
/* rehearsal.c: see rehearsal.h.
 *
 * The report cannot be named in bundle.yaml: it is about that file, among others, and would change
 * what it is about. So it is found by its name. */
#include "policies/rehearsal.h"

#include <string.h>

#include "base/arena.h"
#include "crypto/digest.h"
#include "policies/load.h"
#include "policies/report.h"
#include "policies/yaml.h"

enum { REPORT_ARENA = 64 << 20, WEAKENINGS_TOLD = 5, HEX_LEN = 64 };

static const char first_line[] = "statgate-rehearsal 1\n";

/* Reading ------------------------------------------------------------------------- */

enum err load_rehearsal(struct loader *l)
{
        struct rules *r = &l->policy->rules;
        struct rules_source *source = &r->sources[r->sources_len];
        struct bytes text;

        if (!load_has_file(l, bytes_of_text(REHEARSAL_FILE)))
                return ERR_OK;
        if (r->sources_len == RULES_SOURCES_MAX)
                return ERR_LIMIT;
        TRY(load_file(l, bytes_of_text(REHEARSAL_FILE), &text));
        TRY(load_keep(l, text, &l->policy->rehearsal));
        source->name = bytes_of_text(REHEARSAL_FILE);
        digest_of(text, &source->digest);
        r->sources_len++;
        return ERR_OK;
}

bool policy_rehearsal(const struct policy *p, struct bytes *out_report, struct digest *out_digest)
{
        const struct rules *r = policy_rules(p);

        for (uint32_t i = 0; i < r->sources_len; i++) {
                if (!bytes_is_text(r->sources[i].name, REHEARSAL_FILE))
                        continue;
                *out_report = p->rehearsal;
                *out_digest = r->sources[i].digest;
                return true;
        }
        return false;
}

enum err policy_identity(const struct policy *p, struct digest *out)
{
        OWNED(buf_done) struct buf canonical;
        struct rules_source sources[RULES_SOURCES_MAX];
        struct rules r = *policy_rules(p);
        struct bytes bytes;
        uint32_t len = 0;

        for (uint32_t i = 0; i < r.sources_len; i++)
                if (!bytes_is_text(r.sources[i].name, REHEARSAL_FILE))
                        sources[len++] = r.sources[i];
        r.sources = sources;
        r.sources_len = len;
        buf_init(&canonical, RULES_CANONICAL_MAX);
        TRY(rules_encode(&r, &canonical));
        TRY(buf_end(&canonical, &bytes));
        digest_of(bytes, out);
        return ERR_OK;
}

/* Heads ---------------------------------------------------------------------------- */

static void put_line(struct buf *out, const char *word, const struct digest *d)
{
        char hex[HEX_LEN + 1];

        hex_encode(bytes_of(d->bytes, sizeof d->bytes), hex);
        put_raw(out, word, strlen(word));
        put_raw(out, " ", 1);
        put_raw(out, hex, HEX_LEN);
        put_raw(out, "\n", 1);
}

void rehearsal_put(struct buf *out, const struct rehearsal_head *head)
{
        put_raw(out, first_line, sizeof first_line - 1);
        put_line(out, "proposed", &head->proposed);
        put_line(out, "running", &head->running);
}

static bool take_text(struct bytes *from, const char *text, size_t len)
{
        if (from->len < len || memcmp(from->data, text, len) != 0)
                return false;
        *from = bytes_of(from->data + len, from->len - len);
        return true;
}

static bool take_digest(struct bytes *from, const char *word, struct digest *out)
{
        char hex[HEX_LEN + 1] = {0};

        if (!take_text(from, word, strlen(word)) || from->len < HEX_LEN)
                return false;
        memcpy(hex, from->data, HEX_LEN);
        *from = bytes_of(from->data + HEX_LEN, from->len - HEX_LEN);
        return hex_decode(hex, out->bytes, sizeof out->bytes) == ERR_OK && take_text(from, "\n", 1);
}

enum err rehearsal_read(struct bytes report, struct rehearsal_head *out)
{
        struct rehearsal_head head;

        if (!take_text(&report, first_line, sizeof first_line - 1) ||
                !take_digest(&report, "proposed ", &head.proposed) ||
                !take_digest(&report, "running ", &head.running))
                return ERR_MALFORMED;
        *out = head;
        return ERR_OK;
}

/* Judging --------------------------------------------------------------------------- */

static enum err needs_report(const struct report *changes, struct refusal *why)
{
        unsigned told = 0;

        for (uint32_t i = 0; i < changes->len && told < WEAKENINGS_TOLD; i++) {
                const struct report_line *line = &changes->lines[i];

                if (line->mark != REPORT_WEAKER)
                        continue;
                told++;
                (void)refuse(why, ERR_POLICY_REFUSED, REHEARSAL_FILE, "protection weakens: %.*s",
                        (int)line->text.len, (const char *)line->text.data);
        }
        return refuse(why, ERR_POLICY_REFUSED, REHEARSAL_FILE,
                "a bundle that weakens protection has to be rehearsed first: statgate policy "
                "rehearse");
}

static enum err is_about(struct bytes report, const struct policy *before,
        const struct policy *next, struct refusal *why)
{
        struct rehearsal_head head;
        struct digest identity;

        if (rehearsal_read(report, &head) != ERR_OK)
                return refuse(
                        why, ERR_POLICY_REFUSED, REHEARSAL_FILE, "is no report of a rehearsal");
        TRY(policy_identity(next, &identity));
        if (!digest_equal(&head.proposed, &identity))
                return refuse(why, ERR_POLICY_REFUSED, REHEARSAL_FILE,
                        "is about another bundle: it was changed after its rehearsal");
        if (!digest_equal(&head.running, policy_digest(before)))
                return refuse(why, ERR_POLICY_REFUSED, REHEARSAL_FILE,
                        "was rehearsed against another bundle than the one that it follows");
        return ERR_OK;
}

enum err policy_rehearsed(const struct policy *before, const struct policy *next, bool *out_weakens,
        struct refusal *why)
{
        OWNED(arena_free) struct arena *arena = arena_new(REPORT_ARENA);
        struct report changes;
        struct digest digest;
        struct bytes report;

        if (arena == NULL)
                return ERR_NO_MEMORY;
        report_init(&changes, arena, REPORT_EN);
        TRY(policy_diff(before, next, &changes));
        *out_weakens = report_count(&changes, REPORT_WEAKER) > 0;
        if (!*out_weakens)
                return ERR_OK;
        return policy_rehearsal(next, &report, &digest) ? is_about(report, before, next, why)
                                                        : needs_report(&changes, why);
}
