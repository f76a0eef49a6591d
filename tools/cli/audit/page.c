/* SPDX-License-Identifier: Apache-2.0 */
/* page.c: HTML by hand, for pages that are kept for years and opened anywhere.
 *
 * The colours are told apart in grey and by the colour-blind; the lower part of a column is the
 * darker one. A page prints on A4 with its tables unbroken where they fit. */
#include "tools/cli/audit/page.h"

#include <string.h>

#include "base/clock.h"
#include "tools/cli/render_parts.h"

enum {
        BARS_MAX = 20,
        COLUMN_MAX = 60,
        BAR_HEIGHT = 22,
        WIDTH = 720,
        LABEL_WIDTH = 250,
        DAYS_HEIGHT = 180,
        DAY_TEXT = 11
};

static const char style[] =
        "body{font:15px/1.5 system-ui,sans-serif;color:#1a1a1a;max-width:60rem;margin:2rem auto;"
        "padding:0 1.5rem}h1{font-size:1.7rem;line-height:1.2;margin:0 0 .3rem}"
        "h2{font-size:1.25rem;margin:2.2rem 0 .6rem;border-bottom:1px solid #bbb}"
        "h3{font-size:1.05rem;margin:1.4rem 0 .4rem}.lead{color:#555;margin:.2rem 0}"
        "table{border-collapse:collapse;width:100%;margin:.6rem 0 1.2rem;font-size:.92rem}"
        "caption{text-align:left;font-weight:600;padding:.3rem 0}"
        "th,td{text-align:left;vertical-align:top;padding:.28rem .6rem .28rem 0;"
        "border-bottom:1px solid #ddd;overflow-wrap:break-word}th{border-bottom:1px solid "
        "#888;white-space:nowrap}"
        ".n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;padding-right:0;"
        "padding-left:.8rem}dt{font-weight:600;margin-top:.6rem}dd{margin:0 0 .2rem}"
        "figure{margin:1rem 0 1.4rem}figcaption{font-weight:600;margin-bottom:.4rem}"
        "svg{max-width:100%;height:auto}svg text{font:12px system-ui,sans-serif;fill:#1a1a1a}"
        ".dark{fill:#1f4e79}.light{fill:#e08e3c}.axis{stroke:#888}"
        ".warning{border-left:4px solid #b3261e;padding:.5rem "
        ".9rem;background:#fbeeed;margin:.6rem 0}"
        "@media print{body{margin:0;max-width:none;font-size:11px}h2{break-after:avoid}"
        "figure,tr,.warning{break-inside:avoid}@page{size:A4;margin:18mm}}";

static void escape(FILE *to, const char *text)
{
        for (const char *c = text != NULL ? text : ""; *c != '\0'; c++) {
                switch (*c) {
                case '&':
                        (void)fputs("&amp;", to);
                        break;
                case '<':
                        (void)fputs("&lt;", to);
                        break;
                case '>':
                        (void)fputs("&gt;", to);
                        break;
                case '"':
                        (void)fputs("&quot;", to);
                        break;
                default:
                        (void)putc((unsigned char)*c < 0x20 && *c != '\n' ? '?' : *c, to);
                }
        }
}

static void element(struct page *p, const char *open, const char *text, const char *close)
{
        (void)fputs(open, p->to);
        escape(p->to, text);
        (void)fputs(close, p->to);
}

static size_t phrase_into(const char *phrase, const char *const *args, char *to)
{
        size_t len = 0;

        for (const char *c = phrase; *c != '\0'; c++) {
                const char *piece = c;
                size_t n = 1;

                if (c[0] == '{' && c[1] >= '1' && c[1] <= '9' && c[2] == '}') {
                        piece = args[c[1] - '0'] != NULL ? args[c[1] - '0'] : "";
                        n = strlen(piece);
                        c += 2;
                }
                if (to != NULL)
                        memcpy(to + len, piece, n);
                len += n;
        }
        return len;
}

const char *page_phrase(const struct page *p, struct text phrase, const char *const *args)
{
        const char *words = cli_text(p->cli, phrase);
        char *text = arena_alloc(p->cli->arena, phrase_into(words, args, NULL) + 1, 1);

        if (text != NULL)
                (void)phrase_into(words, args, text);
        return text;
}

