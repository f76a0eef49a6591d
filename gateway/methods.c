/* SPDX-License-Identifier: Apache-2.0 */
/* methods.c: every route, and who may take it at most: one table.
 *
 * The roles here are a ceiling: what no policy may give away, since the code behind a
 * route was written for these callers. Which of them may call is the policy's word. */

#include "base/clock.h"
#include "crypto/cert.h"
#include "gateway/gateway.h"

enum {
        MUNICIPALITY = 1 << ROLE_MUNICIPALITY,
        STATISTICIAN = 1 << ROLE_STATISTICIAN,
        DPO = 1 << ROLE_DPO,
        OPERATOR = 1 << ROLE_OPERATOR,
};

static const struct rpc_method methods[] = {
        {
                .path = "/statgate.v1.Submission/Submit",
                .kind = RPC_BIDI,
                .roles = MUNICIPALITY,
                .right = METHOD_SUBMIT,
                .open = submit_open,
                .message = submit_message,
                .closed = submit_closed,
        },
        {
                .path = "/statgate.v1.Submission/GetSubmission",
                .kind = RPC_UNARY,
                .roles = MUNICIPALITY,
                .right = METHOD_GET_SUBMISSION,
                .unary = submission_get,
        },
        {
                .path = "/statgate.v1.Submission/Withdraw",
                .kind = RPC_UNARY,
                .roles = MUNICIPALITY,
                .right = METHOD_WITHDRAW,
                .unary = submission_withdraw,
        },
        {
                .path = "/statgate.v1.Submission/ErasePerson",
                .kind = RPC_UNARY,
                .roles = MUNICIPALITY,
                .right = METHOD_ERASE_PERSON,
                .unary = person_erase,
        },
        {
                .path = "/statgate.v1.Submission/EraseRecord",
                .kind = RPC_UNARY,
                .roles = MUNICIPALITY,
                .right = METHOD_ERASE_RECORD,
                .unary = record_erase,
        },
        {
                .path = "/statgate.v1.Submission/RecordAliases",
                .kind = RPC_UNARY,
                .roles = MUNICIPALITY,
                .right = METHOD_RECORD_ALIASES,
                .unary = aliases_record,
        },
        {
                .path = "/statgate.v1.Submission/ListAliases",
                .kind = RPC_UNARY,
                .roles = MUNICIPALITY | DPO,
                .right = METHOD_LIST_ALIASES,
                .unary = aliases_list,
        },
        {
                .path = "/statgate.v1.Submission/UndoAliases",
                .kind = RPC_UNARY,
                .roles = MUNICIPALITY,
                .right = METHOD_UNDO_ALIASES,
                .unary = aliases_undo,
        },
        {
                .path = "/statgate.v1.Submission/GetKeeperKeys",
                .kind = RPC_UNARY,
                .roles = MUNICIPALITY | STATISTICIAN | DPO | OPERATOR,
                .right = METHOD_GET_KEEPER_KEYS,
                .unary = keeper_keys_get,
        },
        {
                .path = "/statgate.v1.Statistics/ListDatasets",
                .kind = RPC_UNARY,
                .roles = STATISTICIAN | DPO,
                .right = METHOD_LIST_DATASETS,
                .unary = datasets_list,
        },
        {
                .path = "/statgate.v1.Statistics/DescribeDataset",
                .kind = RPC_UNARY,
                .roles = STATISTICIAN | DPO,
                .right = METHOD_DESCRIBE_DATASET,
                .unary = dataset_describe,
        },
        {
                .path = "/statgate.v1.Statistics/Query",
                .kind = RPC_UNARY,
                .roles = STATISTICIAN,
                .right = METHOD_QUERY,
                .unary = query_answer,
        },
        {
                .path = "/statgate.v1.Statistics/ListIndicators",
                .kind = RPC_UNARY,
                .roles = STATISTICIAN | DPO,
                .right = METHOD_LIST_INDICATORS,
                .unary = indicators_list,
        },
        {
                .path = "/statgate.v1.Operations/PublishVintage",
                .kind = RPC_SERVER_STREAM,
                .roles = OPERATOR,
                .right = METHOD_PUBLISH_VINTAGE,
                .unary = vintage_publish,
        },
        {
                .path = "/statgate.v1.Operations/ListVintages",
                .kind = RPC_UNARY,
                .roles = OPERATOR | STATISTICIAN | DPO,
                .right = METHOD_LIST_VINTAGES,
                .unary = vintages_list,
        },
        {
                .path = "/statgate.v1.Operations/GetStatus",
                .kind = RPC_UNARY,
                .roles = OPERATOR | DPO,
                .right = METHOD_GET_STATUS,
                .unary = gateway_status,
        },
        {
                .path = "/statgate.v1.Operations/Reload",
                .kind = RPC_UNARY,
                .roles = OPERATOR,
                .right = METHOD_RELOAD,
                .unary = gateway_reload,
        },
        {
                .path = "/statgate.v1.Operations/ListKeys",
                .kind = RPC_UNARY,
                .roles = OPERATOR | DPO,
                .right = METHOD_LIST_KEYS,
                .unary = keys_list,
        },
        {
                .path = "/statgate.v1.Operations/RotateKeys",
                .kind = RPC_UNARY,
                .roles = OPERATOR,
                .right = METHOD_ROTATE_KEYS,
                .unary = keys_rotate,
        },
        {
                .path = "/statgate.v1.Operations/DestroyDomain",
                .kind = RPC_UNARY,
                .roles = DPO,
                .right = METHOD_DESTROY_DOMAIN,
                .unary = domain_destroy,
        },
        {
                .path = "/statgate.v1.Operations/ListRemovals",
                .kind = RPC_UNARY,
                .roles = DPO,
                .right = METHOD_LIST_REMOVALS,
                .unary = removals_list,
        },
        {
                .path = "/statgate.v1.Audit/ReadLog",
                .kind = RPC_SERVER_STREAM,
                .roles = DPO,
                .right = METHOD_READ_LOG,
                .unary = log_read,
        },
        {
                .path = "/statgate.v1.Audit/GetHeads",
                .kind = RPC_UNARY,
                .roles = DPO,
                .right = METHOD_GET_HEADS,
                .unary = heads_get,
        },
        {
                .path = "/statgate.v1.Audit/GetProof",
                .kind = RPC_UNARY,
                .roles = DPO,
                .right = METHOD_GET_PROOF,
                .unary = proof_get,
        },
        {
                .path = "/statgate.v1.Audit/GetPolicyHistory",
                .kind = RPC_UNARY,
                .roles = DPO,
                .right = METHOD_GET_POLICY_HISTORY,
                .unary = policy_history_get,
        },
        {
                .path = "/statgate.v1.Audit/GetBudgets",
                .kind = RPC_UNARY,
                .roles = DPO,
                .right = METHOD_GET_BUDGETS,
                .unary = budgets_get,
        },
        {
                .path = "/statgate.v1.Audit/GetQuality",
                .kind = RPC_UNARY,
                .roles = DPO,
                .right = METHOD_GET_QUALITY,
                .unary = quality_get,
        },
        {
                .path = "/statgate.v1.Audit/RehearsePolicy",
                .kind = RPC_SERVER_STREAM,
                .roles = DPO,
                .right = METHOD_REHEARSE_POLICY,
                .unary = policy_rehearse,
        },
};

