/* SPDX-License-Identifier: Apache-2.0 */
/* disclosure.c: what must hold before an answer leaves: presets, and what a data set says
 * otherwise.
 *
 * A preset is a whole that somebody has measured by attacking it; a data set that departs
 * from it says so key by key, and each rule remembers the line it was said on. What
 * contradicts itself is refused rather than interpreted: noise without a variance, a rule
 * about contributors where nobody is heeded. What a preset says of contributors that a
 * data set has not (providers, families) says nothing there. */
#include <string.h>

#include "policies/load.h"
#include "policies/suggest.h"

enum {
        RULE_MAX = 1000,
        FLOOR_MAX = 100000,
        PERCENT_MAX = 100,
        BASE_MAX = 100,
        DEVIATION_MAX = 100,
        VARIANCE_MAX = 100000 /* per mille */
};

static const char *const key_words[] = {
#define DISCLOSURE_KEY_WORD(name, word) word,
        DISCLOSURE_KEYS(DISCLOSURE_KEY_WORD)
#undef DISCLOSURE_KEY_WORD
                NULL};
static const char *const answers_words[] = {"lattice", "ledger", "alone", NULL};
static const char *const perturbation_words[] = {"none", "cellkey", "rounding", NULL};

const char *disclosure_key_word(enum disclosure_key key)
{
        return (unsigned)key < DISCLOSURE_KEY_COUNT ? key_words[key] : "";
}

const char *answers_name(enum answers a)
{
        return answers_words[(unsigned)a < ANSWERS_COUNT ? a : ANSWERS_LATTICE];
}

const char *perturbation_name(enum perturbation p)
{
        return perturbation_words[(unsigned)p < PERTURB_COUNT ? p : PERTURB_NONE];
}

/* Reading ----------------------------------------------------------------- */

/* A mapping of rules on its way into a draft. */
struct rules_reading {
        struct loader *l;
        const struct yaml *m;
        struct draft_rules *draft;
        int64_t threshold_min;
};

/* Whether the key stands here; then the draft knows where. */
static bool says(const struct rules_reading *r, enum disclosure_key key)
{
        if (yaml_find(r->m, key_words[key]) == NULL)
                return false;
        r->draft->said |= 1u << key;
        r->draft->at[key] = load_place(r->l, r->m, key_words[key]);
        return true;
}

static enum err read_number(const struct rules_reading *r, enum disclosure_key key, int64_t min,
        int64_t max, uint32_t *out)
{
        int64_t n = 0;

        if (!says(r, key))
                return ERR_OK;
        TRY(yaml_integer(r->m, key_words[key], true, min, max, &n, r->l->why));
        *out = (uint32_t)n;
        return ERR_OK;
}

static enum err read_word(const struct rules_reading *r, enum disclosure_key key,
        const char *const *words, uint32_t *out)
{
        return says(r, key) ? yaml_word(r->m, key_words[key], true, words, out, r->l->why) : ERR_OK;
}

static enum err read_switch(
        const struct rules_reading *r, enum disclosure_key key, const char *const *words, bool *out)
{
        uint32_t word = *out ? 1 : 0;

        TRY(read_word(r, key, words, &word));
        *out = word == 1;
        return ERR_OK;
}

/* "none", where a rule of several numbers is taken back; else *out is its mapping. */
static enum err read_parts(const struct rules_reading *r, enum disclosure_key key,
        const char *const *keys, bool *out_none, const struct yaml **out)
{
        const struct yaml *value = yaml_find(r->m, key_words[key]);

        *out = NULL;
        *out_none = false;
        if (!says(r, key))
                return ERR_OK;
        *out_none = value->kind == YAML_SCALAR && bytes_is_text(value->text, "none");
        if (*out_none)
                return ERR_OK;
        TRY(yaml_mapping(r->m, key_words[key], true, out, r->l->why));
        return yaml_known_keys(*out, keys, r->l->why);
}

static enum err read_part(const struct rules_reading *r, const struct yaml *m, const char *key,
        bool required, int64_t min, int64_t max, uint32_t *out)
{
        int64_t n = *out;

        TRY(yaml_integer(m, key, required, min, max, &n, r->l->why));
        *out = (uint32_t)n;
        return ERR_OK;
}

