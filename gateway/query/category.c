/* SPDX-License-Identifier: Apache-2.0 */
/* category.c: a dimension's categories, from public metadata only.
 *
 * Which categories a table has depends on the schema, on the question's own
 * filters and on the periods delivered, never on the records: an empty category
 * stands there as zero or protected, it does not vanish. Values that no category
 * takes (missing, outside all bands, outside the dates shown) have a category of
 * their own, so that parts and totals can agree. */
#include <string.h>

#include "base/arena.h"
#include "gateway/query/plan.h"

enum { DAYS_MAX = 400 * 366 };

struct making {
        struct plan *plan;
        uint32_t number;
        const struct variable *variable;
        const struct dimension_ref *ref;
        struct dimension *dimension;
        struct grouping *grouping;
        struct arena *arena;
        struct refusal *why;
        struct period span; /* of the deliveries that the operand comes from */
};

static enum err fault(struct making *m, enum err code, const char *text)
{
        const char *field = arena_printf(m->arena, "dimensions[%u]", m->number);

        return field == NULL ? ERR_NO_MEMORY : refuse(m->why, code, field, "%s", text);
}

/* Whether the question's own filters on this variable leave any of low..high. */
static bool asked_for(const struct making *m, int64_t low, int64_t high)
{
        for (uint32_t i = 0; i < m->plan->tests_len; i++) {
                const struct test *t = &m->plan->tests[i];

                if (t->operand == m->grouping->operand && !test_passes_any(t, low, high))
                        return false;
        }
        return true;
}

static bool has_filter(const struct making *m)
{
        for (uint32_t i = 0; i < m->plan->tests_len; i++)
                if (m->plan->tests[i].operand == m->grouping->operand && !m->plan->tests[i].open)
                        return true;
        return false;
}

static enum err reserve(struct making *m, uint32_t max)
{
        if (max >= CATEGORY_NONE)
                return fault(m, ERR_TOO_MANY_CELLS, "the dimension has too many categories");
        m->dimension->categories = arena_alloc(m->arena, (size_t)max + 1, sizeof(struct category));
        return m->dimension->categories == NULL ? ERR_NO_MEMORY : ERR_OK;
}

static uint16_t add(struct making *m, struct bytes code, struct label label)
{
        struct dimension *d = m->dimension;

        d->categories[d->len] =
                (struct category){.code = code, .label_sv = label.sv, .label_en = label.en};
        return (uint16_t)d->len++;
}

/* Bands that leave nothing out, of a variable that every row of the data set has. */
static bool is_complete(const struct making *m, const struct banding *b)
{
        const struct variable *v = m->variable;
        bool everywhere =
                v->required || (v->source == SOURCE_MUNICIPALITIES &&
                                       m->plan->dataset->rules->person == PERSON_USE_REQUIRED);

        for (uint32_t i = 1; i < b->len; i++)
                everywhere &= b->bands[i].low == b->bands[i - 1].high + 1;
        return everywhere && b->bands[0].low <= v->min && b->bands[b->len - 1].high >= v->max;
}

/* "Other or not stated": where there are filters on the variable, only if they leave values
 * that no category is for. Left out, these would be missing from the totals, and one more
 * question without the dimension would tell how many they are. */
static void add_other(struct making *m, bool left)
{
        const struct label label = {
                bytes_of_text("Övrigt eller uppgift saknas"), bytes_of_text("Other or not stated")};

        m->grouping->other = has_filter(m) && !left ? CATEGORY_NONE
                                                    : add(m, bytes_of_text(CATEGORY_OTHER), label);
}

/* The level that was asked for, or the finest that may be. */
static enum err level_of(struct making *m, uint32_t *out)
{
        int32_t level = variable_level_find(m->variable, m->ref->level);

        if (level < 0)
                return fault(m, ERR_UNKNOWN_NAME, "the variable has no such level");
        if ((uint32_t)level < variable_finest(m->variable))
                return fault(m, ERR_NOT_ALLOWED,
                        "the policy allows this variable at coarser levels only");
        *out = (uint32_t)level;
        return ERR_OK;
}

/* Codes ---------------------------------------------------------------------------- */

/* Whether a row can fall to code `i` of the finest level, which stands for `up` of `level`: what
 * is in use on the day of the division, and what was in use while there are deliveries. */
