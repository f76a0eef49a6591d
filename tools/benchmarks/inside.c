/* SPDX-License-Identifier: Apache-2.0 */
/* inside.c: see inside.h. */
#include "tools/benchmarks/inside.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "crypto/secret.h"

enum { SECURE_POOL = 1 << 16 };

void inside_open(const struct bench *b, const char *name, struct inside *in)
{
        char program[600], state[700], passphrase[700], path[700], policy[700];
        struct refusal why = {0};
        const struct keeper_options options = {.program = program, .state_path = state};

        (void)snprintf(program, sizeof program, "%s/statgate-keeper", b->program_dir);
        (void)snprintf(state, sizeof state, "%s/%s/keys/keyring.sgk", b->folder, name);
        (void)snprintf(passphrase, sizeof passphrase, "%s/%s/keys/passphrase", b->folder, name);
        (void)snprintf(path, sizeof path, "%s/%s/store/statgate.db", b->folder, name);
        (void)snprintf(policy, sizeof policy, "%s/%s/policy", b->folder, name);
        bench_must(keeper_start(&options, &in->keeper), "starting a keeper");
        bench_must(crypto_init(SECURE_POOL, false), "secure memory");
        int fd = open(passphrase, O_RDONLY | O_CLOEXEC);
        bench_must(keeper_unseal(in->keeper, fd), "unsealing");
        (void)close(fd);
        bench_must(store_open(path, &in->store), "opening the store");
        const struct reign_options reign = {.keeper = in->keeper, .folder = policy};

        bench_must(reign_new(&reign, &in->reign, &why), "loading the policy");
        in->policy = reign_policy(in->reign);
}

void inside_close(struct inside *in)
{
        policy_unref(&in->policy);
        reign_free(&in->reign);
        store_close(&in->store);
        keeper_stop(&in->keeper);
}
