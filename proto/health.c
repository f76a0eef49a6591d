/* SPDX-License-Identifier: Apache-2.0 */
/* health.c: grpc.health.v1, as load balancers and probes ask it. */
#include "grpc/health/v1/health.pb-c.h"
#include "proto/pack.h"
#include "proto/wire.h"

_Static_assert(
        (int)HEALTH_SERVING == GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING &&
                (int)HEALTH_NOT_SERVING ==
                        GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING &&
                (int)HEALTH_SERVICE_UNKNOWN ==
                        GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVICE_UNKNOWN,
        "states of health have the numbers of the .proto");

enum { SERVICE_MAX_LEN = 200 };

enum err health_request_decode(struct arena *a, struct bytes wire, struct bytes *out_service)
{
        enum err rc = ERR_OK;
        const Grpc__Health__V1__HealthCheckRequest *m =
                unpack(a, &grpc__health__v1__health_check_request__descriptor, wire, NULL, &rc);

        if (m == NULL)
                return rc;
        return gate_text(NULL, "service", m->service, 0, SERVICE_MAX_LEN, out_service);
}

enum err health_request_encode(struct bytes service, struct buf *out)
{
        Grpc__Health__V1__HealthCheckRequest m = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;

        m.service = binary(service);
        return pack(&m, out);
}

enum err health_response_encode(enum health h, struct buf *out)
{
        Grpc__Health__V1__HealthCheckResponse m = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;

        m.status = (Grpc__Health__V1__HealthCheckResponse__ServingStatus)h;
        return pack(&m, out);
}

enum err health_response_decode(struct arena *a, struct bytes wire, enum health *out)
{
        enum err rc = ERR_OK;
        const Grpc__Health__V1__HealthCheckResponse *m =
                unpack(a, &grpc__health__v1__health_check_response__descriptor, wire, NULL, &rc);

        if (m == NULL)
                return rc;
        if ((unsigned)m->status > HEALTH_SERVICE_UNKNOWN)
                return ERR_MALFORMED;
        *out = (enum health)m->status;
        return ERR_OK;
}
