-- Slow Tide Coffee: a small roaster that sells beans and equipment to
-- households, cafés and offices. Money is in euro cents, weights in grams,
-- dates are text as ISO 8601 writes them.

CREATE TABLE customers (
    id        INTEGER PRIMARY KEY,
    name      TEXT NOT NULL,
    kind      TEXT NOT NULL CHECK (kind IN ('household', 'cafe', 'office')),
    city      TEXT NOT NULL,
    country   TEXT NOT NULL,
    joined_on TEXT NOT NULL
) STRICT;

CREATE TABLE products (
    id          INTEGER PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    category    TEXT NOT NULL CHECK (category IN ('beans', 'equipment')),
    origin      TEXT, -- beans only
    roast       TEXT CHECK (roast IN ('light', 'medium', 'dark')), -- beans only
    price_cents INTEGER NOT NULL, -- today's price
    launched_on TEXT NOT NULL
) STRICT;

-- One batch in the roaster.
CREATE TABLE roasts (
    id            INTEGER PRIMARY KEY,
    product_id    INTEGER NOT NULL REFERENCES products (id),
    roasted_on    TEXT NOT NULL,
    roasted_by    TEXT NOT NULL,
    green_grams   INTEGER NOT NULL, -- raw beans in
    roasted_grams INTEGER NOT NULL -- roasted beans out
) STRICT;

CREATE TABLE orders (
    id          INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    ordered_at  TEXT NOT NULL,
    channel     TEXT NOT NULL CHECK (channel IN ('web', 'phone', 'subscription')),
    status      TEXT NOT NULL CHECK (status IN ('open', 'delivered', 'cancelled', 'returned'))
) STRICT;

CREATE TABLE order_items (
    order_id    INTEGER NOT NULL REFERENCES orders (id),
    product_id  INTEGER NOT NULL REFERENCES products (id),
    quantity    INTEGER NOT NULL,
    price_cents INTEGER NOT NULL, -- the price on the day, for one
    PRIMARY KEY (order_id, product_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE shipments (
    order_id     INTEGER PRIMARY KEY REFERENCES orders (id),
    carrier      TEXT NOT NULL,
    cost_cents   INTEGER NOT NULL,
    shipped_on   TEXT NOT NULL,
    delivered_on TEXT -- NULL while under way
) STRICT;

CREATE TABLE reviews (
    id          INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    product_id  INTEGER NOT NULL REFERENCES products (id),
    rating      INTEGER NOT NULL CHECK (rating BETWEEN 1 AND 5),
    written_on  TEXT NOT NULL
) STRICT;

CREATE INDEX orders_by_customer ON orders (customer_id);
CREATE INDEX order_items_by_product ON order_items (product_id);
