/* SPDX-License-Identifier: Apache-2.0 */
/* statements.h: every statement the store runs, X(NAME, text). The text is ours;
 * values are bound, in the order of the question marks. */
#ifndef STATGATE_GATEWAY_STORE_STATEMENTS_H
#define STATGATE_GATEWAY_STORE_STATEMENTS_H

/* In the order in which submission_read takes them. */
#define SUBMISSION_COLUMNS                                                                         \
        "s.number, s.id, s.municipality, s.dataset, s.first_day, s.last_day, s.mode, "             \
        "s.all_or_nothing, s.state, s.opened_at_ms, s.committed_at_ms, "                           \
        "ifnull(s.commit_number, 0), s.batches, s.accepted, s.rejected, s.digest, s.changes, "     \
        "s.fields, s.blanks, s.turned_away "

/* In the order in which vintage_read takes them. */
#define VINTAGE_COLUMNS                                                                            \
        "number, revision, published_at_ms, submissions, records, open, note, aliases, given_up "

/* In the order in which entry_read takes them. */
#define ENTRY_COLUMNS "number, at_ms, kind, commitment, pruned, salts, open, closed "

/* States: 1 open, 2 committed, 3 replaced, 4 withdrawn, 5 expired. A submission is
 * held when an open vintage names it. */
