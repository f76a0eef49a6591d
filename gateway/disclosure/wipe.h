/* SPDX-License-Identifier: Apache-2.0 */
/* wipe.h: what is not shown is not there either. */
#ifndef STATGATE_GATEWAY_DISCLOSURE_WIPE_H
#define STATGATE_GATEWAY_DISCLOSURE_WIPE_H

#include "base/table.h"

/* Overwrites, in every array, cells that are not CELL_VALUE and measures in them that are
 * not; a measure of a cell that is withheld says so too. */
void wipe_table(struct table *t);

#endif
