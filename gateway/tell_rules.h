/* SPDX-License-Identifier: Apache-2.0 */
/* tell_rules.h: the policy's rules in the words of the wire, for descriptions and releases. */
#ifndef STATGATE_GATEWAY_TELL_RULES_H
#define STATGATE_GATEWAY_TELL_RULES_H

#include "policies/policy.h"
#include "proto/wire.h"

/* Borrows from the policy. Threshold, zeros and minimums have fields of their own in the
 * messages that hold these. */
void tell_rules(const struct disclosure_rules *in, struct wire_rules *out);
enum answer_source tell_source(enum answers a);

#endif
