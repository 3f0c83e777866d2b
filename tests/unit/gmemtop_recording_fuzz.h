/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Broken recordings, for gmemtop_recording.c: cut off at each byte, damaged, foreign, newer, bombs;
 * and mutations by a seeded generator, of the lines and of the file, all of them walked through.
 */
#define CASES	   1000 /* of each of four kinds */
#define BOMB_BYTES (256UL << 20)

static uint64_t random_state = 0x9e3779b97f4a7c15ULL;

static uint32_t random_number(void)
{
	random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
	return random_state >> 33;
}

/* A time that cannot be reckoned would end the test here. */
static void show_time(struct gmt_source *source, uint64_t ns)
{
	char text[40];

	gmt_format_time(text, sizeof(text), ns, gmt_source_offset_ns(source));
}

/* Everything a verb could ask. Return: snapshots seen, 0 where it could not be opened */
static unsigned int walk(struct gmt_error *error)
{
	const struct gmt_trace_options all = { .events = GMT_EVENTS_ALL };
	static struct gmt_hist hists[GMT_LATENCY_MAX];
	struct gmt_source *source = open_at(NULL, INFINITY, error);
	struct gmt_trace_totals totals = { .received = { 0 } };
	struct gmt_error ignored;
	unsigned int seen = 0;
	uint64_t missed;
	struct told told;

	if (!source)
		return 0;
	if (!source->ops->trace_start(source, &all, &ignored)) {
		memset(&told, 0, sizeof(told));
		source->ops->trace_poll(source, 0, on_event, &told, &ignored);
		source->ops->trace_losses(source, &totals, &ignored);
		show_time(source, told.event.time_ns);
		source->ops->trace_detach(source, &ignored);
	}
	source->player->set_speed(source, 0);
	gmt_source_latency_start(source, 0, &ignored);
	do {
		memset(&told, 0, sizeof(told));
		if (source->ops->snapshot(source, on_gmem, &told, &ignored))
			break;
		if (told.count && !told.ordered)
			tap_bail("gmems out of order");
		seen++;
		show_time(source, gmt_source_now_ns(source));
		show_time(source, told.gmem.created_ns);
		if (source->ops->cgroup_path(source, told.gmem.creator_cgroup_id)[0])
			source->ops->creator_alive(source, &told.gmem);
		gmt_source_bindings(source, 0, UINT64_MAX, on_binding, &told, &ignored);
		gmt_source_holders(source, 0, UINT64_MAX, on_holder, &told, &ignored);
		gmt_source_nodes(source, 0, UINT64_MAX, on_node, &told, &ignored);
		gmt_source_policies(source, on_policy, &told, &ignored);
		memset(&told, 0, sizeof(told));
		if (!source->ops->ranges(source, 1, on_range, &told, &ignored) && told.count > 1 &&
		    !told.ordered)
			tap_bail("ranges with gaps");
		if (source->player->step(source, 1, &ignored))
			break;
	} while (!source->player->ended(source) && seen < 1000);
	if (!gmt_source_latency_start(source, 1, &ignored))
		source->ops->latency_read(source, hists, &missed, &ignored);
	source->player->seek(source, random_number() % 2 ? UINT64_MAX : BEGIN + 7 * S, &ignored);
	source->player->step(source, -2, &ignored);
	source->ops->close(source);
	return seen;
}

static void is_refused(const void *bytes, size_t size, const char *word, const char *what)
{
	struct gmt_error error = { .text = "" };

	put_file(bytes, size);
	ok(!walk(&error) && error.exit_code == GMT_EXIT_FAILURE && strstr(error.text, word),
	   "%s: %s", what, error.text);
}

static size_t pack(const char *text, size_t size, char *to, size_t room)
{
	size_t packed = ZSTD_compress(to, room, text, size, 1);

	if (ZSTD_isError(packed))
		tap_bail("ZSTD_compress: %s", ZSTD_getErrorName(packed));
	return packed;
}

