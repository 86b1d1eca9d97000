// Package price calculates what a run of many functions costs on AWS: Lambda, Step
// Functions and S3.
package price

import "time"

// Source states the prices and where AWS publishes them.
const Source = "AWS's list prices in us-east-1 of September 2026, without free tier, storage and data transfer: " +
	"https://aws.amazon.com/lambda/pricing/ https://aws.amazon.com/step-functions/pricing/ https://aws.amazon.com/s3/pricing/"

// Prices in US dollars.
const (
	gigabyteSecondX86 = 0.0000166667
	gigabyteSecondARM = 0.0000133334
	storageSecond     = 0.0000000309 // of a gigabyte of temporary storage, above the first 512 MB
	invocation        = 0.20 / 1e6
	transition        = 0.025 / 1e3
	put               = 0.005 / 1e3
	get               = 0.0004 / 1e3
)

// freeStorageMB is the temporary storage without a price.
const freeStorageMB = 512

// Function is what the price of a function's time depends on.
type Function struct {
	Architecture        string // arm64 or x86_64, as Lambda names them
	MemoryMB, StorageMB int
}

// PerSecond returns the price of one second of a function.
func (f Function) PerSecond() float64 {
	memory := gigabyteSecondX86
	if f.Architecture == "arm64" {
		memory = gigabyteSecondARM
	}
	return memory*float64(f.MemoryMB)/1024 + storageSecond*float64(max(0, f.StorageMB-freeStorageMB))/1024
}

// Item counts what one item needs besides the function's time.
type Item struct {
	Transitions, Puts, Gets int
}

// RunItem is an item of a run that succeeds at once: its start, the function, and the
// record that it is done.
var RunItem = Item{Transitions: 3, Puts: 1}

// Sum returns the price of the item.
func (i Item) Sum() float64 { return invocation + i.StepFunctions() + i.S3() }

// StepFunctions returns the part of the price that Step Functions have.
func (i Item) StepFunctions() float64 { return transition * float64(i.Transitions) }

// S3 returns the part of the price that S3 has.
func (i Item) S3() float64 { return put*float64(i.Puts) + get*float64(i.Gets) }

// Meter adds up what a run has cost. It needs no durations: the functions' time is the
// integral of the number of running ones. They count as running from their start until
// their result is recorded, so the sum is a little too high.
type Meter struct {
	PerSecond, PerItem float64

	at                time.Time // of the latest observation
	running, finished int
	seconds           float64
}

// Observe adds an observation: how many items run, and how many have finished.
func (m *Meter) Observe(at time.Time, running, finished int) {
	if !m.at.IsZero() && at.After(m.at) {
		m.seconds += at.Sub(m.at).Seconds() * float64(running+m.running) / 2
	}
	m.at, m.running, m.finished = at, running, finished
}

// Spent returns the price until the latest observation.
func (m *Meter) Spent() float64 {
	return m.seconds*m.PerSecond + float64(m.finished+m.running)*m.PerItem
}

// Left returns the price of the remaining items, which have not finished, and false
// before the first one has.
func (m *Meter) Left(remaining int) (float64, bool) {
	if m.finished == 0 {
		return 0, false
	}
	perItem := m.seconds*m.PerSecond/(float64(m.finished)+float64(m.running)/2) + m.PerItem
	return max(0, perItem*float64(remaining)-m.started()), true
}

// started returns the part of Spent that is for items that still run.
func (m *Meter) started() float64 {
	share := float64(m.running) / 2 / (float64(m.finished) + float64(m.running)/2)
	return m.seconds*m.PerSecond*share + float64(m.running)*m.PerItem
}
