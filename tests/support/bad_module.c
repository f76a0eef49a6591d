/* SPDX-License-Identifier: Apache-2.0 */
/* bad_module.c: a security module's library that ends whoever loads it, or never answers
 * (BAD_MODULE=hang); and that would have a last word when its process ends. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int C_GetFunctionList(void *out);

__attribute__((destructor)) static void last_word(void)
{
        static const char said[] = "bad_module: the last word\n";

        (void)!write(STDERR_FILENO, said, sizeof said - 1);
}

int C_GetFunctionList(void *out)
{
        const char *how = getenv("BAD_MODULE");

        (void)out;
        if (how == NULL || strcmp(how, "hang") != 0)
                abort();
        for (;;)
                (void)pause();
}
