/* SPDX-License-Identifier: Apache-2.0 */
/* art30_page.c: the record of processing activities, out of the very rules that are enforced: so it
 * cannot say anything else than what happens.
 *
 * What article 30 asks for and a bundle cannot know (names and addresses of the controllers and
 * of their officers) is asked for on the page, not left out. */
#include "base/clock.h"
#include "tools/cli/ask.h"
#include "tools/cli/audit/bundle_page.h"
#include "tools/cli/audit/page.h"

enum { DAY_TEXT = 11 };

static const char *text_of(const struct page *p, struct bytes b)
{
        return b.len > 0 ? text_from(p->cli, b) : L("anges inte", "not stated");
}

static const char *count(const struct page *p, uint64_t n)
{
        char text[NUMBER_TEXT];

        return text_from(p->cli, bytes_of_text(cli_number(p->cli, n, text)));
}

static const char *label_of(const struct page *p, struct label l, struct bytes id)
{
        struct bytes own = p->cli->lang == LANG_SV ? l.sv : l.en;
        struct bytes other = p->cli->lang == LANG_SV ? l.en : l.sv;

        return text_from(p->cli, own.len > 0 ? own : other.len > 0 ? other : id);
}

static const char *names_of(const struct page *p, const struct bytes *list, uint32_t len)
{
        const char *all = "";

        for (uint32_t i = 0; i < len && all != NULL; i++)
                all = arena_printf(p->cli->arena, "%s%s%s", all, i > 0 ? ", " : "",
                        text_from(p->cli, list[i]));
        return all;
}

static void processing(struct page *p, struct bytes basis, const struct processing_record *x)
{
        page_term(p, L("Personuppgiftsansvarig", "Controller"), text_of(p, x->controller));
        page_term(p, L("Rättslig grund", "Legal basis"), text_of(p, basis));
        page_term(p, L("Registrerade", "Data subjects"), text_of(p, x->persons));
        page_term(p, L("Uppgifter", "Categories of data"), text_of(p, x->data));
        page_term(p, L("Mottagare", "Recipients"), text_of(p, x->recipients));
        page_term(p, L("Gallring", "Time limits for erasure"), text_of(p, x->retention));
        page_term(p, L("Skyddsåtgärder", "Safeguards"), text_of(p, x->safeguards));
}

static void purposes(struct page *p, const struct policy *policy)
{
        const char *const heads[] = {L("ändamål", "purpose"), L("innebär", "meaning"),
                L("rättslig grund", "legal basis")};
        uint32_t n = 0;
        const struct purpose *list = policy_purposes(policy, &n);

        page_heading(p, L("Ändamål", "Purposes"));
        page_table_begin(p, "", heads, 3, 3);
        for (uint32_t i = 0; i < n; i++) {
                const char *texts[] = {text_from(p->cli, list[i].id),
                        label_of(p, list[i].label, list[i].id), text_of(p, list[i].legal_basis)};

                page_row(p, texts, 3, 3);
        }
        page_table_end(p);
}

static void datasets(struct page *p, const struct policy *policy)
{
        uint32_t n = 0;
        const struct policy_dataset *list = policy_datasets(policy, &n);

        page_heading(p, L("Behandlingar: datamängder", "Processing: data sets"));
        for (uint32_t i = 0; i < n; i++) {
                const struct policy_dataset *d = &list[i];

                if (d->kind != DATASET_RECORDS)
                        continue;
                page_subheading(p, arena_printf(p->cli->arena, "%s (%s)",
                                           label_of(p, d->label, d->id), text_from(p->cli, d->id)));
                page_terms_begin(p);
                page_term(p, L("Ändamål", "Purposes"), names_of(p, d->purposes, d->purposes_len));
                processing(p, d->legal_basis, &d->processing);
                if (d->retention_years > 0)
                        page_term(p, L("Gallras av sig själv", "Removed by itself"),
                                PHRASE("{1} år efter periodens slut",
                                        "{1} years after the period's end",
                                        count(p, d->retention_years)));
                page_terms_end(p);
        }
}

static void audit_log(struct page *p, const struct policy *policy)
{
        uint32_t years = policy_log_years(policy);

        page_heading(p, L("Granskningsloggen", "The audit log"));
        page_terms_begin(p);
        page_term(p, L("Registrerade", "Data subjects"),
                L("de som frågar, levererar och driver slussen; aldrig den som statistiken handlar "
                  "om",
                        "those who ask, deliver and operate; never whom the statistics are about"));
        page_term(p, L("Gallring", "Time limits for erasure"),
                years == 0 ? L("gallras inte", "kept for ever")
                           : PHRASE("vad posterna säger: efter {1} år; deras kontrollsummor finns "
                                    "kvar",
                                     "what entries say: after {1} years; their commitments stay",
                                     count(p, years)));
        page_terms_end(p);
}

