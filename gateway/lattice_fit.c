/* SPDX-License-Identifier: Apache-2.0 */
/* lattice_fit.c: which questions the lattice answers, from policy and question alone, so that
 * it tells nothing whether one is inside.
 *
 * Only cells that were protected can be published. A question inside reads them as they are:
 * its dimensions are axes of one planned table, at the level planned, and a filter picks
 * one category of an axis. A filter that leaves several categories needs a cell that was
 * never in the cube; it can be had by adding, and then tells nothing that its parts do
 * not. But distinct persons add up only where nobody is in two of them. So several
 * categories are inside on axes that the schema declares a partition of persons
 * (`overlapping: no`), for measures that add up; the answer is withheld where any part is,
 * and never made of what is hidden. On an overlapping axis they are not inside, however they
 * are written: one more table must be planned for them, at the coarser level.
 *
 * What surprised us: "all but women" is no single category even of two, since those whose
 * sex is not stated pass no filter. The engine says so as well, and so do we. */
#include <string.h>

#include "base/clock.h"
#include "gateway/lattice_parts.h"

enum { RANGES_MAX = FILTER_VALUES_MAX };

const char *lattice_fit_text(enum lattice_fit fit)
{
        switch (fit) {
        case LATTICE_NONE:
                return "no tables are planned for this data set";
        case LATTICE_INSIDE:
                return "the question is inside the planned tables";
        case LATTICE_OTHER_KIND:
                return "planned tables count persons and records under the data set's own "
                       "linkage, without derived variables, families, stated ages or "
                       "divisions";
        case LATTICE_OTHER_VARIABLE:
                return "no planned table has all the variables of the question together";
        case LATTICE_OTHER_LEVEL:
                return "the planned tables have a variable of the question at another level";
        case LATTICE_OTHER_VALUES:
                return "a filter leaves something else than categories of a planned table that "
                       "can be added up";
        case LATTICE_OTHER_PERIOD:
                return "the planned tables are of other periods";
        case LATTICE_OTHER_MEASURE:
                return "a measure is not among those planned";
        case LATTICE_FIT_COUNT:
                break;
        }
        return "";
}

/* Numbers in bands ------------------------------------------------------------------- */

struct range {
        int64_t low, high; /* both inside */
};
struct ranges { /* ascending, apart */
        struct range list[RANGES_MAX];
        uint32_t len;
        bool negated;
};

static bool split(struct bytes text, struct bytes *low, struct bytes *high)
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

static bool number_range(
        const struct variable *v, const struct filter *f, struct bytes text, struct range *out)
{
        int64_t n;

        if (f->level.len == 0) {
                if (!bytes_decimal(text, v->decimals, &n))
                        return false;
                *out = (struct range){n, n};
                return true;
        }
        int32_t level = variable_level_find(v, f->level);
        for (uint32_t i = 0; level >= 0 && i < v->bandings[level].len; i++) {
                const struct band *b = &v->bandings[level].bands[i];

                if (!bytes_equal(b->code, text))
                        continue;
                *out = (struct range){b->low, b->high};
                return true;
        }
        return false;
}

static bool ordered(enum filter_op op, struct range *r)
{
        switch (op) {
        case FILTER_LT:
                *r = (struct range){INT64_MIN, r->low - (r->low > INT64_MIN)};
                return true;
        case FILTER_LE:
                *r = (struct range){INT64_MIN, r->high};
                return true;
        case FILTER_GT:
                *r = (struct range){r->high + (r->high < INT64_MAX), INT64_MAX};
                return true;
        case FILTER_GE:
                *r = (struct range){r->low, INT64_MAX};
                return true;
        case FILTER_EQ:
        case FILTER_NE:
        case FILTER_IN:
                return true;
        case FILTER_NONE:
        case FILTER_OP_COUNT:
                break;
        }
        return false;
}

/* Sorts one more range in, and joins those that meet. */
static void insert(struct ranges *to, struct range r)
{
        uint32_t at = 0, end;

        while (at < to->len && to->list[at].high < r.low && to->list[at].high + 1 < r.low)
                at++;
        for (end = at;
                end < to->len && (to->list[end].low <= r.high || to->list[end].low - 1 <= r.high);
                end++) {
                r.low = to->list[end].low < r.low ? to->list[end].low : r.low;
                r.high = to->list[end].high > r.high ? to->list[end].high : r.high;
        }
        memmove(&to->list[at + 1], &to->list[end], sizeof(to->list[0]) * (to->len - end));
        to->list[at] = r;
        to->len = to->len - (end - at) + 1;
}

