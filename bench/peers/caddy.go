package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"teal/bench/stage"
	"teal/internal/release"
)

// upCaddy is switched by a new configuration at its admin API, which is how
// "caddy reload" does it.
func upCaddy(ctx context.Context, s *stand, p *peer) error {
	dir, err := s.folder("caddy")
	if err != nil {
		return err
	}
	admin, err := stage.FreeAddr()
	if err != nil {
		return err
	}
	config := func(c release.Color) ([]byte, error) { return caddyConf(admin, s, p, c) }
	p.flip = func(ctx context.Context, c release.Color) error {
		text, err := config(c)
		if err != nil {
			return err
		}
		return loadCaddy(ctx, admin, text)
	}
	first, err := config(release.Blue)
	if err != nil {
		return err
	}
	if err := replace(filepath.Join(dir, "caddy.json"), string(first)); err != nil {
		return err
	}
	cmd := command(ctx, s.cores.proxy, "caddy", "run", "--config", filepath.Join(dir, "caddy.json"))
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_DATA_HOME="+dir)
	if s.alone() {
		cmd.Env = append(cmd.Env, "GOMAXPROCS=1")
	}
	own, err := launch(cmd, filepath.Join(dir, "says.log"))
	if err != nil {
		return err
	}
	p.procs = append(p.procs, own)
	return nil
}

type object = map[string]any

// caddyConf has the headers that Caddy sets by itself: X-Forwarded-For, -Proto
// and -Host, and X-Real-IP as the others have it.
func caddyConf(admin string, s *stand, p *peer, c release.Color) ([]byte, error) {
	pass := object{
		"handler": "reverse_proxy", "upstreams": []object{{"dial": s.at(c)}},
		"headers": object{"request": object{"set": object{"X-Real-Ip": []string{"{http.request.remote.host}"}}}},
	}
	routes := []object{{"handle": []object{pass}}}
	off := object{"disable": true}
	return json.Marshal(object{
		"admin":   object{"listen": admin},
		"logging": object{"logs": object{"default": object{"level": "ERROR"}}},
		"apps": object{
			"http": object{"servers": object{
				"plain":  object{"listen": []string{p.plain}, "routes": routes, "automatic_https": off},
				"secure": object{"listen": []string{p.secure}, "routes": routes, "automatic_https": off, "tls_connection_policies": []object{{}}},
			}},
			"tls": object{"certificates": object{"load_files": []object{{"certificate": s.cert(), "key": s.key()}}}},
		},
	})
}

func loadCaddy(ctx context.Context, admin string, text []byte) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+admin+"/load", bytes.NewReader(text))
	if err != nil {
		return err
	}
	req.Close = true // the admin server is replaced with the rest
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	said, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("Caddy says %s %s", res.Status, said)
	}
	return err
}
