// SPDX-License-Identifier: GPL-2.0-only
/* An Accept header, as RFC 9110 writes it: types with parameters and weights. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http/accept.h"

#define BLANKS " \t"

/* One type of the list: @length bytes at @text. */
struct range {
	const char *text;
	size_t length;
};

static void trim(struct range *range)
{
	while (range->length && strchr(BLANKS, range->text[0])) {
		range->text++;
		range->length--;
	}
	while (range->length && strchr(BLANKS, range->text[range->length - 1]))
		range->length--;
}

/* Cuts what is before the next @mark off @rest. Return: whether there was anything */
static bool cut(struct range *rest, char mark, struct range *piece)
{
	const char *end;

	if (!rest->length)
		return false;
	end = memchr(rest->text, mark, rest->length);
	piece->text = rest->text;
	piece->length = end ? (size_t)(end - rest->text) : rest->length;
	rest->text += piece->length + (end ? 1 : 0);
	rest->length -= piece->length + (end ? 1 : 0);
	trim(piece);
	return true;
}

static bool is(const struct range *range, const char *word)
{
	return range->length == strlen(word) && !strncasecmp(range->text, word, range->length);
}

static bool begins(struct range *range, const char *word)
{
	size_t length = strlen(word);

	if (range->length < length || strncasecmp(range->text, word, length))
		return false;
	range->text += length;
	range->length -= length;
	if (range->length >= 2 && range->text[0] == '"' && range->text[range->length - 1] == '"') {
		range->text++;
		range->length -= 2;
	}
	return true;
}

static double weight(const struct range *range)
{
	char text[8] = "";
	double q;

	memcpy(text, range->text, range->length < sizeof(text) ? range->length : sizeof(text) - 1);
	q = strtod(text, NULL);
	return q > 0 && q <= 1 ? q : 0;
}

bool gmt_accept_openmetrics(const char *accept)
{
	struct range list = { accept, accept ? strlen(accept) : 0 }, item, part, version;
	double openmetrics = 0, text = 0;

	while (cut(&list, ',', &item)) {
		bool is_openmetrics, is_text, any, fits;
		double q = 1;

		if (!cut(&item, ';', &part))
			continue;
		is_openmetrics = is(&part, "application/openmetrics-text");
		is_text = is(&part, "text/plain");
		any = is(&part, "*/*") || is(&part, "text/*");
		fits = true;
		while (cut(&item, ';', &part)) {
			version = part;
			if (begins(&part, "q="))
				q = weight(&part);
			else if (begins(&version, "version="))
				fits = is_openmetrics ?
					       is(&version, "1.0.0") || is(&version, "0.0.1") :
					       is(&version, "0.0.4");
		}
		if (is_openmetrics && fits && q > openmetrics)
			openmetrics = q;
		if (((is_text && fits) || any) && q > text)
			text = q;
	}
	return openmetrics > 0 && openmetrics >= text;
}
