/* SPDX-License-Identifier: Apache-2.0 */
/* policy.h: the bundle as the gateway reads it: data sets, variables, code lists,
 * who may deliver and ask what, and what must hold before an answer leaves.
 *
 * Plain data, read-only after loading, shared by threads and counted. Everything
 * is denied unless a rule here allows it. */
#ifndef STATGATE_POLICIES_POLICY_H
#define STATGATE_POLICIES_POLICY_H

#include "base/batch.h"
#include "base/query.h"
#include "base/table.h"
#include "policies/rules/rules.h"

struct label {
        struct bytes sv, en;
};

/* Where a rule stands, for whoever asks why: a file of the bundle. Line 0: nowhere. */
struct rule_place {
        struct bytes file;
        uint32_t line;
};

/* A code of one level. `parent` is an index into the next coarser level, or
 * CODE_NO_PARENT at the top. */
enum { CODE_NO_PARENT = UINT32_MAX };
struct code {
        struct bytes code;
        struct label label;
        uint32_t parent;
        int32_t valid_from, valid_until; /* days, both inside; INT32_MIN/MAX: always */
        uint32_t population;             /* inhabitants (municipalities); 0: not stated */
        uint32_t population_permille;    /* of the inhabitants (sexes); 0: not stated */
        uint32_t line;                   /* in the list's file */
        /* Where a code has changed parents: every parent with its days, ascending;
         * `parent` is the last. None: `parent` has always been it. */
        const struct code_parent *parents;
        uint32_t parents_len;
        /* What became of a code that ended: one successor after a merger, several after a
         * split (then its records keep the old code). Indices of the same level. */
        const uint32_t *successors;
        uint32_t successors_len;
        /* A municipality that had ended before anything was delivered: it stands here for
         * the division as it was, and is nobody's whose delivery is waited for. */
        bool history;
};
struct code_parent {
        uint32_t parent;
        int32_t from, until; /* days, both inside */
};

/* What sources write for a code of the finest level: "K" for woman. For tools that
 * read municipalities' files; the wire takes codes only. */
struct code_alias {
        struct bytes alias;
        uint32_t code; /* index into level 0 */
};

struct code_level {
        struct bytes id; /* "kommun", "lan", "riket" */
        struct label label;
        struct code *codes; /* in the bundle's order: the order of tables */
        uint32_t len;
};

struct code_list {
        struct bytes id;
        struct code_level *levels; /* [0] is the finest: what is delivered */
        uint32_t levels_len;
        uint32_t *by_code;          /* level 0 sorted by code, for code_find */
        struct code_alias *aliases; /* sorted by alias; never equal to a code */
        uint32_t aliases_len;
        uint32_t population_year; /* 0: no populations */
        struct rule_place at;
};
/* Index into level 0, or -1. */
int32_t code_find(const struct code_list *list, struct bytes code);
/* The code an alias stands for, or -1. */
int32_t code_find_alias(const struct code_list *list, struct bytes alias);
/* Index into any level (linear: coarser levels are short), or -1. */
int32_t code_find_at(const struct code_list *list, uint32_t level, struct bytes code);
/* Index of a level, or -1. */
int32_t code_level_find(const struct code_list *list, struct bytes level);
/* The code of `level` that contains code `code` of level 0. */
uint32_t code_ancestor(const struct code_list *list, uint32_t code, uint32_t level);

/* The same as the division was on `day`: by the parent of that day, and for a code that
 * had been merged into another by then, that of its successor. Level 0: the code itself, or
 * its successor. */
uint32_t code_ancestor_at(const struct code_list *list, uint32_t code, uint32_t level, int32_t day);
/* Whether a code of `level` is in use on `day`. What did not exist yet on a day keeps its
 * first parent in code_ancestor_at; what was split keeps its last one after its end. */
bool code_in_use(const struct code_list *list, uint32_t level, uint32_t code, int32_t day);

/* Declared bands of a number or age: level `id`, ascending, not overlapping. */
struct band {
        struct bytes code; /* "0-6", "18+" */
        struct label label;
        int64_t low, high;            /* both inside; in scaled units for decimals */
        uint32_t population_permille; /* of the inhabitants (ages); 0: not stated */
        /* An end that nobody has said: the variable's own limit stands for it, and says
         * nothing about how far the values go. */
        bool open_low, open_high;
};
struct banding {
        struct bytes id;
        struct label label;
        struct band *bands;
        uint32_t len;
};

