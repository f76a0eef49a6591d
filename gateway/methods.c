/* SPDX-License-Identifier: Apache-2.0 */
/* methods.c: every route, and who may take it: one table. */
#include <stdatomic.h>

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
                .open = submit_open,
                .message = submit_message,
                .closed = submit_closed,
        },
        {
                .path = "/statgate.v1.Submission/GetSubmission",
                .kind = RPC_UNARY,
                .roles = MUNICIPALITY,
                .unary = submission_get,
        },
        {
                .path = "/statgate.v1.Submission/Withdraw",
                .kind = RPC_UNARY,
                .roles = MUNICIPALITY,
                .unary = submission_withdraw,
        },
        {
                .path = "/statgate.v1.Submission/ErasePerson",
                .kind = RPC_UNARY,
                .roles = MUNICIPALITY,
                .unary = person_erase,
        },
        {
                .path = "/statgate.v1.Statistics/ListDatasets",
                .kind = RPC_UNARY,
                .roles = STATISTICIAN | DPO,
                .unary = datasets_list,
        },
        {
                .path = "/statgate.v1.Statistics/DescribeDataset",
                .kind = RPC_UNARY,
                .roles = STATISTICIAN | DPO,
                .unary = dataset_describe,
        },
        {
                .path = "/statgate.v1.Statistics/Query",
                .kind = RPC_UNARY,
                .roles = STATISTICIAN,
                .unary = query_answer,
        },
        {
                .path = "/statgate.v1.Operations/PublishVintage",
                .kind = RPC_SERVER_STREAM,
                .roles = OPERATOR,
                .unary = vintage_publish,
        },
        {
                .path = "/statgate.v1.Operations/ListVintages",
                .kind = RPC_UNARY,
                .roles = OPERATOR | STATISTICIAN | DPO,
                .unary = vintages_list,
        },
        {
                .path = "/statgate.v1.Operations/GetStatus",
                .kind = RPC_UNARY,
                .roles = OPERATOR | DPO,
                .unary = gateway_status,
        },
        {
                .path = "/statgate.v1.Operations/Reload",
                .kind = RPC_UNARY,
                .roles = OPERATOR,
                .unary = gateway_reload,
        },
};

static const char *const services[] = {
        "statgate.v1.Submission",
        "statgate.v1.Statistics",
        "statgate.v1.Operations",
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
        out->certificate = cert.digest;
        return ERR_OK;
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
