/* SPDX-License-Identifier: Apache-2.0 */
/* principal.c: who is let in, as patterns over the names in certificates.
 *
 *   principals:
 *     - match: statgate://demo/statistician/vard-*
 *       role: statistician
 *       datasets: all
 *       purposes: [uppfoljning]
 *       questions_per_day: 200
 *       legal_basis: …
 *
 * A certificate that no pattern fits is denied, whoever signed it: the authority that
 * issues certificates says who somebody is, and this list whether that matters here. The
 * role stands in the pattern as it does in the name, so that a reader sees at a glance
 * that no star ever reaches across roles. The first pattern that fits decides: who is
 * to have less than her colleagues stands above them. */
#include <string.h>

#include "policies/load.h"

enum { QUESTIONS_MAX = 1000000 };

/* A segment of a name, or stars in it. */
static bool is_segment(struct bytes s)
{
        if (s.len == 0 || s.len > NAME_MAX_LEN)
                return false;
        for (size_t i = 0; i < s.len; i++) {
                uint8_t c = s.data[i];

                if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') &&
                        (c == 0 || strchr("_-.*", c) == NULL))
                        return false;
        }
        return true;
}

static bool take(struct bytes *rest, struct bytes word)
{
        if (rest->len < word.len || memcmp(rest->data, word.data, word.len) != 0)
                return false;
        rest->data += word.len;
        rest->len -= word.len;
        return true;
}

/* NAME or NAME/SYSTEM. */
static bool is_name_pattern(struct bytes rest)
{
        const uint8_t *slash = rest.len > 0 ? memchr(rest.data, '/', rest.len) : NULL;
        size_t name = slash != NULL ? (size_t)(slash - rest.data) : rest.len;

        if (!is_segment((struct bytes){rest.data, name}))
                return false;
        return slash == NULL || is_segment((struct bytes){slash + 1, rest.len - name - 1});
}

static enum err load_match(struct loader *l, const struct yaml *m, struct policy_principal *out)
{
        const char *trust = l->policy->trust, *role = role_name(out->role);
        struct bytes text = {0}, rest;

        TRY(yaml_text(m, "match", true, &text, l->why));
        rest = text;
        if (!take(&rest, bytes_of_text("statgate://")) || !take(&rest, bytes_of_text(trust)) ||
                !take(&rest, bytes_of_text("/")) || !take(&rest, bytes_of_text(role)) ||
                !take(&rest, bytes_of_text("/")) || !is_name_pattern(rest))
                return yaml_complain(yaml_find(m, "match"), ERR_CONFIG, l->why,
                        "a pattern is statgate://%s/%s/NAME or …/NAME/SYSTEM, where * stands for "
                        "anything within NAME or SYSTEM",
                        trust, role);
        return load_keep(l, text, &out->match);
}

/* all, or a list of names. */
static enum err load_some(struct loader *l, const struct yaml *m, const char *key,
        const struct bytes *known, uint32_t known_len, const char *noun, bool *all,
        struct bytes **out, uint32_t *out_len)
{
        const struct yaml *value = yaml_find(m, key);

        *all = value != NULL && value->kind == YAML_SCALAR && bytes_is_text(value->text, "all");
        if (*all)
                return ERR_OK;
        return load_names(l, m, key, known, known_len, noun, out, out_len);
}

/* What those may ask who can ask at all. */
static enum err load_asking(struct loader *l, const struct yaml *m, struct policy_principal *out)
{
        struct bytes datasets[RULES_DATASETS_MAX], purposes[PURPOSES_MAX];
        const struct policy *p = l->policy;
        int64_t questions = 0;

        for (uint32_t i = 0; i < p->datasets_len; i++)
                datasets[i] = p->datasets[i].id;
        for (uint32_t i = 0; i < p->purposes_len; i++)
                purposes[i] = p->purposes[i].id;
        TRY(load_some(l, m, "datasets", datasets, p->datasets_len, "data set", &out->all_datasets,
                &out->datasets, &out->datasets_len));
        TRY(load_some(l, m, "purposes", purposes, p->purposes_len, "purpose", &out->all_purposes,
                &out->purposes, &out->purposes_len));
        TRY(yaml_integer(m, "questions_per_day", false, 1, QUESTIONS_MAX, &questions, l->why));
        out->questions_per_day = (uint32_t)questions;
        return ERR_OK;
}

static enum err load_principal(struct loader *l, const struct yaml *m, struct policy_principal *out)
{
        static const char *const asking[] = {
                "match", "role", "datasets", "purposes", "questions_per_day", "legal_basis", NULL};
        static const char *const other[] = {"match", "role", "legal_basis", NULL};
        const char *roles[ROLE_COUNT] = {NULL};
        uint32_t role = 0;

        for (unsigned r = ROLE_NONE + 1; r < ROLE_COUNT; r++)
                roles[r - 1] = role_name((enum role)r);
        TRY(yaml_known_keys(m, asking, l->why));
        TRY(yaml_word(m, "role", true, roles, &role, l->why));
        out->role = (enum role)(role + 1);
        out->at = load_place(l, m, "match");
        TRY(load_match(l, m, out));
        TRY(load_sentence(l, m, "legal_basis", &out->legal_basis));
        if (out->role == ROLE_STATISTICIAN || out->role == ROLE_DPO)
                return load_asking(l, m, out);
        /* Nothing of theirs is taken away: data sets say what their role may do. */
        out->all_datasets = out->all_purposes = true;
        return yaml_known_keys(m, other, l->why);
}

enum err load_principals(struct loader *l, const struct yaml *top)
{
        const struct yaml *list = NULL;
        struct policy *p = l->policy;
        enum err rc = ERR_OK;

        TRY(yaml_list(top, "principals", true, &list, l->why));
        if (list->len == 0 || list->len > PRINCIPALS_MAX)
                return yaml_complain(list, ERR_CONFIG, l->why, "a bundle lets in 1 to %d patterns",
                        PRINCIPALS_MAX);
        p->principals = arena_alloc(l->arena, list->len, sizeof *p->principals);
        if (p->principals == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < list->len; i++) {
                enum err e = load_principal(l, &list->items[i], &p->principals[i]);

                for (uint32_t j = 0; e == ERR_OK && j < i; j++)
                        if (bytes_equal(p->principals[i].match, p->principals[j].match))
                                e = yaml_complain(yaml_find(&list->items[i], "match"), ERR_CONFIG,
                                        l->why,
                                        "the pattern stands above, and the first one decides");
                rc = rc == ERR_OK ? e : rc;
        }
        p->principals_len = list->len;
        return rc;
}
