/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A YAML text as a tree of nodes that know their lines, for messages: libcyaml, which fills
 * the structs, forgets them. Refuses what libcyaml would let pass in silence.
 */
#ifndef GMT_POLICY_YAML_H
#define GMT_POLICY_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

#include "error.h"

/**
 * struct gmt_yaml - One document
 * @file: its name, for messages; not owned
 * @lines: set before it is loaded: values may have several lines
 */
struct gmt_yaml {
	const char *file;
	bool lines;
	yaml_document_t document;
};

/**
 * gmt_yaml_load() - Read a text
 * @yaml: filled on success; end it with gmt_yaml_exit()
 * @file: its name, for messages
 * @text: @length bytes of it
 *
 * Refused are, besides what is no YAML: more than one document, a key twice in a mapping or a
 * word twice in a list, tags, and control characters in a value.
 *
 * Return: 0 or -errno with @error filled in; -ENODATA where there is nothing in it
 */
int gmt_yaml_load(struct gmt_yaml *yaml, const char *file, const char *text, size_t length,
		  struct gmt_error *error);
void gmt_yaml_exit(struct gmt_yaml *yaml);

/* gmt_yaml_root() - Return: the outermost node, never NULL */
const yaml_node_t *gmt_yaml_root(struct gmt_yaml *yaml);

/* gmt_yaml_member() - Return: the value of a key; @node itself where there is none such */
const yaml_node_t *gmt_yaml_member(struct gmt_yaml *yaml, const yaml_node_t *node, const char *key);

/* gmt_yaml_item() - Return: an item of a list; @node itself where there is none such */
const yaml_node_t *gmt_yaml_item(struct gmt_yaml *yaml, const yaml_node_t *node, size_t index);

/* gmt_yaml_line() - Return: where the node begins, from 1 on */
size_t gmt_yaml_line(const yaml_node_t *node);

/* gmt_yaml_find_key() - Return: the line of the first such key in line @from or below, else @from */
size_t gmt_yaml_find_key(struct gmt_yaml *yaml, const char *key, size_t from);

/* gmt_yaml_fail() - Describe what is wrong at a node. Return: -EINVAL */
__attribute__((format(printf, 4, 5))) int gmt_yaml_fail(const struct gmt_yaml *yaml,
							const yaml_node_t *node,
							struct gmt_error *error, const char *fmt,
							...);

#endif /* GMT_POLICY_YAML_H */
