/* SPDX-License-Identifier: Apache-2.0 */
/* filter.c: from "alder in 0..17" to a set of values.
 *
 * Numbers, ages and dates may be cut only where the policy has cut them: at the
 * edges of declared bands, at firsts and lasts of the finest period. A range of
 * one's own would be a way to single people out. */
#include <string.h>

#include "base/arena.h"
#include "gateway/query/plan.h"

enum { U8_VALUES = 256 };

struct compiling {
        const struct operands *of;
        const struct variable *variable;
        const struct filter *filter;
        const char *field;
        struct arena *arena;
        struct refusal *why;
        bool free; /* the question's own number: it may be cut anywhere */
};

static enum err fault(struct compiling *c, enum err code, const char *text)
{
        return refuse(c->why, code, c->field, "%s", text);
}

bool test_passes(const struct test *t, int64_t value)
{
        if (t->set != NULL)
                return value >= 0 && value < t->set_len && t->set[value] != 0;
        for (uint32_t i = 0; i < t->ranges_len; i++)
                if (value >= t->ranges[i].low && value <= t->ranges[i].high)
                        return !t->negated;
        return t->negated;
}

bool test_passes_any(const struct test *t, int64_t low, int64_t high)
{
        if (t->set != NULL) {
                for (int64_t v = low < 0 ? 0 : low; v <= high && v < t->set_len; v++)
                        if (t->set[v] != 0)
                                return true;
                return false;
        }
        for (uint32_t i = 0; i < t->ranges_len; i++) {
                const struct range *r = &t->ranges[i];

                if (!t->negated && low <= r->high && high >= r->low)
                        return true;
                if (t->negated && low >= r->low && high <= r->high)
                        return false; /* edges are aligned: inside one range or outside */
        }
        return t->negated;
}

/* Codes ------------------------------------------------------------------------ */

static enum err find_level(struct compiling *c, uint32_t *out)
{
        int32_t level = variable_level_find(c->variable, c->filter->level);

        if (level < 0)
                return fault(c, ERR_UNKNOWN_NAME, "the variable has no such level");
        if ((uint32_t)level < variable_finest(c->variable))
                return fault(c, ERR_NOT_ALLOWED,
                        "the policy allows this variable at coarser levels only");
        *out = (uint32_t)level;
        return ERR_OK;
}

static enum err compile_codes(struct compiling *c, struct test *out)
{
        const struct code_list *list = c->variable->codes;
        uint32_t level = 0, len = list->levels[0].len;
        bool negated = c->filter->op == FILTER_NE;
        uint8_t *set = arena_alloc(c->arena, len, 1);

        if (set == NULL)
                return ERR_NO_MEMORY;
        if (c->filter->op != FILTER_EQ && c->filter->op != FILTER_NE && c->filter->op != FILTER_IN)
                return fault(c, ERR_INVALID, "codes have no order: use =, != or in");
        TRY(find_level(c, &level));
        memset(set, negated, len);
        for (uint32_t i = 0; i < c->filter->values_len; i++) {
                int32_t code = code_find_at(list, level, c->filter->values[i]);

                if (code < 0)
                        return fault(c, ERR_UNKNOWN_NAME, "the code list has no such code");
                bool in_use = code_in_use(list, level, (uint32_t)code, c->of->division);
                for (uint32_t k = 0; k < len; k++) {
                        if (operands_ancestor(c->of, list, k, level) != (uint32_t)code)
                                continue;
                        set[k] = !negated;
                        in_use = true;
                }
                if (!in_use)
                        return fault(c, ERR_INVALID,
                                "the code is not in use on the day of the division: name what it "
                                "became, or another day");
        }
        out->set = set;
        out->set_len = len;
        return ERR_OK;
}

static enum err compile_boolean(struct compiling *c, struct test *out)
{
        uint8_t *set = arena_alloc(c->arena, 2, 1);
        bool negated = c->filter->op == FILTER_NE;

