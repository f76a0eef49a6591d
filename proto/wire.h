/* SPDX-License-Identifier: Apache-2.0 */
/* wire.h: between bytes on the wire and the nouns of base/.
 *
 * This folder is the only one that sees generated protobuf code. Decoding
 * validates shape: lengths agree with row counts, text is printable UTF-8 within
 * its limit, enums are known, unknown fields are dropped. What is decoded borrows
 * from the request's arena, which must outlive it; a large message is not copied
 * twice. Names and rules are the policy's business, not ours.
 *
 * Every message has a pair: X_decode for the side that receives it, X_encode for
 * the side that sends it; the gateway and our own client share both. */
#ifndef STATGATE_PROTO_WIRE_H
#define STATGATE_PROTO_WIRE_H

#include "base/batch.h"
#include "base/query.h"
#include "base/table.h"
#include "base/terms.h"
#include "crypto/answer_certificate.h"

struct arena;
struct refusal;

/* A refused request is ERR_INVALID and names the field at fault by its path
 * ("batch.columns[3].codes.index"); ERR_MALFORMED is no message of that kind,
 * ERR_TOO_LARGE one that the arena cannot hold. An answer that cannot be right
 * is ERR_MALFORMED. Encoders append; whoever fills a struct with a kind that does
 * not exist gets ERR_INVALID. `out` changes only on success. */

/* Submission ------------------------------------------------------------ */

enum delivery_mode { DELIVERY_NONE = 0, DELIVERY_APPEND, DELIVERY_REPLACE };

struct wire_open {
        struct submission_id id;
        struct bytes dataset, period;
        enum delivery_mode mode;
        bool all_or_nothing;
};

struct wire_commit {
        uint32_t batches;
        uint64_t rows, turned_away; /* turned away: by the sender, and not among the rows */
        struct digest digest;
};

enum submit_request_kind { SUBMIT_NONE = 0, SUBMIT_OPEN, SUBMIT_BATCH, SUBMIT_COMMIT };

struct submit_request {
        enum submit_request_kind kind;
        struct wire_open open;
        struct batch batch;
        struct wire_commit commit;
};

struct wire_committed {
        uint32_t batches;
        uint64_t accepted, rejected;
        int64_t committed_at_ms;
        struct digest digest;
};

struct wire_opened {
        uint32_t next_sequence, max_rows, max_bytes;
        bool is_committed;
        struct wire_committed committed;
};

/* A rejection as the client reads it; text borrowed. */
struct wire_rejection {
        uint32_t row;
        struct bytes variable, rule, text;
};

struct wire_acknowledged {
        uint32_t sequence, accepted, rejected;
        const struct wire_rejection *rejections;
        uint32_t rejections_len;
        struct digest receipt;
};

enum submit_response_kind {
        SUBMIT_RESPONSE_NONE = 0,
        SUBMIT_OPENED,
        SUBMIT_ACKNOWLEDGED,
        SUBMIT_COMMITTED
};

struct submit_response {
        enum submit_response_kind kind;
        struct wire_opened opened;
        struct wire_acknowledged acknowledged;
        struct wire_committed committed;
};

/* In a decoded batch every index is below its dictionary's length, kinds, counts
 * and booleans are in range, and what stands at a missing row is 0. With sealed
 * persons the guardians' ids stand in the box too: their pointers are NULL. A
 * dictionary may be empty where every row is missing. */
MUST_CHECK enum err submit_request_decode(
        struct arena *a, struct bytes wire, struct submit_request *out, struct refusal *why);
MUST_CHECK enum err submit_request_encode(const struct submit_request *in, struct buf *out);
MUST_CHECK enum err submit_response_decode(
        struct arena *a, struct bytes wire, struct submit_response *out);
MUST_CHECK enum err submit_response_encode(const struct submit_response *in, struct buf *out);

enum submission_state {
        SUBMISSION_NONE = 0,
        SUBMISSION_OPEN,
        SUBMISSION_COMMITTED,
        SUBMISSION_REPLACED,
        SUBMISSION_WITHDRAWN,
        SUBMISSION_EXPIRED,
        SUBMISSION_STATE_COUNT
};

struct wire_submission {
        enum submission_state state;
        struct bytes dataset, period;
        enum delivery_mode mode;
        uint32_t next_sequence;
        uint64_t accepted, rejected, turned_away;
        int64_t opened_at_ms, committed_at_ms;
};

