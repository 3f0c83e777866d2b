// SPDX-License-Identifier: GPL-2.0-only
/*
 * gmemtop export: what the live table shows, as metrics for Prometheus: served over HTTP, or
 * written to a file once. docs/metrics.md is the manual.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"
#include "export.h"
#include "http/listen.h"
#include "http/server.h"
#include "service.h"
#include "source/probe.h"
#include "view/format.h"

#define SERIES_MAX_DEFAULT 30000
#define SERIES_MAX_MIN	   1000
#define KEEP_S_DEFAULT	   900
#define TIMEOUT_S_DEFAULT  30
/* How long a wait is where nothing else is to be done. */
#define IDLE_MS 60000

/**
 * struct export_options - The command line
 * @addresses: to listen on
 * @once: file to write instead
 * @user: to become, as root
 */
struct export_options {
	struct gmt_export_options export;
	const char *addresses[GMT_LISTEN_MAX];
	unsigned int address_count;
	const char *web_config;
	const char *user;
	const char *once;
	bool openmetrics;
	unsigned int timeout_s;
};

static volatile sig_atomic_t ended_by, reload_wanted;

enum {
	KEY_WEB_CONFIG = GMT_KEY_DURATION + 1,
	KEY_LATENCY,
	KEY_PER_GMEM,
	KEY_MAX_SERIES,
	KEY_KEEP,
	KEY_CREATED,
	KEY_ONCE,
	KEY_FORMAT,
	KEY_TIMEOUT,
	KEY_USER,
};

static const struct argp_option options[] = {
	{ "listen", 'l', "ADDR", 0,
	  "HOST:PORT or :PORT; may be given more than once (default localhost:" GMT_LISTEN_PORT
	  ", or the sockets that systemd hands over)",
	  0 },
	{ "web-config", KEY_WEB_CONFIG, "FILE", 0,
	  "TLS and users, in the format that Prometheus's exporters share", 0 },
	{ "timeout", KEY_TIMEOUT, "S", 0,
	  "Close connections that are silent for so long, or take twice as long (default 30)", 0 },
	{ "user", KEY_USER, "NAME", 0, "Where started by root, go on as this user (default nobody)",
	  0 },
	{ "once", KEY_ONCE, "FILE", 0,
	  "Write FILE at one go for node_exporter's textfile collector, and end; -: standard output",
	  0 },
	{ "format", KEY_FORMAT, "NAME", 0, "Of --once: text (default) or openmetrics", 0 },
	{ "verbose", 'v', 0, 0, "Show libbpf's messages", 0 },
	{ 0, 0, 0, 0, "What is told:", 1 },
	{ "per-gmem", KEY_PER_GMEM, 0, 0, "Each gmem by itself, not summed up by VM and cgroup",
	  1 },
	{ "latency", KEY_LATENCY, 0, 0, "Histograms of times, which cost a little at each event",
	  1 },
	{ "max-series", KEY_MAX_SERIES, "N", 0,
	  "Series of a page; what is beyond is summed up in the overflow's (default 30000)", 1 },
	{ "keep", KEY_KEEP, "S", 0, "How long counters stay whose last gmem is gone (default 900)",
	  1 },
	{ "created", KEY_CREATED, 0, 0,
	  "Counters tell when they began, too: twice the series, in OpenMetrics only", 1 },
	{ 0 },
};

static void add_address(struct argp_state *state, struct export_options *export, const char *text)
{
	if (export->address_count == GMT_LISTEN_MAX)
		argp_error(state, "--listen: %d addresses at most", GMT_LISTEN_MAX);
	else
		export->addresses[export->address_count++] = text;
}

