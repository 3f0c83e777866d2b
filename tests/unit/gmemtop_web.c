// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the exporter's server decides without a connection: which format, whose password, and what
 * of a web config file it takes; that one is mutated, too.
 * sources: tools/gmemtop/http/accept.c tools/gmemtop/http/auth.c tools/gmemtop/http/webconfig.c
 * sources: tools/gmemtop/http/library.c
 * sources: tools/gmemtop/policy/yaml.c tools/gmemtop/policy/values.c tools/gmemtop/view/format.c
 * cflags: -Ibpf -Itools/gmemtop
 * libs: -lcrypt -lyaml -lpthread
 */
#include <crypt.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "http/accept.h"
#include "http/auth.h"
#include "http/library.h"
#include "tap.h"

static void test_accept(void)
{
	static const struct {
		const char *accept;
		bool openmetrics;
	} cases[] = {
		{ NULL, false },
		{ "", false },
		{ "*/*", false },
		{ "text/html", false },
		{ "application/openmetrics-text", true },
		{ "application/openmetrics-text;version=1.0.0,text/plain;q=0.5", true },
		{ "application/openmetrics-text; version=0.0.1 ; q=0.75 , text/plain;version=0.0.4;q=0.5",
		  true },
		{ "Application/OpenMetrics-Text;Version=\"1.0.0\";Q=1", true },
		/* Prometheus 2.53 and 3 */
		{ "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;"
		  "version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
		  true },
		{ "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
		  "encoding=delimited;q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-"
		  "utf-8;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
		  true },
		{ "application/openmetrics-text;version=1.0.0;q=0.2,text/plain;version=0.0.4;q=0.3",
		  false },
		{ "application/openmetrics-text;version=2.0.0,text/plain;q=0.1", false },
		{ "application/openmetrics-text;q=0", false },
		{ "application/openmetrics-text;q=7", false },
		{ "application/openmetrics-text;q=", false },
		{ ";;,,;=,q=1;", false },
		{ ",application/openmetrics-text", true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ok(gmt_accept_openmetrics(cases[i].accept) == cases[i].openmetrics, "%s: %s",
		   cases[i].openmetrics ? "OpenMetrics" : "text",
		   cases[i].accept ? cases[i].accept : "no header");
}

static struct gmt_web_config config;

static void add_user(const char *name, const char *password)
{
	struct gmt_web_user *user = &config.users[config.user_count++];
	char salt[CRYPT_GENSALT_OUTPUT_SIZE];
	struct crypt_data data = { 0 };

	strcpy(user->name, name);
	crypt_gensalt_rn("$2y$", 4, "0123456789abcdef", 16, salt, sizeof(salt));
	strcpy(user->hash, crypt_r(password, salt, &data));
}

static int told_right, told_wrong;

static void told(void *cookie, bool right)
{
	told_right += right;
	told_wrong += !right;
	++*(int *)cookie;
}

/* The verdict, waited for. */
static enum gmt_auth_verdict check(struct gmt_auth *auth, const char *name, const char *password,
				   size_t length)
{
	struct pollfd fd = { .fd = gmt_auth_fd(auth), .events = POLLIN };
	int done = 0, right = told_right;
	enum gmt_auth_verdict verdict = gmt_auth_check(auth, name, password, length, &done);

	if (verdict != GMT_AUTH_WAIT)
		return verdict;
	while (!done && poll(&fd, 1, 60000) == 1)
		gmt_auth_collect(auth, told);
	return told_right > right ? GMT_AUTH_YES : GMT_AUTH_NO;
}

static void test_auth(void)
{
	enum gmt_auth_verdict verdict;
	int cookies[100] = { 0 }, busy = 0, waiting = 0, done = 0;
	struct gmt_error error;
	struct gmt_auth *auth;
	char password[80];

	if (gmt_library_load(&error))
		tap_bail("%s", error.text);
	add_user("a", "right");
	add_user("b", "other");
	auth = gmt_auth_new(&config);
	if (!auth)
		tap_bail("no thread");
	ok(gmt_auth_check(auth, "a", "right", 5, &cookies[0]) == GMT_AUTH_WAIT,
	   "a password not seen before is to be waited for");
	gmt_auth_free(auth, told);
	ok(cookies[0] == 1, "who waits is told at the end");
	auth = gmt_auth_new(&config);
	is_int(check(auth, "a", "right", 5), GMT_AUTH_YES, "the right one");
	is_int(gmt_auth_check(auth, "a", "right", 5, &done), GMT_AUTH_YES, "is remembered");
	is_int(check(auth, "a", "other", 5), GMT_AUTH_NO, "another's");
	is_int(gmt_auth_check(auth, "a", "other", 5, &done), GMT_AUTH_NO, "is remembered, too");
	is_int(check(auth, "b", "right", 5), GMT_AUTH_NO, "the right one of another user");
	is_int(check(auth, "nobody", "right", 5), GMT_AUTH_NO, "of no user");
	is_int(check(auth, "", "", 0), GMT_AUTH_NO, "nothing at all");
	is_int(check(auth, "a", "right\0x", 7), GMT_AUTH_NO, "with a NUL within");
	memset(password, 'x', sizeof(password));
	is_int(check(auth, "a", password, 73), GMT_AUTH_NO, "longer than bcrypt looks at");
	is_int(check(auth, "a", "righ", 4), GMT_AUTH_NO, "a part of it");
	/* Name and password are parted: "ar" with "ight" is none of a's. */
	is_int(check(auth, "ar", "ight", 4), GMT_AUTH_NO, "the same letters, parted elsewhere");
	for (int i = 0; i < 100; i++) {
		snprintf(password, sizeof(password), "guess%d", i);
		verdict = gmt_auth_check(auth, "a", password, strlen(password), &cookies[i]);
		busy += verdict == GMT_AUTH_BUSY;
		waiting += verdict == GMT_AUTH_WAIT;
	}
	ok(busy > 0 && busy + waiting == 100, "beyond a few that wait, one is told to come again");
	is_int(gmt_auth_check(auth, "a", "right", 5, &done), GMT_AUTH_YES,
	       "who is known does not wait for them");
	gmt_auth_free(auth, told);
	for (int i = 0; i < 100; i++)
		done += cookies[i];
	is_int(done, waiting + 1, "each that waits is told once");
}

static const char good[] =
	"tls_server_config:\n"
	"  cert: |\n    -----BEGIN CERTIFICATE-----\n    AAAA\n    -----END CERTIFICATE-----\n"
	"  key_file: /nonexistent\n"
	"  min_version: TLS13\n"
	"  client_auth_type: NoClientCert\n"
	"http_server_config:\n"
	"  http2: false\n"
	"  headers: {X-Frame-Options: deny, Strict-Transport-Security: max-age=1}\n"
	"basic_auth_users:\n"
	"  a: $2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG\n";

static int load(const char *text, size_t length, struct gmt_error *error)
{
	char path[] = "/tmp/gmemtop-web.XXXXXX";
	struct gmt_web_config loaded;
	int fd = mkstemp(path), err;

	if (fd < 0 || write(fd, text, length) != (ssize_t)length)
		tap_bail("%s", path);
	close(fd);
	err = gmt_web_load(&loaded, path, error);
	if (!err)
		gmt_web_exit(&loaded);
	unlink(path);
	return err;
}

static void test_config(void)
{
	const char *users = strstr(good, "http_server_config");
	struct gmt_error error = { 0 };
	char text[sizeof(good) + 8];
	int taken = 0, silent = 0;

	ok(!load(users, strlen(users), &error), "users and headers");
	ok(load(good, strlen(good), &error) && strstr(error.text, ":6: key_file: /nonexistent"),
	   "a key that is not there, by line");
	is_int(error.exit_code, GMT_EXIT_USAGE, "with its exit status");
	srand(7);
	for (int i = 0; i < 3000; i++) {
		size_t length = strlen(users);

		memcpy(text, users, length);
		for (int n = rand() % 4; n >= 0; n--)
			text[(size_t)rand() % length] = (char)(rand() % 3 ? rand() % 128 : rand());
		error.text[0] = '\0';
		if (!load(text, rand() % 4 ? length : (size_t)rand() % length, &error))
			taken++;
		else
			silent += !error.text[0];
	}
	ok(!silent, "3,000 mutations: each is taken (%d) or refused with words", taken);
}

int main(void)
{
	tap_plan(17 + 16 + 4);
	test_accept();
	test_auth();
	test_config();
	return tap_done();
}
