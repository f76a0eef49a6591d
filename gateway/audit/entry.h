/* SPDX-License-Identifier: Apache-2.0 */
/* entry.h: the words of the audit log: what an entry is about, and what it says.
 *
 * Content is a list of fields, each a number of the table below and a value; a field says of
 * itself whether it stands in the open or in the closed part (crypto/leaf.h). There is no free
 * text: names come from the signed policy or from a certificate, whatever else somebody sent stands
 * in encoded form. Never a personal number, pseudonym, record key or protected value, and no
 * count that the disclosure rules would hide.
 *
 *   part   (field u8 ‖ length u32 ‖ value)…, fields ascending, equal ones side by side
 *   TEXT   printable UTF-8        NUMBER  i64, little-endian        DIGEST  32 bytes
 *   BYTES  as told beside it      COUNT   count i64, not below 0 ‖ name
 *
 * Nothing is empty: a field without a value is not there. */
#ifndef STATGATE_GATEWAY_AUDIT_ENTRY_H
#define STATGATE_GATEWAY_AUDIT_ENTRY_H

#include "base/bytes.h"
#include "base/terms.h"
#include "gateway/store/store.h"

/* KIND(NAME, number, "word"): numbers are for good. */
#define ENTRY_KINDS(KIND)                                                                          \
        KIND(START, 1, "start")                                                                    \
        KIND(STOP, 2, "stop")                                                                      \
        KIND(CONFIGURATION, 3, "configuration") /* settings and certificates in force */           \
        KIND(BUNDLE_LOADED, 4, "bundle-loaded")                                                    \
        KIND(BUNDLE_REFUSED, 5, "bundle-refused")                                                  \
        KIND(LINKAGE_OPENED, 6, "linkage-opened")                                                  \
        KIND(LINKAGE_CLOSED, 7, "linkage-closed")                                                  \
        KIND(DELIVERY_OPENED, 8, "delivery-opened")                                                \
        KIND(BATCH, 9, "batch")                                                                    \
        KIND(DELIVERY_COMMITTED, 10, "delivery-committed")                                         \
        KIND(DELIVERY_WITHDRAWN, 11, "delivery-withdrawn")                                         \
        KIND(DELIVERY_EXPIRED, 12, "delivery-expired")                                             \
        KIND(ERASURE, 13, "erasure")                                                               \
        KIND(RETENTION, 14, "retention")                                                           \
        KIND(VINTAGE_PUBLISHED, 15, "vintage-published")                                           \
        KIND(VINTAGE_REVISED, 16, "vintage-revised")                                               \
        KIND(VIEW_BUILT, 17, "view-built")                                                         \
        KIND(ANSWERED, 18, "answered")                                                             \
        KIND(REFUSED, 19, "refused")                                                               \
        KIND(KEYS, 20, "keys") /* made, rotated, destroyed, locks, an officer at the door */       \
        KIND(ALIASES, 21, "aliases")                                                               \
        KIND(ALARM, 22, "alarm")                                                                   \
        KIND(READING, 23, "reading") /* somebody read this log, or keys, or removals */            \
        KIND(RESTORED, 24, "restored")                                                             \
        KIND(PRUNED, 25, "pruned")                                                                 \
        KIND(REHEARSED, 26, "rehearsed")
enum entry_kind {
        ENTRY_NONE = 0,
#define ENTRY_ENUM(name, number, word) ENTRY_##name = (number),
        ENTRY_KINDS(ENTRY_ENUM)
#undef ENTRY_ENUM
                ENTRY_KIND_END
};
const char *entry_kind_word(enum entry_kind kind);  /* "answered"; "unknown" */
enum entry_kind entry_kind_find(struct bytes word); /* ENTRY_NONE: no such kind */

enum entry_side { ENTRY_OPEN, ENTRY_CLOSED };
enum entry_type { ENTRY_TEXT, ENTRY_NUMBER, ENTRY_DIGEST, ENTRY_BYTES, ENTRY_COUNT };