static int parse_told(int key, char *arg, struct argp_state *state)
{
	struct export_options *export = state->input;
	struct gmt_export_options *told = &export->export;

	switch (key) {
	case KEY_LATENCY:
		told->latency = true;
		return 0;
	case KEY_PER_GMEM:
		told->per_gmem = true;
		return 0;
	case KEY_MAX_SERIES:
		told->series_max = gmt_parse_number(state, arg, "--max-series", 10000000);
		if (told->series_max < SERIES_MAX_MIN)
			argp_error(state, "--max-series: %d at least", SERIES_MAX_MIN);
		return 0;
	case KEY_KEEP:
		told->keep_ns = (uint64_t)(gmt_parse_seconds(state, arg, 0, 1e7) * 1e9);
		return 0;
	case KEY_CREATED:
		told->created = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void check_together(struct argp_state *state, const struct export_options *export)
{
	if (export->once && (export->address_count || export->web_config || export->user))
		argp_error(state, "--once serves nobody: no --listen, --web-config or --user");
	if (export->openmetrics && !export->once)
		argp_error(state, "--format is for --once: over HTTP, the client chooses");
	if (export->once && export->export.latency)
		argp_error(state, "--latency needs a while: --once has none");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct export_options *export = state->input;

	switch (key) {
	case 'l':
		add_address(state, export, arg);
		return 0;
	case KEY_WEB_CONFIG:
		export->web_config = arg;
		return 0;
	case KEY_TIMEOUT:
		export->timeout_s = (unsigned int)gmt_parse_number(state, arg, "--timeout", 3600);
		if (!export->timeout_s)
			argp_error(state, "--timeout: one second at least");
		return 0;
	case KEY_USER:
		export->user = arg;
		return 0;
	case KEY_ONCE:
		export->once = arg;
		return 0;
	case KEY_FORMAT:
		export->openmetrics = !strcmp(arg, "openmetrics");
		if (!export->openmetrics && strcmp(arg, "text"))
			argp_error(state, "--format '%s': text or openmetrics is wanted", arg);
		return 0;
	case 'v':
		gmt_log_init(true);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "too many arguments: '%s'", arg);
		return 0;
	case ARGP_KEY_END:
		check_together(state, export);
		return 0;
	default:
		return parse_told(key, arg, state);
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "Metrics for Prometheus, in OpenMetrics or its text format, at /metrics. SIGHUP reads "
	       "the file of --web-config anew.",
};

static void on_end(int number)
{
	ended_by = number;
}

static void on_reload(int number)
{
	reload_wanted = 1;
}

/* Signals come only while the server waits: @waiting is the mask for that. */
static void catch_signals(sigset_t *waiting)
{
	struct sigaction end = { .sa_handler = on_end, .sa_flags = SA_RESETHAND };
	struct sigaction reload = { .sa_handler = on_reload };
	sigset_t ours;

	sigaction(SIGINT, &end, NULL);
	sigaction(SIGTERM, &end, NULL);
	sigaction(SIGHUP, &reload, NULL);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&ours);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGHUP);
	sigprocmask(SIG_BLOCK, &ours, waiting);
	sigdelset(waiting, SIGINT);
	sigdelset(waiting, SIGTERM);
	sigdelset(waiting, SIGHUP);
}

/* Half of the time after which the service manager takes us for stuck. */
static int watchdog_ms(void)
{
	const char *pid = getenv("WATCHDOG_PID"), *usec = getenv("WATCHDOG_USEC");
	unsigned long long half = usec ? strtoull(usec, NULL, 10) / 2000 : 0;

	if ((pid && strtol(pid, NULL, 10) != getpid()) || !half || half > IDLE_MS)
		return IDLE_MS;
	return (int)half;
}

static void reload(struct gmt_server *server)
{
	struct gmt_error error = { 0 };

	gmt_service_notify("RELOADING=1");
	if (gmt_server_reload(server, &error))
		fprintf(stderr, "gmemtop: all stays as it was: %s\n", error.text);
	gmt_service_notify("READY=1");
}

static int serve(struct gmt_server *server, const sigset_t *waiting, struct gmt_error *error)
{
	int timeout_ms = watchdog_ms(), err = 0;

	gmt_service_notify("READY=1");
	while (!err && !ended_by) {
		if (reload_wanted) {
			reload_wanted = 0;
			reload(server);
		}
		err = gmt_server_poll(server, timeout_ms, waiting, error);
		gmt_service_notify("WATCHDOG=1");
	}
	gmt_service_notify("STOPPING=1");
	return err;
}

static int open_sockets(const struct export_options *export, struct gmt_server_options *server,
			int *fds, bool *outside, struct gmt_error *error)
{
	int handed = gmt_service_sockets(fds, GMT_LISTEN_MAX, error), err = 0;

	if (handed < 0)
		return handed;
	server->fd_count = (unsigned int)handed;
	for (unsigned int i = 0; !err && i < export->address_count; i++)
		err = gmt_listen(export->addresses[i], fds, &server->fd_count, outside, error);
	if (!err && !server->fd_count)
		err = gmt_listen("localhost", fds, &server->fd_count, outside, error);
	server->fds = fds;
	return err;
}

