package main

// layouts breaks the adoption of what people have, and what issue 4 calls bad
// input to it.
var layouts = []mutant{}