static void test_refused(const char *good, size_t good_size)
{
	static const char newer[] = "{\"type\":\"recording\",\"version\":2,\"time_ns\":1}\n";
	static const char foreign[] = "{\"jsonrpc\":\"2.0\",\"method\":\"x\"}\n";
	struct gmt_error error;
	char packed[256];

	is_refused("", 0, "empty", "an empty file");
	is_refused("hello, world\n", 13, "no recording", "text");
	is_refused("\x7f"
		   "ELF\2\1\1\0\0\0\0\0\0\0\0\0",
		   16, "no recording", "a program");
	is_refused(foreign, sizeof(foreign) - 1, "no recording", "other lines of JSON");
	is_refused(newer, sizeof(newer) - 1, "version 2", "a newer version");
	is_refused(packed, pack(newer, sizeof(newer) - 1, packed, sizeof(packed)), "version 2",
		   "a newer version, compressed");
	is_refused(packed, pack(foreign, sizeof(foreign) - 1, packed, sizeof(packed)),
		   "no recording", "other lines, compressed");
	is_refused(newer, 20, "no recording", "half of a first line");
	is_refused("\x50\x2a\x4d\x18\x04\0\0\0abcd", 12, "no recording",
		   "nothing but a skippable frame");
	is_refused(good, 30, "no recording", "the beginning of a frame");
	unlink(path);
	gmt_source_choice.recording = dir;
	ok(!open_at(NULL, 1, &error) && strstr(error.text, "cannot be opened"), "no file: %s",
	   error.text);
	mkdir(path, 0700);
	ok(!open_at(NULL, 1, &error) && strstr(error.text, "no file"), "a directory: %s",
	   error.text);
	rmdir(path);
	mkfifo(path, 0600);
	ok(!open_at(NULL, 1, &error) && strstr(error.text, "no file"), "a fifo: %s", error.text);
	unlink(path);
}

/* More of it never tells less. */
static void test_cut(const char *good, size_t size, const char *what)
{
	unsigned int seen, before = 0, opened = 0, shrunk = 0;
	struct gmt_error error;

	for (size_t cut = 0; cut <= size; cut += cut < size - 40 ? 7 : 1) {
		put_file(good, cut);
		seen = walk(&error);
		opened += seen > 0;
		shrunk += seen < before;
		before = seen;
	}
	ok(opened && !shrunk && before == SECONDS - 1,
	   "%s, cut off anywhere, tells what was before it", what);
}

static void test_bombs(void)
{
	static const char head[] = "{\"type\":\"recording\",\"version\":1,\"time_ns\":1}\n";
	char *text = malloc(BOMB_BYTES), *packed = malloc(1 << 20);
	size_t nested = 60 << 20;
	struct gmt_error error;
	struct stat st;

	memset(text, 'x', BOMB_BYTES);
	memcpy(text, head, sizeof(head) - 1);
	put_file(packed, pack(text, BOMB_BYTES, packed, 1 << 20));
	stat(path, &st);
	ok(st.st_size < 64 << 10 && !walk(&error), "a bomb of %lu MiB in %ld KiB: %s",
	   BOMB_BYTES >> 20, (long)st.st_size >> 10, error.text);
	memset(text + sizeof(head) - 1, '[', nested);
	text[nested] = '\n';
	put_file(packed, pack(text, nested + 1, packed, 1 << 20));
	ok(!walk(&error), "sixty million brackets: %s", error.text);
	memset(text + sizeof(head) - 1, '\n', BOMB_BYTES - sizeof(head) + 1);
	put_file(packed, pack(text, BOMB_BYTES, packed, 1 << 20));
	ok(!walk(&error), "as many empty lines: %s", error.text);
	free(text);
	free(packed);
}

/* The index points anywhere but to the frames; it is not believed. */
static void test_index(char *good, size_t size)
{
	struct gmt_error error;
	unsigned int wrong = 0;

	for (size_t at = size - GMT_INDEX_TAIL - 3 * GMT_INDEX_ENTRY; at < size; at++) {
		good[at] ^= 0x11;
		put_file(good, size);
		wrong += walk(&error) != SECONDS - 1;
		good[at] ^= 0x11;
	}
	is_int(wrong, 0, "an index with a wrong byte anywhere is done without");
}