/* contributors: {municipality: 2, provider: 1}: takes the place of what the preset says. */
static enum err read_contributors(const struct rules_reading *r)
{
        const char *words[CONTRIBUTOR_COUNT] = {NULL};
        struct disclosure_rules *x = &r->draft->rules;
        const struct yaml *m;
        bool none;

        for (unsigned c = CONTRIBUTOR_NONE + 1; c < CONTRIBUTOR_COUNT; c++)
                words[c - 1] = contributor_name((enum contributor)c);
        TRY(read_parts(r, DISCLOSURE_KEY_CONTRIBUTORS, words, &none, &m));
        if (!none && m == NULL)
                return ERR_OK;
        x->contributors = 0;
        memset(x->number, 0, sizeof x->number);
        for (unsigned c = CONTRIBUTOR_NONE + 1; m != NULL && c < CONTRIBUTOR_COUNT; c++) {
                if (yaml_find(m, words[c - 1]) == NULL)
                        continue;
                x->contributors |= 1u << c;
                TRY(read_part(r, m, words[c - 1], true, 1, RULE_MAX, &x->number[c]));
        }
        return ERR_OK;
}

/* remainder: threshold, or a number. */
static enum err read_remainder(const struct rules_reading *r)
{
        const struct yaml *value = yaml_find(r->m, key_words[DISCLOSURE_KEY_REMAINDER]);

        if (value == NULL || value->kind != YAML_SCALAR ||
                !bytes_is_text(value->text, key_words[DISCLOSURE_KEY_THRESHOLD])) {
                if (value != NULL)
                        r->draft->remainder_is_threshold = false;
                return read_number(
                        r, DISCLOSURE_KEY_REMAINDER, 0, RULE_MAX, &r->draft->rules.remainder);
        }
        (void)says(r, DISCLOSURE_KEY_REMAINDER);
        r->draft->remainder_is_threshold = true;
        return ERR_OK;
}

static enum err read_magnitudes(const struct rules_reading *r)
{
        static const char *const dominance[] = {"n", "k", NULL}, *const pq[] = {"p", "q", NULL};
        struct disclosure_rules *x = &r->draft->rules;
        const struct yaml *m;
        bool none;

        TRY(read_number(r, DISCLOSURE_KEY_PART_MAX, 0, PERCENT_MAX - 1, &x->part_max));
        TRY(read_parts(r, DISCLOSURE_KEY_DOMINANCE, dominance, &none, &m));
        if (none)
                x->dominance_n = x->dominance_k = 0;
        if (m != NULL) {
                TRY(read_part(r, m, "n", true, 1, CONTRIBUTIONS_LARGEST, &x->dominance_n));
                TRY(read_part(r, m, "k", true, 1, PERCENT_MAX - 1, &x->dominance_k));
        }
        TRY(read_number(r, DISCLOSURE_KEY_P, 0, PERCENT_MAX, &x->p_percent));
        TRY(read_parts(r, DISCLOSURE_KEY_PQ, pq, &none, &m));
        if (none)
                x->pq_p = x->pq_q = 0;
        if (m == NULL)
                return ERR_OK;
        TRY(read_part(r, m, "p", true, 1, PERCENT_MAX, &x->pq_p));
        TRY(read_part(r, m, "q", true, 1, PERCENT_MAX, &x->pq_q));
        if (x->pq_p >= x->pq_q)
                return yaml_complain(yaml_find(m, "p"), ERR_CONFIG, r->l->why,
                        "`p` lies below `q`: nobody can be let closer than all knew beforehand");
        return ERR_OK;
}

static enum err read_noise(const struct rules_reading *r)
{
        static const char *const cellkey[] = {"variance", "deviation", "smallest", NULL};
        static const char *const rounding[] = {"base", NULL};
        struct disclosure_rules *x = &r->draft->rules;
        uint32_t kind = (uint32_t)x->perturbation;
        int64_t variance = x->variance_permille;
        const struct yaml *m;
        bool none;

