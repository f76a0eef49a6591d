/* SPDX-License-Identifier: Apache-2.0 */
/* report_page.c: what a data-protection officer asks first, in the order in which she asks it: what
 * wants looking at, who asked what for which purpose, what was refused and why, how much was
 * protected, what was linked, what came in and what went, keys, rules, and who read the log.
 *
 * Anomalies are sums that anybody can check against the log, not guesses: each says by which
 * number it was found. */
#include "tools/cli/audit/report_page.h"

#include <string.h>

#include "base/clock.h"
#include "tools/cli/ask.h"
#include "tools/cli/render_parts.h"

enum {
        DAY_MS = 86400000,
        DAY_TEXT = 11,
        NEAR_BUDGET = 800,     /* per mille of a day's questions */
        PROBING_TOO_FEW = 10,  /* refused for too few, one day, one data set */
        PROBING_PROTECTED = 20 /* mostly protected answers, likewise */
};

static const char *number(const struct page *p, uint64_t n)
{
        char text[NUMBER_TEXT];

        return text_from(p->cli, bytes_of_text(cli_number(p->cli, n, text)));
}

static const char *instant(const struct page *p, int64_t at_ms)
{
        char text[INSTANT_TEXT];

        return text_from(p->cli, bytes_of_text(instant_text(at_ms, text)));
}

static const char *date(const struct page *p, int64_t at_ms)
{
        char text[DAY_TEXT];

        if (at_ms <= 0)
                return "";
        days_format((int32_t)(at_ms / DAY_MS), text);
        return text_from(p->cli, bytes_of_text(text));
}

static const char *share(const struct page *p, uint64_t part, uint64_t whole)
{
        char text[VALUE_TEXT];

        if (whole == 0)
                return "";
        return text_from(p->cli, bytes_of_text(permille_text(p->cli,
                                         (uint32_t)((part * 1000 + whole / 2) / whole), text)));
}

static uint64_t count_of(struct tally *t, const char *part)
{
        uint32_t len;
        const struct tally_row *rows = tally_rows(t, &len);

        for (uint32_t i = 0; i < len; i++)
                if (strcmp(rows[i].parts[0], part) == 0)
                        return rows[i].counts[0];
        return 0;
}

/* A tally as a table: its first `parts` parts, then its first `counts` counts. */
static void table_of(struct page *p, struct tally *t, const char *caption, const char *const *heads,
        unsigned parts, unsigned counts)
{
        uint32_t len;
        const struct tally_row *rows = tally_rows(t, &len);
        const char *texts[TALLY_PARTS + TALLY_COUNTS];

        if (len == 0) {
                page_text(p, L("Inga.", "None."));
                return;
        }
        page_table_begin(p, caption, heads, parts + counts, parts);
        for (uint32_t i = 0; i < len; i++) {
                for (unsigned k = 0; k < parts; k++)
                        texts[k] = rows[i].parts[k];
                for (unsigned k = 0; k < counts; k++)
                        texts[parts + k] = number(p, rows[i].counts[k]);
                page_row(p, texts, parts + counts, parts);
        }
        page_table_end(p);
}

static void bars_of(struct page *p, struct tally *t, const char *caption)
{
        struct page_bar bars[20];
        uint32_t len;
        const struct tally_row *rows = tally_rows(t, &len);

        if (len > ARRAY_LEN(bars))
                len = ARRAY_LEN(bars);
        for (uint32_t i = 0; i < len; i++)
                bars[i] = (struct page_bar){rows[i].parts[0], rows[i].counts[0]};
        if (len > 0)
                page_bars(p, caption, bars, len);
}

static void events_of(struct page *p, const struct account_events *events, const char *none)
{
        const char *const heads[] = {
                L("post", "entry"), L("när", "when"), L("slag", "kind"), L("vad", "what")};

        if (events->len == 0) {
                page_text(p, none);
                return;
        }
        page_table_begin(p, "", heads, 4, 4);
        for (uint32_t i = 0; i < events->len; i++) {
                const struct account_event *e = &events->list[i];
                const char *texts[] = {
                        number(p, e->number), instant(p, e->at_ms), e->kind, e->what};

                page_row(p, texts, 4, 4);
        }
        page_table_end(p);
        if (events->more > 0)
                page_text(p, arena_printf(p->cli->arena, "+ %s", number(p, events->more)));
}

