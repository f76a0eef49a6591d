/* SPDX-License-Identifier: Apache-2.0 */
/* query.c: the first half of the query figures: all municipalities deliver, the
 * operator publishes, a statistician asks. What came back goes to the second half
 * (engine.c), which holds it against DuckDB. */
#include "tools/benchmarks/query.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "proto/wire.h"
#include "tools/benchmarks/load.h"
#include "tools/benchmarks/parts.h"
#include "tools/client/client.h"

enum { STREAMS = 8, ASKED = 9, NEW = 3, ARENA = 256 << 20, PUBLISH_MS = 300000 };
#define PUBLISH_PATH "/statgate.v1.Operations/PublishVintage"
#define QUERY_PATH   "/statgate.v1.Statistics/Query"

uint64_t query_rows(bool quick)
{
        return quick ? 2000000 : 10000000;
}

struct query query_ask(struct dimension_ref dimensions[2])
{
        dimensions[0] = (struct dimension_ref){.variable = bytes_of_text("kommun")};
        dimensions[1] = (struct dimension_ref){.variable = bytes_of_text("form")};
        return (struct query){
                .dataset = bytes_of_text(RECORDS_DATASET),
                .purpose = bytes_of_text(RECORDS_PURPOSE),
                .dimensions = dimensions,
                .dimensions_len = 2,
        };
}

static void write_file(const struct bench *b, const char *name, struct bytes content)
{
        char path[600];

        (void)snprintf(path, sizeof path, "%s/%s", b->folder, name);
        FILE *f = fopen(path, "we");
        if (f == NULL || fwrite(content.data, 1, content.len, f) != content.len || fclose(f) != 0)
                bench_fail("cannot write");
}

static void publish(const struct gate *g, struct arena *a)
{
        struct client *c = gate_client(g, "operator", 1);
        struct wire_publish_progress progress = {.done = false};
        OWNED(buf_done) struct buf request;
        struct bytes wire;
        struct call *call = NULL;
        enum err e;

        buf_init(&request, 4096);
        bench_must(publish_request_encode(bytes_of_text("bench"), &request), "publishing");
        bench_must(buf_end(&request, &wire), "publishing");
        bench_must(call_start(c, PUBLISH_PATH, PUBLISH_MS, &call), "publishing");
        bench_must(call_send(call, wire), "publishing");
        bench_must(call_half_close(call), "publishing");
        while ((e = call_receive(call, a, &wire)) == ERR_OK)
                bench_must(publish_progress_decode(a, wire, &progress), "publishing");
        struct call_status status = {0};
        if (call_finish(call, &status) != ERR_OK || !progress.done)
                bench_fail(status.message);
        call_free(&call);
        client_close(&c);
}

/* Milliseconds from question to decoded answer. */
static double ask(struct client *c, struct arena *a, const struct query *q, struct wire_answer *out)
{
        OWNED(buf_done) struct buf request;
        struct call_status status = {0};
        struct bytes wire, response;

        buf_init(&request, 4096);
        bench_must(query_request_encode(q, &request), "asking");
        bench_must(buf_end(&request, &wire), "asking");
        double began = bench_seconds();

        if (client_unary(c, a, QUERY_PATH, wire, PUBLISH_MS, &response, &status) != ERR_OK)
                bench_fail(status.message);
        bench_must(answer_decode(a, response, out), "reading the answer");
        return (bench_seconds() - began) * 1000;
}

static void tell_ms(const struct bench *b, const char *name, double ms)
{
        bench_tell(b, &(struct figure){.name = name, .unit = "ms", .value = ms});
}

/* What only the first question of a vintage takes, what each takes that nobody has asked before,
 * and (returned) what it takes when it is asked again; the last release of it stays. */
static double ask_all(
        const struct bench *b, const struct gate *g, struct arena *a, struct wire_answer *out)
{
        static const char *const others[NEW] = {"lagrum", "regi", "utforare"};
        struct client *c = gate_client(g, "statistician", 1);
        struct dimension_ref dimensions[2];
        struct query q = query_ask(dimensions), other = q;
        struct dimension_ref by[2] = {dimensions[0]};
        struct wire_answer unread;
        double ms[ASKED], anew[NEW];

        tell_ms(b, "query.first", ask(c, a, &q, out));
        for (unsigned i = 0; i < ASKED; i++)
                ms[i] = ask(c, a, &q, out);
        other.dimensions = by;
        for (unsigned i = 0; i < NEW; i++) {
                by[1].variable = bytes_of_text(others[i]);
                anew[i] = ask(c, a, &other, &unread);
        }
        tell_ms(b, "query.new", anew[0]);
        tell_ms(b, "query.new.third", anew[NEW - 1]);
        client_close(&c);
        return bench_median(ms, ASKED);
}

void part_deliver(const struct bench *b)
{
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        struct records *r = malloc(sizeof *r);
        struct wire_answer answer;
        char bundle[600], took[64];
        struct gate g;

        if (a == NULL || r == NULL)
                bench_fail("out of memory");
        parts_bundle(b, bundle);
        records_open(r, bundle, query_rows(b->quick),
                (uint32_t)query_rows(b->quick) / QUERY_RECORDS_EACH);
        struct load *l = load_make(r, 0, 0);

        gate_open(b, QUERY_FOLDER, &g);
        double seconds = load_run(l, &g, STREAMS, 0);

        bench_tell(b, &(struct figure){.name = "query.deliver",
                              .unit = "records/s",
                              .value = (double)load_rows(l) / seconds});
        load_free(&l);
        publish(&g, a);
        int len = snprintf(took, sizeof took, "%.6f\n", ask_all(b, &g, a, &answer));

        gate_close(&g);
        write_file(b, QUERY_RELEASE, answer.release);
        write_file(b, QUERY_TOOK, bytes_of(took, (size_t)len));
        records_close(r);
        free(r);
}
