package main

// Uses up its memory.

type Input struct {
	Name  string `json:"name"`
	Times uint8  `json:"times"`
}

type Output struct {
	Message string `json:"message"`
}

func Greet(Input) (Output, error) {
	var all [][]byte
	for {
		all = append(all, make([]byte, 1<<20))
		if len(all) < 0 {
			return Output{}, nil
		}
	}
}