#define STORE_STATEMENTS(X)                                                                        \
        X(BEGIN, "BEGIN IMMEDIATE")                                                                \
        X(COMMIT, "COMMIT")                                                                        \
        X(ROLLBACK, "ROLLBACK")                                                                    \
        X(SAVEPOINT, "SAVEPOINT job")                                                              \
        X(RELEASE, "RELEASE job")                                                                  \
        X(ROLLBACK_TO, "ROLLBACK TO job")                                                          \
        X(SUBMISSION_FIND, "SELECT " SUBMISSION_COLUMNS "FROM submission s WHERE id = ?")          \
        X(SUBMISSION_BY_NUMBER, "SELECT " SUBMISSION_COLUMNS "FROM submission s WHERE number = ?") \
        X(SUBMISSION_INSERT,                                                                       \
                "INSERT INTO submission (id, municipality, dataset, first_day, last_day, mode, "   \
                "all_or_nothing, state, opened_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?)")         \
        X(SUBMISSION_COUNT_BATCH,                                                                  \
                "UPDATE submission SET batches = batches + 1, accepted = accepted + ?, "           \
                "rejected = rejected + ?, records = records + ?, fields = fields + ?, "            \
                "blanks = blanks + ? WHERE number = ?")                                            \
        X(SUBMISSION_COMMIT,                                                                       \
                "UPDATE submission SET state = 2, committed_at_ms = ?, digest = ?, "               \
                "turned_away = ?, "                                                                \
                "commit_number = (SELECT ifnull(max(commit_number), 0) + 1 FROM submission) "      \
                "WHERE number = ?")                                                                \
        X(SUBMISSION_REPLACE,                                                                      \
                "UPDATE submission SET state = 3 WHERE state = 2 AND municipality = ? "            \
                "AND dataset = ? AND first_day <= ? AND last_day >= ? AND number <> ?")            \
        X(SUBMISSION_END, "UPDATE submission SET state = ?, records = 0, changes = changes + 1 "   \
                          "WHERE number = ?")                                                      \
        X(SUBMISSION_RECOUNT,                                                                      \
                "UPDATE submission SET changes = changes + 1, records = "                          \
                "(SELECT ifnull(sum(rows), 0) FROM batch WHERE submission = ?) WHERE number = ?")  \
        X(SUBMISSIONS_EXPIRING,                                                                    \
                "SELECT number FROM submission WHERE state = 1 AND opened_at_ms < ?")              \
        X(SUBMISSIONS_UNHELD,                                                                      \
                "SELECT number FROM submission s WHERE state = 3 AND batches > 0 AND EXISTS "      \
                "(SELECT 1 FROM batch b WHERE b.submission = s.number) AND NOT EXISTS "            \
                "(SELECT 1 FROM vintage_submission m JOIN vintage v USING (number, revision) "     \
                "WHERE m.submission = s.number AND v.open = 1)")                                   \
        X(SUBMISSIONS_DUE,                                                                         \
                "SELECT number FROM submission s WHERE state IN (1, 2, 3) "                        \
                "AND (? = 0 OR municipality = ?) AND dataset = ? AND last_day < ? AND EXISTS "     \
                "(SELECT 1 FROM batch b WHERE b.submission = s.number)")                           \
        X(REMOVAL_OF_SUBMISSION,                                                                   \
                "INSERT INTO removal (at_ms, reason, municipality, dataset, submission, "          \
                "first_day, last_day, digest, batches, records) "                                  \
                "SELECT ?, ?, s.municipality, s.dataset, s.id, s.first_day, s.last_day, "          \
                "s.digest, count(b.sequence), ifnull(sum(b.rows), 0) "                             \
                "FROM submission s LEFT JOIN batch b ON b.submission = s.number "                  \
                "WHERE s.number = ?")                                                              \
        X(REMOVAL_OF_ROWS,                                                                         \
                "INSERT INTO removal (at_ms, reason, municipality, dataset, batches, records) "    \
                "VALUES (?, ?, ?, ?, ?, ?)")                                                       \
        X(REMOVAL_LAST, "SELECT batches, records FROM removal WHERE number = last_insert_rowid()") \
        X(REMOVALS, "SELECT number, at_ms, reason, municipality, dataset, submission, "            \
                    "ifnull(first_day, 0), ifnull(last_day, 0), digest, batches, records "         \
                    "FROM removal WHERE number >= ? ORDER BY number")                              \
        X(BATCH_INSERT,                                                                            \
                "INSERT INTO batch (submission, sequence, rows, accepted, rejected, epoch, "       \
                "receipt, checksum, spacer, sealed, person_epoch) VALUES (?, ?, ?, ?, ?, ?, ?, "   \
                "?, ?, ?, ?)")                                                                     \
        X(BATCH_REWRITE, "UPDATE batch SET rows = ?, checksum = ?, sealed = ? "                    \
                         "WHERE submission = ? AND sequence = ?")                                  \
        X(BATCH_RESEAL, "UPDATE batch SET epoch = ?, checksum = ?, sealed = ? "                    \
                        "WHERE submission = ? AND sequence = ?")                                   \
        X(BATCHES_OUTDATED,                                                                        \
                "SELECT s.id, b.sequence FROM submission s JOIN batch b "                          \
                "ON b.submission = s.number WHERE s.municipality = ? AND s.dataset = ? "           \
                "AND b.rows > 0 AND b.epoch < ? ORDER BY b.submission, b.sequence LIMIT ?")        \
        X(EPOCHS, "SELECT s.municipality, s.dataset, b.epoch, count(*), sum(b.rows) "              \
                  "FROM submission s JOIN batch b ON b.submission = s.number WHERE b.rows > 0 "    \
                  "GROUP BY s.municipality, s.dataset, b.epoch ORDER BY 1, 2, 3")                  \
        X(OWING, "SELECT s.municipality, s.dataset, count(*), sum(b.rows) "                        \
                 "FROM submission s JOIN batch b ON b.submission = s.number WHERE b.rows > 0 "     \
                 "AND s.state IN (1, 2) AND b.person_epoch BETWEEN 1 AND ? - 1 "                   \
                 "GROUP BY s.municipality, s.dataset ORDER BY 1, 2")                               \
        X(VINTAGES_OWING,                                                                          \
                "SELECT DISTINCT v.number FROM vintage v "                                         \
                "JOIN vintage_submission m USING (number, revision) "                              \
                "JOIN batch b ON b.submission = m.submission WHERE v.open = 1 AND b.rows > 0 "     \
                "AND b.person_epoch BETWEEN 1 AND ? - 1 ORDER BY v.number")                        \
        X(BATCH_COUNTS, "SELECT receipt, accepted, rejected FROM batch "                           \
                        "WHERE submission = ? AND sequence = ?")                                   \
        X(BATCH_READ,                                                                              \
                "SELECT sequence, rows, rejected, epoch, receipt, checksum, sealed FROM batch "    \
                "WHERE submission = ? AND sequence >= ? ORDER BY sequence LIMIT 1")                \
        X(BATCH_RECEIPTS,                                                                          \
                "SELECT sequence, receipt FROM batch WHERE submission = ? ORDER BY sequence")      \
        X(BATCH_DELETE, "DELETE FROM batch WHERE submission = ?")                                  \
        X(BATCHES_OF_MUNICIPALITY,                                                                 \
                "SELECT b.submission, b.sequence FROM submission s JOIN batch b "                  \
                "ON b.submission = s.number WHERE s.municipality = ? "                             \
                "ORDER BY b.submission, b.sequence")                                               \
        X(VINTAGE_PUBLISH,                                                                         \
                "INSERT INTO vintage (number, revision, published_at_ms, open, note, aliases) "    \
                "SELECT ifnull(max(number), 0) + 1, 0, ?, 1, ?, ? FROM vintage")                   \
        X(VINTAGE_FILL, "INSERT INTO vintage_submission (number, revision, submission) "           \
                        "SELECT ?, 0, number FROM submission WHERE state = 2")                     \
        X(VINTAGE_LATEST, "SELECT " VINTAGE_COLUMNS "FROM vintage WHERE open = 1 "                 \
                          "ORDER BY number DESC, revision DESC LIMIT 1")                           \
        X(VINTAGE_LAST, "SELECT " VINTAGE_COLUMNS "FROM vintage "                                  \
                        "ORDER BY number DESC, revision DESC LIMIT 1")                             \
        X(VINTAGE_FIND, "SELECT " VINTAGE_COLUMNS "FROM vintage "                                  \
                        "WHERE number = ? AND revision = ?")                                       \
        X(VINTAGES, "SELECT " VINTAGE_COLUMNS "FROM vintage ORDER BY number, revision")            \
        X(VINTAGES_HOLDING, "SELECT v.number, v.revision FROM vintage_submission m "               \
                            "JOIN vintage v USING (number, revision) "                             \
                            "WHERE m.submission = ? AND v.open = 1 ORDER BY v.number")             \
        X(VINTAGE_REVISE,                                                                          \
                "INSERT INTO vintage (number, revision, published_at_ms, open, note, aliases) "    \
                "SELECT number, revision + 1, ?, 1, note, aliases FROM vintage "                   \
                "WHERE number = ? AND revision = ?")                                               \
        X(VINTAGE_REFILL,                                                                          \
                "INSERT INTO vintage_submission (number, revision, submission) "                   \
                "SELECT m.number, m.revision + 1, m.submission FROM vintage_submission m "         \
                "JOIN submission s ON s.number = m.submission "                                    \
                "WHERE m.number = ? AND m.revision = ? AND s.state IN (2, 3)")                     \
        X(VINTAGE_COUNT, "UPDATE vintage SET (submissions, records) = "                            \
                         "(SELECT count(*), ifnull(sum(s.records), 0) FROM vintage_submission m "  \
                         "JOIN submission s ON s.number = m.submission "                           \
                         "WHERE m.number = vintage.number AND m.revision = vintage.revision) "     \
                         "WHERE number = ? AND revision = ?")                                      \
        X(VINTAGE_CLOSE, "UPDATE vintage SET open = 0 WHERE number = ? AND revision = ?")          \
        X(VINTAGE_RETIRE, "UPDATE vintage SET open = 0 WHERE number = ? AND open = 1")             \
        X(VINTAGE_GIVE_UP, "UPDATE vintage SET given_up = 1 WHERE number = ? AND given_up = 0")    \
        X(VINTAGE_TOLD, "SELECT (SELECT count(*) FROM ledger WHERE vintage = ?1), "                \
                        "(SELECT count(*) FROM lattice WHERE vintage = ?1)")                       \
        X(VINTAGE_SUBMISSIONS, "SELECT " SUBMISSION_COLUMNS "FROM vintage_submission m "           \
                               "JOIN submission s ON s.number = m.submission "                     \
                               "WHERE m.number = ? AND m.revision = ? AND s.dataset = ? "          \
                               "ORDER BY s.municipality, s.commit_number")                         \
        X(QUESTION_FIND, "SELECT 1 FROM question WHERE day = ? AND principal = ? AND digest = ?")  \
        X(QUESTIONS_OF_DAY, "SELECT count(*) FROM question WHERE day = ? AND principal = ?")       \
        X(ASKERS, "SELECT principal, count(*) FROM question WHERE day = ? GROUP BY principal "     \
                  "ORDER BY principal LIMIT ?")                                                    \
        X(QUESTION_INSERT, "INSERT INTO question (day, principal, digest) VALUES (?, ?, ?)")       \
        X(QUESTIONS_LATEST, "SELECT coalesce(max(day), 0) FROM question")                          \
        X(QUESTIONS_FORGET, "DELETE FROM question WHERE day < ?")                                  \
        X(LEDGER_INSERT,                                                                           \
                "INSERT INTO ledger (linkage, dataset, key, policy, vintage, revision, rows, "     \
                "question, answered) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")   \
        X(LEDGER, "SELECT key, policy, vintage, revision, rows, question, answered, number, "      \
                  "linkage FROM ledger NOT INDEXED WHERE dataset = ? AND number > ? "              \
                  "ORDER BY number LIMIT 1")                                                       \
        X(LATTICE_INSERT, "INSERT INTO lattice "                                                   \
                          "(dataset, vintage, revision, policy, checksum, length, body) "          \
                          "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")                   \
        X(LATTICE_FIND,                                                                            \
                "SELECT number, vintage, revision, policy, checksum, length, body FROM lattice "   \
                "WHERE dataset = ? AND vintage = ? AND revision = ? AND policy = ?")               \
        X(LATTICE_LOOK, "SELECT number, vintage, revision, policy, checksum FROM lattice "         \
                        "WHERE dataset = ? AND vintage = ? AND revision = ? AND policy = ?")       \
        X(LATTICES, "SELECT number, vintage, revision, policy, checksum FROM lattice "             \
                    "WHERE dataset = ? ORDER BY number DESC")                                      \
        X(ENTRY_INSERT,                                                                            \
                "INSERT INTO entry (number, at_ms, kind, commitment, salts, open, closed) "        \
                "VALUES (?, ?, ?, ?, ?, ?, ?)")                                                    \
        X(ENTRY_LAST, "SELECT number, at_ms FROM entry ORDER BY number DESC LIMIT 1")              \
        X(ENTRY_AFTER,                                                                             \
                "SELECT number, at_ms FROM entry WHERE number >= ? ORDER BY number LIMIT 1")       \
        X(LEAVES, "SELECT number, at_ms, kind, commitment FROM entry "                             \
                  "WHERE number >= ? AND number < ? ORDER BY number")                              \
        X(ENTRIES, "SELECT " ENTRY_COLUMNS "FROM entry WHERE number >= ? AND number < ? "          \
                   "ORDER BY number LIMIT ?")                                                      \
        X(ENTRIES_BACK, "SELECT " ENTRY_COLUMNS "FROM entry WHERE number >= ? AND number < ? "     \
                        "ORDER BY number DESC LIMIT ?")                                            \
        X(ENTRIES_PRUNE, "UPDATE entry SET pruned = 1, salts = zeroblob(32), open = "              \
                         "zeroblob(length(open)), "                                                \
                         "closed = zeroblob(length(closed)) WHERE number >= ? AND number < ? "     \
                         "AND pruned = 0 AND kind < 64 AND (? >> kind) & 1 = 1")                   \
        X(ENTRIES_TO_PRUNE, "SELECT count(*) FROM entry WHERE number >= ? AND number < ? "         \
                            "AND pruned = 0 AND kind < 64 AND (? >> kind) & 1 = 1")                \
        X(PRUNED, "SELECT before FROM pruned WHERE kind = ?")                                      \
        X(PRUNED_PUT, "INSERT INTO pruned (kind, before) VALUES (?, ?) "                           \
                      "ON CONFLICT DO UPDATE SET before = max(before, excluded.before)")           \
        X(SUBTREE_PUT, "INSERT OR REPLACE INTO subtree (level, place, hash) VALUES (?, ?, ?)")     \
        X(SUBTREES, "SELECT place, hash FROM subtree "                                             \
                    "WHERE level = ? AND place >= ? AND place < ? ORDER BY place")                 \
        X(HEAD_PUT, "INSERT OR REPLACE INTO head (size, root, at_ms, key_id, signature) "          \
                    "VALUES (?, ?, ?, ?, ?)")                                                      \
        X(HEADS_NEWEST, "SELECT size, at_ms FROM head ORDER BY size DESC LIMIT 2")                 \
        X(HEAD_DELETE, "DELETE FROM head WHERE size = ?")                                          \
        X(HEADS, "SELECT size, root, at_ms, key_id, signature FROM head "                          \
                 "WHERE size >= ? ORDER BY size")                                                  \
        X(COUNT, "SELECT count(*) FILTER (WHERE state = 1), count(*) FILTER (WHERE state = 2), "   \
                 "ifnull(sum(records) FILTER (WHERE state = 2), 0) FROM submission")

#endif
