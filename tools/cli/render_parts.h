/* SPDX-License-Identifier: Apache-2.0 */
/* render_parts.h: inside the renderers: values, names, numbers and widths.
 *
 * cell_value and cell_interval are the doors to a value. Nobody else looks into
 * measure.values, low or high, so that a value of a cell that is not shown has no way
 * out, whatever stood there. */
#ifndef STATGATE_TOOLS_CLI_RENDER_PARTS_H
#define STATGATE_TOOLS_CLI_RENDER_PARTS_H

#include "tools/cli/render.h"

enum {
        VALUE_TEXT = 64,
        CELL_TEXT = 4 * VALUE_TEXT, /* a value and its interval */
        DECIMALS_MAX = 18,
        NAME_TEXT = 2 * NAME_MAX_LEN + 2
};

/* Whether the table can be shown at all; ERR_MALFORMED otherwise. */
MUST_CHECK enum err answer_check(const struct answer *a);

/* How many categories of a dimension are shown, the total among them where it has one; and
 * whether a cell is. */
uint32_t answer_places(const struct answer *a, uint32_t d);
bool answer_has(const struct answer *a, size_t cell);

/* False: the cell shows no value, and *out stays. */
bool cell_value(const struct table *t, uint32_t measure, size_t cell, int64_t *out);
/* Likewise, and where the measure has an interval. */
bool cell_interval(
        const struct table *t, uint32_t measure, size_t cell, int64_t *low, int64_t *high);
enum cell_status cell_status(const struct table *t, size_t cell);
/* Of one measure: what the cell withholds is withheld in all of them; a value that
 * does not exist (nothing to average, to divide by) is not applicable. */
enum cell_status measure_status(const struct table *t, uint32_t measure, size_t cell);
bool measure_has_interval(const struct measure *m);
/* SDMX's OBS_STATUS. */
char cell_status_code(enum cell_status s);
/* Of a whole cell: where there is one measure, of that. */
char cell_obs_code(const struct table *t, size_t cell);
/* SDMX's CONF_STATUS: F free, C confidential; A and D where the policy tells reasons. */
char measure_conf_code(const struct wire_release *r, uint32_t measure, size_t cell);
char cell_conf_code(const struct wire_release *r, size_t cell);
/* The value stands as in an earlier vintage. */
bool cell_held(const struct table *t, size_t cell);
bool table_held(const struct table *t); /* some value does */
const char *cell_status_word(enum cell_status s);

/* 1234567 with 1 decimal: "123 456,7" with thin spaces (sv), "123,456.7" (en). */
size_t value_for_people(enum lang lang, int64_t v, uint32_t decimals, char out[VALUE_TEXT]);
size_t value_plain(int64_t v, uint32_t decimals, char point, char out[VALUE_TEXT]);

/* The label in the reader's language, else in the other, else `fallback`. */
struct bytes label_in(enum lang lang, struct bytes sv, struct bytes en, struct bytes fallback);
/* "Placerande kommun (lan)": the level where it is not the variable's own. */
struct bytes dimension_title(const struct cli *cli, const struct dimension *d);
/* Category `i`, or the total at d->len. */
struct bytes category_label(const struct cli *cli, const struct dimension *d, uint32_t i);
/* As it was asked for: "kommun:lan", "sum:dygnskostnad". */
void dimension_name(const struct dimension *d, char out[NAME_TEXT]);
/* The name that the question gave it, else its kind and variable. */
void measure_name(const struct measure *m, char out[NAME_TEXT]);
/* "Dygnskostnad, medelvärde (kr)"; NULL when memory is short. */
const char *measure_title(const struct cli *cli, const struct measure *m);
/* A value in the reader's numbers with its interval, or the mark of its status. */
size_t cell_for_people(const struct cli *cli, const struct table *t, uint32_t measure, size_t cell,
        char out[CELL_TEXT]);
/* "62,1 (58,0–66,0)" */
size_t interval_for_people(enum lang lang, int64_t v, int64_t low, int64_t high, uint32_t decimals,
        char out[CELL_TEXT]);
void vintage_text(struct vintage v, char out[32]);
/* "2026-11-21 22:08:55 UTC" */
enum { INSTANT_TEXT = 32 };
const char *instant_text(int64_t at_ms, char out[INSTANT_TEXT]);
/* 4 as "0,4 %"; UINT32_MAX: "..", somebody withholds it. */
const char *permille_text(const struct cli *cli, uint32_t permille, char out[VALUE_TEXT]);

/* Steps coordinates to the next cell of the first `len` dimensions; the place of the
 * slowest one that changed. */
uint32_t step(const struct table *t, uint32_t len, uint32_t *coordinates);

/* Columns on a terminal, and the longest prefix that fits into some of them. */
unsigned text_columns(struct bytes text);
size_t text_prefix(struct bytes text, unsigned columns);

void put_bytes_to(FILE *to, struct bytes text);
MUST_CHECK enum err stream_end(FILE *to);

#endif
