#ifndef CMONGO_MONGO_H
#define CMONGO_MONGO_H

// MongoDB's C library, libmongoc, loaded when the first MongoDB store is opened: who keeps schedules in Redis needs
// nothing of it, neither to build nor to run.
//
// So the declarations are our own, of the few functions that are used. A compiler has compared them with the headers of
// 1.23.1. What they rely on is the same in 2.x by its release notes: these functions, the 512 bytes of bson_error_t, and
// the 128 bytes of bson_t.

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The library's own names: to Swift a pointer to one of them is opaque.
struct _bson_t;
struct _bson_error_t;
struct _mongoc_client_t;
struct _mongoc_read_prefs_t;
struct _mongoc_uri_t;

// bson_error_t. In 2.x the last byte of the text is the library's own.
struct CMongo_Error {
  uint32_t domain;
  uint32_t code;
  char message[503];
  uint8_t reserved;
};
_Static_assert(sizeof(struct CMongo_Error) == 512, "the size of bson_error_t");

// Every function that is used: F(result, name, arguments).
#define CMONGO_FUNCTIONS(F) \
  F(bool, bson_init_static, (struct _bson_t *, const uint8_t *, size_t)) \
  F(uint8_t *, bson_destroy_with_steal, (struct _bson_t *, bool, uint32_t *)) \
  F(void, bson_free, (void *)) \
  F(void, mongoc_init, (void)) \
  F(void, mongoc_log_set_handler, (void (*)(uint32_t, const char *, const char *, void *), void *)) \
  F(struct _mongoc_uri_t *, mongoc_uri_new_with_error, (const char *, struct _bson_error_t *)) \
  F(void, mongoc_uri_destroy, (struct _mongoc_uri_t *)) \
  F(int32_t, mongoc_uri_get_option_as_int32, (const struct _mongoc_uri_t *, const char *, int32_t)) \
  F(bool, mongoc_uri_set_option_as_int32, (struct _mongoc_uri_t *, const char *, int32_t)) \
  F(bool, mongoc_uri_set_option_as_bool, (struct _mongoc_uri_t *, const char *, bool)) \
  F(bool, mongoc_uri_set_appname, (struct _mongoc_uri_t *, const char *)) \
  F(const char *, mongoc_uri_get_auth_source, (const struct _mongoc_uri_t *)) \
  F(const char *, mongoc_uri_get_replica_set, (const struct _mongoc_uri_t *)) \
  F(struct _mongoc_client_t *, mongoc_client_new_from_uri_with_error, \
    (const struct _mongoc_uri_t *, struct _bson_error_t *)) \
  F(void, mongoc_client_destroy, (struct _mongoc_client_t *)) \
  F(const struct _mongoc_uri_t *, mongoc_client_get_uri, (const struct _mongoc_client_t *)) \
  F(bool, mongoc_client_set_error_api, (struct _mongoc_client_t *, int32_t)) \
  F(bool, mongoc_client_command_simple, \
    (struct _mongoc_client_t *, const char *, const struct _bson_t *, const struct _mongoc_read_prefs_t *, \
     struct _bson_t *, struct _bson_error_t *))

struct CMongo_Functions {
#define CMONGO_FIELD(result, name, arguments) result(*name) arguments;
  CMONGO_FUNCTIONS(CMONGO_FIELD)
#undef CMONGO_FIELD
};

// Fills the table and returns NULL, or returns the loader's reason. It is in C because the list above can be a macro
// here.
static inline const char *CMongo_load(const char *file, struct CMongo_Functions *table) {
  // The library is never closed, since the libraries that it uses cannot be unloaded.
  void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) return dlerror();
  // dlsym finds libbson's functions as well, since libmongoc depends on it.
#define CMONGO_LOAD(result, name, arguments) \
  table->name = (result(*) arguments)dlsym(library, #name); \
  if (table->name == NULL) return dlerror();
  CMONGO_FUNCTIONS(CMONGO_LOAD)
#undef CMONGO_LOAD
  return NULL;
}

// A bson_t: Swift does not import a type of this alignment, so it lives in the function below only.
struct CMongo_BSON {
  _Alignas(128) uint8_t bytes[128];
};

static inline struct _mongoc_uri_t *CMongo_newURI(
  struct CMongo_Functions table, const char *text, struct CMongo_Error *error) {
  return table.mongoc_uri_new_with_error(text, (struct _bson_error_t *)error);
}

static inline struct _mongoc_client_t *CMongo_newClient(
  struct CMongo_Functions table, const struct _mongoc_uri_t *uri, struct CMongo_Error *error) {
  return table.mongoc_client_new_from_uri_with_error(uri, (struct _bson_error_t *)error);
}

// Sends a command and waits for the reply, whose bytes the caller frees by bson_free. The reply is there when the server
// has refused the command, too; where no reply has come it is an empty document. NULL: the command is no BSON.
static inline uint8_t *CMongo_run(
  struct CMongo_Functions table, struct _mongoc_client_t *client, const char *database, const uint8_t *command,
  size_t length, uint32_t *replyLength, struct CMongo_Error *error) {
  struct CMongo_BSON request, reply;
  *replyLength = 0;
  if (!table.bson_init_static((struct _bson_t *)&request, command, length)) return NULL;
  table.mongoc_client_command_simple(
    client, database, (const struct _bson_t *)&request, NULL, (struct _bson_t *)&reply, (struct _bson_error_t *)error);
  return table.bson_destroy_with_steal((struct _bson_t *)&reply, true, replyLength);
}

#endif