        TRY(read_word(r, DISCLOSURE_KEY_PERTURBATION, perturbation_words, &kind));
        x->perturbation = (enum perturbation)kind;
        TRY(read_parts(r, DISCLOSURE_KEY_CELLKEY, cellkey, &none, &m));
        if (none)
                x->variance_permille = x->deviation = x->smallest = 0;
        if (m != NULL) {
                TRY(load_scaled(r->l, m, "variance", false, 3, &variance));
                if (yaml_find(m, "variance") != NULL && (variance < 1 || variance > VARIANCE_MAX))
                        return yaml_complain(yaml_find(m, "variance"), ERR_CONFIG, r->l->why,
                                "`variance` must lie between 0.001 and %d", VARIANCE_MAX / 1000);
                x->variance_permille = (uint32_t)variance;
                TRY(read_part(r, m, "deviation", false, 1, DEVIATION_MAX, &x->deviation));
                TRY(read_part(r, m, "smallest", false, 0, DEVIATION_MAX, &x->smallest));
        }
        TRY(read_parts(r, DISCLOSURE_KEY_ROUNDING, rounding, &none, &m));
        if (none)
                x->base = 0;
        return m == NULL ? ERR_OK : read_part(r, m, "base", true, 2, BASE_MAX, &x->base);
}

/* What stands here takes the place of what the draft holds. */
static enum err read_rules(const struct rules_reading *r)
{
        static const char *const zeros[] = {"protect", "publish", NULL};
        static const char *const no_yes[] = {"no", "yes", NULL};
        static const char *const costs[] = {"cells", "persons", "value", "totals", NULL};
        static const char *const reasons[] = {"hidden", "public", NULL};
        static const char *const membership[] = {"public", "sensitive", NULL};
        struct disclosure_rules *x = &r->draft->rules;
        uint32_t answers = (uint32_t)x->answers;

        TRY(yaml_known_keys(r->m, key_words, r->l->why));
        TRY(read_number(r, DISCLOSURE_KEY_THRESHOLD, r->threshold_min, RULE_MAX, &x->threshold));
        TRY(read_switch(r, DISCLOSURE_KEY_ZEROS, zeros, &x->zeros_published));
        TRY(read_number(r, DISCLOSURE_KEY_NUMERATOR, 2, MINIMUM_MAX, &x->numerator));
        TRY(read_number(r, DISCLOSURE_KEY_DENOMINATOR, 2, MINIMUM_MAX, &x->denominator));
        TRY(read_number(r, DISCLOSURE_KEY_COMPLEMENT, 2, MINIMUM_MAX, &x->complement));
        TRY(read_number(r, DISCLOSURE_KEY_FAMILIES, 2, MINIMUM_MAX, &x->families));
        TRY(read_number(r, DISCLOSURE_KEY_HOMOGENEOUS, 0, RULE_MAX, &x->homogeneous));
        TRY(read_contributors(r));
        TRY(read_remainder(r));
        TRY(read_magnitudes(r));
        TRY(read_switch(r, DISCLOSURE_KEY_SECONDARY, no_yes, &x->secondary));
        TRY(read_number(r, DISCLOSURE_KEY_INTERVAL, 0, RULE_MAX, &x->interval));
        TRY(read_word(r, DISCLOSURE_KEY_COST, costs, &x->cost));
        TRY(read_switch(r, DISCLOSURE_KEY_REASONS, reasons, &x->reasons_public));
        TRY(read_switch(r, DISCLOSURE_KEY_MEMBERSHIP, membership, &x->membership_sensitive));
        TRY(read_word(r, DISCLOSURE_KEY_ANSWERS, answers_words, &answers));
        x->answers = (enum answers)answers;
        TRY(read_noise(r));
        return read_number(r, DISCLOSURE_KEY_QUESTIONS_PER_DAY, 0, 1000000, &x->questions_per_day);
}

/* Contradictions ----------------------------------------------------------- */

/* At the key that causes it where it stands here, else at the whole. */
#define CONTRADICTS(r, key, ...)                                                                   \
        yaml_complain_key((r)->m, key_words[key], ERR_CONFIG, (r)->l->why, __VA_ARGS__)

