/* SPDX-License-Identifier: Apache-2.0 */
/* confine.h: what the keeper process gives up before it hears the first word. */
#ifndef STATGATE_GATEWAY_KEEPER_CONFINE_H
#define STATGATE_GATEWAY_KEEPER_CONFINE_H

#include <stdbool.h>

#include "base/attrs.h"
#include "base/err.h"

/* Not dumpable, no core file, no new privileges, no signals from a terminal. */
MUST_CHECK enum err confine_process(void);
/* Every page, now and later, stays out of swap. With `required` false a refusal
 * of the system is logged and forgiven. */
MUST_CHECK enum err confine_memory(bool required);
/* From here on the system kills the process for any call that is not on the list. */
MUST_CHECK enum err confine_calls(void);

#endif
