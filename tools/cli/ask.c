/* SPDX-License-Identifier: Apache-2.0 */
/* ask.c: settings, identity, connection, call. */
#include "tools/cli/ask.h"

#include <errno.h>
#include <string.h>

#include "tools/client/client.h"

enum exit_code cli_reach(struct cli *cli, const char *fallback, struct client **out)
{
        struct settings settings;
        struct identity who;
        enum exit_code code = settings_read(cli, &settings);

        if (code == EXIT_CODE_OK)
                code = identity_read(cli, &settings, fallback, &who);
        if (code == EXIT_CODE_OK)
                code = cli_connect(cli, &settings, &who, 1, out);
        return code;
}

enum exit_code cli_ask(
        struct cli *cli, struct arena *arena, const struct ask *ask, struct bytes *out)
{
        OWNED(client_close) struct client *client = NULL;
        struct call_status status = {.code = STATUS_OK};
        enum exit_code code = cli_reach(cli, ask->fallback, &client);

        if (code != EXIT_CODE_OK)
                return code;

        enum err rc =
                client_unary(client, arena, ask->path, ask->request, ask->timeout_ms, out, &status);

        return rc == ERR_OK ? EXIT_CODE_OK : cli_call_failed(cli, rc, &status);
}

enum exit_code answer_wrong(const struct cli *cli, enum err rc)
{
        complain(cli, WORD_ANSWER_WRONG, err_sentence(rc));
        return EXIT_CODE_INTERNAL;
}

enum exit_code print_ended(const struct cli *cli, enum err rc)
{
        if (rc == ERR_OK)
                return EXIT_CODE_OK;
        if (rc == ERR_MALFORMED)
                return answer_wrong(cli, rc);
        complain(cli, WORD_CANNOT_PRINT, rc == ERR_IO ? strerror(errno) : err_sentence(rc));
        return EXIT_CODE_INTERNAL;
}

const char *text_from(const struct cli *cli, struct bytes b)
{
        const char *text =
                b.len > 0 ? arena_strndup(cli->arena, (const char *)b.data, b.len) : NULL;

        return text != NULL ? text : "";
}
