/* SPDX-License-Identifier: Apache-2.0 */
/* codelist.c: code lists with their levels: kommun → lan → riket.
 *
 * Levels stand finest first, as people name them, and are read coarsest first, so
 * that every parent is known when a child names it: a circle cannot be written.
 * A code keeps its meaning for good and stands once; what changes over the years is
 * its parent, and whether it is in use. Codes are text. A municipality's code keeps its leading
 * zero because nothing here ever takes it for a number. */
#include <stdlib.h>
#include <string.h>

#include "policies/load.h"
#include "policies/suggest.h"

/* Looking up -------------------------------------------------------------- */

static int32_t find_sorted(
        const struct code *codes, const uint32_t *sorted, uint32_t len, struct bytes code)
{
        uint32_t low = 0, high = len;

        while (low < high) {
                uint32_t middle = low + (high - low) / 2;
                int order = bytes_compare(codes[sorted[middle]].code, code);

                if (order == 0)
                        return (int32_t)sorted[middle];
                if (order < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return -1;
}

int32_t code_find(const struct code_list *list, struct bytes code)
{
        return find_sorted(list->levels[0].codes, list->by_code, list->levels[0].len, code);
}

int32_t code_find_alias(const struct code_list *list, struct bytes alias)
{
        uint32_t low = 0, high = list->aliases_len;

        while (low < high) {
                uint32_t middle = low + (high - low) / 2;
                int order = bytes_compare(list->aliases[middle].alias, alias);

                if (order == 0)
                        return (int32_t)list->aliases[middle].code;
                if (order < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return -1;
}

int32_t code_find_at(const struct code_list *list, uint32_t level, struct bytes code)
{
        if (level == 0)
                return code_find(list, code);
        if (level >= list->levels_len)
                return -1;
        for (uint32_t i = 0; i < list->levels[level].len; i++)
                if (bytes_equal(list->levels[level].codes[i].code, code))
                        return (int32_t)i;
        return -1;
}

int32_t code_level_find(const struct code_list *list, struct bytes level)
{
        for (uint32_t i = 0; i < list->levels_len; i++)
                if (bytes_equal(list->levels[i].id, level))
                        return (int32_t)i;
        return -1;
}

uint32_t code_ancestor(const struct code_list *list, uint32_t code, uint32_t level)
{
        for (uint32_t i = 0; i < level && code != CODE_NO_PARENT; i++)
                code = list->levels[i].codes[code].parent;
        return code;
}

/* Over the years ---------------------------------------------------------- */

/* What a code had become by `day`. Each end lies after the one before (load_successors),
 * so this ends too. A code that was split has become several and stays itself. */
static uint32_t code_became(const struct code_level *level, uint32_t code, int32_t day)
{
        const struct code *c = &level->codes[code];

        while (c->successors_len == 1 && day > c->valid_until) {
                code = c->successors[0];
                c = &level->codes[code];
        }
        return code;
}

static uint32_t parent_on(const struct code *c, int32_t day)
{
        uint32_t i = 0;

        if (c->parents_len == 0)
                return c->parent;
        while (i + 1 < c->parents_len && day > c->parents[i].until)
                i++;
        return c->parents[i].parent;
}

uint32_t code_ancestor_at(const struct code_list *list, uint32_t code, uint32_t level, int32_t day)
{
        code = code_became(&list->levels[0], code, day);
        for (uint32_t i = 0; i < level && code != CODE_NO_PARENT; i++) {
                code = parent_on(&list->levels[i].codes[code], day);
                if (code != CODE_NO_PARENT)
                        code = code_became(&list->levels[i + 1], code, day);
        }
        return code;
}

bool code_in_use(const struct code_list *list, uint32_t level, uint32_t code, int32_t day)
{
        const struct code *c = &list->levels[level].codes[code];

        return day >= c->valid_from && day <= c->valid_until;
}

/* Reading ----------------------------------------------------------------- */

static int by_code(const void *a, const void *b, void *codes)
{
        const struct code *all = codes;

        return bytes_compare(all[*(const uint32_t *)a].code, all[*(const uint32_t *)b].code);
}

/* An index of the level by code; a code that stands twice is refused at the
 * later of the two. */
static enum err sort_level(
        struct loader *l, const struct yaml *list, const struct code_level *level, uint32_t **out)
{
        uint32_t *sorted = arena_alloc(l->arena, level->len, sizeof *sorted);

        if (sorted == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < level->len; i++)
                sorted[i] = i;
        qsort_r(sorted, level->len, sizeof *sorted, by_code, level->codes);
        for (uint32_t i = 1; i < level->len; i++) {
                uint32_t x = sorted[i - 1], y = sorted[i];

                if (bytes_equal(level->codes[x].code, level->codes[y].code))
                        return yaml_complain(&list->items[x > y ? x : y], ERR_CONFIG, l->why,
                                "the code stands twice in its level; what it belonged to over the "
                                "years is said in `parents`");
        }
        *out = sorted;
        return ERR_OK;
}

/* The coarser level a parent is looked up in; `sorted` is its index. */
struct parents {
        const struct code_level *level; /* NULL: the codes are of the coarsest level */
        const uint32_t *sorted;
};

static enum err complain_parent(
        struct loader *l, const struct yaml *at, struct bytes parent, const struct parents *up)
{
        struct bytes *known = arena_alloc(l->scratch, up->level->len, sizeof *known);
        char near[SUGGEST_MAX];

        if (known == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < up->level->len; i++)
                known[i] = up->level->codes[i].code;
        suggest_text(parent, known, up->level->len, near);
        return yaml_complain(at, ERR_CONFIG, l->why,
                "there is no parent of this code in level `%.*s`%s", (int)up->level->id.len,
                (const char *)up->level->id.data, near);
}

static enum err find_parent(
        struct loader *l, const struct yaml *item, const struct parents *up, uint32_t *out)
{
        struct bytes parent = {0};
        int32_t at;

        TRY(yaml_text(item, "parent", true, &parent, l->why));
        at = find_sorted(up->level->codes, up->sorted, up->level->len, parent);
        if (at < 0)
                return complain_parent(l, yaml_find(item, "parent"), parent, up);
        *out = (uint32_t)at;
        return ERR_OK;
}

/* A parent must have been there while it was one; what it had become by then will do. */
static enum err check_parent_days(struct loader *l, const struct yaml *at, const struct parents *up,
        uint32_t parent, int32_t from, int32_t until)
{
        const struct code *p = &up->level->codes[parent];

        if (from < p->valid_from || (until > p->valid_until && p->successors_len != 1))
                return yaml_complain(at, ERR_CONFIG, l->why,
                        "the parent was not in use on all of the days it is said to hold");
        return ERR_OK;
}

/* parents: [{parent: "19", until: 2006-12-31}, {parent: "03", from: 2007-01-01}]: one
 * takes over on the day after the other, so that every day has its parent. */
static enum err load_parent_days(struct loader *l, const struct yaml *item,
        const struct parents *up, const struct code *code, const struct code_parent *before,
        bool last, struct code_parent *out)
{
        static const char *const keys[] = {"parent", "from", "until", NULL};

        TRY(yaml_known_keys(item, keys, l->why));
        TRY(find_parent(l, item, up, &out->parent));
        out->from = code->valid_from;
        out->until = code->valid_until;
        TRY(load_date(l, item, "from", before != NULL, &out->from));
        TRY(load_date(l, item, "until", !last, &out->until));
        if (out->from < code->valid_from || out->until > code->valid_until)
                return yaml_complain(item, ERR_CONFIG, l->why,
                        "the code itself is not in use on all of these days");
        if (out->from > out->until)
                return yaml_complain_key(
                        item, "until", ERR_CONFIG, l->why, "the parent ends before it begins");
        if (before != NULL && out->from <= before->until)
                return yaml_complain_key(item, "from", ERR_CONFIG, l->why,
                        "two parents overlap: one takes over on the day after the other");
        if (before != NULL && out->from != before->until + 1)
                return yaml_complain_key(item, "from", ERR_CONFIG, l->why,
                        "there are days without a parent: one takes over on the day after the "
                        "other");
        return check_parent_days(l, item, up, out->parent, out->from, out->until);
}

static enum err load_parents(
        struct loader *l, const struct yaml *item, const struct parents *up, struct code *out)
{
        const struct yaml *list = NULL;
        struct code_parent *parents;

        TRY(yaml_list(item, "parents", true, &list, l->why));
        if (list->len < 2 || list->len > PARENTS_MAX)
                return yaml_complain(list, ERR_CONFIG, l->why,
                        "`parents` names 2 to %d over the years; one alone is `parent`",
                        PARENTS_MAX);
        parents = arena_alloc(l->arena, list->len, sizeof *parents);
        if (parents == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < list->len; i++)
                TRY(load_parent_days(l, &list->items[i], up, out, i > 0 ? &parents[i - 1] : NULL,
                        i + 1 == list->len, &parents[i]));
        out->parents = parents;
        out->parents_len = list->len;
        out->parent = parents[list->len - 1].parent;
        return ERR_OK;
}

static enum err load_parent(
        struct loader *l, const struct yaml *item, const struct parents *up, struct code *out)
{
        const char *key = yaml_find(item, "parents") != NULL ? "parents" : "parent";

        out->parent = CODE_NO_PARENT;
        if (up->level == NULL) {
                if (yaml_find(item, key) != NULL)
                        return yaml_complain_key(item, key, ERR_CONFIG, l->why,
                                "a code of the coarsest level has no parent");
                return ERR_OK;
        }
        if (strcmp(key, "parent") == 0) {
                TRY(find_parent(l, item, up, &out->parent));
                return check_parent_days(l, yaml_find(item, key), up, out->parent, out->valid_from,
                        out->valid_until);
        }
        if (yaml_find(item, "parent") != NULL)
                return yaml_complain_key(item, "parent", ERR_CONFIG, l->why,
                        "`parents` says it all: `parent` cannot stand beside it");
        return load_parents(l, item, up, out);
}

static enum err load_code(
        struct loader *l, const struct yaml *item, const struct parents *up, struct code *out)
{
        static const char *const keys[] = {"code", "label", "parent", "parents", "valid_from",
                "valid_until", "became", "history", "population", "population_permille", "aliases",
                NULL};
        struct bytes text = {0};
        int64_t population = 0;

        TRY(yaml_known_keys(item, keys, l->why));
        TRY(yaml_text(item, "code", true, &text, l->why));
        TRY(load_code_text(l, yaml_find(item, "code"), text, &out->code));
        TRY(load_label(l, item, "label", true, &out->label));
        out->valid_from = INT32_MIN;
        out->valid_until = INT32_MAX;
        TRY(load_date(l, item, "valid_from", false, &out->valid_from));
        TRY(load_date(l, item, "valid_until", false, &out->valid_until));
        if (out->valid_from > out->valid_until)
                return yaml_complain_key(
                        item, "valid_until", ERR_CONFIG, l->why, "the code ends before it begins");
        TRY(load_parent(l, item, up, out));
        TRY(yaml_boolean(item, "history", false, &out->history, l->why));
        if (out->history && out->valid_until == INT32_MAX)
                return yaml_complain_key(item, "history", ERR_CONFIG, l->why,
                        "what is only history has ended: `valid_until` is missing");
        TRY(yaml_integer(item, "population", false, 1, POPULATION_MAX, &population, l->why));
        out->population = (uint32_t)population;
        TRY(load_permille(l, item, &out->population_permille));
        if (out->population > 0 && out->population_permille > 0)
                return yaml_complain_key(item, "population_permille", ERR_CONFIG, l->why,
                        "`population` says it already");
        out->line = item->line;
        return ERR_OK;
}

/* One successor of a code, in the same level and in use from the day after. So each end lies
 * after the one before, and no circle can be written. */
static enum err load_successor(struct loader *l, const struct yaml *item,
        const struct parents *level, const struct code *c, uint32_t *out)
{
        struct bytes text = {0};
        int32_t at;

        TRY(yaml_text_of(item, "became", &text, l->why));
        at = find_sorted(level->level->codes, level->sorted, level->level->len, text);
        if (at < 0)
                return yaml_complain(
                        item, ERR_CONFIG, l->why, "there is no code of this name in the level");

        const struct code *next = &level->level->codes[at];

        if (next->valid_from > c->valid_until + 1 || next->valid_until <= c->valid_until)
                return yaml_complain(item, ERR_CONFIG, l->why,
                        "what a code became must be in use on the day after its end");
        for (uint32_t i = 0; i < c->successors_len; i++)
                if (c->successors[i] == (uint32_t)at)
                        return yaml_complain(item, ERR_CONFIG, l->why, "is named twice");
        *out = (uint32_t)at;
        return ERR_OK;
}

/* became: ["0331"]: one after a merger, several after a split. */
static enum err load_successors(
        struct loader *l, const struct yaml *item, const struct parents *level, struct code *c)
{
        const struct yaml *list = NULL;
        uint32_t *successors;

        TRY(yaml_list(item, "became", false, &list, l->why));
        if (list == NULL)
                return ERR_OK;
        if (c->valid_until == INT32_MAX)
                return yaml_complain_key(item, "became", ERR_CONFIG, l->why,
                        "what became something else has ended: `valid_until` is missing");
        if (list->len == 0 || list->len > SUCCESSORS_MAX)
                return yaml_complain(
                        list, ERR_CONFIG, l->why, "`became` names 1 to %d codes", SUCCESSORS_MAX);
        successors = arena_alloc(l->arena, list->len, sizeof *successors);
        if (successors == NULL)
                return ERR_NO_MEMORY;
        c->successors = successors;
        for (uint32_t i = 0; i < list->len; i++) {
                TRY(load_successor(l, &list->items[i], level, c, &successors[i]));
                c->successors_len = i + 1;
        }
        return ERR_OK;
}

static enum err load_level(
        struct loader *l, const struct yaml *m, struct parents *up, struct code_level *out)
{
        static const char *const keys[] = {"id", "label", "codes", NULL};
        const struct yaml *list = NULL;
        uint32_t *sorted = NULL;
        uint64_t inhabitants = 0;
        enum err rc = ERR_OK;

        TRY(yaml_known_keys(m, keys, l->why));
        TRY(load_name(l, m, "id", &out->id));
        TRY(load_label(l, m, "label", true, &out->label));
        TRY(yaml_list(m, "codes", true, &list, l->why));
        if (list->len == 0 || list->len > CODES_MAX)
                return yaml_complain(
                        list, ERR_CONFIG, l->why, "a level has 1 to %d codes", CODES_MAX);
        out->codes = arena_alloc(l->arena, list->len, sizeof *out->codes);
        if (out->codes == NULL)
                return ERR_NO_MEMORY;
        out->len = list->len;
        for (uint32_t i = 0; i < list->len; i++) {
                enum err e = load_code(l, &list->items[i], up, &out->codes[i]);

                rc = rc == ERR_OK ? e : rc;
                inhabitants += out->codes[i].population_permille;
        }
        TRY(rc);
        TRY(check_permille(l, list, inhabitants));
        TRY(sort_level(l, list, out, &sorted));
        *up = (struct parents){.level = out, .sorted = sorted};
        for (uint32_t i = 0; i < list->len; i++)
                TRY(load_successors(l, &list->items[i], up, &out->codes[i]));
        return ERR_OK;
}

static int by_alias(const void *a, const void *b)
{
        const struct code_alias *x = a, *y = b;

        return bytes_compare(x->alias, y->alias);
}

/* An alias says one code in one list, or the file of a municipality would be read
 * in two ways. Numbers and letters are fine; so is "Kvinna". */
static enum err load_aliases_of(
        struct loader *l, const struct yaml *item, uint32_t code, struct code_list *out)
{
        const struct yaml *list = NULL;

        TRY(yaml_list(item, "aliases", false, &list, l->why));
        for (uint32_t i = 0; list != NULL && i < list->len; i++) {
                struct code_alias *alias = &out->aliases[out->aliases_len];
                struct bytes text = {0};

                TRY(yaml_text_of(&list->items[i], "aliases", &text, l->why));
                if (text.len > CODE_MAX_LEN || !bytes_is_printable(text))
                        return yaml_complain(&list->items[i], ERR_CONFIG, l->why,
                                "an alias is printable text of at most %d bytes", CODE_MAX_LEN);
                if (code_find(out, text) >= 0)
                        return yaml_complain(&list->items[i], ERR_CONFIG, l->why,
                                "the alias is a code of the list already");
                for (uint32_t j = 0; j < out->aliases_len; j++)
                        if (bytes_equal(out->aliases[j].alias, text))
                                return yaml_complain(&list->items[i], ERR_CONFIG, l->why,
                                        "the alias stands for another code already");
                TRY(load_keep(l, text, &alias->alias));
                alias->code = code;
                out->aliases_len++;
        }
        return ERR_OK;
}

static enum err load_aliases(struct loader *l, const struct yaml *codes, struct code_list *out)
{
        uint32_t room = 0;

        for (uint32_t i = 0; i < codes->len; i++) {
                const struct yaml *list = yaml_find(&codes->items[i], "aliases");

                room += list != NULL ? list->len : 0;
        }
        if (room > ALIASES_MAX)
                return yaml_complain(
                        codes, ERR_CONFIG, l->why, "more than %d aliases", ALIASES_MAX);
        out->aliases = arena_alloc(l->arena, room, sizeof *out->aliases);
        if (out->aliases == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < codes->len; i++)
                TRY(load_aliases_of(l, &codes->items[i], i, out));
        if (out->aliases_len > 1)
                qsort(out->aliases, out->aliases_len, sizeof *out->aliases, by_alias);
        return ERR_OK;
}

static enum err load_levels(struct loader *l, const struct yaml *list, struct code_list *out)
{
        struct parents up = {0};

        out->levels = arena_alloc(l->arena, list->len, sizeof *out->levels);
        if (out->levels == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = list->len; i-- > 0;)
                TRY(load_level(l, &list->items[i], &up, &out->levels[i]));
        out->levels_len = list->len;
        for (uint32_t i = 0; i < list->len; i++)
                for (uint32_t j = 0; j < i; j++)
                        if (bytes_equal(out->levels[i].id, out->levels[j].id))
                                return yaml_complain(&list->items[i], ERR_CONFIG, l->why,
                                        "two levels have the same id");
        return sort_level(l, yaml_find(&list->items[0], "codes"), &out->levels[0], &out->by_code);
}

enum err load_code_list(struct loader *l, const struct yaml *file, struct code_list *out)
{
        static const char *const keys[] = {
                "codelist", "label", "source", "population_year", "levels", NULL};
        const struct yaml *levels = NULL, *finest;
        struct bytes source;
        struct label label;
        int64_t year = 0;

        TRY(yaml_known_keys(file, keys, l->why));
        TRY(load_name(l, file, "codelist", &out->id));
        TRY(load_label(l, file, "label", true, &label));
        TRY(load_sentence(l, file, "source", &source));
        TRY(yaml_integer(file, "population_year", false, 1749, 2999, &year, l->why));
        TRY(yaml_list(file, "levels", true, &levels, l->why));
        if (levels->len == 0 || levels->len > CODE_LEVELS_MAX)
                return yaml_complain(levels, ERR_CONFIG, l->why, "a code list has 1 to %d levels",
                        CODE_LEVELS_MAX);
        TRY(load_levels(l, levels, out));
        finest = yaml_find(&levels->items[0], "codes");
        TRY(load_aliases(l, finest, out));
        out->population_year = (uint32_t)year;
        out->at = load_place(l, file, "codelist");
        for (uint32_t i = 0; year == 0 && i < out->levels[0].len; i++)
                if (out->levels[0].codes[i].population > 0)
                        return yaml_complain_key(&finest->items[i], "population", ERR_CONFIG,
                                l->why,
                                "populations need `population_year` at the top of the file");
        return ERR_OK;
}
