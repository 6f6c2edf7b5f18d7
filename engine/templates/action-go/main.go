// A program like any other: JSON on standard input, JSON on standard output. What it writes to
// standard error is kept in the log of the attempt; an exit code other than 0 fails it.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	input := Input{Times: 1}
	if err := json.NewDecoder(os.Stdin).Decode(&input); err != nil {
		return fmt.Errorf("the input does not fit: %w", err)
	}
	output, err := Greet(input)
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "greeting", input.Name)
	return json.NewEncoder(os.Stdout).Encode(output)
}