/* GetSubmissionRequest and WithdrawRequest have the same shape. */
MUST_CHECK enum err submission_ref_decode(
        struct arena *a, struct bytes wire, struct submission_id *out, struct refusal *why);
MUST_CHECK enum err submission_ref_encode(const struct submission_id *in, struct buf *out);
MUST_CHECK enum err submission_decode(
        struct arena *a, struct bytes wire, struct wire_submission *out);
MUST_CHECK enum err submission_encode(const struct wire_submission *in, struct buf *out);
MUST_CHECK enum err withdrawn_decode(
        struct arena *a, struct bytes wire, struct vintage *out); /* 0.0: none */
MUST_CHECK enum err withdrawn_encode(struct vintage revised, struct buf *out);

enum { WIRE_KEY_ID_LEN = 16, WIRE_SIGNATURE_LEN = 64, WIRE_KEY_LEN = 32 };

struct wire_person {
        bool sealed;
        struct bytes key_id, box, signature; /* sealed: as of a batch (base/batch.h) */
        struct submission_id request;        /* sealed: in the place of a submission */
        uint8_t id[PERSON_ID_LEN];
        uint8_t kind; /* enum person_kind */
};
MUST_CHECK enum err erase_decode(
        struct arena *a, struct bytes wire, struct wire_person *out, struct refusal *why);
MUST_CHECK enum err erase_encode(const struct wire_person *in, struct buf *out);

/* One record, by its local key. */
struct wire_record {
        bool sealed;
        struct bytes dataset, key;
        struct bytes key_id, box, signature; /* sealed */
        struct submission_id request;
};
MUST_CHECK enum err erase_record_decode(
        struct arena *a, struct bytes wire, struct wire_record *out, struct refusal *why);
MUST_CHECK enum err erase_record_encode(const struct wire_record *in, struct buf *out);

/* Numbers that became others. */
enum { WIRE_ALIASES_MAX = 10000 };
struct wire_aliases {
        struct submission_id id;
        const int32_t *days;
        uint32_t len;
        struct bytes key_id, box, signature, days_signature;
};
MUST_CHECK enum err aliases_decode(
        struct arena *a, struct bytes wire, struct wire_aliases *out, struct refusal *why);
MUST_CHECK enum err aliases_encode(const struct wire_aliases *in, struct buf *out);
struct wire_aliased {
        uint32_t recorded, known;
        const struct wire_rejection *rejections;
        uint32_t rejections_len;
};
MUST_CHECK enum err aliased_encode(const struct wire_aliased *in, struct buf *out);
MUST_CHECK enum err aliased_decode(struct arena *a, struct bytes wire, struct wire_aliased *out);

struct wire_alias_entry {
        struct submission_id id;
        municipality_t municipality;
        int64_t at_ms;
        int32_t first_day, last_day;
        uint32_t events, owing;
        bool undone;
};
struct wire_alias_list {
        const struct wire_alias_entry *entries;
        uint32_t len;
};
MUST_CHECK enum err alias_list_encode(const struct wire_alias_list *in, struct buf *out);
MUST_CHECK enum err alias_list_decode(
        struct arena *a, struct bytes wire, struct wire_alias_list *out);
struct wire_alias_undo {
        struct submission_id id;
        struct bytes signature;
};
MUST_CHECK enum err alias_undo_decode(
        struct arena *a, struct bytes wire, struct wire_alias_undo *out, struct refusal *why);
MUST_CHECK enum err alias_undo_encode(const struct wire_alias_undo *in, struct buf *out);
MUST_CHECK enum err alias_undone_encode(uint32_t events, struct buf *out);
MUST_CHECK enum err alias_undone_decode(struct arena *a, struct bytes wire, uint32_t *out);

/* The keeper's public keys. An answer says what it likes: crypto/key_statement.h checks. */
struct wire_key_signature {
        struct bytes signer; /* id of the signing key */
        uint8_t signature[WIRE_SIGNATURE_LEN];
};
struct wire_keeper_key {
        struct bytes key_id;
        uint8_t public_key[WIRE_KEY_LEN];
        int64_t from_ms, until_ms;
        const struct wire_key_signature *signatures;
        uint32_t signatures_len;
};
struct wire_keeper_keys {
        const struct wire_keeper_key *sealing, *signing; /* newest first */
        uint32_t sealing_len, signing_len;
};
MUST_CHECK enum err keeper_keys_encode(const struct wire_keeper_keys *in, struct buf *out);
MUST_CHECK enum err keeper_keys_decode(
        struct arena *a, struct bytes wire, struct wire_keeper_keys *out);

