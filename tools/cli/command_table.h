/* SPDX-License-Identifier: Apache-2.0 */
/* command_table.h: the subcommands, in the order of help. A row names a
 * `const struct command command_NAME` in one of this folder's files. */
COMMAND(init)
COMMAND(submit)
COMMAND(erase)
COMMAND(policy_check)
COMMAND(policy_digest)
COMMAND(policy_sign)
COMMAND(generate)
