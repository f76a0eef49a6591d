/* SPDX-License-Identifier: Apache-2.0 */
/* vectors.c: the few lines that read tests/vectors. */
#include "tests/support/vectors.h"

#include <stdlib.h>
#include <string.h>

static void give_up(const char *what, const char *name)
{
        fprintf(stderr, "vectors: %s: %s\n", what, name);
        abort();
}

FILE *vectors_open(const char *root, const char *name)
{
        char path[1024];
        FILE *in;

        snprintf(path, sizeof path, "%s/tests/vectors/%s", root, name);
        in = fopen(path, "r");
        if (in == NULL)
                give_up("cannot open", path);
        return in;
}

bool vectors_next(FILE *in, struct vector *out)
{
        char line[VECTOR_LINE_MAX];

        out->len = 0;
        while (fgets(line, sizeof line, in) != NULL) {
                line[strcspn(line, "\n")] = '\0';
                if (line[0] == '#' || (line[0] == '\0' && out->len == 0))
                        continue;
                if (line[0] == '\0')
                        return true;
                if (out->len == VECTOR_FIELDS_MAX)
                        give_up("too many fields", line);
                strcpy(out->lines[out->len++], line);
        }
        return out->len > 0;
}

const char *vector_text(const struct vector *v, const char *name)
{
        size_t len = strlen(name);

        for (unsigned i = 0; i < v->len; i++) {
                if (strncmp(v->lines[i], name, len) != 0)
                        continue;
                if (v->lines[i][len] == ' ')
                        return v->lines[i] + len + 1;
                if (v->lines[i][len] == '\0')
                        return "";
        }
        give_up("no such field", name);
        return NULL;
}

long vector_number(const struct vector *v, const char *name)
{
        return strtol(vector_text(v, name), NULL, 10);
}

size_t vector_bytes(const struct vector *v, const char *name, uint8_t *out)
{
        const char *hex = vector_text(v, name);
        size_t len = strlen(hex) / 2;

        if (strlen(hex) % 2 != 0 || len > VECTOR_BYTES_MAX)
                give_up("not hex", name);
        for (size_t i = 0; i < len; i++) {
                char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

                out[i] = (uint8_t)strtoul(pair, NULL, 16);
        }
        return len;
}
