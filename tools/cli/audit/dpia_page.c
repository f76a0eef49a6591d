/* SPDX-License-Identifier: Apache-2.0 */
/* dpia_page.c: the annex to a data protection impact assessment: how data flow, what protects them,
 * from whom, and what attacks on a gateway with these very presets were measured to get.
 *
 * The assessment itself is the controller's: this page gives it facts, not a verdict. */
#include "tools/cli/ask.h"
#include "tools/cli/audit/bundle_page.h"
#include "tools/cli/audit/page.h"
#include "tools/cli/render_parts.h"

/* FLOW(Swedish, English), in order. */
#define FLOWS(FLOW)                                                                                   \
        FLOW("Kommunen kontrollerar sin export och förseglar personnumren till nyckelvakten; "       \
             "varje sats signeras med kommunens nyckel, som står i det signerade regelverket.",       \
                "The municipality checks its export and seals the personal numbers to the key "       \
                "keeper; each batch is signed with the municipality's key, which stands in the "      \
                "signed bundle.")                                                                     \
        FLOW("Slussen prövar kolumnerna mot regelverket och skickar lådan oöppnad till "           \
             "nyckelvakten, en egen process utan nätverk och filer.",                                 \
                "The gateway checks the columns against the bundle and passes the box, unopened, "    \
                "to the key keeper, a process of its own without network and files.")                 \
        FLOW("Nyckelvakten öppnar, prövar signaturen, gör ett annat namn av varje person i varje " \
             "domän (datamängd i en kommun) och förseglar satsen; bara den lagras.",                  \
                "The keeper opens it, checks the signature, makes another name of each person in "    \
                "each domain (a data set of a municipality) and seals the batch; only that is "       \
                "stored.")                                                                            \
        FLOW("För en fråga länkas det som en giltig regel tillåter, i minnet; länkningens namn " \
             "kastas när vyn är byggd.",                                                              \
                "For a question, what a valid rule allows is linked in memory; the names used "       \
                "for linking are thrown away when the view is built.")                                \
        FLOW("Svaret är en tabell efter röjandekontroll. Innan det lämnar slussen står frågan, " \
             "reglerna som avgjorde och svarets kontrollsumma i granskningsloggen.",                  \
                "The answer is a table after disclosure control. Before it leaves, the question, "    \
                "the rules that decided and the answer's digest stand in the audit log.")

/* ADVERSARY(who sv, who en, learns sv, learns en) */
#define ADVERSARIES(ADVERSARY)                                                                     \
        ADVERSARY("tjuv av disk eller säkerhetskopia", "thief of the disk or a backup",            \
                "storlekar och tider, vem som levererat vad; ingen post, ingen koppling mellan "   \
                "två datamängder",                                                                 \
                "sizes and times, who delivered what; no record, no join between two data sets")   \
        ADVERSARY("nyfiken kommun", "curious municipality",                                        \
                "vad den själv levererat; inte om en person är känd någon annanstans",             \
                "what it delivered itself; not whether a person is known elsewhere")               \
        ADVERSARY("statistiker, även flera i samråd", "statistician, several in concert too",      \
                "skyddade tabeller; ingen post och inget undanhållet tal (mätt nedan)",            \
                "protected tables; no record and no withheld value (measured below)")              \
        ADVERSARY("driftansvarig", "operator",                                                     \
                "antal leveranser och anrop; inga poster, inga svar, inga nycklar",                \
                "counts of deliveries and calls; no records, no answers, no keys")                 \
        ADVERSARY("den som tagit över slussens process", "whoever has taken over the gateway",     \
                "kolumner utan personer medan de passerar, och rader i de vyer som byggs; inga "   \
                "personnummer ur lådor, inga nycklar, ingen länkning utöver signerade regler",     \
                "columns without persons as they pass, and rows of views that are built; no "      \
                "number out of a box, no key, no linking beyond signed rules")                     \
        ADVERSARY("ett korrupt dataskyddsombud", "one corrupt data-protection officer",            \
                "inget ensamt, där regelverket kräver fler underskrifter än en",                   \
                "nothing alone, where the bundle asks for more than one signature")

static void flows(struct page *p)
{
        page_heading(p, L("Dataflöden", "Data flows"));
        page_items_begin(p);
#define FLOW_ITEM(sv, en) page_item(p, L(sv, en));
        FLOWS(FLOW_ITEM)
#undef FLOW_ITEM
        page_items_end(p);
}

static void adversaries(struct page *p)
{
        const char *const heads[] = {L("vem", "who"), L("får veta", "learns")};

        page_heading(p, L("Angripare", "Adversaries"));
        page_table_begin(p, "", heads, 2, 2);
#define ADVERSARY_ROW(who_sv, who_en, learns_sv, learns_en)                                        \
        {                                                                                          \
                const char *texts[] = {L(who_sv, who_en), L(learns_sv, learns_en)};                \
                                                                                                   \
                page_row(p, texts, 2, 2);                                                          \
        }
        ADVERSARIES(ADVERSARY_ROW)
#undef ADVERSARY_ROW
        page_table_end(p);
        page_text(p, L("Fullständigt, med provet som visar varje rad: SECURITY.md.",
                             "In full, with the test that shows each line: SECURITY.md."));
}

