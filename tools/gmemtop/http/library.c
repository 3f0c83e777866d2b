// SPDX-License-Identifier: GPL-2.0-only
/* Loads what the web server is made of. */
#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "http/library.h"

struct gmt_library gmt_library;

/* The names carry the ABI that the headers describe. */
static const char *const files[] = { "libgnutls.so.30", "libmicrohttpd.so.12" };

#define FUNCTION(name) { #name, offsetof(struct gmt_library, name) },

static const struct {
	const char *name;
	size_t offset;
} functions[] = { GMT_LIBRARY_FUNCTIONS(FUNCTION) };

static int fail(struct gmt_error *error)
{
	return gmt_fail(error, GMT_EXIT_FAILURE, -ENOENT,
			"metrics cannot be served: %s: install libmicrohttpd 1.0 and GnuTLS",
			dlerror());
}

int gmt_library_load(struct gmt_error *error)
{
	struct gmt_library found;

	if (gmt_library.MHD_run)
		return 0;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (!dlopen(files[i], RTLD_NOW | RTLD_GLOBAL))
			return fail(error);
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		void *function = dlsym(RTLD_DEFAULT, functions[i].name);

		if (!function)
			return fail(error);
		memcpy((char *)&found + functions[i].offset, &function, sizeof(function));
	}
	gmt_library = found;
	return 0;
}
