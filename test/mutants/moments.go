package main

// moments breaks what issue 3 calls bad moments: each ends with its message,
// its exit code and the state that is promised.
var moments = []mutant{}