enum variable_type { /* numbers are the wire's */
        VARIABLE_NONE = 0,
        VARIABLE_CODE,
        VARIABLE_DATE,
        VARIABLE_INTEGER,
        VARIABLE_DECIMAL,
        VARIABLE_BOOLEAN,
        VARIABLE_AGE,
        VARIABLE_TYPE_COUNT
};
enum variable_role {
        VARIABLE_ROLE_NONE = 0,
        VARIABLE_IDENTIFYING,
        VARIABLE_SENSITIVE,
        VARIABLE_MEASURE
};

/* Where a value comes from. */
enum variable_source {
        SOURCE_DELIVERED = 0,
        SOURCE_MUNICIPALITY,  /* the delivering municipality; never a column */
        SOURCE_SEX,           /* a column; the client may fill it from the personal number */
        SOURCE_BIRTH_MONTH,   /* likewise: a date, always the first of the month */
        SOURCE_AGE,           /* computed when the view is built; never a column */
        SOURCE_MUNICIPALITIES /* likewise: in how many municipalities the person has records */
};

/* How a column stands in the store's body and in a view. Missing values are the
 * type's marker: 0xff, 0xffff, INT32_MIN, INT64_MIN. */
enum physical { PHYSICAL_NONE = 0, PHYSICAL_U8, PHYSICAL_U16, PHYSICAL_I32, PHYSICAL_I64 };

enum { DATE_LEVELS = 4 }; /* "dag", "manad", "kvartal", "ar" */
const char *date_level_id(uint32_t level);
struct label date_level_label(uint32_t level);

/* The markers of a missing value in the store and in views. */
#define MISSING_U8 UINT8_MAX
enum { MUNICIPALITIES_SHOWN_MAX = MISSING_U8 - 1 };
#define MISSING_U16 UINT16_MAX
#define MISSING_I32 INT32_MIN
#define MISSING_I64 INT64_MIN
uint32_t physical_width(enum physical p); /* bytes: 1, 2, 4, 8; 0 for NONE */

struct variable {
        struct bytes id, unit;
        struct label label;
        enum variable_type type;
        enum variable_role role;
        enum variable_source source;
        enum physical physical;
        bool required;
        uint32_t decimals;
        int64_t min, max;              /* dates in days, decimals scaled; inclusive */
        const struct code_list *codes; /* VARIABLE_CODE */
        struct banding *bandings;      /* numbers and ages */
        uint32_t bandings_len;
        uint32_t finest_date_level;  /* dates: 0 dag … 3 ar; default 1 (manad) */
        uint32_t age_birth, age_at;  /* VARIABLE_AGE: indices of two date variables */
        uint32_t finest_level;       /* code lists: finest level that may be asked */
        bool may_filter, may_group;  /* measures: usually neither */
        bool overlapping;            /* one person can have several values */
        bool within_period;          /* dates: must lie in the delivery's period */
        const uint8_t *month_starts; /* BIRTH_MONTH: bit (day - min): a first of month */
        struct {
                struct rule_place id, finest, filter, group;
        } at; /* the variable itself where nothing is said */
};
const char *variable_type_name(enum variable_type t); /* "code" */
const char *variable_role_name(enum variable_role r); /* "identifying" */
/* Whether a delivery may carry it as a column. */
bool variable_is_column(const struct variable *v);

/* Levels a variable can be asked at, finest first. Code lists: their levels; dates:
 * DATE_LEVELS; numbers and ages: their bandings; booleans: none. */
uint32_t variable_levels(const struct variable *v);
/* Index of a level; the empty name means the finest that may be asked. -1: no such
 * level (an integer without bands has none, and a boolean has only level 0, named
 * by the empty name). */
int32_t variable_level_find(const struct variable *v, struct bytes level);
/* The finest index that may be asked. */
uint32_t variable_finest(const struct variable *v);

enum periodicity { PERIODICITY_NONE = 0, PERIODICITY_YEAR, PERIODICITY_QUARTER, PERIODICITY_MONTH };

/* Who is let in: certificates whose SAN fits `match`, where '*' stands for anything within
 * one segment. Where several fit, the first in the bundle's order decides. A pattern can
 * only take away from what data sets and purposes give to the role. */
