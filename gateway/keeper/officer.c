/* SPDX-License-Identifier: Apache-2.0 */
/* officer.c: the frames of officer.h. */
#include "gateway/keeper/officer.h"

void officer_put(struct buf *out, enum officer_verb verb, struct bytes payload)
{
        put_u8(out, (uint8_t)verb);
        put_bytes(out, payload);
}

enum err officer_read_answer(struct reader *in, struct bytes *out_error, struct bytes *out_payload)
{
        TRY(read_bytes(in, 64, out_error));
        return read_bytes(in, OFFICER_ANSWER_MAX, out_payload);
}
