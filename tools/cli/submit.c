/* SPDX-License-Identifier: Apache-2.0 */
/* submit.c: `statgate submit`: a municipality's file as it is, delivered.
 *
 *      survey the file → plan from its header → parser thread ∥ delivery → report
 *
 * Several files are delivered one after the other over one connection, each a delivery of
 * its own.
 *
 * The file is never copied and never held in memory. What a row lacks or has wrong
 * is told by row, column and rule; no message holds what stood there. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "crypto/digest.h"
#include "policies/policy.h"
#include "tools/cli/bundle.h"
#include "tools/cli/csv.h"
#include "tools/cli/delivery.h"
#include "tools/cli/delivery_id.h"
#include "tools/cli/files.h"
#include "tools/cli/report.h"
#include "tools/cli/sealing.h"
#include "tools/client/client.h"

enum {
        PLAN_ARENA = 256 << 20,
        CHECK_ARENA = 64 << 20,
        RETRY_DEFAULT_S = 60,
        RETRY_MAX_S = 86400,
        FILES_MAX = 4096
};

static const char *const of_one_file[] = {"submission", "rejected", "mapping"};

/* What the files of one command have in common. */
struct sender {
        struct settings settings;
        struct identity identity;
        struct policy *policy;
        struct client *client;
        bool is_known;    /* who delivers has been found out */
        bool has_sealing; /* what to seal with has been read */
        struct sealing sealing;
};

struct submit {
        struct cli *cli;
        struct sender *sender;
        const char *path, *dataset_name, *period_text;
        bool replace, all_or_nothing, dry_run;
        bool has_as_of;
        int32_t as_of_days;
        unsigned retry_s;
        municipality_t municipality;
        const struct policy_dataset *dataset;
        struct period period;
        struct mapping mapping;
        struct digest mapping_digest;
        struct arena *arena; /* the parser's: plan and what it learns */
        int fd;
        struct csv_input input;
        struct csv_survey survey;
        struct csv *csv;
        struct intake_plan *plan;
        struct filler filler;
        struct conveyor *conveyor;
        struct progress progress;
        struct delivery_outcome outcome;
};

/* Getting ready ----------------------------------------------------------- */

static enum exit_code wrong_option(const struct cli *cli, const char *name)
{
        complain(cli, WORD_OPTION_VALUE, name);
        return EXIT_CODE_USAGE;
}

/* 0114-placering-2024.csv, as exports and `statgate generate` name their files: what no
 * option says. NULL where the name says nothing. */
static const char *from_file_name(const struct submit *s, unsigned part)
{
        const char *slash = strrchr(s->path, '/'), *at = slash != NULL ? slash + 1 : s->path;
        const char *end = at + strlen(at), *dash;

        if (end - at > 4 && strcasecmp(end - 4, ".csv") == 0)
                end -= 4;
        for (unsigned i = 0; i < part; i++) {
                dash = memchr(at, '-', (size_t)(end - at));
                if (dash == NULL)
                        return NULL;
                at = dash + 1;
        }
        dash = memchr(at, '-', (size_t)(end - at));
        if (part == 1 && dash == NULL)
                return NULL;
        return arena_strndup(s->arena, at, (size_t)((part == 1 ? dash : end) - at));
}

static enum exit_code missing_option(const struct cli *cli, const char *name)
{
        complain(cli, WORD_OPTION_MISSING, name, "submit");
        return EXIT_CODE_USAGE;
}

static enum exit_code read_what(struct submit *s, const struct arguments *args)
{
        s->dataset_name = option_text(args, "dataset");
        s->period_text = option_text(args, "period");
        if (s->dataset_name == NULL)
                s->dataset_name = from_file_name(s, 1);
        if (s->period_text == NULL)
                s->period_text = from_file_name(s, 2);
        if (s->dataset_name == NULL)
                return missing_option(s->cli, "dataset");
        return s->period_text == NULL ? missing_option(s->cli, "period") : EXIT_CODE_OK;
}

