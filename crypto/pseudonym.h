/* SPDX-License-Identifier: Apache-2.0 */
/* pseudonym.h: the name a person has inside one domain.
 *
 * person code   M = first 96 bits of HMAC-SHA-256(k_person, label ‖ kind ‖ issuer
 *               ‖ id) ‖ 32 zero bits; one compression block (under 56 bytes)
 * pseudonym     P = AES-256(k_domain, M): what is stored
 * token         T = AES-256(k_token, M): what a linked view sorts by, then drops
 * record key    R = first 64 bits of AES-256(k_noise, M): what noise is drawn with
 *
 * Same person and domain, same pseudonym; pseudonyms of two domains cannot be
 * joined without both keys. The zero bits catch a wrong key, a wrong epoch or a
 * changed byte with probability 1 - 2^-32. All functions take whole columns;
 * FIPS 180-4, RFC 2104, FIPS 197. */
#ifndef STATGATE_CRYPTO_PSEUDONYM_H
#define STATGATE_CRYPTO_PSEUDONYM_H

#include "base/bytes.h"
#include "base/terms.h"

struct secret;

enum { PSEUDONYM_LEN = 16, RECORD_TAG_LEN = 12, PERSON_KEY_LEN = 8 };

/* k_person made ready: HMAC midstates; in locked memory. */
struct person_key;
MUST_CHECK enum err person_key_new(const struct secret *k_person, struct person_key **out);
void person_key_free(struct person_key **k);

/* A 256-bit AES key made ready for single blocks in bulk. One thread at a time. */
struct block_key;
MUST_CHECK enum err block_key_new(const struct secret *key, struct block_key **out);
void block_key_free(struct block_key **k);

/* Person codes of a column. ids: rows × PERSON_ID_LEN, kinds: rows bytes of
 * enum person_kind; `issuer` scopes local ids. PERSON_NONE gives 16 zero bytes.
 * codes: rows × PSEUDONYM_LEN. Ids were validated before. */
MUST_CHECK enum err person_codes(const struct person_key *key, municipality_t issuer,
        const uint8_t *ids, const uint8_t *kinds, size_t rows, uint8_t *codes);

/* Code → pseudonym, in place or not. All-zero blocks (no person) stay all-zero:
 * their rows are recognisable as personless, which their schema says anyway. */
MUST_CHECK enum err pseudonyms_make(
        const struct block_key *domain, const uint8_t *codes, size_t rows, uint8_t *pseudonyms);
/* Pseudonym → code; ERR_TAMPERED if any lacks its 32 zero bits: `codes` is then wiped. */
MUST_CHECK enum err pseudonyms_open(
        const struct block_key *domain, const uint8_t *pseudonyms, size_t rows, uint8_t *codes);

/* Code → record key, as statisticians call it (not the deliverer's, which has a tag): a
 * random number that is one person's in every vintage of a linkage, and says nothing about
 * her to whoever has no k_noise. keys: rows × PERSON_KEY_LEN, to be read little-endian.
 * No person: zeros; a person's are by odds of 2^-64. */
MUST_CHECK enum err record_keys_make(
        const struct block_key *noise, const uint8_t *codes, size_t rows, uint8_t *keys);

/* Keyed tags of local record keys: first RECORD_TAG_LEN bytes of SipHash-2-4-128
 * under the first 16 bytes of the key (Aumasson & Bernstein 2012). keys: rows × width,
 * NUL-padded; the padding is not hashed, so the width does not matter. */
MUST_CHECK enum err record_tags(
        const struct secret *key, const uint8_t *keys, size_t width, size_t rows, uint8_t *tags);

#endif