static const char *const services[] = {
        "statgate.v1.Submission",
        "statgate.v1.Statistics",
        "statgate.v1.Operations",
        "statgate.v1.Audit",
};

const struct rpc_method *gateway_methods(unsigned *out_len)
{
        *out_len = ARRAY_LEN(methods);
        return methods;
}

const char *const *gateway_services(unsigned *out_len)
{
        *out_len = ARRAY_LEN(services);
        return services;
}

static bool known_municipality(const struct policy *p, municipality_t m)
{
        return rules_has_municipality(policy_rules(p), m);
}

enum err gateway_authenticate(void *ctx, struct bytes peer_pem, struct principal *out)
{
        struct gateway *g = ctx;
        OWNED(policy_unref) struct policy *policy = reign_policy(g->reign);
        struct peer_certificate cert;
        int64_t now = clock_now_ms();

        TRY(cert_read_peer(peer_pem, &cert));
        if (now < cert.not_before_ms || now > cert.not_after_ms)
                return ERR_NOT_AUTHENTICATED;
        TRY(principal_parse(cert.uri, policy_trust(policy), out));
        if (out->role == ROLE_MUNICIPALITY && !known_municipality(policy, out->municipality))
                return ERR_NOT_AUTHENTICATED;
        /* The authority says who it is; the bundle, whether they are let in. */
        if (policy_principal_find(policy, bytes_of_text(out->uri)) == NULL)
                return ERR_NOT_AUTHENTICATED;
        out->certificate = cert.digest;
        return ERR_OK;
}

bool gateway_may_call(void *ctx, const struct principal *who, unsigned right)
{
        const struct gateway *g = ctx;
        OWNED(policy_unref) struct policy *policy = reign_policy(g->reign);

        return (policy_method_roles(policy, (enum policy_method)right) & 1u << who->role) != 0;
}

uint64_t gateway_generation(void *ctx)
{
        const struct gateway *g = ctx;

        return reign_generation(g->reign);
}

bool gateway_healthy(void *ctx, struct bytes service)
{
        struct gateway *g = ctx;

        (void)service; /* all of them need the keeper */
        return keeper_alive(g->keeper);
}
