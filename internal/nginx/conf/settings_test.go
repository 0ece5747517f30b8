package conf

// setting is what is in force for a proxy_pass of one kind of directive.
type setting struct {
	Names []string // replace each other: allow and deny
	Nodes []*Node  // as Node.Effective finds them
	Level *Node    // the block they stand in: http, server, location, if
}

// felt are the directives whose loss somebody would feel if a pass moved to
// a location of its own: access, limits, logs, and what the upstream is told.
var felt = [][]string{
	{"allow", "deny"}, {"satisfy"},
	{"auth_basic"}, {"auth_basic_user_file"}, {"auth_request"}, {"auth_jwt"},
	{"limit_req"}, {"limit_conn"}, {"limit_rate"}, {"client_max_body_size"}, {"client_body_timeout"},
	{"access_log"}, {"error_page"}, {"recursive_error_pages"}, {"add_header"},
	{"proxy_set_header"}, {"proxy_pass_request_headers"}, {"proxy_hide_header"}, {"proxy_http_version"}, {"proxy_redirect"},
	{"proxy_cookie_path"}, {"proxy_cookie_domain"}, {"proxy_bind"},
	{"proxy_connect_timeout"}, {"proxy_read_timeout"}, {"proxy_send_timeout"},
	{"proxy_next_upstream"}, {"proxy_next_upstream_tries"}, {"proxy_intercept_errors"},
	{"proxy_buffering"}, {"proxy_request_buffering"}, {"proxy_cache"}, {"proxy_ssl_verify"}, {"proxy_ssl_server_name"}, {"proxy_ssl_name"},
	{"resolver"}, {"open_file_cache"}, {"disable_symlinks"},
}

// settings are the directives in force for the pass that matter to who moves
// it, in a fixed order, with the level each comes from.
func (p *Pass) settings() []setting {
	var found []setting
	for _, names := range felt {
		if nodes := p.Effective(names...); len(nodes) > 0 {
			found = append(found, setting{Names: names, Nodes: nodes, Level: nodes[0].Up})
		}
	}
	return found
}
