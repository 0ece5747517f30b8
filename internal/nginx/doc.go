// Package nginx drives the nginx servers in front of an app: it writes their
// configuration, switches clients between the colors, and asks nginx itself
// what it does.
//
// Invariants: a switch is one rename of a symlink, never a reload; nothing
// counts as done until nginx has answered so over the address clients use;
// a change that fails leaves every file as it was.
package nginx