static bool is_current(const struct making *m, uint32_t i, uint32_t level, uint32_t up)
{
        const struct code_list *list = m->variable->codes;
        const struct code *code = &list->levels[0].codes[i];

        return code_in_use(list, level, up, m->plan->operands.division) ||
               (code->valid_from <= m->span.last && code->valid_until >= m->span.first);
}

/* Codes of the level that the filters leave, by a code of the finest level that each stands
 * for; UINT32_MAX: none is left. */
static enum err level_wanted(struct making *m, uint32_t level, uint32_t **out)
{
        const struct code_list *list = m->variable->codes;
        uint32_t len = list->levels[level].len;
        uint32_t *wanted = arena_alloc_raw(m->arena, len, sizeof(*wanted));

        if (wanted == NULL)
                return ERR_NO_MEMORY;
        memset(wanted, 0xff, sizeof(*wanted) * len);
        for (uint32_t i = 0; i < list->levels[0].len; i++) {
                uint32_t up = operands_ancestor(&m->plan->operands, list, i, level);

                if (up != CODE_NO_PARENT && asked_for(m, i, i) && is_current(m, i, level, up))
                        wanted[up] = i;
        }
        *out = wanted;
        return ERR_OK;
}

/* Which codes of the level the filters leave: category of each, or NONE. */
static enum err level_categories(struct making *m, uint32_t level, uint16_t **out)
{
        const struct code_list *list = m->variable->codes;
        const struct code_level *l = &list->levels[level];
        uint16_t *category = arena_alloc(m->arena, l->len, sizeof(*category));
        uint32_t *places = arena_alloc(m->arena, (size_t)l->len + 1, sizeof(*places));
        uint32_t *parents = arena_alloc(m->arena, (size_t)l->len + 1, sizeof(*parents));
        bool nested = level + 1 < list->levels_len;
        uint32_t *wanted = NULL;

        if (category == NULL || places == NULL || parents == NULL)
                return ERR_NO_MEMORY;
        TRY(level_wanted(m, level, &wanted));
        TRY(reserve(m, l->len + 1));
        for (uint32_t i = 0; i < l->len; i++) {
                category[i] = CATEGORY_NONE;
                if (wanted[i] == UINT32_MAX)
                        continue;
                category[i] = add(m, l->codes[i].code, l->codes[i].label);
                places[category[i]] = i;
                if (nested)
                        parents[category[i]] =
                                operands_ancestor(&m->plan->operands, list, wanted[i], level + 1);
                nested = nested && parents[category[i]] != CODE_NO_PARENT;
        }
        m->plan->place_of_category[m->number] = places;
        if (nested) {
                m->dimension->parent = parents;
                m->dimension->parents_len = list->levels[level + 1].len;
        }
        *out = category;
        return ERR_OK;
}

/* Whether the filters leave a code that none of the level holds. */
static bool has_orphans(const struct making *m, uint32_t level)
{
        const struct code_list *list = m->variable->codes;

        for (uint32_t i = 0; i < list->levels[0].len; i++)
                if (asked_for(m, i, i) &&
                        operands_ancestor(&m->plan->operands, list, i, level) == CODE_NO_PARENT)
                        return true;
        return false;
}

static enum err make_codes(struct making *m)
{
        const struct code_list *list = m->variable->codes;
        struct grouping *g = m->grouping;
        uint32_t level = 0;
        uint16_t *category = NULL;

        TRY(level_of(m, &level));
        m->dimension->level = list->levels[level].id;
        TRY(level_categories(m, level, &category));
        g->map_len = list->levels[0].len;
        g->map = arena_alloc(m->arena, g->map_len, sizeof(*g->map));
        if (g->map == NULL)
                return ERR_NO_MEMORY;
        g->other = CATEGORY_NONE;
        if (!m->variable->required && m->variable->source != SOURCE_MUNICIPALITY) {
                add_other(m, has_orphans(m, level));
                m->dimension->parent = NULL; /* "other" has no place in the hierarchy */
        }
        for (uint32_t i = 0; i < g->map_len; i++) {
                uint32_t up = operands_ancestor(&m->plan->operands, list, i, level);

                g->map[i] = up == CODE_NO_PARENT ? g->other : category[up];
        }
        if (m->variable->source == SOURCE_MUNICIPALITY)
                m->plan->place_level[m->number] = level;
        return ERR_OK;
}