/* Statistics ------------------------------------------------------------ */

struct wire_label {
        struct bytes sv, en;
};

struct wire_dataset_summary {
        struct bytes id;
        struct wire_label label;
        const struct bytes *purposes;
        uint32_t purposes_len;
};

struct wire_datasets {
        const struct wire_dataset_summary *datasets;
        uint32_t len;
        struct vintage vintage; /* 0.0: none published */
};

struct wire_code {
        struct bytes code, parent;
        struct wire_label label;
};

struct wire_level {
        struct bytes id;
        struct wire_label label;
        const struct wire_code *codes;
        uint32_t codes_len;
};

/* Numbers as in the .proto's enums VariableType and VariableRole. */
struct wire_variable {
        struct bytes id, unit;
        struct wire_label label;
        uint32_t type, role, decimals;
        bool required, computed;
        bool may_filter, may_group, overlapping;
        struct bytes finest_level; /* that may be asked; empty: no levels */
        const struct wire_level *levels;
        uint32_t levels_len;
};

/* A linkage that the asker may use. */
struct wire_linkage {
        struct bytes id, legal_basis;
        struct wire_label label;
        const struct bytes *datasets;
        uint32_t datasets_len;
        const struct bytes *purposes;
        uint32_t purposes_len;
        bool families;
        int32_t until; /* the last day */
};

/* Numbers as in the .proto's enums AnswerSource, which are enum answers of policies/policy.h
 * and one, and Perturbation, which are enum perturbation. */
enum answer_source {
        ANSWER_SOURCE_NONE = 0,
        ANSWER_SOURCE_LATTICE,
        ANSWER_SOURCE_LEDGER,
        ANSWER_SOURCE_ALONE,
        ANSWER_SOURCE_COUNT
};
enum wire_perturbation {
        WIRE_PERTURBATION_NONE = 0,
        WIRE_PERTURBATION_CELLKEY,
        WIRE_PERTURBATION_ROUNDING,
        WIRE_PERTURBATION_COUNT
};

/* What an answer is held to beside the threshold: disclosure_rules of policies/policy.h.
 * 0: not asked. */
struct wire_rules {
        struct bytes preset;
        enum answer_source answers;
        uint32_t homogeneous;
        unsigned contributors;              /* bits 1 << enum contributor */
        uint32_t number[CONTRIBUTOR_COUNT]; /* of those only */
        uint32_t remainder, part_max;
        uint32_t dominance_n, dominance_k, p_percent, pq_p, pq_q;
        bool secondary, reasons_public, membership_sensitive;
        uint32_t interval;
        enum wire_perturbation perturbation;
        uint32_t variance_permille, deviation, smallest, base;
        uint32_t questions_per_day;
};

/* Dimensions are variables with levels; measures have kind and variable. */
struct wire_lattice_table {
        const struct dimension_ref *dimensions;
        uint32_t dimensions_len;
};
struct wire_lattice {
        const struct wire_lattice_table *tables;
        uint32_t tables_len; /* 0: none is planned */
        const struct measure_ref *measures;
        uint32_t measures_len;
        bool by_year;
};

struct wire_dataset {
        struct bytes id, legal_basis;
        struct wire_label label;
        const struct wire_variable *variables;
        uint32_t variables_len;
        const struct bytes *purposes;
        uint32_t purposes_len;
        uint32_t threshold;
        bool zeros_published;
        uint32_t kind; /* as enum dataset_kind of policies/policy.h */
        uint32_t retention_years;
        struct bytes order_variable, episode_from, episode_until; /* empty: none */
        uint32_t numerator, denominator, complement, families;    /* disclosure_rules */
        const struct wire_linkage *linkages;
        uint32_t linkages_len;
        bool has_rules;
        struct wire_rules rules;
        struct wire_lattice lattice;
};

MUST_CHECK enum err datasets_encode(const struct wire_datasets *in, struct buf *out);
MUST_CHECK enum err datasets_decode(struct arena *a, struct bytes wire, struct wire_datasets *out);
MUST_CHECK enum err describe_request_encode(struct bytes dataset, struct buf *out);
MUST_CHECK enum err describe_request_decode(
        struct arena *a, struct bytes wire, struct bytes *out, struct refusal *why);
