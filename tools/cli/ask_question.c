/* SPDX-License-Identifier: Apache-2.0 */
/* ask_question.c: from options, and the file they name, to a question; and from a
 * question to the answer, checked against its digest before anybody sees it. */
#include <string.h>

#include "crypto/digest.h"
#include "proto/wire.h"
#include "tools/cli/answer_file.h"
#include "tools/cli/ask.h"
#include "tools/cli/question.h"
#include "tools/cli/render.h"

/* A request of 16 filters with 512 values each stays below a megabyte. */
enum { REQUEST_MAX = 1 << 20 };

static enum err from_options(struct question *q, const struct arguments *args, struct refusal *why)
{
        static const struct {
                const char *name;
                enum err (*add)(struct question *, struct bytes, struct refusal *);
        } steps[] = {
#define QUESTION_STEP(name, function) {name, function},
                QUESTION_OPTIONS(QUESTION_STEP)
#undef QUESTION_STEP
        };

        for (size_t i = 0; i < ARRAY_LEN(steps); i++)
                for (unsigned n = 0; n < option_count(args, steps[i].name); n++)
                        TRY(steps[i].add(
                                q, bytes_of_text(option_nth(args, steps[i].name, n)), why));
        return query_check(&q->q, why);
}

enum exit_code ask_question(const struct cli *cli, const struct arguments *args, struct question *q)
{
        const char *file = option_text(args, "file");
        struct refusal why = {0};
        enum err rc = file != NULL ? question_read_file(q, file, &why) : ERR_OK;

        if (rc != ERR_OK) {
                complain(cli, WORD_QUESTION_FILE_WRONG, file, err_sentence(rc));
                cli_print_refusal(cli, &why);
                return rc == ERR_NO_MEMORY ? EXIT_CODE_INTERNAL : EXIT_CODE_INPUT;
        }
        rc = from_options(q, args, &why);
        return rc == ERR_OK ? EXIT_CODE_OK : question_wrong(cli, rc, &why);
}

enum exit_code question_wrong(const struct cli *cli, enum err rc, const struct refusal *why)
{
        complain(cli, WORD_QUESTION_WRONG, err_sentence(rc));
        cli_print_refusal(cli, why);
        return rc == ERR_NO_MEMORY ? EXIT_CODE_INTERNAL : EXIT_CODE_USAGE;
}

static enum exit_code call(
        struct cli *cli, struct arena *arena, const struct query *q, struct bytes *out)
{
        OWNED(buf_done) struct buf request;
        struct ask ask = {.path = "/statgate.v1.Statistics/Query",
                .fallback = "statistician",
                .timeout_ms = ASK_LONG_MS};

        buf_init(&request, REQUEST_MAX);

        enum err rc = query_request_encode(q, &request);

        if (rc == ERR_OK)
                rc = buf_end(&request, &ask.request);
        return rc == ERR_OK ? cli_ask(cli, arena, &ask, out)
                            : question_wrong(cli, rc, &(struct refusal){0});
}

/* What came beside the release, for a file that can be checked later; none where the gateway sent
 * none. */
static enum err keep_proof(struct arena *arena, const struct query *q,
        const struct wire_answer *from, const struct wire_release *release,
        const struct answer_proof **out)
{
        struct answer_proof *p = arena_alloc(arena, 1, sizeof *p);

        *out = NULL;
        if (!from->has_certificate)
                return ERR_OK;
        if (p == NULL)
                return ERR_NO_MEMORY;
        p->release = from->release;
        p->certificate = from->certificate;
        TRY(answer_question(arena, q, release->vintage,
                release->has_indicator ? release->indicator.version : 0, p));
        *out = p;
        return ERR_OK;
}

static enum exit_code open_answer(const struct cli *cli, struct arena *arena, struct bytes wire,
        const struct query *q, struct wire_release *release, struct answer *out)
{
        struct wire_answer answer;
        enum err rc = answer_decode(arena, wire, &answer);

        if (rc != ERR_OK)
                return answer_wrong(cli, rc);
        digest_of(answer.release, &out->digest);
        if (!digest_equal(&out->digest, &answer.release_digest)) {
                complain(cli, WORD_ANSWER_DIGEST);
                return EXIT_CODE_INTERNAL;
        }
        rc = release_decode(arena, answer.release, release);
        if (rc == ERR_OK)
                rc = keep_proof(arena, q, &answer, release, &out->proof);
        return rc == ERR_OK ? EXIT_CODE_OK : answer_wrong(cli, rc);
}

enum exit_code ask_table(
        struct cli *cli, struct arena *arena, const struct query *q, struct answer *out)
{
        struct wire_release *release = arena_alloc(arena, 1, sizeof *release);
        struct answer answer = {.release = release, .asked = q};
        struct bytes wire;
        enum exit_code code = release != NULL ? call(cli, arena, q, &wire) : EXIT_CODE_INTERNAL;

        if (code == EXIT_CODE_OK)
                code = open_answer(cli, arena, wire, q, release, &answer);
        if (code == EXIT_CODE_OK)
                *out = answer;
        return code;
}

enum exit_code ask_forecast(
        struct cli *cli, struct arena *arena, const struct query *q, struct wire_forecast *out)
{
        struct wire_answer answer;
        struct bytes wire;
        enum exit_code code = call(cli, arena, q, &wire);

        if (code != EXIT_CODE_OK)
                return code;
        enum err rc = answer_decode(arena, wire, &answer);
        if (rc != ERR_OK)
                return answer_wrong(cli, rc);
        if (!answer.has_forecast) {
                complain(cli, WORD_FORECAST_MISSING);
                return EXIT_CODE_INTERNAL;
        }
        *out = answer.forecast;
        return EXIT_CODE_OK;
}
