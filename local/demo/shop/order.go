package shop

import (
	"time"
)

// writeOrder makes up what is in an order and what became of it.
func (s *story) writeOrder(id int, o order) {
	status := []string{"delivered", "cancelled", "returned"}[s.pick(950, 32, 18)]
	shipped := o.at.AddDate(0, 0, s.pick(30, 50, 15, 5))
	carrier, days, cents := s.carry(o)
	arrived := shipped.AddDate(0, 0, days)
	if status != "cancelled" && arrived.After(closing) {
		status = "open"
	}
	s.insert("orders", id, o.customer, o.at.Format(time.DateTime), o.channel, status)
	for _, product := range s.basket(o) {
		s.writeItem(id, o, product, status, arrived)
	}
	switch {
	case status == "cancelled" || shipped.After(closing):
	case status == "open":
		s.insert("shipments", id, carrier, cents, iso(shipped), nil)
	default:
		s.insert("shipments", id, carrier, cents, iso(shipped), iso(arrived))
	}
}

// carry picks a carrier, and returns the days and the cost of the delivery.
func (s *story) carry(o order) (carrier string, days, cents int) {
	late := 0
	if o.at.Month() == time.December {
		late = s.pick(3, 2, 1)
	}
	if o.home.name == "Lisbon" && o.kind != "household" {
		return "Velo Courier", s.pick(60, 35, 5), 450
	}
	switch s.pick(55, 30, 15) {
	case 0:
		return "Packet Post", 1 + s.pick(10, 35, 30, 15, 7, 3) + late, 520
	case 1:
		return "Heron Freight", 1 + s.pick(25, 45, 20, 10) + late, 790
	default:
		return "Slowboat Parcel", 2 + s.pick(5, 15, 25, 25, 20, 10) + late, 390
	}
}

// basket returns the indexes of different products that were on sale when the
// order was made.
func (s *story) basket(o order) []int {
	count := 1 + s.pick(45, 35, 15, 5)
	if o.kind != "household" {
		count++
	}
	all := products()
	chances := weights(all, func(p product) int {
		switch {
		case day(p.launched).After(o.at):
			return 0
		case p.category() == "beans":
			return p.popularity * 6
		case o.kind == "household":
			return p.popularity * 3
		}
		return p.popularity / 2
	})
	var basket []int
	for range count {
		i := s.pick(chances...)
		chances[i] = 0
		basket = append(basket, i)
	}
	return basket
}

// writeItem writes one line of an order, and perhaps a review of it.
func (s *story) writeItem(id int, o order, product int, status string, arrived time.Time) {
	p := products()[product]
	quantity := 1
	if p.category() == "beans" {
		switch o.kind {
		case "cafe":
			quantity = s.between(3, 10)
		case "office":
			quantity = s.between(2, 5)
		default:
			quantity = 1 + s.pick(70, 25, 5)
		}
	}
	price := p.cents
	if p.category() == "beans" && o.at.Before(priceRise) {
		price = price * 92 / 1000 * 10 // whole ten cents
	}
	s.insert("order_items", id, product+1, quantity, price)

	written := arrived.AddDate(0, 0, s.between(2, 30))
	if status == "delivered" && o.kind == "household" && s.random.IntN(3) == 0 && !written.After(closing) {
		s.reviews++
		s.insert("reviews", s.reviews, o.customer, product+1, s.rate(p), iso(written))
	}
}

// rate returns the stars that a customer gives.
func (s *story) rate(p product) int {
	return 1 + s.pick([][]int{
		{12, 18, 30, 28, 12},
		{5, 8, 22, 40, 25},
		{2, 4, 12, 40, 42},
		{1, 1, 6, 27, 65},
	}[p.quality]...)
}
