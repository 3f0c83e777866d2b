/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libmicrohttpd and GnuTLS, loaded when they are first needed: they bring ten libraries with them, and
 * only one verb serves anybody. What is called of them is called through gmt_library.
 */
#ifndef GMT_HTTP_LIBRARY_H
#define GMT_HTTP_LIBRARY_H

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <microhttpd.h>

#include "error.h"

#define GMT_LIBRARY_FUNCTIONS(X)                                  \
	X(MHD_add_connection)                                     \
	X(MHD_add_response_header)                                \
	X(MHD_basic_auth_get_username_password3)                  \
	X(MHD_create_response_from_buffer_static)                 \
	X(MHD_create_response_from_buffer_with_free_callback_cls) \
	X(MHD_destroy_response)                                   \
	X(MHD_free)                                               \
	X(MHD_get_connection_info)                                \
	X(MHD_get_daemon_info)                                    \
	X(MHD_get_timeout64s)                                     \
	X(MHD_lookup_connection_value)                            \
	X(MHD_queue_basic_auth_required_response3)                \
	X(MHD_queue_response)                                     \
	X(MHD_resume_connection)                                  \
	X(MHD_run)                                                \
	X(MHD_start_daemon)                                       \
	X(MHD_stop_daemon)                                        \
	X(MHD_suspend_connection)                                 \
	X(gnutls_certificate_allocate_credentials)                \
	X(gnutls_certificate_free_credentials)                    \
	X(gnutls_certificate_get_peers)                           \
	X(gnutls_certificate_set_x509_key_mem)                    \
	X(gnutls_certificate_set_x509_trust_mem)                  \
	X(gnutls_certificate_verify_peers3)                       \
	X(gnutls_hmac)                                            \
	X(gnutls_hmac_deinit)                                     \
	X(gnutls_hmac_init)                                       \
	X(gnutls_memcmp)                                          \
	X(gnutls_rnd)                                             \
	X(gnutls_strerror)

#define GMT_LIBRARY_MEMBER(name) __typeof__(name) *name;

struct gmt_library {
	GMT_LIBRARY_FUNCTIONS(GMT_LIBRARY_MEMBER)
};

extern struct gmt_library gmt_library;

/**
 * gmt_library_load() - Make gmt_library usable; the second time does nothing
 *
 * Return: 0, or -ENOENT with *@error set
 */
int gmt_library_load(struct gmt_error *error);

#endif /* GMT_HTTP_LIBRARY_H */
