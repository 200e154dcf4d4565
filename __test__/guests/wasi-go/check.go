package main

import (
	"errors"
	"fmt"
)

var failures int

// A line that is the same wherever the check passes, so that whole outputs can be compared.
func holds(what string, found bool, detail ...any) {
	if found {
		fmt.Println(what)
		return
	}
	failures++
	fmt.Println(append([]any{what + ": FAILED"}, detail...)...)
}

func ok(what string, err error) {
	holds(what+" ok", err == nil, err)
}

func fails(what string, err error, expected error) {
	holds(fmt.Sprintf("%s: %v", what, expected), errors.Is(err, expected), err)
}
