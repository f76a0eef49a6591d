/* SPDX-License-Identifier: Apache-2.0 */
/* page.h: a page to read on a screen and to print: one HTML file, nothing outside it, no script.
 *
 * Text is escaped here, whoever wrote it. Figures are drawn as SVG and say their numbers in words
 * too, so that they print, scale and can be read aloud. */
#ifndef STATGATE_TOOLS_CLI_AUDIT_PAGE_H
#define STATGATE_TOOLS_CLI_AUDIT_PAGE_H

#include "tools/cli/cli.h"

struct page {
        const struct cli *cli;
        FILE *to;
        unsigned figures;
};

/* A text with {1} … {9} in it for what follows, all of it text; in the run's arena. */
const char *page_phrase(const struct page *p, struct text phrase, const char *const *args);
#define L(sv_text, en_text) cli_text(p->cli, (struct text){(sv_text), (en_text)})
#define PHRASE(sv_text, en_text, ...)                                                              \
        page_phrase(p, (struct text){(sv_text), (en_text)}, CLI_ARGS(__VA_ARGS__))

void page_begin(struct page *p, const struct cli *cli, FILE *to, const char *title);
/* What stands under the title: who made it, of what, when. */
void page_lead(struct page *p, const char *text);
void page_heading(struct page *p, const char *text);
void page_subheading(struct page *p, const char *text);
void page_text(struct page *p, const char *text);
/* What wants looking at. */
void page_warning(struct page *p, const char *text);
void page_items_begin(struct page *p);
void page_item(struct page *p, const char *text);
void page_items_end(struct page *p);
/* A term and what there is to say of it. */
void page_terms_begin(struct page *p);
void page_term(struct page *p, const char *term, const char *text);
void page_terms_end(struct page *p);

/* Columns from `numbers` on are numbers, and set to the right. */
void page_table_begin(struct page *p, const char *caption, const char *const *heads, unsigned len,
        unsigned numbers);
void page_row(struct page *p, const char *const *texts, unsigned len, unsigned numbers);
void page_table_end(struct page *p);

/* Bars, largest first as they come; at most 20 are drawn. */
struct page_bar {
        const char *label;
        uint64_t value;
};
void page_bars(struct page *p, const char *caption, const struct page_bar *bars, unsigned len);
/* One column for each day, of two amounts one upon the other. */
struct page_day {
        int32_t day; /* since 1970 */
        uint64_t lower, upper;
};
void page_days(struct page *p, const char *caption, const char *lower, const char *upper,
        const struct page_day *days, unsigned len);

MUST_CHECK enum err page_end(struct page *p);

#endif