/* Beside a count of zero or one there is room for so much noise only: a count of one goes to
 * nothing or up by the deviation at most, and one below the smallest needs so much at least
 * (it goes to zero or to the smallest). */
static enum err check_cellkey(const struct rules_reading *r)
{
        const struct disclosure_rules *x = &r->draft->rules;
        uint32_t least = x->smallest * x->smallest / 4 * 1000;

        if (x->variance_permille == 0)
                return CONTRADICTS(r, DISCLOSURE_KEY_CELLKEY,
                        "`perturbation: cellkey` needs `cellkey: {variance: …}`");
        if (x->deviation == 0)
                return CONTRADICTS(r, DISCLOSURE_KEY_CELLKEY,
                        "`perturbation: cellkey` needs `cellkey: {deviation: …}`");
        if (x->variance_permille > x->deviation * 1000)
                return CONTRADICTS(r, DISCLOSURE_KEY_CELLKEY,
                        "no noise of at most %u has that variance for a count of one: the variance "
                        "may not be above the deviation",
                        x->deviation);
        if (x->smallest > x->deviation + 1 || least > x->variance_permille)
                return CONTRADICTS(r, DISCLOSURE_KEY_CELLKEY,
                        "counts below %u cannot go to 0 or %u with that deviation and variance: "
                        "the variance must be at least %u",
                        x->smallest, x->smallest, least / 1000);
        return ERR_OK;
}

static enum err check_noise(const struct rules_reading *r)
{
        struct disclosure_rules *x = &r->draft->rules;

        if (x->perturbation != PERTURB_CELLKEY &&
                yaml_find(r->m, key_words[DISCLOSURE_KEY_CELLKEY]) != NULL)
                return CONTRADICTS(r, DISCLOSURE_KEY_CELLKEY,
                        "`cellkey` says nothing without `perturbation: cellkey`");
        if (x->perturbation != PERTURB_ROUNDING &&
                yaml_find(r->m, key_words[DISCLOSURE_KEY_ROUNDING]) != NULL)
                return CONTRADICTS(r, DISCLOSURE_KEY_ROUNDING,
                        "`rounding` says nothing without `perturbation: rounding`");
        if (x->perturbation != PERTURB_CELLKEY)
                x->variance_permille = x->deviation = x->smallest = 0;
        if (x->perturbation != PERTURB_ROUNDING)
                x->base = 0;
        if (x->perturbation == PERTURB_CELLKEY)
                return check_cellkey(r);
        if (x->perturbation == PERTURB_ROUNDING && x->base == 0)
                return CONTRADICTS(r, DISCLOSURE_KEY_ROUNDING,
                        "`perturbation: rounding` needs `rounding: {base: …}`");
        return ERR_OK;
}

/* Rules on contributors are about those who are heeded. */
static enum err check_contributors(const struct rules_reading *r)
{
        const struct disclosure_rules *x = &r->draft->rules;
        unsigned deliverers = 1u << CONTRIBUTOR_MUNICIPALITY | 1u << CONTRIBUTOR_PROVIDER;

        if ((x->contributors & deliverers) == 0) {
                if (x->remainder > 0 || r->draft->remainder_is_threshold)
                        return CONTRADICTS(r, DISCLOSURE_KEY_REMAINDER,
                                "`remainder` needs the contributor municipality or provider");
                if (x->part_max > 0)
                        return CONTRADICTS(r, DISCLOSURE_KEY_PART_MAX,
                                "`part_max` needs the contributor municipality or provider");
        }
        if (x->contributors != 0)
                return ERR_OK;
        if (x->dominance_n > 0)
                return CONTRADICTS(r, DISCLOSURE_KEY_DOMINANCE, "`dominance` needs `contributors`");
        if (x->p_percent > 0)
                return CONTRADICTS(r, DISCLOSURE_KEY_P, "`p` needs `contributors`");
        if (x->pq_p > 0)
                return CONTRADICTS(r, DISCLOSURE_KEY_PQ, "`pq` needs `contributors`");
        return ERR_OK;
}