struct policy_principal {
        struct bytes match; /* "statgate://demo/statistician/…" */
        enum role role;
        bool all_datasets, all_purposes;
        struct bytes *datasets, *purposes; /* sorted; where not all */
        uint32_t datasets_len, purposes_len;
        uint32_t questions_per_day; /* 0: no limit */
        struct bytes legal_basis;
        struct rule_place at;
};

/* What a GDPR article 30 record needs, in the bundle's words. */
struct processing_record {
        struct bytes controller, persons, data, recipients, retention, safeguards;
};

struct purpose {
        struct bytes id;
        struct label label;
        struct bytes legal_basis;
        struct rule_place at;
};

/* The first date of a record may not be after the second. */
struct date_order {
        uint32_t first, second; /* indices of date variables */
};

/* How questions of a data set are answered. Zero is the strictest. */
enum answers {
        /* From the release lattice only; a question outside it only where every row passes by
         * inhabitants (`population`), and then as with the ledger. */
        ANSWERS_LATTICE = 0,
        ANSWERS_LEDGER, /* from the lattice where it holds the question, else heeding all that was
                         * answered before */
        ANSWERS_ALONE,  /* each by itself, as if it were the only one */
        ANSWERS_COUNT
};
const char *answers_name(enum answers a); /* "ledger" */

enum perturbation { PERTURB_NONE = 0, PERTURB_CELLKEY, PERTURB_ROUNDING, PERTURB_COUNT };
const char *perturbation_name(enum perturbation p); /* "cellkey" */

/* KEY(NAME, word): what `disclosure:` says, of a preset and of a data set alike. */
#define DISCLOSURE_KEYS(KEY)                                                                       \
        KEY(PRESET, "preset")                                                                      \
        KEY(THRESHOLD, "threshold")                                                                \
        KEY(ZEROS, "zeros")                                                                        \
        KEY(NUMERATOR, "numerator")                                                                \
        KEY(DENOMINATOR, "denominator")                                                            \
        KEY(COMPLEMENT, "complement")                                                              \
        KEY(FAMILIES, "families")                                                                  \
        KEY(HOMOGENEOUS, "homogeneous")                                                            \
        KEY(CONTRIBUTORS, "contributors")                                                          \
        KEY(REMAINDER, "remainder")                                                                \
        KEY(PART_MAX, "part_max")                                                                  \
        KEY(DOMINANCE, "dominance")                                                                \
        KEY(P, "p")                                                                                \
        KEY(PQ, "pq")                                                                              \
        KEY(SECONDARY, "secondary")                                                                \
        KEY(INTERVAL, "interval")                                                                  \
        KEY(COST, "cost")                                                                          \
        KEY(REASONS, "reasons")                                                                    \
        KEY(MEMBERSHIP, "membership")                                                              \
        KEY(ANSWERS, "answers")                                                                    \
        KEY(PERTURBATION, "perturbation")                                                          \
        KEY(CELLKEY, "cellkey")                                                                    \
        KEY(ROUNDING, "rounding")                                                                  \
        KEY(QUESTIONS_PER_DAY, "questions_per_day")
enum disclosure_key {
#define DISCLOSURE_KEY_ENUM(name, word) DISCLOSURE_KEY_##name,
        DISCLOSURE_KEYS(DISCLOSURE_KEY_ENUM)
#undef DISCLOSURE_KEY_ENUM
                DISCLOSURE_KEY_COUNT
};
const char *disclosure_key_word(enum disclosure_key key); /* "part_max" */

/* The bundle's presets (policies/bundle/presets.yaml) fill these in; a data set names one and
 * may say some of them otherwise. An indicator may only be stricter. */
