/* SPDX-License-Identifier: Apache-2.0 */
/* command_table.h: the subcommands, in the order of help. A row names a
 * `const struct command command_NAME` in one of this folder's files. */
COMMAND(init)
COMMAND(submit)
COMMAND(submission)
COMMAND(withdraw)
COMMAND(erase)
COMMAND(datasets)
COMMAND(query)
COMMAND(vintage_publish)
COMMAND(vintage_list)
COMMAND(status)
COMMAND(reload)
COMMAND(policy_check)
COMMAND(policy_digest)
COMMAND(policy_sign)
COMMAND(generate)