static enum exit_code read_arguments(struct submit *s, const struct arguments *args)
{
        const char *as_of = option_text(args, "as-of"), *retry = option_text(args, "retry");
        enum exit_code code = read_what(s, args);

        if (code != EXIT_CODE_OK)
                return code;
        s->replace = option_given(args, "replace");
        s->all_or_nothing = option_given(args, "all-or-nothing");
        s->retry_s = RETRY_DEFAULT_S;
        if (!period_parse(s->period_text, (uint32_t)strlen(s->period_text), &s->period))
                return wrong_option(s->cli, "period");
        if (as_of != NULL) {
                if (days_parse(as_of, strlen(as_of), &s->as_of_days) != ERR_OK)
                        return wrong_option(s->cli, "as-of");
                s->has_as_of = true;
        }
        if (retry != NULL) {
                int64_t seconds;

                if (!bytes_decimal(bytes_of_text(retry), 0, &seconds) || seconds < 0 ||
                        seconds > RETRY_MAX_S)
                        return wrong_option(s->cli, "retry");
                s->retry_s = (unsigned)seconds;
        }
        return EXIT_CODE_OK;
}

static enum exit_code know_sender(struct submit *s)
{
        struct sender *sender = s->sender;
        enum exit_code code = EXIT_CODE_OK;

        if (sender->is_known)
                return code;
        code = settings_read(s->cli, &sender->settings);
        if (code == EXIT_CODE_OK)
                code = identity_read(s->cli, &sender->settings, NULL, &sender->identity);
        sender->is_known = code == EXIT_CODE_OK;
        return code;
}

/* Who delivers. A dry run needs no certificate: --as 0114 is enough. */
static enum exit_code find_identity(struct submit *s)
{
        const char *as = s->cli->as;
        enum exit_code code;

        if (s->dry_run) {
                if (as != NULL && !municipality_parse(as, (uint32_t)strlen(as), &s->municipality))
                        return wrong_option(s->cli, "as");
                return EXIT_CODE_OK;
        }
        code = know_sender(s);
        if (code != EXIT_CODE_OK)
                return code;
        s->municipality = s->sender->identity.principal.municipality;
        if (s->municipality != 0)
                return EXIT_CODE_OK;
        complain(s->cli, WORD_NOT_A_MUNICIPALITY, s->sender->identity.certificate);
        return EXIT_CODE_USAGE;
}

static enum exit_code find_bundle(struct submit *s, const char **folder)
{
        struct settings *settings = &s->sender->settings;
        enum exit_code code = EXIT_CODE_OK;

        if (*folder == NULL && settings->folder == NULL && settings_present(s->cli))
                code = settings_read(s->cli, settings);
        if (code != EXIT_CODE_OK)
                return code;
        if (*folder == NULL)
                *folder = settings->folder != NULL ? settings->policy : bundle_find(s->cli, NULL);
        if (*folder != NULL)
                return EXIT_CODE_OK;
        complain(s->cli, WORD_BUNDLE_NOT_GIVEN);
        return EXIT_CODE_USAGE;
}

static enum exit_code find_dataset(struct submit *s, const char *folder)
{
        enum exit_code code = find_bundle(s, &folder);

        if (code == EXIT_CODE_OK && s->sender->policy == NULL)
                code = bundle_load(s->cli, folder, &s->sender->policy);
        if (code != EXIT_CODE_OK)
                return code;
        s->dataset = policy_dataset_find(s->sender->policy, bytes_of_text(s->dataset_name));
        if (s->dataset != NULL)
                return EXIT_CODE_OK;
        complain(s->cli, WORD_DATASET_UNKNOWN, folder);
        return EXIT_CODE_USAGE;
}

static enum exit_code read_mapping(struct submit *s, const char *path)
{
        struct bytes text;
        struct refusal why = {0};
        enum err rc;

