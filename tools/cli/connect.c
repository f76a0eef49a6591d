/* SPDX-License-Identifier: Apache-2.0 */
/* connect.c: who we are to the gateway, where it is, and what it said. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/cert.h"
#include "tools/cli/cli.h"
#include "tools/cli/files.h"
#include "tools/client/client.h"

/* TRUST of statgate://TRUST/ROLE/NAME: the gateway compares it with its policy;
 * here any will do, since we only want to know who we are. */
static enum err principal_of(const struct peer_certificate *peer, struct principal *out)
{
        static const char scheme[] = "statgate://";
        char trust[sizeof peer->uri] = "";
        size_t start = sizeof scheme - 1, len;

        if (strncmp(peer->uri, scheme, start) != 0)
                return ERR_NOT_AUTHENTICATED;
        len = strcspn(peer->uri + start, "/");
        memcpy(trust, peer->uri + start, len);
        return principal_parse(peer->uri, trust, out);
}

enum exit_code identity_read(
        struct cli *cli, const struct settings *s, const char *fallback, struct identity *out)
{
        const char *name = cli->as != NULL ? cli->as : s->as != NULL ? s->as : fallback;
        struct identity who = {.name = name};
        struct peer_certificate peer;
        struct bytes pem;

        if (name == NULL || name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL) {
                complain(cli, WORD_AS_MISSING);
                return EXIT_CODE_USAGE;
        }
        who.certificate = arena_printf(cli->arena, "%s/client/%s.pem", s->folder, name);
        who.key = arena_printf(cli->arena, "%s/client/%s.key", s->folder, name);
        if (who.certificate == NULL || who.key == NULL)
                return EXIT_CODE_INTERNAL;
        if (file_read(cli->arena, who.certificate, &pem) != ERR_OK || !file_exists(who.key)) {
                complain(cli, WORD_CERTIFICATE_MISSING, who.certificate);
                return EXIT_CODE_USAGE;
        }
        if (cert_read_peer(pem, &peer) != ERR_OK || principal_of(&peer, &who.principal) != ERR_OK) {
                complain(cli, WORD_CERTIFICATE_WRONG, who.certificate);
                return EXIT_CODE_USAGE;
        }
        *out = who;
        return EXIT_CODE_OK;
}

/* Port 0 in the settings means "any": the gateway wrote down which it got. */
static enum exit_code address_of(struct cli *cli, const struct settings *s, const char **out)
{
        size_t len = strlen(s->address);
        struct bytes text;

        *out = s->address;
        if (len < 2 || strcmp(s->address + len - 2, ":0") != 0)
                return EXIT_CODE_OK;

        const char *path = path_join(cli->arena, s->folder, "run/address");

        if (path == NULL)
                return EXIT_CODE_INTERNAL;
        if (file_read(cli->arena, path, &text) != ERR_OK || text.len == 0) {
                complain(cli, WORD_GATEWAY_NOT_RUNNING, path);
                return EXIT_CODE_CONNECT;
        }
        *out = arena_strndup(
                cli->arena, (const char *)text.data, strcspn((const char *)text.data, "\r\n"));
        return *out != NULL ? EXIT_CODE_OK : EXIT_CODE_INTERNAL;
}

enum exit_code cli_connect(struct cli *cli, const struct settings *s, const struct identity *who,
        unsigned channels, struct client **out)
{
        struct client_options options = {
                .certificate_file = who->certificate, .key_file = who->key, .channels = channels};
        enum exit_code code = address_of(cli, s, &options.address);

        if (code != EXIT_CODE_OK)
                return code;
        options.ca_file = path_join(cli->arena, s->pki, "ca.pem");
        if (options.ca_file == NULL)
                return EXIT_CODE_INTERNAL;

        enum err rc = client_open(&options, out);

        if (rc != ERR_OK) {
                complain(cli, WORD_CANNOT_CONNECT, options.address, err_sentence(rc));
                return rc == ERR_NO_MEMORY ? EXIT_CODE_INTERNAL : EXIT_CODE_CONNECT;
        }
        return EXIT_CODE_OK;
}

bool cli_worth_retrying(enum err rc, const struct call_status *status)
{
        switch (status->code) {
        case STATUS_RESOURCE_EXHAUSTED:
                return status->details.len == 0; /* what it says is wrong stays wrong: a quota */
        case STATUS_UNAVAILABLE:
        case STATUS_DEADLINE_EXCEEDED:
        case STATUS_ABORTED:
        case STATUS_CANCELLED:
                return true;
        case STATUS_OK: /* the stream ended without an answer */
                return rc == ERR_NOT_FOUND || rc == ERR_CANCELLED || rc == ERR_IO;
        default:
                return false;
        }
}

enum exit_code cli_call_failed(const struct cli *cli, enum err rc, const struct call_status *status)
{
        switch (status->code) {
        case STATUS_OK:
                complain(cli, WORD_CALL_BROKEN, err_sentence(rc));
                return cli_worth_retrying(rc, status) ? EXIT_CODE_CONNECT : EXIT_CODE_INTERNAL;
        case STATUS_CANCELLED:
        case STATUS_UNAVAILABLE:
        case STATUS_DEADLINE_EXCEEDED:
                complain(cli, WORD_GATEWAY_AWAY, status->message);
                return EXIT_CODE_CONNECT;
        case STATUS_INTERNAL:
        case STATUS_UNKNOWN:
        case STATUS_DATA_LOSS:
                complain(cli, WORD_GATEWAY_BROKEN, status->message);
                return EXIT_CODE_INTERNAL;
        default:
                complain(cli, WORD_GATEWAY_REFUSED, status->message);
                cli_print_refusal(cli, &status->details);
                return EXIT_CODE_REFUSED;
        }
}
