/* SPDX-License-Identifier: Apache-2.0 */
/* heap.c: what SQLite allocates is wiped when it lets go of it.
 *
 * Pages that it read or is about to write lie on the heap, and malloc leaves what is freed as
 * it was: seals of erased records were found there long after every file was clean. What is
 * still held is let go of after each removal (db_forget). */
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "gateway/store/db.h"

enum { ROUND_TO = 8 };

static void *heap_malloc(int len)
{
        return malloc((size_t)len);
}

static int heap_size(void *at)
{
        return at == NULL ? 0 : (int)malloc_usable_size(at);
}

static void heap_free(void *at)
{
        if (at == NULL)
                return;
        explicit_bzero(at, malloc_usable_size(at));
        free(at);
}

/* realloc would leave a copy where it moves from. */
static void *heap_realloc(void *at, int len)
{
        size_t had = malloc_usable_size(at), wanted = (size_t)len;
        void *to;

        if (wanted <= had && wanted > had / 2)
                return at;
        to = malloc(wanted);
        if (to == NULL)
                return NULL;
        memcpy(to, at, had < wanted ? had : wanted);
        heap_free(at);
        return to;
}

static int heap_roundup(int len)
{
        return (len + ROUND_TO - 1) / ROUND_TO * ROUND_TO;
}

static int heap_start(void *data)
{
        (void)data;
        return SQLITE_OK;
}

static void heap_stop(void *data)
{
        (void)data;
}

/* Too late where somebody else in this process has used SQLite already. */
static void use_heap(void)
{
        const struct sqlite3_mem_methods methods = {
                .xMalloc = heap_malloc,
                .xFree = heap_free,
                .xRealloc = heap_realloc,
                .xSize = heap_size,
                .xRoundup = heap_roundup,
                .xInit = heap_start,
                .xShutdown = heap_stop,
        };

        if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK)
                log_event(LOG_WARNING, "store_heap_not_wiped");
}

void heap_prepare(void)
{
        static pthread_once_t once = PTHREAD_ONCE_INIT;

        (void)pthread_once(&once, use_heap);
}

void db_forget(struct db *db)
{
        (void)sqlite3_db_release_memory(db->handle);
}