static bool ranges_of(const struct variable *v, const struct filter *f, struct ranges *out)
{
        out->len = 0;
        out->negated = f->op == FILTER_NE;
        for (uint32_t i = 0; i < f->values_len; i++) {
                struct bytes low, high;
                struct range a, b;

                if (f->op == FILTER_IN)
                        (void)split(f->values[i], &low, &high);
                else
                        low = high = f->values[i];
                if (out->len == RANGES_MAX || !number_range(v, f, low, &a) ||
                        !number_range(v, f, high, &b) || a.low > b.high)
                        return false;
                a.high = b.high;
                if (!ordered(f->op, &a))
                        return false;
                insert(out, a);
        }
        return out->len > 0;
}

enum part { PART_NONE = 0, PART_SOME, PART_ALL };

/* What is left of low..high. */
static enum part left_of(const struct ranges *r, int64_t low, int64_t high)
{
        enum part in = PART_NONE;

        for (uint32_t i = 0; i < r->len; i++) {
                if (r->list[i].low <= low && r->list[i].high >= high)
                        in = PART_ALL;
                else if (r->list[i].low <= high && r->list[i].high >= low)
                        in = PART_SOME;
        }
        return in == PART_SOME || !r->negated ? in : in == PART_ALL ? PART_NONE : PART_ALL;
}

/* Whole bands only, and nothing between or beyond them; how many in *out. */
static bool fits_bands(
        const struct variable *v, const struct banding *b, const struct filter *f, uint32_t *out)
{
        struct ranges r;
        int64_t next = v->min;

        *out = 0;
        if (!ranges_of(v, f, &r))
                return false;
        for (uint32_t i = 0; i < b->len; i++) {
                enum part in = left_of(&r, b->bands[i].low, b->bands[i].high);

                if (in == PART_SOME)
                        return false;
                if (b->bands[i].low > next && left_of(&r, next, b->bands[i].low - 1) != PART_NONE)
                        return false;
                *out += in == PART_ALL;
                next = b->bands[i].high < INT64_MAX ? b->bands[i].high + 1 : INT64_MAX;
        }
        return next > v->max || left_of(&r, next, v->max) == PART_NONE;
}

/* Codes ------------------------------------------------------------------------------ */

static bool names_code(const struct filter *f, struct bytes code)
{
        for (uint32_t i = 0; i < f->values_len; i++)
                if (bytes_equal(f->values[i], code))
                        return true;
        return false;
}

/* A level that leaves some codes out, on any day. */
static bool has_orphans(const struct code_list *list, uint32_t level)
{
        for (uint32_t i = 0; level > 0 && i < list->levels[0].len; i++) {
                const struct code *c = &list->levels[0].codes[i];

                if (code_ancestor(list, i, level) == CODE_NO_PARENT)
                        return true;
                for (uint32_t k = 0; k < c->parents_len; k++)
                        if (c->parents[k].parent == CODE_NO_PARENT)
                                return true;
        }
        return false;
}

static enum lattice_fit fits_codes(
        const struct variable *v, uint32_t axis, const struct filter *f, uint32_t *out)
{
        const struct code_list *list = v->codes;
        int32_t level = variable_level_find(v, f->level);

        if (level < 0 || (uint32_t)level < axis)
                return LATTICE_OTHER_LEVEL;
        if (f->op != FILTER_EQ && f->op != FILTER_NE && f->op != FILTER_IN)
                return LATTICE_OTHER_VALUES;
        for (uint32_t i = 0; i < f->values_len; i++)
                if (code_find_at(list, (uint32_t)level, f->values[i]) < 0)
                        return LATTICE_OTHER_VALUES;
        if (f->op == FILTER_NE && has_orphans(list, axis))
                return LATTICE_OTHER_VALUES;
        *out = (uint32_t)level == axis && f->op != FILTER_NE ? f->values_len : UINT32_MAX;
        return LATTICE_INSIDE;
}

/* Dates ------------------------------------------------------------------------------ */

/* Levels of dates, finest first, and how their periods are written: 2024-03-15, 2024-03,
 * 2024-Q1, 2024. -1: none of them. */
