package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// The first listener comes after the preopens, / and /ro.
func listen() (net.Listener, error) {
	file := os.NewFile(5, "listener")
	defer file.Close()
	return net.FileListener(file)
}

// Serves two connections: sends back each line, doubled; both at a time.
func serve() int {
	listener, err := listen()
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("listening")
	done := make(chan int)
	for range 2 {
		connection, err := listener.Accept()
		ok("Accept", err)
		go func() {
			lines := 0
			input := bufio.NewScanner(connection)
			for input.Scan() {
				io.WriteString(connection, input.Text()+input.Text()+"\n")
				lines++
			}
			connection.Close()
			done <- lines
		}()
	}
	holds("the lines of both", <-done+<-done == 4)
	ok("Close of the listener", listener.Close())
	_, err = listener.Accept()
	holds("Accept after that", err != nil)
	return failures
}

func checkNoNetwork() {
	_, err := net.DialTimeout("tcp", "127.0.0.1:1", time.Second)
	holds("Dial", err != nil)
	file, _ := os.Open("/file")
	_, err = net.FileListener(file)
	holds("FileListener of a file", err != nil)
	file.Close()
}