static enum err make_boolean(struct making *m)
{
        const struct label labels[2] = {{bytes_of_text("nej"), bytes_of_text("no")},
                {bytes_of_text("ja"), bytes_of_text("yes")}};
        static const char *const codes[2] = {"false", "true"};
        struct grouping *g = m->grouping;

        TRY(reserve(m, 3));
        g->map_len = 2;
        g->map = arena_alloc(m->arena, 2, sizeof(*g->map));
        if (g->map == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < 2; i++)
                g->map[i] = asked_for(m, i, i) ? add(m, bytes_of_text(codes[i]), labels[i])
                                               : CATEGORY_NONE;
        g->other = CATEGORY_NONE;
        if (!m->variable->required)
                add_other(m, false);
        return ERR_OK;
}

/* Bands ---------------------------------------------------------------------------- */

/* Whether the filters leave a value between the bands or beyond them. What was delivered is
 * within the schema's bounds; an age on a day that the question states need not be. */
static bool has_gaps(const struct making *m, const struct banding *b)
{
        bool stated = m->variable->type == VARIABLE_AGE &&
                      m->grouping->operand >= m->plan->dataset->variables_len;
        int64_t next = stated ? 0 : m->variable->min;
        int64_t last = stated ? MISSING_U8 - 1 : m->variable->max;

        for (uint32_t i = 0; i < b->len; i++) {
                if (b->bands[i].low > next && asked_for(m, next, b->bands[i].low - 1))
                        return true;
                if (b->bands[i].high >= last)
                        return false;
                if (b->bands[i].high >= next)
                        next = b->bands[i].high + 1;
        }
        return asked_for(m, next, last);
}

static enum err make_bands(struct making *m)
{
        struct grouping *g = m->grouping;
        uint32_t level = 0;

        if (m->variable->bandings_len == 0)
                return fault(m, ERR_NOT_ALLOWED, "the variable has no declared bands to group by");
        TRY(level_of(m, &level));
        const struct banding *b = &m->variable->bandings[level];
        m->dimension->level = b->id;
        TRY(reserve(m, b->len + 1));
        uint16_t *category = arena_alloc(m->arena, b->len, sizeof(*category));
        if (category == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < b->len; i++)
                category[i] = asked_for(m, b->bands[i].low, b->bands[i].high)
                                      ? add(m, b->bands[i].code, b->bands[i].label)
                                      : CATEGORY_NONE;
        g->other = CATEGORY_NONE;
        if (!is_complete(m, b))
                add_other(m, has_gaps(m, b));
        g->bands = b->bands;
        g->bands_len = b->len;
        g->band_category = category;
        if (m->variable->physical != PHYSICAL_U8)
                return ERR_OK;
        /* What stands in a byte: a map is quicker than a search. */
        g->map_len = MISSING_U8;
        g->map = arena_alloc(m->arena, g->map_len, sizeof(*g->map));
        if (g->map == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t v = 0; v < g->map_len; v++) {
                g->map[v] = g->other;
                for (uint32_t i = 0; i < b->len; i++)
                        if (v >= b->bands[i].low && v <= b->bands[i].high)
                                g->map[v] = category[i];
        }
        return ERR_OK;
}

/* Dates ---------------------------------------------------------------------------- */

/* Days that the table can show: the question's own range, else what was delivered. */
static struct period days_shown(const struct making *m)
{
        struct period p = {(int32_t)m->variable->min, (int32_t)m->variable->max};
        bool bounded = false;

        for (uint32_t i = 0; i < m->plan->tests_len; i++) {
                const struct test *t = &m->plan->tests[i];

                if (t->operand != m->grouping->operand || t->negated || t->ranges_len == 0)
                        continue;
                int64_t low = INT64_MAX, high = INT64_MIN;
                for (uint32_t k = 0; k < t->ranges_len; k++) {
                        low = t->ranges[k].low < low ? t->ranges[k].low : low;
                        high = t->ranges[k].high > high ? t->ranges[k].high : high;
                }
                p.first = low > p.first ? (int32_t)low : p.first;
                p.last = high < p.last ? (int32_t)high : p.last;
                bounded |= !t->open;
        }
        if (!bounded && m->span.first > p.first)
                p.first = m->span.first;
        if (m->span.last < p.last)
                p.last = m->span.last;
        return p;
}

