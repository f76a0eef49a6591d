/* SPDX-License-Identifier: Apache-2.0 */
/* yaml.c: text to tree, through the event parser of libfyaml.
 *
 * We take events and build the tree ourselves. A document that libfyaml has
 * built is complete before anybody can object: ten lines of nested aliases are a
 * billion nodes by then. Event by event the ceilings on depth and nodes are
 * checked before anything is kept, and aliases, anchors and tags are refused as
 * they come by. The bytes are checked before libfyaml sees them: UTF-8 only, and
 * no control characters that would hide text from the officer who reads the file.
 *
 * Nothing of libfyaml outlives a call: text is copied into the arena. */
#include "policies/yaml.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libfyaml.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

/* Files ------------------------------------------------------------------- */

/* Exactly `len` bytes; a file that shrinks or grows under us is refused. */
static bool read_whole(int fd, uint8_t *into, size_t len)
{
        size_t done = 0;
        uint8_t one_more;

        while (done < len) {
                ssize_t n = read(fd, into + done, len - done);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return false;
                done += (size_t)n;
        }
        return read(fd, &one_more, 1) == 0;
}

enum err yaml_slurp(struct arena *a, const char *path, struct bytes *out, struct refusal *why)
{
        /* O_NONBLOCK: a pipe in the place of a file must not stop the start. */
        OWNED(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) != 0)
                return refuse(why, ERR_UNREADABLE, path, "%s", strerror(errno));
        if (!S_ISREG(st.st_mode))
                return refuse(why, ERR_UNREADABLE, path, "is not a regular file");
        if (st.st_size > YAML_BYTES_MAX)
                return refuse(why, ERR_CONFIG, path, "is larger than %d bytes", YAML_BYTES_MAX);

        size_t len = (size_t)st.st_size;
        uint8_t *data = arena_alloc_raw(a, len + 1, 1);

        if (data == NULL)
                return ERR_NO_MEMORY;
        if (!read_whole(fd, data, len))
                return refuse(why, ERR_UNREADABLE, path, "changed or failed while it was read");
        data[len] = '\0';
        *out = bytes_of(data, len);
        return ERR_OK;
}

/* The tree ---------------------------------------------------------------- */

/* A node before its siblings are counted. */
struct pending {
        struct yaml node;
        struct bytes key;
        struct yaml_place key_place;
        struct pending *next;
};

/* A collection that is still open. */
struct open {
        struct pending *self, *first, *last;
        bool has_key; /* a mapping's key was read, its value was not */
        struct bytes key;
        struct yaml_place key_place;
};

struct build {
        struct arena *arena;
        const char *file;
        struct refusal *why;
        struct open stack[YAML_DEPTH_MAX];
        uint32_t depth, nodes, documents;
        struct pending *root;
};

static enum err complain_at(struct build *b, struct yaml_place at, enum err code, const char *fmt,
        ...) PRINTF_LIKE(4, 5);

static enum err complain_at(
        struct build *b, struct yaml_place at, enum err code, const char *fmt, ...)
{
        struct yaml here = {.file = b->file, .line = at.line, .column = at.column};
        char text[VIOLATION_TEXT_MAX];
        va_list args;

        va_start(args, fmt);
        (void)vsnprintf(text, sizeof text, fmt, args);
        va_end(args);
        return yaml_complain(&here, code, b->why, "%s", text);
}

static struct yaml_place place_of(struct fy_event *event)
{
        const struct fy_mark *mark = fy_event_start_mark(event);

        if (mark == NULL)
                return (struct yaml_place){1, 1};
        return (struct yaml_place){(uint32_t)mark->line + 1, (uint32_t)mark->column + 1};
}

static int by_key(const void *a, const void *b)
{
        const struct pending *const *x = a, *const *y = b;

        return bytes_compare((*x)->key, (*y)->key);
}

/* Keys are sorted to be compared: a mapping of 100,000 keys is no reason to wait. */
static enum err refuse_twins(struct build *b, const struct open *o, uint32_t len)
{
        struct pending **sorted = arena_alloc_raw(b->arena, len, sizeof(struct pending *));
        uint32_t n = 0;

