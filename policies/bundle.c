/* SPDX-License-Identifier: Apache-2.0 */
/* bundle.c: reads a folder of rules from bundle.yaml downwards, or the same from memory.
 *
 * The order of reading is the order of dependence: code lists, purposes and
 * roles, data sets, linkages; then what points back is resolved and the canonical
 * form is made. Every file's digest goes into that form, so whoever signs it has
 * signed the very text that people read, comments included.
 *
 * Files are named by bundle.yaml and by nothing else: a file that lies in the
 * folder and is not named has no effect, and none can be named outside of it. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policies/load.h"
#include "policies/rehearsal.h"
#include "policies/suggest.h"

enum { SCRATCH_MAX = 512 << 20 };

/* Files ------------------------------------------------------------------- */

/* "codelists/kommun.yaml": small letters, digits, _ and -, below the folder. */
static bool is_file_name(struct bytes name)
{
        if (name.len < 6 || name.len > RULES_SOURCE_NAME_MAX ||
                memcmp(name.data + name.len - 5, ".yaml", 5) != 0)
                return false;
        for (size_t i = 0; i < name.len - 5; i++) {
                uint8_t c = name.data[i];
                bool letter =
                        (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';

                if (!letter && (c != '/' || i == 0 || name.data[i - 1] == '/'))
                        return false;
        }
        return true;
}

static const struct policy_file *find_file(const struct loader *l, struct bytes name)
{
        for (uint32_t i = 0; i < l->files_len; i++)
                if (bytes_equal(l->files[i].name, name))
                        return &l->files[i];
        return NULL;
}

static char *path_of(const struct loader *l, struct bytes name)
{
        return arena_printf(
                l->scratch, "%s/%.*s", l->folder, (int)name.len, (const char *)name.data);
}

bool load_has_file(const struct loader *l, struct bytes name)
{
        const char *path = l->folder != NULL ? path_of(l, name) : NULL;

        return l->folder != NULL ? path != NULL && access(path, F_OK) == 0
                                 : find_file(l, name) != NULL;
}

enum err load_file(const struct loader *l, struct bytes name, struct bytes *out)
{
        const struct policy_file *f = l->folder == NULL ? find_file(l, name) : NULL;
        const char *path = l->folder != NULL
                                   ? path_of(l, name)
                                   : arena_strndup(l->scratch, (const char *)name.data, name.len);

        if (path == NULL)
                return ERR_NO_MEMORY;
        if (l->folder != NULL)
                return yaml_slurp(l->scratch, path, out, l->why);
        if (f == NULL)
                return refuse(l->why, ERR_UNREADABLE, path, "is not among the files");
        if (f->content.len > YAML_BYTES_MAX)
                return refuse(l->why, ERR_CONFIG, path, "is larger than %d bytes", YAML_BYTES_MAX);
        return bytes_copy(l->scratch, f->content, out);
}

static enum err note_source(struct loader *l, struct bytes name, struct bytes text)
{
        struct rules *r = &l->policy->rules;
        struct rules_source *source = &r->sources[r->sources_len];

        TRY(load_keep(l, name, &source->name));
        digest_of(text, &source->digest);
        r->sources_len++;
        return ERR_OK;
}

static enum err read_source(struct loader *l, struct bytes name, struct yaml **out)
{
        char *short_name = arena_strndup(l->scratch, (const char *)name.data, name.len);
        struct bytes text = {0};

        if (short_name == NULL)
                return ERR_NO_MEMORY;
        TRY(load_file(l, name, &text));
        TRY(yaml_read_text(l->scratch, short_name, text, out, l->why));
        return note_source(l, name, text);
}

static bool is_read(const struct rules *r, struct bytes name)
{
        for (uint32_t i = 0; i < r->sources_len; i++)
                if (bytes_equal(r->sources[i].name, name))
                        return true;
        return false;
}

static enum err read_named(struct loader *l, const struct yaml *at, struct yaml **out)
{
        struct bytes name = {0};

        TRY(yaml_text_of(at, "file", &name, l->why));
        if (!is_file_name(name))
                return yaml_complain(at, ERR_CONFIG, l->why,
                        "a file is named from the folder down, in small letters, ending in .yaml");
        if (is_read(&l->policy->rules, name))
                return yaml_complain(at, ERR_CONFIG, l->why, "the file is named twice");
        if (l->policy->rules.sources_len == RULES_SOURCES_MAX)
                return yaml_complain(
                        at, ERR_CONFIG, l->why, "more than %d files", RULES_SOURCES_MAX);
        return read_source(l, name, out);
}

/* The head ---------------------------------------------------------------- */

static enum err load_predecessor(struct loader *l, const struct yaml *top)
{
        struct rules *r = &l->policy->rules;
        const struct yaml *at = yaml_find(top, "predecessor");
        struct bytes text = {0};
        bool none;

        TRY(yaml_text(top, "predecessor", true, &text, l->why));
        none = bytes_is_text(text, "none");
        if (none != (r->version == 1))
                return yaml_complain(at, ERR_CONFIG, l->why,
                        "version 1 has the predecessor `none`, every later one the digest of the "
                        "version before");
        if (!none && (text.len != 64 || hex_decode((const char *)text.data, r->predecessor.bytes,
                                                sizeof r->predecessor.bytes) != ERR_OK))
                return yaml_complain(at, ERR_CONFIG, l->why, "a digest is 64 hexadecimal digits");
        return ERR_OK;
}

static enum err load_trust(struct loader *l, const struct yaml *top)
{
        struct bytes name = {0};

        TRY(load_name(l, top, "trust", &name));
        l->policy->trust = arena_strndup(l->arena, (const char *)name.data, name.len);
        return l->policy->trust == NULL ? ERR_NO_MEMORY : ERR_OK;
}

/* Stated, so that nobody has to guess which labels must be there. */
static enum err check_languages(struct loader *l, const struct yaml *top)
{
        const struct yaml *list = NULL;

        TRY(yaml_list(top, "languages", true, &list, l->why));
        if (list->len != 2 || list->items[0].kind != YAML_SCALAR ||
                list->items[1].kind != YAML_SCALAR || !bytes_is_text(list->items[0].text, "sv") ||
                !bytes_is_text(list->items[1].text, "en"))
                return yaml_complain(
                        list, ERR_CONFIG, l->why, "`languages` is [sv, en] in this version");
        return ERR_OK;
}

static enum err load_log_retention(struct loader *l, const struct yaml *top)
{
        static const char *const keys[] = {"years", NULL};
        const struct yaml *m = NULL;
        int64_t years = 0;

        TRY(yaml_mapping(top, "log_retention", false, &m, l->why));
        if (m == NULL)
                return ERR_OK;
        TRY(yaml_known_keys(m, keys, l->why));
        TRY(yaml_integer(m, "years", true, 1, RETENTION_YEARS_MAX, &years, l->why));
        l->policy->log_years = (uint32_t)years;
        return ERR_OK;
}

static enum err load_head(struct loader *l, const struct yaml *top)
{
        static const char *const keys[] = {"bundle", "label", "version", "predecessor", "trust",
                "languages", "publish", "log_retention", "signers", "submission_keys",
                "person_quota", "erasure_quota", "municipalities", "purposes", "roles",
                "principals", "presets", "codelists", "datasets", "linkages", "indicators", NULL};
        static const char *const publishing[] = {"manual", "automatic", NULL};
        struct policy *p = l->policy;
        uint32_t publish = 0;
        int64_t version = 0;

        TRY(yaml_known_keys(top, keys, l->why));
        TRY(load_name(l, top, "bundle", &p->rules.bundle));
        TRY(load_label(l, top, "label", true, &p->label));
        TRY(yaml_integer(top, "version", true, 1, INT32_MAX, &version, l->why));
        p->rules.version = (uint64_t)version;
        TRY(load_predecessor(l, top));
        TRY(load_signers(l, top));
        TRY(load_trust(l, top));
        TRY(check_languages(l, top));
        TRY(yaml_word(top, "publish", true, publishing, &publish, l->why));
        p->publish_automatically = publish == 1;
        TRY(load_log_retention(l, top));
        p->head_at = load_place(l, top, "version");
        p->roles_at = load_place(l, top, "roles");
        p->signers_at = load_place(l, top, "signers");
        return ERR_OK;
}

static enum err load_purpose(struct loader *l, const struct yaml *m, struct purpose *out)
{
        static const char *const keys[] = {"id", "label", "legal_basis", NULL};

        TRY(yaml_known_keys(m, keys, l->why));
        TRY(load_name(l, m, "id", &out->id));
        TRY(load_label(l, m, "label", true, &out->label));
        out->at = load_place(l, m, "id");
        return load_sentence(l, m, "legal_basis", &out->legal_basis);
}

static enum err load_purposes(struct loader *l, const struct yaml *top)
{
        const struct yaml *list = NULL;
        struct policy *p = l->policy;

        TRY(yaml_list(top, "purposes", true, &list, l->why));
        if (list->len == 0 || list->len > PURPOSES_MAX)
                return yaml_complain(
                        list, ERR_CONFIG, l->why, "a bundle has 1 to %d purposes", PURPOSES_MAX);
        p->purposes = arena_alloc(l->arena, list->len, sizeof *p->purposes);
        if (p->purposes == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < list->len; i++) {
                TRY(load_purpose(l, &list->items[i], &p->purposes[i]));
                for (uint32_t j = 0; j < i; j++)
                        if (bytes_equal(p->purposes[i].id, p->purposes[j].id))
                                return yaml_complain(yaml_find(&list->items[i], "id"), ERR_CONFIG,
                                        l->why, "two purposes have the same id");
        }
        p->purposes_len = list->len;
        return ERR_OK;
}

/* Gives `role` what a name stands for: a service with all its methods, or one method. */
static void give(struct policy *p, enum role role, struct bytes name)
{
        for (unsigned m = METHOD_NONE + 1; m < METHOD_COUNT; m++) {
                enum policy_service service = policy_method_service((enum policy_method)m);

                if (bytes_is_text(name, policy_method_name((enum policy_method)m)) ||
                        bytes_is_text(name, policy_service_name(service)))
                        p->method_roles[m] |= 1u << role;
        }
}

/* Who delivers can take back and erase: no bundle forgets that. */
static enum err check_erasure(struct loader *l, const struct yaml *roles, enum role role)
{
        const unsigned *given = l->policy->method_roles;
        unsigned may = given[METHOD_WITHDRAW] & given[METHOD_ERASE_PERSON];

        if ((given[METHOD_SUBMIT] & ~may & 1u << role) == 0)
                return ERR_OK;
        return yaml_complain(yaml_find(roles, role_name(role)), ERR_CONFIG, l->why,
                "who is given Submit must be given Withdraw and ErasePerson too");
}

/* roles: {municipality: [submission], dpo: [statistics, GetStatus], …}: a method that
 * nobody is given is closed. */
static enum err load_services(struct loader *l, const struct yaml *top)
{
        struct bytes known[SERVICE_COUNT + METHOD_COUNT], *names = NULL;
        const char *roles[ROLE_COUNT] = {NULL};
        const struct yaml *m = NULL;
        uint32_t known_len = 0;

        for (unsigned r = ROLE_NONE + 1; r < ROLE_COUNT; r++)
                roles[r - 1] = role_name((enum role)r);
        for (unsigned s = SERVICE_NONE + 1; s < SERVICE_COUNT; s++)
                known[known_len++] = bytes_of_text(policy_service_name((enum policy_service)s));
        for (unsigned i = METHOD_NONE + 1; i < METHOD_COUNT; i++)
                known[known_len++] = bytes_of_text(policy_method_name((enum policy_method)i));
        TRY(yaml_mapping(top, "roles", true, &m, l->why));
        TRY(yaml_known_keys(m, roles, l->why));
        for (unsigned r = ROLE_NONE + 1; r < ROLE_COUNT; r++) {
                uint32_t len = 0;

                if (yaml_find(m, roles[r - 1]) == NULL)
                        continue;
                TRY(load_names(
                        l, m, roles[r - 1], known, known_len, "service or method", &names, &len));
                for (uint32_t i = 0; i < len; i++)
                        give(l->policy, (enum role)r, names[i]);
                TRY(check_erasure(l, m, (enum role)r));
        }
        return ERR_OK;
}

/* Topics ------------------------------------------------------------------ */

static enum err load_code_lists(struct loader *l, const struct yaml *top)
{
        const struct yaml *files = NULL;
        struct policy *p = l->policy;
        enum err rc = ERR_OK;

        TRY(yaml_list(top, "codelists", true, &files, l->why));
        if (files->len == 0 || files->len > CODE_LISTS_MAX)
                return yaml_complain(files, ERR_CONFIG, l->why, "a bundle has 1 to %d code lists",
                        CODE_LISTS_MAX);
        p->code_lists = arena_alloc(l->arena, files->len, sizeof *p->code_lists);
        if (p->code_lists == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < files->len; i++) {
                struct yaml *file = NULL;
                enum err e = read_named(l, &files->items[i], &file);

                e = e == ERR_OK ? load_code_list(l, file, &p->code_lists[i]) : e;
                for (uint32_t j = 0; e == ERR_OK && j < i; j++)
                        if (bytes_equal(p->code_lists[i].id, p->code_lists[j].id))
                                e = yaml_complain(yaml_find(file, "codelist"), ERR_CONFIG, l->why,
                                        "two code lists have the same id");
                rc = rc == ERR_OK ? e : rc;
        }
        p->code_lists_len = files->len;
        return rc;
}

static enum err load_municipality_list(struct loader *l, const struct yaml *top)
{
        struct bytes known[CODE_LISTS_MAX];
        struct policy *p = l->policy;
        const struct yaml *at = yaml_find(top, "municipalities");
        const struct code_list *list;
        uint32_t index = 0;

        for (uint32_t i = 0; i < p->code_lists_len; i++)
                known[i] = p->code_lists[i].id;
        TRY(load_choice(l, top, "municipalities", known, p->code_lists_len, "code list", &index));
        list = p->municipalities = &p->code_lists[index];
        /* As many as there is room for, with those of earlier divisions. */
        if (list->levels[0].len > MUNICIPALITIES_MAX)
                return yaml_complain(
                        at, ERR_CONFIG, l->why, "more than %d municipalities", MUNICIPALITIES_MAX);
        p->rules.municipalities =
                arena_alloc(l->arena, list->levels[0].len, sizeof *p->rules.municipalities);
        if (p->rules.municipalities == NULL)
                return ERR_NO_MEMORY;
        /* Sorted by text is sorted by number: all have four digits. */
        for (uint32_t i = 0; i < list->levels[0].len; i++) {
                const struct code *c = &list->levels[0].codes[list->by_code[i]];
                municipality_t *next = &p->rules.municipalities[p->rules.municipalities_len];

                if (!municipality_parse((const char *)c->code.data, (uint32_t)c->code.len, next))
                        return yaml_complain(at, ERR_CONFIG, l->why,
                                "every code of this list must have four digits");
                /* What ended before anything was delivered has no keys and no records. */
                p->rules.municipalities_len += !c->history;
        }
        if (p->rules.municipalities_len == 0)
                return yaml_complain(
                        at, ERR_CONFIG, l->why, "the list has no municipality that delivers");
        return ERR_OK;
}

/* All halves of a data set, to be sorted together. */
struct trio {
        struct policy_dataset policy;
        struct rules_dataset rules;
        struct draft_dataset draft;
        const struct yaml *at;
};

static int by_id(const void *a, const void *b)
{
        const struct trio *x = a, *y = b;

        return bytes_compare(x->rules.id, y->rules.id);
}

static enum err keep_datasets(struct loader *l, struct trio *trios, uint32_t len)
{
        struct policy *p = l->policy;

        qsort(trios, len, sizeof *trios, by_id);
        p->datasets = arena_alloc(l->arena, len, sizeof *p->datasets);
        p->rules.datasets = arena_alloc(l->arena, len, sizeof *p->rules.datasets);
        if (p->datasets == NULL || p->rules.datasets == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < len; i++) {
                if (i > 0 && bytes_equal(trios[i - 1].rules.id, trios[i].rules.id))
                        return yaml_complain(yaml_find(trios[i].at, "dataset"), ERR_CONFIG, l->why,
                                "two data sets have the same id");
                p->datasets[i] = trios[i].policy;
                p->rules.datasets[i] = trios[i].rules;
                p->datasets[i].rules = &p->rules.datasets[i];
                l->drafts[i] = trios[i].draft;
        }
        p->datasets_len = p->rules.datasets_len = len;
        return ERR_OK;
}

static enum err load_datasets(struct loader *l, const struct yaml *top)
{
        const struct yaml *files = NULL;
        struct trio *trios;
        enum err rc = ERR_OK;

        TRY(yaml_list(top, "datasets", true, &files, l->why));
        if (files->len == 0 || files->len > RULES_DATASETS_MAX)
                return yaml_complain(files, ERR_CONFIG, l->why, "a bundle has 1 to %d data sets",
                        RULES_DATASETS_MAX);
        trios = arena_alloc(l->scratch, files->len, sizeof *trios);
        if (trios == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < files->len; i++) {
                struct trio *t = &trios[i];
                struct yaml *file = NULL;
                enum err e = read_named(l, &files->items[i], &file);

                e = e == ERR_OK ? load_dataset(l, file, &t->policy, &t->rules, &t->draft) : e;
                t->at = file;
                rc = rc == ERR_OK ? e : rc;
        }
        TRY(rc);
        return keep_datasets(l, trios, files->len);
}

/* presets: presets.yaml; a bundle need not have any. */
static enum err load_preset_file(struct loader *l, const struct yaml *top)
{
        const struct yaml *at = yaml_find(top, "presets");
        struct yaml *file = NULL;

        if (at == NULL)
                return ERR_OK;
        TRY(read_named(l, at, &file));
        return load_presets(l, file);
}

/* submission_keys: submission_keys.yaml; without it nobody can deliver sealed persons. */
static enum err load_submission_key_file(struct loader *l, const struct yaml *top)
{
        const struct yaml *at = yaml_find(top, "submission_keys");
        struct yaml *file = NULL;

        if (at == NULL)
                return ERR_OK;
        TRY(read_named(l, at, &file));
        return load_submission_keys(l, file);
}

static enum err load_linkage_file(struct loader *l, const struct yaml *top)
{
        static const char *const keys[] = {"linkages", NULL};
        const struct yaml *at = yaml_find(top, "linkages"), *list = NULL;
        struct yaml *file = NULL;

        if (at == NULL)
                return yaml_complain(top, ERR_CONFIG, l->why, "`linkages` is missing");
        TRY(read_named(l, at, &file));
        TRY(yaml_known_keys(file, keys, l->why));
        TRY(yaml_list(file, "linkages", true, &list, l->why));
        return load_linkages(l, list);
}

/* A bundle need not have any. */
static enum err load_indicator_files(struct loader *l, const struct yaml *top)
{
        const struct yaml *list = NULL, **files;
        enum err rc = ERR_OK;

        TRY(yaml_list(top, "indicators", false, &list, l->why));
        if (list == NULL)
                return ERR_OK;
        files = arena_alloc(l->scratch, list->len, sizeof *files);
        if (files == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < list->len; i++) {
                struct yaml *file = NULL;
                enum err e = read_named(l, &list->items[i], &file);

                files[i] = file;
                rc = rc == ERR_OK ? e : rc;
        }
        TRY(rc);
        return load_indicators(l, files, list->len);
}

/* What points back ------------------------------------------------------- */

static bool names_hold(const struct bytes *names, uint32_t len, struct bytes name)
{
        for (uint32_t i = 0; i < len; i++)
                if (bytes_equal(names[i], name))
                        return true;
        return false;
}

static enum err resolve_linkage(
        struct loader *l, const struct draft_dataset *draft, struct policy_dataset *d)
{
        const struct rules *r = &l->policy->rules;
        const struct rules_linkage *linkage = rules_linkage_find(r, draft->linkage);

        if (linkage == NULL) {
                struct bytes known[RULES_LINKAGES_MAX];
                char near[SUGGEST_MAX];

                for (uint32_t i = 0; i < r->linkages_len; i++)
                        known[i] = r->linkages[i].id;
                suggest_text(draft->linkage, known, r->linkages_len, near);
                return yaml_complain(draft->linkage_at, ERR_CONFIG, l->why,
                        "there is no linkage of this name%s", near);
        }
        if (!names_hold(linkage->datasets, linkage->datasets_len, d->id))
                return yaml_complain(draft->linkage_at, ERR_CONFIG, l->why,
                        "the linkage does not name this data set");
        for (uint32_t i = 0; i < d->purposes_len; i++)
                if (!names_hold(linkage->purposes, linkage->purposes_len, d->purposes[i]))
                        return yaml_complain(draft->linkage_at, ERR_CONFIG, l->why,
                                "the linkage does not cover the purpose `%.*s`",
                                (int)d->purposes[i].len, (const char *)d->purposes[i].data);
        d->linkage = linkage;
        return ERR_OK;
}

static int by_name(const void *a, const void *b)
{
        const struct rules_source *x = a, *y = b;

        return bytes_compare(x->name, y->name);
}

static enum err make_canonical(struct loader *l)
{
        struct policy *p = l->policy;
        OWNED(buf_done) struct buf out;
        struct bytes canonical;

        qsort(p->rules.sources, p->rules.sources_len, sizeof *p->rules.sources, by_name);
        buf_init(&out, RULES_CANONICAL_MAX);
        TRY(rules_encode(&p->rules, &out));
        TRY(buf_end(&out, &canonical));
        TRY(load_keep(l, canonical, &p->canonical));
        digest_of(p->canonical, &p->digest);
        return ERR_OK;
}

static enum err load_all(struct loader *l)
{
        struct policy *p = l->policy;
        struct yaml *top = NULL;

        p->rules.sources = arena_alloc(l->arena, RULES_SOURCES_MAX, sizeof *p->rules.sources);
        if (p->rules.sources == NULL)
                return ERR_NO_MEMORY;
        TRY(read_source(l, bytes_of_text("bundle.yaml"), &top));
        TRY(load_head(l, top));
        TRY(load_purposes(l, top));
        TRY(load_services(l, top));
        TRY(load_code_lists(l, top));
        TRY(load_municipality_list(l, top));
        TRY(load_person_quota(l, top));
        TRY(load_erasure_quota(l, top));
        TRY(load_submission_key_file(l, top));
        TRY(load_preset_file(l, top));
        TRY(load_datasets(l, top));
        TRY(check_perturbation(l));
        TRY(load_linkage_file(l, top));
        for (uint32_t i = 0; i < p->datasets_len; i++)
                if (p->datasets[i].kind == DATASET_RECORDS)
                        TRY(resolve_linkage(l, &l->drafts[i], &p->datasets[i]));
        TRY(load_principals(l, top));
        TRY(load_indicator_files(l, top));
        TRY(load_rehearsal(l));
        return make_canonical(l);
}

static void free_loader(struct loader **l)
{
        if (*l != NULL)
                arena_free(&(*l)->scratch);
        free(*l);
}

static enum err load(const char *folder, const struct policy_file *files, uint32_t len,
        struct policy **out, struct refusal *why)
{
        OWNED(free_loader) struct loader *l = calloc(1, sizeof *l);
        OWNED(policy_unref) struct policy *p = NULL;
        enum err rc;

        if (l == NULL)
                return ERR_NO_MEMORY;
        l->scratch = arena_new(SCRATCH_MAX);
        if (l->scratch == NULL)
                return ERR_NO_MEMORY;
        TRY(policy_new(&p));
        l->arena = p->arena;
        l->folder = folder;
        l->files = files;
        l->files_len = len;
        l->policy = p;
        l->why = why;
        rc = load_all(l);
        /* To a reader of YAML a fault is one of configuration; here it is more. */
        if (rc == ERR_CONFIG || rc == ERR_UNREADABLE)
                rc = ERR_POLICY_REFUSED;
        if (rc != ERR_OK) {
                if (why != NULL && why->len > 0)
                        why->code = rc;
                return rc;
        }
        *out = p;
        p = NULL;
        return ERR_OK;
}

enum err policy_load(const char *folder, struct policy **out, struct refusal *why)
{
        return load(folder, NULL, 0, out, why);
}

enum err policy_load_files(
        const struct policy_file *files, uint32_t len, struct policy **out, struct refusal *why)
{
        for (uint32_t i = 0; i < len; i++)
                for (uint32_t k = i + 1; k < len; k++)
                        if (bytes_equal(files[i].name, files[k].name))
                                return refuse(why, ERR_POLICY_REFUSED, "files",
                                        "%.*s stands there twice", (int)files[i].name.len,
                                        (const char *)files[i].name.data);
        return load(NULL, files, len, out, why);
}
