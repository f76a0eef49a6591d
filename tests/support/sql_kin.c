/* SPDX-License-Identifier: Apache-2.0 */
/* sql_kin.c: who is whose kin and which family everybody counts as, from the words of
 * gateway/linkage/view.h alone: joins for kin, a recursive query for chains, and for the
 * families a loop that looks for the next guardian again every time. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/sql_world.h"

static void load_edges(struct sql_world *w)
{
        sql_run(w->db, "CREATE TABLE edge(child INTEGER, guardian INTEGER, day INTEGER);"
                       "CREATE TABLE present(p INTEGER PRIMARY KEY)");
        sqlite3_stmt *s = sql_prepare(w->db, "INSERT INTO edge VALUES(?,?,?)");
        for (uint32_t i = 0; i < w->edges_len; i++) {
                sqlite3_reset(s);
                sqlite3_clear_bindings(s);
                sqlite3_bind_int64(s, 1, w->child[i]);
                sqlite3_bind_int64(s, 2, w->guardian[i]);
                if (w->edges[i].day != MISSING_I32)
                        sqlite3_bind_int64(s, 3, w->edges[i].day);
                int rc = sqlite3_step(s);
                assert(rc == SQLITE_DONE);
        }
        sqlite3_finalize(s);
        for (uint32_t i = 0; i < w->parts_len; i++) {
                char text[256];

                snprintf(text, sizeof text,
                        "INSERT OR IGNORE INTO present SELECT p FROM \"t_%.*s\" WHERE p IS NOT "
                        "NULL",
                        (int)w->datasets[i]->id.len, (const char *)w->datasets[i]->id.data);
                sql_run(w->db, text);
        }
}

/* Far ends stand for "always". */
static void find_kin(struct sql_world *w)
{
        char text[4096];

        snprintf(text, sizeof text,
                "CREATE TABLE pair AS SELECT child, guardian, "
                " coalesce(MIN(day), -2000000000) AS named,"
                " coalesce(MIN(day) - %u, -2000000000) AS f,"
                " coalesce(MAX(day) + %u, 2000000000) AS l FROM edge"
                " WHERE child <> guardian AND child IN (SELECT p FROM present)"
                " GROUP BY child, guardian;"
                "CREATE INDEX pair_child ON pair(child);"
                "CREATE INDEX pair_guardian ON pair(guardian);"
                "CREATE TABLE over AS SELECT guardian FROM pair GROUP BY guardian"
                " HAVING COUNT(*) > %u;"
                "CREATE TABLE link AS SELECT DISTINCT a.child AS p, b.child AS k"
                " FROM pair a JOIN pair b USING (guardian)"
                " WHERE guardian NOT IN (SELECT guardian FROM over);"
                "CREATE INDEX link_p ON link(p, k);"
                "CREATE TABLE missing AS SELECT child AS p FROM pair"
                " WHERE guardian IN (SELECT guardian FROM over)"
                " UNION SELECT p FROM ("
                "  WITH RECURSIVE reach(p, k) AS (SELECT p, k FROM link"
                "   UNION SELECT reach.p, link.k FROM reach JOIN link ON link.p = reach.k)"
                "  SELECT p FROM reach GROUP BY p HAVING COUNT(*) > %u);"
                "CREATE TABLE kin AS SELECT a.child AS p, b.child AS k, max(a.f, b.f) AS f,"
                " min(a.l, b.l) AS l FROM pair a JOIN pair b USING (guardian)"
                " WHERE a.child <> b.child AND max(a.f, b.f) <= min(a.l, b.l)"
                " AND guardian NOT IN (SELECT guardian FROM over)"
                " AND a.child NOT IN (SELECT p FROM missing);"
                "CREATE INDEX kin_p ON kin(p);",
                w->limits.holds_days, w->limits.holds_days, w->limits.children_max,
                w->limits.persons_max);
        sql_run(w->db, text);
}

/* For counting: children of guardians who are followed, by guardian. */
struct members {
        int64_t *guardian, *child, *named;
        uint32_t len;
        int64_t *family; /* by person; -1: none yet */
};

static struct members read_members(const struct sql_world *w)
{
        struct members m = {0};
        sqlite3_stmt *s = sql_prepare(w->db,
                "SELECT guardian, child, MIN(named) OVER (PARTITION BY guardian),"
                " child IN (SELECT p FROM missing) FROM pair"
                " WHERE guardian NOT IN (SELECT guardian FROM over) ORDER BY guardian, child");

        m.guardian = calloc(w->edges_len + 1, sizeof(int64_t));
        m.child = calloc(w->edges_len + 1, sizeof(int64_t));
        m.named = calloc(w->edges_len + 1, sizeof(int64_t));
        m.family = calloc(w->persons, sizeof(int64_t));
        assert(m.guardian && m.child && m.named && m.family);
        for (uint32_t p = 0; p < w->persons; p++)
                m.family[p] = -1;
        while (sql_next(w->db, s)) {
                if (sqlite3_column_int(s, 3) != 0)
                        continue;
                m.guardian[m.len] = sqlite3_column_int64(s, 0);
                m.child[m.len] = sqlite3_column_int64(s, 1);
                m.named[m.len++] = sqlite3_column_int64(s, 2);
        }
        return m;
}

/* Where the children of the guardian stand who comes first; false: nobody has two left. */
static bool next_guardian(const struct members *m, uint32_t *out_begin, uint32_t *out_end)
{
        uint32_t most = 1;
        int64_t named = 0;

        for (uint32_t i = 0, end; i < m->len; i = end) {
                uint32_t left = 0;

                for (end = i; end < m->len && m->guardian[end] == m->guardian[i]; end++)
                        left += m->family[m->child[end]] < 0;
                if (left < 2 || left < most || (left == most && m->named[i] >= named))
                        continue;
                most = left;
                named = m->named[i];
                *out_begin = i;
                *out_end = end;
        }
        return most > 1;
}

static void find_families(struct sql_world *w)
{
        struct members m = read_members(w);
        uint32_t begin = 0, end = 0;

        while (next_guardian(&m, &begin, &end))
                for (uint32_t i = begin; i < end; i++)
                        if (m.family[m.child[i]] < 0)
                                m.family[m.child[i]] = w->persons + m.guardian[i];
        sql_run(w->db, "CREATE TABLE family(p INTEGER PRIMARY KEY, fam INTEGER)");
        sqlite3_stmt *s = sql_prepare(
                w->db, "INSERT INTO family SELECT ?1, ?2 WHERE ?1 NOT IN (SELECT p FROM missing)");
        for (uint32_t p = 0; p < w->persons; p++) {
                sqlite3_reset(s);
                sqlite3_bind_int64(s, 1, p);
                sqlite3_bind_int64(s, 2, m.family[p] >= 0 ? m.family[p] : p);
                int rc = sqlite3_step(s);
                assert(rc == SQLITE_DONE);
        }
        sqlite3_finalize(s);
        free(m.guardian);
        free(m.child);
        free(m.named);
        free(m.family);
}

void sql_kin_make(struct sql_world *w)
{
        load_edges(w);
        find_kin(w);
        find_families(w);
}
