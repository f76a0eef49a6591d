/* SPDX-License-Identifier: Apache-2.0 */
/* selftest_public.c: the part of the self-test that has to do with key pairs, shares and trees.
 *
 * X25519 and Ed25519 are here three times: libsodium opens boxes, OpenSSL signs, libgcrypt
 * checks both. Sealed boxes as a whole are here once, so the one below was computed without
 * libsodium, and the shares without our field (tests/vectors/make_vectors.py). */
#include <gcrypt.h>
#include <string.h>

#include "crypto/box.h"
#include "crypto/merkle.h"
#include "crypto/primitive.h"
#include "crypto/secret.h"
#include "crypto/selftest_run.h"
#include "crypto/share.h"

/* RFC 7748, section 6.1: Alice's. */
bool selftest_x25519_known(void)
{
        OWNED(secret_free) struct secret *key = NULL;
        uint8_t made[BOX_PUBLIC_LEN];

        return selftest_secret("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
                       &key) == ERR_OK &&
               box_public_of(key, made) == ERR_OK &&
               selftest_is_hex(made, sizeof made,
                       "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
}

/* libsodium's public keys are libgcrypt's. */
bool selftest_x25519_random(void)
{
        OWNED(secret_free) struct secret *key = NULL;
        uint8_t made[BOX_PUBLIC_LEN], checked[BOX_PUBLIC_LEN];

        return box_keygen(&key, made) == ERR_OK &&
               gcry_ecc_mul_point(GCRY_ECC_CURVE25519, checked, secret_view(key), NULL) == 0 &&
               memcmp(made, checked, sizeof made) == 0;
}

static bool ed25519_libgcrypt(
        const uint8_t public_key[32], struct bytes message, const uint8_t signature[64])
{
        gcry_sexp_t key = NULL, data = NULL, made = NULL;
        bool holds;

        holds = gcry_sexp_build(&key, NULL,
                        "(public-key (ecc (curve Ed25519) (flags eddsa) (q %b)))", 32,
                        public_key) == 0 &&
                gcry_sexp_build(&data, NULL, "(data (flags eddsa) (hash-algo sha512) (value %b))",
                        (int)message.len, message.data) == 0 &&
                gcry_sexp_build(&made, NULL, "(sig-val (eddsa (r %b) (s %b)))", 32, signature, 32,
                        signature + 32) == 0 &&
                gcry_pk_verify(made, data, key) == 0;
        gcry_sexp_release(key);
        gcry_sexp_release(data);
        gcry_sexp_release(made);
        return holds;
}

/* What OpenSSL signs libgcrypt accepts, and nothing else; and libsodium signs the same. */
bool selftest_ed25519_random(void)
{
        OWNED(secret_free) struct secret *key = NULL;
        OWNED(signer_free) struct signer *signer = NULL;
        uint8_t public_key[32], message[77] = {'l', 0}, signature[64], other[64];
        struct bytes all = bytes_of(message, sizeof message);

        if (sign_keygen(&key, public_key) != ERR_OK ||
                random_bytes(message + 2, sizeof message - 2) != ERR_OK ||
                ed25519_sign(key, all, signature) != ERR_OK || signer_new(key, &signer) != ERR_OK ||
                signer_make(signer, "l", bytes_of(message + 2, sizeof message - 2), other) !=
                        ERR_OK ||
                memcmp(signature, other, sizeof other) != 0 ||
                !ed25519_libgcrypt(public_key, all, signature))
                return false;
        message[76] ^= 1;
        return !ed25519_libgcrypt(public_key, all, signature);
}

/* tests/vectors/boxes.txt, the third: one person who is to be erased. */
bool selftest_box_known(void)
{
        OWNED(secret_free) struct secret *key = NULL;
        struct box_head head = {
                .use = BOX_ERASE, .key_id = "a7f98f584496a2b6", .municipality = 114, .rows = 1};
        uint8_t box[BOX_PLAIN_FIXED + BOX_PER_PERSON + BOX_OVERHEAD], public_key[BOX_PUBLIC_LEN];
        uint8_t plain[sizeof box];
        struct box_persons out;

        return selftest_secret("4ccc24fe9fe39f17c8bea8181f2c70de62711b0b9654b77bcb7e59a226e8fd5a",
                       &key) == ERR_OK &&
               box_public_of(key, public_key) == ERR_OK &&
               hex_decode("62b716c90dd643bc89fc51f14974138d", head.submission.bytes,
                       sizeof head.submission.bytes) == ERR_OK &&
               hex_decode("bbb1eacb3e183610be8d3ac7b7b8b41161bf24a2ceeab8ef38b90d92c5a1a34c"
                          "9ed3d25bf42822e8272de08264f7b7a7b9028035fbc0a8aa85e32420d65e5069"
                          "38f4a8a28c173cf800b37af7805bdade70d6513c0c3e50a90b9815ccd5391204"
                          "d6c1018739",
                       box, sizeof box) == ERR_OK &&
               box_open(key, public_key, &head, bytes_of(box, sizeof box), plain, &out) == ERR_OK &&
               out.rows == 1 && out.guardians == 0 &&
               memcmp(out.persons.ids, "189001019802", PERSON_ID_LEN) == 0;
}

/* What is sealed opens, and not when a bit was changed. */
bool selftest_box_random(void)
{
        OWNED(secret_free) struct secret *key = NULL;
        const uint8_t ids[2 * PERSON_ID_LEN] = {'4', '2'}, kinds[2] = {PERSON_LOCAL, PERSON_NONE};
        const struct box_persons in = {.rows = 2, .persons = {ids, kinds}};
        uint8_t box[BOX_PLAIN_FIXED + 2 * BOX_PER_PERSON + BOX_OVERHEAD] = {0}, plain[sizeof box];
        struct bytes all = bytes_of(box, sizeof box);
        struct box_head head = {.use = BOX_BATCH, .rows = 2};
        uint8_t public_key[BOX_PUBLIC_LEN];
        struct box_persons out;

        if (box_keygen(&key, public_key) != ERR_OK)
                return false;
        box_key_id(public_key, head.key_id);
        if (box_seal(public_key, &head, &in, box) != ERR_OK ||
                box_open(key, public_key, &head, all, plain, &out) != ERR_OK ||
                memcmp(out.persons.ids, ids, sizeof ids) != 0)
                return false;
        box[sizeof box - 1] ^= 1;
        return box_open(key, public_key, &head, all, plain, &out) == ERR_BOX_CLOSED;
}

/* tests/vectors/shares.txt, the first: two of three. */
bool selftest_shares_known(void)
{
        static const char *const texts[2] = {
                ("statgate-share/1: 1 of 3, 2 give the key; set CEB3 EA6D 9CD9 5714 BGH6"
                 " 2CND TZJP WF9P CM3A CZBG X322 9BYS P96Y DK0M YAVF 9TWN YZZW DX6K GCJD"
                 " JSPG"),
                ("statgate-share/1: 3 of 3, 2 give the key; set CEB3 EA6D 9CD9 5714 3Z06"
                 " C4MV PHM6 KJM3 ZRKN D793 CT56 RHE8 HVTD 7GFB 2KQ3 QYZ0 WMJ3 SG72 75K5"
                 " FRNY"),
        };
        OWNED(share_done) struct share one = {.part = NULL};
        OWNED(share_done) struct share three = {.part = NULL};
        OWNED(secret_free) struct secret *key = NULL;

        if (share_read(bytes_of_text(texts[0]), &one) != ERR_OK ||
                share_read(bytes_of_text(texts[1]), &three) != ERR_OK)
                return false;
        const struct share both[2] = {one, three}; /* borrowed */

        return shares_join(both, 2, &key) == ERR_OK &&
               selftest_is_hex(secret_view(key), SHARE_KEY_LEN,
                       "f353ec22b6682de3c8e2a698de0dd7afe300da5fac9f7244e5819a1de321fe1c");
}

/* The definition of RFC 9162, 2.1.1, by libgcrypt: of the bytes 0, 1, 2 … as leaves. */
static void tree_libgcrypt(uint8_t first, unsigned len, uint8_t out[32])
{
        uint8_t node[1 + 64] = {1};
        const uint8_t leaf[2] = {0, first};
        unsigned left = 1;

        if (len == 1) {
                gcry_md_hash_buffer(GCRY_MD_SHA256, out, leaf, sizeof leaf);
                return;
        }
        while (left * 2 < len)
                left *= 2;
        tree_libgcrypt(first, left, node + 1);
        tree_libgcrypt((uint8_t)(first + left), len - left, node + 33);
        gcry_md_hash_buffer(GCRY_MD_SHA256, out, node, sizeof node);
}

/* What is appended leaf by leaf is the tree as it is defined. */
bool selftest_tree(void)
{
        struct merkle_edge edge = {.size = 0};
        struct digest leaf, root;
        uint8_t expected[32];

        for (uint8_t i = 0; i < 13; i++) {
                merkle_leaf(bytes_of(&i, 1), &leaf);
                merkle_push(&edge, &leaf);
                merkle_root(&edge, &root);
                tree_libgcrypt(0, i + 1u, expected);
                if (memcmp(root.bytes, expected, sizeof expected) != 0)
                        return false;
        }
        return true;
}
