/* SPDX-License-Identifier: Apache-2.0 */
/* answer_verify.h: whether an answer is what the key keeper signed for, with nothing but the file
 * and a public key. */
#ifndef STATGATE_TOOLS_CLI_ANSWER_VERIFY_H
#define STATGATE_TOOLS_CLI_ANSWER_VERIFY_H

#include "base/query.h"
#include "crypto/sign.h"
#include "proto/wire.h"
#include "tools/cli/answer_file.h"

/* FINDING(NAME, Swedish, English): what is wrong. */
#define ANSWER_FINDINGS(FINDING)                                                                   \
        FINDING(KEY, "huvudet är undertecknat med en annan nyckel än de givna",                    \
                "the head is signed with another key than those given")                            \
        FINDING(SIGNATURE, "underskriften under loggens huvud stämmer inte",                       \
                "the signature under the head of the log does not hold")                           \
        FINDING(HEAD_OLDER, "huvudet är äldre än svaret: loggen var kortare när det gjordes",      \
                "the head is older than the answer: the log was shorter when it was made")         \
        FINDING(INCLUSION, "intyget står inte i den logg som huvudet undertecknar",                \
                "what is certified does not stand in the log that the head signs")                 \
        FINDING(KIND, "det som intygas är inte ett svar", "what is certified is not an answer")    \
        FINDING(STATEMENT, "intyget går inte att läsa", "the statement cannot be read")            \
        FINDING(RELEASE, "intyget gäller ett annat svar", "the certificate is of another answer")  \
        FINDING(RELEASE_READ, "svaret går inte att läsa", "the release cannot be read")            \
        FINDING(QUESTION, "intyget gäller en annan fråga",                                         \
                "the certificate is of another question")                                          \
        FINDING(RELEASE_QUESTION, "svaret hör till en annan fråga än den intygade",                \
                "the release answers another question than the certified one")                     \
        FINDING(REQUEST, "frågan i klartext är inte den som intygas",                              \
                "the question as it is told is not the one that was asked")                        \
        FINDING(POLICY, "svaret gavs under ett annat regelverk än det intygade",                   \
                "the release was made under another policy than the certified one")                \
        FINDING(VINTAGE, "svaret gäller en annan årgång än den intygade",                          \
                "the release is of another vintage than the certified one")                        \
        FINDING(SCOPE, "datamängd, ändamål eller länkning är en annan än den intygade",            \
                "data set, purpose or linkage is another than the certified one")                  \
        FINDING(TABLE, "tabellen i filen är inte den som gavs",                                    \
                "the table that is shown is not the one that was released")

enum answer_finding {
#define ANSWER_FINDING_ENUM(name, sv, en) ANSWER_FINDING_##name,
        ANSWER_FINDINGS(ANSWER_FINDING_ENUM)
#undef ANSWER_FINDING_ENUM
                ANSWER_FINDING_COUNT
};
const char *answer_finding_name(enum answer_finding f); /* "HEAD_OLDER" */

struct answer_verdict {
        unsigned findings; /* bits 1 << enum answer_finding; 0: it holds */
        uint32_t line;     /* of the file, from where the table is another */
        bool table;        /* a table is shown, and was compared */
        /* What is certified; empty where it could not be read. */
        bool has_version;
        int64_t policy_version;
        struct digest policy_digest;
        struct wire_release release; /* where it could be read */
        struct query asked;
};

/* `text` is the file that `in` was read from. Everything that is wrong is found, as far as one
 * thing can be looked at without another. Errors are of memory alone. */
MUST_CHECK enum err answer_verify(struct arena *arena, struct bytes text,
        const struct answer_read *in, const uint8_t (*keys)[SIGN_PUBLIC_LEN], unsigned keys_len,
        struct answer_verdict *out);

#endif
