// A command that checks WASI by the packages that Go programs use, and exits with the number of checks that failed. Its first
// argument says which; all those that need no one on the other side.
package main

import (
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"time"
)

func checkProcess() {
	holds("Args", slices.Equal(os.Args, []string{"functions", "all", "zwei wörter", ""}), os.Args)
	holds("Environ", slices.Equal(os.Environ(), []string{"A=1", "EMPTY=", "NAME=x=y z"}), os.Environ())
	_, set := os.LookupEnv("MISSING")
	holds("LookupEnv", os.Getenv("NAME") == "x=y z" && !set)
	holds("Now", time.Now().Year() >= 2024)
	before := time.Now()
	time.Sleep(20 * time.Millisecond)
	holds("Sleep", time.Since(before) >= 20*time.Millisecond)
	select {
	case <-time.After(time.Minute):
		holds("timers", false)
	case <-time.After(time.Millisecond):
		holds("timers", true)
	}
	first, second := make([]byte, 32), make([]byte, 32)
	rand.Read(first)
	rand.Read(second)
	holds("rand.Read", !slices.Equal(first, second))
	input, err := io.ReadAll(os.Stdin)
	holds("Stdin", err == nil && string(input) == "a line\n", string(input))
}

func cwd() int {
	dir, err := os.Getwd()
	ok("Getwd", err)
	content, err := os.ReadFile("here")
	ok("ReadFile of a relative path", err)
	fmt.Printf("in %s, here is %s\n", dir, content)
	_, err = os.Stat("../up")
	ok("Stat up", err)
	return failures
}

func clocks() int {
	began := time.Now()
	fmt.Println(began.UTC().Format(time.RFC3339Nano))
	time.Sleep(time.Hour)
	fmt.Println(time.Since(began) >= time.Hour, time.Since(began) < 2*time.Hour)
	bytes := make([]byte, 16)
	rand.Read(bytes)
	fmt.Printf("%x\n", bytes)
	return 0
}

func main() {
	what := ""
	if len(os.Args) > 1 {
		what = os.Args[1]
	}
	switch what {
	case "all":
		checkProcess()
		checkFiles()
		checkDirectories()
		checkNoNetwork()
		fmt.Println(failures, "failures")
		os.Exit(failures)
	case "serve":
		os.Exit(serve())
	case "cwd":
		os.Exit(cwd())
	case "clocks":
		os.Exit(clocks())
	case "exit":
		code, _ := strconv.Atoi(os.Args[2])
		os.Exit(code)
	default:
		os.Exit(98)
	}
}
