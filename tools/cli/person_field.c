/* SPDX-License-Identifier: Apache-2.0 */
/* person_field.c: a person out of a line that people wrote. */
#include "tools/cli/person_field.h"

#include <string.h>

#include "base/clock.h"
#include "crypto/secret.h"
#include "tools/cli/values.h"

enum { DAY_MS = 86400000 };

enum pnr_rule person_field(struct bytes text, uint8_t out_id[PERSON_ID_LEN], uint8_t *out_kind)
{
        struct pnr_reading how = {
                .has_as_of = true, .as_of_days = (int32_t)(clock_now_ms() / DAY_MS)};
        struct pnr number;
        enum pnr_rule rule;

        text = value_trim(text);
        if (text.len > 0 && text.len <= PERSON_ID_LEN && bytes_is_printable(text) &&
                (text.data[0] | 0x20) >= 'a' && (text.data[0] | 0x20) <= 'z') {
                memset(out_id, 0, PERSON_ID_LEN);
                memcpy(out_id, text.data, text.len);
                *out_kind = PERSON_LOCAL;
                return PNR_OK;
        }
        rule = pnr_parse(text, &how, &number);
        if (rule == PNR_OK) {
                memcpy(out_id, number.digits, PERSON_ID_LEN);
                *out_kind = (uint8_t)number.person;
        }
        wipe(&number, sizeof number);
        return rule;
}
