/* SPDX-License-Identifier: Apache-2.0 */
/* descriptors.c: a file inside the program, by the assembler's .incbin. The build
 * names it in DESCRIPTORS_FILE. */
#include "proto/descriptors.h"

__asm__(".pushsection .rodata\n"
        ".balign 16\n"
        ".global statgate_descriptors\n"
        "statgate_descriptors:\n"
        ".incbin \"" DESCRIPTORS_FILE "\"\n"
        ".global statgate_descriptors_end\n"
        "statgate_descriptors_end:\n"
        ".popsection\n");

extern const uint8_t statgate_descriptors[] __attribute__((visibility("hidden")));
extern const uint8_t statgate_descriptors_end[] __attribute__((visibility("hidden")));

struct bytes descriptors(void)
{
        return bytes_of(statgate_descriptors,
                (size_t)((uintptr_t)statgate_descriptors_end - (uintptr_t)statgate_descriptors));
}
