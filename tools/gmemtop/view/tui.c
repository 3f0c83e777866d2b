// SPDX-License-Identifier: GPL-2.0-only
/*
 * Taking the terminal and giving it back, whatever ends the program: a key, a signal, a
 * crash of our own, or the terminal going away. Keys are in keys.c, drawing begins in
 * frame.c.
 */
#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "view/tui.h"

/* The last one: it makes macros of common words. */
#include <term.h>

static SCREEN *terminal;
static volatile sig_atomic_t caught;

/* What a crash needs to give the terminal back without calling anything unsafe. */
static struct termios saved_termios;
static char restore_text[256];
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

static void add_restore_text(const char *text)
{
	size_t length = strlen(text);

	if (restore_length + length > sizeof(restore_text))
		return;
	memcpy(restore_text + restore_length, text, length);
	restore_length += length;
}

static void add_restore(const char *capability)
{
	const char *text = tigetstr(capability);

	if (text && text != (char *)-1)
		add_restore_text(text);
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

/* Presses only: double clicks are told by the row, so that a click need not wait for another. */
static void open_mouse(void)
{
	if (mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL)) {
		mouseinterval(0);
		add_restore_text("\033[?1000l\033[?1006l");
	}
}

bool gmt_tui_unicode(void)
{
	return !strcmp(nl_langinfo(CODESET), "UTF-8");
}

int gmt_tui_open(const struct gmt_ui *ui, struct gmt_error *error)
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
	if (ui->mouse)
		open_mouse();
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
	gmt_theme_use(ui->look.theme);
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
static enum gmt_act read_keys(struct gmt_ui *ui, bool *any)
{
	enum gmt_act strongest = GMT_ACT_DRAW, act;
	wint_t key;
	int kind;

	*any = false;
	while ((kind = get_wch(&key)) != ERR) {
		*any = true;
		act = gmt_ui_key(ui, kind == KEY_CODE_YES, key);
		if (act > strongest)
			strongest = act;
		/* What follows is meant for what this one brings about. */
		if (ui->ask || act >= GMT_ACT_REFRESH)
			break;
		if (act == GMT_ACT_BUILD)
			break;
	}
	return strongest;
}

enum gmt_act gmt_tui_wait(struct gmt_ui *ui, int timeout_ms)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	static bool more;
	enum gmt_act act;
	int ready;
	bool any;

	if (caught)
		return GMT_ACT_QUIT;
	/* Curses may hold keys that it has read already. */
	ready = poll(&in, 1, more ? 0 : timeout_ms);
	if (caught)
		return GMT_ACT_QUIT;
	if (!ready && !more)
		return GMT_ACT_NONE;
	/* Interrupted: a resize, which curses tells as a key. */
	act = read_keys(ui, &any);
	more = any;
	/* Readable without a key is the end of the input: the terminal has gone. */
	if (ready > 0 && !any && (in.revents & (POLLHUP | POLLERR | POLLNVAL)))
		return GMT_ACT_QUIT;
	return act;
}
