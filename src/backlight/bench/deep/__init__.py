"""The large workloads, a convolutional network and a transformer: each contestant's way to write them."""