/* Safeguards ------------------------------------------------------------------------ */

static const char *count_or_none(const struct page *p, uint32_t n)
{
        return n > 0 ? arena_printf(p->cli->arena, "%u", n) : "–";
}

static void safeguards(struct page *p, const struct policy *policy)
{
        const char *const heads[] = {L("datamängd", "data set"), L("mönster", "preset"),
                L("svar ur", "answers from"), L("minst personer", "fewest persons"),
                L("minst familjer", "fewest families"), L("bredd", "interval"),
                L("frågor per dag", "questions a day")};
        uint32_t n = 0;
        const struct policy_dataset *list = policy_datasets(policy, &n);

        page_heading(p, L("Skydd, per datamängd", "Safeguards, by data set"));
        page_table_begin(p, "", heads, 7, 3);
        for (uint32_t i = 0; i < n; i++) {
                const struct disclosure_rules *d = &list[i].disclosure;
                const char *texts[] = {text_from(p->cli, list[i].id), text_from(p->cli, d->preset),
                        answers_name(d->answers), count_or_none(p, d->threshold),
                        count_or_none(p, d->families), count_or_none(p, d->interval),
                        count_or_none(p, d->questions_per_day)};

                page_row(p, texts, 7, 3);
        }
        page_table_end(p);
}

/* What attacks get -------------------------------------------------------------------- */

static const char *permille(const struct page *p, uint32_t n)
{
        char text[VALUE_TEXT];

        return text_from(p->cli, bytes_of_text(permille_text(p->cli, n, text)));
}

static void attacks_on(struct page *p, const struct policy_preset *x)
{
        const char *const heads[] = {L("angrepp", "attack"), L("rätt i", "right in"),
                L("utan uppgiften", "without the fact"),
                L("högst mer (95 %)", "at most more (95 %)"), L("försök", "trials")};

        page_subheading(p, text_from(p->cli, x->id));
        page_text(p, text_from(p->cli,
                             label_in(p->cli->lang, x->description.sv, x->description.en, x->id)));
        if (x->has_loss)
                page_text(p, PHRASE("Döljer {1} av cellerna och {2} av personerna i de tabeller "
                                    "som mättes.",
                                     "Hides {1} of cells and {2} of persons in the tables "
                                     "measured.",
                                     permille(p, x->loss_cells_permille),
                                     permille(p, x->loss_persons_permille)));
        if (x->measured_elsewise)
                page_text(p, L("OBS: siffrorna mättes under andra regler än de som förvalet har "
                               "nu. De säger inget säkert om det: mät om med tools/attack.",
                                     "NOTE: the figures were measured under other rules than the "
                                     "preset has now. They say nothing certain of it: measure "
                                     "again with tools/attack."));
        page_table_begin(p, "", heads, 5, 1);
        for (uint32_t i = 0; i < x->measured_len; i++) {
                const struct measured_attack *m = &x->measured[i];
                const char *texts[] = {text_from(p->cli, m->attack),
                        permille(p, m->recovered_permille), permille(p, m->baseline_permille),
                        permille(p, m->excess_max_permille),
                        arena_printf(p->cli->arena, "%u", m->trials)};

                page_row(p, texts, 5, 1);
        }
        page_table_end(p);
}

static void attacks(struct page *p, const struct policy *policy)
{
        uint32_t n = 0;
        const struct policy_preset *list = policy_presets(policy, &n);

        page_heading(p, L("Vad angrepp ger, mätt", "What attacks get, measured"));
        page_text(p, L("Angreppen körs mot en riktig sluss med planterade hemligheter. Jämförelsen "
                       "är samma "
                       "angrepp på svar som räknats utan den person som angreppet gäller: det som "
                       "inte är "
                       "mer än så kommer inte ur uppgifterna om henne.",
                             "The attacks run against a real gateway with planted secrets. The "
                             "comparison is "
                             "the same attack on answers computed without the person it is about: "
                             "what is no "
                             "more than that does not come from her data."));
        for (uint32_t i = 0; i < n; i++)
                if (policy_uses_preset(policy, list[i].id) && list[i].measured_len > 0)
                        attacks_on(p, &list[i]);
}

enum err dpia_page(const struct cli *cli, FILE *to, const struct policy *policy)
{
        struct page room, *p = &room;
        const struct text title = {"Bilaga till konsekvensbedömning (artikel 35)",
                "Annex to a data protection impact assessment (article 35)"};
        const struct rules *rules = policy_rules(policy);
        struct label label = policy_label(policy);
        char hex[2 * sizeof policy_digest(policy)->bytes + 1];

        hex_encode(
                bytes_of(policy_digest(policy)->bytes, sizeof policy_digest(policy)->bytes), hex);
        page_begin(p, cli, to, cli_text(cli, title));
        page_lead(p, arena_printf(cli->arena, "%s, version %llu",
                             text_from(cli, label_in(cli->lang, label.sv, label.en, rules->bundle)),
                             (unsigned long long)rules->version));
        page_lead(p, arena_printf(cli->arena, "SHA-256 %s", hex));
        flows(p);
        safeguards(p, policy);
        adversaries(p);
        attacks(p, policy);
        return page_end(p);
}
