package main

import (
	"errors"
	"fmt"
	"strings"
)

// Input is what the action takes; __NAME__.yaml describes it.
type Input struct {
	Name  string `json:"name"`
	Times uint8  `json:"times"`
}

// Output is what it returns.
type Output struct {
	Message string `json:"message"`
}

// Greet is the action itself: an ordinary function, tested on this machine by `go test`.
func Greet(input Input) (Output, error) {
	if input.Name == "" {
		return Output{}, errors.New("`name` is empty")
	}
	hello := fmt.Sprintf("Hello, %s!", input.Name)
	all := make([]string, input.Times)
	for i := range all {
		all[i] = hello
	}
	return Output{Message: strings.Join(all, " ")}, nil
}
