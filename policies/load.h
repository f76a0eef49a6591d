/* SPDX-License-Identifier: Apache-2.0 */
/* load.h: what the files of this folder share while a bundle is read. Not for
 * others: a policy is opaque outside.
 *
 * Reading goes from the ground up: code lists, then data sets with their
 * variables, then linkages. A name is looked up when it is read, so nothing can
 * refer to what comes later and no circle can be written. */
#ifndef STATGATE_POLICIES_LOAD_H
#define STATGATE_POLICIES_LOAD_H

#include <stdatomic.h>

#include "base/arena.h"
#include "crypto/digest.h"
#include "policies/policy.h"
#include "policies/yaml.h"

enum {
        CODE_LISTS_MAX = 64,
        CODE_LEVELS_MAX = 6,
        CODES_MAX = 16384,  /* of one level; fewer than MISSING_U16 */
        ALIASES_MAX = 4096, /* of one code list */
        VARIABLES_MAX = 60, /* of one data set; fewer than BATCH_COLUMNS_MAX */
        BANDINGS_MAX = 8,
        BANDS_MAX = 200,
        DATE_ORDERS_MAX = 16,
        PARENTS_MAX = 16, /* of one code over the years */
        SUCCESSORS_MAX = 32,
        PRINCIPALS_MAX = 1024,
        MINIMUM_MAX = 10000, /* of persons behind a figure's parts */
        RETENTION_YEARS_MAX = 150,
        FAMILY_CHILDREN_MAX = 100,
        FAMILY_PERSONS_MAX = 1000,
        FAMILY_DAYS_MAX = 36525,
        OPEN_HOURS_MAX = 90 * 24,
        PURPOSES_MAX = RULES_PURPOSES_MAX,
        TEXT_MAX_LEN = 600, /* bytes of a legal basis or an article 30 text */
        POPULATION_MAX = 100000000,
        INDICATORS_MAX = 128,
        PRESETS_MAX = 32,
        MEASURED_MAX = 64,
        LATTICE_TABLES_MAX = 64,
        LATTICE_MEASURES_MAX = 8,
        POLICY_ARENA_MAX = 64 << 20
};

/* What is only known once all files are read. */
struct draft_dataset {
        struct bytes linkage;
        const struct yaml *linkage_at;
};

/* Rules while they are read: what the preset says, and then what the data set says. */
struct draft_rules {
        struct disclosure_rules rules;
        unsigned said;               /* bits 1 << enum disclosure_key */
        bool remainder_is_threshold; /* whatever that will be */
        struct rule_place at[DISCLOSURE_KEY_COUNT];
};

struct policy {
        atomic_uint holders;
        struct arena *arena;
        struct label label;
        char *trust;
        bool publish_automatically;
        uint32_t log_years; /* 0: what the audit log says is kept for ever */
        unsigned method_roles[METHOD_COUNT];
        /* In bundle.yaml. */
        struct rule_place head_at, roles_at, signers_at, person_quota_at, erasure_quota_at;
        struct rule_place *submission_keys_at; /* as rules.submission_keys */
        const struct code_list *municipalities;
        struct code_list *code_lists;
        uint32_t code_lists_len;
        struct purpose *purposes;
        uint32_t purposes_len;
        struct policy_dataset *datasets; /* sorted by id, as rules.datasets */
        uint32_t datasets_len;
        struct policy_linkage *linkages; /* sorted by id, as rules.linkages */
        uint32_t linkages_len;
        struct policy_principal *principals; /* in the bundle's order: the first fit decides */
        uint32_t principals_len;
        struct policy_preset *presets; /* in the bundle's order */
        struct draft_rules *preset_drafts;
        struct indicator *indicators; /* sorted by id and version */
        uint32_t presets_len, indicators_len;
        struct rules rules;
        struct bytes canonical;
        struct digest digest;
        struct bytes rehearsal; /* the report in the folder, if there is one */
};

/* policy.c: an empty policy with one holder. */
MUST_CHECK enum err policy_new(struct policy **out);

struct loader {
        struct arena *arena;   /* the policy's: what stays */
        struct arena *scratch; /* trees and file bytes: gone when loading ends */
        const char *folder;    /* NULL: the files are these */
        const struct policy_file *files;
        uint32_t files_len;
        struct policy *policy;
        struct draft_dataset drafts[RULES_DATASETS_MAX];
        struct refusal *why;
};

/* bundle.c: what a file of the bundle says, in the scratch; found as `has` says. */
bool load_has_file(const struct loader *l, struct bytes name);
MUST_CHECK enum err load_file(const struct loader *l, struct bytes name, struct bytes *out);

/* load.c: what all topics read alike. */
/* An identifier under `key`. */
MUST_CHECK enum err load_name(
        struct loader *l, const struct yaml *m, const char *key, struct bytes *out);