/* FIELD(NAME, number, SIDE, TYPE, "word") */
#define ENTRY_FIELDS(FIELD)                                                                        \
        FIELD(OUTCOME, 1, OPEN, TEXT, "outcome") /* name of an enum err; "OK" */                   \
        FIELD(DATASET, 2, OPEN, TEXT, "dataset") /* each that is looked at */                      \
        FIELD(PURPOSE, 3, OPEN, TEXT, "purpose")                                                   \
        FIELD(LINKAGE, 4, OPEN, TEXT, "linkage")                                                   \
        FIELD(INDICATOR, 5, OPEN, TEXT, "indicator")                                               \
        FIELD(VINTAGE, 6, OPEN, TEXT, "vintage") /* "7.1" */                                       \
        FIELD(QUERY_DIGEST, 7, OPEN, DIGEST, "query_digest")                                       \
        FIELD(POLICY_DIGEST, 8, OPEN, DIGEST, "policy_digest")                                     \
        FIELD(POLICY_VERSION, 9, OPEN, NUMBER, "policy_version")                                   \
        FIELD(CODELISTS_DIGEST, 10, OPEN, DIGEST, "codelists_digest")                              \
        FIELD(RELEASE_DIGEST, 11, OPEN, DIGEST, "release_digest")                                  \
        FIELD(RULE, 12, OPEN, TEXT, "rule") /* in force for the answer, "threshold 5"; each */     \
        FIELD(MUNICIPALITY, 13, OPEN, TEXT, "municipality") /* four digits */                      \
        FIELD(PERIOD, 14, OPEN, TEXT, "period")                                                    \
        FIELD(SUBMISSION, 15, OPEN, BYTES, "submission") /* id, 16 bytes */                        \
        FIELD(SEQUENCE, 16, OPEN, NUMBER, "sequence")                                              \
        FIELD(CONTENT_DIGEST, 17, OPEN, DIGEST, "content_digest") /* receipt, or over receipts */  \
        FIELD(WORD, 18, OPEN, TEXT, "word") /* which of several: "sealing", "withdrawal" … */    \
        FIELD(PRINCIPAL, 32, CLOSED, TEXT, "principal") /* URI of the certificate */               \
        FIELD(CERTIFICATE, 33, CLOSED, DIGEST, "certificate")                                      \
        FIELD(QUERY, 34, CLOSED, BYTES, "query")    /* QueryRequest as protobuf, canonical */      \
        FIELD(DECIDED, 35, CLOSED, TEXT, "decided") /* a rule of the policy that decided; each */  \
        FIELD(FIRED, 36, CLOSED, COUNT, "fired")    /* disclosure rule and how many cells */       \
        FIELD(STATUS, 37, CLOSED, COUNT, "status")  /* "free", "protected", … of all cells */    \
        FIELD(SOURCE, 38, CLOSED, TEXT, "source")   /* "lattice", "ledger", "alone" */             \
        FIELD(COST_US, 39, CLOSED, NUMBER, "cost_us")                                              \
        FIELD(BUDGET_USED, 40, CLOSED, NUMBER, "budget_used") /* of a day, with this question */   \
        FIELD(BUDGET_MOST, 41, CLOSED, NUMBER, "budget_most")                                      \
        FIELD(WHERE, 42, CLOSED, TEXT, "where")   /* field of the request that was refused */      \
        FIELD(ROWS, 43, CLOSED, COUNT, "rows")    /* "accepted", "rejected", …, of a delivery */ \
        FIELD(DETAIL, 44, CLOSED, TEXT, "detail") /* of ours: version, host setting, alarm */      \
        FIELD(NUMBER, 45, CLOSED, NUMBER, "number") /* how many, where it is no count of cells */
enum entry_field {
        FIELD_NONE = 0,
#define FIELD_ENUM(name, number, side, type, word) FIELD_##name = (number),
        ENTRY_FIELDS(FIELD_ENUM)
#undef FIELD_ENUM
                FIELD_END
};
struct entry_field_rule {
        enum entry_field field;
        enum entry_side side;
        enum entry_type type;
        const char *word;
};
const struct entry_field_rule *entry_field_find(uint8_t number); /* NULL: there is none */
const struct entry_field_rule *entry_field_named(struct bytes word);

enum { ENTRY_TEXT_MAX = 200, ENTRY_BYTES_MAX = 64 << 10, ENTRY_PART_MAX = 96 << 10 };

/* Writing. Fields in any order; they are sorted, equal ones stay as they came. Errors wait for
 * entry_end. Text that is not printable, or too long, is written as '?' for each byte that offends,
 * and cut; empty text and bytes are left out. ERR_TOO_LARGE: bytes, or a part, beyond its ceiling;
 * such an entry is not written at all. */
struct entry_writer {
        struct arena *arena; /* what was put is borrowed until entry_end */
        enum entry_kind kind;
        enum err err;
        struct entry_value *values;
        uint32_t len, cap;
};
void entry_begin(struct entry_writer *w, struct arena *arena, enum entry_kind kind);
void entry_put_text(struct entry_writer *w, enum entry_field f, struct bytes text);
void entry_put_words(struct entry_writer *w, enum entry_field f, const char *text);
void entry_put_printed(struct entry_writer *w, enum entry_field f, const char *fmt, ...)
        PRINTF_LIKE(3, 4);
void entry_put_number(struct entry_writer *w, enum entry_field f, int64_t n);
void entry_put_digest(struct entry_writer *w, enum entry_field f, const struct digest *d);
void entry_put_bytes(struct entry_writer *w, enum entry_field f, struct bytes b);
void entry_put_count(struct entry_writer *w, enum entry_field f, const char *name, uint64_t n);
void entry_put_principal(struct entry_writer *w, const struct principal *p); /* and certificate */
void entry_put_vintage(struct entry_writer *w, struct vintage v);
MUST_CHECK enum err entry_end(struct entry_writer *w, struct entry_draft *out); /* in the arena */

/* Reading believes nothing: order, sides, lengths, types. ERR_MALFORMED. Without a visitor it says
 * no more than whether the part can be read. */
struct entry_value {
        const struct entry_field_rule *rule;
        struct bytes text; /* TEXT, BYTES, DIGEST: the value; COUNT: the name */
        int64_t number;    /* NUMBER, COUNT */
};
typedef enum err (*entry_visitor)(void *ctx, const struct entry_value *value);
MUST_CHECK enum err entry_read(
        enum entry_side side, struct bytes part, entry_visitor fn, void *ctx);
/* The first of a field; false: there is none. Of a part that entry_read passes. */
bool entry_find(struct bytes part, enum entry_field f, struct entry_value *out);

#endif