MUST_CHECK enum err dataset_encode(const struct wire_dataset *in, struct buf *out);
MUST_CHECK enum err dataset_decode(struct arena *a, struct bytes wire, struct wire_dataset *out);

/* The path of a window's end is that of the window in a fault of its order, and
 * "derived[0].window.from_date" where the text is no date. */
MUST_CHECK enum err query_request_decode(
        struct arena *a, struct bytes wire, struct query *out, struct refusal *why);
MUST_CHECK enum err query_request_encode(const struct query *in, struct buf *out);

/* How much of what was expected stands behind an answer, by data set looked at. Shares in
 * per mille, at most 1000; NO_SHARE: withheld, or nothing to divide by. */
#define NO_SHARE UINT32_MAX
struct wire_coverage {
        struct bytes dataset;
        uint32_t delivered, expected;       /* municipalities */
        uint32_t rejected_permille;         /* of submitted rows */
        uint32_t missing_permille;          /* of values that could have been delivered */
        uint32_t families_missing_permille; /* of persons; NO_SHARE: families not linked */
};

/* Numbers as base/query.h and policies/policy.h have them. */
struct wire_indicator {
        struct bytes id;
        uint32_t version;
        struct wire_label label, definition;
        const struct bytes *references;
        uint32_t references_len;
        const struct bytes *purposes;
        uint32_t purposes_len;
        struct bytes dataset, place;
        enum unit unit;
        enum measure_kind measure;
        uint32_t direction;
        bool has_target;
        int64_t target;
        uint32_t decimals;
        unsigned comparisons;
        bool is_contract;
        struct wire_label contract;
        bool has_period; /* a contract's cohort */
        struct period period;
        struct digest digest;
};
struct wire_indicators {
        const struct wire_indicator *indicators;
        uint32_t len;
};
/* ListIndicatorsRequest has no fields. */
MUST_CHECK enum err indicators_encode(const struct wire_indicators *in, struct buf *out);
MUST_CHECK enum err indicators_decode(
        struct arena *a, struct bytes wire, struct wire_indicators *out);

/* How a release was protected. */
struct wire_protection {
        struct wire_rules rules;
        enum answer_source source;
        bool additive; /* cells add up to their totals, but for overlapping dimensions */
        /* The audit's verdict: protected values looked at, of how many, and those narrower than
         * asked; limited: more is hidden than need be. */
        uint64_t audited, audit_of, narrow;
        bool limited;
        uint32_t numerator, denominator, complement, families;
        uint64_t interval_unasked; /* protected values whose width nobody looked for */
        uint32_t rounding_margin;  /* rounded: bases that the farthest cell is off at most */
};

/* The least coarsening of a question that would tell more. */
struct wire_nearest {
        const struct dimension_ref *dimensions; /* instead of the question's; levels are named */
        uint32_t dimensions_len;
        struct wire_label text;
};

struct wire_release {
        struct vintage vintage;
        int64_t vintage_at_ms;
        struct digest query, policy;
        struct bytes dataset, purpose;
        uint32_t threshold;
        bool zeros_published;
        struct table table; /* encode: values of cells that are not CELL_VALUE, in the table or
                               in the measure, are never written; decode: of the table only
                               dimensions, measures, status and held are set, of a measure what
                               is asked and shown, and values of other cells are 0. Where
                               protection says that reasons are public, `rule` is written as
                               primary, secondary or not told, and read as CELL_RULE_SMALL,
                               CELL_RULE_SECONDARY or CELL_RULE_NONE; NULL when no reason is
                               told. */
        uint32_t delivered, expected;
        struct bytes linkage;
        enum unit unit;
        bool has_period;
        struct period period;
        const struct wire_coverage *coverage;
        uint32_t coverage_len;
        uint32_t unlinked; /* municipalities that delivered and stand outside the linkage */
        /* Where more than the data set is looked at: municipalities that count in the table. */
        bool has_counted;
        uint32_t counted;
        bool has_indicator; /* what it was asked by: all but its long texts */
        struct wire_indicator indicator;
        bool has_protection, has_nearest;
        struct wire_protection protection;
        struct wire_nearest nearest;
};

MUST_CHECK enum err release_encode(
        const struct wire_release *in, struct buf *out); /* deterministic */
