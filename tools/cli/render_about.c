/* SPDX-License-Identifier: Apache-2.0 */
/* render_about.c: legend, definition, vintage, protection and digests, once for all formats:
 * the lines are those that people read around the table. */
#include "tools/cli/render_about.h"

#include <stdlib.h>
#include <string.h>

#include "tools/cli/ask.h"
#include "tools/cli/render_frame.h"
#include "tools/cli/render_parts.h"

#define TELL(w, ...) cli_print(cli, to, false, (w), CLI_ARGS(__VA_ARGS__))

enum { LINES_MAX = 400 };

static void put_source(const struct cli *cli, FILE *to, enum answer_source source)
{
        static const enum word words[ANSWER_SOURCE_COUNT] = {
                [ANSWER_SOURCE_LATTICE] = WORD_PROTECTION_LATTICE,
                [ANSWER_SOURCE_LEDGER] = WORD_PROTECTION_LEDGER,
                [ANSWER_SOURCE_ALONE] = WORD_PROTECTION_ALONE};

        if (source > ANSWER_SOURCE_NONE && source < ANSWER_SOURCE_COUNT)
                TELL(words[source]);
}

static void put_audit(const struct cli *cli, FILE *to, const struct wire_protection *p)
{
        char audited[NUMBER_TEXT], of[NUMBER_TEXT], narrow[NUMBER_TEXT], unasked[NUMBER_TEXT];

        if (p->audit_of > 0)
                TELL(WORD_PROTECTION_AUDIT, cli_number(cli, p->audited, audited),
                        cli_number(cli, p->audit_of, of), cli_number(cli, p->narrow, narrow));
        if (p->interval_unasked > 0)
                TELL(WORD_PROTECTION_UNASKED, cli_number(cli, p->interval_unasked, unasked));
        if (p->limited)
                TELL(WORD_PROTECTION_LIMITED);
}

void frame_protection(const struct cli *cli, FILE *to, const struct wire_release *r)
{
        const struct wire_protection *p = &r->protection;
        char base[NUMBER_TEXT], most[NUMBER_TEXT];

        if (!r->has_protection)
                return;
        if (p->rules.preset.len > 0)
                TELL(WORD_PROTECTION_PRESET, text_from(cli, p->rules.preset));
        put_source(cli, to, p->source);
        if (p->rules.secondary)
                TELL(WORD_PROTECTION_SECONDARY);
        if (p->rules.perturbation == WIRE_PERTURBATION_CELLKEY)
                TELL(WORD_PROTECTION_CELLKEY);
        if (p->rules.perturbation == WIRE_PERTURBATION_ROUNDING)
                TELL(WORD_PROTECTION_ROUNDING, cli_number(cli, p->rules.base, base),
                        cli_number(cli, (uint64_t)p->rules.base * p->rounding_margin, most));
        put_audit(cli, to, p);
}

void frame_nearest(const struct cli *cli, FILE *to, const struct wire_nearest *n)
{
        const char *by = "";

        if (n->dimensions_len == 0) {
                TELL(WORD_NEAREST_NONE);
                return;
        }
        for (uint32_t i = 0; i < n->dimensions_len && by != NULL; i++) {
                const struct dimension_ref *d = &n->dimensions[i];

                by = arena_printf(cli->arena, "%s%s%s%s%s", by, i > 0 ? "," : "",
                        text_from(cli, d->variable), d->level.len > 0 ? ":" : "",
                        text_from(cli, d->level));
        }
        if (by != NULL)
                TELL(WORD_NEAREST, by,
                        text_from(cli,
                                label_in(cli->lang, n->text.sv, n->text.en, bytes_of_text(""))));
}

/* Forecast ----------------------------------------------------------------------------------- */

static void put_dimension(const struct cli *cli, FILE *to, const struct wire_forecast_dimension *d)
{
        char answered[NUMBER_TEXT], all[NUMBER_TEXT];
        const char *name = arena_printf(cli->arena, "%s%s%s", text_from(cli, d->variable),
                d->level.len > 0 ? ":" : "", text_from(cli, d->level));

        TELL(WORD_FORECAST_DIMENSION, name != NULL ? name : "",
                cli_number(cli, d->answered, answered),
                cli_number(cli, (uint64_t)d->answered + d->refused, all));
}

void forecast_print(const struct cli *cli, FILE *to, const struct wire_forecast *f)
{
        char cells[NUMBER_TEXT], answered[NUMBER_TEXT], refused[NUMBER_TEXT];

        if (f->cells > 0)
                TELL(WORD_FORECAST_CELLS, cli_number(cli, f->cells, cells));
        put_source(cli, to, f->source);
        if (f->known)
                TELL(WORD_FORECAST_ROWS, cli_number(cli, f->rows_answered, answered),
                        cli_number(cli, f->rows_refused, refused));
        else
                TELL(WORD_FORECAST_UNKNOWN);
        for (uint32_t d = 0; d < f->dimensions_len; d++)
                put_dimension(cli, to, &f->dimensions[d]);
        for (uint32_t i = 0; i < f->notes_len; i++) {
                const struct wire_forecast_note *n = &f->notes[i];

                TELL(WORD_FORECAST_NOTE,
                        text_from(cli, label_in(cli->lang, n->text.sv, n->text.en, n->code)));
        }
        if (f->has_nearest)
                frame_nearest(cli, to, &f->nearest);
}

/* Lines -------------------------------------------------------------------------------------- */

static void put_digest(const struct cli *cli, FILE *to, enum word w, const struct digest *d)
{
        char hex[2 * sizeof d->bytes + 1];

        hex_encode(bytes_of(d->bytes, sizeof d->bytes), hex);
        TELL(w, hex);
}

enum err about_split(struct arena *arena, struct bytes text, struct about *out)
{
        struct bytes *lines = arena_alloc(arena, LINES_MAX, sizeof *lines);
        uint32_t len = 0;

        if (lines == NULL)
                return ERR_NO_MEMORY;
        while (text.len > 0 && len < LINES_MAX) {
                const uint8_t *end = memchr(text.data, '\n', text.len);
                size_t line = end != NULL ? (size_t)(end - text.data) : text.len;
                size_t past = line + (end != NULL);

                if (line > 0)
                        lines[len++] = bytes_of(text.data, line);
                text = bytes_of(text.data + past, text.len - past);
        }
        out->lines = lines;
        out->len = len;
        out->title = len > 0 ? lines[0] : bytes_of_text("");
        return ERR_OK;
}

enum err about_lines(const struct cli *cli, const struct answer *a, struct about *out)
{
        char *text = NULL;
        size_t len = 0;
        struct bytes kept;
        if (a->about != NULL) {
                *out = *a->about;
                return ERR_OK;
        }

        const struct render_how how = {.out = open_memstream(&text, &len)};

        if (how.out == NULL)
                return ERR_NO_MEMORY;
        frame_head(cli, a, &how);
        frame_foot(cli, a, &how);
        put_digest(cli, how.out, WORD_ABOUT_POLICY, &a->release->policy);
        put_digest(cli, how.out, WORD_ABOUT_RELEASE, &a->digest);
        enum err rc = fclose(how.out) == 0 ? bytes_copy(cli->arena, bytes_of(text, len), &kept)
                                           : ERR_NO_MEMORY;
        free(text);
        TRY(rc);
        return about_split(cli->arena, kept, out);
}