        if (set == NULL)
                return ERR_NO_MEMORY;
        if (c->filter->op != FILTER_EQ && c->filter->op != FILTER_NE && c->filter->op != FILTER_IN)
                return fault(c, ERR_INVALID, "true and false have no order: use =, != or in");
        set[0] = set[1] = negated;
        for (uint32_t i = 0; i < c->filter->values_len; i++) {
                bool is_true = bytes_is_text(c->filter->values[i], "true");

                if (!is_true && !bytes_is_text(c->filter->values[i], "false"))
                        return fault(c, ERR_INVALID, "the value is true or false");
                set[is_true] = !negated;
        }
        out->set = set;
        out->set_len = 2;
        return ERR_OK;
}

/* Ranges ------------------------------------------------------------------------ */

/* "a..b" into its halves; false: a single value. */
static bool split_range(struct bytes text, struct bytes *low, struct bytes *high)
{
        for (size_t i = 0; i + 1 < text.len; i++) {
                if (text.data[i] != '.' || text.data[i + 1] != '.')
                        continue;
                *low = bytes_of(text.data, i);
                *high = bytes_of(text.data + i + 2, text.len - i - 2);
                return true;
        }
        *low = *high = text;
        return false;
}

static bool value_range(struct compiling *c, struct bytes text, struct range *out)
{
        const struct variable *v = c->variable;

        if (v->type == VARIABLE_DATE) {
                struct period p;
                uint32_t level;

                if (!date_value_parse(text, &p, &level))
                        return false;
                *out = (struct range){p.first, p.last};
                return true;
        }
        if (c->filter->level.len > 0) { /* a band by its code */
                int32_t level = variable_level_find(v, c->filter->level);
                const struct banding *b = level >= 0 ? &v->bandings[level] : NULL;

                for (uint32_t i = 0; b != NULL && i < b->len; i++) {
                        if (!bytes_equal(b->bands[i].code, text))
                                continue;
                        *out = (struct range){b->bands[i].low, b->bands[i].high};
                        return true;
                }
                return false;
        }
        int64_t n;
        if (!bytes_decimal(text, v->decimals, &n))
                return false;
        *out = (struct range){n, n};
        return true;
}

static enum err ranges_of_values(struct compiling *c, struct test *out)
{
        const struct filter *f = c->filter;

        out->ranges = arena_alloc(c->arena, f->values_len, sizeof(*out->ranges));
        if (out->ranges == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < f->values_len; i++) {
                struct bytes low, high;
                struct range a, b;
                bool range = f->op == FILTER_IN && split_range(f->values[i], &low, &high);

                if (!range)
                        low = high = f->values[i];
                if (!value_range(c, low, &a) || !value_range(c, high, &b))
                        return fault(c, ERR_INVALID, "the value is not one of this variable");
                if (a.low > b.high)
                        return fault(c, ERR_INVALID, "the range runs backwards");
                out->ranges[out->ranges_len++] = (struct range){a.low, b.high};
        }
        return ERR_OK;
}

/* One value and an order into one range; false: nothing is beyond that value. */
static bool apply_order(enum filter_op op, struct range *r)
{
        struct range v = *r;

        switch (op) {
        case FILTER_LT:
                if (v.low == INT64_MIN)
                        return false;
                *r = (struct range){INT64_MIN, v.low - 1};
                return true;
        case FILTER_LE:
                *r = (struct range){INT64_MIN, v.high};
                return true;
        case FILTER_GT:
                if (v.high == INT64_MAX)
                        return false;
                *r = (struct range){v.high + 1, INT64_MAX};
                return true;
        case FILTER_GE:
                *r = (struct range){v.low, INT64_MAX};
                return true;
        case FILTER_NONE:
        case FILTER_EQ:
        case FILTER_NE:
        case FILTER_IN:
        case FILTER_OP_COUNT:
                return true;
        }
        return false;
}

static bool is_low_edge(const struct variable *v, int64_t low)
{
        if (low == INT64_MIN)
                return true;
        if (v->type == VARIABLE_DATE)
                return low >= v->min && low <= v->max + 1 &&
                       date_floor((int32_t)low, v->finest_date_level) == low;
        for (uint32_t i = 0; i < v->bandings_len; i++)
                for (uint32_t k = 0; k < v->bandings[i].len; k++)
                        if (v->bandings[i].bands[k].low == low)
                                return true;
        return false;
}

