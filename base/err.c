/* SPDX-License-Identifier: Apache-2.0 */
/* err.c: the table of err_table.h, made askable.
 *
 * A code from outside the table (a bug, or a number that came over a pipe) is
 * answered as INTERNAL: it never indexes beyond the table and never says more
 * than we meant to. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
        const char *name, *sentence;
        enum err_kind kind;
        enum status status;
} table[ERR_COUNT] = {
        [ERR_OK] = {"OK", "no error", ERR_KIND_REFUSED, STATUS_OK},
#define ERR(name, kind, status, sentence)                                                          \
        [ERR_##name] = {#name, sentence, ERR_KIND_##kind, STATUS_##status},
#include "base/err_table.h"
#undef ERR
};

static enum err known(enum err code)
{
        return (unsigned)code < ERR_COUNT ? code : ERR_INTERNAL;
}

const char *err_name(enum err code)
{
        return table[known(code)].name;
}

const char *err_sentence(enum err code)
{
        return table[known(code)].sentence;
}

enum err_kind err_kind(enum err code)
{
        return table[known(code)].kind;
}

enum status err_status(enum err code)
{
        return table[known(code)].status;
}

enum err refuse(struct refusal *r, enum err code, const char *field, const char *fmt, ...)
{
        if (r == NULL)
                return code;
        if (r->code == ERR_OK)
                r->code = code;
        if (r->len == REFUSAL_VIOLATIONS_MAX) {
                r->dropped++;
                return code;
        }
        struct violation *v = &r->violations[r->len++];
        va_list args;

        /* Cut to fit: both are our own words, and a short one still helps. */
        (void)snprintf(v->field, sizeof v->field, "%s", field);
        va_start(args, fmt);
        (void)vsnprintf(v->text, sizeof v->text, fmt, args);
        va_end(args);
        return code;
}