MUST_CHECK enum err release_decode(struct arena *a, struct bytes wire, struct wire_release *out);

/* SDMX CONF_STATUS of a cell: "F", "C", "A" or "D". `reasons_public` as the release's
 * protection says: without it every protected cell is C. */
char wire_confidentiality(const struct table *t, size_t cell, bool reasons_public);

/* What is known of an answer beforehand. */
struct wire_forecast_dimension {
        struct bytes variable, level;
        uint32_t answered, refused; /* of its categories */
};
struct wire_forecast_note {
        struct bytes code; /* for programs */
        struct wire_label text;
};
struct wire_forecast {
        enum answer_source source;
        uint64_t cells;
        bool known; /* whether anything can be said of rows without looking */
        uint64_t rows_answered, rows_refused;
        const struct wire_forecast_dimension *dimensions; /* the identifying ones */
        uint32_t dimensions_len;
        const struct wire_forecast_note *notes;
        uint32_t notes_len;
        bool has_nearest;
        struct wire_nearest nearest;
};
enum { FORECAST_NOTES_MAX = 64 };

/* A release or, of a dry run, a forecast; never both (ERR_INVALID, ERR_MALFORMED). */
struct wire_answer {
        struct bytes release;
        struct digest release_digest; /* where there is a release */
        int64_t answered_at_ms;
        uint32_t took_us;
        bool has_forecast;
        struct wire_forecast forecast;
        bool has_certificate; /* of a release */
        struct answer_certificate certificate;
};
MUST_CHECK enum err answer_encode(const struct wire_answer *in, struct buf *out);
MUST_CHECK enum err answer_decode(struct arena *a, struct bytes wire, struct wire_answer *out);

/* Operations ------------------------------------------------------------ */

struct wire_publish_progress {
        struct bytes phase, dataset;
        uint64_t records_done, records_total;
        bool done;
        struct vintage vintage;
};
MUST_CHECK enum err publish_request_decode(
        struct arena *a, struct bytes wire, struct bytes *out_note, struct refusal *why);
MUST_CHECK enum err publish_request_encode(struct bytes note, struct buf *out);
MUST_CHECK enum err publish_progress_encode(
        const struct wire_publish_progress *in, struct buf *out);
MUST_CHECK enum err publish_progress_decode(
        struct arena *a, struct bytes wire, struct wire_publish_progress *out);

struct wire_vintage {
        struct vintage vintage;
        int64_t published_at_ms;
        uint32_t submissions;
        uint64_t records;
        bool open;
        struct bytes note;
};
struct wire_vintages {
        const struct wire_vintage *vintages;
        uint32_t len;
};
MUST_CHECK enum err vintages_encode(const struct wire_vintages *in, struct buf *out);
MUST_CHECK enum err vintages_decode(struct arena *a, struct bytes wire, struct wire_vintages *out);

struct wire_view_status {
        struct bytes linkage, dataset; /* linkage empty: the data set of deliveries */
        struct vintage vintage;
        uint64_t records, persons, bytes;
        uint32_t build_ms;
};
struct wire_quota_status {
        municipality_t municipality;
        uint32_t persons_most, persons_percent, erasures_most, erasures;
        int64_t persons_refused_at_ms, erasures_refused_at_ms;
};
struct wire_status {
        struct bytes version;
        int64_t started_at_ms;
        bool keeper_alive;
        uint64_t keyring_generation, policy_version;
        struct digest policy;
        uint32_t submissions_open, submissions_committed;
        uint64_t records_committed, store_bytes, calls, calls_refused, calls_failed;
        const struct wire_view_status *views;
        uint32_t views_len;
        const struct wire_quota_status *quotas;
        uint32_t quotas_len;
        uint32_t domains_rotating, domains_owing;
        uint64_t records_left, records_owing;
};
MUST_CHECK enum err status_encode(const struct wire_status *in, struct buf *out);
MUST_CHECK enum err status_decode(struct arena *a, struct bytes wire, struct wire_status *out);

struct wire_reloaded {
        uint64_t policy_version;
        struct digest policy;
        bool policy_changed, certificates_changed;
};
MUST_CHECK enum err reloaded_encode(const struct wire_reloaded *in, struct buf *out);
MUST_CHECK enum err reloaded_decode(struct arena *a, struct bytes wire, struct wire_reloaded *out);

