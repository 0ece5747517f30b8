// Package conf reads an nginx configuration so that it can be understood and
// changed in a few places, every other byte staying as it is.
//
// The invariants: it is pure (files come from an fs.FS or from the text of
// nginx -T; nothing is run, nothing is written); what parses is kept byte for
// byte; it reads as nginx 1.22 does (ngx_conf_file.c), so that what nginx
// refuses to tokenize is refused here, with file:line:column. It doesn't know
// which directives there are, nor what arguments they take. Glance alone reads
// on where nginx refuses to.
//
// Four steps, each usable without the next:
//
//	tree, err := conf.Load(os.DirFS("/"), "/etc/nginx/nginx.conf") // or conf.LoadDump(text)
//
//	for _, pass := range tree.View().Passes { // what it serves, and where each proxy_pass leads
//		for _, target := range pass.Targets {
//			fmt.Println(pass.Place(), pass.Raw, target.Kind, target.Host, target.Port)
//		}
//	}
//
//	places := tree.Named("proxy_pass", "http://127.0.0.1:3000") // look up; refuse none or many
//	if len(conf.Written(places)) != 1 {
//		return ambiguous(places)
//	}
//
//	var edits conf.Edits
//	d := places[0].Directive
//	err = edits.Replace(d, 0, conf.Quote("http://teal_shop"))
//	err = edits.InsertBefore(d, "proxy_http_version 1.1;")
//	changes, err := edits.Changes() // the new bytes, which parse
//	fmt.Print(changes[0].Diff())    // for patch -p1 -d /
//
// A file keeps the path by which it is included. Where that is a symbolic link
// (sites-enabled), who writes must follow it, or the link is lost.
//
// Lua blocks (*_by_lua_block) are text: Directive.Lua. Variables are followed
// through set, map, geo and split_clients; what else gives one its value
// (captures, Lua, a request's own) makes a Target of kind Unknown that says so.
package conf