#define PRESET_SEVERAL "several" /* of an answer that rests on several data sets */
struct disclosure_rules {
        struct bytes preset; /* empty: none */
        uint32_t threshold;  /* fewest persons behind a cell and an identifying margin */
        bool zeros_published;
        /* Of shares and ratios; 0: the threshold. The complement is the denominator without
         * the numerator: where 38 of 40 have it, two have not. */
        uint32_t numerator, denominator, complement;
        uint32_t families; /* fewest families behind a cell; 0: not asked */
        /* What follows means what disclosure.h says of it. */
        uint32_t homogeneous;
        unsigned contributors;              /* bits 1 << enum contributor */
        uint32_t number[CONTRIBUTOR_COUNT]; /* fewest of each */
        uint32_t remainder, part_max;
        uint32_t dominance_n, dominance_k, p_percent, pq_p, pq_q; /* per cent; 0: not asked */
        bool secondary;
        uint32_t interval;         /* persons; 0: not asked */
        uint32_t cost;             /* enum disclosure_cost */
        bool reasons_public;       /* CONF_STATUS tells primary from secondary; else C for all */
        bool membership_sensitive; /* margins are inhabitants, not those in the data */
        enum answers answers;
        enum perturbation perturbation;
        uint32_t variance_permille, deviation, smallest; /* cell key */
        uint32_t base;                                   /* rounding */
        uint32_t questions_per_day; /* of one principal, outside the lattice; 0: no limit */
};

/* What an attack got out of a preset, measured: in how many of 1000 tries it was right, in
 * how many somebody is who has the same answers without the one he asks about, and how much
 * larger the first can be than the second (one-sided 95 %; 1000 where nobody says). */
struct measured_attack {
        struct bytes attack;
        uint32_t recovered_permille, baseline_permille, excess_max_permille, trials;
        bool leaks; /* more than the baseline, beyond the statistical error */
};
struct policy_preset {
        struct bytes id;
        struct label label, description;
        struct disclosure_rules rules; /* 0 or unsaid where each data set says it */
        struct digest rules_digest;    /* of `rules` */
        struct measured_attack *measured;
        uint32_t measured_len;
        bool measured_elsewise; /* what follows was measured under other rules, or nobody says
                                 * under which */
        bool has_loss; /* what it hides of the tables measured: of 1000 cells, and persons */
        uint32_t loss_cells_permille, loss_persons_permille;
        uint32_t moved_permille; /* of one person: how far what is shown lies from the truth */
        struct rule_place at;
};

/* measured.c: SHA-256 of what the rules ask for, but for the preset's name and
 * questions_per_day, which only slows an attacker down. Of a data set it is its preset's where
 * the data set departs from it in nothing. */
MUST_CHECK enum err disclosure_digest(const struct disclosure_rules *rules, struct digest *out);

/* Tables that are counted and protected together, once, when a vintage is published; every
 * question that only cuts or adds up one of them is answered from there. Persons and
 * records of the data set under its own linkage, and the measures named. */
struct lattice_axis {
        uint32_t variable; /* index */
        uint32_t level;
};
struct lattice_table {
        struct lattice_axis *axes;
        uint32_t axes_len;
};
/* How many calendar years a lattice is taken to hold when its cells are counted. */
enum { LATTICE_YEARS = 10, LATTICE_CELLS_MAX = 2000000 };
struct lattice {
        struct lattice_table *tables;
        uint32_t tables_len;          /* 0: none is planned */
        struct measure_ref *measures; /* SUM and MEAN of measure variables */
        uint32_t measures_len;
        bool by_year;       /* one block for every calendar year, and one for all */
        uint32_t cells_max; /* of all tables and blocks together; checked against the code lists
                             * when the bundle is loaded (years counted as LATTICE_YEARS) */
        uint32_t cells;     /* as counted then: at most so many */
        struct rule_place at;
};

/* What a data set's records are. */
enum dataset_kind {
        DATASET_RECORDS = 0, /* delivered by municipalities */
        DATASET_DELIVERIES   /* one row per expected delivery: municipality, data set, period.
                              * Variables: kommun, datamangd (code), period (date), levererad
                              * (boolean); measures poster, avvisade, varden, saknade */
};