        if (sorted == NULL)
                return ERR_NO_MEMORY;
        for (struct pending *p = o->first; p != NULL; p = p->next)
                sorted[n++] = p;
        if (n > 1)
                qsort(sorted, n, sizeof *sorted, by_key);
        for (uint32_t i = 1; i < n; i++) {
                struct yaml_place x = sorted[i - 1]->key_place, y = sorted[i]->key_place;
                bool y_later = y.line > x.line || (y.line == x.line && y.column > x.column);

                if (bytes_equal(sorted[i - 1]->key, sorted[i]->key))
                        return complain_at(b, y_later ? y : x, ERR_CONFIG,
                                "the key `%.*s` stands twice in one mapping",
                                (int)(sorted[i]->key.len < 48 ? sorted[i]->key.len : 48),
                                (const char *)sorted[i]->key.data);
        }
        return ERR_OK;
}

/* Gives a finished collection its arrays. */
static enum err close_collection(struct build *b)
{
        assert(b->depth > 0);
        struct open *o = &b->stack[--b->depth];
        assert(o->self != NULL);
        struct yaml *node = &o->self->node;
        bool is_mapping = node->kind == YAML_MAPPING;
        uint32_t len = node->len, i = 0;

        if (is_mapping)
                TRY(refuse_twins(b, o, len));
        node->items = arena_alloc(b->arena, len, sizeof *node->items);
        if (is_mapping) {
                node->keys = arena_alloc(b->arena, len, sizeof *node->keys);
                node->key_places = arena_alloc(b->arena, len, sizeof *node->key_places);
        }
        if (node->items == NULL || (is_mapping && (node->keys == NULL || node->key_places == NULL)))
                return ERR_NO_MEMORY;
        for (struct pending *p = o->first; p != NULL; p = p->next, i++) {
                node->items[i] = p->node;
                if (is_mapping) {
                        node->keys[i] = p->key;
                        node->key_places[i] = p->key_place;
                }
        }
        return ERR_OK;
}

static enum err attach(struct build *b, struct pending *p)
{
        struct open *o;

        if (b->depth == 0) {
                b->root = p;
                return ERR_OK;
        }
        o = &b->stack[b->depth - 1];
        if (o->self->node.kind == YAML_MAPPING) {
                p->key = o->key;
                p->key_place = o->key_place;
                o->has_key = false;
        }
        if (o->last != NULL)
                o->last->next = p;
        else
                o->first = p;
        o->last = p;
        o->self->node.len++;
        return ERR_OK;
}

static bool expects_key(const struct build *b)
{
        const struct open *o = b->depth > 0 ? &b->stack[b->depth - 1] : NULL;

        return o != NULL && o->self->node.kind == YAML_MAPPING && !o->has_key;
}

static enum err new_node(
        struct build *b, enum yaml_kind kind, struct yaml_place at, struct pending **out)
{
        if (b->nodes >= YAML_NODES_MAX)
                return complain_at(
                        b, at, ERR_CONFIG, "the file has more than %d nodes", YAML_NODES_MAX);

        struct pending *p = arena_alloc(b->arena, 1, sizeof *p);

        if (p == NULL)
                return ERR_NO_MEMORY;
        b->nodes++;
        p->node =
                (struct yaml){.kind = kind, .file = b->file, .line = at.line, .column = at.column};
        *out = p;
        return ERR_OK;
}

/* A quoted scalar begins at its quote; libfyaml's mark stands behind it. */
static struct yaml_place scalar_place(struct fy_event *event, bool *quoted)
{
        struct yaml_place at = place_of(event);
        enum fy_scalar_style style = FYSS_PLAIN;

        if (event->scalar.value != NULL)
                style = fy_token_scalar_style(event->scalar.value);
        *quoted = style != FYSS_PLAIN;
        if ((style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED) && at.column > 1)
                at.column--;
        return at;
}

/* The text of a scalar, kept; the empty value of `a:` has none. */
static enum err scalar_text(struct build *b, struct fy_event *event, struct bytes *out)
{
        size_t len = 0;
        const char *text = fy_token_get_text(event->scalar.value, &len);
        char *kept = arena_strndup(b->arena, text != NULL ? text : "", text != NULL ? len : 0);