/* The key of several that stands here: what is inherited is not to blame. */
static enum disclosure_key key_here(
        const struct rules_reading *r, const enum disclosure_key *keys, size_t len)
{
        for (size_t i = 0; i < len; i++)
                if (yaml_find(r->m, key_words[keys[i]]) != NULL)
                        return keys[i];
        return keys[0];
}

/* A cell that is hidden for being small is known to be below the threshold, and at least 1 where
 * zeros are published: hiding others makes that no wider, so no rules may ask for more. */
static enum err check_interval(const struct rules_reading *r)
{
        static const enum disclosure_key keys[] = {
                DISCLOSURE_KEY_INTERVAL, DISCLOSURE_KEY_THRESHOLD, DISCLOSURE_KEY_ZEROS};
        const struct disclosure_rules *x = &r->draft->rules;
        uint32_t least = x->zeros_published ? 1 : 0;
        uint32_t most = x->threshold > least + 1 ? x->threshold - 1 - least : 0;

        /* With a threshold of 1 nothing is small. */
        if (x->interval <= most || x->threshold == 1)
                return ERR_OK;
        return CONTRADICTS(r, key_here(r, keys, ARRAY_LEN(keys)),
                "`interval: %u` cannot be kept with `zeros: %s` and `threshold: %u`: a small cell "
                "is then known to lie from %u to below it; say %sat most %u",
                x->interval, least == 1 ? "publish" : "protect", x->threshold, least,
                least == 1 ? "`zeros: protect`, or " : "", most);
}

static enum err check_rules(const struct rules_reading *r)
{
        const struct disclosure_rules *x = &r->draft->rules;

        TRY(check_contributors(r));
        TRY(check_noise(r));
        if (x->interval > 0 && !x->secondary)
                return CONTRADICTS(r, DISCLOSURE_KEY_INTERVAL,
                        "`interval` needs `secondary: yes`: without it the next cell tells it");
        /* A preset may leave the threshold to the data set. */
        return x->threshold > 0 ? check_interval(r) : ERR_OK;
}

/* Presets ------------------------------------------------------------------ */

static enum err load_description(struct loader *l, const struct yaml *m, struct label *out)
{
        static const char *const languages[] = {"sv", "en", NULL};
        const struct yaml *value = NULL;

        TRY(yaml_mapping(m, "description", true, &value, l->why));
        TRY(yaml_known_keys(value, languages, l->why));
        TRY(load_sentence(l, value, "sv", &out->sv));
        return load_sentence(l, value, "en", &out->en);
}

static enum err load_preset(struct loader *l, const struct yaml *m, struct policy_preset *out,
        struct draft_rules *draft)
{
        static const char *const keys[] = {"id", "label", "description", "disclosure", "measured",
                "measured_under", "loss", NULL};
        const struct yaml *rules = NULL;
        struct rules_reading r = {.l = l, .draft = draft, .threshold_min = 2};

        TRY(yaml_known_keys(m, keys, l->why));
        TRY(load_name(l, m, "id", &out->id));
        if (bytes_is_text(out->id, PRESET_SEVERAL))
                return yaml_complain(yaml_find(m, "id"), ERR_CONFIG, l->why,
                        "answers that rest on several presets are called so");
        TRY(load_label(l, m, "label", true, &out->label));
        TRY(load_description(l, m, &out->description));
        TRY(yaml_mapping(m, "disclosure", true, &rules, l->why));
        draft->rules = (struct disclosure_rules){
                .preset = out->id, .secondary = true, .answers = ANSWERS_LEDGER};
        r.m = rules;
        TRY(read_rules(&r));
        if (says(&r, DISCLOSURE_KEY_PRESET))
                return CONTRADICTS(&r, DISCLOSURE_KEY_PRESET, "a preset is not made of others");
        TRY(check_rules(&r));
        out->rules = draft->rules;
        if (draft->remainder_is_threshold)
                out->rules.remainder = draft->rules.threshold;
        out->at = load_place(l, m, "id");
        return load_measured(l, m, out);
}

