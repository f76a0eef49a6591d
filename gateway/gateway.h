/* SPDX-License-Identifier: Apache-2.0 */
/* gateway.h: what the flows share. One gateway per process; flows get it as the
 * server's handler context and own nothing of it. */
#ifndef STATGATE_GATEWAY_GATEWAY_H
#define STATGATE_GATEWAY_GATEWAY_H

#include "gateway/audit/audit.h"
#include "gateway/bundle.h"
#include "gateway/keeper/keeper.h"
#include "gateway/memory.h"
#include "gateway/rpc/rpc.h"
#include "gateway/store/store.h"
#include "gateway/views.h"

struct config;
struct door;
struct publisher;
struct pulse;
struct quota_state;
struct rotation;
struct turned;
struct watch;

struct gateway {
        struct keeper *keeper;
        struct store *store;
        struct audit *audit;
        struct reign *reign;
        struct views *views;
        struct shelf *shelf; /* of protected cubes (lattice_shelf.h) */
        struct memory *memory;
        struct publisher *publisher;
        struct watch *watch;
        struct turned *turned;
        struct rotation *rotation;
        struct pulse *pulse;
        struct door *door;
        struct rpc_server *rpc; /* set once it runs */
        unsigned threads;
        int64_t started_at_ms;
        atomic_uint followers; /* of the audit log */
};

#define STATGATE_VERSION "0.1.0"

/* life.c: what the audit log says of the gateway itself. */
MUST_CHECK enum err life_started(struct gateway *g);
/* Settings and certificates as they are now. */
MUST_CHECK enum err life_configured(struct gateway *g, const struct config *c);
void life_stopped(struct gateway *g, const char *why);

/* methods.c: the routes, and who may call them. */
const struct rpc_method *gateway_methods(unsigned *out_len);
const char *const *gateway_services(unsigned *out_len);
/* Certificate → principal, by the policy in force. ctx is the gateway. */
enum err gateway_authenticate(void *ctx, struct bytes peer_pem, struct principal *out);
uint64_t gateway_generation(void *ctx);
/* Whether the policy in force gives a method (enum policy_method) to this role. */
bool gateway_may_call(void *ctx, const struct principal *who, unsigned right);
bool gateway_healthy(void *ctx, struct bytes service);

/* turned.c: calls that are not for the caller's role (ERR_NOT_ALLOWED), or more than a quota
 * (ERR_ERASURES), counted until the log is told. `path` is one of the table of methods. */
MUST_CHECK enum err turned_new(struct turned **out);
void turned_free(struct turned **t);
/* A call that was refused; `path` stays where it is. */
void turned_count(struct turned *t, const struct principal *who, const char *path, enum err why);
/* A delivery that was, and under which rules. */
void turned_count_delivery(struct turned *t, const struct principal *who, const char *path,
        enum err why, struct policy *rules, const struct stored_submission *delivery);
void gateway_turned_away(void *ctx, const struct principal *who, const char *path);
void turned_tell(struct turned *t, struct audit *a);      /* what is due; from one thread */
void turned_tell_last(struct turned *t, struct audit *a); /* all there is, while nobody calls */

/* submit.c */
enum err submit_open(struct rpc_call *c);
enum err submit_message(struct rpc_call *c, struct bytes request);
void submit_closed(struct rpc_call *c);
enum err submission_get(struct rpc_call *c, struct bytes request, struct buf *response);
/* public_keys.c */
enum err keeper_keys_get(struct rpc_call *c, struct bytes request, struct buf *response);
/* withdraw.c */
enum err submission_withdraw(struct rpc_call *c, struct bytes request, struct buf *response);
enum err person_erase(struct rpc_call *c, struct bytes request, struct buf *response);
enum err record_erase(struct rpc_call *c, struct bytes request, struct buf *response);
/* aliases.c */
enum err aliases_record(struct rpc_call *c, struct bytes request, struct buf *response);
enum err aliases_list(struct rpc_call *c, struct bytes request, struct buf *response);
enum err aliases_undo(struct rpc_call *c, struct bytes request, struct buf *response);
/* A published vintage was revised (0.0: none): views of the older one hold what is gone. */
void gateway_vintage_revised(struct gateway *g, struct vintage revised);
/* retention.c: takes away what is older than the policy keeps. Logs what it did. */
void gateway_retain(struct gateway *g);
int32_t gateway_years_before(int32_t day, uint32_t years);
/* log_retention.c: what the audit log says, for as long as the policy keeps it. */
void gateway_retain_log(struct gateway *g);

/* describe.c */
enum err datasets_list(struct rpc_call *c, struct bytes request, struct buf *response);
enum err dataset_describe(struct rpc_call *c, struct bytes request, struct buf *response);
/* indicators.c */
enum err indicators_list(struct rpc_call *c, struct bytes request, struct buf *response);
void indicator_tell(const struct indicator *i, struct wire_indicator *out); /* borrows */
/* query.c */
enum err query_answer(struct rpc_call *c, struct bytes request, struct buf *response);