void page_begin(struct page *p, const struct cli *cli, FILE *to, const char *title)
{
        *p = (struct page){.cli = cli, .to = to};
        (void)fprintf(to,
                "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n<meta "
                "name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>",
                cli->lang == LANG_SV ? "sv" : "en");
        escape(to, title);
        (void)fprintf(to, "</title>\n<style>%s</style>\n</head>\n<body>\n", style);
        element(p, "<h1>", title, "</h1>\n");
}

void page_lead(struct page *p, const char *text)
{
        element(p, "<p class=\"lead\">", text, "</p>\n");
}

void page_heading(struct page *p, const char *text)
{
        element(p, "<h2>", text, "</h2>\n");
}

void page_subheading(struct page *p, const char *text)
{
        element(p, "<h3>", text, "</h3>\n");
}

void page_text(struct page *p, const char *text)
{
        element(p, "<p>", text, "</p>\n");
}

void page_warning(struct page *p, const char *text)
{
        element(p, "<p class=\"warning\">", text, "</p>\n");
}

void page_items_begin(struct page *p)
{
        (void)fputs("<ul>\n", p->to);
}

void page_item(struct page *p, const char *text)
{
        element(p, "<li>", text, "</li>\n");
}

void page_items_end(struct page *p)
{
        (void)fputs("</ul>\n", p->to);
}

void page_terms_begin(struct page *p)
{
        (void)fputs("<dl>\n", p->to);
}

void page_term(struct page *p, const char *term, const char *text)
{
        element(p, "<dt>", term, "</dt>");
        element(p, "<dd>", text, "</dd>\n");
}

void page_terms_end(struct page *p)
{
        (void)fputs("</dl>\n", p->to);
}

/* Tables ------------------------------------------------------------------------ */

static void cells(
        struct page *p, const char *kind, const char *const *texts, unsigned len, unsigned numbers)
{
        (void)fputs("<tr>", p->to);
        for (unsigned i = 0; i < len; i++) {
                (void)fprintf(p->to, "<%s%s>", kind, i >= numbers ? " class=\"n\"" : "");
                escape(p->to, texts[i]);
                (void)fprintf(p->to, "</%s>", kind);
        }
        (void)fputs("</tr>\n", p->to);
}

void page_table_begin(struct page *p, const char *caption, const char *const *heads, unsigned len,
        unsigned numbers)
{
        (void)fputs("<table>\n", p->to);
        if (caption[0] != '\0')
                element(p, "<caption>", caption, "</caption>\n");
        (void)fputs("<thead>", p->to);
        cells(p, "th", heads, len, numbers);
        (void)fputs("</thead>\n<tbody>\n", p->to);
}

void page_row(struct page *p, const char *const *texts, unsigned len, unsigned numbers)
{
        cells(p, "td", texts, len, numbers);
}

void page_table_end(struct page *p)
{
        (void)fputs("</tbody>\n</table>\n", p->to);
}

/* Figures ------------------------------------------------------------------------- */

static void figure_begin(struct page *p, const char *caption, int height)
{
        p->figures++;
        element(p, "<figure>\n<figcaption>", caption, "</figcaption>\n");
        (void)fprintf(p->to,
                "<svg role=\"img\" aria-labelledby=\"f%u\" viewBox=\"0 0 %d %d\" width=\"%d\" "
                "height=\"%d\">\n",
                p->figures, WIDTH, height, WIDTH, height);
        (void)fprintf(p->to, "<title id=\"f%u\">", p->figures);
        escape(p->to, caption);
        (void)fputs("</title>\n", p->to);
}

static void figure_end(struct page *p)
{
        (void)fputs("</svg>\n</figure>\n", p->to);
}

static void label(struct page *p, int x, int y, const char *anchor, const char *text)
{
        (void)fprintf(p->to, "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\">", x, y, anchor);
        escape(p->to, text);
        (void)fputs("</text>\n", p->to);
}