enum err load_presets(struct loader *l, const struct yaml *file)
{
        static const char *const keys[] = {"presets", NULL};
        const struct yaml *list = NULL;
        struct policy *p = l->policy;

        TRY(yaml_known_keys(file, keys, l->why));
        TRY(yaml_list(file, "presets", true, &list, l->why));
        if (list->len == 0 || list->len > PRESETS_MAX)
                return yaml_complain(
                        list, ERR_CONFIG, l->why, "there are 1 to %d presets", PRESETS_MAX);
        p->presets = arena_alloc(l->arena, list->len, sizeof *p->presets);
        p->preset_drafts = arena_alloc(l->arena, list->len, sizeof *p->preset_drafts);
        if (p->presets == NULL || p->preset_drafts == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < list->len; i++) {
                TRY(load_preset(l, &list->items[i], &p->presets[i], &p->preset_drafts[i]));
                for (uint32_t j = 0; j < i; j++)
                        if (bytes_equal(p->presets[i].id, p->presets[j].id))
                                return yaml_complain(yaml_find(&list->items[i], "id"), ERR_CONFIG,
                                        l->why, "two presets have the same id");
                p->presets_len = i + 1;
        }
        return ERR_OK;
}

/* A data set --------------------------------------------------------------- */

static enum err begin_from_preset(const struct rules_reading *r, enum dataset_kind kind)
{
        struct bytes known[PRESETS_MAX];
        const struct policy *p = r->l->policy;
        uint32_t at = 0;

        /* Without a preset and without a word. Deliveries are about nobody whom anything could
         * be remembered of. */
        r->draft->rules = (struct disclosure_rules){.secondary = true,
                .answers = kind == DATASET_DELIVERIES ? ANSWERS_ALONE : ANSWERS_LEDGER};
        if (!says(r, DISCLOSURE_KEY_PRESET))
                return ERR_OK;
        for (uint32_t i = 0; i < p->presets_len; i++)
                known[i] = p->presets[i].id;
        TRY(load_choice(r->l, r->m, key_words[DISCLOSURE_KEY_PRESET], known, p->presets_len,
                "preset", &at));
        *r->draft = p->preset_drafts[at];
        (void)says(r, DISCLOSURE_KEY_PRESET);
        return ERR_OK;
}

/* A minimum of its own, never below the threshold: a share must not tell of fewer than a
 * count may. One of the preset that is below says nothing here. */
static enum err check_minimum(
        const struct rules_reading *r, enum disclosure_key key, uint32_t *minimum)
{
        uint32_t threshold = r->draft->rules.threshold;

        if (*minimum == 0 || *minimum >= threshold)
                return ERR_OK;
        if (yaml_find(r->m, key_words[key]) != NULL)
                return yaml_complain(yaml_find(r->m, key_words[key]), ERR_CONFIG, r->l->why,
                        "`%s` is below the threshold of %u persons", key_words[key], threshold);
        *minimum = 0;
        return ERR_OK;
}

/* Which contributors a data set has at all. */
static unsigned contributors_of(const struct policy_dataset *d, const struct rules_dataset *persons)
{
        unsigned all = d->kind == DATASET_RECORDS ? 1u << CONTRIBUTOR_MUNICIPALITY : 0;

        if (d->kind == DATASET_RECORDS && persons->person != PERSON_USE_NONE)
                all |= 1u << CONTRIBUTOR_PERSON;
        if (d->kind == DATASET_RECORDS && persons->guardians)
                all |= 1u << CONTRIBUTOR_FAMILY;
        if (d->provider_variable != UINT32_MAX)
                all |= 1u << CONTRIBUTOR_PROVIDER;
        return all;
}

/* Of the preset's what is not there says nothing, nor do the rules that were about it. */
static enum err keep_contributors(const struct rules_reading *r, unsigned there)
{
        struct disclosure_rules *x = &r->draft->rules;
        unsigned own = 1u << CONTRIBUTOR_MUNICIPALITY | 1u << CONTRIBUTOR_PROVIDER;
        bool here = yaml_find(r->m, key_words[DISCLOSURE_KEY_CONTRIBUTORS]) != NULL;
        unsigned lost = x->contributors & ~there;

