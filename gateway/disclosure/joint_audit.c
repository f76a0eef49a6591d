/* SPDX-License-Identifier: Apache-2.0 */
/* joint_audit.c: how near the cells are told, before they leave.
 *
 * The auditor is given what everybody will see: which cells there are, what of them is shown,
 * the marks of the others. Values are taken from the tables only where they are shown.
 *
 * Persons in several categories do not add up. Where a dimension says so the auditor is told; and
 * where one does not say so and it is, no table fits what is shown: whoever sees that knows it
 * too, and asks again as we do, with every total between its largest part and their sum. */
#include "base/attrs.h"
#include "gateway/disclosure/audit.h"
#include "gateway/disclosure/bounds.h"
#include "gateway/disclosure/joint.h"

/* Iterations of linear programs where nothing is left of the work: enough to say "limited". */
enum { ITERATIONS_LEAST = 1000 };

static bool is_absent(uint8_t status)
{
        return status == CELL_MISSING || status == CELL_NOT_APPLICABLE;
}

/* What is seen of one table. */
static void table_show(const struct joint *j, uint32_t n, uint8_t *status, int64_t *values)
{
        const struct table *t = j->release->tables[n];

        for (size_t i = 0; i < t->cells_len; i++) {
                uint32_t at = j->base.space.cell_of[n][i];

                if (at == SPACE_NOWHERE)
                        continue;
                if (t->status[i] == CELL_VALUE) {
                        status[at] = AUDIT_PUBLISHED;
                        values[at] = t->persons[i];
                } else if (t->status[i] == CELL_PROTECTED && status[at] != AUDIT_PUBLISHED) {
                        bool maybe = joint_maybe_zero(j, n, i);

                        if (!maybe || status[at] != AUDIT_PROTECTED)
                                status[at] = maybe ? AUDIT_REFUSED : AUDIT_PROTECTED;
                } else if (is_absent(t->status[i]) && t->persons[i] == 0 &&
                           status[at] == AUDIT_ABSENT) {
                        status[at] = AUDIT_ZERO;
                }
        }
}

static enum err release_show(
        const struct joint *j, struct arena *scratch, struct audit_release *out)
{
        const struct space *s = &j->base.space;
        uint8_t *status = arena_alloc(scratch, s->cells, sizeof *status);
        int64_t *values = arena_alloc(scratch, s->cells, sizeof *values);
        struct audit_table *tables = arena_alloc(scratch, s->blocks_len, sizeof *tables);

        if (status == NULL || values == NULL || tables == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < s->cells; i++)
                status[i] = AUDIT_ABSENT;
        for (uint32_t n = 0; n < j->release->tables_len; n++)
                table_show(j, n, status, values);
        for (uint32_t b = 0; b < s->blocks_len; b++)
                tables[b] = (struct audit_table){.dimensions = s->block[b].dimensions,
                        .dimensions_len = s->block[b].dimensions_len,
                        .status = status + s->block[b].offset,
                        .values = values + s->block[b].offset};
        *out = (struct audit_release){.dimensions = s->dimension,
                .dimensions_len = s->dimensions_len,
                .overlapping = s->overlapping,
                .tables = tables,
                .tables_len = s->blocks_len,
                .inner = s->inner,
                .inner_len = s->inner_len,
                .zeros_published = j->settings->zeros_published,
                .threshold = joint_threshold_told(j),
                .told = j->seen.arena != NULL ? &j->seen.told : NULL};
        return ERR_OK;
}

/* Dimensions of which some total is not the sum of its parts, as bits. */
static unsigned overlaps(const struct joint *j)
{
        unsigned found = 0;

        for (uint32_t n = 0; n < j->release->tables_len; n++) {
                const struct table *t = j->release->tables[n];
                size_t stride = 1;

                for (uint32_t d = t->dimensions_len; d-- > 0;) {
                        size_t len = t->dimensions[d].len;
                        uint32_t shared =
                                j->release->axes == NULL ? d : j->release->axes[n][d].shared;

                        for (size_t i = 0; i < t->cells_len; i++) {
                                int64_t sum = 0;

                                if (i / stride % (len + 1) != len)
                                        continue;
                                for (size_t k = 1; k <= len; k++)
                                        sum += t->persons[i - k * stride];
                                found |= (unsigned)(sum != t->persons[i]) << shared;
                        }
                        stride *= len + 1;
                }
        }
        return found;
}

static enum err ask(struct joint *j, struct arena *scratch, const struct audit_release *release,
        struct audit_verdict *out)
{
        const struct disclosure_settings *s = j->settings;
        const struct audit_options options = {.attacker = AUDIT_RULES,
                .cells_max = s->audit_cells_max,
                .seed = s->seed,
                .width = s->interval,
                .work_limit = j->iterations > ITERATIONS_LEAST ? j->iterations : ITERATIONS_LEAST,
                .cancel = j->cancel};

        TRY(audit_run(scratch, release, &options, out));
        j->iterations -= out->iterations < j->iterations ? out->iterations : j->iterations;
        j->limited |= out->limited;
        return ERR_OK;
}

/* Where all widths were shown to the auditor, what he did not see is as good as narrow; else those
 * of whom nobody asked are only said to be. How many. */
static size_t nearly_mark(
        struct joint *j, const struct audit_release *release, const struct audit_verdict *v)
{
        const struct space *s = &j->base.space;
        int64_t width = j->settings->interval > 1 ? j->settings->interval : 1;
        bool shown = release->told != NULL && release->overlapping == 0;
        size_t found = 0;

        for (size_t i = 0; i < v->len; i++) {
                const struct audit_interval *x = &v->intervals[i];
                bool ends = x->low > -BOUNDS_NONE && x->high < BOUNDS_NONE;

                if (x->audited ? !ends || x->high - x->low >= width : !shown)
                        continue;
                j->nearly[s->block[x->table].offset + x->cell] = true;
                found++;
        }
        return found;
}

enum err joint_audit(struct joint *j, struct joint_verdict *out)
{
        OWNED(arena_free) struct arena *scratch = arena_new(SIZE_MAX);
        struct audit_release release;
        struct audit_verdict verdict;

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        TRY(release_show(j, scratch, &release));
        TRY(ask(j, scratch, &release, &verdict));
        if (!verdict.feasible) {
                release.overlapping |= overlaps(j);
                TRY(ask(j, scratch, &release, &verdict));
        }
        *out = (struct joint_verdict){.of = verdict.len};
        if (!verdict.feasible)
                return ERR_OK;
        *out = (struct joint_verdict){.audited = verdict.audited,
                .of = verdict.len,
                .exact = verdict.exact,
                .narrow = nearly_mark(j, &release, &verdict)};
        return ERR_OK;
}
