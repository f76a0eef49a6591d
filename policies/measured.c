/* SPDX-License-Identifier: Apache-2.0 */
/* measured.c: what attacks got out of a preset, and under which rules.
 *
 * Figures outlive the rules that they were measured under: somebody lowers a threshold, and the
 * page for the data-protection officer goes on telling of a preset that nothing leaks from. So
 * what measures (tools/attack) writes the digest of the rules beside its figures, and where the
 * rules are others by now every reader is told so. */
#include <string.h>

#include "crypto/digest.h"
#include "policies/load.h"

enum { RULES_TEXT_MAX = 4096 };

/* Every rule in the order of its declaration, as u32; not what the preset is called. */
enum err disclosure_digest(const struct disclosure_rules *x, struct digest *out)
{
        const uint32_t first[] = {x->threshold, x->zeros_published, x->numerator, x->denominator,
                x->complement, x->families, x->homogeneous, x->contributors};
        const uint32_t rest[] = {x->remainder, x->part_max, x->dominance_n, x->dominance_k,
                x->p_percent, x->pq_p, x->pq_q, x->secondary, x->interval, x->cost,
                x->reasons_public, x->membership_sensitive, x->answers, x->perturbation,
                x->variance_permille, x->deviation, x->smallest, x->base};
        OWNED(buf_done) struct buf text;
        struct bytes bytes;

        buf_init(&text, RULES_TEXT_MAX);
        put_text(&text, "statgate-disclosure-rules 1");
        for (size_t i = 0; i < ARRAY_LEN(first); i++)
                put_u32(&text, first[i]);
        for (size_t i = 0; i < CONTRIBUTOR_COUNT; i++)
                put_u32(&text, x->number[i]);
        for (size_t i = 0; i < ARRAY_LEN(rest); i++)
                put_u32(&text, rest[i]);
        TRY(buf_end(&text, &bytes));
        digest_of(bytes, out);
        return ERR_OK;
}

bool policy_uses_preset(const struct policy *p, struct bytes preset)
{
        uint32_t n = 0;
        const struct policy_dataset *list = policy_datasets(p, &n);

        for (uint32_t i = 0; i < n; i++)
                if (bytes_equal(list[i].disclosure.preset, preset))
                        return true;
        return false;
}

static enum err load_attack(struct loader *l, const struct yaml *m, struct measured_attack *out)
{
        static const char *const keys[] = {"attack", "recovered_permille", "baseline_permille",
                "excess_max_permille", "trials", "leaks", NULL};
        int64_t recovered = 0, baseline = 0, excess = 1000, trials = 0;

        TRY(yaml_known_keys(m, keys, l->why));
        TRY(load_name(l, m, "attack", &out->attack));
        TRY(yaml_integer(m, "recovered_permille", true, 0, 1000, &recovered, l->why));
        TRY(yaml_integer(m, "baseline_permille", true, 0, 1000, &baseline, l->why));
        TRY(yaml_integer(m, "excess_max_permille", false, 0, 1000, &excess, l->why));
        TRY(yaml_integer(m, "trials", true, 1, INT32_MAX, &trials, l->why));
        TRY(yaml_boolean(m, "leaks", false, &out->leaks, l->why));
        out->recovered_permille = (uint32_t)recovered;
        out->baseline_permille = (uint32_t)baseline;
        out->excess_max_permille = (uint32_t)excess;
        out->trials = (uint32_t)trials;
        return ERR_OK;
}

static enum err load_loss(struct loader *l, const struct yaml *m, struct policy_preset *out)
{
        static const char *const keys[] = {
                "cells_permille", "persons_permille", "moved_permille", NULL};
        const struct yaml *loss = NULL;
        int64_t cells = 0, persons = 0, moved = 0;

        TRY(yaml_mapping(m, "loss", false, &loss, l->why));
        if (loss == NULL)
                return ERR_OK;
        TRY(yaml_known_keys(loss, keys, l->why));
        TRY(yaml_integer(loss, "cells_permille", true, 0, 1000, &cells, l->why));
        TRY(yaml_integer(loss, "persons_permille", true, 0, 1000, &persons, l->why));
        TRY(yaml_integer(loss, "moved_permille", false, 0, INT32_MAX, &moved, l->why));
        out->has_loss = true;
        out->loss_cells_permille = (uint32_t)cells;
        out->loss_persons_permille = (uint32_t)persons;
        out->moved_permille = (uint32_t)moved;
        return ERR_OK;
}

static enum err load_attacks(struct loader *l, const struct yaml *m, struct policy_preset *out)
{
        const struct yaml *list = NULL;

        TRY(yaml_list(m, "measured", false, &list, l->why));
        if (list == NULL)
                return ERR_OK;
        if (list->len > MEASURED_MAX)
                return yaml_complain(
                        list, ERR_CONFIG, l->why, "more than %d attacks", MEASURED_MAX);
        out->measured = arena_alloc(l->arena, list->len, sizeof *out->measured);
        if (out->measured == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < list->len; i++) {
                TRY(load_attack(l, &list->items[i], &out->measured[i]));
                for (uint32_t j = 0; j < i; j++)
                        if (bytes_equal(out->measured[i].attack, out->measured[j].attack))
                                return yaml_complain(yaml_find(&list->items[i], "attack"),
                                        ERR_CONFIG, l->why, "is measured twice");
        }
        out->measured_len = list->len;
        return ERR_OK;
}

/* Whether what was measured is what the preset asks for now. */
static enum err load_under(struct loader *l, const struct yaml *m, struct policy_preset *out)
{
        struct digest under;
        struct bytes text = {0};

        TRY(disclosure_digest(&out->rules, &out->rules_digest));
        TRY(yaml_text(m, "measured_under", false, &text, l->why));
        if (text.len == 0) {
                out->measured_elsewise = out->measured_len > 0 || out->has_loss;
                return ERR_OK;
        }
        if (text.len != 2 * sizeof under.bytes ||
                hex_decode((const char *)text.data, under.bytes, sizeof under.bytes) != ERR_OK)
                return yaml_complain(yaml_find(m, "measured_under"), ERR_CONFIG, l->why,
                        "the digest of the rules that were measured is 64 hexadecimal digits; "
                        "tools/attack --write puts it there");
        out->measured_elsewise = !digest_equal(&under, &out->rules_digest);
        return ERR_OK;
}

enum err load_measured(struct loader *l, const struct yaml *m, struct policy_preset *out)
{
        TRY(load_attacks(l, m, out));
        TRY(load_loss(l, m, out));
        return load_under(l, m, out);
}
