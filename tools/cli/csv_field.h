/* SPDX-License-Identifier: Apache-2.0 */
/* csv_field.h: a text in a CSV file: quoted where it must be, never a formula. */
#ifndef STATGATE_TOOLS_CLI_CSV_FIELD_H
#define STATGATE_TOOLS_CLI_CSV_FIELD_H

#include <stdio.h>

#include "base/bytes.h"

void csv_field_put(FILE *to, char separator, struct bytes text);
/* What csv_field_put was given, from the field that a reader found. */
struct bytes csv_field_plain(struct bytes field);

#endif