static enum err add_periods(struct making *m, uint32_t level, struct period p)
{
        struct grouping *g = m->grouping;

        for (int32_t first = p.first; first <= p.last;) {
                int32_t next = date_next(first, level);
                char code[16];
                uint16_t category = CATEGORY_NONE;

                if (asked_for(m, first, (int64_t)next - 1)) {
                        date_code(first, level, code);
                        const char *kept = arena_strndup(m->arena, code, strlen(code));
                        if (kept == NULL)
                                return ERR_NO_MEMORY;
                        struct bytes text = bytes_of_text(kept);
                        category = add(m, text, (struct label){text, text});
                }
                for (int32_t day = first; day < next && day <= p.last; day++)
                        g->map[day - g->first] = category;
                first = next;
        }
        return ERR_OK;
}

/* Whether the filters leave a day before or behind those shown. */
static bool has_other_days(const struct making *m, struct period shown)
{
        const struct variable *v = m->variable;

        if (v->within_period) /* of a delivery, and these are all shown */
                return false;
        return (shown.first > v->min && asked_for(m, v->min, (int64_t)shown.first - 1)) ||
               (shown.last < v->max && asked_for(m, (int64_t)shown.last + 1, v->max));
}

static enum err make_dates(struct making *m)
{
        struct grouping *g = m->grouping;
        uint32_t level = 0;
        struct period p;

        TRY(level_of(m, &level));
        m->dimension->level = bytes_of_text(date_level_id(level));
        p = days_shown(m);
        if (p.first > p.last || (int64_t)p.last - p.first > DAYS_MAX) {
                p.last = p.first - 1; /* nothing to show but "other" */
        } else {
                p.first = date_floor(p.first, level);
                p.last = date_next(date_floor(p.last, level), level) - 1;
        }
        g->first = p.first;
        g->map_len = (uint32_t)(p.last - p.first + 1);
        g->map = arena_alloc(m->arena, g->map_len, sizeof(*g->map));
        if (g->map == NULL)
                return ERR_NO_MEMORY;
        TRY(reserve(m, g->map_len / (level == 0 ? 1 : 28) + 2));
        TRY(add_periods(m, level, p));
        add_other(m, has_other_days(m, p));
        return ERR_OK;
}

enum err grouping_compile(struct plan *plan, uint32_t number, const struct dimension_ref *ref,
        struct arena *arena, struct refusal *why)
{
        struct making m = {
                .plan = plan,
                .number = number,
                .ref = ref,
                .dimension = &plan->shape.dimensions[number],
                .grouping = &plan->groupings[number],
                .arena = arena,
                .why = why,
        };
        int32_t operand = operand_find(&plan->operands, ref->variable);

        plan->place_level[number] = UINT32_MAX;
        if (operand < 0)
                return fault(&m, ERR_UNKNOWN_NAME, "the data set has no such variable");
        m.variable = plan->operands.list[operand].variable;
        m.span = plan->operands.list[operand].span;
        if (!m.variable->may_group)
                return fault(
                        &m, ERR_NOT_ALLOWED, "the policy does not allow grouping by this variable");
        m.grouping->operand = (uint32_t)operand;
        *m.dimension = (struct dimension){
                .variable = m.variable->id,
                .label_sv = m.variable->label.sv,
                .label_en = m.variable->label.en,
                .identifying = operand_identifies(&plan->operands, (uint32_t)operand),
                .overlapping = m.variable->overlapping,
        };
        switch (m.variable->type) {
        case VARIABLE_CODE:
                return make_codes(&m);
        case VARIABLE_BOOLEAN:
                return make_boolean(&m);
        case VARIABLE_INTEGER:
        case VARIABLE_DECIMAL:
        case VARIABLE_AGE:
                return make_bands(&m);
        case VARIABLE_DATE:
                return make_dates(&m);
        case VARIABLE_NONE:
        case VARIABLE_TYPE_COUNT:
                break;
        }
        return ERR_INTERNAL;
}
