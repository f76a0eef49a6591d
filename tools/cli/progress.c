/* SPDX-License-Identifier: Apache-2.0 */
/* progress.c: rows, rows a second, and how long it may still take. */
#include "tools/cli/progress.h"

#include "base/clock.h"

enum { BAR = 30, PERCENT = 100 };
static const int64_t second_ns = 1000000000, redraw_ns = 100000000, line_ns = 5000000000;

void progress_start(struct progress *p, const struct cli *cli, uint64_t total, bool quiet)
{
        int64_t now = clock_monotonic_ns();

        *p = (struct progress){
                .cli = cli, .total = total, .started_ns = now, .shown_ns = now, .quiet = quiet};
}

static void draw_bar(const struct progress *p, unsigned percent)
{
        char bar[BAR + 1];

        for (unsigned i = 0; i < BAR; i++)
                bar[i] = i * PERCENT < percent * BAR ? '#' : '.';
        bar[BAR] = '\0';
        (void)fprintf(p->cli->err, "\r\033[K[%s%s%s] %3u %%  ", paint_err(p->cli, PAINT_GREEN), bar,
                paint_err(p->cli, PAINT_NONE), percent);
}

void progress_show(struct progress *p, uint64_t rows)
{
        int64_t now = clock_monotonic_ns(), took = now - p->started_ns;
        char rows_text[NUMBER_TEXT], rate_text[NUMBER_TEXT], left_text[NUMBER_TEXT];

        if (p->quiet || now - p->shown_ns < (p->cli->terminal_err ? redraw_ns : line_ns))
                return;
        p->shown_ns = now;

        double rate = took > 0 ? (double)rows * (double)second_ns / (double)took : 0;
        uint64_t left =
                p->total > rows && rate > 1 ? (uint64_t)((double)(p->total - rows) / rate) + 1 : 0;
        uint64_t percent = p->total > 0 ? rows * PERCENT / p->total : 0;

        if (p->cli->terminal_err)
                draw_bar(p, percent > PERCENT ? PERCENT : (unsigned)percent);
        p->drawn = p->cli->terminal_err;
        cli_put(p->cli, p->cli->err, WORD_PROGRESS,
                CLI_ARGS(cli_number(p->cli, rows, rows_text),
                        cli_number(p->cli, (uint64_t)rate, rate_text),
                        cli_number(p->cli, left, left_text)));
        if (!p->cli->terminal_err)
                (void)fputc('\n', p->cli->err);
        (void)fflush(p->cli->err);
}

void progress_end(struct progress *p)
{
        if (p->drawn)
                (void)fputs("\r\033[K", p->cli->err);
        p->drawn = false;
}