        if (kept == NULL)
                return ERR_NO_MEMORY;
        *out = bytes_of(kept, text != NULL ? len : 0);
        return ERR_OK;
}

static enum err on_scalar(struct build *b, struct fy_event *event)
{
        bool quoted;
        struct yaml_place at = scalar_place(event, &quoted);
        struct bytes text;
        struct pending *p;

        TRY(scalar_text(b, event, &text));
        if (expects_key(b)) {
                struct open *o = &b->stack[b->depth - 1];

                if (text.len == 0)
                        return complain_at(b, at, ERR_CONFIG, "a key is empty");
                o->has_key = true;
                o->key = text;
                o->key_place = at;
                return ERR_OK;
        }
        TRY(new_node(b, YAML_SCALAR, at, &p));
        p->node.text = text;
        p->node.quoted = quoted;
        return attach(b, p);
}

static enum err on_open(struct build *b, struct fy_event *event, enum yaml_kind kind)
{
        struct yaml_place at = place_of(event);
        struct pending *p;

        if (expects_key(b))
                return complain_at(b, at, ERR_CONFIG, "a key must be plain text");
        if (b->depth == YAML_DEPTH_MAX)
                return complain_at(
                        b, at, ERR_CONFIG, "nested more than %d levels deep", YAML_DEPTH_MAX);
        TRY(new_node(b, kind, at, &p));
        TRY(attach(b, p));
        b->stack[b->depth++] = (struct open){.self = p};
        return ERR_OK;
}

static enum err refuse_decoration(
        struct build *b, struct fy_event *event, struct fy_token *anchor, struct fy_token *tag)
{
        if (anchor != NULL)
                return complain_at(b, place_of(event), ERR_CONFIG,
                        "anchors (&name) are not allowed: write it out");
        if (tag != NULL)
                return complain_at(b, place_of(event), ERR_CONFIG, "tags (!name) are not allowed");
        return ERR_OK;
}

static enum err on_event(struct build *b, struct fy_event *event)
{
        switch (event->type) {
        case FYET_ALIAS:
                return complain_at(b, place_of(event), ERR_CONFIG,
                        "aliases (*name) are not allowed: write it out");
        case FYET_DOCUMENT_START:
                if (b->documents++ > 0)
                        return complain_at(b, place_of(event), ERR_CONFIG,
                                "the file holds more than one document");
                return ERR_OK;
        case FYET_SCALAR:
                TRY(refuse_decoration(b, event, event->scalar.anchor, event->scalar.tag));
                return on_scalar(b, event);
        case FYET_SEQUENCE_START:
                TRY(refuse_decoration(
                        b, event, event->sequence_start.anchor, event->sequence_start.tag));
                return on_open(b, event, YAML_SEQUENCE);
        case FYET_MAPPING_START:
                TRY(refuse_decoration(
                        b, event, event->mapping_start.anchor, event->mapping_start.tag));
                return on_open(b, event, YAML_MAPPING);
        case FYET_SEQUENCE_END:
        case FYET_MAPPING_END:
                return close_collection(b);
        case FYET_NONE:
        case FYET_STREAM_START:
        case FYET_STREAM_END:
        case FYET_DOCUMENT_END:
                return ERR_OK;
        }
        return ERR_OK;
}

/* libfyaml's own complaints ---------------------------------------------- */

static void say_nothing(struct fy_diag *diag, void *user, const char *text, size_t len)
{
        (void)diag;
        (void)user;
        (void)text;
        (void)len;
}

static void free_diag(struct fy_diag **diag)
{
        if (*diag != NULL)
                fy_diag_destroy(*diag);
}

static void free_parser(struct fy_parser **parser)
{
        if (*parser != NULL)
                fy_parser_destroy(*parser);
}

static enum err complain_for(struct build *b, struct fy_diag *diag)
{
        void *prev = NULL;
        const struct fy_diag_error *e = fy_diag_errors_iterate(diag, &prev);
        struct yaml_place at = {1, 1};

