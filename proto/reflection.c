/* SPDX-License-Identifier: Apache-2.0 */
/* reflection.c: server reflection, so that a client with nothing but an address
 * (grpcurl, say) can see the services, their messages and the comments on fields.
 *
 * The descriptor set lies in the program as protoc wrote it and is sent on in the
 * same bytes. To find a file or a symbol we walk its wire format: a descriptor is
 * a nest of scopes with names, and five field numbers of each kind of scope are
 * all there is to know. A walk takes microseconds and reflection is rare, so
 * nothing is indexed or remembered between calls.
 *
 * v1 and v1alpha have the same messages under different names; both are answered
 * with the code generated for v1alpha. */
#include <string.h>

#include "grpc/reflection/v1alpha/reflection.pb-c.h"
#include "proto/descriptors.h"
#include "proto/pack.h"
#include "proto/wire.h"

enum { SYMBOL_MAX_LEN = 512, FILES_MAX = 64 };

typedef Grpc__Reflection__V1alpha__ServerReflectionRequest ReflectionRequest;
typedef Grpc__Reflection__V1alpha__ServerReflectionResponse ReflectionResponse;

/* Wire format -------------------------------------------------------------- */

struct field {
        uint64_t number;
        struct bytes body; /* of a length-delimited field, else empty */
};

static bool walk_varint(struct bytes *in, uint64_t *out)
{
        uint64_t v = 0;

        for (unsigned shift = 0; shift < 64 && in->len > 0; shift += 7) {
                uint8_t byte = *in->data;

                in->data++;
                in->len--;
                v |= (uint64_t)(byte & 0x7f) << shift;
                if ((byte & 0x80) == 0) {
                        *out = v;
                        return true;
                }
        }
        return false;
}

/* The next field; false at the end, and where the bytes make no sense. */
static bool walk(struct bytes *in, struct field *out)
{
        enum { VARINT = 0, FIXED64 = 1, DELIMITED = 2, FIXED32 = 5 };
        uint64_t key = 0, len = 0;

        if (!walk_varint(in, &key))
                return false;
        switch (key & 7) {
        case VARINT:
                if (!walk_varint(in, &len))
                        return false;
                len = 0;
                break;
        case FIXED64:
                len = 8;
                break;
        case FIXED32:
                len = 4;
                break;
        case DELIMITED:
                if (!walk_varint(in, &len))
                        return false;
                break;
        default:
                return false;
        }
        if (len > in->len)
                return false;
        *out = (struct field){.number = key >> 3};
        if ((key & 7) == DELIMITED)
                out->body = bytes_of(in->data, len);
        in->data += len;
        in->len -= len;
        return true;
}

/* The first occurrence of a length-delimited field; empty when absent. */
static struct bytes member(struct bytes of, uint64_t number)
{
        struct field f;

        while (walk(&of, &f))
                if (f.number == number)
                        return f.body;
        return (struct bytes){0};
}

/* google/protobuf/descriptor.proto ------------------------------------------ */

enum { SET_FILE = 1, FILE_NAME = 1, FILE_PACKAGE = 2, FILE_DEPENDENCY = 3, ANY_NAME = 1 };

enum scope { SCOPE_NONE = 0, SCOPE_LEAF, SCOPE_FILE, SCOPE_MESSAGE, SCOPE_ENUM, SCOPE_SERVICE };

/* What stands in a scope, by field number. */
static enum scope scope_within(enum scope outer, uint64_t number)
{
        static const uint8_t inside[SCOPE_SERVICE + 1][9] = {
                [SCOPE_FILE] = {[4] = SCOPE_MESSAGE, [5] = SCOPE_ENUM, [6] = SCOPE_SERVICE},
                [SCOPE_MESSAGE] =
                        {[2] = SCOPE_LEAF, [3] = SCOPE_MESSAGE, [4] = SCOPE_ENUM, [8] = SCOPE_LEAF},
                [SCOPE_ENUM] = {[2] = SCOPE_LEAF},
                [SCOPE_SERVICE] = {[2] = SCOPE_LEAF},
        };

        return number < 9 ? (enum scope)inside[outer][number] : SCOPE_NONE;
}

