/* SPDX-License-Identifier: Apache-2.0 */
/* question_words.c: the log keeps questions for years, and must not keep persons in them.
 *
 * Nothing in this service needs a personal number in a question, but a box on a screen takes
 * whatever is pasted into it. The numbers are found by their digits wherever they stand: dates
 * with one month and day among them are refused with them, and nobody asks those either. */
#include "gateway/question_words.h"

#include <string.h>

#include "base/arena.h"

enum { CANONICAL_MAX = 4 << 20, NUMBER_LEN_MAX = 12, DIGITS_MAX = 9, DIGITS_IN_NAME = 6 };

/* Personal numbers ----------------------------------------------------------------- */

static bool is_digit(uint8_t c)
{
        return c >= '0' && c <= '9';
}

/* MMDD, where sixty may have been added to the day. */
static bool is_birthday(const uint8_t *digits)
{
        int month = (digits[0] - '0') * 10 + digits[1] - '0';
        int day = (digits[2] - '0') * 10 + digits[3] - '0';

        return month >= 1 && month <= 12 && ((day >= 1 && day <= 31) || (day >= 61 && day <= 91));
}

static bool is_separator(uint8_t c)
{
        return c == '-' || c == '+' || c == ' ';
}

/* The digits of a run that begins here, with at most one separator before the last four. */
static size_t run_at(struct bytes text, size_t at, uint8_t digits[13], size_t *out_len)
{
        size_t len = 0, i = at, since = 0;
        bool separated = false;

        for (; i < text.len && len < 13; i++) {
                if (is_digit(text.data[i])) {
                        digits[len++] = text.data[i];
                        since++;
                } else if (!separated && (len == 6 || len == 8) && is_separator(text.data[i])) {
                        separated = true;
                        since = 0;
                } else {
                        break;
                }
        }
        *out_len = separated && since != 4 ? 0 : len;
        return i;
}

static bool names_person(struct bytes text)
{
        uint8_t digits[13];
        size_t len;

        for (size_t at = 0; at < text.len; at++) {
                if (!is_digit(text.data[at]) || (at > 0 && is_digit(text.data[at - 1])))
                        continue;
                (void)run_at(text, at, digits, &len);
                if ((len == 10 && is_birthday(digits + 2)) ||
                        (len == 12 && is_birthday(digits + 4)))
                        return true;
        }
        return false;
}

/* Every text of a question stands in its canonical bytes, between lengths. */
bool question_names_person(const struct query *q)
{
        OWNED(buf_done) struct buf canonical;

        buf_init(&canonical, CANONICAL_MAX);
        if (query_encode(q, &canonical) != ERR_OK)
                return true;
        return names_person(bytes_of(canonical.data, canonical.len));
}

/* Words of the policy ---------------------------------------------------------------- */

static bool is_one_of(struct bytes text, const struct bytes *list, uint32_t len)
{
        for (uint32_t i = 0; i < len; i++)
                if (bytes_equal(text, list[i]))
                        return true;
        return false;
}

static bool is_code(const struct code_list *list, struct bytes text)
{
        if (code_find(list, text) >= 0 || code_find_alias(list, text) >= 0)
                return true;
        for (uint32_t l = 1; l < list->levels_len; l++)
                if (code_find_at(list, l, text) >= 0)
                        return true;
        return false;
}

static bool is_of_variable(const struct variable *v, struct bytes text)
{
        if (bytes_equal(v->id, text) || variable_level_find(v, text) >= 0)
                return true;
        for (uint32_t b = 0; b < v->bandings_len; b++)
                for (uint32_t i = 0; i < v->bandings[b].len; i++)
                        if (bytes_equal(v->bandings[b].bands[i].code, text))
                                return true;
        return v->codes != NULL && is_code(v->codes, text);
}

static bool is_of_dataset(const struct policy_dataset *d, struct bytes text)
{
        if (bytes_equal(d->id, text) || is_one_of(text, d->purposes, d->purposes_len))
                return true;
        for (uint32_t v = 0; v < d->variables_len; v++)
                if (is_of_variable(&d->variables[v], text))
                        return true;
        return false;
}

static bool is_of_policy(const struct policy *p, struct bytes text)
{
        uint32_t len = 0;
        const struct policy_dataset *d = policy_datasets(p, &len);

        for (uint32_t i = 0; i < len; i++)
                if (is_of_dataset(&d[i], text))
                        return true;
        return policy_linkage_find(p, text) != NULL || policy_indicator_find(p, text, 0) != NULL;
}

/* Dates, periods, short numbers, booleans. */
static bool is_plain(struct bytes text)
{
        struct period period;
        uint32_t digits = 0;
        int64_t n;

        if (bytes_is_text(text, "true") || bytes_is_text(text, "false") ||
                (text.len < 24 &&
                        period_parse((const char *)text.data, (uint32_t)text.len, &period)))
                return true;
        if (text.len > NUMBER_LEN_MAX || !bytes_decimal(text, BAND_DECIMALS, &n))
                return false;
        for (size_t i = 0; i < text.len; i++)
                digits += is_digit(text.data[i]);
        return digits <= DIGITS_MAX;
}