static void box(struct page *p, const char *kind, double x, double y, double width, double height)
{
        if (height > 0 && width > 0)
                (void)fprintf(p->to,
                        "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                        "height=\"%.1f\"/>\n",
                        kind, x, y, width, height);
}

/* As many characters of a label as have room beside a bar. */
static void label_cut(const char *text, char out[96])
{
        enum { COLUMNS = 38 };
        struct bytes all = bytes_of_text(text);
        size_t len = text_prefix(all, COLUMNS);

        if (len > 90)
                len = 90;
        memcpy(out, text, len);
        memcpy(out + len, len < all.len ? "…" : "", len < all.len ? 4 : 1);
}

void page_bars(struct page *p, const char *caption, const struct page_bar *bars, unsigned len)
{
        unsigned drawn = len < BARS_MAX ? len : BARS_MAX;
        uint64_t most = 1;

        for (unsigned i = 0; i < drawn; i++)
                most = bars[i].value > most ? bars[i].value : most;
        figure_begin(p, caption, (int)(drawn * BAR_HEIGHT + 4));
        for (unsigned i = 0; i < drawn; i++) {
                char number[NUMBER_TEXT], text[96];
                double room = WIDTH - LABEL_WIDTH - 80;
                double width = room * (double)bars[i].value / (double)most;
                int y = (int)(i * BAR_HEIGHT);

                label_cut(bars[i].label, text);
                label(p, LABEL_WIDTH - 8, y + 15, "end", text);
                box(p, "dark", LABEL_WIDTH, y + 3, width, BAR_HEIGHT - 6);
                label(p, LABEL_WIDTH + (int)width + 6, y + 15, "start",
                        cli_number(p->cli, bars[i].value, number));
        }
        figure_end(p);
}

static uint64_t highest_of(const struct page_day *days, unsigned len)
{
        uint64_t most = 1;

        for (unsigned i = 0; i < len; i++)
                if (days[i].lower + days[i].upper > most)
                        most = days[i].lower + days[i].upper;
        return most;
}

static void columns(struct page *p, const struct page_day *days, unsigned len, uint64_t most)
{
        const double top = 24, foot = DAYS_HEIGHT - 22, left = 60, room = WIDTH - left;
        int32_t first = days[0].day, span = days[len - 1].day - first + 1;
        double step = room / span < COLUMN_MAX ? room / span : COLUMN_MAX,
               scale = (foot - top) / (double)most;

        for (unsigned i = 0; i < len; i++) {
                double x = left + step * (days[i].day - first);
                double low = scale * (double)days[i].lower, high = scale * (double)days[i].upper;

                box(p, "dark", x, foot - low, step * 0.85, low);
                box(p, "light", x, foot - low - high, step * 0.85, high);
        }
        (void)fprintf(p->to,
                "<line class=\"axis\" x1=\"%.0f\" y1=\"%.0f\" x2=\"%d\" y2=\"%.0f\"/>\n", left,
                foot, WIDTH, foot);
}

void page_days(struct page *p, const char *caption, const char *lower, const char *upper,
        const struct page_day *days, unsigned len)
{
        char number[NUMBER_TEXT], first[DAY_TEXT], last[DAY_TEXT];
        uint64_t most = highest_of(days, len);

        if (len == 0)
                return;
        figure_begin(p, caption, DAYS_HEIGHT);
        box(p, "dark", 60, 4, 12, 12);
        label(p, 78, 14, "start", lower);
        box(p, "light", 260, 4, 12, 12);
        label(p, 278, 14, "start", upper);
        columns(p, days, len, most);
        days_format(days[0].day, first);
        days_format(days[len - 1].day, last);
        label(p, 52, 34, "end", cli_number(p->cli, most, number));
        label(p, 52, DAYS_HEIGHT - 24, "end", "0");
        label(p, 60, DAYS_HEIGHT - 6, "start", first);
        if (len > 1)
                label(p, WIDTH, DAYS_HEIGHT - 6, "end", last);
        figure_end(p);
}

enum err page_end(struct page *p)
{
        (void)fputs("</body>\n</html>\n", p->to);
        return stream_end(p->to);
}