/* Takes "name", or "name." with more behind it, off the front of `path`. */
static bool take_name(struct bytes *path, struct bytes name)
{
        size_t dot = name.len < path->len;

        if (name.len == 0 || name.len > path->len || memcmp(path->data, name.data, name.len) != 0 ||
                (dot && (path->data[name.len] != '.' || path->len == name.len + 1)))
                return false;
        path->data += name.len + dot;
        path->len -= name.len + dot;
        return true;
}

/* What `path` names inside `of`. As deep as messages nest in our own files. */
static enum scope scope_find(struct bytes of, enum scope outer, struct bytes path)
{
        struct field f;

        while (walk(&of, &f)) {
                enum scope kind = scope_within(outer, f.number);
                struct bytes rest = path;
                enum scope found = SCOPE_NONE;

                if (kind == SCOPE_NONE)
                        continue;
                if (take_name(&rest, member(f.body, ANY_NAME)))
                        found = rest.len == 0 ? kind : scope_find(f.body, kind, rest);
                /* Values of an enum are named beside it, not inside. */
                else if (kind == SCOPE_ENUM)
                        found = scope_find(f.body, kind, path);
                if (found != SCOPE_NONE)
                        return found;
        }
        return SCOPE_NONE;
}

/* Files -------------------------------------------------------------------- */

static bool file_by_name(struct bytes name, struct bytes *out)
{
        struct bytes set = descriptors();
        struct field f;

        while (walk(&set, &f))
                if (f.number == SET_FILE && bytes_equal(member(f.body, FILE_NAME), name)) {
                        *out = f.body;
                        return true;
                }
        return false;
}

/* SCOPE_NONE: no such symbol. */
static enum scope file_by_symbol(struct bytes symbol, struct bytes *out)
{
        struct bytes set = descriptors();
        struct field f;

        while (walk(&set, &f)) {
                struct bytes rest = symbol;
                enum scope found = SCOPE_NONE;

                if (f.number == SET_FILE && take_name(&rest, member(f.body, FILE_PACKAGE)))
                        found = scope_find(f.body, SCOPE_FILE, rest);
                if (found != SCOPE_NONE) {
                        *out = f.body;
                        return found;
                }
        }
        return SCOPE_NONE;
}

struct files {
        ProtobufCBinaryData list[FILES_MAX];
        size_t len;
};

static bool files_have(const struct files *files, struct bytes file)
{
        for (size_t i = 0; i < files->len; i++)
                if (files->list[i].data == file.data)
                        return true;
        return false;
}

/* The file and what it imports, each once. `next` walks the list as it grows. */
static void files_collect(struct files *files, struct bytes first)
{
        files->list[files->len++] = binary(first);
        for (size_t next = 0; next < files->len; next++) {
                struct bytes of = run_of(files->list[next]), import;
                struct field f;

                while (walk(&of, &f))
                        if (f.number == FILE_DEPENDENCY && files->len < FILES_MAX &&
                                file_by_name(f.body, &import) && !files_have(files, import))
                                files->list[files->len++] = binary(import);
        }
}

/* Answers ------------------------------------------------------------------ */

static enum err answer(ReflectionRequest *request, ReflectionResponse *response, struct buf *out)
{
        response->valid_host = request->host;
        response->original_request = request;
        return pack(response, out);
}

static enum err answer_error(
        ReflectionRequest *request, enum status code, const char *message, struct buf *out)
{
        Grpc__Reflection__V1alpha__ErrorResponse error =
                GRPC__REFLECTION__V1ALPHA__ERROR_RESPONSE__INIT;
        ReflectionResponse m = GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_RESPONSE__INIT;

        error.error_code = (int32_t)code;
        error.error_message = binary(bytes_of_text(message));
        m.message_response_case =
                GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ERROR_RESPONSE;
        m.error_response = &error;
        return answer(request, &m, out);
}

static enum err answer_files(ReflectionRequest *request, struct bytes first, struct buf *out)
{
        struct files files = {.len = 0};
        Grpc__Reflection__V1alpha__FileDescriptorResponse list =
                GRPC__REFLECTION__V1ALPHA__FILE_DESCRIPTOR_RESPONSE__INIT;
        ReflectionResponse m = GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_RESPONSE__INIT;

        files_collect(&files, first);
        list.n_file_descriptor_proto = files.len;
        list.file_descriptor_proto = files.list;
        m.message_response_case =
                GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_FILE_DESCRIPTOR_RESPONSE;
        m.file_descriptor_response = &list;
        return answer(request, &m, out);
}

