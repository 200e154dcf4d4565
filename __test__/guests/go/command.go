// A WASI command, which Go makes of any program.
package main

import (
	"bufio"
	"os"
	"strings"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		// A goroutine, so that the scheduler has something to do.
		upper := make(chan string)
		go func() { upper <- strings.ToUpper(lines.Text()) }()
		os.Stdout.WriteString(<-upper + "\n")
	}
	os.Stdout.WriteString(strings.Join(os.Args, " ") + ", " + os.Getenv("NAME") + "\n")
	os.Exit(len(os.Args))
}