static void test_broken(void)
{
	const struct gmt_writer_limits limits = { .frame_ns = PER * S };
	struct gmt_error error = { .text = "" };
	size_t size, plain_size;
	char *good, *text = plain(&plain_size);

	write_recording(&limits, SECONDS, true);
	good = get_file(&size);
	test_refused(good, size);
	test_cut(good, size, "a recording");
	test_cut(text, plain_size, "one of plain lines");
	test_index(good, size);
	/* Its middle frame: what is left of it, and the frames around it. */
	good[size / 2] ^= 0x40;
	put_file(good, size);
	ok(walk(&error) >= SECONDS - 1 - PER, "a damaged frame costs no other one");
	write_recording(&limits, SECONDS, false);
	ok(walk(&error) == SECONDS - 1, "a recorder that was killed left what was flushed: %s",
	   error.text);
	test_bombs();
	free(good);
	free(text);
}

/* A byte, a run or a number of it becomes another; or a piece of it is moved. */
static size_t mutate(char *bytes, size_t size)
{
	static const char *const words[] = { "null",	    "-1",  "18446744073709551615",
					     "1e999",	    "{}",  "[]",
					     "\"\\u0000\"", "0.5", "18446744073709551616",
					     "\"\xff\"" };
	size_t at = random_number() % size, length = random_number() % 64 + 1;
	const char *word;

	if (length > size - at)
		length = size - at;
	switch (random_number() % 6) {
	case 0:
		bytes[at] ^= 1 << random_number() % 8;
		break;
	case 1:
		bytes[at] = (char)random_number();
		break;
	case 2:
		memset(bytes + at, bytes[random_number() % size], length);
		break;
	case 3:
		memmove(bytes + at, bytes + random_number() % (size - length + 1), length);
		break;
	case 4:
		/* The value of some member. */
		word = words[random_number() % (sizeof(words) / sizeof(words[0]))];
		while (at < size && bytes[at] != ':')
			at++;
		if (at + 1 + strlen(word) < size)
			memcpy(bytes + at + 1, word, strlen(word));
		break;
	default:
		memmove(bytes + at, bytes + at + length, size - at - length);
		size -= length;
	}
	return size ? size : 1;
}

static void test_mutations(const char *good, size_t size, bool packed, const char *what)
{
	char *space = malloc(size + 64), *file = malloc(ZSTD_compressBound(size + 64));
	unsigned int whole = 0, partly = 0, refused = 0;
	struct gmt_error error;

	for (unsigned int i = 0; i < CASES; i++) {
		size_t length = size;
		unsigned int seen;

		memcpy(space, good, size);
		for (unsigned int times = random_number() % 4 + 1; times; times--)
			length = mutate(space, length);
		if (packed)
			put_file(file, pack(space, length, file, ZSTD_compressBound(size + 64)));
		else
			put_file(space, length);
		seen = walk(&error);
		whole += seen >= SECONDS - 1;
		partly += seen && seen < SECONDS - 1;
		refused += !seen;
	}
	ok(whole && partly && refused, "%s: of %d mutations %u load, %u in part, %u not at all",
	   what, CASES, whole, partly, refused);
	free(space);
	free(file);
}

static void test_fuzz(void)
{
	const struct gmt_writer_limits limits = { .frame_ns = PER * S };
	size_t size, plain_size;
	char *good, *text = plain(&plain_size);

	write_recording(&limits, SECONDS, true);
	good = get_file(&size);
	test_mutations(good, size, false, "the file");
	write_recording(&limits, SECONDS, false);
	free(good);
	good = get_file(&size);
	test_mutations(good, size, false, "the file of one that was killed");
	test_mutations(text, plain_size, false, "plain lines");
	test_mutations(text, plain_size, true, "lines that are well compressed");
	free(good);
	free(text);
}