/* What wants looking at ------------------------------------------------------------- */

static unsigned warn_budgets(struct page *p, struct account *a)
{
        uint32_t len;
        const struct tally_row *rows = tally_rows(a->budgets, &len);
        unsigned n = 0;

        for (uint32_t i = 0; i < len && rows[i].counts[0] >= NEAR_BUDGET; i++, n++)
                page_warning(p, PHRASE("{1} använde som mest {2} av en dags frågor.",
                                        "{1} used at most {2} of a day's questions.",
                                        rows[i].parts[0], share(p, rows[i].counts[0], 1000)));
        return n;
}

static unsigned warn_probing(struct page *p, struct account *a)
{
        uint32_t len;
        const struct tally_row *rows = tally_rows(a->probing, &len);
        unsigned n = 0;

        for (uint32_t i = 0; i < len; i++) {
                if (rows[i].counts[0] < PROBING_TOO_FEW && rows[i].counts[1] < PROBING_PROTECTED)
                        continue;
                n++;
                page_warning(p,
                        PHRASE("{1}, {2}: {3} frågor om {4} nekades för att de gällde för få, och "
                               "{5} "
                               "svar var till största delen skyddade. Så ser det ut när någon "
                               "prövar "
                               "nära gränserna.",
                                "{1}, {2}: {3} questions about {4} were refused for being "
                                "about too "
                                "few, and {5} answers were mostly protected. That is what "
                                "probing near the thresholds looks like.",
                                rows[i].parts[0], rows[i].parts[1], number(p, rows[i].counts[0]),
                                rows[i].parts[2], number(p, rows[i].counts[1])));
        }
        return n;
}

static unsigned warn_keys(struct page *p, const struct report_beside *b)
{
        uint64_t due = 0;

        for (uint32_t i = 0; i < b->keys.len; i++)
                due += b->keys.keys[i].due_at_ms != 0 && b->keys.keys[i].due_at_ms <= b->made_ms;
        if (due > 0)
                page_warning(p, PHRASE("{1} nycklar skulle ha bytts (statgate keys status).",
                                        "{1} keys are due for rotation (statgate keys status).",
                                        number(p, due)));
        return due > 0;
}

static unsigned warn_witnesses(struct page *p, const struct report_beside *b)
{
        unsigned n = 0;

        for (uint32_t i = 0; i < b->heads.witnesses_len; i++) {
                const struct wire_witness *w = &b->heads.witnesses[i];

                if (w->failed_ms == 0)
                        continue;
                n++;
                page_warning(p, PHRASE("Vittnet {1} tar inte emot trädhuvuden sedan {2}.",
                                        "The witness {1} takes no heads since {2}.",
                                        text_from(p->cli, w->name), instant(p, w->failed_ms)));
        }
        if (b->heads.witnesses_len == 0) {
                n++;
                page_warning(p,
                        L("Inget vittne får se loggens trädhuvuden: den som styr både loggen och "
                          "nyckelvakten kan skriva om den utan att det märks (inställningen "
                          "witnesses).",
                                "No witness is shown the log's heads: whoever controls both the "
                                "log and "
                                "the key keeper can rewrite it unnoticed (setting witnesses)."));
        }
        return n;
}

static void look_at(struct page *p, struct account *a, const struct report_beside *b)
{
        unsigned n = 0;

        page_heading(p, L("Att se närmare på", "To be looked at"));
        n += warn_budgets(p, a);
        n += warn_probing(p, a);
        n += warn_keys(p, b);
        n += warn_witnesses(p, b);
        if (a->unreadable > 0) {
                n++;
                page_warning(p, PHRASE("{1} poster går inte att läsa (statgate audit verify).",
                                        "{1} entries cannot be read (statgate audit verify).",
                                        number(p, a->unreadable)));
        }
        if (n == 0 && a->alarms.len == 0)
                page_text(p, L("Ingenting avvek.", "Nothing stood out."));
        if (a->alarms.len > 0)
                events_of(p, &a->alarms, "");
}

/* Questions --------------------------------------------------------------------------- */

