package release

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// migrators are programs with the words that make them change a database's
// schema; between those others may stand, as in alembic -c x.ini upgrade head.
var migrators = [][]string{
	{"manage.py", "migrate"}, {"django-admin", "migrate"}, {"django", "migrate"},
	{"rails", "db:migrate"}, {"rails", "db:prepare"}, {"rake", "db:migrate"}, {"mix", "ecto.migrate"},
	{"alembic", "upgrade"}, {"flask", "db", "upgrade"}, {"aerich", "upgrade"},
	{"prisma", "migrate", "deploy"}, {"prisma", "db", "push"}, {"knex", "migrate:latest"}, {"knex", "migrate:up"}, {"drizzle-kit", "migrate"},
	{"sequelize", "db:migrate"}, {"sequelize-cli", "db:migrate"}, {"typeorm", "migration:run"},
	{"npm", "run", "migrate"}, {"npm", "run", "db:migrate"}, {"yarn", "migrate"}, {"yarn", "db:migrate"},
	{"artisan", "migrate"}, {"console", "doctrine:migrations:migrate"},
	{"flyway", "migrate"}, {"liquibase", "update"}, {"goose", "up"}, {"dbmate", "up"}, {"dbmate", "migrate"},
	{"sqlx", "migrate", "run"}, {"diesel", "migration", "run"},
}

// Migration is what in the start command changes a database's schema, as in
// sh -c "python manage.py migrate && exec gunicorn": the words by which it is
// known, "" without; and its argument vector, nil where a shell has to read it
// or where it may hold values of variables.
func (s SurveyService) Migration() (known string, argv []string) {
	for _, command := range commands(s.Argv) {
		for _, m := range migrators {
			if !does(command, m) {
				continue
			}
			if s.Filled || slices.ContainsFunc(command, func(word string) bool { return !plainWord.MatchString(word) }) || strings.Contains(command[0], "=") {
				command = nil
			}
			return strings.Join(m, " "), command
		}
	}
	return "", nil
}

// plainWord means the same to a shell and to none.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

// does reports whether the words of a migrator stand in the command, in order.
func does(command, migrator []string) bool {
	at := slices.IndexFunc(command, func(word string) bool { return path.Base(word) == migrator[0] })
	for _, word := range migrator[1:] {
		if at < 0 {
			return false
		}
		next := slices.Index(command[at+1:], word)
		if next < 0 {
			return false
		}
		at += 1 + next
	}
	return at >= 0
}

// shellWords stand before a command and are none of it.
var shellWords = []string{"exec", "if", "then", "else", "do", "while", "until", "time", "!", "(", "{"}

// commands are those that an argument vector runs: itself, and each of a text
// for a shell (sh -c TEXT).
func commands(argv []string) [][]string {
	var list [][]string
	own := []string{}
	for i, arg := range argv {
		forShell := i > 0 && strings.HasPrefix(argv[i-1], "-") && strings.HasSuffix(argv[i-1], "c")
		switch {
		case forShell:
			for text := range strings.FieldsFuncSeq(arg, func(r rune) bool { return strings.ContainsRune("&|;\n", r) }) {
				list = append(list, strings.Fields(text))
			}
		case strings.Trim(arg, "&|;") == "": // an entrypoint of the image's may read the rest as a shell does
			list, own = append(list, own), nil
		default:
			own = append(own, arg)
		}
	}
	list = append(list, own)
	for i, command := range list {
		for len(command) > 0 && slices.Contains(shellWords, command[0]) {
			command = command[1:]
		}
		list[i] = command
	}
	return list
}
