/* SPDX-License-Identifier: Apache-2.0 */
/* evolve.c: whether a successor leaves the meaning of names in use alone.
 *
 * Records that were delivered under a name stay where they are when the bundle
 * changes. If the name then means something else, every table that spans the
 * change is wrong, and nothing shows it. So a meaning is never changed: it gets a
 * new name, and the old one is withdrawn. What was not there before is free, and
 * so is taking away, which is why a new version is signed.
 *
 * A program cannot see a change of meaning in a word. Where both languages' labels
 * of a code are replaced, beyond a slip of the hand, it takes it for one. */
#include <stdio.h>

#include "policies/load.h"
#include "policies/report.h"

struct evolution {
        const struct policy *before, *next;
        struct refusal *why;
        enum err rc;
};

static void changed(struct evolution *e, struct rule_place at, const char *text, struct bytes name)
{
        char field[VIOLATION_FIELD_MAX];

        (void)snprintf(field, sizeof field, "%.*s:%u", (int)at.file.len, (const char *)at.file.data,
                at.line);
        (void)refuse(e->why, ERR_POLICY_REFUSED, field, "`%.*s` is in use: %s", (int)name.len,
                (const char *)name.data, text);
        e->rc = ERR_POLICY_REFUSED;
}

/* At most a third of the longer one lies between what both begin and end with. */
static bool is_slip(struct bytes old, struct bytes now)
{
        size_t shorter = old.len < now.len ? old.len : now.len;
        size_t longer = old.len < now.len ? now.len : old.len;
        size_t head = 0, tail = 0;

        while (head < shorter && old.data[head] == now.data[head])
                head++;
        while (tail < shorter - head &&
                old.data[old.len - 1 - tail] == now.data[now.len - 1 - tail])
                tail++;
        return 3 * (longer - head - tail) <= longer + 2;
}

static bool means_other(struct label old, struct label now)
{
        return !is_slip(old.sv, now.sv) && !is_slip(old.en, now.en);
}

/* Code lists -------------------------------------------------------------- */

/* One of a code's parents over the years; one that has always been it stands alone. */
static struct code_parent parent_at(const struct code *c, uint32_t i)
{
        return c->parents_len > 0 ? c->parents[i]
                                  : (struct code_parent){c->parent, INT32_MIN, INT32_MAX};
}

/* History may only be added to: every parent said before is said still, from the same day,
 * and only the last one may be told to have ended, with another after it. */
static bool keeps_parents(const struct code_list *a, const struct code *x,
        const struct code_list *b, const struct code *y, uint32_t level)
{
        uint32_t len = x->parents_len > 0 ? x->parents_len : 1;

        if (x->parent == CODE_NO_PARENT || y->parent == CODE_NO_PARENT)
                return x->parent == y->parent;
        if ((y->parents_len > 0 ? y->parents_len : 1) < len)
                return false;
        for (uint32_t i = 0; i < len; i++) {
                struct code_parent was = parent_at(x, i), is = parent_at(y, i);

                if (!bytes_equal(a->levels[level + 1].codes[was.parent].code,
                            b->levels[level + 1].codes[is.parent].code) ||
                        (i > 0 && was.from != is.from) || (i + 1 < len && was.until != is.until))
                        return false;
        }
        return true;
}

/* What an ended code became stays as it was said. */
static bool keeps_end(const struct code_list *a, const struct code *x, const struct code_list *b,
        const struct code *y, uint32_t level)
{
        if (x->valid_until != INT32_MAX && x->valid_until != y->valid_until)
                return false;
        if (x->successors_len == 0)
                return true;
        if (x->successors_len != y->successors_len)
                return false;
        for (uint32_t i = 0; i < x->successors_len; i++)
                if (!bytes_equal(a->levels[level].codes[x->successors[i]].code,
                            b->levels[level].codes[y->successors[i]].code))
                        return false;
        return true;
}

static void check_code(struct evolution *e, const struct code_list *old,
        const struct code_list *now, uint32_t level, const struct code *was, bool keep)
{
        int32_t at = code_find_at(now, level, was->code);
        const struct code *is = at >= 0 ? &now->levels[level].codes[at] : NULL;
        struct rule_place place = {now->at.file, is != NULL ? is->line : now->at.line};

        if (is == NULL && keep)
                changed(e, place,
                        "a municipality that can have delivered stays; end it with `valid_until`",
                        was->code);
        if (is == NULL)
                return;
        if (means_other(was->label, is->label))
                changed(e, place, "both its labels are replaced; another meaning needs a new code",
                        was->code);
        if (keep && !was->history && is->history)
                changed(e, place, "it can have delivered, so it is not only history", was->code);
        if (!keeps_parents(old, was, now, is, level))
                changed(e, place,
                        "it has another parent, and earlier years would move with it; say in "
                        "`parents` from when",
                        was->code);
        if (!keeps_end(old, was, now, is, level))
                changed(e, place, "its end, and what it became, are told otherwise than before",
                        was->code);
}

static bool same_levels(const struct code_list *old, const struct code_list *now)
{
        if (now->levels_len < old->levels_len)
                return false;
        for (uint32_t i = 0; i < old->levels_len; i++)
                if (!bytes_equal(old->levels[i].id, now->levels[i].id))
                        return false;
        return true;
}