struct policy_dataset {
        struct bytes id;
        struct label label;
        struct bytes legal_basis;
        struct processing_record processing;
        enum periodicity periodicity;
        const struct rules_dataset *rules; /* persons, guardians, local ids */
        struct variable *variables;
        uint32_t variables_len;
        uint32_t municipality_variable; /* index; UINT32_MAX: none */
        struct bytes *purposes;         /* for which it may be asked */
        uint32_t purposes_len;
        uint32_t dimensions_max;             /* of one question */
        unsigned deliver_roles, ask_roles;   /* bit 1 << enum role */
        const struct rules_linkage *linkage; /* the one its views are built under */
        struct disclosure_rules disclosure;
        struct lattice lattice;
        uint32_t provider_variable; /* index; UINT32_MAX: none names who gives the service */
        uint32_t replace_rejected_max_permille; /* a replace with more is refused */
        uint32_t open_hours_max;                /* open submissions expire */
        enum dataset_kind kind;
        /* View rows sort by person, then by this date variable (UINT32_MAX: none). */
        uint32_t order_variable;
        /* What lasts: dates of beginning and end (missing: still lasting). UINT32_MAX: none. */
        uint32_t episode_from, episode_until;
        uint32_t retention_years; /* after the period's end; 0: not stated */
        struct date_order *date_orders;
        uint32_t date_orders_len;
        struct {
                struct rule_place id, roles, purposes, disclosure, linkage, episode, retention,
                        provider;
        } at;
        /* By enum disclosure_key: where each rule is said, in the preset or here. */
        const struct rule_place *disclosure_at;
};

/* A linkage as people read it; what binds is rules_linkage of the same index. */
struct family_limits {
        uint32_t children_max; /* children of one guardian */
        uint32_t persons_max;  /* persons in one chain of shared guardians */
        uint32_t holds_days;   /* how long before and after it was named an edge holds */
};
/* Which data set's records may be looked at from which: from a base record to its events. */
struct dataset_pair {
        uint32_t base, other; /* indices of policy_datasets */
};
struct policy_linkage {
        const struct rules_linkage *rules;
        struct dataset_pair *pairs; /* none: every pair of its data sets */
        uint32_t pairs_len;
        struct family_limits family; /* rules->family only */
        struct label label;
        struct bytes legal_basis;
        struct processing_record processing;
        struct {
                struct rule_place id, until, municipalities, purposes, pairs, family;
        } at;
};

/* SERVICE(NAME, word) and METHOD(SERVICE, NAME, word): what a bundle gives to roles. A
 * service means all of its methods; one that has none yet gives nothing. */
#define POLICY_SERVICES(SERVICE)                                                                   \
        SERVICE(SUBMISSION, "submission")                                                          \
        SERVICE(STATISTICS, "statistics")                                                          \
        SERVICE(OPERATIONS, "operations")                                                          \
        SERVICE(AUDIT, "audit")
#define POLICY_METHODS(METHOD)                                                                     \
        METHOD(SUBMISSION, SUBMIT, "Submit")                                                       \
        METHOD(SUBMISSION, GET_SUBMISSION, "GetSubmission")                                        \
        METHOD(SUBMISSION, WITHDRAW, "Withdraw")                                                   \
        METHOD(SUBMISSION, ERASE_PERSON, "ErasePerson")                                            \
        METHOD(SUBMISSION, GET_KEEPER_KEYS, "GetKeeperKeys")                                       \
        METHOD(SUBMISSION, ERASE_RECORD, "EraseRecord")                                            \
        METHOD(SUBMISSION, RECORD_ALIASES, "RecordAliases")                                        \
        METHOD(SUBMISSION, LIST_ALIASES, "ListAliases")                                            \
        METHOD(SUBMISSION, UNDO_ALIASES, "UndoAliases")                                            \
        METHOD(STATISTICS, LIST_DATASETS, "ListDatasets")                                          \
        METHOD(STATISTICS, DESCRIBE_DATASET, "DescribeDataset")                                    \
        METHOD(STATISTICS, QUERY, "Query")                                                         \
        METHOD(STATISTICS, LIST_INDICATORS, "ListIndicators")                                      \
        METHOD(OPERATIONS, PUBLISH_VINTAGE, "PublishVintage")                                      \
        METHOD(OPERATIONS, LIST_VINTAGES, "ListVintages")                                          \
        METHOD(OPERATIONS, GET_STATUS, "GetStatus")                                                \
        METHOD(OPERATIONS, RELOAD, "Reload")                                                       \
        METHOD(OPERATIONS, LIST_KEYS, "ListKeys")                                                  \
        METHOD(OPERATIONS, ROTATE_KEYS, "RotateKeys")                                              \
        METHOD(OPERATIONS, DESTROY_DOMAIN, "DestroyDomain")                                        \
        METHOD(OPERATIONS, LIST_REMOVALS, "ListRemovals")                                          \
        METHOD(AUDIT, READ_LOG, "ReadLog")                                                         \
        METHOD(AUDIT, GET_HEADS, "GetHeads")                                                       \
        METHOD(AUDIT, GET_PROOF, "GetProof")                                                       \
        METHOD(AUDIT, GET_POLICY_HISTORY, "GetPolicyHistory")                                      \
        METHOD(AUDIT, GET_BUDGETS, "GetBudgets")                                                   \
        METHOD(AUDIT, GET_QUALITY, "GetQuality")                                                   \
        METHOD(AUDIT, REHEARSE_POLICY, "RehearsePolicy")
