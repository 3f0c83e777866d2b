// SPDX-License-Identifier: GPL-2.0-only
/*
 * Passwords against bcrypt hashes. Passwords are remembered only as MACs under a key that is made
 * anew with each process and told to nobody.
 */
#include <crypt.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "http/auth.h"
#include "http/library.h"

#define MAC_BYTES 32
/* bcrypt looks at no more. */
#define PASSWORD_MAX 72
#define QUEUE_MAX    16
#define WRONG_MAX    64

struct mac {
	unsigned char bytes[MAC_BYTES];
};

/**
 * struct job - One password to be checked
 * @user: index; the number of users for a name that is none of theirs
 * @mac: of name and password
 */
struct job {
	void *cookie;
	size_t user;
	struct mac mac;
	bool right;
	char password[PASSWORD_MAX + 1];
};

/**
 * struct gmt_auth - The main thread's, but for what @lock guards
 * @right: the password of each user, once known
 * @wrong: those last refused, the oldest overwritten first
 * @nobody: a hash that costs what the others do, so that a name that is no user's takes as long
 * @lock: of @queue (jobs from @head on, @waiting of them, the first @done of which are done),
 *	and @ending
 */
struct gmt_auth {
	const struct gmt_web_config *config;
	unsigned char key[MAC_BYTES];
	struct mac right[GMT_WEB_USERS];
	bool is_known[GMT_WEB_USERS];
	struct mac wrong[WRONG_MAX];
	size_t wrong_count;
	char nobody[GMT_WEB_HASH_MAX];
	int fd;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct job queue[QUEUE_MAX];
	size_t head, waiting, done;
	bool ending;
};

static bool matches(struct crypt_data *data, const char *password, const char *hash)
{
	const char *got = crypt_r(password, hash, data);

	return got && strlen(got) == strlen(hash) &&
	       !gmt_library.gnutls_memcmp(got, hash, strlen(hash));
}

static void *work(void *arg)
{
	struct crypt_data *data = calloc(1, sizeof(*data));
	struct gmt_auth *auth = arg;
	const uint64_t one = 1;

	pthread_mutex_lock(&auth->lock);
	while (!auth->ending) {
		struct job *job = &auth->queue[(auth->head + auth->done) % QUEUE_MAX];
		bool is_user;

		if (auth->done == auth->waiting) {
			pthread_cond_wait(&auth->wake, &auth->lock);
			continue;
		}
		/* A job that waits is this thread's. */
		pthread_mutex_unlock(&auth->lock);
		is_user = job->user < auth->config->user_count;
		job->right =
			data &&
			matches(data, job->password,
				is_user ? auth->config->users[job->user].hash : auth->nobody) &&
			is_user;
		explicit_bzero(job->password, sizeof(job->password));
		pthread_mutex_lock(&auth->lock);
		auth->done++;
		if (write(auth->fd, &one, sizeof(one)) < 0)
			continue; /* it cannot be full */
	}
	pthread_mutex_unlock(&auth->lock);
	if (data)
		explicit_bzero(data, sizeof(*data));
	free(data);
	return NULL;
}

struct gmt_auth *gmt_auth_new(const struct gmt_web_config *config)
{
	struct gmt_auth *auth = calloc(1, sizeof(*auth));
	sigset_t all, before;
	int err;

	if (!auth)
		return NULL;
	auth->config = config;
	pthread_mutex_init(&auth->lock, NULL);
	pthread_cond_init(&auth->wake, NULL);
	/* Cost and salt of the first user, and a hash that no password has. */
	memcpy(auth->nobody, config->users[0].hash, 29);
	memset(auth->nobody + 29, '.', 31);
	auth->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = auth->fd < 0 ? errno : 0;
	if (!err && gmt_library.gnutls_rnd(GNUTLS_RND_KEY, auth->key, sizeof(auth->key)))
		err = EIO;
	/* Signals are for the main thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	if (!err)
		err = pthread_create(&auth->thread, NULL, work, auth);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!err)
		return auth;
	if (auth->fd >= 0)
		close(auth->fd);
	free(auth);
	errno = err;
	return NULL;
}

static int make_mac(struct gmt_auth *auth, const char *name, const char *password, size_t length,
		    struct mac *mac)
{
	gnutls_hmac_hd_t hmac;

	if (gmt_library.gnutls_hmac_init(&hmac, GNUTLS_MAC_SHA256, auth->key, sizeof(auth->key)))
		return -EIO;
	/* With the NUL, so that the two cannot be parted otherwise. */
	gmt_library.gnutls_hmac(hmac, name, strlen(name) + 1);
	gmt_library.gnutls_hmac(hmac, password, length);
	gmt_library.gnutls_hmac_deinit(hmac, mac->bytes);
	return 0;
}