/* A name that somebody made up: letters that make no number. */
static bool is_name(struct bytes text)
{
        uint32_t run = 0;

        for (size_t i = 0; i < text.len; i++) {
                run = is_digit(text.data[i]) ? run + 1 : 0;
                if (run >= DIGITS_IN_NAME)
                        return false;
        }
        return text.len <= NAME_MAX_LEN;
}

static bool is_own_name(const struct query *q, struct bytes text)
{
        for (uint32_t i = 0; i < q->derived_len; i++) {
                const struct derived *d = &q->derived[i];

                if (bytes_equal(d->name, text))
                        return is_name(text);
                for (uint32_t b = 0; b < d->bands_len; b++)
                        if (bytes_equal(d->bands[b].code, text))
                                return is_name(text);
        }
        for (uint32_t i = 0; i < q->measures_len; i++)
                if (bytes_equal(q->measures[i].name, text))
                        return is_name(text);
        return false;
}

/* Cleaning --------------------------------------------------------------------------- */

struct cleaning {
        struct arena *arena;
        const struct policy *policy;
        const struct query *from;
};

static bool is_known(const struct cleaning *c, struct bytes text)
{
        return text.len == 0 || is_plain(text) || is_of_policy(c->policy, text) ||
               is_own_name(c->from, text);
}

static bool is_known_range(const struct cleaning *c, struct bytes text)
{
        for (size_t i = 0; i + 1 < text.len; i++)
                if (text.data[i] == '.' && text.data[i + 1] == '.')
                        return is_known(c, bytes_of(text.data, i)) &&
                               is_known(c, bytes_of(text.data + i + 2, text.len - i - 2));
        return false;
}

static void clean(const struct cleaning *c, struct bytes *text)
{
        if (!is_known(c, *text) && !is_known_range(c, *text))
                *text = bytes_of_text("?");
}

static void *copy(const struct cleaning *c, const void *list, uint32_t len, size_t size)
{
        void *to = arena_alloc(c->arena, len, size);

        if (to != NULL && len > 0)
                memcpy(to, list, len * size);
        return to;
}

static enum err clean_filters(const struct cleaning *c, struct filter **filters, uint32_t len)
{
        struct filter *list = copy(c, *filters, len, sizeof *list);

        for (uint32_t i = 0; list != NULL && i < len; i++) {
                struct bytes *values = copy(c, list[i].values, list[i].values_len, sizeof *values);

                if (values == NULL)
                        return ERR_NO_MEMORY;
                clean(c, &list[i].variable);
                clean(c, &list[i].level);
                for (uint32_t v = 0; v < list[i].values_len; v++)
                        clean(c, &values[v]);
                list[i].values = values;
        }
        *filters = list;
        return list != NULL ? ERR_OK : ERR_NO_MEMORY;
}

static enum err clean_one_derived(const struct cleaning *c, struct derived *d)
{
        struct bytes *const texts[] = {&d->name, &d->dataset, &d->date, &d->variable, &d->level,
                &d->from, &d->to, &d->window.anchor};
        struct derived_band *bands = copy(c, d->bands, d->bands_len, sizeof *bands);

        if (bands == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < ARRAY_LEN(texts); i++)
                clean(c, texts[i]);
        for (uint32_t i = 0; i < d->bands_len; i++) {
                clean(c, &bands[i].code);
                clean(c, &bands[i].low);
                clean(c, &bands[i].high);
                /* An end is a number, or open. */
                bands[i].low.len = bytes_is_text(bands[i].low, "?") ? 0 : bands[i].low.len;
                bands[i].high.len = bytes_is_text(bands[i].high, "?") ? 0 : bands[i].high.len;
        }
        d->bands = bands;
        return clean_filters(c, &d->filters, d->filters_len);
}

static enum err clean_measure(const struct cleaning *c, struct measure_ref *m)
{
        clean(c, &m->variable);
        clean(c, &m->banding);
        clean(c, &m->name);
        clean(c, &m->per);
        TRY(clean_filters(c, &m->filters, m->filters_len));
        return clean_filters(c, &m->base, m->base_len);
}

enum err question_clean(
        struct arena *arena, const struct policy *p, const struct query *q, struct query *out)
{
        const struct cleaning c = {arena, p, q};
        struct query to = *q;
        struct bytes *const texts[] = {
                &to.dataset, &to.purpose, &to.linkage, &to.indicator, &to.period_date};

        for (size_t i = 0; i < ARRAY_LEN(texts); i++)
                clean(&c, texts[i]);
        to.dimensions = copy(&c, q->dimensions, q->dimensions_len, sizeof *to.dimensions);
        to.measures = copy(&c, q->measures, q->measures_len, sizeof *to.measures);
        to.derived = copy(&c, q->derived, q->derived_len, sizeof *to.derived);
        if (to.dimensions == NULL || to.measures == NULL || to.derived == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < to.dimensions_len; i++) {
                clean(&c, &to.dimensions[i].variable);
                clean(&c, &to.dimensions[i].level);
        }
        TRY(clean_filters(&c, &to.filters, to.filters_len));
        for (uint32_t i = 0; i < to.measures_len; i++)
                TRY(clean_measure(&c, &to.measures[i]));
        for (uint32_t i = 0; i < to.derived_len; i++)
                TRY(clean_one_derived(&c, &to.derived[i]));
        *out = to;
        return ERR_OK;
}