enum policy_service {
        SERVICE_NONE = 0,
#define SERVICE_ENUM(name, word) SERVICE_##name,
        POLICY_SERVICES(SERVICE_ENUM)
#undef SERVICE_ENUM
                SERVICE_COUNT
};
enum policy_method {
        METHOD_NONE = 0,
#define METHOD_ENUM(service, name, word) METHOD_##name,
        POLICY_METHODS(METHOD_ENUM)
#undef METHOD_ENUM
                METHOD_COUNT
};
const char *policy_service_name(enum policy_service service); /* "operations" */
const char *policy_method_name(enum policy_method method);    /* "GetStatus" */
enum policy_service policy_method_service(enum policy_method method);

struct policy; /* counted */

/* Reads folder/bundle.yaml and what it names. Refusals carry file:line:column. */
MUST_CHECK enum err policy_load(const char *folder, struct policy **out, struct refusal *why);
/* The same of files in memory, borrowed while it reads: nothing is looked for on a disk. Names are
 * from the bundle's folder down. */
struct policy_file {
        struct bytes name, content;
};
MUST_CHECK enum err policy_load_files(
        const struct policy_file *files, uint32_t len, struct policy **out, struct refusal *why);
struct policy *policy_ref(struct policy *p);
void policy_unref(struct policy **p);

const struct rules *policy_rules(const struct policy *p);
struct bytes policy_canonical(const struct policy *p);      /* rules_encode of the above */
const struct digest *policy_digest(const struct policy *p); /* SHA-256 of canonical */
/* Bits 1 << enum role: who may call a method; 0: nobody. */
unsigned policy_method_roles(const struct policy *p, enum policy_method method);
const struct purpose *policy_purposes(const struct policy *p, uint32_t *out_len);
const struct policy_linkage *policy_linkages(const struct policy *p, uint32_t *out_len);
const struct policy_principal *policy_principals(const struct policy *p, uint32_t *out_len);
/* The pattern that lets this certificate in; NULL: none does, and it is denied. */
const struct policy_principal *policy_principal_find(const struct policy *p, struct bytes uri);
bool policy_principal_asks(const struct policy_principal *who, struct bytes dataset);
bool policy_principal_serves(const struct policy_principal *who, struct bytes purpose);
struct label policy_label(const struct policy *p);
const char *policy_trust(const struct policy *p); /* TRUST of SAN URIs */
bool policy_publish_automatically(const struct policy *p);
/* How long the audit log keeps what its entries say; 0: for ever. */
uint32_t policy_log_years(const struct policy *p);

const struct policy_dataset *policy_datasets(const struct policy *p, uint32_t *out_len);
const struct policy_dataset *policy_dataset_find(const struct policy *p, struct bytes id);
int32_t variable_find(const struct policy_dataset *d, struct bytes id); /* -1: none */
const struct code_list *policy_code_list_find(const struct policy *p, struct bytes id);
/* All municipalities of the bundle, those of earlier divisions with them. */
const struct code_list *policy_municipalities(const struct policy *p);
/* Whether deliveries for the period are waited for from municipality `code` (an index of the
 * list above): it is no mere history and was in use on some day of the period. */
bool policy_expects(const struct policy *p, uint32_t code, struct period period);

const struct policy_preset *policy_presets(const struct policy *p, uint32_t *out_len);
/* Whether a data set takes its rules from it. */
bool policy_uses_preset(const struct policy *p, struct bytes preset);

/* population.c: how many inhabitants a row is about, whatever stands in the data: the margin
 * where membership itself is sensitive, and of questions outside a lattice. A part is what an
 * identifying variable fixes: categories (indices into the level's codes or bands) of which
 * it has any. */