/* {sv: …, en: …}, or one text for both where it is a proper noun. */
MUST_CHECK enum err load_label(
        struct loader *l, const struct yaml *m, const char *key, bool required, struct label *out);
/* A sentence or citation, printable and not too long. */
MUST_CHECK enum err load_sentence(
        struct loader *l, const struct yaml *m, const char *key, struct bytes *out);
/* YYYY-MM-DD; *out stays when the key is absent. */
MUST_CHECK enum err load_date(
        struct loader *l, const struct yaml *m, const char *key, bool required, int32_t *out);
/* A number in units of 10^-decimals. */
MUST_CHECK enum err load_scaled(struct loader *l, const struct yaml *m, const char *key,
        bool required, uint32_t decimals, int64_t *out);
MUST_CHECK enum err load_processing(
        struct loader *l, const struct yaml *m, struct processing_record *out);
/* The list under `key`: identifiers, each of which must be among `known`; sorted
 * and distinct in `out` (the policy's arena). */
MUST_CHECK enum err load_names(struct loader *l, const struct yaml *m, const char *key,
        const struct bytes *known, uint32_t known_len, const char *noun, struct bytes **out,
        uint32_t *out_len);
/* The list of roles under `key`, as bits. */
MUST_CHECK enum err load_roles(
        struct loader *l, const struct yaml *m, const char *key, unsigned *out);
/* The index of the name under `key` among `known`; complains with a suggestion. */
MUST_CHECK enum err load_choice(struct loader *l, const struct yaml *m, const char *key,
        const struct bytes *known, uint32_t known_len, const char *noun, uint32_t *out);
/* A copy of what may be a code: text without anything that filters use themselves, and not
 * the name of all other values. */
MUST_CHECK enum err load_code_text(
        struct loader *l, const struct yaml *at, struct bytes text, struct bytes *out);
/* Where `key` of mapping `m` stands; the mapping itself where it is absent (or NULL). */
struct rule_place load_place(const struct loader *l, const struct yaml *m, const char *key);
/* A copy that lives as long as the policy. */
MUST_CHECK enum err load_keep(struct loader *l, struct bytes text, struct bytes *out);

/* One per topic. */
MUST_CHECK enum err load_code_list(
        struct loader *l, const struct yaml *file, struct code_list *out);
MUST_CHECK enum err load_variables(
        struct loader *l, const struct yaml *list, struct policy_dataset *d);
MUST_CHECK enum err load_dataset(struct loader *l, const struct yaml *file,
        struct policy_dataset *out, struct rules_dataset *rules, struct draft_dataset *draft);
/* The tree of the file under `presets:`. */
MUST_CHECK enum err load_presets(struct loader *l, const struct yaml *file);
/* `measured`, `measured_under` and `loss` of a preset whose rules are read. */
MUST_CHECK enum err load_measured(
        struct loader *l, const struct yaml *m, struct policy_preset *out);
/* `disclosure:` of a data set whose variables, persons and provider are read. */
MUST_CHECK enum err load_disclosure(struct loader *l, const struct yaml *file,
        const struct rules_dataset *persons, struct policy_dataset *d);
/* What `disclosure:` of an indicator may ask for beside its data sets. */
MUST_CHECK enum err load_floor(
        struct loader *l, const struct yaml *m, struct disclosure_rules *out);
/* When all data sets are read: an answer may rest on several of them. */
MUST_CHECK enum err check_perturbation(struct loader *l);
/* `lattice:`, of variables that are read. */
MUST_CHECK enum err load_lattice(
        struct loader *l, const struct yaml *file, struct policy_dataset *d);
/* population_permille of one code or band, and that a level has no more than all. */
MUST_CHECK enum err load_permille(struct loader *l, const struct yaml *m, uint32_t *out);
MUST_CHECK enum err check_permille(struct loader *l, const struct yaml *list, uint64_t sum);
MUST_CHECK enum err load_signers(struct loader *l, const struct yaml *top);
/* The tree of the file under `submission_keys:`. */
MUST_CHECK enum err load_submission_keys(struct loader *l, const struct yaml *file);
/* `person_quota:`, when the municipalities are read. */
MUST_CHECK enum err load_person_quota(struct loader *l, const struct yaml *top);
/* `erasure_quota:`; RULES_ERASURES_PER_DAY where it is not said. */
MUST_CHECK enum err load_erasure_quota(struct loader *l, const struct yaml *top);
MUST_CHECK enum err load_principals(struct loader *l, const struct yaml *top);
MUST_CHECK enum err load_linkages(struct loader *l, const struct yaml *list);
/* The trees of the files under `indicators:`, when all else has been read: an indicator
 * that could never be asked is a fault of the bundle, so each is decided here. */
MUST_CHECK enum err load_indicators(
        struct loader *l, const struct yaml *const *files, uint32_t files_len);

#endif
