// Package layout stands up the five layouts of examples/ as people have them:
// a copy of a layout's before/ folder, with an nginx of its own, a
// docker-compose on PATH, and ports, names and folders that no other copy has.
//
// Invariant: whatever a layout's own script does, it does to the copy. The
// machine's nginx, its /etc, and containers of others are out of its reach.
package layout

import "slices"

// Layout is one of the five.
type Layout struct {
	Name string // of its folder under examples

	nginx  string            // folder of before/ that is /etc/nginx on the host, "" where nginx is in a container
	ports  map[string]string // variable of the compose files and scripts → the port that they and nginx have as a default
	rename [][2]string       // texts of compose files, scripts and container nginx that name something, and their place for the copy's id
	secure bool              // clients come over TLS
	host   string            // the site's name
	paths  []string          // what clients ask
	first  []string          // ports of version 1
	start  [][]string        // what was typed once, for version 1
	deploy []string          // what is typed for each release after
	pulls  bool              // images come from a registry
	called string            // compose's name for the project, where it is not the example's
}

// All are the layouts, in the order of the table in examples/README.md.
var All = []Layout{
	{
		Name: "three-tiers", nginx: "nginx", secure: true, host: "voda.example", paths: []string{"/", "/api/stock", "/papi/stock"}, first: []string{"3000", "8081", "8083"},
		ports: map[string]string{
			"APP_PORT_BLUE": "3000", "APP_PORT_GREEN": "3001", "BACK_PORT_BLUE": "8081", "BACK_PORT_GREEN": "8082",
			"PBACK_PORT_BLUE": "8083", "PBACK_PORT_GREEN": "8084",
		},
		rename: [][2]string{{"container_name: ", "container_name: ID-"}, {"image: voda/", "image: ID/voda/"}},
		start:  [][]string{{"docker-compose", "up", "-d", "--build", "app_blue", "back_blue", "pback_blue"}},
		deploy: []string{"./deploy.sh"},
	},
	{
		Name: "two-compose-files", nginx: "nginx", host: "shop.example", paths: []string{"/"}, first: []string{"8081"},
		ports:  map[string]string{"APP_PORT_BLUE": "8081", "APP_PORT_GREEN": "8082"},
		rename: [][2]string{{"container_name: ", "container_name: ID-"}, {"-p app-", "-p ID-app-"}},
		start:  [][]string{{"docker-compose", "-p", "ID-app-blue", "-f", "docker-compose.blue.yml", "up", "-d", "--build"}},
		deploy: []string{"scripts/deploy.sh"},
	},
	{
		Name: "nginx-container", secure: true, host: "my.example", paths: []string{"/"},
		// Of a container's networks Docker publishes its ports in the one whose name
		// comes first: in the copy too that is not teal's.
		rename: [][2]string{{"name: my-network", "name: net-ID"}, {"my-", "ID-my-"}},
		called: "my",
		start:  [][]string{{"./run.sh", "init"}},
		deploy: []string{"./run.sh", "deploy"},
	},
	{
		Name: "shared-database", nginx: "front", host: "shop.example", paths: []string{"/", "/api/"}, first: []string{"8000"},
		ports:  map[string]string{"DJANGO_PORT_BLUE": "8000", "DJANGO_PORT_GREEN": "8001", "INNER_PORT": "8090"},
		rename: [][2]string{{"name: shop-net", "name: net-ID"}, {"shop-", "ID-shop-"}},
		called: "shop",
		start: [][]string{
			{"docker-compose", "up", "-d"},
			{"docker-compose", "-p", "ID-shop-blue", "-f", "docker-compose.blue.yml", "up", "-d", "--build"},
		},
		deploy: []string{"./pipeline.sh"},
	},
	{
		Name: "registry-and-backup", nginx: "nginx", host: "api.shop.example", paths: []string{"/"}, first: []string{"3000", "3001"}, pulls: true,
		ports:  map[string]string{"MAIN_PORT": "3000", "BACKUP_PORT": "3001"},
		rename: [][2]string{{"container_name: ", "container_name: ID-"}},
		start:  [][]string{{"docker-compose", "up", "-d"}},
		deploy: []string{"./deploy.sh"},
	},
}

// Named is the layout of a name, with whether there is one.
func Named(name string) (Layout, bool) {
	at := slices.IndexFunc(All, func(l Layout) bool { return l.Name == name })
	if at < 0 {
		return Layout{}, false
	}
	return All[at], true
}