        if (path == NULL)
                return EXIT_CODE_OK;
        rc = file_read(s->arena, path, &text);
        if (rc != ERR_OK) {
                complain(s->cli, WORD_FILE_UNREADABLE, path, err_sentence(rc));
                return EXIT_CODE_INPUT;
        }
        digest_of(text, &s->mapping_digest);
        rc = mapping_read(s->arena, path, text, &s->mapping, &why);
        if (rc == ERR_OK)
                return EXIT_CODE_OK;
        complain(s->cli, WORD_MAPPING_WRONG, path);
        cli_print_refusal(s->cli, &why);
        return EXIT_CODE_INPUT;
}

static enum exit_code survey_file(struct submit *s)
{
        struct stat st;
        enum err rc;

        s->fd = open(s->path, O_RDONLY | O_CLOEXEC);
        if (s->fd < 0 || fstat(s->fd, &st) != 0 || !S_ISREG(st.st_mode)) {
                complain(s->cli, WORD_FILE_UNREADABLE, s->path,
                        s->fd < 0 ? strerror(errno) : err_sentence(ERR_UNREADABLE));
                return EXIT_CODE_INPUT;
        }
        s->input = csv_input_of_fd(s->fd);
        rc = csv_survey(&s->input, &s->mapping.dialect, &s->survey);
        if (rc == ERR_OK)
                return EXIT_CODE_OK;
        if (rc == ERR_UNSUPPORTED)
                complain(s->cli, WORD_FILE_UTF16, s->path);
        else
                complain(s->cli, WORD_FILE_UNREADABLE, s->path, err_sentence(rc));
        return EXIT_CODE_INPUT;
}

/* At the file's start, with the header read into `header`. */
static enum err open_csv(struct submit *s, struct csv_row *header)
{
        csv_free(&s->csv);
        TRY(csv_input_rewind(&s->input));
        TRY(csv_open(&s->input, &s->survey.dialect, &s->csv));
        return csv_next(s->csv, header);
}

static enum exit_code make_plan(struct submit *s)
{
        struct intake_wish wish = {
                .dataset = s->dataset,
                .municipalities = policy_municipalities(s->sender->policy),
                .municipality = s->municipality,
                .mapping = &s->mapping,
                .has_as_of = s->has_as_of,
                .as_of_days = s->as_of_days,
        };
        struct refusal why = {0};
        struct csv_row header;
        enum err rc = open_csv(s, &header);

        if (rc == ERR_NOT_FOUND) {
                complain(s->cli, WORD_FILE_EMPTY, s->path);
                return EXIT_CODE_INPUT;
        }
        if (rc == ERR_OK)
                rc = intake_plan_make(s->arena, &wish, &header, &s->plan, &why);
        if (rc == ERR_OK)
                return EXIT_CODE_OK;
        complain(s->cli, WORD_HEADER_WRONG, s->path, err_sentence(rc));
        cli_print_refusal(s->cli, &why);
        return rc == ERR_NO_MEMORY ? EXIT_CODE_INTERNAL : EXIT_CODE_INPUT;
}

/* What was found out, so that nobody is surprised afterwards. */
static void tell_plan(const struct submit *s)
{
        char mark[2] = {(char)s->survey.dialect.delimiter, '\0'}, rows[NUMBER_TEXT];

        note(s->cli, WORD_FILE_FOUND, s->path, csv_encoding_name(s->survey.dialect.encoding),
                mark[0] == '\t' ? "tab" : mark, cli_number(s->cli, s->survey.lines - 1, rows));
        for (uint32_t i = 0; i < s->plan->columns_len; i++)
                if (s->plan->columns[i].target == TARGET_IGNORE)
                        note(s->cli, WORD_COLUMN_UNUSED, s->plan->columns[i].header);
}

/* Reading rows ------------------------------------------------------------ */

/* Rows up to the end of the file into parcels from the conveyor. */
static enum err parse_rows(struct submit *s)
{
        struct parcel *p = conveyor_empty(s->conveyor);
        struct csv_row row;
        enum err rc = ERR_OK;

