// SPDX-License-Identifier: GPL-2.0-only
/*
 * A web config file as a tree of nodes, by libyaml. Each key has one function; a key that has
 * none is refused by name, and one that other exporters know says why.
 */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "http/library.h"
#include "http/webconfig.h"
#include "policy/values.h"
#include "policy/yaml.h"

#define FILE_MAX (1 << 20)
/* 2^18 rounds take half a minute: nobody means that. */
#define COST_MAX 17

/**
 * struct loader - One file being read
 * @min: oldest and @max newest version of TLS: 2 or 3
 */
struct loader {
	struct gmt_web_config *config;
	struct gmt_yaml yaml;
	struct gmt_error *error;
	const char *directory;
	int min, max;
	bool server_chooses;
};

struct key {
	const char *name;
	int (*read)(struct loader *loader, const char *name, const yaml_node_t *value);
};

static const char *word(const yaml_node_t *node)
{
	return node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

static int read_text(const char *path, char **text, size_t *length, struct gmt_error *error)
{
	FILE *file = fopen(path, "re");
	int err = 0;

	*text = NULL;
	if (!file)
		return gmt_fail(error, GMT_EXIT_USAGE, -errno, "%.300s cannot be read: %s", path,
				strerror(errno));
	*text = calloc(1, FILE_MAX + 1);
	if (!*text)
		err = gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	else
		*length = fread(*text, 1, FILE_MAX + 1, file);
	if (!err && ferror(file))
		err = gmt_fail(error, GMT_EXIT_USAGE, -EIO, "%.300s cannot be read: %s", path,
			       strerror(errno));
	else if (!err && *length > FILE_MAX)
		err = gmt_fail(error, GMT_EXIT_USAGE, -EFBIG, "%.300s is larger than %d bytes",
			       path, FILE_MAX);
	fclose(file);
	if (err) {
		free(*text);
		*text = NULL;
	}
	return err;
}

/* The members of a mapping, each by its key's function. */
static int read_mapping(struct loader *loader, const char *name, const yaml_node_t *node,
			const struct key *keys)
{
	const char *text = word(node);
	int err = 0;

	/* "tls_server_config:" with nothing behind it. */
	if (text && !text[0])
		return 0;
	if (node->type != YAML_MAPPING_NODE)
		return gmt_yaml_fail(&loader->yaml, node, loader->error, "%s: keys are wanted",
				     name);
	for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	     !err && pair < node->data.mapping.pairs.top; pair++) {
		yaml_document_t *document = &loader->yaml.document;
		const yaml_node_t *key = yaml_document_get_node(document, pair->key);
		const struct key *known = keys;

		while (known->name && strcmp(known->name, word(key)))
			known++;
		if (!known->name)
			return gmt_yaml_fail(&loader->yaml, key, loader->error,
					     "there is no key '%.60s' in %s", word(key), name);
		err = known->read(loader, known->name,
				  yaml_document_get_node(document, pair->value));
	}
	return err;
}

static int not_supported(struct loader *loader, const char *name, const yaml_node_t *value)
{
	return gmt_yaml_fail(&loader->yaml, value, loader->error,
			     "%s is not supported by gmemtop: leave it out", name);
}

static int want_word(struct loader *loader, const char *name, const yaml_node_t *value,
		     const char **text)
{
	*text = word(value);
	if (*text && (*text)[0])
		return 0;
	return gmt_yaml_fail(&loader->yaml, value, loader->error, "%s: a value is wanted", name);
}

static char **pem_of(struct loader *loader, const char *name)
{
	struct gmt_web_config *config = loader->config;

	if (!strncmp(name, "cert", 4))
		return &config->cert;
	return !strncmp(name, "key", 3) ? &config->key : &config->ca;
}