        if (e == NULL)
                return complain_at(b, at, ERR_CONFIG, "cannot be read as YAML");
        if (e->line > 0)
                at = (struct yaml_place){
                        (uint32_t)e->line, (uint32_t)(e->column > 0 ? e->column : 1)};
        return complain_at(b, at, ERR_CONFIG, "%s", e->msg != NULL ? e->msg : "is not YAML");
}

static enum err build_tree(struct build *b, struct fy_parser *parser, struct fy_diag *diag)
{
        for (;;) {
                struct fy_event *event = fy_parser_parse(parser);
                enum err rc;
                bool end;

                if (event == NULL)
                        break;
                end = event->type == FYET_STREAM_END;
                rc = on_event(b, event);
                fy_parser_event_free(parser, event);
                TRY(rc);
                if (end)
                        break;
        }
        if (fy_parser_get_stream_error(parser) || fy_diag_got_error(diag))
                return complain_for(b, diag);
        if (b->root == NULL || b->depth > 0)
                return complain_at(b, (struct yaml_place){1, 1}, ERR_CONFIG, "the file is empty");
        return ERR_OK;
}

/* Bytes before YAML ------------------------------------------------------- */

/* libfyaml reads ahead for as long as a bracket is open, since all of it could be
 * a key: a megabyte of "[" takes seconds before the first event. Brackets in texts
 * and comments count too, but nobody leaves this many of them open. */
enum { OPEN_BRACKETS_MAX = 16 * YAML_DEPTH_MAX };

static void count_bracket(uint8_t c, uint32_t *open)
{
        if (c == '[' || c == '{')
                ++*open;
        else if ((c == ']' || c == '}') && *open > 0)
                --*open;
}

/* Line by line, so that the position of what is wrong is known. Tabs may stand
 * where YAML lets them stand. */
static enum err check_text(struct build *b, struct bytes text)
{
        struct yaml_place at = {1, 1};
        uint32_t open = 0;
        size_t from = 0;

        if (text.len > YAML_BYTES_MAX)
                return complain_at(b, at, ERR_CONFIG, "is larger than %d bytes", YAML_BYTES_MAX);
        for (size_t i = 0; i <= text.len; i++) {
                uint8_t c = i < text.len ? text.data[i] : '\n';

                count_bracket(c, &open);
                if (open > OPEN_BRACKETS_MAX)
                        return complain_at(b, at, ERR_CONFIG,
                                "brackets nested more than %d levels deep", OPEN_BRACKETS_MAX);
                if (c != '\n' && c != '\r' && c != '\t')
                        continue;
                if (!bytes_is_printable(bytes_of(text.data + from, i - from)))
                        return complain_at(
                                b, at, ERR_CONFIG, "the line is not printable UTF-8 text");
                from = i + 1;
                at.line += c == '\n';
        }
        return ERR_OK;
}

enum err yaml_read_text(struct arena *a, const char *name, struct bytes text, struct yaml **out,
        struct refusal *why)
{
        struct fy_diag_cfg quiet = {
                .output_fn = say_nothing, .level = FYET_ERROR, .module_mask = (1u << FYEM_MAX) - 1};
        OWNED(free_diag) struct fy_diag *diag = NULL;
        OWNED(free_parser) struct fy_parser *parser = NULL;
        struct build b = {.arena = a, .why = why};

        b.file = arena_strndup(a, name, strlen(name));
        if (b.file == NULL)
                return ERR_NO_MEMORY;
        TRY(check_text(&b, text));
        diag = fy_diag_create(&quiet);
        if (diag == NULL)
                return ERR_NO_MEMORY;
        fy_diag_set_collect_errors(diag, true);

        struct fy_parse_cfg cfg = {
                .flags = FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE, .diag = diag};

        parser = fy_parser_create(&cfg);
        if (parser == NULL || fy_parser_set_string(parser,
                                      text.len > 0 ? (const char *)text.data : "", text.len) != 0)
                return ERR_NO_MEMORY;
        TRY(build_tree(&b, parser, diag));
        *out = &b.root->node;
        return ERR_OK;
}

enum err yaml_read_file(struct arena *a, const char *path, struct yaml **out, struct refusal *why)
{
        struct bytes text = {0};

        TRY(yaml_slurp(a, path, &text, why));
        return yaml_read_text(a, path, text, out, why);
}