        while (p != NULL && (rc = csv_next(s->csv, &row)) == ERR_OK) {
                TRY(filler_row(&s->filler, p, &row));
                if (parcel_is_full(p)) {
                        conveyor_filled(s->conveyor);
                        p = conveyor_empty(s->conveyor);
                }
        }
        if (p != NULL && rc == ERR_NOT_FOUND && parcel_rows(p) > 0)
                conveyor_filled(s->conveyor);
        return rc == ERR_NOT_FOUND ? ERR_OK : rc;
}

static void *parse_thread(void *state)
{
        struct submit *s = state;

        conveyor_end(s->conveyor, parse_rows(s));
        return NULL;
}

/* The gateway's own schema rules, here and now. */
static enum err check_parcel(
        struct submit *s, struct parcel *p, struct arena *arena, uint32_t sequence)
{
        const struct batch *batch = parcel_finish(p, sequence);
        struct verdicts verdicts;
        struct refusal why = {0};

        arena_reset(arena);
        TRY(validate_batch(s->dataset, s->period, batch, arena, &verdicts, &why));
        s->outcome.accepted += verdicts.accepted_len;
        s->outcome.rejected += batch->rows - verdicts.accepted_len;
        for (uint32_t i = 0; i < verdicts.rejections_len; i++) {
                const struct rejection *r = &verdicts.rejections[i];
                uint32_t column = r->place == REJECTION_PERSON       ? s->plan->person
                                  : r->place == REJECTION_RECORD_KEY ? s->plan->record_key
                                  : r->place == REJECTION_GUARDIAN
                                          ? plan_column_of(s->plan, bytes_of_text("guardian"))
                                          : plan_column_of(s->plan, batch->columns[r->column].name);

                rejected_add(&s->outcome.rejections, (struct rejected){parcel_file_row(p, r->row),
                                                             column, r->rule, r->sentence});
        }
        parcel_reset(p);
        return ERR_OK;
}

static enum err check_rows(struct submit *s, struct parcel *p, struct arena *arena)
{
        struct csv_row row;
        uint32_t sequence = 0;
        enum err rc;

        while ((rc = csv_next(s->csv, &row)) == ERR_OK) {
                TRY(filler_row(&s->filler, p, &row));
                if (parcel_is_full(p)) {
                        TRY(check_parcel(s, p, arena, sequence++));
                        progress_show(&s->progress, s->filler.rows_taken + s->filler.rows_rejected);
                }
        }
        if (rc == ERR_NOT_FOUND && parcel_rows(p) > 0)
                return check_parcel(s, p, arena, sequence);
        return rc == ERR_NOT_FOUND ? ERR_OK : rc;
}

/* Reads everything and sends nothing. Leaves the csv at its end. */
static enum err rehearse(struct submit *s)
{
        OWNED(arena_free) struct arena *arena = arena_new(CHECK_ARENA);
        OWNED(parcel_free) struct parcel *p = NULL;

        if (arena == NULL)
                return ERR_NO_MEMORY;
        TRY(parcel_new(s->plan, PARCEL_ROWS_MAX, BATCH_WIRE_MAX, &p));
        return check_rows(s, p, arena);
}

/* Reporting --------------------------------------------------------------- */

static const char *report_path(struct submit *s, const char *wanted)
{
        size_t len = strlen(s->path);

        if (wanted != NULL)
                return wanted;
        if (len > 4 && strcasecmp(s->path + len - 4, ".csv") == 0)
                len -= 4;
        return arena_printf(s->cli->arena, "%.*s-%s.csv", (int)len, s->path,
                cli_word(s->cli, WORD_REPORT_NAME));
}

static enum exit_code write_report(struct submit *s, const char *wanted)
{
        struct rejected_list *list = &s->outcome.rejections;
        const char *path = report_path(s, wanted);
        char untold[NUMBER_TEXT];
        enum err rc;