static void announce(const struct gmt_server *server, const struct gmt_server_options *served,
		     bool outside)
{
	char address[128];

	for (unsigned int i = 0; i < served->fd_count; i++) {
		gmt_listen_address(served->fds[i], address, sizeof(address));
		fprintf(stderr, "gmemtop: serving %s://%s/metrics\n",
			gmt_server_has_tls(server) ? "https" : "http", address);
	}
	if (outside && !gmt_server_has_tls(server))
		fprintf(stderr, "gmemtop: warning: other hosts can read this, and the way to them "
				"is not encrypted: --web-config gives it TLS and users\n");
	else if (outside && !gmt_server_has_users(server))
		fprintf(stderr, "gmemtop: warning: other hosts can read this, and nobody is asked "
				"for a password\n");
}

static int page_of(void *ctx, bool openmetrics, struct gmt_page *page)
{
	return gmt_export_page(ctx, openmetrics, page);
}

static int run_server(struct gmt_export *export, const struct export_options *wanted,
		      struct gmt_error *error)
{
	struct gmt_server_options served = {
		.web_config = wanted->web_config,
		.timeout_s = wanted->timeout_s,
		.page = page_of,
		.ctx = export,
	};
	const char *user = wanted->user ? wanted->user : "nobody";
	struct gmt_server *server = NULL;
	int fds[GMT_LISTEN_MAX], err;
	bool outside = false;
	sigset_t waiting;

	catch_signals(&waiting);
	err = open_sockets(wanted, &served, fds, &outside, error);
	if (!err)
		err = gmt_server_open(&server, &served, error);
	if (!err)
		err = gmt_export_attach(export, error);
	/* What needs one is loaded and attached; running it needs none. */
	if (!err)
		err = gmt_service_drop(0, user, error);
	if (!err)
		err = gmt_server_start(server, error);
	if (!err) {
		announce(server, &served, outside);
		export->server = server;
		err = serve(server, &waiting, error);
	}
	export->server = NULL;
	gmt_server_stop(server);
	return err;
}

static int write_all(int fd, const struct gmt_page *page)
{
	for (size_t done = 0; done < page->length;) {
		ssize_t written = write(fd, page->data + done, page->length - done);

		if (written < 0 && errno != EINTR)
			return -errno;
		if (written > 0)
			done += (size_t)written;
	}
	return 0;
}

/* Whoever reads FILE finds the old one or the new one, whole; also after a power failure. */
static int replace_file(const char *path, const struct gmt_page *page)
{
	mode_t mask = umask(0);
	char *temporary;
	int fd, err;

	umask(mask);
	/* No name that ends as FILE does: the collector takes all that end in .prom. */
	if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
		return -ENOMEM;
	fd = mkostemp(temporary, O_CLOEXEC);
	err = fd < 0 ? -errno : write_all(fd, page);
	if (!err && (fchmod(fd, 0666 & ~mask) || fsync(fd)))
		err = -errno;
	if (fd >= 0 && close(fd) && !err)
		err = -errno;
	if (!err && rename(temporary, path))
		err = -errno;
	if (err && fd >= 0)
		unlink(temporary);
	free(temporary);
	return err;
}

static int run_once(struct gmt_export *export, const struct export_options *wanted,
		    struct gmt_error *error)
{
	bool standard = !strcmp(wanted->once, "-");
	struct gmt_page page = { 0 };
	int err = gmt_export_page(export, wanted->openmetrics, &page);

	if (err)
		gmt_fail(error, GMT_EXIT_FAILURE, err, "out of memory");
	else if (!export->self.parts[GMT_PART_GMEMS].told)
		err = gmt_fail(error, export->error.exit_code, -EIO, "%s", export->error.text);
	if (!err) {
		err = standard ? write_all(STDOUT_FILENO, &page) :
				 replace_file(wanted->once, &page);
		if (err)
			gmt_fail(error, GMT_EXIT_FAILURE, err, "%.300s cannot be written: %s",
				 standard ? "standard output" : wanted->once, strerror(-err));
	}
	gmt_page_exit(&page);
	return err;
}

int cmd_export(int argc, char **argv, struct gmt_error *error)
{
	struct export_options export_options = {
		.export.series_max = SERIES_MAX_DEFAULT,
		.export.keep_ns = KEEP_S_DEFAULT * 1000000000ULL,
		.timeout_s = TIMEOUT_S_DEFAULT,
	};
	struct gmt_export *export;
	int err;

	argp_parse(&argp, argc, argv, 0, NULL, &export_options);
	err = gmt_export_open(&export, &export_options.export, error);
	if (err)
		return err;
	if (export_options.once)
		err = run_once(export, &export_options, error);
	else
		err = run_server(export, &export_options, error);
	gmt_export_close(export);
	return err;
}
