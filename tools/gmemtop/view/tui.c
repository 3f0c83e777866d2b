// SPDX-License-Identifier: GPL-2.0-only
/*
 * Taking the terminal and giving it back, whatever ends the program: a key, a signal, a
 * crash of our own, or the terminal going away. Keys are in tui_keys.c, drawing in
 * tui_draw.c.
 */
#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#include "view/tui.h"

static SCREEN *terminal;
static volatile sig_atomic_t caught;

/* What a crash needs to give the terminal back without calling anything unsafe. */
static struct termios saved_termios;
static char restore_text[128];
static size_t restore_length;

static void on_signal(int signal)
{
	caught = signal;
}

static void on_crash(int signal)
{
	ssize_t ignored;

	tcsetattr(STDIN_FILENO, TCSANOW, &saved_termios);
	ignored = write(STDOUT_FILENO, restore_text, restore_length);
	(void)ignored;
	/* The handler was reset on entry: the default action follows. */
	raise(signal);
}

static void add_restore(const char *capability)
{
	const char *text = tigetstr(capability);
	size_t length;

	if (!text || text == (char *)-1)
		return;
	length = strlen(text);
	if (restore_length + length > sizeof(restore_text))
		return;
	memcpy(restore_text + restore_length, text, length);
	restore_length += length;
}

static void catch_signals(void)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	static const int crashes[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
	struct sigaction end = { .sa_handler = on_signal };
	struct sigaction crash = { .sa_handler = on_crash, .sa_flags = SA_RESETHAND | SA_NODEFER };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		sigaction(ends[i], &end, NULL);
	for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
		sigaction(crashes[i], &crash, NULL);
	/* A reader gone must not kill us between two lines: writes fail instead. */
	signal(SIGPIPE, SIG_IGN);
}

/* Without these there is no table, only a mess. */
static bool can_draw(void)
{
	static const char *const needed[] = { "cup", "clear" };

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		const char *text = tigetstr(needed[i]);

		if (!text || text == (char *)-1)
			return false;
	}
	return true;
}

/* Terminals that do not follow the switch to application keys send these. */
static void define_cursor_keys(void)
{
	static const struct {
		const char *text;
		int key;
	} keys[] = {
		{ "\033[A", KEY_UP },	{ "\033[B", KEY_DOWN }, { "\033[C", KEY_RIGHT },
		{ "\033[D", KEY_LEFT }, { "\033[H", KEY_HOME }, { "\033[F", KEY_END },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		define_key(keys[i].text, keys[i].key);
}

int gmt_tui_open(struct gmt_error *error)
{
	const char *name = getenv("TERM");

	tcgetattr(STDIN_FILENO, &saved_termios);
	terminal = newterm(NULL, stdout, stdin);
	if (!terminal || !can_draw()) {
		if (terminal)
			gmt_tui_close();
		return gmt_fail(
			error, GMT_EXIT_FAILURE, -ENOTTY,
			"the terminal type TERM=%.40s cannot show a table: set TERM to what "
			"it is, or use gmemtop --batch",
			name ? name : "");
	}
	set_term(terminal);
	add_restore("sgr0");
	add_restore("cnorm");
	add_restore("rmkx");
	add_restore("rmcup");
	catch_signals();
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	define_cursor_keys();
	set_escdelay(25);
	nodelay(stdscr, TRUE);
	curs_set(0);
	if (has_colors()) {
		start_color();
		use_default_colors();
	}
	return 0;
}

void gmt_tui_close(void)
{
	if (!terminal)
		return;
	endwin();
	delscreen(terminal);
	terminal = NULL;
}

int gmt_tui_signal(void)
{
	return caught;
}

/* All keys that have come; the strongest of what they ask for. */
static enum gmt_tui_action read_keys(struct gmt_screen *screen, bool *any)
{
	enum gmt_tui_action strongest = GMT_TUI_REDRAW, action;
	wint_t key;
	int kind;

	*any = false;
	while ((kind = get_wch(&key)) != ERR) {
		*any = true;
		action = gmt_tui_key(screen, kind == KEY_CODE_YES, key);
		if (action > strongest)
			strongest = action;
	}
	return strongest;
}

enum gmt_tui_action gmt_tui_wait(struct gmt_screen *screen, int timeout_ms)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	enum gmt_tui_action action;
	int ready;
	bool any;

	if (caught)
		return GMT_TUI_QUIT;
	ready = poll(&in, 1, timeout_ms);
	if (caught)
		return GMT_TUI_QUIT;
	if (!ready)
		return GMT_TUI_TIMEOUT;
	/* Interrupted: a resize, which curses tells as a key. */
	action = read_keys(screen, &any);
	/* Readable without a key is the end of the input: the terminal has gone. */
	if (ready > 0 && !any && (in.revents & (POLLHUP | POLLERR | POLLNVAL)))
		return GMT_TUI_QUIT;
	return action;
}