struct population_part {
        const struct variable *variable;
        const uint32_t *categories;
        uint32_t level, categories_len;
};
/* All parts together, as if they were independent, halved since they are not: rather too few
 * than too many. No parts: the country. 0: a part has no shares, or a variable stands in two
 * parts, so no row by it passes. Variables have the municipality list, or codes or bands with
 * `population_permille`. */
uint64_t policy_inhabitants(
        const struct policy *p, const struct population_part *parts, uint32_t len);

const struct policy_linkage *policy_linkage_find(const struct policy *p, struct bytes id);
/* Whether the linkage is valid on the day (UTC) of `now_ms` and covers the purpose. */
bool policy_linkage_serves(const struct policy_linkage *l, struct bytes purpose, int64_t now_ms);
/* Whether records of `other` may be looked at from records of `base` in it: it names both,
 * and the pair where it names pairs. A data set and itself are always such a pair. */
bool policy_linkage_pairs(const struct policy *p, const struct policy_linkage *l,
        const struct policy_dataset *base, const struct policy_dataset *other);
/* The linkage that answers a question of `base` that also looks at `others` (any order,
 * repeated or not): of those that serve the purpose today, hold every pair, and follow guardians
 * if `family`, the one of fewest data sets, then by id. A question that looks at nothing
 * beside its base and asks for no family gets the data set's own. NULL: none does. */
const struct policy_linkage *policy_linkage_narrowest(const struct policy *p,
        const struct policy_dataset *base, const struct policy_dataset *const *others,
        uint32_t others_len, struct bytes purpose, bool family, int64_t now_ms);

/* indicator.c: the registry of indicators, frozen by digest ------------------------- */
enum direction { DIRECTION_NONE = 0, DIRECTION_HIGHER, DIRECTION_LOWER };
struct indicator {
        struct bytes id;
        struct label label, definition;
        struct bytes *references; /* what it is taken from */
        struct bytes *purposes;
        uint32_t references_len, purposes_len;
        uint32_t version;
        enum direction direction; /* which way is better; NONE: neither */
        int64_t target;           /* has_target: scaled by 10^decimals */
        uint32_t decimals;        /* of target */
        unsigned comparisons;     /* bits 1 << enum indicator_comparison */
        struct bytes place;       /* the base's municipality variable; for --by and comparisons */
        struct query query;       /* one measure; no dimensions, vintage or purpose */
        struct query denominator; /* has_denominator: asked alike, of another data set perhaps,
                                   * and the answer is query / denominator × scale */
        struct disclosure_rules floor; /* beside the data set's; 0: as there */
        uint32_t scale;
        bool has_target, has_denominator;
        /* An outcome contract: the cohort is the query's period, fixed. */
        bool is_contract;
        bool frozen;
        struct label contract;
        struct digest digest; /* of the canonical definition; what `frozen:` must say */
        struct rule_place at;
};
enum indicator_comparison {
        COMPARE_NONE = 0,
        COMPARE_TARGET,
        COMPARE_COUNTY,
        COMPARE_COUNTRY,
        COMPARE_HISTORY
};
const struct indicator *policy_indicators(const struct policy *p, uint32_t *out_len);
/* Version 0: the latest. NULL: none. */
const struct indicator *policy_indicator_find(
        const struct policy *p, struct bytes id, uint32_t version);
/* The question that an indicator asks with the period, dimensions, filters, purpose and
 * vintage of `asked`, in `arena`; *out_denominator only where it has one. */
MUST_CHECK enum err indicator_expand(const struct policy *p, const struct query *asked,
        struct arena *arena, struct query *out, struct query *out_denominator,
        const struct indicator **out_indicator, struct refusal *why);

/* decide.c: pure functions. ERR_OK or the refusal with the rule that decided. */
MUST_CHECK enum err decide_submit(const struct policy *p, const struct principal *who,
        struct bytes dataset, struct bytes period_text, int64_t now_ms,
        const struct policy_dataset **out_dataset, struct period *out_period, struct refusal *why);
MUST_CHECK enum err decide_erase(
        const struct policy *p, const struct principal *who, int64_t now_ms, struct refusal *why);