static void questions(struct page *p, struct account *a)
{
        const char *const heads[] = {L("vem", "who"), L("ändamål", "purpose"),
                L("datamängd", "data set"), L("besvarade", "answered"), L("nekade", "refused")};

        page_heading(p, L("Vem frågade vad, och för vilket ändamål",
                                "Who asked what, and for which purpose"));
        if (count_of(a->kinds, "answered") + count_of(a->kinds, "refused") == 0) {
                page_text(p, L("Inga frågor ställdes.", "No questions were asked."));
                return;
        }
        page_days(p, L("Frågor per dag", "Questions a day"), L("besvarade", "answered"),
                L("nekade", "refused"), a->days, a->days_len);
        table_of(p, a->questions, "", heads, 3, 2);
}

static void refusals(struct page *p, struct account *a)
{
        const char *const heads[] = {
                L("skäl", "reason"), L("gällde", "about"), L("frågor", "questions")};

        page_heading(p, L("Nekade frågor, efter regel", "Refusals, by rule"));
        if (count_of(a->kinds, "refused") == 0) {
                page_text(p, L("Ingen fråga nekades.", "No question was refused."));
                return;
        }
        bars_of(p, a->refusals, L("Nekade frågor efter skäl", "Refused questions by reason"));
        table_of(p, a->refusals, "", heads, 2, 1);
}

static void protection(struct page *p, struct account *a)
{
        const char *const fired[] = {L("skyddsregel", "rule of disclosure control"),
                L("celler", "cells"), L("svar", "answers")};
        const char *const sources[] = {L("svar kom ur", "answers came from"), L("svar", "answers")};
        uint64_t shown = count_of(a->statuses, "free");
        uint64_t all = shown + count_of(a->statuses, "protected");

        page_heading(p, L("Skyddade celler", "Protected cells"));
        if (all == 0) {
                page_text(p, L("Inga tabeller lämnades ut.", "No tables left."));
                return;
        }
        page_text(p, PHRASE("Av {1} celler med uppgifter i utlämnade tabeller visades {2}; {3} "
                            "skyddades.",
                             "Of {1} cells with figures in tables that left, {2} were shown; {3} "
                             "protected.",
                             number(p, all), number(p, shown), share(p, all - shown, all)));
        bars_of(p, a->statuses, L("Celler efter status", "Cells by status"));
        table_of(p, a->fired, "", fired, 1, 2);
        table_of(p, a->sources, "", sources, 1, 1);
}

static void linkages(struct page *p, struct account *a)
{
        const char *const heads[] = {L("länkning", "linkage"), L("ändamål", "purpose"),
                L("besvarade", "answered"), L("nekade", "refused")};

        page_heading(p, L("Länkningar som användes", "Linkages that were used"));
        table_of(p, a->linkages, "", heads, 2, 2);
}

/* Deliveries and removals -------------------------------------------------------------- */

static void deliveries(struct page *p, struct account *a)
{
        const char *const heads[] = {
                L("datamängd", "data set"), L("händelse", "event"), L("leveranser", "deliveries")};

        page_heading(p, L("Leveranser", "Deliveries"));
        table_of(p, a->deliveries, "", heads, 2, 1);
}

static void removals(struct page *p, struct account *a, const struct report_beside *b)
{
        const char *const counted[] = {
                L("händelse", "event"), L("slag", "kind"), L("antal", "number")};
        const char *const heads[] = {L("nr", "no."), L("när", "when"), L("skäl", "reason"),
                L("kommun", "municipality"), L("datamängd", "data set"), L("buntar", "batches")};

        page_heading(p, L("Radering och gallring", "Erasure and retention"));
        table_of(p, a->removals, "", counted, 2, 1);
        if (b->removals.len == 0)
                return;
        page_table_begin(
                p, L("Bevis: vad som togs bort", "Proof: what was taken away"), heads, 6, 5);
        for (uint32_t i = 0; i < b->removals.len; i++) {
                const struct wire_removal *r = &b->removals.removals[i];
                const char *texts[] = {number(p, r->number), instant(p, r->at_ms),
                        text_from(p->cli, r->reason),
                        arena_printf(p->cli->arena, "%04u", r->municipality),
                        text_from(p->cli, r->dataset), number(p, r->batches)};

                page_row(p, texts, 6, 5);
        }
        page_table_end(p);
}

