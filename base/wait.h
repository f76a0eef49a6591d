/* SPDX-License-Identifier: Apache-2.0 */
/* wait.h: conditions with a time limit that a jump of the wall clock cannot move. */
#ifndef STATGATE_BASE_WAIT_H
#define STATGATE_BASE_WAIT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

void wait_init(pthread_cond_t *c); /* pthread_cond_destroy ends it */
/* With the lock held. False when the time passed without a signal. */
bool wait_ms(pthread_cond_t *c, pthread_mutex_t *lock, int64_t ms);

#endif