/* What an allowed question is held to. */
struct decision {
        const struct policy_dataset *dataset;
        const struct policy_linkage *linkage; /* the view to be asked; NULL: DATASET_DELIVERIES */
        struct disclosure_rules disclosure;   /* the strictest of all data sets looked at */
        struct vintage vintage;     /* the one it is held to; 0.0: the latest, while it is open */
        uint32_t questions_per_day; /* of this principal; 0: no limit */
        const struct indicator *indicator; /* NULL: a question of one's own */
};
/* A query that names an indicator is expanded first (indicator_expand): both its questions
 * must be allowed, data set and linkage are those of the first, and disclosure is the
 * strictest of both and of the indicator. Where the denominator is looked up is a decision
 * of its own, on the question that it is expanded to. */
MUST_CHECK enum err decide_query(const struct policy *p, const struct principal *who,
        const struct query *q, int64_t now_ms, struct decision *out, struct refusal *why);
/* The first rule by which decide_query says no, and where the policy says so: for whoever writes it
 * down. The name is NULL where it says yes, or where the question's form is at fault. */
struct deciding_rule {
        const char *name;
        struct rule_place at;
};
void decide_refused_by(const struct policy *p, const struct principal *who, const struct query *q,
        int64_t now_ms, struct deciding_rule *out);
MUST_CHECK enum err decide_describe(const struct policy *p, const struct principal *who,
        struct bytes dataset, const struct policy_dataset **out_dataset, struct refusal *why);

/* RULE(NAME, sentence): why a row is rejected. */
#define VALIDATE_RULES(RULE)                                                                       \
        RULE(UNKNOWN_CODE, "the code is not in the code list")                                     \
        RULE(CODE_NOT_VALID, "the code was not in use during the period")                          \
        RULE(OUT_OF_RANGE, "the value is outside the range that the schema allows")                \
        RULE(OUTSIDE_PERIOD, "the date is outside the delivery's period")                          \
        RULE(NOT_MONTH_START, "a birth month is written as the first day of the month")            \
        RULE(MISSING_VALUE, "a required value is missing")                                         \
        RULE(DATE_ORDER, "the date is before the date that comes first")                           \
        RULE(AGE_OUT_OF_RANGE, "the age that the dates give is outside the data set's range")      \
        RULE(MISSING_PERSON, "a record of this data set needs a person id")                        \
        RULE(PERSON_NOT_EXPECTED, "records of this data set have no person id")                    \
        RULE(KIND_NOT_ACCEPTED, "this kind of person id is not accepted in this data set")         \
        RULE(GUARDIANS_NOT_EXPECTED, "records of this data set name no guardians")                 \
        RULE(TOO_MANY_GUARDIANS, "the record names more guardians than allowed")                   \
        RULE(EMPTY_RECORD_KEY, "the record key is empty")                                          \
        RULE(RECORD_KEY_NOT_TEXT, "the record key is not printable text padded with NUL")          \
        RULE(DUPLICATE_RECORD_KEY, "the record key stood on an earlier row of the batch")

enum validate_rule {
        VALIDATE_OK = 0,
#define VALIDATE_RULE_ENUM(name, sentence) VALIDATE_##name,
        VALIDATE_RULES(VALIDATE_RULE_ENUM)
#undef VALIDATE_RULE_ENUM
                VALIDATE_RULE_COUNT
};
const char *validate_rule_name(enum validate_rule rule);     /* "UNKNOWN_CODE" */
const char *validate_rule_sentence(enum validate_rule rule); /* as in a rejection */

/* validate.c: every row of a batch against the schema: required values, codes known and
 * valid in the period, ranges, person and guardian presence and kinds. A fault
 * of the whole batch (unknown or repeated column, wrong kind of column) refuses it;
 * a fault of a row is a rejection. Person ids themselves are the keeper's to judge.
 * Every rejected row has a reason, in row order, and the verdicts keep room for
 * one reason for every row still accepted, so the keeper's can be added. */
MUST_CHECK enum err validate_batch(const struct policy_dataset *d, struct period period,
        const struct batch *b, struct arena *arena, struct verdicts *out, struct refusal *why);
/* ERR_BOX_NEEDED where persons came in clear and the data set takes boxes only. Asked apart from
 * the rows: whoever delivers looks at those before they are sealed. */
MUST_CHECK enum err validate_form(
        const struct policy_dataset *d, const struct batch *b, struct refusal *why);

#endif