static int32_t date_level(struct bytes text)
{
        static const uint8_t digits[] = {1, 1, 1, 1, 0, 1, 1, 0, 1, 1};
        bool quarter = text.len == 7 && text.data[5] == 'Q';

        for (size_t i = 0; i < text.len && i < sizeof(digits); i++) {
                bool digit = text.data[i] >= '0' && text.data[i] <= '9';

                if (i == 5 && quarter)
                        continue;
                if (digit != (digits[i] == 1) || (!digits[i] && text.data[i] != '-'))
                        return -1;
        }
        return text.len == 10 ? 0 : quarter ? 2 : text.len == 7 ? 1 : text.len == 4 ? 3 : -1;
}

bool lattice_date_within(struct bytes inner, struct bytes outer)
{
        int32_t of = date_level(outer), level = date_level(inner);

        if (level < 0 || of < 0 || level > of || memcmp(inner.data, outer.data, 4) != 0)
                return false;
        if (of == 3)
                return true;
        if (of == level)
                return bytes_equal(inner, outer);
        if (of == 1)
                return memcmp(inner.data, outer.data, 7) == 0;
        int month = (inner.data[5] - '0') * 10 + inner.data[6] - '0';
        return (month + 2) / 3 == outer.data[6] - '0';
}

static enum lattice_fit fits_dates(
        const struct variable *v, uint32_t axis, const struct filter *f, uint32_t *out)
{
        if (f->op != FILTER_EQ && f->op != FILTER_IN)
                return LATTICE_OTHER_VALUES;
        *out = f->values_len;
        for (uint32_t i = 0; i < f->values_len; i++) {
                int32_t level = date_level(f->values[i]);

                if (level < 0)
                        return LATTICE_OTHER_VALUES;
                if ((uint32_t)level < axis || (uint32_t)level < v->finest_date_level)
                        return LATTICE_OTHER_LEVEL;
                if ((uint32_t)level != axis)
                        *out = UINT32_MAX;
        }
        return LATTICE_INSIDE;
}

/* Filters ---------------------------------------------------------------------------- */

static enum lattice_fit fits_boolean(const struct filter *f, uint32_t *out)
{
        if (f->op != FILTER_EQ && f->op != FILTER_NE && f->op != FILTER_IN)
                return LATTICE_OTHER_VALUES;
        for (uint32_t i = 0; i < f->values_len; i++)
                if (!bytes_is_text(f->values[i], "true") && !bytes_is_text(f->values[i], "false"))
                        return LATTICE_OTHER_VALUES;
        *out = f->values_len;
        return LATTICE_INSIDE;
}

/* How many categories of the axis a filter leaves, at most; none of them in part. */
static enum lattice_fit fits_filter(const struct variable *v, const struct lattice_axis *axis,
        const struct filter *f, uint32_t *out)
{
        if (!v->may_filter)
                return LATTICE_OTHER_VARIABLE;
        switch (v->type) {
        case VARIABLE_CODE:
                return fits_codes(v, axis->level, f, out);
        case VARIABLE_BOOLEAN:
                return fits_boolean(f, out);
        case VARIABLE_DATE:
                return fits_dates(v, axis->level, f, out);
        case VARIABLE_INTEGER:
        case VARIABLE_DECIMAL:
        case VARIABLE_AGE:
                return fits_bands(v, &v->bandings[axis->level], f, out) ? LATTICE_INSIDE
                                                                        : LATTICE_OTHER_VALUES;
        case VARIABLE_NONE:
        case VARIABLE_TYPE_COUNT:
                break;
        }
        return LATTICE_OTHER_VARIABLE;
}

static const struct lattice_axis *axis_find(
        const struct policy_dataset *d, const struct lattice_table *t, struct bytes variable)
{
        for (uint32_t i = 0; i < t->axes_len; i++)
                if (bytes_equal(d->variables[t->axes[i].variable].id, variable))
                        return &t->axes[i];
        return NULL;
}

/* A mean is no sum of means. */
static bool adds_up(const struct query *q)
{
        for (uint32_t i = 0; i < q->measures_len; i++)
                if (q->measures[i].kind == MEASURE_MEAN)
                        return false;
        return true;
}