static bool same(const struct mac *a, const struct mac *b)
{
	return !gmt_library.gnutls_memcmp(a->bytes, b->bytes, MAC_BYTES);
}

static bool is_wrong(const struct gmt_auth *auth, const struct mac *mac)
{
	size_t count = auth->wrong_count < WRONG_MAX ? auth->wrong_count : WRONG_MAX;
	bool found = false;

	for (size_t i = 0; i < count; i++)
		found |= same(&auth->wrong[i], mac);
	return found;
}

static size_t find_user(const struct gmt_auth *auth, const char *name)
{
	size_t i = 0;

	while (i < auth->config->user_count && strcmp(auth->config->users[i].name, name))
		i++;
	return i;
}

static enum gmt_auth_verdict enqueue(struct gmt_auth *auth, size_t user, const char *password,
				     size_t length, const struct mac *mac, void *cookie)
{
	struct job *job;
	bool full;

	pthread_mutex_lock(&auth->lock);
	full = auth->waiting == QUEUE_MAX;
	if (!full) {
		job = &auth->queue[(auth->head + auth->waiting++) % QUEUE_MAX];
		*job = (struct job){ .cookie = cookie, .user = user, .mac = *mac };
		memcpy(job->password, password, length);
		pthread_cond_signal(&auth->wake);
	}
	pthread_mutex_unlock(&auth->lock);
	return full ? GMT_AUTH_BUSY : GMT_AUTH_WAIT;
}

enum gmt_auth_verdict gmt_auth_check(struct gmt_auth *auth, const char *name, const char *password,
				     size_t length, void *cookie)
{
	size_t user = find_user(auth, name);
	struct mac mac;

	/* bcrypt would take a part of it for the whole. */
	if (length > PASSWORD_MAX || memchr(password, '\0', length))
		return GMT_AUTH_NO;
	if (make_mac(auth, name, password, length, &mac))
		return GMT_AUTH_BUSY;
	if (user < auth->config->user_count && auth->is_known[user] &&
	    same(&auth->right[user], &mac))
		return GMT_AUTH_YES;
	if (is_wrong(auth, &mac))
		return GMT_AUTH_NO;
	return enqueue(auth, user, password, length, &mac, cookie);
}

int gmt_auth_fd(const struct gmt_auth *auth)
{
	return auth->fd;
}

static void remember(struct gmt_auth *auth, const struct job *job)
{
	if (job->right) {
		auth->right[job->user] = job->mac;
		auth->is_known[job->user] = true;
	} else if (!is_wrong(auth, &job->mac)) {
		auth->wrong[auth->wrong_count++ % WRONG_MAX] = job->mac;
	}
}

void gmt_auth_collect(struct gmt_auth *auth, void (*fn)(void *cookie, bool right))
{
	struct job finished[QUEUE_MAX];
	size_t count = 0;
	uint64_t drain;

	if (read(auth->fd, &drain, sizeof(drain)) < 0 && errno != EAGAIN)
		return;
	pthread_mutex_lock(&auth->lock);
	for (; auth->done; auth->done--, auth->waiting--) {
		finished[count++] = auth->queue[auth->head];
		auth->head = (auth->head + 1) % QUEUE_MAX;
	}
	pthread_mutex_unlock(&auth->lock);
	for (size_t i = 0; i < count; i++) {
		remember(auth, &finished[i]);
		fn(finished[i].cookie, finished[i].right);
	}
}

void gmt_auth_free(struct gmt_auth *auth, void (*fn)(void *cookie, bool right))
{
	if (!auth)
		return;
	pthread_mutex_lock(&auth->lock);
	auth->ending = true;
	pthread_cond_signal(&auth->wake);
	pthread_mutex_unlock(&auth->lock);
	pthread_join(auth->thread, NULL);
	gmt_auth_collect(auth, fn);
	for (; auth->waiting; auth->waiting--) {
		fn(auth->queue[auth->head].cookie, false);
		auth->head = (auth->head + 1) % QUEUE_MAX;
	}
	close(auth->fd);
	pthread_mutex_destroy(&auth->lock);
	pthread_cond_destroy(&auth->wake);
	explicit_bzero(auth, sizeof(*auth));
	free(auth);
}
