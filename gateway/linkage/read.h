/* SPDX-License-Identifier: Apache-2.0 */
/* read.h: the rows of one data set out of the store; inside this folder only. */
#ifndef STATGATE_GATEWAY_LINKAGE_READ_H
#define STATGATE_GATEWAY_LINKAGE_READ_H

#include "gateway/linkage/assemble.h"
#include "gateway/linkage/edges.h"

/* Where all data sets of a build come from. */
struct source {
        struct store *store;
        struct keeper *keeper;
        char linkage[NAME_MAX_LEN + 1];
        const char *purpose;
        struct vintage vintage;
        uint32_t aliases; /* as the vintage remembers it: keeper/aliases.h */
        struct work work;
        void (*progress)(void *ctx, uint64_t done, uint64_t total);
        void *progress_ctx;
        _Atomic uint64_t named_by; /* keeper_opened, of all batches; 0: none was opened yet */
        uint64_t total;            /* rows of all data sets */
        _Atomic uint64_t done;
};

/* One data set. */
struct reading {
        struct source *source;
        struct view *view; /* knows who has delivered; its rows come with reading_run */
        struct layout layout;
        struct arena *arena;
        struct span *spans;
        uint32_t spans_len;
        uint64_t rows;       /* delivered, corrections included */
        struct edges *edges; /* where its guardians go; NULL: nowhere */
        /* Bytes: of its columns; while it is read, of domains as delivered and of rows. */
        size_t finished, domains, travelling;
        /* While it is read. */
        struct partitions *partitions;
        struct domain_rows *workers;
        _Atomic uint32_t unlinked; /* rows */
};

/* What the vintage has of a data set; adds to the source's total. */
MUST_CHECK enum err reading_open(
        struct source *s, const struct policy_dataset *dataset, struct reading *out);
/* Reads, resolves corrections, assembles: r->view is whole. `out_tokens` as assemble(). */
MUST_CHECK enum err reading_run(struct reading *r, struct token_list *out_tokens);
void reading_done(struct reading *r); /* unrefs the view that nobody took */

/* Whether so many bytes are within the source's room; says so in the log if not. */
MUST_CHECK enum err source_check(const struct source *s, size_t bytes);

#endif