/* Keys, rules, the log ------------------------------------------------------------------ */

static void keys(struct page *p, struct account *a, const struct report_beside *b)
{
        const char *const heads[] = {L("slag", "kind"), L("namn", "name"), L("gjord", "made"),
                L("byts senast", "due"), L("godtas till", "accepted until")};
        uint64_t domains = 0, rotating = 0;

        page_heading(p, L("Nycklar", "Keys"));
        page_table_begin(p, "", heads, 5, 5);
        for (uint32_t i = 0; i < b->keys.len; i++) {
                const struct wire_key *k = &b->keys.keys[i];

                if (bytes_is_text(k->kind, "domain")) {
                        domains += k->epoch != 0;
                        rotating += k->epoch != 0 && k->oldest < k->epoch;
                        continue;
                }
                const char *texts[] = {text_from(p->cli, k->kind), text_from(p->cli, k->name),
                        date(p, k->created_at_ms), date(p, k->due_at_ms), date(p, k->until_ms)};

                page_row(p, texts, 5, 5);
        }
        page_table_end(p);
        page_text(p, PHRASE("{1} domäner har nycklar; {2} av dem byter just nu.",
                             "{1} domains have keys; {2} of them rotate just now.",
                             number(p, domains), number(p, rotating)));
        page_subheading(p, L("Händelser", "Events"));
        events_of(p, &a->keys, L("Inget hände med nycklarna.", "Nothing happened to the keys."));
}

static void the_log(struct page *p, struct account *a, const struct report_beside *b)
{
        const char *const kinds[] = {L("slag av post", "kind of entry"), L("poster", "entries")};
        const char *const reads[] = {L("vem", "who"), L("läste", "read"), L("gånger", "times")};
        const char *const shown[] = {
                L("vittne", "witness"), L("har sett poster", "has seen entries")};

        page_heading(p, L("Loggen själv", "The log itself"));
        if (b->heads.has_newest)
                page_text(p,
                        PHRASE("Nyckelvaktens senaste trädhuvud täcker {1} poster, signerat {2}. "
                               "Rapporten bygger på {3} poster, varav {4} är gallrade.",
                                "The key keeper's newest head covers {1} entries, signed "
                                "{2}. This report rests on {3} entries, {4} of them pruned.",
                                number(p, b->heads.newest.size), instant(p, b->heads.newest.at_ms),
                                number(p, a->entries), number(p, a->pruned)));
        if (b->heads.witnesses_len > 0)
                page_table_begin(p, "", shown, 2, 1);
        for (uint32_t i = 0; i < b->heads.witnesses_len; i++) {
                const char *texts[] = {text_from(p->cli, b->heads.witnesses[i].name),
                        number(p, b->heads.witnesses[i].size)};

                page_row(p, texts, 2, 1);
        }
        if (b->heads.witnesses_len > 0)
                page_table_end(p);
        table_of(p, a->kinds, "", kinds, 1, 1);
        table_of(p, a->readings, L("Vem läste loggen", "Who read the log"), reads, 2, 1);
}

enum err report_page(
        const struct cli *cli, FILE *to, struct account *a, const struct report_beside *b)
{
        struct page room, *p = &room;
        struct text title = {"Granskningsrapport", "Audit report"};

        page_begin(p, cli, to, cli_text(cli, title));
        page_lead(p, PHRASE("Från {1} till {2}.", "From {1} to {2}.", instant(p, b->from_ms),
                             instant(p, b->until_ms)));
        page_lead(p,
                PHRASE("Gjord {1} av statgate ur granskningsloggen. Att loggen är hel prövas med "
                       "statgate audit verify.",
                        "Made {1} by statgate from the audit log. That the log is whole is "
                        "checked by statgate audit verify.",
                        instant(p, b->made_ms)));
        look_at(p, a, b);
        questions(p, a);
        refusals(p, a);
        protection(p, a);
        linkages(p, a);
        deliveries(p, a);
        removals(p, a, b);
        keys(p, a, b);
        page_heading(p, L("Regelverket", "The policy"));
        events_of(p, &a->policies, L("Regelverket ändrades inte.", "The policy did not change."));
        the_log(p, a, b);
        return page_end(p);
}
