"""The world becomes bytes and samples: growing files, finished files, pipes, GPUs."""