/* operations.c */
/* Reads the policy's folder again; views under an older policy go. `who` NULL: a signal, or the
 * start. What comes of it is in the log. */
MUST_CHECK enum err gateway_reload_policy(
        struct gateway *g, const struct principal *who, bool *out_changed, struct refusal *why);
MUST_CHECK enum err gateway_reload_certificates(
        struct gateway *g, const struct principal *who, bool *out_changed);
/* Tells the log of the bundle in force, or of one that was refused. */
void gateway_tell_bundle(struct gateway *g, const struct principal *who, enum err outcome,
        const struct refusal *why);
/* publication.c: the vintage with its entry; `who` NULL: by itself. */
MUST_CHECK enum err gateway_publish(struct gateway *g, const struct principal *who,
        const char *note, uint32_t aliases, struct stored_vintage *out);
enum err vintage_publish(struct rpc_call *c, struct bytes request, struct buf *response);
enum err vintages_list(struct rpc_call *c, struct bytes request, struct buf *response);
enum err gateway_status(struct rpc_call *c, struct bytes request, struct buf *response);
enum err gateway_reload(struct rpc_call *c, struct bytes request, struct buf *response);

/* review.c */
enum err log_read(struct rpc_call *c, struct bytes request, struct buf *response);
enum err heads_get(struct rpc_call *c, struct bytes request, struct buf *response);
enum err proof_get(struct rpc_call *c, struct bytes request, struct buf *response);
/* review_state.c */
enum err policy_history_get(struct rpc_call *c, struct bytes request, struct buf *response);
enum err budgets_get(struct rpc_call *c, struct bytes request, struct buf *response);
enum err quality_get(struct rpc_call *c, struct bytes request, struct buf *response);

/* rehearse.c */
/* Whether the log has a rehearsal with this report; for reign_heed, the gateway is ctx. */
enum err rehearsal_known(void *ctx, const struct digest *report, bool *out);
enum err policy_rehearse(struct rpc_call *c, struct bytes request, struct buf *response);

/* custody.c */
enum err keys_list(struct rpc_call *c, struct bytes request, struct buf *response);
enum err keys_rotate(struct rpc_call *c, struct bytes request, struct buf *response);
enum err domain_destroy(struct rpc_call *c, struct bytes request, struct buf *response);
enum err removals_list(struct rpc_call *c, struct bytes request, struct buf *response);
/* settle.c: ends the older key of persons; `epoch`: of the newer (0: there is one key, which
 * stays). Vintages that it takes along retire; what they, and others before them, have told is
 * given up if `forget`, else they are refused. *out_ended: how many keys have ended. */
MUST_CHECK enum err gateway_settle_persons(struct gateway *g, const struct principal *who,
        uint32_t epoch, bool forget, struct arena *a, uint32_t *out_ended, struct refusal *why);
/* How far the exchange of keys has come. */
struct rotation_progress {
        uint32_t rotating, owing; /* domains */
        uint64_t records_left, records_owing;
};
MUST_CHECK enum err gateway_rotation_progress(struct gateway *g, struct rotation_progress *out);

/* pulse.c: what the keeper says of itself, for whoever will not wait long. */
MUST_CHECK enum err pulse_start(struct gateway *g, struct pulse **out);
void pulse_stop(struct pulse **p);
/* ERR_BUSY: the keeper did not answer within a second. */
MUST_CHECK enum err pulse_ask(struct pulse *p, struct arena *a, struct quota_state **out_quotas,
        uint32_t *out_len, struct rotation_progress *out);
/* What is stored of a domain under keys that were destroyed, as after a restore: ERR_DESTROYED
 * and what to do about it. ERR_OK: there is none. */
MUST_CHECK enum err gateway_refuse_unreadable(struct gateway *g, struct refusal *why);

/* publisher.c: publishes by itself some seconds after the last commit, where the
 * policy says `publish: automatic`; also expires open submissions. */
MUST_CHECK enum err publisher_start(struct gateway *g, struct publisher **out);
void publisher_committed(struct publisher *p);
void publisher_stop(struct publisher **p);

/* watch.c: sees to it that a linkage that ended, by its date or by a new bundle, has neither
 * views nor questions in flight. */
MUST_CHECK enum err watch_start(struct gateway *g, struct watch **out);
void watch_stop(struct watch **w);
void gateway_review_linkages(struct gateway *g); /* looks at once */
/* Whether what is done under `linkage` of `policy` may go on: the policy in force has it, it
 * serves the purpose today, and joins no less than it did. NULL is no linkage, and may. */
bool gateway_linkage_stands(struct gateway *g, const struct policy *policy,
        const struct policy_linkage *linkage, const char *purpose);

#endif