static int set_pem(struct loader *loader, const char *name, const yaml_node_t *value, char *text)
{
	char **pem = pem_of(loader, name);

	if (!text)
		return gmt_fail(loader->error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	if (*pem) {
		free(text);
		return gmt_yaml_fail(&loader->yaml, value, loader->error,
				     "%s: the same is given by another key already", name);
	}
	*pem = text;
	return 0;
}

static int read_pem_file(struct loader *loader, const char *name, const yaml_node_t *value)
{
	struct gmt_error said = { 0 };
	char path[PATH_MAX], *text;
	const char *file;
	size_t length;
	int err = want_word(loader, name, value, &file);

	if (err)
		return err;
	snprintf(path, sizeof(path), "%s%s%s", file[0] == '/' ? "" : loader->directory,
		 file[0] == '/' ? "" : "/", file);
	if (read_text(path, &text, &length, &said))
		return gmt_yaml_fail(&loader->yaml, value, loader->error, "%s: %.280s", name,
				     said.text);
	return set_pem(loader, name, value, text);
}

static int read_pem(struct loader *loader, const char *name, const yaml_node_t *value)
{
	const char *text;
	int err = want_word(loader, name, value, &text);

	return err ? err : set_pem(loader, name, value, strdup(text));
}

static int read_version(struct loader *loader, const char *name, const yaml_node_t *value)
{
	int *version = strcmp(name, "min_version") ? &loader->max : &loader->min;
	const char *text;
	int err = want_word(loader, name, value, &text);

	if (err)
		return err;
	*version = !strcmp(text, "TLS12") ? 2 : !strcmp(text, "TLS13") ? 3 : 0;
	if (*version)
		return 0;
	return gmt_yaml_fail(&loader->yaml, value, loader->error,
			     "%s '%.60s': TLS12 or TLS13 is wanted; older ones are not supported",
			     name, text);
}

static int read_clients(struct loader *loader, const char *name, const yaml_node_t *value)
{
	static const char *const names[] = {
		[GMT_WEB_CLIENTS_ANY] = "NoClientCert",
		[GMT_WEB_CLIENTS_GIVEN] = "VerifyClientCertIfGiven",
		[GMT_WEB_CLIENTS_VERIFY] = "RequireAndVerifyClientCert",
	};
	const char *text;
	int err = want_word(loader, name, value, &text);

	for (unsigned int i = 0; !err && i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], text))
			continue;
		loader->config->clients = i;
		return 0;
	}
	if (err)
		return err;
	return gmt_yaml_fail(&loader->yaml, value, loader->error,
			     "%s '%.60s': NoClientCert, VerifyClientCertIfGiven or "
			     "RequireAndVerifyClientCert is wanted; those that check nothing are "
			     "not supported",
			     name, text);
}

static int read_bool(struct loader *loader, const char *name, const yaml_node_t *value, bool *on)
{
	const char *text;
	int err = want_word(loader, name, value, &text);

	if (!err && gmt_value_bool(text, on))
		err = gmt_yaml_fail(&loader->yaml, value, loader->error,
				    "%s '%.60s': true or false is wanted", name, text);
	return err;
}

static int read_preference(struct loader *loader, const char *name, const yaml_node_t *value)
{
	return read_bool(loader, name, value, &loader->server_chooses);
}

static int read_http2(struct loader *loader, const char *name, const yaml_node_t *value)
{
	bool on = false;
	int err = read_bool(loader, name, value, &on);

	if (!err && on)
		err = gmt_yaml_fail(&loader->yaml, value, loader->error,
				    "%s: gmemtop speaks HTTP/1.1 only: leave it out, or say false",
				    name);
	return err;
}

static int read_header(struct loader *loader, const char *name, const yaml_node_t *value)
{
	struct gmt_web_config *config = loader->config;
	struct gmt_web_header *header = &config->headers[config->header_count];
	const char *text;
	int err = want_word(loader, name, value, &text);

	if (err)
		return err;
	if (strlen(text) >= sizeof(header->value) || strchr(text, '\n'))
		return gmt_yaml_fail(&loader->yaml, value, loader->error,
				     "%s: one line of less than %zu bytes is wanted", name,
				     sizeof(header->value));
	header->name = name;
	strcpy(header->value, text);
	config->header_count++;
	return 0;
}

/* Those that may be set, and no other, as exporter-toolkit has it. */
static const struct key header_keys[] = {
	{ "Content-Security-Policy", read_header },   { "X-Frame-Options", read_header },
	{ "X-Content-Type-Options", read_header },    { "X-XSS-Protection", read_header },
	{ "Strict-Transport-Security", read_header }, { 0 },
};

