/* SPDX-License-Identifier: Apache-2.0 */
/* main.c: statgate-keeper-bridge, by which the keeper can be somebody else's.
 *
 *      statgated ── socket pair, shared memory ── connect ── unix or mTLS ── serve ── keeper
 *
 * `connect` stands where the gateway's keeper would: the gateway starts it, asks it, and goes down
 * with it, all in the same words. `serve` starts the ordinary keeper for its custodian, another
 * user or another machine. Neither has a key; both carry what the gateway may know anyway. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "gateway/bridge/program.h"

/* No core dump ever holds a record, and no child more than its parent. */
static void harden(void)
{
        const struct rlimit none = {0, 0};

        (void)setrlimit(RLIMIT_CORE, &none);
        (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
        (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        (void)umask(077);
        (void)signal(SIGPIPE, SIG_IGN);
}

static void help(void)
{
        printf("Usage: statgate-keeper-bridge serve FOLDER\n"
               "       statgate-keeper-bridge adopt FOLDER\n"
               "The key keeper as its custodian has it: another user, or another machine.\n\n"
               "  serve  starts the keeper and listens for one gateway\n"
               "  adopt  takes the keyring that lies in FOLDER for the one in use, older or from\n"
               "         elsewhere; a ceremony, never a habit\n\n"
               "FOLDER is made by `statgate keys init --custodian FOLDER`. Its statgate.yaml "
               "says:\n"
               "  listen       unix:/PATH or tls:HOST:PORT\n"
               "  gateway      who may come: user:NAME, uid:N (unix);\n"
               "               statgate://TRUST/gateway/NAME, sha256:HEX (tls)\n"
               "  listen_pki   folder with keeper.pem, keeper.key and ca.pem [pki]\n"
               "  unseal       officers, passphrase or hsm [officers]; hsm_… as for statgated\n"
               "  keyring, passphrase_file, memory_lock, keeper, log, log_level\n\n"
               "Signals: SIGTERM and SIGINT stop.\n"
               "Exit: 0 stopped as asked, 1 the keeper died, 2 wrong settings, 3 could not start.\n"
               "statgated starts this program itself where its statgate.yaml has `custodian:`.\n");
}

int main(int argc, char **argv)
{
        harden();
        if (argc == 3 && strcmp(argv[1], "serve") == 0)
                return (int)serve(argv[2]);
        if (argc == 3 && strcmp(argv[1], "adopt") == 0)
                return (int)adopt(argv[2]);
        if (argc == 6 && strcmp(argv[1], "connect") == 0)
                return (int)connect_to(argv + 2);
        help();
        return argc == 2 && strcmp(argv[1], "--help") == 0 ? EXIT_STOPPED : EXIT_SETTINGS;
}
