"""Training: optimisers, gradients in several processes, checkpoints, sweeps."""
