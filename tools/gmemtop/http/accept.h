/* SPDX-License-Identifier: GPL-2.0-only */
/* Which of the two formats a client would rather have, by its Accept header. Called by the server. */
#ifndef GMT_HTTP_ACCEPT_H
#define GMT_HTTP_ACCEPT_H

#include <stdbool.h>

#define GMT_TYPE_OPENMETRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define GMT_TYPE_TEXT	     "text/plain; version=0.0.4; charset=utf-8"

/**
 * gmt_accept_openmetrics() - OpenMetrics, or Prometheus's text format?
 * @accept: the header's value; NULL without one
 *
 * Who asks for neither gets the text format, as of Prometheus's client libraries.
 */
bool gmt_accept_openmetrics(const char *accept);

#endif /* GMT_HTTP_ACCEPT_H */
