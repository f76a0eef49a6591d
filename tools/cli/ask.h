/* SPDX-License-Identifier: Apache-2.0 */
/* ask.h: one unary call from the settings to the response, for commands that make
 * just that. */
#ifndef STATGATE_TOOLS_CLI_ASK_H
#define STATGATE_TOOLS_CLI_ASK_H

#include "tools/cli/cli.h"

enum { ASK_SHORT_MS = 30000, ASK_LONG_MS = 900000 };

struct client;

struct ask {
        const char *path;     /* "/statgate.v1.Statistics/Query" */
        const char *fallback; /* who asks when neither --as nor client.as says; or NULL */
        struct bytes request;
        unsigned timeout_ms;
};

/* The response lives in `arena`. Complains itself and says how to end. */
enum exit_code cli_ask(
        struct cli *cli, struct arena *arena, const struct ask *ask, struct bytes *out);
/* The part before the call, for streams: close with client_close. */
enum exit_code cli_reach(struct cli *cli, const char *fallback, struct client **out);
/* Complains about what came back. */
enum exit_code answer_wrong(const struct cli *cli, enum err rc);
/* Complains about standard output. */
enum exit_code print_ended(const struct cli *cli, enum err rc);
/* Borrowed bytes as text for cli_print; "" when memory is short. */
const char *text_from(const struct cli *cli, struct bytes b);

/* The question that the options of `args` and the file they name put; complains itself. */
struct question;
enum exit_code ask_question(
        const struct cli *cli, const struct arguments *args, struct question *q);
/* Complains about a question that cannot be asked. */
enum exit_code question_wrong(const struct cli *cli, enum err rc, const struct refusal *why);

/* The answer to `q`, its bytes compared with their digest; lives in `arena` and borrows
 * `q`. Complains itself. */
struct answer;
struct query;
enum exit_code ask_table(
        struct cli *cli, struct arena *arena, const struct query *q, struct answer *out);
/* What is known of the answer to a `q` that is a dry run. */
struct wire_forecast;
enum exit_code ask_forecast(
        struct cli *cli, struct arena *arena, const struct query *q, struct wire_forecast *out);

#endif
