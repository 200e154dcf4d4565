// A WASI reactor: _initialize starts the Go runtime and the packages, main is never called.
package main

import "sort"

var squares = make(map[int32]int32)
var inits int32

func init() {
	inits++
	for n := int32(0); n < 10; n++ {
		squares[n] = n * n
	}
}

//go:wasmexport square
func square(n int32) int32 { return squares[n] }

//go:wasmexport inits
func initCount() int32 { return inits }

// A goroutine for each key, collected and sorted: needs a runtime that is alive.
//
//go:wasmexport sum
func sum() int64 {
	results := make(chan int)
	for n := range squares {
		go func() { results <- int(squares[n]) }()
	}
	var all []int
	for range squares {
		all = append(all, <-results)
	}
	sort.Ints(all)
	var sum int64
	for place, square := range all {
		sum += int64(place * square)
	}
	return sum
}

func main() { panic("main of a reactor") }
