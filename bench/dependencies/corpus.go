package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"math"
	"math/rand/v2"

	"github.com/klauspost/compress/flate"
)

// corpus says what is in the zip.
type corpus struct{ files, bytes int }

// What was counted in podpac's dependencies: most files are small modules,
// most bytes are in some hundred native libraries.
const (
	podpacFiles     = 10_657
	podpacLibraries = 160
	podpacBytes     = 523e6
	libraryBytes    = 350e6
)

// podpacLike makes a zip of podpac's shape: its numbers of files and bytes
// times scale, and its ratio of compression.
func podpacLike(scale float64) ([]byte, corpus, error) {
	random := rand.New(rand.NewPCG(523, 169))
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	w.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) { return flate.NewWriter(out, 6) })
	var c corpus
	words := vocabulary(random)
	add := func(name string, size int) error {
		f, err := w.Create(name)
		if err != nil {
			return err
		}
		c.files++
		c.bytes += size
		_, err = f.Write(text(random, words, size))
		return err
	}
	libraries := int(podpacLibraries * scale)
	for i, size := range skewed(random, libraries, libraryBytes*scale) {
		if err := add(fmt.Sprintf("package%02d.libs/lib%03d.so", i%40, i), size); err != nil {
			return nil, corpus{}, err
		}
	}
	modules := int(podpacFiles*scale) - libraries
	for i, size := range skewed(random, modules, (podpacBytes-libraryBytes)*scale) {
		if err := add(fmt.Sprintf("package%02d/part%02d/core%d/module%05d.py", i%40, i%23, i%5, i), size); err != nil {
			return nil, corpus{}, err
		}
	}
	err := w.Close()
	return out.Bytes(), c, err
}

// skewed divides total into n sizes of which many are small and few large.
func skewed(random *rand.Rand, n int, total float64) []int {
	weights, sum := make([]float64, n), 0.0
	for i := range weights {
		weights[i] = math.Exp(1.2 * random.NormFloat64())
		sum += weights[i]
	}
	sizes := make([]int, n)
	for i, weight := range weights {
		sizes[i] = int(weight / sum * total)
	}
	return sizes
}

func vocabulary(random *rand.Rand) [][]byte {
	words := make([][]byte, 700)
	for i := range words {
		word := make([]byte, 3+random.IntN(12))
		for j := range word {
			word[j] = byte(random.UintN(256))
		}
		words[i] = word
	}
	return words
}

// text strings words together, the early ones of the vocabulary more often.
func text(random *rand.Rand, words [][]byte, size int) []byte {
	out := make([]byte, 0, size+16)
	for len(out) < size {
		out = append(out, words[random.IntN(1+random.IntN(len(words)))]...)
	}
	return out[:size]
}
