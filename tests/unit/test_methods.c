/* SPDX-License-Identifier: Apache-2.0 */
/* test_methods.c: the routes and the policy's table of methods name the same things. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/gateway.h"

static void every_route_has_the_right_of_its_own_name(void **state)
{
        bool named[METHOD_COUNT] = {false};
        unsigned len = 0;
        const struct rpc_method *methods = gateway_methods(&len);

        (void)state;
        assert_int_equal(len, METHOD_COUNT - 1);
        for (unsigned i = 0; i < len; i++) {
                enum policy_method right = (enum policy_method)methods[i].right;
                const char *service = policy_service_name(policy_method_service(right));
                const char *method = policy_method_name(right);
                char path[128];

                assert_non_null(method);
                (void)snprintf(path, sizeof path, "/statgate.v1.%s/%s", service, method);
                assert_int_equal(strcasecmp(path, methods[i].path), 0);
                assert_non_null(strstr(methods[i].path, method));
                assert_false(named[right]);
                named[right] = true;
        }
}

/* 0 would mean everybody. */
static void every_route_has_a_ceiling(void **state)
{
        unsigned len = 0;
        const struct rpc_method *methods = gateway_methods(&len);

        (void)state;
        for (unsigned i = 0; i < len; i++)
                assert_int_not_equal(methods[i].roles, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_route_has_the_right_of_its_own_name),
                cmocka_unit_test(every_route_has_a_ceiling),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