/* Care of keys ------------------------------------------------------------ */

struct wire_key {
        struct bytes kind, name;
        municipality_t municipality;
        uint32_t epoch, oldest, highest;
        int64_t created_at_ms, until_ms, due_at_ms;
        uint32_t required, total;
        uint64_t batches_left, records_left, records_owing;
};
struct wire_keys {
        struct wire_key *keys;
        uint32_t len;
};
MUST_CHECK enum err key_list_encode(const struct wire_keys *in, struct buf *out);
MUST_CHECK enum err key_list_decode(struct arena *a, struct bytes wire, struct wire_keys *out);

struct wire_rotate {
        struct bytes kind, dataset;  /* dataset empty: every one */
        municipality_t municipality; /* 0: every one */
        uint32_t overlap_days;
        bool forget_answers; /* of settle */
};
MUST_CHECK enum err rotate_encode(const struct wire_rotate *in, struct buf *out);
MUST_CHECK enum err rotate_decode(
        struct arena *a, struct bytes wire, struct wire_rotate *out, struct refusal *why);
MUST_CHECK enum err rotated_encode(uint32_t rotated, struct buf *out);
MUST_CHECK enum err rotated_decode(struct arena *a, struct bytes wire, uint32_t *out);

struct wire_domain {
        struct bytes dataset;
        municipality_t municipality;
};
MUST_CHECK enum err destroy_encode(const struct wire_domain *in, struct buf *out);
MUST_CHECK enum err destroy_decode(
        struct arena *a, struct bytes wire, struct wire_domain *out, struct refusal *why);
struct wire_destroyed {
        uint32_t submissions;
        uint64_t batches, records;
        struct vintage revised; /* 0.0: none */
};
MUST_CHECK enum err destroyed_encode(const struct wire_destroyed *in, struct buf *out);
MUST_CHECK enum err destroyed_decode(
        struct arena *a, struct bytes wire, struct wire_destroyed *out);

enum { WIRE_REMOVALS_MAX = 1000 };
struct wire_removal {
        uint64_t number;
        int64_t at_ms;
        struct bytes reason, dataset;
        municipality_t municipality;
        bool of_submission;
        struct submission_id submission;
        struct period period;
        uint64_t batches, records;
        bool has_digest;
        struct digest digest;
};
struct wire_removals {
        struct wire_removal *removals;
        uint32_t len;
};
MUST_CHECK enum err removals_request_encode(uint64_t from, struct buf *out);
MUST_CHECK enum err removals_request_decode(
        struct arena *a, struct bytes wire, uint64_t *out, struct refusal *why);
MUST_CHECK enum err removals_encode(const struct wire_removals *in, struct buf *out);
MUST_CHECK enum err removals_decode(struct arena *a, struct bytes wire, struct wire_removals *out);

/* Rich errors, health and reflection ------------------------------------ */

/* google.rpc.Status with a BadRequest made of the refusal's violations: as many as
 * fit into RICH_STATUS_MAX bytes (a trailer must stay below the limit on
 * metadata), and a last one that counts the others. */
enum { RICH_STATUS_MAX = 4096 };
MUST_CHECK enum err rich_status_encode(
        enum status code, const char *message, const struct refusal *why, struct buf *out);
/* Reads a status back into `out` (violations only, `code` stays ERR_OK); other
 * details are skipped. */
MUST_CHECK enum err rich_status_decode(struct arena *a, struct bytes wire, struct refusal *out);

enum health {
        HEALTH_UNKNOWN = 0,
        HEALTH_SERVING = 1,
        HEALTH_NOT_SERVING = 2,
        HEALTH_SERVICE_UNKNOWN = 3
};
MUST_CHECK enum err health_request_decode(
        struct arena *a, struct bytes wire, struct bytes *out_service);
MUST_CHECK enum err health_request_encode(struct bytes service, struct buf *out);
MUST_CHECK enum err health_response_encode(enum health h, struct buf *out);
MUST_CHECK enum err health_response_decode(struct arena *a, struct bytes wire, enum health *out);

/* Answers one ServerReflectionRequest (v1alpha and v1 share the messages) from
 * the descriptor set embedded in this library. `services` lists the full names
 * that the server really offers. */
MUST_CHECK enum err reflection_answer(struct arena *a, struct bytes request,
        const char *const *services, unsigned services_len, struct buf *out);

#endif
