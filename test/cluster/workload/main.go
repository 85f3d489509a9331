// workload is the one program of the test image. Every test counts its numbered lines, so that losses and repeats show
// exactly. Run as `pause` it only waits, which makes it the sandbox's program too.
//
//	workload -n 50 -rate 10 -tag A -exit 3
//
// Each line is "TAG SEQ PADDING".
package main

import (
	"bufio"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

type settings struct {
	lines, size, stderrEvery, big, bigEvery, badEvery, exit, growMiB, crashTimes int
	rate                                                                         float64
	wait, delay, failAfter                                                       time.Duration
	tag, port, state, record                                                     string
	noFinalNewline                                                               bool
	recorded                                                                     *os.File
}

func main() {
	if filepath.Base(os.Args[0]) == "pause" || (len(os.Args) > 1 && os.Args[1] == "pause") {
		waitForTerm()
		return
	}
	s := parse()
	go func() {
		waitForTerm()
		fmt.Printf("%s TERM\n", s.tag)
		os.Exit(143)
	}()
	time.Sleep(s.delay)
	s.serve()
	s.write()
	s.grow()
	s.crash()
	if s.wait < 0 {
		select {}
	}
	time.Sleep(s.wait)
	os.Exit(s.exit)
}

func parse() settings {
	var s settings
	flag.IntVar(&s.lines, "n", 100, "lines; -1 for ever")
	flag.Float64Var(&s.rate, "rate", 0, "lines a second; 0 as fast as possible")
	flag.IntVar(&s.size, "size", 20, "bytes of padding a line")
	flag.IntVar(&s.stderrEvery, "stderr-every", 0, "every N-th line goes to standard error")
	flag.IntVar(&s.big, "big", 0, "bytes of padding of big lines")
	flag.IntVar(&s.bigEvery, "big-every", 1000, "every N-th line is a big one, if -big is set")
	flag.IntVar(&s.badEvery, "invalid-utf8-every", 0, "every N-th line holds bytes that are not UTF-8")
	flag.BoolVar(&s.noFinalNewline, "no-final-newline", false, "the last line ends without a newline")
	flag.IntVar(&s.exit, "exit", 0, "exit code")
	flag.DurationVar(&s.wait, "wait", 0, "sleep before the exit; negative: until SIGTERM")
	flag.DurationVar(&s.delay, "delay", 0, "sleep before the first line")
	flag.IntVar(&s.growMiB, "grow", 0, "after the lines, take this many MiB of memory a second, until killed")
	flag.StringVar(&s.port, "port", "", "serve /healthz and /readyz on this port; /fail makes them fail")
	flag.DurationVar(&s.failAfter, "fail-probe-after", 0, "probes fail after this time")
	flag.IntVar(&s.crashTimes, "crash-times", 0, "exit with -exit this many times, then go on; counted in -state")
	flag.StringVar(&s.state, "state", "/state/crashes", "file that counts crashes, on a volume")
	flag.StringVar(&s.tag, "tag", "L", "first word of each line")
	flag.StringVar(&s.record, "record", "", "folder for the number of lines written so far, in a file for each run, whose tag gets the time of its start")
	flag.Parse()
	s.openRecord()
	return s
}

// openRecord makes a file that outlives the container, and tells this run's lines from those of every other run.
func (s *settings) openRecord() {
	if s.record == "" {
		return
	}
	s.tag = fmt.Sprintf("%s-%d", s.tag, time.Now().UnixNano())
	file, err := os.Create(filepath.Join(s.record, s.tag))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	s.recorded = file
}

// note writes down how many lines have been handed to the kernel.
func (s settings) note(lines int) {
	if s.recorded == nil {
		return
	}
	if _, err := s.recorded.WriteAt([]byte(fmt.Sprintf("%020d", lines)), 0); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

func (s settings) write() {
	out := bufio.NewWriterSize(os.Stdout, 32<<10)
	defer func() {
		out.Flush()
		s.note(s.lines)
	}()
	start := time.Now()
	for i := 0; s.lines < 0 || i < s.lines; i++ {
		newline := "\n"
		if s.noFinalNewline && i == s.lines-1 {
			newline = ""
		}
		line := fmt.Sprintf("%s %d %s%s", s.tag, i, s.padding(i), newline)
		if s.stderrEvery > 0 && i%s.stderrEvery == s.stderrEvery-1 {
			out.Flush() // so that the two streams are written in the order of the numbers
			os.Stderr.WriteString(line)
		} else {
			out.WriteString(line)
		}
		s.pace(out, start, i)
	}
}

func (s settings) pace(out *bufio.Writer, start time.Time, i int) {
	if s.rate <= 0 {
		return
	}
	due := start.Add(time.Duration(float64(i+1) / s.rate * float64(time.Second)))
	if rest := time.Until(due); rest > time.Millisecond {
		out.Flush()
		s.note(i + 1)
		time.Sleep(rest)
	}
}

func (s settings) padding(i int) string {
	if s.badEvery > 0 && i%s.badEvery == s.badEvery-1 {
		return "\xff\xfe\x00bad"
	}
	if s.big > 0 && i%s.bigEvery == s.bigEvery-1 {
		return strings.Repeat("y", s.big)
	}
	return strings.Repeat("x", s.size)
}

var failing atomic.Bool

func (s settings) serve() {
	if s.port == "" {
		return
	}
	started := time.Now()
	probe := func(w http.ResponseWriter, _ *http.Request) {
		if failing.Load() || (s.failAfter > 0 && time.Since(started) > s.failAfter) {
			http.Error(w, "told to fail", http.StatusInternalServerError)
		}
	}
	http.HandleFunc("/healthz", probe)
	http.HandleFunc("/readyz", probe)
	http.HandleFunc("/fail", func(http.ResponseWriter, *http.Request) { failing.Store(true) })
	go func() {
		fmt.Fprintln(os.Stderr, http.ListenAndServe(":"+s.port, nil))
		os.Exit(1)
	}()
}

func (s settings) grow() {
	var held [][]byte
	for s.growMiB > 0 {
		block := make([]byte, s.growMiB<<20)
		for i := 0; i < len(block); i += 4096 {
			block[i] = 1
		}
		held = append(held, block)
		time.Sleep(time.Second)
	}
	_ = held
}

// crash exits until the count in the state file has reached crashTimes.
func (s settings) crash() {
	if s.crashTimes == 0 {
		return
	}
	text, _ := os.ReadFile(s.state) // not there before the first crash
	count, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	if count >= s.crashTimes {
		return
	}
	if err := os.WriteFile(s.state, []byte(strconv.Itoa(count+1)), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	code := s.exit
	if code == 0 {
		code = 1
	}
	os.Exit(code)
}

func waitForTerm() {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGTERM, syscall.SIGINT)
	<-c
}
