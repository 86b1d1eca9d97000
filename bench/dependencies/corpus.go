package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/klauspost/compress/flate"
)

// corpus describes the content of the zip.
type corpus struct {
	files, bytes int
	imports      []string // modules as many as podpac imports, to a first answer
}

// The counts of podpac's dependencies: most files are small modules, and most bytes
// are in some hundred native libraries.
const (
	podpacFiles     = 10_657
	podpacLibraries = 160
	podpacBytes     = 523e6
	libraryBytes    = 350e6
	podpacImports   = 2_100
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
	add := func(name string, content []byte) error {
		f, err := w.Create(name)
		if err != nil {
			return err
		}
		c.files++
		c.bytes += len(content)
		_, err = f.Write(content)
		return err
	}
	libraries := int(podpacLibraries * scale)
	for i, size := range skewed(random, libraries, libraryBytes*scale) {
		if err := add(fmt.Sprintf("package%02d.libs/lib%03d.so", i%40, i), text(random, words, size)); err != nil {
			return nil, corpus{}, err
		}
	}
	modules := int(podpacFiles*scale) - libraries - 1
	for i, size := range skewed(random, modules, (podpacBytes-libraryBytes)*scale) {
		name := fmt.Sprintf("package%02d/part%02d/core%d/module%05d", i%40, i%23, i%5, i)
		if err := add(name+".py", module(random, size)); err != nil {
			return nil, corpus{}, err
		}
		if float64(len(c.imports)) < podpacImports*scale {
			c.imports = append(c.imports, strings.ReplaceAll(name, "/", "."))
		}
	}
	if err := add("scipy/__init__.py", nil); err != nil { // what PODPAC's handler looks for
		return nil, corpus{}, err
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

// module is a Python module of about that size: mostly text, as in docstrings
// and tables, and a function every so often.
func module(random *rand.Rand, size int) []byte {
	var out bytes.Buffer
	for n := 0; out.Len() < size; n++ {
		fmt.Fprintf(&out, "def %s_%d(%s, more_%s=%d):\n    \"\"\"", name(random), n, name(random), name(random), random.IntN(100))
		for range 4 + random.IntN(12) {
			for range 10 {
				out.WriteString(name(random))
				out.WriteByte(' ')
			}
			out.WriteString("\n    ")
		}
		fmt.Fprintf(&out, "\"\"\"\n    total = [%s * %d for %s in range(%d)]\n    return {%q: total, %q: len(total) > %d}\n\n\n",
			"item", random.IntN(100), "item", random.IntN(1000), name(random), name(random), random.IntN(100))
	}
	return out.Bytes()
}

const syllables = "babebibobudadedidodukakekikokulalelilolumamemimomunaneninonurarerirorusasesisosutatetitotu"

// name returns a word of two or three syllables, the early ones more often.
func name(random *rand.Rand) string {
	var word strings.Builder
	for range 2 + random.IntN(2) {
		at := 2 * random.IntN(1+random.IntN(len(syllables)/2))
		word.WriteString(syllables[at : at+2])
	}
	return word.String()
}