static enum lattice_fit fits_filters(
        const struct policy_dataset *d, const struct lattice_table *t, const struct query *q)
{
        for (uint32_t i = 0; i < q->filters_len; i++) {
                const struct lattice_axis *axis = axis_find(d, t, q->filters[i].variable);
                uint32_t leaves = 0;

                if (axis == NULL)
                        return LATTICE_OTHER_VARIABLE;
                const struct variable *v = &d->variables[axis->variable];
                enum lattice_fit fit = fits_filter(v, axis, &q->filters[i], &leaves);
                if (fit != LATTICE_INSIDE)
                        return fit;
                if (leaves > 1 && v->overlapping)
                        return LATTICE_OTHER_VALUES;
                if (leaves > 1 && !adds_up(q))
                        return LATTICE_OTHER_MEASURE;
        }
        return LATTICE_INSIDE;
}

static bool asked_before(const struct query *q, uint32_t dimension)
{
        for (uint32_t i = 0; i < dimension; i++)
                if (bytes_equal(q->dimensions[i].variable, q->dimensions[dimension].variable))
                        return true;
        return false;
}

/* Variables before levels: a table that lacks one says nothing about the others. */
static enum lattice_fit fits_dimensions(
        const struct policy_dataset *d, const struct lattice_table *t, const struct query *q)
{
        for (uint32_t i = 0; i < q->dimensions_len; i++) {
                const struct lattice_axis *axis = axis_find(d, t, q->dimensions[i].variable);

                if (axis == NULL || asked_before(q, i) || !d->variables[axis->variable].may_group)
                        return LATTICE_OTHER_VARIABLE;
        }
        for (uint32_t i = 0; i < q->dimensions_len; i++) {
                const struct lattice_axis *axis = axis_find(d, t, q->dimensions[i].variable);
                const struct variable *v = &d->variables[axis->variable];

                if (variable_level_find(v, q->dimensions[i].level) != (int32_t)axis->level)
                        return LATTICE_OTHER_LEVEL;
        }
        return LATTICE_INSIDE;
}

/* The question ----------------------------------------------------------------------- */

static bool is_kind(const struct policy_dataset *d, const struct query *q)
{
        bool own = q->linkage.len == 0 ||
                   (d->linkage != NULL && bytes_equal(q->linkage, d->linkage->id));

        return own && (q->unit == UNIT_NONE || q->unit == UNIT_PERSON) && q->derived_len == 0 &&
               q->municipality_rule == MUNICIPALITY_DELIVERING && !q->has_age_at &&
               !q->has_division_at && d->kind == DATASET_RECORDS;
}

static bool is_planned(const struct lattice *l, const struct measure_ref *m)
{
        if (m->filters_len > 0 || m->base_len > 0 || m->per.len > 0)
                return false;
        if ((m->kind == MEASURE_PERSONS || m->kind == MEASURE_RECORDS) && m->variable.len == 0)
                return true;
        for (uint32_t i = 0; i < l->measures_len; i++)
                if (l->measures[i].kind == m->kind &&
                        bytes_equal(l->measures[i].variable, m->variable))
                        return m->kind == MEASURE_SUM || m->kind == MEASURE_MEAN;
        return false;
}

static bool is_calendar_year(struct period p)
{
        struct civil first = civil_from_days(p.first);

        return first.month == 1 && first.day == 1 &&
               days_from_civil((struct civil){first.year, 12, 31}) == p.last;
}

static bool is_period(const struct lattice *l, const struct query *q)
{
        if (!q->has_period)
                return q->period_date.len == 0;
        return l->by_year && q->period_date.len == 0 && is_calendar_year(q->period);
}

enum lattice_fit lattice_find(const struct policy *p, const struct policy_dataset *d,
        const struct query *q, uint32_t *out_table)
{
        enum lattice_fit nearest = LATTICE_NONE;

        (void)p;
        if (d->lattice.tables_len == 0)
                return LATTICE_NONE;
        if (!is_kind(d, q))
                return LATTICE_OTHER_KIND;
        for (uint32_t i = 0; i < q->measures_len; i++)
                if (!is_planned(&d->lattice, &q->measures[i]))
                        return LATTICE_OTHER_MEASURE;
        if (!is_period(&d->lattice, q))
                return LATTICE_OTHER_PERIOD;
        for (uint32_t i = 0; i < d->lattice.tables_len; i++) {
                const struct lattice_table *t = &d->lattice.tables[i];
                enum lattice_fit fit = fits_dimensions(d, t, q);

                if (fit == LATTICE_INSIDE)
                        fit = fits_filters(d, t, q);
                if (fit == LATTICE_INSIDE) {
                        *out_table = i;
                        return fit;
                }
                /* Of two tables the one that has the variables says what is wrong. */
                if (nearest == LATTICE_NONE || nearest == LATTICE_OTHER_VARIABLE)
                        nearest = fit;
        }
        return nearest;
}

