package release

import (
	"slices"
	"strings"
	"testing"
)

func TestAMigrationInAStartCommandIsFound(t *testing.T) {
	shell := func(text string) []string { return []string{"sh", "-c", text} }
	for name, c := range map[string]struct {
		argv        []string
		known, want string // want is the vector, "" where it can't be copied
	}{
		"Django":              {shell("python manage.py migrate --noinput && exec gunicorn shop.wsgi --workers 2"), "manage.py migrate", "python manage.py migrate --noinput"},
		"Rails":               {[]string{"bash", "-lc", "bundle exec rails db:migrate; bundle exec puma"}, "rails db:migrate", "bundle exec rails db:migrate"},
		"Alembic":             {shell("alembic -c etc/a.ini upgrade head && uvicorn app:app"), "alembic upgrade", "alembic -c etc/a.ini upgrade head"},
		"Prisma":              {shell("npx prisma migrate deploy && node server.js"), "prisma migrate deploy", "npx prisma migrate deploy"},
		"Flask":               {shell("flask --app shop db upgrade\nexec gunicorn shop"), "flask db upgrade", "flask --app shop db upgrade"},
		"Knex":                {shell("knex migrate:latest && node ."), "knex migrate:latest", "knex migrate:latest"},
		"Sequelize":           {shell("node_modules/.bin/sequelize db:migrate && node ."), "sequelize db:migrate", "node_modules/.bin/sequelize db:migrate"},
		"Flyway":              {shell("flyway -url=jdbc:postgresql://db/shop migrate && java -jar app.jar"), "flyway migrate", "flyway -url=jdbc:postgresql://db/shop migrate"},
		"behind an if":        {shell("if true; then exec ./manage.py migrate; fi; exec app"), "manage.py migrate", "./manage.py migrate"},
		"behind a variable":   {shell("DEBUG=1 ./manage.py migrate && app"), "manage.py migrate", ""},
		"with the shell's":    {shell("./manage.py migrate --database \"$DB\" && app"), "manage.py migrate", ""},
		"into a file":         {shell("./manage.py migrate > /tmp/log && app"), "manage.py migrate", ""},
		"no shell":            {[]string{"python", "manage.py", "migrate"}, "manage.py migrate", "python manage.py migrate"},
		"an image's own":      {[]string{"python", "manage.py", "migrate", "&&", "gunicorn"}, "manage.py migrate", "python manage.py migrate"},
		"another verb":        {shell("python manage.py showmigrations && gunicorn"), "", ""},
		"two commands' words": {shell("alembic current && pip upgrade"), "", ""},
		"words out of order":  {shell("flask upgrade db"), "", ""},
		"a name":              {[]string{"serve", "--after", "migrate"}, "", ""},
		"nothing":             {nil, "", ""},
	} {
		known, argv := SurveyService{Argv: c.argv}.Migration()
		if known != c.known || !slices.Equal(argv, strings.Fields(c.want)) {
			t.Errorf("%s: %q, %q; want %q, %q", name, known, argv, c.known, c.want)
		}
	}
}

// What stood in a variable may be a secret.
func TestAMigrationWithValuesOfVariablesIsNotCopied(t *testing.T) {
	s := SurveyService{Argv: []string{"sh", "-c", "flyway -password=hunter2 migrate && app"}, Filled: true}
	if known, argv := s.Migration(); known != "flyway migrate" || argv != nil {
		t.Errorf("%q, %q", known, argv)
	}
}
