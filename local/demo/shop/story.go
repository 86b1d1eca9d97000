package shop

import (
	"math/rand/v2"
	"slices"
	"time"
)

// The shop's books begin on opening and are closed on the evening of closing.
var (
	opening   = day("2024-01-01")
	closing   = day("2025-12-31")
	priceRise = day("2025-01-13") // beans cost 8 % less before
)

// story makes up what happened, in an order that depends on the seed alone.
type story struct {
	*writer
	random  *rand.Rand
	orders  []order
	reviews int
}

// order is an order before it has a number: orders are numbered by time, and
// made up customer by customer.
type order struct {
	customer int
	kind     string
	home     city
	at       time.Time
	channel  string
}

func newStory(w *writer) *story {
	return &story{writer: w, random: rand.New(rand.NewPCG(1729, 2024))}
}

func (s *story) write() {
	for i, p := range products() {
		s.insert("products", i+1, p.name, p.category(), null(p.origin), null(p.roast), p.cents, p.launched)
	}
	s.writeRoasts()
	s.writeCustomers()
	slices.SortStableFunc(s.orders, func(a, b order) int { return a.at.Compare(b.at) })
	for i, o := range s.orders {
		s.writeOrder(i+1, o)
	}
}

// writeRoasts roasts each kind of beans about once a week. Dark roasts lose
// more of their weight.
func (s *story) writeRoasts() {
	loss := map[string]int{"light": 125, "medium": 148, "dark": 176} // of 1000
	id := 0
	for date := opening; !date.After(closing); date = date.AddDate(0, 0, 1) {
		if date.Weekday() == time.Saturday || date.Weekday() == time.Sunday {
			continue
		}
		for i, p := range beans {
			if day(p.launched).After(date) || s.random.IntN(5) > 0 {
				continue
			}
			id++
			green := 4000 + 1000*s.between(1, p.popularity)
			lost := green * (loss[p.roast] + s.between(-12, 12)) / 1000
			s.insert("roasts", id, i+1, iso(date), roasters[s.pick(5, 4, 2)], green, green-lost)
		}
	}
}

func (s *story) writeCustomers() {
	id := 0
	add := func(name, kind string) {
		id++
		home := cities[s.pick(weights(cities, func(c city) int { return c.share })...)]
		joined := day("2023-01-02").AddDate(0, 0, s.random.IntN(1060))
		s.insert("customers", id, name, kind, home.name, home.country, iso(joined))
		s.shopFor(order{customer: id, kind: kind, home: home}, joined)
	}
	for _, name := range cafeNames {
		add(name, "cafe")
	}
	for _, name := range officeNames {
		add(name, "office")
	}
	names := s.random.Perm(len(firstNames) * len(lastNames))
	for _, n := range names[:280] {
		add(firstNames[n/len(lastNames)]+" "+lastNames[n%len(lastNames)], "household")
	}
}

// habit is how a kind of customer orders: every so many days, with a chance
// of one in leaves to stay away after an order.
type habit struct {
	everyDays, leaves int
	channels          []int // web, phone, subscription
}

var habits = map[string]habit{
	"cafe":      {everyDays: 12, leaves: 60, channels: []int{30, 30, 40}},
	"office":    {everyDays: 26, leaves: 40, channels: []int{50, 20, 30}},
	"household": {everyDays: 50, leaves: 12, channels: []int{75, 3, 22}},
}

// shopFor makes up the orders of one customer, who joined on a day and kept,
// as people do, to one channel.
func (s *story) shopFor(o order, joined time.Time) {
	habit := habits[o.kind]
	o.channel = []string{"web", "phone", "subscription"}[s.pick(habit.channels...)]
	for date := joined; !date.After(closing); date = date.AddDate(0, 0, s.gap(date, habit.everyDays)) {
		if date.Before(opening) {
			continue
		}
		o.at = date.Add(s.timeOfDay())
		s.orders = append(s.orders, o)
		if s.random.IntN(habit.leaves) == 0 {
			return
		}
	}
}

// gap returns the days until the next order: fewer before Christmas.
func (s *story) gap(date time.Time, everyDays int) int {
	days := s.between(everyDays*6/10, everyDays*14/10)
	if date.Month() >= time.November {
		days = days * 6 / 10
	}
	return max(days, 1)
}

// timeOfDay returns when people order: late morning and after dinner.
func (s *story) timeOfDay() time.Duration {
	hours := []int{0, 0, 0, 0, 0, 1, 3, 6, 9, 12, 13, 11, 9, 8, 8, 7, 7, 8, 9, 11, 12, 9, 5, 2}
	seconds := s.pick(hours...)*3600 + s.random.IntN(3600)
	return time.Duration(seconds) * time.Second
}

// between returns a number from low to high, both included.
func (s *story) between(low, high int) int {
	return low + s.random.IntN(high-low+1)
}

// pick returns an index of weights, each in proportion to its weight.
func (s *story) pick(weights ...int) int {
	total := 0
	for _, w := range weights {
		total += w
	}
	n := s.random.IntN(total)
	for i, w := range weights {
		if n < w {
			return i
		}
		n -= w
	}
	panic("unreachable: n is below the sum of weights")
}

func weights[T any](all []T, of func(T) int) []int {
	result := make([]int, len(all))
	for i, v := range all {
		result[i] = of(v)
	}
	return result
}

// products returns everything on sale; a product's id is its index plus one.
func products() []product { return slices.Concat(beans, equipment) }

func (p product) category() string {
	if p.origin == "" {
		return "equipment"
	}
	return "beans"
}

func day(text string) time.Time {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err) // only constants are parsed
	}
	return t
}

func iso(t time.Time) string { return t.Format(time.DateOnly) }

func null(text string) any {
	if text == "" {
		return nil
	}
	return text
}
