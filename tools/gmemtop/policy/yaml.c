// SPDX-License-Identifier: GPL-2.0-only
/* A YAML text as a tree of nodes that know their lines, by libyaml, which libcyaml stands on. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "policy/yaml.h"

/* More than any mapping, or list of words, here has; the search for doubles is a square of it. */
#define MEMBERS_MAX 64

static const char *text_of(const yaml_node_t *node)
{
	return (const char *)node->data.scalar.value;
}

static int fail_at(struct gmt_error *error, const char *file, size_t line, const char *fmt,
		   va_list ap)
{
	char reason[300];

	vsnprintf(reason, sizeof(reason), fmt, ap);
	return gmt_fail(error, GMT_EXIT_POLICY, -EINVAL, "%s:%zu: %s", file, line, reason);
}

__attribute__((format(printf, 4, 5))) static int
fail_line(struct gmt_error *error, const char *file, size_t line, const char *fmt, ...)
{
	va_list ap;
	int err;

	va_start(ap, fmt);
	err = fail_at(error, file, line, fmt, ap);
	va_end(ap);
	return err;
}

int gmt_yaml_fail(const struct gmt_yaml *yaml, const yaml_node_t *node, struct gmt_error *error,
		  const char *fmt, ...)
{
	va_list ap;
	int err;

	va_start(ap, fmt);
	err = fail_at(error, yaml->file, gmt_yaml_line(node), fmt, ap);
	va_end(ap);
	return err;
}

size_t gmt_yaml_line(const yaml_node_t *node)
{
	return node->start_mark.line + 1;
}

size_t gmt_yaml_find_key(struct gmt_yaml *yaml, const char *key, size_t from)
{
	for (yaml_node_t *node = yaml->document.nodes.start; node < yaml->document.nodes.top;
	     node++) {
		if (node->type != YAML_MAPPING_NODE)
			continue;
		for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
		     pair < node->data.mapping.pairs.top; pair++) {
			const yaml_node_t *found =
				yaml_document_get_node(&yaml->document, pair->key);

			if (gmt_yaml_line(found) >= from && !strcmp(text_of(found), key))
				return gmt_yaml_line(found);
		}
	}
	return from;
}

const yaml_node_t *gmt_yaml_root(struct gmt_yaml *yaml)
{
	return yaml_document_get_root_node(&yaml->document);
}

const yaml_node_t *gmt_yaml_member(struct gmt_yaml *yaml, const yaml_node_t *node, const char *key)
{
	if (node->type != YAML_MAPPING_NODE)
		return node;
	for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++)
		if (!strcmp(text_of(yaml_document_get_node(&yaml->document, pair->key)), key))
			return yaml_document_get_node(&yaml->document, pair->value);
	return node;
}

const yaml_node_t *gmt_yaml_item(struct gmt_yaml *yaml, const yaml_node_t *node, size_t index)
{
	if (node->type != YAML_SEQUENCE_NODE ||
	    index >= (size_t)(node->data.sequence.items.top - node->data.sequence.items.start))
		return node;
	return yaml_document_get_node(&yaml->document, node->data.sequence.items.start[index]);
}

static int check_scalar(struct gmt_yaml *yaml, const yaml_node_t *node, struct gmt_error *error)
{
	for (size_t i = 0; i < node->data.scalar.length; i++) {
		unsigned char c = node->data.scalar.value[i];

		if (c == '\n' && yaml->lines)
			continue;
		if (c < 0x20 || c == 0x7f)
			return gmt_yaml_fail(yaml, node, error,
					     "a value may hold no control character (0x%02x)", c);
	}
	return 0;
}

static int check_mapping(struct gmt_yaml *yaml, const yaml_node_t *node, struct gmt_error *error)
{
	yaml_node_pair_t *start = node->data.mapping.pairs.start;
	size_t count = (size_t)(node->data.mapping.pairs.top - start);

	if (count > MEMBERS_MAX)
		return gmt_yaml_fail(yaml, node, error, "%zu keys: no mapping has as many", count);
	for (size_t i = 0; i < count; i++) {
		const yaml_node_t *key = yaml_document_get_node(&yaml->document, start[i].key);

		if (key->type != YAML_SCALAR_NODE)
			return gmt_yaml_fail(yaml, key, error, "a key must be a word");
		for (size_t j = 0; j < i; j++) {
			const yaml_node_t *other =
				yaml_document_get_node(&yaml->document, start[j].key);

			if (!strcmp(text_of(key), text_of(other)))
				return gmt_yaml_fail(yaml, key, error,
						     "'%.60s' is given twice, first in line %zu",
						     text_of(key), gmt_yaml_line(other));
		}
	}
	return 0;
}

