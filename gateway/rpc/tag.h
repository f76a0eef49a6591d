/* SPDX-License-Identifier: Apache-2.0 */
/* tag.h: handing memory to gRPC's core and getting it back.
 *
 * What travels through the completion queue is ordered by locks inside libgrpc,
 * which ThreadSanitizer does not see. Saying "released here, acquired there" once
 * per hand-over keeps its reports about us. In ordinary builds this is nothing. */
#ifndef STATGATE_GATEWAY_RPC_TAG_H
#define STATGATE_GATEWAY_RPC_TAG_H

#include "base/attrs.h"

#if UNDER_TSAN
#include <sanitizer/tsan_interface.h>
#endif

/* Before a batch starts; after its tag came back. */
static inline void tag_release(void *tag)
{
#if UNDER_TSAN
        __tsan_release(tag);
#else
        (void)tag;
#endif
}

static inline void tag_acquire(void *tag)
{
#if UNDER_TSAN
        __tsan_acquire(tag);
#else
        (void)tag;
#endif
}

#endif
