/* SPDX-License-Identifier: Apache-2.0 */
/* view.h: the linked view: a vintage of one data set as plain columns in person
 * order, in memory only.
 *
 * Built by scanning the store, having the keeper turn domain pseudonyms into
 * tokens of this linkage, partitioning rows by token, sorting each partition, and
 * throwing the tokens away. Rows of one person are neighbours; counting distinct
 * persons is one pass. Corrections are resolved here: within a domain the last
 * commit of a record key wins. */
#ifndef STATGATE_GATEWAY_LINKAGE_VIEW_H
#define STATGATE_GATEWAY_LINKAGE_VIEW_H

#include <stdatomic.h>

#include "gateway/keeper/keeper.h"
#include "gateway/store/store.h"
#include "policies/policy.h"

struct view; /* counted, read-only once built */

struct view_request {
        const struct policy_dataset *dataset;
        const char *purpose; /* the linkage must allow it */
        struct vintage vintage;
        struct store *store;
        struct keeper *keeper;
        size_t memory_ceiling; /* bytes, building included; ERR_LIMIT beyond */
        unsigned threads;      /* 0: one per core */
        void (*progress)(
                void *ctx, uint64_t done, uint64_t total); /* from any thread; may be NULL */
        void *progress_ctx;
        atomic_bool *cancel; /* may be NULL; ERR_CANCELLED */
};

MUST_CHECK enum err view_build(const struct view_request *request, struct view **out);
struct view *view_ref(struct view *v);
void view_unref(struct view **v);

/* A view made from plain columns: for tests, oracles and benches. Person tokens
 * are rows × 16; columns in the data set's variable order and physical form
 * (computed ages and the municipality may be NULL: then they are computed from
 * `municipalities`, one code index per row). Copies what it needs. */
struct view_plain {
        const struct policy_dataset *dataset;
        uint32_t rows;
        const uint8_t *tokens;
        const uint16_t *municipalities;
        const void *const *columns;
        const uint64_t *record_keys; /* by row; NULL: none */
        uint64_t named_by;
        const uint32_t *ordinals; /* by row; NULL: each is its own place */
};
MUST_CHECK enum err view_from_plain(
        const struct view_plain *plain, unsigned threads, struct view **out);

/* Several data sets under one linkage ------------------------------------------------
 *
 * Persons are numbered alike in all of them: person p of one view is person p of the
 * view beside it, with or without rows there. With families, persons lie family by family. */

struct linked; /* counted, read-only once built: the views of one linkage and vintage */

struct linked_request {
        const struct policy_linkage *linkage;
        const struct policy_dataset *const *datasets; /* all of the linkage's */
        uint32_t datasets_len;
        const char *purpose;
        struct vintage vintage;
        struct store *store;
        struct keeper *keeper;
        size_t memory_ceiling; /* as of a view */
        unsigned threads;
        void (*progress)(void *ctx, uint64_t done, uint64_t total);
        void *progress_ctx;
        atomic_bool *cancel;
};
/* Guardians are followed where the linkage says so, in the data sets that have them, as
 * records name them that no correction has replaced. ERR_VINTAGE_CLOSED when anything
 * was removed, or keys of persons were exchanged, before all of it was read. */
MUST_CHECK enum err linked_build(const struct linked_request *request, struct linked **out);
struct linked *linked_ref(struct linked *l);
void linked_unref(struct linked **l);
/* The view of one data set; NULL: not of this linkage. Borrowed. */
const struct view *linked_view(const struct linked *l, struct bytes dataset);
size_t linked_bytes(const struct linked *l);
uint32_t linked_build_ms(const struct linked *l);
struct vintage linked_vintage(const struct linked *l);

/* For tests, oracles and benches: tokens of all parts are of one numbering. Edges of
 * children without rows are dropped; a day may be MISSING_I32. */