_Static_assert(sizeof(header_keys) / sizeof(header_keys[0]) == GMT_WEB_HEADERS + 1, "headers");

static int read_headers(struct loader *loader, const char *name, const yaml_node_t *value)
{
	return read_mapping(loader, name, value, header_keys);
}

static const struct key tls_keys[] = {
	{ "cert_file", read_pem_file },
	{ "key_file", read_pem_file },
	{ "client_ca_file", read_pem_file },
	{ "cert", read_pem },
	{ "key", read_pem },
	{ "client_ca", read_pem },
	{ "client_auth_type", read_clients },
	{ "min_version", read_version },
	{ "max_version", read_version },
	{ "prefer_server_cipher_suites", read_preference },
	{ "client_allowed_sans", not_supported },
	{ "cipher_suites", not_supported },
	{ "curve_preferences", not_supported },
	{ 0 },
};

static int check_tls(struct loader *loader, const yaml_node_t *node)
{
	struct gmt_web_config *config = loader->config;
	gnutls_certificate_credentials_t credentials;
	gnutls_datum_t cert, key;
	int err;

	if (!config->cert || !config->key)
		return gmt_yaml_fail(&loader->yaml, node, loader->error,
				     "tls_server_config: %s is missing",
				     config->cert ? "key_file" : "cert_file");
	if (!!config->ca != (config->clients != GMT_WEB_CLIENTS_ANY))
		return gmt_yaml_fail(&loader->yaml, node, loader->error,
				     "tls_server_config: client_ca_file and a client_auth_type "
				     "that verifies belong together");
	if (loader->min > loader->max)
		return gmt_yaml_fail(&loader->yaml, node, loader->error,
				     "tls_server_config: min_version is above max_version");
	err = gmt_library_load(loader->error);
	if (err)
		return err;
	if (gmt_library.gnutls_certificate_allocate_credentials(&credentials))
		return gmt_fail(loader->error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	cert = (gnutls_datum_t){ (unsigned char *)config->cert,
				 (unsigned int)strlen(config->cert) };
	key = (gnutls_datum_t){ (unsigned char *)config->key, (unsigned int)strlen(config->key) };
	err = gmt_library.gnutls_certificate_set_x509_key_mem(credentials, &cert, &key,
							      GNUTLS_X509_FMT_PEM);
	if (err >= 0 && config->ca) {
		cert = (gnutls_datum_t){ (unsigned char *)config->ca,
					 (unsigned int)strlen(config->ca) };
		err = gmt_library.gnutls_certificate_set_x509_trust_mem(credentials, &cert,
									GNUTLS_X509_FMT_PEM);
		if (!err)
			err = GNUTLS_E_NO_CERTIFICATE_FOUND;
	}
	gmt_library.gnutls_certificate_free_credentials(credentials);
	if (err < 0)
		return gmt_yaml_fail(&loader->yaml, node, loader->error,
				     "tls_server_config: certificate and key cannot be used: %s",
				     gmt_library.gnutls_strerror(err));
	snprintf(config->priorities, sizeof(config->priorities), "NORMAL:-VERS-ALL%s%s%s",
		 loader->max >= 3 ? ":+VERS-TLS1.3" : "", loader->min <= 2 ? ":+VERS-TLS1.2" : "",
		 loader->server_chooses ? ":%SERVER_PRECEDENCE" : "");
	return 0;
}

static int read_tls(struct loader *loader, const char *name, const yaml_node_t *value)
{
	const char *text = word(value);
	int err = read_mapping(loader, name, value, tls_keys);

	if (err || (text && !text[0]))
		return err;
	return check_tls(loader, value);
}

/* $2y$10$ and 53 letters of a salt and a hash. */
static bool is_bcrypt(const char *hash, unsigned int *cost)
{
	static const char letters[] = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789";

	if (strlen(hash) != 60 || hash[0] != '$' || hash[1] != '2' || !strchr("aby", hash[2]) ||
	    hash[3] != '$' || strspn(hash + 4, "0123456789") != 2 || hash[6] != '$' ||
	    strspn(hash + 7, letters) != 53)
		return false;
	*cost = (unsigned int)strtoul(hash + 4, NULL, 10);
	return *cost >= 4 && *cost <= 31;
}

static int read_user(struct loader *loader, const yaml_node_t *key, const yaml_node_t *value)
{
	struct gmt_web_config *config = loader->config;
	struct gmt_web_user *user = &config->users[config->user_count];
	const char *name = word(key), *hash = word(value);
	unsigned int cost;

	if (config->user_count == GMT_WEB_USERS)
		return gmt_yaml_fail(&loader->yaml, key, loader->error, "%d users at most",
				     GMT_WEB_USERS);
	if (!name[0] || strlen(name) >= sizeof(user->name) || strchr(name, ':'))
		return gmt_yaml_fail(&loader->yaml, key, loader->error,
				     "a user's name has 1 to %zu bytes, and no colon",
				     sizeof(user->name) - 1);
	/* The hash stays out of the message: it may be a password. */
	if (!hash || !is_bcrypt(hash, &cost))
		return gmt_yaml_fail(
			&loader->yaml, value, loader->error,
			"user '%.60s': a bcrypt hash ($2y$...) is wanted, as `htpasswd "
			"-nBC 10 USER` makes it",
			name);
	if (cost > COST_MAX)
		return gmt_yaml_fail(&loader->yaml, value, loader->error,
				     "user '%.60s': the hash's cost is %u, %d at most", name, cost,
				     COST_MAX);
	strcpy(user->name, name);
	strcpy(user->hash, hash);
	config->user_count++;
	return 0;
}

static int read_users(struct loader *loader, const char *name, const yaml_node_t *value)
{
	const char *text = word(value);
	int err = 0;

	if (text && !text[0])
		return 0;
	if (value->type != YAML_MAPPING_NODE)
		return gmt_yaml_fail(&loader->yaml, value, loader->error,
				     "%s: users with their hashes are wanted", name);
	for (yaml_node_pair_t *pair = value->data.mapping.pairs.start;
	     !err && pair < value->data.mapping.pairs.top; pair++)
		err = read_user(loader, yaml_document_get_node(&loader->yaml.document, pair->key),
				yaml_document_get_node(&loader->yaml.document, pair->value));
	return err;
}

static const struct key http_keys[] = {
	{ "http2", read_http2 },
	{ "headers", read_headers },
	{ 0 },
};

static int read_http(struct loader *loader, const char *name, const yaml_node_t *value)
{
	return read_mapping(loader, name, value, http_keys);
}

static const struct key top_keys[] = {
	{ "tls_server_config", read_tls },
	{ "http_server_config", read_http },
	{ "basic_auth_users", read_users },
	{ "rate_limit", not_supported },
	{ 0 },
};

int gmt_web_load(struct gmt_web_config *config, const char *path, struct gmt_error *error)
{
	struct loader loader = {
		.config = config,
		.error = error,
		.min = 2,
		.max = 3,
		.server_chooses = true,
		.yaml.lines = true,
	};
	char *text, *copy = strdup(path);
	size_t length = 0;
	int err;

	*config = (struct gmt_web_config){ .user_count = 0 };
	if (!copy)
		return gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	loader.directory = dirname(copy);
	err = read_text(path, &text, &length, error);
	if (!err)
		err = gmt_yaml_load(&loader.yaml, path, text, length, error);
	if (!err) {
		err = read_mapping(&loader, "the web config file", gmt_yaml_root(&loader.yaml),
				   top_keys);
		gmt_yaml_exit(&loader.yaml);
	}
	/* An empty one asks for nothing, and that is what it gets. */
	if (err == -ENODATA)
		err = 0;
	free(text);
	free(copy);
	if (err)
		gmt_web_exit(config);
	/* It is no file of policies that is wrong. */
	if (err && error->exit_code == GMT_EXIT_POLICY)
		error->exit_code = GMT_EXIT_USAGE;
	return err;
}

void gmt_web_exit(struct gmt_web_config *config)
{
	if (config->key)
		explicit_bzero(config->key, strlen(config->key));
	free(config->cert);
	free(config->key);
	free(config->ca);
	explicit_bzero(config, sizeof(*config));
}
