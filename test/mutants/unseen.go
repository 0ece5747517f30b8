package main

// unseen breaks what tests watch over that nobody had seen fail.
var unseen = []mutant{}
