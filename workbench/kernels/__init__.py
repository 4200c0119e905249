"""The operations of the networks behind one interface, so that kernels can replace PyTorch's."""