static int check_sequence(struct gmt_yaml *yaml, const yaml_node_t *node, struct gmt_error *error)
{
	yaml_node_item_t *start = node->data.sequence.items.start;
	size_t count = (size_t)(node->data.sequence.items.top - start);

	if (count > MEMBERS_MAX)
		return gmt_yaml_fail(yaml, node, error, "%zu items: %d at most", count,
				     MEMBERS_MAX);
	for (size_t i = 0; i < count; i++) {
		const yaml_node_t *item = yaml_document_get_node(&yaml->document, start[i]);

		for (size_t j = 0; item->type == YAML_SCALAR_NODE && j < i; j++) {
			const yaml_node_t *other =
				yaml_document_get_node(&yaml->document, start[j]);

			if (other->type == YAML_SCALAR_NODE &&
			    !strcmp(text_of(item), text_of(other)))
				return gmt_yaml_fail(yaml, item, error, "'%.60s' is given twice",
						     text_of(item));
		}
	}
	return 0;
}

static int check_node(struct gmt_yaml *yaml, const yaml_node_t *node, struct gmt_error *error)
{
	static const char *const tags[] = {
		[YAML_SCALAR_NODE] = YAML_DEFAULT_SCALAR_TAG,
		[YAML_SEQUENCE_NODE] = YAML_DEFAULT_SEQUENCE_TAG,
		[YAML_MAPPING_NODE] = YAML_DEFAULT_MAPPING_TAG,
	};

	if (node->type == YAML_NO_NODE)
		return 0;
	if (node->tag && strcmp((const char *)node->tag, tags[node->type]))
		return gmt_yaml_fail(yaml, node, error, "tags (%.60s) mean nothing here",
				     (const char *)node->tag);
	switch (node->type) {
	case YAML_SCALAR_NODE:
		return check_scalar(yaml, node, error);
	case YAML_SEQUENCE_NODE:
		return check_sequence(yaml, node, error);
	default:
		return check_mapping(yaml, node, error);
	}
}

static int check_nodes(struct gmt_yaml *yaml, struct gmt_error *error)
{
	int err = 0;

	for (yaml_node_t *node = yaml->document.nodes.start;
	     !err && node < yaml->document.nodes.top; node++)
		err = check_node(yaml, node, error);
	return err;
}

static int fail_parser(const yaml_parser_t *parser, const char *file, struct gmt_error *error)
{
	size_t line = parser->problem_mark.line;

	if (parser->error == YAML_MEMORY_ERROR)
		return gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	/* The reader, which decodes UTF-8, does not keep a mark of its problem. */
	if (parser->error == YAML_READER_ERROR)
		line = parser->mark.line;
	return fail_line(error, file, line + 1, "%s%s%s",
			 parser->problem ? parser->problem : "no YAML", parser->context ? ", " : "",
			 parser->context ? parser->context : "");
}

/* Anything behind the first document? */
static int check_end(yaml_parser_t *parser, const char *file, struct gmt_error *error)
{
	yaml_document_t document;
	const yaml_node_t *root;
	int err = 0;

	if (!yaml_parser_load(parser, &document))
		return fail_parser(parser, file, error);
	root = yaml_document_get_root_node(&document);
	if (root)
		err = fail_line(error, file, gmt_yaml_line(root),
				"a second document begins: one file is one document");
	yaml_document_delete(&document);
	return err;
}

int gmt_yaml_load(struct gmt_yaml *yaml, const char *file, const char *text, size_t length,
		  struct gmt_error *error)
{
	yaml_parser_t parser;
	int err;

	if (!yaml_parser_initialize(&parser))
		return gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
	yaml->file = file;
	if (!yaml_parser_load(&parser, &yaml->document)) {
		err = fail_parser(&parser, file, error);
		yaml_parser_delete(&parser);
		return err;
	}
	if (!gmt_yaml_root(yaml)) {
		fail_line(error, file, 1, "it is empty: `policies:` is wanted");
		err = -ENODATA;
	} else {
		err = check_nodes(yaml, error);
	}
	if (!err)
		err = check_end(&parser, file, error);
	yaml_parser_delete(&parser);
	if (err)
		gmt_yaml_exit(yaml);
	return err;
}

void gmt_yaml_exit(struct gmt_yaml *yaml)
{
	yaml_document_delete(&yaml->document);
}