        if (lost == 0)
                return ERR_OK;
        for (unsigned c = CONTRIBUTOR_NONE + 1; c < CONTRIBUTOR_COUNT; c++)
                if (here && (lost >> c & 1) != 0)
                        return CONTRADICTS(r, DISCLOSURE_KEY_CONTRIBUTORS,
                                "records of this data set have no contributor of the type %s%s",
                                contributor_name((enum contributor)c),
                                c == CONTRIBUTOR_PROVIDER ? ": `provider` names no variable" : "");
        x->contributors &= there;
        if ((x->contributors & own) == 0) {
                x->part_max = x->remainder = 0;
                r->draft->remainder_is_threshold = false;
        }
        if (x->contributors == 0)
                x->dominance_n = x->dominance_k = x->p_percent = x->pq_p = x->pq_q = 0;
        return ERR_OK;
}

/* What only records of persons can have. */
static enum err check_persons(const struct rules_reading *r, const struct policy_dataset *d,
        const struct rules_dataset *persons)
{
        const struct disclosure_rules *x = &r->draft->rules;
        bool nobody = d->kind == DATASET_DELIVERIES || persons->person == PERSON_USE_NONE;

        if (d->kind == DATASET_DELIVERIES && x->answers != ANSWERS_ALONE)
                return CONTRADICTS(r, DISCLOSURE_KEY_ANSWERS,
                        "delivery status has no persons to remember answers of: it is answered "
                        "`alone`");
        if (nobody && x->perturbation != PERTURB_NONE)
                return CONTRADICTS(r, DISCLOSURE_KEY_PERTURBATION,
                        "records without persons have no keys for noise or rounding");
        if (!x->membership_sensitive)
                return ERR_OK;
        if (nobody)
                return CONTRADICTS(r, DISCLOSURE_KEY_MEMBERSHIP,
                        "records without persons have no membership to protect");
        if (r->l->policy->municipalities->population_year == 0)
                return CONTRADICTS(r, DISCLOSURE_KEY_MEMBERSHIP,
                        "sensitive membership is judged by inhabitants, and the municipalities "
                        "have none");
        return ERR_OK;
}

/* Where a rule is neither in the preset nor here, the whole is where it stands. */
static enum err keep_places(const struct rules_reading *r, struct policy_dataset *d)
{
        struct rule_place *at = arena_alloc(r->l->arena, DISCLOSURE_KEY_COUNT, sizeof *at);

        if (at == NULL)
                return ERR_NO_MEMORY;
        for (unsigned key = 0; key < DISCLOSURE_KEY_COUNT; key++)
                at[key] = (r->draft->said >> key & 1) != 0 ? r->draft->at[key] : d->at.disclosure;
        d->disclosure_at = at;
        return ERR_OK;
}

enum err load_disclosure(struct loader *l, const struct yaml *file,
        const struct rules_dataset *persons, struct policy_dataset *d)
{
        struct draft_rules draft = {.said = 0};
        struct disclosure_rules *x = &draft.rules;
        struct rules_reading r = {
                .l = l, .draft = &draft, .threshold_min = d->kind == DATASET_DELIVERIES ? 1 : 2};

        d->at.disclosure = load_place(l, file, "disclosure");
        TRY(yaml_mapping(file, "disclosure", true, &r.m, l->why));
        TRY(begin_from_preset(&r, d->kind));
        TRY(read_rules(&r));
        if (x->threshold == 0)
                return yaml_complain(r.m, ERR_CONFIG, l->why, "`threshold` is missing");
        if ((draft.said >> DISCLOSURE_KEY_ZEROS & 1) == 0)
                return yaml_complain(r.m, ERR_CONFIG, l->why, "`zeros` is missing");
        TRY(check_minimum(&r, DISCLOSURE_KEY_NUMERATOR, &x->numerator));
        TRY(check_minimum(&r, DISCLOSURE_KEY_DENOMINATOR, &x->denominator));
        TRY(check_minimum(&r, DISCLOSURE_KEY_COMPLEMENT, &x->complement));
        TRY(keep_contributors(&r, contributors_of(d, persons)));
        TRY(check_rules(&r));
        TRY(check_persons(&r, d, persons));
        if (draft.remainder_is_threshold)
                x->remainder = x->threshold;
        d->disclosure = *x;
        return keep_places(&r, d);
}

