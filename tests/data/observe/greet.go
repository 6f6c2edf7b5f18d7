package main

// Reads clocks, waits for them to move, sleeps for an hour, draws random numbers.

import (
	crypto "crypto/rand"
	"encoding/json"
	"math/rand"
	"time"
)

type Input struct {
	Name  string `json:"name"`
	Times uint8  `json:"times"`
}

type Output struct {
	Message string `json:"message"`
}

func Greet(Input) (Output, error) {
	began, looks := time.Now(), 0
	for time.Since(began) < time.Second {
		looks++
	}
	before := time.Now()
	time.Sleep(time.Hour)
	slept := time.Since(before).Seconds()
	bytes := make([]byte, 8)
	if _, err := crypto.Read(bytes); err != nil {
		return Output{}, err
	}
	seen := map[string]any{
		"began": began.UnixMilli(), "looks": looks, "slept": slept,
		"random": []any{rand.Int63(), rand.Float64(), bytes},
	}
	text, err := json.Marshal(seen)
	return Output{Message: string(text)}, err
}
