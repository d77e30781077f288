"""A small shop: users, subscriptions, products, orders, payments and refunds."""