/* An answer that rests on two data sets cannot be both rounded and given noise, so a bundle
 * does one of them. */
enum err check_perturbation(struct loader *l)
{
        const struct policy *p = l->policy;
        const struct policy_dataset *first = NULL;

        for (uint32_t i = 0; i < p->datasets_len; i++) {
                const struct policy_dataset *d = &p->datasets[i];

                if (d->disclosure.perturbation == PERTURB_NONE)
                        continue;
                if (first == NULL)
                        first = d;
                if (d->disclosure.perturbation == first->disclosure.perturbation)
                        continue;

                struct rule_place at = d->disclosure_at[DISCLOSURE_KEY_PERTURBATION];
                struct yaml place = {.line = at.line, .column = 1};

                place.file = arena_strndup(l->scratch, (const char *)at.file.data, at.file.len);
                if (place.file == NULL)
                        return ERR_NO_MEMORY;
                return yaml_complain(&place, ERR_CONFIG, l->why,
                        "the data sets %.*s and %.*s are perturbed in two ways, and an answer may "
                        "rest on both",
                        (int)first->id.len, (const char *)first->id.data, (int)d->id.len,
                        (const char *)d->id.data);
        }
        return ERR_OK;
}

/* An indicator -------------------------------------------------------------- */

/* Beside what the data sets ask for: it can only hide more. What it does not say is as
 * lenient as can be, so that the data sets decide. */
enum err load_floor(struct loader *l, const struct yaml *m, struct disclosure_rules *out)
{
        static const char *const keys[] = {"threshold", "zeros", "numerator", "denominator",
                "complement", "families", "homogeneous", "secondary", "interval", "answers", NULL};
        static const char *const zeros[] = {"protect", "publish", NULL};
        struct draft_rules draft = {
                .rules = {
                        .zeros_published = true, .reasons_public = true, .answers = ANSWERS_ALONE}};
        struct rules_reading r = {.l = l, .draft = &draft};
        struct disclosure_rules *x = &draft.rules;
        uint32_t answers = ANSWERS_ALONE;

        *out = *x;
        TRY(yaml_mapping(m, "disclosure", false, &r.m, l->why));
        if (r.m == NULL)
                return ERR_OK;
        TRY(yaml_known_keys(r.m, keys, l->why));
        TRY(read_number(&r, DISCLOSURE_KEY_THRESHOLD, 2, FLOOR_MAX, &x->threshold));
        TRY(read_switch(&r, DISCLOSURE_KEY_ZEROS, zeros, &x->zeros_published));
        TRY(read_number(&r, DISCLOSURE_KEY_NUMERATOR, 1, FLOOR_MAX, &x->numerator));
        TRY(read_number(&r, DISCLOSURE_KEY_DENOMINATOR, 1, FLOOR_MAX, &x->denominator));
        TRY(read_number(&r, DISCLOSURE_KEY_COMPLEMENT, 1, FLOOR_MAX, &x->complement));
        TRY(read_number(&r, DISCLOSURE_KEY_FAMILIES, 1, FLOOR_MAX, &x->families));
        TRY(read_number(&r, DISCLOSURE_KEY_HOMOGENEOUS, 1, RULE_MAX, &x->homogeneous));
        TRY(yaml_boolean(r.m, "secondary", false, &x->secondary, l->why));
        TRY(read_number(&r, DISCLOSURE_KEY_INTERVAL, 1, RULE_MAX, &x->interval));
        TRY(read_word(&r, DISCLOSURE_KEY_ANSWERS, answers_words, &answers));
        x->answers = (enum answers)answers;
        x->secondary = x->secondary || x->interval > 0;
        /* By itself, so that it can be kept whatever the data sets ask for. */
        TRY(check_interval(&r));
        *out = *x;
        return ERR_OK;
}
