// Package term is teal's voice: it turns the events of a deploy into live
// steps on a terminal, plain lines in a pipe or JSON lines for a program, and
// prints receipts, errors and tables for people.
//
// The voice, for every word teal prints, here and elsewhere:
//
//   - What was asked for goes to standard output: the story of a deploy, a
//     status, a history. Errors, hints and questions go to standard error.
//   - Lower case, no full stop, no exclamation mark. One fact a line; a figure
//     has its unit.
//   - An error says what failed, then the evidence, then the state the app is
//     in now, then the next command to type.
//   - An error is told once: streams mark the step that failed, the command
//     prints the error at its end.
//
// The invariant: nothing that came from a container, a build or a client
// reaches the terminal with a control character in it (see Clean), and the
// cursor is never hidden, so no death of teal can leave a terminal in a state
// that has to be restored.
package term