enum lattice_fit lattice_fits(
        const struct policy *p, const struct policy_dataset *d, const struct query *q)
{
        uint32_t table = 0;

        return lattice_find(p, d, q, &table);
}

/* Categories ------------------------------------------------------------------------- */

/* All codes of the finest level below a category must go the same way. */
static enum err leaves_code(const struct variable *v, uint32_t axis, const struct filter *f,
        struct bytes category, int32_t day, bool *out)
{
        const struct code_list *list = v->codes;
        int32_t code = code_find_at(list, axis, category);
        uint32_t level = (uint32_t)variable_level_find(v, f->level);
        bool negated = f->op == FILTER_NE, any = false, all = true;

        if (code < 0)
                return ERR_NOT_FOUND;
        if (level == axis) {
                *out = names_code(f, category) != negated;
                return ERR_OK;
        }
        for (uint32_t i = 0; i < list->levels[0].len; i++) {
                if (code_ancestor_at(list, i, axis, day) != (uint32_t)code)
                        continue;
                uint32_t up = code_ancestor_at(list, i, level, day);
                bool named =
                        up != CODE_NO_PARENT && names_code(f, list->levels[level].codes[up].code);
                any |= named;
                all &= named;
        }
        if (any && !all)
                return ERR_NOT_FOUND;
        *out = any != negated;
        return ERR_OK;
}

static bool leaves_band(
        const struct variable *v, uint32_t axis, const struct filter *f, struct bytes category)
{
        const struct banding *b = &v->bandings[axis];
        struct ranges r;

        if (!ranges_of(v, f, &r))
                return false;
        for (uint32_t i = 0; i < b->len; i++)
                if (bytes_equal(b->bands[i].code, category))
                        return left_of(&r, b->bands[i].low, b->bands[i].high) == PART_ALL;
        return false;
}

static bool leaves_date(const struct filter *f, struct bytes category)
{
        for (uint32_t i = 0; i < f->values_len; i++)
                if (lattice_date_within(category, f->values[i]))
                        return true;
        return false;
}

static enum err leaves_one(const struct variable *v, uint32_t axis, const struct filter *f,
        struct bytes category, int32_t day, bool *out)
{
        switch (v->type) {
        case VARIABLE_CODE:
                return leaves_code(v, axis, f, category, day, out);
        case VARIABLE_BOOLEAN:
                *out = names_code(f, category) != (f->op == FILTER_NE);
                return ERR_OK;
        case VARIABLE_DATE:
                *out = leaves_date(f, category);
                return ERR_OK;
        case VARIABLE_INTEGER:
        case VARIABLE_DECIMAL:
        case VARIABLE_AGE:
                *out = leaves_band(v, axis, f, category);
                return ERR_OK;
        case VARIABLE_NONE:
        case VARIABLE_TYPE_COUNT:
                break;
        }
        return ERR_NOT_FOUND;
}

bool lattice_filters(const struct policy_dataset *d, const struct query *q, uint32_t variable)
{
        for (uint32_t i = 0; i < q->filters_len; i++)
                if (bytes_equal(q->filters[i].variable, d->variables[variable].id))
                        return true;
        return false;
}

enum err lattice_leaves(const struct policy_dataset *d, const struct lattice_axis *axis,
        const struct query *q, struct bytes category, int32_t day, bool *out)
{
        const struct variable *v = &d->variables[axis->variable];
        bool left = true;

        for (uint32_t i = 0; i < q->filters_len && left; i++) {
                if (!bytes_equal(q->filters[i].variable, v->id))
                        continue;
                /* Missing values pass no filter. */
                if (bytes_is_text(category, CATEGORY_OTHER))
                        left = false;
                else
                        TRY(leaves_one(v, axis->level, &q->filters[i], category, day, &left));
        }
        *out = left;
        return ERR_OK;
}
