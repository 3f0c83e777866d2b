// SPDX-License-Identifier: GPL-2.0-only
/* One value of a file of policies each, with the message for what is none. */
#include <errno.h>
#include <string.h>

#include "policy/reader.h"
#include "policy/values.h"

static int fail(struct gmt_reader *reader, const yaml_node_t *node, const char *key,
		const char *word, int err, const char *wanted)
{
	return gmt_yaml_fail(&reader->yaml, gmt_yaml_member(&reader->yaml, node, key),
			     reader->error, "%s '%.60s': %s%s", key, word,
			     err == -ERANGE ? "out of range: " : "", wanted);
}

int gmt_read_bool(struct gmt_reader *reader, const yaml_node_t *node, const char *key,
		  const char *word, bool *value)
{
	int err = word ? gmt_value_bool(word, value) : 0;

	return err ? fail(reader, node, key, word, err, "yes or no is wanted") : 0;
}

int gmt_read_number(struct gmt_reader *reader, const yaml_node_t *node, const char *key,
		    const char *word, uint64_t max, uint64_t *value)
{
	uint64_t number = 0;
	char wanted[64];
	int err = word ? gmt_value_number(word, &number) : 0;

	if (!err && number > max)
		err = -ERANGE;
	if (err) {
		snprintf(wanted, sizeof(wanted), "a number from 0 to %llu is wanted",
			 (unsigned long long)max);
		return fail(reader, node, key, word, err, wanted);
	}
	if (word)
		*value = number;
	return 0;
}

int gmt_read_bytes(struct gmt_reader *reader, const yaml_node_t *node, const char *key,
		   const char *word, uint64_t *value)
{
	int err = word ? gmt_value_bytes(word, value) : 0;

	return err ? fail(reader, node, key, word, err,
			  "bytes are wanted: 4096, 0x1000, 4KiB, MiB, GiB, TiB") :
		     0;
}

int gmt_read_duration(struct gmt_reader *reader, const yaml_node_t *node, const char *key,
		      const char *word, uint64_t min_ns, uint64_t max_ns, uint64_t *value)
{
	uint64_t ns = 0;
	char wanted[96];
	int err = word ? gmt_value_duration(word, &ns) : 0;

	if (!err && word && (ns < min_ns || ns > max_ns))
		err = -ERANGE;
	if (err) {
		snprintf(wanted, sizeof(wanted),
			 "a time from %llums to %llus is wanted: 500ms, 10s, 2m",
			 (unsigned long long)min_ns / 1000000,
			 (unsigned long long)max_ns / 1000000000);
		return fail(reader, node, key, word, err, wanted);
	}
	if (word)
		*value = ns;
	return 0;
}

int gmt_read_errno(struct gmt_reader *reader, const yaml_node_t *node, const char *key,
		   const char *word, uint32_t *value)
{
	int err = word ? gmt_value_errno(word, value) : 0;

	return err ? fail(reader, node, key, word, err,
			  "an error (EPERM, EACCES, 1 to 133) is wanted") :
		     0;
}

int gmt_read_hooks(struct gmt_reader *reader, const yaml_node_t *node, char *const *words,
		   size_t count, uint32_t allowed, const char *whose, uint32_t *hooks)
{
	const yaml_node_t *list = gmt_yaml_member(&reader->yaml, node, "hooks");
	uint32_t mask = 0;

	for (size_t i = 0; i < count; i++) {
		const yaml_node_t *item = gmt_yaml_item(&reader->yaml, list, i);
		unsigned int hook = gmt_hook_find(words[i]);

		if (hook == GMEM_NR_HOOKS)
			return gmt_yaml_fail(
				&reader->yaml, item, reader->error,
				"hook '%.60s': create, mmap, fault, io, convert, bind, "
				"inspect or discard is wanted",
				words[i]);
		if (!(allowed & GMT_HOOK_BIT(hook)))
			return gmt_yaml_fail(&reader->yaml, item, reader->error,
					     "hook '%s': %s does not decide on it", words[i],
					     whose);
		mask |= GMT_HOOK_BIT(hook);
	}
	if (mask)
		*hooks = mask;
	return 0;
}

int gmt_read_env(struct gmt_reader *reader, const yaml_node_t *node, const char *key, int err)
{
	struct gmt_error said = *reader->error;

	if (err == -ENOENT || err == -EINVAL || err == -EEXIST)
		return gmt_yaml_fail(&reader->yaml, gmt_yaml_member(&reader->yaml, node, key),
				     reader->error, "%.290s", said.text);
	return err;
}