static void linkages(struct page *p, const struct policy *policy)
{
        uint32_t n = 0;
        const struct policy_linkage *list = policy_linkages(policy, &n);
        char until[DAY_TEXT];

        page_heading(p, L("Behandlingar: länkningar", "Processing: linkages"));
        for (uint32_t i = 0; i < n; i++) {
                const struct policy_linkage *l = &list[i];
                const struct rules_linkage *r = l->rules;

                days_format(r->until_days, until);
                page_subheading(p, arena_printf(p->cli->arena, "%s (%s)",
                                           label_of(p, l->label, r->id), text_from(p->cli, r->id)));
                page_terms_begin(p);
                page_term(p, L("Datamängder", "Data sets"),
                        names_of(p, r->datasets, r->datasets_len));
                page_term(p, L("Ändamål", "Purposes"), names_of(p, r->purposes, r->purposes_len));
                page_term(p, L("Upphör efter", "Ends after"), until);
                processing(p, l->legal_basis, &l->processing);
                page_terms_end(p);
        }
}

static void principals(struct page *p, const struct policy *policy)
{
        const char *const heads[] = {L("vem (mönster)", "who (pattern)"), L("roll", "role"),
                L("rättslig grund", "legal basis")};
        uint32_t n = 0;
        const struct policy_principal *list = policy_principals(policy, &n);

        page_heading(p, L("Vilka som har åtkomst", "Who has access"));
        page_table_begin(p, "", heads, 3, 3);
        for (uint32_t i = 0; i < n; i++) {
                const char *texts[] = {text_from(p->cli, list[i].match), role_name(list[i].role),
                        text_of(p, list[i].legal_basis)};

                page_row(p, texts, 3, 3);
        }
        page_table_end(p);
}

static void measures(struct page *p)
{
        page_heading(p, L("Tekniska och organisatoriska åtgärder (artikel 32)",
                                "Technical and organisational measures (article 32)"));
        page_items_begin(p);
        page_item(p,
                L("Personnummer förseglas hos kommunen till en nyckelvakt utan nätverk; slussen "
                  "ser dem "
                  "aldrig där regelverket inte uttryckligen tillåter det.",
                        "Personal numbers are sealed at the municipality to a key keeper without "
                        "network; the gateway never sees them where the policy does not say so."));
        page_item(p,
                L("Varje datamängd i varje kommun har egna slumpade nycklar: det lagrade kan inte "
                  "kopplas ihop, och en domän förstörs genom att dess nycklar förstörs.",
                        "Each data set of each municipality has random keys of its own: what is "
                        "stored cannot be joined, and a domain is destroyed with its keys."));
        page_item(p,
                L("Personer länkas bara i minnet, bara så långt en signerad, tidsbegränsad regel "
                  "tillåter.",
                        "Persons are linked in memory only, and only as far as a signed rule with "
                        "an end allows."));
        page_item(p, L("Ut går bara tabeller efter röjandekontroll; vad som nekas avgörs av "
                       "offentliga uppgifter.",
                             "Only tables leave, after disclosure control; what is refused is "
                             "decided from "
                             "public facts."));
        page_item(p,
                L("Allt som sker står i en logg som inte kan ändras obemärkt, med signerade "
                  "trädhuvuden.",
                        "All that happens stands in a log that cannot be changed unnoticed, under "
                        "signed tree heads."));
        page_items_end(p);
}

enum err art30_page(const struct cli *cli, FILE *to, const struct policy *policy)
{
        struct page room, *p = &room;
        const struct rules *rules = policy_rules(policy);
        const struct text title = {"Register över behandling (artikel 30)",
                "Record of processing activities (article 30)"};
        char hex[2 * sizeof policy_digest(policy)->bytes + 1];

        hex_encode(
                bytes_of(policy_digest(policy)->bytes, sizeof policy_digest(policy)->bytes), hex);
        page_begin(p, cli, to, cli_text(cli, title));
        page_lead(p, arena_printf(cli->arena, "%s, version %llu",
                             label_of(p, policy_label(policy), rules->bundle),
                             (unsigned long long)rules->version));
        page_lead(p, arena_printf(cli->arena, "SHA-256 %s", hex));
        page_text(p,
                L("Gjort ur det regelverk som slussen tillämpar. Namn och kontaktuppgifter för de "
                  "personuppgiftsansvariga och deras dataskyddsombud fylls i av var och en.",
                        "Made from the bundle that the gateway enforces. Names and contact details "
                        "of "
                        "the controllers and their data-protection officers are for each to add."));
        purposes(p, policy);
        datasets(p, policy);
        linkages(p, policy);
        audit_log(p, policy);
        principals(p, policy);
        measures(p);
        return page_end(p);
}