static bool is_high_edge(const struct variable *v, int64_t high)
{
        if (high == INT64_MAX)
                return true;
        if (v->type == VARIABLE_DATE)
                return high + 1 >= v->min && high <= v->max + 1 &&
                       date_floor((int32_t)high + 1, v->finest_date_level) == high + 1;
        for (uint32_t i = 0; i < v->bandings_len; i++)
                for (uint32_t k = 0; k < v->bandings[i].len; k++)
                        if (v->bandings[i].bands[k].high == high)
                                return true;
        return false;
}

static enum err check_edges(struct compiling *c, const struct test *t)
{
        for (uint32_t i = 0; i < t->ranges_len; i++) {
                /* "from 18 up" starts where a band starts or behind where one ends. */
                const struct range *r = &t->ranges[i];
                bool low = is_low_edge(c->variable, r->low) ||
                           (r->low > INT64_MIN && is_high_edge(c->variable, r->low - 1));
                bool high = is_high_edge(c->variable, r->high) ||
                            (r->high < INT64_MAX && is_low_edge(c->variable, r->high + 1));

                if (!low || !high)
                        return fault(c, ERR_NOT_ALLOWED,
                                c->variable->type == VARIABLE_DATE
                                        ? "dates may be cut at whole periods of the finest allowed "
                                          "level only"
                                        : "numbers may be cut at the edges of declared bands only");
        }
        return ERR_OK;
}

/* What stands in a byte, as ages do: ranges become a set. */
static enum err set_of_ranges(struct compiling *c, struct test *t)
{
        uint8_t *set = arena_alloc(c->arena, U8_VALUES - 1, 1); /* 0xff is missing */

        if (set == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t v = 0; v < U8_VALUES - 1; v++)
                set[v] = test_passes(t, v);
        *t = (struct test){.operand = t->operand,
                .identifying = t->identifying,
                .set = set,
                .set_len = U8_VALUES - 1};
        return ERR_OK;
}

static enum err compile_ranges(struct compiling *c, struct test *out)
{
        TRY(ranges_of_values(c, out));
        if (out->ranges_len == 1 && !apply_order(c->filter->op, &out->ranges[0]))
                return fault(c, ERR_INVALID, "there is nothing beyond the value");
        if (!c->free)
                TRY(check_edges(c, out));
        out->negated = c->filter->op == FILTER_NE;
        return c->variable->physical == PHYSICAL_U8 ? set_of_ranges(c, out) : ERR_OK;
}

enum err test_compile(const struct operands *of, const struct filter *f, const char *field,
        struct arena *arena, struct test *out, struct refusal *why)
{
        struct compiling c = {.of = of, .filter = f, .field = field, .arena = arena, .why = why};
        int32_t operand = operand_find(of, f->variable);

        if (operand < 0)
                return fault(&c, ERR_UNKNOWN_NAME, "the data set has no such variable");
        c.variable = of->list[operand].variable;
        c.free = of->list[operand].derived && c.variable->type != VARIABLE_DATE;
        if (!c.variable->may_filter)
                return fault(
                        &c, ERR_NOT_ALLOWED, "the policy does not allow this variable in a filter");
        *out = (struct test){.operand = (uint32_t)operand,
                .identifying = operand_identifies(of, (uint32_t)operand)};
        switch (c.variable->type) {
        case VARIABLE_CODE:
                return compile_codes(&c, out);
        case VARIABLE_BOOLEAN:
                return compile_boolean(&c, out);
        case VARIABLE_DATE:
        case VARIABLE_INTEGER:
        case VARIABLE_DECIMAL:
        case VARIABLE_AGE:
                return compile_ranges(&c, out);
        case VARIABLE_NONE:
        case VARIABLE_TYPE_COUNT:
                break;
        }
        return ERR_INTERNAL;
}

enum err tests_compile(const struct operands *of, const struct filter *filters, uint32_t len,
        const char *field, struct arena *arena, struct test **out, struct refusal *why)
{
        struct test *tests = arena_alloc(arena, len, sizeof(*tests));

        if (tests == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < len; i++) {
                const char *at = arena_printf(arena, "%s[%u]", field, i);

                if (at == NULL)
                        return ERR_NO_MEMORY;
                TRY(test_compile(of, &filters[i], at, arena, &tests[i], why));
        }
        *out = tests;
        return ERR_OK;
}
