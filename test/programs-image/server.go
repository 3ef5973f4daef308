// Serves HTTP on the loopback and asks itself from many goroutines; recovers from a nil dereference; is interrupted in a loop without calls.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"sync"
	"time"
)

type node struct{ value int }

func recovered() (text string) {
	defer func() { text = fmt.Sprint(recover()) }()
	var none *node
	return fmt.Sprint(none.value)
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, len(r.URL.Path)) }))
	var group sync.WaitGroup
	total := make(chan int, 40)
	for i := 0; i < 40; i++ {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			response, err := http.Get(fmt.Sprintf("http://%s/%0*d", listener.Addr(), i+1, 0))
			if err != nil {
				panic(err)
			}
			defer response.Body.Close()
			body, _ := io.ReadAll(response.Body)
			length := 0
			fmt.Sscan(string(body), &length)
			total <- length
		}(i)
	}
	group.Wait()
	close(total)
	sum := 0
	for n := range total {
		sum += n
	}
	fmt.Println("requests", sum)
	fmt.Println("recovered", recovered())
	runtime.GOMAXPROCS(1)
	go func() {
		for {
		}
	}()
	time.Sleep(20 * time.Millisecond)
	fmt.Println("preempted")
}