        for (size_t i = 0; i < s->filler.rejected.len; i++)
                rejected_add(list, s->filler.rejected.items[i]);
        rejected_sort(list);
        if (list->len == 0 && wanted == NULL)
                return EXIT_CODE_OK;
        report_by_rule(s->cli, list);
        rc = path == NULL || list->failed ? ERR_NO_MEMORY
                                          : report_write(s->cli, path, s->plan, list);
        if (rc != ERR_OK) {
                complain(s->cli, WORD_NOT_WRITTEN, path != NULL ? path : "", err_sentence(rc));
                return EXIT_CODE_INTERNAL;
        }
        say(s->cli, WORD_REPORT_WRITTEN, path);
        if (s->outcome.rejections_untold > 0)
                say(s->cli, WORD_REPORT_UNTOLD,
                        cli_number(s->cli, s->outcome.rejections_untold, untold));
        return EXIT_CODE_OK;
}

static void tell_counts(const struct submit *s)
{
        char all[NUMBER_TEXT], good[NUMBER_TEXT], bad[NUMBER_TEXT], rate[NUMBER_TEXT];
        uint64_t rows = s->filler.rows_taken + s->filler.rows_rejected;
        uint64_t rejected = s->filler.rows_rejected + s->outcome.rejected;
        int64_t took = clock_monotonic_ns() - s->progress.started_ns;

        say(s->cli, WORD_SUMMARY, cli_number(s->cli, rows, all),
                cli_number(s->cli, s->outcome.accepted, good), cli_number(s->cli, rejected, bad),
                cli_number(s->cli, took > 0 ? (uint64_t)((double)rows * 1e9 / (double)took) : 0,
                        rate));
}

static void tell_receipt(const struct submit *s, const struct submission_id *id)
{
        char uuid[UUID_TEXT], at[25], hex[2 * sizeof(struct digest) + 1];
        char good[NUMBER_TEXT], bad[NUMBER_TEXT];
        const struct wire_committed *r = &s->outcome.receipt;

        uuid_format(id, uuid);
        clock_format(r->committed_at_ms, at);
        hex_encode(bytes_of(r->digest.bytes, sizeof r->digest.bytes), hex);
        if (s->outcome.was_committed)
                say(s->cli, WORD_COMMITTED_BEFORE);
        say(s->cli, WORD_RECEIPT, uuid, at, cli_number(s->cli, r->accepted, good),
                cli_number(s->cli, r->rejected, bad), hex);
}

/* Delivering -------------------------------------------------------------- */

/* The gateway never sees rows that this tool rejected, and is told how many they are; the
 * share that a replaced period may lack counts them all the same. */
static bool may_commit(void *state, uint64_t accepted, uint64_t rejected, uint64_t *out_turned_away)
{
        struct submit *s = state;
        uint64_t bad = s->filler.rows_rejected + rejected, all = accepted + bad;
        char permille[NUMBER_TEXT];

        *out_turned_away = s->filler.rows_rejected;
        if (!s->replace || bad * 1000 <= all * s->dataset->replace_rejected_max_permille)
                return true;
        progress_end(&s->progress);
        complain(s->cli, WORD_REPLACE_SHARE,
                cli_number(s->cli, s->dataset->replace_rejected_max_permille, permille));
        return false;
}

static enum exit_code name_delivery(struct submit *s, const char *wanted, struct submission_id *out)
{
        struct delivery_name name = {
                .file = s->survey.digest,
                .mapping = s->mapping_digest,
                .dataset = s->dataset_name,
                .period = s->period_text,
                .municipality = s->municipality,
                .replace = s->replace,
                .all_or_nothing = s->all_or_nothing,
                .has_as_of = s->has_as_of,
                .as_of_days = s->as_of_days,
        };

        if (wanted != NULL)
                return uuid_parse(wanted, out) == ERR_OK ? EXIT_CODE_OK
                                                         : wrong_option(s->cli, "submission");
        return delivery_id(&name, out) == ERR_OK ? EXIT_CODE_OK : EXIT_CODE_INTERNAL;
}

