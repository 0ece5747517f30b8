package e2e

// What is adopted by the differential test: as many kinds of locations as people
// write, on two upstreams that are there before teal. APP, BACK, PLAIN and
// SECURE are ports, ETC is the folder.

const differMain = `user www-data;
worker_processes 1;
pid ETC/nginx.pid;
error_log ETC/log/error.log;
events { worker_connections 512; }
http {
    access_log ETC/log/access.log;
    client_body_temp_path ETC/tmp;
    limit_req_zone $arg_who zone=slow:1m rate=1r/m;
    map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
    upstream app { server 127.0.0.1:APP; }
    upstream back { least_conn; server 127.0.0.1:BACK max_fails=3; }
    include ETC/sites-enabled/*;
}
`

const differSite = `# by hand
server {
    listen 127.0.0.1:PLAIN;
    server_name differ.example;
    proxy_set_header X-Real-IP $remote_addr;
    add_header X-Ours yes always;

    location / { proxy_pass http://app; }
    location /api/ {
        client_max_body_size 2k;
        proxy_pass http://back/;   # the prefix goes
    }
    location /own/ {
        proxy_set_header Host $host;
        proxy_set_header X-Who "it's; {me}";
        proxy_pass http://127.0.0.1:BACK;
    }
    location /noslash { proxy_pass http://back/x; }
    location /deep/ { proxy_pass http://back/a/b/; }
    location /same/ { proxy_pass http://back/same/; }
    location = /exact { proxy_pass http://127.0.0.1:APP/elsewhere; }
    location ^~ /first/ { proxy_pass http://app/; }
    location ~ ^/re/(.*)[.]php$ { proxy_pass http://back; }
    location ~* [.](jpg|PNG)$ { proxy_set_header Host img.example; proxy_pass http://app; }
    location "/a b+(c)/" { proxy_pass http://back/q/; }
    location /try/ { try_files $uri @named; }
    location @named { proxy_pass http://app; }
    location /secret/ {
        auth_basic "closed";
        auth_basic_user_file ETC/users;
        proxy_pass http://back/;
    }
    location /denied/ { deny all; proxy_pass http://app; }
    location /allowed/ { allow 127.0.0.1; deny all; proxy_pass http://app/; }
    location /either/ { satisfy any; deny all; auth_basic "closed"; auth_basic_user_file ETC/users; proxy_pass http://app; }
    location /asked/ {
        auth_request /ask;
        proxy_pass http://back/;
    }
    location = /ask {
        internal;
        proxy_pass_request_body off;
        proxy_set_header Content-Length "";
        proxy_set_header X-Original-URI $request_uri;
        proxy_pass http://app/$is_args$args;
    }
    location /barred/ { auth_request /bar; proxy_pass http://back/; }
    location = /bar { internal; proxy_pass_request_body off; proxy_set_header Content-Length ""; proxy_pass http://app/refused; }
    location /limited/ { limit_req zone=slow burst=2 nodelay; proxy_pass http://app; }
    location /small/ { client_max_body_size 10; proxy_pass http://app; }
    location /raw/ { proxy_redirect off; proxy_pass http://back/; }
    location /default/ { proxy_pass http://back/; proxy_redirect default; proxy_redirect /a/ /z/; }
    location /told/ { proxy_redirect http://back/ http://told.example/; proxy_pass http://back/; }
    location /named/ { proxy_set_header Host $proxy_host; proxy_set_header X-Port $proxy_port; proxy_pass http://127.0.0.1:BACK; }
    location /stream/ {
        proxy_http_version 1.1;
        proxy_request_buffering off;
        proxy_buffering off;
        proxy_pass http://back/;
    }
    location /ws/ {
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade;
        proxy_pass http://app;
    }
    location /errors/ {
        proxy_intercept_errors on;
        error_page 404 /404.html;
        error_page 500 @sorry;
        proxy_pass http://back/;
    }
    location @sorry { return 503 "we are sorry"; }
    location = /404.html { root ETC/www; internal; }
    location /rewritten/ { rewrite ^/rewritten/(.*)$ /over/$1 break; proxy_pass http://app; }
    location /condition/ {
        if ($request_method = PUT) { return 405; }
        proxy_pass http://back/;
        if ($arg_set) { set $seen yes; }
    }
    location /outer/ {
        proxy_set_header Host outer.example;
        proxy_pass http://app;
        location /outer/inner/ { proxy_pass http://back/; }
    }
    location /cookies/ { proxy_cookie_domain backend.example differ.example; proxy_cookie_path / /cookies/; proxy_pass http://back/; }
    location /files/ { alias ETC/www/; expires 1h; }
    location /here { return 204; }
}
`

const differSecure = "server {\r\n" +
	"    listen 127.0.0.1:SECURE ssl http2;\r\n" +
	"    server_name differ.example;\r\n" +
	"    ssl_certificate DIR/site.pem;\r\n" +
	"    ssl_certificate_key DIR/site.key;\r\n" +
	"    set $service_url http://127.0.0.1:BACK;\r\n" +
	"    if ($arg_gone) { return 410; }\r\n" +
	"    rewrite ^/old/(.*)$ /api/$1 last;\r\n" +
	"    client_max_body_size 2k;\r\n" +
	"    location / { proxy_pass $service_url; }\r\n" +
	"    location /uri/ { proxy_pass $service_url$request_uri; proxy_set_header X-Proto $scheme; }\r\n" +
	"    location /api/ { proxy_pass http://app/; proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; }\r\n" +
	"}\r\n"

const differCompose = `name: NAME
services:
  app:
    image: IMAGE
    command: [/recorder]
    ports: ["127.0.0.1:APP:8080"]
  back:
    image: IMAGE
    command: [/recorder]
    ports: ["127.0.0.1:BACK:8080"]
`
