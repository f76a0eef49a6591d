/* SPDX-License-Identifier: Apache-2.0 */
/* registry.c: what can be asked for, as the gateway tells it. */
#include "tools/cli/registry.h"

#include <string.h>

#include "tools/cli/ask.h"

const char *joined_text(const struct cli *cli, const struct bytes *texts, uint32_t len)
{
        const char *all = "";

        for (uint32_t i = 0; i < len && all != NULL; i++)
                all = arena_printf(cli->arena, "%s%s%.*s", all, i > 0 ? ", " : "",
                        (int)texts[i].len, (const char *)texts[i].data);
        return all != NULL ? all : "";
}

/* Indicators -------------------------------------------------------------- */

enum exit_code registry_read(struct cli *cli, struct wire_indicators *out)
{
        const struct ask ask = {.path = "/statgate.v1.Statistics/ListIndicators",
                .fallback = "statistician",
                .timeout_ms = ASK_SHORT_MS};
        struct bytes wire;
        enum exit_code code = cli_ask(cli, cli->arena, &ask, &wire);

        if (code != EXIT_CODE_OK)
                return code;

        enum err rc = indicators_decode(cli->arena, wire, out);

        return rc == ERR_OK ? EXIT_CODE_OK : answer_wrong(cli, rc);
}

bool indicator_name_parse(struct bytes text, struct indicator_name *out)
{
        const uint8_t *at = text.len > 0 ? memchr(text.data, '@', text.len) : NULL;
        size_t len = at != NULL ? (size_t)(at - text.data) : text.len;
        int64_t version = 0;

        if (len == 0 || len > NAME_MAX_LEN)
                return false;
        if (at != NULL && (!bytes_decimal(bytes_of(at + 1, text.len - len - 1), 0, &version) ||
                                  version < 1 || version > UINT32_MAX))
                return false;
        *out = (struct indicator_name){bytes_of(text.data, len), (uint32_t)version};
        return true;
}

const struct wire_indicator *registry_find(
        const struct wire_indicators *all, const struct indicator_name *name)
{
        const struct wire_indicator *found = NULL;

        for (uint32_t i = 0; i < all->len; i++) {
                const struct wire_indicator *one = &all->indicators[i];

                if (!bytes_equal(one->id, name->id))
                        continue;
                if (one->version == name->version)
                        return one;
                if (name->version == 0 && (found == NULL || one->version > found->version))
                        found = one;
        }
        return found;
}

enum exit_code registry_argument(struct cli *cli, const struct arguments *args, unsigned nth,
        const struct wire_indicator **out)
{
        struct wire_indicators all;
        struct indicator_name name;
        enum exit_code code;

        if (!indicator_name_parse(bytes_of_text(argument_nth(args, nth)), &name)) {
                complain(cli, WORD_INDICATOR_NAME);
                return EXIT_CODE_USAGE;
        }
        code = registry_read(cli, &all);
        if (code != EXIT_CODE_OK)
                return code;
        *out = registry_find(&all, &name);
        if (*out != NULL)
                return EXIT_CODE_OK;
        complain(cli, WORD_INDICATOR_UNKNOWN);
        return EXIT_CODE_REFUSED;
}

/* Data sets --------------------------------------------------------------- */

enum exit_code dataset_read(struct cli *cli, struct bytes id, struct wire_dataset *out)
{
        OWNED(buf_done) struct buf request;
        struct ask ask = {.path = "/statgate.v1.Statistics/DescribeDataset",
                .fallback = "statistician",
                .timeout_ms = ASK_SHORT_MS};
        struct bytes wire;

        buf_init(&request, BATCH_WIRE_MAX);

        enum err rc = describe_request_encode(id, &request);

        if (rc == ERR_OK)
                rc = buf_end(&request, &ask.request);
        if (rc != ERR_OK) {
                complain(cli, WORD_QUESTION_WRONG, err_sentence(rc));
                return EXIT_CODE_USAGE;
        }

        enum exit_code code = cli_ask(cli, cli->arena, &ask, &wire);

        if (code != EXIT_CODE_OK)
                return code;
        rc = dataset_decode(cli->arena, wire, out);
        return rc == ERR_OK ? EXIT_CODE_OK : answer_wrong(cli, rc);
}

const struct wire_variable *dataset_variable(const struct wire_dataset *d, struct bytes id)
{
        for (uint32_t i = 0; i < d->variables_len; i++)
                if (bytes_equal(d->variables[i].id, id))
                        return &d->variables[i];
        return NULL;
}
