/* SPDX-License-Identifier: Apache-2.0 */
/* question_text.h: a query as text: a condition as --where takes it, the rest as the YAML
 * that `statgate query -f` reads, so that what is shown can be asked again. */
#ifndef STATGATE_TOOLS_CLI_QUESTION_TEXT_H
#define STATGATE_TOOLS_CLI_QUESTION_TEXT_H

#include <stdio.h>

#include "base/query.h"

/* form:grupp in hvb,sis */
void filter_print(FILE *to, const struct filter *f);
/* {name: ater, kind: exists, …} on one line; so is a measure. */
void derived_print(FILE *to, const struct derived *d);
void measure_print(FILE *to, const struct measure_ref *m);
/* The whole, one field a line, each line behind `indent` spaces. */
void question_print(FILE *to, const struct query *q, int indent);

enum { DAY_TEXT = 11, PERIOD_TEXT = 24 };
const char *text_of_day(int32_t day, char out[DAY_TEXT]);
const char *text_of_period(struct period p, char out[PERIOD_TEXT]);

#endif
