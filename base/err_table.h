/* SPDX-License-Identifier: Apache-2.0 */
/* err_table.h: every way statgate can say no, once.
 *
 * ERR(name, kind, status, sentence)
 *   kind    REFUSED: the caller can mend it and gets the sentence.
 *           FAILED:  our fault; the detail goes to our log, the caller hears
 *                    "internal error" (or the sentence, where it helps to wait).
 *   status  the gRPC canonical code that carries it.
 * No sentence has room for a value that somebody sent us. */

/* The shape of what came in. */
ERR(MALFORMED, REFUSED, INVALID_ARGUMENT, "the message cannot be read")
ERR(TOO_LARGE, REFUSED, INVALID_ARGUMENT, "the message is larger than allowed")
ERR(INVALID, REFUSED, INVALID_ARGUMENT, "the request is not valid")
ERR(UNKNOWN_NAME, REFUSED, INVALID_ARGUMENT, "the request names something the policy does not know")
ERR(OUT_OF_ORDER, REFUSED, FAILED_PRECONDITION, "the message came out of order")
ERR(UNSUPPORTED, REFUSED, UNIMPLEMENTED, "this gateway does not offer that")

/* Who asks, and for what. */
ERR(NOT_AUTHENTICATED, REFUSED, UNAUTHENTICATED, "the client certificate names no known principal")
ERR(NOT_ALLOWED, REFUSED, PERMISSION_DENIED, "the policy does not allow this")
ERR(FOREIGN, REFUSED, PERMISSION_DENIED, "a municipality may act for itself only")
ERR(POLICY_REFUSED, REFUSED, FAILED_PRECONDITION, "the policy bundle is refused")
ERR(POLICY_SIGNATURE, REFUSED, FAILED_PRECONDITION, "the policy bundle is not signed as it must be")
ERR(POLICY_SUCCESSION, REFUSED, FAILED_PRECONDITION,
        "the policy bundle is not the successor of the running one")
ERR(LINKAGE_REFUSED, REFUSED, PERMISSION_DENIED, "no valid linkage rule covers this")

/* Deliveries. */
ERR(NOT_FOUND, REFUSED, NOT_FOUND, "there is no such thing")
ERR(CONFLICT, REFUSED, ALREADY_EXISTS, "the same id was used before with other content")
ERR(CLOSED, REFUSED, FAILED_PRECONDITION, "the submission is closed")
ERR(COMMIT_MISMATCH, REFUSED, FAILED_PRECONDITION, "the commit does not match what was received")
ERR(ROWS_REFUSED, REFUSED, INVALID_ARGUMENT,
        "rows were rejected and the delivery asks for all or nothing")
ERR(REJECTION_SHARE, REFUSED, FAILED_PRECONDITION,
        "too large a share of the rows was rejected to replace an earlier delivery")
ERR(PERSON_ID, REFUSED, INVALID_ARGUMENT, "a person id is not valid")
ERR(REPLAYED, REFUSED, ALREADY_EXISTS, "the batch was received before")
ERR(BOX_NEEDED, REFUSED, FAILED_PRECONDITION,
        "persons of this data set must be sealed to the key keeper")
ERR(BOX_KEY, REFUSED, FAILED_PRECONDITION,
        "the box is sealed to a key that the keeper has not, or no longer, in use")
ERR(BOX_CLOSED, REFUSED, INVALID_ARGUMENT, "the box does not open")
ERR(BOX_MISPLACED, REFUSED, INVALID_ARGUMENT, "the box was sealed for another place")
ERR(BOX_SIGNATURE, REFUSED, PERMISSION_DENIED,
        "the box is not signed by a submission key of this municipality")
ERR(QUOTA, REFUSED, RESOURCE_EXHAUSTED,
        "more distinct persons than the municipality's quota allows; the operator was told")
ERR(ERASURES, REFUSED, RESOURCE_EXHAUSTED,
        "as much was erased within a day as the municipality's quota allows; the operator was told")
ERR(DESTROYED, REFUSED, FAILED_PRECONDITION,
        "what is stored of a data set lies under keys that were destroyed: see `statgate keys "
        "status`")

/* Questions. */
ERR(TOO_MANY_CELLS, REFUSED, INVALID_ARGUMENT, "the table would have more cells than allowed")
ERR(TOO_FEW_PEOPLE, REFUSED, FAILED_PRECONDITION, "the answer would describe too few people")
ERR(NO_VINTAGE, REFUSED, FAILED_PRECONDITION, "no vintage has been published")
ERR(VINTAGE_CLOSED, REFUSED, FAILED_PRECONDITION, "the vintage is closed to new questions")

/* Load, time and weather. */
ERR(BUSY, REFUSED, RESOURCE_EXHAUSTED, "the gateway is busy; try again later")
ERR(LIMIT, REFUSED, RESOURCE_EXHAUSTED, "a limit was reached")
ERR(CANCELLED, REFUSED, CANCELLED, "the call was cancelled")
ERR(DEADLINE, REFUSED, DEADLINE_EXCEEDED, "the deadline passed")
ERR(DRAINING, REFUSED, UNAVAILABLE, "the gateway is shutting down")
ERR(KEEPER_GONE, FAILED, UNAVAILABLE, "the key keeper is not running")
ERR(KEEPER_REFUSED, FAILED, INTERNAL, "the key keeper refused a message")
ERR(DISK_FULL, FAILED, RESOURCE_EXHAUSTED, "the disk is full")
ERR(READ_ONLY, FAILED, UNAVAILABLE, "the store cannot be written")
ERR(IO, FAILED, UNAVAILABLE, "the store cannot be read or written")
ERR(CORRUPT, FAILED, DATA_LOSS, "stored data failed its check")
ERR(NO_MEMORY, FAILED, RESOURCE_EXHAUSTED, "not enough memory")
ERR(INTERNAL, FAILED, INTERNAL, "internal error")

/* Keys and start-up; heard by operators. */
ERR(PASSPHRASE, REFUSED, FAILED_PRECONDITION, "the passphrase does not open the keyring")
ERR(KEYRING, REFUSED, FAILED_PRECONDITION, "the keyring file cannot be read")
ERR(ROLLED_BACK, REFUSED, DATA_LOSS,
        "the keyring is not the one that was in use last; somebody has put an older copy back")
ERR(SEALED, REFUSED, UNAVAILABLE, "the keyring is sealed; its officers have to unseal it")
ERR(SHARE_TEXT, REFUSED, INVALID_ARGUMENT, "this is not a share, or a character of it is wrong")
ERR(SHARES, REFUSED, FAILED_PRECONDITION, "shares are missing, given twice, or not of one set")
ERR(HSM, REFUSED, UNAVAILABLE, "the security module does not unwrap the key")
ERR(ROTATING, REFUSED, FAILED_PRECONDITION, "an earlier rotation has to end first")
ERR(LOG_CHANGED, FAILED, DATA_LOSS,
        "the audit log is not what was signed: it was cut, changed or replaced")
ERR(SELF_TEST, FAILED, INTERNAL, "a cryptographic self-test failed")
ERR(MEMORY_LOCK, REFUSED, FAILED_PRECONDITION, "memory cannot be locked; raise the memlock limit")
ERR(IN_USE, REFUSED, FAILED_PRECONDITION, "another gateway uses this folder")
ERR(CONFIG, REFUSED, INVALID_ARGUMENT, "the configuration is not valid")
ERR(UNREADABLE, REFUSED, FAILED_PRECONDITION, "a file cannot be read")
ERR(TAMPERED, REFUSED, DATA_LOSS, "the seal is broken")
