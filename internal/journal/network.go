package journal

import (
	"database/sql"
	"errors"
	"fmt"
	"net/netip"

	"teal/internal/release"
)

// SaveNetwork keeps the app's subnet and slot addresses, in place of those it
// had.
func (j *Journal) SaveNetwork(app string, net release.Network) error {
	if !net.Subnet.IsValid() {
		return fmt.Errorf("keep the addresses: %s has no subnet", app)
	}
	return j.write("keep the addresses", func(tx *sql.Tx) error {
		if err := know(tx, app); err != nil {
			return err
		}
		if _, err := tx.Exec("UPDATE apps SET subnet = ? WHERE name = ?", net.Subnet.String(), app); err != nil {
			return err
		}
		if _, err := tx.Exec("DELETE FROM slots WHERE app = ?", app); err != nil {
			return err
		}
		return addSlots(tx, app, net.Slots)
	})
}

func addSlots(tx *sql.Tx, app string, slots map[release.Slot]netip.Addr) error {
	insert, err := tx.Prepare("INSERT INTO slots (app, service, color, replica, addr) VALUES (?, ?, ?, ?, ?)")
	if err != nil {
		return err
	}
	defer insert.Close()
	for slot, addr := range slots {
		if _, err := insert.Exec(app, slot.Service, slot.Color, slot.Replica, addr.String()); err != nil {
			return err
		}
	}
	return nil
}

// readNetwork is the app's network, and the number its next release gets.
func readNetwork(tx *sql.Tx, app string) (release.Network, int, error) {
	var net release.Network
	var subnet string
	next := 1
	err := tx.QueryRow("SELECT subnet, next FROM apps WHERE name = ?", app).Scan(&subnet, &next)
	if errors.Is(err, sql.ErrNoRows) || err == nil && subnet == "" {
		return net, next, nil
	}
	if err != nil {
		return net, 0, err
	}
	if net.Subnet, err = netip.ParsePrefix(subnet); err != nil {
		return net, 0, fmt.Errorf("read the subnet of %s: %w", app, err)
	}
	net.Slots, err = readSlots(tx, app)
	return net, next, err
}

func readSlots(tx *sql.Tx, app string) (map[release.Slot]netip.Addr, error) {
	slots := map[release.Slot]netip.Addr{}
	err := each(tx, func(scan row) error {
		var slot release.Slot
		var text string
		if err := scan(&slot.Service, &slot.Color, &slot.Replica, &text); err != nil {
			return err
		}
		addr, err := netip.ParseAddr(text)
		slots[slot] = addr
		return err
	}, "SELECT service, color, replica, addr FROM slots WHERE app = ?", app)
	return slots, err
}
