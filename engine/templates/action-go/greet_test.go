package main

import "testing"

func TestGreet(t *testing.T) {
	output, err := Greet(Input{Name: "Ada", Times: 2})
	if err != nil || output.Message != "Hello, Ada! Hello, Ada!" {
		t.Fatal(output, err)
	}
}

func TestEmptyNameIsRefused(t *testing.T) {
	if _, err := Greet(Input{}); err == nil {
		t.Fatal("it went well")
	}
}
