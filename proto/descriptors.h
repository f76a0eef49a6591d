/* SPDX-License-Identifier: Apache-2.0 */
/* descriptors.h: the FileDescriptorSet of every service this library speaks,
 * comments included, as protoc wrote it. */
#ifndef STATGATE_PROTO_DESCRIPTORS_H
#define STATGATE_PROTO_DESCRIPTORS_H

#include "base/bytes.h"

struct bytes descriptors(void);

#endif