/* All or nothing: one look through the file before a row of it leaves. */
static enum exit_code all_are_good(struct submit *s)
{
        struct csv_row header;
        enum err rc = rehearse(s);

        if (rc == ERR_OK && s->filler.rows_rejected + s->outcome.rejected > 0) {
                complain(s->cli, WORD_ALL_OR_NOTHING);
                return EXIT_CODE_INPUT;
        }
        s->outcome.accepted = 0;
        s->filler.rows_taken = 0;
        if (rc == ERR_OK)
                rc = open_csv(s, &header);
        if (rc == ERR_OK)
                return EXIT_CODE_OK;
        complain(s->cli, WORD_FILE_UNREADABLE, s->path, err_sentence(rc));
        return EXIT_CODE_INPUT;
}

/* By the bundle here: the gateway's may be stricter, and then refuses. */
static bool must_be_sealed(const struct submit *s)
{
        const struct rules_dataset *r = s->dataset->rules;

        return r->person != PERSON_USE_NONE && !r->clear_persons;
}

static enum exit_code get_sealing(struct submit *s)
{
        struct sender *sender = s->sender;
        enum exit_code code;

        if (!must_be_sealed(s) || sender->has_sealing)
                return EXIT_CODE_OK;
        code = sealing_begin(s->cli, &sender->settings, &sender->identity, &sender->sealing);
        sender->has_sealing = code == EXIT_CODE_OK;
        return code;
}

static enum exit_code send_parcels(struct submit *s, const struct submission_id *id)
{
        struct delivery_wish wish = {
                .open = {.id = *id,
                        .dataset = bytes_of_text(s->dataset_name),
                        .period = bytes_of_text(s->period_text),
                        .mode = s->replace ? DELIVERY_REPLACE : DELIVERY_APPEND,
                        .all_or_nothing = s->all_or_nothing},
                .settings = &s->sender->settings,
                .identity = &s->sender->identity,
                .client = &s->sender->client,
                .sealing = must_be_sealed(s) ? &s->sender->sealing : NULL,
                .plan = s->plan,
                .retry_s = s->retry_s,
                .may_commit = may_commit,
                .state = s,
        };
        const struct batch *first;
        enum err rc = conveyor_next(s->conveyor, &first);

        /* Nothing is opened for a file without a single good row. */
        if (rc == ERR_NOT_FOUND) {
                complain(s->cli, WORD_NO_GOOD_ROWS, s->path);
                return EXIT_CODE_INPUT;
        }
        if (rc != ERR_OK)
                return EXIT_CODE_INPUT;
        return delivery_run(s->cli, &wish, s->conveyor, &s->progress, &s->outcome);
}

static enum exit_code deliver(struct submit *s, const struct submission_id *id)
{
        pthread_t parser;
        enum exit_code code;

        if (conveyor_new(s->plan, s->survey.lines, PARCEL_ROWS_MAX, BATCH_WIRE_MAX, &s->conveyor) !=
                        ERR_OK ||
                pthread_create(&parser, NULL, parse_thread, s) != 0)
                return EXIT_CODE_INTERNAL;
        code = send_parcels(s, id);
        conveyor_stop(s->conveyor);
        (void)pthread_join(parser, NULL);

        enum err end = conveyor_end_reason(s->conveyor);

        if (end != ERR_OK) {
                complain(s->cli, WORD_FILE_UNREADABLE, s->path, err_sentence(end));
                code = end == ERR_NO_MEMORY ? EXIT_CODE_INTERNAL : EXIT_CODE_INPUT;
        }
        return code;
}

static enum exit_code run_dry(struct submit *s, const char *rejected)
{
        enum err rc = rehearse(s);
        enum exit_code code;

        progress_end(&s->progress);
        if (rc != ERR_OK) {
                complain(s->cli, WORD_FILE_UNREADABLE, s->path, err_sentence(rc));
                return rc == ERR_NO_MEMORY ? EXIT_CODE_INTERNAL : EXIT_CODE_INPUT;
        }
        tell_counts(s);
        code = write_report(s, rejected);
        say(s->cli, WORD_DRY_RUN);
        return code;
}

