/* SPDX-License-Identifier: Apache-2.0 */
/* party.c: one way of saying who is expected, and no default: a party that was not named is
 * nobody. */
#include "gateway/bridge/party.h"

#include <pwd.h>
#include <string.h>
#include <sys/socket.h>

#include "crypto/digest.h"

enum { PRINTABLE_FIRST = '!', PRINTABLE_LAST = '~' };

static const char *after(const char *text, const char *prefix)
{
        size_t len = strlen(prefix);

        return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

static enum err read_user(const char *name, struct party *out)
{
        const struct passwd *user = getpwnam(name);

        if (user == NULL)
                return ERR_NOT_FOUND;
        *out = (struct party){.kind = PARTY_USER, .uid = user->pw_uid};
        return ERR_OK;
}

static enum err read_uid(const char *text, struct party *out)
{
        int64_t uid;

        if (!bytes_decimal(bytes_of_text(text), 0, &uid) || uid < 0 || uid >= UINT32_MAX)
                return ERR_CONFIG;
        *out = (struct party){.kind = PARTY_USER, .uid = (uint32_t)uid};
        return ERR_OK;
}

static enum err read_uri(const char *text, struct party *out)
{
        struct party p = {.kind = PARTY_URI};
        size_t len = strlen(text);

        if (len >= sizeof p.uri)
                return ERR_CONFIG;
        for (size_t i = 0; i < len; i++)
                if (text[i] < PRINTABLE_FIRST || text[i] > PRINTABLE_LAST)
                        return ERR_CONFIG;
        memcpy(p.uri, text, len);
        *out = p;
        return ERR_OK;
}

static enum err read_pin(const char *text, struct party *out)
{
        struct party p = {.kind = PARTY_PIN};

        if (strlen(text) != 2 * sizeof p.pin.bytes ||
                hex_decode(text, p.pin.bytes, sizeof p.pin.bytes) != ERR_OK)
                return ERR_CONFIG;
        *out = p;
        return ERR_OK;
}

enum err party_parse(const char *text, struct party *out)
{
        const char *rest;

        if ((rest = after(text, "user:")) != NULL)
                return read_user(rest, out);
        if ((rest = after(text, "uid:")) != NULL)
                return read_uid(rest, out);
        if ((rest = after(text, "sha256:")) != NULL)
                return read_pin(rest, out);
        return after(text, "statgate://") != NULL ? read_uri(text, out) : ERR_CONFIG;
}

bool party_is_user(const struct party *p, int fd)
{
        struct ucred who;
        socklen_t len = sizeof who;

        return p->kind == PARTY_USER && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0 &&
               who.uid == p->uid;
}

bool party_is_certificate(const struct party *p, const struct peer_certificate *peer)
{
        switch (p->kind) {
        case PARTY_URI:
                return peer->uri[0] != '\0' && strcmp(p->uri, peer->uri) == 0;
        case PARTY_PIN:
                return digest_equal(&p->pin, &peer->digest);
        case PARTY_NOBODY:
        case PARTY_USER:
                break;
        }
        return false;
}