static void check_code_list(struct evolution *e, const struct code_list *old)
{
        const struct code_list *now = policy_code_list_find(e->next, old->id);
        bool keep = old == e->before->municipalities;

        if (now == NULL)
                return;
        if (!same_levels(old, now)) {
                changed(e, now->at, "its levels are others; a coarser one may be added at the end",
                        old->id);
                return;
        }
        for (uint32_t i = 0; i < old->levels_len; i++) {
                bool top = i + 1 == old->levels_len;

                /* A level added above gives parents to what had none. */
                for (uint32_t c = 0; c < old->levels[i].len; c++)
                        if (!top || now->levels_len == old->levels_len)
                                check_code(
                                        e, old, now, i, &old->levels[i].codes[c], keep && i == 0);
        }
}

/* Variables --------------------------------------------------------------- */

static const struct banding *banding_find(const struct variable *v, struct bytes id)
{
        for (uint32_t i = 0; i < v->bandings_len; i++)
                if (bytes_equal(v->bandings[i].id, id))
                        return &v->bandings[i];
        return NULL;
}

static void check_bands(struct evolution *e, const struct variable *old, const struct variable *now)
{
        for (uint32_t i = 0; i < old->bandings_len; i++) {
                const struct banding *was = &old->bandings[i], *is = banding_find(now, was->id);

                for (uint32_t b = 0; is != NULL && b < was->len; b++)
                        for (uint32_t c = 0; c < is->len; c++)
                                if (bytes_equal(was->bands[b].code, is->bands[c].code) &&
                                        (was->bands[b].low != is->bands[c].low ||
                                                was->bands[b].high != is->bands[c].high))
                                        changed(e, now->at.id,
                                                "the band has other bounds; give it a new code",
                                                was->bands[b].code);
        }
}

static bool same_ends(const struct policy_dataset *a, const struct variable *x,
        const struct policy_dataset *b, const struct variable *y)
{
        return bytes_equal(a->variables[x->age_birth].id, b->variables[y->age_birth].id) &&
               bytes_equal(a->variables[x->age_at].id, b->variables[y->age_at].id);
}

static void check_variable(struct evolution *e, const struct policy_dataset *before,
        const struct policy_dataset *next, const struct variable *old)
{
        int32_t at = variable_find(next, old->id);
        const struct variable *now = at >= 0 ? &next->variables[at] : NULL;

        if (now == NULL)
                return;
        if (now->type != old->type || now->source != old->source) {
                changed(e, now->at.id, "it has another type or source", old->id);
                return;
        }
        if (now->decimals != old->decimals || !bytes_equal(now->unit, old->unit))
                changed(e, now->at.id, "it is measured in another unit or with other decimals",
                        old->id);
        if (old->type == VARIABLE_CODE && !bytes_equal(now->codes->id, old->codes->id))
                changed(e, now->at.id, "it has another code list", old->id);
        if (old->type == VARIABLE_AGE && !same_ends(before, old, next, now))
                changed(e, now->at.id, "it is the age at another date", old->id);
        if (means_other(old->label, now->label))
                changed(e, now->at.id, "both its labels are replaced", old->id);
        check_bands(e, old, now);
}

/* Where nothing lasted, something may; days that have been counted stay what they were. */
static bool same_episode(const struct policy_dataset *a, const struct policy_dataset *b)
{
        if (a->episode_from == UINT32_MAX)
                return true;
        return b->episode_from != UINT32_MAX &&
               bytes_equal(a->variables[a->episode_from].id, b->variables[b->episode_from].id) &&
               bytes_equal(a->variables[a->episode_until].id, b->variables[b->episode_until].id);
}

static void check_dataset(struct evolution *e, const struct policy_dataset *old)
{
        const struct policy_dataset *now = policy_dataset_find(e->next, old->id);

        if (now == NULL)
                return;
        if (now->kind != old->kind) {
                changed(e, now->at.id, "its records are of another kind", old->id);
                return;
        }
        if (!same_episode(old, now))
                changed(e, now->at.episode, "it lasts between other dates", old->id);
        if (now->periodicity != old->periodicity)
                changed(e, now->at.id, "it is delivered for other periods", old->id);
        if (now->rules->person != old->rules->person)
                changed(e, now->at.id, "its records have persons in another way", old->id);
        if (means_other(old->label, now->label))
                changed(e, now->at.id, "both its labels are replaced", old->id);
        for (uint32_t i = 0; i < old->variables_len; i++)
                check_variable(e, old, now, &old->variables[i]);
}

/* A frozen definition is one that answers were promised under: another needs another
 * version beside it. What a bundle has not frozen is still being written. */
static void check_indicator(struct evolution *e, const struct indicator *old)
{
        for (uint32_t i = 0; old->frozen && i < e->next->indicators_len; i++) {
                const struct indicator *now = &e->next->indicators[i];

                if (now->version == old->version && bytes_equal(now->id, old->id) &&
                        !digest_equal(&now->digest, &old->digest))
                        changed(e, now->at,
                                "its definition was frozen under this version; another needs a "
                                "new one",
                                old->id);
        }
}

enum err policy_evolves(const struct policy *before, const struct policy *next, struct refusal *why)
{
        struct evolution e = {.before = before, .next = next, .why = why};

        if (!bytes_equal(before->rules.bundle, next->rules.bundle))
                changed(&e, next->head_at, "the successor is another bundle", before->rules.bundle);
        if (!bytes_equal(before->municipalities->id, next->municipalities->id))
                changed(&e, next->head_at, "the municipalities are another list",
                        before->municipalities->id);
        for (uint32_t i = 0; i < before->code_lists_len; i++)
                check_code_list(&e, &before->code_lists[i]);
        for (uint32_t i = 0; i < before->datasets_len; i++)
                check_dataset(&e, &before->datasets[i]);
        for (uint32_t i = 0; i < before->indicators_len; i++)
                check_indicator(&e, &before->indicators[i]);
        return e.rc;
}