static enum exit_code run_delivery(struct submit *s, const char *wanted_id, const char *rejected)
{
        struct submission_id id;
        enum exit_code code = get_sealing(s), report;
        char uuid[UUID_TEXT], at[NUMBER_TEXT];

        if (code == EXIT_CODE_OK)
                code = name_delivery(s, wanted_id, &id);
        if (code != EXIT_CODE_OK)
                return code;
        if (s->all_or_nothing)
                code = all_are_good(s);
        if (code == EXIT_CODE_OK)
                code = deliver(s, &id);
        if (code == EXIT_CODE_CONNECT && !s->outcome.was_opened)
                return code; /* nothing was said to anybody */
        if (s->outcome.resumed_at > 0)
                say(s->cli, WORD_RESUMED, cli_number(s->cli, s->outcome.resumed_at, at));
        if (!s->outcome.was_committed)
                tell_counts(s);
        report = write_report(s, rejected);
        if (s->outcome.is_committed) {
                tell_receipt(s, &id);
                return report;
        }
        if (s->outcome.was_opened) {
                uuid_format(&id, uuid);
                say(s->cli, code == EXIT_CODE_CONNECT ? WORD_NOT_COMMITTED : WORD_NOT_ACCEPTED,
                        uuid);
        }
        return code;
}

static enum exit_code get_ready(struct submit *s, const struct arguments *args)
{
        enum exit_code code = read_arguments(s, args);

        if (code == EXIT_CODE_OK)
                code = find_identity(s);
        if (code == EXIT_CODE_OK)
                code = find_dataset(s, option_text(args, "bundle"));
        if (code == EXIT_CODE_OK)
                code = read_mapping(s, option_text(args, "mapping"));
        if (code == EXIT_CODE_OK)
                code = survey_file(s);
        return code == EXIT_CODE_OK ? make_plan(s) : code;
}

static enum exit_code submit_file(
        struct cli *cli, struct sender *sender, const struct arguments *args, const char *path)
{
        struct submit s = {.cli = cli,
                .sender = sender,
                .path = path,
                .dry_run = option_given(args, "dry-run"),
                .fd = -1,
                .arena = arena_new(PLAN_ARENA)};
        enum exit_code code = s.arena != NULL ? get_ready(&s, args) : EXIT_CODE_INTERNAL;

        if (code == EXIT_CODE_OK) {
                tell_plan(&s);
                s.filler.plan = s.plan;
                progress_start(&s.progress, cli, s.survey.lines - 1, option_given(args, "quiet"));
                code = s.dry_run ? run_dry(&s, option_text(args, "rejected"))
                                 : run_delivery(&s, option_text(args, "submission"),
                                           option_text(args, "rejected"));
        }
        conveyor_free(&s.conveyor);
        rejected_free(&s.filler.rejected);
        rejected_free(&s.outcome.rejections);
        csv_free(&s.csv);
        arena_free(&s.arena);
        if (s.fd >= 0)
                (void)close(s.fd);
        return code;
}

/* Every file is tried, whatever became of the one before; only who cannot be reached at all
 * is not tried again. The first failure is what the command ends with. */
static enum exit_code run(struct cli *cli, const struct arguments *args)
{
        struct sender sender = {.policy = NULL};
        enum exit_code code = EXIT_CODE_OK;
        unsigned files = argument_count(args);

        for (unsigned i = 0; files > 1 && i < ARRAY_LEN(of_one_file); i++)
                if (option_given(args, of_one_file[i])) {
                        complain(cli, WORD_OPTION_ONE_FILE, of_one_file[i]);
                        return EXIT_CODE_USAGE;
                }
        for (unsigned i = 0; i < files && code != EXIT_CODE_CONNECT; i++) {
                const char *path = argument_nth(args, i);
                enum exit_code one;

                if (files > 1) {
                        say(cli, WORD_FILE_HEADING, path);
                        (void)fflush(cli->out); /* the notes that follow go elsewhere */
                }
                one = submit_file(cli, &sender, args, path);
                code = code == EXIT_CODE_OK || one == EXIT_CODE_CONNECT ? one : code;
        }
        client_close(&sender.client);
        if (sender.has_sealing)
                sealing_done(&sender.sealing);
        policy_unref(&sender.policy);
        return code;
}