static enum err answer_services(struct arena *a, ReflectionRequest *request,
        const char *const *services, unsigned services_len, struct buf *out)
{
        Grpc__Reflection__V1alpha__ListServiceResponse list =
                GRPC__REFLECTION__V1ALPHA__LIST_SERVICE_RESPONSE__INIT;
        ReflectionResponse m = GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_RESPONSE__INIT;

        list.n_service = services_len;
        list.service =
                messages(a, services_len, &grpc__reflection__v1alpha__service_response__descriptor);
        if (list.service == NULL)
                return ERR_NO_MEMORY;
        for (unsigned i = 0; i < services_len; i++)
                list.service[i]->name = binary(bytes_of_text(services[i]));
        m.message_response_case =
                GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_LIST_SERVICES_RESPONSE;
        m.list_services_response = &list;
        return answer(request, &m, out);
}

/* Ours have no extensions: a message we know has an empty list of them. */
static enum err answer_extensions(ReflectionRequest *request, struct bytes type, struct buf *out)
{
        Grpc__Reflection__V1alpha__ExtensionNumberResponse none =
                GRPC__REFLECTION__V1ALPHA__EXTENSION_NUMBER_RESPONSE__INIT;
        ReflectionResponse m = GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_RESPONSE__INIT;
        struct bytes file;

        if (file_by_symbol(type, &file) != SCOPE_MESSAGE)
                return answer_error(request, STATUS_NOT_FOUND, "there is no such message", out);
        none.base_type_name = binary(type);
        m.message_response_case =
                GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ALL_EXTENSION_NUMBERS_RESPONSE;
        m.all_extension_numbers_response = &none;
        return answer(request, &m, out);
}

/* The request is echoed: its text must be text, and fields that we do not know
 * must not come back (protobuf-c writes some of them in a way that it refuses to
 * read itself). */
static bool text_ok(ProtobufCBinaryData text)
{
        return text.len <= SYMBOL_MAX_LEN && bytes_is_printable(run_of(text));
}

static bool echo_ok(ReflectionRequest *request)
{
        request->base.n_unknown_fields = 0;
        if (!text_ok(request->host))
                return false;
        switch (request->message_request_case) {
        case GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_BY_FILENAME:
                return text_ok(request->file_by_filename);
        case GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_SYMBOL:
                return text_ok(request->file_containing_symbol);
        case GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_EXTENSION:
                request->file_containing_extension->base.n_unknown_fields = 0;
                return text_ok(request->file_containing_extension->containing_type);
        case GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_ALL_EXTENSION_NUMBERS_OF_TYPE:
                return text_ok(request->all_extension_numbers_of_type);
        case GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_LIST_SERVICES:
                return text_ok(request->list_services);
        case GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST__NOT_SET:
        default:
                return true;
        }
}

enum err reflection_answer(struct arena *a, struct bytes wire, const char *const *services,
        unsigned services_len, struct buf *out)
{
        enum err rc = ERR_OK;
        const ReflectionRequest *decoded = unpack(a,
                &grpc__reflection__v1alpha__server_reflection_request__descriptor, wire, NULL, &rc);
        struct bytes file;

        if (decoded == NULL)
                return rc;

        ReflectionRequest request = *decoded;

        if (!echo_ok(&request))
                return ERR_MALFORMED;
        switch (request.message_request_case) {
        case GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_BY_FILENAME:
                if (!file_by_name(run_of(request.file_by_filename), &file))
                        return answer_error(
                                &request, STATUS_NOT_FOUND, "there is no such file", out);
                return answer_files(&request, file, out);
        case GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_SYMBOL:
                if (file_by_symbol(run_of(request.file_containing_symbol), &file) == SCOPE_NONE)
                        return answer_error(
                                &request, STATUS_NOT_FOUND, "there is no such symbol", out);
                return answer_files(&request, file, out);
        case GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_EXTENSION:
                return answer_error(&request, STATUS_NOT_FOUND, "there is no such extension", out);
        case GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_ALL_EXTENSION_NUMBERS_OF_TYPE:
                return answer_extensions(
                        &request, run_of(request.all_extension_numbers_of_type), out);
        case GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_LIST_SERVICES:
                return answer_services(a, &request, services, services_len, out);
        case GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST__NOT_SET:
        default:
                return answer_error(
                        &request, STATUS_INVALID_ARGUMENT, "the request asks for nothing", out);
        }
}