struct linked_plain {
        const struct view_plain *parts;
        uint32_t parts_len;
        bool family;
        struct family_limits limits;
        /* Who names whom as a guardian, and the day of the record that does. */
        const struct guardian_edge {
                uint8_t child[16], guardian[16];
                int32_t day;
        } * edges;
        uint32_t edges_len;
};
MUST_CHECK enum err linked_from_plain(
        const struct linked_plain *plain, unsigned threads, struct linked **out);

/* The view of another data set (or the same) beside this one; NULL: there is none. */
const struct view *view_beside(const struct view *v, struct bytes dataset);

/* Families. Two persons are kin while they share a guardian: each edge from child to
 * guardian holds from `holds_days` before it was first named until as long after it
 * was last named; one that some record does not date holds always. A guardian with more children
 * than `children_max` (a professional one) is not followed, and neither is anybody in a
 * chain of more than `persons_max`: the families of these children and of that chain
 * are missing, never silently unmerged. For counting, every other person is in one
 * family, whose members all share one guardian: within a chain the guardian with the
 * most children comes first, then the one named first. A person without guardians is a
 * family of one. Who is named as her own guardian is not. */
#define FAMILY_MISSING UINT32_MAX
struct kin {
        uint32_t person;
        int32_t from, until; /* days, both inside */
};
struct families {
        uint32_t persons;       /* length of `family` */
        const uint32_t *family; /* by person; ascending where not FAMILY_MISSING */
        uint32_t families;
        const uint32_t *starts; /* persons + 1: kin of person p stand at starts[p].. */
        /* Without the person; sorted by person, intervals apart. Of somebody whose family is
         * missing: none. Kin may be persons whose family is missing. */
        const struct kin *kin;
        uint32_t missing; /* persons whose family is missing */
        uint32_t guardians_over_limit, chains_over_limit;
        uint32_t own_guardians; /* persons named as their own */
};
/* NULL: the linkage does not follow guardians. */
const struct families *view_families(const struct view *v);

/* The record key of every person: random to whoever has no noise key, and the same in every
 * vintage of the linkage, so that noise is, and so that persons of two vintages can be
 * told to be the same. NULL: the linkage keeps none (a plain view made without). */
const uint64_t *view_record_keys(const struct view *v);
/* Which keys they were made with. Persons of two views can be told to be the same where this is;
 * it changes when a second k_person takes the place of the first, and when a linkage is made again
 * after its keys have ended. 0: nobody is named. */
uint64_t view_named_by(const struct view *v);

uint32_t view_rows(const struct view *v);
/* Persons are 0..persons-1; rows of person p are starts[p] .. starts[p+1]-1. Rows
 * without a person come last, from view_personless(), each on its own. */
uint32_t view_persons(const struct view *v);
const uint32_t *view_person_starts(const struct view *v); /* persons + 1 */
uint32_t view_personless(const struct view *v);
/* Values of variable `index` of the data set, in its physical form; view_rows
 * long. The municipality is its index in the code list's finest level. */
const void *view_column(const struct view *v, uint32_t variable);
/* By row, its place among all rows of the data set that the vintage holds, corrected ones included,
 * by municipality, commit, batch and row. No linkage is in it: a record has the same in the views
 * of all linkages of one vintage, and that is how persons of two can be told to be the same. */
const uint32_t *view_ordinals(const struct view *v);
size_t view_bytes(const struct view *v);
uint32_t view_build_ms(const struct view *v);
struct vintage view_vintage(const struct view *v);
const struct policy_dataset *view_dataset(const struct view *v);
/* delivered[i] = 1: municipality i of the bundle's list has a committed delivery
 * of this data set in the vintage. */
const uint8_t *view_delivered(const struct view *v, uint32_t *out_len);
/* alone[i] = 1: municipality i has delivered, but is outside the linkage: its persons
 * are persons of this data set within it, and never the same as anybody
 * elsewhere. NULL: everybody is joined, or the data set has no municipality. */
const uint8_t *view_alone(const struct view *v, uint32_t *out_len);
/* How many of the rows are of such municipalities. */
uint32_t view_unlinked_rows(const struct view *v);
/* First and last day of all delivered periods (public): bounds date categories. */
struct period view_span(const struct view *v);

#endif
