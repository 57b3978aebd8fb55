"""Derivatives: each way of taking them turns a graph into a graph."""