static const struct option_spec options[] = {
        {"dataset", "NAME", NULL, false, false,
                {"uppgiftssamling, till exempel placering (annars ur filnamnet)",
                        "data set, for example placering (else from the file's name)"}},
        {"period", "PERIOD", NULL, false, false,
                {"2025, 2025-Q1 eller 2025-03 (annars ur filnamnet)",
                        "2025, 2025-Q1 or 2025-03 (else from the file's name)"}},
        {"replace", NULL, NULL, false, false,
                {"ersätt allt som levererats för perioden (rättelseomgång)",
                        "replace everything delivered for the period (correction round)"}},
        {"mapping", "FILE.yaml", NULL, false, false,
                {"vad filens kolumner och värden betyder",
                        "what the file's columns and values mean"}},
        {"as-of", "DATE", NULL, false, false,
                {"uttagets datum; behövs för tiosiffriga personnummer",
                        "the export's date; needed for ten-digit personal numbers"}},
        {"all-or-nothing", NULL, NULL, false, false,
                {"leverera ingenting om någon rad är fel", "deliver nothing if any row is wrong"}},
        {"rejected", "OUT.csv", NULL, false, false,
                {"fil med avvisade rader (annars bredvid FILE)",
                        "file of rejected rows (else beside FILE)"}},
        {"submission", "UUID", NULL, false, false,
                {"leveransens namn (annars räknas det ut, så att en omkörning fortsätter)",
                        "name of the delivery (else computed, so that a re-run goes on)"}},
        {"bundle", "FOLDER", NULL, false, false,
                {"regelverkets mapp (annars statgate.yaml)",
                        "folder of the bundle (else statgate.yaml)"}},
        {"retry", "SECONDS", "60", false, false,
                {"hur länge en bruten förbindelse prövas igen",
                        "how long a broken connection is tried again"}},
        {"dry-run", NULL, NULL, false, false,
                {"läs och kontrollera utan att skicka", "read and check without sending"}},
        {"quiet", NULL, NULL, false, false, {"ingen förloppsvisning", "no progress"}},
};

const struct command command_submit = {
        .name = "submit",
        .arguments = "FILE.csv …",
        .arguments_min = 1,
        .arguments_max = FILES_MAX,
        .summary = {"leverera filer ur verksamhetssystemet", "deliver files from a case system"},
        .details = {"Filen tas som den är: semikolon, komma eller tabb; UTF-8, Windows-1252 eller "
                    "ISO-8859-1; decimalkomma; personnummer i alla former. Rubriker känns igen på "
                    "variablernas namn, annars säger --mapping vad de är. Rader med fel lämnas "
                    "utanför och räknas upp i en CSV-fil med rad, kolumn och regel. Samma kommando "
                    "igen fortsätter en avbruten leverans eller visar kvittot. Flera filer blir "
                    "var sin "
                    "leverans; 0114-placering-2024.csv säger själv uppgiftssamling och period.",
                "The file is taken as it is: semicolon, comma or tab; UTF-8, Windows-1252 or "
                "ISO-8859-1; decimal comma; personal numbers in every form. Headers are recognised "
                "by the variables' names, otherwise --mapping says what they are. Rows with faults "
                "are left out and listed in a CSV file with row, column and rule. The same command "
                "again goes on with an interrupted delivery or shows the receipt. Several files "
                "are a "
                "delivery each; 0114-placering-2024.csv says itself which data set and period."},
        .options = options,
        .options_len = ARRAY_LEN(options),
        .run = run,
};
